//! Bad input: each error names the place and the next step, and exits with 2.

use crate::support::{RECIPE, Scratch, snapshot};

/// The recipe with one text replaced.
fn with(from: &str, to: &str) -> Scratch {
    let scratch = Scratch::project();
    assert!(RECIPE.contains(from), "{from}");
    scratch.edit("moru.toml", from, to);
    scratch
}

#[test]
fn recipes() {
    let cases: &[(&str, &str, &str)] = &[
        ("unknown-key", "response = ", "respnse = "),
        ("unknown-section", "[evaluate]", "[evaluation]"),
        ("wrong-type", "rank = 4", "rank = \"four\""),
        ("out-of-range", "rank = 4", "rank = 0"),
        ("unknown-choice", "kind = \"csv\"", "kind = \"cvs\""),
        ("bad-split", "[train]", "[split]\ntrain = 0.9\nvalid = 0.2\ntest = 0.1\n\n[train]"),
        ("not-toml", "[train]", "[train"),
        ("no-source", "[source.rows]\nkind = \"csv\"\npath = \"data/rows.csv\"\nkey = [\"id\"]\n", ""),
        ("no-such-model", "builtin:toy", "models/none"),
        ("no-such-hub-model", "builtin:toy", "owner/name"),
        ("key-of-another-kind", "key = [\"id\"]", "query = \"select 1\""),
    ];
    for (name, from, to) in cases {
        let scratch = with(from, to);
        scratch.write(".env", "HF_HOME=hf\nHF_HUB_OFFLINE=1\n");
        snapshot!(format!("recipe-{name}"), scratch.seen(&["plan"]));
        assert_eq!(scratch.output(&["run"]).status.code(), Some(2), "{name}");
        assert!(!scratch.path("out").exists(), "{name}: nothing is written");
    }
}

#[test]
fn runs() {
    let cases: &[(&str, &str, &str)] = &[
        ("missing-file", "data/rows.csv", "data/none.csv"),
        ("unknown-column", "{question}", "{qestion}"),
        ("unknown-key-column", "key = [\"id\"]", "key = [\"no\"]"),
        ("unknown-meta", "meta = [\"category\"]", "meta = [\"topic\"]"),
        ("unknown-personal", "key = [\"id\"]", "key = [\"id\"]\npersonal = { nmae = \"person\" }"),
        ("unknown-entity", "meta = [", "mask = { entities = [\"phone\"] }\nmeta = ["),
        ("bad-pattern", "meta = [", "mask = { patterns = { x = \"(\" } }\nmeta = ["),
        ("nothing-left", "duplicates = 0.0", "short_chars = 5000"),
        ("group-not-carried", "[train]", "[split]\ngroup = \"id\"\n\n[train]"),
        ("unknown-target", "rank = 4", "targets = [\"q_porj\"]"),
    ];
    for (name, from, to) in cases {
        let scratch = with(from, to);
        let output = scratch.output(&["run"]);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {talk}");
        let error = talk.find("error:").map_or(talk.as_str(), |at| &talk[at..]);
        snapshot!(format!("run-{name}"), scratch.filtered(error));
    }
}

#[test]
fn places() {
    let scratch = Scratch::new();
    snapshot!("no-recipe", scratch.seen(&["run"]));
    snapshot!("no-folder", scratch.seen(&["run", "-C", "nowhere"]));
    snapshot!("no-stage", Scratch::project().seen(&["run", "trian"]));
    snapshot!("not-run-yet", Scratch::project().seen(&["tap", "tokenize"]));
    snapshot!("reveal-into-a-pipe", Scratch::project().seen(&["tap", "ingest", "--reveal"]));
    snapshot!("no-such-verb", scratch.seen(&["rnu"]));
    snapshot!("bad-set", Scratch::project().seen(&["plan", "--set", "rank=3"]));
    snapshot!("unknown-template", scratch.seen(&["init", "suport", "x"]));
    let project = Scratch::project();
    snapshot!("init-over-a-project", project.seen(&["init", "support", "."]));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::project();
    let mode =
        |mode| std::fs::set_permissions(scratch.root(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let output = scratch.output(&["run"]);
    mode(0o700);
    // Root may write everywhere: then there is nothing to see.
    if output.status.code() == Some(2) {
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(talk.contains("check the permissions"), "{talk}");
    }
}

#[test]
fn passwords_are_in_no_message_and_no_file() {
    let scratch = with(
        "kind = \"csv\"\npath = \"data/rows.csv\"",
        "kind = \"sql\"\nquery = \"select 1\"\nurl = \"mysql://u:hunter2@127.0.0.1:1/x\"\ntimeout_secs = 2",
    );
    for args in [&["run"][..], &["check"], &["plan"], &["doctor"], &["check", "--values"]] {
        let output = scratch.output(args);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains("hunter2"), "{args:?}: {said}");
    }
    let url = "url = \"mysql://u:hunter2@127.0.0.1:1/x\"\n";
    scratch.edit("moru.toml", url, "url = \"${SHOP_URL}\"\n");
    snapshot!("unset-variable", scratch.seen(&["check"]));
    scratch.write(".env", "SHOP_URL=mysql://u:hunter2@127.0.0.1:1/x\n");
    let output = scratch.output(&["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("127.0.0.1") && !said.contains("hunter2"), "{said}");
}
