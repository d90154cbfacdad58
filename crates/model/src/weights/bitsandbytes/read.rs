//! Reading a quantised folder.

use std::borrow::Cow;
use std::path::Path;

use kernels::quant::{Format, Nf4};
use serde_json::Value;

use super::{BLOCK, module};
use crate::weights::folder::Shards;
use crate::weights::safetensors::Stored;
use crate::weights::{TensorSource, TensorView};
use crate::{DType, Family, ModelConfig, ModelError};

/// What stands between a matrix's name and the kind of its codes.
const STATE: &str = ".quant_state.bitsandbytes__";
/// The kinds of four-bit codes.
const KINDS: [&str; 2] = ["nf4", "fp4"];
/// Ends of tensors that belong to a matrix.
const PARTS: [&str; 6] =
    [".absmax", ".nested_absmax", ".nested_quant_map", ".quant_map", ".SCB", ".weight_format"];

/// The tensors of a quantised folder.
#[derive(Debug)]
pub(in crate::weights) struct QuantisedTensors {
    shards: Shards,
    /// GPT-2, whose matrices that were left out of quantising stand the other way round.
    is_gpt2: bool,
}

impl QuantisedTensors {
    /// Whether some tensors are quantised.
    pub fn are_in(shards: &Shards) -> bool {
        shards.names().iter().any(|name| name.contains(STATE) || name.strip_suffix(".SCB").is_some())
    }

    /// The tensors of a folder, whose `config.json` says of which architecture they are.
    ///
    /// # Errors
    /// `config.json` is absent or broken.
    pub fn open(folder: &Path, shards: Shards) -> Result<Self, ModelError> {
        let is_gpt2 = ModelConfig::from_folder(folder)?.family == Family::Gpt2;
        Ok(Self { shards, is_gpt2 })
    }

    /// The bytes of a tensor of that format.
    fn part(&self, name: &str, stored: Stored) -> Result<&[u8], ModelError> {
        match self.shards.raw(name) {
            Some((found, _, bytes)) if found == stored => Ok(bytes),
            _ => Err(self.shards.missing(name)),
        }
    }

    fn floats(&self, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
        let values = floats(self.part(name, Stored::Float(DType::F32))?);
        check_len(name, values.len(), len)?;
        Ok(values)
    }

    fn int8(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let Some((Stored::Bytes("I8"), shape, codes)) = self.shards.raw(name) else {
            return Err(self.shards.missing(name));
        };
        let &[outputs, inputs] = shape else { return Err(not_a_matrix(name, shape)) };
        let layout = format!("{}.weight_format", module(name));
        if let Some((_, _, bytes)) = self.shards.raw(&layout)
            && bytes != [0]
        {
            return Err(unsupported(
                "weight_format of bitsandbytes",
                format!("{bytes:?}"),
                "0, rows one after the other",
            ));
        }
        let scales = self.floats(&format!("{}.SCB", module(name)), outputs)?;
        let rows = codes.chunks(inputs.max(1)).zip(scales);
        let values = rows.flat_map(|(row, scale)| {
            let step = scale / 127.0;
            row.iter().map(move |code| f32::from(code.cast_signed()) * step)
        });
        let bytes = values.flat_map(f32::to_le_bytes).collect();
        Ok(TensorView { dtype: DType::F32, shape: shape.to_vec(), bytes: Cow::Owned(bytes) })
    }

    fn four_bits(&self, name: &str, kind: &str) -> Result<TensorView<'_>, ModelError> {
        let state = State::read(&format!("{name}{STATE}{kind}"), self)?;
        let codes = self.part(name, Stored::Bytes("U8"))?;
        let numbers = state.outputs * state.inputs;
        check_len(name, codes.len(), numbers.div_ceil(2))?;
        let levels = self.floats(&format!("{name}.quant_map"), 16)?;
        let scales = self.scales(name, &state, numbers.div_ceil(state.block))?;
        let shape = vec![state.outputs, state.inputs];
        let in_blocks =
            state.block == BLOCK && state.inputs.is_multiple_of(BLOCK) && levels == Nf4::levels().0;
        if in_blocks {
            let mut bytes = Vec::with_capacity(numbers / BLOCK * Format::Nf4.block_bytes());
            for (codes, scale) in codes.chunks(BLOCK / 2).zip(&scales) {
                bytes.extend_from_slice(codes);
                bytes.extend(scale.to_le_bytes());
            }
            return Ok(TensorView { dtype: DType::Blocks(Format::Nf4), shape, bytes: Cow::Owned(bytes) });
        }
        let code = |at: usize| {
            usize::from(if at.is_multiple_of(2) { codes[at / 2] >> 4 } else { codes[at / 2] & 15 })
        };
        let values = (0..numbers).map(|at| levels[code(at)] * scales[at / state.block]);
        let bytes = values.flat_map(f32::to_le_bytes).collect();
        Ok(TensorView { dtype: DType::F32, shape, bytes: Cow::Owned(bytes) })
    }

    fn scales(&self, name: &str, state: &State, blocks: usize) -> Result<Vec<f32>, ModelError> {
        let own = format!("{name}.absmax");
        let Some((nested_block, mean)) = state.nested else { return self.floats(&own, blocks) };
        let codes = self.part(&own, Stored::Bytes("U8"))?;
        check_len(&own, codes.len(), blocks)?;
        let levels = self.floats(&format!("{name}.nested_quant_map"), 256)?;
        let nested = self.floats(&format!("{name}.nested_absmax"), blocks.div_ceil(nested_block))?;
        let scale = |(at, code): (usize, &u8)| levels[usize::from(*code)] * nested[at / nested_block] + mean;
        Ok(codes.iter().enumerate().map(scale).collect())
    }
}

