//! Brings edits from the mirror into the table, in batches.
//!
//! What always holds:
//! - An edit leaves the list only after its row was read back from the table with the wanted class.
//! - What is about to be sent is written down first ([`RowFile::begin_flight`]); after an unknown outcome, also that of a
//!   killed program, the table is read before anything is sent again, and its history is asked for the batch where the
//!   engine keeps one: a change that arrived, and was changed again by somebody since, is not repeated.
//! - A row that holds neither the expected nor the wanted class is a conflict; nothing is overwritten.
//! - Counts of changed rows are not believed: engines count them differently.

use super::answers::class_text;
use super::reading::TableReader;
use super::rows::{Clash, Pending, RowFile};
use super::source::{Change, Seen, TableSource, Types};
use super::{AUTHOR, project_of};
use crate::domain::edit::Change as EditChange;
use crate::domain::ids::EventId;
use crate::domain::project::Project;
use crate::remote::sql::{Engine, SqlError, Statement, texts};
use crate::store::records::HistoryEntry;
use crate::store::sqlite::SqliteStore;
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Rows of one commit at most.
const BATCH: usize = 2000;
/// How often a commit that others got ahead of is tried again before the rest waits a while.
const RACES: u32 = 40;
/// How often a row may stay as it was although the engine reports success, before that is a conflict.
const TRIES: i64 = 5;
/// Events read at once.
const EVENTS: usize = 1000;
/// Commits of the history that are searched for a batch.
const COMMITS: u32 = 200;

/// What the table holds by id and path: more than one class for a row that is there more than once.
type Held = BTreeMap<(String, String), Vec<Option<String>>>;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Rows that the table holds as wanted now.
    pub rows: u64,
    /// Rows that somebody else changed first.
    pub conflicts: u64,
    /// Commits.
    pub commits: u64,
}

/// The sender of one table. Only one works at a time: the caller holds the lock.
pub(super) struct Sender {
    pub(super) mirror: SqliteStore,
    pub(super) rows: RowFile,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) reader: Arc<dyn TableReader>,
    pub(super) source: TableSource,
    pub(super) stop: CancellationToken,
}

impl Sender {
    /// Sends everything there is.
    ///
    /// # Errors
    /// The engine's; what was not sent stays written down.
    pub(super) fn drain(&mut self) -> Result<Sent> {
        let mut sent = Sent::default();
        let Some(project) = project_of(&mut self.mirror)? else { return Ok(sent) };
        self.after_unknown(&mut sent)?;
        self.take(&project)?;
        let mut types = None;
        loop {
            let batch = self.rows.pending(BATCH)?;
            if batch.is_empty() {
                self.rows.set_state("waiting", None)?;
                return Ok(sent);
            }
            let types = match types {
                Some(types) => types,
                None => *types.insert(self.source.types(self.engine.as_ref(), &self.stop)?),
            };
            self.send(&batch, types, &mut sent)?;
            self.take(&project)?;
        }
    }

    /// Writes down what the edits since the last time want of the table, all edits of a row as one change.
    pub(super) fn take(&mut self, project: &Project) -> Result<u64> {
        let labels = self.mirror.project(project.id)?.labels;
        let from = self.sent_through()?;
        let events = unsent(&mut self.mirror, project, from)?;
        let Some(last) = events.last().map(|e| e.event) else { return Ok(0) };
        self.rows.together(|rows| {
            for event in &events {
                let EditChange::Answer { after, .. } = &event.edit.change else { continue };
                let (Some(path), true) = (&event.path, event.edit.author != AUTHOR) else { continue };
                let Some(target) = class_text(after, &labels) else { continue };
                want(rows, path, target, event)?;
            }
            rows.set_state("sent_through", Some(&last.0.to_string()))
        })?;
        Ok(events.len() as u64)
    }

    fn sent_through(&self) -> Result<i64> {
        Ok(self.rows.state("sent_through")?.and_then(|t| t.parse().ok()).unwrap_or(0))
    }

    fn send(&mut self, batch: &[Pending], types: Types, sent: &mut Sent) -> Result<()> {
        let changes = self.changes(batch)?;
        let id = uuid::Uuid::now_v7().to_string();
        self.remember(&id)?;
        self.rows.begin_flight(&id, batch)?;
        let authors: BTreeSet<&str> = batch.iter().map(|p| p.author.as_str()).collect();
        let authors = authors.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("lakelens batch {id}: {} labels by {authors}", batch.len());
        let statement = self.source.merge(self.engine.as_ref(), types, &changes, &view_of(&id))?.message(&message);
        let (before, done) = (self.version_without_messages(), sent.rows);
        self.commit(&statement)?;
        sent.commits += 1;
        let seen = self.read(&changes, types)?;
        self.settle(batch, &seen, false, sent)?;
        if sent.rows - done == batch.len() as u64 {
            self.step_on(before)?;
        }
        Ok(())
    }

