//! The life of a project: init, check, plan, run, nothing to do, a changed rule, a moved folder.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use crate::support::{Scratch, snapshot, table};

#[test]
fn from_init_to_nothing_to_do() {
    let scratch = Scratch::project();
    snapshot!("check", scratch.seen(&["check"]));
    snapshot!("plan-first", scratch.seen(&["plan"]));
    let start = Instant::now();
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    let with_work = start.elapsed();
    assert_eq!(done["ran"].as_array().unwrap().len(), 9, "{done}");
    for name in [
        "dataset.jsonl",
        "qna_prompt_response.csv",
        "qna_prompt_response.jsonl",
        "rejected.jsonl",
        "report.html",
        "report.json",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "samples/base.jsonl",
        "samples/main.jsonl",
        "trainer_state.json",
        "logs/main/trainer_log.jsonl",
        "logs/main/tensorboard",
    ] {
        assert!(scratch.path("out").join(name).exists(), "out/{name}");
    }
    let dataset = scratch.read("out/dataset.jsonl");
    assert!(dataset.contains("[전화번호]") && !dataset.contains("010-2345"), "masked");
    snapshot!("plan-second", scratch.seen(&["plan"]));
    let fastest = (0..3)
        .map(|_| {
            let start = Instant::now();
            snapshot!("run-second", scratch.seen(&["run"]));
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(8 * fastest < with_work, "{fastest:?}, and {with_work:?} with all the work");
}

#[test]
fn a_changed_masking_rule_runs_what_depends_on_it() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    scratch.edit("moru.toml", "meta = [", "mask = { style = \"partial\" }\nmeta = [");
    snapshot!("plan-changed-mask", scratch.seen(&["plan"]));
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!(done["kept"], serde_json::json!(["ingest:rows"]), "{done}");
    assert!(scratch.read("out/dataset.jsonl").contains("010-****-"), "the other style");
    // Only how the answers are shown: nothing is asked again.
    scratch.edit("moru.toml", "metrics = [\"chrf\", \"exact\"]", "metrics = [\"chrf\"]");
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!(done["ran"], serde_json::json!(["evaluate:main"]), "{done}");
}

#[test]
fn counts_add_up_in_the_report() {
    let scratch = Scratch::project();
    scratch.write(
        "data/rows.csv",
        &(table(60) + "61,배송,짧,네\n62,배송,\"언제 오나요, 정말 궁금합니다\",확인 후 연락드리겠습니다\n"),
    );
    scratch.stdout(&["run"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 9);
    for stage in stages.iter().filter(|stage| stage["rows_in"].is_u64()) {
        let rejected: u64 =
            stage["rejected"].as_array().into_iter().flatten().map(|r| r["count"].as_u64().unwrap()).sum();
        let sum = stage["rows_out"].as_u64().unwrap() + rejected + stage["failed"].as_u64().unwrap();
        assert_eq!(stage["rows_in"].as_u64().unwrap(), sum, "{stage}");
    }
    let prepare = stages.iter().find(|stage| stage["id"] == "prepare").unwrap();
    assert_eq!((prepare["rows_in"].as_u64(), prepare["rows_out"].as_u64()), (Some(62), Some(60)));
    let rejected = scratch.read("out/rejected.jsonl");
    assert_eq!(rejected.lines().count(), 2, "{rejected}");
    assert!(rejected.lines().all(|line| line.starts_with("{\"stage\":\"prepare\",")), "{rejected}");
    assert!(report["leaks"]["checks"].as_array().unwrap().len() > 5);
    let systems = report["evaluation"][0]["systems"].as_array().unwrap().len();
    assert_eq!(systems, 4, "base, tuned and two baselines");
}

#[test]
fn a_moved_project_continues() {
    let scratch = Scratch::new();
    let home = Scratch::project();
    home.stdout(&["run", "--until", "tokenize"], 0);
    fs::rename(home.path("."), scratch.path("moved"))
        .or_else(|_| fs::rename(home.root(), scratch.path("moved")))
        .unwrap();
    fs::create_dir_all(home.root()).unwrap();
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json", "-C", "moved"], 0)).unwrap();
    assert_eq!(done["kept"].as_array().unwrap().len(), 5, "{done}");
    let lock = scratch.read("moved/moru.lock");
    assert!(!lock.contains("/tmp") && !lock.contains("seconds"), "no path and no time in the lock");
}

#[test]
fn the_same_recipe_gives_the_same_lock() {
    let (a, b) = (Scratch::project(), Scratch::project());
    for scratch in [&a, &b] {
        scratch.write(".env", "MORU_SECRET=the same\n");
        scratch.stdout(&["run"], 0);
    }
    assert_eq!(a.read("moru.lock"), b.read("moru.lock"));
    assert_eq!(a.read("out/dataset.jsonl"), b.read("out/dataset.jsonl"));
}

#[test]
fn what_flows_can_be_seen() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    for (name, args) in [
        ("tap-ingest", &["tap", "ingest", "-n", "1"][..]),
        ("tap-prepare", &["tap", "prepare", "-n", "1"]),
        ("tap-diff", &["tap", "prepare", "--diff", "-n", "1"]),
        ("tap-tokenize", &["tap", "tokenize", "-n", "1"]),
        ("why", &["why", "rows#3"]),
        ("why-unknown", &["why", "rows#9999"]),
        ("tap-judge", &["tap", "judge"]),
    ] {
        snapshot!(name, scratch.seen(args));
    }
    let csv = scratch.stdout(&["tap", "ingest", "--csv"], 0);
    assert_eq!(csv.lines().count(), 61);
    assert!(csv.contains("[전화번호]") && !csv.contains("010-2345"), "masked");
    for args in
        [&["tap", "split"][..], &["tap", "train"], &["tap", "answer"], &["tap", "prepare", "--rejected"]]
    {
        scratch.stdout(args, 0);
    }
    let model = scratch.stdout(&["inspect", "out/adapter", "--json"], 0);
    assert_eq!(serde_json::from_str::<Value>(&model).unwrap()["rank"], 4);
}

#[test]
fn the_tuned_model_answers() {
    use std::io::Write;
    let scratch = Scratch::project();
    scratch.stdout(&["train"], 0);
    let mut child = scratch
        .command(&["generate", "--max-tokens", "4", "--model", "main"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(
            "배송 언제 오나요\n{\"id\":\"q\",\"question\":\"환불\",\"category\":\"길고 긴 유형\"}\n"
                .as_bytes(),
        )
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(),
        [Value::from(1), Value::from("q")]
    );
    assert!(lines.iter().all(|line| line["end"]["completion_tokens"].as_u64().unwrap() <= 4));
    let prompt = |i: usize| lines[i]["end"]["prompt_tokens"].as_u64().unwrap();
    assert!(prompt(1) > prompt(0), "the category is asked with: {lines:?}");
    answers_are_held_to_a_schema(&scratch);
    a_talk_works_through_a_pipe(&scratch);
}

/// Runs a verb with something on stdin; gives its exit code, stdout and stderr.
fn fed(scratch: &Scratch, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = scratch.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn answers_are_held_to_a_schema(scratch: &Scratch) {
    let schema = r#"{"type": "object", "properties": {"urgent": {"type": "boolean"}, "kind": {"enum": ["배송", "환불"]}},
        "required": ["urgent", "kind"], "additionalProperties": false}"#;
    scratch.write("schema.json", schema);
    let args = ["generate", "--schema", "schema.json", "--max-tokens", "60", "--temperature", "1"];
    let (code, answers, errors) = fed(scratch, &args, "배송 언제 오나요\n환불\n");
    assert_eq!(code, Some(0), "{errors}");
    for line in answers.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let reply: Value = serde_json::from_str(line["text"].as_str().unwrap()).unwrap();
        assert!(
            reply["urgent"].is_boolean() && ["배송", "환불"].contains(&reply["kind"].as_str().unwrap()),
            "{line}"
        );
        assert_eq!(line["end"]["finish"], "stop");
    }
    assert_eq!(answers.lines().count(), 2);
    scratch.write("schema.json", r#"{"type": "array", "contains": {}}"#);
    let (code, answers, _) = fed(scratch, &args, "배송\n");
    assert!(code == Some(1) && answers.contains("keyword `contains`"), "{answers}");
    scratch.write("tools.json", r#"[{"type": "function", "function": {"name": "status", "parameters": {"type": "object",
        "properties": {"order": {"type": "integer", "minimum": 0, "maximum": 999}}, "required": ["order"]}}}]"#);
    let args = ["generate", "--tools", "tools.json", "--tool-choice", "status", "--max-tokens", "100"];
    let (code, answers, errors) = fed(scratch, &args, "배송\n");
    let answer: Value = serde_json::from_str(&answers).expect(&errors);
    let called = &answer["tool_calls"][0];
    assert!(
        code == Some(0) && called["name"] == "status" && called["arguments"]["order"].is_u64(),
        "{answer}"
    );
    assert_eq!(answer["end"]["finish"], "tool_calls");
}

