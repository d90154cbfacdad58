//! Where one code ends in the strings of a composite font.
//!
//! The font reader below takes a code that its table does not map as one byte, after which the rest of the string is
//! read askew; so the length comes from the encoding's codespace instead.

/// How long the codes of an encoding are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codespace {
    /// A simple font.
    One,
    /// Identity: two bytes.
    Two,
    /// UCS-2: two bytes that are Unicode.
    Ucs2,
    /// UTF-16: two bytes, four after a high surrogate.
    Utf16,
    /// UTF-32.
    Utf32,
    /// Two bytes where the first is 0x80 or more and the table does not say otherwise (KSC, UHC, Shift-JIS …).
    LeadByte,
    /// The font's own table.
    AsTheFontReads,
}

impl Codespace {
    /// By the name of a predefined encoding.
    pub fn of_encoding(name: &[u8]) -> Self {
        let has = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
        if name.starts_with(b"Identity") {
            return Self::Two;
        }
        if has(b"UCS2") {
            return Self::Ucs2;
        }
        if has(b"UTF16") {
            return Self::Utf16;
        }
        if has(b"UTF32") { Self::Utf32 } else { Self::LeadByte }
    }

    /// The next code and its length, where the codespace alone says it.
    pub fn next(self, bytes: &[u8]) -> Option<(u32, usize)> {
        let number = |n: usize| bytes.get(..n).map(|b| (b.iter().fold(0, |v, b| v << 8 | u32::from(*b)), n));
        match self {
            Self::One => number(1),
            Self::Two | Self::Ucs2 => number(2),
            Self::Utf16 => {
                let short = number(2)?;
                if (0xd800..0xdc00).contains(&short.0) { number(4).or(Some(short)) } else { Some(short) }
            }
            Self::Utf32 => number(4),
            Self::LeadByte | Self::AsTheFontReads => None,
        }
    }

    /// What the font read, made two bytes where it did not know the code.
    pub fn widened(self, bytes: &[u8], code: u32, length: usize) -> (u32, usize) {
        let is_unknown_lead = self == Self::LeadByte && length == 1 && code == 0 && bytes[0] >= 0x80;
        match bytes {
            [first, second, ..] if is_unknown_lead => (u32::from(*first) << 8 | u32::from(*second), 2),
            _ => (code, length),
        }
    }
}

/// The character of a code whose encoding is Unicode.
pub(super) fn unicode_of_code(codespace: Codespace, code: u32, length: usize) -> Option<char> {
    let character = match (codespace, length) {
        (Codespace::Ucs2 | Codespace::Utf16, 2) | (Codespace::Utf32, 4) => char::from_u32(code)?,
        (Codespace::Utf16, 4) => {
            let (high, low) = ((code >> 16) as u16, code as u16);
            char::decode_utf16([high, low]).next()?.ok()?
        }
        _ => return None,
    };
    if character == '\0' || character == '\u{fffd}' { None } else { Some(character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_end_where_their_encoding_says() {
        for (encoding, bytes, code) in [
            ("Identity-H", &[0x12, 0x34, 0x56][..], Some((0x1234, 2))),
            ("UniKS-UCS2-H", &[0xac, 0x00], Some((0xac00, 2))),
            ("UniKS-UTF16-H", &[0xd8, 0x3d, 0xde, 0x00], Some((0xd83d_de00, 4))),
            ("UniKS-UTF16-H", &[0xac, 0x00, 0xac, 0x01], Some((0xac00, 2))),
            ("UniJIS-UTF32-H", &[0, 0, 0x30, 0x42], Some((0x3042, 4))),
            ("KSCms-UHC-H", &[0xb0, 0xa1], None),
            ("Identity-H", &[0x12], None),
        ] {
            assert_eq!(Codespace::of_encoding(encoding.as_bytes()).next(bytes), code, "{encoding}");
        }
        let lead = Codespace::LeadByte;
        assert_eq!(lead.widened(&[0xb0, 0xa1], 0, 1), (0xb0a1, 2));
        assert_eq!(lead.widened(&[0x20, 0xa1], 0x20, 1), (0x20, 1));
    }

    #[test]
    fn unicode_encodings_tell_their_characters() {
        assert_eq!(unicode_of_code(Codespace::Ucs2, 0xac00, 2), Some('가'));
        assert_eq!(unicode_of_code(Codespace::Utf16, 0xd83d_de00, 4), Some('😀'));
        assert_eq!(unicode_of_code(Codespace::Utf16, 0xd83d_0041, 4), None);
        assert_eq!(unicode_of_code(Codespace::Two, 0xac00, 2), None);
    }
}
