//! Which headings are real: a number is a heading's where it follows the last one of its level.
//!
//! A line such as `제12조(휴가)` also stands in contents, in quotations and at the beginning of wrapped sentences.
//! Within a region (the body, a 부칙, an annex) the numbers of one level go up by one, or by a branch; a number
//! that leaves some out is taken only where those are nowhere later, and the gap is reported.

use std::collections::HashMap;

use super::super::numbering::Style;
use super::super::tree::{Level, Number};
use super::lines::{Line, Role};

/// The levels that are headings by their words, and how deep each lies in this document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranks([u8; 5]);

const DIVISIONS: [Level; 5] =
    [Level::Part, Level::Chapter, Level::Section, Level::Subsection, Level::Article];

impl Ranks {
    /// Korean rules fix the order; English ones put sections into articles as well as articles into sections,
    /// and say which by the order in which they first come.
    pub(super) fn of(lines: &[Line<'_>]) -> Self {
        let mut first: Vec<Level> = Vec::new();
        for line in lines.iter().filter(|line| line.role == Role::Body) {
            let Some(marker) = line.marker.filter(|m| m.style == Style::Word && m.sure) else { continue };
            if !DIVISIONS.contains(&marker.level) {
                continue;
            }
            if !marker.heading.is_ascii() && !marker.heading.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return Self([2, 3, 4, 5, 6]);
            }
            if !first.contains(&marker.level) {
                first.push(marker.level);
            }
        }
        let mut ranks = [2, 3, 4, 5, 6];
        let mut sorted: Vec<u8> = first
            .iter()
            .filter_map(|level| DIVISIONS.iter().position(|d| d == level))
            .map(|i| ranks[i])
            .collect();
        sorted.sort_unstable();
        for (level, rank) in first.iter().zip(sorted) {
            if let Some(i) = DIVISIONS.iter().position(|d| d == level) {
                ranks[i] = rank;
            }
        }
        Self(ranks)
    }

    pub(super) fn of_level(self, level: Level) -> Option<u8> {
        DIVISIONS.iter().position(|d| *d == level).map(|i| self.0[i])
    }
}

/// Whether a number is the next one.
pub(super) fn follows(last: Number, next: Number) -> bool {
    let branch = next.main == last.main && next.branch == (last.branch + 1).max(2);
    (next.main == last.main + 1 && next.branch == 0) || branch
}

const START: Number = Number { main: 0, branch: 0 };

