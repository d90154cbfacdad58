//! What `moru bench train` relates a step to: its arithmetic, and the best rate of the same run.

use std::time::Instant;

use kernels::{At, Device, Layout, LinearShape, Matrix, Phase, ScratchNeed};
use model::{LinearKind, LoraConfig, ModelConfig, ModelError};

/// How often each product is tried, warm after the first time.
const ROUNDS: usize = 21;

/// The same where an estimate is enough.
const GLANCES: usize = 3;

/// The share of the best product's rate at which steps run.
pub const SHARE: f64 = 0.7;

/// Arithmetic of one training step in operations of 10⁹, multiplications and additions counted apart.
///
/// A linear layer of I inputs and O outputs takes 2·I·O a token forward, as much for the gradient of its input
/// where anything below is trained, and as much again for that of its weight where that is trained. The head does
/// so for tokens with a loss only. Attention has two products forward and four backward of 2·H·D operations for each
/// pair of a token and a key that it sees. An adapter's own products, norms and activations are small and not
/// counted; neither is what is computed twice.
///
/// # Errors
/// The adapter's targets do not fit the model.
pub fn gigaflop(config: &ModelConfig, step: &Step<'_>) -> Result<f64, ModelError> {
    let adapted = step.lora.map(|lora| lora.select(config)).transpose()?;
    let lowest = adapted.as_ref().and_then(|chosen| chosen.first()).map_or(0, |module| module.layer);
    let weights = if adapted.is_none() { 2.0 } else { 0.0 };
    // Whether a gradient goes on through the input of a layer.
    let goes_on = |layer, kind| match &adapted {
        None => true,
        Some(_) if layer != lowest => layer > lowest,
        Some(chosen) => {
            let below = before(kind);
            chosen.iter().any(|m| m.layer == layer && below.contains(&m.kind))
        }
    };
    let linear: f64 = (config.linear_modules().iter())
        .map(|m| {
            let input = if goes_on(m.layer, m.kind) { 2.0 } else { 0.0 };
            (2.0 + input + weights) * (m.inputs * m.outputs) as f64
        })
        .sum();
    let attention: f64 = (0..config.layers)
        .map(|layer| if goes_on(layer, LinearKind::AttentionOut) { 6.0 } else { 2.0 })
        .map(|products| products * 2.0 * config.q_width() as f64 * step.pairs)
        .sum();
    let head = (4.0 + weights) * (config.vocab * config.hidden) as f64;
    Ok((step.tokens as f64 * linear + attention + step.loss_tokens as f64 * head) / 1e9)
}

/// The layers of a block that come before one of them.
fn before(kind: LinearKind) -> &'static [LinearKind] {
    use LinearKind::{AttentionOut, Key, MlpGate, MlpUp, Query, QueryKeyValue, Value};
    match kind {
        QueryKeyValue | Query | Key | Value => &[],
        AttentionOut => &[QueryKeyValue, Query, Key, Value],
        MlpGate | MlpUp => &[QueryKeyValue, Query, Key, Value, AttentionOut],
        LinearKind::MlpDown => &[QueryKeyValue, Query, Key, Value, AttentionOut, MlpGate, MlpUp],
    }
}

/// What a step computes.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Pairs of a token and a key that it sees.
    pub pairs: f64,
    /// Tokens that are computed.
    pub tokens: usize,
    /// Tokens with a loss.
    pub loss_tokens: usize,
    /// The adapter that is trained; without one, every weight is.
    pub lora: Option<&'a LoraConfig>,
}

/// The best rate that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Peak {
    /// In GFLOP/s.
    pub gflops: f64,
    /// What reached it.
    pub of: String,
}

impl Peak {
    /// A whole step's own rate. The products inside it were at least as fast, so that it bounds the peak from
    /// below, and no step's share of the peak can exceed 1.
    pub fn of_step(gflops: f64) -> Self {
        Self { gflops, of: "a whole step, faster than any product alone".to_owned() }
    }

    /// The better of two.
    pub fn or(self, other: Self) -> Self {
        if other.gflops > self.gflops { other } else { self }
    }

    /// The best of the matrix products of the model's layers for this many tokens, each with both orders of its
    /// matrix, in turn, [`ROUNDS`] times.
    pub fn of_products(device: &impl Device, config: &ModelConfig, tokens: usize) -> Self {
        Self::of(device, products(config, tokens, 1 << 22), ROUNDS)
    }

    /// As [`Peak::of_products`] in a fraction of a second: of parts of the matrices, and less often.
    pub fn at_a_glance(device: &impl Device, config: &ModelConfig) -> Self {
        Self::of(device, products(config, 128, 1 << 20), GLANCES)
    }

    fn of(device: &impl Device, products: Vec<[usize; 3]>, rounds: usize) -> Self {
        let mut products = products.into_iter().map(|p| Product::new(device, p)).collect::<Vec<_>>();
        let mut best = Self { gflops: 0.0, of: String::new() };
        for _ in 0..rounds {
            for product in &mut products {
                best = best.or(product.measure(device));
            }
        }
        best
    }
}

