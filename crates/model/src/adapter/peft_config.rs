//! PEFT's `adapter_config.json`, both ways.
//!
//! Keys that change the numbers are read or refused; keys of other methods' bookkeeping are left alone.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{LoraConfig, LoraTargets};
use crate::{Family, ModelConfig, ModelError};

/// What an adapter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskType {
    /// The next token.
    CausalLm,
    /// A label for the whole text.
    SequenceClassification,
}

/// What `adapter_config.json` says beside the LoRA settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Hub id or folder of the base, as a person would give it to transformers.
    pub base_model: Option<String>,
    /// The base's revision on the Hub.
    pub revision: Option<String>,
    /// What the adapter is for.
    pub task: TaskType,
    /// A classifier's labels, by their numbers; none for another task.
    pub labels: Vec<String>,
}

impl AdapterInfo {
    /// A causal language model's adapter for a base, with no revision.
    pub fn for_base(base_model: impl Into<String>) -> Self {
        Self {
            base_model: Some(base_model.into()),
            revision: None,
            task: TaskType::CausalLm,
            labels: Vec::new(),
        }
    }
}

/// The value of `adapter_config.json`, keys sorted.
///
/// # Errors
/// The settings choose no layer of `config`.
pub fn to_json(config: &ModelConfig, info: &AdapterInfo, lora: &LoraConfig) -> Result<Value, ModelError> {
    let is_classifier = info.task == TaskType::SequenceClassification;
    let pairs = [
        ("alpha_pattern", json!({})),
        ("auto_mapping", Value::Null),
        ("base_model_name_or_path", json!(info.base_model)),
        ("bias", json!("none")),
        ("fan_in_fan_out", json!(config.family == Family::Gpt2)),
        ("inference_mode", json!(true)),
        ("init_lora_weights", json!(true)),
        ("layers_pattern", Value::Null),
        ("layers_to_transform", Value::Null),
        ("lora_alpha", whole_or_float(lora.alpha)),
        ("lora_dropout", shortest(lora.dropout)),
        ("modules_to_save", if is_classifier { json!([HEADS[0]]) } else { Value::Null }),
        ("peft_type", json!("LORA")),
        ("r", json!(lora.rank)),
        ("rank_pattern", json!({})),
        ("revision", json!(info.revision)),
        ("target_modules", json!(lora.explicit_targets(config)?)),
        ("task_type", json!(task_name(info.task))),
        ("use_dora", json!(false)),
        ("use_rslora", json!(lora.rslora)),
    ];
    Ok(Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

/// Reads the text of `adapter_config.json`; `path` is for errors.
///
/// # Errors
/// It is not JSON, lacks a key, or asks for what this engine does not have.
pub fn from_json(path: &Path, text: &str) -> Result<(LoraConfig, AdapterInfo), ModelError> {
    let file = path.display().to_string();
    let value: Value =
        serde_json::from_str(text).map_err(|source| ModelError::Json { place: file.clone(), source })?;
    let empty = Map::new();
    let reader = Reader { file, map: value.as_object().unwrap_or(&empty) };
    let task = match reader.get("task_type").map(Value::as_str) {
        None | Some(Some("CAUSAL_LM")) => TaskType::CausalLm,
        Some(Some("SEQ_CLS")) => TaskType::SequenceClassification,
        Some(_) => return Err(reader.unsupported("task_type", "CAUSAL_LM, SEQ_CLS")),
    };
    reader.refuse_what_changes_the_numbers(task)?;
    let rank = reader.get("r").and_then(Value::as_u64).and_then(|r| usize::try_from(r).ok());
    let lora = LoraConfig {
        rank: rank.ok_or_else(|| reader.unsupported("r", "a whole number"))?,
        alpha: reader.number("lora_alpha", 8.0)?,
        dropout: reader.number("lora_dropout", 0.0)?,
        targets: reader.targets()?,
        rslora: reader.get("use_rslora").and_then(Value::as_bool).unwrap_or(false),
    };
    let text = |key: &str| reader.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let (base_model, revision) = (text("base_model_name_or_path"), text("revision"));
    Ok((lora, AdapterInfo { base_model, revision, task, labels: Vec::new() }))
}

struct Reader<'a> {
    file: String,
    map: &'a Map<String, Value>,
}

impl Reader<'_> {
    /// A null counts as absent.
    fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn unsupported(&self, key: &str, allowed: &'static str) -> ModelError {
        let value = self.map.get(key).map_or_else(|| "absent".to_owned(), Value::to_string);
        ModelError::UnsupportedAdapter { file: self.file.clone(), key: key.to_owned(), value, allowed }
    }

    fn number(&self, key: &str, default: f64) -> Result<f32, ModelError> {
        match self.get(key) {
            None => Ok(default as f32),
            Some(value) => value.as_f64().map(|n| n as f32).ok_or_else(|| self.unsupported(key, "a number")),
        }
    }

    fn targets(&self) -> Result<LoraTargets, ModelError> {
        const ALLOWED: &str = "a list of layer names, or \"all-linear\"";
        match self.get("target_modules") {
            Some(Value::String(name)) if name == "all-linear" => Ok(LoraTargets::All),
            Some(Value::Array(list)) => {
                let names: Option<Vec<_>> =
                    list.iter().map(|name| name.as_str().map(ToOwned::to_owned)).collect();
                names.map(LoraTargets::Named).ok_or_else(|| self.unsupported("target_modules", ALLOWED))
            }
            _ => Err(self.unsupported("target_modules", ALLOWED)),
        }
    }

    /// A classifier's head is saved whole, and nothing else is.
    fn refuse_saved_modules(&self, task: TaskType) -> Result<(), ModelError> {
        let Some(value) = self.get("modules_to_save").filter(|value| !is_empty(value)) else { return Ok(()) };
        let is_head = |name: &Value| name.as_str().is_some_and(|name| HEADS.contains(&name));
        match task {
            TaskType::CausalLm => Err(self.unsupported("modules_to_save", "not set")),
            TaskType::SequenceClassification => {
                let known = value.as_array().is_some_and(|names| names.iter().all(is_head));
                let refuse = || self.unsupported("modules_to_save", "[\"score\"]");
                known.then_some(()).ok_or_else(refuse)
            }
        }
    }

    fn refuse_what_changes_the_numbers(&self, task: TaskType) -> Result<(), ModelError> {
        if self.get("peft_type").and_then(Value::as_str) != Some("LORA") {
            return Err(self.unsupported("peft_type", "LORA"));
        }
        if self.get("bias").is_some_and(|bias| bias != "none") {
            return Err(self.unsupported("bias", "none"));
        }
        const NOT_SET: [&str; 11] = [
            "use_dora",
            "use_qalora",
            "use_bdlora",
            "lora_bias",
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "layer_replication",
            "exclude_modules",
            "target_parameters",
            "trainable_token_indices",
        ];
        for key in NOT_SET {
            if self.get(key).is_some_and(|value| !is_empty(value)) {
                return Err(self.unsupported(key, "not set"));
            }
        }
        self.refuse_saved_modules(task)?;
        // These initialisations change the base's weights, which the adapter's files do not carry.
        let init = self.get("init_lora_weights").and_then(Value::as_str).unwrap_or_default();
        if ["pissa", "olora", "corda", "loftq", "lora_ga"].iter().any(|name| init.starts_with(name)) {
            return Err(self.unsupported("init_lora_weights", "true, false, gaussian, eva, orthogonal"));
        }
        Ok(())
    }
}

