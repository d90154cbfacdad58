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

/// Which ids a conversation holds, and how often its reply says each.
#[derive(Debug, Clone)]
pub struct Seen {
    present: Vec<bool>,
    said: Vec<u32>,
}

impl Seen {
    /// A vocabulary of so many ids, those of the prompt present.
    pub fn new(vocab: usize, prompt: &[u32]) -> Self {
        let mut present = vec![false; vocab];
        prompt.iter().filter(|&&id| (id as usize) < vocab).for_each(|&id| present[id as usize] = true);
        Self { present, said: vec![0; vocab] }
    }

    /// The reply says one more token.
    pub fn say(&mut self, id: u32) {
        self.present[id as usize] = true;
        self.said[id as usize] += 1;
    }
}

/// Chooses from (V) logits; `step` is the token's place in the reply.
pub fn choose(logits: &[f32], sampling: &Sampling, seen: &Seen, step: usize) -> Choice {
    let id = pick(logits, sampling, seen, step);
    Choice { id, log_prob: log_prob(logits, id) }
}

/// The id alone. The order is that of transformers (repetition penalty, temperature, top-k, top-p, min-p), the
/// presence and frequency penalties of the `OpenAI` interface before the temperature.
pub fn pick(logits: &[f32], sampling: &Sampling, seen: &Seen, step: usize) -> u32 {
    let penalised = penalise(logits, sampling, seen);
    let logits_now = penalised.as_deref().unwrap_or(logits);
    if sampling.temperature <= 0.0 { greatest(logits_now) } else { draw(logits_now, sampling, step) }
}

/// The `n` likeliest ids with their natural-log probabilities, likeliest first; of equals the smaller id.
pub fn top_log_probs(logits: &[f32], n: usize) -> Vec<(u32, f32)> {
    let mut ids: Vec<u32> = (0..logits.len() as u32).filter(|&id| logits[id as usize].is_finite()).collect();
    let order = |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
    if n > 0 && n < ids.len() {
        ids.select_nth_unstable_by(n - 1, order);
    }
    ids.truncate(n);
    ids.sort_unstable_by(order);
    let norm = log_sum(logits);
    ids.into_iter().map(|id| (id, (f64::from(logits[id as usize]) - norm) as f32)).collect()
}

/// The natural-log probability of one id.
pub fn log_prob(logits: &[f32], id: u32) -> f32 {
    (f64::from(logits[id as usize]) - log_sum(logits)) as f32
}

/// log Σ exp.
fn log_sum(logits: &[f32]) -> f64 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - most).exp()).sum();
    most + sum.ln()
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

/// Divides positive logits of present ids, and multiplies negative ones (Keskar et al., "CTRL", 2019); then takes
/// from those that the reply says what presence and frequency cost.
fn penalise(logits: &[f32], sampling: &Sampling, seen: &Seen) -> Option<Vec<f32>> {
    let Sampling { repetition_penalty: penalty, presence_penalty, frequency_penalty, .. } = *sampling;
    if (penalty, presence_penalty, frequency_penalty) == (1.0, 0.0, 0.0) {
        return None;
    }
    let one = |((&x, &present), &said): ((&f32, &bool), &u32)| {
        let x = match (present, x > 0.0) {
            (false, _) => x,
            (true, true) => x / penalty,
            (true, false) => x * penalty,
        };
        if said == 0 { x } else { x - presence_penalty - frequency_penalty * said as f32 }
    };
    Some(logits.iter().zip(&seen.present).zip(&seen.said).map(one).collect())
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

    fn unseen() -> Seen {
        Seen::new(5, &[])
    }

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
        let choice = choose(&LOGITS, &Sampling::default(), &unseen(), 0);
        assert_eq!(choice.id, 1);
        let sum: f64 = LOGITS.iter().map(|&x| f64::from(x).exp()).sum();
        assert!((f64::from(choice.log_prob) - (3.0 - sum.ln())).abs() < 1e-6);
        let penalised = Sampling { repetition_penalty: 2.0, ..Sampling::default() };
        let again = choose(&LOGITS, &penalised, &Seen::new(5, &[1, 2, 3]), 0);
        assert_eq!(again.id, 4);
        let all = Seen::new(5, &[0, 1, 2, 3, 4]);
        assert_eq!(penalise(&LOGITS, &penalised, &all).unwrap(), [0.5, 1.5, -4.0, 1.5, 1.0]);
    }

    #[test]
    fn what_the_reply_says_often_becomes_less_likely_and_the_prompt_does_not_count() {
        let mut seen = Seen::new(5, &[0, 1]);
        for id in [1, 1, 4] {
            seen.say(id);
        }
        let costs = Sampling { presence_penalty: 0.5, frequency_penalty: 0.25, ..Sampling::default() };
        assert_eq!(penalise(&LOGITS, &costs, &seen).unwrap(), [1.0, 2.0, -2.0, 3.0, 1.25]);
        assert_eq!(choose(&LOGITS, &costs, &seen, 0).id, 3);
    }

    #[test]
    fn the_likeliest_are_told_in_order() {
        let top = top_log_probs(&LOGITS, 3);
        assert_eq!(top.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 3, 4]);
        assert!(top.iter().all(|&(id, p)| p == log_prob(&LOGITS, id)));
        assert_eq!(top_log_probs(&LOGITS, 0), []);
        assert_eq!(top_log_probs(&LOGITS, 9).len(), 5);
        assert_eq!(
            top_log_probs(&[f32::NEG_INFINITY, 0.0], 2),
            [(1, 0.0)],
            "what cannot be said is not told"
        );
    }

    #[test]
    fn draws_follow_the_probabilities_and_the_seed() {
        let settings = sampling(|_| {});
        let mut counts = [0f64; 5];
        for step in 0..20_000 {
            counts[choose(&LOGITS, &settings, &unseen(), step).id as usize] += 1.0;
        }
        let sum: f64 = LOGITS.iter().map(|&x| f64::from(x).exp()).sum();
        for (count, &logit) in counts.iter().zip(&LOGITS) {
            assert!((count / 20_000.0 - f64::from(logit).exp() / sum).abs() < 0.015, "{counts:?}");
        }
        let reply = |seed| -> Vec<u32> {
            let settings = sampling(|s| s.seed = seed);
            (0..50).map(|step| choose(&LOGITS, &settings, &unseen(), step).id).collect()
        };
        assert_eq!(reply(1), reply(1));
        assert_ne!(reply(1), reply(2));
    }
}
