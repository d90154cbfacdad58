//! Recipes with unknown keys and impossible values, and secrets in places where they may be told.

use super::{project, refused, refused_at_once};
use crate::support::RECIPE;

#[test]
fn unknown_keys_are_told_with_the_one_that_was_meant() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "batch_size = 4",
            "batchsize = 4",
            &["moru.toml:22: unknown key `batchsize` in [train]", "did you mean `batch_size`?"],
        ),
        (
            "key = [",
            "keys = [",
            &["moru.toml:10: unknown key `keys` in [source.rows]", "did you mean `key`?"],
        ),
        (
            "[prepare.reject]",
            "[prepare.rejct]",
            &["unknown key `rejct` in [prepare]", "did you mean `reject`?"],
        ),
        ("duplicates = 0.0", "duplicate = 0.0", &["in [prepare.reject]", "did you mean `duplicates`?"]),
        (
            "meta = [",
            "mask = { stlye = \"token\" }\nmeta = [",
            &["unknown key `stlye`", "did you mean `style`?"],
        ),
        ("[train]", "[split]\ngruop = \"id\"\n\n[train]", &["in [split]", "did you mean `group`?"]),
        ("[train]", "[tokenise]\n\n[train]", &["unknown section [tokenise]", "did you mean [tokenize]?"]),
        (
            "max_new_tokens = 8",
            "max_new_token = 8\nzebra = 1",
            &["did you mean `max_new_tokens`?", "unknown key `zebra`", "[evaluate] knows metrics"],
        ),
        ("[project]", "zebra = 1\n[project]", &["`zebra` stands outside of any [section]"]),
        (
            "\"exact\"",
            "\"exakt\"",
            &["`evaluate.metrics` is \"exakt\"; allowed: ", "did you mean \"exact\"?"],
        ),
        ("steps = 6", "steps = -6", &["`train.steps` is -6", "moru explain train"]),
        ("steps = 6", "steps = 6\nlearning_rate = 1e9", &["allowed: 0 to 1", "moru explain"]),
        (
            "name = \"test\"",
            "name = \"test\"\nname = \"x\"",
            &["moru.toml:3: duplicate key", "a key stands once"],
        ),
        (
            "base = \"builtin:toy\"",
            "base = \"builtin:nanoo\"",
            &["there is no built-in model `builtin:nanoo`"],
        ),
    ];
    for (from, to, says) in cases {
        assert!(RECIPE.contains(from), "{from}");
        let scratch = project();
        scratch.edit("moru.toml", from, to);
        refused_at_once(&scratch, &["plan"], says);
        refused_at_once(&scratch, &["run"], says);
    }
}

#[test]
fn impossible_splits() {
    let cases: &[(&str, &[&str])] = &[
        ("train = 0.0\nvalid = 0.5\ntest = 0.5", &["`train` is 0: nothing would be trained on"]),
        (
            "train = 1.5\nvalid = -0.5\ntest = 0.0",
            &["`split.train` is 1.5; allowed: 0 to 1", "`split.valid` is -0.5"],
        ),
        ("train = nan\nvalid = 0.5\ntest = 0.5", &["`split.train` is NaN"]),
        ("train = 0.5\nvalid = 0.5\ntest = 0.5", &["is 1.500; it has to be 1"]),
        ("train = 0.9\nvalid = 0.1\ntest = 0.0", &["`test` is 0", "moru train"]),
        ("column = \"fold\"", &["column = \"fold\", which the examples do not carry", "meta = [\"fold\"]"]),
        ("group = \"category\"\ncolumn = \"category\"", &["both `group` and `column`"]),
    ];
    for (split, says) in cases {
        let scratch = project();
        scratch.edit("moru.toml", "[train]", &format!("[split]\n{split}\n\n[train]"));
        let talk = refused_at_once(&scratch, &["run"], says);
        // One fault does not bring a second that is none.
        assert!(!talk.contains("it has to be 1") || says[0].contains("it has to be 1"), "{talk}");
    }
    let late: &[(&str, &[&str])] = &[
        (
            "train = 0.99\nvalid = 0.005\ntest = 0.005",
            &["the part `valid` (share 0.005) would be empty: 60 rows", "valid = 0.0"],
        ),
        ("group = \"category\"", &["60 rows in 3 pieces that stay together, the largest with 20 rows"]),
        ("column = \"category\"", &["`category` names the split", "train, valid and test are known"]),
    ];
    for (split, says) in late {
        let scratch = project();
        scratch.edit("moru.toml", "[train]", &format!("[split]\n{split}\n\n[train]"));
        refused(&scratch, &["run"], says);
    }
    let scratch = project();
    let rows = scratch.read("data/rows.csv");
    scratch.write("data/rows.csv", &rows.lines().take(3).collect::<Vec<_>>().join("\n"));
    refused(&scratch, &["run"], &["would be empty: 2 rows"]);
}

#[test]
fn secrets_are_told_nowhere() {
    const SECRET: &str = "walnut-52-gravel";
    let url = format!("mysql://u:{SECRET}@127.0.0.1:1/x");
    let scratch = project();
    let sets = [
        format!("source.rows.url:{url}"),
        format!("source.rows.urll={url}"),
        format!("source.rows.url=[\"{url}\"]"),
    ];
    for set in &sets {
        let talk = refused_at_once(&scratch, &["plan", "--set", set], &["--set source.rows.url"]);
        assert!(!talk.contains(SECRET), "{talk}");
    }
    let recipe = scratch.read("moru.toml");
    let source = "kind = \"csv\"\npath = \"data/rows.csv\"";
    for wrong in [
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = \"{url}"),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = {url}"),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = [\"{url}\"]"),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = \"{}\"", url.replace("mysql:", "oracle:")),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = \"{}\"", url.replace(":1/", ":99999/")),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = \"{}\"", url.replace("walnut", "%zz")),
        format!("kind = \"sql\"\nquery = \"select 1\"\nurl = \"{url}\"\ntimeout_secs = 2"),
    ] {
        scratch.write("moru.toml", &recipe.replace(source, &wrong));
        let talk = refused_at_once(&scratch, &["run"], &[]);
        assert!(!talk.contains(SECRET) && !talk.contains("52-gravel"), "{talk}");
    }
    scratch.write("moru.toml", &recipe);
    for (env, says) in [
        (format!("DB_USER=u\n{SECRET}\n"), ".env:2: expected NAME=VALUE"),
        (format!("DB_PASSWORD=\n{SECRET} # pasted\n"), ".env:2: expected NAME=VALUE"),
    ] {
        scratch.write(".env", &env);
        let talk = refused_at_once(&scratch, &["run"], &[says, "stands in quotes"]);
        assert!(!talk.contains(SECRET), "{talk}");
    }
}
