//! Kills the program at random moments while it labels, and looks whether every edit it had acknowledged is there,
//! exactly once, with everything that belongs to it.
//!
//! The child is this same test binary, started again with a variable that makes [`child`] work instead of return. It
//! prints an edit's id only after the writer reported it as durable. `LAKELENS_KILL_ROUNDS` sets the number of kills.

use super::store::fixture::{Kind, SqliteFile, at, edit, labeled, project_of};
use lakelens::domain::edit::{Change, Outcome};
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::store::records::Mode;
use lakelens::store::writer::{WriteDone, WriteRequest, Writer};
use lakelens::store::{Store, open};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const FILE: &str = "LAKELENS_KILL_FILE";
const SAMPLES: usize = 40;

/// Labels without end, when it is told which file; returns at once in a normal run of the tests.
#[test]
fn child() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let location = format!("sqlite:{}", Path::new(&file).display());
    let mut store = open(&location, Mode::Write, &Default::default()).unwrap();
    let project = store.project_by_name("kill").unwrap().unwrap().id;
    let ids: Vec<SampleId> =
        (1..=SAMPLES).map(|i| store.sample_by_path(project, &format!("img{i}.jpg")).unwrap().unwrap().id).collect();
    let writer =
        Writer::spawn(open(&location, Mode::Write, &Default::default()).unwrap(), Box::new(|done| acknowledge(&done)))
            .unwrap();
    say("ready");
    for round in 0i64.. {
        // A few requests wait at a time, so that some are committed as a group.
        for i in 0..4 {
            writer.submit(request(store.as_mut(), project, &ids, round * 4 + i));
        }
        assert_eq!(writer.flush(Duration::from_secs(60)), 0);
    }
}

fn request(store: &mut dyn Store, project: ProjectId, ids: &[SampleId], n: i64) -> WriteRequest {
    let author = ["ann", "bob"][(n / 5 % 2) as usize];
    let (project, who, when) = (project, author.to_owned(), at(n));
    match n % 11 {
        3 => WriteRequest::Undo { project, author: who, at: when },
        7 => WriteRequest::Redo { project, author: who, at: when },
        k => {
            let some = if k == 5 { 3 } else { 1 };
            let mut picked = (0..some).map(|i| ids[(n * 7 + i) as usize % SAMPLES]);
            let classes: &[i64] = if n % 4 == 0 { &[1, 2] } else { &[3] };
            WriteRequest::Commit(
                picked.by_ref().map(|id| edit(store, id, labeled(classes, author, when), author, n)).collect(),
            )
        }
    }
}

/// Prints what is durable. Runs on the writer's thread.
fn acknowledge(done: &WriteDone) {
    let ids: Vec<String> = match done {
        WriteDone::Committed(outcomes) => {
            let saved = outcomes.iter().filter(|(_, o)| matches!(o, Outcome::Saved { .. }));
            saved.map(|(id, _)| id.to_string()).collect()
        }
        WriteDone::Undone(r) | WriteDone::Redone(r) => r.applied.iter().map(|a| a.edit.id.to_string()).collect(),
        WriteDone::State(_) => Vec::new(),
        other => panic!("{other:?}"),
    };
    ids.iter().for_each(|id| say(&format!("ack {id}")));
}

/// One line on the pipe, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// A child that labels, and its lines as they come.
fn start(file: &Path) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pipe = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    (child, lines)
}

/// Lets a child live for `life` after its first acknowledged edit (or after its start), kills it, and returns what it
/// acknowledged.
fn one_life(file: &Path, life: Duration, from_start: bool) -> Vec<String> {
    let (mut child, lines) = start(file);
    let mut acknowledged = Vec::new();
    let mut end = from_start.then(|| Instant::now() + life);
    loop {
        let left = end.map_or(Duration::from_secs(60), |end| end.saturating_duration_since(Instant::now()));
        match lines.recv_timeout(left) {
            Ok(line) => acknowledged.extend(line.strip_prefix("ack ").map(str::to_owned)),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => panic!("the child ended by itself: {:?}", child.wait()),
        }
        if end.is_none() && !acknowledged.is_empty() {
            end = Some(Instant::now() + life);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it printed before it died is acknowledged too.
    acknowledged.extend(lines.iter().filter_map(|line| line.strip_prefix("ack ").map(str::to_owned)));
    acknowledged
}

/// A number that looks random and is the same in every run.
fn noise(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled() {
    let rounds: u64 = std::env::var("LAKELENS_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let kind = SqliteFile::new();
    project_of(kind.connect().as_mut(), "kill", SAMPLES);
    let mut all: Vec<String> = Vec::new();
    for round in 0..rounds {
        // Mostly while it writes; every eighth while it opens the file and recovers the log.
        let life = Duration::from_micros(noise(round) % 60_000);
        let acknowledged = one_life(&kind.path(), life, round % 8 == 7);
        // The next life must find them, whatever the log holds.
        check_taken(&kind, &acknowledged);
        all.extend(acknowledged);
        if round % 50 == 49 {
            kind.verify();
        }
    }
    assert!(all.len() as u64 > rounds, "only {} edits in {rounds} lives: the test kills too early", all.len());
    println!("{} edits acknowledged in {rounds} lives", all.len());
    check_taken(&kind, &all);
    check_answers(&kind);
    kind.verify();
}

/// Each acknowledged edit is one event.
fn check_taken(kind: &SqliteFile, acknowledged: &[String]) {
    let db = kind.raw();
    let mut find = db.prepare("SELECT count(*) FROM event WHERE edit = ?").unwrap();
    for id in acknowledged {
        let bytes: uuid::Uuid = id.parse().unwrap();
        let n: i64 = find.query_row([bytes.as_bytes()], |r| r.get(0)).unwrap();
        assert_eq!(n, 1, "edit {id} was acknowledged and is there {n} times");
    }
}

/// What stands on each sample is what its last event says.
fn check_answers(kind: &SqliteFile) {
    let mut store = kind.connect();
    let project = store.project_by_name("kill").unwrap().unwrap().id;
    let mut last: HashMap<SampleId, _> = HashMap::new();
    for entry in store.history(project, None, None, usize::MAX).unwrap() {
        if let Change::Answer { sample, after, .. } = entry.edit.change {
            last.entry(sample).or_insert(after);
        }
    }
    assert!(!last.is_empty());
    for (sample, answer) in last {
        assert_eq!(store.sample(sample).unwrap().answer, answer);
    }
}
