//! Edits: saved once, conflicts seen, counts right, undo and redo over everything.

use super::fixture::{
    all, at, batch, boxed, commit_one, edit, label, labeled, on_every_kind, on_every_kind_that, paths, project_of,
    rev_of, verdict,
};
use lakelens::domain::annotation::Verified;
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, Rev};
use lakelens::domain::queue::Order;
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;

#[test]
fn an_edit_is_taken_once() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 3);
        let one = edit(store, ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
        assert_eq!(commit_one(store, &one), Outcome::Saved { rev: Rev(1) });
        let two = edit(store, ids[0], labeled(&[2], "ann", at(1)), "ann", 1);
        assert_eq!(
            store.commit(&[one.clone(), two.clone(), one]).unwrap(),
            [Outcome::Saved { rev: Rev(1) }, Outcome::Saved { rev: Rev(2) }, Outcome::Saved { rev: Rev(2) },]
        );
        assert_eq!(store.history(project.id, None, None, 10).unwrap().len(), 2);
        let Change::Answer { after, .. } = two.change else { panic!() };
        assert_eq!(store.sample(ids[0]).unwrap().answer, after);
    });
}

#[test]
fn a_verdict_on_one_object_stays_with_it_and_makes_nobody_its_author() {
    on_every_kind_that(
        "keep verdicts on single objects",
        |can| can.objects,
        |store, kind| {
            let (project, ids) = project_of(store, "p", 2);
            let plain = Answer {
                status: Status::Labeled,
                annotations: vec![boxed(1, 0.1, "ann"), boxed(2, 0.5, "ann")],
                ..Answer::default()
            };
            let first = edit(store, ids[0], plain.clone(), "ann", 1);
            store.commit(&[first]).unwrap();
            let mut kept = plain.clone();
            kept.annotations[1].attributes = [("occluded".to_owned(), true.into())].into();
            kept.annotations[1].verified = Some(Verified { by: "bob".to_owned(), at: at(2) });
            let second = edit(store, ids[0], kept.clone(), "bob", 2);
            store.commit(&[second]).unwrap();
            // Another run of the program reads it, alone and in pages.
            let mut other = kind.connect();
            assert_eq!(other.sample(ids[0]).unwrap().answer, kept);
            assert_eq!(all(other.as_mut(), project.id, "status:labeled", Order::Path)[0].answer, kept);
            drop(other);
            store.undo(project.id, "bob", at(3)).unwrap();
            assert_eq!(store.sample(ids[0]).unwrap().answer, plain);
            store.redo(project.id, "bob", at(4)).unwrap();
            assert_eq!(store.sample(ids[0]).unwrap().answer, kept);
            // Who only looks has not answered.
            let mut looked = kept.clone();
            looked.annotations[0].verified = Some(Verified { by: "cleo".to_owned(), at: at(5) });
            let third = edit(store, ids[0], looked, "cleo", 5);
            store.commit(&[third]).unwrap();
            let people: Vec<String> = store.people(project.id).unwrap().into_iter().map(|p| p.name).collect();
            assert!(!people.contains(&"cleo".to_owned()), "{people:?}");
            kind.verify();
        },
    );
}

