//! Bytes to and from plain data: previews of files that are no pictures, and the annotation formats. Pure; no screen, no network.

mod crc;
pub mod csv;
pub mod dataset;
pub mod folders;
pub mod jsonl;
pub mod preview;
pub mod read;
pub mod strokes;
pub mod write;

/// What an export into a folder says of itself: which project, which filter, how much. No annotation stands in it.
pub const MANIFEST: &str = "lakelens-export.json";