    /// Runs the statement, again where others got ahead; what is refused was not done.
    fn commit(&mut self, statement: &Statement) -> Result<()> {
        let mut pause = Duration::from_millis(20);
        for _ in 0..RACES {
            match self.engine.change(statement, &self.stop) {
                Err(error) if error.is_concurrent() => {
                    tracing::debug!(%error, "others got ahead; the batch is sent again");
                    self.wait(pause)?;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error @ (SqlError::Unknown { .. } | SqlError::Garbled { .. } | SqlError::Cancelled)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    self.rows.end_flight()?;
                    return Err(error.into());
                }
                Ok(()) => return Ok(()),
            }
        }
        self.rows.end_flight()?;
        let why = "others write the table all the time";
        Err(StoreError::from(SqlError::unreachable(self.engine.place(), why)))
    }

    /// Waits a part of `longest`, by chance, so that writers who got into each other's way do not again.
    fn wait(&self, longest: Duration) -> Result<()> {
        let chance = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0;
        let (send, receive) = std::sync::mpsc::channel::<()>();
        let _ = receive.recv_timeout(longest.mul_f64(0.2 + 0.8 * chance));
        drop(send);
        if self.stop.is_cancelled() { Err(StoreError::Interrupted) } else { Ok(()) }
    }

    fn changes(&self, batch: &[Pending]) -> Result<Vec<Change>> {
        let mut out = Vec::with_capacity(batch.len());
        for row in batch {
            if let Some(known) = self.rows.known(&row.path)? {
                let (expected, target) = (row.expected.clone(), row.target.clone());
                out.push(Change { id: known.id, raw: known.raw, expected, target });
            }
        }
        Ok(out)
    }

    /// What the table holds for these rows now, by path and id. A row that is there twice with two classes is both.
    fn read(&self, changes: &[Change], types: Types) -> Result<Held> {
        let name = view_of(&uuid::Uuid::now_v7().to_string());
        let statement = self.source.read_some(self.engine.as_ref(), types, changes, &name)?;
        let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for seen in seen(self.engine.as_ref(), &statement, &self.stop)? {
            out.entry((seen.id, seen.raw)).or_default().push(seen.class);
        }
        Ok(out)
    }

    /// Compares what the table holds with what was wanted. `arrived`: the batch is known to be in the table's history.
    fn settle(&mut self, batch: &[Pending], seen: &Held, arrived: bool, sent: &mut Sent) -> Result<()> {
        let now = Timestamp::now().to_string();
        self.rows.together(|rows| {
            for row in batch {
                let Some(known) = rows.known(&row.path)? else {
                    rows.drop_pending(&row.path)?;
                    continue;
                };
                let values = seen.get(&(known.id.clone(), known.raw.clone()));
                match judge(row, values.map(Vec::as_slice), arrived) {
                    Verdict::Done(base) => {
                        rows.set_base(&row.path, base.as_deref())?;
                        rows.drop_pending(&row.path)?;
                        sent.rows += 1;
                    }
                    Verdict::Again(expected) => {
                        rows.put_pending(&Pending { expected, tries: row.tries + 1, ..row.clone() })?;
                    }
                    Verdict::Conflict { theirs, gone } => {
                        let (edit, author, mine) = (row.edit.clone(), row.author.clone(), row.target.clone());
                        let (path, at) = (row.path.clone(), now.clone());
                        rows.put_clash(&Clash { path, edit, author, mine, theirs, gone, at })?;
                        rows.drop_pending(&row.path)?;
                        sent.conflicts += 1;
                    }
                }
            }
            rows.end_flight()
        })
    }

    /// Finds out what became of a batch that was sent without an answer.
    fn after_unknown(&mut self, sent: &mut Sent) -> Result<()> {
        let Some((batch, paths)) = self.rows.flight()? else { return Ok(()) };
        let mut rows = Vec::new();
        for path in &paths {
            rows.extend(self.rows.pending_of(path)?);
        }
        let types = self.source.types(self.engine.as_ref(), &self.stop)?;
        let seen = self.read(&self.changes(&rows)?, types)?;
        let arrived = self.in_history(&batch)?;
        tracing::info!(batch, rows = rows.len(), arrived, "looked for a batch without an answer");
        self.settle(&rows, &seen, arrived, sent)
    }

