//! Real servers, started by `tests/servers/…`: the built program lists them and reads from them.

use crate::cli::{Home, Ran, ran};
use crate::support::{pictures, pty};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// The address of a server; without it the test says so and ends.
pub(super) fn address(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        println!("skipped: {variable} is not set, so nothing is tested against that server");
    }
    found
}

pub(super) fn s3(server: &str) -> impl ObjectStore {
    lakelens::remote::tls::install();
    let builder = AmazonS3Builder::new().with_endpoint(server).with_allow_http(true).with_region("us-east-1");
    builder.with_bucket_name("lake").with_access_key_id("AKIATEST").with_secret_access_key("s3cret").build().unwrap()
}

pub(super) fn run(home: &Home, server: &str, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    command.env("AWS_ENDPOINT_URL", server).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "s3cret");
    ran(command.output().unwrap())
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_bucket_is_listed_and_what_is_wrong_is_said() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let (store, home) = (s3(&server), Home::new());
    let net = lakelens::remote::net::Net::default();
    let names = ["a/1.jpg", "a/sub/2.jpg", "a/sub/deep/3.jpg", "a/\u{e9} \u{202e}x.txt", "a/marked/x", "b"];
    for name in names {
        net.wait(store.put(&Path::parse(name).unwrap(), "hello".into())).unwrap();
    }
    net.wait(store.put(&Path::parse("a/marked").unwrap(), "".into())).unwrap();
    let ran = run(&home, &server, &["ls", "s3://lake/a", "--json"]);
    let rows: Vec<_> = crate::cli::json_lines(&ran.out);
    let told = |i: usize, key: &str| rows[i][key].clone();
    assert_eq!(rows.len(), 4, "{ran:?}");
    assert_eq!((told(0, "kind"), told(0, "name")), ("folder".into(), "marked".into()));
    assert_eq!((told(2, "uri"), told(2, "size")), ("s3://lake/a/1.jpg".into(), 5.into()));
    let text = run(&home, &server, &["ls", "s3a://lake/a", "--recursive"]);
    assert!(text.out.contains("sub/deep/3.jpg") && text.out.contains("\\u{202e}x"), "{text:?}");
    for (uri, word, code) in [
        ("s3://no-such-bucket", "no such bucket", 1),
        ("s3://lake/none", "it is not there", 1),
        ("gs://lake", "GOOGLE_APPLICATION_CREDENTIALS", 4),
    ] {
        let ran = run(&home, &server, &["ls", uri]);
        assert!(ran.code == code && ran.err.contains(word), "{uri}: {ran:?}");
        assert!(!ran.err.contains("s3cret"), "{ran:?}");
    }
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_picture_in_a_bucket_is_seen_and_read_once() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let (store, home) = (s3(&server), pty::Home::new());
    let net = lakelens::remote::net::Net::default();
    for file in pictures::write(&home.path("pictures"), "flower", 3) {
        let key = format!("seen/{}", file.file_name().unwrap().to_str().unwrap());
        net.wait(store.put(&Path::parse(key).unwrap(), std::fs::read(&file).unwrap().into())).unwrap();
    }
    let open = |args: &[&str]| {
        let launch = home.terminal().kitty().env("AWS_ENDPOINT_URL", &server).env("AWS_REGION", "us-east-1");
        launch.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "s3cret").run(args)
    };
    let mut session = open(&["s3://lake/seen"]);
    session.wait_for("1 / 3");
    session.wait_pictures("the first picture", |seen| seen.iter().any(|p| p.pixels.is_some()));
    session.keys("j").wait_for("2 / 3");
    // The third is fetched ahead; each is on disk once.
    let kept = || std::fs::read_dir(home.path("data/cache/fetched")).map_or(0, Iterator::count);
    while kept() < 3 {
        session.keys("k").wait_for("1 / 3").keys("j").wait_for("2 / 3");
    }
    session.keys("Q");
    assert_eq!((session.exit_code(), kept()), (0, 3));
    session.assert_restored();
    // A picture opens its folder, with the cursor on it.
    let mut session = open(&["s3://lake/seen/flower_02.png"]);
    session.wait_for("2 / 3");
    session.wait_pictures("the second picture", |seen| seen.iter().any(|p| p.pixels.is_some()));
    session.keys("Q");
    assert_eq!((session.exit_code(), kept()), (0, 3));
}

