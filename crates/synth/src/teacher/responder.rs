//! An endpoint as a responder, so that it can be judged, or be the judge, like a model of one's own.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use chat::{Event, FinishReason, Request, Responder, ResponderError, Schema, Usage};

use super::ask::{Form, Model, Sampling};
use super::body::{Body, Parts};
use super::clock::Halt;
use super::endpoint::{Endpoint, Sent};
use super::reply::{Answer, Finish};
use super::{Money, Prices, State, TeacherError, pool};

/// Answers conversations by asking an endpoint, several at once.
///
/// A request's adapter is the model that is asked in place of the default one, as vLLM serves adapters. `top_k`, `min_p`
/// and the repetition penalty go along only where they are set, because OpenAI does not know them.
pub struct EndpointResponder<'a> {
    endpoint: &'a Endpoint,
    model: Model,
    state: Option<(&'a State, Prices)>,
}

impl<'a> EndpointResponder<'a> {
    /// Asks an endpoint each time.
    pub fn new(endpoint: &'a Endpoint, model: Model) -> Self {
        Self { endpoint, model, state: None }
    }

    /// Keeps answers in a state, and asks nothing that is answered there.
    pub fn with_state(self, state: &'a State, prices: Prices) -> Self {
        Self { state: Some((state, prices)), ..self }
    }

    /// The body of a request, and the model that it goes to.
    fn body(&self, request: &Request) -> Result<(Body, Model), String> {
        if request.top_log_probs > 0 {
            return Err(
                "an endpoint does not name the tokens of a vocabulary: ask without top_log_probs".to_owned()
            );
        }
        let form = match &request.schema {
            Some(schema) => Some(Form {
                name: "reply".to_owned(),
                schema: Arc::new(Schema::new(schema).map_err(|error| error.to_string())?),
            }),
            None => None,
        };
        let model = self.model_for(request);
        let drawn = &request.sampling;
        let sampling = Sampling {
            max_tokens: u32::try_from(drawn.max_tokens).unwrap_or(u32::MAX),
            temperature: Some(decimal(drawn.temperature)),
            top_p: (drawn.top_p < 1.0).then(|| decimal(drawn.top_p)),
            seed: Some(drawn.seed),
            stop: drawn.stop.clone(),
        };
        let parts = Parts {
            messages: &request.messages,
            tools: if request.schema.is_some() { &[] } else { &request.tools },
            tool_choice: &request.tool_choice,
            form: form.as_ref(),
            sampling: &sampling,
            log_probs: request.log_probs,
        };
        Ok((Body::new(&model, parts), model))
    }

    /// The model that a request goes to, with the parameters that not every endpoint knows where they are set.
    fn model_for(&self, request: &Request) -> Model {
        let mut model = self.model.clone();
        if let Some(adapter) = &request.adapter {
            model.name.clone_from(adapter);
        }
        let drawn = &request.sampling;
        for (name, value, neutral) in [
            ("min_p", drawn.min_p, 0.0),
            ("repetition_penalty", drawn.repetition_penalty, 1.0),
            ("presence_penalty", drawn.presence_penalty, 0.0),
            ("frequency_penalty", drawn.frequency_penalty, 0.0),
        ] {
            if value != neutral {
                model.extra.insert(name.to_owned(), decimal(value).into());
            }
        }
        if drawn.top_k > 0 {
            model.extra.insert("top_k".to_owned(), drawn.top_k.into());
        }
        model
    }

    fn one(&self, i: usize, request: &Request, halt: &Halt, events: &Sender<Heard>) {
        let end = |finish| {
            let _ = events.send(Heard::Event(i, Event::Done { finish, usage: Usage::default() }));
        };
        if request.cancel.is_cancelled() {
            return end(FinishReason::Cancelled);
        }
        let (body, model) = match self.body(request) {
            Ok(made) => made,
            Err(why) => return end(FinishReason::Failed(why)),
        };
        match self.answer(&body, &model, request, halt) {
            Ok(Sent::Answered(answer)) => tell(i, answer, request, events),
            Ok(Sent::Refused(fault)) => {
                end(FinishReason::Failed(format!("status {}: {}", fault.status, fault.said)));
            }
            Ok(Sent::Failed { last, .. }) => end(FinishReason::Failed(last)),
            Ok(Sent::Cancelled) => end(FinishReason::Cancelled),
            Ok(Sent::Over(error)) | Err(error) => {
                halt.now();
                let _ = events.send(Heard::Over(error));
            }
        }
    }

    fn answer(
        &self,
        body: &Body,
        model: &Model,
        request: &Request,
        halt: &Halt,
    ) -> Result<Sent, TeacherError> {
        if let Some((state, _)) = self.state
            && let Some(answer) = state.answer(&body.key)?
        {
            return Ok(Sent::Answered(answer));
        }
        // Tokens of the prompt are not counted here: four bytes a token is near enough for a limit a minute.
        let tokens = body.json.len() / 4 + request.sampling.max_tokens;
        let sent = self.endpoint.complete(body, &model.name, tokens, halt, &mut || Ok(true), &mut |_| {});
        if let (Some((state, prices)), Sent::Answered(answer)) = (self.state, &sent) {
            let cost = answer.usage.map_or(Money::ZERO, |tokens| prices.of(tokens.into()));
            state.keep(vec![(body.key, cost, answer.clone())])?;
        }
        Ok(sent)
    }
}

/// What workers say.
enum Heard {
    Event(usize, Event),
    Over(TeacherError),
}

impl Responder for EndpointResponder<'_> {
    fn respond(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> Result<(), ResponderError> {
        let halt = Halt::default();
        let mut over = None;
        let work = |i: usize, events: &Sender<Heard>| {
            let halt = halt.with(&requests[i].cancel);
            self.one(i, &requests[i], &halt, events);
        };
        let threads = self.endpoint.settings().concurrency;
        pool::run(threads, requests.len(), &halt, &work, &mut |heard| match heard {
            Heard::Event(i, event) => on_event(i, event),
            Heard::Over(error) => drop(over.get_or_insert(error)),
        });
        over.map_or(Ok(()), |error| Err(ResponderError::Source(Box::new(error))))
    }
}

fn tell(i: usize, answer: Answer, request: &Request, events: &Sender<Heard>) {
    let send = |event| drop(events.send(Heard::Event(i, event)));
    let finish = match answer.finish {
        _ if answer.refusal.is_some() && answer.text.is_empty() => {
            FinishReason::Failed("the model refuses to answer".to_owned())
        }
        Finish::ContentFilter => {
            FinishReason::Failed("the endpoint's content filter ended the answer".to_owned())
        }
        Finish::Length => FinishReason::Length,
        _ if !answer.tool_calls.is_empty() => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    if request.log_probs {
        for log_prob in answer.log_probs {
            send(Event::Token { id: None, log_prob, top: Vec::new() });
        }
    }
    if !answer.text.is_empty() {
        send(Event::Text(answer.text));
    }
    for call in answer.tool_calls {
        send(Event::ToolCall(call));
    }
    let usage = answer.usage.map(Usage::from).unwrap_or_default();
    send(Event::Done { finish, usage });
}

/// The number as it is written in few digits: 0.7 and not 0.699999988.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
