use serde_json::Value;

use super::*;

const SOURCE: &str = "[source.a]\nkind = \"csv\"\npath = \"a.csv\"\n";

fn parse(text: &str, sets: &[&str]) -> Result<Recipe, RecipeErrors> {
    let sets: Vec<_> = sets.iter().map(|&s| s.to_owned()).collect();
    Recipe::parse(&format!("{SOURCE}{text}"), "shop", &sets)
}

/// Hints that every fault of their kind has.
const GENERAL: [&str; 2] = [
    "`moru explain recipe` lists every key with its meaning",
    "a recipe is TOML: text stands in quotes, lists in [ ], a key stands once in its section",
];

/// Faults with their hints, where these are of their own.
fn errors(text: &str, sets: &[&str]) -> Vec<String> {
    let told = |error: &RecipeError| {
        let hint = error.hint();
        if GENERAL.contains(&hint.as_str()) { error.to_string() } else { format!("{error} | {hint}") }
    };
    parse(text, sets).unwrap_err().0.iter().map(told).collect()
}

#[test]
fn defaults_recipe_and_flags() {
    let recipe =
        parse("[train]\nrank = 8\n[split]\ntrain = 0.9\nvalid = 0.05\ntest = 0.05\n", &["train.rank=4"])
            .unwrap();
    let main = &recipe.resolved.train["main"];
    assert_eq!((main.rank, main.alpha, recipe.resolved.project.name.as_str()), (4, 8.0, "shop"));
    let origin = |path: &str| recipe.origins[path].clone();
    assert_eq!(origin("train.main.rank"), Origin::Flag);
    assert_eq!(origin("train.main.alpha"), Origin::Default);
    assert_eq!(origin("split.train"), Origin::Recipe(7));
    assert_eq!(recipe.params()["train"]["main"]["rank"], 4);
}

#[test]
fn trainings_have_names() {
    let names = |text: &str| parse(text, &[]).unwrap().resolved.train.into_keys().collect::<Vec<_>>();
    assert_eq!(names(""), ["main"]);
    assert_eq!(names("[train]\nrank = 4\n"), ["main"]);
    assert_eq!(names("[train]\nrank = 4\n[train.qna]\nrank = 2\n"), ["main", "qna"]);
    assert_eq!(names("[train.a]\nrank = 4\n[train.b]\nrank = 2\n"), ["a", "b"]);
    assert_eq!(names("[train.main]\nrank = 4\n"), ["main"]);
}

#[test]
fn models_have_names() {
    let read = |text: &str| parse(text, &[]).unwrap().resolved;
    let names = |text: &str| read(text).model.all().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(""), ["main"]);
    assert_eq!(
        names("[model]\nbase = \"a\"\n[model.small]\nbase = \"b\"\n[train]\nrank = 1\n"),
        ["main", "small"]
    );
    assert_eq!(names("[model.main]\nbase = \"a\"\n"), ["main"]);
    let two = "[model.b]\nbase = \"x\"\n[model.a]\nbase = \"y\"\n";
    assert_eq!(names(&format!("{two}[train.a]\n[train.b]\n[train.c]\nmodel = \"b\"\n")), ["a", "b"]);
    let tuned = |text: &str| {
        let all = read(text).train.into_iter();
        all.map(|(name, train)| format!("{name} of {}", train.model_name())).collect::<Vec<_>>()
    };
    let with_main = "[model]\nbase = \"x\"\n[model.a]\nbase = \"y\"\n";
    assert_eq!(
        tuned(&format!("{with_main}[train]\nrank = 1\n[train.a]\n[train.b]\n[train.c]\nmodel = \"a\"\n")),
        ["a of a", "b of main", "c of a", "main of main"]
    );
}

