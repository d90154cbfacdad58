//! A view without anything but letters and digits, in lower case, with the way back to the view.
//!
//! A value is the same value however it is spaced and punctuated: `010-1234-5678`, `010 1234 5678`.

/// The letters and digits of a text.
#[derive(Debug, Default)]
pub(crate) struct Squeezed {
    pub(crate) text: String,
    /// Of each character: where it starts in `text`, and its byte range in the view.
    pub(crate) chars: Vec<Place>,
}

/// A character's places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Squeezed {
    pub(crate) fn of(view: &str) -> Self {
        let mut squeezed =
            Self { text: String::with_capacity(view.len()), chars: Vec::with_capacity(view.len() / 2) };
        for (start, c) in view.char_indices() {
            let end = start + c.len_utf8();
            let at = squeezed.text.len();
            if c.is_ascii() {
                if c.is_ascii_alphanumeric() {
                    squeezed.text.push(c.to_ascii_lowercase());
                    squeezed.chars.push(Place { at, start, end });
                }
            } else if is_hangul(c) {
                squeezed.text.push(c);
                squeezed.chars.push(Place { at, start, end });
            } else if c.is_alphanumeric() {
                // One place a character, so only the first of an expanding lower case is kept.
                squeezed.text.extend(c.to_lowercase().next());
                squeezed.chars.push(Place { at, start, end });
            }
        }
        squeezed
    }

    /// The number of characters.
    pub(crate) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The text of characters `from..to`, where there are so many.
    pub(crate) fn window(&self, from: usize, to: usize) -> Option<&str> {
        if to > self.chars.len() || from >= to {
            return None;
        }
        let end = self.chars.get(to).map_or(self.text.len(), |p| p.at);
        self.text.get(self.chars[from].at..end)
    }
}

/// A Hangul syllable.
pub(crate) fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// The letters and digits of a value.
pub(crate) fn squeeze(value: &str) -> String {
    let view = super::view::View::of(value);
    Squeezed::of(view.text()).text
}
