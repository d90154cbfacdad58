//! Which samples of a split a self-test looks at.

use chat::SampleView;
use model::ModelConfig;

use super::Layout;
use crate::batches::{Epochs, Samples};
use crate::{Settings, TrainError};

/// Indices of samples for a test: those of one step, as far as `most_tokens` go, but two at least. For trees it is the
/// step of the first epoch in which sharing saves most, else the first step.
///
/// # Errors
/// Settings or samples are refused, or for trees no two samples share a beginning within a pass.
pub fn choose(
    config: &ModelConfig,
    settings: &Settings,
    samples: &[SampleView<'_>],
    layout: Layout,
    most_tokens: usize,
) -> Result<Vec<usize>, TrainError> {
    let settings = settings.without_dropout();
    settings.check()?;
    if samples.is_empty() {
        return Err(TrainError::NoSamples);
    }
    let mut samples = Samples::new(samples, config, &settings.task)?;
    if layout == Layout::Tree {
        samples.share(&settings);
    }
    let mut epochs = Epochs::new(samples.len(), &settings);
    let steps = if layout == Layout::Tree { epochs.steps_per_epoch() } else { 1 };
    let mut best: (usize, Vec<usize>) = (0, Vec::new());
    for done in 0..steps {
        let members = epochs.members(&samples, done);
        let passes = samples.passes(&members, settings.micro_tokens);
        let saved = |pass: &Vec<usize>| {
            pass.iter().map(|&s| samples.tokens(s)).sum::<usize>() - samples.pass_tokens(pass)
        };
        let saving = passes.iter().map(saved).sum();
        if best.1.is_empty() || saving > best.0 {
            // Passes that save most come first, because what follows may be cut off.
            let mut passes = passes;
            passes.sort_by_key(|pass| std::cmp::Reverse(saved(pass)));
            best = (saving, passes.concat());
        }
    }
    if layout == Layout::Tree && best.0 == 0 {
        return Err(TrainError::NothingShared {
            min_shared: settings.min_shared,
            micro_tokens: settings.micro_tokens,
        });
    }
    let mut tokens = 0;
    let fits = |(at, sample): &(usize, usize)| {
        tokens += samples.tokens(*sample);
        *at < 2 || tokens <= most_tokens
    };
    Ok(best.1.into_iter().enumerate().take_while(fits).map(|(_, sample)| sample).collect())
}
