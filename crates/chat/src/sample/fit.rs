//! Samples that are longer than allowed: refused, dropped, split or shortened, and counted.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Sample;
use super::encode::{EncodeError, Encoder};
use crate::example::{Example, Message, Role};

/// What happens to a sample that is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlong {
    /// The run stops and names the row.
    #[default]
    Error,
    /// The sample is left out.
    Drop,
    /// The conversation is cut between rounds, each piece with the system turn; a round that is too
    /// long by itself is left out.
    Split,
    /// As `split`; in a round that is too long by itself what precedes the answer is shortened.
    KeepAnswer,
}

/// What became of the examples, to be told before training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitCounts {
    /// Examples.
    pub examples: usize,
    /// Samples that came of them.
    pub samples: usize,
    /// Examples that were cut between rounds.
    pub split: usize,
    /// Rounds whose text was shortened.
    pub shortened: usize,
    /// Trained turns that were left out.
    pub dropped_turns: usize,
    /// Examples of which nothing was left.
    pub dropped_examples: usize,
}

/// Makes samples of at most `max_len` tokens and counts what that cost.
#[derive(Debug)]
pub struct Fitter<'a> {
    encoder: &'a Encoder,
    max_len: usize,
    overlong: Overlong,
    counts: FitCounts,
}

impl<'a> Fitter<'a> {
    /// Starts counting.
    pub fn new(encoder: &'a Encoder, max_len: usize, overlong: Overlong) -> Self {
        Self { encoder, max_len, overlong, counts: FitCounts::default() }
    }

    /// What became of the examples so far.
    pub fn counts(&self) -> FitCounts {
        self.counts
    }

    /// The samples of an example that fit; none where all of it was left out. Each ends its trained
    /// turns with the token that ends a turn.
    ///
    /// # Errors
    /// As [`Encoder::samples`], and [`EncodeError::TooLong`] under [`Overlong::Error`].
    pub fn fit(&mut self, example: &Example) -> Result<Vec<Sample>, EncodeError> {
        let whole = self.encoder.samples(example)?;
        self.counts.examples += 1;
        let mut samples = match whole.iter().find(|sample| sample.ids.len() > self.max_len) {
            None => whole,
            Some(long) => match self.overlong {
                Overlong::Error => {
                    let (row, tokens) = (example.id.clone(), long.ids.len());
                    return Err(EncodeError::TooLong { row, tokens, max_len: self.max_len });
                }
                Overlong::Drop => self.drop_long(whole),
                Overlong::Split | Overlong::KeepAnswer => self.split(example)?,
            },
        };
        for (part, sample) in samples.iter_mut().enumerate() {
            sample.part = part as u32;
        }
        self.counts.samples += samples.len();
        self.counts.dropped_examples += usize::from(samples.is_empty());
        Ok(samples)
    }

    fn drop_long(&mut self, samples: Vec<Sample>) -> Vec<Sample> {
        let (kept, long): (Vec<_>, Vec<_>) =
            samples.into_iter().partition(|sample| sample.ids.len() <= self.max_len);
        self.counts.dropped_turns += long.iter().map(|sample| self.turns_of(sample)).sum::<usize>();
        kept
    }

    /// Trained turns of a sample: each has exactly one trained end.
    fn turns_of(&self, sample: &Sample) -> usize {
        let is_end = |at: usize| sample.trained[at] && self.encoder.end_ids().contains(&sample.ids[at]);
        (0..sample.ids.len()).filter(|&at| is_end(at)).count()
    }

    /// Cuts the conversation between rounds, as many rounds to a piece as fit.
    fn split(&mut self, example: &Example) -> Result<Vec<Sample>, EncodeError> {
        let (system, rounds) = rounds(&example.messages);
        let mut samples = Vec::new();
        let mut start = 0;
        while start < rounds.len() {
            let mut fitting = None;
            for end in start + 1..=rounds.len() {
                let piece = piece_of(example, &system, &rounds[start..end]);
                match self.samples_that_fit(&piece)? {
                    Some(made) => fitting = Some((end, made)),
                    None => break,
                }
            }
            let end = if let Some((end, made)) = fitting {
                samples.extend(made);
                end
            } else {
                let piece = piece_of(example, &system, &rounds[start..=start]);
                samples.extend(self.round_too_long(piece)?);
                start + 1
            };
            start = end;
        }
        self.counts.split += usize::from(samples.len() > 1);
        Ok(samples)
    }

    /// The samples of a piece, where all of them fit; a piece without trained turns has none.
    fn samples_that_fit(&self, piece: &Example) -> Result<Option<Vec<Sample>>, EncodeError> {
        let samples = match self.encoder.samples(piece) {
            Err(EncodeError::NothingTrained { .. }) => Vec::new(),
            made => made?,
        };
        let fits = samples.iter().all(|sample| sample.ids.len() <= self.max_len);
        Ok(fits.then_some(samples))
    }

