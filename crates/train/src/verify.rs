//! Self-tests on the model and samples at hand: that laying samples together changes nothing, and that the gradient is
//! the slope of the loss.
//!
//! The gradient of samples one by one is compared, tensor by tensor, with that of the same samples laid together. All
//! trainable parameters are first moved at random: at B = 0 the gradient of A is nil, and a comparison sees nothing.

mod choose;
mod slopes;

pub use choose::choose;
pub use slopes::{SLOPE_BOUND, Slope, slopes};

use chat::SampleView;
use kernels::{Device, random};
use model::{Decoder, Parameters, TrainBatch};

use crate::batches::Samples;
use crate::learner::Learner;
use crate::{Settings, TrainError};

/// The greatest difference that rounding in f32 explains.
pub const LAYOUT_BOUND: f64 = 1e-5;

/// How samples are laid together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Side by side, as training packs them.
    Packed,
    /// As a tree, in which beginnings that samples share are computed once.
    Tree,
}

/// How far a tensor's gradient is from that of the samples one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The tensor's name.
    pub name: String,
    /// ‖difference‖ / ‖gradient‖; 0 when both are nil.
    pub relative: f64,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Tokens computed one by one.
    pub separate_tokens: usize,
    /// Tokens computed together.
    pub together_tokens: usize,
    /// Passes in which they were computed together.
    pub passes: usize,
    /// |difference| / loss.
    pub loss: f64,
    /// By tensor, the greatest difference first.
    pub tensors: Vec<Difference>,
}

impl Comparison {
    /// The greatest relative difference, of the loss and of all gradients.
    pub fn greatest(&self) -> f64 {
        self.tensors.iter().map(|t| t.relative).fold(self.loss, f64::max)
    }
}

/// Compares gradients of `samples` one by one and laid together, in passes of [`Settings::micro_tokens`] as training
/// cuts them. Dropout is left out.
///
/// # Errors
/// Settings or samples are refused.
pub fn compare<D: Device>(
    decoder: &mut Decoder<D>,
    settings: &Settings,
    samples: &[SampleView<'_>],
    layout: Layout,
) -> Result<Comparison, TrainError> {
    let settings = settings.without_dropout();
    settings.check()?;
    if samples.is_empty() {
        return Err(TrainError::NoSamples);
    }
    let mut samples = Samples::new(samples, decoder.config(), &settings.task)?;
    let mut learner = Learner::new(decoder, &settings)?;
    disturb(&mut learner, settings.seed);
    let all: Vec<usize> = (0..samples.len()).collect();
    let separate: Vec<TrainBatch> = all.iter().map(|&sample| samples.lay_out_alone(sample)).collect();
    if layout == Layout::Tree {
        samples.share(&settings);
    }
    let passes = samples.passes(&all, settings.micro_tokens);
    let together: Vec<TrainBatch> = passes.iter().map(|pass| samples.lay_out(pass)).collect();
    let tokens = |batches: &[TrainBatch]| batches.iter().map(TrainBatch::rows).sum();
    let (separate_tokens, together_tokens) = (tokens(&separate), tokens(&together));
    let expected_sum = learner.gradient(&mut separate.into_iter(), 1)?;
    let expected = host(&learner);
    let sum = learner.gradient(&mut together.into_iter(), 1)?;
    let found = host(&learner);
    let specs = &learner.gradients.layout.specs;
    let mut tensors: Vec<_> = specs
        .iter()
        .map(|spec| {
            let range = spec.offset..spec.offset + spec.len;
            let relative = relative(&found[range.clone()], &expected[range]);
            Difference { name: spec.name.clone(), relative }
        })
        .collect();
    tensors.sort_by(|a, b| b.relative.total_cmp(&a.relative));
    let loss = (sum.loss - expected_sum.loss).abs() / expected_sum.loss.abs();
    Ok(Comparison { separate_tokens, together_tokens, passes: passes.len(), loss, tensors })
}

/// Adds noise to every trainable parameter, as large as an adapter's own values.
fn disturb<D: Device>(learner: &mut Learner<'_, D>, seed: u64) {
    let parameters = &mut learner.trainable.parameters;
    let device = &**learner.decoder.device();
    let mut values = vec![0.0; parameters.layout.total];
    device.read(&parameters.values, 0, &mut values);
    for (at, value) in values.iter_mut().enumerate() {
        *value += 0.02 * random::normal(seed, at as u64);
    }
    device.write(&mut parameters.values, 0, &values);
}

fn host<D: Device>(learner: &Learner<'_, D>) -> Vec<f32> {
    let Parameters { layout, values } = &learner.gradients;
    let mut out = vec![0.0; layout.total];
    learner.decoder.device().read(values, 0, &mut out);
    out
}

fn relative(found: &[f32], expected: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let difference: f64 = found.iter().zip(expected).map(|(f, e)| square(f - e)).sum();
    let norm: f64 = expected.iter().map(|&e| square(e)).sum();
    if difference == 0.0 { 0.0 } else { (difference / norm).sqrt() }
}
