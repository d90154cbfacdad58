//! What is said to the endpoint about batches.

use std::fs::File;
use std::io::BufReader;

use serde_json::{Value, json};

use super::super::endpoint::{Ended, Waiting};
use super::super::error::{Kept, io};
use super::super::http::{Heard, Lost};
use super::super::job::Event;
use super::super::{Endpoint, Money, TeacherError, retry};
use super::output::Reading;
use super::steps::Batches;
use super::{BatchState, Read, Stage};

const FILES: &str = "/files";
const BATCHES: &str = "/batches";

/// Pages of a hundred batches that are looked through.
const PAGES: usize = 20;

impl Batches<'_> {
    /// Uploads a batch's file, if it is not there, and has the batch made.
    pub(super) fn create(&mut self, number: u32) -> Result<(), TeacherError> {
        let mut batch = self.batch(number);
        let file = if let Some(file) = batch.file.clone() {
            file
        } else {
            let file = self.upload(number)?;
            batch.file = Some(file.clone());
            self.put(batch.clone(), None)?;
            file
        };
        // Made by a process that ended before it heard so.
        let unsure = batch.stage == Stage::Creating;
        batch.stage = Stage::Creating;
        self.put(batch.clone(), None)?;
        let made = match self.make(&batch, &file, unsure)? {
            Ok(made) => made,
            Err(refused) => {
                batch.stage = Stage::Queued;
                self.put(batch, None)?;
                return Err(self.bad(&refused, BATCHES, number));
            }
        };
        batch.batch = Some(self.text(&made, "id", BATCHES)?);
        batch.stage = running(&made);
        self.put(batch, None)
    }

    /// Has a batch made of a file, or gives back why the endpoint will not. Unsure whether it was made already, it looks
    /// for it first.
    fn make(
        &mut self,
        batch: &BatchState,
        file: &str,
        mut unsure: bool,
    ) -> Result<Result<Value, Heard>, TeacherError> {
        let body = json!({
            "completion_window": self.settings.window,
            "endpoint": self.settings.url,
            "input_file_id": file,
        });
        let body = body.to_string();
        let mut late = 0;
        loop {
            let endpoint = self.endpoint;
            let mut send = || {
                if std::mem::replace(&mut unsure, true)
                    && let Some(found) = find(endpoint, file, &batch.past)?
                {
                    return Ok(Heard {
                        status: 200,
                        body: found.to_string().into_bytes(),
                        ..Heard::default()
                    });
                }
                endpoint.http.post(BATCHES, &body)
            };
            let heard = patient(self, &mut send, u64::from(batch.number), BATCHES)?;
            if heard.status < 300 {
                return self.json(&heard_json(&heard), BATCHES).map(Ok);
            }
            // A file that was just uploaded may not be visible for a moment.
            late += 1;
            if !self.is_late_file(&heard) || late >= self.endpoint.settings().attempts {
                return Ok(Err(heard));
            }
            self.pause(late, batch.number, "the file is not visible yet")?;
        }
    }

    fn upload(&mut self, number: u32) -> Result<String, TeacherError> {
        let path = self.store.lines(number);
        let mut fault = None;
        let endpoint = self.endpoint;
        let mut send = || match endpoint.http.upload(FILES, &path, "batch") {
            Ok(heard) => heard,
            Err(error) => {
                fault = Some(error);
                Ok(Heard::default())
            }
        };
        let heard = patient(self, &mut send, u64::from(number), FILES)?;
        if let Some(error) = fault {
            return Err(error);
        }
        if heard.status >= 300 {
            return Err(self.bad(&heard, FILES, number));
        }
        let file = self.json(&heard_json(&heard), FILES)?;
        self.text(&file, "id", FILES)
    }

    /// Asks how a batch stands.
    pub(super) fn poll(&mut self, number: u32) -> Result<(), TeacherError> {
        let mut batch = self.batch(number);
        let found = self.found(number, batch.batch.as_deref().unwrap_or_default())?;
        match found["status"].as_str() {
            Some("failed") => self.failed(number, &found),
            Some(status @ ("completed" | "expired" | "cancelled")) => {
                let (output, errors) = (file_id(&found, "output_file_id"), file_id(&found, "error_file_id"));
                batch.stage = Stage::Ended { status: status.to_owned(), output, errors };
                self.put(batch, None)
            }
            Some(_) => {
                let stage = running(&found);
                if stage == batch.stage {
                    return Ok(());
                }
                batch.stage = stage;
                self.put(batch, None)
            }
            None => Err(self.unusable(BATCHES, "a batch without a status")),
        }
    }

    /// A batch as the endpoint tells of it.
    fn found(&mut self, number: u32, id: &str) -> Result<Value, TeacherError> {
        let path = format!("{BATCHES}/{id}");
        let mut empty = 0;
        loop {
            let endpoint = self.endpoint;
            let heard = patient(self, &mut || endpoint.http.get(&path), u64::from(number), &path)?;
            if heard.status == 404 {
                return Err(TeacherError::ForeignBatch {
                    url: self.endpoint.http.url(BATCHES),
                    id: id.to_owned(),
                    number,
                });
            }
            if heard.status >= 300 {
                return Err(self.bad(&heard, &path, number));
            }
            let found = self.json(&heard_json(&heard), &path)?;
            // A batch may be completed before it names its files.
            empty += 1;
            let nameless = found["status"] == "completed"
                && file_id(&found, "output_file_id").is_none()
                && file_id(&found, "error_file_id").is_none();
            if !nameless || empty >= self.endpoint.settings().attempts {
                return Ok(found);
            }
            self.pause(empty, number, "the batch is completed and names no file yet")?;
        }
    }

    /// A batch that was made and cannot be run.
    fn failed(&mut self, number: u32, found: &Value) -> Result<(), TeacherError> {
        let mut batch = self.batch(number);
        let fault = &found["errors"]["data"][0];
        let word = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        let (code, said) = (word("code"), self.endpoint.http.hidden(&word("message")));
        let id = batch.batch.take().unwrap_or_default();
        batch.past.push(id.clone());
        batch.stage = Stage::Queued;
        let others = self.store.enqueued().saturating_sub(batch.tokens);
        let late =
            is_missing_file(&code, &said) && batch.past.len() < self.endpoint.settings().attempts as usize;
        if code == "token_limit_exceeded" && others > 0 {
            // It waits until others have ended.
            self.store.learn_limit((others + batch.tokens).saturating_sub(1))?;
        } else if code == "token_limit_exceeded" && batch.lines > 1 {
            // It is too large by itself: what it holds goes into smaller ones.
            self.store.learn_limit((batch.tokens / 2).max(batch.tokens.div_ceil(batch.lines as u64)))?;
            self.put(batch, None)?;
            return self.over(number, "too_large", Some(said));
        } else if !late {
            self.put(batch, None)?;
            self.over(number, "failed", Some(said.clone()))?;
            return Err(TeacherError::Batch { id, code, said, kept: Kept::default() });
        }
        self.put(batch, Some(said))
    }

    /// Fetches the files of a batch that has ended, and keeps what they hold.
    pub(super) fn fetch(&mut self, number: u32) -> Result<(), TeacherError> {
        let batch = self.batch(number);
        let Stage::Ended { status, output, errors } = batch.stage.clone() else { return Ok(()) };
        let keys = self.store.keys(number)?;
        let http = &self.endpoint.http;
        let hidden = |text: &str| http.hidden(text);
        let each = Money::of(batch.most.amount() / batch.lines.max(1) as f64);
        let mut reading = Reading::new(self.job.state, self.job.prices, each, keys, &hidden);
        for (which, file) in [("output", output), ("errors", errors)] {
            let Some(file) = file else { continue };
            let path = self.download(number, which, &file)?;
            let opened = File::open(&path).map_err(io("read", &path))?;
            reading.file(BufReader::new(opened))?.map_err(io("read", &path))?;
        }
        reading.keep()?;
        let (read, faults) = (reading.read, std::mem::take(&mut reading.faults));
        let nothing = read.answered == 0 && read.missing == 0 && self.job.state.answers() == 0;
        if let Some((_, fault)) = faults.first().filter(|_| nothing) {
            let (said, code) = (fault.said.clone(), fault.status);
            let read = Read { missing: read.refused, refused: 0, ..read };
            self.put(BatchState { stage: Stage::Over { status, read }, ..batch }, Some(said.clone()))?;
            let url = self.endpoint.http.url("");
            return Err(TeacherError::Refusing { url, status: code, said, kept: Kept::default() });
        }
        for (key, fault) in faults {
            self.job.state.note_fault(key, fault)?;
        }
        if read.answered > 0 {
            self.store.widen_limit()?;
        }
        self.put(BatchState { stage: Stage::Over { status, read }, ..batch }, None)
    }

    fn download(&mut self, number: u32, which: &str, id: &str) -> Result<std::path::PathBuf, TeacherError> {
        let path = format!("{FILES}/{id}/content");
        let place = self.store.output(number, which);
        let mut late = 0;
        loop {
            let mut fault = None;
            let endpoint = self.endpoint;
            let mut send = || {
                let begun =
                    File::create(&place).and_then(|mut file| endpoint.http.download(&path, &mut file));
                begun.unwrap_or_else(|error| {
                    fault = Some(error);
                    Ok(Heard::default())
                })
            };
            let heard = patient(self, &mut send, u64::from(number), &path)?;
            if let Some(source) = fault {
                return Err(TeacherError::Io { action: "write", path: place, source });
            }
            if heard.status < 300 {
                return Ok(place);
            }
            late += 1;
            if heard.status != 404 {
                return Err(self.bad(&heard, &path, number));
            }
            if late >= self.endpoint.settings().attempts {
                let (url, kept) = (self.endpoint.http.url(&path), Kept::default());
                return Err(TeacherError::FileGone { url, number, kept });
            }
            self.pause(late, number, "the file of answers is not visible yet")?;
        }
    }

    /// Asks the endpoint to end a batch.
    pub(super) fn end(&mut self, number: u32) -> Result<(), TeacherError> {
        let id = self.batch(number).batch.unwrap_or_default();
        let path = format!("{BATCHES}/{id}/cancel");
        let endpoint = self.endpoint;
        let heard = patient(self, &mut || endpoint.http.post(&path, "{}"), u64::from(number), &path)?;
        // One that has ended meanwhile cannot be cancelled, and is fetched as it is.
        if heard.status >= 300 && !matches!(heard.status, 400 | 404 | 409) {
            return Err(self.bad(&heard, &path, number));
        }
        self.poll(number)
    }

    fn pause(&mut self, tries: u32, number: u32, why: &str) -> Result<(), TeacherError> {
        let wait = retry::backoff(self.endpoint.settings(), tries, u64::from(number));
        (self.on_event)(Event::Waiting { why: why.to_owned(), wait });
        let waited = super::super::clock::wait(&*self.endpoint.clock, wait, &self.halt);
        waited.then_some(()).ok_or(TeacherError::Cancelled { kept: Kept::default() })
    }

    fn is_late_file(&self, heard: &Heard) -> bool {
        let said = self.endpoint.said(heard);
        matches!(heard.status, 400 | 404) && is_missing_file(&said.code, &said.text)
    }

    fn bad(&self, heard: &Heard, path: &str, number: u32) -> TeacherError {
        let (said, kept) = (self.endpoint.said(heard), Kept::default());
        // A path of batches that the server does not have; one that lacks a file says so.
        let is_path = matches!(path, FILES | BATCHES) && !is_missing_file(&said.code, &said.text);
        if is_path && matches!(heard.status, 404 | 405 | 501) {
            return TeacherError::NoBatches { url: self.endpoint.http.url(path), status: heard.status, kept };
        }
        self.endpoint.over(heard, path).unwrap_or_else(|| TeacherError::Batch {
            id: format!("{number:04}"),
            code: format!("status {} {}", heard.status, said.code).trim_end().to_owned(),
            said: said.text,
            kept,
        })
    }

    fn json(&self, value: &Result<Value, String>, path: &str) -> Result<Value, TeacherError> {
        value.clone().map_err(|why| self.unusable(path, &why))
    }

    fn text(&self, value: &Value, name: &str, path: &str) -> Result<String, TeacherError> {
        let text = value[name].as_str().filter(|text| is_name(text)).map(ToOwned::to_owned);
        text.ok_or_else(|| self.unusable(path, &format!("JSON without `{name}`")))
    }

    fn unusable(&self, path: &str, why: &str) -> TeacherError {
        TeacherError::Answer { url: self.endpoint.http.url(path), why: why.to_owned() }
    }
}

