//! Listings of places behind servers, kept while the program runs: going back to a folder shows it at once, and a long
//! listing that was left goes on where it was.
//!
//! What always holds: the entries kept stay below [`MOST`]; what was looked at longest ago goes first; a listing that
//! failed is not kept.

use super::listing::table::Table;
use super::remote::Mark;
use crate::domain::lake_path::LakePath;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Entries of all kept listings together; about a hundred megabytes.
const MOST: usize = 1_500_000;

/// A listing, as far as it came.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its entries.
    pub(crate) table: Table,
    /// Where it goes on; nothing if it is complete.
    pub(crate) next: Option<Mark>,
    /// When it was begun.
    pub(crate) at: Instant,
}

/// The listings of this run, the newest last.
#[derive(Debug, Default)]
pub(crate) struct KeptListings(Mutex<VecDeque<(LakePath, Kept)>>);

impl KeptListings {
    /// Takes a listing out; whoever takes it puts it back when it is left.
    pub(crate) fn take(&self, path: &LakePath) -> Option<Kept> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(kept, _)| kept == path)?;
        all.remove(at).map(|(_, kept)| kept)
    }

    /// What is kept of a place, without taking it out.
    pub(crate) fn peek(&self, path: &LakePath) -> Option<Table> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(kept, _)| kept == path).map(|(_, kept)| kept.table.clone())
    }

    /// Keeps a listing, and forgets the oldest ones beyond the limit.
    pub(crate) fn put(&self, path: LakePath, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(old, _)| *old != path);
        all.push_back((path, kept));
        while all.iter().map(|(_, kept)| kept.table.len()).sum::<usize>() > MOST {
            all.pop_front();
        }
    }

    /// Forgets all of them, because they are to be read again.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
