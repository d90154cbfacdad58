//! Intervals and tests against what can be counted out exactly.

use eval::scorers::{Row, Scorer, by_name};
use eval::statistics::random::Random;
use eval::statistics::{Resampling, bootstrap, intervals, paired, sum};

/// A corpus metric in miniature: hits over tries, summed before they are divided.
struct Ratio;

impl Scorer for Ratio {
    fn measures(&self) -> Vec<String> {
        vec!["ratio".into()]
    }
    fn signature(&self, _: usize) -> String {
        String::new()
    }
    fn statistics(&self, _: &Row) -> Vec<f64> {
        unreachable!("the tests hand statistics in")
    }
    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![100.0 * sum[0] / sum[1].max(1.0)]
    }
}

fn resampling(trials: u32, seed: u64) -> Resampling {
    Resampling { trials, confidence: 0.95, seed }
}

fn hits(flags: &[bool]) -> Vec<Vec<f64>> {
    flags.iter().map(|&hit| vec![f64::from(u8::from(hit)), 1.0]).collect()
}

#[test]
fn a_corpus_metric_is_resampled_as_one() {
    // Row 0 is 9 of 90, row 1 is 9 of 10: the mean of the two ratios is 50, the corpus score is 18.
    let rows = vec![vec![9.0, 90.0], vec![9.0, 10.0]];
    assert_eq!(Ratio.scores(&sum(&rows)), [18.0]);
    let interval = bootstrap::intervals(&Ratio, &rows, &resampling(2000, 1))[0];
    // Draws are 10 (a quarter of them), 18 (half) and 90 (a quarter).
    assert_eq!((interval.low, interval.high, interval.confidence), (10.0, 90.0, 0.95));
    let narrow = Resampling { confidence: 0.4, ..resampling(2000, 1) };
    let interval = bootstrap::intervals(&Ratio, &rows, &narrow)[0];
    assert_eq!((interval.low, interval.high), (18.0, 18.0));
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let mut random = Random::new(3, 0);
    let rows: Vec<Vec<f64>> = (0..40).map(|_| vec![random.below(10) as f64, 10.0]).collect();
    let interval = |seed| bootstrap::intervals(&Ratio, &rows, &resampling(500, seed))[0];
    assert_eq!(interval(1), interval(1));
    assert_ne!(interval(1), interval(2));
    let score = Ratio.scores(&sum(&rows))[0];
    assert!(interval(1).low < score && score < interval(1).high);
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let mut random = Random::new(11, 0);
    let experiments = 400;
    let covered = (0..experiments)
        .filter(|&experiment| {
            let flags: Vec<bool> = (0..60).map(|_| random.below(10) < 4).collect();
            let interval = bootstrap::intervals(&Ratio, &hits(&flags), &resampling(400, experiment))[0];
            interval.low <= 40.0 && 40.0 <= interval.high
        })
        .count();
    // 95 % are promised; with 400 experiments 91 to 98 % is within chance and the percentile method's bias.
    assert!((364..=392).contains(&covered), "{covered} of {experiments}");
}

#[test]
fn randomisation_agrees_with_all_swaps_counted_out() {
    let first = [9.0, 7.0, 8.0, 3.0, 6.0, 9.0, 2.0, 8.0, 7.0, 5.0];
    let second = [4.0, 6.0, 8.0, 5.0, 2.0, 7.0, 1.0, 3.0, 8.0, 5.0];
    let rows = |values: &[f64]| values.iter().map(|&v| vec![v, 10.0]).collect::<Vec<_>>();
    let gaps: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
    let observed: f64 = gaps.iter().sum();
    let extreme = (0..1u32 << gaps.len())
        .filter(|swaps| {
            let total: f64 =
                gaps.iter().enumerate().map(|(i, g)| if swaps >> i & 1 == 1 { -g } else { *g }).sum();
            total.abs() >= observed.abs()
        })
        .count();
    let exact = extreme as f64 / f64::from(1u32 << gaps.len());
    let result = paired::compare(&Ratio, &rows(&first), &rows(&second), &resampling(20_000, 5))[0];
    assert!((result.difference - observed).abs() < 1e-9, "scores are in percent of 10 a row");
    assert!((result.p_randomisation - exact).abs() < 0.01, "{} {exact}", result.p_randomisation);
    assert!(result.interval.low < result.difference && result.difference < result.interval.high);
}

