//! What a reply is held to while it is written.

use chat::tools::hermes;
use chat::{Request, Tokenizer, ToolChoice};

use crate::constrained::{Choice, Constraint, ConstraintError, Grammars, Next};

/// Compiled grammars that are remembered.
const REMEMBERED: usize = 8;

/// Tokens that are tried before a call is not begun.
const TRIES: usize = 12;

/// Holds one reply to what its request asks.
#[derive(Debug, Clone)]
pub(super) enum Guide {
    /// To nothing.
    Free,
    /// To nothing until it begins a call: the constraint of calls, and the last bytes that were said.
    Waiting(Box<Constraint>, Vec<u8>),
    /// To a grammar.
    Held(Box<Constraint>),
}

impl Guide {
    /// Chooses what comes next, as [`Constraint::next`].
    pub(super) fn next(
        &mut self,
        logits: &mut [f32],
        (left, runs): (usize, bool),
        mut pick: impl FnMut(&[f32]) -> u32,
    ) -> Result<Next, ConstraintError> {
        match self {
            Self::Free => Ok(Next::Tokens(vec![pick(logits)])),
            Self::Held(constraint) => constraint.next(logits, left, runs, pick),
            Self::Waiting(calls, tail) => {
                for _ in 0..TRIES {
                    let id = pick(logits);
                    let before = tail.len();
                    tail.extend_from_slice(calls.bytes_of(id));
                    let Some(at) = find(tail, hermes::OPEN.as_bytes()) else {
                        let kept = tail.len().saturating_sub(hermes::OPEN.len() - 1);
                        tail.drain(..kept);
                        return Ok(Next::Tokens(vec![id]));
                    };
                    let mut begun = calls.clone();
                    if begun.follow(&tail[at..], left - 1) {
                        *self = Self::Held(begun);
                        return Ok(Next::Tokens(vec![id]));
                    }
                    tail.truncate(before);
                    logits[id as usize] = f32::NEG_INFINITY;
                }
                Ok(Next::End)
            }
        }
    }

    /// Whether nothing may follow.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Held(constraint) if constraint.is_over())
    }

    /// Whether what was said is all that was asked for, so that the end is no cut.
    pub(super) fn is_whole(&mut self) -> bool {
        match self {
            Self::Held(constraint) => constraint.is_whole(),
            Self::Free | Self::Waiting(..) => false,
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

/// Compiles what requests ask for, and remembers it.
#[derive(Debug, Default)]
pub(super) struct Guides {
    /// Made when it is first needed: a great vocabulary takes a moment.
    grammars: Option<Grammars>,
    /// By what was asked for; the one that was used last stands last.
    known: Vec<(String, Constraint)>,
}

impl Guides {
    /// The guide of a request whose reply may have `most` tokens.
    pub(super) fn of(
        &mut self,
        tokenizer: &Tokenizer,
        request: &Request,
        most: usize,
    ) -> Result<Guide, ConstraintError> {
        if let Some(schema) = &request.schema {
            let constraint = self.compiled(tokenizer, &format!("schema {schema}"), |g| g.schema(schema))?;
            constraint.fits(most)?;
            return Ok(Guide::Held(Box::new(constraint)));
        }
        let choice = match &request.tool_choice {
            ToolChoice::Free => return Ok(Guide::Free),
            ToolChoice::Auto if request.tools.is_empty() => return Ok(Guide::Free),
            ToolChoice::Auto | ToolChoice::Required => Choice::Any,
            ToolChoice::Named(name) => Choice::Named(name),
        };
        let tools: Vec<String> = request.tools.iter().map(ToString::to_string).collect();
        let key = format!("{choice:?} {}", tools.join(" "));
        let constraint = self.compiled(tokenizer, &key, |g| g.calls(&request.tools, choice))?;
        if request.tool_choice == ToolChoice::Auto {
            return Ok(Guide::Waiting(Box::new(constraint), Vec::new()));
        }
        constraint.fits(most)?;
        Ok(Guide::Held(Box::new(constraint)))
    }

    fn compiled(
        &mut self,
        tokenizer: &Tokenizer,
        key: &str,
        compile: impl FnOnce(&Grammars) -> Result<Constraint, ConstraintError>,
    ) -> Result<Constraint, ConstraintError> {
        if let Some(at) = self.known.iter().position(|(known, _)| known == key) {
            let found = self.known.remove(at);
            self.known.push(found);
        } else {
            if self.grammars.is_none() {
                self.grammars = Some(Grammars::new(tokenizer)?);
            }
            let grammars = self.grammars.as_ref().ok_or(ConstraintError::Vocabulary)?;
            let constraint = compile(grammars)?;
            if self.known.len() == REMEMBERED {
                self.known.remove(0);
            }
            self.known.push((key.to_owned(), constraint));
        }
        let last = self.known.last().ok_or(ConstraintError::NoEnding)?;
        Ok(last.1.clone())
    }
}
