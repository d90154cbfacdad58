//! 4-bit NormalFloat as bitsandbytes lays it out: 64 numbers as codes of 16 levels, and their greatest magnitude.
//!
//! The magnitudes are quantised themselves: their mean over a tensor is taken off, and blocks of 256 of the rest are
//! held as codes of a table of 256 levels and their greatest magnitude in f32.

use std::sync::LazyLock;

/// Numbers of a block.
pub const BLOCK: usize = 64;
/// Bytes of a block whose scale is still in f32, behind the codes.
pub const BYTES: usize = CODES + 4;
/// Bytes of a block's codes.
pub const CODES: usize = BLOCK / 2;
/// Scales of a block of scales.
const NESTED: usize = 256;

/// Quantiles of the normal distribution between −1 and 1, with zero among them (Dettmers et al. 2023, appendix E).
pub const LEVELS: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// Both levels of a byte, the upper half's first.
static PAIRS: [[f32; 2]; 256] = {
    let mut pairs = [[0.0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [LEVELS[byte >> 4], LEVELS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// The levels of scales, ascending: for each power of ten from 10⁻⁶ to 1 twice as many, evenly between a tenth of it
/// and itself, of both signs; zero and one (Dettmers 2016).
static SCALE_LEVELS: LazyLock<[f32; 256]> = LazyLock::new(|| {
    let mut levels = Vec::with_capacity(256);
    for exponent in 0..7 {
        let count = 1 << exponent;
        let step = (1.0f32 - 0.1) / count as f32;
        // As torch.linspace: from both ends to the middle.
        let bound = |i: i32| {
            if i < (count + 1) / 2 {
                step.mul_add(i as f32, 0.1)
            } else {
                step.mul_add(-(count - i) as f32, 1.0)
            }
        };
        let power = 10f64.powi(exponent - 6) as f32;
        for i in 0..count {
            let level = power * f32::midpoint(bound(i), bound(i + 1));
            levels.extend([level, -level]);
        }
    }
    levels.extend([0.0, 1.0]);
    levels.sort_by(f32::total_cmp);
    std::array::from_fn(|i| levels[i])
});

/// A matrix's scales as files hold them: one for each 64 numbers.
#[derive(Debug, Clone, Copy)]
pub enum Nf4Scales<'a> {
    /// In f32.
    Plain(&'a [f32]),
    /// Quantised themselves: codes, the greatest magnitude of each 256, and the mean that was taken off.
    Nested {
        /// One code a block.
        codes: &'a [u8],
        /// One a 256 codes.
        nested: &'a [f32],
        /// Added to each.
        mean: f32,
    },
}

/// A matrix of NF4 as files hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Nf4 {
    /// Two numbers a byte, the first in the upper half.
    pub codes: Vec<u8>,
    /// One code for each 64 numbers.
    pub scale_codes: Vec<u8>,
    /// The greatest magnitude of each 256 scales.
    pub nested: Vec<f32>,
    /// The mean that was taken off the scales.
    pub mean: f32,
}

impl Nf4 {
    /// Quantises values, 64 at a time. None where a value is not finite.
    ///
    /// # Panics
    /// When the last block is not whole.
    pub fn quantise(values: &[f32]) -> Option<Self> {
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        assert!(rest.is_empty(), "whole blocks");
        let mut bytes = vec![0; blocks.len() * BYTES];
        for (from, to) in blocks.iter().zip(bytes.chunks_mut(BYTES)) {
            if !super::quantise_row(super::Format::Nf4, from, to) {
                return None;
            }
        }
        let (codes, scales) = separate(&bytes);
        Some(Self { codes, scale_codes: scales.codes, nested: scales.nested, mean: scales.mean })
    }

    /// What codes stand for: the levels of numbers, and those of scales.
    pub fn levels() -> (&'static [f32; 16], &'static [f32; 256]) {
        (&LEVELS, &SCALE_LEVELS)
    }
}

/// The scales of one part of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Scales {
    /// One code a block; none where scales are plain.
    codes: Vec<u8>,
    /// The greatest magnitude of each 256 scales; or the scales.
    nested: Vec<f32>,
    /// The mean that was taken off.
    mean: f32,
}

impl Scales {
    /// As files hold them, of so many blocks.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn of(scales: Nf4Scales<'_>, blocks: usize) -> Self {
        match scales {
            Nf4Scales::Plain(scales) => {
                assert_eq!(scales.len(), blocks, "a scale a block");
                Self { codes: Vec::new(), nested: scales.to_vec(), mean: 0.0 }
            }
            Nf4Scales::Nested { codes, nested, mean } => {
                assert_eq!(codes.len(), blocks, "a scale a block");
                assert_eq!(nested.len(), blocks.div_ceil(NESTED), "a magnitude a block of scales");
                Self { codes: codes.to_vec(), nested: nested.to_vec(), mean }
            }
        }
    }

    /// Bytes that they occupy.
    pub fn len_bytes(&self) -> usize {
        self.codes.len() + 4 * self.nested.len() + 4
    }

    /// That of one block of the part.
    #[inline(always)]
    pub fn get(&self, block: usize) -> f32 {
        if self.codes.is_empty() {
            return self.nested[block];
        }
        SCALE_LEVELS[usize::from(self.codes[block])] * self.nested[block / NESTED] + self.mean
    }
}

/// The codes of the nearest levels, then the scale in f32. Every finite number can be held.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let greatest = from.iter().fold(0.0f32, |a, x| a.max(x.abs()));
    let mut codes = [7u8; BLOCK];
    if greatest > 0.0 {
        for (code, x) in codes.iter_mut().zip(from) {
            let x = x / greatest;
            // Halfway between two levels begins the upper one.
            *code = LEVELS.windows(2).map(|w| u8::from(x > f32::midpoint(w[0], w[1]))).sum();
        }
    }
    let (bytes, scale) = to.split_at_mut(CODES);
    for (byte, pair) in bytes.iter_mut().zip(codes.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | pair[1];
    }
    scale.copy_from_slice(&greatest.to_le_bytes());
    true
}

