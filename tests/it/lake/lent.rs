//! Tables of a catalog that are read with credentials the catalog lends: nobody has keys of the bucket.

use super::delta::story;
use crate::cli::{Home, Ran, json_lines, ran};
use crate::support::bucket::FakeBucket;
use crate::support::workspace::{FakeWorkspace, Fault, TOKEN};
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::version::At;
use lakelens::lake::Lake;
use lakelens::lake::bytes::ByteCache;
use lakelens::lake::delta::DeltaTable;
use lakelens::lake::object::CloudSettings;
use lakelens::lake::reach::{Reach, Reached, Remotes};
use lakelens::lake::remote::{Mark, RemoteVolume, Trouble};
use lakelens::lake::unity::{Session, Unity};
use lakelens::remote::http::Workspace;
use lakelens::remote::net::Net;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const LEND: &str = "POST /api/2.1/unity-catalog/temporary-table-credentials";
const LEND_VOLUME: &str = "POST /api/2.1/unity-catalog/temporary-volume-credentials";
const FIRST: &str = r#"{"aws_temp_credentials":{"access_key_id":"ASIAFIRST","secret_access_key":"lent-s3cret",
    "session_token":"t0ken"},"expiration_time":4102444800000,"url":"s3://lake/t"}"#;
const SECOND: &str = r#"{"aws_temp_credentials":{"access_key_id":"ASIASECOND","secret_access_key":"lent-s3cret",
    "session_token":"t0ken"},"expiration_time":"4102444800000"}"#;
/// What is lent to read a volume, and what is lent to write to it.
const TO_READ: &str = r#"{"aws_temp_credentials":{"access_key_id":"ASIAREAD","secret_access_key":"lent-s3cret",
    "session_token":"t0ken"},"expiration_time":4102444800000,"url":"s3://lake/volumes/v"}"#;
const TO_WRITE: &str = r#"{"aws_temp_credentials":{"access_key_id":"ASIAWRITE","secret_access_key":"lent-s3cret",
    "session_token":"t0ken"},"expiration_time":4102444800000,"url":"s3://lake/volumes/v"}"#;
const WRITE_ANEW: &str = r#"{"aws_temp_credentials":{"access_key_id":"ASIAANEW","secret_access_key":"lent-s3cret",
    "session_token":"t0ken"},"expiration_time":4102444800000,"url":"s3://lake/volumes/v"}"#;
const NO_WRITE: &str =
    r#"{"error_code":"PERMISSION_DENIED","message":"User does not have WRITE VOLUME on Volume 'main.vision.v'."}"#;
