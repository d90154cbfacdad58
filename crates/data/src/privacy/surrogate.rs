//! Surrogates: values of the same form that belong to nobody, decided by the secret and the value.
//!
//! Where each comes from: telephone exchanges that begin with 0, which the numbering plan does not
//! assign; months over 12; check digits that do not hold; `example.com` (RFC 2606); 240.0.0.0/4
//! (RFC 1112) and 2001:db8::/32 (RFC 3849); locally administered hardware addresses; plate letters
//! that are not issued; places that do not exist. Names are made up of syllables and may belong to
//! somebody by chance, as any name may.

use super::canonical;
use super::entity::Entity;
use super::keyed::{Secret, Stream};
use super::names;

/// The purpose of surrogate hashes; kinds follow it, so that equal digits of two kinds differ.
const PURPOSE: u64 = 0x5347;

/// The surrogate of a value, given as its view.
pub(crate) fn of(entity: Entity, value: &str, token: &str, secret: &Secret) -> String {
    let same = canonical(entity, value);
    let mut s = secret.stream(PURPOSE + entity.index() as u64, same.as_bytes());
    match entity {
        Entity::Mobile
        | Entity::Landline
        | Entity::Voip
        | Entity::SafeNumber
        | Entity::TollFree
        | Entity::Representative
        | Entity::ForeignPhone => phone(&same, value, &mut s),
        Entity::Resident | Entity::Foreigner => resident(value, &mut s),
        Entity::Business => with_wrong_digit(value, &mut s, super::checks::business),
        Entity::Corporate => with_wrong_digit(value, &mut s, super::checks::corporate),
        Entity::Card => card(value, &mut s),
        Entity::DriverLicence => digits_under("9", value, &mut s),
        Entity::Account => digits_under("000", value, &mut s),
        Entity::Passport => format!("X{:08}", s.below(100_000_000)),
        Entity::Email => format!("user{:08x}@example.com", s.below(1 << 32)),
        Entity::Url => format!("https://example.com/{:08x}", s.below(1 << 32)),
        Entity::Ip => ip(value, &mut s),
        Entity::Mac => mac(value, &mut s),
        Entity::Plate => plate(value, &mut s),
        Entity::Person => names::made_up(value, &mut |bound| s.below(bound)),
        Entity::Address => address(&mut s),
        Entity::Pattern(_) => same_shape(value, &mut s),
        Entity::Personal => format!("{token}{:06x}", s.below(1 << 24)),
    }
}

/// Replaces the digits of `value` by those of `digits`, keeping everything between them.
fn fill(value: &str, mut digits: impl Iterator<Item = char>) -> String {
    value.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or('0') } else { c }).collect()
}

/// Keeps the prefix of the plan, begins the exchange with 0, and draws the rest.
fn phone(national: &str, value: &str, s: &mut Stream) -> String {
    let prefix = match national {
        n if n.starts_with("02") => 2,
        n if n.starts_with("050") => 4,
        n if n.starts_with('0') => 3,
        _ => 0,
    };
    let total = value.chars().filter(char::is_ascii_digit).count();
    let abroad = total.saturating_sub(national.len() - usize::from(prefix > 0 && total != national.len()));
    // A number of this country written from abroad shows its country code before the prefix.
    let shown = if prefix > 0 && total != national.len() { abroad + prefix - 1 } else { prefix };
    let kept: Vec<char> = value.chars().filter(char::is_ascii_digit).take(shown).collect();
    let mut n = 0;
    fill(
        value,
        std::iter::from_fn(move || {
            n += 1;
            Some(if n <= kept.len() {
                kept[n - 1]
            } else if n == kept.len() + 1 {
                '0'
            } else {
                s.digit()
            })
        }),
    )
}

/// A month between 20 and 99 is no date.
fn resident(value: &str, s: &mut Stream) -> String {
    let mut n = 0;
    let out = fill(
        value,
        std::iter::from_fn(move || {
            n += 1;
            Some(if n == 3 { char::from(b'2' + s.below(8) as u8) } else { s.digit() })
        }),
    );
    out.replace(['*', 'x', 'X'], "*")
}

/// Draws until the check digit does not hold.
fn with_wrong_digit(value: &str, s: &mut Stream, holds: fn(&[u8]) -> bool) -> String {
    loop {
        let out = fill(value, std::iter::from_fn(|| Some(s.digit())));
        let digits: Vec<u8> = out.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        // A first digit 0 and a seventh 0 keep corporate numbers from reading as a person's.
        if !holds(&digits) && digits.get(2..4).is_some_and(|m| m[0] > 1) {
            return out;
        }
    }
}

/// Issuers' numbers do not begin with 0; the Luhn sum fails too.
fn card(value: &str, s: &mut Stream) -> String {
    loop {
        let mut first = true;
        let out = fill(
            value,
            std::iter::from_fn(|| {
                let zero = std::mem::take(&mut first);
                Some(if zero { '0' } else { s.digit() })
            }),
        );
        let digits: Vec<u8> = out.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        if !super::checks::luhn(&digits) {
            return out;
        }
    }
}

fn digits_under(head: &str, value: &str, s: &mut Stream) -> String {
    let mut head = head.chars();
    fill(value, std::iter::from_fn(move || Some(head.next().unwrap_or_else(|| s.digit()))))
}

fn ip(value: &str, s: &mut Stream) -> String {
    if value.contains('.') {
        format!("{}.{}.{}.{}", 240 + s.below(15), s.below(256), s.below(256), s.below(256))
    } else {
        format!("2001:db8::{:x}:{:x}", 1 + s.below(0xffff), s.below(0x1_0000))
    }
}

fn mac(value: &str, s: &mut Stream) -> String {
    let sep = if value.contains('-') { "-" } else { ":" };
    let pairs: Vec<String> = (0..5).map(|_| format!("{:02X}", s.below(256))).collect();
    format!("02{sep}{}", pairs.join(sep))
}

fn plate(value: &str, s: &mut Stream) -> String {
    const NOT_ISSUED: [char; 6] = ['갸', '냐', '댜', '랴', '먀', '뱌'];
    let letter = NOT_ISSUED[s.below(NOT_ISSUED.len())];
    let digits: String = value.chars().skip_while(|c| !c.is_ascii_digit()).collect();
    digits
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                s.digit()
            } else if c == ' ' {
                c
            } else {
                letter
            }
        })
        .collect()
}

fn address(s: &mut Stream) -> String {
    const CITIES: [&str; 4] = ["새봄시", "가온시", "한빛시", "누리시"];
    const DISTRICTS: [&str; 4] = ["다솜구", "아라구", "미르구", "온새구"];
    const ROADS: [&str; 6] = ["무지개로", "나래로", "윤슬로", "여울길", "달빛로", "이음길"];
    let (city, district, road) = (CITIES[s.below(4)], DISTRICTS[s.below(4)], ROADS[s.below(ROADS.len())]);
    format!("{city} {district} {road} {}", 1 + s.below(9999))
}

/// Letters become letters and digits digits.
fn same_shape(value: &str, s: &mut Stream) -> String {
    value
        .chars()
        .map(|c| match c {
            '0'..='9' => s.digit(),
            'a'..='z' => char::from(b'a' + s.below(26) as u8),
            'A'..='Z' => char::from(b'A' + s.below(26) as u8),
            c => c,
        })
        .collect()
}
