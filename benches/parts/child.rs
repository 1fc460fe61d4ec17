//! A program in a process of its own: how long it took, and the most memory it had.

use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Runs a program that succeeds; returns seconds, and the most memory it had at once in KiB, as the system counts it.
pub(super) fn measured(mut command: Command) -> (f64, u64) {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (process, (done, ended)) = (child.id(), channel::<()>());
    let waiting = std::thread::spawn(move || {
        let status = child.wait();
        let took = began.elapsed();
        drop(done);
        (status, took)
    });
    let mut most = 0;
    while matches!(ended.recv_timeout(Duration::from_millis(2)), Err(RecvTimeoutError::Timeout)) {
        most = peak(process).unwrap_or(0).max(most);
    }
    let (status, took) = waiting.join().unwrap();
    let status = status.unwrap();
    assert!(status.success(), "{command:?}: {status}");
    (took.as_secs_f64(), most)
}

/// The most memory that a process has had, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
