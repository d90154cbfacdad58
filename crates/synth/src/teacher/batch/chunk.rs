//! What is open, cut into files.

use std::collections::HashSet;
use std::io::{BufWriter, Write};

use super::super::job::Job;
use super::super::round::Open;
use super::super::{Key, Money, TeacherError, files};
use super::store::Store;
use super::{BatchSettings, BatchState, Stage};

/// The requests of a file to be.
#[derive(Default)]
struct Chunk<'a> {
    opens: Vec<&'a Open>,
    bytes: u64,
    tokens: u64,
    most: Money,
}

/// Cuts what is open and not under way into files, as much as the budget allows. Gives how many requests it does not.
pub(super) fn cut(
    job: &Job<'_>,
    settings: &BatchSettings,
    store: &mut Store,
    open: &[Open],
) -> Result<usize, TeacherError> {
    let under_way: HashSet<Key> = store.under_way()?;
    let most_tokens = store.limit(settings);
    let mut left = job.budget.map(|budget| budget.less(job.state.spent() + store.reserved()));
    let (mut chunk, mut over_budget) = (Chunk::default(), 0);
    for open in open.iter().filter(|open| !under_way.contains(&open.body.key)) {
        let usage = job.most(open);
        let (cost, tokens) = (job.prices.in_batch(usage), usage.prompt_tokens as u64);
        if left.is_some_and(|left| cost > left || job.budget == Some(Money::ZERO)) {
            over_budget += 1;
            continue;
        }
        left = left.map(|left| left.less(cost));
        let bytes = open.body.line(&settings.url).len() as u64;
        if bytes > settings.bytes {
            let id = job.plan.asks[open.ask].id.clone();
            return Err(TeacherError::LineTooLong { id, bytes, most: settings.bytes });
        }
        let full = chunk.opens.len() >= settings.lines
            || chunk.bytes + bytes > settings.bytes
            || most_tokens.is_some_and(|most| chunk.tokens + tokens > most);
        if full && !chunk.opens.is_empty() {
            write(&std::mem::take(&mut chunk), settings, store)?;
        }
        chunk.opens.push(open);
        (chunk.bytes, chunk.tokens) = (chunk.bytes + bytes, chunk.tokens + tokens);
        chunk.most += cost;
    }
    if !chunk.opens.is_empty() {
        write(&chunk, settings, store)?;
    }
    Ok(over_budget)
}

/// Writes a file's lines, then its keys, then its state: only with the last it is there.
fn write(chunk: &Chunk<'_>, settings: &BatchSettings, store: &mut Store) -> Result<(), TeacherError> {
    store.create()?;
    let number = store.next_number();
    files::write(&store.lines(number), &mut |file| {
        let mut file = BufWriter::new(file);
        chunk.opens.iter().try_for_each(|open| file.write_all(open.body.line(&settings.url).as_bytes()))?;
        file.flush()
    })?;
    files::write(&store.keys_file(number), &mut |file| {
        let mut file = BufWriter::new(file);
        chunk.opens.iter().try_for_each(|open| writeln!(file, "{}", open.body.key))?;
        file.flush()
    })?;
    store.put(BatchState {
        number,
        lines: chunk.opens.len(),
        tokens: chunk.tokens,
        most: chunk.most,
        file: None,
        batch: None,
        past: Vec::new(),
        stage: Stage::Queued,
    })
}
