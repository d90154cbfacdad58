//! What of a source of documents was not read, and what of it nothing was asked about.

use serde::{Deserialize, Serialize};

/// A file that lies among the documents of a source and is of no kind that is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnreadFile {
    /// The source's name in the recipe.
    pub source: String,
    /// The file, from the source's folder on.
    pub file: String,
    /// What can be done about it.
    pub next: String,
}

/// How far questions cover the documents of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuestionCoverage {
    /// The source's name in the recipe.
    pub source: String,
    /// Facts that the documents hold.
    pub facts: u64,
    /// Facts that were asked or said in an answer.
    pub facts_asked: u64,
    /// Articles that hold a fact.
    pub articles: u64,
    /// Facts that were neither asked nor said.
    #[serde(default)]
    pub facts_left: Vec<String>,
    /// Articles that hold a fact and were asked less than twice: document, path and how often.
    #[serde(default)]
    pub seldom_asked: Vec<String>,
    /// Leaves in which no fact was found: document and path.
    #[serde(default)]
    pub leaves_without: Vec<String>,
    /// Leaves that are not asked about, supplements and what was deleted among them: document and path.
    #[serde(default)]
    pub leaves_set_aside: Vec<String>,
}
