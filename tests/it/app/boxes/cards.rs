//! The 380 boxes of a real detection set, drawn by keys: how near they come, with how many keys.

use super::Desk;
use lakelens::app::screens::label::boxes::grid::Grid;
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::domain::project::Task;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A row of the set: picture, its size, class, corners in pixels.
type Row = (String, (u32, u32), String, [f64; 4]);

fn rows() -> Option<Vec<Row>> {
    let folder = PathBuf::from(std::env::var_os("LAKELENS_TEST_DATA")?).join("detection/cards");
    let mut out = Vec::new();
    for part in ["train", "test"] {
        let text = std::fs::read_to_string(folder.join(format!("{part}_labels.csv"))).unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].trim().parse::<f64>().unwrap();
            let size = (number(1) as u32, number(2) as u32);
            let at = [number(4), number(5), number(6), number(7)];
            out.push((format!("{part}/{}", fields[0]), size, fields[3].to_owned(), at));
        }
    }
    Some(out)
}

#[test]
fn real_boxes_by_keys() {
    let Some(rows) = rows() else { return };
    let mut classes: Vec<String> = rows.iter().map(|r| r.2.clone()).collect();
    classes.sort();
    classes.dedup();
    let names: Vec<&str> = classes.iter().map(String::as_str).collect();
    let mut pictures: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| pictures.entry(row.0.clone()).or_default().push(row));

    let (mut keys, mut most, mut overlap, mut boxes) = (0, 0, 0.0, 0);
    for (name, wanted) in &pictures {
        let size = wanted[0].1;
        let sample = lakelens::domain::sample::Sample {
            path: name.clone(),
            width: Some(size.0),
            height: Some(size.1),
            ..super::sample(1)
        };
        let mut desk = Desk::with(vec![sample], &names, Task::Detection);
        desk.h.show_as(size);
        for (_, _, class, [x0, y0, x1, y1]) in wanted {
            let (w, h) = (f64::from(size.0), f64::from(size.1));
            let truth = BoxN { x: x0 / w, y: y0 / h, w: (x1 - x0) / w, h: (y1 - y0) / h };
            let grid = Grid::of(size);
            let [a, b] = grid.nearest(Point { x: truth.x, y: truth.y }, BoxN::ALL);
            let [c, d] = grid.nearest(Point { x: truth.x + truth.w, y: truth.y + truth.h }, BoxN::ALL);
            let number = names.iter().position(|n| n == class).unwrap() + 1;
            let typed = format!("{number} {a} {b} {c} {d}");
            let before = desk.boxes().len();
            desk.keys(&typed);
            let count = typed.split(' ').count();
            let made = desk.boxes();
            assert_eq!((made.len(), made[before].0), (before + 1, number as i64), "{name} {typed}");
            overlap += made[before].1.iou(truth);
            keys += count;
            most = most.max(count);
            boxes += 1;
        }
    }
    let (mean, each) = (overlap / f64::from(boxes), keys as f64 / f64::from(boxes));
    println!("{boxes} boxes on {} pictures: mean IoU {mean:.3}, {each:.1} keys each, at most {most}", pictures.len());
    assert_eq!(boxes, 380);
    assert!(mean >= 0.85 && most <= 9, "mean IoU {mean}, at most {most} keys");
}
