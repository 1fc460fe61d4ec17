//! The rows behind edits over a network: fetched before, changed in memory, written after.
//!
//! What always holds: a commit of any number of edits costs two round trips, undo three. What was not foreseen is
//! fetched when it is asked for, so that fetching ahead is only ever a matter of speed. The project's row is locked
//! first, so that events of a project are numbered in the order in which they are committed.

mod memory;

pub(super) use memory::{EventRow, Held, Memory};

use super::samples::heads_statement;
use super::tx::{Param, Statement, Tx};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Origin};
use crate::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::review::Review;
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::native::codes;
use crate::store::native::desk::{Desk, Done, Head, NewEvent, Standing, Way};
use crate::store::native::ground::{Changes, SharedGrounds};
use crate::store::native::tally::{Deltas, NO_REV};
use crate::store::native::value::Row;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The desk of one write transaction.
pub(super) struct PgDesk<'a> {
    pub(super) tx: &'a Tx<'a>,
    memory: RefCell<Memory>,
    grounds: SharedGrounds,
}

const DONE: &str = "SELECT e.id, e.edit, e.batch, e.previous, e.project, e.message, e.change, p.author, e.author
    FROM event e LEFT JOIN event p ON p.id = e.previous";
const NUMBERS: &str = "SELECT nextval('event_ids') FROM generate_series(1, $1::bigint)";

impl<'a> PgDesk<'a> {
    fn new(tx: &'a Tx<'a>, grounds: &SharedGrounds) -> Self {
        // Of a try before this one nothing stands.
        grounds.lock().forget();
        Self { tx, memory: RefCell::default(), grounds: grounds.clone() }
    }

    /// Fetches what committing these edits needs, and locks it.
    pub(super) fn for_edits(tx: &'a Tx<'a>, edits: &[Edit], grounds: &SharedGrounds) -> Result<Self> {
        let desk = Self::new(tx, grounds);
        let projects: BTreeSet<i64> = edits.iter().map(|e| e.project.0).collect();
        let samples: BTreeSet<i64> = edits.iter().filter_map(|e| e.change.sample()).map(|s| s.0).collect();
        let of: Vec<Uuid> = edits.iter().filter_map(undone).map(|e| e.0).collect();
        let projects: Vec<i64> = projects.into_iter().collect();
        let mut statements = vec![
            lock(projects.clone()),
            Statement::new(
                "SELECT e.edit, s.id, s.rev FROM event e LEFT JOIN sample s ON s.id = e.sample WHERE e.edit = ANY($1)",
                vec![Param::uuids(edits.iter().map(|e| e.id.0).collect())],
            ),
            heads_statement(samples.iter().copied().collect()),
            Statement::new(
                "SELECT id, name, hotkey, colour, parent, merged_into, retired, project FROM label_class
                 WHERE project = ANY($1) ORDER BY place, id",
                vec![Param::ints(projects.clone())],
            ),
            Statement::new(NUMBERS, vec![Param::int(codes::limit(edits.len()))]),
        ];
        if !of.is_empty() {
            let authors = edits.iter().map(|e| e.author.clone()).collect();
            statements.push(Statement::new(format!("{DONE} WHERE e.edit = ANY($1)"), vec![Param::uuids(of.clone())]));
            statements.push(Statement::new(
                "SELECT u.project, u.author, u.undone, u.event FROM undo u JOIN event e ON e.id = u.event
                 WHERE e.edit = ANY($1) AND u.project = ANY($2) AND u.author = ANY($3)",
                vec![Param::uuids(of.clone()), Param::ints(projects.clone()), Param::texts(authors)],
            ));
        }
        let mut answers = desk.tx.ask(&statements)?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let (locked, taken, heads, labels, numbers) = (next(), next(), next(), next(), next());
        let (done, lists) = (next(), next());
        desk.know_projects(&projects, &locked)?;
        desk.know_taken(&taken)?;
        desk.know_samples(&samples.iter().map(|id| SampleId(*id)).collect::<Vec<_>>(), &heads)?;
        desk.know_labels(&projects, &labels)?;
        desk.know_numbers(&numbers)?;
        desk.know_done(&done)?;
        let mut memory = desk.memory.borrow_mut();
        for id in of {
            memory.done.entry(EditId(id)).or_insert(None);
        }
        drop(memory);
        desk.know_lists(&lists)?;
        Ok(desk)
    }

