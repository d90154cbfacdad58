//! The recipe: what is wanted.
//!
//! 1. [`file`]: as typed, with `--set` overrides and the place of each value.
//! 2. One file a section: as meant, with defaults; every value knows its [`Origin`].
//! 3. Structure is checked here, without disk or network; the environment by `stages::check`.

mod chunk;
pub mod endpoint;
mod environment;
mod error;
mod evaluate;
mod export;
mod file;
mod hidden;
mod model;
mod parse;
mod prepare;
mod project;
mod questions;
mod reader;
mod replies;
mod report;
mod source;
mod split;
mod synthesize;
mod tokenize;
mod train;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use chunk::Chunk;
pub use endpoint::Endpoint;
pub use environment::Environment;
pub use error::{RecipeError, closest};
pub use evaluate::Evaluate;
pub use export::Export;
use file::{File, Node};
pub use hidden::hidden;
pub use model::{Model, Models, path as model_path};
pub use parse::{Editions, MAX_PAGES, Parse};
pub use prepare::{Mask, Prepare, TEXT_LABEL};
pub use project::Project;
pub use questions::{EXTRACTIVE, Questions};
use reader::{Gathered, Section};
pub use reader::{KeyDoc, Origin};
pub use replies::Replies;
pub use report::Report;
pub use source::{KINDS, Source};
pub use split::Split;
pub use synthesize::Synthesize;
pub use tokenize::Tokenize;
pub use train::Train;

/// The sections of a recipe.
const SECTIONS: [&str; 16] = [
    "project",
    "model",
    "source",
    "parse",
    "chunk",
    "endpoint",
    "questions",
    "synthesize",
    "prepare",
    "split",
    "tokenize",
    "train",
    "evaluate",
    "export",
    "replies",
    "report",
];

/// A recipe as meant: no value is missing. Its JSON is what stages read their parameters from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// `[project]`
    pub project: Project,
    /// `[model]`, `[model.NAME]`
    pub model: Models,
    /// `[source.NAME]`
    pub source: BTreeMap<String, Source>,
    /// `[parse]`
    #[serde(default)]
    pub parse: Parse,
    /// `[chunk]`
    pub chunk: Chunk,
    /// `[endpoint.NAME]`
    #[serde(default)]
    pub endpoint: BTreeMap<String, Endpoint>,
    /// `[questions]`
    pub questions: Questions,
    /// `[synthesize]`
    pub synthesize: Synthesize,
    /// `[prepare]`
    pub prepare: Prepare,
    /// `[split]`
    pub split: Split,
    /// `[tokenize]`
    pub tokenize: Tokenize,
    /// `[train]`, `[train.NAME]`
    pub train: BTreeMap<String, Train>,
    /// `[evaluate]`
    pub evaluate: Evaluate,
    /// `[export]`
    pub export: Export,
    /// `[replies]`
    pub replies: Replies,
    /// `[report]`
    pub report: Report,
}

/// A recipe that was read, with where its values come from.
#[derive(Debug)]
pub struct Recipe {
    /// What it means.
    pub resolved: Resolved,
    /// Where each value comes from, by its path.
    pub origins: BTreeMap<String, Origin>,
}

/// All that is wrong with a recipe; never empty.
#[derive(Debug)]
pub struct RecipeErrors(pub Vec<RecipeError>);

impl std::fmt::Display for RecipeErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "{}", lines.join("\n"))
    }
}

impl std::error::Error for RecipeErrors {}

