//! What the codes of a font say, and how wide they are.
//!
//! A code's character is looked for in this order: the file's own table (ToUnicode) or the glyph's name; the code
//! itself, where the encoding is Unicode; code → CID → Adobe's table for the CID's collection; the embedded font
//! program's own table of characters, reversed. What none of them knows is U+FFFD, and is counted.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use hayro_cmap::{BfString, CMap, CMapName, CidFamily};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, OutlineGlyph};
use hayro_syntax::object::{Array, Dict, Name, Object, Stream, String as PdfString};
use skrifa::MetadataProvider;

use super::codes::{Codespace, unicode_of_code};
use super::glyph::Text;
use super::quick::Quick;
use super::stream;

/// How a font looks, from its name and its descriptor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FontFace {
    /// Without the mark of a subset.
    pub name: String,
    pub bold: bool,
    /// Shares of the em above and below the baseline.
    pub ascent: f32,
    pub descent: f32,
    pub is_embedded: bool,
    /// Whether the file tells the characters of its codes.
    pub has_to_unicode: bool,
}

/// What a code of a font stands for.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// `None` where nobody knows.
    pub text: Option<Text>,
    /// The advance in thousandths of the em, along the text.
    pub advance: f32,
}

/// A font of a document.
pub(super) struct PdfFont<'a> {
    pub face: FontFace,
    font: Font<'a>,
    is_composite: bool,
    codespace: Codespace,
    encoding: Option<CMap>,
    /// CIDs to characters, for the collections that Adobe names.
    collection: Option<CMap>,
    /// Glyphs to characters, by the embedded program itself.
    reversed: OnceCell<HashMap<u32, char>>,
    /// Whether the embedded program is bold, by its own weight.
    program_bold: OnceCell<bool>,
    known: HashMap<(u32, u8), Code, Quick>,
}

/// Where fonts and tables that a file does not bring come from.
pub(super) struct FontSources<'a> {
    cache: FontCache<'a>,
    fonts: FontResolverFn,
    tables: CMapResolverFn,
}

impl Default for FontSources<'_> {
    fn default() -> Self {
        let fonts: FontResolverFn = Arc::new(|query| match query {
            FontQuery::Standard(font) => Some(font.get_font_data()),
            FontQuery::Fallback(font) => Some(font.pick_standard_font().get_font_data()),
        });
        Self { cache: FontCache::new(), fonts, tables: Arc::new(hayro_cmap::load_embedded) }
    }
}

impl FontSources<'_> {
    fn table(&self, name: CMapName<'_>) -> Option<CMap> {
        let tables = Arc::clone(&self.tables);
        CMap::parse((self.tables)(name)?, move |name| tables(name))
    }
}

impl<'a> PdfFont<'a> {
    /// `None` where the font cannot be used, or would cost more than `limit` bytes.
    pub fn load(dictionary: &Dict<'a>, sources: &FontSources<'a>, limit: u64) -> Option<Self> {
        let is_composite = is_named(dictionary, b"Subtype", b"Type0");
        let descendant =
            dictionary.get::<Array<'_>>(b"DescendantFonts").and_then(|a| a.iter::<Dict<'_>>().next());
        let inner = if is_composite { descendant? } else { dictionary.clone() };
        if !is_affordable(dictionary, &inner, limit) {
            return None;
        }
        let font = sources.cache.font(dictionary, &sources.fonts, &sources.tables)?;
        let (codespace, encoding) =
            if is_composite { composite_encoding(dictionary, sources) } else { (Codespace::One, None) };
        let collection = if is_composite { collection(&inner, encoding.as_ref(), sources) } else { None };
        Some(Self {
            face: face(dictionary, &inner),
            font,
            is_composite,
            codespace,
            encoding,
            collection,
            reversed: OnceCell::new(),
            program_bold: OnceCell::new(),
            known: HashMap::default(),
        })
    }

    pub fn is_horizontal(&self) -> bool {
        self.font.is_horizontal()
    }

    /// The code at the beginning of `bytes`, which are not empty, and its length.
    pub fn next_code(&self, bytes: &[u8]) -> (u32, usize) {
        self.codespace.next(bytes).unwrap_or_else(|| {
            let (code, length) = self.font.read_code(bytes, 0);
            self.codespace.widened(bytes, code, length.clamp(1, bytes.len()))
        })
    }

    /// What a code of `length` bytes stands for.
    pub fn code(&mut self, code: u32, length: usize) -> Code {
        let key = (code, length as u8);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.look_up(code, length);
        // A file has as many codes as it likes; its pages have no more than these in one font.
        if self.known.len() < 1 << 17 {
            self.known.insert(key, found.clone());
        }
        found
    }

    fn look_up(&self, code: u32, length: usize) -> Code {
        let glyph = self.font.glyph(self.font.map_code(code), code);
        let advance = self.font.code_advance(code);
        let advance = if self.is_horizontal() { advance.x } else { -advance.y } as f32;
        let advance = if advance.is_finite() { advance } else { 0.0 };
        if let FontGlyph::Outline(outline) = &glyph {
            self.program_bold.get_or_init(|| {
                outline.font_data().and_then(|data| data.weight).is_some_and(|weight| weight >= 600)
            });
        }
        let text = self.character(code, length, &glyph).and_then(|text| Text::new(&spelled_out(text)));
        Code { text, advance }
    }

    /// Whether its letters are bold, as far as is known from the codes looked up.
    pub fn is_bold(&self) -> bool {
        self.face.bold || self.program_bold.get().copied().unwrap_or(false)
    }

    pub fn is_type3(&self) -> bool {
        !self.is_composite && matches!(self.font.glyph(hayro_font::GlyphId::NOTDEF, 0), FontGlyph::Type3(_))
    }

    fn character(&self, code: u32, length: usize, glyph: &FontGlyph<'a>) -> Option<String> {
        let told = match glyph {
            FontGlyph::Outline(outline) => outline.as_unicode(),
            FontGlyph::Type3(drawn) => drawn.as_unicode(),
        };
        told.and_then(meaningful).or_else(|| self.by_encoding(code, length)).or_else(|| match glyph {
            FontGlyph::Outline(outline) => self.by_program(code, outline),
            FontGlyph::Type3(_) => printable(code).map(String::from),
        })
    }

    fn by_encoding(&self, code: u32, length: usize) -> Option<String> {
        if !self.is_composite {
            return None;
        }
        if let Some(character) = unicode_of_code(self.codespace, code, length) {
            return Some(character.to_string());
        }
        let cid = self.encoding.as_ref()?.lookup_cid_code(code, length as u8)?;
        self.collection.as_ref()?.lookup_bf_string(cid).and_then(meaningful)
    }

    fn by_program(&self, code: u32, outline: &OutlineGlyph) -> Option<String> {
        let glyph = outline.glyph_id().to_u32();
        if glyph == 0 {
            return None;
        }
        let reversed = self.reversed.get_or_init(|| reversed_characters(outline));
        if let Some(character) = reversed.get(&glyph) {
            return Some(character.to_string());
        }
        if self.is_composite { None } else { printable(code).map(String::from) }
    }
}

