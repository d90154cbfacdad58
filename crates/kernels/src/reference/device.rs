//! The specification as a [`Device`].

use std::ops::Range;

use super::{
    Cache, Real, Reference, ReferenceWeight, activation, attention, head, linear, norm, optimizer, rope,
};
use crate::plan::{HostAttentionPlan, HostLossPlan, KeySegment, LossRow};
use crate::quant::{BlockPart, Format};
use crate::weight::HostWeight;
use crate::{
    Activation, AdamW, At, AttentionShape, CacheShape, Device, Groups, HeadShape, Layout, LinearShape,
    LoraTerm, Matrix, NormWeights, Place, Rows, ScratchNeed, WeightPart,
};

fn at<R>(at: At<'_, Vec<R>>) -> &[R] {
    &at.buffer[at.offset..]
}

fn rows<R>(rows: Rows<'_, Vec<R>>) -> (&[R], Place) {
    (rows.buffer, rows.place)
}

fn weights<'a, R: Real>(w: &NormWeights<'a, Vec<R>>, width: usize) -> norm::Weights<'a, R> {
    norm::Weights {
        weight: &at(w.weight)[..width],
        bias: w.bias.map(|b| &at(b)[..width]),
        added: R::of(f64::from(w.added)),
        eps: f64::from(w.eps),
    }
}

fn matrix<R: Real>(m: Matrix<'_, Reference<R>>) -> linear::Weights<'_, R> {
    match m {
        Matrix::Frozen(w) => linear::Weights { values: &w.values, layout: Layout::OutIn },
        Matrix::Dense(place, layout) => linear::Weights { values: at(place), layout },
    }
}

fn term<'a, R: Real>(t: &LoraTerm<'a, Vec<R>>) -> linear::Lora<'a, R> {
    linear::Lora {
        a: at(t.a),
        b: at(t.b),
        rank: t.rank,
        scale: R::of(f64::from(t.scale)),
        rows: t.rows.clone(),
        columns: t.columns.clone(),
        dropout: t.dropout,
    }
}

impl<R: Real> Reference<R> {
    /// The matrix as plain numbers.
    fn widened(host: &HostWeight) -> ReferenceWeight<R> {
        let inputs = host.inputs;
        let mut row = vec![0.0; inputs];
        let mut values = Vec::with_capacity(host.outputs * inputs);
        for output in 0..host.outputs {
            host.expand_row(&mut row, output, 0..inputs);
            values.extend(row.iter().map(|&v| R::of(f64::from(v))));
        }
        ReferenceWeight { values, inputs }
    }
}

impl<R: Real> Device for Reference<R> {
    type Buffer = Vec<R>;
    type Indices = Vec<u32>;
    type Cache = Cache<R>;
    type Weight = ReferenceWeight<R>;
    type AttentionPlan = HostAttentionPlan;
    type LossPlan = HostLossPlan;

    fn describe(&self) -> String {
        format!("reference, {}", std::any::type_name::<R>())
    }

    fn zeros(&self, len: usize) -> Vec<R> {
        vec![R::default(); len]
    }

    fn len(&self, buffer: &Vec<R>) -> usize {
        buffer.len()
    }

    fn write(&self, dst: &mut Vec<R>, offset: usize, src: &[f32]) {
        for (d, &s) in dst[offset..offset + src.len()].iter_mut().zip(src) {
            *d = R::of(f64::from(s));
        }
    }

    fn read(&self, src: &Vec<R>, offset: usize, dst: &mut [f32]) {
        for (d, s) in dst.iter_mut().zip(&src[offset..]) {
            *d = s.wide() as f32;
        }
    }

    fn indices(&self, capacity: usize) -> Vec<u32> {
        Vec::with_capacity(capacity)
    }

    fn write_indices(&self, dst: &mut Vec<u32>, src: &[u32]) {
        dst.clear();
        dst.extend_from_slice(src);
    }

