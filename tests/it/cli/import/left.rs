//! What lies in a folder beside a data set, and exports that come back with the pictures they took along.

use super::*;

/// What a Mac writes beside every file that it packs or puts on another disk.
const OF_A_MAC: &[u8] = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x00";

fn put(home: &Home, path: &str, bytes: &[u8]) {
    let path = home.path(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_systems_leave_beside_files_is_passed_over() {
    let home = cars();
    let row = "path,class,xmin,ymin,xmax,ymax\n1.png,car,0,0,8,6\n";
    let coco = coco(&json!([image(1, "1.png")]), &json!([boxed(1, 1, 1, [0., 0., 8., 6.])]));
    let voc = "<annotation><filename>1.png</filename><size><width>16</width><height>12</height></size><object>\
               <name>car</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>8</xmax><ymax>6</ymax></bndbox></object></annotation>";
    let line = "{\"path\": \"1.png\", \"boxes\": [{\"class\": \"car\", \"x\": 0, \"y\": 0, \"w\": 0.5, \"h\": 0.5}]}\n";
    for (name, text) in [("a.csv", row), ("a.json", &coco), ("a.xml", voc), ("a.jsonl", line)] {
        let folder = format!("set of {name}");
        home.write(&format!("{folder}/{name}"), text);
        put(&home, &format!("{folder}/._{name}"), OF_A_MAC);
        put(&home, &format!("{folder}/__MACOSX/{name}"), OF_A_MAC);
        put(&home, &format!("{folder}/.ipynb_checkpoints/{name}"), text.replace("car", "draft").as_bytes());
        put(&home, &format!("{folder}/_temporary/0/{name}"), OF_A_MAC);
        let report = run(&home, &[&folder, "--on-existing", "replace"]);
        assert_eq!((&report["read"], &report["annotations"], &report["rejected"]), (&1.into(), &1.into(), &0.into()));
        home.ok(&["undo", "cars"]);
    }
}

#[test]
fn exports_with_their_pictures_come_back_by_path() {
    let home = cars();
    good(&home);
    run(&home, &["a.json"]);
    home.picture("other/1.png");
    home.ok(&["project", "create", "back", "--from", "cars", "-r", "--task", "segmentation"]);
    for format in ["voc", "datumaro", "coco-panoptic", "coco", "yolo", "cvat", "labelme", "via"] {
        let out = format!("out-{format}");
        home.ok(&["export", "cars", &out, "--format", format, "--images", "copy"]);
        let report = home.json(&["import", "back", &out, "--on-existing", "replace", "--json"]);
        assert_eq!((&report["matched"], &report["rejected"]), (&report["read"], &0.into()), "{format}: {report}");
        assert_eq!(report["annotations"], 3, "{format}: {report}");
        home.ok(&["undo", "back"]);
    }
}

#[test]
fn a_class_that_could_not_be_imported_again_is_not_made() {
    let home = cars();
    let ran = home.run(&["project", "classes", "add", "cars", &"x".repeat(201)]);
    assert!(ran.code != 0 && ran.err.contains("has 201 bytes; 200 are the most"), "{ran:?}");
    home.ok(&["project", "classes", "add", "cars", &"x".repeat(200)]);
}

#[test]
fn a_device_and_a_picture_are_never_replaced_by_an_export() {
    use std::os::unix::fs::FileTypeExt;
    let home = cars();
    let picture = std::fs::read(home.path("cars/1.png")).unwrap();
    let pipe = home.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    home.write("old.csv", "x");
    std::fs::create_dir(home.path("folder")).unwrap();
    for (dest, why) in
        [("pipe", "a device or a pipe"), ("cars/1.png", "is a picture"), ("folder", "is a folder; name the file")]
    {
        for more in [&[][..], &["--dry-run"]] {
            let ran = home.run(&[&["export", "cars", dest, "--format", "csv", "--force"], more].concat());
            assert!(ran.code == 2 && ran.err.contains(why), "{dest} {more:?}: {ran:?}");
        }
    }
    assert!(std::fs::metadata(pipe).unwrap().file_type().is_fifo());
    assert_eq!(std::fs::read(home.path("cars/1.png")).unwrap(), picture);
    home.ok(&["export", "cars", "old.csv", "--force"]);
    for (dest, why) in
        [("old.csv/x.csv", "is a file and no folder"), ("no/x.csv", "the folder does not exist; make it")]
    {
        let ran = home.run(&["export", "cars", dest]);
        assert!(ran.code == 1 && ran.err.contains(why), "{dest}: {ran:?}");
    }
}

#[test]
fn a_class_in_another_encoding_is_told_and_not_made() {
    let home = cars();
    put(&home, "a.csv", b"path,class,xmin,ymin,xmax,ymax\n1.png,caf\xe9,0,0,8,6\n");
    let images = b"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n1,x,caf\xe9,1,0,0.5,0,0.5\n";
    put(&home, "open/x-annotations-bbox.csv", images);
    put(&home, "lists/classes.txt", b"caf\xe9\n");
    put(&home, "named/data.yaml", b"names: [caf\xe9]\n");
    for folder in ["lists", "named"] {
        put(&home, &format!("{folder}/labels/1.txt"), b"0 0.5 0.5 0.5 0.5\n");
    }
    let coco = br#"{"images": [{"id": 1, "file_name": "1.png", "width": 8, "height": 6}], "annotations": [],
        "categories": [{"id": 1, "name": "caf*"}]}"#;
    put(&home, "coco.json", &coco.map(|byte| if byte == b'*' { 0xe9 } else { byte }));
    for from in ["a.csv", "open", "lists", "named", "coco.json"] {
        let (counters, message) = stopped(&home, &[from, "--match", "name"]);
        assert_eq!(counters["rejected"], 1, "{from}: {counters}");
        assert!(message.contains("not UTF-8 text; save the file"), "{from}: {message}");
        assert_eq!(class_names(&home), ["car", "truck"], "{from}");
    }
    // A class that the project has under that name is that class.
    home.ok(&["project", "classes", "add", "cars", "caf\u{fffd}"]);
    assert_eq!(run(&home, &["lists", "--match", "name"])["annotations"], 1);
}