/// A program's own table of characters the other way round. Of two characters with one glyph the lower counts.
fn reversed_characters(outline: &OutlineGlyph) -> HashMap<u32, char> {
    let mut reversed = HashMap::new();
    if let Some(data) = outline.font_data()
        && let Ok(program) = skrifa::FontRef::new((*data.data).as_ref())
    {
        for (character, glyph) in program.charmap().mappings() {
            if let Some(character) = char::from_u32(character) {
                let kept = reversed.entry(glyph.to_u32()).or_insert(character);
                *kept = (*kept).min(character);
            }
        }
    }
    reversed
}

fn is_named(dictionary: &Dict<'_>, key: &[u8], name: &[u8]) -> bool {
    dictionary.get::<Name<'_>>(key).is_some_and(|n| n.as_ref() == name)
}

fn meaningful(text: BfString) -> Option<String> {
    let text = match text {
        BfString::Char(character) => character.to_string(),
        BfString::String(text) => text,
    };
    let is_empty = text.chars().all(|c| c == '\0' || c == '\u{fffd}');
    if is_empty { None } else { Some(text) }
}

fn printable(code: u32) -> Option<char> {
    char::from_u32(code).filter(char::is_ascii_graphic)
}

/// Latin ligatures as their letters, so that words are found.
fn spelled_out(text: String) -> String {
    const LIGATURES: [&str; 7] = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];
    if !text.chars().any(|c| ('\u{fb00}'..='\u{fb06}').contains(&c)) {
        return text;
    }
    text.chars().fold(String::new(), |mut out, c| {
        match (c as u32).checked_sub(0xfb00).and_then(|at| LIGATURES.get(at as usize)) {
            Some(letters) => out.push_str(letters),
            None => out.push(c),
        }
        out
    })
}

fn face(dictionary: &Dict<'_>, inner: &Dict<'_>) -> FontFace {
    let name = dictionary.get::<Name<'_>>(b"BaseFont");
    let name = name.map(|n| without_subset_mark(&String::from_utf8_lossy(n.as_ref()))).unwrap_or_default();
    let mut face = FontFace {
        bold: is_bold_name(&name),
        name,
        ascent: 0.88,
        descent: -0.2,
        is_embedded: false,
        has_to_unicode: dictionary.contains_key(b"ToUnicode"),
    };
    let Some(descriptor) = inner.get::<Dict<'_>>(b"FontDescriptor") else { return face };
    let number = |key: &[u8]| descriptor.get::<f32>(key).filter(|n| n.is_finite());
    if let Some(ascent) = number(b"Ascent").filter(|a| (300.0..1500.0).contains(a)) {
        face.ascent = ascent / 1000.0;
    }
    if let Some(descent) = number(b"Descent").map(f32::abs).filter(|d| (20.0..800.0).contains(d)) {
        face.descent = -descent / 1000.0;
    }
    let force_bold = descriptor.get::<u32>(b"Flags").is_some_and(|flags| flags & (1 << 18) != 0);
    face.bold |= force_bold || number(b"FontWeight").is_some_and(|weight| weight >= 600.0);
    let programs: [&[u8]; 3] = [b"FontFile", b"FontFile2", b"FontFile3"];
    face.is_embedded = programs.iter().any(|key| descriptor.contains_key(key));
    face
}

