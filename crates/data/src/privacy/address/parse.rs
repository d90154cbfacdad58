//! Components strung together, with a note of which there were.

use super::parts::{self, Unit};

/// What an address consists of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parsed {
    /// Where the last component ends.
    pub(super) end: usize,
    pub(super) province: bool,
    pub(super) districts: u8,
    pub(super) town: bool,
    /// The town's name ends here.
    pub(super) town_end: usize,
    pub(super) road: bool,
    pub(super) road_start: usize,
    pub(super) road_end: usize,
    pub(super) number: bool,
    pub(super) has_branch: bool,
    pub(super) is_lot: bool,
    pub(super) is_long: bool,
    /// 동 of a building.
    pub(super) tower: bool,
    /// 호, or both in short.
    pub(super) room: bool,
    pub(super) building: bool,
    pub(super) closed: bool,
}

impl Parsed {
    pub(super) fn regions(&self) -> u8 {
        u8::from(self.province) + self.districts
    }
}

/// Reads as many components as there are from `start`.
pub(super) fn address(text: &str, start: usize) -> Parsed {
    let mut p = Parsed { end: start, ..Parsed::default() };
    region(text, &mut p);
    towns(text, &mut p);
    road(text, &mut p);
    if !p.road && p.town {
        number(text, &mut p);
    }
    details(text, &mut p);
    p
}

fn next(text: &str, p: &Parsed, start: usize) -> usize {
    if p.end == start { start } else { parts::gap(text, p.end) }
}

fn region(text: &str, p: &mut Parsed) {
    let start = p.end;
    if let Some(end) = parts::province(text, p.end) {
        p.province = true;
        p.end = end;
    }
    for _ in 0..2 {
        let at = next(text, p, start);
        let Some(end) = parts::district(text, at, p.regions() > 0) else { break };
        p.districts += 1;
        p.end = end;
    }
}

fn towns(text: &str, p: &mut Parsed) {
    let start = p.end;
    let first = !p.province && p.districts == 0;
    for _ in 0..2 {
        let at = if first { next(text, p, start) } else { parts::gap(text, p.end) };
        // 을지로3가 is a town, 종로 3 a road.
        let Some(end) = parts::town(text, at) else { break };
        if parts::road(text, at).is_some_and(|r| r > end) {
            break;
        }
        p.town = true;
        p.town_end = end;
        p.end = end;
    }
}

fn road(text: &str, p: &mut Parsed) {
    let at = if p.regions() > 0 || p.town { parts::gap(text, p.end) } else { p.end };
    let Some(end) = parts::road(text, at) else { return };
    let Some(number) = parts::number(text, end) else { return };
    p.road = true;
    p.road_start = at;
    p.road_end = end;
    take_number(p, number);
}

fn number(text: &str, p: &mut Parsed) {
    if let Some(number) = parts::number(text, p.end) {
        take_number(p, number);
    }
}

fn take_number(p: &mut Parsed, number: parts::Number) {
    p.number = true;
    p.has_branch = number.has_branch;
    p.is_lot = number.is_lot;
    p.is_long = number.is_long;
    p.end = number.end;
}

/// Units, buildings, parentheses and a postal code, in any order.
fn details(text: &str, p: &mut Parsed) {
    let fresh = !p.number && !p.town && p.regions() == 0;
    for step in 0..8 {
        let at = if step == 0 && fresh { p.end } else { parts::gap(text, p.end) };
        if let Some((end, unit)) = parts::unit(text, at) {
            p.tower |= unit == Unit::Tower;
            p.room |= unit == Unit::Room;
            p.end = end;
        } else if let Some(end) = parts::parenthesis(text, at).filter(|_| p.number || p.room) {
            p.closed = true;
            p.end = end;
        } else if let Some(end) = parts::zip_at(text, at).filter(|_| p.number || p.room) {
            p.closed = true;
            p.end = end;
            return;
        } else if let Some(end) = parts::short_unit(text, at)
            .filter(|&e| p.building || (p.number && (text[p.end..].starts_with(',') || e - at >= 7)))
        {
            p.room = true;
            p.end = end;
        } else if let Some(end) = parts::building(text, at).filter(|_| step < 4 && (at > p.end || fresh)) {
            p.building = true;
            p.end = end;
        } else {
            return;
        }
    }
}
