//! How much personal data is found, and how much that is none is taken for it, kind by kind.
//!
//! The texts are made by code that shares nothing with the rules: other lists, other sentences, written
//! without looking at them.

mod negatives;
mod positives;
mod random;

use data::privacy::{Entity, MaskConfig, Masker, Span};

use positives::Positive;

/// Texts with a value, of each kind.
const N_POSITIVES: usize = 400;

/// Texts without one, common to all kinds, and of each kind's own.
const N_COMMON: usize = 400;
const N_PARTICULAR: usize = 200;

struct Kind {
    name: &'static str,
    make: fn(usize, u64) -> Vec<Positive>,
    accepted: &'static [Entity],
    min_recall: f64,
    min_precision: f64,
}

const PHONES: &[Entity] = &[
    Entity::Mobile,
    Entity::Landline,
    Entity::Voip,
    Entity::SafeNumber,
    Entity::TollFree,
    Entity::ForeignPhone,
];

/// Numbers that a rule can check are held to 0.999; what needs context to less.
const KINDS: &[Kind] = &[
    kind("resident", positives::resident, &[Entity::Resident, Entity::Foreigner], 0.999, 0.98),
    kind("foreigner", positives::foreigner, &[Entity::Resident, Entity::Foreigner], 0.999, 0.98),
    kind("business", positives::business, &[Entity::Business], 0.999, 0.98),
    kind("licence", positives::licence, &[Entity::DriverLicence], 0.999, 0.98),
    kind("passport", positives::passport, &[Entity::Passport], 0.999, 0.98),
    kind("phone", positives::phone, PHONES, 0.999, 0.98),
    kind("account", positives::account, &[Entity::Account], 0.999, 0.98),
    kind("card", positives::card, &[Entity::Card], 0.999, 0.98),
    kind("address", positives::address, &[Entity::Address], 0.97, 0.98),
    kind("email", positives::email, &[Entity::Email], 0.999, 0.98),
    kind("ip", positives::ip, &[Entity::Ip], 0.999, 0.98),
    kind("mac", positives::mac, &[Entity::Mac], 0.999, 0.98),
    // `369부 8191` may as well be a count and a number.
    kind("plate", positives::plate, &[Entity::Plate], 0.95, 0.98),
    kind("name", positives::name, &[Entity::Person], 0.90, 0.95),
];

const fn kind(
    name: &'static str,
    make: fn(usize, u64) -> Vec<Positive>,
    accepted: &'static [Entity],
    min_recall: f64,
    min_precision: f64,
) -> Kind {
    Kind { name, make, accepted, min_recall, min_precision }
}

/// Counts of one kind.
#[derive(Default)]
struct Score {
    n_positives: usize,
    n_found: usize,
    n_false: usize,
    examples: Vec<String>,
}

impl Score {
    fn recall(&self) -> f64 {
        self.n_found as f64 / self.n_positives as f64
    }

    fn precision(&self) -> f64 {
        self.n_found as f64 / (self.n_found + self.n_false).max(1) as f64
    }
}

/// Whether every letter and digit of the value lies in a span of an accepted kind.
fn covers(positive: &Positive, spans: &[&Span]) -> bool {
    positive.text[positive.span.clone()].char_indices().filter(|(_, c)| c.is_alphanumeric()).all(|(at, _)| {
        let at = positive.span.start + at;
        spans.iter().any(|span| span.range.contains(&at))
    })
}

fn measure(kind: &Kind, masker: &Masker, seed: u64) -> Score {
    let mut score = Score::default();
    for positive in (kind.make)(N_POSITIVES, seed) {
        let masked = masker.mask(&positive.text);
        let spans: Vec<&Span> = masked.spans.iter().filter(|s| kind.accepted.contains(&s.entity)).collect();
        score.n_positives += 1;
        if covers(&positive, &spans) {
            score.n_found += 1;
        } else {
            score.examples.push(format!("missed: {:?} → {:?}", positive.text, masked.text));
        }
        let is_beside = |s: &&&Span| s.range.end <= positive.span.start || s.range.start >= positive.span.end;
        let n_beside = spans.iter().filter(is_beside).count();
        if n_beside > 0 {
            score.n_false += n_beside;
            score.examples.push(format!("beside: {:?} → {:?}", positive.text, masked.text));
        }
    }
    let mut texts = negatives::common(N_COMMON, seed ^ 0xC0);
    texts.extend(negatives::particular(kind.name, N_PARTICULAR, seed ^ 0xFA));
    for text in texts {
        let masked = masker.mask(&text);
        let n_spans = masked.spans.iter().filter(|s| kind.accepted.contains(&s.entity)).count();
        if n_spans > 0 {
            score.n_false += n_spans;
            score.examples.push(format!("invented: {text:?} → {:?}", masked.text));
        }
    }
    score
}

#[test]
fn recall_and_precision_of_every_kind() {
    let masker = Masker::new(MaskConfig::default()).unwrap();
    let mut failed = Vec::new();
    println!("{:<10} {:>8} {:>8} {:>8} {:>9}", "kind", "texts", "found", "recall", "precision");
    for (i, kind) in KINDS.iter().enumerate() {
        let score = measure(kind, &masker, 1000 + i as u64);
        println!(
            "{:<10} {:>8} {:>8} {:>8.4} {:>9.4}",
            kind.name,
            score.n_positives,
            score.n_found,
            score.recall(),
            score.precision()
        );
        if score.recall() < kind.min_recall || score.precision() < kind.min_precision {
            failed.push(kind.name);
            for example in score.examples.iter().take(12) {
                println!("    {example}");
            }
        }
    }
    assert!(failed.is_empty(), "below the floor: {}", failed.join(", "));
}
