//! Measuring real files: duplicates, faults, what a second run does, and splits that part no twins.

use super::project::{Bench, answered};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use lakelens::domain::ids::ClassId;
use lakelens::domain::project::ClassFrom;
use lakelens::domain::quality::Fault;
use lakelens::domain::queue::{Filter, Order, Queue};
use lakelens::lake::Lake;
use lakelens::ops::export::{Export, Format, Images, Split};
use lakelens::ops::quality::{Wanted, run};
use lakelens::ops::report::quality::{Groups, QualityReport};
use lakelens::ops::{OpsError, Watch};
use lakelens::store::records::{Direction, From};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Patches of grey that depend on the seed, each with a fine pattern, which makes it sharp.
fn scene(seed: u32, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let patch = (x * 9 / width) + 9 * (y * 8 / height);
        let mut n = (patch + 1).wrapping_mul(seed.wrapping_mul(2_654_435_761) | 1);
        n ^= n >> 15;
        n = n.wrapping_mul(0x2c1b_3c6d);
        n ^= n >> 12;
        let grey = 60 + n % 120 + if (x / 8 + y / 8) % 2 == 0 { 0 } else { 30 };
        Rgb([u8::try_from(grey).unwrap(); 3])
    })
}

fn shaded(picture: &RgbImage, by: impl Fn(u8) -> u8) -> RgbImage {
    let mut out = picture.clone();
    out.pixels_mut().for_each(|p| p.0 = p.0.map(&by));
    out
}

/// Ten scenes in two folders; twins of some; and one of each fault.
fn pictures(source: &Path) {
    let save = |name: &str, picture: &RgbImage| {
        fs::create_dir_all(source.join(name).parent().unwrap()).unwrap();
        picture.save(source.join(name)).unwrap();
    };
    for seed in 1..=10 {
        let folder = if seed % 2 == 0 { "even" } else { "odd" };
        save(&format!("{folder}/scene_{seed:02}.png"), &scene(seed, 320, 240));
    }
    // Smaller and compressed, in the other folder.
    let small = imageops::resize(&scene(3, 320, 240), 240, 180, imageops::FilterType::Triangle);
    small.save_with_format(source.join("even/like_03.jpg"), ImageFormat::Jpeg).unwrap();
    fs::copy(source.join("even/scene_04.png"), source.join("odd/copy_of_04.png")).unwrap();
    save("faults/dark.png", &shaded(&scene(21, 320, 240), |v| v / 8));
    save("faults/bright.png", &shaded(&scene(22, 320, 240), |v| 225 + v / 12));
    save("faults/blurry.png", &imageops::blur(&scene(23, 320, 240), 14.0));
    save("faults/strip.png", &scene(24, 1200, 150));
    fs::write(source.join("faults/broken.png"), b"\x89PNG\r\n\x1a\nand no more").unwrap();
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    pictures(&source);
    Bench::over(dir, &source, ClassFrom::None, &["a", "b"])
}

fn measure(bench: &mut Bench, questions: u32) -> Result<QualityReport, OpsError> {
    let (project, asked) = (bench.project(), Cell::new(0));
    let stop = || asked.replace(asked.get() + 1) >= questions;
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &stop };
    run(&mut *bench.store, &Lake::default(), &project, Wanted::default(), &mut watch)
}

fn found(bench: &mut Bench, filter: &str) -> Vec<String> {
    let queue = Queue { filter: Filter::parse(filter).unwrap(), order: Order::Path };
    let page = bench.store.page(bench.id, &queue, &From::Edge, Direction::Forward, 100).unwrap();
    page.into_iter().map(|q| q.sample.path).collect()
}

