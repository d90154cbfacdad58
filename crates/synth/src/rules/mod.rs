//! The rules of companies that do not exist, with the truth about them: what the example `regulations` reads.
//!
//! 1. [`Book`]: which of them; `text/` holds them as they were written, in a light markup.
//! 2. [`markup`]: a line becomes a heading, a paragraph, an item or a row of a table, and the facts marked in it.
//! 3. [`build`]: lines become the tree that a reader of the printed rules should find.
//! 4. [`Rules`]: the tree, the facts with their paths, and the text without furniture.
//! 5. [`Book::files`] and [`Book::setting`]: the books as printed, and how they were set.
//! 6. [`exam`]: questions written by hand, those that the books answer and those that they do not.
//!
//! The rules were written for this project, and neither company exists. `tools/rules` sets them to PDF.
//!
//! ```
//! use synth::rules::{Book, FactKind, Rules};
//!
//! let rules = Rules::of(Book::Employment);
//! let notice = rules.facts.iter().find(|fact| fact.subject == "사직원 제출").expect("a deadline");
//! assert_eq!((notice.kind, notice.value.as_str()), (FactKind::Deadline, "30일 전"));
//! assert_eq!(notice.path, "제2편/제5장/제31조/제1항");
//! ```

mod build;
mod compare;
mod exam;
mod markup;
mod print;
mod table;

use data::documents::{Level, Node, Tree};

pub use compare::{Change, changes};
pub use exam::{Answer, Question, exam};
pub use markup::{FactKind, RulesError};
pub use print::{Printed, Setting, comparison};

/// A book of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Book {
    /// 취업규칙: parts, chapters, sections and more than a hundred articles.
    Employment,
    /// 보수여비규정 as it is since 2025.
    Pay,
    /// 보수여비규정 as it was from 2020 to 2024: the same articles, other values.
    PayOf2020,
    /// An employee handbook in English, with numbered sections.
    Handbook,
}

impl Book {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Employment, Self::Pay, Self::PayOf2020, Self::Handbook];

    /// The name of its files, without an ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Employment => "취업규칙",
            Self::Pay => "보수여비규정",
            Self::PayOf2020 => "보수여비규정(2020)",
            Self::Handbook => "employee-handbook",
        }
    }

    /// As it was written.
    fn sources(self) -> &'static [(&'static str, &'static str)] {
        macro_rules! texts {
            ($($name:literal),+) => { &[$(($name, include_str!(concat!("text/", $name)))),+] };
        }
        match self {
            Self::Employment => texts!(
                "employment/1_general.txt",
                "employment/2_personnel.txt",
                "employment/3_service.txt",
                "employment/4_discipline.txt",
                "employment/5_safety.txt",
                "employment/6_annexes.txt"
            ),
            Self::Pay | Self::PayOf2020 => texts!("pay.txt"),
            Self::Handbook => texts!("handbook.txt"),
        }
    }
}

/// What a place of the rules states, and can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The path of the node that states it, as in the tree.
    pub path: String,
    /// The index of that node in the tree.
    pub node: usize,
    /// What kind of statement it is.
    pub kind: FactKind,
    /// What it is about, in a few words: `사직원 제출`. Several facts of one procedure share it.
    pub subject: String,
    /// The words of the rules; they stand in the node's text or in one cell of its table.
    pub value: String,
}

/// A book of rules and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Which book.
    pub book: Book,
    /// What a reader should find, without places.
    pub tree: Tree,
    /// In reading order.
    pub facts: Vec<Fact>,
}

impl Rules {
    /// A book, read.
    ///
    /// # Panics
    /// Never: the books are part of the program and tested.
    pub fn of(book: Book) -> Self {
        build::read(book).expect("the rules are part of the program and tested")
    }

    /// The text without furniture and without a contents page: a line for each heading with its text, and for each
    /// row of a table with blanks between its cells.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.tree.nodes {
            let own = node.text.as_str();
            let line = [node.heading.as_str(), own];
            let line = line.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            for line in std::iter::once(line).filter(|line| !line.is_empty()).chain(rows(node)) {
                text += &line;
                text.push('\n');
            }
        }
        text
    }

    /// The indices of the articles: 조 in Korean books (those of 부칙 too), sections in the handbook.
    pub fn articles(&self) -> Vec<usize> {
        let level = if self.book == Book::Handbook { Level::Heading(2) } else { Level::Article };
        (0..self.tree.nodes.len()).filter(|i| self.tree.nodes[*i].level == level).collect()
    }

    /// Whether a node is another or stands below it.
    pub fn is_within(&self, node: usize, above: usize) -> bool {
        let mut at = Some(node);
        while let Some(index) = at {
            if index == above {
                return true;
            }
            at = self.tree.nodes[index].parent;
        }
        false
    }

    /// The articles that state a step, a document or a deadline.
    pub fn procedural(&self) -> Vec<usize> {
        let kinds = [FactKind::Step, FactKind::Document, FactKind::Deadline];
        let states = |article: usize| {
            move |fact: &&Fact| kinds.contains(&fact.kind) && self.is_within(fact.node, article)
        };
        self.articles()
            .into_iter()
            .filter(|article| self.facts.iter().any(|f| states(*article)(&f)))
            .collect()
    }
}

/// The rows of a node's table, each as a line.
fn rows(node: &Node) -> Vec<String> {
    let Some(table) = &node.table else { return Vec::new() };
    let line = |row: &Vec<data::documents::Cell>| {
        let cells: Vec<_> =
            row.iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect();
        cells.join(" ")
    };
    table.rows.iter().map(line).filter(|line| !line.is_empty()).collect()
}
