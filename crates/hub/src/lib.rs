//! Model folders from the Hugging Face Hub's shared cache.
//!
//! The principal functions are [`is_repo_id`] and [`cached`], which finds what Hugging Face's own tools
//! have downloaded: `models--OWNER--NAME/snapshots/COMMIT/`, the commit named by `refs/REVISION`.
//! Nothing is downloaded yet; what is absent is told with the command that fetches it.
//!
//! ```
//! assert!(hub::is_repo_id("Qwen/Qwen3-0.6B"));
//! assert!(!hub::is_repo_id("builtin:nano"));
//! let error = hub::cached(std::path::Path::new("/nowhere"), "Qwen/Qwen3-0.6B", None).unwrap_err();
//! assert!(error.to_string().starts_with("`Qwen/Qwen3-0.6B` is not in the Hugging Face cache"));
//! ```
//!
//! Never depends on anything about models or text.

use std::path::{Path, PathBuf};

/// Why a model is not there.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Nothing of it is in the cache.
    #[error(
        "`{repo}` is not in the Hugging Face cache ({}); fetch it with `hf download {repo}`, or copy config.json, \
         model.safetensors and tokenizer.json into a folder and name that",
        cache.display()
    )]
    Absent {
        /// The repository.
        repo: String,
        /// The cache that was searched.
        cache: PathBuf,
    },
    /// The repository is there, the revision is not.
    #[error(
        "`{repo}` is in the Hugging Face cache, but not its revision `{revision}`; fetch it with `hf download {repo} --revision {revision}`"
    )]
    Revision {
        /// The repository.
        repo: String,
        /// The revision.
        revision: String,
    },
}

/// Whether a text has the form `owner/name` of a repository on the Hub.
pub fn is_repo_id(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    matches!(text.split('/').collect::<Vec<_>>()[..], [owner, name] if is_part(owner) && is_part(name))
}

/// The folder of a repository in a cache; `main` where no revision (branch, tag or commit) is named.
///
/// # Errors
/// The repository or the revision is not there.
pub fn cached(cache: &Path, repo: &str, revision: Option<&str>) -> Result<PathBuf, HubError> {
    let root = cache.join(format!("models--{}", repo.replace('/', "--")));
    if !root.join("snapshots").is_dir() {
        return Err(HubError::Absent { repo: repo.to_owned(), cache: cache.to_owned() });
    }
    let revision = revision.unwrap_or("main");
    let named = std::fs::read_to_string(root.join("refs").join(revision));
    let commit = named.map_or_else(|_| revision.to_owned(), |commit| commit.trim().to_owned());
    let folder = root.join("snapshots").join(commit);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(HubError::Revision { repo: repo.to_owned(), revision: revision.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_ids() {
        for (text, expected) in [
            ("Qwen/Qwen3-0.6B", true),
            ("skt/kogpt2-base-v2", true),
            ("gpt2", false),
            ("../weights", false),
            ("a/b/c", false),
            ("owner/", false),
            ("모델/이름", false),
        ] {
            assert_eq!(is_repo_id(text), expected, "{text}");
        }
    }

    #[test]
    fn the_snapshot_that_a_reference_names() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("models--o--n");
        std::fs::create_dir_all(root.join("snapshots/abc")).unwrap();
        std::fs::create_dir_all(root.join("refs")).unwrap();
        let write = |path: PathBuf, text: &str| {
            std::io::Write::write_all(&mut std::fs::File::create(path).unwrap(), text.as_bytes()).unwrap();
        };
        write(root.join("refs/main"), "abc\n");
        assert_eq!(cached(dir.path(), "o/n", None).unwrap(), root.join("snapshots/abc"));
        assert_eq!(cached(dir.path(), "o/n", Some("abc")).unwrap(), root.join("snapshots/abc"));
        let message = |repo, revision| cached(dir.path(), repo, revision).unwrap_err().to_string();
        assert!(message("o/n", Some("v2")).contains("hf download o/n --revision v2"));
        assert!(message("o/m", None).contains("hf download o/m"));
    }
}
