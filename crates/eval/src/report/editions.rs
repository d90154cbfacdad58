//! Several editions of one rule among the documents of a source.

use serde::{Deserialize, Serialize};

/// A rule of which a source holds more than one edition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleEditions {
    /// The source's name in the recipe.
    pub source: String,
    /// What the rule is called.
    pub title: String,
    /// The newest first.
    pub editions: Vec<RuleEdition>,
    /// The place among them of the one in effect; before it stand those that are not yet.
    #[serde(default)]
    pub current: usize,
    /// What a person should look at.
    #[serde(default)]
    pub doubts: Vec<RuleDoubt>,
}

/// An edition of a rule, with the paths of what the next newer edition changed in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleEdition {
    /// The document that holds it.
    pub document: String,
    /// The date of effect or of the last revision: `2024-03-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Where the date stands: `text`, `revisions`, `name` or `none`.
    #[serde(default)]
    pub date_from: String,
    /// Whether nothing is asked about it.
    #[serde(default)]
    pub set_aside: bool,
    /// What has other words in the newer edition.
    #[serde(default)]
    pub altered: Vec<String>,
    /// What only the newer edition has.
    #[serde(default)]
    pub added: Vec<String>,
    /// What the newer edition no longer has.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// Something about the editions of a rule that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleDoubt {
    /// `undecided`, `undated`, `date_from_name`, `other_title`, `identical`, `not_yet`.
    pub kind: String,
    /// The documents that it is about.
    pub documents: Vec<String>,
}