fn a_talk_works_through_a_pipe(scratch: &Scratch) {
    let input = "/help\n\n배송은\\\n언제 오나요\n/system 짧게 답하세요.\n/system\n/adapter\n/adapter base\n환불\n\
        /adapter nobody\n/nonsense\n/reset\n환불\n/quit\nnever asked\n";
    let (code, answers, talk) = fed(scratch, &["chat", "--max-tokens", "3"], input);
    assert_eq!(code, Some(0), "{talk}");
    assert!(answers.lines().count() >= 3, "{answers}");
    for words in [
        "/adapter NAME",
        "짧게 답하세요.\n",
        "main (answers), base",
        "base answers",
        "nobody",
        "there is no /nonsense",
        "forgotten",
    ] {
        assert!(talk.contains(words), "{words}: {talk}");
    }
}

#[test]
fn cleaning_tells_before_it_removes() {
    let scratch = Scratch::project();
    scratch.stdout(&["run", "--until", "split"], 0);
    scratch.stdout(&["run", "--until", "split", "--set", "prepare.mask.style=partial"], 0);
    let before: Value = serde_json::from_str(&scratch.stdout(&["clean", "--json"], 0)).unwrap();
    let unused = before["before"]["unused_bytes"].as_u64().unwrap();
    assert!(unused > 0 && before["removed"].is_null(), "{before}");
    let after: Value = serde_json::from_str(&scratch.stdout(&["clean", "--yes", "--json"], 0)).unwrap();
    assert_eq!(after["removed"]["bytes"].as_u64(), Some(unused));
}

