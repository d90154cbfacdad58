//! Glyphs → lines: the order of the content first, geometry second.
//!
//! A run breaks where the content jumps. Each run then joins one of the last lines of its direction and baseline,
//! if it fills a hole there or stands beside it, covers nothing and no vertical rule lies between.

use super::super::Rect;
use super::glyph::{Blank, Direction, Glyph};
use super::words;

/// A line of a page, or the part of it that stands in one cell or column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub text: String,
    /// Whether the file writes a blank after the last letter.
    pub ends_with_blank: bool,
    /// Along the direction, in points.
    pub x0: f32,
    pub x1: f32,
    /// The baseline, across the direction.
    pub y: f32,
    /// Of most of its letters, in half points.
    pub size: f32,
    /// The share of its letters that are bold.
    pub bold: f32,
    pub font: u32,
    pub direction: Direction,
    /// On the page.
    pub bounds: Rect,
    /// The cell of a table that it stands in.
    pub cell: Option<CellPlace>,
    /// Marked as furniture by the producer.
    pub artifact: bool,
    /// An entry of a contents page, by the number that stands at the column's end.
    pub is_entry: bool,
}

impl Line {
    pub fn is_level(&self) -> bool {
        self.direction.is_level()
    }

    pub fn is_bold(&self) -> bool {
        self.bold > 0.5
    }
}

/// A cell: the grid of the page, and the place of its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CellPlace {
    pub grid: usize,
    pub row: usize,
    pub column: usize,
}

/// Glyphs that belong together: a run first, a line when all its runs are found.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub glyphs: Vec<Glyph>,
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    pub size: f32,
    pub direction: Direction,
}

impl Run {
    fn new(glyph: Glyph) -> Self {
        let Glyph { x0, x1, y, size, direction, .. } = glyph;
        Self { glyphs: vec![glyph], x0, x1, y, size, direction }
    }

    fn push(&mut self, glyph: Glyph) {
        self.x0 = self.x0.min(glyph.x0);
        self.x1 = self.x1.max(glyph.x1);
        self.size = self.size.max(glyph.size);
        self.glyphs.push(glyph);
    }

    fn absorb(&mut self, other: Self) {
        self.x0 = self.x0.min(other.x0);
        self.x1 = self.x1.max(other.x1);
        if other.size > self.size {
            (self.size, self.y) = (other.size, other.y);
        }
        self.glyphs.extend(other.glyphs);
    }

    fn middle(&self) -> f32 {
        f32::midpoint(self.x0, self.x1)
    }

    /// Whether two runs can stand on one line, by direction and baseline. Superscripts may be off by more.
    fn shares_line(&self, other: &Self, tolerance: f32) -> bool {
        let is_small = self.size < other.size * 0.8 || other.size < self.size * 0.8;
        let tolerance = if is_small { 0.5 } else { tolerance };
        self.direction.is(other.direction)
            && (self.y - other.y).abs() <= self.size.max(other.size) * tolerance
    }

    /// The em by which distances to another run are measured: a heading's is too wide for the text beside it.
    fn gap_em(&self, other: &Self) -> f32 {
        self.size.min(other.size)
    }
}

/// What joining runs may still cost, in comparisons.
pub(super) struct Work(pub u64);

impl Work {
    fn spend(&mut self, amount: usize) -> bool {
        self.0 = self.0.saturating_sub(amount as u64 + 1);
        self.0 > 0
    }
}

/// A vertical rule: its place, its lower and its upper end.
pub(super) type Upright = (f32, f32, f32);

/// The glyphs of a page as runs, in content order, and its blanks.
pub(super) fn runs(glyphs: Vec<Glyph>, uprights: &[Upright], work: &mut Work) -> (Vec<Run>, Vec<Blank>) {
    let mut runs: Vec<Run> = Vec::new();
    let mut blanks = Vec::new();
    for glyph in glyphs {
        if glyph.text.is_blank() {
            if glyph.text.parts_words() {
                blanks.push(Blank { x0: glyph.x0, x1: glyph.x1, y: glyph.y, direction: glyph.direction });
            }
            continue;
        }
        if let Some(run) = runs.last_mut()
            && let Some(last) = run.glyphs.last_mut()
            && last.direction.is(glyph.direction)
        {
            let em = last.size.max(glyph.size).max(0.1);
            let gap = glyph.x0 - last.x1;
            if (last.y - glyph.y).abs() < em * 0.25 {
                if glyph.repeats(last) {
                    last.bold = true;
                    continue;
                }
                if gap > -em * 0.5 && gap < em * 0.8 && !is_parted(last, &glyph, uprights, work) {
                    run.push(glyph);
                    continue;
                }
            }
        }
        runs.push(Run::new(glyph));
    }
    (without_repeated(runs), blanks)
}