#[test]
fn what_somebody_else_changed_is_never_overwritten() {
    on_every_kind(|store, kind| {
        let (_, ids) = project_of(store, "p", 2);
        let mut other = kind.connect();
        let mine = edit(store, ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
        let theirs = label(other.as_mut(), ids[0], 2, "bob", 0);
        let Change::Answer { after: theirs, .. } = theirs.change else { panic!() };
        let fine = edit(store, ids[1], labeled(&[1], "ann", at(0)), "ann", 0);
        let outcomes = store.commit(&[mine, fine]).unwrap();
        assert_eq!(outcomes[0], Outcome::Conflict { rev: Rev(1), theirs: theirs.clone() });
        assert_eq!(outcomes[1], Outcome::Saved { rev: Rev(1) });
        assert_eq!(store.sample(ids[0]).unwrap().answer, theirs);
        let stale = verdict(store, ids[0], Verdict::Accepted, "cleo", 1);
        label(other.as_mut(), ids[0], 3, "bob", 2);
        assert!(matches!(commit_one(store, &stale), Outcome::Conflict { .. }));
    });
}

#[test]
fn edits_that_make_no_sense_are_refused_alone() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        let unknown = edit(store, ids[0], labeled(&[99], "ann", at(0)), "ann", 0);
        let mut infinite = boxed(1, 0.5, "ann");
        infinite.shape = lakelens::domain::annotation::Shape::Box(BoxN { x: f64::NAN, y: 0.0, w: 1.0, h: 1.0 });
        let infinite = Answer { status: Status::Labeled, annotations: vec![infinite], ..Answer::default() };
        let infinite = edit(store, ids[0], infinite, "ann", 0);
        let twice = boxed(1, 0.5, "ann");
        let twice = Answer { status: Status::Labeled, annotations: vec![twice.clone(), twice], ..Answer::default() };
        let twice = edit(store, ids[0], twice, "ann", 0);
        let mut nowhere = edit(store, ids[1], labeled(&[1], "ann", at(0)), "ann", 0);
        if let Change::Answer { sample, .. } = &mut nowhere.change {
            sample.0 = 9999;
        }
        let fine = edit(store, ids[1], labeled(&[1], "ann", at(0)), "ann", 0);
        let outcomes = store.commit(&[unknown, infinite, twice, nowhere, fine]).unwrap();
        for outcome in &outcomes[..4] {
            assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        }
        assert!(matches!(outcomes[4], Outcome::Saved { .. }));
        assert_eq!(store.history(project.id, None, None, 10).unwrap().len(), 1);
    });
}

#[test]
fn boxes_keep_every_bit_and_untouched_ones_their_provenance() {
    on_every_kind(|store, _| {
        let (_, ids) = project_of(store, "p", 1);
        let boxes = vec![boxed(1, 0.1 + 0.2, "ann"), boxed(2, 1e-9, "ann"), boxed(1, 0.7, "model")];
        let answer = Answer { status: Status::Labeled, annotations: boxes.clone(), ..Answer::default() };
        let first = edit(store, ids[0], answer.clone(), "ann", 0);
        commit_one(store, &first);
        assert_eq!(store.sample(ids[0]).unwrap().answer, answer);
        let mut moved = answer.clone();
        moved.annotations.remove(1);
        moved.annotations[0].class = ClassId(3);
        moved.unsure = true;
        let second = edit(store, ids[0], moved.clone(), "bob", 1);
        commit_one(store, &second);
        let now = store.sample(ids[0]).unwrap().answer;
        assert_eq!(now, moved);
        assert_eq!(now.annotations[1], boxes[2]);
        let project = store.sample(ids[0]).unwrap().project;
        store.undo(project, "bob", at(2)).unwrap();
        assert_eq!(store.sample(ids[0]).unwrap().answer, answer);
    });
}

