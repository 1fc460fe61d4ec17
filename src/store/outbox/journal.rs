//! The journal: a small SQLite file that holds what is to be sent, what came of it, and what can be undone.
//!
//! Every call is one transaction with `synchronous = FULL`: what it returned `Ok` for survives a crash. Several
//! connections, of several programs, may use one journal at once.

use super::super::error::StoreError;
use super::super::sqlite::errors::from_sqlite;
use super::{Conflict, Result, body, upkeep};
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::{EditId, ProjectId, Rev, SampleId};
use crate::domain::sample::Answer;
use crate::domain::text::printable;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

const BUSY: Duration = Duration::from_secs(5);
/// Marks the file as ours in its header (`application_id`): "LkLj".
const APPLICATION_ID: i64 = 0x4c6b_4c6a;
/// The second may hold packed bodies, which programs that know the first would call damaged.
const VERSION: i64 = 2;

pub(super) const SCHEMA: &str = "
CREATE TABLE entry(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  edit BLOB NOT NULL UNIQUE,
  project INTEGER NOT NULL,
  sample INTEGER,
  author TEXT NOT NULL,
  batch BLOB,
  state INTEGER NOT NULL,               -- 0 waits, 1 taken, 2 met somebody else's, 3 cannot be taken, 4 given up
  standing INTEGER NOT NULL DEFAULT 0,  -- 1 can be undone, 2 is undone and can be made again, 0 neither
  turn INTEGER NOT NULL DEFAULT 0,      -- when it was undone, as a count
  body TEXT NOT NULL,                   -- the edit, JSON; packed where it is large
  theirs TEXT,
  rev INTEGER,
  reason TEXT,
  found TEXT
) STRICT;
CREATE INDEX entry_waits ON entry(seq) WHERE state = 0;
CREATE INDEX entry_open ON entry(sample, seq) WHERE state IN (0, 2, 3);
CREATE INDEX entry_undo ON entry(project, author, standing, seq) WHERE standing > 0;
";

/// What stands on a sample because of edits that the remote store has not confirmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    /// The answer after the last of them; `None` if they change only verdicts.
    pub answer: Option<Answer>,
    /// The sample's revision after it, as far as nobody else is in between.
    pub rev: Option<Rev>,
}

/// An open journal.
pub struct Journal {
    connection: Connection,
    place: String,
}

