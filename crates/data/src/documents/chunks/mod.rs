//! A tree becomes chunks: whole leaves under their headings, about as many tokens in each.
//!
//! 1. The tokens of each node are counted once, by the model's own tokenizer.
//! 2. From the inside to the outside: what fits stays whole. A 조 is only divided where it is over the maximum, then
//!    by its 항, these by their 호; other divisions where they are over the target.
//! 3. Short neighbours under one parent are put together, so that the chunks of a parent have about one size.
//! 4. A single text over the maximum is cut at sentence ends, a table between rows; both are reported.

use std::num::NonZero;

use super::chunk::Chunk;
use super::tree::{Level, Tree};

mod cut;
mod pack;
mod render;
mod threads;

use pack::Packer;

/// How large chunks are to be.
pub struct Balance<'a> {
    /// Counts the tokens of a text, for several threads at once.
    pub count: &'a (dyn Fn(&str) -> usize + Sync),
    /// The tokens that a chunk should have, breadcrumb included.
    pub target: usize,
    /// The tokens that a chunk may have.
    pub maximum: usize,
    /// How many threads count. The chunks do not depend on it.
    pub threads: NonZero<usize>,
}

/// What a person should know about how a tree was divided.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkFinding {
    /// A single text is over the maximum, and was cut at sentence ends.
    TextCut {
        /// Its path.
        path: String,
        /// The chunks it fills.
        parts: u32,
    },
    /// A table is over the maximum, and was cut between rows.
    TableCut {
        /// Its path.
        path: String,
        /// The chunks it fills.
        parts: u32,
    },
    /// A chunk is over the maximum all the same: one character has more tokens than there is room for.
    OverMaximum {
        /// The chunk.
        id: String,
        /// Its tokens.
        tokens: u32,
    },
}

/// Divides a tree. Every node with words of its own is in exactly one chunk, in order; only what is reported as cut
/// is in several, a part in each.
///
/// ```
/// use std::num::NonZero;
///
/// use data::documents::chunks::{Balance, chunks};
/// use data::documents::{structure, text};
///
/// let rule = "취업규칙\n\n제1조(목적) 이 규칙은 근로조건을 정한다.\n제2조(정의) 근로자란 회사와 계약한 사람을 말한다.\n";
/// let tree = structure::tree(&text::document("취업규칙.txt", rule));
/// let words = |text: &str| text.split_whitespace().count();
/// let balance = Balance { count: &words, target: 12, maximum: 20, threads: NonZero::<usize>::MIN };
/// let (chunks, findings) = chunks(&tree, &balance);
/// assert_eq!(chunks.len(), 2);
/// assert_eq!(chunks[1].paths.last().map(String::as_str), Some("제2조"));
/// assert!(findings.is_empty());
/// ```
pub fn chunks(tree: &Tree, balance: &Balance<'_>) -> (Vec<Chunk>, Vec<ChunkFinding>) {
    let packer = Packer::new(tree, balance);
    let parts = threads::each(&packer.pieces(), balance.threads, |piece| {
        let above = packer.above();
        let mut out = Out { tree, balance, above, chunks: Vec::new(), findings: Vec::new() };
        out.piece(piece.nodes.clone());
        (out.chunks, out.findings)
    });
    let (mut chunks, mut findings) = (Vec::new(), Vec::new());
    for (own, found) in parts {
        chunks.extend(own);
        findings.extend(found);
    }
    (chunks, findings)
}

struct Out<'a> {
    tree: &'a Tree,
    balance: &'a Balance<'a>,
    /// The tokens of the headings that each node stands under, one by one.
    above: &'a [usize],
    chunks: Vec<Chunk>,
    findings: Vec<ChunkFinding>,
}

