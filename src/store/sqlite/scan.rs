//! Scans: files into samples, in bulk; known files only where they changed; answers never.

use super::{Db, SqliteStore};
use crate::domain::annotation::Annotation;
use crate::domain::edit::Change;
use crate::domain::ids::{BatchId, ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::scans::{Running, class_names, with_classes};
use crate::store::native::tally::{Deltas, Facets};
use crate::store::native::{base, codes};
use crate::store::records::{NewSample, ScanId, ScanReport};
use jiff::Timestamp;
use std::collections::HashMap;

impl SqliteStore {
    /// Takes the state of a running scan out of the store.
    pub(super) fn running(&mut self, scan: ScanId) -> Result<Running> {
        self.scans.remove(&scan).ok_or_else(|| StoreError::invalid("this scan is not running here; begin it again"))
    }
}

/// What a batch of files shares.
struct Batch<'a> {
    db: &'a Db<'a>,
    running: &'a mut Running,
    at: Timestamp,
    next_sample: i64,
    next_event: i64,
    classes: HashMap<String, ClassId>,
    deltas: Deltas,
    report: ScanReport,
}

/// The highest id of a sample; in a file without one, where [`super::SqliteStore::count_from`] has them begin. SQLite itself
/// counts nothing under this name, because the ids of samples are given here.
const NEWEST: &str = "SELECT max(coalesce((SELECT max(id) FROM sample), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'sample'), 0))";

impl Db<'_> {
    pub(super) fn begin_scan(&self, project: ProjectId, author: &str) -> Result<(ScanId, Running)> {
        self.base().project(project)?;
        let now = Timestamp::now();
        self.base().note_arrival(project, now)?;
        let sql = "SELECT id, batch FROM scan WHERE project = ? AND finished_at IS NULL ORDER BY id DESC LIMIT 1";
        let open = self.row(sql, [project.0], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, [u8; 16]>(1)?)))?;
        let (id, batch) = match open {
            Some((id, batch)) => (id, BatchId(codes::uuid(batch))),
            None => {
                let batch = BatchId::fresh();
                self.execute(
                    "INSERT INTO scan(project, author, batch, begun_at) VALUES(?, ?, ?, ?)",
                    (project.0, author, batch.0.as_bytes(), codes::nanos(now)),
                )?;
                (self.connection.last_insert_rowid(), batch)
            }
        };
        Ok((ScanId(id), Running::new(project, author, batch)))
    }

    pub(super) fn add_samples(&self, running: &mut Running, files: &[NewSample]) -> Result<ScanReport> {
        running.begin_batch();
        let last = |sql| self.row(sql, [], |r| r.get::<_, i64>(0)).map(|n| n.unwrap_or(0));
        let mut batch = Batch {
            db: self,
            at: Timestamp::now(),
            next_sample: last(NEWEST)? + 1,
            next_event: last("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'")? + 1,
            classes: HashMap::new(),
            deltas: Deltas::default(),
            report: ScanReport::default(),
            running,
        };
        batch.find_classes(files)?;
        // In path order, so that ids are in path order and index pages fill one after the other.
        let mut keyed: Vec<(Vec<u8>, &NewSample)> = files.iter().map(|f| (natural_key(&f.path), f)).collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (key, file) in keyed {
            batch.take(key, file)?;
        }
        let Batch { deltas, report, .. } = batch;
        self.write_tallies(deltas)?;
        Ok(report)
    }

    pub(super) fn finish_scan(&self, scan: ScanId, running: &mut Running) -> Result<ScanReport> {
        let project = running.project;
        let known = self.rows("SELECT id FROM sample WHERE project = ? AND missing = 0", [project.0], |r| r.get(0))?;
        let mut missing = 0;
        for id in known.into_iter().filter(|id: &i64| !running.has_seen(*id)) {
            self.execute("UPDATE sample SET missing = 1 WHERE id = ?", [id])?;
            missing += 1;
        }
        let mut deltas = Deltas::default();
        deltas.add(project, "is", "missing", codes::signed(missing));
        self.write_tallies(deltas)?;
        running.report.missing = missing;
        self.execute(
            "UPDATE scan SET finished_at = ?2, report = ?3 WHERE id = ?1",
            (scan.0, codes::nanos(Timestamp::now()), base::to_json(&running.report)?),
        )?;
        Ok(running.report)
    }
}

