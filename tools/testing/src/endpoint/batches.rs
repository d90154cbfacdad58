//! Files and batches of the double, and how batches end.

use serde_json::{Value, json};

use super::wire::{Reply, Request};
use super::{Stored, World, prompt_tokens};

/// How a batch ends. The default is completed, with every answer in order, at the first look.
#[derive(Debug, Clone, Default)]
pub struct Fate {
    /// Looks before it has ended.
    pub looks: usize,
    /// With what.
    pub ends: Ends,
    /// Only so many of its first lines are run, where it expires or is cancelled.
    pub run: Option<usize>,
    /// Lines that fail with a status, by their place.
    pub fail: Vec<(usize, u16)>,
    /// So many of its first answers stand there twice.
    pub twice: usize,
    /// So many of its last lines are in no file.
    pub lost: usize,
    /// Answers stand in reverse order.
    pub reversed: bool,
    /// The file of answers ends with half a line, and holds one of a stranger.
    pub torn: bool,
    /// Looks for which it is completed and names no file.
    pub nameless: usize,
}

/// With what a batch ends.
#[derive(Debug, Clone, Default)]
pub enum Ends {
    /// `completed`.
    #[default]
    Completed,
    /// `expired`.
    Expired,
    /// `failed`, with a code and a message.
    Failed(&'static str, &'static str),
}

pub(super) struct Batch {
    id: String,
    input: String,
    fate: Fate,
    looks: usize,
    status: &'static str,
    tokens: usize,
    output: Option<String>,
    errors: Option<String>,
    total: usize,
    done: usize,
}

impl Batch {
    fn is_unfinished(&self) -> bool {
        matches!(self.status, "validating" | "in_progress" | "finalizing" | "cancelling")
    }

    fn json(&self) -> Value {
        let fault = match &self.fate.ends {
            Ends::Failed(code, message) if self.status == "failed" => {
                json!({"object": "list", "data": [{"code": code, "message": message, "line": null}]})
            }
            _ => Value::Null,
        };
        let nameless = self.status == "completed" && self.looks <= self.fate.looks + self.fate.nameless;
        let file = |id: &Option<String>| if nameless { Value::Null } else { json!(id) };
        json!({
            "id": self.id, "object": "batch", "endpoint": "/v1/chat/completions", "errors": fault,
            "input_file_id": self.input, "status": self.status,
            "output_file_id": file(&self.output), "error_file_id": file(&self.errors),
            "request_counts": {"total": self.total, "completed": self.done, "failed": 0},
        })
    }
}

impl World {
    pub(super) fn upload(&mut self, request: &Request) -> Reply {
        let Some((bytes, purpose)) = request.form() else {
            return Reply::error(400, "invalid_form", "no form with a file");
        };
        if purpose != "batch" {
            return Reply::error(400, "invalid_purpose", "the purpose is not batch");
        }
        let id = format!("file-in{:04}", self.files.len());
        let length = bytes.len();
        self.files.insert(id.clone(), Stored { bytes, late: self.late_files });
        Reply::json(200, &json!({"id": id, "object": "file", "bytes": length, "purpose": purpose}))
    }

    pub(super) fn content(&mut self, id: &str) -> Reply {
        match self.files.get_mut(id) {
            Some(file) if file.late > 0 => {
                file.late -= 1;
                Reply::error(404, "not_found", "No such File object")
            }
            Some(file) => Reply { status: 200, body: file.bytes.clone(), ..Reply::default() },
            None => Reply::error(404, "not_found", "No such File object"),
        }
    }

    pub(super) fn make(&mut self, body: &[u8]) -> Reply {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let input = value["input_file_id"].as_str().unwrap_or_default().to_owned();
        let Some(file) = self.files.get_mut(&input).filter(|file| file.late == 0) else {
            if let Some(file) = self.files.get_mut(&input) {
                file.late -= 1;
            }
            return Reply::error(400, "invalid_request_error", "The file input_file_id was not found");
        };
        let lines = lines(&file.bytes);
        let tokens = lines.iter().map(|line| prompt_tokens(&line["body"])).sum();
        let enqueued: usize = self.batches.iter().filter(|b| b.is_unfinished()).map(|b| b.tokens).sum();
        let mut fate = self.fates.pop_front().unwrap_or_default();
        if self.queue_tokens.is_some_and(|most| enqueued + tokens > most) {
            let said = "Enqueued token limit reached for m. Please try again once some in_progress batches have been completed.";
            fate = Fate { ends: Ends::Failed("token_limit_exceeded", said), ..Fate::default() };
        }
        let batch = Batch {
            id: format!("batch_{:04}", self.batches.len()),
            input,
            fate,
            looks: 0,
            status: "validating",
            tokens,
            output: None,
            errors: None,
            total: lines.len(),
            done: 0,
        };
        let made = batch.json();
        self.batches.push(batch);
        Reply::json(200, &made)
    }

