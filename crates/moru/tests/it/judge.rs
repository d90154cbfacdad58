//! A judge behind an endpoint through the whole binary: asked after an evaluation, within a budget, whatever it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use testing::endpoint::{Endpoint as Double, Said};

use crate::support::{RECIPE, Scratch, snapshot, table};
pub use crate::teacher::KEY;
use crate::teacher::ways;

const JUDGE: &str = "
judge = \"judge\"
judge_rows = 3

[endpoint.judge]
url = \"URL\"
model = \"judge-1\"
key_env = \"JUDGE_KEY\"
mode = \"online\"
attempts = 1
concurrency = 2
poll_secs = 0.1
max_tokens = 300
";

/// A project whose answers a double judges.
pub fn project(double: &Double) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("data/rows.csv", &table(60));
    scratch.write("moru.toml", &(RECIPE.to_owned() + &JUDGE.replace("URL", double.base_url())));
    scratch.write(".env", &format!("MORU_SECRET=the same\nJUDGE_KEY={KEY}\n"));
    scratch
}

pub fn double() -> Double {
    let double = Double::start();
    double.answer(right);
    double
}

/// What the judge was shown under a name, in its fence.
fn shown<'t>(prompt: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = prompt.split_once(&format!("<<<{name} "))?;
    let (_, rest) = rest.split_once('\n')?;
    rest.split_once(&format!("\n{name} ")).map(|(text, _)| text)
}

pub fn prompt(body: &Value) -> &str {
    body["messages"][0]["content"].as_str().unwrap()
}

/// Whether an answer ends as a sentence does: an untrained model's does not, whatever machine it runs on.
fn is_whole(answer: &str) -> bool {
    answer.trim_end_matches('.').ends_with("니다")
}

/// What a good judge says.
pub fn right(body: &Value) -> Said {
    let prompt = prompt(body);
    let of = |name| shown(prompt, name).map(is_whole);
    // The name of the one answer begins those of the two.
    let said = match (of("ANSWER A"), of("ANSWER B"), of("ANSWER")) {
        (None, None, Some(is_whole)) => {
            json!({"reason": "끝맺음을 보았습니다.", "score": if is_whole { 9 } else { 2 }})
        }
        (Some(a), Some(b), _) => {
            let winner = ["tie", "A", "B"][usize::from(a != b) + usize::from(!a && b)];
            json!({"reason": "끝맺은 쪽이 낫습니다.", "winner": winner})
        }
        other => panic!("{other:?}: {prompt}"),
    };
    said.to_string().into()
}

/// Everything a person would see, without what the double's port is, and without numbers: how long an untrained model's
/// answers are, and whether two of them are the same, is a matter of the machine.
pub fn seen(scratch: &Scratch, double: &Double, args: &[&str]) -> String {
    let text = scratch.seen(args).replace(double.base_url(), "[URL]");
    let (head, rest) = text.split_at(text.find("---").unwrap_or(text.len()));
    head.to_owned() + &without_numbers(rest)
}

fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        while chars.next_if(|next| next.is_ascii_digit() || matches!(next, '.' | ',')).is_some() {}
        out.push('#');
    }
    out
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything up to the judge, quietly.
pub fn evaluated(double: &Double) -> Scratch {
    let scratch = project(double);
    scratch.stdout(&["run", "--until", "evaluate"], 0);
    scratch
}

