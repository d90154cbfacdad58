//! `[endpoint.NAME]`: a model that can be asked, behind an OpenAI-compatible address or on this machine; and who is
//! meant by a word such as `teacher = "…"`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{RecipeError, closest};
use super::hidden::hidden;
use super::questions::EXTRACTIVE;
use super::reader::{Gathered, Section};
use super::source::check_name;

/// What an address begins with that is no address: one of our own models follows.
pub const LOCAL: &str = "local:";

/// How requests are sent.
pub const MODES: [&str; 2] = ["online", "batch"];

/// How an endpoint is told the form of an answer.
pub const STRUCTURES: [&str; 4] = ["json_schema", "json_object_schema", "json_object", "prompt"];

/// What the limit of an answer's tokens is called.
pub const LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// What of an endpoint decides what it answers. Where it is asked, with which key, in which mode and at which price
/// changes no result.
pub const DECISIVE: [&str; 9] = [
    "model",
    "max_tokens",
    "max_tokens_key",
    "temperature",
    "top_p",
    "seed",
    "structure",
    "re_asks",
    "extra",
];

/// `[endpoint.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name in the recipe; of an endpoint in one line that line.
    pub name: String,
    /// Up to what stands before `/chat/completions`; or `local:` and a model.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The variable that holds the key; empty where none is needed.
    pub key_env: String,
    /// One of [`MODES`].
    pub mode: String,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests that may begin in a minute; 0 is no limit.
    pub requests_per_minute: usize,
    /// Tokens that may be asked for in a minute; 0 is no limit.
    pub tokens_per_minute: usize,
    /// For a million tokens of prompts.
    pub prompt_price: f64,
    /// For a million tokens of answers.
    pub answer_price: f64,
    /// What a batch costs, as a share.
    pub batch_price: f64,
    /// What may be spent in all; none is no limit.
    pub budget: Option<f64>,
    /// How long an answer may take.
    pub timeout_secs: usize,
    /// How often a request is tried.
    pub attempts: usize,
    /// Most tokens of an answer.
    pub max_tokens: usize,
    /// Which key of a request says so: one of [`LIMITS`].
    pub max_tokens_key: String,
    /// 0 takes the likeliest token; where nothing is said the endpoint decides.
    pub temperature: Option<f64>,
    /// The smallest set of tokens whose probability reaches this.
    pub top_p: Option<f64>,
    /// Same seed, same answer, as far as the endpoint can.
    pub seed: Option<u64>,
    /// One of [`STRUCTURES`].
    pub structure: String,
    /// How often the same thing is asked again with what was wrong.
    pub re_asks: usize,
    /// Further keys of every request.
    pub extra: Map<String, Value>,
    /// Most requests of a batch.
    pub batch_lines: usize,
    /// Tokens that may wait in batches; 0 is learned where the endpoint refuses.
    pub enqueued_tokens: usize,
    /// The time between two looks at a batch.
    pub poll_secs: f64,
}

