//! Where a layer's numbers lie.
//!
//! Frozen matrices keep their dtype; norms and biases are f32 in one flat buffer. When everything is trained, matrices
//! lie in the flat buffer of parameters as well, and the same [`Offsets`] say where.

use std::ops::Range;

use kernels::{At, Device, Dropout, Layout, LinearShape, LoraTerm, Matrix, NormWeights, Phase, random};

use super::Projection;
use crate::parameters::{Binding, LoraBinding, ParamLayout, Score, Trainable};
use crate::{ModelConfig, NormKind, Orientation, Positions};

/// Offsets of a norm's parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NormPlace {
    pub weight: usize,
    pub bias: Option<usize>,
}

/// Offsets of a block's numbers.
#[derive(Debug, Clone)]
pub(crate) struct LayerOffsets {
    pub attention_norm: NormPlace,
    pub mlp_norm: NormPlace,
    /// Query norm and key norm.
    pub qk_norm: Option<(NormPlace, NormPlace)>,
    /// By [`Projection`]; meaningful where matrices lie in the buffer.
    pub matrices: [usize; Projection::COUNT],
    /// By [`Projection`].
    pub biases: [Option<usize>; Projection::COUNT],
}

/// Offsets of all numbers of a decoder in a flat buffer.
#[derive(Debug, Clone)]
pub(crate) struct Offsets {
    pub embedding: usize,
    pub positions: Option<usize>,
    pub layers: Vec<LayerOffsets>,
    pub final_norm: NormPlace,
    /// None when tied.
    pub head: Option<usize>,
}

impl Offsets {
    /// Lays out a decoder: with `matrices` all of it, without them norms and biases only.
    /// Parts of a stacked product are neighbours, so that they are one matrix.
    pub fn lay_out(config: &ModelConfig, matrices: bool) -> (ParamLayout, Self) {
        let mut layout = ParamLayout::default();
        let (v, c) = (config.vocab, config.hidden);
        let matrix = |layout: &mut ParamLayout, name: String, shape: &[usize]| {
            if matrices { layout.push(name, shape, true) } else { 0 }
        };
        let embedding = matrix(&mut layout, config.embedding_name().to_owned(), &[v, c]);
        let learned = config.positions == Positions::Learned;
        let positions =
            learned.then(|| matrix(&mut layout, config.positions_name().to_owned(), &[config.context, c]));
        let layers =
            (0..config.layers).map(|l| Self::lay_out_block(&mut layout, config, l, matrices)).collect();
        let final_norm = norm(&mut layout, config, config.final_norm_path());
        let head = (!config.tied_head).then(|| matrix(&mut layout, config.head_name().to_owned(), &[v, c]));
        (layout, Self { embedding, positions, layers, final_norm, head })
    }

    fn lay_out_block(
        layout: &mut ParamLayout,
        config: &ModelConfig,
        layer: usize,
        matrices: bool,
    ) -> LayerOffsets {
        let attention_norm = norm(layout, config, &config.attention_norm_path(layer));
        let qk_norm = config.qk_norm.then(|| {
            let (q, k) = config.qk_norm_paths(layer);
            (head_norm(layout, config, &q), head_norm(layout, config, &k))
        });
        let mlp_norm = norm(layout, config, &config.mlp_norm_path(layer));
        let modules = config.linear_modules_of(layer);
        let mut places = ([0; Projection::COUNT], [None; Projection::COUNT]);
        for projection in Projection::ALL {
            let parts = || modules.iter().filter(|m| Projection::of(m.kind) == projection);
            places.0[projection as usize] = layout.total;
            for part in parts().filter(|_| matrices) {
                let shape = match config.orientation {
                    Orientation::Linear => [part.outputs, part.inputs],
                    Orientation::Conv1D => [part.inputs, part.outputs],
                };
                layout.push(part.weight_name(), &shape, true);
            }
            let start = layout.total;
            for part in parts().filter(|m| m.bias) {
                layout.push(part.bias_name(), &[part.outputs], false);
            }
            places.1[projection as usize] = (layout.total > start).then_some(start);
        }
        LayerOffsets { attention_norm, mlp_norm, qk_norm, matrices: places.0, biases: places.1 }
    }
}

