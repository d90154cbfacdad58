//! Questions about documents, with their text at hand and from memory.

use eval::report::{Asked, Book, Evaluation, Language, Slice};

use super::{has, sample};
use crate::report::render;

fn part(title: &str, slice: Slice, book: Book) -> Evaluation {
    let evaluation = sample::report().evaluation.swap_remove(0);
    let name = if title.is_empty() { "main".to_owned() } else { format!("main: {title}") };
    Evaluation { name, asked: Some(Asked { slice, book }), ..evaluation }
}

#[test]
fn both_ways_of_asking_stand_apart() {
    let mut report = sample::report();
    assert!(!render(&report, Language::English).contains("<section id=\"books\""));
    report.evaluation = vec![
        part("", Slice::Test, Book::Open),
        part("test_unseen", Slice::TestUnseen, Book::Open),
        part("closed book", Slice::Test, Book::Closed),
    ];
    let english = render(&report, Language::English);
    for said in [
        "<section id=\"books\"",
        "Facts of the training in other words <small>with the text",
        "Facts of the training in other words <small>from memory",
        "Unseen articles <small>with the text",
        "Tuned − Base model",
        "Tuned − Nearest question’s answer",
    ] {
        has(&english, said);
    }
    let korean = render(&report, Language::Korean);
    has(&korean, "기억만으로");
    let table = crate::commands::report::books(&report).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(
        lines[0].starts_with("questions") && lines[3].starts_with("main: closed book  closed"),
        "{table}"
    );
}
