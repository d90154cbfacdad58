//! Tensors by name, wherever they lie.
//!
//! 1. [`TensorSource`] is the face: names, and a view of each tensor.
//! 2. [`MemoryTensors`] holds them itself.
//! 3. `safetensors` maps a file, `folder` a model folder with one file or shards.
//! 4. `write` writes a safetensors file, `shards` as many as a model needs.
//! 5. [`gguf`] reads and writes the files of llama.cpp, [`bitsandbytes`] the folders that transformers quantised.

pub mod bitsandbytes;
mod folder;
pub mod gguf;
mod memory;
mod safetensors;
mod shards;
mod write;

pub use folder::ModelFolder;
pub use memory::MemoryTensors;
pub use safetensors::SafetensorsFile;
pub(crate) use safetensors::{Entry, parse};
pub use shards::{SHARD_BYTES, stream_model};
pub(crate) use write::write_tensors;
pub use write::{TensorHeader, TensorToWrite, stream_safetensors, write_safetensors, write_values};

use crate::{ModelConfig, ModelError};

use std::borrow::Cow;

use kernels::quant::{self, Format};

/// A number format of stored tensors; all little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit float.
    F32,
    /// IEEE half.
    F16,
    /// Brain float.
    BF16,
    /// Blocks along the rows, as GGUF lays them out.
    Blocks(Format),
}

impl DType {
    /// Numbers that are stored together; a row is a multiple of it.
    pub fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Blocks(format) => format.block(),
        }
    }

    /// Bytes of so many numbers.
    ///
    /// # Panics
    /// When they do not fit in memory's addresses; see [`DType::checked_bytes`].
    pub fn bytes(self, numbers: usize) -> usize {
        self.checked_bytes(numbers).expect("what is in memory has a size")
    }

    /// Bytes of so many numbers; none where that overflows.
    pub fn checked_bytes(self, numbers: usize) -> Option<usize> {
        match self {
            Self::F32 => numbers.checked_mul(4),
            Self::F16 | Self::BF16 => numbers.checked_mul(2),
            Self::Blocks(format) => (numbers / format.block()).checked_mul(format.block_bytes()),
        }
    }

    /// Its name in a safetensors header; blocks, which have none there, as in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Blocks(format) => format.name(),
        }
    }
}

/// A tensor as it is stored; `bytes` has no alignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorView<'a> {
    /// Number format.
    pub dtype: DType,
    /// Sizes, outermost first; row-major.
    pub shape: Vec<usize>,
    /// The values; borrowed wherever the file has them as the model wants them.
    pub bytes: Cow<'a, [u8]>,
}

impl TensorView<'_> {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The values widened to f32, which is exact.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.len()];
        self.read_f32(&mut out);
        out
    }

    /// Writes the values widened to f32, which is exact, into `out`.
    ///
    /// # Panics
    /// When `out` has not as many values as the tensor.
    pub fn read_f32(&self, out: &mut [f32]) {
        assert_eq!(out.len(), self.len(), "the destination has the tensor's number of values");
        match self.dtype {
            DType::F32 => {
                for (value, bytes) in out.iter_mut().zip(self.bytes.as_chunks::<4>().0) {
                    *value = f32::from_le_bytes(*bytes);
                }
            }
            DType::F16 => {
                for (value, bytes) in out.iter_mut().zip(self.bytes.as_chunks::<2>().0) {
                    *value = half::f16::from_le_bytes(*bytes).to_f32();
                }
            }
            DType::BF16 => {
                for (value, bytes) in out.iter_mut().zip(self.bytes.as_chunks::<2>().0) {
                    *value = half::bf16::from_le_bytes(*bytes).to_f32();
                }
            }
            DType::Blocks(format) => quant::expand(format, &self.bytes, out),
        }
    }
}

/// Tensors by name. Views borrow from the source, so a memory map is read only where it is used.
pub trait TensorSource {
    /// All names, sorted.
    fn names(&self) -> Vec<String>;

    /// The tensor of that name.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`] with the place that was searched.
    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError>;

    /// Says that the tensor will not be read soon, so that its memory can be used for other things. It stays readable.
    fn release(&self, _name: &str) {}
}

/// The tensor `name` of a base model, checked against `shape`.
///
/// Files saved from a bare model lack the prefix (`transformer.`, `model.`), so the short name is tried as well; for
/// GPT-NeoX's head also the name that transformers 5 has for it.
///
/// # Errors
/// The tensor is missing, or has another shape.
pub fn get_checked<'a>(
    source: &'a dyn TensorSource,
    config: &ModelConfig,
    name: &str,
    shape: &[usize],
) -> Result<TensorView<'a>, ModelError> {
    let view = source.get(name).or_else(|missing| match name.strip_prefix(config.base_prefix()) {
        Some(short) => source.get(short).map_err(|_| missing),
        None if name == "embed_out.weight" => source.get("lm_head.weight").map_err(|_| missing),
        None => Err(missing),
    })?;
    if view.shape != shape {
        return Err(ModelError::TensorShape {
            name: name.to_owned(),
            found: view.shape,
            expected: shape.to_vec(),
        });
    }
    Ok(view)
}

/// The matrix with its rows as columns; `columns` is the number of columns it has.
pub(crate) fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut out = vec![0.0; values.len()];
    for (row, line) in values.chunks(columns).enumerate() {
        for (column, value) in line.iter().enumerate() {
            out[column * rows + row] = *value;
        }
    }
    out
}
