//! Queues: every filter with every order, pages both ways, ranks and jumps, against a plain sort of all samples.

use super::fixture::{at, batch, boxed, edit, labeled, on_every_kind, project_of, queue, verdict};
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit};
use lakelens::domain::ids::{ClassId, ProjectId, SampleId};
use lakelens::domain::queue::{Filter, Order, Queue, ReviewState};
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::store::Store;
use lakelens::store::records::{Comment, Cursor, Direction, From, SamplePredictions};
use std::collections::BTreeSet;

const ORDERS: [Order; 6] =
    [Order::Path, Order::Random { seed: 7 }, Order::Newest, Order::Class, Order::ScoreDown, Order::ScoreUp];

const FILTERS: [&str; 40] = [
    "",
    "status:unlabeled",
    "status:labeled",
    "status:labeled,skipped",
    "status:pre_labeled",
    "class:roses",
    "class:daisy,tulips",
    "class:old",
    "class:nothing",
    "predicted:roses",
    "predicted:roses,daisy status:pre_labeled",
    "by:ann",
    "by:ann,bob class:roses",
    "review:waiting",
    "review:accepted",
    "review:rejected",
    "review:stale",
    "review:waiting,rejected class:tulips",
    "flag",
    "-flag status:labeled",
    "unsure",
    "-unsure flag",
    "empty",
    "-empty status:labeled",
    "IMG1",
    "g2 class:daisy,roses -flag",
    "comment",
    "-comment",
    "comment class:daisy,roses status:labeled",
    "list:Work",
    "list:work,other class:roses,daisy",
    "list:other -comment",
    "disagree",
    "disagree class:roses,tulips -unsure",
    "-disagree predicted:roses",
    "attr:occluded",
    "attr:color=RÖT,crowd",
    "attr:color,crowd=no class:tulips",
    "attr:weight=2 IMG",
    "attr:color=\"dark red\"",
];

/// A project of 60 samples in every state there is; classes 1 to 3, and `old`, which became `roses`.
fn mixed(store: &mut dyn Store) -> (ProjectId, Vec<SampleId>) {
    let (project, ids) = project_of(store, "mixed", 60);
    let before = project.labels.clone();
    let mut after = before.clone();
    let mut old = LabelSet::from_names(&["old"], 4).classes.remove(0);
    old.hotkey = "4".to_owned();
    after.classes.push(old);
    store
        .commit(&[Edit::by_person(project.id, Change::Classes { before, after: after.clone() }, "ann", at(0))])
        .unwrap();
    for (i, id) in ids.iter().enumerate() {
        let score = (i % 7) as f64 / 7.0;
        let guess =
            |class, score| Prediction { class: ClassId(class), shape: Shape::Class, score, model: "m".to_owned() };
        if i % 3 == 0 {
            let predictions = vec![guess(1 + (i as i64 % 2), score), guess(3, 0.01)];
            store.put_predictions(project.id, &[SamplePredictions { sample: *id, predictions }]).unwrap();
        }
        let author = ["ann", "bob", "cleo"][i % 3];
        for (n, resolved) in [(4, false), (9, false), (5, true)] {
            if i % n == 2 {
                remark(store, *id, resolved);
            }
        }
        let answer = match i % 10 {
            0..=3 => labeled(&[1 + (i as i64 / 10) % 4], author, at(i as i64)),
            4 => labeled(&[2, 1], author, at(i as i64)),
            5 => Answer { status: Status::Labeled, flagged: i % 20 == 5, ..Answer::default() },
            6 => Answer { status: Status::Skipped, skip_reason: Some("blurred".to_owned()), ..Answer::default() },
            7 => {
                let mut annotations = vec![boxed(3, 0.25, author), boxed(2, 0.5, author), boxed(2, 0.6, author)];
                describe(&mut annotations, i);
                Answer { status: Status::Labeled, unsure: true, flagged: true, annotations, ..Answer::default() }
            }
            _ => continue,
        };
        let edit = edit(store, *id, answer, author, i as i64);
        store.commit(&[edit]).unwrap();
        if i % 4 == 0 {
            let judged = if i % 8 == 0 { Verdict::Accepted } else { Verdict::Rejected };
            let edit = verdict(store, *id, judged, "dan", 100);
            store.commit(&[edit]).unwrap();
        }
        if i % 12 == 0 {
            let answer = Answer { flagged: true, ..store.sample(*id).unwrap().answer };
            let edit = self::edit(store, *id, answer, "cleo", 101);
            store.commit(&batch(vec![edit])).unwrap();
        }
    }
    for (name, n) in [("work", 6), ("Other", 11)] {
        let on: Vec<_> =
            ids.iter().enumerate().filter(|(i, _)| (i + 1) % n == 1).map(|(_, id)| (*id, String::new())).collect();
        store.put_list(project.id, name, &on, true).unwrap();
    }
    let mut merged = after.clone();
    merged.classes[3].merged_into = Some(ClassId(2));
    let change = Change::Classes { before: after, after: merged };
    store.commit(&[Edit::by_person(project.id, change, "ann", at(200))]).unwrap();
    (project.id, ids)
}

