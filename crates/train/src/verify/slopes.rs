//! The gradient against finite differences of the loss, tensor by tensor.
//!
//! A single parameter moves the loss by less than f32 resolves. A few hundred parameters of a tensor are moved together
//! instead, along their own gradient and a random direction in equal parts: the first gives a signal above the
//! rounding, the second sees errors across the gradient. Richardson's extrapolation takes the curvature out, and
//! several step lengths are tried, because rounding wants long ones and curvature short ones.

use chat::SampleView;
use kernels::{Device, random};
use model::{Decoder, ParamSpec, TrainBatch};

use super::{disturb, host};
use crate::batches::Samples;
use crate::learner::Learner;
use crate::{Settings, TrainError};

/// The greatest difference between slope and gradient that rounding in f32 explains.
pub const SLOPE_BOUND: f64 = 1e-2;

/// Parameters of a tensor with the greatest gradient that are moved, and as many spread over the tensor.
const SAMPLED: usize = 512;

/// Step lengths that are tried, each half of the one before.
const HALVINGS: usize = 5;

/// A gradient this much smaller than that of a tensor in the mean is compared with this share of the mean instead:
/// some are nil by construction, such as that of a key's bias, and consist of rounding alone.
const NEGLIGIBLE: f64 = 1e-2;

/// How far a tensor's gradient is from the slope of the loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The tensor's name.
    pub name: String,
    /// Parameters that were moved.
    pub moved: usize,
    /// |slope − gradient along the move| / ‖gradient of what was moved‖.
    pub relative: f64,
}

