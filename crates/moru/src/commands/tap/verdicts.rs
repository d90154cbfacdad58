//! What a judge said of answers, one verdict after the other.

use serde_json::Value;

use super::Tap;
use crate::console::Console;
use crate::console::error::fail;
use crate::project::Project;
use crate::stages::{Names, jsonl, look, model_of};

impl Tap {
    /// The verdicts of one training, or of the first.
    pub(super) fn verdicts(
        &self,
        project: &Project,
        instance: &str,
        console: &Console,
    ) -> anyhow::Result<()> {
        if project.resolved().evaluate.judge.is_empty() {
            return Err(fail(
                "no judge is named in the recipe, so nothing was judged",
                "name one under [evaluate] judge = \"…\"; `moru explain judge` tells what it can be",
            ));
        }
        let name = if instance.is_empty() { model_of::first(project) } else { instance };
        let path = project.results()?.output(&Names::judge(name), Names::VERDICTS)?;
        for verdict in self.first(jsonl::read::<Value>(&path)?) {
            self.show(console, &told(&verdict), &verdict);
        }
        Ok(())
    }
}

/// A verdict for a person: whose answers were shown, what they were, what was decided and why.
fn told(verdict: &Value) -> String {
    let word = |key: &str| verdict[key].as_str().unwrap_or_default();
    let words = |key: &str| verdict[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let decided = match (verdict["score"].as_u64(), verdict["winner"].as_str()) {
        (Some(score), _) => format!("{score} of 10"),
        (None, Some("tie")) => "as good".to_owned(),
        (None, Some(winner)) => format!("{winner} is better"),
        (None, None) => "no verdict".to_owned(),
    };
    let mut text = format!("{}  {}: {decided}", word("id"), word("kind"));
    for (system, answer) in words("systems").zip(words("answers")) {
        text += &format!("\n  {system}: {}", look::flat(answer));
    }
    for (key, label) in [("reason", "because"), ("error", "fault")] {
        if !word(key).is_empty() {
            text += &format!("\n  {label}: {}", look::flat(word(key)));
        }
    }
    text
}
