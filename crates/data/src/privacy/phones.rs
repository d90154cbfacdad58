//! Telephone numbers by the Korean numbering plan, and those of other countries.

use super::chain::Chain;
use super::cues::Cue;
use super::entity::Entity;
use super::scan::Scan;

/// The kind of a national number (with its leading zero) and the digits of its prefix.
fn plan(digits: &[u8]) -> Option<(Entity, usize)> {
    let n = digits.len();
    match digits {
        [0, 1, 0 | 1 | 6..=9, ..] if n == 10 || n == 11 => Some((Entity::Mobile, 3)),
        [0, 2, ..] if n == 9 || n == 10 => Some((Entity::Landline, 2)),
        [0, 5, 0, 2..=9, ..] if n == 11 || n == 12 => Some((Entity::SafeNumber, 4)),
        [0, 7, 0, ..] if n == 10 || n == 11 => Some((Entity::Voip, 3)),
        [0, 8, 0, ..] if n == 10 || n == 11 => Some((Entity::TollFree, 3)),
        [0, 3, 1..=3, ..] | [0, 4, 1..=4, ..] | [0, 5, 1..=5, ..] | [0, 6, 0..=4, ..]
            if n == 10 || n == 11 =>
        {
            Some((Entity::Landline, 3))
        }
        _ => None,
    }
}

/// A telephone number at group `i`: its kind, and the group after it.
pub(crate) fn at(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    if is_of_a_parcel(scan, chain, i) {
        return None;
    }
    national(scan, chain, i)
        .or_else(|| international(scan, chain, i))
        .or_else(|| representative(scan, chain, i))
        .or_else(|| north_american(scan, chain, i))
        .or_else(|| local(scan, chain, i))
}

