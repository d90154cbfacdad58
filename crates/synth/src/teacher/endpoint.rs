//! An endpoint with patience: requests are paced, and tried again while their failure may pass.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::body::{Body, PATH};
use super::clock::{Clock, Halt, wait};
use super::error::{Kept, otherwise};
use super::http::{Heard, Http, Lost};
use super::pace::Pace;
use super::reply::{self, Answer, NoAnswer, Said};
use super::state::Fault;
use super::{Settings, TeacherError, retry};

/// An OpenAI-compatible endpoint.
pub struct Endpoint {
    pub(super) http: Http,
    pub(super) clock: Arc<dyn Clock>,
    pace: Mutex<Pace>,
}

/// What came of one request.
#[derive(Debug)]
pub(super) enum Sent {
    /// An answer.
    Answered(Answer),
    /// This request will never be answered.
    Refused(Fault),
    /// It failed as often as it may; another time it may not. Unheard, it may have been paid for.
    Failed { last: String, reached: bool, unheard: bool },
    /// It was cancelled before it was answered.
    Cancelled,
    /// Nothing that is asked here will be answered.
    Over(TeacherError),
}

/// How a request that was tried several times ended.
pub(super) enum Ended {
    Heard(Heard),
    Failed { last: String, reached: bool },
    TooBusy(Duration),
    Cancelled,
}

/// A failure that may pass.
struct Failure {
    why: String,
    /// The wait that the endpoint wishes for.
    wish: Option<Duration>,
    /// Whether anybody was there.
    reached: bool,
    /// Whether it concerns everybody who asks here.
    everybody: bool,
}

/// Whether a request may be sent once more whose answer was lost on the way, and may be paid for.
pub(super) type Again<'a> = &'a mut dyn FnMut() -> Result<bool, TeacherError>;

/// A failure that is waited out.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// What failed.
    pub why: &'a str,
    /// How long it is waited.
    pub wait: Duration,
}

