//! llama.cpp's keys of an architecture, read into a [`ModelConfig`] and written from one.

use super::{GgufFile, GgufProblem, GgufValue, names};
use crate::weights::TensorSource;
use crate::{
    Activation, Family, MlpKind, ModelConfig, ModelError, Norm, NormKind, Orientation, Positions,
    RopeScaling, Rotary,
};

/// Whether attention and MLP read the same input.
const PARALLEL: &str = "use_parallel_residual";

/// The keys of one architecture, which all begin with its name.
struct Keys<'a> {
    file: &'a GgufFile,
    architecture: &'a str,
}

impl Keys<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn optional_size(&self, name: &str) -> Result<Option<usize>, ModelError> {
        let key = self.key(name);
        let Some(size) = self.file.size(&key)? else { return Ok(None) };
        // What no model has is refused before anything is computed from it.
        match usize::try_from(size).ok().filter(|size| (1..=1 << 28).contains(size)) {
            Some(size) => Ok(Some(size)),
            None => Err(self.file.problem(GgufProblem::KeyKind {
                key,
                found: size.to_string(),
                wanted: "between 1 and 268435456",
            })),
        }
    }

    fn size(&self, name: &str) -> Result<usize, ModelError> {
        self.optional_size(name)?.ok_or_else(|| self.file.missing(&self.key(name)))
    }

    fn positive(&self, name: &str) -> Result<Option<f64>, ModelError> {
        let key = self.key(name);
        let Some(number) = self.file.number(&key)? else { return Ok(None) };
        if number.is_finite() && number > 0.0 {
            return Ok(Some(number));
        }
        let (found, wanted) = (number.to_string(), "a positive number");
        Err(self.file.problem(GgufProblem::KeyKind { key, found, wanted }))
    }

    fn disagree(&self, name: &str, found: impl std::fmt::Display, wanted: impl Into<String>) -> ModelError {
        let (key, found, wanted) = (self.key(name), found.to_string(), wanted.into());
        self.file.problem(GgufProblem::Disagree { key, found, wanted })
    }
}

/// Reads the architecture of a model.
///
/// # Errors
/// The file holds no model of an architecture that is read, or a key is missing, of another type or out of range.
pub(super) fn read(file: &GgufFile) -> Result<ModelConfig, ModelError> {
    if let Some(kind) = file.text("general.type")?.filter(|kind| *kind != "model") {
        let (key, found) = ("general.type".to_owned(), format!("{kind:?}"));
        let wanted = "a base must be a \"model\": name the file of the base".to_owned();
        return Err(file.problem(GgufProblem::Disagree { key, found, wanted }));
    }
    let key = "general.architecture";
    let architecture = file.text(key)?.ok_or_else(|| file.missing(key))?;
    let family = names::family(architecture).ok_or_else(|| ModelError::UnsupportedArchitecture {
        found: architecture.to_owned(),
        supported: names::architectures(),
    })?;
    let keys = Keys { file, architecture };
    if file.names().is_empty() {
        return Err(ModelError::MissingTensor {
            place: file.place().to_owned(),
            name: names::EMBEDDING.to_owned(),
        });
    }
    let config = shape(&keys, family)?;
    check(&keys, &config)?;
    Ok(config)
}

