//! Laying out what is trained: an adapter on some layers, or all numbers.

use std::sync::Arc;

use kernels::{Device, Layout, random};

use super::Decoder;
use super::build::base_layout;
use crate::adapter::LoraConfig;
use crate::layers::{Base, Offsets, Projection};
use crate::parameters::{Binding, LoraBinding, LoraSlot, ParamLayout, Parameters, Trainable};
use crate::{LinearModule, ModelConfig, ModelError, Orientation};

impl<D: Device> Decoder<D> {
    /// The tensors of an adapter, by PEFT's keys, in the order of the forward pass, A before B.
    ///
    /// # Errors
    /// A setting is out of its range, or a target matches no layer.
    pub fn lora_layout(&self, lora: &LoraConfig) -> Result<ParamLayout, ModelError> {
        Ok(lay_out(&self.config, lora)?.0)
    }

    /// A new adapter: A uniform in ±1/√inputs (Kaiming with a = √5), B zero.
    ///
    /// # Errors
    /// A setting is out of its range, or a target matches no layer.
    pub fn lora_parameters(&self, lora: &LoraConfig, seed: u64) -> Result<Parameters<D>, ModelError> {
        let layout = Arc::new(self.lora_layout(lora)?);
        let mut parameters = Parameters::zeros(&*self.device, layout.clone());
        for spec in layout.specs.iter().filter(|s| s.name.ends_with(".lora_A.weight")) {
            let bound = 1.0 / (spec.shape[1] as f32).sqrt();
            let seed = random::mix(seed, spec.offset as u64);
            let values: Vec<f32> =
                (0..spec.len).map(|i| bound * (2.0 * random::uniform(seed, i as u64) - 1.0)).collect();
            self.device.write(&mut parameters.values, spec.offset, &values);
        }
        Ok(parameters)
    }

    /// Gives an adapter's numbers their places in this decoder.
    ///
    /// # Errors
    /// A setting is out of its range, a target matches no layer, or the layout is not [`Decoder::lora_layout`]'s.
    pub fn bind_lora(
        &self,
        parameters: Parameters<D>,
        lora: &LoraConfig,
    ) -> Result<Trainable<D>, ModelError> {
        let (layout, slots) = lay_out(&self.config, lora)?;
        same_layout(&parameters.layout, &layout)?;
        let binding = binding_of(lora, slots);
        Ok(Trainable { parameters, binding, score: None })
    }

    /// Moves all weights, widened to f32, into one flat buffer under their Hugging Face names. Afterwards the decoder
    /// computes only with parameters that are given to it.
    ///
    /// # Panics
    /// When they were taken before.
    pub fn full_parameters(&mut self) -> Parameters<D> {
        let base = self.base.take().expect("the weights are taken once");
        let (layout, offsets) = Offsets::lay_out(&self.config, true);
        let layout = Arc::new(layout);
        let mut values = self.device.zeros(layout.total);
        let mut put = |weight: &D::Weight, offset: usize, outputs: usize, layout: Layout| {
            self.device.expand(&mut values, offset, weight, 0..outputs, layout);
        };
        let config = &self.config;
        put(&base.embedding, offsets.embedding, config.vocab, Layout::OutIn);
        if let (Some(weight), Some(offset)) = (&base.positions, offsets.positions) {
            put(weight, offset, config.context, Layout::OutIn);
        }
        if let (Some(weight), Some(offset)) = (&base.head, offsets.head) {
            put(weight, offset, config.vocab, Layout::OutIn);
        }
        let inner = match config.orientation {
            Orientation::Linear => Layout::OutIn,
            Orientation::Conv1D => Layout::InOut,
        };
        for (weights, places) in base.matrices.iter().zip(&offsets.layers) {
            for projection in Projection::ALL {
                let p = projection as usize;
                put(&weights[p], places.matrices[p], projection.sizes(config).1, inner);
            }
        }
        self.put_vectors(&base, &layout, &mut values);
        Parameters { layout, values }
    }

    fn put_vectors(&self, base: &Base<D>, layout: &ParamLayout, values: &mut D::Buffer) {
        for spec in &Offsets::lay_out(&self.config, false).0.specs {
            let mut host = vec![0.0; spec.len];
            self.device.read(&base.vectors, spec.offset, &mut host);
            if let Some(to) = layout.find(&spec.name) {
                self.device.write(values, to.offset, &host);
            }
        }
    }

    /// Gives a full set of numbers their places.
    ///
    /// # Errors
    /// The layout is not [`base_layout`]'s.
    pub fn bind_full(&self, parameters: Parameters<D>) -> Result<Trainable<D>, ModelError> {
        same_layout(&parameters.layout, &base_layout(&self.config))?;
        let offsets = Offsets::lay_out(&self.config, true).1;
        Ok(Trainable { parameters, binding: Binding::Full(offsets), score: None })
    }
}

fn same_layout(found: &ParamLayout, wanted: &ParamLayout) -> Result<(), ModelError> {
    for spec in &wanted.specs {
        let other = found.find(&spec.name);
        let other = other.ok_or_else(|| ModelError::MissingTensor {
            place: "the parameters".to_owned(),
            name: spec.name.clone(),
        })?;
        if other != spec {
            let name = spec.name.clone();
            return Err(ModelError::TensorShape {
                name,
                found: other.shape.clone(),
                expected: spec.shape.clone(),
            });
        }
    }
    match found.specs.iter().find(|s| wanted.find(&s.name).is_none()) {
        Some(extra) => Err(ModelError::UnexpectedTensor { name: extra.name.clone() }),
        None => Ok(()),
    }
}

/// An adapter's places in a model, and how many numbers it has.
pub(super) fn lora_binding(config: &ModelConfig, lora: &LoraConfig) -> Result<(Binding, usize), ModelError> {
    let (layout, slots) = lay_out(config, lora)?;
    Ok((binding_of(lora, slots), layout.total))
}

fn binding_of(lora: &LoraConfig, slots: Slots) -> Binding {
    Binding::Lora(LoraBinding { rank: lora.rank, scale: lora.scale(), dropout: lora.dropout, slots })
}

type Slots = Vec<[Vec<LoraSlot>; Projection::COUNT]>;

fn lay_out(config: &ModelConfig, lora: &LoraConfig) -> Result<(ParamLayout, Slots), ModelError> {
    let mut layout = ParamLayout::default();
    let mut slots: Slots = (0..config.layers).map(|_| Default::default()).collect();
    for module in lora.select(config)? {
        let a = layout.push(module.lora_a_key(), &[lora.rank, module.inputs], true);
        let b = layout.push(module.lora_b_key(), &[module.outputs, lora.rank], true);
        let start = first_column(config, &module);
        let columns = start..start + module.outputs;
        slots[module.layer][Projection::of(module.kind) as usize].push(LoraSlot { a, b, columns });
    }
    Ok((layout, slots))
}

/// Where a linear layer's outputs begin in its stacked product.
fn first_column(config: &ModelConfig, module: &LinearModule) -> usize {
    let neighbours = config.linear_modules_of(module.layer);
    let projection = Projection::of(module.kind);
    neighbours
        .iter()
        .take_while(|m| m.kind != module.kind)
        .filter(|m| Projection::of(m.kind) == projection)
        .map(|m| m.outputs)
        .sum()
}
