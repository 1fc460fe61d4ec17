//! Scans: new, changed, vanished and returned files; classes from folders; going on after a kill.

use super::fixture::{Kind, SqliteFile, file, label, new_project, on_every_kind_that, paths};
use lakelens::domain::edit::{Change, Origin};
use lakelens::domain::ids::{ProjectId, Rev};
use lakelens::domain::queue::Order;
use lakelens::domain::sample::Status;
use lakelens::store::Store;
use lakelens::store::records::{NewSample, ScanReport};

fn scan(store: &mut dyn Store, project: ProjectId, files: &[NewSample]) -> ScanReport {
    let scan = store.begin_scan(project, "ann").unwrap();
    for some in files.chunks(2) {
        store.add_samples(scan, some).unwrap();
    }
    store.finish_scan(scan).unwrap()
}

#[test]
fn a_scan_again_changes_only_what_changed() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let id = store.create_project(&new_project("p")).unwrap().id;
            let mut files: Vec<NewSample> = ["b10.jpg", "b2.jpg", "a/x.jpg", "a/y.jpg"].map(file).into();
            assert_eq!(scan(store, id, &files), ScanReport { added: 4, ..ScanReport::default() });
            assert_eq!(paths(store, id, "", Order::Path), ["a/x.jpg", "a/y.jpg", "b2.jpg", "b10.jpg"]);
            let kept = store.sample_by_path(id, "b2.jpg").unwrap().unwrap();
            label(store, kept.id, 1, "ann", 0);
            files[1].etag = "2".to_owned();
            files[1].width = Some(640);
            files.remove(0);
            files.push(file("c.jpg"));
            let report = scan(store, id, &files);
            let expected = ScanReport { added: 1, changed: 1, unchanged: 2, missing: 1, ..ScanReport::default() };
            assert_eq!(report, expected);
            let kept = store.sample(kept.id).unwrap();
            assert_eq!((kept.etag.as_str(), kept.width, kept.rev), ("2", Some(640), Rev(1)));
            assert_eq!(kept.answer.status, Status::Labeled);
            let gone = store.sample_by_path(id, "b10.jpg").unwrap().unwrap();
            assert!(gone.missing);
            assert_eq!(store.tallies(id).unwrap().missing, 1);
            // A missing file can still be labeled, and comes back with its label.
            label(store, gone.id, 2, "ann", 1);
            files.push(file("b10.jpg"));
            let report = scan(store, id, &files);
            assert_eq!((report.returned, report.missing, report.added, report.unchanged), (1, 0, 0, 5));
            let back = store.sample(gone.id).unwrap();
            assert!(!back.missing && back.answer.status == Status::Labeled);
        },
    );
}

#[test]
fn classes_that_come_with_files_are_answers_with_a_history() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let id = store.create_project(&new_project("p")).unwrap().id;
            let with = |path: &str, class: &str| NewSample { class: Some(class.to_owned()), ..file(path) };
            let files =
                [with("Roses/1.jpg", "Roses"), with("sky/2.jpg", "sky"), with("Sky/3.jpg", "SKY"), file("4.jpg")];
            let report = scan(store, id, &files);
            assert_eq!((report.added, report.labeled), (4, 3));
            let project = store.project(id).unwrap();
            let names: Vec<&str> = project.labels.classes.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names.len(), 4, "{names:?}");
            assert!(names[3].eq_ignore_ascii_case("sky"), "{names:?}");
            assert_eq!(project.labels.classes[3].hotkey, "4");
            let counts = store.counts(id).unwrap();
            assert_eq!(counts.of(Status::Labeled), 3);
            assert_eq!(counts.of_class(&project.labels, project.labels.classes[3].id), 2);
            assert_eq!(paths(store, id, "class:sky", Order::Path).len(), 2);
            assert_eq!(paths(store, id, "review:waiting", Order::Path).len(), 3);
            let rose = store.sample_by_path(id, "Roses/1.jpg").unwrap().unwrap();
            assert_eq!((rose.rev, rose.answer.summary(&project.labels)), (Rev(1), "roses".to_owned()));
            let history = store.history(id, Some(rose.id), None, 10).unwrap();
            assert_eq!(history.len(), 1);
            assert_eq!(history[0].edit.origin, Origin::Import);
            assert!(matches!(&history[0].edit.change, Change::Answer { after, .. } if *after == rose.answer));
            assert_eq!(store.answer_as_of(rose.id, None).unwrap().status, Status::Unlabeled);
            // A key for undo takes back what a person did, not a scan; the edit can be taken back by name.
            assert_eq!(store.undo(id, "ann", super::fixture::at(1)).unwrap().applied.len(), 0);
            let undone = store.undo_edit(id, history[0].edit.id, "ann", super::fixture::at(1)).unwrap();
            assert_eq!(undone.applied.len(), 1);
            assert_eq!(store.sample(rose.id).unwrap().answer.status, Status::Unlabeled);
        },
    );
}

#[test]
fn a_scan_that_was_cut_off_goes_on() {
    let kind = SqliteFile::new();
    let files: Vec<NewSample> = (0..10).map(|i| file(&format!("{i}.jpg"))).collect();
    let mut store = kind.connect();
    let id = store.create_project(&new_project("p")).unwrap().id;
    let first = store.begin_scan(id, "ann").unwrap();
    store.add_samples(first, &files[..4]).unwrap();
    drop(store);
    let mut store = kind.connect();
    assert!(store.add_samples(first, &files[..1]).is_err(), "a scan must be begun in the process that runs it");
    let again = store.begin_scan(id, "ann").unwrap();
    assert_eq!(again, first);
    let report = store.add_samples(again, &files).unwrap();
    assert_eq!((report.added, report.unchanged), (6, 4));
    assert_eq!(store.finish_scan(again).unwrap().missing, 0);
    assert_ne!(store.begin_scan(id, "ann").unwrap(), first);
    kind.verify();
}

#[test]
fn names_that_are_not_text_and_names_that_differ_by_case_are_files_of_their_own() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            use std::os::unix::ffi::OsStrExt;
            let odd = lakelens::domain::text::encode_os(std::ffi::OsStr::from_bytes(b"bad_\xff.jpg"));
            let id = store.create_project(&new_project("p")).unwrap().id;
            let names = ["A1.jpg", "a1.jpg", "a01.jpg", &odd, "quote'\";--.jpg", "100%_.jpg"];
            let report = scan(store, id, &names.map(file));
            assert_eq!(report.added, 6);
            assert_eq!(store.sample_by_path(id, &odd).unwrap().unwrap().path, odd);
            assert_eq!(paths(store, id, "\"100%_\"", Order::Path), ["100%_.jpg"]);
            assert_eq!(paths(store, id, "\"%\"", Order::Path), ["100%_.jpg"]);
            assert_eq!(paths(store, id, "A01", Order::Path), ["a01.jpg"]);
        },
    );
}
