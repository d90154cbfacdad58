//! Asking a teacher: a stronger model behind an OpenAI-compatible endpoint, a batch of one, or a model on this machine.
//!
//! 1. A [`Plan`] is what is asked: [`Ask`]s of one [`Model`], each with the form that its answer has to take.
//! 2. Each ask becomes a [`Body`], the canonical request. Its [`Key`] names its answer, so the same bytes serve online,
//!    in a batch, in a file for `vllm run-batch` and in a cache.
//! 3. A [`State`] is a folder that keeps answers. Killed at any moment, it has every answer that was heard.
//! 4. [`online::ask`], [`batch::ask`] and [`local::ask`] answer what is open, within a budget.
//! 5. [`Standing::of`] says what is settled: answers are read, repaired and held against their form; what cannot be used
//!    is asked again with the reason, and set aside in the end.
//!
//! [`EndpointResponder`] makes an endpoint a [`chat::Responder`], so that it can be judged like a model of one's own.
//! [`Estimate`] says what asking will take. Time is the caller's [`Clock`], keys and addresses come in [`Settings`].
//!
//! ```
//! use chat::{CancelToken, Message, Role, ScriptedResponder};
//! use synth::teacher::{Ask, Job, Model, Plan, Prices, Sampling, State, local};
//!
//! let folder = std::env::temp_dir().join(format!("teacher-{}", std::process::id()));
//! let state = State::open(&folder)?;
//! let ask = Ask {
//!     id: "leave#1".to_owned(),
//!     messages: vec![Message::new(Role::User, "How many days of leave?")],
//!     form: None,
//!     sampling: Sampling::default(),
//! };
//! let plan = Plan::new(Model::new("local:scripted"), vec![ask])?;
//! let job = Job {
//!     plan: &plan,
//!     state: &state,
//!     prices: Prices::default(),
//!     budget: None,
//!     count: &|text| text.len() / 4,
//!     cancel: &CancelToken::default(),
//! };
//! let standing = local::ask(&job, &mut ScriptedResponder::saying("Fifteen."), &mut |_| {})?;
//! assert_eq!(standing.settled[0].result.as_ref().unwrap().value, "Fifteen.");
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ask;
pub mod batch;
mod body;
mod clock;
mod count;
mod endpoint;
mod error;
mod estimate;
mod files;
mod form;
mod http;
mod job;
pub mod local;
mod money;
pub mod online;
mod pace;
mod pool;
mod reply;
mod responder;
mod retry;
mod round;
mod settings;
mod state;

pub use ask::{Ask, COMPLAINT_EN, COMPLAINT_KO, Form, MaxTokens, Model, Plan, Sampling, Structure};
pub use body::{Body, Key};
pub use chat::repair::Repair;
pub use clock::Clock;
pub use count::roughly;
pub use endpoint::{Endpoint, Waiting};
pub use error::{Kept, TeacherError, otherwise};
pub use estimate::{Assumed, Estimate};
pub use form::{Unusable, Usable, usable};
pub use job::{Event, Job};
pub use money::{Money, Prices};
pub use reply::{Answer, Finish, Tokens};
pub use responder::EndpointResponder;
pub use round::{Open, Settled, Standing, Tally, ask_again};
pub use settings::{ApiKey, Settings};
pub use state::{Fault, State};
