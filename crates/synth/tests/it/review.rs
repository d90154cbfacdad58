//! What a person says in the review file: it holds for the question that was read, whatever its number is later.

use std::collections::BTreeMap;

use data::validate::{Kind, Validator};
use synth::questions::review::{Applied, COLUMNS, Correction, ReviewRow, apply, read, rows, table, write};
use synth::questions::{Asker, Question, Quotas, Setting, write as ask};

use crate::questions::small;

const DOCUMENT: &str = "복무규정";

fn asked(validator: &mut Validator, seed: u64, lookup: usize) -> Vec<Question> {
    let quotas = Quotas { lookup, procedure: 6, absent: 3, ..Quotas::default() };
    ask(validator, &Setting { quotas, seed, again: 0.0 }).questions
}

/// A table as [`read`] takes it.
fn cells(rows: &[ReviewRow]) -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let value = |row: &ReviewRow| {
        let row = serde_json::to_value(row).unwrap();
        COLUMNS.map(|column| row[column].as_str().unwrap().to_owned()).to_vec()
    };
    let rows = rows.iter().enumerate().map(|(at, row)| ((at + 2).to_string(), value(row)));
    (COLUMNS.map(str::to_owned).to_vec(), rows.collect())
}

fn said(rows: &[ReviewRow]) -> Vec<Correction> {
    let (columns, cells) = cells(rows);
    read(&columns, cells).unwrap()
}

fn applied(validator: &mut Validator, questions: &mut Vec<Question>, corrections: &[Correction]) -> Applied {
    apply(questions, corrections, validator, &|document| document == DOCUMENT || document.is_empty())
}

#[test]
fn a_table_that_nobody_changed_changes_nothing() {
    let mut validator = small();
    let mut own = asked(&mut validator, 1, 20);
    let before = own.clone();
    let of_before = rows(&own);
    let (columns, lines) = cells(&of_before);
    assert_eq!(table(&columns, lines.into_iter().map(|(_, row)| row).collect()), of_before);
    let done = applied(&mut validator, &mut own, &said(&of_before));
    assert_eq!(done, Applied { rows: of_before.clone(), ..Applied::default() });
    assert_eq!(own, before);
    // Numbers are given anew: an untouched table has no opinion about other questions either.
    let mut others = asked(&mut small(), 7, 5);
    let before = others.clone();
    let done = applied(&mut validator, &mut others, &said(&of_before));
    assert_eq!((done.changed, done.kept, done.dropped, done.returned, done.left.len()), (0, 0, 0, 0, 0));
    assert_eq!(others, before);
}

#[test]
fn what_a_person_says_holds_for_the_question_that_was_read() {
    let mut validator = small();
    let mut own = asked(&mut validator, 1, 20);
    let mut read = rows(&own);
    let first = read[0].clone();
    read[0].answer = format!("사람이 고친 답입니다. {}", first.answer);
    read[1].decision = "drop".to_owned();
    let dropped = read[1].clone();
    let corrections = said(&read);
    let done = applied(&mut validator, &mut own, &corrections);
    assert_eq!((done.changed, done.kept, done.dropped, done.returned), (1, 0, 1, 0), "{done:?}");
    assert!(own.iter().all(|question| question.pair.question != dropped.question));
    assert_eq!((own[0].asker, own[0].pair.answer.as_str()), (Asker::Person, read[0].answer.as_str()));
    // The table that is written has the opinions, and says the same when it is read again.
    assert_eq!(done.rows, read);
    let mut again = asked(&mut small(), 1, 20);
    let twice = applied(&mut small(), &mut again, &said(&done.rows));
    assert_eq!((twice, again), (done, own));
}

