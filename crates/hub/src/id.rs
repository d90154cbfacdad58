//! What a person types to name a repository.

use std::fmt;

/// A repository, and the branch, tag or commit of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepoId {
    /// `owner/name`.
    pub name: String,
    /// Branch, tag or commit; `main` where none is named.
    pub revision: Option<String>,
}

impl RepoId {
    /// Reads `owner/name` or `owner/name@revision`; None where the text has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, revision) = match text.split_once('@') {
            None => (text, None),
            Some((name, revision)) => (name, Some(revision)),
        };
        let parts = name.split('/').collect::<Vec<_>>();
        let is_name = matches!(parts[..], [owner, name] if is_part(owner) && is_part(name));
        let is_revision = revision.is_none_or(|r| r.split('/').all(is_part));
        (is_name && is_revision)
            .then(|| Self { name: name.to_owned(), revision: revision.map(ToOwned::to_owned) })
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// The name of its folder in a cache.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}", self.name.replace('/', "--"))
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
    }
}

/// Whether a text names a repository on the Hub: `owner/name`, with or without `@revision`.
pub fn is_repo_id(text: &str) -> bool {
    RepoId::parse(text).is_some()
}

fn is_part(part: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_ids() {
        for (text, expected) in [
            ("Qwen/Qwen3-0.6B", true),
            ("skt/kogpt2-base-v2", true),
            ("owner/name@v1.0", true),
            ("owner/name@refs/pr/1", true),
            ("gpt2", false),
            ("../weights", false),
            ("a/b/c", false),
            ("owner/", false),
            ("owner/name@", false),
            ("owner/name@../..", false),
            ("모델/이름", false),
        ] {
            assert_eq!(is_repo_id(text), expected, "{text}");
        }
    }

    #[test]
    fn a_revision_stands_behind_the_name() {
        let id = RepoId::parse("o/n@v2").unwrap();
        assert_eq!((id.name.as_str(), id.revision(), id.to_string().as_str()), ("o/n", "v2", "o/n@v2"));
        assert_eq!(RepoId::parse("o/n").unwrap().revision(), "main");
    }
}
