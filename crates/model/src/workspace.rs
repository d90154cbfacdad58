//! The memory of a pass: allocated at the first step, grown when a batch is larger than those before, never freed between.
//!
//! 1. [`Sizes`] says how many numbers each buffer wants; [`crate::Decoder::memory_plan`] adds the same numbers up.
//! 2. `inputs` keeps each block's input; `kept` what its backward pass reads besides.
//! 3. Blocks that are recomputed, and passes without gradients, share one set.

use kernels::{Device, ScratchNeed};

use crate::ModelConfig;
use crate::batch::HostPlan;
use crate::layers::{Projection, up_width};

/// Which blocks make their activations again in the backward pass instead of keeping them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recompute {
    /// None: fastest, most memory.
    #[default]
    Never,
    /// The lowest so many.
    Lowest(usize),
    /// All: least memory, about a third more work.
    Always,
}

impl Recompute {
    /// Whether block `layer` is made again.
    pub fn of(self, layer: usize) -> bool {
        match self {
            Self::Never => false,
            Self::Lowest(count) => layer < count,
            Self::Always => true,
        }
    }
}

/// What a pass must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sizes {
    /// N.
    pub rows: usize,
    /// Rows with a loss, or whose logits are wanted.
    pub loss_rows: usize,
    /// Targets.
    pub targets: usize,
    /// Columns of the head: the vocabulary, or a classifier's labels.
    pub outputs: usize,
    /// Numbers of logits that are wanted whole.
    pub logits: usize,
    /// By [`Projection`]: the greatest sum of ranks.
    pub ranks: [usize; Projection::COUNT],
    /// Keys that a generated token may see.
    pub cached: usize,
    /// Keys that a prompt's tokens may see, themselves among them.
    pub known: usize,
    /// The blocks that keep their activations are those from here on; `layers` when none does.
    pub keep_from: usize,
    /// Whether there is a backward pass.
    pub backward: bool,
    /// Whether an adapter drops inputs.
    pub dropout: bool,
}

impl Sizes {
    /// Sets of activations: one for each block that keeps its own, and one for all that do not.
    fn kept(&self, config: &ModelConfig) -> usize {
        usize::from(self.keep_from > 0) + config.layers - self.keep_from
    }

    /// Which set block `layer` uses.
    pub fn kept_of(&self, layer: usize) -> usize {
        if layer < self.keep_from { 0 } else { usize::from(self.keep_from > 0) + layer - self.keep_from }
    }
}

/// What a block's backward pass reads besides its input.
#[derive(Debug)]
pub(crate) struct Activations<D: Device> {
    /// (N, 2): of the norm before attention.
    pub attention_stats: D::Buffer,
    /// (N, Q + 2K): before q/k norm and rotation where there is q/k norm, else rotated.
    pub qkv: D::Buffer,
    /// (N·H, 2) and (N·Hk, 2); empty without q/k norm.
    pub qk_stats: [D::Buffer; 2],
    /// (N, Q).
    pub attended: D::Buffer,
    /// (N, H).
    pub lse: D::Buffer,
    /// (N, C): after attention.
    pub middle: D::Buffer,
    /// (N, 2): of the norm before the MLP.
    pub mlp_stats: D::Buffer,
    /// (N, up): before the activation.
    pub up: D::Buffer,
    /// By [`Projection`], (N, ranks): inputs times A.
    pub low_rank: [D::Buffer; Projection::COUNT],
}

/// Buffers that live within one block's pass.
#[derive(Debug)]
pub(crate) struct Temporary<D: Device> {
    /// (N, C): output of a norm.
    pub normed: D::Buffer,
    /// (N, F): output of the activation.
    pub activated: D::Buffer,
    /// (N, Q + 2K): query and key after q/k norm and rotation; the columns of value are not used, so that all
    /// rows have one layout. Made again in the backward pass. Where query, key and value stand head by head in their
    /// weight, the stacked product in that order. Empty where there is neither.
    pub turned: D::Buffer,
    /// (known, Hk·D) each: keys and values of a prompt and what stands before it, as the cache gives them back.
    pub known: [D::Buffer; 2],
    /// (N, C): gradient of the residual stream.
    pub dresidual: D::Buffer,
    /// (N, C): gradient of a block's output; empty without parallel residual.
    pub dout: D::Buffer,
    /// (N, C).
    pub dnormed: D::Buffer,
    /// (N, Q).
    pub dattended: D::Buffer,
    /// (N, Q + 2K).
    pub dqkv: D::Buffer,
    /// (N, up).
    pub dup: D::Buffer,
    /// (N, F).
    pub dactivated: D::Buffer,
}

