//! A rule in three editions.

use eval::report::{Language, RuleDoubt, RuleEdition, RuleEditions};

use super::sample;
use crate::report::render;

/// Rules of a folder of documents.
pub(super) fn editions() -> Vec<RuleEditions> {
    let edition = |document: &str, date: Option<&str>, from: &str| RuleEdition {
        document: document.into(),
        date: date.map(str::to_owned),
        date_from: from.into(),
        ..RuleEdition::default()
    };
    let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    vec![RuleEditions {
        source: "rules".into(),
        title: "취업규칙".into(),
        current: 0,
        editions: vec![
            edition("취업규칙_2024.pdf", Some("2024-03-01"), "text"),
            RuleEdition {
                set_aside: true,
                altered: paths(&["제3장/제17조", "제3장/제18조"]),
                added: paths(&["제3장/제17조의2"]),
                removed: paths(&["제5장/제40조"]),
                ..edition("취업규칙_2022.pdf", Some("2022-01-01"), "name")
            },
            RuleEdition { set_aside: true, ..edition("취업규칙_사본.pdf", None, "none") },
        ],
        doubts: vec![RuleDoubt { kind: "undated".into(), documents: vec!["취업규칙_사본.pdf".into()] }],
    }]
}

#[test]
fn an_edition_to_come_is_told_from_the_one_in_effect() {
    let mut report = sample::report();
    let rule = &mut report.data.editions[0];
    rule.current = 1;
    (rule.editions[0].set_aside, rule.editions[1].set_aside) = (true, false);
    let page = render(&report, Language::English);
    assert!(page.contains("set aside, not yet in effect") && page.contains("in effect</td>"), "{page}");
    assert!(!page.contains(">newest<"), "{page}");
}

#[test]
fn editions_are_told_with_counts_and_paths() {
    let page = render(&sample::report(), Language::English);
    for shown in ["set aside", "2022-01-01", "altered 2 · added 1 · removed 1", "제3장/제17조의2", "No date:"]
    {
        assert!(page.contains(shown), "{shown}");
    }
}
