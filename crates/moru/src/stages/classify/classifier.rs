//! A classifier on disk, opened to label texts.

use std::path::Path;
use std::sync::Arc;

use chat::Tokenizer;
use chat::tokenizer::read_folder;
use model::adapter::AdapterFolder;
use model::{Decoder, ModelConfig, ModelFolder, Trainable};

use super::in_loop::probabilities;
use crate::console::error::fail;
use crate::stages::assistant::is_adapter;
use crate::stages::device::{self, Backend};
use crate::stages::gguf;

/// Tokens of a pass.
const PASS_TOKENS: usize = 2048;

/// A base with an adapter and a head, or a model that was tuned whole.
pub struct Classifier {
    decoder: Decoder<Backend>,
    trainable: Trainable<Backend>,
    tokenizer: Tokenizer,
    /// The labels by their numbers.
    pub labels: Vec<String>,
}

impl Classifier {
    /// Opens what a training made of a base.
    pub fn open(base: &Path, tuned: &Path) -> anyhow::Result<Self> {
        if is_adapter(tuned) {
            return Self::open_adapter(base, tuned);
        }
        let (config, labels) = ModelConfig::classifier_from_folder(tuned)?;
        let files = ModelFolder::open(tuned)?;
        let decoder = Decoder::load(Arc::new(device::open()), config, &files)?;
        let trainable = decoder.bind_score(&files)?;
        let rows = trainable.labels().unwrap_or_default();
        let labels = labels.unwrap_or_else(|| (0..rows).map(|n| format!("LABEL_{n}")).collect());
        anyhow::ensure!(
            labels.len() == rows,
            "{}: config.json names {} labels, the head has {rows}",
            tuned.display(),
            labels.len()
        );
        Ok(Self { decoder, trainable, tokenizer: read_folder(tuned)?.tokenizer, labels })
    }

    /// Opens an adapter from elsewhere over the base that a recipe names, which has to be the adapter's own: over
    /// another one of the same shape its labels would be a matter of chance.
    pub fn open_foreign(base: &Path, named: &str, adapter: &Path) -> anyhow::Result<Self> {
        if is_adapter(adapter) {
            let config = ModelConfig::from_folder(base)?.for_classification();
            let own = AdapterFolder::open(adapter, &config)?.info.base_model;
            let last = |name: &str| {
                let name = name.trim_end_matches(['/', '\\']);
                name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase()
            };
            if let Some(own) = own.filter(|own| last(own) != last(named)) {
                return Err(fail(
                    format!(
                        "{} was trained over the base {own:?}; the recipe's is {named:?}",
                        adapter.display()
                    ),
                    "name the adapter's base in [model] base; or in base_model_name_or_path of its adapter_config.json, where the two are one",
                ));
            }
        }
        Self::open(base, adapter)
    }

    fn open_adapter(base: &Path, tuned: &Path) -> anyhow::Result<Self> {
        let config = ModelConfig::from_folder(base)?.for_classification();
        let adapter = AdapterFolder::open(tuned, &config)?;
        let labels = adapter.info.labels.clone();
        if labels.is_empty() {
            return Err(fail(
                format!("{} is the adapter of a language model, and no classifier", tuned.display()),
                "`moru chat` and `moru generate` talk with it",
            ));
        }
        let weights = train::base_weights(tuned)?;
        let files = ModelFolder::open(base)?;
        let decoder = Decoder::load_as(Arc::new(device::open()), config, &files, weights)?;
        let trainable = adapter.bind(&decoder)?;
        Ok(Self { decoder, trainable, tokenizer: gguf::text_files(base)?.tokenizer, labels })
    }

    /// The tokens of a text as the training saw them: longer ones are cut at their end. None where it says nothing.
    pub fn encode(&self, text: &str, max_len: usize) -> anyhow::Result<Option<Vec<u32>>> {
        let text = text.trim();
        let mut ids = self.tokenizer.encode_whole(text)?;
        ids.truncate(max_len.min(self.decoder.config().context).saturating_sub(1).max(1));
        Ok((!text.is_empty() && !ids.is_empty()).then_some(ids))
    }

    /// The longest text that the model can read.
    pub fn context(&self) -> usize {
        self.decoder.config().context
    }

    /// The probability of each label for each text.
    pub fn probabilities(
        &self,
        texts: &[&[u32]],
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> anyhow::Result<Vec<Vec<f64>>> {
        Ok(probabilities(&self.decoder, &self.trainable, texts, PASS_TOKENS, go_on)?)
    }
}