impl Journal {
    /// Opens the file; makes it and its folder where they are missing.
    ///
    /// # Errors
    /// The folder or the file cannot be made or written, or is something else.
    pub fn open(path: &Path) -> Result<Self> {
        let place = printable(&path.to_string_lossy()).into_owned();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| StoreError::Failed {
                place: place.clone(),
                why: format!("its folder cannot be made: {e}"),
            })?;
        }
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY)?;
            connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            connection.execute_batch("PRAGMA synchronous = FULL;")?;
            Ok(connection)
        };
        let connection = open().map_err(|e| from_sqlite(e, &place))?;
        let mut journal = Self { connection, place };
        journal.migrate()?;
        Ok(journal)
    }

    fn migrate(&mut self) -> Result<()> {
        let place = self.place.clone();
        let found = self.write(|tx| {
            let number = |name: &str| tx.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
            let (found, application) = (number("user_version")?, number("application_id")?);
            if found == 0 && application == 0 {
                tx.execute_batch(SCHEMA)?;
                tx.pragma_update(None, "application_id", APPLICATION_ID)?;
                tx.pragma_update(None, "user_version", VERSION)?;
                return Ok((VERSION, APPLICATION_ID));
            }
            if application == APPLICATION_ID && found < VERSION {
                tx.pragma_update(None, "user_version", VERSION)?;
            }
            Ok((found, application))
        })?;
        match found {
            (_, application) if application != APPLICATION_ID => {
                Err(StoreError::NotAStore { place, why: "not a journal of lakelens".to_owned() })
            }
            (found, _) if found > VERSION => Err(StoreError::Newer { place, found, known: VERSION }),
            _ => Ok(()),
        }
    }

    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let run = |connection: &mut Connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        run(&mut self.connection).map_err(|e| from_sqlite(e, &self.place))
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.connection).map_err(|e| from_sqlite(e, &self.place))
    }

    /// Where it is, safe to show.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Keeps edits, to be sent in this order. An id that is there already is not kept twice. An edit of a sample on which
    /// a person has to decide first waits for that decision.
    ///
    /// # Errors
    /// They could not be written; none is kept then.
    pub fn add(&mut self, edits: &[Edit]) -> Result<()> {
        self.write(|tx| edits.iter().try_for_each(|edit| insert(tx, edit)))
    }

    /// The edits to send next, at most `limit`: in order, of each sample only the first that waits, a label set alone,
    /// because later edits may use its classes.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn next(&self, limit: usize) -> Result<Vec<Edit>> {
        self.read(|db| {
            let mut query = db.prepare_cached("SELECT body, sample FROM entry WHERE state = 0 ORDER BY seq")?;
            let mut rows = query.query([])?;
            let (mut out, mut seen): (Vec<Edit>, HashSet<i64>) = (Vec::new(), HashSet::new());
            while let Some(row) = rows.next()? {
                // The body of an edit that has to wait is not looked at: there may be many on one sample, and large ones.
                match row.get::<_, Option<i64>>(1)? {
                    None if out.is_empty() => return Ok(vec![edit_of(row, 0)?]),
                    None => break,
                    Some(sample) if seen.insert(sample) => out.push(edit_of(row, 0)?),
                    Some(_) => {}
                }
                if out.len() >= limit {
                    break;
                }
            }
            Ok(out)
        })
    }

    /// Notes what the remote store did with edits.
    ///
    /// # Errors
    /// It could not be written; the edits are sent again, which changes nothing.
    pub fn settle(&mut self, outcomes: &[(EditId, Outcome)], at: Timestamp) -> Result<()> {
        self.write(|tx| {
            for (edit, outcome) in outcomes {
                match outcome {
                    Outcome::Saved { .. } => {
                        tx.prepare_cached("UPDATE entry SET state = 1 WHERE edit = ? AND state = 0")?
                            .execute([edit.0.as_bytes()])?;
                    }
                    Outcome::Conflict { rev, theirs } => stop(tx, *edit, 2, Some((theirs, *rev)), None, at)?,
                    Outcome::Refused { reason } => stop(tx, *edit, 3, None, Some(reason), at)?,
                    Outcome::Queued => {}
                }
            }
            upkeep::trim(tx, upkeep::BYTES)
        })
    }

    /// How many edits wait, and on how many samples a person has to decide.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn counts(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*) FILTER (WHERE state = 0),
                   count(DISTINCT coalesce(sample, -seq)) FILTER (WHERE state IN (2, 3))
                   FROM entry WHERE state IN (0, 2, 3)";
        self.read(|db| {
            let counts = |r: &Row<'_>| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get::<_, i64>(1)?.unsigned_abs()));
            db.prepare_cached(sql)?.query_row([], counts)
        })
    }

    /// What stands on samples because of edits that wait.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn pending(&self) -> Result<HashMap<SampleId, Pending>> {
        self.read(|db| {
            let mut query = db.prepare_cached("SELECT body FROM entry WHERE state = 0 ORDER BY seq")?;
            let mut rows = query.query([])?;
            let mut out: HashMap<SampleId, Pending> = HashMap::new();
            while let Some(row) = rows.next()? {
                let edit = edit_of(row, 0)?;
                let Some(sample) = edit.change.sample() else { continue };
                let pending = out.entry(sample).or_default();
                if let Change::Answer { base, after, .. } = edit.change {
                    (pending.answer, pending.rev) = (Some(after), Some(Rev(base.0 + 1)));
                }
            }
            Ok(out)
        })
    }

    /// What a person has to decide in a project, oldest first, one for each sample.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn conflicts(&self, project: ProjectId) -> Result<Vec<Conflict>> {
        let sql = "SELECT max(seq), body, theirs, rev, reason, found FROM entry
                   WHERE state IN (2, 3) AND project = ? GROUP BY coalesce(sample, -seq) ORDER BY min(seq)";
        self.read(|db| {
            let mut query = db.prepare_cached(sql)?;
            let found = query.query_map([project.0], conflict_of)?;
            found.collect()
        })
    }

    /// The conflict of the sample that this edit changes.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn conflict(&self, edit: EditId) -> Result<Option<Conflict>> {
        let sql = "SELECT max(e.seq), e.body, e.theirs, e.rev, e.reason, e.found FROM entry e
                   JOIN entry named ON named.edit = ? AND coalesce(named.sample, -named.seq) = coalesce(e.sample, -e.seq)
                   WHERE e.state IN (2, 3) HAVING max(e.seq) IS NOT NULL";
        self.read(|db| db.prepare_cached(sql)?.query_row([edit.0.as_bytes()], conflict_of).optional())
    }

    /// Ends a conflict: the edits of its sample are given up, and `instead` is sent, if something is.
    ///
    /// # Errors
    /// It could not be written; the conflict stays then.
    pub fn decide(&mut self, edit: EditId, instead: Option<&Edit>) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE entry SET state = 4, standing = 0 WHERE state IN (2, 3) AND coalesce(sample, -seq) =
                 (SELECT coalesce(sample, -seq) FROM entry WHERE edit = ?)",
                [edit.0.as_bytes()],
            )?;
            instead.map_or(Ok(()), |edit| insert(tx, edit))
        })
    }

    /// The next step back (`undone` false) or forward of a person: one edit or its whole batch, in the order in which
    /// they are to be taken back or made again.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn step(&self, project: ProjectId, author: &str, undone: bool) -> Result<Vec<Edit>> {
        let (standing, order) = if undone { (2, "turn DESC, seq ASC") } else { (1, "seq DESC") };
        let which = "project = ?1 AND author = ?2 AND standing = ?3 AND state IN (0, 1)";
        self.read(|db| {
            let top = format!("SELECT seq, batch, turn FROM entry WHERE {which} ORDER BY {order} LIMIT 1");
            let values = params![project.0, author, standing];
            let first = |r: &Row<'_>| Ok((r.get::<_, i64>(0)?, r.get::<_, Option<Vec<u8>>>(1)?, r.get::<_, i64>(2)?));
            let Some((seq, batch, turn)) = db.prepare_cached(&top)?.query_row(values, first).optional()? else {
                return Ok(Vec::new());
            };
            let same = "(seq = ?4 OR (?5 IS NOT NULL AND batch = ?5 AND turn = ?6))";
            let direction = if undone { "ASC" } else { "DESC" };
            let sql = format!("SELECT body FROM entry WHERE {which} AND {same} ORDER BY seq {direction}");
            let mut query = db.prepare_cached(&sql)?;
            let rows = query.query_map(params![project.0, author, standing, seq, batch, turn], |r| edit_of(r, 0))?;
            rows.collect()
        })
    }

    /// Keeps the edits that take back (or make again, if `undone`) the ones of a [`Journal::step`], and moves these
    /// between the lists.
    ///
    /// # Errors
    /// It could not be written; nothing has changed then.
    pub fn turn(&mut self, of: &[EditId], undone: bool, edits: &[Edit]) -> Result<()> {
        self.write(|tx| {
            let turn: i64 = tx.query_row("SELECT coalesce(max(turn), 0) + 1 FROM entry", [], |r| r.get(0))?;
            let (standing, turn) = if undone { (1, 0) } else { (2, turn) };
            for id in of {
                tx.prepare_cached("UPDATE entry SET standing = ?1, turn = ?2 WHERE edit = ?3")?.execute(params![
                    standing,
                    turn,
                    id.0.as_bytes()
                ])?;
            }
            edits.iter().try_for_each(|edit| insert(tx, edit))
        })
    }

    /// Takes edits off the undo lists, because what they changed cannot be taken back any more.
    ///
    /// # Errors
    /// It could not be written.
    pub fn forget(&mut self, of: &[EditId]) -> Result<()> {
        self.write(|tx| {
            of.iter().try_for_each(|id| {
                tx.execute("UPDATE entry SET standing = 0 WHERE edit = ?", [id.0.as_bytes()]).map(drop)
            })
        })
    }
}

