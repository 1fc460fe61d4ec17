//! Pages, ranks and jumps in a queue, by key.

use super::plan::{Column, NO_CLASS, Parts, Plan, Range, Sql, Stretch, stretches};
use super::tally::Stored;
use super::{Db, codes};
use crate::domain::class::LabelSet;
use crate::domain::ids::{ClassId, ProjectId, SampleId};
use crate::domain::queue::{Order, Queue};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Cursor, Direction, From, Key, Queued};
use rusqlite::types::{Value, ValueRef};

/// A queue with everything looked up that reading it needs.
struct Walk {
    project: ProjectId,
    parts: Parts,
    stored: Stored,
    stretches: Vec<Stretch>,
}

/// Where a range starts or ends.
#[derive(Clone, Copy)]
struct Bound<'a> {
    key: &'a Key,
    inclusive: bool,
}

impl Db<'_> {
    fn walk(&self, project: ProjectId, queue: &Queue) -> Result<(Walk, LabelSet)> {
        let labels = self.labels(project)?;
        let parts = Parts::of(&queue.filter, &labels);
        let (stored, stretches) = (self.stored_tallies(project)?, stretches(queue.order, &labels));
        Ok((Walk { project, parts, stored, stretches }, labels))
    }

    pub(super) fn page(
        &self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        let (mut walk, labels) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(Vec::new());
        }
        let (cursor, inclusive) = match from {
            From::Edge => (None, false),
            From::After(cursor) => (Some(cursor), false),
            From::At(cursor) => (Some(cursor), true),
        };
        let mut start = cursor.map(|c| place_of(&walk.stretches, c, &labels));
        if direction == Direction::Back {
            walk.stretches.reverse();
            start = start.map(|i| walk.stretches.len() - 1 - i);
        }
        let mut found: Vec<(i64, Key, i64)> = Vec::new();
        for (i, stretch) in walk.stretches.iter().enumerate().skip(start.unwrap_or(0)) {
            let bound = cursor.filter(|_| Some(i) == start).map(|c| Bound { key: &c.key, inclusive });
            let descending = stretch.descending != (direction == Direction::Back);
            let left = limit - found.len();
            let plan = walk.parts.plan(stretch, &walk.stored, left as u64, false);
            let rows = self.merged(&plan, walk.project, bound, descending, left)?;
            found.extend(rows.into_iter().map(|(key, id)| (stretch.id, key, id)));
            if found.len() >= limit {
                break;
            }
        }
        let queued =
            |(stretch, key, id)| Ok(Queued { cursor: Cursor { stretch, key }, sample: self.sample(SampleId(id))? });
        found.into_iter().map(queued).collect()
    }

    /// The first keys and ids of all ranges of a plan together, each sample once.
    fn merged(
        &self,
        plan: &Plan,
        project: ProjectId,
        bound: Option<Bound<'_>>,
        descending: bool,
        limit: usize,
    ) -> Result<Vec<(Key, i64)>> {
        let column = plan.stretch.column;
        let mut rows = Vec::new();
        for range in plan.ranges(project) {
            let sql = select(&range, column, bound, descending, limit, 0);
            rows.extend(self.keys(&sql)?);
        }
        rows.sort_unstable_by(|a, b| if descending { b.cmp(a) } else { a.cmp(b) });
        rows.dedup();
        rows.truncate(limit);
        Ok(rows)
    }

    fn keys(&self, sql: &Sql) -> Result<Vec<(Key, i64)>> {
        self.rows(&sql.text, rusqlite::params_from_iter(sql.values.iter()), |r| {
            let key = match r.get_ref(0)? {
                ValueRef::Blob(bytes) => Key::Bytes(bytes.to_vec()),
                other => Key::Number(other.as_i64()?),
            };
            Ok((key, r.get(1)?))
        })
    }

    pub(super) fn cursor(&self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        let sql = "SELECT project, sort_key, shuffle, changed, rank, class FROM sample WHERE id = ?";
        let row = self.row(sql, [sample.0], |r| {
            let numbers: [i64; 3] = [r.get(2)?, r.get(3)?, r.get(4)?];
            Ok((ProjectId(r.get(0)?), r.get::<_, Vec<u8>>(1)?, numbers, r.get::<_, Option<i64>>(5)?))
        })?;
        let missing = || StoreError::not_found(format!("sample number {sample}"), self.place);
        let (project, path, [shuffle, changed, rank], class) = row.ok_or_else(missing)?;
        Ok(match queue.order {
            Order::Path => Cursor { stretch: 0, key: Key::Bytes(path) },
            Order::Newest => Cursor { stretch: 0, key: Key::Number(changed) },
            Order::Random { seed } => {
                let stretch = i64::from(shuffle < codes::shuffle(i64::from(seed)));
                Cursor { stretch, key: Key::Number(shuffle) }
            }
            Order::ScoreDown | Order::ScoreUp => Cursor { stretch: i64::from(rank < 0), key: Key::Number(rank) },
            Order::Class => {
                let labels = self.labels(project)?;
                let stretch = class.map_or(NO_CLASS, |c| labels.resolve(ClassId(c)).0);
                Cursor { stretch, key: Key::Bytes(path) }
            }
        })
    }

    pub(super) fn position(&self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        let (walk, labels) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(0);
        }
        let last = place_of(&walk.stretches, cursor, &labels);
        let mut before = 0;
        for (i, stretch) in walk.stretches.iter().enumerate().take(last + 1) {
            for range in walk.parts.plan(stretch, &walk.stored, u64::MAX, true).ranges(project) {
                let than = if stretch.descending { ">" } else { "<" };
                let own = (i == last).then(|| (than, key_value(&cursor.key)));
                before += self.count_range(&range.bounded(stretch.column, own))?;
            }
        }
        Ok(before)
    }

    pub(super) fn nth(&self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        let (walk, _) = self.walk(project, queue)?;
        if walk.parts.nothing {
            return Ok(None);
        }
        let mut left = n;
        let only = walk.stretches.len() == 1;
        for stretch in &walk.stretches {
            let plan = walk.parts.plan(stretch, &walk.stored, n.saturating_add(1), true);
            let ranges = plan.ranges(project);
            if !only {
                let count = |r: &Range| self.count_range(&r.bounded(stretch.column, None));
                let count = ranges.iter().map(count).sum::<Result<u64>>()?;
                if left >= count {
                    left -= count;
                    continue;
                }
            }
            let key = match ranges.as_slice() {
                [range] => self.keys(&select(range, stretch.column, None, stretch.descending, 1, left))?.pop(),
                _ => self.nth_merged(&plan, project, left)?,
            };
            return Ok(key.map(|(key, _)| Cursor { stretch: stretch.id, key }));
        }
        Ok(None)
    }

    /// The `n`-th sample of several ranges: walks them together, a block at a time.
    fn nth_merged(&self, plan: &Plan, project: ProjectId, n: u64) -> Result<Option<(Key, i64)>> {
        const BLOCK: u64 = 16_384;
        let (mut left, mut last): (u64, Option<Key>) = (n, None);
        loop {
            let bound = last.as_ref().map(|key| Bound { key, inclusive: false });
            let size = usize::try_from(left.saturating_add(1).min(BLOCK)).unwrap_or(1);
            let mut rows = self.merged(plan, project, bound, plan.stretch.descending, size)?;
            if rows.len() as u64 > left {
                return Ok(rows.into_iter().nth(usize::try_from(left).unwrap_or(usize::MAX)));
            }
            if rows.len() < size {
                return Ok(None);
            }
            left -= rows.len() as u64;
            last = rows.pop().map(|(key, _)| key);
        }
    }
}

