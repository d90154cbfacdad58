//! What can go wrong, with the place and the values.

use std::path::{Path, PathBuf};

/// A fault of the pipeline or of a stage in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A JSON file of the pipeline is not what it should be.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The lock file was written by a newer program.
    #[error("{} has format {found}; this program reads format {known}", path.display())]
    LockFormat {
        /// The lock file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The one that is known.
        known: u32,
    },
    /// Another process works on the project.
    #[error("another run is working on {}{}", path.display(), holder(*pid))]
    Busy {
        /// The project folder.
        path: PathBuf,
        /// The process that holds it, where it could be told.
        pid: Option<u32>,
    },
    /// Two stages have one id.
    #[error("two stages are called `{stage}`")]
    DuplicateStage {
        /// The id.
        stage: String,
    },
    /// An input names a stage or an output that is not there.
    #[error("stage `{stage}` reads `{from}` of stage `{producer}`, which does not write it")]
    UnknownInput {
        /// The reading stage.
        stage: String,
        /// The stage it reads from.
        producer: String,
        /// The output it wants.
        from: String,
    },
    /// Stages wait for each other in a circle.
    #[error("stages wait for each other in a circle: {}", stages.join(", "))]
    Cycle {
        /// The stages of the circle and those behind it.
        stages: Vec<String>,
    },
    /// A name asked for is no stage.
    #[error("no stage is called `{name}`; the stages are {}", known.join(", "))]
    UnknownStage {
        /// The name.
        name: String,
        /// The stages there are.
        known: Vec<String>,
    },
    /// A source file is absent, and nothing is pinned that could stand for it.
    #[error("input `{input}` of stage `{stage}` is absent: {}", path.display())]
    InputAbsent {
        /// The stage.
        stage: String,
        /// The input.
        input: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A source file changed while a stage was reading it.
    #[error("input `{input}` changed while stage `{stage}` was reading it: {}; run again", path.display())]
    InputChanged {
        /// The stage.
        stage: String,
        /// The input.
        input: String,
        /// Where it is.
        path: PathBuf,
    },
    /// A stage asked for something it did not declare.
    #[error("stage `{stage}` has no {kind} called `{name}`")]
    Undeclared {
        /// The stage.
        stage: String,
        /// `input` or `output`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A parameter is absent or of another shape than the stage expects.
    #[error("stage `{stage}` cannot read parameter `{path}`")]
    Param {
        /// The stage.
        stage: String,
        /// The parameter's path.
        path: String,
        /// What the deserialiser said.
        source: serde_json::Error,
    },
    /// A parameter was read for the first time after the working folder had been opened.
    #[error("stage `{stage}` reads parameter `{path}` after its working folder was opened")]
    LateParam {
        /// The stage.
        stage: String,
        /// The parameter's path.
        path: String,
    },
    /// A stage ended without writing an output it declares.
    #[error("stage `{stage}` did not write its output `{output}`")]
    OutputNotWritten {
        /// The stage.
        stage: String,
        /// The output.
        output: String,
    },
    /// A stage wrote something that is neither a file nor a folder of files.
    #[error("{} is neither a file nor a folder", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// A stage's counts do not add up.
    #[error("counts of stage `{stage}` do not add up: {counts}")]
    Counts {
        /// The stage.
        stage: String,
        /// The counts as text.
        counts: String,
    },
    /// The content of the store is not what its name says.
    #[error("stored content {digest} is absent or damaged")]
    Corrupt {
        /// Its digest.
        digest: String,
    },
    /// What the lock names is not in the store.
    #[error("`{output}` of stage `{stage}` is not there: the stage has not run, or its result was removed")]
    NoArtifact {
        /// The stage.
        stage: String,
        /// The output.
        output: String,
    },
    /// The work was asked to end.
    #[error("stopped; run again to continue")]
    Cancelled,
    /// A stage failed.
    #[error("stage `{stage}` failed")]
    Stage {
        /// The stage.
        stage: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

/// Turns a system error into ours, with the place.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io { action, path: path.to_owned(), source }
}