/// Buffers of the head.
#[derive(Debug)]
pub(crate) struct HeadBuffers<D: Device> {
    /// (L, C): rows of the residual stream with a loss.
    pub rows: D::Buffer,
    /// (L, 2).
    pub stats: D::Buffer,
    /// (L, C).
    pub normed: D::Buffer,
    /// (L, C).
    pub dnormed: D::Buffer,
    /// (L, C).
    pub drows: D::Buffer,
    /// (T).
    pub losses: D::Buffer,
    /// (rows, V), when they are wanted whole.
    pub logits: D::Buffer,
}

/// A batch on the device.
#[derive(Debug)]
pub(crate) struct DeviceBatch<D: Device> {
    pub ids: D::Indices,
    pub positions: D::Indices,
    /// (N, R/2, 2): cosines and sines of the R dimensions of a head that are rotated.
    pub angles: D::Buffer,
    /// (N·3H): where the vectors of query, key and value lie in rows that have them head by head.
    pub head_order: D::Indices,
    /// Rows that `head_order` has been written for.
    pub ordered_rows: usize,
    pub attention: D::AttentionPlan,
    pub loss: D::LossPlan,
    /// (L): the rows with a loss.
    pub loss_rows: D::Indices,
    /// Generation: where new keys go, and what each row sees.
    pub cache_rows: D::Indices,
    pub slots: D::Indices,
    pub lengths: D::Indices,
}

/// The memory of passes through one decoder.
#[derive(Debug)]
pub struct Workspace<D: Device> {
    /// Which blocks are made again in the backward pass.
    pub recompute: Recompute,
    pub(crate) batch: DeviceBatch<D>,
    pub(crate) host: HostPlan,
    /// (N, C) each: input of every block, and output of the last.
    pub(crate) inputs: Vec<D::Buffer>,
    pub(crate) kept: Vec<Activations<D>>,
    pub(crate) temporary: Temporary<D>,
    pub(crate) head: HeadBuffers<D>,
    pub(crate) scratch: D::Buffer,
}

impl<D: Device> Workspace<D> {
    /// Nothing yet; the first pass allocates.
    pub fn new(device: &D, recompute: Recompute) -> Self {
        let b = || device.zeros(0);
        let i = || device.indices(0);
        Self {
            recompute,
            batch: DeviceBatch {
                ids: i(),
                positions: i(),
                angles: b(),
                head_order: i(),
                ordered_rows: 0,
                attention: D::AttentionPlan::default(),
                loss: D::LossPlan::default(),
                loss_rows: i(),
                cache_rows: i(),
                slots: i(),
                lengths: i(),
            },
            host: HostPlan::default(),
            inputs: Vec::new(),
            kept: Vec::new(),
            temporary: Temporary {
                normed: b(),
                activated: b(),
                turned: b(),
                known: [b(), b()],
                dresidual: b(),
                dout: b(),
                dnormed: b(),
                dattended: b(),
                dqkv: b(),
                dup: b(),
                dactivated: b(),
            },
            head: HeadBuffers {
                rows: b(),
                stats: b(),
                normed: b(),
                dnormed: b(),
                drows: b(),
                losses: b(),
                logits: b(),
            },
            scratch: b(),
        }
    }

    /// Bytes that the workspace holds now.
    pub fn bytes(&mut self, device: &D) -> usize {
        let mut total = 0;
        self.each(|buffer| total += device.len(buffer));
        4 * total
    }

    /// Makes all buffers large enough.
    pub(crate) fn ensure(&mut self, device: &D, config: &ModelConfig, sizes: &Sizes) {
        let inputs = if sizes.backward { config.layers + 1 } else { 2 };
        while self.inputs.len() < inputs {
            self.inputs.push(device.zeros(0));
        }
        let kept = sizes.kept(config);
        while self.kept.len() < kept {
            self.kept.push(Activations::empty(device));
        }
        let mut wanted = Vec::with_capacity(64);
        each_len(config, sizes, inputs, kept, self.inputs.len(), self.kept.len(), device, |len| {
            wanted.push(len);
        });
        let mut wanted = wanted.into_iter();
        self.each(|buffer| {
            let len = wanted.next().unwrap_or(0);
            if device.len(buffer) < len {
                *buffer = device.zeros(len);
            }
        });
    }

