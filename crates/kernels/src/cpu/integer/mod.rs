//! Products of quantised matrices with a few rows, in integers.
//!
//! 1. `rows`: x in eight bits, with a step for each 32 numbers.
//! 2. `formats`: the product of sixteen rows of the matrix, side by side, with up to four rows of x.
//! 3. `lanes`: what that asks of an instruction set; `avx512`, `avx2` and `portable` are three, and give the same bits.
//!
//! A row's numbers follow from that row and the matrix alone.

#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    clippy::cast_ptr_alignment,
    reason = "one instruction each; what callers owe stands with the trait"
)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    clippy::cast_ptr_alignment,
    reason = "one instruction each; what callers owe stands with the trait"
)]
mod avx512;
#[expect(clippy::undocumented_unsafe_blocks, reason = "what callers owe stands with `product`")]
mod formats;
mod lanes;
mod portable;
mod rows;

use std::cell::RefCell;
use std::ops::Range;

use super::linear::Lanes as Scratch;
use super::pool::Pool;
use crate::quant::tiles::Tiles;
use crate::quant::{Blocks, Format, Part, Store};
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
use formats::{Tile, product};
use lanes::LANES;
pub use lanes::Lanes;
pub use portable::Portable;
use rows::{QuantisedRows, X, groups};

/// Bytes of a matrix that a task reads, about.
const TASK: usize = 64 << 10;
/// Rows of x that read a tile together.
const ROWS: usize = 4;
/// Rows of x that a task's tiles are read for before the next rows: a multiple of the former. They stay in a core's
/// cache.
const CHUNK: usize = 64;

/// The instruction set that products use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    #[cfg(target_arch = "x86_64")]
    /// Vectors of 512 bits with products of bytes.
    Avx512,
    #[cfg(target_arch = "x86_64")]
    /// Vectors of 256 bits.
    Avx2,
    /// What the compiler makes of plain loops.
    Portable,
}

impl Isa {
    /// All that this processor has, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let wide = [
            (is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni"))
                .then_some(Self::Avx512),
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c")).then_some(Self::Avx2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [None];
        wide.into_iter().flatten().chain([Self::Portable])
    }

    /// The best that this processor has.
    pub fn best() -> Self {
        Self::all().next().unwrap_or(Self::Portable)
    }

    /// Sixteen sums for each row of a group.
    ///
    /// # Safety
    /// The processor has the instruction set; the tile's and the rows' sizes.
    unsafe fn product(self, tile: Tile, x: X, rows: usize, out: &mut [f32; ROWS * LANES]) {
        let out = out.as_mut_ptr();
        // SAFETY: by the caller.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => with_avx512(tile, x, rows, out),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => with_avx2(tile, x, rows, out),
                Self::Portable => of_rows::<Portable>(tile, x, rows, out),
            }
        }
    }
}

