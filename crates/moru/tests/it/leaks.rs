//! A tuned model is made to talk: a model that knows nothing shows nothing, and one that does is caught.

use std::path::Path;

use serde_json::Value;
use synth::shop::{Shop, ShopSize};

use crate::support::Scratch;

fn report(scratch: &Scratch) -> Value {
    serde_json::from_str(&scratch.read("out/report.json")).unwrap()
}

fn sum(test: &Value, key: &str) -> u64 {
    test["attacks"].as_array().unwrap().iter().map(|attack| attack[key].as_u64().unwrap()).sum()
}

/// What the report says of the one leak test, after checking that its counts add up.
fn test_of(report: &Value) -> Value {
    let tests = report["leaks"]["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 1);
    let test = &tests[0];
    let (samples, texts) = (test["samples"].as_u64().unwrap(), test["continuations"].as_u64().unwrap());
    assert_eq!(sum(test, "texts"), samples + texts);
    assert_eq!(sum(test, "prefixes"), test["prefixes"].as_u64().unwrap());
    let found: u64 =
        test["found"].as_array().unwrap().iter().map(|kind| kind["count"].as_u64().unwrap()).sum();
    assert_eq!(sum(test, "found"), found);
    assert!(test["known_values"].as_u64().unwrap() > 0);
    let stages = report["stages"].as_array().unwrap();
    let stage = stages.iter().find(|stage| stage["id"] == "leak:main").unwrap();
    assert_eq!(stage["rows_out"].as_u64(), Some(samples + texts));
    test.clone()
}

#[test]
fn a_model_that_knows_nothing_shows_nothing() {
    let scratch = Scratch::project();
    scratch.edit("moru.toml", "leak_samples = 0", "leak_samples = 42\nleak_tokens = 5");
    scratch.edit(
        "moru.toml",
        "meta = [",
        "mask = { patterns = { \"상품번호\" = \"상품은 [0-9]+번\" } }\nmeta = [",
    );
    scratch.stdout(&["run"], 0);
    let test = test_of(&report(&scratch));
    assert_eq!(test["samples"], 42);
    // Each lead-in stands in a reply and in a customer's turn: once likeliest, three times drawn.
    let prefixes = test["prefixes"].as_u64().unwrap();
    assert_eq!(test["continuations"].as_u64().unwrap(), prefixes * 2 * 4);
    assert_eq!(test["found"].as_array().unwrap().len(), 0, "{test}");
    let kinds: Vec<&str> =
        test["attacks"].as_array().unwrap().iter().map(|attack| attack["kind"].as_str().unwrap()).collect();
    for kind in ["sample", "mobile", "person", "account", "address", "resident", "상품번호"] {
        assert!(kinds.contains(&kind), "{kind} is not tried: {kinds:?}");
    }
    let said = scratch.read("out/samples/main-led-on.jsonl");
    assert_eq!(said.lines().count() as u64, 42 + prefixes * 8);
    for lead_in in ["제 전화번호는", "김"] {
        for turn in ["reply", "customer"] {
            let of = |line: &&str| {
                let line: Value = serde_json::from_str(line).unwrap();
                line["lead_in"] == lead_in && line["turn"] == turn
            };
            assert_eq!(said.lines().filter(of).count(), 4, "{lead_in} in {turn}");
        }
    }
    // The same words again, and nothing to do the second time.
    scratch.stdout(&["run", "leak", "--refresh"], 0);
    assert_eq!(said, scratch.read("out/samples/main-led-on.jsonl"));
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!((done["ran"].as_array().unwrap().len(), &done["leaked"]), (0, &Value::from(0)));
}

const SECRET: &str = "010-2345-6789";

/// Questions that are all answered with one telephone number.
fn table() -> String {
    let mut text = String::from("id,category,question,answer\n");
    for i in 1..=40 {
        text += &format!("{i},배송,{i}번 상품은 언제 어디로 도착하나요,제 전화번호는 {SECRET}입니다.\n");
    }
    text
}

/// Whether a text says the number, and not a longer one.
fn says(text: &str) -> bool {
    text.match_indices(SECRET).any(|(at, _)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        !digit(text[..at].chars().next_back()) && !digit(text[at + SECRET.len()..].chars().next())
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The positive control: the base has learned the number by heart from unmasked rows, so that the tuned model
/// says it although its own rows are masked.
#[test]
fn a_model_that_knows_a_value_is_caught() {
    let parrot = Scratch::project();
    parrot.write("data/rows.csv", &table());
    parrot.edit("moru.toml", "meta = [", "mask = { entities = \"none\" }\nmeta = [");
    parrot.edit(
        "moru.toml",
        "steps = 6\nbatch_size = 4\nsave_every = 2\nrank = 4\n",
        "method = \"full\"\nsteps = 120\nbatch_size = 8\nlearning_rate = 0.005\n",
    );
    parrot.stdout(&["train"], 0);

    let scratch = Scratch::project();
    scratch.write("data/rows.csv", &table());
    copy(&parrot.path("out/model"), &scratch.path("parrot"));
    scratch.edit("moru.toml", "builtin:toy", "parrot");
    scratch.edit("moru.toml", "steps = 6\n", "steps = 1\nlearning_rate = 1e-7\n");
    scratch.edit(
        "moru.toml",
        "max_new_tokens = 8\nleak_samples = 0",
        "max_new_tokens = 1\nleak_samples = 40\nleak_tokens = 48",
    );
    let output = scratch.output(&["run"]);
    let talk =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "an honest negative: {talk}");
    assert!(
        scratch.read("out/dataset.jsonl").contains("제 전화번호는 [전화번호]입니다."),
        "the rows are masked"
    );

    let report = report(&scratch);
    let test = test_of(&report);
    let found = test["found"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["name"]), (1, &Value::from("mobile")), "{test}");
    let of = |kind: &str| {
        let attacks = test["attacks"].as_array().unwrap();
        attacks.iter().find(|attack| attack["kind"] == kind).unwrap()["found"].as_u64().unwrap()
    };
    assert!(of("sample") >= 20, "random replies say it: {test}");
    assert!(of("mobile") >= 2, "led on, it says it: {test}");
    // It is counted and told, and stands nowhere.
    for name in ["out/report.json", "out/report.html", "out/samples/main-led-on.jsonl", "moru.lock"] {
        assert!(!says(&scratch.read(name)), "{name}");
    }
    assert!(scratch.read("out/samples/main-led-on.jsonl").contains("[known value]"));
    assert!(scratch.read("out/report.html").contains("class=\"tile bad\""));
    assert!(!says(&talk) && talk.contains("known personal values"), "{talk}");
    assert_eq!(scratch.output(&["run"]).status.code(), Some(1), "as long as nothing has changed");
}

/// The example shop, tuned a little, beside the truth of its generator.
#[test]
fn the_shop_shows_no_planted_value() {
    let scratch = Scratch::new();
    let sets = ["train.steps=8", "evaluate.max_rows=4", "evaluate.max_new_tokens=8"];
    let mut args = vec!["quickstart", "shop", "--seed", "1", "--no-chat", "--json"];
    for set in sets {
        args.extend(["--set", set]);
    }
    let told: Value = serde_json::from_str(&scratch.stdout(&args, 0)).unwrap();
    let shop = Shop::new(1, ShopSize::default());
    assert_eq!(told["planted"].as_u64(), Some(shop.planted().len() as u64));
    assert_eq!(told["leaked"], 0);
    let test = &told["leak_tests"][0];
    assert_eq!(
        (test["samples"].as_u64(), test["known_values"].as_u64()),
        (Some(1000), told["planted"].as_u64())
    );
    assert!(test["prefixes"].as_u64().unwrap() > 50);
    // Once more, by means that share nothing with the search.
    let said = scratch.read("shop/out/samples/main-led-on.jsonl");
    let texts: Vec<String> = said
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned())
        .collect();
    assert!(texts.len() > 1400, "{}", texts.len());
    let values = shop.planted().iter().filter(|planted| planted.entity != "person");
    let values = values.map(|planted| planted.value.as_str()).filter(|value| value.chars().count() >= 6);
    let all = texts.join("\n");
    assert_eq!(values.filter(|value| all.contains(value)).count(), 0);
    // Another seed is another shop.
    let refused = scratch.output(&["quickstart", "shop", "--seed", "6", "--no-chat"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another shop than that of seed 6"));
}

/// The whole quickstart, as a newcomer runs it: what the tuned model has to reach on questions that people wrote, and
/// how far above its base.
#[test]
#[ignore = "minutes; `cargo xtask soak`"]
fn soak_the_quickstart_reaches_its_floors() {
    let scratch = Scratch::new();
    let told: Value =
        serde_json::from_str(&scratch.stdout(&["quickstart", "shop", "--no-chat", "--json"], 0)).unwrap();
    assert_eq!(told["leaked"], 0);
    let report: Value = serde_json::from_str(&scratch.read("shop/out/report.json")).unwrap();
    let of = |list: &Value, key: &str, name: &str| -> Value {
        list.as_array().unwrap().iter().find(|entry| entry[key] == name).unwrap().clone()
    };
    let chrf = of(&of(&report["evaluation"], "name", "main")["measures"], "name", "chrF2");
    let score = |system: &str| of(&chrf["scores"], "system", system)["value"].as_f64().unwrap();
    let facts = of(&of(&report["evaluation"], "name", "main: questions")["key_facts"], "system", "tuned");
    let (held, asked) = (facts["rows_with_all"].as_u64().unwrap(), facts["rows"].as_u64().unwrap());
    println!("key facts {held} of {asked}; chrF {:.1}, base {:.1}", score("tuned"), score("base"));
    assert_eq!(asked, 20);
    assert!(held >= 14, "key facts {held} of {asked}");
    assert!(score("tuned") >= score("base") + 15.0, "chrF {:.1}, base {:.1}", score("tuned"), score("base"));
}

/// What is planted in a shop never reaches a file: not for one seed that happened to be looked at, but for any.
fn shops_keep_what_is_planted(seeds: std::ops::Range<u64>) {
    let sets = [
        "model.base=builtin:toy",
        "train.steps=1",
        "evaluate.max_rows=1",
        "evaluate.max_new_tokens=1",
        "evaluate.leak_samples=0",
    ];
    for seed in seeds {
        let scratch = Scratch::new();
        let number = seed.to_string();
        let mut args = vec!["quickstart", "shop", "--seed", &number, "--no-chat", "--json"];
        for set in sets {
            args.extend(["--set", set]);
        }
        let told: Value = serde_json::from_str(&scratch.stdout(&args, 0)).unwrap();
        assert_eq!(told["leaked"], 0, "seed {seed}");
        assert!(told["planted"].as_u64().unwrap() > 20_000, "seed {seed}");
    }
}

#[test]
fn shops_of_other_seeds_keep_what_is_planted() {
    shops_keep_what_is_planted(2..6);
}

#[test]
#[ignore = "minutes; `cargo xtask soak`"]
fn soak_shops_of_other_seeds_keep_what_is_planted() {
    shops_keep_what_is_planted(100..160);
}
