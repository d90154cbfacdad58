//! From what a judge said to a verdict, or to what is wrong with it.

use chat::repair;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::case::Task;

/// What a judge says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why; may be empty where the judge gives no reason.
    pub reason: String,
    /// What it comes to.
    pub ruling: Ruling,
}

/// What a verdict comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// A grade from 1 to 10.
    Score(u8),
    /// The answer that was shown first is better.
    First,
    /// The answer that was shown second is better.
    Second,
    /// Neither is.
    Tie,
}

/// Why there is no verdict. Holds none of the judge's words but those of an endpoint that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Fault {
    /// The judge could not be asked, or would not answer.
    #[error("the judge did not answer: {why}")]
    Unanswered {
        /// What was said instead.
        why: String,
    },
    /// Nothing was said.
    #[error("the reply is empty")]
    Empty,
    /// The reply ended before the verdict.
    #[error("the reply was cut off after {max_tokens} tokens, before its verdict")]
    CutOff {
        /// The limit.
        max_tokens: usize,
    },
    /// There is no JSON in it.
    #[error("the reply holds no JSON object")]
    NoJson,
    /// The verdict is missing.
    #[error("the reply has no `{name}`")]
    Missing {
        /// The member that is missing.
        name: String,
    },
    /// The verdict is none.
    #[error("`{name}` is not {allowed}")]
    NotAllowed {
        /// The member.
        name: String,
        /// What it may be.
        allowed: String,
    },
}

impl Fault {
    /// A word for counts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unanswered { .. } => "unanswered",
            Self::Empty => "empty",
            Self::CutOff { .. } => "cut_off",
            Self::NoJson => "no_json",
            Self::Missing { .. } | Self::NotAllowed { .. } => "form",
        }
    }
}

/// Most characters of a reason that are kept.
const REASON_CHARS: usize = 600;

/// Reads a reply. Text around the JSON, a fence for instance, is no fault; a grade may be a number in quotes; what
/// stands before a cut counts where the verdict is among it.
pub(super) fn read(task: Task, reply: &str, is_cut: bool, max_tokens: usize) -> Result<Verdict, Fault> {
    if reply.trim().is_empty() && !is_cut {
        return Err(Fault::Empty);
    }
    let cut_or = |fault| if is_cut { Fault::CutOff { max_tokens } } else { fault };
    let Some((Value::Object(members), _)) = repair::json(reply) else {
        return Err(cut_or(Fault::NoJson));
    };
    let name = match task {
        Task::Grade { .. } => "score",
        Task::Duel { .. } => "winner",
    };
    let Some(value) = members.get(name) else {
        return Err(cut_or(Fault::Missing { name: name.to_owned() }));
    };
    let ruling = match task {
        Task::Grade { .. } => score(value),
        Task::Duel { .. } => winner(value),
    };
    let reason = members.get("reason").and_then(Value::as_str).unwrap_or_default().trim();
    let reason = reason.chars().take(REASON_CHARS).collect();
    ruling
        .map(|ruling| Verdict { reason, ruling })
        .map_err(|allowed| Fault::NotAllowed { name: name.to_owned(), allowed: allowed.to_owned() })
}

fn score(value: &Value) -> Result<Ruling, &'static str> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let whole = number.filter(|n| n.fract() == 0.0 && (1.0..=10.0).contains(n));
    whole.map(|n| Ruling::Score(n as u8)).ok_or("a whole number from 1 to 10")
}

fn winner(value: &Value) -> Result<Ruling, &'static str> {
    match value.as_str().map(|text| text.trim().to_lowercase()).as_deref() {
        Some("a") => Ok(Ruling::First),
        Some("b") => Ok(Ruling::Second),
        Some("tie") => Ok(Ruling::Tie),
        _ => Err("\"A\", \"B\" or \"tie\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRADE: Task = Task::Grade { case: 0, system: 0 };
    const DUEL: Task = Task::Duel { case: 0, first: 0, second: 1 };

    #[test]
    fn replies_are_read_as_models_write_them() {
        for (reply, score) in [
            (r#"{"reason": "r", "score": 7}"#, 7),
            ("```json\n{\"reason\": \"r\", \"score\": 7}\n```", 7),
            ("Here: {\"reason\": \"r\", \"score\": 7.0,} Bye {x}", 7),
            (r#"<think>{"score": 3}</think>{"reason": "r", "score": "10"}"#, 10),
            (r#"{"reason": "r", "score": 1, "more": "cut"#, 1),
        ] {
            let verdict = read(GRADE, reply, reply.ends_with("cut"), 9).unwrap();
            assert_eq!(verdict, Verdict { reason: "r".into(), ruling: Ruling::Score(score) }, "{reply}");
        }
        for (reply, ruling) in [("A", Ruling::First), ("b", Ruling::Second), (" Tie ", Ruling::Tie)]
            .map(|(w, r)| (format!(r#"{{"reason": "r", "winner": "{w}"}}"#), r))
        {
            assert_eq!(read(DUEL, &reply, false, 9).unwrap().ruling, ruling);
        }
    }

    #[test]
    fn what_is_no_verdict_is_told_by_what_is_wrong() {
        for (reply, is_cut, code) in [
            ("", false, "empty"),
            ("", true, "cut_off"),
            ("It is fine.", false, "no_json"),
            ("[7]", false, "no_json"),
            (r#"{"reason": "r"}"#, false, "form"),
            (r#"{"reason": "r", "score": 1"#, true, "cut_off"),
            (r#"{"reason": "r", "score": 11}"#, false, "form"),
            (r#"{"reason": "r", "score": 0}"#, false, "form"),
            (r#"{"reason": "r", "score": 7.5}"#, false, "form"),
            (r#"{"reason": "r", "score": "high"}"#, false, "form"),
            (r#"{"reason": "r", "score": null}"#, false, "form"),
        ] {
            let fault = read(GRADE, reply, is_cut, 9).unwrap_err();
            assert_eq!(fault.code(), code, "{reply}: {fault}");
        }
        assert_eq!(read(DUEL, r#"{"winner": "C"}"#, false, 9).unwrap_err().code(), "form");
    }
}
