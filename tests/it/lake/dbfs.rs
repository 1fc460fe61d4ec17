//! New files in DBFS: blocks, what is begun anew, and what is left when it fails.

use crate::remote::http::wire;
use crate::support::workspace::{FakeWorkspace, Fault};
use bytes::Bytes;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::dbfs::Dbfs;
use lakelens::lake::reach::{Reach, Reached};
use lakelens::lake::remote::{RemoteError, RemoteVolume, Trouble};
use lakelens::lake::unity::Session;
use lakelens::remote::http::Workspace;
use lakelens::remote::net::Net;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MIB: usize = 1 << 20;
const ADD: &str = "POST /api/2.0/dbfs/add-block";
const MOVE: &str = "POST /api/2.0/dbfs/move";

struct Rig {
    fake: FakeWorkspace,
    net: Net,
    volume: Arc<dyn RemoteVolume>,
    dir: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let (fake, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
        fs::create_dir(dir.path().join("root")).unwrap();
        let mut world = fake.world();
        (world.dbfs, world.integers_as_text) = (Some(dir.path().join("root")), true);
        drop(world);
        let wire = wire();
        let net = wire.net().clone();
        let client = Workspace::with(fake.with_token(), wire);
        let session = Arc::new(Session::new(Box::new(move || Ok(Some(client.clone())))));
        let path = LakePath::parse("dbfs:/x", "/").unwrap();
        let Reached::Volume(volume, _) = net.wait(Dbfs::new(session).reach(&path)).unwrap() else { panic!() };
        Self { fake, net, volume, dir }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join("root").join(path)
    }

    fn source(&self, size: usize) -> PathBuf {
        let path = self.dir.path().join("source");
        fs::write(&path, bytes(size)).unwrap();
        path
    }

    fn create(&self, path: &str, bytes: Vec<u8>) -> Result<bool, RemoteError> {
        self.net.wait(self.volume.writer().unwrap().create(path, Bytes::from(bytes)))
    }

    fn upload(&self, path: &str, from: &Path) -> Result<(), RemoteError> {
        self.net.wait(self.volume.writer().unwrap().upload(path, from))
    }

    fn remove(&self, path: &str) -> Result<(), RemoteError> {
        self.net.wait(self.volume.writer().unwrap().remove(path))
    }

