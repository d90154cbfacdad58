//! Part, Chapter, Section, Article, Appendix.

use super::super::tree::Level;
use super::scan::{Scan, number, roman};
use super::{Marker, Style};

/// Longer lines are sentences.
const MOST_TITLE_WORDS: usize = 14;

const WORDS: [(&str, Level); 13] = [
    ("part", Level::Part),
    ("title", Level::Part),
    ("chapter", Level::Chapter),
    ("article", Level::Article),
    ("section", Level::Section),
    ("sec.", Level::Section),
    ("§", Level::Section),
    ("appendix", Level::Annex),
    ("annex", Level::Annex),
    ("schedule", Level::Annex),
    ("exhibit", Level::Annex),
    ("attachment", Level::Annex),
    ("form", Level::Form),
];

/// `Article 5. Leave`, `Chapter II: Pay`, `Section 3.2 Overtime`, `Appendix A`.
pub(super) fn marker(line: &str) -> Option<Marker<'_>> {
    let first = line.chars().next()?;
    if !"PTCASE§F".contains(first.to_ascii_uppercase()) {
        return None;
    }
    let (word, level) = WORDS.into_iter().find(|(word, _)| begins(line, word))?;
    let mut scan = Scan::new(line);
    scan.at = word.len();
    if scan.blanks() == 0 && word != "§" {
        return None;
    }
    // A heading's word has a capital; `section 5 applies` is a sentence.
    if first.is_lowercase() {
        return None;
    }
    let value = ordinal(&mut scan, level)?;
    let head = scan;
    let separated = {
        let mut after = scan;
        after.blanks();
        after.any(".:-–—|").is_some().then_some(after)
    };
    let mut body = separated.unwrap_or(scan);
    let blank = body.blanks() > 0 || separated.is_some();
    let (after, title, sure) = named(head, body, word, blank, separated.is_some())?;
    Some(Marker {
        level,
        style: Style::Word,
        number: Some(number(value)),
        heading: line[..after].trim_end(),
        title,
        rest: line[after..].trim(),
        sure,
        page: None,
    })
}

/// Where the heading ends, what it names, and whether it is sure; none where the number is referred to.
fn named<'a>(
    head: Scan<'a>,
    body: Scan<'a>,
    word: &str,
    blank: bool,
    separated: bool,
) -> Option<(usize, &'a str, bool)> {
    let rest = body.rest();
    if rest.is_empty() {
        return Some((body.at, "", true));
    }
    if rest.starts_with(['(', '[']) {
        let mut scan = body;
        let (title, closed) = scan.brackets()?;
        // `Section 5(b)` refers to a part of a section.
        let whole = scan.rest().is_empty() || scan.rest().starts_with([' ', '.']);
        return (closed && title.len() > 3 && whole).then(|| (scan.at, title.trim(), true));
    }
    if !blank || rest.starts_with(|c: char| c.is_lowercase() || ",;)".contains(c)) {
        return None;
    }
    if is_title(rest) {
        let dotted = head.line[word.len()..head.at].contains('.');
        let short = rest.split_whitespace().count() <= 4;
        return Some((body.line.len(), rest, separated || dotted || short || is_title_case(rest)));
    }
    separated.then_some((body.at, "", true))
}

fn begins(line: &str, word: &str) -> bool {
    line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// `3`, `3.2` (its last), `IV`, `A`, `One`.
fn ordinal(scan: &mut Scan<'_>, level: Level) -> Option<u32> {
    if let Some(mut value) = scan.number() {
        loop {
            let mut next = *scan;
            if next.any(".-").is_none() {
                break;
            }
            let Some(further) = next.number() else { break };
            value = further;
            *scan = next;
        }
        return Some(value).filter(|value| *value > 0);
    }
    let end = scan.rest().find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(scan.rest().len());
    let word = &scan.rest()[..end];
    const NAMES: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let named = NAMES.iter().position(|name| word.eq_ignore_ascii_case(name)).map(|i| i as u32 + 1);
    let letter = || {
        let capital = word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase();
        let lettered = matches!(level, Level::Annex | Level::Form | Level::Part);
        (capital && lettered).then(|| u32::from(word.as_bytes()[0] - b'A') + 1)
    };
    let annex = matches!(level, Level::Annex | Level::Form);
    let upper = || roman(word).filter(|_| word.starts_with(|c: char| c.is_ascii_uppercase()));
    let value = named.or_else(|| if annex { letter().or_else(upper) } else { upper().or_else(letter) })?;
    scan.at += end;
    Some(value)
}

fn is_title(text: &str) -> bool {
    text.split_whitespace().count() <= MOST_TITLE_WORDS
        && !text.ends_with(['.', ';', ','])
        && !text.contains(". ")
}

/// Whether every long word has a capital.
fn is_title_case(text: &str) -> bool {
    text.split_whitespace()
        .filter(|word| word.len() > 4)
        .all(|word| !word.starts_with(|c: char| c.is_lowercase()))
}
