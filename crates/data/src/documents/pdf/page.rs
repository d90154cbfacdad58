//! One page: its content → lines and grids, and what a person should know of it.

use hayro_font::kurbo::{Affine, Point};
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_syntax::page::{Page, Resources};

use super::super::{PageFinding, PageReport, Rect};
use super::columns;
use super::glyph::{Glyph, Painted};
use super::grid::{self, Grid};
use super::interpreter::{Fonts, Interpreter};
use super::limits::Limits;
use super::line::{self, Line, Work};
use super::look::{HiddenLook, HiddenReason};
use super::words::Blanks;

/// How the lines of a page were put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As the content has them.
    Content,
    /// By columns, because the content runs upwards too often.
    Geometry,
}

/// A page whose glyphs have become lines.
#[derive(Debug)]
pub(super) struct PageLines {
    pub report: PageReport,
    pub lines: Vec<Line>,
    pub grids: Vec<Grid>,
    pub order: Order,
    pub hidden: Vec<HiddenLook>,
}

/// Reads a page; it never fails, and says what it met in its report.
pub(super) fn read<'a>(page: &'a Page<'a>, number: u32, fonts: &mut Fonts<'a>, limits: &Limits) -> PageLines {
    let (width, height) = page.render_dimensions();
    let mut interpreter = Interpreter::new(fonts, limits, width, height);
    // What the libraries below do not expect must not end the reading of the other pages.
    let followed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| follow(page, &mut interpreter)));
    let outside = interpreter.outside;
    let mut painted = std::mem::take(&mut interpreter.painted);
    painted.is_damaged |= followed.is_err();
    hide_white_on_white(&mut painted);
    let findings = findings(&painted, outside);
    let heights: Vec<(f32, f32)> = fonts.faces.iter().map(|face| (face.ascent, face.descent)).collect();
    let mut work = Work(400_000_000);
    let hidden = std::mem::take(&mut painted.unseen).found();
    let (lines, grids, order) = lay_out(painted.glyphs, &painted.rules, &heights, &mut work);
    let characters = lines.iter().map(|line| line.text.chars().count() as u64).sum();
    let report = PageReport { page: number, width, height, characters, findings };
    PageLines { report, lines, grids, order, hidden }
}

fn follow<'a>(page: &'a Page<'a>, interpreter: &mut Interpreter<'a, '_>) {
    let to_page = Affine::new(page.initial_transform(false).as_coeffs());
    let mut content = Vec::new();
    for stream in contents(page) {
        if let Some(part) = interpreter.unpacked(&stream) {
            content.extend_from_slice(&part);
            content.push(b' ');
        }
    }
    interpreter.run(&content, page.resources(), to_page);
    let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else { return };
    for annotation in annotations.iter::<Dict<'_>>() {
        appearance(&annotation, page, interpreter, to_page);
    }
}

fn contents<'a>(page: &'a Page<'a>) -> Vec<Stream<'a>> {
    match page.raw().get::<Object<'a>>(b"Contents") {
        Some(Object::Stream(one)) => vec![one],
        Some(Object::Array(several)) => several.iter::<Stream<'a>>().collect(),
        _ => Vec::new(),
    }
}

/// Fields of forms and typed remarks show text of their own.
fn appearance<'a>(
    annotation: &Dict<'a>,
    page: &'a Page<'a>,
    interpreter: &mut Interpreter<'a, '_>,
    to_page: Affine,
) {
    const HIDDEN: u32 = 2;
    let kind = annotation.get::<Name<'_>>(b"Subtype");
    let shows_text = kind.is_some_and(|kind| matches!(kind.as_ref(), b"Widget" | b"FreeText"));
    if !shows_text || annotation.get::<u32>(b"F").unwrap_or(0) & HIDDEN != 0 {
        return;
    }
    let Some(form) = annotation.get::<Dict<'a>>(b"AP").and_then(|looks| looks.get::<Stream<'a>>(b"N")) else {
        return;
    };
    let rect = annotation.get::<[f64; 4]>(b"Rect").unwrap_or_default();
    let corner = Point::new(rect[0].min(rect[2]), rect[1].min(rect[3]));
    let own = form.dict().get::<Dict<'a>>(b"Resources").map(Resources::new);
    interpreter.appearance(&form, own.as_ref().unwrap_or(page.resources()), to_page, corner);
}

/// The rectangle on the page that a glyph fills, more or less.
fn bounds(glyph: &Glyph) -> Rect {
    glyph.direction.bounds(glyph.x0, glyph.y, glyph.x1, glyph.y + glyph.size * 0.7)
}

/// Leaves out white letters that stand on nothing.
fn hide_white_on_white(painted: &mut Painted) {
    if painted.glyphs.iter().all(|glyph| !glyph.white) {
        return;
    }
    let grounds = std::mem::take(&mut painted.grounds);
    let is_seen = |glyph: &Glyph| {
        let b = bounds(glyph);
        let (x, y) = (f32::midpoint(b.x0, b.x1), f32::midpoint(b.y0, b.y1));
        !glyph.white || grounds.iter().any(|g| x >= g.x0 && x <= g.x1 && y >= g.y0 && y <= g.y1)
    };
    let (hidden, unseen) = (&mut painted.hidden, &mut painted.unseen);
    painted.glyphs.retain(|glyph| {
        let is_seen = is_seen(glyph);
        if !is_seen {
            *hidden += if glyph.text.is_blank() { 0 } else { glyph.text.count() };
            unseen.push(&glyph.text, &bounds(glyph), HiddenReason::White);
        }
        is_seen
    });
}

fn findings(painted: &Painted, outside: u64) -> Vec<PageFinding> {
    let mut findings = Vec::new();
    let visible = painted.shown - painted.hidden.min(painted.shown) - outside.min(painted.shown);
    let unknown = painted.unknown;
    if (painted.pictures > 0 && visible == 0) || unknown * 20 > painted.shown {
        findings.push(PageFinding::NeedsOcr { unknown });
    } else if unknown > 0 {
        findings.push(PageFinding::UnknownCharacters { count: unknown });
    }
    if painted.hidden > 0 {
        findings.push(PageFinding::HiddenText { characters: painted.hidden });
    }
    if outside > 0 {
        findings.push(PageFinding::OutsidePage { characters: outside });
    }
    if painted.is_damaged {
        findings.push(PageFinding::Damaged);
    }
    if let Some((what, limit)) = painted.too_much {
        findings.push(PageFinding::TooMuch { what: what.to_owned(), limit });
    }
    findings
}

fn lay_out(
    glyphs: Vec<Glyph>,
    rules: &[Rect],
    heights: &[(f32, f32)],
    work: &mut Work,
) -> (Vec<Line>, Vec<Grid>, Order) {
    let uprights = grid::uprights(rules);
    let mut grids = grid::grids(rules);
    let (runs, blanks) = line::runs(glyphs, &uprights, work);
    let count = runs.iter().map(|run| run.glyphs.len()).sum();
    let blanks = Blanks::new(blanks, count);
    let joined = line::join(runs, &uprights, work);
    let mut lines: Vec<Line> = joined.into_iter().map(|run| line::finish(run, &blanks, heights)).collect();
    lines.retain(|line| !line.text.is_empty());
    grid::place(&mut lines, &mut grids);
    let mut order = Order::Content;
    if columns::disorder(&lines) >= 0.2 {
        lines = columns::in_order(lines, &grids);
        order = Order::Geometry;
    }
    line::join_page_numbers(&mut lines);
    (lines, grids, order)
}
