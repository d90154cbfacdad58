//! `parse:NAME`: documents, as they were read and with their structure, in the private folder.

use std::path::Path;
use std::sync::atomic::Ordering;

use data::documents::pdf::PdfLook;
use data::documents::structure::{self, Mismatch};
use data::documents::versions::{Card, Date};
use data::documents::{Limits, PageFinding, Reading, Tree, TreeFinding};
use eval::report::UnreadFile;
use pipeline::{Context, Counts, Input, Stage};

use super::editions::Editions;
use super::folder::{self, Folder, Unread};
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::machine;
use crate::project::Project;
use crate::recipe::{self, Source};

/// Raised when the same files would become other documents.
const VERSION: u32 = 3;

/// Findings of one document that are told one by one.
const TOLD: usize = 5;

/// What was read, document by document, in the stage's output.
pub const READINGS: &str = "readings.jsonl";

/// What a person is shown of the pages of each PDF, in the stage's output; nothing of other documents.
pub const LOOKS: &str = "looks.jsonl";

/// The structure of each document, in the stage's output.
pub const TREES: &str = "trees.jsonl";

/// What lies among the documents and is not read, in the stage's output.
const UNREAD: &str = "unread.jsonl";

/// The stage of one source.
pub fn stage<'a>(project: &'a Project, source: &'a Source) -> Stage<'a> {
    Stage {
        id: Names::parse(&source.name),
        version: VERSION,
        inputs: vec![Input::file("files", &source.path)],
        outputs: vec![Names::TREES.into()],
        run: super::stage_fn(move |stage| run(stage, project, source)),
    }
}

fn run(stage: &mut Context<'_>, project: &Project, source: &Source) -> anyhow::Result<Vec<Counts>> {
    for key in ["kind", "path"] {
        stage.param::<serde_json::Value>(&format!("source.{}.{key}", source.name))?;
    }
    let Folder { root, files, unread: beside } = Folder::of(&project.path(&source.path), source)?;
    let limits = limits(stage.param("parse.max_pages")?);
    let folder = stage.output(Names::TREES)?;
    std::fs::create_dir(&folder)?;
    write_beside(stage, &folder, &beside)?;
    let mut readings = jsonl::Writer::create(&folder.join(READINGS))?;
    let mut looks = jsonl::Writer::create(&folder.join(LOOKS))?;
    let mut trees = jsonl::Writer::create(&folder.join(TREES))?;
    let (mut cards, mut unread) = (Vec::new(), Vec::new());
    for (i, path) in files.iter().enumerate() {
        stage.progress(i as u64, Some(files.len() as u64), "documents");
        if stage.is_cancelled() {
            return Err(pipeline::Error::Cancelled.into());
        }
        let cancelled = stage.cancelled();
        match read(&root, path, &limits, &|| cancelled.load(Ordering::Relaxed)) {
            Ok((reading, look, tree)) => {
                tell(stage, &reading);
                readings.push(&reading)?;
                looks.push(&look)?;
                trees.push(&tree)?;
                cards.push(Card::of(&tree));
            }
            Err(_) if stage.is_cancelled() => return Err(pipeline::Error::Cancelled.into()),
            Err(error) => unread.push(error),
        }
    }
    readings.finish()?;
    looks.finish()?;
    trees.finish()?;
    folder::refuse(source, unread)?;
    write_editions(stage, source, &cards, &folder)?;
    Ok(vec![counts(files.len() as u64, beside.len() as u64)])
}

/// Documents that were read, and the files beside them that are of no kind that is.
fn counts(read: u64, beside: u64) -> Counts {
    let mut counts = Counts::all("documents", read);
    if beside > 0 {
        counts.input += beside;
        counts.rejected.insert("not_read".to_owned(), beside);
    }
    counts
}

/// What a document may cost.
pub fn limits(max_pages: u64) -> Limits {
    let mut limits = Limits::default();
    (limits.pdf.threads, limits.pdf.pages) = (machine::threads(), max_pages);
    limits
}

/// What lies among the documents and is not read, as a parse stage wrote it.
pub fn unread(folder: &Path) -> anyhow::Result<Vec<Unread>> {
    let path = folder.join(UNREAD);
    // Earlier versions wrote none.
    if path.exists() { jsonl::read(&path) } else { Ok(Vec::new()) }
}