/// Whether the label right before says that the number is a parcel's: `운송장 번호 0503-4567-8901`. A mobile
/// number as such numbers are written is one even there, and no parcel has fewer than ten digits.
fn is_of_a_parcel(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> bool {
    let start = chain.groups()[i].start;
    let Some(label) = scan.cues.ending_in(start.saturating_sub(30), start).next() else { return false };
    let is_mobile = matches!(chain.lens(i), [3, 3 | 4, 4, ..])
        && chain.digits(i, i + 1).is_some_and(|d| matches!(d.as_slice(), [0, 1, _]));
    let tight = chain.groups()[i + 1..].iter().take_while(|g| g.sep.is_tight());
    let n_digits = chain.groups()[i].len + tight.map(|g| g.len).sum::<usize>();
    label.cue == Cue::Parcel
        && !is_mobile
        && n_digits >= 10
        && scan.text[label.end..start].chars().all(|c| "번호는은이가:： ()#-=numberNo.\n".contains(c))
}

fn national(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let groups = chain.groups();
    if scan.bytes[groups[i].start] != b'0' {
        return None;
    }
    let longest = (i + 1..=groups.len()).rev();
    for to in longest {
        let Some(digits) = chain.digits(i, to) else { continue };
        let Some((entity, prefix)) = plan(digits.as_slice()) else { continue };
        let lens = chain.lens(i);
        let shaped = is_grouped(&lens[..], to - i, prefix, digits.as_slice().len());
        let mobile = digits.as_slice().starts_with(&[0, 1, 0]) && digits.as_slice().len() == 11;
        if (shaped || mobile) && is_whole(scan, chain, i, to, entity) {
            return Some((entity, to));
        }
    }
    None
}

/// Prefix, three or four digits, four digits – each border written or not.
fn is_grouped(lens: &[usize], n: usize, prefix: usize, total: usize) -> bool {
    let rest = total - prefix;
    match n {
        1 => true,
        2 => (lens[0] == prefix && lens[1] == rest) || (lens[0] == total - 4 && lens[1] == 4),
        3 => lens[0] == prefix && lens[2] == 4,
        _ => false,
    }
}

/// Whether the neighbours allow the window to be a whole telephone number.
fn is_whole(scan: &Scan<'_>, chain: &Chain<'_>, from: usize, to: usize, entity: Entity) -> bool {
    let (start, end) = (chain.groups()[from].start, chain.groups()[to - 1].end);
    let strong = matches!(entity, Entity::Mobile | Entity::SafeNumber);
    if !chain.stands_alone(from, to) || (!strong && !chain.is_plain(from, to)) {
        return false;
    }
    let label = scan.label_before(start);
    if label == Some(Cue::Phone) {
        return true;
    }
    let bare = to - from == 1;
    if bare || !strong {
        if scan.is_glued(start, end) || scan.is_inside_code(start, end) {
            return false;
        }
        if bare && scan.is_amount(start, end) {
            return false;
        }
    }
    if strong {
        return !(bare && label == Some(Cue::Code) && entity == Entity::SafeNumber);
    }
    // An area code and a subscriber number is also how some account numbers begin.
    match label {
        Some(Cue::Account | Cue::Bank | Cue::Version) => false,
        Some(Cue::Code) => !bare,
        _ => true,
    }
}

/// `+82 10-1234-5678`, `+82(0)10…`, `0082-10-…`, `82-10-…`, and `+` with another country's code.
fn international(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let groups = chain.groups();
    let start = groups[i].start;
    let plus = start > 0 && scan.bytes[start - 1] == b'+';
    for to in (i + 1..=groups.len()).rev() {
        let Some(digits) = chain.digits(i, to) else { continue };
        let digits = digits.as_slice();
        if !chain.stands_alone(i, to) || !chain.is_plain(i, to) {
            continue;
        }
        if let Some(entity) = korean_abroad(digits, plus) {
            let safe = plus || entity == Entity::Mobile;
            if safe && !scan.bytes.get(groups[to - 1].end).is_some_and(u8::is_ascii_alphabetic) {
                return Some((entity, to));
            }
        }
        // `+1-541-714-1388 (541) 714-…` is two numbers.
        let another = groups[i..to].iter().skip(2).any(|g| g.sep.has_paren());
        if plus
            && !another
            && (8..=15).contains(&digits.len())
            && digits[0] != 0
            && !digits.starts_with(&[8, 2])
        {
            return Some((Entity::ForeignPhone, to));
        }
    }
    None
}

/// The kind of a number written with Korea's country code.
fn korean_abroad(digits: &[u8], plus: bool) -> Option<Entity> {
    let rest = match digits {
        [8, 2, rest @ ..] => rest,
        [0, 0, 8, 2, rest @ ..] if !plus => rest,
        _ => return None,
    };
    let rest = rest.strip_prefix(&[0]).unwrap_or(rest);
    if rest.len() > 12 {
        return None;
    }
    let mut national = [0; 13];
    national[1..=rest.len()].copy_from_slice(rest);
    plan(&national[..=rest.len()]).map(|(entity, _)| entity)
}

/// 15xx-NNNN, 16xx-NNNN, 18xx-NNNN.
fn representative(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let lens = chain.lens(i);
    let to = match lens {
        [4, 4, ..] => i + 2,
        [8, ..] if scan.label_before(chain.groups()[i].start) == Some(Cue::Phone) => i + 1,
        _ => return None,
    };
    let digits = chain.digits(i, to)?;
    let prefix = matches!(digits.as_slice(), [1, 5 | 6 | 8, ..]);
    let (start, end) = (chain.groups()[i].start, chain.groups()[to - 1].end);
    let alone = chain.stands_alone(i, to) && chain.is_plain(i, to);
    (prefix && alone && !scan.is_glued(start, end) && !scan.is_inside_code(start, end))
        .then_some((Entity::Representative, to))
}

/// `(541) 714-1388`, `541-714-1388`, `541.714.1388`: area and exchange begin with 2–9.
fn north_american(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let first = match chain.lens(i) {
        [3, 3, 4, ..] => i,
        [1, 3, 3, 4, ..] if scan.bytes[chain.groups()[i].start] == b'1' => i + 1,
        _ => return None,
    };
    let to = first + 3;
    let digits = chain.digits(first, to)?;
    let d = digits.as_slice();
    let (start, end) = (chain.groups()[i].start, chain.groups()[to - 1].end);
    let label = scan.label_before(start);
    let fits = d[0] >= 2 && (d[3] >= 2 || label == Some(Cue::Phone));
    let written = chain.groups()[first + 1].sep.has_paren() || chain.groups()[first + 2].sep.is_tight();
    let other = matches!(label, Some(Cue::Account | Cue::Bank | Cue::Code | Cue::Version | Cue::Business));
    let extension = scan.bytes.get(end) == Some(&b'x');
    let alone = chain.stands_alone(i, to) && chain.is_plain(i, to);
    (fits
        && written
        && !other
        && alone
        && (extension || !scan.is_glued(start, end))
        && !scan.is_inside_code(start, end))
    .then_some((Entity::ForeignPhone, to))
}

/// Where the label of a telephone ends that stands right before the number.
fn direct_label(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let label = scan.cues.ending_in(start.saturating_sub(24), start).find(|h| h.cue == Cue::Phone)?.end;
    scan.text[label..start].chars().all(|c| "번호는:：=+ ()\n".contains(c)).then_some(label)
}

/// A subscriber number without its area code right after a label of a telephone, or a number of
/// another country's plan in a labelled field (`Phone: 07700 900 966`).
fn local(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let groups = chain.groups();
    let start = groups[i].start;
    let label = direct_label(scan, start)?;
    if matches!(chain.lens(i), [3 | 4, 4, ..]) && groups[i + 1].sep.has_hyphen() {
        let end = groups[i + 1].end;
        let known = matches!(scan.bytes[start], b'2'..=b'9');
        if known && chain.stands_alone(i, i + 2) && scan.is_free(start, end) {
            return Some((Entity::Landline, i + 2));
        }
    }
    let field = scan.text[label..start].contains([':', '：']);
    let line = groups[i + 1..].iter().take_while(|g| !g.sep.has_break()).count();
    let to = i + 1 + line;
    let n = chain.digits(i, to)?.as_slice().len();
    let free = chain.stands_alone(i, to) && scan.is_free(start, groups[to - 1].end);
    (field && (7..=15).contains(&n) && !chain.is_date(i) && chain.is_plain(i, to) && free)
        .then_some((Entity::ForeignPhone, to))
}