#[test]
fn a_correction_comes_back_where_its_question_is_no_longer_asked() {
    let mut read = rows(&asked(&mut small(), 1, 20));
    for row in &mut read {
        row.answer = format!("사람이 고친 답입니다. {}", row.answer);
    }
    let mut validator = small();
    let mut own = asked(&mut validator, 7, 5);
    let n = own.len();
    let asked_again = own.iter().filter(|q| read.iter().any(|row| row.question == q.pair.question)).count();
    let done = applied(&mut validator, &mut own, &said(&read));
    println!("{asked_again} asked again, {done:?}");
    assert_eq!(done.changed + done.returned + done.left.len(), read.len());
    assert!(done.returned > 5 && own.len() == n + done.returned);
    for question in own.iter().filter(|question| question.asker == Asker::Person) {
        assert!(question.pair.answer.starts_with("사람이 고친 답입니다.") && question.verdict.is_accepted());
        let row = read.iter().find(|row| row.question == question.pair.question).unwrap();
        assert_eq!(row.r#type, question.pair.kind.name());
        assert_eq!(row.paths, question.pair.paths.join(" | "));
        assert_eq!(question.chunk.is_none(), question.pair.kind == Kind::Absent);
    }
    let mut of_id: BTreeMap<&str, usize> = BTreeMap::new();
    for question in &own {
        *of_id.entry(&question.pair.id).or_default() += 1;
    }
    assert!(of_id.values().all(|n| *n == 1));
    // Nothing that a person said is lost from the table.
    assert!(read.iter().all(|row| done.rows.iter().any(|own| own.answer == row.answer)));
}

#[test]
fn nearly_the_same_words_are_the_same_question_where_the_answer_was_the_same() {
    let mut read = rows(&asked(&mut small(), 1, 20));
    read[0].answer = format!("사람이 고친 답입니다. {}", read[0].answer);
    read[1].decision = "drop".to_owned();
    let politely = |question: &str| format!("안녕하세요. {question}");
    let mut validator = small();
    let mut own = asked(&mut small(), 1, 20);
    for question in &mut own {
        question.pair.question = politely(&question.pair.question);
        question.verdict = validator.judge(&question.pair);
    }
    let (n, id) = (own.len(), own[0].pair.id.clone());
    let done = applied(&mut validator, &mut own, &said(&read[..2]));
    assert_eq!((done.changed, done.dropped, done.returned, done.left.len()), (1, 1, 0, 0), "{done:?}");
    assert_eq!((own.len(), own[0].pair.id.as_str()), (n - 1, id.as_str()));
    assert!(own[0].pair.answer.starts_with("사람이 고친 답입니다."));
    // Where the documents have come to answer otherwise, what a person said of the old answer does not hold.
    let mut changed = asked(&mut small(), 1, 20);
    let mut validator = small();
    for question in &mut changed {
        question.verdict = validator.judge(&question.pair);
        question.pair.answer += " 새로 정하였습니다.";
    }
    let before = changed.clone();
    let done = applied(&mut validator, &mut changed, &said(&read[..2]));
    assert_eq!((done.changed, done.dropped, done.left.len()), (0, 0, 2), "{done:?}");
    assert_eq!(changed, before);
}

#[test]
fn a_place_may_be_corrected_and_one_that_is_not_there_is_told() {
    let mut validator = small();
    let mut own = asked(&mut validator, 1, 20);
    let other = own.iter().find(|q| q.article != own[0].article && q.chunk.is_some()).unwrap().clone();
    let mut read = rows(&own);
    read[0].paths = other.pair.paths.join(" | ");
    read[1].paths = "제999조".to_owned();
    read[2].r#type = "riddle".to_owned();
    let before = own.clone();
    let done = applied(&mut validator, &mut own, &said(&read));
    assert_eq!(
        (done.changed, &done.misplaced[..]),
        (1, &[before[1].pair.id.clone(), before[2].pair.id.clone()][..])
    );
    assert_eq!((&own[0].article, &own[0].chunk), (&other.article, &other.chunk));
    assert_eq!(own[1..], before[1..]);
}

#[test]
fn rows_that_cannot_be_understood_are_named() {
    let (columns, lines) = cells(&rows(&asked(&mut small(), 1, 5)));
    let error = |columns: &[String], lines: &[(String, Vec<String>)]| {
        read(columns, lines.to_vec()).unwrap_err().to_string()
    };
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let with = |name: &str, text: &str| {
        let mut lines = lines.clone();
        lines[1].1[place(name)] = text.to_owned();
        error(&columns, &lines)
    };
    let said = error(&columns[..columns.len() - 1], &lines);
    assert!(said.starts_with("the column `original` is missing"), "{said}");
    let id = &lines[1].1[0];
    assert_eq!(
        with("decision", "maybe"),
        format!("line 3: the decision of `{id}` is not known; write keep, drop, or nothing")
    );
    assert!(with("question", " ").starts_with(&format!("line 3: `{id}` has no question")));
    assert!(with("original", "").starts_with(&format!("line 3: `{id}` has no original")));
    let twice: Vec<_> = lines.iter().chain(&lines[..1]).cloned().collect();
    assert!(error(&columns, &twice).contains("stands in the file twice"));
    assert!(write(&rows(&asked(&mut small(), 1, 5))).starts_with("\u{FEFF}id,type,question,"));
}
