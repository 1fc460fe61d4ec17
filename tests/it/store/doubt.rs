//! Orders by how unsure models are.

use super::fixture::{Kind, SqliteFile, all, label, on_every_kind, on_every_kind_that, project_of, queue};
use lakelens::domain::annotation::{Prediction, Shape};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, ProjectId, SampleId};
use lakelens::domain::queue::Order;
use lakelens::store::Store;
use lakelens::store::records::{Direction, From, NewVersion, SamplePredictions};

/// What models say of the pictures from the first on: class and score, best first.
const SAID: [&[(i64, f64)]; 7] = [
    &[(1, 0.9), (2, 0.05), (3, 0.05)],
    // Two classes nearly alike, the third out of question: the smallest margin, but not the most entropy.
    &[(2, 0.5), (1, 0.49), (3, 0.01)],
    &[],
    &[(3, 0.4), (1, 0.3), (2, 0.3)],
    // One score alone.
    &[(1, 0.7)],
    &[(1, 0.6), (3, 0.3), (2, 0.1)],
    &[(2, 1.0), (1, 0.0), (3, 0.0)],
];
const BY_MARGIN: [i64; 8] = [2, 4, 6, 1, 7, 5, 3, 8];
const BY_ENTROPY: [i64; 8] = [4, 6, 2, 1, 7, 5, 3, 8];

fn guess(store: &mut dyn Store, project: ProjectId, sample: SampleId, said: &[(i64, f64)]) {
    let one = |(class, score): &(i64, f64)| {
        let shape = Shape::Class;
        Prediction { class: ClassId(*class), shape, score: *score, model: "m".to_owned() }
    };
    let predictions = said.iter().map(one).collect();
    store.put_predictions(project, &[SamplePredictions { sample, predictions }]).unwrap();
}

/// A project of eight pictures with what models say of them.
fn guessed(store: &mut dyn Store) -> (ProjectId, Vec<SampleId>) {
    let (project, ids) = project_of(store, "doubts", 8);
    for (id, said) in ids.iter().zip(SAID).filter(|(_, said)| !said.is_empty()) {
        guess(store, project.id, *id, said);
    }
    (project.id, ids)
}

/// The numbers of the pictures in an order, from 1.
fn numbers(store: &mut dyn Store, project: ProjectId, filter: &str, order: Order) -> Vec<i64> {
    let number = |path: &str| path.trim_start_matches("img").trim_end_matches(".jpg").parse().unwrap();
    all(store, project, filter, order).iter().map(|s| number(&s.path)).collect()
}

#[test]
fn the_least_certain_come_first() {
    on_every_kind(|store, _| {
        let (project, ids) = guessed(store);
        assert_eq!(numbers(store, project, "", Order::Margin), BY_MARGIN);
        assert_eq!(numbers(store, project, "", Order::Entropy), BY_ENTROPY);
        assert_eq!(numbers(store, project, "predicted:roses IMG", Order::Margin), [2, 7]);
        label(store, ids[1], 1, "ann", 0);
        assert_eq!(numbers(store, project, "-disagree", Order::Margin), [4, 6, 1, 7, 5, 3, 8]);
        assert_eq!(numbers(store, project, "disagree", Order::Entropy), [2]);
        for order in [Order::Margin, Order::Entropy] {
            walk_both_ways(store, project, order);
        }
        // Another model that is surer decides alone, with one score, behind those of which more is known; then the first one thinks again.
        let surer = |score| Prediction { class: ClassId(1), shape: Shape::Class, score, model: "n".to_owned() };
        store
            .put_predictions(project, &[SamplePredictions { sample: ids[1], predictions: vec![surer(0.95)] }])
            .unwrap();
        assert_eq!(numbers(store, project, "", Order::Margin), [4, 6, 1, 7, 5, 2, 3, 8]);
        walk_both_ways(store, project, Order::Margin);
        guess(store, project, ids[6], &[(2, 0.3), (1, 0.3)]);
        assert_eq!(numbers(store, project, "", Order::Margin)[0], 7);
    });
}

