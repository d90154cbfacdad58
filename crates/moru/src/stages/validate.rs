//! `validate:NAME`: questions that hold against their documents, with a person's corrections, as rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use data::ingest::IngestOptions;
use data::record::{Column, ColumnKind, RecordId, Schema};
use data::sources::{Item, Source as Rows, SourceError, SourceInfo};
use data::validate::{Limits, Sources, Validator};
use data::{Record, Value};
use pipeline::{Context, Counts, Input, Stage};
use serde_json::json;
use synth::questions::slices::{self, Shares};
use synth::questions::{Question, review as table};

use super::{Names, jsonl, judge, questions, review};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Endpoint, Questions, Source, Split};

/// Raised when the same questions would become other rows.
const VERSION: u32 = 6;

/// The columns of a question's row, in order.
pub const COLUMNS: [&str; 13] = [
    "question", "answer", "context", "type", "document", "paths", "chunk", "fact", "article", "facts",
    "asker", "slice", "split",
];

/// The stage of one source.
pub fn stage<'a>(project: &'a Project, source: &'a Source) -> anyhow::Result<Stage<'a>> {
    let mut inputs = vec![
        Input::stage(Names::CHUNKS, &Names::chunk(&source.name), Names::CHUNKS),
        Input::stage(Names::ASKED, &Names::ask(&source.name), Names::ASKED),
    ];
    let review = review::path(&project.resolved().questions.review, &source.name);
    let is_reviewed = review.is_some();
    inputs.extend(review.map(|path| Input::file(Names::REVIEW, &path)));
    let mut outputs = vec![Names::EXTRACT.into(), Names::FURTHER.into(), Names::REVIEW.into()];
    let judge = judge::source::recipe(project)?;
    if let Some(judge) = &judge {
        inputs.extend(judge::source::inputs(project, judge)?);
        outputs.push(Names::JUDGEMENTS.into());
    }
    Ok(Stage {
        id: Names::validate(&source.name),
        version: VERSION,
        inputs,
        outputs,
        run: super::stage_fn(move |stage| run(stage, project, source, is_reviewed, judge.as_ref())),
    })
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    source: &Source,
    is_reviewed: bool,
    judge: Option<&Endpoint>,
) -> anyhow::Result<Vec<Counts>> {
    let settings = Questions {
        context: stage.param("questions.context")?,
        top_k: stage.param("questions.top_k")?,
        unseen: stage.param("questions.unseen")?,
        ..serde_json::from_value(stage.param("questions")?)?
    };
    let split: Split = stage.param("split")?;
    let seed: u64 = stage.param("project.seed")?;
    let asked = stage.input(Names::ASKED)?;
    let mut all = questions::read(&asked.join(questions::ASKED))?;
    let asked_ids: BTreeSet<String> = all.iter().map(|question| question.pair.id.clone()).collect();
    let mut validator = Validator::new(questions::sources(&stage.input(Names::CHUNKS)?)?, Limits::default());
    for question in &mut all {
        question.verdict = validator.judge(&question.pair);
    }
    let judgements = judged(stage, project, &settings, validator.sources(), judge, &mut all)?;
    let is_alone = project.resolved().source.values().filter(|source| source.is_documents()).count() == 1;
    let rows = if is_reviewed {
        review::correct(stage, &mut all, &mut validator, is_alone)?
    } else {
        table::rows(&all)
    };
    pipeline::platform::write_atomic(&stage.output(Names::REVIEW)?, table::write(&rows).as_bytes())?;
    let mut counts = Counts::all("questions", 0);
    let n_returned = all.iter().filter(|question| !asked_ids.contains(&question.pair.id)).count();
    counts.input = (asked_ids.len() + n_returned) as u64;
    let dropped = counts.input - all.len() as u64;
    if dropped > 0 {
        counts.rejected.insert("dropped_by_review".to_owned(), dropped);
    }
    all.retain(|question| {
        let code = question.verdict.codes().first().map(|code| code.name().to_owned());
        if let Some(code) = &code {
            *counts.rejected.entry(code.clone()).or_default() += 1;
        }
        code.is_none()
    });
    counts.output = all.len() as u64;
    if all.is_empty() || all.iter().all(Question::is_absent) && settings.lookup + settings.procedure > 0 {
        return Err(nothing_to_learn(source, all.len()));
    }
    let shares = Shares { valid: split.valid, test: split.test, unseen: settings.unseen };
    let places = slices::split(&all, &shares, seed).places;
    tell_untested(stage, &shares, &all, &places);
    write_rows(stage, source, &settings, validator.sources(), &all, &places)?;
    write_further(stage, &settings, validator.sources())?;
    tell_drawn(stage, &settings, validator.sources(), &all)?;
    Ok([counts].into_iter().chain(judgements).collect())
}

fn nothing_to_learn(source: &Source, n_absent: usize) -> anyhow::Error {
    let what = match n_absent {
        0 => format!("[source.{}]: no question about the documents is left", source.name),
        n => format!(
            "[source.{}]: the documents answer none of the {n} questions that are left: a model would learn to refuse, and nothing else",
            source.name
        ),
    };
    fail(
        what,
        "documents that state values, steps or deadlines can be asked about; `moru tap synthesize --rejected` shows what was refused and why; a review that drops all leaves none",
    )
}

