//! Cutting what is too long for one chunk.

use super::super::block::Table;

type Count<'a> = &'a dyn Fn(&str) -> usize;

/// A text in parts of at most `room` tokens: at line ends and sentence ends, else between words, else anywhere.
pub(super) fn sentences(text: &str, room: usize, count: Count<'_>) -> Vec<String> {
    let pieces = ends(text);
    gather(pieces.into_iter().flat_map(|sentence| fitting(sentence, room, count)), room)
}

/// Joins neighbours, each with its tokens, as long as they fit; parts of about one size.
fn gather<'a>(pieces: impl Iterator<Item = (&'a str, usize)>, room: usize) -> Vec<String> {
    let pieces: Vec<(&str, usize)> = pieces.collect();
    let total: usize = pieces.iter().map(|(_, tokens)| tokens).sum();
    let parts = total.div_ceil(room.max(1)).max(1);
    let aim = total.div_ceil(parts);
    let mut out: Vec<String> = Vec::new();
    let (mut part, mut tokens) = (String::new(), 0);
    for (piece, more) in pieces {
        let full = tokens + more > room || (tokens > 0 && tokens + more / 2 > aim);
        if full && !part.is_empty() {
            out.push(std::mem::take(&mut part));
            tokens = 0;
        }
        part.push_str(piece);
        tokens += more;
    }
    out.push(part);
    out.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A text after each of its sentences, with the blanks that follow them.
fn ends(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let sentence =
            ".?!。".contains(c) && next.is_some_and(char::is_whitespace) && !is_number_end(&text[from..i]);
        if c == '\n' || sentence {
            let end = i + c.len_utf8();
            out.push(&text[from..end]);
            from = end;
        }
    }
    out.push(&text[from..]);
    out
}

/// Whether a dot comes after a number, as in `2024. 1. 1.` and `3. 다음`.
fn is_number_end(before: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_digit())
}

/// A sentence in parts that fit, each with its tokens.
fn fitting<'a>(sentence: &'a str, room: usize, count: Count<'_>) -> Vec<(&'a str, usize)> {
    let tokens = count(sentence);
    if tokens <= room {
        return vec![(sentence, tokens)];
    }
    let middle = sentence.len() / 2;
    let blank = |at: &usize| sentence.as_bytes()[*at].is_ascii_whitespace();
    let at = (middle..sentence.len().saturating_sub(1)).find(blank).or_else(|| (1..middle).rev().find(blank));
    let at = at
        .map_or_else(|| (middle..sentence.len()).find(|&i| sentence.is_char_boundary(i)), |at| Some(at + 1));
    match at.filter(|at| *at > 0 && *at < sentence.len()) {
        Some(at) => {
            let mut parts = fitting(&sentence[..at], room, count);
            parts.extend(fitting(&sentence[at..], room, count));
            parts
        }
        // One character has more tokens than there is room for.
        None => vec![(sentence, tokens)],
    }
}

/// A table in parts of whole rows. The heading rows stand in the first part; for the others they are given apart.
pub(super) fn rows(table: &Table, room: usize, count: Count<'_>) -> (Option<String>, Vec<String>) {
    let row = |cells| Table { rows: vec![cells], heading_rows: 0 }.text();
    let rows: Vec<String> = table.rows.iter().map(|cells| row(cells.clone()) + "\n").collect();
    let gathered = |room| gather(rows.iter().flat_map(|row| fitting(row, room, count)), room);
    let head = rows
        .iter()
        .take(table.heading_rows as usize)
        .map(|row| row.trim_end())
        .collect::<Vec<_>>()
        .join(" / ");
    let parts = gathered(room);
    // Headings that leave little room for rows are not repeated.
    let taken = count(&head) + 2;
    if head.is_empty() || taken * 4 > room || parts.len() < 2 {
        return (None, parts);
    }
    (Some(head), gathered(room - taken))
}
