//! Conflicts about rows of a table: a label against which somebody else's change stands, and how that ends.
//!
//! What always holds: nothing is written over before a person has seen both classes and has decided.

use super::rows;
use super::thread::Turn;
use super::{AUTHOR, TableStore, answers, project_of};
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::ProjectId;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::store::outbox::Conflict;
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;

/// Edits of a picture that are searched for the one of a conflict.
const EDITS: usize = 1000;

/// A label against which somebody else's change stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableConflict {
    /// The edit.
    pub edit: String,
    /// The picture.
    pub path: String,
    /// Who made the edit.
    pub author: String,
    /// The class it gives; `None` for none.
    pub mine: Option<String>,
    /// The class that the table holds.
    pub theirs: Option<String>,
    /// The row is not in the table any more.
    pub gone: bool,
    /// When it was found.
    pub at: String,
}

/// How a conflict ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The table gets the label of the person.
    Mine,
    /// The table stays as it is, and the mirror follows.
    Theirs,
}

impl TableStore {
    /// Labels against which somebody else's change stands, oldest first.
    ///
    /// # Errors
    /// The mirror's.
    pub fn table_conflicts(&mut self) -> Result<Vec<TableConflict>> {
        let of = |c: rows::Clash| TableConflict {
            edit: c.edit,
            path: c.path,
            author: c.author,
            mine: c.mine,
            theirs: c.theirs,
            gone: c.gone,
            at: c.at,
        };
        Ok(self.rows()?.clashes()?.into_iter().map(of).collect())
    }

    /// Ends the conflict of an edit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none; [`StoreError::Invalid`] when the row is gone and mine is wanted.
    pub fn settle_conflict(&mut self, edit: &str, choice: Choice) -> Result<()> {
        let _turn = Turn::wait(&self.files)?;
        let mut rows = self.rows()?;
        let clash = rows.clashes()?.into_iter().find(|c| c.edit == edit);
        let clash = clash.ok_or_else(|| StoreError::not_found(format!("conflict of edit {edit}"), &self.place))?;
        if choice == Choice::Mine && clash.gone {
            let what = format!("the row of {} is not in {} any more; choose theirs", clash.path, self.source.table);
            return Err(StoreError::invalid(what));
        }
        if choice == Choice::Theirs && !clash.gone {
            self.take_theirs(&clash)?;
        }
        rows.together(|rows| {
            rows.set_base(&clash.path, clash.theirs.as_deref())?;
            if choice == Choice::Mine {
                rows.put_pending(&rows::Pending {
                    path: clash.path.clone(),
                    edit: clash.edit.clone(),
                    author: clash.author.clone(),
                    expected: clash.theirs.clone(),
                    target: clash.mine.clone(),
                    tries: 0,
                })?;
            }
            rows.drop_clash(&clash.path)
        })?;
        if choice == Choice::Mine {
            self.poke();
        }
        Ok(())
    }

    /// Makes the mirror show what the table holds.
    fn take_theirs(&mut self, clash: &rows::Clash) -> Result<()> {
        let Some(project) = project_of(&mut self.inner)? else { return Ok(()) };
        let Some(sample) = self.inner.sample_by_path(project.id, &clash.path)? else { return Ok(()) };
        let at = Timestamp::now();
        let mut project = project;
        if answers::answer(clash.theirs.as_deref(), &project.labels.by_name(), AUTHOR, at).is_none() {
            // A class that nobody here has seen yet.
            let name = clash.theirs.clone().unwrap_or_default();
            let before = project.labels.clone();
            project.labels.append(&name);
            let change = Change::Classes { before, after: project.labels.clone() };
            self.inner.commit(&[by_table(project.id, change, at)])?;
        }
        let Some(answer) = answers::answer(clash.theirs.as_deref(), &project.labels.by_name(), AUTHOR, at) else {
            return Ok(());
        };
        let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after: answer };
        self.inner.commit(&[by_table(project.id, change, at)])?;
        Ok(())
    }

    /// A conflict as the screens show it; nothing when the edit is not in the mirror.
    pub(super) fn shown(&mut self, project: &Project, clash: rows::Clash) -> Result<Option<Conflict>> {
        let Some(sample) = self.inner.sample_by_path(project.id, &clash.path)? else { return Ok(None) };
        let events = self.inner.history(project.id, Some(sample.id), None, EDITS)?;
        let Some(found) = events.into_iter().find(|e| e.edit.id.to_string() == clash.edit) else { return Ok(None) };
        let at = clash.at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let theirs = answers::answer(clash.theirs.as_deref(), &project.labels.by_name(), AUTHOR, at);
        let reason = match (&theirs, clash.gone) {
            (_, true) => Some(format!("the row is not in {} any more", self.source.table)),
            (None, false) => {
                let class = clash.theirs.as_deref().unwrap_or_default();
                Some(format!("the table holds the class `{}`, which is new", printable(class)))
            }
            (Some(_), false) => None,
        };
        Ok(Some(Conflict { edit: found.edit, theirs: theirs.unwrap_or_default(), rev: sample.rev, reason, at }))
    }
}

/// An edit that says what the table holds.
fn by_table(project: ProjectId, change: Change, at: Timestamp) -> Edit {
    let mut edit = Edit::by_person(project, change, AUTHOR, at);
    edit.origin = Origin::Import;
    edit
}
