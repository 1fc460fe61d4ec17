//! What stands beside the answers: the blind second pass, predictions, saved queues, settings, comments, the ledger.

use super::fixture::{
    all, at, commit_one, edit, label, labeled, on_every_kind, on_every_kind_that, paths, project_of, queue,
};
use lakelens::domain::annotation::{Prediction, Shape};
use lakelens::domain::edit::Origin;
use lakelens::domain::ids::ClassId;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::records::{Comment, LedgerEntry, SamplePredictions};

#[test]
fn a_second_pass_is_blind_and_changes_nothing() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 20);
        for (i, id) in ids.iter().take(10).enumerate() {
            label(store, *id, 1 + i as i64 % 2, "ann", i as i64);
        }
        let before = all(store, project.id, "", Order::Path);
        assert!(store.start_second_pass(project.id, 1.5, 1, "bob").is_err());
        assert_eq!(store.start_second_pass(project.id, 0.35, 1, "bob").unwrap(), 4);
        let asked = store.second_pass_next(project.id, "bob", 10).unwrap();
        assert_eq!(asked.len(), 4);
        for sample in &asked {
            assert_eq!(sample.answer, Answer::default());
            assert!(ids[..10].contains(&sample.id));
        }
        // The same seed chooses the same, another one others; 5 of 10 cannot miss all of 4.
        store.start_second_pass(project.id, 0.35, 1, "cleo").unwrap();
        assert_eq!(store.second_pass_next(project.id, "cleo", 10).unwrap(), asked);
        assert_eq!(store.start_second_pass(project.id, 1.0, 9, "dan").unwrap(), 10);
        assert_ne!(store.second_pass_next(project.id, "dan", 4).unwrap(), asked);
        for (i, sample) in asked.iter().enumerate() {
            let first = store.sample(sample.id).unwrap().answer.annotations[0].class;
            let class = if i == 0 { ClassId(3) } else { first };
            let answer = labeled(&[class.0], "bob", at(50));
            store.answer_second_pass(project.id, sample.id, &answer, "bob", at(50 + i as i64)).unwrap();
        }
        assert_eq!(store.second_pass_next(project.id, "bob", 10).unwrap(), []);
        let pass = store.second_pass(project.id, "bob").unwrap();
        assert_eq!((pass.chosen, pass.answered), (4, 4));
        assert_eq!(all(store, project.id, "", Order::Path), before);
        let pairs = lakelens::ops::agreement::pairs(store, project.id, 10).unwrap();
        let kappa = pairs.kappa().unwrap();
        assert_eq!((kappa.n, kappa.observed), (4, 0.75));
        let differ: Vec<_> = pairs.differ().collect();
        assert_eq!((differ.len(), pairs.differing), (1, 1));
        assert_eq!(
            (differ[0].sample, differ[0].first_by.as_str(), differ[0].second_by.as_str()),
            (asked[0].id, "ann", "bob")
        );
        let stranger = ids[15];
        assert!(store.answer_second_pass(project.id, stranger, &Answer::default(), "bob", at(0)).is_err());
    });
}

#[test]
fn a_second_answer_that_was_taken_back_is_asked_for_again() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        for id in &ids {
            label(store, *id, 1, "ann", 0);
        }
        store.start_second_pass(project.id, 1.0, 1, "bob").unwrap();
        store.answer_second_pass(project.id, ids[0], &labeled(&[2], "bob", at(1)), "bob", at(1)).unwrap();
        store.answer_second_pass(project.id, ids[0], &Answer::default(), "bob", at(2)).unwrap();
        let pass = store.second_pass(project.id, "bob").unwrap();
        assert_eq!((pass.chosen, pass.answered), (2, 0));
        assert_eq!(store.second_pass_next(project.id, "bob", 9).unwrap().len(), 2);
        assert_eq!(store.second_answers_after(project.id, None, 9).unwrap(), []);
        // An empty picture is an answer.
        let empty = Answer { status: Status::Labeled, ..Answer::default() };
        store.answer_second_pass(project.id, ids[0], &empty, "bob", at(3)).unwrap();
        assert_eq!(store.second_pass(project.id, "bob").unwrap().answered, 1);
    });
}