    /// All buffers, in the order of [`each_len`].
    fn each(&mut self, mut f: impl FnMut(&mut D::Buffer)) {
        f(&mut self.batch.angles);
        self.inputs.iter_mut().for_each(&mut f);
        for k in &mut self.kept {
            let [q_stats, k_stats] = &mut k.qk_stats;
            for buffer in [
                &mut k.attention_stats,
                &mut k.qkv,
                q_stats,
                k_stats,
                &mut k.attended,
                &mut k.lse,
                &mut k.middle,
                &mut k.mlp_stats,
                &mut k.up,
            ] {
                f(buffer);
            }
            k.low_rank.iter_mut().for_each(&mut f);
        }
        let (t, h) = (&mut self.temporary, &mut self.head);
        let [known_keys, known_values] = &mut t.known;
        for buffer in [
            &mut t.normed,
            &mut t.activated,
            &mut t.turned,
            known_keys,
            known_values,
            &mut t.dresidual,
            &mut t.dout,
            &mut t.dnormed,
            &mut t.dattended,
            &mut t.dqkv,
            &mut t.dup,
            &mut t.dactivated,
            &mut h.rows,
            &mut h.stats,
            &mut h.normed,
            &mut h.dnormed,
            &mut h.drows,
            &mut h.losses,
            &mut h.logits,
            &mut self.scratch,
        ] {
            f(buffer);
        }
    }
}

impl<D: Device> Activations<D> {
    fn empty(device: &D) -> Self {
        let b = || device.zeros(0);
        Self {
            attention_stats: b(),
            qkv: b(),
            qk_stats: [b(), b()],
            attended: b(),
            lse: b(),
            middle: b(),
            mlp_stats: b(),
            up: b(),
            low_rank: [b(), b(), b(), b()],
        }
    }
}

/// The wanted length of every buffer, in the order of [`Workspace::each`]; 0 for those beyond what this pass uses.
fn each_len<D: Device>(
    config: &ModelConfig,
    s: &Sizes,
    inputs: usize,
    kept: usize,
    all_inputs: usize,
    all_kept: usize,
    device: &D,
    mut f: impl FnMut(usize),
) {
    let (n, c, q) = (s.rows, config.hidden, config.q_width());
    let qkv = q + 2 * config.kv_width();
    let (up, mlp) = (up_width(config), config.mlp_hidden);
    f(n * config.rotary_dims());
    for i in 0..all_inputs {
        f(if i < inputs { n * c } else { 0 });
    }
    for k in 0..all_kept {
        let n = if k < kept { n } else { 0 };
        let norms = if config.qk_norm { n } else { 0 };
        let (h, hk) = (config.heads, config.kv_heads);
        for len in [2 * n, n * qkv, 2 * norms * h, 2 * norms * hk, n * q, n * h, n * c, 2 * n, n * up] {
            f(len);
        }
        for rank in s.ranks {
            f(n * rank);
        }
    }
    let back = if s.backward { n } else { 0 };
    let turned = if config.qk_norm || config.qkv_by_head { n * qkv } else { 0 };
    let dout = if config.parallel_residual { back * c } else { 0 };
    let known = s.known * config.kv_width();
    for len in [n * c, n * mlp, turned, known, known, back * c, dout, back * c, back * q] {
        f(len);
    }
    for len in [back * qkv, back * up, back * mlp] {
        f(len);
    }
    let (l, dl) = (s.loss_rows, if s.backward { s.loss_rows } else { 0 });
    for len in [l * c, 2 * l, l * c, dl * c, dl * c, s.targets, s.logits] {
        f(len);
    }
    f(device.scratch_len(&scratch_need(config, s)));
}

fn scratch_need(config: &ModelConfig, s: &Sizes) -> ScratchNeed {
    let width = Projection::ALL.iter().map(|p| p.sizes(config)).map(|(i, o)| i.max(o)).max().unwrap_or(0);
    ScratchNeed {
        rows: s.rows,
        width,
        rank: s.ranks.into_iter().max().unwrap_or(0),
        loss_rows: s.loss_rows,
        vocab: s.outputs,
        hidden: config.hidden,
        head_dim: config.head_dim,
        group: config.heads / config.kv_heads,
        cached: s.cached,
        dropout: s.dropout,
    }
}

/// Bytes of a workspace of these sizes, by what they are for.
pub(crate) fn planned<D: Device>(device: &D, config: &ModelConfig, sizes: &Sizes) -> (usize, usize) {
    let inputs = if sizes.backward { config.layers + 1 } else { 2 };
    let kept = sizes.kept(config);
    let mut lens = Vec::new();
    each_len(config, sizes, inputs, kept, inputs, kept, device, |len| lens.push(len));
    let scratch = lens.pop().unwrap_or(0);
    (4 * lens.iter().sum::<usize>(), 4 * scratch)
}
