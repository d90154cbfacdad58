//! `checkpoint-N/`: parameters, optimizer and record after step N, whole or not there.
//!
//! A checkpoint is written under another name and then renamed, so a folder of that name is complete. Order, dropout
//! and learning rate depend on seed and step only, so that the step is all there is to the random state and the place
//! in the data.

use std::path::{Path, PathBuf};

use kernels::Device;
use model::adapter::{AdapterFolder, AdapterInfo, TENSOR_FILE, TaskType, write_adapter};
use model::weights::{TensorToWrite, write_safetensors};
use model::{Parameters, SafetensorsFile, platform};
use serde_json::Value;

use crate::learner::{Learner, load};
use crate::record::{Record, STATE_FILE};
use crate::{Method, Settings, StateProblem, Task, TrainError};

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const MODEL_FILE: &str = "model.safetensors";
const PREFIX: &str = "checkpoint-";

/// The folder of the checkpoint after `step`.
pub(crate) fn folder(out: &Path, step: u64) -> PathBuf {
    out.join(format!("{PREFIX}{step}"))
}

/// Writes the checkpoint of `record.step`.
pub(crate) fn write<D: Device>(
    out: &Path,
    learner: &Learner<'_, D>,
    settings: &Settings,
    record: &Record,
    state: &Value,
) -> Result<PathBuf, TrainError> {
    let place = folder(out, record.step);
    let partial = out.join(format!(".{PREFIX}{}.partial", record.step));
    remove(&partial)?;
    std::fs::create_dir_all(&partial).map_err(TrainError::io("create", &partial))?;
    let device = &**learner.decoder.device();
    write_parameters(&partial, learner, settings)?;
    let (mean, square) = (host(device, &learner.optimizer.mean), host(device, &learner.optimizer.square));
    let mut tensors = named(&learner.optimizer.mean, &mean, "mean.");
    tensors.extend(named(&learner.optimizer.square, &square, "square."));
    write_safetensors(&partial.join(OPTIMIZER_FILE), &tensors, &[("format", "pt")])?;
    write_json(&partial.join(STATE_FILE), state)?;
    remove(&place)?;
    std::fs::rename(&partial, &place).map_err(TrainError::io("rename", &place))?;
    Ok(place)
}

/// Writes what was trained as other tools read it: a PEFT adapter, or a Hugging Face model.
pub(crate) fn write_parameters<D: Device>(
    folder: &Path,
    learner: &Learner<'_, D>,
    settings: &Settings,
) -> Result<(), TrainError> {
    let config = learner.decoder.config();
    let parameters = &learner.trainable.parameters;
    let values = host(&**learner.decoder.device(), parameters);
    let tensors = named(parameters, &values, "");
    match &settings.method {
        Method::Lora { lora, .. } => {
            let base_model = Some(settings.base.name.clone());
            let revision = settings.base.revision.clone();
            let task = match settings.task {
                Task::Language => TaskType::CausalLm,
                Task::Labels(_) => TaskType::SequenceClassification,
            };
            let info = AdapterInfo { base_model, revision, task, labels: settings.task.labels().to_vec() };
            write_adapter(folder, config, &info, lora, &tensors)?;
        }
        Method::Full => {
            let about = match &settings.task {
                Task::Language => config.to_config_json(),
                Task::Labels(labels) => config.to_classifier_json(labels),
            };
            write_json(&folder.join("config.json"), &about)?;
            write_safetensors(&folder.join(MODEL_FILE), &tensors, &[("format", "pt")])?;
        }
    }
    Ok(())
}

/// Reads the parameters of a checkpoint.
pub(crate) fn read_parameters<D: Device>(
    folder: &Path,
    learner: &mut Learner<'_, D>,
    settings: &Settings,
) -> Result<(), TrainError> {
    let decoder = &*learner.decoder;
    let parameters = &mut learner.trainable.parameters;
    match settings.method {
        Method::Lora { .. } => {
            let adapter = AdapterFolder::open(folder, decoder.config())?;
            load(&**decoder.device(), parameters, &adapter, "")
        }
        Method::Full => {
            let file = SafetensorsFile::open(&folder.join(MODEL_FILE))?;
            load(&**decoder.device(), parameters, &file, "")
        }
    }
}

/// A checkpoint that can be taken up.
pub(crate) struct Found {
    pub folder: PathBuf,
    pub record: Record,
}

