//! What a machine must be able to do: its memory, and the operations of the table in the crate's documentation.
//!
//! Buffers belong to the caller. Shapes are the caller's promise: an operation panics when a buffer is too short,
//! and computes nonsense when a stride is wrong. Outputs are overwritten unless the operation says `+=`.
//! No operation returns a number to the host except those that end a step.

use std::ops::Range;

use crate::plan::{KeySegment, LossRow};
use crate::quant::{BlockPart, Format};
use crate::shapes::{
    Activation, AdamW, At, AttentionShape, CacheShape, Groups, HeadShape, Layout, LinearShape, LoraTerm,
    Matrix, NormWeights, Place, Rows, ScratchNeed, WeightPart,
};

/// A machine that computes. The table of operations with their formulas stands in the crate's documentation.
pub trait Device: Send + Sync + 'static {
    /// Numbers that operations read and write.
    type Buffer: Send + Sync + std::fmt::Debug;
    /// Token ids, positions and the like.
    type Indices: Send + Sync + std::fmt::Debug;
    /// Keys, or values, of sequences that are continued.
    type Cache: Send + Sync + std::fmt::Debug;
    /// A frozen matrix (O, I) in the dtype of its file, or quantised.
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
    /// As [`Device::weight`], with each part quantised on its own. None where a number is not finite, or beyond what
    /// the format holds. Rows are whole blocks: `format` is what [`Format::for_rows`] gives.
    fn quantised_weight(
        &self,
        inputs: usize,
        parts: &[WeightPart<'_>],
        format: Format,
    ) -> Option<Self::Weight>;
    /// Takes a frozen matrix that is in blocks already, its parts one after the other along the outputs, each in its
    /// own format; nothing is quantised again.
    fn weight_of_blocks(&self, inputs: usize, parts: &[BlockPart<'_>]) -> Self::Weight;
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
    /// A cache of zeros. Memory is taken where something is written.
    fn cache(&self, shape: CacheShape) -> Self::Cache;
    /// Copies row `n` of `rows`, (N, Hk·D), to position `cache_rows[n] mod capacity` of slot
    /// `cache_rows[n] / capacity`.
    fn cache_write(
        &self,
        cache: &mut Self::Cache,
        rows: Rows<'_, Self::Buffer>,
        cache_rows: &Self::Indices,
        count: usize,
    );
    /// Copies the first `len` positions of slot `slot` to `out`, (len, Hk·D).
    fn cache_read(&self, out: &mut Self::Buffer, cache: &Self::Cache, slot: usize, len: usize);
    /// Copies the first `len` positions of slot `from` to slot `to`.
    fn cache_copy(&self, cache: &mut Self::Cache, from: usize, to: usize, len: usize);
    /// Attention of one query a row over the first `lengths[n]` keys of slot `slots[n]`; `out` is (N, H·D).
    fn attention_decode(
        &self,
        out: &mut Self::Buffer,
        q: Rows<'_, Self::Buffer>,
        keys: &Self::Cache,
        values: &Self::Cache,
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
