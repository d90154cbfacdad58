//! The review file: questions with their verdicts as a table that a person corrects. Corrections win.
//!
//! `decision` is empty (as the validators say), `keep` (accept it, whatever they say) or `drop` (leave it out).
//! `question` and `answer` may be changed; a changed row is kept, and its writer is a person. A row belongs to the
//! question that it was made of: its column `original` is a digest of the words before anybody changed them, because
//! numbers are given anew whenever questions are asked anew.

use std::collections::{BTreeMap, BTreeSet};

use data::validate::{Code, Kind, Pair, Sources, Validator, Verdict};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::facts::{Facts, facts};
use super::question::{Asker, Question};
use super::{known, teacher};

/// The columns, in order.
pub const COLUMNS: [&str; 12] = [
    "id", "type", "question", "answer", "document", "paths", "accepted", "reasons", "evidence", "decision",
    "note", "original",
];

/// What joins the paths of a cell.
const JOIN: &str = " | ";

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
    /// A digest of type, place, question and answer as they were asked.
    pub original: String,
}

impl ReviewRow {
    fn of(question: &Question) -> Self {
        let findings = &question.verdict.findings;
        let joined = |texts: Vec<String>| texts.join(JOIN);
        let mut row = Self {
            id: question.pair.id.clone(),
            r#type: question.pair.kind.name().to_owned(),
            question: question.pair.question.clone(),
            answer: question.pair.answer.clone(),
            document: question.pair.document.clone(),
            paths: question.pair.paths.join(JOIN),
            accepted: if question.verdict.is_accepted() { "yes" } else { "no" }.to_owned(),
            reasons: joined(findings.iter().map(|f| format!("{}: {}", f.code.name(), f.claim)).collect()),
            evidence: joined(findings.iter().map(|f| f.evidence.clone()).collect()),
            decision: String::new(),
            note: String::new(),
            original: String::new(),
        };
        row.original = row.digest();
        row
    }

    /// Of what the row says now: of everything, and behind a dash of all but the question. It begins with a letter,
    /// because a spreadsheet makes a number of `12e4`.
    fn digest(&self) -> String {
        let said = [&self.r#type, &self.document, &self.paths, &self.answer];
        format!("q{}-{}", digest(&[&[&self.question], &said[..]].concat(), 8), digest(&said, 4))
    }

    /// Whether two rows came from the same answer about the same place, whatever the words of the question.
    fn is_answered_as(&self, other: &Self) -> bool {
        let said = |row: &Self| row.original.split_once('-').map(|(_, said)| said.to_owned());
        said(self).is_some() && said(self) == said(other)
    }

    /// Its cells, in the order of [`COLUMNS`].
    fn cells(&self) -> [&str; 12] {
        [
            &self.id,
            &self.r#type,
            &self.question,
            &self.answer,
            &self.document,
            &self.paths,
            &self.accepted,
            &self.reasons,
            &self.evidence,
            &self.decision,
            &self.note,
            &self.original,
        ]
    }
}

fn digest(parts: &[&String], bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // Spreadsheets end the lines of a cell in their own way.
        let text = part.trim().replace("\r\n", "\n");
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().iter().take(bytes).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The row as it now reads.
    pub row: ReviewRow,
    /// What to do with it.
    pub decision: Decision,
}

impl Correction {
    /// Whether the words are others than those that were asked.
    pub fn is_changed(&self) -> bool {
        self.row.digest() != self.row.original
    }

