//! `synthesize:NAME`: questions about documents, with their answers and where these stand.

use std::collections::BTreeMap;
use std::path::Path;

use data::documents::Tree;
use data::validate::{Limits, Sources, Validator};
use eval::report::QuestionCoverage;
use pipeline::{Context, Counts, Input, Stage};
use synth::questions::{Coverage, Drafts, Leaf, Question, Setting, write};

use super::{Names, chunk, endpoint, jsonl, outputs, parse, teach};
use crate::project::Project;
use crate::recipe::{EXTRACTIVE, Endpoint, Questions, Source};

/// Raised when the same documents would be asked otherwise.
const VERSION: u32 = 4;

/// The questions of the quotas, in the stage's output.
pub const ASKED: &str = "questions.jsonl";

/// Questions beside the quotas, in the stage's output.
pub const FURTHER: &str = "further.jsonl";

/// Questions that were written and refused, in the stage's output.
pub const REFUSED: &str = "refused.jsonl";

/// Answers of a teacher that could not be used, in the stage's output.
pub const QUARANTINE: &str = "quarantine.jsonl";

/// What of [`Coverage`] is told line by line.
const TOLD: usize = 5;

/// The stage of one source.
pub fn stage<'a>(project: &'a Project, source: &'a Source) -> anyhow::Result<Stage<'a>> {
    let mut inputs = vec![Input::stage(Names::CHUNKS, &Names::chunk(&source.name), Names::CHUNKS)];
    let word = &project.resolved().questions.teacher;
    let teacher = if word == EXTRACTIVE { None } else { Some(endpoint::recipe_of(project, word)?) };
    if let Some(recipe) = &teacher {
        inputs.extend(teach::inputs(project, recipe)?);
    }
    Ok(Stage {
        id: Names::ask(&source.name),
        version: VERSION,
        inputs,
        outputs: vec![Names::ASKED.into()],
        run: super::stage_fn(move |stage| run(stage, project, teacher.as_ref())),
    })
}

/// The documents of a chunk stage, ready to be searched.
pub fn sources(chunks: &Path) -> anyhow::Result<Sources> {
    let trees: Vec<Tree> = jsonl::read(&chunks.join(parse::TREES))?;
    Ok(Sources::new(trees, chunk::read(chunks)?))
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    teacher: Option<&Endpoint>,
) -> anyhow::Result<Vec<Counts>> {
    for key in ["lookup", "procedure", "absent", "further_absent", "further_answerable"] {
        stage.param::<usize>(&format!("questions.{key}"))?;
    }
    stage.param::<bool>("questions.cover")?;
    let word: String = stage.param("questions.teacher")?;
    let seed = stage.param("project.seed")?;
    let (drafts, set_aside, answers) = if let Some(recipe) = teacher {
        teach::note_params(stage, recipe, project.resolved().endpoint.contains_key(&word))?;
        let (drafts, set_aside, counts) = teach::run(stage, project)?;
        (drafts, set_aside, Some(counts))
    } else {
        let quotas = project.resolved().questions.quotas();
        let mut validator = Validator::new(sources(&stage.input(Names::CHUNKS)?)?, Limits::default());
        (write(&mut validator, &Setting { quotas, seed, ..Setting::default() }), Vec::new(), None)
    };
    let folder = stage.output(Names::ASKED)?;
    std::fs::create_dir(&folder)?;
    for (name, questions) in
        [(ASKED, &drafts.questions), (FURTHER, &drafts.further), (REFUSED, &drafts.refused)]
    {
        write_all(&folder.join(name), questions)?;
    }
    write_all(&folder.join(QUARANTINE), &set_aside)?;
    let lacks_answers = answers.as_ref().is_some_and(|answers| !answers.rejected.is_empty());
    tell(stage, &drafts.coverage, lacks_answers);
    if !set_aside.is_empty() {
        let source = stage.id().rsplit(':').next().unwrap_or_default();
        let text = teach::way_back(&set_aside, stage.id(), &outputs::quarantine(project, source));
        stage.note(&text);
    }
    pipeline::platform::write_atomic(
        &folder.join(Names::FACTS),
        &serde_json::to_vec_pretty(&drafts.coverage)?,
    )?;
    Ok([counts(&drafts)].into_iter().chain(answers).collect())
}