/// Gives boxes attributes of every kind, among them what is no text of PostgreSQL.
fn describe(annotations: &mut [Annotation], i: usize) {
    let kinds = [
        r#"{"occluded": false, "Color": "röt"}"#,
        r#"{"Occluded": "1", "iscrowd": 1, "color": ""}"#,
        r#"{"color": "Dark Red", "weight": 2.0, "crowd of": [1, {"a": "b"}]}"#,
        r#"{"color": "r\u0000d", "iscrowd": false, "weight": null}"#,
        r#"{"weight": 2, "color": "no", "a'b\"?": "$1 %"}"#,
        "{}",
    ];
    annotations[0].attributes = serde_json::from_str(kinds[i / 10 % kinds.len()]).unwrap();
    annotations[1].attributes.clear();
    annotations[2].attributes.clear();
}

/// Leaves a comment.
fn remark(store: &mut dyn Store, sample: SampleId, resolved: bool) {
    let (author, text) = ("eve".to_owned(), "is this a rose?".to_owned());
    store.add_comment(&Comment { id: 0, sample, annotation: None, author, text, at: at(1), resolved }).unwrap();
}

/// What a filter means, said a second time, over whole samples.
fn takes(filter: &Filter, sample: &Sample, labels: &LabelSet) -> bool {
    let answer = &sample.answer;
    let any = |wanted: &[String], has: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|w| has(w));
    let is = |id: ClassId, name: &str| {
        let asked = labels.classes.iter().find(|c| c.name == name).map(|c| labels.resolve(c.id));
        asked == Some(labels.resolve(id))
    };
    let answered = matches!(answer.status, Status::Labeled | Status::Skipped);
    let author = answer.annotations.iter().max_by_key(|a| a.at).map(|a| a.author.clone());
    let fresh: Vec<_> = sample.reviews.iter().filter(|r| r.rev == sample.rev).collect();
    let state = |s: ReviewState| match s {
        ReviewState::Waiting => answered && fresh.is_empty(),
        ReviewState::Rejected => fresh.iter().any(|r| r.verdict == Verdict::Rejected),
        ReviewState::Accepted => !fresh.is_empty() && fresh.iter().all(|r| r.verdict == Verdict::Accepted),
        ReviewState::Stale => !sample.reviews.is_empty() && fresh.is_empty(),
    };
    // Samples without annotations are answered by whoever answered them, and a mark by somebody else changes nothing of
    // that; here it follows from their number.
    let number: usize = sample.path.trim_start_matches("img").trim_end_matches(".jpg").parse().unwrap();
    let editor = ["ann", "bob", "cleo"][(number - 1) % 3];
    let author = author.unwrap_or(editor.to_owned());
    let empty = answer.status == Status::Labeled && answer.annotations.is_empty();
    // `old` counts as `roses`, to whom the best guess may belong.
    let otherwise = answer.status == Status::Labeled
        && sample
            .predictions
            .first()
            .is_some_and(|p| answer.annotations.iter().all(|a| labels.resolve(a.class) != labels.resolve(p.class)));
    (filter.status.is_empty() || filter.status.contains(&answer.status))
        && any(&filter.class, &|name| answer.annotations.iter().any(|a| is(a.class, name)))
        && any(&filter.predicted, &|name| sample.predictions.first().is_some_and(|p| is(p.class, name)))
        && any(&filter.by, &|name| answered && author == name)
        && (filter.review.is_empty() || filter.review.iter().any(|s| state(*s)))
        && filter.flag.is_none_or(|w| answer.flagged == w)
        && filter.unsure.is_none_or(|w| answer.unsure == w)
        && filter.empty.is_none_or(|w| empty == w)
        && filter.comment.is_none_or(|w| sample.notes.is_empty() != w)
        && any(&filter.list, &|name| number % if name.to_lowercase() == "work" { 6 } else { 11 } == 1)
        && filter.disagree.is_none_or(|w| otherwise == w)
        && (filter.attr.is_empty()
            || answer.annotations.iter().any(|a| filter.attr.iter().any(|w| w.takes(&a.attributes))))
        && filter.text.iter().all(|t| sample.path.to_lowercase().contains(&t.to_lowercase()))
}

