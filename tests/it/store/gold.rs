//! Gold pictures: what is trusted is a copy, and what people answer to it stands beside everything else.

use super::fixture::{
    Kind, Schema, SqliteFile, all, at, commit_one, edit, everything, label, labeled, on_every_kind_that, paths,
    project_of, rev_of, verdict,
};
use super::server::Raw;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::domain::queue::Order;
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Status};
use lakelens::ops::gold::{left_behind, mark, ready, report};
use lakelens::store::records::{Mode, NewVersion};
use lakelens::store::{Store, StoreError, open};

/// What a person answers to a gold picture.
pub(super) fn check(project: ProjectId, sample: SampleId, class: i64, author: &str, n: i64) -> Edit {
    let after = Some(labeled(&[class], author, at(n)));
    Edit::by_person(project, Change::Check { sample, before: None, after }, author, at(n))
}

fn trust(store: &mut dyn Store, project: ProjectId, ids: &[SampleId]) -> lakelens::ops::gold::Marked {
    let samples = store.samples_by_id(ids).unwrap();
    mark(store, project, &samples, "cleo", at(90)).unwrap()
}

fn with_gold(case: impl Fn(&mut dyn Store, &dyn Kind)) {
    on_every_kind_that("keep gold pictures", |can| can.gold, case);
}

#[test]
fn answers_to_gold_pictures_stand_beside_everything_else() {
    with_gold(|store, _| {
        let (project, ids) = project_of(store, "p", 6);
        for id in &ids[..3] {
            label(store, *id, 1, "ann", 0);
        }
        let done = trust(store, project.id, &ids[..4]);
        assert_eq!((done.new, done.again), (3, 0));
        assert_eq!(done.left, [("img4.jpg".to_owned(), "nobody has answered it")]);
        assert_eq!(store.gold_open(project.id, "bob").unwrap(), ids[..3]);
        let before = all(store, project.id, "", Order::Path);
        let tallies = store.tallies(project.id).unwrap();
        let one = check(project.id, ids[0], 1, "bob", 100);
        assert_eq!(commit_one(store, &one), Outcome::Saved { rev: rev_of(store, ids[0]) });
        assert!(matches!(commit_one(store, &one), Outcome::Saved { .. }), "taken once");
        commit_one(store, &check(project.id, ids[1], 2, "bob", 101));
        assert_eq!(all(store, project.id, "", Order::Path), before);
        assert_eq!(store.tallies(project.id).unwrap(), tallies);
        assert_eq!(store.gold_open(project.id, "bob").unwrap(), ids[2..3], "never the same one twice");
        assert_eq!(store.gold_open(project.id, "dan").unwrap(), ids[..3]);
        let pairs = store.gold_answers(project.id).unwrap();
        assert_eq!(pairs.len(), 2);
        assert_eq!((pairs[0].first_by.as_str(), pairs[0].second_by.as_str()), ("cleo", "bob"));
        let found = report(store, project.id).unwrap();
        assert_eq!((found.marked, found.people[0].share.right, found.people[0].share.of), (3, 1, 2));
    });
}

#[test]
fn what_is_trusted_does_not_follow_the_answer() {
    with_gold(|store, _| {
        let (project, ids) = project_of(store, "p", 3);
        label(store, ids[0], 1, "ann", 0);
        trust(store, project.id, &ids[..1]);
        commit_one(store, &check(project.id, ids[0], 1, "bob", 1));
        label(store, ids[0], 2, "ann", 2);
        let gold = store.gold(project.id).unwrap();
        assert_eq!((gold.len(), gold[0].path.as_str(), gold[0].author.as_str()), (1, "img1.jpg", "cleo"));
        assert_eq!(report(store, project.id).unwrap().all.right, 1);
        // Trusted again, it is the answer of now.
        assert_eq!(trust(store, project.id, &ids[..1]).again, 1);
        assert_eq!(report(store, project.id).unwrap().all.right, 0);
        // A rejected answer is not to be trusted, and an open picture would stand in ordinary queues too.
        label(store, ids[1], 1, "ann", 3);
        let no = verdict(store, ids[1], Verdict::Rejected, "cleo", 4);
        commit_one(store, &no);
        assert_eq!(trust(store, project.id, &ids[1..2]).left[0].1, "its answer was rejected");
        let cleared = edit(store, ids[0], Answer::default(), "ann", 5);
        commit_one(store, &cleared);
        assert_eq!(store.gold_open(project.id, "dan").unwrap(), []);
        assert_eq!(store.unmark_gold(project.id, &ids).unwrap(), 1);
        assert_eq!(report(store, project.id).unwrap().all.of, 0);
        // Somebody may have had it on the screen: the answer is kept.
        assert!(matches!(commit_one(store, &check(project.id, ids[0], 1, "dan", 6)), Outcome::Saved { .. }));
        let elsewhere = check(project.id, SampleId(99_999), 1, "dan", 7);
        assert!(matches!(commit_one(store, &elsewhere), Outcome::Refused { .. }));
        assert!(matches!(commit_one(store, &check(project.id, ids[0], 77, "dan", 8)), Outcome::Refused { .. }));
    });
}