#[test]
fn undo_goes_back_over_images_and_restarts_and_redo_forward() {
    on_every_kind(|store, kind| {
        let (project, ids) = project_of(store, "p", 4);
        label(store, ids[0], 1, "ann", 0);
        let both = batch(vec![
            edit(store, ids[1], labeled(&[2], "ann", at(1)), "ann", 1),
            edit(store, ids[2], labeled(&[2], "ann", at(1)), "ann", 1),
        ]);
        store.commit(&both).unwrap();
        label(store, ids[3], 3, "bob", 2);
        let mut fresh = kind.connect();
        let report = fresh.undo(project.id, "ann", at(3)).unwrap();
        assert_eq!(report.applied.len(), 2);
        assert!(report.applied.iter().all(|a| matches!(a.edit.origin, Origin::Undo(_)) && a.edit.batch.is_some()));
        assert_eq!(report.applied[0].rev, rev_of(store, ids[2]));
        assert_eq!(paths(store, project.id, "status:labeled", Order::Path), ["img1.jpg", "img4.jpg"]);
        assert_eq!(store.undo(project.id, "ann", at(4)).unwrap().applied.len(), 1);
        assert_eq!(store.undo(project.id, "ann", at(5)).unwrap(), Default::default());
        assert_eq!(fresh.redo(project.id, "ann", at(6)).unwrap().applied.len(), 1);
        assert_eq!(store.redo(project.id, "ann", at(7)).unwrap().applied.len(), 2);
        assert_eq!(store.redo(project.id, "ann", at(8)).unwrap(), Default::default());
        assert_eq!(paths(store, project.id, "class:roses", Order::Path), ["img2.jpg", "img3.jpg"]);
        // A new edit cuts the redo list, but only the author's own.
        store.undo(project.id, "ann", at(9)).unwrap();
        store.undo(project.id, "bob", at(9)).unwrap();
        label(store, ids[1], 1, "ann", 10);
        assert_eq!(store.redo(project.id, "ann", at(11)).unwrap(), Default::default());
        assert_eq!(store.redo(project.id, "bob", at(11)).unwrap().applied.len(), 1);
    });
}

#[test]
fn undo_refuses_what_somebody_else_changed_since() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        label(store, ids[1], 1, "ann", 0);
        let mine = label(store, ids[0], 1, "ann", 1);
        let theirs = label(store, ids[0], 2, "bob", 2);
        let report = store.undo(project.id, "ann", at(3)).unwrap();
        assert_eq!(report.applied.len(), 0);
        let refusal = &report.refused[0];
        assert_eq!((refusal.edit, refusal.sample, refusal.by.as_str()), (mine.id, Some(ids[0]), "bob"));
        let Change::Answer { after, .. } = &theirs.change else { panic!() };
        assert_eq!(&refusal.theirs, after);
        assert_eq!(&store.sample(ids[0]).unwrap().answer, after);
        // The next undo goes on with the edit before.
        assert_eq!(store.undo(project.id, "ann", at(4)).unwrap().applied[0].edit.change.sample(), Some(ids[1]));
    });
}

#[test]
fn one_edit_is_taken_back_by_name_and_that_can_be_undone() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        let old = label(store, ids[0], 1, "bob", 0);
        label(store, ids[1], 2, "ann", 1);
        let report = store.undo_edit(project.id, old.id, "ann", at(2)).unwrap();
        assert_eq!(report.applied.len(), 1);
        assert_eq!(store.sample(ids[0]).unwrap().answer, Answer::default());
        assert_eq!(store.undo(project.id, "ann", at(3)).unwrap().applied.len(), 1);
        let Change::Answer { after, .. } = &old.change else { panic!() };
        assert_eq!(&store.sample(ids[0]).unwrap().answer, after);
        assert!(store.undo_edit(project.id, lakelens::domain::ids::EditId::fresh(), "ann", at(4)).is_err());
        // Bob's own undo list is as it was.
        assert_eq!(store.undo(project.id, "bob", at(5)).unwrap().applied.len(), 1);
    });
}

#[test]
fn undo_made_elsewhere_arrives_as_undo() {
    on_every_kind(|store, kind| {
        let (project, ids) = project_of(store, "p", 1);
        let first = label(store, ids[0], 1, "ann", 0);
        let now = store.sample(ids[0]).unwrap();
        let undo = Edit {
            origin: Origin::Undo(first.id),
            ..Edit::by_person(project.id, first.change.inverse(now.rev), "ann", at(1))
        };
        assert_eq!(commit_one(store, &undo), Outcome::Saved { rev: Rev(2) });
        assert_eq!(commit_one(store, &undo), Outcome::Saved { rev: Rev(2) });
        assert_eq!(store.undo(project.id, "ann", at(2)).unwrap().applied.len(), 0);
        assert_eq!(kind.connect().redo(project.id, "ann", at(3)).unwrap().applied.len(), 1);
        let Change::Answer { after, .. } = first.change else { panic!() };
        assert_eq!(store.sample(ids[0]).unwrap().answer, after);
    });
}

