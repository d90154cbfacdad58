//! Plain text: lines become paragraphs.
//!
//! Some files have a line for each paragraph; others were wrapped at a width, which shows by most lines being about as
//! long, and some of those have a blank line after every line. A wrapped line goes on the one before it where
//! that is full and nothing begins here. Where a file keeps the blank at the end of a line that was wrapped
//! between words, a line without one was wrapped inside a word.

use super::block::{Block, Content, Document, Look, Place, Rect};
use super::numbering;

/// A line that is shorter than this share of the width ends its paragraph.
const FULL: f32 = 0.8;
/// Widths that text is wrapped at, in columns (a Hangul syllable has two).
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=160;

/// A text as a document.
pub fn document(name: &str, text: &str) -> Document {
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let layout = Layout::of(&lines);
    let mut joiner =
        Joiner { layout, blocks: Vec::new(), paragraph: String::new(), from: 0, full: false, last: "" };
    let mut blank = false;
    for (i, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            blank = true;
            continue;
        }
        joiner.line(line, i as u32 + 1, blank);
        blank = false;
    }
    joiner.end();
    Document { name: name.to_owned(), blocks: joiner.blocks, ..Document::default() }
}

/// How a file's lines were made.
#[derive(Debug, Clone, Copy, Default)]
struct Layout {
    /// The width that lines were wrapped at; 0 where they were not.
    width: usize,
    /// Whether every line has a blank line after it.
    spaced: bool,
    /// Whether lines that were wrapped between words end in a blank.
    keeps_blanks: bool,
    /// Whether lines such as `- 3 -` are page numbers.
    pages: bool,
}

impl Layout {
    fn of(lines: &[&str]) -> Self {
        let filled: Vec<&str> = lines.iter().copied().filter(|line| !line.trim().is_empty()).collect();
        let pages = filled.iter().filter(|line| is_page_number(line)).count() >= 2;
        let mut widths: Vec<usize> = filled.iter().map(|line| width(line)).collect();
        widths.sort_unstable();
        let Some(&wide) = widths.get(widths.len() * 9 / 10) else { return Self { pages, ..Self::default() } };
        // Wrapped lines crowd below a width that hardly any goes over; columns beside each other may be narrower.
        let crowd = widths.iter().filter(|w| **w * 100 >= wide * 92 && **w * 100 <= wide * 104).count();
        let over = widths.iter().filter(|w| **w * 100 > wide * 115).count();
        let wrapped = WIDTHS.contains(&wide) && widths.len() >= 8 && crowd * 100 >= widths.len() * 15;
        let wrapped = wrapped && over * 100 <= widths.len() * 3;
        if !wrapped {
            return Self { pages, ..Self::default() };
        }
        let alone =
            lines.windows(2).filter(|pair| !pair[0].trim().is_empty() && pair[1].trim().is_empty()).count();
        let wrapped_lines = || filled.iter().filter(|line| width(line) * 10 >= wide * 8);
        let ending = wrapped_lines().filter(|line| line.ends_with(' ')).count();
        Self {
            width: wide,
            spaced: alone * 10 >= filled.len() * 8,
            keeps_blanks: ending * 5 >= wrapped_lines().count(),
            pages,
        }
    }
}

struct Joiner<'t> {
    layout: Layout,
    blocks: Vec<Block>,
    paragraph: String,
    from: u32,
    /// Whether the last line was as long as lines are.
    full: bool,
    last: &'t str,
}

impl<'t> Joiner<'t> {
    fn line(&mut self, line: &'t str, number: u32, blank: bool) {
        if self.layout.pages && is_page_number(line) {
            // A sentence may go on behind it.
            let text = line.trim().to_owned();
            self.blocks.push(block(Content::Furniture(text), number));
            return;
        }
        let begins = self.layout.width == 0
            || self.paragraph.is_empty()
            || (blank && !self.layout.spaced)
            || !self.full
            || self.begins(line);
        if begins {
            self.end();
            self.from = number;
        } else if !(self.layout.keeps_blanks && is_inside_word(self.last, line)) {
            self.paragraph.push(' ');
        }
        self.paragraph.push_str(line.trim());
        self.full = width(line.trim_end()) as f32 >= self.layout.width as f32 * FULL;
        self.last = line;
    }