impl TensorSource for QuantisedTensors {
    fn names(&self) -> Vec<String> {
        let is_part = |name: &String| name.contains(STATE) || PARTS.iter().any(|end| name.ends_with(end));
        self.shards.names().into_iter().filter(|name| !is_part(name)).collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let kind = KINDS.iter().find(|kind| self.shards.raw(&format!("{name}{STATE}{kind}")).is_some());
        if let Some(kind) = kind {
            return self.four_bits(name, kind);
        }
        if self.shards.raw(&format!("{}.SCB", module(name))).is_some() && name.ends_with(".weight") {
            return self.int8(name);
        }
        let view = self.shards.get(name)?;
        let is_conv1d =
            ["c_attn.weight", "c_proj.weight", "c_fc.weight"].iter().any(|end| name.ends_with(end));
        Ok(if self.is_gpt2 && is_conv1d { turned(&view) } else { view })
    }

    fn release(&self, name: &str) {
        self.shards.release(name);
    }
}

/// What a four-bit matrix's JSON says.
struct State {
    outputs: usize,
    inputs: usize,
    block: usize,
    /// How many scales share a scale, and the mean that was taken off.
    nested: Option<(usize, f32)>,
}

impl State {
    fn read(name: &str, tensors: &QuantisedTensors) -> Result<Self, ModelError> {
        let bytes = tensors.part(name, Stored::Bytes("U8"))?;
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|source| ModelError::Json { place: name.to_owned(), source })?;
        let size = |value: Option<&Value>| {
            let size = value.and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
            size.filter(|size| (1..=1 << 28).contains(size))
        };
        let shape: Option<Vec<_>> =
            value["shape"].as_array().map(|sizes| sizes.iter().filter_map(|s| size(Some(s))).collect());
        let wrong = |what| {
            unsupported(
                what,
                value.to_string(),
                "two sizes, a block size, and of nested scales theirs and their mean",
            )
        };
        let Some(&[outputs, inputs]) = shape.as_deref() else {
            return Err(wrong("shape in a quant_state of bitsandbytes"));
        };
        let block = size(value.get("blocksize"))
            .ok_or_else(|| wrong("blocksize in a quant_state of bitsandbytes"))?;
        let nested = match value.get("nested_blocksize") {
            None => None,
            Some(nested) => {
                let mean =
                    value["nested_offset"].as_f64().map(|mean| mean as f32).filter(|mean| mean.is_finite());
                let nested = size(Some(nested)).zip(mean);
                Some(nested.ok_or_else(|| wrong("nested scales in a quant_state of bitsandbytes"))?)
            }
        };
        Ok(Self { outputs, inputs, block, nested })
    }
}

fn unsupported(what: &'static str, value: String, allowed: &'static str) -> ModelError {
    ModelError::Unsupported { what, value, allowed }
}

fn not_a_matrix(name: &str, shape: &[usize]) -> ModelError {
    ModelError::TensorShape { name: name.to_owned(), found: shape.to_vec(), expected: vec![1, 1] }
}

fn check_len(name: &str, found: usize, expected: usize) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    let (name, found, expected) = (name.to_owned(), vec![found], vec![expected]);
    Err(ModelError::TensorShape { name, found, expected })
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The matrix (I, O) as (O, I).
fn turned(view: &TensorView<'_>) -> TensorView<'static> {
    let &[rows, columns] = &*view.shape else {
        return TensorView {
            dtype: view.dtype,
            shape: view.shape.clone(),
            bytes: Cow::Owned(view.bytes.to_vec()),
        };
    };
    let values = crate::weights::turned(&view.to_f32(), columns);
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    TensorView { dtype: DType::F32, shape: vec![columns, rows], bytes: Cow::Owned(bytes) }
}
