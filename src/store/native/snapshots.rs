//! Named states of a project, and what differs between two states.
//!
//! A snapshot is a name for an event: the state right after it can be read for ever, because events are only appended.
//! What always holds: a snapshot costs one row, whatever the project's size; edits of a project are committed one after
//! the other (the project's row is locked), so that no event ever comes in before one that a snapshot names.

use super::base::{Base, to_json};
use super::codes;
use super::value::Row;
use crate::domain::edit::Change;
use crate::domain::ids::{EventId, ProjectId, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Differences, Differing, NewSnapshot, Snapshot};

/// The longest name of a snapshot or a list, in characters.
const LONGEST: usize = 200;

impl dyn Base + '_ {
    pub(in crate::store) fn take_snapshot(&self, project: ProjectId, new: &NewSnapshot) -> Result<Snapshot> {
        let name = usable(&new.name, "snapshot")?;
        // Waits for those that write at this moment, and holds others off until the name stands.
        if self.execute("UPDATE project SET version = version WHERE id = ?", [project.0])? == 0 {
            return Err(StoreError::not_found(format!("project number {project}"), self.place()));
        }
        let taken = "SELECT name FROM snapshot WHERE project = ? AND folded = ?";
        if let Some(other) = self.row(taken, (project.0, name.to_lowercase()), |r| r.get::<String>(0))? {
            return Err(StoreError::invalid(format!(
                "there is a snapshot `{}` already, and a snapshot never changes; give another name",
                crate::domain::text::printable(&other)
            )));
        }
        let last = "SELECT max(id) FROM event WHERE project = ?";
        let event = self.row(last, [project.0], |r| r.get::<Option<i64>>(0))?.flatten();
        let counts = self.tallies(project)?.counts;
        self.execute(
            "INSERT INTO snapshot(project, folded, name, event, author, at, message, counts) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            (
                project.0,
                name.to_lowercase(),
                name,
                event.unwrap_or(0),
                new.author.as_str(),
                codes::nanos(new.at),
                new.message.as_str(),
                to_json(&counts)?,
            ),
        )?;
        let (name, author, message) = (name.to_owned(), new.author.clone(), new.message.clone());
        Ok(Snapshot { name, event: event.map(EventId), author, at: new.at, message, counts })
    }

    pub(in crate::store) fn snapshots(&self, project: ProjectId) -> Result<Vec<Snapshot>> {
        let sql = "SELECT name, event, author, at, message, counts FROM snapshot WHERE project = ? ORDER BY event, at";
        let rows = self.rows(sql, [project.0], |r| Ok((snapshot(r)?, r.get::<String>(5)?)))?;
        let complete = |(mut snapshot, counts): (Snapshot, String)| {
            snapshot.counts = self.json(&counts, "a snapshot")?;
            Ok(snapshot)
        };
        rows.into_iter().map(complete).collect()
    }

    pub(in crate::store) fn drop_snapshot(&self, project: ProjectId, name: &str) -> Result<()> {
        let sql = "DELETE FROM snapshot WHERE project = ? AND folded = ?";
        match self.execute(sql, (project.0, name.to_lowercase()))? {
            0 => Err(StoreError::not_found(format!("snapshot `{name}`"), self.place())),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn differences(
        &self,
        project: ProjectId,
        from: Option<EventId>,
        to: Option<EventId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Differences> {
        let number = |event: Option<EventId>| event.map_or(0, |e| e.0);
        let (low, high) = (number(from).min(number(to)), number(from).max(number(to)));
        let first = "SELECT e.id FROM event e WHERE e.sample = s.id AND e.kind = 0 AND e.id > ?2 ORDER BY e.id LIMIT 1";
        let last =
            "SELECT e.id FROM event e WHERE e.sample = s.id AND e.kind = 0 AND e.id <= ?3 ORDER BY e.id DESC LIMIT 1";
        let sql = format!(
            "SELECT s.id, s.path, f.change, CASE WHEN l.id = f.id THEN NULL ELSE l.change END, l.author, l.at
             FROM sample s JOIN event f ON f.id = ({first}) JOIN event l ON l.id = ({last})
             WHERE s.project = ?1 AND s.changed > ?2 AND s.sort_key > ?4 AND f.id <= ?3
             ORDER BY s.sort_key LIMIT ?5"
        );
        let begin = after.map_or_else(Vec::new, natural_key);
        let rows = self.rows(&sql, (project.0, low, high, begin, codes::limit(limit)), differing_row)?;
        let next = (rows.len() >= limit).then(|| rows.last().map(|(row, ..)| row.path.clone())).flatten();
        let complete = |(row, first, last): (Differing, String, Option<String>)| {
            let (before, between) = self.answers(&first)?;
            let stood = match last {
                Some(last) => self.answers(&last)?.1,
                None => between,
            };
            let (before, after) = if number(from) <= number(to) { (before, stood) } else { (stood, before) };
            Ok(Differing { before, after, ..row })
        };
        Ok(Differences { rows: rows.into_iter().map(complete).collect::<Result<_>>()?, next })
    }

    /// What stood before and after an event of kind 0.
    fn answers(&self, change: &str) -> Result<(Answer, Answer)> {
        match self.change_of(change)? {
            Change::Answer { before, after, .. } => Ok((before, after)),
            _ => Ok(Default::default()),
        }
    }
}

/// A name that people can find again.
pub(in crate::store) fn usable<'a>(name: &'a str, of: &str) -> Result<&'a str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return Err(StoreError::invalid(format!(
            "a {of} needs a name of 1 to {LONGEST} characters without line breaks and control characters"
        )));
    }
    Ok(name)
}

/// A row of the list, without the counts.
fn snapshot(r: &Row) -> Result<Snapshot> {
    Ok(Snapshot {
        name: r.get(0)?,
        event: Some(r.get::<i64>(1)?).filter(|e| *e > 0).map(EventId),
        author: r.get(2)?,
        at: codes::time(r.get(3)?),
        message: r.get(4)?,
        counts: Default::default(),
    })
}

/// A row without its answers, which are still JSON: the first change, and the last where it is another.
fn differing_row(r: &Row) -> Result<(Differing, String, Option<String>)> {
    let row = Differing {
        sample: SampleId(r.get(0)?),
        path: r.get(1)?,
        before: Answer::default(),
        after: Answer::default(),
        author: r.get(4)?,
        at: codes::time(r.get(5)?),
    };
    Ok((row, r.get(2)?, r.get(3)?))
}
