//! Every odd file that was collected, asked for in every way a screen asks: a picture, a damaged picture that says so, or
//! a reason. In a child process that may not take more than a file is allowed.

use super::hostile::{PEAK_KIB, confine, in_a_child, other_ways, peak_kib};
use super::{data, decode_file};
use lakelens::media::{DecodeRequest, MediaError};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const CHILD: &str = "LAKELENS_TEST_ODD";
/// The slowest and the largest that are printed.
const PRINTED: usize = 5;

#[test]
fn every_odd_file_is_a_picture_or_gives_a_reason_within_the_limits() {
    let Some(data) = data() else { return };
    println!("{}", in_a_child("media::odd::child", CHILD, &data.join("odd")));
}

/// What one file took, all ways together, and what became of it.
struct Outcome {
    name: String,
    /// The longest of its ways.
    time: Duration,
    peak_kib: u64,
    /// Shown; shown and called damaged; not shown.
    kind: usize,
    wrong: Option<String>,
}

#[test]
#[ignore = "the child process of the test above"]
fn child() {
    // Started by anybody but its parent, it has nothing to do.
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    confine();
    let mut outcomes: Vec<Outcome> = files(&folder).iter().map(|file| look(&folder, file)).collect();
    assert!(outcomes.len() > 400, "only {} files", outcomes.len());
    let of = |kind: usize| outcomes.iter().filter(|o| o.kind == kind).count();
    println!("{} files: {} shown, {} damaged and shown, {} not shown", outcomes.len(), of(0), of(1), of(2));
    let wrong: Vec<&String> = outcomes.iter().filter_map(|o| o.wrong.as_ref()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    outcomes.sort_by_key(|o| std::cmp::Reverse(o.time));
    outcomes.iter().take(PRINTED).for_each(|o| println!("slow: {:?} {}", o.time, o.name));
    outcomes.sort_by_key(|o| std::cmp::Reverse(o.peak_kib));
    outcomes.iter().take(PRINTED).for_each(|o| println!("large: {} MiB {}", o.peak_kib >> 10, o.name));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn look(folder: &Path, file: &Path) -> Outcome {
    // The kernel starts anew with the peak, where it may.
    drop(fs::write("/proc/self/clear_refs", "5"));
    let name = file.strip_prefix(folder).unwrap().display().to_string();
    let whole = ("fitted", DecodeRequest::fit(800, 600));
    let (mut time, mut kind, mut wrong) = (Duration::ZERO, 0, None);
    for (way, request) in [whole].into_iter().chain(other_ways()) {
        let start = Instant::now();
        let outcome = decode_file(file, &request);
        time = time.max(start.elapsed());
        let reason = match &outcome {
            Ok(picture) => {
                kind = kind.max(usize::from(picture.info.damaged.is_some()));
                let size = picture.rgb.len() == picture.width as usize * picture.height as usize * 3;
                let fits = picture.width <= request.max_width && picture.height <= request.max_height;
                (!size || !fits).then(|| format!("{} x {} pixels", picture.width, picture.height))
            }
            Err(error) => {
                kind = 2;
                refused_badly(error)
            }
        };
        wrong = wrong.or(reason.map(|reason| format!("{name}, {way}: {reason}")));
    }
    let peak_kib = peak_kib();
    if peak_kib > PEAK_KIB {
        wrong = wrong.or(Some(format!("{name}: {peak_kib} KiB")));
    }
    // PngSuite calls by this letter what no decoder may take for whole.
    if kind == 0 && file.parent().is_some_and(|p| p.ends_with("pngsuite")) && file_name(file).starts_with('x') {
        wrong = wrong.or(Some(format!("{name}: corrupt, and not called so")));
    }
    Outcome { name, time, peak_kib, kind, wrong }
}

fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is wrong with a refusal: a decoder that panicked, or words that are none.
fn refused_badly(error: &MediaError) -> Option<String> {
    let text = error.to_string();
    let bad = matches!(error, MediaError::Decoder { .. }) || text.is_empty() || text.chars().any(char::is_control);
    bad.then_some(text)
}
