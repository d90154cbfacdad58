//! What `bench` prints and writes, and that the peers' scripts still fit it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::Scratch;

fn last_object(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn training_reports_its_figures_in_one_object() {
    let scratch = Scratch::new();
    let mut losses = Vec::new();
    for method in ["lora", "full", "qlora"] {
        let stdout = scratch.stdout(
            &[
                "bench",
                "train",
                "--method",
                method,
                "--seq",
                "16",
                "--steps",
                "2",
                "--threads",
                "1",
                "--json",
            ],
            0,
        );
        let report = last_object(&stdout);
        for key in [
            "tokens_per_s",
            "useful_tokens_per_s",
            "trained_tokens_per_s",
            "step_s",
            "peak_rss_gb",
            "predicted_gb",
            "gflops",
            "gemm_peak_gflops",
            "gemm_peak_share",
            "loss",
        ] {
            assert!(report[key].as_f64().is_some_and(|x| x > 0.0), "{method}: {key} in {report}");
        }
        let share = |key: &str| report[key].as_f64().unwrap();
        assert!(share("gemm_peak_share") <= 1.0 && share("gemm_peak_gflops") >= share("gflops"), "{report}");
        assert!((share("trained_tokens_per_s") / share("tokens_per_s") - 0.5).abs() < 1e-3, "{report}");
        assert_eq!(share("useful_tokens_per_s"), share("tokens_per_s"), "{report}");
        losses.push(share("loss"));
    }
    // Random weights know nothing, so that the loss begins at about that of an even guess among 8,192 tokens;
    // three steps on the same 16 tokens lower it, and those of all weights by more.
    let even = 8192f64.ln();
    // The drawn weights are held in four bits, and the adapter learns over them as over the numbers themselves.
    assert!((losses[2] - losses[0]).abs() < 0.1, "{losses:?}");
    assert!(losses[1] < losses[0] && losses[0] < even + 0.5 && losses[0] > even - 1.0, "{losses:?}");
}

#[test]
fn a_folder_with_weights_is_trained_over_them() {
    let scratch = Scratch::new();
    scratch.stdout(&["export", "builtin:nano", "nano"], 0);
    let args =
        ["bench", "train", "--shape", "nano", "--seq", "16", "--steps", "1", "--threads", "1", "--json"];
    let bench = |more: &[&str]| last_object(&scratch.stdout(&[&args[..], more].concat(), 0));
    // The folder of that name is nearer than the shape. Tokens drawn by chance surprise a model that was trained on
    // text more than one that knows nothing.
    let report = bench(&[]);
    assert!(report["loss"].as_f64().unwrap() > 8192f64.ln() + 1.0 && report["weights"] == "f32", "{report}");
    let quantised = bench(&["--method", "qlora", "--weights", "q8_0"]);
    let share = |key: &str| quantised[key].as_f64().unwrap() / report[key].as_f64().unwrap();
    assert!((share("loss") - 1.0).abs() < 0.02 && quantised["weights"] == "q8_0", "{quantised}");
    assert!(share("predicted_gb") < 1.0, "{quantised}");
    let output = scratch.output(&[&args[..], &["--weights", "bf16"]].concat());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("nano holds weights of its own"), "{text}");
}

