//! Connections that break, servers that are busy, bytes that are wrong, disks that fill.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hub::{Event, HubError};

use crate::server::{Reply, Request, Server, content, fetch, fetch_with, file, sha256};

const WEIGHTS: &str = "model.safetensors";

fn is_get(request: &Request, file: &str) -> bool {
    request.method == "GET" && request.path.ends_with(file)
}

/// A server whose weights are sent by `rule`.
fn weights_server(
    weights: &[u8],
    rule: impl Fn(&Request, usize, &[u8]) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    let own = weights.to_vec();
    Server::start(&[("config.json", b"{}"), (WEIGHTS, weights)], move |request, before| {
        if is_get(request, WEIGHTS) { rule(request, before, &own) } else { None }
    })
}

#[test]
fn a_connection_that_breaks_is_resumed_where_it_broke() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(500_000);
    let server = weights_server(&weights, |request, _, weights| {
        Some(Reply { cut: Some(120_000), ..file(request, WEIGHTS, weights) })
    });
    let mut waits = 0;
    let folder = fetch_with(server.settings(cache.path()), "o/n", &mut |event| {
        waits += usize::from(matches!(event, Event::Waiting { .. }));
    })
    .unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap(), weights);
    let starts: Vec<_> = server.requests().iter().filter(|r| is_get(r, WEIGHTS)).map(Request::from).collect();
    assert_eq!(starts, [0, 120_000, 240_000, 360_000, 480_000]);
    assert_eq!(waits, 4, "more breaks than attempts, but each brought something");
}

#[test]
fn what_an_earlier_process_left_is_continued() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(300_000);
    let blobs = cache.path().join("models--o--n/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let left = blobs.join(format!("{}.incomplete", sha256(&weights)));
    fs::File::create(left).unwrap().write_all(&weights[..100_000]).unwrap();
    let server = weights_server(&weights, |_, _, _| None);
    let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap(), weights);
    let starts: Vec<_> = server.requests().iter().filter(|r| is_get(r, WEIGHTS)).map(Request::from).collect();
    assert_eq!(starts, [100_000]);
}

#[test]
fn a_damaged_beginning_is_thrown_away_and_fetched_anew() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(300_000);
    let blobs = cache.path().join("models--o--n/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let left = blobs.join(format!("{}.incomplete", sha256(&weights)));
    fs::File::create(left).unwrap().write_all(&vec![7; 100_000]).unwrap();
    let server = weights_server(&weights, |_, _, _| None);
    let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap(), weights);
    assert_eq!(server.gets(WEIGHTS), 2);
}

#[test]
fn a_server_that_knows_no_parts_is_read_from_the_beginning() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(300_000);
    let server = weights_server(&weights, |_, before, weights| {
        let whole = file(&Request::default(), WEIGHTS, weights);
        Some(Reply { cut: (before == 0).then_some(100_000), ..whole })
    });
    let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap(), weights);
    assert_eq!(server.gets(WEIGHTS), 2);
}

#[test]
fn wrong_bytes_get_no_name() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(5000);
    let server = weights_server(&weights, |request, _, weights| {
        let mut reply = file(request, WEIGHTS, weights);
        reply.body[17] ^= 1;
        Some(reply)
    });
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(
        matches!(&error, HubError::Digest { file, expected, .. } if file == WEIGHTS && *expected == sha256(&weights))
    );
    let root = cache.path().join("models--o--n");
    let blobs: Vec<_> = fs::read_dir(root.join("blobs")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(blobs, ["etag-of-2"], "neither the blob nor a part of it");
    assert_eq!(server.gets(WEIGHTS), 1);
}

#[test]
fn small_files_are_compared_with_git_s_digest() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"hello\n"), (WEIGHTS, b"w")], |request, _| {
        let reply = Reply { body: b"hullo\n".to_vec(), ..Reply::status(200) };
        let reply = reply.with("ETag", "\"ce013625030ba8dba906f756967f9e9ca394464a\"");
        request.path.ends_with("config.json").then_some(reply)
    });
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::Digest { file, .. } if file == "config.json"));
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(5000);
    let server = weights_server(&weights, |request, _, weights| {
        let mut reply = file(request, WEIGHTS, weights);
        reply.body.extend([0; 10]);
        Some(reply)
    });
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::Size { expected: 5000, .. }), "{error}");
}

#[test]
fn a_busy_server_is_asked_again_after_the_time_it_names() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"{}"), (WEIGHTS, b"w")], |request, before| {
        let is_first = request.path.starts_with("/api/") && before == 0;
        is_first.then(|| Reply::status(429).with("Retry-After", "1"))
    });
    let waits = Arc::new(Mutex::new(Vec::new()));
    fetch_with(server.settings(cache.path()), "o/n", &mut |event| {
        if let Event::Waiting { wait, .. } = event {
            waits.lock().unwrap().push(wait.as_secs());
        }
    })
    .unwrap();
    assert_eq!(*waits.lock().unwrap(), [1]);
}

#[test]
fn a_server_that_wants_too_long_a_wait_or_never_answers_is_left() {
    let cache = tempfile::tempdir().unwrap();
    let at = |reply: fn() -> Reply| Server::start(&[], move |_, _| Some(reply()));
    let server = at(|| Reply::status(503).with("Retry-After", "3600"));
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::TooBusy { seconds: 3600, .. }), "{error}");
    let server = at(|| Reply::status(502));
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::Status { status: 502, .. }), "{error}");
    assert_eq!(server.requests().len(), 3, "as many attempts as the settings allow");
}

#[test]
fn nobody_at_the_address() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[], |_, _| None);
    let settings = hub::Settings { endpoint: "http://127.0.0.1:1".into(), ..server.settings(cache.path()) };
    let error = fetch(settings, "o/n").unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
}

/// `/dev/full` takes nothing: it stands for a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_is_told_with_its_path() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(5000);
    let blobs = cache.path().join("models--o--n/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let left = blobs.join(format!("{}.incomplete", sha256(&weights)));
    std::os::unix::fs::symlink("/dev/full", left).unwrap();
    let server = weights_server(&weights, |_, _, _| None);
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    let HubError::Io { path, source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    assert!(path.starts_with(cache.path()));
    assert!(!cache.path().join("models--o--n/blobs").join(sha256(&weights)).exists());
}

#[test]
fn a_head_that_fails_once_is_asked_again() {
    let cache = tempfile::tempdir().unwrap();
    let failed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&failed);
    let server = Server::start(&[("config.json", b"{}"), (WEIGHTS, b"w")], move |request, before| {
        let fails = request.method == "HEAD" && before == 0;
        counter.fetch_add(usize::from(fails), Ordering::Relaxed);
        fails.then(|| Reply::status(500))
    });
    fetch(server.settings(cache.path()), "o/n").unwrap();
    assert_eq!(failed.load(Ordering::Relaxed), 2);
}