/// What PEFT saves whole of a classifier: the head of our families, and the one of others.
const HEADS: [&str; 2] = ["score", "classifier"];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn task_name(task: TaskType) -> &'static str {
    match task {
        TaskType::CausalLm => "CAUSAL_LM",
        TaskType::SequenceClassification => "SEQ_CLS",
    }
}

fn whole_or_float(value: f32) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 { json!(value as i64) } else { shortest(value) }
}

/// The short decimal form of an f32, so that 0.1 is not written as 0.10000000149011612.
fn shortest(value: f32) -> Value {
    json!(value.to_string().parse().unwrap_or(f64::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lora() -> LoraConfig {
        let targets = LoraTargets::Named(vec!["v_proj".into(), "q_proj".into()]);
        LoraConfig { rank: 4, alpha: 8.0, dropout: 0.1, targets, rslora: true }
    }

    #[test]
    fn the_file_is_peft_s_key_by_key() {
        let config = ModelConfig::preset("nano").unwrap();
        let value = to_json(&config, &AdapterInfo::for_base("some/base"), &lora()).unwrap();
        let text = serde_json::to_string_pretty(&value).unwrap();
        let expected = r#"{
  "alpha_pattern": {},
  "auto_mapping": null,
  "base_model_name_or_path": "some/base",
  "bias": "none",
  "fan_in_fan_out": false,
  "inference_mode": true,
  "init_lora_weights": true,
  "layers_pattern": null,
  "layers_to_transform": null,
  "lora_alpha": 8,
  "lora_dropout": 0.1,
  "modules_to_save": null,
  "peft_type": "LORA",
  "r": 4,
  "rank_pattern": {},
  "revision": null,
  "target_modules": [
    "q_proj",
    "v_proj"
  ],
  "task_type": "CAUSAL_LM",
  "use_dora": false,
  "use_rslora": true
}"#;
        assert_eq!(text, expected);
        let (read, info) = from_json(Path::new("x"), &text).unwrap();
        let targets = LoraTargets::Named(vec!["q_proj".into(), "v_proj".into()]);
        assert_eq!(read, LoraConfig { targets, ..lora() });
        assert_eq!(info, AdapterInfo::for_base("some/base"));
    }

    #[test]
    fn all_becomes_an_explicit_list() {
        let config = ModelConfig::preset("gpt2-124m").unwrap();
        let lora = LoraConfig { targets: LoraTargets::All, ..lora() };
        let value = to_json(&config, &AdapterInfo::for_base("gpt2"), &lora).unwrap();
        assert_eq!(value["target_modules"], json!(["c_attn", "c_fc", "c_proj"]));
        assert_eq!(value["fan_in_fan_out"], json!(true));
    }

    #[track_caller]
    fn check_refused(change: (&str, Value), message: &str) {
        let config = ModelConfig::preset("nano").unwrap();
        let mut value = to_json(&config, &AdapterInfo::for_base("b"), &lora()).unwrap();
        value[change.0] = change.1;
        let error = from_json(Path::new("a.json"), &value.to_string()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn what_other_methods_need_is_refused_by_name() {
        check_refused(
            ("peft_type", json!("IA3")),
            "a.json: `peft_type` is \"IA3\", which is not supported; supported: LORA",
        );
        check_refused(
            ("use_dora", json!(true)),
            "a.json: `use_dora` is true, which is not supported; supported: not set",
        );
        check_refused(
            ("modules_to_save", json!(["lm_head"])),
            "a.json: `modules_to_save` is [\"lm_head\"], which is not supported; supported: not set",
        );
        check_refused(
            ("target_modules", json!(".*q_proj")),
            "a.json: `target_modules` is \".*q_proj\", which is not supported; supported: a list of layer names, or \
             \"all-linear\"",
        );
        check_refused(
            ("r", json!("4")),
            "a.json: `r` is \"4\", which is not supported; supported: a whole number",
        );
    }
}