impl Endpoint {
    fn read(name: &str, mut s: Section<'_>) -> Self {
        let endpoint = Self {
            name: name.to_owned(),
            url: s.value("url", String::new(), "its address up to what stands before /chat/completions, such as \"http://localhost:8000/v1\"; or \"local:\" and a model as in [model] base, which then answers on this machine"),
            model: s.value("model", String::new(), "the model's name there"),
            key_env: s.value("key_env", String::new(), "the name of the variable, in the environment or in .env, that holds the key: OPENAI_API_KEY; never the key itself; none is sent where absent"),
            mode: s.choice("mode", MODES[0], &MODES, "how it is asked: online, request by request; or in batches, which take up to a day and cost less").to_owned(),
            concurrency: s.within("concurrency", 4, 1..=512, "requests under way at once"),
            requests_per_minute: s.within("requests_per_minute", 0, 0..=1 << 30, "requests that may begin in a minute; 0 is no limit"),
            tokens_per_minute: s.within("tokens_per_minute", 0, 0..=1 << 31, "tokens of prompts and of the longest answers that may be asked for in a minute; 0 is no limit"),
            prompt_price: s.within("prompt_price", 0.0, 0.0..=1e9, "what a million tokens of prompts cost, in the currency of the budget"),
            answer_price: s.within("answer_price", 0.0, 0.0..=1e9, "what a million tokens of answers cost"),
            batch_price: s.within("batch_price", 0.5, 0.0..=1.0, "what a batch costs as a share of the same requests online"),
            budget: s.value("budget", None, "what may be spent on this model in all, over all runs of the project: nothing is asked that could cost more than is left, with 0 nothing at all; no limit where absent"),
            timeout_secs: s.within("timeout_secs", 600, 1..=1 << 20, "seconds that an answer may take"),
            attempts: s.within("attempts", 6, 1..=100, "how often a request is tried whose failure may pass"),
            max_tokens: s.within("max_tokens", 2048, 1..=1 << 20, "most tokens of an answer; one that is cut off is asked again with twice as many"),
            max_tokens_key: s.choice("max_tokens_key", LIMITS[0], &LIMITS, "which key of a request says so; OpenAI's newer models want the second").to_owned(),
            temperature: s.value("temperature", None, "0 takes the likeliest token; the endpoint decides where absent"),
            top_p: s.value("top_p", None, "the smallest set of tokens whose probability reaches this; the endpoint decides where absent"),
            seed: s.value("seed", None, "same seed, same answer, as far as the endpoint can; the endpoint decides where absent"),
            structure: s.choice("structure", STRUCTURES[0], &STRUCTURES, "how the form of an answer is told: json_schema (OpenAI, vLLM, SGLang, llama.cpp), json_object_schema (llama-cpp-python), json_object, or by the prompt alone; it is checked here in any case").to_owned(),
            re_asks: s.within("re_asks", 2, 0..=10, "how often an answer that cannot be used is asked for again, with what is wrong with it"),
            extra: s.json("extra", "further keys of every request: { reasoning_effort = \"low\" }"),
            batch_lines: s.within("batch_lines", 50_000, 1..=50_000, "most requests of a batch"),
            enqueued_tokens: s.within("enqueued_tokens", 0, 0..=1 << 40, "tokens of prompts that may wait in batches at once; 0 is learned where the endpoint refuses a batch"),
            poll_secs: s.within("poll_secs", 60.0, 0.1..=86_400.0, "seconds between two looks at a batch"),
        };
        endpoint.check(&s);
        s.finish(false);
        endpoint
    }

    fn check(&self, s: &Section<'_>) {
        let section = format!("endpoint.{}", self.name);
        let missing = |key: &str, why: &str| RecipeError::Missing {
            section: section.clone(),
            key: key.to_owned(),
            why: why.to_owned(),
        };
        if self.url.is_empty() {
            s.error(missing("url", "it is where the model is asked, such as \"http://localhost:8000/v1\""));
        } else if !is_address(&self.url) && self.local().is_none() {
            // It may hold a password: it is not repeated.
            s.impossible("url", format!("[{section}] `url` is no web address without user name or query, such as \"http://localhost:8000/v1\""));
        }
        if self.local() == Some("") {
            s.impossible("url", format!("[{section}] `url` names no model after \"{LOCAL}\""));
        }
        if self.model.trim().is_empty() && self.local().is_none() {
            s.error(missing("model", "it is the model's name there; the endpoint lists them under /models"));
        }
        if !self.key_env.is_empty() && !is_variable(&self.key_env) {
            s.impossible("key_env", format!("[{section}] `key_env` is the name of a variable, in capitals, such as OPENAI_API_KEY; the key itself stands in .env or in the environment, never in the recipe"));
        }
        for (key, value, most) in [
            ("temperature", self.temperature, 2.0),
            ("top_p", self.top_p, 1.0),
            ("budget", self.budget, 1e12),
        ] {
            if value.is_some_and(|value| !(0.0..=most).contains(&value)) {
                let value = value.unwrap_or_default();
                s.impossible(key, format!("`{section}.{key}` is {value}; allowed: 0 to {most}"));
            }
        }
        for key in ["model", "messages", "tools", "stream", "n", "response_format"] {
            if self.extra.contains_key(key) {
                s.impossible("extra", format!("[{section}] `extra` has `{key}`, which moru writes itself"));
            }
        }
        if self.local().is_some() && self.mode == "batch" {
            s.impossible("mode", format!("[{section}] a model on this machine is asked online"));
        }
    }

    /// The model on this machine that is meant, as in `[model] base`.
    pub fn local(&self) -> Option<&str> {
        self.url.strip_prefix(LOCAL)
    }

    /// Whether it is asked in batches.
    pub fn is_batch(&self) -> bool {
        self.mode == "batch"
    }