pub(super) fn azure(server: &str) -> impl ObjectStore {
    lakelens::remote::tls::install();
    let builder = MicrosoftAzureBuilder::new().with_account("devstoreaccount1").with_container_name("lake");
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let endpoint = format!("{server}/devstoreaccount1");
    builder.with_endpoint(endpoint).with_allow_http(true).with_access_key(key).build().unwrap()
}

pub(super) fn on_azure(home: &Home, server: &str, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    ran(command.env("AZURITE_BLOB_STORAGE_URL", server).output().unwrap())
}

#[test]
#[ignore = "needs a server like Azure Blob; tests/run starts it"]
fn a_container_is_listed_and_read() {
    let Some(server) = address("LAKELENS_AZURE") else { return };
    let store = azure(&server);
    let (net, home) = (lakelens::remote::net::Net::default(), Home::new());
    let picture = std::fs::read(home.picture("a.png")).unwrap();
    for (name, content) in [("p/a.png", picture.as_slice()), ("p/sub/b.txt", b"hello"), ("p/sub", b"")] {
        net.wait(store.put(&Path::parse(name).unwrap(), content.to_vec().into())).unwrap();
    }
    let run = |args: &[&str]| on_azure(&home, &server, args);
    let uri = "abfss://lake@devstoreaccount1.dfs.core.windows.net/p";
    let rows = crate::cli::json_lines(&run(&["ls", uri, "--json"]).out);
    let told: Vec<_> = rows.iter().map(|r| (r["kind"].as_str().unwrap(), r["name"].as_str().unwrap())).collect();
    assert_eq!(told, [("folder", "sub"), ("file", "a.png")]);
    let info = run(&["info", &format!("{uri}/a.png"), "--json"]);
    assert!(info.code == 0 && info.out.contains("\"width\": 16"), "{info:?}");
    let missing = run(&["ls", "abfss://none@devstoreaccount1.dfs.core.windows.net/p"]);
    assert!(missing.code == 1 && missing.err.contains("no such bucket or container"), "{missing:?}");
    let mut command = home.command(&["ls", uri]);
    command.env("AZURITE_BLOB_STORAGE_URL", &server).env("AZURE_STORAGE_ACCOUNT_KEY", "d3JvbmcgazN5");
    let refused = ran(command.output().unwrap());
    assert!(refused.code == 4 && refused.err.contains("AZURE_STORAGE_ACCOUNT_KEY"), "{refused:?}");
    assert!(!refused.err.contains("d3Jv"), "{refused:?}");
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_project_is_made_from_a_bucket() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let (store, home) = (s3(&server), Home::new());
    let net = lakelens::remote::net::Net::default();
    let picture = std::fs::read(home.picture("a.png")).unwrap();
    for name in ["scan/red/1.png", "scan/red/2.png", "scan/blue/deep/3.png"] {
        net.wait(store.put(&Path::parse(name).unwrap(), picture.clone().into())).unwrap();
    }
    let args = ["project", "create", "p", "--from", "s3://lake/scan", "-r", "--class-from", "folder", "--json"];
    let made = run(&home, &server, &args);
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap_or_else(|_| panic!("{made:?}"));
    assert_eq!(made["samples"], 3, "{made}");
    let dest = home.path("out");
    let exported = ["export", "p", dest.to_str().unwrap(), "--format", "folders", "--images", "copy"];
    assert_eq!(run(&home, &server, &exported).code, 0);
    assert_eq!(std::fs::read(dest.join("deep/3.png")).unwrap(), picture);
    let again = run(&home, &server, &["project", "rescan", "p", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&again.out).unwrap_or_else(|_| panic!("{again:?}"));
    assert_eq!((&again["added"], &again["changed"], &again["missing"]), (&0.into(), &0.into(), &0.into()), "{again}");
}
