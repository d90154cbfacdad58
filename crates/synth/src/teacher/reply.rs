//! A chat completion as the endpoint sends it, and the answer that it holds.

use chat::{ToolCall, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a model answered to a body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it said.
    #[serde(default)]
    pub text: String,
    /// Why it will not answer, where the endpoint tells that apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The functions that it calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended.
    pub finish: Finish,
    /// The tokens that were used, where the endpoint says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Tokens>,
    /// The model that answered, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The log probabilities of the tokens, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_probs: Vec<f32>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model ended it.
    #[default]
    Stop,
    /// It was cut off.
    Length,
    /// It calls functions.
    ToolCalls,
    /// The endpoint's filter ended it.
    ContentFilter,
}

/// Tokens that were used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the prompt.
    pub prompt: usize,
    /// Of the answer, those that a model thinks included.
    pub completion: usize,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self { prompt_tokens: tokens.prompt, completion_tokens: tokens.completion }
    }
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self { prompt: usage.prompt_tokens, completion: usage.completion_tokens }
    }
}

/// Why the body of a good status is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It ends in the middle.
    #[error("JSON that ends after {bytes} bytes")]
    Half {
        /// Where.
        bytes: usize,
    },
    /// It is no JSON.
    #[error("no JSON but {}", shown.escape_debug())]
    NotJson {
        /// How it begins.
        shown: String,
    },
    /// It is JSON without a choice.
    #[error("JSON without choices[0].message")]
    NoChoice,
    /// It is an error with a good status.
    #[error("{}", said.text)]
    Error {
        /// What it says.
        said: Said,
    },
}

/// What an endpoint says of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// In words, cut to a few lines.
    pub text: String,
    /// The endpoint's code or type; may be empty.
    pub code: String,
    /// The status that the words name, where they come with a good one.
    pub status: Option<u16>,
}

/// Most characters that are shown of what an endpoint says.
const SHOWN: usize = 300;

/// Reads a completion.
pub(super) fn answer(body: &[u8]) -> Result<Answer, NoAnswer> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() && body.iter().any(|b| !b.is_ascii_whitespace()) {
            return NoAnswer::Half { bytes: body.len() };
        }
        let shown = String::from_utf8_lossy(&body[..body.len().min(400)]);
        NoAnswer::NotJson { shown: shown.trim().chars().take(60).collect() }
    })?;
    answer_of(&value)
}

/// Reads a completion that is JSON already.
pub(super) fn answer_of(value: &Value) -> Result<Answer, NoAnswer> {
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Err(NoAnswer::Error { said: said_in(value) });
    }
    let choice = &value["choices"][0];
    let message = choice["message"].as_object().ok_or(NoAnswer::NoChoice)?;
    let finish = match choice["finish_reason"].as_str() {
        Some("length") => Finish::Length,
        Some("tool_calls" | "function_call") => Finish::ToolCalls,
        Some("content_filter") => Finish::ContentFilter,
        _ => Finish::Stop,
    };
    let refusal = message.get("refusal").and_then(Value::as_str).filter(|text| !text.is_empty());
    Ok(Answer {
        text: message.get("content").map(text_of).unwrap_or_default(),
        refusal: refusal.map(ToOwned::to_owned),
        tool_calls: tool_calls(message),
        finish,
        usage: usage(&value["usage"]),
        model: value["model"].as_str().map(ToOwned::to_owned),
        log_probs: log_probs(choice),
    })
}

/// Content is a text, or a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn tool_calls(message: &Map<String, Value>) -> Vec<ToolCall> {
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    calls
        .filter_map(|call| {
            let function = &call["function"];
            let arguments = match &function["arguments"] {
                Value::String(text) => serde_json::from_str(text).ok()?,
                Value::Object(object) => object.clone(),
                _ => Map::new(),
            };
            let id = call["id"].as_str().map(ToOwned::to_owned);
            Some(ToolCall { id, name: function["name"].as_str()?.to_owned(), arguments })
        })
        .collect()
}

fn usage(value: &Value) -> Option<Tokens> {
    let count = |name: &str| value.get(name).and_then(Value::as_u64).map(|n| n as usize);
    Some(Tokens { prompt: count("prompt_tokens")?, completion: count("completion_tokens").unwrap_or(0) })
}

fn log_probs(choice: &Value) -> Vec<f32> {
    let tokens = choice["logprobs"]["content"].as_array().into_iter().flatten();
    tokens.filter_map(|token| token["logprob"].as_f64()).map(|p| p as f32).collect()
}

/// What the body of a bad status says: OpenAI's `error`, FastAPI's `detail`, a `message`, or plain text.
pub(super) fn said(body: &[u8]) -> Said {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => said_in(&value),
        Err(_) => Said { text: short(&String::from_utf8_lossy(body)), ..Said::default() },
    }
}

