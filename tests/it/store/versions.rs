//! Snapshots, the difference of two states, lists.

use super::fixture::{all, at, boxed, edit, label, labeled, on_every_kind, on_every_kind_that, paths, project_of};
use lakelens::domain::difference::Kind;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{EventId, SampleId};
use lakelens::domain::project::Project;
use lakelens::domain::queue::{Filter, Order};
use lakelens::domain::sample::{Answer, Status};
use lakelens::ops::Watch;
use lakelens::ops::versions::{self, Difference, Moment, Pictures, Restore, Wanted};
use lakelens::store::Store;
use lakelens::store::records::{Direction, NewSnapshot};
use std::cell::RefCell;
use std::collections::BTreeMap;

mod arrival;

fn snapshot(name: &str, n: i64) -> NewSnapshot {
    NewSnapshot { name: name.to_owned(), author: "ann".to_owned(), at: at(n), message: "as delivered".to_owned() }
}

fn differences(store: &mut dyn Store, project: &Project, from: &str, to: &str, wanted: &Wanted) -> Vec<Difference> {
    let from = versions::moment(store, project, from).unwrap();
    let to = versions::moment(store, project, to).unwrap();
    let mut out = Vec::new();
    let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
    let mut take = |_: &mut dyn Store, page: Vec<Difference>| {
        out.extend(page);
        Ok(())
    };
    versions::compare(store, project, (&from, &to), wanted, &mut watch, &mut take).unwrap();
    out
}

fn told(found: &[Difference]) -> Vec<(&str, Vec<Kind>)> {
    found.iter().map(|d| (d.row.path.as_str(), d.change.kinds.clone())).collect()
}

#[test]
fn a_snapshot_stays_what_it_was() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "flowers", 5);
        let empty = store.take_snapshot(project.id, &snapshot("empty", 1)).unwrap();
        assert_eq!((empty.event, empty.counts.of(Status::Labeled)), (None, 0));
        label(store, ids[0], 1, "ann", 2);
        label(store, ids[1], 2, "ann", 3);
        let taken = store.take_snapshot(project.id, &snapshot("Delivered", 4)).unwrap();
        assert_eq!(taken.counts.of(Status::Labeled), 2);
        label(store, ids[0], 3, "bob", 5);
        let gone = edit(store, ids[1], Answer::default(), "bob", 6);
        store.commit(&[gone]).unwrap();
        label(store, ids[2], 1, "bob", 7);
        assert_eq!(store.snapshots(project.id).unwrap(), [empty, taken.clone()], "names and counts as they were");
        let found = differences(store, &project, "delivered", "now", &Wanted::default());
        let expected = [("img1.jpg", Kind::Class), ("img2.jpg", Kind::Removed), ("img3.jpg", Kind::Added)];
        assert_eq!(told(&found), expected.map(|(path, kind)| (path, vec![kind])));
        assert_eq!(found[0].summary(&project.labels, &project.labels), "daisy → tulips");
        assert_eq!((found[0].row.author.as_str(), found[0].row.at), ("bob", at(5)));
        let back = differences(store, &project, "now", "delivered", &Wanted::default());
        assert_eq!(back[0].summary(&project.labels, &project.labels), "tulips → daisy", "the other way round");
        assert_eq!(differences(store, &project, "empty", "delivered", &Wanted::default()).len(), 2);
        for again in ["delivered", " DELIVERED ", "", "a\nb"] {
            assert!(store.take_snapshot(project.id, &snapshot(again, 9)).is_err(), "{again:?}");
        }
        store.drop_snapshot(project.id, "delivered").unwrap();
        assert!(store.drop_snapshot(project.id, "delivered").is_err());
        let lost = versions::moment(store, &project, "delivered").unwrap_err().to_string();
        assert!(lost.contains("`empty`"), "{lost}");
    });
}

