//! A plan beside its answers: what is settled, and which requests are open.
//!
//! Nothing but the answers is kept. What is asked again follows from the answer that could not be used: the same
//! conversation, that answer, and what is wrong with it. So a plan that is read after a kill stands where it stood.

use std::collections::{BTreeMap, HashSet};

use chat::{Message, Request, Role, ToolChoice};
use serde::{Deserialize, Serialize};

use super::ask::{Ask, Plan, Sampling};
use super::body::{Body, Key, Parts};
use super::form::{Unusable, Usable, usable};
use super::{State, TeacherError};

/// What became of an ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// The ask.
    pub id: String,
    /// The request that was answered last.
    pub key: Key,
    /// How often it was asked.
    pub asked: u32,
    /// The answer, or why it is set aside.
    pub result: Result<Usable, Unusable>,
    /// The model that answered, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A request that is not answered yet.
#[derive(Debug, Clone)]
pub struct Open {
    /// What is sent.
    pub body: Body,
    /// The same for a responder.
    pub request: Request,
    /// The ask, by its place in the plan.
    pub ask: usize,
    /// How often it was asked before.
    pub asked: u32,
}

/// Where a plan stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// What is settled, in the order of the plan.
    pub settled: Vec<Settled>,
    /// The requests to be made, each once, in the order of the plan.
    pub open: Vec<Open>,
    /// Asks that wait for an open request of another ask with the same body.
    pub shared: usize,
}

/// Counts that add up: asks = used + set aside + open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Asks of the plan.
    pub asks: usize,
    /// Answers that can be used.
    pub used: usize,
    /// Of these, repaired ones.
    pub repaired: usize,
    /// Of these, ones that were asked for again.
    pub asked_again: usize,
    /// Set aside, by reason.
    pub set_aside: BTreeMap<String, usize>,
    /// Not settled yet.
    pub open: usize,
}

impl Standing {
    /// Where a plan stands with the answers there are. Asks nothing.
    ///
    /// # Errors
    /// [`TeacherError::Io`] where an answer cannot be read.
    pub fn of(plan: &Plan, state: &State) -> Result<Self, TeacherError> {
        let mut standing = Self::default();
        let mut wanted = HashSet::new();
        for (i, ask) in plan.asks.iter().enumerate() {
            match follow(plan, i, ask, state, &mut |_| {})? {
                Step::Settled(settled) => standing.settled.push(settled),
                Step::Open(open) if wanted.insert(open.body.key) => standing.open.push(*open),
                Step::Open(_) => standing.shared += 1,
            }
        }
        Ok(standing)
    }

    /// The counts.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            asks: self.settled.len() + self.open.len() + self.shared,
            open: self.open.len() + self.shared,
            ..Tally::default()
        };
        for settled in &self.settled {
            match &settled.result {
                Ok(usable) => {
                    tally.used += 1;
                    tally.repaired += usize::from(!usable.repairs.is_empty());
                    tally.asked_again += usize::from(settled.asked > 1);
                }
                Err(why) => *tally.set_aside.entry(why.code().to_owned()).or_default() += 1,
            }
        }
        tally
    }
}

enum Step {
    Settled(Settled),
    Open(Box<Open>),
}

/// Lets everything be asked again whose answers an earlier run set aside, from its first request on. Answers that can be
/// used stay, and so does what was spent. Gives how many asks that are.
///
/// # Errors
/// [`TeacherError::Io`] where an answer cannot be read or the log not written.
pub fn ask_again(plan: &Plan, state: &State) -> Result<usize, TeacherError> {
    let mut asks = 0;
    for (i, ask) in plan.asks.iter().enumerate() {
        let mut keys = Vec::new();
        let is_aside = |step: &Step| matches!(step, Step::Settled(settled) if settled.result.is_err());
        if is_aside(&follow(plan, i, ask, state, &mut |key| keys.push(key))?) {
            asks += usize::from(state.forget(&keys)? > 0);
        }
    }
    Ok(asks)
}

/// Goes from the first request of an ask to the one that settles it or is open; `on_key` hears of each.
fn follow(
    plan: &Plan,
    index: usize,
    ask: &Ask,
    state: &State,
    on_key: &mut dyn FnMut(Key),
) -> Result<Step, TeacherError> {
    let mut messages = ask.messages.clone();
    let mut sampling = ask.sampling.clone();
    let mut asked = 0;
    loop {
        let body = body(plan, ask, &messages, &sampling);
        let key = body.key;
        on_key(key);
        let settled = |result, model| {
            Step::Settled(Settled { id: ask.id.clone(), key, asked: asked + 1, result, model })
        };
        if let Some(fault) = state.fault(&key) {
            let why = Unusable::Refused { status: fault.status, said: fault.said };
            return Ok(settled(Err(why), None));
        }
        let Some(answer) = state.answer(&key)? else {
            let request = request(ask, &messages, &sampling);
            return Ok(Step::Open(Box::new(Open { body, request, ask: index, asked })));
        };
        let schema = ask.form.as_ref().map(|form| &*form.schema);
        match usable(&answer, schema, sampling.max_tokens) {
            Err(why) if why.can_be_asked_again() && asked < plan.re_asks => {
                asked += 1;
                if matches!(why, Unusable::CutOff { .. }) {
                    sampling.max_tokens = sampling.max_tokens.saturating_mul(2);
                }
                messages.push(Message::new(Role::Assistant, answer.text));
                messages.push(Message::new(Role::User, plan.complaint.replace("{error}", &why.to_string())));
            }
            result => return Ok(settled(result, answer.model)),
        }
    }
}