/// Leaves out runs that are painted twice, a little apart, to look bold.
fn without_repeated(runs: Vec<Run>) -> Vec<Run> {
    let mut kept: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        let earlier = kept.iter_mut().rev().take(12).find(|earlier| {
            earlier.glyphs.len() == run.glyphs.len()
                && earlier.direction.is(run.direction)
                && run.glyphs.iter().zip(&earlier.glyphs).all(|(a, b)| a.repeats(b))
        });
        match earlier {
            Some(earlier) => earlier.glyphs.iter_mut().for_each(|glyph| glyph.bold = true),
            None => kept.push(run),
        }
    }
    kept
}

/// Runs put together to lines.
pub(super) fn join(runs: Vec<Run>, uprights: &[Upright], work: &mut Work) -> Vec<Run> {
    let mut lines: Vec<Run> = Vec::new();
    for run in runs {
        match home(&lines, &run, uprights, work) {
            Some(at) => {
                let y = lines[at].y;
                lines[at].absorb(run);
                // A line keeps the baseline that it began with.
                lines[at].y = y;
            }
            None => lines.push(run),
        }
    }
    join_neighbours(&mut lines, uprights, work);
    lines
}

/// Which of the last sixty lines a run belongs to.
fn home(lines: &[Run], run: &Run, uprights: &[Upright], work: &mut Work) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (at, line) in lines.iter().enumerate().rev().take(60) {
        let em = line.gap_em(run);
        let is_near = run.x0 < line.x1 + 2.0 * em && run.x1 > line.x0 - 2.0 * em;
        if !is_near || !line.shares_line(run, 0.35) || !work.spend(line.glyphs.len()) {
            continue;
        }
        let Some(hole) = Hole::of(line, run, work) else { continue };
        let gap = hole.left_gap(run).min(hole.right_gap(run));
        let widest = if at + 1 == lines.len() { 1.5 } else { 0.9 };
        let is_inside = run.x0 > line.x0 - 0.2 * em && run.x1 < line.x1 + 0.2 * em;
        let fits = gap < widest * em || (is_inside && gap < 2.0 * em);
        if !fits || (gap > 1.0 && hole.is_ruled_off(run, uprights, work)) {
            continue;
        }
        let score = gap.max(0.0) + (line.y - run.y).abs() * 2.0;
        if best.is_none_or(|(_, least)| score < least) {
            best = Some((at, score));
        }
    }
    best.map(|(at, _)| at)
}

/// The place that a line leaves for a run: the ends of its nearest glyphs on both sides.
struct Hole {
    left: f32,
    right: f32,
}

impl Hole {
    /// `None` where the run would cover what is there.
    fn of(line: &Run, run: &Run, work: &mut Work) -> Option<Self> {
        let mut hole = Self { left: f32::MIN, right: f32::MAX };
        for glyph in &line.glyphs {
            if glyph.middle() <= run.middle() {
                hole.left = hole.left.max(glyph.x1);
            } else {
                hole.right = hole.right.min(glyph.x0);
            }
            if glyph.x1 < run.x0 || glyph.x0 > run.x1 {
                continue;
            }
            work.spend(run.glyphs.len());
            if run.glyphs.iter().any(|other| covered(glyph, other) > 0.5) {
                return None;
            }
        }
        Some(hole)
    }

    fn left_gap(&self, run: &Run) -> f32 {
        if self.left > f32::MIN { run.x0 - self.left } else { f32::MAX }
    }

    fn right_gap(&self, run: &Run) -> f32 {
        if self.right < f32::MAX { self.right - run.x1 } else { f32::MAX }
    }

    /// Whether a vertical rule stands between the run and its nearer neighbour.
    fn is_ruled_off(&self, run: &Run, uprights: &[Upright], work: &mut Work) -> bool {
        work.spend(uprights.len());
        let (from, to) =
            if self.left_gap(run) < self.right_gap(run) { (self.left, run.x0) } else { (run.x1, self.right) };
        run.direction.is_level() && is_ruled(uprights, from, to, run.y, run.size)
    }
}

/// Whether a vertical rule stands between two glyphs, as it does between the cells of a narrow table.
fn is_parted(left: &Glyph, right: &Glyph, uprights: &[Upright], work: &mut Work) -> bool {
    right.x0 - left.x1 > 1.0
        && right.direction.is_level()
        && work.spend(uprights.len())
        && is_ruled(uprights, left.x1, right.x0, right.y, right.size)
}

fn is_ruled(uprights: &[Upright], from: f32, to: f32, y: f32, size: f32) -> bool {
    uprights
        .iter()
        .any(|&(x, low, high)| low <= y && high >= y + size * 0.3 && x > from - 1.0 && x < to + 1.0)
}

/// How much of the wider of two glyphs the other covers; 1 where the narrower stands in its middle.
fn covered(a: &Glyph, b: &Glyph) -> f32 {
    let width = |g: &Glyph| (g.x1 - g.x0).max(0.1);
    let (narrow, wide) = if width(a) < width(b) { (a, b) } else { (b, a) };
    let margin = 0.3 * width(wide);
    if narrow.middle() > wide.x0 + margin && narrow.middle() < wide.x1 - margin {
        return 1.0;
    }
    (a.x1.min(b.x1) - a.x0.max(b.x0)).max(0.0) / width(wide)
}

