//! Whose answer it is, and how large a step of undo is, in every kind of store.

use super::fixture::{at, batch, boxed, commit_one, edit, labeled, on_every_kind, paths, project_of};
use lakelens::domain::annotation::Annotation;
use lakelens::domain::edit::{Edit, Origin, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::domain::queue::Order;
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;

fn of(annotations: Vec<Annotation>) -> Answer {
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

fn imported(edit: Edit) -> Edit {
    Edit { origin: Origin::Import, ..edit }
}

fn take(store: &mut dyn Store, edit: &Edit) {
    assert!(matches!(commit_one(store, edit), Outcome::Saved { .. }), "{edit:?}");
}

/// Whose answers the project has, of these people.
fn whose(store: &mut dyn Store, project: ProjectId) -> Vec<&'static str> {
    let people = ["ann", "bob", "cleo", "dora"];
    people.into_iter().filter(|name| !paths(store, project, &format!("by:{name}"), Order::Path).is_empty()).collect()
}

#[test]
fn an_answer_is_theirs_who_gave_it_as_it_is() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 1);
        let boxes = vec![boxed(1, 0.1, "dora"), boxed(2, 0.4, "dora")];
        // An import keeps the authors that it names.
        let first = imported(edit(store, ids[0], of(boxes.clone()), "ann", 1));
        take(store, &first);
        assert_eq!(whose(store, project.id), ["dora"]);
        // A box that somebody moved carries that person and the time.
        let mut moved = boxes.clone();
        moved[0].shape = lakelens::domain::annotation::Shape::Box(BoxN { x: 0.2, y: 0.1, w: 0.2, h: 0.3 });
        (moved[0].author, moved[0].at) = ("bob".to_owned(), at(2));
        let second = edit(store, ids[0], of(moved.clone()), "bob", 2);
        take(store, &second);
        assert_eq!(whose(store, project.id), ["bob"]);
        // A mark leaves it whose it was.
        let third = edit(store, ids[0], Answer { flagged: true, unsure: true, ..of(moved.clone()) }, "cleo", 3);
        take(store, &third);
        assert_eq!(whose(store, project.id), ["bob"]);
        // Who deletes a box answers for what is left.
        let fourth = edit(store, ids[0], of(vec![moved[0].clone()]), "cleo", 4);
        take(store, &fourth);
        assert_eq!(whose(store, project.id), ["cleo"]);
        for _ in 0..2 {
            assert_eq!(store.undo(project.id, "cleo", at(5)).unwrap().applied.len(), 1);
            assert_eq!(whose(store, project.id), ["bob"]);
        }
        store.undo(project.id, "bob", at(6)).unwrap();
        assert_eq!(whose(store, project.id), ["dora"]);
        store.redo(project.id, "bob", at(7)).unwrap();
        assert_eq!(whose(store, project.id), ["bob"]);
    });
}

#[test]
fn a_confirmed_draft_is_theirs_who_confirmed_it() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 1);
        let draft = labeled(&[1], "ann", at(0)).as_draft("ann", at(1)).unwrap();
        let given = edit(store, ids[0], draft.clone(), "ann", 1);
        take(store, &given);
        assert!(whose(store, project.id).is_empty());
        let sure = edit(store, ids[0], draft.confirmed("bob", at(2)), "bob", 2);
        take(store, &sure);
        assert_eq!(whose(store, project.id), ["bob"]);
    });
}

#[test]
fn how_many_pictures_a_step_changes_is_known_before() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 51);
        let size = |store: &mut dyn Store, redo: bool| store.step_size(project.id, "ann", redo).unwrap();
        assert_eq!((size(store, false), size(store, true)), (0, 0));
        let one = |store: &mut dyn Store, id: SampleId| edit(store, id, labeled(&[1], "ann", at(0)), "ann", 0);
        let many: Vec<Edit> = ids[..50].iter().map(|id| imported(one(store, *id))).collect();
        let outcomes = store.commit(&batch(many)).unwrap();
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Saved { .. })), "{outcomes:?}");
        let last = one(store, ids[50]);
        take(store, &last);
        assert_eq!((size(store, false), size(store, true)), (1, 0));
        store.undo(project.id, "ann", at(1)).unwrap();
        assert_eq!((size(store, false), size(store, true)), (50, 1));
        // An import is one step, as its size says.
        assert_eq!(store.undo(project.id, "ann", at(2)).unwrap().applied.len(), 50);
        assert_eq!((size(store, false), size(store, true)), (0, 50));
        assert_eq!(store.redo(project.id, "ann", at(3)).unwrap().applied.len(), 50);
        assert_eq!((size(store, false), size(store, true)), (50, 1));
        // Of somebody else there is nothing.
        assert_eq!(store.step_size(project.id, "bob", false).unwrap(), 0);
    });
}
