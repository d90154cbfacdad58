//! The review file: questions with their verdicts as a table that a person corrects. Corrections win.
//!
//! `decision` is empty (as the validators say), `keep` (accept it, whatever they say) or `drop` (leave it out).
//! `question` and `answer` may be changed; a changed row is kept, and its writer is a person.

use std::collections::{BTreeMap, BTreeSet};

use data::validate::Verdict;
use serde::Serialize;

use super::question::{Asker, Question};

/// The columns, in order.
pub const COLUMNS: [&str; 11] = [
    "id", "type", "question", "answer", "document", "paths", "accepted", "reasons", "evidence", "decision",
    "note",
];

/// A row of the table; the data of the HTML view, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewRow {
    /// The question's id.
    pub id: String,
    /// `lookup`, `procedure`, `absent`.
    pub r#type: String,
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// The cited document.
    pub document: String,
    /// The cited paths, joined by ` | `.
    pub paths: String,
    /// `yes` or `no`.
    pub accepted: String,
    /// The findings' codes and what they found, joined by ` | `.
    pub reasons: String,
    /// What the documents say, joined by ` | `.
    pub evidence: String,
    /// Empty, `keep` or `drop`.
    pub decision: String,
    /// For people.
    pub note: String,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The question's id.
    pub id: String,
    /// The question as it now reads.
    pub question: String,
    /// The answer as it now reads.
    pub answer: String,
    /// What to do with it.
    pub decision: Decision,
}

/// What to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// As the validators say.
    AsJudged,
    /// Accept it.
    Keep,
    /// Leave it out.
    Drop,
}

/// A review file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The first line does not name the columns.
    #[error("line 1: the column `{column}` is missing; the review file needs id, question, answer, decision")]
    NoColumn {
        /// The column.
        column: &'static str,
    },
    /// A row is shorter or longer than the first line.
    #[error(
        "line {line}: {found} cells where the first line has {expected}; a comma or a quote in a cell needs quotes around the cell"
    )]
    Cells {
        /// The line of the file where the row begins, from 1.
        line: usize,
        /// Cells of the row.
        found: usize,
        /// Cells of the first line.
        expected: usize,
    },
    /// A quote is not closed.
    #[error("line {line}: a quote is opened and never closed")]
    Quote {
        /// The line where it is opened, from 1.
        line: usize,
    },
    /// A decision that is none.
    #[error("line {line}: the decision `{found}` of `{id}` is not known; write keep, drop, or nothing")]
    Decision {
        /// The line, from 1.
        line: usize,
        /// The question's id.
        id: String,
        /// As written.
        found: String,
    },
    /// An id twice.
    #[error("line {line}: `{id}` stands in the file twice")]
    Twice {
        /// The line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
    /// A kept row without words.
    #[error("line {line}: `{id}` has no {column}; write drop as its decision to leave it out")]
    Blank {
        /// The line, from 1.
        line: usize,
        /// The id.
        id: String,
        /// `question` or `answer`.
        column: &'static str,
    },
}

/// The rows of questions.
pub fn rows(questions: &[Question]) -> Vec<ReviewRow> {
    let row = |question: &Question| {
        let findings = &question.verdict.findings;
        let joined = |texts: Vec<String>| texts.join(" | ");
        ReviewRow {
            id: question.pair.id.clone(),
            r#type: question.pair.kind.name().to_owned(),
            question: question.pair.question.clone(),
            answer: question.pair.answer.clone(),
            document: question.pair.document.clone(),
            paths: question.pair.paths.join(" | "),
            accepted: if question.verdict.is_accepted() { "yes" } else { "no" }.to_owned(),
            reasons: joined(findings.iter().map(|f| format!("{}: {}", f.code.name(), f.claim)).collect()),
            evidence: joined(findings.iter().map(|f| f.evidence.clone()).collect()),
            decision: String::new(),
            note: String::new(),
        }
    };
    questions.iter().map(row).collect()
}

/// The review file: CSV with a byte order mark, so that spreadsheets read its Korean.
pub fn write(questions: &[Question]) -> String {
    let mut out = String::from("\u{FEFF}");
    line(&COLUMNS, &mut out);
    for row in rows(questions) {
        let cells = [
            &row.id,
            &row.r#type,
            &row.question,
            &row.answer,
            &row.document,
            &row.paths,
            &row.accepted,
            &row.reasons,
            &row.evidence,
            &row.decision,
            &row.note,
        ];
        line(&cells.map(String::as_str), &mut out);
    }
    out
}

