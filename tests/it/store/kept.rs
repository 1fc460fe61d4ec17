//! What belongs to a project on PostgreSQL: nothing without it, and nothing left of it when it is deleted.

use super::fixture::{Kind, Schema, label, project_of};
use super::server::needed;

/// Everything that hangs on a project or on its samples.
const TABLES: [&str; 7] = ["sample", "sample_class", "annotation", "event", "tally", "scan", "undo"];

fn rows(kind: &Schema) -> Vec<(String, i64)> {
    let raw = kind.raw();
    let count = |table: &&str| raw.run(&format!("SELECT count(*) FROM {table}"))[0].parse().unwrap();
    TABLES.iter().map(|t| ((*t).to_owned(), count(t))).collect()
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_deleted_project_leaves_nothing_and_takes_nothing_of_others() {
    let kind = Schema::on(needed());
    let mut store = kind.connect();
    let (kept, ids) = project_of(store.as_mut(), "kept", 4);
    label(store.as_mut(), ids[0], 1, "ann", 1);
    let before = rows(&kind);
    assert!(before.iter().all(|(_, n)| *n > 0), "{before:?}");
    let (gone, ids) = project_of(store.as_mut(), "gone", 5);
    label(store.as_mut(), ids[1], 2, "ann", 2);
    assert_ne!(rows(&kind), before);
    store.trash_project(gone.id).unwrap();
    store.delete_project(gone.id).unwrap();
    assert_eq!(rows(&kind), before);
    assert_eq!(store.counts(kept.id).unwrap().samples(), 4);
    kind.verify();
    // By hand, in another program: a sample takes what hangs on it along.
    kind.raw().run("DELETE FROM sample WHERE class IS NOT NULL");
    let left = rows(&kind);
    assert_eq!((left[0].1, left[1].1, left[2].1), (3, 0, 0), "{left:?}");
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn no_row_is_taken_whose_project_or_sample_is_not_there() {
    let kind = Schema::on(needed());
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 2);
    let (raw, before) = (kind.raw(), rows(&kind));
    let sample = |project: i64| {
        format!(
            "INSERT INTO sample(id, project, path, sort_key, shuffle, changed, rank, size, etag)
             VALUES(900, {project}, 'x', 'x', 1, 1, 1, 1, '')"
        )
    };
    let class =
        |project: i64, sample: i64| format!("INSERT INTO sample_class VALUES({project}, 1, 'x', {sample}, 1, 1)");
    let event = "INSERT INTO event(id, edit, project, kind, origin, author, at, message, rev, change)
                 VALUES(900, gen_random_uuid(), 77, 0, 0, '', 0, '', 1, '')";
    let (here, first) = (project.id.0, ids[0].0);
    for wrong in [
        sample(77),
        event.to_owned(),
        class(77, first),
        class(here, 77),
        "UPDATE sample SET project = 77".to_owned(),
        format!("UPDATE project SET id = 77 WHERE id = {here}"),
    ] {
        let why = raw.refused(&wrong);
        assert!(
            why.contains("\"sample\"")
                || why.contains("\"event\"")
                || why.contains("\"project\"")
                || why.contains("\"sample_class\""),
            "{why}"
        );
    }
    assert_eq!(rows(&kind), before);
    // A project cannot go while rows are being added to it.
    let other = kind.raw();
    other.run(&format!("BEGIN; {}", sample(here)));
    let why = raw.refused(&format!("SET lock_timeout TO '1ms'; DELETE FROM project WHERE id = {here}"));
    assert!(why.contains("lock timeout"), "{why}");
    other.run("ROLLBACK");
}
