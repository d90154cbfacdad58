//! Whether a tree holds all of its document's text, in order, and nothing else.

use std::collections::HashSet;

use super::super::block::Document;
use super::super::tree::Tree;
use super::lines;

/// How much of a text an error shows, in characters. A document's text is not a secret of a person, but long.
const SHOWN: usize = 40;

/// What is wrong with a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The tree says something else than the document at this place.
    #[error("`{path}` says `{found}` where the document goes on with `{expected}`")]
    Text {
        /// The node.
        path: String,
        /// The document's text there.
        expected: String,
        /// The node's.
        found: String,
    },
    /// The document goes on after the last node.
    #[error("the tree ends before `{expected}`")]
    Missing {
        /// The document's text there.
        expected: String,
    },
    /// Two nodes have one path.
    #[error("two nodes have the path `{path}`")]
    Path {
        /// The path.
        path: String,
    },
    /// A parent that does not come before its child.
    #[error("`{path}` stands before what it is in")]
    Order {
        /// The child.
        path: String,
    },
}

/// The text of a document without furniture, block by block.
pub fn document_text(document: &Document) -> String {
    let texts: Vec<_> = lines::texts(document).into_iter().map(|(_, text)| text).collect();
    texts.join("\n")
}

/// The headings, texts and tables of a tree in order.
pub fn tree_text(tree: &Tree) -> String {
    let mut out = String::new();
    for node in &tree.nodes {
        for piece in node.pieces() {
            out.push_str(&piece);
            out.push('\n');
        }
    }
    out
}

/// Checks that headings and texts in order are the document's text character by character, where every run of blanks
/// is one blank and blanks between two pieces may be absent; that paths are unique; that parents come first.
///
/// # Errors
/// The first thing that is not so.
pub fn accept(document: &Document, tree: &Tree) -> Result<(), Mismatch> {
    let whole = normal(&document_text(document));
    let mut rest = whole.as_str();
    let mut paths = HashSet::new();
    for (i, node) in tree.nodes.iter().enumerate() {
        if node.parent.is_some_and(|parent| parent >= i) || (node.parent.is_none() != (i == 0)) {
            return Err(Mismatch::Order { path: node.path.clone() });
        }
        if !paths.insert(node.path.as_str()) {
            return Err(Mismatch::Path { path: node.path.clone() });
        }
        for piece in node.pieces() {
            let piece = normal(&piece);
            rest = rest.strip_prefix(' ').unwrap_or(rest);
            rest = rest.strip_prefix(piece.as_str()).ok_or_else(|| Mismatch::Text {
                path: node.path.clone(),
                expected: rest.chars().take(SHOWN).collect(),
                found: piece.chars().take(SHOWN).collect(),
            })?;
        }
    }
    match rest.trim() {
        "" => Ok(()),
        rest => Err(Mismatch::Missing { expected: rest.chars().take(SHOWN).collect() }),
    }
}

fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
