//! How many tokens texts have that share lines: each line is encoded once.
//!
//! Byte-level vocabularies cut a text into pieces before they merge anything. Every way of cutting that [`Rule`] knows
//! ends a piece behind a single line break between two visible characters: no pattern takes a break together with what
//! follows it, and a lone break is the same piece whether a text goes on behind it or ends there (more whitespace than
//! that is not: `\s+(?!\S)` looks ahead). So a text has as many tokens as its lines, their breaks included.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::ggml::Rule;
use super::{Markup, SHIELD, Tokenizer, TokenizerError};

/// Bytes of lines that are kept; then they are forgotten, and counted anew when they are met again.
const MOST_BYTES: usize = 32 << 20;

/// Counts the tokens of texts, on any number of threads.
pub struct TokenCounter {
    tokenizer: Tokenizer,
    /// Whether a text has as many tokens as its lines.
    is_by_line: bool,
    seen: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    lines: HashMap<Box<str>, u32>,
    bytes: usize,
}

impl TokenCounter {
    /// Counts with this vocabulary; one whose way of cutting is not known encodes each text as a whole.
    pub fn new(tokenizer: Tokenizer) -> Self {
        let is_by_line = tokenizer.is_byte_level() && is_by_line(tokenizer.to_json());
        Self { tokenizer, is_by_line, seen: RwLock::default() }
    }

    /// As many as [`Tokenizer::encode`] gives for [`Markup::Plain`].
    ///
    /// # Errors
    /// [`TokenizerError::Encode`].
    ///
    /// ```
    /// let tokenizer = chat::Tokenizer::bytes();
    /// let counter = chat::TokenCounter::new(tokenizer.clone());
    /// let text = "제1조(목적)\n이 규칙은 근로조건을 정한다.";
    /// assert_eq!(counter.count(text).unwrap(), tokenizer.encode(text, chat::Markup::Plain).unwrap().len());
    /// ```
    pub fn count(&self, text: &str) -> Result<usize, TokenizerError> {
        // A shield is taken out of a text before it is encoded: what stands beside it is not known here.
        if !self.is_by_line || text.contains(SHIELD) {
            return self.encoded(text);
        }
        lines(text).map(|line| self.line(line)).sum()
    }

    fn encoded(&self, text: &str) -> Result<usize, TokenizerError> {
        Ok(self.tokenizer.encode(text, Markup::Plain)?.len())
    }

    fn line(&self, line: &str) -> Result<usize, TokenizerError> {
        // A count that another thread did not finish to write is not there: a poisoned lock guards nothing broken.
        if let Some(&tokens) = self.seen.read().unwrap_or_else(PoisonError::into_inner).lines.get(line) {
            return Ok(tokens as usize);
        }
        let tokens = self.encoded(line)?;
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.bytes + line.len() > MOST_BYTES {
            *seen = Seen::default();
        }
        if line.len() <= MOST_BYTES
            && let Ok(tokens) = u32::try_from(tokens)
            && seen.lines.insert(line.into(), tokens).is_none()
        {
            seen.bytes += line.len();
        }
        Ok(tokens)
    }
}

/// Whether a vocabulary cuts behind every lone line break, and nothing before or after the cutting crosses one.
fn is_by_line(json: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(json) else { return false };
    let normalizer = &json["normalizer"];
    let added = json["added_tokens"].as_array().map_or(&[][..], Vec::as_slice);
    Rule::of(&json).is_some()
        && (normalizer.is_null() || normalizer["type"] == "NFC")
        && added.iter().all(|token| {
            let crosses = token["content"].as_str().is_none_or(|content| content.contains('\n'));
            !crosses && token["lstrip"] != true && token["rstrip"] != true
        })
}

