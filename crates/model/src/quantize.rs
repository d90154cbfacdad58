//! Weights in eight bits: `Q8_0`, blocks of 32 values along a row with one scale.
//!
//! The arithmetic is that of GGUF's `Q8_0`: with `a` the greatest magnitude of a block, `d = a / 127` in f32,
//! `q = round(x / d)` in −127 … 127, and `d` stored as f16, so that a value reads `d · q`. The product of an f16 and
//! an 8-bit integer is exact in f32 (not in bf16), hence reading gives f32, and quantising what was read gives the
//! same blocks again.
//!
//! A file of them is a safetensors file. A matrix `NAME` of shape (R, C), with C a multiple of 32, is two tensors:
//!
//! | tensor | dtype | shape |
//! |---|---|---|
//! | `NAME` | `I8` | (R, C) |
//! | `NAME.scale` | `F16` | (R, C / 32) |
//!
//! Every other tensor (norms, biases, rows of another length) is `F32` under its own name. The header's `__metadata__`
//! carries whatever texts the writer gives, such as a tokenizer, so that one file can be a whole model.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;

use crate::error::FileProblem;
use crate::weights::{Entry, MemoryTensors, TensorSource, parse, write_tensors};
use crate::{DType, ModelError};

/// Values that share a scale.
pub const BLOCK: usize = 32;

/// The key of `__metadata__` that says what the file is.
const FORMAT: (&str, &str) = ("format", "moru-q8_0");

/// Blocks of a row-major matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Q8 {
    /// Multiples of the scales.
    pub values: Vec<i8>,
    /// One a block.
    pub scales: Vec<f16>,
}

impl Q8 {
    /// Quantises values whose number is a multiple of [`BLOCK`]; each is off by at most 0.57 · `a` / 127, where `a` is
    /// the greatest magnitude of its block and at least 0.008 (below, f16's own steps are coarser). None where a value
    /// is not finite or a scale is beyond f16.
    ///
    /// # Panics
    /// When the last block is not whole.
    pub fn quantise(values: &[f32]) -> Option<Self> {
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        assert!(rest.is_empty(), "whole blocks");
        let mut out = Self { values: Vec::with_capacity(values.len()), scales: Vec::new() };
        for block in blocks {
            let greatest = block.iter().fold(0.0_f32, |a, x| a.max(x.abs()));
            let step = greatest / 127.0;
            let scale = f16::from_f32(step);
            // `max` passes over NaN, so each value is looked at.
            if !scale.is_finite() || !block.iter().all(|x| x.is_finite()) {
                return None;
            }
            out.scales.push(scale);
            let is_zero = scale == f16::ZERO;
            out.values.extend(block.iter().map(|x| if is_zero { 0 } else { (x / step).round() as i8 }));
        }
        Some(out)
    }

    /// The values, exactly.
    pub fn dequantise(&self) -> Vec<f32> {
        let blocks = self.values.chunks(BLOCK).zip(&self.scales);
        blocks.flat_map(|(block, scale)| block.iter().map(|q| f32::from(*q) * scale.to_f32())).collect()
    }
}

/// Whether a tensor of that shape is stored in blocks.
fn is_blocked(shape: &[usize]) -> bool {
    matches!(shape, [_, row] if *row > 0 && row.is_multiple_of(BLOCK))
}

/// The shape of the scales of a matrix.
fn scale_shape(shape: &[usize]) -> Vec<usize> {
    vec![shape[0], shape[1] / BLOCK]
}

/// Number formats that may occur in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    F32,
    Scale,
    Q8,
}

impl Stored {
    fn of(name: &str) -> Option<(Self, usize)> {
        match name {
            "F32" => Some((Self::F32, 4)),
            "F16" => Some((Self::Scale, 2)),
            "I8" => Some((Self::Q8, 1)),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::Scale => "F16",
            Self::Q8 => "I8",
        }
    }
}

