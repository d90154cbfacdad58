//! Runs: faults of stages, the lock on the project, moving, cleaning, the time of a run without work.

use std::fs;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pipeline::{Counts, Error, Graph, Input, Project, Request, Stage, StageFn};
use serde_json::json;

use crate::toy::*;

fn one(run: StageFn<'_>) -> Graph<'_> {
    let stage = Stage { id: "toy".into(), version: 1, inputs: Vec::new(), outputs: vec!["out".into()], run };
    Graph::new(vec![stage]).unwrap()
}

#[test]
fn faults_of_a_stage() {
    let dir = tempfile::tempdir().unwrap();
    let error = |run| run_graph(dir.path(), &one(run), &json!({"a": 1}), &Request::default()).unwrap_err();
    assert_eq!(error(Box::new(|_| Ok(Vec::new()))).to_string(), "stage `toy` did not write its output `out`");
    let wrong = error(Box::new(|stage| {
        write(&stage.output("out")?, "");
        Ok(vec![Counts { output: 1, ..Counts::all("rows", 2) }])
    }));
    assert_eq!(wrong.to_string(), "counts of stage `toy` do not add up: 2 rows in = 1 out + 0 rejected");
    let undeclared = error(Box::new(|stage| Ok(vec![Counts::all(stage.input("x")?.to_str().unwrap(), 0)])));
    assert_eq!(undeclared.to_string(), "stage `toy` has no input called `x`");
    let late = error(Box::new(|stage| {
        stage.work_dir()?;
        let n: u64 = stage.param("a")?;
        Ok(vec![Counts::all("rows", n)])
    }));
    assert_eq!(late.to_string(), "stage `toy` reads parameter `a` after its working folder was opened");
    let shape = error(Box::new(|stage| {
        let text: String = stage.param("a")?;
        Ok(vec![Counts::all(&text, 0)])
    }));
    assert_eq!(shape.to_string(), "stage `toy` cannot read parameter `a`");
    let own = error(Box::new(|_| Err("no table `inquiry`".into())));
    assert_eq!(own.to_string(), "stage `toy` failed");
    assert_eq!(std::error::Error::source(&own).unwrap().to_string(), "no table `inquiry`");
    assert!(Project::open(dir.path()).unwrap().lock().stages.is_empty(), "nothing half-done is kept");
}

#[test]
fn a_source_that_changes_while_it_is_read() {
    let dir = folder();
    let path = dir.path().join("lines.txt");
    let stage = Stage {
        id: "toy".into(),
        version: 1,
        inputs: vec![Input::file("lines", "lines.txt")],
        outputs: vec!["out".into()],
        run: Box::new(|stage| {
            write(&stage.output("out")?, "");
            write(&path, "something else");
            Ok(Vec::new())
        }),
    };
    let graph = Graph::new(vec![stage]).unwrap();
    let error = run_graph(dir.path(), &graph, &json!({}), &Request::default()).unwrap_err();
    assert!(matches!(error, Error::InputChanged { .. }), "{error}");
}

#[test]
fn a_second_run_is_refused_and_a_dead_one_is_not_in_the_way() {
    let dir = folder();
    let graph = one(Box::new(|stage| {
        write(&stage.output("out")?, "");
        let inner = run(dir.path(), &params()).unwrap_err();
        assert!(matches!(inner, Error::Busy { pid: Some(pid), .. } if pid == std::process::id()), "{inner}");
        Ok(Vec::new())
    }));
    run_graph(dir.path(), &graph, &json!({}), &Request::default()).unwrap();
    run(dir.path(), &params()).unwrap();
}

#[test]
fn a_moved_project_continues() {
    let dir = folder();
    let (home, away) = (dir.path().join("home"), dir.path().join("away/deep"));
    write(&home.join("lines.txt"), "b\na\n");
    run(&home, &params()).unwrap();
    fs::create_dir(dir.path().join("away")).unwrap();
    fs::rename(&home, &away).unwrap();
    assert_eq!(run(&away, &params()).unwrap().kept.len(), 3);
    assert_eq!(joined(&away), "1 b+2 a");
    let lock = fs::read_to_string(away.join("moru.lock")).unwrap();
    assert!(!lock.contains("home") && !lock.contains("tmp"), "no path in the lock: {lock}");
}

#[test]
fn cancelled_work_continues_later() {
    let dir = folder();
    let cancelled = AtomicBool::new(false);
    let mut project = Project::open(dir.path()).unwrap();
    let error = project
        .run(&graph(), &params(), &Request::default(), &cancelled, &mut |event| {
            if step(event).as_deref() == Some("number:main at 3") {
                cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        })
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    let mut steps = Vec::new();
    cancelled.store(false, std::sync::atomic::Ordering::Relaxed);
    project
        .run(&graph(), &params(), &Request::default(), &cancelled, &mut |event| steps.extend(step(event)))
        .unwrap();
    assert!(
        !steps.contains(&"number:main at 2".into()) && steps.contains(&"number:main at 3".into()),
        "{steps:?}"
    );
}

#[test]
fn cleaning_keeps_what_the_lock_names() {
    let dir = folder();
    let mut changed = params();
    changed["filter"]["min_chars"] = json!(5);
    run(dir.path(), &changed).unwrap();
    run(dir.path(), &params()).unwrap();
    let before = Project::open(dir.path()).unwrap().usage().unwrap();
    assert!(before.used_bytes > 0 && before.unused_bytes > 0, "{before:?}");
    let cleaned = Project::open(dir.path()).unwrap().clean(false).unwrap();
    assert_eq!(cleaned.bytes, before.unused_bytes);
    let after = Project::open(dir.path()).unwrap().usage().unwrap();
    assert_eq!((after.used_bytes, after.unused_bytes), (before.used_bytes, 0));
    assert_eq!(run(dir.path(), &params()).unwrap().kept.len(), 3);
    assert_eq!(run(dir.path(), &changed).unwrap().ran.len(), 3, "the other result is gone");
}

#[cfg(unix)]
#[test]
fn the_private_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder();
    run(dir.path(), &params()).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(project.private()), 0o700);
    assert_eq!(mode(&project.output("filter", "kept").unwrap()), 0o400);
}

#[test]
fn a_run_without_work_is_quick() {
    let dir = folder();
    write(&dir.path().join("lines.txt"), &"line\n".repeat(3000));
    let start = Instant::now();
    assert_eq!(run(dir.path(), &params()).unwrap().ran.len(), 3);
    let with_work = start.elapsed();
    let again = || {
        let start = Instant::now();
        assert_eq!(run(dir.path(), &params()).unwrap().kept.len(), 3);
        start.elapsed()
    };
    let without = (0..5).map(|_| again()).min().unwrap();
    assert!(2 * without < with_work, "{without:?} for 3,000 stored files, {with_work:?} to make them");
}
