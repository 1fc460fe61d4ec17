//! Places behind servers: pages that are empty, missing or slow, listings that are left and taken up, bytes that come in
//! pieces.

use super::fake::Fake;
use super::until;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::listing::{Arrange, Listing, Progress};
use lakelens::lake::remote::{Stop, Trouble};
use lakelens::lake::{Found, Lake, LakeError, Lister, RemoteFile};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use tokio::sync::Semaphore;

const BLOCK: usize = 64 << 10;

fn place() -> LakePath {
    LakePath::parse("s3://fake/x", "/").unwrap()
}

fn start(lake: &Lake, arrange: Arrange) -> (Lister, Receiver<Listing>) {
    let (sender, receiver) = channel();
    (lake.list(&place(), arrange, Box::new(move |l| drop(sender.send(l)))), receiver)
}

fn settled(lake: &Lake) -> Listing {
    let (_lister, receiver) = start(lake, Arrange::default());
    until(&receiver, |l| *l.progress() != Progress::Loading)
}

fn page(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|i| format!("f{i:06}.jpg")).collect()
}

fn names(listing: &Listing) -> Vec<&str> {
    (0..listing.len()).map(|i| listing.row(i).unwrap().name).collect()
}

/// Waits for something that another thread does; the test hangs, and says where, if it never comes.
fn wait_for(what: &dyn Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}

#[test]
fn empty_pages_with_a_token_are_no_end() {
    let fake = Arc::new(Fake::of(vec![vec![], page(0, 2), vec![], vec![], page(2, 1), vec![]]));
    let listing = settled(&fake.lake());
    assert_eq!(*listing.progress(), Progress::Complete);
    assert_eq!(names(&listing), ["f000000.jpg", "f000001.jpg", "f000002.jpg"]);
    assert_eq!((listing.bytes(), fake.asked.lock().unwrap().len()), (Some(3), 6));
}

#[test]
fn a_failure_in_the_middle_keeps_what_came() {
    let fake = Fake { fails_at: Some((2, Trouble::Denied)), ..Fake::of(vec![page(0, 3), page(3, 3), page(6, 3)]) };
    let listing = settled(&Arc::new(fake).lake());
    assert_eq!(listing.len(), 6);
    let Progress::Failed(why) = listing.progress() else { panic!("{:?}", listing.progress()) };
    assert_eq!(why, "cannot list `s3://fake`: it\\x1b[31m broke; mend it");
}

#[test]
fn the_first_page_is_shown_while_the_second_is_on_its_way_and_can_be_filtered() {
    let fake = Arc::new(Fake { gate: Semaphore::new(1), ..Fake::of(vec![page(0, 12), page(12, 3)]) });
    let lake = fake.lake();
    let (lister, receiver) = start(&lake, Arrange::default());
    let first = until(&receiver, |_| true);
    assert_eq!((first.len(), first.progress()), (12, &Progress::Loading));
    lister.rearrange(Arrange { filter: "11".to_owned(), ..Arrange::default() });
    let filtered = until(&receiver, |l| !l.arrange().filter.is_empty());
    assert_eq!((names(&filtered), filtered.progress()), (vec!["f000011.jpg"], &Progress::Loading));
    fake.gate.add_permits(1);
    let all = until(&receiver, |l| *l.progress() == Progress::Complete);
    assert_eq!((all.len(), all.total()), (1, 15));
}

#[test]
fn a_listing_that_is_left_ends_its_request_and_goes_on_later() {
    let fake = Arc::new(Fake { gate: Semaphore::new(2), ..Fake::of((0..5).map(|i| page(i * 10, 10)).collect()) });
    let lake = fake.lake();
    let (lister, receiver) = start(&lake, Arrange::default());
    until(&receiver, |_| true);
    // The third page is on its way and never comes.
    wait_for(&|| fake.asked.lock().unwrap().len() == 3);
    drop(lister);
    wait_for(&|| fake.dropped.load(Ordering::SeqCst) == 1);
    while receiver.recv().is_ok() {}
    fake.gate.add_permits(100);
    let listing = settled(&lake);
    assert_eq!(listing.len(), 50);
    let asked = fake.asked.lock().unwrap().len();
    assert!((6..=7).contains(&asked), "{asked} pages asked for: the first two must not be asked for again");
    // Complete and fresh: nothing is asked for at all, until it is to be read again.
    assert_eq!(settled(&lake).len(), 50);
    assert_eq!(fake.asked.lock().unwrap().len(), asked);
    lake.forget_listings();
    assert_eq!(settled(&lake).len(), 50);
    assert_eq!(fake.asked.lock().unwrap().len(), asked + 5);
}

#[test]
fn a_forgotten_token_is_replaced_by_the_last_name() {
    let fake = Fake { fails_at: Some((1, Trouble::Forgotten)), ..Fake::of(vec![page(0, 3), page(3, 3)]) };
    let fake = Arc::new(fake);
    let listing = settled(&fake.lake());
    assert_eq!((listing.len(), listing.progress()), (6, &Progress::Complete));
    let asked = fake.asked.lock().unwrap();
    assert_eq!((asked[2].token.as_deref(), asked[2].after.as_str()), (None, "f000002.jpg"));
}

