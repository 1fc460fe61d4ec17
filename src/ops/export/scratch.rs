//! What is being written, under another name beside its destination, until it is complete.

use super::super::{OpsError, shown};
use super::owner;
use crate::domain::picture_name::is_picture_name;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A part into which nothing was written for so long is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(3 * 24 * 3600);

/// A half-written file or folder. Dropping it removes it.
pub(super) struct Scratch {
    path: PathBuf,
    dest: PathBuf,
    kept: bool,
}

impl Scratch {
    /// Chooses a name beside the destination; nothing is made yet. What was killed in its folder is removed.
    pub(super) fn beside(dest: &Path) -> Self {
        sweep(dest);
        Self::named(dest, &owner::fresh())
    }

    /// A name for what is there already and makes room. It says nothing of who has moved it: what was whole before is
    /// not removed because somebody was killed.
    fn aside(dest: &Path) -> Self {
        Self::named(dest, &uuid::Uuid::now_v7().simple().to_string())
    }

    fn named(dest: &Path, run: &str) -> Self {
        let mut name = OsString::from(".");
        name.push(dest.file_name().unwrap_or_default());
        name.push(format!(".{run}.part"));
        Self { path: dest.with_file_name(name), dest: dest.to_owned(), kept: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(&self) -> Result<BufWriter<File>, OpsError> {
        let file = File::create_new(&self.path).map_err(|e| self.failed(&e))?;
        Ok(BufWriter::with_capacity(256 << 10, file))
    }

    pub(super) fn failed(&self, error: &io::Error) -> OpsError {
        OpsError::file("write", &self.dest, error)
    }

    /// Makes a written file durable and closes it.
    pub(super) fn seal(&self, out: BufWriter<File>) -> Result<(), OpsError> {
        let file = out.into_inner().map_err(|e| self.failed(e.error()))?;
        file.sync_all().map_err(|e| self.failed(&e))
    }

    /// Writes a small file whole.
    pub(super) fn write_all(&self, bytes: &[u8]) -> Result<(), OpsError> {
        let mut out = self.create()?;
        out.write_all(bytes).map_err(|e| self.failed(&e))?;
        self.seal(out)
    }

    /// Gives it its name, in one step. Without `replace` nothing that came into being meanwhile is replaced either.
    pub(super) fn publish(mut self, replace: bool) -> Result<(), OpsError> {
        let renamed = if replace {
            fs::rename(&self.path, &self.dest)
        } else {
            match renameat_with(CWD, &self.path, CWD, &self.dest, RenameFlags::NOREPLACE) {
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => fs::rename(&self.path, &self.dest),
                other => other.map_err(io::Error::from),
            }
        };
        match renamed {
            Ok(()) => self.kept = true,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(OpsError::Exists(shown(&self.dest))),
            Err(e) => return Err(self.failed(&e)),
        }
        // The name itself is durable only when the folder is; a file system that cannot do that has done what it can.
        let folder = self.dest.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// Whether there is a folder to be replaced. Only an earlier export with nothing else in it, or an empty folder, may be:
/// everything else would be somebody's files.
pub(super) fn may_replace(dest: &Path, overwrite: bool) -> Result<bool, OpsError> {
    let Ok(meta) = dest.symlink_metadata() else { return Ok(false) };
    if !overwrite {
        return Err(OpsError::Exists(shown(dest)));
    }
    let empty = || fs::read_dir(dest).is_ok_and(|mut entries| entries.next().is_none());
    if meta.is_dir() && empty() {
        return Ok(true);
    }
    if meta.is_dir() && dest.join(super::manifest::NAME).is_file() {
        return super::apart::check_files(dest).map(|()| true);
    }
    let reason =
        format!("`{}` is no earlier export of this kind and is not replaced; choose another folder", shown(dest));
    Err(OpsError::Invalid(reason))
}

/// Whether a file may get this name. A folder, a device, a pipe and a picture are never replaced: whoever gives one has
/// named the wrong path, and it could not be had back.
pub(super) fn may_replace_file(dest: &Path, overwrite: bool) -> Result<(), OpsError> {
    let Ok(meta) = dest.symlink_metadata() else { return Ok(()) };
    let at = shown(dest);
    if dest.is_dir() {
        return Err(OpsError::Invalid(format!(
            "`{at}` is a folder; name the file to write, such as `{at}/labels.csv`"
        )));
    }
    if !overwrite {
        return Err(OpsError::Exists(at));
    }
    let picture = dest.file_name().is_some_and(|name| is_picture_name(&name.to_string_lossy()));
    let what = match picture {
        _ if !meta.is_file() && !meta.is_symlink() => "a device or a pipe",
        true => "a picture",
        false => return Ok(()),
    };
    Err(OpsError::Invalid(kept(&at, what)))
}

/// Why something stays that no export is to take the place of.
pub(super) fn kept(at: &str, what: &str) -> String {
    format!("`{at}` is {what} and is not replaced; name the file to write, such as `labels.csv`")
}

/// Moves the old folder aside, gives the new one its name, then removes the old one; puts it back if that fails.
pub(super) fn replace(scratch: Scratch, dest: &Path) -> Result<(), OpsError> {
    let aside = Scratch::aside(dest);
    fs::rename(dest, aside.path()).map_err(|e| scratch.failed(&e))?;
    let published = scratch.publish(false);
    if published.is_err() && fs::rename(aside.path(), dest).is_err() {
        let kept = shown(aside.path());
        std::mem::forget(aside);
        return Err(OpsError::Invalid(format!("the new folder could not get its name; the old one is now `{kept}`")));
    }
    published
}

/// Removes what is left in the folder of a destination of exports that were killed; nothing that may still be written to:
/// whatever its name, if its writer is gone for sure, and of this destination also what nobody has written to for long.
fn sweep(dest: &Path) {
    let own = dest.file_name().unwrap_or_default();
    let folder = dest.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let Some((name, run)) = parts(left.as_bytes()) else { continue };
        let age = || entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        let old = || name == own.as_bytes() && age().is_some_and(|age| age > ABANDONED);
        if owner::is_gone(run) || old() {
            let path = entry.path();
            // One that cannot be removed stays for another time.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// The destination and the run that a name says: `.cells.json.0123….part`.
fn parts(left: &[u8]) -> Option<(&[u8], &str)> {
    let inner = left.strip_prefix(b".")?.strip_suffix(b".part")?;
    let dot = inner.iter().rposition(|b| *b == b'.')?;
    let run = std::str::from_utf8(inner.get(dot + 1..)?).ok().filter(|run| owner::is_run(run))?;
    Some((inner.get(..dot)?, run))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Nothing more can be done here about a file that cannot be removed.
        let _ = if self.path.is_dir() { fs::remove_dir_all(&self.path) } else { fs::remove_file(&self.path) };
    }
}
