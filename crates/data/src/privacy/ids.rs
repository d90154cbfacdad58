//! Numbers that a state gives: residents, foreigners, corporations, businesses, drivers, passports.

use super::chain::Chain;
use super::checks;
use super::cues::Cue;
use super::entity::Entity;
use super::scan::Scan;

/// A resident's, foreigner's or corporation's number (6-7, or thirteen digits) at group `i`.
pub(crate) fn six_seven(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let to = match chain.lens(i) {
        [6, 7, ..] => i + 2,
        [13, ..] => i + 1,
        _ => return None,
    };
    let bare = to - i == 1;
    let (start, end) = (chain.groups()[i].start, chain.groups()[to - 1].end);
    // The label of a table's column stands in the row above.
    let is_column_of_a_table = || scan.is_near(&[Cue::Resident, Cue::Foreigner], start, start, 60, 0);
    let label = scan.label_before(start).or_else(|| is_column_of_a_table().then_some(Cue::Resident));
    if !chain.stands_alone(i, to) || !chain.is_plain(i, to) || scan.is_inside_code(start, end) {
        return None;
    }
    if scan.is_glued(start, end) && !matches!(label, Some(Cue::Resident | Cue::Foreigner | Cue::Corporate)) {
        return None;
    }
    // `법인번호: 1801111234567 포인트는 …`: what a label names is no amount, whatever word comes next.
    let is_named = matches!(label, Some(Cue::Resident | Cue::Foreigner | Cue::Corporate));
    if bare && !is_named && scan.is_amount(start, end) {
        return None;
    }
    let digits = chain.digits(i, to)?;
    kind_of_six_seven(digits.as_slice(), label, bare).map(|entity| (entity, to))
}

/// What thirteen digits are, by their label, date and check digits.
fn kind_of_six_seven(d: &[u8], label: Option<Cue>, bare: bool) -> Option<Entity> {
    let person = if matches!(d[6], 5..=8) { Entity::Foreigner } else { Entity::Resident };
    let born = birth_year(d);
    let has_date = born.is_some();
    let corporate = checks::corporate(d);
    match label {
        Some(Cue::Resident | Cue::Foreigner) => return has_date.then_some(person),
        Some(Cue::Corporate) => return Some(Entity::Corporate),
        Some(Cue::Code | Cue::Version) => return None,
        _ => {}
    }
    let shop_code = bare && checks::ean13(d) && (d.starts_with(&[8, 8, 0]) || d.starts_with(&[9, 7]));
    let plausible = born.is_some_and(|y| (1920..2040).contains(&y));
    if has_date && checks::resident(d) && (plausible || !corporate) {
        return Some(person);
    }
    if shop_code {
        return None;
    }
    if corporate && (d[6] == 0 || (!plausible && is_corporate_kind(d))) {
        return Some(Entity::Corporate);
    }
    if plausible || (has_date && !bare) {
        return Some(person);
    }
    let moment = bare && d[0] == 1 && matches!(d[1], 5..=7);
    (corporate && !moment).then_some(Entity::Corporate)
}

/// The fifth and sixth digit of a corporate number: the kind of corporation.
fn is_corporate_kind(d: &[u8]) -> bool {
    matches!(checks::number(&d[4..6]), 11..=17 | 21..=22 | 31..=37 | 41 | 71 | 81)
}

