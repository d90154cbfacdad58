//! Content by digest: files once and in place, folders as manifests, verified on read.

use std::cell::RefCell;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Error, io};
use crate::platform;
use crate::stamps::Stamps;

/// A file or folder in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The digest of the file, or of the folder's manifest.
    pub digest: Digest,
    /// Which of the two it is.
    pub kind: Kind,
    /// Bytes of the file, or of all files of the folder.
    pub bytes: u64,
}

/// A file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One file.
    File,
    /// A folder of files.
    Folder,
}

/// One file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The path below the folder, with `/`.
    pub path: String,
    /// The file's digest.
    pub digest: Digest,
    /// The file's bytes.
    pub bytes: u64,
}

/// The content store of one project, in its `.moru` folder.
#[derive(Debug)]
pub struct Store {
    objects: PathBuf,
    views: PathBuf,
    stamps: RefCell<Stamps>,
}

impl Store {
    /// Opens the store below `private`, the `.moru` folder of the project at `root`.
    pub fn open(private: &Path, root: &Path) -> Self {
        Self {
            objects: private.join("store"),
            views: private.join("views"),
            stamps: RefCell::new(Stamps::open(private.join("stamps.json"), root.to_owned())),
        }
    }

    /// Where the content of a digest lies.
    pub(crate) fn object(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.objects.join(&name[..2]).join(&name[2..])
    }

