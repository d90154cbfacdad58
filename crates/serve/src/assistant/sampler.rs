//! Which token comes next.

use chat::Sampling;
use chat::seeded;

/// A token and how likely it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The token.
    pub id: u32,
    /// Its natural-log probability under the model, before temperature and penalties.
    pub log_prob: f32,
}

/// Chooses from (V) logits. `seen` says which ids the conversation holds; `step` is the token's place
/// in the reply. The order is that of transformers: repetition penalty, temperature, top-k, top-p, min-p.
pub fn choose(logits: &[f32], sampling: &Sampling, seen: &[bool], step: usize) -> Choice {
    let penalised = penalise(logits, sampling.repetition_penalty, seen);
    let logits_now = penalised.as_deref().unwrap_or(logits);
    let id =
        if sampling.temperature <= 0.0 { greatest(logits_now) } else { draw(logits_now, sampling, step) };
    Choice { id, log_prob: log_prob(logits, id) }
}

/// The natural-log probability of one id.
pub fn log_prob(logits: &[f32], id: u32) -> f32 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - most).exp()).sum();
    (f64::from(logits[id as usize]) - most - sum.ln()) as f32
}

/// The likeliest id; of equals the smallest.
fn greatest(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, &x) in logits.iter().enumerate() {
        if x > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// Divides positive logits of seen ids, and multiplies negative ones (Keskar et al., "CTRL", 2019).
fn penalise(logits: &[f32], penalty: f32, seen: &[bool]) -> Option<Vec<f32>> {
    if penalty == 1.0 {
        return None;
    }
    let one = |(&x, &seen): (&f32, &bool)| match (seen, x > 0.0) {
        (false, _) => x,
        (true, true) => x / penalty,
        (true, false) => x * penalty,
    };
    Some(logits.iter().zip(seen).map(one).collect())
}

fn draw(logits: &[f32], sampling: &Sampling, step: usize) -> u32 {
    let candidates = candidates(logits, sampling);
    let sum: f64 = candidates.iter().map(|(_, weight)| weight).sum();
    let at = seeded::unit(sampling.seed, step as u64) * sum;
    let mut passed = 0.0;
    for &(id, weight) in &candidates {
        passed += weight;
        if at < passed {
            return id;
        }
    }
    // Rounding may leave a sliver behind the last.
    candidates.last().map_or(0, |(id, _)| *id)
}

/// The ids that may be drawn, with weights that need not sum to 1.
fn candidates(logits: &[f32], sampling: &Sampling) -> Vec<(u32, f64)> {
    let temperature = f64::from(sampling.temperature);
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let weight = |x: f32| ((f64::from(x) - most) / temperature).exp();
    let mut kept: Vec<(u32, f64)> =
        logits.iter().enumerate().map(|(id, &x)| (id as u32, weight(x))).collect();
    // Likeliest first; of equals the smaller id.
    let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if sampling.top_k > 0 && sampling.top_k < kept.len() {
        kept.select_nth_unstable_by(sampling.top_k - 1, order);
        kept.truncate(sampling.top_k);
    }
    if sampling.top_p < 1.0 {
        let sum: f64 = kept.iter().map(|(_, weight)| weight).sum();
        // All that are rarer than this together weigh less than what top-p leaves out.
        let rare = (1.0 - f64::from(sampling.top_p)) * sum / kept.len() as f64;
        kept.retain(|(_, weight)| *weight >= rare);
        kept.sort_unstable_by(order);
        let goal = f64::from(sampling.top_p) * sum;
        let mut passed = 0.0;
        let enough = kept.iter().position(|(_, weight)| {
            passed += weight;
            passed >= goal
        });
        kept.truncate(enough.map_or(kept.len(), |last| last + 1).max(1));
    }
    if sampling.min_p > 0.0 {
        let floor = f64::from(sampling.min_p) * kept.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
        kept.retain(|(_, weight)| *weight >= floor);
    }
    kept.sort_unstable_by_key(|(id, _)| *id);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [1.0, 3.0, -2.0, 3.0, 2.0];

    fn sampling(change: impl Fn(&mut Sampling)) -> Sampling {
        let mut sampling = Sampling { temperature: 1.0, seed: 9, ..Sampling::default() };
        change(&mut sampling);
        sampling
    }

    fn kept(change: impl Fn(&mut Sampling)) -> Vec<u32> {
        candidates(&LOGITS, &sampling(change)).iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn filters_keep_what_they_should() {
        assert_eq!(kept(|_| {}), [0, 1, 2, 3, 4]);
        assert_eq!(kept(|s| s.top_k = 1), [1]);
        assert_eq!(kept(|s| s.top_k = 3), [1, 3, 4]);
        assert_eq!(kept(|s| s.top_k = 99), [0, 1, 2, 3, 4]);
        // Probabilities: 0.398, 0.398, 0.147, 0.054, 0.003.
        assert_eq!(kept(|s| s.top_p = 0.39), [1]);
        assert_eq!(kept(|s| s.top_p = 0.5), [1, 3]);
        assert_eq!(kept(|s| s.top_p = 0.9), [1, 3, 4]);
        assert_eq!(kept(|s| s.top_p = 0.0), [1]);
        assert_eq!(kept(|s| s.min_p = 0.2), [1, 3, 4]);
        assert_eq!(kept(|s| (s.temperature, s.min_p) = (10.0, 0.7)), [0, 1, 3, 4]);
    }

    #[test]
    fn greedy_takes_the_first_of_equals_and_log_probs_are_the_models() {
        let choice = choose(&LOGITS, &Sampling::default(), &[false; 5], 0);
        assert_eq!(choice.id, 1);
        let sum: f64 = LOGITS.iter().map(|&x| f64::from(x).exp()).sum();
        assert!((f64::from(choice.log_prob) - (3.0 - sum.ln())).abs() < 1e-6);
        let penalised = Sampling { repetition_penalty: 2.0, ..Sampling::default() };
        let again = choose(&LOGITS, &penalised, &[false, true, true, true, false], 0);
        assert_eq!(again.id, 4);
        assert_eq!(penalise(&LOGITS, 2.0, &[true; 5]).unwrap(), [0.5, 1.5, -4.0, 1.5, 1.0]);
    }

    #[test]
    fn draws_follow_the_probabilities_and_the_seed() {
        let settings = sampling(|_| {});
        let mut counts = [0f64; 5];
        for step in 0..20_000 {
            counts[choose(&LOGITS, &settings, &[false; 5], step).id as usize] += 1.0;
        }
        let sum: f64 = LOGITS.iter().map(|&x| f64::from(x).exp()).sum();
        for (count, &logit) in counts.iter().zip(&LOGITS) {
            assert!((count / 20_000.0 - f64::from(logit).exp() / sum).abs() < 0.015, "{counts:?}");
        }
        let reply = |seed| -> Vec<u32> {
            let settings = sampling(|s| s.seed = seed);
            (0..50).map(|step| choose(&LOGITS, &settings, &[false; 5], step).id).collect()
        };
        assert_eq!(reply(1), reply(1));
        assert_ne!(reply(1), reply(2));
    }
}
