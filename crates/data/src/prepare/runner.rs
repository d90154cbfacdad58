//! Streams rows through the steps on several threads, keeps their order, and accounts for each.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

use chat::example::Example;

use super::changes::{Before, Change, Watch};
use super::counts::Counts;
use super::layout::Layout;
use super::step::{DraftRow, OrderedStep, Outcome, Reason, Step};
use crate::record::Rejection;
use crate::sources::{Block, Item, Source, SourceError};

/// Rows that travel together between the threads.
const JOB_ROWS: usize = 256;
/// Rows that pass a step one after the other before any passes the next. The code of all steps together is
/// larger than a core's first cache of instructions; that of one step is not.
const BATCH_ROWS: usize = 16;
/// Most field and row steps.
const MOST_STEPS: usize = 64;

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
    /// What the row is called in outputs.
    id: String,
    /// What tells the row from all others.
    print: u128,
    row: DraftRow,
    verdict: Outcome,
    /// One bit for each step that changed the row.
    changed: u64,
    changes: Vec<Change>,
}

enum Done {
    Row {
        /// What tells the row from all others.
        print: u128,
        /// One bit for each step that changed the row.
        changed: u64,
        fate: Fate,
    },
    Rejected(Rejection),
    /// The row cannot be read, nor any after it.
    Broken(SourceError),
}

/// What is known of a row before the ordered steps.
enum Fate {
    /// Nothing can change it any more.
    Settled(Prepared),
    Open(Box<Stepped>),
}

impl Fate {
    fn id(&self) -> &str {
        match self {
            Self::Settled(Prepared::Example(example, _)) => &example.id,
            Self::Settled(Prepared::Rejected(note) | Prepared::Failed(note)) => &note.id,
            Self::Open(stepped) => &stepped.id,
        }
    }
}

/// Rows on their way to a thread.
struct Job {
    number: u64,
    /// The number in its source of the first row, counted from 1.
    first: u64,
    rows: Block,
    /// Rows that were handed out. A working thread drops them, as it made them: memory that one thread takes
    /// and another gives back makes both wait.
    spent: Vec<Prepared>,
}

