//! `evaluate:NAME`: answers are scored, beside two baselines that need no model.

use std::path::Path;

use chat::{Example, Role};
use eval::compare::{Answers, Comparison, TestRow, question_text};
use eval::report::{Evaluation, SystemRole};
use eval::run::Answer;
use eval::statistics::Resampling;
use pipeline::{Context, Counts, Input, Stage};

use super::answer::{OwnQuestion, all_questions, question_inputs, test_rows};
use super::artifact::Format;
use super::{Names, jsonl, prepare};
use crate::project::Project;
use crate::recipe::Prepare;

/// Raised when the same answers would be scored otherwise.
const VERSION: u32 = 3;

/// The stage of one training.
pub fn stage<'a>(project: &'a Project, name: &'a str) -> Stage<'a> {
    let mut inputs = vec![
        Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
        Input::stage("tuned answers", &Names::answer(Some(name)), Names::ANSWERS),
    ];
    let has_base = project.resolved().evaluate.base;
    if has_base {
        inputs.push(Input::stage("base answers", &Names::answer(None), Names::ANSWERS));
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
        run: super::stage_fn(move |stage| run(stage, name, has_base, &named, &exports)),
    }
}

fn run(
    stage: &mut Context<'_>,
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
    let splits = stage.input(Names::SPLITS)?;
    let rows: Vec<_> =
        test_rows(&splits, max_rows, seed)?.iter().map(|row| test_row(row, prepare.meta.first())).collect();
    let training = pairs(&splits.join("train.jsonl"))?;
    let templates = (!prepare.is_conversations()).then(|| prepare::templates(&prepare)).transpose()?;
    let mut given =
        vec![("tuned", SystemRole::Tuned, jsonl::read::<Answer>(&stage.input("tuned answers")?)?)];
    if has_base {
        given.insert(0, ("base", SystemRole::Base, jsonl::read(&stage.input("base answers")?)?));
    }
    for format in exports {
        let answers = jsonl::read(&stage.input(format.name())?)?;
        given.push((format.name(), SystemRole::Other, answers));
    }
    let own = all_questions(stage, questions_of)?;
    let own_rows =
        own.iter().map(|question| own_row(question, &prepare)).collect::<anyhow::Result<Vec<_>>>()?;
    let n = rows.len();
    let resampling = Resampling { seed, ..Resampling::default() };
    let generation = format!("greedy, at most {max_new_tokens} tokens");
    let evaluate =
        |name: &str, rows: &[TestRow], places: &[usize], metrics: &[String], leading: &str, samples| {
            let mut systems: Vec<_> = (given.iter())
                .map(|(id, role, answers)| {
                    let answers: Vec<Answer> = places.iter().map(|&place| answers[place].clone()).collect();
                    Answers::of_model(id, *role, &answers)
                })
                .collect();
            systems.extend(of_baselines(&baselines, templates.as_ref(), &training, rows));
            let references = rows.iter().flat_map(|row| row.references.iter().map(String::as_str));
            let scorers = eval::scorers::from_recipe(metrics, references)?;
            Comparison {
                name,
                rows,
                systems: &systems,
                scorers: &scorers,
                leading,
                resampling,
                samples,
                generation: &generation,
            }
            .evaluate()
        };
    stage.progress(0, Some(n as u64), "rows");
    let all: Vec<usize> = (0..n).collect();
    let mut evaluations = vec![evaluate(name, &rows, &all, &metrics, &leading, samples)?];
    for (title, metric) in OWN {
        let chosen =
            own.iter().zip(&own_rows).enumerate().filter(|(_, (question, _))| is_scored_by(question, metric));
        let (places, rows): (Vec<usize>, Vec<TestRow>) =
            chosen.map(|(at, (_, row))| (n + at, row.clone())).unzip();
        let rows: Vec<TestRow> = match metric {
            "key-facts" => rows,
            // Facts are scored once.
            _ => rows.into_iter().map(|row| TestRow { facts: Vec::new(), ..row }).collect(),
        };
        if !rows.is_empty() {
            // Each is shown with its fact and whether it was said.
            let shown = rows.len();
            let name = format!("{name}: {title}");
            evaluations.push(evaluate(&name, &rows, &places, &[metric.to_owned()], "", shown)?);
        }
    }
    pipeline::platform::write_atomic(
        &stage.output(Names::SCORES)?,
        &serde_json::to_vec_pretty(&evaluations)?,
    )?;
    Ok(vec![Counts::all("questions", (n + own_rows.len()) as u64)])
}

/// What questions that nothing is trained on are scored by: those with facts by these, those with a right answer by
/// whether they are refused where it is a refusal.
const OWN: [(&str, &str); 2] = [("questions", "key-facts"), ("refusals", "refusal")];

/// Whether a question is scored by a metric.
fn is_scored_by(question: &OwnQuestion, metric: &str) -> bool {
    if metric == "refusal" { question.expected.is_some() } else { !question.facts.is_empty() }
}

/// A question that nothing is trained on, to be scored.
fn own_row(question: &OwnQuestion, prepare: &Prepare) -> anyhow::Result<TestRow> {
    let facts =
        || question.facts.iter().filter_map(|any| any.first().cloned()).collect::<Vec<_>>().join(", ");
    Ok(TestRow {
        id: question.id.clone(),
        question: question_text(&question.messages(prepare)?).to_owned(),
        references: vec![question.expected.clone().unwrap_or_else(facts)],
        facts: question.key_facts(),
        category: None,
    })
}

/// The answers without a model that the recipe asks for, in its order.
fn of_baselines(
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

fn test_row(example: &Example, category: Option<&String>) -> TestRow {
    let answer = example.messages.iter().rev().find(|m| m.role == Role::Assistant);
    let category = category.and_then(|column| example.meta.get(column));
    TestRow {
        id: example.id.clone(),
        question: question_text(&example.messages).to_owned(),
        references: vec![answer.map_or_else(String::new, |m| m.content.clone())],
        facts: Vec::new(),
        category: category.and_then(|value| value.as_str()).map(str::to_owned),
    }
}

/// Questions and answers of the training split, for the baselines.
fn pairs(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    jsonl::lines::<Example>(path)?
        .map(|example| {
            let row = test_row(&example?, None);
            Ok((row.question, row.references.into_iter().next().unwrap_or_default()))
        })
        .collect()
}

/// What an evaluation wrote.
pub fn read(path: &Path) -> anyhow::Result<Vec<Evaluation>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}
