//! The decoder's layers, forward and backward in one file each.
//!
//! 1. `weights` says where a layer's numbers lie: frozen, trainable, or frozen with low-rank additions.
//! 2. `embedding`: tokens and positions to rows of the residual stream.
//! 3. `attention`: norm, stacked query/key/value, q/k norm, rotation, attention, projection, residual.
//! 4. `mlp`: norm, gate and up in one product, activation, down, residual.
//! 5. `head`: the last norm and the loss, at the rows that have targets.

pub(crate) mod attention;
pub(crate) mod embedding;
pub(crate) mod head;
pub(crate) mod mlp;
pub(crate) mod weights;

pub(crate) use weights::{Base, Offsets, View};

/// The matrix products of a block; those that share an input are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Projection {
    /// Query, key and value.
    Qkv = 0,
    /// After attention.
    Out = 1,
    /// Gate (if any) and up.
    Up = 2,
    /// Out of the MLP.
    Down = 3,
}

impl Projection {
    pub const COUNT: usize = 4;
    pub const ALL: [Self; 4] = [Self::Qkv, Self::Out, Self::Up, Self::Down];

    /// Which product a linear layer is a part of.
    pub fn of(kind: crate::LinearKind) -> Self {
        use crate::LinearKind as K;
        match kind {
            K::QueryKeyValue | K::Query | K::Key | K::Value => Self::Qkv,
            K::AttentionOut => Self::Out,
            K::MlpGate | K::MlpUp => Self::Up,
            K::MlpDown => Self::Down,
        }
    }

    /// (inputs, outputs).
    pub fn sizes(self, config: &crate::ModelConfig) -> (usize, usize) {
        let (c, q) = (config.hidden, config.q_width());
        match self {
            Self::Qkv => (c, q + 2 * config.kv_width()),
            Self::Out => (q, c),
            Self::Up => (c, up_width(config)),
            Self::Down => (config.mlp_hidden, c),
        }
    }
}

/// Width of gate and up together.
pub(crate) fn up_width(config: &crate::ModelConfig) -> usize {
    if config.mlp == crate::MlpKind::Gated { 2 * config.mlp_hidden } else { config.mlp_hidden }
}

/// The decoder's activation as the kernels know it.
pub(crate) fn activation(config: &crate::ModelConfig) -> kernels::Activation {
    match config.activation {
        crate::Activation::GeluTanh => kernels::Activation::GeluTanh,
        crate::Activation::GeluErf => kernels::Activation::GeluErf,
        crate::Activation::Silu => kernels::Activation::Silu,
    }
}
