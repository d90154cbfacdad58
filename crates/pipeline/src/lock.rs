//! `moru.lock`: what happened. Per stage the inputs, the parameters read, the outputs, the counts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::digest::{Digest, Hasher};
use crate::error::{Error, io};
use crate::params::{self, Reads};
use crate::platform;
use crate::store::Artifact;

/// The format this program writes.
const FORMAT: u32 = 1;

/// The lock file of a project. It holds no times and no paths outside the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    format: u32,
    /// What happened, by stage id.
    pub stages: BTreeMap<String, Record>,
}

/// One finished run of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// hash(stage, stage version, parameters read, input digests).
    pub key: Digest,
    /// The stage's version.
    pub version: u32,
    /// Its inputs.
    pub inputs: BTreeMap<String, InputState>,
    /// The parameters it read.
    pub params: Reads,
    /// What it wrote.
    pub outputs: BTreeMap<String, Artifact>,
    /// Its counts.
    pub counts: Vec<Counts>,
}

/// What is known of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputState {
    /// Its digest.
    Digest(Digest),
    /// It has none; the probe's answer, if it was asked.
    Pinned(Option<String>),
}

impl Default for Lock {
    fn default() -> Self {
        Self { format: FORMAT, stages: BTreeMap::new() }
    }
}

impl Lock {
    /// Reads a lock file; an absent one is empty.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(io("read", path)(e)),
        };
        let damaged = |source| Error::Damaged { path: path.to_owned(), source };
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(damaged)?;
        let found = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0) as u32;
        if found != FORMAT {
            return Err(Error::LockFormat { path: path.to_owned(), found, known: FORMAT });
        }
        serde_json::from_value(value).map_err(damaged)
    }

    /// Writes the lock file whole.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut json = serde_json::to_vec_pretty(self).expect("a lock of plain values is JSON");
        json.push(b'\n');
        platform::write_atomic(path, &json)
    }
}

/// The part of a key that is known before a stage has read a parameter.
pub(crate) fn base_key(id: &str, version: u32, inputs: &BTreeMap<String, InputState>) -> Digest {
    let mut hasher = Hasher::default();
    hasher.field("moru stage 1").field(id).field(version.to_le_bytes());
    for (name, state) in inputs {
        hasher.field(name);
        match state {
            InputState::Digest(digest) => hasher.field("digest").field(digest.to_string()),
            // The probe tells whether to read again; it is no part of what is read.
            InputState::Pinned(_) => hasher.field("pinned").field(""),
        };
    }
    hasher.finish()
}

/// The key of a stage's run.
pub(crate) fn key(base: Digest, reads: &Reads) -> Digest {
    let mut hasher = Hasher::default();
    hasher.field(base.to_string()).field(params::digest(reads).to_string());
    hasher.finish()
}
