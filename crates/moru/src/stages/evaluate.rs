//! `evaluate:NAME`: answers are scored, beside two baselines that need no model.

use std::path::Path;

use chat::{Example, Role};
use eval::compare::{Answers, Comparison, TestRow, question_text};
use eval::report::{Asked, Book, Evaluation, Slice, SystemRole};
use eval::run::Answer;
use eval::statistics::Resampling;
use pipeline::{Context, Counts, Input, Stage};

use super::answer::{all_questions, question_inputs, test_rows};
use super::artifact::Format;
use super::exam::{self, Exam, Item, Manner, Part};
use super::{Names, jsonl, prepare};
use crate::project::Project;
use crate::recipe::{Evaluate, Prepare};

/// Raised when the same answers would be scored otherwise.
const VERSION: u32 = 4;

/// The stage of one training.
pub fn stage<'a>(project: &'a Project, name: &'a str) -> Stage<'a> {
    let mut inputs = vec![
        Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
        Input::stage("tuned answers", &Names::answer(Some(name)), Names::ANSWERS),
    ];
    let has_base = project.resolved().evaluate.base;
    if has_base {
        let base = Names::base_of(project.resolved().train[name].model_name());
        inputs.push(Input::stage("base answers", &Names::answer(Some(&base)), Names::ANSWERS));
    }
    let exports: Vec<_> =
        project.resolved().export.formats().filter(|format| *format != Format::Lora).collect();
    for format in &exports {
        let answers = Names::answer(Some(&Names::exported(name, *format)));
        inputs.push(Input::stage(format.name(), &answers, Names::ANSWERS));
    }
    let questions = question_inputs(project);
    let named: Vec<String> = questions.iter().map(|input| input.name.clone()).collect();
    inputs.extend(questions);
    Stage {
        id: Names::evaluate(name),
        version: VERSION,
        inputs,
        outputs: vec![Names::SCORES.into()],
        run: super::stage_fn(move |stage| run(stage, project, name, has_base, &named, &exports)),
    }
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    name: &str,
    has_base: bool,
    questions_of: &[String],
    exports: &[Format],
) -> anyhow::Result<Vec<Counts>> {
    let metrics: Vec<String> = stage.param("evaluate.metrics")?;
    let (leading, baselines): (String, Vec<String>) =
        (stage.param("evaluate.leading")?, stage.param("evaluate.baselines")?);
    let (max_rows, max_new_tokens): (usize, usize) =
        (stage.param("evaluate.max_rows")?, stage.param("evaluate.max_new_tokens")?);
    let (seed, samples): (u64, usize) = (stage.param("project.seed")?, stage.param("report.examples")?);
    let prepare: Prepare = stage.param("prepare")?;
    let context =
        if exam::has_documents(project) { stage.param("questions.context")? } else { String::new() };
    let manner = Manner::of(project, &prepare, &context)?;
    let splits = stage.input(Names::SPLITS)?;
    let own = all_questions(stage, questions_of)?;
    let exam = Exam::of(&manner, &test_rows(&splits, max_rows, seed)?, &own)?;
    let training = pairs(&splits.join("train.jsonl"), &manner)?;
    let templates = (!prepare.is_conversations()).then(|| prepare::templates(&prepare)).transpose()?;
    let given = given(stage, has_base, exports)?;
    let resampling = Resampling { seed, ..Resampling::default() };
    let penalty: f64 = stage.param("replies.frequency_penalty")?;
    let penalised = if penalty > 0.0 { format!(", frequency penalty {penalty}") } else { String::new() };
    let generation = format!("greedy, at most {max_new_tokens} tokens{penalised}");
    let evaluate = |of: &Section<'_>| -> anyhow::Result<Option<Evaluation>> {
        let (places, mut rows) = exam.part(|item| of.holds(item));
        if rows.is_empty() {
            return Ok(None);
        }
        for row in &mut rows {
            match (of.with_facts, of.part) {
                (false, _) => row.facts.clear(),
                // What an answer has to state is shown, not how somebody put it.
                (true, Part::Further(_)) => row.references = vec![stated(row)],
                (true, _) => {}
            }
        }
        let mut systems: Vec<_> = (given.iter())
            .map(|(id, role, answers)| {
                let answers: Vec<Answer> = places.iter().map(|&place| answers[place].clone()).collect();
                Answers::of_model(id, *role, &answers)
            })
            .collect();
        systems.extend(of_baselines(&baselines, templates.as_ref(), &training, &rows));
        let references = rows.iter().flat_map(|row| row.references.iter().map(String::as_str));
        let scorers = eval::scorers::from_recipe(&of.metrics, references)?;
        let comparison = Comparison {
            name: &of.name(name),
            rows: &rows,
            systems: &systems,
            scorers: &scorers,
            leading: if of.title.is_empty() { &leading } else { "" },
            resampling,
            samples: of.samples.unwrap_or(rows.len()),
            generation: &generation,
        };
        Ok(Some(Evaluation { asked: of.asked, ..comparison.evaluate()? }))
    };
    let sections = sections(&exam, &metrics, samples);
    let mut evaluations = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        stage.progress(at as u64, Some(sections.len() as u64), "parts");
        evaluations.extend(evaluate(section)?);
    }
    if evaluations.is_empty() {
        return Err(eval::EvalError::NoRows.into());
    }
    pipeline::platform::write_atomic(
        &stage.output(Names::SCORES)?,
        &serde_json::to_vec_pretty(&evaluations)?,
    )?;
    Ok(vec![Counts::all("questions", exam.items.len() as u64)])
}

