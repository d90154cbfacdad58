//! Pairs and faults written by hand.

use data::documents::Tree;
use data::validate::{Code, Kind, Pair, Validator};
use serde::Deserialize;

use super::{Table, simple, validator};

#[derive(Deserialize)]
struct Row {
    fault: String,
    place: String,
    kind: Kind,
    question: String,
    answer: String,
}

struct Text {
    name: &'static str,
    tree: Tree,
    rows: &'static str,
}

fn texts() -> [Text; 2] {
    [
        Text {
            name: "own rules",
            tree: simple::korean("복무규정", include_str!("rules.ko.txt")),
            rows: include_str!("hand.ko.jsonl"),
        },
        Text {
            name: "own handbook",
            tree: simple::headings("handbook", include_str!("handbook.en.txt")),
            rows: include_str!("hand.en.jsonl"),
        },
    ]
}

fn pair(row: &Row, n: usize, tree: &Tree) -> Pair {
    let ends = |path: &str| path.ends_with(&row.place) || path.ends_with(&format!(" {}", row.place));
    let node = tree
        .nodes
        .iter()
        .find(|node| ends(&node.path) || node.title == row.place.rsplit('/').next().unwrap());
    let paths = match (row.kind, node) {
        (Kind::Absent, _) => Vec::new(),
        (_, Some(node)) => vec![node.path.clone()],
        (_, None) => panic!("no place {}", row.place),
    };
    Pair {
        id: format!("{}#{n}", row.fault),
        kind: row.kind,
        question: row.question.clone(),
        answer: row.answer.clone(),
        document: if paths.is_empty() { String::new() } else { tree.document.clone() },
        paths,
    }
}

/// What a fault has to be called, so that a refusal for another reason is not taken for a catch.
pub fn is_named(fault: &str, codes: &[Code]) -> bool {
    let expected: &[Code] = match fault {
        "number" => &[Code::NumberNotInSource, Code::NumberSwapped, Code::BoundDiffers],
        "article" => &[Code::WrongReference],
        "negation" => &[Code::NegationDiffers, Code::BoundDiffers],
        "entity" => &[Code::EntityNotInSource, Code::EntitySwapped],
        "duplicate" => &[Code::Duplicate],
        _ => return !codes.is_empty(),
    };
    codes.iter().any(|code| expected.contains(code))
}

#[test]
fn faults_written_by_hand_are_caught_and_good_pairs_pass() {
    let mut table = Table::default();
    for text in texts() {
        let rows: Vec<Row> = text.rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut validator = validator(vec![text.tree.clone()]);
        for (n, row) in rows.iter().enumerate() {
            judge(&mut validator, row, &pair(row, n, &text.tree), text.name, &mut table);
        }
    }
    table.show();
    let good = table.total("good");
    assert!(good.all >= 70 && good.caught * 100 <= good.all * 3, "good pairs refused: {good:?}");
    for fault in super::plant::FAULTS {
        let count = table.total(fault);
        assert!(count.all >= 25 && count.caught * 100 >= count.all * 95, "{fault}: {count:?}");
    }
}

fn judge(validator: &mut Validator, row: &Row, pair: &Pair, text: &str, table: &mut Table) {
    // A fault is looked at alone: whether a question was asked before matters for duplicates only.
    let is_remembered = matches!(row.fault.as_str(), "good" | "duplicate");
    let verdict = if is_remembered { validator.judge(pair) } else { validator.judge_alone(pair) };
    let is_refused = !verdict.is_accepted();
    let is_caught = if row.fault == "good" { is_refused } else { is_named(&row.fault, &verdict.codes()) };
    if is_caught == (row.fault == "good") {
        println!("{} {}\n   {}\n   {}\n   {:?}", row.fault, row.place, row.question, row.answer, verdict);
    }
    table.add(&row.fault, text, is_caught);
}

/// Questions that were written apart from the validators, answered with the sentence that holds what they ask for.
#[test]
fn questions_of_others_with_their_sentences_as_answers_pass() {
    use synth::rules::{Answer, Book, Rules, exam};
    let (mut n, mut refused) = (0, Vec::new());
    for book in [Book::Employment, Book::Pay, Book::Handbook] {
        let tree = Rules::of(book).tree;
        let validator = validator(vec![tree.clone()]);
        for question in exam().into_iter().filter(|question| question.book == book) {
            let Answer::At { path, words } = question.answer else { continue };
            let node = tree.nodes.iter().find(|node| node.path == path).expect("the exam is borne out");
            let sentences = data::validate::text::sentences(&node.text);
            let holds = |sentence: &&&str| words.iter().any(|word| sentence.contains(word.as_str()));
            let answer: Vec<&str> = sentences.iter().filter(holds).copied().collect();
            n += 1;
            let pair = Pair {
                id: format!("exam#{n}"),
                kind: Kind::Lookup,
                question: question.text,
                answer: answer.join(" "),
                document: tree.document.clone(),
                paths: vec![path],
            };
            let verdict = validator.judge_alone(&pair);
            if !verdict.is_accepted() {
                refused.push(format!("{}\n   {}\n   {:?}", pair.question, pair.answer, verdict.findings));
            }
        }
    }
    println!("{} of {n} refused", refused.len());
    for line in &refused {
        println!("{line}");
    }
    assert!(n > 80 && refused.len() * 20 <= n, "{} of {n} refused", refused.len());
}
