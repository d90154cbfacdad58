//! Numbers as Koreans write and say them.

const DIGITS: [&str; 10] = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
const SMALL: [&str; 4] = ["", "십", "백", "천"];
const LARGE: [&str; 4] = ["", "만", "억", "조"];

/// A number in Sino-Korean words: 15000 → 만오천. Zero is 영.
pub fn sino_number(n: u64) -> String {
    if n == 0 {
        return "영".to_owned();
    }
    let mut out = String::new();
    for group in (0..LARGE.len()).rev() {
        let part = n / 10_u64.pow(4 * group as u32) % 10_000;
        if part == 0 {
            continue;
        }
        if !(part == 1 && group == 1) {
            push_group(&mut out, part);
        }
        out.push_str(LARGE[group]);
    }
    out
}

fn push_group(out: &mut String, part: u64) {
    for place in (0..4).rev() {
        let digit = (part / 10_u64.pow(place) % 10) as usize;
        if digit == 0 {
            continue;
        }
        if digit > 1 || place == 0 {
            out.push_str(DIGITS[digit]);
        }
        out.push_str(SMALL[place as usize]);
    }
}

/// The counting word before a unit (한 장, 두 달), for 1 to 12; the digits beyond.
pub fn count_word(n: u64) -> String {
    const WORDS: [&str; 12] =
        ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"];
    match n {
        1..=12 => WORDS[n as usize - 1].to_owned(),
        _ => n.to_string(),
    }
}

/// Digits grouped by thousands: 50000 → 50,000.
pub fn won(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (n, want) in [
            (0, "영"),
            (3, "삼"),
            (10, "십"),
            (21, "이십일"),
            (3000, "삼천"),
            (10000, "만"),
            (15000, "만오천"),
            (50000, "오만"),
            (300_000, "삼십만"),
            (110_000_000, "일억천만"),
        ] {
            assert_eq!(sino_number(n), want);
        }
        assert_eq!([won(0), won(999), won(2500), won(1_000_000)], ["0", "999", "2,500", "1,000,000"]);
        assert_eq!(count_word(3), "세");
    }
}
