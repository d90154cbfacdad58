//! A small Hub: files in memory, and a rule that decides how each request is answered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::{Event, Hub, HubError, RepoId, Settings, Wanted};
use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A request as the server saw it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

impl Request {
    /// The byte from which a part is wanted.
    pub fn from(&self) -> usize {
        let range = self.headers.get("range").and_then(|r| r.strip_prefix("bytes="));
        range.and_then(|r| r.strip_suffix('-')).and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

/// How a request is answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection breaks after so many bytes of the body.
    pub cut: Option<usize>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Rule = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

/// A server on this machine; it ends with the test's process.
pub struct Server {
    pub address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Serves `files` of the repository `o/n`. `rule` may answer a request in its own way; it is told how many like it
    /// came before.
    pub fn start(
        files: &[(&str, &[u8])],
        rule: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files: Arc<BTreeMap<String, Vec<u8>>> =
            Arc::new(files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, rule): (_, Arc<Rule>) = (Arc::clone(&seen), Arc::new(rule));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, rule, log) = (Arc::clone(&files), Arc::clone(&rule), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &files, &*rule, &log));
            }
        });
        Self { address, seen }
    }

    /// The requests so far: method, path, and the byte a part began with.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests fetched content.
    pub fn gets(&self, file: &str) -> usize {
        self.requests().iter().filter(|r| r.method == "GET" && r.path.ends_with(file)).count()
    }

    pub fn settings(&self, cache: &Path) -> Settings {
        Settings {
            endpoint: self.address.clone(),
            attempts: 3,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_secs(2),
            timeout: Duration::from_secs(10),
            ..Settings::new(cache)
        }
    }
}

fn serve(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>, rule: &Rule, log: &Mutex<Vec<Request>>) {
    let Some(request) = read_request(&stream) else { return };
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|r| r.method == request.method && r.path == request.path).count();
        log.push(request.clone());
        before
    };
    let reply = rule(&request, before).unwrap_or_else(|| plain(&request, files));
    write_reply(&mut stream, &request, &reply);
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let pairs = lines.take_while(|line| !line.is_empty());
    let headers = pairs
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    Some(Request { method, path, headers })
}

fn write_reply(stream: &mut TcpStream, request: &Request, reply: &Reply) {
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", reply.status);
    if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        head += &format!("Content-Length: {}\r\n", reply.body.len());
    }
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = if request.method == "HEAD" { &[][..] } else { &reply.body[..] };
    let body = &body[..reply.cut.unwrap_or(body.len()).min(body.len())];
    let written = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\r\n"));
    let _ = written.and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    let _ = stream.shutdown(std::net::Shutdown::Write);
}

/// What the Hub answers where nothing goes wrong. Names ending in `.safetensors` are large files.
pub fn plain(request: &Request, files: &BTreeMap<String, Vec<u8>>) -> Reply {
    if request.path.starts_with("/api/models/o/n/revision/") {
        return Reply { body: listing(files.keys().map(String::as_str), files), ..Reply::status(200) };
    }
    let name = request.path.split_once(&format!("/o/n/resolve/{COMMIT}/")).map(|(_, name)| name);
    match name.and_then(|name| Some((name, files.get(name)?))) {
        Some((name, content)) => file(request, name, content),
        None => Reply::status(404),
    }
}

/// The list of files.
pub fn listing<'a>(names: impl Iterator<Item = &'a str>, files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let siblings: Vec<_> = names
        .map(|name| serde_json::json!({ "rfilename": name, "size": files.get(name).map(Vec::len) }))
        .collect();
    serde_json::json!({ "sha": COMMIT, "siblings": siblings }).to_string().into_bytes()
}

/// A file, or the part of it that was asked for.
pub fn file(request: &Request, name: &str, content: &[u8]) -> Reply {
    let from = request.from();
    let etag =
        if name.ends_with(".safetensors") { sha256(content) } else { format!("etag-of-{}", content.len()) };
    let reply = Reply { body: content[from.min(content.len())..].to_vec(), ..Reply::default() };
    let reply = Reply { status: if from > 0 { 206 } else { 200 }, ..reply };
    let reply = reply.with("ETag", &format!("\"{etag}\"")).with("X-Repo-Commit", COMMIT);
    if from == 0 {
        return reply;
    }
    reply.with("Content-Range", &format!("bytes {from}-{}/{}", content.len() - 1, content.len()))
}

pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Bytes that repeat nowhere soon.
pub fn content(len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 29) as u8).collect()
}

/// All files are wanted, and a folder is whole with `config.json` and `model.safetensors`.
pub fn fetch(settings: Settings, repo: &str) -> Result<std::path::PathBuf, HubError> {
    fetch_with(settings, repo, &mut |_| {})
}

pub fn fetch_with(
    settings: Settings,
    repo: &str,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<std::path::PathBuf, HubError> {
    let missing = |folder: &Path| {
        let needed = ["config.json", "model.safetensors"].into_iter();
        needed.filter(|name| !folder.join(name).exists()).map(ToOwned::to_owned).collect()
    };
    let wanted = Wanted { choose: &|names| names.to_vec(), missing: &missing };
    Hub::new(settings)?.snapshot(&RepoId::parse(repo).unwrap(), &wanted, on_event)
}
