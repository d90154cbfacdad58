//! A base of the Hugging Face Hub: which files of it are wanted, and how they come.

use std::path::{Path, PathBuf};

use hub::{Event, Hub, HubError, RepoId, Settings, Token, Wanted};
use serde_json::Value;

use super::network;
use crate::console::Console;
use crate::console::format;
use crate::console::progress::Progress;
use crate::project::Project;
use crate::recipe::Environment;

/// What the lines about a fetch begin with.
const FETCH: &str = "fetch";

/// Files beside the weights that transformers reads of a model.
const BESIDE: [&str; 12] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    INDEX,
];
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// The folder of a repository that is cached whole.
///
/// # Errors
/// [`HubError::Absent`] with the files that are missing.
pub fn here(project: &Project, repo: &RepoId) -> anyhow::Result<PathBuf> {
    let settings = Settings { offline: true, ..settings(&project.environment)? };
    let wanted = Wanted { choose: &choose, missing: &missing };
    Ok(Hub::new(settings)?.snapshot(repo, &wanted, &mut |_| {})?)
}

/// Fetches those of the recipe's models that are repositories and not here, and that a training tunes.
pub fn fetch(project: &Project, console: &Console) -> anyhow::Result<()> {
    let resolved = project.resolved();
    let is_tuned = |name: &str| resolved.train.values().any(|train| train.model_name() == name);
    let mut models = resolved.model.all().filter(|(name, _)| is_tuned(name));
    models.try_for_each(|(_, model)| fetch_one(project, &model.base, console))
}

fn fetch_one(project: &Project, base: &str, console: &Console) -> anyhow::Result<()> {
    // A folder of that name comes first.
    let Some(repo) = RepoId::parse(base).filter(|_| !project.path(base).is_dir()) else { return Ok(()) };
    let settings = settings(&project.environment)?;
    let endpoint = settings.endpoint.clone();
    let mut progress = Progress::new(*console, false);
    let wanted = Wanted { choose: &choose, missing: &missing };
    Hub::new(settings)?
        .snapshot(&repo, &wanted, &mut |event| show(&mut progress, &repo, &endpoint, &event))?;
    Ok(())
}

fn show(progress: &mut Progress, repo: &RepoId, endpoint: &str, event: &Event<'_>) {
    const MEGA: u64 = 1_000_000;
    let text = match event {
        Event::Progress { done, total, .. } => {
            let (done, total) = (done / MEGA, total.map(|total| total / MEGA));
            progress.on(&pipeline::Event::Progress { stage: FETCH, done, total, unit: "MB" });
            return;
        }
        Event::Listed { commit, files, bytes } => {
            let bytes = bytes.map_or_else(|| "of unknown size".to_owned(), format::bytes);
            format!(
                "{repo} at {}: {files} files, {bytes} to come from {endpoint}",
                &commit[..12.min(commit.len())]
            )
        }
        Event::Waiting { error, wait } => format!("{error}; again in {}", format::duration(*wait)),
        Event::Fetched { file } => format!("{file} is here and has the digest that the server names"),
    };
    progress.on(&pipeline::Event::Note { stage: FETCH, text: &text });
}

/// Of the files of a repository those that a model consists of: one file of weights where there is one, else shards.
fn choose(names: &[String]) -> Vec<String> {
    let whole = names.iter().any(|name| name == WEIGHTS);
    let is_weights = |name: &str| {
        if whole { name == WEIGHTS } else { name.starts_with("model-") && name.ends_with(".safetensors") }
    };
    let is_wanted =
        |name: &&String| is_weights(name) || (BESIDE.contains(&name.as_str()) && !(whole && *name == INDEX));
    names.iter().filter(is_wanted).cloned().collect()
}

/// What a folder lacks to be a model with its tokenizer.
fn missing(folder: &Path) -> Vec<String> {
    let is_here = |name: &str| folder.join(name).exists();
    let mut missing = Vec::new();
    let mut need = |name: &str, there: bool| {
        if !there {
            missing.push(name.to_owned());
        }
    };
    need("config.json", is_here("config.json"));
    if is_here(INDEX) && !is_here(WEIGHTS) {
        for shard in shards(&folder.join(INDEX)) {
            need(&shard, is_here(&shard));
        }
    } else {
        need(WEIGHTS, is_here(WEIGHTS));
    }
    let has_tokenizer = is_here("tokenizer.json")
        || is_here("tokenizer.model")
        || (is_here("vocab.json") && is_here("merges.txt"));
    need("tokenizer.json", has_tokenizer);
    missing
}

