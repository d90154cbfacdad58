//! `answer:base`, `answer:NAME`: a model answers the test split, and the questions of the recipe.

use std::path::Path;

use chat::{CancelToken, Example, Message, Placeholders, Role, Sampling, seeded};
use eval::run::{Answer, Asking, Question, answer_all};
use eval::scorers::KeyFact;
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::artifact::Format;
use super::base::{self, Base};
use super::exam::{self, Exam, Manner};
use super::{Names, assistant, jsonl, prepare, tokenize};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Prepare, Replies, Tokenize};

/// Raised when the same model would be asked otherwise.
const VERSION: u32 = 3;

/// A question of the recipe's own, with what its answer has to contain. Its other keys fill the prompt's
/// columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnQuestion {
    /// Unique in the file.
    pub id: String,
    /// Each fact in any of its wordings.
    #[serde(default)]
    pub facts: Vec<Vec<String>>,
    /// A right answer, where there is one: it tells whether the question is to be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The columns of the prompt.
    #[serde(flatten)]
    pub columns: serde_json::Map<String, serde_json::Value>,
}

impl OwnQuestion {
    /// The facts as the scorer takes them.
    pub fn key_facts(&self) -> Vec<KeyFact> {
        self.facts.iter().map(|any_of| KeyFact { any_of: any_of.clone() }).collect()
    }

    /// The question as it is asked: through the recipe's templates, like every row.
    pub fn messages(&self, prepare: &Prepare) -> anyhow::Result<Vec<Message>> {
        let templates = prepare::templates(prepare)?;
        let mut messages = Vec::new();
        if let Some(system) = &templates.system {
            messages.push(Message::new(Role::System, self.fill(system)?));
        }
        messages.push(Message::new(Role::User, self.fill(&templates.prompt)?));
        Ok(messages)
    }

    fn fill(&self, template: &data::prepare::Template) -> anyhow::Result<String> {
        if let Some(column) = template.columns().find(|column| !self.columns.contains_key(*column)) {
            return Err(fail(
                format!("question `{}` has no `{column}`, which the prompt uses", self.id),
                format!("write \"{column}\": \"…\" into its line of [evaluate] questions"),
            ));
        }
        let mut out = String::new();
        template.render(&mut out, |name| self.columns.get(name).and_then(|v| v.as_str()).unwrap_or(""));
        Ok(out.trim().to_owned())
    }
}

/// The questions of the recipe's own, where it has any.
pub fn own_questions(path: Option<&Path>) -> anyhow::Result<Vec<OwnQuestion>> {
    path.map_or(Ok(Vec::new()), jsonl::read)
}

/// The questions that nothing is trained on, as inputs of a stage: the recipe's own, and those about its documents.
pub fn question_inputs(project: &Project) -> Vec<Input<'_>> {
    let resolved = project.resolved();
    let own = Some(&resolved.evaluate.questions).filter(|path| !path.is_empty());
    let own = own.map(|path| Input::file(Names::QUESTIONS, path));
    let of_documents = resolved.source.values().filter(|source| source.is_documents());
    let further = of_documents.map(|source| {
        let stage = Names::validate(&source.name);
        Input::stage(&format!("{} of {stage}", Names::FURTHER), &stage, Names::FURTHER)
    });
    own.into_iter().chain(further).collect()
}

/// The questions of such inputs, one after the other.
pub fn all_questions(stage: &Context<'_>, inputs: &[String]) -> anyhow::Result<Vec<OwnQuestion>> {
    let mut all: Vec<OwnQuestion> = Vec::new();
    for name in inputs {
        all.extend(own_questions(Some(&stage.input(name)?))?);
    }
    Ok(all)
}

/// The rows of the test split that are answered: all, or so many of them drawn by the seed, in order.
pub fn test_rows(splits: &Path, max_rows: usize, seed: u64) -> anyhow::Result<Vec<Example>> {
    let mut rows: Vec<(usize, Example)> =
        jsonl::read(&splits.join("test.jsonl"))?.into_iter().enumerate().collect();
    if max_rows > 0 && rows.len() > max_rows {
        seeded::shuffle(&mut rows, seed, 1);
        rows.truncate(max_rows);
        rows.sort_by_key(|(i, _)| *i);
    }
    Ok(rows.into_iter().map(|(_, example)| example).collect())
}

/// The stage of a model as it is, or of a training of it.
pub fn stage<'a>(project: &'a Project, training: Option<&str>, base: &Base) -> Stage<'a> {
    let mut inputs = vec![Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS), base::input(base)];
    inputs.extend(training.map(|name| Input::stage(Names::TUNED, &Names::train(name), Names::TUNED)));
    let is_tuned = training.is_some();
    let who = training.map_or_else(|| Names::base_of(&base.name), str::to_owned);
    stage_of(project, Names::answer(Some(&who)), inputs, is_tuned)
}

/// The stage of a training's model as it was written for other tools.
pub fn stage_of_export<'a>(project: &'a Project, name: &str, format: Format) -> Stage<'a> {
    let model = Input::stage(Names::MODEL, &Names::export(name, format), Names::ARTIFACT);
    let inputs = vec![Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS), model];
    stage_of(project, Names::answer(Some(&Names::exported(name, format))), inputs, false)
}

