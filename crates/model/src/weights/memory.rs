//! Tensors that live in memory: what tests and embedded weights use.

use std::collections::BTreeMap;

use super::{DType, TensorSource, TensorView};
use crate::ModelError;

/// Tensors by name, owned.
#[derive(Debug, Clone, Default)]
pub struct MemoryTensors {
    tensors: BTreeMap<String, (DType, Vec<usize>, Vec<u8>)>,
}

impl MemoryTensors {
    /// No tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces an f32 tensor.
    ///
    /// # Panics
    /// When `values` has not as many values as the shape.
    pub fn insert_f32(&mut self, name: impl Into<String>, shape: &[usize], values: &[f32]) {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "values fill the shape");
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensors.insert(name.into(), (DType::F32, shape.to_vec(), bytes));
    }

    /// Adds or replaces a tensor from its bytes.
    ///
    /// # Panics
    /// When `bytes` has not as many bytes as dtype and shape need.
    pub fn insert(&mut self, name: impl Into<String>, dtype: DType, shape: &[usize], bytes: Vec<u8>) {
        assert_eq!(dtype.bytes(shape.iter().product()), bytes.len(), "bytes fill the shape");
        self.tensors.insert(name.into(), (dtype, shape.to_vec(), bytes));
    }
}

impl TensorSource for MemoryTensors {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let (dtype, shape, bytes) = self
            .tensors
            .get(name)
            .ok_or_else(|| ModelError::MissingTensor { place: "memory".to_owned(), name: name.to_owned() })?;
        Ok(TensorView { dtype: *dtype, shape: shape.clone(), bytes: bytes.into() })
    }
}
