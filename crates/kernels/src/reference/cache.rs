//! Keys or values of sequences that are continued.

use half::f16;

use super::real::Real;
use crate::{CachePrecision, CacheShape, Place};

/// Numbers by slot, head and position.
#[derive(Debug)]
pub struct Cache<R> {
    pub(super) shape: CacheShape,
    pub(super) numbers: Vec<R>,
}

impl<R: Real> Cache<R> {
    pub(super) fn zeros(shape: CacheShape) -> Self {
        Self { shape, numbers: vec![R::default(); shape.len()] }
    }

    fn rounded(&self, value: R) -> R {
        match self.shape.precision {
            CachePrecision::F32 => value,
            CachePrecision::F16 => {
                let (least, most) = (f16::MIN.to_f32(), f16::MAX.to_f32());
                R::of(f16::from_f32((value.wide() as f32).clamp(least, most)).to_f64())
            }
        }
    }

    pub(super) fn write(&mut self, (from, place): (&[R], Place), rows: &[u32]) {
        let shape = self.shape;
        for (n, &row) in rows.iter().enumerate() {
            let (slot, at) = (row as usize / shape.capacity, row as usize % shape.capacity);
            for i in 0..shape.heads * shape.head_dim {
                let (head, dim) = (i / shape.head_dim, i % shape.head_dim);
                self.numbers[shape.place(slot, head, at) + dim] =
                    self.rounded(from[place.offset + n * place.stride + i]);
            }
        }
    }

    pub(super) fn read(&self, out: &mut [R], slot: usize, len: usize) {
        let (shape, width) = (self.shape, self.shape.heads * self.shape.head_dim);
        for i in 0..len * width {
            let (at, head, dim) = (i / width, i % width / shape.head_dim, i % shape.head_dim);
            out[i] = self.numbers[shape.place(slot, head, at) + dim];
        }
    }

    pub(super) fn copy(&mut self, from: usize, to: usize, len: usize) {
        let shape = self.shape;
        for head in 0..shape.heads {
            let start = shape.place(from, head, 0);
            self.numbers.copy_within(start..start + len * shape.head_dim, shape.place(to, head, 0));
        }
    }
}