/// What each system said: base, tuned model, and the tuned model as it was written for other tools.
fn given(
    stage: &Context<'_>,
    has_base: bool,
    exports: &[Format],
) -> anyhow::Result<Vec<(&'static str, SystemRole, Vec<Answer>)>> {
    let mut given = Vec::new();
    if has_base {
        given.push(("base", SystemRole::Base, jsonl::read(&stage.input("base answers")?)?));
    }
    given.push(("tuned", SystemRole::Tuned, jsonl::read(&stage.input("tuned answers")?)?));
    for format in exports {
        given.push((format.name(), SystemRole::Other, jsonl::read(&stage.input(format.name())?)?));
    }
    Ok(given)
}

/// The facts of a row, each in its first wording.
fn stated(row: &TestRow) -> String {
    row.facts.iter().filter_map(|fact| fact.any_of.first().cloned()).collect::<Vec<_>>().join(", ")
}

/// What is scored by itself.
struct Section<'a> {
    /// What its name ends with; the first has none.
    title: &'a str,
    /// Of the exam.
    part: Part,
    /// What the report is told of it.
    asked: Option<Asked>,
    /// Whether it scores facts, and holds only questions that have any.
    with_facts: bool,
    metrics: Vec<String>,
    /// Answers that are shown; all where absent.
    samples: Option<usize>,
}

impl Section<'_> {
    fn name(&self, training: &str) -> String {
        if self.title.is_empty() { training.to_owned() } else { format!("{training}: {}", self.title) }
    }

    fn holds(&self, item: &Item) -> bool {
        let fits = match (self.part, self.with_facts) {
            (Part::Further(_), true) => !item.row.facts.is_empty(),
            (Part::Further(_), false) => item.is_expected,
            _ => true,
        };
        fits && item.part == self.part
    }
}

/// The questions that the report begins with, and how their answers are scored.
pub struct Leading {
    /// Their places among all that is asked.
    pub places: Vec<usize>,
    /// What the answers are scored with.
    pub rows: Vec<TestRow>,
    /// The metrics.
    pub metrics: Vec<String>,
    /// The measure of these that comes first; the first of the first where empty.
    pub measure: String,
}

