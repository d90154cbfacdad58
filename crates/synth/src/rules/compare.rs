//! What an edition changed in the one before it, as a 신구조문대비표 shows it.

use std::collections::BTreeMap;

use data::documents::Level;

use super::Rules;

/// A row of the comparison: an article that two editions have in other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The article's path.
    pub path: String,
    /// As it was, line by line, `(생략)` for each run of lines that stay; `<신설>` where the article is new.
    pub before: Vec<String>,
    /// As it is, `(현행과 같음)` for each run of lines that stay.
    pub after: Vec<String>,
}

/// The articles that differ, in the order of the newer edition. Neither 부칙 nor 별표 are compared.
///
/// Both editions number their articles alike: an article that is gone has become `삭제`.
pub fn changes(before: &Rules, after: &Rules) -> Vec<Change> {
    let old: BTreeMap<String, Vec<Line>> = articles(before).into_iter().collect();
    let mut changes = Vec::new();
    for (path, new) in articles(after) {
        let old = old.get(&path);
        if old == Some(&new) {
            continue;
        }
        let after = shown(&new, old.map_or(&[], Vec::as_slice), "(현행과 같음)");
        let before = old.map_or_else(|| vec!["<신설>".to_owned()], |old| shown(old, &new, "(생략)"));
        changes.push(Change { path, before, after });
    }
    changes
}

/// A line of an article: where it stands in it, and what it says.
type Line = (String, String);

/// The lines, those that the other edition has as well replaced by a remark.
fn shown(lines: &[Line], other: &[Line], remark: &str) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 && other.contains(line) {
            if shown.last().is_none_or(|last| last != remark) {
                shown.push(remark.to_owned());
            }
        } else {
            shown.push(line.1.clone());
        }
    }
    shown
}

fn articles(rules: &Rules) -> Vec<(String, Vec<Line>)> {
    let nodes = &rules.tree.nodes;
    let is_supplement = |at: usize| nodes[at].parent.is_some_and(|p| nodes[p].level == Level::Supplement);
    let of_book = rules.articles().into_iter().filter(|at| !is_supplement(*at));
    let lines = |article: usize| -> Vec<Line> {
        let within = (article..nodes.len()).take_while(|at| rules.is_within(*at, article));
        within.flat_map(|at| node_lines(rules, at)).collect()
    };
    of_book.map(|at| (nodes[at].path.clone(), lines(at))).collect()
}

fn node_lines(rules: &Rules, at: usize) -> Vec<Line> {
    let node = &rules.tree.nodes[at];
    let words = [node.heading.as_str(), node.text.as_str()].map(str::trim);
    let words: Vec<_> = words.into_iter().filter(|part| !part.is_empty()).collect();
    let own = (!words.is_empty()).then(|| (node.path.clone(), words.join(" ")));
    let rows = super::rows(node).into_iter().enumerate();
    own.into_iter().chain(rows.map(|(row, text)| (format!("{}/{row}", node.path), text))).collect()
}