/// A text in its lines, each with the break that ends it; breaks beside other whitespace end none.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = |at: &usize| {
            let (before, after) = (rest[..*at].chars().next_back(), rest[at + 1..].chars().next());
            [before, after].into_iter().all(|c| c.is_some_and(|c| !c.is_whitespace()))
        };
        let end = rest.match_indices('\n').map(|(at, _)| at).find(ends).map_or(rest.len(), |at| at + 1);
        let (line, left) = rest.split_at(end);
        rest = left;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::super::BpeTrainer;
    use super::*;

    /// What cutting looks at: kinds of whitespace, letters, digits, marks, contractions and markup.
    const PARTS: [&str; 20] = [
        "\n",
        "\n",
        "\n",
        " ",
        "\r",
        "\t",
        "\u{3000}",
        ".",
        "!?",
        "가",
        "나다",
        "a",
        "'s",
        "7",
        "12",
        "\u{301}",
        "\u{1161}",
        "<tool_call>",
        "<|im_end|>",
        "제3조",
    ];

    fn random_text(draws: &mut u64) -> String {
        let mut below = |n: u64| {
            *draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*draws >> 33) % n
        };
        (0..below(24)).map(|_| PARTS[below(PARTS.len() as u64) as usize]).collect()
    }

    /// A vocabulary that cuts by this rule, with merges across what the rule leaves together.
    fn vocabulary(rule: &str) -> serde_json::Value {
        let (mut trainer, mut draws) = (BpeTrainer::new(), 7);
        (0..2000).for_each(|_| trainer.add(&random_text(&mut draws)));
        let mut json: serde_json::Value =
            serde_json::from_slice(trainer.finish(330).unwrap().to_json()).unwrap();
        let (normalizer, pre_tokenizer) = Rule::named(rule).unwrap().parts();
        json["normalizer"] = normalizer;
        json["pre_tokenizer"] = pre_tokenizer;
        json
    }

    fn counter(json: &serde_json::Value) -> TokenCounter {
        TokenCounter::new(Tokenizer::from_bytes(json.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_text_has_the_tokens_of_its_lines_by_every_known_rule() {
        for rule in ["gpt-2", "qwen2", "llama-bpe", "starcoder"] {
            let counter = counter(&vocabulary(rule));
            assert!(counter.is_by_line, "{rule}");
            let (mut draws, mut divided) = (99, 0);
            for _ in 0..3000 {
                let text = random_text(&mut draws);
                divided += usize::from(lines(&text).count() > 1);
                // Once as it is met first, and once from memory.
                for _ in 0..2 {
                    assert_eq!(
                        counter.count(&text).unwrap(),
                        counter.encoded(&text).unwrap(),
                        "{rule}: {text:?}"
                    );
                }
            }
            assert!(divided > 500, "{rule}: {divided}");
        }
    }

    #[test]
    fn a_vocabulary_that_may_cross_a_line_is_asked_for_whole_texts() {
        let known = vocabulary("qwen2");
        let mut changed: Vec<serde_json::Value> = vec![known.clone(); 4];
        changed[0]["pre_tokenizer"] = super::super::byte_level::byte_level_rule(false);
        changed[1]["normalizer"] =
            serde_json::json!({"type": "Strip", "strip_left": true, "strip_right": true});
        changed[2]["added_tokens"][3]["content"] = ".\n가".into();
        changed[3]["added_tokens"][4]["rstrip"] = true.into();
        for json in &changed {
            let counter = counter(json);
            assert!(!counter.is_by_line);
            let text = "a.\n가 <tool_call>\n나";
            assert_eq!(counter.count(text).unwrap(), counter.encoded(text).unwrap());
        }
    }

    #[test]
    fn lines_end_behind_a_break_between_visible_characters() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("가", &["가"]),
            ("가\n나\n", &["가\n", "나\n"]),
            ("가 \n나", &["가 \n나"]),
            ("가\n\n나\n다", &["가\n\n나\n", "다"]),
            ("\n가\r\n나", &["\n가\r\n나"]),
        ];
        for (text, want) in cases {
            assert_eq!(lines(text).collect::<Vec<_>>(), want);
        }
    }
}
