//! Exports into places behind servers: what is written there is what would be written here, whole or not at all.

use super::servers::{address, azure, on_azure, run, s3};
use crate::cli::{Home, Ran};
use crate::support::workspace::{FakeWorkspace, TOKEN};
use lakelens::remote::net::Net;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Two projects over the same four pictures; the first has boxes on three of them, one of the three verified empty.
pub(super) fn cards() -> Home {
    let home = Home::new();
    for name in ["1.png", "2.png", "sub/3 \u{e9}#%.png", "sub/4.png"] {
        home.picture(&format!("cards/{name}"));
    }
    for project in ["cards", "back"] {
        home.ok(&["project", "create", project, "--from", "cards", "-r", "--task", "detection"]);
    }
    let image = |id: u64, name: &str| json!({ "id": id, "file_name": name, "width": 16, "height": 12 });
    let boxed =
        |id: u64, image: u64, bbox: [f64; 4]| json!({ "id": id, "image_id": image, "category_id": 1, "bbox": bbox });
    let coco = json!({
        "images": [image(1, "1.png"), image(2, "2.png"), image(3, "sub/3 \u{e9}#%.png")],
        "annotations": [boxed(1, 1, [0.5, 0.25, 8.0, 6.125]), boxed(2, 1, [8., 6., 8., 6.]), boxed(3, 3, [1., 1., 2., 2.])],
        "categories": [{ "id": 1, "name": "ace" }],
    });
    home.write("a.json", &coco.to_string());
    home.ok(&["import", "cards", "a.json"]);
    home
}

/// The files below a folder, by relative path.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut out, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                out.insert(name, std::fs::read(&entry).unwrap());
            }
        }
    }
    out
}

/// The objects below a key, by relative path.
fn objects(store: &dyn ObjectStore, below: &str) -> BTreeMap<String, Vec<u8>> {
    use futures::TryStreamExt;
    Net::default().wait(async {
        let found: Vec<_> = store.list(Some(&Key::from(below))).try_collect().await.unwrap();
        let mut out = BTreeMap::new();
        for object in found {
            let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
            let name = object.location.as_ref().strip_prefix(below).unwrap().trim_start_matches('/').to_owned();
            out.insert(name, bytes.to_vec());
        }
        out
    })
}

