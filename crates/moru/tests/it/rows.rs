//! What becomes of a row and of a model: where each is told of, and how it is found again.

use serde_json::Value;

use crate::support::{Scratch, table};

/// Rows in = dataset + set aside before; dataset = tokenized + left out; each left-out row can be read.
#[test]
fn rows_left_out_at_tokenization_are_in_the_list_of_rejected_rows() {
    let scratch = Scratch::project();
    let answer = "이 답변은 아주 깁니다. ".repeat(200);
    let more = format!("61,배송,짧,네\n62,배송,언제 오는지 알고 싶습니다,안녕하세요. {answer}\n63\n");
    scratch.write("data/rows.csv", &(table(60) + &more));
    scratch.edit("moru.toml", "meta = [", "strip = [\"greetings\"]\nmeta = [");
    let drop = ["--set", "tokenize.max_len_tokens=300", "--set", "tokenize.over_long=drop"];
    scratch.stdout(&[&["run"][..], &drop].concat(), 0);
    let lines = |name: &str| -> Vec<Value> {
        scratch.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (dataset, rejected) = (lines("out/dataset.jsonl"), lines("out/rejected.jsonl"));
    let of = |stage: &str| rejected.iter().filter(|row| row["stage"] == stage).collect::<Vec<_>>();
    let (before, left_out) = (of("ingest").len() + of("prepare").len(), of("tokenize"));
    assert_eq!((of("ingest").len(), of("prepare").len(), left_out.len()), (1, 1, 1), "{rejected:#?}");
    assert_eq!(dataset.len() + before, 63);
    let long = left_out[0];
    assert_eq!((&long["id"], &long["reason"]), (&Value::from("rows#62"), &Value::from("over_long")));
    assert!(long["text"].as_str().unwrap().contains("이 답변은 아주 깁니다."), "{long}");

    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let data = &report["data"];
    let trained: u64 =
        ["train", "valid", "test"].iter().map(|split| data["tokens"][split]["rows"].as_u64().unwrap()).sum();
    let reasons = data["rejected"].as_array().unwrap();
    let told: u64 = reasons.iter().map(|reason| reason["rows"].as_u64().unwrap()).sum();
    assert_eq!(trained as usize, dataset.len() - left_out.len());
    assert_eq!((told as usize, trained + told), (rejected.len(), 63));
    assert_eq!(reasons.last().unwrap()["examples"][0]["id"], "rows#62", "{reasons:#?}");
    let stripped = &data["stripped"][0];
    let greeting = "안녕하세요. ".chars().count();
    assert_eq!(
        (stripped["texts"].as_u64(), stripped["characters"].as_u64()),
        (Some(1), Some(greeting as u64))
    );

    let why = scratch.stdout(&[&["why", "rows#62"][..], &drop].concat(), 0);
    assert!(
        why.contains("tokenize\n  set aside: over_long (") && why.contains("tokens; at most 300)"),
        "{why}"
    );
    let tap = scratch.stdout(&[&["tap", "tokenize", "--rejected"][..], &drop].concat(), 0);
    assert!(tap.starts_with("rows#62  over_long: "), "{tap}");
    let html = scratch.read("out/report.html");
    assert!(html.contains("컨텍스트 초과"), "the page tells it too");
}

/// `why` takes every id that the program prints, and follows the same row by each of them.
#[test]
fn a_row_is_found_by_every_id_that_is_printed() {
    let scratch = Scratch::project();
    let text = table(60).replace("\n7,", "\n010-2345-9999,") + "63\n";
    scratch.write("data/rows.csv", &text);
    let output = scratch.output(&["run", "--until", "tokenize"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    let stages = |row: &str| -> Value {
        serde_json::from_str::<Value>(&scratch.stdout(&["why", row, "--json"], 0)).unwrap()["stages"].clone()
    };
    // A row that could not be read: as the list of rejected rows has it, and as the message does.
    let rejected: Value = serde_json::from_str(scratch.read("out/rejected.jsonl").trim()).unwrap();
    let unread = rejected["id"].as_str().unwrap();
    assert_eq!((unread, &rejected["stage"]), ("rows#line 62", &Value::from("ingest")));
    assert!(talk.contains("data/rows.csv:62:"), "{talk}");
    for row in [unread, "data/rows.csv:62", "data/rows.csv:62:"] {
        let said = stages(row);
        assert_eq!(said["ingest"]["rejected"]["reason"], rejected["reason"], "{row}: {said}");
        assert_eq!(said["prepare"]["rejected"]["reason"], rejected["reason"], "{row}: {said}");
    }
    // Every row, in every split, by the line that shows it; a personal key by its number, and as it is.
    let shown = scratch.stdout(&["tap", "split", "-n", "0"], 0);
    let rows: Vec<_> = shown.lines().filter(|line| line.starts_with("rows#")).collect();
    assert_eq!(rows.len(), 60);
    for row in rows.iter().filter(|row| row.ends_with("[test]") || row.contains(":7 ")) {
        assert!(row.ends_with(&format!("[{}]", stages(row)["split"].as_str().unwrap())), "{row}");
    }
    assert!(rows.iter().any(|row| row.starts_with("rows#row:7 ")), "{rows:?}");
    let by_number = stages("rows#row:7");
    assert!(!by_number.to_string().contains("010-2345-9999"), "{by_number}");
    for key in ["prepare", "split", "tokenize"] {
        assert_eq!(stages("rows#010-2345-9999")[key], by_number[key], "{key}");
        assert!(!by_number[key].is_null(), "{key}");
    }
}

#[test]
fn near_duplicates_stay_on_one_side_of_the_split() {
    let scratch = Scratch::project();
    let words = [
        &["하얀", "까만", "노란", "파란", "빨간", "초록", "분홍"][..],
        &[
            "머그컵을",
            "담요를",
            "전등을",
            "우산을",
            "의자를",
            "책장을",
            "이불을",
            "냄비를",
            "시계를",
            "가방을",
        ],
        &["부산으로", "광주로", "제주로", "춘천으로", "울산으로", "전주로", "강릉으로", "목포로", "수원으로"],
        &["어제", "그제", "지난주에", "아침에", "저녁에", "주말에", "방금", "작년에"],
        &["교환하려면", "환불하려면", "수리하려면", "취소하려면", "배송지를 바꾸려면", "선물로 포장하려면"],
    ];
    let mut text = String::from("id,category,question,answer\n");
    for i in 0..20 {
        let chosen: Vec<_> =
            words.iter().zip([1, 3, 2, 5, 7]).map(|(of, step)| of[i * step % of.len()]).collect();
        let [colour, good, place, time, ask] = chosen[..] else { panic!() };
        for (j, end) in ["", " 네", " 음"].iter().enumerate() {
            text += &format!(
                "{i}-{j},배송,{time} {place} {colour} {good} 주문한 사람인데 {good} {ask} 어디에 무엇을 언제까지 보내야 하는지 알려 주세요{end},{good} 두고 하신 문의의 {j}번째 답변입니다\n"
            );
        }
    }
    scratch.write("data/rows.csv", &text);
    scratch.edit("moru.toml", "[train]", "[split]\ntrain = 0.5\nvalid = 0.25\ntest = 0.25\n\n[train]");
    scratch.stdout(&["run", "--until", "split"], 0);
    let shown = scratch.stdout(&["tap", "split", "-n", "0"], 0);
    let mut split_of = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for line in shown.lines().filter(|line| line.starts_with("rows#")) {
        let (id, split) = line.split_once(' ').unwrap();
        split_of.entry(id.rsplit_once('-').unwrap().0).or_default().push(split);
    }
    assert_eq!(split_of.len(), 20);
    for (row, splits) in &split_of {
        assert!(splits.len() == 3 && splits.iter().all(|split| split == &splits[0]), "{row}: {splits:?}");
    }
    let sides: std::collections::BTreeSet<_> = split_of.values().map(|splits| splits[0]).collect();
    assert_eq!(sides.len(), 3, "{split_of:?}");
}

/// An adapter over a model that no other tool knows says how that model becomes a folder; the command is run.
#[test]
fn the_base_of_an_adapter_can_be_written_for_other_tools() {
    let scratch = Scratch::project();
    scratch.stdout(&["train"], 0);
    let card = scratch.read("out/adapter/README.md");
    let command = card.lines().find(|line| line.starts_with("moru export ")).unwrap();
    assert_eq!(command, "moru export base --project PROJECT_FOLDER base-model");
    assert!(card.contains("from_pretrained(\"base-model\")"), "{card}");
    let command = command.replace("PROJECT_FOLDER", ".");
    scratch.stdout(&command.split(' ').skip(1).collect::<Vec<_>>(), 0);
    scratch.stdout(&["export", "builtin:nano", "nano"], 0);
    for (folder, parameters) in [("base-model", None), ("nano", Some(11_542_272))] {
        for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
            assert!(scratch.path(folder).join(name).exists(), "{folder}/{name}");
        }
        let model: Value = serde_json::from_str(&scratch.stdout(&["inspect", folder, "--json"], 0)).unwrap();
        assert_eq!(model["architecture"], "Qwen3ForCausalLM");
        assert!(parameters.is_none_or(|n| model["parameters"] == n), "{model}");
    }
    // The folder is a base itself, and the adapter belongs to it.
    scratch.stdout(&["check", "--set", "model.base=base-model"], 0);
    for (args, told) in [
        (["export", "builtin:nano", "nano"], "nano is no empty folder"),
        (["export", "main", "else"], "`main` cannot be exported"),
    ] {
        let seen = scratch.seen(&args);
        assert!(seen.contains("exit 2") && seen.contains(told), "{seen}");
    }
}
