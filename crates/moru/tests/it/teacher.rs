//! A teacher behind an endpoint through the whole binary: asked online and in batches, within a budget, whatever it says.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use testing::endpoint::{Endpoint as Double, Fate, Reply, Said};

use crate::support::{Scratch, snapshot};

pub const KEY: &str = "k3y-f0r-t3sts-0nly";

const RULES: &str = "\
# 복무규정

제1조(목적) 이 규정은 직원의 복무에 관한 사항을 정한다.

제2조(근무시간) ① 근무시간은 1일 8시간, 1주 40시간으로 한다.

② 휴게시간은 12시부터 13시까지로 한다.

제3조(연차휴가) ① 1년간 80퍼센트 이상 출근한 직원에게 15일의 유급휴가를 준다.

② 연차휴가를 쓰려는 직원은 3일 전까지 부서장에게 신청하여야 한다.

제4조(병가) ① 직원이 질병으로 직무를 수행할 수 없을 때에는 연 60일의 범위에서 병가를 줄 수 있다.

② 병가가 7일을 넘는 때에는 의사의 진단서를 내야 한다.

제5조(출장) 출장을 마친 직원은 5일 이내에 복명서를 제출하여야 한다.
";

/// What a good teacher knows of them: the place, the kind, question, answer, and what a right answer has.
const PAIRS: [(&str, &str, &str, &str, &str); 8] = [
    (
        "제2조/제1항",
        "lookup",
        "하루 근무시간은 몇 시간인가요?",
        "근무시간은 1일 8시간, 1주 40시간입니다(복무규정 제2조 제1항).",
        "8시간",
    ),
    (
        "제2조/제2항",
        "lookup",
        "휴게시간은 언제부터 언제까지인가요?",
        "휴게시간은 12시부터 13시까지입니다(복무규정 제2조 제2항).",
        "13시",
    ),
    (
        "제3조/제1항",
        "lookup",
        "1년간 80퍼센트 이상 출근한 직원은 유급휴가를 며칠 받나요?",
        "1년간 80퍼센트 이상 출근한 직원에게 15일의 유급휴가를 줍니다(복무규정 제3조 제1항).",
        "15일",
    ),
    (
        "제3조/제2항",
        "procedure",
        "연차휴가를 쓰려면 며칠 전까지 누구에게 신청하나요?",
        "연차휴가를 쓰려는 직원은 3일 전까지 부서장에게 신청하여야 합니다(복무규정 제3조 제2항).",
        "3일",
    ),
    (
        "제4조/제1항",
        "lookup",
        "병가는 연 며칠까지 받을 수 있나요?",
        "연 60일의 범위에서 병가를 줄 수 있습니다(복무규정 제4조 제1항).",
        "60일",
    ),
    (
        "제4조/제1항",
        "lookup",
        "질병으로 쓰는 병가 일수는 얼마인가요?",
        "연 90일의 범위에서 병가를 줄 수 있습니다(복무규정 제4조 제1항).",
        "90일",
    ),
    (
        "제4조/제2항",
        "procedure",
        "병가가 며칠을 넘으면 의사의 진단서를 내야 하나요?",
        "병가가 7일을 넘는 때에는 의사의 진단서를 내야 합니다(복무규정 제4조 제2항).",
        "7일",
    ),
    (
        "제5조",
        "procedure",
        "출장을 마친 직원은 복명서를 언제까지 제출하나요?",
        "출장을 마친 직원은 5일 이내에 복명서를 제출하여야 합니다(복무규정 제5조).",
        "5일",
    ),
];

const RECIPE: &str = "\
[project]
name = \"rules\"

[source.rules]
kind = \"documents\"
path = \"rules\"
public = true

[chunk]
target_tokens = 40
max_tokens = 80

[endpoint.teacher]
url = \"URL\"
model = \"teacher-1\"
key_env = \"TEACHER_KEY\"
mode = \"online\"
attempts = 1
concurrency = 2
poll_secs = 0.1
max_tokens = 500
temperature = 0.7

[questions]
teacher = \"teacher\"
lookup = 4
procedure = 3
absent = 3
further_absent = 2
further_answerable = 1
top_k = 1