#[test]
fn any_two_states_differ_as_their_answers_do() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 7);
            let mut states: Vec<Option<EventId>> = vec![None];
            let mut pick = 12345_u64;
            for n in 0..60 {
                pick = pick.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (sample, what) = (ids[(pick >> 33) as usize % ids.len()], (pick >> 60) % 5);
                let answer = match what {
                    0 => Answer::default(),
                    1 => Answer { status: Status::Skipped, skip_reason: Some("dark".to_owned()), ..Answer::default() },
                    2 => Answer {
                        annotations: vec![boxed(2, 0.1 * (n % 7) as f64, "ann")],
                        ..labeled(&[], "ann", at(n))
                    },
                    class => labeled(&[class as i64 - 2], "ann", at(n)),
                };
                if n % 9 == 8 {
                    store.undo(project.id, "ann", at(n)).unwrap();
                } else {
                    let edit = edit(store, sample, answer, "ann", n);
                    store.commit(&[edit]).unwrap();
                }
                states.push(store.history(project.id, None, None, 1).unwrap().first().map(|e| e.event));
            }
            for (i, from) in states.iter().enumerate().step_by(7) {
                for to in states.iter().skip(i % 3).step_by(11) {
                    same_as_one_by_one(store, &project, &ids, *from, *to);
                }
            }
        },
    );
}

#[test]
fn a_filter_takes_past_answers_as_it_takes_those_of_today() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 7);
            label(store, ids[0], 1, "ann", 1);
            label(store, ids[1], 2, "bob", 2);
            let skipped = Answer { status: Status::Skipped, flagged: true, ..Answer::default() };
            let answers = [
                (ids[2], labeled(&[], "eve", at(3)), "eve"),
                (ids[3], skipped, "bob"),
                (
                    ids[4],
                    Answer { unsure: true, annotations: vec![boxed(3, 0.1, "ann")], ..labeled(&[], "ann", at(5)) },
                    "eve",
                ),
                (ids[5], labeled(&[1], "ann", at(6)).as_draft("ann", at(6)).unwrap(), "ann"),
            ];
            for (n, (id, answer, author)) in answers.into_iter().enumerate() {
                let made = edit(store, id, answer, author, 3 + n as i64);
                store.commit(&[made]).unwrap();
            }
            let now = versions::moment(store, &project, "now").unwrap();
            let then = versions::project_at(store, &project, &now).unwrap();
            assert_eq!(then.labels, project.labels);
            for text in [
                "",
                "status:labeled",
                "status:skipped,unlabeled",
                "status:pre_labeled",
                "class:DAISY",
                "class:daisy,roses",
                "class:nothing",
                "by:ann",
                "by:bob,eve",
                "flag",
                "-flag",
                "unsure",
                "-unsure",
                "empty",
                "-empty",
                "by:eve empty",
                "status:labeled class:tulips unsure img",
            ] {
                let filter = Filter::parse(text).unwrap();
                let expected = paths(store, project.id, text, Order::Path);
                let mut found = Vec::new();
                for sample in all(store, project.id, &filter.without_answers().to_string(), Order::Path) {
                    let past = store.answer_as_of(sample.id, now.event).unwrap();
                    let entries = store.history(project.id, Some(sample.id), None, 9).unwrap();
                    let editor = entries.first().map(|e| e.edit.author.as_str());
                    if filter.takes_answer(&past, editor, &then.labels) {
                        found.push(sample.path);
                    }
                }
                assert_eq!(found, expected, "{text}");
            }
        },
    );
}

#[test]
fn classes_are_known_as_they_were() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "flowers", 2);
        label(store, ids[0], 1, "ann", 1);
        let first = versions::moment(store, &project, "now").unwrap();
        let mut after = project.labels.clone();
        after.classes[0].name = "Bellis".to_owned();
        let change = Change::Classes { before: project.labels.clone(), after: after.clone() };
        let renamed = store.commit(&[Edit::by_person(project.id, change, "ann", at(2))]).unwrap();
        if !matches!(renamed[0], Outcome::Saved { .. }) {
            println!("skipped on {}: it does not rename classes: {renamed:?}", store.place());
            return;
        }
        let second = versions::moment(store, &project, "now").unwrap();
        label(store, ids[1], 1, "ann", 3);
        let names = |store: &mut dyn Store, at: &Moment| versions::project_at(store, &project, at).unwrap().labels;
        assert_eq!(names(store, &first), project.labels);
        assert_eq!(
            names(store, &Moment { event: None, shown: "start".to_owned(), pictures: Pictures::Today }),
            project.labels
        );
        assert_eq!(names(store, &second), after);
    });
}

