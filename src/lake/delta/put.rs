//! New files of a table.
//!
//! What always holds: a file appears whole or not at all, and none that is there is replaced: two writers of one commit
//! are told apart by whose file is there first.

use super::files::{Files, aside, failed, local, place};
use crate::lake::remote::Mark;
use bytes::Bytes;
use object_store::{Error, Result};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// An error that stands for places that are only read.
fn read_only() -> Error {
    Error::NotImplemented { operation: "writing".to_owned(), implementer: "this place".to_owned() }
}

impl Files {
    /// Whether files can be written here at all.
    pub(super) fn can_write(&self) -> bool {
        match self {
            Self::Here => true,
            // Two commits of one number must be told apart.
            Self::There(volume) => volume.writer().is_some_and(|writer| writer.decides()),
        }
    }

    /// Makes a file that is not there yet; `false` where there is one.
    pub(super) async fn create(&self, path: &str, bytes: Bytes) -> Result<bool> {
        match self {
            Self::Here => {
                let path = path.to_owned();
                aside(move || create(&place(&path), &bytes).map_err(|e| local(&path, e))).await
            }
            Self::There(volume) => {
                let writer = volume.writer().ok_or_else(read_only)?;
                writer.create(path, bytes).await.map_err(|e| failed(path, e))
            }
        }
    }

    /// Makes a file of one of this machine, under a name that nobody else chooses.
    pub(super) async fn upload(&self, path: &str, from: &Path) -> Result<()> {
        match self {
            Self::Here => {
                let (path, from) = (path.to_owned(), from.to_owned());
                aside(move || copy(&place(&path), &from).map_err(|e| local(&path, e))).await
            }
            Self::There(volume) => {
                let writer = volume.writer().ok_or_else(read_only)?;
                writer.upload(path, from).await.map_err(|e| failed(path, e))
            }
        }
    }

    /// Removes a file, if it is there.
    pub(super) async fn remove(&self, path: &str) -> Result<()> {
        match self {
            Self::Here => match fs::remove_file(place(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(local(path, error)),
                _ => Ok(()),
            },
            Self::There(volume) => {
                let writer = volume.writer().ok_or_else(read_only)?;
                writer.remove(path).await.map_err(|e| failed(path, e))
            }
        }
    }

    /// Whether anything but what `known` says lies in a folder; one that is not there is empty.
    pub(super) async fn holds_others(&self, path: &str, known: fn(&str) -> bool) -> Result<bool> {
        match self {
            Self::Here => match fs::read_dir(place(path)) {
                Ok(mut entries) => Ok(entries.any(|e| !e.is_ok_and(|e| e.file_name().to_str().is_some_and(known)))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(local(path, error)),
            },
            Self::There(volume) => {
                let mut next = Some(Mark::default());
                while let Some(mark) = next {
                    match volume.page(path, false, &mark).await {
                        Ok(page) if page.entries.iter().any(|e| !known(&e.name)) => return Ok(true),
                        Ok(page) => next = page.next,
                        Err(error) => match failed(path, error) {
                            Error::NotFound { .. } => return Ok(false),
                            error => return Err(error),
                        },
                    }
                }
                Ok(false)
            }
        }
    }
}

/// Whether a name is one under which a file is made until it is whole: such a file may be left of a writer that was killed.
pub(super) fn is_part(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".part")
}

/// A name beside a file under which it is made.
fn unfinished(to: &Path) -> std::path::PathBuf {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    to.with_file_name(format!(".{name}.{}.part", uuid::Uuid::now_v7().simple()))
}

fn create(to: &Path, bytes: &[u8]) -> io::Result<bool> {
    make(to, |part| {
        let mut file = File::create_new(part)?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}

fn copy(to: &Path, from: &Path) -> io::Result<()> {
    let made = make(to, |part| {
        fs::copy(from, part)?;
        File::open(part)?.sync_all()
    })?;
    if made { Ok(()) } else { Err(io::ErrorKind::AlreadyExists.into()) }
}

/// Has a file filled under another name and gives it its own, unless there is one of that name.
fn make(to: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<bool> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = unfinished(to);
    let named = fill(&part).and_then(|()| name(&part, to));
    // It has its name already, or is not to be left behind.
    drop(fs::remove_file(&part));
    match named {
        Ok(()) => {
            // The name is durable only when the folder is; a file system that cannot do that has done what it can.
            if let Some(Ok(folder)) = to.parent().map(File::open) {
                drop(folder.sync_all());
            }
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn name(part: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE) {
        // Where the file system cannot do that, a second name can do the same.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => fs::hard_link(part, to),
        other => other.map_err(io::Error::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("log/0.json");
        assert!(create(&to, b"first").unwrap() && !create(&to, b"second").unwrap());
        assert_eq!(fs::read(&to).unwrap(), b"first");
        assert_eq!(fs::read_dir(to.parent().unwrap()).unwrap().count(), 1);
    }
}