#[test]
fn a_table_of_ones_own() {
    let scratch = Scratch::new();
    scratch.write("mine.csv", &table(40).replace("question", "문의내용").replace("answer", "답변"));
    snapshot!("init-from", scratch.seen(&["init", "--from", "mine.csv", "bot"]));
    scratch.edit("bot/moru.toml", "builtin:nano", "builtin:toy");
    scratch.stdout(&["run", "-C", "bot", "--until", "tokenize"], 0);
    scratch.write("odd.csv", "a1,b2\nx,y\n");
    snapshot!("init-from-unclear", scratch.seen(&["init", "--from", "odd.csv", "odd"]));
    assert!(!scratch.path("odd").exists());
}

/// A table whose answers carry a name that only its column gives away, in words that cleaning takes out.
fn with_staff(scratch: &Scratch) {
    let text = table(60).replace("question,answer", "question,answer,staff");
    let lines = text.lines().enumerate().map(|(i, line)| {
        let Some((front, answer)) = line.rsplit_once(',').filter(|_| i > 0) else { return line.to_owned() };
        format!("{front},안녕하세요. 모아상점 상담사 방지유입니다. {answer},방지유")
    });
    scratch.write("data/rows.csv", &lines.collect::<Vec<_>>().join("\n"));
    scratch.edit("moru.toml", "key = [\"id\"]", "key = [\"id\"]\npersonal = { staff = \"person\" }");
}

#[test]
fn names_of_personal_columns_are_hidden_in_every_view() {
    let scratch = Scratch::project();
    with_staff(&scratch);
    scratch.stdout(&["run", "--until", "tokenize"], 0);
    for args in [
        &["tap", "prepare", "--diff", "-n", "0"][..],
        &["tap", "prepare", "--diff", "-n", "0", "--json"],
        &["tap", "ingest", "-n", "0"],
        &["why", "rows#1"],
        &["why", "rows#1", "--json"],
    ] {
        let seen = scratch.stdout(args, 0);
        assert!(seen.contains("상담사 [이름]"), "{args:?}: {seen}");
        assert!(!seen.contains("방지유"), "{args:?}");
    }
}

#[test]
fn what_is_asked_of_tap_is_what_it_gives() {
    let scratch = Scratch::project();
    scratch.stdout(&["run", "--until", "ingest:rows"], 0);
    for (n, lines) in [("1", 2), ("3", 4), ("0", 61)] {
        let csv = scratch.stdout(&["tap", "ingest", "--csv", "-n", n], 0);
        assert_eq!(csv.lines().count(), lines, "-n {n}");
    }
    assert!(scratch.seen(&["tap", "ingest:nope"]).contains("there is no source called `nope`"));
}

