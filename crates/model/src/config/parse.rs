//! `config.json` of Hugging Face, read.
//!
//! Keys that change the numbers are read or refused, never passed over; the rest is left alone.

use std::path::Path;

use serde_json::{Value, json};

use super::keys::{Keys, invalid, unsupported};
use super::rotary_keys::{fixed_context, rotary};
use super::{Activation, Family, MlpKind, ModelConfig, Norm, NormKind, Orientation, Positions};
use crate::ModelError;
use crate::weights::gguf::{GgufFile, GgufModel};

impl ModelConfig {
    /// Reads `config.json` in a model folder, or the keys of a GGUF file in its place.
    ///
    /// # Errors
    /// The file is absent or broken, the architecture is not supported, a value is out of range.
    pub fn from_folder(folder: &Path) -> Result<Self, ModelError> {
        if GgufFile::is_gguf(folder) {
            return Ok(GgufModel::open(folder)?.config().clone());
        }
        let path = folder.join("config.json");
        if !path.exists() {
            return Err(ModelError::MissingFile { folder: folder.to_owned(), wanted: "config.json" });
        }
        let text = std::fs::read_to_string(&path).map_err(|source| ModelError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let value = serde_json::from_str(&text)
            .map_err(|source| ModelError::Json { place: path.display().to_string(), source })?;
        Self::from_config_json(&value)
    }

    /// Reads the value of a `config.json`.
    ///
    /// # Errors
    /// The architecture is not supported, a key is missing, a value is out of range or unsupported.
    pub fn from_config_json(value: &Value) -> Result<Self, ModelError> {
        let Value::Object(map) = value else {
            return Err(invalid("(the file)", value, "a JSON object"));
        };
        let keys = Keys(map);
        let family = family(&keys)?;
        let mut config = match family {
            Family::Gpt2 => gpt2(&keys)?,
            Family::GptNeox => gpt_neox(&keys)?,
            _ => llama_like(&keys, family)?,
        };
        if let Some(quantization) = keys.get("quantization_config") {
            check_quantisation(quantization)?;
            // transformers turns the matrices of a Conv1D before it quantises them.
            config.orientation = Orientation::Linear;
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ModelError> {
        let sizes = [
            ("vocab_size", self.vocab),
            ("max_position_embeddings", self.context),
            ("num_hidden_layers", self.layers),
            ("hidden_size", self.hidden),
            ("intermediate_size", self.mlp_hidden),
            ("num_attention_heads", self.heads),
            ("num_key_value_heads", self.kv_heads),
            ("head_dim", self.head_dim),
        ];
        for (key, size) in sizes {
            if size == 0 || size > 1 << 28 {
                return Err(invalid(key, &json!(size), "between 1 and 268435456"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let allowed = format!("a divisor of the {} attention heads", self.heads);
            return Err(invalid("num_key_value_heads", &json!(self.kv_heads), allowed));
        }
        let whole_head = matches!(&self.positions, Positions::Rotary(rotary) if rotary.dims.is_none());
        if whole_head && !self.head_dim.is_multiple_of(2) {
            return Err(invalid("head_dim", &json!(self.head_dim), "even, because positions are rotary"));
        }
        if !(self.norm.eps.is_finite() && self.norm.eps > 0.0) {
            return Err(invalid("the norm's epsilon", &json!(self.norm.eps), "positive"));
        }
        Ok(())
    }
}

fn check_quantisation(found: &Value) -> Result<(), ModelError> {
    match found.get("quant_method").and_then(Value::as_str) {
        Some("bitsandbytes") => Ok(()),
        _ => Err(unsupported(
            "quantization_config",
            found,
            "that of bitsandbytes, in 4 or 8 bits; else the folder before it was quantised, or a GGUF file",
        )),
    }
}

fn family(keys: &Keys) -> Result<Family, ModelError> {
    let architecture = keys.get("architectures").and_then(|v| v.get(0)).and_then(Value::as_str);
    let model_type = keys.get("model_type").and_then(Value::as_str);
    let found = match (architecture, model_type) {
        (Some(name), _) => Family::ALL.into_iter().find(|f| f.architecture() == name),
        (None, Some(name)) => Family::ALL.into_iter().find(|f| f.model_type() == name),
        (None, None) => return Err(ModelError::MissingSetting { key: "architectures".to_owned() }),
    };
    found.ok_or_else(|| unsupported_architecture(architecture.or(model_type).unwrap_or_default()))
}

/// Of some well-known architectures it is known what they need beyond what is built.
fn unsupported_architecture(found: &str) -> ModelError {
    const GEMMA_2: &str =
        "soft caps on attention and logits, norms behind attention and MLP, and sliding windows";
    const GEMMA_3: &str =
        "norms behind attention and MLP, and layers with sliding windows and positions of their own";
    let supported = Family::ALL.map(Family::architecture).join(", ");
    let needs = match found {
        "Gemma2ForCausalLM" | "gemma2" => GEMMA_2,
        "Gemma3ForCausalLM" | "Gemma3ForConditionalGeneration" | "gemma3" | "gemma3_text" => GEMMA_3,
        "Phi3ForCausalLM" | "phi3" => "query, key and value, and gate and up, in one weight each",
        _ => return ModelError::UnsupportedArchitecture { found: found.to_owned(), supported },
    };
    ModelError::UnsupportedParts { found: found.to_owned(), needs, supported }
}

fn gpt2(keys: &Keys) -> Result<ModelConfig, ModelError> {
    keys.only("scale_attn_weights", &json!(true), "true")?;
    keys.only("scale_attn_by_inverse_layer_idx", &json!(false), "false")?;
    keys.only("add_cross_attention", &json!(false), "false")?;
    let hidden = keys.size("n_embd", Some(768))?;
    let heads = keys.size("n_head", Some(12))?;
    if heads == 0 || !hidden.is_multiple_of(heads) {
        return Err(invalid("n_head", &json!(heads), format!("a divisor of n_embd, {hidden}")));
    }
    Ok(ModelConfig {
        family: Family::Gpt2,
        vocab: keys.size("vocab_size", Some(50_257))?,
        context: keys.size("n_positions", Some(1024))?,
        layers: keys.size("n_layer", Some(12))?,
        hidden,
        mlp_hidden: keys.optional_size("n_inner")?.unwrap_or(4 * hidden),
        heads,
        kv_heads: heads,
        head_dim: hidden / heads,
        norm: Norm { kind: NormKind::Layer, eps: keys.number("layer_norm_epsilon", Some(1e-5))? as f32 },
        positions: Positions::Learned,
        fused_qkv: true,
        qkv_by_head: false,
        qkv_bias: true,
        attention_out_bias: true,
        qk_norm: false,
        parallel_residual: false,
        mlp: MlpKind::Plain,
        activation: keys.activation("activation_function", "gelu_new")?,
        mlp_bias: true,
        scaled_embedding: false,
        tied_head: keys.flag("tie_word_embeddings", true)?,
        orientation: Orientation::Conv1D,
        bos_token: keys.token("bos_token_id")?,
        eos_tokens: keys.tokens("eos_token_id")?,
    })
}

fn gpt_neox(keys: &Keys) -> Result<ModelConfig, ModelError> {
    let hidden = keys.size("hidden_size", Some(6144))?;
    let heads = keys.size("num_attention_heads", Some(64))?;
    if heads == 0 || !hidden.is_multiple_of(heads) {
        return Err(invalid(
            "num_attention_heads",
            &json!(heads),
            format!("a divisor of hidden_size, {hidden}"),
        ));
    }
    let bias = keys.flag("attention_bias", true)?;
    let rotary = rotary(keys, hidden / heads, Some(0.25))?;
    Ok(ModelConfig {
        family: Family::GptNeox,
        vocab: keys.size("vocab_size", Some(50_432))?,
        context: fixed_context(&rotary, keys.size("max_position_embeddings", Some(2048))?),
        layers: keys.size("num_hidden_layers", Some(44))?,
        hidden,
        mlp_hidden: keys.size("intermediate_size", Some(24_576))?,
        heads,
        kv_heads: heads,
        head_dim: hidden / heads,
        norm: Norm { kind: NormKind::Layer, eps: keys.number("layer_norm_eps", Some(1e-5))? as f32 },
        positions: Positions::Rotary(rotary),
        fused_qkv: true,
        qkv_by_head: true,
        qkv_bias: bias,
        attention_out_bias: bias,
        qk_norm: false,
        parallel_residual: keys.flag("use_parallel_residual", true)?,
        mlp: MlpKind::Plain,
        activation: keys.activation("hidden_act", "gelu")?,
        mlp_bias: true,
        scaled_embedding: false,
        tied_head: keys.flag("tie_word_embeddings", false)?,
        orientation: Orientation::Linear,
        bos_token: keys.token("bos_token_id")?,
        eos_tokens: keys.tokens("eos_token_id")?,
    })
}

fn llama_like(keys: &Keys, family: Family) -> Result<ModelConfig, ModelError> {
    let (qwen2, gemma) = (family == Family::Qwen2, family == Family::Gemma);
    if gemma {
        keys.only("use_bidirectional_attention", &json!(false), "false")?;
    }
    let hidden = keys.size("hidden_size", None)?;
    let heads = keys.size("num_attention_heads", None)?;
    let head_dim = match keys.optional_size("head_dim")? {
        Some(head_dim) => head_dim,
        None if family == Family::Qwen3 => 128,
        None if gemma => 256,
        None if heads > 0 && hidden.is_multiple_of(heads) => hidden / heads,
        None => {
            let allowed = format!("a divisor of hidden_size, {hidden}, when there is no head_dim");
            return Err(invalid("num_attention_heads", &json!(heads), allowed));
        }
    };
    let attention_bias = match family {
        Family::Qwen2 | Family::Mistral => false,
        _ => keys.flag("attention_bias", false)?,
    };
    let rotary = rotary(keys, head_dim, None)?;
    let kind = if gemma { NormKind::RmsOffset } else { NormKind::Rms };
    Ok(ModelConfig {
        family,
        vocab: keys.size("vocab_size", None)?,
        context: fixed_context(&rotary, context(keys, family)?),
        layers: keys.size("num_hidden_layers", None)?,
        hidden,
        mlp_hidden: keys.size("intermediate_size", None)?,
        heads,
        kv_heads: keys.optional_size("num_key_value_heads")?.unwrap_or(heads),
        head_dim,
        norm: Norm { kind, eps: keys.number("rms_norm_eps", Some(1e-6))? as f32 },
        positions: Positions::Rotary(rotary),
        fused_qkv: false,
        qkv_by_head: false,
        qkv_bias: qwen2 || attention_bias,
        attention_out_bias: attention_bias,
        qk_norm: family == Family::Qwen3,
        parallel_residual: false,
        mlp: MlpKind::Gated,
        activation: if gemma { gemma_activation(keys)? } else { keys.activation("hidden_act", "silu")? },
        mlp_bias: family == Family::Llama && keys.flag("mlp_bias", false)?,
        scaled_embedding: gemma,
        tied_head: keys.flag("tie_word_embeddings", gemma)?,
        orientation: Orientation::Linear,
        bos_token: keys.token("bos_token_id")?,
        eos_tokens: keys.tokens("eos_token_id")?,
    })
}

/// Gemma's first files say `gelu` and mean its tanh form.
fn gemma_activation(keys: &Keys) -> Result<Activation, ModelError> {
    let found = keys.activation("hidden_act", "gelu_pytorch_tanh")?;
    Ok(if found == Activation::GeluErf { Activation::GeluTanh } else { found })
}

/// Inside its window, sliding attention is full attention, so the window bounds the context.
fn context(keys: &Keys, family: Family) -> Result<usize, ModelError> {
    let context = keys.size("max_position_embeddings", Some(2048))?;
    let sliding = match family {
        Family::Mistral => true,
        Family::Qwen2 | Family::Qwen3 => keys.flag("use_sliding_window", false)?,
        _ => false,
    };
    match keys.optional_size("sliding_window")? {
        Some(window) if sliding => Ok(context.min(window)),
        _ => Ok(context),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RopeScaling, Rotary};

    fn llama() -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 12, "intermediate_size": 20,
            "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 1,
        })
    }

    #[track_caller]
    fn check_error(change: &[(&str, Value)], message: &str) {
        let mut value = llama();
        for (key, new) in change {
            value[*key] = new.clone();
        }
        assert_eq!(ModelConfig::from_config_json(&value).unwrap_err().to_string(), message);
    }

    #[test]
    fn every_preset_survives_its_own_json() {
        for name in ModelConfig::PRESETS {
            let config = ModelConfig::preset(name).unwrap();
            assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config, "{name}");
        }
    }

    #[test]
    fn every_scaling_survives_its_own_json() {
        for scaling in [
            json!({ "rope_type": "linear", "factor": 2.0 }),
            json!({ "type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                    "original_max_position_embeddings": 32 }),
            json!({ "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32 }),
            json!({ "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "mscale": 1.2,
                    "mscale_all_dim": 0.7, "truncate": false }),
            json!({ "type": "dynamic", "factor": 2.0 }),
            json!({ "type": "longrope", "short_factor": [1.0, 2.5], "long_factor": [4.0, 8.0],
                    "original_max_position_embeddings": 512 }),
        ] {
            let mut value = llama();
            value["rope_scaling"] = scaling;
            let config = ModelConfig::from_config_json(&value).unwrap();
            assert!(!matches!(&config.positions, Positions::Rotary(r) if r.scaling == RopeScaling::None));
            assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config);
        }
    }

    #[test]
    fn the_newer_spelling_of_rope_is_read() {
        let mut value = llama();
        value["rope_parameters"] = json!({ "rope_type": "default", "rope_theta": 5e5 });
        let config = ModelConfig::from_config_json(&value).unwrap();
        assert_eq!(
            config.positions,
            Positions::Rotary(Rotary { theta: 5e5, scaling: RopeScaling::None, dims: None })
        );
    }

    #[test]
    fn a_window_bounds_the_context() {
        let mut value = llama();
        value["architectures"] = json!(["MistralForCausalLM"]);
        value["max_position_embeddings"] = json!(128);
        value["sliding_window"] = json!(32);
        assert_eq!(ModelConfig::from_config_json(&value).unwrap().context, 32);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        check_error(
            &[("architectures", json!(["MambaForCausalLM"]))],
            "architecture `MambaForCausalLM` is not supported; supported are GPT2LMHeadModel, GPTNeoXForCausalLM, \
             LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, GemmaForCausalLM",
        );
        check_error(
            &[("rope_scaling", json!({ "rope_type": "spiral" }))],
            "config.json: `rope_scaling.rope_type` is \"spiral\", which is not supported; supported: default, \
             linear, dynamic, llama3, yarn, longrope",
        );
        check_error(
            &[("hidden_act", json!("relu"))],
            "config.json: `hidden_act` is \"relu\", which is not supported; supported: gelu_new, \
             gelu_pytorch_tanh, gelu, silu",
        );
        check_error(
            &[("quantization_config", json!({ "bits": 4 }))],
            "config.json: `quantization_config` is {\"bits\":4}, which is not supported; supported: that of \
             bitsandbytes, in 4 or 8 bits; else the folder before it was quantised, or a GGUF file",
        );
    }

    #[test]
    fn impossible_values_are_named() {
        check_error(&[("vocab_size", Value::Null)], "config.json: `vocab_size` is missing");
        check_error(
            &[("num_key_value_heads", json!(2))],
            "config.json: `num_key_value_heads` is 2; it must be a divisor of the 3 attention heads",
        );
        check_error(
            &[("hidden_size", json!(-4))],
            "config.json: `hidden_size` is -4; it must be a whole number",
        );
        check_error(
            &[("head_dim", json!(3))],
            "config.json: `head_dim` is 3; it must be even, because positions are rotary",
        );
        check_error(
            &[("num_attention_heads", json!(0)), ("num_key_value_heads", json!(0))],
            "config.json: `num_attention_heads` is 0; it must be a divisor of hidden_size, 12, when there is no \
             head_dim",
        );
    }
}
