//! The architecture as data: one decoder, described by [`ModelConfig`].
//!
//! 1. `parse` reads Hugging Face's `config.json` into it, `write` writes it back.
//! 2. `presets` gives the shapes that the product and its bench know by name.
//! 3. `rope` turns rotary settings, which `rotary_keys` reads, into frequencies.
//! 4. `modules` lists the linear layers with their Hugging Face paths.
//! 5. `labels` is what a classifier's `config.json` has beside.

mod keys;
mod labels;
mod modules;
mod parse;
mod presets;
mod rope;
mod rotary_keys;
mod write;

pub(crate) use labels::numbered;
pub use labels::{check_labels, labels_in};
pub use modules::{LinearKind, LinearModule};
pub use rope::{RopeScaling, Rotary};

/// The families whose files are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `GPT2LMHeadModel`.
    Gpt2,
    /// `GPTNeoXForCausalLM`, such as Polyglot-Ko.
    GptNeox,
    /// `LlamaForCausalLM`.
    Llama,
    /// `MistralForCausalLM`.
    Mistral,
    /// `Qwen2ForCausalLM`.
    Qwen2,
    /// `Qwen3ForCausalLM`.
    Qwen3,
    /// `GemmaForCausalLM`, the first Gemma.
    Gemma,
}

impl Family {
    /// All families, in the order in which they are listed to people.
    pub const ALL: [Self; 7] =
        [Self::Gpt2, Self::GptNeox, Self::Llama, Self::Mistral, Self::Qwen2, Self::Qwen3, Self::Gemma];

    /// `architectures[0]` in `config.json`.
    pub fn architecture(self) -> &'static str {
        match self {
            Self::Gpt2 => "GPT2LMHeadModel",
            Self::GptNeox => "GPTNeoXForCausalLM",
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
            Self::Gemma => "GemmaForCausalLM",
        }
    }

    /// `model_type` in `config.json`.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Gpt2 => "gpt2",
            Self::GptNeox => "gpt_neox",
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma => "gemma",
        }
    }
}

/// Which normalisation stands before attention, before the MLP and before the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Root mean square, scale only.
    Rms,
    /// As `Rms`, with the scale stored as its difference from 1 (Gemma).
    RmsOffset,
    /// Mean and variance, scale and bias.
    Layer,
}

/// The normalisation and its epsilon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    /// Which one.
    pub kind: NormKind,
    /// Added to the mean square or the variance.
    pub eps: f32,
}

/// How a token knows its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// A table of `context` rows that is added to the embedding.
    Learned,
    /// Queries and keys are rotated.
    Rotary(Rotary),
}

/// The shape of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MlpKind {
    /// `down(activation(gate(x)) * up(x))`.
    Gated,
    /// `down(activation(up(x)))`.
    Plain,
}

/// The MLP's nonlinearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// GELU by its tanh approximation.
    GeluTanh,
    /// GELU by the error function.
    GeluErf,
    /// x · sigmoid(x).
    Silu,
}

/// How the family stores the weight of a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// (outputs, inputs), as `torch.nn.Linear`.
    Linear,
    /// (inputs, outputs), as GPT-2's `Conv1D`.
    Conv1D,
}

/// A decoder's architecture. Sizes are counts, never bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Whose names and defaults the files follow.
    pub family: Family,
    /// V: rows of the embedding and of the head.
    pub vocab: usize,
    /// The greatest number of tokens in one sequence.
    pub context: usize,
    /// Number of blocks.
    pub layers: usize,
    /// C: width of the residual stream.
    pub hidden: usize,
    /// I: width inside the MLP.
    pub mlp_hidden: usize,
    /// H: query heads.
    pub heads: usize,
    /// Key/value heads; `heads` is a multiple of it.
    pub kv_heads: usize,
    /// Width of a head; `heads * head_dim` need not be `hidden`.
    pub head_dim: usize,
    /// Normalisation.
    pub norm: Norm,
    /// Positions.
    pub positions: Positions,
    /// One weight for query, key and value (GPT-2's `c_attn`), in this order along the outputs.
    pub fused_qkv: bool,
    /// In the one weight, query, key and value of each head stand together (GPT-NeoX); there are as many key heads as heads.
    pub qkv_by_head: bool,
    /// Query, key and value have a bias.
    pub qkv_bias: bool,
    /// The projection after attention has a bias.
    pub attention_out_bias: bool,
    /// RMSNorm over each query and key head before the rotation.
    pub qk_norm: bool,
    /// Attention and MLP read the same input and their outputs are added together.
    pub parallel_residual: bool,
    /// Gated or plain.
    pub mlp: MlpKind,
    /// The MLP's nonlinearity.
    pub activation: Activation,
    /// The MLP's layers have a bias.
    pub mlp_bias: bool,
    /// Embedded tokens are multiplied by √`hidden` (Gemma).
    pub scaled_embedding: bool,
    /// The head is the embedding.
    pub tied_head: bool,
    /// How linear weights are stored.
    pub orientation: Orientation,
    /// Token that begins a text, when the config names one.
    pub bos_token: Option<u32>,
    /// Tokens that end a text; may be empty.
    pub eos_tokens: Vec<u32>,
}

impl ModelConfig {
    /// Width of all query heads together.
    pub fn q_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key heads together; that of the value heads is the same.
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Dimensions of a head, from its first on, that are rotated; 0 without rotary positions.
    pub fn rotary_dims(&self) -> usize {
        match &self.positions {
            Positions::Learned => 0,
            Positions::Rotary(rotary) => rotary.dims.unwrap_or(self.head_dim),
        }
    }

    /// Number of parameters, a tied head counted once.
    pub fn parameters(&self) -> usize {
        let linear: usize = self
            .linear_modules()
            .iter()
            .map(|m| m.inputs * m.outputs + if m.bias { m.outputs } else { 0 })
            .sum();
        let norm = match self.norm.kind {
            NormKind::Rms | NormKind::RmsOffset => self.hidden,
            NormKind::Layer => 2 * self.hidden,
        };
        let qk = if self.qk_norm { 2 * self.head_dim } else { 0 };
        let norms = (2 * self.layers + 1) * norm + self.layers * qk;
        let learned = if self.positions == Positions::Learned { self.context * self.hidden } else { 0 };
        let heads = if self.tied_head { 1 } else { 2 };
        heads * self.vocab * self.hidden + learned + norms + linear
    }
}