fn write_all(path: &Path, values: &[impl serde::Serialize]) -> anyhow::Result<()> {
    let mut writer = jsonl::Writer::create(path)?;
    values.iter().try_for_each(|value| writer.push(value))?;
    writer.finish()
}

/// Questions that were written, and why some of them were refused.
fn counts(drafts: &Drafts) -> Counts {
    let asked = (drafts.questions.len() + drafts.further.len()) as u64;
    let mut counts = Counts::all("questions", asked);
    for question in &drafts.refused {
        let reason = question.verdict.codes().first().map_or("refused", |code| code.name());
        *counts.rejected.entry(reason.to_owned()).or_default() += 1;
        counts.input += 1;
    }
    counts
}

/// Says what was asked, and what could not be.
fn tell(stage: &mut Context<'_>, coverage: &Coverage, lacks_answers: bool) {
    stage.note(&format!(
        "{} of {} facts in {} articles were asked or said; articles asked less than twice: {}; leaves without a fact: {}",
        coverage.facts_asked,
        coverage.facts,
        coverage.articles,
        coverage.articles_asked_once.len(),
        coverage.leaves_without.len()
    ));
    for unfilled in &coverage.unfilled {
        // What was asked and has no answer that can be used is no fault of the text.
        if lacks_answers && unfilled.is_taught() {
            stage.note(&format!("{}; answers for them were set aside, or were not given", unfilled.what()));
        } else {
            stage.note(&unfilled.to_string());
        }
    }
    for fact in coverage.facts_left.iter().take(TOLD) {
        stage.note(&format!("not asked: {fact}"));
    }
}

const LEFT: &str = "facts that were not asked";
const SELDOM: &str = "articles asked less than twice";
const WITHOUT: &str = "leaves without a fact";
const ASIDE: &str = "leaves that are not asked about (preambles, supplements, forms, what was deleted)";

/// What nothing or little was asked about: facts, articles that were asked less than twice, leaves without a fact.
pub fn seldom(coverage: &Coverage) -> Vec<(&'static str, Vec<String>)> {
    let once = coverage.articles_asked_once.iter();
    let leaves = |leaves: &[Leaf]| {
        leaves.iter().map(|leaf| format!("{}/{}", leaf.document, leaf.path)).collect::<Vec<_>>()
    };
    let all = [
        (LEFT, coverage.facts_left.clone()),
        (SELDOM, once.map(|(path, n)| format!("{path}: {n}")).collect()),
        (WITHOUT, leaves(&coverage.leaves_without)),
        (ASIDE, leaves(&coverage.leaves_set_aside)),
    ];
    all.into_iter().filter(|(_, places): &(_, Vec<String>)| !places.is_empty()).collect()
}

