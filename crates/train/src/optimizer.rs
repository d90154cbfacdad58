//! AdamW over the flat buffer of trainable parameters, range by range.

use std::ops::Range;

use kernels::{AdamW, Device};
use model::{ParamLayout, Parameters};

use crate::{Adam, Method, Settings};

/// The two means of AdamW, and which parts of the buffer share a learning rate and a decay.
#[derive(Debug)]
pub(crate) struct Optimizer<D: Device> {
    pub mean: Parameters<D>,
    pub square: Parameters<D>,
    groups: Vec<Group>,
    adam: Adam,
}

/// A run of parameters that are treated alike.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    range: Range<usize>,
    decay: bool,
    /// Multiplies the learning rate.
    factor: f64,
}

impl<D: Device> Optimizer<D> {
    pub fn new(device: &D, parameters: &Parameters<D>, settings: &Settings) -> Self {
        let layout = &parameters.layout;
        let b_ratio = match settings.method {
            Method::Lora { b_ratio, .. } => b_ratio,
            Method::Full => 1.0,
        };
        Self {
            mean: Parameters::zeros(device, layout.clone()),
            square: Parameters::zeros(device, layout.clone()),
            groups: groups(layout, b_ratio),
            adam: settings.adam,
        }
    }

    /// Step number `step`, from 1. `grad_scale` multiplies the gradients first.
    pub fn step(
        &mut self,
        device: &D,
        parameters: &mut Parameters<D>,
        gradients: &Parameters<D>,
        step: u64,
        learning_rate: f64,
        grad_scale: f64,
    ) {
        for group in &self.groups {
            let settings = AdamW {
                learning_rate: learning_rate * group.factor,
                beta1: self.adam.beta1,
                beta2: self.adam.beta2,
                eps: self.adam.eps,
                weight_decay: if group.decay { self.adam.weight_decay } else { 0.0 },
                step,
                grad_scale,
            };
            let (mean, square) = (&mut self.mean.values, &mut self.square.values);
            device.adamw(
                &mut parameters.values,
                mean,
                square,
                &gradients.values,
                group.range.clone(),
                &settings,
            );
        }
    }
}

/// Neighbours that are treated alike are one group.
fn groups(layout: &ParamLayout, b_ratio: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for spec in &layout.specs {
        let factor = if spec.name.ends_with(".lora_B.weight") { b_ratio } else { 1.0 };
        let end = spec.offset + spec.len;
        match groups.last_mut() {
            Some(last) if (last.decay, last.factor, last.range.end) == (spec.decay, factor, spec.offset) => {
                last.range.end = end;
            }
            _ => groups.push(Group { range: spec.offset..end, decay: spec.decay, factor }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ParamSpec;

    fn layout(tensors: &[(&str, usize, bool)]) -> ParamLayout {
        let mut layout = ParamLayout::default();
        for &(name, len, decay) in tensors {
            let spec =
                ParamSpec { name: name.to_owned(), shape: vec![len], offset: layout.total, len, decay };
            layout.total += len;
            layout.specs.push(spec);
        }
        layout
    }

    #[test]
    fn b_has_its_own_learning_rate() {
        let layout = layout(&[("x.lora_A.weight", 4, true), ("x.lora_B.weight", 6, true)]);
        let found = groups(&layout, 16.0);
        let expected = [
            Group { range: 0..4, decay: true, factor: 1.0 },
            Group { range: 4..10, decay: true, factor: 16.0 },
        ];
        assert_eq!(found, expected);
        assert_eq!(groups(&layout, 1.0).len(), 1);
    }

    #[test]
    fn vectors_are_not_decayed() {
        let layout = layout(&[("w", 4, true), ("norm", 2, false), ("bias", 2, false), ("v", 3, true)]);
        let found: Vec<_> = groups(&layout, 1.0).into_iter().map(|g| (g.range, g.decay)).collect();
        assert_eq!(found, [(0..4, true), (4..8, false), (8..11, true)]);
    }
}
