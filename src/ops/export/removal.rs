//! Removes files of an export behind a server, several at once.
//!
//! What always holds: only what is named is removed, and only below the place; a server that does not answer, or that
//! refuses again and again, is not asked for the rest, which is counted.

use super::super::OpsError;
use super::ship::{THREADS, reached};
use crate::lake::LakeError;
use crate::lake::remote::Trouble;
use crate::lake::target::Target;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError, mpsc};

/// After so many refusals no other answer is expected.
const REFUSALS: u32 = 3;
/// Names that wait for a thread.
const WAITING: usize = 64;
/// Folders that are remembered to be removed when they have become empty.
const FOLDERS: usize = 100_000;

/// What came of it.
#[derive(Default)]
pub(super) struct Removed {
    /// Files that are gone.
    pub(super) gone: u64,
    /// Files that may still be there.
    pub(super) left: u64,
    /// Why the first of them is.
    pub(super) error: Option<OpsError>,
    /// Folders above the files that are gone.
    folders: BTreeSet<String>,
    refused: u32,
    away: bool,
}

impl Removed {
    fn is_over(&self) -> bool {
        self.away || self.refused >= REFUSALS
    }

    fn count(&mut self, path: &str, removal: Result<(), LakeError>) {
        let Err(error) = removal else {
            self.gone += 1;
            if self.folders.len() < FOLDERS {
                self.folders.extend(above(path).map(str::to_owned));
            }
            return;
        };
        self.left += 1;
        match &error {
            LakeError::Remote(e) if matches!(e.trouble, Trouble::Unreachable | Trouble::Busy) => self.away = true,
            LakeError::Remote(e) if e.trouble == Trouble::Denied => self.refused += 1,
            _ => {}
        }
        self.error.get_or_insert_with(|| reached(error));
    }
}

/// Gives names of files, one after the other.
pub(super) type Names<'a> = dyn FnMut(&mut dyn FnMut(&str)) -> io::Result<()> + 'a;

/// Removes files below a place, and then the folders that have become empty. Told how many are gone; asked whether to go
/// on.
///
/// # Errors
/// When the names cannot be read.
pub(super) fn remove(
    target: &Target,
    names: &mut Names<'_>,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> io::Result<Removed> {
    let state = Mutex::new(Removed::default());
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let (sender, receiver) = mpsc::sync_channel::<String>(WAITING);
    let receiver = Mutex::new(receiver);
    let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let named = std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(path) = next() {
                    let over = lock().is_over();
                    if over {
                        lock().left += 1;
                    } else {
                        let removal = target.below(&path).and_then(|file| file.remove());
                        lock().count(&path, removal);
                    }
                }
            });
        }
        let named = names(&mut |path| {
            let gone = lock().gone;
            if !goes_on(gone) || lock().is_over() || sender.send(path.to_owned()).is_err() {
                lock().left += 1;
            }
        });
        drop(sender);
        named
    });
    named?;
    let removed = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The deepest first. One that stays does no harm.
    for folder in removed.folders.iter().rev().filter(|_| !removed.is_over()) {
        drop(target.below(folder).and_then(|folder| folder.remove_folder()));
    }
    Ok(removed)
}

/// The folders above a relative path, the outermost first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at))
}
