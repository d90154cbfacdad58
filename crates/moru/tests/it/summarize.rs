//! The summarize job, from `init` to `generate`, small.

use serde_json::Value;

use crate::support::Scratch;

/// Makes a run of the job a matter of seconds.
const SMALL: [&str; 16] = [
    "--set",
    "model.base=builtin:toy",
    "--set",
    "train.steps=3",
    "--set",
    "train.batch_size=2",
    "--set",
    "evaluate.max_rows=6",
    "--set",
    "evaluate.max_new_tokens=8",
    "--set",
    "evaluate.leak_samples=4",
    "--set",
    "tokenize.max_len_tokens=512",
    "--set",
    "prepare.reject.duplicates=0.0",
];

fn with<'a>(head: &[&'a str]) -> Vec<&'a str> {
    head.iter().copied().chain(SMALL).collect()
}

/// Rows of `question,answer,summary`; those of a test name other numbers.
fn table(from: usize, n: usize) -> String {
    let row = |i: usize| {
        format!(
            "\"{i}번 일을 왜 하셨나요?\",\"글쎄요, 오래된 이야기예요. 그때 {i}번 창고가 비었거든요. 그래서 {}개를 옮겼어요. 지금은 괜찮아요.\",\"{i}번 창고가 비어 {}개를 옮겼다.\"\n",
            i * 7,
            i * 7
        )
    };
    (from..from + n).fold("question,answer,summary\n".to_owned(), |text, i| text + &row(i))
}

#[test]
fn init_writes_a_project_that_can_run_and_whose_test_is_a_file_of_its_own() {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "summarize", "s"], 0);
    let (train, test) = (scratch.read("s/data/interviews.csv"), scratch.read("s/data/test.csv"));
    assert!(train.lines().count() > 3000 && test.lines().count() > 300);
    let said = scratch.stdout(&with(&["run", "-C", "s", "--until", "split"]), 0);
    assert!(said.is_empty() || said.contains("stages ran"), "{said}");
    let ids = |split: &str| -> Vec<String> {
        let found = scratch.stdout(&["tap", "-C", "s", "split", "-n", "0"], 0);
        let mark = format!(" [{split}]");
        found.lines().filter_map(|line| line.strip_suffix(&mark)).map(str::to_owned).collect()
    };
    let of =
        |ids: &[String], source: &str| ids.iter().filter(|id| id.starts_with(&format!("{source}#"))).count();
    let (train, valid, test) = (ids("train"), ids("valid"), ids("test"));
    assert_eq!((of(&train, "test"), of(&valid, "test"), of(&test, "interviews")), (0, 0, 0));
    assert!(test.len() >= 300, "{}", test.len());
    let share = valid.len() as f64 / (train.len() + valid.len()) as f64;
    assert!((0.005..0.015).contains(&share), "{share}");
    let shown = scratch.stdout(&["tap", "-C", "s", "split", "-n", "1"], 0);
    assert!(shown.contains("system: Summarize the interview answer"), "{shown}");
}