    /// Whether the person had anything to say.
    fn is_opinion(&self) -> bool {
        self.decision != Decision::AsJudged || self.is_changed()
    }
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

/// A review file that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The first line does not name the columns.
    #[error("the column `{column}` is missing; the review file has {}", COLUMNS.join(", "))]
    NoColumn {
        /// The column.
        column: &'static str,
    },
    /// A decision that is none.
    #[error("line {line}: the decision of `{id}` is not known; write keep, drop, or nothing")]
    Decision {
        /// The line, from 1.
        line: String,
        /// The question's id.
        id: String,
    },
    /// A row twice.
    #[error("line {line}: `{id}` stands in the file twice")]
    Twice {
        /// The line, from 1.
        line: String,
        /// The id.
        id: String,
    },
    /// A kept row without words.
    #[error("line {line}: `{id}` has no {column}; write drop as its decision to leave it out")]
    Blank {
        /// The line, from 1.
        line: String,
        /// The id.
        id: String,
        /// `question`, `answer` or `original`.
        column: &'static str,
    },
}

/// The rows of questions.
pub fn rows(questions: &[Question]) -> Vec<ReviewRow> {
    questions.iter().map(ReviewRow::of).collect()
}

/// The review file: CSV with a byte order mark, so that spreadsheets read its Korean.
pub fn write(rows: &[ReviewRow]) -> String {
    let mut out = String::from("\u{FEFF}");
    line(&COLUMNS, &mut out);
    for row in rows {
        line(&row.cells(), &mut out);
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

/// The rows of a table that [`write`] made, from its columns and cells; they may stand in any order, and others beside
/// them. A column that is missing is empty.
pub fn table(columns: &[String], cells: Vec<Vec<String>>) -> Vec<ReviewRow> {
    let places = COLUMNS.map(|name| columns.iter().position(|column| column.trim() == name));
    let row = |mut cells: Vec<String>| {
        let mut taken = places.map(|place| place.and_then(|at| cells.get_mut(at)).map(std::mem::take));
        let mut next = taken.iter_mut().map(|cell| cell.take().unwrap_or_default());
        let mut cell = || next.next().unwrap_or_default();
        ReviewRow {
            id: cell(),
            r#type: cell(),
            question: cell(),
            answer: cell(),
            document: cell(),
            paths: cell(),
            accepted: cell(),
            reasons: cell(),
            evidence: cell(),
            decision: cell(),
            note: cell(),
            original: cell(),
        }
    };
    cells.into_iter().map(row).collect()
}

/// What a person says in a table: its columns, and its rows with their lines.
///
/// # Errors
/// A column that is missing, and the first row that cannot be understood. No error repeats a cell but its id.
pub fn read(columns: &[String], rows: Vec<(String, Vec<String>)>) -> Result<Vec<Correction>, ReviewError> {
    let needed = ["id", "type", "question", "answer", "document", "paths", "decision", "original"];
    if let Some(column) = needed.into_iter().find(|name| columns.iter().all(|column| column.trim() != *name))
    {
        return Err(ReviewError::NoColumn { column });
    }
    let mut seen = BTreeSet::new();
    let (lines, cells): (Vec<String>, Vec<_>) = rows.into_iter().unzip();
    let correction = |(line, mut row): (String, ReviewRow)| {
        for cell in [&mut row.id, &mut row.question, &mut row.answer, &mut row.original] {
            *cell = cell.trim().to_owned();
        }
        let decision = decision_of(&row, &line)?;
        let correction = Correction { row, decision };
        check(&correction, &line, &mut seen)?;
        Ok(correction)
    };
    lines.into_iter().zip(table(columns, cells)).map(correction).collect()
}

fn check(
    correction: &Correction,
    line: &str,
    seen: &mut BTreeSet<(String, String)>,
) -> Result<(), ReviewError> {
    let (row, line) = (&correction.row, line.to_owned());
    let id = row.id.clone();
    if !seen.insert((id.clone(), row.original.clone())) {
        return Err(ReviewError::Twice { line, id });
    }
    let blank = [("question", &row.question), ("answer", &row.answer)];
    let blank = blank.into_iter().filter(|_| correction.decision != Decision::Drop);
    match blank.chain([("original", &row.original)]).find(|(_, text)| text.is_empty()) {
        Some((column, _)) => Err(ReviewError::Blank { line, id, column }),
        None => Ok(()),
    }
}

fn decision_of(row: &ReviewRow, line: &str) -> Result<Decision, ReviewError> {
    match row.decision.trim().to_lowercase().as_str() {
        "" => Ok(Decision::AsJudged),
        "keep" | "유지" => Ok(Decision::Keep),
        "drop" | "삭제" => Ok(Decision::Drop),
        _ => Err(ReviewError::Decision { line: line.to_owned(), id: row.id.clone() }),
    }
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
    /// Changed rows whose question is no longer asked, and which are asked as the person wrote them.
    pub returned: usize,
    /// Ids of rows with an opinion about questions that are no longer asked.
    pub left: Vec<String>,
    /// Ids of rows whose type is none, or whose place the documents do not have: they are left as they were asked.
    pub misplaced: Vec<String>,
    /// The table as it now reads: every question that was asked, and every opinion of the person's.
    pub rows: Vec<ReviewRow>,
}

/// Applies corrections. A dropped question goes; a kept or changed one is accepted. Where a changed one is no longer
/// asked, it comes back in the person's words, over the quotas, as long as the documents still have its place.
/// `is_own` tells whether a document is one of these questions'.
pub fn apply(
    questions: &mut Vec<Question>,
    corrections: &[Correction],
    validator: &mut Validator,
    is_own: &dyn Fn(&str) -> bool,
) -> Applied {
    let mut by_original: BTreeMap<&str, &Correction> = BTreeMap::new();
    for correction in corrections.iter().filter(|correction| correction.is_opinion()) {
        by_original.entry(correction.row.original.as_str()).or_insert(correction);
    }
    let mut applied = Applied::default();
    questions.retain_mut(|question| {
        let mut row = ReviewRow::of(question);
        let correction = by_original.remove(row.original.as_str());
        let stays = correction.is_none_or(|correction| {
            correct(question, correction, &mut row, validator.sources(), &mut applied)
        });
        applied.rows.push(row);
        stays
    });
    let facts = facts(validator.sources().trees());
    let is_left = |correction: &&Correction| {
        by_original.contains_key(correction.row.original.as_str()) && is_own(&correction.row.document)
    };
    for correction in corrections.iter().filter(is_left) {
        if is_asked_alike(questions, correction, validator, &mut applied) {
            continue;
        }
        applied.rows.push(correction.row.clone());
        match returned(correction, validator, &facts) {
            Some(question) => {
                questions.push(question);
                applied.returned += 1;
            }
            None => applied.left.push(correction.row.id.clone()),
        }
    }
    applied
}

/// Applies what a person said of a question to the one that now asks the same in nearly the same words, where its
/// answer was the same before anybody changed it; false where there is none.
fn is_asked_alike(
    questions: &mut Vec<Question>,
    correction: &Correction,
    validator: &Validator,
    applied: &mut Applied,
) -> bool {
    let alike = pair(correction, "", validator.sources()).and_then(|pair| validator.asked_before(&pair));
    let place = |id: &String| applied.rows.iter().position(|row| row.id == *id);
    let Some(at) = alike.as_ref().and_then(place) else { return false };
    let mut row = applied.rows[at].clone();
    let is_untouched = row.decision.is_empty() && row.digest() == row.original;
    let Some(n) = questions.iter().position(|question| question.pair.id == row.id) else { return false };
    if !is_untouched || !row.is_answered_as(&correction.row) {
        return false;
    }
    if !correct(&mut questions[n], correction, &mut row, validator.sources(), applied) {
        questions.remove(n);
    }
    applied.rows[at] = row;
    true
}

/// Corrects a question and its row; false where it goes.
fn correct(
    question: &mut Question,
    correction: &Correction,
    row: &mut ReviewRow,
    sources: &Sources,
    applied: &mut Applied,
) -> bool {
    let accepted = std::mem::take(&mut row.accepted);
    *row = ReviewRow {
        accepted,
        reasons: std::mem::take(&mut row.reasons),
        evidence: std::mem::take(&mut row.evidence),
        id: std::mem::take(&mut row.id),
        original: std::mem::take(&mut row.original),
        ..correction.row.clone()
    };
    if correction.decision == Decision::Drop {
        applied.dropped += 1;
        return false;
    }
    if correction.is_changed() {
        let Some(pair) = pair(correction, &question.pair.id, sources) else {
            applied.misplaced.push(question.pair.id.clone());
            return true;
        };
        if pair.paths != question.pair.paths || pair.document != question.pair.document {
            (question.chunk, question.article) = place(&pair, sources);
            question.fact = None;
        }
        question.facts.retain(|forms| forms.iter().any(|form| pair.answer.contains(form.as_str())));
        question.pair = pair;
        question.asker = Asker::Person;
        applied.changed += 1;
    }
    applied.kept += usize::from(!question.verdict.is_accepted());
    question.verdict = Verdict { findings: Vec::new(), ..question.verdict.clone() };
    true
}

/// What a row says; none where its type is none, or the documents do not have its place.
fn pair(correction: &Correction, id: &str, sources: &Sources) -> Option<Pair> {
    let row = &correction.row;
    let pair = Pair {
        id: id.to_owned(),
        kind: serde_json::from_value(row.r#type.trim().into()).ok()?,
        question: row.question.clone(),
        answer: row.answer.clone(),
        document: row.document.trim().to_owned(),
        paths: row
            .paths
            .split(JOIN.trim())
            .map(|path| path.trim().to_owned())
            .filter(|p| !p.is_empty())
            .collect(),
    };
    let is_there = !pair.paths.is_empty() && sources.cited(&pair.document, &pair.paths).is_ok();
    (is_there || pair.kind == Kind::Absent).then_some(pair)
}

/// The chunk and the article of a pair's place.
fn place(pair: &Pair, sources: &Sources) -> (Option<String>, String) {
    let path = pair.paths.first().map_or("", String::as_str);
    let chunk = sources.chunks_of(&pair.document, path).first().map(|&at| sources.chunks()[at].id.clone());
    (chunk.filter(|_| pair.kind != Kind::Absent), teacher::article(sources, &pair.document, path))
}

/// The question of a changed row that nobody asks any more: none where its place is gone, and where its question is
/// asked in the same words, whose answer was another when the person read it.
fn returned(correction: &Correction, validator: &mut Validator, facts: &Facts) -> Option<Question> {
    if correction.decision == Decision::Drop || !correction.is_changed() {
        return None;
    }
    let id = format!("questions#{}", correction.row.original);
    let pair = pair(correction, &id, validator.sources())?;
    let verdict = validator.judge(&pair);
    if verdict.codes().contains(&Code::Duplicate) {
        return None;
    }
    let (chunk, article) = place(&pair, validator.sources());
    let mut question = Question {
        chunk,
        fact: None,
        article,
        facts: Vec::new(),
        asker: Asker::Person,
        besides: true,
        verdict: Verdict { findings: Vec::new(), ..verdict },
        pair,
    };
    known::find(&mut question, facts);
    Some(question)
}
