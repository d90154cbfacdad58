//! A model's files: a folder with one `model.safetensors`, or shards with an index, as they are or in bitsandbytes' layout;
//! or one GGUF file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::bitsandbytes::QuantisedTensors;
use super::gguf::{GgufFile, GgufModel};
use super::safetensors::Stored;
use super::{SafetensorsFile, TensorSource, TensorView};
use crate::ModelError;
use crate::error::FileProblem;

/// The weights of a model folder, or of a GGUF file in its place, as one source.
#[derive(Debug)]
pub struct ModelFolder(Files);

#[derive(Debug)]
enum Files {
    Safetensors(Shards),
    Quantised(QuantisedTensors),
    Gguf(Box<GgufModel>),
}

/// The safetensors files of a folder.
#[derive(Debug)]
pub(super) struct Shards {
    place: String,
    files: Vec<SafetensorsFile>,
    /// Which file holds a tensor.
    home: BTreeMap<String, usize>,
}

impl Shards {
    /// A tensor's format, shape and bytes, whatever it holds.
    pub fn raw(&self, name: &str) -> Option<(Stored, &[usize], &[u8])> {
        self.files[*self.home.get(name)?].raw(name)
    }

    /// That a tensor is not there.
    pub fn missing(&self, name: &str) -> ModelError {
        ModelError::MissingTensor { place: self.place.clone(), name: name.to_owned() }
    }
}

impl TensorSource for Shards {
    fn names(&self) -> Vec<String> {
        self.home.keys().cloned().collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        self.files[*self.home.get(name).ok_or_else(|| self.missing(name))?].get(name)
    }

    fn release(&self, name: &str) {
        if let Some(&at) = self.home.get(name) {
            self.files[at].release(name);
        }
    }
}

impl ModelFolder {
    /// Opens `model.safetensors`, else the shards that `model.safetensors.index.json` lists. A GGUF file is opened as
    /// the folder of its model would be.
    ///
    /// # Errors
    /// Neither is there, a shard is missing or broken, or the index names what a shard lacks.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        if GgufFile::is_gguf(folder) {
            return Ok(Self(Files::Gguf(Box::new(GgufModel::open(folder)?))));
        }
        let single = folder.join("model.safetensors");
        let index = folder.join("model.safetensors.index.json");
        if single.exists() {
            let file = SafetensorsFile::open(&single)?;
            let home = file.names().into_iter().map(|name| (name, 0)).collect();
            let shards = Shards { place: single.display().to_string(), files: vec![file], home };
            return Self::of(folder, shards);
        }
        if !index.exists() {
            let wanted = "model.safetensors or model.safetensors.index.json";
            return Err(ModelError::MissingFile { folder: folder.to_owned(), wanted });
        }
        Self::of(folder, open_shards(folder, &index)?)
    }

    fn of(folder: &Path, shards: Shards) -> Result<Self, ModelError> {
        Ok(Self(if QuantisedTensors::are_in(&shards) {
            Files::Quantised(QuantisedTensors::open(folder, shards)?)
        } else {
            Files::Safetensors(shards)
        }))
    }

    fn source(&self) -> &dyn TensorSource {
        match &self.0 {
            Files::Safetensors(shards) => shards,
            Files::Quantised(tensors) => tensors,
            Files::Gguf(model) => &**model,
        }
    }
}

impl TensorSource for ModelFolder {
    fn names(&self) -> Vec<String> {
        self.source().names()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        self.source().get(name)
    }

    fn release(&self, name: &str) {
        self.source().release(name);
    }
}

fn open_shards(folder: &Path, index: &Path) -> Result<Shards, ModelError> {
    let place = index.display().to_string();
    let problem = |problem| ModelError::TensorFile { file: place.clone(), problem };
    let text = std::fs::read_to_string(index).map_err(|source| ModelError::Io {
        action: "read",
        path: index.to_owned(),
        source,
    })?;
    let value: Value =
        serde_json::from_str(&text).map_err(|source| ModelError::Json { place: place.clone(), source })?;
    let wrong = |why: &str| problem(FileProblem::Index { why: why.to_owned() });
    let weights = value.get("weight_map").and_then(Value::as_object);
    let weights = weights.ok_or_else(|| wrong("it has no object `weight_map`"))?;
    let mut shards: Vec<&str> = Vec::new();
    let mut home = BTreeMap::new();
    for (name, shard) in weights {
        let shard = shard.as_str().ok_or_else(|| wrong("a shard's name is not text"))?;
        // An index comes from strangers; it must not lead out of its folder.
        if shard.contains(['/', '\\']) || shard == ".." {
            return Err(wrong("a shard's name is a path"));
        }
        let at = shards.iter().position(|s| *s == shard).unwrap_or_else(|| {
            shards.push(shard);
            shards.len() - 1
        });
        home.insert(name.clone(), at);
    }
    let files: Vec<_> =
        shards.iter().map(|shard| SafetensorsFile::open(&folder.join(shard))).collect::<Result<_, _>>()?;
    for (name, &at) in &home {
        if !files[at].contains(name) {
            let shard = shards[at].to_owned();
            return Err(problem(FileProblem::NotInShard { tensor: name.clone(), shard }));
        }
    }
    Ok(Shards { place, files, home })
}
