//! Projects: names, the trash, new versions.

use super::fixture::{all, at, edit, label, labeled, new_project, on_every_kind_that, paths, project_of};
use lakelens::domain::project::Task;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::Status;
use lakelens::store::records::{NewVersion, Shelf};
use lakelens::store::{Store, StoreError};

fn version(name: &str, annotations: bool) -> NewVersion {
    NewVersion { name: name.to_owned(), annotations, author: "bob".to_owned() }
}

#[test]
fn names_are_unique_without_case_among_the_live() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let mut new = new_project("Étoile");
            new.task = Task::Detection;
            let first = store.create_project(&new).unwrap();
            assert_eq!((first.version, first.task, first.labels.clone()), (1, Task::Detection, new.labels.clone()));
            assert!(matches!(store.create_project(&new_project("éTOILE")), Err(StoreError::NameTaken { .. })));
            assert!(matches!(store.create_project(&new_project("  ")), Err(StoreError::Invalid { .. })));
            assert_eq!(store.project_by_name("éTOILE").unwrap().unwrap().id, first.id);
            let other = store.create_project(&new_project("other")).unwrap();
            assert!(matches!(store.rename_project(other.id, "ÉTOILE"), Err(StoreError::NameTaken { .. })));
            store.rename_project(first.id, "étoile").unwrap();
            assert_eq!(store.project(first.id).unwrap().name, "étoile");
        },
    );
}

#[test]
fn the_trash_frees_the_name_and_gives_it_back() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let (first, ids) = project_of(store, "birds", 3);
            label(store, ids[0], 1, "ann", 0);
            assert!(matches!(store.delete_project(first.id), Err(StoreError::Invalid { .. })));
            store.trash_project(first.id).unwrap();
            assert_eq!(store.project_by_name("birds").unwrap(), None);
            assert_eq!(store.projects(Shelf::Live).unwrap().len(), 0);
            assert_eq!(store.projects(Shelf::Trash).unwrap()[0].id, first.id);
            let second = store.create_project(&new_project("birds")).unwrap();
            assert!(matches!(store.restore_project(first.id), Err(StoreError::NameTaken { .. })));
            store.rename_project(second.id, "new birds").unwrap();
            store.restore_project(first.id).unwrap();
            assert_eq!(store.counts(first.id).unwrap().of(Status::Labeled), 1);
            store.trash_project(first.id).unwrap();
            store.delete_project(first.id).unwrap();
            assert!(matches!(store.project(first.id), Err(StoreError::NotFound { .. })));
            assert!(matches!(store.sample(ids[0]), Err(StoreError::NotFound { .. })));
            assert_eq!(store.history(second.id, None, None, 10).unwrap(), []);
            let (_, again) = project_of(store, "more", 2);
            assert_eq!(again.len(), 2);
        },
    );
}

#[test]
fn a_new_version_has_the_same_samples_with_or_without_answers() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let (first, ids) = project_of(store, "v", 5);
            label(store, ids[1], 2, "ann", 0);
            let skipped = lakelens::domain::sample::Answer {
                status: Status::Skipped,
                skip_reason: Some("blurred".to_owned()),
                flagged: true,
                ..Default::default()
            };
            let edit = edit(store, ids[2], skipped, "bob", 1);
            store.commit(&[edit]).unwrap();
            let full = store.clone_project(first.id, &version("v2", true)).unwrap();
            let bare = store.clone_project(first.id, &version("v3", false)).unwrap();
            assert_eq!((full.version, full.parent, bare.version), (2, Some(first.id), 3));
            assert_eq!(full.labels, first.labels);
            assert_eq!(store.counts(full.id).unwrap(), store.counts(first.id).unwrap());
            assert_eq!(store.counts(bare.id).unwrap().of(Status::Unlabeled), 5);
            let answers = |store: &mut dyn Store, id| -> Vec<_> {
                all(store, id, "", Order::Path).into_iter().map(|s| (s.path, s.answer)).collect()
            };
            assert_eq!(answers(store, full.id), answers(store, first.id));
            for order in [Order::Newest, Order::Class, Order::Random { seed: 3 }, Order::ScoreUp] {
                assert_eq!(paths(store, full.id, "", order).len(), 5, "{order:?}");
            }
            // The versions live apart.
            let copy = all(store, full.id, "", Order::Path)[1].id;
            label(store, copy, 3, "bob", 2);
            assert_eq!(store.sample(ids[1]).unwrap().answer, labeled_as(store, ids[1]));
            assert_eq!(store.undo(full.id, "bob", at(3)).unwrap().applied.len(), 1);
            assert_eq!(store.sample(copy).unwrap().answer, store.sample(ids[1]).unwrap().answer);
            assert_eq!(store.answer_as_of(copy, None).unwrap(), store.sample(ids[1]).unwrap().answer);
        },
    );
}

fn labeled_as(store: &mut dyn Store, id: lakelens::domain::ids::SampleId) -> lakelens::domain::sample::Answer {
    let mut answer = labeled(&[2], "ann", at(0));
    answer.annotations[0].id = store.sample(id).unwrap().answer.annotations[0].id;
    answer
}
