//! Whoever the recipe names, as something that answers conversations: judges ask through it.
//!
//! All requests that are handed over at once are one plan: asked online, in batches, or of a model on this machine, as
//! the recipe says. What was answered is on the disk as soon as it is heard, and never asked again; nothing is begun
//! that the budget cannot hold.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use chat::{CancelToken, Event, FinishReason, Request, Responder, ResponderError, Schema, Usage};
use synth::teacher::{
    Ask, Finish, Form, Job, Plan, Sampling, Settled, Standing, State, Unusable, ask_again, roughly,
};

use super::endpoint::Opened;
use super::teach::{self, Listener};
use crate::project::Project;
use crate::recipe::Endpoint;
use crate::recipe::endpoint::DECISIVE;

/// What is asked, for estimates and for people.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Tokens that an answer takes.
    pub answer_tokens: usize,
    /// What else to do than raise the budget.
    pub cheaper: &'static str,
    /// How often an answer of another form is asked for again; a caller who does that itself asks for none.
    pub re_asks: u32,
    /// What it is told then; `{error}` stands for the reason.
    pub complaint: &'static str,
}

/// Somebody who can be asked.
pub struct Asker<'a> {
    opened: Opened,
    identity: String,
    state: State,
    manner: Manner,
    listener: &'a mut dyn Listener,
    rounds: usize,
    is_refreshed: bool,
}

impl<'a> Asker<'a> {
    /// Opens whoever a word of the recipe means. Nothing is asked yet.
    ///
    /// # Errors
    /// As [`super::endpoint::open`]; and where requests are in a batch that would be asked online now.
    pub fn open(
        project: &Project,
        word: &str,
        manner: Manner,
        listener: &'a mut dyn Listener,
    ) -> anyhow::Result<Self> {
        let opened = super::endpoint::open(project, word)?;
        let identity = identity(&opened.model.name, &opened.recipe)?;
        let state = opened.state()?;
        teach::forbid_two_ways(&opened, &state)?;
        // What was refused may have been the recipe's fault, which may be mended by now.
        state.forgive()?;
        Ok(Self { opened, identity, state, manner, listener, rounds: 0, is_refreshed: false })
    }

    /// Asks again for what earlier runs set aside.
    pub fn refreshed(self, is_refreshed: bool) -> Self {
        Self { is_refreshed, ..self }
    }

    /// Who is asked and under which settings, to tell its answers from those of others.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Where its answers are kept.
    pub fn folder(&self) -> &Path {
        self.state.folder()
    }

    /// Most tokens of an answer.
    pub fn max_tokens(&self) -> usize {
        self.opened.recipe.max_tokens
    }

    /// Asks the requests, and gives where they stand.
    fn ask(&mut self, plan: &Plan, cancel: &CancelToken) -> anyhow::Result<Standing> {
        let job = Job {
            plan,
            state: &self.state,
            prices: self.opened.prices,
            budget: self.opened.budget,
            count: &roughly,
            cancel,
        };
        if self.is_refreshed {
            teach::note_again(self.listener, ask_again(plan, &self.state)?);
        }
        let estimate = teach::estimate_of(&job, &self.opened, self.manner.answer_tokens)?;
        let is_batch = self.opened.recipe.is_batch();
        let takes = teach::takes(&estimate, &self.opened, is_batch);
        self.rounds += 1;
        if self.rounds == 1 {
            self.listener.note(&format!("{}: {takes}", teach::who(&self.opened.recipe)));
        } else {
            self.listener.note(&format!("asked again for what cannot be used: {takes}"));
        }
        if estimate.requests > 0 {
            teach::within_budget(&estimate, &self.opened, is_batch, self.manner.cheaper)?;
        }
        let asked = teach::ask_all(self.listener, &job, &mut self.opened);
        asked.map_err(|error| teach::with_way_out(error.into(), self.manner.cheaper))
    }

