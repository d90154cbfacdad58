//! What is judged, and the request that asks for it.

use chat::{Message, Request, Role, Sampling};
use serde_json::{Value, json};

use super::prompts::{Part, PromptKind, Prompts};

/// A question with everybody's answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Case {
    /// `source#key`; the judge is not told.
    pub id: String,
    /// What was asked, with the text that came with it.
    pub question: String,
    /// A right answer, where there is one and the judge is to see it.
    pub reference: Option<String>,
    /// One a system, in the order of the systems; the judge is not told whose they are.
    pub answers: Vec<String>,
}

/// One thing that a judge is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// What an answer is worth, from 1 to 10.
    Grade {
        /// The case.
        case: usize,
        /// Whose answer.
        system: usize,
    },
    /// Which of two answers is better.
    Duel {
        /// The case.
        case: usize,
        /// Whose answer is shown first.
        first: usize,
        /// Whose answer is shown second.
        second: usize,
    },
}

/// Every answer of every case is graded.
pub fn grades(cases: &[Case]) -> Vec<Task> {
    let of =
        |(case, it): (usize, &Case)| (0..it.answers.len()).map(move |system| Task::Grade { case, system });
    cases.iter().enumerate().flat_map(of).collect()
}

/// A system's answers against those of others, each pair in both orders. Two answers that are the same to the letter
/// are a tie, which nobody has to be asked.
pub fn duels(cases: &[Case], system: usize, others: &[usize]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (case, it) in cases.iter().enumerate() {
        for &other in others {
            if !it.is_same(system, other) {
                tasks.push(Task::Duel { case, first: system, second: other });
                tasks.push(Task::Duel { case, first: other, second: system });
            }
        }
    }
    tasks
}

impl Case {
    /// Whether two systems say the same.
    pub(super) fn is_same(&self, a: usize, b: usize) -> bool {
        self.answers[a].trim() == self.answers[b].trim()
    }
}

impl Task {
    /// Its case.
    pub fn case(self) -> usize {
        match self {
            Self::Grade { case, .. } | Self::Duel { case, .. } => case,
        }
    }

    /// The turns that ask for a verdict.
    pub(super) fn messages(self, cases: &[Case], prompts: &Prompts) -> Vec<Message> {
        let case = &cases[self.case()];
        fn part<'p>(column: &'static str, name: &'static str, text: &'p str) -> Part<'p> {
            Part { column, name, text: text.trim() }
        }
        let mut parts = vec![part("question", "QUESTION", &case.question)];
        parts.extend(case.reference.as_deref().map(|text| part("reference", "REFERENCE", text)));
        let has_reference = case.reference.is_some();
        let kind = match self {
            Self::Grade { system, .. } => {
                parts.push(part("answer", "ANSWER", &case.answers[system]));
                if has_reference { PromptKind::GradeReference } else { PromptKind::Grade }
            }
            Self::Duel { first, second, .. } => {
                parts.push(part("answer_a", "ANSWER A", &case.answers[first]));
                parts.push(part("answer_b", "ANSWER B", &case.answers[second]));
                if has_reference { PromptKind::PairReference } else { PromptKind::Pair }
            }
        };
        vec![Message::new(Role::User, prompts.fenced(kind, &parts))]
    }

    /// The form of the reply. The reason comes first, so that the verdict follows from it.
    pub fn schema(self) -> Value {
        let (name, verdict) = match self {
            Self::Grade { .. } => ("score", json!({"type": "integer", "minimum": 1, "maximum": 10})),
            Self::Duel { .. } => ("winner", json!({"type": "string", "enum": ["A", "B", "tie"]})),
        };
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["reason", name],
            "properties": {"reason": {"type": "string"}, name: verdict},
        })
    }

    /// The request with these turns. Greedy: a verdict is not drawn.
    pub(super) fn request(self, messages: Vec<Message>, max_tokens: usize) -> Request {
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        Request { messages, schema: Some(self.schema()), sampling, ..Request::default() }
    }
}
