//! Writing a safetensors file, whole or not at all.

use std::io::Write;
use std::path::Path;

use kernels::quant::{Format, quantise_row};
use serde_json::{Map, Value, json};

use super::DType;
use crate::{ModelError, platform};

/// One tensor to write, as f32.
#[derive(Debug, Clone)]
pub struct TensorToWrite<'a> {
    /// Its name.
    pub name: String,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Row-major values, as many as the shape says.
    pub values: &'a [f32],
}

/// One tensor of a file whose values are produced while it is written.
#[derive(Debug, Clone)]
pub struct TensorHeader {
    /// Its name.
    pub name: String,
    /// Number format.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
}

/// Writes f32 tensors, sorted by name, with `metadata`, under a temporary name that is then renamed.
///
/// The same tensors give the same bytes.
///
/// # Errors
/// The file cannot be written or renamed.
///
/// # Panics
/// When a tensor's values do not fill its shape.
pub fn write_safetensors(
    path: &Path,
    tensors: &[TensorToWrite<'_>],
    metadata: &[(&str, &str)],
) -> Result<(), ModelError> {
    let mut sorted: Vec<_> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let headers: Vec<_> = sorted
        .iter()
        .map(|t| TensorHeader { name: t.name.clone(), dtype: DType::F32, shape: t.shape.clone() })
        .collect();
    for tensor in &sorted {
        let values = tensor.shape.iter().product::<usize>();
        assert_eq!(values, tensor.values.len(), "{} fills its shape", tensor.name);
    }
    stream_safetensors(path, &headers, metadata, &mut |at, out| {
        write_values(out, DType::F32, sorted[at].values)
    })
}

/// Writes a file whose tensors are produced one after the other by `fill(index, out)`, in the order of `headers`.
///
/// # Errors
/// The file cannot be written or renamed.
pub fn stream_safetensors(
    path: &Path,
    headers: &[TensorHeader],
    metadata: &[(&str, &str)],
    fill: &mut dyn FnMut(usize, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ModelError> {
    let values = |header: &TensorHeader| header.shape.iter().product::<usize>();
    let entries = headers.iter().map(|h| (&*h.name, h.dtype.name(), &*h.shape, h.dtype.bytes(values(h))));
    write_tensors(path, entries, metadata, fill)
}

/// Writes tensors of any number format, each given as (name, dtype, shape, bytes).
pub(crate) fn write_tensors<'a>(
    path: &Path,
    headers: impl ExactSizeIterator<Item = (&'a str, &'a str, &'a [usize], usize)>,
    metadata: &[(&str, &str)],
    fill: &mut dyn FnMut(usize, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ModelError> {
    let count = headers.len();
    let text = header_text(headers, metadata);
    platform::write_then_rename(path, |file| {
        file.write_all(&(text.len() as u64).to_le_bytes())?;
        file.write_all(text.as_bytes())?;
        (0..count).try_for_each(|at| fill(at, file))
    })
}

/// Writes values in a number format, rounded to nearest even where it is narrower.
///
/// # Errors
/// Those of `out`; of a format in blocks, numbers that it cannot hold.
///
/// # Panics
/// When the values are not whole blocks.
pub fn write_values(out: &mut dyn Write, dtype: DType, values: &[f32]) -> std::io::Result<()> {
    if let DType::Blocks(format) = dtype {
        return out.write_all(&in_blocks(format, values).ok_or_else(not_held)?);
    }
    let mut bytes = Vec::with_capacity(dtype.bytes(16_384));
    for chunk in values.chunks(16_384) {
        bytes.clear();
        match dtype {
            DType::F32 => bytes.extend(chunk.iter().flat_map(|v| v.to_le_bytes())),
            DType::F16 => bytes.extend(chunk.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes())),
            DType::BF16 => bytes.extend(chunk.iter().flat_map(|v| half::bf16::from_f32(*v).to_le_bytes())),
            DType::Blocks(_) => unreachable!("written above"),
        }
        out.write_all(&bytes)?;
    }
    Ok(())
}

/// Values in blocks, none where one cannot be held. A block depends on its own values alone, so that the bytes are the
/// same on any number of threads.
fn in_blocks(format: Format, values: &[f32]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; format.row_bytes(values.len())];
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // A share is whole blocks of every format, and not so small that a thread costs more than it does.
    let share = values.len().div_ceil(threads).next_multiple_of(1 << 14).max(1 << 14);
    let shares = values.chunks(share).zip(bytes.chunks_mut(format.row_bytes(share)));
    let is_held = std::thread::scope(|scope| {
        let tasks: Vec<_> =
            shares.map(|(values, bytes)| scope.spawn(move || quantise_row(format, values, bytes))).collect();
        // All are waited for before one that failed counts.
        let held: Vec<_> = tasks.into_iter().map(|task| matches!(task.join(), Ok(true))).collect();
        held.into_iter().all(|held| held)
    });
    is_held.then_some(bytes)
}

fn not_held() -> std::io::Error {
    let why = "the weights have values that are not finite, or too great for the format";
    std::io::Error::new(std::io::ErrorKind::InvalidData, why)
}

/// The JSON header, padded with spaces so that the data begins at a multiple of eight.
fn header_text<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str, &'a [usize], usize)>,
    metadata: &[(&str, &str)],
) -> String {
    let mut map = Map::new();
    if !metadata.is_empty() {
        let pairs: Map<_, _> = metadata.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        map.insert("__metadata__".to_owned(), Value::Object(pairs));
    }
    let mut offset = 0;
    for (name, dtype, shape, bytes) in headers {
        let end = offset + bytes;
        map.insert(name.to_owned(), json!({ "dtype": dtype, "shape": shape, "data_offsets": [offset, end] }));
        offset = end;
    }
    let mut text = Value::Object(map).to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    text
}
