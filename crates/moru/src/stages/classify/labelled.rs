//! A text and its label, and the labels that there are.

use std::collections::BTreeMap;
use std::path::Path;

use chat::{Example, Role};
use serde::{Deserialize, Serialize};

use crate::console::error::fail;
use crate::stages::tokenize::SPLITS;

/// What lies beside the shards of a classifier.
const FILE: &str = "labels.json";

/// Labels that an error lists.
const LISTED: usize = 20;

/// Fewer rows than these are too few to learn a label from.
const FEW_ROWS: u64 = 8;

/// From so many labels on, a label of fewer than two rows on average is taken for a wrong column.
const MANY_LABELS: usize = 20;

/// A row of a classifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// `source#key`.
    pub row: String,
    /// All that is said before the label.
    pub text: String,
    /// The label.
    pub label: String,
}

impl Labelled {
    /// Takes an example apart. The label is what the assistant says last, or the column of `meta` that is named;
    /// the text is what is said before the assistant's last turn, a line a turn.
    pub fn of(example: &Example, column: &str) -> anyhow::Result<Self> {
        let last = example.messages.iter().rposition(|message| message.role == Role::Assistant);
        let end = last.unwrap_or(example.messages.len());
        let text = text(&example.messages[..end]);
        let label = if column.is_empty() {
            last.map(|last| example.messages[last].content.clone())
        } else {
            example.meta.get(column).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let label = label.map(|label| label.trim().to_owned()).filter(|label| !label.is_empty());
        let label = label.ok_or_else(|| no_label(&example.id, column))?;
        Ok(Self { row: example.id.clone(), text, label })
    }
}

/// Turns as the text that is labelled.
pub fn text(messages: &[chat::Message]) -> String {
    let turns: Vec<_> = messages.iter().map(|message| message.content.trim()).collect();
    turns.join("\n").trim().to_owned()
}

fn no_label(row: &str, column: &str) -> anyhow::Error {
    if column.is_empty() {
        fail(
            format!("{row} has no label: no assistant's turn ends it"),
            "[prepare] format = \"text-label\" reads the columns `text` and `label`; [train] label names a column of [prepare] meta",
        )
    } else {
        fail(
            format!("{row} has no label: its column `{column}` is empty"),
            format!(
                "[train] label = {column:?} must hold a label in every row; leave the others out of the source"
            ),
        )
    }
}

/// The labels with their numbers, and how many rows of each split have them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// By their numbers.
    pub names: Vec<String>,
    /// Rows of each split by label.
    pub rows: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Labels {
    /// Settles the labels of a training: the recipe's, or those of the training split.
    ///
    /// # Errors
    /// Fewer than two labels; so many that the column is hardly one of labels; a row whose label is none of them.
    pub fn settle(splits: &BTreeMap<&'static str, Vec<Labelled>>, given: &[String]) -> anyhow::Result<Self> {
        let mut rows = BTreeMap::<String, BTreeMap<String, u64>>::new();
        for split in SPLITS {
            let of_split = rows.entry(split.to_owned()).or_default();
            for row in splits.get(split).into_iter().flatten() {
                *of_split.entry(row.label.clone()).or_default() += 1;
            }
        }
        let train = &rows["train"];
        let names = if given.is_empty() { ordered(train.keys().cloned().collect()) } else { given.to_vec() };
        let n_rows: u64 = train.values().sum();
        if given.is_empty() && names.len() >= MANY_LABELS && 2 * names.len() as u64 > n_rows {
            return Err(fail(
                format!(
                    "{n_rows} rows to train on have {} labels: hardly a row is like another",
                    names.len()
                ),
                "is it the column of labels? [source.NAME] columns = { text = \"…\", label = \"…\" } says which columns are meant",
            ));
        }
        if names.len() < 2 {
            return Err(fail(
                format!("every row to train on has the label {}", listed(&names)),
                "a classifier chooses between two labels or more; is it the right column?",
            ));
        }
        let labels = Self { names, rows };
        for split in SPLITS {
            splits.get(split).into_iter().flatten().try_for_each(|row| labels.check(split, row, given))?;
        }
        Ok(labels)
    }

    /// The label of a row may be a value that is nobody's business, so it is not told.
    fn check(&self, split: &str, row: &Labelled, given: &[String]) -> anyhow::Result<()> {
        if self.number(&row.label).is_some() {
            return Ok(());
        }
        let (of, hint) = if given.is_empty() {
            (
                "that no row to train on has",
                "with [train] labels = [\"…\"] labels without training rows are allowed; [split] stratify spreads rare ones over the splits",
            )
        } else {
            (
                "that is not among [train] labels",
                "add it to [train] labels, or leave such rows out of the source",
            )
        };
        Err(fail(
            format!("{} ({split}) has a label {of}; the labels are {}", row.row, listed(&self.names)),
            format!("`moru why {}` shows the row; {hint}", row.row),
        ))
    }

    /// A label's number.
    pub fn number(&self, label: &str) -> Option<usize> {
        self.names.iter().position(|name| name == label)
    }

    /// Rows of a split with a label.
    pub fn rows_of(&self, split: &str, label: &str) -> u64 {
        self.rows.get(split).and_then(|rows| rows.get(label)).copied().unwrap_or(0)
    }

    /// Labels with too few rows to learn from, and how many these are.
    pub fn rare(&self) -> Vec<(&str, u64)> {
        let rows = self.names.iter().map(|name| (name.as_str(), self.rows_of("train", name)));
        rows.filter(|(_, rows)| *rows < FEW_ROWS).collect()
    }

    /// The label of most rows to train on, the first of equals.
    pub fn commonest(&self) -> usize {
        let rows = |n: usize| self.rows_of("train", &self.names[n]);
        (1..self.names.len()).fold(0, |best, n| if rows(n) > rows(best) { n } else { best })
    }

    /// Writes them beside the shards.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        Ok(pipeline::platform::write_atomic(&folder.join(FILE), &serde_json::to_vec_pretty(self)?)?)
    }

