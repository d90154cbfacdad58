//! What `moru bench generate` measures: a prompt that is read, tokens that are generated, and what memory gives.

use std::time::Instant;

use kernels::Device;
use model::{
    DecodeRow, Decoder, KvCache, LoraConfig, LoraTargets, ModelError, Recompute, Trainable, Workspace,
};

use super::device::Backend;

/// Numbers that are read to see how fast memory is: beyond every cache.
const NUMBERS: usize = 64 << 20;
/// How often.
const ROUNDS: usize = 8;
/// How often the prompt is read; the best counts, for the first time memory is taken.
const PROMPT_ROUNDS: usize = 2;

/// The best rate at which all threads together read memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bandwidth(f64);

impl Bandwidth {
    /// Reads numbers one after the other with all threads, several times.
    pub fn of(device: &Backend) -> Self {
        let mut buffer = device.zeros(NUMBERS);
        // Pages that were never written are all the same one.
        device.fill(&mut buffer, 0..NUMBERS, 1.0);
        let mut best = 0.0f64;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let sum = device.read_all(&buffer);
            let seconds = start.elapsed().as_secs_f64();
            assert!(sum > 0.0, "the numbers were read");
            best = best.max((4 * NUMBERS) as f64 / 1e9 / seconds.max(1e-9));
        }
        Self(best)
    }

    /// The better of two.
    pub fn or(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// In units of 10⁹ bytes.
    pub fn gigabytes_per_s(self) -> f64 {
        self.0
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Tokens of the prompt.
    pub prompt: usize,
    /// Tokens that are generated for each request.
    pub new: usize,
    /// Requests at once.
    pub requests: usize,
    /// Adapters that they take in turn; 0 for the base alone.
    pub adapters: usize,
}

/// A decoder at work.
#[derive(Debug)]
pub struct Generation<'a> {
    decoder: &'a Decoder<Backend>,
    load: Load,
    adapters: Vec<Trainable<Backend>>,
    cache: KvCache<Backend>,
    workspace: Workspace<Backend>,
    /// The last token of each request.
    last: Vec<u32>,
}

impl<'a> Generation<'a> {
    /// Draws the adapters and makes room.
    ///
    /// # Errors
    /// An adapter does not fit the architecture.
    pub fn new(decoder: &'a Decoder<Backend>, load: Load) -> Result<Self, ModelError> {
        let adapters = (0..load.adapters as u64).map(|seed| adapter(decoder, seed));
        Ok(Self::with(decoder, load, adapters.collect::<Result<_, _>>()?))
    }

    /// Makes room for requests that take these adapters in turn.
    pub fn with(decoder: &'a Decoder<Backend>, load: Load, adapters: Vec<Trainable<Backend>>) -> Self {
        Self {
            decoder,
            load,
            adapters,
            cache: decoder.kv_cache(load.requests, load.prompt + load.new),
            workspace: Workspace::new(&**decoder.device(), Recompute::Never),
            last: vec![0; load.requests],
        }
    }

    /// Reads the prompt of the first request, and lets the others share it. Returns the seconds that the prompt took,
    /// and those up to the first token.
    ///
    /// # Errors
    /// The prompt does not fit.
    pub fn read_prompt(&mut self) -> Result<(f64, f64), ModelError> {
        let vocab = self.decoder.config().vocab;
        let ids: Vec<u32> = (0..self.load.prompt).map(|i| ((i * 37 + 5) % vocab.min(1000)) as u32).collect();
        let mut best = (f64::INFINITY, f64::INFINITY);
        for _ in 0..PROMPT_ROUNDS {
            self.cache.truncate(0, 0);
            let start = Instant::now();
            let adapter = self.adapters.first();
            let logits = self.decoder.prefill(&mut self.cache, 0, &ids, adapter, &mut self.workspace)?;
            let read = start.elapsed().as_secs_f64();
            let token = greatest(&logits);
            let first = start.elapsed().as_secs_f64();
            self.last.fill(token);
            if read < best.0 {
                best = (read, first);
            }
        }
        for slot in 1..self.load.requests {
            self.cache.copy_prefix(self.decoder.device(), 0, slot, ids.len());
        }
        Ok(best)
    }