/// Warns where a test would ask nothing that the documents answer.
fn tell_untested(stage: &mut Context<'_>, shares: &Shares, all: &[Question], places: &[usize]) {
    let is_tested = |(question, place): (&Question, &usize)| {
        !question.is_absent() && slices::SLICES[*place].starts_with("test")
    };
    if shares.test > 0.0 && !all.iter().zip(places).any(is_tested) {
        stage.note(
            "warning: the test split holds no question that the documents answer, so its scores tell of refusals alone; raise the quotas of [questions], or [split] test",
        );
    }
}

/// Lets the recipe's judge read the questions beside their source, where it names one.
fn judged(
    stage: &mut Context<'_>,
    project: &Project,
    settings: &Questions,
    sources: &Sources,
    judge: Option<&Endpoint>,
    all: &mut [Question],
) -> anyhow::Result<Option<Counts>> {
    let Some(recipe) = judge else { return Ok(None) };
    judge::source::note_params(stage, project, recipe)?;
    let path = stage.output(Names::JUDGEMENTS)?;
    judge::source::judge_all(stage, project, settings, sources, all, &path).map(Some)
}

/// Says of how many questions the search finds nothing, so that something else stands beside them.
fn tell_drawn(
    stage: &mut Context<'_>,
    settings: &Questions,
    sources: &Sources,
    all: &[Question],
) -> anyhow::Result<()> {
    let further = questions::read(&stage.input(Names::ASKED)?.join(questions::FURTHER))?;
    let n = questions::without_match(sources, settings, all.iter().chain(&further));
    if n > 0 {
        stage.note(&format!(
            "{n} questions share nothing with the documents: chunks that were drawn stand beside them, because no text would give away that they are not answered"
        ));
    }
    Ok(())
}

/// Writes accepted questions as the rows of a source, each with its split.
fn write_rows(
    stage: &mut Context<'_>,
    source: &Source,
    settings: &Questions,
    sources: &Sources,
    all: &[Question],
    places: &[usize],
) -> anyhow::Result<()> {
    let column = |name: &&str| Column { name: (*name).to_owned(), kind: ColumnKind::Text };
    let schema =
        Arc::new(Schema { source: source.name.clone(), columns: COLUMNS.iter().map(column).collect() });
    let name: Arc<str> = source.name.as_str().into();
    let mut n_missed = 0;
    let records = all.iter().zip(places).map(|(question, &place)| {
        let text = question.pair.question.as_str();
        let slice = slices::SLICES[place];
        let split = if slice == "test_unseen" { "test" } else { slice };
        let cited = question.chunk.as_deref();
        // A test is asked as a person asks: beside what search finds, whether that answers it or not.
        let context = if split == "test" {
            questions::context(sources, settings, text, cited)
        } else {
            let (context, is_missed) = questions::context_to_learn(sources, settings, text, cited);
            n_missed += usize::from(is_missed);
            context
        };
        let values = [
            text.to_owned(),
            question.pair.answer.clone(),
            context,
            question.pair.kind.name().to_owned(),
            question.pair.document.clone(),
            json!(question.pair.paths).to_string(),
            question.chunk.clone().unwrap_or_default(),
            question.fact.clone().unwrap_or_default(),
            question.article.clone(),
            json!(question.facts).to_string(),
            json!(question.asker).as_str().unwrap_or_default().to_owned(),
            slice.to_owned(),
            split.to_owned(),
        ];
        let key = question.pair.id.rsplit('#').next().unwrap_or_default().to_owned();
        Record {
            id: RecordId { source: Arc::clone(&name), key },
            schema: Arc::clone(&schema),
            values: values.into_iter().map(Value::Text).collect(),
        }
    });
    let records: Vec<_> = records.collect();
    if n_missed > 0 {
        stage.note(&format!(
            "{n_missed} rows to learn from stand beside the text that answers them, which search had not found"
        ));
    }
    let mut rows = Ready { schema: Arc::clone(&schema), rows: records.into_iter() };
    let info = SourceInfo { name: source.name.clone(), kind: source.kind.clone(), ..SourceInfo::default() };
    let folder = stage.output(Names::EXTRACT)?;
    std::fs::create_dir(&folder)?;
    data::ingest::ingest(&mut rows, &info, &IngestOptions::default(), &folder)?;
    Ok(())
}

/// Writes the questions that nothing is trained on, in the form of a recipe's own questions.
fn write_further(stage: &mut Context<'_>, settings: &Questions, sources: &Sources) -> anyhow::Result<()> {
    let further = questions::read(&stage.input(Names::ASKED)?.join(questions::FURTHER))?;
    let mut writer = jsonl::Writer::create(&stage.output(Names::FURTHER)?)?;
    for question in &further {
        let mut own = question.to_own_question();
        let text = question.pair.question.as_str();
        own["expected"] = question.pair.answer.as_str().into();
        own["context"] = questions::context(sources, settings, text, question.chunk.as_deref()).into();
        writer.push(&own)?;
    }
    writer.finish()?;
    Ok(())
}

/// Rows that are at hand.
struct Ready {
    schema: Arc<Schema>,
    rows: std::vec::IntoIter<Record>,
}

impl Rows for Ready {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        Ok(self.rows.next().map(Item::Record))
    }
}
