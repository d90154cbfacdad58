//! What operations are told: places in buffers, sizes, and which variant of a formula.

use std::ops::Range;

use crate::Device;

/// A place in a buffer from which an operand is read, or to which its gradient is added.
#[derive(Debug)]
pub struct At<'a, B> {
    /// The buffer.
    pub buffer: &'a B,
    /// Index of the operand's first element.
    pub offset: usize,
}

impl<B> Clone for At<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<B> Copy for At<'_, B> {}

/// Rows of equal distance in a buffer, such as the keys inside a stacked (N, q + k + v).
#[derive(Debug)]
pub struct Rows<'a, B> {
    /// The buffer.
    pub buffer: &'a B,
    /// Where they lie in it.
    pub place: Place,
}

impl<B> Clone for Rows<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<B> Copy for Rows<'_, B> {}

/// Where equally distant rows lie in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the first row's first element.
    pub offset: usize,
    /// Distance from one row's first element to the next row's.
    pub stride: usize,
}

/// How the numbers of a frozen matrix are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// The upper half of binary32.
    Bf16,
    /// IEEE 754 binary16.
    F16,
}

impl DType {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 | Self::F16 => 2,
        }
    }
}

/// Which dimension of a linear layer's matrix is the outer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// (outputs, inputs), as `torch.nn.Linear`.
    OutIn,
    /// (inputs, outputs), as GPT-2's `Conv1D`.
    InOut,
}

/// One matrix of a file, little-endian, row by row in its layout.
#[derive(Debug, Clone, Copy)]
pub struct WeightPart<'a> {
    /// How its numbers are stored.
    pub dtype: DType,
    /// The numbers, `dtype.size() * outputs * inputs` bytes; need not be aligned.
    pub bytes: &'a [u8],
    /// O: outputs of this part.
    pub outputs: usize,
    /// Which dimension is the outer one.
    pub layout: Layout,
}

/// The matrix (O, I) of a linear layer, an embedding or a head.
#[derive(Debug)]
pub enum Matrix<'a, D: Device + ?Sized> {
    /// Read only, in its own dtype.
    Frozen(&'a D::Weight),
    /// Part of the trainable parameters; its gradient has the same offset in the gradients' buffer.
    Dense(At<'a, D::Buffer>, Layout),
}

impl<D: Device + ?Sized> Clone for Matrix<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D: Device + ?Sized> Copy for Matrix<'_, D> {}

/// Which kernel computes: it follows the phase, never the number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Training and evaluation: matrix products over tiles.
    Many,
    /// A prompt that is to be continued: matrix products over tiles, but as in generation where a matrix has products
    /// in integers, so that what a token comes to does not depend on where the prompt was cut.
    Prompt,
    /// Generation: each row on its own, so that it does not depend on its neighbours.
    Decode,
}

/// Sizes of a linear layer at work.
#[derive(Debug, Clone, Copy)]
pub struct LinearShape {
    /// N.
    pub rows: usize,
    /// I.
    pub inputs: usize,
    /// O.
    pub outputs: usize,
    /// Which kernel.
    pub phase: Phase,
}

/// Seeded removal of inputs, the same in the forward and the backward pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The share that is removed, in [0, 1); the rest is divided by `1 - rate`.
    pub rate: f32,
    /// Together with the element's index, decides whether it stays.
    pub seed: u64,
}

/// A low-rank addition to some columns of a linear layer's output: `out[rows, columns] += scale · (x·Aᵀ)·Bᵀ`.
#[derive(Debug, Clone)]
pub struct LoraTerm<'a, B> {
    /// A, (R, I).
    pub a: At<'a, B>,
    /// B, (columns, R).
    pub b: At<'a, B>,
    /// R.
    pub rank: usize,
    /// Multiplies the product.
    pub scale: f32,
    /// Which rows; outside of [`Phase::Decode`] it must be all.
    pub rows: Range<usize>,
    /// Which columns of the output.
    pub columns: Range<usize>,
    /// Where `x·Aᵀ`, (N, R), lies in the buffer of middles that the backward pass reads.
    pub middle: usize,
    /// Removal of inputs before A.
    pub dropout: Option<Dropout>,
}

