//! What can go wrong in an evaluation.

use std::path::PathBuf;

/// A fault of an evaluation. No variant carries text of a question or an answer.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// No scorer of that name.
    #[error("unknown metric `{name}`; there are: {}", known.join(", "))]
    UnknownMetric {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// `rouge` alone would be blind.
    #[error(
        "`rouge` reads only a–z and 0–9 and would not see {unseen_percent} % of the letters of the \
         reference answers; add `chrf` or `rouge-ko` to `metrics`"
    )]
    RougeIsBlind {
        /// Share of the letters and digits that `rouge` drops, in percent.
        unseen_percent: u32,
    },
    /// No metric at all.
    #[error("no metric is asked for; `metrics` takes any of: {}", known.join(", "))]
    NoMetric {
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// No metric has the measure that is to lead.
    #[error("no metric of the recipe has the measure `{name}`; their measures: {}", known.join(", "))]
    UnknownMeasure {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Nothing to score.
    #[error("the test split has no rows; give `split.test` a share, or more data")]
    NoRows,
    /// A row has nothing to be compared with.
    #[error("test row `{id}` has no reference answer")]
    NoReference {
        /// `source#key`.
        id: String,
    },
    /// Systems answered different numbers of rows.
    #[error("system `{system}` has {given} answers for {rows} test rows")]
    AnswerCount {
        /// The system's id.
        system: String,
        /// Answers it has.
        given: usize,
        /// Rows there are.
        rows: usize,
    },
    /// Two questions share an id, so answers could not be told apart.
    #[error("two test rows have the id `{id}`; ids must be unique")]
    DuplicateId {
        /// `source#key`.
        id: String,
    },
    /// An example cannot be turned into a question.
    #[error("example `{id}` does not end with an assistant turn, so there is nothing to ask for")]
    NoFinalAnswer {
        /// `source#key`.
        id: String,
    },
    /// The answers on disk were made by something else.
    #[error(
        "{} holds answers to other questions or of other settings; move it away and evaluate again",
        path.display()
    )]
    OtherRun {
        /// The answers file.
        path: PathBuf,
    },
    /// The answers on disk cannot be read.
    #[error(
        "{}:{line}: not an answer (valid JSON with `id` and `text` is expected); \
         move the file away and evaluate again",
        path.display()
    )]
    DamagedAnswers {
        /// The answers file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The responder came back without ending a reply.
    #[error("the responder did not finish its reply to test row `{id}`")]
    Unfinished {
        /// `source#key`.
        id: String,
    },
    /// The responder spoke of a request that was not made.
    #[error("the responder answered request {index} of a batch of {batch}")]
    NoSuchRequest {
        /// The index it gave, from 0.
        index: usize,
        /// Requests in the batch.
        batch: usize,
    },
    /// The responder spoke of a verdict that it did not end.
    #[error("the judge did not finish its reply about `{id}`")]
    UnfinishedVerdict {
        /// The case.
        id: String,
    },
    /// A judge that answers nothing.
    #[error("the judge answered none of the first {failed} requests; one of them: {why}")]
    SilentJudge {
        /// Requests that failed.
        failed: usize,
        /// What one of them failed of.
        why: String,
    },
    /// A folder of prompts has none.
    #[error("{} holds no prompt of a judge; it may hold any of: {}", folder.display(), known.join(", "))]
    NoPrompts {
        /// The folder.
        folder: PathBuf,
        /// The files that it may hold.
        known: Vec<String>,
    },
    /// A judge's prompt lacks a column.
    #[error("the prompt {} has no `{{{column}}}`; it needs {}", path.display(), needed.iter().map(|c| format!("`{{{c}}}`")).collect::<Vec<_>>().join(", "))]
    PromptColumn {
        /// The file.
        path: PathBuf,
        /// What is missing.
        column: &'static str,
        /// All that it needs.
        needed: &'static [&'static str],
    },
    /// The evaluation was asked to stop; what was answered is kept.
    #[error("stopped after {answered} of {questions} answers; run again to continue")]
    Cancelled {
        /// Answers that are kept.
        answered: usize,
        /// Questions there are.
        questions: usize,
    },
    /// The model failed.
    #[error(transparent)]
    Responder(#[from] chat::ResponderError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl EvalError {
    /// Ties a fault of the system to a file.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }
}