/// What was not read, for the report; nothing of sources that were not parsed yet.
pub fn reported(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<UnreadFile>> {
    let mut all = Vec::new();
    for source in project.resolved().source.values().filter(|source| source.is_documents()) {
        let Ok(folder) = results.output(&Names::parse(&source.name), Names::TREES) else { continue };
        all.extend(unread(&folder)?.into_iter().map(|Unread { file, next, .. }| UnreadFile {
            source: source.name.clone(),
            file,
            next,
        }));
    }
    Ok(all)
}

/// Says and keeps what lies among the documents and is not read.
fn write_beside(stage: &mut Context<'_>, folder: &Path, beside: &[Unread]) -> anyhow::Result<()> {
    for line in folder::lines(beside) {
        stage.note(&line);
    }
    let mut writer = jsonl::Writer::create(&folder.join(UNREAD))?;
    beside.iter().try_for_each(|one| writer.push(one))?;
    writer.finish()
}

/// Finds the editions of one rule.
fn write_editions(
    stage: &mut Context<'_>,
    source: &Source,
    cards: &[Card],
    folder: &Path,
) -> anyhow::Result<()> {
    let wanted: recipe::Editions = stage.param("parse.editions")?;
    let on: Option<Date> = stage.param("parse.in_force_on")?;
    let editions = Editions::of(cards, &folder.join(TREES), wanted, on)?;
    if wanted == recipe::Editions::Refuse {
        editions.refuse(source)?;
    }
    editions.write(folder)
}

/// A document as it was read, what a person is shown of its pages, and its structure.
pub type Read = (Reading, Option<PdfLook>, Tree);

/// What a parse stage wrote, document by document.
pub fn documents(folder: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Read>> + use<>> {
    let readings = jsonl::lines::<Reading>(&folder.join(READINGS))?;
    let looks = jsonl::lines::<Option<PdfLook>>(&folder.join(LOOKS))?;
    let trees = jsonl::lines::<Tree>(&folder.join(TREES))?;
    Ok(readings.zip(looks).zip(trees).map(|((reading, look), tree)| Ok((reading?, look?, tree?))))
}

/// A file as a document with its structure. Its name is told from the source's folder on.
fn read(
    root: &Path,
    path: &Path,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<Read> {
    let (mut reading, look) = data::documents::look(path, limits, is_cancelled)?;
    reading.document.name = folder::name_of(root, path);
    let tree = structure::tree(&reading.document);
    structure::accept(&reading.document, &tree).map_err(|e: Mismatch| {
        fail(
            format!("{}: the structure does not hold all of the text: {e}", reading.document.name),
            "this is a fault of moru, and the file would help to mend it; until then, leave the file out",
        )
    })?;
    if tree.nodes.iter().all(|node| node.pieces().next().is_none()) {
        return Err(fail(
            format!("{}: there is no text in it", reading.document.name),
            "a scan has pictures of text: let an OCR program write a text layer, and run again",
        ));
    }
    Ok((reading, look, tree))
}

/// Says what a person should look at in the pages. What was found about the structure names headings, and is told once
/// they are masked.
fn tell(stage: &mut Context<'_>, reading: &Reading) {
    let name = &reading.document.name;
    let mut notes: Vec<String> = Vec::new();
    if reading.replaced > 0 {
        notes.push(format!("{} characters could not be decoded and are U+FFFD", reading.replaced));
    }
    for page in &reading.document.pages {
        notes.extend(
            page.findings.iter().map(|finding| format!("page {}: {}", page.page, page_words(finding))),
        );
    }
    let more = notes.len().saturating_sub(TOLD);
    for note in notes.iter().take(TOLD) {
        stage.note(&format!("{name}: {note}"));
    }
    if more > 0 {
        stage.note(&format!("{name}: and {more} more findings; `moru tap parse` shows them all"));
    }
}

/// What was met on a page, for a person.
pub fn page_words(finding: &PageFinding) -> String {
    match finding {
        PageFinding::NeedsOcr { unknown: 0 } => "a picture without text: it needs OCR".to_owned(),
        PageFinding::NeedsOcr { unknown } => {
            format!("{unknown} characters have no known meaning: it needs OCR")
        }
        PageFinding::UnknownCharacters { count } => {
            format!("{count} characters have no known meaning and are U+FFFD")
        }
        PageFinding::HiddenText { characters } => {
            format!("{characters} characters that no reader sees were left out")
        }
        PageFinding::OutsidePage { characters } => {
            format!("{characters} characters outside of the page were left out")
        }
        PageFinding::Damaged => "damaged in places; what could be understood is kept".to_owned(),
        PageFinding::TooMuch { what, limit } => {
            format!("more than {limit} {what}; the rest of the page was not read")
        }
    }
}

/// What was found about a structure, for a person.
pub fn tree_words(finding: &TreeFinding) -> String {
    let number = |n: &data::documents::Number| match n.branch {
        0 => n.main.to_string(),
        branch => format!("{}의{branch}", n.main),
    };
    match finding {
        TreeFinding::NumberGap { path, after, found } => {
            format!("{path}: number {} follows {}", number(found), number(after))
        }
        TreeFinding::NotInTree { heading, page } => {
            format!("`{heading}` stands in the contents (page {page}) and was not found in the text")
        }
        TreeFinding::NotInContents { path } => format!("{path} does not stand in the contents"),
        TreeFinding::Restart { path, after } => {
            format!("{path}: articles begin anew after number {}", number(after))
        }
    }
}
