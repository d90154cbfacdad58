//! What a stage sees while it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::digest::Digest;
use crate::error::Error;
use crate::event::Event;
use crate::lock::Record;
use crate::params::{self, Reads};
use crate::platform;

/// A running stage's inputs, outputs, parameters and working folder.
pub struct Context<'a> {
    pub(crate) id: &'a str,
    pub(crate) params: &'a Value,
    pub(crate) base_key: Digest,
    pub(crate) inputs: BTreeMap<String, PathBuf>,
    pub(crate) outputs: &'a [String],
    pub(crate) is_refreshed: bool,
    /// What the lock holds of a pinned stage that can go on from it, with the places of its outputs.
    pub(crate) earlier: Option<(Record, BTreeMap<String, PathBuf>)>,
    /// Where outputs are written before they move into the store.
    pub(crate) staging: PathBuf,
    /// The folder that holds all working folders.
    pub(crate) work_root: &'a Path,
    pub(crate) work: Option<PathBuf>,
    pub(crate) reads: Reads,
    pub(crate) cancelled: &'a AtomicBool,
    pub(crate) on_event: &'a mut (dyn FnMut(&Event<'_>) + Send),
}

impl<'a> Context<'a> {
    /// The stage's id.
    pub fn id(&self) -> &str {
        self.id
    }

    /// Where to read an input: a file, or a folder. Files of the store are read-only and already verified.
    pub fn input(&self, name: &str) -> Result<PathBuf, Error> {
        self.inputs.get(name).cloned().ok_or_else(|| self.undeclared("input", name))
    }

    /// Where to write an output: the stage creates a file or a folder there.
    pub fn output(&self, name: &str) -> Result<PathBuf, Error> {
        if self.outputs.iter().any(|output| output == name) {
            return Ok(self.staging.join(name));
        }
        Err(self.undeclared("output", name))
    }

    /// Where an output of the last run lies, for a stage with a pinned input that can go on from it. None where
    /// another version wrote it, where a parameter that it reads has another value by now, where it is damaged,
    /// and where a refresh is asked for.
    pub fn earlier(&self, output: &str) -> Option<PathBuf> {
        let (record, places) = self.earlier.as_ref()?;
        let is_read = |path| record.params.contains_key(path);
        places.get(output).filter(|_| self.reads.keys().all(is_read)).cloned()
    }

    /// Whether a refresh of this stage was asked for: what it remembers and could ask for again is to be asked again.
    pub fn is_refreshed(&self) -> bool {
        self.is_refreshed
    }

    fn undeclared(&self, kind: &'static str, name: &str) -> Error {
        Error::Undeclared { stage: self.id.to_owned(), kind, name: name.to_owned() }
    }

    /// Reads the parameter at a dotted path. What is read becomes part of the stage's key.
    pub fn param<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Error> {
        let value = params::at(self.params, path).clone();
        let covered = |known: &String| path == known || path.starts_with(&format!("{known}."));
        if !self.reads.keys().any(covered) {
            if self.work.is_some() {
                return Err(Error::LateParam { stage: self.id.to_owned(), path: path.to_owned() });
            }
            self.reads.insert(path.to_owned(), value.clone());
        }
        serde_json::from_value(value).map_err(|source| Error::Param {
            stage: self.id.to_owned(),
            path: path.to_owned(),
            source,
        })
    }

    /// A folder that survives a kill and is found again by a run with the same version, inputs and
    /// parameters: the place of checkpoints. Every parameter has to be read before it is opened.
    pub fn work_dir(&mut self) -> Result<PathBuf, Error> {
        if let Some(work) = &self.work {
            return Ok(work.clone());
        }
        let key = crate::lock::key(self.base_key, &self.reads);
        let work = self.work_root.join(format!("{}-{}", self.id.replace(':', "-"), key.short()));
        platform::create_private_dir(&work)?;
        self.work = Some(work.clone());
        Ok(work)
    }

    /// Tells how far the stage is.
    pub fn progress(&mut self, done: u64, total: Option<u64>, unit: &str) {
        (self.on_event)(&Event::Progress { stage: self.id, done, total, unit });
    }

    /// Says something to the person who waits.
    pub fn note(&mut self, text: &str) {
        (self.on_event)(&Event::Note { stage: self.id, text });
    }

    /// Whether the end was asked for. A stage that sees it returns [`Error::Cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// What [`Context::is_cancelled`] looks at, for work on other threads.
    pub fn cancelled(&self) -> &'a AtomicBool {
        self.cancelled
    }
}
