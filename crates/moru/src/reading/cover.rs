//! Personal values are taken out of what is drawn.
//!
//! They are found in whole paragraphs and cells, where a value that a line's end divides is whole, and are taken out of
//! the lines that hold their parts. What is known of the document and still stands somewhere is struck out last.

use data::documents::pdf::LineLook;
use data::documents::{Block, Content};
use data::privacy::{Masked, Masker, Sweep};

use super::Sheet;

/// What is struck out without being a value that was masked.
const STRUCK: &str = "▒";

/// What may end a line inside a word.
const HYPHENS: [char; 3] = ['-', '\u{ad}', '\u{2010}'];

/// A place of a text: which of the texts, and the byte in it.
type At = (usize, usize);

/// A line of the sheet, and for each of its letters where it stands in the texts.
struct Traced {
    page: usize,
    line: usize,
    places: Vec<Option<At>>,
}

/// Takes personal values out of a sheet whose structure has none any more, but for its paths.
pub fn cover(sheet: &mut Sheet, masker: &Masker, known: &Sweep) {
    let mut texts: Vec<String> = Vec::new();
    let mut first_of: Vec<usize> = Vec::with_capacity(sheet.document.blocks.len());
    for block in &sheet.document.blocks {
        first_of.push(texts.len());
        texts.extend(pieces(block).into_iter().map(str::to_owned));
    }
    first_of.push(texts.len());
    let traced = trace(sheet, &first_of, &mut texts);
    let own = texts.len();
    texts.extend(own_texts(sheet).into_iter().map(|text| text.clone()));
    let raw: Vec<&str> = texts.iter().map(String::as_str).collect();
    let masked = masker.mask_fields(&raw, &[]);
    let name = sheet.document.name.clone();
    let clean = |text: String| strike(text, known, &name);
    if let Some(look) = &mut sheet.look {
        for Traced { page, line, places } in &traced {
            let line = &mut look.pages[*page].lines[*line];
            line.text = clean(without(&line.text, places, &masked));
        }
    }
    for (text, masked) in own_texts(sheet).into_iter().zip(&masked[own..]) {
        *text = clean(masked.text.clone());
    }
    for (block, first) in sheet.document.blocks.iter_mut().zip(&first_of) {
        for (text, masked) in pieces_mut(block).into_iter().zip(&masked[*first..]) {
            *text = clean(masked.text.clone());
        }
    }
}

/// Texts of a sheet beside its blocks and lines: paths, and what no reader sees.
fn own_texts(sheet: &mut Sheet) -> Vec<&mut String> {
    let paths = sheet.tree.nodes.iter_mut().map(|node| &mut node.path);
    let hidden = sheet.look.iter_mut().flat_map(|look| &mut look.pages).flat_map(|page| &mut page.hidden);
    paths.chain(hidden.map(|hidden| &mut hidden.text)).collect()
}

/// The texts of a block, in the order in which its lines are read.
fn pieces(block: &Block) -> Vec<&str> {
    match &block.content {
        Content::Paragraph(text)
        | Content::Furniture(text)
        | Content::Heading { text, .. }
        | Content::ListItem { text, .. } => vec![text],
        Content::Table(table) => table.rows.iter().flatten().map(|cell| cell.text.as_str()).collect(),
    }
}

fn pieces_mut(block: &mut Block) -> Vec<&mut String> {
    match &mut block.content {
        Content::Paragraph(text)
        | Content::Furniture(text)
        | Content::Heading { text, .. }
        | Content::ListItem { text, .. } => vec![text],
        Content::Table(table) => table.rows.iter_mut().flatten().map(|cell| &mut cell.text).collect(),
    }
}

/// Finds the letters of each line in the texts of its block; a line that is not found there becomes a text of its own.
fn trace(sheet: &Sheet, first_of: &[usize], texts: &mut Vec<String>) -> Vec<Traced> {
    let mut lines: Vec<(usize, usize, &LineLook)> = Vec::new();
    for (page, look) in sheet.look.iter().flat_map(|look| look.pages.iter().enumerate()) {
        lines.extend(look.lines.iter().enumerate().map(|(line, look)| (page, line, look)));
    }
    lines.sort_by_key(|(page, line, look)| (look.block, look.rank, *page, *line));
    let mut traced = Vec::with_capacity(lines.len());
    let mut letters: Vec<(At, char)> = Vec::new();
    let (mut block, mut next) = (None, 0);
    for (page, line, look) in lines {
        if block != Some(look.block) {
            block = Some(look.block);
            next = 0;
            let first = first_of.get(look.block as usize).copied().unwrap_or(texts.len());
            let end = first_of.get(look.block as usize + 1).copied().unwrap_or(first);
            letters = (first..end).flat_map(|text| letters_of(text, &texts[text])).collect();
        }
        let places = found(&look.text, &letters[next..]).unwrap_or_else(|| {
            texts.push(look.text.clone());
            letters_of(texts.len() - 1, &look.text).into_iter().map(|(at, _)| Some(at)).collect()
        });
        // Letters of a text of its own are not the block's.
        let is_of_block = places.iter().flatten().all(|at| at.0 < first_of[first_of.len() - 1]);
        next += if is_of_block { places.iter().flatten().count() } else { 0 };
        traced.push(Traced { page, line, places });
    }
    traced
}

