//! Typed reading of a `config.json`, with errors that name the key.

use serde_json::{Map, Value, json};

use super::Activation;
use crate::ModelError;

pub(super) fn invalid(key: &str, value: &Value, allowed: impl Into<String>) -> ModelError {
    ModelError::InvalidSetting { key: key.to_owned(), value: value.to_string(), allowed: allowed.into() }
}

pub(super) fn unsupported(key: &str, value: &Value, allowed: &'static str) -> ModelError {
    ModelError::UnsupportedSetting { key: key.to_owned(), value: value.to_string(), allowed }
}

/// Typed reading of a JSON object; a null counts as absent, as it does in transformers.
pub(super) struct Keys<'a>(pub &'a Map<String, Value>);

impl Keys<'_> {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub fn optional_size(&self, key: &str) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let size = value.as_u64().and_then(|n| usize::try_from(n).ok());
        size.map(Some).ok_or_else(|| invalid(key, value, "a whole number"))
    }

    pub fn size(&self, key: &str, default: Option<usize>) -> Result<usize, ModelError> {
        self.optional_size(key)?.or(default).ok_or_else(|| ModelError::MissingSetting { key: key.to_owned() })
    }

    pub fn number(&self, key: &str, default: Option<f64>) -> Result<f64, ModelError> {
        match (self.get(key), default) {
            (Some(value), _) => value.as_f64().ok_or_else(|| invalid(key, value, "a number")),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(ModelError::MissingSetting { key: key.to_owned() }),
        }
    }

    pub fn factor(&self, key: &str, default: Option<f64>) -> Result<f64, ModelError> {
        let value = self.number(key, default)?;
        if value.is_finite() && value > 0.0 {
            Ok(value)
        } else {
            Err(invalid(key, &json!(value), "positive"))
        }
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| invalid(key, value, "true or false")),
        }
    }

    pub fn only(&self, key: &str, wanted: &Value, allowed: &'static str) -> Result<(), ModelError> {
        match self.get(key) {
            Some(value) if value != wanted => Err(unsupported(key, value, allowed)),
            _ => Ok(()),
        }
    }

    pub fn activation(&self, key: &str, default: &str) -> Result<Activation, ModelError> {
        let default = Value::from(default);
        let value = self.get(key).unwrap_or(&default);
        match value.as_str() {
            Some("gelu_new" | "gelu_pytorch_tanh") => Ok(Activation::GeluTanh),
            Some("gelu") => Ok(Activation::GeluErf),
            Some("silu" | "swish") => Ok(Activation::Silu),
            _ => Err(unsupported(key, value, "gelu_new, gelu_pytorch_tanh, gelu, silu")),
        }
    }

    pub fn token(&self, key: &str) -> Result<Option<u32>, ModelError> {
        Ok(self.tokens(key)?.first().copied())
    }

    pub fn tokens(&self, key: &str) -> Result<Vec<u32>, ModelError> {
        let bad = |value: &Value| invalid(key, value, "a token id or a list of token ids");
        let id = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).ok_or_else(|| bad(value));
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(id).collect(),
            Some(value) => Ok(vec![id(value)?]),
        }
    }
}
