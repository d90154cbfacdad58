//! The graphics and text state of a content stream (ISO 32000-1, 8.4 and 9.3).

use std::cell::RefCell;
use std::rc::Rc;

use hayro_font::kurbo::Affine;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::Number;

use super::font::PdfFont;

/// The font in use, and its place in the document's list.
pub(super) type UsedFont<'a> = (u32, Rc<RefCell<PdfFont<'a>>>);

/// What `q` saves and `Q` restores, and the text matrices, which they leave alone.
#[derive(Clone)]
pub(super) struct State<'a> {
    pub page: Affine,
    pub text: Affine,
    pub line: Affine,
    pub character_spacing: f64,
    pub word_spacing: f64,
    /// 1 is 100 %.
    pub stretch: f64,
    pub leading: f64,
    pub rise: f64,
    pub mode: i64,
    pub size: f64,
    pub font: Option<UsedFont<'a>>,
    pub fill_is_white: bool,
}

impl State<'_> {
    pub fn new(page: Affine) -> Self {
        Self {
            page,
            text: Affine::IDENTITY,
            line: Affine::IDENTITY,
            character_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0,
            size: 1.0,
            font: None,
            fill_is_white: false,
        }
    }

    /// Text that leaves no ink: neither filled nor stroked.
    pub fn is_invisible(&self) -> bool {
        self.mode == 3 || self.mode == 7
    }

    /// To the beginning of the line `(x, y)` from the beginning of this one.
    pub fn next_line(&mut self, x: f64, y: f64) {
        self.line *= Affine::translate((x, y));
        self.text = self.line;
    }

    /// The operators that set text state or text position; `false` for any other.
    pub fn set_text(&mut self, op: &Op<'_, '_>) -> bool {
        match op {
            Op::BeginText(_) => (self.text, self.line) = (Affine::IDENTITY, Affine::IDENTITY),
            Op::CharacterSpacing(x) => self.character_spacing = x.0.as_f64(),
            Op::WordSpacing(x) => self.word_spacing = x.0.as_f64(),
            Op::HorizontalScaling(x) => self.stretch = x.0.as_f64() / 100.0,
            Op::TextLeading(x) => self.leading = x.0.as_f64(),
            Op::TextRise(x) => self.rise = x.0.as_f64(),
            Op::TextRenderingMode(x) => self.mode = x.0.as_i64(),
            Op::NextLine(x) => self.next_line(x.0.as_f64(), x.1.as_f64()),
            Op::NextLineAndSetLeading(x) => {
                self.leading = -x.1.as_f64();
                self.next_line(x.0.as_f64(), x.1.as_f64());
            }
            Op::NextLineUsingLeading(_) => self.next_line(0.0, -self.leading),
            Op::SetTextMatrix(m) => {
                self.line = matrix([&m.0, &m.1, &m.2, &m.3, &m.4, &m.5]);
                self.text = self.line;
            }
            _ => return false,
        }
        true
    }

    /// The operators that set the fill's colour; `false` for any other.
    pub fn set_colour(&mut self, op: &Op<'_, '_>) -> bool {
        let all = |numbers: &[&Number], value: f64| numbers.iter().all(|n| (n.as_f64() - value).abs() < 0.01);
        self.fill_is_white = match op {
            Op::NonStrokeColorDeviceGray(gray) => all(&[&gray.0], 1.0),
            Op::NonStrokeColorDeviceRgb(c) => all(&[&c.0, &c.1, &c.2], 1.0),
            Op::NonStrokeColorCmyk(c) => all(&[&c.0, &c.1, &c.2, &c.3], 0.0),
            // The colour space is not looked up: one and three numbers are light, four are ink.
            Op::NonStrokeColor(c) => match c.0.as_slice() {
                [r, g, b] => all(&[r, g, b], 1.0),
                [c, m, y, k] => all(&[c, m, y, k], 0.0),
                _ => false,
            },
            Op::NonStrokeColorNamed(_) | Op::ColorSpaceNonStroke(_) => false,
            _ => return false,
        };
        true
    }
}

pub(super) fn matrix(numbers: [&Number; 6]) -> Affine {
    Affine::new(numbers.map(Number::as_f64))
}