fn shape(keys: &Keys<'_>, family: Family) -> Result<ModelConfig, ModelError> {
    let (is_gpt2, is_neox, is_gemma) =
        (family == Family::Gpt2, family == Family::GptNeox, family == Family::Gemma);
    let is_plain = is_gpt2 || is_neox;
    let (hidden, heads) = (keys.size("embedding_length")?, keys.size("attention.head_count")?);
    let head_dim = match keys.optional_size("attention.key_length")? {
        Some(head_dim) => head_dim,
        None if hidden.is_multiple_of(heads) => hidden / heads,
        None => {
            return Err(keys.disagree(
                "attention.head_count",
                heads,
                format!("{hidden} is no multiple of it"),
            ));
        }
    };
    let has = |name: &str| keys.file.contains(&format!("blk.0.{name}"));
    let qkv_bias = has("attn_q.bias") || has("attn_qkv.bias");
    let (norm, eps) = match family {
        Family::Gpt2 | Family::GptNeox => (NormKind::Layer, "attention.layer_norm_epsilon"),
        Family::Gemma => (NormKind::RmsOffset, "attention.layer_norm_rms_epsilon"),
        _ => (NormKind::Rms, "attention.layer_norm_rms_epsilon"),
    };
    let eps = keys.positive(eps)?.ok_or_else(|| keys.file.missing(&keys.key(eps)))? as f32;
    let context = keys.size("context_length")?;
    let positions = if is_gpt2 { Positions::Learned } else { rotary(keys, family, head_dim, context)? };
    Ok(ModelConfig {
        family,
        vocab: vocabulary(keys)?,
        context,
        layers: keys.size("block_count")?,
        hidden,
        mlp_hidden: keys.size("feed_forward_length")?,
        heads,
        kv_heads: keys.optional_size("attention.head_count_kv")?.unwrap_or(heads),
        head_dim,
        norm: Norm { kind: norm, eps },
        positions,
        fused_qkv: is_plain,
        qkv_by_head: is_neox,
        qkv_bias,
        attention_out_bias: has("attn_output.bias"),
        qk_norm: family == Family::Qwen3,
        parallel_residual: is_neox && keys.file.flag(&keys.key(PARALLEL))?.unwrap_or(true),
        mlp: if is_plain { MlpKind::Plain } else { MlpKind::Gated },
        activation: match family {
            Family::Gpt2 | Family::Gemma => Activation::GeluTanh,
            // As these models were trained; llama.cpp itself computes the tanh form.
            Family::GptNeox => Activation::GeluErf,
            _ => Activation::Silu,
        },
        mlp_bias: has("ffn_up.bias"),
        scaled_embedding: is_gemma,
        tied_head: !keys.file.contains(names::HEAD),
        // llama.cpp's converter turns GPT-2's matrices.
        orientation: Orientation::Linear,
        bos_token: token(keys.file, "tokenizer.ggml.bos_token_id")?,
        eos_tokens: end_tokens(keys.file)?,
    })
}

/// Rows of the embedding: what the file says of its size need not be there.
fn vocabulary(keys: &Keys<'_>) -> Result<usize, ModelError> {
    let embedding = keys.file.get(names::EMBEDDING)?;
    let rows = embedding.shape.first().copied().unwrap_or(0);
    if rows == 0 || rows > 1 << 28 {
        return Err(ModelError::TensorShape {
            name: names::EMBEDDING.to_owned(),
            found: embedding.shape,
            expected: vec![1, keys.size("embedding_length")?],
        });
    }
    Ok(rows)
}

fn check(keys: &Keys<'_>, config: &ModelConfig) -> Result<(), ModelError> {
    if !config.heads.is_multiple_of(config.kv_heads) {
        let wanted = format!("it must divide the {} heads", config.heads);
        return Err(keys.disagree("attention.head_count_kv", config.kv_heads, wanted));
    }
    if let Some(width) = keys.optional_size("attention.value_length")?
        && width != config.head_dim
    {
        let wanted = format!("keys have {}; only models whose values are as wide are read", config.head_dim);
        return Err(keys.disagree("attention.value_length", width, wanted));
    }
    if matches!(config.positions, Positions::Rotary(_)) && !config.head_dim.is_multiple_of(2) {
        return Err(keys.disagree(
            "attention.key_length",
            config.head_dim,
            "positions are rotary: it must be even",
        ));
    }
    Ok(())
}

