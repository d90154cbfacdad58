//! A text on its own, as transformers' `tokenizer(text)` gives it: with the special tokens that the vocabulary's
//! post-processor puts round it.

use serde_json::Value;

use super::{Markup, Tokenizer, TokenizerError};

impl Tokenizer {
    /// Token ids of a whole text, such as one that is to be classified. Llama's vocabulary begins it with a token
    /// of its own; GPT-2's and Qwen's put nothing round it.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_whole(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let [before, after] = &self.shared.round;
        let inner = self.encode(text, Markup::Plain)?;
        Ok([before.as_slice(), &inner, after].concat())
    }

    /// What stands before and behind a text of its own.
    pub(super) fn round(&self) -> &[Vec<u32>; 2] {
        &self.shared.round
    }
}

/// What the post-processor of a `tokenizer.json` puts before and behind a text.
pub(super) fn round(json: &Value, id_of: impl Fn(&str) -> Option<u32>) -> [Vec<u32>; 2] {
    let Some(template) = template(&json["post_processor"]) else { return Default::default() };
    let pieces = template["single"].as_array().map_or(&[][..], Vec::as_slice);
    let at = pieces.iter().position(|piece| piece.get("Sequence").is_some()).unwrap_or(pieces.len());
    let ids = |pieces: &[Value]| {
        let names = pieces.iter().filter_map(|piece| piece["SpecialToken"]["id"].as_str());
        names.filter_map(&id_of).collect()
    };
    [ids(&pieces[..at]), ids(pieces.get(at + 1..).unwrap_or(&[]))]
}

/// The template among the post-processors, if there is one.
fn template(processor: &Value) -> Option<&Value> {
    match processor["type"].as_str()? {
        "TemplateProcessing" => Some(processor),
        "Sequence" => processor["processors"].as_array()?.iter().find_map(template),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_puts_its_tokens_round_a_text_and_other_vocabularies_put_nothing() {
        let plain = Tokenizer::bytes();
        let inner = plain.encode("배송", Markup::Plain).unwrap();
        assert_eq!(plain.encode_whole("배송").unwrap(), inner);

        let mut json: Value = serde_json::from_slice(plain.to_json()).unwrap();
        let (begin, end) = (plain.id_of("<|im_start|>").unwrap(), plain.id_of("<|im_end|>").unwrap());
        let special = |name: &str| serde_json::json!({ "SpecialToken": { "id": name, "type_id": 0 } });
        let token = |name: &str, id: u32| serde_json::json!({ "id": name, "ids": [id], "tokens": [name] });
        let byte_level = json["post_processor"].clone();
        json["post_processor"] = serde_json::json!({ "type": "Sequence", "processors": [byte_level, {
            "type": "TemplateProcessing",
            "single": [special("<|im_start|>"), { "Sequence": { "id": "A", "type_id": 0 } }, special("<|im_end|>")],
            "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
            "special_tokens": { "<|im_start|>": token("<|im_start|>", begin), "<|im_end|>": token("<|im_end|>", end) },
        }] });
        let round = Tokenizer::from_bytes(json.to_string().as_bytes()).unwrap();
        assert_eq!(
            round.encode("배송", Markup::Plain).unwrap(),
            inner,
            "a part of a text has nothing round it"
        );
        assert_eq!(round.encode_whole("배송").unwrap(), [vec![begin], inner, vec![end]].concat());
    }
}
