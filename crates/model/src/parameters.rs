//! Trainable numbers: one flat buffer with a layout of named tensors, and what each of them does in the decoder.

use std::ops::Range;
use std::sync::Arc;

use kernels::Device;

use crate::ModelError;
use crate::layers::{Offsets, Projection};

/// One tensor of a flat buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamSpec {
    /// PEFT's key for an adapter's tensor, Hugging Face's name for a base tensor.
    pub name: String,
    /// Sizes, outermost first; row-major.
    pub shape: Vec<usize>,
    /// Index of its first number in the buffer.
    pub offset: usize,
    /// Number of its numbers.
    pub len: usize,
    /// Whether weight decay applies: to matrices, not to norms and biases.
    pub decay: bool,
}

/// The tensors of a flat buffer, without gaps, in the order of the forward pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParamLayout {
    /// The tensors.
    pub specs: Vec<ParamSpec>,
    /// Length of the buffer.
    pub total: usize,
}

impl ParamLayout {
    /// The tensor of that name.
    pub fn find(&self, name: &str) -> Option<&ParamSpec> {
        self.specs.iter().find(|s| s.name == name)
    }

    /// Appends a tensor and returns its offset.
    pub(crate) fn push(&mut self, name: String, shape: &[usize], decay: bool) -> usize {
        let (offset, len) = (self.total, shape.iter().product());
        self.specs.push(ParamSpec { name, shape: shape.to_vec(), offset, len, decay });
        self.total += len;
        offset
    }
}

/// A flat buffer and its layout. Gradients have the same type and the same layout.
#[derive(Debug)]
pub struct Parameters<D: Device> {
    /// What lies where.
    pub layout: Arc<ParamLayout>,
    /// The numbers.
    pub values: D::Buffer,
}

impl<D: Device> Parameters<D> {
    /// Zeros of that layout, such as gradients or an optimizer's means.
    pub fn zeros(device: &D, layout: Arc<ParamLayout>) -> Self {
        let values = device.zeros(layout.total);
        Self { layout, values }
    }

    /// Copies the tensor of that name to the host.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`].
    pub fn read(&self, device: &D, name: &str) -> Result<Vec<f32>, ModelError> {
        let spec = self.spec(name)?;
        let mut host = vec![0.0; spec.len];
        device.read(&self.values, spec.offset, &mut host);
        Ok(host)
    }

    /// Replaces the tensor of that name.
    ///
    /// # Errors
    /// [`ModelError::MissingTensor`], or [`ModelError::TensorShape`] when the number of values differs.
    pub fn write(&mut self, device: &D, name: &str, values: &[f32]) -> Result<(), ModelError> {
        let (offset, len, shape) = self.spec(name).map(|s| (s.offset, s.len, s.shape.clone()))?;
        if values.len() != len {
            let (name, found) = (name.to_owned(), vec![values.len()]);
            return Err(ModelError::TensorShape { name, found, expected: shape });
        }
        device.write(&mut self.values, offset, values);
        Ok(())
    }

    fn spec(&self, name: &str) -> Result<&ParamSpec, ModelError> {
        let missing = || ModelError::MissingTensor { place: "parameters".to_owned(), name: name.to_owned() };
        self.layout.find(name).ok_or_else(missing)
    }
}

/// Parameters, and their places in the decoder that they belong to.
#[derive(Debug)]
pub struct Trainable<D: Device> {
    /// The numbers.
    pub parameters: Parameters<D>,
    pub(crate) binding: Binding,
    /// In place of the decoder's head, where texts are classified.
    pub(crate) score: Option<Score>,
}

impl<D: Device> Trainable<D> {
    /// Number of labels of a classifier; None for what predicts tokens.
    pub fn labels(&self) -> Option<usize> {
        self.score.map(|score| score.labels)
    }
}

/// A classification head: the matrix (labels, C) without bias that transformers calls `score`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score {
    /// Index of its first number in the buffer.
    pub offset: usize,
    pub labels: usize,
}

/// What the numbers of a flat buffer are.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    /// Low-rank additions to frozen weights.
    Lora(LoraBinding),
    /// All weights.
    Full(Offsets),
}

/// The low-rank additions of all layers.
#[derive(Debug, Clone)]
pub(crate) struct LoraBinding {
    pub rank: usize,
    pub scale: f32,
    pub dropout: f32,
    /// By layer and [`Projection`].
    pub slots: Vec<[Vec<LoraSlot>; Projection::COUNT]>,
}

/// One low-rank addition.
#[derive(Debug, Clone)]
pub(crate) struct LoraSlot {
    pub a: usize,
    pub b: usize,
    pub columns: Range<usize>,
}

impl Binding {
    /// Whether a projection has trainable numbers.
    pub fn trains(&self, layer: usize, projection: Projection) -> bool {
        match self {
            Self::Lora(lora) => !lora.slots[layer][projection as usize].is_empty(),
            Self::Full(_) => true,
        }
    }

    /// Whether norms and embeddings are trainable.
    pub fn trains_all(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether inputs are dropped in training.
    pub fn drops(&self) -> bool {
        matches!(self, Self::Lora(lora) if lora.dropout > 0.0)
    }

    /// The lowest layer with trainable numbers.
    pub fn lowest_layer(&self) -> usize {
        match self {
            Self::Lora(lora) => {
                lora.slots.iter().position(|l| l.iter().any(|p| !p.is_empty())).unwrap_or(lora.slots.len())
            }
            Self::Full(_) => 0,
        }
    }

    /// The greatest sum of ranks at one projection, for each projection.
    pub fn ranks(&self) -> [usize; Projection::COUNT] {
        match self {
            Self::Lora(lora) => Projection::ALL
                .map(|p| lora.rank * lora.slots.iter().map(|l| l[p as usize].len()).max().unwrap_or(0)),
            Self::Full(_) => [0; Projection::COUNT],
        }
    }
}
