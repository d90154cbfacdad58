//! Template and tokenizer together: conversations to ids, for training and for serving alike.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Sample;
use crate::example::{Example, Message, Role, ToolCall};
use crate::template::{Builtin, Template, TemplateError};
use crate::tokenizer::{Markup, Tokenizer, TokenizerError, without_shields};
use crate::tools::hermes::{self, HermesError};

/// Why an example cannot be made into samples, or a conversation not into a prompt.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The template stumbles or refuses.
    #[error("{}{source}", place(row))]
    Template {
        /// Which row; empty for a conversation that is served.
        row: String,
        /// How.
        source: TemplateError,
    },
    /// The text cannot be encoded.
    #[error("{}{source}", place(row))]
    Tokenizer {
        /// Which row; empty for a conversation that is served.
        row: String,
        /// Why.
        source: TokenizerError,
    },
    /// Template and tokenizer belong to different models.
    #[error(
        "the chat template writes {token}, which the tokenizer does not know as one token: they belong to \
         different models; use the model's own template, or `alpaca` or `plain` for one without"
    )]
    TemplateMismatch {
        /// What the template writes.
        token: String,
    },
    /// Pieces of a text cannot be encoded apart.
    #[error(
        "this tokenizer writes a space before every piece of text (SentencePiece's way), so that a prompt and a \
         reply cannot be encoded apart; that is not built yet: use a model with a byte-level tokenizer (GPT-2, \
         Llama 3, Qwen)"
    )]
    NotDivisible,
    /// Neither the end of a turn nor the end of a text is known.
    #[error(
        "the tokenizer names no token that ends a turn or a text; name one in tokenizer_config.json (eos_token)"
    )]
    NoEndToken,
    /// A trained turn is written without an end.
    #[error("{row}: turn {message} is written without a token that ends it; a model could not learn to stop")]
    NoEndOfTurn {
        /// Which row.
        row: String,
        /// Which message, from 0.
        message: usize,
    },
    /// Nothing in the example is trained.
    #[error("{row}: nothing is trained: it has no assistant turn, or all have `train` set to false")]
    NothingTrained {
        /// Which row.
        row: String,
    },
    /// A turn is to be trained that no assistant writes.
    #[error("{row}: turn {message} has `train` set and role {role:?}; only assistant turns can be trained")]
    TrainedRole {
        /// Which row.
        row: String,
        /// Which message, from 0.
        message: usize,
        /// Its role.
        role: Role,
    },
    /// The calls of a turn are read back as something else.
    #[error("{row}: turn {message}: its calls are not read back from the text the template writes{}",
        source.as_ref().map_or_else(String::new, |error| format!(": {error}")))]
    CallsNotReadBack {
        /// Which row.
        row: String,
        /// Which message, from 0.
        message: usize,
        /// What the parser says, where it refuses.
        source: Option<HermesError>,
    },
    /// A sample is longer than allowed.
    #[error(
        "{row}: {tokens} tokens where max_len_tokens is {max_len}; set [tokenize] over_long to drop, split or keep_answer"
    )]
    TooLong {
        /// Which row.
        row: String,
        /// Its tokens.
        tokens: usize,
        /// The limit.
        max_len: usize,
    },
}

/// A row as it begins a message; a conversation that is served has none.
fn place(row: &str) -> String {
    if row.is_empty() { String::new() } else { format!("{row}: ") }
}

/// A template and a tokenizer that fit each other. Cheap to clone.
///
/// Prompt and reply are encoded apart, as they are when a model is asked: no token straddles the
/// border between what is given and what is trained, so the mask is exact by construction.
#[derive(Debug, Clone)]
pub struct Encoder {
    template: Template,
    tokenizer: Tokenizer,
    end_ids: Vec<u32>,
}

impl Encoder {
    /// Puts the two together, filling in the template's `bos_token` and `eos_token`.
    ///
    /// # Errors
    /// [`EncodeError::NoEndToken`], [`EncodeError::TemplateMismatch`], and whatever a conversation of
    /// one question and one answer stumbles over.
    pub fn new(template: Template, tokenizer: Tokenizer) -> Result<Self, EncodeError> {
        let end_ids = tokenizer.end_ids();
        if end_ids.is_empty() {
            return Err(EncodeError::NoEndToken);
        }
        let template = template.with_tokens_of(&tokenizer);
        let encoder = Self { template, tokenizer, end_ids };
        encoder.check_divisible()?;
        encoder.check_markup()?;
        Ok(encoder)
    }

