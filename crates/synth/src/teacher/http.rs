//! Requests over HTTP: one at a time, without retries. Redirects are not followed, so that the key stays.

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::{Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy, RequestBuilder, SendBody, Timeout};

use super::error::io;
use super::retry::Headers;
use super::settings::without_keys;
use super::{Settings, TeacherError};

/// Most bytes of an answer that is not a file.
const MOST_BYTES: u64 = 64 << 20;

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// Why nothing came back, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    #[error("{cause}")]
    NotReached { cause: String },
    #[error("no answer within {} s", time.as_secs_f64())]
    Timeout { time: Duration },
    #[error("the connection broke: {cause}")]
    Broken { cause: String },
    #[error("an answer that is {why}")]
    Unread { why: String },
}

impl Lost {
    /// What is known once it is known whether the body was begun: a connection comes before it, names and TLS included.
    fn after(self, is_begun: bool) -> Self {
        match self {
            Self::Broken { cause } if !is_begun => Self::NotReached { cause },
            Self::Timeout { time } if !is_begun => {
                Self::NotReached { cause: format!("no connection within {} s", time.as_secs_f64()) }
            }
            Self::NotReached { cause } if is_begun => Self::Broken { cause },
            other => other,
        }
    }
}

/// A body that tells whether any of it was asked for, which is when the connection is there.
struct Sending<'a, R> {
    bytes: R,
    is_begun: &'a mut bool,
}

impl<R: Read> Read for Sending<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        *self.is_begun = true;
        self.bytes.read(buffer)
    }
}

#[derive(Debug)]
pub(super) struct Http {
    agent: Agent,
    pub settings: Settings,
}

impl Http {
    pub fn new(settings: Settings) -> Result<Self, TeacherError> {
        let base_url = settings.base_url.trim().trim_end_matches('/').to_owned();
        let settings = Settings { base_url, ..settings };
        let wrong = |setting, allowed| TeacherError::Setting { setting, allowed };
        if !is_address(&settings.base_url) {
            let allowed = "a web address without user name or query, such as https://api.openai.com/v1";
            return Err(wrong("the endpoint's address", allowed));
        }
        if settings.concurrency == 0 || settings.attempts == 0 {
            return Err(wrong("the endpoint's concurrency or number of attempts", "at least 1"));
        }
        let is_sendable = |key: &super::ApiKey| key.bearer().bytes().all(|b| (b' '..=b'~').contains(&b));
        if !settings.key.as_ref().is_none_or(is_sendable) {
            return Err(wrong("the endpoint's key", "letters, digits and signs of ASCII on one line"));
        }
        let proxy = settings.proxy.as_deref().map(Proxy::new).transpose();
        let proxy = proxy.map_err(|_| wrong("the proxy", "an address such as http://proxy:3128"))?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots(&settings)?).build())
            .user_agent(concat!("moru/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .max_idle_connections_per_host(settings.concurrency)
            .timeout_connect(Some(settings.connect_timeout));
        Ok(Self { agent: config.build().into(), settings })
    }

    /// The address of a path, as it may be shown.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base_url)
    }

    /// Sends JSON. [`Lost::NotReached`] where nothing of it was written out, so that nobody can have been paid for it.
    pub fn post(&self, path: &str, json: &str) -> Result<Heard, Lost> {
        let time = self.settings.answer_timeout;
        let request = self
            .keyed(self.agent.post(self.url(path)))
            .header("Content-Type", "application/json")
            .header("Content-Length", json.len().to_string());
        let request = request.config().timeout_global(Some(time)).build();
        let mut is_begun = false;
        let mut body = Sending { bytes: json.as_bytes(), is_begun: &mut is_begun };
        let answer = heard(request.send(SendBody::from_reader(&mut body)), time);
        answer.map_err(|lost| lost.after(is_begun))
    }

    pub fn get(&self, path: &str) -> Result<Heard, Lost> {
        let time = self.settings.answer_timeout;
        let request = self.keyed(self.agent.get(self.url(path)));
        heard(request.config().timeout_global(Some(time)).build().call(), time)
    }

    /// Sends a file as a form with its purpose.
    pub fn upload(
        &self,
        path: &str,
        file: &Path,
        purpose: &str,
    ) -> Result<Result<Heard, Lost>, TeacherError> {
        // A boundary that no line of JSON holds, because none begins with a dash.
        const BOUNDARY: &str = "----moru-form-5d1f0e6c9b7a4c2e";
        let time = self.settings.file_timeout;
        let opened = std::fs::File::open(file).map_err(io("read", file))?;
        let size = opened.metadata().map_err(io("read", file))?.len();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n--{BOUNDARY}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/jsonl\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = head.len() as u64 + size + tail.len() as u64;
        let form = Cursor::new(head).chain(opened.take(size)).chain(Cursor::new(tail));
        let mut is_begun = false;
        let mut form = Sending { bytes: form, is_begun: &mut is_begun };
        let request = self
            .keyed(self.agent.post(self.url(path)))
            .header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("Content-Length", length.to_string());
        let request = request.config().timeout_global(Some(time)).build();
        let answer = heard(request.send(SendBody::from_reader(&mut form)), time);
        Ok(answer.map_err(|lost| lost.after(is_begun)))
    }

    /// Fetches a file into `to`; what comes with a bad status is in the answer's body.
    pub fn download(&self, path: &str, to: &mut dyn Write) -> std::io::Result<Result<Heard, Lost>> {
        let time = self.settings.file_timeout;
        let request = self.keyed(self.agent.get(self.url(path)));
        let answer = match request.config().timeout_global(Some(time)).build().call() {
            Ok(answer) if answer.status().is_success() => answer,
            other => return Ok(heard(other, time)),
        };
        let headers = headers(&answer);
        let status = answer.status().as_u16();
        let mut reader = answer.into_body().into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Ok(Heard { status, headers, body: Vec::new() })),
                Ok(n) => to.write_all(&buffer[..n])?,
                Err(error) => return Ok(Err(lost(ureq::Error::Io(error), time))),
            }
        }
    }

    /// A text of the endpoint's that may be shown.
    pub fn hidden(&self, text: &str) -> String {
        self.settings.key.as_ref().map_or_else(|| without_keys(text), |key| key.hidden_in(text))
    }

    fn keyed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.settings.key {
            Some(key) => request.header("Authorization", key.bearer()),
            None => request,
        }
    }
}

