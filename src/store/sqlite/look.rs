//! Queues read from a file: statement by statement, which costs nothing.

use super::Db;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::Sample;
use crate::store::Result;
use crate::store::native::codes;
use crate::store::native::page::{Keys, Look, Place};
use crate::store::native::plan::{Dialect, Sql};
use crate::store::native::tally::Stored;
use crate::store::records::Key;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

impl Look for Db<'_> {
    fn place(&self) -> &str {
        self.place
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn at_once(&self) -> usize {
        1
    }

    fn known(&self, project: ProjectId) -> Result<(LabelSet, Stored)> {
        Ok((self.base().labels(project)?, self.base().stored_tallies(project)?))
    }

    fn keys(&self, groups: Vec<Vec<Sql>>) -> Result<Vec<Keys>> {
        let group = |selects: Vec<Sql>| {
            let mut keys = Vec::new();
            for sql in selects {
                self.go_on()?;
                keys.extend(self.rows(&sql.text, rusqlite::params_from_iter(&sql.values), key_row)?);
            }
            Ok(keys)
        };
        groups.into_iter().map(group).collect()
    }

    fn counts(&self, ranges: Vec<Sql>) -> Result<Vec<u64>> {
        let count = |range: Sql| {
            let sql = format!("SELECT count(*){}", range.text);
            Ok(self.row(&sql, rusqlite::params_from_iter(&range.values), |r| r.get(0))?.map_or(0, codes::unsigned))
        };
        ranges.into_iter().map(count).collect()
    }

    fn samples(&self, ids: &[i64]) -> Result<Vec<Sample>> {
        self.samples_at_once(ids)
    }

    fn standing(&self, id: SampleId) -> Result<Option<Place>> {
        let sql = "SELECT project, sort_key, shuffle, changed, rank, class, predicted FROM sample WHERE id = ?";
        self.row(sql, [id.0], |r| {
            Ok(Place {
                project: ProjectId(r.get(0)?),
                path: r.get(1)?,
                shuffle: r.get(2)?,
                changed: r.get(3)?,
                rank: r.get(4)?,
                class: r.get(5)?,
                predicted: r.get(6)?,
            })
        })
    }
}

fn key_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<(Key, i64)> {
    let key = match r.get_ref(0)? {
        ValueRef::Blob(bytes) => Key::Bytes(bytes.to_vec()),
        other => Key::Number(other.as_i64()?),
    };
    Ok((key, r.get(1)?))
}

/// Adds the functions that compare text outside ASCII without case, which `LIKE` and `lower` cannot.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folded", 1, flags, |values| {
        let text: Option<String> = values.get(0)?;
        Ok(text.map(|text| text.to_lowercase()))
    })?;
    connection.create_scalar_function("contains_folded", 2, flags, |values| {
        let (text, needle): (String, String) = (values.get(0)?, values.get(1)?);
        Ok(text.to_lowercase().contains(&needle))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Db;
    use crate::domain::class::LabelSet;
    use crate::domain::ids::ProjectId;
    use crate::domain::queue::Filter;
    use crate::domain::queue::{Order, Queue};
    use crate::domain::sample::Status;
    use crate::store::Store;
    use crate::store::native::page::{Bound, Look, select};
    use crate::store::native::plan::{Column, Dialect, Sql};
    use crate::store::records::Key;
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
                    let (walk, _) = (db as &dyn Look).walk(project, &queue)?;
                    for (stretch, descending) in walk.stretches.iter().flat_map(|s| [(s, true), (s, false)]) {
                        let key = match stretch.column {
                            Column::Path => Key::Bytes(vec![1]),
                            _ => Key::Number(1),
                        };
                        for range in walk.parts.plan(stretch, &walk.stored, 60, false).ranges(project, Dialect::Sqlite)
                        {
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
    fn samples_with_a_comment_are_looked_up_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, project) = large(folder.path());
        store
            .read(|db| {
                for order in [Order::Path, Order::Newest, Order::Random { seed: 1 }] {
                    let queue = Queue { filter: Filter::parse("comment").unwrap(), order };
                    let (walk, _) = (db as &dyn Look).walk(project, &queue)?;
                    let stretch = &walk.stretches[0];
                    let plan = walk.parts.plan(stretch, &walk.stored, 60, false);
                    let sql = select(&plan.ranges(project, Dialect::Sqlite)[0], stretch.column, None, false, 60, 0);
                    let steps = steps(db, &sql);
                    let by_id = steps.iter().any(|s| s.starts_with("SEARCH s USING INTEGER PRIMARY KEY"));
                    assert!(by_id, "{steps:?}\n{}", sql.text);
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_long_list_and_measures_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, project) = large(folder.path());
        for (name, n) in [("measured", 9_000_000), ("near", 3_000_000), ("exact", 1_000_000), ("blurry", 2_000_000)] {
            let sql = "INSERT INTO tally(project, kind, key, n) VALUES(?, 'quality', ?, ?)";
            store.connection.execute(sql, (project.0, name, n)).unwrap();
        }
        let cases = [
            ("list:work", Order::Path),
            ("dup:near", Order::Path),
            ("dup:exact", Order::Path),
            ("blurry", Order::Path),
            ("-blurry", Order::Path),
            ("group:7", Order::Path),
            ("group:7,8", Order::Path),
            ("", Order::Blur),
            ("", Order::Brightness),
            ("", Order::Group),
            ("", Order::Margin),
            ("", Order::Entropy),
            ("dup:near -blurry", Order::Margin),
            ("dup:near", Order::Group),
            ("-dark status:unlabeled", Order::Blur),
        ];
        store
            .read(|db| {
                for (text, order) in cases {
                    let queue = Queue { filter: Filter::parse(text).unwrap(), order };
                    let (walk, _) = (db as &dyn Look).walk(project, &queue)?;
                    for stretch in &walk.stretches {
                        for range in walk.parts.plan(stretch, &walk.stored, 60, false).ranges(project, Dialect::Sqlite)
                        {
                            let key = if stretch.column == Column::Path { Key::Bytes(vec![1]) } else { Key::Number(1) };
                            let bound = Bound { key: &key, inclusive: false };
                            let sql = select(&range, stretch.column, Some(bound), false, 60, 0);
                            let steps = steps(db, &sql);
                            let what = format!("`{text}` by {}: {steps:?}\n{}", order.name(), sql.text);
                            assert!(
                                !steps.iter().any(|s| s.contains("TEMP B-TREE") || s.starts_with("SCAN")),
                                "{what}"
                            );
                            let key = format!("{}>", stretch.column.name());
                            assert!(steps.iter().any(|s| s.contains(&key)), "does not search by the key: {what}");
                        }
                    }
                }
                Ok(())
            })
            .unwrap();
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
                let (walk, _) = (db as &dyn Look).walk(project, &queue)?;
                let plan = walk.parts.plan(&walk.stretches[0], &walk.stored, 60, false);
                let sql = select(&plan.ranges(project, Dialect::Sqlite)[0], Column::Changed, None, true, 60, 0);
                assert!(sql.text.contains("sample_flagged"), "{}", sql.text);
                assert_eq!(walk.stored.get("status", Status::Labeled.name()), 4_000_000);
                Ok(())
            })
            .unwrap();
    }
}