[prepare]
prompt = \"{context}\\n\\n질문: {question}\"
response = \"{answer}\"
meta = [\"slice\", \"type\", \"article\", \"split\"]
reject = { short_chars = 0, duplicates = 0.0 }

[split]
column = \"split\"
";

/// The paths that a request allows.
fn paths(body: &Value) -> Vec<String> {
    let pair = &body["response_format"]["json_schema"]["schema"]["properties"]["pairs"]["items"];
    let paths = pair["properties"]["paths"]["items"]["enum"].as_array().unwrap();
    paths.iter().map(|path| path.as_str().unwrap().to_owned()).collect()
}

/// What a good teacher answers.
pub fn right(body: &Value) -> Said {
    let paths = paths(body);
    let pair = |&(at, kind, question, answer, fact): &(&str, &str, &str, &str, &str)| {
        let path = paths.iter().find(|path| path.as_str() == at)?;
        Some(json!({"type": kind, "question": question, "answer": answer, "paths": [path], "facts": [fact]}))
    };
    json!({"pairs": PAIRS.iter().filter_map(pair).collect::<Vec<_>>()}).to_string().into()
}

/// A project whose questions a double writes.
pub fn project(double: &Double) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("rules/복무규정.md", RULES);
    scratch.write("moru.toml", &RECIPE.replace("URL", double.base_url()));
    scratch.write(".env", &format!("MORU_SECRET=the same\nTEACHER_KEY={KEY}\n"));
    scratch
}

pub fn double() -> Double {
    let double = Double::start();
    double.answer(right);
    double
}

/// Everything a person would see, without what the double's port is.
pub fn seen(scratch: &Scratch, double: &Double, args: &[&str]) -> String {
    scratch.seen(args).replace(double.base_url(), "[URL]")
}

/// The bodies that were uploaded in batches.
fn uploaded(double: &Double) -> BTreeSet<String> {
    let body = |line: &str| line.split_once("\"body\":").unwrap().1.strip_suffix('}').unwrap().to_owned();
    double.uploads().iter().flat_map(|file| file.lines().map(body).collect::<Vec<_>>()).collect()
}

pub fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_teacher_writes_the_questions_with_the_same_bytes_online_and_in_a_batch() {
    let (online, batch) = (double(), double());
    let scratch = project(&online);
    snapshot!("teacher-online", seen(&scratch, &online, &["run", "--until", "validate"]));
    let asked: BTreeSet<String> = online.bodies("/chat/completions").into_iter().collect();
    assert!(asked.len() >= 4, "{asked:?}");
    assert!(online.requests().iter().all(|r| r.headers["authorization"] == format!("Bearer {KEY}")));
    let in_batch = project(&batch);
    in_batch.edit("moru.toml", "mode = \"online\"", "mode = \"batch\"");
    batch.fates([Fate { looks: 2, reversed: true, ..Fate::default() }]);
    snapshot!("teacher-batch", seen(&in_batch, &batch, &["run", "--until", "validate"]));
    assert_eq!(uploaded(&batch), asked, "byte for byte");
    assert!(batch.bodies("/chat/completions").is_empty());
    let review = scratch.read("out/review.csv");
    assert_eq!(in_batch.read("out/review.csv"), review, "the same answers give the same questions");
    assert!(review.contains("휴게시간은 12시부터 13시까지입니다") && !review.contains("90일"), "{review}");
    // Neither the way nor the place nor the price makes the questions others; asked anew, the answers are here.
    in_batch.edit("moru.toml", "mode = \"batch\"", "mode = \"online\"\nprompt_price = 1.0\ntimeout_secs = 5");
    in_batch.edit("moru.toml", batch.base_url(), "http://127.0.0.1:9/v1");
    assert!(in_batch.stdout(&["run", "--until", "validate"], 0).contains("nothing to do"));
    in_batch.stdout(&["run", "synthesize:rules", "--refresh"], 0);
    assert_eq!(batch.uploads().len(), 1);
}

#[test]
fn words_of_ones_own_are_a_part_of_what_is_asked() {
    let double = double();
    let scratch = project(&double);
    for (name, text) in synth::questions::prompts::FILES {
        scratch.write(&format!("prompts/{name}"), text);
    }
    scratch.edit("moru.toml", "top_k = 1", "top_k = 1\nprompts = \"prompts\"");
    scratch.stdout(&["run", "--until", "validate"], 0);
    let before = double.bodies("/chat/completions").len();
    scratch.edit("prompts/ask.ko.md", "당신은", "당신은 꼼꼼하고");
    scratch.edit("prompts/judge.ko.md", "당신은", "당신은 엄격하게");
    let plan = scratch.stdout(&["plan"], 0);
    assert!(plan.contains("ask.ko.md") && !plan.contains("judge"), "{plan}");
    scratch.stdout(&["run", "--until", "validate"], 0);
    let bodies = double.bodies("/chat/completions");
    assert!(bodies.len() > before && bodies[before..].iter().all(|body| body.contains("꼼꼼하고")));
    scratch.edit("prompts/ask.ko.md", "{passage}", "{passag}");
    snapshot!("teacher-prompt", scratch.seen(&["run", "--until", "validate"]));
}

