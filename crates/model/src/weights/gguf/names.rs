//! llama.cpp's names of a model's tensors, beside Hugging Face's.
//!
//! A tensor of block N is `blk.N.` and the name of its place; `.weight` and `.bias` are as everywhere. What llama.cpp's
//! converter does to the numbers of some tensors stands beside their names, and is done and undone here.

use crate::{Family, LinearKind, ModelConfig, NormKind, Positions};

/// A tensor under both of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// As [`crate::base_layout`] has it.
    pub ours: String,
    /// As llama.cpp has it.
    pub theirs: String,
    /// How llama.cpp has its numbers otherwise.
    pub change: Change,
}

/// What llama.cpp has otherwise in a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Neighbouring rows of a head are turned instead of its halves.
    Paired,
    /// All queries stand before all keys and all values, which ours has head by head.
    ByKind,
    /// The scale of a norm, not its difference from 1.
    Plus1,
}

impl Change {
    /// Where row `row` of ours, of so many, lies in llama.cpp's order.
    pub fn place(self, row: usize, rows: usize, head_dim: usize) -> usize {
        match self {
            Self::None | Self::Plus1 => row,
            Self::Paired => paired_row(row, head_dim),
            Self::ByKind => {
                let (vector, at) = (row / head_dim, row % head_dim);
                (vector % 3) * (rows / 3) + vector / 3 * head_dim + at
            }
        }
    }

    /// The numbers of a tensor of so many rows as llama.cpp has them.
    pub fn apply(self, values: Vec<f32>, rows: usize, head_dim: usize) -> Vec<f32> {
        match self {
            Self::None => values,
            Self::Plus1 => values.into_iter().map(|value| value + 1.0).collect(),
            Self::Paired | Self::ByKind => {
                let row = values.len() / rows.max(1);
                let mut out = vec![0.0; values.len()];
                for (at, line) in values.chunks(row.max(1)).enumerate() {
                    out[self.place(at, rows, head_dim) * row..][..row].copy_from_slice(line);
                }
                out
            }
        }
    }
}

/// llama.cpp's name of the token embedding.
pub(super) const EMBEDDING: &str = "token_embd.weight";
/// llama.cpp's name of the head.
pub(super) const HEAD: &str = "output.weight";
/// llama.cpp's name of the table of learned positions.
pub(super) const POSITIONS: &str = "position_embd.weight";
/// What llama.cpp divides rotary frequencies by, where they are stretched unevenly.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// llama.cpp's name of an architecture, where it has one for this family.
pub(super) fn architecture(family: Family) -> &'static str {
    match family {
        Family::Gpt2 => "gpt2",
        Family::GptNeox => "gptneox",
        // llama.cpp has no name of its own for Mistral.
        Family::Llama | Family::Mistral => "llama",
        Family::Qwen2 => "qwen2",
        Family::Qwen3 => "qwen3",
        Family::Gemma => "gemma",
    }
}

/// The family of llama.cpp's architecture. A Mistral is a Llama there.
pub(super) fn family(architecture: &str) -> Option<Family> {
    let mut families = Family::ALL.into_iter().filter(|family| *family != Family::Mistral);
    families.find(|family| self::architecture(*family) == architecture)
}

/// llama.cpp's architectures that are read.
pub(super) fn architectures() -> String {
    let mut names: Vec<_> = Family::ALL.into_iter().map(architecture).collect();
    names.dedup();
    names.join(", ")
}

/// llama.cpp's name of a linear layer's place in its block.
pub(super) fn linear(kind: LinearKind) -> &'static str {
    match kind {
        LinearKind::QueryKeyValue => "attn_qkv",
        LinearKind::Query => "attn_q",
        LinearKind::Key => "attn_k",
        LinearKind::Value => "attn_v",
        LinearKind::AttentionOut => "attn_output",
        LinearKind::MlpGate => "ffn_gate",
        LinearKind::MlpUp => "ffn_up",
        LinearKind::MlpDown => "ffn_down",
    }
}

/// Whether llama.cpp turns neighbouring numbers of a head instead of its halves, for which its converter puts the rows
/// of queries and keys in another order.
fn turns_neighbours(family: Family) -> bool {
    architecture(family) == "llama"
}