    /// The digest of a file or folder outside the store; recognised files are not read again.
    pub fn digest_of(&self, path: &Path) -> Result<Digest, Error> {
        if !path.is_dir() {
            return self.stamps.borrow_mut().digest(path);
        }
        let entries = list(path)?
            .into_iter()
            .map(|(name, file)| {
                let digest = self.stamps.borrow_mut().digest(&file)?;
                let bytes = fs::metadata(&file).map_err(io("read", &file))?.len();
                Ok(Entry { path: name, digest, bytes })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Digest::of(&manifest_bytes(&entries)))
    }

    /// Moves a file or folder into the store.
    pub fn put(&self, path: &Path) -> Result<Artifact, Error> {
        if !path.is_dir() {
            let entry = self.put_file(path, String::new())?;
            return Ok(Artifact { digest: entry.digest, kind: Kind::File, bytes: entry.bytes });
        }
        let entries = list(path)?
            .into_iter()
            .map(|(name, file)| self.put_file(&file, name))
            .collect::<Result<Vec<_>, Error>>()?;
        let manifest = manifest_bytes(&entries);
        let digest = Digest::of(&manifest);
        let object = self.object(digest);
        if !self.holds(digest) {
            platform::create_private_dir(object.parent().expect("an object lies in a folder"))?;
            platform::remove(&object)?;
            platform::write_atomic(&object, &manifest)?;
            self.adopt(&object, digest)?;
        }
        platform::remove(path)?;
        Ok(Artifact { digest, kind: Kind::Folder, bytes: entries.iter().map(|e| e.bytes).sum() })
    }

    fn put_file(&self, path: &Path, name: String) -> Result<Entry, Error> {
        let digest = Digest::of_file(path)?;
        let bytes = fs::metadata(path).map_err(io("read", path))?.len();
        if self.holds(digest) {
            platform::remove(path)?;
        } else {
            let object = self.object(digest);
            platform::create_private_dir(object.parent().expect("an object lies in a folder"))?;
            platform::remove(&object)?;
            fs::rename(path, &object).map_err(io("rename to", &object))?;
            self.adopt(&object, digest)?;
        }
        Ok(Entry { path: name, digest, bytes })
    }

    fn adopt(&self, object: &Path, digest: Digest) -> Result<(), Error> {
        platform::seal(object)?;
        self.stamps.borrow_mut().note(object, digest)
    }

    /// Whether the content of a digest is there, as far as it can be told without reading known files.
    pub fn holds(&self, digest: Digest) -> bool {
        let object = self.object(digest);
        object.is_file() && self.stamps.borrow_mut().digest(&object).is_ok_and(|found| found == digest)
    }

    /// Whether an artifact is whole, as far as it can be told without reading known files.
    pub fn is_whole(&self, artifact: &Artifact) -> bool {
        self.holds(artifact.digest)
            && (artifact.kind == Kind::File
                || self
                    .entries(artifact)
                    .is_ok_and(|entries| entries.iter().all(|entry| self.holds(entry.digest))))
    }

    /// Reads every byte of an artifact and compares; content that differs is removed.
    pub fn verify(&self, artifact: &Artifact) -> Result<(), Error> {
        self.verify_object(artifact.digest)?;
        if artifact.kind == Kind::Folder {
            for entry in self.entries(artifact)? {
                self.verify_object(entry.digest)?;
            }
        }
        Ok(())
    }

    fn verify_object(&self, digest: Digest) -> Result<(), Error> {
        let object = self.object(digest);
        if !object.exists() {
            // Nothing can be linked to it; views of other artifacts may be in use.
            return Err(Error::Corrupt { digest: digest.short() });
        }
        if object.is_file() && Digest::of_file(&object)? == digest {
            return Ok(());
        }
        self.stamps.borrow_mut().forget(&object);
        platform::remove(&object)?;
        // A view may be linked to the damaged bytes; views are laid out again when they are asked for.
        platform::remove(&self.views)?;
        Err(Error::Corrupt { digest: digest.short() })
    }

    /// The files of a folder, sorted by path; none for a file.
    pub fn entries(&self, artifact: &Artifact) -> Result<Vec<Entry>, Error> {
        if artifact.kind == Kind::File {
            return Ok(Vec::new());
        }
        let path = self.object(artifact.digest);
        let bytes = fs::read(&path).map_err(io("read", &path))?;
        serde_json::from_slice(&bytes).map_err(|source| Error::Damaged { path, source })
    }

    /// A path under which the artifact can be read. A folder is laid out with links to its files.
    pub fn path(&self, artifact: &Artifact) -> Result<PathBuf, Error> {
        if artifact.kind == Kind::File {
            return Ok(self.object(artifact.digest));
        }
        let view = self.views.join(artifact.digest.to_string());
        let entries = self.entries(artifact)?;
        // A link may lead to bytes that are no longer the store's: damaged, and made anew since.
        if view.is_dir() && entries.iter().all(|entry| self.shows(&view.join(&entry.path), entry.digest)) {
            return Ok(view);
        }
        let temp = platform::beside(&view);
        platform::remove(&temp)?;
        platform::remove(&view)?;
        platform::create_private_dir(&temp)?;
        for entry in &entries {
            let to = temp.join(&entry.path);
            let parent = to.parent().expect("a file lies in a folder");
            fs::create_dir_all(parent).map_err(io("create", parent))?;
            platform::link_or_copy(&self.object(entry.digest), &to)?;
        }
        platform::replace(&temp, &view)?;
        Ok(view)
    }

    /// Whether a file of a view is the store's: a link to it, or a copy with its content.
    fn shows(&self, file: &Path, digest: Digest) -> bool {
        let inode = |path: &Path| fs::metadata(path).map_or(0, |meta| platform::Stamp::of(&meta).inode);
        let (here, there) = (inode(file), inode(&self.object(digest)));
        file.is_file()
            && (here != 0 && here == there
                || self.stamps.borrow_mut().digest(file).is_ok_and(|found| found == digest))
    }

    /// Writes what was learned about files.
    pub fn save(&self) -> Result<(), Error> {
        self.stamps.borrow_mut().save()
    }

    /// All stored contents with their bytes.
    pub(crate) fn objects(&self) -> Result<Vec<(PathBuf, u64)>, Error> {
        if !self.objects.is_dir() {
            return Ok(Vec::new());
        }
        list(&self.objects)?
            .into_iter()
            .map(|(_, path)| {
                let bytes = fs::metadata(&path).map_err(io("read", &path))?.len();
                Ok((path, bytes))
            })
            .collect()
    }

    /// Removes one stored content.
    pub(crate) fn remove(&self, object: &Path) -> Result<(), Error> {
        self.stamps.borrow_mut().forget(object);
        platform::remove(object)
    }
}

fn manifest_bytes(entries: &[Entry]) -> Vec<u8> {
    serde_json::to_vec(entries).expect("a list of plain values is JSON")
}

/// The files below a folder as (path with `/`, path), sorted by the former.
pub(crate) fn list(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(io("read", &dir))? {
            let path = entry.map_err(io("read", &dir))?.path();
            let meta = fs::metadata(&path).map_err(io("read", &path))?;
            if meta.is_dir() {
                open.push(path);
            } else if meta.is_file() {
                found.push((relative_name(folder, &path), path));
            } else {
                return Err(Error::NotAFile { path });
            }
        }
    }
    found.sort();
    Ok(found)
}

