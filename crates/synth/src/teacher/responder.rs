//! An endpoint as a responder, so that it can be judged, or be the judge, like a model of one's own.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chat::{Event, FinishReason, Request, Responder, ResponderError, Schema, Usage};

use super::ask::{Form, Model, Sampling};
use super::body::{Body, Key, Parts};
use super::clock::Halt;
use super::count::roughly;
use super::endpoint::{Endpoint, Sent};
use super::error::Kept;
use super::reply::{Answer, Finish};
use super::{Money, Prices, State, TeacherError, pool};

/// Answers conversations by asking an endpoint, several at once.
///
/// A request's adapter is the model that is asked in place of the default one, as vLLM serves adapters. `top_k`, `min_p`
/// and the repetition penalty go along only where they are set, because OpenAI does not know them.
pub struct EndpointResponder {
    endpoint: Arc<Endpoint>,
    model: Model,
    account: Option<Account>,
}

/// Where answers are kept and paid from.
struct Account {
    state: Arc<State>,
    prices: Prices,
    budget: Option<Money>,
    under_way: Mutex<usize>,
    /// A request under way has ended.
    done: Condvar,
}

impl EndpointResponder {
    /// Asks an endpoint each time.
    pub fn new(endpoint: Arc<Endpoint>, model: Model) -> Self {
        Self { endpoint, model, account: None }
    }

    /// Keeps answers in a state, asks nothing that is answered there, and nothing that could cost more than is left of
    /// the budget.
    pub fn with_state(self, state: Arc<State>, prices: Prices, budget: Option<Money>) -> Self {
        let (under_way, done) = (Mutex::default(), Condvar::new());
        Self { account: Some(Account { state, prices, budget, under_way, done }), ..self }
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
        let most =
            Usage { prompt_tokens: roughly(&body.json), completion_tokens: request.sampling.max_tokens };
        let tokens = most.prompt_tokens + most.completion_tokens;
        let Some(account) = &self.account else {
            let always = &mut || Ok(true);
            return Ok(self.endpoint.complete(body, &model.name, tokens, halt, always, &mut |_| {}));
        };
        if let Some(answer) = account.state.answer(&body.key)? {
            return Ok(Sent::Answered(answer));
        }
        let cost = account.prices.of(most);
        if !account.begin(body.key, cost, halt)? {
            return Ok(Sent::Cancelled);
        }
        let again = &mut || account.begin_again(body.key, cost);
        let sent = self.endpoint.complete(body, &model.name, tokens, halt, again, &mut |_| {});
        let settled = account.settle(body.key, cost, &sent);
        *account.under_way() -= 1;
        account.done.notify_all();
        settled.map(|()| sent)
    }
}

impl Account {
    /// Takes what a request may cost out of the budget. While others are under way, which may cost less than they
    /// may, it waits for them. False where asking has ended.
    fn begin(&self, key: Key, next: Money, halt: &Halt) -> Result<bool, TeacherError> {
        let mut under_way = self.under_way();
        loop {
            if halt.is_on() {
                return Ok(false);
            }
            let Some(spent) = self.state.ask(key, next, self.budget)? else {
                *under_way += 1;
                return Ok(true);
            };
            if *under_way == 0 {
                return Err(self.over(spent, next));
            }
            under_way = self.done.wait(under_way).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An answer that was lost on the way may have been paid for: it is asked for again only if both fit the budget.
    fn begin_again(&self, key: Key, next: Money) -> Result<bool, TeacherError> {
        self.state.ask(key, next, self.budget)?.map_or(Ok(true), |spent| Err(self.over(spent, next)))
    }

    fn over(&self, spent: Money, next: Money) -> TeacherError {
        let (budget, answered) = (self.budget.unwrap_or_default(), self.state.answers());
        TeacherError::Budget { budget, spent, next, kept: Kept { answered, of: answered + 1 } }
    }

    /// Notes what became of it. What was sent and not heard stays noted as asked, and counts as paid.
    fn settle(&self, key: Key, reserved: Money, sent: &Sent) -> Result<(), TeacherError> {
        match sent {
            Sent::Answered(answer) => {
                let cost = answer.usage.map_or(reserved, |tokens| self.prices.of(tokens.into()));
                self.state.keep(vec![(key, cost, answer.clone())])
            }
            Sent::Failed { unheard: true, .. } => Ok(()),
            _ => self.state.note_unanswered(key),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, usize> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What workers say.
enum Heard {
    Event(usize, Event),
    Over(TeacherError),
}

impl Responder for EndpointResponder {
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