fn rotary(keys: &Keys<'_>, family: Family, head_dim: usize, context: usize) -> Result<Positions, ModelError> {
    let dims = turned(keys, family, head_dim)?;
    let theta = keys.positive("rope.freq_base")?.unwrap_or(10_000.0);
    if theta <= 1.0 {
        return Err(keys.disagree("rope.freq_base", theta, "it must be greater than 1"));
    }
    let factor = keys.positive("rope.scaling.factor")?;
    let kind = keys.file.text(&keys.key("rope.scaling.type"))?;
    let scaling = match (kind, factor) {
        (None | Some("none"), None) => uneven(keys, theta, dims.unwrap_or(head_dim))?,
        (None | Some("none"), Some(factor)) if kind.is_some() || factor == 1.0 => RopeScaling::None,
        // Older files have the factor alone.
        (None | Some("linear"), Some(factor)) => RopeScaling::Linear { factor },
        (Some("yarn"), Some(factor)) => RopeScaling::Yarn {
            factor,
            original_context: keys.optional_size("rope.scaling.original_context_length")?.unwrap_or(context),
            beta_fast: keys.positive("rope.scaling.yarn_beta_fast")?.unwrap_or(32.0),
            beta_slow: keys.positive("rope.scaling.yarn_beta_slow")?.unwrap_or(1.0),
            truncate: true,
            attention_factor: yarn_attention(factor, keys.positive("rope.scaling.attn_factor")?),
        },
        (Some(kind), _) => {
            return Err(keys.disagree(
                "rope.scaling.type",
                kind,
                "none, linear and yarn with a factor are read",
            ));
        }
    };
    Ok(Positions::Rotary(Rotary { theta, scaling, dims }))
}

/// How many dimensions of a head are turned; None for all.
fn turned(keys: &Keys<'_>, family: Family, head_dim: usize) -> Result<Option<usize>, ModelError> {
    let name = "rope.dimension_count";
    match keys.optional_size(name)? {
        Some(turned) if turned != head_dim => {
            let is_part = turned < head_dim && turned.is_multiple_of(2);
            if family == Family::GptNeox && is_part {
                return Ok(Some(turned));
            }
            Err(keys.disagree(name, turned, format!("only whole heads of {head_dim} are turned")))
        }
        _ => Ok(None),
    }
}

/// llama.cpp multiplies what it is told with YaRN's own factor.
fn yarn_attention(factor: f64, told: Option<f64>) -> f64 {
    let own = if factor <= 1.0 { 1.0 } else { 0.1 * factor.ln() + 1.0 };
    told.unwrap_or(1.0) * own
}

/// Llama 3.1 and later: the file has the factor of each frequency, not the rule that they come from. The rule's numbers
/// are those of all models that were published with it, but for the factor, which is the greatest of the factors.
fn uneven(keys: &Keys<'_>, theta: f64, head_dim: usize) -> Result<RopeScaling, ModelError> {
    if !keys.file.contains(names::ROPE_FACTORS) {
        return Ok(RopeScaling::None);
    }
    let view = keys.file.get(names::ROPE_FACTORS)?;
    if view.shape != [head_dim / 2] {
        let (name, expected) = (names::ROPE_FACTORS.to_owned(), vec![head_dim / 2]);
        return Err(ModelError::TensorShape { name, found: view.shape, expected });
    }
    let found = view.to_f32();
    let factor = found.iter().fold(1.0_f32, |most, f| most.max(*f));
    let scaling = RopeScaling::Llama3 {
        factor: f64::from(factor),
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_context: 8192,
    };
    let expected = rope_factors(&Rotary { theta, scaling: scaling.clone(), dims: None }, head_dim);
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * b.abs();
    if factor.is_finite() && found.iter().zip(&expected).all(near) {
        return Ok(scaling);
    }
    Err(ModelError::Unsupported {
        what: names::ROPE_FACTORS,
        value: format!("{:?} …", &found[..found.len().min(4)]),
        allowed: "the factors of Llama 3.1 and later (low 1, high 4, original context 8192)",
    })
}

/// What each frequency is divided by.
pub(super) fn rope_factors(rotary: &Rotary, head_dim: usize) -> Vec<f32> {
    let plain = Rotary { scaling: RopeScaling::None, ..rotary.clone() };
    let pairs = plain.inverse_frequencies(head_dim).into_iter().zip(rotary.inverse_frequencies(head_dim));
    pairs.map(|(plain, scaled)| plain / scaled).collect()
}