fn line(cells: &[&str], out: &mut String) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}

/// Reads the rows of a table that [`write`] made, with everything in them; a column that is missing is empty.
///
/// # Errors
/// A quote that is not closed.
pub fn table(text: &str) -> Result<Vec<ReviewRow>, ReviewError> {
    let mut table = cells(text.strip_prefix('\u{FEFF}').unwrap_or(text))?.into_iter();
    let (_, head) = table.next().unwrap_or_default();
    let row = |(_, mut row): (usize, Vec<String>)| {
        let mut cell = |column: &str| {
            let place = head.iter().position(|name| name == column);
            place.and_then(|at| row.get_mut(at)).map(std::mem::take).unwrap_or_default()
        };
        ReviewRow {
            id: cell("id"),
            r#type: cell("type"),
            question: cell("question"),
            answer: cell("answer"),
            document: cell("document"),
            paths: cell("paths"),
            accepted: cell("accepted"),
            reasons: cell("reasons"),
            evidence: cell("evidence"),
            decision: cell("decision"),
            note: cell("note"),
        }
    };
    Ok(table.map(row).collect())
}

/// Reads a review file. Columns may stand in any order, and others beside them.
///
/// # Errors
/// The first row that cannot be understood.
pub fn read(text: &str) -> Result<Vec<Correction>, ReviewError> {
    let mut table = cells(text.strip_prefix('\u{FEFF}').unwrap_or(text))?.into_iter();
    let (_, head) = table.next().unwrap_or_default();
    let place = |column: &'static str| {
        head.iter().position(|cell| cell.trim() == column).ok_or(ReviewError::NoColumn { column })
    };
    let (id, question, answer, decision) =
        (place("id")?, place("question")?, place("answer")?, place("decision")?);
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for (line, row) in table.filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty())) {
        if row.len() != head.len() {
            return Err(ReviewError::Cells { line, found: row.len(), expected: head.len() });
        }
        let correction = Correction {
            id: row[id].trim().to_owned(),
            question: row[question].trim().to_owned(),
            answer: row[answer].trim().to_owned(),
            decision: decision_of(&row[decision], line, row[id].trim())?,
        };
        check(&correction, line, &mut seen)?;
        out.push(correction);
    }
    Ok(out)
}

fn check(correction: &Correction, line: usize, seen: &mut BTreeSet<String>) -> Result<(), ReviewError> {
    let id = correction.id.clone();
    if !seen.insert(id.clone()) {
        return Err(ReviewError::Twice { line, id });
    }
    let blank = [("question", &correction.question), ("answer", &correction.answer)];
    match blank.into_iter().find(|(_, text)| text.is_empty()) {
        Some((column, _)) if correction.decision != Decision::Drop => {
            Err(ReviewError::Blank { line, id, column })
        }
        _ => Ok(()),
    }
}

fn decision_of(text: &str, line: usize, id: &str) -> Result<Decision, ReviewError> {
    match text.trim().to_lowercase().as_str() {
        "" => Ok(Decision::AsJudged),
        "keep" | "유지" => Ok(Decision::Keep),
        "drop" | "삭제" => Ok(Decision::Drop),
        found => Err(ReviewError::Decision { line, id: id.to_owned(), found: found.to_owned() }),
    }
}

/// The cells of a CSV text, with the line where each row begins.
fn cells(text: &str) -> Result<Vec<(usize, Vec<String>)>, ReviewError> {
    let mut rows = Vec::new();
    let (mut row, mut cell) = (Vec::new(), String::new());
    let (mut line, mut row_line, mut quoted_since) = (1, 1, None);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match (quoted_since, c) {
            (Some(_), '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            (Some(_), '"') => quoted_since = None,
            (None, '"') if cell.is_empty() => quoted_since = Some(line),
            (None, ',') => row.push(std::mem::take(&mut cell)),
            (None, '\r') if chars.peek() == Some(&'\n') => {}
            (None, '\n') => {
                row.push(std::mem::take(&mut cell));
                rows.push((row_line, std::mem::take(&mut row)));
                row_line = line;
            }
            (_, c) => cell.push(c),
        }
    }
    if let Some(line) = quoted_since {
        return Err(ReviewError::Quote { line });
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push((row_line, row));
    }
    Ok(rows)
}