/// What a thread made of a job, or the panic that ended it.
struct Finished {
    number: u64,
    rows: std::thread::Result<Vec<Done>>,
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
        sink: &mut dyn FnMut(&Prepared) -> std::io::Result<()>,
    ) -> Result<Counts, PrepareError> {
        let threads = self.threads.get();
        let mut ordered = std::mem::take(&mut self.ordered_steps);
        let this = &*self;
        let n_steps = self.field_steps.len() + self.row_steps.len();
        assert!(n_steps <= MOST_STEPS, "{n_steps} steps; at most {MOST_STEPS} are counted apart");
        let (counts, prints) = (Counts::default(), HashSet::default());
        let mut tally = Tally { runner: this, counts, changed: [0; MOST_STEPS], prints };
        let result = std::thread::scope(|scope| {
            let (job_sender, jobs) = mpsc::sync_channel::<Job>(2 * threads);
            let (done_sender, done) = mpsc::channel();
            let jobs = std::sync::Arc::new(Mutex::new(jobs));
            let settles = ordered.is_empty();
            for _ in 0..threads {
                let (jobs, done_sender) = (std::sync::Arc::clone(&jobs), done_sender.clone());
                scope.spawn(move || this.work(layout, settles, &jobs, &done_sender));
            }
            drop(done_sender);
            let waiting = BTreeMap::new();
            let mut flow = Flow { job_sender, done, sent: 0, taken: 0, rows: 0, waiting, spent: Vec::new() };
            flow.drive(source, 2 * threads as u64, &mut |done| tally.settle(done, layout, &mut ordered, sink))
        });
        let counts = tally.finish();
        self.ordered_steps = ordered;
        result.map(|()| counts)
    }

    /// One thread: takes jobs until there are no more. `settles` where no ordered step has a say.
    fn work(
        &self,
        layout: &Layout,
        settles: bool,
        jobs: &Mutex<mpsc::Receiver<Job>>,
        done: &mpsc::Sender<Finished>,
    ) {
        let mut before = Before::default();
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Job { number, first, rows, spent }) = job else { return };
            drop(spent);
            // A panic is carried to the caller; without that it would wait for this job for ever.
            let rows = catch_unwind(AssertUnwindSafe(|| self.job(rows, first, layout, settles, &mut before)));
            if done.send(Finished { number, rows }).is_err() {
                return;
            }
        }
    }

    fn job(&self, rows: Block, first: u64, layout: &Layout, settles: bool, before: &mut Before) -> Vec<Done> {
        let (mut done, mut numbers) = (Vec::with_capacity(rows.len()), first..);
        let mut batch = Vec::with_capacity(BATCH_ROWS);
        let mut take = |item| {
            let number = numbers.next().unwrap_or(u64::MAX);
            batch.push((item, number));
            if batch.len() == BATCH_ROWS {
                self.steps(&mut batch, layout, settles, before, &mut done);
            }
        };
        let unpacked = match rows {
            Block::Items(items) => {
                items.into_iter().for_each(&mut take);
                Ok(())
            }
            Block::Packed(rows) => rows.unpack(&mut take),
        };
        self.steps(&mut batch, layout, settles, before, &mut done);
        done.extend(unpacked.err().map(Done::Broken));
        done
    }

    /// Takes a batch of rows, each with its number in the source, through all steps.
    fn steps(
        &self,
        batch: &mut Vec<(Item, u64)>,
        layout: &Layout,
        settles: bool,
        before: &mut Before,
        done: &mut Vec<Done>,
    ) {
        let mut rows: Vec<_> = batch.drain(..).map(|(item, at)| self.begin(item, at, layout)).collect();
        let mut open: Vec<&mut Stepped> = rows.iter_mut().flatten().collect();
        // A row that is set aside still passes the other field steps, so that what is kept of it for
        // people is masked like everything else.
        for (i, step) in self.field_steps.iter().enumerate() {
            for stepped in &mut open {
                self.apply(i, *step, stepped, before);
            }
        }
        for stepped in &mut open {
            layout.render(&mut stepped.row);
        }
        for (i, step) in (self.field_steps.len()..).zip(&self.row_steps) {
            open.retain(|stepped| stepped.verdict == Outcome::Keep);
            for stepped in &mut open {
                self.apply(i, *step, stepped, before);
            }
        }
        done.extend(rows.into_iter().map(|row| match row {
            Err(rejection) => Done::Rejected(rejection),
            Ok(stepped) => {
                let (print, changed) = (stepped.print, stepped.changed);
                let settle = |stepped| Fate::Settled(self.conclude(stepped, layout));
                let fate = if settles { settle(stepped) } else { Fate::Open(Box::new(stepped)) };
                Done::Row { print, changed, fate }
            }
        }));
    }

    fn begin(&self, item: Item, at: u64, layout: &Layout) -> Result<Stepped, Rejection> {
        let mut record = match item {
            Item::Rejected(rejection) => return Err(rejection),
            Item::Record(record) => record,
        };
        let print = crate::hash::hash128(0, &[record.id.source.as_bytes(), record.id.key.as_bytes()]);
        // A key that is itself personal (an address, a telephone number) becomes the row's number in its
        // source, before any step can write it down.
        if (self.redact)(&record.id.key) != record.id.key {
            record.id.key = format!("row:{at}");
        }
        let id = record.id.text();
        let (row, verdict) = layout.draft(record);
        Ok(Stepped { id, print, row, verdict, changed: 0, changes: Vec::new() })
    }

    /// Takes a row through the step of a number.
    fn apply(&self, number: usize, step: &dyn Step, stepped: &mut Stepped, before: &mut Before) {
        let watched = step.changes_texts();
        if watched {
            before.keep(&stepped.row);
        }
        let outcome = step.apply(&mut stepped.row);
        if watched && before.differs(&stepped.row) {
            stepped.changed |= 1 << number;
            if self.watch != Watch::Off {
                before.log(&stepped.row, step.name(), &mut stepped.changes);
            }
        }
        if stepped.verdict == Outcome::Keep || matches!(outcome, Outcome::Fail(_)) {
            stepped.verdict = outcome;
        }
    }

    fn conclude(&self, stepped: Stepped, layout: &Layout) -> Prepared {
        let Stepped { id, row, verdict, mut changes, .. } = stepped;
        match verdict {
            Outcome::Keep => {
                if self.watch == Watch::Redacted {
                    for change in &mut changes {
                        change.redact(self.redact);
                    }
                }
                Prepared::Example(layout.example(id, row), changes)
            }
            Outcome::Reject(reason) => Prepared::Rejected(set_aside(id, &row, reason, Masked::Yes)),
            Outcome::Fail(reason) => Prepared::Failed(set_aside(id, &row, reason, Masked::Unknown)),
        }
    }

    fn step_names(&self) -> impl Iterator<Item = &str> {
        self.field_steps.iter().chain(&self.row_steps).map(|step| step.name())
    }
}

