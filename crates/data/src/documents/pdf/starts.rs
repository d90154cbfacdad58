//! Whether a line may begin a paragraph by its first characters: numbering, a letter in a list, a bullet.
//!
//! It serves the grouping of lines alone; what the numbers mean is found out when the document's structure is.

/// How a line is numbered. Each kind counts for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// 편, 장, 절, 관, 조 and their English sisters, by their letter.
    Division(char),
    /// ①.
    Circled,
    /// `1.`
    Decimal,
    /// `가.`
    Hangul,
    /// `1)`, `(1)`, `가)`, `(가)`, `(a)`, by what stands before and after.
    Bracketed(bool, Script),
    /// `1.2`.
    Dotted,
    /// 부칙, 별표, 별지.
    Appendix,
    Bullet,
}

/// What a number in brackets is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Script {
    Digits,
    Hangul,
    Latin,
}

/// The beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    pub kind: Kind,
    /// Main number and branch (제12조의2 is 12 and 2).
    pub number: Option<(u32, u32)>,
    /// Whether the line alone makes it likely; else the number must follow the last one.
    pub sure: bool,
}

const LETTERS: &str = "가나다라마바사아자차카타파하";

/// What a line begins with, where it is no plain text.
pub(super) fn marker(line: &str) -> Option<Marker> {
    let first = line.chars().next()?;
    match first {
        '제' => division(line),
        '①'..='⑳' => Some(numbered(Kind::Circled, first as u32 - '①' as u32 + 1, true)),
        '㉑'..='㉟' => Some(numbered(Kind::Circled, first as u32 - '㉑' as u32 + 21, true)),
        '(' => bracketed(&line[1..], true),
        '0'..='9' => decimal(line).or_else(|| bracketed(line, false)),
        '•' | '○' | '●' | '□' | '■' | '◇' | '◆' | '▶' | '※' | '-' | '–' | '*' | '▪' | '◦' =>
        {
            let has_blank = line[first.len_utf8()..].starts_with(' ');
            has_blank.then_some(Marker { kind: Kind::Bullet, number: None, sure: true })
        }
        _ => appendix(line).or_else(|| letter(line)).or_else(|| english(line)),
    }
}

fn numbered(kind: Kind, number: u32, sure: bool) -> Marker {
    Marker { kind, number: Some((number, 0)), sure }
}

/// Leading digits, and what follows.
fn digits(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok().filter(|_| end <= 4)?, &text[end..]))
}

/// `의2` after a number.
fn branch(text: &str) -> (u32, &str) {
    let found = text.trim_start().strip_prefix('의').and_then(|rest| digits(rest.trim_start()));
    found.unwrap_or((0, text))
}

fn division(line: &str) -> Option<Marker> {
    let (main, rest) = digits(line.strip_prefix('제')?.trim_start())?;
    let rest = rest.trim_start();
    let unit = rest.chars().next().filter(|unit| "편장절관조".contains(*unit))?;
    let (branch, rest) = branch(&rest[unit.len_utf8()..]);
    let is_end = rest.is_empty() || rest.starts_with(' ');
    let is_bracket = rest.trim_start().starts_with(['(', '（', '【', '[', '〔']);
    let kind = Kind::Division(unit);
    let number = Some((main, branch));
    if unit == '조' {
        return (is_end || is_bracket).then_some(Marker { kind, number, sure: is_bracket });
    }
    is_end.then_some(Marker { kind, number, sure: true })
}

fn appendix(line: &str) -> Option<Marker> {
    let bare = line.trim_start_matches(['[', '<', '【', '〔', '■', ' ']);
    let word = ["부칙", "부 칙", "별표", "별지"].into_iter().find(|word| bare.starts_with(word))?;
    let rest = &bare[word.len()..];
    let ends = |c: char| c == ' ' || c.is_ascii_digit() || "<([】]제".contains(c);
    let is_heading = rest.chars().next().is_none_or(ends) && (bare.len() < line.len() || rest.len() < 60);
    is_heading.then_some(Marker { kind: Kind::Appendix, number: None, sure: bare.len() < line.len() })
}

/// `1. `, `1의2. `, `1.2 `.
fn decimal(line: &str) -> Option<Marker> {
    let (main, rest) = digits(line)?;
    let (branch, rest) = branch(rest);
    let rest = rest.strip_prefix('.')?;
    if let Some((_, after)) = digits(rest) {
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_heading = after.starts_with(' ') && main < 100;
        return is_heading.then_some(Marker { kind: Kind::Dotted, number: None, sure: false });
    }
    let next = rest.trim_start().chars().next();
    // `12. 31.까지` goes on with a number: it is a date.
    let sure = next.is_some_and(|c| !c.is_ascii_digit()) && main < 100;
    Some(Marker { kind: Kind::Decimal, number: Some((main, branch)), sure })
}

/// `가. `, of which `다.` may as well end a sentence.
fn letter(line: &str) -> Option<Marker> {
    let mut characters = line.chars();
    let first = characters.next()?;
    let number = LETTERS.chars().position(|letter| letter == first)? as u32 + 1;
    match characters.next()? {
        '.' if line[first.len_utf8() + 1..].starts_with(' ') => {
            Some(numbered(Kind::Hangul, number, !"다라자".contains(first)))
        }
        ')' => Some(numbered(Kind::Bracketed(false, Script::Hangul), number, true)),
        _ => None,
    }
}