fn letters_of(text: usize, of: &str) -> Vec<(At, char)> {
    of.char_indices().filter(|(_, c)| !c.is_whitespace()).map(|(byte, c)| ((text, byte), c)).collect()
}

/// The places of a line's letters, where they come next; a hyphen that was dropped at its end has none.
fn found(line: &str, letters: &[(At, char)]) -> Option<Vec<Option<At>>> {
    let own: Vec<char> = line.chars().filter(|c| !c.is_whitespace()).collect();
    let mut places = Vec::with_capacity(own.len());
    for (i, c) in own.iter().enumerate() {
        match letters.get(i) {
            Some((at, letter)) if letter == c => places.push(Some(*at)),
            _ if i + 1 == own.len() && HYPHENS.contains(c) => places.push(None),
            _ => return None,
        }
    }
    Some(places)
}

/// A line without the parts of masked values: what stands for a value stands where it begins.
fn without(line: &str, places: &[Option<At>], masked: &[Masked]) -> String {
    let span_at = |at: At| {
        let spans = masked.get(at.0).map_or(&[][..], |masked| masked.spans.as_slice());
        spans.iter().position(|span| span.range.contains(&at.1)).map(|span| (at.0, span))
    };
    let mut spans = places.iter().map(|place| place.and_then(span_at)).peekable();
    let mut out = String::with_capacity(line.len());
    let (mut inside, mut letter) = (None, 0);
    for c in line.chars() {
        if c.is_whitespace() {
            // A blank inside a value goes with it.
            if inside.is_none() || spans.peek() != Some(&inside) {
                out.push(c);
            }
            continue;
        }
        let span = spans.next().flatten();
        match span {
            None => out.push(c),
            Some((text, n)) if inside != span => {
                let span = &masked[text].spans[n];
                if places[letter].is_some_and(|at| at.1 == span.range.start) {
                    out.push_str(&span.replacement);
                }
            }
            Some(_) => {}
        }
        inside = span;
        letter += 1;
    }
    out
}

/// A text without the values that are known of the document.
fn strike(text: String, known: &Sweep, document: &str) -> String {
    let hits = known.check(&text, Some(document)).hits;
    if hits.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for hit in hits.iter().filter(|hit| hit.range.end <= text.len()) {
        if hit.range.start >= from {
            out.push_str(&text[from..hit.range.start]);
            out.push_str(STRUCK);
        }
        from = from.max(hit.range.end);
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use data::privacy::MaskConfig;

    use super::*;

    /// What becomes of lines whose paragraph is masked.
    fn covered(paragraph: &str, lines: &[&str]) -> Vec<String> {
        let masker = Masker::new(MaskConfig::default()).unwrap();
        let masked = masker.mask_fields(&[paragraph], &[]);
        let letters = letters_of(0, paragraph);
        let mut next = 0;
        let line = |line: &&str| {
            let places = found(line, &letters[next..]).expect("the line stands in the paragraph");
            next += places.iter().flatten().count();
            without(line, &places, &masked)
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn a_value_that_a_line_divides_is_taken_out_of_both() {
        assert_eq!(
            covered(
                "문의는 담당자 010-2345-6789 번호로 합니다.",
                &["문의는 담당자 010-23", "45-6789 번호로", "합니다."]
            ),
            ["문의는 담당자 [전화번호]", " 번호로", "합니다."]
        );
    }

    #[test]
    fn a_dropped_hyphen_and_other_blanks_do_not_matter() {
        assert_eq!(covered("employment rules", &["employ-", "ment  rules"]), ["employ-", "ment  rules"]);
        assert_eq!(found("something else", &letters_of(0, "another text")), None);
    }
}