    fn asked(&self, what: &str) -> usize {
        self.fake.world().asked(what.split_once(' ').unwrap().1)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let names = fs::read_dir(self.file(folder)).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Bytes of which no two blocks are alike.
fn bytes(size: usize) -> Vec<u8> {
    (0..u32::MAX).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(size).collect()
}

#[test]
fn files_of_every_size_arrive_block_by_block() {
    let rig = Rig::new();
    for (size, blocks) in [(0, 0), (1, 1), (MIB, 1), (MIB + 1, 2), (3 * MIB, 3)] {
        let before = rig.asked(ADD);
        rig.upload("new/folder/file", &rig.source(size)).unwrap();
        assert!(fs::read(rig.file("new/folder/file")).unwrap() == bytes(size), "{size} bytes");
        assert_eq!(rig.asked(ADD) - before, blocks, "{size} bytes");
        assert!(rig.create(&format!("new/folder/{size}"), bytes(size)).unwrap());
        assert!(fs::read(rig.file(&format!("new/folder/{size}"))).unwrap() == bytes(size), "{size} bytes");
    }
    assert_eq!((rig.names("new/folder").len(), rig.asked("POST /api/2.0/dbfs/mkdirs")), (6, 1));
    assert!(!rig.volume.writer().unwrap().decides());
    for name in ["a b%41#?.png", "\u{e9}/\u{6f22}"] {
        rig.upload(name, &rig.source(3)).unwrap();
        assert_eq!(fs::read(rig.file(name)).unwrap(), bytes(3), "{name}");
    }
}

#[test]
fn a_write_that_breaks_is_begun_anew_and_no_block_is_there_twice() {
    for (at, fault) in [
        (ADD, Fault::Lost),
        (ADD, Fault::CutUpload(1000)),
        (ADD, Fault::Status(429, Some("0"), "{}")),
        (ADD, Fault::Status(503, None, "")),
        (ADD, Fault::Status(404, None, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No stream"}"#)),
        ("POST /api/2.0/dbfs/create", Fault::Lost),
        ("POST /api/2.0/dbfs/close", Fault::Lost),
        ("POST /api/2.0/dbfs/delete", Fault::Lost),
        (MOVE, Fault::Lost),
        (MOVE, Fault::CutUpload(0)),
    ] {
        let (rig, told) = (Rig::new(), format!("{at}: {fault:?}"));
        fs::write(rig.file("old"), "before").unwrap();
        rig.fake.fault(at, 1, fault);
        rig.upload("old", &rig.source(2 * MIB + 7)).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(fs::read(rig.file("old")).unwrap() == bytes(2 * MIB + 7), "{told}");
        rig.fake.fault(MOVE, 1, Fault::Lost);
        assert!(rig.create("new", bytes(5)).unwrap(), "{told}");
        assert_eq!(fs::read(rig.file("new")).unwrap(), bytes(5), "{told}");
        assert_eq!(rig.names("").len(), 2, "{told}: {:?}", rig.names(""));
    }
}

#[test]
fn what_fails_leaves_what_was_there_and_nothing_else() {
    let rig = Rig::new();
    fs::write(rig.file("old"), "before").unwrap();
    rig.fake.fault(ADD, 99, Fault::Lost);
    let error = rig.upload("old", &rig.source(MIB)).unwrap_err();
    assert_eq!((error.trouble, rig.asked(ADD)), (Trouble::Cut, 3), "{error}");
    assert_eq!((fs::read(rig.file("old")).unwrap(), rig.names("")), (b"before".to_vec(), vec!["old".to_owned()]));
    // Where the old one is gone already, the new one is kept and named.
    let rig = Rig::new();
    fs::write(rig.file("old"), "before").unwrap();
    rig.fake.fault(MOVE, 99, Fault::Status(500, None, "{}"));
    let error = rig.upload("old", &rig.source(MIB)).unwrap_err().to_string();
    let [part] = rig.names("").try_into().unwrap();
    assert!(error.contains(&format!("dbfs:/{part}")), "{error}");
    assert!(part.starts_with(".old.") && fs::read(rig.file(&part)).unwrap() == bytes(MIB), "{part}");
}

#[test]
fn a_write_that_nobody_waits_for_any_more_leaves_nothing() {
    let rig = Rig::new();
    rig.fake.fault(ADD, 1, Fault::Hang);
    let source = rig.source(MIB);
    rig.net.wait(async {
        let mut write = rig.volume.writer().unwrap().upload("x", &source);
        while rig.asked(ADD) == 0 {
            assert!(futures::poll!(&mut write).is_pending());
            tokio::task::yield_now().await;
        }
        drop(write);
        while rig.asked("POST /api/2.0/dbfs/delete") == 0 || !rig.names("").is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_file_that_is_being_replaced_is_replaced_although_nobody_waits_for_it_any_more() {
    let rig = Rig::new();
    fs::write(rig.file("x"), b"old").unwrap();
    let source = rig.source(MIB);
    for what in ["delete", "move"] {
        let at = format!("POST /api/2.0/dbfs/{what}");
        let before = rig.asked(&at);
        rig.fake.fault(&at, 1, Fault::Slow(std::time::Duration::from_millis(50)));
        rig.net.wait(async {
            let mut write = rig.volume.writer().unwrap().upload("x", &source);
            while rig.asked(&at) == before {
                assert!(futures::poll!(&mut write).is_pending());
                tokio::task::yield_now().await;
            }
            drop(write);
            rig.volume.writer().unwrap().settled().await.unwrap();
        });
        assert_eq!(rig.names(""), ["x"], "{what}");
        assert_eq!(fs::read(rig.file("x")).unwrap(), bytes(MIB), "{what}");
        fs::write(rig.file("x"), b"old").unwrap();
    }
}

#[test]
fn a_file_that_is_there_is_not_made_and_none_that_is_away_is_removed() {
    let rig = Rig::new();
    assert!(rig.create("a/one", b"first".to_vec()).unwrap());
    assert!(!rig.create("a/one", b"second".to_vec()).unwrap());
    assert!(!rig.create("a", b"second".to_vec()).unwrap());
    // One that comes while ours is on its way.
    let late = rig.file("late");
    rig.fake.fault("GET /api/2.0/dbfs/get-status", 1, Fault::Status(404, None, "{}"));
    fs::write(&late, "theirs").unwrap();
    assert!(!rig.create("late", b"ours".to_vec()).unwrap());
    assert_eq!(
        (fs::read(late).unwrap(), fs::read(rig.file("a/one")).unwrap()),
        (b"theirs".to_vec(), b"first".to_vec())
    );
    assert_eq!(rig.names("").len(), 2);
    rig.remove("a/one").unwrap();
    rig.remove("a/one").unwrap();
    assert!(rig.names("a").is_empty());
}

#[test]
fn what_may_not_be_or_cannot_be_is_said_with_what_to_do() {
    let rig = Rig::new();
    let source = rig.source(3);
    fs::create_dir(rig.file("folder")).unwrap();
    let error = rig.upload("folder", &source).unwrap_err().to_string();
    assert!(error.contains("there is a folder of this name"), "{error}");
    rig.fake.world().dbfs = None;
    for error in [
        rig.upload("a/x", &source).unwrap_err(),
        rig.create("x", Vec::new()).unwrap_err(),
        rig.remove("x").unwrap_err(),
    ] {
        assert_eq!(error.trouble, Trouble::Denied, "{error}");
        assert!(error.to_string().contains("/Volumes/CATALOG/SCHEMA/VOLUME"), "{error}");
    }
    let before = rig.fake.world().seen.len();
    for hostile in ["", "../x", "a/../../x", "a//b", "a/"] {
        assert!(rig.upload(hostile, &source).is_err() && rig.create(hostile, Vec::new()).is_err(), "{hostile}");
        assert!(rig.remove(hostile).is_err(), "{hostile}");
    }
    assert_eq!(rig.fake.world().seen.len(), before, "nothing of it was asked");
}
