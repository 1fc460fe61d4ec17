//! What is measured of pictures: kept, found by filters and orders, taken along by clones, and drafts for duplicates.

use super::fixture::{Kind, SqliteFile, all, at, edit, labeled, on_every_kind_that, paths, project_of, queue};
use lakelens::domain::annotation::{Prediction, Shape};
use lakelens::domain::ids::{ClassId, SampleId};
use lakelens::domain::likeness::Likeness;
use lakelens::domain::project::Project;
use lakelens::domain::quality::{Digest, Fault, Measures, Pixels};
use lakelens::domain::queue::{Filter, Order};
use lakelens::domain::sample::{Answer, Status};
use lakelens::ops::Watch;
use lakelens::ops::quality::{Drafted, propagate};
use lakelens::store::Store;
use lakelens::store::records::{Capabilities, Direction, Finding, From, Measured, NewVersion, SamplePredictions};

fn measures(n: u8, sharpness: f64, brightness: f64) -> Measures {
    let pixels =
        Pixels { width: 640, height: 480, hash: Some(u64::from(n) << 56), brightness, contrast: 40.0, sharpness };
    Measures { digest: Some(Digest([n; 16])), pixels: Some(pixels), damaged: None }
}

fn can(capabilities: &Capabilities) -> bool {
    capabilities.measures
}

fn put(store: &mut dyn Store, project: &Project, sample: SampleId, measures: Measures) {
    let etag = store.sample(sample).unwrap().etag;
    store.put_measures(project.id, &[Measured { sample, etag, measures }]).unwrap();
}

fn finding(sample: SampleId, group: Option<(SampleId, u32, u32)>, place: i64, faults: &[Fault]) -> Finding {
    let likeness = group.map(|(first, near, exact)| Likeness { group: first.0, near, exact });
    let content = likeness.filter(|l| l.exact > 1).map(|l| l.group);
    Finding { sample, likeness, content, place, faults: faults.to_vec() }
}

/// Eight samples: 1, 3 and 5 look alike, 1 and 5 are the same; 2 and 8 look alike; 7 could not be decoded; 6 was not
/// measured yet.
fn project(store: &mut dyn Store) -> (Project, Vec<SampleId>) {
    let (project, ids) = project_of(store, "twins", 8);
    for (i, id) in ids.iter().enumerate().filter(|(i, _)| *i != 5) {
        let n = i as u8 + 1;
        let same = if n == 5 { 1 } else { n };
        let measures = match n {
            7 => Measures { digest: Some(Digest([7; 16])), pixels: None, damaged: Some("cut short".to_owned()) },
            _ => measures(same, 1000.0 - 100.0 * f64::from(same), 20.0 * f64::from(same)),
        };
        put(store, &project, *id, measures);
    }
    let found = [
        finding(ids[0], Some((ids[0], 3, 2)), 0, &[Fault::Dark]),
        finding(ids[2], Some((ids[0], 3, 1)), 1, &[]),
        finding(ids[4], Some((ids[0], 3, 2)), 2, &[Fault::Dark, Fault::Odd]),
        finding(ids[1], Some((ids[1], 2, 1)), 3, &[]),
        finding(ids[7], Some((ids[1], 2, 1)), 4, &[Fault::Blurry, Fault::Bright]),
        finding(ids[6], None, 0, &[Fault::Damaged]),
    ];
    store.put_findings(project.id, &found).unwrap();
    (project, ids)
}

fn names(store: &mut dyn Store, project: &Project, filter: &str, order: Order) -> String {
    let text = paths(store, project.id, filter, order).join(" ");
    let count = store.count(project.id, &Filter::parse(filter).unwrap()).unwrap();
    assert_eq!(count as usize, text.split_whitespace().count(), "count of `{filter}`");
    text.replace("img", "").replace(".jpg", "")
}

