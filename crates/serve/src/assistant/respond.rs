//! Keeps the slots busy: a request enters as soon as a slot is free, and all that are under way are
//! continued together, one token a step.

use std::borrow::Cow;
use std::collections::VecDeque;

use chat::{Event, FinishReason, Request, Responder, ResponderError, Usage};
use model::{DecodeRow, ModelError};

use super::reply::Reply;
use super::{Assistant, AssistantError, sampler};
use crate::engine::Engine;

/// A request that is being answered.
struct Active<'r> {
    request_idx: usize,
    request: &'r Request,
    slot: usize,
    adapter: Option<usize>,
    reply: Reply<'r>,
    /// Ids of the conversation so far, for the repetition penalty.
    seen: Vec<bool>,
    usage: Usage,
    /// The token to be appended next.
    next: u32,
}

/// What became of a sequence after a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    GoesOn,
    Ended,
}

type OnEvent<'e> = &'e mut dyn FnMut(usize, Event);

impl<E: Engine> Responder for Assistant<E> {
    fn respond(&mut self, requests: &[Request], on_event: OnEvent) -> Result<(), ResponderError> {
        // Cloned, so that replies may borrow it while the assistant computes.
        let placeholders = self.options.placeholders.clone();
        let mut waiting: VecDeque<usize> = (0..requests.len()).collect();
        let mut free: Vec<usize> = (0..self.slots).rev().collect();
        let mut active: Vec<Active> = Vec::new();
        let mut logits = Vec::new();
        while !waiting.is_empty() || !active.is_empty() {
            while let (Some(&slot), Some(request_idx)) = (free.last(), waiting.front().copied()) {
                waiting.pop_front();
                let request = &requests[request_idx];
                let reply = Reply::new(&request.sampling.stop, !request.tools.is_empty(), &placeholders);
                if let Some(begun) =
                    self.begin(request_idx, request, slot, reply, on_event).map_err(source)?
                {
                    active.push(begun);
                    free.pop();
                }
            }
            self.step(&active, &mut logits).map_err(|error| source(error.into()))?;
            self.advance_all(&mut active, &logits, &mut free, on_event).map_err(source)?;
        }
        Ok(())
    }
}

/// A fault of the machinery as the trait wants it.
fn source(error: RespondError) -> ResponderError {
    ResponderError::Source(Box::new(error))
}