/// A tensor ready to be written.
struct Ready {
    dtype: Stored,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Writes all tensors of `source` to `path`, matrices in eight bits, with `metadata`. The same tensors and metadata
/// give the same bytes.
///
/// # Errors
/// A weight is not finite, or a file cannot be read or written.
pub fn write(path: &Path, source: &dyn TensorSource, metadata: &[(&str, &str)]) -> Result<(), ModelError> {
    let mut ready: BTreeMap<String, Ready> = BTreeMap::new();
    for name in source.names() {
        let view = source.get(&name)?;
        let (values, shape) = (view.to_f32(), view.shape);
        if !is_blocked(&shape) {
            let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            ready.insert(name, Ready { dtype: Stored::F32, shape, bytes });
            continue;
        }
        let blocks = Q8::quantise(&values).ok_or_else(|| ModelError::TensorFile {
            file: path.display().to_string(),
            problem: FileProblem::NotFinite { tensor: name.clone() },
        })?;
        let bytes = blocks.scales.iter().flat_map(|s| s.to_le_bytes()).collect();
        ready.insert(scale_name(&name), Ready { dtype: Stored::Scale, shape: scale_shape(&shape), bytes });
        let bytes = blocks.values.iter().map(|q| q.cast_unsigned()).collect();
        ready.insert(name, Ready { dtype: Stored::Q8, shape, bytes });
    }
    let metadata: Vec<_> = [FORMAT].iter().chain(metadata).copied().collect();
    let ready: Vec<_> = ready.into_iter().collect();
    let headers = ready.iter().map(|(name, r)| (&**name, r.dtype.name(), &*r.shape, r.bytes.len()));
    write_tensors(path, headers, &metadata, &mut |at, out| out.write_all(&ready[at].1.bytes))
}

fn scale_name(matrix: &str) -> String {
    format!("{matrix}.scale")
}

/// The tensors of a file's bytes, widened to f32, and its metadata. `place` names the file in errors.
///
/// # Errors
/// The bytes are no such file, or a matrix has no scales that fit it.
pub fn read(place: &str, bytes: &[u8]) -> Result<(MemoryTensors, BTreeMap<String, String>), ModelError> {
    let broken = |problem| ModelError::TensorFile { file: place.to_owned(), problem };
    let (tensors, metadata) = parse(bytes, Stored::of).map_err(broken)?;
    let mut out = MemoryTensors::new();
    for (name, entry) in &tensors {
        match entry.dtype {
            Stored::F32 => {
                out.insert(name.clone(), DType::F32, &entry.shape, bytes[entry.start..entry.end].to_vec());
            }
            Stored::Q8 => {
                let values = blocks(bytes, &tensors, name).map_err(broken)?.dequantise();
                out.insert_f32(name.clone(), &entry.shape, &values);
            }
            // Scales are read with their matrix.
            Stored::Scale => {}
        }
    }
    Ok((out, metadata))
}

/// The metadata of a packed model alone; `place` is named in errors.
///
/// # Errors
/// As [`read`], as far as the file's header tells.
pub fn metadata(place: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>, ModelError> {
    let (_, metadata) = parse(bytes, Stored::of)
        .map_err(|problem| ModelError::TensorFile { file: place.to_owned(), problem })?;
    Ok(metadata)
}

/// The blocks of the matrix of that name.
fn blocks(bytes: &[u8], tensors: &BTreeMap<String, Entry<Stored>>, name: &str) -> Result<Q8, FileProblem> {
    let wrong = |tensor: &str, found: &[usize], expected: &[usize]| FileProblem::Shape {
        tensor: tensor.to_owned(),
        found: found.to_vec(),
        expected: expected.to_vec(),
    };
    let matrix = &tensors[name];
    if !is_blocked(&matrix.shape) {
        return Err(wrong(name, &matrix.shape, &[matrix.shape.first().copied().unwrap_or(1), BLOCK]));
    }
    let (scale, expected) = (scale_name(name), scale_shape(&matrix.shape));
    let found = tensors.get(&scale).filter(|entry| entry.dtype == Stored::Scale);
    let scales = found.ok_or_else(|| wrong(&scale, &[], &expected))?;
    if scales.shape != expected {
        return Err(wrong(&scale, &scales.shape, &expected));
    }
    let halves = bytes[scales.start..scales.end].as_chunks::<2>().0;
    Ok(Q8 {
        values: bytes[matrix.start..matrix.end].iter().map(|b| b.cast_signed()).collect(),
        scales: halves.iter().map(|half| f16::from_le_bytes(*half)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of both signs over seven orders of magnitude, without a random source.
    fn values(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| {
                let x = (i as f32 * 0.618_034 + 0.1).fract() * 2.0 - 1.0;
                x * 10.0_f32.powi((i / BLOCK % 8) as i32 - 4)
            })
            .collect()
    }

    #[test]
    fn each_value_is_near_its_block_and_what_was_read_quantises_to_itself() {
        let given = values(64 * BLOCK);
        let blocks = Q8::quantise(&given).unwrap();
        let read = blocks.dequantise();
        for (block, near) in given.chunks(BLOCK).zip(read.chunks(BLOCK)) {
            let greatest = block.iter().fold(0.0_f32, |a, x| a.max(x.abs()));
            // Half a step, and the rounding of the scale; an f16 has no smaller steps than 2⁻²⁴.
            let bound = 0.57 * greatest / 127.0 + 127.0 * 2.0_f32.powi(-25);
            assert!(block.iter().zip(near).all(|(a, b)| (a - b).abs() <= bound), "{block:?} {near:?}");
        }
        assert_eq!(Q8::quantise(&read).unwrap(), blocks);
    }

    #[test]
    fn zeros_and_numbers_beneath_the_smallest_scale_are_zero() {
        let blocks = Q8::quantise(&[[0.0; BLOCK], [1e-9; BLOCK]].concat()).unwrap();
        assert_eq!(blocks.dequantise(), [0.0; 2 * BLOCK]);
    }

    #[test]
    fn what_has_no_scale_is_refused() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
            let mut block = [1.0; BLOCK];
            block[7] = bad;
            assert_eq!(Q8::quantise(&block), None, "{bad}");
        }
        assert_eq!(Q8::quantise(&[f32::NAN; BLOCK]), None);
    }

    fn file(tensors: &MemoryTensors, metadata: &[(&str, &str)]) -> Result<Vec<u8>, ModelError> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("w.safetensors");
        write(&path, tensors, metadata)?;
        Ok(std::fs::read(&path).unwrap())
    }

    #[test]
    fn a_file_holds_matrices_in_blocks_and_the_rest_as_it_is() {
        let mut tensors = MemoryTensors::new();
        tensors.insert_f32("m.weight", &[3, 64], &values(192));
        tensors.insert_f32("norm.weight", &[64], &values(64));
        tensors.insert_f32("narrow.weight", &[2, 5], &values(10));
        let bytes = file(&tensors, &[("tokenizer", "{}")]).unwrap();
        let (read, metadata) = super::read("w", &bytes).unwrap();
        assert_eq!(read.names(), ["m.weight", "narrow.weight", "norm.weight"]);
        assert_eq!((&*metadata["format"], &*metadata["tokenizer"]), ("moru-q8_0", "{}"));
        for exact in ["norm.weight", "narrow.weight"] {
            assert_eq!(read.get(exact).unwrap(), tensors.get(exact).unwrap());
        }
        let found = read.get("m.weight").unwrap();
        assert_eq!(found.to_f32(), Q8::quantise(&values(192)).unwrap().dequantise());
        assert_eq!(found.shape, [3, 64]);
        // The file of what was read is the same file.
        assert_eq!(file(&read, &[("tokenizer", "{}")]).unwrap(), bytes);
    }

    #[test]
    fn broken_files_are_refused_by_name() {
        let mut tensors = MemoryTensors::new();
        tensors.insert_f32("m", &[1, 32], &[f32::NAN; 32]);
        let message = file(&tensors, &[]).unwrap_err().to_string();
        assert!(message.contains("tensor `m` has values that are not finite"), "{message}");

        tensors.insert_f32("m", &[1, 32], &[1.0; 32]);
        let whole = file(&tensors, &[]).unwrap();
        for len in 0..whole.len() {
            assert!(super::read("w", &whole[..len]).is_err(), "cut at {len}");
        }
        let edited = |from: &str, to: &str| {
            let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
            let mut bytes = whole.clone();
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            super::read("w", &bytes).unwrap_err().to_string()
        };
        assert_eq!(edited("m.scale", "x.scale"), "w: tensor `m.scale` has shape []; it must be [1, 1]");
        assert_eq!(edited("[1,32]", "[32,1]"), "w: tensor `m` has shape [32, 1]; it must be [32, 32]");
    }
}