#[test]
fn filters_and_orders_find_what_was_measured() {
    on_every_kind_that("keep measures", can, |store, _| {
        let (project, ids) = project(store);
        for (filter, order, expected) in [
            ("dup:near", Order::Path, "1 2 3 5 8"),
            ("dup:exact", Order::Path, "1 5"),
            ("dup:near,exact", Order::Path, "1 2 3 5 8"),
            ("dup:near", Order::Group, "1 3 5 2 8"),
            ("dup:near", Order::Blur, "8 3 2 1 5"),
            ("dup:exact", Order::Group, "1 5"),
            ("", Order::Group, "1 3 5 2 8 4 6 7"),
            ("", Order::Blur, "8 4 3 2 1 5 6 7"),
            ("", Order::Brightness, "1 5 2 3 4 8 6 7"),
            ("dark", Order::Path, "1 5"),
            ("dark odd", Order::Path, "5"),
            ("-dark dup:near", Order::Path, "2 3 8"),
            ("blurry", Order::Newest, "8"),
            ("damaged", Order::Path, "7"),
            ("-damaged", Order::Path, "1 2 3 4 5 6 8"),
            ("-blurry -dark", Order::Blur, "4 3 2 6 7"),
            ("odd", Order::ScoreUp, "5"),
            ("bright", Order::Random { seed: 3 }, "8"),
        ] {
            assert_eq!(names(store, &project, filter, order), expected, "`{filter}` by {}", order.name());
        }
        let group = format!("group:{}", ids[1]);
        assert_eq!(names(store, &project, &group, Order::Path), "2 8");
        assert_eq!(names(store, &project, &format!("{group},{}", ids[0]), Order::Path), "1 2 3 5 8");
        assert_eq!(names(store, &project, &format!("{group} blurry"), Order::Group), "8");
        let like = |n: usize, store: &mut dyn Store| store.sample(ids[n]).unwrap().likeness;
        assert_eq!(like(4, store), Some(Likeness { group: ids[0].0, near: 3, exact: 2 }));
        assert_eq!(like(2, store).map(|l| (l.near, l.exact)), Some((3, 1)));
        assert_eq!((like(3, store), like(5, store)), (None, None));
        // Each sample once, both ways, whatever stands between them.
        for order in [Order::Blur, Order::Brightness, Order::Group, Order::Class] {
            let forward = walk(store, &project, order, Direction::Forward);
            let mut back = walk(store, &project, order, Direction::Back);
            back.reverse();
            assert_eq!((forward.len(), &back), (8, &forward), "{}", order.name());
            for (i, id) in forward.iter().enumerate() {
                let queue = queue("", order);
                let cursor = store.cursor(&queue, *id).unwrap();
                assert_eq!(store.position(project.id, &queue, &cursor).unwrap(), i as u64);
                assert_eq!(store.nth(project.id, &queue, i as u64).unwrap(), Some(cursor));
            }
        }
    });
}

fn walk(store: &mut dyn Store, project: &Project, order: Order, direction: Direction) -> Vec<SampleId> {
    let (mut out, mut from) = (Vec::new(), From::Edge);
    loop {
        let page = store.page(project.id, &queue("", order), &from, direction, 3).unwrap();
        let Some(last) = page.last() else { return out };
        from = From::After(last.cursor.clone());
        out.extend(page.iter().map(|q| q.sample.id));
    }
}

#[test]
fn what_has_changed_is_measured_again() {
    on_every_kind_that("keep measures", can, |store, _| {
        let (project, ids) = project(store);
        let open = |store: &mut dyn Store| -> Vec<SampleId> {
            store.unmeasured(project.id, None, 10).unwrap().iter().map(|u| u.sample).collect()
        };
        assert_eq!(open(store), [ids[5]]);
        let changed = Measured { sample: ids[3], etag: "older".to_owned(), measures: measures(9, 5.0, 5.0) };
        store.put_measures(project.id, &[changed]).unwrap();
        assert_eq!(open(store), [ids[3], ids[5]]);
        let first = store.unmeasured(project.id, None, 1).unwrap();
        let rest = store.unmeasured(project.id, Some(&first[0].path), 10).unwrap();
        assert_eq!(rest.iter().map(|u| u.sample).collect::<Vec<_>>(), [ids[5]]);
        // A picture that could be decoded and no longer can has no place in the orders any more.
        let gone = Measures { digest: None, pixels: None, damaged: Some("cannot be opened".to_owned()) };
        put(store, &project, ids[3], gone.clone());
        assert_eq!(names(store, &project, "", Order::Blur), "8 3 2 1 5 4 6 7");
        let all = store.measures(project.id, None, 100).unwrap();
        assert_eq!(all.iter().map(|m| m.sample).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 6, 7].map(|i| ids[i]));
        assert_eq!((&all[3].measures, &all[0].measures), (&gone, &measures(1, 900.0, 20.0)));
        let known = store.known_measures(&[Digest([1; 16]), Digest([99; 16]), Digest([2; 16])]).unwrap();
        assert_eq!(known.len(), 2, "each content once");
        // What was found is replaced, not added to.
        store.put_findings(project.id, &[finding(ids[2], None, 0, &[Fault::Dark])]).unwrap();
        assert_eq!(names(store, &project, "dark", Order::Path), "3");
        assert_eq!(names(store, &project, "dup:near", Order::Path), "");
    });
}

