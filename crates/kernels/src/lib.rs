//! Arithmetic on shaped slices, forward and backward.

pub mod cpu;
mod device;
pub mod plan;
pub mod random;
pub mod reference;
mod weight;

pub use cpu::Cpu;
pub use device::{
    Activation, AdamW, At, AttentionShape, CacheShape, DType, Device, Dropout, Groups, HeadShape, Layout,
    LinearShape, LoraTerm, Matrix, NormWeights, Phase, Place, Rows, ScratchNeed, WeightPart,
};
pub use reference::Reference;
