//! Bytes to and from plain data: previews of files that are no pictures, and the annotation formats. Pure; no screen, no network.

pub mod csv;
pub mod dataset;
pub mod folders;
pub mod jsonl;
pub mod preview;
pub mod read;
pub mod write;