/// Rows, inputs and outputs of the products that are tried, of matrices of at most so many numbers.
fn products(config: &ModelConfig, tokens: usize, most: usize) -> Vec<[usize; 3]> {
    // More rows or a wider matrix are no faster, and take long on a small machine.
    let rows = tokens.min(512);
    let head = [(config.hidden, config.vocab)];
    let own = config.linear_modules_of(0).into_iter().map(|m| (m.inputs, m.outputs)).chain(head);
    let own = own.map(|(inputs, outputs)| [rows, inputs, outputs.min((most / inputs).max(1))]);
    let mut all: Vec<[usize; 3]> = own.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Operands of one product.
struct Product<D: Device> {
    shape: LinearShape,
    x: D::Buffer,
    weight: D::Buffer,
    out: D::Buffer,
    scratch: D::Buffer,
}

impl<D: Device> Product<D> {
    fn new(device: &D, [rows, inputs, outputs]: [usize; 3]) -> Self {
        let filled = |len: usize| {
            let mut buffer = device.zeros(len);
            device.write(
                &mut buffer,
                0,
                &(0..len).map(|i| (i % 251) as f32 / 251.0 - 0.5).collect::<Vec<_>>(),
            );
            buffer
        };
        let need = ScratchNeed { rows, width: inputs.max(outputs), ..ScratchNeed::default() };
        Self {
            shape: LinearShape { rows, inputs, outputs, phase: Phase::Many },
            x: filled(rows * inputs),
            weight: filled(inputs * outputs),
            out: device.zeros(rows * outputs),
            scratch: device.zeros(device.scratch_len(&need)),
        }
    }

    fn measure(&mut self, device: &D) -> Peak {
        let LinearShape { rows, inputs, outputs, .. } = self.shape;
        let mut middles = device.zeros(0);
        let mut seconds = f64::INFINITY;
        for layout in [Layout::OutIn, Layout::InOut] {
            let matrix = Matrix::Dense(At { buffer: &self.weight, offset: 0 }, layout);
            let start = Instant::now();
            let (out, scratch) = (&mut self.out, &mut self.scratch);
            device.linear(out, &mut middles, &self.x, matrix, None, None, &[], self.shape, scratch);
            // A device may compute behind the caller's back; reading one number waits for it.
            device.read(&self.out, 0, &mut [0.0]);
            seconds = seconds.min(start.elapsed().as_secs_f64());
        }
        let gflops = 2.0 * (rows * inputs * outputs) as f64 / 1e9 / seconds.max(1e-9);
        Peak { gflops, of: format!("a product of ({rows}, {inputs}) and ({inputs}, {outputs})") }
    }
}

#[cfg(test)]
mod tests {
    use model::LoraTargets;

    use super::*;

    fn lora(targets: &[&str]) -> LoraConfig {
        let targets = LoraTargets::Named(targets.iter().map(|&t| t.to_owned()).collect());
        LoraConfig { rank: 8, alpha: 16.0, dropout: 0.0, targets, rslora: false }
    }

    #[test]
    fn a_half_masked_step_of_gpt2_takes_what_its_layers_take() {
        let config = ModelConfig::preset("gpt2-124m").unwrap();
        let all = LoraConfig { targets: LoraTargets::All, ..lora(&[]) };
        let step = Step { pairs: 512.0 * 256.0, tokens: 512, loss_tokens: 256, lora: Some(&all) };
        // 12 layers of 12·768² weights, of which 3·768² need no gradient of their input in the lowest; the head
        // of 50257·768 for half of the tokens; attention over 512.
        let blocks = (4.0 * 12.0 * 12.0 - 2.0 * 3.0) * 768.0 * 768.0;
        let head = 0.5 * 4.0 * 50_257.0 * 768.0;
        let attention = 6.0 * 12.0 * 768.0 * 512.0;
        let want = 512.0 * (blocks + head + attention) / 1e9;
        assert!((gigaflop(&config, &step).unwrap() / want - 1.0).abs() < 1e-9);
        let full = gigaflop(&config, &Step { lora: None, ..step }).unwrap();
        assert!(full > 1.4 * want && full < 1.6 * want, "{full} and {want}");
    }

    #[test]
    fn nothing_below_the_lowest_adapter_is_counted() {
        let config = ModelConfig::preset("gpt2-124m").unwrap();
        let of = |targets: &[&str]| {
            let lora = lora(targets);
            gigaflop(&config, &Step { pairs: 32.0, tokens: 8, loss_tokens: 1, lora: Some(&lora) }).unwrap()
        };
        let block = 2.0 * 12.0 * 768.0 * 768.0 * 8.0 / 1e9;
        let attention = 4.0 * 768.0 * 8.0 * 8.0 / 1e9;
        let (low, high) = (of(&["h.0.attn.c_attn"]), of(&["h.5.attn.c_attn"]));
        assert!((low - high - 5.0 * (block + attention)).abs() < 1e-9, "{low} and {high}");
        // An adapter on the last projection of the last block needs no gradient of any input but the head's.
        let (none, up) = (of(&["h.11.mlp.c_proj"]), of(&["h.11.mlp.c_fc"]));
        let down = 2.0 * 4.0 * 768.0 * 768.0 * 8.0 / 1e9;
        assert!((up - none - down).abs() < 1e-9, "{up} and {none}");
    }

    #[test]
    fn the_peak_is_a_rate_and_no_step_is_above_it() {
        let config = ModelConfig::preset("nano").unwrap();
        let peak = Peak::of_products(&kernels::Cpu::new(1), &config, 16);
        assert!(
            peak.gflops.is_finite() && peak.gflops > 0.01 && peak.of.starts_with("a product of ("),
            "{peak:?}"
        );
        let (slow, fast) = (peak.gflops * 0.5, peak.gflops * 1.5);
        assert_eq!(peak.clone().or(Peak::of_step(slow)), peak);
        assert_eq!(peak.or(Peak::of_step(fast)).gflops, fast);
    }
}
