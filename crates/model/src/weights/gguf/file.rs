//! A GGUF file, mapped and checked.

use std::path::Path;

use super::header::{Header, parse};
use super::{GgufProblem, StoredValue};
use crate::weights::{TensorSource, TensorView};
use crate::{ModelError, platform};

/// One mapped GGUF file: keys, and tensors under the names that stand in it.
#[derive(Debug)]
pub struct GgufFile {
    place: String,
    map: platform::FileMap,
    header: Header,
}

impl GgufFile {
    /// Whether a path is a file that begins as GGUF does.
    pub fn is_gguf(path: &Path) -> bool {
        use std::io::Read as _;
        let mut magic = [0; 4];
        path.is_file()
            && std::fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
            && magic == *b"GGUF"
    }

    /// Maps the file and checks its header whole: lengths, types, texts, names, shapes, offsets, overlaps.
    ///
    /// # Errors
    /// The file cannot be mapped, or [`ModelError::Gguf`] naming the file, the place in it, and what to do.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let map = platform::FileMap::open(path)?;
        let place = path.display().to_string();
        let header =
            parse(map.bytes()).map_err(|problem| ModelError::Gguf { file: place.clone(), problem })?;
        let file = Self { place, map, header };
        if let Some(count) = file.size("split.count")?.filter(|count| *count > 1) {
            let part = file.size("split.no")?.unwrap_or(0) + 1;
            return Err(file.problem(GgufProblem::Split { part, count }));
        }
        Ok(file)
    }

    /// The error of a problem in this file.
    pub(super) fn problem(&self, problem: GgufProblem) -> ModelError {
        ModelError::Gguf { file: self.place.clone(), problem }
    }

    /// Where the file lies, for errors.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The format's version.
    pub fn version(&self) -> u32 {
        self.header.version
    }

    /// All keys with their values, sorted.
    pub fn keys(&self) -> impl Iterator<Item = (&str, StoredValue<'_>)> {
        self.header.keys.iter().map(|(key, place)| (&**key, place.value(self.map.bytes())))
    }

    /// The value of a key.
    pub fn get_key(&self, key: &str) -> Option<StoredValue<'_>> {
        self.header.keys.get(key).map(|place| place.value(self.map.bytes()))
    }

    /// Reads a key's value, if there is one, as something; `wanted` says as what.
    fn read<'a, T>(
        &'a self,
        key: &str,
        wanted: &'static str,
        read: impl FnOnce(&StoredValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, ModelError> {
        let Some(value) = self.get_key(key) else { return Ok(None) };
        read(&value).map(Some).ok_or_else(|| self.problem(value.instead(key, wanted)))
    }

    /// A text.
    ///
    /// # Errors
    /// The key is there and is something else; so for all that follow.
    pub fn text(&self, key: &str) -> Result<Option<&str>, ModelError> {
        self.read(key, "a text", StoredValue::text)
    }

    /// A whole number from zero.
    ///
    /// # Errors
    /// As [`GgufFile::text`].
    pub fn size(&self, key: &str) -> Result<Option<u64>, ModelError> {
        self.read(key, "a whole number from zero", StoredValue::size)
    }

    /// A number.
    ///
    /// # Errors
    /// As [`GgufFile::text`].
    pub fn number(&self, key: &str) -> Result<Option<f64>, ModelError> {
        self.read(key, "a number", StoredValue::number)
    }

    /// A truth value.
    ///
    /// # Errors
    /// As [`GgufFile::text`].
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ModelError> {
        self.read(key, "true or false", StoredValue::flag)
    }

    /// Texts.
    ///
    /// # Errors
    /// As [`GgufFile::text`].
    pub fn texts<'a>(
        &'a self,
        key: &str,
    ) -> Result<Option<impl ExactSizeIterator<Item = &'a str> + use<'a>>, ModelError> {
        self.read(key, "an array of texts", StoredValue::texts)
    }

    /// Numbers.
    ///
    /// # Errors
    /// As [`GgufFile::text`].
    pub fn numbers<'a>(
        &'a self,
        key: &str,
    ) -> Result<Option<impl ExactSizeIterator<Item = f64> + use<'a>>, ModelError> {
        self.read(key, "an array of numbers", StoredValue::numbers)
    }

    /// The error of a key that must be there.
    pub fn missing(&self, key: &str) -> ModelError {
        self.problem(GgufProblem::MissingKey { key: key.to_owned() })
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.header.tensors.contains_key(name)
    }
}

impl TensorSource for GgufFile {
    fn names(&self) -> Vec<String> {
        self.header.tensors.keys().cloned().collect()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let missing = || ModelError::MissingTensor { place: self.place.clone(), name: name.to_owned() };
        let tensor = self.header.tensors.get(name).ok_or_else(missing)?;
        let bytes = self.map.bytes()[tensor.bytes.clone()].into();
        Ok(TensorView { dtype: tensor.dtype, shape: tensor.shape.clone(), bytes })
    }

    fn release(&self, name: &str) {
        if let Some(tensor) = self.header.tensors.get(name) {
            self.map.release(tensor.bytes.clone());
        }
    }
}
