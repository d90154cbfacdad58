//! A model as a GGUF file that llama.cpp reads, and a LoRA adapter.

use std::io::Write;
use std::path::Path;

use super::names::{self, Change, Named};
use super::{GgufMix, GgufTensor, GgufValue, config, write_gguf};
use crate::adapter::AdapterFolder;
use crate::weights::{TensorSource, get_checked, turned, write_values};
use crate::{DType, ModelConfig, ModelError, Orientation, Positions, RopeScaling};

/// Writes a model in one of llama.cpp's mixes of formats. `more` are further keys: the model's name, vocabulary and
/// template. Tensors in blocks that the mix wants in the same blocks are copied; all others are read as f32 and
/// narrowed. The same input gives the same bytes.
///
/// # Errors
/// A tensor is missing or has another shape, a number cannot be held, llama.cpp has no such architecture, or the file
/// cannot be written; then nothing stands under its name.
pub fn export_gguf(
    path: &Path,
    config: &ModelConfig,
    source: &dyn TensorSource,
    mix: GgufMix,
    more: &[(String, GgufValue)],
) -> Result<(), ModelError> {
    let mut keys = config::write(config)?;
    keys.insert(1, ("general.type".to_owned(), GgufValue::text("model")));
    keys.push(("general.file_type".to_owned(), GgufValue::U32(mix.file_type())));
    if mix.has_blocks() {
        keys.push(("general.quantization_version".to_owned(), GgufValue::U32(2)));
    }
    keys.extend(more.iter().cloned());
    let factors = rope_factors(config);
    let mut tensors = Vec::new();
    for named in names::of(config) {
        tensors.push(Planned::of(named, config, source, mix)?);
    }
    let mut headers: Vec<_> = tensors.iter().map(|tensor| tensor.header.clone()).collect();
    if let Some(factors) = &factors {
        let (name, shape) = (names::ROPE_FACTORS.to_owned(), vec![factors.len()]);
        headers.push(GgufTensor { name, dtype: DType::F32, shape });
    }
    // The model's own error is kept: `io::Error` has no room for it.
    let mut failed = None;
    let written = write_gguf(path, &keys, &headers, &mut |at, out| {
        let result = match tensors.get(at) {
            Some(tensor) => tensor.write(config, source, out),
            None => write_values(out, DType::F32, factors.as_deref().unwrap_or_default()).map_err(Failed::Io),
        };
        result.map_err(|error| match error {
            Failed::Io(error) => error,
            Failed::Model(error) => {
                failed = Some(error);
                std::io::Error::from(std::io::ErrorKind::InvalidData)
            }
        })
    });
    match failed {
        Some(error) => Err(error),
        None => written,
    }
}

/// What each rotary frequency is divided by, where llama.cpp wants it as a tensor.
fn rope_factors(config: &ModelConfig) -> Option<Vec<f32>> {
    match &config.positions {
        Positions::Rotary(rotary) if matches!(rotary.scaling, RopeScaling::Llama3 { .. }) => {
            Some(config::rope_factors(rotary, config.head_dim))
        }
        _ => None,
    }
}

enum Failed {
    Io(std::io::Error),
    Model(ModelError),
}

/// A tensor that will be written.
struct Planned {
    named: Named,
    header: GgufTensor,
    /// As the source has it.
    shape: Vec<usize>,
    /// The source has inputs outermost.
    turned: bool,
}

impl Planned {
    fn of(
        named: Named,
        config: &ModelConfig,
        source: &dyn TensorSource,
        mix: GgufMix,
    ) -> Result<Self, ModelError> {
        let layout = crate::base_layout(config);
        let spec = layout.find(&named.ours).ok_or_else(|| ModelError::MissingTensor {
            place: "the architecture".to_owned(),
            name: named.ours.clone(),
        })?;
        get_checked(source, config, &spec.name, &spec.shape)?;
        let is_linear = named.theirs.starts_with("blk.") && spec.shape.len() == 2;
        let turned = is_linear && config.orientation == Orientation::Conv1D;
        let mut shape = spec.shape.clone();
        if turned {
            shape.reverse();
        }
        let dtype = mix.dtype(&named.theirs, &shape, config.layers, config.tied_head);
        let header = GgufTensor { name: named.theirs.clone(), dtype, shape };
        Ok(Self { named, header, shape: spec.shape.clone(), turned })
    }

    fn write(
        &self,
        config: &ModelConfig,
        source: &dyn TensorSource,
        out: &mut dyn Write,
    ) -> Result<(), Failed> {
        let view = get_checked(source, config, &self.named.ours, &self.shape).map_err(Failed::Model)?;
        let dtype = self.header.dtype;
        let as_it_is = view.dtype == dtype && self.named.change == Change::None && !self.turned;
        if as_it_is {
            return out.write_all(&view.bytes).map_err(Failed::Io);
        }
        let mut values = view.to_f32();
        if self.turned {
            values = turned(&values, self.shape[1]);
        }
        values = self.named.change.apply(values, self.header.shape[0], config.head_dim);
        let written = write_values(out, dtype, &values);
        source.release(&self.named.ours);
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Failed::Model(ModelError::NotQuantisable {
                tensor: self.named.ours.clone(),
                format: dtype.name(),
            }),
            _ => Failed::Io(error),
        })
    }
}

/// Writes an adapter as llama.cpp's `--lora` reads it: `lora_a` and `lora_b` of each tensor in f32.
///
/// llama.cpp scales by alpha / rank; of a rank-stabilised adapter the alpha is written that comes to the same scale.
///
/// # Errors
/// A tensor is missing, the adapter is a classifier's, llama.cpp has no such architecture, or the file cannot be
/// written.
pub fn export_gguf_adapter(
    path: &Path,
    config: &ModelConfig,
    adapter: &AdapterFolder,
    more: &[(String, GgufValue)],
) -> Result<(), ModelError> {
    if !adapter.info.labels.is_empty() {
        return Err(ModelError::NotALanguageModel { labels: adapter.info.labels.len() });
    }
    let architecture = config::write(config)?.swap_remove(0);
    let alpha = adapter.lora.scale() * adapter.lora.rank as f32;
    let mut keys = vec![
        architecture,
        ("general.type".to_owned(), GgufValue::text("adapter")),
        ("adapter.type".to_owned(), GgufValue::text("lora")),
        ("adapter.lora.alpha".to_owned(), GgufValue::F32(alpha)),
    ];
    keys.extend(more.iter().cloned());
    let (mut headers, mut values) = (Vec::new(), Vec::new());
    for module in adapter.lora.select(config)? {
        for (key, end, rows, row) in [
            (module.lora_a_key(), "lora_a", adapter.lora.rank, module.inputs),
            (module.lora_b_key(), "lora_b", module.outputs, adapter.lora.rank),
        ] {
            let mut numbers = adapter.get(&key)?.to_f32();
            if end == "lora_b" {
                numbers = names::change_of(config, module.kind).apply(numbers, rows, config.head_dim);
            }
            let name = format!("blk.{}.{}.weight.{end}", module.layer, names::linear(module.kind));
            headers.push(GgufTensor { name, dtype: DType::F32, shape: vec![rows, row] });
            values.push(numbers);
        }
    }
    write_gguf(path, &keys, &headers, &mut |at, out| write_values(out, DType::F32, &values[at]))
}
