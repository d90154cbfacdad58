//! Postal addresses: `서울시 강남구 테헤란로 123, 101동 1203호 (역삼동) 06234`.
//!
//! 1. A region's name (or a road, lot or unit before a number) is where an address may start.
//! 2. [`parts`] reads one component at a place: region, town, road, number, unit, building, postal code.
//! 3. [`parse`] strings components together and notes which there were.
//! 4. [`evidence`] decides whether they are an address: without a region, `카드로 3` is none.

mod evidence;
mod parse;
mod parts;
pub(crate) mod regions;

use super::cues::Cue;
use super::entity::Entity;
use super::scan::{Found, Scan};
use super::squeeze::{is_hangul, is_word_char};

/// Finds addresses.
pub(crate) fn scan(scan: &mut Scan<'_>) {
    let mut finds: Vec<Found> = Vec::new();
    let mut done = 0;
    for hit in scan.cues.all() {
        if !matches!(hit.cue, Cue::Province | Cue::District)
            || hit.start < done
            || !starts_word(scan.text, hit.start)
        {
            continue;
        }
        if let Some((start, end)) = from_place(scan, hit.start) {
            done = end;
            finds.push(Found { entity: Entity::Address, start, end });
        }
    }
    let by_region = finds.len();
    let (mut next, mut done) = (0, 0);
    for &(start, end) in &scan.numbers {
        while next < by_region && finds[next].end <= start {
            next += 1;
        }
        let inside = next < by_region && finds[next].start <= start;
        if inside || start < done {
            continue;
        }
        if let Some((from, to)) = from_number(scan, start, end) {
            done = to;
            finds.push(Found { entity: Entity::Address, start: from, end: to });
        }
    }
    finds.sort_unstable_by_key(|f| f.start);
    finds.extend(labelled_codes(scan, &finds));
    scan.found.extend(finds);
}

fn starts_word(text: &str, at: usize) -> bool {
    !text[..at].chars().next_back().is_some_and(is_hangul)
}

/// The address that starts with the component at `start`, with a postal code before it.
fn from_place(scan: &Scan<'_>, start: usize) -> Option<(usize, usize)> {
    let parsed = parse::address(scan.text, start);
    if !evidence::is_address(scan, start, &parsed) {
        return None;
    }
    Some((parts::zip_before(scan.text, start).unwrap_or(start), parsed.end))
}

/// The address around a number that has no region before it: `테헤란로 123`, `101동 1203호`.
fn from_number(scan: &Scan<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let before = scan.text[..start].trim_end_matches(' ');
    if start - before.len() > 1 {
        return None;
    }
    let is_unit = scan.text[end..].starts_with('동');
    let is_place = before.ends_with(['로', '길', '동', '리', '가', '읍', '면']) || before.ends_with("번지");
    if !is_unit && !is_place {
        return None;
    }
    let word = last_word(before);
    // A building may stand before its unit, a town before its road.
    let mut from = if word.chars().count() >= 2 && is_place { before.len() - word.len() } else { start };
    if is_unit && parts::ends_like_building(word) {
        from = before.len() - word.len();
    }
    let earlier = scan.text[..from].trim_end_matches(' ');
    let town = last_word(earlier);
    if from - earlier.len() == 1
        && parts::is_town(town)
        && !town.ends_with('면')
        && (is_place || from < start)
    {
        from = earlier.len() - town.len();
    }
    from_place(scan, from)
}

fn last_word(text: &str) -> &str {
    let is_part = |c: char| is_word_char(c) || matches!(c, '·' | '-');
    let start = text
        .char_indices()
        .rev()
        .take(24)
        .take_while(|&(_, c)| is_part(c))
        .last()
        .map_or(text.len(), |(i, _)| i);
    &text[start..]
}

/// Postal codes right after their label, outside the addresses found so far.
fn labelled_codes(scan: &Scan<'_>, finds: &[Found]) -> Vec<Found> {
    let mut codes = Vec::new();
    for hit in scan.cues.all().iter().filter(|h| h.cue == Cue::Zip) {
        let gap = scan.text[hit.end..].chars().take_while(|c| " :：=는은이([\"".contains(*c));
        let at = hit.end + gap.map(char::len_utf8).sum::<usize>();
        let Some(end) = parts::zip_at(scan.text, at) else { continue };
        let after = finds.partition_point(|f| f.start <= at);
        if finds[..after].last().is_none_or(|f| at >= f.end) {
            codes.push(Found { entity: Entity::Address, start: at, end });
        }
    }
    codes
}

/// The address without the provinces and districts it begins with.
pub(crate) fn without_region(value: &str) -> &str {
    let mut at = parts::province(value, 0).unwrap_or(0);
    for _ in 0..2 {
        at = parts::gap(value, at);
        let Some(end) = parts::district(value, at, at > 0) else { break };
        at = end;
    }
    value[parts::gap(value, at)..].trim()
}
