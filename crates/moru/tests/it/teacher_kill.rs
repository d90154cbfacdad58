//! A run that asks a teacher is killed at drawn moments: it asks nothing twice that was answered, and loses nothing.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use synth::teacher::{Key, State, TeacherError};
use testing::endpoint::{Endpoint, Fate, Reply};
use testing::mutation::Draws;

use crate::support::Scratch;
use crate::teacher::{double, project};

const RUN: [&str; 3] = ["run", "--until", "validate"];

/// Counted down by requests; who brings it to zero ends the run.
#[derive(Default)]
pub struct Fuse {
    pub left: usize,
    /// Whether the endpoint does what the last request asks for, although nobody hears of it.
    pub does: bool,
    pub child: Option<Child>,
}

/// Lets an endpoint count its requests down.
pub fn fuse(world: &Arc<Endpoint>) -> Arc<Mutex<Fuse>> {
    let fuse = Arc::<Mutex<Fuse>>::default();
    let (shared, weak) = (Arc::clone(&fuse), Arc::downgrade(world));
    world.rule(move |request, _| {
        let mut fuse = shared.lock().unwrap();
        fuse.left = fuse.left.saturating_sub(1);
        let mut child = if fuse.left == 0 { fuse.child.take()? } else { return None };
        if fuse.does {
            weak.upgrade().unwrap().quietly(request);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        Some(Reply::nothing())
    });
    fuse
}

#[test]
fn killed_online_and_in_batches() {
    killed("online", 4, 1);
    killed("batch", 4, 2);
}

#[test]
#[ignore = "minutes; `cargo xtask soak`"]
fn soak_teacher_killed_twenty_times() {
    for seed in 0..2 {
        killed("online", 20, 10 + seed);
        killed("batch", 20, 20 + seed);
    }
}

/// Kills runs, in as many lives as it takes, each before or after a request is answered.
fn killed(mode: &str, times: usize, seed: u64) {
    let mut draws = Draws::new(seed);
    let (mut kills, mut lives, mut whole) = (0, 0, None);
    while kills < times {
        lives += 1;
        let (n, review) = life(mode, &mut draws);
        kills += n;
        let whole = whole.get_or_insert_with(|| review.clone());
        assert!(*whole == review, "{mode}: other questions after kills");
    }
    println!("{mode}: {kills} kills in {lives} lives");
}

/// One project, killed until it ends of itself.
fn life(mode: &str, draws: &mut Draws) -> (usize, String) {
    let world = Arc::new(double());
    world.fates((0..50).map(|i| Fate { looks: i % 2, ..Fate::default() }));
    let scratch = project(&world);
    scratch.edit("moru.toml", "mode = \"online\"", &format!("mode = \"{mode}\"\nbatch_lines = 2"));
    scratch.edit("moru.toml", "attempts = 1", "attempts = 2");
    scratch.stdout(&["run", "--until", "chunk"], 0);
    let fuse = fuse(&world);
    let (mut kills, mut known) = (0, BTreeMap::new());
    loop {
        let child = scratch.command(&RUN).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        *fuse.lock().unwrap() =
            Fuse { left: 1 + draws.below(7), does: draws.below(2) == 0, child: Some(child) };
        let has_ended = ended(&fuse);
        fuse.lock().unwrap().child = None;
        let now = kept(&scratch, &world);
        for (body, times) in &known {
            assert_eq!(now.get(body), Some(times), "{mode}, after {kills} kills: lost, or asked again");
        }
        known = now;
        if has_ended {
            break;
        }
        kills += 1;
    }
    if mode == "batch" {
        assert!(world.answered().values().all(|&times| times == 1), "no batch is made twice");
    }
    (kills, scratch.read("out/review.csv"))
}

/// Each body whose answer is kept, with how often it was answered by now.
fn kept(scratch: &Scratch, world: &Endpoint) -> BTreeMap<String, usize> {
    let folder = std::fs::read_dir(scratch.path(".moru/teacher")).into_iter().flatten().flatten().next();
    let Some(folder) = folder else { return BTreeMap::new() };
    let state = loop {
        match State::open(&folder.path()) {
            Ok(state) => break state,
            // A killed process frees its lock a moment after it is gone.
            Err(TeacherError::Busy { .. }) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}"),
        }
    };
    world.answered().into_iter().filter(|(body, _)| state.is_answered(&Key::of(body))).collect()
}

/// Waits until the run was killed, or has ended of itself: true.
pub fn ended(fuse: &Mutex<Fuse>) -> bool {
    let begun = Instant::now();
    loop {
        match &mut fuse.lock().unwrap().child {
            None => return false,
            Some(child) => {
                if let Some(status) = child.try_wait().unwrap() {
                    assert!(status.success(), "{status}");
                    return true;
                }
            }
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "the run hangs");
        std::thread::sleep(Duration::from_millis(2));
    }
}