impl Batch<'_> {
    /// Maps the class names of the files to classes; unknown ones are appended to the label set, by an event.
    fn find_classes(&mut self, files: &[NewSample]) -> Result<()> {
        let project = self.running.project;
        let names = class_names(files);
        if names.is_empty() {
            return Ok(());
        }
        let before = self.db.base().labels(project)?;
        let (after, classes) = with_classes(&before, &names);
        self.classes = classes;
        if after != before {
            self.db.base().write_labels(project, &before, &after)?;
            let id = self.next_event;
            self.event(id, None, Rev(0), &Change::Classes { before, after })?;
        }
        Ok(())
    }

    /// Takes one file: a new sample, a changed one, or one that is as it was.
    fn take(&mut self, key: Vec<u8>, file: &NewSample) -> Result<()> {
        let id = self.next_sample;
        let class = file.class.as_ref().and_then(|name| self.classes.get(name)).copied();
        let author = self.running.author.as_str();
        let event = class.map(|_| self.next_event);
        let inserted = self.db.execute(
            "INSERT INTO sample(id, project, path, sort_key, shuffle, changed, rank, size, etag, width, height,
               orientation, status, rev, state, author, class, review)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?14)
             ON CONFLICT(project, sort_key) DO NOTHING",
            rusqlite::params![
                id,
                self.running.project.0,
                file.path,
                key,
                codes::shuffle(id),
                event.unwrap_or(-id),
                codes::rank(None, id),
                codes::signed(file.size),
                file.etag,
                file.width,
                file.height,
                file.orientation,
                codes::status_code(if class.is_some() { Status::Labeled } else { Status::Unlabeled }),
                i64::from(class.is_some()),
                event,
                class.map(|_| author),
                class.map(|c| c.0),
            ],
        )?;
        if inserted == 0 {
            return self.compare(&key, file);
        }
        self.next_sample += 1;
        self.running.see(id);
        self.report.added += 1;
        match class {
            Some(class) => self.label(id, &key, class),
            None => {
                self.deltas.add(self.running.project, "status", Status::Unlabeled.name(), 1);
                Ok(())
            }
        }
    }

    /// Writes the annotation and the event of a class that came with the file.
    fn label(&mut self, id: i64, key: &[u8], class: ClassId) -> Result<()> {
        let project = self.running.project;
        let annotation = Annotation::label(class, &self.running.author, self.at);
        self.db.execute(
            "INSERT INTO annotation(sample, id, place, class, kind, author, at) VALUES(?, ?, 0, ?, 'class', ?, ?)",
            (id, annotation.id.0.as_bytes(), class.0, &annotation.author, codes::nanos(annotation.at)),
        )?;
        let event = self.next_event;
        self.db.execute(
            "INSERT INTO sample_class(project, class, sort_key, sample, changed, under) VALUES(?1, ?2, ?3, ?4, ?5, ?2)",
            (project.0, class.0, key, id, event),
        )?;
        let after = Answer { status: Status::Labeled, annotations: vec![annotation], ..Answer::default() };
        self.deltas.count(project, &Facets::of(&after, 1, Some(self.running.author.clone())), 1);
        self.report.labeled += 1;
        let change = Change::Answer { sample: SampleId(id), base: Rev(0), before: Answer::default(), after };
        self.event(event, Some(id), Rev(1), &change)
    }

    fn event(&mut self, id: i64, sample: Option<i64>, rev: Rev, change: &Change) -> Result<()> {
        self.next_event = id + 1;
        self.db.execute(
            "INSERT INTO event(id, edit, project, sample, kind, origin, batch, author, at, message, rev, change)
             VALUES(?, ?, ?, ?, ?, 3, ?, ?, ?, 'scan', ?, ?)",
            (
                id,
                EditId::fresh().0.as_bytes(),
                self.running.project.0,
                sample,
                codes::change_code(change),
                self.running.batch.0.as_bytes(),
                &self.running.author,
                codes::nanos(self.at),
                rev.0,
                base::to_json(change)?,
            ),
        )?;
        Ok(())
    }

    /// A file that is known: only what the file itself says is brought up to date.
    fn compare(&mut self, key: &[u8], file: &NewSample) -> Result<()> {
        let sql = "SELECT id, size, etag, missing FROM sample WHERE project = ? AND sort_key = ?";
        let known = self.db.row(sql, (self.running.project.0, key), |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?, r.get::<_, bool>(3)?))
        })?;
        let Some((id, size, etag, missing)) = known else { return Ok(()) };
        if !self.running.see(id) {
            return Ok(()); // listed twice
        }
        let same = size == codes::signed(file.size) && etag == file.etag;
        if missing {
            self.report.returned += 1;
            self.deltas.add(self.running.project, "is", "missing", -1);
        }
        self.report.unchanged += u64::from(same);
        self.report.changed += u64::from(!same);
        if same && !missing {
            return Ok(());
        }
        self.db.execute(
            "UPDATE sample SET missing = 0, size = ?2, etag = ?3, width = CASE WHEN ?7 THEN coalesce(?4, width) ELSE ?4 END,
               height = CASE WHEN ?7 THEN coalesce(?5, height) ELSE ?5 END,
               orientation = CASE WHEN ?7 THEN coalesce(?6, orientation) ELSE ?6 END WHERE id = ?1",
            (id, codes::signed(file.size), &file.etag, file.width, file.height, file.orientation, same),
        )?;
        Ok(())
    }
}
