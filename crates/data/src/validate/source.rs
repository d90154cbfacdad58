//! The cited text of a pair, and the words around it.

use std::collections::{HashMap, HashSet};

use super::reference::Reference;
use super::retrieval::Retriever;
use super::text::{fold, sentences, spaced};
use crate::documents::{Cell, Chunk, Level, Node, Number, Table, Tree};

/// Documents as pairs are checked against them.
#[derive(Debug)]
pub struct Sources {
    trees: Vec<Tree>,
    children: Vec<Vec<Vec<usize>>>,
    by_path: HashMap<(String, String), (usize, usize)>,
    chunks: Vec<Chunk>,
    /// Each chunk's letters, breadcrumb included; see `spaced`.
    pub(super) chunk_letters: Vec<String>,
    pub(super) retriever: Retriever,
    /// The places of each chunk.
    places: Vec<Vec<Place>>,
    /// The chunks that hold a path, or a part of what it names, by document and path.
    holders: HashMap<(String, String), Vec<usize>>,
}

/// A node with a text of its own, as it may answer a question.
#[derive(Debug)]
pub(super) struct Place {
    pub document: String,
    pub path: String,
    /// Letters of its headings and of all that stands in it.
    pub letters: String,
    /// The same for each of its sentences.
    pub sentences: Vec<String>,
}

/// What a pair cites.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    /// The text of the cited nodes with all that stands in them, folded.
    pub own: String,
    /// What leads to them: the texts of the nodes they stand in, folded.
    pub lead: String,
    /// The headings they stand under, the document's title first, folded.
    pub headings: String,
    /// The numbers of the cited nodes and of those they stand in; one list for each cited node.
    chains: Vec<Chain>,
    /// The chunks that hold them.
    pub chunks: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Chain {
    above: Vec<(Level, Number)>,
    below: HashSet<(Level, Number)>,
    dotted: Vec<Vec<u32>>,
}

