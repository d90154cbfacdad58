//! Answers of a teacher that cannot be used: why, where they lie, and what asks for them again.

use std::collections::BTreeMap;

use data::validate::Code;
use synth::questions::Lesson;
use synth::teacher::{State, Tally, otherwise};

use super::SetAside;
use crate::console::error::fail;
use crate::project::Project;
use crate::stages::{jsonl, questions};

/// Words with how often each stands there, the commonest first.
fn commonest<'w>(words: impl Iterator<Item = &'w str>) -> Vec<(&'w str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counts
}

/// That answers were set aside, in which file of `out/` they are, and what asks for them again.
pub fn way_back(set_aside: &[SetAside], stage: &str, file: &str) -> String {
    let reasons = commonest(set_aside.iter().map(|aside| aside.reason.as_str()));
    let reasons: Vec<String> = reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
    format!(
        "{} answers were set aside ({}; out/{file}): `moru run {stage} --refresh` asks for them again",
        set_aside.len(),
        reasons.join(", ")
    )
}

/// Refuses to go on with a teacher of which nothing can be used: the questions would be those that nobody was asked for.
///
/// # Errors
/// Where it was asked and no question of it can be used. What it said lies beside the answers that are kept.
pub fn is_of_use(
    (project, stage): (&Project, &str),
    state: &State,
    lesson: &Lesson,
    set_aside: &[SetAside],
    tally: &Tally,
) -> anyhow::Result<()> {
    if lesson.accepted() > 0 || tally.asks == 0 {
        return Ok(());
    }
    let way = "with [questions] partial = true it goes on without";
    let again = match set_aside {
        [] => way.to_owned(),
        _ => format!("`moru run {stage} --refresh` asks again for what was set aside; {way}"),
    };
    if tally.used > 0 {
        let codes = lesson.refused().iter().filter_map(|question| question.verdict.codes().first().copied());
        let why = match commonest(codes.map(Code::name)).first() {
            Some((code, n)) => {
                format!("{} were refused, most of them for `{code}` ({n})", lesson.refused().len())
            }
            None => "they hold none".to_owned(),
        };
        return Err(fail(
            format!(
                "no question of the teacher can be used, of {} answers: {why}; all answers are kept",
                tally.asks
            ),
            format!("take a larger model, or other words to ask it with; {again}"),
        ));
    }
    let reasons = commonest(set_aside.iter().map(|aside| aside.reason.as_str()));
    let Some((reason, n)) = reasons.first() else { return Ok(()) };
    let example = set_aside.iter().find(|aside| aside.reason == *reason).map_or("", |aside| &aside.why);
    let path = quarantine(project, state, set_aside)?;
    let form = otherwise(example).map(|how| format!("{how} ")).unwrap_or_default();
    Err(fail(
        format!(
            "the teacher gave nothing that can be used: all {} answers were set aside, {n} of them as `{reason}`: {example}",
            set_aside.len()
        ),
        format!(
            "{form}{path} holds what it said. Mend the endpoint, or take a model that follows a JSON schema; then {again}"
        ),
    ))
}

/// Writes what was said beside the answers, where nobody else reads it; gives the place as people see it.
fn quarantine(project: &Project, state: &State, set_aside: &[SetAside]) -> anyhow::Result<String> {
    let path = state.folder().join(questions::QUARANTINE);
    let mut writer = jsonl::Writer::create(&path)?;
    set_aside.iter().try_for_each(|aside| writer.push(aside))?;
    writer.finish()?;
    let root = std::fs::canonicalize(&project.folder)?;
    let shown = path.strip_prefix(&root).unwrap_or(&path);
    Ok(shown.display().to_string())
}
