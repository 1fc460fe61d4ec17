//! A generated data set, so that the program can be tried without any pictures at hand.
//!
//! It has what real sets have: different sizes and file types, a few pictures that are stored turned, near-duplicates
//! (compressed again, shifted, cropped), and labels for some of the pictures, a few of them wrong. What always holds: on one
//! machine the same seed makes the same files, byte for byte; a folder that was made completely is recognised and used again.

mod boxes;
mod noise;
mod scene;

pub use boxes::{box_classes, put_boxes};
pub use scene::CLASSES;

use self::scene::Scene;
use super::report::TaskProgress;
use super::{OpsError, Watch, shown};
use crate::domain::project::{ClassFrom, ScanSettings};
use crate::domain::random::Random;
use crate::domain::text::encode_os;
use crate::formats::csv::CsvOut;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

/// Pictures of the usual demo: made in about a second.
pub const PICTURES: usize = 200;
/// The number the usual demo is made from.
pub const SEED: u64 = 7;
/// Written last, so that its presence means that the folder is complete.
const REPORT: &str = "demo.json";
const LABELS: &str = "labels.csv";
const IMAGES: &str = "pictures";
const SIZES: [(u32, u32); 7] = [(288, 216), (216, 288), (320, 213), (240, 240), (336, 189), (200, 200), (192, 288)];

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoReport {
    /// The folder with the pictures: the source of the project.
    pub source: String,
    /// The CSV file with labels for some of them.
    pub labels: String,
    /// Pictures.
    pub pictures: u64,
    /// Of them with a label in the CSV file.
    pub labeled: u64,
    /// Of those with a wrong one.
    pub wrong: u64,
    /// Pictures that are nearly the same as an earlier one.
    pub near_duplicates: u64,
    /// Made from this number.
    pub seed: u64,
}

impl DemoReport {
    /// How a project of these pictures is scanned that takes its classes from the CSV file.
    #[must_use]
    pub fn scan(&self) -> ScanSettings {
        let (id, class) = ("path".to_owned(), "label".to_owned());
        let class_from = ClassFrom::Csv { file: self.labels.clone(), id, class };
        ScanSettings { recursive: true, class_from, ..ScanSettings::default() }
    }
}

#[derive(Serialize)]
struct LabelLine<'a> {
    path: &'a str,
    label: &'a str,
}

/// Makes a data set of `pictures` pictures in `dir`, which must be absolute, and empty, absent or made by this before.
///
/// # Errors
/// When the folder holds something else or cannot be written, or it was cancelled.
pub fn demo(dir: &Path, pictures: usize, seed: u64, watch: &mut Watch<'_>) -> Result<DemoReport, OpsError> {
    if let Some(known) = made_before(dir, pictures, seed) {
        return Ok(known);
    }
    let free = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if !free && !dir.join(LABELS).is_file() {
        return Err(OpsError::Exists(shown(dir)));
    }
    let plans = plan(pictures, seed);
    let images = dir.join(IMAGES);
    for folder in plans.iter().filter_map(|p| p.path.split_once('/')).map(|(folder, _)| images.join(folder)) {
        fs::create_dir_all(&folder).map_err(|e| OpsError::file("create", &folder, &e))?;
    }
    let labels = dir.join(LABELS);
    fs::write(&labels, label_file(&plans, &labels)?).map_err(|e| OpsError::file("write", &labels, &e))?;
    draw_all(&plans, &images, watch)?;
    let count = |wanted: &dyn Fn(&Plan) -> bool| plans.iter().filter(|p| wanted(p)).count() as u64;
    let report = DemoReport {
        source: encode_os(images.as_os_str()),
        labels: encode_os(labels.as_os_str()),
        pictures: pictures as u64,
        labeled: count(&|p| p.label.is_some()),
        wrong: count(&|p| p.label.is_some_and(|l| l != p.scene.class)),
        near_duplicates: count(&|p| p.duplicate),
        seed,
    };
    let place = dir.join(REPORT);
    let bytes = serde_json::to_vec_pretty(&report).map_err(|e| OpsError::file("write", &place, &e.into()))?;
    fs::write(&place, bytes).map_err(|e| OpsError::file("write", &place, &e))?;
    Ok(report)
}

fn made_before(dir: &Path, pictures: usize, seed: u64) -> Option<DemoReport> {
    let report: DemoReport = serde_json::from_slice(&fs::read(dir.join(REPORT)).ok()?).ok()?;
    let here = report.source == encode_os(dir.join(IMAGES).as_os_str());
    (here && report.pictures == pictures as u64 && report.seed == seed).then_some(report)
}

fn label_file(plans: &[Plan], place: &Path) -> Result<Vec<u8>, OpsError> {
    let mut out = CsvOut::new(Vec::new());
    for plan in plans {
        if let Some(label) = plan.label.and_then(|l| CLASSES.get(l)) {
            let line = LabelLine { path: &plan.path, label };
            out.write(&line).map_err(|e| OpsError::file("write", place, &e))?;
        }
    }
    out.finish().map_err(|e| OpsError::file("write", place, &e))
}

/// One picture to be drawn.
struct Plan {
    path: String,
    scene: Scene,
    /// Size as displayed.
    size: (u32, u32),
    /// Shift of the view, and its scale.
    view: (f32, f32, f32),
    /// JPEG quality; PNG without.
    quality: Option<u8>,
    /// EXIF orientation.
    orientation: u8,
    label: Option<usize>,
    duplicate: bool,
}

