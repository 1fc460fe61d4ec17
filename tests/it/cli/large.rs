//! Files that are larger than what may be held of them at once.

use super::Home;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What an import or an export may take, whatever the file.
const MOST: u64 = 200 << 10;

/// Runs the program and gives the most memory that it had, in KiB.
fn memory(home: &Home, args: &[&str]) -> u64 {
    let mut child = home.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let place = format!("/proc/{}/status", child.id());
    let (done, ended) = channel::<()>();
    let waiting = std::thread::spawn(move || {
        let (mut told, status) = (String::new(), child.stderr.take());
        status.map(|mut e| std::io::Read::read_to_string(&mut e, &mut told));
        let status = child.wait();
        drop(done);
        (status, told)
    });
    let mut most = 0;
    while matches!(ended.recv_timeout(Duration::from_millis(2)), Err(RecvTimeoutError::Timeout)) {
        let status = std::fs::read_to_string(&place).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().trim_end_matches("kB").trim().parse().ok());
        most = peak.unwrap_or(0).max(most);
    }
    let (status, told) = waiting.join().unwrap();
    assert!(status.unwrap().success(), "{args:?}: {told}");
    assert!(most > 0, "nothing was measured");
    most
}

/// Pictures of 1000 x 1000 with one outline of very many corners on each.
fn outlines(home: &Home, name: &str, pictures: usize, corners: usize) -> u64 {
    let path = home.path(name);
    let mut out = BufWriter::new(std::fs::File::create(&path).unwrap());
    let ring: Vec<String> = (0..corners).map(|i| format!("{}.{},{}.5", i % 900, i % 89 + 10, (i * 7) % 900)).collect();
    let ring = ring.join(",");
    write!(out, "{{\"categories\":[{{\"id\":1,\"name\":\"leaf\"}}],\"annotations\":[").unwrap();
    for i in 0..pictures {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}{{\"id\":{i},\"image_id\":{i},\"category_id\":1,\"segmentation\":[[{ring}]]}}").unwrap();
    }
    write!(out, "],\"images\":[").unwrap();
    for i in 0..pictures {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}{{\"id\":{i},\"file_name\":\"{i}.jpg\",\"width\":1000,\"height\":1000}}").unwrap();
    }
    write!(out, "]}}").unwrap();
    out.flush().unwrap();
    std::fs::metadata(path).unwrap().len()
}

#[test]
#[ignore = "takes minutes in a debug build; tests/run starts it"]
fn a_large_file_takes_little_memory() {
    let home = Home::new();
    std::fs::create_dir(home.path("leaves")).unwrap();
    home.ok(&["project", "create", "leaves", "--from", "leaves", "--task", "segmentation"]);
    // As values in memory, the numbers of this file alone would be more than is allowed.
    let bytes = outlines(&home, "leaves.json", 160, 25_000);
    assert!(bytes > 40 << 20, "{bytes}");
    let most = memory(&home, &["import", "leaves", "leaves.json", "--on-missing", "create"]);
    assert!(most < MOST, "import: {most} KiB");
    let most = memory(&home, &["export", "leaves", "out.jsonl"]);
    assert!(most < MOST, "export: {most} KiB");
    let out = std::fs::metadata(home.path("out.jsonl")).unwrap().len();
    assert!(out > bytes / 2, "{out}");
}
