//! Drawn weights that look back from the first step on.
//!
//! 1. A head of the first block attends to the token before, and writes down what that token was ([`write_down`]).
//! 2. A head of the second block asks where this token was the one before, and shows what stands there ([`continue_`]).
//!
//! Together they continue what was seen, `… A B … A` with `B`: the induction head of Olsson et al. (2022), "In-context
//! learning and induction heads". Training finds it by itself only after many more tokens than a small model is given;
//! where it is there from the beginning it is trained on like any other weight.
//!
//! The residual stream (C numbers) is shared out: what a token is, one constant, and at its end as many numbers as a
//! head has for what the token before it was. Attention by place alone needs the constant: queries and keys have no bias.

use std::collections::BTreeMap;
use std::ops::Range;

use kernels::random;

use crate::{Family, ModelConfig, ModelError, Positions};

/// Deviation of an embedding's numbers that say what the token is.
const EMBEDDING: f32 = 0.04;
/// Pairs of the greatest frequencies, which tell neighbours apart.
const NEAR_PAIRS: usize = 6;
/// Frequency (radians a token) up to which a pair hardly turns within a text.
const FAR: f64 = 0.01;
/// Factor of normalised queries and keys where they are compared: softmax is to choose one of hundreds.
const SHARPNESS: f32 = 2.0;
/// What is written down, in the measure of the normalised input.
const WRITTEN: f32 = 0.2;
/// What is shown of the token that came next, in the same measure.
const SHOWN: f32 = 1.0;
/// What the heads' drawn numbers are multiplied by, so that they do not disturb.
const REST: f32 = 0.1;

/// How the residual stream and the dimensions of a head are shared out.
struct Plan {
    hidden: usize,
    width: usize,
    heads_per_key: usize,
    /// Numbers that say what a token is, from the first on; the constant stands behind them.
    content: usize,
    /// Radians a token that pair (i, i + width/2) turns.
    frequencies: Vec<f64>,
    seed: u64,
}

impl Plan {
    fn of(config: &ModelConfig, seed: u64) -> Result<Self, ModelError> {
        let unfit = |needs: &str| ModelError::NoLookingBack { needs: needs.to_owned() };
        let theta = match &config.positions {
            Positions::Rotary(rotary) if config.family == Family::Qwen3 && rotary.dims.is_none() => {
                rotary.theta
            }
            _ => {
                return Err(unfit("a Qwen3 architecture, whose queries and keys are normalised and rotated"));
            }
        };
        let (hidden, width) = (config.hidden, config.head_dim);
        if config.layers < 2 || hidden < 2 * width + 1 || width < 4 * NEAR_PAIRS {
            return Err(unfit(
                "two blocks or more, heads of 24 numbers or more, and a stream more than twice as wide as a head",
            ));
        }
        let frequencies: Vec<f64> =
            (0..width / 2).map(|i| theta.powf(-2.0 * i as f64 / width as f64)).collect();
        if frequencies.iter().filter(|f| **f <= FAR).count() < width / 8 {
            return Err(unfit("rotary positions with slower frequencies (a greater rope_theta)"));
        }
        let heads_per_key = config.heads / config.kv_heads;
        Ok(Self { hidden, width, heads_per_key, content: hidden - width - 1, frequencies, seed })
    }

    /// The number of the stream that is the same for all tokens.
    fn constant(&self) -> usize {
        self.content
    }

    /// The numbers of the stream that hold what the token before was.
    fn written(&self) -> Range<usize> {
        self.content + 1..self.hidden
    }

    /// Dimensions of a head that hardly turn.
    fn far_dims(&self) -> Vec<usize> {
        let half = self.width / 2;
        let slow = (0..half).filter(|&i| self.frequencies[i] <= FAR);
        slow.flat_map(|i| [i, i + half]).collect()
    }

    /// As many orthonormal directions of a token's content as a head has dimensions, (width, content).
    fn directions(&self, which: u64) -> Vec<Vec<f64>> {
        let mut found: Vec<Vec<f64>> = Vec::new();
        for row in 0..self.width as u64 {
            let seed = random::mix(self.seed, 1 + which);
            let at = |i: usize| f64::from(random::normal(seed, row * self.content as u64 + i as u64));
            let mut next: Vec<f64> = (0..self.content).map(at).collect();
            for other in &found {
                let along: f64 = next.iter().zip(other).map(|(a, b)| a * b).sum();
                next.iter_mut().zip(other).for_each(|(n, o)| *n -= along * o);
            }
            let length = next.iter().map(|v| v * v).sum::<f64>().sqrt();
            for number in &mut next {
                *number /= length;
            }
            found.push(next);
        }
        found
    }
}

/// Weights by their Hugging Face names, row by row.
type Weights = BTreeMap<String, Vec<f32>>;

/// Replaces what was drawn for the embedding and for one key head of each of the first two blocks.
///
/// `weights` holds every tensor of the architecture, flat, under its Hugging Face name (see
/// [`base_layout`](crate::base_layout)).
///
/// # Errors
/// [`ModelError::NoLookingBack`] where the architecture has no room for it.
pub fn look_back(config: &ModelConfig, seed: u64, weights: &mut Weights) -> Result<(), ModelError> {
    let plan = Plan::of(config, seed)?;
    embed(&plan, matrix(weights, "model.embed_tokens.weight")?);
    write_down(&plan, &mut Head { weights, block: 0 })?;
    continue_(&plan, &mut Head { weights, block: 1 })
}

