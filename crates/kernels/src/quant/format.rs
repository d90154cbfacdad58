//! The formats' names and sizes.

use super::{nf4, q4_0, q4_1, q4_k, q5_0, q5_1, q5_k, q6_k, q8_0};

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
    /// Six bits with scales of eight bits, 6.56 bits a number.
    Q6K,
    /// Four bits, a scale and a minimum, 5 bits a number.
    Q4_1,
    /// Five bits and a scale, 5.5 bits a number.
    Q5_0,
    /// Five bits, a scale and a minimum, 6 bits a number.
    Q5_1,
    /// Five bits with scales and minima of six bits, 5.5 bits a number. Read only.
    Q5K,
}

impl Format {
    /// Those that weights are held in by name. They have integer products of their own in generation.
    pub const ALL: [Self; 5] = [Self::Nf4, Self::Q8_0, Self::Q4_0, Self::Q4K, Self::Q6K];

    /// Those of GGUF files.
    pub const GGUF: [Self; 8] =
        [Self::Q8_0, Self::Q4_0, Self::Q4K, Self::Q6K, Self::Q4_1, Self::Q5_0, Self::Q5_1, Self::Q5K];

    /// Its name in recipes and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nf4 => "nf4",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4K => "q4_k",
            Self::Q6K => "q6_k",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q5K => "q5_k",
        }
    }

    /// The format of that name among [`Format::ALL`].
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
            Self::Q6K => q6_k::BLOCK,
            Self::Q4_1 => q4_1::BLOCK,
            Self::Q5_0 => q5_0::BLOCK,
            Self::Q5_1 => q5_1::BLOCK,
            Self::Q5K => q5_k::BLOCK,
        }
    }

    /// Bytes of a block in a file of GGUF; of NF4 with its scale in f32.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::Nf4 => nf4::BYTES,
            Self::Q8_0 => q8_0::BYTES,
            Self::Q4_0 => q4_0::BYTES,
            Self::Q4K => q4_k::BYTES,
            Self::Q6K => q6_k::BYTES,
            Self::Q4_1 => q4_1::BYTES,
            Self::Q5_0 => q5_0::BYTES,
            Self::Q5_1 => q5_1::BYTES,
            Self::Q5K => q5_k::BYTES,
        }
    }

    /// Bytes of a row of `inputs` numbers.
    ///
    /// # Panics
    /// When the row is not whole blocks.
    pub fn row_bytes(self, inputs: usize) -> usize {
        assert!(inputs.is_multiple_of(self.block()), "rows of {inputs} are whole blocks of {self:?}");
        inputs / self.block() * self.block_bytes()
    }

    /// The format in which rows of `inputs` numbers are held: this one where they are whole blocks. Rows that are no
    /// multiple of 256 but of 32 fall back from `q4_k` and `q6_k` to `q8_0`. None where nothing fits.
    pub fn for_rows(self, inputs: usize) -> Option<Self> {
        let fits = |format: Self| inputs > 0 && inputs.is_multiple_of(format.block());
        [self, self.fallback()].into_iter().find(|format| fits(*format))
    }

    /// What the length of a row must be a multiple of, so that [`Format::for_rows`] finds a format.
    pub fn least_block(self) -> usize {
        self.block().min(self.fallback().block())
    }

    fn fallback(self) -> Self {
        if self.block() == q4_k::BLOCK { Self::Q8_0 } else { self }
    }
}
