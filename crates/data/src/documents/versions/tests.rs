use super::super::{structure, text};
use super::*;

fn tree(name: &str, rule: &str) -> Tree {
    structure::tree(&text::document(name, rule))
}

const BODY: &str =
    "제1조(목적) 가\n제2조(정의) 나\n제3조(휴가) 다\n제4조(휴직) 라\n제5조(징계) 마\n제6조(보수) 바\n";

fn check(documents: &[(&str, String)], want: &[(usize, &[usize])]) -> Vec<VersionFinding> {
    let cards: Vec<Card> = documents.iter().map(|(name, rule)| Card::of(&tree(name, rule))).collect();
    let found = rules(&cards, None);
    let got: Vec<(usize, &[usize])> =
        found.iter().map(|rule| (rule.current, rule.older.as_slice())).collect();
    assert_eq!(got, want);
    found.into_iter().flat_map(|rule| rule.findings).collect()
}

#[test]
fn the_latest_in_effect_is_current() {
    let rule =
        |date: &str, more: &str| format!("취업규칙\n{BODY}{more}부칙\n이 규칙은 {date}부터 시행한다.\n");
    let findings = check(
        &[
            ("a.txt", rule("2022년 1월 1일", "")),
            ("b.txt", rule("2024년 3월 1일", "제7조(신설) 사\n")),
            ("c.txt", rule("2023. 5. 1.", "")),
            ("d.txt", format!("여비규정\n{}", BODY.replace("휴", "여"))),
        ],
        &[(1, &[2, 0]), (3, &[])],
    );
    assert_eq!(findings, []);
}

#[test]
fn names_and_revisions_tell_where_the_text_does_not() {
    let marked = |date: &str| format!("취업규칙\n{BODY}제7조(끝) 끝 <개정 {date}>\n");
    assert_eq!(
        check(&[("a.txt", marked("2021. 1. 1.")), ("b.txt", marked("2020. 1. 1."))], &[(0, &[1])]),
        []
    );
    let named = |more: &str| format!("취업규칙\n{BODY}{more}");
    assert_eq!(
        check(
            &[("취업규칙_20240101.txt", named("")), ("취업규칙_20220101.txt", named("제7조(옛) 옛\n"))],
            &[(0, &[1])]
        ),
        [VersionFinding::DateFromName { document: 0 }]
    );
    assert_eq!(
        check(
            &[("취업규칙(구).txt", named("")), ("취업규칙(신).txt", named("제7조(새) 새\n"))],
            &[(1, &[0])]
        ),
        []
    );
}

#[test]
fn what_cannot_be_decided_is_said() {
    let rule = |more: &str| format!("취업규칙\n{BODY}{more}");
    assert_eq!(
        check(
            &[("a.txt", rule("")), ("b.txt", rule("제7조(새) 새\n")), ("c.txt", rule(""))],
            &[(2, &[1, 0])]
        ),
        [
            VersionFinding::Identical { document: 0, same_as: 2 },
            VersionFinding::Undecided { documents: vec![2, 1] },
        ]
    );
    assert_eq!(
        check(
            &[("a.txt", format!("인사규정\n{BODY}부칙\n2024. 1. 1.부터 시행한다.\n")), ("b.txt", rule(""))],
            &[(0, &[1])]
        ),
        [VersionFinding::Undated { document: 1 }, VersionFinding::OtherTitle { document: 1 }]
    );
}

#[test]
fn a_document_without_a_date_never_loses_in_silence() {
    let dated = format!("취업규칙\n{BODY}부칙\n2020. 1. 1.부터 시행한다.\n");
    let undated = format!("취업규칙\n{BODY}제7조(새) 새\n");
    let both = |name: &str, want: &[(usize, &[usize])]| {
        check(&[("취업규칙.txt", dated.clone()), (name, undated.clone())], want)
    };
    for (name, want) in [
        ("취업규칙_a.txt", (0, &[1][..])),
        ("취업규칙(구).txt", (0, &[1])),
        ("취업규칙(현행).txt", (1, &[0])),
    ] {
        assert_eq!(both(name, &[want]), [VersionFinding::Undated { document: 1 }], "{name}");
    }
    // A copy of a dated one is no other edition.
    let copy = [("a.txt", dated.clone()), ("b.txt", dated.clone())];
    assert_eq!(check(&copy, &[(1, &[0])]), [VersionFinding::Identical { document: 0, same_as: 1 }]);
}

#[test]
fn chapters_of_a_handbook_are_no_editions_of_each_other() {
    let chapter =
        |about: &str| format!("Overview\n\nThis chapter is about {about}.\n\nAsk for {about} in writing.\n");
    check(
        &[("leave/overview.txt", chapter("leave")), ("travel/overview.txt", chapter("travel"))],
        &[(0, &[]), (1, &[])],
    );
    let edition = |days: u32| {
        format!("Leave policy\n\nAll staff have leave.\n\nIt is {days} days.\n\nAsk a week before.\n")
    };
    check(&[("leave_v1.txt", edition(10)), ("leave_v2.txt", edition(12))], &[(1, &[0])]);
}

#[test]
fn on_a_day_the_edition_in_effect_is_current() {
    let rule = |date: &str| format!("취업규칙\n{BODY}부칙\n이 규칙은 {date}부터 시행한다.\n");
    let cards: Vec<Card> = ["2022. 1. 1.", "2027. 1. 1.", "2024. 3. 1."]
        .iter()
        .zip(["a.txt", "b.txt", "c.txt"])
        .map(|(date, name)| Card::of(&tree(name, &rule(date))))
        .collect();
    let on = |day: &str| rules(&cards, Some(day.parse().unwrap())).remove(0);
    let (none, not_yet) = (vec![], vec![VersionFinding::NotYet { document: 0 }]);
    for (day, coming, current, older, findings) in [
        ("2027-01-01", vec![], 1, vec![2, 0], &none),
        ("2026-12-31", vec![1], 2, vec![0], &none),
        ("2022-01-01", vec![1, 2], 0, vec![], &none),
        ("2021-12-31", vec![1, 2], 0, vec![], &not_yet),
    ] {
        let found = on(day);
        assert_eq!((found.coming, found.current, found.older), (coming, current, older), "{day}");
        assert_eq!(&found.findings, findings, "{day}");
    }
}