    fn weight(&self, inputs: usize, parts: &[WeightPart<'_>]) -> ReferenceWeight<R> {
        Self::widened(&HostWeight::stack(inputs, parts))
    }

    fn quantised_weight(
        &self,
        inputs: usize,
        parts: &[WeightPart<'_>],
        format: Format,
    ) -> Option<ReferenceWeight<R>> {
        let run = |tasks: usize, body: &(dyn Fn(usize) + Sync)| (0..tasks).for_each(body);
        Some(Self::widened(&HostWeight::quantise(inputs, parts, format, &run)?))
    }

    fn weight_of_blocks(&self, inputs: usize, parts: &[BlockPart<'_>]) -> ReferenceWeight<R> {
        let run = |tasks: usize, body: &(dyn Fn(usize) + Sync)| (0..tasks).for_each(body);
        Self::widened(&HostWeight::of_blocks(inputs, parts, &run))
    }

    fn weight_bytes(&self, weight: &ReferenceWeight<R>) -> usize {
        std::mem::size_of_val(&weight.values[..])
    }

    fn expand(
        &self,
        dst: &mut Vec<R>,
        offset: usize,
        weight: &ReferenceWeight<R>,
        outputs: Range<usize>,
        layout: Layout,
    ) {
        let count = outputs.len();
        for (k, output) in outputs.enumerate() {
            for input in 0..weight.inputs {
                let to = match layout {
                    Layout::OutIn => k * weight.inputs + input,
                    Layout::InOut => input * count + k,
                };
                dst[offset + to] = weight.values[output * weight.inputs + input];
            }
        }
    }

    fn plan_attention(&self, plan: &mut HostAttentionPlan, segments: &[KeySegment]) {
        plan.rebuild(segments);
    }

    fn plan_loss(&self, plan: &mut HostLossPlan, rows: &[LossRow], targets: &[(u32, f32)]) {
        plan.rebuild(rows, targets);
    }

    fn scratch_len(&self, _need: &ScratchNeed) -> usize {
        0
    }

    fn fill(&self, dst: &mut Vec<R>, range: Range<usize>, value: f32) {
        dst[range].fill(R::of(f64::from(value)));
    }

    fn scale(&self, dst: &mut Vec<R>, range: Range<usize>, factor: f32) {
        for v in &mut dst[range] {
            *v *= R::of(f64::from(factor));
        }
    }

    fn copy(&self, dst: &mut Vec<R>, src: &Vec<R>, len: usize) {
        dst[..len].copy_from_slice(&src[..len]);
    }

    fn add(&self, dst: &mut Vec<R>, src: &Vec<R>, len: usize) {
        for (d, &s) in dst[..len].iter_mut().zip(&src[..len]) {
            *d += s;
        }
    }

    fn embed(
        &self,
        out: &mut Vec<R>,
        table: Matrix<'_, Self>,
        ids: &Vec<u32>,
        shape: LinearShape,
        add: bool,
    ) {
        let (table, width) = (matrix(table).values, shape.inputs);
        for (out, &id) in out.chunks_mut(width).zip(&ids[..shape.rows]) {
            for (o, &v) in out.iter_mut().zip(&table[id as usize * width..]) {
                *o = if add { *o + v } else { v };
            }
        }
    }

    fn embed_backward(
        &self,
        grads: &mut Vec<R>,
        offset: usize,
        dout: &Vec<R>,
        ids: &Vec<u32>,
        shape: LinearShape,
    ) {
        let width = shape.inputs;
        for (d, &id) in dout.chunks(width).zip(&ids[..shape.rows]) {
            for (g, &d) in grads[offset + id as usize * width..].iter_mut().zip(d) {
                *g += d;
            }
        }
    }

    fn gather(&self, dst: &mut Vec<R>, src: &Vec<R>, index: &Vec<u32>, count: usize, width: usize) {
        for (d, &i) in dst.chunks_mut(width).zip(&index[..count]) {
            d.copy_from_slice(&src[i as usize * width..][..width]);
        }
    }

    fn scatter(&self, dst: &mut Vec<R>, src: &Vec<R>, index: &Vec<u32>, count: usize, width: usize) {
        for (s, &i) in src.chunks(width).zip(&index[..count]) {
            dst[i as usize * width..][..width].copy_from_slice(s);
        }
    }

    fn norm(
        &self,
        out: &mut Vec<R>,
        out_place: Place,
        stats: &mut Vec<R>,
        x: &Vec<R>,
        shape: Groups,
        w: NormWeights<'_, Vec<R>>,
    ) {
        norm::forward(out, out_place, stats, x, shape, weights(&w, shape.width));
    }

    fn norm_backward(
        &self,
        dx: Option<(&mut Vec<R>, Place)>,
        grads: Option<&mut Vec<R>>,
        dout: &Vec<R>,
        x: Rows<'_, Vec<R>>,
        stats: &Vec<R>,
        shape: Groups,
        w: NormWeights<'_, Vec<R>>,
    ) {
        if let Some((dx, place)) = dx {
            norm::backward(dx, place, dout, rows(x), stats, shape, weights(&w, shape.width));
        }
        if let Some(grads) = grads {
            norm::weights_backward(&mut grads[w.weight.offset..][..shape.width], dout, rows(x), stats, shape);
            if let Some(bias) = w.bias {
                norm::bias_backward(&mut grads[bias.offset..][..shape.width], dout, shape);
            }
        }
    }

    fn norm_backward_in_place(
        &self,
        dout: &mut Vec<R>,
        grads: Option<&mut Vec<R>>,
        x: Rows<'_, Vec<R>>,
        stats: &Vec<R>,
        shape: Groups,
        w: NormWeights<'_, Vec<R>>,
    ) {
        self.norm_backward(None, grads, dout, x, stats, shape, w);
        norm::backward_in_place(dout, rows(x), stats, shape, weights(&w, shape.width));
    }

    fn rope_angles(
        &self,
        out: &mut Vec<R>,
        positions: &Vec<u32>,
        frequencies: &Vec<R>,
        factor: f32,
        shape: Groups,
    ) {
        rope::angles(
            out,
            &positions[..shape.rows],
            &frequencies[..shape.width / 2],
            R::of(f64::from(factor)),
        );
    }

    fn rope(&self, x: &mut Vec<R>, angles: &Vec<R>, shape: Groups, backwards: bool) {
        rope::rotate(x, angles, shape, backwards);
    }

    fn linear(
        &self,
        out: &mut Vec<R>,
        middles: &mut Vec<R>,
        x: &Vec<R>,
        w: Matrix<'_, Self>,
        bias: Option<At<'_, Vec<R>>>,
        residual: Option<&Vec<R>>,
        lora: &[LoraTerm<'_, Vec<R>>],
        shape: LinearShape,
        _scratch: &mut Vec<R>,
    ) {
        linear::forward(out, x, matrix(w), bias.map(at), residual.map(|r| &r[..]), shape);
        for t in lora {
            let middle = &mut middles[t.middle..][..shape.rows * t.rank];
            linear::lora(out, middle, x, &term(t), shape);
        }
    }

    fn linear_backward(
        &self,
        mut dx: Option<&mut Vec<R>>,
        mut grads: Option<&mut Vec<R>>,
        dout: &Vec<R>,
        x: &Vec<R>,
        middles: &Vec<R>,
        w: Matrix<'_, Self>,
        bias: Option<At<'_, Vec<R>>>,
        lora: &[LoraTerm<'_, Vec<R>>],
        shape: LinearShape,
        _scratch: &mut Vec<R>,
    ) {
        if let Some(dx) = dx.as_deref_mut() {
            linear::input_backward(dx, dout, matrix(w), shape);
        }
        if let (Some(grads), Matrix::Dense(place, layout)) = (grads.as_deref_mut(), w) {
            linear::weight_backward(&mut grads[place.offset..], layout, dout, x, shape);
            if let Some(bias) = bias {
                linear::bias_backward(&mut grads[bias.offset..][..shape.outputs], dout, shape);
            }
        }
        for t in lora {
            let full = term(t);
            let dmiddle = linear::middle_gradient(dout, &full, shape);
            if let Some(dx) = dx.as_deref_mut() {
                linear::lora_input_backward(dx, &dmiddle, &full, shape);
            }
            if let Some(grads) = grads.as_deref_mut() {
                linear::lora_a_backward(&mut grads[t.a.offset..], &dmiddle, x, &full, shape);
                linear::lora_b_backward(&mut grads[t.b.offset..], dout, &middles[t.middle..], &full, shape);
            }
        }
    }

    fn attention(
        &self,
        out: &mut Vec<R>,
        lse: &mut Vec<R>,
        q: Rows<'_, Vec<R>>,
        k: Rows<'_, Vec<R>>,
        v: Rows<'_, Vec<R>>,
        shape: AttentionShape,
        plan: &HostAttentionPlan,
        _scratch: &mut Vec<R>,
    ) {
        attention::forward(out, lse, attention::Inputs { q: rows(q), k: rows(k), v: rows(v) }, shape, plan);
    }

    fn attention_backward(
        &self,
        dqkv: &mut Vec<R>,
        dout: &Vec<R>,
        out: &Vec<R>,
        lse: &Vec<R>,
        q: Rows<'_, Vec<R>>,
        k: Rows<'_, Vec<R>>,
        v: Rows<'_, Vec<R>>,
        shape: AttentionShape,
        plan: &HostAttentionPlan,
        _scratch: &mut Vec<R>,
    ) {
        let inputs = attention::Inputs { q: rows(q), k: rows(k), v: rows(v) };
        attention::backward(dqkv, dout, out, lse, inputs, shape, plan);
    }

    fn cache(&self, shape: CacheShape) -> Cache<R> {
        Cache::zeros(shape)
    }

    fn cache_write(&self, cache: &mut Cache<R>, rows: Rows<'_, Vec<R>>, cache_rows: &Vec<u32>, count: usize) {
        cache.write((rows.buffer, rows.place), &cache_rows[..count]);
    }

    fn cache_read(&self, out: &mut Vec<R>, cache: &Cache<R>, slot: usize, len: usize) {
        cache.read(out, slot, len);
    }

    fn cache_copy(&self, cache: &mut Cache<R>, from: usize, to: usize, len: usize) {
        cache.copy(from, to, len);
    }

    fn attention_decode(
        &self,
        out: &mut Vec<R>,
        q: Rows<'_, Vec<R>>,
        keys: &Cache<R>,
        values: &Cache<R>,
        slots: &Vec<u32>,
        lengths: &Vec<u32>,
        count: usize,
        shape: AttentionShape,
        _scratch: &mut Vec<R>,
    ) {
        attention::decode(out, rows(q), keys, values, &slots[..count], &lengths[..count], shape);
    }

    fn activate(&self, out: &mut Vec<R>, x: &Vec<R>, len: usize, kind: Activation) {
        activation::forward(&mut out[..len], &x[..len], kind);
    }

    fn activate_backward(&self, dx: &mut Vec<R>, dout: &Vec<R>, x: &Vec<R>, len: usize, kind: Activation) {
        activation::backward(&mut dx[..len], &dout[..len], &x[..len], kind);
    }

    fn gated(&self, out: &mut Vec<R>, gate_up: &Vec<R>, rows: usize, width: usize, kind: Activation) {
        activation::gated(&mut out[..rows * width], &gate_up[..2 * rows * width], width, kind);
    }

    fn gated_backward(
        &self,
        d: &mut Vec<R>,
        dout: &Vec<R>,
        gate_up: &Vec<R>,
        rows: usize,
        width: usize,
        kind: Activation,
    ) {
        let (n, n2) = (rows * width, 2 * rows * width);
        activation::gated_backward(&mut d[..n2], &dout[..n], &gate_up[..n2], width, kind);
    }

    fn head_loss(
        &self,
        losses: &mut Vec<R>,
        dx: Option<&mut Vec<R>>,
        grads: Option<&mut Vec<R>>,
        x: &Vec<R>,
        w: Matrix<'_, Self>,
        shape: HeadShape,
        plan: &HostLossPlan,
        _scratch: &mut Vec<R>,
    ) {
        let mut logits = head::logits(x, matrix(w), shape);
        head::cross_entropy(losses, &mut logits, shape.vocab, plan);
        let linear_shape = head::linear_shape(shape);
        if let Some(dx) = dx {
            linear::input_backward(dx, &logits, matrix(w), linear_shape);
        }
        if let (Some(grads), Matrix::Dense(place, layout)) = (grads, w) {
            linear::weight_backward(&mut grads[place.offset..], layout, &logits, x, linear_shape);
        }
    }

    fn adamw(
        &self,
        values: &mut Vec<R>,
        mean: &mut Vec<R>,
        square: &mut Vec<R>,
        grads: &Vec<R>,
        range: Range<usize>,
        settings: &AdamW,
    ) {
        let (values, mean) = (&mut values[range.clone()], &mut mean[range.clone()]);
        optimizer::adamw(values, mean, &mut square[range.clone()], &grads[range], settings);
    }

    fn sum(&self, values: &Vec<R>, range: Range<usize>) -> f64 {
        values[range].iter().map(|v| v.wide()).sum()
    }

    fn sum_of_squares(&self, grads: &Vec<R>, range: Range<usize>) -> f64 {
        grads[range].iter().map(|g| g.wide() * g.wide()).sum()
    }
}
