//! A judge that sees the source: the last check of questions about documents, before anything is learned from them.

use std::path::Path;

use data::validate::text::is_korean;
use data::validate::{Pair, Sources};
use pipeline::{Context, Counts, Input};
use serde::Serialize;
use synth::questions::Question;
use synth::questions::judge::{Judged, Judgement, Ruling, Settings, judge};
use synth::questions::prompts::{Bilingual, PromptKind, file_name};
use synth::teacher::{COMPLAINT_EN, COMPLAINT_KO};

use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Endpoint, Questions};
use crate::stages::asker::{Asker, Manner};
use crate::stages::{endpoint, jsonl, teach};

/// Tokens of a judgement: a quotation, a sentence, a word.
const ANSWER_TOKENS: usize = 180;

/// The prompts that it is asked with.
const PROMPTS: [PromptKind; 1] = [PromptKind::Judge];

/// Who judges the questions of a recipe; nobody where it names none.
pub fn recipe(project: &Project) -> anyhow::Result<Option<Endpoint>> {
    let word = &project.resolved().questions.judge;
    if word.is_empty() { Ok(None) } else { endpoint::recipe_of(project, word).map(Some) }
}

/// The prompts of a recipe, and a local model's files, as inputs of the stage.
pub fn inputs<'a>(project: &Project, recipe: &Endpoint) -> anyhow::Result<Vec<Input<'a>>> {
    let mut inputs = Vec::new();
    let folder = &project.resolved().questions.prompts;
    for is_korean in [true, false].into_iter().filter(|_| !folder.is_empty()) {
        let name = file_name(PromptKind::Judge, is_korean);
        inputs.push(Input::file(&name, Path::new(folder).join(&name)));
    }
    if recipe.local().is_some() {
        inputs.push(endpoint::local_input(project, recipe)?);
    }
    Ok(inputs)
}

/// Reads what the judgements depend on besides `questions`, so that it becomes part of the stage's key.
pub fn note_params(stage: &mut Context<'_>, project: &Project, recipe: &Endpoint) -> anyhow::Result<()> {
    let is_named = project.resolved().endpoint.contains_key(&project.resolved().questions.judge);
    endpoint::note_params(stage, recipe, is_named)
}

/// The prompts of a recipe.
///
/// # Errors
/// A file that is missing, and a prompt without one of its columns.
pub fn prompts(project: &Project) -> anyhow::Result<Bilingual> {
    match project.resolved().questions.prompts.as_str() {
        "" => Ok(Bilingual::default()),
        folder => Ok(Bilingual::read(&project.path(folder), &PROMPTS)?),
    }
}

/// A judgement as it stands in a file, beside what was judged.
#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    question: &'a str,
    answer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Ruling>,
    /// The words of the source that decide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Why there is no judgement; the question stays as the validators left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Judges the questions that the validators let pass and that cite something; what is refused gets the judge's finding.
/// Every judgement is written to `path`.
///
/// # Errors
/// Whatever the judge's endpoint says; and where no judgement came at all.
pub fn judge_all(
    stage: &mut Context<'_>,
    project: &Project,
    settings: &Questions,
    sources: &Sources,
    questions: &mut [Question],
    path: &Path,
) -> anyhow::Result<Counts> {
    let asked: Vec<usize> = (0..questions.len())
        .filter(|&at| questions[at].verdict.is_accepted() && !questions[at].pair.paths.is_empty())
        .collect();
    let pairs: Vec<Pair> = asked.iter().map(|&at| questions[at].pair.clone()).collect();
    let judged = ask(stage, project, settings, sources, &pairs)?;
    let mut counts = Counts::all("judgements", asked.len() as u64);
    let mut writer = jsonl::Writer::create(path)?;
    for ((at, pair), judged) in asked.iter().zip(&pairs).zip(&judged) {
        writer.push(&line(pair, judged))?;
        match judged {
            Judged::Said(judgement) => questions[*at].verdict.findings.extend(judgement.finding()),
            Judged::Unusable(_) => {
                counts.output -= 1;
                *counts.rejected.entry("no_judgement".to_owned()).or_default() += 1;
            }
        }
    }
    writer.finish()?;
    if let (Some(Judged::Unusable(why)), 0) = (judged.first(), counts.output) {
        return Err(fail(
            format!("the judge gave no judgement, {} times; the first time: {why}", judged.len()),
            format!(
                "take a larger model, or one that follows a JSON schema; where it was mended, `moru run {} --refresh` asks \
                 it again; or remove [questions] judge",
                stage.id()
            ),
        ));
    }
    if counts.output < counts.input {
        stage.note(&format!(
            "{} questions have no judgement, and stay as the validators left them; `moru run {} --refresh` asks for them \
             again",
            counts.input - counts.output,
            stage.id()
        ));
    }
    Ok(counts)
}

fn ask(
    stage: &mut Context<'_>,
    project: &Project,
    settings: &Questions,
    sources: &Sources,
    pairs: &[Pair],
) -> anyhow::Result<Vec<Judged>> {
    let is_korean = is_korean(&pairs.iter().map(|pair| pair.question.as_str()).collect::<String>());
    let prompts = prompts(project)?;
    let recipe = endpoint::recipe_of(project, &settings.judge)?;
    let manner = Manner {
        answer_tokens: ANSWER_TOKENS,
        cheaper: "or lower the quotas in [questions], or leave its `judge` out",
        re_asks: u32::try_from(recipe.re_asks).unwrap_or(u32::MAX),
        complaint: if is_korean { COMPLAINT_KO } else { COMPLAINT_EN },
    };
    let ended = teach::with_cancel(stage.cancelled(), |cancel| {
        let is_refreshed = stage.is_refreshed();
        let mut asker = Asker::open(project, &settings.judge, manner, stage)?.refreshed(is_refreshed);
        let max_tokens = asker.max_tokens();
        let settings = Settings { prompts: prompts.of(is_korean), max_tokens, cancel: cancel.clone() };
        anyhow::Ok(judge(&mut asker, pairs, sources, &settings)?)
    });
    match ended {
        Err(_) if stage.is_cancelled() => Err(pipeline::Error::Cancelled.into()),
        // A pair whose place the documents no longer have is not asked about, nor accepted by the validators.
        other => Ok(other?.into_iter().map(|judged| judged.unwrap_or_else(unseen)).collect()),
    }
}

fn unseen() -> Judged {
    Judged::Unusable("the documents do not have the place that it cites".to_owned())
}

fn line<'a>(pair: &'a Pair, judged: &'a Judged) -> Line<'a> {
    let (said, error) = match judged {
        Judged::Said(judgement) => (Some(judgement), None),
        Judged::Unusable(why) => (None, Some(why.as_str())),
    };
    Line {
        id: &pair.id,
        question: &pair.question,
        answer: &pair.answer,
        verdict: said.map(|judgement: &Judgement| judgement.verdict),
        evidence: said.map(|judgement| judgement.evidence.as_str()),
        reason: said.map(|judgement| judgement.reason.as_str()),
        error,
    }
}
