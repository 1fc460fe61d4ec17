//! Which of a person's programs on this computer this one is, so that the store knows it again after a crash.
//!
//! Why: what a program holds of a shared queue ends by itself only after minutes. Killed and started again, it must find
//! its own pictures its own, while two windows of one person still never get the same picture. What always holds: no two
//! running programs have one number; a lock of the system says who has it, which a killed program cannot keep.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use uuid::Uuid;

/// Programs of one person at one store that are told apart also after a crash; further ones have a new number each time.
const SEATS: usize = 8;

/// The number of this program, for as long as it is kept.
pub(super) struct Seat {
    /// The number.
    pub(super) id: Uuid,
    _lock: Option<File>,
}

impl Seat {
    /// The first number beside the journal of a store that no running program has.
    pub(super) fn take(journal: Option<&Path>) -> Self {
        let kept = journal.and_then(|journal| (0..SEATS).find_map(|n| Self::try_take(journal, n)));
        kept.unwrap_or_else(|| Self { id: Uuid::now_v7(), _lock: None })
    }

    fn try_take(journal: &Path, number: usize) -> Option<Self> {
        let path = journal.with_extension(format!("seat{number}"));
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        let mut text = String::new();
        // What is not a number, because a disk was full, is written anew.
        let known = file.read_to_string(&mut text).ok().and_then(|_| Uuid::try_parse(text.trim()).ok());
        let id = known.unwrap_or_else(Uuid::now_v7);
        if known.is_none() {
            file.rewind()
                .and_then(|()| file.set_len(0))
                .and_then(|()| file.write_all(id.to_string().as_bytes()))
                .ok()?;
        }
        Some(Self { id, _lock: Some(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_programs_alone_and_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("server.db");
        let (one, two) = (Seat::take(Some(&journal)), Seat::take(Some(&journal)));
        let (first, second) = (one.id, two.id);
        assert_ne!(first, second);
        drop(one);
        assert_eq!(Seat::take(Some(&journal)).id, first, "after a crash the same");
        drop(two);
        std::fs::write(journal.with_extension("seat0"), "no number").expect("written");
        let anew = Seat::take(Some(&journal));
        assert!(anew.id != first && anew.id != second);
        assert_ne!(Seat::take(None).id, Seat::take(None).id);
    }
}
