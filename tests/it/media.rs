//! Pictures of every kind, and files that only pretend to be pictures.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "skipped tests say so")]

mod cancel;
mod coarse;
mod exr;
mod hostile;
// They compare our own decoder with itself; with libjpeg-turbo other files go other ways.
#[cfg(not(feature = "turbo"))]
mod jpeg;
mod kinds;
mod laws;
mod odd;
mod regions;
mod stored;
mod turned;

use lakelens::media::{DecodeRequest, FileSource, Limits, MediaError, MemorySource, Picture, decode};
use std::path::{Path, PathBuf};

/// The real data, or nothing, with a line that says so.
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("LAKELENS_TEST_DATA").map(PathBuf::from);
    if data.is_none() {
        eprintln!("skipped: LAKELENS_TEST_DATA is not set");
    }
    data
}

fn decode_file(path: &Path, request: &DecodeRequest) -> Result<Picture, MediaError> {
    let source = FileSource::open(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    decode(&source, &name, request, &Limits::default(), &|| false)
}

fn decode_bytes(bytes: &[u8], name: &str, request: &DecodeRequest) -> Result<Picture, MediaError> {
    decode(&MemorySource::new(bytes), name, request, &Limits::default(), &|| false)
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = (y * picture.width + x) as usize * 3;
    picture.rgb[at..at + 3].try_into().unwrap()
}