/// A teacher that goes wrong in its own way with each article.
pub fn faulty(body: &Value) -> Said {
    let text = body["messages"][0]["content"].as_str().unwrap();
    let again = body["messages"].as_array().unwrap().len() > 1;
    let good = right(body);
    let whole = good.text.clone().unwrap_or_default();
    match text {
        _ if text.contains("휴게시간") && !again => {
            format!("네, 질문입니다.\n```json\n{whole}\n```").into()
        }
        _ if text.contains("유급휴가") && !again => "질문을 만들 수 있습니다.".into(),
        _ if text.contains("진단서") => Said { refusal: Some("no".into()), text: None, ..Said::default() },
        _ if text.contains("복명서") => {
            Said { finish: "length", ..whole.chars().take(9).collect::<String>().into() }
        }
        _ => good,
    }
}

#[test]
fn what_cannot_be_used_is_repaired_asked_again_and_set_aside() {
    let double = Double::start();
    double.answer(faulty);
    let scratch = project(&double);
    snapshot!("teacher-faulty", seen(&scratch, &double, &["run", "--until", "validate"]));
    let aside = rows(&scratch.read("out/quarantine.jsonl"));
    let reasons: BTreeSet<&str> = aside.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, BTreeSet::from(["cut_off", "refusal"]), "{aside:?}");
    assert!(aside.iter().any(|row| row["asked"] == 3 && row["said"] == "{\"pairs\":"), "{aside:?}");
    assert!(scratch.read("moru.lock").contains("cut_off"), "the counts are the stage's, and the report's");
}

/// How an endpoint goes wrong.
pub type Way = Box<dyn Fn() -> Reply + Send + Sync>;

fn error(status: u16, code: &'static str, said: &str) -> Way {
    let said = said.to_owned();
    Box::new(move || Reply::error(status, code, &said))
}

/// How any endpoint with a model goes wrong, each with a name.
pub fn ways(model: &str) -> Vec<(&'static str, Way)> {
    let text = |said: &'static str| -> Way { Box::new(move || Reply::text(200, said)) };
    vec![
        ("wrong-key", error(401, "invalid_api_key", &format!("Incorrect API key provided: {KEY}"))),
        ("wrong-model", error(404, "model_not_found", &format!("The model `{model}` does not exist"))),
        ("not-json", text("<html><body>Welcome</body></html>")),
        ("half-json", text("{\"choices\": [{\"mess")),
    ]
}

#[test]
fn whatever_the_endpoint_does_is_told_and_what_was_answered_is_kept() {
    let further = [
        ("no-credit", error(429, "insufficient_quota", "You exceeded your current quota")),
        ("unknown-form", error(400, "", "response_format is not supported")),
    ];
    for (name, reply) in ways("teacher-1").into_iter().chain(further) {
        let double = double();
        double.rule(move |_, before| (before >= 2).then(&reply));
        let scratch = project(&double);
        scratch.edit("moru.toml", "concurrency = 2", "concurrency = 1");
        let said = seen(&scratch, &double, &["run", "--until", "validate"]);
        assert!(!said.contains(KEY), "{said}");
        snapshot!(format!("teacher-{name}"), said);
        // Mended, it goes on with the two answers there are.
        double.rule(|_, _| None);
        scratch.stdout(&["run", "--until", "validate"], 0);
        assert!(double.answered().values().all(|&times| times == 1), "{name}: asked again");
        no_key_in(scratch.root());
    }
}

