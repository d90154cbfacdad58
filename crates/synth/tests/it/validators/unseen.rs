//! Pairs of all kinds that somebody wrote over three texts without having seen a line of the validators. At the first
//! look 29 of 120 good pairs were refused, and 41 of 50 negations and 32 of 40 entities caught; the validators were
//! mended on classes of these pairs since, so the list guards against going back and says nothing of pairs unseen.

use data::documents::Tree;
use data::validate::{Kind, Pair};
use serde::Deserialize;
use synth::rules::{Book, Rules};

use super::{Table, hand, planted, validator};

#[derive(Deserialize)]
struct Row {
    text: String,
    fault: String,
    document: String,
    place: String,
    question: String,
    answer: String,
}

/// The pages of the handbook that a list is about.
type Handbook = fn() -> Option<Vec<Tree>>;

/// A text by its name in the list; none where the shared data is absent.
fn text(name: &str, handbook: Handbook) -> Option<Vec<Tree>> {
    match name {
        "employment" => Some(vec![Rules::of(Book::Employment).tree, Rules::of(Book::Pay).tree]),
        "constitution" => planted::statute().map(|tree| vec![tree]),
        "18F" => handbook(),
        other => panic!("no text {other}"),
    }
}

fn pair(trees: &[Tree], row: &Row, n: usize) -> Option<Pair> {
    let stem = row.document.trim_end_matches(".md");
    let tree = trees.iter().find(|tree| row.document.is_empty() || tree.document == stem)?;
    let end = format!("/{}", row.place);
    let plain = |text: &str| text.trim_matches(['*', '#', ' ']).to_lowercase();
    let is_meant = |path: &str, heading: &str| {
        path == row.place || path.ends_with(&end) || plain(heading) == plain(&row.place)
    };
    let node = tree.nodes.iter().find(|node| is_meant(&node.path, &node.heading))?;
    Some(Pair {
        id: format!("{}#{n}", row.text),
        kind: Kind::Procedure,
        question: row.question.clone(),
        answer: row.answer.clone(),
        document: tree.document.clone(),
        paths: vec![node.path.clone()],
    })
}

/// Judges a list, tells of each pair that is judged wrongly, and counts.
fn judged(list: &str, handbook: Handbook) -> Table {
    let rows: Vec<Row> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut table = Table::default();
    for name in ["employment", "constitution", "18F"] {
        let Some(trees) = text(name, handbook) else { continue };
        let validator = validator(trees.clone());
        for (n, row) in rows.iter().enumerate().filter(|(_, row)| row.text == name) {
            let pair = pair(&trees, row, n);
            let pair = pair.unwrap_or_else(|| panic!("no place {name} {} {}", row.document, row.place));
            let verdict = validator.judge_alone(&pair);
            let is_good = row.fault == "good";
            let is_caught =
                if is_good { !verdict.is_accepted() } else { hand::is_named(&row.fault, &verdict.codes()) };
            if is_caught == is_good {
                println!("{} {name} {}: {}\n   {}", row.fault, row.place, row.question, row.answer);
                println!("   {:?}", verdict.findings);
            }
            table.add(&row.fault, name, is_caught);
        }
    }
    table.show();
    table
}

/// At most so many percent of the good pairs are refused, and at least so many of each fault are caught.
fn hold(table: &Table, most_refused: usize, least_caught: usize) {
    let good = table.total("good");
    assert!(good.caught * 100 <= good.all * most_refused, "good pairs refused: {good:?}");
    for fault in ["number", "negation", "entity", "article", "unanswerable"] {
        let count = table.total(fault);
        // Of the few that are left where a text is absent one miss is more than five in a hundred.
        let is_one = count.all - count.caught <= 1;
        assert!(is_one || count.caught * 100 >= count.all * least_caught, "{fault}: {count:?}");
    }
}

#[test]
fn pairs_of_somebody_else_are_told_apart() {
    hold(&judged(include_str!("unseen.jsonl"), planted::handbook), 3, 95);
}

/// A second list by somebody else. At the first look 8 of 75 good pairs were refused, most of them questions in words that
/// the cited place does not have, and 68 of 75 faults caught: all wrong people, 14 of 15 articles and unanswerable
/// questions, 12 of 15 numbers and negations each. The validators were mended on classes of these pairs since.
#[test]
fn further_pairs_of_somebody_else_are_told_apart() {
    hold(&judged(include_str!("fresh.jsonl"), planted::handbook), 3, 95);
}

/// At most so many good pairs are refused and at least so many faults caught, by what they are.
fn guard(table: &Table, most_refused: usize, least_caught: usize) {
    let good = table.total("good");
    let faults = ["number", "negation", "entity", "article", "unanswerable"];
    let caught: usize = faults.iter().map(|fault| table.total(fault).caught).sum();
    println!("{} of {} good pairs refused, {caught} faults caught", good.caught, good.all);
    if good.all == 100 {
        assert!(good.caught <= most_refused && caught >= least_caught, "{good:?}, {caught} caught");
    }
}

/// A third list by somebody else, who had seen neither the validators nor another list. At the first look 14 of 100 good
/// pairs were refused, half of them because the answer holds a number that it works out itself, and 86 of 100 faults
/// caught: articles 20, numbers 19, people 18, negations 14, unanswerable questions 13 of 20 each. The validators were
/// mended on classes of what was refused. What is left asks for more than words: that 생산직 are 기능사원, that a plan to
/// keep things visible forbids to hide them.
#[test]
fn third_pairs_of_somebody_else_are_told_apart() {
    guard(&judged(include_str!("third.jsonl"), planted::whole_handbook), 6, 85);
}

/// A fourth list by somebody else, likewise. At the first look 12 of 100 good pairs were refused and 88 of 100 faults
/// caught (five more were refused under another name: wrong headings of the English handbook, taken for names).
#[test]
fn fourth_pairs_of_somebody_else_are_told_apart() {
    guard(&judged(include_str!("fourth.jsonl"), planted::whole_handbook), 4, 93);
}
