//! A place of a document as a person writes it.

use data::documents::{Level, Tree};

/// `인사규정 제23조 제1항 제2호`; in English `Employee Handbook, 4.2` or `Staff Rules, Section 3`.
pub(super) fn of(tree: &Tree, node: usize) -> String {
    let title = if tree.title.is_empty() { &tree.document } else { &tree.title };
    let own = &tree.nodes[node];
    let is_korean = data::validate::text::is_korean(&format!("{title} {} {}", own.title, own.text));
    let mut parts = Vec::new();
    let mut at = Some(node);
    while let Some(index) = at {
        let this = &tree.nodes[index];
        parts.extend(part(this.level, this.number.map(|n| (n.main, n.branch)), &this.heading, is_korean));
        if matches!(this.level, Level::Article | Level::Annex | Level::Heading(_)) && !parts.is_empty() {
            break;
        }
        at = this.parent;
    }
    parts.reverse();
    match (parts.is_empty(), is_korean) {
        (true, _) => title.clone(),
        (false, true) => format!("{title} {}", parts.join(" ")),
        (false, false) => format!("{title}, {}", parts.join(", ")),
    }
}

fn part(level: Level, number: Option<(u32, u32)>, heading: &str, is_korean: bool) -> Option<String> {
    let korean = |unit: &str| {
        let (main, branch) = number?;
        let branch = if branch > 0 { format!("의{branch}") } else { String::new() };
        Some(format!("제{main}{unit}{branch}"))
    };
    let is_latin = heading.starts_with(|c: char| c.is_ascii());
    match level {
        Level::Article if is_latin => Some(format!("Article {}", number?.0)),
        Level::Article => korean("조"),
        Level::Paragraph if heading.starts_with('(') && is_latin => Some(heading.to_owned()),
        Level::Paragraph => korean("항"),
        Level::Item if is_korean => korean("호"),
        Level::Item => Some(format!("item {}", number?.0)),
        Level::Annex => Some(number.map_or("별표".to_owned(), |(main, _)| format!("별표 {main}"))),
        Level::Heading(_) | Level::Section | Level::Chapter if is_latin => Some(heading_name(heading)),
        Level::Heading(_) => Some(heading.to_owned()),
        _ => None,
    }
    .filter(|part| !part.trim().is_empty())
}

/// `Section 4.2` of `4.2 Leave`; a heading without a number is quoted.
fn heading_name(heading: &str) -> String {
    let end = heading.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(heading.len());
    let number = heading[..end].trim_end_matches('.');
    if number.is_empty() { format!("“{heading}”") } else { format!("Section {number}") }
}
