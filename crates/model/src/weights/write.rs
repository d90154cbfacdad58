//! Writing a safetensors file, whole or not at all.

use std::path::Path;

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
    let header = header(&sorted, metadata);
    platform::write_then_rename(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for tensor in &sorted {
            for chunk in tensor.values.chunks(16_384) {
                let bytes: Vec<u8> = chunk.iter().flat_map(|v| v.to_le_bytes()).collect();
                file.write_all(&bytes)?;
            }
        }
        Ok(())
    })
}

/// The JSON header, padded with spaces so that the data begins at a multiple of eight.
fn header(sorted: &[&TensorToWrite<'_>], metadata: &[(&str, &str)]) -> String {
    let mut map = Map::new();
    if !metadata.is_empty() {
        let pairs: Map<_, _> = metadata.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        map.insert("__metadata__".to_owned(), Value::Object(pairs));
    }
    let mut offset = 0;
    for tensor in sorted {
        assert_eq!(
            tensor.shape.iter().product::<usize>(),
            tensor.values.len(),
            "{} fills its shape",
            tensor.name
        );
        let end = offset + tensor.values.len() * DType::F32.size();
        let entry =
            json!({ "dtype": DType::F32.name(), "shape": tensor.shape, "data_offsets": [offset, end] });
        map.insert(tensor.name.clone(), entry);
        offset = end;
    }
    let mut text = Value::Object(map).to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    text
}
