//! What was asked and answered, on disk: a log that is only ever written at its end.
//!
//! Each line is a checksum and a record. Killed at any moment, a process leaves at most half a line at the end, which
//! its checksum tells; the next one begins a new line behind it, so nothing is ever rewritten.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::body::{Key, hex};
use super::error::io;
use super::files::{Lock, create_private};
use super::{Answer, Money, TeacherError};

const LOG: &str = "answers.log";

/// Hexadecimal digits of a record's checksum.
const SUM: usize = 16;

/// Answers and what they cost, in a folder. One process at a time has it.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    log: Mutex<Log>,
    /// Where the log ended when it was opened.
    began: u64,
    _lock: Lock,
}

/// Why a request will not be answered, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// What the endpoint says.
    pub said: String,
}

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Record {
    /// A request is about to be sent that may cost so much.
    Asked { key: Key, cost: Money },
    /// It came to nothing and costs nothing.
    Unanswered { key: Key },
    /// It was answered.
    Answered { key: Key, cost: Money, answer: Answer },
    /// It will not be answered.
    Refused { key: Key, fault: Fault },
    /// What was refused may be asked again.
    Forgiven,
    /// The answer could not be used, and is asked for again.
    Forgotten { key: Key },
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    index: Index,
}

/// What the log says.
#[derive(Debug, Default)]
struct Index {
    /// Where each answer's line begins, and how long it is.
    answers: HashMap<Key, (u64, usize)>,
    faults: HashMap<Key, Fault>,
    /// Asked, and not heard of since.
    open: HashMap<Key, Money>,
    spent: Money,
    /// What was asked by processes that ended before they heard an answer.
    lost: Money,
    damaged: usize,
    end: u64,
    /// Whether the log ends within a line.
    torn: bool,
}

impl State {
    /// Opens the state in a folder, or begins one there.
    ///
    /// # Errors
    /// [`TeacherError::Busy`] where another process has it, [`TeacherError::Io`] where it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, TeacherError> {
        create_private(folder)?;
        let lock = Lock::take(folder)?;
        let path = folder.join(LOG);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.map_err(io("open", &path))?;
        let mut index = Index::default();
        index.read(BufReader::new(&file)).map_err(io("read", &path))?;
        // Who asked these has ended, and whether they were paid for cannot be known: they count as paid.
        index.lost += index.open.drain().map(|(_, cost)| cost).sum();
        let began = index.end;
        let log = Mutex::new(Log { path, file, index });
        Ok(Self { folder: folder.to_owned(), log, began, _lock: lock })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The answer to a body.
    ///
    /// # Errors
    /// [`TeacherError::Io`], and [`TeacherError::Damaged`] for a log that was changed meanwhile.
    pub fn answer(&self, key: &Key) -> Result<Option<Answer>, TeacherError> {
        let mut log = self.log();
        let Some((at, length)) = log.index.answers.get(key).copied() else { return Ok(None) };
        let mut line = vec![0; length];
        let path = log.path.clone();
        let read = log.file.seek(SeekFrom::Start(at)).and_then(|_| log.file.read_exact(&mut line));
        read.map_err(io("read", &path))?;
        match record(&line) {
            Some(Record::Answered { key: found, answer, .. }) if found == *key => Ok(Some(answer)),
            _ => Err(TeacherError::Damaged { path, why: "a record changed while it was in use".to_owned() }),
        }
    }

    /// Whether a body is answered.
    pub fn is_answered(&self, key: &Key) -> bool {
        self.log().index.answers.contains_key(key)
    }

    /// The names of lines in a batch whose bodies are answered.
    pub(super) fn answered_ids(&self) -> HashSet<String> {
        self.log().index.answers.keys().map(Key::custom_id).collect()
    }

    /// How many bodies are answered.
    pub fn answers(&self) -> usize {
        self.log().index.answers.len()
    }

    /// Why a body will not be answered.
    pub fn fault(&self, key: &Key) -> Option<Fault> {
        self.log().index.faults.get(key).cloned()
    }

    /// What was spent, with requests that may have been paid for and were not heard of, and those under way.
    pub fn spent(&self) -> Money {
        let log = self.log();
        let open: Money = log.index.open.values().copied().sum();
        log.index.spent + log.index.lost + open
    }

    /// What requests may have cost whose process ended before it heard an answer.
    pub fn lost(&self) -> Money {
        self.log().index.lost
    }

    /// Lines of the log that are not as they were written. One at the end is what a kill leaves.
    pub fn damaged(&self) -> usize {
        self.log().index.damaged
    }

    /// What was refused may be asked again.
    ///
    /// # Errors
    /// [`TeacherError::Io`].
    pub fn forgive(&self) -> Result<(), TeacherError> {
        if self.log().index.faults.is_empty() {
            return Ok(());
        }
        self.append(&[Record::Forgiven], true)
    }

