//! What lies in the cache afterwards, and what was asked for it.

use std::fs;
use std::path::Path;

use hub::Event;

use crate::server::{COMMIT, Server, content, fetch, fetch_with, sha256};

/// The twin of a cache that Python's `huggingface_hub` writes for the same files.
#[test]
fn the_cache_is_laid_out_as_hugging_face_s_tools_do() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(70_000);
    let server = Server::start(
        &[("config.json", b"{}"), ("model.safetensors", &weights), ("a/b.txt", b"nested")],
        |_, _| None,
    );
    let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
    let root = cache.path().join("models--o--n");
    assert_eq!(folder, root.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights);
    assert_eq!(fs::read(folder.join("a/b.txt")).unwrap(), b"nested");
    assert_eq!(fs::read(root.join("blobs").join(sha256(&weights))).unwrap(), weights);
    #[cfg(unix)]
    {
        let link = fs::read_link(folder.join("model.safetensors")).unwrap();
        assert_eq!(link, Path::new("../../blobs").join(sha256(&weights)));
        let nested = fs::read_link(folder.join("a/b.txt")).unwrap();
        assert_eq!(nested, Path::new("../../../blobs/etag-of-6"));
    }
    let left = fs::read_dir(root.join("blobs")).unwrap().flatten();
    assert!(left.map(|e| e.file_name()).all(|name| !name.to_string_lossy().contains("incomplete")));
}

#[test]
fn what_is_cached_is_not_asked_for_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", b"w")], |_, _| None);
    fetch(server.settings(cache.path()), "o/n").unwrap();
    let asked = server.requests().len();
    fetch(server.settings(cache.path()), "o/n").unwrap();
    fetch(server.settings(cache.path()), &format!("o/n@{COMMIT}")).unwrap();
    assert_eq!(server.requests().len(), asked);
    // A blob that another revision brought is linked, not fetched.
    fetch(server.settings(cache.path()), "o/n@v2").unwrap();
    assert_eq!(server.gets("model.safetensors"), 1);
    assert_eq!(fs::read_to_string(cache.path().join("models--o--n/refs/v2")).unwrap(), COMMIT);
}

#[test]
fn a_file_that_another_tool_brought_is_taken() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(1000);
    let blobs = cache.path().join("models--o--n/blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::copy(written(cache.path(), &weights), blobs.join(sha256(&weights))).unwrap();
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", &weights)], |_, _| None);
    let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights);
    assert_eq!(server.gets("model.safetensors"), 0);
}

fn written(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("source");
    std::io::Write::write_all(&mut fs::File::create(&path).unwrap(), bytes).unwrap();
    path
}

#[test]
fn progress_counts_up_to_what_was_listed() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(3 << 20);
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", &weights)], |_, _| None);
    let (mut listed, mut last, mut fetched) = (None, 0, Vec::new());
    fetch_with(server.settings(cache.path()), "o/n", &mut |event| match event {
        Event::Listed { commit, files, bytes } => listed = Some((commit.to_owned(), files, bytes)),
        Event::Progress { done, .. } => {
            assert!(done >= last, "{done} after {last}");
            last = done;
        }
        Event::Fetched { file } => fetched.push(file.to_owned()),
        Event::Waiting { error, .. } => panic!("{error}"),
    })
    .unwrap();
    let total = weights.len() as u64 + 2;
    assert_eq!(listed, Some((COMMIT.to_owned(), 2, Some(total))));
    assert_eq!(last, total);
    assert_eq!(fetched, ["config.json", "model.safetensors"], "small files first");
}

#[test]
fn two_at_once_fetch_each_file_once() {
    let cache = tempfile::tempdir().unwrap();
    let weights = content(2 << 20);
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", &weights)], |_, _| None);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let folder = fetch(server.settings(cache.path()), "o/n").unwrap();
                assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights);
            });
        }
    });
    assert_eq!(server.gets("model.safetensors"), 1);
}
