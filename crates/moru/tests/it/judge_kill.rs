//! A run that asks a judge is killed at drawn moments: it asks nothing twice that was answered, and ends with the same
//! verdicts.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testing::endpoint::{Endpoint, Reply};
use testing::mutation::Draws;

use crate::judge::{double, evaluated};
use crate::support::Scratch;

/// Counted down by requests; who brings it to zero ends the run.
#[derive(Default)]
struct Fuse {
    left: usize,
    child: Option<Child>,
}

#[test]
fn killed_while_it_judges() {
    let mut draws = Draws::new(3);
    let world = Arc::new(double());
    let undisturbed = evaluated(&world);
    undisturbed.stdout(&["run"], 0);
    let verdicts = undisturbed.read("out/verdicts.jsonl");
    let n = world.answered().len();
    let world = Arc::new(double());
    let scratch = evaluated(&world);
    let kills = killed(&world, &scratch, &mut draws);
    assert!(kills >= 3, "{kills} kills");
    assert_eq!(scratch.read("out/verdicts.jsonl"), verdicts);
    let answered = world.answered();
    assert_eq!(answered.len(), n);
    // A reply that was under way when the run was killed is asked for again; no other is.
    let again: usize = answered.values().map(|times| times - 1).sum();
    assert!(again <= 2 * kills, "{again} of {n} were asked again in {kills} kills");
}

fn killed(world: &Endpoint, scratch: &Scratch, draws: &mut Draws) -> usize {
    let fuse = Arc::<Mutex<Fuse>>::default();
    let shared = Arc::clone(&fuse);
    world.rule(move |_, _| {
        let mut fuse = shared.lock().unwrap();
        fuse.left = fuse.left.saturating_sub(1);
        let mut child = if fuse.left == 0 { fuse.child.take()? } else { return None };
        child.kill().unwrap();
        child.wait().unwrap();
        Some(Reply::nothing())
    });
    let mut kills = 0;
    loop {
        let run = scratch.command(&["run"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        *fuse.lock().unwrap() = Fuse { left: 2 + draws.below(4), child: Some(run) };
        if ended(&fuse) {
            return kills;
        }
        kills += 1;
        assert!(kills < 50, "it does not come further");
    }
}

/// Waits until the run was killed, or has ended of itself: true.
fn ended(fuse: &Mutex<Fuse>) -> bool {
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