#[test]
fn a_table_of_ones_own_goes_from_rows_to_summaries_of_a_file() {
    let scratch = Scratch::new();
    scratch.write("mine.csv", &table(1, 60));
    scratch.write("held.csv", &table(500, 8));
    scratch.stdout(&["init", "--from", "mine.csv", "--test", "held.csv", "s"], 0);
    let recipe = scratch.read("s/moru.toml");
    assert!(recipe.contains("split = \"test\"") && recipe.contains("train = 0.99"), "{recipe}");
    scratch.stdout(&with(&["run", "-C", "s"]), 0);

    let report: Value = serde_json::from_str(&scratch.read("s/out/report.json")).unwrap();
    // Nobody is named in these rows: a model is not made to talk where nothing it says could be found.
    let led_on = &report["leaks"]["tests"][0];
    assert_eq!(
        (&led_on["known_values"], &led_on["samples"], &led_on["continuations"]),
        (&0.into(), &0.into(), &0.into())
    );
    let said = if report["language"] == "ko" {
        "물어볼 값이 없습니다"
    } else {
        "none to ask the model for"
    };
    assert!(scratch.read("s/out/report.html").contains(said));
    let evaluation = &report["evaluation"][0];
    let names = |key: &str, part: &str| -> Vec<String> {
        evaluation[key].as_array().unwrap().iter().map(|m| m[part].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("systems", "id"), ["base", "tuned", "nf4", "lead", "nearest"]);
    assert_eq!(evaluation["generation"], "greedy, at most 8 tokens, frequency penalty 0.8");
    let measures = names("measures", "name");
    assert_eq!(measures[0], "rougeL-syllable");
    for wanted in ["rouge1", "rouge2", "rougeL", "rouge1-syllable", "BLEU", "chrF2"] {
        assert!(measures.iter().any(|name| name == wanted), "{measures:?}");
    }
    // The lead is the first sentence of the answer, not of the question before it.
    let sample = &evaluation["samples"][0];
    assert_eq!(sample["answers"][3]["text"], "글쎄요, 오래된 이야기예요.");
    assert!(evaluation["measures"][0]["tests"].as_array().unwrap().len() == 4);

    // One pair from the command line: its text alone.
    let fields = ["--field", "question=왜요?", "--field", "answer=비가 왔어요. 그래서 문을 닫았어요."];
    let one = scratch.stdout(&with(&[&["generate", "-C", "s"][..], &fields].concat()), 0);
    assert!(!one.contains("### Response") && serde_json::from_str::<Value>(&one).is_err(), "{one}");
    // The recipe's penalty holds where no other is named.
    let asked = |how: &[&str]| {
        let all = [&["generate", "-C", "s", "--max-tokens", "48"][..], &fields, how].concat();
        scratch.stdout(&with(&all), 0)
    };
    let strict = asked(&["--set", "replies.frequency_penalty=10"]);
    assert_eq!(strict, asked(&["--frequency-penalty", "10"]));
    assert_ne!(strict, asked(&["--frequency-penalty", "0"]));

    // The same pair in a file, beside another, gives the same text whatever else is in the batch.
    scratch.write("ask.csv", "question,answer\n왜요?,비가 왔어요. 그래서 문을 닫았어요.\n누가요?,제가요.\n");
    for batch in ["1", "2"] {
        scratch.stdout(
            &with(&["generate", "-C", "s", "--in", "ask.csv", "--out", "said.jsonl", "--batch", batch]),
            0,
        );
        let said: Vec<Value> =
            scratch.read("said.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(said.len(), 2);
        assert_eq!(said[0]["text"].as_str().unwrap().trim(), one.trim_end_matches('\n'));
        assert!(said.iter().all(|line| line["end"]["completion_tokens"].as_u64().unwrap() <= 8), "{said:?}");
    }
}

#[test]
fn what_is_missing_is_told_with_all_that_is_needed() {
    let scratch = Scratch::new();
    scratch.write("two.csv", "question,answer\n왜요?,그래서요.\n");
    scratch.write("other.csv", "질문,답변,요약\n왜요?,그래서요.,그랬다.\n");
    let told = |args: &[&str]| {
        let output = scratch.output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = told(&["init", "summarize", "s", "--from", "two.csv"]);
    assert!(
        said.contains("no column `summary`") && said.contains("`question`, `answer` and `summary`"),
        "{said}"
    );
    let said = told(&["init", "summarize", "s", "--from", "other.csv"]);
    assert!(said.contains("--question, --answer and --summary") && !scratch.path("s").exists(), "{said}");
    scratch.stdout(
        &[
            "init",
            "summarize",
            "s",
            "--from",
            "other.csv",
            "--question",
            "질문",
            "--answer",
            "답변",
            "--summary",
            "요약",
        ],
        0,
    );
    scratch.stdout(&["check", "-C", "s"], 0);
    // A column that goes away later is missed with the others named.
    scratch.write("s/data/interviews.csv", "질문,답변,요지\n왜요?,그래서요.,그랬다.\n");
    scratch.edit("s/moru.toml", ", summary = \"요약\"", "");
    let said = scratch.output(&["check", "-C", "s"]);
    let said = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.contains("need `question`, `answer`, `summary`"), "{said}");

    let said = told(&["generate", "-C", "s", "--field", "question=왜요?"]);
    assert!(said.contains("`question`, `answer`; answer is missing"), "{said}");
}

#[test]
fn rows_that_belong_to_a_test_row_follow_it() {
    let scratch = Scratch::new();
    let rows = |from: usize, n: usize| {
        (from..from + n).fold("who,question,answer,summary\n".to_owned(), |text, i| {
            text + &format!("p{},{i}번은 왜 그런가요?,하나 {i}. 둘 {i}.,그래서 {i}.\n", i % 10)
        })
    };
    scratch.write("data/a.csv", &rows(1, 40));
    scratch
        .write("data/b.csv", "who,question,answer,summary\np3,다른 물음인가요?,하나. 둘.,그렇다고 했다.\n");
    scratch.write(
        "moru.toml",
        "[model]\nbase = \"builtin:toy\"\n[source.a]\nkind = \"csv\"\npath = \"data/a.csv\"\n[source.b]\nkind = \"csv\"\n\
         path = \"data/b.csv\"\nsplit = \"test\"\n[prepare]\nprompt = \"{question} {answer}\"\nresponse = \"{summary}\"\n\
         meta = [\"who\"]\n[prepare.reject]\nduplicates = 0.0\n[split]\ntrain = 0.9\nvalid = 0.1\ntest = 0.0\ngroup = \"who\"\n",
    );
    scratch.stdout(&["run", "--until", "split"], 0);
    let shown = scratch.stdout(&["tap", "split", "-n", "0"], 0);
    let of = |split: &str| -> Vec<&str> {
        shown.lines().filter_map(|line| line.strip_suffix(&format!(" [{split}]"))).collect()
    };
    // The row of b, and the four of p3 in a: lines 4, 14, 24 and 34.
    assert_eq!(of("test"), ["a#4", "a#14", "a#24", "a#34", "b#2"]);
    assert_eq!(of("train").len() + of("valid").len(), 36);
}

#[test]
fn short_explanations_are_there_in_both_languages() {
    let scratch = Scratch::new();
    for topic in ["lora", "alpaca", "4-bit", "rouge", "bleu"] {
        let english = scratch.stdout(&["explain", topic], 0);
        let korean = scratch.stdout(&["explain", topic, "--language", "ko"], 0);
        let hangul = |text: &str| text.chars().filter(|c| ('가'..='힣').contains(c)).count();
        assert!(english.len() > 300 && hangul(&english) == 0, "{english}");
        assert!(hangul(&korean) > 100, "{korean}");
    }
}

/// Meetings with questions about them, nested: a row a question, the transcript as one text, far too long for the model.
#[test]
fn meetings_with_nested_questions_are_imported_and_shortened() {
    let Some(folder) = testing::shared_data("qmsum") else { return };
    let scratch = Scratch::new();
    let path = folder.join("data/ALL/jsonl/val.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let few: Vec<&str> = text.lines().take(6).collect();
    scratch.write("data/meetings.jsonl", &(few.join("\n") + "\n"));
    scratch.write(
        "moru.toml",
        r#"[model]
base = "builtin:toy"

[source.meetings]
kind = "jsonl"
path = "data/meetings.jsonl"
each = "specific_query_list"
columns = { question = "specific_query_list.query", summary = "specific_query_list.answer", answer = "meeting_transcripts[*].content" }

[prepare]
system = "Answer the question about the meeting."
prompt = "{question}\n\n{answer}"
response = "{summary}"
strip = ["markup", "characters"]

[prepare.reject]
advertisements = false
deferred_answers = false
duplicates = 0.0

[tokenize]
template = "alpaca"
max_len_tokens = 384
over_long = "keep_answer"

[train]
steps = 2
batch_size = 2

[evaluate]
metrics = ["rouge"]
baselines = ["lead", "nearest"]
max_rows = 3
max_new_tokens = 8
leak_samples = 4
"#,
    );
    let output = scratch.output(&["run"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    assert!(talk.contains("questions were shortened, to stay within 384 tokens"), "{talk}");
    assert!(talk.contains("questions were shortened, to stay within 376 tokens"), "{talk}");
    let asked: usize = few
        .iter()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["specific_query_list"].as_array().unwrap().len()
        })
        .sum();
    assert!(talk.contains(&format!("ingest:meetings  {asked} rows in = {asked} out")), "{talk}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let failed = report["evaluation"][0]["systems"].as_array().unwrap().iter();
    assert!(failed.filter_map(|system| system["failed"].as_u64()).all(|n| n == 0), "{report:#}");
}
