//! What can stop a training.

use std::path::PathBuf;

use model::ModelError;

use crate::MemoryFigures;
use crate::memory::{parts, size};

/// Every failure of this crate, with the values a person needs to act on it.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is no sample to train on.
    #[error("the training split is empty")]
    NoSamples,

    /// Samples that no token of which is trained: their loss mask is empty.
    #[error("{count} samples have no trained token, such as {}; correct their loss mask or reject them", rows.join(", "))]
    NothingTrained {
        /// How many there are.
        count: usize,
        /// The ids of the first of them.
        rows: Vec<String>,
    },

    /// Samples longer than the model's context.
    #[error(
        "{count} samples are longer than the model's context of {context} tokens, such as {}; \
         lower the greatest length when tokenizing", rows.join(", ")
    )]
    TooLong {
        /// How many there are.
        count: usize,
        /// Their ids and lengths, the first of them.
        rows: Vec<String>,
        /// The model's context.
        context: usize,
    },

    /// A sample's mask has not as many flags as the sample has tokens.
    #[error("sample {row} has {ids} tokens and {flags} loss flags; they must be as many")]
    MaskLength {
        /// The sample's row id.
        row: String,
        /// Number of tokens.
        ids: usize,
        /// Number of flags.
        flags: usize,
    },

    /// A sample has a token that the model does not know.
    #[error(
        "sample {row} has token {id}, the model's vocabulary has {vocab}; \
         tokenize with the tokenizer that belongs to this model"
    )]
    TokenId {
        /// The sample's row id.
        row: String,
        /// The token.
        id: u32,
        /// The size of the vocabulary.
        vocab: usize,
    },

    /// A classifier's sample has no label, or is trained elsewhere as well.
    #[error(
        "sample {row} is not a text with a label behind it: of a classifier's sample the last number alone is trained"
    )]
    NoLabel {
        /// The sample's row id.
        row: String,
    },

    /// A label's number is not among the labels.
    #[error("sample {row} has label number {number}; there are {labels} labels, numbered from 0")]
    LabelNumber {
        /// The sample's row id.
        row: String,
        /// The number.
        number: u32,
        /// How many labels there are.
        labels: usize,
    },

    /// A setting is out of its range.
    #[error("`{setting}` is {given}; it must be {allowed}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        given: String,
        /// What it may be.
        allowed: &'static str,
    },

    /// A tree cannot drop inputs for one branch and keep them for another.
    #[error(
        "batching \"tree\" computes a shared beginning once, so that a dropout of {dropout} would drop the same \
         for all samples that share it; set dropout to 0, or batching to \"packed\""
    )]
    TreeDropout {
        /// The adapter's dropout.
        dropout: f32,
    },

    /// There is no tree to be tested.
    #[error(
        "no two samples of a step share a beginning of {min_shared} tokens in a pass of {micro_tokens}, so that there \
         is no tree; samples that share more need a greater micro_tokens"
    )]
    NothingShared {
        /// The least beginning that is shared.
        min_shared: usize,
        /// Tokens of a pass.
        micro_tokens: usize,
    },

    /// The base was loaded in another format than the settings say.
    #[error(
        "the base's matrices are held as {held}, the settings say as {wanted}; load the base as they say"
    )]
    Weights {
        /// How the decoder holds them.
        held: &'static str,
        /// What the settings say.
        wanted: &'static str,
    },

    /// An adapter's `moru.json` names a format of its base's weights that this program does not have.
    #[error("{}: the adapter was trained over weights held as `{given}`; this program has {allowed}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format's name.
        given: String,
        /// Those that there are.
        allowed: String,
    },

    /// The training would take more memory than there is.
    #[error(
        "the training would take {} of memory and may take {}: {}; its largest pass has {} tokens{}",
        size(figures.predicted_peak_bytes), size(*limit), spelled(figures), figures.pass_tokens,
        if figures.recomputed_layers < figures.layers {
            format!("; with every layer recomputed it would take {}", size(figures.recomputed_peak_bytes))
        } else {
            ", and every layer is recomputed already".to_owned()
        }
    )]
    Memory {
        /// What the process may hold, in bytes.
        limit: u64,
        /// What it would hold.
        figures: Box<MemoryFigures>,
    },

    /// The loss or the gradient is not a number.
    #[error(
        "{what} became {value} at step {step}, on rows {}; {}; lower the learning rate, or look at these rows",
        rows.join(", "),
        match last_checkpoint {
            Some(path) => format!("the last good checkpoint is {}", path.display()),
            None => "no checkpoint was written yet".to_owned(),
        }
    )]
    NotFinite {
        /// `the loss` or `the gradient's norm`.
        what: &'static str,
        /// NaN or an infinity.
        value: f64,
        /// The step, from 1.
        step: u64,
        /// The row ids of the step's samples.
        rows: Vec<String>,
        /// The newest checkpoint.
        last_checkpoint: Option<PathBuf>,
    },

    /// The checkpoints in the output folder belong to a training with other settings or data.
    #[error(
        "{} belongs to another recipe ({found}, this one is {expected}); \
         remove the folder's checkpoints to begin anew, or choose another folder", path.display()
    )]
    OtherRecipe {
        /// The checkpoint.
        path: PathBuf,
        /// Its digest, shortened.
        found: String,
        /// The digest of what was asked for, shortened.
        expected: String,
    },

    /// A checkpoint's `trainer_state.json` cannot be understood.
    #[error("{}: {problem}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: StateProblem,
    },

    /// A file or folder of the output could not be read, written or renamed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },

    /// The metric that is measured during training failed.
    #[error("measuring in the loop failed at step {step}")]
    InLoopEval {
        /// The step, from 1.
        step: u64,
        /// The measurement's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The model's files or the model's own checks.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What is wrong with a `trainer_state.json`.
#[derive(Debug, thiserror::Error)]
pub enum StateProblem {
    /// It is not JSON.
    #[error("it is not valid JSON: {0}")]
    Json(serde_json::Error),
    /// A key is missing or of another type.
    #[error("it has no valid `{0}`")]
    Key(&'static str),
    /// Another version of the program wrote it.
    #[error(
        "it has format {found}, this program reads format {expected}; go on with the program that wrote it, or \
         remove the folder's checkpoints to begin anew"
    )]
    Format {
        /// In the file.
        found: u64,
        /// The one that is read.
        expected: u64,
    },
    /// The step of the file is not that of the folder.
    #[error("it is of step {found}, the folder's name says {named}")]
    Step {
        /// In the file.
        found: u64,
        /// In the name.
        named: u64,
    },
}

impl TrainError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// `weights 1.20 GB, activations 300 MB`.
fn spelled(figures: &MemoryFigures) -> String {
    let part = |(name, bytes): (&str, u64)| format!("{name} {}", size(bytes));
    parts(figures).into_iter().map(part).collect::<Vec<_>>().join(", ")
}