#[test]
fn equal_systems_do_not_differ_and_unequal_ones_do() {
    let mut random = Random::new(9, 0);
    let good = hits(&(0..120).map(|_| random.below(10) < 8).collect::<Vec<_>>());
    let bad = hits(&(0..120).map(|_| random.below(10) < 3).collect::<Vec<_>>());
    let same = paired::compare(&Ratio, &good, &good, &resampling(300, 1))[0];
    assert_eq!((same.difference, same.p_bootstrap, same.p_randomisation), (0.0, 1.0, 1.0));
    assert_eq!((same.interval.low, same.interval.high), (0.0, 0.0));
    let better = paired::compare(&Ratio, &good, &bad, &resampling(999, 1))[0];
    let worse = paired::compare(&Ratio, &bad, &good, &resampling(999, 1))[0];
    assert_eq!((better.p_bootstrap, better.p_randomisation), (0.001, 0.001));
    assert!(better.interval.low > 0.0 && worse.interval.high < 0.0);
    assert_eq!(better.difference, -worse.difference);
}

#[test]
fn chance_is_called_a_difference_as_rarely_as_it_should() {
    let mut random = Random::new(21, 0);
    let experiments = 300;
    let (mut by_bootstrap, mut by_randomisation) = (0, 0);
    for experiment in 0..experiments {
        let mut system = || hits(&(0..50).map(|_| random.below(2) == 0).collect::<Vec<_>>());
        let (first, second) = (system(), system());
        let result = paired::compare(&Ratio, &first, &second, &resampling(300, experiment))[0];
        by_bootstrap += u32::from(result.p_bootstrap <= 0.05);
        by_randomisation += u32::from(result.p_randomisation <= 0.05);
    }
    // 15 are expected; 27 would be three standard deviations more.
    assert!(by_bootstrap <= 27 && by_randomisation <= 27, "{by_bootstrap} {by_randomisation}");
}

#[test]
fn one_row_decides_nothing() {
    let one = vec![vec![1.0, 2.0]];
    let interval = bootstrap::intervals(&Ratio, &one, &resampling(100, 1))[0];
    assert_eq!((interval.low, interval.high), (50.0, 50.0));
    let test = paired::compare(&Ratio, &one, &[vec![2.0, 2.0]], &resampling(100, 1))[0];
    assert_eq!((test.difference, test.p_bootstrap, test.p_randomisation), (-50.0, 1.0, 1.0));
    let none: [Vec<f64>; 0] = [];
    assert_eq!(sum(&none), Vec::<f64>::new());
}

#[test]
fn every_scorer_is_additive_in_shape() {
    let references = ["배송은 2일 걸려요. It takes 2 days.".to_owned()];
    for name in eval::scorers::NAMES.iter().chain(&["chrf++", "bleu-char"]) {
        let scorer = by_name(name).unwrap();
        let row = |prediction| scorer.statistics(&Row { prediction, references: &references, facts: &[] });
        let rows = vec![row(""), row(&references[0]), row("전혀 다른 말")];
        assert!(rows.iter().all(|r| r.len() == rows[0].len()), "{name}");
        assert_eq!(scorer.scores(&sum(&rows)).len(), scorer.measures().len(), "{name}");
        // These two look for something that the references do not have.
        if !["key-facts", "refusal"].contains(name) {
            assert!(scorer.scores(&rows[1]).iter().all(|s| (s - 100.0).abs() < 1e-9), "{name}");
            assert!(scorer.scores(&rows[0]).iter().all(|&s| s == 0.0), "{name}");
        }
    }
}

#[test]
fn shares_of_rows_have_wilsons_interval_and_other_scores_the_bootstraps() {
    let rows = hits(&[true; 20]);
    let exact = by_name("exact").unwrap();
    let bootstrapped = bootstrap::intervals(exact.as_ref(), &rows, &resampling(200, 1))[0];
    assert_eq!((bootstrapped.low, bootstrapped.high), (100.0, 100.0), "all hits: nothing else can be drawn");
    for name in ["exact", "key-facts"] {
        let interval = intervals(by_name(name).unwrap().as_ref(), &rows, &resampling(200, 1))[0];
        assert!((interval.low - 83.89).abs() < 0.01 && interval.high == 100.0, "{name}: {interval:?}");
    }
    let rows = vec![vec![9.0, 90.0], vec![9.0, 10.0]];
    let plain = resampling(2000, 1);
    assert_eq!(intervals(&Ratio, &rows, &plain), bootstrap::intervals(&Ratio, &rows, &plain));
}