    /// Whether something begins with a line.
    fn begins(&self, line: &str) -> bool {
        numbering::marker(line).is_some_and(|m| m.sure || m.number.is_some())
            && !numbering::ends_sentence(self.last, line)
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if !text.is_empty() {
            self.blocks.push(block(Content::Paragraph(text), self.from));
        }
    }
}

fn block(content: Content, line: u32) -> Block {
    let place = Place { page: 0, line, bounds: Rect::default() };
    Block { content, look: Look::default(), places: vec![place] }
}

/// Whether a line was wrapped inside a word: no blank at its end, Hangul on both sides.
fn is_inside_word(before: &str, after: &str) -> bool {
    let hangul = |c: char| ('가'..='힣').contains(&c) || c.is_ascii_digit();
    before.ends_with(hangul) && after.trim_start().starts_with(|c: char| hangul(c) || ".,)」”’".contains(c))
}

/// `- 3 -`, `3 / 12`.
fn is_page_number(line: &str) -> bool {
    let line = line.trim();
    let dashed = line.strip_prefix(['-', '–', '—']).and_then(|rest| rest.strip_suffix(['-', '–', '—']));
    let dashed = dashed.is_some_and(|inside| is_number(inside.trim()));
    dashed || line.split_once('/').is_some_and(|(page, of)| is_number(page.trim()) && is_number(of.trim()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Columns on a screen.
fn width(line: &str) -> usize {
    line.chars().map(|c| if (c as u32) >= 0x1100 { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::super::block::shown_blocks;
    use super::*;

    fn check(text: &str, want: &[&str]) {
        assert_eq!(shown_blocks(&document("t.txt", text)), want);
    }

    #[test]
    fn a_line_is_a_paragraph_where_lines_are_not_wrapped() {
        check("", &[]);
        check(
            "제1장 총칙\n제1조(목적) 이 규칙은\n② 둘\n\n끝\n",
            &["제1장 총칙", "제1조(목적) 이 규칙은", "② 둘", "끝"],
        );
    }

    #[test]
    fn wrapped_lines_are_joined() {
        let text = "The company grants leave to every employee who has worked\n\
            for a year, and tells each of them in writing how many days\n\
            there are left at the end of every quarter of the same year.\n\
            \n\
            Leave that is not taken within the year is lost, unless work\n\
            for the company has made it impossible to take it in time as\n\
            the employee had asked for it.\n\
            1. This item begins with its number and is not a sentence of\n\
            the paragraph before it, however long that one may be now.\n";
        check(
            text,
            &[
                "The company grants leave to every employee who has worked for a year, and tells each of them in writing \
             how many days there are left at the end of every quarter of the same year.",
                "Leave that is not taken within the year is lost, unless work for the company has made it impossible to \
             take it in time as the employee had asked for it.",
                "1. This item begins with its number and is not a sentence of the paragraph before it, however long that \
             one may be now.",
            ],
        );
    }

    #[test]
    fn lines_apart_are_joined_over_page_numbers_and_inside_words() {
        let lines = [
            "회사는 모든 직원에게 해마다 휴가를 주고 남은 날을 분기마다 알린다 ",
            "다만 그 해에 쓰지 아니한 휴가는 없어진 것으로 보되 회사의 사정으로 쓰",
            "지 못한 휴가는 그러하지 아니하며 회사는 그 날에 해당하는 수당을 주어 ",
            "- 1 -",
            "야 한다. 수당은 그 다음 해 첫 달의 급여일에 함께 지급하는 것으로 한다 ",
            "- 2 -",
            "그 밖의 사항은 회사와 근로자대표가 서면으로 합의한 바에 따라 정하며 그 ",
            "합의는 서면으로 남긴다.",
        ];
        check(
            &lines.join("\n\n"),
            &[
                "~- 1 -",
                "~- 2 -",
                "회사는 모든 직원에게 해마다 휴가를 주고 남은 날을 분기마다 알린다 다만 그 해에 쓰지 아니한 휴가는 없어진 것으로 \
             보되 회사의 사정으로 쓰지 못한 휴가는 그러하지 아니하며 회사는 그 날에 해당하는 수당을 주어 야 한다. 수당은 그 \
             다음 해 첫 달의 급여일에 함께 지급하는 것으로 한다 그 밖의 사항은 회사와 근로자대표가 서면으로 합의한 바에 따라 \
             정하며 그 합의는 서면으로 남긴다.",
            ],
        );
    }
}