/// What every place does.
pub(super) fn every_place(
    home: &Home,
    there: &str,
    far: &dyn Fn(&[&str]) -> Ran,
    held: &dyn Fn(&str) -> BTreeMap<String, Vec<u8>>,
) {
    let ok = |args: &[&str]| {
        let ran = far(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    };
    let (set, file) = (format!("{there}/set"), format!("{there}/set.json"));
    let export = |dest: &str, more: &[&str]| {
        far(&[&["export", "cards", dest, "--format", "yolo", "--images", "copy"], more].concat())
    };
    // The same files with the same bytes as on the disk.
    let ran = export(&set, &[]);
    assert!(ran.code == 0 && ran.out.contains("3 pictures, 3 annotations in") && ran.out.contains(&set), "{ran:?}");
    assert!(ran.out.contains(&format!("manifest: {set}/lakelens-export.json")), "{ran:?}");
    assert_eq!(export("here", &[]).code, 0);
    assert_eq!(held("set"), files(&home.path("here")));
    assert!(held("set").keys().any(|name| name.contains("#%")), "{:?}", held("set").keys());
    // What is there is replaced when that is asked for, and then nothing of it is left.
    let again = export(&set, &[]);
    assert!(again.code == 1 && again.err.contains("exists already") && again.err.contains("--force"), "{again:?}");
    assert_eq!(export(&set, &["--force", "--filter", "1.png"]).code, 0);
    assert_eq!(export("less", &["--filter", "1.png"]).code, 0);
    assert_eq!(held("set"), files(&home.path("less")));
    // It comes back.
    ok(&["import", "back", &set]);
    let boxes = home.ok(&["export", "back", "back.json", "--format", "coco"]);
    assert!(boxes.starts_with("1 pictures, 2 annotations"), "{boxes}");
    // One file, and its manifest.
    let coco = ["export", "cards", &file, "--format", "coco"];
    ok(&coco);
    home.ok(&["export", "cards", "set.json", "--format", "coco"]);
    for name in ["set.json", "set.json.manifest.json"] {
        assert_eq!(held("").get(name), Some(&std::fs::read(home.path(name)).unwrap()), "{name}");
    }
    assert_eq!(far(&coco).code, 1);
    ok(&[&coco[..], &["--force"]].concat());
    let wrong = far(&["export", "cards", &set, "--format", "csv"]);
    assert!(wrong.code == 2 && wrong.err.contains("is a folder; name the file"), "{wrong:?}");
    let picture = held("set").into_keys().find(|name| name.ends_with(".png")).unwrap();
    let ran = far(&["export", "cards", &format!("{set}/{picture}"), "--format", "csv", "--force"]);
    assert!(ran.code == 2 && ran.err.contains("is a picture and is not replaced"), "{ran:?}");
    // Somebody else's folder is not replaced, whatever is asked for.
    let foreign = format!("{there}/set/images");
    let ran = export(&foreign, &["--force"]);
    assert!(ran.code == 2 && ran.err.contains("no earlier export"), "{ran:?}");
    assert_eq!(held("set"), files(&home.path("less")));
    let ran = far(&["export", "cards", &format!("{there}/x"), "--format", "folders", "--images", "reference"]);
    assert!(ran.code == 2 && ran.err.contains("--images copy"), "{ran:?}");
    assert_eq!(std::fs::read_dir(home.path("data/cache/scratch")).map_or(0, Iterator::count), 0, "nothing waits here");
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_data_set_is_written_into_a_bucket() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let (home, below) = (cards(), format!("sets/{}", uuid::Uuid::now_v7().simple()));
    let store = s3(&server);
    let held = |inside: &str| objects(&store, format!("{below}/{inside}").trim_end_matches('/'));
    let there = format!("s3://lake/{below}");
    every_place(&home, &there, &|args| run(&home, &server, args), &held);
    for (dest, says) in [("s3://no-such-bucket/x", "no such bucket"), ("s3://lake", "no earlier export")] {
        let ran = run(&home, &server, &["export", "cards", dest, "--format", "yolo", "--force"]);
        assert!(ran.code != 0 && ran.err.contains(says), "{dest}: {ran:?}");
    }
    let ran = run(&home, &server, &["export", "cards", "s3://lake", "--format", "csv"]);
    assert!(ran.code == 2 && ran.err.contains("names no file"), "{ran:?}");
}

#[test]
#[ignore = "needs a server like Azure Blob; tests/run starts it"]
fn a_data_set_is_written_into_a_container() {
    let Some(server) = address("LAKELENS_AZURE") else { return };
    let (home, below) = (cards(), format!("sets/{}", uuid::Uuid::now_v7().simple()));
    let store = azure(&server);
    let held = |inside: &str| objects(&store, format!("{below}/{inside}").trim_end_matches('/'));
    let there = format!("abfss://lake@devstoreaccount1.dfs.core.windows.net/{below}");
    every_place(&home, &there, &|args| on_azure(&home, &server, args), &held);
}

/// A workspace with a volume and DBFS, and a home whose profile leads there.
pub(super) fn workspace() -> (FakeWorkspace, Home) {
    let (fake, home) = (FakeWorkspace::start(), cards());
    std::fs::create_dir_all(home.path("there/v/sets")).unwrap();
    fake.world().volume("main.vision.v", &home.path("there/v"));
    let profile = format!("[prod]\nhost = {}\ntoken = {TOKEN}\n", fake.host());
    home.write(".databrickscfg", &profile);
    (fake, home)
}

pub(super) fn on_prod(home: &Home, args: &[&str]) -> Ran {
    home.run(&[&["--profile", "prod"], args].concat())
}

/// The files below a folder; none where there is no such folder.
pub(super) fn below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    if folder.is_dir() { files(folder) } else { BTreeMap::new() }
}

#[test]
fn a_data_set_is_written_into_a_volume() {
    let (_fake, home) = workspace();
    let held = |inside: &str| below(&home.path("there/v/sets").join(inside));
    every_place(&home, "/Volumes/main/vision/v/sets", &|args| on_prod(&home, args), &held);
    let ran = on_prod(&home, &["export", "cards", "/Volumes/main/vision/none/x", "--format", "yolo"]);
    assert!(ran.code != 0 && ran.err.contains("main.vision.none"), "{ran:?}");
    // What the volume of this machine is called leads to a folder.
    home.write("config.toml", &format!("[lake.local]\nsets = \"{}\"\n", home.path("local").display()));
    std::fs::create_dir(home.path("local")).unwrap();
    let to = ["export", "cards", "/Volumes/local/default/sets/one.json", "--format", "coco"];
    let ran = home.run(&[&["--config", "config.toml"], &to[..]].concat());
    assert!(ran.code == 0 && home.path("local/one.json").is_file(), "{ran:?}");
}

#[test]
fn a_data_set_is_written_into_dbfs() {
    let (fake, home) = workspace();
    fake.world().dbfs = Some(home.path("dbfs"));
    let held = |inside: &str| below(&home.path("dbfs/sets").join(inside));
    every_place(&home, "dbfs:/sets", &|args| on_prod(&home, args), &held);
}
