//! What a person says of the same answers: a table to be filled in, and read again.
//!
//! The table has a row an answer, without whose it is: `id,question,reference,answer,score`; of pairs
//! `id,question,reference,answer_a,answer_b,winner`. A row without a score or a winner is not labelled yet.

use std::path::Path;

use data::sources::names::listed;
use eval::judge::{Case, Label, Labelled, Ruling, principal};

use super::Bench;
use crate::console::error::fail;
use crate::stages::sources;

/// The columns that a table of labels needs, one set or the other.
const GRADES: [&str; 3] = ["id", "answer", "score"];
const PAIRS: [&str; 4] = ["id", "answer_a", "answer_b", "winner"];

/// A row that can be asked for its cells.
type Cells<'a> = &'a dyn Fn(&str) -> String;

/// The labels in a table.
///
/// # Errors
/// A table without the columns, a score that is none from 1 to 10, a winner that is none of A, B and tie, and a table
/// in which nothing is labelled. No error repeats what stands in a cell.
pub fn read(path: &Path) -> anyhow::Result<Vec<Label>> {
    let (columns, rows) =
        sources::rows(path, "mend the row; a comma or a quote in a cell needs quotes around the cell")?;
    let has = |wanted: &[&str]| wanted.iter().all(|name| columns.iter().any(|column| column == name));
    let (with_grades, with_pairs) = (has(&GRADES), has(&PAIRS));
    if !with_grades && !with_pairs {
        return Err(no_columns(path, &columns));
    }
    let (mut labels, n_rows) = (Vec::new(), rows.len());
    for (n, (_, cells)) in (1..).zip(rows) {
        let cell = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.map_or_else(String::new, |at| cells[at].trim().to_owned())
        };
        if with_grades {
            labels.extend(grade(&cell).map_err(|why| wrong(path, n, why))?);
        }
        if with_pairs {
            labels.extend(pair(&cell).map_err(|why| wrong(path, n, why))?);
        }
    }
    if labels.is_empty() {
        return Err(fail(
            format!("{}: none of its {n_rows} rows is labelled", path.display()),
            "write a score from 1 to 10 into the column `score`, or A, B or tie into `winner`",
        ));
    }
    Ok(labels)
}