/// `ABCDEF+Name` is a subset of `Name`.
fn without_subset_mark(name: &str) -> String {
    match name.split_once('+') {
        Some((mark, rest)) if mark.len() == 6 && mark.bytes().all(|b| b.is_ascii_uppercase()) => {
            rest.to_owned()
        }
        _ => name.to_owned(),
    }
}

fn is_bold_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["bold", "black", "heavy", "demi"].iter().any(|word| lower.contains(word))
        || ["TB", "-B", "-EB"].iter().any(|end| name.ends_with(end))
        || (lower.contains("-medi") && !lower.contains("medium"))
}

fn composite_encoding(dictionary: &Dict<'_>, sources: &FontSources<'_>) -> (Codespace, Option<CMap>) {
    match dictionary.get::<Object<'_>>(b"Encoding") {
        Some(Object::Name(name)) => {
            let codespace = Codespace::of_encoding(name.as_ref());
            let table = match CMapName::from_bytes(name.as_ref()) {
                CMapName::IdentityH | CMapName::IdentityV => Some(CMap::identity_h()),
                other => sources.table(other),
            };
            (codespace, table)
        }
        Some(Object::Stream(own)) => {
            let tables = Arc::clone(&sources.tables);
            let table = own.decoded_data().ok().and_then(|b| CMap::parse(&b, move |name| tables(name)));
            (Codespace::AsTheFontReads, table)
        }
        _ => (Codespace::AsTheFontReads, None),
    }
}

fn collection(inner: &Dict<'_>, encoding: Option<&CMap>, sources: &FontSources<'_>) -> Option<CMap> {
    let by_encoding = encoding
        .and_then(|e| e.metadata().character_collection.as_ref())
        .map(|c| c.family.clone())
        .filter(|family| *family != CidFamily::AdobeIdentity);
    let family = by_encoding.or_else(|| {
        let info = inner.get::<Dict<'_>>(b"CIDSystemInfo")?;
        let (registry, ordering) =
            (info.get::<PdfString<'_>>(b"Registry")?, info.get::<PdfString<'_>>(b"Ordering")?);
        Some(CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes()))
    })?;
    sources.table(family.ucs2_cmap()?)
}

/// Whether loading a font stays within reason: what is embedded, and the widths that are spelled out one by one.
fn is_affordable(dictionary: &Dict<'_>, inner: &Dict<'_>, limit: u64) -> bool {
    let fits = |holder: &Dict<'_>, key: &[u8]| {
        holder.get::<Stream<'_>>(key).is_none_or(|found| stream::fits(&found, limit))
    };
    let programs: [&[u8]; 3] = [b"FontFile", b"FontFile2", b"FontFile3"];
    let descriptor = inner.get::<Dict<'_>>(b"FontDescriptor").unwrap_or_default();
    programs.iter().all(|key| fits(&descriptor, key))
        && fits(dictionary, b"ToUnicode")
        && fits(dictionary, b"Encoding")
        && fits(inner, b"CIDToGIDMap")
        && spans(inner, b"W", 1) <= 1 << 17
        && spans(inner, b"W2", 3) <= 1 << 17
}

/// How many codes an array of widths (ISO 32000-1, 9.7.4.3) names: `first [w …]` or `first last w`.
fn spans(inner: &Dict<'_>, key: &[u8], values: usize) -> u64 {
    let Some(array) = inner.get::<Array<'_>>(key) else { return 0 };
    let (mut total, mut numbers) = (0_u64, Vec::new());
    for object in array.iter::<Object<'_>>() {
        match object {
            Object::Array(_) => numbers.clear(),
            Object::Number(number) => {
                numbers.push(number.as_f64());
                if numbers.len() == 2 + values {
                    total = total.saturating_add((numbers[1] - numbers[0]).max(0.0) as u64 + 1);
                    numbers.clear();
                }
            }
            _ => {}
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_fonts_are_known_by_their_names() {
        for (name, bold) in [
            ("NanumMyeongjoExtraBold", true),
            ("HYGothic-Medium", false),
            ("NimbusRomNo9L-Medi", true),
            ("HCRBatang-B", true),
            ("MalgunGothic", false),
        ] {
            assert_eq!(is_bold_name(name), bold, "{name}");
        }
        assert_eq!(without_subset_mark("ABCDEF+Batang"), "Batang");
        assert_eq!(without_subset_mark("abc+Batang"), "abc+Batang");
    }

    #[test]
    fn ligatures_are_spelled_out() {
        assert_eq!(spelled_out("\u{fb03}".into()), "ffi");
        assert_eq!(spelled_out("가".into()), "가");
    }
}
