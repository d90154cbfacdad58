//! `moru explain`: what a section of the recipe, a stage or a word means.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome, table};
use crate::recipe::{KeyDoc, closest, key_docs};

/// Explain a section of the recipe, a stage, or a word
///
/// Without a topic, lists the topics. `recipe` lists every key of every section. lora, alpaca, 4-bit, rouge and bleu are
/// told in Korean as well: --language ko.
#[derive(Debug, Args)]
pub struct Explain {
    /// A topic, such as `train`, `privacy` or `lock`
    topic: Option<String>,
    /// The language of the text, where there is one in it: en, ko
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "ko"])]
    language: String,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

/// Topics that are no section of the recipe.
const TOPICS: [(&str, &str); 15] = [
    ("stages", include_str!("explain/stages.md")),
    ("privacy", include_str!("explain/privacy.md")),
    ("lock", include_str!("explain/lock.md")),
    ("counts", include_str!("explain/counts.md")),
    ("env", include_str!("explain/env.md")),
    ("mask", include_str!("explain/mask.md")),
    ("baselines", include_str!("explain/baselines.md")),
    ("editions", include_str!("explain/editions.md")),
    ("teacher", include_str!("explain/teacher.md")),
    ("judge", include_str!("explain/judge.md")),
    ("lora", include_str!("explain/lora.md")),
    ("alpaca", include_str!("explain/alpaca.md")),
    ("4-bit", include_str!("explain/4-bit.md")),
    ("rouge", include_str!("explain/rouge.md")),
    ("bleu", include_str!("explain/bleu.md")),
];

/// Topics that are told in Korean as well.
const KOREAN: [(&str, &str); 5] = [
    ("lora", include_str!("explain/lora.ko.md")),
    ("alpaca", include_str!("explain/alpaca.ko.md")),
    ("4-bit", include_str!("explain/4-bit.ko.md")),
    ("rouge", include_str!("explain/rouge.ko.md")),
    ("bleu", include_str!("explain/bleu.ko.md")),
];

/// The text of a topic in a language; in English where it is told in no other.
fn text_of(topic: &str, language: &str) -> Option<&'static str> {
    let korean = KOREAN.iter().filter(|_| language == "ko");
    korean.chain(&TOPICS).find(|(name, _)| *name == topic).map(|(_, text)| *text)
}

impl Explain {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let docs = key_docs();
        let mut sections: Vec<String> = Vec::new();
        for doc in &docs {
            let section = doc.section.split('.').next().unwrap_or_default().to_owned();
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
        let Some(topic) = self.topic else {
            let words: Vec<_> = TOPICS.iter().map(|(name, _)| *name).collect();
            if self.json {
                console
                    .print_json(&serde_json::json!({ "sections": sections, "topics": words, "keys": docs }));
            } else {
                console.print(format!(
                    "sections of the recipe: {}\ntopics: {}",
                    sections.join(", "),
                    words.join(", ")
                ));
            }
            return Ok(Outcome::Good);
        };
        if let Some(text) = text_of(&topic, &self.language) {
            if self.json {
                console.print_json(&serde_json::json!({ "topic": topic, "text": text.trim_end() }));
            } else {
                console.print(text.trim_end());
            }
            return Ok(Outcome::Good);
        }
        let keys: Vec<_> = docs
            .iter()
            .filter(|doc| topic == "recipe" || doc.section.split('.').next() == Some(&topic))
            .collect();
        if keys.is_empty() {
            let known: Vec<String> =
                sections.into_iter().chain(TOPICS.map(|(name, _)| name.to_owned())).collect();
            let hint = match closest(&topic, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(fail(format!("nothing is known about `{topic}`"), hint));
        }
        if self.json {
            console.print_json(&keys);
            return Ok(Outcome::Good);
        }
        let mut section = "";
        let mut rows = Vec::new();
        for doc in keys {
            if doc.section != section {
                section = &doc.section;
                rows.push(vec![format!("[{section}]")]);
            }
            let default = if doc.default.is_empty() { String::new() } else { format!("= {}", doc.default) };
            rows.push(vec![format!("  {}", doc.key), default, meaning(doc)]);
        }
        console.print(table::render(&shortened(rows), &[]));
        Ok(Outcome::Good)
    }
}

/// What a key does, and the words it may hold where that does not name them.
fn meaning(doc: &KeyDoc) -> String {
    let named = |word: &&str| doc.doc.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| w == *word);
    if doc.allowed.iter().all(named) {
        return doc.doc.to_owned();
    }
    format!("{}: {}", doc.doc, doc.allowed.join(", "))
}

/// Long defaults would push the meanings off the screen.
fn shortened(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for row in &mut rows {
        if let Some(default) = row.get_mut(1) {
            *default = crate::console::format::clipped(default, 28);
        }
    }
    rows
}