fn no_columns(path: &Path, columns: &[String]) -> anyhow::Error {
    let missing = |wanted: &[&'static str]| {
        let missing = wanted.iter().filter(|name| !columns.iter().any(|column| column == *name));
        missing.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let what = format!(
        "{} lacks columns: {} of a table of grades, {} of a table of pairs; it has {}",
        path.display(),
        missing(&GRADES),
        missing(&PAIRS),
        listed(columns, "`")
    );
    fail(what, "out/judge-labels.csv has them, to be filled in; `moru explain judge` tells more")
}

fn wrong(path: &Path, row: usize, why: &str) -> anyhow::Error {
    fail(format!("{}, row {row}: {why}", path.display()), "an empty cell is a row that is not labelled")
}

fn grade(cell: Cells<'_>) -> Result<Option<Label>, &'static str> {
    let score = cell("score");
    if score.is_empty() {
        return Ok(None);
    }
    let whole = score.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && (1.0..=10.0).contains(n));
    let score = whole.ok_or("its `score` is no whole number from 1 to 10")? as u8;
    let labelled = Labelled::Grade { answer: cell("answer"), score };
    Ok(Some(Label { id: named(cell)?, labelled }))
}

fn pair(cell: Cells<'_>) -> Result<Option<Label>, &'static str> {
    let winner = match cell("winner").to_lowercase().as_str() {
        "" => return Ok(None),
        "a" => Ruling::First,
        "b" => Ruling::Second,
        "tie" => Ruling::Tie,
        _ => return Err("its `winner` is none of A, B and tie"),
    };
    let labelled = Labelled::Pair { a: cell("answer_a"), b: cell("answer_b"), winner };
    Ok(Some(Label { id: named(cell)?, labelled }))
}

fn named(cell: Cells<'_>) -> Result<String, &'static str> {
    Some(cell("id")).filter(|id| !id.is_empty()).ok_or("it has no `id`")
}

/// A table for a person to fill in: grades where they are asked for, else the pairs that the judge compares: a label of
/// any other could be held against nothing. Answers that say the same stand once, in an order that follows from their
/// words alone: nobody sees whose they are.
pub fn sheet(bench: &Bench<'_>) -> String {
    // A byte order mark, so that spreadsheets read its Korean.
    let mut out = String::from("\u{FEFF}");
    let is_graded = bench.has("grade");
    line(
        if is_graded {
            &["id", "question", "reference", "answer", "score"][..]
        } else {
            &["id", "question", "reference", "answer_a", "answer_b", "winner"][..]
        },
        &mut out,
    );
    let (system, others) = (principal(&bench.systems), bench.others());
    for case in &bench.cases {
        let reference = case.reference.as_deref().unwrap_or_default();
        let head = [case.id.as_str(), case.question.trim(), reference.trim()];
        if is_graded {
            for answer in answers(case) {
                line(&[&head[..], &[answer, ""]].concat(), &mut out);
            }
        } else {
            for [a, b] in pairs(case, system, &others) {
                line(&[&head[..], &[a, b, ""]].concat(), &mut out);
            }
        }
    }
    out
}

/// The answers of a case, each once, in the order of their digests.
fn answers(case: &Case) -> Vec<&str> {
    let mut answers: Vec<&str> = case.answers.iter().map(|text| text.trim()).collect();
    answers.sort_by_cached_key(|text| digest(text));
    answers.dedup();
    answers
}

/// The answers of a case that are compared, each pair once, in the order of their digests. Two that say the same are a
/// tie without anybody's word.
fn pairs<'c>(case: &'c Case, system: usize, others: &[usize]) -> Vec<[&'c str; 2]> {
    let ours = case.answers[system].trim();
    let mut pairs: Vec<[&'c str; 2]> = Vec::new();
    for &other in others {
        let theirs = case.answers[other].trim();
        if theirs != ours {
            pairs.push(if digest(ours) < digest(theirs) { [ours, theirs] } else { [theirs, ours] });
        }
    }
    pairs.sort_by_cached_key(|[a, b]| (digest(a), digest(b)));
    pairs.dedup();
    pairs
}

fn digest(text: &str) -> pipeline::Digest {
    pipeline::Digest::of(text.as_bytes())
}

fn line(cells: &[&str], out: &mut String) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use eval::report::{System, SystemRole};

    use super::*;

    fn of(text: &str) -> Result<Vec<Label>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        pipeline::platform::write_atomic(&path, text.as_bytes()).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn grades_and_pairs_are_read_and_empty_cells_passed_over() {
        let labels = of("id,question,answer,score\nr#1,q,\"a, b\",7\nr#2,q,c,\nr#3,q,d,10.0\n").unwrap();
        let grade = |id: &str, answer: &str, score| Label {
            id: id.into(),
            labelled: Labelled::Grade { answer: answer.into(), score },
        };
        assert_eq!(labels, [grade("r#1", "a, b", 7), grade("r#3", "d", 10)]);
        let labels = of("\u{FEFF}id,answer_a,answer_b,winner\r\nr#1,x,y,b\r\nr#2,x,y,Tie\r\n").unwrap();
        let pair = |id: &str, winner| Label {
            id: id.into(),
            labelled: Labelled::Pair { a: "x".into(), b: "y".into(), winner },
        };
        assert_eq!(labels, [pair("r#1", Ruling::Second), pair("r#2", Ruling::Tie)]);
    }

    #[test]
    fn what_is_no_label_is_told_by_its_row_and_not_repeated() {
        for (text, said) in [
            ("id,answer,score\nr#1,a,11\n", "row 1: its `score`"),
            ("id,answer,score\nr#1,a,3\n,a,3\n", "row 2: it has no `id`"),
            ("id,answer,score\nr#1,a,gut\n", "row 1: its `score`"),
            ("id,answer_a,answer_b,winner\nr#1,a,b,me\n", "row 1: its `winner`"),
            ("id,answer,score\nr#1,a,\n", "none of its 1 rows"),
            ("id,answer,grade\nr#1,a,3\n", "lacks columns: `score` of a table of grades"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(said) && !error.contains("gut"), "{error}");
        }
    }

    fn bench(kind: &str, systems: Vec<System>, cases: Vec<Case>) -> Bench<'static> {
        Bench {
            name: "main",
            systems,
            cases,
            kinds: vec![kind.into()],
            prompts: None,
            labels: Vec::new(),
            resampling: eval::statistics::Resampling::default(),
            samples: 0,
            again: String::new(),
        }
    }

    #[test]
    fn the_sheet_is_read_again_and_tells_nobody() {
        let case = Case {
            id: "r#1".into(),
            question: "How, \"exactly\"?".into(),
            reference: Some("So.".into()),
            answers: vec!["One.".into(), "Two,\nlines.".into(), "One. ".into()],
        };
        let sheet = sheet(&bench("grade", Vec::new(), vec![case]));
        assert_eq!(sheet.matches("r#1").count(), 2, "{sheet}");
        let filled = sheet.replace(",\r\n", ",4\r\n");
        let mut answers: Vec<String> = of(&filled)
            .unwrap()
            .into_iter()
            .map(|label| match label.labelled {
                Labelled::Grade { answer, score: 4 } => answer,
                other => panic!("{other:?}"),
            })
            .collect();
        answers.sort();
        assert_eq!(answers, ["One.", "Two,\nlines."]);
    }

    /// A sheet once held the first two of all answers by their digests, most of which nobody compares.
    #[test]
    fn the_pairs_of_a_sheet_are_those_that_are_compared() {
        let system = |id: &str, role| System { id: id.into(), role, cut_off: 0, failed: 0 };
        let three = [
            ("base", SystemRole::Base),
            ("tuned", SystemRole::Tuned),
            ("commonest", SystemRole::CommonestAnswer),
        ];
        let of = |systems: &[&str]| -> Vec<System> {
            let given = three.iter().filter(|(id, _)| systems.contains(id));
            given.map(|&(id, role)| system(id, role)).collect()
        };
        let cases = |systems: &[System]| -> Vec<Case> {
            let answers = |n: usize| systems.iter().map(|system| format!("{} {n}", system.id)).collect();
            (0..12).map(|n| Case { id: n.to_string(), answers: answers(n), ..Case::default() }).collect()
        };
        for names in [&["base", "tuned", "commonest"][..], &["tuned", "commonest"]] {
            let systems = of(names);
            let bench = bench("pair", systems.clone(), cases(&systems));
            let labels = of_sheet(&sheet(&bench));
            assert_eq!(labels.len(), 12, "{names:?}");
            for (id, said) in labels {
                let wanted = [names[0], names[1]].map(|name| format!("{name} {id}"));
                assert!(wanted.iter().all(|text| said.contains(text)), "{id}: {said:?}");
            }
        }
        // Without a base model, every other one is compared; who says the same stands once, and not beside itself.
        let files = ["ours", "theirs", "third", "fourth"].map(|id| system(id, SystemRole::Other));
        let answers = ["Yes.", "No.", " No.", "Yes. "].map(String::from);
        let case = Case { id: "1".into(), answers: answers.into(), ..Case::default() };
        let labels = of_sheet(&sheet(&bench("pair", files.into(), vec![case])));
        assert_eq!(labels.len(), 1, "{labels:?}");
    }

    /// The pairs of a sheet that a person filled in, with their ids.
    fn of_sheet(sheet: &str) -> Vec<(String, [String; 2])> {
        let labels = of(&sheet.replace(",\r\n", ",tie\r\n")).unwrap();
        let pair = |label: Label| match label.labelled {
            Labelled::Pair { a, b, winner: Ruling::Tie } => (label.id, [a, b]),
            other => panic!("{other:?}"),
        };
        labels.into_iter().map(pair).collect()
    }
}
