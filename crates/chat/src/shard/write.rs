//! Writes a shard: beside its final place first, then renamed.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Fault, HEADER_LEN, MAGIC, Sections, ShardError, VERSION};
use crate::sample::SampleView;
use crate::tokenizer::{Tokenizer, hex};

/// Collects samples in order; [`ShardWriter::finish`] writes them.
#[derive(Debug)]
pub struct ShardWriter {
    path: PathBuf,
    vocab_size: u32,
    tokenizer_digest: [u8; 32],
    token_ends: Vec<u64>,
    name_ends: Vec<u64>,
    parts: Vec<u32>,
    ids: Vec<u32>,
    trained: Vec<u8>,
    names: Vec<u8>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Samples.
    pub samples: usize,
    /// Tokens.
    pub tokens: usize,
    /// Tokens that carry loss.
    pub trained_tokens: usize,
    /// SHA-256 of the content, hexadecimal.
    pub digest: String,
}

impl ShardWriter {
    /// A writer to `path` of samples that `tokenizer` made.
    pub fn new(path: &Path, tokenizer: &Tokenizer) -> Self {
        let mut tokenizer_digest = [0; 32];
        for (byte, pair) in tokenizer_digest.iter_mut().zip(tokenizer.digest().as_bytes().chunks(2)) {
            let text = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(text, 16).expect("a digest is hexadecimal");
        }
        Self {
            path: path.to_path_buf(),
            vocab_size: tokenizer.vocab_size() as u32,
            tokenizer_digest,
            token_ends: Vec::new(),
            name_ends: Vec::new(),
            parts: Vec::new(),
            ids: Vec::new(),
            trained: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Adds a sample.
    ///
    /// # Errors
    /// [`ShardError::Content`] for a sample that no reader would take.
    pub fn push(&mut self, sample: SampleView) -> Result<(), ShardError> {
        super::read::check_sample(&sample, self.vocab_size).map_err(|what| self.fault(what))?;
        self.ids.extend_from_slice(sample.ids);
        self.trained.extend_from_slice(sample.trained);
        self.names.extend_from_slice(sample.row.as_bytes());
        self.parts.push(sample.part);
        self.token_ends.push(self.ids.len() as u64);
        self.name_ends.push(self.names.len() as u64);
        Ok(())
    }

    fn fault(&self, what: Fault) -> ShardError {
        ShardError::Content { path: self.path.clone(), sample: self.parts.len(), what }
    }

    /// Writes the file under a temporary name, makes it durable, and renames it.
    ///
    /// # Errors
    /// [`ShardError::Io`]; the final name then holds what it held before.
    pub fn finish(self) -> Result<Written, ShardError> {
        let (bytes, digest) = self.bytes()?;
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".partial");
        let temporary = PathBuf::from(temporary);
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&temporary, &self.path)
        };
        if let Err(source) = write() {
            // What is half-written is of no use; that it may stay behind does no harm.
            let _ = std::fs::remove_file(&temporary);
            return Err(ShardError::Io { path: self.path, source });
        }
        Ok(Written {
            samples: self.parts.len(),
            tokens: self.ids.len(),
            trained_tokens: self.trained.iter().map(|&t| usize::from(t)).sum(),
            digest: hex(&digest),
        })
    }

    fn bytes(&self) -> Result<(Vec<u8>, [u8; 32]), ShardError> {
        let counts = [self.parts.len() as u64, self.ids.len() as u64, self.names.len() as u64];
        let sections = Sections::new(counts[0], counts[1], counts[2])
            .map_err(|wanted| ShardError::Length { path: self.path.clone(), found: 0, wanted })?;
        let mut bytes = vec![0; sections.len];
        let mut put = |range: std::ops::Range<usize>, numbers: &[u8]| bytes[range].copy_from_slice(numbers);
        put(sections.token_ends, bytemuck::cast_slice(&self.token_ends));
        put(sections.name_ends, bytemuck::cast_slice(&self.name_ends));
        put(sections.parts, bytemuck::cast_slice(&self.parts));
        put(sections.ids, bytemuck::cast_slice(&self.ids));
        put(sections.trained, &self.trained);
        put(sections.names, &self.names);
        let digest: [u8; 32] = Sha256::digest(&bytes[HEADER_LEN..]).into();
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.vocab_size.to_le_bytes());
        for (place, count) in bytes[16..40].chunks_exact_mut(8).zip(counts) {
            place.copy_from_slice(&count.to_le_bytes());
        }
        bytes[40..72].copy_from_slice(&digest);
        bytes[72..104].copy_from_slice(&self.tokenizer_digest);
        Ok((bytes, digest))
    }
}
