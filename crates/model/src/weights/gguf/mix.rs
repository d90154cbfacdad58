//! llama.cpp's mixes: which tensor of a model is stored in which format.
//!
//! Source of the rules: `llama-quantize` of llama.cpp, without an importance matrix.

use kernels::quant::Format;

use super::names;
use crate::DType;

/// A mix of formats, by llama.cpp's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GgufMix {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Brain floats.
    BF16,
    /// Eight bits.
    Q8_0,
    /// Four bits.
    Q4_0,
    /// Four bits with scales of six bits, and six bits where they help most.
    Q4KM,
}

impl GgufMix {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::F32, Self::F16, Self::BF16, Self::Q8_0, Self::Q4_0, Self::Q4KM];

    /// Its name in recipes, as llama.cpp's but in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4KM => "q4_k_m",
        }
    }

    /// The mix of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mix| mix.name() == name)
    }

    /// llama.cpp's number for it, `general.file_type`.
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
            Self::Q4KM => 15,
            Self::BF16 => 32,
        }
    }

    /// Whether some tensors are in blocks.
    pub(super) fn has_blocks(self) -> bool {
        !matches!(self, Self::F32 | Self::F16 | Self::BF16)
    }

    /// The format of a tensor by llama.cpp's name, of a model of so many blocks.
    pub(super) fn dtype(self, name: &str, shape: &[usize], layers: usize, tied: bool) -> DType {
        // Vectors are never narrowed, nor are rows that are added to embeddings.
        let (true, Some(&row)) = (shape.len() >= 2, shape.last()) else { return DType::F32 };
        let plain = match self {
            Self::F32 => return DType::F32,
            Self::F16 => return DType::F16,
            Self::BF16 => return DType::BF16,
            Self::Q8_0 => Format::Q8_0,
            Self::Q4_0 => Format::Q4_0,
            Self::Q4KM => Format::Q4K,
        };
        if name == names::POSITIONS {
            return DType::F32;
        }
        let is_head = name == names::HEAD || (tied && name == names::EMBEDDING);
        let wanted = if is_head {
            if plain == Format::Q8_0 || !row.is_multiple_of(plain.block()) {
                Format::Q8_0
            } else {
                Format::Q6K
            }
        } else if self == Self::Q4KM && gets_more_bits(name, layers) {
            Format::Q6K
        } else {
            plain
        };
        fitting(wanted, row)
    }
}

/// Values, stacked projections and the way out of the MLP in the first and last eighth of the blocks, and in every
/// third between.
fn gets_more_bits(name: &str, layers: usize) -> bool {
    let Some((layer, place)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let is_one = matches!(place, "attn_v.weight" | "attn_qkv.weight" | "ffn_down.weight");
    let Ok(layer) = layer.parse::<usize>() else { return false };
    let eighth = layers / 8;
    is_one && (layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2)
}

/// The format, or what llama.cpp takes for rows that are no whole blocks of it.
fn fitting(wanted: Format, row: usize) -> DType {
    let narrower = match wanted {
        Format::Q4K => Format::Q5_0,
        Format::Q6K => Format::Q8_0,
        other => other,
    };
    let fits = [wanted, narrower].into_iter().find(|format| row.is_multiple_of(format.block()));
    fits.map_or(DType::F16, DType::Blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mix: GgufMix, name: &str, row: usize, tied: bool, expected: &str) {
        let dtype = mix.dtype(name, &[4, row], 12, tied);
        assert_eq!(dtype.name().to_lowercase(), expected, "{mix:?} {name} {row}");
    }

    #[test]
    fn mixes_are_those_of_llama_cpp() {
        use GgufMix::{F16, Q4_0, Q4KM, Q8_0};
        check(F16, "blk.0.attn_q.weight", 5, true, "f16");
        check(Q8_0, "token_embd.weight", 256, true, "q8_0");
        check(Q8_0, "blk.0.attn_q.weight", 40, true, "f16");
        check(Q4_0, "token_embd.weight", 256, true, "q6_k");
        check(Q4_0, "token_embd.weight", 64, true, "q8_0");
        check(Q4_0, "token_embd.weight", 256, false, "q4_0");
        check(Q4_0, "output.weight", 256, false, "q6_k");
        check(Q4_0, "position_embd.weight", 256, false, "f32");
        for (layer, more) in [(0, true), (1, false), (2, false), (3, true), (6, true), (9, true), (10, true)]
        {
            let expected = if more { "q6_k" } else { "q4_k" };
            check(Q4KM, &format!("blk.{layer}.attn_v.weight"), 512, true, expected);
            check(Q4KM, &format!("blk.{layer}.ffn_down.weight"), 512, true, expected);
            check(Q4KM, &format!("blk.{layer}.attn_qkv.weight"), 512, true, expected);
            check(Q4KM, &format!("blk.{layer}.attn_k.weight"), 512, true, "q4_k");
        }
        check(Q4KM, "blk.0.attn_v.weight", 96, true, "q8_0");
        check(Q4KM, "blk.1.attn_q.weight", 96, true, "q5_0");
        check(Q4KM, "blk.1.attn_q.weight", 20, true, "f16");
        check(Q4KM, "output.weight", 96, false, "q8_0");
        assert_eq!(Q4KM.dtype("output_norm.weight", &[256], 12, true), DType::F32);
    }
}
