//! Frozen matrices in four or eight bits: blocks of numbers along a row that share scales.
//!
//! | format | block | bytes of a block | a number |
//! |---|---|---|---|
//! | [`Format::Nf4`] | 64 | 32 and a scale's byte | `level[q] · a`, `a` itself in eight bits |
//! | [`Format::Q8_0`] | 32 | 34 | `d · q`, −127 ≤ q ≤ 127 |
//! | [`Format::Q4_0`] | 32 | 18 | `d · (q − 8)`, 0 ≤ q ≤ 15 |
//! | [`Format::Q4K`] | 256 | 144 | `d · s · q − e · m`, 0 ≤ q ≤ 15, with 0 ≤ s, m ≤ 63 for each 32 |
//!
//! NF4 is laid out as bitsandbytes does (Dettmers et al. 2023, with double quantisation), the others as GGUF does. All
//! numbers are computed in f32 without fused operations, so that they are the same on every processor.

mod nf4;
mod q4_0;
mod q4_k;
mod q8_0;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::WeightPart;
use crate::weight::read_row;

/// How numbers are held in few bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// 4-bit NormalFloat, 4.13 bits a number.
    Nf4,
    /// Eight bits and a scale, 8.5 bits a number.
    Q8_0,
    /// Four bits and a scale, 4.5 bits a number.
    Q4_0,
    /// Four bits with scales and minima of six bits, 4.5 bits a number.
    Q4K,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nf4, Self::Q8_0, Self::Q4_0, Self::Q4K];

    /// Its name in recipes and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nf4 => "nf4",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4K => "q4_k",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Numbers of a block; rows are whole blocks.
    pub fn block(self) -> usize {
        match self {
            Self::Nf4 => nf4::BLOCK,
            Self::Q8_0 => q8_0::BLOCK,
            Self::Q4_0 => q4_0::BLOCK,
            Self::Q4K => q4_k::BLOCK,
        }
    }

    /// The format in which rows of `inputs` numbers are held: this one where they are whole blocks. Rows that are no
    /// multiple of 256 but of 32 fall back from `q4_k` to `q8_0`. None where nothing fits.
    pub fn for_rows(self, inputs: usize) -> Option<Self> {
        let fits = |format: Self| inputs > 0 && inputs.is_multiple_of(format.block());
        [self, self.fallback()].into_iter().find(|format| fits(*format))
    }

    /// What the length of a row must be a multiple of, so that [`Format::for_rows`] finds a format.
    pub fn least_block(self) -> usize {
        self.block().min(self.fallback().block())
    }

    fn fallback(self) -> Self {
        if self == Self::Q4K { Self::Q8_0 } else { self }
    }

    /// Bytes of a quantised block; of NF4 before its scales are quantised themselves.
    fn block_bytes(self) -> usize {
        match self {
            Self::Nf4 => nf4::BYTES,
            Self::Q8_0 => q8_0::BYTES,
            Self::Q4_0 => q4_0::BYTES,
            Self::Q4K => q4_k::BYTES,
        }
    }
}

/// The matrix (O, I) in blocks, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    format: Format,
    inputs: usize,
    /// As GGUF lays them out; for NF4 two numbers a byte, the first in the upper half.
    bytes: Vec<u8>,
    /// NF4's scales, one entry a part.
    scales: Vec<nf4::Scales>,
}

/// Runs a number of tasks, in any order and on any threads.
pub type Run<'a> = &'a dyn Fn(usize, &(dyn Fn(usize) + Sync));

/// Rows of a task.
const ROWS: usize = 16;