fn norm(layout: &mut ParamLayout, config: &ModelConfig, path: &str) -> NormPlace {
    let weight = layout.push(format!("{path}.weight"), &[config.hidden], false);
    let with_bias = config.norm.kind == NormKind::Layer;
    let bias = with_bias.then(|| layout.push(format!("{path}.bias"), &[config.hidden], false));
    NormPlace { weight, bias }
}

fn head_norm(layout: &mut ParamLayout, config: &ModelConfig, path: &str) -> NormPlace {
    NormPlace { weight: layout.push(format!("{path}.weight"), &[config.head_dim], false), bias: None }
}

/// The frozen numbers of a decoder.
#[derive(Debug)]
pub(crate) struct Base<D: Device> {
    /// (V, C).
    pub embedding: D::Weight,
    /// (context, C).
    pub positions: Option<D::Weight>,
    /// By layer and [`Projection`].
    pub matrices: Vec<[D::Weight; Projection::COUNT]>,
    /// (V, C); None when tied.
    pub head: Option<D::Weight>,
    /// Norms and biases.
    pub vectors: D::Buffer,
    /// Of `vectors`.
    pub offsets: Offsets,
}

/// An adapter at some rows of the batch.
pub(crate) struct Adapter<'a, D: Device> {
    pub binding: &'a LoraBinding,
    pub values: &'a D::Buffer,
    pub rows: Range<usize>,
}

/// The numbers that one pass uses.
pub(crate) struct View<'a, D: Device> {
    pub device: &'a D,
    pub config: &'a ModelConfig,
    matrices: Source<'a, D>,
    adapters: Vec<Adapter<'a, D>>,
    /// In place of the head, where texts are classified.
    score: Option<(&'a D::Buffer, Score)>,
    /// Decides dropout; None outside of training.
    dropout_seed: Option<u64>,
}

enum Source<'a, D: Device> {
    Frozen(&'a Base<D>),
    Dense(&'a Offsets, &'a D::Buffer),
}

/// A matrix product with all that belongs to it.
pub(crate) struct Linear<'a, D: Device> {
    pub matrix: Matrix<'a, D>,
    pub bias: Option<At<'a, D::Buffer>>,
    pub lora: Vec<LoraTerm<'a, D::Buffer>>,
    pub shape: LinearShape,
}

impl<'a, D: Device> View<'a, D> {
    /// A decoder's own numbers with adapters, or a full set of trainable ones.
    pub fn new(
        device: &'a D,
        config: &'a ModelConfig,
        base: Option<&'a Base<D>>,
        trained: &[(&'a Trainable<D>, Range<usize>)],
        dropout_seed: Option<u64>,
    ) -> Self {
        let mut adapters = Vec::new();
        let mut matrices = base.map(Source::Frozen);
        let mut score = None;
        for (trainable, rows) in trained {
            let values = &trainable.parameters.values;
            match &trainable.binding {
                Binding::Lora(binding) => adapters.push(Adapter { binding, values, rows: rows.clone() }),
                Binding::Full(offsets) => matrices = Some(Source::Dense(offsets, values)),
            }
            score = score.or_else(|| trainable.score.map(|score| (values, score)));
        }
        let matrices = matrices.expect("a decoder whose weights were taken is used with them");
        Self { device, config, matrices, adapters, score, dropout_seed }
    }

    fn vectors(&self) -> (&'a Offsets, &'a D::Buffer) {
        match self.matrices {
            Source::Frozen(base) => (&base.offsets, &base.vectors),
            Source::Dense(offsets, values) => (offsets, values),
        }
    }

    fn norm_at(&self, place: NormPlace) -> NormWeights<'a, D::Buffer> {
        let buffer = self.vectors().1;
        NormWeights {
            weight: At { buffer, offset: place.weight },
            bias: place.bias.map(|offset| At { buffer, offset }),
            added: if self.config.norm.kind == NormKind::RmsOffset { 1.0 } else { 0.0 },
            eps: self.config.norm.eps,
        }
    }

    /// The norm before attention.
    pub fn attention_norm(&self, layer: usize) -> NormWeights<'a, D::Buffer> {
        self.norm_at(self.vectors().0.layers[layer].attention_norm)
    }