fn plan(pictures: usize, seed: u64) -> Vec<Plan> {
    let mut random = Random::new(seed);
    let mut plans: Vec<Plan> = Vec::with_capacity(pictures);
    for i in 0..pictures {
        let duplicate = i > 10 && random.below(12) == 0;
        let mut plan = match plans.get(random.below(plans.len())) {
            Some(original) if duplicate => nearly(original, &mut random),
            _ => fresh(&mut random),
        };
        let ending = if plan.quality.is_some() { "jpg" } else { "png" };
        let folder = ["north", "garden", "archive"][random.below(3)];
        plan.path = format!("{folder}/IMG_{:04}.{ending}", i + 1);
        if random.below(10) < 3 {
            let wrong = random.below(10) == 0;
            let shift = if wrong { 1 + random.below(CLASSES.len() - 1) } else { 0 };
            plan.label = Some((plan.scene.class + shift) % CLASSES.len());
        }
        plans.push(plan);
    }
    plans
}

fn fresh(random: &mut Random) -> Plan {
    let class = random.below(CLASSES.len());
    let png = random.below(8) == 0;
    let turned = !png && random.below(20) == 0;
    Plan {
        path: String::new(),
        scene: Scene::new(class, random),
        size: SIZES[random.below(SIZES.len())],
        view: (0.0, 0.0, 1.0),
        quality: (!png).then_some(88),
        orientation: if turned { [3, 6, 8][random.below(3)] } else { 1 },
        label: None,
        duplicate: false,
    }
}

/// The same scene compressed again, shifted or cropped.
fn nearly(original: &Plan, random: &mut Random) -> Plan {
    let mut plan = Plan {
        path: String::new(),
        scene: original.scene.clone(),
        size: original.size,
        view: original.view,
        quality: Some(88),
        orientation: 1,
        label: None,
        duplicate: true,
    };
    match random.below(3) {
        0 => plan.quality = Some(35),
        1 => plan.view = (noise::between(random, -0.04, 0.04), noise::between(random, -0.04, 0.04), 1.0),
        _ => plan.view.2 = noise::between(random, 0.88, 0.95),
    }
    plan
}

/// Draws on all processors.
fn draw_all(plans: &[Plan], images: &Path, watch: &mut Watch<'_>) -> Result<(), OpsError> {
    let mut told = TaskProgress { step: "drawing".into(), unit: "pictures".into(), ..TaskProgress::default() };
    told.total = Some(plans.len() as u64);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    for portion in plans.chunks(workers * 16) {
        watch.check()?;
        let failed: Mutex<Option<OpsError>> = Mutex::new(None);
        thread::scope(|scope| {
            for worker in 0..workers {
                let failed = &failed;
                scope.spawn(move || {
                    let own = portion.iter().skip(worker).step_by(workers);
                    if let Some(error) = own.map(|p| draw_file(p, images)).find_map(Result::err)
                        && let Ok(mut slot) = failed.lock()
                    {
                        *slot = Some(error);
                    }
                });
            }
        });
        if let Some(error) = failed.into_inner().ok().flatten() {
            return Err(error);
        }
        told.done += portion.len() as u64;
        watch.tell(&told);
    }
    Ok(())
}

fn draw_file(plan: &Plan, images: &Path) -> Result<(), OpsError> {
    let place = images.join(&plan.path);
    let bytes = encode(plan).map_err(|why| OpsError::File { doing: "draw", path: shown(&place), why })?;
    fs::write(&place, bytes).map_err(|e| OpsError::file("write", &place, &e))
}

/// The pixels as they are stored: turned away from how they are displayed where the orientation says so.
fn pixels(plan: &Plan) -> (u16, u16, Vec<u8>) {
    let (w, h) = plan.size;
    let (stored_w, stored_h) = if plan.orientation >= 5 { (h, w) } else { (w, h) };
    let unit = 2.0 / w.min(h) as f32;
    let (dx, dy, scale) = plan.view;
    let mut out = Vec::with_capacity((w * h * 3) as usize);
    for sy in 0..stored_h {
        for sx in 0..stored_w {
            let (x, y) = match plan.orientation {
                3 => (w - 1 - sx, h - 1 - sy),
                6 => (w - 1 - sy, sx),
                8 => (sy, h - 1 - sx),
                _ => (sx, sy),
            };
            let point = |at: u32, size: u32, shift: f32| (at as f32 - size as f32 / 2.0) * unit * scale + shift;
            out.extend(plan.scene.pixel(point(x, w, dx), point(y, h, dy)));
        }
    }
    (u16::try_from(stored_w).unwrap_or(u16::MAX), u16::try_from(stored_h).unwrap_or(u16::MAX), out)
}

fn encode(plan: &Plan) -> Result<Vec<u8>, String> {
    let (width, height, pixels) = pixels(plan);
    let mut out = Vec::new();
    if let Some(quality) = plan.quality {
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality);
        if plan.orientation != 1 {
            encoder.add_app_segment(1, exif(plan.orientation)).map_err(|e| e.to_string())?;
        }
        encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).map_err(|e| e.to_string())?;
        return Ok(out);
    }
    let mut encoder = png::Encoder::new(&mut out, width.into(), height.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(&pixels).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    Ok(out)
}

/// An Exif segment with one tag, 0x0112 (orientation), big-endian.
fn exif(orientation: u8) -> Vec<u8> {
    let mut out = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    out.extend([orientation, 0, 0, 0, 0, 0, 0]);
    out
}
