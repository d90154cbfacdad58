//! A content stream, followed operator by operator (ISO 32000-1, 8 and 9), for its glyphs and rules.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use hayro_font::kurbo::{Affine, Point};
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Array, Dict, Name, ObjRef, Object, Stream};
use hayro_syntax::page::Resources;

use super::super::Rect;
use super::font::{FontFace, FontSources, PdfFont};
use super::glyph::{Direction, Glyph, Painted, Text};
use super::limits::Limits;
use super::look::HiddenReason;
use super::marks::Marks;
use super::state::{State, UsedFont, matrix};
use super::stream::{Unpacked, unpack};

/// The fonts of a document, each loaded once.
#[derive(Default)]
pub(super) struct Fonts<'a> {
    sources: FontSources<'a>,
    by_reference: HashMap<ObjRef, Option<UsedFont<'a>>>,
    by_name: HashMap<(usize, Vec<u8>), Option<UsedFont<'a>>>,
    pub faces: Vec<FontFace>,
}

impl<'a> Fonts<'a> {
    fn get(&mut self, resources: &Resources<'a>, name: &Name<'_>, limit: u64) -> Option<UsedFont<'a>> {
        // Dictionaries lie in memory that stays where it is while the file is open.
        let key = (resources.fonts.data().as_ptr() as usize, name.as_ref().to_vec());
        if let Some(known) = self.by_name.get(&key) {
            return known.clone();
        }
        let reference = resources.fonts.get_ref(name);
        let known = reference.and_then(|reference| self.by_reference.get(&reference).cloned());
        let font = known.unwrap_or_else(|| resources.get_font(name).and_then(|font| self.load(&font, limit)));
        if let Some(reference) = reference {
            self.by_reference.insert(reference, font.clone());
        }
        self.by_name.insert(key, font.clone());
        font
    }

    fn load(&mut self, dictionary: &Dict<'a>, limit: u64) -> Option<UsedFont<'a>> {
        let font = PdfFont::load(dictionary, &self.sources, limit)?;
        self.faces.push(font.face.clone());
        Some((self.faces.len() as u32 - 1, Rc::new(RefCell::new(font))))
    }
}

/// What a content stream and the forms in it may still cost.
struct Left {
    operators: u64,
    bytes: u64,
    glyphs: u64,
}

/// Follows the content of one page.
pub(super) struct Interpreter<'a, 'f> {
    fonts: &'f mut Fonts<'a>,
    limits: Limits,
    left: Left,
    /// The visible part of the page.
    visible: (f32, f32),
    pub painted: Painted,
    /// Characters outside the visible part.
    pub outside: u64,
}

/// One content stream at work.
struct Frame<'a, 'r> {
    state: State<'a>,
    saved: Vec<State<'a>>,
    /// States that were not saved because there are too many.
    unsaved: u32,
    marks: Marks,
    path: Path,
    resources: &'r Resources<'a>,
    depth: u32,
}

/// The path under construction, as the boxes of its lines.
#[derive(Default)]
struct Path {
    boxes: Vec<(Point, Point)>,
    at: Point,
    start: Point,
    /// Around everything, curves included.
    extent: Option<(Point, Point)>,
}

impl Path {
    fn reach(&mut self, to: Point) {
        let (low, high) = self.extent.unwrap_or((to, to));
        self.extent = Some((
            Point::new(low.x.min(to.x), low.y.min(to.y)),
            Point::new(high.x.max(to.x), high.y.max(to.y)),
        ));
        self.at = to;
    }

    fn line(&mut self, to: Point) {
        if self.boxes.len() < 1 << 16 {
            self.boxes.push((self.at, to));
        }
        self.reach(to);
    }
}

impl<'a, 'f> Interpreter<'a, 'f> {
    pub fn new(fonts: &'f mut Fonts<'a>, limits: &Limits, width: f32, height: f32) -> Self {
        let Limits { page_operators: operators, page_bytes: bytes, page_glyphs: glyphs, .. } = *limits;
        let left = Left { operators, bytes, glyphs };
        let visible = (width, height);
        Self { fonts, limits: *limits, left, visible, painted: Painted::default(), outside: 0 }
    }

