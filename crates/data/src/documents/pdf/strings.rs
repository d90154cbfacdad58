//! Text in the file's own dictionaries: titles, bookmarks, replaced spans (ISO 32000-1, 7.9.2).

use hayro_syntax::object::String as PdfString;

/// The text of a string object: UTF-16 or UTF-8 with a mark, else Latin letters.
pub(super) fn text_string(string: &PdfString<'_>) -> String {
    decode_text(string.as_bytes())
}

/// The same for its bytes.
pub(super) fn decode_text(bytes: &[u8]) -> String {
    let units = |bytes: &[u8], from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_by_its_mark() {
        for (bytes, text) in [
            (&b"\xfe\xff\xac\x00\x00A"[..], "가A"),
            (b"\xff\xfe\x00\xacA\x00", "가A"),
            (b"\xef\xbb\xbf\xea\xb0\x80", "가"),
            (b"caf\xe9", "caf\u{e9}"),
            (b"", ""),
        ] {
            assert_eq!(decode_text(bytes), text);
        }
    }
}