#[test]
fn a_shared_beginning_is_computed_once() {
    let scratch = Scratch::new();
    let tree =
        ["bench", "train", "--shared-prefix", "48", "--leaf", "8", "--leaves", "4", "--steps", "2", "--json"];
    let [tree, packed] =
        [&[][..], &["--packed"]].map(|more| last_object(&scratch.stdout(&[&tree[..], more].concat(), 0)));
    let share = |report: &Value, key: &str| report[key].as_f64().unwrap();
    // Four samples of 56 tokens are 224, of which the tree computes 48 + 4·8.
    let ratio = share(&tree, "useful_tokens_per_s") / share(&tree, "tokens_per_s");
    assert!((ratio - 224.0 / 80.0).abs() < 1e-2, "{tree}");
    assert_eq!(share(&packed, "useful_tokens_per_s"), share(&packed, "tokens_per_s"), "{packed}");
    let (loss, same) = (share(&tree, "loss"), share(&packed, "loss"));
    assert!((loss / same - 1.0).abs() < 1e-4, "{loss} and {same}: both learn the same");
    let output = scratch.output(&["bench", "train", "--shared-prefix", "48", "--leaf", "0"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("a bench of 8 samples of 48 tokens"), "{text}");
}

#[test]
fn generation_reports_its_figures_in_one_object() {
    let scratch = Scratch::new();
    let args = ["bench", "generate", "--prompt", "20", "--new", "3", "--threads", "2", "--json"];
    for format in ["f32", "bf16", "nf4", "q8_0", "q4_0", "q4_k", "q6_k"] {
        let report = last_object(&scratch.stdout(&[&args[..], &["--format", format]].concat(), 0));
        for key in [
            "prefill_tokens_per_s",
            "decode_tokens_per_s",
            "first_token_s",
            "step_s",
            "read_gb_per_s",
            "memory_gb_per_s",
            "memory_share",
            "weights_gb",
            "peak_rss_gb",
        ] {
            assert!(report[key].as_f64().is_some_and(|x| x > 0.0), "{format}: {key} in {report}");
        }
        assert_eq!((&report["weights"], &report["new_tokens"]), (&format.into(), &3.into()));
    }
    let many = [&args[..], &["--requests", "3", "--adapters", "2"]].concat();
    let report = last_object(&scratch.stdout(&many, 0));
    assert_eq!((&report["new_tokens"], &report["adapters"]), (&9.into(), &2.into()));
    let output = scratch.output(&["bench", "generate", "--prompt", "5000"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("with 5000 tokens of prompt"), "{text}");
}

#[test]
fn preparing_writes_what_it_counts() {
    let scratch = Scratch::new();
    let args = ["bench", "data", "--rows", "400", "--keep", "rows.csv", "--out", "out", "--json"];
    let report = last_object(&scratch.stdout(&args, 0));
    assert_eq!(report["rows"], 400);
    assert_eq!(report["bytes"], std::fs::metadata(scratch.path("rows.csv")).unwrap().len());
    let lines = |name: &str| scratch.read(name).lines().count() as u64;
    assert_eq!(report["rows_out"], lines("out/dataset.jsonl"));
    let refused: u64 = report["rejected"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(refused, lines("out/rejected.jsonl"));
    assert!(refused > 0 && lines("out/dataset.jsonl") + refused == 400, "{report}");
    let pairs = scratch.read("out/qna_prompt_response.csv");
    assert!(pairs.contains("[전화번호]") && !pairs.contains("안녕하세요"));

    let one = [&args[..8], &["--threads", "1", "--json"]].concat();
    scratch.stdout(&one, 0);
    assert!(pairs == scratch.read("out/qna_prompt_response.csv"), "one thread writes something else");
}

/// A Python with the packages, or a word that the test was skipped.
fn python(packages: &str) -> Option<String> {
    let python = testing::python();
    let has = Command::new(&python).args(["-c", &format!("import {packages}")]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    testing::skip(&format!("{python} with {packages} (MORU_PYTHON names another)"));
    None
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/peers")
}

/// Two rounds of one measurement in small, with the page in the scratch folder.
fn measure(scratch: &Scratch, python: &str, only: &str) -> Output {
    Command::new(python)
        .arg(peers().join("run.py"))
        .args(["--small", "--rounds", "2", "--only", only, "--binary", env!("CARGO_BIN_EXE_moru"), "--page"])
        .arg(scratch.path("results.md"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap()
}

#[test]
fn the_pandas_script_writes_the_same_bytes() {
    let Some(python) = python("pandas") else { return };
    let scratch = Scratch::new();
    let output = measure(&scratch, &python, "data-pandas");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = scratch.read("results.md");
    assert!(page.contains("Both wrote the same ") && !page.contains("not measured"), "{page}");
}

#[test]
fn a_peer_that_is_absent_is_written_down_as_not_measured() {
    let Some(python) = python("json") else { return };
    let scratch = Scratch::new();
    // An interpreter without its packages' folder has no peer.
    let measure = |only: &str| {
        let output = Command::new(&python)
            .arg("-S")
            .arg(peers().join("run.py"))
            .args(["--small", "--rounds", "1", "--only", only, "--binary"])
            .arg(env!("CARGO_BIN_EXE_moru"))
            .arg("--page")
            .arg(scratch.path("results.md"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        scratch.read("results.md")
    };
    let page = measure("data-pandas");
    assert!(page.contains("| peer | not measured |"), "{page}");
    // What was not measured again stays as it stood.
    let section = page.split_once("<!-- data-pandas -->").unwrap().1.trim_end();
    let page = measure("help");
    assert!(page.contains(section) && page.contains("`moru --help` takes"), "{page}");
    let page = measure("generation");
    assert!(
        page.contains("| llama.cpp, q8_0 | not measured |") && page.contains("| moru, q4_0 | "),
        "{page}"
    );
    let page = measure("generation-many");
    assert!(page.contains("| 16 requests, 16 adapters | "), "{page}");
    let page = measure("training-full-nano");
    assert!(
        page.find("## Training of every weight of nano") < page.find("## Preparing beside pandas"),
        "{page}"
    );
    assert!(page.contains(section) && page.contains("`moru --help` takes"), "{page}");
}

#[test]
fn the_first_difference_is_shown() {
    let Some(python) = python("json") else { return };
    let scratch = Scratch::new();
    let script = "import sys; sys.path.insert(0, sys.argv[1]); from measure_data import first_difference\n\
                  print(first_difference(b'a\\nb\\n', b'a\\nc\\n'))\nprint(first_difference(b'a\\n', b'a\\nb'))";
    let output = Command::new(python)
        .args(["-B", "-c", script])
        .arg(peers())
        .current_dir(scratch.root())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("line 2\n  ours:   b\n  peer's: c\n"), "{text}");
}