/// Joins lines that share a baseline and touch, however far apart the content has them.
fn join_neighbours(lines: &mut Vec<Run>, uprights: &[Upright], work: &mut Work) {
    let mut i = 0;
    while i < lines.len() {
        let (mut j, mut grew) = (i + 1, false);
        while j < lines.len() && j < i + 40 {
            if touch(&lines[i], &lines[j], uprights, work) {
                let other = lines.remove(j);
                lines[i].absorb(other);
                grew = true;
            } else {
                j += 1;
            }
        }
        if !grew {
            i += 1;
        }
    }
}

fn touch(a: &Run, b: &Run, uprights: &[Upright], work: &mut Work) -> bool {
    let em = a.gap_em(b) * 0.9;
    if !a.shares_line(b, 0.3) || b.x0 >= a.x1 + em || a.x0 >= b.x1 + em {
        return false;
    }
    if !work.spend(a.glyphs.len() * b.glyphs.len()) {
        return false;
    }
    let clash =
        b.glyphs.iter().any(|x| a.glyphs.iter().any(|y| y.x1 > x.x0 && y.x0 < x.x1 && covered(x, y) > 0.5));
    let (left, right) = if a.x0 < b.x0 { (a, b) } else { (b, a) };
    let ruled =
        right.x0 > left.x1 && a.direction.is_level() && is_ruled(uprights, left.x1, right.x0, a.y, a.size);
    !clash && !ruled
}

/// A line from its glyphs. `heights` are the ascent and the descent of each font, in ems.
pub(super) fn finish(mut run: Run, blanks: &words::Blanks, heights: &[(f32, f32)]) -> Line {
    run.glyphs.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    run.glyphs.dedup_by(|later, earlier| {
        let repeats = later.repeats(earlier);
        earlier.bold |= repeats;
        repeats
    });
    let (text, ends_with_blank) = words::text(&run, blanks);
    let (mut bottom, mut top, mut bold) = (f32::MAX, f32::MIN, 0_usize);
    for glyph in &run.glyphs {
        let (ascent, descent) = heights.get(glyph.font as usize).copied().unwrap_or((0.88, -0.2));
        bottom = bottom.min(glyph.y + descent * glyph.size);
        top = top.max(glyph.y + ascent * glyph.size);
        bold += usize::from(glyph.bold);
    }
    let half_points = |g: &Glyph| (g.size * 2.0).round() as i64;
    Line {
        text,
        ends_with_blank,
        x0: run.x0,
        x1: run.x1,
        y: run.y,
        size: most(run.glyphs.iter().map(half_points)) as f32 / 2.0,
        bold: bold as f32 / run.glyphs.len() as f32,
        font: most(run.glyphs.iter().map(|g| i64::from(g.font))) as u32,
        direction: run.direction,
        bounds: run.direction.bounds(run.x0, bottom, run.x1, top),
        cell: None,
        artifact: run.glyphs.iter().all(|g| g.artifact),
        is_entry: false,
    }
}

/// Puts page numbers that stand alone at the end of a line of text, as on contents pages without dots, to that line.
/// Three of them in a column are needed.
pub(super) fn join_page_numbers(lines: &mut Vec<Line>) {
    let is_number = |line: &Line| line.text.len() <= 4 && line.text.bytes().all(|b| b.is_ascii_digit());
    let belongs = |pair: &[Line]| {
        let (text, number) = (&pair[0], &pair[1]);
        is_number(number)
            && !is_number(text)
            && text.cell.is_none()
            && number.cell.is_none()
            && text.direction.is(number.direction)
            && (text.y - number.y).abs() < text.size * 0.3
            && number.x0 > text.x1
    };
    let found: Vec<usize> =
        lines.windows(2).enumerate().filter(|(_, pair)| belongs(pair)).map(|(at, _)| at).collect();
    let aligned = |at: usize| {
        found.iter().filter(|other| (lines[**other + 1].x1 - lines[at + 1].x1).abs() < 2.0).count() >= 3
    };
    let joined: Vec<usize> = found.iter().copied().filter(|at| aligned(*at)).collect();
    for at in joined.into_iter().rev() {
        let number = lines.remove(at + 1);
        let line = &mut lines[at];
        line.text = format!("{} {}", line.text, number.text);
        line.x1 = number.x1;
        line.bounds.x1 = line.bounds.x1.max(number.bounds.x1);
        line.is_entry = true;
    }
}

/// The value that occurs most; the largest of several.
fn most(values: impl Iterator<Item = i64>) -> i64 {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable();
    let groups = values.chunk_by(|a, b| a == b).map(|group| (group.len(), group[0]));
    groups.max().map_or(0, |(_, value)| value)
}
