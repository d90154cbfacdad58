//! A safetensors file, mapped and checked before anything is read from it.
//!
//! Layout: eight bytes little-endian header length, a JSON header
//! `{"name": {"dtype", "shape", "data_offsets": [start, end]}, "__metadata__": {…}}`, then the data,
//! to whose beginning the offsets refer.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{DType, TensorSource, TensorView};
use crate::error::FileProblem;
use crate::{ModelError, platform};

const GREATEST_HEADER: u64 = 100_000_000;

/// One mapped safetensors file.
#[derive(Debug)]
pub struct SafetensorsFile {
    place: String,
    map: platform::FileMap,
    tensors: BTreeMap<String, Entry<Stored>>,
    metadata: BTreeMap<String, String>,
}

/// The number formats that occur in model files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Numbers of a tensor.
    Float(DType),
    /// Bytes that stand for numbers, in quantised files.
    Bytes(&'static str),
}

/// Where a tensor lies, and in which of the number formats `T`.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub dtype: T,
    pub shape: Vec<usize>,
    /// Bytes of the whole file.
    pub start: usize,
    pub end: usize,
}

impl SafetensorsFile {
    /// Maps the file and checks its header whole: lengths, dtypes, shapes, offsets, overlaps.
    ///
    /// # Errors
    /// The file cannot be mapped, or [`ModelError::TensorFile`] naming file and tensor.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let map = platform::FileMap::open(path)?;
        let place = path.display().to_string();
        let (tensors, metadata) = parse(map.bytes(), dtype)
            .map_err(|problem| ModelError::TensorFile { file: place.clone(), problem })?;
        Ok(Self { place, map, tensors, metadata })
    }

    /// The header's `__metadata__`.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// A tensor's format, shape and bytes, whatever it holds.
    pub(crate) fn raw(&self, name: &str) -> Option<(Stored, &[usize], &[u8])> {
        let entry = self.tensors.get(name)?;
        Some((entry.dtype, &entry.shape, &self.map.bytes()[entry.start..entry.end]))
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }
}

impl TensorSource for SafetensorsFile {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let entry = self
            .tensors
            .get(name)
            .ok_or_else(|| ModelError::MissingTensor { place: self.place.clone(), name: name.to_owned() })?;
        let bytes = self.map.bytes()[entry.start..entry.end].into();
        match entry.dtype {
            Stored::Float(dtype) => Ok(TensorView { dtype, shape: entry.shape.clone(), bytes }),
            Stored::Bytes(found) => Err(ModelError::TensorFile {
                file: self.place.clone(),
                problem: FileProblem::DType { tensor: name.to_owned(), dtype: found.to_owned() },
            }),
        }
    }

    fn release(&self, name: &str) {
        if let Some(entry) = self.tensors.get(name) {
            self.map.release(entry.start..entry.end);
        }
    }
}

/// The tensors of a file, and its metadata.
pub(crate) type Header<T> = (BTreeMap<String, Entry<T>>, BTreeMap<String, String>);

/// The formats that models come in, by name, with the bytes of a value.
fn dtype(name: &str) -> Option<(Stored, usize)> {
    if let Some(bytes) = ["U8", "I8"].into_iter().find(|bytes| *bytes == name) {
        return Some((Stored::Bytes(bytes), 1));
    }
    let dtype = [DType::F32, DType::F16, DType::BF16].into_iter().find(|dtype| dtype.name() == name)?;
    Some((Stored::Float(dtype), dtype.bytes(1)))
}

/// Checks a header whole; `dtype` knows the formats that may occur, and the bytes of a value.
pub(crate) fn parse<T>(
    file: &[u8],
    dtype: impl Fn(&str) -> Option<(T, usize)>,
) -> Result<Header<T>, FileProblem> {
    let len = file.len();
    let (first, rest) = file.split_first_chunk::<8>().ok_or(FileProblem::TooShort { len })?;
    let header = u64::from_le_bytes(*first);
    if header > GREATEST_HEADER || header > rest.len() as u64 {
        return Err(FileProblem::HeaderLength { header, len });
    }
    let (json, data) = rest.split_at(header as usize);
    let value: Value =
        serde_json::from_slice(json).map_err(|error| FileProblem::Header { why: error.to_string() })?;
    let Value::Object(map) = value else {
        return Err(FileProblem::Header { why: "it is not an object".to_owned() });
    };
    let mut tensors = BTreeMap::new();
    let mut metadata = BTreeMap::new();
    for (name, value) in map {
        if name == "__metadata__" {
            let pairs = value.as_object().into_iter().flatten();
            metadata.extend(pairs.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))));
        } else {
            let entry = entry(&name, &value, 8 + header, data.len() as u64, &dtype)?;
            tensors.insert(name, entry);
        }
    }
    refuse_overlaps(&tensors)?;
    Ok((tensors, metadata))
}

fn entry<T>(
    name: &str,
    value: &Value,
    data_start: u64,
    available: u64,
    dtype: &impl Fn(&str) -> Option<(T, usize)>,
) -> Result<Entry<T>, FileProblem> {
    let tensor = || name.to_owned();
    let malformed = |key: &str| FileProblem::Header { why: format!("tensor `{name}` has no valid `{key}`") };
    let numbers =
        |key: &str| -> Option<Vec<u64>> { value.get(key)?.as_array()?.iter().map(Value::as_u64).collect() };
    let written = value.get("dtype").and_then(Value::as_str).ok_or_else(|| malformed("dtype"))?;
    let unknown = || FileProblem::DType { tensor: tensor(), dtype: written.to_owned() };
    let (dtype, size) = dtype(written).ok_or_else(unknown)?;
    let shape = numbers("shape").ok_or_else(|| malformed("shape"))?;
    let Some(&[start, end]) = numbers("data_offsets").as_deref() else {
        return Err(malformed("data_offsets"));
    };
    let needed = shape.iter().try_fold(size as u64, |product, &size| product.checked_mul(size));
    let needed = needed.ok_or_else(|| FileProblem::Overflow { tensor: tensor(), shape: shape.clone() })?;
    if start > end || end > available {
        return Err(FileProblem::Outside { tensor: tensor(), start, end, available });
    }
    if end - start != needed {
        return Err(FileProblem::Size { tensor: tensor(), given: end - start, needed });
    }
    let shape = shape.into_iter().map(|size| size as usize).collect();
    Ok(Entry { dtype, shape, start: (data_start + start) as usize, end: (data_start + end) as usize })
}

fn refuse_overlaps<T>(tensors: &BTreeMap<String, Entry<T>>) -> Result<(), FileProblem> {
    let mut ranges: Vec<_> =
        tensors.iter().filter(|(_, e)| e.start < e.end).map(|(name, e)| (e.start, e.end, name)).collect();
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        if pair[1].0 < pair[0].1 {
            return Err(FileProblem::Overlap { first: pair[0].2.clone(), second: pair[1].2.clone() });
        }
    }
    Ok(())
}
