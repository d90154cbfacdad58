//! A training is killed at a drawn moment behind its first checkpoint and started again: it goes on from its newest
//! checkpoint, its log shows which steps it does again and with what loss, and the adapter is that of a training which
//! was left alone.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pipeline::Digest;
use serde_json::Value;
use testing::mutation::Draws;

use crate::support::Scratch;

const STEPS: u64 = 140;
const SAVE_EVERY: u64 = 20;
const ARGS: [&str; 8] = [
    "run",
    "train:main",
    "--set",
    "train.steps=140",
    "--set",
    "train.save_every=20",
    "--set",
    "train.micro_tokens=512",
];
/// As long as any wait may take.
const PATIENCE: Duration = Duration::from_mins(5);

#[test]
fn a_training_in_trees_killed_twice() {
    killed(2, 3, &["tree"]);
}

#[test]
#[ignore = "minutes; `cargo xtask soak`"]
fn soak_a_training_killed_twenty_times() {
    killed(20, 4, &["packed", "tree"]);
}

/// Kills so many trainings, packed and in trees by turns, each once.
fn killed(times: usize, seed: u64, batchings: &[&str]) {
    let wholes: Vec<Whole> = batchings.iter().map(|batching| Whole::new(batching)).collect();
    let mut draws = Draws::new(seed);
    let (mut n, mut late) = (0, 0);
    while n < times {
        // Behind the first checkpoint, and so far from the end that a slow machine still meets it.
        let step = SAVE_EVERY + 1 + draws.below((STEPS - 3 * SAVE_EVERY) as usize) as u64;
        let share = draws.below(1000) as f64 / 1000.0;
        let whole = &wholes[n % wholes.len()];
        let Some(found) = life(whole, step, share) else {
            late += 1;
            println!(
                "drawn {share:.3} behind step {step}: the training ended before it was met; drawn again"
            );
            assert!(late < 10, "this machine is too busy to meet a training");
            continue;
        };
        n += 1;
        let Killed { at, after, repeated, adapter } = found;
        println!(
            "kill {n} of {times} ({}): drawn {share:.3} of a step behind step {step}, met behind step {at}; continued after step {after}, {repeated} steps again with the same loss; SHA-256 of the adapter {}…, equal",
            whole.batching,
            adapter.short()
        );
    }
}

/// A training that was left alone.
struct Whole {
    batching: String,
    adapter: Digest,
    /// The loss of each step.
    losses: BTreeMap<u64, Value>,
    /// How long a step takes.
    step: Duration,
}

impl Whole {
    fn new(batching: &str) -> Self {
        let scratch = project();
        assert!(start(&scratch, batching).wait().unwrap().success());
        let log = log(&scratch);
        let losses: BTreeMap<u64, Value> =
            log.iter().filter_map(|line| Some((step_of(line)?, line["loss"].clone()))).collect();
        assert!(losses.keys().copied().eq(1..=STEPS), "each step once");
        let seconds: f64 =
            log.iter().filter(|l| step_of(l).is_some()).filter_map(|l| l["seconds"].as_f64()).sum();
        let step = Duration::from_secs_f64(seconds / STEPS as f64);
        Self { batching: batching.to_owned(), adapter: adapter(&scratch), losses, step }
    }
}

/// What a kill did.
struct Killed {
    /// The last step before it.
    at: u64,
    /// The step after which the next run went on.
    after: u64,
    /// Steps that were done twice.
    repeated: u64,
    adapter: Digest,
}

/// Kills a training a share of a step behind a step, starts it again, and checks what it did. None where the
/// training was over before.
fn life(whole: &Whole, step: u64, share: f64) -> Option<Killed> {
    let scratch = project();
    let mut child = start(&scratch, &whole.batching);
    let began = Instant::now();
    while log(&scratch).iter().filter_map(step_of).max() < Some(step) {
        assert!(began.elapsed() < PATIENCE, "step {step} never came");
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(whole.step.mul_f64(share));
    child.kill().unwrap();
    if child.wait().unwrap().success() {
        return None;
    }
    let before = log(&scratch);
    let at = before.iter().filter_map(step_of).max().unwrap();
    if at == STEPS {
        return None;
    }
    assert!(start(&scratch, &whole.batching).wait().unwrap().success(), "killed behind step {at}");
    let log = log(&scratch);
    let after = check_log(&log, before.len(), at);
    for line in &log {
        if let Some(step) = step_of(line) {
            assert_eq!(line["loss"], whole.losses[&step], "step {step}, killed behind {at}, on from {after}");
        }
    }
    let adapter = adapter(&scratch);
    assert_eq!(adapter, whole.adapter, "killed behind step {at}, continued after {after}");
    Some(Killed { at, after, repeated: at - after, adapter })
}

/// After which step a training went on, by its log, of which `before` lines were there when it was killed behind
/// step `at`.
fn check_log(log: &[Value], before: usize, at: u64) -> u64 {
    let (old, new) = log.split_at(before);
    let newest = old.iter().filter_map(|line| line["checkpoint_after_step"].as_u64()).max();
    let resumed: Vec<u64> = new.iter().filter_map(|line| line["resumed_after_step"].as_u64()).collect();
    let [after] = resumed[..] else { panic!("killed behind step {at}, it began anew: {resumed:?}") };
    // A kill may fall between a checkpoint and the word about it.
    assert!(Some(after) >= newest && after <= at, "killed behind {at}, {newest:?} kept, on from {after}");
    assert!(at - after <= SAVE_EVERY, "killed behind step {at}, continued after step {after}");
    assert!(old.iter().filter_map(step_of).eq(1..=at), "each step once before the kill");
    assert!(new.iter().filter_map(step_of).eq(after + 1..=STEPS), "and once behind the checkpoint");
    after
}

fn project() -> Scratch {
    let scratch = Scratch::project();
    scratch.write(".env", "MORU_SECRET=the same\n");
    scratch
}

fn start(scratch: &Scratch, batching: &str) -> Child {
    let mut command = scratch.command(&ARGS);
    command.arg("--set").arg(format!("train.batching=\"{batching}\""));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The training's own log: where it works, or where it is kept once it is done.
fn log(scratch: &Scratch) -> Vec<Value> {
    let work = std::fs::read_dir(scratch.path(".moru/work")).into_iter().flatten().flatten();
    let mut places = work.map(|folder| folder.path()).chain([scratch.path("out/logs/main")]);
    let text = places.find_map(|folder| std::fs::read_to_string(folder.join("trainer_log.jsonl")).ok());
    text.unwrap_or_default().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The step that a line of the log tells of.
fn step_of(line: &Value) -> Option<u64> {
    line["step"].as_u64().filter(|_| line["loss"].is_number())
}

fn adapter(scratch: &Scratch) -> Digest {
    let file = scratch.path("out/adapter/adapter_model.safetensors");
    Digest::of_file(&file).unwrap()
}
