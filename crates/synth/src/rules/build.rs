//! Lines become the tree that a reader should find, and their facts get its paths.

use data::documents::{Level, Node, Number, Tree};

use super::markup::{self, Kind, Line, Marked, RulesError, SUB_ITEMS};
use super::table::Rows;
use super::{Book, Fact, Rules};

/// Reads a book.
pub fn read(book: Book) -> Result<Rules, RulesError> {
    let mut build = Build::new(book);
    for (file, text) in book.sources() {
        for (index, source) in text.lines().enumerate() {
            build.take(source, file, index + 1)?;
        }
    }
    build.end_table();
    Ok(Rules {
        book,
        tree: Tree {
            document: book.name().to_owned(),
            title: build.title,
            nodes: build.nodes,
            findings: Vec::new(),
        },
        facts: build.facts,
    })
}

/// How far outside a level stands; what has no number stands in whatever is open.
fn rank(level: Level) -> u8 {
    match level {
        Level::Document => 0,
        Level::Part | Level::Supplement | Level::Annex | Level::Form => 1,
        Level::Chapter | Level::Heading(1) => 2,
        Level::Section | Level::Heading(_) => 3,
        Level::Subsection => 4,
        Level::Article => 5,
        Level::Paragraph => 6,
        Level::Item => 7,
        Level::SubItem => 8,
        Level::Point => 9,
        Level::Contents | Level::Comparison | Level::Preamble | Level::Text | Level::Table => 10,
    }
}

struct Build {
    book: Book,
    title: String,
    nodes: Vec<Node>,
    facts: Vec<Fact>,
    /// The open nodes, the document first.
    open: Vec<usize>,
    rows: Rows,
}

impl Build {
    fn new(book: Book) -> Self {
        Self {
            book,
            title: String::new(),
            nodes: Vec::new(),
            facts: Vec::new(),
            open: Vec::new(),
            rows: Rows::default(),
        }
    }

    fn take(&mut self, source: &str, file: &str, line: usize) -> Result<(), RulesError> {
        let is_other = match self.book {
            Book::Pay => source.starts_with("- "),
            Book::PayOf2020 => source.starts_with("+ "),
            Book::Employment | Book::Handbook => false,
        };
        if source.is_empty() || source.starts_with('#') || is_other {
            return Ok(());
        }
        let source = source.strip_prefix("- ").or(source.strip_prefix("+ ")).unwrap_or(source);
        let found = markup::line(source, self.book == Book::Handbook);
        let found = found.ok_or_else(|| RulesError::Unknown { file: file.to_owned(), line })?;
        let found = found.map_err(|()| RulesError::Fact { file: file.to_owned(), line })?;
        if found.kind == Kind::Row {
            return (self.rows.push(&found.text)).map_err(|columns| RulesError::Row {
                file: file.to_owned(),
                line,
                columns,
            });
        }
        self.end_table();
        self.place(found);
        Ok(())
    }

    fn place(&mut self, line: Line) {
        match line.kind {
            Kind::Row => {}
            Kind::Title => {
                self.title.clone_from(&line.text);
                self.add(Level::Document, None, &line.text.clone(), &line.text, "");
            }
            Kind::Preamble => match self.nodes.last_mut() {
                Some(last) if last.level == Level::Preamble => last.text += &format!("\n{}", line.text),
                _ => self.add(Level::Preamble, None, "", "", &line.text),
            },
            Kind::Place { level, number, heading, title } => {
                match self.nodes.last_mut() {
                    // The first paragraph of a section is the section's own text.
                    Some(last) if level == Level::Text && matches!(last.level, Level::Heading(_)) => {
                        last.text = line.text;
                    }
                    _ => self.add(level, number, &heading, &title, &line.text),
                }
                self.keep(line.facts);
            }
        }
    }

