//! What a text file is written in, and its rows as UTF-8.
//!
//! A byte order mark decides; else UTF-16 shows by NUL bytes on one side of each pair; else text that
//! is valid UTF-8 is that, and text that is not is CP949 (which holds EUC-KR) where that reads it with
//! fewer faults. A file whose beginning is plain ASCII is decided by its first other row.
//!
//! UTF-8 and CP949 never hide a separator, a quote or a line end inside a character, so rows are told
//! apart as bytes and decoded one by one: a row that cannot be decoded does not touch its neighbours.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use super::{Note, SourceError};

/// How much of a file is looked at to find its encoding.
const HEAD_BYTES: usize = 1 << 20;

/// A file's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Nothing but ASCII so far.
    Ascii,
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first; arrives here as UTF-8.
    Utf16Le,
    /// UTF-16, high byte first; arrives here as UTF-8.
    Utf16Be,
    /// CP949, also called windows-949 or UHC, of which EUC-KR is a part.
    Cp949,
}

impl Encoding {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii | Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Cp949 => "CP949",
        }
    }
}

/// Decodes rows, and counts what could not be decoded.
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    replaced: u64,
    nul_bytes: u64,
}

/// A row's text, and how many of its characters could not be decoded.
pub struct Decoded<'a> {
    /// The text; each fault is U+FFFD, NUL bytes are gone.
    pub text: Cow<'a, str>,
    /// The number of faults.
    pub replaced: u64,
}

impl Decoder {
    /// Decodes one row or cell.
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Decoded<'a> {
        if self.encoding == Encoding::Ascii && !bytes.is_ascii() {
            self.encoding = guess(bytes, false);
        }
        let mut decoded = match self.encoding {
            Encoding::Cp949 => {
                let (text, _) = encoding_rs::EUC_KR.decode_without_bom_handling(bytes);
                let replaced = text.matches('\u{fffd}').count() as u64;
                Decoded { text, replaced }
            }
            Encoding::Utf16Le | Encoding::Utf16Be => {
                // Faults became U+FFFD on the way in.
                let text = String::from_utf8_lossy(bytes);
                let replaced = text.matches('\u{fffd}').count() as u64;
                Decoded { text, replaced }
            }
            Encoding::Ascii | Encoding::Utf8 => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => Decoded { text: Cow::Borrowed(text), replaced: 0 },
                Err(_) => Decoded { text: String::from_utf8_lossy(bytes), replaced: faults(bytes) },
            },
        };
        self.replaced += decoded.replaced;
        if memchr::memchr(0, bytes).is_some() {
            self.nul_bytes += memchr::memchr_iter(0, bytes).count() as u64;
            decoded.text = Cow::Owned(decoded.text.replace('\0', ""));
        }
        decoded
    }

    /// What to tell about the encoding.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes =
            vec![Note::Encoding { name: self.encoding.name().to_owned(), replaced: self.replaced }];
        if self.nul_bytes > 0 {
            notes.push(Note::NulBytes { removed: self.nul_bytes });
        }
        notes
    }

    /// The encoding, as far as it is known.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }
}

/// A text file: its bytes without a byte order mark (UTF-16 turned into UTF-8), and their decoder.
pub(super) struct TextFile {
    pub reader: Box<dyn Read + Send>,
    pub decoder: Decoder,
    /// The first bytes of what `reader` gives.
    pub head: Vec<u8>,
}

/// Opens a text file and finds its encoding.
pub(super) fn open(path: &Path) -> Result<TextFile, SourceError> {
    let failed = |cause| SourceError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(std::io::Error::other("this is a folder, not a file")));
    }
    from_reader(Box::new(file)).map_err(failed)
}

/// A whole text, its encoding, and how many of its characters could not be decoded.
pub(crate) fn whole(bytes: &[u8]) -> (String, &'static str, u64) {
    let mut all = Vec::new();
    let file = from_reader(Box::new(Cursor::new(bytes.to_vec())));
    // Reading from memory does not fail.
    let Ok(mut file) = file else { return (String::new(), Encoding::Ascii.name(), 0) };
    if file.reader.read_to_end(&mut all).is_err() {
        return (String::new(), Encoding::Ascii.name(), 0);
    }
    let decoded = file.decoder.decode(&all);
    let (text, replaced) = (decoded.text.into_owned(), decoded.replaced);
    (text, file.decoder.encoding().name(), replaced)
}

fn from_reader(mut file: Box<dyn Read + Send>) -> std::io::Result<TextFile> {
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let whole = head.len() < HEAD_BYTES;
    let (encoding, mark) = match head.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        _ => (utf16(&head).unwrap_or_else(|| guess(&head, !whole)), 0),
    };
    head.drain(..mark);
    let decoder = Decoder { encoding, replaced: 0, nul_bytes: 0 };
    let utf16 = match encoding {
        Encoding::Utf16Le => encoding_rs::UTF_16LE,
        Encoding::Utf16Be => encoding_rs::UTF_16BE,
        Encoding::Ascii | Encoding::Utf8 | Encoding::Cp949 => {
            let reader = Box::new(Cursor::new(head.clone()).chain(file));
            return Ok(TextFile { reader, decoder, head });
        }
    };
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(file));
    let mut transcoder = Transcoder {
        input,
        decoder: utf16.new_decoder_without_bom_handling(),
        out: Vec::new(),
        taken: 0,
        ended: false,
    };
    let mut head = Vec::new();
    (&mut transcoder).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let reader = Box::new(Cursor::new(head.clone()).chain(transcoder));
    Ok(TextFile { reader, decoder, head })
}