impl Cited {
    /// The cited text and what leads to it: what an answer may take its facts from.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.lead, self.own)
    }

    /// The cited text, what leads to it, and the headings.
    pub fn context(&self) -> String {
        format!("{}\n{}\n{}", self.headings, self.lead, self.own)
    }

    /// Whether a reference names the cited place, one that holds it or one in it.
    pub fn is_named_by(&self, reference: &Reference) -> bool {
        self.chains.iter().any(|chain| {
            let has = |part: &(Level, Number)| chain.above.contains(part) || chain.below.contains(part);
            if reference.dotted.is_empty() {
                reference.parts.iter().all(has)
            } else {
                chain.dotted.contains(&reference.dotted)
                    || (reference.dotted.len() == 1
                        && (has(&reference.parts[0])
                            || chain.above.iter().any(|(_, n)| n.main == reference.dotted[0])))
            }
        })
    }

    /// The cited places as a person writes them.
    pub fn names(&self) -> String {
        let name = |chain: &Chain| match chain.dotted.last() {
            Some(dotted) => dotted.iter().map(u32::to_string).collect::<Vec<_>>().join("."),
            None => chain.above.iter().map(|(level, n)| number_name(*level, *n)).collect(),
        };
        self.chains.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

fn number_name(level: Level, number: Number) -> String {
    let suffix = match level {
        Level::Part => "편",
        Level::Chapter => "장",
        Level::Section => "절",
        Level::Subsection => "관",
        Level::Article => "조",
        Level::Paragraph => "항",
        Level::Item => "호",
        Level::SubItem => "목",
        _ => return String::new(),
    };
    let branch = if number.branch > 0 { format!("의{}", number.branch) } else { String::new() };
    format!("제{}{suffix}{branch}", number.main)
}

impl Sources {
    /// Documents with their chunks.
    pub fn new(trees: Vec<Tree>, chunks: Vec<Chunk>) -> Self {
        let mut by_path = HashMap::new();
        let mut children = Vec::with_capacity(trees.len());
        for (t, tree) in trees.iter().enumerate() {
            let mut of_node = vec![Vec::new(); tree.nodes.len()];
            for (n, node) in tree.nodes.iter().enumerate() {
                if let Some(list) = node.parent.and_then(|parent| of_node.get_mut(parent)) {
                    list.push(n);
                }
                by_path.insert((tree.document.clone(), node.path.clone()), (t, n));
            }
            children.push(of_node);
        }
        let texts: Vec<String> =
            chunks.iter().map(|c| format!("{}\n{}", c.breadcrumb.join(" "), c.text)).collect();
        let retriever = Retriever::new(&texts);
        let chunk_letters = texts.iter().map(|text| spaced(text)).collect();
        let mut sources = Self {
            trees,
            children,
            by_path,
            chunk_letters,
            retriever,
            places: Vec::new(),
            holders: holders(&chunks),
            chunks,
        };
        sources.places = (0..sources.chunks.len()).map(|at| sources.places_of(at)).collect();
        sources
    }

    /// The nodes of a chunk, each with its headings and all that stands in it. An empty form tells nothing.
    fn places_of(&self, chunk: usize) -> Vec<Place> {
        let chunk = &self.chunks[chunk];
        let place = |path: &String| {
            let cited = self.texts_of(&chunk.document, std::slice::from_ref(path)).ok()?;
            let is_form = |chain: &Chain| chain.above.iter().any(|(level, _)| *level == Level::Form);
            (!cited.chains.iter().any(is_form)).then(|| Place {
                document: chunk.document.clone(),
                path: path.clone(),
                letters: spaced(&format!("{}\n{}", cited.headings, cited.own)),
                sentences: sentences(&cited.own)
                    .into_iter()
                    .map(|sentence| spaced(&format!("{}\n{sentence}", cited.headings)))
                    .collect(),
            })
        };
        chunk.paths.iter().filter_map(place).collect()
    }

    pub(super) fn places(&self, chunk: usize) -> impl Iterator<Item = &Place> {
        self.places[chunk].iter()
    }

    /// The chunks.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The documents' trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The search over all chunks.
    pub fn retriever(&self) -> &Retriever {
        &self.retriever
    }

    /// The chunks that hold a place, or a part of it, as indices.
    pub fn chunks_of(&self, document: &str, path: &str) -> Vec<usize> {
        let held = |path: &str| self.holders.get(&(document.to_owned(), path.to_owned()));
        // What holds an article as one piece holds its paragraphs.
        let above = path.match_indices('/').rev().map(|(at, _)| &path[..at]);
        let is_whole = |at: &usize, path: &str| self.chunks[*at].paths.iter().any(|own| own == path);
        let mut found = held(path).cloned().unwrap_or_default();
        for outer in above {
            if !found.is_empty() {
                break;
            }
            found = held(outer).into_iter().flatten().copied().filter(|at| is_whole(at, outer)).collect();
        }
        found
    }

    /// What is cited; the path that does not exist, where one does not.
    pub fn cited(&self, document: &str, paths: &[String]) -> Result<Cited, String> {
        let mut cited = self.texts_of(document, paths)?;
        cited.chunks = paths.iter().flat_map(|path| self.chunks_of(document, path)).collect();
        cited.chunks.sort_unstable();
        cited.chunks.dedup();
        Ok(cited)
    }

    /// The cited nodes with all that stands in them as they are printed, line by line, each after the heading of the
    /// article that it stands in; nothing where there is no such place.
    pub fn printed(&self, document: &str, paths: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        for path in paths {
            let Some(&(tree, node)) = self.by_path.get(&(document.to_owned(), path.clone())) else {
                continue;
            };
            let nodes = &self.trees[tree].nodes;
            let above = self.trees[tree].ancestors(node);
            let article = above.map(|at| &nodes[at]).find(|node| {
                matches!(node.level, Level::Article | Level::Annex | Level::Form | Level::Heading(_))
            });
            lines.extend(article.filter(|_| nodes[node].level != Level::Article).map(|a| a.heading.clone()));
            let mut open = vec![node];
            while let Some(at) = open.pop() {
                let words = [nodes[at].heading.as_str(), &nodes[at].text].map(str::trim);
                let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
                lines.extend((!words.is_empty()).then(|| words.join(" ")));
                lines.extend(nodes[at].table.iter().map(table_text));
                open.extend(self.children[tree][at].iter().rev());
            }
        }
        unique(lines)
    }

    fn texts_of(&self, document: &str, paths: &[String]) -> Result<Cited, String> {
        let mut cited = Cited {
            own: String::new(),
            lead: String::new(),
            headings: String::new(),
            chains: Vec::new(),
            chunks: Vec::new(),
        };
        let (mut own, mut leads, mut headings) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let place = self.by_path.get(&(document.to_owned(), path.clone()));
            let &(tree, node) = place.ok_or_else(|| path.clone())?;
            cited.chains.push(self.chain(tree, node));
            self.add_text(tree, node, &mut own);
            self.add_above(tree, node, &mut leads, &mut headings);
        }
        let title = self.trees.iter().find(|tree| tree.document == document).map(|tree| tree.title.clone());
        headings.extend(title);
        headings.reverse();
        leads.reverse();
        cited.own = fold(&own.join("\n"));
        cited.lead = fold(&unique(leads).join("\n"));
        cited.headings = fold(&unique(headings).join("\n"));
        Ok(cited)
    }

    /// Texts and headings of what a node stands in, from the inside to the outside; its own heading is one of them.
    fn add_above(&self, tree: usize, node: usize, leads: &mut Vec<String>, headings: &mut Vec<String>) {
        let nodes = &self.trees[tree].nodes;
        let mut at = Some(node);
        let mut is_inside = true;
        while let Some(index) = at {
            let this = &nodes[index];
            headings.push(this.title.clone());
            if index != node && is_inside {
                leads.push(this.text.clone());
            }
            // What stands above an article leads to no sentence in it.
            is_inside &= !matches!(this.level, Level::Article | Level::Heading(_));
            at = this.parent;
        }
    }

    fn add_text(&self, tree: usize, node: usize, out: &mut Vec<String>) {
        let this = &self.trees[tree].nodes[node];
        out.push(node_text(this));
        for &child in &self.children[tree][node] {
            self.add_text(tree, child, out);
        }
    }

    fn chain(&self, tree: usize, node: usize) -> Chain {
        let nodes = &self.trees[tree].nodes;
        let mut chain = Chain::default();
        let mut at = Some(node);
        while let Some(index) = at {
            chain.above.extend(nodes[index].number.map(|number| (nodes[index].level, number)));
            chain.dotted.extend(dotted_of(&nodes[index].heading));
            at = nodes[index].parent;
        }
        chain.above.reverse();
        chain.dotted.reverse();
        let mut below = vec![node];
        while let Some(index) = below.pop() {
            chain.below.extend(nodes[index].number.map(|number| (nodes[index].level, number)));
            below.extend(&self.children[tree][index]);
        }
        chain
    }
}