#[inline(always)]
unsafe fn of_rows<I: Lanes>(tile: Tile, x: X, rows: usize, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe {
        match rows {
            1 => product::<I, 1>(tile, x, out),
            2 => product::<I, 2>(tile, x, out),
            _ => product::<I, 4>(tile, x, out),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn with_avx512(tile: Tile, x: X, rows: usize, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe { of_rows::<Avx512>(tile, x, rows, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn with_avx2(tile: Tile, x: X, rows: usize, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe { of_rows::<Avx2>(tile, x, rows, out) }
}

/// Whether a matrix has integer products.
pub fn has_products(blocks: &Blocks) -> bool {
    blocks.parts().iter().all(|part| matches!(part.store, Store::Tiles(_)))
}

/// Products of `rows` rows of x, (N, I), with the matrix. `put` gets the sums of some neighbouring outputs of one row.
/// `scratch` has at least I numbers a thread.
///
/// # Panics
/// When not [`has_products`].
pub fn products(
    pool: &Pool,
    blocks: &Blocks,
    x: &[f32],
    [rows, inputs]: [usize; 2],
    scratch: Scratch<'_>,
    put: impl Fn(usize, Range<usize>, &[f32]) + Sync,
) {
    products_with(Isa::best(), pool, blocks, x, [rows, inputs], scratch, put)
}

fn products_with(
    isa: Isa,
    pool: &Pool,
    blocks: &Blocks,
    x: &[f32],
    [rows, inputs]: [usize; 2],
    scratch: Scratch<'_>,
    put: impl Fn(usize, Range<usize>, &[f32]) + Sync,
) {
    thread_local! {
        /// The caller's rows, plain and parted. Memory is kept from call to call.
        static X: RefCell<[QuantisedRows; 2]> = RefCell::default();
    }
    X.with_borrow_mut(|[plain, parted]| {
        let of = |nf4: bool| blocks.parts().iter().any(|part| (part.format == Format::Nf4) == nf4);
        if of(false) {
            plain.quantise(pool, x, rows, inputs, false);
        }
        if of(true) {
            parted.quantise(pool, x, rows, inputs, true);
        }
        let (plain, parted) = (&*plain, &*parted);
        let tasks: usize = blocks.parts().iter().map(|part| share(part).1).sum();
        pool.run(tasks, |mut task, thread| {
            let mut parts = blocks.parts().iter();
            let (part, (tiles, per)) = loop {
                let part = parts.next().expect("as many tasks as parts have");
                let (per, count) = share(part);
                if task < count {
                    break (part, (tiles(part), per));
                }
                task -= count;
            };
            let x = if part.format == Format::Nf4 { parted } else { plain };
            for first in (0..rows).step_by(CHUNK) {
                let rows = first..(first + CHUNK).min(rows);
                for tile in super::chunk(task, per, tiles.count()) {
                    one_tile(isa, part, tiles, tile, x, rows.clone(), scratch.of(thread), &put);
                }
            }
        });
    });
}

fn tiles(part: &Part) -> &Tiles {
    match &part.store {
        Store::Tiles(tiles) => tiles,
        Store::Rows(_) => panic!("{:?} has no integer product", part.format),
    }
}

/// Tiles of a task, and tasks of a part.
fn share(part: &Part) -> (usize, usize) {
    let tiles = tiles(part);
    let per = (TASK / (tiles.len_bytes() / tiles.count().max(1)).max(1)).max(1);
    (per, tiles.count().div_ceil(per))
}

fn one_tile(
    isa: Isa,
    part: &Part,
    tiles: &Tiles,
    index: usize,
    x: &QuantisedRows,
    rows: Range<usize>,
    scratch: &mut [f32],
    put: &impl Fn(usize, Range<usize>, &[f32]),
) {
    let (codes, scales) = tiles.tile(index);
    let first = index * LANES;
    let count = LANES.min(tiles.rows() - first);
    if let Some(of) = &part.scales {
        let magnitudes = scratch[..tiles.blocks() * LANES].as_chunks_mut::<LANES>().0;
        for (block, magnitudes) in magnitudes.iter_mut().enumerate() {
            for (lane, magnitude) in magnitudes[..count].iter_mut().enumerate() {
                *magnitude = of.get((first + lane) * tiles.blocks() + block);
            }
        }
    }
    let tile = Tile {
        format: part.format,
        blocks: tiles.blocks(),
        codes: codes.as_ptr(),
        scales: scales.as_ptr(),
        magnitudes: scratch.as_ptr(),
    };
    let mut sums = [0.0; ROWS * LANES];
    for (row, group) in groups(rows.len()).map(|(first, count)| (rows.start + first, count)) {
        // SAFETY: the processor has the instruction set; the tile has its blocks, and x as many numbers.
        unsafe { isa.product(tile, x.group(row), group, &mut sums) }
        for (k, sums) in sums.as_chunks::<LANES>().0[..group].iter().enumerate() {
            let outputs = part.first + first..part.first + first + count;
            put(row + k, outputs, &sums[..count]);
        }
    }
}

#[cfg(test)]
mod tests;