impl Out<'_> {
    /// Writes a piece; in halves where its tokens together are more than one by one.
    fn piece(&mut self, nodes: Vec<usize>) {
        let Some(&first) = nodes.first() else { return };
        let breadcrumb = render::breadcrumb(self.tree, &nodes);
        // Together headings have hardly more tokens than one by one: most are far from too long, and not counted again.
        let is_short = nodes.iter().all(|&at| self.above[at] <= self.balance.maximum / 4);
        let breadcrumb = if is_short { breadcrumb } else { self.shortened(breadcrumb) };
        let text = render::text(self.tree, &nodes);
        let tokens = self.tokens(&breadcrumb, &text);
        if tokens <= self.balance.maximum || (nodes.len() == 1 && text.trim().is_empty()) {
            return self.push(first, None, breadcrumb, &nodes, text, tokens);
        }
        if nodes.len() == 1 {
            return self.cut(first, breadcrumb);
        }
        let at = self.middle(&nodes);
        let mut left = nodes;
        let right = left.split_off(at);
        self.piece(left);
        self.piece(right);
    }

    /// Where nodes are divided: before the one that stands furthest out, so that the rest stands under its headings.
    fn middle(&self, nodes: &[usize]) -> usize {
        let depth = |at: usize| self.tree.ancestors(nodes[at]).count();
        let middle = nodes.len() / 2;
        (1..nodes.len()).min_by_key(|&at| (depth(at), at.abs_diff(middle))).unwrap_or(middle)
    }

    /// Headings that leave half of the room to the text: the outermost and the innermost stay.
    fn shortened(&self, mut breadcrumb: Vec<String>) -> Vec<String> {
        let most = self.balance.maximum / 2;
        if self.tokens(&breadcrumb, "") <= most {
            return breadcrumb;
        }
        if breadcrumb.len() > 2 {
            "…".clone_into(&mut breadcrumb[1]);
        }
        while breadcrumb.len() > 3 && self.tokens(&breadcrumb, "") > most {
            breadcrumb.remove(2);
        }
        while !breadcrumb.is_empty() && self.tokens(&breadcrumb, "") > most {
            breadcrumb.remove(0);
        }
        breadcrumb
    }

    /// A single node that is too long.
    fn cut(&mut self, at: usize, breadcrumb: Vec<String>) {
        let node = &self.tree.nodes[at];
        let room = self.balance.maximum.saturating_sub(self.tokens(&breadcrumb, "")).max(1);
        let mut crumbs = breadcrumb;
        let parts = match &node.table {
            Some(table) => {
                let (head, parts) = cut::rows(table, room, self.balance.count);
                crumbs.extend(head);
                parts
            }
            None => cut::sentences(&render::text(self.tree, &[at]), room, self.balance.count),
        };
        let (path, count) = (node.path.clone(), parts.len() as u32);
        if count > 1 {
            self.findings.push(match node.level {
                Level::Table => ChunkFinding::TableCut { path, parts: count },
                _ => ChunkFinding::TextCut { path, parts: count },
            });
        }
        for (i, text) in parts.into_iter().enumerate() {
            let tokens = self.tokens(&crumbs, &text);
            self.push(at, (i > 0).then_some(i + 1), crumbs.clone(), &[at], text, tokens);
        }
    }

    fn push(
        &mut self,
        first: usize,
        part: Option<usize>,
        breadcrumb: Vec<String>,
        nodes: &[usize],
        text: String,
        tokens: usize,
    ) {
        let path = &self.tree.nodes[first].path;
        let part = part.map_or(String::new(), |part| format!("@{part}"));
        let id = format!("{}#{path}{part}", self.tree.document);
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        if tokens as usize > self.balance.maximum {
            self.findings.push(ChunkFinding::OverMaximum { id: id.clone(), tokens });
        }
        self.chunks.push(Chunk {
            id,
            document: self.tree.document.clone(),
            breadcrumb,
            paths: nodes.iter().map(|&node| self.tree.nodes[node].path.clone()).collect(),
            text,
            tokens,
        });
    }

    fn tokens(&self, breadcrumb: &[String], text: &str) -> usize {
        (self.balance.count)(&render::whole(breadcrumb, text))
    }
}

#[cfg(test)]
mod tests;
