//! The markup that the books are written in: a line is a heading, a paragraph, an item or a row of a table.
//!
//! | begins with | is |
//! |---|---|
//! | `#` | a remark |
//! | `= ` | the title |
//! | `: ` | a line of the preamble |
//! | `== `, `=== ` | a chapter and a section of the handbook |
//! | `제1편 `, `제1장 `, `제1조(`, `①`, `1. `, `가. `, `1) ` | what it looks like |
//! | `부칙 <`, `[별표 1] `, `[별지 제1호서식] ` | the same |
//! | `~ ` | a paragraph without a number |
//! | <code>&#124; </code> | a row of a table, see [`super::table`] |
//! | `- `, `+ ` | only in the older, only in the newer edition; the rest of the line is as above |
//!
//! `{kind subject|words}` marks a fact within a line: only its words are printed.

use std::sync::LazyLock;

use data::documents::{Level, Number};
use regex::Regex;

/// What kind of statement a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// `{v …}`: a number, an amount, a period, a list.
    Value,
    /// `{s …}`: one step of a procedure; the steps of a procedure stand in their order.
    Step,
    /// `{d …}`: a paper that is asked for.
    Document,
    /// `{t …}`: by when something has to be done.
    Deadline,
    /// `{r …}`: who does it.
    Responsible,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RulesError {
    /// The line begins like nothing that is known.
    #[error("{file}:{line}: this begins like no heading, item, paragraph or row")]
    Unknown {
        /// The file's name.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A brace is not `{v|s|d|t|r SUBJECT|WORDS}`.
    #[error("{file}:{line}: a fact is written {{kind subject|words}} with kind v, s, d, t or r")]
    Fact {
        /// The file's name.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A table's row has another width than the first, or continues a cell that is not there.
    #[error("{file}:{line}: the row does not fit its table of {columns} columns")]
    Row {
        /// The file's name.
        file: String,
        /// From 1.
        line: usize,
        /// Of the table's first row.
        columns: usize,
    },
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The title of the book.
    Title,
    /// A line before the first heading.
    Preamble,
    /// A heading, an item or a paragraph.
    Place {
        level: Level,
        number: Option<Number>,
        /// As printed.
        heading: String,
        /// Without number and brackets.
        title: String,
    },
    /// A row of a table.
    Row,
}

/// A fact in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub kind: FactKind,
    pub subject: String,
    pub words: String,
}

/// A line that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: Kind,
    /// What is printed after the heading.
    pub text: String,
    pub facts: Vec<Marked>,
}

/// Understands a line, which is neither empty nor a remark and has lost its mark of edition.
///
/// `None` where it begins like nothing known, or a fact in it is not written as one.
pub fn line(source: &str, english: bool) -> Option<Result<Line, ()>> {
    let (kind, rest) = if english { handbook(source) } else { korean(source) }?;
    Some(facts(rest).map(|(text, facts)| Line { kind, text, facts }))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant")
}

static HEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"^제(\d+)([편장절관]) (.+)$"));
static ARTICLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(제(\d+)조(?:의(\d+))?(?:\(([^)]*)\))?)(?: (.*))?$"));
static SUPPLEMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^부칙 <[^>]+>$"));
static ATTACHED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\[(별표|별지) (?:제)?(\d+)(?:호서식)?\] (.+)$"));
static ITEM: LazyLock<Regex> = LazyLock::new(|| pattern(r"^((\d+)\.) (.*)$"));
static POINT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^((\d+)\)) (.*)$"));
static FACT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{([vsdtr]) ([^{}|]+)\|([^{}|]+)\}"));

/// The letters of 목, in their order.
pub const SUB_ITEMS: &str = "가나다라마바사아자차카타파하";

fn number(text: &str) -> Option<Number> {
    Some(Number { main: text.parse().ok()?, branch: 0 })
}

fn place(level: Level, number: Option<Number>, heading: &str, title: &str) -> Kind {
    Kind::Place { level, number, heading: heading.to_owned(), title: title.to_owned() }
}

/// What both languages have: title, preamble, rows, numbered items.
fn shared(source: &str) -> Option<(Kind, &str)> {
    if let Some(rest) = source.strip_prefix("= ") {
        return Some((Kind::Title, rest));
    }
    if let Some(rest) = source.strip_prefix(": ") {
        return Some((Kind::Preamble, rest));
    }
    if source.starts_with('|') {
        return Some((Kind::Row, source));
    }
    let found = ITEM.captures(source)?;
    let (marker, digits, rest) = (found.get(1)?.as_str(), found.get(2)?.as_str(), found.get(3)?.as_str());
    Some((place(Level::Item, number(digits), marker, ""), rest))
}

