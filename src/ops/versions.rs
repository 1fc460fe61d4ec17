//! Versions of a project: which state a person means, what differs between two of them, and taking chosen parts back.
//!
//! Why: a data set that models are trained on must be told apart from what it is today, and what happened between the
//! two must be looked at, not believed. What always holds: comparing changes nothing and needs no more memory for a
//! million samples than for a thousand; taking back is edits like any other, one batch that one undo takes back again.

mod counting;
mod taking_back;

pub use counting::{count, list};
pub use taking_back::{Restore, Restored, restore};

use super::report::TaskProgress;
use super::{OpsError, Watch};
use crate::domain::class::LabelSet;
use crate::domain::difference::{self, Change, Kind};
use crate::domain::ids::{EventId, ProjectId, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::store::Store;
use crate::store::records::{Differing, Direction, From, Queued, Snapshot};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::time::Duration;

/// Samples of one page.
const PAGE: usize = 2_000;
/// How long edits that wait may take to be sent before a state is named.
const PATIENCE: Duration = Duration::from_secs(30);

/// A state of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The last event that belongs to it; `None` before the first.
    pub event: Option<EventId>,
    /// What people call it.
    pub shown: String,
    /// Which pictures the project had then.
    pub pictures: Pictures,
}

/// The pictures of a past state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// All that there are today.
    Today,
    /// So many, those that came first.
    First(u64),
    /// Those that were there at a time.
    At(Timestamp),
}

impl Moment {
    fn of(snapshot: &Snapshot) -> Self {
        let Snapshot { name, event, counts, .. } = snapshot;
        Self { event: *event, shown: name.clone(), pictures: Pictures::First(counts.samples()) }
    }

    /// The last picture that came before this moment: those after it were not there. `None` where all of today's were, or
    /// where the store does not know.
    ///
    /// # Errors
    /// The store's own.
    pub fn newest(&self, store: &mut dyn Store, project: ProjectId) -> Result<Option<SampleId>, OpsError> {
        match self.pictures {
            Pictures::Today => Ok(None),
            // Before every picture that there is.
            Pictures::First(0) => Ok(Some(SampleId(0))),
            Pictures::First(n) => Ok(store.nth_added(project, n)?),
            Pictures::At(time) => Ok(store.newest_at(project, time)?),
        }
    }
}

/// The state that a person means: `start`, `now`, a snapshot by name, or a time (RFC 3339; a date alone is its midnight
/// in UTC).
///
/// # Errors
/// A sentence naming the snapshots there are, or the store's own.
pub fn moment(store: &mut dyn Store, project: &Project, text: &str) -> Result<Moment, OpsError> {
    let wanted = text.trim().to_lowercase();
    let snapshots = store.snapshots(project.id)?;
    if let Some(found) = snapshots.iter().find(|s| s.name.to_lowercase() == wanted) {
        return Ok(Moment::of(found));
    }
    let (event, pictures) = match wanted.as_str() {
        "start" => (None, Pictures::Today),
        "now" => return now(store, project),
        _ => {
            let at = time(text.trim()).ok_or_else(|| unknown(text, snapshots.iter().map(|s| s.name.as_str())))?;
            (store.event_at(project.id, at)?, Pictures::At(at))
        }
    };
    Ok(Moment { event, shown: text.trim().to_owned(), pictures })
}

/// The present state, also where a snapshot has the name `now`.
///
/// # Errors
/// The store's own.
pub fn now(store: &mut dyn Store, project: &Project) -> Result<Moment, OpsError> {
    let event = store.history(project.id, None, None, 1)?.first().map(|e| e.event);
    Ok(Moment { event, shown: "now".to_owned(), pictures: Pictures::Today })
}

/// The project with the classes of a moment: answers of then name these, whatever they were renamed to or merged into
/// since.
///
/// # Errors
/// The store's own.
pub fn project_at(store: &mut dyn Store, project: &Project, at: &Moment) -> Result<Project, OpsError> {
    let labels = store.labels_as_of(project.id, at.event)?;
    Ok(Project { labels, ..project.clone() })
}

fn time(text: &str) -> Option<Timestamp> {
    let midnight = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC).map(|z| z.timestamp());
    text.parse().ok().or_else(|| midnight(text.parse::<jiff::civil::Date>().ok()?).ok())
}

fn unknown<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> OpsError {
    let names: Vec<String> = names.map(|n| format!("`{}`", printable(n))).collect();
    let there = if names.is_empty() { "there is no snapshot yet".to_owned() } else { names.join(", ") };
    OpsError::Invalid(format!(
        "`{}` is neither a snapshot ({there}) nor a time; give a snapshot, `start`, `now`, or a time such as \
         2026-11-01T10:00:00Z",
        printable(text)
    ))
}

/// Which differences are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Any of these kinds; empty takes all.
    pub kinds: Vec<Kind>,
    /// Only samples with a box that overlaps with what it was by less than this (intersection over union).
    pub below_iou: Option<f64>,
    /// The path contains each of these (without case).
    pub text: Vec<String>,
}

impl Wanted {
    fn takes(&self, path: &str, change: &Change) -> bool {
        let path = path.to_lowercase();
        let moved = |limit: f64| change.objects.is_some_and(|o| o.iou < limit);
        (self.kinds.is_empty() || change.kinds.iter().any(|k| self.kinds.contains(k)))
            && self.below_iou.is_none_or(moved)
            && self.text.iter().all(|t| path.contains(&t.to_lowercase()))
    }
}

/// A sample that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The sample and its two answers.
    pub row: Differing,
    /// In what ways.
    pub change: Change,
}

