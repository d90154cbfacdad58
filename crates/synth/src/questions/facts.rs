//! Facts: what a document says that a person can ask for.

mod citation;
mod english;
mod korean;
mod table;

use std::ops::Range;

pub(super) use english::IMPERATIVE;
pub(super) use table::COLUMN;

use data::documents::{Level, Node, Tree};
use data::validate::Kind;
use data::validate::quantity::Unit;
use data::validate::text::{fold, is_korean};
use serde::{Deserialize, Serialize};

/// Something that a document says and that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Unique over all documents: the document, the path, and which fact of it.
    pub id: String,
    /// What it is.
    pub kind: FactKind,
    /// The document's name.
    pub document: String,
    /// The path of the node that says it.
    pub path: String,
    /// The path of the article, or of the heading, that the node stands in.
    pub article: String,
    /// The place as a person writes it: `인사규정 제23조 제1항`.
    pub citation: String,
    /// What the article is about: its title.
    pub topic: String,
    /// A whole sentence that says it, without marks and cross references at its beginning.
    pub sentence: String,
    /// Bytes of the sentence before, with which `sentence` begins where it is only understood after that one: `They
    /// lapse on 30 June.`; mostly 0.
    pub lead: usize,
    /// Where the value stands in the sentence; empty for a duty.
    pub value: Range<usize>,
    /// The items of a list, in order.
    pub items: Vec<String>,
    /// Whether it is Korean.
    pub is_korean: bool,
    /// Whether the article's title alone asks for it: no other value of its article is of its unit; of what is no
    /// value, nothing else stands in its article.
    pub is_only: bool,
}

/// What a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// A number, a period, an amount, a share, a date.
    Value(Unit),
    /// What a word means.
    Definition,
    /// A time limit within which something has to be done.
    Deadline(Unit),
    /// A document that is handed in.
    Document,
    /// Somebody who decides or does something.
    Responsible,
    /// Steps or items in order.
    List,
    /// What has to be done, may be done or must not be done.
    Duty,
}

impl FactKind {
    /// The kind of question that asks for it.
    pub fn asked_by(self) -> Kind {
        match self {
            Self::Value(_) | Self::Definition => Kind::Lookup,
            Self::Deadline(_) | Self::Document | Self::Responsible | Self::List | Self::Duty => {
                Kind::Procedure
            }
        }
    }

    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::Definition => "definition",
            Self::Deadline(_) => "deadline",
            Self::Document => "document",
            Self::Responsible => "responsible",
            Self::List => "list",
            Self::Duty => "duty",
        }
    }
}

impl Fact {
    /// The value as it is written; empty for a duty or a list.
    pub fn value(&self) -> &str {
        &self.sentence[self.value.clone()]
    }
}

/// The facts of documents, in reading order, and what has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// In reading order.
    pub facts: Vec<Fact>,
    /// Leaves with text that hold no fact, as document and path.
    pub without: Vec<Leaf>,
    /// Leaves that are not asked about: preambles, supplements, forms, what was deleted.
    pub set_aside: Vec<Leaf>,
}

/// A leaf of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The document's name.
    pub document: String,
    /// Its path.
    pub path: String,
}

/// A sentence of a node, where it is looked for facts.
struct Place<'a> {
    tree: &'a Tree,
    node: usize,
    children: &'a [Vec<usize>],
    article: usize,
}

/// The facts of documents. Purposes, effective dates of supplements and contents are no facts.
pub fn facts(trees: &[Tree]) -> Facts {
    let mut out = Facts::default();
    for tree in trees {
        let mut children = vec![Vec::new(); tree.nodes.len()];
        for (at, node) in tree.nodes.iter().enumerate() {
            if let Some(list) = node.parent.and_then(|parent| children.get_mut(parent)) {
                list.push(at);
            }
        }
        for at in 0..tree.nodes.len() {
            let place = Place { tree, node: at, children: &children, article: article_of(tree, at) };
            add(&place, &mut out);
        }
    }
    mark_only(&mut out.facts);
    out
}

/// Marks the values that are the only ones of their unit in their article, and what else is the only fact of one.
fn mark_only(facts: &mut [Fact]) {
    let key = |fact: &Fact| match fact.kind {
        FactKind::Value(unit) | FactKind::Deadline(unit) => {
            Some((fact.document.clone(), fact.article.clone(), unit))
        }
        _ => None,
    };
    let mut counts = std::collections::HashMap::new();
    let mut of_article = std::collections::HashMap::new();
    for fact in &*facts {
        *of_article.entry((fact.document.clone(), fact.article.clone())).or_insert(0) += 1;
        if let Some(key) = key(fact) {
            *counts.entry(key).or_insert(0) += 1;
        }
    }
    for fact in facts {
        let n = match key(fact) {
            Some(key) => counts[&key],
            None => of_article[&(fact.document.clone(), fact.article.clone())],
        };
        fact.is_only = n == 1 && !fact.topic.is_empty();
    }
}

