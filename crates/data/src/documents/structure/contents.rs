//! Contents pages and bookmarks: recognised, kept apart, and held against the tree.

use std::collections::{HashMap, HashSet};

use super::super::block::OutlineEntry;
use super::super::numbering::{self, Style};
use super::super::tree::{Level, Number, Tree, TreeFinding};
use super::lines::{Line, Role, squeezed};

/// What a contents page or a bookmark names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    level: Option<Level>,
    number: Option<Number>,
    heading: String,
    page: u32,
}

/// Marks the lines of contents pages, and gives what they name.
pub(super) fn mark(lines: &mut [Line<'_>]) -> Vec<Entry> {
    let later = Later::of(lines);
    let mut entries = Vec::new();
    let mut i = 0;
    while i < lines.len() {
        let titled = is_title(lines[i].text) && lines[i].table.is_none();
        let from = i + usize::from(titled);
        let end = run_end(lines, from, &later, titled);
        let enough = if titled { 1 } else { 3 };
        let paged = lines[from..end].iter().filter(|line| page_of(line).is_some()).count();
        if end - from < enough || !(paged >= 2 || later.repeats(lines, from, end)) {
            i = end.max(i + 1);
            continue;
        }
        entries.extend(lines[from..end].iter().map(entry));
        lines[i..end].iter_mut().for_each(|line| line.role = Role::Contents);
        i = end;
    }
    entries
}

fn is_title(text: &str) -> bool {
    let text = squeezed(text).to_lowercase();
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    ["목차", "차례", "contents", "tableofcontents"].contains(&text)
}

/// Where the entries that begin at `from` end.
fn run_end(lines: &[Line<'_>], from: usize, later: &Later, titled: bool) -> usize {
    let mut seen = HashSet::new();
    let (mut end, mut parts, mut first) = (from, false, None);
    for line in &lines[from..] {
        let entry = page_of(line).is_some() || is_bare(line) || (titled && later.is_again(line));
        if !entry || line.table.is_some() || is_title(line.text) {
            break;
        }
        // The second 제1조 is the rule itself; sections begin anew in each chapter, chapters in each part.
        let key = line.marker.filter(|m| m.style == Style::Word).and_then(|m| Some((m.level, m.number?)));
        let level = key.map(|(level, _)| level);
        // A list begins with its outermost level; what is further out is the rule.
        let outer = level.is_some_and(|level| level < *first.get_or_insert(level));
        parts |= level == Some(Level::Part);
        let begins_anew = |level| match level {
            Level::Chapter => parts,
            level => matches!(level, Level::Section | Level::Subsection),
        };
        let again = key.is_some_and(|(level, number)| !seen.insert((level, number)) && !begins_anew(level));
        if (again || outer) && page_of(line).is_none() {
            break;
        }
        end += 1;
    }
    end
}

/// The page that a line ends with: after dot leaders, or alone after a heading.
fn page_of(line: &Line<'_>) -> Option<u32> {
    if let Some(page) = line.marker.and_then(|m| m.page) {
        return Some(page);
    }
    if let Some((_, page)) = numbering::leader(line.text) {
        return Some(page);
    }
    let marker = line.marker.filter(|m| m.style == Style::Word && !m.rest.is_empty())?;
    marker.rest.parse().ok()
}

/// Whether a line is a heading of a division and nothing else.
fn is_bare(line: &Line<'_>) -> bool {
    line.marker.is_some_and(|m| m.style == Style::Word && m.rest.is_empty() && m.number.is_some() && m.sure)
        || line.marker.is_some_and(|m| m.level == Level::Supplement)
}

fn entry(line: &Line<'_>) -> Entry {
    let text = numbering::leader(line.text).map_or(line.text, |(text, _)| text);
    let marker = line.marker.filter(|m| m.style == Style::Word);
    Entry {
        level: marker.map(|m| m.level),
        number: marker.and_then(|m| m.number),
        heading: marker.map_or(text, |m| m.heading).to_owned(),
        page: line.place.map_or(0, |place| place.page),
    }
}

/// Where each heading stands for the last time.
struct Later {
    numbered: HashMap<(Level, Number), usize>,
    texts: HashMap<String, usize>,
    places: HashMap<*const u8, usize>,
}

impl Later {
    fn of(lines: &[Line<'_>]) -> Self {
        let mut later = Self { numbered: HashMap::new(), texts: HashMap::new(), places: HashMap::new() };
        for (i, line) in lines.iter().enumerate() {
            later.places.insert(line.text.as_ptr(), i);
            if let Some(key) =
                line.marker.filter(|m| m.style == Style::Word).and_then(|m| Some((m.level, m.number?)))
            {
                later.numbered.insert(key, i);
            }
            if line.text.len() < 200 {
                later.texts.insert(squeezed(line.text), i);
            }
        }
        later
    }

    /// Whether a line's heading comes again after it.
    fn is_again(&self, line: &Line<'_>) -> bool {
        let here = self.places.get(&line.text.as_ptr()).copied().unwrap_or(usize::MAX);
        let numbered =
            line.marker.filter(|m| m.style == Style::Word).and_then(|m| Some((m.level, m.number?)));
        numbered.is_some_and(|key| self.numbered.get(&key).is_some_and(|at| *at > here))
            || (line.text.len() < 200 && self.texts.get(&squeezed(line.text)).is_some_and(|at| *at > here))
    }

    /// Whether most of a run's headings come again after it.
    fn repeats(&self, lines: &[Line<'_>], from: usize, end: usize) -> bool {
        let again = lines[from..end].iter().filter(|line| {
            let key = line.marker.filter(|m| m.style == Style::Word).and_then(|m| Some((m.level, m.number?)));
            key.and_then(|key| self.numbered.get(&key))
                .or_else(|| self.texts.get(&squeezed(line.text)))
                .is_some_and(|at| *at >= end)
        });
        again.count() * 2 > end - from
    }
}

/// Holds a contents page and the bookmarks against the tree.
pub(super) fn check(tree: &Tree, contents: &[Entry], outline: &[OutlineEntry]) -> Vec<TreeFinding> {
    let bookmarks: Vec<Entry> = outline
        .iter()
        .filter(|bookmark| !is_title(&bookmark.title))
        .map(|bookmark| {
            let marker = numbering::marker(&bookmark.title).filter(|m| m.style == Style::Word);
            Entry {
                level: marker.map(|m| m.level),
                number: marker.and_then(|m| m.number),
                heading: bookmark.title.clone(),
                page: 0,
            }
        })
        .collect();
    let names = Names::of(tree);
    let mut findings = Vec::new();
    let mut reported = HashSet::new();
    for entry in contents.iter().chain(&bookmarks) {
        if !names.has(entry) && reported.insert(entry.heading.clone()) {
            findings.push(TreeFinding::NotInTree { heading: entry.heading.clone(), page: entry.page });
        }
    }
    for named in [contents, &bookmarks] {
        findings.extend(missing(tree, named));
    }
    findings.dedup();
    findings
}

/// The articles that a list of articles leaves out.
fn missing(tree: &Tree, named: &[Entry]) -> Vec<TreeFinding> {
    let listed: HashSet<Number> =
        named.iter().filter(|e| e.level == Some(Level::Article)).filter_map(|e| e.number).collect();
    let body = tree.nodes.iter().enumerate().filter(|(i, node)| {
        node.level == Level::Article
            && !tree.ancestors(*i).any(|at| tree.nodes[at].level >= Level::Supplement)
    });
    let articles: Vec<_> = body.collect();
    if listed.len() * 2 < articles.len() || listed.is_empty() {
        return Vec::new();
    }
    articles
        .iter()
        .filter(|(_, node)| node.number.is_some_and(|number| !listed.contains(&number)))
        .map(|(_, node)| TreeFinding::NotInContents { path: node.path.clone() })
        .collect()
}

/// What the tree has, for finding an entry in it.
struct Names {
    numbered: HashSet<(Level, Option<Number>)>,
    headings: HashSet<String>,
    whole: String,
}

impl Names {
    fn of(tree: &Tree) -> Self {
        let in_body = |node: &&super::super::tree::Node| node.level != Level::Contents;
        Self {
            numbered: tree.nodes.iter().filter(in_body).map(|node| (node.level, node.number)).collect(),
            headings: tree.nodes.iter().filter(in_body).map(|node| squeezed(&node.heading)).collect(),
            whole: tree.nodes.iter().filter(in_body).map(|node| squeezed(&node.text) + "\n").collect(),
        }
    }

    fn has(&self, entry: &Entry) -> bool {
        let heading = squeezed(&entry.heading);
        match entry.level {
            Some(level) => self.numbered.contains(&(level, entry.number)),
            None => {
                heading.is_empty()
                    || self.headings.contains(&heading)
                    || self.headings.iter().any(|h| h.ends_with(&heading))
                    || self.whole.contains(&heading)
            }
        }
    }
}