#[test]
fn undo_goes_through_gold_answers_in_the_order_of_the_keys() {
    with_gold(|store, kind| {
        let (project, ids) = project_of(store, "p", 4);
        label(store, ids[0], 1, "ann", 0);
        trust(store, project.id, &ids[..1]);
        label(store, ids[1], 1, "bob", 1);
        commit_one(store, &check(project.id, ids[0], 2, "bob", 2));
        label(store, ids[2], 1, "bob", 3);
        let mut later = kind.connect();
        assert_eq!(later.undo(project.id, "bob", at(4)).unwrap().applied[0].edit.change.sample(), Some(ids[2]));
        let report = later.undo(project.id, "bob", at(5)).unwrap();
        assert!(matches!(&report.applied[0].edit.change, Change::Check { after: None, before: Some(_), .. }));
        assert_eq!(store.gold_answers(project.id).unwrap().len(), 0);
        assert_eq!(store.gold_open(project.id, "bob").unwrap(), ids[..1], "it may be asked again");
        assert_eq!(store.redo(project.id, "bob", at(6)).unwrap().applied.len(), 1);
        assert_eq!(store.gold_answers(project.id).unwrap().len(), 1);
        assert_eq!(paths(store, project.id, "status:labeled", Order::Path), ["img1.jpg", "img2.jpg"]);
        store.undo(project.id, "bob", at(7)).unwrap();
        store.undo(project.id, "bob", at(8)).unwrap();
        assert_eq!(paths(store, project.id, "by:bob", Order::Path), Vec::<String>::new());
    });
}

#[test]
fn each_person_and_walk_has_an_order_of_its_own_and_sees_no_answer() {
    with_gold(|store, _| {
        let (project, ids) = project_of(store, "p", 12);
        for id in &ids {
            label(store, *id, 1, "ann", 0);
        }
        assert_eq!(ready(store, project.id, "bob", 1).unwrap(), lakelens::domain::agreement::gold::Ready::default());
        trust(store, project.id, &ids);
        let bobs = ready(store, project.id, "bob", 1).unwrap();
        assert_eq!((bobs.every, bobs.samples.len()), (20, 12));
        assert!(bobs.samples.iter().all(|s| s.answer == Answer::default() && s.answer.status == Status::Unlabeled));
        assert_eq!(ready(store, project.id, "bob", 1).unwrap(), bobs);
        assert_ne!(ready(store, project.id, "bob", 2).unwrap().samples, bobs.samples);
        assert_ne!(ready(store, project.id, "dan", 1).unwrap().samples, bobs.samples);
        store.set_setting(project.id, lakelens::ops::gold::SETTING, Some("0")).unwrap();
        assert_eq!(ready(store, project.id, "bob", 1).unwrap().samples, []);
    });
}

#[test]
fn older_files_get_the_tables_and_lose_nothing() {
    let kind = SqliteFile::new();
    let (project, ids) = project_of(&mut kind.store(), "old", 3);
    label(&mut kind.store(), ids[0], 1, "ann", 0);
    let raw = kind.raw();
    raw.execute_batch("DROP TABLE gold; DROP TABLE gold_answer; DROP TABLE doubt; DROP TABLE arrival").unwrap();
    raw.pragma_update(None, "user_version", 3).unwrap();
    drop(raw);
    let mut store = kind.connect();
    assert_eq!(paths(store.as_mut(), project.id, "status:labeled", Order::Path), ["img1.jpg"]);
    trust(store.as_mut(), project.id, &ids[..1]);
    assert_eq!(store.gold(project.id).unwrap().len(), 1);
    kind.verify();
}

/// The tables of the last versions of the schema on a server.
const NEWEST: [&str; 4] = ["gold", "gold_answer", "doubt", "arrival"];

/// Every row of every table but those named, as text.
fn rows(raw: &Raw, name: &str, without: &[&str]) -> Vec<String> {
    let tables = raw.run(&format!("SELECT tablename FROM pg_tables WHERE schemaname = '{name}' ORDER BY 1"));
    let wanted = tables.iter().filter(|t| !without.contains(&t.as_str()));
    wanted.flat_map(|t| raw.run(&format!("SELECT '{t}', t::text FROM {t} t ORDER BY 2"))).collect()
}

/// Columns, indexes, constraints and triggers of a schema, without its name.
fn shape(raw: &Raw, name: &str) -> Vec<String> {
    let sql = format!(
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
           WHERE table_schema = '{name}' ORDER BY 1, 2;
         SELECT indexdef FROM pg_indexes WHERE schemaname = '{name}' ORDER BY 1;
         SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE connamespace = '{name}'::regnamespace ORDER BY 1, 2;
         SELECT event_object_table, trigger_name, action_timing, event_manipulation FROM information_schema.triggers
           WHERE trigger_schema = '{name}' ORDER BY 1, 2, 3, 4"
    );
    raw.run(&sql).into_iter().map(|line| line.replace(name, "SCHEMA")).collect()
}