/// Which vectors a norm or a rotation works on: `groups` neighbours of `width` in each of `rows` rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// N.
    pub rows: usize,
    /// Vectors in a row; 1 for the residual stream, the heads for queries and keys.
    pub groups: usize,
    /// Elements of a vector.
    pub width: usize,
    /// Distance from one vector's first element to the next's in the same row; the width where nothing lies between.
    pub step: usize,
    /// Where the rows lie.
    pub place: Place,
}

impl Groups {
    /// Rows of one vector each, one after the other.
    pub fn whole(rows: usize, width: usize) -> Self {
        Self { rows, groups: 1, width, step: width, place: Place { offset: 0, stride: width } }
    }

    /// Index of the first element of vector `group` of row `row`.
    pub fn start(&self, row: usize, group: usize) -> usize {
        self.place.offset + row * self.place.stride + group * self.step
    }
}

/// A norm's parameters. Without `bias` it is RMSNorm, with it LayerNorm. The scale is `weight + added`.
#[derive(Debug)]
pub struct NormWeights<'a, B> {
    /// (width).
    pub weight: At<'a, B>,
    /// (width).
    pub bias: Option<At<'a, B>>,
    /// Added to each weight: 1 where weights are stored as the difference from it, else 0.
    pub added: f32,
    /// Added to the mean square or the variance.
    pub eps: f32,
}

impl<B> Clone for NormWeights<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<B> Copy for NormWeights<'_, B> {}

/// The nonlinearity of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))`.
    GeluTanh,
    /// `x/2 · (1 + erf(x/√2))`.
    GeluErf,
    /// `x · sigmoid(x)`.
    Silu,
}

/// Sizes of attention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// H.
    pub heads: usize,
    /// Hk; `heads` is a multiple of it.
    pub kv_heads: usize,
    /// D.
    pub head_dim: usize,
    /// Multiplies query · key, usually 1/√D.
    pub scale: f32,
}

/// Sizes of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadShape {
    /// L: rows with a loss.
    pub rows: usize,
    /// C.
    pub hidden: usize,
    /// V.
    pub vocab: usize,
}

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second mean.
    pub eps: f64,
    /// Multiplied with the learning rate and taken off the value; 0 for ranges that do not decay.
    pub weight_decay: f64,
    /// Number of this step, from 1.
    pub step: u64,
    /// Multiplies the gradient first: 1/Σ weights, and the clipping factor.
    pub grad_scale: f64,
}

/// The largest operation of each kind that a caller will ask for; zero where it asks for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScratchNeed {
    /// N.
    pub rows: usize,
    /// The greatest I or O.
    pub width: usize,
    /// The greatest sum of ranks of one linear layer.
    pub rank: usize,
    /// L.
    pub loss_rows: usize,
    /// V.
    pub vocab: usize,
    /// C.
    pub hidden: usize,
    /// D.
    pub head_dim: usize,
    /// H / Hk, at least 1 where there is attention.
    pub group: usize,
    /// The longest run of keys that a generated token attends to.
    pub cached: usize,
    /// Whether an adapter drops inputs.
    pub dropout: bool,
}

/// What a KV cache holds its numbers as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CachePrecision {
    /// As they were computed.
    #[default]
    F32,
    /// Rounded to half floats, those beyond ±65504 to that: half the memory, and half of it to be read.
    F16,
}

impl CachePrecision {
    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// Sizes of a cache of keys, or of values: (slots, Hk, capacity, D). A row of it, as written and read, is (Hk·D).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheShape {
    /// Sequences.
    pub slots: usize,
    /// Positions that a slot holds.
    pub capacity: usize,
    /// Hk.
    pub heads: usize,
    /// D.
    pub head_dim: usize,
    /// Of its numbers.
    pub precision: CachePrecision,
}

impl CacheShape {
    /// Numbers that it has room for.
    pub fn len(&self) -> usize {
        self.slots * self.capacity * self.heads * self.head_dim
    }

    /// Whether it has room for none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that it has room for.
    pub fn bytes(&self) -> usize {
        self.len() * self.precision.bytes()
    }

    /// Where position `at` of head `head` of slot `slot` begins.
    pub fn place(&self, slot: usize, head: usize, at: usize) -> usize {
        ((slot * self.heads + head) * self.capacity + at) * self.head_dim
    }
}
