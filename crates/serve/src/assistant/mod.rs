//! A decoder that answers conversations, many at once.
//!
//! 1. [`prefix`] computes a common system turn once.
//! 2. [`held`] finds earlier turns of a conversation again.
//! 3. [`reply`] is one reply as it grows: characters, stop strings, calls.
//! 4. [`sampler`] chooses the next token, [`guide`] holds it to a schema.
//! 5. [`respond`] keeps the slots busy.
//! 6. [`likelihood`] scores a text.
//!
//! A reply depends on its request alone: the prompt is computed by itself, in the same parts
//! whether some of them are remembered or not; each sequence's next token is computed on its own; and
//! the random numbers are those of the request's seed and the token's place.

mod guide;
mod held;
mod likelihood;
mod prefix;
mod reply;
mod respond;
pub mod sampler;

use chat::{Encoder, Placeholders};
use model::ModelError;

use crate::engine::Engine;
use prefix::Prefixes;

/// How an assistant answers.
#[derive(Debug, Clone)]
pub struct AssistantOptions {
    /// Most system turns that are remembered, each in a slot of the engine; the other slots answer.
    pub prefix_slots: usize,
    /// Names of the engine's adapters, in its order.
    pub adapters: Vec<String>,
    /// Which adapter answers where none is asked for; none for the model as it is.
    pub default_adapter: Option<usize>,
    /// What replies say in place of masked words.
    pub placeholders: Placeholders,
}

impl Default for AssistantOptions {
    fn default() -> Self {
        Self {
            prefix_slots: 2,
            adapters: Vec::new(),
            default_adapter: None,
            placeholders: Placeholders::default(),
        }
    }
}

/// Why an assistant cannot be made or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// The tokenizer has more ids than the model has rows.
    #[error(
        "the tokenizer has {tokenizer} tokens and the model {model}: they belong to different models; \
         use the tokenizer.json of the model's folder"
    )]
    Vocabulary {
        /// The tokenizer's.
        tokenizer: usize,
        /// The model's.
        model: usize,
    },
    /// No conversation could be answered.
    #[error(
        "an assistant needs a slot besides those for system turns, and a context of two tokens; \
         given: {slots} slots, {prefix_slots} of them for system turns, and a context of {context}"
    )]
    NoRoom {
        /// Slots of the engine.
        slots: usize,
        /// Those for system turns.
        prefix_slots: usize,
        /// Tokens of a slot.
        context: usize,
    },
    /// The default adapter is not among the adapters.
    #[error("the default adapter is number {given} of {adapters}")]
    DefaultAdapter {
        /// Its index.
        given: usize,
        /// How many there are.
        adapters: usize,
    },
    /// The model refuses.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Answers conversations with an engine, and scores texts with it.
#[derive(Debug)]
pub struct Assistant<E> {
    engine: E,
    encoder: Encoder,
    options: AssistantOptions,
    prefixes: Prefixes,
    guides: guide::Guides,
    /// Bytes of the longest token.
    longest_token: usize,
    /// Ids that a reply may consist of: the tokenizer's.
    vocab: usize,
    /// Gaps below the tokenizer's greatest id, which no reply may contain.
    absent: Vec<u32>,
    /// Slots that answer.
    slots: usize,
    /// What each of them holds.
    held: Vec<held::Held>,
    /// Times that an earlier turn was found again.
    found_turns: usize,
}

impl<E: Engine> Assistant<E> {
    /// Puts an engine behind a template and a tokenizer.
    ///
    /// # Errors
    /// [`AssistantError`], but for `Model`.
    pub fn new(engine: E, encoder: Encoder, options: AssistantOptions) -> Result<Self, AssistantError> {
        let shape = engine.shape();
        let vocab = encoder.tokenizer().vocab_size();
        if vocab > shape.vocab {
            return Err(AssistantError::Vocabulary { tokenizer: vocab, model: shape.vocab });
        }
        let (prefix_slots, adapters) = (options.prefix_slots, options.adapters.len());
        if shape.slots <= prefix_slots || shape.context < 2 {
            let (slots, context) = (shape.slots, shape.context);
            return Err(AssistantError::NoRoom { slots, prefix_slots, context });
        }
        if let Some(given) = options.default_adapter.filter(|&given| given >= adapters) {
            return Err(AssistantError::DefaultAdapter { given, adapters });
        }
        let slots = shape.slots - prefix_slots;
        let prefixes = Prefixes::new(slots, prefix_slots);
        let absent = (0..vocab as u32).filter(|&id| !encoder.tokenizer().has(id)).collect();
        let bytes = |id: u32| match encoder.tokenizer().bytes_of(id) {
            Some(bytes) => bytes.len(),
            None => encoder.tokenizer().token_of(id).map_or(0, |token| token.len()),
        };
        let longest_token = (0..vocab as u32).map(bytes).max().unwrap_or(1);
        let guides = guide::Guides::default();
        let held = vec![held::Held::default(); slots];
        Ok(Self {
            engine,
            encoder,
            options,
            prefixes,
            guides,
            longest_token,
            vocab,
            absent,
            slots,
            held,
            found_turns: 0,
        })
    }

    /// Template and tokenizer.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// What computes.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Tokens that prompt and reply may have together.
    pub fn context(&self) -> usize {
        self.engine.shape().context
    }

    /// System turns that were computed so far, and times that one was remembered.
    pub fn prefix_counts(&self) -> (usize, usize) {
        self.prefixes.counts()
    }

    /// Times that a conversation went on from an earlier turn of it that a slot still held.
    pub fn found_turns(&self) -> usize {
        self.found_turns
    }
}

#[cfg(test)]
mod tests;