/// Takes codes and scales of a part apart, and quantises the scales.
pub fn separate(blocks: &[u8]) -> (Vec<u8>, Scales) {
    let blocks = blocks.as_chunks::<BYTES>().0;
    let mut codes = Vec::with_capacity(blocks.len() * CODES);
    let mut scales = Vec::with_capacity(blocks.len());
    for block in blocks {
        codes.extend_from_slice(&block[..CODES]);
        scales.push(f32::from_le_bytes([block[CODES], block[CODES + 1], block[CODES + 2], block[CODES + 3]]));
    }
    let mean = (scales.iter().map(|s| f64::from(*s)).sum::<f64>() / scales.len().max(1) as f64) as f32;
    scales.iter_mut().for_each(|s| *s -= mean);
    let mut nested = Vec::with_capacity(scales.len().div_ceil(NESTED));
    let mut quantised = Vec::with_capacity(scales.len());
    for scales in scales.chunks(NESTED) {
        let greatest = scales.iter().fold(0.0f32, |a, s| a.max(s.abs()));
        nested.push(greatest);
        let inverse = if greatest > 0.0 { 1.0 / greatest } else { 0.0 };
        quantised.extend(scales.iter().map(|s| nearest(s * inverse)));
    }
    (codes, Scales { codes: quantised, nested, mean })
}

/// The code of the nearest level of scales.
fn nearest(value: f32) -> u8 {
    let levels = &*SCALE_LEVELS;
    let above = levels.partition_point(|level| *level < value).clamp(1, 255);
    let lower = value - levels[above - 1] <= levels[above] - value;
    (above - usize::from(lower)) as u8
}

/// `level[q] · scale` for one block.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], codes: &[u8; CODES], scale: f32) {
    for (out, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(codes) {
        *out = PAIRS[usize::from(*byte)];
    }
    out.iter_mut().for_each(|v| *v *= scale);
}