#[test]
fn a_clone_has_the_measures_of_its_parent() {
    on_every_kind_that(
        "clone",
        |c| c.projects && c.measures,
        |store, _| {
            let (project, _) = project(store);
            for annotations in [true, false] {
                let new = NewVersion { name: format!("copy {annotations}"), annotations, author: "ann".to_owned() };
                let copy = store.clone_project(project.id, &new).unwrap();
                assert_eq!(names(store, &copy, "", Order::Group), "1 3 5 2 8 4 6 7");
                assert_eq!(names(store, &copy, "dark", Order::Brightness), "1 5");
                let samples = all(store, copy.id, "dup:exact", Order::Path);
                assert!(
                    samples.iter().all(|s| s.likeness.unwrap().group == samples[0].id.0),
                    "groups are the copy's own"
                );
            }
        },
    );
}

#[test]
fn duplicates_get_drafts_that_one_undo_takes_back() {
    on_every_kind_that("keep measures", can, |store, _| {
        let (project, ids) = project(store);
        for (i, class) in [(0, 2), (1, 1), (7, 3)] {
            let edit = edit(store, ids[i], labeled(&[class], "ann", at(1)), "ann", 1);
            store.commit(&[edit]).unwrap();
        }
        let drafted = |store: &mut dyn Store| {
            let mut watch = Watch { progress: &mut |_| (), cancelled: &|| false };
            propagate(store, &project, ("bob", at(5)), &mut watch).unwrap()
        };
        // The second group has two answers that differ.
        assert_eq!(drafted(store), Drafted { drafts: 2, groups: 1, disagreeing: 1, conflicts: 0 });
        assert_eq!(names(store, &project, "status:pre_labeled", Order::Path), "3 5");
        let sample = store.sample(ids[2]).unwrap();
        assert!(sample.answer.is_draft());
        assert_eq!(sample.answer.summary(&project.labels), "draft: roses");
        assert_eq!(names(store, &project, "class:roses", Order::Path), "1", "a draft is no answer");
        assert_eq!(names(store, &project, "by:bob", Order::Path), "");
        assert_eq!(drafted(store), Drafted { disagreeing: 1, ..Drafted::default() }, "given once");
        // What a model says comes and goes; the draft stays.
        let guess = Prediction { class: ClassId(1), shape: Shape::Class, score: 0.9, model: "m".to_owned() };
        for predictions in [vec![guess], Vec::new()] {
            store.put_predictions(project.id, &[SamplePredictions { sample: ids[2], predictions }]).unwrap();
            assert_eq!(names(store, &project, "status:pre_labeled", Order::Path), "3 5");
        }
        // Another answer makes other drafts; a flag stays.
        let flagged = Answer { flagged: true, ..store.sample(ids[2]).unwrap().answer };
        let edits =
            [edit(store, ids[0], labeled(&[3], "ann", at(2)), "ann", 2), edit(store, ids[2], flagged, "ann", 2)];
        store.commit(&edits).unwrap();
        assert_eq!(drafted(store).drafts, 2);
        let sample = store.sample(ids[2]).unwrap();
        assert_eq!((sample.answer.summary(&project.labels).as_str(), sample.answer.flagged), ("draft: tulips", true));
        store.undo(project.id, "bob", at(6)).unwrap();
        assert_eq!(store.sample(ids[4]).unwrap().answer.summary(&project.labels), "draft: roses");
        store.undo(project.id, "bob", at(6)).unwrap();
        // The flag was set on the draft by somebody else: what came after stays.
        assert_eq!(names(store, &project, "status:pre_labeled", Order::Path), "3");
        assert_eq!(store.sample(ids[4]).unwrap().answer.status, Status::Unlabeled);
    });
}

#[test]
fn older_files_get_the_table_and_lose_nothing() {
    let kind = SqliteFile::new();
    let (project, ids) = project_of(&mut kind.store(), "old", 3);
    kind.store().put_list(project.id, "work", &[(ids[2], String::new()), (ids[0], String::new())], true).unwrap();
    let raw = kind.raw();
    raw.execute_batch(
        "DROP TABLE arrival; DROP TABLE gold; DROP TABLE gold_answer; DROP TABLE doubt;
         DROP TABLE measure; DROP INDEX listed_path; ALTER TABLE listed DROP COLUMN sort_key;
         DELETE FROM tally WHERE kind = 'quality'",
    )
    .unwrap();
    raw.pragma_update(None, "user_version", 2).unwrap();
    drop(raw);
    let mut store = kind.connect();
    assert_eq!(all(store.as_mut(), project.id, "", Order::Blur).len(), 3);
    assert_eq!(store.unmeasured(project.id, None, 10).unwrap().len(), 3);
    assert_eq!(paths(store.as_mut(), project.id, "list:work", Order::Path), ["img1.jpg", "img3.jpg"]);
    assert!(store.sample(ids[0]).unwrap().likeness.is_none());
    kind.verify();
}
