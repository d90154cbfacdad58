//! What a judge said, on disk, by the digest of what it was asked.
//!
//! Lines are only ever appended, and each has a checksum. Half a line at the end is what a kill left behind; the next
//! line begins behind it. A line that is damaged is as if it were not there: its question is asked again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chat::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::EvalError;
use crate::text::hex;

/// Names a request: the digest of who is asked and of all that the reply depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Key(String);

impl Key {
    /// The key of a request to the judge of this identity.
    pub(super) fn of(identity: &str, request: &Request) -> Self {
        let body = json!({
            "judge": identity,
            "messages": request.messages,
            "schema": request.schema,
            "max_tokens": request.sampling.max_tokens,
            "temperature": f64::from(request.sampling.temperature),
            "seed": request.sampling.seed,
        });
        Self(hex(&Sha256::digest(body.to_string().as_bytes())))
    }
}

/// A reply as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reply {
    /// What was said.
    pub text: String,
    /// Whether it was cut off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Tokens of the prompt.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Tokens of the reply.
    #[serde(default)]
    pub completion_tokens: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: Key,
    #[serde(flatten)]
    reply: Reply,
}

/// Hexadecimal digits of a line's checksum.
const SUM: usize = 16;

/// The replies so far, and the file that holds them.
pub(super) struct ReplyLog {
    path: PathBuf,
    file: File,
    replies: HashMap<Key, Reply>,
    is_torn: bool,
}

impl ReplyLog {
    /// Opens or begins a file of replies.
    pub(super) fn open(path: &Path) -> Result<Self, EvalError> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(EvalError::file(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(EvalError::file(path))?;
        let is_torn = bytes.last().is_some_and(|&byte| byte != b'\n');
        // The first reply stays: what was told of it was told.
        let mut replies = HashMap::new();
        for line in bytes.split(|&byte| byte == b'\n').filter_map(read) {
            replies.entry(line.key).or_insert(line.reply);
        }
        Ok(Self { path: path.to_owned(), file, replies, is_torn })
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Reply> {
        self.replies.get(key)
    }

    /// Appends replies, and comes back when they are on the disk.
    pub(super) fn append(&mut self, replies: Vec<(Key, Reply)>) -> Result<(), EvalError> {
        let mut lines = if std::mem::take(&mut self.is_torn) { "\n".to_owned() } else { String::new() };
        for (key, reply) in &replies {
            let line = Line { key: key.clone(), reply: reply.clone() };
            let json = serde_json::to_string(&line).expect("a reply is plain data");
            lines.push_str(&format!("{} {json}\n", sum(json.as_bytes())));
        }
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_data());
        if written.is_err() {
            self.is_torn = true;
        }
        written.map_err(EvalError::file(&self.path))?;
        self.replies.extend(replies);
        Ok(())
    }
}

fn sum(json: &[u8]) -> String {
    hex(&Sha256::digest(json)[..SUM / 2])
}

fn read(line: &[u8]) -> Option<Line> {
    let (said, json) = line.split_at_checked(SUM + 1)?;
    (said[..SUM] == *sum(json).as_bytes() && said[SUM] == b' ').then(|| serde_json::from_slice(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key(format!("{n:04}"))
    }

    fn reply(n: usize) -> Reply {
        Reply {
            text: format!("판정 {n}\n"),
            is_cut: n.is_multiple_of(2),
            prompt_tokens: 1,
            completion_tokens: 2,
        }
    }

    #[test]
    fn cut_anywhere_it_loses_at_most_the_line_at_the_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("verdicts.jsonl");
        let mut log = ReplyLog::open(&path).unwrap();
        log.append((0..4).map(|n| (key(n), reply(n))).collect()).unwrap();
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').map(|i| i + 1).collect();
        // Every byte near a line's end, and some of the others: each is written to the disk.
        let near = |cut: usize| ends.iter().any(|end| cut.abs_diff(*end) < 3) || cut.is_multiple_of(37);
        for cut in (0..=whole.len()).filter(|&cut| near(cut)) {
            testing::mutation::write_new(&path, &whole[..cut]);
            let mut log = ReplyLog::open(&path).unwrap();
            // A line that lacks nothing but its end is whole.
            let lines = ends.iter().filter(|&&end| end <= cut + 1).count();
            assert_eq!(log.replies.len(), lines, "cut at {cut}");
            log.append(vec![(key(9), reply(9))]).unwrap();
            drop(log);
            let log = ReplyLog::open(&path).unwrap();
            assert_eq!(log.get(&key(9)), Some(&reply(9)), "cut at {cut}");
            assert!((0..lines).all(|n| log.get(&key(n)) == Some(&reply(n))), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_line_is_as_if_it_were_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("verdicts.jsonl");
        ReplyLog::open(&path).unwrap().append((0..5).map(|n| (key(n), reply(n))).collect()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut draws = testing::mutation::Draws::new(3);
        for _ in 0..200 {
            testing::mutation::write_new(&path, &testing::mutation::mutated(&whole, &mut draws));
            let log = ReplyLog::open(&path).unwrap();
            for n in 0..5 {
                assert!(
                    log.get(&key(n)).is_none_or(|found| *found == reply(n)),
                    "a reply is right or absent"
                );
            }
        }
    }
}
