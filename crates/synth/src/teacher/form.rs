//! From what a teacher said to a value in the required form, or to what is wrong with it.

use chat::Schema;
use chat::repair::{self, Repair};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reply::{Answer, Finish};

/// Violations that a teacher is told at once.
const TOLD: usize = 5;

/// An answer that can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usable {
    /// In the required form; a JSON string where any text would do.
    pub value: Value,
    /// What had to be repaired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
}

/// Why an answer cannot be used. Holds none of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Unusable {
    /// The teacher will not answer.
    #[error("the teacher refuses to answer")]
    Refusal,
    /// The endpoint's filter ended it.
    #[error("the endpoint's content filter ended the answer")]
    Filtered,
    /// Nothing was said.
    #[error("the answer is empty")]
    Empty,
    /// It was cut off before anything could be used.
    #[error("the answer was cut off after {max_tokens} tokens{}", if what.is_empty() { String::new() } else { format!(": {what}") })]
    CutOff {
        /// The limit.
        max_tokens: u32,
        /// What is missing; may be empty.
        what: String,
    },
    /// There is no JSON in it.
    #[error("the answer holds no JSON")]
    NoJson,
    /// The JSON is not in the required form.
    #[error("the answer is not in the required form: {}", violations.join("; "))]
    Form {
        /// Places and what is wrong there.
        violations: Vec<String>,
    },
    /// The endpoint refuses the request.
    #[error("the endpoint refuses the request ({status}): {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        said: String,
    },
}

impl Unusable {
    /// Whether the same teacher may do better when it is told.
    pub fn can_be_asked_again(&self) -> bool {
        !matches!(self, Self::Refusal | Self::Filtered | Self::Refused { .. })
    }

    /// A word for counts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refusal => "refusal",
            Self::Filtered => "content_filter",
            Self::Empty => "empty",
            Self::CutOff { .. } => "cut_off",
            Self::NoJson => "no_json",
            Self::Form { .. } => "form",
            Self::Refused { .. } => "refused",
        }
    }
}

/// How a refusal begins that comes as text.
const REFUSALS: &[&str] = &[
    "i'm sorry",
    "i’m sorry",
    "i am sorry",
    "sorry, ",
    "i can't",
    "i can’t",
    "i cannot",
    "i'm unable",
    "i am unable",
    "i won't",
    "as an ai",
    "죄송",
    "미안하지만",
    "답변할 수 없",
    "답변드릴 수 없",
    "도와드릴 수 없",
    "요청을 수행할 수 없",
];

/// What can be used of an answer.
pub fn usable(answer: &Answer, schema: Option<&Schema>, max_tokens: u32) -> Result<Usable, Unusable> {
    if answer.refusal.is_some() {
        return Err(Unusable::Refusal);
    }
    if answer.finish == Finish::ContentFilter {
        return Err(Unusable::Filtered);
    }
    let text = answer.text.trim();
    let cut = answer.finish == Finish::Length;
    let Some(schema) = schema else {
        return match (text.is_empty(), cut) {
            (_, true) => Err(Unusable::CutOff { max_tokens, what: String::new() }),
            (true, _) => Err(Unusable::Empty),
            (false, _) => Ok(Usable { value: text.into(), repairs: Vec::new() }),
        };
    };
    let Some((value, repairs)) = repair::json(text) else {
        return Err(no_json(text, cut, max_tokens));
    };
    let violations = schema.check(&value);
    if violations.is_empty() {
        return Ok(Usable { value, repairs });
    }
    let violations: Vec<String> = violations.iter().take(TOLD).map(ToString::to_string).collect();
    if cut {
        return Err(Unusable::CutOff { max_tokens, what: violations.join("; ") });
    }
    Err(Unusable::Form { violations })
}

fn no_json(text: &str, cut: bool, max_tokens: u32) -> Unusable {
    let begins = text.to_lowercase();
    if cut {
        return Unusable::CutOff { max_tokens, what: String::new() };
    }
    if text.is_empty() {
        return Unusable::Empty;
    }
    if REFUSALS.iter().any(|start| begins.starts_with(start)) { Unusable::Refusal } else { Unusable::NoJson }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(text: &str, finish: Finish) -> Answer {
        Answer { text: text.to_owned(), finish, ..Answer::default() }
    }

    fn judged(text: &str, finish: Finish) -> Result<Value, Unusable> {
        let schema = json!({"type": "object", "properties": {"list": {"type": "array", "items": {
            "type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"], "additionalProperties": false}}},
            "required": ["list"]});
        usable(&answer(text, finish), Some(&Schema::new(&schema).unwrap()), 99).map(|usable| usable.value)
    }

    #[test]
    fn answers_are_judged() {
        let list = json!({"list": [{"q": "a"}]});
        assert_eq!(judged("{\"list\": [{\"q\": \"a\"}]}", Finish::Stop), Ok(list.clone()));
        assert_eq!(judged("Sure!\n{\"list\": [{\"q\": \"a\"},]}", Finish::Stop), Ok(list.clone()));
        assert_eq!(judged("{\"list\": [{\"q\": \"a\"}, {\"q\": \"b", Finish::Length), Ok(list));
        let said = |text: &str, finish| judged(text, finish).unwrap_err().to_string();
        assert_eq!(
            said("{\"list\": [{\"q\": 1}]}", Finish::Stop),
            "the answer is not in the required form: /list/0/q: a number; allowed: string"
        );
        assert_eq!(
            said("{\"other\": 1, \"li", Finish::Length),
            "the answer was cut off after 99 tokens: the value: `list` is missing"
        );
        assert_eq!(said("{\"li", Finish::Length), "the answer was cut off after 99 tokens");
        assert_eq!(judged("", Finish::Stop), Err(Unusable::Empty));
        assert_eq!(judged("Questions: a, b", Finish::Stop), Err(Unusable::NoJson));
        assert_eq!(judged("죄송하지만 도와드릴 수 없습니다.", Finish::Stop), Err(Unusable::Refusal));
        assert_eq!(judged("I'm sorry, but I can't help.", Finish::Stop), Err(Unusable::Refusal));
        assert_eq!(judged("{\"list\": [", Finish::ContentFilter), Err(Unusable::Filtered));
    }

    #[test]
    fn text_needs_no_form() {
        let judged = |text: &str, finish| usable(&answer(text, finish), None, 9);
        assert_eq!(judged(" 네. ", Finish::Stop).unwrap().value, json!("네."));
        assert_eq!(
            judged("I'm sorry to hear that.", Finish::Stop).unwrap().value,
            json!("I'm sorry to hear that.")
        );
        assert_eq!(judged(" ", Finish::Stop), Err(Unusable::Empty));
        assert_eq!(
            judged("네", Finish::Length),
            Err(Unusable::CutOff { max_tokens: 9, what: String::new() })
        );
        let refused = Answer { refusal: Some("no".to_owned()), ..Answer::default() };
        assert_eq!(usable(&refused, None, 9), Err(Unusable::Refusal));
    }
}
