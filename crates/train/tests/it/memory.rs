//! Memory is foretold before the first step, held against what there is, and tried on the largest real pass.

use model::Recompute;
use tempfile::TempDir;
use train::{Event, MemoryFigures, MemoryReading, Method, TrainError};

use crate::outputs::{SCRIPT_BYTES, Script};
use crate::toy::{Training, bytes, steps};

const HELD: u64 = 50_000_000;

fn reading(available: u64) -> MemoryReading {
    MemoryReading { held: Some(HELD), peak: Some(HELD), available: Some(available) }
}

fn foretold(events: &[Event]) -> MemoryFigures {
    let memory = |event: &Event| match event {
        Event::Memory(figures) => Some(figures.clone()),
        _ => None,
    };
    events.iter().find_map(memory).unwrap()
}

/// What a training of the toy is foretold with so much memory to get, and with how many layers recomputed.
fn run(available: u64, recompute: Option<Recompute>) -> (MemoryFigures, Vec<Event>, Vec<u8>) {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.memory = reading(available);
    training.settings.recompute = recompute;
    let (outcome, events) = training.run();
    outcome.unwrap();
    (foretold(&events), events, bytes(out.path().join("adapter/adapter_model.safetensors")))
}

#[test]
fn the_parts_add_up_and_the_largest_pass_is_tried_before_the_first_step() {
    let (figures, events, _) = run(1 << 40, None);
    assert_eq!(figures.predicted_peak_bytes, figures.others + figures.plan.total() as u64);
    assert!(figures.others < HELD, "the weights are held already, and are not counted twice");
    assert_eq!(figures.limit_bytes, Some(HELD + (1 << 40) - (1 << 40) / 20));
    assert_eq!((figures.recomputed_layers, figures.layers), (0, 2));
    let named: u64 = train::memory_parts(&figures).iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(named, figures.predicted_peak_bytes);

    let at = |wanted: fn(&Event) -> bool| events.iter().position(wanted).unwrap();
    let dry = at(|event| matches!(event, Event::DryStep { .. }));
    assert!(dry < at(|event| matches!(event, Event::Step(_))));
    let Event::DryStep { tokens, predicted_peak_bytes, peak_bytes, .. } = &events[dry] else {
        unreachable!()
    };
    assert_eq!((*tokens, *predicted_peak_bytes), (figures.pass_tokens, figures.predicted_peak_bytes));
    assert_eq!(*peak_bytes, Some(HELD), "the toy's machine says the same before and after");
}

#[test]
fn as_many_layers_are_recomputed_as_must_be_and_the_result_is_the_same() {
    let (roomy, _, adapter) = run(1 << 40, None);
    let (always, _, same) = run(1 << 40, Some(Recompute::Always));
    assert!(always.predicted_peak_bytes < roomy.predicted_peak_bytes);
    assert_eq!(always.predicted_peak_bytes, roomy.recomputed_peak_bytes);
    assert!(adapter == same, "what is recomputed changes no bit");

    // One byte less than nothing recomputed wants.
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.memory = reading(1 << 40);
    training.settings.memory_bytes = Some(roomy.predicted_peak_bytes - 1);
    let (outcome, events) = training.run();
    outcome.unwrap();
    let tight = foretold(&events);
    assert_eq!(tight.recomputed_layers, 2);
    assert!(tight.predicted_peak_bytes <= tight.limit_bytes.unwrap());
    assert!(adapter == bytes(out.path().join("adapter/adapter_model.safetensors")));
}

#[test]
fn what_fits_in_no_way_is_refused_before_anything_is_begun() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.memory = reading(1000);
    let (outcome, events) = training.run();
    let error = outcome.unwrap_err();
    assert!(matches!(error, TrainError::Memory { .. }), "{error}");
    let message = error.to_string();
    for says in [
        "the training would take 50.1 MB of memory and may take 50.0 MB: everything else 50.0 MB, activations ",
        ", and every layer is recomputed already",
    ] {
        assert!(message.contains(says), "{message}");
    }
    assert!(events.is_empty(), "{events:?}");
    assert!(!out.path().join("trainer_log.jsonl").exists());

    // With a choice of one's own, the way out is named.
    let mut training = Training::new(out.path());
    training.settings.recompute = Some(Recompute::Never);
    training.settings.memory_bytes = Some(1);
    let message = training.run().0.unwrap_err().to_string();
    assert!(message.contains("; with every layer recomputed it would take "), "{message}");
}

#[test]
fn a_limit_of_ones_own_goes_before_what_the_machine_says_and_silence_is_no_limit() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.memory = reading(1000);
    training.settings.memory_bytes = Some(1 << 40);
    training.run().0.unwrap();

    let out = TempDir::new().unwrap();
    let (outcome, events) = Training::new(out.path()).run();
    outcome.unwrap();
    assert_eq!(foretold(&events).limit_bytes, None);
}

#[test]
fn the_dry_step_learns_nothing() {
    for method in [None, Some(Method::Full)] {
        let first_loss = |micro_tokens| {
            let out = TempDir::new().unwrap();
            let mut training = Training::new(out.path());
            training.settings.method = method.clone().unwrap_or(training.settings.method);
            training.settings.micro_tokens = micro_tokens;
            let (outcome, events) = training.run();
            outcome.unwrap();
            steps(&events)[0].loss
        };
        // The dry step's pass differs with the size of passes; the first step's loss does not, but for rounding.
        let (small, large) = (first_loss(1), first_loss(4096));
        assert!((small - large).abs() < 1e-5 * large, "{small} and {large}");
    }
}

#[test]
fn what_a_metric_in_the_loop_holds_is_foretold_too() {
    let (alone, ..) = run(1 << 40, None);
    let out = TempDir::new().unwrap();
    let mut script = Script(vec![1.0; 9]);
    let mut training = Training { eval: Some(&mut script), ..Training::new(out.path()) };
    training.memory = reading(1 << 40);
    let (outcome, events) = training.run();
    outcome.unwrap();
    let figures = foretold(&events);
    assert_eq!((alone.measuring, figures.measuring), (0, SCRIPT_BYTES as u64));
    assert_eq!(figures.predicted_peak_bytes, alone.predicted_peak_bytes + SCRIPT_BYTES as u64);
    assert!(train::memory_parts(&figures).contains(&("answers in the loop", SCRIPT_BYTES as u64)));
    let dry = events.iter().find_map(|event| match event {
        Event::DryStep { predicted_peak_bytes, .. } => Some(*predicted_peak_bytes),
        _ => None,
    });
    assert_eq!(dry, Some(alone.predicted_peak_bytes), "the largest pass is tried without it");
}
