//! Glyphs as they stand on a page, and the lines and areas that are painted between them.

use std::sync::Arc;

use super::super::Rect;
use super::hidden::Unseen;

/// What a glyph says: one character nearly always, several for a ligature or a replaced span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    One(char),
    Many(Arc<str>),
}

impl Text {
    /// `None` where there is nothing but controls.
    pub fn new(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (None, _) => None,
            (Some(only), None) => Some(Self::One(only)),
            _ => Some(Self::Many(text.into())),
        }
    }

    pub fn push_to(&self, out: &mut String) {
        match self {
            Self::One(character) => out.push(*character),
            Self::Many(text) => out.push_str(text),
        }
    }

    pub fn first(&self) -> char {
        match self {
            Self::One(character) => *character,
            Self::Many(text) => text.chars().next().unwrap_or(' '),
        }
    }

    pub fn last(&self) -> char {
        match self {
            Self::One(character) => *character,
            Self::Many(text) => text.chars().next_back().unwrap_or(' '),
        }
    }

    pub fn count(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(text) => text.chars().count() as u64,
        }
    }

    /// Whether nothing of it leaves ink.
    pub fn is_blank(&self) -> bool {
        self.all(|c| c.is_whitespace() || leaves_no_trace(c))
    }

    /// Whether it is a blank that parts words: a control is not.
    pub fn parts_words(&self) -> bool {
        self.is_blank() && !self.all(leaves_no_trace)
    }

    fn all(&self, is: impl Fn(char) -> bool) -> bool {
        match self {
            Self::One(character) => is(*character),
            Self::Many(text) => text.chars().all(is),
        }
    }
}

/// Whether a character is neither seen nor has a width.
pub(super) fn leaves_no_trace(c: char) -> bool {
    c.is_control() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// The way that text runs, as a unit vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Direction {
    pub x: f32,
    pub y: f32,
}

impl Direction {
    pub const RIGHT: Self = Self { x: 1.0, y: 0.0 };

    pub fn is(self, other: Self) -> bool {
        (self.x - other.x).abs() < 0.02 && (self.y - other.y).abs() < 0.02
    }

    /// Whether text runs to the right, as nearly all does.
    pub fn is_level(self) -> bool {
        self.x > 0.95
    }

    /// A point of the page as (along the text, across it).
    pub fn turn(self, x: f32, y: f32) -> (f32, f32) {
        (x * self.x + y * self.y, y * self.x - x * self.y)
    }

    /// The page's rectangle around a stretch of text from `x0` to `x1` along and `y0` to `y1` across.
    pub fn bounds(self, x0: f32, y0: f32, x1: f32, y1: f32) -> Rect {
        let corner = |a: f32, b: f32| (a * self.x - b * self.y, a * self.y + b * self.x);
        let corners = [corner(x0, y0), corner(x0, y1), corner(x1, y0), corner(x1, y1)];
        corners.iter().fold(Rect { x0: f32::MAX, y0: f32::MAX, x1: f32::MIN, y1: f32::MIN }, |r, &(x, y)| {
            Rect { x0: r.x0.min(x), y0: r.y0.min(y), x1: r.x1.max(x), y1: r.y1.max(y) }
        })
    }
}

/// A glyph. Positions are in points, `x` along the text's direction and `y` (the baseline) across it.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub text: Text,
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    /// The height of the em.
    pub size: f32,
    pub direction: Direction,
    /// An index into the document's fonts.
    pub font: u32,
    pub bold: bool,
    /// Marked as furniture by the producer.
    pub artifact: bool,
    /// Painted white, so that it is seen only on something dark.
    pub white: bool,
}

impl Glyph {
    pub fn middle(&self) -> f32 {
        f32::midpoint(self.x0, self.x1)
    }

    /// The same letter at the same place, which is how some producers make bold letters.
    pub fn repeats(&self, earlier: &Self) -> bool {
        self.text == earlier.text
            && (self.x0 - earlier.x0).abs() < self.size * 0.12
            && (self.y - earlier.y).abs() < self.size * 0.12
    }
}

/// A blank that the file writes, where one stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blank {
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    pub direction: Direction,
}

/// Everything on a page that the layout needs.
#[derive(Debug, Default)]
pub(super) struct Painted {
    pub glyphs: Vec<Glyph>,
    /// Strokes and fills, as rectangles in page coordinates.
    pub rules: Vec<Rect>,
    /// Fills that are not white, and pictures: what white letters are seen on.
    pub grounds: Vec<Rect>,
    pub pictures: u64,
    /// Characters that were shown, blanks left out.
    pub shown: u64,
    /// Those of them without a known meaning.
    pub unknown: u64,
    /// Those that no reader sees.
    pub hidden: u64,
    /// What these and those outside of the page say.
    pub unseen: Unseen,
    /// The content could not be followed to its end.
    pub is_damaged: bool,
    /// The first limit that was reached, and its value.
    pub too_much: Option<(&'static str, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_text_comes_back_to_its_place_on_the_page() {
        let up = Direction { x: 0.0, y: 1.0 };
        let (along, across) = up.turn(30.0, 200.0);
        let bounds = up.bounds(along, across, along + 50.0, across + 10.0);
        assert_eq!((bounds.x0, bounds.y0, bounds.x1, bounds.y1), (20.0, 200.0, 30.0, 250.0));
    }

    #[test]
    fn a_control_is_no_blank_between_words() {
        for (text, is_blank, parts) in [
            (" ", true, true),
            ("\u{a0}", true, true),
            ("\u{1}", true, false),
            ("\u{3000}", true, true),
            ("가", false, false),
        ] {
            let text = Text::new(text).unwrap();
            assert_eq!((text.is_blank(), text.parts_words()), (is_blank, parts), "{text:?}");
        }
    }
}
