//! Where batches stand, on disk: a small file a batch, each written whole or not at all.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::error::io;
use super::super::{Key, Money, TeacherError, files};
use super::{BatchReport, BatchSettings, BatchState, Stage};

const FOLDER: &str = "batches";
const QUEUE: &str = "queue.json";

/// The batches of a state folder.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    pub batches: Vec<BatchState>,
    queue: Queue,
}

/// What was learned of the endpoint's queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    /// Tokens that it takes at once.
    enqueued_tokens: Option<u64>,
}

/// How the batches in a state folder stand. Asks nothing, and needs no lock, so it may be called while another process
/// waits for them.
///
/// # Errors
/// [`TeacherError::Io`] and [`TeacherError::Damaged`].
pub fn status(state_folder: &Path) -> Result<BatchReport, TeacherError> {
    Ok(Store::open(state_folder)?.report(0, Money::ZERO))
}

impl Store {
    pub fn open(state_folder: &Path) -> Result<Self, TeacherError> {
        let folder = state_folder.join(FOLDER);
        let queue = match fs::read(folder.join(QUEUE)) {
            Ok(bytes) => read_json(&folder.join(QUEUE), &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Queue::default(),
            Err(error) => return Err(io("read", folder.join(QUEUE))(error)),
        };
        let mut batches: Vec<BatchState> = Vec::new();
        if folder.is_dir() {
            for entry in fs::read_dir(&folder).map_err(io("read", &folder))? {
                let path = entry.map_err(io("read", &folder))?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let number = name.strip_suffix(".json").and_then(|stem| stem.parse::<u32>().ok());
                if number.is_some() {
                    batches.push(read_json(&path, &fs::read(&path).map_err(io("read", &path))?)?);
                }
            }
        }
        batches.sort_by_key(|batch| batch.number);
        Ok(Self { folder, batches, queue })
    }

    pub fn next_number(&self) -> u32 {
        self.batches.last().map_or(0, |batch| batch.number) + 1
    }

    pub fn lines(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:04}.jsonl"))
    }

    pub fn output(&self, number: u32, which: &str) -> PathBuf {
        self.folder.join(format!("{number:04}.{which}.jsonl"))
    }

    pub fn keys_file(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:04}.keys"))
    }

    /// Makes the folder; reading how it stands makes none.
    pub fn create(&self) -> Result<(), TeacherError> {
        files::create_private(&self.folder)
    }

    /// Writes where a batch stands, and remembers it.
    pub fn put(&mut self, batch: BatchState) -> Result<(), TeacherError> {
        self.create()?;
        let json = serde_json::to_vec_pretty(&batch).unwrap_or_default();
        files::write_bytes(&self.folder.join(format!("{:04}.json", batch.number)), &json)?;
        if batch.is_over() {
            // What they hold is in the log of answers.
            for path in [
                self.lines(batch.number),
                self.output(batch.number, "output"),
                self.output(batch.number, "errors"),
            ] {
                let _ = fs::remove_file(path);
            }
        }
        match self.batches.binary_search_by_key(&batch.number, |known| known.number) {
            Ok(at) => self.batches[at] = batch,
            Err(at) => self.batches.insert(at, batch),
        }
        Ok(())
    }

    /// The keys of a batch's requests, in the order of its file.
    pub fn keys(&self, number: u32) -> Result<Vec<Key>, TeacherError> {
        let path = self.keys_file(number);
        let text = fs::read_to_string(&path).map_err(io("read", &path))?;
        let key = |line: &str| serde_json::from_value::<Key>(line.into());
        let keys: Result<Vec<Key>, _> = text.lines().map(key).collect();
        keys.map_err(|error| TeacherError::Damaged { path, why: error.to_string() })
    }

    /// The keys that are in batches which are not over.
    pub fn under_way(&self) -> Result<HashSet<Key>, TeacherError> {
        let mut keys = HashSet::new();
        for batch in self.batches.iter().filter(|batch| !batch.is_over()) {
            keys.extend(self.keys(batch.number)?);
        }
        Ok(keys)
    }

    /// What batches that are not over may cost.
    pub fn reserved(&self) -> Money {
        self.batches.iter().filter(|batch| !batch.is_over()).map(|batch| batch.most).sum()
    }

    /// Tokens that the endpoint's queue holds.
    pub fn enqueued(&self) -> u64 {
        self.batches.iter().filter(|batch| batch.is_enqueued()).map(|batch| batch.tokens).sum()
    }

    /// Tokens that the endpoint's queue takes, as far as is known.
    pub fn limit(&self, settings: &BatchSettings) -> Option<u64> {
        [settings.enqueued_tokens, self.queue.enqueued_tokens].into_iter().flatten().min()
    }

    /// Notes that the endpoint refused more.
    pub fn learn_limit(&mut self, tokens: u64) -> Result<(), TeacherError> {
        self.set_limit(self.queue.enqueued_tokens.map_or(tokens, |known| known.min(tokens)))
    }

    /// Lets twice as much be tried after a batch was answered: what was refused may have been too much for that hour
    /// alone, because others wait in the same queue.
    pub fn widen_limit(&mut self) -> Result<(), TeacherError> {
        self.queue.enqueued_tokens.map_or(Ok(()), |known| self.set_limit(known.saturating_mul(2)))
    }

    fn set_limit(&mut self, tokens: u64) -> Result<(), TeacherError> {
        self.create()?;
        self.queue.enqueued_tokens = Some(tokens);
        let json = serde_json::to_vec(&self.queue).unwrap_or_default();
        files::write_bytes(&self.folder.join(QUEUE), &json)
    }

    pub fn report(&self, over_budget: usize, spent: Money) -> BatchReport {
        let live = self.batches.iter().filter(|batch| !batch.is_over());
        BatchReport {
            under_way: live.map(|batch| batch.lines).sum(),
            batches: self.batches.clone(),
            enqueued_tokens: self.enqueued(),
            over_budget,
            spent,
        }
    }

    /// The numbers of batches of a kind.
    pub fn numbers(&self, of: impl Fn(&Stage) -> bool) -> Vec<u32> {
        self.batches.iter().filter(|batch| of(&batch.stage)).map(|batch| batch.number).collect()
    }

    pub fn get(&self, number: u32) -> Option<&BatchState> {
        self.batches.iter().find(|batch| batch.number == number)
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, TeacherError> {
    let damaged =
        |error: serde_json::Error| TeacherError::Damaged { path: path.to_owned(), why: error.to_string() };
    serde_json::from_slice(bytes).map_err(damaged)
}