#[test]
fn a_hundred_thousand_entries_are_listed_without_running_ahead() {
    let fake = Arc::new(Fake { gate: Semaphore::new(0), ..Fake::of((0..100).map(|i| page(i * 1000, 1000)).collect()) });
    let lake = fake.lake();
    let (lister, receiver) = start(&lake, Arrange::default());
    fake.gate.add_permits(1000);
    let all = until(&receiver, |l| *l.progress() == Progress::Complete);
    assert_eq!((all.len(), all.row(99_999).unwrap().name), (100_000, "f099999.jpg"));
    assert_eq!(fake.asked.lock().unwrap().len(), 100);
    drop(lister);
    // Without somebody who takes them, pages do not pile up: the lister's thread stands in its first snapshot.
    let held = Arc::new(Semaphore::new(0));
    let slow = Arc::new(Fake::of((0..100).map(|i| page(i * 1000, 1000)).collect()));
    let (of_publisher, (told, first)) = (Arc::clone(&held), channel());
    let wait = move |_| {
        let _ = told.send(());
        drop(futures::executor::block_on(of_publisher.acquire()));
    };
    let lister = slow.lake().list(&place(), Arrange::default(), Box::new(wait));
    first.recv().unwrap();
    // One page is taken, two wait, one waits for room, and no more are asked for.
    wait_for(&|| slow.asked.lock().unwrap().len() == 4);
    (0..10_000).for_each(|_| std::thread::yield_now());
    assert_eq!(slow.asked.lock().unwrap().len(), 4);
    drop(lister);
    held.close();
}

fn file(lake: &Lake, stamp: &str, stop: &Stop) -> Box<RemoteFile> {
    match lake.find(&place(), stamp, stop).unwrap() {
        Found::There(file) => file,
        Found::Here(path) => panic!("{}", path.display()),
    }
}

fn trouble(result: Result<usize, LakeError>) -> Trouble {
    match result {
        Err(LakeError::Remote(error)) => error.trouble,
        other => panic!("{other:?}"),
    }
}

fn read_all(file: &RemoteFile) -> Vec<u8> {
    let mut out = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
    let mut at = 0;
    while at < out.len() {
        let count = file.read_at(at as u64, &mut out[at..]).unwrap();
        assert!(count > 0, "nothing at {at}");
        at += count;
    }
    out
}

#[test]
fn answers_that_are_cut_are_asked_for_again_and_bytes_only_once() {
    let content: Vec<u8> = (0..5 * BLOCK + 77).map(|i| ((i * 7) >> 4) as u8).collect();
    let cut = Box::new(|asked: usize| asked.min(BLOCK + BLOCK / 2));
    let fake = Arc::new(Fake { cut, ..Fake::of(Vec::new()) });
    fake.content.lock().unwrap().clone_from(&content);
    let lake = fake.lake();
    let stamp = format!("1-{:x}", content.len());
    assert_eq!(read_all(&file(&lake, &stamp, &Stop::never())), content);
    let asked = fake.read.lock().unwrap().len();
    assert_eq!(read_all(&file(&lake, &stamp, &Stop::never())), content);
    assert_eq!(fake.read.lock().unwrap().len(), asked, "what was fetched is not fetched again");
    // The first request is small: it decides what a picture is.
    let fresh = file(&lake, "", &Stop::never());
    let mut head = vec![0; BLOCK];
    assert_eq!(fresh.read_at(0, &mut head).unwrap(), BLOCK);
    assert_eq!(fake.read.lock().unwrap().last(), Some(&(0..BLOCK as u64)));
    assert_eq!(fresh.read_at(content.len() as u64, &mut head).unwrap(), 0);
}

#[test]
fn a_server_that_gives_nothing_is_given_up() {
    let fake = Arc::new(Fake { cut: Box::new(|_| 0), ..Fake::of(Vec::new()) });
    fake.content.lock().unwrap().resize(BLOCK * 3, 1);
    let error = file(&fake.lake(), "", &Stop::never()).read_at(0, &mut [0; 8]);
    assert_eq!(trouble(error), Trouble::Cut);
    assert_eq!(fake.read.lock().unwrap().len(), 3);
}

#[test]
fn two_contents_are_never_mixed() {
    let fake = Arc::new(Fake::of(Vec::new()));
    fake.content.lock().unwrap().resize(BLOCK * 3, 1);
    let lake = fake.lake();
    let reader = file(&lake, "", &Stop::never());
    assert_eq!(reader.read_at(0, &mut [0; 8]).unwrap(), 8);
    fake.version.store(2, Ordering::SeqCst);
    assert_eq!(trouble(reader.read_at(BLOCK as u64 * 2, &mut [0; 8])), Trouble::Changed);
    // A listing that told another size is told as well.
    let stale = file(&lake, "1-7", &Stop::never());
    assert_eq!(stale.size().unwrap(), 7);
    assert_eq!(trouble(stale.read_at(0, &mut [0; 8])), Trouble::Changed);
}

#[test]
fn a_reader_that_is_no_longer_wanted_stops_its_request() {
    let fake = Arc::new(Fake { gate: Semaphore::new(0), ..Fake::of(Vec::new()) });
    let lake = fake.lake();
    let flag = Arc::new(AtomicBool::new(false));
    let reader = file(&lake, "", &Stop::flag(Arc::clone(&flag)));
    let reading = std::thread::spawn(move || reader.read_at(0, &mut [0; 8]));
    wait_for(&|| fake.read.lock().unwrap().len() == 1);
    flag.store(true, Ordering::Relaxed);
    assert_eq!(trouble(reading.join().unwrap()), Trouble::Cancelled);
    assert_eq!(fake.dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn an_empty_file_has_no_bytes() {
    let fake = Arc::new(Fake::of(Vec::new()));
    let reader = file(&fake.lake(), "", &Stop::never());
    assert_eq!((reader.size().unwrap(), reader.read_at(0, &mut [0; 8]).unwrap()), (0, 0));
}
