//! What a conversation needs to be learnt from, whatever shape it was read from.

use crate::example::{Message, Role};

/// Why a conversation cannot be learnt from. Turns are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A list of messages with nothing in it.
    #[error("the conversation has no turn")]
    NoTurn,
    /// A turn of the user or the assistant that says nothing and calls nothing.
    #[error("turn {turn} is empty")]
    EmptyTurn {
        /// Which turn.
        turn: usize,
    },
    /// A tool's result that no call asked for.
    #[error("turn {turn} is a tool's result, and no call before it waits for one")]
    ResultWithoutCall {
        /// Which turn.
        turn: usize,
    },
    /// Nobody but the assistant speaks, or the assistant does not.
    #[error("the user says nothing")]
    NoQuestion,
    /// No turn carries loss.
    #[error("no turn of the assistant is trained on")]
    NoAnswer,
}

impl Flaw {
    /// The first flaw of a conversation, if it has any.
    ///
    /// Several turns of one speaker in succession are none, nor is an assistant that speaks first: people
    /// write so. A call that gets no result is none either: the call is what is learnt.
    pub fn of(messages: &[Message]) -> Option<Self> {
        if messages.is_empty() {
            return Some(Self::NoTurn);
        }
        let mut waiting: Vec<Option<&str>> = Vec::new();
        for (turn, message) in (1..).zip(messages) {
            let says_nothing = message.content.trim().is_empty() && message.tool_calls.is_empty();
            match message.role {
                Role::User | Role::Assistant if says_nothing => return Some(Self::EmptyTurn { turn }),
                Role::Assistant => {
                    waiting = message.tool_calls.iter().map(|call| call.id.as_deref()).collect();
                }
                Role::Tool => {
                    // A result names its call where both have a name; otherwise the next call is meant.
                    let named = message.tool_call_id.as_deref();
                    let place = waiting.iter().position(|id| id.is_none() || named.is_none() || *id == named);
                    let Some(place) = place else { return Some(Self::ResultWithoutCall { turn }) };
                    waiting.remove(place);
                }
                Role::System | Role::User => {}
            }
        }
        if messages.iter().all(|message| message.role != Role::User) {
            return Some(Self::NoQuestion);
        }
        messages.iter().all(|message| !message.is_trained()).then_some(Self::NoAnswer)
    }

    /// A code to count by.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoTurn => "no_turn",
            Self::EmptyTurn { .. } => "empty_turn",
            Self::ResultWithoutCall { .. } => "result_without_call",
            Self::NoQuestion => "question_missing",
            Self::NoAnswer => "answer_missing",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::example::ToolCall;

    fn check(turns: &[(&str, &str)], want: Option<Flaw>) {
        let message = |&(role, text): &(&str, &str)| match role {
            "system" => Message::new(Role::System, text),
            "user" => Message::new(Role::User, text),
            "assistant" => Message::new(Role::Assistant, text),
            "untrained" => Message { train: Some(false), ..Message::new(Role::Assistant, text) },
            "call" => {
                let id = (!text.is_empty()).then(|| text.to_owned());
                let call = ToolCall { id, name: "f".to_owned(), arguments: Map::new() };
                Message { tool_calls: vec![call], ..Message::new(Role::Assistant, "") }
            }
            _ => {
                let tool_call_id = (!text.is_empty()).then(|| text.to_owned());
                Message { tool_call_id, ..Message::new(Role::Tool, "") }
            }
        };
        let messages: Vec<_> = turns.iter().map(message).collect();
        assert_eq!(Flaw::of(&messages), want, "{turns:?}");
    }

    #[test]
    fn conversations_and_their_flaws() {
        let empty = |turn| Some(Flaw::EmptyTurn { turn });
        let lost = |turn| Some(Flaw::ResultWithoutCall { turn });
        check(&[], Some(Flaw::NoTurn));
        check(&[("user", "q"), ("assistant", "a")], None);
        check(&[("user", "q"), ("user", "q"), ("assistant", "a")], None);
        check(&[("assistant", "hi"), ("user", "q"), ("assistant", "a")], None);
        check(&[("user", " \n"), ("assistant", "a")], empty(1));
        check(&[("user", "q"), ("assistant", "")], empty(2));
        check(&[("system", "s")], Some(Flaw::NoQuestion));
        check(&[("system", "s"), ("assistant", "a")], Some(Flaw::NoQuestion));
        check(&[("user", "q")], Some(Flaw::NoAnswer));
        check(&[("user", "q"), ("untrained", "a")], Some(Flaw::NoAnswer));
        check(&[("user", "q"), ("tool", ""), ("assistant", "a")], lost(2));
        check(&[("user", "q"), ("call", ""), ("tool", ""), ("tool", "")], lost(4));
        check(&[("user", "q"), ("call", "1"), ("tool", "2")], lost(3));
        check(&[("user", "q"), ("call", "1"), ("tool", "1"), ("assistant", "a")], None);
        check(&[("user", "q"), ("call", "1"), ("tool", ""), ("assistant", "a")], None);
        check(&[("user", "q"), ("call", ""), ("tool", "7"), ("assistant", "a")], None);
        check(&[("user", "q"), ("call", "")], None);
    }
}
