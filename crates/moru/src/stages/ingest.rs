//! `ingest:NAME`: a source's rows, as they are, in the private folder.

use std::sync::Arc;

use data::ingest::{IngestOptions, Threshold};
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
        let probe = sql::probe(&settings, &sources::request(source))?;
        let greatest = probe.greatest.join(", ");
        let key = if greatest.is_empty() { String::new() } else { format!(", greatest key {greatest}") };
        Ok(format!("{} rows{key}", probe.rows))
    };
    inputs.push(Input::pinned("rows", source.probe.then(|| Box::new(ask) as pipeline::Probe<'a>)));
    Ok(inputs)
}

/// What of the recipe decides which rows are read, and how they look.
const READ: [&str; 16] = [
    "kind",
    "url",
    "query",
    "table",
    "key",
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
    let options = IngestOptions { threshold, ..IngestOptions::default() };
    let folder_name = format!("{}/", project.folder.display());
    let mut rows = Watched { rows: sources::open(project, source)?, stage, folder_name, seen: 0 };
    let ingested = data::ingest::ingest(&mut rows, &info, &options, &folder);
    if rows.stage.is_cancelled() {
        return Err(pipeline::Error::Cancelled.into());
    }
    let extract = ingested?;
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
