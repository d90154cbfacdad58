//! Every row that did not get as far as the training: what `ingest`, `prepare` and `tokenize` left out.

use std::path::Path;

use data::Rejection;
use data::ingest::Reader;
use serde::Serialize;

use super::{Names, jsonl};
use crate::project::Project;

/// A row that was set aside, as `out/rejected.jsonl` tells of it.
#[derive(Debug, Serialize)]
struct SetAside {
    /// The stage that set it aside.
    stage: String,
    #[serde(flatten)]
    rejection: Rejection,
}

/// The stages whose results tell of rows that were set aside: name, output, and the file in it.
fn tellers(project: &Project) -> Vec<(String, &'static str, &'static str)> {
    let tokenized = project.resolved().train.iter().map(|(name, train)| Names::shards_of(name, train));
    let mut stages: Vec<_> = tokenized.collect();
    stages.sort();
    stages.dedup();
    let prepared = (Names::PREPARE.to_owned(), Names::PREPARED, "rejected.jsonl");
    [prepared].into_iter().chain(stages.into_iter().map(|stage| (stage, Names::LEFT_OUT, ""))).collect()
}

/// What the rows that were set aside depend on; none where no stage told of any yet.
pub fn digest(project: &Project, results: &pipeline::Project) -> Option<String> {
    let of = |(stage, output, _): (String, &str, &str)| {
        results.artifact(&stage, output).ok().map(|a| a.digest.to_string())
    };
    let digests: Vec<_> = tellers(project).into_iter().filter_map(of).collect();
    (!digests.is_empty()).then(|| digests.join("+"))
}

/// Writes them all into one file, in the order of the stages.
pub fn write(project: &Project, results: &pipeline::Project, path: &Path) -> anyhow::Result<()> {
    let unread = Unread::of(project, results)?;
    let mut all = jsonl::Writer::create(path)?;
    for (stage, output, file) in tellers(project) {
        let Ok(told) = results.output(&stage, output) else { continue };
        let told = if file.is_empty() { told } else { told.join(file) };
        for rejection in jsonl::lines::<Rejection>(&told)? {
            let rejection = rejection?;
            let stage = if unread.has(&rejection) { "ingest" } else { stage.as_str() };
            all.push(&SetAside { stage: stage.to_owned(), rejection })?;
        }
    }
    all.finish()
}

/// The reasons for which rows of each source could not be read. `prepare` passes those rows on.
struct Unread(Vec<(String, Vec<String>)>);

impl Unread {
    fn of(project: &Project, results: &pipeline::Project) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for (name, source) in &project.resolved().source {
            let Ok(folder) = results.output(&Names::rows(source), Names::EXTRACT) else { continue };
            let reader = Reader::open(&folder, name)?;
            all.push((name.clone(), reader.extract().rejected.keys().cloned().collect()));
        }
        Ok(Self(all))
    }

    fn has(&self, rejection: &Rejection) -> bool {
        let source = rejection.id.split_once('#').map_or("", |(source, _)| source);
        self.0.iter().any(|(name, reasons)| name == source && reasons.contains(&rejection.reason))
    }
}