    fn plan(&self, requests: &[Request]) -> anyhow::Result<Plan> {
        let of = |(at, request): (usize, &Request)| {
            let form = match &request.schema {
                Some(schema) => {
                    Some(Form { name: "reply".to_owned(), schema: Arc::new(Schema::new(schema)?) })
                }
                None => None,
            };
            let sampling = Sampling {
                max_tokens: u32::try_from(request.sampling.max_tokens).unwrap_or(u32::MAX),
                // The likeliest answer, but for models that know none.
                temperature: self.opened.recipe.temperature.or(Some(0.0)),
                ..self.opened.sampling()
            };
            anyhow::Ok(Ask { id: at.to_string(), messages: request.messages.clone(), form, sampling })
        };
        let asks = requests.iter().enumerate().map(of).collect::<anyhow::Result<_>>()?;
        Ok(Plan::new(self.opened.model.clone(), asks)?
            .with_re_asks(self.manner.re_asks, self.manner.complaint))
    }

    /// What became of a request: its text where something was said, and how it ended.
    fn heard(&self, settled: &Settled) -> anyhow::Result<(String, FinishReason, Usage)> {
        let answer = self.state.answer(&settled.key)?;
        let usage = answer.as_ref().and_then(|answer| answer.usage).map(Usage::from).unwrap_or_default();
        let is_cut = answer.as_ref().is_some_and(|answer| answer.finish == Finish::Length);
        let said = answer.map(|answer| answer.text).unwrap_or_default();
        Ok(match &settled.result {
            // Strict, whatever stood around it.
            Ok(usable) => match usable.value.as_str() {
                Some(text) => (text.to_owned(), FinishReason::Stop, usage),
                None => (usable.value.to_string(), FinishReason::Stop, usage),
            },
            Err(Unusable::Refusal) => {
                (String::new(), FinishReason::Failed("the model refuses to answer".to_owned()), usage)
            }
            Err(why) if !why.can_be_asked_again() => {
                (String::new(), FinishReason::Failed(why.to_string()), usage)
            }
            Err(_) if is_cut => (said, FinishReason::Length, usage),
            Err(_) => (said, FinishReason::Stop, usage),
        })
    }

    fn respond_all(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> anyhow::Result<()> {
        let Some(first) = requests.first() else { return Ok(()) };
        let plan = self.plan(requests)?;
        let standing = self.ask(&plan, &first.cancel)?;
        let settled: HashMap<&str, &Settled> =
            standing.settled.iter().map(|settled| (settled.id.as_str(), settled)).collect();
        for at in 0..requests.len() {
            let (text, finish, usage) = if let Some(settled) = settled.get(at.to_string().as_str()) {
                self.heard(settled)?
            } else {
                let why = FinishReason::Failed("it was not answered".to_owned());
                (String::new(), why, Usage::default())
            };
            if !text.is_empty() {
                on_event(at, Event::Text(text));
            }
            on_event(at, Event::Done { finish, usage });
        }
        Ok(())
    }
}

/// A model with all of its endpoint that decides what it answers. Another address, key or price is no other identity.
fn identity(model: &str, recipe: &Endpoint) -> anyhow::Result<String> {
    let mut settings = serde_json::to_value(recipe)?;
    if let Some(keys) = settings.as_object_mut() {
        keys.retain(|key, _| DECISIVE.contains(&key.as_str()));
    }
    // The order in which a recipe names further keys decides nothing.
    settings.sort_all_objects();
    Ok(format!("{model}#{}", pipeline::Digest::of(settings.to_string().as_bytes())))
}

impl Responder for Asker<'_> {
    fn respond(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> Result<(), ResponderError> {
        // Errors keep their type, so that their hints are found.
        self.respond_all(requests, on_event).map_err(|error| {
            ResponderError::Source(anyhow::Error::reallocate_into_boxed_dyn_error_without_backtrace(error))
        })
    }
}
