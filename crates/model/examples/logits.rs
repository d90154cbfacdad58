//! Writes the logits that a model folder with an adapter gives after every token, for other programs to compare.
//!
//! `cargo run --release -p model --example logits -- BASE ADAPTER IDS.json OUT.safetensors`, where IDS.json is a
//! list of lists of token ids.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use kernels::Cpu;
use model::adapter::AdapterFolder;
use model::weights::{TensorToWrite, write_safetensors};
use model::{Decoder, ModelConfig, ModelFolder, Recompute, Workspace};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [base, adapter, ids, out] = arguments.as_slice() else {
        return Err("usage: logits BASE ADAPTER IDS.json OUT.safetensors".into());
    };
    let base = Path::new(base);
    let config = ModelConfig::from_folder(base)?;
    let vocab = config.vocab;
    let decoder = Decoder::load(Arc::new(Cpu::new(2)), config, &ModelFolder::open(base)?)?;
    let adapter = AdapterFolder::open(Path::new(adapter), decoder.config())?.bind(&decoder)?;
    let texts: Vec<Vec<u32>> = serde_json::from_str(&std::fs::read_to_string(ids)?)?;
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut logits = Vec::new();
    for ids in &texts {
        for end in 1..=ids.len() {
            let mut cache = decoder.kv_cache(1, ids.len());
            logits.extend(decoder.prefill(&mut cache, 0, &ids[..end], Some(&adapter), &mut ws)?);
        }
    }
    let tensor = TensorToWrite {
        name: "logits".to_owned(),
        shape: vec![logits.len() / vocab, vocab],
        values: &logits,
    };
    Ok(write_safetensors(Path::new(out), &[tensor], &[])?)
}
