//! The header of a GGUF file, checked whole before anything of it is used.
//!
//! Layout, all little-endian: `GGUF`, u32 version, u64 number of tensors, u64 number of keys; the keys, each a text,
//! a u32 type and a value; the tensors, each a name, u32 number of dimensions, u64 dimensions (innermost first), u32
//! number format, u64 offset; then, at a multiple of the alignment, the data to whose beginning the offsets refer.
//! A text is a u64 length and its bytes; an array a u32 type of its elements, their u64 number and the elements.

use std::collections::BTreeMap;
use std::ops::Range;

use super::GgufProblem;
use super::format;
use super::value::{Kind, StoredValue};
use crate::DType;

/// What data and offsets are aligned to where the file does not say.
pub(super) const ALIGNMENT: usize = 32;

/// The least bytes of a key: length of its name, type, a value of one byte.
const LEAST_KEY: usize = 8 + 4 + 1;
/// The least bytes of a tensor: length of its name, number of dimensions, one dimension, format, offset.
const LEAST_TENSOR: usize = 8 + 4 + 8 + 4 + 8;

/// Where a key's value lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    kind: Kind,
    elements: Option<(Kind, usize)>,
    bytes: Range<usize>,
}

impl Place {
    pub fn value<'a>(&self, file: &'a [u8]) -> StoredValue<'a> {
        StoredValue { kind: self.kind, elements: self.elements, bytes: &file[self.bytes.clone()] }
    }
}

/// Where a tensor lies.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub dtype: DType,
    /// Outermost first.
    pub shape: Vec<usize>,
    /// Of the whole file.
    pub bytes: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Header {
    pub version: u32,
    pub keys: BTreeMap<String, Place>,
    pub tensors: BTreeMap<String, Tensor>,
}

/// Reads and checks the header of a whole file.
pub(super) fn parse(file: &[u8]) -> Result<Header, GgufProblem> {
    let mut cursor = Cursor { file, at: 0 };
    let version = version(&mut cursor)?;
    let n_tensors = cursor.count("the number of tensors", LEAST_TENSOR)?;
    let n_keys = cursor.count("the number of keys", LEAST_KEY)?;
    let mut keys = BTreeMap::new();
    for i in 0..n_keys {
        let at = cursor.at;
        let name = cursor.text(|| format!("the name of key {}", i + 1))?.to_owned();
        let place = cursor.value(&name)?;
        if keys.contains_key(&name) {
            return Err(GgufProblem::Twice { what: "key", name, at });
        }
        keys.insert(name, place);
    }
    let alignment = alignment(keys.get("general.alignment").map(|place| place.value(file)))?;
    let mut described = BTreeMap::new();
    for i in 0..n_tensors {
        let at = cursor.at;
        let name = cursor.text(|| format!("the name of tensor {}", i + 1))?.to_owned();
        let tensor = cursor.tensor(&name, alignment)?;
        if described.contains_key(&name) {
            return Err(GgufProblem::Twice { what: "tensor", name, at });
        }
        described.insert(name, tensor);
    }
    // A file without tensors, such as a vocabulary, may end before the padding.
    let data = cursor.at.next_multiple_of(alignment).min(file.len());
    let mut tensors = BTreeMap::new();
    for (name, described) in described {
        let tensor = described.place(&name, data, file.len())?;
        tensors.insert(name, tensor);
    }
    refuse_overlaps(&tensors)?;
    Ok(Header { version, keys, tensors })
}

fn version(cursor: &mut Cursor<'_>) -> Result<u32, GgufProblem> {
    if !cursor.file.starts_with(b"GGUF") {
        return Err(GgufProblem::Magic);
    }
    cursor.at = 4;
    match cursor.u32(|| "the version".to_owned())? {
        version @ (2 | 3) => Ok(version),
        version if version.swap_bytes() <= 3 => Err(GgufProblem::BigEndian),
        version => Err(GgufProblem::Version { version }),
    }
}

fn alignment(value: Option<StoredValue<'_>>) -> Result<usize, GgufProblem> {
    let Some(value) = value else { return Ok(ALIGNMENT) };
    let size = value.size().and_then(|size| usize::try_from(size).ok());
    size.filter(|size| size.is_power_of_two() && *size <= 1 << 16).ok_or_else(|| {
        let written = value.size().map_or_else(|| value.describe(), |size| size.to_string());
        GgufProblem::Alignment { value: written }
    })
}

/// A tensor as the header describes it; the offset counts from the beginning of the data.
struct Described {
    dtype: DType,
    shape: Vec<usize>,
    offset: u64,
    needed: u64,
}

impl Described {
    fn place(self, name: &str, data: usize, len: usize) -> Result<Tensor, GgufProblem> {
        let available = (len - data) as u64;
        let end = self.offset.checked_add(self.needed).filter(|end| *end <= available);
        let Some(end) = end else {
            let (tensor, offset, needed) = (name.to_owned(), self.offset, self.needed);
            return Err(GgufProblem::Outside { tensor, offset, needed, available });
        };
        let bytes = data + self.offset as usize..data + end as usize;
        Ok(Tensor { dtype: self.dtype, shape: self.shape, bytes })
    }
}

