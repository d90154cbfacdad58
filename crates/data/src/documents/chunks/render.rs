//! What a chunk says.

use super::super::tree::{Level, Node, Tree};

/// Between two headings of a breadcrumb.
const BETWEEN: &str = " > ";

/// The headings that all of these nodes stand under, the document's title first.
pub(super) fn breadcrumb(tree: &Tree, nodes: &[usize]) -> Vec<String> {
    // A title that was put before an article stands under nothing.
    let within: Vec<usize> = nodes.iter().copied().filter(|&at| !is_preamble(tree, at)).collect();
    let nodes = if within.is_empty() { nodes } else { &within };
    let first = nodes.first().copied().unwrap_or(0);
    let above: Vec<usize> = tree.ancestors(first).filter(|at| !nodes.contains(at)).collect();
    let mut out = vec![tree.title.clone()];
    for &at in above.iter().rev() {
        let node = &tree.nodes[at];
        // A parent's place in the list is told by what its other children share with it.
        let shared = nodes.iter().all(|&n| tree.ancestors(n).any(|a| a == at));
        if shared && node.level != Level::Document && !node.heading.is_empty() {
            out.push(node.heading.clone());
        }
    }
    out.retain(|heading| !heading.is_empty());
    out
}

/// Whether a node stands before the first heading.
pub(super) fn is_preamble(tree: &Tree, at: usize) -> bool {
    std::iter::once(at).chain(tree.ancestors(at)).any(|at| tree.nodes[at].level == Level::Preamble)
}

/// The headings, texts and tables of nodes, a line for each.
pub(super) fn text(tree: &Tree, nodes: &[usize]) -> String {
    let own = nodes.iter().map(|&at| own(&tree.nodes[at]));
    own.filter(|own| !own.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Heading, text and table of one node; an article's text goes on behind its heading.
pub(super) fn own(node: &Node) -> String {
    let is_heading = matches!(node.level, Level::Heading(_)) || node.level < Level::Article;
    let between = if is_heading || node.heading.is_empty() { "\n" } else { " " };
    node.pieces().collect::<Vec<_>>().join(between)
}

/// Breadcrumb and text as a model sees them, and as they are counted: each line with its break, so that a line is the
/// same wherever it stands.
pub(super) fn whole(breadcrumb: &[String], text: &str) -> String {
    let mut out = breadcrumb.join(BETWEEN);
    if !out.is_empty() && !text.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
    out.push('\n');
    out
}