/// All tensors of an architecture under both names, in llama.cpp's order.
pub(super) fn of(config: &ModelConfig) -> Vec<Named> {
    let mut names = Vec::new();
    let mut push = |ours: String, theirs: String, change| names.push(Named { ours, theirs, change });
    push(config.embedding_name().to_owned(), EMBEDDING.to_owned(), Change::None);
    if config.positions == Positions::Learned {
        push(config.positions_name().to_owned(), POSITIONS.to_owned(), Change::None);
    }
    norm(&mut push, config, config.final_norm_path(), "output_norm");
    if !config.tied_head {
        push(config.head_name().to_owned(), HEAD.to_owned(), Change::None);
    }
    for layer in 0..config.layers {
        block(&mut push, config, layer);
    }
    names
}

fn block(push: &mut impl FnMut(String, String, Change), config: &ModelConfig, layer: usize) {
    norm(push, config, &config.attention_norm_path(layer), &format!("blk.{layer}.attn_norm"));
    for module in config.linear_modules_of(layer) {
        let theirs = format!("blk.{layer}.{}", linear(module.kind));
        let change = change_of(config, module.kind);
        push(module.weight_name(), format!("{theirs}.weight"), change);
        if module.bias {
            push(module.bias_name(), format!("{theirs}.bias"), change);
        }
    }
    if config.qk_norm {
        let (q, k) = config.qk_norm_paths(layer);
        push(format!("{q}.weight"), format!("blk.{layer}.attn_q_norm.weight"), Change::None);
        push(format!("{k}.weight"), format!("blk.{layer}.attn_k_norm.weight"), Change::None);
    }
    norm(push, config, &config.mlp_norm_path(layer), &format!("blk.{layer}.ffn_norm"));
}

/// What llama.cpp has otherwise in the outputs of a linear layer.
pub(super) fn change_of(config: &ModelConfig, kind: LinearKind) -> Change {
    match kind {
        LinearKind::Query | LinearKind::Key if turns_neighbours(config.family) => Change::Paired,
        LinearKind::QueryKeyValue if config.qkv_by_head => Change::ByKind,
        _ => Change::None,
    }
}

fn norm(push: &mut impl FnMut(String, String, Change), config: &ModelConfig, ours: &str, theirs: &str) {
    let change = if config.norm.kind == NormKind::RmsOffset { Change::Plus1 } else { Change::None };
    push(format!("{ours}.weight"), format!("{theirs}.weight"), change);
    if config.norm.kind == NormKind::Layer {
        push(format!("{ours}.bias"), format!("{theirs}.bias"), Change::None);
    }
}

/// Where row `row` of a matrix whose halves of a head are turned lies in llama.cpp's order: halves become pairs.
fn paired_row(row: usize, head_dim: usize) -> usize {
    let (head, at) = (row / head_dim, row % head_dim);
    let half = head_dim / 2;
    head * head_dim + 2 * (at % half) + at / half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_head_become_pairs() {
        let order: Vec<usize> = (0..12).map(|row| paired_row(row, 6)).collect();
        assert_eq!(order, [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    }

    #[test]
    fn heads_of_three_become_three_of_heads() {
        let order: Vec<usize> = (0..12).map(|row| Change::ByKind.place(row, 12, 2)).collect();
        assert_eq!(order, [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]);
    }

    #[test]
    fn every_tensor_of_every_preset_has_a_name_of_its_own() {
        for preset in ModelConfig::PRESETS {
            let config = ModelConfig::preset(preset).unwrap();
            let names = of(&config);
            let specs = crate::base_layout(&config).specs;
            assert_eq!(names.len(), specs.len(), "{preset}");
            assert!(specs.iter().all(|spec| names.iter().any(|named| named.ours == spec.name)), "{preset}");
            let mut theirs: Vec<_> = names.iter().map(|named| &named.theirs).collect();
            theirs.sort_unstable();
            theirs.dedup();
            assert_eq!(theirs.len(), names.len(), "{preset}");
        }
    }
}