/// The chunks of each path and of what it stands in.
fn holders(chunks: &[Chunk]) -> HashMap<(String, String), Vec<usize>> {
    let mut holders: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (at, chunk) in chunks.iter().enumerate() {
        for path in &chunk.paths {
            let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
            for end in ends {
                let list = holders.entry((chunk.document.clone(), path[..end].to_owned())).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
    }
    holders
}

/// `4.2` at the beginning of a heading.
fn dotted_of(heading: &str) -> Option<Vec<u32>> {
    let number = heading.trim_start_matches(|c: char| !c.is_ascii_digit());
    if heading.chars().next().is_some_and(super::text::is_hangul) {
        return None;
    }
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let parts: Vec<u32> = number[..end].split('.').filter_map(|part| part.parse().ok()).collect();
    (!parts.is_empty()).then_some(parts)
}

/// A node's title, text and table, without its number.
fn node_text(node: &Node) -> String {
    let mut lines = vec![node.title.clone(), node.text.clone()];
    lines.extend(node.table.as_ref().map(table_text));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A table as text: each cell with the headings of its column, in a line with all that its row is about, so that a
/// number stands beside what it counts.
pub fn table_text(table: &Table) -> String {
    let cell = |cell: &&Cell| {
        let mut words = table.headings_over(cell);
        words.push(&cell.text);
        words.join(" ")
    };
    let rows = table.full_rows().into_iter().skip(table.heading_rows as usize);
    let line = |row: Vec<&Cell>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
    rows.map(line).collect::<Vec<_>>().join("\n")
}

fn unique(mut texts: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.retain(|text| !text.is_empty() && seen.insert(text.clone()));
    texts
}
