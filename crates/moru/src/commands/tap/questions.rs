//! Questions about documents: as they were written, with their quotas, and as they were judged.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::json;
use synth::questions::question::columns;
use synth::questions::review::ReviewRow;
use synth::questions::{Coverage, Question, Quotas};

use super::Tap;
use crate::console::Console;
use crate::project::Project;
use crate::recipe::Source;
use crate::stages::teach::SetAside;
use crate::stages::{Names, jsonl, look, questions, review};

impl Tap {
    /// The questions that were written, each with the chunk that it was asked about; with `--rejected` those that were
    /// refused as they were written, and a teacher's answers that could not be used.
    pub(super) fn asked(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        for source in Self::documents(project, instance)? {
            let folder = project.results()?.output(&Names::ask(&source.name), Names::ASKED)?;
            if self.rejected {
                self.refused(&folder, console)?;
                continue;
            }
            let (asked, further) = (
                questions::read(&folder.join(questions::ASKED))?,
                questions::read(&folder.join(questions::FURTHER))?,
            );
            let coverage = questions::coverage(&folder)?;
            self.head(&quotas(source, &project.resolved().questions.quotas(), &asked, &further), console);
            for unfilled in &coverage.unfilled {
                self.head(&format!("  ! {unfilled}"), console);
            }
            self.seldom(&coverage, console);
            for question in self.first(asked.into_iter().chain(further).collect()) {
                self.show(console, &told(&question), &json!(question));
            }
        }
        Ok(())
    }

    /// What hardly anything is asked about, as much of it as is asked for.
    fn seldom(&self, coverage: &Coverage, console: &Console) {
        for (title, places) in questions::seldom(coverage) {
            let limit = self.limit();
            self.head(&format!("  {title}: {}", places.len()), console);
            for place in places.iter().take(limit) {
                self.head(&format!("    {place}"), console);
            }
            if places.len() > limit {
                self.head(&format!("    and {} more; -n 0 shows all", places.len() - limit), console);
            }
        }
    }

    /// What was written and cannot be used, with the reasons.
    fn refused(&self, folder: &Path, console: &Console) -> anyhow::Result<()> {
        for question in self.first(questions::read(&folder.join(questions::REFUSED))?) {
            let reasons = question.verdict.findings.iter();
            let reasons: String =
                reasons.map(|f| reason(&format!("{}: {}", f.code.name(), f.claim), &f.evidence)).collect();
            self.show(console, &format!("{}{reasons}", told(&question)), &json!(question));
        }
        for answer in self.first(jsonl::read::<SetAside>(&folder.join(questions::QUARANTINE))?) {
            let text = format!("{}  round {}, asked {} times", answer.id, answer.round, answer.asked);
            let text = format!("{text}\n  {}: {}\n  said: {}", answer.reason, answer.why, flat(&answer.said));
            self.show(console, &text, &json!(answer));
        }
        Ok(())
    }

    /// The questions as they were judged: what became of each, and why.
    pub(super) fn judged(
        &self,
        project: &Project,
        instance: &str,
        reveal: bool,
        console: &Console,
    ) -> anyhow::Result<()> {
        for source in Self::documents(project, instance)? {
            let table = project.results()?.output(&Names::validate(&source.name), Names::REVIEW)?;
            let rows = review::rows(&table)?;
            let went = Went::of(project, source, reveal)?;
            self.head(&verdicts(source, &rows), console);
            let wanted = rows.into_iter().filter(|row| !self.rejected || went.fate(row).is_out());
            for row in self.first(wanted.collect()) {
                let (question, answer) = went.words(&row);
                let mut value = json!(row);
                value["question"] = question.into();
                value["answer"] = answer.into();
                value["fate"] = went.fate(&row).words().into();
                self.show(console, &judgement(&row, &went), &value);
            }
        }
        Ok(())
    }

    /// What is said of all questions together: data for a person, and talk beside JSON.
    pub(super) fn head(&self, text: &str, console: &Console) {
        if self.json { console.say(text) } else { console.print(text) }
    }
}

/// A question for a person.
fn told(question: &Question) -> String {
    let pair = &question.pair;
    let asker = json!(question.asker);
    let mut text = format!("{}  {}, by {}", pair.id, pair.kind.name(), asker.as_str().unwrap_or_default());
    text += &format!("\n  asked: {}\n  answer: {}", flat(&pair.question), flat(&pair.answer));
    if let Some(chunk) = &question.chunk {
        text += &format!("\n  from: {chunk}");
    }
    if !pair.paths.is_empty() {
        text += &format!("\n  cites: {} {}", pair.document, pair.paths.join(" | "));
    }
    if let Some(fact) = &question.fact {
        text += &format!("\n  {}: {fact}", columns::FACT);
    }
    text
}

