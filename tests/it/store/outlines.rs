//! Polygons and masks: verified, given another class, deleted; and kept to the bit where they are not touched.

use super::fixture::{at, boxed, commit_one, edit, on_every_kind, project_of, rev_of, verdict};
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::edit::Outcome;
use lakelens::domain::geometry::Point;
use lakelens::domain::ids::{ClassId, Rev};
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Status};

fn of(class: i64, shape: Shape) -> Annotation {
    Annotation { shape, ..boxed(class, 0.5, "import") }
}

/// A polygon in two parts and a mask, with numbers that no decimal says exactly, between boxes.
fn outlined() -> Answer {
    let point = |x: f64, y: f64| Point { x, y };
    let parts = vec![
        vec![point(0.1 + 0.2, 1.0 / 3.0), point(1e-17, 0.7), point(1.0, f64::MIN_POSITIVE)],
        vec![point(0.0, 0.0), point(0.123_456_789_012_345_67, 0.5), point(0.25, 1.0), point(0.0, 1.0)],
    ];
    let counts = vec![0, 3, 5, 0, 2, 1_999_990];
    let annotations = vec![
        boxed(1, 0.1 + 0.2, "ann"),
        of(1, Shape::Polygon { parts }),
        of(2, Shape::Mask { size: [1_000, 2_000], counts }),
        boxed(2, 0.7, "ann"),
    ];
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

#[test]
fn outlines_keep_every_bit_through_verdicts_other_classes_and_deletion() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        let answer = outlined();
        let first = edit(store, ids[0], answer.clone(), "import", 0);
        assert_eq!(commit_one(store, &first), Outcome::Saved { rev: Rev(1) });
        assert_eq!(store.sample(ids[0]).unwrap().answer, answer);
        // A verdict changes nothing of it.
        let judged = verdict(store, ids[0], Verdict::Accepted, "cleo", 1);
        assert!(matches!(commit_one(store, &judged), Outcome::Saved { .. }));
        assert_eq!((store.sample(ids[0]).unwrap().answer, rev_of(store, ids[0])), (answer.clone(), Rev(1)));
        // Another class for the polygon, and a box that goes: the shapes that stay are what they were.
        let mut changed = answer.clone();
        changed.annotations[1].class = ClassId(3);
        changed.annotations.remove(0);
        let second = edit(store, ids[0], changed.clone(), "bob", 2);
        commit_one(store, &second);
        let now = store.sample(ids[0]).unwrap().answer;
        assert_eq!(now, changed);
        assert_eq!(
            (&now.annotations[0].shape, &now.annotations[1]),
            (&answer.annotations[1].shape, &answer.annotations[2])
        );
        let without = Answer { annotations: changed.annotations[..1].to_vec(), ..changed.clone() };
        let third = edit(store, ids[0], without.clone(), "bob", 3);
        commit_one(store, &third);
        assert_eq!(store.sample(ids[0]).unwrap().answer, without);
        store.undo(project.id, "bob", at(4)).unwrap();
        assert_eq!(store.sample(ids[0]).unwrap().answer, changed);
        store.undo(project.id, "bob", at(5)).unwrap();
        assert_eq!(store.sample(ids[0]).unwrap().answer, answer);
        // The counts are about all kinds of shapes.
        let counts = store.counts(project.id).unwrap();
        assert_eq!((counts.class.get(&ClassId(1)), counts.class.get(&ClassId(2))), (Some(&1), Some(&1)));
    });
}