    /// Lets answers be asked for again that could not be used, as far as they were here when the state was opened. What
    /// they cost stays spent. Gives how many there were.
    pub(super) fn forget(&self, keys: &[Key]) -> Result<usize, TeacherError> {
        let records: Vec<Record> = {
            let log = self.log();
            let is_old = |key: &&Key| log.index.answers.get(*key).is_some_and(|(at, _)| *at < self.began);
            keys.iter().filter(is_old).map(|key| Record::Forgotten { key: *key }).collect()
        };
        if !records.is_empty() {
            self.append(&records, true)?;
        }
        Ok(records.len())
    }

    /// Notes that a request is about to be sent, if it may be within a budget; gives what is spent where it may not.
    pub(super) fn ask(
        &self,
        key: Key,
        cost: Money,
        budget: Option<Money>,
    ) -> Result<Option<Money>, TeacherError> {
        let mut log = self.log();
        let open: Money = log.index.open.values().copied().sum();
        let spent = log.index.spent + log.index.lost + open;
        if budget.is_some_and(|budget| spent + cost > budget || budget == Money::ZERO) {
            return Ok(Some(spent));
        }
        // A process that is killed leaves its pages to the system: only a power cut loses this line.
        log.append(&[Record::Asked { key, cost }], false).map(|()| None)
    }

    pub(super) fn note_unanswered(&self, key: Key) -> Result<(), TeacherError> {
        self.append(&[Record::Unanswered { key }], false)
    }

    pub(super) fn note_fault(&self, key: Key, fault: Fault) -> Result<(), TeacherError> {
        self.append(&[Record::Refused { key, fault }], true)
    }

    /// Keeps answers; they are on the disk when this returns. The first answer to a body stays.
    pub(super) fn keep(&self, answers: Vec<(Key, Money, Answer)>) -> Result<(), TeacherError> {
        let records = answers.into_iter().map(|(key, cost, answer)| Record::Answered { key, cost, answer });
        self.append(&records.collect::<Vec<_>>(), true)
    }

    fn append(&self, records: &[Record], sync: bool) -> Result<(), TeacherError> {
        self.log().append(records, sync)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // What a panicking thread leaves is a log with one more or one less line.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn append(&mut self, records: &[Record], sync: bool) -> Result<(), TeacherError> {
        let mut bytes = Vec::new();
        if std::mem::take(&mut self.index.torn) {
            bytes.push(b'\n');
        }
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            let start = bytes.len();
            bytes.extend(line(record));
            places.push((self.index.end + start as u64, bytes.len() - start));
        }
        let written =
            self.file.write_all(&bytes).and_then(|()| if sync { self.file.sync_data() } else { Ok(()) });
        if let Err(source) = written {
            // A part of it may stand there: what follows begins a line of its own, where the file ends now.
            self.index.torn = true;
            self.index.end = self.file.metadata().map_or(self.index.end, |meta| meta.len());
            return Err(TeacherError::Io { action: "write", path: self.path.clone(), source });
        }
        self.index.end += bytes.len() as u64;
        for (record, place) in records.iter().zip(places) {
            self.index.add(record, place);
        }
        Ok(())
    }
}

impl Index {
    fn read(&mut self, mut lines: impl BufRead) -> std::io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(());
            }
            self.torn = line.last() != Some(&b'\n');
            match record(&line) {
                Some(record) => self.add(&record, (self.end, length)),
                _ if line == b"\n" => {}
                _ => self.damaged += 1,
            }
            self.end += length as u64;
        }
    }

    fn add(&mut self, record: &Record, place: (u64, usize)) {
        match record {
            Record::Asked { key, cost } => {
                // Asked before, and its process ended.
                self.lost += self.open.insert(*key, *cost).unwrap_or_default();
            }
            Record::Unanswered { key } => drop(self.open.remove(key)),
            Record::Answered { key, cost, .. } => {
                self.open.remove(key);
                self.faults.remove(key);
                self.spent += *cost;
                self.answers.entry(*key).or_insert(place);
            }
            Record::Refused { key, fault } => {
                self.open.remove(key);
                self.faults.insert(*key, fault.clone());
            }
            Record::Forgiven => self.faults.clear(),
            Record::Forgotten { key } => drop(self.answers.remove(key)),
        }
    }
}

fn line(record: &Record) -> Vec<u8> {
    let json = serde_json::to_string(record).unwrap_or_default();
    format!("{} {json}\n", sum(json.as_bytes())).into_bytes()
}

fn sum(json: &[u8]) -> String {
    hex(&Sha256::digest(json)[..SUM / 2])
}

