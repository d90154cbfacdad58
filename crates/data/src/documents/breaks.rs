//! Which line ends in a paragraph begin something: those before a number that rules are divided by.

use super::numbering::{self, Style};

/// A line end in the source that a reader sees as a blank. It is white space, so no text has it otherwise.
pub(super) const SOFT: char = '\u{2028}';

/// Words before a date in the lines below a title: `개정 2024. 1. 1.`
const DATED: [&str; 6] = ["제정", "개정", "시행", "전부개정", "일부개정", "전문개정"];

/// A part of a block that stands for itself.
pub(super) struct Piece {
    pub(super) text: String,
    /// How many line ends of the block are before it.
    pub(super) line: u32,
    /// Whether it begins with what stands outside of any list: 조, 항, a heading.
    pub(super) is_outer: bool,
}

impl Piece {
    /// All of a block.
    pub(super) fn whole(text: String) -> Self {
        Self { text, line: 0, is_outer: false }
    }
}

/// A block's text, divided where a line begins something. Other soft line ends become blanks.
pub(super) fn pieces(text: &str, only_soft: bool) -> Vec<Piece> {
    let (mut done, mut open) = (Vec::new(), Piece::whole(String::new()));
    // What ended the line before says how the next one may go on.
    let (mut last, mut end) = ("", None);
    for (n_line, part) in (0..).zip(text.split_inclusive([SOFT, '\n'])) {
        let line = part.trim_end_matches([SOFT, '\n']).trim();
        let divides = match end {
            Some(SOFT) => begins(last, line) || is_head(last, line),
            Some(_) if !only_soft => begins(last, line),
            _ => false,
        };
        if divides {
            let next = Piece { text: String::new(), line: n_line, is_outer: is_outer(line) };
            done.push(std::mem::replace(&mut open, next));
        } else {
            open.text.extend(end.map(|end| if end == SOFT { ' ' } else { end }));
        }
        open.text.push_str(line);
        (last, end) = (line, part.chars().next_back().filter(|c| [SOFT, '\n'].contains(c)));
    }
    done.push(open);
    done
}

/// Whether something begins with a line.
fn begins(last: &str, line: &str) -> bool {
    let Some(marker) = numbering::marker(line) else {
        return numbering::is_revision(line) || is_dated(line);
    };
    // Markdown writes lists with dashes, and sentences as well.
    let dash = marker.style == Style::Bullet && marker.heading.starts_with(['-', '–', '—', '+', '*']);
    // `3.5 above`: a line that was wrapped before an amount.
    let numbered = marker.number.is_some() && marker.style != Style::Dotted;
    (marker.sure || numbered) && !dash && !numbering::ends_sentence(last, line)
}

/// Whether the line before is a heading, and this one not of it.
fn is_head(last: &str, line: &str) -> bool {
    let head = numbering::marker(last)
        .is_some_and(|m| m.style == Style::Word && m.sure && m.rest.is_empty() && m.page.is_none());
    head && !line.starts_with(char::is_lowercase)
}

/// `[시행 2024. 1. 1.]`, `개정 2024. 1. 1.`: below a title.
fn is_dated(line: &str) -> bool {
    let line = line.trim_start_matches(['[', '(', '<', ' ']);
    let after = DATED.iter().filter_map(|word| line.strip_prefix(word)).min_by_key(|after| after.len());
    after.is_some_and(|after| after.trim_start_matches([' ', ':']).starts_with(|c: char| c.is_ascii_digit()))
}

fn is_outer(line: &str) -> bool {
    numbering::marker(line).is_none_or(|m| matches!(m.style, Style::Word | Style::Circled | Style::Dotted))
}

/// Whether a text begins with a number of rules, whatever stands around it.
pub(super) fn is_numbered(text: &str) -> bool {
    numbering::marker(text)
        .is_some_and(|m| m.sure && matches!(m.style, Style::Word | Style::Circled | Style::Hangul))
}
