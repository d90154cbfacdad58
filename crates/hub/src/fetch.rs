//! One file: from the server into a blob, resumed where a connection broke, compared with what the server says.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use crate::cache::{RepoPlace, io};
use crate::digest::{self, Kind};
use crate::http::{Answer, Client, Method, header};
use crate::{Event, HubError, RepoId};

/// Bytes that are read at a time.
const CHUNK: usize = 256 << 10;

/// What the server says about a file before it sends it.
#[derive(Debug)]
struct Described {
    /// The name of its blob, and often its digest.
    etag: String,
    size: Option<u64>,
}

/// How far a whole fetch is.
#[derive(Debug)]
pub(crate) struct Tally {
    pub done: u64,
    pub total: Option<u64>,
}

/// A file that is being fetched.
pub(crate) struct Fetch<'a> {
    pub client: &'a Client,
    pub place: &'a RepoPlace,
    pub repo: &'a RepoId,
    pub commit: &'a str,
    pub file: &'a str,
}

impl Fetch<'_> {
    /// Brings the file into the cache, if it is not there.
    pub fn run(&self, tally: &mut Tally, on_event: &mut dyn FnMut(Event<'_>)) -> Result<(), HubError> {
        let url = self.url();
        let described = self.describe(&url, on_event)?;
        let etag = &described.etag;
        let blob = self.place.blob(etag);
        let _lock = self.place.lock(etag)?;
        if blob.exists() {
            // Another process, another revision or another tool has it.
            tally.done += blob.metadata().map_or(0, |m| m.len());
        } else {
            self.fetch_blob(&url, &described, tally, on_event)?;
        }
        self.place.link(self.commit, self.file, etag)?;
        on_event(Event::Fetched { file: self.file });
        Ok(())
    }

    fn url(&self) -> String {
        let encoded: Vec<_> = self.file.split('/').map(percent_encoded).collect();
        let endpoint = &self.client.settings.endpoint;
        format!("{endpoint}/{}/resolve/{}/{}", self.repo.name, self.commit, encoded.join("/"))
    }

    fn describe(&self, url: &str, on_event: &mut dyn FnMut(Event<'_>)) -> Result<Described, HubError> {
        let answer = self.client.patient(&self.repo.to_string(), url, Method::Head, on_event)?;
        let unusable = |why| HubError::Answer { url: url.to_owned(), why };
        let is_redirect = answer.status().is_redirection();
        let own = header(&answer, "etag").filter(|_| !is_redirect);
        let etag =
            header(&answer, "x-linked-etag").or(own).ok_or_else(|| unusable("a file without an ETag"))?;
        let etag = etag.trim_start_matches("W/").trim_matches('"');
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if etag.is_empty() || etag.len() > 200 || !etag.chars().all(is_name) {
            return Err(unusable("an ETag that cannot be a file's name"));
        }
        let own = header(&answer, "content-length").filter(|_| !is_redirect);
        let size = header(&answer, "x-linked-size").or(own).and_then(|text| text.trim().parse().ok());
        Ok(Described { etag: etag.to_owned(), size })
    }

    /// Fetches and compares; what an earlier attempt left is compared too, and fetched anew if it was damaged.
    fn fetch_blob(
        &self,
        url: &str,
        described: &Described,
        tally: &mut Tally,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), HubError> {
        let path = self.place.incomplete(&described.etag);
        let before = tally.done;
        loop {
            let resumed = path.metadata().is_ok_and(|m| m.len() > 0);
            self.receive(url, described, &path, tally, on_event)?;
            match self.compare(described, &path) {
                Ok(()) => break,
                Err(error @ (HubError::Size { .. } | HubError::Digest { .. })) => {
                    fs::remove_file(&path).map_err(io("remove", &path))?;
                    tally.done = before;
                    if !resumed {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let blob = self.place.blob(&described.etag);
        fs::rename(&path, &blob).map_err(io("write", &blob))
    }

    fn compare(&self, described: &Described, path: &Path) -> Result<(), HubError> {
        let found = path.metadata().map_err(io("read", path))?.len();
        if let Some(expected) = described.size.filter(|&expected| expected != found) {
            return Err(HubError::Size { file: self.file.to_owned(), found, expected });
        }
        match digest::of_file(path, found, Kind::of(&described.etag))? {
            Some(digest) if digest != described.etag => Err(HubError::Digest {
                file: self.file.to_owned(),
                found: digest,
                expected: described.etag.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Appends to the file until it is whole; a failure counts only while nothing comes.
    fn receive(
        &self,
        url: &str,
        described: &Described,
        path: &Path,
        tally: &mut Tally,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), HubError> {
        let file = File::options().create(true).append(true).open(path);
        let mut file = file.map_err(io("write", path))?;
        let len = |file: &File| file.metadata().map(|m| m.len()).map_err(io("read", path));
        let before = tally.done;
        let mut failed = 0;
        if described.size.is_some_and(|size| len(&file).is_ok_and(|len| len > size)) {
            file.set_len(0).map_err(io("write", path))?;
        }
        loop {
            let from = len(&file)?;
            tally.done = before + from;
            if described.size == Some(from) {
                break;
            }
            match self.receive_part(url, from, described, path, &mut file, tally, before, on_event) {
                Ok(()) => break,
                Err(error) => {
                    if len(&file)? > from {
                        failed = 0;
                    }
                    self.client.wait(error, &mut failed, on_event)?;
                }
            }
        }
        file.sync_all().map_err(io("write", path))
    }

    fn receive_part(
        &self,
        url: &str,
        from: u64,
        described: &Described,
        path: &Path,
        file: &mut File,
        tally: &mut Tally,
        before: u64,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), HubError> {
        let answer = self.client.once(&self.repo.to_string(), url, Method::Get { from })?;
        let start = start_of(&answer, url)?;
        if start != from {
            // The server sends the file from its beginning, whatever it was asked for.
            file.set_len(start).map_err(io("write", path))?;
        }
        let mut done = start;
        let mut body = answer.into_body().into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; CHUNK];
        loop {
            let broken = |cause: String| HubError::Broken { file: self.file.to_owned(), done, cause };
            match body.read(&mut buffer) {
                Ok(0) => match described.size {
                    Some(size) if done < size => return Err(broken("it ended early".to_owned())),
                    _ => return Ok(()),
                },
                Ok(n) => {
                    file.write_all(&buffer[..n]).map_err(io("write", path))?;
                    done += n as u64;
                    if let Some(expected) = described.size.filter(|&size| done > size) {
                        return Err(HubError::Size { file: self.file.to_owned(), found: done, expected });
                    }
                    tally.done = before + done;
                    on_event(Event::Progress { file: self.file, done: tally.done, total: tally.total });
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error.to_string())),
            }
        }
    }
}

/// The byte with which an answer begins.
fn start_of(answer: &Answer, url: &str) -> Result<u64, HubError> {
    if answer.status().as_u16() != 206 {
        return Ok(0);
    }
    let range = header(answer, "content-range").and_then(|text| text.trim().strip_prefix("bytes "));
    let start = range.and_then(|text| text.split('-').next()).and_then(|text| text.trim().parse().ok());
    start.ok_or_else(|| HubError::Answer { url: url.to_owned(), why: "a part of a file without its place" })
}

fn percent_encoded(part: &str) -> String {
    let mut out = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn names_in_addresses() {
        assert_eq!(percent_encoded("모 a+b.json"), "%EB%AA%A8%20a%2Bb.json");
    }
}
