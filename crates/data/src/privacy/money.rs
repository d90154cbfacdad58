//! Numbers that pay: cards and bank accounts.

use super::chain::Chain;
use super::checks;
use super::cues::Cue;
use super::entity::Entity;
use super::scan::Scan;

/// A card number at group `i`: a length of the industry, the Luhn sum, an issuer's first digits.
pub(crate) fn card(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let to = match chain.lens(i) {
        [4, 4, 4, 4, 3, ..] if checks::luhn(chain.digits(i, i + 5)?.as_slice()) => i + 5,
        [4, 4, 4, 4, ..] => i + 4,
        [4, 6, 4 | 5, ..] => i + 3,
        [12..=19, ..] => i + 1,
        _ => return None,
    };
    let digits = chain.digits(i, to)?;
    let d = digits.as_slice();
    let (start, end) = (chain.groups()[i].start, chain.groups()[to - 1].end);
    if !checks::luhn(d)
        || d.iter().all(|&x| x == d[0])
        || !chain.stands_alone(i, to)
        || !chain.is_plain(i, to)
    {
        return None;
    }
    let label = scan.label_before(start);
    if label == Some(Cue::Card) {
        return Some((Entity::Card, to));
    }
    let bare = to - i == 1;
    if matches!(label, Some(Cue::Code | Cue::Version)) || (label == Some(Cue::Account) && d.len() < 15) {
        return None;
    }
    (is_issued(d) && (!bare || !is_moment(d)) && scan.is_free(start, end)).then_some((Entity::Card, to))
}

/// Whether an issuer has numbers of this start and length (ISO/IEC 7812 ranges; 9 is Korea's own).
fn is_issued(d: &[u8]) -> bool {
    let first4 = checks::number(&d[..4]);
    let first2 = first4 / 100;
    match d.len() {
        12 => matches!(first2, 50 | 56..=63 | 67),
        13 => d[0] == 4,
        14 => matches!(first2, 36 | 38 | 39) || (3000..=3059).contains(&first4),
        15 => matches!(first2, 34 | 37) || matches!(first4, 1800 | 2131),
        16 => {
            matches!(d[0], 4 | 6 | 9)
                || matches!(first2, 35 | 51..=59 | 81 | 36)
                || (2221..=2720).contains(&first4)
        }
        _ => matches!(d[0], 4..=6),
    }
}

/// Digits that begin with a year, month and day are a moment or an order number.
fn is_moment(d: &[u8]) -> bool {
    let year = checks::number(&d[..4]);
    (1990..2100).contains(&year) && checks::is_date(year, checks::number(&d[4..6]), checks::number(&d[6..8]))
}

/// A bank account at group `i`: ten to fourteen digits in up to four groups, under a label or a bank's name.
pub(crate) fn account(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let groups = chain.groups();
    let most = groups.len().min(i + 4);
    for to in (i + 1..=most).rev() {
        let Some(digits) = chain.digits(i, to) else { continue };
        if !(10..=14).contains(&digits.as_slice().len()) || chain.is_date(i) {
            continue;
        }
        if groups[i..to].iter().any(|g| g.len == 1) && to - i < 3 {
            continue;
        }
        let (start, end) = (groups[i].start, groups[to - 1].end);
        if chain.stands_alone(i, to)
            && chain.is_plain(i, to)
            && scan.is_free(start, end)
            && is_paid_into(scan, start, end)
        {
            return Some((Entity::Account, to));
        }
    }
    None
}

/// Whether the text around says that money goes in or out of this number.
fn is_paid_into(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    match scan.label_before(start) {
        Some(Cue::Account | Cue::Bank) => true,
        Some(Cue::Code | Cue::Version | Cue::Phone | Cue::Card) => false,
        _ => {
            scan.is_near(&[Cue::Bank], start, end, 60, 24)
                || scan.is_near(&[Cue::Account], start, end, 75, 45)
                || follows_bank_word(scan, end)
        }
    }
}

/// `110-123-456789 하나`: a bank's short name right after.
fn follows_bank_word(scan: &Scan<'_>, end: usize) -> bool {
    scan.cues.starting_in(end, end + 3).any(|h| {
        let next = scan.text[h.end..].chars().next();
        h.cue == Cue::BankWord && next.is_none_or(|c| !c.is_alphanumeric())
    })
}
