//! Names in Latin letters, after a label or an English phrase.

use crate::privacy::cues::CueAt;

/// Capitalised words that are no names.
#[rustfmt::skip]
const WORDS: [&str; 60] = [
    "Sir", "Madam", "Customer", "Team", "Support", "Service", "Korea", "Korean", "The", "This", "That", "Order", "Product", "None",
    "Null", "True", "False", "Unknown", "Test", "Admin", "Guest", "User", "Please", "Thank", "Thanks", "Hello", "Hi", "Dear", "Your",
    "Our", "My", "We", "You", "It", "Is", "Are", "Not", "And", "Or", "Of", "In", "On", "At", "For", "With", "All", "Manager", "Friend",
    "Everyone", "Seller", "Buyer", "Member", "Client", "Number", "Phone", "Email", "Address", "Date", "Company", "VIP",
];

/// `Mr. Smith`, `my name is John Smith`, `Dear John Smith`.
pub(super) fn after_phrase(text: &str, hit: &CueAt) -> Option<(usize, usize)> {
    let phrase = text[hit.start..hit.end].to_ascii_lowercase();
    let gap = text[hit.end..].bytes().take_while(|&b| matches!(b, b' ' | b'.' | b',' | b':' | b'\n')).count();
    if gap == 0 && !phrase.ends_with('.') || gap > 3 {
        return None;
    }
    let least = match phrase.as_str() {
        "my name is" | "mr." | "mrs." | "ms." | "dr." | "mr" | "mrs" | "ms" => 1,
        _ => 2,
    };
    let capital = matches!(phrase.as_str(), "mr" | "mrs" | "ms" | "dr" | "mr." | "mrs." | "ms." | "dr.");
    if capital && !text.as_bytes()[hit.start].is_ascii_uppercase() {
        return None;
    }
    at(text, hit.end + gap, least)
}

/// A name of at least `least` capitalised words, at most four.
pub(super) fn at(text: &str, start: usize, least: usize) -> Option<(usize, usize)> {
    let mut end = start;
    let mut words = 0;
    while words < 4 {
        let from = if words == 0 {
            start
        } else {
            end + text[end..].bytes().take_while(|&b| b == b' ').count().min(1)
        };
        if words > 0 && from == end {
            break;
        }
        let Some(len) = word(&text[from..]) else { break };
        end = from + len;
        words += 1;
    }
    let next = text[end..].chars().next();
    let glued = next.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '/'));
    (words >= least && !glued && end - start >= 3).then_some((start, end))
}

/// The length of a capitalised word, an initial, or a word in capitals.
fn word(text: &str) -> Option<usize> {
    let is_part = |c: char| {
        c.is_alphabetic() && !crate::privacy::squeeze::is_hangul(c) || matches!(c, '\'' | '-' | '’')
    };
    let len = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let word = text[..len].trim_end_matches(['-', '\'', '’']);
    let first = word.chars().next()?;
    if !first.is_uppercase() || WORDS.iter().any(|w| w.eq_ignore_ascii_case(word)) {
        return None;
    }
    let initial = word.chars().count() == 1 && text[word.len()..].starts_with('.');
    Some(if initial { word.len() + 1 } else { word.len() })
}
