//! The one walk over the bytes of a view: digits, `@`, `:` and `-` go to their recognisers.

use super::chain::Chain;
use super::cues::Cue;
use super::scan::{Found, Scan};
use super::{ids, money, net, phones, plate};
use crate::block::{self, BLOCK};

/// Finds everything that starts from a digit or a mark.
pub(crate) fn numbers_and_nets(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let mut spare = [0; BLOCK];
    // A chain of digits may reach over the end of a block.
    let mut next = 0;
    for start in (0..bytes.len()).step_by(BLOCK) {
        let places = block::bits(block::window(bytes, start, &mut spare), begins_something);
        for at in block::places(start, places) {
            if at < next {
                continue;
            }
            if bytes[at].is_ascii_digit() {
                next = digits(scan, at);
            } else {
                mark(scan, at);
            }
        }
    }
    for hit in scan.cues.all() {
        let found = match hit.cue {
            Cue::Web => net::bare_url(scan, hit.start),
            Cue::At => net::spelled_email(scan, hit.start, hit.end),
            _ => None,
        };
        scan.found.extend(found);
    }
}

/// Digits, `@`, `:` and `-`.
#[expect(clippy::needless_bitwise_bool, reason = "a jump would keep bytes from being looked at together")]
fn begins_something(byte: u8) -> bool {
    (byte.wrapping_sub(b'0') <= b':' - b'0') | (byte == b'@') | (byte == b'-')
}

fn mark(scan: &mut Scan<'_>, at: usize) {
    let is_hex = |i: usize| scan.bytes.get(i).is_some_and(u8::is_ascii_hexdigit);
    let found = match scan.bytes[at] {
        b'@' => net::email(scan, at),
        b':' if scan.bytes.get(at + 1) == Some(&b'/') => net::url(scan, at),
        b':' if is_hex(at + 1) || scan.bytes.get(at + 1) == Some(&b':') => {
            let inside = scan.found.last().is_some_and(|f: &Found| f.end > at);
            if inside { None } else { net::colon_hex(scan, at) }
        }
        b'-' if at >= 2 && is_hex(at - 1) && is_hex(at - 2) && scan.bytes.get(at + 3) == Some(&b'-') => {
            net::hyphen_hex(scan, at)
        }
        _ => None,
    };
    scan.found.extend(found);
}

/// Reads the chain at `at` and returns where the walk goes on.
fn digits(scan: &mut Scan<'_>, at: usize) -> usize {
    let chain = Chain::at(scan.bytes, at);
    if scan.numbers.is_empty() {
        // A text with one number has more.
        scan.numbers.reserve(16);
    }
    scan.numbers.extend(chain.groups().iter().map(|g| (g.start, g.end)));
    let before = scan.found.len();
    recognise(scan, &chain);
    if scan.found.len() == before
        && let Some(joined) = chain.unbroken()
    {
        recognise(scan, &joined);
    }
    // The hyphens inside may belong to a hardware address.
    for i in at..chain.end() {
        if scan.bytes[i] == b'-' {
            mark(scan, i);
        }
    }
    chain.end().max(at + 1)
}

fn recognise(scan: &mut Scan<'_>, chain: &Chain<'_>) {
    let groups = chain.groups();
    let mut i = 0;
    while i < groups.len() {
        if groups.len() == 1 && groups[0].len < 8 {
            small(scan, chain);
            return;
        }
        if let Some((entity, start, end)) = odd_shapes(scan, chain, i) {
            scan.push(entity, start, end);
            i += groups[i..].iter().take_while(|g| g.start < end).count().max(1);
        } else if let Some((entity, to)) = by_groups(scan, chain, i) {
            let (mut start, end) = scan.range(chain, i, to);
            if start > 0 && scan.bytes[start - 1] == b'+' && entity.is_numeric() {
                start -= 1;
                let closes =
                    scan.bytes[start..end].contains(&b')') && !scan.bytes[start..end].contains(&b'(');
                start -= usize::from(closes && start > 0 && scan.bytes[start - 1] == b'(');
            }
            scan.push(entity, start, end);
            i = to;
        } else {
            i += 1;
        }
    }
}

/// Finds whose range is not simply that of some groups.
fn odd_shapes(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(super::Entity, usize, usize)> {
    let group = chain.groups()[i];
    ids::half_hidden(scan, chain, i)
        .or_else(|| ids::licence(scan, chain, i))
        .or_else(|| ids::passport(scan, chain, i))
        .or_else(|| plate::at(scan, group.start, group.end))
}

fn by_groups(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(super::Entity, usize)> {
    net::ipv4(scan, chain, i)
        .or_else(|| ids::six_seven(scan, chain, i))
        .or_else(|| ids::business(scan, chain, i))
        .or_else(|| money::card(scan, chain, i))
        .or_else(|| phones::at(scan, chain, i))
        .or_else(|| money::account(scan, chain, i))
}

/// A short lone group can only be a plate or the head of a new passport number.
fn small(scan: &mut Scan<'_>, chain: &Chain<'_>) {
    let group = chain.groups()[0];
    if group.len <= 3
        && let Some((entity, start, end)) =
            plate::at(scan, group.start, group.end).or_else(|| ids::passport(scan, chain, 0))
    {
        scan.push(entity, start, end);
    }
}
