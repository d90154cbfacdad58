//! The lines that a batch leaves: answers and failures, in any order, some of them twice.

use std::collections::HashMap;
use std::io::BufRead;

use serde_json::Value;

use super::super::error::otherwise;
use super::super::reply::{self, Answer};
use super::super::state::Fault;
use super::super::{Key, Money, Prices, State, TeacherError};
use super::Read;

/// Answers that are written down at once.
const TOGETHER: usize = 256;

/// What became of one request, as far as a line says.
enum Line {
    Answered(Answer),
    Refused(Fault),
    /// It never ran, or failed in a way that may pass.
    Missing,
}

/// Reads the files of one batch.
pub(super) struct Reading<'a> {
    state: &'a State,
    prices: Prices,
    /// What an answer cost that does not say what it used.
    most: Money,
    /// By custom id; taken out when something is known.
    waiting: HashMap<String, Key>,
    known: HashMap<String, Key>,
    answers: Vec<(Key, Money, Answer)>,
    pub faults: Vec<(Key, Fault)>,
    pub read: Read,
    hidden: &'a dyn Fn(&str) -> String,
}

impl<'a> Reading<'a> {
    pub fn new(
        state: &'a State,
        prices: Prices,
        most: Money,
        keys: impl IntoIterator<Item = Key>,
        hidden: &'a dyn Fn(&str) -> String,
    ) -> Self {
        let known: HashMap<String, Key> = keys.into_iter().map(|key| (key.custom_id(), key)).collect();
        let waiting = known.clone();
        let (answers, faults, read) = (Vec::new(), Vec::new(), Read::default());
        Self { state, prices, most, waiting, known, answers, faults, read, hidden }
    }

    /// Reads a file to its end.
    pub fn file(&mut self, mut lines: impl BufRead) -> Result<std::io::Result<()>, TeacherError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(Ok(())),
                Ok(_) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(_) => self.line(&line)?,
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), TeacherError> {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            self.read.unreadable += 1;
            return Ok(());
        };
        let id = value["custom_id"].as_str().unwrap_or_default();
        let Some(key) = self.known.get(id).copied() else {
            self.read.strangers += 1;
            return Ok(());
        };
        match meant(&value) {
            // A request that failed in one line may be answered in another.
            Line::Missing => self.read.duplicates += usize::from(!self.waiting.contains_key(id)),
            _ if self.waiting.remove(id).is_none() => self.read.duplicates += 1,
            Line::Answered(answer) => {
                let cost = answer.usage.map_or(self.most, |tokens| self.prices.in_batch(tokens.into()));
                self.answers.push((key, cost, answer));
                self.read.answered += 1;
            }
            Line::Refused(fault) => {
                self.faults.push((key, Fault { said: (self.hidden)(&fault.said), ..fault }));
                self.read.refused += 1;
            }
        }
        if self.answers.len() >= TOGETHER { self.keep() } else { Ok(()) }
    }

    /// Writes down what was read. The others are missing.
    pub fn keep(&mut self) -> Result<(), TeacherError> {
        self.read.missing = self.waiting.len();
        if self.answers.is_empty() {
            return Ok(());
        }
        let fresh = std::mem::take(&mut self.answers);
        // What was kept before a kill is not kept, and paid, a second time.
        let fresh = fresh.into_iter().filter(|(key, ..)| !self.state.is_answered(key));
        self.state.keep(fresh.collect())
    }
}

/// What a line means: OpenAI's two shapes of failure, and an answer.
fn meant(value: &Value) -> Line {
    let response = &value["response"];
    let Some(status) = response["status_code"].as_u64() else { return Line::Missing };
    let body = &response["body"];
    match status {
        200..=299 => reply::answer_of(body).map_or(Line::Missing, Line::Answered),
        408 | 409 | 429 => Line::Missing,
        _ => {
            let said = reply::said(body.to_string().as_bytes()).text;
            let is_refused = (400..=499).contains(&status) || otherwise(&said).is_some();
            if is_refused { Line::Refused(Fault { status: status as u16, said }) } else { Line::Missing }
        }
    }
}
