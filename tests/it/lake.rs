//! Listing real folders: hostile names, deep trees, links, folders that go away, and a lister that is told otherwise.

mod catalog;
mod dbfs;
pub(crate) mod delta;
pub(crate) mod exports;
mod fake;
mod lent;
mod profiles;
mod remote;
mod servers;
mod unfinished;
mod unity;
mod uploads;

use lakelens::domain::lake_path::LakePath;
use lakelens::domain::text::{decode_os, encode_os};
use lakelens::lake::listing::{Arrange, EntryKind, Listing, Progress, SortKey};
use lakelens::lake::{Lake, LakeError, Lister, Place};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

fn at(path: &Path) -> LakePath {
    LakePath::Local(encode_os(path.as_os_str()))
}

fn start(path: &Path, arrange: Arrange) -> (Lister, Receiver<Listing>) {
    let (sender, receiver) = channel();
    (Lister::spawn(at(path), arrange, Box::new(move |l| drop(sender.send(l)))), receiver)
}

/// Waits for the first snapshot that fulfils the condition; the time is only there to end a test that hangs.
fn until(receiver: &Receiver<Listing>, mut wanted: impl FnMut(&Listing) -> bool) -> Listing {
    loop {
        let listing = receiver.recv_timeout(Duration::from_secs(60)).expect("no such snapshot came");
        if wanted(&listing) {
            return listing;
        }
    }
}

fn settled(path: &Path, arrange: Arrange) -> Listing {
    let (_lister, receiver) = start(path, arrange);
    until(&receiver, |l| *l.progress() != Progress::Loading)
}

fn names(listing: &Listing) -> Vec<String> {
    (0..listing.len()).map(|i| listing.row(i).unwrap().name.to_owned()).collect()
}

fn fill(dir: &Path, n: usize) {
    (0..n).for_each(|i| drop(fs::File::create(dir.join(format!("img_{i}.jpg"))).unwrap()));
}

#[test]
fn folders_first_natural_order_and_sizes_follow() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("img10.jpg"), b"0123456789").unwrap();
    fs::write(dir.path().join("img9.jpg"), b"012").unwrap();
    fs::write(dir.path().join(".hidden"), b"").unwrap();
    let (lister, receiver) = start(dir.path(), Arrange::default());
    let listing = until(&receiver, |l| l.bytes() == Some(13));
    assert_eq!(names(&listing), ["sub", "img9.jpg", "img10.jpg"]);
    assert_eq!((listing.total(), listing.folders(), listing.files()), (4, 1, 2));
    assert_eq!(listing.row(0).unwrap().kind, EntryKind::Folder);
    assert_eq!(listing.row(2).unwrap().size, Some(10));
    assert!(listing.row(2).unwrap().modified.is_some());
    lister.rearrange(Arrange { sort: SortKey::Size, reverse: true, hidden: true, ..Arrange::default() });
    let listing = until(&receiver, |l| l.arrange().hidden);
    assert_eq!(names(&listing), ["sub", "img10.jpg", "img9.jpg", ".hidden"]);
    assert_eq!(listing.position_of("img9.jpg"), Some(2));
}

#[test]
fn hostile_names_come_back_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let hostile: [&[u8]; 9] = [
        b"new\nline",
        b"\x1b]0;title\x07.jpg",
        b"bad\xff\xfe.jpg",
        "\u{202e}gpj.exe".as_bytes(),
        "\u{f7ff}private".as_bytes(),
        "e\u{301}.jpg".as_bytes(),
        "\u{e9}.jpg".as_bytes(),
        b"-rf",
        b" ",
    ];
    hostile.iter().for_each(|n| fs::write(dir.path().join(OsStr::from_bytes(n)), n).unwrap());
    fs::write(dir.path().join("x".repeat(255)), b"").unwrap();
    let listing = settled(dir.path(), Arrange::default());
    assert_eq!(listing.len(), hostile.len() + 1);
    let lake = Lake::default();
    for name in names(&listing) {
        let path = at(dir.path()).child(&name);
        let raw = decode_os(&name);
        let held = std::io::read_to_string(lake.open_file(&path).unwrap()).map(String::into_bytes);
        let held = held.or_else(|_| fs::read(dir.path().join(&raw))).unwrap();
        assert!(held == raw.as_bytes() || raw.len() == 255, "{raw:?}");
        assert_eq!(listing.position_of(&name).map(|i| listing.row(i).unwrap().name), Some(name.as_str()));
    }
}

