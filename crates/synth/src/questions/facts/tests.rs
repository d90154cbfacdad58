use data::documents::{Level, Node, Number, Tree};

use super::*;

fn node(parent: usize, level: Level, number: u32, heading: &str, title: &str, text: &str) -> Node {
    Node {
        parent: Some(parent),
        level,
        number: (number > 0).then_some(Number { main: number, branch: 0 }),
        heading: heading.to_owned(),
        title: title.to_owned(),
        text: text.to_owned(),
        table: None,
        revisions: Vec::new(),
        path: String::new(),
        places: Vec::new(),
    }
}

fn tree(nodes: Vec<Node>) -> Tree {
    let mut all = vec![Node { parent: None, ..node(0, Level::Document, 0, "", "", "") }];
    all.extend(nodes);
    for (at, node) in all.iter_mut().enumerate().skip(1) {
        node.path = format!("p{at}");
    }
    Tree { document: "rules".into(), title: "인사규정".into(), nodes: all, findings: Vec::new() }
}

#[test]
fn korean_sentences_hold_facts_of_their_kinds() {
    let article = |text: &str| tree(vec![node(0, Level::Article, 8, "제8조(연차휴가)", "연차휴가", text)]);
    for (text, want) in [
        (
            "회사는 1년간 80퍼센트 이상 출근한 직원에게 15일의 연차휴가를 준다.",
            vec!["1년", "80퍼센트", "15일"],
        ),
        ("직원은 30일 전까지 사직서를 인사팀장에게 제출하여야 한다.", vec!["30일", "사직서", "인사팀장"]),
        ("“승급”이란 호봉이 오르는 것을 말한다.", vec!["승급"]),
        ("직원은 회사의 승인 없이 겸직하여서는 아니 된다.", vec![""]),
        ("이 경우 3일을 더한다.", vec![]),
        // What a rate counts by, the ends of a range and a day that only has a name are not asked for.
        ("회원은 1년에 12회의 강좌를 들을 수 있다.", vec!["12회"]),
        ("한 번의 방문에 3만원의 교통비를 준다.", vec!["3만원"]),
        ("벌점은 2개월 이상 5개월 이하의 기간 동안 남는다.", vec![""]),
        ("잔치는 매년 5월 8일의 어버이날에 크게 연다.", vec![""]),
        // Of a compound and of `그` there is no question; `소속` belongs to whom it stands before.
        ("회원은 통장 사본을 총무팀장에게 낸다.", vec!["총무팀장"]),
        ("회원은 소속 지부장의 확인을 받아 신청한다.", vec!["소속 지부장"]),
    ] {
        let found = facts(&[article(text)]);
        let mut values: Vec<&str> = found.facts.iter().map(Fact::value).collect();
        let mut want = want.clone();
        values.sort_unstable();
        want.sort_unstable();
        assert_eq!(values, want, "{text}");
        assert_eq!(found.without.len(), usize::from(want.is_empty()), "{text}");
    }
    let deadline = facts(&[article("직원은 30일 전까지 사직서를 제출하여야 한다.")]);
    assert_eq!(deadline.facts[0].kind.asked_by(), Kind::Procedure);
    assert_eq!(deadline.facts[0].citation, "인사규정 제8조");
}

#[test]
fn lists_and_their_items_are_facts_of_their_places() {
    let found = facts(&[tree(vec![
        node(0, Level::Article, 9, "제9조(경조휴가)", "경조휴가", "직원에게 다음 각 호의 경조휴가를 준다."),
        node(1, Level::Item, 1, "1.", "", "본인 결혼: 5일"),
        node(1, Level::Item, 2, "2.", "", "배우자 출산: 10일"),
    ])]);
    let kinds: Vec<&str> = found.facts.iter().map(|fact| fact.kind.name()).collect();
    assert_eq!(kinds, ["list", "value", "value"]);
    assert_eq!(found.facts[0].items, ["본인 결혼: 5일", "배우자 출산: 10일"]);
    assert_eq!(found.facts[2].citation, "인사규정 제9조 제2호");
    assert_eq!(found.facts[2].article, "p1");
}

#[test]
fn english_sentences_hold_facts_of_their_kinds() {
    let mut handbook = tree(vec![
        node(0, Level::Heading(1), 0, "2.1 Sick leave", "Sick leave", ""),
        node(
            1,
            Level::Text,
            0,
            "",
            "",
            "Tell your manager within 2 hours. The HR team keeps certificates for 2 years. Interns may not drive.",
        ),
    ]);
    handbook.title = "Handbook".into();
    let found = facts(&[handbook]);
    let kinds: Vec<(&str, &str)> = found.facts.iter().map(|fact| (fact.kind.name(), fact.value())).collect();
    assert!(kinds.contains(&("deadline", "2 hours")) && kinds.contains(&("value", "2 years")), "{kinds:?}");
    assert!(kinds.contains(&("responsible", "The HR team")), "{kinds:?}");
    assert_eq!(found.facts[0].citation, "Handbook, Section 2.1");
}

#[test]
fn supplements_and_deleted_articles_are_not_asked_about() {
    let mut rules = tree(vec![
        node(0, Level::Supplement, 0, "부칙", "", ""),
        node(1, Level::Article, 1, "제1조(시행일)", "시행일", "이 규정은 2024년 1월 1일부터 시행한다."),
        node(0, Level::Article, 5, "제5조", "", "3일의 휴가를 준다."),
    ]);
    rules.nodes[3].revisions = vec!["삭제 2024. 1. 1.".into()];
    let found = facts(&[rules]);
    assert_eq!((found.facts.len(), found.without.len()), (0, 0));
    // They are not asked about, and are not lost: a person can see which they are.
    let paths: Vec<&str> = found.set_aside.iter().map(|leaf| leaf.path.as_str()).collect();
    assert_eq!(paths, ["p2", "p3"]);
}