#[test]
fn a_report_follows_the_recipe_although_no_stage_reads_it() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    let english = ["run", "--json", "--set", "report.language=en"];
    let done: Value = serde_json::from_str(&scratch.stdout(&english, 0)).unwrap();
    assert_eq!(done["ran"], serde_json::json!([]));
    assert!(scratch.read("out/report.html").contains("<html lang=\"en\""));
    let done: Value = serde_json::from_str(&scratch.stdout(&english, 0)).unwrap();
    assert_eq!(done["wrote"], serde_json::json!([]), "and then there is nothing to do");
    assert!(scratch.read("out/README.md").contains("| rows | csv | 60 | not stated | no | no |"));
    assert!(scratch.read("out/README.md").contains("keep the files of this folder inside"));
    scratch.edit(
        "moru.toml",
        "key = [\"id\"]",
        "key = [\"id\"]\nlicence = \"CC-BY-4.0\"\nredistribute = true",
    );
    let done: Value = serde_json::from_str(&scratch.stdout(&english, 0)).unwrap();
    assert_eq!(done["ran"], serde_json::json!([]), "a licence reads nothing anew");
    let card = scratch.read("out/README.md");
    assert!(card.contains("license: \"CC-BY-4.0\"") && card.contains("| CC-BY-4.0 | yes | no |"), "{card}");
    assert!(!card.contains("inside the organisation"));
}

#[test]
fn of_two_first_runs_one_is_refused_and_the_other_ends_well() {
    let scratch = Scratch::project();
    let piped = std::process::Stdio::piped;
    let start = || scratch.command(&["run"]).stdout(piped()).stderr(piped()).spawn().unwrap();
    let ended = [start(), start()].map(|child| child.wait_with_output().unwrap());
    let codes = ended.each_ref().map(|output| output.status.code().unwrap());
    // The later one may also come when all is done.
    let said = ended.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(matches!(codes, [0 | 2, 0] | [0, 2]), "{codes:?}\n{}", said.join("\n---\n"));
    let refused = codes.iter().zip(&said).filter(|(code, _)| **code == 2);
    refused.for_each(|(_, said)| assert!(said.contains("another run is working"), "{said}"));
    assert!(scratch.path("out/report.html").exists());
}

#[test]
fn over_long_examples_are_told_and_followed() {
    let scratch = Scratch::project();
    let long = ["--set", "tokenize.max_len_tokens=90"];
    let output = scratch.output(&[&["run", "--until", "tokenize"][..], &long].concat());
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.contains("questions were shortened, to stay within 90 tokens"), "{talk}");
    let why: Value =
        serde_json::from_str(&scratch.stdout(&[&["why", "rows#3", "--json"][..], &long].concat(), 0))
            .unwrap();
    let tokens = why["stages"]["tokenize"][0]["tokens"].as_u64().unwrap();
    assert!(tokens <= 90, "as it is trained: {tokens}");
    let none = scratch.seen(&["run", "--set", "tokenize.max_len_tokens=9"]);
    assert!(none.contains("examples to train on are longer than 9 tokens"), "{none}");
    let error =
        scratch.seen(&["run", "--set", "tokenize.max_len_tokens=9", "--set", "tokenize.over_long=error"]);
    assert!(error.contains("set [tokenize] over_long to"), "{error}");
}

#[test]
fn a_workbook_is_not_taken_for_a_table() {
    let scratch = Scratch::new();
    scratch.write("a.xlsx", "PK\u{3}\u{4}");
    scratch.write("b.csv", "PK\u{3}\u{4}");
    assert!(scratch.seen(&["init", "--from", "a.xlsx", "bot"]).contains("kind = \"xlsx\""));
    assert!(scratch.seen(&["init", "--from", "b.csv", "bot"]).contains("a binary file"));
    assert!(!scratch.path("bot").exists());
}

#[test]
fn columns_and_numbers_that_cannot_be_are_refused() {
    let scratch = Scratch::project();
    for verb in ["chat", "generate"] {
        for column in ["kategory=배송", "category"] {
            let seen = scratch.seen(&[verb, "--column", column]);
            assert!(seen.contains("exit 2") && seen.contains("its columns are category, question"), "{seen}");
        }
        for flag in ["--temperature=nan", "--temperature=-1", "--top-p=1.5", "--min-p=x"] {
            assert!(scratch.seen(&[verb, flag]).contains("exit 2"), "{flag}");
        }
    }
}