fn relative_name(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = below
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let private = dir.path().join(".moru");
        platform::create_private_dir(&private).unwrap();
        let store = Store::open(&private, dir.path());
        (dir, store)
    }

    fn file(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        platform::write_atomic(path, text.as_bytes()).unwrap();
    }

    #[test]
    fn files_are_kept_once() {
        let (dir, store) = store();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        file(&a, "same");
        file(&b.join("x/one"), "same");
        file(&b.join("two"), "other");
        let a = store.put(&a).unwrap();
        let b = store.put(&b).unwrap();
        assert_eq!(store.objects().unwrap().len(), 3, "same, other, manifest");
        assert_eq!(fs::read(store.path(&a).unwrap()).unwrap(), b"same");
        let view = store.path(&b).unwrap();
        assert_eq!(fs::read(view.join("x/one")).unwrap(), b"same");
        assert_eq!(fs::read(view.join("two")).unwrap(), b"other");
        assert_eq!((b.kind, b.bytes), (Kind::Folder, 9));
        let names: Vec<_> = store.entries(&b).unwrap().into_iter().map(|e| e.path).collect();
        assert_eq!(names, ["two", "x/one"]);
    }

    #[test]
    fn a_folder_outside_has_the_digest_of_the_one_inside() {
        let (dir, store) = store();
        for name in ["a", "b"] {
            file(&dir.path().join(name).join("x"), "1");
            file(&dir.path().join(name).join("y/z"), "2");
        }
        let outside = store.digest_of(&dir.path().join("a")).unwrap();
        assert_eq!(store.put(&dir.path().join("b")).unwrap().digest, outside);
    }

    #[test]
    fn damage_is_a_miss() {
        let (dir, store) = store();
        let folder = dir.path().join("f");
        file(&folder.join("x"), "content");
        let artifact = store.put(&folder).unwrap();
        assert!(store.is_whole(&artifact));
        store.verify(&artifact).unwrap();
        let object = store.object(store.entries(&artifact).unwrap()[0].digest);
        platform::remove(&object).unwrap();
        file(&object, "c0ntent");
        assert!(!store.is_whole(&artifact));
        assert!(matches!(store.verify(&artifact), Err(Error::Corrupt { .. })));
        assert!(!object.exists(), "damaged content does not stay");
        // The same content put again heals the store.
        file(&folder.join("x"), "content");
        assert_eq!(store.put(&folder).unwrap(), artifact);
        store.verify(&artifact).unwrap();
    }

    #[test]
    fn a_view_shows_what_the_store_holds_now() {
        let (dir, store) = store();
        let folder = dir.path().join("f");
        file(&folder.join("x"), "content");
        let artifact = store.put(&folder).unwrap();
        let view = store.path(&artifact).unwrap();
        // The stored bytes are lost, and made anew, while the view's link still leads to other ones.
        let object = store.object(store.entries(&artifact).unwrap()[0].digest);
        platform::remove(&object).unwrap();
        platform::remove(&view.join("x")).unwrap();
        file(&view.join("x"), "damaged");
        file(&folder.join("x"), "content");
        assert_eq!(store.put(&folder).unwrap(), artifact);
        assert_eq!(fs::read(store.path(&artifact).unwrap().join("x")).unwrap(), b"content");
    }
}
