//! An earlier extract with the rows that are new since: in the order of the key, a newer row in the place of the
//! older one of its key.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as AtomicOrdering};

use super::{Extract, IngestError, Reader};
use crate::record::{Record, Schema, Value};
use crate::sources::{Item, Note, Source, SourceError, key_indices};

/// The rows of an earlier extract and newer ones as one source.
pub struct Merged {
    earlier: Reader,
    newer: Box<dyn Source>,
    key: Vec<usize>,
    /// The next row of either.
    ahead: [Option<Item>; 2],
    is_started: bool,
    /// The key that was given last.
    last: Option<Vec<Value>>,
    n_newer: Arc<AtomicU64>,
}

impl Merged {
    /// Continues the extract of the source `name` in a folder. None where its columns are others: then the
    /// source is to be read from its start. Of both, the rows come in the order of `key`.
    ///
    /// # Errors
    /// The file system's, a damaged table, a key column that is not there.
    pub fn open(
        folder: &Path,
        name: &str,
        newer: Box<dyn Source>,
        key: &[String],
    ) -> Result<Option<Self>, IngestError> {
        let earlier = Reader::open(folder, name)?;
        let names = |schema: &Schema| schema.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        // Kinds are told by the first rows, and those are the earlier ones.
        if names(earlier.schema()) != names(newer.schema()) {
            return Ok(None);
        }
        let key = key_indices(earlier.schema(), &format!("source `{name}`"), key)?;
        let ahead = [None, None];
        Ok(Some(Self { earlier, newer, key, ahead, is_started: false, last: None, n_newer: Arc::default() }))
    }

    /// Counts the rows that are newer than the extract while they are read.
    pub fn n_newer(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.n_newer)
    }

    fn key_of(&self, record: &Record) -> Vec<Value> {
        self.key.iter().map(|&i| record.values[i].clone()).collect()
    }

    fn fetch(&mut self, which: usize) -> Result<(), SourceError> {
        self.ahead[which] = if which == 0 { self.earlier.next_item()? } else { self.newer.next_item()? };
        self.n_newer.fetch_add(u64::from(which == 1 && self.ahead[1].is_some()), AtomicOrdering::Relaxed);
        Ok(())
    }

    /// Which of the two comes next, and whether the other holds an older row of the same key.
    fn choose(&self) -> Option<(usize, bool)> {
        match &self.ahead {
            [None, None] => None,
            [Some(Item::Record(earlier)), Some(Item::Record(newer))] => {
                Some(match compare(&self.key_of(earlier), &self.key_of(newer)) {
                    Ordering::Less => (0, false),
                    Ordering::Equal => (1, true),
                    Ordering::Greater => (1, false),
                })
            }
            // Rows that could not be read have no key; the earlier ones stand behind all others.
            [_, Some(_)] => Some((1, false)),
            [Some(_), None] => Some((0, false)),
        }
    }
}

impl Source for Merged {
    fn schema(&self) -> &Arc<Schema> {
        self.earlier.schema()
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        if !std::mem::replace(&mut self.is_started, true) {
            self.fetch(0)?;
            self.fetch(1)?;
        }
        let Some((which, replaces)) = self.choose() else { return Ok(None) };
        let mut item = self.ahead[which].take();
        self.fetch(which)?;
        if replaces {
            self.fetch(1 - which)?;
        }
        if let Some(Item::Record(record)) = &mut item {
            record.schema = Arc::clone(self.earlier.schema());
            let key = self.key_of(record);
            if self.last.as_ref().is_some_and(|last| compare(last, &key) == Ordering::Greater) {
                return Err(SourceError::Unordered { source_name: record.schema.source.clone() });
            }
            self.last = Some(key);
        }
        Ok(item)
    }

    fn notes(&self) -> Vec<Note> {
        let Extract { notes, .. } = self.earlier.extract();
        let mut notes = notes.clone();
        for note in self.newer.notes() {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }
}

/// The order of keys as a database is asked for it: numbers by size, text by bytes, nothing last.
fn compare(a: &[Value], b: &[Value]) -> Ordering {
    let one = |(a, b): (&Value, &Value)| match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Int(a), Value::Float(b)) => (*a as f64).total_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.total_cmp(&(*b as f64)),
        _ => a.to_text().as_bytes().cmp(b.to_text().as_bytes()),
    };
    a.iter().zip(b).map(one).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
