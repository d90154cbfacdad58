//! Streams rows through the steps on several threads, keeps their order, and accounts for each.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

use chat::example::Example;
use serde::{Deserialize, Serialize};

use super::changes::{Change, Watch};
use super::layout::Layout;
use super::step::{DraftRow, OrderedStep, Outcome, Reason, Step};
use crate::record::{Record, Rejection};
use crate::sources::{Item, Source, SourceError};

/// Rows that travel together between the threads.
const CHUNK_ROWS: usize = 256;

/// What becomes of rows, and on how many threads.
pub struct Runner<'a> {
    /// Steps on the fields, before the templates are rendered: clean, mask. The last word on a field
    /// is the mask's, so it comes last.
    pub field_steps: Vec<&'a dyn Step>,
    /// Steps on the rendered row: reject, signatures for duplicates.
    pub row_steps: Vec<&'a dyn Step>,
    /// Steps that see the rows in order: duplicates.
    pub ordered_steps: Vec<&'a mut dyn OrderedStep>,
    /// Masks text that does not pass the field steps: rows that the source could not read, and keys.
    pub redact: &'a (dyn Fn(&str) -> String + Sync),
    /// How many threads apply the steps.
    pub threads: NonZeroUsize,
    /// Whether to log what each step changed.
    pub watch: Watch,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Prepared {
    /// An example, and what the steps changed where that was asked for.
    Example(Example, Vec<Change>),
    /// Set aside for a reason.
    Rejected(Rejection),
    /// A step could not do its work.
    Failed(Rejection),
}

/// Counts that add up: `rows_in` = `rows_out` + rejected + failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows read, those that the source could not read included.
    pub rows_in: u64,
    /// Examples.
    pub rows_out: u64,
    /// Rows set aside, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rows at which a step failed, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Rows that a step changed, by step, whatever became of them.
    pub changed: BTreeMap<String, u64>,
}

impl Counts {
    /// Whether nothing was lost.
    pub fn add_up(&self) -> bool {
        let set_aside = self.rejected.values().sum::<u64>() + self.failed.values().sum::<u64>();
        self.rows_in == self.rows_out + set_aside
    }

    /// Adds the counts of another source.
    pub fn merge(&mut self, other: &Self) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        for (mine, theirs) in [
            (&mut self.rejected, &other.rejected),
            (&mut self.failed, &other.failed),
            (&mut self.changed, &other.changed),
        ] {
            for (key, n) in theirs {
                *mine.entry(key.clone()).or_default() += n;
            }
        }
    }
}

/// Why preparing stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Two rows with the same id: the key columns do not tell them apart.
    #[error("two rows have the id `{id}`; name key columns that are unique in the source")]
    DuplicateId {
        /// `source#key`.
        id: String,
    },
    /// Whoever takes the rows.
    #[error("writing what was prepared: {0}")]
    Sink(#[from] std::io::Error),
}

/// A row after the parallel steps.
struct Stepped {
    row: DraftRow,
    verdict: Outcome,
    changes: Vec<Change>,
    changed: Vec<usize>,
    /// Whether the row's key is itself a personal value.
    personal_key: bool,
}

enum Work {
    Row(Box<Record>),
    Rejected(Rejection),
}

enum Done {
    Row(Box<Stepped>),
    Rejected(Rejection),
}