#[test]
fn what_reads_one_model_does_not_read_the_others() {
    let params = |text: &str| parse(text, &[]).unwrap().params();
    let one = params("[model]\nbase = \"x\"\n[train]\nrank = 1\n");
    assert_eq!(one["model"], serde_json::json!({ "base": "x" }));
    assert!(one.get("models").is_none() && one["train"]["main"].get("model").is_none(), "{one:#}");
    let two =
        params("[model]\nbase = \"x\"\n[model.a]\nbase = \"y\"\n[train]\nrank = 1\n[train.a]\nrank = 1\n");
    assert_eq!((&two["model"], &two["train"]["main"]), (&one["model"], &one["train"]["main"]));
    assert_eq!(two["models"], serde_json::json!({ "a": { "base": "y" } }));
    assert_eq!(two["train"]["a"]["model"], "a");
    let typed = parse("[model]\nbase = \"x\"\n[model.a]\nbase = \"y\"\n", &["model.a.base=z"]).unwrap();
    assert_eq!(typed.values()["model"], serde_json::json!({ "base": "x", "a": { "base": "z" } }));
    assert_eq!(
        (&typed.origins["model.base"], &typed.origins["model.a.base"]),
        (&Origin::Recipe(5), &Origin::Flag)
    );
}

#[test]
fn faults_are_told_together_with_their_places() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "[prepare]\npromt = \"x\"\n",
            &[],
            &["moru.toml:5: unknown key `promt` in [prepare] | did you mean `prompt`?"],
        ),
        ("[prepar]\n", &[], &["moru.toml:4: unknown section [prepar] | did you mean [prepare]?"]),
        (
            "[train]\nrank = \"16\"\nschedule = \"cosin\"\n",
            &[],
            &[
                "moru.toml:5: `train.rank` is \"16\" (text); expected a whole number, zero or more | `moru explain train` lists the keys of a section with their meaning",
                "moru.toml:6: `train.schedule` is \"cosin\"; allowed: cosine, linear, constant | did you mean \"cosine\"?",
            ],
        ),
        ("[train]\nrank = 0\n", &[], &["moru.toml:5: `train.rank` is 0; allowed: 1 to 1024"]),
        ("", &["train.rnk=3"], &["--set train.rnk: unknown key `rnk` in [train] | did you mean `rank`?"]),
        (
            "[split]\ntrain = 0.8\ntest = 0.3\n",
            &[],
            &["moru.toml:5: [split] train 0.8 + valid 0.1 + test 0.3 is 1.200; it has to be 1"],
        ),
        (
            "[train]\nmethod = \"full\"\nrank = 3\n",
            &[],
            &[
                "moru.toml:6: `rank` belongs to methods \"lora\" and \"qlora\"; method \"full\" has no adapter",
            ],
        ),
        (
            "[train]\nmethod = \"full\"\nweights = \"nf4\"\n",
            &[],
            &[
                "moru.toml:6: `weights` belongs to method \"qlora\"; method \"full\" takes the weights as they are",
            ],
        ),
        (
            "[train]\nmethod = \"qlora\"\nweights = \"q8\"\n",
            &[],
            &[
                "moru.toml:6: `train.weights` is \"q8\"; allowed: nf4, q8_0, q4_0, q4_k | did you mean \"q8_0\"?",
            ],
        ),
        (
            "[prepare]\nmask = { style = \"tokens\" }\n",
            &[],
            &[
                "moru.toml:5: `prepare.mask.style` is \"tokens\"; allowed: token, surrogate, partial | did you mean \"token\"?",
            ],
        ),
        (
            "[source.b]\nkind = \"sql\"\n",
            &[],
            &[
                "[source.b] has no `query`: a select statement (or `table`) says which rows are read | `moru explain source` lists the keys of a section with their meaning",
            ],
        ),
        (
            "[model]\nbase = \"builtin:huge\"\n",
            &[],
            &[
                "moru.toml:5: there is no built-in model `builtin:huge`; there are builtin:nano and builtin:toy",
            ],
        ),
        ("[train]\nrank = 1\nrank = 2\n", &[], &["moru.toml:6: duplicate key"]),
        (
            "[model]\nbase = \"x\"\n[model.small]\nbase = \"y\"\n[train]\nmodel = \"smal\"\n",
            &[],
            &["moru.toml:9: `train.model` is \"smal\"; allowed: main, small | did you mean \"small\"?"],
        ),
        (
            "[model.small]\nbase = \"y\"\n[train]\nrank = 1\n",
            &[],
            &[
                "moru.toml:1: [train.main] does not say which model it tunes, and there is no [model]; write model = \"NAME\" into it: small",
            ],
        ),
        (
            "[model.base]\nbase = \"y\"\n",
            &[],
            &[
                "moru.toml:4: [model.base]: `base` is the key of a model; take another name, or write base = \"…\"",
                "moru.toml:1: [train.main] does not say which model it tunes, and there is no [model]; write model = \"NAME\" into it: base",
            ],
        ),
        (
            "[model.small]\nbas = \"y\"\n[train.small]\n",
            &[],
            &["moru.toml:5: unknown key `bas` in [model.small] | did you mean `base`?"],
        ),
        (
            "[train.\"../x\"]\nsteps = 1\n",
            &[],
            &["moru.toml:4: the name \"../x\" has to be of letters, digits, `-` and `_`"],
        ),
        (
            "[train.base]\nsteps = 1\n",
            &[],
            &["moru.toml:4: [train.base]: `base` is the model before any training; take another name"],
        ),
        (
            "[source.\"b#1\"]\nkind = \"csv\"\npath = \"b.csv\"\n",
            &[],
            &["moru.toml:4: the name \"b#1\" has to be of letters, digits, `-` and `_`"],
        ),
        (
            "[source.\"질문\"]\nkind = \"csv\"\npath = \"b.csv\"\nbytes = \"hex\"\ndelimiter = \"，\"\n",
            &[],
            &[
                "moru.toml:7: `bytes` belongs to sources of kind sql and parquet, not csv",
                "moru.toml:8: `delimiter` is an ASCII character, such as \",\" or \";\"",
            ],
        ),
    ];
    for (text, sets, expected) in cases {
        assert_eq!(errors(text, sets), *expected, "{text}");
    }
}

