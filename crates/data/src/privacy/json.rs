//! Nested values and tool arguments: every string masked, with its key for a label.

use serde_json::{Map, Value};

use super::counts::Counts;
use super::masker::{Masked, Masker, Span, parts_of};
use super::typed::Typed;

/// Adds an entry to an object; where its key is taken, as by another value behind the same mask, under a
/// numbered one.
pub fn insert_apart(object: &mut Map<String, Value>, key: String, value: Value) {
    let mut free = key;
    if object.contains_key(&free) {
        let taken = free;
        let mut n = 2;
        free = format!("{taken} {n}");
        while object.contains_key(&free) {
            n += 1;
            free = format!("{taken} {n}");
        }
    }
    object.insert(free, value);
}

impl Masker {
    /// Masks every string, key and long whole number of a nested value in place. A key labels its value,
    /// as `"phone": …` does.
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
                for (key, mut value) in std::mem::take(fields) {
                    self.mask_under(&key, &mut value, counts, depth + 1);
                    let key = self.mask_value("", &key, counts).unwrap_or(key);
                    insert_apart(fields, key, value);
                }
            }
        }
    }

    /// The masked text, where anything was replaced.
    fn mask_value(&self, key: &str, text: &str, counts: &mut Counts) -> Option<String> {
        let masked = self.mask_labelled(key, text, &[]);
        counts.add(&masked.counts());
        (!masked.spans.is_empty()).then_some(masked.text)
    }

    /// Masks a text that stands under a key, which labels it as `전화번호: …` does.
    pub fn mask_labelled(&self, key: &str, text: &str, typed: &[Typed]) -> Masked {
        self.labelled(key, text, typed, &[])
    }

    fn labelled(&self, key: &str, text: &str, typed: &[Typed], parts: &[String]) -> Masked {
        if key.is_empty() {
            return self.mask_with(text, typed, parts);
        }
        let head = format!("{key}: ");
        let mut masked = self.mask_with(&format!("{head}{text}"), typed, parts);
        // What stands in the key stays, and what crosses into it is masked from the value on.
        let in_key = |span: &Span| span.range.start < head.len();
        if masked.spans.iter().any(in_key) {
            return self.mask_with(text, typed, parts);
        }
        masked.kept.retain(|span| !in_key(span));
        masked.text.drain(..head.len());
        for span in masked.spans.iter_mut().chain(&mut masked.kept) {
            span.range = span.range.start - head.len()..span.range.end - head.len();
        }
        masked
    }

    /// Masks texts that belong together, each with its label where it has one: what one of them gives away as
    /// personal is masked in all of them, and in each by the same replacement.
    pub fn mask_together(&self, texts: &[(Option<&str>, &str)], typed: &[Typed]) -> Vec<Masked> {
        let mask = |typed: &[Typed], parts: &[String]| -> Vec<Masked> {
            let masked =
                texts.iter().map(|(label, text)| self.labelled(label.unwrap_or(""), text, typed, parts));
            masked.collect()
        };
        let once = mask(typed, &[]);
        let parts = parts_of(texts.iter().map(|(_, text)| *text).zip(&once));
        let mut all = typed.to_vec();
        for ((_, text), masked) in texts.iter().zip(&once) {
            for span in &masked.spans {
                let value = text[span.range.clone()].to_owned();
                if all.iter().all(|known| known.value != value) {
                    all.push(Typed { entity: span.entity, value });
                }
            }
        }
        if all.len() == typed.len() { once } else { mask(&all, &parts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::MaskConfig;

    #[test]
    fn what_one_text_gives_away_is_masked_in_all() {
        let masker = Masker::new(MaskConfig::default()).unwrap();
        let texts = [
            (None, "제 이름은 김서연입니다."),
            (Some("phone"), "010-2345-6789"),
            (Some("receiver"), "김서연"),
            (None, "네, 김서연님. 주문을 확인했습니다."),
            (None, "아까 그 번호 01023456789로 연락 주세요. 김서연은 저예요."),
        ];
        let masked = masker.mask_together(&texts, &[]);
        let all: Vec<_> = masked.iter().map(|m| m.text.as_str()).collect();
        assert!(all.iter().all(|text| !text.contains("김서연") && !text.contains("2345")), "{all:?}");
        for (masked, (_, text)) in masked.iter().zip(texts) {
            for span in &masked.spans {
                assert!(text.is_char_boundary(span.range.start) && text.is_char_boundary(span.range.end));
            }
        }
        assert_eq!(masked[2].spans[0].range, 0..9);
        let public = Masker::new(MaskConfig { public: true, ..MaskConfig::default() }).unwrap();
        assert_eq!(public.mask_together(&texts, &[])[0].text, texts[0].1);
    }
}