fn classes_edit(
    store: &mut dyn Store,
    project: lakelens::domain::ids::ProjectId,
    change: impl FnOnce(&mut LabelSet),
) -> Edit {
    let before = store.project(project).unwrap().labels;
    let mut after = before.clone();
    change(&mut after);
    Edit::by_person(project, Change::Classes { before, after }, "ann", at(0))
}

#[test]
fn label_sets_change_with_undo_and_merge_without_rewriting() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 3);
        label(store, ids[0], 1, "ann", 0);
        label(store, ids[1], 2, "bob", 0);
        let merge = classes_edit(store, project.id, |set| set.classes[0].merged_into = Some(ClassId(2)));
        assert!(matches!(commit_one(store, &merge), Outcome::Saved { .. }));
        let labels = store.project(project.id).unwrap().labels;
        assert_eq!(store.counts(project.id).unwrap().of_class(&labels, ClassId(2)), 2);
        assert_eq!(paths(store, project.id, "class:roses", Order::Path), ["img1.jpg", "img2.jpg"]);
        assert_eq!(paths(store, project.id, "class:daisy", Order::Path), ["img1.jpg", "img2.jpg"]);
        assert_eq!(paths(store, project.id, "class:roses", Order::Class), ["img1.jpg", "img2.jpg"]);
        assert_eq!(rev_of(store, ids[0]), Rev(1));
        let used = classes_edit(store, project.id, |set| drop(set.classes.remove(1)));
        assert!(matches!(commit_one(store, &used), Outcome::Refused { .. }));
        let double = classes_edit(store, project.id, |set| set.classes[2].name = "Roses".to_owned());
        assert!(matches!(commit_one(store, &double), Outcome::Refused { .. }));
        let free = classes_edit(store, project.id, |set| drop(set.classes.remove(2)));
        assert!(matches!(commit_one(store, &free), Outcome::Saved { .. }));
        assert_eq!(store.undo(project.id, "ann", at(1)).unwrap().applied.len(), 1);
        assert_eq!(store.undo(project.id, "ann", at(2)).unwrap().applied.len(), 1);
        assert_eq!(store.project(project.id).unwrap().labels, project.labels);
        assert_eq!(paths(store, project.id, "class:daisy", Order::Path), ["img1.jpg"]);
    });
}

#[test]
fn a_verdict_falls_with_the_answer_it_came_with() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 1);
        label(store, ids[0], 1, "ann", 0);
        // A reviewer fixes the class and accepts the fix; before that arrives, somebody else changes the answer, so that
        // it has the revision that the verdict names.
        let fix = edit(store, ids[0], labeled(&[2], "cleo", at(1)), "cleo", 1);
        let mut accept = verdict(store, ids[0], Verdict::Accepted, "cleo", 1);
        let Change::Verdict { base, after: Some(review), .. } = &mut accept.change else { panic!() };
        (*base, review.rev) = (Rev(2), Rev(2));
        label(store, ids[0], 3, "bob", 2);
        let outcomes = store.commit(&batch(vec![fix, accept])).unwrap();
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Conflict { rev: Rev(2), .. })), "{outcomes:?}");
        assert!(store.sample(ids[0]).unwrap().reviews.is_empty());
        assert_eq!(paths(store, project.id, "review:waiting", Order::Path), ["img1.jpg"]);
        assert!(store.undo(project.id, "cleo", at(3)).unwrap().applied.is_empty());
    });
}

