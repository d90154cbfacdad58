//! Writing a GGUF file, whole or not at all.

use std::io::Write;
use std::path::Path;

use super::format;
use super::header::ALIGNMENT;
use super::value::{GgufValue, put_text};
use crate::{DType, ModelError, platform};

/// A tensor whose numbers are produced while the file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GgufTensor {
    /// Its name in the file; llama.cpp takes at most 63 bytes.
    pub name: String,
    /// Number format.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
}

impl GgufTensor {
    fn bytes(&self) -> usize {
        self.dtype.bytes(self.shape.iter().product())
    }
}

/// Writes version 3 under a temporary name that is then renamed. Keys and tensors stand in the order that is given;
/// `fill(index, out)` writes the bytes of one tensor after the other. The same input gives the same bytes.
///
/// # Errors
/// The file cannot be written or renamed.
///
/// # Panics
/// When a tensor has a format that ggml does not have, or `fill` writes more or fewer bytes than a tensor has.
pub fn write_gguf(
    path: &Path,
    keys: &[(String, GgufValue)],
    tensors: &[GgufTensor],
    fill: &mut dyn FnMut(usize, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ModelError> {
    let header = header(keys, tensors);
    platform::write_then_rename(path, |out| {
        out.write_all(&header)?;
        for (at, tensor) in tensors.iter().enumerate() {
            let bytes = tensor.bytes();
            let mut counted = Counted { out, written: 0 };
            fill(at, &mut counted)?;
            assert_eq!(counted.written, bytes, "{} is written whole", tensor.name);
            out.write_all(&[0; ALIGNMENT][..bytes.next_multiple_of(ALIGNMENT) - bytes])?;
        }
        Ok(())
    })
}

/// Everything before the data, padded to where the data begins.
fn header(keys: &[(String, GgufValue)], tensors: &[GgufTensor]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((keys.len() as u64).to_le_bytes());
    for (key, value) in keys {
        put_text(&mut out, key);
        value.put(&mut out);
    }
    let mut offset = 0;
    for tensor in tensors {
        put_text(&mut out, &tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        for size in tensor.shape.iter().rev() {
            out.extend((*size as u64).to_le_bytes());
        }
        let code = format::code(tensor.dtype).expect("a format that ggml has");
        out.extend(code.to_le_bytes());
        out.extend((offset as u64).to_le_bytes());
        offset += tensor.bytes().next_multiple_of(ALIGNMENT);
    }
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
    out
}

/// Counts what goes through it.
struct Counted<'a> {
    out: &'a mut dyn Write,
    written: usize,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written += n;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