/// The stretch a cursor lies in. A class that is gone counts as the one it became, else as none.
fn place_of(stretches: &[Stretch], cursor: &Cursor, labels: &LabelSet) -> usize {
    let find = |id: i64| stretches.iter().position(|s| s.id == id);
    let resolved = || find(labels.resolve(ClassId(cursor.stretch)).0);
    find(cursor.stretch).or_else(resolved).unwrap_or(stretches.len().saturating_sub(1))
}

fn key_value(key: &Key) -> Value {
    match key {
        Key::Number(n) => Value::Integer(*n),
        Key::Bytes(bytes) => Value::Blob(bytes.clone()),
    }
}

/// The statement for the keys and ids of a range, from a bound on, in one direction.
fn select(range: &Range, column: Column, bound: Option<Bound<'_>>, descending: bool, limit: usize, offset: u64) -> Sql {
    let key = range.key(column);
    let own = bound.map(|Bound { key, inclusive }| {
        let than = match (descending, inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        (than, key_value(key))
    });
    let mut sql = range.bounded(column, own);
    sql.text.insert_str(0, &format!("SELECT {key}, s.id"));
    let order = if descending { "DESC" } else { "ASC" };
    sql.value(&format!(" ORDER BY {key} {order} LIMIT ?"), Value::Integer(codes::limit(limit)));
    if offset > 0 {
        sql.value(" OFFSET ?", Value::Integer(codes::signed(offset)));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::class::LabelSet;
    use crate::domain::queue::Filter;
    use crate::domain::sample::Status;
    use crate::store::Store;
    use crate::store::records::{Mode, NewProject, NewSample};
    use crate::store::sqlite::SqliteStore;

    /// A store whose counts look like a large project: so many samples that reading all of any kind would be wrong.
    fn large(folder: &std::path::Path) -> (SqliteStore, ProjectId) {
        let mut store = SqliteStore::open(&folder.join("s.db"), Mode::Create).unwrap();
        let new = NewProject {
            name: "p".to_owned(),
            task: Default::default(),
            source: String::new(),
            scan: Default::default(),
            labels: LabelSet::from_names(&["daisy", "roses", "tulips"], 1),
            author: "ann".to_owned(),
        };
        let project = store.create_project(&new).unwrap().id;
        let scan = store.begin_scan(project, "ann").unwrap();
        let file = |i| NewSample { path: format!("{i}.jpg"), ..NewSample::default() };
        store.add_samples(scan, &(0..10).map(file).collect::<Vec<_>>()).unwrap();
        let counts = [
            ("status", "unlabeled", 4_000_000),
            ("status", "pre_labeled", 1_000_000),
            ("status", "labeled", 4_000_000),
            ("status", "skipped", 1_000_000),
            ("class", "1", 1_000_000),
            ("class", "2", 1_000_000),
            ("class", "3", 1_000_000),
            ("review", "1", 2_000_000),
            ("review", "3", 1_000_000),
            ("predicted", "2", 2_000_000),
            ("by", "ann", 2_000_000),
            ("is", "flagged", 1_000_000),
            ("is", "empty", 1_000_000),
        ];
        for (kind, key, n) in counts {
            let sql = "INSERT OR REPLACE INTO tally(project, kind, key, n) VALUES(?, ?, ?, ?)";
            store.connection.execute(sql, (project.0, kind, key, n)).unwrap();
        }
        (store, project)
    }

    /// The steps SQLite would take.
    fn steps(db: &Db<'_>, sql: &Sql) -> Vec<String> {
        let explain = format!("EXPLAIN QUERY PLAN {}", sql.text);
        db.rows(&explain, rusqlite::params_from_iter(sql.values.iter()), |r| r.get(3)).unwrap()
    }

    #[test]
    fn no_page_sorts_or_reads_everything() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, project) = large(folder.path());
        let filters = [
            "",
            "status:unlabeled",
            "status:labeled,skipped",
            "class:roses",
            "class:roses,daisy",
            "flag",
            "-flag",
            "review:waiting",
            "review:rejected",
            "predicted:roses",
            "by:ann",
            "empty",
            "status:labeled class:roses",
            "status:labeled -flag",
            "class:roses review:waiting",
            "IMG",
            "status:unlabeled IMG",
        ];
        let orders =
            [Order::Path, Order::Random { seed: 1 }, Order::Newest, Order::Class, Order::ScoreDown, Order::ScoreUp];
        let mut seen = 0;
        store
            .read(|db| {
                for (text, order) in filters.iter().flat_map(|f| orders.map(|o| (f, o))) {
                    let queue = Queue { filter: Filter::parse(text).unwrap(), order };
                    let (walk, _) = db.walk(project, &queue)?;
                    for (stretch, descending) in walk.stretches.iter().flat_map(|s| [(s, true), (s, false)]) {
                        let key = match stretch.column {
                            Column::Path => Key::Bytes(vec![1]),
                            _ => Key::Number(1),
                        };
                        for range in walk.parts.plan(stretch, &walk.stored, 60, false).ranges(project) {
                            let bound = Bound { key: &key, inclusive: false };
                            let sql = select(&range, stretch.column, Some(bound), descending, 60, 0);
                            let steps = steps(db, &sql);
                            let what = format!("`{text}` by {}: {steps:?}\n{}", order.name(), sql.text);
                            assert!(!steps.iter().any(|s| s.contains("TEMP B-TREE")), "sorts: {what}");
                            assert!(!steps.iter().any(|s| s.starts_with("SCAN")), "reads everything: {what}");
                            // The key itself is searched for, not only looked at row by row.
                            let key = stretch.column.name();
                            let searched =
                                steps.iter().any(|s| s.contains(&format!("{key}>")) || s.contains(&format!("{key}<")));
                            let bounds =
                                |than: &str| sql.text.matches(&format!("{} {than}", range.key(stretch.column))).count();
                            assert!(bounds("<") < 2 && bounds(">") < 2, "two bounds on one side: {what}");
                            assert!(searched, "does not search by the key: {what}");
                            seen += 1;
                        }
                    }
                }
                Ok(())
            })
            .unwrap();
        assert!(seen > 200, "{seen}");
    }

    #[test]
    fn few_matches_are_found_by_their_own_index() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, project) = large(folder.path());
        let sql = "UPDATE tally SET n = 3 WHERE kind = 'is' AND key = 'flagged'";
        store.connection.execute(sql, []).unwrap();
        store
            .read(|db| {
                let queue = Queue { filter: Filter::parse("flag").unwrap(), order: Order::Newest };
                let (walk, _) = db.walk(project, &queue)?;
                let plan = walk.parts.plan(&walk.stretches[0], &walk.stored, 60, false);
                let sql = select(&plan.ranges(project)[0], Column::Changed, None, true, 60, 0);
                assert!(sql.text.contains("sample_flagged"), "{}", sql.text);
                assert_eq!(walk.stored.get("status", Status::Labeled.name()), 4_000_000);
                Ok(())
            })
            .unwrap();
    }
}