    /// Our own template with a tokenizer.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn builtin(which: Builtin, tokenizer: Tokenizer) -> Result<Self, EncodeError> {
        Self::new(Template::builtin(which), tokenizer)
    }

    /// The template, its tokens filled in.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Ids that end a reply.
    pub fn end_ids(&self) -> &[u32] {
        &self.end_ids
    }

    /// Two pieces that are encoded apart and joined must spell the text they were cut from.
    fn check_divisible(&self) -> Result<(), EncodeError> {
        let ids = [self.encode("", "a")?, self.encode("", "b")?].concat();
        match self.tokenizer.decode(&ids, false) {
            Ok(text) if text == "ab" => Ok(()),
            _ => Err(EncodeError::NotDivisible),
        }
    }

    /// Each `<|…|>` that the template writes round a plain question and answer must be one token.
    fn check_markup(&self) -> Result<(), EncodeError> {
        let messages = [Message::new(Role::User, "a"), Message::new(Role::Assistant, "b")];
        let turn = self.template.turn(&messages, &[], 1).map_err(|source| template_error("", source))?;
        let text = format!("{}{}", turn.prompt, turn.completion);
        let mut rest = text.as_str();
        while let Some(start) = rest.find("<|") {
            let Some(len) = rest[start..].find("|>").map(|end| end + 2) else { break };
            let token = &rest[start..start + len];
            if !self.tokenizer.id_of(token).is_some_and(|id| self.tokenizer.is_special(id)) {
                return Err(EncodeError::TemplateMismatch { token: token.to_string() });
            }
            rest = &rest[start + len..];
        }
        let completion = self.encode("", &turn.completion)?;
        if !completion.iter().any(|id| self.end_ids.contains(id)) {
            return Err(EncodeError::NoEndOfTurn { row: "a conversation of two turns".into(), message: 1 });
        }
        Ok(())
    }

    /// Ids of the text that asks for the next assistant turn.
    ///
    /// # Errors
    /// [`EncodeError::Template`] and [`EncodeError::Tokenizer`].
    pub fn prompt(&self, messages: &[Message], tools: &[Value]) -> Result<Vec<u32>, EncodeError> {
        let (messages, tools) = self.shield("", messages, tools)?;
        let text =
            self.template.render(&messages, &tools, true).map_err(|source| template_error("", source))?;
        self.encode("", &text)
    }

    /// How much of a prompt its system turn and tools make up, in tokens: the part that conversations of
    /// one service share. It depends on this conversation alone; 0 where the template cannot tell.
    ///
    /// # Errors
    /// [`EncodeError::Tokenizer`].
    pub fn shared_len(
        &self,
        messages: &[Message],
        tools: &[Value],
        prompt: &[u32],
    ) -> Result<usize, EncodeError> {
        let system = messages.iter().take_while(|message| message.role == Role::System).count();
        if system == 0 && tools.is_empty() {
            return Ok(0);
        }
        let (messages, tools) = self.shield("", &messages[..system], tools)?;
        // Some templates refuse a conversation that nobody has begun.
        let Ok(text) = self.template.render(&messages, &tools, false) else { return Ok(0) };
        let ids = self.encode("", &text)?;
        let shared = ids.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        Ok(shared.min(prompt.len().saturating_sub(1)))
    }

    /// Where the earlier turns of a conversation were asked, in tokens of its prompt, in order: the prompts of the
    /// conversation up to each reply that it holds, as far as the template renders them alike.
    ///
    /// # Errors
    /// As [`Encoder::prompt`].
    pub fn asked_before(
        &self,
        messages: &[Message],
        tools: &[Value],
        prompt: &[u32],
    ) -> Result<Vec<usize>, EncodeError> {
        let mut ends = Vec::new();
        let replies = (1..messages.len()).filter(|&i| messages[i].role == Role::Assistant);
        for i in replies {
            let earlier = self.prompt(&messages[..i], tools)?;
            if earlier.len() < prompt.len() && prompt.starts_with(&earlier) {
                ends.push(earlier.len());
            }
        }
        Ok(ends)
    }

    /// Ids of a reply's text, without the token that ends it.
    ///
    /// # Errors
    /// [`EncodeError::Tokenizer`].
    pub fn reply(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
        self.tokenizer
            .encode(text, Markup::Plain)
            .map_err(|source| EncodeError::Tokenizer { row: String::new(), source })
    }

    /// The samples of an example: as few as there can be, each trained turn in exactly one of them, in
    /// the form in which the model is asked for it. Turns share a sample where the history in the
    /// later one's prompt is, id for id, what the earlier one was trained on.
    ///
    /// # Errors
    /// [`EncodeError`], naming the row.
    pub fn samples(&self, example: &Example) -> Result<Vec<Sample>, EncodeError> {
        let trained = trained_turns(example)?;
        if trained.is_empty() {
            return Err(EncodeError::NothingTrained { row: example.id.clone() });
        }
        let row = &example.id;
        let (messages, tools) = self.shield(row, &example.messages, &example.tools)?;
        let mut samples: Vec<Sample> = Vec::new();
        for at in trained {
            let (prompt, completion) = self.turn(row, &messages, &tools, at)?;
            let continued = samples.last().is_some_and(|open| prompt.starts_with(&open.ids));
            if !continued {
                let part = samples.len() as u32;
                samples.push(Sample { row: row.clone(), part, ids: Vec::new(), trained: Vec::new() });
            }
            let sample = samples.last_mut().expect("one is open");
            sample.trained.resize(prompt.len(), false);
            sample.ids = prompt;
            sample.trained.extend(completion.iter().map(|_| true));
            sample.ids.extend(completion);
        }
        Ok(samples)
    }

    /// Prompt and completion of a turn, the completion up to the token that ends it.
    fn turn(
        &self,
        row: &str,
        messages: &[Message],
        tools: &[Value],
        at: usize,
    ) -> Result<(Vec<u32>, Vec<u32>), EncodeError> {
        let turn = self.template.turn(messages, tools, at).map_err(|source| template_error(row, source))?;
        let prompt = self.encode(row, &turn.prompt)?;
        let mut completion = self.encode(row, &turn.completion)?;
        let end = completion.iter().position(|id| self.end_ids.contains(id));
        let end = end.ok_or_else(|| EncodeError::NoEndOfTurn { row: row.to_string(), message: at })?;
        completion.truncate(end + 1);
        if prompt.is_empty() {
            // The first token of a sample has nothing to be predicted from.
            return Err(EncodeError::NothingTrained { row: row.to_string() });
        }
        self.check_calls(row, &messages[at], at, &turn.completion)?;
        Ok((prompt, completion))
    }

    /// What the model learns to write must be read back as the calls it means.
    fn check_calls(
        &self,
        row: &str,
        message: &Message,
        at: usize,
        completion: &str,
    ) -> Result<(), EncodeError> {
        let hermes = completion.contains(hermes::OPEN);
        if !hermes {
            return Ok(());
        }
        let fault = |source| EncodeError::CallsNotReadBack { row: row.to_string(), message: at, source };
        let end = self.end_ids.iter().filter_map(|&id| completion.find(&self.tokenizer.token_of(id)?)).min();
        let said = &completion[..end.unwrap_or(completion.len())];
        let reply = hermes::parse(&without_shields(said)).map_err(|error| fault(Some(error)))?;
        let shielded = |call: &ToolCall| {
            let text = serde_json::to_string(&(&call.name, &call.arguments)).unwrap_or_default();
            without_shields(&text).into_owned()
        };
        let same = reply.tool_calls.len() == message.tool_calls.len()
            && reply.tool_calls.iter().zip(&message.tool_calls).all(|(a, b)| shielded(a) == shielded(b));
        if same { Ok(()) } else { Err(fault(None)) }
    }

    /// Samples of running text, for pretraining: at most `max_len` tokens each, every token but the
    /// first of the text trained once, the end of text last. Each sample but the first begins with
    /// the last token of the one before.
    ///
    /// # Errors
    /// [`EncodeError::Tokenizer`], and [`EncodeError::NoEndToken`] where no id ends a text.
    ///
    /// # Panics
    /// With a `max_len` below 2.
    pub fn text_samples(&self, row: &str, text: &str, max_len: usize) -> Result<Vec<Sample>, EncodeError> {
        assert!(max_len >= 2, "a sample of one token has no target");
        let end = self.tokenizer.special_ids().eos.ok_or(EncodeError::NoEndToken)?;
        let mut ids = self
            .tokenizer
            .encode(text, Markup::Plain)
            .map_err(|source| EncodeError::Tokenizer { row: row.to_string(), source })?;
        ids.push(end);
        if let Some(bos) = self.tokenizer.special_ids().bos {
            ids.insert(0, bos);
        }
        if ids.len() < 2 {
            return Err(EncodeError::NothingTrained { row: row.to_string() });
        }
        let mut samples = Vec::new();
        let mut start = 0;
        while start + 1 < ids.len() {
            let piece = &ids[start..ids.len().min(start + max_len)];
            let trained = (0..piece.len()).map(|at| at > 0).collect();
            let part = samples.len() as u32;
            samples.push(Sample { row: row.to_string(), part, ids: piece.to_vec(), trained });
            start += max_len - 1;
        }
        Ok(samples)
    }

    fn encode(&self, row: &str, text: &str) -> Result<Vec<u32>, EncodeError> {
        self.tokenizer
            .encode(text, Markup::Special)
            .map_err(|source| EncodeError::Tokenizer { row: row.to_string(), source })
    }

    /// Everything that comes from outside, with special strings broken up.
    fn shield(
        &self,
        row: &str,
        messages: &[Message],
        tools: &[Value],
    ) -> Result<(Vec<Message>, Vec<Value>), EncodeError> {
        let text = |text: &mut String| -> Result<(), TokenizerError> {
            if let Cow::Owned(shielded) = self.tokenizer.shield(text)? {
                *text = shielded;
            }
            Ok(())
        };
        let shield_all = || -> Result<_, TokenizerError> {
            let mut messages = messages.to_vec();
            for message in &mut messages {
                text(&mut message.content)?;
                message.name.as_mut().map_or(Ok(()), text)?;
                message.tool_call_id.as_mut().map_or(Ok(()), text)?;
                for call in &mut message.tool_calls {
                    text(&mut call.name)?;
                    call.id.as_mut().map_or(Ok(()), text)?;
                    call.arguments = shield_map(&call.arguments, &text)?;
                }
            }
            let tools = tools.iter().map(|tool| shield_value(tool, &text)).collect::<Result<_, _>>()?;
            Ok((messages, tools))
        };
        shield_all().map_err(|source| EncodeError::Tokenizer { row: row.to_string(), source })
    }
}