#[test]
fn answers_are_graded_and_compared_in_both_orders() {
    let double = double();
    let scratch = evaluated(&double);
    assert!(double.requests().is_empty(), "the evaluation asks nobody");
    snapshot!("judge-run", seen(&scratch, &double, &["run"]));
    let verdicts = rows(&scratch.read("out/verdicts.jsonl"));
    let pairs: Vec<&Value> = verdicts.iter().filter(|row| row["kind"] == "pair").collect();
    assert_eq!(verdicts.len() - pairs.len(), 3 * 4, "{verdicts:?}");
    let of = |systems: [&str; 2]| pairs.iter().filter(|row| row["systems"] == json!(systems)).count();
    assert_eq!((of(["tuned", "base"]), of(["base", "tuned"])), (pairs.len() / 2, pairs.len() / 2));
    assert_eq!(rows(&scratch.stdout(&["tap", "judge", "-n", "0", "--json"], 0)), verdicts);
    let first = scratch.stdout(&["tap", "judge", "-n", "1"], 0);
    let (id, score) = (verdicts[0]["id"].as_str().unwrap(), verdicts[0]["score"].as_u64().unwrap());
    assert!(
        first.starts_with(&format!("{id}  grade: {score} of 10\n")) && first.contains("\n  because: "),
        "{first}"
    );
    // Nobody is told whose answer it is, and everything of others stands in its fence.
    for body in double.bodies("/chat/completions") {
        let body: Value = serde_json::from_str(&body).unwrap();
        let prompt = prompt(&body);
        assert!(shown(prompt, "QUESTION").is_some() && shown(prompt, "REFERENCE").is_some(), "{prompt}");
        assert!(
            ["base", "tuned", "nearest", "commonest"].iter().all(|name| !prompt.contains(name)),
            "{prompt}"
        );
        assert_eq!(body["temperature"], 0.0);
        assert_eq!(body["response_format"]["json_schema"]["name"], "reply");
    }
    assert!(double.requests().iter().all(|r| r.headers["authorization"] == format!("Bearer {KEY}")));
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let judging = &report["judging"][0];
    assert_eq!((&judging["name"], &judging["judge"]), (&json!("main"), &json!("judge-1")));
    let same = usize::try_from(judging["duels"][0]["same"].as_u64().unwrap()).unwrap();
    assert_eq!(pairs.len(), 2 * (3 - same), "who says the same is not compared");
    for grades in judging["grades"].as_array().unwrap() {
        let (mean, within) = (grades["mean"].as_f64().unwrap(), &grades["interval"]);
        assert!(
            within["low"].as_f64().unwrap() <= mean && mean <= within["high"].as_f64().unwrap(),
            "{grades}"
        );
    }
    assert!(scratch.read("out/report.html").contains("<section id=\"judging\""));
    let told = scratch.stdout(&["report"], 0);
    snapshot!("judge-report", without_numbers(told.split_once("judged by").unwrap().1));
    // Judged is judged: nothing is asked again, wherever the judge is now and whatever it costs.
    let n = double.requests().len();
    assert!(scratch.stdout(&["run"], 0).contains("nothing to do"));
    scratch.edit("moru.toml", double.base_url(), "http://127.0.0.1:9/v1");
    scratch.edit("moru.toml", "attempts = 1", "attempts = 2\nprompt_price = 1.0");
    assert!(scratch.stdout(&["run"], 0).contains("nothing to do"));
    scratch.stdout(&["run", "judge:main", "--refresh"], 0);
    assert_eq!(double.requests().len(), n);
    no_key_in(scratch.root());
}

