//! `ingest:NAME`: a source's rows, as they are, in the private folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use data::ingest::{Extract, IngestError, IngestOptions, Merged, Reader, Threshold};
use data::record::Schema;
use data::sources::sql::{self, Scheme};
use data::sources::{Item, Source as Rows, SourceError, SourceInfo};
use pipeline::{Context, Counts, Input, Stage, StageError};

use super::{Names, sources};
use crate::project::Project;
use crate::recipe::Source;

/// Raised when the same rows would be kept otherwise.
const VERSION: u32 = 2;

/// The stage of one source.
pub fn stage<'a>(project: &'a Project, source: &'a Source) -> anyhow::Result<Stage<'a>> {
    Ok(Stage {
        id: Names::ingest(&source.name),
        version: VERSION,
        inputs: inputs(project, source)?,
        outputs: vec![Names::EXTRACT.into()],
        run: super::stage_fn(move |stage| run(stage, project, source)),
    })
}

/// Files are read again when they change. A database is asked how many rows it has and which is the
/// greatest key; a SQLite database is both.
fn inputs<'a>(project: &'a Project, source: &'a Source) -> anyhow::Result<Vec<Input<'a>>> {
    if source.kind != "sql" {
        return Ok(vec![Input::file("file", &source.path)]);
    }
    let mut inputs = Vec::new();
    if source.url.starts_with("sqlite:") {
        // The recipe's own words: the path stays relative to the project.
        let settings = sql::DbSettings::from_url(&source.url)?;
        if settings.scheme == Scheme::Sqlite && !source.url.contains("${") {
            inputs.push(Input::file("database", settings.name));
        }
    }
    let ask = move || -> Result<String, StageError> {
        // The error keeps its type, so that its hint is found.
        let settings = sources::settings(project, source)
            .map_err(anyhow::Error::reallocate_into_boxed_dyn_error_without_backtrace)?;
        let probe = sources::probe(&settings, source)?;
        let greatest = probe.greatest.join(", ");
        let key = if greatest.is_empty() { String::new() } else { format!(", greatest key {greatest}") };
        Ok(format!("{} rows{key}", probe.rows))
    };
    inputs.push(Input::pinned("rows", source.probe.then(|| Box::new(ask) as pipeline::Probe<'a>)));
    Ok(inputs)
}

/// What of the recipe decides which rows are read, and how they look.
const READ: [&str; 18] = [
    "kind",
    "url",
    "query",
    "table",
    "key",
    "incremental",
    "json_columns",
    "bytes",
    "utc_offset_minutes",
    "path",
    "delimiter",
    "sheet",
    "header_row",
    "header",
    "unit",
    "columns",
    "each",
    "bad_share",
];

fn run(stage: &mut Context<'_>, project: &Project, source: &Source) -> anyhow::Result<Vec<Counts>> {
    for key in READ {
        stage.param::<serde_json::Value>(&format!("source.{}.{key}", source.name))?;
    }
    let bad_rows = stage.param(&format!("source.{}.bad_rows", source.name))?;
    let folder = stage.output(Names::EXTRACT)?;
    std::fs::create_dir(&folder)?;
    // Licence and publicity are told to the stages that act on them: changing them reads nothing anew.
    let info = SourceInfo { name: source.name.clone(), kind: source.kind.clone(), ..SourceInfo::default() };
    let threshold = Threshold { share: source.bad_share, rows: bad_rows };
    let increment = Some(source.incremental.clone()).filter(|column| !column.is_empty());
    let options = IngestOptions { threshold, increment, ..IngestOptions::default() };
    let extract = match go_on(stage, project, source, &info, &options, &folder)? {
        Some(extract) => extract,
        None => take(stage, project, sources::open(project, source)?, &info, &options, &folder)?,
    };
    if let Some(first) = &extract.first_rejected {
        let n: u64 = extract.rejected.values().sum();
        stage.note(&format!("{n} rows cannot be read and are set aside; the first: {first}"));
    }
    for note in &extract.notes {
        stage.note(&super::words::note(note));
    }
    Ok(vec![Counts {
        unit: "rows".into(),
        input: extract.rows + extract.rejected.values().sum::<u64>(),
        output: extract.rows,
        rejected: extract.rejected,
        failed: 0,
    }])
}

/// Reads all rows of a source into a folder.
fn take(
    stage: &mut Context<'_>,
    project: &Project,
    rows: Box<dyn Rows>,
    info: &SourceInfo,
    options: &IngestOptions,
    folder: &Path,
) -> anyhow::Result<Extract> {
    let folder_name = format!("{}/", project.folder.display());
    let mut rows = Watched { rows, stage, folder_name, seen: 0 };
    let ingested = data::ingest::ingest(&mut rows, info, options, folder);
    if rows.stage.is_cancelled() {
        return Err(pipeline::Error::Cancelled.into());
    }
    Ok(ingested?)
}

/// Continues the extract of the last run with what is newer, where the recipe wants it and it can be done. The
/// outcome has as many rows as the database; where it has not, rows were deleted or came late, and none is
/// given: the source is then to be read from its start.
fn go_on(
    stage: &mut Context<'_>,
    project: &Project,
    source: &Source,
    info: &SourceInfo,
    options: &IngestOptions,
    folder: &Path,
) -> anyhow::Result<Option<Extract>> {
    let Some(earlier) = stage.earlier(Names::EXTRACT).filter(|_| options.increment.is_some()) else {
        return Ok(None);
    };
    let Some(after) = Reader::open(&earlier, &source.name)?.extract().greatest.clone() else {
        return Ok(None);
    };
    let newer = sources::open_after(project, source, Some(after))?;
    let Some(merged) = Merged::open(&earlier, &source.name, newer, &source.key)? else { return Ok(None) };
    let n_newer = merged.n_newer();
    let told = match take(stage, project, Box::new(merged), info, options, folder) {
        Ok(extract) => {
            let rows = extract.rows + extract.rejected.values().sum::<u64>();
            let there = sources::probe(&sources::settings(project, source)?, source)?.rows;
            if rows == there {
                let n_newer = n_newer.load(Ordering::Relaxed);
                stage.note(&format!(
                    "{n_newer} rows are newer by `{}`; the others are those of the last run",
                    source.incremental
                ));
                return Ok(Some(extract));
            }
            format!("with the newer rows there are {rows}, and the database has {there}")
        }
        Err(error) if is_unordered(&error) => "the rows do not come in the order of their key".to_owned(),
        Err(error) => return Err(error),
    };
    stage.note(&format!("{told}: all rows are read anew"));
    std::fs::remove_dir_all(folder)?;
    std::fs::create_dir(folder)?;
    Ok(None)
}

fn is_unordered(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(IngestError::Source(SourceError::Unordered { .. })))
}

/// A source whose progress is told, and which ends when the run is asked to.
struct Watched<'a, 'b> {
    rows: Box<dyn Rows>,
    stage: &'a mut Context<'b>,
    /// The project's folder as it begins a path.
    folder_name: String,
    seen: u64,
}

impl Rows for Watched<'_, '_> {
    fn schema(&self) -> &Arc<Schema> {
        self.rows.schema()
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        self.seen += 1;
        if self.seen.is_multiple_of(1000) {
            self.stage.progress(self.seen, None, "rows");
        }
        if self.stage.is_cancelled() {
            return Ok(None);
        }
        let mut item = self.rows.next_item()?;
        if let Some(Item::Rejected(rejection)) = &mut item
            && let Some(inside) = rejection.detail.strip_prefix(&self.folder_name)
        {
            // Places are told from the project's folder on: an extract is the same wherever it lies.
            rejection.detail = inside.to_owned();
        }
        Ok(item)
    }

    fn notes(&self) -> Vec<data::sources::Note> {
        self.rows.notes()
    }
}