impl Runner<'_> {
    /// Takes a source to its end, and hands each row's result to `sink` in the source's order: the
    /// same sequence at any number of threads.
    ///
    /// # Errors
    /// What stops the source or the sink, and rows that share an id.
    pub fn run(
        &mut self,
        source: &mut dyn Source,
        layout: &Layout,
        sink: &mut dyn FnMut(Prepared) -> std::io::Result<()>,
    ) -> Result<Counts, PrepareError> {
        let threads = self.threads.get();
        let mut ordered = std::mem::take(&mut self.ordered_steps);
        let this = &*self;
        let mut tally = Tally { runner: this, counts: Counts::default(), ids: HashSet::new() };
        let result = std::thread::scope(|scope| {
            let (job_sender, jobs) = mpsc::sync_channel::<(u64, Vec<Work>)>(2 * threads);
            let (done_sender, done) = mpsc::channel();
            let jobs = std::sync::Arc::new(Mutex::new(jobs));
            for _ in 0..threads {
                let (jobs, done_sender) = (std::sync::Arc::clone(&jobs), done_sender.clone());
                scope.spawn(move || this.work(layout, &jobs, &done_sender));
            }
            drop(done_sender);
            let mut flow = Flow { job_sender, done, sent: 0, taken: 0, waiting: BTreeMap::new() };
            flow.drive(source, 2 * threads as u64, &mut |done| tally.settle(done, layout, &mut ordered, sink))
        });
        let counts = tally.counts;
        self.ordered_steps = ordered;
        result.map(|()| counts)
    }

    /// One thread: takes chunks until there are no more.
    fn work(
        &self,
        layout: &Layout,
        jobs: &Mutex<mpsc::Receiver<(u64, Vec<Work>)>>,
        done: &mpsc::Sender<(u64, std::thread::Result<Vec<Done>>)>,
    ) {
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((number, rows)) = job else { return };
            // A panic is carried to the caller; without that it would wait for this chunk for ever.
            let result = catch_unwind(AssertUnwindSafe(|| {
                rows.into_iter().map(|row| self.step(row, layout)).collect::<Vec<_>>()
            }));
            if done.send((number, result)).is_err() {
                return;
            }
        }
    }

    fn step(&self, work: Work, layout: &Layout) -> Done {
        let record = match work {
            Work::Rejected(rejection) => return Done::Rejected(rejection),
            Work::Row(record) => *record,
        };
        let mut stepped = Stepped {
            personal_key: (self.redact)(&record.id.key) != record.id.key,
            row: layout.draft(record),
            verdict: Outcome::Keep,
            changes: Vec::new(),
            changed: Vec::new(),
        };
        // A row that is set aside still passes the other field steps, so that what is kept of it for
        // people is masked like everything else.
        for (i, step) in self.field_steps.iter().enumerate() {
            self.apply(&mut stepped, i, *step);
        }
        layout.render(&mut stepped.row);
        for (i, step) in self.row_steps.iter().enumerate() {
            if stepped.verdict != Outcome::Keep {
                break;
            }
            self.apply(&mut stepped, self.field_steps.len() + i, *step);
        }
        Done::Row(Box::new(stepped))
    }

    fn apply(&self, stepped: &mut Stepped, number: usize, step: &dyn Step) {
        let before = super::changes::Before::of(&stepped.row);
        let outcome = step.apply(&mut stepped.row);
        if before.differs(&stepped.row) {
            stepped.changed.push(number);
            if self.watch != Watch::Off {
                before.log(&stepped.row, step.name(), &mut stepped.changes);
            }
        }
        if stepped.verdict == Outcome::Keep || matches!(outcome, Outcome::Fail(_)) {
            stepped.verdict = outcome;
        }
    }

    fn step_name(&self, number: usize) -> &str {
        let fields = self.field_steps.len();
        if number < fields { self.field_steps[number].name() } else { self.row_steps[number - fields].name() }
    }
}

/// The traffic between the reading thread and the working ones.
struct Flow {
    job_sender: mpsc::SyncSender<(u64, Vec<Work>)>,
    done: mpsc::Receiver<(u64, std::thread::Result<Vec<Done>>)>,
    sent: u64,
    taken: u64,
    waiting: BTreeMap<u64, Vec<Done>>,
}

impl Flow {
    /// Reads, hands out, takes back in order. At most `in_flight` chunks are in memory.
    fn drive(
        &mut self,
        source: &mut dyn Source,
        in_flight: u64,
        settle: &mut dyn FnMut(Done) -> Result<(), PrepareError>,
    ) -> Result<(), PrepareError> {
        loop {
            let chunk = read_chunk(source)?;
            let last = chunk.is_empty();
            if !last {
                self.job_sender.send((self.sent, chunk)).expect("workers outlive the sender");
                self.sent += 1;
            }
            while self.sent - self.taken >= if last { 1 } else { in_flight } {
                self.take(settle)?;
            }
            if last {
                return Ok(());
            }
        }
    }

    fn take(&mut self, settle: &mut dyn FnMut(Done) -> Result<(), PrepareError>) -> Result<(), PrepareError> {
        let chunk = loop {
            if let Some(chunk) = self.waiting.remove(&self.taken) {
                break chunk;
            }
            let (number, result) = self.done.recv().expect("a chunk that was sent comes back");
            self.waiting.insert(number, result.unwrap_or_else(|panic| resume_unwind(panic)));
        };
        self.taken += 1;
        chunk.into_iter().try_for_each(settle)
    }
}

