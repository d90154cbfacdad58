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

#[test]
fn an_edition_without_a_date_beside_one_to_come_is_said() {
    let dated = format!("취업규칙\n{BODY}부칙\n2022. 1. 1.부터 시행한다.\n");
    let undated = format!("취업규칙\n{BODY}제7조(새) 새\n");
    let cards = [Card::of(&tree("a.txt", &dated)), Card::of(&tree("b.txt", &undated))];
    let found = rules(&cards, Some("2021-01-01".parse().unwrap())).remove(0);
    assert_eq!((found.coming, found.current), (vec![0], 1));
    assert_eq!(found.findings, [VersionFinding::Undated { document: 1 }]);
}

#[test]
fn what_stands_in_brackets_may_tell_rules_apart() {
    let rule = |title: &str, more: &str| format!("{title}\n{BODY}제7조({more}) 사\n제8조({more}2) 아\n");
    let both = |one: &str, other: &str| [("a.txt", rule(one, "가")), ("b.txt", rule(other, "나"))];
    for (one, other) in [("취업규칙(정규직)", "취업규칙(계약직)"), ("업무지침 제1호", "업무지침 제2호")]
    {
        assert_eq!(check(&both(one, other), &[(0, &[]), (1, &[])]), [], "{one} {other}");
    }
    for (one, other) in [
        ("취업규칙(2022. 1. 1. 일부개정)", "취업규칙(2024년도 개정판)"),
        ("휴가법(법률)(제18176호)", "휴가법(법률)(제19990호)"),
    ] {
        let cards = both(one, other).map(|(name, text)| Card::of(&tree(name, &text)));
        assert_eq!(rules(&cards, None).len(), 1, "{one} {other}");
    }
}

#[test]
fn a_clause_that_takes_effect_later_does_not_make_an_edition_later() {
    let rule = |supplement: &str| format!("취업규칙\n{BODY}부칙\n{supplement}\n");
    check(
        &[
            (
                "a.txt",
                rule("이 규칙은 2024년 1월 1일부터 시행한다. 다만, 제3조는 2027년 1월 1일부터 시행한다."),
            ),
            ("b.txt", rule("이 규칙은 2026년 3월 1일부터 시행한다.")),
        ],
        &[(1, &[0])],
    );
}

#[test]
fn of_equal_dates_the_one_in_the_name_decides() {
    let rule = |more: &str| format!("취업규칙\n{BODY}{more}부칙\n2024. 3. 1.부터 시행한다.\n");
    let pair = |one: &'static str, other: &'static str| [(one, rule("")), (other, rule("제7조(새) 새\n"))];
    let undecided = check(&pair("rule_a.txt", "rule_b.txt"), &[(1, &[0])]);
    assert_eq!(undecided, [VersionFinding::Undecided { documents: vec![1, 0] }]);
    assert_eq!(check(&pair("rule_20240401.txt", "rule_b.txt"), &[(0, &[1])]), []);
}

#[test]
fn documents_are_one_rule_in_whatever_order_they_come() {
    let articles = |numbers: &[u32]| -> String {
        numbers.iter().map(|n| format!("제{n}조(조{n}) 글 {n}\n")).collect::<Vec<_>>().concat()
    };
    // The first and the second share 9 of 11 articles with the third, and 8 of 12 with each other.
    let a = format!("가규정\n{}", articles(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 11]));
    let b = format!("나규정\n{}", articles(&[1, 2, 3, 4, 5, 6, 7, 8, 10, 12]));
    let c = format!("다규정\n{}", articles(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    for order in [[&a, &b, &c], [&a, &c, &b], [&c, &a, &b]] {
        let cards: Vec<Card> = ["1.txt", "2.txt", "3.txt"]
            .iter()
            .zip(order)
            .map(|(name, text)| Card::of(&tree(name, text)))
            .collect();
        assert_eq!(rules(&cards, None).len(), 1);
    }
}
