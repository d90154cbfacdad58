//! Frozen matrices in few bits: blocks of numbers along a row that share scales.
//!
//! | format | block | bytes of a block | a number |
//! |---|---|---|---|
//! | [`Format::Nf4`] | 64 | 32 and a scale's byte | `level[q] · a`, `a` itself in eight bits |
//! | [`Format::Q8_0`] | 32 | 34 | `d · q`, −127 ≤ q ≤ 127 |
//! | [`Format::Q4_0`] | 32 | 18 | `d · (q − 8)`, 0 ≤ q ≤ 15 |
//! | [`Format::Q4K`] | 256 | 144 | `d · s · q − e · m`, 0 ≤ q ≤ 15, with 0 ≤ s, m ≤ 63 for each 32 |
//! | [`Format::Q6K`] | 256 | 210 | `d · s · (q − 32)`, 0 ≤ q ≤ 63, with −128 ≤ s ≤ 127 for each 16 |
//! | [`Format::Q4_1`] | 32 | 20 | `d · q + m`, 0 ≤ q ≤ 15 |
//! | [`Format::Q5_0`] | 32 | 22 | `d · (q − 16)`, 0 ≤ q ≤ 31 |
//! | [`Format::Q5_1`] | 32 | 24 | `d · q + m`, 0 ≤ q ≤ 31 |
//! | [`Format::Q5K`] | 256 | 176 | as `Q4K`, 0 ≤ q ≤ 31; read only |
//!
//! NF4 is laid out as bitsandbytes does (Dettmers et al. 2023, with double quantisation), the others as GGUF does. All
//! numbers are computed in f32 without fused operations, so that they are the same on every processor.

mod format;
mod nf4;
mod q4_0;
mod q4_1;
mod q4_k;
mod q5_0;
mod q5_1;
mod q5_k;
mod q6_k;
mod q8_0;
pub(crate) mod tiles;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::WeightPart;
use crate::weight::{half_to_single, read_row};

pub use format::Format;
pub(crate) use nf4::LEVELS as NF4_LEVELS;
pub use nf4::{Nf4, Nf4Scales};
use tiles::Tiles;

/// One matrix of a file that is in blocks already; parts are stacked along the outputs.
#[derive(Debug, Clone, Copy)]
pub struct BlockPart<'a> {
    /// O: outputs of this part.
    pub outputs: usize,
    /// Its numbers, row by row.
    pub data: BlockData<'a>,
}

/// The numbers of a [`BlockPart`].
#[derive(Debug, Clone, Copy)]
pub enum BlockData<'a> {
    /// Blocks as GGUF lays them out, [`Format::row_bytes`] for each output.
    Gguf(Format, &'a [u8]),
    /// Codes as bitsandbytes lays them out, two a byte, the first in the upper half; and scales.
    Nf4(&'a [u8], Nf4Scales<'a>),
}

/// The matrix (O, I) in blocks, row by row.
#[derive(Debug, PartialEq)]
pub struct Blocks {
    inputs: usize,
    parts: Vec<Part>,
}

/// Some of the outputs, in one format.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// How its numbers are held.
    pub format: Format,
    /// Its first output.
    pub first: usize,
    /// Number of its outputs.
    pub outputs: usize,
    /// Its blocks.
    pub store: Store,
    /// Of NF4.
    pub scales: Option<nf4::Scales>,
}

/// How the blocks of a part lie in memory.
#[derive(Debug, PartialEq)]
pub(crate) enum Store {
    /// Sixteen rows side by side, for integer products.
    Tiles(Tiles),
    /// As in a file.
    Rows(Vec<u8>),
}

impl Part {
    fn new(
        format: Format,
        first: usize,
        outputs: usize,
        inputs: usize,
        bytes: &[u8],
        scales: Option<nf4::Scales>,
        run: Run<'_>,
    ) -> Self {
        let tiles = Tiles::of(format, outputs, inputs / format.block(), bytes, run);
        let store = tiles.map_or_else(|| Store::Rows(bytes.to_vec()), Store::Tiles);
        Self { format, first, outputs, store, scales }
    }
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
    /// When rows are not whole blocks, see [`Format::for_rows`]; or the format is read only.
    pub fn quantise(inputs: usize, parts: &[WeightPart<'_>], format: Format, run: Run<'_>) -> Option<Self> {
        let row_bytes = format.row_bytes(inputs);
        let mut blocks = Self { inputs, parts: Vec::new() };
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
            let mut scales = None;
            if format == Format::Nf4 {
                let (codes, found) = nf4::separate(&bytes);
                (bytes, scales) = (codes, Some(found));
            }
            blocks.parts.push(Part::new(format, first, part.outputs, inputs, &bytes, scales, run));
            first += part.outputs;
        }
        Some(blocks)
    }

