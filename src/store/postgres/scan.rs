//! Scans: ten thousand files in two round trips.

use super::desk::{EventRow, lock};
use super::tx::{Param, Statement, Tx};
use crate::domain::annotation::Annotation;
use crate::domain::edit::Change;
use crate::domain::ids::{BatchId, ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::native::base::to_json;
use crate::store::native::codes;
use crate::store::native::scans::{Running, class_names, with_classes};
use crate::store::native::tally::{Deltas, Facets};
use crate::store::native::value::Row;
use crate::store::records::{NewSample, ScanId, ScanReport};
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Ids read at once when a scan ends.
const BLOCK: i64 = 100_000;

/// A file to be taken, with the key of its path.
struct File<'a> {
    key: Vec<u8>,
    file: &'a NewSample,
    class: Option<ClassId>,
}

/// A file that was known before: its sample, size, etag, and whether it was missing.
struct Known {
    id: i64,
    size: i64,
    etag: String,
    missing: bool,
}

/// A new sample: its id, the event of the class it came with, and its file.
type New<'a> = (i64, Option<i64>, File<'a>);

/// What a batch of files comes to.
#[derive(Default)]
struct Batch<'a> {
    new: Vec<New<'a>>,
    changed: Vec<(i64, bool, &'a NewSample)>,
    annotations: Vec<(i64, Annotation)>,
    events: Vec<EventRow>,
    deltas: Deltas,
    report: ScanReport,
}