impl Difference {
    /// What happened, in one line for a person: `roses → tulips`. The label sets are those of the two sides.
    #[must_use]
    pub fn summary(&self, before: &LabelSet, after: &LabelSet) -> String {
        let mut text = format!("{} → {}", self.row.before.summary(before), self.row.after.summary(after));
        if let Some(o) = self.change.objects.filter(|_| self.change.kinds.contains(&Kind::Boxes)) {
            let parts = [(o.added, "new"), (o.removed, "gone"), (o.relabelled, "relabelled"), (o.moved, "moved")];
            let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
            text = format!("{text}: {}", parts.collect::<Vec<_>>().join(", "));
        }
        text
    }
}

/// Takes a page of differences.
pub type TakePage<'a> = dyn FnMut(&mut dyn Store, Vec<Difference>) -> Result<(), OpsError> + 'a;

/// Gives every difference between two states to `take`, by path. Classes are compared as they count today: one that was
/// only renamed, or merged into another, makes no difference.
///
/// # Errors
/// The store's own, those of `take`, or that it was cancelled.
pub fn compare(
    store: &mut dyn Store,
    project: &Project,
    (from, to): (&Moment, &Moment),
    wanted: &Wanted,
    watch: &mut Watch<'_>,
    take: &mut TakePage<'_>,
) -> Result<(), OpsError> {
    let labels = &project.labels;
    let mut told = TaskProgress { step: "comparing".into(), unit: "edited samples".into(), ..Default::default() };
    let mut after: Option<String> = None;
    loop {
        watch.check()?;
        let page = store.differences(project.id, from.event, to.event, after.as_deref(), PAGE)?;
        told.done += page.rows.len() as u64;
        let differs = |row: Differing| {
            let change = difference::compare((&row.before, labels), (&row.after, labels))?;
            wanted.takes(&row.path, &change).then_some(Difference { row, change })
        };
        take(store, page.rows.into_iter().filter_map(differs).collect())?;
        watch.tell(&told);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Gives every difference between the present answers of two projects to `take`, by path: what `from` says, then what `to`
/// says. Classes are compared by name. A picture that only one of them has counts as not answered in the other; the
/// sample is that of `to` where it has one.
///
/// # Errors
/// As for [`compare`].
pub fn compare_projects(
    store: &mut dyn Store,
    (from, to): (&Project, &Project),
    wanted: &Wanted,
    watch: &mut Watch<'_>,
    take: &mut TakePage<'_>,
) -> Result<(), OpsError> {
    let mut told = TaskProgress { step: "comparing".into(), unit: "samples".into(), ..Default::default() };
    let (mut before, mut after) = (ByPath::new(from), ByPath::new(to));
    let mut found = Vec::new();
    loop {
        if told.done.is_multiple_of(PAGE as u64) {
            watch.check()?;
            watch.tell(&told);
            take(store, std::mem::take(&mut found))?;
        }
        told.done += 1;
        let order = match (before.key(store)?, after.key(store)?) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let old = before.next_if(order != Ordering::Greater);
        let new = after.next_if(order != Ordering::Less);
        found.extend(differing(old, new).and_then(|row| {
            let change = difference::compare((&row.before, &from.labels), (&row.after, &to.labels))?;
            wanted.takes(&row.path, &change).then_some(Difference { row, change })
        }));
    }
    watch.tell(&told);
    take(store, found)
}

fn differing(old: Option<Sample>, new: Option<Sample>) -> Option<Differing> {
    let (sample, path) = new.as_ref().or(old.as_ref()).map(|s| (s.id, s.path.clone()))?;
    let answer = |s: Option<Sample>| s.map(|s| s.answer).unwrap_or_default();
    let (before, after) = (answer(old), answer(new));
    let newest = after.annotations.iter().chain(&before.annotations).max_by_key(|a| a.at);
    let (author, at) = newest.map_or((String::new(), Timestamp::UNIX_EPOCH), |a| (a.author.clone(), a.at));
    Some(Differing { sample, path, before, after, author, at })
}

/// The samples of a project by path, a page in memory.
struct ByPath {
    project: ProjectId,
    from: From,
    page: std::vec::IntoIter<Queued>,
    head: Option<(Vec<u8>, Sample)>,
    over: bool,
}

impl ByPath {
    fn new(project: &Project) -> Self {
        Self { project: project.id, from: From::Edge, page: Vec::new().into_iter(), head: None, over: false }
    }

    /// The key of the next sample; nothing at the end.
    fn key(&mut self, store: &mut dyn Store) -> Result<Option<&Vec<u8>>, OpsError> {
        if self.head.is_none() && !self.over {
            if self.page.len() == 0 {
                let queue = Queue { filter: Filter::default(), order: Order::Path };
                let page = store.page(self.project, &queue, &self.from, Direction::Forward, PAGE)?;
                self.over = page.is_empty();
                self.from = page.last().map_or(From::Edge, |q| From::After(q.cursor.clone()));
                self.page = page.into_iter();
            }
            self.head = self.page.next().map(|q| (natural_key(&q.sample.path), q.sample));
        }
        Ok(self.head.as_ref().map(|(key, _)| key))
    }

    fn next_if(&mut self, wanted: bool) -> Option<Sample> {
        if wanted { self.head.take().map(|(_, sample)| sample) } else { None }
    }
}

/// Sends what waits, so that a state that is named now is the one the person sees.
///
/// # Errors
/// That something could not be sent, and what to do.
pub fn settle(store: &mut dyn Store) -> Result<(), OpsError> {
    let left = store.send(PATIENCE)?;
    match left.unsent {
        0 => Ok(()),
        n => Err(OpsError::Invalid(format!(
            "{n} edits wait to be sent and would not be part of it; `lakelens status` says why, try again when they are sent"
        ))),
    }
}
