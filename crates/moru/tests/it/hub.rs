//! A base of the Hub: fetched by the first run, taken from the cache by the next.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Scratch;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FILES: [(&str, &str); 4] =
    [("config.json", "{}"), ("model.safetensors", "weights"), ("tokenizer.json", "{}"), ("README.md", "#")];

/// A server with one small repository, `o/n`; counts what it was asked.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { continue };
            counter.fetch_add(1, Ordering::Relaxed);
            let (status, etag, body) = answer(path);
            let body =
                if head[0].starts_with("HEAD") { (body.len(), String::new()) } else { (body.len(), body) };
            let text = format!(
                "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\nETag: \"{etag}\"\r\n\r\n{}",
                body.0, body.1
            );
            let _ = stream.write_all(text.as_bytes());
        }
    });
    (address, asked)
}

fn answer(path: &str) -> (u16, String, String) {
    if path.starts_with("/api/models/o/n/revision/main") {
        let names = FILES.map(|(name, text)| serde_json::json!({ "rfilename": name, "size": text.len() }));
        let list = serde_json::json!({ "sha": COMMIT, "siblings": names });
        return (200, "list".into(), list.to_string());
    }
    let prefix = format!("/o/n/resolve/{COMMIT}/");
    let file = FILES.into_iter().find(|(name, _)| path.strip_prefix(&prefix) == Some(*name));
    file.map_or((404, "none".into(), String::new()), |(name, text)| {
        (200, name.replace('.', "-"), text.to_owned())
    })
}

#[test]
fn the_first_run_fetches_and_the_next_takes_the_cache() {
    let (address, asked) = server();
    let scratch = Scratch::project();
    scratch.edit("moru.toml", "builtin:toy", "o/n");
    scratch.write(".env", &format!("HF_HOME=hf\nHF_ENDPOINT={address}\nHF_TOKEN=hf_secretSecret\n"));
    // What tells without doing asks nobody.
    assert_eq!(scratch.output(&["plan"]).status.code(), Some(2));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let output = scratch.output(&["run", "prepare"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    assert!(talk.contains("o/n at 0123456789ab: 3 files, 11 B to come from http://127.0.0.1"), "{talk}");
    assert!(!talk.contains("hf_secretSecret"));
    let folder = scratch.path("hf/hub/models--o--n/snapshots").join(COMMIT);
    assert_eq!(std::fs::read_to_string(folder.join("model.safetensors")).unwrap(), "weights");
    assert!(!folder.join("README.md").exists(), "only what a model consists of is fetched");
    let before = asked.load(Ordering::Relaxed);
    scratch.stdout(&["plan"], 0);
    scratch.stdout(&["run", "prepare"], 0);
    assert_eq!(asked.load(Ordering::Relaxed), before);
}

#[test]
fn a_repository_that_does_not_exist_is_an_error_with_a_next_step() {
    let (address, _) = server();
    let scratch = Scratch::project();
    scratch.edit("moru.toml", "builtin:toy", "o/other");
    scratch.write(".env", &format!("HF_HOME=hf\nHF_ENDPOINT={address}\n"));
    let output = scratch.output(&["run"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(talk.contains("error: the server knows no repository or revision `o/other`"), "{talk}");
    assert!(talk.contains("hint: look at the name"), "{talk}");
    assert!(!scratch.path("out").exists());
}
