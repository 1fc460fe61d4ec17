//! What listing a very large bucket costs, beside a bare loop over its pages, as a small table.
//!
//! `LAKELENS_S3` is the address of a server like S3 with a bucket `lake` (`tests/servers/s3 start DIR` starts one);
//! `LAKELENS_BENCH_OBJECTS` sets the number of objects (100,000), which are made below the key `bench-N/` once. The bare
//! loop asks for the same pages of the same client and keeps nothing. Both sides are measured in turn, three times; the
//! ratio is that of their least times.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program for measuring")]

use futures::StreamExt;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::Lake;
use lakelens::lake::bytes::ByteCache;
use lakelens::lake::listing::{Arrange, Progress};
use lakelens::lake::object::{CloudSettings, ObjectStores, S3Settings};
use lakelens::lake::reach::Remotes;
use lakelens::remote::net::Net;
use object_store::ObjectStoreExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const KEY: (&str, &str) = ("AKIATEST", "s3cret");

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let Ok(server) = std::env::var("LAKELENS_S3") else {
        println!("skipped: LAKELENS_S3 names no server");
        return;
    };
    lakelens::remote::tls::install();
    let count = std::env::var("LAKELENS_BENCH_OBJECTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000_usize);
    let (net, store) = (Net::default(), store(&server));
    let folder = format!("bench-{count}");
    fill(&net, &store, &folder, count);
    println!("| {count} objects | time | of the bare loop |\n|---|---:|---:|");
    let mut best = [Duration::MAX; 3];
    for _ in 0..3 {
        let bare = bare(&net, &store, &folder, count);
        let (first, all) = listed(&server, &folder, count);
        for (least, time) in best.iter_mut().zip([bare, first, all]) {
            *least = (*least).min(time);
        }
    }
    for (what, time) in ["bare loop over pages", "first page shown", "all shown, in natural order"].iter().zip(best) {
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        println!("| {what} | {:.0} ms | {ratio:.2} |", time.as_secs_f64() * 1e3);
    }
    println!("| memory now and at its highest | {} | |", memory());
}

fn store(server: &str) -> AmazonS3 {
    let builder = AmazonS3Builder::new().with_endpoint(server).with_allow_http(true).with_region("us-east-1");
    builder.with_bucket_name("lake").with_access_key_id(KEY.0).with_secret_access_key(KEY.1).build().unwrap()
}

/// Makes what is missing, eight at a time.
fn fill(net: &Net, store: &AmazonS3, folder: &str, count: usize) {
    let last = Path::from(format!("{folder}/IMG_{:07}.jpg", count - 1));
    if net.wait(store.head(&last)).is_ok() {
        return;
    }
    let put = |i: usize| {
        let key = Path::from(format!("{folder}/IMG_{i:07}.jpg"));
        async move { drop(store.put(&key, "x".into()).await.unwrap()) }
    };
    net.wait(futures::stream::iter(0..count).map(put).buffered(8).collect::<()>());
}

fn bare(net: &Net, store: &AmazonS3, folder: &str, count: usize) -> Duration {
    let begun = Instant::now();
    let (mut seen, mut token) = (0, None);
    let prefix = format!("{folder}/");
    loop {
        let options =
            PaginatedListOptions { delimiter: Some("/".into()), page_token: token, ..PaginatedListOptions::default() };
        let page = net.wait(store.list_paginated(Some(&prefix), options)).unwrap();
        seen += page.result.objects.len();
        token = page.page_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, count);
    begun.elapsed()
}

/// The time to the first page, and to the last.
fn listed(server: &str, folder: &str, count: usize) -> (Duration, Duration) {
    let pairs = [("AWS_ACCESS_KEY_ID", KEY.0), ("AWS_SECRET_ACCESS_KEY", KEY.1), ("AWS_REGION", "us-east-1")];
    let variables = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let s3 = S3Settings { endpoint: server.to_owned(), ..S3Settings::default() };
    let settings = CloudSettings { variables: Arc::new(variables), s3, ..CloudSettings::default() };
    let ways = vec![Arc::new(ObjectStores::new(settings)) as _];
    let lake = Lake::new(Vec::new(), None).with_remotes(Arc::new(Remotes::new(
        Net::default(),
        ways,
        ByteCache::new(1 << 20, None),
    )));
    let path = LakePath::parse(&format!("s3://lake/{folder}"), "/").unwrap();
    let (sender, receiver) = channel();
    let begun = Instant::now();
    let _lister = lake.list(&path, Arrange::default(), Box::new(move |l| drop(sender.send((begun.elapsed(), l)))));
    let first = receiver.recv().unwrap().0;
    loop {
        let (at, listing) = receiver.recv().unwrap();
        match listing.progress() {
            Progress::Loading => {}
            Progress::Complete => {
                assert_eq!(listing.len(), count);
                return (first, at);
            }
            Progress::Failed(why) => panic!("{why}"),
        }
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |key: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
    };
    format!("{} MB, {} MB", of("VmRSS:"), of("VmHWM:"))
}
