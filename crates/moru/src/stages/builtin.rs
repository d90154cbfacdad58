//! `builtin:nano`: the model whose weights are part of this program, and the one file that they come in.
//!
//! The file is a safetensors file with the matrices in eight bits (`model::quantize`); its metadata carries
//! the other files of the model's folder, so that it is a whole model. `examples/nano` makes it. Where the
//! program was built from an empty file, it has no such model and says so.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use model::weights::{DType, TensorHeader, TensorSource, stream_safetensors};
use model::{MemoryTensors, ModelConfig, ModelFolder, quantize};

use crate::console::error::fail;

/// The model's recipe name.
pub const NANO: &str = "builtin:nano";

/// The weights in this program; empty where it was built without them.
const EMBEDDED: &[u8] = include_bytes!("../../assets/nano.safetensors");

/// Their SHA-256 in hexadecimal digits, kept beside them: it is asked for by every verb that looks at the graph, and
/// making it again would take a good part of the time to the first token.
const EMBEDDED_DIGEST: &str = include_str!("../../assets/nano.sha256");

/// The files that travel in the metadata.
const FILES: [&str; 3] = ["config.json", "tokenizer.json", "tokenizer_config.json"];

/// The file with the model's weights, where this program has it.
pub fn embedded() -> anyhow::Result<&'static [u8]> {
    if EMBEDDED.is_empty() {
        return Err(fail(
            "this moru was built without the weights of `builtin:nano`",
            "set [model] base = \"builtin:toy\" (untrained, to try things out), a folder, or a Hugging Face id",
        ));
    }
    Ok(EMBEDDED)
}

/// The digest of [`embedded`].
pub fn digest() -> pipeline::Digest {
    EMBEDDED_DIGEST.trim().parse().expect("a test compares it with the weights")
}

/// Whether this program has the model.
pub fn is_embedded() -> bool {
    embedded().is_ok()
}

/// Writes a model's folder as one file, its matrices in eight bits.
pub fn pack(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let mut metadata = Vec::new();
    for name in FILES {
        let path = folder.join(name);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        metadata.push((name, text));
    }
    let metadata: Vec<_> = metadata.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Ok(quantize::write(file, &ModelFolder::open(folder)?, &metadata)?)
}

/// The weights of a packed model, as the eight bits say, and the files of its folder.
pub fn open(place: &str, packed: &[u8]) -> anyhow::Result<(MemoryTensors, BTreeMap<String, String>)> {
    Ok(quantize::read(place, packed)?)
}

/// The configuration of a packed model.
pub fn config(place: &str, packed: &[u8]) -> anyhow::Result<ModelConfig> {
    let files = quantize::metadata(place, packed)?;
    let text =
        files.get("config.json").with_context(|| format!("{place} has no config.json in its metadata"))?;
    Ok(ModelConfig::from_config_json(&serde_json::from_str(text)?)?)
}

/// Makes a model's folder of a packed model. Its weights are f32, which is exact: what eight bits say is
/// the model, and everything that is tuned or merged later begins there.
pub fn unpack(place: &str, packed: &[u8], folder: &Path) -> anyhow::Result<()> {
    let (tensors, files) = open(place, packed)?;
    for name in FILES {
        let text = files.get(name).with_context(|| format!("{place} has no {name} in its metadata"))?;
        pipeline::platform::write_atomic(&folder.join(name), text.as_bytes())?;
    }
    let views = (tensors.names().into_iter())
        .map(|name| Ok((tensors.get(&name)?, name)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let headers: Vec<_> = (views.iter())
        .map(|(view, name)| TensorHeader { name: name.clone(), dtype: DType::F32, shape: view.shape.clone() })
        .collect();
    let file = folder.join("model.safetensors");
    stream_safetensors(&file, &headers, &[("format", "pt")], &mut |at, out| {
        out.write_all(&views[at].0.bytes)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_weights() {
        assert_eq!(digest(), pipeline::Digest::of(EMBEDDED), "assets/nano.sha256 is of other weights");
    }
    use crate::stages::base;
    use chat::tokenizer::read_folder;

    #[test]
    fn a_packed_model_is_its_folder_again_with_weights_of_eight_bits() {
        let scratch = tempfile::TempDir::new().unwrap();
        let (before, file, after) =
            (scratch.path().join("a"), scratch.path().join("nano"), scratch.path().join("b"));
        for folder in [&before, &after] {
            std::fs::create_dir(folder).unwrap();
        }
        base::tests::toy_folder(&before, 3);
        pack(&before, &file).unwrap();
        let packed = std::fs::read(&file).unwrap();
        let full = std::fs::metadata(before.join("model.safetensors")).unwrap().len();
        assert!(packed.len() as u64 * 2 < full, "{} of {full} bytes", packed.len());
        unpack("nano", &packed, &after).unwrap();
        for name in FILES {
            assert_eq!(std::fs::read(before.join(name)).unwrap(), std::fs::read(after.join(name)).unwrap());
        }
        let (one, other) = (ModelFolder::open(&before).unwrap(), ModelFolder::open(&after).unwrap());
        assert_eq!(one.names(), other.names());
        let mut most = 0.0_f32;
        for name in one.names() {
            let (a, b) = (one.get(&name).unwrap().to_f32(), other.get(&name).unwrap().to_f32());
            most = a.iter().zip(&b).fold(most, |most, (a, b)| most.max((a - b).abs()));
        }
        assert!(most > 0.0 && most < 1e-3, "weights of 0.02 are off by {most}");
        // What tunes and serves reads the folder, and its template.
        base::load(&after).unwrap();
        assert_eq!(read_folder(&after).unwrap().template.as_deref(), Some(chat::Builtin::ChatMl.source()));
        // Packing what was unpacked changes nothing more.
        let again = scratch.path().join("again");
        pack(&after, &again).unwrap();
        assert_eq!(std::fs::read(&again).unwrap(), packed);
    }

    /// Runs on every build; where the weights are part of it, they must be whole.
    #[test]
    fn what_is_embedded_is_a_model_of_at_most_sixteen_megabytes_or_nothing() {
        let Ok(packed) = embedded() else {
            assert_eq!(base::best_builtin(), base::TOY);
            return;
        };
        assert!(packed.len() <= 16_000_000, "{} bytes", packed.len());
        assert_eq!(base::best_builtin(), NANO);
        let scratch = tempfile::TempDir::new().unwrap();
        unpack(NANO, packed, scratch.path()).unwrap();
        let decoder = base::load(scratch.path()).unwrap();
        assert_eq!(decoder.config().parameters(), 11_542_272);
    }
}
