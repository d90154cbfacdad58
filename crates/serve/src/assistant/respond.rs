//! Keeps the slots busy: a request enters as soon as a slot is free, in the order in which requests came, and
//! all that are under way are continued together, one step at a time.

use std::borrow::Cow;

use chat::{Event, FinishReason, Request, Responder, ResponderError, Usage};
use model::{DecodeRow, ModelError};

use super::guide::Guide;
use super::held::Held;
use super::reply::Reply;
use super::{Assistant, AssistantError, sampler};
use crate::constrained::{ConstraintError, Next};
use crate::engine::Engine;

/// How many times longer a text may be than its longest tokens, since spelling may be put together first.
const SPELLING: usize = 4;

/// A request that is being answered.
struct Active<'p> {
    request_idx: usize,
    request: Request,
    slot: usize,
    adapter: Option<usize>,
    reply: Reply<'p>,
    guide: Guide,
    /// Ids of the conversation so far, for the penalties.
    seen: sampler::Seen,
    usage: Usage,
    /// The tokens to be appended next: one, or a run about which a grammar leaves no choice.
    next: Vec<u32>,
}

/// A request as it enters.
struct Prepared {
    adapter: Option<usize>,
    prompt: Vec<u32>,
    /// Where the parts of the prompt end that are computed by themselves: what is shared with other requests, what was
    /// asked before, and all of it.
    ends: Vec<usize>,
    guide: Guide,
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
        let mut requests = requests.iter();
        self.answer(&mut |_| requests.next().cloned(), on_event)
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
    /// Answers requests as they come. `arrival` is asked whenever a slot is free, with true where nothing is under
    /// way: it may then wait for a request, and where it gives none all is over. Requests are numbered in the order
    /// in which they come; events are those of [`Responder::respond`].
    ///
    /// # Errors
    /// As [`Responder::respond`].
    pub fn answer(
        &mut self,
        arrival: &mut dyn FnMut(bool) -> Option<Request>,
        on_event: OnEvent,
    ) -> Result<(), ResponderError> {
        // Cloned, so that replies may borrow it while the assistant computes.
        let placeholders = self.options.placeholders.clone();
        let mut free: Vec<usize> = (0..self.slots).rev().collect();
        let mut active: Vec<Active> = Vec::new();
        let mut logits = Vec::new();
        let mut came = 0;
        loop {
            while !free.is_empty() {
                let Some(request) = arrival(active.is_empty()) else { break };
                let calls = !request.tools.is_empty();
                let reply = Reply::new(request.sampling.stop.clone(), calls, &placeholders);
                came += 1;
                if let Some(begun) = self.begin(came - 1, request, &free, reply, on_event).map_err(source)? {
                    free.retain(|slot| *slot != begun.slot);
                    active.push(begun);
                }
            }
            if active.is_empty() {
                return Ok(());
            }
            self.step(&active, &mut logits).map_err(|error| source(error.into()))?;
            self.advance_all(&mut active, &logits, &mut free, on_event).map_err(source)?;
        }
    }

