//! Marked content (ISO 32000-1, 14.6 and 14.9.4): what is furniture, and what a span says instead of its glyphs.

use hayro_syntax::object::{Dict, Name, String as PdfString};

use super::glyph::Text;
use super::strings::text_string;

/// Marks deeper than this are counted only.
const DEEPEST: usize = 512;

/// The marks that are open.
#[derive(Debug, Default)]
pub(super) struct Marks {
    open: Vec<Mark>,
    deeper: u64,
    artifacts: u32,
    /// What the open span says, until its first glyph has taken it.
    replacement: Replacement,
}

#[derive(Debug)]
struct Mark {
    is_artifact: bool,
    replaces: bool,
}

#[derive(Debug, Default)]
enum Replacement {
    #[default]
    None,
    Waiting(String),
    Taken,
}

impl Marks {
    pub fn begin(&mut self, tag: &Name<'_>, properties: Option<&Dict<'_>>) {
        if self.open.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let actual = properties.and_then(|p| p.get::<PdfString<'_>>(b"ActualText"));
        let mut replaces = false;
        if let (Replacement::None, Some(actual)) = (&self.replacement, actual) {
            self.replacement = Replacement::Waiting(text_string(&actual));
            replaces = true;
        }
        let is_artifact = tag.as_ref() == b"Artifact";
        self.artifacts += u32::from(is_artifact);
        self.open.push(Mark { is_artifact, replaces });
    }

    pub fn end(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(mark) = self.open.pop() {
            self.artifacts -= u32::from(mark.is_artifact);
            if mark.replaces {
                self.replacement = Replacement::None;
            }
        }
    }

    pub fn is_artifact(&self) -> bool {
        self.artifacts > 0
    }

    /// What is to be read instead of a glyph's own text: the span's text for its first glyph, nothing for the others.
    pub fn replace(&mut self, own: Text) -> Option<Text> {
        match std::mem::take(&mut self.replacement) {
            Replacement::None => Some(own),
            Replacement::Waiting(text) => {
                self.replacement = Replacement::Taken;
                Text::new(&text)
            }
            Replacement::Taken => {
                self.replacement = Replacement::Taken;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_once_and_furniture_ends_with_its_mark() {
        let mut marks = Marks::default();
        marks.begin(&Name::new_unescaped(b"Artifact"), None);
        assert!(marks.is_artifact());
        marks.replacement = Replacement::Waiting("ffi".into());
        assert_eq!(marks.replace(Text::One('x')), Text::new("ffi"));
        assert_eq!(marks.replace(Text::One('y')), None);
        marks.end();
        assert!(!marks.is_artifact());
        for _ in 0..DEEPEST + 3 {
            marks.begin(&Name::new_unescaped(b"Span"), None);
        }
        for _ in 0..DEEPEST + 3 {
            marks.end();
        }
        assert!(marks.open.is_empty());
    }
}
