//! Where the rows came from, what was masked, what was set aside, and how long things are.

use serde::{Deserialize, Serialize};

use super::{Count, QuestionCoverage, RuleEditions, UnreadFile};

/// The data half of a report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Data {
    /// Where the rows came from.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Rules that documents hold in several editions.
    #[serde(default)]
    pub editions: Vec<RuleEditions>,
    /// Files among documents that are of no kind that is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadFile>,
    /// How far questions cover the documents of each source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<QuestionCoverage>,
    /// What was masked, one an entity.
    #[serde(default)]
    pub masked: Vec<MaskedEntity>,
    /// What looked personal and was kept on purpose.
    #[serde(default)]
    pub kept: Vec<Kept>,
    /// Greetings, closings and the like that were taken out.
    #[serde(default)]
    pub stripped: Vec<Stripped>,
    /// Rows set aside, one a reason.
    #[serde(default)]
    pub rejected: Vec<RejectedReason>,
    /// How the rows spread over categories.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Tokens of the splits.
    #[serde(default)]
    pub tokens: TokenCounts,
    /// Distributions of lengths.
    #[serde(default)]
    pub lengths: Vec<Histogram>,
}

/// Where rows came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Its name in the recipe.
    pub name: String,
    /// `sql`, `csv` …
    pub kind: String,
    /// Rows read.
    pub rows: u64,
    /// Its licence, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Declared public, so that its contact data is not masked.
    #[serde(default)]
    pub public: bool,
}

/// What was masked of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaskedEntity {
    /// `phone`, `email`, `person` …
    pub entity: String,
    /// Occurrences masked.
    pub count: u64,
    /// Rows that had at least one.
    pub rows: u64,
    /// A few places, already masked.
    #[serde(default)]
    pub examples: Vec<MaskedExample>,
}

/// A place where something was masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaskedExample {
    /// `source#key`.
    pub id: String,
    /// The text around it, with everything personal masked.
    pub text: String,
}

/// Something that looked personal and was kept on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kept {
    /// The kind of thing.
    pub entity: String,
    /// Why: `public source`, `keep list`, `representative number`.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// A kind of phrase that was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stripped {
    /// `greetings`, `closings`, `over-polite` …
    pub rule: String,
    /// Questions and answers that it changed.
    pub texts: u64,
    /// Characters taken out of them.
    pub characters: u64,
}

/// Rows set aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RejectedReason {
    /// The code: `too_short`, `duplicate` …
    pub reason: String,
    /// How many rows.
    pub rows: u64,
    /// A few of them, masked.
    #[serde(default)]
    pub examples: Vec<RejectedExample>,
}

/// A row set aside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RejectedExample {
    /// `source#key`.
    pub id: String,
    /// What was wrong.
    #[serde(default)]
    pub detail: String,
    /// The row's text, masked.
    #[serde(default)]
    pub text: String,
}

/// Rows of one category in each split.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Rows to train on.
    pub train: u64,
    /// Rows to watch the training with.
    pub valid: u64,
    /// Rows to score.
    pub test: u64,
}

impl Category {
    /// Rows in all splits together.
    pub fn rows(&self) -> u64 {
        self.train + self.valid + self.test
    }
}

/// Tokens of the splits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenCounts {
    /// To train on.
    #[serde(default)]
    pub train: SplitTokens,
    /// To watch the training with.
    #[serde(default)]
    pub valid: SplitTokens,
    /// To score.
    #[serde(default)]
    pub test: SplitTokens,
    /// Rows that did not fit, by what was done with them.
    #[serde(default)]
    pub over_long: Vec<Count>,
}

/// Tokens of one split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SplitTokens {
    /// Rows.
    pub rows: u64,
    /// Tokens, prompts and answers.
    pub tokens: u64,
    /// Tokens that carry loss.
    pub trained_tokens: u64,
}

/// How often which length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// Of what: `prompt`, `response`, `sample`.
    pub name: String,
    /// In what: `tokens` or `characters`.
    pub unit: String,
    /// Neighbouring bins, shortest first.
    pub bins: Vec<Bin>,
    /// The middle value.
    #[serde(default)]
    pub median: u64,
    /// 95 % are at most this long.
    #[serde(default)]
    pub p95: u64,
    /// The greatest.
    #[serde(default)]
    pub max: u64,
}

/// One bar of a histogram: how many are at least `from` and less than `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bin {
    /// The least length counted here.
    pub from: u64,
    /// The least length not counted here any more.
    pub to: u64,
    /// How many.
    pub count: u64,
}

impl Histogram {
    /// A histogram of `lengths` in at most `bins` bars whose width is 1, 2 or 5 times a power of ten.
    pub fn of(name: &str, unit: &str, lengths: &[u64], bins: usize) -> Self {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable();
        let (Some(&least), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Self { name: name.into(), unit: unit.into(), ..Self::default() };
        };
        let width = bin_width(least, max, bins.max(1) as u64);
        let start = least / width * width;
        let mut bars: Vec<Bin> = (0..=(max - start) / width)
            .map(|i| Bin { from: start + i * width, to: start + (i + 1) * width, count: 0 })
            .collect();
        for length in &sorted {
            bars[((length - start) / width) as usize].count += 1;
        }
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        Self { name: name.into(), unit: unit.into(), bins: bars, median: at(0.5), p95: at(0.95), max }
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that covers `least..=max` with at most `bins` bars.
fn bin_width(least: u64, max: u64, bins: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for step in [1, 2, 5] {
            let width = power.saturating_mul(step);
            if max / width - least / width < bins || width == u64::MAX {
                return width;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_every_length_once() {
        let cases: [(&[u64], usize); 6] = [
            (&[], 10),
            (&[7], 10),
            (&[0, 0, 0], 1),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5),
            (&[3, 17, 17, 120, 999, 1000], 24),
            (&[0, u64::MAX / 2], 4),
        ];
        for (lengths, bins) in cases {
            let histogram = Histogram::of("prompt", "tokens", lengths, bins);
            assert_eq!(histogram.bins.iter().map(|b| b.count).sum::<u64>(), lengths.len() as u64);
            assert!(histogram.bins.len() <= bins, "{} bars of at most {bins}", histogram.bins.len());
            for pair in histogram.bins.windows(2) {
                assert_eq!(pair[0].to, pair[1].from);
            }
            for bin in &histogram.bins {
                let inside = lengths.iter().filter(|l| (bin.from..bin.to).contains(l)).count();
                assert_eq!(inside as u64, bin.count);
            }
            assert_eq!(histogram.max, lengths.iter().copied().max().unwrap_or(0));
        }
    }

    #[test]
    fn middle_and_tail() {
        let lengths: Vec<u64> = (1..=101).collect();
        let histogram = Histogram::of("response", "tokens", &lengths, 20);
        assert_eq!((histogram.median, histogram.p95, histogram.max), (51, 96, 101));
        assert_eq!(histogram.bins[0], Bin { from: 0, to: 10, count: 9 });
    }
}
