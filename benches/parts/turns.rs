//! What the program says of its loop.

use std::path::{Path, PathBuf};

/// The longest turn of the loop, and how many were long, from the log.
pub(crate) fn of(home: &Path) -> Option<(String, String)> {
    let mut folders = vec![home.to_owned()];
    let mut log: Option<PathBuf> = None;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("lakelens.log") {
                log = Some(path);
            }
        }
    }
    let text = std::fs::read_to_string(log?).ok()?;
    let line = text.lines().rfind(|l| l.contains("longest_ms="))?;
    let of = |key: &str| line.split_whitespace().find_map(|w| w.strip_prefix(key)).map(str::to_owned);
    Some((of("longest_ms=")?, of("long=")?))
}
