//! Models beside each other: how good they are, how fast, and what they take.

use serde::{Deserialize, Serialize};

use super::{Interval, Speed};

/// Every language model of a run that answered the test questions: as it is, tuned, and as it was written for other
/// tools.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Compared {
    /// The measure of quality: `chrF2`; 0 is worst and 100 is best.
    pub measure: String,
    /// How it was computed, in the form its reference implementation prints.
    pub signature: String,
    /// Questions that all of them answered.
    pub rows: u64,
    /// Tokens of the prompt and of the reply by which speed and memory were measured.
    pub measured_tokens: (u64, u64),
    /// The best quality first.
    pub candidates: Vec<Candidate>,
}

/// One of several models.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Candidate {
    /// The name under which it is found: `base`, `main`, `main.q4_k_m`.
    pub name: String,
    /// The model of the recipe that it comes from: `main`.
    pub model: String,
    /// What that is: `Qwen/Qwen3-0.6B`.
    pub base: String,
    /// `base`, `lora`, `qlora nf4`, `full`, or the format it was written in: `q4_k_m`.
    pub form: String,
    /// Its score over all rows.
    pub score: f64,
    /// Where that lies when the rows are drawn again.
    pub interval: Interval,
    /// How far it is behind the best on the same rows; absent for the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Behind>,
    /// How fast it is on the machine of the run; absent where it was not measured there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// What the process held at most while it was loaded and wrote one reply; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Bytes on the disk, of an adapter with its base.
    pub bytes: u64,
    /// Whether no other is as good or better in quality, tokens a second, memory and size, and better in one of them.
    /// Absent where one of the four is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_front: Option<bool>,
}

/// A paired difference from the best.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Behind {
    /// The best one's score less its own.
    pub difference: f64,
    /// Where the difference lies when the same rows are drawn for both.
    pub interval: Interval,
}

/// Fewer rows than this tell nothing from chance: of five, all fall on one side once in sixteen times (sign test,
/// 2 / 2^5), and drawing them again knows no more than they show.
const FEWEST_ROWS: u64 = 6;

impl Candidate {
    /// What is compared, greater being better: quality, tokens written in a second, memory and size.
    fn worth(&self) -> Option<[f64; 4]> {
        let speed = self.speed?.decode_tokens_per_s;
        Some([self.score, speed, -(self.memory_bytes? as f64), -(self.bytes as f64)])
    }
}

impl Compared {
    /// Tells of each candidate whether it is on the Pareto front of those of which everything is known.
    pub fn mark_front(&mut self) {
        let all: Vec<Option<[f64; 4]>> = self.candidates.iter().map(Candidate::worth).collect();
        for (candidate, worth) in self.candidates.iter_mut().zip(&all) {
            let beaten = |own: &[f64; 4]| all.iter().flatten().any(|other| dominates(other, own));
            candidate.on_front = worth.as_ref().map(|own| !beaten(own));
        }
    }

    /// Whether the best is no better than a candidate than chance allows.
    pub fn is_tied(&self, candidate: &Candidate) -> bool {
        candidate.behind.as_ref().is_some_and(|test| test.interval.low <= 0.0 || self.rows < FEWEST_ROWS)
    }

    /// Those that cannot be told from the best.
    pub fn tied(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| self.is_tied(candidate))
    }
}

/// Whether one is at least as good in everything, and better in something.
fn dominates(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one.iter().zip(other).all(|(a, b)| a >= b) && one != other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, score: f64, decode: f64, memory: u64, bytes: u64) -> Candidate {
        Candidate {
            name: name.to_owned(),
            score,
            speed: Some(Speed { prefill_tokens_per_s: 1.0, decode_tokens_per_s: decode }),
            memory_bytes: Some(memory),
            bytes,
            ..Candidate::default()
        }
    }

    #[test]
    fn the_front_is_what_nothing_else_beats_in_everything() {
        let unknown = Candidate { speed: None, ..candidate("unknown", 99.0, 0.0, 1, 1) };
        let mut all = Compared {
            candidates: vec![
                candidate("good", 40.0, 10.0, 900, 800),
                candidate("same", 40.0, 10.0, 900, 800),
                candidate("slower", 40.0, 9.0, 900, 800),
                candidate("small", 35.0, 30.0, 300, 200),
                candidate("smallest", 35.0, 29.0, 300, 199),
                candidate("worse", 34.0, 30.0, 300, 200),
                unknown,
            ],
            ..Compared::default()
        };
        all.mark_front();
        let front: Vec<_> = all.candidates.iter().map(|c| c.on_front).collect();
        let yes_no = [true, true, false, true, true, false].map(Some);
        assert_eq!(front, [&yes_no[..], &[None]].concat());
    }

    #[test]
    fn a_tie_is_an_interval_with_zero_in_it() {
        let behind = |low, high| Candidate {
            behind: Some(Behind { difference: high, interval: Interval { low, high, confidence: 0.95 } }),
            ..Candidate::default()
        };
        let all = [Candidate::default(), behind(-0.5, 2.0), behind(0.1, 2.0), behind(0.0, 0.0)];
        let tied = |rows| {
            let compared = Compared { rows, candidates: all.to_vec(), ..Compared::default() };
            compared.candidates.iter().map(|one| compared.is_tied(one)).collect::<Vec<_>>()
        };
        assert_eq!(tied(50), [false, true, false, true]);
        // However wide the gap: a handful of questions tells nothing.
        assert_eq!(tied(5), [false, true, true, true]);
    }
}