#[test]
fn verdicts_go_stale_with_the_answer() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 3);
        for (i, id) in ids.iter().enumerate() {
            label(store, *id, 1, "ann", i as i64);
        }
        let yes = verdict(store, ids[0], Verdict::Accepted, "cleo", 5);
        let no = verdict(store, ids[1], Verdict::Rejected, "cleo", 6);
        store.commit(&[yes, no]).unwrap();
        let in_state =
            |store: &mut dyn Store, state: &str| paths(store, project.id, &format!("review:{state}"), Order::Path);
        assert_eq!(in_state(store, "waiting"), ["img3.jpg"]);
        assert_eq!(in_state(store, "accepted"), ["img1.jpg"]);
        assert_eq!(in_state(store, "rejected"), ["img2.jpg"]);
        // One objection is enough, whoever else accepts.
        let second = verdict(store, ids[1], Verdict::Accepted, "dan", 7);
        commit_one(store, &second);
        assert_eq!(in_state(store, "rejected"), ["img2.jpg"]);
        label(store, ids[1], 2, "ann", 8);
        assert_eq!(in_state(store, "rejected"), Vec::<String>::new());
        assert_eq!(in_state(store, "stale"), ["img2.jpg"]);
        assert_eq!(in_state(store, "waiting"), ["img2.jpg", "img3.jpg"]);
        let sample = store.sample(ids[1]).unwrap();
        assert_eq!(sample.reviews.len(), 2);
        assert!(sample.reviews.iter().all(|r| r.is_stale(sample.rev)));
        assert_eq!(store.undo(project.id, "cleo", at(9)).unwrap().applied.len(), 1);
        assert_eq!(store.sample(ids[1]).unwrap().reviews.len(), 1);
        let tallies = store.tallies(project.id).unwrap();
        assert_eq!((tallies.waiting, tallies.accepted, tallies.rejected, tallies.stale), (2, 1, 0, 1));
    });
}

#[test]
fn history_tells_who_changed_what_and_what_stood_when() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        let one = label(store, ids[0], 1, "ann", 10);
        let two = label(store, ids[0], 2, "bob", 20);
        label(store, ids[1], 3, "ann", 30);
        store.undo(project.id, "bob", at(40)).unwrap();
        let rows = store.history(project.id, None, None, 10).unwrap();
        assert_eq!(rows.iter().map(|r| r.edit.author.as_str()).collect::<Vec<_>>(), ["bob", "ann", "bob", "ann"]);
        assert_eq!(rows[0].edit.origin, Origin::Undo(two.id));
        assert_eq!(rows[3].edit, one);
        assert_eq!((rows[3].path.as_deref(), rows[3].rev), (Some("img1.jpg"), Rev(1)));
        let older = store.history(project.id, Some(ids[0]), Some(rows[0].event), 1).unwrap();
        assert_eq!(older[0].edit.id, two.id);
        let answer = |e: &Edit| match &e.change {
            Change::Answer { after, .. } => after.clone(),
            _ => panic!(),
        };
        for (second, expected) in [(5, Answer::default()), (10, answer(&one)), (25, answer(&two)), (50, answer(&one))] {
            let event = store.event_at(project.id, at(second)).unwrap();
            assert_eq!(store.answer_as_of(ids[0], event).unwrap(), expected, "at {second}");
        }
        let decisions = store.decisions(project.id, "ann", 10).unwrap();
        assert_eq!(decisions.iter().filter_map(|d| d.path.as_deref()).collect::<Vec<_>>(), ["img2.jpg", "img1.jpg"]);
        assert_eq!(store.decisions(project.id, "bob", 10).unwrap(), []);
        let people = store.people(project.id).unwrap();
        assert_eq!(people.iter().map(|p| (p.name.as_str(), p.samples)).collect::<Vec<_>>(), [("ann", 2)]);
        assert_eq!(people[0].last, Some(at(30)));
        assert_eq!(store.answer_times(project.id, "ann", at(0)).unwrap(), [at(10), at(30)]);
        let activity = store.activity(project.id, at(0)).unwrap();
        assert_eq!(activity.iter().map(|a| (a.name.as_str(), a.samples)).collect::<Vec<_>>(), [("ann", 2), ("bob", 1)]);
    });
}