/// Reads forward, and never beyond the file.
struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: u64, what: impl FnOnce() -> String) -> Result<&'a [u8], GgufProblem> {
        let rest = &self.file[self.at..];
        match usize::try_from(n).ok().and_then(|n| rest.get(..n)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => Err(GgufProblem::Truncated { what: what(), at: self.at, len: self.file.len() }),
        }
    }

    fn u32(&mut self, what: impl FnOnce() -> String) -> Result<u32, GgufProblem> {
        let bytes = self.take(4, what)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self, what: impl FnOnce() -> String) -> Result<u64, GgufProblem> {
        let mut word = [0; 8];
        word.copy_from_slice(self.take(8, what)?);
        Ok(u64::from_le_bytes(word))
    }

    /// A number of entries of at least `least` bytes each, for which the rest of the file has room.
    fn count(&mut self, what: &str, least: usize) -> Result<usize, GgufProblem> {
        let at = self.at;
        let count = self.u64(|| what.to_owned())?;
        let room = (self.file.len() - self.at) / least;
        usize::try_from(count).ok().filter(|count| *count <= room).ok_or_else(|| GgufProblem::Count {
            what: what.to_owned(),
            at,
            count,
        })
    }

    fn text(&mut self, what: impl Fn() -> String) -> Result<&'a str, GgufProblem> {
        let len = self.u64(|| format!("the length of {}", what()))?;
        let at = self.at;
        let bytes = self.take(len, &what)?;
        std::str::from_utf8(bytes).map_err(|_| GgufProblem::Utf8 { what: what(), at })
    }

    fn kind(&mut self, key: &str) -> Result<Kind, GgufProblem> {
        let at = self.at;
        let code = self.u32(|| format!("the type of `{key}`"))?;
        Kind::of(code).ok_or_else(|| GgufProblem::Kind { what: format!("`{key}`"), at, code })
    }

    fn value(&mut self, key: &str) -> Result<Place, GgufProblem> {
        let kind = self.kind(key)?;
        let start = self.at;
        if kind == Kind::Array {
            return self.array(key);
        }
        let start = if kind.size().is_some() {
            self.scalar(key, kind)?;
            start
        } else {
            self.text(|| format!("the text of `{key}`"))?;
            start + 8
        };
        Ok(Place { kind, elements: None, bytes: start..self.at })
    }

    fn scalar(&mut self, key: &str, kind: Kind) -> Result<(), GgufProblem> {
        let at = self.at;
        let bytes = self.take(kind.size().unwrap_or(1) as u64, || format!("the value of `{key}`"))?;
        match (kind, bytes) {
            (Kind::Bool, &[value]) if value > 1 => {
                Err(GgufProblem::Flag { what: format!("`{key}`"), at, value })
            }
            _ => Ok(()),
        }
    }

    fn array(&mut self, key: &str) -> Result<Place, GgufProblem> {
        let at = self.at;
        let kind = self.kind(key)?;
        if kind == Kind::Array {
            return Err(GgufProblem::Nested { what: format!("`{key}`"), at });
        }
        // A text has at least its length.
        let count = self.count(&format!("the array `{key}`"), kind.size().unwrap_or(8))?;
        let start = self.at;
        match kind.size() {
            Some(size) if kind != Kind::Bool => {
                self.take((count * size) as u64, || format!("the array `{key}`"))?;
            }
            Some(_) => (0..count).try_for_each(|_| self.scalar(key, kind))?,
            None => {
                for i in 0..count {
                    self.text(|| format!("text {i} of the array `{key}`"))?;
                }
            }
        }
        Ok(Place { kind: Kind::Array, elements: Some((kind, count)), bytes: start..self.at })
    }

    fn tensor(&mut self, name: &str, alignment: usize) -> Result<Described, GgufProblem> {
        let tensor = || name.to_owned();
        let what = || format!("the description of tensor `{name}`");
        let count = self.u32(what)?;
        if !(1..=4).contains(&count) {
            return Err(GgufProblem::Dimensions { tensor: tensor(), count });
        }
        let shape = (0..count).map(|_| self.u64(what)).collect::<Result<Vec<_>, _>>()?;
        let code = self.u32(what)?;
        let offset = self.u64(what)?;
        let dtype = format::dtype(code).ok_or_else(|| GgufProblem::Format {
            tensor: tensor(),
            format: format::name(code),
            supported: format::supported(),
        })?;
        let overflow = || GgufProblem::Overflow { tensor: tensor(), shape: shape.clone() };
        let values = shape.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
        let values = values.and_then(|n| usize::try_from(n).ok()).ok_or_else(overflow)?;
        let row = usize::try_from(shape[0]).map_err(|_| overflow())?;
        if !row.is_multiple_of(dtype.block()) {
            let (format, block) = (dtype.name(), dtype.block());
            return Err(GgufProblem::Row { tensor: tensor(), format, row, block });
        }
        let needed = dtype.checked_bytes(values).ok_or_else(overflow)? as u64;
        if !offset.is_multiple_of(alignment as u64) {
            return Err(GgufProblem::Unaligned { tensor: tensor(), offset, alignment });
        }
        // Each is at most the product, unless one is zero; then none is used as more than a number.
        let shape = shape.iter().rev().map(|size| usize::try_from(*size).unwrap_or(usize::MAX)).collect();
        Ok(Described { dtype, shape, offset, needed })
    }
}

fn refuse_overlaps(tensors: &BTreeMap<String, Tensor>) -> Result<(), GgufProblem> {
    let taken = tensors.iter().filter(|(_, t)| !t.bytes.is_empty());
    let mut ranges: Vec<_> = taken.map(|(name, t)| (t.bytes.start, t.bytes.end, name)).collect();
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        if pair[1].0 < pair[0].1 {
            return Err(GgufProblem::Overlap { first: pair[0].2.clone(), second: pair[1].2.clone() });
        }
    }
    Ok(())
}