    /// Whether the history of the table has the batch; an engine without history knows of none.
    fn in_history(&self, batch: &str) -> Result<bool> {
        match super::history::commits(self.engine.as_ref(), &self.source.name()?, Some(COMMITS), &self.stop) {
            Ok(commits) => Ok(commits.iter().any(|c| c.message.as_deref().is_some_and(|m| m.contains(batch)))),
            Err(StoreError::Engine(SqlError::Refused { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What is to be done about a row.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The table has it, or had it before somebody changed it again: then with what it holds now.
    Done(Option<String>),
    /// It is to be sent again, expecting this class.
    Again(Option<String>),
    /// Somebody else changed it.
    Conflict { theirs: Option<String>, gone: bool },
}

fn judge(row: &Pending, values: Option<&[Option<String>]>, arrived: bool) -> Verdict {
    let Some(values) = values.filter(|v| !v.is_empty()) else {
        return Verdict::Conflict { theirs: None, gone: true };
    };
    if values.iter().all(|v| *v == row.target) {
        return Verdict::Done(row.target.clone());
    }
    let current = values.iter().find(|v| **v != row.target).cloned().unwrap_or_default();
    if arrived {
        return Verdict::Done(current);
    }
    if current == row.expected && row.tries < TRIES {
        Verdict::Again(current)
    } else {
        Verdict::Conflict { theirs: current, gone: false }
    }
}

/// Notes what an edit wants of a row.
fn want(rows: &RowFile, path: &str, target: Option<String>, event: &HistoryEntry) -> Result<()> {
    let (edit, author) = (event.edit.id.to_string(), event.edit.author.clone());
    if let Some(mut clash) = rows.clash_of(path)? {
        if clash.theirs == target && !clash.gone {
            rows.set_base(path, target.as_deref())?;
            return rows.drop_clash(path);
        }
        (clash.mine, clash.edit, clash.author) = (target, edit, author);
        return rows.put_clash(&clash);
    }
    let Some(known) = rows.known(path)? else { return Ok(()) };
    let mut pending = rows.pending_of(path)?.unwrap_or_else(|| Pending {
        path: path.to_owned(),
        edit: String::new(),
        author: String::new(),
        expected: known.base.clone(),
        target: None,
        tries: 0,
    });
    if super::answers::same(pending.expected.as_deref(), target.as_deref()) {
        // Taken back before it was sent: there is nothing to send.
        return rows.drop_pending(path);
    }
    (pending.target, pending.edit, pending.author) = (target, edit, author);
    rows.put_pending(&pending)
}

/// The events after one, oldest first.
pub(super) fn unsent(mirror: &mut SqliteStore, project: &Project, after: i64) -> Result<Vec<HistoryEntry>> {
    let mut out: Vec<HistoryEntry> = Vec::new();
    let mut before: Option<EventId> = None;
    loop {
        let page = mirror.history(project.id, None, before, EVENTS)?;
        let full = page.len() == EVENTS;
        let fresh: Vec<HistoryEntry> = page.into_iter().take_while(|e| e.event.0 > after).collect();
        let more = full && fresh.len() == EVENTS;
        before = fresh.last().map(|e| e.event);
        out.extend(fresh);
        if !more {
            out.reverse();
            return Ok(out);
        }
    }
}

/// A name for attached rows.
fn view_of(id: &str) -> String {
    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("lakelens_{plain}")
}

/// The rows of a statement of [`TableSource`].
pub(super) fn seen(engine: &dyn Engine, statement: &Statement, stop: &CancellationToken) -> Result<Vec<Seen>> {
    let mut out = Vec::new();
    let mut rows = engine.run(statement, stop)?;
    while let Some(batch) = rows.next_batch()? {
        out.extend(seen_of(&batch, engine.place())?);
    }
    Ok(out)
}

/// The rows of a batch that have an id and a path.
pub(super) fn seen_of(batch: &arrow_array::RecordBatch, place: &str) -> Result<Vec<Seen>> {
    let column = |i| texts(batch, i, place);
    let (ids, paths, classes) = (column(0)?, column(1)?, column(2)?);
    let rows = ids.into_iter().zip(paths).zip(classes);
    Ok(rows.filter_map(|((id, raw), class)| Some(Seen { id: id?, raw: raw?, class })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(expected: Option<&str>, target: &str, tries: i64) -> Pending {
        Pending {
            path: "p".into(),
            edit: "e".into(),
            author: "me".into(),
            expected: expected.map(str::to_owned),
            target: Some(target.to_owned()),
            tries,
        }
    }

    #[test]
    fn what_the_table_holds_decides() {
        let some = |t: &str| Some(t.to_owned());
        let wanted = row(Some("a"), "c", 0);
        assert_eq!(judge(&wanted, Some(&[some("c")]), false), Verdict::Done(some("c")));
        assert_eq!(judge(&wanted, Some(&[some("a")]), false), Verdict::Again(some("a")));
        let theirs = Verdict::Conflict { theirs: some("x"), gone: false };
        assert_eq!(judge(&wanted, Some(&[some("x")]), false), theirs);
        assert_eq!(judge(&wanted, Some(&[None]), false), Verdict::Conflict { theirs: None, gone: false });
        assert_eq!(judge(&wanted, None, false), Verdict::Conflict { theirs: None, gone: true });
        // It arrived, and somebody put the old class back: that stays.
        assert_eq!(judge(&wanted, Some(&[some("a")]), true), Verdict::Done(some("a")));
        // The row is there twice, and only one of the two took it.
        assert_eq!(judge(&wanted, Some(&[some("c"), some("a")]), false), Verdict::Again(some("a")));
        let stuck = row(Some("a"), "c", TRIES);
        assert_eq!(judge(&stuck, Some(&[some("a")]), false), Verdict::Conflict { theirs: some("a"), gone: false });
    }
}