/// Marks the lines that are headings of divisions, of 부칙 and of annexes.
pub(super) fn mark(lines: &mut [Line<'_>], ranks: Ranks) {
    let mut from = 0;
    for i in 0..lines.len() {
        if is_region(&lines[i]) {
            lines[i].role = Role::Division;
            mark_region(&mut lines[from..i], ranks);
            from = i + 1;
        }
    }
    mark_region(&mut lines[from..], ranks);
}

/// Whether a line begins a 부칙, an annex or a form.
fn is_region(line: &Line<'_>) -> bool {
    line.role == Role::Body
        && line.marker.is_some_and(|m| {
            matches!(m.level, Level::Supplement | Level::Annex | Level::Form) && m.sure && m.page.is_none()
        })
}

struct Candidate {
    line: usize,
    level: Level,
    rank: u8,
    number: Number,
    sure: bool,
    /// Whether it names itself, as `제3조(정의)` does, or says that it is gone.
    titled: bool,
}

fn mark_region(lines: &mut [Line<'_>], ranks: Ranks) {
    let candidates: Vec<Candidate> =
        lines.iter().enumerate().filter_map(|(i, line)| candidate(i, line, ranks)).collect();
    if candidates.is_empty() {
        return;
    }
    let mut places: HashMap<(Level, Number), Vec<usize>> = HashMap::new();
    for (i, c) in candidates.iter().enumerate() {
        places.entry((c.level, c.number)).or_default().push(i);
    }
    let articles = || candidates.iter().filter(|c| c.level == Level::Article);
    let titled = articles().filter(|c| c.titled).count();
    let rank = ranks.of_level(Level::Article).map(usize::from);
    let region = Region {
        candidates: &candidates,
        places,
        articles: rank,
        titled: titled >= 3 && titled * 5 >= articles().count() * 3,
    };
    for i in region.accepted() {
        lines[candidates[i].line].role = Role::Division;
    }
}

fn candidate(i: usize, line: &Line<'_>, ranks: Ranks) -> Option<Candidate> {
    let marker = line.marker.filter(|m| m.style == Style::Word && m.page.is_none())?;
    let number = marker.number?;
    let rank = ranks.of_level(marker.level)?;
    if line.role != Role::Body || line.depth.is_some() && !line.first {
        return None;
    }
    let gone = super::revisions::is_deleted(marker.rest);
    let sure = marker.sure || line.heading.is_some();
    Some(Candidate {
        line: i,
        level: marker.level,
        rank,
        number,
        sure,
        titled: !marker.title.is_empty() || gone,
    })
}

struct Region<'a> {
    candidates: &'a [Candidate],
    places: HashMap<(Level, Number), Vec<usize>>,
    /// Whether the articles of this region have titles.
    titled: bool,
    /// The rank of articles.
    articles: Option<usize>,
}

impl Region<'_> {
    fn accepted(&self) -> Vec<usize> {
        let mut last: [Number; 8] = [START; 8];
        // Whether a heading of an outer level came since the last of this one.
        let mut fresh = [true; 8];
        let mut out = Vec::new();
        for (i, c) in self.candidates.iter().enumerate() {
            let rank = usize::from(c.rank);
            if !self.accepts(i, last[rank], fresh[rank]) {
                continue;
            }
            last[rank] = c.number;
            fresh[rank] = false;
            for deeper in rank + 1..8 {
                fresh[deeper] = true;
                // Sections begin anew in each chapter; articles go on.
                if Some(deeper) != self.articles {
                    last[deeper] = START;
                }
            }
            out.push(i);
        }
        out
    }

    fn accepts(&self, i: usize, last: Number, fresh: bool) -> bool {
        let c = &self.candidates[i];
        if follows(last, c.number) {
            return c.sure && (c.titled || !self.titled) || self.fills(i);
        }
        if c.number.main == 1 && c.number.branch == 0 {
            // Articles that begin anew: in each chapter, or where another rule begins in the same file.
            let two = Number { main: 2, branch: 0 };
            return c.sure
                && (fresh || self.next(i, c.level, two).is_some())
                && last.main > 1 - u32::from(fresh);
        }
        if c.number > last && c.sure && (c.titled || !self.titled) {
            return !self.later(i, last);
        }
        false
    }

    /// Whether a doubtful heading is the one with its number, and the headings go on after it.
    fn fills(&self, i: usize) -> bool {
        let c = &self.candidates[i];
        if self.next(i, c.level, c.number).is_some_and(|later| self.candidates[later].sure) {
            return false;
        }
        let next = Number { main: c.number.main + 1, branch: 0 };
        let branch = Number { main: c.number.main, branch: (c.number.branch + 1).max(2) };
        let goes_on = self.next(i, c.level, next).is_some() || self.next(i, c.level, branch).is_some();
        goes_on || !self.titled
    }

    /// Whether a number that follows `last` comes later, so that a jump over it is a quotation.
    fn later(&self, i: usize, last: Number) -> bool {
        let level = self.candidates[i].level;
        let next = Number { main: last.main + 1, branch: 0 };
        let branch = Number { main: last.main, branch: (last.branch + 1).max(2) };
        [next, branch].into_iter().any(|n| self.next(i, level, n).is_some_and(|at| self.candidates[at].sure))
    }

    fn next(&self, i: usize, level: Level, number: Number) -> Option<usize> {
        let places = self.places.get(&(level, number))?;
        places.get(places.partition_point(|at| *at <= i)).copied()
    }
}