fn walk(
    store: &mut dyn Store,
    project: ProjectId,
    queue: &Queue,
    direction: Direction,
    size: usize,
) -> Vec<(Cursor, SampleId)> {
    let (mut out, mut from) = (Vec::new(), From::Edge);
    loop {
        let page = store.page(project, queue, &from, direction, size).unwrap();
        let Some(last) = page.last() else { return out };
        from = From::After(last.cursor.clone());
        out.extend(page.into_iter().map(|q| (q.cursor, q.sample.id)));
    }
}

#[test]
fn every_filter_with_every_order_is_the_same_as_sorting_everything() {
    on_every_kind(|store, _| {
        let (project, ids) = mixed(store);
        let labels = store.project(project).unwrap().labels;
        let samples: Vec<Sample> = ids.iter().map(|id| store.sample(*id).unwrap()).collect();
        for text in FILTERS {
            let filter = Filter::parse(text).unwrap();
            let expected: BTreeSet<SampleId> =
                samples.iter().filter(|s| takes(&filter, s, &labels)).map(|s| s.id).collect();
            assert_eq!(store.count(project, &filter).unwrap(), expected.len() as u64, "count of `{text}`");
            for order in ORDERS {
                let queue = Queue { filter: filter.clone(), order };
                let what = format!("`{text}` by {}", order.name());
                let forward = walk(store, project, &queue, Direction::Forward, 7);
                let found: BTreeSet<SampleId> = forward.iter().map(|(_, id)| *id).collect();
                assert_eq!(found, expected, "{what}");
                assert_eq!(found.len(), forward.len(), "{what}: a sample twice");
                let mut back = walk(store, project, &queue, Direction::Back, 4);
                back.reverse();
                assert_eq!(back, forward, "{what}: backwards");
                check_places(store, project, &queue, &forward);
            }
        }
    });
}

/// Ranks, jumps and cursors agree with the walk.
fn check_places(store: &mut dyn Store, project: ProjectId, queue: &Queue, walk: &[(Cursor, SampleId)]) {
    for (i, (cursor, id)) in walk.iter().enumerate().step_by(5) {
        assert_eq!(&store.cursor(queue, *id).unwrap(), cursor);
        assert_eq!(store.position(project, queue, cursor).unwrap(), i as u64, "{queue:?}");
        assert_eq!(store.nth(project, queue, i as u64).unwrap().as_ref(), Some(cursor), "{queue:?}");
        let page = store.page(project, queue, &From::At(cursor.clone()), Direction::Forward, 2).unwrap();
        assert_eq!(page[0].sample.id, *id);
        assert_eq!(page.get(1).map(|q| q.sample.id), walk.get(i + 1).map(|(_, id)| *id));
    }
    assert_eq!(store.nth(project, queue, walk.len() as u64).unwrap(), None);
}

