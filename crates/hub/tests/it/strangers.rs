//! Other hosts, other people's repositories, and servers that mean harm.

use hub::{HubError, Settings, Token};

use crate::server::{COMMIT, Reply, Server, fetch, file, listing, sha256};

const SECRET: &str = "hf_verySecret";

fn with_token(settings: Settings) -> Settings {
    Settings { token: Some(Token::new(SECRET)), ..settings }
}

#[test]
fn the_token_stays_with_the_endpoint() {
    let cache = tempfile::tempdir().unwrap();
    let weights = b"weights".to_vec();
    let etag = sha256(&weights);
    let store = Server::start(&[], move |request, _| Some(file(request, "x.safetensors", &weights)));
    let target = format!("{}/signed?Signature=abc", store.address);
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", b"weights")], {
        move |request, _| {
            let elsewhere = || {
                let reply = Reply::status(302).with("Location", &target);
                reply.with("X-Linked-Etag", &format!("\"{etag}\"")).with("X-Linked-Size", "7")
            };
            request.path.ends_with("model.safetensors").then(elsewhere)
        }
    });
    let folder = fetch(with_token(server.settings(cache.path())), "o/n").unwrap();
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), b"weights");
    let bearer = format!("Bearer {SECRET}");
    assert!(server.requests().iter().all(|r| r.headers.get("authorization") == Some(&bearer)));
    assert_eq!(store.requests().len(), 1);
    assert!(store.requests().iter().all(|r| !r.headers.contains_key("authorization")));
}

#[test]
fn a_redirect_at_home_is_followed_with_the_token() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", b"w")], |request, _| {
        let moved = request.path.strip_prefix("/api/models/old/name")?;
        Some(Reply::status(307).with("Location", &format!("/api/models/o/n{moved}")))
    });
    let error = fetch(with_token(server.settings(cache.path())), "old/name").unwrap_err();
    // The list came through the redirect; this little server does not redirect files.
    assert!(matches!(error, HubError::NotFound { .. }), "{error}");
    assert!(server.requests().iter().all(|r| r.headers.contains_key("authorization")));
    assert!(server.requests().iter().any(|r| r.path.starts_with("/api/models/o/n/revision/main")));
}

#[test]
fn redirects_in_a_circle_end() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[], |r, _| Some(Reply::status(302).with("Location", &r.path)));
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::Answer { why: "too many redirects", .. }), "{error}");
}

#[test]
fn what_the_server_does_not_show() {
    let cache = tempfile::tempdir().unwrap();
    for (status, token, expected) in [
        (401, false, "`o/n@v9` is not shown to people without a token"),
        (403, true, "`o/n@v9` is not shown to the owner of the token in HF_TOKEN"),
        (
            404,
            true,
            "the server knows no repository or revision `o/n@v9`, or shows it only to those who may see it",
        ),
    ] {
        let server = Server::start(&[], move |_, _| Some(Reply::status(status)));
        let settings = server.settings(cache.path());
        let settings = if token { with_token(settings) } else { settings };
        let error = fetch(settings, "o/n@v9").unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(server.requests().len(), 1, "it is not asked again");
    }
}

#[test]
fn a_token_is_never_shown() {
    let settings = with_token(Settings::new("/nowhere"));
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    for name in ["../../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::start(&[], move |_, _| {
            let body = listing(std::iter::once(name), &std::collections::BTreeMap::new());
            Some(Reply { body, ..Reply::status(200) })
        });
        let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
        assert!(matches!(error, HubError::FileName { .. }), "{name}: {error}");
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_etag_that_is_no_name_and_a_list_that_is_none() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"{}"), ("model.safetensors", b"w")], |request, _| {
        let bad = || Reply::status(200).with("ETag", "\"../../../evil\"");
        (request.method == "HEAD").then(bad)
    });
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
    assert!(matches!(error, HubError::Answer { .. }), "{error}");
    for body in ["", "[]", "{\"sha\": \"../..\", \"siblings\": []}", "<html>"] {
        let server = Server::start(&[], move |_, _| Some(Reply { body: body.into(), ..Reply::status(200) }));
        let error = fetch(server.settings(cache.path()), "o/n").unwrap_err();
        assert!(matches!(error, HubError::Answer { .. }), "{body}: {error}");
    }
}

#[test]
fn a_repository_without_the_needed_files_says_what_it_has() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[("config.json", b"{}"), ("pytorch_model.bin", b"w")], |_, _| None);
    let error = fetch(server.settings(cache.path()), "o/n").unwrap_err().to_string();
    assert_eq!(error, "`o/n` has no model.safetensors; it has config.json, pytorch_model.bin");
}

#[test]
fn offline_says_what_is_missing() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(&[], |_, _| None);
    let settings = Settings { offline: true, ..server.settings(cache.path()) };
    let error = fetch(settings, "o/n").unwrap_err().to_string();
    let expected = format!(
        "`o/n` is not in the Hugging Face cache ({}), or not whole: missing are config.json, \
         model.safetensors",
        cache.path().display()
    );
    assert_eq!(error, expected);
    assert!(server.requests().is_empty());
    let root = cache.path().join("models--o--n/snapshots").join(COMMIT);
    std::fs::create_dir_all(&root).unwrap();
    for name in ["config.json", "model.safetensors"] {
        std::fs::File::create(root.join(name)).unwrap();
    }
    let settings = Settings { offline: true, ..server.settings(cache.path()) };
    assert_eq!(fetch(settings, &format!("o/n@{COMMIT}")).unwrap(), root);
}
