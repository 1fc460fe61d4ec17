//! Counts kept by the transaction that changes what they count.

use super::base::Base;
use super::codes;
use super::value::Row;
use crate::domain::ids::{ClassId, ProjectId, Rev};
use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::records::Tallies;
use std::collections::BTreeMap;

/// What a sample counts as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Facets {
    pub(in crate::store) status: Status,
    pub(in crate::store) flagged: bool,
    pub(in crate::store) unsure: bool,
    pub(in crate::store) empty: bool,
    pub(in crate::store) review: i64,
    pub(in crate::store) author: Option<String>,
    /// Each class once; none of a draft, which nobody has confirmed.
    pub(in crate::store) classes: Vec<i64>,
}

impl Facets {
    /// The facets of an answer.
    pub(in crate::store) fn of(answer: &Answer, review: i64, author: Option<String>) -> Self {
        let given = answer.annotations.iter().filter(|_| !answer.is_draft());
        let mut classes: Vec<i64> = given.map(|a| a.class.0).collect();
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
pub(in crate::store) struct Deltas(BTreeMap<(i64, &'static str, String), i64>);

impl Deltas {
    /// A sample has another status, or the same.
    pub(in crate::store) fn status(&mut self, project: ProjectId, before: Status, after: Status) {
        if before != after {
            self.add(project, "status", before.name(), -1);
            self.add(project, "status", after.name(), 1);
        }
    }

    /// Adds `n` to one count.
    pub(in crate::store) fn add(&mut self, project: ProjectId, kind: &'static str, key: impl ToString, n: i64) {
        *self.0.entry((project.0, kind, key.to_string())).or_default() += n;
    }

    /// Counts a sample `n` times more.
    pub(in crate::store) fn count(&mut self, project: ProjectId, facets: &Facets, n: i64) {
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

    /// What was gathered: project, kind, key and change of each count that changes.
    pub(in crate::store) fn changes(self) -> impl Iterator<Item = (i64, &'static str, String, i64)> {
        self.0.into_iter().filter(|(_, n)| *n != 0).map(|((project, kind, key), n)| (project, kind, key, n))
    }
}

/// All counts of a project as they are stored.
#[derive(Default)]
pub(in crate::store) struct Stored(BTreeMap<(String, String), u64>);

impl Stored {
    /// One count.
    pub(in crate::store) fn get(&self, kind: &str, key: impl ToString) -> u64 {
        self.0.get(&(kind.to_owned(), key.to_string())).copied().unwrap_or(0)
    }

    /// All counts of one kind.
    pub(in crate::store) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        self.0.iter().filter(move |((k, _), _)| k == kind).map(|((_, key), n)| (key.as_str(), *n))
    }

    /// All samples.
    pub(in crate::store) fn samples(&self) -> u64 {
        self.of("status").map(|(_, n)| n).sum()
    }
}

/// The counts of a project.
pub(in crate::store) const TALLIES: &str = "SELECT kind, key, n FROM tally WHERE project = ? AND n <> 0";

impl dyn Base + '_ {
    /// The counts of a project.
    pub(in crate::store) fn stored_tallies(&self, project: ProjectId) -> Result<Stored> {
        Stored::of_rows(&self.rows(TALLIES, [project.0], |r| Ok(r.clone()))?)
    }

    pub(in crate::store) fn tallies(&self, project: ProjectId) -> Result<Tallies> {
        Ok(self.stored_tallies(project)?.shown())
    }
}

impl Stored {
    /// The counts in rows of [`TALLIES`].
    pub(in crate::store) fn of_rows(rows: &[Row]) -> Result<Self> {
        let count = |r: &Row| Ok(((r.get(0)?, r.get(1)?), codes::unsigned(r.get(2)?)));
        rows.iter().map(count).collect::<Result<_>>().map(Self)
    }

    /// What screens show of them.
    pub(in crate::store) fn shown(&self) -> Tallies {
        let counts = Counts {
            status: Status::ALL.into_iter().map(|s| (s, self.get("status", s.name()))).collect(),
            class: self.of("class").filter_map(|(id, n)| Some((ClassId(id.parse().ok()?), n))).collect(),
            empty: self.get("is", "empty"),
        };
        Tallies {
            counts,
            flagged: self.get("is", "flagged"),
            unsure: self.get("is", "unsure"),
            missing: self.get("is", "missing"),
            waiting: self.get("review", 1) + self.get("review", 4),
            accepted: self.get("review", 2),
            rejected: self.get("review", 3),
            stale: self.get("review", 4) + self.get("review", 5),
        }
    }
}

/// Revision zero: what a label set, which has none, reports.
pub(in crate::store) const NO_REV: Rev = Rev(0);
