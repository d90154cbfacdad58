//! Files of one JSON value a line.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads all values of a file.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    lines(path)?.collect()
}

/// Reads a file value by value.
pub fn lines<T: DeserializeOwned>(
    path: &Path,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<T>> + use<T>> {
    let file = File::open(path).with_context(|| format!("could not read {}", path.display()))?;
    let path: PathBuf = path.to_owned();
    Ok(BufReader::new(file).lines().enumerate().map(move |(i, line)| {
        let place = || format!("{}:{}", path.display(), i + 1);
        let line = line.with_context(place)?;
        // The parser's message may repeat what stands in the line: only the place is told.
        serde_json::from_str(&line)
            .map_err(|e| anyhow::anyhow!("{}: not the expected JSON (column {})", place(), e.column()))
    }))
}

/// Writes values into a file, line by line.
pub struct Writer {
    out: BufWriter<File>,
    path: PathBuf,
}

impl Writer {
    /// Creates the file.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("could not write {}", path.display()))?;
        Ok(Self { out: BufWriter::new(file), path: path.to_owned() })
    }

    /// Writes one value.
    pub fn push(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.out.write_all(&line).with_context(|| format!("could not write {}", self.path.display()))
    }

    /// Ends the file.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.out.flush().with_context(|| format!("could not write {}", self.path.display()))
    }
}