/// A request with retries; ends with what was heard, or with an error.
fn patient(
    batches: &mut Batches<'_>,
    send: &mut dyn FnMut() -> Result<Heard, Lost>,
    draw: u64,
    path: &str,
) -> Result<Heard, TeacherError> {
    let (endpoint, halt) = (batches.endpoint, batches.halt.clone());
    let on_event = &mut *batches.on_event;
    let mut on_wait =
        |waiting: Waiting<'_>| on_event(Event::Waiting { why: waiting.why.to_owned(), wait: waiting.wait });
    let (url, kept) = (endpoint.http.url(path), Kept::default());
    match endpoint.patient(send, draw, &halt, &mut on_wait) {
        Ended::Heard(heard) => match endpoint.over(&heard, path) {
            Some(error) => Err(error),
            None => Ok(heard),
        },
        Ended::Failed { last, reached: false } => Err(TeacherError::Unreachable { url, cause: last, kept }),
        Ended::Failed { last, .. } => {
            let attempts = endpoint.settings().attempts;
            Err(TeacherError::Failing { url, requests: 1, attempts, last, kept })
        }
        Ended::TooBusy(wait) => Err(TeacherError::TooBusy { url, wait, kept }),
        Ended::Cancelled => Err(TeacherError::Cancelled { kept }),
    }
}

