use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::sample::{Sample, SampleView};
use crate::seeded;

/// Samples over few ids with chance beginnings in common, some equal, some the beginning of others.
fn samples(n: usize, seed: u64) -> Vec<Sample> {
    let mut draws = 0;
    let mut draw = |below: usize| {
        draws += 1;
        (seeded::at(seed, draws) % below as u64) as usize
    };
    let mut out: Vec<Sample> = Vec::new();
    for i in 0..n {
        let mut ids: Vec<u32> = match out.get(draw(n)) {
            Some(earlier) => earlier.ids[..=draw(earlier.ids.len())].to_vec(),
            None => vec![draw(3) as u32],
        };
        ids.extend((0..draw(12)).map(|_| draw(3) as u32));
        ids.push(3);
        let trained = (0..ids.len()).map(|at| at > 0 && (at + 1 == ids.len() || draw(3) == 0)).collect();
        out.push(Sample { row: format!("s#{i}"), part: 0, ids, trained });
    }
    out
}

/// What separate samples ask for: (ids so far, target) → weight.
fn wanted(samples: &[SampleView], members: &[usize]) -> BTreeMap<(Vec<u32>, u32), f32> {
    let mut loss = BTreeMap::new();
    for &i in members {
        let sample = samples[i];
        for at in (0..sample.ids.len()).filter(|&at| sample.trained[at] != 0) {
            *loss.entry((sample.ids[..at].to_vec(), sample.ids[at])).or_default() += 1.0;
        }
    }
    loss
}

/// What a batch asks for, with the ids so far as its mask lets them be seen.
fn asked(batch: &Batch) -> BTreeMap<(Vec<u32>, u32), f32> {
    let mut loss = BTreeMap::new();
    for i in 0..batch.loss_rows.len() {
        let row = batch.loss_rows[i] as usize;
        let segment = batch.segments.iter().find(|s| (s.start..s.start + s.len).contains(&row)).unwrap();
        let mut seen: Vec<usize> = segment.ancestors.iter().flat_map(Clone::clone).collect();
        seen.extend(segment.start..=row);
        for (position, &at) in seen.iter().enumerate() {
            assert_eq!(batch.positions[at] as usize, position);
        }
        let seen = seen.iter().map(|&at| batch.ids[at]).collect();
        *loss.entry((seen, batch.targets[i])).or_default() += batch.weights[i];
    }
    loss
}

fn check_batch(samples: &[SampleView], members: &[usize], min_shared: usize) -> Batch {
    let batch = build(samples, members, min_shared);
    assert_eq!(asked(&batch), wanted(samples, members));
    assert_eq!(batch.rows.len(), members.len());
    for row in &batch.rows {
        let path = batch.path(row);
        let ids: Vec<u32> = path.iter().map(|&at| batch.ids[at]).collect();
        assert_eq!(ids, samples[row.sample].ids, "a path spells its sample");
        let last = &batch.segments[*row.segments.last().unwrap()];
        let mut visible: Vec<usize> = last.ancestors.iter().flat_map(Clone::clone).collect();
        visible.extend(last.start..last.start + last.len);
        assert_eq!(visible, path, "a leaf sees its path and nothing else");
    }
    let mut covered = 0;
    for segment in &batch.segments {
        assert_eq!(segment.start, covered);
        covered += segment.len;
        assert!(segment.len > 0 && segment.ancestors.windows(2).all(|w| w[0].end < w[1].start));
    }
    assert_eq!(covered, batch.ids.len());
    assert!(batch.loss_rows.windows(2).all(|w| w[0] <= w[1]));
    batch
}

#[test]
fn a_tree_asks_for_what_the_separate_samples_ask_for() {
    for seed in 0..60 {
        let owned = samples(2 + seed as usize % 17, seed);
        let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
        let all: Vec<usize> = (0..views.len()).collect();
        let separate = check_batch(&views, &all, usize::MAX).ids.len();
        assert_eq!(separate, views.iter().map(|v| v.ids.len()).sum::<usize>());
        for min_shared in [2, 4, 9] {
            assert!(check_batch(&views, &all, min_shared).ids.len() <= separate, "sharing never costs");
        }
        let prefixes: BTreeSet<&[u32]> =
            views.iter().flat_map(|v| (1..=v.ids.len()).map(|at| &v.ids[..at])).collect();
        assert_eq!(check_batch(&views, &all, 1).ids.len(), prefixes.len(), "each prefix is laid once");
    }
}