fn body(plan: &Plan, ask: &Ask, messages: &[Message], sampling: &Sampling) -> Body {
    let parts = Parts {
        messages,
        tools: &[],
        tool_choice: &ToolChoice::Free,
        form: ask.form.as_ref(),
        sampling,
        log_probs: false,
    };
    Body::new(&plan.model, parts)
}

fn request(ask: &Ask, messages: &[Message], sampling: &Sampling) -> Request {
    let drawn = chat::Sampling {
        max_tokens: sampling.max_tokens as usize,
        temperature: sampling.temperature.unwrap_or(0.0) as f32,
        top_p: sampling.top_p.unwrap_or(1.0) as f32,
        seed: sampling.seed.unwrap_or(0),
        stop: sampling.stop.clone(),
        ..chat::Sampling::default()
    };
    Request {
        messages: messages.to_vec(),
        sampling: drawn,
        schema: ask.form.as_ref().map(|form| form.schema.json().clone()),
        ..Request::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chat::Schema;
    use serde_json::json;

    use super::super::{Answer, Finish, Form, Model, Money};
    use super::*;

    fn plan(n: usize) -> Plan {
        let schema = Schema::new(&json!({"type": "object", "required": ["q"]})).unwrap();
        let form = Form { name: "f".to_owned(), schema: Arc::new(schema) };
        let ask = |i: usize| Ask {
            id: format!("a{i}"),
            messages: vec![Message::new(Role::User, format!("{}?", i % 3))],
            form: Some(form.clone()),
            sampling: Sampling { max_tokens: 100, ..Sampling::default() },
        };
        Plan::new(Model::new("m"), (0..n).map(ask).collect()).unwrap()
    }

    fn say(state: &State, key: Key, text: &str, finish: Finish) {
        let answer = Answer { text: text.to_owned(), finish, ..Answer::default() };
        state.keep(vec![(key, Money::ZERO, answer)]).unwrap();
    }

    #[test]
    fn an_ask_goes_on_until_it_is_settled() {
        let dir = tempfile::tempdir().unwrap();
        let (state, plan) = (State::open(dir.path()).unwrap(), plan(1));
        let open = |asked| {
            let open = Standing::of(&plan, &state).unwrap().open.remove(0);
            assert_eq!(open.asked, asked);
            open
        };
        say(&state, open(0).body.key, "no", Finish::Stop);
        let again = open(1);
        let said: Vec<&str> = again.request.messages.iter().map(|m| m.content.as_str()).collect();
        assert_eq!(said[1], "no");
        assert!(said[2].contains("the answer holds no JSON. Answer again"), "{}", said[2]);
        say(&state, again.body.key, "{\"p\": 1, \"q", Finish::Length);
        let last = open(2);
        assert_eq!(last.request.sampling.max_tokens, 200, "what was cut off gets more room");
        say(&state, last.body.key, "{}", Finish::Stop);
        let standing = Standing::of(&plan, &state).unwrap();
        assert_eq!(standing.settled[0].asked, 3);
        assert_eq!(standing.settled[0].result.as_ref().unwrap_err().code(), "form");
        assert_eq!(standing.tally().set_aside["form"], 1);
    }

    #[test]
    fn the_same_question_is_asked_once_and_answers_every_ask() {
        let dir = tempfile::tempdir().unwrap();
        let (state, plan) = (State::open(dir.path()).unwrap(), plan(8));
        let standing = Standing::of(&plan, &state).unwrap();
        assert_eq!((standing.open.len(), standing.shared), (3, 5));
        say(&state, standing.open[1].body.key, "```{\"q\": 1}```", Finish::Stop);
        state
            .note_fault(standing.open[2].body.key, super::super::Fault { status: 400, said: "no".into() })
            .unwrap();
        let tally = Standing::of(&plan, &state).unwrap().tally();
        let set_aside = BTreeMap::from([("refused".to_owned(), 2)]);
        assert_eq!(tally, Tally { asks: 8, used: 3, repaired: 3, asked_again: 0, set_aside, open: 3 });
    }
}
