//! `method = "classify"` driven from outside: from a table of texts and labels to a model that labels texts.

use serde_json::Value;

use crate::support::Scratch;

const RECIPE: &str = r#"[project]
name = "labels"

[model]
base = "builtin:toy"

[source.rows]
kind = "jsonl"
path = "data/rows.jsonl"

[prepare]
format = "text-label"
reject = { duplicates = 0.0 }

[train]
method = "classify"
steps = 150
batch_size = 8
learning_rate = 0.01
rank = 4
save_every = 50
eval_every = 50
"#;

/// The label of row `n`, and its text, which is told by words of its own.
fn pair(n: usize) -> (&'static str, String) {
    let kinds = [
        ("배송", "택배가 언제 도착하는지 알고 싶어요"),
        ("환불", "돈을 돌려받고 싶은데 어떻게 하나요"),
        ("교환", "다른 색으로 바꿔 주실 수 있나요"),
    ];
    let (label, words) = kinds[n % 3];
    (label, format!("{words}, 주문한 지 {n}일 됐고 상품은 {}번입니다", n * 37))
}

fn row(n: usize) -> String {
    let (label, text) = pair(n);
    format!("{{\"text\": \"{text}\", \"label\": \"{label}\"}}\n")
}

fn rows(n: usize) -> String {
    (1..=n).map(row).collect()
}

fn project() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("data/rows.jsonl", &rows(90));
    scratch.write("moru.toml", RECIPE);
    scratch
}