/// The traffic between the reading thread and the working ones.
struct Flow {
    job_sender: mpsc::SyncSender<Job>,
    done: mpsc::Receiver<Finished>,
    sent: u64,
    taken: u64,
    rows: u64,
    waiting: BTreeMap<u64, Vec<Done>>,
    spent: Vec<Prepared>,
}

/// Counts a row and hands it out.
type Settle<'a> = dyn FnMut(Done) -> Result<Prepared, PrepareError> + 'a;

impl Flow {
    /// Reads, hands out, takes back in order. At most `in_flight` jobs are in memory.
    fn drive(
        &mut self,
        source: &mut dyn Source,
        in_flight: u64,
        settle: &mut Settle<'_>,
    ) -> Result<(), PrepareError> {
        loop {
            let rows = source.next_block(JOB_ROWS)?;
            let last = rows.is_empty();
            if !last {
                let (number, first) = (self.sent, self.rows + 1);
                self.rows += rows.len() as u64;
                let job = Job { number, first, rows, spent: std::mem::take(&mut self.spent) };
                self.job_sender.send(job).expect("workers outlive the sender");
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

    fn take(&mut self, settle: &mut Settle<'_>) -> Result<(), PrepareError> {
        let rows = loop {
            if let Some(rows) = self.waiting.remove(&self.taken) {
                break rows;
            }
            let Finished { number, rows } = self.done.recv().expect("a job that was sent comes back");
            self.waiting.insert(number, rows.unwrap_or_else(|panic| resume_unwind(panic)));
        };
        self.taken += 1;
        for row in rows {
            self.spent.push(settle(row)?);
        }
        Ok(())
    }
}

/// A hash is a good hash of itself.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::hash::hash64(self.0, &[bytes]);
    }

    fn write_u128(&mut self, print: u128) {
        self.0 = print as u64;
    }
}

/// The last, sequential part: ordered steps, counting, handing out.
struct Tally<'a, 'b> {
    runner: &'a Runner<'b>,
    counts: Counts,
    /// How many rows each step changed.
    changed: [u64; MOST_STEPS],
    /// Ids are kept as 128-bit hashes: a million rows are 32 MB, and a false alarm is out of reach.
    prints: HashSet<u128, BuildHasherDefault<AsIs>>,
}

impl Tally<'_, '_> {
    fn settle(
        &mut self,
        done: Done,
        layout: &Layout,
        ordered: &mut [&mut dyn OrderedStep],
        sink: &mut dyn FnMut(&Prepared) -> std::io::Result<()>,
    ) -> Result<Prepared, PrepareError> {
        self.counts.rows_in += 1;
        let (print, changed, fate) = match done {
            Done::Broken(cause) => return Err(cause.into()),
            Done::Rejected(mut rejection) => {
                rejection.text = (self.runner.redact)(&rejection.text);
                *self.counts.rejected.entry(rejection.reason.clone()).or_default() += 1;
                let prepared = Prepared::Rejected(rejection);
                sink(&prepared)?;
                return Ok(prepared);
            }
            Done::Row { print, changed, fate } => (print, changed, fate),
        };
        if !self.prints.insert(print) {
            return Err(PrepareError::DuplicateId { id: fate.id().to_owned() });
        }
        for (step, n) in self.changed.iter_mut().enumerate() {
            *n += changed >> step & 1;
        }
        let prepared = match fate {
            Fate::Settled(prepared) => prepared,
            Fate::Open(mut stepped) => {
                for step in ordered {
                    if stepped.verdict == Outcome::Keep {
                        stepped.verdict = step.apply(&mut stepped.row);
                    }
                }
                self.runner.conclude(*stepped, layout)
            }
        };
        self.count(&prepared);
        sink(&prepared)?;
        Ok(prepared)
    }

    fn count(&mut self, prepared: &Prepared) {
        match prepared {
            Prepared::Example(..) => self.counts.rows_out += 1,
            Prepared::Rejected(rejection) => {
                *self.counts.rejected.entry(rejection.reason.clone()).or_default() += 1;
            }
            Prepared::Failed(rejection) => {
                *self.counts.failed.entry(rejection.reason.clone()).or_default() += 1;
            }
        }
    }

    fn finish(mut self) -> Counts {
        for (name, n) in self.runner.step_names().zip(self.changed).filter(|(_, n)| *n > 0) {
            *self.counts.changed.entry(name.to_owned()).or_default() += n;
        }
        self.counts
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
