//! A run that asks a judge is killed at drawn moments: it asks nothing twice that was answered, and ends with the same
//! verdicts.

use std::process::Stdio;
use std::sync::Arc;

use testing::endpoint::Endpoint;
use testing::mutation::Draws;

use crate::judge::{double, evaluated};
use crate::support::Scratch;
use crate::teacher_kill::{Fuse, ended, fuse};

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

fn killed(world: &Arc<Endpoint>, scratch: &Scratch, draws: &mut Draws) -> usize {
    let fuse = fuse(world);
    let mut kills = 0;
    loop {
        let run = scratch.command(&["run"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        *fuse.lock().unwrap() = Fuse { left: 2 + draws.below(4), does: false, child: Some(run) };
        if ended(&fuse) {
            return kills;
        }
        kills += 1;
        assert!(kills < 50, "it does not come further");
    }
}
