//! The name of a place in a document: `제2장/제12조의2/제1항/제3호`.

use std::collections::HashMap;

use super::super::tree::{Level, Number};

/// The longest part of a path that comes from a heading's words.
const MOST_CHARS: usize = 60;

/// Gives each node a path that no other has.
pub(super) struct Paths {
    korean: bool,
    /// How often each path was given.
    given: HashMap<String, u32>,
}

impl Paths {
    pub(super) fn new(korean: bool) -> Self {
        Self { korean, given: HashMap::new() }
    }

    pub(super) fn path(
        &mut self,
        above: &str,
        level: Level,
        number: Option<Number>,
        heading: &str,
        title: &str,
    ) -> String {
        if level == Level::Document {
            return String::new();
        }
        let segment = self.segment(level, number, heading, title);
        let base = if above.is_empty() { segment } else { format!("{above}/{segment}") };
        let counted = matches!(level, Level::Text | Level::Table);
        loop {
            let count = self.given.entry(base.clone()).or_insert(0);
            *count += 1;
            let path = match (*count, counted) {
                (n, true) => format!("{base}{n}"),
                (1, false) => return base,
                (n, false) => format!("{base}#{n}"),
            };
            // A heading may itself end in what was added.
            if !self.given.contains_key(&path) {
                self.given.insert(path.clone(), 1);
                return path;
            }
        }
    }

    fn segment(&self, level: Level, number: Option<Number>, heading: &str, title: &str) -> String {
        let korean = self.korean;
        let pick = |ko: &str, en: &str| if korean { ko.to_owned() } else { en.to_owned() };
        let numbered = |unit: &str| match number {
            Some(n) if n.branch > 0 => format!("제{}{unit}의{}", n.main, n.branch),
            Some(n) => format!("제{}{unit}", n.main),
            None => unit.to_owned(),
        };
        let english = heading.starts_with(|c: char| c.is_ascii_alphabetic() || c == '§');
        match level {
            Level::Part | Level::Chapter | Level::Section | Level::Article | Level::Annex | Level::Form
                if english =>
            {
                words(
                    heading
                        .strip_suffix(title)
                        .unwrap_or(heading)
                        .trim_end_matches(|c: char| !c.is_alphanumeric()),
                )
            }
            Level::Preamble => pick("서문", "preamble"),
            Level::Part => numbered("편"),
            Level::Chapter => numbered("장"),
            Level::Section => numbered("절"),
            Level::Subsection => numbered("관"),
            Level::Article => numbered("조"),
            Level::Paragraph if korean => numbered("항"),
            Level::Item if korean => numbered("호"),
            Level::SubItem if korean => format!("{}목", heading.trim_end_matches(['.', '．'])),
            Level::Item => words(heading.trim_end_matches('.')),
            Level::Paragraph | Level::SubItem | Level::Point => words(heading),
            // A rule has several; the date tells them apart.
            Level::Supplement => words(heading.trim_start_matches("펼침").trim_start()),
            Level::Annex | Level::Form => annex(level, number, heading),
            Level::Contents => pick("목차", "contents"),
            Level::Comparison => pick("신구조문대비표", "comparison"),
            Level::Table => pick("표", "table "),
            Level::Text => pick("글", "text "),
            Level::Heading(_) | Level::Document => {
                let first = heading.split_whitespace().next().unwrap_or_default();
                let number = first.trim_end_matches('.');
                if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.') {
                    return number.to_owned();
                }
                let words = words(heading);
                if words.is_empty() { pick("제목", "heading") } else { words }
            }
        }
    }
}

fn annex(level: Level, number: Option<Number>, heading: &str) -> String {
    let word =
        ["별표", "별지", "별첨", "붙임", "서식", "양식"].into_iter().find(|word| heading.contains(word));
    let word = word.unwrap_or(if level == Level::Form { "별지" } else { "별표" });
    let Some(n) = number else { return word.to_owned() };
    let branch = if n.branch > 0 { format!("의{}", n.branch) } else { String::new() };
    match word {
        "별지" => format!("별지 제{}호{branch}서식", n.main),
        _ => format!("{word} {}{branch}", n.main),
    }
}

/// The words of a heading as a part of a path.
fn words(heading: &str) -> String {
    let words = heading.split_whitespace().collect::<Vec<_>>().join(" ").replace('/', "∕");
    words.chars().take(MOST_CHARS).collect::<String>().trim_end().to_owned()
}