/// The pages give exactly the samples whose answers differ, one by one.
fn same_as_one_by_one(
    store: &mut dyn Store,
    project: &Project,
    ids: &[SampleId],
    from: Option<EventId>,
    to: Option<EventId>,
) {
    let mut expected = BTreeMap::new();
    for id in ids {
        let (before, after) = (store.answer_as_of(*id, from).unwrap(), store.answer_as_of(*id, to).unwrap());
        if before != after {
            expected.insert(*id, (before, after));
        }
    }
    let (mut found, mut after) = (BTreeMap::new(), None::<String>);
    loop {
        let page = store.differences(project.id, from, to, after.as_deref(), 2).unwrap();
        let differ = page.rows.into_iter().filter(|r| r.before != r.after);
        found.extend(differ.map(|r| (r.sample, (r.before, r.after))));
        let Some(next) = page.next else { break };
        assert!(after.as_ref() != Some(&next), "goes on");
        after = Some(next);
    }
    assert_eq!(found, expected, "{from:?} to {to:?}");
}

#[test]
fn chosen_parts_come_back_as_one_batch() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 6);
            for (n, id) in ids.iter().enumerate() {
                label(store, *id, 1, "ann", n as i64);
            }
            store.take_snapshot(project.id, &snapshot("good", 10)).unwrap();
            for id in &ids[..3] {
                label(store, *id, 2, "bob", 11);
            }
            let skipped = Answer { status: Status::Skipped, ..Answer::default() };
            let aside = edit(store, ids[3], skipped, "bob", 12);
            store.commit(&[aside]).unwrap();
            let good = versions::moment(store, &project, "good").unwrap();
            let wanted = Wanted { kinds: vec![Kind::Class], text: vec!["IMG".to_owned()], ..Wanted::default() };
            let dry = Restore { to: &good, seen: None, wanted: &wanted, author: "eve", at: at(20), dry_run: true };
            let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
            let counted = versions::restore(store, &project, &dry, &mut watch).unwrap();
            assert_eq!((counted.differing, counted.restored), (3, 0));
            assert_eq!(paths(store, project.id, "class:roses", Order::Path).len(), 3, "nothing was written");
            let done = versions::restore(store, &project, &Restore { dry_run: false, ..dry }, &mut watch).unwrap();
            assert_eq!((done.differing, done.restored, done.conflicts), (3, 3, 0));
            assert_eq!(paths(store, project.id, "class:daisy", Order::Path).len(), 5, "the skipped one was not wanted");
            assert_eq!(store.history(project.id, Some(ids[0]), None, 1).unwrap()[0].edit.message, "restore good");
            store.undo(project.id, "eve", at(21)).unwrap();
            assert_eq!(paths(store, project.id, "class:roses", Order::Path).len(), 3, "one undo takes all of it back");
        },
    );
}

#[test]
fn what_somebody_changes_while_it_is_taken_back_stays() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, kind| {
            let (project, ids) = project_of(store, "flowers", 3);
            for id in &ids {
                label(store, *id, 1, "ann", 1);
            }
            store.take_snapshot(project.id, &snapshot("good", 2)).unwrap();
            for id in &ids {
                label(store, *id, 2, "bob", 3);
            }
            let good = versions::moment(store, &project, "good").unwrap();
            let wanted = Wanted::default();
            let restore = Restore { to: &good, seen: None, wanted: &wanted, author: "eve", at: at(20), dry_run: false };
            // Asked for the first time once it is settled what "now" is, and before anything is compared.
            let other = RefCell::new(Some(kind.connect()));
            let cancelled = || {
                if let Some(mut other) = other.take() {
                    label(other.as_mut(), ids[0], 3, "carol", 19);
                }
                false
            };
            let mut watch = Watch { progress: &mut |_| (), cancelled: &cancelled };
            let done = versions::restore(store, &project, &restore, &mut watch).unwrap();
            assert!(other.borrow().is_none(), "nobody edited meanwhile");
            assert_eq!((done.differing, done.restored, done.conflicts), (3, 2, 1));
            assert_eq!(paths(store, project.id, "class:daisy", Order::Path), ["img2.jpg", "img3.jpg"]);
            assert_eq!(paths(store, project.id, "class:tulips by:carol", Order::Path), ["img1.jpg"]);
        },
    );
}