impl Endpoint {
    /// An endpoint. Asks nothing yet.
    ///
    /// # Errors
    /// [`TeacherError::Setting`] for settings that cannot be used.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, TeacherError> {
        let pace = Mutex::new(Pace::new(&settings, clock.now()));
        Ok(Self { http: Http::new(settings)?, clock, pace })
    }

    /// What it was made with.
    pub fn settings(&self) -> &Settings {
        &self.http.settings
    }

    /// Sends a body whose answer may take `tokens` together with its prompt. `again` is asked before it is sent once
    /// more after an answer was lost.
    pub(super) fn complete(
        &self,
        body: &Body,
        model: &str,
        tokens: usize,
        halt: &Halt,
        again: Again<'_>,
        on_wait: &mut dyn FnMut(Waiting<'_>),
    ) -> Sent {
        let first = self.pace().take(tokens, self.clock.now());
        if !wait(&*self.clock, first, halt) {
            return Sent::Cancelled;
        }
        let mut tries = Tries {
            endpoint: self,
            body,
            tokens,
            halt,
            again,
            tried: false,
            unheard: false,
            read: None,
            held: None,
        };
        let ended = self.patient(&mut || tries.send(), seed_of(body), halt, on_wait);
        tries.sent(ended, model)
    }

    /// Tries a request until it is heard, fails as often as it may, or is cancelled.
    pub(super) fn patient(
        &self,
        send: &mut dyn FnMut() -> Result<Heard, Lost>,
        draw: u64,
        halt: &Halt,
        on_wait: &mut dyn FnMut(Waiting<'_>),
    ) -> Ended {
        let mut failed = 0;
        loop {
            let pause = self.pace().pause_left(self.clock.now());
            if !wait(&*self.clock, pause, halt) {
                return Ended::Cancelled;
            }
            let failure = match send() {
                Ok(heard) if !self.may_pass(&heard) => return Ended::Heard(heard),
                other => self.failure(other),
            };
            failed += 1;
            let settings = &self.http.settings;
            if failed >= settings.attempts {
                return Ended::Failed { last: failure.why, reached: failure.reached };
            }
            if let Some(wish) = failure.wish.filter(|wish| *wish > settings.longest_wait) {
                return Ended::TooBusy(wish);
            }
            let pause = failure.wish.unwrap_or_else(|| retry::backoff(settings, failed, draw));
            on_wait(Waiting { why: &failure.why, wait: pause });
            if failure.everybody {
                // Too many requests concern everybody who asks here.
                self.pace().pause(self.clock.now().saturating_add(pause));
            } else if !wait(&*self.clock, pause, halt) {
                return Ended::Cancelled;
            }
        }
    }

    fn failure(&self, heard: Result<Heard, Lost>) -> Failure {
        match heard {
            Ok(heard) => Failure {
                why: format!("status {} ({})", heard.status, self.said(&heard).text),
                wish: retry::wished(&heard.headers),
                reached: true,
                everybody: heard.status == 429,
            },
            Err(lost) => Failure {
                why: self.http.hidden(&lost.to_string()),
                wish: None,
                reached: !matches!(lost, Lost::NotReached { .. }),
                everybody: false,
            },
        }
    }

    /// What an answer with a bad status says.
    pub(super) fn said(&self, heard: &Heard) -> Said {
        let said = reply::said(&heard.body);
        Said { text: self.http.hidden(&said.text), ..said }
    }

    /// A bad status that waiting does not mend.
    fn bad(&self, heard: &Heard, model: &str) -> Sent {
        match self.over(heard, PATH) {
            Some(error) => Sent::Over(error),
            None if heard.status == 404 => {
                let said = self.said(heard).text;
                let (url, model) = (self.http.url(PATH), model.to_owned());
                Sent::Over(TeacherError::NotFound { url, model, said, kept: Kept::default() })
            }
            None => Sent::Refused(Fault { status: heard.status, said: self.said(heard).text }),
        }
    }

    /// Why nothing that is asked here will be answered, if a status says so.
    pub(super) fn over(&self, heard: &Heard, path: &str) -> Option<TeacherError> {
        let (url, said, kept) = (self.http.url(path), self.said(heard), Kept::default());
        match heard.status {
            300..=399 => {
                let to = heard.headers.location.as_deref().unwrap_or("nowhere");
                let to = to.split(['?', '#']).next().unwrap_or_default().to_owned();
                Some(TeacherError::Redirect { url, to })
            }
            402 => Some(TeacherError::NoCredit { url, said: said.text, kept }),
            429 if is_quota(&said) => Some(TeacherError::NoCredit { url, said: said.text, kept }),
            status @ (401 | 403) => {
                let with_key = self.http.settings.key.is_some();
                Some(TeacherError::Denied { url, status, said: said.text, with_key, kept })
            }
            _ => None,
        }
    }

    fn may_pass(&self, heard: &Heard) -> bool {
        let said = || self.said(heard);
        retry::is_passing(heard.status, &heard.headers)
            && !(heard.status == 429 && is_quota(&said()))
            // llama-cpp-python's server says so of a form that it does not know: the next time, too.
            && !(heard.status == 500 && otherwise(&said().text).is_some())
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request, sent as often as it takes.
struct Tries<'a, 'b> {
    endpoint: &'a Endpoint,
    body: &'a Body,
    tokens: usize,
    halt: &'a Halt,
    again: Again<'b>,
    tried: bool,
    /// The last answer was lost on the way.
    unheard: bool,
    /// What the last answer with a good status was.
    read: Option<Result<Answer, NoAnswer>>,
    /// Why it is not sent once more.
    held: Option<Result<(), TeacherError>>,
}

impl Tries<'_, '_> {
    fn send(&mut self) -> Result<Heard, Lost> {
        self.read = None;
        if std::mem::replace(&mut self.tried, true) && !self.may_go() {
            return Ok(Heard::default());
        }
        let heard = self.endpoint.http.post(PATH, &self.body.json);
        let heard = heard.inspect_err(|lost| self.unheard = !matches!(lost, Lost::NotReached { .. }))?;
        if !(200..300).contains(&heard.status) {
            return Ok(heard);
        }
        match reply::answer(&heard.body) {
            Ok(answer) => {
                if let Some(usage) = answer.usage {
                    self.endpoint.pace().correct(self.tokens, usage.prompt + usage.completion);
                }
                self.read = Some(Ok(answer));
                Ok(heard)
            }
            Err(NoAnswer::Error { said }) => Ok(Heard { status: said.status.unwrap_or(500), ..heard }),
            // What is no answer may be one the next time, like a broken connection.
            Err(why) => {
                let lost = Lost::Unread { why: why.to_string() };
                (self.unheard, self.read) = (true, Some(Err(why)));
                Err(lost)
            }
        }
    }

    /// Waits for its turn when it is sent once more, if it may be.
    fn may_go(&mut self) -> bool {
        let unheard = std::mem::take(&mut self.unheard);
        match if unheard { (self.again)() } else { Ok(true) } {
            Ok(true) => {}
            Ok(false) => self.held = Some(Ok(())),
            Err(error) => self.held = Some(Err(error)),
        }
        // Endpoints count what fails, too.
        let turn = self.endpoint.pace().take(0, self.endpoint.clock.now());
        if self.held.is_none() && !wait(&*self.endpoint.clock, turn, self.halt) {
            self.held = Some(Ok(()));
        }
        self.held.is_none()
    }

    fn sent(self, ended: Ended, model: &str) -> Sent {
        if let Some(held) = self.held {
            return held.map_or_else(Sent::Over, |()| Sent::Cancelled);
        }
        let http = &self.endpoint.http;
        match (ended, self.read) {
            (Ended::Heard(_), Some(Ok(answer))) => Sent::Answered(answer),
            (Ended::Heard(heard), _) => self.endpoint.bad(&heard, model),
            (Ended::Failed { .. }, Some(Err(why @ (NoAnswer::NotJson { .. } | NoAnswer::NoChoice)))) => {
                let why = http.hidden(&why.to_string());
                Sent::Over(TeacherError::Answer { url: http.url(PATH), why })
            }
            (Ended::Failed { last, reached }, _) => Sent::Failed { last, reached, unheard: self.unheard },
            (Ended::TooBusy(wait), _) => {
                Sent::Over(TeacherError::TooBusy { url: http.url(PATH), wait, kept: Kept::default() })
            }
            (Ended::Cancelled, _) => Sent::Cancelled,
        }
    }
}

/// A limit that no waiting mends, though it comes with the status of one that it does.
fn is_quota(said: &Said) -> bool {
    matches!(said.code.as_str(), "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active")
}

/// Tells the waits of several requests apart.
fn seed_of(body: &Body) -> u64 {
    body.key.custom_id().bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("base_url", &self.http.settings.base_url).finish_non_exhaustive()
    }
}