fn stage_of<'a>(project: &'a Project, id: String, mut inputs: Vec<Input<'a>>, is_tuned: bool) -> Stage<'a> {
    let questions = question_inputs(project);
    let named: Vec<String> = questions.iter().map(|input| input.name.clone()).collect();
    inputs.extend(questions);
    Stage {
        id,
        version: VERSION,
        inputs,
        outputs: vec![Names::ANSWERS.into()],
        run: super::stage_fn(move |stage| run(stage, project, is_tuned, &named)),
    }
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    is_tuned: bool,
    questions_of: &[String],
) -> anyhow::Result<Vec<Counts>> {
    let (max_rows, max_tokens) = (stage.param("evaluate.max_rows")?, stage.param("evaluate.max_new_tokens")?);
    let seed = stage.param("project.seed")?;
    let tokenize = Tokenize {
        template: stage.param("tokenize.template")?,
        max_len_tokens: stage.param("tokenize.max_len_tokens")?,
        over_long: stage.param("tokenize.over_long")?,
        ..project.resolved().tokenize.clone()
    };
    let prepare: Prepare = project.resolved().prepare.clone();
    let is_about_documents = exam::has_documents(project);
    if !questions_of.is_empty() || is_about_documents {
        // Own questions are asked in the form of the recipe's prompt, and those about documents without their text.
        for key in ["prepare.prompt", "prepare.system"] {
            stage.param::<String>(key)?;
        }
    }
    let context = if is_about_documents { stage.param("questions.context")? } else { String::new() };
    let rows = test_rows(&stage.input(Names::SPLITS)?, max_rows, seed)?;
    let own = all_questions(stage, questions_of)?;
    let exam = Exam::of(&Manner::of(project, &prepare, &context)?, &rows, &own)?;
    if exam.left_out > 0 {
        stage.note(&format!(
            "{} questions about articles that were held out are not asked: [questions] context is \"none\", and nobody knows what they say without it",
            exam.left_out
        ));
    }
    let questions = exam.items.into_iter().map(|item| item.question).collect();
    let answers = ask(stage, project, is_tuned, &tokenize, questions, max_tokens)?;
    let mut writer = jsonl::Writer::create(&stage.output(Names::ANSWERS)?)?;
    for answer in &answers {
        writer.push(answer)?;
    }
    writer.finish()?;
    Ok(vec![Counts::all("questions", answers.len() as u64)])
}

/// How answers that are measured are written: the likeliest token, under the recipe's penalty.
pub fn measured(stage: &mut Context<'_>, max_tokens: usize) -> anyhow::Result<Sampling> {
    let frequency_penalty = stage.param::<f64>("replies.frequency_penalty")? as f32;
    Ok(Sampling { max_tokens, frequency_penalty, ..Sampling::default() })
}

fn ask(
    stage: &mut Context<'_>,
    project: &Project,
    is_tuned: bool,
    tokenize: &Tokenize,
    mut questions: Vec<Question>,
    max_tokens: usize,
) -> anyhow::Result<Vec<Answer>> {
    let model = stage.input(Names::MODEL)?;
    let tuned = if is_tuned { Some(stage.input(Names::TUNED)?) } else { None };
    let encoder = tokenize::encoder(&model, tokenize)?;
    let max_prompt = tokenize::max_prompt(&model, tokenize, max_tokens)?;
    let mut n_shortened = 0;
    for question in &mut questions {
        let messages = std::mem::take(&mut question.messages);
        let (messages, is_shortened) =
            tokenize::askable(&encoder, tokenize, max_prompt, messages, &question.tools)?;
        question.messages = messages;
        n_shortened += usize::from(is_shortened);
    }
    if n_shortened > 0 {
        stage.note(&format!("{n_shortened} questions were shortened, to stay within {max_prompt} tokens"));
    }
    // How many are answered at once does not change an answer: it is no parameter of the stage.
    let slots = project.resolved().evaluate.batch;
    // References are masked, so answers are compared as the model says them: nothing is filled in.
    let cache = Replies::precision(&stage.param::<String>("replies.kv_cache")?);
    let mut assistant =
        assistant::open(&model, tuned.as_deref(), encoder, slots, Placeholders::default(), cache)?;
    let cancel = CancelToken::default();
    let identity = stage.id().to_owned();
    let sampling = measured(stage, max_tokens)?;
    let asking =
        Asking { batch: slots, sampling, cancel: cancel.clone(), ..Asking::greedy(&identity, max_tokens) };
    // What is answered survives a kill.
    let log = stage.work_dir()?.join("answers.jsonl");
    let answers = answer_all(&mut assistant, &questions, &asking, &log, &mut |progress| {
        stage.progress(progress.answered as u64, Some(progress.questions as u64), "questions");
        if stage.is_cancelled() {
            cancel.cancel();
        }
    });
    match answers {
        Err(eval::EvalError::Cancelled { .. }) => Err(pipeline::Error::Cancelled.into()),
        other => Ok(other?),
    }
}
