//! The file of answers: a header line that says whose they are, then one answer a line.
//!
//! Lines are only ever appended. A line without its end is what a kill left behind, and is cut off.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Answer, Asking, Finish, Question};
use crate::error::EvalError;

/// Layout of the file.
const FORMAT: u32 = 1;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    answers_format: u32,
    key: String,
}

/// The answers so far, and the file that holds them.
pub(super) struct AnswerLog {
    path: PathBuf,
    file: File,
    answers: HashMap<String, Answer>,
}

impl AnswerLog {
    /// Opens or begins the file of answers to the questions and settings that `key` stands for.
    pub(super) fn open(path: &Path, key: &str) -> Result<Self, EvalError> {
        let fault = || EvalError::file(path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fault())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault())?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(fault())?;
            file.seek(SeekFrom::End(0)).map_err(fault())?;
        }
        let mut log = Self { path: path.to_path_buf(), file, answers: HashMap::new() };
        let header = Header { answers_format: FORMAT, key: key.to_owned() };
        if whole == 0 {
            let line = serde_json::to_string(&header).expect("a header is plain data");
            log.write(&format!("{line}\n"))?;
        } else {
            log.read(&bytes[..whole], &header)?;
        }
        Ok(log)
    }

    fn read(&mut self, bytes: &[u8], expected: &Header) -> Result<(), EvalError> {
        for (index, line) in bytes[..bytes.len() - 1].split(|&b| b == b'\n').enumerate() {
            let damaged = |_| EvalError::DamagedAnswers { path: self.path.clone(), line: index + 1 };
            if index == 0 {
                let header: Header = serde_json::from_slice(line).map_err(damaged)?;
                if header != *expected {
                    return Err(EvalError::OtherRun { path: self.path.clone() });
                }
                continue;
            }
            let answer: Answer = serde_json::from_slice(line).map_err(damaged)?;
            // A later line of the same question replaces an earlier one, which had failed.
            self.answers.insert(answer.id.clone(), answer);
        }
        Ok(())
    }

    /// The answer to a question, where there is one that did not fail.
    pub(super) fn get(&self, id: &str) -> Option<&Answer> {
        self.answers.get(id).filter(|answer| !matches!(answer.finish, Finish::Failed(_)))
    }

    /// Appends the answers of a batch, and comes back when they are on the disk.
    pub(super) fn append(&mut self, answers: Vec<Answer>) -> Result<(), EvalError> {
        let mut lines = String::new();
        for answer in &answers {
            lines.push_str(&serde_json::to_string(answer).expect("an answer is plain data"));
            lines.push('\n');
        }
        self.write(&lines)?;
        self.answers.extend(answers.into_iter().map(|answer| (answer.id.clone(), answer)));
        Ok(())
    }

    fn write(&mut self, lines: &str) -> Result<(), EvalError> {
        self.file.write_all(lines.as_bytes()).map_err(EvalError::file(&self.path))?;
        self.file.sync_data().map_err(EvalError::file(&self.path))
    }

    /// The answers in the order of the questions, all of which have one.
    pub(super) fn into_order(mut self, questions: &[Question]) -> Vec<Answer> {
        questions.iter().filter_map(|question| self.answers.remove(&question.id)).collect()
    }
}

/// SHA-256 over everything that an answer depends on, in hexadecimal.
pub(super) fn key(questions: &[Question], asking: &Asking) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    };
    add(asking.identity);
    add(&format!("{:?}", asking.sampling));
    add(&format!("{:?}", asking.adapter));
    for question in questions {
        add(&question.id);
        add(&serde_json::to_string(&question.messages).expect("messages are plain data"));
        add(&serde_json::to_string(&question.tools).expect("tools are plain data"));
    }
    crate::text::hex(&digest.finalize())
}
