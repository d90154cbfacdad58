//! `parse:NAME`: documents, as they were read and with their structure, in the private folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use data::documents::pdf::PdfLook;
use data::documents::structure::{self, Mismatch};
use data::documents::versions::{Card, Date};
use data::documents::{Limits, PageFinding, Reading, Tree, TreeFinding};
use pipeline::{Context, Counts, Input, Stage};

use super::editions::Editions;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::machine;
use crate::project::Project;
use crate::recipe::{self, Source};

/// Raised when the same files would become other documents.
const VERSION: u32 = 3;

/// Endings of the files that are read where `path` is a folder.
const ENDINGS: [&str; 8] = ["pdf", "docx", "md", "markdown", "html", "htm", "xhtml", "txt"];

/// Folders in folders that are looked into.
const MAX_DEPTH: usize = 8;

/// Findings of one document that are told one by one.
const TOLD: usize = 5;

/// What was read, document by document, in the stage's output.
pub const READINGS: &str = "readings.jsonl";

/// What a person is shown of the pages of each PDF, in the stage's output; nothing of other documents.
pub const LOOKS: &str = "looks.jsonl";

/// The structure of each document, in the stage's output.
pub const TREES: &str = "trees.jsonl";

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
    let (root, files) = files(&project.path(&source.path), source)?;
    let folder = stage.output(Names::TREES)?;
    std::fs::create_dir(&folder)?;
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
        match read(&root, path, &|| cancelled.load(Ordering::Relaxed)) {
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
    refuse(source, unread)?;
    write_editions(stage, source, &cards, &folder)?;
    Ok(vec![Counts::all("documents", files.len() as u64)])
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
fn read(root: &Path, path: &Path, is_cancelled: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<Read> {
    let mut limits = Limits::default();
    limits.pdf.threads = machine::threads();
    let (mut reading, look) = data::documents::look(path, &limits, is_cancelled)?;
    let name = path.strip_prefix(root).unwrap_or(path);
    reading.document.name = name.to_string_lossy().replace('\\', "/");
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

/// All files that could not be read, told together: a rule that is left out in silence would be answered as if it did
/// not exist.
fn refuse(source: &Source, mut unread: Vec<anyhow::Error>) -> anyhow::Result<()> {
    match unread.len() {
        0 => Ok(()),
        1 => Err(unread.remove(0)),
        n => {
            let all: Vec<_> = unread.iter().map(|error| format!("  {error}")).collect();
            Err(fail(
                format!("[source.{}]: {n} files cannot be read\n{}", source.name, all.join("\n")),
                "mend them, or move them out of the folder",
            ))
        }
    }
}

/// The files that a path means, in the order of their names, and the folder that their names are told from.
pub fn files(path: &Path, source: &Source) -> anyhow::Result<(PathBuf, Vec<PathBuf>)> {
    if !path.is_dir() {
        let root = path.parent().unwrap_or(path).to_owned();
        return Ok((root, vec![path.to_owned()]));
    }
    let mut files = Vec::new();
    walk(path, MAX_DEPTH, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(fail(
            format!("[source.{}]: there is no document in {}", source.name, path.display()),
            format!("files that end with .{} are read", ENDINGS.join(", .")),
        ));
    }
    Ok((path.to_owned(), files))
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // Office programs keep their locks beside the files: `~$name.docx`.
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '~']));
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if is_hidden {
            continue;
        }
        if path.is_dir() && depth > 0 {
            walk(&path, depth - 1, files)?;
        } else if ENDINGS.contains(&ending.as_str()) {
            files.push(path);
        }
    }
    Ok(())
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
