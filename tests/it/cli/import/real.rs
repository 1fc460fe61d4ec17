//! Files that other programs and people made, where they are at hand.

use super::*;

/// The counters of a dry run over real files, where they are at hand: read, matched, annotations, rejected.
fn real(task: &str, source: &str, from: &str, args: &[&str]) -> Option<[u64; 4]> {
    let data = std::path::PathBuf::from(std::env::var_os("LAKELENS_TEST_DATA")?);
    let home = Home::new();
    let (source, from) = (data.join(source), data.join(from));
    home.ok(&["project", "create", "p", "--from", source.to_str().unwrap(), "-r", "--task", task]);
    let all = [&["import", "p", from.to_str().unwrap(), "--on-bad-row", "keep", "--dry-run", "--json"], args].concat();
    let report = home.json(&all);
    Some(["read", "matched", "annotations", "rejected"].map(|k| report[k].as_u64().unwrap()))
}

/// Fails with the name of the case; passes where the files are not at hand.
fn check(task: &str, source: &str, from: &str, args: &[&str], wanted: [u64; 4]) {
    if let Some(found) = real(task, source, from, args) {
        assert_eq!(found, wanted, "{from} {args:?}");
    }
}

#[test]
fn real_files_of_boxes() {
    let (cells, cards, trees) = ("detection/cells", "detection/cards", "detection/trees");
    // 4,888 boxes, two of them empty.
    check("detection", cells, "detection/cells/annotations_coco.json", &["--match", "name"], [364, 364, 4886, 2]);
    check("detection", cells, cells, &["--format", "voc"], [364, 364, 4886, 2]);
    check("detection", cards, cards, &["--format", "voc"], [200, 200, 380, 0]);
    check("detection", cards, cards, &["--format", "yolo"], [200, 200, 380, 0]);
    check("detection", cards, "detection/cards/train_labels.csv", &["--match", "name"], [133, 133, 237, 0]);
    check("detection", trees, "detection/trees/OSBS_029.csv", &[], [1, 1, 61, 0]);
    check("detection", trees, "detection/trees/OSBS_029.xml", &[], [1, 1, 61, 0]);
}

#[test]
fn real_files_of_classes() {
    let weeds = ["--match", "name", "--columns", "class=Species"];
    check("classification", "weeds", "weeds/labels.csv", &weeds, [720, 720, 720, 0]);
    check("classification", "flowers", "flowers", &["--format", "imagefolder"], [199, 199, 199, 0]);
}

#[test]
fn small_files_of_every_format() {
    let all = "formats";
    check("detection", all, "formats/roboflow_dataset/yolo", &[], [3, 3, 4, 0]);
    check("detection", all, "formats/roboflow_dataset/yolo_obb", &[], [3, 3, 4, 0]);
    check("detection", all, "formats/roboflow_dataset/voc", &[], [3, 3, 4, 0]);
    check("multilabel", all, "formats/roboflow_dataset/multiclass", &[], [3, 3, 4, 0]);
    check("multilabel", all, "formats/datumaro_dataset/legacy", &[], [4, 4, 7, 0]);
    check("detection", all, "formats/cvat_dataset/for_images/export_project", &[], [6, 6, 6, 6]);
    check("detection", all, "formats/yolo_dataset/strict", &["--format", "yolo"], [1, 1, 2, 0]);
    check("detection", all, "formats/voc_dataset/voc_dataset1", &["--format", "voc"], [1, 1, 2, 0]);
    check("multilabel", all, "formats/imagenet_dataset", &["--format", "imagefolder"], [4, 4, 3, 0]);
}
