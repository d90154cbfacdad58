//! The variants of rotary positions against transformers, and what their settings may be.

use std::path::PathBuf;

use model::{ModelConfig, Positions, Rotary};
use serde_json::{Value, json};

/// A Llama with three heads of 24.
fn config(rope_scaling: &Value) -> Result<ModelConfig, model::ModelError> {
    ModelConfig::from_config_json(&json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 72, "intermediate_size": 20,
        "num_hidden_layers": 1, "num_attention_heads": 3, "max_position_embeddings": 2048, "rope_theta": 5000.0,
        "rope_scaling": rope_scaling,
    }))
}

fn rotary(config: &ModelConfig) -> &Rotary {
    match &config.positions {
        Positions::Rotary(rotary) => rotary,
        Positions::Learned => panic!("rotary positions"),
    }
}

#[test]
fn frequencies_and_attention_factors_are_transformers_s() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden/rotary.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 9);
    for case in cases {
        let scaling = &case["rope_scaling"];
        let config = config(scaling).unwrap();
        let found = rotary(&config).inverse_frequencies(24);
        let expected = case["inverse_frequencies"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let expected = expected.as_f64().unwrap();
            assert!((f64::from(*found) / expected - 1.0).abs() < 2e-6, "{scaling}: {found} {expected}");
        }
        let factor = case["attention_factor"].as_f64().unwrap();
        assert!((f64::from(rotary(&config).attention_factor()) / factor - 1.0).abs() < 1e-6, "{scaling}");
        assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config, "{scaling}");
    }
}

#[test]
fn longrope_is_used_within_the_context_it_began_with() {
    let factors: Vec<f64> = vec![1.5; 12];
    let scaling = json!({ "type": "su", "short_factor": factors, "long_factor": factors,
                          "original_max_position_embeddings": 512 });
    assert_eq!(config(&scaling).unwrap().context, 512);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let message = |scaling: Value| config(&scaling).unwrap_err().to_string();
    assert_eq!(
        message(json!({ "rope_type": "longrope", "short_factor": [1.0], "long_factor": [1.0] })),
        "config.json: `short_factor` is [1.0]; it must be 12 positive numbers, one a pair of dimensions"
    );
    assert_eq!(
        message(json!({ "rope_type": "spiral" })),
        "config.json: `rope_scaling.rope_type` is \"spiral\", which is not supported; supported: default, linear, \
         dynamic, llama3, yarn, longrope"
    );
    assert_eq!(
        message(json!({ "rope_type": "default", "partial_rotary_factor": 0.5 })),
        "config.json: `partial_rotary_factor` is 0.5, which is not supported; supported: 1"
    );
}

#[test]
fn an_odd_part_of_a_head_cannot_be_rotated() {
    let neox = |share: f64| {
        ModelConfig::from_config_json(&json!({
            "architectures": ["GPTNeoXForCausalLM"], "vocab_size": 64, "hidden_size": 60, "intermediate_size": 20,
            "num_hidden_layers": 1, "num_attention_heads": 3, "rotary_pct": share,
        }))
    };
    assert_eq!(
        neox(0.25).unwrap_err().to_string(),
        "config.json: `rotary_pct` is 0.25; it must be such that an even number of a head's 20 dimensions is rotated"
    );
    for (share, dims) in [(0.2, 4), (0.3, 6), (0.7, 14), (1.0, 20)] {
        let config = neox(share).unwrap();
        assert_eq!(config.rotary_dims(), dims);
        assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config, "{share}");
    }
}

#[test]
fn architectures_with_parts_that_are_not_built_name_them() {
    let gemma2 = json!({ "architectures": ["Gemma2ForCausalLM"] });
    assert_eq!(
        ModelConfig::from_config_json(&gemma2).unwrap_err().to_string(),
        "architecture `Gemma2ForCausalLM` is not supported: it needs soft caps on attention and logits, norms behind \
         attention and MLP, and sliding windows, which are not built; supported are GPT2LMHeadModel, \
         GPTNeoXForCausalLM, LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, GemmaForCausalLM"
    );
}
