//! Numbers in digits and in words.

use super::ONE;

/// A number at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    /// In parts of [`ONE`].
    pub value: i128,
    /// Bytes of it.
    pub len: usize,
    /// How it is written.
    pub script: Script,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Digits,
    /// 일이삼: only a number before a unit.
    Sino,
    /// 하나둘셋: only a number before a unit.
    Native,
    English,
}

/// The number that a text begins with.
pub(super) fn at_start(text: &str) -> Option<Numeral> {
    // 일곱 begins like 일: the longer one is meant.
    let korean = || sino(text).into_iter().chain(native(text)).max_by_key(|numeral| numeral.len);
    digits(text).or_else(korean).or_else(|| english(text))
}

/// `1,234.5`, and Korean numerals mixed in: `3천만`, `5만 3,000`, `1억 2천만`.
fn digits(text: &str) -> Option<Numeral> {
    let (first, mut len) = decimal(text)?;
    let mut total = 0;
    let mut part = first;
    loop {
        let rest = &text[len..];
        if let Some((factor, used)) = small(rest) {
            part *= factor;
            len += used;
            // `3천5백`: another digit goes on.
            if let Some((more, used)) = decimal(&text[len..])
                && small(&text[len + used..]).is_some()
            {
                let (factor, again) = small(&text[len + used..])?;
                part += more * factor;
                len += used + again;
            }
        } else if let Some((factor, used)) = large(rest) {
            total += part * factor;
            part = 0;
            len += used;
            let gap = text[len..].len() - text[len..].trim_start_matches(' ').len();
            match decimal(&text[len + gap..]) {
                // `5만 3,000`: what follows is the rest of it.
                Some((more, used)) if more < factor * ONE => {
                    part = more;
                    len += gap + used;
                }
                _ => break,
            }
        } else {
            break;
        }
    }
    Some(Numeral { value: total + part, len, script: Script::Digits })
}

/// Digits with separators of thousands and decimals.
fn decimal(text: &str) -> Option<(i128, usize)> {
    let bytes = text.as_bytes();
    let (mut value, mut at) = (0i128, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' if at < 18 => value = value * 10 + i128::from(byte - b'0'),
            b',' if at > 0 && is_thousands(&bytes[at + 1..]) => {}
            _ => break,
        }
        at += 1;
    }
    if at == 0 {
        return None;
    }
    let mut value = value * ONE;
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        let mut place = ONE / 10;
        at += 1;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
            value += i128::from(digit - b'0') * place;
            place /= 10;
            at += 1;
        }
    }
    Some((value, at))
}

fn is_thousands(after: &[u8]) -> bool {
    after.len() >= 3
        && after[..3].iter().all(u8::is_ascii_digit)
        && !after.get(3).is_some_and(u8::is_ascii_digit)
}

fn small(text: &str) -> Option<(i128, usize)> {
    [('십', 10), ('백', 100), ('천', 1000)].into_iter().find_map(|(c, n)| starts(text, c, n))
}

fn large(text: &str) -> Option<(i128, usize)> {
    [('만', 10_000), ('억', 100_000_000), ('조', 1_000_000_000_000)]
        .into_iter()
        .find_map(|(c, n)| starts(text, c, n))
}

fn starts(text: &str, c: char, n: i128) -> Option<(i128, usize)> {
    text.starts_with(c).then_some((n, c.len_utf8()))
}

/// 십오, 이십, 삼천만.
fn sino(text: &str) -> Option<Numeral> {
    let (mut total, mut group, mut digit) = (0i128, 0i128, 0i128);
    let mut len = 0;
    for c in text.chars() {
        if let Some(n) = "일이삼사오육칠팔구".chars().position(|d| d == c) {
            if digit != 0 {
                break;
            }
            digit = n as i128 + 1;
        } else if let Some((factor, _)) = small(c.encode_utf8(&mut [0; 4])) {
            group += digit.max(1) * factor;
            digit = 0;
        } else if let Some((factor, _)) = large(c.encode_utf8(&mut [0; 4])) {
            total += (group + digit).max(1) * factor;
            (group, digit) = (0, 0);
        } else {
            break;
        }
        len += c.len_utf8();
    }
    // `십오일`: the last 일 is the unit where nothing else is.
    if len == 0 {
        return None;
    }
    Some(Numeral { value: (total + group + digit) * ONE, len, script: Script::Sino })
}

