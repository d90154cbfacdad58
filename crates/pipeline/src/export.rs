//! Copies of results for people: whole or not at all, and never links into the store.

use std::fs;
use std::path::Path;

use crate::error::{Error, io};
use crate::platform;

/// Copies a file or folder to `to`, in the place of what is there. `check` sees the copy before it gets
/// its name, and can refuse it.
pub fn export<E: From<Error>>(
    from: &Path,
    to: &Path,
    check: &mut dyn FnMut(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let parent = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(io("create", parent))?;
    let temp = platform::beside(to);
    platform::remove(&temp)?;
    let done = copy(from, &temp).map_err(E::from).and_then(|()| check(&temp));
    if let Err(error) = done {
        platform::remove(&temp)?;
        return Err(error);
    }
    Ok(platform::replace(&temp, to)?)
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        fs::copy(from, to).map_err(io("copy to", to))?;
        return unseal(to);
    }
    fs::create_dir_all(to).map_err(io("create", to))?;
    for (name, file) in crate::store::list(from)? {
        let place = to.join(name);
        let parent = place.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).map_err(io("create", parent))?;
        fs::copy(&file, &place).map_err(io("copy to", &place))?;
        unseal(&place)?;
    }
    Ok(())
}

/// A copy of a sealed file is an ordinary file again.
fn unseal(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(io("protect", path))
    }
    #[cfg(not(unix))]
    {
        let mut permissions = fs::metadata(path).map_err(io("read", path))?.permissions();
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions).map_err(io("protect", path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_copies_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("out/to"));
        platform::write_atomic(&from, b"text").unwrap();
        export::<Error>(&from, &to, &mut |copy| {
            assert_eq!(fs::read(copy).unwrap(), b"text");
            Ok(())
        })
        .unwrap();
        platform::write_atomic(&from, b"other").unwrap();
        export(&from, &to, &mut |_| Err(Error::Cancelled)).unwrap_err();
        assert_eq!(fs::read(&to).unwrap(), b"text", "the earlier copy stays");
        assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 1);
    }
}
