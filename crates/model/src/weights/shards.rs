//! A model's weights as one file, or as several with an index where they are many.

use std::io::Write;
use std::ops::Range;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::TensorHeader;
use super::write::stream_safetensors;
use crate::{ModelError, platform};

/// Bytes of tensors in one file, if no single one has more.
pub const SHARD_BYTES: usize = 5_000_000_000;

/// Writes `model.safetensors`, or shards of up to `limit` bytes and, last, the index that makes them a model. The
/// tensors are produced one after the other by `fill(index, out)`, in the order of `headers`.
///
/// # Errors
/// A file cannot be written or renamed.
pub fn stream_model(
    folder: &Path,
    headers: &[TensorHeader],
    metadata: &[(&str, &str)],
    limit: usize,
    fill: &mut dyn FnMut(usize, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ModelError> {
    let shards = split(headers, limit);
    if shards.len() <= 1 {
        return stream_safetensors(&folder.join("model.safetensors"), headers, metadata, fill);
    }
    let mut map = Map::new();
    for (number, range) in (1..).zip(&shards) {
        let file = format!("model-{number:05}-of-{:05}.safetensors", shards.len());
        let part = &headers[range.clone()];
        stream_safetensors(&folder.join(&file), part, metadata, &mut |at, out| fill(range.start + at, out))?;
        map.extend(part.iter().map(|header| (header.name.clone(), Value::from(file.clone()))));
    }
    map.sort_keys();
    let total: usize = headers.iter().map(bytes).sum();
    let index = json!({ "metadata": { "total_size": total }, "weight_map": map });
    let text = format!("{index:#}\n");
    let path = folder.join("model.safetensors.index.json");
    platform::write_then_rename(&path, |file| file.write_all(text.as_bytes()))
}

fn bytes(header: &TensorHeader) -> usize {
    header.dtype.bytes(header.shape.iter().product())
}

/// Neighbours together as long as they fit; a tensor that is too large has a file of its own.
fn split(headers: &[TensorHeader], limit: usize) -> Vec<Range<usize>> {
    let mut shards: Vec<Range<usize>> = Vec::new();
    let mut filled = 0;
    for (at, header) in headers.iter().enumerate() {
        let size = bytes(header);
        match shards.last_mut() {
            Some(shard) if filled + size <= limit => {
                shard.end = at + 1;
                filled += size;
            }
            _ => {
                shards.push(at..at + 1);
                filled = size;
            }
        }
    }
    shards
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;
    use crate::weights::{ModelFolder, TensorSource, write_values};

    fn headers() -> Vec<TensorHeader> {
        let header = |(name, len): (&str, usize)| TensorHeader {
            name: name.to_owned(),
            dtype: DType::F32,
            shape: vec![len],
        };
        [("a", 3), ("b", 4), ("c", 20), ("d", 1), ("e", 2)].map(header).to_vec()
    }

    #[test]
    fn shards_are_read_back_as_one_model() {
        let headers = headers();
        assert_eq!(split(&headers, 32), [0..2, 2..3, 3..5]);
        let dir = tempfile::tempdir().unwrap();
        let mut fill = |at: usize, out: &mut dyn Write| {
            write_values(out, DType::F32, &vec![at as f32; headers[at].shape[0]])
        };
        stream_model(dir.path(), &headers, &[("format", "pt")], 32, &mut fill).unwrap();
        assert!(!dir.path().join("model.safetensors").exists());
        assert!(dir.path().join("model-00003-of-00003.safetensors").exists());
        let model = ModelFolder::open(dir.path()).unwrap();
        assert_eq!(model.names(), ["a", "b", "c", "d", "e"]);
        for (at, header) in headers.iter().enumerate() {
            assert_eq!(model.get(&header.name).unwrap().to_f32(), vec![at as f32; header.shape[0]]);
        }
        let index = std::fs::read_to_string(dir.path().join("model.safetensors.index.json")).unwrap();
        assert!(index.contains("\"total_size\": 120"), "{index}");
    }

    #[test]
    fn what_fits_is_one_file() {
        let headers = headers();
        let dir = tempfile::tempdir().unwrap();
        let mut fill =
            |at: usize, out: &mut dyn Write| write_values(out, DType::F32, &vec![0.0; headers[at].shape[0]]);
        stream_model(dir.path(), &headers, &[], 120, &mut fill).unwrap();
        assert!(dir.path().join("model.safetensors").exists());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
