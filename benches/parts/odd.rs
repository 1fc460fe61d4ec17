//! Every odd file that was collected, each decoded in a process of its own: the slowest, and the one of most memory.

use lakelens::media::{DecodeRequest, FileSource, Limits, decode as decode_picture};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The bars: milliseconds and MiB.
const BARS: (u32, u32) = (2_000, 512);

/// Prints the table.
pub(crate) fn measure() {
    let Some(data) = std::env::var_os("LAKELENS_TEST_DATA").map(PathBuf::from) else {
        println!("\nodd files: LAKELENS_TEST_DATA is not set");
        return;
    };
    let (mut files, mut folders) = (Vec::new(), vec![data.join("odd")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let figures = |file: &PathBuf| {
        let output = super::ours("--odd").arg(file).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", file.display());
        let numbers = super::number(&output.stdout);
        (numbers[0], numbers[1] / 1024.0, file.file_name().unwrap().to_string_lossy().into_owned())
    };
    let all: Vec<(f64, f64, String)> = files.iter().map(figures).collect();
    let slowest = all.iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let largest = all.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    println!("\n| {} odd files, each alone | worst | file | bar |\n|---|--:|---|--:|", all.len());
    println!("| ms to a picture or a reason | {:.0} | `{}` | {} |", slowest.0, slowest.2, BARS.0);
    println!("| MiB at the peak | {:.0} | `{}` | {} |", largest.1, largest.2, BARS.1);
}

/// Decodes a file as a screen would, and prints the milliseconds and the kilobytes it took. What comes of it is no matter
/// here.
pub(crate) fn decode(file: &Path) {
    let begun = Instant::now();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let decoded = FileSource::open(file).and_then(|source| {
        decode_picture(&source, &name, &DecodeRequest::fit(800, 800), &Limits::default(), &|| false)
    });
    let took = begun.elapsed().as_secs_f64() * 1e3;
    drop(decoded);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{took} {}", most.trim().trim_end_matches("kB").trim());
}