#[test]
fn what_came_after_a_snapshot_of_the_name_now_is_taken_back_as_well() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 2);
            label(store, ids[0], 1, "ann", 1);
            store.take_snapshot(project.id, &snapshot("good", 2)).unwrap();
            store.take_snapshot(project.id, &snapshot("now", 3)).unwrap();
            label(store, ids[0], 2, "bob", 4);
            let good = versions::moment(store, &project, "good").unwrap();
            let wanted = Wanted::default();
            let restore = Restore { to: &good, seen: None, wanted: &wanted, author: "eve", at: at(20), dry_run: false };
            let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
            assert_eq!(versions::restore(store, &project, &restore, &mut watch).unwrap().restored, 1);
            assert_eq!(paths(store, project.id, "class:daisy", Order::Path), ["img1.jpg"]);
        },
    );
}

#[test]
fn only_what_the_person_saw_is_taken_back() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, kind| {
            let (project, ids) = project_of(store, "flowers", 4);
            label(store, ids[0], 1, "ann", 1);
            label(store, ids[1], 1, "ann", 1);
            store.take_snapshot(project.id, &snapshot("good", 2)).unwrap();
            label(store, ids[0], 2, "bob", 3);
            label(store, ids[1], 2, "bob", 3);
            let (good, now) =
                (versions::moment(store, &project, "good").unwrap(), versions::now(store, &project).unwrap());
            let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
            let seen = versions::count(store, &project, (&good, &now), &mut watch).unwrap();
            assert_eq!((seen.all(), seen.until), (2, now.event));
            // Meanwhile others go on: a new answer, and another one to a picture that differs.
            label(store, ids[1], 3, "carol", 4);
            label(store, ids[2], 3, "carol", 4);
            let wanted = Wanted::default();
            let seen = Some(&now);
            let restore = Restore { to: &good, seen, wanted: &wanted, author: "eve", at: at(20), dry_run: false };
            let done = versions::restore(store, &project, &restore, &mut watch).unwrap();
            assert_eq!((done.differing, done.restored, done.conflicts), (2, 1, 1));
            assert_eq!(paths(store, project.id, "class:daisy", Order::Path), ["img1.jpg"]);
            assert_eq!(paths(store, project.id, "class:tulips by:carol", Order::Path), ["img2.jpg", "img3.jpg"]);
            kind.verify();
        },
    );
}

#[test]
fn only_the_chosen_kind_of_an_answer_comes_back() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 1);
            let said = |class: i64, x: f64| {
                let mut answer = labeled(&[class], "ann", at(1));
                answer.annotations.push(boxed(2, x, "ann"));
                answer
            };
            let first = edit(store, ids[0], said(1, 0.1), "ann", 1);
            store.commit(&[first]).unwrap();
            store.take_snapshot(project.id, &snapshot("good", 2)).unwrap();
            let second = edit(store, ids[0], Answer { flagged: true, ..said(3, 0.6) }, "bob", 3);
            store.commit(&[second]).unwrap();
            let good = versions::moment(store, &project, "good").unwrap();
            let wanted = Wanted { kinds: vec![Kind::Class], ..Wanted::default() };
            let restore = Restore { to: &good, seen: None, wanted: &wanted, author: "eve", at: at(20), dry_run: false };
            let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
            assert_eq!(versions::restore(store, &project, &restore, &mut watch).unwrap().restored, 1);
            let now = store.sample(ids[0]).unwrap().answer;
            assert_eq!(now.classes(&project.labels).iter().map(|c| c.0).collect::<Vec<_>>(), [1]);
            assert!(now.flagged, "the mark stays");
            let left = differences(store, &project, "good", "now", &Wanted::default());
            assert_eq!(told(&left), [("img1.jpg", vec![Kind::Boxes, Kind::Marks])], "the box stays where it is");
        },
    );
}

