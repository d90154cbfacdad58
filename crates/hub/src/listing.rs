//! What a repository holds at a revision.

use serde_json::Value;

use crate::http::{Client, Method};
use crate::{Event, HubError, RepoId};

/// The greatest list of files that is read.
const GREATEST_LIST: u64 = 64 << 20;

/// A repository at a commit.
#[derive(Debug)]
pub(crate) struct Listing {
    /// 40 hexadecimal digits.
    pub commit: String,
    /// Its files.
    pub files: Vec<RemoteFile>,
}

/// A file on the server.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    /// Its path in the repository.
    pub name: String,
    /// Bytes, where the server says.
    pub size: Option<u64>,
}

/// Asks the server for the commit and the files of a revision.
pub(crate) fn fetch(
    client: &Client,
    repo: &RepoId,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Listing, HubError> {
    let revision = repo.revision().replace('/', "%2F");
    let url = format!("{}/api/models/{}/revision/{revision}?blobs=true", client.settings.endpoint, repo.name);
    let unusable = |why| HubError::Answer { url: url.clone(), why };
    let mut answer = client.patient(&repo.to_string(), &url, Method::Get { from: 0 }, on_event)?;
    let text = answer.body_mut().with_config().limit(GREATEST_LIST).read_to_string();
    let text = text.map_err(|error| HubError::Unreachable { url: url.clone(), cause: error.to_string() })?;
    let value: Value = serde_json::from_str(&text).map_err(|_| unusable("it is not JSON"))?;
    let commit = value["sha"].as_str().filter(|sha| is_commit(sha)).ok_or_else(|| unusable("no commit"))?;
    let siblings = value["siblings"].as_array().ok_or_else(|| unusable("no list of files"))?;
    let mut files = Vec::with_capacity(siblings.len());
    for sibling in siblings {
        let name = sibling["rfilename"].as_str().ok_or_else(|| unusable("a file without a name"))?;
        if !is_inside(name) {
            return Err(HubError::FileName { repo: repo.to_string(), file: name.to_owned() });
        }
        files.push(RemoteFile { name: name.to_owned(), size: sibling["size"].as_u64() });
    }
    Ok(Listing { commit: commit.to_owned(), files })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a path leads neither out of its folder nor into a place that a system gives a meaning to.
fn is_inside(name: &str) -> bool {
    !name.contains(['\\', '\0', ':']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (name, expected) in [
            ("config.json", true),
            ("onnx/model.onnx", true),
            ("../x", false),
            ("/etc/passwd", false),
            ("a//b", false),
            ("C:x", false),
            ("a\\..\\b", false),
        ] {
            assert_eq!(is_inside(name), expected, "{name}");
        }
    }
}
