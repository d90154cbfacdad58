//! Disks that are full, and places that cannot be written.

use super::{assert_tidy, finish, project, refused_at_once, said, undisturbed, works};
use crate::support::Scratch;

/// Runs with a limit on the size of each file, in blocks of 512 bytes: writing beyond it fails as it does
/// on a full disk. The exit code, and what was said.
#[cfg(unix)]
fn limited(scratch: &Scratch, blocks: usize) -> (i32, String) {
    // Ignored, the signal of the limit becomes an error of the write.
    let mut command = scratch.shell("trap '' XFSZ; ulimit -f \"$1\"; exec \"$2\" run");
    command.args(["sh", &blocks.to_string(), env!("CARGO_BIN_EXE_moru")]);
    let output = finish(command, 120);
    (output.status.code().unwrap_or(-1), said(&output))
}

#[cfg(unix)]
#[test]
fn no_space_anywhere_on_the_way_then_space_again() {
    let whole = project();
    let lock = undisturbed(&whole, &["run"]);
    let scratch = project();
    let mut stumbled = std::collections::BTreeSet::new();
    for blocks in [0, 2, 12, 30, 50, 100, 400, 740, 760, 4000] {
        let (code, talk) = limited(&scratch, blocks);
        if code == 0 {
            break;
        }
        assert_eq!(code, 2, "{blocks}: {talk}");
        assert!(
            talk.contains("File too large") && talk.contains("hint: a limit on the size of a file"),
            "{talk}"
        );
        let place = talk.split("stage `").nth(1).and_then(|rest| rest.split('`').next());
        stumbled.insert(place.unwrap_or("elsewhere").to_owned());
        // What stands under a final name is whole.
        if scratch.path("moru.lock").exists() {
            serde_json::from_str::<serde_json::Value>(&scratch.read("moru.lock")).unwrap();
        }
    }
    assert!(stumbled.len() >= 3, "several stages met the limit: {stumbled:?}");
    works(&scratch, &["run"]);
    assert_eq!(scratch.read("moru.lock"), lock, "the same digests");
    for name in ["dataset.jsonl", "qna_prompt_response.csv", "samples/main.jsonl"] {
        assert_eq!(scratch.read(&format!("out/{name}")), whole.read(&format!("out/{name}")), "{name}");
    }
    assert_tidy(scratch.root());
    assert!(works(&scratch, &["run"]).contains("nothing to do"));
}

#[cfg(unix)]
#[test]
fn a_report_that_found_no_space_is_written_by_the_next_run() {
    let question = |fact: &str| {
        format!(
            "{{\"id\": \"q1\", \"category\": \"배송\", \"question\": \"언제 오나요?\", \"facts\": [[\"{fact}\"]]}}\n"
        )
    };
    let scratch = project();
    scratch.write("data/questions.jsonl", &question("사흘"));
    scratch.edit(
        "moru.toml",
        "max_new_tokens = 8",
        "max_new_tokens = 8\nquestions = \"data/questions.jsonl\"",
    );
    works(&scratch, &["run"]);
    // Another fact changes the scores, and nothing that is large.
    scratch.write("data/questions.jsonl", &question("나흘 하고 반"));
    let (code, talk) = limited(&scratch, 80);
    assert!(code == 2 && talk.contains("out/report.html"), "{code}: {talk}");
    works(&scratch, &["run"]);
    assert!(scratch.read("out/report.html").contains("나흘 하고 반"), "the report tells of the new results");
    assert!(works(&scratch, &["run"]).contains("nothing to do"));
}

#[test]
fn something_else_stands_where_results_belong() {
    let cases: &[(&str, bool, &[&str])] = &[
        (".moru", false, &["could not create ", "/.moru", "move it away"]),
        ("out", false, &["./out is no folder", "move it away"]),
        ("moru.lock", true, &["could not read ", "/moru.lock", "is a folder where a file belongs"]),
        (".env", true, &["could not read ./.env", "text file in UTF-8"]),
        ("moru.toml", true, &["could not read ./moru.toml", "text file in UTF-8"]),
    ];
    for (name, folder, says) in cases {
        let scratch = project();
        let place = scratch.path(name);
        let _ = std::fs::remove_file(&place);
        if *folder {
            std::fs::create_dir(&place).unwrap();
        } else {
            scratch.write(name, "");
        }
        refused_at_once(&scratch, &["run"], says);
    }
    for (text, says) in
        [("{", "moru.lock is damaged"), ("{\"format\": 9}", "has format 9; this program reads format 1")]
    {
        let scratch = project();
        scratch.write("moru.lock", text);
        refused_at_once(&scratch, &["run"], &[says, "moru.lock"]);
        assert_eq!(scratch.read("moru.lock"), text, "it is left as it is");
    }
}