fn handbook(source: &str) -> Option<(Kind, &str)> {
    for (mark, level) in [("== ", Level::Heading(1)), ("=== ", Level::Heading(2))] {
        if let Some(heading) = source.strip_prefix(mark) {
            let (numbers, title) = heading.split_once(' ')?;
            let last = numbers.rsplit('.').next().and_then(number)?;
            return Some((place(level, Some(last), heading, title), ""));
        }
    }
    Some(shared(source).unwrap_or((place(Level::Text, None, "", ""), source)))
}

fn korean(source: &str) -> Option<(Kind, &str)> {
    if let Some(found) = HEADING.captures(source) {
        let level = match &found[2] {
            "편" => Level::Part,
            "장" => Level::Chapter,
            "절" => Level::Section,
            _ => Level::Subsection,
        };
        return Some((place(level, number(&found[1]), source, &found[3]), ""));
    }
    if let Some(found) = ARTICLE.captures(source) {
        let branch = found.get(3).map_or(Some(0), |digits| digits.as_str().parse().ok())?;
        let number = Number { branch, ..number(&found[2])? };
        let title = found.get(4).map_or("", |title| title.as_str());
        return Some((
            place(Level::Article, Some(number), &found[1], title),
            found.get(5).map_or("", |rest| rest.as_str()),
        ));
    }
    if SUPPLEMENT.is_match(source) {
        return Some((place(Level::Supplement, None, source, ""), ""));
    }
    if let Some(found) = ATTACHED.captures(source) {
        let level = if &found[1] == "별표" { Level::Annex } else { Level::Form };
        return Some((place(level, number(&found[2]), source, &found[3]), ""));
    }
    shared(source).or_else(|| lettered(source))
}

/// 항, 목, 세목 and paragraphs without a number.
fn lettered(source: &str) -> Option<(Kind, &str)> {
    if let Some(rest) = source.strip_prefix("~ ") {
        return Some((place(Level::Text, None, "", ""), rest));
    }
    if let Some(found) = POINT.captures(source) {
        let rest = found.get(3)?.as_str();
        return Some((place(Level::Point, number(&found[2]), &found[1], ""), rest));
    }
    let first = source.chars().next()?;
    let rest = &source[first.len_utf8()..];
    if ('①'..='⑳').contains(&first) {
        let main = first as u32 - '①' as u32 + 1;
        let marker = &source[..first.len_utf8()];
        return Some((
            place(Level::Paragraph, Some(Number { main, branch: 0 }), marker, ""),
            rest.strip_prefix(' ')?,
        ));
    }
    let at = SUB_ITEMS.chars().position(|letter| letter == first)?;
    let rest = rest.strip_prefix(". ")?;
    let number = Number { main: at as u32 + 1, branch: 0 };
    Some((place(Level::SubItem, Some(number), &format!("{first}."), ""), rest))
}

/// The text without the marks of its facts, and the facts.
fn facts(source: &str) -> Result<(String, Vec<Marked>), ()> {
    let text = FACT.replace_all(source, "$3").into_owned();
    if text.contains(['{', '}']) {
        return Err(());
    }
    let kind = |letter: &str| match letter {
        "v" => FactKind::Value,
        "s" => FactKind::Step,
        "d" => FactKind::Document,
        "t" => FactKind::Deadline,
        _ => FactKind::Responsible,
    };
    let marked = FACT.captures_iter(source).map(|found| Marked {
        kind: kind(&found[1]),
        subject: found[2].to_owned(),
        words: found[3].to_owned(),
    });
    Ok((text, marked.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(source: &str) -> Option<Level> {
        match line(source, false)?.ok()?.kind {
            Kind::Place { level, .. } => Some(level),
            _ => None,
        }
    }

    #[test]
    fn a_line_is_what_it_looks_like() {
        let table = [
            ("제1편 총칙", Level::Part),
            ("제12조의2(육아) 글", Level::Article),
            ("제20조 삭제 <2021. 4. 1.>", Level::Article),
            ("⑫ 글", Level::Paragraph),
            ("3. 글", Level::Item),
            ("나. 글", Level::SubItem),
            ("2) 글", Level::Point),
            ("부칙 <2024. 1. 1.>", Level::Supplement),
            ("[별표 2] 표", Level::Annex),
            ("[별지 제3호서식] 표", Level::Form),
            ("~ 글", Level::Text),
        ];
        for (source, expected) in table {
            assert_eq!(level(source), Some(expected), "{source}");
        }
        assert_eq!(line("그냥 글", false), None);
    }

    #[test]
    fn facts_leave_their_words_and_a_broken_one_is_refused() {
        let found =
            line("① 사직원은 {t 사직|30일 전}까지 낸다.", false).expect("known").expect("well written");
        assert_eq!(found.text, "사직원은 30일 전까지 낸다.");
        let fact = Marked { kind: FactKind::Deadline, subject: "사직".into(), words: "30일 전".into() };
        assert_eq!(found.facts, [fact]);
        for broken in ["① {x 사직|30일}", "① {t 사직}", "① {t 사직|30일"] {
            assert_eq!(line(broken, false), Some(Err(())), "{broken}");
        }
    }
}
