//! `chunk:NAME`: documents without personal values, and the pieces that a model reads them in.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use data::documents::chunks::{self, Balance, ChunkFinding};
use data::documents::{Chunk as Piece, Level, Reading, Tree};
use data::privacy::{KnownValues, Masker, Secret, Sweep};
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::base::{self, Base};
use super::editions::{Editions, told};
use super::privacy::{self, Tally};
use super::{Names, jsonl, parse, report, tokenize, tree_mask};
use crate::machine;
use crate::project::Project;
use crate::reading::cover::cover;
use crate::reading::{self, Sheet};
use crate::recipe::{Chunk, Prepare, Source};

/// Raised when the same documents would become other chunks.
const VERSION: u32 = 4;

/// Findings of one document that are told one by one.
const TOLD: usize = 5;

/// The chunks, in the stage's output.
pub const CHUNKS: &str = "chunks.jsonl";

/// What the report wants to know of chunks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Documents.
    pub documents: u64,
    /// Chunks.
    pub chunks: u64,
    /// Tokens of each chunk.
    pub tokens: Vec<u64>,
    /// What was masked, by kind.
    pub masked: BTreeMap<String, Tally>,
    /// What a person should know about how documents were divided.
    pub findings: Vec<ChunkFinding>,
}

/// The stage of one source. `base` tells how long its pieces are, in tokens.
pub fn stage<'a>(project: &'a Project, source: &'a Source, base: &Base) -> anyhow::Result<Stage<'a>> {
    let secret = privacy::secret_bytes(project)?;
    let digest = pipeline::Digest::of(&secret);
    let mut inputs = vec![
        Input::stage(Names::TREES, &Names::parse(&source.name), Names::TREES),
        Input { name: "(secret)".into(), from: pipeline::From::Builtin(digest) },
    ];
    // The vocabulary of a drawn or toy model is made later, of what comes of these chunks.
    let has_tokenizer = matches!(base.origin, base::Origin::Folder(_) | base::Origin::Nano(_));
    if has_tokenizer {
        inputs.push(base::input(base));
    }
    Ok(Stage {
        id: Names::chunk(&source.name),
        version: VERSION,
        inputs,
        outputs: [Names::CHUNKS, Names::KNOWN, Names::EDITIONS, Names::PAGES].map(str::to_owned).to_vec(),
        run: super::stage_fn(move |stage| run(stage, source, &secret, has_tokenizer)),
    })
}

fn run(
    stage: &mut Context<'_>,
    source: &Source,
    secret: &[u8],
    has_tokenizer: bool,
) -> anyhow::Result<Vec<Counts>> {
    let (chunk, prepare): (Chunk, Prepare) = (stage.param("chunk")?, stage.param("prepare")?);
    let public: bool = stage.param(&format!("source.{}.public", source.name))?;
    let masker = privacy::masker(&prepare.mask, public, secret)?;
    let counter = if has_tokenizer {
        let model = stage.input(Names::MODEL)?;
        Some(chat::TokenCounter::new(
            tokenize::encoder(&model, &stage.param("tokenize")?)?.tokenizer().clone(),
        ))
    } else {
        None
    };
    let count = |text: &str| match &counter {
        Some(counter) => counter.count(text).unwrap_or(text.len()),
        // A token of text in a vocabulary that is not there yet is about three bytes long.
        None => text.len().div_ceil(3),
    };
    let balance = Balance {
        count: &count,
        target: chunk.target_tokens,
        maximum: chunk.max_tokens,
        threads: machine::threads(),
    };
    let from = stage.input(Names::TREES)?;
    let editions = Editions::read(&from)?;
    let mut work = Work::begin(stage, source, &editions, secret)?;
    for read in parse::documents(&from)? {
        if stage.is_cancelled() {
            return Err(pipeline::Error::Cancelled.into());
        }
        work.take(read?, &masker, &balance)?;
        stage.progress(work.counts.input, None, "documents");
    }
    let counts = work.end(stage, editions, &masker)?;
    Ok(vec![counts])
}

/// A chunk stage at work.
struct Work {
    /// The source's file or folder, as the recipe names it.
    path: String,
    secret: Secret,
    writers: Writers,
    pages: reading::Pages,
    facts: Facts,
    known: KnownValues,
    counts: Counts,
    /// What is set aside, each with the edition of its rule that is asked about.
    aside: BTreeMap<String, String>,
    /// What documents say of whose rule there are several editions.
    texts: HashMap<String, Vec<String>>,
    /// What a person should look at.
    notes: Vec<String>,
}

impl Work {
    fn begin(
        stage: &mut Context<'_>,
        source: &Source,
        editions: &Editions,
        secret: &[u8],
    ) -> anyhow::Result<Self> {
        let language = report::language_of(&stage.param::<String>("report.language")?);
        let secret = Secret::new(secret);
        let aside = editions.set_aside().into_iter();
        Ok(Self {
            path: stage.param(&format!("source.{}.path", source.name))?,
            writers: Writers::create(&stage.output(Names::CHUNKS)?)?,
            pages: reading::Pages::covered(language),
            facts: Facts::default(),
            known: KnownValues::new(&secret),
            counts: Counts::all("documents", 0),
            aside: aside.map(|(aside, used)| (aside.to_owned(), used.to_owned())).collect(),
            texts: editions.documents(),
            notes: Vec::new(),
            secret,
        })
    }

