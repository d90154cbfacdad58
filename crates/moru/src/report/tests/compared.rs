//! Two small models, and what they were written as.

use eval::report::{Behind, Candidate, Compared, Interval, Report, Speed};

use super::{has, sample};
use crate::report::render;

/// Six candidates of two models.
pub(in crate::report) fn compared() -> Compared {
    let one =
        |name: &str, model: &str, form: &str, score: f64, gap: f64, rates: (f64, f64), sizes: (u64, u64)| {
            let interval = |at: f64, by: f64| Interval { low: at - by, high: at + by, confidence: 0.95 };
            Candidate {
                name: name.into(),
                model: model.into(),
                base: if model == "small" { "Qwen/Qwen3-0.6B" } else { "Qwen/Qwen3-1.7B" }.into(),
                form: form.into(),
                score,
                interval: interval(score, 2.6),
                behind: (gap > 0.0).then(|| Behind { difference: gap, interval: interval(gap, 1.1) }),
                speed: Some(Speed { decode_tokens_per_s: rates.0, prefill_tokens_per_s: rates.1 }),
                memory_bytes: Some(sizes.0 * 1_000_000),
                bytes: sizes.1 * 1_000_000,
                on_front: None,
            }
        };
    let mut compared = Compared {
        measure: "chrF2".into(),
        signature: "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0".into(),
        rows: 150,
        measured_tokens: (128, 32),
        candidates: vec![
            one("large", "large", "qlora nf4", 48.2, 0.0, (6.1, 71.0), (2480, 3560)),
            one("large.q4_k_m", "large", "q4_k_m", 47.9, 0.3, (9.8, 90.2), (1510, 1190)),
            one("small", "small", "lora", 41.3, 6.9, (11.7, 180.4), (2950, 1560)),
            one("small.q8_0", "small", "q8_0", 41.2, 7.0, (24.4, 210.9), (1020, 645)),
            one("base.large", "large", "base", 21.7, 26.5, (3.2, 68.0), (7120, 3440)),
            one("base.small", "small", "base", 17.0, 31.2, (11.9, 182.3), (2930, 1520)),
        ],
    };
    compared.mark_front();
    compared
}

#[test]
fn the_front_and_the_noise_are_told() {
    let report = Report { compared: Some(compared()), ..sample::report() };
    let page = render(&report, eval::report::Language::English);
    has(&page, "The order is within noise: 150 questions do not tell large from large.q4_k_m.");
    has(&page, "within noise");
    assert_eq!(page.matches("★ front").count(), 4, "only models before tuning are beaten");
    assert_eq!(page.matches("Quality × ").count(), 2 * 3, "three plots, each described");
    has(
        &render(&report, eval::report::Language::Korean),
        "150문항으로는 large, large.q4_k_m의 차이를 가릴 수 없습니다.",
    );
}

#[test]
fn what_was_not_measured_is_a_dash() {
    let mut compared = compared();
    for candidate in &mut compared.candidates {
        (candidate.speed, candidate.memory_bytes) = (None, None);
    }
    compared.mark_front();
    let page =
        render(&Report { compared: Some(compared), ..sample::report() }, eval::report::Language::English);
    assert_eq!(page.matches("★ front").count(), 0);
    assert_eq!(page.matches("Quality × ").count(), 2, "only the size is known");
}
