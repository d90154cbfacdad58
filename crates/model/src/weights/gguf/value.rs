//! Values of GGUF's keys: what they are in a file, and what is written.

use super::GgufProblem;

/// The type of a value, with the number that stands for it in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    Text,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::Text,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    pub fn of(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    pub fn code(self) -> u32 {
        self as u32
    }

    /// Bytes of a value, where all have as many.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::Text | Self::Array => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => "a whole number from zero",
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => "a whole number",
            Self::F32 | Self::F64 => "a number",
            Self::Bool => "true or false",
            Self::Text => "a text",
            Self::Array => "an array",
        }
    }
}

/// A value as it lies in a file whose header was checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoredValue<'a> {
    pub(super) kind: Kind,
    /// Of an array: the type of its elements, and how many there are.
    pub(super) elements: Option<(Kind, usize)>,
    /// The value; of an array, its elements one after the other.
    pub(super) bytes: &'a [u8],
}

/// The little-endian number of these bytes, at most eight.
fn unsigned(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len() as u32;
    (unsigned(bytes) << unused).cast_signed() >> unused
}

/// One number of any type.
fn number(kind: Kind, bytes: &[u8]) -> f64 {
    match kind {
        Kind::F32 => f64::from(f32::from_bits(unsigned(bytes) as u32)),
        Kind::F64 => f64::from_bits(unsigned(bytes)),
        Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 => signed(bytes) as f64,
        _ => unsigned(bytes) as f64,
    }
}

impl<'a> StoredValue<'a> {
    /// What it is, for a person.
    pub fn describe(&self) -> String {
        match self.elements {
            Some((kind, count)) => format!("an array of {count} times {}", kind.name()),
            None => self.kind.name().to_owned(),
        }
    }

    /// The text.
    pub fn text(&self) -> Option<&'a str> {
        // The header's check has read every text once.
        (self.kind == Kind::Text).then(|| std::str::from_utf8(self.bytes).unwrap_or_default())
    }

    /// A whole number that is not negative, of any width.
    pub fn size(&self) -> Option<u64> {
        match self.kind {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => Some(unsigned(self.bytes)),
            Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 => u64::try_from(signed(self.bytes)).ok(),
            _ => None,
        }
    }

    /// A number of any type.
    pub fn number(&self) -> Option<f64> {
        let is_number = self.kind.size().is_some() && self.kind != Kind::Bool;
        is_number.then(|| number(self.kind, self.bytes))
    }

    /// A truth value.
    pub fn flag(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then(|| self.bytes == [1])
    }

    /// The elements of an array of texts.
    pub fn texts(&self) -> Option<impl ExactSizeIterator<Item = &'a str> + use<'a>> {
        let Some((Kind::Text, count)) = self.elements else { return None };
        let mut rest = self.bytes;
        Some((0..count).map(move |_| {
            let (len, behind) = rest.split_at(8);
            let (text, behind) = behind.split_at(unsigned(len) as usize);
            rest = behind;
            std::str::from_utf8(text).unwrap_or_default()
        }))
    }

    /// The elements of an array of numbers of any type.
    pub fn numbers(&self) -> Option<impl ExactSizeIterator<Item = f64> + use<'a>> {
        let (kind, _) = self.elements.filter(|(kind, _)| *kind != Kind::Bool)?;
        Some(self.bytes.chunks_exact(kind.size()?).map(move |bytes| number(kind, bytes)))
    }

    /// Number of elements of an array.
    pub fn len(&self) -> Option<usize> {
        self.elements.map(|(_, count)| count)
    }

    /// Whether it is an array without elements.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The problem of a key that should have been something else.
    pub(super) fn instead(&self, key: &str, wanted: &'static str) -> GgufProblem {
        GgufProblem::KeyKind { key: key.to_owned(), found: self.describe(), wanted }
    }
}

/// A value to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum GgufValue {
    /// 32 bits, from zero.
    U32(u32),
    /// Single precision.
    F32(f32),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Single precision.
    F32s(Vec<f32>),
    /// 32 bits with a sign.
    I32s(Vec<i32>),
}

impl GgufValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn kind(&self) -> Kind {
        match self {
            Self::U32(_) => Kind::U32,
            Self::F32(_) => Kind::F32,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
            Self::Texts(_) | Self::F32s(_) | Self::I32s(_) => Kind::Array,
        }
    }

    /// Appends type and value.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.kind().code().to_le_bytes());
        match self {
            Self::U32(value) => out.extend(value.to_le_bytes()),
            Self::F32(value) => out.extend(value.to_le_bytes()),
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::Text(text) => put_text(out, text),
            Self::Texts(texts) => {
                put_array(out, Kind::Text, texts.len());
                for text in texts {
                    put_text(out, text);
                }
            }
            Self::F32s(values) => {
                put_array(out, Kind::F32, values.len());
                out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            }
            Self::I32s(values) => {
                put_array(out, Kind::I32, values.len());
                out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            }
        }
    }
}

fn put_array(out: &mut Vec<u8>, elements: Kind, count: usize) {
    out.extend(elements.code().to_le_bytes());
    out.extend((count as u64).to_le_bytes());
}

/// Appends the length in bytes, and the bytes.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}
