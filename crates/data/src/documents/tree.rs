//! The structure of a document: parts, chapters, articles, paragraphs, items.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::block::{Place, Table};

/// A document's structure. `nodes` is in reading order, a parent before its children; the first is the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The document's name.
    pub document: String,
    /// Its title.
    pub title: String,
    /// In reading order. The headings and texts one after the other are the document's text without furniture.
    pub nodes: Vec<Node>,
    /// What a person should look at.
    pub findings: Vec<TreeFinding>,
}

/// A place in the structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The index of the node it stands in; none for the document itself.
    pub parent: Option<usize>,
    /// What it is.
    pub level: Level,
    /// Its number, where it has one.
    pub number: Option<Number>,
    /// Its heading or marker as printed (`제12조의2(육아휴직)`, `①`, `3.`, `가.`); empty where there is none.
    pub heading: String,
    /// What the heading names, without number and brackets (`육아휴직`); empty where there is none.
    pub title: String,
    /// Its own text, without heading and without what stands in its children.
    pub text: String,
    /// Its own table, for a table.
    pub table: Option<Table>,
    /// Revision marks as printed, without their brackets: `개정 2024. 1. 1.`, `본조신설 2020. 3. 5.`, `삭제`.
    pub revisions: Vec<String>,
    /// Unique in the document: `제2장/제12조의2/제1항/제3호`.
    pub path: String,
    /// Where it stands.
    pub places: Vec<Place>,
}

/// What a node is, from the outside to the inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole document.
    Document,
    /// 본문 before the first numbered heading: title, preamble, dates of revision.
    Preamble,
    /// 편, Part.
    Part,
    /// 장, Chapter.
    Chapter,
    /// 절, Section.
    Section,
    /// 관.
    Subsection,
    /// 조, Article.
    Article,
    /// 항.
    Paragraph,
    /// 호.
    Item,
    /// 목.
    SubItem,
    /// 세목.
    Point,
    /// 부칙.
    Supplement,
    /// 별표.
    Annex,
    /// 별지.
    Form,
    /// A contents page, apart from what it names.
    Contents,
    /// A table of old and new wording (신구조문대비표), which is not the rule itself.
    Comparison,
    /// A heading of a document without articles; 1 is the outermost.
    Heading(u8),
    /// A table.
    Table,
    /// A paragraph or a list item without a number, where a heading has more than one.
    Text,
}

impl Tree {
    /// What a node stands in, from the inside to the outside, the document last.
    pub fn ancestors(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.nodes[node].parent, |at| self.nodes[*at].parent)
    }
}

impl Level {
    /// Whether it stands beside the rule: a contents page, a table of old and new wording.
    pub fn is_apart(self) -> bool {
        matches!(self, Self::Contents | Self::Comparison)
    }
}

impl Node {
    /// Its heading, text and table, as far as it has them: what it adds to the document's text.
    pub fn pieces(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let words = [&self.heading, &self.text].into_iter().filter(|words| !words.is_empty());
        words
            .map(|words| Cow::Borrowed(words.as_str()))
            .chain(self.table.iter().map(|t| Cow::Owned(t.text())))
    }
}

/// A number with its branch: 제12조의2 is 12 and 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number {
    /// From 1.
    pub main: u32,
    /// 의N; 0 where there is none.
    pub branch: u32,
}

/// What a person should look at in a tree. None of them stops the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeFinding {
    /// Numbers are missing between two neighbours.
    NumberGap {
        /// The path of the node after the gap.
        path: String,
        /// The number before it.
        after: Number,
        /// The number found.
        found: Number,
    },
    /// The contents page or the bookmarks name what the tree does not have.
    NotInTree {
        /// As the contents page has it.
        heading: String,
        /// The page of the contents entry, from 1.
        page: u32,
    },
    /// Articles begin anew at 제1조 without a 부칙, an annex or a chapter that would say why.
    Restart {
        /// The path of the first article of the further run.
        path: String,
        /// The last number before it.
        after: Number,
    },
    /// The tree has an article that the contents page does not name.
    NotInContents {
        /// Its path.
        path: String,
    },
}