fn read_chunk(source: &mut dyn Source) -> Result<Vec<Work>, SourceError> {
    let mut chunk = Vec::with_capacity(CHUNK_ROWS);
    while chunk.len() < CHUNK_ROWS {
        match source.next_item()? {
            None => break,
            Some(Item::Record(record)) => chunk.push(Work::Row(Box::new(record))),
            Some(Item::Rejected(rejection)) => chunk.push(Work::Rejected(rejection)),
        }
    }
    Ok(chunk)
}

/// The last, sequential part: ordered steps, counting, handing out.
struct Tally<'a, 'b> {
    runner: &'a Runner<'b>,
    counts: Counts,
    ids: HashSet<u128>,
}

impl Tally<'_, '_> {
    fn settle(
        &mut self,
        done: Done,
        layout: &Layout,
        ordered: &mut [&mut dyn OrderedStep],
        sink: &mut dyn FnMut(Prepared) -> std::io::Result<()>,
    ) -> Result<(), PrepareError> {
        self.counts.rows_in += 1;
        let mut stepped = match done {
            Done::Rejected(mut rejection) => {
                rejection.text = (self.runner.redact)(&rejection.text);
                *self.counts.rejected.entry(rejection.reason.clone()).or_default() += 1;
                return Ok(sink(Prepared::Rejected(rejection))?);
            }
            Done::Row(stepped) => stepped,
        };
        let id = self.public_id(&stepped);
        self.check_id(&stepped.row, &id)?;
        for number in &stepped.changed {
            *self.counts.changed.entry(self.runner.step_name(*number).to_owned()).or_default() += 1;
        }
        for step in ordered {
            if stepped.verdict == Outcome::Keep {
                stepped.verdict = step.apply(&mut stepped.row);
            }
        }
        let prepared = self.conclude(id, *stepped, layout);
        Ok(sink(prepared)?)
    }

    fn conclude(&mut self, id: String, stepped: Stepped, layout: &Layout) -> Prepared {
        let Stepped { row, verdict, mut changes, .. } = stepped;
        match verdict {
            Outcome::Keep => {
                self.counts.rows_out += 1;
                if self.runner.watch == Watch::Redacted {
                    for change in &mut changes {
                        change.redact(self.runner.redact);
                    }
                }
                Prepared::Example(layout.example(id, &row), changes)
            }
            Outcome::Reject(reason) => {
                *self.counts.rejected.entry(reason.code.to_string()).or_default() += 1;
                Prepared::Rejected(set_aside(id, &row, reason, Masked::Yes))
            }
            Outcome::Fail(reason) => {
                *self.counts.failed.entry(reason.code.to_string()).or_default() += 1;
                Prepared::Failed(set_aside(id, &row, reason, Masked::Unknown))
            }
        }
    }

    /// `source#key`; a key that is itself personal (an address, a telephone number) is replaced by the
    /// row's number in its source.
    fn public_id(&self, stepped: &Stepped) -> String {
        let id = stepped.row.id();
        if stepped.personal_key {
            format!("{}#row:{}", id.source, self.counts.rows_in)
        } else {
            id.to_string()
        }
    }

    /// Ids are kept as 128-bit hashes: a million rows are 32 MB, and a false alarm is out of reach.
    fn check_id(&mut self, row: &DraftRow, public: &str) -> Result<(), PrepareError> {
        let id = row.id();
        if self.ids.insert(crate::hash::hash128(0, &[id.source.as_bytes(), id.key.as_bytes()])) {
            return Ok(());
        }
        Err(PrepareError::DuplicateId { id: public.to_owned() })
    }
}

#[derive(Clone, Copy)]
enum Masked {
    Yes,
    Unknown,
}

/// The note of a row that was set aside. Where a step failed, its text may not be masked and is left out.
fn set_aside(id: String, row: &DraftRow, reason: Reason, masked: Masked) -> Rejection {
    let text = match masked {
        Masked::Yes if row.response.is_empty() => row.prompt.clone(),
        Masked::Yes => format!("{}\n{}", row.prompt, row.response),
        Masked::Unknown => String::new(),
    };
    Rejection { id, reason: reason.code.into_owned(), detail: reason.detail, text }
}
