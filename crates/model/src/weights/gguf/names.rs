//! llama.cpp's names of a model's tensors, beside Hugging Face's.
//!
//! A tensor of block N is `blk.N.` and the name of its place; `.weight` and `.bias` are as everywhere.

use crate::{Family, LinearKind, ModelConfig, Positions};

/// A tensor under both of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// As [`crate::base_layout`] has it.
    pub ours: String,
    /// As llama.cpp has it.
    pub theirs: String,
    /// How llama.cpp has the rows of its heads in another order.
    pub heads: Option<usize>,
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
#[expect(clippy::unnecessary_wraps, reason = "families that llama.cpp lacks are added to the list")]
pub(super) fn architecture(family: Family) -> Option<&'static str> {
    match family {
        Family::Gpt2 => Some("gpt2"),
        // llama.cpp has no name of its own for Mistral.
        Family::Llama | Family::Mistral => Some("llama"),
        Family::Qwen2 => Some("qwen2"),
        Family::Qwen3 => Some("qwen3"),
    }
}

/// The family of llama.cpp's architecture. A Mistral is a Llama there.
pub(super) fn family(architecture: &str) -> Option<Family> {
    let mut families = Family::ALL.into_iter().filter(|family| *family != Family::Mistral);
    families.find(|family| self::architecture(*family) == Some(architecture))
}

/// llama.cpp's architectures that are read.
pub(super) fn architectures() -> String {
    let mut names: Vec<_> = Family::ALL.into_iter().filter_map(architecture).collect();
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
pub(super) fn turns_neighbours(family: Family) -> bool {
    architecture(family) == Some("llama")
}

/// All tensors of an architecture under both names, in llama.cpp's order.
pub(super) fn of(config: &ModelConfig) -> Vec<Named> {
    let mut names = Vec::new();
    let mut push = |ours: String, theirs: String, heads| names.push(Named { ours, theirs, heads });
    push(config.embedding_name().to_owned(), EMBEDDING.to_owned(), None);
    if config.positions == Positions::Learned {
        push(config.positions_name().to_owned(), POSITIONS.to_owned(), None);
    }
    norm(&mut push, config, config.final_norm_path(), "output_norm");
    if !config.tied_head {
        push(config.head_name().to_owned(), HEAD.to_owned(), None);
    }
    for layer in 0..config.layers {
        block(&mut push, config, layer);
    }
    names
}

fn block(push: &mut impl FnMut(String, String, Option<usize>), config: &ModelConfig, layer: usize) {
    norm(push, config, &config.attention_norm_path(layer), &format!("blk.{layer}.attn_norm"));
    for module in config.linear_modules_of(layer) {
        let theirs = format!("blk.{layer}.{}", linear(module.kind));
        let heads = match module.kind {
            LinearKind::Query => Some(config.heads),
            LinearKind::Key => Some(config.kv_heads),
            _ => None,
        };
        let heads = heads.filter(|_| turns_neighbours(config.family));
        push(module.weight_name(), format!("{theirs}.weight"), heads);
        if module.bias {
            push(module.bias_name(), format!("{theirs}.bias"), heads);
        }
    }
    if config.qk_norm {
        let (q, k) = config.qk_norm_paths(layer);
        push(format!("{q}.weight"), format!("blk.{layer}.attn_q_norm.weight"), None);
        push(format!("{k}.weight"), format!("blk.{layer}.attn_k_norm.weight"), None);
    }
    norm(push, config, &config.mlp_norm_path(layer), &format!("blk.{layer}.ffn_norm"));
}

fn norm(
    push: &mut impl FnMut(String, String, Option<usize>),
    config: &ModelConfig,
    ours: &str,
    theirs: &str,
) {
    push(format!("{ours}.weight"), format!("{theirs}.weight"), None);
    if config.norm.kind == crate::NormKind::Layer {
        push(format!("{ours}.bias"), format!("{theirs}.bias"), None);
    }
}

/// Where row `row` of a matrix whose halves of a head are turned lies in llama.cpp's order: halves become pairs.
pub(super) fn paired_row(row: usize, head_dim: usize) -> usize {
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
