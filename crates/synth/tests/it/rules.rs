//! The example rules: enough of them, whole, consistent with themselves, and unknown to the built-in model.

use std::collections::{BTreeMap, BTreeSet};

use data::documents::{Level, Node};
use synth::nano::{DocumentKind, NanoText, Split};
use synth::rules::{Answer, Book, FactKind, Question, Rules, changes, exam};

fn korean() -> Vec<Rules> {
    [Book::Employment, Book::Pay, Book::PayOf2020].map(Rules::of).to_vec()
}

fn count(rules: &Rules, level: Level) -> usize {
    rules.tree.nodes.iter().filter(|node| node.level == level).count()
}

#[test]
fn the_company_rules_have_every_level_and_enough_of_each() {
    let rules = Rules::of(Book::Employment);
    for (level, least) in [
        (Level::Part, 5),
        (Level::Chapter, 15),
        (Level::Section, 4),
        (Level::Article, 100),
        (Level::Paragraph, 200),
        (Level::Item, 120),
        (Level::SubItem, 6),
        (Level::Point, 2),
        (Level::Supplement, 4),
        (Level::Annex, 3),
        (Level::Form, 3),
        (Level::Table, 5),
    ] {
        assert!(count(&rules, level) >= least, "{level:?}: {}", count(&rules, level));
    }
    assert!(rules.procedural().len() >= 40, "{}", rules.procedural().len());
    assert!(rules.facts.len() >= 300, "{}", rules.facts.len());
    for kind in
        [FactKind::Value, FactKind::Step, FactKind::Document, FactKind::Deadline, FactKind::Responsible]
    {
        assert!(rules.facts.iter().filter(|fact| fact.kind == kind).count() >= 30, "{kind:?}");
    }
    let handbook = Rules::of(Book::Handbook);
    assert!(handbook.articles().len() >= 40 && handbook.procedural().len() >= 20);
}

#[test]
fn numbers_follow_each_other_and_paths_are_unique() {
    for rules in Book::ALL.map(Rules::of) {
        let mut last: BTreeMap<(Option<usize>, Level), (u32, u32)> = BTreeMap::new();
        let mut paths = BTreeSet::new();
        for (index, node) in rules.tree.nodes.iter().enumerate() {
            assert!(paths.insert(&node.path), "{} stands twice in {:?}", node.path, rules.book);
            assert!(node.parent.is_none_or(|parent| parent < index));
            let Some(number) = node.number else { continue };
            // Articles are counted through the whole book, and anew in each 부칙.
            let scope = match node.level {
                Level::Article => node.parent.filter(|p| rules.tree.nodes[*p].level == Level::Supplement),
                _ => node.parent,
            };
            let before = last.insert((scope, node.level), (number.main, number.branch)).unwrap_or((0, 0));
            let follows = (number.main, number.branch) == (before.0 + 1, 0)
                || (number.main == before.0 && number.branch == before.1.max(1) + 1);
            assert!(follows, "{:?}: {} after {before:?}", rules.book, node.path);
        }
    }
}

#[test]
fn every_fact_stands_where_its_path_says() {
    for rules in Book::ALL.map(Rules::of) {
        for fact in &rules.facts {
            let node = &rules.tree.nodes[fact.node];
            assert_eq!(node.path, fact.path);
            let in_table =
                |node: &Node| node.table.iter().flat_map(|t| &t.rows).flatten().any(|c| c.text == fact.value);
            assert!(node.text.contains(&fact.value) || in_table(node), "{fact:?}");
        }
        // What is marked twice in one article under one name would be asked twice.
        let mut seen = BTreeSet::new();
        for fact in &rules.facts {
            assert!(
                seen.insert((fact.kind, &fact.subject, &fact.value, &fact.path)),
                "{fact:?} stands twice"
            );
        }
    }
}

/// The articles that a text names in its own book: neither those of a law or of another book in 「」.
fn references(text: &str) -> Vec<(u32, u32)> {
    let pattern = regex::Regex::new(r"(」 )?제(\d+)조(?:의(\d+))?").expect("a constant");
    let number = |group: Option<regex::Match>| group.map_or(0, |m| m.as_str().parse().expect("digits"));
    let own = pattern.captures_iter(text).filter(|found| found.get(1).is_none());
    own.map(|found| (number(found.get(2)), number(found.get(3)))).collect()
}

#[test]
fn cross_references_lead_to_articles_paragraphs_and_items_that_are_there() {
    let books = korean();
    let has = |rules: &Rules, wanted: &str| {
        rules.tree.nodes.iter().any(|n| n.path == wanted || n.path.ends_with(&format!("/{wanted}")))
    };
    let outside =
        regex::Regex::new(r"「(취업규칙|보수여비규정)」 (제\d+조(?:의\d+)?)(제\d+항)?").expect("a constant");
    let inside = regex::Regex::new(r"(」 )?(제\d+조(?:의\d+)?)(제\d+항)?(제\d+호)?").expect("a constant");
    let mut checked = 0;
    for rules in &books {
        for node in &rules.tree.nodes {
            let text =
                format!("{} {}", if node.level == Level::Article { "" } else { &node.heading }, node.text);
            for found in outside.captures_iter(&text) {
                let other = if &found[1] == "취업규칙" { &books[0] } else { &books[1] };
                let path = [Some(found[2].to_owned()), found.get(3).map(|m| m.as_str().to_owned())];
                let path = path.into_iter().flatten().collect::<Vec<_>>().join("/");
                assert!(has(other, &path), "{:?} {}: {path} of 「{}」", rules.book, node.path, &found[1]);
                checked += 1;
            }
            for found in inside.captures_iter(&text).filter(|found| found.get(1).is_none()) {
                let path: Vec<_> = (2..=4).filter_map(|i| found.get(i)).map(|m| m.as_str()).collect();
                assert!(has(rules, &path.join("/")), "{:?} {}: {path:?}", rules.book, node.path);
                checked += 1;
            }
            for number in 1..10 {
                let annex = format!("별표 {number}");
                assert!(!node.text.contains(&annex) || has(rules, &annex), "{}: {annex}", node.path);
                let form = format!("별지 제{number}호서식");
                assert!(!node.text.contains(&form) || has(rules, &form), "{}: {form}", node.path);
            }
        }
        assert!(!references(&rules.text()).is_empty());
    }
    assert!(checked > 75, "{checked}");
}

