//! New files in volumes of a workspace by its Files API: what arrives, what is sent anew, what is refused.

use crate::remote::http::wire;
use crate::support::workspace::{FakeWorkspace, Fault, PRINCIPAL};
use bytes::Bytes;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::object::CloudSettings;
use lakelens::lake::reach::{Reach, Reached};
use lakelens::lake::remote::{RemoteError, RemoteVolume, Trouble};
use lakelens::lake::unity::{Session, Unity};
use lakelens::remote::http::Workspace;
use lakelens::remote::net::Net;
use lakelens::remote::profile::auth::Credentials;
use lakelens::remote::secret::Secret;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PUT: &str = "PUT /api/2.0/fs/files";
const MKDIR: &str = "PUT /api/2.0/fs/directories";

/// The volume `main.a.v` of a workspace, and the folder behind it.
struct Rig {
    fake: FakeWorkspace,
    net: Net,
    volume: Arc<dyn RemoteVolume>,
    dir: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let (fake, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
        fs::create_dir(dir.path().join("v")).unwrap();
        fake.world().volume("main.a.v", &dir.path().join("v"));
        let wire = wire();
        let net = wire.net().clone();
        let secret = Secret::new(PRINCIPAL.1);
        let ways = vec![Credentials::OauthM2m { client_id: PRINCIPAL.0.to_owned(), client_secret: secret }];
        let client = Workspace::with(fake.connection(ways), wire);
        let session = Arc::new(Session::new(Box::new(move || Ok(Some(client.clone())))));
        let unity = Unity::new(session, CloudSettings::default());
        let path = LakePath::parse("/Volumes/main/a/v", "/").unwrap();
        let Reached::Volume(volume, _) = net.wait(unity.reach(&path)).unwrap() else { panic!("no volume") };
        Self { fake, net, volume, dir }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join("v").join(path)
    }

    /// A file of this machine that no two pieces of are alike.
    fn source(&self, size: usize) -> PathBuf {
        let path = self.dir.path().join("source");
        let mut out = std::io::BufWriter::new(File::create(&path).unwrap());
        let words = (0..u32::MAX).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(size);
        out.write_all(&words.collect::<Vec<u8>>()).unwrap();
        out.into_inner().unwrap();
        path
    }

    fn create(&self, path: &str, bytes: &'static [u8]) -> Result<bool, RemoteError> {
        self.net.wait(self.volume.writer().unwrap().create(path, Bytes::from_static(bytes)))
    }

    fn upload(&self, path: &str, from: &Path) -> Result<(), RemoteError> {
        self.net.wait(self.volume.writer().unwrap().upload(path, from))
    }

    fn remove(&self, path: &str) -> Result<(), RemoteError> {
        self.net.wait(self.volume.writer().unwrap().remove(path))
    }

    fn asked(&self, what: &str) -> usize {
        let (method, path) = what.split_once(' ').unwrap();
        self.fake.world().seen.iter().filter(|s| s.method == method && s.path.starts_with(path)).count()
    }

    fn assert_sent(&self, path: &str, source: &Path) {
        assert!(fs::read(self.file(path)).unwrap() == fs::read(source).unwrap(), "{path} is another file");
    }
}

/// How far this process has read the file: the farthest of those who have it open.
fn read_so_far(inode: u64) -> u64 {
    let fds = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let ours = fds.filter(|fd| fs::metadata(fd).is_ok_and(|meta| meta.ino() == inode));
    let position = |fd: PathBuf| {
        let info = fs::read_to_string(Path::new("/proc/self/fdinfo").join(fd.file_name()?)).ok()?;
        info.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok())
    };
    ours.filter_map(position).max().unwrap_or(0)
}

