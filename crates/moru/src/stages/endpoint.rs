//! A model that can be asked, opened as the recipe says: an `[endpoint.NAME]`, an address in one line, or a model on
//! this machine. It gives what asking a plan needs.
//!
//! Keys come from the environment or from `.env` in the project folder, go to their endpoint, and nowhere else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat::Placeholders;
use pipeline::{Context, Input};
use synth::teacher::batch::BatchSettings;
use synth::teacher::{ApiKey, Clock, MaxTokens, Model, Money, Prices, Sampling, Settings, State, Structure};

use super::engine::Engine;
use super::{assistant, builtin, hub_model, network, tokenize};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::endpoint::DECISIVE;
use crate::recipe::{EXTRACTIVE, Endpoint, Tokenize, endpoint};

/// Conversations that a model on this machine answers at once.
const LOCAL_SLOTS: usize = 8;

/// The machine's clock.
struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A model that can be asked.
pub struct Opened {
    /// As the recipe says.
    pub recipe: Endpoint,
    /// Who is asked, as requests name it.
    pub model: Model,
    /// What that costs.
    pub prices: Prices,
    /// What may be spent.
    pub budget: Option<Money>,
    /// How it is reached.
    pub way: Way,
    /// The folder of its answers.
    folder: PathBuf,
}

/// How a model is reached.
pub enum Way {
    /// Over HTTP.
    Endpoint(Arc<synth::teacher::Endpoint>),
    /// On this machine.
    Local(Box<serve::Assistant<Engine>>),
}

/// Whether somebody is asked to write questions about documents.
pub fn is_asked(project: &Project) -> bool {
    let resolved = project.resolved();
    resolved.questions.teacher != EXTRACTIVE
        && resolved.source.values().any(crate::recipe::Source::is_documents)
}

/// The endpoint that a word of the recipe means.
///
/// # Errors
/// A word that means none; a recipe that was read has no such word.
pub fn recipe_of(project: &Project, word: &str) -> anyhow::Result<Endpoint> {
    let found = endpoint::meant(word, &project.resolved().endpoint);
    found.map(std::borrow::Cow::into_owned).ok_or_else(|| {
        fail(
            "there is no endpoint of this name",
            "[endpoint.NAME] in moru.toml makes one; `moru explain endpoint`",
        )
    })
}

/// Reads what of an endpoint its answers depend on, so that it becomes part of a stage's key.
pub fn note_params(stage: &mut Context<'_>, recipe: &Endpoint, is_named: bool) -> anyhow::Result<()> {
    for key in DECISIVE.iter().filter(|_| is_named) {
        stage.param::<serde_json::Value>(&format!("endpoint.{}.{key}", recipe.name))?;
    }
    Ok(())
}

/// Where the answers of a model are kept: under its name, so that another address, key or mode finds them again.
pub fn folder(project: &Project, recipe: &Endpoint) -> anyhow::Result<PathBuf> {
    let name = if recipe.local().is_some() { &recipe.url } else { &recipe.model };
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let plain: String = name.chars().map(safe).take(60).collect();
    // Names may differ in what cannot stand in a folder's.
    let digest = pipeline::Digest::of(name.as_bytes()).to_string();
    Ok(project.results()?.private().join("teacher").join(format!(
        "{}-{}",
        plain.trim_matches(['-', '.']),
        &digest[..8]
    )))
}

/// Opens what a word of the recipe means. Nothing is asked yet.
///
/// # Errors
/// A key that is not set, settings that cannot be used, a model that is not here.
pub fn open(project: &Project, word: &str) -> anyhow::Result<Opened> {
    let recipe = recipe_of(project, word)?;
    let folder = folder(project, &recipe)?;
    let (name, way) = if let Some(model) = recipe.local() {
        let (model, digest) = local_model(project, model)?;
        (format!("{}@{digest}", recipe.url), Way::Local(Box::new(local(&model)?)))
    } else {
        let settings = settings(project, &recipe)?;
        let clock = Arc::new(MachineClock(Instant::now()));
        (recipe.model.clone(), Way::Endpoint(Arc::new(synth::teacher::Endpoint::new(settings, clock)?)))
    };
    let prices = Prices {
        prompt_per_million: recipe.prompt_price,
        completion_per_million: recipe.answer_price,
        batch_share: recipe.batch_price,
    };
    Ok(Opened {
        model: model(name, &recipe),
        prices,
        budget: recipe.budget.map(Money::of),
        way,
        folder,
        recipe,
    })
}

/// Looks whether an endpoint could be asked as far as this machine knows: its key, its settings, a local model's
/// folder. Says what it is.
pub fn look(project: &Project, word: &str) -> anyhow::Result<String> {
    let recipe = recipe_of(project, word)?;
    if let Some(model) = recipe.local() {
        local_folder(project, model)?;
        return Ok(format!("{model}, on this machine"));
    }
    settings(project, &recipe)?;
    let key = if recipe.key_env.is_empty() { "without a key" } else { &format!("with {}", recipe.key_env) };
    Ok(format!("{} at {}, {}, {key}; not asked yet", recipe.model, recipe.url, recipe.mode))
}

impl Opened {
    /// Its answers, which nobody else may add to while they are open.
    pub fn state(&self) -> anyhow::Result<State> {
        if let Some(parent) = self.folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(State::open(&self.folder)?)
    }