    /// Masks a document, divides it unless it is set aside, and shows how it was read.
    fn take(&mut self, read: parse::Read, masker: &Masker, balance: &Balance<'_>) -> anyhow::Result<()> {
        let (reading, look, mut tree) = read;
        if let Some(said) = self.texts.get_mut(&tree.document) {
            *said = tree.nodes.iter().flat_map(|node| node.pieces().map(Cow::into_owned)).collect();
        }
        let mut known = KnownValues::new(&self.secret);
        tree_mask::mask(&mut tree, masker, Some(&mut known), &mut self.facts.masked);
        self.note(&tree);
        let used_instead = self.aside.get(&tree.document).cloned();
        self.counts.input += 1;
        if used_instead.is_some() {
            *self.counts.rejected.entry("older_edition".to_owned()).or_default() += 1;
        } else {
            self.counts.output += 1;
            self.writers.push(&tree, balance, &mut self.facts)?;
        }
        let Reading { document, left_out, .. } = reading;
        let file = if self.path.ends_with(&document.name) {
            self.path.clone()
        } else {
            format!("{}/{}", self.path.trim_end_matches('/'), document.name)
        };
        let mut sheet = Sheet { file, document, look, tree, left_out, used_instead };
        cover(&mut sheet, masker, &Sweep::new(&known, &masker.config().keep));
        self.pages.add(&sheet);
        self.known.merge(known);
        Ok(())
    }

    /// Keeps what was found about a structure, to be told.
    fn note(&mut self, tree: &Tree) {
        let name = &tree.document;
        let shown = tree.findings.iter().take(TOLD);
        self.notes.extend(shown.map(|finding| format!("{name}: {}", parse::tree_words(finding))));
        let more = tree.findings.len().saturating_sub(TOLD);
        if more > 0 {
            self.notes.push(format!("{name}: and {more} more findings; `moru tap parse` shows them all"));
        }
    }

    fn end(
        mut self,
        stage: &mut Context<'_>,
        mut editions: Editions,
        masker: &Masker,
    ) -> anyhow::Result<Counts> {
        self.writers.finish(&self.facts)?;
        pipeline::platform::write_atomic(&stage.output(Names::PAGES)?, self.pages.finish().as_bytes())?;
        editions.mask(masker, &mut self.known, &self.texts);
        for note in &self.notes {
            stage.note(note);
        }
        told::tell(stage, &editions);
        editions.write_for_people(&stage.output(Names::EDITIONS)?)?;
        self.known.save(&stage.output(Names::KNOWN)?)?;
        for finding in &self.facts.findings {
            stage.note(&words(finding));
        }
        Ok(self.counts)
    }
}

/// The files of a chunk stage.
struct Writers {
    folder: PathBuf,
    trees: jsonl::Writer,
    pieces: jsonl::Writer,
}

impl Writers {
    fn create(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir(folder)?;
        let trees = jsonl::Writer::create(&folder.join(parse::TREES))?;
        let pieces = jsonl::Writer::create(&folder.join(CHUNKS))?;
        Ok(Self { folder: folder.to_owned(), trees, pieces })
    }

    /// Divides a document, and writes it with its pieces.
    fn push(&mut self, tree: &Tree, balance: &Balance<'_>, facts: &mut Facts) -> anyhow::Result<()> {
        let (mut all, mut findings) = chunks::chunks(tree, balance);
        self.trees.push(tree)?;
        // A contents page has a word of every article and says nothing of any: a search would find it first.
        let apart = set_apart(tree);
        all.retain(|piece| !piece.paths.iter().all(|path| apart.contains(path.as_str())));
        findings.retain(|finding| match finding {
            ChunkFinding::TextCut { path, .. } | ChunkFinding::TableCut { path, .. } => {
                !apart.contains(path.as_str())
            }
            ChunkFinding::OverMaximum { id, .. } => all.iter().any(|piece| piece.id == *id),
        });
        for piece in &all {
            facts.tokens.push(u64::from(piece.tokens));
            self.pieces.push(piece)?;
        }
        facts.documents += 1;
        facts.chunks += all.len() as u64;
        facts.findings.extend(findings);
        Ok(())
    }

    fn finish(self, facts: &Facts) -> anyhow::Result<()> {
        self.trees.finish()?;
        self.pieces.finish()?;
        let bytes = serde_json::to_vec_pretty(facts)?;
        Ok(pipeline::platform::write_atomic(&self.folder.join(Names::FACTS), &bytes)?)
    }
}

/// The paths of contents pages and of tables of old and new wording, which are not the rule itself.
fn set_apart(tree: &Tree) -> BTreeSet<&str> {
    let is_apart = |at: usize| matches!(tree.nodes[at].level, Level::Contents | Level::Comparison);
    let nodes = (0..tree.nodes.len()).filter(|&at| is_apart(at) || tree.ancestors(at).any(is_apart));
    nodes.map(|at| tree.nodes[at].path.as_str()).collect()
}

/// What was found about how a document was divided, for a person.
fn words(finding: &ChunkFinding) -> String {
    match finding {
        ChunkFinding::TextCut { path, parts } => {
            format!("{path} is longer than [chunk] max_tokens and was cut at sentence ends into {parts}")
        }
        ChunkFinding::TableCut { path, parts } => {
            format!(
                "the table {path} is longer than [chunk] max_tokens and was cut between rows into {parts}"
            )
        }
        ChunkFinding::OverMaximum { id, tokens } => {
            format!("{id} has {tokens} tokens, over [chunk] max_tokens, and cannot be divided further")
        }
    }
}

/// The chunks of a chunk stage.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Piece>> {
    jsonl::read(&folder.join(CHUNKS))
}