    /// Generates. Returns the seconds of each step, and the bytes of weights, adapters, keys and values that all of
    /// them read together.
    ///
    /// # Errors
    /// There is no room.
    pub fn generate(&mut self) -> Result<(Vec<f64>, usize), ModelError> {
        let adapters: Vec<&Trainable<Backend>> = self.adapters.iter().collect();
        let vocab = self.decoder.config().vocab;
        let mut logits = vec![0.0; self.load.requests * vocab];
        let mut seconds = Vec::with_capacity(self.load.new);
        let mut bytes = 0;
        for _ in 0..self.load.new {
            let start = Instant::now();
            let rows: Vec<DecodeRow> = (self.last.iter().enumerate())
                .map(|(slot, &id)| {
                    let adapter = (!adapters.is_empty()).then(|| slot % adapters.len());
                    DecodeRow { slot, id, adapter }
                })
                .collect();
            self.decoder.decode(&mut self.cache, &rows, &adapters, &mut self.workspace, &mut logits)?;
            for (last, logits) in self.last.iter_mut().zip(logits.chunks(vocab)) {
                *last = greatest(logits);
            }
            seconds.push(start.elapsed().as_secs_f64());
            bytes += self.step_bytes();
        }
        Ok((seconds, bytes))
    }

    /// Bytes that the last step read.
    fn step_bytes(&self) -> usize {
        let slots = self.cache.slots() * self.cache.capacity();
        let tokens: usize = (0..self.cache.slots()).map(|slot| self.cache.len(slot)).sum();
        let keys = (self.cache.bytes() as u64 * tokens as u64 / slots.max(1) as u64) as usize;
        let adapters = self.adapters.iter().take(self.load.requests);
        let adapters: usize = adapters.map(|a| 4 * a.parameters.layout.total).sum();
        self.decoder.read_bytes() + keys + adapters
    }
}

/// An adapter of rank 8 on queries and values, or on what holds them, with both of its matrices drawn.
fn adapter(decoder: &Decoder<Backend>, seed: u64) -> Result<Trainable<Backend>, ModelError> {
    let named = |names: &[&str]| LoraConfig {
        rank: 8,
        alpha: 16.0,
        dropout: 0.0,
        targets: LoraTargets::Named(names.iter().map(|&name| name.to_owned()).collect()),
        rslora: false,
    };
    let apart = named(&["q_proj", "v_proj"]);
    let lora = if apart.select(decoder.config()).is_ok() { apart } else { named(&["c_attn"]) };
    let mut parameters = decoder.lora_parameters(&lora, seed)?;
    let total = parameters.layout.total;
    let drawn: Vec<f32> = (0..total as u64).map(|i| 0.01 * kernels::random::normal(seed, i)).collect();
    decoder.device().write(&mut parameters.values, 0, &drawn);
    decoder.bind_lora(parameters, &lora)
}

/// The token with the greatest logit, the first of equals.
fn greatest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, &logit) in logits.iter().enumerate() {
        if logit > best.1 {
            best = (at as u32, logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernels::quant::Format;
    use model::{DType, ModelConfig};

    use super::*;

    #[test]
    fn every_request_gets_its_tokens_and_every_byte_is_counted() {
        let config = ModelConfig::preset("nano").unwrap();
        let device = Arc::new(Backend::new(2));
        let formats = [Some(Format::Q8_0); 2];
        let decoder = Decoder::repeated(device, config.clone(), 1, DType::BF16, formats).unwrap();
        let load = Load { prompt: 7, new: 3, requests: 4, adapters: 2 };
        let mut generation = Generation::new(&decoder, load).unwrap();
        let (read, first) = generation.read_prompt().unwrap();
        assert!(read > 0.0 && first >= read);
        let (seconds, bytes) = generation.generate().unwrap();
        assert_eq!(seconds.len(), 3);
        assert_eq!((0..4).map(|slot| generation.cache.len(slot)).collect::<Vec<_>>(), [10; 4]);
        // Slots hold 8, 9 and then 10 tokens, each with keys and values in every layer, in half floats.
        let keys = 4 * (8 + 9 + 10) * 2 * config.layers * config.kv_width() * 2;
        let adapters: usize = generation.adapters.iter().map(|a| 4 * a.parameters.layout.total).sum();
        assert_eq!(bytes, 3 * (decoder.read_bytes() + adapters) + keys);
        assert!(decoder.read_bytes() > 0 && decoder.read_bytes() <= decoder.weight_bytes());
    }

    #[test]
    fn memory_has_a_rate() {
        let rate = Bandwidth::of(&Backend::new(1));
        assert!(rate.gigabytes_per_s().is_finite() && rate.gigabytes_per_s() > 0.1, "{rate:?}");
        assert_eq!(rate.or(Bandwidth(0.0)), rate);
    }
}