impl Tx<'_> {
    pub(super) fn begin_scan(&self, project: ProjectId, author: &str) -> Result<(ScanId, Running)> {
        self.base().project(project)?;
        let now = Timestamp::now();
        self.base().note_arrival(project, now)?;
        let sql = "SELECT id, batch FROM scan WHERE project = ? AND finished_at IS NULL ORDER BY id DESC LIMIT 1";
        let open: Option<(i64, uuid::Uuid)> = self.base().row(sql, [project.0], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let (id, batch) = match open {
            Some((id, batch)) => (id, BatchId(batch)),
            None => {
                let batch = BatchId::fresh();
                let sql = "INSERT INTO scan(project, author, batch, begun_at) VALUES(?, ?, ?, ?) RETURNING id";
                let values = (project.0, author, batch.0, codes::nanos(now));
                (self.base().number(sql, values)?, batch)
            }
        };
        Ok((ScanId(id), Running::new(project, author, batch)))
    }

    pub(super) fn add_samples(&self, running: &mut Running, files: &[NewSample]) -> Result<ScanReport> {
        running.begin_batch();
        let project = running.project;
        // In path order, so that ids are in path order and index pages fill one after the other.
        let mut keyed: Vec<File<'_>> =
            files.iter().map(|file| File { key: natural_key(&file.path), file, class: None }).collect();
        keyed.sort_by(|a, b| a.key.cmp(&b.key));
        keyed.dedup_by(|b, a| a.key == b.key);
        let (labels, known) = self.before(project, &keyed)?;
        let classes = labels.iter().map(crate::store::native::classes::class_row).collect::<Result<_>>()?;
        let before = crate::domain::class::LabelSet { classes };
        let known = known_files(&known)?;
        let names = class_names(files);
        let (after, classes) = with_classes(&before, &names);
        for file in &mut keyed {
            file.class = file.file.class.as_ref().and_then(|name| classes.get(name)).copied();
        }
        let new = || keyed.iter().filter(|f| !known.contains_key(&f.key));
        let (ids, mut events) = self.numbers(new().count(), new().filter(|f| f.class.is_some()).count() + 1)?;
        let mut batch = Batch::default();
        if after != before {
            super::flush::labels(self, project, &before, &after);
            let id = events.pop_front().unwrap_or_default();
            let change = Change::Classes { before, after };
            batch.events.push(event(running, id, None, Rev(0), Timestamp::now(), &change)?);
        }
        batch.sort(running, keyed, known, ids, events)?;
        self.write_batch(project, &running.author, batch)
    }

    /// Locks the project, and reads its classes and the files that are known.
    fn before(&self, project: ProjectId, files: &[File<'_>]) -> Result<(Vec<Row>, Vec<Row>)> {
        // Key by key, by the index of the paths, as in `known_paths`.
        let known = "SELECT s.sort_key, s.id, s.size, s.etag, s.missing FROM unnest($2) AS k(key)
                     CROSS JOIN LATERAL (SELECT * FROM sample WHERE project = $1 AND sort_key >= k.key
                       ORDER BY sort_key LIMIT 1) s WHERE s.sort_key = k.key";
        let keys = Param::blobs(files.iter().map(|f| f.key.clone()).collect());
        let statements = [
            lock(vec![project.0]),
            Statement::common(crate::store::native::classes::LABELS, &[project.0.into()]),
            Statement::new(known, vec![Param::int(project.0), keys]),
        ];
        let mut answers = self.ask(&statements)?.into_iter().skip(1);
        Ok((answers.next().unwrap_or_default(), answers.next().unwrap_or_default()))
    }

    /// Numbers for new samples and new events.
    fn numbers(&self, samples: usize, events: usize) -> Result<(VecDeque<i64>, VecDeque<i64>)> {
        let of = |sequence: &str, n: usize| {
            let sql = format!("SELECT nextval('{sequence}') FROM generate_series(1, $1)");
            Statement::new(sql, vec![Param::int(codes::limit(n))])
        };
        let answers = self.ask(&[of("sample_ids", samples), of("event_ids", events)])?;
        let mut numbers = answers.iter().map(|rows| rows.iter().map(|r| r.get(0)).collect::<Result<VecDeque<i64>>>());
        let mut next = || numbers.next().unwrap_or_else(|| Ok(VecDeque::new()));
        Ok((next()?, next()?))
    }

    fn write_batch(&self, project: ProjectId, author: &str, batch: Batch<'_>) -> Result<ScanReport> {
        let last = batch.events.iter().map(|e| e.id).max();
        self.insert_samples(project, author, &batch.new);
        let annotations: Vec<_> = batch.annotations.iter().map(|(id, a)| (*id, 0, a)).collect();
        super::flush::insert_annotations(self, &annotations)?;
        self.insert_classes(project, &batch.new);
        super::flush::events(self, &batch.events);
        self.update_files(&batch.changed);
        super::flush::deltas(self, batch.deltas);
        if let Some(last) = last {
            super::flush::notify(self, project.0, last);
        }
        Ok(batch.report)
    }

    fn insert_samples(&self, project: ProjectId, author: &str, new: &[New<'_>]) {
        if new.is_empty() {
            return;
        }
        let ints = |value: &dyn Fn(&New<'_>) -> i64| Param::ints(new.iter().map(value).collect());
        let ints_or = |value: &dyn Fn(&New<'_>) -> Option<i64>| Param::ints_or(new.iter().map(value).collect());
        let params = vec![
            Param::int(project.0),
            ints(&|(id, _, _)| *id),
            Param::texts(new.iter().map(|(_, _, f)| f.file.path.clone()).collect()),
            Param::blobs(new.iter().map(|(_, _, f)| f.key.clone()).collect()),
            ints(&|(id, _, _)| codes::shuffle(*id)),
            ints(&|(id, event, _)| event.unwrap_or(-id)),
            ints(&|(id, _, _)| codes::rank(None, *id)),
            ints(&|(_, _, f)| codes::signed(f.file.size)),
            Param::texts(new.iter().map(|(_, _, f)| f.file.etag.clone()).collect()),
            ints_or(&|(_, _, f)| f.file.width.map(i64::from)),
            ints_or(&|(_, _, f)| f.file.height.map(i64::from)),
            ints_or(&|(_, _, f)| f.file.orientation.map(i64::from)),
            ints(&|(_, _, f)| codes::status_code(status(f))),
            ints(&|(_, event, _)| event.is_some().into()),
            ints_or(&|(_, event, _)| *event),
            ints_or(&|(_, _, f)| f.class.map(|c| c.0)),
            Param::text(author.to_owned()),
        ];
        self.later(Statement::new(
            "INSERT INTO sample(project, id, path, sort_key, shuffle, changed, rank, size, etag, width, height,
               orientation, status, rev, review, state, class, author)
             SELECT $1, n.id, n.path, n.key, n.shuffle, n.changed, n.rank, n.size, n.etag, n.width, n.height,
               n.orientation, n.status, n.rev, n.rev, n.state, n.class, CASE WHEN n.rev = 1 THEN $17 END
             FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
               AS n(id, path, key, shuffle, changed, rank, size, etag, width, height, orientation, status, rev, state,
                    class)",
            params,
        ));
    }

    /// Which classes the new samples carry.
    fn insert_classes(&self, project: ProjectId, new: &[New<'_>]) {
        let rows: Vec<_> = new.iter().filter_map(|(id, event, f)| Some((*id, (*event)?, f, f.class?))).collect();
        if rows.is_empty() {
            return;
        }
        let params = vec![
            Param::int(project.0),
            Param::ints(rows.iter().map(|r| r.3.0).collect()),
            Param::blobs(rows.iter().map(|r| r.2.key.clone()).collect()),
            Param::ints(rows.iter().map(|r| r.0).collect()),
            Param::ints(rows.iter().map(|r| r.1).collect()),
        ];
        self.later(Statement::new(
            "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
             SELECT $1, n.class, n.key, n.sample, n.event, n.class
             FROM unnest($2, $3, $4, $5) AS n(class, key, sample, event)",
            params,
        ));
    }

    /// Known files: only what the file itself says is brought up to date.
    fn update_files(&self, changed: &[(i64, bool, &NewSample)]) {
        if changed.is_empty() {
            return;
        }
        let ints_or = |value: &dyn Fn(&NewSample) -> Option<i64>| {
            Param::ints_or(changed.iter().map(|(_, _, f)| value(f)).collect())
        };
        let params = vec![
            Param::ints(changed.iter().map(|(id, _, _)| *id).collect()),
            Param::ints(changed.iter().map(|(_, _, f)| codes::signed(f.size)).collect()),
            Param::texts(changed.iter().map(|(_, _, f)| f.etag.clone()).collect()),
            ints_or(&|f| f.width.map(i64::from)),
            ints_or(&|f| f.height.map(i64::from)),
            ints_or(&|f| f.orientation.map(i64::from)),
            Param::ints(changed.iter().map(|(_, same, _)| (*same).into()).collect()),
        ];
        self.later(Statement::new(
            "UPDATE sample s SET missing = 0, size = n.size, etag = n.etag,
               width = CASE WHEN n.same = 1 THEN coalesce(n.width, s.width) ELSE n.width END,
               height = CASE WHEN n.same = 1 THEN coalesce(n.height, s.height) ELSE n.height END,
               orientation = CASE WHEN n.same = 1 THEN coalesce(n.orientation, s.orientation) ELSE n.orientation END
             FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n(id, size, etag, width, height, orientation, same)
             WHERE s.id = n.id",
            params,
        ));
    }

    pub(super) fn finish_scan(&self, scan: ScanId, running: &mut Running) -> Result<ScanReport> {
        let project = running.project;
        self.ask_one(lock(vec![project.0]))?;
        let (mut after, mut missing) = (i64::MIN, Vec::new());
        loop {
            let sql = "SELECT id FROM sample WHERE project = ? AND missing = 0 AND id > ? ORDER BY id LIMIT ?";
            let ids = self.base().rows(sql, (project.0, after, BLOCK), |r| r.get::<i64>(0))?;
            let Some(last) = ids.last() else { break };
            after = *last;
            missing.extend(ids.into_iter().filter(|id| !running.has_seen(*id)));
        }
        let mut deltas = Deltas::default();
        deltas.add(project, "is", "missing", codes::limit(missing.len()));
        running.report.missing = missing.len() as u64;
        if !missing.is_empty() {
            let sql = "UPDATE sample SET missing = 1 WHERE id = ANY($1)";
            self.later(Statement::new(sql, vec![Param::ints(missing)]));
        }
        super::flush::deltas(self, deltas);
        let (at, report) = (codes::nanos(Timestamp::now()), to_json(&running.report)?);
        let sql = "UPDATE scan SET finished_at = $2, report = $3 WHERE id = $1";
        self.later(Statement::new(sql, vec![Param::int(scan.0), Param::int(at), Param::text(report)]));
        Ok(running.report)
    }
}

fn known_files(rows: &[Row]) -> Result<HashMap<Vec<u8>, Known>> {
    let known =
        |r: &Row| Ok((r.get(0)?, Known { id: r.get(1)?, size: r.get(2)?, etag: r.get(3)?, missing: r.get(4)? }));
    rows.iter().map(known).collect()
}

fn status(file: &File<'_>) -> Status {
    if file.class.is_some() { Status::Labeled } else { Status::Unlabeled }
}

fn event(
    running: &Running,
    id: i64,
    sample: Option<i64>,
    rev: Rev,
    at: Timestamp,
    change: &Change,
) -> Result<EventRow> {
    Ok(EventRow {
        id,
        edit: EditId::fresh().0,
        project: running.project.0,
        sample,
        kind: codes::change_code(change),
        origin: 3,
        of: None,
        batch: Some(running.batch.0),
        author: running.author.clone(),
        at: codes::nanos(at),
        message: "scan".to_owned(),
        rev: rev.0,
        previous: None,
        change: to_json(change)?,
    })
}

impl<'a> Batch<'a> {
    /// Sorts files into new ones, changed ones, and those that are as they were.
    fn sort(
        &mut self,
        running: &mut Running,
        files: Vec<File<'a>>,
        known: HashMap<Vec<u8>, Known>,
        mut ids: VecDeque<i64>,
        mut events: VecDeque<i64>,
    ) -> Result<()> {
        let at = Timestamp::now();
        for file in files {
            match known.get(&file.key) {
                Some(known) => self.compare(running, known, file.file),
                None => {
                    let id = ids.pop_front().unwrap_or_default();
                    let event = file.class.and_then(|_| events.pop_front());
                    self.add(running, id, event, file, at)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, running: &mut Running, id: i64, event: Option<i64>, file: File<'a>, at: Timestamp) -> Result<()> {
        running.see(id);
        self.report.added += 1;
        let project = running.project;
        match (file.class, event) {
            (Some(class), Some(number)) => {
                let annotation = Annotation::label(class, &running.author, at);
                let after =
                    Answer { status: Status::Labeled, annotations: vec![annotation.clone()], ..Answer::default() };
                self.annotations.push((id, annotation));
                self.deltas.count(project, &Facets::of(&after, 1, Some(running.author.clone())), 1);
                self.report.labeled += 1;
                let change = Change::Answer { sample: SampleId(id), base: Rev(0), before: Answer::default(), after };
                self.events.push(self::event(running, number, Some(id), Rev(1), at, &change)?);
            }
            _ => self.deltas.add(project, "status", Status::Unlabeled.name(), 1),
        }
        self.new.push((id, event, file));
        Ok(())
    }

    fn compare(&mut self, running: &mut Running, known: &Known, file: &'a NewSample) {
        if !running.see(known.id) {
            return; // listed twice
        }
        let same = known.size == codes::signed(file.size) && known.etag == file.etag;
        if known.missing {
            self.report.returned += 1;
            self.deltas.add(running.project, "is", "missing", -1);
        }
        self.report.unchanged += u64::from(same);
        self.report.changed += u64::from(!same);
        if !same || known.missing {
            self.changed.push((known.id, same, file));
        }
    }
}
