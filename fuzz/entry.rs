//! The entry points, as both engines call them, and the laws they check.
//!
//! The last eight bytes of an input say how it is asked for (see [`Ask`]), so that the size, the part, the coarse path,
//! the limits and the moment of a cancel are searched together with the file.

use lakelens::domain::geometry::BoxN;
use lakelens::formats::preview::preview;
use lakelens::media::sniff::{Format, sniff};
use lakelens::media::{DecodeRequest, Limits, MediaError, MemorySource, decode, inspect, thumbnail};
use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{PanicHookInfo, set_hook};
use std::sync::Mutex;

/// Tight, so that a slow input is a finding and not a wait. One input in sixteen gets the program's own limits.
const LIMITS: Limits = Limits { file_bytes: 4 << 20, memory: 64 << 20, pixels: 4 << 20, side: 1 << 16 };
/// Bytes of an input that are not the file.
pub const ASK: usize = 8;

/// How a file is asked for.
struct Ask {
    request: DecodeRequest,
    limits: Limits,
    /// The question whether to stop that is answered with yes.
    cancel_at: u8,
    /// Facts and the embedded thumbnail are asked for too.
    facts: bool,
}

impl Ask {
    fn read([flags, width, height, x, y, w, h, cancel]: [u8; ASK]) -> Self {
        let part = |byte: u8| f64::from(byte) / 128.0 - 0.25;
        let window = match flags & 4 {
            0 => BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 },
            _ => BoxN { x: part(x), y: part(y), w: part(w), h: part(h) },
        };
        Self {
            request: DecodeRequest {
                max_width: u32::from(width) * 4,
                max_height: u32::from(height) * 4,
                window,
                enlarge: flags & 2 != 0,
                coarse: flags & 1 != 0,
            },
            limits: if flags >> 4 == 15 { Limits::default() } else { LIMITS },
            cancel_at: cancel,
            facts: flags & 8 != 0,
        }
    }
}

/// Decodes whatever it is, under a name that lets everything through.
pub fn any(input: &[u8]) {
    let Some((file, ask)) = input.split_last_chunk() else { return };
    check(file, "a.tga", &Ask::read(*ask));
}

/// The same, only for files of one format: the search stays in its decoder. Says whether it was one.
pub fn only(wanted: &[Format], input: &[u8]) -> bool {
    let Some((file, ask)) = input.split_last_chunk() else { return false };
    let known = sniff(&file[..file.len().min(4096)], "a.tga").is_ok_and(|format| wanted.contains(&format));
    if known {
        check(file, "a.tga", &Ask::read(*ask));
    }
    known
}

/// EXIF data and the thumbnail in them, inside the smallest JPEG that has a header.
pub fn exif(input: &[u8]) {
    let Ok(length) = u16::try_from(input.len() + 8) else { return };
    let mut file = b"\xff\xd8\xff\xe1".to_vec();
    file.extend(length.to_be_bytes());
    file.extend_from_slice(b"Exif\0\0");
    file.extend_from_slice(input);
    file.extend_from_slice(b"\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\0\xff\xd9");
    check_facts(&MemorySource::new(file.as_slice()), "a.jpg", &LIMITS);
    let ask = Ask::read([9, 200, 200, 0, 0, 0, 0, 255]);
    check(&file, "a.jpg", &ask);
}

fn check(file: &[u8], name: &str, ask: &Ask) {
    let source = MemorySource::new(file);
    let asked = Cell::new(0_u8);
    let cancel = || {
        asked.set(asked.get().saturating_add(1));
        asked.get() > ask.cancel_at
    };
    match decode(&source, name, &ask.request, &ask.limits, &cancel) {
        Ok(picture) => {
            let (width, height) = (picture.width, picture.height);
            assert_eq!(picture.rgb.len(), width as usize * height as usize * 3, "the pixels have another size");
            assert!(width > 0 && height > 0, "a picture without pixels");
            let within = |side: u32, most: u32| side <= most.max(1);
            assert!(within(width, ask.request.max_width), "{width} pixels across");
            assert!(within(height, ask.request.max_height), "{height} pixels down");
            assert!(picture.full.0 > 0 && picture.full.1 > 0, "{:?}", picture.full);
            assert!(picture.info.width > 0 && picture.info.height > 0, "{:?}", picture.info);
            assert!(printable(picture.info.damaged.as_deref().unwrap_or_default()), "{:?}", picture.info.damaged);
        }
        Err(error) => check_error(&error),
    }
    if ask.facts {
        check_facts(&source, name, &ask.limits);
    }
}

fn check_facts(source: &MemorySource, name: &str, limits: &Limits) {
    match inspect(source, name, limits) {
        Ok(info) => assert!(info.width > 0 && info.height > 0 && info.frames > 0, "{info:?}"),
        Err(error) => check_error(&error),
    }
    match thumbnail(source, name, limits) {
        Ok(Some(small)) => assert_eq!(small.rgb.len(), small.width as usize * small.height as usize * 3),
        Ok(None) => {}
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &MediaError) {
    let text = error.to_string();
    assert!(printable(&text), "a message with control characters: {text:?}");
}

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Previews the bytes under every name that matters.
pub fn text(bytes: &[u8]) {
    for name in ["a", "a.csv", "a.json", "a.jsonl", "a.md"] {
        let _ = preview(bytes, name, bytes.len() as u64);
    }
}

/// Panics of decoders that the program catches and turns into a placeholder: each place is printed once and the search
/// goes on. Set `FUZZ_STRICT` to make each of them a finding. Panics in our own code always are.
pub fn tolerate_caught_panics() {
    let seen: Mutex<HashSet<String>> = Mutex::new(HashSet::new());
    let strict = std::env::var_os("FUZZ_STRICT").is_some();
    set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let foreign = place.contains("/registry/src/") || place.contains("/rustc/");
        if seen.lock().is_ok_and(|mut seen| seen.insert(place.clone())) {
            eprintln!("CAUGHT {place}: {info}");
        }
        if strict || !foreign {
            std::process::abort();
        }
    }));
}