    /// Takes blocks as they are, each part in its own format.
    ///
    /// # Panics
    /// When rows are not whole blocks, or a part's bytes or scales are not those of its outputs.
    pub fn of(inputs: usize, parts: &[BlockPart<'_>], run: Run<'_>) -> Self {
        let mut first = 0;
        let parts = (parts.iter())
            .map(|part| {
                let (format, bytes, scales) = match part.data {
                    BlockData::Gguf(format, bytes) => (format, bytes, None),
                    BlockData::Nf4(codes, scales) => {
                        let blocks = part.outputs * (inputs / Format::Nf4.block());
                        (Format::Nf4, codes, Some(nf4::Scales::of(scales, blocks)))
                    }
                };
                let row = if scales.is_some() { inputs / 2 } else { format.row_bytes(inputs) };
                assert!(
                    inputs.is_multiple_of(format.block()),
                    "rows of {inputs} are whole blocks of {format:?}"
                );
                assert_eq!(bytes.len(), part.outputs * row, "a part's bytes are its blocks");
                let taken = Part::new(format, first, part.outputs, inputs, bytes, scales, run);
                first += part.outputs;
                taken
            })
            .collect();
        Self { inputs, parts }
    }

    /// Bytes that they occupy.
    pub fn len_bytes(&self) -> usize {
        let of = |part: &Part| {
            let blocks = match &part.store {
                Store::Tiles(tiles) => tiles.len_bytes(),
                Store::Rows(bytes) => bytes.len(),
            };
            blocks + part.scales.as_ref().map_or(0, nf4::Scales::len_bytes)
        };
        self.parts.iter().map(of).sum()
    }

    /// The parts, by their first output.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Writes row `output`, inputs `inputs`, to `dst`.
    #[inline(always)]
    pub fn expand_row(&self, dst: &mut [f32], output: usize, inputs: Range<usize>) {
        let part = self.part_of(output);
        let row = output - part.first;
        match &part.store {
            Store::Tiles(tiles) => expand_tiles(part, tiles, row, dst, inputs),
            Store::Rows(bytes) => {
                expand_blocks(part.format, bytes, row * (self.inputs / part.format.block()), dst, inputs);
            }
        }
    }

    /// The part to which an output belongs.
    #[inline(always)]
    fn part_of(&self, output: usize) -> &Part {
        let at = self.parts.iter().rposition(|part| part.first <= output);
        &self.parts[at.unwrap_or(0)]
    }
}

/// Expands whole blocks as GGUF lays them out; of NF4 as [`quantise_row`] does.
///
/// # Panics
/// When `blocks` are not those of `dst`.
pub fn expand(format: Format, blocks: &[u8], dst: &mut [f32]) {
    assert_eq!(blocks.len(), format.row_bytes(dst.len()), "blocks of as many numbers");
    if format == Format::Nf4 {
        let blocks = blocks.as_chunks::<{ nf4::BYTES }>().0;
        for (out, block) in dst.as_chunks_mut().0.iter_mut().zip(blocks) {
            let (codes, scale) = block.split_first_chunk().expect("a block begins with its codes");
            nf4::expand(out, codes, f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]));
        }
        return;
    }
    let inputs = 0..dst.len();
    crate::cpu::simd(
        #[inline(always)]
        || expand_blocks(format, blocks, 0, dst, inputs),
    );
}

/// Expands numbers `inputs` of the row that begins with block `first`.
#[inline(always)]
fn expand_blocks(format: Format, bytes: &[u8], first: usize, dst: &mut [f32], inputs: Range<usize>) {
    macro_rules! whole {
        ($module:ident) => {
            units(dst, inputs, |out: &mut [f32; $module::BLOCK], unit| {
                $module::expand(out, block(bytes, first + unit));
            })
        };
    }
    macro_rules! in_units {
        ($module:ident) => {
            units(dst, inputs, |out: &mut [f32; $module::UNIT], unit| {
                let block = block(bytes, first + unit / $module::UNITS);
                $module::expand(out, block, unit % $module::UNITS);
            })
        };
    }
    match format {
        Format::Nf4 => unreachable!("codes of NF4 lie in tiles"),
        Format::Q8_0 => whole!(q8_0),
        Format::Q4_0 => whole!(q4_0),
        Format::Q4_1 => whole!(q4_1),
        Format::Q5_0 => whole!(q5_0),
        Format::Q5_1 => whole!(q5_1),
        Format::Q4K => in_units!(q4_k),
        Format::Q5K => in_units!(q5_k),
        Format::Q6K => in_units!(q6_k),
    }
}