/// What a server says that has no Files API.
const NO_FILES: Fault = Fault::Status(404, None, r#"{"error_code":"ENDPOINT_NOT_FOUND","message":"No API found"}"#);

/// What a workspace says whose metastore does not let anybody in from outside, and what it says without the privilege.
const OFF: &str =
    r#"{"error_code":"PERMISSION_DENIED","message":"External data access is not enabled on metastore ms."}"#;
const NO_PRIVILEGE: &str =
    r#"{"error_code":"PERMISSION_DENIED","message":"User does not have EXTERNAL USE SCHEMA on Schema 'main.vision'."}"#;

/// The catalog with the table `main.vision.labels`, whose files a bucket serves below `t`.
fn catalog(keys: &[&str]) -> (FakeWorkspace, FakeBucket, tempfile::TempDir) {
    let ((table, _), root) = (story(), tempfile::tempdir().unwrap());
    copy(table.path(), &root.path().join("t"));
    let workspace = FakeWorkspace::start();
    workspace.world().securable("tables", "main.vision.labels", json!({ "storage_location": "s3://lake/t" }));
    (workspace, FakeBucket::start(root.path(), keys), root)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn home(workspace: &FakeWorkspace) -> Home {
    let home = Home::new();
    home.write(".databrickscfg", &format!("[DEFAULT]\nhost = {}\ntoken = {TOKEN}\n", workspace.host()));
    home
}

fn run(home: &Home, bucket: &FakeBucket, args: &[&str], keys: &[(&str, &str)]) -> Ran {
    let mut command = home.command(args);
    command.env("AWS_ENDPOINT_URL", bucket.address()).env("AWS_REGION", "us-east-1");
    ran(command.envs(keys.iter().copied()).output().unwrap())
}

#[test]
fn the_rows_of_a_table_are_read_with_what_the_catalog_lends() {
    let (workspace, bucket, _root) = catalog(&["ASIAFIRST"]);
    let home = home(&workspace);
    workspace.fault(LEND, 9, Fault::Body(FIRST));
    let rows = run(&home, &bucket, &["table", "rows", "main.vision.labels", "--jsonl"], &[]);
    assert_eq!((rows.code, json_lines(&rows.out).len()), (0, 5), "{rows:?}");
    let history = run(&home, &bucket, &["table", "history", "main.vision.labels"], &[]);
    assert!(history.code == 0 && history.out.contains("first import"), "{history:?}");
    // Somebody's own keys, which this bucket does not take, are not used where the catalog lends.
    let own = [("AWS_ACCESS_KEY_ID", "AKIAOWN"), ("AWS_SECRET_ACCESS_KEY", "own-s3cret")];
    let rows = run(&home, &bucket, &["table", "rows", "main.vision.labels", "--jsonl"], &own);
    assert_eq!((rows.code, json_lines(&rows.out).len()), (0, 5), "{rows:?}");
    assert_eq!(workspace.world().asked("/api/2.1/unity-catalog/temporary-table-credentials"), 3);
}

#[test]
fn where_the_catalog_refuses_own_keys_are_tried_and_both_answers_are_told() {
    let (workspace, bucket, _root) = catalog(&["AKIAOWN"]);
    let home = home(&workspace);
    let rows = ["table", "rows", "main.vision.labels", "--jsonl"];
    let with = |key| [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", "own-s3cret")];
    for (said, remedy) in [(OFF, "turn on external data access"), (NO_PRIVILEGE, "GRANT EXTERNAL USE SCHEMA")] {
        workspace.fault(LEND, 2, Fault::Status(403, None, said));
        let own = run(&home, &bucket, &rows, &with("AKIAOWN"));
        assert_eq!((own.code, json_lines(&own.out).len()), (0, 5), "{own:?}");
        let none = run(&home, &bucket, &rows, &with("AKIAWRONG"));
        assert!(none.code != 0 && none.err.contains("s3://lake/t") && none.err.contains("ExpiredToken"), "{none:?}");
        assert!(none.err.contains("lends no credentials") && none.err.contains(remedy), "{none:?}");
        assert!(!none.err.contains("own-s3cret") && !none.err.contains(TOKEN), "{none:?}");
    }
}

/// The catalog, reached from within this process; buckets are asked at this one.
fn unity(workspace: &FakeWorkspace, bucket: &FakeBucket) -> (Net, Unity) {
    lakelens::remote::tls::install();
    let net = Net::default();
    let client = Workspace::new(workspace.with_token(), &net).unwrap();
    let session = Arc::new(Session::new(Box::new(move || Ok(Some(client.clone())))));
    let servers = [("AWS_ENDPOINT_URL", bucket.address()), ("AWS_REGION", "us-east-1")];
    let variables: BTreeMap<String, String> =
        servers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (net, Unity::new(session, CloudSettings { variables: Arc::new(variables), ..CloudSettings::default() }))
}

/// The volume `main.vision.v`, whose files a bucket serves below `volumes/v` to whoever has the first of these.
fn volume(keys: &[&str]) -> (FakeWorkspace, FakeBucket, tempfile::TempDir, Net, Arc<dyn RemoteVolume>) {
    let (workspace, root) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    workspace.world().securable("volumes", "main.vision.v", json!({ "storage_location": "s3://lake/volumes/v" }));
    let bucket = FakeBucket::start(root.path(), keys);
    let (net, unity) = unity(&workspace, &bucket);
    workspace.fault("HEAD /api/2.0/fs/directories", 1, NO_FILES);
    workspace.fault(LEND_VOLUME, 1, Fault::Body(TO_READ));
    let path = LakePath::parse("/Volumes/main/vision/v", "/").unwrap();
    let Reached::Volume(volume, _) = net.wait(unity.reach(&path)).unwrap() else { panic!("no volume") };
    (workspace, bucket, root, net, volume)
}

#[test]
fn a_volume_in_a_bucket_is_written_with_what_is_lent_for_that() {
    let (workspace, bucket, root, net, volume) = volume(&["ASIAREAD", "ASIAWRITE"]);
    let writer = volume.writer().unwrap();
    let asked = || workspace.world().asked("/api/2.1/unity-catalog/temporary-volume-credentials");
    assert!(net.wait(volume.page("", true, &Mark::default())).unwrap().entries.is_empty());
    assert_eq!(asked(), 1, "nothing is asked for that nobody needs");
    workspace.fault(LEND_VOLUME, 1, Fault::Body(TO_WRITE));
    let name = "new/a b%41 \u{e9}.txt";
    assert!(net.wait(writer.create(name, "first".into())).unwrap());
    assert!(!net.wait(writer.create(name, "second".into())).unwrap());
    let source = root.path().join("source");
    std::fs::write(&source, "uploaded").unwrap();
    net.wait(writer.upload("b", &source)).unwrap();
    let file = |name: &str| std::fs::read_to_string(root.path().join("volumes/v").join(name)).unwrap();
    assert_eq!((file(name).as_str(), file("b").as_str(), asked()), ("first", "uploaded", 2));
    // They end, others are lent, and it is written all the same.
    bucket.take(&["ASIAREAD", "ASIAANEW"]);
    workspace.fault(LEND_VOLUME, 1, Fault::Body(WRITE_ANEW));
    net.wait(writer.remove("b")).unwrap();
    net.wait(writer.remove("b")).unwrap();
    assert!(!root.path().join("volumes/v/b").exists() && asked() == 3);
    let listed = net.wait(volume.page("", true, &Mark::default())).unwrap().entries;
    assert_eq!(listed.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), [name]);
    for hostile in ["", "../other/x", "a/../../x", "a//b", "/a"] {
        assert!(net.wait(writer.create(hostile, "x".into())).is_err(), "{hostile}");
        assert!(net.wait(writer.upload(hostile, &source)).is_err(), "{hostile}");
        assert!(net.wait(writer.remove(hostile)).is_err(), "{hostile}");
    }
    assert!(writer.decides());
}

#[test]
fn who_may_only_read_a_volume_is_told_what_is_missing() {
    let (workspace, _bucket, root, net, volume) = volume(&["ASIAREAD"]);
    std::fs::create_dir_all(root.path().join("volumes/v")).unwrap();
    std::fs::write(root.path().join("volumes/v/a"), "there").unwrap();
    workspace.fault(LEND_VOLUME, 9, Fault::Status(403, None, NO_WRITE));
    let error = net.wait(volume.writer().unwrap().create("b", "x".into())).unwrap_err();
    let text = error.to_string();
    assert!(error.trouble == Trouble::Denied && text.contains("cannot write to `/Volumes/main/vision/v`"), "{text}");
    assert!(text.contains("GRANT WRITE VOLUME") && text.contains("EXTERNAL USE SCHEMA"), "{text}");
    assert_eq!(net.wait(volume.read("a", 0..5, None)).unwrap().bytes, b"there");
}

#[test]
fn what_was_lent_is_renewed_when_the_bucket_takes_it_no_longer() {
    let (workspace, bucket, _root) = catalog(&["ASIAFIRST"]);
    let (net, unity) = unity(&workspace, &bucket);
    let remotes = Remotes::new(net.clone(), vec![Arc::new(unity) as _], ByteCache::new(1 << 20, None));
    let lake = Lake::new(Vec::new(), None).with_remotes(Arc::new(remotes));
    workspace.fault(LEND, 1, Fault::Body(FIRST));
    workspace.fault(LEND, 1, Fault::Body(SECOND));
    let (at, stop) = (LakePath::parse("lake:/main/vision/labels", "/").unwrap(), CancellationToken::new());
    let table = DeltaTable::open(&lake, &at, &net, &stop).unwrap();
    assert_eq!(table.about(&At::Now, &stop).unwrap().rows, Some(5));
    // Opened again while they are good, nothing is asked for.
    let again = DeltaTable::open(&lake, &at, &net, &stop).unwrap();
    bucket.take(&["ASIASECOND"]);
    assert_eq!(table.about(&At::Version(1), &stop).unwrap().version, 1);
    assert_eq!(again.about(&At::Version(0), &stop).unwrap().version, 0);
    assert_eq!(workspace.world().asked("/api/2.1/unity-catalog/temporary-table-credentials"), 2);
}
