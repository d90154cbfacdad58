//! What each step changed in a row.

use serde::{Deserialize, Serialize};

use super::step::DraftRow;

/// Whether changes are logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watch {
    /// Not at all.
    #[default]
    Off,
    /// With both sides masked.
    Redacted,
    /// As they were: raw text, for a terminal whose user asked to see it.
    Raw,
}

/// One field before and after one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The step.
    pub step: String,
    /// The column.
    pub column: String,
    /// Its text before.
    pub before: String,
    /// Its text after.
    pub after: String,
}

impl Change {
    /// Masks both sides.
    pub(crate) fn redact(&mut self, redact: &dyn Fn(&str) -> String) {
        self.before = redact(&self.before);
        self.after = redact(&self.after);
    }
}

/// The texts of a row before a step, one after another. One of it serves row after row.
#[derive(Default)]
pub(crate) struct Before {
    text: String,
    ends: Vec<usize>,
}

impl Before {
    /// Keeps the texts of a row in place of those it kept.
    pub(crate) fn keep(&mut self, row: &DraftRow) {
        self.text.clear();
        self.ends.clear();
        for (_, text) in texts(row) {
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
    }

    pub(crate) fn differs(&self, row: &DraftRow) -> bool {
        !self.texts().eq(texts(row).map(|(_, text)| text))
    }

    pub(crate) fn log(&self, row: &DraftRow, step: &str, changes: &mut Vec<Change>) {
        for (before, (column, after)) in self.texts().zip(texts(row)) {
            if before != after {
                changes.push(Change {
                    step: step.to_owned(),
                    column: column.to_owned(),
                    before: before.to_owned(),
                    after: after.to_owned(),
                });
            }
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

/// Everything a step may change, with a name for each.
fn texts(row: &DraftRow) -> impl Iterator<Item = (&str, &str)> {
    let rendered = [("(prompt)", &row.prompt), ("(response)", &row.response), ("(system)", &row.system)];
    let fields = row.fields.iter().map(|f| (&*f.column, f.text.as_str()));
    fields.chain(rendered.into_iter().map(|(name, text)| (name, text.as_str())))
}
