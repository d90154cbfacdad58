//! Rotary positions: frequencies, and the variants that stretch the context.
//!
//! Sources of the formulas: Su et al. 2021 (RoPE), Llama 3.1's model card (`llama3`), Peng et al. 2023 (YaRN), Ding et
//! al. 2024 (`longrope`); the numbers agree with `transformers.modeling_rope_utils`. Two variants take other
//! frequencies for texts longer than the context they began with (`dynamic`, `longrope`); a model that has one is
//! used within that context, where they are fixed.

use std::f64::consts::PI;

/// Rotary positions over the two halves of a head (`rotate_half` order), or of its first dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotary {
    /// Base of the geometric row of wavelengths.
    pub theta: f64,
    /// How the wavelengths are stretched.
    pub scaling: RopeScaling,
    /// Dimensions of a head that are rotated, from its first on; None for all.
    pub dims: Option<usize>,
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
    /// Not at all within the context, beyond which the base would grow with the text.
    Dynamic {
        /// How much longer the context could be made.
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
        /// Whether the ramp begins and ends at whole dimensions.
        truncate: bool,
        /// Multiplies cosine and sine.
        attention_factor: f64,
    },
    /// Each by a factor of its own, which was searched for.
    LongRope {
        /// One factor a pair of dimensions, within the context before stretching.
        short: Vec<f64>,
        /// One factor a pair of dimensions, beyond it.
        long: Vec<f64>,
        /// The context before stretching, which is the one used.
        original_context: usize,
        /// The context after stretching, as the config has it.
        stretched_context: usize,
        /// Multiplies cosine and sine.
        attention_factor: f64,
    },
}

impl Rotary {
    /// The angle a position adds, per pair of dimensions: `rotated / 2` values for `rotated` dimensions of a head.
    pub fn inverse_frequencies(&self, rotated: usize) -> Vec<f32> {
        let plain = |i: usize| 1.0 / self.theta.powf(2.0 * i as f64 / rotated as f64);
        (0..rotated / 2).map(|i| self.scaled(plain(i), i, rotated) as f32).collect()
    }

    /// What cosine and sine are multiplied with; 1 except for YaRN and LongRope.
    pub fn attention_factor(&self) -> f32 {
        match self.scaling {
            RopeScaling::Yarn { attention_factor, .. } | RopeScaling::LongRope { attention_factor, .. } => {
                attention_factor as f32
            }
            _ => 1.0,
        }
    }

    fn scaled(&self, frequency: f64, pair: usize, rotated: usize) -> f64 {
        match self.scaling {
            RopeScaling::None | RopeScaling::Dynamic { .. } => frequency,
            RopeScaling::Linear { factor } => frequency / factor,
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
                let turns = original_context as f64 * frequency / (2.0 * PI);
                let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                frequency * (kept + (1.0 - kept) / factor)
            }
            RopeScaling::Yarn { factor, original_context, beta_fast, beta_slow, truncate, .. } => {
                let turning = |turns: f64| {
                    let ratio = original_context as f64 / (turns * 2.0 * PI);
                    rotated as f64 * ratio.ln() / (2.0 * self.theta.ln())
                };
                let (low, high) = (turning(beta_fast), turning(beta_slow));
                let (low, high) = if truncate { (low.floor(), high.ceil()) } else { (low, high) };
                let (low, high) = (low.max(0.0), high.min(rotated as f64 - 1.0));
                let width = if high > low { high - low } else { 0.001 };
                let stretched = ((pair as f64 - low) / width).clamp(0.0, 1.0);
                frequency * ((1.0 - stretched) + stretched / factor)
            }
            RopeScaling::LongRope { ref short, .. } => frequency / short.get(pair).copied().unwrap_or(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_frequencies_are_a_geometric_row() {
        let rotary = Rotary { theta: 10000.0, scaling: RopeScaling::None, dims: None };
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
        let scaled = Rotary { theta: 500000.0, scaling, dims: None }.inverse_frequencies(128);
        let plain =
            Rotary { theta: 500000.0, scaling: RopeScaling::None, dims: None }.inverse_frequencies(128);
        assert_eq!(scaled[0], plain[0]);
        assert!((scaled[63] * 8.0 / plain[63] - 1.0).abs() < 1e-5);
        assert!(scaled.windows(2).all(|w| w[0] > w[1]));
    }
}