    /// Two a page, newest first, as OpenAI lists them.
    pub(super) fn list(&self, path: &str) -> Reply {
        let after = path.split_once("after=").map(|(_, id)| id.split('&').next().unwrap_or_default());
        let newest: Vec<&Batch> = self.batches.iter().rev().collect();
        let from =
            after.map_or(0, |id| newest.iter().position(|b| b.id == id).map_or(newest.len(), |at| at + 1));
        let page: Vec<Value> = newest[from..].iter().take(2).map(|batch| batch.json()).collect();
        let has_more = from + page.len() < newest.len();
        Reply::json(200, &json!({"object": "list", "data": page, "has_more": has_more}))
    }

    pub(super) fn look(&mut self, id: &str) -> Reply {
        let Some(at) = self.batches.iter().position(|batch| batch.id == id) else {
            return Reply::error(404, "not_found", &format!("No batch found with id '{id}'"));
        };
        self.batches[at].looks += 1;
        if self.batches[at].is_unfinished() {
            self.go_on(at);
        }
        Reply::json(200, &self.batches[at].json())
    }

    pub(super) fn cancel(&mut self, id: &str) -> Reply {
        match self.batches.iter_mut().find(|batch| batch.id == id) {
            Some(batch) if batch.is_unfinished() => {
                batch.status = "cancelling";
                Reply::json(200, &batch.json())
            }
            Some(_) => Reply::error(409, "conflict", "Cannot cancel a batch that has ended"),
            None => Reply::error(404, "not_found", "No batch found"),
        }
    }

    fn go_on(&mut self, at: usize) {
        let batch = &mut self.batches[at];
        if batch.looks <= batch.fate.looks {
            batch.status = if batch.status == "cancelling" { "cancelling" } else { "in_progress" };
            return;
        }
        batch.status = match (batch.status, &batch.fate.ends) {
            ("cancelling", _) => "cancelled",
            (_, Ends::Completed) => "completed",
            (_, Ends::Expired) => "expired",
            (_, Ends::Failed(..)) => "failed",
        };
        if batch.status != "failed" {
            self.answer_all(at);
        }
    }

    /// Runs the lines and writes both files, of which each is there only if it holds something.
    fn answer_all(&mut self, at: usize) {
        let (fate, input, status) =
            (self.batches[at].fate.clone(), self.batches[at].input.clone(), self.batches[at].status);
        let bytes = self.files[&input].bytes.clone();
        let all = lines(&bytes);
        let run = if status == "completed" { all.len() } else { fate.run.unwrap_or(0) };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        for (i, line) in all.iter().enumerate().take(all.len() - fate.lost.min(all.len())) {
            let id = &line["custom_id"];
            let failed = fate.fail.iter().find(|(place, _)| *place == i);
            if i >= run {
                let code = format!("batch_{status}");
                errors.push(json!({"id": format!("r{i}"), "custom_id": id, "response": null,
                    "error": {"code": code, "message": "This request could not be executed."}}));
            } else if let Some((_, status)) = failed {
                errors.push(json!({"id": format!("r{i}"), "custom_id": id, "error": null, "response": {
                    "status_code": status, "request_id": "x", "body": {"error": {"message": "it cannot", "code": "bad"}}}}));
            } else {
                let body = body_bytes(&bytes, i);
                let answer = self.completion(&line["body"], &body);
                output.push(json!({"id": format!("r{i}"), "custom_id": id, "error": null,
                    "response": {"status_code": 200, "request_id": "x", "body": answer}}));
            }
        }
        self.batches[at].done = output.len();
        output.extend_from_within(..fate.twice.min(output.len()));
        if fate.reversed {
            output.reverse();
        }
        let mut text = written(&output);
        if fate.torn {
            text += "{\"custom_id\": \"stranger\", \"response\": null}\n{\"custom_id\": \"";
        }
        self.batches[at].output = (!output.is_empty()).then(|| self.store("out", text));
        self.batches[at].errors = (!errors.is_empty()).then(|| self.store("err", written(&errors)));
    }

    fn store(&mut self, kind: &str, text: String) -> String {
        let id = format!("file-{kind}{:04}", self.files.len());
        self.files.insert(id.clone(), Stored { bytes: text.into_bytes(), late: self.late_outputs });
        id
    }
}

fn written(lines: &[Value]) -> String {
    lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n")
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// The bytes of a line's body, as they stand there: it is the last member.
fn body_bytes(bytes: &[u8], line: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().nth(line).unwrap_or_default();
    let body = line.split_once("\"body\":").map_or("", |(_, body)| body);
    body.strip_suffix('}').unwrap_or(body).to_owned()
}