fn heard(answer: Result<Response<Body>, ureq::Error>, time: Duration) -> Result<Heard, Lost> {
    let mut answer = answer.map_err(|error| lost(error, time))?;
    let body = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
    let body = body.map_err(|error| lost(error, time))?;
    Ok(Heard { status: answer.status().as_u16(), headers: headers(&answer), body })
}

fn lost(error: ureq::Error, time: Duration) -> Lost {
    let cause = error.to_string();
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_) => Lost::NotReached { cause },
        ureq::Error::Timeout(_) => Lost::Timeout { time },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Lost::NotReached { cause: "connection refused".to_owned() }
        }
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Lost::Timeout { time },
        ureq::Error::Io(error) if is_before_a_word(&error) => {
            Lost::NotReached { cause: cause.trim_start_matches("io: ").to_owned() }
        }
        _ => Lost::Broken { cause },
    }
}

/// Whether a fault of the system comes before anything can have been said: a name that is looked up, a way there, TLS.
fn is_before_a_word(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as K;
    // The kind of a failed lookup has no name of its own.
    matches!(error.kind(), K::HostUnreachable | K::NetworkUnreachable | K::AddrNotAvailable | K::InvalidData)
        || error.to_string().starts_with("failed to lookup address")
}

fn headers(answer: &Response<Body>) -> Headers {
    let get = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
    Headers {
        retry_after_ms: get("retry-after-ms"),
        retry_after: get("retry-after"),
        should_retry: get("x-should-retry"),
        date: get("date"),
        location: get("location"),
    }
}

fn is_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let plain = !text.contains(['@', '?', '#', ' ']);
    plain
        && matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
}

fn roots(settings: &Settings) -> Result<RootCerts, TeacherError> {
    let Some(pem) = &settings.certificates else { return Ok(RootCerts::WebPki) };
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let setting = "the file of certificates (SSL_CERT_FILE)";
        return Err(TeacherError::Setting { setting, allowed: "PEM with at least one certificate" });
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::super::ApiKey;
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_refused() {
        let said = |settings| Http::new(settings).unwrap_err().to_string();
        for url in
            ["", "api.openai.com", "ftp://h/v1", "http://", "http://u:secret@h/v1", "http://h/v1?key=secret"]
        {
            let said = said(Settings::new(url));
            assert!(said.contains("web address") && !said.contains("secret"), "{url}: {said}");
        }
        let http = |change: fn(&mut Settings)| {
            let mut settings = Settings::new("http://h/v1/");
            change(&mut settings);
            Http::new(settings)
        };
        assert_eq!(http(|_| {}).unwrap().url("/files"), "http://h/v1/files");
        assert!(http(|s| s.concurrency = 0).is_err());
        assert!(http(|s| s.proxy = Some("::".into())).is_err());
        assert!(http(|s| s.certificates = Some(b"none".to_vec())).is_err());
        let error = http(|s| s.key = Some(ApiKey::new("열쇠"))).unwrap_err().to_string();
        assert!(error.contains("ASCII") && !error.contains("열쇠"), "{error}");
    }
}
