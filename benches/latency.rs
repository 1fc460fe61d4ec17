//! From a key to its answer on the screen, with the store or the lake near, far and hanging, as a small table.
//!
//! The built program in a pseudo-terminal: samples are labelled with one key each, and each time is that from the key
//! until the screen says that one more is done. The store is a SQLite file, a PostgreSQL server, the same server behind
//! a line with 200 ms there and back, and one that answers nothing any more after the samples were read. Then folders
//! are opened at an S3 server and a catalog that never answer, while keys open and close the help. The last columns are
//! the program's own measure of its loop: the longest time in which it could not hear a key, and how many were longer
//! than 16 ms (`--log debug`).
//!
//! `LAKELENS_TEST_POSTGRES` names the server that `tests/servers/postgres start DIR` starts; `LAKELENS_BENCH_ROUNDS` is
//! the number of keys (100).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

#[path = "parts/turns.rs"]
mod turns;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use termlens::{Key, Screen, Terminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lakelens");
const FAR: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing else on the first screen is called so: a key pressed before the list of projects came would open the lake.
const PROJECT: &str = "stopwatch";

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let keys = std::env::var("LAKELENS_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_usize).max(3);
    println!(
        "| from a key to its answer, {keys} keys | p50 ms | p99 ms | longest | longest turn of the loop | over 16 ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    for i in 0..=keys {
        let shade = (i * 37 % 200) as u8;
        let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([shade, x as u8 * 3, y as u8 * 4]));
        picture.save(pictures.join(format!("picture_{i:04}.png"))).unwrap();
    }
    let file = format!("sqlite:{}", folder.path().join("store.db").display());
    labelled("labelling, SQLite file", &file, &pictures, keys, None);
    match std::env::var("LAKELENS_TEST_POSTGRES").ok().filter(|s| !s.is_empty()) {
        Some(server) => postgres(&server, &pictures, keys),
        None => println!("| labelling, PostgreSQL | skipped: LAKELENS_TEST_POSTGRES names no server | | | | |"),
    }
    browsed("keys while an S3 server hangs", "s3://lake/pictures", keys);
    browsed("keys while a catalog hangs", "lake:/main/default", keys);
}

/// Pictures that are surely fetched ahead of the one that is shown.
const AHEAD: usize = 20;

fn postgres(server: &str, pictures: &Path, keys: usize) {
    let address = server.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let schema = |n: usize| format!("latency_{}_{n}", std::process::id());
    let at =
        |line: &Line, n| format!("{}?schema={}&sslmode=disable", server.replace(&address, &line.address), schema(n));
    let near = Line::to(&address, Duration::ZERO);
    labelled("labelling, PostgreSQL on this machine", &at(&near, 0), pictures, keys, None);
    let far = Line::to(&address, FAR / 2);
    labelled("labelling, PostgreSQL 200 ms away", &at(&far, 1), pictures, keys, None);
    let hangs = Line::to(&address, Duration::ZERO);
    labelled(
        &format!("labelling, PostgreSQL that hangs after 3 of {AHEAD} keys"),
        &at(&hangs, 2),
        pictures,
        keys,
        Some(&hangs),
    );
    let net = lakelens::remote::net::Net::default();
    net.wait(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for n in 0..3 {
            let drop = format!("SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {} CASCADE", schema(n));
            client.batch_execute(&drop).await.unwrap();
        }
    });
}