/// A batch of this file that was made and not heard of.
fn find(endpoint: &Endpoint, file: &str, known: &[String]) -> Result<Option<Value>, Lost> {
    let mut after = String::new();
    for _ in 0..PAGES {
        let heard = endpoint.http.get(&format!("{BATCHES}?limit=100{after}"))?;
        // An endpoint without a list has nothing to find.
        let Ok(page) = heard_json(&heard) else { return Ok(None) };
        let list = page["data"].as_array().cloned().unwrap_or_default();
        let last = list.last().and_then(|batch| batch["id"].as_str()).map(ToOwned::to_owned);
        let is_new = |batch: &Value| batch["id"].as_str().is_some_and(|id| !known.iter().any(|k| k == id));
        if let Some(found) = list.into_iter().find(|batch| batch["input_file_id"] == file && is_new(batch)) {
            return Ok(Some(found));
        }
        match last.filter(|_| page["has_more"] == true) {
            Some(id) if is_name(&id) => after = format!("&after={id}"),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn heard_json(heard: &Heard) -> Result<Value, String> {
    if heard.status >= 300 {
        return Err(format!("status {}", heard.status));
    }
    serde_json::from_slice(&heard.body).map_err(|error| format!("no JSON ({error})"))
}

/// A name goes into a path.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

fn file_id(batch: &Value, name: &str) -> Option<String> {
    batch[name].as_str().filter(|id| is_name(id)).map(ToOwned::to_owned)
}

fn is_missing_file(code: &str, said: &str) -> bool {
    let said = format!("{code} {said}").to_lowercase();
    let missing = ["not found", "not_found", "no such", "does not exist", "not exist", "not visible"];
    said.contains("file") && missing.iter().any(|words| said.contains(words))
}

fn running(batch: &Value) -> Stage {
    let counts = &batch["request_counts"];
    Stage::Running {
        status: batch["status"].as_str().unwrap_or("validating").to_owned(),
        done: counts["completed"].as_u64().unwrap_or(0),
        failed: counts["failed"].as_u64().unwrap_or(0),
    }
}