#[test]
fn twins_and_faults_are_found_and_measured_once() {
    let mut bench = bench();
    let report = measure(&mut bench, u32::MAX).unwrap();
    assert_eq!((report.pictures, report.measured, report.known), (17, 17, 0));
    assert_eq!(report.exact, Groups { groups: 1, pictures: 2 });
    assert_eq!(report.near, Groups { groups: 2, pictures: 4 });
    // What is dark or bright has little contrast, and with it little sharpness.
    let faults = Fault::ALL.into_iter().map(|f| (f, if f == Fault::Blurry { 3 } else { 1 }));
    assert_eq!(report.faults, faults.collect::<BTreeMap<_, _>>());
    let twins = ["even/like_03.jpg", "even/scene_04.png", "odd/copy_of_04.png", "odd/scene_03.png"];
    assert_eq!(found(&mut bench, "dup:near"), twins);
    assert_eq!(found(&mut bench, "dup:exact"), twins[1..3]);
    for (word, path) in [("dark", "dark"), ("bright", "bright"), ("odd", "strip"), ("damaged", "broken")] {
        assert_eq!(found(&mut bench, word), [format!("faults/{path}.png")], "{word}");
    }
    assert_eq!(found(&mut bench, "blurry -dark -bright"), ["faults/blurry.png"]);
    // Again: nothing is left to measure. A touched file is read again, and its content is known.
    assert_eq!(measure(&mut bench, u32::MAX).unwrap().measured, 0);
    let path = bench.source().join("odd/scene_05.png");
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    fs::File::open(&path).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    bench.rescan(u32::MAX).unwrap();
    let report = measure(&mut bench, u32::MAX).unwrap();
    assert_eq!((report.measured, report.known, report.near.pictures), (1, 1, 4));
}

#[test]
fn a_run_that_was_stopped_goes_on_where_it_was() {
    let mut bench = bench();
    assert!(matches!(measure(&mut bench, 0), Err(OpsError::Cancelled)));
    assert!(matches!(measure(&mut bench, 2), Err(OpsError::Cancelled)));
    let report = measure(&mut bench, u32::MAX).unwrap();
    assert_eq!((report.pictures, report.near.groups), (17, 2));
}

#[test]
fn a_distance_without_sense_is_told() {
    let mut bench = bench();
    let project = bench.project();
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let error = run(&mut *bench.store, &Lake::default(), &project, Wanted { distance: 40 }, &mut watch).unwrap_err();
    assert!(error.to_string().contains("smaller"), "{error}");
}

#[test]
fn a_split_parts_no_twins() {
    let mut bench = bench();
    measure(&mut bench, u32::MAX).unwrap();
    let at: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (i, path) in found(&mut bench, "-damaged").into_iter().enumerate() {
        bench.answer(&path, answered(&[ClassId(1 + i as i64 % 2)], at));
    }
    for (n, by) in ["random", "stratified", "group:folder"].into_iter().enumerate() {
        for seed in 0..8 {
            let dest = bench.dir.path().join(format!("out_{n}_{seed}"));
            let split = Some(Split::parse(by, seed, "train=0.5,test=0.5").unwrap());
            let images = Images::Reference;
            bench.export(&Export { split, images, ..Export::new(dest.clone(), Format::Folders) }).unwrap();
            let parts = parts(&dest);
            assert_eq!(parts.len(), 16, "{parts:?}");
            for (one, other) in [("like_03", "scene_03"), ("copy_of_04", "scene_04")] {
                assert_eq!(parts.get(one), parts.get(other), "{by} {seed}: {parts:?}");
            }
        }
    }
}

/// The part of each picture, by the start of its name.
fn parts(dest: &Path) -> BTreeMap<String, String> {
    let files = walkdir::WalkDir::new(dest).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    let part = |e: walkdir::DirEntry| {
        let below = e.path().strip_prefix(dest).unwrap().to_string_lossy().into_owned();
        let part = below.split('/').find(|p| ["train", "test"].contains(p))?.to_owned();
        Some((e.path().file_stem()?.to_string_lossy().into_owned(), part))
    };
    files.filter_map(part).collect()
}