#[test]
fn what_a_person_says_is_held_against_the_judge() {
    let double = double();
    let scratch = evaluated(&double);
    scratch.stdout(&["run"], 0);
    let sheet = scratch.read("out/judge-labels.csv");
    assert!(sheet.starts_with("\u{feff}id,question,reference,answer,score\r\n"), "{sheet}");
    assert!(!sheet.contains("tuned"), "{sheet}");
    // A person who gives half of the grades that the judge gives, and leaves the others out.
    let verdicts = rows(&scratch.read("out/verdicts.jsonl"));
    let mut labels = "id,answer,score\n".to_owned();
    for (n, row) in verdicts.iter().filter(|row| row["kind"] == "grade").enumerate() {
        let answer = row["answers"][0].as_str().unwrap().replace('"', "\"\"");
        let score = if n.is_multiple_of(2) { row["score"].to_string() } else { String::new() };
        labels += &format!("{},\"{answer}\",{score}\n", row["id"].as_str().unwrap());
    }
    scratch.write("labels.csv", &labels);
    scratch.edit("moru.toml", "judge_rows = 3", "judge_rows = 3\njudge_labels = \"labels.csv\"");
    let n = double.requests().len();
    let said = seen(&scratch, &double, &["run"]);
    assert!(said.contains("agreement with a person (grades): κ #"), "{said}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let agreed = &report["judging"][0]["agreement"]["grades"];
    assert_eq!(agreed["same"], agreed["rows"], "{agreed}");
    assert_eq!(double.requests().len(), n, "labels ask the judge nothing");
    scratch.write("labels.csv", "id,text,grade\nrows#1,x,3\n");
    snapshot!("judge-labels", seen(&scratch, &double, &["run"]));
    snapshot!("judge-labels-check", seen(&scratch, &double, &["check"]));
}

#[test]
fn words_of_ones_own_are_a_part_of_what_is_asked() {
    let double = double();
    let scratch = evaluated(&double);
    scratch.edit(
        "moru.toml",
        "judge_rows = 3",
        "judge_rows = 1\njudge_kinds = \"grade\"\njudge_prompts = \"words\"",
    );
    scratch.write("words/other.md", "x");
    snapshot!("judge-no-prompts", seen(&scratch, &double, &["run"]));
    scratch.write("words/grade.ko.md", "엄격하게 {mark} {question} {answer}");
    scratch.write("words/grade.en.md", "{question} {answer}");
    snapshot!("judge-prompt", seen(&scratch, &double, &["run"]));
    assert!(double.requests().is_empty());
    std::fs::remove_file(scratch.path("words/grade.en.md")).unwrap();
    scratch.stdout(&["run"], 0);
    let bodies = double.bodies("/chat/completions");
    assert!(!bodies.is_empty() && bodies.iter().all(|body| body.contains("엄격하게")), "{bodies:?}");
    // Without the reference the judge sees the question alone.
    assert!(bodies.iter().all(|body| !body.contains("REFERENCE")), "{bodies:?}");
    // Rows of one language are asked about in the other where the words are in that: the check takes them, too.
    std::fs::remove_file(scratch.path("words/grade.ko.md")).unwrap();
    scratch.write("words/grade.en.md", "Strictly {mark} {question} {answer}");
    scratch.stdout(&["check"], 0);
    scratch.stdout(&["run"], 0);
    let english = double.bodies("/chat/completions").split_off(bodies.len());
    assert!(!english.is_empty() && english.iter().all(|body| body.contains("Strictly")), "{english:?}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let settings = report["judging"][0]["settings"].as_str().unwrap();
    assert!(settings.contains("own prompts (en)"), "{settings}");
}

#[test]
fn a_judge_is_asked_in_batches_with_the_same_bytes() {
    let (online, batch) = (double(), double());
    let scratch = evaluated(&online);
    scratch.stdout(&["run"], 0);
    let in_batch = evaluated(&batch);
    in_batch.edit("moru.toml", "mode = \"online\"", "mode = \"batch\"");
    in_batch.stdout(&["run"], 0);
    assert!(batch.bodies("/chat/completions").is_empty() && batch.batches() > 0);
    let bodies = |double: &Double| double.answered().into_keys().collect::<BTreeSet<_>>();
    assert_eq!(bodies(&batch), bodies(&online));
    assert_eq!(in_batch.read("out/verdicts.jsonl"), scratch.read("out/verdicts.jsonl"));
}

/// A judge that goes wrong in its own way, request by request.
fn faulty(n: usize, body: &Value) -> Said {
    let again = body["messages"].as_array().unwrap().len() > 1;
    let good = right(body);
    let whole = good.text.clone().unwrap_or_default();
    match n % 6 {
        _ if again => good,
        0 => format!("네.\n```json\n{whole}\n```").into(),
        1 => "좋은 답입니다.".into(),
        2 => Said { refusal: Some("no".into()), text: None, ..Said::default() },
        3 => Said { finish: "length", ..whole.chars().take(12).collect::<String>().into() },
        _ => good,
    }
}

#[test]
fn what_cannot_be_used_is_asked_again_and_counted() {
    let (double, asked) = (Double::start(), AtomicUsize::new(0));
    double.answer(move |body| faulty(asked.fetch_add(1, Ordering::Relaxed), body));
    let scratch = evaluated(&double);
    scratch.edit("moru.toml", "concurrency = 2", "concurrency = 1");
    snapshot!("judge-faulty", seen(&scratch, &double, &["run"]));
    let verdicts = rows(&scratch.read("out/verdicts.jsonl"));
    assert!(verdicts.iter().any(|row| row["asked"] == 2 && row["error"].is_null()), "{verdicts:?}");
    let refused = verdicts.iter().filter(|row| row["error"].is_string()).count();
    assert!(refused > 0 && refused < verdicts.len(), "{verdicts:?}");
    assert!(scratch.read("moru.lock").contains("unanswered"), "the counts are the stage's, and the report's");
}

#[test]
fn a_judge_that_says_nothing_of_use_ends_the_stage() {
    let double = Double::start();
    double.answer(|_| Said { refusal: Some("no".into()), text: None, ..Said::default() });
    let scratch = evaluated(&double);
    snapshot!("judge-refusal", seen(&scratch, &double, &["run"]));
    double.answer(|_| "아주 좋습니다.".into());
    scratch.edit("moru.toml", "judge_rows = 3", "judge_rows = 2");
    let said = seen(&scratch, &double, &["run"]);
    assert!(said.contains("exit 2"), "{said}");
    snapshot!("judge-no-verdict", said);
    double.answer(right);
    assert!(seen(&scratch, &double, &["run"]).contains("exit 2"), "nobody asked for it");
    scratch.stdout(&["run", "judge:main", "--refresh"], 0);
}

#[test]
fn whatever_the_endpoint_does_is_told_and_what_was_answered_is_kept() {
    let cases = ways("judge-1");
    let double = double();
    let scratch = evaluated(&double);
    scratch.edit("moru.toml", "concurrency = 2", "concurrency = 1");
    for (n, (name, reply)) in cases.into_iter().enumerate() {
        let answered = double.answered().len();
        double.rule(move |_, before| (before >= 3 * (n + 1)).then(&reply));
        let said = seen(&scratch, &double, &["run"]);
        assert!(!said.contains(KEY), "{said}");
        snapshot!(format!("judge-{name}"), said);
        assert!(double.answered().len() > answered, "{name}: nothing new was answered");
    }
    // Mended, it goes on with the answers there are.
    double.rule(|_, _| None);
    scratch.stdout(&["run"], 0);
    assert!(double.answered().values().all(|&times| times == 1), "asked again");
    no_key_in(scratch.root());
}

#[test]
fn a_judge_that_cannot_be_asked_is_told_of_before_anything_runs() {
    let double = double();
    let scratch = project(&double);
    scratch.write(".env", "");
    snapshot!("judge-no-key-run", seen(&scratch, &double, &["run"]));
    scratch.edit("moru.toml", "judge = \"judge\"", "judge = \"jugde\"");
    snapshot!("judge-recipe", scratch.seen(&["check", "--structure"]));
    scratch.edit("moru.toml", "judge = \"jugde\"", "judge = \"judge\"\njudge_kinds = [\"reference\"]");
    snapshot!("judge-kinds", scratch.seen(&["check", "--structure"]));
    let labels = "judge = \"judge\"\njudge_labels = \"./out/judge-labels.csv\"";
    scratch.edit("moru.toml", "judge = \"judge\"\njudge_kinds = [\"reference\"]", labels);
    let said = scratch.seen(&["check", "--structure"]);
    assert!(said.contains("exit 2") && said.contains("`judge_labels` is in out/"), "{said}");
    scratch.edit("moru.toml", "judge = \"judge\"\n", "");
    snapshot!("judge-nobody", scratch.seen(&["check", "--structure"]));
    assert!(double.requests().is_empty());
}

#[test]
fn an_endpoint_that_is_down_and_a_budget_end_it_early() {
    let double = double();
    let scratch = evaluated(&double);
    scratch.edit("moru.toml", double.base_url(), "http://127.0.0.1:9/v1");
    snapshot!("judge-down", seen(&scratch, &double, &["run"]));
    scratch.edit("moru.toml", "http://127.0.0.1:9/v1", double.base_url());
    let priced = "attempts = 1\nprompt_price = 10.0\nanswer_price = 30.0\nbudget = 0.001";
    scratch.edit("moru.toml", "attempts = 1", priced);
    snapshot!("judge-over-budget", seen(&scratch, &double, &["run"]));
    scratch.edit("moru.toml", "budget = 0.001", "budget = 0");
    snapshot!("judge-budget-zero", seen(&scratch, &double, &["run"]));
    assert!(double.requests().is_empty(), "nothing was asked");
}

#[test]
fn a_judge_in_one_line_and_a_model_on_this_machine() {
    let double = double();
    let scratch = evaluated(&double);
    let line = format!("judge = \"{}#judge-1\"", double.base_url());
    scratch.edit("moru.toml", "judge = \"judge\"", &line);
    scratch.stdout(&["run"], 0);
    assert!(double.requests().iter().all(|request| !request.headers.contains_key("authorization")));
    let n = double.requests().len();
    scratch.edit("moru.toml", &line, "judge = \"small\"");
    scratch.edit("moru.toml", "judge_rows = 3", "judge_rows = 1\njudge_kinds = \"grade\"");
    let small = "[endpoint.small]\nurl = \"local:builtin:nano\"\nmax_tokens = 40\n\n[endpoint.judge]";
    scratch.edit("moru.toml", "[endpoint.judge]", small);
    let said = scratch.seen(&["run"]);
    // So small a model may say nothing of use; it is asked, and that is told.
    assert!(said.contains("builtin:nano on this machine"), "{said}");
    assert_eq!(double.requests().len(), n);
}

#[test]
fn each_model_is_judged_beside_its_own_base() {
    let double = double();
    let scratch = project(&double);
    scratch.stdout(&["run", "base"], 0);
    scratch.stdout(&["export", "base", "small"], 0);
    scratch.edit("moru.toml", "[source.rows]", "[model.small]\nbase = \"small\"\n\n[source.rows]");
    let small = "[train.small]\nsteps = 2\nbatch_size = 4\nrank = 2\n\n[evaluate]";
    scratch.edit("moru.toml", "[evaluate]", small);
    scratch.stdout(&["run", "judge:small"], 0);
    assert!(!double.requests().is_empty());
    let plan: Value = serde_json::from_str(&scratch.stdout(&["plan", "--json"], 0)).unwrap();
    let action = |id: &str| {
        let found = plan.as_array().unwrap().iter().find(|stage| stage["stage"] == id);
        found.unwrap_or_else(|| panic!("{id}"))["action"].clone()
    };
    assert_eq!((action("answer:base.small"), action("answer:base")), (json!("keep"), json!("run")));
}

/// The key stands in `.env` and nowhere else.
pub fn no_key_in(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            no_key_in(&path);
        } else if entry.file_name() != ".env" {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
            assert!(!found, "the key stands in {}", path.display());
        }
    }
}
