//! Folders as transformers writes them with bitsandbytes: the matrices of the blocks in four or eight bits.
//!
//! | tensor of a matrix `X.weight`, (O, I) | NF4 | int8 |
//! |---|---|---|
//! | `X.weight` | U8 (O·I/2, 1), two codes a byte | I8 (O, I) |
//! | `X.weight.absmax` | U8, a code of each 64 numbers' scale | |
//! | `X.weight.nested_absmax` | F32, one for each 256 scales | |
//! | `X.weight.nested_quant_map`, `X.weight.quant_map` | F32, what codes stand for: 256 of scales, 16 of numbers | |
//! | `X.weight.quant_state.bitsandbytes__nf4` | U8, JSON with sizes and the mean of the scales | |
//! | `X.SCB` | | F32 (O), the greatest magnitude of each row |
//! | `X.weight_format` | | U8, zero: rows lie one after the other |
//!
//! Embedding, head, norms and biases stay as they are. GPT-2's `Conv1D` matrices, (I, O) elsewhere, are turned to
//! (O, I). Sources: bitsandbytes 0.50 and transformers 5.23, whose files are compared with in the tests.
//!
//! 1. `read` makes tensors of such a folder; NF4 stays in its blocks, int8 is widened.
//! 2. `write` quantises a model into such a folder.

mod read;
mod write;

pub(super) use read::QuantisedTensors;
pub use write::export_bitsandbytes;

/// The number formats of such folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitsAndBytes {
    /// 4-bit NormalFloat with scales that are quantised themselves.
    Nf4,
    /// Eight bits, one scale a row.
    Int8,
}

impl BitsAndBytes {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Nf4, Self::Int8];

    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nf4 => "nf4",
            Self::Int8 => "int8",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Numbers that share a scale.
const BLOCK: usize = 64;
/// Scales that share a scale of their own.
const NESTED: usize = 256;

/// `Y` of the parts of `Y.weight` in eight bits.
fn module(weight: &str) -> &str {
    weight.strip_suffix(".weight").unwrap_or(weight)
}
