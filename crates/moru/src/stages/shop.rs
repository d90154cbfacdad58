//! The example shop: a database to begin with, and the truth about it.

use std::path::Path;

use anyhow::Context;

use super::answer::OwnQuestion;
use pipeline::platform::write_atomic;
use synth::shop::{Dialect, Planted, PolicyTable, Shop, ShopSize};

/// Where the truth about personal data of the example lies in a project.
pub const PLANTED: &str = "data/planted.jsonl";

/// Writes the shop of a seed into `data/`: `shop.db`, what it promises, what personal data it holds; and
/// the questions that were written by hand.
pub fn write(folder: &Path, seed: u64) -> anyhow::Result<()> {
    let shop = Shop::new(seed, ShopSize::default());
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    // The file is built in one transaction; the script's own would be a second one within it.
    let script = shop.sql(Dialect::Sqlite).replacen("\nBEGIN;\n", "\n", 1);
    let script = script.strip_suffix("COMMIT;\n").unwrap_or(&script);
    data::sources::sql::build_sqlite(&data.join("shop.db"), script)?;
    write_atomic(&data.join("policies.json"), &serde_json::to_vec_pretty(shop.policies())?)?;
    write_atomic(&folder.join(PLANTED), lines(shop.planted())?.as_bytes())?;
    write_atomic(&folder.join("questions.jsonl"), lines(&questions(&shop))?.as_bytes())?;
    Ok(())
}

/// The questions that were written by hand, each with the facts of this shop that its answer has to contain.
fn questions(shop: &Shop) -> Vec<OwnQuestion> {
    let facts = |key: &str| shop.policies().get(key).map(|value| value.forms.clone());
    let own = |question: synth::shop::Question| OwnQuestion {
        expected: None,
        facts: facts(&question.policy).into_iter().collect(),
        columns: [
            ("category", &question.category),
            ("question", &question.question),
            ("policy", &question.policy),
        ]
        .map(|(key, text)| (key.to_owned(), text.as_str().into()))
        .into_iter()
        .collect(),
        id: question.id,
    };
    synth::shop::questions().into_iter().map(own).collect()
}

/// Whether a project holds the shop of a seed: its promises are the seed's.
pub fn is_of(folder: &Path, seed: u64) -> anyhow::Result<bool> {
    let path = folder.join("data/policies.json");
    let bytes = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    let held: serde_json::Value = serde_json::from_slice(&bytes)?;
    Ok(held == serde_json::to_value(PolicyTable::draw(seed))?)
}

/// The planted data of a project, where it is an example.
pub fn planted(folder: &Path) -> anyhow::Result<Option<Vec<Planted>>> {
    let path = folder.join(PLANTED);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(super::jsonl::read(&path)?))
}

fn lines<T: serde::Serialize>(items: &[T]) -> anyhow::Result<String> {
    let mut text = String::new();
    for item in items {
        text += &serde_json::to_string(item)?;
        text.push('\n');
    }
    Ok(text)
}