    fn round_too_long(&mut self, mut piece: Example) -> Result<Vec<Sample>, EncodeError> {
        if self.overlong == Overlong::KeepAnswer {
            let is_given = |message: &Message| matches!(message.role, Role::User | Role::Tool);
            let mut given: Vec<usize> =
                (0..piece.messages.len()).filter(|&i| is_given(&piece.messages[i])).collect();
            given.sort_by_key(|&i| std::cmp::Reverse(piece.messages[i].content.len()));
            for at in given {
                if let Some(samples) = self.shorten(&mut piece, at)? {
                    self.counts.shortened += 1;
                    return Ok(samples);
                }
            }
        }
        self.counts.dropped_turns += piece.messages.iter().filter(|message| message.is_trained()).count();
        Ok(Vec::new())
    }

    /// Shortens one turn in its middle, as little as makes the piece fit. Where even leaving it out
    /// does not do, it stays left out, and the next turn is tried.
    fn shorten(&self, piece: &mut Example, at: usize) -> Result<Option<Vec<Sample>>, EncodeError> {
        let text: Vec<char> = piece.messages[at].content.chars().collect();
        let (mut fits, mut too_long) = (None, text.len());
        let mut low = 0;
        while low < too_long {
            let keep = low + (too_long - low) / 2;
            piece.messages[at].content = without_middle(&text, keep);
            match self.samples_that_fit(piece)? {
                Some(samples) => {
                    fits = Some(samples);
                    low = keep + 1;
                }
                None => too_long = keep,
            }
        }
        if fits.is_none() {
            piece.messages[at].content = without_middle(&text, 0);
        }
        Ok(fits)
    }
}

/// The turns of a question whose prompt has at most `max_tokens`: as they are where they fit, else with the longest turn
/// of a user or a tool shortened in its middle, as [`Overlong::KeepAnswer`] does it with what is trained on, and then
/// the next longest. None where even leaving all of them out does not do.
///
/// # Errors
/// As [`Encoder::prompt`].
pub fn shortened_prompt(
    encoder: &Encoder,
    messages: &[Message],
    tools: &[serde_json::Value],
    max_tokens: usize,
) -> Result<Option<Vec<Message>>, EncodeError> {
    let fits = |messages: &[Message]| Ok(encoder.prompt(messages, tools)?.len() <= max_tokens);
    let mut messages = messages.to_vec();
    if fits(&messages)? {
        return Ok(Some(messages));
    }
    let is_given = |message: &Message| matches!(message.role, Role::User | Role::Tool);
    let mut given: Vec<usize> = (0..messages.len()).filter(|&i| is_given(&messages[i])).collect();
    given.sort_by_key(|&i| std::cmp::Reverse(messages[i].content.len()));
    for at in given {
        let text: Vec<char> = messages[at].content.chars().collect();
        let (mut low, mut too_long, mut found) = (0, text.len(), false);
        while low < too_long {
            let keep = low + (too_long - low) / 2;
            messages[at].content = without_middle(&text, keep);
            if fits(&messages)? {
                (low, found) = (keep + 1, true);
            } else {
                too_long = keep;
            }
        }
        messages[at].content = without_middle(&text, low.saturating_sub(1));
        if found {
            return Ok(Some(messages));
        }
    }
    Ok(None)
}

/// The first and the last characters of a text, `keep` of them, a mark between.
fn without_middle(text: &[char], keep: usize) -> String {
    let tail = keep / 2;
    let head: String = text[..keep - tail].iter().collect();
    let tail: String = text[text.len() - tail..].iter().collect();
    format!("{head}…{tail}")
}

/// The leading system turns, and the rounds after them: what is given, and the answers to it.
fn rounds(messages: &[Message]) -> (Range<usize>, Vec<Range<usize>>) {
    let system = messages.iter().take_while(|message| message.role == Role::System).count();
    let mut rounds: Vec<Range<usize>> = Vec::new();
    for at in system..messages.len() {
        let begins = messages[at].role == Role::User && at > system && messages[at - 1].role != Role::User;
        match rounds.last_mut() {
            Some(open) if !begins => open.end = at + 1,
            _ => rounds.push(at..at + 1),
        }
    }
    (0..system, rounds)
}

fn piece_of(example: &Example, system: &Range<usize>, rounds: &[Range<usize>]) -> Example {
    let span = rounds[0].start..rounds[rounds.len() - 1].end;
    let mut messages = example.messages[system.clone()].to_vec();
    messages.extend_from_slice(&example.messages[span]);
    Example { messages, ..example.clone() }
}
