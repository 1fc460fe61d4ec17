//! The SQLite schema and its migrations, in one place.
//!
//! `user_version` counts the migrations a file has; a file with more than this program knows is refused. Each order a
//! queue can have ends in one column that is unique within the project (`sort_key`, `shuffle`, `changed`, `rank`), so
//! that a page is one range of an index, whatever its place. `tally` holds every count a screen shows, kept by the
//! transaction that changes it.

use crate::domain::annotation::{Prediction, Shape};
use crate::domain::geometry::BoxN;
use crate::domain::ids::ClassId;
use crate::store::error::StoreError;
use crate::store::native::codes;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Marks the file as ours in its header (`application_id`): "LkLs".
pub(super) const APPLICATION_ID: i64 = 0x4c6b_4c73;

/// Each migration takes the schema one version further; never change one that was released.
const MIGRATIONS: [&str; 6] = [FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH];

/// The newest schema this program knows.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;
/// The version that [`FIFTH`] makes.
const FIFTH_VERSION: i64 = 5;

const FIRST: &str = "
CREATE TABLE project(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  folded TEXT NOT NULL,              -- the name in lower case, for comparing
  version INTEGER NOT NULL,
  family INTEGER NOT NULL,           -- the first version's id
  parent INTEGER,
  task TEXT NOT NULL,
  source TEXT NOT NULL,
  scan TEXT NOT NULL,                -- JSON
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,       -- all times: nanoseconds since 1970, UTC
  trashed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX project_name ON project(folded) WHERE trashed_at IS NULL;

CREATE TABLE label_class(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  id INTEGER NOT NULL,               -- counts from 1 in each project
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  hotkey TEXT NOT NULL,
  colour INTEGER NOT NULL,
  parent INTEGER,
  merged_into INTEGER,
  retired INTEGER NOT NULL,
  PRIMARY KEY(project, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample(
  id INTEGER PRIMARY KEY,
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  sort_key BLOB NOT NULL,            -- natural order of the path; as unique as the path
  shuffle INTEGER NOT NULL,          -- a bijection of the id: a fixed random order
  changed INTEGER NOT NULL,          -- the event that changed the answer last; -id before the first
  rank INTEGER NOT NULL,             -- best score in 22 bits, then the id in 40; -id without predictions
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  width INTEGER,
  height INTEGER,
  orientation INTEGER,
  missing INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0, -- 0 unlabeled, 1 pre_labeled, 2 labeled, 3 skipped
  skip_reason TEXT,
  flagged INTEGER NOT NULL DEFAULT 0,
  unsure INTEGER NOT NULL DEFAULT 0,
  empty INTEGER NOT NULL DEFAULT 0,  -- labeled without annotations
  rev INTEGER NOT NULL DEFAULT 0,
  state INTEGER,                     -- the event whose result stands now; undo moves it back
  author TEXT,                       -- whose answer it is
  class INTEGER,                     -- the first class, for class order
  predicted INTEGER,                 -- the class of the best prediction
  review INTEGER NOT NULL DEFAULT 0, -- 0 none, 1 waiting, 2 accepted, 3 rejected, 4 stale, 5 stale without answer
  claim_owner TEXT,
  claim_until INTEGER
) STRICT;
CREATE UNIQUE INDEX sample_path ON sample(project, sort_key);
CREATE INDEX sample_status_path ON sample(project, status, sort_key);
CREATE INDEX sample_status_shuffle ON sample(project, status, shuffle);
CREATE INDEX sample_status_changed ON sample(project, status, changed);
CREATE INDEX sample_status_rank ON sample(project, status, rank);
CREATE INDEX sample_class_path ON sample(project, class, status, sort_key);
CREATE INDEX sample_predicted_rank ON sample(project, predicted, rank) WHERE predicted IS NOT NULL;
CREATE INDEX sample_review_path ON sample(project, review, sort_key) WHERE review > 0;
CREATE INDEX sample_review_changed ON sample(project, review, changed) WHERE review > 0;
CREATE INDEX sample_author_changed ON sample(project, author, changed) WHERE author IS NOT NULL;
CREATE INDEX sample_flagged ON sample(project, sort_key) WHERE flagged = 1;
CREATE INDEX sample_unsure ON sample(project, sort_key) WHERE unsure = 1;
CREATE INDEX sample_empty ON sample(project, sort_key) WHERE empty = 1;

CREATE TABLE annotation(
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  id BLOB NOT NULL,
  place INTEGER NOT NULL,
  class INTEGER NOT NULL,
  kind TEXT NOT NULL,
  geometry TEXT,                     -- JSON, normalised 0..1 in the displayed picture; NULL for the whole picture
  attributes TEXT,                   -- JSON
  author TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(sample, id)
) STRICT, WITHOUT ROWID;

-- Which samples carry a class, by path and by change: follows from `annotation`, kept for filters.
CREATE TABLE sample_class(
  project INTEGER NOT NULL,
  class INTEGER NOT NULL,
  sort_key BLOB NOT NULL,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  changed INTEGER NOT NULL,
  under INTEGER NOT NULL,            -- the sample's own `class`, for class order
  PRIMARY KEY(project, class, sort_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_class_changed ON sample_class(project, class, changed, sample);
CREATE INDEX sample_class_under ON sample_class(project, class, under, sort_key);
CREATE INDEX sample_class_sample ON sample_class(sample);

CREATE TABLE prediction(
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  class INTEGER NOT NULL,
  kind TEXT NOT NULL,
  geometry TEXT,
  score REAL NOT NULL,
  model TEXT NOT NULL,
  PRIMARY KEY(sample, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE review(
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  reviewer TEXT NOT NULL,
  rev INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  comment TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY(sample, reviewer)
) STRICT, WITHOUT ROWID;

CREATE TABLE comment(
  id INTEGER PRIMARY KEY,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  annotation BLOB,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  resolved INTEGER NOT NULL
) STRICT;
CREATE INDEX comment_sample ON comment(sample);

-- Append-only: rows are never changed.
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  edit BLOB NOT NULL UNIQUE,
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  sample INTEGER,
  kind INTEGER NOT NULL,             -- 0 answer, 1 verdict, 2 label set
  origin INTEGER NOT NULL,           -- 0 person, 1 undo, 2 redo, 3 import
  of BLOB,                           -- the edit that undo or redo names
  batch BLOB,
  author TEXT NOT NULL,
  at INTEGER NOT NULL,
  message TEXT NOT NULL,
  rev INTEGER NOT NULL,              -- the sample's revision after it
  previous INTEGER,                  -- the sample's `state` before it
  change TEXT NOT NULL               -- JSON: what stood and what stands
) STRICT;
CREATE INDEX event_project ON event(project);
CREATE INDEX event_sample ON event(sample) WHERE sample IS NOT NULL;
CREATE INDEX event_author ON event(project, author, at);
CREATE INDEX event_at ON event(project, at);
CREATE INDEX event_batch ON event(batch) WHERE batch IS NOT NULL;

-- What each person can undo (undone = 0) and redo (undone = 1).
CREATE TABLE undo(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  author TEXT NOT NULL,
  undone INTEGER NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY(project, author, undone, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY(project, kind, key)
) STRICT, WITHOUT ROWID;
CREATE VIEW status_count AS SELECT project, key AS status, n FROM tally WHERE kind = 'status';
CREATE VIEW class_count AS SELECT project, CAST(key AS INTEGER) AS class, n FROM tally WHERE kind = 'class';

CREATE TABLE scan(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  author TEXT NOT NULL,
  batch BLOB NOT NULL,
  begun_at INTEGER NOT NULL,
  finished_at INTEGER,
  report TEXT
) STRICT;
CREATE INDEX scan_project ON scan(project);

CREATE TABLE second_pass(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  author TEXT NOT NULL,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  first TEXT NOT NULL,
  first_by TEXT NOT NULL,
  second TEXT,
  at INTEGER,
  PRIMARY KEY(project, author, sample)
) STRICT, WITHOUT ROWID;
CREATE INDEX second_pass_next ON second_pass(project, author, place) WHERE second IS NULL;
CREATE INDEX second_pass_sample ON second_pass(sample);

CREATE TABLE saved_queue(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  queue TEXT NOT NULL,
  PRIMARY KEY(project, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(project, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE ledger(
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  etag TEXT NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY(source, path)
) STRICT, WITHOUT ROWID;
";

/// Names for states, and lists of samples.
const SECOND: &str = "
CREATE TABLE snapshot(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  folded TEXT NOT NULL,              -- the name in lower case, for comparing
  name TEXT NOT NULL,
  event INTEGER NOT NULL,            -- the last event that belongs to it; 0 before the first
  author TEXT NOT NULL,
  at INTEGER NOT NULL,
  message TEXT NOT NULL,
  counts TEXT NOT NULL,              -- JSON, as they were
  PRIMARY KEY(project, folded)
) STRICT, WITHOUT ROWID;
CREATE TABLE listed(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  folded TEXT NOT NULL,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  note TEXT NOT NULL,                -- what is to be looked at; may be empty
  PRIMARY KEY(project, folded, sample)
) STRICT, WITHOUT ROWID;
CREATE INDEX listed_sample ON listed(sample);
";

/// What was measured of pictures, and lists by path. The comments of the indexes say which filter or order each serves.
const THIRD: &str = "
CREATE TABLE measure(
  sample INTEGER PRIMARY KEY REFERENCES sample(id) ON DELETE CASCADE,
  project INTEGER NOT NULL,
  sort_key BLOB NOT NULL,            -- the sample's, so that filters are found in the order of paths
  etag TEXT NOT NULL,                -- of the file that was measured
  digest BLOB,                       -- half of the SHA-256 of the content; NULL: cannot be read
  damaged TEXT,                      -- why it cannot be read or decoded, or only in part
  width INTEGER,                     -- from here on NULL where nothing could be decoded
  height INTEGER,
  dhash INTEGER,                     -- NULL for a flat picture too
  brightness REAL,
  contrast REAL,
  sharpness REAL,
  blur INTEGER,                      -- sharpness in 22 bits, then the id in 40
  light INTEGER,                     -- brightness in 22 bits, then the id in 40
  near INTEGER,                      -- the first sample of those that look alike; NULL: none does
  near_n INTEGER,                    -- how many those are
  exact INTEGER,                     -- the first sample of the same content
  exact_n INTEGER,
  place INTEGER,                     -- among all that look alike, group by group
  blurry INTEGER NOT NULL DEFAULT 0,
  dark INTEGER NOT NULL DEFAULT 0,
  bright INTEGER NOT NULL DEFAULT 0,
  odd INTEGER NOT NULL DEFAULT 0,
  broken INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX measure_blur ON measure(project, blur) WHERE blur IS NOT NULL;
CREATE INDEX measure_light ON measure(project, light) WHERE light IS NOT NULL;
CREATE INDEX measure_place ON measure(project, place) WHERE place IS NOT NULL;
CREATE INDEX measure_group ON measure(project, near, sort_key) WHERE near IS NOT NULL;
CREATE INDEX measure_near ON measure(project, sort_key) WHERE near IS NOT NULL;
CREATE INDEX measure_exact ON measure(project, sort_key) WHERE exact IS NOT NULL;
CREATE INDEX measure_blurry ON measure(project, sort_key) WHERE blurry = 1;
CREATE INDEX measure_dark ON measure(project, sort_key) WHERE dark = 1;
CREATE INDEX measure_bright ON measure(project, sort_key) WHERE bright = 1;
CREATE INDEX measure_odd ON measure(project, sort_key) WHERE odd = 1;
CREATE INDEX measure_broken ON measure(project, sort_key) WHERE broken = 1;
CREATE INDEX measure_digest ON measure(digest) WHERE digest IS NOT NULL;
-- So that a page of a long list is found in the order of paths.
ALTER TABLE listed ADD COLUMN sort_key BLOB NOT NULL DEFAULT x'';
UPDATE listed SET sort_key = (SELECT s.sort_key FROM sample s WHERE s.id = listed.sample);
CREATE INDEX listed_path ON listed(project, folded, sort_key);
";

/// Gold pictures, and what people answered to them.
const FOURTH: &str = "
CREATE TABLE gold(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  answer TEXT NOT NULL,              -- JSON: what is trusted, whatever becomes of the sample's own answer
  author TEXT NOT NULL,              -- who trusts it
  at INTEGER NOT NULL,
  PRIMARY KEY(project, sample)
) STRICT, WITHOUT ROWID;
CREATE INDEX gold_sample ON gold(sample);
CREATE TABLE gold_answer(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  author TEXT NOT NULL,
  sample INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  answer TEXT NOT NULL,              -- JSON
  at INTEGER NOT NULL,
  PRIMARY KEY(project, author, sample)
) STRICT, WITHOUT ROWID;
CREATE INDEX gold_answer_sample ON gold_answer(sample);
";

/// How unsure models are that told several classes, for orders by doubt; [`doubts`] fills it.
const FIFTH: &str = "
CREATE TABLE doubt(
  sample INTEGER PRIMARY KEY REFERENCES sample(id) ON DELETE CASCADE,
  project INTEGER NOT NULL,
  margin INTEGER NOT NULL,           -- the best class ahead of the second, in 22 bits, then the id in 40
  entropy INTEGER NOT NULL           -- of the scores of all classes, the same way
) STRICT;
CREATE INDEX doubt_margin ON doubt(project, margin);
CREATE INDEX doubt_entropy ON doubt(project, entropy);
";

/// When samples came, so that a past state has those that were there.
const SIXTH: &str = "
CREATE TABLE arrival(
  project INTEGER NOT NULL REFERENCES project(id) ON DELETE CASCADE,
  at INTEGER NOT NULL,               -- when a scan began to add samples
  newest INTEGER NOT NULL,           -- the project's newest sample before it; 0 before the first
  PRIMARY KEY(project, at)
) STRICT, WITHOUT ROWID;
";

/// What `FIFTH` keeps of guesses that were there before it.
fn doubts(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut read = tx.prepare("SELECT id, project FROM sample WHERE predicted IS NOT NULL")?;
    let mut guesses = tx.prepare("SELECT class, kind, score, model FROM prediction WHERE sample = ? ORDER BY place")?;
    let mut write = tx.prepare("INSERT INTO doubt(sample, project, margin, entropy) VALUES(?, ?, ?, ?)")?;
    let mut samples = read.query([])?;
    while let Some(row) = samples.next()? {
        let (sample, project): (i64, i64) = (row.get(0)?, row.get(1)?);
        let guess = |r: &rusqlite::Row<'_>| -> rusqlite::Result<Prediction> {
            // Of shapes it matters only that they are no classes of whole pictures.
            let whole = r.get_ref(1)?.as_str()? == Shape::Class.kind();
            let shape = if whole { Shape::Class } else { Shape::Box(BoxN::ALL) };
            Ok(Prediction { class: ClassId(r.get(0)?), shape, score: r.get(2)?, model: r.get(3)? })
        };
        let all = guesses.query_map([sample], guess)?.collect::<rusqlite::Result<Vec<_>>>()?;
        if let Some((margin, entropy)) = codes::doubt(&all, sample) {
            write.execute((sample, project, margin, entropy))?;
        }
    }
    let count = "INSERT OR REPLACE INTO tally(project, kind, key, n)
                 SELECT project, 'is', 'doubted', count(*) FROM doubt GROUP BY project";
    tx.execute(count, []).map(drop)
}

/// The schema version of the file, or why it cannot be used.
pub(super) fn version(connection: &Connection, place: &str) -> Result<i64, StoreError> {
    let failed = |e| super::errors::from_sqlite(e, place);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(failed)?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |r| r.get(0)).map_err(failed)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(failed)?;
    if application != APPLICATION_ID && (tables > 0 || found > 0) {
        let why = "a SQLite database of another program".to_owned();
        return Err(StoreError::NotAStore { place: place.to_owned(), why });
    }
    if found > KNOWN {
        return Err(StoreError::Newer { place: place.to_owned(), found, known: KNOWN });
    }
    Ok(found)
}

/// Brings the file to the newest schema; safe when several programs do it at once.
pub(super) fn migrate(connection: &mut Connection, place: &str) -> Result<(), StoreError> {
    if version(connection, place)? == KNOWN {
        return Ok(());
    }
    let failed = |e| super::errors::from_sqlite(e, place);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found = version(&tx, place)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step).map_err(failed)?;
    }
    if found < FIFTH_VERSION {
        doubts(&tx).map_err(failed)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    tx.pragma_update(None, "user_version", KNOWN).map_err(failed)?;
    tx.commit().map_err(failed)
}
