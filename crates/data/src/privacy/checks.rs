//! Check digits, dates and plans: facts about numbers, each on plain digits (0–9 as numbers).

/// The Luhn sum of the digits is divisible by ten (ISO/IEC 7812-1).
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| {
            let d = u32::from(d);
            if i % 2 == 0 { d } else { d * 2 - if d > 4 { 9 } else { 0 } }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The check digit of a business registration number (ten digits):
/// weights 1,3,7,1,3,7,1,3,5, plus the tens of the ninth digit times five.
pub(crate) fn business(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    if digits.len() != 10 {
        return false;
    }
    let sum: u32 = WEIGHTS.iter().zip(digits).map(|(w, &d)| w * u32::from(d)).sum();
    let sum = sum + u32::from(digits[8]) * 5 / 10;
    (10 - sum % 10) % 10 == u32::from(digits[9])
}

/// The check digit of a corporate registration number (thirteen digits): weights 1,2,1,2 ….
pub(crate) fn corporate(digits: &[u8]) -> bool {
    if digits.len() != 13 {
        return false;
    }
    let sum: u32 =
        digits[..12].iter().enumerate().map(|(i, &d)| u32::from(d) * if i % 2 == 0 { 1 } else { 2 }).sum();
    (10 - sum % 10) % 10 == u32::from(digits[12])
}

/// The check digit that resident and foreigner numbers had before October 2020:
/// weights 2…9,2…5, taken from 11 (13 for a foreigner).
pub(crate) fn resident(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    if digits.len() != 13 {
        return false;
    }
    let sum: u32 = WEIGHTS.iter().zip(digits).map(|(w, &d)| w * u32::from(d)).sum();
    let from = if matches!(digits[6], 5..=8) { 13 } else { 11 };
    (from - sum % 11) % 10 == u32::from(digits[12])
}

/// EAN-13 check digit.
pub(crate) fn ean13(digits: &[u8]) -> bool {
    if digits.len() != 13 {
        return false;
    }
    let sum: u32 =
        digits.iter().enumerate().map(|(i, &d)| u32::from(d) * if i % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

/// Whether year, month and day are a day of the Gregorian calendar.
pub(crate) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// The number that digits spell.
pub(crate) fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, &d| n * 10 + u32::from(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect()
    }

    #[test]
    fn luhn_by_hand() {
        assert!(luhn(&digits("4111 1111 1111 1111")));
        assert!(luhn(&digits("378282246310005")));
        assert!(!luhn(&digits("4111 1111 1111 1112")));
    }

    #[test]
    fn business_by_hand() {
        // 1·1+2·3+0·7+8·1+1·3+4·7+7·1+5·3+2·5 = 78, ⌊2·5/10⌋ = 1, 79 → 1.
        assert!(business(&digits("120-81-47521")));
        assert!(!business(&digits("120-81-47522")));
    }

    #[test]
    fn corporate_by_hand() {
        // 1+6+0+2+1+2+0+0+0+12+2+8 = 34 → 6.
        assert!(corporate(&digits("130111-0006246")));
        assert!(!corporate(&digits("130111-0006247")));
    }

    #[test]
    fn resident_by_hand() {
        // 9·2+0·3+0·4+1·5+0·6+1·7+1·8+2·9+3·2+4·3+5·4+6·5 = 124; 124 mod 11 = 3; 11 − 3 = 8.
        assert!(resident(&digits("900101-1234568")));
        assert!(!resident(&digits("900101-1234567")));
    }

    #[test]
    fn days_of_the_calendar() {
        assert!(is_date(2024, 2, 29));
        assert!(!is_date(2023, 2, 29));
        assert!(!is_date(1900, 2, 29));
        assert!(!is_date(2024, 13, 1));
        assert!(!is_date(2024, 4, 31));
        assert!(!is_date(2024, 1, 0));
    }

    #[test]
    fn ean_of_a_book() {
        assert!(ean13(&digits("9788966260959")));
        assert!(!ean13(&digits("9788966260958")));
    }
}