fn token(file: &GgufFile, key: &str) -> Result<Option<u32>, ModelError> {
    Ok(file.size(key)?.and_then(|id| u32::try_from(id).ok()))
}

fn end_tokens(file: &GgufFile) -> Result<Vec<u32>, ModelError> {
    let mut tokens = Vec::new();
    for key in ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"] {
        tokens.extend(token(file, key)?.filter(|id| !tokens.contains(id)));
    }
    Ok(tokens)
}

/// The keys of an architecture, with `general.architecture` first.
///
/// # Errors
/// llama.cpp has no such architecture.
pub(super) fn write(config: &ModelConfig) -> Result<Vec<(String, GgufValue)>, ModelError> {
    let architecture = names::architecture(config.family);
    let mut keys = vec![("general.architecture".to_owned(), GgufValue::text(architecture))];
    let mut push = |name: &str, value: GgufValue| keys.push((format!("{architecture}.{name}"), value));
    let size = |size: usize| GgufValue::U32(u32::try_from(size).unwrap_or(u32::MAX));
    push("block_count", size(config.layers));
    push("context_length", size(config.context));
    push("embedding_length", size(config.hidden));
    push("feed_forward_length", size(config.mlp_hidden));
    push("attention.head_count", size(config.heads));
    push("attention.head_count_kv", size(config.kv_heads));
    push("vocab_size", size(config.vocab));
    let eps = GgufValue::F32(config.norm.eps);
    match config.norm.kind {
        NormKind::Rms | NormKind::RmsOffset => push("attention.layer_norm_rms_epsilon", eps),
        NormKind::Layer => push("attention.layer_norm_epsilon", eps),
    }
    if config.family == Family::GptNeox {
        push(PARALLEL, GgufValue::Bool(config.parallel_residual));
    }
    if let Positions::Rotary(rotary) = &config.positions {
        push("attention.key_length", size(config.head_dim));
        push("attention.value_length", size(config.head_dim));
        push("rope.dimension_count", size(config.rotary_dims()));
        push("rope.freq_base", GgufValue::F32(rotary.theta as f32));
        scaling(&rotary.scaling, &mut push)?;
    }
    Ok(keys)
}

fn scaling(scaling: &RopeScaling, push: &mut impl FnMut(&str, GgufValue)) -> Result<(), ModelError> {
    match *scaling {
        // Llama 3's factors are a tensor; within the context that we use, dynamic frequencies are the plain ones.
        RopeScaling::None | RopeScaling::Llama3 { .. } | RopeScaling::Dynamic { .. } => {}
        RopeScaling::Linear { factor } => {
            push("rope.scaling.type", GgufValue::text("linear"));
            push("rope.scaling.factor", GgufValue::F32(factor as f32));
        }
        RopeScaling::Yarn { truncate: false, .. } => return Err(not_stretched("yarn without truncate")),
        RopeScaling::Yarn { factor, original_context, beta_fast, beta_slow, attention_factor, .. } => {
            let told = attention_factor / yarn_attention(factor, None);
            push("rope.scaling.type", GgufValue::text("yarn"));
            push("rope.scaling.factor", GgufValue::F32(factor as f32));
            push("rope.scaling.original_context_length", GgufValue::U32(original_context as u32));
            push("rope.scaling.yarn_beta_fast", GgufValue::F32(beta_fast as f32));
            push("rope.scaling.yarn_beta_slow", GgufValue::F32(beta_slow as f32));
            if (told - 1.0).abs() > 1e-6 {
                push("rope.scaling.attn_factor", GgufValue::F32(told as f32));
            }
        }
        RopeScaling::LongRope { .. } => return Err(not_stretched("longrope")),
    }
    Ok(())
}

fn not_stretched(kind: &str) -> ModelError {
    ModelError::Unsupported {
        what: "the stretching of positions in a GGUF file",
        value: kind.to_owned(),
        allowed: "linear, dynamic, llama3, and yarn with truncate",
    }
}
