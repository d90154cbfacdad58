//! Rows of x in eight bits: for each 32 numbers a step and multiples of it from −127 to 127.

use crate::cpu::buffer::Shared;
use crate::cpu::pool::Pool;
use crate::cpu::{chunk, simd};

/// Numbers of a block.
const BLOCK: usize = 32;
/// Rows that one task quantises: whole groups.
const TASK: usize = 32;
/// Beneath this magnitude a block is zeros: its step's inverse could not be held.
const LEAST: f32 = 1e-30;

/// Quantised rows. Rows are grouped by fours, twos and ones; a group's rows lie side by side, block by block.
#[derive(Debug, Default)]
pub struct QuantisedRows {
    codes: Vec<i8>,
    steps: Vec<f32>,
    /// Sums of the codes of each block's halves, one after the other, and then of each block.
    sums: Vec<i32>,
    rows: usize,
    inputs: usize,
}

/// One group's numbers.
#[derive(Clone, Copy)]
pub struct X {
    codes: *const i8,
    steps: *const f32,
    halves: *const i32,
    sums: *const i32,
}

impl X {
    /// Address of number `at` of block `block` of row `row` of a group of R.
    #[inline(always)]
    pub unsafe fn codes<const R: usize>(self, block: usize, row: usize, at: usize) -> *const i8 {
        // SAFETY: inside the group, by the caller.
        unsafe { self.codes.add((block * R + row) * BLOCK + at) }
    }
    /// The block's step.
    #[inline(always)]
    pub unsafe fn step<const R: usize>(self, block: usize, row: usize) -> f32 {
        // SAFETY: as above.
        unsafe { *self.steps.add(block * R + row) }
    }
    /// The sum of the block's codes.
    #[inline(always)]
    pub unsafe fn sum<const R: usize>(self, block: usize, row: usize) -> i32 {
        // SAFETY: as above.
        unsafe { *self.sums.add(block * R + row) }
    }
    /// The sum of the codes of half of a block.
    #[inline(always)]
    pub unsafe fn half_sum<const R: usize>(self, block: usize, half: usize, row: usize) -> i32 {
        // SAFETY: as above.
        unsafe { *self.halves.add((2 * block + half) * R + row) }
    }
}

/// First row and number of rows of each group.
pub fn groups(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let count = [4, 2, 1].into_iter().find(|count| at + count <= rows)?;
        at += count;
        Some((at - count, count))
    })
}

impl QuantisedRows {
    /// Quantises `rows` rows of `inputs` numbers, whole blocks. With `parted`, of each eight numbers first those with
    /// even places and then the others. Memory is kept from call to call.
    pub fn quantise(&mut self, pool: &Pool, x: &[f32], rows: usize, inputs: usize, parted: bool) {
        let blocks = inputs / BLOCK;
        (self.rows, self.inputs) = (rows, inputs);
        self.codes.resize(rows * inputs, 0);
        self.steps.resize(rows * blocks, 0.0);
        self.sums.resize(3 * rows * blocks, 0);
        let (halves, sums) = self.sums.split_at_mut(2 * rows * blocks);
        let to = (
            Shared::new(&mut self.codes),
            Shared::new(&mut self.steps),
            Shared::new(halves),
            Shared::new(sums),
        );
        // Too few rows are not worth a job.
        let per = if rows < TASK { rows.max(1) } else { TASK };
        pool.run(rows.div_ceil(per), |task, _| {
            let of_task = chunk(task, per, rows);
            let (first, count) = (of_task.start * blocks, of_task.len() * blocks);
            let x = &x[of_task.start * inputs..][..of_task.len() * inputs];
            // SAFETY: rows of a task are its own; groups do not reach across, for a task's rows are whole groups.
            let (codes, steps, halves, sums) = unsafe {
                let (codes, steps) = (to.0.part(first * BLOCK, count * BLOCK), to.1.part(first, count));
                (codes, steps, to.2.part(2 * first, 2 * count), to.3.part(first, count))
            };
            simd(
                #[inline(always)]
                || quantise_groups(codes, steps, halves, sums, x, [of_task.len(), blocks], parted),
            );
        });
    }

    /// The group that begins at row `first`.
    pub fn group(&self, first: usize) -> X {
        let at = first * (self.inputs / BLOCK);
        let (halves, sums) = self.sums.split_at(2 * self.rows * (self.inputs / BLOCK));
        X {
            codes: self.codes[at * BLOCK..].as_ptr(),
            steps: self.steps[at..].as_ptr(),
            halves: halves[2 * at..].as_ptr(),
            sums: sums[at..].as_ptr(),
        }
    }

    /// What row `row` stands for, where it was not parted.
    #[cfg(test)]
    pub fn read(&self, row: usize) -> Vec<f64> {
        let (first, count) =
            groups(self.rows).find(|(first, count)| (*first..first + count).contains(&row)).unwrap();
        let of = |i: usize| {
            let at = first * (self.inputs / BLOCK) + i / BLOCK * count + row - first;
            f64::from(self.codes[at * BLOCK + i % BLOCK]) * f64::from(self.steps[at])
        };
        (0..self.inputs).map(of).collect()
    }
}

/// Quantises rows of (rows, blocks), group by group.
#[inline(always)]
fn quantise_groups(
    codes: &mut [i8],
    steps: &mut [f32],
    halves: &mut [i32],
    sums: &mut [i32],
    x: &[f32],
    [rows, blocks]: [usize; 2],
    parted: bool,
) {
    for (first, count) in groups(rows) {
        for row in 0..count {
            let x = x[(first + row) * blocks * BLOCK..][..blocks * BLOCK].as_chunks::<BLOCK>().0;
            for (block, x) in x.iter().enumerate() {
                let at = first * blocks + block * count + row;
                let half = 2 * (first * blocks + block * count) + row;
                let codes = codes[at * BLOCK..].first_chunk_mut().expect("whole blocks");
                let (step, sum) = quantise_block(codes, x, parted);
                steps[at] = step;
                (halves[half], halves[half + count]) = (sum[0], sum[1]);
                sums[at] = sum[0] + sum[1];
            }
        }
    }
}

/// Writes codes; returns the step, which is NaN where a number is not finite, and the sums of both halves' codes.
#[inline(always)]
fn quantise_block(to: &mut [i8; BLOCK], x: &[f32; BLOCK], parted: bool) -> (f32, [i32; 2]) {
    /// 1.5 · 2²³: adding it rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    let mut greatest = 0.0f32;
    let mut nothing = 0.0f32;
    for x in x {
        greatest = if x.abs() > greatest { x.abs() } else { greatest };
        // Zero unless a number is not finite.
        nothing += x * 0.0;
    }
    let step = if greatest < LEAST { 0.0 } else { greatest / 127.0 };
    let inverse = if greatest < LEAST { 0.0 } else { 127.0 / greatest };
    let mut codes = [0i8; BLOCK];
    for (code, x) in codes.iter_mut().zip(x) {
        let rounded = (x * inverse + ROUND).to_bits().wrapping_sub(ROUND.to_bits()).cast_signed();
        // What is no number ends here, too; its step says so.
        *code = rounded.clamp(-127, 127) as i8;
    }
    if parted {
        for (to, codes) in to.as_chunks_mut::<8>().0.iter_mut().zip(codes.as_chunks::<8>().0) {
            *to = std::array::from_fn(|i| codes[2 * i % 8 + usize::from(i >= 4)]);
        }
    } else {
        *to = codes;
    }
    let sum = |codes: &[i8]| codes.iter().map(|c| i32::from(*c)).sum();
    (step + nothing, [sum(&codes[..16]), sum(&codes[16..])])
}
