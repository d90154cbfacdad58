//! Vehicle plates: `12가3456`, `123가 4567`, `서울 12가 3456`.

use super::cues::Cue;
use super::entity::Entity;
use super::scan::Scan;
use crate::words::Syllables;

/// The letters that plates carry: private, commercial (바사아자), delivery (배), rental (하허호).
static LETTERS: Syllables =
    Syllables::of("가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호");
/// Letters that are also counters or particles after a number: `3호 1234`, `10조 5000`.
const ALSO_WORDS: &str = "조호도주부구로";

/// The plate whose first digits are `start..end`.
pub(crate) fn at(scan: &Scan<'_>, start: usize, end: usize) -> Option<(Entity, usize, usize)> {
    let n = end - start;
    if !(1..=3).contains(&n) {
        return None;
    }
    let letter = scan.text[end..].chars().next().filter(|&c| LETTERS.contains(c))?;
    let after = end + letter.len_utf8();
    let spaced = scan.bytes.get(after) == Some(&b' ');
    let tail = after + usize::from(spaced);
    let tail_end = tail + scan.bytes[tail..].iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    if tail_end - tail != 4 || scan.bytes.get(tail_end).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'-')
    {
        return None;
    }
    let region = region_before(scan, start);
    if n == 1 && region.is_none() {
        return None;
    }
    if !begins_here(&scan.text[..start]) || scan.is_amount(tail, tail_end) {
        return None;
    }
    let is_counted =
        ["년", "호", "억", "만", "천", "월"].iter().any(|unit| scan.text[tail_end..].starts_with(unit));
    let labelled = region.is_some()
        || scan.is_near(&[Cue::Plate], start, tail_end, 60, 30)
        || follows_a_car(&scan.text[..start])
        || is_in_brackets(&scan.text[..start], &scan.text[tail_end..]);
    if is_counted || (spaced && ALSO_WORDS.contains(letter) && !labelled) {
        return None;
    }
    Some((Entity::Plate, region.unwrap_or(start), tail_end))
}

/// Whether a number can begin after `before`: a comma or a dot between digits joins them, after a word it ends it.
fn begins_here(before: &str) -> bool {
    let mut chars = before.chars().rev();
    match chars.next() {
        Some(c) if c.is_ascii_alphanumeric() || c == '-' || c == '제' => false,
        Some('.' | ',') => !chars.next().is_some_and(|c| c.is_ascii_digit()),
        _ => true,
    }
}

/// Whether the words before name a car: `제 차(`, `차량은 `.
fn follows_a_car(before: &str) -> bool {
    let word = before.trim_end_matches(['(', '[', ' ', ':']);
    let word = word.strip_suffix(['은', '는', '가']).unwrap_or(word);
    ["제 차", "내 차", "우리 차", "저희 차", "차량", "승용차", "번호판"].iter().any(|car| word.ends_with(car))
}

/// Whether brackets hold the plate and nothing else.
fn is_in_brackets(before: &str, after: &str) -> bool {
    before.ends_with(['(', '[']) && after.starts_with([')', ']'])
}

/// Where the name of a province starts that stands right before the digits.
fn region_before(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let hit = scan.cues.ending_in(start.saturating_sub(1), start).find(|h| h.cue == Cue::Province)?;
    Some(hit.start)
}
