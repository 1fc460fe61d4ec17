//! SQLite files in trouble: newer, foreign, damaged, read-only, full, locked; two programs at once.

use super::fixture::{Kind, SqliteFile, at, edit, everything, label, labeled, project_of};
use lakelens::domain::edit::Outcome;
use lakelens::domain::ids::Rev;
use lakelens::domain::sample::Status;
use lakelens::remote::net::Net;
use lakelens::store::records::{Mode, Shelf};
use lakelens::store::sqlite::SqliteStore;
use lakelens::store::{Store, StoreError, default_path, open};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Root may write what its permissions forbid; tests of permissions then test nothing.
fn permissions_hold(folder: &Path) -> bool {
    let probe = folder.join("probe");
    fs::write(&probe, "x").unwrap();
    fs::set_permissions(&probe, Permissions::from_mode(0o444)).unwrap();
    let holds = fs::OpenOptions::new().write(true).open(&probe).is_err();
    if !holds {
        println!("skipped: this user may write files that are read-only");
    }
    holds
}

fn failure(path: &Path, mode: Mode) -> StoreError {
    SqliteStore::open(path, mode).err().unwrap()
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let kind = SqliteFile::new();
    drop(kind.store());
    kind.raw().pragma_update(None, "user_version", 99).unwrap();
    for mode in [Mode::Create, Mode::Write, Mode::Read] {
        let error = failure(&kind.path(), mode);
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("update lakelens"), "{error}");
    }
    let version: i64 = kind.raw().query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn what_is_not_a_store_is_not_touched() {
    let kind = SqliteFile::new();
    let path = kind.path();
    fs::write(&path, "not a database, but long enough to have a header".repeat(100)).unwrap();
    assert!(matches!(failure(&path, Mode::Create), StoreError::NotAStore { .. }));
    fs::remove_file(&path).unwrap();
    kind.raw().execute_batch("CREATE TABLE theirs(x)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(failure(&path, Mode::Create), StoreError::NotAStore { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(matches!(failure(kind.folder.path(), Mode::Create), StoreError::NotAStore { .. }));
    let missing = kind.folder.path().join("missing.db");
    for mode in [Mode::Write, Mode::Read] {
        assert!(matches!(failure(&missing, mode), StoreError::NotFound { .. }));
    }
    assert!(!missing.exists());
    assert!(matches!(
        open("mysql://user:secret@host/db", Mode::Create, &Net::default()),
        Err(StoreError::Unsupported { .. })
    ));
    let shown = open("mysql://user:secret@host/db", Mode::Create, &Net::default()).err().unwrap().to_string();
    assert!(!shown.contains("secret"), "{shown}");
    assert!(open("sqlite:", Mode::Create, &Net::default()).is_err());
    let deep = default_path(&kind.folder.path().join("made/on/the way"));
    assert!(open(deep.to_str().unwrap(), Mode::Create, &Net::default()).is_ok());
}

#[test]
fn read_only_opens_read_and_never_write() {
    let kind = SqliteFile::new();
    let mut store = kind.connect();
    let (_, ids) = project_of(store.as_mut(), "p", 3);
    label(store.as_mut(), ids[0], 1, "ann", 0);
    let before = everything(store.as_mut());
    let edit = edit(store.as_mut(), ids[1], labeled(&[1], "ann", at(1)), "ann", 1);
    let mut reader = SqliteStore::open(&kind.path(), Mode::Read).unwrap();
    assert!(reader.read_only().is_some());
    assert_eq!(everything(&mut reader), before);
    assert!(matches!(reader.commit(&[edit]), Err(StoreError::ReadOnly { .. })));
    // What others write is seen.
    label(store.as_mut(), ids[2], 1, "bob", 2);
    assert_eq!(reader.sample(ids[2]).unwrap().rev, Rev(1));
}

#[test]
fn a_read_only_file_and_a_read_only_folder_open_for_reading() {
    let kind = SqliteFile::new();
    if !permissions_hold(kind.folder.path()) {
        return;
    }
    let mut store = kind.connect();
    project_of(store.as_mut(), "p", 3);
    let before = everything(store.as_mut());
    drop(store);
    fs::set_permissions(kind.path(), Permissions::from_mode(0o444)).unwrap();
    let mut store = kind.connect();
    assert!(store.read_only().is_some());
    assert_eq!(everything(store.as_mut()), before);
    drop(store);
    fs::set_permissions(kind.folder.path(), Permissions::from_mode(0o555)).unwrap();
    let mut store = kind.connect();
    assert!(store.read_only().is_some());
    assert_eq!(everything(store.as_mut()), before);
    fs::set_permissions(kind.folder.path(), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_full_disk_takes_nothing_halfway_and_goes_on_when_there_is_room() {
    let kind = SqliteFile::new();
    let mut store = kind.store();
    let (project, ids) = project_of(&mut store, "p", 300);
    store.limit_pages(1).unwrap();
    let mut full = None;
    for (i, id) in ids.iter().enumerate() {
        let edit = edit(&mut store, *id, labeled(&[1], "ann", at(i as i64)), "ann", i as i64);
        let before = store.counts(project.id).unwrap();
        match store.commit(std::slice::from_ref(&edit)) {
            Ok(_) => continue,
            Err(error) => {
                assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
                assert_eq!(store.counts(project.id).unwrap(), before);
                assert_eq!(store.sample(*id).unwrap().rev, Rev(0));
                full = Some(edit);
                break;
            }
        }
    }
    let edit = full.expect("the limit is never reached");
    store.limit_pages(0).unwrap();
    assert_eq!(store.commit(&[edit]).unwrap(), [Outcome::Saved { rev: Rev(1) }]);
    drop(store);
    kind.verify();
}

#[test]
fn a_damaged_file_is_an_error_that_says_so() {
    let kind = SqliteFile::new();
    let mut store = kind.connect();
    let (project, _) = project_of(store.as_mut(), "p", 2000);
    drop(store);
    let mut bytes = fs::read(kind.path()).unwrap();
    let length = bytes.len();
    assert!(length > 20 * 4096);
    bytes[4096..].iter_mut().for_each(|b| *b = 0xa5);
    fs::write(kind.path(), &bytes).unwrap();
    let error = match SqliteStore::open(&kind.path(), Mode::Create) {
        Err(error) => error,
        Ok(mut store) => match store.project(project.id) {
            Err(error) => error,
            Ok(_) => store.projects(Shelf::All).expect_err("a damaged file reads as if nothing was wrong"),
        },
    };
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("restore"), "{error}");
    // Cut off in the middle.
    bytes.truncate(length / 2 + 100);
    fs::write(kind.path(), &bytes).unwrap();
    let opened = SqliteStore::open(&kind.path(), Mode::Create);
    assert!(opened.and_then(|mut s| s.projects(Shelf::All)).is_err());
}

#[test]
fn a_lock_held_by_another_program_is_a_state_not_a_loss() {
    let kind = SqliteFile::new();
    let mut store = kind.connect();
    let (_, ids) = project_of(store.as_mut(), "p", 1);
    let edit = edit(store.as_mut(), ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    let other = kind.raw();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE sample SET etag = 'x'").unwrap();
    let error = store.commit(std::slice::from_ref(&edit)).err().unwrap();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert!(error.retry_after().is_some());
    // Reading goes on meanwhile.
    assert_eq!(store.sample(ids[0]).unwrap().answer.status, Status::Unlabeled);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.commit(&[edit]).unwrap(), [Outcome::Saved { rev: Rev(1) }]);
}

#[test]
fn two_programs_write_at_once_and_nothing_is_lost_or_overwritten() {
    const EACH: usize = 60;
    let kind = SqliteFile::new();
    let (project, ids) = project_of(kind.connect().as_mut(), "p", 5);
    let saved: Vec<usize> = std::thread::scope(|scope| {
        let work = |name: &'static str, class: i64| {
            let (kind, ids) = (&kind, &ids);
            scope.spawn(move || {
                let mut store = kind.connect();
                let mut saved = 0;
                for i in 0..EACH {
                    let edit = edit(store.as_mut(), ids[i % 5], labeled(&[class], name, at(i as i64)), name, i as i64);
                    match store.commit(&[edit]).unwrap().remove(0) {
                        Outcome::Saved { .. } => saved += 1,
                        Outcome::Conflict { .. } => {}
                        other => panic!("{other:?}"),
                    }
                }
                saved
            })
        };
        [work("ann", 1), work("bob", 2)].map(|t| t.join().unwrap()).into()
    });
    let mut store = kind.connect();
    let events = store.history(project.id, None, None, 1000).unwrap().len();
    assert_eq!(events, saved.iter().sum::<usize>());
    let revs: i64 = ids.iter().map(|id| store.sample(*id).unwrap().rev.0).sum();
    assert_eq!(revs as usize, events);
    assert!(saved.iter().all(|n| *n > 0));
    kind.verify();
}
