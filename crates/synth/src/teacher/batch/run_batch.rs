//! Files for `vllm run-batch`: the same lines, answered on a machine of one's own.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

use super::super::error::io;
use super::super::job::Job;
use super::super::round::Standing;
use super::super::settings::without_keys;
use super::super::{Money, Prices, TeacherError, files};
use super::output::Reading;
use super::{BatchSettings, Read};

/// Writes what is open into one file for `vllm run-batch -i FILE -o OUTPUT`; gives the number of lines. The budget says
/// nothing here: nobody else is paid.
///
/// # Errors
/// [`TeacherError::Io`].
pub fn write_run_batch(job: &Job<'_>, settings: &BatchSettings, path: &Path) -> Result<usize, TeacherError> {
    let open = Standing::of(job.plan, job.state)?.open;
    files::write(path, &mut |file| {
        let mut file = BufWriter::new(file);
        open.iter().try_for_each(|open| file.write_all(open.body.line(&settings.url).as_bytes()))?;
        file.flush()
    })?;
    Ok(open.len())
}

/// Keeps the answers in a file that `vllm run-batch` wrote. What has to be asked again is open afterwards: write the
/// next file, until nothing is open.
///
/// # Errors
/// [`TeacherError::Io`], [`TeacherError::Refusing`] where every line is refused, and [`TeacherError::NoAnswers`] where
/// none is an answer.
pub fn read_run_batch(job: &Job<'_>, path: &Path) -> Result<Read, TeacherError> {
    let open = Standing::of(job.plan, job.state)?.open;
    let keys = open.iter().map(|open| open.body.key);
    let hidden = |text: &str| without_keys(text);
    let mut reading = Reading::new(job.state, Prices::default(), Money::ZERO, keys, &hidden);
    let file = File::open(path).map_err(io("read", path))?;
    reading.file(BufReader::new(file))?.map_err(io("read", path))?;
    reading.keep()?;
    let (read, faults) = (reading.read, std::mem::take(&mut reading.faults));
    if let Some((_, fault)) = faults.first().filter(|_| read.answered == 0 && read.missing == 0) {
        let url = path.display().to_string();
        let (status, said) = (fault.status, fault.said.clone());
        return Err(TeacherError::Refusing { url, status, said, kept: job.kept() });
    }
    if read.answered + read.refused == 0 {
        check(job, path)?;
    }
    for (key, fault) in faults {
        job.state.note_fault(key, fault)?;
    }
    Ok(read)
}

/// Looks why a file gave nothing: at the first line that is no answer to what was ever asked here.
fn check(job: &Job<'_>, path: &Path) -> Result<(), TeacherError> {
    let known = job.state.answered_ids();
    let open = Standing::of(job.plan, job.state)?.open;
    let open: HashSet<String> = open.iter().map(|open| open.body.key.custom_id()).collect();
    let file = BufReader::new(File::open(path).map_err(io("read", path))?);
    let fault = |line, what| Err(TeacherError::NoAnswers { path: path.to_owned(), line, what });
    let mut last = 0;
    for (at, line) in file.split(b'\n').enumerate() {
        let line = line.map_err(io("read", path))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        last = at + 1;
        let Ok(value) = serde_json::from_slice::<Value>(&line) else { return fault(last, "is no JSON") };
        let id = value["custom_id"].as_str().unwrap_or_default();
        let has = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
        let what = if id.is_empty() {
            "has no `custom_id`"
        } else if has("response") || has("error") {
            "answers nothing that was asked here"
        } else if has("body") {
            "is a question, as `moru batch write` writes them"
        } else {
            "has neither `response` nor `error`"
        };
        let is_answer = has("response") || has("error");
        if !is_answer || !(open.contains(id) || known.contains(id)) {
            return fault(last, what);
        }
    }
    if last == 0 { fault(1, "is not there, because the file is empty") } else { Ok(()) }
}
