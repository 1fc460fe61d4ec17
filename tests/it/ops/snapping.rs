//! Snapping on photographs: does it bring a box that was drawn in haste nearer to what a careful person drew?

use lakelens::domain::geometry::BoxN;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::Lake;
use lakelens::lake::remote::Stop;
use lakelens::ops::snap::snap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How far a side is off at most, as a share of the picture.
const OFF: f64 = 0.02;
/// How far a side may move, as on the screen.
const REACH: f64 = 0.02;

type Objects = BTreeMap<PathBuf, Vec<BoxN>>;

fn folder(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("LAKELENS_TEST_DATA")?).join("detection").join(name))
}

fn cards(folder: &Path) -> Objects {
    let mut out = Objects::new();
    for part in ["train", "test"] {
        let text = std::fs::read_to_string(folder.join(format!("{part}_labels.csv"))).unwrap();
        for fields in text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
            let n = |i: usize| fields[i].trim().parse::<f64>().unwrap();
            let at = BoxN { x: n(4) / n(1), y: n(5) / n(2), w: (n(6) - n(4)) / n(1), h: (n(7) - n(5)) / n(2) };
            out.entry(folder.join(part).join(fields[0])).or_default().push(at);
        }
    }
    out
}

fn cells(folder: &Path) -> Objects {
    let text = std::fs::read_to_string(folder.join("annotations_coco.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut pictures = BTreeMap::new();
    for image in file["images"].as_array().unwrap() {
        let size = (image["width"].as_f64().unwrap(), image["height"].as_f64().unwrap());
        let path = folder.join("JPEGImages").join(image["file_name"].as_str().unwrap());
        pictures.insert(image["id"].as_i64().unwrap(), (path, size));
    }
    let mut out = Objects::new();
    for object in file["annotations"].as_array().unwrap() {
        let (path, (w, h)) = &pictures[&object["image_id"].as_i64().unwrap()];
        let n = |i: usize| object["bbox"][i].as_f64().unwrap();
        out.entry(path.clone()).or_default().push(BoxN { x: n(0) / w, y: n(1) / h, w: n(2) / w, h: n(3) / h });
    }
    out
}

/// Mean overlap with what was drawn carefully, of boxes drawn in haste and of the same after snapping.
fn tried(objects: Objects, most: usize) -> (f64, f64, usize) {
    let (lake, mut state) = (Lake::default(), 1_u32);
    let mut off = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state >> 8) / f64::from(1 << 24) - 0.5) * 2.0 * OFF
    };
    let (mut before, mut after, mut count) = (0.0, 0.0, 0);
    let all = objects.into_iter().flat_map(|(path, boxes)| boxes.into_iter().map(move |at| (path.clone(), at)));
    // Next to nothing is left of smaller ones when their sides are off by so much.
    for (path, truth) in all.filter(|(_, at)| at.w > 0.08 && at.h > 0.08).take(most) {
        let [left, top, right, bottom] = [off(), off(), off(), off()];
        let drawn = BoxN { x: truth.x + left, y: truth.y + top, w: truth.w - left + right, h: truth.h - top + bottom };
        let drawn = drawn.clamped().unwrap();
        let path = LakePath::Local(path.to_str().unwrap().to_owned());
        let found = snap(&lake, (&path, ""), drawn, (REACH, REACH), &Stop::never()).unwrap();
        (before, after, count) = (before + drawn.iou(truth), after + found.iou(truth), count + 1);
    }
    (before / f64::from(count), after / f64::from(count), count as usize)
}

#[test]
fn boxes_of_real_sets_come_nearer() {
    // Cards have edges. Cells are round, so that no edge runs along a side: their boxes are to be left alone.
    for (name, read, gain) in [("cards", cards as fn(&Path) -> Objects, 0.005), ("cells", cells, -0.001)] {
        let Some(folder) = folder(name) else { return };
        let (before, after, count) = tried(read(&folder), 150);
        println!("{name}: {count} boxes, mean IoU {before:.3} drawn, {after:.3} snapped");
        assert!(after - before > gain, "{name}: {before:.3} before, {after:.3} after");
    }
}