/// `1)` and, after an opening bracket, `1)`, `가)`, `a)`.
fn bracketed(text: &str, is_open: bool) -> Option<Marker> {
    let (number, script, rest) = if let Some((number, rest)) = digits(text) {
        (number, Script::Digits, rest)
    } else {
        let first = text.chars().next()?;
        let rest = &text[first.len_utf8()..];
        match LETTERS.chars().position(|letter| letter == first) {
            Some(at) => (at as u32 + 1, Script::Hangul, rest),
            None if first.is_ascii_lowercase() => (first as u32 - 'a' as u32 + 1, Script::Latin, rest),
            None => return None,
        }
    };
    let is_item = rest.starts_with(") ") && number < 100;
    is_item.then_some(numbered(Kind::Bracketed(is_open, script), number, true))
}

fn english(line: &str) -> Option<Marker> {
    let (word, rest) = line.split_once(' ')?;
    let letter = match word.to_ascii_lowercase().as_str() {
        "article" => 'a',
        "section" => 's',
        "chapter" => 'c',
        "part" => 'p',
        _ => return None,
    };
    let (number, rest) = digits(rest)?;
    let is_heading = rest.is_empty() || rest.starts_with(['.', ':', ' ', ')']);
    let is_capital = word.starts_with(|c: char| c.is_ascii_uppercase());
    (is_heading && is_capital).then_some(numbered(
        Kind::Division(letter),
        number,
        rest.starts_with(['.', ':']),
    ))
}

/// Whether a line that begins with `다.` ends the sentence of the line before it: its syllable completes a verb there.
pub(super) fn ends_sentence(before: &str, line: &str) -> bool {
    let completes = |first: char| match first {
        '다' => "한된있없이니같않였했았었온운진난둔본준킨린친긴른간인선힌르하되",
        '라' | '자' => "하되",
        _ => "",
    };
    let mut characters = line.chars();
    match (characters.next(), characters.next(), before.chars().next_back()) {
        (Some(first), Some('.'), Some(last)) => completes(first).contains(last),
        _ => false,
    }
}

/// Whether a line is an entry of a contents page: dots or dashes lead to a number at its end.
pub(super) fn is_entry(line: &str) -> bool {
    let text = line.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let leads = text
        .chars()
        .rev()
        .take_while(|c| matches!(c, '.' | '·' | '…' | '‥' | '-' | ' ' | '･'))
        .filter(|c| *c != ' ');
    text.len() < line.len() && (leads.count() >= 3 || text.ends_with("……"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbering_is_told_from_references_and_dates() {
        let number = |kind, main, branch, sure| Some(Marker { kind, number: Some((main, branch)), sure });
        let bare = |kind, sure| Some(Marker { kind, number: None, sure });
        for (line, marker) in [
            ("제12조의2(육아휴직) ①", number(Kind::Division('조'), 12, 2, true)),
            ("제3조 대한민국의", number(Kind::Division('조'), 3, 0, false)),
            ("제5조제2항에 따라", None),
            ("제2장 휴가", number(Kind::Division('장'), 2, 0, true)),
            ("제2장에서", None),
            ("③ 회사는", number(Kind::Circled, 3, 0, true)),
            ("㉒ 회사는", number(Kind::Circled, 22, 0, true)),
            ("3의2. 서류", number(Kind::Decimal, 3, 2, true)),
            ("12. 31.까지", number(Kind::Decimal, 12, 0, false)),
            ("3.5퍼센트", None),
            ("1.2 Scope", bare(Kind::Dotted, false)),
            ("나. 신청서", number(Kind::Hangul, 2, 0, true)),
            ("다. 다만,", number(Kind::Hangul, 3, 0, false)),
            ("가나다", None),
            ("1) 서류", number(Kind::Bracketed(false, Script::Digits), 1, 0, true)),
            ("(가) 서류", number(Kind::Bracketed(true, Script::Hangul), 1, 0, true)),
            ("(b) papers", number(Kind::Bracketed(true, Script::Latin), 2, 0, true)),
            ("부칙 <제12호>", bare(Kind::Appendix, false)),
            ("[별표 1] 휴가", bare(Kind::Appendix, true)),
            ("- 하나", bare(Kind::Bullet, true)),
            ("-5도", None),
            ("Article 4. Leave", number(Kind::Division('a'), 4, 0, true)),
            ("section 4 of", None),
            ("회사는", None),
        ] {
            assert_eq!(super::marker(line), marker, "{line}");
        }
    }

    #[test]
    fn the_end_of_a_sentence_is_no_letter_of_a_list() {
        assert!(ends_sentence("보고하여야 한", "다. 다만,"));
        assert!(!ends_sentence("나. 신청서", "다. 계획서"));
    }

    #[test]
    fn entries_of_a_contents_page_end_with_their_page() {
        assert!(is_entry("제1장 총칙 ........ 3") && is_entry("제2장 휴가 ····· 12"));
        assert!(!is_entry("제1장 총칙") && !is_entry("총 16 - 19") && !is_entry("한다. 1"));
    }
}
