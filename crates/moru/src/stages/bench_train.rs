//! What `moru bench train` relates a step to: its arithmetic, and the matrix product's best.

use std::time::Instant;

use kernels::{DType, Device, Layout, LinearShape, Matrix, Phase, ScratchNeed, WeightPart};
use model::ModelConfig;

/// Arithmetic of one training step in operations of 10⁹, multiplications and additions counted apart.
///
/// A linear layer of I inputs and O outputs takes 2·I·O a token forward and as much for the gradient of its
/// input; as much again for that of its weight where it is trained. The head does so for tokens with a loss
/// only. Causal attention over T tokens has two products forward and four backward of 2·H·D operations for
/// each of T/2 keys. An adapter's own products, norms and activations are small and not counted.
pub fn gigaflop(config: &ModelConfig, step: &Step) -> f64 {
    let passes = if step.full { 6.0 } else { 4.0 };
    let linear: usize = config.linear_modules().iter().map(|m| m.inputs * m.outputs).sum();
    let head = (config.vocab * config.hidden) as f64;
    let attention = 6.0 * (config.layers * config.q_width() * step.seq) as f64;
    let tokens = step.tokens as f64;
    (tokens * (passes * linear as f64 + attention) + step.loss_tokens as f64 * passes * head) / 1e9
}

/// What a step computes.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Tokens of a sample.
    pub seq: usize,
    /// Tokens of all samples.
    pub tokens: usize,
    /// Tokens with a loss.
    pub loss_tokens: usize,
    /// Whether every weight is trained.
    pub full: bool,
}

/// The device's best in GFLOP/s for a product of (512, 1024) and (1024, 4096) in f32, over about half a second.
pub fn gemm_peak(device: &impl Device) -> f64 {
    let shape = LinearShape { rows: 512, inputs: 1024, outputs: 4096, phase: Phase::Many };
    let values = |n: usize| (0..n).map(|i| (i % 251) as f32 / 251.0 - 0.5);
    let bytes: Vec<u8> = values(shape.inputs * shape.outputs).flat_map(f32::to_le_bytes).collect();
    let part = WeightPart { dtype: DType::F32, bytes: &bytes, outputs: shape.outputs, layout: Layout::OutIn };
    let weight = device.weight(shape.inputs, &[part]);
    let mut x = device.zeros(shape.rows * shape.inputs);
    device.write(&mut x, 0, &values(shape.rows * shape.inputs).collect::<Vec<_>>());
    let mut out = device.zeros(shape.rows * shape.outputs);
    let need = ScratchNeed { rows: shape.rows, width: shape.outputs, ..ScratchNeed::default() };
    let (mut scratch, mut middles) = (device.zeros(device.scratch_len(&need)), device.zeros(0));
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < 0.5 {
        let one = Instant::now();
        let matrix = Matrix::Frozen(&weight);
        device.linear(&mut out, &mut middles, &x, matrix, None, None, &[], shape, &mut scratch);
        // A device may compute behind the caller's back; reading one number waits for it.
        device.read(&out, 0, &mut [0.0]);
        best = best.min(one.elapsed().as_secs_f64());
    }
    2.0 * (shape.rows * shape.inputs * shape.outputs) as f64 / 1e9 / best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_masked_step_of_gpt2_takes_what_its_layers_take() {
        let config = ModelConfig::preset("gpt2-124m").unwrap();
        let step = Step { seq: 512, tokens: 512, loss_tokens: 256, full: false };
        // 12 layers of 12·768² weights, the head of 50257·768 for half of the tokens, attention over 512.
        let blocks = 4.0 * 12.0 * 12.0 * 768.0 * 768.0;
        let head = 0.5 * 4.0 * 50_257.0 * 768.0;
        let attention = 6.0 * 12.0 * 768.0 * 512.0;
        let want = 512.0 * (blocks + head + attention) / 1e9;
        assert!((gigaflop(&config, &step) / want - 1.0).abs() < 1e-9);
        let full = gigaflop(&config, &Step { full: true, ..step });
        assert!(full > 1.4 * want && full < 1.5 * want, "{full} and {want}");
    }

    #[test]
    fn the_peak_is_a_rate() {
        let peak = gemm_peak(&kernels::Cpu::new(1));
        assert!(peak.is_finite() && peak > 0.01, "{peak}");
    }
}
