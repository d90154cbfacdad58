//! The page and `report.json` say the same: the page is made of nothing but the data, and whatever the data
//! says changes the page.

use eval::report::{Language, Report};
use serde_json::Value;

use super::sample;
use crate::report::render;

/// What is no matter of the page, by its path; everything else has to be on it.
const NOT_SHOWN: [&str; 23] = [
    // The layout of the file.
    "format",
    // The page's language is handed in.
    "language",
    // Which system a test is about: always the tuned one, which the table's heading says.
    "evaluation[].measures[].tests[].system",
    // All intervals of an evaluation have one confidence, which is told once.
    "evaluation[].measures[].tests[].interval.confidence",
    "evaluation[].measures[].scores[].interval.confidence",
    "evaluation[].key_facts[].interval.confidence",
    // The scores tell it of the same systems.
    "judging[].systems[].cut_off",
    "judging[].systems[].failed",
    // All intervals of a judging have one confidence, which its differences tell; the points of a slope are its answers.
    "judging[].grades[].interval.confidence",
    "judging[].grades[].length.interval.confidence",
    "judging[].grades[].length.rows",
    "judging[].duels[].interval.confidence",
    "judging[].duels[].length.interval.confidence",
    "judging[].duels[].length.rows",
    "judging[].duels[].first_interval.confidence",
    "judging[].agreement.grades.interval.confidence",
    "judging[].agreement.grades.weighted_interval.confidence",
    "judging[].agreement.winners.interval.confidence",
    // Which system is compared: always the tuned one, which the heading says.
    "judging[].duels[].system",
    "compared.candidates[].interval.confidence",
    "compared.candidates[].behind.interval.confidence",
    // The horizontal axis counts steps; the epochs of the last one are told.
    "training[].steps[].epoch",
    // Always the texts of `held_back`.
    "pretraining[].quantised.name",
];

/// So many elements of a long list are tried.
const TRIED: usize = 6;

/// Calls `f` with the path of every leaf: as it is reached, and as it is named in [`NOT_SHOWN`].
fn leaves(value: &Value, at: &str, name: &str, f: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                leaves(inner, &format!("{at}/{key}"), &name, f);
            }
        }
        Value::Array(items) => {
            for (i, inner) in items.iter().enumerate() {
                let is_tried = i < TRIED / 2 || i + TRIED / 2 >= items.len() || i == items.len() / 2;
                if is_tried {
                    leaves(inner, &format!("{at}/{i}"), &format!("{name}[]"), f);
                }
            }
        }
        Value::Null => {}
        _ => f(at, name),
    }
}

/// Another value of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => Value::Bool(!flag),
        Value::String(text) => Value::String(format!("{text}Ω")),
        Value::Number(number) => match number.as_u64() {
            Some(n) => Value::from(n * 3 + 11),
            None => Value::from(number.as_f64().unwrap() * 3.0 + 7.31),
        },
        other => other.clone(),
    }
}

#[test]
fn whatever_the_data_says_changes_the_page() {
    let report = sample::report();
    let value = serde_json::to_value(&report).unwrap();
    let page = render(&report, Language::English);
    let mut paths = Vec::new();
    leaves(&value, "", "", &mut |at, name| paths.push((at.to_owned(), name.to_owned())));
    assert!(paths.len() > 500, "{}", paths.len());
    let mut silent: Vec<String> = Vec::new();
    for (at, name) in paths {
        let mut changed = value.clone();
        let leaf = changed.pointer_mut(&at).unwrap();
        *leaf = other(leaf);
        // Closed sets of words take no other.
        let Ok(changed) = serde_json::from_value::<Report>(changed) else { continue };
        if render(&changed, Language::English) == page && !silent.contains(&name) {
            silent.push(name);
        }
    }
    silent.retain(|name| !NOT_SHOWN.contains(&name.as_str()));
    assert!(silent.is_empty(), "in report.json and not on the page: {silent:#?}");
}

#[test]
fn the_page_is_made_of_the_data_alone() {
    let report = sample::report();
    let read: Report = serde_json::from_str(&serde_json::to_string_pretty(&report).unwrap()).unwrap();
    for language in super::LANGUAGES {
        assert!(render(&read, language) == render(&report, language));
    }
}

#[test]
fn counts_of_the_sample_add_up() {
    let report = sample::report();
    assert!(report.stages.iter().all(eval::report::Stage::adds_up));
    let prepare = report.stages.iter().find(|stage| stage.id == "prepare").unwrap();
    let rejected: u64 = report.data.rejected.iter().map(|reason| reason.rows).sum();
    assert_eq!(prepare.rejected.iter().map(|count| count.count).sum::<u64>(), rejected);
    for test in &report.leaks.as_ref().unwrap().tests {
        assert_eq!(test.attacks.iter().map(|attack| attack.texts).sum::<u64>(), test.texts());
        assert_eq!(test.attacks.iter().map(|attack| attack.prefixes).sum::<u64>(), test.prefixes);
        assert_eq!(test.attacks.iter().map(|attack| attack.found).sum::<u64>(), test.leaked());
    }
}
