//! A model in a GGUF file, its tensors under Hugging Face's names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::names::{Change, Named};
use super::{GgufFile, config, names};
use crate::weights::{TensorSource, TensorView};
use crate::{DType, ModelConfig, ModelError};

/// A model in a GGUF file. Its matrices stay in the file's blocks.
#[derive(Debug)]
pub struct GgufModel {
    file: GgufFile,
    config: ModelConfig,
    /// By our name.
    names: BTreeMap<String, Named>,
}

impl GgufModel {
    /// Opens a model.
    ///
    /// # Errors
    /// The file is damaged, or holds no model of an architecture that is read.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        Self::of(GgufFile::open(path)?)
    }

    /// The model in a file.
    ///
    /// # Errors
    /// The file holds no model of an architecture that is read, or a number of blocks that its tensors do not have.
    pub fn of(file: GgufFile) -> Result<Self, ModelError> {
        let config = config::read(&file)?;
        // A number of blocks costs the file nothing; its tensors do.
        let last = format!("blk.{}.", config.layers - 1);
        if !file.names().iter().any(|name| name.starts_with(&last)) {
            let (place, name) = (file.place().to_owned(), format!("{last}attn_norm.weight"));
            return Err(ModelError::MissingTensor { place, name });
        }
        let names = names::of(&config).into_iter().map(|named| (named.ours.clone(), named)).collect();
        Ok(Self { file, config, names })
    }

    /// The architecture.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The file, with all its keys.
    pub fn file(&self) -> &GgufFile {
        &self.file
    }
}

impl TensorSource for GgufModel {
    fn names(&self) -> Vec<String> {
        self.names.values().filter(|n| self.file.contains(&n.theirs)).map(|n| n.ours.clone()).collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let missing = |name: &str| ModelError::MissingTensor {
            place: self.file.place().to_owned(),
            name: name.to_owned(),
        };
        let named = self.names.get(name).ok_or_else(|| missing(name))?;
        let view = self.file.get(&named.theirs).map_err(|_| missing(&named.theirs))?;
        // A wrong shape is told by whoever knows the right one.
        let rows = view.shape.first().copied().unwrap_or(0);
        let (change, head_dim) = (named.change, self.config.head_dim);
        let whole = if change == Change::ByKind { 3 * head_dim } else { head_dim };
        match change {
            Change::Plus1 => Ok(less_one(&view)),
            Change::Paired | Change::ByKind if rows.is_multiple_of(whole) => {
                Ok(in_our_order(view, change, head_dim))
            }
            _ => Ok(view),
        }
    }

    fn release(&self, name: &str) {
        if let Some(named) = self.names.get(name) {
            self.file.release(&named.theirs);
        }
    }
}

/// The tensor with its rows where ours are.
fn in_our_order(view: TensorView<'_>, change: Change, head_dim: usize) -> TensorView<'_> {
    let n_rows = view.shape[0];
    let row_bytes = view.bytes.len() / n_rows.max(1);
    let rows = (0..n_rows).map(|row| change.place(row, n_rows, head_dim));
    let bytes = rows.flat_map(|from| &view.bytes[from * row_bytes..][..row_bytes]).copied().collect();
    TensorView { bytes: Cow::Owned(bytes), ..view }
}

/// A norm's scale as its difference from 1.
fn less_one(view: &TensorView<'_>) -> TensorView<'static> {
    let bytes = view.to_f32().iter().flat_map(|value| (value - 1.0).to_le_bytes()).collect();
    TensorView { dtype: DType::F32, shape: view.shape.clone(), bytes: Cow::Owned(bytes) }
}