    /// Reads them from beside the shards.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(FILE))?)?)
    }
}

/// Numbers by their size, all else by its letters.
fn ordered(mut labels: Vec<String>) -> Vec<String> {
    if labels.iter().all(|label| label.parse::<i64>().is_ok()) {
        labels.sort_by_key(|label| (label.parse::<i64>().unwrap_or_default(), label.clone()));
    } else {
        labels.sort();
    }
    labels
}

/// Labels for people.
pub fn listed(labels: &[String]) -> String {
    let shown: Vec<_> = labels.iter().take(LISTED).map(|label| format!("`{label}`")).collect();
    let more = labels.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(labels: &[&str]) -> Vec<Labelled> {
        let row = |(n, label): (usize, &&str)| Labelled {
            row: format!("t#{n}"),
            text: format!("text {n}"),
            label: (*label).to_owned(),
        };
        labels.iter().enumerate().map(row).collect()
    }

    fn settle(train: &[&str], test: &[&str], given: &[&str]) -> anyhow::Result<Labels> {
        let given: Vec<_> = given.iter().map(|&label| label.to_owned()).collect();
        Labels::settle(&BTreeMap::from([("train", rows(train)), ("test", rows(test))]), &given)
    }

    #[test]
    fn labels_are_learned_in_an_order_that_does_not_depend_on_the_rows() {
        assert_eq!(settle(&["b", "a", "b"], &["a"], &[]).unwrap().names, ["a", "b"]);
        assert_eq!(settle(&["10", "2", "-1"], &[], &[]).unwrap().names, ["-1", "2", "10"]);
        assert_eq!(
            settle(&["환불", "배송"], &[], &["환불", "배송", "기타"]).unwrap().names,
            ["환불", "배송", "기타"]
        );
        let labels = settle(&["b", "a", "b"], &["a"], &[]).unwrap();
        assert_eq!((labels.commonest(), labels.rows_of("test", "a"), labels.rare().len()), (1, 1, 2));
    }

    #[test]
    fn labels_that_cannot_be_learned_are_refused_by_row() {
        let message = |found: anyhow::Result<Labels>| found.unwrap_err().to_string();
        assert_eq!(
            message(settle(&["a", "b"], &["b", "secret"], &[])),
            "t#1 (test) has a label that no row to train on has; the labels are `a`, `b`"
        );
        assert_eq!(
            message(settle(&["a", "c"], &[], &["a", "b"])),
            "t#1 (train) has a label that is not among [train] labels; the labels are `a`, `b`"
        );
        assert_eq!(message(settle(&["a", "a"], &[], &[])), "every row to train on has the label `a`");
        let texts: Vec<String> = (0..30).map(|n| format!("sentence {n}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(
            message(settle(&texts, &[], &[])),
            "30 rows to train on have 30 labels: hardly a row is like another"
        );
    }
}
