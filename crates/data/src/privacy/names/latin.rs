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

/// The words of a name in Latin letters that may stand for it alone: John and Smith of John Smith.
pub(crate) fn parts(name: &str) -> impl Iterator<Item = &str> {
    let words = name.split(|c: char| c.is_whitespace() || c == '.').filter(|w| w.len() > 1);
    words.filter(|w| name.is_ascii() && name.contains(' ') && w.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Where a part of a name that stands elsewhere in the row is addressed or signed: `Dear John,`, `Thanks, John`.
pub(crate) fn parts_in_context(text: &str, parts: &[String]) -> Vec<(usize, usize)> {
    const WORDS: [&str; 16] = [
        "dear",
        "hi",
        "hello",
        "hey",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "thanks",
        "thank you",
        "regards",
        "sincerely",
        "cheers",
        "best",
        "yours",
    ];
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '/');
    let is_said = |start: usize, end: usize| {
        let before = text[..start].trim_end_matches([' ', ',', '.', '!', '\n', '\r', '-']);
        let gap = start - before.len();
        let phrase = |word: &str| {
            let from = before.len().checked_sub(word.len());
            from.and_then(|from| Some((from, before.get(from..)?))).is_some_and(|(from, last)| {
                last.eq_ignore_ascii_case(word) && !before[..from].ends_with(in_word)
            })
        };
        let line = text[..start].rsplit('\n').next().unwrap_or_default();
        let after = &text[end..];
        // Cleaning takes the greeting before a name away: `John, we will …`. A line of its own signs.
        let opens = line.trim().is_empty()
            && (after.starts_with(',') || start > 0 && after.trim_start_matches(' ').starts_with('\n'));
        let signs = line.trim().is_empty() && start > 0 && after.trim().is_empty();
        opens
            || signs
            || (1..=4).contains(&gap)
                && !text[end..].starts_with(in_word)
                && WORDS.iter().any(|word| phrase(word))
    };
    let places = parts.iter().flat_map(|part| text.match_indices(part.as_str()));
    places
        .map(|(start, part)| (start, start + part.len()))
        .filter(|&(start, end)| is_said(start, end))
        .collect()
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
