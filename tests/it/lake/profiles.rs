//! The files that the AWS tools share: the built program signs with what they say, and says what is wrong with them.

use crate::cli::{Home, Ran, json_lines, ran};
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::Lake;
use lakelens::lake::bytes::ByteCache;
use lakelens::lake::listing::{Arrange, Progress};
use lakelens::lake::object::{AwsFile, AwsFiles, CloudSettings, ObjectStores, S3Settings};
use lakelens::lake::reach::Remotes;
use lakelens::remote::net::Net;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

const PAGE: &str = "<?xml version=\"1.0\"?><ListBucketResult><Name>lake</Name><KeyCount>1</KeyCount><IsTruncated>false\
    </IsTruncated><Contents><Key>a.jpg</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"1\"</ETag>\
    <Size>5</Size></Contents></ListBucketResult>";

const ENDED: &str = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";

/// A server that answers every request with one page of a bucket, except for keys that have ended, and hands on the heads
/// of the requests.
fn bucket() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            if sender.send(head.join("\n")).is_err() {
                break;
            }
            let ended = head.iter().any(|line| line.contains("AKIAENDED"));
            let (status, body) = if ended { ("400 Bad Request", ENDED) } else { ("200 OK", PAGE) };
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    });
    (address, heads)
}

fn ls(home: &Home, variables: &[(&str, &str)]) -> Ran {
    let mut command = home.command(&["ls", "s3://lake", "--json"]);
    ran(command.envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn a_bucket_is_listed_with_the_keys_of_a_profile() {
    let ((server, heads), home) = (bucket(), Home::new());
    let keys = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = d3fault\n\
        [work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = w0rk\naws_session_token = t0ken\n";
    home.write(".aws/credentials", keys);
    let region = |name: &str, region: &str| format!("[{name}]\nregion = {region}\nendpoint_url = {server}\n");
    home.write(".aws/config", &(region("default", "eu-north-1") + &region("profile work", "sa-east-1")));
    home.write("elsewhere", "[default]\naws_access_key_id = AKIAELSE\naws_secret_access_key = e1se\n");
    let file = home.path("elsewhere");
    let variables = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "3nv")];
    for (set, signed, token) in [
        (&[][..], "Credential=AKIADEFAULT/", None),
        (&[("AWS_PROFILE", "work")][..], "Credential=AKIAWORK/", Some("t0ken")),
        (&[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())][..], "Credential=AKIAELSE/", None),
        (&variables[..], "Credential=AKIAENV/", None),
        // A token that was left over in the shell does not belong to the keys of the file.
        (&[("AWS_SESSION_TOKEN", "old")][..], "Credential=AKIADEFAULT/", None),
    ] {
        let listed = ls(&home, set);
        assert_eq!(json_lines(&listed.out)[0]["uri"], "s3://lake/a.jpg", "{listed:?}");
        let sent: Vec<String> = heads.try_iter().collect();
        assert!(!sent.is_empty(), "nothing was asked");
        for head in sent {
            let lower = head.to_lowercase();
            let region = if token.is_some() { "/sa-east-1/s3/" } else { "/eu-north-1/s3/" };
            assert!(head.contains(signed) && head.contains(region), "{head}");
            let sent = lower.lines().find_map(|line| line.strip_prefix("x-amz-security-token: "));
            assert_eq!(sent, token, "{head}");
        }
    }
}

#[test]
fn a_profile_that_cannot_be_used_says_why() {
    let home = Home::new();
    home.write(".aws/config", "[profile corp]\nsso_session = corp\nregion = eu-west-1\n");
    home.write(".aws/credentials", "[work]\naws_secret_access_key = w0rk\n");
    for (name, word) in [
        ("corp", "aws configure export-credentials --profile corp --format env"),
        ("crop", "did you mean `corp`?"),
        ("work", "has no aws_access_key_id"),
    ] {
        let ran = ls(&home, &[("AWS_PROFILE", name)]);
        assert!(ran.code == 3 && ran.err.contains(word) && !ran.err.contains("w0rk"), "{name}: {ran:?}");
    }
}

#[test]
fn keys_that_have_ended_are_read_again_from_their_file() {
    lakelens::remote::tls::install();
    let (server, heads) = bucket();
    let renewed = AtomicBool::new(false);
    let read = move || {
        let id = if renewed.swap(true, Ordering::SeqCst) { "AKIANEW" } else { "AKIAENDED" };
        let keys = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = s3cret\n");
        let file = |text: Option<String>| AwsFile { path: "file".to_owned(), bytes: Ok(text.map(String::into_bytes)) };
        AwsFiles { credentials: file(Some(keys)), config: file(None) }
    };
    let s3 = S3Settings { endpoint: server, ..S3Settings::default() };
    let cloud = CloudSettings { aws_files: Some(Arc::new(read)), s3, ..CloudSettings::default() };
    let ways = vec![Arc::new(ObjectStores::new(cloud)) as _];
    let remotes = Remotes::new(Net::default(), ways, ByteCache::new(1 << 20, None));
    let lake = Lake::new(Vec::new(), None).with_remotes(Arc::new(remotes));
    let (sender, receiver) = channel();
    let path = LakePath::parse("s3://lake", "/").unwrap();
    let _lister = lake.list(&path, Arrange::default(), Box::new(move |l| drop(sender.send(l))));
    let listing = super::until(&receiver, |l| *l.progress() != Progress::Loading);
    assert_eq!((listing.progress(), listing.len()), (&Progress::Complete, 1));
    let signed: Vec<bool> = heads.try_iter().map(|head| head.contains("Credential=AKIANEW/")).collect();
    assert_eq!(signed, [false, true]);
}
