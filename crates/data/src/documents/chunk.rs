//! Chunks: whole leaves of a tree, as much as a model should read at once.

use serde::{Deserialize, Serialize};

/// A stretch of a document that is shown to a model as one piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Unique over all documents: the document's name and the first leaf's path.
    pub id: String,
    /// The document's name.
    pub document: String,
    /// The headings it stands under, from the outside to the inside, the document's title first.
    pub breadcrumb: Vec<String>,
    /// The paths of its nodes, in reading order.
    pub paths: Vec<String>,
    /// The text, without the breadcrumb.
    pub text: String,
    /// Tokens of breadcrumb and text by the tokenizer that was used for balancing.
    pub tokens: u32,
}