/// A judged question for a person.
fn judgement(row: &ReviewRow, went: &Went) -> String {
    let (question, answer) = went.words(row);
    let mut text = format!("{}  {}, {}", row.id, row.r#type, went.fate(row).words());
    text += &format!("\n  asked: {}\n  answer: {}", flat(question), flat(answer));
    if !row.paths.is_empty() {
        text += &format!("\n  cites: {} {}", row.document, row.paths);
    }
    let claims: Vec<&str> = row.reasons.split(" | ").filter(|claim| !claim.is_empty()).collect();
    let evidence: Vec<&str> = row.evidence.split(" | ").collect();
    // What is quoted of a table has the same sign between its cells: then nobody can tell which belongs to which.
    if claims.len() > 1 && claims.len() == evidence.len() {
        text.extend(claims.into_iter().zip(evidence).map(|(claim, evidence)| reason(claim, evidence)));
    } else if !claims.is_empty() {
        text += &reason(&row.reasons, &row.evidence);
    }
    text
}

fn reason(claim: &str, evidence: &str) -> String {
    let evidence =
        if evidence.is_empty() { String::new() } else { format!("; the documents: {}", flat(evidence)) };
    format!("\n  ! {}{evidence}", flat(claim))
}

fn flat(text: &str) -> String {
    look::flat(text)
}

/// How far the quotas of a source are filled.
fn quotas(source: &Source, quotas: &Quotas, asked: &[Question], further: &[Question]) -> String {
    let of = |questions: &[Question], kind: &str| {
        let of_quota = questions.iter().filter(|question| !question.besides);
        of_quota.filter(|question| question.pair.kind.name() == kind).count()
    };
    let absent = of(further, "absent");
    let parts = [
        ("lookup", of(asked, "lookup"), quotas.lookup),
        ("procedure", of(asked, "procedure"), quotas.procedure),
        ("absent", of(asked, "absent"), quotas.absent),
        ("further_absent", absent, quotas.further_absent),
        ("further_answerable", further.len() - absent, quotas.further_answerable),
    ];
    let parts = parts.map(|(name, written, wanted)| format!("{name} {written} of {wanted}"));
    let besides = match asked.iter().filter(|question| question.besides).count() {
        0 => String::new(),
        n => format!(", and {n} over the quotas"),
    };
    format!("{}: {}{besides}", source.name, parts.join(", "))
}

/// How many questions of a source hold, and what the others are refused for.
fn verdicts(source: &Source, rows: &[ReviewRow]) -> String {
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.accepted != "yes") {
        *codes.entry(row.reasons.split(':').next().unwrap_or_default()).or_default() += 1;
    }
    let refused: u64 = codes.values().sum();
    let codes: Vec<_> = codes.iter().map(|(code, n)| format!("{code} {n}")).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
    let accepted = rows.len() as u64 - refused;
    format!("{}: {accepted} questions hold, {refused} are refused{codes}", source.name)
}

/// What became of a judged question.
enum Fate {
    /// It is a row of this slice, by the validators' word or a person's.
    Row { slice: String, by: &'static str },
    /// The validators refuse it.
    Refused,
    /// A person dropped it.
    Dropped,
}

impl Fate {
    fn is_out(&self) -> bool {
        !matches!(self, Self::Row { .. })
    }

    fn words(&self) -> String {
        match self {
            Self::Row { slice, by } => format!("{by}: {slice}"),
            Self::Refused => "refused".to_owned(),
            Self::Dropped => "dropped by a person".to_owned(),
        }
    }
}

/// The rows that a source's questions became, by their keys.
struct Went(HashMap<String, HashMap<String, String>>);

impl Went {
    fn of(project: &Project, source: &Source, reveal: bool) -> anyhow::Result<Self> {
        let mut rows = look::Rows::open(project, source, reveal)?;
        let columns = rows.columns();
        let mut went = HashMap::new();
        while let Some((id, cells)) = rows.next()? {
            went.insert(key(&id).to_owned(), columns.iter().cloned().zip(cells).collect());
        }
        Ok(Self(went))
    }

    fn fate(&self, row: &ReviewRow) -> Fate {
        let is_accepted = row.accepted == "yes";
        let Some(cells) = self.0.get(key(&row.id)) else {
            return if is_accepted { Fate::Dropped } else { Fate::Refused };
        };
        let by = match cells.get(columns::ASKER).map(String::as_str) {
            Some("person") => "corrected by a person",
            _ if !is_accepted => "kept by a person",
            _ => "holds",
        };
        Fate::Row { slice: cells.get("slice").cloned().unwrap_or_default(), by }
    }

    /// Question and answer as they now read.
    fn words<'a>(&'a self, row: &'a ReviewRow) -> (&'a str, &'a str) {
        let now = |column: &str| self.0.get(key(&row.id)).and_then(|cells| cells.get(column));
        (now("question").unwrap_or(&row.question), now("answer").unwrap_or(&row.answer))
    }
}

/// The part of an id that a question keeps when it becomes a row.
fn key(id: &str) -> &str {
    id.rsplit('#').next().unwrap_or_default()
}