    /// Keeps the facts of the newest node.
    fn keep(&mut self, facts: Vec<Marked>) {
        let node = self.nodes.len() - 1;
        let path = &self.nodes[node].path;
        self.facts.extend(facts.into_iter().map(|fact| Fact {
            path: path.clone(),
            node,
            kind: fact.kind,
            subject: fact.subject,
            value: fact.words,
        }));
    }

    fn end_table(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let rows = std::mem::take(&mut self.rows);
        self.add(Level::Table, None, "", "", "");
        self.nodes.last_mut().expect("just added").table = Some(rows.table());
        self.keep(rows.facts());
    }

    fn add(&mut self, level: Level, number: Option<Number>, heading: &str, title: &str, text: &str) {
        // A paragraph without a number stands beside what is numbered, a table in it.
        let below = if level == Level::Text { 6 } else { rank(level) };
        while self.open.last().is_some_and(|last| rank(self.nodes[*last].level) >= below) {
            self.open.pop();
        }
        let parent = self.open.last().copied();
        let node = Node {
            parent,
            level,
            number,
            heading: heading.to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
            table: None,
            revisions: revisions(&format!("{heading} {text}"), level),
            path: self.path(parent, level, number, heading),
            places: Vec::new(),
        };
        self.open.push(self.nodes.len());
        self.nodes.push(node);
    }

    fn path(&self, parent: Option<usize>, level: Level, number: Option<Number>, heading: &str) -> String {
        let own = match (level, number) {
            (Level::Supplement, _) => heading.to_owned(),
            (Level::Heading(_), _) => heading.split(' ').next().unwrap_or_default().to_owned(),
            (_, Some(number)) => numbered(level, number, self.book == Book::Handbook),
            (Level::Document, None) => return String::new(),
            (Level::Preamble, None) if self.book == Book::Handbook => "preamble".to_owned(),
            (Level::Preamble, None) => "서문".to_owned(),
            (_, None) => {
                let before = self.nodes.iter().filter(|node| node.parent == parent && node.level == level);
                let name = match (level, self.book == Book::Handbook) {
                    (Level::Table, false) => "표",
                    (Level::Table, true) => "table ",
                    (_, false) => "글",
                    (_, true) => "text ",
                };
                format!("{name}{}", before.count() + 1)
            }
        };
        match parent.map(|parent| self.nodes[parent].path.as_str()) {
            None | Some("") => own,
            Some(above) => format!("{above}/{own}"),
        }
    }
}

/// A path's part: `제12조의2`, `가목`.
fn numbered(level: Level, number: Number, english: bool) -> String {
    let main = number.main;
    if english {
        return main.to_string();
    }
    let unit = match level {
        Level::Part => "편",
        Level::Chapter => "장",
        Level::Section => "절",
        Level::Subsection => "관",
        Level::Article => "조",
        Level::Paragraph => "항",
        Level::Annex => return format!("별표 {main}"),
        Level::Form => return format!("별지 제{main}호서식"),
        Level::SubItem => {
            return SUB_ITEMS
                .chars()
                .nth(main as usize - 1)
                .map(|letter| format!("{letter}목"))
                .unwrap_or_default();
        }
        Level::Point => return format!("{main})"),
        _ => "호",
    };
    let branch = if number.branch == 0 { String::new() } else { format!("의{}", number.branch) };
    format!("제{main}{unit}{branch}")
}

/// `개정 2024. 1. 1.` and the like, without their brackets. The date of 부칙 is its name.
fn revisions(text: &str, level: Level) -> Vec<String> {
    if level == Level::Supplement {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (open, close) in [('<', '>'), ('[', ']')] {
        for part in text.split(open).skip(1) {
            let inner = part.split(close).next().unwrap_or_default();
            if inner.ends_with('.') && inner.chars().any(|c| c.is_ascii_digit()) {
                let is_date = inner.starts_with(|c: char| c.is_ascii_digit());
                found.push(if is_date { format!("삭제 {inner}") } else { inner.to_owned() });
            }
        }
    }
    found
}
