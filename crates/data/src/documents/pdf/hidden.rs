//! Text that no reader sees, kept so that a person can look at it.

use super::super::Rect;
use super::glyph::Text;
use super::look::{HiddenLook, HiddenReason};

/// Stretches of one page that are kept.
const MOST: usize = 400;
/// Characters of one stretch that are kept.
const LONGEST: usize = 400;

/// The glyphs that were left out, put together where they stand beside each other.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    found: Vec<HiddenLook>,
    /// Whether the stretches are so many that no further one is kept.
    is_full: bool,
}

impl Unseen {
    /// Adds a glyph.
    pub fn push(&mut self, text: &Text, bounds: &Rect, reason: HiddenReason) {
        let is_finite = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].iter().all(|edge| edge.is_finite());
        if self.is_full || !is_finite {
            return;
        }
        let goes_on = self.found.last_mut().filter(|last| is_beside(last, bounds, reason));
        if let Some(last) = goes_on {
            let height = (bounds.y1 - bounds.y0).max(0.1);
            if bounds.x0 - last.bounds.x1 > height * 0.3 && !last.text.ends_with(' ') {
                last.text.push(' ');
            }
            if last.text.len() < LONGEST * 3 {
                text.push_to(&mut last.text);
            }
            last.bounds = Rect {
                x0: last.bounds.x0.min(bounds.x0),
                y0: last.bounds.y0.min(bounds.y0),
                x1: last.bounds.x1.max(bounds.x1),
                y1: last.bounds.y1.max(bounds.y1),
            };
            return;
        }
        // A stretch of blanks says nothing.
        if text.is_blank() {
            return;
        }
        self.is_full = self.found.len() == MOST;
        if !self.is_full {
            let mut own = String::new();
            text.push_to(&mut own);
            self.found.push(HiddenLook { text: own, bounds: *bounds, reason });
        }
    }

    /// The stretches, in the order of the content.
    pub fn found(mut self) -> Vec<HiddenLook> {
        for look in &mut self.found {
            let clean: String = look.text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            clean.trim_end().clone_into(&mut look.text);
        }
        self.found
    }
}

/// Whether a glyph goes on where a stretch ends.
fn is_beside(last: &HiddenLook, bounds: &Rect, reason: HiddenReason) -> bool {
    let height = (last.bounds.y1 - last.bounds.y0).max(bounds.y1 - bounds.y0).max(0.5);
    last.reason == reason
        && (last.bounds.y0 - bounds.y0).abs() < height * 0.4
        && (-height..height * 1.5).contains(&(bounds.x0 - last.bounds.x1))
}