#[test]
fn older_servers_get_the_tables_and_lose_nothing() {
    let Some(kind) = Schema::at_hand() else {
        println!("skipped: no PostgreSQL server");
        return;
    };
    let (project, ids) = project_of(kind.connect().as_mut(), "old", 4);
    label(kind.connect().as_mut(), ids[0], 1, "ann", 0);
    label(kind.connect().as_mut(), ids[1], 2, "ann", 1);
    let no = verdict(kind.connect().as_mut(), ids[1], Verdict::Rejected, "bob", 2);
    commit_one(kind.connect().as_mut(), &no);
    let raw = kind.raw();
    let newest = shape(&raw, &kind.name);
    for table in NEWEST {
        raw.run(&format!("DROP TABLE {table}"));
    }
    raw.run("DELETE FROM lakelens_schema WHERE version > 4");
    assert_eq!(raw.run("SELECT max(version) FROM lakelens_schema"), ["4"]);
    let changing = [&NEWEST[..], &["lakelens_schema"]].concat();
    let before = rows(&raw, &kind.name, &changing);
    assert!(before.iter().any(|row| row.starts_with("event ")) && before.iter().any(|row| row.starts_with("review ")));

    let reading = open(&kind.location(), Mode::Read, &kind.net).err();
    assert!(matches!(reading, Some(StoreError::NotAStore { .. })), "reading changes nothing: {reading:?}");
    assert_eq!(rows(&raw, &kind.name, &changing), before);
    // Several programs may find the old store at once.
    std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(|| drop(kind.connect())))));
    let mut store = kind.connect();
    assert_eq!(raw.run("SELECT version FROM lakelens_schema ORDER BY 1"), ["1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(shape(&raw, &kind.name), newest, "an upgraded store is like a new one");
    assert_eq!(rows(&raw, &kind.name, &changing), before);
    assert_eq!(trust(store.as_mut(), project.id, &ids[..1]).new, 1);
    commit_one(store.as_mut(), &check(project.id, ids[0], 1, "bob", 9));
    assert_eq!(report(store.as_mut(), project.id).unwrap().all.right, 1);
    assert_eq!(store.undo(project.id, "ann", at(10)).unwrap().applied.len(), 1, "what was done before can be undone");
    let now = everything(store.as_mut());
    assert_eq!(everything(kind.connect().as_mut()), now);
    kind.verify();
}

#[test]
fn a_clone_with_its_answers_has_the_gold_pictures() {
    on_every_kind_that(
        "clone gold pictures",
        |can| can.gold && can.projects,
        |store, _| {
            let (project, ids) = project_of(store, "p", 5);
            for (i, id) in ids[..3].iter().enumerate() {
                label(store, *id, 1 + i as i64, "ann", 0);
            }
            trust(store, project.id, &ids[..2]);
            commit_one(store, &check(project.id, ids[0], 2, "bob", 100));
            for (key, value) in [(lakelens::ops::gold::SETTING, "7"), ("guideline", "# Roses"), ("session:ann", "here")]
            {
                store.set_setting(project.id, key, Some(value)).unwrap();
            }
            let new =
                |name: &str, annotations| NewVersion { name: name.to_owned(), annotations, author: "ann".to_owned() };
            let with = store.clone_project(project.id, &new("with", true)).unwrap();
            let without = store.clone_project(project.id, &new("without", false)).unwrap();
            let trusted = |store: &mut dyn Store, id| -> Vec<_> {
                let gold = store.gold(id).unwrap();
                gold.into_iter().map(|g| (g.path, g.answer, g.author, g.at)).collect()
            };
            let first = trusted(store, project.id);
            assert_eq!(trusted(store, with.id), first);
            assert!(trusted(store, without.id).is_empty());
            assert_eq!(left_behind(store, project.id, true).unwrap(), 0);
            assert_eq!(left_behind(store, project.id, false).unwrap(), 2);
            // They are the copy's own samples, and everybody is asked anew.
            let copies = all(store, with.id, "", Order::Path);
            assert_eq!(store.gold_open(with.id, "bob").unwrap(), [copies[0].id, copies[1].id]);
            assert_eq!(report(store, with.id).unwrap().all.of, 0);
            commit_one(store, &check(with.id, copies[0].id, 1, "bob", 101));
            assert_eq!(report(store, with.id).unwrap().all.right, 1);
            assert_eq!(store.unmark_gold(with.id, &[copies[1].id]).unwrap(), 1);
            assert_eq!(trusted(store, project.id), first, "the versions live apart");
            assert_eq!(report(store, project.id).unwrap().all.right, 0);
            // How many there are to a gold one, and the guideline, belong to the work; where somebody stands does not.
            for copy in [with.id, without.id] {
                assert_eq!(lakelens::ops::gold::every(store, copy).unwrap(), 7);
                assert_eq!(store.setting(copy, "guideline").unwrap().as_deref(), Some("# Roses"));
                assert_eq!(store.setting(copy, "session:ann").unwrap(), None);
            }
        },
    );
}
