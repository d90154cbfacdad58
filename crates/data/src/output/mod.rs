//! The files for people and trainers: chat messages, prompt–response pairs, and what was set aside.
//!
//! Each file is written beside its place and renamed when it is whole.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chat::example::{Example, Role};

use crate::record::Rejection;

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct OutputError {
    /// The file.
    pub path: PathBuf,
    /// The system's answer.
    #[source]
    pub cause: std::io::Error,
}

impl From<OutputError> for std::io::Error {
    /// Keeps the file's name, for a sink that speaks of input and output only.
    fn from(error: OutputError) -> Self {
        Self::new(error.cause.kind(), error)
    }
}

/// A file that takes its place when it is whole.
struct Pending {
    path: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
    done: bool,
}

impl Pending {
    fn create(folder: &Path, name: &str) -> Result<Self, OutputError> {
        let path = folder.join(name);
        let part = folder.join(format!(".{name}.part"));
        let file = File::create(&part).map_err(|cause| OutputError { path: path.clone(), cause })?;
        Ok(Self { path, part, out: BufWriter::with_capacity(1 << 16, file), done: false })
    }

    fn put(
        &mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), OutputError> {
        write(&mut self.out).map_err(|cause| OutputError { path: self.path.clone(), cause })
    }

    fn json_line(&mut self, value: &impl serde::Serialize) -> Result<(), OutputError> {
        self.put(|out| {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    fn finish(&mut self) -> Result<(), OutputError> {
        self.put(|out| out.flush().and_then(|()| out.get_ref().sync_all()))?;
        let renamed = std::fs::rename(&self.part, &self.path);
        self.done = renamed.is_ok();
        renamed.map_err(|cause| OutputError { path: self.path.clone(), cause })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Writes `dataset.jsonl`, `qna_prompt_response.csv` and `.jsonl`, and `rejected.jsonl`.
pub struct Outputs {
    dataset: Pending,
    pairs_json: Pending,
    pairs_csv: Pending,
    rejected: Pending,
    unpaired: u64,
}

/// A line of `qna_prompt_response.jsonl`.
#[derive(serde::Serialize)]
struct Pair<'a> {
    prompt: &'a str,
    response: &'a str,
}

impl Outputs {
    /// Opens the files beside their places in `folder`, which exists.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(folder: &Path) -> Result<Self, OutputError> {
        let mut outputs = Self {
            dataset: Pending::create(folder, "dataset.jsonl")?,
            pairs_json: Pending::create(folder, "qna_prompt_response.jsonl")?,
            pairs_csv: Pending::create(folder, "qna_prompt_response.csv")?,
            rejected: Pending::create(folder, "rejected.jsonl")?,
            unpaired: 0,
        };
        outputs.pairs_csv.put(|out| out.write_all(b"prompt,response\n"))?;
        Ok(outputs)
    }

    /// Writes an example. It is a pair where the user says one thing and the assistant answers it without
    /// calling anything; any other is in `dataset.jsonl` only, for a turn says little without those before it.
    ///
    /// # Errors
    /// The file system's.
    pub fn example(&mut self, example: &Example) -> Result<(), OutputError> {
        self.dataset.json_line(example)?;
        let Some((prompt, response)) = pair(example) else {
            self.unpaired += 1;
            return Ok(());
        };
        self.pairs_json.json_line(&Pair { prompt, response })?;
        self.pairs_csv.put(|out| csv_line(out, [prompt, response]))
    }

    /// How many examples so far are no pairs.
    pub fn unpaired(&self) -> u64 {
        self.unpaired
    }

    /// Writes a row that was set aside. Its text is masked already.
    ///
    /// # Errors
    /// The file system's.
    pub fn rejected(&mut self, rejection: &Rejection) -> Result<(), OutputError> {
        self.rejected.json_line(rejection)
    }

    /// Gives the files their places.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(mut self) -> Result<(), OutputError> {
        for file in [&mut self.dataset, &mut self.pairs_json, &mut self.pairs_csv, &mut self.rejected] {
            file.finish()?;
        }
        Ok(())
    }
}

fn pair(example: &Example) -> Option<(&str, &str)> {
    let mut turns = example.messages.iter().filter(|m| m.role != Role::System);
    match (turns.next()?, turns.next()?, turns.next()) {
        (ask, answer, None)
            if ask.role == Role::User && answer.role == Role::Assistant && answer.tool_calls.is_empty() =>
        {
            Some((&ask.content, &answer.content))
        }
        _ => None,
    }
}

/// One line of CSV: a cell is quoted where it has to be (RFC 4180), lines end with a line feed.
pub(crate) fn csv_line<S: AsRef<str>>(
    out: &mut dyn Write,
    cells: impl IntoIterator<Item = S>,
) -> std::io::Result<()> {
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        let cell = cell.as_ref();
        let plain = !cell.is_empty() && !cell.contains(['"', ',', '\n', '\r']);
        if plain {
            out.write_all(cell.as_bytes())?;
        } else {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        }
    }
    out.write_all(b"\n")
}

/// Creates a file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
