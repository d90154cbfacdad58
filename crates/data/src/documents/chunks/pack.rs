//! Which nodes stand in one chunk.

use super::super::tree::{Level, Tree};
use super::threads::each;
use super::{Balance, render};

/// Nodes of one chunk, in reading order.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) nodes: Vec<usize>,
    tokens: usize,
    /// Whether it may be put together with its neighbours.
    open: bool,
}

/// Packs a tree from the inside to the outside.
pub(super) struct Packer<'a> {
    tree: &'a Tree,
    balance: &'a Balance<'a>,
    /// The tokens of each node's own words.
    own: Vec<usize>,
    /// The same with everything that stands in it.
    whole: Vec<usize>,
    /// The tokens of the headings that each node stands under.
    above: Vec<usize>,
    children: Vec<Vec<usize>>,
    /// One past the last node that stands in each.
    end: Vec<usize>,
}

impl<'a> Packer<'a> {
    pub(super) fn new(tree: &'a Tree, balance: &'a Balance<'a>) -> Self {
        let count = balance.count;
        let nodes = &tree.nodes;
        // The heading by itself stands above every node below it.
        let counted = each(nodes, balance.threads, |node| {
            let own = render::own(node);
            (
                if own.is_empty() { 0 } else { count(&(own + "\n")) },
                if node.heading.is_empty() { 0 } else { count(&node.heading) + 2 },
            )
        });
        let (own, headings): (Vec<usize>, Vec<usize>) = counted.into_iter().unzip();
        let (mut whole, mut end) = (own.clone(), (1..=nodes.len()).collect::<Vec<_>>());
        let mut children = vec![Vec::new(); nodes.len()];
        for at in (1..nodes.len()).rev() {
            let parent = nodes[at].parent.unwrap_or(0);
            whole[parent] += whole[at];
            end[parent] = end[parent].max(end[at]);
            children[parent].push(at);
        }
        for list in &mut children {
            list.reverse();
        }
        let title = count(&tree.title) + 1;
        let mut above = vec![title; nodes.len()];
        for at in 1..nodes.len() {
            let parent = nodes[at].parent.unwrap_or(0);
            above[at] = above[parent] + headings[parent];
        }
        Self { tree, balance, own, whole, above, children, end }
    }

    /// The tokens of the headings that each node stands under.
    pub(super) fn above(&self) -> &[usize] {
        &self.above
    }

    /// All chunks' nodes, in order.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        if self.tree.nodes.is_empty() { Vec::new() } else { self.pack() }
    }

    /// The tree's pieces, children before their parents: a document nests deeper than a call stack may.
    fn pack(&self) -> Vec<Piece> {
        let mut packed: Vec<Vec<Piece>> = vec![Vec::new(); self.tree.nodes.len()];
        for at in (0..self.tree.nodes.len()).rev() {
            packed[at] = self.node(at, &mut packed);
        }
        self.joined_title(std::mem::take(&mut packed[0]))
    }

    /// A title that is alone goes with what follows it: it is asked about by nobody, and found by every search.
    fn joined_title(&self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        let is_title = |piece: &Piece| {
            let nodes = &self.tree.nodes;
            piece.open
                && piece.tokens * 4 <= self.balance.target
                && piece
                    .nodes
                    .iter()
                    .all(|&at| render::is_preamble(self.tree, at) && nodes[at].table.is_none())
        };
        if let [title, next, ..] = pieces.as_slice()
            && is_title(title)
            && next.open
            && next
                .nodes
                .first()
                .is_some_and(|&at| title.tokens + next.tokens + self.above[at] <= self.balance.maximum)
        {
            let title = pieces.remove(0);
            pieces[0].nodes.splice(0..0, title.nodes);
            pieces[0].tokens += title.tokens;
        }
        pieces
    }

    fn node(&self, at: usize, packed: &mut [Vec<Piece>]) -> Vec<Piece> {
        let node = &self.tree.nodes[at];
        let room = |limit: usize| limit.saturating_sub(self.above[at]).max(limit / 4).max(1);
        // A rule's article is read as a whole; what holds articles is not.
        let limit = match node.level {
            Level::Article
            | Level::Paragraph
            | Level::Item
            | Level::SubItem
            | Level::Point
            | Level::Table => self.balance.maximum,
            _ => self.balance.target,
        };
        let apart = node.level.is_apart();
        if at > 0 && (self.whole[at] <= room(limit) || self.children[at].is_empty() || apart && self.fits(at))
        {
            let nodes = (at..self.end[at]).filter(|&n| self.has_words(n)).collect::<Vec<_>>();
            let open = !apart;
            return if nodes.is_empty() {
                Vec::new()
            } else {
                vec![Piece { nodes, tokens: self.whole[at], open }]
            };
        }
        let mut pieces = Vec::new();
        let has_own = at > 0 && (!node.text.is_empty() || node.table.is_some());
        if has_own {
            pieces.push(Piece { nodes: vec![at], tokens: self.own[at], open: true });
        }
        for &child in &self.children[at] {
            let of_child = std::mem::take(&mut packed[child]);
            // What a child was divided into stays with that child.
            let headless = self.tree.nodes[child].heading.is_empty();
            let whole = of_child.len() == 1 && (headless || of_child[0].nodes.first() == Some(&child));
            let region =
                matches!(self.tree.nodes[child].level, Level::Supplement | Level::Annex | Level::Form);
            pieces.extend(
                of_child.into_iter().map(|p| Piece { open: p.open && whole && !(region && at == 0), ..p }),
            );
        }
        merge(pieces, room(self.balance.target))
    }

    fn fits(&self, at: usize) -> bool {
        self.whole[at] + self.above[at] <= self.balance.maximum
    }

    fn has_words(&self, at: usize) -> bool {
        let node = &self.tree.nodes[at];
        !node.heading.is_empty() || !node.text.is_empty() || node.table.is_some()
    }
}

/// Puts short neighbours together, so that those of one run have about one size.
fn merge(pieces: Vec<Piece>, target: usize) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut run: Vec<Piece> = Vec::new();
    for piece in pieces {
        if piece.open && piece.tokens < target {
            run.push(piece);
        } else {
            even(std::mem::take(&mut run), target, &mut out);
            out.push(piece);
        }
    }
    even(run, target, &mut out);
    out
}

fn even(run: Vec<Piece>, target: usize, out: &mut Vec<Piece>) {
    let mut left: usize = run.iter().map(|piece| piece.tokens).sum();
    let mut open: Option<Piece> = None;
    for piece in run {
        let filled = open.as_ref().map_or(0, |open| open.tokens);
        let parts = (left + filled).div_ceil(target).max(1);
        let aim = (left + filled).div_ceil(parts);
        left -= piece.tokens;
        match &mut open {
            // Nearer to the aim with it than without it.
            Some(open) if filled + piece.tokens <= target && filled + piece.tokens / 2 <= aim => {
                open.nodes.extend(&piece.nodes);
                open.tokens += piece.tokens;
            }
            _ => out.extend(open.replace(piece)),
        }
    }
    out.extend(open);
}