type Shield<'a> = dyn Fn(&mut String) -> Result<(), TokenizerError> + 'a;

fn shield_value(value: &Value, shield: &Shield) -> Result<Value, TokenizerError> {
    Ok(match value {
        Value::String(text) => {
            let mut text = text.clone();
            shield(&mut text)?;
            Value::String(text)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| shield_value(item, shield)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => Value::Object(shield_map(map, shield)?),
        other => other.clone(),
    })
}

fn shield_map(map: &Map<String, Value>, shield: &Shield) -> Result<Map<String, Value>, TokenizerError> {
    map.iter()
        .map(|(key, value)| {
            let mut key = key.clone();
            shield(&mut key)?;
            Ok((key, shield_value(value, shield)?))
        })
        .collect()
}

fn trained_turns(example: &Example) -> Result<Vec<usize>, EncodeError> {
    let mut turns = Vec::new();
    for (at, message) in example.messages.iter().enumerate().filter(|(_, message)| message.is_trained()) {
        if message.role != Role::Assistant {
            let (row, role) = (example.id.clone(), message.role);
            return Err(EncodeError::TrainedRole { row, message: at, role });
        }
        turns.push(at);
    }
    Ok(turns)
}

fn template_error(row: &str, source: TemplateError) -> EncodeError {
    EncodeError::Template { row: row.to_string(), source }
}