/// The year of birth by two digits and the seventh, where the date is a real one.
fn birth_year(d: &[u8]) -> Option<u32> {
    let century = match d[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    let year = century + checks::number(&d[..2]);
    checks::is_date(year, checks::number(&d[2..4]), checks::number(&d[4..6])).then_some(year)
}

/// `900101-1******`: the writer hid the tail, the birth date still stands. Returns where it ends.
pub(crate) fn half_hidden(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize, usize)> {
    if !matches!(chain.lens(i), [6, 1, ..]) || i + 2 != chain.groups().len() {
        return None;
    }
    let (start, end) = (chain.groups()[i].start, chain.groups()[i + 1].end);
    let stars = scan.bytes[end..].iter().take_while(|&&b| matches!(b, b'*' | b'x' | b'X')).count();
    let digits = chain.digits(i, i + 2)?;
    let sep = chain.groups()[i + 1].sep;
    if stars != 6
        || !sep.has_hyphen()
        || birth_year(digits.as_slice()).is_none()
        || !chain.stands_alone(i, i + 2)
    {
        return None;
    }
    let entity = if matches!(digits.as_slice()[6], 5..=8) { Entity::Foreigner } else { Entity::Resident };
    Some((entity, start, end + stars))
}

/// A business number: 3-2-5, or ten digits, with its check digit.
pub(crate) fn business(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let to = match chain.lens(i) {
        [3, 2, 5, ..] => i + 3,
        [10, ..] => i + 1,
        _ => return None,
    };
    let digits = chain.digits(i, to)?;
    let d = digits.as_slice();
    let (start, end) = (chain.groups()[i].start, chain.groups()[to - 1].end);
    if d[0] == 0 || !checks::business(d) || !chain.stands_alone(i, to) || !chain.is_plain(i, to) {
        return None;
    }
    let label = scan.label_before(start);
    if label == Some(Cue::Business) {
        return Some((Entity::Business, to));
    }
    let bare = to - i == 1;
    // Ten digits are also a moment in seconds (2023 to 2026) and whatever a label says they are.
    let moment = bare && (167..=179).contains(&checks::number(&d[..3]));
    let other = match label {
        Some(Cue::Account | Cue::Bank | Cue::Code | Cue::Version) => true,
        Some(Cue::Phone) => bare,
        _ => false,
    };
    (!other && !moment && scan.is_free(start, end)).then_some((Entity::Business, to))
}

/// A driver's licence: 2-2-6-2 by region code, or by the region's name, or twelve digits under a label.
pub(crate) fn licence(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize, usize)> {
    let groups = chain.groups();
    let start = groups[i].start;
    let (to, from) = match chain.lens(i) {
        [2, 2, 6, 2, ..] if is_licence_region(chain, i) => (i + 4, start),
        [12, ..] if is_licence_region(chain, i) && scan.is_near(&[Cue::Licence], start, start, 60, 0) => {
            (i + 1, start)
        }
        [2, 6, 2, ..] => (i + 3, region_name_before(scan, start)?),
        _ => return None,
    };
    let end = groups[to - 1].end;
    let version = matches!(scan.label_before(start), Some(Cue::Code | Cue::Version));
    let alone = chain.stands_alone(i, to) && chain.is_plain(i, to);
    (alone && !version && !scan.is_glued(start, end) && !scan.is_inside_code(from, end))
        .then_some((Entity::DriverLicence, from, end))
        .filter(|_| to > i)
}

/// Region codes of the licence office: 11–26 and 28.
fn is_licence_region(chain: &Chain<'_>, i: usize) -> bool {
    chain
        .digits(i, i + 1)
        .is_some_and(|d| matches!(checks::number(&d.as_slice()[..2.min(d.as_slice().len())]), 11..=26 | 28))
}

/// Where the name of a province starts that stands right before: `서울 12-123456-12`.
fn region_name_before(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let hit = scan.cues.ending_in(start.saturating_sub(2), start).find(|h| h.cue == Cue::Province)?;
    scan.text[hit.end..start].chars().all(|c| c == ' ' || c == '-').then_some(hit.start)
}

/// A passport: `M12345678` or `M123A4567`, under a label.
pub(crate) fn passport(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize, usize)> {
    let group = chain.groups()[i];
    let start = group.start.checked_sub(1)?;
    if !matches!(scan.bytes[start].to_ascii_uppercase(), b'M' | b'S' | b'R' | b'O' | b'D') {
        return None;
    }
    if start > 0 && scan.bytes[start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let end = match group.len {
        8 if group.end - group.start == 8 => group.end,
        3 => {
            let tail = scan.bytes.get(group.end..group.end + 5)?;
            let fits = tail[0].is_ascii_alphabetic() && tail[1..].iter().all(u8::is_ascii_digit);
            fits.then_some(group.end + 5)?
        }
        _ => return None,
    };
    if scan.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    scan.is_near(&[Cue::Passport], start, end, 90, 40).then_some((Entity::Passport, start, end))
}