#[test]
fn a_large_file_arrives_whole_and_is_read_no_faster_than_it_is_sent() {
    let rig = Rig::new();
    let source = rig.source(40 << 20);
    let inode = fs::metadata(&source).unwrap().ino();
    let ahead = Arc::new(AtomicU64::new(0));
    let most = Arc::clone(&ahead);
    rig.fake.world().upload_hook = Some(Arc::new(move |came| {
        most.fetch_max(read_so_far(inode).saturating_sub(came), Ordering::SeqCst);
    }));
    rig.upload("deep/down/large.tar", &source).unwrap();
    rig.assert_sent("deep/down/large.tar", &source);
    let seen = rig.fake.world().seen.pop().unwrap();
    let told = ["content-length", "transfer-encoding"].map(|name| seen.headers.get(name).map(String::as_str));
    assert_eq!(told, [Some("41943040"), None]);
    let ahead = ahead.load(Ordering::SeqCst);
    // What the system holds of a connection, and a few pieces.
    assert!(ahead > 0 && ahead < 20 << 20, "{ahead} bytes were read that had not come yet");
    assert!(!rig.volume.writer().unwrap().decides());
}

#[test]
fn what_breaks_on_the_way_is_sent_anew_and_is_there_once_and_whole() {
    for (fault, times) in [
        (Fault::CutUpload(9 << 20), 2),
        (Fault::CutUpload(0), 2),
        (Fault::Lost, 1),
        (Fault::Status(429, Some("0"), "{}"), 3),
        (Fault::Status(503, None, ""), 3),
        // A token may end while large files are sent with it.
        (Fault::Expired, 1),
    ] {
        for size in [20 << 20, 5] {
            let (rig, told) = (Rig::new(), format!("{fault:?}, {size} bytes"));
            fs::write(rig.file("old"), "what was there before").unwrap();
            let source = rig.source(size);
            rig.fake.fault(PUT, times, fault.clone());
            rig.upload("old", &source).unwrap_or_else(|error| panic!("{told}: {error}"));
            rig.assert_sent("old", &source);
            assert_eq!((rig.asked(PUT), fs::read_dir(rig.file("")).unwrap().count()), (times + 1, 1), "{told}");
        }
    }
}

#[test]
fn being_asked_for_patience_is_no_failure() {
    let rig = Rig::new();
    let source = rig.source(5);
    for (times, fault) in [(3, Fault::Status(429, Some("0"), "{}")), (1, Fault::Lost)] {
        rig.fake.fault(PUT, times, fault);
    }
    rig.upload("new", &source).unwrap();
    rig.assert_sent("new", &source);
    assert_eq!(rig.asked(PUT), 5);
}

#[test]
fn an_upload_that_goes_on_no_more_is_sent_anew() {
    let rig = Rig::new();
    let source = rig.source(20 << 20);
    rig.fake.fault(PUT, 1, Fault::StallUpload(1 << 20));
    rig.upload("stalled", &source).unwrap();
    rig.assert_sent("stalled", &source);
    assert_eq!(rig.asked(PUT), 2);
}

#[test]
fn what_goes_on_breaking_is_given_up_and_leaves_what_was_there() {
    let rig = Rig::new();
    fs::write(rig.file("old"), "before").unwrap();
    rig.fake.fault(PUT, 99, Fault::CutUpload(1 << 20));
    let error = rig.upload("old", &rig.source(20 << 20)).unwrap_err();
    assert_eq!(error.trouble, Trouble::Cut, "{error}");
    assert!(error.to_string().contains("never a part"), "{error}");
    assert_eq!((rig.asked(PUT), fs::read(rig.file("old")).unwrap().as_slice()), (4, b"before".as_slice()));
    // Nobody waits so long.
    let (rig, before) = (Rig::new(), Fault::Status(429, Some("18446744073709551615"), "{}"));
    rig.fake.fault(PUT, 1, before);
    let error = rig.upload("new", &rig.source(5)).unwrap_err();
    assert_eq!((error.trouble, rig.asked(PUT)), (Trouble::Busy, 1), "{error}");
}

