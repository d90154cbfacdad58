//! `config.json` of Hugging Face, written.

use serde_json::{Value, json};

use super::{Activation, Family, ModelConfig, Positions, RopeScaling};

impl ModelConfig {
    /// Writes the architecture as a `config.json` that transformers, vLLM and llama.cpp's converter read.
    pub fn to_config_json(&self) -> Value {
        let mut out = match self.family {
            Family::Gpt2 => gpt2_json(self),
            Family::GptNeox => gpt_neox_json(self),
            _ => llama_like_json(self),
        };
        out["architectures"] = json!([self.family.architecture()]);
        out["model_type"] = json!(self.family.model_type());
        out["vocab_size"] = json!(self.vocab);
        out["tie_word_embeddings"] = json!(self.tied_head);
        out["torch_dtype"] = json!("float32");
        out["bos_token_id"] = json!(self.bos_token);
        out["eos_token_id"] = match self.eos_tokens.as_slice() {
            [] => Value::Null,
            [one] => json!(one),
            many => json!(many),
        };
        out
    }
}

impl ModelConfig {
    /// A `generation_config.json` that says with which tokens a text begins and ends; None where the architecture says
    /// neither.
    pub fn to_generation_json(&self) -> Option<Value> {
        let mut out = json!({ "_from_model_config": true });
        if let Some(token) = self.bos_token {
            out["bos_token_id"] = json!(token);
        }
        match self.eos_tokens.as_slice() {
            [] => {}
            [one] => out["eos_token_id"] = json!(one),
            many => out["eos_token_id"] = json!(many),
        }
        (self.bos_token.is_some() || !self.eos_tokens.is_empty()).then_some(out)
    }
}

fn gpt2_json(config: &ModelConfig) -> Value {
    json!({
        "n_embd": config.hidden,
        "n_head": config.heads,
        "n_inner": config.mlp_hidden,
        "n_layer": config.layers,
        "n_positions": config.context,
        "layer_norm_epsilon": shortest(config.norm.eps),
        "activation_function": activation_name(config.activation, true),
    })
}

fn gpt_neox_json(config: &ModelConfig) -> Value {
    let mut out = json!({
        "hidden_size": config.hidden,
        "intermediate_size": config.mlp_hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "max_position_embeddings": config.context,
        "layer_norm_eps": shortest(config.norm.eps),
        "hidden_act": activation_name(config.activation, false),
        "attention_bias": config.qkv_bias,
        "use_parallel_residual": config.parallel_residual,
    });
    if let Positions::Rotary(rotary) = &config.positions {
        out["rotary_pct"] = json!(share(config.rotary_dims(), config.head_dim));
        out["rotary_emb_base"] = json!(rotary.theta);
        put_scaling(&mut out, &rotary.scaling);
    }
    out
}

/// The part of a head that is rotated, such that its product with the head's width is not rounded down below it.
fn share(dims: usize, head_dim: usize) -> f64 {
    let share = dims as f64 / head_dim as f64;
    if ((head_dim as f64 * share) as usize) < dims { share.next_up() } else { share }
}

/// `rope_scaling`; a stretched context stands beside it as the config had it.
fn put_scaling(out: &mut Value, scaling: &RopeScaling) {
    out["rope_scaling"] = scaling_json(scaling);
    if let RopeScaling::LongRope { stretched_context, .. } = scaling {
        out["max_position_embeddings"] = json!(stretched_context);
    }
}

fn llama_like_json(config: &ModelConfig) -> Value {
    let mut out = json!({
        "hidden_size": config.hidden,
        "intermediate_size": config.mlp_hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.context,
        "rms_norm_eps": shortest(config.norm.eps),
        "hidden_act": activation_name(config.activation, false),
    });
    if config.family != Family::Qwen2 {
        out["attention_bias"] = json!(config.attention_out_bias);
    }
    if config.family == Family::Llama {
        out["mlp_bias"] = json!(config.mlp_bias);
    }
    if config.family == Family::Mistral {
        out["sliding_window"] = Value::Null;
    }
    if let Positions::Rotary(rotary) = &config.positions {
        out["rope_theta"] = json!(rotary.theta);
        put_scaling(&mut out, &rotary.scaling);
    }
    out
}

fn scaling_json(scaling: &RopeScaling) -> Value {
    match scaling {
        RopeScaling::None => Value::Null,
        RopeScaling::Linear { factor } => json!({ "rope_type": "linear", "factor": factor }),
        RopeScaling::Dynamic { factor } => json!({ "rope_type": "dynamic", "factor": factor }),
        RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => json!({
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low_freq_factor,
            "high_freq_factor": high_freq_factor,
            "original_max_position_embeddings": original_context,
        }),
        RopeScaling::LongRope { short, long, original_context, attention_factor, .. } => json!({
            "rope_type": "longrope",
            "short_factor": short,
            "long_factor": long,
            "original_max_position_embeddings": original_context,
            "attention_factor": attention_factor,
        }),
        RopeScaling::Yarn { factor, original_context, beta_fast, beta_slow, truncate, attention_factor } => {
            json!({
                "rope_type": "yarn",
                "factor": factor,
                "original_max_position_embeddings": original_context,
                "beta_fast": beta_fast,
                "beta_slow": beta_slow,
                "truncate": truncate,
                "attention_factor": attention_factor,
            })
        }
    }
}

/// The short decimal form of an f32, so that 1e-6 is not written as 9.999999974752427e-7.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn activation_name(activation: Activation, gpt2: bool) -> &'static str {
    match activation {
        Activation::GeluTanh if gpt2 => "gelu_new",
        Activation::GeluTanh => "gelu_pytorch_tanh",
        Activation::GeluErf => "gelu",
        Activation::Silu => "silu",
    }
}
