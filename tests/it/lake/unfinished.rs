//! Exports into places behind servers that are broken off, refused half-way, or meet each other: nothing is left without
//! being told, and nothing of anybody else is removed.

use super::exports::{below, cards, files, on_prod, workspace};
use super::servers::run;
use crate::cli::{Home, Ran};
use crate::support::bucket::FakeBucket;
use crate::support::workspace::{FakeWorkspace, Fault};

const SET: &str = "/Volumes/main/vision/v/sets/set";
const NO: &str = "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"User does not have WRITE VOLUME.\"}";

fn export(home: &Home, more: &[&str]) -> Ran {
    on_prod(home, &[&["export", "cards", SET, "--format", "yolo", "--images", "copy"], more].concat())
}

fn refuse(fake: &FakeWorkspace, method: &str, name: &str, times: usize) {
    fake.fault(&format!("{method} /api/2.0/fs/files{SET}/{name}"), times, Fault::Status(403, None, NO));
}

/// That the folder there holds what the same export writes here.
fn is_whole(home: &Home, more: &[&str]) {
    let here = [&["export", "cards", "here", "--format", "yolo", "--images", "copy", "--force"], more].concat();
    home.ok(&here);
    assert_eq!(below(&home.path("there/v/sets/set")), files(&home.path("here")), "{more:?}");
    let noted = std::fs::read_dir(home.path("data/state/exports")).map_or(0, Iterator::count);
    assert_eq!(noted, 0, "what has ended is noted no more");
}

#[test]
fn what_cannot_be_written_whole_leaves_nothing_behind() {
    let (fake, home) = workspace();
    let refused = |name: &str| refuse(&fake, "PUT", name, 1);
    for name in ["images/train/2.png", "data.yaml", "SHA256SUMS"] {
        refused(name);
        let ran = export(&home, &[]);
        assert!(ran.code != 0 && ran.err.contains(name) && ran.err.contains("WRITE VOLUME"), "{name}: {ran:?}");
        let left = std::fs::read_dir(home.path("there/v/sets")).unwrap().count();
        assert_eq!(left, 0, "{name}: {:?}", below(&home.path("there/v/sets")));
    }
    assert_eq!(export(&home, &[]).code, 0);
    // An earlier one that is half replaced says so, there and here, and the same again finishes it.
    refused("data.yaml");
    let ran = export(&home, &["--force", "--filter", "1.png"]);
    assert!(ran.code != 0 && ran.err.contains("half replaced; export again to finish it"), "{ran:?}");
    let note = String::from_utf8(below(&home.path("there/v/sets/set"))["lakelens-export.json"].clone()).unwrap();
    assert!(note.contains("\"unfinished\": true"), "{note}");
    assert_eq!(export(&home, &["--force", "--filter", "1.png"]).code, 0);
    is_whole(&home, &["--filter", "1.png"]);
}

#[test]
fn what_an_export_that_failed_has_left_is_gone_after_the_next_one() {
    let (fake, home) = workspace();
    assert_eq!(export(&home, &[]).code, 0);
    // Of what only the earlier one had a file cannot be removed.
    refuse(&fake, "DELETE", "labels", 1);
    let ran = export(&home, &["--force", "--filter", "1.png"]);
    assert!(ran.code != 0 && ran.err.contains("half replaced"), "{ran:?}");
    assert_eq!(export(&home, &["--force", "--filter", "1.png"]).code, 0);
    is_whole(&home, &["--filter", "1.png"]);
    // One that writes other files ends half-way, and yet another one follows.
    refuse(&fake, "PUT", "SHA256SUMS", 1);
    let ran = export(&home, &["--force", "--filter", "2.png", "--split", "random", "--parts", "val=1"]);
    assert!(ran.code != 0 && ran.err.contains("half replaced"), "{ran:?}");
    let without = export(&home, &["--filter", "1.png"]);
    assert!(without.code == 1 && without.err.contains("exists already"), "{without:?}");
    assert_eq!(export(&home, &["--force", "--filter", "1.png"]).code, 0);
    is_whole(&home, &["--filter", "1.png"]);
}

