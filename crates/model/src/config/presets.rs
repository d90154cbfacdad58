//! Shapes by name: the embedded default, and the ones that speed is measured on.

use super::{
    Activation, Family, MlpKind, ModelConfig, Norm, NormKind, Orientation, Positions, RopeScaling, Rotary,
};
use crate::ModelError;

impl ModelConfig {
    /// The names that [`ModelConfig::preset`] knows.
    pub const PRESETS: [&'static str; 4] = ["nano", "gpt2-124m", "qwen3-0.6b", "qwen3-8b"];

    /// The architecture of that name.
    ///
    /// # Errors
    /// [`ModelError::UnknownPreset`] with the names that there are.
    pub fn preset(name: &str) -> Result<Self, ModelError> {
        match name {
            "nano" => Ok(nano()),
            "gpt2-124m" => Ok(gpt2_124m()),
            "qwen3-0.6b" => Ok(qwen3(1024, 3072, 28, 16, true)),
            "qwen3-8b" => Ok(qwen3(4096, 12288, 36, 32, false)),
            _ => Err(ModelError::UnknownPreset { name: name.to_owned(), known: Self::PRESETS.join(", ") }),
        }
    }
}

fn nano() -> ModelConfig {
    ModelConfig {
        vocab: 8192,
        context: 4096,
        layers: 12,
        hidden: 256,
        mlp_hidden: 768,
        heads: 4,
        kv_heads: 2,
        head_dim: 64,
        positions: Positions::Rotary(Rotary { theta: 10_000.0, scaling: RopeScaling::None, dims: None }),
        bos_token: None,
        eos_tokens: Vec::new(),
        ..qwen3(256, 768, 12, 4, true)
    }
}

fn qwen3(hidden: usize, mlp_hidden: usize, layers: usize, heads: usize, tied_head: bool) -> ModelConfig {
    ModelConfig {
        family: Family::Qwen3,
        vocab: 151_936,
        context: 40_960,
        layers,
        hidden,
        mlp_hidden,
        heads,
        kv_heads: 8,
        head_dim: 128,
        norm: Norm { kind: NormKind::Rms, eps: 1e-6 },
        positions: Positions::Rotary(Rotary { theta: 1_000_000.0, scaling: RopeScaling::None, dims: None }),
        fused_qkv: false,
        qkv_by_head: false,
        qkv_bias: false,
        attention_out_bias: false,
        qk_norm: true,
        parallel_residual: false,
        mlp: MlpKind::Gated,
        activation: Activation::Silu,
        mlp_bias: false,
        scaled_embedding: false,
        tied_head,
        orientation: Orientation::Linear,
        bos_token: Some(151_643),
        eos_tokens: vec![151_645],
    }
}

fn gpt2_124m() -> ModelConfig {
    ModelConfig {
        family: Family::Gpt2,
        vocab: 50_257,
        context: 1024,
        layers: 12,
        hidden: 768,
        mlp_hidden: 3072,
        heads: 12,
        kv_heads: 12,
        head_dim: 64,
        norm: Norm { kind: NormKind::Layer, eps: 1e-5 },
        positions: Positions::Learned,
        fused_qkv: true,
        qkv_by_head: false,
        qkv_bias: true,
        attention_out_bias: true,
        qk_norm: false,
        parallel_residual: false,
        mlp: MlpKind::Plain,
        activation: Activation::GeluTanh,
        mlp_bias: true,
        scaled_embedding: false,
        tied_head: true,
        orientation: Orientation::Conv1D,
        bos_token: Some(50_256),
        eos_tokens: vec![50_256],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_sizes_they_are_named_after() {
        for (name, parameters) in [
            ("nano", 11_542_272),
            ("gpt2-124m", 124_439_808),
            ("qwen3-0.6b", 596_049_920),
            ("qwen3-8b", 8_190_735_360),
        ] {
            assert_eq!(ModelConfig::preset(name).unwrap().parameters(), parameters, "{name}");
        }
    }

    #[test]
    fn an_unknown_preset_lists_the_known() {
        let message = ModelConfig::preset("qwen9").unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no shape `qwen9`; the shapes are nano, gpt2-124m, qwen3-0.6b, qwen3-8b"
        );
    }
}
