//! Nested values and tool arguments: every string masked, with its key for a label.

use serde_json::Value;

use super::counts::Counts;
use super::masker::Masker;

impl Masker {
    /// Masks every string (and long whole number) of a nested value in place. A key labels its value,
    /// as `"phone": …` does; keys themselves stay.
    pub fn mask_json(&self, value: &mut Value) -> Counts {
        let mut counts = Counts::default();
        self.mask_under("", value, &mut counts, 0);
        counts
    }

    fn mask_under(&self, key: &str, value: &mut Value, counts: &mut Counts, depth: usize) {
        // Parsers stop at 128 levels; what a program nested deeper is masked as its text.
        if depth > 256 {
            let text = value.to_string();
            *value = Value::String(self.mask_value(key, &text, counts).unwrap_or(text));
            return;
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(n) => {
                let text = n.to_string();
                if n.is_u64()
                    && text.len() >= 9
                    && let Some(masked) = self.mask_value(key, &text, counts)
                {
                    *value = Value::String(masked);
                }
            }
            Value::String(text) => {
                if let Some(masked) = self.mask_value(key, text, counts) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.mask_under(key, v, counts, depth + 1)),
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    self.mask_under(key, value, counts, depth + 1);
                }
            }
        }
    }

    /// The masked text, where anything was replaced.
    fn mask_value(&self, key: &str, text: &str, counts: &mut Counts) -> Option<String> {
        let head = if key.is_empty() { String::new() } else { format!("{key}: ") };
        let mut masked = self.mask(&format!("{head}{text}"));
        // What stands in the key stays, and what crosses into it is masked from the value on.
        let in_key = |range: &std::ops::Range<usize>| range.start < head.len();
        if masked.spans.iter().any(|s| in_key(&s.range)) {
            masked = self.mask(text);
            counts.add(&masked.counts());
            return (!masked.spans.is_empty()).then_some(masked.text);
        }
        masked.kept.retain(|s| !in_key(&s.range));
        counts.add(&masked.counts());
        (!masked.spans.is_empty()).then(|| masked.text[head.len()..].to_owned())
    }
}
