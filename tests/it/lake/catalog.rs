//! Catalogs and volumes of a workspace: our own on loopback, and a real open-source server.

use crate::cli::{Home, Ran, json_lines, ran};
use crate::support::workspace::{FakeWorkspace, Fault, TOKEN};
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::bytes::ByteCache;
use lakelens::lake::dbfs::Dbfs;
use lakelens::lake::listing::{Arrange, EntryKind, Listing, Progress};
use lakelens::lake::object::CloudSettings;
use lakelens::lake::reach::Remotes;
use lakelens::lake::remote::{Stop, Trouble};
use lakelens::lake::unity::{Session, Unity};
use lakelens::lake::{Found, Lake, LakeError};
use lakelens::remote::http::Workspace;
use lakelens::remote::net::Net;
use serde_json::json;
use std::sync::Arc;
use std::sync::mpsc::channel;

fn lake(workspace: &FakeWorkspace) -> Lake {
    lakelens::remote::tls::install();
    let net = Net::default();
    let client = Workspace::new(workspace.with_token(), &net).unwrap();
    let session = Arc::new(Session::new(Box::new(move || Ok(Some(client.clone())))));
    let unity = Unity::new(Arc::clone(&session), CloudSettings::default());
    let ways = vec![Arc::new(Dbfs::new(session)) as _, Arc::new(unity) as _];
    Lake::new(Vec::new(), None).with_remotes(Arc::new(Remotes::new(net, ways, ByteCache::new(1 << 20, None))))
}

fn at(text: &str) -> LakePath {
    LakePath::parse(text, "/").unwrap()
}

fn listed(lake: &Lake, text: &str) -> Listing {
    let (sender, receiver) = channel();
    let _lister = lake.list(&at(text), Arrange::default(), Box::new(move |l| drop(sender.send(l))));
    super::until(&receiver, |l| *l.progress() != Progress::Loading)
}

fn rows(listing: &Listing) -> Vec<(&str, EntryKind)> {
    (0..listing.len()).map(|i| listing.row(i).unwrap()).map(|r| (r.name, r.kind)).collect()
}