fn matrix<'a>(weights: &'a mut Weights, name: &str) -> Result<&'a mut Vec<f32>, ModelError> {
    weights.get_mut(name).ok_or_else(|| ModelError::NoLookingBack { needs: format!("a tensor `{name}`") })
}

/// Attention of a block, of which the first key head and its queries are written.
struct Head<'a> {
    weights: &'a mut Weights,
    block: usize,
}

impl Head<'_> {
    fn part(&mut self, name: &str) -> Result<&mut Vec<f32>, ModelError> {
        matrix(self.weights, &format!("model.layers.{}.self_attn.{name}.weight", self.block))
    }

    /// Sharpens what is compared in dimensions `dims` of queries and keys.
    fn sharpen(&mut self, dims: &[usize]) -> Result<(), ModelError> {
        for name in ["q_norm", "k_norm"] {
            let factors = self.part(name)?;
            for &dim in dims {
                factors[dim] = SHARPNESS;
            }
        }
        Ok(())
    }

    /// The head's value is the content in `directions`, and goes to the stream by `write(stream, dimension)`.
    fn carry(
        &mut self,
        plan: &Plan,
        directions: &[Vec<f64>],
        write: impl Fn(usize, usize) -> f32,
    ) -> Result<(), ModelError> {
        let values = self.part("v_proj")?;
        for (row, direction) in values.chunks_exact_mut(plan.hidden).zip(directions) {
            row.fill(0.0);
            row.iter_mut().zip(direction).for_each(|(to, from)| *to = *from as f32);
        }
        let outputs = self.part("o_proj")?;
        let inputs = outputs.len() / plan.hidden;
        for (stream, row) in outputs.chunks_exact_mut(inputs).enumerate() {
            // The other queries of this key head have its values, which are greater than drawn ones.
            damp(&mut row[plan.width..plan.width * plan.heads_per_key]);
            (0..plan.width).for_each(|dimension| row[dimension] = write(stream, dimension));
        }
        Ok(())
    }
}

/// Leaves little of drawn numbers.
fn damp(numbers: &mut [f32]) {
    for number in numbers {
        *number *= REST;
    }
}

/// What a token is, and the constant, which is as long as the rest together.
fn embed(plan: &Plan, embedding: &mut [f32]) {
    for (token, row) in embedding.chunks_exact_mut(plan.hidden).enumerate() {
        for (i, number) in row.iter_mut().enumerate() {
            *number = match i {
                _ if i < plan.content => {
                    EMBEDDING * random::normal(plan.seed, (token * plan.hidden + i) as u64)
                }
                _ if i == plan.constant() => EMBEDDING * (plan.content as f32).sqrt(),
                _ => 0.0,
            };
        }
    }
}

/// Attends to the token before (a second query head to the one before that), and writes down what it was.
fn write_down(plan: &Plan, head: &mut Head<'_>) -> Result<(), ModelError> {
    let half = plan.width / 2;
    let queries = head.part("q_proj")?;
    for (q, rows) in queries.chunks_exact_mut(plan.width * plan.hidden).take(plan.heads_per_key).enumerate() {
        if q > 1 {
            break;
        }
        damp(rows);
        for (i, frequency) in plan.frequencies.iter().take(NEAR_PAIRS).enumerate() {
            // A key turned by one token more than it is would be where the query points.
            let (sin, cos) = ((q + 1) as f64 * frequency).sin_cos();
            rows[i * plan.hidden + plan.constant()] = 0.5 * cos as f32;
            rows[(i + half) * plan.hidden + plan.constant()] = -0.5 * sin as f32;
        }
    }
    let keys = &mut head.part("k_proj")?[..plan.width * plan.hidden];
    damp(keys);
    (0..NEAR_PAIRS).for_each(|i| keys[i * plan.hidden + plan.constant()] = 0.5);
    head.sharpen(&(0..NEAR_PAIRS).flat_map(|i| [i, i + half]).collect::<Vec<_>>())?;
    let written = plan.written();
    head.carry(
        plan,
        &plan.directions(0),
        |stream, dimension| {
            if stream == written.start + dimension { WRITTEN } else { 0.0 }
        },
    )
}

/// Attends to where this token was written down as the one before, and shows what the token there is.
fn continue_(plan: &Plan, head: &mut Head<'_>) -> Result<(), ModelError> {
    let (dims, directions, shown) = (plan.far_dims(), plan.directions(0), plan.directions(1));
    let queries = &mut head.part("q_proj")?[..plan.width * plan.hidden];
    queries.fill(0.0);
    for (&dim, direction) in dims.iter().zip(&directions) {
        let row = &mut queries[dim * plan.hidden..][..plan.hidden];
        row.iter_mut().zip(direction).for_each(|(to, from)| *to = *from as f32);
    }
    let keys = &mut head.part("k_proj")?[..plan.width * plan.hidden];
    keys.fill(0.0);
    for (dim, written) in dims.iter().zip(plan.written()) {
        keys[dim * plan.hidden + written] = 1.0;
    }
    head.sharpen(&dims)?;
    head.carry(plan, &shown, |stream, dimension| {
        if stream < plan.content { SHOWN * shown[dimension][stream] as f32 } else { 0.0 }
    })
}
