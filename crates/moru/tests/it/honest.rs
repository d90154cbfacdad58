//! What the program says of its own work: that nothing was lost, that a row was counted once, what was trained.

use serde_json::Value;

use crate::support::{Scratch, table};

/// One step on a toy model.
const SHORT: [&str; 6] =
    ["--set", "train.steps=1", "--set", "evaluate.leak_samples=0", "--set", "evaluate.max_new_tokens=2"];

#[test]
fn output_that_cannot_be_written_is_an_error() {
    if !std::path::Path::new("/dev/full").exists() {
        return testing::skip("there is no /dev/full, which refuses every byte");
    }
    let scratch = Scratch::project();
    let moru = env!("CARGO_BIN_EXE_moru");
    let out = scratch.shell("\"$0\" doctor > /dev/full").arg(moru).output().unwrap();
    let talk = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{talk}");
    assert!(talk.contains("not all of the output could be written"), "{talk}");
    // A reader that has seen enough is no error.
    let script = "(\"$0\" doctor; echo $? > code) | true";
    assert!(scratch.shell(script).arg(moru).output().unwrap().status.success());
    assert_eq!(scratch.read("code"), "0\n");
}

#[test]
fn a_row_that_could_not_be_read_is_counted_where_that_was() {
    let scratch = Scratch::project();
    scratch.write("data/rows.csv", &(table(60) + "63\n"));
    let talk = String::from_utf8(scratch.output(&["run", "--until", "prepare"]).stderr).unwrap();
    assert!(talk.contains("61 rows in = 60 out + 1 rejected (ragged_row 1)"), "{talk}");
    assert!(talk.contains("60 rows in = 60 out + 0 rejected"), "{talk}");
    assert_eq!(scratch.read("out/rejected.jsonl").lines().count(), 1);
}

#[test]
fn what_was_trained_is_what_the_steps_trained() {
    let scratch = Scratch::project();
    scratch.stdout(&[&["run"][..], &SHORT].concat(), 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let training = &report["training"][0];
    let (tokens, trained) =
        (training["tokens"].as_u64().unwrap(), training["trained_tokens"].as_u64().unwrap());
    assert!(0 < trained && trained < tokens, "{tokens} {trained}");
}

#[test]
fn a_base_that_is_not_there_is_a_finding_like_others() {
    let scratch = Scratch::project();
    let told: Value =
        serde_json::from_str(&scratch.stdout(&["check", "--set", "model.base=/nowhere", "--json"], 1))
            .unwrap();
    let findings = told["findings"].as_array().unwrap();
    let of = |subject: &str| findings.iter().find(|finding| finding["subject"] == subject).unwrap();
    assert!(of("model.base")["error"].is_string() && of("source.rows")["error"].is_null(), "{told:#}");
    scratch.write("data/rows.csv", "id,category,question,answer\n");
    assert!(scratch.stdout(&["check"], 1).contains("source `rows` gives no rows"));
}

#[test]
fn a_damaged_result_that_was_made_anew_is_the_one_that_is_used() {
    let scratch = Scratch::project();
    scratch.stdout(&[&["run"][..], &SHORT].concat(), 0);
    let damage = "chmod u+w .moru/views/*/adapter_model.safetensors && \
                  printf 'damaged' | dd of=\"$(ls .moru/views/*/adapter_model.safetensors | head -n 1)\" conv=notrunc";
    assert!(scratch.shell(damage).output().unwrap().status.success());
    scratch.stdout(&[&["run"][..], &SHORT].concat(), 0);
    let ask = "printf '배송은 언제 되나요?\\n' | \"$0\" generate --max-tokens 2 --set train.steps=1 \
               --set evaluate.leak_samples=0 --set evaluate.max_new_tokens=2";
    let out = scratch.shell(ask).arg(env!("CARGO_BIN_EXE_moru")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn columns_of_personal_data_are_named_in_a_recipe_made_from_a_table() {
    let scratch = Scratch::new();
    let mut rows = String::new();
    for i in 1..=40 {
        rows += &format!("{i},김민서,010-1234-{i:04},배송은 {i}일에 오나요?,네 {i}일에 도착합니다\n");
    }
    scratch.write("faq.csv", &format!("id,고객명,phone,question,answer\n{rows}"));
    scratch.stdout(&["init", "--from", "faq.csv", "bot"], 0);
    let recipe = scratch.read("bot/moru.toml");
    assert!(recipe.contains("personal = { \"고객명\" = \"person\", \"phone\" = \"mobile\" }"), "{recipe}");
    assert!(recipe.contains("\nkey = [\"id\"]"), "{recipe}");
    scratch.edit("bot/moru.toml", "builtin:nano", "builtin:toy");
    scratch.stdout(&["run", "-C", "bot", "--until", "prepare"], 0);
    // A column that does not tell rows apart is no key.
    scratch.write(
        "twice.csv",
        &format!("id,question,answer\n{}", "1,배송은 언제 오나요?,내일 옵니다\n".repeat(3)),
    );
    scratch.stdout(&["init", "--from", "twice.csv", "other"], 0);
    assert!(scratch.read("other/moru.toml").contains("\n# key = [\"id\"]"));
}
