//! Counts kept by the transaction that changes what they count.

use super::{Db, codes};
use crate::domain::ids::{ClassId, ProjectId, Rev};
use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::records::Tallies;
use std::collections::BTreeMap;

/// What a sample counts as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facets {
    pub(super) status: Status,
    pub(super) flagged: bool,
    pub(super) unsure: bool,
    pub(super) empty: bool,
    pub(super) review: i64,
    pub(super) author: Option<String>,
    /// Each class once.
    pub(super) classes: Vec<i64>,
}

impl Facets {
    /// The facets of an answer.
    pub(super) fn of(answer: &Answer, review: i64, author: Option<String>) -> Self {
        let mut classes: Vec<i64> = answer.annotations.iter().map(|a| a.class.0).collect();
        classes.sort_unstable();
        classes.dedup();
        Self {
            status: answer.status,
            flagged: answer.flagged,
            unsure: answer.unsure,
            empty: answer.status == Status::Labeled && answer.annotations.is_empty(),
            review,
            author,
            classes,
        }
    }
}

/// Changes of counts, gathered and written once at the end of a transaction.
#[derive(Default)]
pub(super) struct Deltas(BTreeMap<(i64, &'static str, String), i64>);

impl Deltas {
    /// Adds `n` to one count.
    pub(super) fn add(&mut self, project: ProjectId, kind: &'static str, key: impl ToString, n: i64) {
        *self.0.entry((project.0, kind, key.to_string())).or_default() += n;
    }

    /// Counts a sample `n` times more.
    pub(super) fn count(&mut self, project: ProjectId, facets: &Facets, n: i64) {
        self.add(project, "status", facets.status.name(), n);
        for (name, is) in [("flagged", facets.flagged), ("unsure", facets.unsure), ("empty", facets.empty)] {
            if is {
                self.add(project, "is", name, n);
            }
        }
        if facets.review > 0 {
            self.add(project, "review", facets.review, n);
        }
        if let Some(author) = &facets.author {
            self.add(project, "by", author, n);
        }
        for class in &facets.classes {
            self.add(project, "class", class, n);
        }
    }

    /// Writes what was gathered.
    pub(super) fn write(self, db: &Db<'_>) -> Result<()> {
        for ((project, kind, key), n) in self.0.into_iter().filter(|(_, n)| *n != 0) {
            db.execute(
                "INSERT INTO tally(project, kind, key, n) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(project, kind, key) DO UPDATE SET n = n + ?4",
                (project, kind, key, n),
            )?;
        }
        Ok(())
    }
}

/// All counts of a project as they are stored.
pub(super) struct Stored(BTreeMap<(String, String), u64>);

impl Stored {
    /// One count.
    pub(super) fn get(&self, kind: &str, key: impl ToString) -> u64 {
        self.0.get(&(kind.to_owned(), key.to_string())).copied().unwrap_or(0)
    }

    /// All counts of one kind.
    pub(super) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        self.0.iter().filter(move |((k, _), _)| k == kind).map(|((_, key), n)| (key.as_str(), *n))
    }

    /// All samples.
    pub(super) fn samples(&self) -> u64 {
        self.of("status").map(|(_, n)| n).sum()
    }
}

impl Db<'_> {
    /// The counts of a project.
    pub(super) fn stored_tallies(&self, project: ProjectId) -> Result<Stored> {
        let rows = self.rows("SELECT kind, key, n FROM tally WHERE project = ? AND n <> 0", [project.0], |r| {
            Ok(((r.get(0)?, r.get(1)?), codes::unsigned(r.get(2)?)))
        })?;
        Ok(Stored(rows.into_iter().collect()))
    }

    pub(super) fn tallies(&self, project: ProjectId) -> Result<Tallies> {
        let stored = self.stored_tallies(project)?;
        let counts = Counts {
            status: Status::ALL.into_iter().map(|s| (s, stored.get("status", s.name()))).collect(),
            class: stored.of("class").filter_map(|(id, n)| Some((ClassId(id.parse().ok()?), n))).collect(),
            empty: stored.get("is", "empty"),
        };
        Ok(Tallies {
            counts,
            flagged: stored.get("is", "flagged"),
            unsure: stored.get("is", "unsure"),
            missing: stored.get("is", "missing"),
            waiting: stored.get("review", 1) + stored.get("review", 4),
            accepted: stored.get("review", 2),
            rejected: stored.get("review", 3),
            stale: stored.get("review", 4) + stored.get("review", 5),
        })
    }
}

/// Revision zero: what a label set, which has none, reports.
pub(super) const NO_REV: Rev = Rev(0);
