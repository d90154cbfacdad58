//! Lines with their roles become nodes: a stack of what is open, innermost last.

use std::collections::HashMap;

use super::super::block::Place;
use super::super::numbering::{Marker, Style};
use super::super::tree::{Level, Node, Number, TreeFinding};
use super::lines::{Line, Role};
use super::paths::Paths;
use super::revisions;
use super::sequence::{Ranks, follows};

/// Regions (부칙, annexes, contents) close everything; divisions have 2 to 6.
const REGION: u8 = 1;
/// What stands before the first heading or apart from all; any heading closes it.
const APART: u8 = 9;
/// Format headings of level 1 and deeper.
const HEADING: u8 = 10;
/// Everything in a list.
pub(super) const LIST: u8 = 100;

/// Something that what comes may still belong to.
pub(super) struct Open {
    pub(super) node: usize,
    pub(super) rank: u8,
    /// How the numbers of its list are written; none for what is no list.
    pub(super) style: Option<Style>,
    pub(super) number: Number,
    /// The bullet, which tells apart lists without numbers.
    pub(super) symbol: char,
    pub(super) indent: f32,
    /// The level that the format gives its heading.
    format: Option<u8>,
    /// The depth that the format gives its item.
    pub(super) depth: Option<u8>,
    has_children: bool,
    /// Whether it is a contents page or a table of old and new wording: text after it is not of it.
    is_apart: bool,
}

/// What is built.
pub(super) struct Builder<'d> {
    pub(super) lines: &'d [Line<'d>],
    ranks: Ranks,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<Open>,
    pub(super) findings: Vec<TreeFinding>,
    paths: Paths,
    /// The last number of each rank in this region.
    last: HashMap<u8, Number>,
    /// The node that the last text went to.
    last_text: usize,
    /// Whether the document says how far its lines are indented.
    indented: bool,
    pub(super) in_article: bool,
    /// Whether the document has articles: then a heading of the format before the first is a title.
    has_articles: bool,
}

const NO_NUMBER: Number = Number { main: 0, branch: 0 };

