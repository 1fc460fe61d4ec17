//! Pictures with very many shapes: what a push of one of them costs, and that nothing of the past is lost for it.

use super::fixture::{Kind, SqliteFile, at, boxed, commit_one, edit, on_every_kind_that, project_of};
use lakelens::domain::annotation::Shape;
use lakelens::domain::edit::{Change, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{EventId, ProjectId, SampleId};
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;

fn crowd(count: usize) -> Answer {
    let annotations = (0..count).map(|i| boxed(1 + i as i64 % 3, i as f64 / 4096.0, "ann")).collect();
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

/// The answer with one box elsewhere.
fn pushed(answer: &Answer, which: usize, step: usize) -> Answer {
    let mut answer = answer.clone();
    answer.annotations[which].shape = Shape::Box(BoxN { x: step as f64 / 8192.0, y: 0.25, w: 0.125, h: 0.5 });
    answer
}

fn push(store: &mut dyn Store, sample: SampleId, after: Answer, n: i64) {
    let edit = edit(store, sample, after, "ann", n);
    assert!(matches!(commit_one(store, &edit), Outcome::Saved { .. }));
}

/// What stood before and after each event of a sample, oldest first.
fn told(store: &mut dyn Store, project: ProjectId, sample: SampleId) -> Vec<(EventId, Answer, Answer)> {
    let entries = store.history(project, Some(sample), None, 1000).unwrap();
    let answers = entries.into_iter().rev().filter_map(|entry| match entry.edit.change {
        Change::Answer { before, after, .. } => Some((entry.event, before, after)),
        _ => None,
    });
    answers.collect()
}

#[test]
fn a_crowded_picture_keeps_its_whole_past() {
    on_every_kind_that(
        "keep boxes and their history",
        |c| c.boxes && c.history,
        |store, kind| {
            let (project, ids) = project_of(store, "crowds", 6);
            let mut other = kind.connect();
            let mut states = vec![Answer::default(), crowd(200)];
            push(store, ids[0], states[1].clone(), 1);
            for n in 2..60_usize {
                let last = states.last().unwrap();
                let mut next = pushed(last, if n < 30 { 7 } else { n * 31 % last.annotations.len() }, n);
                match n {
                    20 => drop(next.annotations.remove(3)),
                    25 => next.annotations.swap(1, 150),
                    40 => next.annotations.push(boxed(2, 0.5, "bob")),
                    45 => next.flagged = true,
                    _ => {}
                }
                // Now and then somebody at another machine, who knows nothing of the events that went before.
                let at_work: &mut dyn Store = if n % 7 == 0 { other.as_mut() } else { &mut *store };
                push(at_work, ids[0], next.clone(), n as i64);
                // Others have their crowds too.
                push(store, ids[1 + n % 5], crowd(100), n as i64);
                states.push(next);
            }
            drop(other);
            let mut fresh = kind.connect();
            for store in [&mut *store, fresh.as_mut()] {
                let told = told(store, project.id, ids[0]);
                let pairs: Vec<(Answer, Answer)> = told.iter().map(|(_, b, a)| (b.clone(), a.clone())).collect();
                let wanted: Vec<_> = states.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                assert_eq!(pairs, wanted);
                for (event, _, after) in told.iter().step_by(9) {
                    assert_eq!(store.answer_as_of(ids[0], Some(*event)).unwrap(), *after);
                }
                let changes = store.decisions(project.id, "ann", 3).unwrap();
                assert_eq!(changes.len(), 3);
            }
            drop(fresh);
            // Every push can be taken back, and made again.
            let mut back = 0;
            while store.sample(ids[0]).unwrap().answer != states[0] {
                assert!(store.undo(project.id, "ann", at(100 + back)).unwrap().refused.is_empty());
                back += 1;
            }
            assert_eq!(back, 2 * 58 + 1, "the others' too");
            for n in 0..back {
                assert_eq!(store.redo(project.id, "ann", at(300 + n)).unwrap().applied.len(), 1);
            }
            assert_eq!(store.sample(ids[0]).unwrap().answer, *states.last().unwrap());
            let third = store.history(project.id, Some(ids[0]), None, 1000).unwrap().into_iter().rev().nth(2).unwrap();
            let refused = store.undo_edit(project.id, third.edit.id, "bob", at(900)).unwrap().refused;
            assert_eq!(refused.len(), 1, "it does not stand any more");
        },
    );
}

#[test]
fn pushing_one_of_two_thousand_boxes_writes_little() {
    let kind = SqliteFile::new();
    let mut store = kind.connect();
    let (project, ids) = project_of(store.as_mut(), "crowds", 1);
    let start = crowd(2000);
    push(store.as_mut(), ids[0], start.clone(), 1);
    let written = |sql: &str| kind.raw().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    let first = written("SELECT max(length(change)) FROM event");
    assert!(first > 300_000, "{first}");
    for step in 0..50 {
        push(store.as_mut(), ids[0], pushed(&start, 1000, step), 2 + step as i64);
    }
    let all = written("SELECT sum(length(change)) FROM event");
    assert!(all < 3 * first + 50 * 2000, "{all} bytes, {first} of them for the boxes themselves");
    let told = told(store.as_mut(), project.id, ids[0]);
    assert_eq!(told.last().unwrap().2, pushed(&start, 1000, 49));
    kind.verify();
}