#[test]
fn groups_are_told_apart_by_what_is_not_masked() {
    let scratch = Scratch::project();
    with_staff(&scratch);
    scratch.edit("moru.toml", "meta = [\"category\"]", "meta = [\"category\", \"staff\"]");
    let by = ["--set", "split.group=staff"];
    let seen = scratch.seen(&[&["run"][..], &by].concat());
    assert!(seen.contains("is a personal column, whose values are masked"), "{seen}");
    // Rows without a group are not one group.
    scratch.write("data/rows.csv", &scratch.read("data/rows.csv").replace(",방지유\n", ",\n"));
    scratch.edit("moru.toml", "personal = { staff = \"person\" }", "");
    scratch.stdout(&[&["run", "--until", "split"][..], &by].concat(), 0);
}

#[test]
fn a_personal_column_is_never_left_unmasked_in_silence() {
    let scratch = Scratch::project();
    with_staff(&scratch);
    let seen = scratch.stdout(&["check", "--set", "prepare.mask.entities=['mobile']"], 1);
    assert!(seen.contains("`staff` holds `person`, which [prepare.mask] entities leaves unmasked"), "{seen}");
    scratch.stdout(&["check", "--set", "prepare.mask.entities=['mobile', 'person']"], 0);
}

#[test]
fn two_sources_are_told_apart_and_their_duplicates_found() {
    let scratch = Scratch::project();
    let second = "[source.again]\nkind = \"csv\"\npath = \"data/rows.csv\"\nkey = [\"id\"]\n\n[source.rows]";
    scratch.edit("moru.toml", "[source.rows]", second);
    scratch.edit("moru.toml", "duplicates = 0.0", "duplicates = 1.0");
    scratch.stdout(&["run", "--until", "split"], 0);
    let why: Value = serde_json::from_str(&scratch.stdout(&["why", "rows#3", "--json"], 0)).unwrap();
    assert_eq!(why["stages"]["prepare"]["rejected"]["detail"], "similarity 1.000 to again#3", "{why}");
    assert!(scratch.stdout(&["why", "again#3"], 0).contains("split"));
    let seen = scratch.seen(&["tap", "ingest", "--csv"]);
    assert!(seen.contains("`moru tap ingest:again --csv` or `moru tap ingest:rows --csv`"), "{seen}");
    assert_eq!(scratch.stdout(&["tap", "ingest:rows", "--csv"], 0).lines().count(), 61);
}

#[test]
fn the_example_shop_asks_its_own_questions() {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "support", "shop"], 0);
    let seen = scratch.stdout(&["check", "-C", "shop", "--set", "model.base=builtin:toy"], 0);
    assert!(seen.contains("evaluate.questions: questions.jsonl: 20 questions"), "{seen}");
    scratch.stdout(&["init", "support", "own", "--no-example"], 0);
    assert!(!scratch.read("own/moru.toml").contains("questions.jsonl"));
    assert!(!scratch.path("own/questions.jsonl").exists());
}

#[test]
fn a_name_that_was_seen_once_is_hidden_wherever_it_stands() {
    let scratch = Scratch::project();
    let more = "101,배송,저는 방지유가 맞습니다 상품은 언제 오나요,방지유 씨 앞으로 어제 보냈습니다\n\
                102,배송,\"방지유 고객님 이라고 오는데, 저는 방지유 회원이 아니라 이웃입니다\",확인했습니다 고맙습니다\n";
    scratch.write("data/rows.csv", &(table(60) + more));
    for style in ["token", "surrogate", "partial"] {
        let set = format!("prepare.mask.style={style}");
        scratch.stdout(&["run", "--until", "prepare", "--set", &set], 0);
        for file in ["dataset.jsonl", "rejected.jsonl", "qna_prompt_response.csv"] {
            assert!(!scratch.read(&format!("out/{file}")).contains("방지유"), "{style}: {file}");
        }
        for args in [
            &["why", "rows#101"][..],
            &["tap", "ingest", "-n", "0"],
            &["tap", "prepare", "--diff", "-n", "0"],
        ] {
            let seen = scratch.stdout(&[args, &["--set", &set]].concat(), 0);
            assert!(!seen.contains("방지유"), "{style}: {args:?}: {seen}");
        }
    }
    assert!(scratch.read("out/dataset.jsonl").contains("방*유가 맞습니다"), "as the style has it");
}

#[test]
fn another_recipe_after_the_private_folder_is_gone_writes_what_it_made() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    std::fs::remove_dir_all(scratch.path(".moru")).unwrap();
    std::fs::remove_dir_all(scratch.path("out")).unwrap();
    // The lock still tells of later stages, whose results are gone.
    scratch.edit("moru.toml", "response = \"{answer}\"", "response = \"{answer} 감사합니다.\"");
    scratch.stdout(&["run", "--until", "prepare"], 0);
    assert_eq!(scratch.read("out/dataset.jsonl").lines().count(), 60);
}