/// Compares the gradient of the mean loss over `samples` with finite differences, the greatest difference first.
/// Dropout is left out. `watch` hears after each tensor how many are done, and of how many.
///
/// # Errors
/// Settings or samples are refused.
pub fn slopes<D: Device>(
    decoder: &mut Decoder<D>,
    settings: &Settings,
    samples: &[SampleView<'_>],
    watch: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Slope>, TrainError> {
    let settings = settings.without_dropout();
    settings.check()?;
    if samples.is_empty() {
        return Err(TrainError::NoSamples);
    }
    let samples = Samples::new(samples, decoder.config(), &settings.task)?;
    let all: Vec<usize> = (0..samples.len()).collect();
    let passes = samples.passes(&all, settings.micro_tokens);
    let batches: Vec<TrainBatch> = passes.iter().map(|pass| samples.lay_out(pass)).collect();
    let mut learner = Learner::new(decoder, &settings)?;
    disturb(&mut learner, settings.seed);
    let sum = learner.gradient(&mut batches.iter().cloned(), 1)?;
    let gradient: Vec<f64> = host(&learner).iter().map(|&g| f64::from(g) / sum.weight).collect();
    against(&mut learner, &gradient, &batches, settings.seed, watch)
}

/// Compares a given gradient of the mean loss over batches.
fn against<D: Device>(
    learner: &mut Learner<'_, D>,
    gradient: &[f64],
    batches: &[TrainBatch],
    seed: u64,
    watch: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Slope>, TrainError> {
    let loss = learner.loss(&mut batches.iter().cloned())?;
    let layout = learner.gradients.layout.clone();
    let mean = norm(gradient.iter().copied()) / (layout.specs.len() as f64).sqrt();
    let mut slopes = Vec::with_capacity(layout.specs.len());
    for (done, spec) in layout.specs.iter().enumerate() {
        let of_tensor = &gradient[spec.offset..spec.offset + spec.len];
        let moved = sample(of_tensor, random::mix(seed, spec.offset as u64));
        let relative = one(learner, spec, of_tensor, &moved, batches, loss, mean * NEGLIGIBLE)?;
        slopes.push(Slope { name: spec.name.clone(), moved: moved.len(), relative });
        watch(done + 1, layout.specs.len());
    }
    slopes.sort_by(|a, b| b.relative.total_cmp(&a.relative));
    Ok(slopes)
}

/// (index, sign): the parameters with the greatest gradient, and others spread over the tensor.
fn sample(gradient: &[f64], seed: u64) -> Vec<(usize, f64)> {
    let len = gradient.len();
    let mut chosen: Vec<usize> = (0..len).collect();
    if len > 2 * SAMPLED {
        chosen.select_nth_unstable_by(SAMPLED, |&a, &b| {
            gradient[b].abs().total_cmp(&gradient[a].abs()).then(a.cmp(&b))
        });
        chosen.truncate(SAMPLED);
        let spread = |i: usize| i * len / SAMPLED + random::mix(seed, i as u64) as usize % (len / SAMPLED);
        chosen.extend((0..SAMPLED).map(spread));
        chosen.sort_unstable();
        chosen.dedup();
    }
    let sign = |at: usize| if random::mix(!seed, at as u64).is_multiple_of(2) { 1.0 } else { -1.0 };
    chosen.into_iter().map(|at| (at, sign(at))).collect()
}

/// The least difference over the step lengths: at any of them, a wrong gradient is wrong.
fn one<D: Device>(
    learner: &mut Learner<'_, D>,
    spec: &ParamSpec,
    gradient: &[f64],
    moved: &[(usize, f64)],
    batches: &[TrainBatch],
    loss: f64,
    least: f64,
) -> Result<f64, TrainError> {
    let mut values = vec![0.0; spec.len];
    learner.decoder.device().read(&learner.trainable.parameters.values, spec.offset, &mut values);
    let size = norm(moved.iter().map(|&(at, _)| gradient[at]));
    let along = |&(at, sign): &(usize, f64)| {
        let own = if size > 0.0 { gradient[at] / size } else { 0.0 };
        (own + sign / (moved.len() as f64).sqrt()) / 2f64.sqrt()
    };
    let direction: Vec<f64> = moved.iter().map(along).collect();
    let expected: f64 = moved.iter().zip(&direction).map(|(&(at, _), d)| gradient[at] * d).sum();
    // As far as changes the loss by a tenth, but not farther than a quarter of the parameters themselves.
    let reach = 0.25 * norm(moved.iter().map(|&(at, _)| f64::from(values[at])));
    let longest = reach.min(0.1 * loss / size.max(least));
    let mut best = f64::INFINITY;
    let mut coarser: Option<f64> = None;
    for halving in 0..HALVINGS {
        let step = longest / f64::from(1 << halving);
        let [up, down] = [step, -step].map(|step| {
            move_by(learner, spec, &values, moved, &direction, step);
            learner.loss(&mut batches.iter().cloned())
        });
        let slope = (up? - down?) / (2.0 * step);
        if let Some(coarser) = coarser {
            let extrapolated = (4.0 * slope - coarser) / 3.0;
            best = best.min((extrapolated - expected).abs() / size.max(least));
        }
        coarser = Some(slope);
        if best < 0.1 * SLOPE_BOUND {
            break;
        }
    }
    learner.decoder.device().write(&mut learner.trainable.parameters.values, spec.offset, &values);
    Ok(best)
}

fn move_by<D: Device>(
    learner: &mut Learner<'_, D>,
    spec: &ParamSpec,
    values: &[f32],
    moved: &[(usize, f64)],
    direction: &[f64],
    step: f64,
) {
    let mut values = values.to_vec();
    for (&(at, _), d) in moved.iter().zip(direction) {
        values[at] = (f64::from(values[at]) + step * d) as f32;
    }
    learner.decoder.device().write(&mut learner.trainable.parameters.values, spec.offset, &values);
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernels::Reference;
    use model::{LoraTargets, ModelConfig};

    use super::*;
    use crate::Base;

    fn decoder() -> Decoder<Reference<f32>> {
        let config = ModelConfig {
            vocab: 24,
            layers: 2,
            hidden: 12,
            mlp_hidden: 20,
            heads: 3,
            kv_heads: 1,
            head_dim: 4,
            ..ModelConfig::preset("nano").unwrap()
        };
        Decoder::random(Arc::new(Reference::<f32>::new()), config, 3).unwrap()
    }

    fn rows() -> Vec<(Vec<u32>, Vec<u8>)> {
        let row = |n: u32| ((0..12).map(|at| (n * 7 + at * at) % 24).collect(), vec![1; 12]);
        (0..3).map(row).collect()
    }

    #[test]
    fn a_gradient_that_is_wrong_in_one_tensor_is_seen_there() {
        let mut decoder = decoder();
        let rows = rows();
        let samples: Vec<_> =
            rows.iter().map(|(ids, trained)| SampleView { row: "a", part: 0, ids, trained }).collect();
        for settings in
            [Settings::full(Base::default()), Settings::lora(Base::default(), 2, LoraTargets::All)]
        {
            let right = slopes(&mut self::decoder(), &settings, &samples, &mut |_, _| {}).unwrap();
            assert!(right[0].relative < SLOPE_BOUND, "{:?}", right[0]);
        }
        let settings = Settings::lora(Base::default(), 2, LoraTargets::All);
        let samples = Samples::new(&samples, decoder.config(), &settings.task).unwrap();
        let batches = [samples.lay_out(&[0, 1, 2])];
        let mut learner = Learner::new(&mut decoder, &settings).unwrap();
        disturb(&mut learner, 1);
        let sum = learner.gradient(&mut batches.iter().cloned(), 1).unwrap();
        let right: Vec<f64> = host(&learner).iter().map(|&g| f64::from(g) / sum.weight).collect();
        let specs = learner.gradients.layout.specs.clone();
        for spec in [&specs[0], &specs[5], &specs[specs.len() - 1]] {
            let mut wrong = right.clone();
            wrong[spec.offset..spec.offset + spec.len].iter_mut().for_each(|g| *g *= 1.1);
            let found = against(&mut learner, &wrong, &batches, 1, &mut |_, _| {}).unwrap();
            assert_eq!(found[0].name, spec.name);
            assert!(found[0].relative > 2.0 * SLOPE_BOUND && found[1].relative < SLOPE_BOUND, "{found:?}");
        }
    }
}