#[test]
fn an_endpoint_that_is_not_there_or_has_no_key_is_told_of_before_anything_is_asked() {
    let double = double();
    let scratch = project(&double);
    scratch.edit("moru.toml", double.base_url(), "http://127.0.0.1:9/v1");
    snapshot!("teacher-down", scratch.seen(&["run", "--until", "validate"]));
    scratch.write(".env", "");
    snapshot!("teacher-no-key", scratch.seen(&["check"]));
    snapshot!("teacher-no-key-run", scratch.seen(&["run", "--until", "validate"]));
    scratch.edit("moru.toml", "key_env = \"TEACHER_KEY\"", &format!("key_env = \"{KEY}\""));
    scratch.edit("moru.toml", "teacher = \"teacher\"", "teacher = \"teachr\"");
    let said = scratch.seen(&["check", "--structure"]);
    assert!(!said.contains(KEY), "{said}");
    snapshot!("teacher-recipe", said);
    // Nor where it stands in an address, or in the place of a name.
    scratch.write("moru.toml", &RECIPE.replace("URL", double.base_url()));
    for key in
        ["questions.teacher", "questions.judge", "evaluate.judge", "endpoint.teacher.url", "model.base"]
    {
        for word in ["http://h/v1?api_key=SEKRET99#m", "sk-proj-SEKRET99abcdef", "http://u:SEKRET99@h/v1#m"] {
            let (set, verbs) =
                (format!("{key}={word}"), [&["check"][..], &["check", "--structure"], &["plan"]]);
            for verb in verbs {
                let said = scratch.seen(&[verb, &["--set", &set]].concat());
                let (_, said) = said.split_once('\n').unwrap();
                assert!(!said.contains("SEKRET"), "{set}: {said}");
            }
        }
    }
    assert!(double.requests().is_empty());
}

#[test]
fn a_budget_stops_before_it_is_spent() {
    let double = double();
    let scratch = project(&double);
    let priced = "attempts = 1\nprompt_price = 10.0\nanswer_price = 30.0\nbudget = 0.001";
    scratch.edit("moru.toml", "attempts = 1", priced);
    snapshot!("teacher-over-budget", seen(&scratch, &double, &["run", "--until", "validate"]));
    scratch.edit("moru.toml", "budget = 0.001", "budget = 0");
    snapshot!("teacher-budget-zero", seen(&scratch, &double, &["run", "--until", "validate"]));
    scratch.edit("moru.toml", "mode = \"online\"", "mode = \"batch\"");
    scratch.stdout(&["run", "--until", "validate"], 2);
    scratch.stdout(&["batch", "submit"], 2);
    assert!(double.requests().is_empty(), "nothing was asked");
    // So much as it gives, and no more: the last request that could cost more than is left is not made.
    scratch.edit("moru.toml", "mode = \"batch\"", "mode = \"online\"");
    scratch.edit("moru.toml", "budget = 0", "budget = 0.06");
    scratch.edit("moru.toml", "concurrency = 2", "concurrency = 1");
    scratch.edit("moru.toml", "top_k = 1", "top_k = 1\npartial = true");
    let said = seen(&scratch, &double, &["run", "--until", "validate"]);
    snapshot!("teacher-partial", said);
    let spent: f64 = double.answered().keys().map(|body| cost(body)).sum();
    assert!(spent > 0.0 && spent <= 0.06, "{spent}");
}

/// What the double says that a body used, at the prices of the test.
fn cost(body: &str) -> f64 {
    let body: Value = serde_json::from_str(body).unwrap();
    let answer = right(&body).text.unwrap().chars().count();
    (testing::endpoint::prompt_tokens(&body) as f64 * 10.0 + answer as f64 * 30.0) / 1e6
}

#[test]
fn batches_go_step_by_step() {
    let double = double();
    let scratch = project(&double);
    scratch.edit("moru.toml", "poll_secs = 0.1", "poll_secs = 0.1\nbatch_lines = 3");
    double.fates([Fate { looks: 1, ..Fate::default() }, Fate { lost: 1, ..Fate::default() }]);
    snapshot!("teacher-batch-none", seen(&scratch, &double, &["batch", "status"]));
    snapshot!("teacher-batch-submit", seen(&scratch, &double, &["batch", "submit"]));
    let n = double.requests().len();
    snapshot!("teacher-batch-status", seen(&scratch, &double, &["batch", "status"]));
    // What is in a batch is not asked and paid for a second time.
    snapshot!("teacher-two-ways", seen(&scratch, &double, &["run", "--until", "validate"]));
    assert_eq!(double.requests().len(), n);
    snapshot!("teacher-batch-retrieve", seen(&scratch, &double, &["batch", "retrieve"]));
    snapshot!("teacher-batch-wait", seen(&scratch, &double, &["batch", "wait"]));
    let status: Value = serde_json::from_str(&scratch.stdout(&["batch", "status", "--json"], 0)).unwrap();
    assert_eq!(status["under_way"], 0);
    // One answer was in no file: it is asked for online now, and nothing else is.
    scratch.stdout(&["run", "--until", "validate"], 0);
    assert_eq!(double.bodies("/chat/completions").len(), 1);
    assert!(double.answered().values().filter(|&&times| times > 1).count() <= 1);
    no_key_in(scratch.root());
}

