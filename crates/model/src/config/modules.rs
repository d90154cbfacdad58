//! The linear layers of an architecture, with the paths Hugging Face gives them.

use super::{Family, MlpKind, ModelConfig};

/// What a linear layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinearKind {
    /// Query, key and value in one weight, in this order along the outputs.
    QueryKeyValue,
    /// Queries.
    Query,
    /// Keys.
    Key,
    /// Values.
    Value,
    /// After attention.
    AttentionOut,
    /// The half of a gated MLP that goes through the activation.
    MlpGate,
    /// Into the MLP.
    MlpUp,
    /// Out of the MLP.
    MlpDown,
}

/// One linear layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearModule {
    /// Hugging Face module path, such as `model.layers.0.self_attn.q_proj`.
    pub path: String,
    /// Its block.
    pub layer: usize,
    /// What it is for.
    pub kind: LinearKind,
    /// Width of its input.
    pub inputs: usize,
    /// Width of its output.
    pub outputs: usize,
    /// Whether it has a bias.
    pub bias: bool,
}

impl LinearModule {
    /// Name of its weight in the base's files.
    pub fn weight_name(&self) -> String {
        format!("{}.weight", self.path)
    }

    /// Name of its bias in the base's files.
    pub fn bias_name(&self) -> String {
        format!("{}.bias", self.path)
    }

    /// PEFT's key for the adapter's A, whose shape is (rank, inputs).
    pub fn lora_a_key(&self) -> String {
        format!("base_model.model.{}.lora_A.weight", self.path)
    }

    /// PEFT's key for the adapter's B, whose shape is (outputs, rank).
    pub fn lora_b_key(&self) -> String {
        format!("base_model.model.{}.lora_B.weight", self.path)
    }
}

impl ModelConfig {
    /// All linear layers except the head, block by block, in the order of the forward pass.
    pub fn linear_modules(&self) -> Vec<LinearModule> {
        (0..self.layers).flat_map(|layer| self.linear_modules_of(layer)).collect()
    }

    /// The linear layers of one block, in the order of the forward pass.
    pub fn linear_modules_of(&self, layer: usize) -> Vec<LinearModule> {
        let (c, q, kv) = (self.hidden, self.q_width(), self.kv_width());
        let mut kinds = if self.fused_qkv {
            vec![(LinearKind::QueryKeyValue, c, q + 2 * kv, self.qkv_bias)]
        } else {
            vec![
                (LinearKind::Query, c, q, self.qkv_bias),
                (LinearKind::Key, c, kv, self.qkv_bias),
                (LinearKind::Value, c, kv, self.qkv_bias),
            ]
        };
        kinds.push((LinearKind::AttentionOut, q, c, self.attention_out_bias));
        if self.mlp == MlpKind::Gated {
            kinds.push((LinearKind::MlpGate, c, self.mlp_hidden, self.mlp_bias));
        }
        kinds.push((LinearKind::MlpUp, c, self.mlp_hidden, self.mlp_bias));
        kinds.push((LinearKind::MlpDown, self.mlp_hidden, c, self.mlp_bias));
        kinds
            .into_iter()
            .map(|(kind, inputs, outputs, bias)| LinearModule {
                path: format!("{}.{}", self.layer_path(layer), self.linear_name(kind)),
                layer,
                kind,
                inputs,
                outputs,
                bias,
            })
            .collect()
    }

    /// What all names except the head's begin with; files saved from the bare model lack it.
    pub fn base_prefix(&self) -> &'static str {
        match self.family {
            Family::Gpt2 => "transformer.",
            Family::GptNeox => "gpt_neox.",
            _ => "model.",
        }
    }

    /// Module path of a block, such as `model.layers.0`.
    pub fn layer_path(&self, layer: usize) -> String {
        let blocks = if self.family == Family::Gpt2 { "h" } else { "layers" };
        format!("{}{blocks}.{layer}", self.base_prefix())
    }

    /// Name of the token embedding, (vocab, hidden).
    pub fn embedding_name(&self) -> &'static str {
        match self.family {
            Family::Gpt2 => "transformer.wte.weight",
            Family::GptNeox => "gpt_neox.embed_in.weight",
            _ => "model.embed_tokens.weight",
        }
    }

    /// Name of the table of learned positions, (context, hidden).
    pub fn positions_name(&self) -> &'static str {
        "transformer.wpe.weight"
    }

    /// Name of the head, (vocab, hidden); absent when tied.
    pub fn head_name(&self) -> &'static str {
        if self.family == Family::GptNeox { "embed_out.weight" } else { "lm_head.weight" }
    }

    /// Module path of the norm before attention.
    pub fn attention_norm_path(&self, layer: usize) -> String {
        let name = if self.family == Family::Gpt2 { "ln_1" } else { "input_layernorm" };
        format!("{}.{name}", self.layer_path(layer))
    }

    /// Module path of the norm before the MLP.
    pub fn mlp_norm_path(&self, layer: usize) -> String {
        let name = if self.family == Family::Gpt2 { "ln_2" } else { "post_attention_layernorm" };
        format!("{}.{name}", self.layer_path(layer))
    }

    /// Module path of the norm before the head.
    pub fn final_norm_path(&self) -> &'static str {
        match self.family {
            Family::Gpt2 => "transformer.ln_f",
            Family::GptNeox => "gpt_neox.final_layer_norm",
            _ => "model.norm",
        }
    }

    /// Module paths of the norms over each query and key head; present with `qk_norm`.
    pub fn qk_norm_paths(&self, layer: usize) -> (String, String) {
        let block = self.layer_path(layer);
        (format!("{block}.self_attn.q_norm"), format!("{block}.self_attn.k_norm"))
    }

    fn linear_name(&self, kind: LinearKind) -> &'static str {
        match self.family {
            Family::Gpt2 => kind.gpt2_name(),
            Family::GptNeox => kind.gpt_neox_name(),
            _ => kind.llama_name(),
        }
    }
}

impl LinearKind {
    fn gpt2_name(self) -> &'static str {
        match self {
            Self::AttentionOut => "attn.c_proj",
            Self::MlpUp => "mlp.c_fc",
            Self::MlpDown => "mlp.c_proj",
            Self::QueryKeyValue => "attn.c_attn",
            other => other.llama_name(),
        }
    }

    fn gpt_neox_name(self) -> &'static str {
        match self {
            Self::AttentionOut => "attention.dense",
            Self::MlpUp => "mlp.dense_h_to_4h",
            Self::MlpDown => "mlp.dense_4h_to_h",
            Self::QueryKeyValue => "attention.query_key_value",
            other => other.llama_name(),
        }
    }

    fn llama_name(self) -> &'static str {
        match self {
            Self::QueryKeyValue => "self_attn.qkv_proj",
            Self::Query => "self_attn.q_proj",
            Self::Key => "self_attn.k_proj",
            Self::Value => "self_attn.v_proj",
            Self::AttentionOut => "self_attn.o_proj",
            Self::MlpGate => "mlp.gate_proj",
            Self::MlpUp => "mlp.up_proj",
            Self::MlpDown => "mlp.down_proj",
        }
    }
}
