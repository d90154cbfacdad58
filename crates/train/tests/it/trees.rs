//! Samples laid as trees: the gradient is that of the separate samples, and the loop keeps its promises.

use chat::{Sample, seeded};
use kernels::Cpu;
use model::{Decoder, LoraTargets, Recompute};
use tempfile::TempDir;
use train::verify::{self, LAYOUT_BOUND, Layout};
use train::{Base, Batching, Event, Length, Method, Settings, TrainError};

use crate::toy::{Training, bytes, config, decoder, samples, steps, views};

/// Samples over few ids that grow out of one another: deep tries, equal samples, samples that others begin with, and
/// masks that differ within what is shared.
fn random_samples(count: usize, seed: u64) -> Vec<Sample> {
    let mut draws = 0;
    let mut draw = |below: usize| {
        draws += 1;
        (seeded::at(seed, draws) % below as u64) as usize
    };
    let mut out: Vec<Sample> = Vec::new();
    for n in 0..count {
        let mut ids: Vec<u32> = match out.get(draw(count)) {
            Some(earlier) => earlier.ids[..=draw(earlier.ids.len())].to_vec(),
            None => vec![draw(3) as u32],
        };
        ids.extend((0..draw(8)).map(|_| draw(4) as u32));
        ids.truncate(config().context - 1);
        ids.push(5);
        let last = ids.len() - 1;
        let trained = (0..ids.len()).map(|at| at > 0 && (at == last || draw(3) == 0)).collect();
        out.push(Sample { row: format!("row-{n}"), part: 0, ids, trained });
    }
    out
}

fn methods() -> [Method; 2] {
    [Settings::lora(Base::default(), 3, LoraTargets::All).method, Method::Full]
}

#[test]
fn a_tree_has_the_gradient_of_the_separate_samples() {
    let (mut shared, mut split) = (0, 0);
    for seed in 0..24 {
        let samples = random_samples(2 + seed as usize % 9, seed);
        for method in methods() {
            // From one pass for all down to passes of one sample or two.
            for micro_tokens in [10_000, 40, 24] {
                let settings = Settings {
                    method: method.clone(),
                    min_shared: 1,
                    micro_tokens,
                    seed,
                    ..crate::toy::settings()
                };
                let found =
                    verify::compare(&mut decoder(), &settings, &views(&samples), Layout::Tree).unwrap();
                let worst = &found.tensors[0];
                assert!(found.greatest() < LAYOUT_BOUND, "seed {seed}, {micro_tokens} tokens: {worst:?}");
                shared += usize::from(found.together_tokens < found.separate_tokens);
                split += usize::from(found.passes > 1 && found.together_tokens < found.separate_tokens);
            }
        }
    }
    assert!(shared > 100 && split > 24, "{shared} of 144 were shared, {split} of them in several passes");
}

#[test]
fn the_cpu_and_recomputed_blocks_have_it_as_well() {
    for seed in 0..6 {
        let samples = random_samples(7, 100 + seed);
        let settings = Settings {
            recompute: Some(if seed % 2 == 0 { Recompute::Always } else { Recompute::Never }),
            min_shared: 1,
            micro_tokens: 48,
            ..crate::toy::settings()
        };
        let device = std::sync::Arc::new(Cpu::new(2));
        let mut decoder = Decoder::random(device, config(), 3).unwrap();
        let found = verify::compare(&mut decoder, &settings, &views(&samples), Layout::Tree).unwrap();
        assert!(found.greatest() < LAYOUT_BOUND, "seed {seed}: {:?}", found.tensors[0]);
    }
}

/// Families of three samples with six tokens in common.
fn families() -> Vec<Sample> {
    let mut samples = samples(12);
    for (n, sample) in samples.iter_mut().enumerate() {
        let family = n as u32 % 4;
        sample.ids.splice(0..0, (0..6).map(|at| (family * 6 + at) % 24));
        sample.trained.splice(0..0, [false, false, false, true, false, true]);
    }
    samples
}