#[test]
fn links_are_what_they_lead_to_and_broken_ones_are_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    symlink("real", dir.path().join("to_folder")).unwrap();
    symlink("nowhere", dir.path().join("broken")).unwrap();
    symlink("loop", dir.path().join("loop")).unwrap();
    let listing = settled(dir.path(), Arrange::default());
    assert_eq!(names(&listing), ["real", "to_folder", "broken", "loop"]);
    assert_eq!(listing.folders(), 2);
    let stat = Lake::default().stat(&at(&dir.path().join("loop"))).unwrap();
    assert_eq!(stat.kind, EntryKind::File);
}

#[test]
fn forty_folders_deep() {
    let dir = tempfile::tempdir().unwrap();
    let deep = (0..40).fold(dir.path().to_owned(), |p, i| p.join(format!("a rather long folder name, level {i}")));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.png"), b"x").unwrap();
    assert_eq!(names(&settled(&deep, Arrange::default())), ["x.png"]);
}

#[test]
fn failures_say_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file\n.txt");
    fs::write(&file, b"").unwrap();
    let failure = |path: &Path| match settled(path, Arrange::default()).progress() {
        Progress::Failed(reason) => reason.clone(),
        other => panic!("{other:?}"),
    };
    let reason = failure(&file);
    assert!(reason.contains("a file\\n.txt") && reason.contains("not a folder"), "{reason}");
    let reason = failure(&dir.path().join("gone"));
    assert!(reason.contains("does not exist"), "{reason}");
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        println!("skipped: this user may read every folder");
        return;
    }
    let reason = failure(&closed);
    assert!(reason.contains("permission denied"), "{reason}");
}

#[test]
fn a_folder_that_goes_away_while_it_is_read_is_said_to_be_gone() {
    let dir = tempfile::tempdir().unwrap();
    let doomed = dir.path().join("doomed");
    fs::create_dir(&doomed).unwrap();
    fill(&doomed, 3000);
    let (sender, receiver) = channel();
    let target = doomed.clone();
    let publish = move |listing: Listing| {
        // The lister waits in here with the folder open, so it is gone before the next entries are asked for.
        if *listing.progress() == Progress::Loading && target.exists() {
            fs::remove_dir_all(&target).unwrap();
        }
        drop(sender.send(listing));
    };
    let _lister = Lister::spawn(at(&doomed), Arrange::default(), Box::new(publish));
    let listing = until(&receiver, |l| *l.progress() != Progress::Loading);
    assert!(matches!(listing.progress(), Progress::Failed(r) if r.contains("removed meanwhile")), "{listing:?}");
    assert!(listing.total() > 0, "what was read stays");
}

#[test]
fn a_large_folder_shows_its_first_page_and_grows() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 5000);
    let (_lister, receiver) = start(dir.path(), Arrange::default());
    let first = until(&receiver, |_| true);
    assert!(*first.progress() == Progress::Loading && first.total() < 2000, "{}", first.total());
    let mut totals = vec![first.total()];
    let last = until(&receiver, |l| {
        totals.push(l.total());
        *l.progress() == Progress::Complete
    });
    assert_eq!(last.len(), 5000);
    assert!(totals.is_sorted() && totals.len() < 8, "{totals:?}");
    assert_eq!(names(&last)[..3], ["img_0.jpg", "img_1.jpg", "img_2.jpg"]);
    assert_eq!(last.position_of("img_4321.jpg"), Some(4321));
    assert_eq!(first.total(), totals[0], "an older snapshot stays as it was");
}

