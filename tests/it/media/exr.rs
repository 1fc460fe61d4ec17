//! OpenEXR files whose pixels fill another rectangle than the one that is displayed.

use super::hostile::{confine, in_a_child};
use super::{decode_bytes, decode_file};
use exr::prelude::{
    Blocks, Compression, Encoding, Image, Layer, LayerAttributes, LineOrder, SpecificChannels, Vec2, WritableImage,
};
use lakelens::media::DecodeRequest;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

const CHILD: &str = "LAKELENS_TEST_EXR";

/// A file of 20 x 12 pixels, sixteen lines a block, whose data window ends elsewhere.
fn with_data_window(right: i32, bottom: i32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let channels = SpecificChannels::rgb(|at: Vec2<usize>| (at.x() as f32 / 20.0, at.y() as f32 / 12.0, 0.5_f32));
    let encoding =
        Encoding { compression: Compression::ZIP16, blocks: Blocks::ScanLines, line_order: LineOrder::Increasing };
    let layer = Layer::new((20, 12), LayerAttributes::named("picture"), encoding, channels);
    Image::from_layer(layer).write().to_buffered(Cursor::new(&mut bytes)).unwrap();
    let name = b"dataWindow\0box2i\0\x10\0\0\0";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap() + name.len();
    bytes[at + 8..at + 12].copy_from_slice(&right.to_le_bytes());
    bytes[at + 12..at + 16].copy_from_slice(&bottom.to_le_bytes());
    bytes
}

#[test]
fn what_the_data_window_asks_for_is_within_the_limits() {
    let whole = decode_bytes(&with_data_window(19, 11), "a.exr", &DecodeRequest::fit(100, 100)).unwrap();
    assert_eq!((whole.full, whole.info.damaged.clone()), ((20, 12), None));
    let dir = tempfile::tempdir().unwrap();
    // Too wide, too many pixels, and blocks that are too large although the pixels are not too many.
    for (right, bottom) in [(300_000_000, 11), (900_000_000, 900_000_000), (40_000, 40_000), (999_000, 200)] {
        fs::write(dir.path().join(format!("{right}x{bottom}.exr")), with_data_window(right, bottom)).unwrap();
    }
    let text = in_a_child("media::exr::child", CHILD, dir.path());
    assert!(text.contains("refused 4 files"), "{text}");
}

#[test]
#[ignore = "the child process of the test above"]
fn child() {
    // Started by anybody but its parent, it has nothing to do.
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    confine();
    let mut refused = 0;
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let error = decode_file(&entry, &DecodeRequest::fit(100, 100)).unwrap_err().to_string();
        assert!(error.contains("pixels") || error.contains("MiB"), "{}: {error}", entry.display());
        refused += 1;
    }
    println!("refused {refused} files");
}