#[test]
fn the_orders_are_what_they_say() {
    on_every_kind(|store, _| {
        let (project, ids) = mixed(store);
        let labels = store.project(project).unwrap().labels;
        let mut samples = |order| -> Vec<Sample> {
            let walk = walk(store, project, &queue("", order), Direction::Forward, 9);
            walk.iter().map(|(_, id)| store.sample(*id).unwrap()).collect()
        };
        assert_eq!(samples(Order::Path).iter().map(|s| s.id).collect::<Vec<_>>(), ids);
        let best = |s: &Sample| s.predictions.first().map(|p| p.score);
        let down: Vec<_> = samples(Order::ScoreDown).iter().map(best).collect();
        assert!(down.windows(2).all(|w| w[0] >= w[1]), "{down:?}");
        let up: Vec<_> = samples(Order::ScoreUp).iter().filter_map(best).collect();
        assert!(up.windows(2).all(|w| w[0] <= w[1]) && up.len() == 20, "{up:?}");
        assert!(samples(Order::ScoreUp)[..20].iter().all(|s| best(s).is_some()), "unscored come last");
        // Class by class: what people gave it by path, then what only a model did, best first; at last the rest.
        let place = |id: ClassId| labels.classes.iter().position(|c| c.id == labels.resolve(id)).unwrap();
        let class = |s: &Sample| -> (usize, bool, i64, SampleId) {
            let (given, guessed) = (s.answer.annotations.first(), s.predictions.first());
            let score = guessed.map_or(0, |p| -(p.score * 1000.0) as i64);
            match (given, guessed) {
                (Some(given), _) => (place(given.class), false, 0, s.id),
                (None, Some(guessed)) => (place(guessed.class), true, score, SampleId(-s.id.0)),
                (None, None) => (usize::MAX, false, 0, s.id),
            }
        };
        let by_class: Vec<_> = samples(Order::Class).iter().map(class).collect();
        assert!(by_class.windows(2).all(|w| w[0] < w[1]), "{by_class:?}");
        assert!(by_class.iter().any(|(_, guessed, ..)| *guessed), "some have only a guess");
        let newest: Vec<_> = samples(Order::Newest).iter().map(|s| s.rev.0 > 0).collect();
        assert!(newest.windows(2).all(|w| w[0] >= w[1]), "edited ones first");
        let random: Vec<_> = samples(Order::Random { seed: 1 }).iter().map(|s| s.id).collect();
        let mut other: Vec<_> = samples(Order::Random { seed: 2 }).iter().map(|s| s.id).collect();
        assert_ne!(random, ids);
        assert_ne!(random, other);
        let turn = other.iter().position(|id| *id == random[0]).unwrap();
        other.rotate_left(turn);
        assert_eq!(random, other, "one fixed shuffle, started elsewhere");
    });
}

#[test]
fn a_cursor_outlives_what_happens_to_its_sample() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 5);
        let unlabeled = queue("status:unlabeled", Order::Path);
        let page = store.page(project.id, &unlabeled, &From::Edge, Direction::Forward, 2).unwrap();
        super::fixture::label(store, ids[1], 1, "ann", 0);
        let next =
            store.page(project.id, &unlabeled, &From::After(page[1].cursor.clone()), Direction::Forward, 1).unwrap();
        assert_eq!(next[0].sample.id, ids[2]);
        let at_it =
            store.page(project.id, &unlabeled, &From::At(page[1].cursor.clone()), Direction::Forward, 1).unwrap();
        assert_eq!(at_it[0].sample.id, ids[2]);
        let text = serde_json::to_string(&page[1].cursor).unwrap();
        assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), page[1].cursor);
    });
}
