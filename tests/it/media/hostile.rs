//! Files made to hurt: bombs, lies, loops, pipes. Decoded in a child process that may not take more than a file is allowed.

use super::{data, decode_file};
use lakelens::domain::geometry::BoxN;
use lakelens::media::{DecodeRequest, FileSource, Limits, Picture, inspect, thumbnail};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::Deserialize;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const CHILD: &str = "LAKELENS_TEST_HOSTILE";
/// What a file may take, and what the test itself does.
pub(super) const PEAK_KIB: u64 = (512 + 64) << 10;

#[derive(Deserialize)]
struct Expected {
    path_b64: String,
    path: String,
    kind: String,
    decodes: Option<bool>,
    w: Option<u32>,
    h: Option<u32>,
}

#[test]
fn hostile_files_meet_their_expectations_within_the_limits() {
    let Some(data) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("python3").arg(data.join("tools/make_odd.py")).arg(dir.path()).output();
    let Ok(made) = made else {
        eprintln!("skipped: python3 is not here");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = in_a_child("media::hostile::child", CHILD, dir.path());
    assert!(text.contains("checked 187 files"), "{text}");
}

/// Runs an ignored test in a process of its own, with this folder in a variable; gives what it printed.
#[track_caller]
pub(super) fn in_a_child(test: &str, variable: &str, folder: &Path) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(variable, folder)
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success(), "{}:\n{text}", child.status);
    text
}

/// Lets this process have no more than the limits of a file ask for, and ends it if it hangs.
pub(super) fn confine() {
    // Address space is more than memory: stacks, allocator arenas, the program itself.
    let space = Some(1 << 30);
    setrlimit(Resource::As, Rlimit { current: space, maximum: space }).unwrap();
    // A guard against hanging for ever, a hundred times what the work takes.
    let seconds = Some(300);
    setrlimit(Resource::Cpu, Rlimit { current: seconds, maximum: seconds }).unwrap();
}

#[test]
#[ignore = "the child process of the test above"]
fn child() {
    // Started by anybody but its parent, it has nothing to do.
    let Some(dir) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    confine();
    let expected = fs::read_to_string(dir.join("expect.jsonl")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in expected.lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        let raw = base64_simd::STANDARD.decode_to_vec(&expected.path_b64).unwrap();
        let begin = std::time::Instant::now();
        let before = peak_kib();
        if let Some(reason) = check(&dir.join(OsString::from_vec(raw)), &expected) {
            wrong.push(format!("{} ({}): {reason}", expected.path.escape_debug(), expected.kind));
        }
        let peak = peak_kib();
        if begin.elapsed().as_millis() > 300 || peak > before.max(100 << 10) {
            eprintln!("{}: {:?}, {before} -> {peak} KiB", expected.path, begin.elapsed());
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(peak_kib() < PEAK_KIB, "{} KiB at the peak", peak_kib());
    println!("checked {count} files");
}

/// The ways a screen asks for a picture besides the whole of it: at first, and zoomed in.
pub(super) fn other_ways() -> [(&'static str, DecodeRequest); 3] {
    let part = BoxN { x: 0.6, y: 0.55, w: 0.1, h: 0.2 };
    let zoomed = DecodeRequest { window: part, enlarge: true, ..DecodeRequest::fit(400, 300) };
    [
        ("coarse", DecodeRequest { coarse: true, ..DecodeRequest::fit(200, 200) }),
        ("zoomed", zoomed),
        ("zoomed and coarse", DecodeRequest { coarse: true, ..zoomed }),
    ]
}

/// What is wrong with the file asked for in another way than `whole` was.
fn check_ways(path: &Path, whole: Option<&Picture>) -> Option<String> {
    for (way, request) in other_ways() {
        let outcome = decode_file(path, &request);
        let wrong = match (&outcome, whole) {
            (Ok(picture), _) if picture.rgb.len() != picture.width as usize * picture.height as usize * 3 => {
                "the pixels have another size".to_owned()
            }
            (Ok(picture), _) if picture.width > request.max_width || picture.height > request.max_height => {
                format!("{} x {} pixels are more than asked for", picture.width, picture.height)
            }
            (Ok(picture), Some(whole))
                if (picture.info.width, picture.info.height) != (whole.info.width, whole.info.height) =>
            {
                format!("{} x {}", picture.info.width, picture.info.height)
            }
            (Err(error), Some(_)) => error.to_string(),
            (Err(error), None) if error.to_string().chars().any(char::is_control) => "control characters".to_owned(),
            _ => continue,
        };
        return Some(format!("{way}: {wrong}"));
    }
    None
}

/// What is wrong with the outcome.
fn check(path: &Path, expected: &Expected) -> Option<String> {
    let outcome = decode_file(path, &DecodeRequest::fit(100, 100));
    if let Some(wrong) = check_ways(path, outcome.as_ref().ok()) {
        return Some(wrong);
    }
    if let Ok(source) = FileSource::open(path) {
        let facts = inspect(&source, &expected.path, &Limits::default());
        let agreed = outcome.as_ref().map(|p| p.info.width).ok();
        if agreed.is_some() && facts.as_ref().map(|f| f.width).ok() != agreed {
            return Some(format!("inspect says {facts:?}"));
        }
        drop(thumbnail(&source, &expected.path, &Limits::default()));
    }
    match (&outcome, expected.decodes) {
        (Ok(picture), decodes) => {
            let info = &picture.info;
            let size = expected.w.zip(expected.h);
            if size.is_some_and(|size| size != (info.width, info.height)) {
                return Some(format!("{} x {} instead of {size:?}", info.width, info.height));
            }
            if decodes == Some(false) && info.damaged.is_none() {
                return Some("decoded, and not called damaged".to_owned());
            }
            // Of this one only the end marker is cut, which costs no pixel.
            let cut = expected.kind == "truncated" && expected.path != "broken/trunc_07874.png";
            (cut && info.damaged.is_none()).then(|| "cut, and not called damaged".to_owned())
        }
        (Err(error), Some(true)) => Some(error.to_string()),
        (Err(error), _) => {
            let text = error.to_string();
            eprintln!("{}: {text}", expected.path.escape_debug());
            text.chars().any(char::is_control).then(|| format!("a message with control characters: {text:?}"))
        }
    }
}

/// Most memory this process has had.
pub(super) fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
}
