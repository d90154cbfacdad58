//! Where a line has blanks: where the file writes one, and where the gap between two glyphs says so.

use super::glyph::{Blank, Glyph, leaves_no_trace};
use super::line::Run;

/// The blanks of a page.
pub(super) struct Blanks {
    /// By baseline.
    sorted: Vec<Blank>,
    /// Whether the producer writes them, so that a gap alone counts only when it is wide.
    are_written: bool,
}

impl Blanks {
    /// The blanks among `glyphs` others.
    pub fn new(mut blanks: Vec<Blank>, glyphs: usize) -> Self {
        blanks.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x0.total_cmp(&b.x0)));
        let are_written = blanks.len() as f32 > 0.05 * glyphs as f32;
        Self { sorted: blanks, are_written }
    }

    /// Those on the baseline of a run, as (from, to), from left to right.
    fn on(&self, run: &Run, size: f32) -> Vec<(f32, f32)> {
        let first = self.sorted.partition_point(|b| b.y <= run.y - size * 0.4);
        let mut found: Vec<(f32, f32)> = self.sorted[first..]
            .iter()
            .take_while(|b| b.y < run.y + size * 0.4)
            .filter(|b| b.direction.is(run.direction) && b.x1 > run.x0 - size && b.x0 < run.x1 + size * 1.5)
            .map(|b| (b.x0, b.x1))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }
}

/// The text of a run whose glyphs stand from left to right, and whether the file writes a blank after it.
pub(super) fn text(run: &Run, blanks: &Blanks) -> (String, bool) {
    let size = run.glyphs.iter().map(|g| g.size).fold(0.0, f32::max);
    let written = blanks.on(run, size);
    let mut out = String::with_capacity(run.glyphs.len() * 3);
    let mut previous: Option<&Glyph> = None;
    for glyph in &run.glyphs {
        if previous.is_some_and(|previous| is_apart(previous, glyph, &written, blanks.are_written)) {
            out.push(' ');
        }
        glyph.text.push_to(&mut out);
        previous = Some(glyph);
    }
    let ends_with_blank = previous.is_some_and(|last| {
        written
            .iter()
            .any(|&(from, to)| middle(from, to) > last.x1 - size * 0.1 && from < last.x1 + size * 0.6)
    });
    (tidied(out), ends_with_blank)
}

fn middle(from: f32, to: f32) -> f32 {
    f32::midpoint(from, to)
}

/// Whether a blank stands between two neighbours. `written` are the file's own blanks on this line.
fn is_apart(left: &Glyph, right: &Glyph, written: &[(f32, f32)], are_written: bool) -> bool {
    let em = left.size.min(right.size).max(0.1);
    let gap = right.x0 - left.x1;
    let from = left.x1 - em * 0.12;
    let first = written.partition_point(|&(x0, x1)| middle(x0, x1) <= from);
    let is_written = written[first..].first().is_some_and(|&(x0, x1)| middle(x0, x1) < right.x0 + em * 0.12);
    if is_written && gap > em * 0.06 {
        return true;
    }
    let has_hangul = is_hangul(left.text.last()) || is_hangul(right.text.first());
    let widest = match (are_written, has_hangul) {
        (true, true) => 0.36,
        (true, false) => 0.25,
        (false, true) => 0.17,
        (false, false) => 0.16,
    };
    gap > em * widest
}

/// Whether a character is a Hangul syllable.
pub(super) fn is_hangul(character: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&character)
}

/// Whether a character is no letter and no digit. Hangul is asked for first: nearly all is.
pub(super) fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        !character.is_ascii_alphanumeric()
    } else {
        !is_hangul(character) && !character.is_alphanumeric()
    }
}

/// Every kind of blank as one plain blank; no controls, no blanks at the ends.
fn tidied(text: String) -> String {
    let is_plain = |c: char| c == ' ' || !(c.is_whitespace() || leaves_no_trace(c));
    if text.chars().all(is_plain) && !text.contains("  ") {
        return text;
    }
    let parts: Vec<String> = text
        .split(char::is_whitespace)
        .map(|part| part.chars().filter(|c| is_plain(*c)).collect::<String>())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}
