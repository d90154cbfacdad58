//! A model's files: a folder with one `model.safetensors`, or shards with an index; or one GGUF file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::gguf::{GgufFile, GgufModel};
use super::{SafetensorsFile, TensorSource, TensorView};
use crate::ModelError;
use crate::error::FileProblem;

/// The weights of a model folder, or of a GGUF file in its place, as one source.
#[derive(Debug)]
pub struct ModelFolder {
    place: String,
    files: Files,
}

#[derive(Debug)]
enum Files {
    Safetensors {
        files: Vec<SafetensorsFile>,
        /// Which file holds a tensor.
        home: BTreeMap<String, usize>,
    },
    Gguf(Box<GgufModel>),
}

impl ModelFolder {
    /// Opens `model.safetensors`, else the shards that `model.safetensors.index.json` lists. A GGUF file is opened as
    /// the folder of its model would be.
    ///
    /// # Errors
    /// Neither is there, a shard is missing or broken, or the index names what a shard lacks.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        if GgufFile::is_gguf(folder) {
            let place = folder.display().to_string();
            return Ok(Self { place, files: Files::Gguf(Box::new(GgufModel::open(folder)?)) });
        }
        let single = folder.join("model.safetensors");
        let index = folder.join("model.safetensors.index.json");
        if single.exists() {
            let file = SafetensorsFile::open(&single)?;
            let home = file.names().into_iter().map(|name| (name, 0)).collect();
            let files = Files::Safetensors { files: vec![file], home };
            return Ok(Self { place: single.display().to_string(), files });
        }
        if !index.exists() {
            let wanted = "model.safetensors or model.safetensors.index.json";
            return Err(ModelError::MissingFile { folder: folder.to_owned(), wanted });
        }
        Self::open_shards(folder, &index)
    }

    fn open_shards(folder: &Path, index: &Path) -> Result<Self, ModelError> {
        let place = index.display().to_string();
        let problem = |problem| ModelError::TensorFile { file: place.clone(), problem };
        let text = std::fs::read_to_string(index).map_err(|source| ModelError::Io {
            action: "read",
            path: index.to_owned(),
            source,
        })?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|source| ModelError::Json { place: place.clone(), source })?;
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
        let files: Vec<_> = shards
            .iter()
            .map(|shard| SafetensorsFile::open(&folder.join(shard)))
            .collect::<Result<_, _>>()?;
        for (name, &at) in &home {
            if !files[at].contains(name) {
                let shard = shards[at].to_owned();
                return Err(problem(FileProblem::NotInShard { tensor: name.clone(), shard }));
            }
        }
        Ok(Self { place, files: Files::Safetensors { files, home } })
    }
}

impl TensorSource for ModelFolder {
    fn names(&self) -> Vec<String> {
        match &self.files {
            Files::Safetensors { home, .. } => home.keys().cloned().collect(),
            Files::Gguf(model) => model.names(),
        }
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let missing = || ModelError::MissingTensor { place: self.place.clone(), name: name.to_owned() };
        match &self.files {
            Files::Safetensors { files, home } => files[*home.get(name).ok_or_else(missing)?].get(name),
            Files::Gguf(model) => model.get(name),
        }
    }

    fn release(&self, name: &str) {
        match &self.files {
            Files::Safetensors { files, home } => {
                if let Some(&at) = home.get(name) {
                    files[at].release(name);
                }
            }
            Files::Gguf(model) => model.release(name),
        }
    }
}
