//! Writes the tokens that a model, a folder or a GGUF file, continues prompts with, always the likeliest, for other
//! programs to compare.
//!
//! `cargo run --release -p model --example greedy -- MODEL PROMPTS.json COUNT OUT.json`, where PROMPTS.json is a list of
//! lists of token ids. Each reply has its tokens, by how much the logit of each is above the next, and all logits after
//! the prompt.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use kernels::Cpu;
use model::{DecodeRow, Decoder, ModelConfig, ModelFolder, Recompute, Workspace};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [model, prompts, count, out] = arguments.as_slice() else {
        return Err("usage: greedy MODEL PROMPTS.json COUNT OUT.json".into());
    };
    let model = Path::new(model);
    let (config, count) = (ModelConfig::from_folder(model)?, count.parse::<usize>()?);
    let decoder = Decoder::load(Arc::new(Cpu::new(2)), config, &ModelFolder::open(model)?)?;
    let prompts: Vec<Vec<u32>> = serde_json::from_str(&std::fs::read_to_string(prompts)?)?;
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut replies = Vec::new();
    for prompt in &prompts {
        let mut cache = decoder.kv_cache(1, prompt.len() + count);
        let mut logits = decoder.prefill(&mut cache, 0, prompt, None, &mut ws)?;
        let first = logits.clone();
        let (mut ids, mut margins) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (id, margin) = best(&logits);
            ids.push(id);
            margins.push(margin);
            let row = DecodeRow { slot: 0, id, adapter: None };
            decoder.decode(&mut cache, &[row], &[], &mut ws, &mut logits)?;
        }
        replies.push(json!({ "ids": ids, "margins": margins, "logits": first }));
    }
    let text = serde_json::to_string(&replies)?;
    model::platform::write_then_rename(Path::new(out), |file| file.write_all(text.as_bytes()))?;
    Ok(())
}

/// The token with the greatest logit, the first of equals; and how far the next one is below.
fn best(logits: &[f32]) -> (u32, f32) {
    let mut best = (0, f32::MIN);
    let mut next = f32::MIN;
    for (id, &logit) in (0..).zip(logits) {
        if logit > best.1 {
            next = best.1;
            best = (id, logit);
        } else {
            next = next.max(logit);
        }
    }
    (best.0, best.1 - next)
}
