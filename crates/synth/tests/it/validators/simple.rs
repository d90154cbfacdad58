//! Small numbered texts as trees, for tests: what a reader of real files does with much more care.

use data::documents::{Chunk, Level, Node, Number, Tree};

/// A text of Korean rules: `제1장 이름`, `제1조(이름) 본문`, `① 본문`, `1. 본문`; `=이름` names the document.
pub fn korean(name: &str, text: &str) -> Tree {
    let mut tree = Builder::new(name, text);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('=')) {
        if let Some((number, rest)) = numbered(line, "장") {
            tree.push(Level::Chapter, number, &format!("제{number}장"), rest, "");
        } else if let Some((number, rest)) = numbered(line, "조") {
            let (title, rest) = match rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
                Some((title, rest)) => (title, rest.trim()),
                None => ("", rest),
            };
            let (text, paragraph) = if rest.starts_with('①') { ("", rest) } else { (rest, "") };
            tree.push(Level::Article, number, &format!("제{number}조"), title, text);
            tree.paragraph(paragraph);
        } else if line.chars().next().is_some_and(|c| ('①'..='⑳').contains(&c)) {
            tree.paragraph(line);
        } else if let Some((number, rest)) =
            line.split_once(". ").and_then(|(n, r)| Some((n.parse().ok()?, r)))
        {
            tree.push(Level::Item, number, &format!("{number}."), "", rest);
        } else {
            tree.push(Level::Text, 0, "", "", line);
        }
    }
    tree.tree
}

/// A text with `# headings` and a line for each paragraph.
pub fn headings(name: &str, text: &str) -> Tree {
    let mut tree = Builder::new(name, text);
    let mut n = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('=')) {
        let depth = line.chars().take_while(|c| *c == '#').count();
        n += 1;
        if depth > 0 {
            let heading = line.trim_start_matches('#').trim();
            let title = heading.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
            tree.at(Level::Heading(depth as u8), None, heading, title, "", heading.to_owned());
        } else {
            tree.at(Level::Text, None, "", "", line, format!("p{n}"));
        }
    }
    tree.tree
}

/// A chunk for each article, or for each heading with its paragraphs.
pub fn chunks(tree: &Tree) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (at, node) in tree.nodes.iter().enumerate().skip(1) {
        if matches!(node.level, Level::Part | Level::Chapter | Level::Section) {
            continue;
        }
        let begins = matches!(node.level, Level::Article | Level::Heading(_) | Level::Annex);
        if begins || chunks.is_empty() {
            chunks.push(Chunk {
                id: format!("{}/{}", tree.document, node.path),
                document: tree.document.clone(),
                breadcrumb: breadcrumb(tree, at),
                paths: Vec::new(),
                text: String::new(),
                tokens: 0,
            });
        }
        let chunk = chunks.last_mut().expect("one was pushed");
        chunk.paths.push(node.path.clone());
        let table = node.table.as_ref().map(data::validate::table_text).unwrap_or_default();
        for part in [&node.heading, &node.title, &node.text, &table] {
            if !part.is_empty() {
                chunk.text += part;
                chunk.text.push('\n');
            }
        }
    }
    chunks
}

fn breadcrumb(tree: &Tree, node: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = Some(node);
    while let Some(index) = at {
        out.push(tree.nodes[index].title.clone());
        at = tree.nodes[index].parent;
    }
    out.reverse();
    out[0].clone_from(&tree.title);
    out
}

struct Builder {
    tree: Tree,
}

impl Builder {
    fn new(name: &str, text: &str) -> Self {
        let title = text.lines().find_map(|line| line.strip_prefix('=')).unwrap_or(name).to_owned();
        let tree = Tree { document: name.to_owned(), title, nodes: Vec::new(), findings: Vec::new() };
        let mut builder = Self { tree };
        builder.at(Level::Document, None, "", "", "", String::new());
        builder.tree.nodes[0].parent = None;
        builder
    }

    fn paragraph(&mut self, line: &str) {
        let Some(mark) = line.chars().next() else { return };
        let number = mark as u32 - '①' as u32 + 1;
        self.push(Level::Paragraph, number, &mark.to_string(), "", line[mark.len_utf8()..].trim());
    }

    fn push(&mut self, level: Level, number: u32, heading: &str, title: &str, text: &str) {
        let unit = match level {
            Level::Chapter => "장",
            Level::Article => "조",
            Level::Paragraph => "항",
            Level::Item => "호",
            _ => "글",
        };
        let n = if number == 0 { self.tree.nodes.len() as u32 } else { number };
        self.at(level, (number > 0).then_some(number), heading, title, text, format!("제{n}{unit}"));
    }

    fn at(&mut self, level: Level, number: Option<u32>, heading: &str, title: &str, text: &str, own: String) {
        let nodes = &self.tree.nodes;
        // The nearest node before it that is further outside.
        let parent = (0..nodes.len()).rev().find(|&at| is_outside(nodes, at, level));
        let above = parent.map_or("", |at| nodes[at].path.as_str());
        let path = if above.is_empty() { own } else { format!("{above}/{own}") };
        self.tree.nodes.push(Node {
            parent,
            level,
            number: number.map(|main| Number { main, branch: 0 }),
            heading: heading.to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
            table: None,
            revisions: Vec::new(),
            path,
            places: Vec::new(),
        });
    }
}

fn is_outside(nodes: &[Node], at: usize, level: Level) -> bool {
    let mut last = nodes.len() - 1;
    // Only what is still open: the last node and what it stands in.
    while last != at {
        match nodes[last].parent {
            Some(parent) if parent >= at => last = parent,
            _ => return false,
        }
    }
    nodes[at].level < level
}

fn numbered<'a>(line: &'a str, unit: &str) -> Option<(u32, &'a str)> {
    let (number, rest) = line.strip_prefix('제')?.split_once(unit)?;
    Some((number.parse().ok()?, rest.trim()))
}