fn tree(training: &mut Training<'_>, batching: Batching) {
    training.train = families();
    training.settings.batching = batching;
    training.settings.min_shared = 4;
}

fn train(change: impl FnOnce(&mut Training<'_>)) -> (Vec<Event>, Vec<u8>) {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    change(&mut training);
    let (outcome, events) = training.run();
    (events, bytes(outcome.unwrap().result.unwrap().join("adapter_model.safetensors")))
}

fn plan(events: &[Event]) -> &train::PlanFigures {
    match &events[0] {
        Event::Started { plan } => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn trees_are_chosen_where_they_save() {
    let (events, asked) = train(|t| tree(t, Batching::Tree));
    let (by_itself, chosen) = train(|t| tree(t, Batching::Auto));
    let of_tree = plan(&events);
    assert_eq!(of_tree.batching, Batching::Tree);
    assert!(of_tree.tree_tokens < of_tree.packed_tokens && of_tree.tree_saving() > 0.1, "{of_tree:?}");
    assert_eq!(plan(&by_itself).batching, Batching::Tree);
    assert_eq!(plan(&by_itself).tree_tokens, of_tree.tree_tokens);
    // The setting's name is part of the digest, the numbers are the same.
    assert_eq!(asked, chosen);
    assert_ne!(plan(&events).digest, plan(&by_itself).digest);

    let (packed, _) = train(|t| tree(t, Batching::Packed));
    assert_eq!(plan(&packed).batching, Batching::Packed);
    assert_eq!(plan(&packed).tree_tokens, of_tree.tree_tokens, "what trees would compute is told anyway");
    let (nothing_shared, _) = train(|t| t.settings.batching = Batching::Auto);
    assert_eq!(plan(&nothing_shared).batching, Batching::Packed);
    assert_eq!(plan(&nothing_shared).tree_tokens, plan(&nothing_shared).packed_tokens);
}

#[test]
fn a_pass_grows_as_far_as_sharing_pays_and_the_plan_says_so() {
    let budget = |micro_tokens, batching| {
        let (events, adapter) = train(|t| {
            t.train = long_beginnings();
            t.settings.batching = batching;
            t.settings.samples_per_step = 6;
            t.settings.micro_tokens = micro_tokens;
        });
        let memory = events.iter().find_map(|event| match event {
            Event::Memory(figures) => Some(figures.clone()),
            _ => None,
        });
        let tried = events.iter().find_map(|event| match event {
            Event::DryStep { tokens, .. } => Some(*tokens),
            _ => None,
        });
        (plan(&events).clone(), memory.unwrap(), tried.unwrap(), adapter)
    };
    // Six rows of 26 tokens, 22 of them in common, and a pass of 20.
    let (grown, memory, tried, adapter) = budget(20, Batching::Auto);
    assert_eq!((grown.batching, grown.longest_tokens), (Batching::Tree, 26));
    assert_eq!((grown.packed_tokens, grown.tree_tokens), (2 * 6 * 26, 2 * (22 + 6 * 4)));
    assert_eq!((grown.largest_pass_tokens, grown.grown_pass_tokens), (46, Some(46)));
    assert_eq!((memory.pass_tokens, memory.grown_pass_tokens, tried), (46, Some(46), 46));
    let (roomy, memory, _, same) = budget(46, Batching::Auto);
    assert_eq!((roomy.tree_tokens, roomy.largest_pass_tokens), (grown.tree_tokens, 46));
    assert_eq!((roomy.grown_pass_tokens, memory.grown_pass_tokens), (None, None));
    assert!(adapter == same, "the same passes");
    let (packed, memory, tried, _) = budget(20, Batching::Packed);
    assert_eq!((packed.largest_pass_tokens, packed.grown_pass_tokens), (26, None));
    assert_eq!((memory.pass_tokens, memory.grown_pass_tokens, tried), (26, None, 26));
    assert_eq!(packed.tree_tokens, grown.tree_tokens, "what trees would compute is told anyway");
}

/// Two families of six samples of 26 tokens, 22 of them in common.
fn long_beginnings() -> Vec<Sample> {
    let sample = |n: u32| {
        let ids: Vec<u32> = (0..22).map(|at| (n / 6 * 5 + at * at) % 24).chain([n % 6, n, 7, 5]).collect();
        let trained = (0..26).map(|at| at >= 20).collect();
        Sample { row: format!("row-{n}"), part: 0, ids, trained }
    };
    (0..12).map(sample).collect()
}

#[test]
fn a_step_of_trees_is_the_step_of_its_samples() {
    // In the given order both take the same samples in each step.
    let figures = |batching| {
        let (events, _) = train(|t| {
            tree(t, batching);
            t.settings.order = train::Order::AsGiven;
            t.settings.length = Length::Steps(4);
            t.settings.samples_per_step = 6;
        });
        (steps(&events), plan(&events).largest_pass_tokens)
    };
    let ((packed, packed_pass), (tree, tree_pass)) = (figures(Batching::Packed), figures(Batching::Tree));
    assert!(tree_pass < packed_pass);
    for (packed, tree) in packed.iter().zip(&tree) {
        let (loss, norm) = (packed.loss / tree.loss - 1.0, packed.grad_norm / tree.grad_norm - 1.0);
        assert!(loss.abs() < 1e-6 && norm.abs() < 1e-5, "{packed:?} {tree:?}");
        assert_eq!((packed.tokens, packed.trained_tokens), (tree.tokens, tree.trained_tokens));
    }
}

#[test]
fn a_stopped_training_on_trees_goes_on_where_it_was() {
    let (_, whole) = train(|t| tree(t, Batching::Tree));
    for stop_at in [1, 7, 11] {
        let out = TempDir::new().unwrap();
        let stop = |event: &Event, cancel: &chat::CancelToken| {
            if matches!(event, Event::Step(figures) if figures.step == stop_at) {
                cancel.cancel();
            }
        };
        let mut training = Training { on_event: &stop, ..Training::new(out.path()) };
        tree(&mut training, Batching::Tree);
        training.run().0.unwrap();
        let mut training = Training::new(out.path());
        tree(&mut training, Batching::Packed);
        assert!(matches!(training.run().0, Err(TrainError::OtherRecipe { .. })), "it was another order");
        let mut training = Training::new(out.path());
        tree(&mut training, Batching::Tree);
        let (outcome, events) = training.run();
        assert_eq!(steps(&events)[0].step, stop_at + 1);
        assert!(bytes(outcome.unwrap().result.unwrap().join("adapter_model.safetensors")) == whole);
    }
}

#[test]
fn a_tree_drops_nothing() {
    let drop = |training: &mut Training<'_>| {
        if let Method::Lora { lora, .. } = &mut training.settings.method {
            lora.dropout = 0.1;
        }
    };
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    tree(&mut training, Batching::Tree);
    drop(&mut training);
    assert!(matches!(training.run().0, Err(TrainError::TreeDropout { .. })));
    let (events, _) = train(|t| {
        tree(t, Batching::Auto);
        drop(t);
    });
    assert_eq!(plan(&events).batching, Batching::Packed);
}

#[test]
fn a_self_test_takes_the_step_in_which_most_is_shared() {
    let samples = families();
    let settings = Settings { min_shared: 4, samples_per_step: 3, ..crate::toy::settings() };
    let choose = |settings: &Settings, layout, most| {
        verify::choose(&config(), settings, &views(&samples), layout, most)
    };
    let chosen = choose(&settings, Layout::Tree, 1000).unwrap();
    let family = chosen[0] % 4;
    assert!(chosen.len() == 3 && chosen.iter().all(|n| n % 4 == family), "{chosen:?}");
    assert_eq!(choose(&settings, Layout::Tree, 1).unwrap().len(), 2);
    assert_eq!(choose(&settings, Layout::Packed, 1000).unwrap().len(), 3);
    let error = choose(&Settings { min_shared: 20, ..settings }, Layout::Tree, 1000).unwrap_err();
    assert!(matches!(error, TrainError::NothingShared { min_shared: 20, .. }), "{error}");
}
