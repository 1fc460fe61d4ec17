//! The entry points, as both engines call them.

use lakelens::formats::preview::preview;
use lakelens::media::{DecodeRequest, Limits, MediaError, MemorySource, decode, inspect, thumbnail};

/// Tight, so that a slow input is a finding and not a wait.
const LIMITS: Limits = Limits { file_bytes: 4 << 20, memory: 64 << 20, pixels: 4 << 20, side: 1 << 16 };

/// Decodes, inspects and looks for a thumbnail; panics on what must not happen.
pub fn media(bytes: &[u8]) {
    let source = MemorySource::new(bytes);
    let name = if bytes.len() % 2 == 0 { "a.tga" } else { "a" };
    let picture = decode(&source, name, &DecodeRequest::fit(64, 64), &LIMITS, &|| false);
    if let Ok(picture) = &picture {
        assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
    }
    for error in [picture.err(), inspect(&source, name, &LIMITS).err(), thumbnail(&source, name, &LIMITS).err()] {
        assert!(!matches!(error, Some(MediaError::Decoder { .. })), "a decoder panicked");
    }
}

/// Previews the bytes under every name that matters.
pub fn text(bytes: &[u8]) {
    for name in ["a", "a.csv", "a.json", "a.jsonl", "a.md"] {
        let _ = preview(bytes, name, bytes.len() as u64);
    }
}