fn add(place: &Place<'_>, out: &mut Facts) {
    let node = &place.tree.nodes[place.node];
    let text = fold(&node.text);
    if text.is_empty() && node.table.is_none() {
        return;
    }
    let leaf = || Leaf { document: place.tree.document.clone(), path: node.path.clone() };
    if is_set_aside(place.tree, place.node) {
        out.set_aside.push(leaf());
        return;
    }
    let before = out.facts.len();
    let mut found = if is_korean(&text) { korean::facts(place, &text) } else { english::facts(place, &text) };
    found.extend(node.table.iter().flat_map(|table| table::facts(place, table)));
    for (n, mut fact) in found.into_iter().enumerate() {
        fact.id = format!("{}/{}#{}", place.tree.document, node.path, n + 1);
        let is_known = out.facts[before..].iter().any(|other| {
            other.sentence == fact.sentence && other.value == fact.value && other.kind == fact.kind
        });
        if !is_known {
            out.facts.push(fact);
        }
    }
    // What stands in the items of a list was asked with the list.
    let is_item = matches!(node.level, Level::Item | Level::SubItem | Level::Point);
    if out.facts.len() == before && !is_item && text.chars().count() > 4 {
        out.without.push(leaf());
    }
}

/// What is not asked about: supplements, preambles, deleted articles.
fn is_set_aside(tree: &Tree, node: usize) -> bool {
    let mut at = Some(node);
    while let Some(index) = at {
        let this = &tree.nodes[index];
        let is_deleted = this.revisions.iter().any(|mark| mark.starts_with("삭제"));
        if matches!(this.level, Level::Supplement | Level::Preamble | Level::Form) || is_deleted {
            return true;
        }
        at = this.parent;
    }
    false
}

/// The article or the heading that a node stands in; itself where it is one.
pub(super) fn article_of(tree: &Tree, node: usize) -> usize {
    let mut at = Some(node);
    while let Some(index) = at {
        if matches!(tree.nodes[index].level, Level::Article | Level::Heading(_) | Level::Annex) {
            return index;
        }
        at = tree.nodes[index].parent;
    }
    node
}

impl Place<'_> {
    fn node(&self) -> &Node {
        &self.tree.nodes[self.node]
    }

    /// A fact of this place.
    fn fact(&self, kind: FactKind, sentence: &str, value: Range<usize>) -> Fact {
        Fact {
            id: String::new(),
            kind,
            document: self.tree.document.clone(),
            path: self.node().path.clone(),
            article: self.tree.nodes[self.article].path.clone(),
            citation: citation::of(self.tree, self.node),
            topic: without_relation(&fold(&self.tree.nodes[self.article].title)).to_owned(),
            sentence: sentence.to_owned(),
            lead: 0,
            value,
            items: Vec::new(),
            is_korean: is_korean(sentence),
            is_only: false,
        }
    }

    /// The texts of the numbered items right under this place.
    fn items(&self) -> Vec<String> {
        let is_item = |at: &&usize| {
            matches!(self.tree.nodes[**at].level, Level::Item | Level::SubItem | Level::Point | Level::Text)
        };
        let text = |at: &usize| {
            let node = &self.tree.nodes[*at];
            let own = if node.text.is_empty() { &node.title } else { &node.text };
            without_marks(&fold(own)).trim_end_matches('.').to_owned()
        };
        self.children[self.node].iter().filter(is_item).map(text).filter(|text| !text.is_empty()).collect()
    }
}

/// A title without the remark that says which article it belongs to: `직책수당(제13조제1항 관련)`.
fn without_relation(title: &str) -> &str {
    title
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
        .filter(|(_, remark)| remark.trim_end().ends_with("관련"))
        .map_or(title, |(before, _)| before.trim_end())
}

/// A text without revision marks: `<개정 2024. 1. 1.>`, `[본조신설 …]`.
fn without_marks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find(['<', '[']) {
        let close = if rest[open..].starts_with('<') { '>' } else { ']' };
        let Some(end) = rest[open..].find(close) else { break };
        out.push_str(rest[..open].trim_end());
        rest = &rest[open + end + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests;