    /// The endpoint of one line: `http://localhost:8000/v1#model`, or `local:MODEL`.
    fn of_line(line: &str) -> Option<Self> {
        let (url, model) = match line.strip_prefix(LOCAL) {
            Some(model) => (line, model),
            None => line.split_once('#')?,
        };
        if model.trim().is_empty() || !(is_address(url) || url.starts_with(LOCAL)) {
            return None;
        }
        let gathered = Gathered::default();
        let table = super::file::Table::default();
        let defaults = Self::read("", Section::new(&table, "endpoint", &gathered));
        // Whoever wrote the key for OpenAI did not mean it for anybody else.
        let is_openai = url.starts_with("https://api.openai.com/");
        let key_env = if is_openai { "OPENAI_API_KEY" } else { "" };
        Some(Self {
            name: line.to_owned(),
            url: url.to_owned(),
            model: model.to_owned(),
            key_env: key_env.to_owned(),
            max_tokens_key: LIMITS[usize::from(is_openai)].to_owned(),
            ..defaults
        })
    }
}

/// All endpoints of a recipe by name.
pub(super) fn read_all(section: Section<'_>) -> BTreeMap<String, Endpoint> {
    if let Some(key) = section.loose_key() {
        section.impossible(
            key,
            format!("`{key}` stands in [endpoint], and an endpoint has a name: write [endpoint.teacher], or any other name"),
        );
        return BTreeMap::new();
    }
    let mut endpoints = BTreeMap::new();
    for (name, inner) in section.instances(&[]) {
        check_name(&section, &name);
        endpoints.insert(name.clone(), Endpoint::read(&name, inner));
    }
    section.finish(true);
    endpoints
}

/// The endpoint that a word means: the name of one in the recipe, `URL#MODEL`, or `local:MODEL`.
pub fn meant<'a>(word: &str, known: &'a BTreeMap<String, Endpoint>) -> Option<Cow<'a, Endpoint>> {
    known.get(word).map(Cow::Borrowed).or_else(|| Endpoint::of_line(word).map(Cow::Owned))
}

/// Notes a fault where a word means nobody that could be asked. `builtin` are further words that do.
pub(super) fn check_word(
    s: &Section<'_>,
    key: &str,
    word: &str,
    builtin: &[&str],
    known: &BTreeMap<String, Endpoint>,
) {
    if builtin.contains(&word) || meant(word, known).is_some() {
        return;
    }
    let names: Vec<String> = known.keys().cloned().collect();
    let near = closest(word, &names).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    let builtin = builtin.iter().fold(String::new(), |all, word| format!("{all}{word:?}, "));
    let how = if is_address(word) {
        "an address says its model behind `#`: \"http://localhost:8000/v1#MODEL\"".to_owned()
    } else {
        format!(
            "allowed: {builtin}the name of an [endpoint.NAME], \"http://HOST/v1#MODEL\", \"{LOCAL}MODEL\""
        )
    };
    s.impossible(key, format!("`{key}` is {:?}; {how}{near}", hidden(word)));
}

/// Whether it is a web address that may be shown: nobody's name or password in it, no query.
fn is_address(text: &str) -> bool {
    let rest = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['@', '?', '#', ' '])
    })
}

/// Whether it can be a variable's name: in capitals, so that a key that was written by mistake is none.
fn is_variable(text: &str) -> bool {
    let part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() <= 80 && text.chars().all(part) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// The word for questions that are taken from the text, and nobody's.
pub const NOBODY: [&str; 1] = [EXTRACTIVE];

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Option<Endpoint> {
        Endpoint::of_line(line)
    }

    #[test]
    fn one_line_is_an_endpoint() {
        let local = one("http://localhost:8000/v1#Qwen/Qwen3-8B").unwrap();
        assert_eq!((local.url.as_str(), local.model.as_str()), ("http://localhost:8000/v1", "Qwen/Qwen3-8B"));
        assert_eq!((local.key_env.as_str(), local.max_tokens, local.mode.as_str()), ("", 2048, "online"));
        let openai = one("https://api.openai.com/v1#gpt-x").unwrap();
        assert_eq!((openai.key_env.as_str(), openai.max_tokens_key.as_str()), ("OPENAI_API_KEY", LIMITS[1]));
        assert_eq!(one("https://api.openai.com.evil.example/v1#m").unwrap().key_env, "");
        assert_eq!(one("local:models/qwen").unwrap().local(), Some("models/qwen"));
        for none in ["http://h/v1", "http://h/v1#", "http://u:p@h/v1#m", "ftp://h#m", "local:", "teacher", ""]
        {
            assert!(one(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_key_is_no_variable() {
        for (text, expected) in
            [("OPENAI_API_KEY", true), ("K2", true), ("sk-abc", false), ("abcdef0123", false), ("1A", false)]
        {
            assert_eq!(is_variable(text), expected, "{text}");
        }
    }
}
