//! Rotary positions: frequencies, and the variants that stretch the context.
//!
//! Sources of the formulas: Su et al. 2021 (RoPE), Llama 3.1's model card (`llama3`),
//! Peng et al. 2023 (YaRN); the numbers agree with `transformers.modeling_rope_utils`.

use std::f64::consts::PI;

/// Rotary positions over the two halves of a head (`rotate_half` order).
#[derive(Debug, Clone, PartialEq)]
pub struct Rotary {
    /// Base of the geometric row of wavelengths.
    pub theta: f64,
    /// How the wavelengths are stretched.
    pub scaling: RopeScaling,
}

/// How wavelengths are stretched beyond the trained context.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// Each by the same factor.
    Linear {
        /// How much longer the context is made.
        factor: f64,
    },
    /// Long wavelengths by the factor, short ones not, a ramp between.
    Llama3 {
        /// How much longer the context is made.
        factor: f64,
        /// Wavelengths above `original_context / low_freq_factor` are stretched whole.
        low_freq_factor: f64,
        /// Wavelengths below `original_context / high_freq_factor` stay.
        high_freq_factor: f64,
        /// The context before stretching.
        original_context: usize,
    },
    /// As `Llama3` with a ramp over dimensions, and attention made sharper.
    Yarn {
        /// How much longer the context is made.
        factor: f64,
        /// The context before stretching.
        original_context: usize,
        /// Dimensions that turn more often than this in the original context stay.
        beta_fast: f64,
        /// Dimensions that turn less often than this are stretched whole.
        beta_slow: f64,
        /// Multiplies cosine and sine.
        attention_factor: f64,
    },
}

impl Rotary {
    /// The angle a position adds, per pair of dimensions: `head_dim / 2` values.
    pub fn inverse_frequencies(&self, head_dim: usize) -> Vec<f32> {
        let plain = |i: usize| 1.0 / self.theta.powf(2.0 * i as f64 / head_dim as f64);
        (0..head_dim / 2).map(|i| self.scaled(plain(i), i, head_dim) as f32).collect()
    }

    /// What cosine and sine are multiplied with; 1 except for YaRN.
    pub fn attention_factor(&self) -> f32 {
        match self.scaling {
            RopeScaling::Yarn { attention_factor, .. } => attention_factor as f32,
            _ => 1.0,
        }
    }

    fn scaled(&self, frequency: f64, pair: usize, head_dim: usize) -> f64 {
        match self.scaling {
            RopeScaling::None => frequency,
            RopeScaling::Linear { factor } => frequency / factor,
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
                let turns = original_context as f64 * frequency / (2.0 * PI);
                let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                frequency * (kept + (1.0 - kept) / factor)
            }
            RopeScaling::Yarn { factor, original_context, beta_fast, beta_slow, .. } => {
                let turning = |turns: f64| {
                    let ratio = original_context as f64 / (turns * 2.0 * PI);
                    head_dim as f64 * ratio.ln() / (2.0 * self.theta.ln())
                };
                let low = turning(beta_fast).floor().max(0.0);
                let high = turning(beta_slow).ceil().min(head_dim as f64 - 1.0);
                let width = if high > low { high - low } else { 0.001 };
                let stretched = ((pair as f64 - low) / width).clamp(0.0, 1.0);
                frequency * ((1.0 - stretched) + stretched / factor)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_frequencies_are_a_geometric_row() {
        let rotary = Rotary { theta: 10000.0, scaling: RopeScaling::None };
        let found = rotary.inverse_frequencies(8);
        for (value, expected) in found.iter().zip([1.0, 0.1, 0.01, 0.001]) {
            assert!((value - expected).abs() < 1e-7, "{found:?}");
        }
    }

    #[test]
    fn llama3_keeps_the_short_and_stretches_the_long() {
        let scaling = RopeScaling::Llama3 {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context: 8192,
        };
        let scaled = Rotary { theta: 500000.0, scaling }.inverse_frequencies(128);
        let plain = Rotary { theta: 500000.0, scaling: RopeScaling::None }.inverse_frequencies(128);
        assert_eq!(scaled[0], plain[0]);
        assert!((scaled[63] * 8.0 / plain[63] - 1.0).abs() < 1e-5);
        assert!(scaled.windows(2).all(|w| w[0] > w[1]));
    }
}