impl<'d> Builder<'d> {
    pub(super) fn new(lines: &'d [Line<'d>], ranks: Ranks, korean: bool, has_articles: bool) -> Self {
        let mut builder = Self {
            lines,
            ranks,
            nodes: Vec::with_capacity(lines.len() + 1),
            stack: Vec::new(),
            findings: Vec::new(),
            paths: Paths::new(korean),
            last: HashMap::new(),
            last_text: 0,
            indented: lines.iter().any(|line| line.look.indent > 0.0 || line.look.hang > 0.0),
            in_article: false,
            has_articles,
        };
        builder.push(Level::Document, 0, None, "", "", None);
        builder
    }

    pub(super) fn build(&mut self) {
        for i in 0..self.lines.len() {
            let line = &self.lines[i];
            match line.role {
                Role::Division => self.division(i),
                Role::Heading(level) => self.heading(line, level),
                Role::Contents => self.apart(line, Level::Contents),
                Role::Comparison => self.apart(line, Level::Comparison),
                // The heading before it has it.
                Role::Title => {}
                Role::Body => self.body(i),
            }
        }
        self.collect_revisions();
    }

    fn body(&mut self, i: usize) {
        let line = &self.lines[i];
        self.close(|open| open.is_apart);
        if self.stack.len() == 1 {
            self.push(Level::Preamble, APART, None, "", "", line.place);
        }
        if line.table.is_some() {
            self.table(line);
        } else if !self.list(i) {
            self.text(line);
        }
    }

    fn division(&mut self, i: usize) {
        let line = &self.lines[i];
        let Some(marker) = line.marker else { return self.text(line) };
        let rank = self.ranks.of_level(marker.level).unwrap_or(REGION);
        self.close(|open| open.rank >= rank);
        let second = self.lines.get(i + 1).filter(|next| next.role == Role::Title).map(|next| next.text);
        let heading = match second {
            Some(second) => format!("{} {second}", marker.heading),
            None => marker.heading.to_owned(),
        };
        let title = second.map_or(marker.title, |s| s.trim_matches(['(', ')', '[', ']', '【', '】', ' ']));
        let number = marker.number.unwrap_or(NO_NUMBER);
        self.push(marker.level, rank, marker.number, &heading, title, line.place);
        if let Some(top) = self.stack.last_mut() {
            top.format = line.heading;
            top.number = number;
            top.indent = line.look.indent;
        }
        self.note_gap(marker.level, rank, number);
        self.in_article = marker.level >= Level::Article;
        if !marker.rest.is_empty() {
            self.attach(marker.rest, line.place);
        }
    }

    /// Reports a number that does not follow the last one of its level.
    fn note_gap(&mut self, level: Level, rank: u8, number: Number) {
        if rank == REGION {
            // Annexes are numbered through the document; a 부칙 begins anew, and so do its articles.
            self.last.retain(|rank, _| *rank == REGION);
            if level == Level::Supplement || number == NO_NUMBER {
                return;
            }
        }
        let after = self.last.insert(rank, number).unwrap_or(NO_NUMBER);
        // Articles go on through chapters; everything else begins anew.
        let articles = self.ranks.of_level(Level::Article);
        self.last.retain(|deeper, _| *deeper <= rank || Some(*deeper) == articles);
        let first = number.main == 1 && number.branch == 0;
        if !follows(after, number) && !first && rank != REGION {
            let path = self.nodes.last().map(|node| node.path.clone()).unwrap_or_default();
            self.findings.push(TreeFinding::NumberGap { path, after, found: number });
        } else if first && after.main > 1 && level == Level::Article {
            let path = self.nodes.last().map(|node| node.path.clone()).unwrap_or_default();
            self.findings.push(TreeFinding::Restart { path, after });
        }
    }

    /// A heading that only the format or its look makes one.
    fn heading(&mut self, line: &Line<'d>, level: u8) {
        let before_articles = self.has_articles && self.nodes.iter().all(|n| n.level <= Level::Preamble);
        if before_articles {
            self.close(|open| open.is_apart);
            if self.stack.len() == 1 {
                self.push(Level::Preamble, APART, None, "", "", line.place);
            }
            return self.attach(line.text, line.place);
        }
        let rank = HEADING + level;
        self.close(|open| {
            open.rank >= rank || open.rank == APART || open.format.is_some_and(|format| format >= level)
        });
        let (number, title) = match line.marker {
            Some(marker) if marker.style != Style::Bullet => {
                let title = if marker.title.is_empty() { marker.rest } else { marker.title };
                (marker.number, title)
            }
            _ => plain_number(line.text),
        };
        let level = Level::Heading(level);
        self.push(level, rank, number, line.text, title, line.place);
        if let Some(top) = self.stack.last_mut() {
            top.format = line.heading;
        }
        self.in_article = false;
    }

    /// What stands apart from the rule: contents, a table of old and new wording.
    fn apart(&mut self, line: &Line<'d>, level: Level) {
        let open = self.stack.last().is_some_and(|open| self.nodes[open.node].level == level);
        if !open {
            // It interrupts what it stands in: a table of contents may follow the title page.
            self.close(|open| open.rank >= REGION);
            self.push(level, APART, None, "", "", line.place);
        }
        match line.table {
            Some(_) => self.table(line),
            None => self.append_line(line.text, line.place),
        }
    }

    /// A line of something that is one text, however many lines it has.
    fn append_line(&mut self, text: &str, place: Option<Place>) {
        let Some(top) = self.stack.last() else { return };
        let (node, has_children) = (top.node, top.has_children);
        if has_children {
            let child = self.push_child(Level::Text, "", place);
            text.clone_into(&mut self.nodes[child].text);
            return;
        }
        let node = &mut self.nodes[node];
        if !node.text.is_empty() {
            node.text.push('\n');
        }
        node.text.push_str(text);
    }

    fn table(&mut self, line: &Line<'d>) {
        self.close(|open| open.rank >= LIST && open.style != Some(Style::Circled));
        let child = self.push_child(Level::Table, "", line.place);
        self.nodes[child].table = line.table.cloned();
    }

    /// A line of text: more of what is open, or a paragraph of what is around that.
    pub(super) fn text(&mut self, line: &Line<'d>) {
        if !line.first && self.last_text + 1 == self.nodes.len() {
            let text = &mut self.nodes[self.last_text].text;
            text.push_str(if line.inline { " " } else { "\n" });
            text.push_str(line.text);
            return;
        }
        if self.in_article && revisions::is_of_article(line.text) {
            self.close(|open| open.rank > 6);
            let child = self.push_child(Level::Text, "", line.place);
            line.text.clone_into(&mut self.nodes[child].text);
            let article = self.nodes[child].parent.unwrap_or(0);
            self.nodes[article].revisions.extend(revisions::revisions(line.text));
            self.last_text = child;
            return;
        }
        let (indented, indent) = (self.indented, line.look.indent);
        self.close(|open| {
            let list = open.rank >= LIST;
            list && if indented { open.indent > indent + 2.0 } else { open.style != Some(Style::Circled) }
        });
        self.attach(line.text, line.place);
    }

    /// Puts text into what is innermost.
    pub(super) fn attach(&mut self, text: &str, place: Option<Place>) {
        let Some(top) = self.stack.last() else { return };
        let (node, has_children) = (top.node, top.has_children);
        let level = self.nodes[node].level;
        let one_text = matches!(
            level,
            Level::Article | Level::Paragraph | Level::Item | Level::SubItem | Level::Point | Level::Text
        );
        if !has_children && (one_text || self.nodes[node].text.is_empty()) {
            let own = &mut self.nodes[node];
            if !own.text.is_empty() {
                own.text.push('\n');
            }
            own.text.push_str(text);
            own.places.extend(place.filter(|p| own.places.last().is_none_or(|last| last.page != p.page)));
            self.last_text = node;
            return;
        }
        if !has_children {
            // The second paragraph makes the first one of several.
            let first = std::mem::take(&mut self.nodes[node].text);
            let place = self.nodes[node].places.first().copied();
            let child = self.push_child(Level::Text, "", place);
            self.nodes[child].text = first;
        }
        let child = self.push_child(Level::Text, "", place);
        text.clone_into(&mut self.nodes[child].text);
        self.last_text = child;
    }

    /// Opens an item of a list.
    pub(super) fn push_item(&mut self, line: &Line<'d>, marker: &Marker<'d>) {
        self.push(marker.level, LIST, marker.number, marker.heading, "", line.place);
        if let Some(top) = self.stack.last_mut() {
            top.style = Some(marker.style);
            top.number = marker.number.unwrap_or(NO_NUMBER);
            top.symbol = marker.heading.chars().next().unwrap_or(' ');
            top.indent = line.look.indent;
            top.depth = line.depth;
        }
        self.last_text = self.nodes.len() - 1;
        marker.rest.clone_into(&mut self.nodes[self.last_text].text);
    }

    /// A child that nothing can stand in.
    fn push_child(&mut self, level: Level, heading: &str, place: Option<Place>) -> usize {
        self.push(level, u8::MAX, None, heading, "", place);
        self.stack.pop();
        self.nodes.len() - 1
    }

    fn push(
        &mut self,
        level: Level,
        rank: u8,
        number: Option<Number>,
        heading: &str,
        title: &str,
        place: Option<Place>,
    ) {
        let parent = self.stack.last_mut().map(|open| {
            open.has_children = true;
            open.node
        });
        let above = parent.map_or("", |parent| self.nodes[parent].path.as_str());
        let path = self.paths.path(above, level, number, heading, title);
        let node = self.nodes.len();
        self.nodes.push(Node {
            parent,
            level,
            number,
            heading: heading.to_owned(),
            title: title.to_owned(),
            text: String::new(),
            table: None,
            revisions: Vec::new(),
            path,
            places: place.into_iter().collect(),
        });
        self.stack.push(Open {
            node,
            rank,
            style: None,
            number: NO_NUMBER,
            symbol: ' ',
            indent: 0.0,
            format: None,
            depth: None,
            has_children: false,
            is_apart: level.is_apart(),
        });
    }

    /// Closes what is innermost as long as it is to be closed; never the document.
    pub(super) fn close(&mut self, closes: impl Fn(&Open) -> bool) {
        while self.stack.len() > 1 && self.stack.last().is_some_and(&closes) {
            self.stack.pop();
        }
    }

    fn collect_revisions(&mut self) {
        for node in &mut self.nodes {
            let marks = revisions::revisions(&node.text);
            let heading = revisions::revisions(&node.heading);
            for mark in heading.into_iter().chain(marks) {
                if !node.revisions.contains(&mark) {
                    node.revisions.push(mark);
                }
            }
        }
    }
}

/// The number and the words of `3 Working time`.
fn plain_number(text: &str) -> (Option<Number>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let title = text[digits..].strip_prefix(' ').map(str::trim_start);
    match (text[..digits].parse(), title) {
        (Ok(main @ 1..=99), Some(title)) => (Some(Number { main, branch: 0 }), title),
        _ => (None, text),
    }
}
