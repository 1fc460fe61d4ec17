//! Which pictures belong to a past state: those that were there.

use super::super::fixture::{edit, file, labeled, on_every_kind_that, paths, project_of};
use super::snapshot;
use jiff::Timestamp;
use lakelens::domain::ids::SampleId;
use lakelens::domain::queue::Order;
use lakelens::ops::versions;
use lakelens::store::Store;

#[test]
fn a_snapshot_knows_which_pictures_were_there() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let (project, ids) = project_of(store, "flowers", 3);
            project_of(store, "others", 2);
            store.take_snapshot(project.id, &snapshot("delivered", 1)).unwrap();
            let scan = store.begin_scan(project.id, "ann").unwrap();
            store.add_samples(scan, &[file("before.jpg"), file("img1.jpg"), file("later.jpg")]).unwrap();
            store.finish_scan(scan).unwrap();
            assert_eq!(paths(store, project.id, "", Order::Path)[0], "before.jpg");
            let newest = |store: &mut dyn Store, state: &str| {
                let moment = versions::moment(store, &project, state).unwrap();
                moment.newest(store, project.id).unwrap()
            };
            assert_eq!(newest(store, "delivered"), ids.iter().max().copied());
            assert_eq!(newest(store, "now"), None);
            assert_eq!(store.nth_added(project.id, 6).unwrap(), None, "there are five");
        },
    );
}

#[test]
fn a_time_knows_which_pictures_were_there() {
    on_every_kind_that(
        "make projects",
        |c| c.projects,
        |store, _| {
            let before = Timestamp::now();
            let (project, ids) = project_of(store, "flowers", 3);
            project_of(store, "others", 2);
            let newest = |store: &mut dyn Store, at: Timestamp| {
                let moment = versions::moment(store, &project, &at.to_string()).unwrap();
                moment.newest(store, project.id).unwrap()
            };
            let came = |store: &mut dyn Store, path: &str| {
                let scan = store.begin_scan(project.id, "ann").unwrap();
                store.add_samples(scan, &[file(path)]).unwrap();
                (scan, store.sample_by_path(project.id, path).unwrap().unwrap().id)
            };
            let first = Timestamp::now();
            let (_, one) = came(store, "before.jpg");
            // That scan was interrupted; the next one goes on with it.
            let second = Timestamp::now();
            let (scan, two) = came(store, "later.jpg");
            store.finish_scan(scan).unwrap();
            let last = Timestamp::now();
            assert_eq!(newest(store, before), Some(SampleId(0)), "there was no project");
            assert_eq!(newest(store, first), ids.iter().max().copied());
            assert_eq!(newest(store, second), Some(one));
            assert_eq!(newest(store, last), None, "all of today's");
            // By somebody whose clock is behind.
            let slow = labeled(&[1], "bob", first);
            let mut early = edit(store, two, slow, "bob", 0);
            early.at = first;
            store.commit(&[early]).unwrap();
            assert_eq!(newest(store, first), Some(two), "what was edited was there");
        },
    );
}