#[test]
fn lists_are_found_by_a_filter_and_say_why() {
    on_every_kind_that(
        "keep boxes and several projects",
        |c| c.boxes,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 9);
            let (other, others) = project_of(store, "other", 2);
            let on = |ids: &[SampleId]| ids.iter().map(|id| (*id, "roses → tulips".to_owned())).collect::<Vec<_>>();
            assert_eq!(store.put_list(project.id, "Look again", &on(&ids[2..5]), true).unwrap(), 3);
            assert_eq!(store.put_list(project.id, "look AGAIN", &on(&ids[4..7]), false).unwrap(), 5, "each once");
            assert_eq!(store.put_list(project.id, "foreign", &on(&others), true).unwrap(), 0, "of another project");
            // What a person puts on it by a key leaves the remark there is, and takes nothing from elsewhere.
            let keyed = [(ids[2], String::new()), (ids[7], String::new()), (others[0], String::new())];
            assert_eq!(store.put_list(project.id, "look again ", &keyed, false).unwrap(), 6);
            let few = [ids[1], ids[2], ids[7], others[0]];
            let with = |ids: &[SampleId], store: &mut dyn Store| {
                let all = store.lists_with(project.id, ids).unwrap();
                all.into_iter().map(|(name, all, of)| (name.to_lowercase(), all, of)).collect::<Vec<_>>()
            };
            assert_eq!(with(&few, store), [("look again".to_owned(), 6, 2)]);
            assert_eq!(store.take_off_list(project.id, " look AGAIN", &[ids[7], ids[0], others[0]]).unwrap(), 5);
            assert_eq!(with(&[], store), [("look again".to_owned(), 5, 0)]);
            assert_eq!(store.take_off_list(project.id, "nothing", &few).unwrap(), 0);
            let found = all(store, project.id, "list:\"look again\"", Order::Newest);
            assert_eq!(found.len(), 5);
            assert_eq!(found[0].notes[0].author.to_lowercase(), "look again");
            assert_eq!(found[0].notes[0].text, "roses → tulips");
            assert_eq!(paths(store, project.id, "list:nothing", Order::Path), Vec::<String>::new());
            assert_eq!(paths(store, other.id, "list:\"look again\"", Order::Path), Vec::<String>::new());
            assert_eq!(
                store.put_list(project.id, "look again", &[(ids[8], String::new())], true).unwrap(),
                1,
                "replaced"
            );
            assert_eq!(paths(store, project.id, "list:\"look again\"", Order::Path), ["img9.jpg"]);
            assert!(store.sample(ids[8]).unwrap().notes.is_empty());
            assert_eq!(store.lists(project.id).unwrap(), [("look again".to_owned(), 1)]);
            store.drop_list(project.id, "LOOK again").unwrap();
            assert!(store.drop_list(project.id, "look again").is_err());
            let page = store.page(
                project.id,
                &super::fixture::queue("", Order::Path),
                &lakelens::store::records::From::Edge,
                Direction::Forward,
                20,
            );
            assert_eq!(page.unwrap().len(), 9, "the samples stay");
        },
    );
}

#[test]
fn what_is_no_state_is_said() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "flowers", 1);
        label(store, ids[0], 1, "ann", 0);
        let event = |store: &mut dyn Store, text: &str| versions::moment(store, &project, text).map(|m| m.event);
        assert_eq!(event(store, "start").unwrap(), None);
        let now = event(store, "now").unwrap();
        assert!(now.is_some());
        assert_eq!(event(store, "2027-01-15").unwrap(), None, "before the first edit");
        assert_eq!(event(store, &at(0).to_string()).unwrap(), now);
        for wrong in ["yesterday", "", "2026-13-01"] {
            let said = event(store, wrong).unwrap_err().to_string();
            assert!(said.contains("neither a snapshot") && said.contains("`now`"), "{said}");
        }
        let same = Moment { event: now, shown: "now".to_owned(), pictures: Pictures::Today };
        let page = store.differences(project.id, same.event, same.event, None, 10).unwrap();
        assert!(page.rows.is_empty() && page.next.is_none());
    });
}