/// A home of its own for each run.
fn variables(home: &Path) -> Vec<(String, String)> {
    let home = home.display().to_string();
    let pairs =
        [("HOME", home.as_str()), ("LAKELENS_DATA_DIR", &home), ("LAKELENS_USER", "bench"), ("LANG", "C.UTF-8")];
    let fixed =
        [("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LAKELENS_LOG", "debug")];
    pairs.into_iter().chain(fixed).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn open(home: &Path, variables: &[(String, String)], args: &[&str]) -> Terminal {
    // Without a configuration file there are hints on some screens.
    std::fs::write(home.join("config.toml"), "").unwrap();
    let builder = Terminal::builder().size(96, 24).cell_size(10, 20).timeout(PATIENCE).env_clear();
    let builder = builder.envs(variables.to_vec()).env("LAKELENS_CONFIG", home.join("config.toml"));
    builder.current_dir(home).args(args).spawn(PROGRAM).unwrap()
}

fn labelled(what: &str, store: &str, pictures: &Path, keys: usize, hangs: Option<&Line>) {
    let home = tempfile::tempdir().unwrap();
    let variables = variables(home.path());
    let made = Command::new(PROGRAM)
        .args(["--store", store, "project", "create", PROJECT, "--classes", "one,two", "--from"])
        .arg(pictures)
        .env_clear()
        .envs(variables.clone())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut terminal = open(home.path(), &variables, &["--store", store]);
    let ready = |screen: &Screen, done: usize| {
        let facts = screen.row_text(screen.rows() - 2);
        let seen = facts.contains("exact") || facts.trim_end().ends_with('~');
        screen.contains(&format!("{done} / {} done", keys + 1)) && seen
    };
    terminal.wait_until(|s| s.contains(PROJECT)).unwrap();
    terminal.send(Key::Enter).unwrap();
    terminal.wait_until(|s| ready(s, 0)).unwrap();
    let mut times = Vec::new();
    // Where nothing comes any more, no more can be labelled than what was fetched ahead.
    let presses = if hangs.is_some() { keys.min(AHEAD) } else { keys };
    for done in 1..=presses {
        if done == 4
            && let Some(line) = hangs
        {
            line.hang();
        }
        let pressed = Instant::now();
        // Another key each time: the same one faster than a person presses counts as held down.
        terminal.send(Key::Char(if done % 2 == 0 { '2' } else { '1' })).unwrap();
        terminal.wait_until(|s| s.contains(&format!("{done} / {} done", keys + 1))).unwrap();
        times.push(pressed.elapsed());
        terminal.wait_until(|s| ready(s, done)).unwrap();
    }
    terminal.send(Key::Char('Q')).unwrap();
    terminal.wait_exit().unwrap();
    row(what, times, home.path());
}

fn browsed(what: &str, uri: &str, keys: usize) {
    let home = tempfile::tempdir().unwrap();
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", nowhere.local_addr().unwrap());
    let mut variables = variables(home.path());
    for (name, value) in [("AWS_ENDPOINT_URL", server.as_str()), ("DATABRICKS_HOST", &server)] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "DATABRICKS_TOKEN"] {
        variables.push((name.to_owned(), "none".to_owned()));
    }
    let mut terminal = open(home.path(), &variables, &[uri]);
    // It has connected, and will never be answered.
    let held = nowhere.accept().unwrap();
    let help = "Type a path or URI to go to";
    let mut times = Vec::new();
    for _ in 0..keys {
        let pressed = Instant::now();
        terminal.send(Key::Char('?')).unwrap();
        terminal.wait_until(|s| s.contains(help)).unwrap();
        times.push(pressed.elapsed());
        // A lone escape is waited for a little, in case it begins something longer: not timed.
        terminal.send(Key::Esc).unwrap();
        terminal.wait_until(|s| !s.contains(help)).unwrap();
    }
    terminal.send(Key::Char('Q')).unwrap();
    terminal.wait_exit().unwrap();
    drop(held);
    row(what, times, home.path());
}

fn row(what: &str, mut times: Vec<Duration>, home: &Path) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    let turns = turns::of(home).map_or_else(|| "| |".to_owned(), |(longest, long)| format!("{longest} ms | {long} |"));
    println!("| {what} | {:.1} | {:.1} | {:.1} | {turns}", at(50), at(99), at(100));
}

/// A way to a server that takes its time.
struct Line {
    address: String,
    hangs: Arc<AtomicBool>,
}

impl Line {
    /// Each byte takes so long, each way.
    fn to(server: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (hangs, server) = (Arc::new(AtomicBool::new(false)), server.to_owned());
        let shared = Arc::clone(&hangs);
        let open = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let upstream = TcpStream::connect(&server).unwrap();
                for end in [&client, &upstream] {
                    end.set_nodelay(true).unwrap();
                }
                for (from, to) in [(&client, &upstream), (&upstream, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    carry(from, to, delay, Arc::clone(&shared));
                }
                open.lock().unwrap().push((client, upstream));
            }
        });
        Self { address, hangs }
    }

    /// Nothing arrives from now on.
    fn hang(&self) {
        self.hangs.store(true, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration, hangs: Arc<AtomicBool>) {
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        for (due, bytes) in receiver {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if hangs.load(Ordering::SeqCst) || to.write_all(&bytes).is_err() {
                break;
            }
        }
        if !hangs.load(Ordering::SeqCst) {
            let _ = to.shutdown(std::net::Shutdown::Both);
        }
        // A line that hangs stays open: the other end is told nothing.
        while hangs.load(Ordering::SeqCst) {
            std::thread::park();
        }
    });
}