fn said_in(value: &Value) -> Said {
    let fault = ["error", "detail", "message"].iter().map(|name| &value[*name]).find(|v| !v.is_null());
    let fault = fault.unwrap_or(value);
    let text = match fault {
        Value::String(text) => text.clone(),
        _ => fault["message"].as_str().map_or_else(|| fault.to_string(), ToOwned::to_owned),
    };
    let word = |name: &str| fault[name].as_str().map(ToOwned::to_owned);
    let number = [&fault["code"], &fault["status"]].into_iter().find_map(Value::as_u64);
    let status = number.and_then(|n| u16::try_from(n).ok()).filter(|n| (400..600).contains(n));
    Said { text: short(&text), code: word("code").or_else(|| word("type")).unwrap_or_default(), status }
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if text.is_empty() { "nothing" } else { text.trim_end_matches('.') };
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn completions_of_several_servers_are_read() {
        let openai = json!({"id": "x", "model": "gpt-x", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "네", "refusal": null}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}});
        let answer = answer_of(&openai).unwrap();
        assert_eq!((answer.text.as_str(), answer.finish, answer.refusal), ("네", Finish::Stop, None));
        assert_eq!(answer.usage, Some(Tokens { prompt: 9, completion: 1 }));
        let parts = json!({"choices": [{"finish_reason": "length", "message": {"content": [{"type": "text", "text": "가"}, {"type": "text", "text": "나"}]}}]});
        let answer = answer_of(&parts).unwrap();
        assert_eq!((answer.text.as_str(), answer.finish, answer.usage), ("가나", Finish::Length, None));
        let calls = json!({"choices": [{"finish_reason": "tool_calls", "message": {"content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"b\":1,\"a\":2}"}}]}}]});
        let answer = answer_of(&calls).unwrap();
        assert_eq!(answer.tool_calls[0].arguments.keys().collect::<Vec<_>>(), ["b", "a"]);
        let refused = json!({"choices": [{"message": {"content": null, "refusal": "No."}}]});
        assert_eq!(answer_of(&refused).unwrap().refusal.as_deref(), Some("No."));
    }

    #[test]
    fn what_is_no_answer_says_why() {
        assert_eq!(answer(b"{\"choices\": [{\"mess").unwrap_err(), NoAnswer::Half { bytes: 19 });
        let shown = "<html>\n<body>proxy".to_owned();
        assert_eq!(answer(b" <html>\n<body>proxy").unwrap_err(), NoAnswer::NotJson { shown });
        assert!(matches!(answer(b"").unwrap_err(), NoAnswer::NotJson { .. }));
        assert_eq!(answer(b"{\"choices\": []}").unwrap_err(), NoAnswer::NoChoice);
        let error = answer(b"{\"error\": {\"message\": \"later.\", \"code\": 503}}").unwrap_err();
        let said = Said { text: "later".into(), code: String::new(), status: Some(503) };
        assert_eq!(error, NoAnswer::Error { said });
    }

    #[test]
    fn errors_of_several_servers_are_read() {
        for (body, text, code) in [
            (
                r#"{"error":{"message":"No such model.","type":"invalid_request_error","code":"model_not_found"}}"#,
                "No such model",
                "model_not_found",
            ),
            (
                r#"{"error":{"message":"bad","type":"invalid_request_error","code":null}}"#,
                "bad",
                "invalid_request_error",
            ),
            (r#"{"error":"busy"}"#, "busy", ""),
            (r#"{"detail":[{"loc":["body"],"msg":"missing"}]}"#, r#"[{"loc":["body"],"msg":"missing"}]"#, ""),
            ("Bad\n  Gateway", "Bad Gateway", ""),
            ("", "nothing", ""),
        ] {
            let said = said(body.as_bytes());
            assert_eq!((said.text.as_str(), said.code.as_str()), (text, code));
        }
        assert_eq!(said("가".repeat(900).as_bytes()).text.chars().count(), SHOWN + 1);
    }

    #[test]
    fn whatever_comes_is_read_or_refused() {
        let whole = json!({"model": "m", "choices": [{"finish_reason": "stop", "message": {"content": "가나", "tool_calls":
            [{"id": "c", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}, "logprobs": {"content": [{"logprob": -1.5}]}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1}, "error": {"message": "no", "code": 400}});
        let mut draws = testing::mutation::Draws::new(11);
        for _ in 0..3000 {
            let bytes = testing::mutation::mutated(whole.to_string().as_bytes(), &mut draws);
            let _ = (answer(&bytes), said(&bytes));
        }
    }
}