/// The record of a line, if it is as it was written.
fn record(line: &[u8]) -> Option<Record> {
    let (said, json) = line.strip_suffix(b"\n").unwrap_or(line).split_at_checked(SUM + 1)?;
    (said[..SUM] == *sum(json).as_bytes() && said[SUM] == b' ').then(|| serde_json::from_slice(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: usize) -> Key {
        Key::of(&i.to_string())
    }

    fn answer(i: usize) -> Answer {
        Answer { text: format!("답 {i}\n\"{}\"", "가".repeat(i % 7)), ..Answer::default() }
    }

    fn cents(n: u32) -> Money {
        Money::of(f64::from(n) / 100.0)
    }

    #[test]
    fn what_was_answered_is_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        assert_eq!(state.ask(key(1), cents(5), Some(cents(7))).unwrap(), None);
        assert_eq!(state.ask(key(2), cents(5), Some(cents(7))).unwrap(), Some(cents(5)), "does not fit");
        state.keep(vec![(key(1), cents(3), answer(1))]).unwrap();
        state.keep(vec![(key(1), cents(1), answer(9))]).unwrap();
        assert_eq!((state.spent(), state.answers()), (cents(4), 1));
        state.note_fault(key(3), Fault { status: 400, said: "no".into() }).unwrap();
        assert!(matches!(State::open(dir.path()), Err(TeacherError::Busy { .. })));
        drop(state);
        let state = State::open(dir.path()).unwrap();
        assert_eq!(state.answer(&key(1)).unwrap(), Some(answer(1)), "the first stays");
        assert_eq!(state.answer(&key(2)).unwrap(), None);
        assert_eq!(state.fault(&key(3)).unwrap().status, 400);
        state.forgive().unwrap();
        assert_eq!((state.fault(&key(3)), state.spent(), state.damaged()), (None, cents(4), 0));
    }

    #[test]
    fn a_budget_of_nothing_asks_nothing_even_where_it_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        assert_eq!(state.ask(key(1), Money::ZERO, Some(Money::ZERO)).unwrap(), Some(Money::ZERO));
        assert_eq!(state.ask(key(1), Money::ZERO, None).unwrap(), None);
    }

    #[test]
    fn what_a_killed_process_asked_counts_as_paid() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        state.ask(key(1), cents(5), None).unwrap();
        state.ask(key(2), cents(2), None).unwrap();
        state.note_unanswered(key(2)).unwrap();
        drop(state);
        for _ in 0..2 {
            let state = State::open(dir.path()).unwrap();
            assert_eq!((state.lost(), state.spent()), (cents(5), cents(5)));
        }
        let state = State::open(dir.path()).unwrap();
        state.ask(key(1), cents(5), None).unwrap();
        state.keep(vec![(key(1), cents(4), answer(1))]).unwrap();
        assert_eq!(state.spent(), cents(9), "it may have been paid for twice");
    }

    /// The log cut as a kill leaves it, and then written on.
    #[test]
    fn cut_anywhere_it_loses_at_most_the_line_at_the_cut() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        for i in 0..4 {
            state.ask(key(i), cents(1), None).unwrap();
            state.keep(vec![(key(i), cents(1), answer(i))]).unwrap();
        }
        drop(state);
        let path = dir.path().join(LOG);
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').map(|i| i + 1).collect();
        // Every byte near a line's end, and some of the others.
        let near = |cut: usize| ends.iter().any(|end| cut.abs_diff(*end) < 3) || cut.is_multiple_of(29);
        for cut in (0..=whole.len()).filter(|&cut| near(cut)) {
            testing::mutation::write_new(&path, &whole[..cut]);
            let state = State::open(dir.path()).unwrap();
            // A line that lacks nothing but its end is whole.
            let lines = ends.iter().filter(|&&end| end <= cut + 1).count();
            assert_eq!(state.answers(), lines / 2, "cut at {cut}");
            let clean = cut == 0 || ends.contains(&cut) || ends.contains(&(cut + 1));
            assert_eq!(state.damaged(), usize::from(!clean), "cut at {cut}");
            state.keep(vec![(key(8), cents(1), answer(8)), (key(9), cents(1), answer(9))]).unwrap();
            assert_eq!(state.answer(&key(9)).unwrap(), Some(answer(9)), "cut at {cut}");
            drop(state);
            let state = State::open(dir.path()).unwrap();
            assert_eq!(state.answers(), lines / 2 + 2, "cut at {cut}");
            for i in (0..lines / 2).chain([8, 9]) {
                assert_eq!(state.answer(&key(i)).unwrap(), Some(answer(i)), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_damaged_line_costs_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        state.keep((0..9).map(|i| (key(i), cents(1), answer(i))).collect()).unwrap();
        drop(state);
        let path = dir.path().join(LOG);
        let whole = std::fs::read(&path).unwrap();
        let mut draws = testing::mutation::Draws::new(5);
        for _ in 0..200 {
            testing::mutation::write_new(&path, &testing::mutation::mutated(&whole, &mut draws));
            let state = State::open(dir.path()).unwrap();
            for i in 0..9 {
                let found = state.answer(&key(i)).unwrap();
                assert!(found.is_none() || found == Some(answer(i)), "an answer is right or absent");
            }
        }
        let mut one = whole.clone();
        one[whole.len() / 2] ^= 1;
        testing::mutation::write_new(&path, &one);
        let state = State::open(dir.path()).unwrap();
        assert_eq!((state.answers(), state.damaged()), (8, 1));
    }
}