const TENS: [(&str, i128); 9] = [
    ("열", 10),
    ("스물", 20),
    ("스무", 20),
    ("서른", 30),
    ("마흔", 40),
    ("쉰", 50),
    ("예순", 60),
    ("일흔", 70),
    ("여든", 80),
];
const ONES: [(&str, i128); 14] = [
    ("하나", 1),
    ("한", 1),
    ("두", 2),
    ("둘", 2),
    ("세", 3),
    ("셋", 3),
    ("석", 3),
    ("네", 4),
    ("넷", 4),
    ("넉", 4),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
];

/// 열다섯, 스물두, 세.
fn native(text: &str) -> Option<Numeral> {
    let tens = TENS.iter().find(|(word, _)| text.starts_with(word));
    let len = tens.map_or(0, |(word, _)| word.len());
    let ones = ONES.iter().chain(&[("아홉", 9)]).find(|(word, _)| text[len..].starts_with(word));
    let value = tens.map_or(0, |(_, n)| *n) + ones.map_or(0, |(_, n)| *n);
    (value > 0).then(|| Numeral {
        value: value * ONE,
        len: len + ones.map_or(0, |(word, _)| word.len()),
        script: Script::Native,
    })
}

const ENGLISH: [(&str, i128); 28] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
    ("hundred", 100),
];

/// `twenty-one`, `one hundred twenty`, `two thousand`.
fn english(text: &str) -> Option<Numeral> {
    let (mut total, mut part, mut len) = (0i128, 0i128, 0);
    let mut at = 0;
    loop {
        let word_len = text[at..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len() - at);
        let word = text[at..at + word_len].to_ascii_lowercase();
        match ENGLISH.iter().find(|(name, _)| *name == word) {
            Some((_, 100)) if part > 0 => part *= 100,
            Some((_, 100)) => break,
            // `twenty-one` goes on, `two three` does not.
            Some((_, n)) if part % 100 == 0 || (part % 10 == 0 && part % 100 > 10 && *n < 10) => part += n,
            None if word == "thousand" && part > 0 => {
                total += part * 1000;
                part = 0;
            }
            None if word == "and" && len > 0 && part % 100 == 0 => {}
            _ => break,
        }
        at += word_len;
        if word != "and" {
            len = at;
        }
        match text[at..].chars().next() {
            Some(' ' | '-') => at += 1,
            _ => break,
        }
    }
    (len > 0).then_some(Numeral { value: (total + part) * ONE, len, script: Script::English })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_however_they_are_written() {
        for (text, value, len) in [
            ("15일", 15, "15"),
            ("1,234,567원", 1_234_567, "1,234,567"),
            ("3천만원", 30_000_000, "3천만"),
            ("5만 3,000원", 53_000, "5만 3,000"),
            ("1억 2천만원", 120_000_000, "1억 2천만"),
            ("3천5백원", 3_500, "3천5백"),
            ("이십개월", 20, "이십"),
            ("삼천만원", 30_000_000, "삼천만"),
            ("열다섯 날", 15, "열다섯"),
            ("세 번", 3, "세"),
            ("twenty-one days", 21, "twenty-one"),
            ("one hundred and twenty days", 120, "one hundred and twenty"),
            ("Two thousand dollars", 2000, "Two thousand"),
        ] {
            let found = at_start(text).unwrap();
            assert_eq!((found.value, found.len), (value * ONE, len.len()), "{text}");
        }
        assert_eq!(at_start("1.5배").unwrap().value, ONE * 3 / 2);
        assert_eq!(at_start("휴가"), None);
        assert_eq!(at_start("hundred"), None);
    }
}
