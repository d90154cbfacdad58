//! Arithmetic on shaped slices, forward and backward.
//!
//! The principal types are [`Device`] (a machine's memory and operations), [`Cpu`] (the fast one: tiles, one thread
//! pool, vectors) and [`Reference`] (the specification: plain loops over f32 or f64).
//!
//! | letter | meaning |
//! |---|---|
//! | N | rows: tokens of a batch, packed without padding |
//! | L, T | rows with a loss; targets (a row may have several) |
//! | C | width of the residual stream |
//! | I, O | inputs and outputs of a linear layer |
//! | R | rank of a low-rank addition |
//! | H, Hk, D | query heads, key/value heads, width of a head |
//! | F | width inside the MLP |
//! | V | vocabulary |
//!
//! | operation | forward | backward |
//! |---|---|---|
//! | [`embed`](Device::embed) | `out[n] = table[ids[n]]` | `dtable[ids[n]] += dout[n]` |
//! | [`gather`](Device::gather), [`scatter`](Device::scatter) | rows by index | each other |
//! | [`norm`](Device::norm) | `(x - mean) · rstd · (weight + added) + bias`; without bias RMSNorm | dx, dweight, dbias |
//! | [`rope_angles`](Device::rope_angles), [`rope`](Device::rope) | pairs (i, i + D/2) turn by position · frequency | turn back |
//! | [`linear`](Device::linear) | `residual + x·Wᵀ + bias + Σ scale·(x·Aᵀ)·Bᵀ` | dx, dA, dB; dW and dbias when W is trained |
//! | [`attention`](Device::attention) | `softmax(scale·q·kᵀ)·v` over visible keys | dq, dk, dv |
//! | [`cache_write`](Device::cache_write), [`cache_read`](Device::cache_read), [`attention_decode`](Device::attention_decode) | keys and values kept, and one query a row over them | – |
//! | [`activate`](Device::activate) | GELU (tanh, erf), SiLU | `dout · f′(x)` |
//! | [`gated`](Device::gated) | `f(gate) · up` | dgate, dup |
//! | [`head_loss`](Device::head_loss) | `weight · (ln Σ exp(x·Wᵀ) - (x·Wᵀ)[target])`, logits in chunks of rows | dx, dW when W is trained |
//! | [`adamw`](Device::adamw), [`sum_of_squares`](Device::sum_of_squares), [`sum`](Device::sum) | a step; what clipping and reporting need | – |
//! | [`fill`](Device::fill), [`scale`](Device::scale), [`copy`](Device::copy), [`add`](Device::add) | on ranges | – |
//!
//! Frozen matrices keep their file's dtype ([`DType`]), which is exact, or are quantised ([`quant`]), and are widened
//! panel by panel. In generation ([`Phase::Decode`]) quantised ones are multiplied in integers, with rows in eight bits.
//! The order of every sum follows from the shapes alone: a result does not depend on the number of threads or on timing.
//! Operations allocate nothing of their own but, once a thread, the strip that a matrix product packs, and the rows in
//! eight bits.
//!
//! ```
//! use kernels::{Activation, Cpu, Device};
//!
//! let cpu = Cpu::new(2);
//! let (mut x, mut out) = (cpu.zeros(3), cpu.zeros(3));
//! cpu.write(&mut x, 0, &[-1.0, 0.0, 2.0]);
//! cpu.activate(&mut out, &x, 3, Activation::Silu);
//! let mut host = [0.0; 3];
//! cpu.read(&out, 0, &mut host);
//! assert!((host[2] - 2.0 / (1.0 + (-2.0f32).exp())).abs() < 1e-6);
//! ```
//!
//! Never depends on files, serde or model sizes.

pub mod cpu;
mod device;
pub mod plan;
pub mod quant;
pub mod random;
pub mod reference;
mod shapes;
mod weight;

pub use cpu::{Cpu, instruction_sets};
pub use device::Device;
pub use reference::Reference;
pub use shapes::{
    Activation, AdamW, At, AttentionShape, CachePrecision, CacheShape, DType, Dropout, Groups, HeadShape,
    Layout, LinearShape, LoraTerm, Matrix, NormWeights, Phase, Place, Rows, ScratchNeed, WeightPart,
};
