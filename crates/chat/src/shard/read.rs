//! Reads a shard: mapped into memory, checked whole before the first sample is given.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use sha2::{Digest as _, Sha256};

use super::platform;
use super::{Fault, HEADER_LEN, MAGIC, Sections, ShardError, VERSION};
use crate::sample::SampleView;
use crate::tokenizer::hex;

// The numbers of a shard are read where they lie, in the order the processor wants them.
#[cfg(target_endian = "big")]
compile_error!("shards are little-endian");

/// An open shard. Its samples lie in the mapped file.
#[derive(Debug)]
pub struct Shard {
    map: Mmap,
    sections: Sections,
    samples: usize,
    vocab_size: u32,
}

impl std::fmt::Debug for Sections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sections({} bytes)", self.len)
    }
}

impl Shard {
    /// Opens and checks a file: its length, its digest, and every sample in it.
    ///
    /// # Errors
    /// [`ShardError`], saying what is wrong.
    pub fn open(path: &Path) -> Result<Self, ShardError> {
        let io = |source| ShardError::Io { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(io)?;
        let found = file.metadata().map_err(io)?.len();
        if found < HEADER_LEN as u64 {
            return Err(ShardError::Length { path: path.to_path_buf(), found, wanted: HEADER_LEN as u128 });
        }
        let map = platform::map(&file).map_err(io)?;
        Self::check(map, path)
    }

    fn check(map: Mmap, path: &Path) -> Result<Self, ShardError> {
        let path = || PathBuf::from(path);
        let word = |at: usize| u64::from_le_bytes(map[at..at + 8].try_into().expect("eight bytes"));
        let half = |at: usize| u32::from_le_bytes(map[at..at + 4].try_into().expect("four bytes"));
        if map[..8] != MAGIC {
            return Err(ShardError::NotAShard { path: path(), found: map[..8].to_vec() });
        }
        if half(8) != VERSION {
            return Err(ShardError::Version { path: path(), found: half(8) });
        }
        let found = map.len() as u64;
        let sections = Sections::new(word(16), word(24), word(32)).map_err(|wanted| ShardError::Length {
            path: path(),
            found,
            wanted,
        })?;
        if sections.len as u64 != found {
            return Err(ShardError::Length { path: path(), found, wanted: sections.len as u128 });
        }
        if Sha256::digest(&map[HEADER_LEN..])[..] != map[40..72] {
            return Err(ShardError::Digest { path: path() });
        }
        let (samples, vocab_size) = (word(16) as usize, half(12));
        let shard = Self { map, sections, samples, vocab_size };
        // A digest guards against accidents only: a file that was made to deceive has a right one.
        for i in 0..samples {
            let fault = |what| ShardError::Content { path: path(), sample: i, what };
            let sample = shard.view(i).map_err(fault)?;
            check_sample(&sample, shard.vocab_size).map_err(fault)?;
        }
        Ok(shard)
    }

    /// Samples in the shard.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// One more than the greatest id that may occur.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size as usize
    }

    /// SHA-256 of the content, hexadecimal.
    pub fn digest(&self) -> String {
        hex(&self.map[40..72])
    }

    /// SHA-256 of the `tokenizer.json` that made it, hexadecimal.
    pub fn tokenizer_digest(&self) -> String {
        hex(&self.map[72..104])
    }

    /// Sample `i`.
    ///
    /// # Panics
    /// Where there is no such sample.
    pub fn get(&self, i: usize) -> SampleView<'_> {
        assert!(i < self.samples, "sample {i} of {}", self.samples);
        self.view(i).expect("checked when opened")
    }

    /// The samples in the order they were written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = SampleView<'_>> {
        (0..self.samples).map(|i| self.get(i))
    }

    fn view(&self, i: usize) -> Result<SampleView<'_>, Fault> {
        let ids: &[u32] = bytemuck::cast_slice(&self.map[self.sections.ids.clone()]);
        let parts: &[u32] = bytemuck::cast_slice(&self.map[self.sections.parts.clone()]);
        let trained = &self.map[self.sections.trained.clone()];
        let names = &self.map[self.sections.names.clone()];
        let range = |ends: &std::ops::Range<usize>| {
            let ends: &[u64] = bytemuck::cast_slice(&self.map[ends.clone()]);
            let start = if i == 0 { 0 } else { ends[i - 1] };
            usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(ends[i]).unwrap_or(usize::MAX)
        };
        let (tokens, name) = (range(&self.sections.token_ends), range(&self.sections.name_ends));
        let row = std::str::from_utf8(names.get(name).ok_or(Fault::NameRange)?);
        Ok(SampleView {
            row: row.map_err(|_| Fault::NameText)?,
            part: parts[i],
            ids: ids.get(tokens.clone()).ok_or(Fault::TokenRange)?,
            trained: trained.get(tokens).ok_or(Fault::TokenRange)?,
        })
    }
}

/// What every sample of a shard must be.
pub(super) fn check_sample(sample: &SampleView, vocab_size: u32) -> Result<(), Fault> {
    if sample.ids.len() != sample.trained.len() {
        return Err(Fault::MaskLength);
    }
    if sample.trained.first().is_none_or(|&first| first != 0) {
        return Err(Fault::First);
    }
    if let Some(&id) = sample.ids.iter().find(|&&id| id >= vocab_size) {
        return Err(Fault::Id { id, vocab_size });
    }
    if sample.trained.iter().any(|&t| t > 1) {
        return Err(Fault::Mask);
    }
    Ok(())
}
