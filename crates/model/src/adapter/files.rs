//! An adapter folder: `adapter_config.json`, `adapter_model.safetensors`, and our own `moru.json` beside them.

use std::path::Path;
use std::sync::Arc;

use kernels::Device;
use serde_json::Value;

use super::{AdapterInfo, LoraConfig, TaskType, peft_config};
use crate::weights::{TensorToWrite, get_checked, write_safetensors};
use crate::{
    Decoder, LabelProblem, ModelConfig, ModelError, PEFT_SCORE, Parameters, SafetensorsFile, TensorSource,
    TensorView, Trainable, config, platform,
};

/// PEFT's settings file.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// PEFT's tensor file.
pub const TENSOR_FILE: &str = "adapter_model.safetensors";
/// Ours: what PEFT has no key for. PEFT refuses unknown keys in its own file.
pub const SIDECAR_FILE: &str = "moru.json";

/// Writes an adapter folder as PEFT would; creates the folder.
///
/// `tensors` carry PEFT's keys, as `LoraConfig::tensors` names them; a classifier's have the head `score` besides,
/// and `config.json` is written with its labels. The same input gives the same bytes.
///
/// # Errors
/// A tensor is missing, unexpected or of another shape than the settings lead to on `config`, or a file
/// cannot be written.
pub fn write_adapter(
    folder: &Path,
    config: &ModelConfig,
    info: &AdapterInfo,
    lora: &LoraConfig,
    tensors: &[TensorToWrite<'_>],
) -> Result<(), ModelError> {
    let is_classifier = info.task == TaskType::SequenceClassification;
    let labels = is_classifier.then_some(info.labels.len());
    check_tensors(
        config,
        lora,
        labels,
        &folder.display().to_string(),
        &mut tensors.iter().map(|t| (&*t.name, &*t.shape)),
    )?;
    let value = peft_config::to_json(config, info, lora)?;
    create_folder(folder)?;
    write_json(&folder.join(CONFIG_FILE), &value)?;
    if is_classifier {
        config::check_labels("the adapter", &info.labels)?;
        write_json(&folder.join("config.json"), &config.to_classifier_json(&info.labels))?;
    }
    write_safetensors(&folder.join(TENSOR_FILE), tensors, &[("format", "pt")])
}

/// Writes `moru.json` into an adapter folder.
///
/// # Errors
/// The file cannot be written.
pub fn write_sidecar(folder: &Path, value: &Value) -> Result<(), ModelError> {
    write_json(&folder.join(SIDECAR_FILE), value)
}

/// An adapter folder, opened and checked against its base.
#[derive(Debug)]
pub struct AdapterFolder {
    /// The LoRA settings.
    pub lora: LoraConfig,
    /// What else `adapter_config.json` says.
    pub info: AdapterInfo,
    tensors: SafetensorsFile,
}

impl AdapterFolder {
    /// Opens an adapter that PEFT or this engine wrote, for a base of architecture `config`.
    ///
    /// # Errors
    /// A file is missing or broken, a setting is not supported, or a tensor does not fit the base; the error
    /// names the tensor.
    pub fn open(folder: &Path, config: &ModelConfig) -> Result<Self, ModelError> {
        let path = folder.join(CONFIG_FILE);
        if !path.exists() {
            return Err(ModelError::MissingFile { folder: folder.to_owned(), wanted: CONFIG_FILE });
        }
        let text = std::fs::read_to_string(&path).map_err(|source| ModelError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let (lora, mut info) = peft_config::from_json(&path, &text)?;
        let tensor_path = folder.join(TENSOR_FILE);
        if !tensor_path.exists() {
            return Err(ModelError::MissingFile { folder: folder.to_owned(), wanted: TENSOR_FILE });
        }
        let tensors = SafetensorsFile::open(&tensor_path)?;
        let names = tensors.names();
        let views: Vec<_> = names.iter().map(|name| tensors.get(name)).collect::<Result<_, _>>()?;
        let place = tensor_path.display().to_string();
        if info.task == TaskType::SequenceClassification {
            let rows = tensors.get(PEFT_SCORE)?.shape.first().copied().unwrap_or(0);
            info.labels = labels(folder, rows)?;
        }
        let head = (!info.labels.is_empty()).then_some(info.labels.len());
        let mut found = names.iter().zip(&views).map(|(name, view)| (&**name, &*view.shape));
        check_tensors(config, &lora, head, &place, &mut found)?;
        Ok(Self { lora, info, tensors })
    }

    /// Brings the adapter to the decoder's device and gives its numbers their places.
    ///
    /// # Errors
    /// The adapter was opened for another architecture than the decoder's.
    pub fn bind<D: Device>(&self, decoder: &Decoder<D>) -> Result<Trainable<D>, ModelError> {
        let layout = Arc::new(decoder.lora_layout(&self.lora)?);
        let parameters = Parameters::zeros(&**decoder.device(), layout);
        let mut trainable = decoder.bind_lora(parameters, &self.lora)?;
        if !self.info.labels.is_empty() {
            trainable = decoder.with_score(trainable, self.info.labels.len(), 0)?;
        }
        for spec in &trainable.parameters.layout.clone().specs {
            let view = get_checked(self, decoder.config(), &spec.name, &spec.shape)?;
            decoder.device().write(&mut trainable.parameters.values, spec.offset, &view.to_f32());
        }
        Ok(trainable)
    }
}

impl TensorSource for AdapterFolder {
    fn names(&self) -> Vec<String> {
        self.tensors.names()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        self.tensors.get(name)
    }
}

/// The labels of a head of so many rows: those that `config.json` beside the adapter names, or numbered ones as
/// transformers has them.
fn labels(folder: &Path, rows: usize) -> Result<Vec<String>, ModelError> {
    let place = folder.display().to_string();
    let Some(labels) = config::labels_in(folder)? else {
        let labels = config::numbered(rows);
        return config::check_labels(&place, &labels).map(|()| labels);
    };
    if labels.len() != rows {
        let problem = LabelProblem::Count { named: labels.len(), rows };
        return Err(ModelError::Labels { place, problem });
    }
    Ok(labels)
}

/// Each tensor that the settings lead to is there once with its shape, and no other is; `labels` is how many a
/// classifier has.
fn check_tensors(
    config: &ModelConfig,
    lora: &LoraConfig,
    labels: Option<usize>,
    place: &str,
    found: &mut dyn Iterator<Item = (&str, &[usize])>,
) -> Result<(), ModelError> {
    let mut wanted: std::collections::BTreeMap<String, Vec<usize>> =
        lora.tensors(config)?.into_iter().map(|t| (t.name, t.shape)).collect();
    wanted.extend(labels.map(|labels| (PEFT_SCORE.to_owned(), vec![labels, config.hidden])));
    for (name, shape) in found {
        match wanted.remove(name) {
            Some(expected) if expected == shape => {}
            Some(expected) => {
                return Err(ModelError::TensorShape {
                    name: name.to_owned(),
                    found: shape.to_vec(),
                    expected,
                });
            }
            None => return Err(ModelError::UnexpectedTensor { name: name.to_owned() }),
        }
    }
    match wanted.into_keys().next() {
        Some(name) => Err(ModelError::MissingTensor { place: place.to_owned(), name }),
        None => Ok(()),
    }
}

pub(super) fn create_folder(folder: &Path) -> Result<(), ModelError> {
    std::fs::create_dir_all(folder).map_err(|source| ModelError::Io {
        action: "create",
        path: folder.to_owned(),
        source,
    })
}

pub(crate) fn write_json(path: &Path, value: &Value) -> Result<(), ModelError> {
    // A map of strings, numbers and lists always has a text.
    let text = format!("{value:#}\n");
    platform::write_then_rename(path, |file| file.write_all(text.as_bytes()))
}
