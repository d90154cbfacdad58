//! A frozen matrix in host memory, kept in its file's dtype or quantised, and expanded by panel.

use half::{bf16, f16};
use std::ops::Range;

use crate::quant::{BlockPart, Blocks, Format, Run};
use crate::{DType, Layout, WeightPart};

/// The matrix (O, I), outputs outermost whatever the file's layout was.
#[derive(Debug)]
pub struct HostWeight {
    /// O.
    pub outputs: usize,
    /// I.
    pub inputs: usize,
    /// The numbers.
    pub numbers: Numbers,
}

/// O·I numbers, row by row.
#[derive(Debug)]
pub enum Numbers {
    /// As they are.
    F32(crate::cpu::Buffer),
    /// Upper halves.
    Bf16(Vec<bf16>),
    /// Half floats.
    F16(Vec<f16>),
    /// In few bits.
    Blocks(Blocks),
}

impl HostWeight {
    /// Stacks parts along the outputs. Parts of different dtypes become f32, which holds each of them exactly.
    pub fn stack(inputs: usize, parts: &[WeightPart<'_>]) -> Self {
        let outputs = parts.iter().map(|p| p.outputs).sum();
        let dtype = parts.first().map_or(DType::F32, |p| p.dtype);
        let is_one = parts.iter().all(|p| p.dtype == dtype);
        let numbers = match dtype {
            DType::Bf16 if is_one => Numbers::Bf16(gathered(outputs, inputs, parts, bf16::from_le_bytes)),
            DType::F16 if is_one => Numbers::F16(gathered(outputs, inputs, parts, f16::from_le_bytes)),
            _ => {
                let mut numbers = crate::cpu::Buffer::zeros(outputs * inputs);
                let mut rest: &mut [f32] = &mut numbers;
                for part in parts {
                    let (matrix, behind) = rest.split_at_mut(part.outputs * inputs);
                    rest = behind;
                    match part.dtype {
                        DType::F32 => fill(matrix, inputs, part, f32::from_le_bytes),
                        DType::Bf16 => fill(matrix, inputs, part, |word| bf16::from_le_bytes(word).to_f32()),
                        DType::F16 => fill(matrix, inputs, part, |word| f16::from_le_bytes(word).to_f32()),
                    }
                }
                Numbers::F32(numbers)
            }
        };
        Self { outputs, inputs, numbers }
    }

    /// Stacks parts along the outputs in few bits. None where a number cannot be held.
    pub fn quantise(inputs: usize, parts: &[WeightPart<'_>], format: Format, run: Run<'_>) -> Option<Self> {
        let outputs = parts.iter().map(|p| p.outputs).sum();
        let blocks = Blocks::quantise(inputs, parts, format, run)?;
        Some(Self { outputs, inputs, numbers: Numbers::Blocks(blocks) })
    }

    /// Stacks parts along the outputs that are in blocks already, each in its own format.
    pub fn of_blocks(inputs: usize, parts: &[BlockPart<'_>], run: Run<'_>) -> Self {
        let outputs = parts.iter().map(|p| p.outputs).sum();
        Self { outputs, inputs, numbers: Numbers::Blocks(Blocks::of(inputs, parts, run)) }
    }

    /// Bytes that the numbers occupy.
    pub fn bytes(&self) -> usize {
        let size = match &self.numbers {
            Numbers::F32(_) => 4,
            Numbers::Bf16(_) | Numbers::F16(_) => 2,
            Numbers::Blocks(blocks) => return blocks.len_bytes(),
        };
        size * self.outputs * self.inputs
    }

    /// Writes row `output`, inputs `inputs`, to `dst`.
    #[inline(always)]
    pub fn expand_row(&self, dst: &mut [f32], output: usize, inputs: Range<usize>) {
        let start = output * self.inputs + inputs.start;
        let count = inputs.len();
        match &self.numbers {
            Numbers::F32(v) => dst[..count].copy_from_slice(&v[start..start + count]),
            Numbers::Bf16(v) => {
                for (d, s) in dst[..count].iter_mut().zip(&v[start..start + count]) {
                    *d = f32::from_bits(u32::from(s.to_bits()) << 16);
                }
            }
            Numbers::F16(v) => {
                for (d, s) in dst[..count].iter_mut().zip(&v[start..start + count]) {
                    *d = half_to_single(s.to_bits());
                }
            }
            Numbers::Blocks(blocks) => blocks.expand_row(&mut dst[..count], output, inputs),
        }
    }
}

/// Exact f16 → f32 without a branch, so that it vectorises: the exponent is shifted into place and the
/// bias corrected by a multiplication, which also normalises subnormals; infinities and NaN are patched.
#[inline(always)]
pub fn half_to_single(bits: u16) -> f32 {
    let magnitude = u32::from(bits & 0x7FFF) << 13;
    let scaled = f32::from_bits(magnitude) * f32::from_bits(0x7780_0000); // 2^112
    let special = if bits & 0x7C00 == 0x7C00 { 0x7F80_0000 } else { 0 };
    f32::from_bits(scaled.to_bits() | special | (u32::from(bits & 0x8000) << 16))
}

/// Row `output` of a part, widened.
pub fn read_row(row: &mut [f32], part: &WeightPart<'_>, output: usize) {
    let inputs = row.len();
    assert_eq!(part.bytes.len(), part.dtype.size() * part.outputs * inputs, "a part's bytes are its matrix");
    for (input, value) in row.iter_mut().enumerate() {
        let at = match part.layout {
            Layout::OutIn => output * inputs + input,
            Layout::InOut => input * part.outputs + output,
        };
        *value = widened(part, at);
    }
}

/// One number of a part.
fn widened(part: &WeightPart<'_>, at: usize) -> f32 {
    match part.dtype {
        DType::F32 => f32::from_le_bytes(word(part.bytes, at)),
        DType::Bf16 => bf16::from_le_bytes(word(part.bytes, at)).to_f32(),
        DType::F16 => f16::from_le_bytes(word(part.bytes, at)).to_f32(),
    }
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut word = [0; N];
    word.copy_from_slice(&bytes[at * N..(at + 1) * N]);
    word
}

fn gathered<const N: usize, T: Clone + Default>(
    outputs: usize,
    inputs: usize,
    parts: &[WeightPart<'_>],
    read: impl Fn([u8; N]) -> T,
) -> Vec<T> {
    let mut numbers = vec![T::default(); outputs * inputs];
    let mut rest: &mut [T] = &mut numbers;
    for part in parts {
        let (matrix, behind) = rest.split_at_mut(part.outputs * inputs);
        rest = behind;
        fill(matrix, inputs, part, &read);
    }
    numbers
}

/// Writes a part of N bytes a number, outputs outermost. A turned part is read in blocks, so that both its rows and
/// the rows of the result stay in the cache.
fn fill<const N: usize, T>(
    matrix: &mut [T],
    inputs: usize,
    part: &WeightPart<'_>,
    read: impl Fn([u8; N]) -> T,
) {
    const BLOCK: usize = 32;
    let (words, left) = part.bytes.as_chunks::<N>();
    assert!(words.len() == part.outputs * inputs && left.is_empty(), "a part's bytes are its matrix");
    match part.layout {
        Layout::OutIn => matrix.iter_mut().zip(words).for_each(|(number, word)| *number = read(*word)),
        Layout::InOut => {
            for first in (0..part.outputs).step_by(BLOCK) {
                for input in 0..inputs {
                    for output in first..(first + BLOCK).min(part.outputs) {
                        matrix[output * inputs + input] = read(words[input * part.outputs + output]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_float_expands_exactly() {
        for bits in 0..=u16::MAX {
            let (ours, theirs) = (half_to_single(bits), f16::from_bits(bits).to_f32());
            assert!(
                ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()),
                "{bits:#06x}: {ours} {theirs}"
            );
        }
    }

    #[test]
    fn parts_are_stacked_and_turned() {
        let a: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let b: Vec<u8> = [7.0f32, 8.0].iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect();
        let first = WeightPart { dtype: DType::F32, bytes: &a, outputs: 3, layout: Layout::InOut };
        let second = WeightPart { dtype: DType::Bf16, bytes: &b, outputs: 1, layout: Layout::OutIn };
        let weight = HostWeight::stack(2, &[first, second]);
        let mut rows = vec![0.0; 8];
        for (output, row) in rows.chunks_mut(2).enumerate() {
            weight.expand_row(row, output, 0..2);
        }
        assert_eq!(rows, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 7.0, 8.0]);
    }
}