#[test]
fn a_recipe_needs_a_source() {
    let error = Recipe::parse("[train]\n", "x", &[]).unwrap_err().to_string();
    assert_eq!(error, "[source.NAME] has no `kind`: a recipe reads at least one source");
}

#[test]
fn every_key_has_a_meaning_and_a_place_in_the_parameters() {
    let docs = key_docs();
    // Some are parameters of one method alone, so that other trainings keep their fingerprint.
    let recipes = [
        "[model.b]\nbase = \"b\"\n[train]\nmodel = \"b\"\nmethod = \"classify\"\ntune = \"qlora\"\nlabels = [\"a\", \"b\"]\nlabel = \"kind\"\n",
        "[train]\nbest_by = \"chrf\"\n[endpoint.a]\nurl = \"http://h/v1\"\nmodel = \"m\"\n",
    ];
    let recipes = recipes.map(|text| parse(text, &[]).unwrap());
    let values = recipes.each_ref().map(Recipe::values);
    let params = recipes.each_ref().map(Recipe::params);
    for doc in &docs {
        assert!(doc.doc.len() > 10, "{doc:?}");
        let section = match doc.section.as_str() {
            "train" => "train.main".to_owned(),
            other => other.replace("NAME", "a"),
        };
        let path: Vec<&str> = section.split('.').chain([doc.key.as_str()]).collect();
        let at = |all: &Value| path.iter().try_fold(all, |v, key| v.get(key)).is_some();
        let is_in = |all: &[Value]| all.iter().any(at);
        assert!(is_in(&values), "[{}] {} is read, but is no value", doc.section, doc.key);
        let without_effect = match doc.section.as_str() {
            "train" => train::WITHOUT_EFFECT.contains(&doc.key.as_str()),
            "endpoint.NAME" => !endpoint::DECISIVE.contains(&doc.key.as_str()),
            _ => false,
        };
        assert_eq!(!is_in(&params), without_effect, "[{}] {}: a parameter", doc.section, doc.key);
    }
    assert!(docs.len() > 60);
}

