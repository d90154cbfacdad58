//! Bookmarks (ISO 32000-1, 12.3.3), with the pages that they lead to.

use std::collections::{HashMap, HashSet};

use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, String as PdfString};

use super::super::OutlineEntry;
use super::strings::text_string;

/// More bookmarks than this are not read.
const MOST: usize = 20_000;

/// Bookmarks inside bookmarks.
const DEEPEST: u8 = 16;

/// The bookmarks of a file, in reading order. Loops end where they come back.
pub(super) fn outline(pdf: &Pdf) -> Vec<OutlineEntry> {
    let Some(catalogue) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return Vec::new() };
    let Some(root) = catalogue.get::<Dict<'_>>(b"Outlines") else { return Vec::new() };
    let pages = pdf.pages().iter().enumerate();
    let pages = pages.filter_map(|(at, page)| Some((page.raw().obj_id()?, at as u32 + 1))).collect();
    let mut walk = Walk { catalogue, pages, seen: HashSet::new(), entries: Vec::new() };
    walk.siblings(&root, 0);
    walk.entries
}

struct Walk<'a> {
    catalogue: Dict<'a>,
    pages: HashMap<ObjectIdentifier, u32>,
    seen: HashSet<ObjectIdentifier>,
    entries: Vec<OutlineEntry>,
}

impl<'a> Walk<'a> {
    fn siblings(&mut self, parent: &Dict<'a>, depth: u8) {
        let mut next = parent.get::<Dict<'a>>(b"First");
        while let Some(entry) = next {
            let is_new = entry.obj_id().is_none_or(|id| self.seen.insert(id));
            if !is_new || self.entries.len() >= MOST {
                return;
            }
            if let Some(title) = entry.get::<PdfString<'_>>(b"Title") {
                let title = text_string(&title).split_whitespace().collect::<Vec<_>>().join(" ");
                let page = self.page(&entry);
                self.entries.push(OutlineEntry { depth, title, page });
            }
            if depth < DEEPEST {
                self.siblings(&entry, depth + 1);
            }
            // An entry that is no object of its own cannot be told from its twin.
            next = entry.get::<Dict<'a>>(b"Next").filter(|next| next.obj_id().is_some());
        }
    }

    fn page(&self, entry: &Dict<'a>) -> Option<u32> {
        let own = entry.get::<Object<'a>>(b"Dest");
        let target =
            own.or_else(|| entry.get::<Dict<'a>>(b"A").and_then(|action| action.get::<Object<'a>>(b"D")))?;
        let place = match target {
            Object::Array(place) => place,
            Object::Name(name) => self.named(name.as_ref())?,
            Object::String(name) => self.named(name.as_bytes())?,
            _ => return None,
        };
        match place.raw_iter().next()? {
            MaybeRef::Ref(page) => self.pages.get(&page.into()).copied(),
            MaybeRef::NotRef(Object::Number(number)) => {
                u32::try_from(number.as_i64()).ok().map(|page| page + 1)
            }
            MaybeRef::NotRef(_) => None,
        }
    }

    /// A place by its name: in the catalogue's dictionary, or in its tree of names.
    fn named(&self, name: &[u8]) -> Option<Array<'a>> {
        let direct = self.catalogue.get::<Dict<'a>>(b"Dests").and_then(|all| all.get::<Object<'a>>(name));
        let tree = || self.catalogue.get::<Dict<'a>>(b"Names")?.get::<Dict<'a>>(b"Dests");
        match direct.or_else(|| in_tree(&tree()?, name, 0))? {
            Object::Array(place) => Some(place),
            Object::Dict(holder) => holder.get::<Array<'a>>(b"D"),
            _ => None,
        }
    }
}

/// What a tree of names (ISO 32000-1, 7.9.6) has under a name.
fn in_tree<'a>(node: &Dict<'a>, name: &[u8], depth: u8) -> Option<Object<'a>> {
    if let Some(names) = node.get::<Array<'a>>(b"Names") {
        let mut entries = names.iter::<Object<'a>>();
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            if matches!(&key, Object::String(key) if key.as_bytes() == name) {
                return Some(value);
            }
        }
        return None;
    }
    let reaches = |kid: &Dict<'a>| {
        let limits = kid.get::<Array<'a>>(b"Limits")?;
        let mut ends = limits.iter::<PdfString<'_>>();
        let (low, high) = (ends.next()?, ends.next()?);
        Some(low.as_bytes() <= name && name <= high.as_bytes())
    };
    let kids = node.get::<Array<'a>>(b"Kids").filter(|_| depth < DEEPEST)?;
    // Only one kid can hold the name, so the walk cannot branch.
    let kid = kids.iter::<Dict<'a>>().find(|kid| reaches(kid).unwrap_or(false))?;
    in_tree(&kid, name, depth + 1)
}