fn walk_both_ways(store: &mut dyn Store, project: ProjectId, order: Order) {
    let queue = queue("", order);
    let mut page = |from: &From, direction| store.page(project, &queue, from, direction, 3).unwrap();
    let mut walk = |direction| {
        let (mut out, mut from) = (Vec::new(), From::Edge);
        loop {
            let found = page(&from, direction);
            let Some(last) = found.last() else { return out };
            from = From::After(last.cursor.clone());
            out.extend(found.into_iter().map(|q| q.sample.id));
        }
    };
    let (forward, mut back) = (walk(Direction::Forward), walk(Direction::Back));
    back.reverse();
    assert_eq!((forward.len(), &back), (8, &forward), "{}", order.name());
    for (i, id) in forward.iter().enumerate() {
        let cursor = store.cursor(&queue, *id).unwrap();
        assert_eq!(store.position(project, &queue, &cursor).unwrap(), i as u64, "{}", order.name());
        assert_eq!(store.nth(project, &queue, i as u64).unwrap(), Some(cursor), "{}", order.name());
    }
}

#[test]
fn boxes_and_single_scores_are_as_unsure_as_their_score_is_low() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "boxes", 3);
        for (id, scores) in ids.iter().zip([[0.9, 0.85], [0.3, 0.1], [0.6, 0.5]]) {
            let boxed = |score| {
                let shape = Shape::Box(BoxN { x: score / 2.0, y: 0.1, w: 0.2, h: 0.2 });
                Prediction { class: ClassId(1 + i64::from(score > 0.5)), shape, score, model: "m".to_owned() }
            };
            let predictions = scores.map(boxed).to_vec();
            store.put_predictions(project.id, &[SamplePredictions { sample: *id, predictions }]).unwrap();
        }
        for order in [Order::ScoreUp, Order::Margin, Order::Entropy] {
            assert_eq!(numbers(store, project.id, "", order), [2, 3, 1], "{}", order.name());
        }
    });
}

#[test]
fn a_new_version_keeps_the_doubts() {
    on_every_kind_that(
        "clone",
        |can| can.projects,
        |store, _| {
            let (project, ids) = guessed(store);
            let new = NewVersion { name: "copy".to_owned(), annotations: false, author: "ann".to_owned() };
            let copy = store.clone_project(project, &new).unwrap().id;
            guess(store, project, ids[0], &[(1, 0.5), (2, 0.5)]);
            assert_eq!(numbers(store, copy, "", Order::Margin), BY_MARGIN);
            assert_eq!(numbers(store, copy, "", Order::Entropy), BY_ENTROPY);
            assert_eq!(numbers(store, project, "", Order::Margin)[0], 1);
            walk_both_ways(store, copy, Order::Entropy);
        },
    );
}

#[test]
fn older_stores_learn_what_their_guesses_say() {
    let kind = SqliteFile::new();
    let (project, _) = guessed(&mut kind.store());
    let raw = kind.raw();
    raw.execute_batch("DROP TABLE arrival; DROP TABLE doubt; DELETE FROM tally WHERE key = 'doubted'").unwrap();
    raw.pragma_update(None, "user_version", 4).unwrap();
    drop(raw);
    let mut store = kind.connect();
    assert_eq!(numbers(store.as_mut(), project, "", Order::Margin), BY_MARGIN);
    assert_eq!(numbers(store.as_mut(), project, "", Order::Entropy), BY_ENTROPY);

    let Some(server) = super::server::Schema::at_hand() else {
        println!("skipped: no PostgreSQL server");
        return;
    };
    let (project, _) = guessed(server.connect().as_mut());
    let raw = server.raw();
    let before = raw.run("SELECT sample, project, margin, entropy FROM doubt ORDER BY 1");
    raw.run("DROP TABLE doubt");
    raw.run("DROP TABLE arrival");
    raw.run("DELETE FROM tally WHERE key = 'doubted'");
    raw.run("DELETE FROM lakelens_schema WHERE version > 5");
    let mut store = server.connect();
    assert_eq!(numbers(store.as_mut(), project, "", Order::Entropy), BY_ENTROPY);
    assert_eq!(raw.run("SELECT sample, project, margin, entropy FROM doubt ORDER BY 1"), before);
}
