//! A run is killed at drawn moments, again and again: it continues, ends with the digests of a run that was left
//! alone, and repeats no more of its training than what lies behind the last checkpoint.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use testing::mutation::Draws;

use crate::support::Scratch;

const SAVE_EVERY: u64 = 20;
const ARGS: [&str; 7] =
    ["run", "--set", "train.steps=300", "--set", "train.save_every=20", "--set", "train.micro_tokens=512"];

/// Stages that a run can be met in, the slow ones more often.
const STAGES: [&str; 8] = [
    "ingest:rows",
    "prepare",
    "tokenize",
    "train:main",
    "train:main",
    "train:main",
    "answer:base",
    "answer:main",
];

#[test]
fn killed_three_times() {
    killed(3, 1);
}

#[test]
#[ignore = "minutes; `cargo xtask soak`"]
fn soak_killed_twenty_times() {
    killed(20, 2);
}

fn project() -> Scratch {
    let scratch = Scratch::project();
    scratch.write(".env", "MORU_SECRET=the same\n");
    scratch
}

/// A run at work, and what it says.
struct Run {
    child: Child,
    lines: Receiver<String>,
    /// After which step the training said that it continues; 0 where it began.
    continued_after: Option<u64>,
}

impl Run {
    fn start(scratch: &Scratch) -> Self {
        let mut child = scratch.command(&ARGS).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        // Read to its end, so that the run never waits for us.
        std::thread::spawn(move || {
            err.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines, continued_after: None }
    }

    /// Waits until a stage begins, or until the time is over. False when the run ended before.
    fn until(&mut self, stage: Option<&str>, time: Duration) -> bool {
        let start = Instant::now();
        loop {
            match self.lines.recv_timeout(time.saturating_sub(start.elapsed())) {
                Ok(line) => {
                    if let Some((_, step)) = line.split_once("continues after step ") {
                        self.continued_after = step.trim().parse().ok();
                    } else if line.contains("parameters are trained") {
                        // The first words of a training; where it continues, that is said next.
                        self.continued_after = Some(0);
                    }
                    if stage.is_some_and(|stage| line.trim_start().starts_with(stage)) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn kill(mut self) -> Option<u64> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.until(None, Duration::from_mins(1));
        self.continued_after
    }
}

/// Steps that the training's own log holds, in the order in which they were done.
fn steps_done(scratch: &Scratch) -> Vec<u64> {
    let work = std::fs::read_dir(scratch.path(".moru/work")).into_iter().flatten().flatten();
    let logs =
        work.filter_map(|folder| std::fs::read_to_string(folder.path().join("trainer_log.jsonl")).ok());
    let lines: Vec<String> =
        logs.flat_map(|log| log.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let values = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.filter(|line| line["loss"].is_number()).filter_map(|line| line["step"].as_u64()).collect()
}

/// How long each stage takes when it is left alone, from the time its line is printed to the next stage's.
fn undisturbed(scratch: &Scratch) -> Vec<(&'static str, Duration)> {
    let mut run = Run::start(scratch);
    let mut begun: Vec<(&'static str, Instant)> = Vec::new();
    for stage in STAGES {
        if begun.last().is_none_or(|(last, _)| *last != stage) {
            assert!(run.until(Some(stage), Duration::from_mins(10)), "{stage} never began");
            begun.push((stage, Instant::now()));
        }
    }
    run.until(None, Duration::from_mins(10));
    assert!(run.child.wait().unwrap().success());
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([Instant::now()]);
    begun.iter().zip(ends).map(|((stage, start), end)| (*stage, end - *start)).collect()
}

fn killed(times: usize, seed: u64) {
    let whole = project();
    let durations = undisturbed(&whole);
    let lock = whole.read("moru.lock");
    let mut draws = Draws::new(seed);
    let (mut kills, mut continued, mut met) = (0, 0, Vec::new());
    while kills < times {
        let scratch = project();
        // One to five kills in a life, in the order of the stages.
        let mut wanted: Vec<usize> = (0..=draws.below(5)).map(|_| draws.below(STAGES.len())).collect();
        wanted.sort_unstable();
        let mut redone = Redone::default();
        for stage in wanted.into_iter().map(|i| STAGES[i]) {
            let time = durations.iter().find(|(name, _)| *name == stage).map_or(Duration::ZERO, |d| d.1);
            let share = draws.below(1000) as f64 / 1000.0;
            let mut run = Run::start(&scratch);
            // A stage that an earlier run has finished does not begin again: the life ends there.
            if !run.until(Some(stage), Duration::from_mins(10)) || !run.until(None, time.mul_f64(share)) {
                assert!(run.child.wait().unwrap().success());
                break;
            }
            // A run may be killed between the training's first words and the next.
            redone.continued(run.kill().filter(|&after| after > 0));
            redone.stopped(&scratch);
            (kills, met) = (kills + 1, [met, vec![stage]].concat());
        }
        let mut run = Run::start(&scratch);
        while run.until(Some("no such stage"), Duration::from_mins(10)) {}
        assert!(run.child.wait().unwrap().success(), "after kills in {met:?}");
        redone.continued(run.continued_after);
        continued += redone.times;
        assert!(scratch.read("moru.lock") == lock, "other digests after kills in {met:?}");
        for name in ["out/dataset.jsonl", "out/adapter/adapter_model.safetensors", "out/samples/main.jsonl"] {
            let read = |project: &Scratch| std::fs::read(project.path(name)).unwrap();
            assert!(read(&scratch) == read(&whole), "{name} differs after kills in {met:?}");
        }
    }
    println!("{kills} kills, {continued} trainings continued: {met:?}");
    assert!(times < 10 || continued > 2, "hardly any kill met the training: {met:?}");
}

/// What a life's trainings repeated.
#[derive(Default)]
struct Redone {
    /// The last step before the latest kill, where the training had begun.
    last: Option<u64>,
    /// How often a training continued.
    times: usize,
}

impl Redone {
    /// A run said after which step its training continues.
    fn continued(&mut self, after: Option<u64>) {
        self.times += usize::from(after.is_some_and(|after| after > 0));
        if let (Some(last), Some(after)) = (self.last, after) {
            assert!(
                after <= last && last - after <= SAVE_EVERY,
                "killed at step {last}, continued after {after}"
            );
        }
    }

    fn stopped(&mut self, scratch: &Scratch) {
        let done = steps_done(scratch);
        // Whatever was done twice lies within one interval of what was done before it.
        for pair in done.windows(2) {
            let (before, next) = (pair[0], pair[1]);
            assert!(
                next == before + 1 || (next <= before && before - next < SAVE_EVERY),
                "{before}, then {next}"
            );
        }
        self.last = done.last().copied();
    }
}