impl Blocks {
    /// Quantises parts that are stacked along the outputs, each on its own. None where a number is not finite, or a
    /// scale is beyond what its format holds.
    ///
    /// # Panics
    /// When rows are not whole blocks; see [`Format::for_rows`].
    pub fn quantise(inputs: usize, parts: &[WeightPart<'_>], format: Format, run: Run<'_>) -> Option<Self> {
        assert!(inputs.is_multiple_of(format.block()), "rows of {inputs} are whole blocks of {format:?}");
        let row_bytes = inputs / format.block() * format.block_bytes();
        let mut blocks = Self { format, inputs, bytes: Vec::new(), scales: Vec::new() };
        let mut first = 0;
        for part in parts {
            let mut bytes = vec![0; part.outputs * row_bytes];
            let sound = AtomicBool::new(true);
            let tasks: Vec<_> = bytes.chunks_mut(ROWS * row_bytes).map(Mutex::new).collect();
            run(tasks.len(), &|task| {
                let mut row = vec![0.0; inputs];
                let mut to = tasks[task].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for (k, to) in to.chunks_mut(row_bytes).enumerate() {
                    read_row(&mut row, part, task * ROWS + k);
                    if !quantise_row(format, &row, to) {
                        sound.store(false, Ordering::Relaxed);
                    }
                }
            });
            drop(tasks);
            if !sound.into_inner() {
                return None;
            }
            if format == Format::Nf4 {
                let (codes, scales) = nf4::separate(&bytes, first);
                blocks.bytes.extend(codes);
                blocks.scales.push(scales);
            } else {
                blocks.bytes.append(&mut bytes);
            }
            first += part.outputs * (inputs / format.block());
        }
        blocks.bytes.shrink_to_fit();
        Some(blocks)
    }

    /// Bytes that they occupy.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len() + self.scales.iter().map(nf4::Scales::len_bytes).sum::<usize>()
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes row `output`, inputs `inputs`, to `dst`.
    #[inline(always)]
    pub fn expand_row(&self, dst: &mut [f32], output: usize, inputs: Range<usize>) {
        let first = output * (self.inputs / self.format.block());
        match self.format {
            Format::Nf4 => {
                let scales = self.scales_of(first);
                units(dst, inputs, |out: &mut [f32; nf4::BLOCK], unit| {
                    nf4::expand(out, &self.bytes, scales, first + unit);
                });
            }
            Format::Q8_0 => units(dst, inputs, |out: &mut [f32; q8_0::BLOCK], unit| {
                q8_0::expand(out, self.block(first + unit));
            }),
            Format::Q4_0 => units(dst, inputs, |out: &mut [f32; q4_0::BLOCK], unit| {
                q4_0::expand(out, self.block(first + unit));
            }),
            Format::Q4K => units(dst, inputs, |out: &mut [f32; q4_k::UNIT], unit| {
                let block = self.block(first + unit / q4_k::UNITS);
                q4_k::expand(out, block, unit % q4_k::UNITS);
            }),
        }
    }

    #[inline(always)]
    fn block<const N: usize>(&self, index: usize) -> &[u8; N] {
        self.bytes[index * N..].first_chunk().expect("blocks are whole")
    }

    /// The scales of the part to which a block belongs.
    #[inline(always)]
    fn scales_of(&self, block: usize) -> &nf4::Scales {
        let at = self.scales.iter().rposition(|scales| scales.first <= block);
        &self.scales[at.unwrap_or(0)]
    }
}

/// Calls `expand` for each unit of N numbers that `inputs` touches, and copies what is wanted of the outer ones.
#[inline(always)]
fn units<const N: usize>(dst: &mut [f32], inputs: Range<usize>, expand: impl Fn(&mut [f32; N], usize)) {
    let mut dst = &mut dst[..inputs.len()];
    let mut at = inputs.start;
    while !dst.is_empty() {
        let (unit, skipped) = (at / N, at % N);
        let take = (N - skipped).min(dst.len());
        let (part, rest) = dst.split_at_mut(take);
        if let Some(whole) = part.first_chunk_mut::<N>() {
            expand(whole, unit);
        } else {
            let mut whole = [0.0; N];
            expand(&mut whole, unit);
            part.copy_from_slice(&whole[skipped..skipped + take]);
        }
        dst = rest;
        at += take;
    }
}

/// Writes a row's blocks; false where it cannot be held.
fn quantise_row(format: Format, row: &[f32], to: &mut [u8]) -> bool {
    if !row.iter().all(|x| x.is_finite()) {
        return false;
    }
    let mut blocks = row.chunks(format.block()).zip(to.chunks_mut(format.block_bytes()));
    crate::cpu::simd(
        #[inline(always)]
        || {
            blocks.all(|(from, to)| match format {
                Format::Nf4 => nf4::quantise(from, to),
                Format::Q8_0 => q8_0::quantise(from, to),
                Format::Q4_0 => q4_0::quantise(from, to),
                Format::Q4K => q4_k::quantise(from, to),
            })
        },
    )
}

#[cfg(test)]
mod tests;