/// The files that an index names; a broken one is told of when the model is read.
fn shards(index: &Path) -> Vec<String> {
    let text = std::fs::read(index).unwrap_or_default();
    let value: Value = serde_json::from_slice(&text).unwrap_or_default();
    let names = value["weight_map"].as_object().into_iter().flatten();
    let mut names: Vec<_> = names.filter_map(|(_, shard)| shard.as_str().map(ToOwned::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// Server, cache, token and proxy, from the variables that Hugging Face's own tools read.
fn settings(environment: &Environment) -> Result<Settings, HubError> {
    let get = |name: &str| environment.get(name);
    let defaults = Settings::new(cache(environment));
    let endpoint = get("HF_ENDPOINT").unwrap_or_else(|| defaults.endpoint.clone());
    let certificates = network::certificates(environment);
    let certificates =
        certificates.map_err(|(path, source)| HubError::Io { action: "read", path, source })?;
    let is_on = |value: String| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on");
    Ok(Settings {
        proxy: network::proxy(environment, &endpoint),
        endpoint,
        token: token(environment),
        offline: get("HF_HUB_OFFLINE").is_some_and(is_on),
        certificates,
        ..defaults
    })
}

/// Where Hugging Face's tools keep models: HF_HUB_CACHE, HF_HOME/hub, or ~/.cache/huggingface/hub.
fn cache(environment: &Environment) -> PathBuf {
    environment.get("HF_HUB_CACHE").map_or_else(|| home(environment).join("hub"), PathBuf::from)
}

fn home(environment: &Environment) -> PathBuf {
    let get = |name| environment.get(name).map(PathBuf::from);
    get("HF_HOME")
        .or_else(|| get("XDG_CACHE_HOME").map(|cache| cache.join("huggingface")))
        .or_else(|| get("HOME").map(|home| home.join(".cache/huggingface")))
        .unwrap_or_else(|| PathBuf::from(".cache/huggingface"))
}

/// HF_TOKEN, or the file that `hf auth login` writes.
fn token(environment: &Environment) -> Option<Token> {
    let file =
        environment.get("HF_TOKEN_PATH").map_or_else(|| home(environment).join("token"), PathBuf::from);
    let text = environment.get("HF_TOKEN").or_else(|| std::fs::read_to_string(file).ok());
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Token::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Vec<String> {
        choose(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn one_file_of_weights_or_all_shards() {
        let beside = ["README.md", "config.json", "pytorch_model.bin", "tokenizer.json", "onnx/model.onnx"];
        let with = |more: &[&'static str]| chosen(&[&beside[..], more].concat());
        assert_eq!(with(&[WEIGHTS]), ["config.json", "tokenizer.json", WEIGHTS]);
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", INDEX];
        assert_eq!(with(&shards), [&["config.json", "tokenizer.json"][..], &shards].concat());
        let both = [WEIGHTS, shards[0], shards[1], INDEX];
        assert_eq!(with(&both), ["config.json", "tokenizer.json", WEIGHTS]);
    }

    #[test]
    fn a_folder_says_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(missing(dir.path()), ["config.json", WEIGHTS, "tokenizer.json"]);
        let write = |name: &str, text: &str| {
            pipeline::platform::write_atomic(&dir.path().join(name), text.as_bytes()).unwrap();
        };
        write("config.json", "{}");
        write("vocab.json", "{}");
        write("merges.txt", "");
        write(
            INDEX,
            r#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#,
        );
        write("model-00001-of-00002.safetensors", "");
        assert_eq!(missing(dir.path()), ["model-00002-of-00002.safetensors"]);
        write("model-00002-of-00002.safetensors", "");
        assert_eq!(missing(dir.path()), Vec::<String>::new());
    }
}