    fn stop(&mut self, what: &'static str, limit: u64) {
        self.painted.too_much.get_or_insert((what, limit));
    }

    /// The content of a stream, within what the page may still unpack.
    pub fn unpacked<'s>(&mut self, stream: &Stream<'s>) -> Option<std::borrow::Cow<'s, [u8]>> {
        match unpack(stream, self.left.bytes) {
            Ok(content) => {
                self.left.bytes -= (content.len() as u64).min(self.left.bytes);
                Some(content)
            }
            Err(Unpacked::TooMuch) => {
                self.stop("bytes", self.limits.page_bytes);
                None
            }
            Err(Unpacked::Broken) => {
                self.painted.is_damaged = true;
                None
            }
        }
    }

    /// Follows `content` from the page transform `page`.
    pub fn run(&mut self, content: &[u8], resources: &Resources<'a>, page: Affine) {
        self.follow(content, resources, State::new(page), 0);
    }

    fn follow(&mut self, content: &[u8], resources: &Resources<'a>, state: State<'a>, depth: u32) {
        if depth > self.limits.form_depth {
            return self.stop("form depth", u64::from(self.limits.form_depth));
        }
        let mut frame = Frame {
            state,
            saved: Vec::new(),
            unsaved: 0,
            marks: Marks::default(),
            path: Path::default(),
            resources,
            depth,
        };
        let mut operators = TypedIter::new(content);
        while let Some(op) = operators.next() {
            if self.left.operators == 0 {
                return self.stop("operators", self.limits.page_operators);
            }
            self.left.operators -= 1;
            let is_done = frame.state.set_text(&op) || frame.state.set_colour(&op);
            if !is_done && !self.show_operator(&op, &mut frame) && !self.path_operator(&op, &mut frame) {
                self.other_operator(&op, &mut frame);
            }
        }
    }

    fn other_operator(&mut self, op: &Op<'_, '_>, frame: &mut Frame<'a, '_>) {
        match op {
            Op::SaveState(_) if frame.saved.len() < self.limits.states as usize => {
                frame.saved.push(frame.state.clone());
            }
            Op::SaveState(_) => {
                frame.unsaved += 1;
                self.stop("graphics states", u64::from(self.limits.states));
            }
            Op::RestoreState(_) if frame.unsaved > 0 => frame.unsaved -= 1,
            Op::RestoreState(_) => {
                if let Some(saved) = frame.saved.pop() {
                    let (text, line) = (frame.state.text, frame.state.line);
                    frame.state = State { text, line, ..saved };
                }
            }
            Op::Transform(m) => frame.state.page *= matrix([&m.0, &m.1, &m.2, &m.3, &m.4, &m.5]),
            Op::SetGraphicsState(name) => self.graphics_state(name.0, frame),
            Op::TextFont(font) => {
                frame.state.size = font.1.as_f64();
                frame.state.font = self.fonts.get(frame.resources, font.0, self.limits.stream_bytes);
            }
            Op::BeginMarkedContent(tag) => frame.marks.begin(tag.0, None),
            Op::BeginMarkedContentWithProperties(mark) => {
                let properties = match mark.1 {
                    Object::Dict(own) => Some(own.clone()),
                    Object::Name(name) => frame.resources.properties.get::<Dict<'_>>(name.as_ref()),
                    _ => None,
                };
                frame.marks.begin(mark.0, properties.as_ref());
            }
            Op::EndMarkedContent(_) => frame.marks.end(),
            Op::XObject(name) => self.external(name.0, frame),
            Op::InlineImage(_) => self.picture(frame.state.page),
            _ => {}
        }
    }

    fn graphics_state(&mut self, name: &Name<'_>, frame: &mut Frame<'a, '_>) {
        let Some(font) = frame.resources.get_ext_g_state(name).and_then(|s| s.get::<Array<'_>>(b"Font"))
        else {
            return;
        };
        let mut parts = font.flex_iter();
        if let (Some(font), Some(size)) = (parts.next::<Dict<'_>>(), parts.next::<f64>()) {
            frame.state.size = size;
            frame.state.font = self.fonts.load(&font, self.limits.stream_bytes);
        }
    }

    fn external(&mut self, name: &Name<'_>, frame: &mut Frame<'a, '_>) {
        let Some(object) = frame.resources.get_x_object(name) else { return };
        let dictionary = object.dict();
        let is = |kind: &[u8]| dictionary.get::<Name<'_>>(b"Subtype").is_some_and(|n| n.as_ref() == kind);
        if is(b"Image") {
            return self.picture(frame.state.page);
        }
        if is(b"Form") {
            let own = dictionary.get::<Dict<'_>>(b"Resources").map(Resources::new);
            let resources = own.as_ref().unwrap_or(frame.resources);
            self.form(&object, resources, &frame.state, frame.depth + 1);
        }
    }

    /// Follows a form from the state it is called in.
    fn form(&mut self, form: &Stream<'a>, resources: &Resources<'a>, state: &State<'a>, depth: u32) {
        let Some(content) = self.unpacked(form) else { return };
        let own = form.dict().get::<[f64; 6]>(b"Matrix").map_or(Affine::IDENTITY, Affine::new);
        let state = State { page: state.page * own, ..state.clone() };
        self.follow(&content, resources, state, depth);
    }

    /// Follows what an annotation shows, with its box moved to `to`.
    pub fn appearance(&mut self, form: &Stream<'a>, resources: &Resources<'a>, page: Affine, to: Point) {
        let corner = form.dict().get::<[f64; 4]>(b"BBox").unwrap_or_default();
        let shift = (to.x - corner[0].min(corner[2]), to.y - corner[1].min(corner[3]));
        let state = State::new(page * Affine::translate(shift));
        self.form(form, resources, &state, 1);
    }

    fn picture(&mut self, page: Affine) {
        self.painted.pictures += 1;
        self.ground(bounds(page, Point::ORIGIN, Point::new(1.0, 1.0)));
    }

    fn ground(&mut self, area: Rect) {
        if self.painted.grounds.len() < 4096 {
            self.painted.grounds.push(area);
        }
    }

    /// The operators of paths; `false` for any other.
    fn path_operator(&mut self, op: &Op<'_, '_>, frame: &mut Frame<'a, '_>) -> bool {
        let path = &mut frame.path;
        match op {
            Op::RectPath(r) => {
                let corner = Point::new(r.0.as_f64(), r.1.as_f64());
                path.reach(corner);
                path.line(corner + (r.2.as_f64(), r.3.as_f64()));
                (path.at, path.start) = (corner, corner);
            }
            Op::MoveTo(p) => {
                path.reach(Point::new(p.0.as_f64(), p.1.as_f64()));
                path.start = path.at;
            }
            Op::LineTo(p) => path.line(Point::new(p.0.as_f64(), p.1.as_f64())),
            Op::CubicTo(c) => path.reach(Point::new(c.4.as_f64(), c.5.as_f64())),
            Op::CubicStartTo(c) => path.reach(Point::new(c.2.as_f64(), c.3.as_f64())),
            Op::CubicEndTo(c) => path.reach(Point::new(c.2.as_f64(), c.3.as_f64())),
            Op::ClosePath(_) => path.line(path.start),
            Op::StrokePath(_) => self.paint(frame, false),
            Op::CloseAndStrokePath(_) => {
                path.line(path.start);
                self.paint(frame, false);
            }
            Op::FillPathNonZero(_)
            | Op::FillPathNonZeroCompatibility(_)
            | Op::FillPathEvenOdd(_)
            | Op::FillAndStrokeNonZero(_)
            | Op::FillAndStrokeEvenOdd(_)
            | Op::CloseFillAndStrokeNonZero(_)
            | Op::CloseFillAndStrokeEvenOdd(_) => self.paint(frame, true),
            Op::EndPath(_) => *path = Path::default(),
            _ => return false,
        }
        true
    }

    fn paint(&mut self, frame: &mut Frame<'a, '_>, fills: bool) {
        let path = std::mem::take(&mut frame.path);
        let page = frame.state.page;
        for &(from, to) in &path.boxes {
            let area = bounds(page, from, to);
            if self.painted.rules.len() < 20_000 && area.x0.is_finite() && area.y1.is_finite() {
                self.painted.rules.push(area);
            }
        }
        if let Some((low, high)) = path.extent.filter(|_| fills && !frame.state.fill_is_white) {
            self.ground(bounds(page, low, high));
        }
    }

    /// The operators that show text; `false` for any other.
    fn show_operator(&mut self, op: &Op<'_, '_>, frame: &mut Frame<'a, '_>) -> bool {
        match op {
            Op::ShowText(text) => self.show(text.0.as_bytes(), frame),
            Op::NextLineAndShowText(text) => {
                frame.state.next_line(0.0, -frame.state.leading);
                self.show(text.0.as_bytes(), frame);
            }
            Op::ShowTextWithParameters(x) => {
                frame.state.word_spacing = x.0.as_f64();
                frame.state.character_spacing = x.1.as_f64();
                frame.state.next_line(0.0, -frame.state.leading);
                self.show(x.2.as_bytes(), frame);
            }
            Op::ShowTexts(parts) => {
                for part in parts.0.iter::<Object<'_>>() {
                    match part {
                        Object::Number(back) => shift(&mut frame.state, -back.as_f64() / 1000.0),
                        Object::String(text) => self.show(text.as_bytes(), frame),
                        _ => {}
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn show(&mut self, mut bytes: &[u8], frame: &mut Frame<'a, '_>) {
        let Some((index, font)) = frame.state.font.clone() else {
            self.painted.shown += bytes.len() as u64;
            self.painted.unknown += bytes.len() as u64;
            return;
        };
        let mut font = font.borrow_mut();
        while !bytes.is_empty() {
            if self.left.glyphs == 0 {
                return self.stop("glyphs", self.limits.page_glyphs);
            }
            self.left.glyphs -= 1;
            let (code, length) = font.next_code(bytes);
            bytes = &bytes[length.clamp(1, bytes.len())..];
            let known = font.code(code, length);
            let is_blank_byte = code == 32 && length == 1;
            let placed = Placed::new(&frame.state, &font, f64::from(known.advance) / 1000.0);
            let state = &mut frame.state;
            let spacing = state.character_spacing + if is_blank_byte { state.word_spacing } else { 0.0 };
            state.text *= Affine::translate(if font.is_horizontal() {
                ((placed.advance + spacing) * state.stretch, 0.0)
            } else {
                (0.0, -(placed.advance + spacing))
            });
            let text = frame.marks.replace(known.text.unwrap_or(Text::One('\u{fffd}')));
            self.keep(text, &placed, (index, font.is_bold()), frame);
        }
    }

    /// Keeps a glyph, or counts why it is left out.
    fn keep(&mut self, text: Option<Text>, placed: &Placed, font: (u32, bool), frame: &Frame<'a, '_>) {
        let state = &frame.state;
        let Some(text) = text else { return self.widen(placed) };
        let count = if text.is_blank() { 0 } else { text.count() };
        self.painted.shown += count;
        let (x, y) = (placed.middle.x as f32, placed.middle.y as f32);
        let is_inside =
            (-1.0..=self.visible.0 + 1.0).contains(&x) && (-1.0..=self.visible.1 + 1.0).contains(&y);
        if !is_inside || !placed.size.is_finite() {
            self.outside += count;
            self.painted.unseen.push(&text, &placed.glyph_bounds(), HiddenReason::Outside);
            return;
        }
        // Letters of less than half a point are there for machines.
        if state.is_invisible() || placed.size < 0.5 {
            self.painted.hidden += count;
            let reason = if state.is_invisible() { HiddenReason::Invisible } else { HiddenReason::Tiny };
            self.painted.unseen.push(&text, &placed.glyph_bounds(), reason);
            return;
        }
        if text == Text::One('\u{fffd}') {
            self.painted.unknown += 1;
        }
        self.painted.glyphs.push(Glyph {
            text,
            x0: placed.x0,
            x1: placed.x1,
            y: placed.y,
            size: placed.size,
            direction: placed.direction,
            font: font.0,
            bold: font.1 || state.mode == 2,
            artifact: frame.marks.is_artifact(),
            white: state.fill_is_white && matches!(state.mode, 0 | 4),
        });
    }

    /// A span whose text is replaced is as wide as all of its glyphs.
    fn widen(&mut self, placed: &Placed) {
        if let Some(last) = self.painted.glyphs.last_mut()
            && last.direction.is(placed.direction)
            && (last.y - placed.y).abs() < placed.size * 0.25
        {
            last.x1 = last.x1.max(placed.x1);
        }
    }
}

/// Where a glyph comes to stand.
struct Placed {
    /// In text space, before stretching.
    advance: f64,
    x0: f32,
    x1: f32,
    y: f32,
    size: f32,
    direction: Direction,
    /// On the page.
    middle: Point,
}

impl Placed {
    /// A glyph that is `width` ems wide.
    fn new(state: &State<'_>, font: &PdfFont<'_>, width: f64) -> Self {
        let to_page = state.page * state.text;
        let [a, b, c, d, ..] = to_page.as_coeffs();
        let is_horizontal = font.is_horizontal();
        let advance = width * state.size;
        let end =
            if is_horizontal { (advance * state.stretch, state.rise) } else { (0.0, state.rise - advance) };
        let (start, end) = (to_page * Point::new(0.0, state.rise), to_page * Point::new(end.0, end.1));
        let (x, y) = if is_horizontal { (a, b) } else { (-c, -d) };
        let length = x.hypot(y);
        let direction = if length > 0.0 {
            Direction { x: (x / length) as f32, y: (y / length) as f32 }
        } else {
            Direction::RIGHT
        };
        let height = if is_horizontal { c.hypot(d) } else { a.hypot(b) };
        let size = (state.size.abs() * height) as f32;
        // The em of a drawn font is its own affair; a point at least keeps its glyphs apart.
        let size = if font.is_type3() { size.max(1.0) } else { size };
        let (from, across) = direction.turn(start.x as f32, start.y as f32);
        let (to, _) = direction.turn(end.x as f32, end.y as f32);
        Self {
            advance,
            x0: from.min(to),
            x1: from.max(to),
            y: across,
            size,
            direction,
            middle: start.midpoint(end),
        }
    }

    /// The rectangle on the page that the glyph fills, more or less.
    fn glyph_bounds(&self) -> Rect {
        self.direction.bounds(self.x0, self.y, self.x1, self.y + self.size * 0.8)
    }
}

/// Moves on by ems, as the numbers between strings do.
fn shift(state: &mut State<'_>, ems: f64) {
    let is_horizontal = state.font.as_ref().is_none_or(|(_, font)| font.borrow().is_horizontal());
    let by = ems * state.size;
    state.text *= Affine::translate(if is_horizontal { (by * state.stretch, 0.0) } else { (0.0, by) });
}

/// The page's rectangle around two corners.
fn bounds(page: Affine, from: Point, to: Point) -> Rect {
    let (from, to) = (page * from, page * to);
    Rect {
        x0: from.x.min(to.x) as f32,
        y0: from.y.min(to.y) as f32,
        x1: from.x.max(to.x) as f32,
        y1: from.y.max(to.y) as f32,
    }
}