#[test]
fn what_could_not_be_taken_back_is_told_and_the_same_export_goes_on() {
    let (fake, home) = workspace();
    refuse(&fake, "PUT", "SHA256SUMS", 1);
    refuse(&fake, "DELETE", "", 1000);
    let ran = export(&home, &[]);
    assert!(ran.code != 0 && ran.err.contains("files of it are left in"), "{ran:?}");
    assert!(ran.err.contains("the same export goes on with them"), "{ran:?}");
    let counted = export(&home, &["--dry-run"]);
    assert_eq!(counted.code, 0, "{counted:?}");
    // Another machine does not know what lies there, and removes nothing.
    std::fs::rename(home.path("data/state/exports"), home.path("noted")).unwrap();
    let before = below(&home.path("there/v/sets/set"));
    let ran = export(&home, &["--force"]);
    assert!(ran.code != 0 && ran.err.contains("unfinished") && ran.err.contains("empty the folder"), "{ran:?}");
    assert_eq!(below(&home.path("there/v/sets/set")), before);
    std::fs::rename(home.path("noted"), home.path("data/state/exports")).unwrap();
    fake.forget_faults();
    let ran = export(&home, &["--filter", "1.png"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    is_whole(&home, &["--filter", "1.png"]);
}

#[test]
fn half_an_answer_is_no_word_that_nothing_is_there() {
    let (fake, home) = workspace();
    let file = "/Volumes/main/vision/v/sets/labels.csv";
    std::fs::write(home.path("there/v/sets/labels.csv"), "somebody's").unwrap();
    for status in [403, 500] {
        fake.fault(&format!("HEAD /api/2.0/fs/files{file}"), 10, Fault::Status(status, None, NO));
        let ran = on_prod(&home, &["export", "cards", file]);
        assert!(ran.code != 0 && !ran.err.contains("exists already"), "{ran:?}");
        fake.forget_faults();
        assert_eq!(below(&home.path("there/v/sets"))["labels.csv"], b"somebody's", "{status}");
    }
}

#[test]
fn a_file_whose_manifest_cannot_be_written_is_taken_back() {
    let (fake, home) = workspace();
    let file = "/Volumes/main/vision/v/sets/labels.csv";
    // The first time it takes the name, the second time it is the real one.
    for after in [0, 1] {
        let begin = format!("PUT /api/2.0/fs/files{file}{}", if after == 0 { ".manifest.json" } else { "" });
        fake.fault(&begin, 1, Fault::Status(403, None, NO));
        let ran = on_prod(&home, &["export", "cards", file]);
        assert!(ran.code != 0 && ran.err.contains("WRITE VOLUME"), "{after}: {ran:?}");
        assert_eq!(below(&home.path("there/v/sets")).len(), 0, "{after}");
        fake.forget_faults();
    }
    assert_eq!(on_prod(&home, &["export", "cards", file]).code, 0);
    assert_eq!(below(&home.path("there/v/sets")).len(), 2);
}

#[test]
fn pictures_of_a_project_are_never_replaced_by_an_export() {
    let (_fake, home) = workspace();
    assert_eq!(export(&home, &[]).code, 0);
    let create = ["project", "create", "mine", "--from", SET, "-r", "--task", "detection"];
    assert_eq!(on_prod(&home, &create).code, 0);
    let before = below(&home.path("there/v/sets/set"));
    for dry in [&[][..], &["--dry-run"]] {
        let ran = export(&home, &[&["--force"], dry].concat());
        assert!(ran.code == 2 && ran.err.contains("holds pictures of the project `mine`"), "{ran:?}");
    }
    assert_eq!(below(&home.path("there/v/sets/set")), before);
    // On this machine: the source itself, a folder above it, and one below it.
    let home = cards();
    let to = |dest: &str, more: &[&str]| home.run(&[&["export", "cards", dest, "--format", "yolo"], more].concat());
    std::fs::create_dir(home.path("out")).unwrap();
    assert_eq!(to("out/set", &["--images", "copy"]).code, 0);
    assert_eq!(to("cards/set", &["--images", "copy"]).code, 0);
    home.ok(&["project", "create", "mine", "--from", "out/set/images", "-r", "--task", "detection"]);
    assert_eq!(to("cards/set", &["--force"]).code, 0, "no project has these pictures yet");
    assert_eq!(to("cards/set", &["--force", "--images", "copy"]).code, 0);
    home.ok(&["project", "rescan", "cards"]);
    std::os::unix::fs::symlink(home.path("out"), home.path("link")).unwrap();
    for (dest, project) in [("out/set", "mine"), ("link/set", "mine"), ("cards/set", "cards")] {
        let before = files(&home.path(dest));
        let ran = to(dest, &["--force"]);
        assert!(ran.code == 2 && ran.err.contains(&format!("pictures of the project `{project}`")), "{dest}: {ran:?}");
        assert_eq!(files(&home.path(dest)), before);
    }
    // And what somebody has put beside an earlier export.
    assert_eq!(to("free", &[]).code, 0);
    home.write("free/runs/best.pt", "weights");
    let ran = to("free", &["--force"]);
    assert!(ran.code == 2 && ran.err.contains("runs/best.pt") && ran.err.contains("did not write"), "{ran:?}");
    assert_eq!(files(&home.path("free"))["runs/best.pt"], b"weights");
    std::fs::remove_dir_all(home.path("free/runs")).unwrap();
    assert_eq!(to("free", &["--force"]).code, 0);
}

#[test]
fn a_bucket_that_is_too_busy_is_asked_again() {
    let home = cards();
    std::fs::create_dir(home.path("bucket")).unwrap();
    let bucket = FakeBucket::start(&home.path("bucket"), &["AKIATEST"]);
    let export = |more: &[&str]| {
        let args = ["export", "cards", "s3://lake/set", "--format", "yolo", "--images", "copy"];
        run(&home, bucket.address(), &[&args[..], more].concat())
    };
    bucket.be_busy(3);
    let ran = export(&[]);
    assert!(ran.code == 0 && bucket.is_busy() == 0, "{ran:?}");
    // Removing is asked for again as well.
    let others = below(&home.path("bucket/set")).len();
    bucket.be_busy(2);
    let ran = export(&["--force", "--filter", "1.png"]);
    assert!(ran.code == 0 && bucket.is_busy() == 0, "{ran:?}");
    assert!(below(&home.path("bucket/set")).len() < others);
}