/// The newest checkpoint that is whole; broken ones are told to `ignored`.
///
/// # Errors
/// [`TrainError::OtherRecipe`] when the newest whole checkpoint has another digest, and [`TrainError::State`] when
/// another version of the program wrote it.
pub(crate) fn newest(
    out: &Path,
    digest: &str,
    ignored: &mut dyn FnMut(PathBuf, String),
) -> Result<Option<Found>, TrainError> {
    for step in steps(out)?.into_iter().rev() {
        let folder = folder(out, step);
        let record = match read_record(&folder, step) {
            Ok(record) => record,
            // It is whole, and worth more than an older one: whoever wrote it can go on from it.
            Err(error @ TrainError::State { problem: StateProblem::Format { .. }, .. }) => return Err(error),
            Err(error) => {
                ignored(folder, error.to_string());
                continue;
            }
        };
        if record.digest != digest {
            let short = |digest: &str| digest.chars().take(12).collect();
            return Err(TrainError::OtherRecipe {
                path: folder,
                found: short(&record.digest),
                expected: short(digest),
            });
        }
        return Ok(Some(Found { folder, record }));
    }
    Ok(None)
}

fn read_record(folder: &Path, step: u64) -> Result<Record, TrainError> {
    let path = folder.join(STATE_FILE);
    let record = Record::read(&path)?;
    if record.step != step {
        let problem = StateProblem::Step { found: record.step, named: step };
        return Err(TrainError::State { path, problem });
    }
    // A tensor file that was cut is found here, while an older checkpoint can still be taken instead.
    SafetensorsFile::open(&folder.join(OPTIMIZER_FILE))?;
    let adapter = folder.join(TENSOR_FILE);
    SafetensorsFile::open(&if adapter.exists() { adapter } else { folder.join(MODEL_FILE) })?;
    Ok(record)
}

/// Puts parameters and optimizer back as they were.
pub(crate) fn restore<D: Device>(
    found: &Found,
    learner: &mut Learner<'_, D>,
    settings: &Settings,
) -> Result<(), TrainError> {
    read_parameters(&found.folder, learner, settings)?;
    let file = SafetensorsFile::open(&found.folder.join(OPTIMIZER_FILE))?;
    let device = &**learner.decoder.device();
    load(device, &mut learner.optimizer.mean, &file, "mean.")?;
    load(device, &mut learner.optimizer.square, &file, "square.")
}

/// Removes old checkpoints, but not the newest `keep` and the best one.
pub(crate) fn prune(out: &Path, keep: usize, best: Option<u64>) -> Result<(), TrainError> {
    let steps = steps(out)?;
    let old = steps.len().saturating_sub(keep);
    for &step in steps[..old].iter().filter(|&&step| Some(step) != best) {
        remove(&folder(out, step))?;
    }
    Ok(())
}

/// Steps that have a checkpoint, ascending.
fn steps(out: &Path) -> Result<Vec<u64>, TrainError> {
    let mut steps = Vec::new();
    for entry in std::fs::read_dir(out).map_err(TrainError::io("read", out))? {
        let name = entry.map_err(TrainError::io("read", out))?.file_name();
        let step: Option<u64> =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|n| n.parse().ok());
        steps.extend(step);
    }
    steps.sort_unstable();
    Ok(steps)
}

fn remove(folder: &Path) -> Result<(), TrainError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Copies a flat buffer to the host.
fn host<D: Device>(device: &D, parameters: &Parameters<D>) -> Vec<f32> {
    let mut values = vec![0.0; parameters.layout.total];
    device.read(&parameters.values, 0, &mut values);
    values
}

/// The tensors of a flat buffer, with `prefix` before their names.
fn named<'a, D: Device>(
    parameters: &Parameters<D>,
    values: &'a [f32],
    prefix: &str,
) -> Vec<TensorToWrite<'a>> {
    let tensor = |spec: &model::ParamSpec| TensorToWrite {
        name: format!("{prefix}{}", spec.name),
        shape: spec.shape.clone(),
        values: &values[spec.offset..spec.offset + spec.len],
    };
    parameters.layout.specs.iter().map(tensor).collect()
}

pub(crate) fn write_json(path: &Path, value: &Value) -> Result<(), TrainError> {
    let text = format!("{value:#}\n");
    Ok(platform::write_then_rename(path, |file| file.write_all(text.as_bytes()))?)
}
