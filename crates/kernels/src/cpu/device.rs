//! The CPU as a [`Device`]: hands slices to the operations.

use std::ops::Range;

use super::cache::Cache;
use super::linear::{self, Extras};
use super::panel::Source;
use super::{
    Buffer, Cpu, activation, attention, attention_backward, attention_decode, decode, embedding, head, lora,
    norm, optimizer, rope,
};
use crate::plan::{HostAttentionPlan, HostLossPlan, KeySegment, LossRow};
use crate::quant::{BlockPart, Format};
use crate::reference::attention::Inputs;
use crate::reference::norm::Weights;
use crate::weight::HostWeight;
use crate::{
    Activation, AdamW, At, AttentionShape, CacheShape, Device, Groups, HeadShape, Layout, LinearShape,
    LoraTerm, Matrix, NormWeights, Phase, Place, Rows, ScratchNeed, WeightPart,
};

fn at(at: At<'_, Buffer>, len: usize) -> &[f32] {
    &at.buffer[at.offset..at.offset + len]
}

fn rows(rows: Rows<'_, Buffer>) -> (&[f32], Place) {
    (rows.buffer, rows.place)
}

fn weights<'a>(w: &NormWeights<'a, Buffer>, width: usize) -> Weights<'a, f32> {
    Weights {
        weight: at(w.weight, width),
        bias: w.bias.map(|b| at(b, width)),
        added: w.added,
        eps: f64::from(w.eps),
    }
}

fn source(m: Matrix<'_, Cpu>) -> Source<'_> {
    match m {
        Matrix::Frozen(weight) => Source::frozen(weight),
        Matrix::Dense(place, layout) => Source::dense(place.buffer, place.offset, layout),
    }
}

/// The vectors that loops use.
fn vectors() -> &'static str {
    match pulp::Arch::new() {
        pulp::Arch::Scalar => "baseline vectors",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(_) => "AVX-512",
        _ => "wide vectors",
    }
}

impl Device for Cpu {
    type Buffer = Buffer;
    type Indices = Vec<u32>;
    type Cache = Cache;
    type Weight = HostWeight;
    type AttentionPlan = HostAttentionPlan;
    type LossPlan = HostLossPlan;

    fn describe(&self) -> String {
        let threads = self.threads();
        format!("cpu, {threads} thread{}, {}", if threads == 1 { "" } else { "s" }, vectors())
    }

    fn zeros(&self, len: usize) -> Buffer {
        Buffer::zeros(len)
    }

    fn len(&self, buffer: &Buffer) -> usize {
        buffer.len()
    }

    fn write(&self, dst: &mut Buffer, offset: usize, src: &[f32]) {
        dst[offset..offset + src.len()].copy_from_slice(src);
    }

    fn read(&self, src: &Buffer, offset: usize, dst: &mut [f32]) {
        dst.copy_from_slice(&src[offset..offset + dst.len()]);
    }

    fn indices(&self, capacity: usize) -> Vec<u32> {
        Vec::with_capacity(capacity)
    }

    fn write_indices(&self, dst: &mut Vec<u32>, src: &[u32]) {
        dst.clear();
        dst.extend_from_slice(src);
    }