#[test]
fn the_filter_works_while_loading() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 5000);
    let (gate_in, gate_out) = channel::<()>();
    let (sender, receiver) = channel();
    let held = std::sync::Mutex::new(Some(gate_out));
    let publish = move |listing| {
        drop(sender.send(listing));
        // Holds the lister after its first snapshot until the filter was asked for.
        if let Some(gate) = held.lock().unwrap().take() {
            gate.recv().unwrap();
        }
    };
    let lister = Lister::spawn(at(dir.path()), Arrange::default(), Box::new(publish));
    until(&receiver, |l| *l.progress() == Progress::Loading);
    lister.rearrange(Arrange { filter: "'img_49 .jpg$".to_owned(), ..Arrange::default() });
    gate_in.send(()).unwrap();
    let partial = until(&receiver, |l| !l.arrange().filter.is_empty());
    assert_eq!(*partial.progress(), Progress::Loading);
    let whole = until(&receiver, |l| *l.progress() == Progress::Complete);
    assert_eq!(whole.len(), 111);
    assert_eq!(whole.total(), 5000);
    lister.rearrange(Arrange::default());
    assert_eq!(until(&receiver, |l| l.arrange().filter.is_empty()).len(), 5000);
}

#[test]
fn a_dropped_lister_ends_its_thread() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 10);
    let (lister, receiver) = start(dir.path(), Arrange::default());
    until(&receiver, |l| *l.progress() == Progress::Complete);
    drop(lister);
    // The sender lives in the thread: the channel closes when the thread has ended.
    while receiver.recv_timeout(Duration::from_secs(60)).is_ok() {}
    assert_eq!(receiver.try_recv().unwrap_err(), std::sync::mpsc::TryRecvError::Disconnected);
}

#[test]
fn the_catalog_of_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 2);
    let folder = encode_os(dir.path().as_os_str());
    let lake = Lake::new(vec![Place { name: "photos".to_owned(), folder }], None);
    let list = |path: &LakePath| {
        let (sender, receiver) = channel();
        let _lister = lake.list(path, Arrange::default(), Box::new(move |l| drop(sender.send(l))));
        until(&receiver, |l| *l.progress() != Progress::Loading)
    };
    let mut path = LakePath::Root;
    for name in ["local", "default", "photos", "img_0.jpg"] {
        let listing = list(&path);
        assert_eq!(listing.row(0).map(|r| r.name), Some(name));
        path = path.child(name);
    }
    assert!(lake.open_file(&path).is_ok());
    let remote = list(&LakePath::Catalog("main".to_owned()));
    assert!(matches!(remote.progress(), Progress::Failed(r) if r.contains("needs a connection")));
}

#[test]
fn only_plain_files_are_opened() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let lake = Lake::default();
    for path in [pipe.as_path(), Path::new("/dev/zero"), dir.path()] {
        assert!(matches!(lake.open_file(&at(path)), Err(LakeError::Local(_))), "{path:?}");
    }
}

#[test]
fn half_typed_paths_are_completed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("Photos/2026")).unwrap();
    fs::write(dir.path().join("photo list.txt"), b"").unwrap();
    fs::write(dir.path().join(".secret"), b"").unwrap();
    let base = encode_os(dir.path().as_os_str());
    let lake = Lake::new(vec![Place { name: "set".to_owned(), folder: base.clone() }], Some(&base));
    let complete = |text: &str| lake.complete(text, &base);
    assert_eq!(complete("ph"), ["photo list.txt"], "the case that was typed comes first");
    assert_eq!(complete("PH"), ["Photos/", "photo list.txt"], "folders first where no case fits");
    assert_eq!(complete("Photos/"), ["Photos/2026/"]);
    assert_eq!(complete(&format!("{base}/Ph")), [format!("{base}/Photos/")]);
    assert_eq!(complete("~/.s"), ["~/.secret"]);
    assert_eq!(complete(""), ["Photos/", "photo list.txt"]);
    assert_eq!(complete("/Volumes/lo"), ["/Volumes/local/"]);
    assert_eq!(complete("/Volumes/local/default/s"), ["/Volumes/local/default/set/"]);
    assert_eq!(complete("/Volumes/local/default/set/Ph"), ["/Volumes/local/default/set/Photos/"]);
    assert!(complete("nothing/here").is_empty());
}