/// Faults that end the whole batch.
#[derive(Debug, thiserror::Error)]
enum RespondError {
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    #[error(transparent)]
    Tokenizer(#[from] chat::TokenizerError),
}

impl From<ModelError> for RespondError {
    fn from(error: ModelError) -> Self {
        Self::Assistant(error.into())
    }
}

impl<E: Engine> Assistant<E> {
    /// Computes the prompt and the first token. None where the request is answered already, for
    /// instance by a refusal.
    fn begin<'r>(
        &mut self,
        request_idx: usize,
        request: &'r Request,
        slot: usize,
        reply: Reply<'r>,
        on_event: OnEvent,
    ) -> Result<Option<Active<'r>>, RespondError> {
        let mut refuse = |finish| {
            on_event(request_idx, Event::Done { finish, usage: Usage::default() });
            Ok(None)
        };
        if request.cancel.is_cancelled() {
            return refuse(FinishReason::Cancelled);
        }
        let (adapter, prompt, shared) = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(why) => return refuse(FinishReason::Failed(why)),
        };
        let logits = self.prefill(slot, &prompt, shared, adapter)?;
        let mut seen = vec![false; self.vocab];
        for &id in &prompt {
            seen[id as usize] = true;
        }
        let usage = Usage { prompt_tokens: prompt.len(), completion_tokens: 0 };
        let mut begun = Active { request_idx, request, slot, adapter, reply, seen, usage, next: 0 };
        match self.advance(&mut begun, &logits[..self.vocab], on_event)? {
            Progress::GoesOn => Ok(Some(begun)),
            Progress::Ended => Ok(None),
        }
    }

    /// Adapter, prompt and length of its shared part; or why this request cannot be answered.
    fn prepare(&self, request: &Request) -> Result<(Option<usize>, Vec<u32>, usize), String> {
        if request.schema.is_some() {
            return Err("a reply by JSON schema is not built into this assistant yet: leave `schema` out \
                        and check the reply"
                .to_string());
        }
        let adapter = self.adapter(request.adapter.as_deref()).map_err(|error| error.to_string())?;
        let encode = |error: chat::EncodeError| error.to_string();
        let prompt = self.encoder.prompt(&request.messages, &request.tools).map_err(encode)?;
        if prompt.is_empty() || prompt.len() >= self.context() {
            let (prompt_tokens, context) = (prompt.len(), self.context());
            return Err(ResponderError::ContextExceeded { prompt_tokens, context }.to_string());
        }
        let shared = self.encoder.shared_len(&request.messages, &request.tools, &prompt).map_err(encode)?;
        Ok((adapter, prompt, shared))
    }

    /// The index of an adapter by name; without a name the default's.
    fn adapter(&self, name: Option<&str>) -> Result<Option<usize>, ResponderError> {
        let Some(name) = name else { return Ok(self.options.default_adapter) };
        let loaded = &self.options.adapters;
        let found = loaded.iter().position(|known| known == name);
        let unknown = || ResponderError::UnknownAdapter { name: name.to_string(), loaded: loaded.clone() };
        found.map(Some).ok_or_else(unknown)
    }

    /// Logits after the prompt, which is always computed in the same two parts.
    fn prefill(
        &mut self,
        slot: usize,
        prompt: &[u32],
        shared: usize,
        adapter: Option<usize>,
    ) -> Result<Vec<f32>, ModelError> {
        let (beginning, rest) = prompt.split_at(shared);
        if beginning.is_empty() {
            self.engine.keep(slot, slot, 0);
        } else {
            self.prefixes.fill(&mut self.engine, slot, beginning, adapter)?;
        }
        self.engine.prefill(slot, rest, adapter)
    }

    /// Appends each sequence's token and computes what follows, (rows, V).
    fn step(&mut self, active: &[Active], logits: &mut Vec<f32>) -> Result<(), ModelError> {
        logits.resize(active.len() * self.engine.shape().vocab, 0.0);
        if active.is_empty() {
            return Ok(());
        }
        let row = |one: &Active| DecodeRow { slot: one.slot, id: one.next, adapter: one.adapter };
        let rows: Vec<DecodeRow> = active.iter().map(row).collect();
        self.engine.decode(&rows, logits)
    }

    /// Chooses the next token of every sequence; those that end leave their slots.
    fn advance_all(
        &self,
        active: &mut Vec<Active>,
        logits: &[f32],
        free: &mut Vec<usize>,
        on_event: OnEvent,
    ) -> Result<(), RespondError> {
        let mut rows = logits.chunks(self.engine.shape().vocab);
        let mut going_on = Vec::with_capacity(active.len());
        for mut one in active.drain(..) {
            let row = rows.next().expect("a row of logits for each sequence");
            match self.advance(&mut one, &row[..self.vocab], on_event)? {
                Progress::GoesOn => going_on.push(one),
                Progress::Ended => free.push(one.slot),
            }
        }
        *active = going_on;
        Ok(())
    }

    fn choose(&self, one: &Active, logits: &[f32]) -> sampler::Choice {
        let mut known = Cow::Borrowed(logits);
        for &id in &self.absent {
            known.to_mut()[id as usize] = f32::NEG_INFINITY;
        }
        sampler::choose(&known, &one.request.sampling, &one.seen, one.usage.completion_tokens)
    }

    /// Chooses the next token of one sequence and tells what it says.
    fn advance(&self, one: &mut Active, logits: &[f32], on_event: OnEvent) -> Result<Progress, RespondError> {
        let tokenizer = self.encoder.tokenizer();
        if one.request.cancel.is_cancelled() {
            return self.end(one, FinishReason::Cancelled, on_event);
        }
        if one.usage.completion_tokens == one.request.sampling.max_tokens {
            return self.end(one, FinishReason::Length, on_event);
        }
        let choice = self.choose(one, logits);
        if !choice.log_prob.is_finite() {
            let why = "the model computes no finite probabilities: its weights or its adapter are damaged";
            return self.end(one, FinishReason::Failed(why.to_string()), on_event);
        }
        one.usage.completion_tokens += 1;
        one.seen[choice.id as usize] = true;
        one.next = choice.id;
        if one.request.log_probs {
            let token = Event::Token { id: Some(choice.id), log_prob: choice.log_prob };
            on_event(one.request_idx, token);
        }
        if self.encoder.end_ids().contains(&choice.id) {
            return self.end(one, FinishReason::Stop, on_event);
        }
        let (text, stopped) = one.reply.push(tokenizer, choice.id)?;
        if !text.is_empty() {
            on_event(one.request_idx, Event::Text(text));
        }
        if stopped {
            return self.end(one, FinishReason::Stop, on_event);
        }
        // The token just chosen would have to be appended.
        let full = one.usage.prompt_tokens + one.usage.completion_tokens > self.context();
        if full || one.usage.completion_tokens == one.request.sampling.max_tokens {
            return self.end(one, FinishReason::Length, on_event);
        }
        Ok(Progress::GoesOn)
    }

    fn end(
        &self,
        one: &mut Active,
        finish: FinishReason,
        on_event: OnEvent,
    ) -> Result<Progress, RespondError> {
        let (events, called) = one.reply.finish(self.encoder.tokenizer())?;
        for event in events {
            on_event(one.request_idx, event);
        }
        let finish = if called && finish == FinishReason::Stop { FinishReason::ToolCalls } else { finish };
        on_event(one.request_idx, Event::Done { finish, usage: one.usage });
        Ok(Progress::Ended)
    }
}
