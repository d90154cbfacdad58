//! A double of an OpenAI-compatible endpoint: chat completions, files and batches on a thread of this process.
//!
//! Left alone, it answers everything well. A [rule](Endpoint::rule) may answer any request in its own way: with a bad
//! status, late, half, or not at all. [`Fate`]s say how batches end.
//!
//! ```
//! use testing::endpoint::Endpoint;
//!
//! let endpoint = Endpoint::start();
//! endpoint.answer(|body| body["messages"][0]["content"].as_str().unwrap().to_uppercase().into());
//! assert!(endpoint.base_url().starts_with("http://127.0.0.1:"));
//! assert!(endpoint.requests().is_empty());
//! ```

mod batches;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

pub use batches::{Ends, Fate};
pub use wire::{Reply, Request};

/// What a model says.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The text; None is `null`.
    pub text: Option<String>,
    /// `stop` where it is empty.
    pub finish: &'static str,
    /// Why it will not answer.
    pub refusal: Option<String>,
    /// Tool calls, as OpenAI writes them.
    pub tool_calls: Option<Value>,
    /// Whether the answer says nothing of tokens.
    pub without_usage: bool,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

type Rule = Arc<dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync>;
type Answer = Arc<dyn Fn(&Value) -> Said + Send + Sync>;

/// The double. It ends with the test's process.
pub struct Endpoint {
    address: String,
    world: Arc<Mutex<World>>,
}

struct World {
    rule: Rule,
    answer: Answer,
    log: Vec<Request>,
    /// How often each body was answered, online or in a batch.
    answered: BTreeMap<String, usize>,
    files: BTreeMap<String, Stored>,
    batches: Vec<batches::Batch>,
    fates: VecDeque<Fate>,
    late_files: usize,
    late_outputs: usize,
    queue_tokens: Option<usize>,
}

struct Stored {
    bytes: Vec<u8>,
    /// Requests for which it is not there yet.
    late: usize,
}

impl Endpoint {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// Where there is none.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let world = World {
            rule: Arc::new(|_, _| None),
            answer: Arc::new(|_| "ok".into()),
            log: Vec::new(),
            answered: BTreeMap::new(),
            files: BTreeMap::new(),
            batches: Vec::new(),
            fates: VecDeque::new(),
            late_files: 0,
            late_outputs: 0,
            queue_tokens: None,
        };
        let world = Arc::new(Mutex::new(world));
        let shared = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&shared);
                std::thread::spawn(move || wire::serve(stream, &|request| reply(&world, &request)));
            }
        });
        Self { address, world }
    }

    /// Its address, with `/v1`.
    pub fn base_url(&self) -> &str {
        &self.address
    }

    /// Answers requests in its own way, where it gives a reply. It is told how many of the same method and kind of path
    /// came before.
    pub fn rule(&self, rule: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) {
        self.world().rule = Arc::new(rule);
    }

    /// What the model says to a body.
    pub fn answer(&self, answer: impl Fn(&Value) -> Said + Send + Sync + 'static) {
        self.world().answer = Arc::new(answer);
    }

    /// How the next batches end, in order; all others are completed at the first look.
    pub fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.world().fates = fates.into_iter().collect();
    }

    /// For how many requests an uploaded file, and a file of answers, is not there yet.
    pub fn late(&self, uploaded: usize, outputs: usize) {
        let mut world = self.world();
        (world.late_files, world.late_outputs) = (uploaded, outputs);
    }

    /// Tokens of prompts that unfinished batches may hold together.
    pub fn queue(&self, tokens: usize) {
        self.world().queue_tokens = Some(tokens);
    }

    /// Does what a request asks for, without a reply: for rules that lose one.
    pub fn quietly(&self, request: &Request) {
        self.world().plain(request);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.world().log.clone()
    }

    /// The bodies of every request to a path that ends so.
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let log = self.requests();
        let bodies = log.into_iter().filter(|request| request.path.ends_with(path));
        bodies.map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect()
    }

    /// How often each body was answered, online or in a batch.
    pub fn answered(&self) -> BTreeMap<String, usize> {
        self.world().answered.clone()
    }

    /// The files that were uploaded, in order.
    pub fn uploads(&self) -> Vec<String> {
        let world = self.world();
        let files = world.files.iter().filter(|(name, _)| name.starts_with("file-in"));
        files.map(|(_, file)| String::from_utf8_lossy(&file.bytes).into_owned()).collect()
    }

    /// How many batches were made.
    pub fn batches(&self) -> usize {
        self.world().batches.len()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reply(world: &Mutex<World>, request: &Request) -> Reply {
    let (rule, before) = {
        let mut world = lock(world);
        let kind = (request.method.clone(), request.kind());
        let before = world.log.iter().filter(|r| (r.method.clone(), r.kind()) == kind).count();
        world.log.push(request.clone());
        (Arc::clone(&world.rule), before)
    };
    // A rule may take its time, or end another process.
    rule(request, before).unwrap_or_else(|| lock(world).plain(request))
}

impl World {
    fn plain(&mut self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (request.method.as_str(), &parts[..]) {
            ("POST", ["chat", "completions"]) => self.complete(&request.body),
            ("POST", ["files"]) => self.upload(request),
            ("GET", ["files", id, "content"]) => self.content(id),
            ("POST", ["batches"]) => self.make(&request.body),
            ("GET", ["batches"]) => self.list(&request.path),
            ("GET", ["batches", id]) => self.look(id),
            ("POST", ["batches", id, "cancel"]) => self.cancel(id),
            _ => Reply::error(404, "not_found", &format!("no {} {path} here", request.method)),
        }
    }

    fn complete(&mut self, body: &[u8]) -> Reply {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Reply::json(200, &self.completion(&value, &String::from_utf8_lossy(body))),
            Err(_) => Reply::error(400, "invalid_json", "the body is no JSON"),
        }
    }

    /// The answer to a body, which is counted.
    fn completion(&mut self, body: &Value, bytes: &str) -> Value {
        *self.answered.entry(bytes.to_owned()).or_default() += 1;
        let said = (self.answer)(body);
        let text = said.text.clone().unwrap_or_default();
        let mut message = json!({"role": "assistant", "content": said.text, "refusal": said.refusal});
        if let Some(calls) = said.tool_calls {
            message["tool_calls"] = calls;
        }
        let finish = if said.finish.is_empty() { "stop" } else { said.finish };
        let mut answer = json!({
            "id": format!("chatcmpl-{}", self.answered.len()),
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        });
        if !said.without_usage {
            let (prompt, completion) = (prompt_tokens(body), text.chars().count());
            answer["usage"] = json!({"prompt_tokens": prompt, "completion_tokens": completion,
                "total_tokens": prompt + completion});
        }
        answer
    }
}

/// A token a character, four a message and four before the answer.
pub fn prompt_tokens(body: &Value) -> usize {
    let messages = body["messages"].as_array().into_iter().flatten();
    let each = messages.map(|message| message["content"].as_str().unwrap_or_default().chars().count() + 4);
    let schema = &body["response_format"]["json_schema"]["schema"];
    let schema = if schema.is_null() { 0 } else { schema.to_string().chars().count() };
    each.sum::<usize>() + 4 + schema
}