    /// Computes the prompt and the first token. None where the request is answered already, for
    /// instance by a refusal.
    fn begin<'p>(
        &mut self,
        request_idx: usize,
        request: Request,
        free: &[usize],
        reply: Reply<'p>,
        on_event: OnEvent,
    ) -> Result<Option<Active<'p>>, RespondError> {
        let mut refuse = |finish| {
            on_event(request_idx, Event::Done { finish, usage: Usage::default() });
            Ok(None)
        };
        if request.cancel.is_cancelled() {
            return refuse(FinishReason::Cancelled);
        }
        let Prepared { adapter, prompt, ends, guide } = match self.prepare(&request) {
            Ok(prepared) => prepared,
            Err(why) => return refuse(FinishReason::Failed(why)),
        };
        let (slot, logits) = self.prefill(free, &prompt, ends, adapter)?;
        let seen = sampler::Seen::new(self.vocab, &prompt);
        let usage = Usage { prompt_tokens: prompt.len(), completion_tokens: 0 };
        let next = Vec::new();
        let mut begun = Active { request_idx, request, slot, adapter, reply, guide, seen, usage, next };
        match self.advance(&mut begun, &logits[..self.vocab], on_event)? {
            Progress::GoesOn => Ok(Some(begun)),
            Progress::Ended => Ok(None),
        }
    }

    /// What a request needs to enter, or why it cannot be answered.
    fn prepare(&mut self, request: &Request) -> Result<Prepared, String> {
        let adapter = self.adapter(request.adapter.as_deref()).map_err(|error| error.to_string())?;
        let context = self.context();
        let bytes: usize = request.messages.iter().map(|message| message.content.len()).sum();
        if bytes > SPELLING * self.longest_token * context {
            return Err(ResponderError::PromptTooLong { bytes, context }.to_string());
        }
        let encode = |error: chat::EncodeError| error.to_string();
        let prompt = self.encoder.prompt(&request.messages, &request.tools).map_err(encode)?;
        if prompt.is_empty() || prompt.len() >= context {
            let prompt_tokens = prompt.len();
            return Err(ResponderError::ContextExceeded { prompt_tokens, context }.to_string());
        }
        let most = request.sampling.max_tokens.min(context + 1 - prompt.len());
        let refused = |error: ConstraintError| error.to_string();
        let guide = self.guides.of(self.encoder.tokenizer(), request, most).map_err(refused)?;
        let shared = self.encoder.shared_len(&request.messages, &request.tools, &prompt).map_err(encode)?;
        let asked = self.encoder.asked_before(&request.messages, &request.tools, &prompt).map_err(encode)?;
        let inner = asked.into_iter().filter(|&end| end > shared);
        let ends = [shared].into_iter().chain(inner).chain([prompt.len()]).collect();
        Ok(Prepared { adapter, prompt, ends, guide })
    }

    /// The index of an adapter by name; without a name the default's.
    fn adapter(&self, name: Option<&str>) -> Result<Option<usize>, ResponderError> {
        let Some(name) = name else { return Ok(self.options.default_adapter) };
        let loaded = &self.options.adapters;
        let found = loaded.iter().position(|known| known == name);
        let unknown = || ResponderError::UnknownAdapter { name: name.to_string(), loaded: loaded.clone() };
        found.map(Some).ok_or_else(unknown)
    }

    /// Logits after the prompt, and the slot that holds it: of those that are free the one that holds most of it already.
    fn prefill(
        &mut self,
        free: &[usize],
        prompt: &[u32],
        ends: Vec<usize>,
        adapter: Option<usize>,
    ) -> Result<(usize, Vec<f32>), ModelError> {
        let common = |slot: &usize| self.held[*slot].in_common(prompt, &ends, adapter);
        let slot = *free.iter().max_by_key(|slot| common(slot)).expect("a slot is free");
        let kept = common(&slot);
        // Whatever goes wrong, what is left in the slot is not taken for a conversation.
        self.held[slot] = Held::default();
        let beginning = &prompt[..ends[0]];
        if kept > 0 {
            self.found_turns += 1;
            self.engine.keep(slot, slot, kept);
        } else if beginning.is_empty() {
            self.engine.keep(slot, slot, 0);
        } else {
            self.prefixes.fill(&mut self.engine, slot, beginning, adapter)?;
        }
        let mut logits = Vec::new();
        for part in ends.windows(2).filter(|part| part[0] >= kept) {
            logits = self.engine.prefill(slot, &prompt[part[0]..part[1]], adapter)?;
        }
        self.held[slot] = Held::new(prompt.to_vec(), ends, adapter);
        Ok((slot, logits))
    }

    /// Appends each sequence's tokens and computes what follows, (sequences, V). Runs are computed sequence by
    /// sequence, whatever else there is, so that a reply does not depend on it.
    fn step(&mut self, active: &[Active], logits: &mut Vec<f32>) -> Result<(), ModelError> {
        let vocab = self.engine.shape().vocab;
        logits.resize(active.len() * vocab, 0.0);
        let single = |one: &&Active| one.next.len() == 1;
        let row = |one: &Active| DecodeRow { slot: one.slot, id: one.next[0], adapter: one.adapter };
        let rows: Vec<DecodeRow> = active.iter().filter(single).map(row).collect();
        if rows.len() == active.len() {
            return self.engine.decode(&rows, logits);
        }
        let mut decoded = vec![0.0; rows.len() * vocab];
        if !rows.is_empty() {
            self.engine.decode(&rows, &mut decoded)?;
        }
        let mut decoded = decoded.chunks(vocab);
        for (one, out) in active.iter().zip(logits.chunks_mut(vocab)) {
            if one.next.len() == 1 {
                out.copy_from_slice(decoded.next().expect("a row of logits for each single token"));
            } else {
                out.copy_from_slice(&self.engine.prefill(one.slot, &one.next, one.adapter)?);
            }
        }
        Ok(())
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

    /// Chooses what comes next in one sequence and tells what it says.
    fn advance(&self, one: &mut Active, logits: &[f32], on_event: OnEvent) -> Result<Progress, RespondError> {
        if one.request.cancel.is_cancelled() {
            return self.end(one, FinishReason::Cancelled, on_event);
        }
        let left = self.left(one);
        if left == 0 {
            return self.end(one, FinishReason::Length, on_event);
        }
        let mut known = Cow::Borrowed(logits);
        for &id in &self.absent {
            known.to_mut()[id as usize] = f32::NEG_INFINITY;
        }
        if known.iter().any(|x| x.is_nan()) || known.iter().all(|x| !x.is_finite()) {
            let why = "the model computes no finite probabilities: its weights or its adapter are damaged";
            return self.end(one, FinishReason::Failed(why.to_string()), on_event);
        }
        match Self::next(one, &known, left) {
            Ok(Next::End) => self.end(one, FinishReason::Stop, on_event),
            Ok(Next::Tokens(tokens)) => {
                for &id in &tokens {
                    if self.say(one, id, &known, on_event)? == Progress::Ended {
                        return Ok(Progress::Ended);
                    }
                }
                // What may not go on needs no token that ends it.
                if one.guide.is_over() {
                    return self.end(one, FinishReason::Stop, on_event);
                }
                one.next = tokens;
                Ok(Progress::GoesOn)
            }
            Err(error) => self.end(one, FinishReason::Failed(error.to_string()), on_event),
        }
    }

    /// Tokens that the reply may still have. The last needs no place in the context.
    fn left(&self, one: &Active) -> usize {
        let Usage { prompt_tokens, completion_tokens } = one.usage;
        let room = (self.context() + 1).saturating_sub(prompt_tokens + completion_tokens);
        room.min(one.request.sampling.max_tokens - completion_tokens)
    }

    fn next(one: &mut Active, logits: &[f32], left: usize) -> Result<Next, ConstraintError> {
        let (sampling, seen, step) = (&one.request.sampling, &one.seen, one.usage.completion_tokens);
        let pick = |logits: &[f32]| sampler::pick(logits, sampling, seen, step);
        if matches!(one.guide, Guide::Free) {
            return Ok(Next::Tokens(vec![pick(logits)]));
        }
        // Where probabilities are wanted, every token is computed by itself.
        one.guide.next(&mut logits.to_vec(), (left, !one.request.log_probs), pick)
    }

    /// Says one token.
    fn say(
        &self,
        one: &mut Active,
        id: u32,
        logits: &[f32],
        on_event: OnEvent,
    ) -> Result<Progress, RespondError> {
        one.usage.completion_tokens += 1;
        one.seen.say(id);
        if one.request.log_probs {
            let top = sampler::top_log_probs(logits, one.request.top_log_probs);
            let log_prob = sampler::log_prob(logits, id);
            on_event(one.request_idx, Event::Token { id: Some(id), log_prob, top });
        }
        if self.encoder.end_ids().contains(&id) {
            return self.end(one, FinishReason::Stop, on_event);
        }
        let (text, stopped) = one.reply.push(self.encoder.tokenizer(), id)?;
        if !text.is_empty() {
            on_event(one.request_idx, Event::Text(text));
        }
        if stopped {
            return self.end(one, FinishReason::Stop, on_event);
        }
        if self.left(one) == 0 {
            let finish = if one.guide.is_whole() { FinishReason::Stop } else { FinishReason::Length };
            return self.end(one, finish, on_event);
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
