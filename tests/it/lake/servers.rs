//! Real servers, started by `tests/servers/…`: the built program lists them and reads from them.

use crate::cli::{Home, Ran, ran};
use object_store::aws::AmazonS3Builder;
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

fn s3(server: &str) -> impl ObjectStore {
    lakelens::remote::tls::install();
    let builder = AmazonS3Builder::new().with_endpoint(server).with_allow_http(true).with_region("us-east-1");
    builder.with_bucket_name("lake").with_access_key_id("AKIATEST").with_secret_access_key("s3cret").build().unwrap()
}

fn run(home: &Home, server: &str, args: &[&str]) -> Ran {
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