/// What the questions cover, for the report; nothing of sources that were not asked about yet.
pub fn reported(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<QuestionCoverage>> {
    let mut all = Vec::new();
    for source in project.resolved().source.values().filter(|source| source.is_documents()) {
        let Ok(folder) = results.output(&Names::ask(&source.name), Names::ASKED) else { continue };
        let coverage = coverage(&folder)?;
        let mut lists: BTreeMap<_, _> = seldom(&coverage).into_iter().collect();
        let mut list = |title: &str| lists.remove(title).unwrap_or_default();
        all.push(QuestionCoverage {
            source: source.name.clone(),
            facts: coverage.facts as u64,
            facts_asked: coverage.facts_asked as u64,
            articles: coverage.articles as u64,
            facts_left: list(LEFT),
            seldom_asked: list(SELDOM),
            leaves_without: list(WITHOUT),
            leaves_set_aside: list(ASIDE),
        });
    }
    Ok(all)
}

/// What the questions of a source cover, as its stage wrote it.
pub fn coverage(folder: &Path) -> anyhow::Result<Coverage> {
    Ok(serde_json::from_slice(&std::fs::read(folder.join(Names::FACTS))?)?)
}

/// The column of a prompt that holds what was found in the documents.
pub const CONTEXT: &str = "context";

/// What stands in the prompt beside a question that somebody asks now, where the recipe has documents and its prompt
/// a place for what is found in them.
pub fn looked_up(project: &Project, question: &str) -> anyhow::Result<Option<String>> {
    let resolved = project.resolved();
    let documents: Vec<_> = resolved.source.values().filter(|source| source.is_documents()).collect();
    if documents.is_empty() || resolved.questions.context == "none" || question.is_empty() {
        return Ok(None);
    }
    if project.library.get().is_none() {
        let (results, mut trees, mut chunks) = (project.results()?, Vec::new(), Vec::new());
        for source in documents {
            let folder = results.output(&Names::chunk(&source.name), Names::CHUNKS)?;
            trees.extend(jsonl::read::<Tree>(&folder.join(parse::TREES))?);
            chunks.extend(chunk::read(&folder)?);
        }
        let _ = project.library.set(Sources::new(trees, chunks));
    }
    // A question that was not validated cites nothing: it is answered beside what is found.
    Ok(project.library.get().map(|sources| context(sources, &resolved.questions, question, None)))
}

/// The `k` chunks that match a question best. A prompt with none, or with fewer than others have, would tell that the
/// documents do not answer it: the places of those that do not match go to chunks drawn by the question itself, so that
/// none of them stands for that either.
fn nearest(sources: &Sources, question: &str, k: usize) -> Vec<usize> {
    let (n, hits) = (sources.chunks().len(), sources.retriever().search(question, k));
    let mut chosen: Vec<usize> = hits.into_iter().map(|hit| hit.index).collect();
    let digest = pipeline::Digest::of(question.as_bytes()).to_string();
    let first = u64::from_str_radix(digest.get(..15).unwrap_or("0"), 16).unwrap_or(0) % n.max(1) as u64;
    let mut others = (0..n).map(|step| (first as usize + step) % n).filter(|at| !chosen.contains(at));
    let drawn: Vec<usize> = others.by_ref().take(k.saturating_sub(chosen.len())).collect();
    chosen.extend(drawn);
    chosen
}

/// How many of the questions share nothing with any chunk, so that what stands beside them was drawn.
pub fn without_match<'a>(
    sources: &Sources,
    settings: &Questions,
    all: impl Iterator<Item = &'a Question>,
) -> usize {
    let is_searched = |question: &&Question| match settings.context.as_str() {
        "none" => false,
        "cited" => question.chunk.is_none(),
        _ => true,
    };
    let all = all.filter(is_searched);
    all.filter(|question| sources.retriever().search(&question.pair.question, 1).is_empty()).count()
}

/// The questions in a file of a synthesize or validate stage.
pub fn read(path: &Path) -> anyhow::Result<Vec<Question>> {
    jsonl::read(path)
}

/// The text that stands in a prompt beside a question: the chunks that are searched for, or the one that is cited.
pub fn context(sources: &Sources, settings: &Questions, question: &str, cited: Option<&str>) -> String {
    text_of(sources, chosen(sources, settings, question, cited))
}

/// As [`context`], for a row to learn from, and whether search had missed what answers it. Then the chunk that is
/// cited stands in place of the worst that was found: an answer that is nowhere in its prompt teaches to invent.
pub fn context_to_learn(
    sources: &Sources,
    settings: &Questions,
    question: &str,
    cited: Option<&str>,
) -> (String, bool) {
    let mut found = chosen(sources, settings, question, cited);
    let answering = cited.and_then(|id| sources.chunks().iter().position(|chunk| chunk.id == id));
    let missed = answering.filter(|chunk| !found.is_empty() && !found.contains(chunk));
    if let (Some(chunk), Some(worst)) = (missed, found.last_mut()) {
        *worst = chunk;
    }
    (text_of(sources, found), missed.is_some())
}

/// The chunks that stand beside a question, the best first.
fn chosen(sources: &Sources, settings: &Questions, question: &str, cited: Option<&str>) -> Vec<usize> {
    match settings.context.as_str() {
        "none" => Vec::new(),
        "cited" => match cited {
            Some(id) => sources.chunks().iter().position(|chunk| chunk.id == id).into_iter().collect(),
            // What nothing answers cites nothing: it is asked beside what comes nearest.
            None => nearest(sources, question, 1),
        },
        _ => nearest(sources, question, settings.top_k),
    }
}

fn text_of(sources: &Sources, chosen: Vec<usize>) -> String {
    let text = |index: usize| {
        let chunk = &sources.chunks()[index];
        format!("[{}]\n{}", chunk.breadcrumb.join(" > "), chunk.text.trim())
    };
    chosen.into_iter().map(text).collect::<Vec<_>>().join("\n\n")
}
