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
            if let Some(folded) = fold(c) {
                let at = squeezed.text.len();
                squeezed.text.push(folded);
                squeezed.chars.push(Place { at, start, end: start + c.len_utf8() });
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

/// A letter or digit in lower case. One place a character, so only the first of an expanding lower case is
/// kept.
fn fold(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase());
    }
    if is_hangul(c) {
        return Some(c);
    }
    if c.is_alphanumeric() { c.to_lowercase().next() } else { None }
}

/// A Hangul syllable.
pub(crate) fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// A letter or digit. Hangul is told without a search of Unicode's tables.
pub(crate) fn is_word_char(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_hangul(c) || c.is_alphanumeric() }
}

/// The letters and digits of a value.
pub(crate) fn squeeze(value: &str) -> String {
    let view = super::view::View::of(value);
    let mut text = String::with_capacity(view.text().len());
    text.extend(view.text().chars().filter_map(fold));
    text
}