    /// The norm before the MLP.
    pub fn mlp_norm(&self, layer: usize) -> NormWeights<'a, D::Buffer> {
        self.norm_at(self.vectors().0.layers[layer].mlp_norm)
    }

    /// The norms of queries and keys.
    pub fn qk_norm(&self, layer: usize) -> Option<[NormWeights<'a, D::Buffer>; 2]> {
        self.vectors().0.layers[layer].qk_norm.map(|(q, k)| [self.norm_at(q), self.norm_at(k)])
    }

    /// The norm before the head.
    pub fn final_norm(&self) -> NormWeights<'a, D::Buffer> {
        self.norm_at(self.vectors().0.final_norm)
    }

    /// (V, C).
    pub fn embedding(&self) -> Matrix<'a, D> {
        match self.matrices {
            Source::Frozen(base) => Matrix::Frozen(&base.embedding),
            Source::Dense(o, buffer) => Matrix::Dense(At { buffer, offset: o.embedding }, Layout::OutIn),
        }
    }

    /// (context, C), when positions are learned.
    pub fn positions(&self) -> Option<Matrix<'a, D>> {
        match self.matrices {
            Source::Frozen(base) => base.positions.as_ref().map(Matrix::Frozen),
            Source::Dense(o, buffer) => {
                o.positions.map(|offset| Matrix::Dense(At { buffer, offset }, Layout::OutIn))
            }
        }
    }

    /// Columns of the head: the vocabulary, or a classifier's labels.
    pub fn outputs(&self) -> usize {
        self.score.map_or(self.config.vocab, |(_, score)| score.labels)
    }

    /// Whether the head is a classifier's, which is trained whatever is trained below it.
    pub fn classifies(&self) -> bool {
        self.score.is_some()
    }

    /// (V, C): the head, or the embedding when they are tied; of a classifier (labels, C).
    pub fn head(&self) -> Matrix<'a, D> {
        if let Some((buffer, score)) = self.score {
            return Matrix::Dense(At { buffer, offset: score.offset }, Layout::OutIn);
        }
        match self.matrices {
            Source::Frozen(base) => Matrix::Frozen(base.head.as_ref().unwrap_or(&base.embedding)),
            Source::Dense(o, buffer) => {
                Matrix::Dense(At { buffer, offset: o.head.unwrap_or(o.embedding) }, Layout::OutIn)
            }
        }
    }

    /// Offsets of embedding and positions in the gradients, when they are trained.
    pub fn embedding_gradients(&self) -> Option<(usize, Option<usize>)> {
        match self.matrices {
            Source::Frozen(_) => None,
            Source::Dense(o, _) => Some((o.embedding, o.positions)),
        }
    }

    /// A block's matrix product over `rows` rows.
    pub fn linear(&self, layer: usize, projection: Projection, rows: usize, phase: Phase) -> Linear<'a, D> {
        let (inputs, outputs) = projection.sizes(self.config);
        let p = projection as usize;
        let layout = match self.config.orientation {
            Orientation::Linear => Layout::OutIn,
            Orientation::Conv1D => Layout::InOut,
        };
        let (offsets, buffer) = self.vectors();
        let matrix = match self.matrices {
            Source::Frozen(base) => Matrix::Frozen(&base.matrices[layer][p]),
            Source::Dense(o, buffer) => {
                Matrix::Dense(At { buffer, offset: o.layers[layer].matrices[p] }, layout)
            }
        };
        let bias = offsets.layers[layer].biases[p].map(|offset| At { buffer, offset });
        let shape = LinearShape { rows, inputs, outputs, phase };
        Linear { matrix, bias, lora: self.terms(layer, projection, rows), shape }
    }

    fn terms(&self, layer: usize, projection: Projection, rows: usize) -> Vec<LoraTerm<'a, D::Buffer>> {
        let mut terms = Vec::new();
        let mut middle = 0;
        for adapter in &self.adapters {
            let Adapter { binding, values, .. } = adapter;
            for (part, slot) in binding.slots[layer][projection as usize].iter().enumerate() {
                let place =
                    ((layer * Projection::COUNT + projection as usize) * Projection::COUNT + part) as u64;
                let rate = binding.dropout;
                let seed = self.dropout_seed.filter(|_| rate > 0.0).map(|s| random::mix(s, place));
                terms.push(LoraTerm {
                    a: At { buffer: *values, offset: slot.a },
                    b: At { buffer: *values, offset: slot.b },
                    rank: binding.rank,
                    scale: binding.scale,
                    rows: adapter.rows.clone(),
                    columns: slot.columns.clone(),
                    middle,
                    dropout: seed.map(|seed| Dropout { rate, seed }),
                });
                middle += rows * binding.rank;
            }
        }
        terms
    }
}