#[test]
fn an_imported_answer_is_nobody_s_first_answer() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 2);
        label(store, ids[0], 1, "ann", 0);
        let mut imported = edit(store, ids[1], labeled(&[2], "ann", at(1)), "ann", 1);
        imported.origin = Origin::Import;
        commit_one(store, &imported);
        store.start_second_pass(project.id, 1.0, 1, "ann").unwrap();
        for id in &ids {
            store.answer_second_pass(project.id, *id, &labeled(&[3], "ann", at(9)), "ann", at(9)).unwrap();
        }
        let pairs = store.second_answers_after(project.id, None, 10).unwrap();
        let first = |id| pairs.iter().find(|p| p.sample == id).map(|p| (p.first_by.as_str(), p.first_name()));
        assert_eq!(first(ids[0]), Some(("ann", "ann")));
        assert_eq!(first(ids[1]), Some(("", "(imported)")));
    });
}

#[test]
fn predictions_stand_beside_answers() {
    on_every_kind(|store, _| {
        let (project, ids) = project_of(store, "p", 4);
        let guess = |class, score, model: &str| Prediction {
            class: ClassId(class),
            shape: Shape::Class,
            score,
            model: model.to_owned(),
        };
        label(store, ids[0], 1, "ann", 0);
        let give = |sample, predictions| SamplePredictions { sample, predictions };
        store
            .put_predictions(
                project.id,
                &[
                    give(ids[0], vec![guess(2, 0.5, "m")]),
                    give(ids[1], vec![guess(1, 0.2, "m"), guess(2, 0.7, "m")]),
                    give(ids[2], vec![guess(2, 0.9, "m")]),
                ],
            )
            .unwrap();
        let counts = store.counts(project.id).unwrap();
        assert_eq!((counts.of(Status::PreLabeled), counts.of(Status::Labeled)), (2, 1));
        assert_eq!(paths(store, project.id, "predicted:roses", Order::ScoreDown), ["img3.jpg", "img2.jpg", "img1.jpg"]);
        assert_eq!(store.sample(ids[1]).unwrap().predictions[0].score, 0.7);
        // Another model adds, the same model replaces.
        store.put_predictions(project.id, &[give(ids[1], vec![guess(1, 0.8, "n")])]).unwrap();
        assert_eq!(store.sample(ids[1]).unwrap().predictions.len(), 3);
        store.put_predictions(project.id, &[give(ids[1], vec![guess(2, 0.1, "m")])]).unwrap();
        let now = store.sample(ids[1]).unwrap();
        assert_eq!(now.predictions.iter().map(|p| p.score).collect::<Vec<_>>(), [0.8, 0.1]);
        assert_eq!((now.rev.0, now.answer.annotations.len()), (0, 0));
        label(store, ids[1], 1, "ann", 1);
        assert_eq!(store.undo(project.id, "ann", at(2)).unwrap().applied.len(), 1);
        assert_eq!(store.sample(ids[1]).unwrap().answer.status, Status::PreLabeled);
        let bad = give(ids[1], vec![guess(1, f64::NAN, "m")]);
        assert!(store.put_predictions(project.id, &[bad]).is_err());
    });
}

