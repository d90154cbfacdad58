//! What a machine must be able to do: its memory, and the operations of the table in the crate's documentation.
//!
//! Buffers belong to the caller. Shapes are the caller's promise: an operation panics when a buffer is too short,
//! and computes nonsense when a stride is wrong. Outputs are overwritten unless the operation says `+=`.
//! No operation returns a number to the host except those that end a step.

use std::ops::Range;

use crate::plan::{KeySegment, LossRow};

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
    /// Training and prefill: matrix products over tiles.
    Many,
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
    /// Where the rows lie.
    pub place: Place,
}

impl Groups {
    /// Rows of one vector each, one after the other.
    pub fn whole(rows: usize, width: usize) -> Self {
        Self { rows, groups: 1, width, place: Place { offset: 0, stride: width } }
    }

    /// Index of the first element of vector `group` of row `row`.
    pub fn start(&self, row: usize, group: usize) -> usize {
        self.place.offset + row * self.place.stride + group * self.width
    }
}

/// A norm's parameters. Without `bias` it is RMSNorm, with it LayerNorm.
#[derive(Debug)]
pub struct NormWeights<'a, B> {
    /// (width).
    pub weight: At<'a, B>,
    /// (width).
    pub bias: Option<At<'a, B>>,
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

/// Sizes of a KV cache's layer: (slots, capacity, Hk·D) for keys and as much for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheShape {
    /// Positions that a slot holds.
    pub capacity: usize,
    /// Hk·D.
    pub width: usize,
}

