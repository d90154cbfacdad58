//! What a plan says, and that a run does what the plan said.

use std::cell::Cell;
use std::fs;

use pipeline::{Project, Request};
use serde_json::json;

use crate::toy::*;

fn check(dir: &std::path::Path, params: &serde_json::Value, expected: &[&str]) {
    assert_eq!(plan(dir, &graph(), params, &Request::default()), expected);
}

#[test]
fn reasons_are_told() {
    let dir = folder();
    let mut params = params();
    check(
        dir.path(),
        &params,
        &["filter: run (first run)", "number:main: run (first run)", "join: run (first run)"],
    );
    run(dir.path(), &params).unwrap();
    check(dir.path(), &params, &["filter: keep", "number:main: keep", "join: keep"]);

    params["filter"]["unused"] = json!(false);
    check(dir.path(), &params, &["filter: keep", "number:main: keep", "join: keep"]);

    params["join"]["separator"] = json!("-");
    check(
        dir.path(),
        &params,
        &["filter: keep", "number:main: keep", r#"join: run (join.separator changed from "+" to "-")"#],
    );

    params["filter"]["min_chars"] = json!(5);
    check(
        dir.path(),
        &params,
        &[
            "filter: run (filter.min_chars changed from 1 to 5)",
            "number:main: depends (`filter` runs before it)",
            r#"join: run (join.separator changed from "+" to "-"; `number:main` runs before it; `filter` runs before it)"#,
        ],
    );
    let summary = run(dir.path(), &params).unwrap();
    assert_eq!(summary.ran, ["filter", "number:main", "join"]);
    assert_eq!(joined(dir.path()), "1 delta-2 alpha-3 bravo");

    write(&dir.path().join("lines.txt"), "other lines\n");
    assert_eq!(
        plan(dir.path(), &graph(), &params, &Request::default())[0],
        "filter: run (input `lines` changed)"
    );
}

#[test]
fn a_stage_before_that_writes_the_same_stops_the_wave() {
    let dir = folder();
    run(dir.path(), &params()).unwrap();
    // Another blank line is filtered out again: what `filter` writes is the same.
    write(&dir.path().join("lines.txt"), "delta\n\nalpha\n\necho\nbravo\n");
    let summary = run(dir.path(), &params()).unwrap();
    assert_eq!(
        (summary.ran, summary.kept),
        (vec!["filter".into()], vec!["number:main".into(), "join".into()])
    );
}

#[test]
fn a_value_put_back_finds_the_earlier_result() {
    let dir = folder();
    let mut changed = params();
    changed["filter"]["min_chars"] = json!(5);
    run(dir.path(), &params()).unwrap();
    let first = joined(dir.path());
    run(dir.path(), &changed).unwrap();
    assert_ne!(joined(dir.path()), first);
    check(dir.path(), &params(), &["filter: restore", "number:main: restore", "join: restore"]);
    let summary = run(dir.path(), &params()).unwrap();
    assert_eq!((summary.ran.len(), summary.restored.len()), (0, 3));
    assert_eq!(joined(dir.path()), first);
}

#[test]
fn lost_and_damaged_results_are_made_anew() {
    let dir = folder();
    run(dir.path(), &params()).unwrap();
    let (lock, first) = (fs::read(dir.path().join("moru.lock")).unwrap(), joined(dir.path()));
    let project = Project::open(dir.path()).unwrap();
    let path = project.output("filter", "kept").unwrap();
    let damage = |text: &str| {
        fs::remove_file(&path).unwrap();
        write(&path, text);
    };
    damage("dxlta\nalpha\necho\nbravo");
    check(
        dir.path(),
        &params(),
        &[
            "filter: run (its output `kept` is missing or damaged)",
            "number:main: depends (`filter` runs before it)",
            "join: depends (`number:main` runs before it; `filter` runs before it)",
        ],
    );
    assert_eq!(run(dir.path(), &params()).unwrap().ran, ["filter"]);
    fs::remove_dir_all(dir.path().join(".moru")).unwrap();
    assert_eq!(run(dir.path(), &params()).unwrap().ran, ["filter", "number:main", "join"]);
    assert_eq!(joined(dir.path()), first);
    assert_eq!(fs::read(dir.path().join("moru.lock")).unwrap(), lock, "same inputs, same lock");
}

#[test]
fn an_extract_stays_until_refresh_or_probe() {
    let dir = tempfile::tempdir().unwrap();
    let (table, probe) = (Cell::new(1), Cell::new(Some(1)));
    let rows = || {
        let path = Project::open(dir.path()).unwrap().output("extract", "rows").unwrap();
        fs::read_to_string(path).unwrap()
    };
    let params = json!({});
    let go = |graph: &pipeline::Graph<'_>, request: &Request| {
        run_graph(dir.path(), graph, &params, request).unwrap();
        rows()
    };
    assert_eq!(go(&pinned(&table, Some(&probe)), &Request::default()), "1");
    table.set(2);
    assert_eq!(go(&pinned(&table, Some(&probe)), &Request::default()), "1", "nothing tells that it changed");
    assert_eq!(go(&pinned(&table, Some(&probe)), &refresh_pinned()), "2");
    table.set(3);
    probe.set(Some(3));
    assert_eq!(
        plan(dir.path(), &pinned(&table, Some(&probe)), &params, &Request::default()),
        ["extract: run (source `table` changed: its probe said 1, now 3)"]
    );
    assert_eq!(go(&pinned(&table, Some(&probe)), &Request::default()), "3");
    table.set(4);
    probe.set(None);
    assert_eq!(
        plan(dir.path(), &pinned(&table, Some(&probe)), &params, &Request::default()),
        [
            "extract: keep [`table` could not be asked whether it changed (no connection); what was read earlier is used]"
        ]
    );
    assert_eq!(go(&pinned(&table, Some(&probe)), &Request::default()), "3");
}

#[test]
fn an_absent_source_is_pinned_too() {
    let dir = folder();
    run(dir.path(), &params()).unwrap();
    fs::remove_file(dir.path().join("lines.txt")).unwrap();
    let plan = plan(dir.path(), &graph(), &params(), &Request::default());
    assert_eq!(plan[0], "filter: keep [`lines` is absent; what was read from it earlier is used]");
    assert_eq!(run(dir.path(), &params()).unwrap().kept.len(), 3);
    let mut changed = params();
    changed["filter"]["min_chars"] = json!(5);
    let error = run(dir.path(), &changed).unwrap_err().to_string();
    assert!(error.starts_with("input `lines` of stage `filter` is absent: "), "{error}");
}

#[test]
fn targets_bring_what_they_need() {
    let dir = folder();
    let request = Request { targets: Some(vec!["number".into()]), ..Request::default() };
    let summary = run_graph(dir.path(), &graph(), &params(), &request).unwrap();
    assert_eq!(summary.ran, ["filter", "number:main"]);
}
