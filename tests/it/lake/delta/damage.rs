//! Whatever is done to the files of a table, reading it ends, with rows or with an error.

use super::{columns, few, open, story};
use lakelens::domain::version::At;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    Cut(usize),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Swap(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let insides = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..40),
        prop::sample::select(vec![
            &b"null"[..],
            b"{",
            b"}",
            b"[[[[[[[[",
            b"\"",
            b"-1",
            b"1e999",
            b"99999999999999999999",
            b"\n",
            b"{\"add\":{}}\n",
            b"{\"remove\":null}\n",
            b"\\u0000",
            b"\xff\xfe",
            b"../../..",
            b"s3://other/x",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop_oneof![
        any::<usize>().prop_map(Harm::Cut),
        (any::<usize>(), 1..=u8::MAX).prop_map(|(at, by)| Harm::Flip(at, by)),
        (any::<usize>(), insides).prop_map(|(at, what)| Harm::Insert(at, what)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Harm::Swap(a, b)),
    ]
}

fn apply(harm: &Harm, bytes: &mut Vec<u8>) {
    let len = bytes.len();
    match harm {
        Harm::Cut(at) => bytes.truncate(at % (len + 1)),
        Harm::Flip(at, by) if len > 0 => bytes[at % len] ^= by,
        Harm::Insert(at, what) => drop(bytes.splice(at % (len + 1)..at % (len + 1), what.iter().copied())),
        Harm::Swap(a, b) if len > 0 => bytes.swap(a % len, b % len),
        Harm::Flip(..) | Harm::Swap(..) => {}
    }
}

/// Reads everything there is to read; the time is only there to end a test that hangs.
fn read(folder: PathBuf) {
    let (done, ended) = channel();
    let work = std::thread::spawn(move || {
        let (table, stop) = (open(&folder), CancellationToken::new());
        let errors = [
            table.about(&At::Now, &stop).err(),
            table.first_rows(&At::Now, few(50), &stop).err(),
            table.first_rows(&At::Version(1), few(50), &stop).err(),
            table.commits(10, &stop).err(),
            table.diff(&columns(), &At::Version(0), &At::Now, &stop).err(),
        ];
        for error in errors.into_iter().flatten() {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 2000 && !text.contains(['\n', '\u{1b}']), "{text}");
        }
        done.send(()).unwrap();
    });
    match ended.recv_timeout(Duration::from_secs(60)) {
        Ok(()) => work.join().unwrap(),
        Err(_) => match work.is_finished() {
            true => work.join().unwrap(),
            false => panic!("reading does not end"),
        },
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let mut all = inside(&folder.join("_delta_log"));
    all.extend(inside(folder).into_iter().filter(|p| p.is_file()));
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_an_error_and_never_a_panic_or_a_hang(which in any::<usize>(), harms in prop::collection::vec(harm(), 1..4)) {
        let (dir, _written) = story();
        let all = files(dir.path());
        let file = &all[which % all.len()];
        let mut bytes = fs::read(file).unwrap();
        harms.iter().for_each(|harm| apply(harm, &mut bytes));
        fs::write(file, bytes).unwrap();
        read(dir.path().to_owned());
    }
}
