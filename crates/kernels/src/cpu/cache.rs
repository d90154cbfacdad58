//! Keys or values of sequences that are continued, head by head, so that a query reads one run of memory.

use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

use super::buffer::{Buffer, Shared};
use super::pool::Pool;
use crate::{CachePrecision, CacheShape, Place};

/// Numbers by slot, head and position.
#[derive(Debug)]
pub struct Cache {
    shape: CacheShape,
    /// With half floats, two in the place of each number.
    numbers: Buffer,
}

/// A run of numbers as they are kept.
#[derive(Clone, Copy)]
pub enum Kept<'a> {
    F32(&'a [f32]),
    F16(&'a [f16]),
}

impl Cache {
    /// Zeros.
    pub fn zeros(shape: CacheShape) -> Self {
        let numbers = Buffer::sparse(shape.bytes().div_ceil(4));
        Self { shape, numbers }
    }

    /// The cache's sizes.
    pub fn shape(&self) -> CacheShape {
        self.shape
    }

    /// The first `len` positions of a head.
    pub fn head(&self, slot: usize, head: usize, len: usize) -> Kept<'_> {
        let start = self.shape.place(slot, head, 0);
        let at = start..start + len * self.shape.head_dim;
        match self.shape.precision {
            CachePrecision::F32 => Kept::F32(&self.numbers[at]),
            CachePrecision::F16 => Kept::F16(&halves(&self.numbers)[at]),
        }
    }

    /// Writes row n of `from` to position `rows[n] mod capacity` of slot `rows[n] / capacity`.
    pub fn write(&mut self, (from, place): (&[f32], Place), rows: &[u32]) {
        let (shape, width) = (self.shape, self.shape.head_dim);
        let mut fitting = vec![0.0; width];
        for (n, &row) in rows.iter().enumerate() {
            let (slot, at) = (row as usize / shape.capacity, row as usize % shape.capacity);
            for head in 0..shape.heads {
                let from = &from[place.offset + n * place.stride + head * width..][..width];
                let to = shape.place(slot, head, at);
                match shape.precision {
                    CachePrecision::F32 => self.numbers[to..to + width].copy_from_slice(from),
                    CachePrecision::F16 => {
                        let (least, most) = (f16::MIN.to_f32(), f16::MAX.to_f32());
                        fitting.iter_mut().zip(from).for_each(|(f, v)| *f = v.clamp(least, most));
                        halves_mut(&mut self.numbers)[to..to + width].convert_from_f32_slice(&fitting);
                    }
                }
            }
        }
    }

    /// Writes the first `len` positions of a slot to `out`, (len, Hk·D).
    pub fn read(&self, pool: &Pool, out: &mut [f32], slot: usize, len: usize) {
        let (heads, width) = (self.shape.heads, self.shape.head_dim);
        let out = Shared::new(out);
        pool.run(heads, |head, _| {
            for at in 0..len {
                // SAFETY: a head's part of a row is its task's alone.
                let out = unsafe { out.part((at * heads + head) * width, width) };
                match self.head(slot, head, len) {
                    Kept::F32(numbers) => out.copy_from_slice(&numbers[at * width..][..width]),
                    Kept::F16(numbers) => numbers[at * width..][..width].convert_to_f32_slice(out),
                }
            }
        });
    }

    /// Copies the first `len` positions of a slot to another.
    pub fn copy(&mut self, from: usize, to: usize, len: usize) {
        for head in 0..self.shape.heads {
            let start = self.shape.place(from, head, 0);
            let (run, to) = (start..start + len * self.shape.head_dim, self.shape.place(to, head, 0));
            match self.shape.precision {
                CachePrecision::F32 => self.numbers.copy_within(run, to),
                CachePrecision::F16 => halves_mut(&mut self.numbers).copy_within(run, to),
            }
        }
    }
}

fn halves(numbers: &[f32]) -> &[f16] {
    // SAFETY: twice as many half floats lie in the same memory, which is aligned for more, and all bits are numbers.
    let bits: &[u16] = unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), 2 * numbers.len()) };
    bits.reinterpret_cast()
}

fn halves_mut(numbers: &mut [f32]) -> &mut [f16] {
    // SAFETY: as in `halves`, and borrowed exclusively.
    let bits: &mut [u16] =
        unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), 2 * numbers.len()) };
    bits.reinterpret_cast_mut()
}