#[test]
fn catalogs_schemas_volumes_tables_and_files_are_listed_and_read() {
    let (workspace, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(dir.path().join("sub dir")).unwrap();
    std::fs::write(dir.path().join("sub dir/\u{e9}#1.txt"), b"0123456789").unwrap();
    workspace.world().volume("main.vision.images", dir.path());
    workspace.world().securable("tables", "main.vision.labels", json!({}));
    let lake = lake(&workspace);
    assert_eq!(rows(&listed(&lake, "lake:/")), [("local", EntryKind::Catalog), ("main", EntryKind::Catalog)]);
    assert_eq!(rows(&listed(&lake, "lake:/main")), [("vision", EntryKind::Schema)]);
    let schema = listed(&lake, "lake:/main/vision");
    assert_eq!(rows(&schema), [("images", EntryKind::Volume), ("labels", EntryKind::Table)]);
    assert_eq!(rows(&listed(&lake, "/Volumes/main/vision/images")), [("sub dir", EntryKind::Folder)]);
    let file = at("/Volumes/main/vision/images/sub dir/\u{e9}#1.txt");
    let stat = lake.stat(&file).unwrap();
    assert_eq!((stat.kind, stat.size), (EntryKind::File, Some(10)));
    let Found::There(found) = lake.find(&file, "", &Stop::never()).unwrap() else { panic!("on this machine") };
    let mut buf = [0; 4];
    assert_eq!((found.read_at(7, &mut buf).unwrap(), &buf[..3]), (3, b"789".as_slice()));
    assert_eq!(lake.stat(&at("lake:/main/vision/labels")).unwrap().kind, EntryKind::Table);
    assert_eq!(lake.stat(&at("/Volumes/main/vision/images")).unwrap().kind, EntryKind::Folder);
}

#[test]
fn a_table_is_described_on_the_command_line_and_to_the_screen() {
    let (workspace, dir, home) = (FakeWorkspace::start(), tempfile::tempdir().unwrap(), Home::new());
    workspace.world().volume("main.vision.images", dir.path());
    let columns = json!([
        { "name": "class", "type_text": "string", "position": 1, "nullable": true, "comment": "what \u{1b}[31mit is" },
        { "name": "id", "type_text": "bigint", "position": 0, "nullable": false, "partition_index": 0 },
    ]);
    let more = json!({ "columns": columns, "storage_location": "s3://lake/t", "properties": { "delta.x": "1" } });
    workspace.world().securable("tables", "main.vision.my labels", more);
    let info = lake(&workspace).table(&at("lake:/main/vision/my labels"), &Stop::never()).unwrap();
    assert_eq!((info.table_type.as_deref(), info.partition_columns()), (Some("MANAGED"), vec!["id"]));
    home.write(".databrickscfg", &format!("[DEFAULT]\nhost = {}\ntoken = {TOKEN}\n", workspace.host()));
    let text = home.ok(&["info", "lake:/main/vision/my labels"]);
    for line in ["main.vision.my labels", "format      DELTA", "location    s3://lake/t", "  id     bigint  not null"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    assert!(text.contains("what \\x1b[31mit is") && !text.contains('\u{1b}'), "{text}");
    let json = home.json(&["info", "lake:/main/vision/my labels", "--json"]);
    assert_eq!((&json["columns"][1]["name"], &json["partition_columns"]), (&"class".into(), &json!(["id"])));
    assert_eq!((&json["uri"], &json["owner"]), (&"lake:/main/vision/my labels".into(), &info.owner.into()));
    let none = run(&home, &["info", "lake:/main/vision/none"]);
    assert!(none.code == 1 && none.err.contains("lake:/main/vision/none"), "{none:?}");
    let volume = lake(&workspace).table(&at("/Volumes/main/vision/images"), &Stop::never());
    assert!(matches!(volume, Err(LakeError::Path(why)) if why.contains("is no table")));
}

#[test]
fn what_a_workspace_refuses_is_told() {
    let (workspace, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    workspace.world().volume("main.vision.images", dir.path());
    workspace.world().forbidden.push("/Volumes/main/vision/images/secret".to_owned());
    let lake = lake(&workspace);
    let trouble = |text: &str| match lake.stat(&at(text)) {
        Err(LakeError::Remote(error)) => (error.trouble, error.to_string()),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(trouble("/Volumes/main/vision/images/none").0, Trouble::NotFound);
    assert_eq!(trouble("/Volumes/main/vision/nothing/x").0, Trouble::NotFound);
    assert_eq!(trouble("lake:/nowhere").0, Trouble::NotFound);
    let denied = trouble("/Volumes/main/vision/images/secret");
    assert!(denied.0 == Trouble::Denied && !denied.1.contains(TOKEN), "{denied:?}");
    let missing = listed(&lake, "lake:/nowhere");
    assert!(matches!(missing.progress(), Progress::Failed(why) if why.contains("nowhere")), "{:?}", missing.progress());
    workspace.fault("GET /api/2.1/unity-catalog/catalogs", 1, Fault::Page(200));
    let root = listed(&lake, "lake:/");
    assert!(matches!(root.progress(), Progress::Failed(why) if why.contains("web page")), "{:?}", root.progress());
}

#[test]
fn the_old_file_system_is_listed_and_read_in_pieces() {
    let workspace = FakeWorkspace::start();
    let lake = lake(&workspace);
    let list = r#"{"files":[{"path":"/mnt/a","is_dir":true,"file_size":0},
        {"path":"/mnt/b.txt","is_dir":false,"file_size":"5","modification_time":1700000000000}]}"#;
    workspace.fault("GET /api/2.0/dbfs/list", 1, Fault::Body(list));
    let listing = listed(&lake, "/dbfs/mnt");
    assert_eq!(rows(&listing), [("a", EntryKind::Folder), ("b.txt", EntryKind::File)]);
    assert_eq!(listing.row(1).unwrap().size, Some(5));
    let status = r#"{"path":"/mnt/b.txt","is_dir":false,"file_size":5,"modification_time":1700000000000}"#;
    workspace.fault("GET /api/2.0/dbfs/get-status", 9, Fault::Body(status));
    workspace.fault("GET /api/2.0/dbfs/read", 1, Fault::Body(r#"{"bytes_read":5,"data":"aGVsbG8="}"#));
    let Found::There(file) = lake.find(&at("dbfs:/mnt/b.txt"), "", &Stop::never()).unwrap() else { panic!() };
    let mut buf = [0; 9];
    assert_eq!((file.read_at(0, &mut buf).unwrap(), &buf[..5]), (5, b"hello".as_slice()));
}

fn run(home: &Home, args: &[&str]) -> Ran {
    ran(home.command(args).output().unwrap())
}

#[test]
fn ls_finds_the_workspace_of_the_profile() {
    let (workspace, dir, home) = (FakeWorkspace::start(), tempfile::tempdir().unwrap(), Home::new());
    std::fs::write(dir.path().join("a.jpg"), b"x").unwrap();
    workspace.world().volume("main.vision.images", dir.path());
    home.write(".databrickscfg", &format!("[dev]\nhost = {}\ntoken = {TOKEN}\n", workspace.host()));
    let listed = run(&home, &["--profile", "dev", "ls", "/Volumes/main/vision/images", "--json"]);
    let row = json_lines(&listed.out).pop().unwrap_or_else(|| panic!("{listed:?}"));
    assert_eq!((&row["uri"], &row["size"]), (&"/Volumes/main/vision/images/a.jpg".into(), &1.into()));
    let tree = run(&home, &["--profile", "dev", "ls", "lake:/main", "--recursive"]);
    assert!(tree.out.contains("vision/images/a.jpg"), "{tree:?}");
    let without = run(&home, &["ls", "lake:/"]);
    assert_eq!((without.code, without.out.as_str()), (0, "local/\n"), "{without:?}");
    let unknown = run(&home, &["--profile", "nobody", "ls", "lake:/main"]);
    assert!(unknown.code == 3 && unknown.err.contains("nobody"), "{unknown:?}");
    let none = run(&home, &["ls", "lake:/main"]);
    assert!(none.code == 1 && none.err.contains("--profile"), "{none:?}");
}

#[test]
fn a_project_is_made_from_a_volume_scanned_again_and_exported() {
    let (workspace, dir, home) = (FakeWorkspace::start(), tempfile::tempdir().unwrap(), Home::new());
    for name in ["red/1.png", "red/2.png", "blue/3.png", "blue/.hidden.png"] {
        crate::cli::picture(&dir.path().join(name));
    }
    std::fs::write(dir.path().join("notes.txt"), b"x").unwrap();
    std::fs::write(dir.path().join("red/empty.png"), b"").unwrap();
    workspace.world().volume("main.vision.images", dir.path());
    home.write(".databrickscfg", &format!("[DEFAULT]\nhost = {}\ntoken = {TOKEN}\n", workspace.host()));
    let source = "/Volumes/main/vision/images";
    let made = home.json(&["project", "create", "p", "--from", source, "-r", "--class-from", "folder", "--json"]);
    assert_eq!((&made["samples"], &made["labeled"]), (&3.into(), &3.into()), "{made}");
    let skipped: Vec<_> = made["skipped"].as_array().unwrap().iter().map(|s| s["path"].as_str().unwrap()).collect();
    assert!(skipped.contains(&"notes.txt") && skipped.contains(&"red/empty.png"), "{skipped:?}");
    crate::cli::picture(&dir.path().join("blue/4.png"));
    std::fs::remove_file(dir.path().join("red/1.png")).unwrap();
    // A scan that cannot read a folder must not take its files for missing.
    workspace.fault("GET /api/2.0/fs/directories/Volumes/main/vision/images/blue", 1, Fault::Status(403, None, "{}"));
    let failed = home.run(&["project", "rescan", "p", "--json"]);
    assert_ne!(failed.code, 0, "{failed:?}");
    let again = home.json(&["project", "rescan", "p", "--json"]);
    assert_eq!((&again["added"], &again["missing"]), (&1.into(), &1.into()), "{again}");
    let dest = home.path("out");
    home.ok(&["export", "p", dest.to_str().unwrap(), "--format", "folders", "--images", "copy"]);
    let copied = std::fs::read(dest.join("blue/3.png")).unwrap();
    assert_eq!(copied, std::fs::read(dir.path().join("blue/3.png")).unwrap());
}

/// What an open-source server answers where a workspace has files.
const NO_FILES: Fault = Fault::Status(404, None, r#"{"errorCode":"RESOURCE_NOT_FOUND","message":"no such route"}"#);

#[test]
fn an_open_source_server_is_read_in_its_own_shape() {
    let (workspace, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("a.jpg"), b"12345").unwrap();
    workspace.world().volume("lab.default.pictures", dir.path());
    let lake = lake(&workspace);
    let named = r#"{"schemas":[{"name":"default","updated_at":"1795226587824"},{"name":"old","updated_at":null}]}"#;
    workspace.fault("GET /api/2.1/unity-catalog/schemas", 1, Fault::Body(named));
    let schemas = listed(&lake, "lake:/lab");
    assert_eq!(rows(&schemas), [("default", EntryKind::Schema), ("old", EntryKind::Schema)]);
    assert!(schemas.row(0).unwrap().modified.is_some());
    // An unknown catalog is an empty list there, and no error: it is looked for by its name.
    workspace.fault("GET /api/2.1/unity-catalog/schemas", 1, Fault::Body("{}"));
    let unknown = listed(&lake, "lake:/nothing");
    assert!(matches!(unknown.progress(), Progress::Failed(_)), "{:?}", unknown.progress());
    // It has no files of its own: they are read where they lie, on this machine.
    workspace.fault("HEAD /api/2.0/fs/directories", 1, NO_FILES);
    let volume = listed(&lake, "/Volumes/lab/default/pictures");
    assert_eq!(rows(&volume), [("a.jpg", EntryKind::File)]);
    let Found::Here(file) = lake.find(&at("/Volumes/lab/default/pictures/a.jpg"), "", &Stop::never()).unwrap() else {
        panic!("not on this machine")
    };
    assert_eq!(std::fs::read(file).unwrap(), b"12345");
}

#[test]
fn credentials_that_are_lent_open_the_bucket_of_a_volume() {
    let (workspace, dir) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    workspace.world().volume("lab.default.pictures", dir.path());
    workspace.world().securable("volumes", "lab.default.pictures", json!({ "storage_location": "s3://lake/in/it" }));
    let lake = lake(&workspace);
    let refused = Fault::Status(403, None, r#"{"error_code":"PERMISSION_DENIED","message":"EXTERNAL USE SCHEMA"}"#);
    workspace.fault("HEAD /api/2.0/fs/directories", 2, NO_FILES);
    workspace.fault("POST /api/2.1/unity-catalog/temporary-volume-credentials", 1, refused);
    let denied = listed(&lake, "/Volumes/lab/default/pictures");
    assert!(
        matches!(denied.progress(), Progress::Failed(why) if why.contains("EXTERNAL USE SCHEMA")),
        "{:?}",
        denied.progress()
    );
    let lent = r#"{"aws_temp_credentials":{"access_key_id":"ASIAX","secret_access_key":"lent-s3cret","session_token":"t0ken"},
        "expiration_time":"1000","url":"s3://lake/in/it"}"#;
    workspace.fault("POST /api/2.1/unity-catalog/temporary-volume-credentials", 1, Fault::Body(lent));
    // The store itself is not reached in this test: that the address is asked at all is what matters.
    let asked = lake.find(&at("/Volumes/lab/default/pictures/a.jpg"), "", &Stop::never()).unwrap();
    assert!(matches!(asked, Found::There(_)));
}