    fn weight(&self, inputs: usize, parts: &[WeightPart<'_>]) -> HostWeight {
        HostWeight::stack(inputs, parts)
    }

    fn quantised_weight(
        &self,
        inputs: usize,
        parts: &[WeightPart<'_>],
        format: Format,
    ) -> Option<HostWeight> {
        HostWeight::quantise(inputs, parts, format, &|tasks, body| self.pool.run(tasks, |task, _| body(task)))
    }

    fn weight_of_blocks(&self, inputs: usize, parts: &[BlockPart<'_>]) -> HostWeight {
        HostWeight::of_blocks(inputs, parts, &|tasks, body| self.pool.run(tasks, |task, _| body(task)))
    }

    fn weight_bytes(&self, weight: &HostWeight) -> usize {
        weight.bytes()
    }

    fn expand(
        &self,
        dst: &mut Buffer,
        offset: usize,
        weight: &HostWeight,
        outputs: Range<usize>,
        layout: Layout,
    ) {
        let (count, inputs) = (outputs.len(), weight.inputs);
        let dst = &mut dst[offset..offset + count * inputs];
        let mut row = vec![0.0; inputs];
        for (k, output) in outputs.enumerate() {
            weight.expand_row(&mut row, output, 0..inputs);
            match layout {
                Layout::OutIn => dst[k * inputs..][..inputs].copy_from_slice(&row),
                Layout::InOut => row.iter().enumerate().for_each(|(i, &v)| dst[i * count + k] = v),
            }
        }
    }

    fn plan_attention(&self, plan: &mut HostAttentionPlan, segments: &[KeySegment]) {
        plan.rebuild(segments);
    }

    fn plan_loss(&self, plan: &mut HostLossPlan, rows: &[LossRow], targets: &[(u32, f32)]) {
        plan.rebuild(rows, targets);
    }

    fn scratch_len(&self, need: &ScratchNeed) -> usize {
        let threads = self.threads();
        let each = linear::panel_len().max(attention::lane_len()).max(decode::lane_len(need));
        let masked = if need.dropout { need.rows * need.width } else { 0 };
        let linear = need.rows * need.rank + masked.max(threads * each);
        linear.max(head::scratch_len(need.loss_rows, need.vocab, threads))
    }

    fn fill(&self, dst: &mut Buffer, range: Range<usize>, value: f32) {
        dst[range].fill(value);
    }

    fn scale(&self, dst: &mut Buffer, range: Range<usize>, factor: f32) {
        dst[range].iter_mut().for_each(|v| *v *= factor);
    }

    fn copy(&self, dst: &mut Buffer, src: &Buffer, len: usize) {
        dst[..len].copy_from_slice(&src[..len]);
    }

    fn add(&self, dst: &mut Buffer, src: &Buffer, len: usize) {
        dst[..len].iter_mut().zip(&src[..len]).for_each(|(d, s)| *d += s);
    }

    fn embed(
        &self,
        out: &mut Buffer,
        table: Matrix<'_, Self>,
        ids: &Vec<u32>,
        shape: LinearShape,
        add: bool,
    ) {
        embedding::forward(&self.pool, out, source(table), &ids[..shape.rows], shape.inputs, add);
    }

    fn embed_backward(
        &self,
        grads: &mut Buffer,
        offset: usize,
        dout: &Buffer,
        ids: &Vec<u32>,
        shape: LinearShape,
    ) {
        let grads = &mut grads[offset..][..shape.outputs * shape.inputs];
        embedding::backward(&self.pool, grads, dout, &ids[..shape.rows], shape.inputs);
    }

    fn gather(&self, dst: &mut Buffer, src: &Buffer, index: &Vec<u32>, count: usize, width: usize) {
        embedding::gather(&self.pool, dst, src, &index[..count], width);
    }

    fn scatter(&self, dst: &mut Buffer, src: &Buffer, index: &Vec<u32>, count: usize, width: usize) {
        embedding::scatter(dst, src, &index[..count], width);
    }

    fn norm(
        &self,
        out: &mut Buffer,
        out_place: Place,
        stats: &mut Buffer,
        x: &Buffer,
        shape: Groups,
        w: NormWeights<'_, Buffer>,
    ) {
        norm::forward(&self.pool, out, out_place, stats, x, shape, weights(&w, shape.width));
    }

    fn norm_backward(
        &self,
        dx: Option<(&mut Buffer, Place)>,
        grads: Option<&mut Buffer>,
        dout: &Buffer,
        x: Rows<'_, Buffer>,
        stats: &Buffer,
        shape: Groups,
        w: NormWeights<'_, Buffer>,
    ) {
        if let Some((dx, place)) = dx {
            norm::backward(&self.pool, dx, place, dout, rows(x), stats, shape, weights(&w, shape.width));
        }
        if let Some(grads) = grads {
            let dweight = &mut grads[w.weight.offset..][..shape.width];
            norm::weights_backward(&self.pool, dweight, dout, rows(x), stats, shape);
            if let Some(bias) = w.bias {
                norm::bias_backward(&self.pool, &mut grads[bias.offset..][..shape.width], dout, shape);
            }
        }
    }

    fn norm_backward_in_place(
        &self,
        dout: &mut Buffer,
        grads: Option<&mut Buffer>,
        x: Rows<'_, Buffer>,
        stats: &Buffer,
        shape: Groups,
        w: NormWeights<'_, Buffer>,
    ) {
        self.norm_backward(None, grads, dout, x, stats, shape, w);
        norm::backward_in_place(&self.pool, dout, rows(x), stats, shape, weights(&w, shape.width));
    }

    fn rope_angles(
        &self,
        out: &mut Buffer,
        positions: &Vec<u32>,
        frequencies: &Buffer,
        factor: f32,
        shape: Groups,
    ) {
        rope::angles(&self.pool, out, &positions[..shape.rows], &frequencies[..shape.width / 2], factor);
    }

    fn rope(&self, x: &mut Buffer, angles: &Buffer, shape: Groups, backwards: bool) {
        rope::rotate(&self.pool, x, angles, shape, backwards);
    }

    fn linear(
        &self,
        out: &mut Buffer,
        middles: &mut Buffer,
        x: &Buffer,
        w: Matrix<'_, Self>,
        bias: Option<At<'_, Buffer>>,
        residual: Option<&Buffer>,
        lora: &[LoraTerm<'_, Buffer>],
        shape: LinearShape,
        scratch: &mut Buffer,
    ) {
        let residual = residual.map(|r| &r[..]);
        let extras = Extras { bias: bias.map(|b| at(b, shape.outputs)), residual, lora };
        let w = source(w);
        let many = match shape.phase {
            Phase::Many => true,
            Phase::Prompt => decode::integers(w).is_none(),
            Phase::Decode => false,
        };
        if many {
            linear::forward(&self.pool, out, middles, x, w, extras, shape, scratch);
        } else {
            decode::linear(&self.pool, out, middles, x, w, extras, shape, scratch);
        }
    }

    fn linear_backward(
        &self,
        dx: Option<&mut Buffer>,
        grads: Option<&mut Buffer>,
        dout: &Buffer,
        x: &Buffer,
        middles: &Buffer,
        w: Matrix<'_, Self>,
        bias: Option<At<'_, Buffer>>,
        terms: &[LoraTerm<'_, Buffer>],
        shape: LinearShape,
        scratch: &mut Buffer,
    ) {
        let ranks: usize = terms.iter().map(|t| t.rank).sum();
        let (dmiddles, scratch) = scratch.split_at_mut(shape.rows * ranks);
        lora::middle_gradients(&self.pool, dmiddles, dout, terms, shape);
        if let Some(dx) = dx {
            linear::input_backward(&self.pool, dx, dout, dmiddles, source(w), terms, shape, scratch);
        }
        let Some(grads) = grads else { return };
        lora::weight_gradients(&self.pool, grads, dout, x, middles, dmiddles, terms, shape, scratch);
        if let Matrix::Dense(place, layout) = w {
            let dw = &mut grads[place.offset..][..shape.inputs * shape.outputs];
            linear::weight_backward(&self.pool, dw, layout, dout, x, shape);
            if let Some(bias) = bias {
                linear::bias_backward(&self.pool, &mut grads[bias.offset..][..shape.outputs], dout, shape);
            }
        }
    }

    fn attention(
        &self,
        out: &mut Buffer,
        lse: &mut Buffer,
        q: Rows<'_, Buffer>,
        k: Rows<'_, Buffer>,
        v: Rows<'_, Buffer>,
        shape: AttentionShape,
        plan: &HostAttentionPlan,
        scratch: &mut Buffer,
    ) {
        let inputs = Inputs { q: rows(q), k: rows(k), v: rows(v) };
        attention::forward(&self.pool, out, lse, inputs, shape, plan, scratch);
    }

    fn attention_backward(
        &self,
        dqkv: &mut Buffer,
        dout: &Buffer,
        out: &Buffer,
        lse: &Buffer,
        q: Rows<'_, Buffer>,
        k: Rows<'_, Buffer>,
        v: Rows<'_, Buffer>,
        shape: AttentionShape,
        plan: &HostAttentionPlan,
        scratch: &mut Buffer,
    ) {
        let inputs = Inputs { q: rows(q), k: rows(k), v: rows(v) };
        let read = attention_backward::Read { dout, out, lse, inputs };
        attention_backward::backward(&self.pool, dqkv, read, shape, plan, scratch);
    }

    fn cache(&self, shape: CacheShape) -> Cache {
        Cache::zeros(shape)
    }

    fn cache_write(&self, cache: &mut Cache, from: Rows<'_, Buffer>, cache_rows: &Vec<u32>, count: usize) {
        cache.write(rows(from), &cache_rows[..count]);
    }

    fn cache_read(&self, out: &mut Buffer, cache: &Cache, slot: usize, len: usize) {
        cache.read(&self.pool, out, slot, len);
    }

    fn cache_copy(&self, cache: &mut Cache, from: usize, to: usize, len: usize) {
        cache.copy(from, to, len);
    }

    fn attention_decode(
        &self,
        out: &mut Buffer,
        q: Rows<'_, Buffer>,
        keys: &Cache,
        values: &Cache,
        slots: &Vec<u32>,
        lengths: &Vec<u32>,
        count: usize,
        shape: AttentionShape,
        scratch: &mut Buffer,
    ) {
        let lists = [&slots[..count], &lengths[..count]];
        attention_decode::attention(&self.pool, out, rows(q), [keys, values], lists, shape, scratch);
    }

    fn activate(&self, out: &mut Buffer, x: &Buffer, len: usize, kind: Activation) {
        activation::forward(&self.pool, &mut out[..len], &x[..len], kind);
    }

    fn activate_backward(&self, dx: &mut Buffer, dout: &Buffer, x: &Buffer, len: usize, kind: Activation) {
        activation::backward(&self.pool, &mut dx[..len], &dout[..len], &x[..len], kind);
    }

    fn gated(&self, out: &mut Buffer, gate_up: &Buffer, rows: usize, width: usize, kind: Activation) {
        activation::gated(&self.pool, out, gate_up, rows, width, kind);
    }

    fn gated_backward(
        &self,
        d: &mut Buffer,
        dout: &Buffer,
        gate_up: &Buffer,
        rows: usize,
        width: usize,
        kind: Activation,
    ) {
        activation::gated_backward(&self.pool, d, dout, gate_up, rows, width, kind);
    }

    fn head_loss(
        &self,
        losses: &mut Buffer,
        dx: Option<&mut Buffer>,
        grads: Option<&mut Buffer>,
        x: &Buffer,
        w: Matrix<'_, Self>,
        shape: HeadShape,
        plan: &HostLossPlan,
        scratch: &mut Buffer,
    ) {
        let dw = match (grads, w) {
            (Some(grads), Matrix::Dense(place, layout)) => {
                Some((&mut grads[place.offset..][..shape.vocab * shape.hidden], layout))
            }
            _ => None,
        };
        head::loss(&self.pool, losses, dx.map(|d| &mut d[..]), dw, x, source(w), shape, plan, scratch);
    }

    fn adamw(
        &self,
        values: &mut Buffer,
        mean: &mut Buffer,
        square: &mut Buffer,
        grads: &Buffer,
        range: Range<usize>,
        settings: &AdamW,
    ) {
        let (values, mean) = (&mut values[range.clone()], &mut mean[range.clone()]);
        optimizer::adamw(&self.pool, values, mean, &mut square[range.clone()], &grads[range], settings);
    }

    fn sum(&self, values: &Buffer, range: Range<usize>) -> f64 {
        optimizer::sum(&self.pool, &values[range], |v| v)
    }

    fn sum_of_squares(&self, grads: &Buffer, range: Range<usize>) -> f64 {
        optimizer::sum(&self.pool, &grads[range], |v| v * v)
    }
}