#[test]
fn a_shared_prefix_ends_with_several_targets() {
    let sample = |ids: &[u32]| Sample {
        row: String::new(),
        part: 0,
        ids: ids.to_vec(),
        trained: (0..ids.len()).map(|at| at >= 3).collect(),
    };
    let owned = [sample(&[1, 2, 3, 7, 9]), sample(&[1, 2, 3, 8, 9]), sample(&[1, 2, 3, 7, 9])];
    let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
    let batch = build(&views, &[0, 1, 2], 2);
    assert_eq!(batch.ids, [1, 2, 3, 7, 9, 8, 9]);
    assert_eq!(batch.positions, [0, 1, 2, 3, 4, 3, 4]);
    assert_eq!((batch.segments[2].start, batch.segments[2].len), (5, 2));
    let above = &batch.segments[2].ancestors;
    assert_eq!((above.len(), above[0].start, above[0].end), (1, 0, 3));
    assert_eq!(batch.loss_rows, [2, 2, 3, 5]);
    assert_eq!(batch.targets, [7, 8, 9, 9]);
    assert_eq!(batch.weights, [2.0, 1.0, 2.0, 1.0]);
    assert_eq!(batch.weight_sum(), 6.0);
}

#[test]
fn every_sample_is_seen_once_an_epoch_within_the_budget() {
    for (seed, min_shared) in [(1, 1), (2, 4), (3, usize::MAX)] {
        let owned = samples(200, seed);
        let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
        let budget_tokens = views.iter().map(|v| v.ids.len()).max().unwrap().max(60);
        let options = PlanOptions { budget_tokens, per_step: 12, seed, min_shared };
        let planner = Planner::new(&views, options);
        let (first, second) = (planner.steps(0), planner.steps(1));
        assert_ne!(first, second);
        assert_eq!(first, planner.steps(0));
        for steps in [&first, &second] {
            let mut seen: Vec<usize> = steps.iter().flatten().copied().collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..200).collect::<Vec<_>>());
            assert_eq!(steps.len(), 200_usize.div_ceil(12));
            assert!(steps[..steps.len() - 1].iter().all(|step| step.len() == 12));
            for members in steps {
                check_passes(&planner, &views, members, budget_tokens, min_shared);
            }
        }
    }
}

fn check_passes(
    planner: &Planner,
    views: &[SampleView],
    members: &[usize],
    budget: usize,
    min_shared: usize,
) {
    let passes = planner.passes(members);
    let mut seen = passes.concat();
    seen.sort_unstable();
    let mut wanted = members.to_vec();
    wanted.sort_unstable();
    assert_eq!(seen, wanted, "each sample of the step has one pass");
    for pass in &passes {
        let laid = check_batch(views, pass, min_shared).ids.len();
        assert_eq!(planner.tokens(pass), laid);
        let lengths = || pass.iter().map(|&sample| views[sample].ids.len());
        let grown = laid <= 2 * lengths().max().unwrap() && laid < lengths().sum();
        assert!(laid <= budget || (min_shared != usize::MAX && grown), "{laid} of {budget}: {pass:?}");
    }
}

