//! The twenty questions to the shop that were written by hand.

use serde::{Deserialize, Serialize};

/// A question, and the promise that its answer has to state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `q01` and on.
    pub id: String,
    /// The category that a customer would choose.
    pub category: String,
    /// The words.
    pub question: String,
    /// The key of the promise.
    pub policy: String,
}

/// A line that is no question.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: expected an object with id, category, question and policy: {source}")]
pub struct QuestionError {
    /// Line number from 1.
    pub line: usize,
    /// What the parser says.
    pub source: serde_json::Error,
}

impl Question {
    /// Reads questions, one JSON object a line; empty lines are passed over.
    ///
    /// # Errors
    /// At the first line that is no question.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, QuestionError> {
        text.lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(i, line)| {
                serde_json::from_str(line).map_err(|source| QuestionError { line: i + 1, source })
            })
            .collect()
    }
}

/// The questions of the support example.
pub fn questions() -> Vec<Question> {
    Question::parse_all(include_str!("../../../../examples/support/questions.jsonl"))
        .expect("the questions are part of the program and tested")
}

#[cfg(test)]
mod tests {
    use super::super::PolicyTable;
    use super::*;

    #[test]
    fn twenty_questions_of_twenty_promises() {
        let table = PolicyTable::draw(1);
        let all = questions();
        assert_eq!(all.len(), 20);
        let keys: std::collections::BTreeSet<&str> = all.iter().map(|q| q.policy.as_str()).collect();
        assert_eq!(keys.len(), 20);
        for key in keys {
            assert!(table.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Question::parse_all("\n{\"id\":\"x\"}").unwrap_err();
        assert!(error.to_string().starts_with("line 2: expected an object"), "{error}");
    }
}