/// A machine that computes. The table of operations with their formulas stands in the crate's documentation.
pub trait Device: Send + Sync + 'static {
    /// Numbers that operations read and write.
    type Buffer: Send + Sync + std::fmt::Debug;
    /// Token ids, positions and the like.
    type Indices: Send + Sync + std::fmt::Debug;
    /// A frozen matrix (O, I) in the dtype of its file.
    type Weight: Send + Sync + std::fmt::Debug;
    /// Who attends to whom, prepared before a step.
    type AttentionPlan: Send + Sync + Default + std::fmt::Debug;
    /// Which rows have which targets, prepared before a step.
    type LossPlan: Send + Sync + Default + std::fmt::Debug;

    /// What computes, in a few words for people: kind, threads, instruction set.
    fn describe(&self) -> String;

    /// A buffer of zeros.
    fn zeros(&self, len: usize) -> Self::Buffer;
    /// Number of elements.
    fn len(&self, buffer: &Self::Buffer) -> usize;
    /// Copies from the host to `dst[offset..]`.
    fn write(&self, dst: &mut Self::Buffer, offset: usize, src: &[f32]);
    /// Copies `src[offset..]` to the host.
    fn read(&self, src: &Self::Buffer, offset: usize, dst: &mut [f32]);
    /// Indices with room for `capacity`.
    fn indices(&self, capacity: usize) -> Self::Indices;
    /// Replaces the indices; allocates only beyond the capacity.
    fn write_indices(&self, dst: &mut Self::Indices, src: &[u32]);
    /// Takes a frozen matrix, its parts one after the other along the outputs, all with `inputs` inputs.
    fn weight(&self, inputs: usize, parts: &[WeightPart<'_>]) -> Self::Weight;
    /// Bytes that a frozen matrix occupies.
    fn weight_bytes(&self, weight: &Self::Weight) -> usize;
    /// Copies rows `outputs` of a frozen matrix, expanded, to `dst[offset..]` in the given layout.
    fn expand(
        &self,
        dst: &mut Self::Buffer,
        offset: usize,
        weight: &Self::Weight,
        outputs: Range<usize>,
        layout: Layout,
    );
    /// Prepares attention; allocates only when the plan is larger than those before it.
    fn plan_attention(&self, plan: &mut Self::AttentionPlan, segments: &[KeySegment]);
    /// Prepares the loss; allocates only when the plan is larger than those before it.
    fn plan_loss(&self, plan: &mut Self::LossPlan, rows: &[LossRow], targets: &[(u32, f32)]);
    /// Number of elements of scratch that the operations up to this need want.
    fn scratch_len(&self, need: &ScratchNeed) -> usize;

    /// `dst[range] = value`.
    fn fill(&self, dst: &mut Self::Buffer, range: Range<usize>, value: f32);
    /// `dst[range] *= factor`.
    fn scale(&self, dst: &mut Self::Buffer, range: Range<usize>, factor: f32);
    /// `dst[..len] = src[..len]`.
    fn copy(&self, dst: &mut Self::Buffer, src: &Self::Buffer, len: usize);
    /// `buffer[to..to + len] = buffer[from..from + len]`.
    fn copy_within(&self, buffer: &mut Self::Buffer, from: usize, to: usize, len: usize);
    /// `dst[..len] += src[..len]`.
    fn add(&self, dst: &mut Self::Buffer, src: &Self::Buffer, len: usize);

    /// `out[n] = table[ids[n]]`, or `+=`. `out` is (N, width), `table` (V, width).
    fn embed(
        &self,
        out: &mut Self::Buffer,
        table: Matrix<'_, Self>,
        ids: &Self::Indices,
        shape: LinearShape,
        add: bool,
    );
    /// `grads[offset + ids[n]·width ..] += dout[n]`, rows in order.
    fn embed_backward(
        &self,
        grads: &mut Self::Buffer,
        offset: usize,
        dout: &Self::Buffer,
        ids: &Self::Indices,
        shape: LinearShape,
    );
    /// `dst[k] = src[index[k]]` over rows of `width`.
    fn gather(
        &self,
        dst: &mut Self::Buffer,
        src: &Self::Buffer,
        index: &Self::Indices,
        count: usize,
        width: usize,
    );
    /// `dst[index[k]] = src[k]` over rows of `width`; an index occurs once.
    fn scatter(
        &self,
        dst: &mut Self::Buffer,
        src: &Self::Buffer,
        index: &Self::Indices,
        count: usize,
        width: usize,
    );

    /// RMSNorm or LayerNorm. `stats` is (N·groups, 2): mean (0 for RMS) and reciprocal deviation.
    fn norm(
        &self,
        out: &mut Self::Buffer,
        out_place: Place,
        stats: &mut Self::Buffer,
        x: &Self::Buffer,
        shape: Groups,
        weights: NormWeights<'_, Self::Buffer>,
    );
    /// Adds (`+=`) to `dx`, and to the gradients of weight and bias at their offsets when `grads` is given.
    /// `dout` lies at `shape.place`; `x` at `x_place`; `dx` at `dx_place`.
    fn norm_backward(
        &self,
        dx: Option<(&mut Self::Buffer, Place)>,
        grads: Option<&mut Self::Buffer>,
        dout: &Self::Buffer,
        x: Rows<'_, Self::Buffer>,
        stats: &Self::Buffer,
        shape: Groups,
        weights: NormWeights<'_, Self::Buffer>,
    );

    /// As [`Device::norm_backward`], but replaces `dout` at `shape.place` by dx.
    fn norm_backward_in_place(
        &self,
        dout: &mut Self::Buffer,
        grads: Option<&mut Self::Buffer>,
        x: Rows<'_, Self::Buffer>,
        stats: &Self::Buffer,
        shape: Groups,
        weights: NormWeights<'_, Self::Buffer>,
    );

    /// `out[n] = [cos(p·f₀)·factor, sin(p·f₀)·factor, cos(p·f₁)…]`, (N, F, 2), with `p = positions[n]`.
    fn rope_angles(
        &self,
        out: &mut Self::Buffer,
        positions: &Self::Indices,
        frequencies: &Self::Buffer,
        factor: f32,
        shape: Groups,
    );
    /// Rotates pairs (i, i + width/2) of each vector in place, forwards or (the backward pass) backwards.
    fn rope(&self, x: &mut Self::Buffer, angles: &Self::Buffer, shape: Groups, backwards: bool);

    /// `out = residual + x·Wᵀ + bias + Σ lora`. `out residual` are (N, O), `x` is (N, I).
    fn linear(
        &self,
        out: &mut Self::Buffer,
        middles: &mut Self::Buffer,
        x: &Self::Buffer,
        matrix: Matrix<'_, Self>,
        bias: Option<At<'_, Self::Buffer>>,
        residual: Option<&Self::Buffer>,
        lora: &[LoraTerm<'_, Self::Buffer>],
        shape: LinearShape,
        scratch: &mut Self::Buffer,
    );
    /// `dx = dout·W + Σ lora`; with `grads`, adds dA and dB of each term, and of a dense matrix dW and dbias.
    fn linear_backward(
        &self,
        dx: Option<&mut Self::Buffer>,
        grads: Option<&mut Self::Buffer>,
        dout: &Self::Buffer,
        x: &Self::Buffer,
        middles: &Self::Buffer,
        matrix: Matrix<'_, Self>,
        bias: Option<At<'_, Self::Buffer>>,
        lora: &[LoraTerm<'_, Self::Buffer>],
        shape: LinearShape,
        scratch: &mut Self::Buffer,
    );

    /// `out = softmax(scale·q·kᵀ + mask)·v`, (N, H·D), and the logarithm of each softmax's sum, `lse` (N, H).
    fn attention(
        &self,
        out: &mut Self::Buffer,
        lse: &mut Self::Buffer,
        q: Rows<'_, Self::Buffer>,
        k: Rows<'_, Self::Buffer>,
        v: Rows<'_, Self::Buffer>,
        shape: AttentionShape,
        plan: &Self::AttentionPlan,
        scratch: &mut Self::Buffer,
    );
    /// Writes dq, dk and dv into `dqkv`, at the places that q, k and v have in theirs.
    fn attention_backward(
        &self,
        dqkv: &mut Self::Buffer,
        dout: &Self::Buffer,
        out: &Self::Buffer,
        lse: &Self::Buffer,
        q: Rows<'_, Self::Buffer>,
        k: Rows<'_, Self::Buffer>,
        v: Rows<'_, Self::Buffer>,
        shape: AttentionShape,
        plan: &Self::AttentionPlan,
        scratch: &mut Self::Buffer,
    );
    /// Copies row `n` of `k` and `v` to row `cache_rows[n]` of the caches.
    fn cache_write(
        &self,
        keys: &mut Self::Buffer,
        values: &mut Self::Buffer,
        k: Rows<'_, Self::Buffer>,
        v: Rows<'_, Self::Buffer>,
        cache_rows: &Self::Indices,
        count: usize,
        width: usize,
    );
    /// Attention of one query a row over the first `lengths[n]` keys of slot `slots[n]`; `out` is (N, H·D).
    fn attention_decode(
        &self,
        out: &mut Self::Buffer,
        q: Rows<'_, Self::Buffer>,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        cache: CacheShape,
        slots: &Self::Indices,
        lengths: &Self::Indices,
        rows: usize,
        shape: AttentionShape,
        scratch: &mut Self::Buffer,
    );

    /// `out = activation(x)`, `len` elements.
    fn activate(&self, out: &mut Self::Buffer, x: &Self::Buffer, len: usize, kind: Activation);
    /// `dx = dout · activation′(x)`; `dx` overwrites.
    fn activate_backward(
        &self,
        dx: &mut Self::Buffer,
        dout: &Self::Buffer,
        x: &Self::Buffer,
        len: usize,
        kind: Activation,
    );
    /// `out = activation(gate) · up`. `gate_up` is (N, 2·F), gate first; `out` is (N, F).
    fn gated(
        &self,
        out: &mut Self::Buffer,
        gate_up: &Self::Buffer,
        rows: usize,
        width: usize,
        kind: Activation,
    );
    /// Writes the gradients of gate and up, (N, 2·F).
    fn gated_backward(
        &self,
        dgate_up: &mut Self::Buffer,
        dout: &Self::Buffer,
        gate_up: &Self::Buffer,
        rows: usize,
        width: usize,
        kind: Activation,
    );

    /// Logits `x·Wᵀ` of L rows, in chunks that are never kept; `losses[t] = weight_t · nll_t` for each target.
    /// With `dx`, writes (L, C); with `grads` and a dense matrix, adds dW.
    fn head_loss(
        &self,
        losses: &mut Self::Buffer,
        dx: Option<&mut Self::Buffer>,
        grads: Option<&mut Self::Buffer>,
        x: &Self::Buffer,
        matrix: Matrix<'_, Self>,
        shape: HeadShape,
        plan: &Self::LossPlan,
        scratch: &mut Self::Buffer,
    );

    /// One AdamW step over `range` of four buffers of equal layout.
    fn adamw(
        &self,
        values: &mut Self::Buffer,
        mean: &mut Self::Buffer,
        square: &mut Self::Buffer,
        grads: &Self::Buffer,
        range: Range<usize>,
        settings: &AdamW,
    );
    /// Σ v over `range`, in f64 and in a fixed order. Ends a step: waits for the device.
    fn sum(&self, values: &Self::Buffer, range: Range<usize>) -> f64;
    /// Σ g² over `range`, in f64 and in a fixed order. Ends a step: waits for the device.
    fn sum_of_squares(&self, grads: &Self::Buffer, range: Range<usize>) -> f64;
}