impl Recipe {
    /// Reads `moru.toml` in a project folder, with overrides `section.key=value`.
    pub fn read(folder: &Path, sets: &[String]) -> Result<Self, RecipeErrors> {
        let path = folder.join("moru.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| {
            RecipeErrors(vec![if e.kind() == std::io::ErrorKind::NotFound {
                RecipeError::Absent { path: path.clone() }
            } else {
                RecipeError::Unreadable { path: path.clone(), message: e.to_string() }
            }])
        })?;
        let name = folder.canonicalize().ok().and_then(|f| Some(f.file_name()?.to_str()?.to_owned()));
        Self::parse(&text, name.as_deref().unwrap_or("project"), sets)
    }

    /// Reads a recipe from text. `folder` is the default of the project's name.
    pub fn parse(text: &str, folder: &str, sets: &[String]) -> Result<Self, RecipeErrors> {
        let one = |error| RecipeErrors(vec![error]);
        let mut file = File::parse(Path::new("moru.toml"), text).map_err(one)?;
        for set in sets {
            file.set(set).map_err(one)?;
        }
        let gathered = Gathered::default();
        let resolved = resolve(&file, folder, &gathered);
        let errors = gathered.errors.into_inner();
        if errors.is_empty() {
            return Ok(Self { resolved, origins: gathered.origins.into_inner() });
        }
        Err(RecipeErrors(errors))
    }

    /// A recipe in which nothing is written, for verbs that need none: every value is its default.
    pub fn blank() -> Self {
        let gathered = Gathered::default();
        let file = File::parse(Path::new("moru.toml"), "").expect("nothing is a recipe");
        let resolved = resolve(&file, "project", &gathered);
        Self { resolved, origins: gathered.origins.into_inner() }
    }

    /// The recipe as JSON, without secrets.
    pub fn values(&self) -> serde_json::Value {
        serde_json::to_value(&self.resolved).expect("a recipe is JSON")
    }

    /// The parameters of stages: the recipe without secrets and without what changes no result.
    pub fn params(&self) -> serde_json::Value {
        let mut params = self.values();
        // What reads one model does not read the others.
        if let Some(main) = params["model"].as_object_mut() {
            main.retain(|key, _| !self.resolved.model.named().contains_key(key));
        }
        if !self.resolved.model.named().is_empty() {
            params["models"] = serde_json::to_value(self.resolved.model.named()).expect("models are JSON");
        }
        let trainings = params["train"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
        for training in trainings.filter_map(|training| training.as_object_mut()) {
            training.retain(|key, _| !train::WITHOUT_EFFECT.contains(&key.as_str()));
        }
        let endpoints = params["endpoint"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
        for endpoint in endpoints.filter_map(|endpoint| endpoint.as_object_mut()) {
            endpoint.retain(|key, _| endpoint::DECISIVE.contains(&key.as_str()));
        }
        params
    }
}

fn resolve(file: &File, folder: &str, gathered: &Gathered) -> Resolved {
    let section = |name| Section::new(&file.root, name, gathered);
    for field in file.root.0.iter().filter(|field| !SECTIONS.contains(&field.key.as_str())) {
        let known = SECTIONS.map(String::from).into();
        let (place, key) = (field.place.clone(), field.key.clone());
        gathered.errors.borrow_mut().push(if matches!(field.value, Node::Table(_)) {
            RecipeError::UnknownSection { place, section: key, known }
        } else {
            RecipeError::Impossible { place, what: format!("`{key}` stands outside of any [section]") }
        });
    }
    let synthesize = Synthesize::read(section("synthesize"));
    let endpoint = endpoint::read_all(section("endpoint"));
    let project = Project::read(section("project"), folder);
    let model = Models::read(section("model"));
    Resolved {
        project,
        source: source::read_all(section("source"), gathered, synthesize.is_wanted()),
        parse: Parse::read(section("parse")),
        chunk: Chunk::read(section("chunk")),
        questions: Questions::read(section("questions"), &endpoint),
        synthesize,
        prepare: Prepare::read(section("prepare")),
        split: Split::read(section("split")),
        tokenize: Tokenize::read(section("tokenize")),
        train: train::read_all(section("train"), &model),
        model,
        evaluate: Evaluate::read(section("evaluate"), &endpoint),
        export: Export::read(section("export")),
        replies: Replies::read(section("replies")),
        report: Report::read(section("report")),
        endpoint,
    }
}

/// What every key is for, in the order of the sections.
pub fn key_docs() -> Vec<KeyDoc> {
    let gathered = Gathered::default();
    let text = "[source.NAME]\nkind = \"csv\"\npath = \"rows.csv\"\n[endpoint.NAME]\nurl = \"http://h/v1\"\nmodel = \"m\"\n";
    let file = File::parse(Path::new("moru.toml"), text).expect("a short recipe");
    resolve(&file, "", &gathered);
    gathered.docs.into_inner()
}

#[cfg(test)]
mod tests;