#[test]
fn small_things_are_kept() {
    on_every_kind(|store, kind| {
        let (project, ids) = project_of(store, "p", 2);
        let saved = queue("class:roses -flag \"a b\"", Order::Random { seed: 4 });
        store.save_queue(project.id, "mine", &queue("", Order::Path)).unwrap();
        store.save_queue(project.id, "mine", &saved).unwrap();
        assert_eq!(kind.connect().saved_queues(project.id).unwrap(), [("mine".to_owned(), saved)]);
        store.delete_queue(project.id, "mine").unwrap();
        assert!(store.delete_queue(project.id, "mine").is_err());
        store.set_setting(project.id, "last/ann", Some("{\"sample\":1}")).unwrap();
        store.set_setting(project.id, "last/bob", Some("x")).unwrap();
        store.set_setting(project.id, "last/bob", None).unwrap();
        assert_eq!(store.setting(project.id, "last/ann").unwrap().as_deref(), Some("{\"sample\":1}"));
        assert_eq!(store.settings(project.id).unwrap().len(), 1);
        let (author, text) = ("ann".to_owned(), "is this a rose?".to_owned());
        let mut comment = Comment { id: 0, sample: ids[0], annotation: None, author, text, at: at(1), resolved: false };
        comment.id = store.add_comment(&comment).unwrap();
        assert_eq!(store.comments(ids[0]).unwrap(), [comment.clone()]);
        let told = store.sample(ids[0]).unwrap().notes;
        assert_eq!(
            told.iter().map(|n| (n.author.as_str(), n.text.as_str())).collect::<Vec<_>>(),
            [("ann", "is this a rose?")]
        );
        store.resolve_comment(comment.id, true).unwrap();
        assert!(store.sample(ids[0]).unwrap().notes.is_empty(), "it was dealt with");
        assert!(store.comments(ids[0]).unwrap()[0].resolved);
        let entry = |etag: &str| {
            let [source, path, etag, run] = ["s3://b", "a.jpg", etag, "r1"].map(str::to_owned);
            LedgerEntry { source, path, etag, run }
        };
        let taken: Vec<bool> = ["1", "1", "2", "2"].iter().map(|e| store.take_once(&entry(e)).unwrap()).collect();
        assert_eq!(taken, [true, false, true, false]);
        assert_eq!(store.ledger("s3://b").unwrap(), [entry("2")]);
        let edit = super::fixture::edit(store, ids[1], labeled(&[1], "ann", at(3)), "ann", 3);
        commit_one(store, &edit);
    });
}

#[test]
fn pairs_of_answers_come_in_pages_of_any_size() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let (project, ids) = project_of(store, "p", 6);
            let (other, more) = project_of(store, "q", 3);
            for (i, id) in ids.iter().chain(&more).enumerate() {
                label(store, *id, 1 + i as i64 % 2, "ann", i as i64);
            }
            for (project, people) in [(project.id, &["cleo", "bob"][..]), (other.id, &["bob"])] {
                for who in people {
                    let all = store.start_second_pass(project, 1.0, 3, who).unwrap();
                    for (i, sample) in store.second_pass_next(project, who, 10).unwrap().iter().enumerate() {
                        // One stays open.
                        if i + 1 < usize::try_from(all).unwrap() || *who == "bob" {
                            let answer = labeled(&[1], who, at(50));
                            store.answer_second_pass(project, sample.id, &answer, who, at(60 - i as i64)).unwrap();
                        }
                    }
                }
            }
            let whole = store.second_answers_after(project.id, None, 100).unwrap();
            assert_eq!(whole.len(), 11);
            assert!(whole.windows(2).all(|w| (w[0].sample, &w[0].second_by) < (w[1].sample, &w[1].second_by)));
            assert!(whole.iter().all(|p| p.first_by == "ann" && ids.contains(&p.sample)));
            for size in [1, 3, 11] {
                let (mut found, mut last) = (Vec::new(), None);
                loop {
                    let after = last.as_ref().map(|(sample, who): &(_, String)| (*sample, who.as_str()));
                    let page = store.second_answers_after(project.id, after, size).unwrap();
                    let Some(end) = page.last() else { break };
                    last = Some((end.sample, end.second_by.clone()));
                    found.extend(page);
                }
                assert_eq!(found, whole, "{size}");
            }
        },
    );
}