#[test]
fn the_editions_of_a_book_differ_where_they_say_so() {
    let (old, new) = (Rules::of(Book::PayOf2020), Rules::of(Book::Pay));
    let changes = changes(&old, &new);
    assert!((10..20).contains(&changes.len()), "{}", changes.len());
    let hotel = |rules: &Rules| {
        let facts = rules.facts.iter();
        facts.filter(|f| f.subject == "임원 숙박비 상한액 (1박)").map(|f| f.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!((hotel(&old), hotel(&new)), (vec!["120,000원".to_owned()], vec!["150,000원".to_owned()]));
    // What the newest 부칙 brings is in the newer edition alone.
    assert!(new.text().contains("부칙 <2025. 1. 1.>") && !old.text().contains("2025"));
    let of = |path: &str| changes.iter().find(|change| change.path == path).expect("it changed");
    assert_eq!(of("제3장/제17조").after, ["제17조 삭제 <2025. 1. 1.>"]);
    assert_eq!(of("제4장/제20조의2").before, ["<신설>"]);
    let pay_day = of("제5장/제21조");
    assert_eq!(pay_day.before, ["제21조(지급일)", "① 보수는 매월 25일에 지급한다.", "(생략)"]);
    assert_eq!(pay_day.after[1..], ["① 보수는 매월 21일에 지급한다. <개정 2025. 1. 1.>", "(현행과 같음)"]);
}

#[test]
fn revision_marks_are_found_and_stay_in_the_text() {
    let rules = Rules::of(Book::Employment);
    let at = |path: &str| rules.tree.nodes.iter().find(|node| node.path == path).expect("it is there");
    assert_eq!(at("제2편/제2장/제20조").revisions, ["삭제 2021. 4. 1."]);
    assert_eq!(at("제2편/제1장/제2절/제16조의2").revisions, ["본조신설 2021. 4. 1."]);
    assert_eq!(at("제4편/제3장/제83조").revisions, ["개정 2024. 1. 1."]);
    assert!(at("제3편/제3장/제2절/제51조/제5항").text.ends_with("<개정 2026. 1. 1.>"));
    assert!(at("부칙 <2024. 1. 1.>").revisions.is_empty());
}

/// Every stretch of `width` characters of the texts, blanks left out.
fn stretches<'a>(texts: impl Iterator<Item = &'a str>, width: usize) -> BTreeSet<Vec<char>> {
    let mut found = BTreeSet::new();
    for text in texts {
        let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        found.extend(letters.windows(width).map(<[char]>::to_vec));
    }
    found
}

/// The built-in model must not have read the examination.
#[test]
fn the_pretraining_text_shares_no_clause_with_the_rules() {
    const WIDTH: usize = 22;
    let books = Book::ALL.map(Rules::of);
    let rules = stretches(books.iter().flat_map(|b| &b.tree.nodes).map(|node| node.text.as_str()), WIDTH);
    let names = ["두레벼리", "Larkmere"];
    let (mut bytes, mut n_rules) = (0, 0);
    for split in [Split::Train, Split::HeldBack] {
        let text = NanoText::new(1, split);
        for document in text.documents().take(3000) {
            bytes += document.len();
            n_rules += usize::from(matches!(document.kind, DocumentKind::Rules | DocumentKind::Regulation));
            let shared = stretches(document.texts(), WIDTH).intersection(&rules).next().cloned();
            assert!(shared.is_none(), "{:?} stands in both", shared.map(String::from_iter));
            assert!(!document.texts().any(|text| names.iter().any(|name| text.contains(name))));
        }
    }
    assert!(bytes > 1_000_000 && n_rules > 100, "{bytes} {n_rules}");
}

#[test]
fn the_exam_is_borne_out_by_the_books() {
    let books: Vec<Rules> = Book::ALL.map(Rules::of).into();
    let questions = exam();
    let is_absent = |answer: &Answer| matches!(answer, Answer::Absent { .. });
    let absent = questions.iter().filter(|q| is_absent(&q.answer)).count();
    assert!(absent >= 50 && questions.len() - absent >= 50, "{absent} of {}", questions.len());
    let texts: BTreeSet<_> = questions.iter().map(|q| &q.text).collect();
    assert_eq!(texts.len(), questions.len());
    // What is absent is absent from every book of the language.
    let is_english = |book: Book| book == Book::Handbook;
    let asked = |q: &Question, rules: &Rules| match q.answer {
        Answer::At { .. } => rules.book == q.book,
        Answer::Absent { .. } => is_english(rules.book) == is_english(q.book),
    };
    let wrong: Vec<_> = (questions.iter())
        .filter(|q| !books.iter().filter(|rules| asked(q, rules)).all(|rules| q.is_borne_out(rules)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A question that is changed in what it says is not borne out any more.
    let mut changed = questions[0].clone();
    changed.answer =
        Answer::At { path: "제1편/제1장/제4조/제1항/제3호".into(), words: vec!["3년".into()] };
    assert!(!changed.is_borne_out(&books[0]));
    changed.answer = Answer::Absent { words: vec!["연차".into()] };
    assert!(!changed.is_borne_out(&books[0]));
}