fn insert(tx: &Transaction<'_>, edit: &Edit) -> rusqlite::Result<()> {
    let sample = edit.change.sample().map(|s| s.0);
    let open = "SELECT theirs, rev, reason, found, state FROM entry WHERE sample = ? AND state IN (2, 3) LIMIT 1";
    type Open = (Option<String>, Option<i64>, Option<String>, Option<String>, i64);
    let met: Option<Open> = tx
        .prepare_cached(open)?
        .query_row([sample], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
        .optional()?;
    let (theirs, rev, reason, found, state) = met.unwrap_or((None, None, None, None, 0));
    let by_person = edit.origin == Origin::Person;
    let added = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO entry(edit, project, sample, author, batch, state, standing, body, theirs, rev, reason,
             found) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            edit.id.0.as_bytes(),
            edit.project.0,
            sample,
            edit.author,
            edit.batch.map(|b| b.0.as_bytes().to_vec()),
            state,
            i64::from(by_person),
            body::text(edit).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?,
            theirs,
            rev,
            reason,
            found
        ])?;
    if added == 1 && by_person {
        // What was undone before cannot be made again after something new.
        let mut forget =
            tx.prepare_cached("UPDATE entry SET standing = 0 WHERE project = ? AND author = ? AND standing = 2")?;
        forget.execute(params![edit.project.0, edit.author])?;
    }
    Ok(())
}

/// An edit that the store did not take: it and all later ones of its sample wait for a person.
fn stop(
    tx: &Transaction<'_>,
    edit: EditId,
    state: i64,
    theirs: Option<(&Answer, Rev)>,
    reason: Option<&str>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let json = |a: &Answer| serde_json::to_string(a).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()));
    let (theirs, rev) = match theirs {
        Some((answer, rev)) => (Some(json(answer)?), Some(rev.0)),
        None => (None, None),
    };
    tx.prepare_cached(
        "UPDATE entry SET state = ?2, standing = 0, theirs = ?3, rev = ?4, reason = ?5, found = ?6
         WHERE state = 0 AND (edit = ?1 OR sample = (SELECT sample FROM entry WHERE edit = ?1))",
    )?
    .execute(params![edit.0.as_bytes(), state, theirs, rev, reason, at.to_string()])
    .map(drop)
}

fn edit_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Edit> {
    body::read(&row.get::<_, String>(column)?).map_err(|e| unreadable(e, column))
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| unreadable(e, column))
}

fn unreadable(error: serde_json::Error, column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

/// Of the columns (number, edit, theirs, revision, reason, when).
fn conflict_of(row: &Row<'_>) -> rusqlite::Result<Conflict> {
    let theirs = row.get::<_, Option<String>>(2)?.map(|text| parsed(&text, 2)).transpose()?;
    let at = row.get::<_, Option<String>>(5)?.and_then(|t| t.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Conflict {
        edit: edit_of(row, 1)?,
        theirs: theirs.unwrap_or_default(),
        rev: Rev(row.get::<_, Option<i64>>(3)?.unwrap_or_default()),
        reason: row.get(4)?,
        at,
    })
}
