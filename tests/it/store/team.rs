//! Several people at one store: samples handed out once, changes heard of, and who is there.

use super::fixture::{Kind, Schema, all, at, commit_one, edit, label, labeled, project_of, queue};
use super::server::needed;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::SampleId;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::Status;
use lakelens::store::records::Presence;
use lakelens::store::{Store, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

const HOLD: Duration = Duration::from_secs(300);

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn eight_people_pull_ten_thousand_samples_and_nobody_gets_anothers() {
    const SAMPLES: usize = 10_000;
    let kind = Schema::on(needed());
    let (project, _) = project_of(kind.connect().as_mut(), "p", SAMPLES);
    let pulled: Vec<Vec<SampleId>> = std::thread::scope(|scope| {
        let work = |n: usize| {
            let kind = &kind;
            scope.spawn(move || {
                let (mut store, name, mut mine) = (kind.connect(), format!("person {n}"), Vec::new());
                loop {
                    let queue = queue("status:unlabeled", Order::Path);
                    let page = match store.claim(project.id, &queue, &name, 50, HOLD) {
                        Err(StoreError::Busy { .. }) => continue,
                        page => page.unwrap(),
                    };
                    if page.is_empty() {
                        return mine;
                    }
                    let edit = |q: &lakelens::store::records::Queued| {
                        let after = labeled(&[1], &name, at(0));
                        let (sample, base, before) = (q.sample.id, q.sample.rev, q.sample.answer.clone());
                        Edit::by_person(project.id, Change::Answer { sample, base, before, after }, &name, at(0))
                    };
                    let edits: Vec<Edit> = page.iter().map(edit).collect();
                    for outcome in store.commit(&edits).unwrap() {
                        assert!(matches!(outcome, Outcome::Saved { .. }), "{outcome:?}");
                    }
                    mine.extend(page.iter().map(|q| q.sample.id));
                }
            })
        };
        (0..8).map(work).collect::<Vec<_>>().into_iter().map(|t| t.join().unwrap()).collect()
    });
    let distinct: BTreeSet<SampleId> = pulled.iter().flatten().copied().collect();
    assert_eq!(pulled.iter().map(Vec::len).sum::<usize>(), SAMPLES, "handed out twice or never");
    assert_eq!(distinct.len(), SAMPLES);
    assert!(pulled.iter().filter(|mine| !mine.is_empty()).count() > 1, "one person did it all");
    let mut store = kind.connect();
    assert_eq!(store.counts(project.id).unwrap().of(Status::Labeled), SAMPLES as u64);
    let samples = all(store.as_mut(), project.id, "status:labeled", Order::Path);
    assert!(samples.iter().all(|s| s.rev.0 == 1), "a sample was answered twice");
    kind.verify();
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn a_hold_is_renewed_given_back_and_ends_by_itself() {
    let kind = Schema::on(needed());
    let (mut ann, mut bob) = (kind.connect(), kind.connect());
    let (project, ids) = project_of(ann.as_mut(), "p", 4);
    let todo = queue("status:unlabeled", Order::Path);
    let claim = |store: &mut dyn Store, who: &str, n, time| -> Vec<SampleId> {
        store.claim(project.id, &todo, who, n, time).unwrap().iter().map(|q| q.sample.id).collect()
    };
    assert_eq!(claim(ann.as_mut(), "ann", 2, HOLD), ids[..2]);
    assert_eq!(claim(bob.as_mut(), "bob", 9, Duration::ZERO), ids[2..]);
    // Bob's hold of no time is over; Ann's is not.
    assert_eq!(bob.renew_claims(project.id, "bob", HOLD).unwrap(), []);
    assert_eq!(ann.renew_claims(project.id, "ann", HOLD).unwrap(), ids[..2]);
    assert_eq!(claim(ann.as_mut(), "ann", 9, HOLD), ids[2..]);
    assert_eq!(claim(bob.as_mut(), "bob", 9, HOLD), []);
    // An answer ends a hold, and leaving gives back the rest.
    label(ann.as_mut(), ids[0], 1, "ann", 0);
    assert_eq!(ann.release_claims(project.id, "ann").unwrap(), 3);
    assert_eq!(claim(bob.as_mut(), "bob", 9, HOLD), ids[1..]);
    let class_order = queue("class:daisy", Order::Class);
    assert_eq!(ann.claim(project.id, &class_order, "ann", 9, HOLD).unwrap()[0].sample.id, ids[0]);
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn pictures_that_somebody_is_writing_are_not_taken_for_the_end_of_the_queue() {
    let kind = Schema::on(needed());
    let mut store = kind.connect();
    let (project, ids) = project_of(store.as_mut(), "p", 3);
    let todo = queue("status:unlabeled", Order::Path);
    let mut claim = |n| -> Result<Vec<SampleId>, StoreError> {
        let page = store.claim(project.id, &todo, "ann", n, HOLD)?;
        Ok(page.iter().map(|q| q.sample.id).collect())
    };
    let other = kind.raw();
    // What only refers to a sample, as an event or an annotation that is being added, does not hide it.
    other.run("BEGIN; SELECT 1 FROM sample FOR KEY SHARE");
    assert_eq!(claim(1).unwrap(), ids[..1]);
    other.run("ROLLBACK; BEGIN; UPDATE sample SET path = path");
    assert!(matches!(claim(9), Err(StoreError::Busy { .. })), "2 are there, and are said to be written");
    assert_eq!(claim(0).unwrap(), [], "none were asked for");
    other.run("COMMIT");
    assert_eq!(claim(9).unwrap(), ids[1..]);
    assert_eq!(claim(9).unwrap(), [], "this is the end");
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn changes_by_others_are_heard_of_and_read_in_order() {
    let kind = Schema::on(needed());
    let mut store = kind.connect();
    let (project, ids) = project_of(store.as_mut(), "p", 3);
    assert_eq!(store.wait_for_change(project.id, None, Duration::ZERO).unwrap(), None);
    let first = label(store.as_mut(), ids[0], 1, "ann", 0);
    let seen = store.wait_for_change(project.id, None, Duration::from_secs(60)).unwrap().expect("an event");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| kind.connect().wait_for_change(project.id, Some(seen), Duration::from_secs(60)));
        let mut other = kind.connect();
        for (i, id) in ids.iter().enumerate() {
            label(other.as_mut(), *id, 2, "bob", 1 + i as i64);
        }
        assert!(waiting.join().unwrap().unwrap() > Some(seen));
    });
    let changes = store.changes_since(project.id, Some(seen), 2).unwrap();
    assert_eq!(changes.iter().map(|c| c.edit.change.sample()).collect::<Vec<_>>(), [Some(ids[0]), Some(ids[1])]);
    let rest = store.changes_since(project.id, Some(changes[1].event), 9).unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(store.changes_since(project.id, None, 9).unwrap()[0].edit.id, first.id);
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn who_is_there_is_known() {
    let kind = Schema::on(needed());
    let (mut ann, mut bob) = (kind.connect(), kind.connect());
    let (project, ids) = project_of(ann.as_mut(), "p", 1);
    let presence = |author: &str, sample| Presence {
        client: uuid::Uuid::now_v7(),
        author: author.to_owned(),
        sample,
        seen: at(0),
    };
    let (of_ann, of_bob) = (presence("ann", Some(ids[0])), presence("bob", None));
    assert_eq!(ann.announce(project.id, &of_ann).unwrap().len(), 1);
    let there = bob.announce(project.id, &of_bob).unwrap();
    let present = ann.present().unwrap();
    let names: Vec<&str> =
        present.iter().filter(|(p, _)| *p == project.id).map(|(_, who)| who.author.as_str()).collect();
    assert_eq!(names, ["ann", "bob"], "the list of projects tells without being there itself");
    assert_eq!(
        there.iter().map(|p| (p.author.as_str(), p.sample)).collect::<Vec<_>>(),
        [("ann", Some(ids[0])), ("bob", None)]
    );
    assert_eq!(ann.announce(project.id, &Presence { sample: None, ..of_ann }).unwrap()[0].sample, None);
    kind.raw().run("UPDATE presence SET seen = 0 WHERE author = 'ann'");
    assert_eq!(bob.announce(project.id, &of_bob).unwrap().len(), 1);
}

#[test]
fn a_file_says_that_it_hands_out_nothing() {
    let kind = super::fixture::SqliteFile::new();
    let mut store = kind.connect();
    let (project, ids) = project_of(store.as_mut(), "p", 1);
    let refused = store.claim(project.id, &queue("", Order::Path), "ann", 1, HOLD);
    assert!(matches!(refused, Err(StoreError::Unsupported { .. })), "{refused:?}");
    // What happened since is read from a file all the same.
    let edit = edit(store.as_mut(), ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    commit_one(store.as_mut(), &edit);
    assert_eq!(store.changes_since(project.id, None, 9).unwrap()[0].edit.id, edit.id);
}
