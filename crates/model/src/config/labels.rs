//! A classifier's `config.json`: the labels by their numbers, where transformers looks for them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Family, ModelConfig};
use crate::{LabelProblem, ModelError};

impl Family {
    /// `architectures[0]` in a classifier's `config.json`.
    pub fn classifier_architecture(self) -> &'static str {
        match self {
            Self::Gpt2 => "GPT2ForSequenceClassification",
            Self::GptNeox => "GPTNeoXForSequenceClassification",
            Self::Llama => "LlamaForSequenceClassification",
            Self::Mistral => "MistralForSequenceClassification",
            Self::Qwen2 => "Qwen2ForSequenceClassification",
            Self::Qwen3 => "Qwen3ForSequenceClassification",
            Self::Gemma => "GemmaForSequenceClassification",
        }
    }
}

impl ModelConfig {
    /// The same decoder as the body of a classifier: without a head over the vocabulary.
    pub fn for_classification(&self) -> Self {
        Self { tied_head: true, ..self.clone() }
    }

    /// The `config.json` of a classifier with this body. transformers takes the last token that is not padding; the
    /// first token that ends a text stands for it, which no text holds. Whoever knows the tokenizer names its own.
    pub fn to_classifier_json(&self, labels: &[String]) -> Value {
        let mut out = self.to_config_json();
        out["architectures"] = json!([self.family.classifier_architecture()]);
        let by_number = labels.iter().enumerate().map(|(n, label)| (n.to_string(), json!(label)));
        out["id2label"] = Value::Object(by_number.collect());
        let by_label = labels.iter().enumerate().map(|(n, label)| (label.clone(), json!(n)));
        out["label2id"] = Value::Object(by_label.collect());
        out["pad_token_id"] = json!(self.eos_tokens.first());
        out["problem_type"] = json!("single_label_classification");
        out
    }

    /// Reads the folder of a classifier whose every weight was trained: its body, and its labels where they are named.
    ///
    /// # Errors
    /// As [`ModelConfig::from_folder`]; or the folder holds no classifier.
    pub fn classifier_from_folder(folder: &Path) -> Result<(Self, Option<Vec<String>>), ModelError> {
        let path = folder.join("config.json");
        let mut value = read(&path)?
            .ok_or_else(|| ModelError::MissingFile { folder: folder.to_owned(), wanted: "config.json" })?;
        let name = value["architectures"][0].as_str().unwrap_or_default();
        let family = Family::ALL.into_iter().find(|family| family.classifier_architecture() == name);
        let family = family.ok_or_else(|| ModelError::UnsupportedArchitecture {
            found: name.to_owned(),
            supported: Family::ALL.map(Family::classifier_architecture).join(", "),
        })?;
        value["architectures"] = json!([family.architecture()]);
        let labels = labels(&path, &value)?;
        Ok((Self::from_config_json(&value)?.for_classification(), labels))
    }
}

/// The labels that a folder's `config.json` names, if there is one and it does.
///
/// # Errors
/// The file is broken, or its labels are.
pub fn labels_in(folder: &Path) -> Result<Option<Vec<String>>, ModelError> {
    let path = folder.join("config.json");
    read(&path)?.map_or(Ok(None), |value| labels(&path, &value))
}

/// The names that transformers gives to labels without any.
pub(crate) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("LABEL_{n}")).collect()
}

/// Refuses labels that are too few, or there twice. `place` is for errors.
///
/// # Errors
/// [`ModelError::Labels`].
pub fn check_labels(place: &str, labels: &[String]) -> Result<(), ModelError> {
    let refuse = |problem| Err(ModelError::Labels { place: place.to_owned(), problem });
    if labels.len() < 2 {
        return refuse(LabelProblem::TooFew { count: labels.len() });
    }
    let mut seen = BTreeSet::new();
    match labels.iter().find(|label| !seen.insert(*label)) {
        Some(twice) => refuse(LabelProblem::Twice { label: twice.clone() }),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<Value>, ModelError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ModelError::Io { action: "read", path: path.to_owned(), source }),
    };
    let place = path.display().to_string();
    serde_json::from_str(&text).map(Some).map_err(|source| ModelError::Json { place, source })
}

fn labels(path: &Path, config: &Value) -> Result<Option<Vec<String>>, ModelError> {
    let place = path.display().to_string();
    let not_a_map = || ModelError::Labels { place: place.clone(), problem: LabelProblem::NotAMap };
    let map: &Map<String, Value> = match config.get("id2label") {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_object().ok_or_else(not_a_map)?,
    };
    let label = |n: usize| map.get(&n.to_string()).and_then(Value::as_str).map(ToOwned::to_owned);
    let labels: Vec<String> = (0..map.len()).map(label).collect::<Option<_>>().ok_or_else(not_a_map)?;
    check_labels(&place, &labels)?;
    Ok(Some(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_classifier_s_file_is_what_transformers_writes_and_reads() {
        let folder = tempfile::tempdir().unwrap();
        for preset in ["gpt2-124m", "nano"] {
            let config = ModelConfig::preset(preset).unwrap();
            let names = labels(&["배송", "환불", "기타"]);
            let value = config.to_classifier_json(&names);
            assert_eq!(value["id2label"], json!({ "0": "배송", "1": "환불", "2": "기타" }));
            assert_eq!(value["label2id"], json!({ "배송": 0, "환불": 1, "기타": 2 }));
            assert_eq!(value["architectures"], json!([config.family.classifier_architecture()]));
            let path = folder.path().join("config.json");
            crate::platform::write_then_rename(&path, |f| f.write_all(value.to_string().as_bytes())).unwrap();
            let (body, read) = ModelConfig::classifier_from_folder(folder.path()).unwrap();
            assert_eq!((body, read), (config.for_classification(), Some(names)));
            assert!(ModelConfig::from_folder(folder.path()).is_err(), "it is no language model");
        }
    }

    #[test]
    fn labels_that_cannot_be_are_refused() {
        let check = |value: Value, message: &str| {
            let found = super::labels(Path::new("config.json"), &json!({ "id2label": value }));
            assert_eq!(found.unwrap_err().to_string(), message);
        };
        let map = "config.json: `id2label` must be an object that names the labels \"0\", \"1\", \"2\" …";
        check(json!(["a", "b"]), map);
        check(json!({ "0": "a", "2": "b" }), map);
        check(json!({ "0": "a", "1": 3 }), map);
        check(json!({ "0": "a" }), "config.json: a classifier needs at least 2 labels, this has 1");
        check(json!({ "0": "a", "1": "a" }), "config.json: the label \"a\" is there twice");
        assert_eq!(super::labels(Path::new("x"), &json!({})).unwrap(), None);
    }
}