/// Expands numbers `inputs` of a row of a part whose rows lie side by side.
#[inline(always)]
fn expand_tiles(part: &Part, tiles: &Tiles, row: usize, dst: &mut [f32], inputs: Range<usize>) {
    macro_rules! whole {
        ($module:ident, $format:ident, $codes:literal) => {
            units(dst, inputs, |out: &mut [f32; $module::BLOCK], unit| {
                let mut block = [0; $module::BYTES];
                tiles.gather::<{ $module::BYTES }, $codes>(Format::$format, &mut block, row, unit, 0);
                $module::expand(out, &block);
            })
        };
    }
    match part.format {
        Format::Nf4 => {
            let scales = part.scales.as_ref().expect("blocks of NF4 come with scales");
            let first = row * tiles.blocks();
            units(dst, inputs, |out: &mut [f32; nf4::BLOCK], unit| {
                let mut codes = [0; nf4::CODES];
                tiles.gather::<{ nf4::CODES }, { nf4::CODES }>(Format::Nf4, &mut codes, row, unit, 0);
                nf4::expand(out, &codes, scales.get(first + unit));
            });
        }
        Format::Q8_0 => whole!(q8_0, Q8_0, 32),
        Format::Q4_0 => whole!(q4_0, Q4_0, 16),
        Format::Q4K => units(dst, inputs, |out: &mut [f32; q4_k::UNIT], unit| {
            let (index, unit) = (unit / q4_k::UNITS, unit % q4_k::UNITS);
            let mut block = [0; q4_k::BYTES];
            tiles.gather::<{ q4_k::BYTES }, 32>(Format::Q4K, &mut block, row, index, unit * 32);
            q4_k::expand(out, &block, unit);
        }),
        Format::Q6K => units(dst, inputs, |out: &mut [f32; q6_k::UNIT], unit| {
            let (index, unit) = (unit / q6_k::UNITS, unit % q6_k::UNITS);
            let mut block = [0; q6_k::BYTES];
            tiles.gather::<{ q6_k::BYTES }, 64>(Format::Q6K, &mut block, row, index, unit * 64);
            tiles.gather::<{ q6_k::BYTES }, 32>(Format::Q6K, &mut block, row, index, 128 + unit * 32);
            q6_k::expand(out, &block, unit);
        }),
        Format::Q4_1 | Format::Q5_0 | Format::Q5_1 | Format::Q5K => unreachable!("kept row by row"),
    }
}

#[inline(always)]
fn block<const N: usize>(bytes: &[u8], index: usize) -> &[u8; N] {
    bytes[index * N..].first_chunk().expect("blocks are whole")
}

/// The half float at byte `at` of a block.
#[inline(always)]
fn half_at(block: &[u8], at: usize) -> f32 {
    half_to_single(u16::from_le_bytes([block[at], block[at + 1]]))
}

/// The fifth bits of 32 codes that stand at byte `at`, each where it belongs in its code.
#[inline(always)]
fn fifth_bits(block: &[u8], at: usize) -> impl Fn(usize) -> u8 {
    let word = u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    move |j| ((word >> j & 1) << 4) as u8
}

/// The least and the greatest number.
#[inline(always)]
fn range_of(x: &[f32]) -> (f32, f32) {
    (x.iter().copied().fold(f32::INFINITY, f32::min), x.iter().copied().fold(f32::NEG_INFINITY, f32::max))
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

/// Writes a row's blocks as GGUF lays them out; of NF4 codes, and behind each block's its scale in f32. False where a
/// number is not finite, or a scale is beyond what the format holds.
///
/// # Panics
/// When `to` is not as long as the row's blocks; or the format is read only ([`Format::Q5K`]).
pub fn quantise_row(format: Format, row: &[f32], to: &mut [u8]) -> bool {
    assert_eq!(to.len(), format.row_bytes(row.len()), "room for the row's blocks");
    if !row.iter().all(|x| x.is_finite()) {
        return false;
    }
    assert!(format != Format::Q5K, "Q5_K is read only");
    let mut blocks = row.chunks(format.block()).zip(to.chunks_mut(format.block_bytes()));
    crate::cpu::simd(
        #[inline(always)]
        || {
            blocks.all(|(from, to)| match format {
                Format::Nf4 => nf4::quantise(from, to),
                Format::Q8_0 => q8_0::quantise(from, to),
                Format::Q4_0 => q4_0::quantise(from, to),
                Format::Q4K => q4_k::quantise(from, to),
                Format::Q6K => q6_k::quantise(from, to),
                Format::Q4_1 => q4_1::quantise(from, to),
                Format::Q5_0 => q5_0::quantise(from, to),
                Format::Q5_1 => q5_1::quantise(from, to),
                Format::Q5K => unreachable!("refused above"),
            })
        },
    )
}

#[cfg(test)]
mod tests;
