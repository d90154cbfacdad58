//! Rows of x in eight bits: for each 32 numbers a step and multiples of it from −127 to 127.

use crate::cpu::simd;

/// Numbers of a block.
const BLOCK: usize = 32;
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
    pub fn quantise(&mut self, x: &[f32], rows: usize, inputs: usize, parted: bool) {
        let blocks = rows * inputs / BLOCK;
        (self.rows, self.inputs) = (rows, inputs);
        self.codes.resize(rows * inputs, 0);
        self.steps.resize(blocks, 0.0);
        self.sums.resize(3 * blocks, 0);
        let (halves, sums) = self.sums.split_at_mut(2 * blocks);
        simd(
            #[inline(always)]
            || {
                for (first, count) in groups(rows) {
                    for row in 0..count {
                        let x = x[(first + row) * inputs..][..inputs].as_chunks::<BLOCK>().0;
                        for (block, x) in x.iter().enumerate() {
                            let at = first * (inputs / BLOCK) + block * count + row;
                            let half = 2 * (first * (inputs / BLOCK) + block * count) + row;
                            let codes = &mut self.codes[at * BLOCK..][..BLOCK];
                            let codes = codes.first_chunk_mut().expect("whole blocks");
                            let (step, sum) = quantise_block(codes, x, parted);
                            self.steps[at] = step;
                            (halves[half], halves[half + count]) = (sum[0], sum[1]);
                            sums[at] = sum[0] + sum[1];
                        }
                    }
                }
            },
        );
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
