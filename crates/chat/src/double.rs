//! A responder that says what it was told to: for tests of everything that meets a model.

use std::collections::VecDeque;

use crate::example::{Message, Role, ToolCall};
use crate::responder::{Event, FinishReason, Likelihood, Request, Responder, ResponderError, Usage};

/// What a scripted responder does with one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Script {
    /// Says a text, in pieces of at most four characters.
    Say(String),
    /// Says a text (it may be empty) and calls functions.
    Call(String, Vec<ToolCall>),
    /// Refuses this request.
    Fail(String),
}

/// Answers from a script, and remembers what it was asked. Text and prompt are counted as a token a character.
#[derive(Debug, Default)]
pub struct ScriptedResponder {
    script: VecDeque<Script>,
    /// Answered when the script has run out.
    fallback: Option<String>,
    /// Every request, in order.
    pub asked: Vec<Request>,
}

/// The script has no answer left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("request {request} has no answer in a script of {answered}")]
pub struct ScriptEnded {
    /// Which request, from 0.
    pub request: usize,
    /// Requests that were answered.
    pub answered: usize,
}

impl ScriptedResponder {
    /// Answers in this order, whatever is asked.
    pub fn new(script: impl IntoIterator<Item = Script>) -> Self {
        Self { script: script.into_iter().collect(), ..Self::default() }
    }

    /// Always says the same.
    pub fn saying(text: &str) -> Self {
        Self { fallback: Some(text.to_string()), ..Self::default() }
    }

    fn next(&mut self) -> Result<Script, ResponderError> {
        let scripted = self.script.pop_front().or_else(|| self.fallback.clone().map(Script::Say));
        let request = self.asked.len();
        scripted.ok_or_else(|| ResponderError::Source(Box::new(ScriptEnded { request, answered: request })))
    }
}

impl Responder for ScriptedResponder {
    fn respond(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> Result<(), ResponderError> {
        for (i, request) in requests.iter().enumerate() {
            let script = self.next()?;
            self.asked.push(request.clone());
            let prompt_tokens = request.messages.iter().map(|m| m.content.chars().count()).sum();
            let mut usage = Usage { prompt_tokens, completion_tokens: 0 };
            let mut say = |text: &str, usage: &mut Usage| {
                let chars: Vec<char> = text.chars().collect();
                for piece in chars.chunks(4) {
                    usage.completion_tokens += piece.len();
                    on_event(i, Event::Text(piece.iter().collect()));
                }
            };
            let finish = if request.cancel.is_cancelled() {
                FinishReason::Cancelled
            } else {
                match script {
                    Script::Say(text) => {
                        let kept: String = text.chars().take(request.sampling.max_tokens).collect();
                        say(&kept, &mut usage);
                        if kept.len() < text.len() { FinishReason::Length } else { FinishReason::Stop }
                    }
                    Script::Call(text, calls) => {
                        say(&text, &mut usage);
                        for call in calls {
                            on_event(i, Event::ToolCall(call));
                        }
                        FinishReason::ToolCalls
                    }
                    Script::Fail(why) => FinishReason::Failed(why),
                }
            };
            on_event(i, Event::Done { finish, usage });
        }
        Ok(())
    }
}

/// Text is the likelier the more of its words the prompt holds: each word counts −1 where the last
/// user turn holds it, −2 where not.
impl Likelihood for ScriptedResponder {
    fn log_likelihood(
        &mut self,
        prompt: &[Message],
        continuation: &str,
    ) -> Result<(f64, usize), ResponderError> {
        let last = prompt.iter().rev().find(|message| message.role == Role::User);
        let known = |word: &str| last.is_some_and(|message| message.content.contains(word));
        let words: Vec<&str> = continuation.split_whitespace().collect();
        let sum = words.iter().map(|word| if known(word) { -1.0 } else { -2.0 }).sum();
        Ok((sum, words.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(responder: &mut ScriptedResponder, requests: &[Request]) -> Vec<(usize, Event)> {
        let mut events = Vec::new();
        responder.respond(requests, &mut |i, event| events.push((i, event))).unwrap();
        events
    }

    fn text(events: &[(usize, Event)], of: usize) -> String {
        let said = events.iter().filter_map(|(i, event)| match event {
            Event::Text(text) if *i == of => Some(text.as_str()),
            _ => None,
        });
        said.collect()
    }

    #[test]
    fn the_script_is_played_in_order() {
        let call = ToolCall { id: None, name: "f".into(), arguments: serde_json::Map::default() };
        let mut responder = ScriptedResponder::new([
            Script::Say("안녕하세요".into()),
            Script::Call(String::new(), vec![call.clone()]),
            Script::Fail("no".into()),
        ]);
        let mut requests = vec![Request::default(), Request::default(), Request::default()];
        requests[0].sampling.max_tokens = 2;
        let events = run(&mut responder, &requests);
        assert_eq!(text(&events, 0), "안녕");
        assert!(events.contains(&(1, Event::ToolCall(call))));
        let ends: Vec<_> = events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Done { finish, .. } => Some(finish.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [FinishReason::Length, FinishReason::ToolCalls, FinishReason::Failed("no".into())]);
        assert_eq!(responder.asked.len(), 3);
        let error = responder.respond(&requests[..1], &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("request 3 has no answer"), "{error}");
    }

    #[test]
    fn a_cancelled_request_says_nothing() {
        let request = Request::default();
        request.cancel.cancel();
        let events = run(&mut ScriptedResponder::saying("x"), &[request]);
        let usage = Usage { prompt_tokens: 0, completion_tokens: 0 };
        assert_eq!(events, [(0, Event::Done { finish: FinishReason::Cancelled, usage })]);
    }

    #[test]
    fn likelihood_tells_texts_apart() {
        let mut responder = ScriptedResponder::default();
        let prompt = [Message::new(Role::User, "배송 기간")];
        assert_eq!(responder.log_likelihood(&prompt, "배송 환불").unwrap(), (-3.0, 2));
    }
}