impl Leading {
    /// Of an exam under a recipe; none where nothing is asked.
    pub fn of(exam: &Exam, recipe: &Evaluate) -> Option<Self> {
        let first = sections(exam, &recipe.metrics, 0).into_iter().next()?;
        let (places, mut rows) = exam.part(|item| first.holds(item));
        for row in rows.iter_mut().filter(|_| !first.with_facts) {
            row.facts.clear();
        }
        let measure = if first.title.is_empty() { recipe.leading.clone() } else { String::new() };
        (!rows.is_empty()).then_some(Self { places, rows, metrics: first.metrics, measure })
    }
}

/// Answers that are shown of a part that is not the first.
const FEWER: usize = 10;

/// The sections of an exam, those beside a text first. Further questions with facts are scored by these, those with a
/// right answer by whether they are refused where it is a refusal; of the latter facts are not scored once more.
fn sections(exam: &Exam, metrics: &[String], samples: usize) -> Vec<Section<'static>> {
    let is_there = |part: Part| exam.items.iter().any(|item| item.part == part);
    let mut all = Vec::new();
    let first = |part, asked| Section {
        title: "",
        part,
        asked,
        with_facts: true,
        metrics: metrics.to_vec(),
        samples: Some(samples),
    };
    if is_there(Part::Test) {
        all.push(first(Part::Test, None));
    }
    let is_open = exam.items.iter().any(|item| item.part.book() == Some(Book::Open));
    let titled =
        |title: [&'static str; 2], book| if is_open && book == Book::Closed { title[1] } else { title[0] };
    for book in [Book::Open, Book::Closed] {
        for (slice, title) in [(Slice::Test, ["", "closed book"]), (Slice::TestUnseen, [exam::UNSEEN; 2])] {
            let asked = Asked { slice, book };
            let title = titled(title, book);
            let samples = if title.is_empty() { samples } else { samples.min(FEWER) };
            let section = first(Part::Documents(asked), Some(asked));
            all.push(Section { title, samples: Some(samples), ..section });
        }
    }
    for book in [None, Some(Book::Open), Some(Book::Closed)] {
        for (slice, title, metric) in [
            (Slice::KeyFacts, ["questions", "questions, closed book"], "key-facts"),
            (Slice::Refusals, ["refusals", "refusals, closed book"], "refusal"),
        ] {
            let is_again = is_open && book == Some(Book::Closed);
            all.push(Section {
                title: book.map_or(title[0], |book| titled(title, book)),
                part: Part::Further(book),
                asked: book.map(|book| Asked { slice, book }),
                with_facts: slice == Slice::KeyFacts,
                metrics: vec![metric.to_owned()],
                // Each is shown with its fact and whether it was said.
                samples: is_again.then_some(samples.min(FEWER)),
            });
        }
    }
    all
}

/// The answers without a model that the recipe asks for, in its order.
pub(super) fn of_baselines(
    names: &[String],
    templates: Option<&data::prepare::Templates>,
    training: &[(String, String)],
    rows: &[TestRow],
) -> Vec<Answers> {
    let text = |row: &'_ TestRow| -> String {
        templates.map_or(row.question.as_str(), |all| all.prompt.last_column_of(&row.question)).to_owned()
    };
    let texts: Vec<String> = rows.iter().map(text).collect();
    let mut known = Answers::of_baselines(training, rows);
    known.push(Answers::of_lead(texts.iter().map(String::as_str)));
    let of = |name: &String| known.iter().find(|answers| answers.system.id == *name).cloned();
    names.iter().filter_map(of).collect()
}

/// Questions and answers of the training split, for the baselines.
pub(super) fn pairs(path: &Path, manner: &Manner<'_>) -> anyhow::Result<Vec<(String, String)>> {
    jsonl::lines::<Example>(path)?
        .map(|example| {
            let example = example?;
            let answer = example.messages.iter().rev().find(|m| m.role == Role::Assistant);
            let question = manner.question(question_text(&example.messages)).into_owned();
            Ok((question, answer.map_or_else(String::new, |m| m.content.clone())))
        })
        .collect()
}

/// What an evaluation wrote.
pub fn read(path: &Path) -> anyhow::Result<Vec<Evaluation>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}
