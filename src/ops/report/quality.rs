//! What measuring and comparing the pictures of a project came to.

use crate::domain::quality::Fault;
use crate::domain::text::grouped;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pictures that belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Groups {
    /// How many groups of two or more there are.
    pub groups: u64,
    /// How many pictures lie in them.
    pub pictures: u64,
}

impl Groups {
    /// Counts a group.
    pub fn add(&mut self, pictures: u64) {
        self.groups += 1;
        self.pictures += pictures;
    }

    /// `7 pictures in 3 groups`, `6 pictures in one group`.
    #[must_use]
    pub fn told(self) -> String {
        format!("{} pictures in {}", grouped(self.pictures), groups(self.groups))
    }
}

/// `one group`, `3 groups`.
#[must_use]
pub fn groups(n: u64) -> String {
    if n == 1 { "one group".to_owned() } else { format!("{} groups", grouped(n)) }
}

/// The answer of `dedupe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QualityReport {
    /// The project's name.
    pub project: String,
    /// How many bits two pictures that look alike differ in at most.
    pub distance: u32,
    /// Pictures of the project whose files are there.
    pub pictures: u64,
    /// Pictures that this run measured.
    pub measured: u64,
    /// Of those, pictures whose content was known already: nothing was decoded.
    pub known: u64,
    /// Files that could not be reached; the next run tries again.
    pub unreached: u64,
    /// Files of the same content.
    pub exact: Groups,
    /// Pictures that look alike; those of the same content are among them.
    pub near: Groups,
    /// How many pictures have each fault.
    pub faults: BTreeMap<Fault, u64>,
}
