//! What asking takes and how it goes, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline::Context;
use synth::teacher::batch::{BatchState, Stage as BatchStage};
use synth::teacher::{Estimate, Event, Money, otherwise};

use crate::console::format;
use crate::recipe::Endpoint;
use crate::stages::endpoint::Opened;

/// Waits and refusals that are told one by one.
const TOLD: usize = 3;

/// Who is asked, for people.
pub fn who(recipe: &Endpoint) -> String {
    match recipe.local() {
        Some(model) => format!("{model} on this machine"),
        None => format!("{} at {}", recipe.model, recipe.url),
    }
}

/// What an estimate says, for people.
pub fn takes(estimate: &Estimate, opened: &Opened, is_batch: bool) -> String {
    let count = |n: usize| format::count(n as u64);
    if estimate.requests == 0 {
        return format!("all {} answers are here", count(estimate.asks));
    }
    let mut text = format!(
        "{} requests, about {} tokens of prompts and {} of answers",
        count(estimate.requests),
        count(estimate.prompt_tokens),
        count(estimate.answer_tokens)
    );
    let known = estimate.asks - estimate.requests.min(estimate.asks);
    if known > 0 {
        text += &format!(" ({} are here)", count(known));
    }
    let time = Duration::from_secs_f64(estimate.seconds);
    text +=
        &if is_batch { "; up to a day".to_owned() } else { format!("; about {}", format::duration(time)) };
    let (cost, most) =
        if is_batch { (estimate.batch_cost, estimate.batch_most) } else { (estimate.cost, estimate.most) };
    if most > Money::ZERO {
        text += &format!("; about {cost}, at most {most}");
    }
    if let Some(budget) = opened.budget {
        text += &format!("; {} of a budget of {budget} is spent", estimate.spent);
    }
    text
}

/// Who is told how asking goes.
pub trait Listener {
    /// Something to read.
    fn note(&mut self, text: &str);
    /// How many of so many answers are there.
    fn progress(&mut self, done: u64, of: u64);
}

impl Listener for Context<'_> {
    fn note(&mut self, text: &str) {
        Context::note(self, text);
    }

    fn progress(&mut self, done: u64, of: u64) {
        Context::progress(self, done, Some(of), "answers");
    }
}

/// Tells of events, the commonest of them not one by one.
#[derive(Default)]
pub struct Teller {
    refused: usize,
    waited: usize,
    batches: BTreeMap<u32, String>,
}

impl Teller {
    /// Tells of one.
    pub fn tell(&mut self, listener: &mut dyn Listener, event: Event) {
        match event {
            Event::Round { asked_again: 0, .. } => {}
            Event::Round { asked_again, .. } => {
                listener.note(&format!("{asked_again} answers cannot be used and are asked for again"));
            }
            Event::Answered { done, of, .. } => listener.progress(done as u64, of as u64),
            Event::Refused { status, said } => {
                self.refused += 1;
                if self.refused <= TOLD {
                    listener.note(&format!("refused ({status}): {said}"));
                }
                if let (1, Some(how)) = (self.refused, otherwise(&said)) {
                    listener.note(how);
                }
            }
            Event::Waiting { why, wait } => {
                self.waited += 1;
                if self.waited <= TOLD {
                    listener.note(&format!("{why}; again in {}", format::duration(wait)));
                }
            }
            Event::Batch(seen) => {
                let text = batch_text(&seen.state);
                if self.batches.get(&seen.state.number) != Some(&text) || seen.why.is_some() {
                    let why = seen.why.map(|why| format!(": {why}")).unwrap_or_default();
                    listener.note(&format!("{text}{why}"));
                    self.batches.insert(seen.state.number, text);
                }
            }
        }
    }
}

/// How a batch stands, for people.
pub fn batch_text(batch: &BatchState) -> String {
    let name = match &batch.batch {
        Some(id) => format!("batch {} ({id})", batch.number),
        None => format!("batch {}", batch.number),
    };
    match &batch.stage {
        BatchStage::Queued => format!("{name}: {} requests, not submitted yet", batch.lines),
        BatchStage::Creating => format!("{name}: {} requests, being made", batch.lines),
        BatchStage::Running { status, done, failed } => {
            let failed = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
            format!("{name}: {status}, {done} of {} done{failed}", batch.lines)
        }
        BatchStage::Ended { status, .. } => format!("{name}: {status}, its answers are to be fetched"),
        BatchStage::Over { status, read } => {
            let mut text = format!("{name}: {status}, {} of {} answered", read.answered, batch.lines);
            for (n, what) in [
                (read.refused, "refused"),
                (read.missing, "to be asked again"),
                (read.unreadable, "lines unreadable"),
            ] {
                if n > 0 {
                    text += &format!(", {n} {what}");
                }
            }
            text
        }
    }
}
