//! The headings of a document without articles: as the format says, else by their look and their numbers.

use std::collections::BTreeMap;

use super::super::numbering::{self, Marker, Style};
use super::super::tree::Level;
use super::lines::{Line, Role};

/// Longer lines are text.
const MOST_HEADING_CHARS: usize = 100;
/// How much larger than the text a heading is set.
const LARGER: f32 = 1.12;

/// Marks the headings.
pub(super) fn mark(lines: &mut [Line<'_>]) {
    if lines.iter().any(|line| line.heading.is_some() && line.role == Role::Body) {
        return mark_of_format(lines);
    }
    let dotted = mark_numbered(lines);
    mark_by_look(lines, dotted);
}

/// Format headings keep their level.
pub(super) fn mark_of_format(lines: &mut [Line<'_>]) {
    for line in lines.iter_mut().filter(|line| line.role == Role::Body) {
        if let Some(level) = line.heading.filter(|_| line.first) {
            line.role = Role::Heading(level.max(1));
        }
    }
}

/// Headings by chains of numbers: `1.`, `1.1`, `1.1.1`; `Ⅰ.`. Whether there were dotted ones.
fn mark_numbered(lines: &mut [Line<'_>]) -> bool {
    let dotted = dotted_chain(lines);
    let has_dotted = dotted.len() >= 2;
    if has_dotted {
        for (i, depth) in &dotted {
            lines[*i].role = Role::Heading(*depth);
        }
        for i in top_numbers(lines, &dotted) {
            lines[i].role = Role::Heading(1);
        }
    }
    let roman: Vec<usize> = chain(lines, Style::Roman);
    if roman.len() >= 2 {
        let deeper = 1;
        for line in lines.iter_mut() {
            if let Role::Heading(level) = line.role {
                line.role = Role::Heading(level + deeper);
            }
        }
        for i in roman {
            lines[i].role = Role::Heading(1);
        }
    }
    has_dotted
}

/// The lines of a style whose numbers go up one by one from 1.
fn chain(lines: &[Line<'_>], style: Style) -> Vec<usize> {
    let mut next = 1;
    let mut out = Vec::new();
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.role == Role::Body) {
        let Some(marker) = line.marker.filter(|m| m.style == style && m.page.is_none()) else { continue };
        if marker.number.is_some_and(|n| n.main == next) && is_short(line) {
            out.push(i);
            next += 1;
        }
    }
    out
}

/// The dotted headings whose numbers follow one another, with their depth.
fn dotted_chain(lines: &[Line<'_>]) -> Vec<(usize, u8)> {
    let upcoming = upcoming(lines);
    let mut last: Vec<u32> = Vec::new();
    let mut out = Vec::new();
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.role == Role::Body) {
        let Some(marker) = line.marker.filter(|m| m.page.is_none()) else { continue };
        if marker.style == Style::Decimal && is_short(line) {
            let main = marker.number.map_or(0, |n| n.main);
            // `3.` before `2.2` is an item of a list in 2.1.
            if last.first().map_or(1, |first| first + 1) == main && upcoming[i] == Some(main) {
                last = vec![main];
            }
            continue;
        }
        if marker.style != Style::Dotted || !marker.sure || !is_short(line) {
            continue;
        }
        let numbers = numbering::dotted(marker.heading);
        if comes_after(&last, &numbers) {
            out.push((i, numbers.len() as u8));
            last = numbers;
        }
    }
    out
}

/// For each line the first number of the next dotted heading after it.
fn upcoming(lines: &[Line<'_>]) -> Vec<Option<u32>> {
    let mut out = vec![None; lines.len()];
    let mut next = None;
    for (i, line) in lines.iter().enumerate().rev() {
        out[i] = next;
        let dotted = |m: &Marker<'_>| m.page.is_none() && m.style == Style::Dotted && m.sure;
        if let Some(marker) = line.marker.filter(dotted)
            && line.role == Role::Body
            && is_short(line)
        {
            next = numbering::dotted(marker.heading).first().copied();
        }
    }
    out
}

/// Whether `1.2` may follow `1.1`, `1.1.4` or `1`.
fn comes_after(last: &[u32], next: &[u32]) -> bool {
    let same = last.iter().zip(next).take_while(|(a, b)| a == b).count();
    let Some(number) = next.get(same) else { return false };
    let one_more = last.get(same).map_or(*number <= 1, |before| *number == before + 1);
    let begins = next[same + 1..].iter().all(|n| *n <= 1);
    (one_more && begins) || (last.is_empty() && next[0] == 1)
}

/// The lines `1. Title` between dotted headings: each stands before the first dotted heading with its number.
fn top_numbers(lines: &[Line<'_>], dotted: &[(usize, u8)]) -> Vec<usize> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut main = 0;
    for (at, _) in dotted {
        let numbers = lines[*at].marker.map(|m| numbering::dotted(m.heading)).unwrap_or_default();
        let Some(&first) = numbers.first() else { continue };
        if first != main {
            main = first;
            let before = (from..*at).rev().find(|&i| is_top(&lines[i], first) && is_short(&lines[i]));
            out.extend(before);
        }
        from = *at;
    }
    out
}

/// Whether a line begins with this number, a dot after it or not.
fn is_top(line: &Line<'_>, number: u32) -> bool {
    let digits = line.text.bytes().take_while(u8::is_ascii_digit).count();
    line.role == Role::Body
        && line.text[..digits].parse() == Ok(number)
        && line.text[digits..].trim_start_matches('.').starts_with(' ')
}

fn is_short(line: &Line<'_>) -> bool {
    let text = line.text.trim_end();
    line.table.is_none()
        && text.chars().count() <= MOST_HEADING_CHARS
        && !text.ends_with(['.', ',', ';', '!', '?', ':'])
        && !text.ends_with("다")
}

/// Headings that are set larger or bolder than the text.
fn mark_by_look(lines: &mut [Line<'_>], numbered: bool) {
    let mut sizes: BTreeMap<(u32, bool), usize> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.role == Role::Body && line.table.is_none()) {
        *sizes.entry(key(line)).or_default() += line.text.len();
    }
    let Some((&(body, body_bold), _)) = sizes.iter().max_by_key(|(_, letters)| **letters) else { return };
    if body == 0 {
        return;
    }
    let stands_out = |line: &Line<'_>| {
        let (size, bold) = key(line);
        size as f32 > body as f32 * LARGER || (bold && !body_bold && size >= body)
    };
    let is_heading = |line: &Line<'_>| {
        line.role == Role::Body
            && line.first
            && !line.inline
            && line.depth.is_none()
            && is_short(line)
            && stands_out(line)
            && line.marker.is_none_or(|m| m.page.is_none() && m.style != Style::Bullet)
    };
    let mut looks: Vec<(u32, bool)> = lines.iter().filter(|l| is_heading(l)).map(key).collect();
    looks.sort_unstable_by(|a, b| b.cmp(a));
    looks.dedup();
    let offset = if numbered { 3 } else { 0 };
    // What is large before the first number is the title.
    let from = lines.iter().position(|line| numbered && line.role != Role::Body).unwrap_or(0);
    for line in &mut lines[from..] {
        if is_heading(line) {
            let level = looks.iter().position(|look| *look == key(line)).unwrap_or(0) + 1;
            line.role = Role::Heading((level + offset).min(9) as u8);
        }
    }
}

/// The size in half points, and the weight.
fn key(line: &Line<'_>) -> (u32, bool) {
    ((line.look.size * 2.0).round() as u32, line.look.bold)
}

/// Whether a rule has articles: then its other headings are only those that the format gives.
pub(super) fn has_articles(lines: &[Line<'_>]) -> bool {
    lines.iter().any(|line| {
        line.role == Role::Division
            && line.marker.is_some_and(|m| {
                matches!(m.level, Level::Article | Level::Chapter | Level::Section | Level::Part)
            })
    })
}