#[test]
fn folders_are_made_once_and_again_when_they_are_gone() {
    let rig = Rig::new();
    let source = rig.source(10);
    for n in 0..5 {
        rig.upload(&format!("new/folder/{n}"), &source).unwrap();
        assert!(rig.create(&format!("new/folder/c{n}"), b"c").unwrap());
    }
    rig.upload("top", &source).unwrap();
    assert_eq!(rig.asked(MKDIR), 1);
    fs::remove_dir_all(rig.file("new")).unwrap();
    rig.upload("new/folder/again", &source).unwrap();
    assert!(rig.create("new/folder/c", b"").unwrap());
    assert_eq!((rig.asked(MKDIR), fs::read(rig.file("new/folder/c")).unwrap().len()), (2, 0));
    // A file in the way of a folder is no file that is there already.
    let error = rig.create("top/x", b"").unwrap_err();
    assert!(error.to_string().contains("rename or remove the file"), "{error}");
}

#[test]
fn names_arrive_as_they_are() {
    let rig = Rig::new();
    let source = rig.source(3);
    for name in [
        "a b/c d.png",
        "100%/%41",
        "x#y",
        "what?&overwrite=false",
        "\u{e9}\u{6f22}/\u{1f600}.jpg",
        "+;=,@:$'()*",
        "..a",
    ] {
        rig.upload(name, &source).unwrap();
        rig.assert_sent(name, &source);
        rig.remove(name).unwrap();
        assert!(!rig.file(name).exists(), "{name}");
        assert!(rig.create(name, b"made").unwrap());
        assert_eq!(fs::read(rig.file(name)).unwrap(), b"made", "{name}");
    }
}

#[test]
fn a_file_that_is_there_is_not_made_and_none_that_is_away_is_removed() {
    let rig = Rig::new();
    assert!(rig.create("a/one", b"first").unwrap());
    assert!(!rig.create("a/one", b"second").unwrap());
    assert_eq!(fs::read(rig.file("a/one")).unwrap(), b"first");
    rig.remove("a/one").unwrap();
    rig.remove("a/one").unwrap();
    rig.remove("never/there").unwrap();
    // Whether it was made is not known when the answer is lost: it is said, and not asked for twice.
    rig.fake.fault(PUT, 1, Fault::Lost);
    let before = rig.asked(PUT);
    assert_eq!(rig.create("a/one", b"third").unwrap_err().trouble, Trouble::Cut);
    assert_eq!((rig.asked(PUT) - before, fs::read(rig.file("a/one")).unwrap()), (1, b"third".to_vec()));
}

#[test]
fn what_may_not_be_or_cannot_be_is_said_with_what_to_do() {
    let rig = Rig::new();
    let source = rig.source(20 << 20);
    rig.fake.world().forbidden.push("main.a.v".to_owned());
    for path in ["top.bin", "new/top.bin"] {
        let error = rig.upload(path, &source).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.trouble, Trouble::Denied, "{text}");
        assert!(text.contains("GRANT WRITE VOLUME ON VOLUME main.a.v") && text.contains(path), "{text}");
        assert!(!text.contains(PRINCIPAL.1), "{text}");
    }
    assert_eq!(rig.create("x", b"").unwrap_err().trouble, Trouble::Denied);
    assert_eq!(rig.remove("x").unwrap_err().trouble, Trouble::Denied);
    let before = rig.fake.world().seen.len();
    for hostile in ["", "..", "../other/x", "a/../../x", "a//b", "/a", "a/", "./a"] {
        for error in [
            rig.upload(hostile, &source).unwrap_err(),
            rig.create(hostile, b"").unwrap_err(),
            rig.remove(hostile).unwrap_err(),
        ] {
            assert!(error.to_string().contains("`.` or `..`"), "{hostile}: {error}");
        }
    }
    let huge = rig.dir.path().join("huge");
    File::create(&huge).unwrap().set_len((5 << 30) + 1).unwrap();
    let error = rig.upload("huge", &huge).unwrap_err().to_string();
    assert!(error.contains("5 GiB") && error.contains("bucket"), "{error}");
    let error = rig.upload("none", &rig.dir.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("cannot be read") && error.contains("none"), "{error}");
    assert_eq!(rig.fake.world().seen.len(), before, "nothing of it was asked");
}