#[test]
fn a_file_for_a_server_of_ones_own() {
    let double = double();
    let scratch = project(&double);
    scratch.stdout(&["batch", "write", "asked.jsonl"], 0);
    let lines = rows(&scratch.read("asked.jsonl"));
    assert!(lines.len() >= 4 && lines[0]["url"] == "/v1/chat/completions", "{lines:?}");
    let said = scratch.seen(&["batch", "read", "asked.jsonl"]);
    assert!(said.contains("exit 2") && said.contains("line 1 of asked.jsonl is a question"), "{said}");
    // As `vllm run-batch` would answer them, one of them not.
    let line = |line: &Value| {
        let message = json!({"role": "assistant", "content": right(&line["body"]).text});
        let body = json!({"model": "teacher-1", "choices": [{"message": message, "finish_reason": "stop"}]});
        let id = &line["custom_id"];
        json!({"id": "x", "custom_id": id, "response": {"status_code": 200, "body": body}, "error": null})
    };
    let answered: Vec<String> = lines[1..].iter().map(|l| line(l).to_string()).collect();
    scratch.write("answered.jsonl", &answered.join("\n"));
    snapshot!("teacher-run-batch", scratch.seen(&["batch", "read", "answered.jsonl"]));
    scratch.stdout(&["run", "--until", "validate"], 0);
    assert_eq!(double.requests().len(), 1, "what the file did not answer");
}

#[test]
fn an_endpoint_in_one_line_and_a_model_on_this_machine() {
    let double = double();
    let scratch = project(&double);
    let line = format!("teacher = \"{}#teacher-1\"", double.base_url());
    scratch.edit("moru.toml", "teacher = \"teacher\"", &line);
    scratch.stdout(&["run", "--until", "validate"], 0);
    assert!(double.requests().iter().all(|request| !request.headers.contains_key("authorization")));
    scratch.edit("moru.toml", &line, "teacher = \"small\"");
    scratch.edit(
        "moru.toml",
        "[questions]",
        "[endpoint.small]\nurl = \"local:builtin:nano\"\nmax_tokens = 24\nre_asks = 0\n\n[questions]",
    );
    scratch.edit("moru.toml", "lookup = 4\nprocedure = 3", "lookup = 1\nprocedure = 0\npartial = true");
    let said = scratch.seen(&["run", "--until", "synthesize"]);
    assert!(said.contains("exit 0") && said.contains("builtin:nano on this machine"), "{said}");
    // The same model has said it already.
    scratch.stdout(&["run", "synthesize:rules", "--refresh"], 0);
}

/// Makes a whole run a small one.
const SMALL: [&str; 14] = [
    "--set",
    "model.base=builtin:toy",
    "--set",
    "train.steps=2",
    "--set",
    "train.batch_size=2",
    "--set",
    "evaluate.max_rows=2",
    "--set",
    "evaluate.max_new_tokens=2",
    "--set",
    "evaluate.leak_samples=0",
    "--set",
    "tokenize.max_len_tokens=1024",
];

/// The work may be cut between two machines: where the teacher is, and where training is.
#[test]
fn a_folder_goes_to_another_machine_and_on_from_there() {
    let double = double();
    let here = project(&double);
    let run = |scratch: &Scratch, args: &[&str]| scratch.seen(&[&["run"], args, &SMALL].concat());
    let said = run(&here, &["--until", "validate"]);
    assert!(said.contains("exit 0") && said.contains("synthesize:rules"), "{said}");
    let n = double.requests().len();
    let there = Scratch::new();
    copy(here.root(), &there.path("elsewhere"));
    drop(here);
    // No key comes along, and nobody answers there.
    there.write("elsewhere/.env", "MORU_SECRET=the same\n");
    there.edit("elsewhere/moru.toml", double.base_url(), "http://127.0.0.1:9/v1");
    let said = run(&there, &["--project", "elsewhere"]);
    assert!(said.contains("exit 0") && !said.contains("synthesize:rules"), "{said}");
    assert_eq!(double.requests().len(), n);
    assert!(there.path("elsewhere/out/report.html").exists());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The key stands in `.env` and nowhere else.
fn no_key_in(folder: &Path) {
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