fn report(scratch: &Scratch) -> Value {
    serde_json::from_str(&scratch.read("out/report.json")).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn texts_with_labels_become_a_classifier_with_its_scores() {
    let scratch = project();
    scratch.stdout(&["run"], 0);
    let one = &report(&scratch)["classification"][0];
    let (accuracy, majority) =
        (one["accuracy"].as_f64().unwrap(), one["majority_accuracy"].as_f64().unwrap());
    assert!(accuracy > 0.9 && majority < 0.5 && one["macro_f1"].as_f64().unwrap() > 0.9, "{one}");
    let labels: Vec<_> = one["classes"].as_array().unwrap().iter().map(|c| c["label"].clone()).collect();
    assert_eq!(labels, ["교환", "배송", "환불"], "in the order of their letters");
    let supports: u64 =
        one["classes"].as_array().unwrap().iter().map(|c| c["support"].as_u64().unwrap()).sum();
    let matrix: u64 = one["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!((supports, matrix, one["rows"].as_u64().unwrap()), (9, 9, 9));
    // Each label has its share in every split.
    assert!(one["classes"].as_array().unwrap().iter().all(|class| class["support"] == 3), "{one}");
    let evaluation = &report(&scratch)["evaluation"][0];
    assert_eq!(evaluation["measures"][0]["name"], "accuracy");
    assert_eq!(evaluation["systems"].as_array().unwrap().len(), 3, "beside two baselines");
    let page = scratch.read("out/report.html");
    assert!(page.contains("혼동 행렬") && page.contains("매크로 F1"), "the page tells it too");

    let predictions = lines(&scratch.read("out/predictions.jsonl"));
    assert_eq!(predictions.len(), 9);
    for found in &predictions {
        let sum: f64 =
            found["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
        let best = found["predicted"].as_str().unwrap();
        assert!((sum - 1.0).abs() < 1e-9 && found["probabilities"][best] == found["confidence"], "{found}");
    }
    let state: Value = serde_json::from_str(&scratch.read("out/trainer_state.json")).unwrap();
    let measured: Vec<_> = state["log_history"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e.get("eval_macro_f1")?.as_f64())
        .collect();
    assert_eq!(measured.len(), 3);
    let best = measured.iter().copied().fold(0.0, f64::max);
    assert_eq!(state["best_metric"].as_f64(), Some(best), "the best checkpoint goes by macro-F1");

    let config: Value = serde_json::from_str(&scratch.read("out/adapter/adapter_config.json")).unwrap();
    assert_eq!((&config["task_type"], &config["modules_to_save"][0]), (&"SEQ_CLS".into(), &"score".into()));
    let about: Value = serde_json::from_str(&scratch.read("out/adapter/config.json")).unwrap();
    assert_eq!((&about["id2label"]["2"], &about["label2id"]["환불"]), (&"환불".into(), &2.into()));
    // A padded batch is labelled by its padding where the two do not agree.
    scratch.stdout(&["export", "base", "base-model"], 0);
    let tokenizer: Value = serde_json::from_str(&scratch.read("base-model/tokenizer.json")).unwrap();
    let tokens = tokenizer["added_tokens"].as_array().unwrap();
    let pad = tokens.iter().find(|token| token["content"] == "<|endoftext|>").unwrap();
    assert!(scratch.read("base-model/tokenizer_config.json").contains("\"pad_token\": \"<|endoftext|>\""));
    assert_eq!(about["pad_token_id"], pad["id"]);
    let inspected: Value =
        serde_json::from_str(&scratch.stdout(&["inspect", "out/adapter", "--json"], 0)).unwrap();
    assert_eq!(inspected["labels"][1], "배송");

    // A second run has nothing to do, and what is known is shown.
    assert!(scratch.stdout(&["run"], 0).starts_with("nothing to do"));
    let told = scratch.stdout(&["report"], 0);
    assert!(told.contains("macro-F1") && told.contains("precision"), "{told}");
    let tapped = scratch.stdout(&["tap", "tokenize", "-n", "1"], 0);
    assert!(tapped.contains("label ") && tapped.contains("주문한 지"), "{tapped}");
    let tapped = scratch.stdout(&["tap", "evaluate", "-n", "2"], 0);
    assert!(tapped.contains("predicted: "), "{tapped}");
    let id = predictions[0]["id"].as_str().unwrap();
    let why = scratch.stdout(&["why", id], 0);
    assert!(why.contains("label\n  main: ") && why.contains("evaluate\n  main: "), "{why}");
    assert!(!why.contains("<|im_start|>"), "a classifier reads no template: {why}");
    assert!(page.contains("언제나 가장 흔한 라벨을 말하는 것보다 낫습니다"), "the head of the page says so");
}

#[test]
fn texts_are_labelled_from_arguments_files_and_pipes() {
    let scratch = project();
    scratch.stdout(&["train"], 0);
    let text = &*pair(93).1;
    let shown = scratch.stdout(&["classify", text], 0);
    assert!(shown.starts_with("배송") && shown.contains(text), "{shown}");
    let alone = lines(&scratch.stdout(&["classify", "--json", text], 0));
    assert_eq!((&alone[0]["id"], &alone[0]["label"]), (&1.into(), &"배송".into()));

    scratch.write("in.jsonl", &(rows(12) + &pair(94).1 + "\n"));
    let output = scratch.output(&["classify", "--input", "in.jsonl", "--output", "found.jsonl"]);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && talk.contains("12 texts with labels: accuracy 100.0 %"), "{talk}");
    let found = lines(&scratch.read("found.jsonl"));
    assert_eq!((found.len(), &found[12]["id"], &found[12]["label"]), (13, &13.into(), &"환불".into()));

    // Texts are made as those of the training were.
    let polite = lines(&scratch.stdout(&["classify", "--json", &format!("안녕하세요! {text}")], 0));
    assert_eq!(polite[0]["probabilities"], alone[0]["probabilities"], "greetings are no part of a text");
    let raw = ["classify", "--json", "--raw", &format!("안녕하세요! {text}")];
    assert_ne!(lines(&scratch.stdout(&raw, 0))[0]["probabilities"], alone[0]["probabilities"]);

    // A text's numbers do not depend on the texts beside it.
    scratch.write("one.jsonl", &format!("{{\"id\": \"a\", \"text\": \"{text}\"}}\n"));
    scratch.write("many.jsonl", &format!("{}{{\"id\": \"a\", \"text\": \"{text}\"}}\n", rows(40)));
    let one = lines(&scratch.stdout(&["classify", "--input", "one.jsonl"], 0));
    let many = lines(&scratch.stdout(&["classify", "--input", "many.jsonl"], 0));
    assert_eq!((one[0].clone(), &one[0]["probabilities"]), (many[40].clone(), &alone[0]["probabilities"]));

    let error = |args: &[&str]| {
        let output = scratch.output(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&["classify", "  "]).contains("text 1 is empty"));
    scratch.write("bad.jsonl", "{\"id\": 7, \"words\": \"a\"}\n");
    assert!(error(&["classify", "--input", "bad.jsonl"]).contains("line 1 of the input is no text"));
    scratch.write("odd.jsonl", &format!("{{\"text\": \"{text}\", \"label\": \"적립금\"}}\n"));
    let odd = error(&["classify", "--input", "odd.jsonl"]);
    assert!(
        odd.contains("a label that the classifier does not know; its labels are `교환`, `배송`, `환불`"),
        "{odd}"
    );
    assert!(!odd.contains("적립금"), "{odd}");
    let talk = error(&["classify", text, "--model", "none"]);
    assert!(talk.contains("there is no training called `none`"), "{talk}");
    let talk = error(&["generate"]);
    assert!(talk.contains("classifier"), "{talk}");
}

#[test]
fn a_whole_model_and_an_adapter_from_elsewhere_label_as_well() {
    let scratch = project();
    let whole = ["--set", "train.tune=full", "--set", "train.rank=16"];
    // Adapter keys have no effect on a whole model, so they are refused.
    assert_eq!(scratch.output(&[&["plan"][..], &whole].concat()).status.code(), Some(2));
    scratch.edit("moru.toml", "learning_rate = 0.01\nrank = 4\n", "learning_rate = 0.003\ntune = \"full\"\n");
    scratch.stdout(&["run"], 0);
    let one = &report(&scratch)["classification"][0];
    assert!(one["accuracy"].as_f64().unwrap() > 0.9, "{one}");
    let inspected: Value =
        serde_json::from_str(&scratch.stdout(&["inspect", "out/model", "--json"], 0)).unwrap();
    assert_eq!((&inspected["kind"], &inspected["labels"][0]), (&"classifier".into(), &"교환".into()));
    assert!(scratch.path("out/model/tokenizer.json").exists(), "a whole model brings its tokenizer");
    let text = &*pair(95).1;
    assert!(scratch.stdout(&["classify", text], 0).starts_with("교환"));

    // The adapter of another run of the same base, from its folder.
    scratch.edit("moru.toml", "learning_rate = 0.003\ntune = \"full\"\n", "learning_rate = 0.01\nrank = 4\n");
    scratch.stdout(&["run"], 0);
    let own = scratch.stdout(&["classify", "--json", text], 0);
    assert_eq!(scratch.stdout(&["classify", "--json", text, "--adapter", "out/adapter"], 0), own);
    let error = |scratch: &Scratch| {
        let output = scratch.output(&["classify", text, "--adapter", "out/adapter"]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let about = scratch.read("out/adapter/config.json");
    let id2label = "\"2\": \"환불\"";
    scratch.write("out/adapter/config.json", &about.replace(&format!(",\n    {id2label}"), ""));
    let talk = error(&scratch);
    assert!(talk.contains("`id2label` names 2 labels, the head `score.weight` has 3"), "{talk}");
    scratch.write("out/adapter/config.json", &about);
    scratch.edit("out/adapter/adapter_config.json", "builtin:toy", "someone/other-base");
    let talk = error(&scratch);
    assert!(
        talk.contains("was trained over the base \"someone/other-base\"; the recipe's is \"builtin:toy\""),
        "{talk}"
    );
}

#[test]
fn a_classifier_over_quantised_weights_is_opened_over_the_same() {
    let scratch = project();
    scratch.edit("moru.toml", "method = \"classify\"", "method = \"classify\"\ntune = \"qlora\"");
    scratch.stdout(&["run"], 0);
    let one = &report(&scratch)["classification"][0];
    assert!(one["accuracy"].as_f64().unwrap() > 0.8, "{one}");
    let predictions = lines(&scratch.read("out/predictions.jsonl"));
    let text = predictions[0]["text"].as_str().unwrap();
    let found = lines(&scratch.stdout(&["classify", "--json", "--raw", text], 0));
    assert_eq!(found[0]["probabilities"], predictions[0]["probabilities"]);
}

#[test]
fn a_router_learns_from_the_rows_of_a_bot() {
    let scratch = Scratch::project();
    let recipe = scratch.read("moru.toml");
    let recipe = recipe.replace("prompt = \"[{category}] {question}\"", "prompt = \"{question}\"");
    let router = "\n[train.router]\nmethod = \"classify\"\nlabel = \"category\"\nsteps = 6\nbatch_size = 4\nrank = 4\n";
    scratch.write("moru.toml", &recipe.replace("\n[evaluate]", &format!("{router}\n[evaluate]")));
    scratch.stdout(&["run"], 0);
    let classes = &report(&scratch)["classification"];
    assert_eq!((classes.as_array().unwrap().len(), &classes[0]["name"]), (1, &"router".into()));
    assert_eq!(classes[0]["classes"].as_array().unwrap().len(), 3);
    assert_eq!(report(&scratch)["evaluation"].as_array().unwrap().len(), 2, "the bot is scored as well");
    assert!(scratch.path("out/adapter").exists() && scratch.path("out/adapter-router").exists());
    let labelled = scratch.stdout(&["classify", "--json", "택배는 언제쯤 도착하나요"], 0);
    assert!(lines(&labelled)[0]["label"].is_string(), "the recipe's only classifier is meant");
    scratch.edit("moru.toml", "label = \"category\"", "label = \"kind\"");
    let talk = String::from_utf8(scratch.output(&["check"]).stdout).unwrap();
    assert!(talk.contains("[train.router] label = \"kind\", which the examples do not carry"), "{talk}");
}

#[test]
fn rows_that_cannot_be_learned_are_refused_before_work_is_lost() {
    let error = |rows: &str, change: (&str, &str)| {
        let scratch = project();
        scratch.write("data/rows.jsonl", rows);
        scratch.edit("moru.toml", change.0, change.1);
        let output = scratch.output(&["run"]);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{talk}");
        talk
    };
    let same = ("rank = 4", "rank = 4");
    let one: String =
        rows(60).lines().filter(|line| line.contains("\"배송\"")).map(|l| l.to_owned() + "\n").collect();
    let talk = error(&one, same);
    assert!(talk.contains("every row to train on has the label `배송`"), "{talk}");

    let talk = error(&rows(60).replace("\"label\"", "\"kind\""), same);
    assert!(talk.contains("`text` and `label`") || talk.contains("text + label"), "{talk}");

    let given = ("rank = 4", "rank = 4\nlabels = [\"배송\", \"환불\"]");
    let talk = error(&rows(60), given);
    assert!(
        talk.contains("has a label that is not among [train] labels; the labels are `배송`, `환불`"),
        "{talk}"
    );
    assert!(!talk.contains("교환") && talk.contains("moru why rows#"), "{talk}");

    // A label that only the split of another name has.
    let split = ("[train]", "[split]\ncolumn = \"split\"\n\n[train]");
    let with_split =
        |n: usize, split: &str| row(n).replace("\"text\"", &format!("\"split\": \"{split}\", \"text\""));
    let mut named: String = (1..=60).map(|n| with_split(n, if n < 50 { "train" } else { "valid" })).collect();
    named +=
        "{\"split\": \"test\", \"text\": \"영수증을 다시 받을 수 있는지 궁금합니다\", \"label\": \"증빙\"}\n";
    let scratch = project();
    scratch.write("data/rows.jsonl", &named);
    scratch.edit("moru.toml", split.0, split.1);
    scratch.edit("moru.toml", "format = \"text-label\"", "format = \"text-label\"\nmeta = [\"split\"]");
    let talk = String::from_utf8(scratch.output(&["run"]).stderr).unwrap();
    assert!(
        talk.contains(
            "(test) has a label that no row to train on has; the labels are `교환`, `배송`, `환불`"
        ),
        "{talk}"
    );

    let text = |n: usize| format!("{{\"text\": \"상품 {n}번이 궁금합니다\", \"label\": \"문장 {n}\"}}");
    let texts = (0..40).map(text).collect::<Vec<_>>().join("\n");
    let talk = error(&texts, same);
    assert!(talk.contains("labels: hardly a row is like another"), "{talk}");
}

#[test]
fn empty_texts_and_labels_are_set_aside_and_few_rows_are_told() {
    let scratch = project();
    let odd = "{\"text\": \"\", \"label\": \"배송\"}\n{\"text\": \"재고가 언제 들어오는지 알려 주세요\", \"label\": null}\n\
               {\"text\": \"세금계산서를 받을 수 있는지 알려 주세요\", \"label\": 7}\n\
               {\"text\": \"세금계산서는 언제 나오는지 알려 주세요\", \"label\": 7}\n";
    scratch.write("data/rows.jsonl", &(rows(90) + odd));
    let output = scratch.output(&["run"]);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    assert!(talk.contains("labels with too few rows to train on to be learned well: `7` "), "{talk}");
    let rejected = lines(&scratch.read("out/rejected.jsonl"));
    assert_eq!(rejected.len(), 2, "{rejected:#?}");
    let warnings = report(&scratch)["warnings"].to_string();
    assert!(warnings.contains("학습 행이 너무 적은 라벨: 7 "), "{warnings}");
}

#[test]
fn a_classifier_is_tested_on_its_own_rows_and_its_template_runs() {
    let scratch = project();
    let args = ["train", "--verify-packing", "--verify-gradients", "--json"];
    let found: Value = serde_json::from_str(&scratch.stdout(&args, 0)).unwrap();
    for check in found.as_array().unwrap() {
        assert!(check["largest"].as_f64().unwrap() <= check["bound"].as_f64().unwrap(), "{check}");
    }
    let scratch = Scratch::new();
    scratch.stdout(&["init", "classify", "shop"], 0);
    let small = ["--set", "model.base=builtin:toy", "--set", "train.steps=4"];
    let run: Vec<&str> = ["run", "-C", "shop"].into_iter().chain(small).collect();
    scratch.stdout(&run, 0);
    let report: Value = serde_json::from_str(&scratch.read("shop/out/report.json")).unwrap();
    let one = &report["classification"][0];
    assert_eq!(one["classes"].as_array().unwrap().len(), 11, "{one}");
    assert_eq!(
        report["leaks"]["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["found"].as_u64().unwrap())
            .sum::<u64>(),
        0
    );
}
