//! Whether components are somebody's address, or only words that look like some.

use super::parse::Parsed;
use crate::privacy::cues::Cue;
use crate::privacy::particles::{hangul_run, has_hard_final, may_follow_noun};
use crate::privacy::scan::Scan;

/// Words in 로 and 길 that no road is called.
#[rustfmt::skip]
const NOT_ROADS: [&str; 44] = [
    "으로", "대로", "제로", "새로", "바로", "서로", "따로", "별로", "홀로", "가로", "세로", "그대로", "이대로", "절대로", "제대로", "최대로",
    "무료로", "추가로", "별도로", "실제로", "대체로", "차례로", "임의로", "카드로", "택배로", "계좌로", "번호로", "전화로", "문자로", "메일로", "댓글로",
    "오는길", "가는길", "골목길", "지름길", "손길", "발길", "눈길", "빗길", "출근길", "퇴근길", "등굣길", "하굣길", "갈길",
];
/// Words in 동 that no place is called.
const NOT_TOWNS: [&str; 14] = [
    "활동", "운동", "행동", "이동", "변동", "자동", "작동", "노동", "진동", "충동", "감동", "연동", "구동",
    "수동",
];

/// Whether the components from `start` are an address.
pub(super) fn is_address(scan: &Scan<'_>, start: usize, p: &Parsed) -> bool {
    let regions = p.regions();
    let labelled = || scan.is_near(&[Cue::Address], start, start, 48, 0);
    if p.road {
        return regions > 0 || p.room || p.closed || labelled() || is_road_by_itself(scan, p);
    }
    if p.town && p.number {
        return regions > 0 || p.is_lot || labelled() || is_lot_by_itself(scan, start, p) || p.room;
    }
    if p.tower && p.room {
        return true;
    }
    if (p.tower || p.room) && (p.building || p.town) && (regions > 0 || labelled()) {
        return true;
    }
    p.town && (is_three_levels(scan, p) || (regions > 0 && labelled()))
}

/// Province, district and town, with nothing but a particle after the town.
fn is_three_levels(scan: &Scan<'_>, p: &Parsed) -> bool {
    p.province && p.districts > 0 && may_follow_noun(hangul_run(&scan.text[p.town_end..]))
}

/// A road without a region: `12번길` and a name that `로` cannot be a particle of are roads anywhere.
fn is_road_by_itself(scan: &Scan<'_>, p: &Parsed) -> bool {
    let road = &scan.text[p.road_start..p.road_end];
    if p.is_long {
        return false;
    }
    let n = road.chars().count();
    if n < 3 || NOT_ROADS.iter().any(|w| road.ends_with(w)) {
        return false;
    }
    if road.contains("번길") || (road.ends_with('길') && road.contains(|c: char| c.is_ascii_digit())) {
        return true;
    }
    let ends = ends_clearly(&scan.text[p.end..]);
    let stem = road.trim_end_matches(['로', '길']).chars().next_back().unwrap_or(' ');
    let is_road = if road.ends_with('길') { n >= 3 } else { has_hard_final(stem) };
    is_road && ends
}

/// The end of a clause, or a particle.
fn ends_clearly(rest: &str) -> bool {
    let run = hangul_run(rest);
    if !run.is_empty() {
        return may_follow_noun(run);
    }
    rest.trim_start_matches(' ').starts_with(['\n', ',', ')', '.', '|', '/', ';', '"', '('])
        || rest.trim().is_empty()
}

/// A lot without a region: `상계동 123-4`, but not `자원 봉사활동 3-1`.
fn is_lot_by_itself(scan: &Scan<'_>, start: usize, p: &Parsed) -> bool {
    let town = &scan.text[start..p.town_end];
    let numbered = town.contains(|c: char| c.is_ascii_digit());
    p.has_branch
        && ((town.ends_with('동') && town.chars().count() >= 3) || (town.ends_with('가') && numbered))
        && !NOT_TOWNS.iter().any(|w| town.ends_with(w))
        && ends_clearly(&scan.text[p.end..])
}