/// UTF-16 without a mark: NUL bytes in one half of the pairs only, and in a twentieth of them at least
/// (line ends, separators and digits are ASCII in any language). A few NUL bytes in a short text of another
/// encoding may do that as well: there, the line ends stand alone, or the bytes are UTF-8 beyond ASCII.
fn utf16(head: &[u8]) -> Option<Encoding> {
    let (mut even, mut odd, mut pairs_of_line, mut lines_alone) = (0, 0, 0, 0);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
        if pair.contains(&b'\n') {
            let is_pair = pair.contains(&0);
            pairs_of_line += usize::from(is_pair);
            lines_alone += usize::from(!is_pair);
        }
    }
    if lines_alone > pairs_of_line || (!head.is_ascii() && std::str::from_utf8(head).is_ok()) {
        return None;
    }
    let enough = |n: usize| n * 20 >= head.len() / 2 && n > 1;
    match (even, odd) {
        (0, n) if enough(n) => Some(Encoding::Utf16Le),
        (n, 0) if enough(n) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// UTF-8 or CP949, whichever has fewer faults; a character that is cut at the end is none.
fn guess(bytes: &[u8], cut: bool) -> Encoding {
    if bytes.is_ascii() {
        return Encoding::Ascii;
    }
    let bytes =
        if cut { &bytes[..bytes.iter().rposition(|&b| b == b'\n').unwrap_or(bytes.len())] } else { bytes };
    let utf8 = faults(bytes);
    if utf8 == 0 {
        return Encoding::Utf8;
    }
    let (text, _) = encoding_rs::EUC_KR.decode_without_bom_handling(bytes);
    let cp949 = text.matches('\u{fffd}').count() as u64;
    if cp949 < utf8 { Encoding::Cp949 } else { Encoding::Utf8 }
}

/// How many maximal ill-formed pieces UTF-8 text has: the characters that are replaced.
fn faults(bytes: &[u8]) -> u64 {
    bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count() as u64
}

/// UTF-16 in, UTF-8 out.
struct Transcoder {
    input: Box<dyn Read + Send>,
    decoder: encoding_rs::Decoder,
    out: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Read for Transcoder {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.out.len() && !self.ended {
            let mut raw = vec![0; 1 << 16];
            let n = self.input.read(&mut raw)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(4 * n + 16);
            self.out.resize(room, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&raw[..n], &mut self.out, self.ended);
            self.out.truncate(written);
            self.taken = 0;
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_nul_bytes_make_no_utf16() {
        let text = "question,answer\n배송 \0언제 오나요,내일 갑\0니다\n";
        let (cp949, ..) = encoding_rs::EUC_KR.encode(text);
        for bytes in [text.as_bytes(), &cp949, &text.as_bytes()[16..text.len() - 1]] {
            let encoding = from_reader(Box::new(Cursor::new(bytes.to_vec()))).unwrap().decoder.encoding();
            assert!(!matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be), "{bytes:02x?}");
        }
    }

    fn check(bytes: &[u8], encoding: Encoding, want: &str, replaced: u64) {
        let mut file = from_reader(Box::new(Cursor::new(bytes.to_vec()))).unwrap();
        let mut all = Vec::new();
        file.reader.read_to_end(&mut all).unwrap();
        assert_eq!(all[..file.head.len()], file.head);
        let decoded = file.decoder.decode(&all);
        assert_eq!((decoded.text.as_ref(), decoded.replaced), (want, replaced), "{bytes:02x?}");
        assert_eq!(file.decoder.encoding(), encoding);
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn encodings_are_found() {
        let text = "번호,질문\n1,뷁 배송은 언제?\n";
        let (cp949, _, _) = encoding_rs::EUC_KR.encode(text);
        check(text.as_bytes(), Encoding::Utf8, text, 0);
        check(format!("\u{feff}{text}").as_bytes(), Encoding::Utf8, text, 0);
        check(&cp949, Encoding::Cp949, text, 0);
        for little in [true, false] {
            let encoding = if little { Encoding::Utf16Le } else { Encoding::Utf16Be };
            check(&utf16(text, little), encoding, text, 0);
            check(&utf16(&format!("\u{feff}{text}"), little), encoding, text, 0);
        }
        check(b"id,q\n1,hello\n", Encoding::Ascii, "id,q\n1,hello\n", 0);
        check(b"", Encoding::Ascii, "", 0);
    }

    #[test]
    fn faults_are_counted() {
        check("가\u{0}나".as_bytes(), Encoding::Utf8, "가나", 0);
        let mut broken = "가나다라마".as_bytes().to_vec();
        broken.push(0xff);
        check(&broken, Encoding::Utf8, "가나다라마\u{fffd}", 1);
        let mut odd = utf16("가,나", true);
        odd.push(0x41);
        odd.splice(0..0, [0xff, 0xfe]);
        check(&odd, Encoding::Utf16Le, "가,나\u{fffd}", 1);
    }
}
