//! llama.cpp's names for the ways in which byte-level vocabularies cut a text, with the patterns that they stand for.

use serde_json::{Value, json};

use super::super::byte_level::{QWEN2_SPLIT, byte_level_rule};

/// How GPT-2 cuts.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// How Llama 3 cuts: as Qwen2, with up to three digits together.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A digit alone.
const DIGIT: &str = r"\p{N}";

/// One way of cutting.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rule {
    /// The name that is written.
    pub name: &'static str,
    /// Other names for the same.
    others: &'static [&'static str],
    /// Patterns, each applied to the pieces that those before it left.
    patterns: &'static [&'static str],
    /// The text is brought to composed characters first, as the models behind the name do.
    composes: bool,
    /// A piece that is a token is that token, whatever merges say.
    pub ignores_merges: bool,
}

/// The rules that are known, in the order in which they are listed to people.
const RULES: [Rule; 4] = [
    Rule {
        name: "gpt-2",
        others: &["phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "roberta-bpe"],
        patterns: &[GPT2],
        composes: false,
        ignores_merges: false,
    },
    Rule {
        name: "qwen2",
        others: &["deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez"],
        patterns: &[QWEN2_SPLIT],
        composes: true,
        ignores_merges: false,
    },
    Rule {
        name: "llama-bpe",
        others: &["llama3", "llama-v3", "dbrx", "smaug-bpe", "falcon3", "pixtral", "midm-2.0", "lfm2"],
        patterns: &[LLAMA3],
        composes: false,
        ignores_merges: true,
    },
    Rule {
        name: "starcoder",
        others: &["refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b"],
        patterns: &[DIGIT, GPT2],
        composes: false,
        ignores_merges: false,
    },
];

impl Rule {
    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        RULES.into_iter().find(|rule| rule.name == name || rule.others.contains(&name))
    }

    /// The rule that a `tokenizer.json` has.
    pub fn of(json: &Value) -> Option<Self> {
        let found = patterns(&json["pre_tokenizer"])?;
        RULES.into_iter().find(|rule| rule.patterns == found)
    }

    /// The names that are written, for errors.
    pub fn names() -> String {
        RULES.map(|rule| rule.name).join(", ")
    }

    /// Normalizer and pre-tokenizer of a `tokenizer.json`.
    pub fn parts(&self) -> (Value, Value) {
        let normalizer = if self.composes { json!({"type": "NFC"}) } else { Value::Null };
        if self.patterns == [GPT2] {
            return (normalizer, byte_level_rule(true));
        }
        let split = |pattern: &&str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
        let mut steps: Vec<Value> = self.patterns.iter().map(split).collect();
        steps.push(byte_level_rule(false));
        (normalizer, json!({"type": "Sequence", "pretokenizers": steps}))
    }
}

/// The patterns of a pre-tokenizer; none where it does something that no rule does.
fn patterns(step: &Value) -> Option<Vec<&str>> {
    match step["type"].as_str()? {
        "Sequence" => {
            let steps = step["pretokenizers"].as_array()?;
            Some(steps.iter().map(patterns).collect::<Option<Vec<_>>>()?.concat())
        }
        "Split" if step["behavior"] == "Isolated" && step["invert"] != true => {
            step["pattern"]["Regex"].as_str().map(|pattern| vec![pattern])
        }
        "Digits" if step["individual_digits"] == true => Some(vec![DIGIT]),
        "ByteLevel" if step["add_prefix_space"] != true => {
            Some(if step["use_regex"] == false { Vec::new() } else { vec![GPT2] })
        }
        _ => None,
    }
}
