//! Cleaning, refusing and de-duplicating as steps that [`crate::prepare::Runner`] runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clean::{Cleaner, Rule};
use crate::dedupe::{Index, Sketch};
use crate::prepare::{DraftRow, OrderedStep, Outcome, Part, Step};
use crate::reject::Limits;

/// Cleans the prompt's and the response's fields, and in a conversation all turns of the user and the assistant
/// of which something stays. Labels beside a main text or in place of an answer (a category) and meta columns
/// are left as they are.
#[derive(Debug)]
pub struct Clean {
    cleaner: Cleaner,
    changed: [AtomicU64; Rule::ALL.len()],
    removed: [AtomicU64; Rule::ALL.len()],
}

impl Clean {
    /// A step that applies `cleaner`.
    pub fn new(cleaner: Cleaner) -> Self {
        let zeros = || [const { AtomicU64::new(0) }; Rule::ALL.len()];
        Self { cleaner, changed: zeros(), removed: zeros() }
    }

    /// Fields that each rule changed so far.
    pub fn changed(&self) -> BTreeMap<&'static str, u64> {
        by_name(&self.changed)
    }

    /// Characters that each rule took out so far, less those that it wrote instead.
    pub fn removed_characters(&self) -> BTreeMap<&'static str, u64> {
        by_name(&self.removed)
    }
}

fn by_name(counts: &[AtomicU64; Rule::ALL.len()]) -> BTreeMap<&'static str, u64> {
    let counts = counts.iter().map(|n| n.load(Ordering::Relaxed));
    Rule::ALL.iter().map(|rule| rule.name()).zip(counts).filter(|(_, n)| *n > 0).collect()
}

impl Step for Clean {
    fn name(&self) -> &'static str {
        "clean"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        let (all, labelled) = (row.conversation.is_some(), row.is_labelled());
        for field in row
            .fields
            .iter_mut()
            .filter(|f| (f.main || all) && matches!(f.part, Part::Prompt | Part::Response))
            .filter(|f| !(labelled && f.part == Part::Response))
        {
            let cleaned = self.cleaner.clean(&field.text);
            if all && cleaned.text.trim().is_empty() {
                // A turn that only greets still is a turn: without it the next would answer nobody.
                continue;
            }
            for rule in cleaned.removed.by().iter() {
                self.changed[rule as usize].fetch_add(1, Ordering::Relaxed);
                self.removed[rule as usize].fetch_add(cleaned.removed.characters(rule), Ordering::Relaxed);
            }
            let changed = match cleaned.text {
                Cow::Owned(text) => Some(text),
                Cow::Borrowed(text) if text.len() < field.text.len() => Some(text.to_string()),
                Cow::Borrowed(_) => None,
            };
            if let Some(text) = changed {
                field.text = text;
            }
        }
        Outcome::Keep
    }
}

/// Sets aside rows that [`Limits`] refuse, judged by the main texts of prompt and response.
#[derive(Debug)]
pub struct Refuse {
    /// What is refused.
    pub limits: Limits,
}

impl Step for Refuse {
    fn name(&self) -> &'static str {
        "refuse"
    }

    fn changes_texts(&self) -> bool {
        false
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        // A response written by a template alone has no main column; the rendered text stands for it.
        let row = &*row;
        let text = |part, rendered| {
            let main = row.fields.iter().find(|f| f.part == part && f.main);
            main.map_or(rendered, |field| field.text.as_str())
        };
        let (question, answer) = (text(Part::Prompt, &*row.prompt), text(Part::Response, &*row.response));
        let labelled = row.is_labelled();
        let limits = &self.limits;
        let refusal = if labelled { limits.check_text(question) } else { limits.check(question, answer) };
        match refusal {
            Some(refusal) => Outcome::reject(refusal.reason.code(), refusal.detail),
            None => Outcome::Keep,
        }
    }
}

/// The parallel half of finding duplicates: sketches the question.
#[derive(Debug, Clone, Copy)]
pub struct SketchQuestion;

impl Step for SketchQuestion {
    fn name(&self) -> &'static str {
        "sketch"
    }

    fn changes_texts(&self) -> bool {
        false
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        let question = row.main(Part::Prompt);
        row.sketch = Some(Sketch::of(if question.is_empty() { &row.prompt } else { question }));
        Outcome::Keep
    }
}

/// The serial half: the earlier row of two that are alike stays. Needs [`SketchQuestion`] before it.
#[derive(Debug)]
pub struct Duplicates {
    index: Index,
    /// The ids of the kept rows one after another, and where each ends.
    ids: String,
    ends: Vec<usize>,
}

impl Duplicates {
    /// Calls questions of at least this similarity (0 to 1) duplicates; 1 finds only texts that are equal
    /// but for case, blanks and marks.
    pub fn new(threshold: f64) -> Self {
        Self { index: Index::new(threshold), ids: String::new(), ends: Vec::new() }
    }
}

impl Duplicates {
    fn id(&self, kept: usize) -> &str {
        let start = if kept == 0 { 0 } else { self.ends[kept - 1] };
        &self.ids[start..self.ends[kept]]
    }
}

impl OrderedStep for Duplicates {
    fn name(&self) -> &'static str {
        "duplicates"
    }

    fn apply(&mut self, row: &mut DraftRow) -> Outcome {
        let sketch = row.sketch.take().unwrap_or_else(|| Sketch::of(&row.prompt));
        match self.index.insert_unless_duplicate(self.ends.len() as u32, &sketch) {
            None => {
                let id = row.id();
                self.ids.extend([&*id.source, "#", &*id.key]);
                self.ends.push(self.ids.len());
                Outcome::Keep
            }
            Some(found) => {
                let code = if found.similarity >= 1.0 { "duplicate" } else { "near_duplicate" };
                let winner = self.id(found.row as usize);
                Outcome::reject(code, format!("similarity {:.3} to {winner}", found.similarity))
            }
        }
    }
}
