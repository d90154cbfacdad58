//! Killed at random moments: what was answered is there and is not asked again; what was not is asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chat::seeded;
use synth::teacher::Standing;
use synth::teacher::batch::{self, BatchSettings};
use testing::endpoint::{Fate, Reply};

use super::*;

/// Tells the child what to do: `WAY|ASKS|FOLDER|URL`.
const VARIABLE: &str = "MORU_TEACHER_CHILD";

fn cut() -> BatchSettings {
    BatchSettings { lines: 7, ..BatchSettings::default() }
}

#[test]
#[ignore = "a child of the tests beside it"]
#[expect(clippy::disallowed_methods, reason = "a child is told by its environment what to do")]
fn child() {
    let Some(told) = std::env::var_os(VARIABLE) else { return };
    let told = told.into_string().unwrap();
    let [way, asks, folder, url] = told.splitn(4, '|').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let asks = asks.parse().unwrap();
    let mut desk = Desk::new(Path::new(folder), plan(asks));
    let endpoint = desk.endpoint(Settings { concurrency: 3, ..Settings::new(url) });
    let standing = desk.with(|job, on_event| match way {
        "online" => online::ask(job, &endpoint, on_event),
        _ => batch::ask(job, &endpoint, &cut(), on_event),
    });
    assert_right(&standing.unwrap(), asks);
}

fn start(way: &str, asks: usize, folder: &Path, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "teacher::killed::child", "--ignored", "--test-threads", "1"])
        .env(VARIABLE, format!("{way}|{asks}|{}|{url}", folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Each answered body with how often it was asked for by then.
fn known(folder: &Path, asked: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    // A killed process frees its lock a moment after it is gone.
    let state = loop {
        match State::open(folder) {
            Ok(state) => break state,
            Err(TeacherError::Busy { .. }) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}"),
        }
    };
    let answered = |body: &&String| state.is_answered(&synth::teacher::Key::of(body));
    asked.keys().filter(answered).map(|body| (body.clone(), asked[body])).collect()
}

/// Counted down by requests; who brings it to zero ends the child.
#[derive(Default)]
struct Fuse {
    left: u64,
    /// Only creations of batches count.
    at_creation: bool,
    child: Option<Child>,
}

/// A child is killed `kills` times, each before or after a request that the seed names is answered. There are enough
/// asks that it has not ended by then.
fn killed(way: &str, kills: usize, seed: u64) {
    let asks = kills * 12;
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.fates((0..200).map(|i| Fate { looks: i % 3, lost: usize::from(i == 0), ..Fate::default() }));
    let (fuse, world) = (Arc::<Mutex<Fuse>>::default(), Arc::new(double));
    let (shared, weak) = (Arc::clone(&fuse), Arc::downgrade(&world));
    world.rule(move |request, _| {
        let mut fuse = shared.lock().unwrap();
        let makes = request.method == "POST" && request.kind() == "/v1/batches";
        fuse.left = fuse.left.saturating_sub(if fuse.at_creation { u64::from(makes) } else { 1 });
        let mut child = if fuse.left == 0 { fuse.child.take()? } else { return None };
        if fuse.at_creation || seeded::at(seed, request.body.len() as u64).is_multiple_of(2) {
            weak.upgrade().unwrap().quietly(request);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        Some(Reply::nothing())
    });
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    for i in 0..kills as u64 {
        // A batch of seven takes at least four requests: upload, creation, a look, a file.
        let most = if way == "online" { 9 } else { 6 };
        {
            let mut fuse = fuse.lock().unwrap();
            // The first batch is made, and nobody hears of it.
            let at_creation = way == "batch" && i == 0;
            let left = if at_creation { 1 } else { 1 + seeded::at(seed, i) % most };
            *fuse = Fuse { left, at_creation, child: Some(start(way, asks, dir.path(), world.base_url())) };
        }
        let begun = Instant::now();
        let ended = loop {
            match &mut fuse.lock().unwrap().child {
                None => break false,
                Some(child) => {
                    if child.try_wait().unwrap().is_some() {
                        break true;
                    }
                }
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{way}: the child hangs");
            std::thread::sleep(Duration::from_millis(2));
        };
        fuse.lock().unwrap().child = None;
        let now = known(dir.path(), &world.answered());
        for (body, times) in &answered {
            assert_eq!(now.get(body), Some(times), "{way}, kill {i}: lost, or asked again");
        }
        answered = now;
        assert!(!ended, "{way}: it ended before kill {i}");
    }
    let child = start(way, asks, dir.path(), world.base_url());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{way}: {}", String::from_utf8_lossy(&output.stderr));
    let asked = world.answered();
    for (body, times) in &answered {
        assert_eq!(asked.get(body), Some(times), "{way}: asked again");
    }
    let desk = Desk::new(dir.path(), plan(asks));
    assert_right(&Standing::of(&desk.plan, &desk.state).unwrap(), asks);
    if way == "batch" {
        assert!(asked.values().all(|&times| times == 1), "no batch is made twice: {:?}", asked.values());
    }
}

#[test]
fn killed_online_it_asks_nothing_twice_that_was_answered() {
    killed("online", 4, 1);
}

#[test]
fn killed_with_batches_it_asks_nothing_twice_that_was_answered() {
    killed("batch", 5, 2);
}

#[test]
#[ignore = "the long version of the tests beside it"]
fn soak_killed_at_twenty_moments() {
    for seed in 0..5 {
        killed("online", 20, seed);
        killed("batch", 20, seed);
    }
}
