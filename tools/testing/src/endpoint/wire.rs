//! Requests and replies on the wire: one a connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The path with ids left out: `/v1/batches/:id/cancel`.
    pub fn kind(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let is_id = |part: &str| part.starts_with("file-") || part.starts_with("batch_");
        path.split('/').map(|part| if is_id(part) { ":id" } else { part }).collect::<Vec<_>>().join("/")
    }

    /// The file in a form, and its purpose.
    pub fn form(&self) -> Option<(Vec<u8>, String)> {
        let boundary = self.headers.get("content-type")?.split_once("boundary=")?.1;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let between = format!("--{boundary}");
        let (mut file, mut purpose) = (None, String::new());
        for part in split(&self.body, between.as_bytes()) {
            let Some(at) = part.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let (head, content) = (text(&part[..at]), &part[at + 4..]);
            let content = content.strip_suffix(b"\r\n").unwrap_or(content);
            if head.contains("name=\"file\"") {
                file = Some(content.to_vec());
            } else if head.contains("name=\"purpose\"") {
                purpose = text(content);
            }
        }
        Some((file?, purpose))
    }
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let mut at = 0;
    while at + by.len() <= bytes.len() {
        if &bytes[at..at + by.len()] == by {
            parts.push(&bytes[from..at]);
            at += by.len();
            from = at;
        } else {
            at += 1;
        }
    }
    parts.push(&bytes[from..]);
    parts
}

/// How a request is answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The HTTP status; 0 ends the connection without a word.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The connection ends after so many bytes of the body, though more are announced.
    pub cut: Option<usize>,
    /// How long it takes before the first byte.
    pub delay: Duration,
}

impl Reply {
    /// JSON with a status.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), ..Self::default() }
    }

    /// A text with a status.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, body: body.as_bytes().to_vec(), ..Self::default() }
    }

    /// An error in OpenAI's form.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(
            status,
            &json!({"error": {"message": message, "type": "invalid_request_error", "code": code}}),
        )
    }

    /// The connection ends without a word.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The same with a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, which ends after so many bytes of the body.
    pub fn cut(self, after: usize) -> Self {
        Self { cut: Some(after), ..self }
    }

    /// The same after some time.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

pub(super) fn serve(mut stream: TcpStream, reply: &dyn Fn(Request) -> Reply) {
    let Some(request) = read(&stream) else { return };
    let reply = reply(request);
    std::thread::sleep(reply.delay);
    let written = write(&mut stream, &reply);
    let _ = written.and_then(|()| stream.shutdown(Shutdown::Write));
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}

fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    if reply.status == 0 {
        return Ok(());
    }
    let mut head = format!(
        "HTTP/1.1 {} X\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(&reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())])?;
    stream.flush()
}
