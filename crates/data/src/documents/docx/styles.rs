//! Styles: which paragraphs are headings, and how large and bold their letters are.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::runs::{attribute, is_on, value};

/// Styles that are based on one another; more is a circle.
const MOST_BASES: usize = 20;

/// What a style says, or a paragraph of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Format {
    /// From 1, of a heading.
    pub(super) heading: Option<u8>,
    /// The list and the depth in it.
    pub(super) list: Option<(u32, u8)>,
    /// In points.
    pub(super) size: Option<f32>,
    pub(super) bold: Option<bool>,
    pub(super) centred: Option<bool>,
    /// In points, of all lines and of the first.
    pub(super) left: Option<f32>,
    pub(super) first: Option<f32>,
}

impl Format {
    /// Takes what a property says.
    pub(super) fn property(&mut self, tag: &BytesStart<'_>) {
        match tag.name().as_ref() {
            "w:outlineLvl" => {
                let level = value(tag).and_then(|v| v.parse::<u8>().ok()).filter(|level| *level < 9);
                self.heading = level.map(|level| level + 1).or(self.heading);
            }
            "w:numId" => {
                let id = value(tag).and_then(|v| v.parse().ok()).unwrap_or(0);
                self.list = Some((id, self.list.map_or(0, |(_, depth)| depth)));
            }
            "w:ilvl" => {
                let depth = value(tag).and_then(|v| v.parse::<u8>().ok()).unwrap_or(0).min(8);
                self.list = Some((self.list.map_or(u32::MAX, |(id, _)| id), depth));
            }
            "w:sz" => {
                self.size =
                    value(tag).and_then(|v| v.parse::<f32>().ok()).map(|half| half / 2.0).or(self.size);
            }
            "w:b" => self.bold = Some(is_on(tag)),
            "w:jc" => self.centred = Some(value(tag).is_some_and(|v| v == "center")),
            "w:ind" => {
                let twips = |name: &str| {
                    attribute(tag, name)
                        .and_then(|v| v.parse::<f32>().ok())
                        .filter(|v| v.is_finite())
                        .map(|v| v / 20.0)
                };
                self.left = twips("w:left").or_else(|| twips("w:start")).or(self.left);
                self.first = twips("w:firstLine").or_else(|| twips("w:hanging").map(|v| -v)).or(self.first);
            }
            _ => {}
        }
    }

    /// Takes from another what this one does not say.
    pub(super) fn over(mut self, base: &Self) -> Self {
        self.heading = self.heading.or(base.heading);
        self.list = match (self.list, base.list) {
            // A paragraph may say its depth only.
            (Some((u32::MAX, depth)), Some((id, _))) => Some((id, depth)),
            (list, base) => list.or(base),
        };
        self.size = self.size.or(base.size);
        self.bold = self.bold.or(base.bold);
        self.centred = self.centred.or(base.centred);
        self.left = self.left.or(base.left);
        self.first = self.first.or(base.first);
        self
    }
}

/// All styles of a file.
#[derive(Debug, Default)]
pub(super) struct Styles {
    named: HashMap<String, (Format, Option<String>)>,
    default: Format,
    /// The style of paragraphs that name none.
    usual: Option<String>,
}

impl Styles {
    /// As far as the XML can be read.
    pub(super) fn read(xml: &str) -> Self {
        let mut styles = Self::default();
        let mut reader = Reader::from_str(xml);
        let mut open: Option<(String, Format, Option<String>)> = None;
        let mut in_defaults = false;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) if tag.name().as_ref() == "w:style" => {
                    let id = attribute(&tag, "w:styleId").unwrap_or_default();
                    let paragraph = attribute(&tag, "w:type").is_none_or(|kind| kind == "paragraph");
                    if paragraph && attribute(&tag, "w:default").is_some_and(|v| v == "1" || v == "true") {
                        styles.usual = Some(id.clone());
                    }
                    open = Some((id, Format::default(), None));
                }
                Ok(Event::Start(tag)) if tag.name().as_ref() == "w:docDefaults" => in_defaults = true,
                Ok(Event::Start(tag) | Event::Empty(tag)) => match (&mut open, tag.name().as_ref()) {
                    (Some((_, format, _)), "w:name") => {
                        let level = value(&tag).as_deref().and_then(heading_of_name);
                        format.heading = level.or(format.heading);
                    }
                    (Some((_, _, base)), "w:basedOn") => *base = value(&tag),
                    (Some((_, format, _)), _) => format.property(&tag),
                    (None, _) if in_defaults => styles.default.property(&tag),
                    (None, _) => {}
                },
                Ok(Event::End(tag)) if tag.name().as_ref() == "w:style" => {
                    if let Some((id, format, base)) = open.take() {
                        styles.named.insert(id, (format, base));
                    }
                }
                Ok(Event::End(tag)) if tag.name().as_ref() == "w:docDefaults" => in_defaults = false,
                Ok(Event::Eof) | Err(_) => return styles,
                Ok(_) => {}
            }
        }
    }

    /// What a style says with everything it is based on.
    pub(super) fn format(&self, style: Option<&str>) -> Format {
        let mut format = Format::default();
        let mut next = style.or(self.usual.as_deref());
        for _ in 0..MOST_BASES {
            let Some((own, base)) = next.and_then(|id| self.named.get(id)) else { break };
            format = format.over(own);
            next = base.as_deref();
        }
        format.over(&self.default)
    }
}

/// `heading 2`, `제목 2`, `Title`.
fn heading_of_name(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    if name == "title" {
        return Some(1);
    }
    let level = name.strip_prefix("heading").or_else(|| name.strip_prefix("제목"))?.trim();
    level.parse().ok().filter(|level| (1..=9).contains(level))
}