/// What corrections did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Rows whose words a person changed.
    pub changed: usize,
    /// Refused rows that a person keeps.
    pub kept: usize,
    /// Rows that a person dropped.
    pub dropped: usize,
    /// Ids of corrections without a question.
    pub unknown: Vec<String>,
}

/// Applies corrections. A dropped question goes; a kept or changed one is accepted.
pub fn apply(questions: &mut Vec<Question>, corrections: &[Correction]) -> Applied {
    let mut by_id: BTreeMap<&str, &Correction> = corrections.iter().map(|c| (c.id.as_str(), c)).collect();
    let mut applied = Applied::default();
    questions.retain_mut(|question| {
        let Some(correction) = by_id.remove(question.pair.id.as_str()) else { return true };
        if correction.decision == Decision::Drop {
            applied.dropped += 1;
            return false;
        }
        let is_changed = correction.question != question.pair.question.trim()
            || correction.answer != question.pair.answer.trim();
        if is_changed {
            question.pair.question.clone_from(&correction.question);
            question.pair.answer.clone_from(&correction.answer);
            let answer = &question.pair.answer;
            question.facts.retain(|forms| forms.iter().any(|form| answer.contains(form.as_str())));
            question.asker = Asker::Person;
            applied.changed += 1;
        }
        if is_changed || correction.decision == Decision::Keep {
            applied.kept += usize::from(!question.verdict.is_accepted());
            question.verdict = Verdict { findings: Vec::new(), ..question.verdict.clone() };
        }
        true
    });
    applied.unknown = by_id.into_keys().map(str::to_owned).collect();
    applied
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::validate::{Code, Finding, Kind, Pair};

    fn questions() -> Vec<Question> {
        let question = |n: usize, findings: Vec<Finding>| Question {
            pair: Pair {
                id: format!("questions#{n}"),
                kind: Kind::Lookup,
                question: format!("질문 {n}, \"따옴표\"?"),
                answer: format!("답\n{n}입니다."),
                document: "규정".into(),
                paths: vec!["제1조".into(), "제2조".into()],
            },
            chunk: None,
            fact: None,
            article: "제1조".into(),
            facts: vec![vec![format!("{n}입니다")]],
            asker: Asker::Builtin,
            besides: false,
            verdict: Verdict { findings, ..Verdict::default() },
        };
        let finding =
            Finding { code: Code::NumberNotInSource, claim: "3일".into(), evidence: "5일".into() };
        vec![question(1, vec![]), question(2, vec![finding]), question(3, vec![])]
    }

    #[test]
    fn what_is_written_is_read_and_changes_nothing() {
        let mut own = questions();
        let corrections = read(&write(&own)).unwrap();
        assert_eq!(table(&write(&own)).unwrap(), rows(&own));
        assert_eq!(apply(&mut own, &corrections), Applied::default());
        assert_eq!(own, questions());
    }

    #[test]
    fn corrections_win() {
        let text = write(&questions());
        let text = text.replace(",5일,,", ",5일,keep,").replace("답\n1입니다.", "답 하나입니다.");
        let mut lines: Vec<&str> = text.split_inclusive("\r\n").collect();
        let third = lines.pop().unwrap().replace(",yes,,,,", ",yes,,,drop,");
        lines.push(&third);
        let mut own = questions();
        let applied = apply(&mut own, &read(&lines.concat()).unwrap());
        assert_eq!((applied.changed, applied.kept, applied.dropped), (1, 1, 1), "{applied:?}");
        assert_eq!(own.len(), 2);
        assert!(own.iter().all(|question| question.verdict.is_accepted()));
        assert_eq!((own[0].asker, own[0].facts.len()), (Asker::Person, 0));
    }

    #[test]
    fn broken_rows_are_named() {
        let head = "id,question,answer,decision\n";
        for (text, want) in [
            ("id,question,answer\n".to_owned(), "line 1: the column `decision` is missing"),
            (format!("{head}a,b,c\n"), "line 2: 3 cells where the first line has 4"),
            (format!("{head}a,b,c,maybe\n"), "line 2: the decision `maybe` of `a`"),
            (format!("{head}a,\"b,c,\n"), "line 2: a quote is opened"),
            (format!("{head}a,b,c,\na,b,c,\n"), "line 3: `a` stands in the file twice"),
            (format!("{head}\"a\nx\",b,c,\nb,,c,\n"), "line 4: `b` has no question"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}");
        }
        assert_eq!(read(&format!("{head}a,,,drop\n")).unwrap()[0].decision, Decision::Drop);
    }
}
