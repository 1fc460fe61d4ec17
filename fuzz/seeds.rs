//! Sorts files into the corpora of the targets: `seeds CORPUS FOLDER...` fills `CORPUS/<target>/`.
//!
//! Each picture goes to the target of its format and to `any`, twice: asked for whole, and a part of it coarse. What
//! carries EXIF data goes to `exif` too.

use lakelens::media::sniff::sniff;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// Larger files make the search slow and teach it nothing.
const LARGEST: u64 = 48 << 10;
/// How a file is asked for, as the last bytes of an input say it.
const ASKED: [[u8; 8]; 3] =
    [[8, 50, 50, 0, 0, 0, 0, 255], [7, 25, 25, 64, 64, 80, 80, 255], [0xf2, 80, 80, 0, 0, 0, 0, 255]];

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(corpus) = arguments.next() else { panic!("usage: seeds CORPUS FOLDER...") };
    let mut folders: Vec<PathBuf> = arguments.collect();
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST => {
                    if let Ok(bytes) = std::fs::read(entry.path()) {
                        sort(&corpus, &bytes, &entry.file_name().to_string_lossy());
                        count += 1;
                    }
                }
                _ => {}
            }
        }
    }
    println!("{count} files");
}

fn sort(corpus: &Path, bytes: &[u8], name: &str) {
    let format = sniff(&bytes[..bytes.len().min(4096)], name).or_else(|_| sniff(bytes, "a.tga"));
    for asked in ASKED {
        let input = [bytes, &asked].concat();
        keep(corpus, "any", &input);
        if let Ok(format) = &format {
            keep(corpus, format.name(), &input);
        }
    }
    keep(corpus, "preview", &bytes[..bytes.len().min(4096)]);
    if let Some(at) = bytes.windows(6).position(|w| w == b"Exif\0\0") {
        keep(corpus, "exif", &bytes[at + 6..bytes.len().min(at + (16 << 10))]);
    }
    if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        keep(corpus, "exif", &bytes[..bytes.len().min(16 << 10)]);
    }
}

fn keep(corpus: &Path, target: &str, input: &[u8]) {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let folder = corpus.join(target);
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join(format!("{:016x}", hasher.finish())), input));
    if let Err(error) = written {
        panic!("{}: {error}", folder.display());
    }
}