    /// Fetches what the next step of undo needs. The samples follow, because the step names them.
    pub(super) fn for_step(tx: &'a Tx<'a>, project: ProjectId, grounds: &SharedGrounds) -> Result<Self> {
        let desk = Self::new(tx, grounds);
        let labels = "SELECT id, name, hotkey, colour, parent, merged_into, retired, project FROM label_class
                      WHERE project = ANY($1) ORDER BY place, id";
        let projects = vec![project.0];
        let statements = [lock(projects.clone()), Statement::new(labels, vec![Param::ints(projects.clone())])];
        let mut answers = desk.tx.ask(&statements)?.into_iter();
        let (locked, labels) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
        desk.know_projects(&projects, &locked)?;
        desk.know_labels(&projects, &labels)?;
        Ok(desk)
    }

    /// What is to be written.
    pub(super) fn finish(self) -> Result<()> {
        super::flush::flush(self.tx, self.memory.into_inner())
    }

    fn memory(&self) -> RefMut<'_, Memory> {
        self.memory.borrow_mut()
    }

    fn know_projects(&self, asked: &[i64], rows: &[Row]) -> Result<()> {
        let mut memory = self.memory();
        memory.projects.extend(asked.iter().map(|id| (ProjectId(*id), false)));
        for row in rows {
            memory.projects.insert(ProjectId(row.get(0)?), true);
        }
        Ok(())
    }

    fn know_taken(&self, rows: &[Row]) -> Result<()> {
        let mut memory = self.memory();
        for row in rows {
            let sample = row.get::<Option<i64>>(1)?.map(SampleId).zip(row.get::<Option<i64>>(2)?.map(Rev));
            memory.taken.insert(EditId(row.get(0)?), sample);
        }
        Ok(())
    }

    fn know_samples(&self, asked: &[SampleId], rows: &[Row]) -> Result<()> {
        let mut memory = self.memory();
        for id in asked {
            memory.samples.entry(*id).or_insert(None);
        }
        for row in rows {
            let (was, now) = (self.tx.loaded(row)?, self.tx.loaded(row)?);
            if let Some(event) = was.head.state {
                memory.authors.insert(event, was.by.clone());
            }
            memory.samples.insert(was.head.id, Some(Held { was, now, answered: false, touched: false }));
        }
        Ok(())
    }

    fn know_labels(&self, asked: &[i64], rows: &[Row]) -> Result<()> {
        let mut memory = self.memory();
        memory.labels.extend(asked.iter().map(|id| (ProjectId(*id), LabelSet::default())));
        for row in rows {
            let class = crate::store::native::classes::class_row(row)?;
            memory.labels.entry(ProjectId(row.get(7)?)).or_default().classes.push(class);
        }
        Ok(())
    }

    fn know_numbers(&self, rows: &[Row]) -> Result<()> {
        let numbers = rows.iter().map(|r| r.get(0)).collect::<Result<Vec<i64>>>()?;
        self.memory().numbers.extend(numbers);
        Ok(())
    }

    /// Rows of [`DONE`].
    fn know_done(&self, rows: &[Row]) -> Result<Vec<Done>> {
        let mut found = Vec::with_capacity(rows.len());
        let changes = Changes::of(self.tx.base());
        let mut memory = self.memory();
        for row in rows {
            let change: String = row.get(6)?;
            let done = Done {
                event: row.get(0)?,
                edit: EditId(row.get(1)?),
                batch: row.get(2)?,
                previous: row.get(3)?,
                project: ProjectId(row.get(4)?),
                message: row.get(5)?,
                change: changes.read(&change)?,
            };
            if let Some(previous) = done.previous {
                memory.authors.insert(previous, row.get(7)?);
            }
            memory.authors.insert(done.event, row.get(8)?);
            memory.done.insert(done.edit, Some(done.clone()));
            found.push(done);
        }
        Ok(found)
    }

    fn know_lists(&self, rows: &[Row]) -> Result<()> {
        let mut memory = self.memory();
        for row in rows {
            memory.undo.insert((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), (true, true));
        }
        Ok(())
    }

    /// Fetches samples that were not fetched yet.
    fn fetch_samples(&self, ids: impl Iterator<Item = SampleId>) -> Result<()> {
        let ids: BTreeSet<SampleId> = ids.filter(|id| !self.memory.borrow().samples.contains_key(id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = self.tx.ask_one(heads_statement(ids.iter().map(|id| id.0).collect()))?;
        self.know_samples(&ids.into_iter().collect::<Vec<_>>(), &rows)
    }

    fn with<T>(&self, id: SampleId, read: impl FnOnce(&mut Held) -> T) -> Result<Option<T>> {
        self.fetch_samples(std::iter::once(id))?;
        Ok(self.memory().samples.get_mut(&id).and_then(Option::as_mut).map(read))
    }
}

/// Locks projects against other writers, as long as the transaction lasts.
pub(super) fn lock(projects: Vec<i64>) -> Statement {
    let sql = "SELECT id FROM project WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    Statement::new(sql, vec![Param::ints(projects)])
}

/// The edit that an undo or redo made elsewhere names.
fn undone(edit: &Edit) -> Option<EditId> {
    match edit.origin {
        Origin::Undo(of) | Origin::Redo(of) => Some(of),
        _ => None,
    }
}

impl Desk for PgDesk<'_> {
    fn place(&self) -> &str {
        self.tx.name()
    }

    fn taken(&self, edit: EditId) -> Result<Option<Rev>> {
        let fresh = self.memory().fresh.get(&edit).copied();
        if let Some(sample) = fresh {
            let rev = sample.map(|id| self.with(id, |held| held.now.head.rev)).transpose()?.flatten();
            return Ok(Some(rev.unwrap_or(NO_REV)));
        }
        let taken = self.memory().taken.get(&edit).copied();
        let Some(sample) = taken else { return Ok(None) };
        let Some((id, rev)) = sample else { return Ok(Some(NO_REV)) };
        let held = self.memory().samples.get(&id).and_then(Option::as_ref).map(|h| h.now.head.rev);
        Ok(Some(held.unwrap_or(rev)))
    }

    fn has_project(&self, project: ProjectId) -> Result<bool> {
        Ok(self.memory().projects.get(&project).copied().unwrap_or(false))
    }

    fn head(&self, id: SampleId) -> Result<Option<Head>> {
        self.with(id, |held| held.now.head.clone())
    }

    fn reviews(&self, id: SampleId) -> Result<Vec<Review>> {
        Ok(self.with(id, |held| held.now.reviews.clone())?.unwrap_or_default())
    }

    fn author_of(&self, event: Option<i64>) -> Result<Option<String>> {
        let Some(event) = event else { return Ok(None) };
        if let Some(known) = self.memory().authors.get(&event) {
            return Ok(known.clone());
        }
        let author = self.tx.base().row("SELECT author FROM event WHERE id = ?", [event], |r| r.get(0))?;
        self.memory().authors.insert(event, author.clone());
        Ok(author)
    }

    fn labels(&self, project: ProjectId) -> Result<LabelSet> {
        if let Some(labels) = self.memory().labels.get(&project) {
            return Ok(labels.clone());
        }
        let labels = self.tx.base().labels(project)?;
        self.memory().labels.insert(project, labels.clone());
        Ok(labels)
    }

    fn has_class(&self, project: ProjectId, class: ClassId) -> Result<bool> {
        if let Some(labels) = self.memory().labels.get(&project) {
            return Ok(labels.get(class).is_some());
        }
        Ok(self.labels(project)?.get(class).is_some())
    }

    fn class_in_use(&self, project: ProjectId, class: ClassId) -> Result<bool> {
        if let Some(classes) = self.memory().in_use.get(&project) {
            return Ok(classes.contains(&class));
        }
        let sql = "SELECT key FROM tally WHERE project = ? AND kind IN ('class', 'predicted') AND n > 0";
        let keys = self.tx.base().rows(sql, [project.0], |r| r.get::<String>(0))?;
        let classes: BTreeSet<ClassId> = keys.iter().filter_map(|k| k.parse().ok()).map(ClassId).collect();
        let used = classes.contains(&class);
        self.memory().in_use.insert(project, classes);
        Ok(used)
    }

    fn done(&self, edit: EditId) -> Result<Option<Done>> {
        if let Some(known) = self.memory().done.get(&edit) {
            return Ok(known.clone());
        }
        let sql = format!("{DONE} WHERE e.edit = $1");
        let value = crate::store::native::value::Value::Uuid(edit.0);
        let rows = self.tx.ask_one(Statement::new(sql, vec![Param::from(&value)]))?;
        let done = self.know_done(&rows)?.pop();
        self.fetch_samples(done.iter().filter_map(|d| d.change.sample()))?;
        Ok(done)
    }

    fn next_step(&self, project: ProjectId, author: &str, way: Way) -> Result<Vec<Done>> {
        let (end, undone, order) = if way == Way::Back { ("max", 0, "DESC") } else { ("min", 1, "ASC") };
        let sql = format!(
            "WITH top AS (SELECT id, batch, origin FROM event WHERE id = (SELECT {end}(event) FROM undo
               WHERE project = $1 AND author = $2 AND undone = $3)),
             step AS (SELECT id FROM top
               UNION SELECT b.id FROM top JOIN event b ON b.batch = top.batch AND b.origin <> 3
               UNION SELECT i.id FROM top JOIN undo l ON l.project = $1 AND l.author = $2 AND l.undone = $3
                 JOIN event i ON i.id = l.event AND i.batch = top.batch WHERE top.origin = 3)
             {DONE} JOIN step ON step.id = e.id
             JOIN undo u ON u.project = $1 AND u.author = $2 AND u.undone = $3 AND u.event = e.id
             ORDER BY e.id {order}"
        );
        let params = vec![Param::int(project.0), Param::text(author.to_owned()), Param::int(undone)];
        let found = self.know_done(&self.tx.ask_one(Statement::new(sql, params))?)?;
        self.fetch_samples(found.iter().filter_map(|d| d.change.sample()))?;
        let mut memory = self.memory();
        for done in &found {
            memory.undo.insert((project.0, author.to_owned(), way != Way::Back, done.event), (true, true));
        }
        Ok(found)
    }

    fn append(&self, event: &NewEvent<'_>) -> Result<i64> {
        if self.memory().numbers.is_empty() {
            let rows = self.tx.ask_one(Statement::new(NUMBERS, vec![Param::int(32)]))?;
            self.know_numbers(&rows)?;
        }
        let mut memory = self.memory();
        let id = memory.numbers.pop_front().unwrap_or_default();
        let edit = event.edit;
        memory.fresh.insert(edit.id, event.change.sample());
        memory.authors.insert(id, Some(edit.author.clone()));
        let done = Done {
            event: id,
            edit: edit.id,
            batch: edit.batch.map(|b| b.0),
            previous: event.previous,
            project: edit.project,
            message: edit.message.clone(),
            change: event.change.clone(),
        };
        memory.done.insert(edit.id, Some(done));
        let change = self.grounds.lock().text(edit, event.change)?;
        memory.events.push(EventRow {
            id,
            edit: edit.id.0,
            project: edit.project.0,
            sample: event.change.sample().map(|s| s.0),
            kind: codes::change_code(event.change),
            origin: event.origin,
            of: event.of.map(|o| o.0),
            batch: edit.batch.map(|b| b.0),
            author: edit.author.clone(),
            at: codes::nanos(edit.at),
            message: edit.message.clone(),
            rev: event.rev.0,
            previous: event.previous,
            change,
        });
        Ok(id)
    }

    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()> {
        super::flush::labels(self.tx, project, before, after);
        self.memory().labels.insert(project, after.clone());
        Ok(())
    }

    fn write_answer(&self, head: &Head, after: &Answer, to: &Standing) -> Result<()> {
        self.with(head.id, |held| {
            let now = &mut held.now;
            now.head.rev = to.rev;
            now.head.state = to.state;
            now.head.author = to.new.author.clone();
            now.head.review = to.review;
            now.head.answer = after.clone();
            now.changed = to.event;
            now.class = to.class;
            held.answered = true;
            held.touched = true;
        })?;
        Ok(())
    }

    fn write_review(&self, sample: SampleId, reviewer: &str, review: Option<&Review>) -> Result<()> {
        self.with(sample, |held| {
            held.now.reviews.retain(|r| r.reviewer != reviewer);
            held.now.reviews.extend(review.cloned());
            // In the order in which they are read.
            held.now.reviews.sort_by(|a, b| (a.at, &a.reviewer).cmp(&(b.at, &b.reviewer)));
            held.touched = true;
        })?;
        Ok(())
    }

    fn write_review_code(&self, sample: SampleId, code: i64) -> Result<()> {
        self.with(sample, |held| {
            held.now.head.review = code;
            held.touched = true;
        })?;
        Ok(())
    }

    fn write_check(&self, edit: &Edit, sample: SampleId, answer: Option<&Answer>) -> Result<()> {
        self.tx.base().write_check(edit, sample, answer)
    }

    fn clear_redo(&self, project: ProjectId, author: &str) -> Result<()> {
        let mut memory = self.memory();
        for ((p, a, undone, _), (_, stays)) in &mut memory.undo {
            if *undone && *p == project.0 && a == author {
                *stays = false;
            }
        }
        memory.cleared.insert((project.0, author.to_owned()));
        Ok(())
    }

    fn put_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<()> {
        let mut memory = self.memory();
        memory.undo.entry((project.0, author.to_owned(), undone, event)).or_insert((false, false)).1 = true;
        Ok(())
    }

    fn drop_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<bool> {
        let key = (project.0, author.to_owned(), undone, event);
        let known = self.memory().undo.get(&key).map(|(_, stays)| *stays);
        let there = match known {
            Some(there) => there,
            None if undone && self.memory().cleared.contains(&(project.0, author.to_owned())) => false,
            None => {
                let sql = "SELECT 1 FROM undo WHERE project = ? AND author = ? AND undone = ? AND event = ?";
                let there = self.tx.base().row(sql, (project.0, author, undone, event), |_| Ok(()))?.is_some();
                self.memory().undo.insert(key.clone(), (there, there));
                there
            }
        };
        if let Some((_, stays)) = self.memory().undo.get_mut(&key) {
            *stays = false;
        }
        Ok(there)
    }

    fn add_tallies(&self, deltas: Deltas) -> Result<()> {
        self.memory().deltas.push(deltas);
        Ok(())
    }
}