    /// How answers are drawn.
    pub fn sampling(&self) -> Sampling {
        Sampling {
            max_tokens: u32::try_from(self.recipe.max_tokens).unwrap_or(u32::MAX),
            temperature: self.recipe.temperature,
            top_p: self.recipe.top_p,
            seed: self.recipe.seed,
            stop: Vec::new(),
        }
    }

    /// How batches are cut and looked after.
    pub fn batches(&self) -> BatchSettings {
        BatchSettings {
            lines: self.recipe.batch_lines,
            enqueued_tokens: (self.recipe.enqueued_tokens > 0).then_some(self.recipe.enqueued_tokens as u64),
            poll: Duration::from_secs_f64(self.recipe.poll_secs),
            ..BatchSettings::default()
        }
    }
}

fn model(name: String, recipe: &Endpoint) -> Model {
    Model {
        max_tokens: match recipe.max_tokens_key.as_str() {
            "max_completion_tokens" => MaxTokens::MaxCompletionTokens,
            _ => MaxTokens::MaxTokens,
        },
        structure: match recipe.structure.as_str() {
            "json_object_schema" => Structure::JsonObjectSchema,
            "json_object" => Structure::JsonObject,
            "prompt" => Structure::Prompt,
            _ => Structure::JsonSchema,
        },
        extra: recipe.extra.clone(),
        ..Model::new(name)
    }
}

/// Address, key and limits.
fn settings(project: &Project, recipe: &Endpoint) -> anyhow::Result<Settings> {
    let environment = &project.environment;
    let key = match recipe.key_env.as_str() {
        "" => None,
        name => Some(environment.get(name).ok_or_else(|| {
            fail(
                format!("the key for {} is not set: the recipe says it is in {name}", recipe.url),
                format!("write `{name}=…` into .env in the project folder, or set it in the environment"),
            )
        })?),
    };
    let certificates = network::certificates(environment).map_err(|(path, source)| {
        anyhow::Error::from(source).context(format!("could not read {}", path.display()))
    })?;
    let limit = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    Ok(Settings {
        key: key.map(ApiKey::new),
        proxy: network::proxy(environment, &recipe.url),
        certificates,
        concurrency: recipe.concurrency,
        requests_per_minute: limit(recipe.requests_per_minute),
        tokens_per_minute: limit(recipe.tokens_per_minute),
        attempts: u32::try_from(recipe.attempts).unwrap_or(u32::MAX),
        answer_timeout: Duration::from_secs(recipe.timeout_secs as u64),
        ..Settings::new(&recipe.url)
    })
}

/// The folder or GGUF file of a model on this machine, before anything of it is made; none of a built-in one.
fn local_folder(project: &Project, model: &str) -> anyhow::Result<Option<PathBuf>> {
    if model == builtin::NANO {
        return builtin::embedded().map(|_| None);
    }
    let path = project.path(model);
    if path.is_dir() || model::weights::gguf::GgufFile::is_gguf(&path) {
        return Ok(Some(path));
    }
    if let Some(repo) = hub::RepoId::parse(model) {
        return hub_model::here(project, &repo).map(Some);
    }
    Err(fail(
        format!("\"local:{model}\" is neither a folder, nor a GGUF file, nor a Hugging Face id that is here"),
        format!(
            "\"local:{}\" is a model that moru has; any other is named as in [model] base",
            builtin::NANO
        ),
    ))
}

/// The files of a model on this machine as an input of a stage.
pub fn local_input<'a>(project: &Project, recipe: &Endpoint) -> anyhow::Result<Input<'a>> {
    let model = recipe.local().unwrap_or_default();
    Ok(match local_folder(project, model)? {
        Some(path) => {
            let path = path.strip_prefix(&project.folder).map(Path::to_owned).unwrap_or(path);
            Input::file("teacher", path)
        }
        None => Input { name: "teacher".into(), from: pipeline::From::Builtin(builtin::digest()) },
    })
}

/// A model on this machine, with a digest that tells its answers from those of another.
fn local_model(project: &Project, model: &str) -> anyhow::Result<(PathBuf, String)> {
    if let Some(path) = local_folder(project, model)? {
        let digest = digest_of(&path)?;
        return Ok((path, digest));
    }
    let digest = builtin::digest().short();
    let folder = project.results()?.private().join("teacher").join(format!("nano-{digest}"));
    // The configuration comes last: a folder with one is a whole model.
    if !folder.join("whole").exists() {
        std::fs::create_dir_all(&folder)?;
        builtin::unpack(builtin::NANO, builtin::embedded()?, &folder)?;
        pipeline::platform::write_atomic(&folder.join("whole"), b"")?;
    }
    Ok((folder, digest))
}

/// The digest of a model's files.
fn digest_of(model: &Path) -> anyhow::Result<String> {
    let mut files = vec![model.to_owned()];
    if model.is_dir() {
        files = std::fs::read_dir(model)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
        files.retain(|path| {
            path.extension().is_some_and(|end| end == "safetensors" || end == "json" || end == "jinja")
        });
        files.sort();
    }
    let mut all = String::new();
    for file in files {
        all += &pipeline::Digest::of_file(&file)?.to_string();
    }
    Ok(pipeline::Digest::of(all.as_bytes()).short())
}

fn local(model: &Path) -> anyhow::Result<serve::Assistant<Engine>> {
    let tokenize = Tokenize {
        max_len_tokens: 0,
        over_long: "error".to_owned(),
        template: "model".to_owned(),
        loss: "answers".to_owned(),
    };
    let encoder = tokenize::encoder(model, &tokenize)?;
    assistant::open(model, None, encoder, LOCAL_SLOTS, Placeholders::default(), None)
}