#[test]
fn a_password_is_no_parameter() {
    let text = "[source.b]\nkind = \"sql\"\nquery = \"select 1\"\nurl = \"mysql://u:hunter2@h/x\"\n";
    let recipe = parse(text, &[]).unwrap();
    assert!(!recipe.params().to_string().contains("hunter2"));
    assert!(recipe.resolved.source["b"].url.contains("hunter2"), "it is still used to connect");
}

#[test]
fn checkpoints_are_compared_by_what_the_method_can_be_asked() {
    let of = |text: &str| {
        let main = parse(text, &[]).unwrap().resolved.train.remove("main").unwrap();
        (main.best_by, main.best_rows)
    };
    assert_eq!(of("[train]\nrank = 4\n"), (None, None));
    assert_eq!(
        of("[train]\nbest_by = \"loss\"\n"),
        (None, None),
        "the fingerprint of one that does not say so"
    );
    assert_eq!(of("[train]\nbest_by = \"rouge-ko\"\n"), (Some("rouge-ko".to_owned()), Some(32)));
    assert_eq!(of("[train]\nbest_by = \"chrf\"\nbest_rows = 8\n"), (Some("chrf".to_owned()), Some(8)));
    let fault = |text: &str| errors(&format!("[train]\n{text}"), &[]).join("; ");
    let other = fault("best_by = \"macro-f1\"\n");
    assert!(other.contains("`train.best_by` is \"macro-f1\"; allowed: loss, chrf, bleu,"), "{other}");
    assert_eq!(
        fault("best_rows = 8\n"),
        "moru.toml:5: `best_rows` belongs to a score of answers; best_by \"loss\" answers nothing"
    );
}

#[test]
fn a_classifier_has_keys_of_its_own() {
    let recipe = parse("[train]\nmethod = \"classify\"\n", &[]).unwrap();
    let main = &recipe.resolved.train["main"];
    assert!(main.is_classifier());
    assert_eq!(
        (main.tuned(), main.best_by.as_deref(), main.weights.as_deref()),
        ("lora", Some("macro-f1"), None)
    );
    let recipe = parse("[train]\nmethod = \"classify\"\ntune = \"qlora\"\n", &[]).unwrap();
    assert_eq!(recipe.resolved.train["main"].weights.as_deref(), Some("nf4"));
    let recipe = parse("[train]\nmethod = \"classify\"\ntune = \"full\"\n", &[]).unwrap();
    assert_eq!(recipe.resolved.train["main"].learning_rate, 5e-5);
    let fault = |text: &str| errors(&format!("[train]\n{text}"), &[]).join("; ");
    assert_eq!(
        fault("tune = \"full\"\n"),
        "moru.toml:5: `tune` belongs to method \"classify\"; method \"lora\" labels nothing"
    );
    assert_eq!(
        fault("method = \"classify\"\ntune = \"full\"\nrank = 4\n"),
        "moru.toml:7: `rank` belongs to methods \"lora\" and \"qlora\"; tune \"full\" has no adapter"
    );
    assert_eq!(
        fault("method = \"classify\"\nweights = \"nf4\"\n"),
        "moru.toml:6: `weights` belongs to tune \"qlora\"; tune \"lora\" takes the weights as they are"
    );
    assert_eq!(
        fault("method = \"classify\"\nlabels = [\"a\"]\n"),
        "moru.toml:6: [train] `labels` has one label: there is nothing to choose between"
    );
    assert_eq!(
        fault("method = \"classify\"\nlabels = [\"a\", \"b\", \"a\"]\n"),
        "moru.toml:6: [train] `labels` has \"a\" twice"
    );
}
