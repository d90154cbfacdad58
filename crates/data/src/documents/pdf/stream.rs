//! Unpacking with a limit: the reader below unpacks whatever a file asks for.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::Stream;

/// Why there is no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// It would be larger than the limit.
    TooMuch,
    /// It cannot be unpacked.
    Broken,
}

/// The most that a byte can become: deflate's 1032, LZW's 4096 codes of 9 bits and more, a run of 128 for two.
const fn growth(filter: Filter) -> u64 {
    match filter {
        Filter::FlateDecode => 1032,
        Filter::LzwDecode => 3641,
        Filter::RunLengthDecode => 64,
        Filter::Ascii85Decode => 4,
        _ => 1,
    }
}

/// The unpacked content of a stream, or why not. `limit` is in bytes.
pub(super) fn unpack<'a>(stream: &Stream<'a>, limit: u64) -> Result<Cow<'a, [u8]>, Unpacked> {
    if !fits(stream, limit) {
        return Err(Unpacked::TooMuch);
    }
    stream.decoded_data().map_err(|_| Unpacked::Broken)
}

/// Whether a stream unpacks to at most `limit` bytes. What is certain from its size is not unpacked to see.
pub(super) fn fits(stream: &Stream<'_>, limit: u64) -> bool {
    let raw = stream.raw_data();
    let filters = stream.filters();
    let growth = filters.iter().fold(1_u64, |all, filter| all.saturating_mul(growth(*filter)));
    if (raw.len() as u64).saturating_mul(growth) <= limit {
        return true;
    }
    match filters.as_slice() {
        [Filter::FlateDecode] => inflates_within(&raw, 1, limit),
        [Filter::FlateDecode, Filter::FlateDecode] => inflates_within(&raw, 2, limit),
        [Filter::Ascii85Decode, Filter::FlateDecode] => inflates_within(&ascii85(&raw), 1, limit),
        [Filter::AsciiHexDecode, Filter::FlateDecode] => inflates_within(&ascii_hex(&raw), 1, limit),
        // Chains that no producer writes at such sizes.
        _ => false,
    }
}

/// ASCII base 85 (ISO 32000-1, 7.4.3), as far as it goes.
fn ascii85(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut group = [b'u'; 5];
    let mut filled = 0;
    let value = |group: &[u8; 5]| {
        group.iter().fold(0_u32, |v, c| v.wrapping_mul(85).wrapping_add(u32::from(c - b'!')))
    };
    for &byte in text {
        match byte {
            b'z' if filled == 0 => out.extend([0; 4]),
            b'!'..=b'u' => {
                group[filled] = byte;
                filled += 1;
                if filled == 5 {
                    out.extend(value(&group).to_be_bytes());
                    (group, filled) = ([b'u'; 5], 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if filled > 1 {
        out.extend(&value(&group).to_be_bytes()[..filled - 1]);
    }
    out
}

/// Pairs of hexadecimal digits (ISO 32000-1, 7.4.2), as far as they go.
fn ascii_hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| char::from(*byte).to_digit(16).map(|digit| digit as u8))
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

/// Whether deflated bytes (`layers` times over) stay within `limit`. Broken ones end where they break.
fn inflates_within(raw: &[u8], layers: u32, limit: u64) -> bool {
    fn count(from: impl Read, limit: u64) -> u64 {
        let mut from = from.take(limit + 1);
        let (mut buffer, mut total) = (vec![0_u8; 1 << 16], 0);
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            total += read as u64;
        }
        total
    }
    let inner = ZlibDecoder::new(raw);
    let total = if layers == 1 { count(inner, limit) } else { count(ZlibDecoder::new(inner), limit) };
    total <= limit
}

/// Where in a file something unpacks to more than `limit` bytes, if anywhere. It is asked before the file is opened,
/// because opening unpacks the tables of objects.
pub(super) fn bomb(file: &[u8], limit: u64) -> Option<u64> {
    if (file.len() as u64).saturating_mul(growth(Filter::FlateDecode)) <= limit && layers(file) < 2 {
        return None;
    }
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&file[from..], b"stream") {
        let word = from + found;
        from = word + 6;
        let mut start = from;
        while start < file.len() && matches!(file[start], b'\r' | b'\n') && start < from + 2 {
            start += 1;
        }
        // `endstream`, or a word of prose.
        if start == from || file[..word].ends_with(b"end") {
            continue;
        }
        let end = memchr::memmem::find(&file[start..], b"endstream").map_or(file.len(), |n| start + n);
        let dictionary = &file[word.saturating_sub(600)..word];
        let layers = layers(last_dictionary(dictionary)).clamp(1, 2);
        let is_deflated = file.get(start).is_some_and(|first| first & 0x0f == 8);
        let most = ((end - start) as u64).saturating_mul(1032_u64.pow(layers));
        if is_deflated && most > limit && !inflates_within(&file[start..end], layers, limit) {
            return Some(start as u64);
        }
        from = end.max(from);
    }
    None
}

/// The text after the last object's end.
fn last_dictionary(before: &[u8]) -> &[u8] {
    memchr::memmem::rfind(before, b"obj").map_or(before, |at| &before[at..])
}

/// How many deflate filters are named at most.
fn layers(dictionary: &[u8]) -> u32 {
    let long = memchr::memmem::find_iter(dictionary, b"/FlateDecode").count();
    let short = memchr::memmem::find_iter(dictionary, b"/Fl ").count();
    (long + short) as u32
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn file(filters: &str, content: &[u8]) -> Vec<u8> {
        let mut file = format!("%PDF-1.7\n1 0 obj <</Filter {filters}>> stream\n").into_bytes();
        file.extend(content);
        file.extend(b"\nendstream endobj\n");
        file
    }

    #[test]
    fn what_is_written_in_letters_is_measured_too() {
        assert_eq!(ascii85(b"9jqo^BlbD-BleB1DJ+*+F(f,q~>"), b"Man is distinguished");
        assert_eq!(ascii85(b"zz!!~>"), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ascii_hex(b"4d 61 6E 7>"), b"Man\x70");
    }

    #[test]
    fn a_bomb_is_found_before_it_goes_off() {
        let zeros = vec![0; 4 << 20];
        let (once, twice) = (deflated(&zeros), deflated(&deflated(&zeros)));
        for (filters, content, is_bomb) in [
            ("/FlateDecode", &once, true),
            ("[/FlateDecode /FlateDecode]", &twice, true),
            ("/FlateDecode", &deflated(b"BT ET"), false),
            ("/FlateDecode", &once[..once.len() / 2].to_vec(), true),
        ] {
            let found = bomb(&file(filters, content), 1 << 20);
            assert_eq!(found.is_some(), is_bomb, "{filters}");
        }
        assert_eq!(bomb(&file("/FlateDecode", &once), 4 << 20), None);
    }
}
