//! Memory before the first step: foretold, held against what there is, and tried on the largest real pass.
//!
//! 1. [`Need::of`] foretells the process's peak: what it holds besides the weights, and the plan of the largest pass.
//! 2. [`choose`] takes the least recomputation that fits, and refuses what fits in no way.
//! 3. [`dry_step`] goes forward and backward once over that pass, so that what is wrong is known before step 1.

use kernels::Device;
use model::{Recompute, TrainBatch};

use crate::learner::Learner;
use crate::{MemoryFigures, Settings, TrainError};

/// What is left free where a limit is the machine's: other processes want memory too.
const SPARED: u64 = 20;

/// What a host tells of memory, in bytes; None where it cannot be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryReading {
    /// What the process holds now.
    pub held: Option<u64>,
    /// The most that it has held.
    pub peak: Option<u64>,
    /// What it can still get.
    pub available: Option<u64>,
}

/// The greatest rows, and rows with a loss, of any pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Largest {
    pub rows: usize,
    pub loss_rows: usize,
    /// Rows of the largest pass of several samples above [`Settings::micro_tokens`], where there is one.
    pub grown: Option<usize>,
}

/// What there is before a training takes anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    reading: MemoryReading,
    /// Held by the process besides the model's weights.
    others: u64,
}

impl Before {
    /// `weights` are the bytes of the loaded model.
    pub fn new(reading: MemoryReading, weights: usize) -> Self {
        Self { reading, others: reading.held.unwrap_or(0).saturating_sub(weights as u64) }
    }

    /// The process's greatest size: the setting's, or what the machine has left, less a twentieth.
    fn limit(&self, settings: &Settings) -> Option<u64> {
        let free =
            || self.reading.available.map(|free| self.reading.held.unwrap_or(0) + free - free / SPARED);
        settings.memory_bytes.or_else(free)
    }
}

/// Chooses which blocks are recomputed, tells the learner, and gives the figures. `measuring` are the bytes that are
/// held beside everything else while a metric of the host's own is measured.
///
/// # Errors
/// [`TrainError::Memory`] when the plan does not fit.
pub(crate) fn choose<D: Device>(
    settings: &Settings,
    before: Before,
    measuring: u64,
    largest: Largest,
    learner: &mut Learner<'_, D>,
) -> Result<MemoryFigures, TrainError> {
    let layers = learner.decoder.config().layers;
    let trainable = Some(&learner.trainable);
    let plan = |recompute| learner.decoder.memory_plan(trainable, largest.rows, largest.loss_rows, recompute);
    let peak = |recompute| before.others + measuring + plan(recompute).total() as u64;
    let limit = before.limit(settings);
    let fits = |recompute| limit.is_none_or(|limit| peak(recompute) <= limit);
    let recompute = match settings.recompute {
        Some(recompute) => recompute,
        None if fits(Recompute::Never) => Recompute::Never,
        None => (1..layers).map(Recompute::Lowest).find(|&r| fits(r)).unwrap_or(Recompute::Always),
    };
    let figures = MemoryFigures {
        plan: plan(recompute),
        measuring,
        others: before.others,
        predicted_peak_bytes: peak(recompute),
        limit_bytes: limit,
        recomputed_layers: (0..layers).filter(|&layer| recompute.of(layer)).count(),
        layers,
        pass_tokens: largest.rows,
        grown_pass_tokens: largest.grown,
        recomputed_peak_bytes: peak(Recompute::Always),
    };
    match limit {
        Some(limit) if figures.predicted_peak_bytes > limit => {
            Err(TrainError::Memory { limit, figures: Box::new(figures) })
        }
        _ => {
            learner.set_recompute(recompute);
            Ok(figures)
        }
    }
}

/// Forward and backward over `pass`, and every page of the optimizer touched, without learning anything.
/// Gives the memory that was held at most, where the host can tell.
pub(crate) fn dry_step<D: Device>(
    learner: &mut Learner<'_, D>,
    pass: TrainBatch,
    memory: &dyn Fn() -> MemoryReading,
) -> Result<Option<u64>, TrainError> {
    let before = memory();
    learner.touch_optimizer();
    learner.gradient(&mut std::iter::once(pass), 1)?;
    let after = memory();
    // A peak that is no higher than before is of something else, such as the loading of the model.
    let raised = after.peak.filter(|_| after.peak > before.peak);
    Ok(raised.or(after.held))
}

/// The parts of a plan and their names, the greatest first; parts of nothing are left out.
pub fn parts(figures: &MemoryFigures) -> Vec<(&'static str, u64)> {
    let plan = &figures.plan;
    let mut parts = vec![
        ("weights", plan.weights as u64),
        ("trained parameters", plan.parameters as u64),
        ("gradients", plan.gradients as u64),
        ("optimizer", plan.optimizer as u64),
        ("activations", plan.activations as u64),
        ("scratch", plan.scratch as u64),
        ("answers in the loop", figures.measuring),
        ("everything else", figures.others),
    ];
    parts.retain(|(_, bytes)| *bytes > 0);
    parts.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    parts
}

/// Bytes for people: `1.25 GB`, `34.1 MB`, `7.0 kB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.2} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} kB", b / 1e3),
    }
}
