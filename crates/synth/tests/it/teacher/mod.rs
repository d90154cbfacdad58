//! The teacher client beside a double of an endpoint that plays every trap.

mod batches;
mod bytes;
mod killed;
mod limits;
mod real;
mod requests;
mod responder;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat::{CancelToken, Message, Role, Schema};
use serde_json::{Value, json};
use synth::teacher::{
    ApiKey, Ask, Clock, Endpoint, Event, Form, Job, Model, Money, Plan, Prices, Sampling, Settings, Standing,
    State, TeacherError, online,
};
use testing::endpoint::{Endpoint as Double, Said};

pub const KEY: &str = "k3y-f0r-t3sts";

/// A clock on which waits are over at once.
#[derive(Debug, Default)]
pub struct Jumping(Mutex<Duration>);

impl Clock for Jumping {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

/// Asks for a number each, in the form `{"n": NUMBER}`.
pub fn plan(n: usize) -> Plan {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}, "note": {"type": "string"}},
        "required": ["n"], "additionalProperties": false});
    let form = Form { name: "number".to_owned(), schema: Arc::new(Schema::new(&schema).unwrap()) };
    let ask = |i: usize| Ask {
        id: format!("leaf#{i}"),
        messages: vec![
            Message::new(Role::System, "규정 전문가"),
            Message::new(Role::User, format!("연차 {i}")),
        ],
        form: Some(form.clone()),
        sampling: Sampling {
            max_tokens: 50,
            temperature: Some(0.7),
            seed: Some(i as u64),
            ..Sampling::default()
        },
    };
    Plan::new(Model::new("teacher-1"), (0..n).map(ask).collect()).unwrap()
}

/// The right answer: the number in the first question.
pub fn right(body: &Value) -> Said {
    number(body).map_or_else(|| "?".into(), |n| json!({ "n": n }).to_string().into())
}

/// The number that is asked for.
pub fn number(body: &Value) -> Option<u64> {
    body["messages"][1]["content"].as_str()?.strip_prefix("연차 ")?.parse().ok()
}

pub fn double() -> Double {
    let double = Double::start();
    double.answer(right);
    double
}

pub fn settings(double: &Double) -> Settings {
    Settings {
        key: Some(ApiKey::new(KEY)),
        answer_timeout: Duration::from_secs(20),
        ..Settings::new(double.base_url())
    }
}

/// A plan in a folder, with all that asking needs.
pub struct Desk {
    pub clock: Arc<Jumping>,
    pub state: State,
    pub plan: Plan,
    pub budget: Option<Money>,
    pub prices: Prices,
    pub cancel: CancelToken,
    pub events: Vec<Event>,
}

impl Desk {
    pub fn new(folder: &Path, plan: Plan) -> Self {
        let prices = Prices { prompt_per_million: 1.0, completion_per_million: 2.0, batch_share: 0.5 };
        let state = State::open(folder).unwrap();
        let (clock, cancel) = (Arc::default(), CancelToken::default());
        Self { clock, state, plan, budget: None, prices, cancel, events: Vec::new() }
    }

    /// Does something with the job; events are kept.
    pub fn with<T>(&mut self, work: impl FnOnce(&Job<'_>, &mut dyn FnMut(Event)) -> T) -> T {
        let job = Job {
            plan: &self.plan,
            state: &self.state,
            prices: self.prices,
            budget: self.budget,
            count: &|text| text.chars().count(),
            cancel: &self.cancel,
        };
        let events = &mut self.events;
        work(&job, &mut |event| events.push(event))
    }

    pub fn endpoint(&self, settings: Settings) -> Endpoint {
        Endpoint::new(settings, self.clock.clone()).unwrap()
    }

    pub fn online(&mut self, settings: Settings) -> Result<Standing, TeacherError> {
        let endpoint = self.endpoint(settings);
        self.with(|job, on_event| online::ask(job, &endpoint, on_event))
    }

    /// The waits that were told, in milliseconds.
    pub fn waits(&self) -> Vec<u128> {
        let waits = self.events.iter().filter_map(|event| match event {
            Event::Waiting { wait, .. } => Some(wait.as_millis()),
            _ => None,
        });
        waits.collect()
    }
}

/// Every ask is answered by its own number.
pub fn assert_right(standing: &Standing, n: usize) {
    assert_eq!((standing.settled.len(), standing.open.len()), (n, 0));
    for (i, settled) in standing.settled.iter().enumerate() {
        assert_eq!(settled.id, format!("leaf#{i}"));
        assert_eq!(settled.result.as_ref().unwrap().value["n"], i);
    }
}