#[test]
fn a_sample_above_the_budget_has_a_pass_of_its_own_unless_sharing_pays() {
    let passes = |owned: &[Sample], min_shared| {
        let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
        let planner =
            Planner::new(&views, PlanOptions { budget_tokens: 1, per_step: 4, seed: 0, min_shared });
        let passes: Vec<_> = planner.steps(0).iter().flat_map(|step| planner.passes(step)).collect();
        passes.iter().map(|pass| (pass.len(), planner.tokens(pass))).collect::<Vec<_>>()
    };
    let own = passes(&samples(9, 5), usize::MAX);
    assert!(own.len() == 9 && own.iter().all(|&(samples, _)| samples == 1), "{own:?}");
    // Of 120 tokens each shares 100 with its siblings, and none with another family.
    assert_eq!(passes(&families(1, 4), 16), [(4, 180)]);
    assert_eq!(passes(&families(4, 1), 16), [(1, 120); 4]);
    // A beginning of less than half is not worth a larger pass.
    let mut short = families(1, 4);
    for (n, sample) in short.iter_mut().enumerate() {
        sample.ids[59..].iter_mut().for_each(|id| *id += 1000 * n as u32);
    }
    assert_eq!(passes(&short, 16), [(1, 120); 4]);
}

#[test]
fn long_rows_with_a_long_beginning_in_common_are_trees_at_the_default_budget() {
    // 32 rows of 4,488 tokens, 4,262 of them in common.
    let row = |n: u32| {
        let ids: Vec<u32> = (0..4262).chain((0..226).map(|at| 10_000 * (n + 1) + at)).collect();
        Sample { row: format!("s#{n}"), part: 0, trained: (0..4488).map(|at| at >= 4400).collect(), ids }
    };
    let owned: Vec<Sample> = (0..32).map(row).collect();
    let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
    let laid = |min_shared| {
        let options = PlanOptions { budget_tokens: 2048, per_step: 32, seed: 0, min_shared };
        let planner = Planner::new(&views, options);
        let passes = planner.passes(&planner.steps(0)[0]);
        passes.iter().map(|pass| check_batch(&views, pass, min_shared).ids.len()).collect::<Vec<_>>()
    };
    assert_eq!(laid(usize::MAX), [4488; 32]);
    // Twice the longest is 8,976: the beginning and 20 ends, then the other 12.
    assert_eq!(laid(16), [4262 + 20 * 226, 4262 + 12 * 226]);
}

/// `families` of `leaves` samples each, of 100 tokens in common and 20 of their own.
fn families(families: u32, leaves: u32) -> Vec<Sample> {
    let leaf = |i: u32| {
        let (family, leaf) = (i % families, i / families);
        let prefix = (0..100).map(|at| family * 1000 + at);
        let ids: Vec<u32> =
            prefix.chain((0..20).map(|at| 1_000_000 + family * 10_000 + leaf * 100 + at)).collect();
        Sample { row: format!("s#{i}"), part: 0, ids, trained: (0..120).map(|at| at >= 100).collect() }
    };
    (0..families * leaves).map(leaf).collect()
}

/// Tokens of an epoch as it is laid.
fn laid(planner: &Planner) -> usize {
    let steps = planner.steps(0);
    steps.iter().flat_map(|step| planner.passes(step)).map(|pass| planner.tokens(&pass)).sum()
}

#[test]
fn sharing_over_the_split_pays() {
    let check = |n_families, leaves, budget_tokens, per_step, expected| {
        let owned = families(n_families, leaves);
        let views: Vec<SampleView> = owned.iter().map(Sample::view).collect();
        let planner = Planner::new(&views, PlanOptions { budget_tokens, per_step, seed: 0, min_shared: 16 });
        assert_eq!(laid(&planner), expected, "{n_families} families of {leaves}, {per_step} a step");
    };
    // 20 leaves of 20 tokens fit behind a prefix of 100: two passes.
    check(1, 40, 500, 40, 1000);
    // Four leaves each, two families a step: a family is never torn.
    check(25, 4, 1000, 8, 25 * 180);
    // Three leaves each, eight a step: two families whole, of the third two leaves and then one.
    check(8, 3, 1000, 8, 8 * 160 + 2 * 100);
    // A family larger than a step or than the budget has its prefix laid again in each.
    check(1, 40, 10_000, 10, 4 * 300);
    check(1, 40, 240, 40, 6 * 100 + 40 * 20);
    // Seven leaves are as much as twice a row of 120, and as much as a smaller budget grows to.
    check(1, 40, 200, 40, 6 * 100 + 40 * 20);
}
