//! Files as particular programs write them, where those differ from what their format says.

use super::mutations::annotations::Memory;
use super::odd::{Seen, detected, read, read_files};
use super::variants::boxes;
use lakelens::domain::annotation::Shape;
use lakelens::formats::dataset::Standing;
use lakelens::formats::read::{Format, detect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn folder(files: &[(&str, &str)]) -> Memory {
    let files: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    Memory { files, name: "set".to_owned() }
}

fn read_folder(format: Format, files: &[(&str, &str)]) -> Seen {
    read_files(format, folder(files))
}

fn names(seen: &Seen) -> Vec<(&str, usize, Standing)> {
    seen.items.iter().map(|item| (item.name.as_str(), item.marks.len(), item.standing)).collect()
}

const BOX: &str = "1 0.5 0.5 0.5 0.5\n";
const MIDDLE: [f64; 4] = [0.25, 0.25, 0.5, 0.5];

#[test]
fn classes_that_ultralytics_only_counts_are_called_as_it_calls_them() {
    let files = [("data.yaml", "train: images\nnc: 2\n"), ("images/a.jpg", ""), ("labels/a.txt", BOX)];
    let seen = read_folder(Format::Yolo, &files);
    assert_eq!(boxes(&seen), [("class_1".to_owned(), MIDDLE)]);
    assert!(seen.notes.iter().any(|note| note.contains("data.yaml") && note.contains("class_0")), "{:?}", seen.notes);
    // Names that are there are taken, wherever they are.
    let seen = read_folder(Format::Yolo, &[&files[..], &[("z/classes.txt", "cat\ndog\n")]].concat());
    assert_eq!((boxes(&seen)[0].0.as_str(), seen.notes.len()), ("dog", 0));
    let seen = read_folder(Format::Yolo, &files[1..]);
    assert!(seen.says("write a classes.txt"), "{:?}", seen.reasons());
}

#[test]
fn data_yaml_counts_where_a_list_of_names_lies_beside_it() {
    let posed = "0 0.5 0.5 0.5 0.5 0.25 0.75 2\n";
    let yaml = "names:\n  0: \"a, \\\"b\\\"\\nc\"\n  1: dog\nkpt_shape: [1, 3]\n";
    let files =
        [("classes.txt", "a, \"b\" c\ndog\n"), ("data.yaml", yaml), ("images/a.jpg", ""), ("labels/a.txt", posed)];
    let seen = read_folder(Format::Yolo, &files);
    assert_eq!(boxes(&seen), [("a, \"b\"\nc".to_owned(), MIDDLE)]);
    assert!(seen.items[0].marks[0].attributes.contains_key("keypoints_normalized"));
    // One that makes no sense stops nothing where the names are known.
    let files =
        [("classes.txt", "cat\ndog\n"), ("config.yaml", "names: many\n"), ("images/a.jpg", ""), ("labels/a.txt", BOX)];
    assert_eq!(boxes(&read_folder(Format::Yolo, &files)), [("dog".to_owned(), MIDDLE)]);
}

#[test]
fn pictures_of_one_name_in_many_folders_keep_their_labels() {
    let parts = ["a", "b", "c"];
    let mut files = vec![("data.yaml".to_owned(), "names: [cat, dog]\n")];
    for part in parts {
        files.push((format!("{part}/images/000001.jpg"), ""));
        files.push((format!("{part}/labels/000001.txt"), if part == "b" { BOX } else { "" }));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let seen = read_folder(Format::Yolo, &files);
    let want = parts.map(|part| format!("{part}/images/000001.jpg"));
    let want: Vec<_> = want.iter().zip([0, 1, 0]).map(|(name, n)| (name.as_str(), n, Standing::Judged)).collect();
    assert_eq!(names(&seen), want);
}

#[test]
fn darknet_of_roboflow_has_its_names_beside_the_pictures() {
    let files = [("train/_darknet.labels", "cat\ndog\n"), ("train/a.jpg", ""), ("train/a.txt", BOX)];
    let seen = read_folder(Format::Yolo, &files);
    assert_eq!((boxes(&seen), seen.reasons().len()), (vec![("dog".to_owned(), MIDDLE)], 0));
}

#[test]
fn a_list_of_pictures_is_no_label_file_and_a_label_file_may_be_called_test() {
    let files = [
        ("images.txt", "data/a.jpg\ndata/test.jpg\n"),
        ("obj.names", "cat\ndog\n"),
        ("data/a.jpg", ""),
        ("data/a.txt", BOX),
        ("data/test.jpg", ""),
        ("data/test.txt", BOX),
    ];
    let seen = read_folder(Format::Yolo, &files);
    assert_eq!(seen.reasons(), Vec::<String>::new());
    assert_eq!(names(&seen), [("data/a.jpg", 1, Standing::Judged), ("data/test.jpg", 1, Standing::Judged)]);
    let seen = read_folder(Format::Yolo, &files[..2]);
    assert!(seen.says("no label files"), "{:?}", seen.reasons());
}

#[test]
fn boxes_in_a_list_of_pictures_are_those_of_keras_yolo() {
    let list = "a b.jpg 10,20,40,60,1 0,0,5,6,0\nb.jpg\nc.jpg 1,2,3,4,9\nd.jpg 1,2,x,4,0\n";
    let files = [("train/_annotations.txt", list), ("train/_classes.txt", "cat\ndog\n"), ("train/a b.jpg", "")];
    assert_eq!(detect::detect(&folder(&files)).ok(), Some(Format::Yolo));
    let seen = read_folder(Format::Yolo, &files);
    let (dog, cat) = (("dog".to_owned(), [10.0, 20.0, 30.0, 40.0]), ("cat".to_owned(), [0.0, 0.0, 5.0, 6.0]));
    assert_eq!(boxes(&seen), [dog, cat]);
    assert_eq!(names(&seen)[..2], [("train/a b.jpg", 2, Standing::Judged), ("b.jpg", 0, Standing::Judged)]);
    assert_eq!(seen.items[0].split.as_deref(), Some("train"));
    assert!(
        seen.says("_annotations.txt, line 3: class 9 has no name") && seen.says("`1,2,x,4,0` is not x1"),
        "{:?}",
        seen.reasons()
    );
}

#[test]
fn poses_of_yolo_are_told_to_be_parts_of_the_picture() {
    let pose = |shape: &str, row: &str| {
        let yaml = format!("kpt_shape: {shape}\nnames: [person]\n");
        read_folder(Format::Yolo, &[("data.yaml", &yaml), ("images/a.jpg", ""), ("labels/a.txt", row)])
    };
    for (shape, row) in
        [("[2, 3]", "0 0.5 0.5 0.5 0.5 0.25 0.75 2 0 0 0\n"), ("[2, 2]", "0 0.5 0.5 0.5 0.5 0.25 0.75 0 0\n")]
    {
        let seen = pose(shape, row);
        let points: Vec<f64> = seen.items[0].marks[0].attributes["keypoints_normalized"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_f64().unwrap())
            .collect();
        assert_eq!(points, [0.25, 0.75, 2.0, 0.0, 0.0, 0.0], "{shape}");
        assert!(!seen.items[0].marks[0].attributes.contains_key("keypoints"), "those are pixels");
    }
}

#[test]
fn metadata_in_a_folder_names_the_pictures_beside_it() {
    let line = json!({"file_name": "a.jpg", "objects": {"bbox": [[1, 2, 3, 4]], "class_id": [1]}}).to_string();
    let files = [("train/metadata.jsonl", line.as_str()), ("train/a.jpg", "")];
    let seen = read_folder(
        Format::Jsonl,
        &[&files[..], &[("train/classes.json", "{\"names\": [\"cat\", \"dog\"]}")]].concat(),
    );
    assert_eq!(names(&seen), [("train/a.jpg", 1, Standing::Judged)]);
    assert_eq!(boxes(&seen)[0].0, "dog");
    let seen = read_folder(Format::Jsonl, &files);
    assert!(seen.says("put a classes.json beside it"), "{:?}", seen.reasons());
}

#[test]
fn turned_rectangles_of_labelme_are_polygons_and_what_has_no_area_is_named() {
    let shape = |kind: &str, points: Value| json!({"label": "cat", "shape_type": kind, "points": points});
    let text = json!({"imagePath": "a.jpg", "imageWidth": 80, "imageHeight": 60, "shapes": [
        shape("oriented_rectangle", json!([[20, 10], [50, 20], [45, 35], [15, 25]])),
        shape("points", json!([[1, 1], [2, 2]])),
        shape("quadrilateral", json!([[20, 10], [50, 20], [45, 38], [15, 25]])),
        shape("cuboid", json!([[1, 1], [2, 2]])),
    ]});
    let seen = read(Format::LabelMe, "a.json", text.to_string());
    let Shape::Polygon { parts } = &seen.items[0].marks[0].shape else { panic!("no polygon: {:?}", seen.reasons()) };
    assert_eq!((parts[0].len(), parts[0][2].x), (4, 45.0));
    assert_eq!((seen.items[0].marks.len(), seen.reasons().len()), (2, 2), "{:?}", seen.reasons());
    assert!(seen.says("shapes 2: the shape is of the type `points`"), "{:?}", seen.reasons());
}

#[test]
fn boxes_of_x_anylabeling_have_four_corners_and_say_more() {
    let shape = |points: Value| {
        json!({"label": "cat", "shape_type": "rectangle", "points": points, "score": null, "difficult": true,
               "attributes": {"age": "old"}})
    };
    let text = json!({"imagePath": "a.jpg", "imageWidth": 80, "imageHeight": 60, "shapes": [
        shape(json!([[10, 20], [40, 20], [40, 60], [10, 60]])),
        shape(json!([[10, 20], [10, 60], [40, 60], [40, 20]])),
        shape(json!([[20, 10], [50, 20], [45, 35], [15, 25]])),
    ]});
    let seen = read(Format::LabelMe, "a.json", text.to_string());
    let cat = ("cat".to_owned(), [10.0, 20.0, 30.0, 40.0]);
    assert_eq!(boxes(&seen), [cat.clone(), cat], "{:?}", seen.reasons());
    assert!(matches!(seen.items[0].marks[2].shape, Shape::Polygon { .. }), "it is turned");
    let said = serde_json::to_value(&seen.items[0].marks[0].attributes).unwrap();
    assert_eq!(said, json!({"difficult": true, "age": "old"}));
}

#[test]
fn groups_and_layers_of_cvat_are_whole_numbers() {
    let text = "<annotations><version>1.1</version><image id=\"0\" name=\"a.jpg\" width=\"20\" height=\"10\">\
                <box label=\"cat\" xtl=\"1\" ytl=\"1\" xbr=\"5\" ybr=\"5\" group_id=\"3\" z_order=\"2\" rotation=\"0.0\"/>\
                </image></annotations>";
    let seen = read(Format::Cvat, "a.xml", text);
    let said = &seen.items[0].marks[0].attributes;
    assert_eq!((&said["group_id"], &said["z_order"], said.len()), (&json!(3), &json!(2), 2));
}

fn coco(annotations: Value) -> Seen {
    let text = json!({"images": [{"id": 1, "file_name": "a.jpg", "width": 3, "height": 2}], "annotations": annotations,
                      "categories": [{"id": 1, "name": "cat"}]});
    read(Format::Coco, "a.json", text.to_string())
}

#[test]
fn what_programs_make_of_a_missing_outline_or_of_bytes_is_understood() {
    let one = |outline: Value| json!([{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 1], "segmentation": outline}]);
    let seen = coco(one(json!([[]])));
    assert_eq!(boxes(&seen), [("cat".to_owned(), [0.0, 0.0, 2.0, 1.0])], "{:?}", seen.reasons());
    let seen = coco(one(json!([[1, 1, 2, 2]])));
    assert!(seen.says("part 1 of the polygon has 4 numbers"), "corners that are there are not left out silently");
    let mask = |counts: &str| {
        coco(one(json!({"size": [2, 3], "counts": counts}))).items[0].marks.first().map(|m| m.shape.clone())
    };
    assert_eq!(mask("222"), Some(Shape::Mask { size: [2, 3], counts: vec![2, 2, 2] }));
    for bytes in ["b'222'", "b\"222\""] {
        assert_eq!(mask(bytes), mask("222"), "{bytes}");
    }
    let alone = json!([{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[]]}]);
    assert!(coco(alone).says("part 1 of the polygon has 0 numbers"), "without a box nothing says where it is");
}

#[test]
fn a_coco_file_without_annotations_says_that_it_answers_nothing() {
    let seen = coco(json!([]));
    assert_eq!(names(&seen), [("a.jpg", 0, Standing::Listed)]);
    assert!(seen.notes.iter().any(|note| note.contains("only listed")), "{:?}", seen.notes);
    let some = coco(json!([{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 1]}]));
    assert_eq!(some.notes, Vec::<String>::new());
}

#[test]
fn open_images_of_version_7_is_known_by_its_descriptions_and_its_masks_are_told() {
    let head = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n";
    let boxed = format!("{head}abc,xclick,/m/1,1,0.25,0.75,0.25,0.75,0,-1,1,0,0\n");
    let files = [
        ("oidv7-class-descriptions-boxable.csv", "LabelName,DisplayName\n/m/1,Cat\n"),
        ("validation-annotations-bbox.csv", boxed.as_str()),
    ];
    assert_eq!(detect::detect(&folder(&files)).ok(), Some(Format::OpenImages));
    let seen = read_folder(Format::OpenImages, &files);
    assert_eq!((boxes(&seen), seen.reasons().len()), (vec![("Cat".to_owned(), MIDDLE)], 0));
    let masks = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\nm.png,abc,/m/1,b,0,1,0,1,,\n";
    let seen = read_folder(
        Format::OpenImages,
        &[&files[..], &[("train-annotations-object-segmentation.csv", masks)]].concat(),
    );
    assert!(seen.says("its mask is the picture `m.png`") && boxes(&seen).len() == 1, "no class of the whole picture");
}

#[test]
fn the_numbers_of_classes_beside_keras_retinanet_are_no_rows() {
    let files = [
        ("train/_annotations.csv", "a.jpg,10,20,40,60,cat\n"),
        ("train/_classes.csv", "cat,0\ndog,1\n"),
        ("train/a.jpg", ""),
    ];
    let seen = read_folder(Format::Csv, &files);
    assert_eq!(names(&seen), [("train/a.jpg", 1, Standing::Judged)]);
    let masks = [("train/_classes.csv", "Pixel Value, Class\n0, background\n1, cat\n"), ("train/a.jpg", "")];
    assert!(read_folder(Format::Csv, &masks).says("export polygons"));
    // Classes of pictures are rows, whatever the file is called.
    let rows = read_folder(Format::Csv, &[("classes.csv", "a.jpg,0\nb.jpg,1\n")]);
    assert_eq!(names(&rows).len(), 2);
}

#[test]
fn columns_are_found_by_the_names_that_fiftyone_and_pylabel_give_them() {
    let seen = read(Format::Csv, "labels.csv", "filepath,label\na.jpg,cat\n");
    assert_eq!(names(&seen), [("a.jpg", 1, Standing::Judged)]);
    let seen = read(Format::Csv, "labels.csv", "filepath,cls.label\na.jpg,cat\n");
    assert!(seen.says("no column names the class; the columns are `filepath`, `cls.label`"), "{:?}", seen.reasons());
    let row = "img_filename,img_id,img_width,img_height,ann_bbox_xmin,ann_bbox_ymin,ann_bbox_xmax,ann_bbox_ymax,cat_id,cat_name\n\
               a.jpg,7,80,60,10,20,40,60,2,cat\n";
    let seen = read(Format::Csv, "dataset.csv", row);
    assert_eq!(
        (seen.items[0].name.as_str(), boxes(&seen)),
        ("a.jpg", vec![("cat".to_owned(), [10.0, 20.0, 30.0, 40.0])])
    );
}

#[test]
fn what_is_no_annotation_file_says_what_to_do_with_it() {
    let masks = r#"{"image": {"image_id": 1, "file_name": "sa_1.jpg"}, "annotations": [{"crop_box": [0, 0, 16, 12]}]}"#;
    let why = detected("sa_1.json", masks.as_bytes().to_vec()).unwrap_err();
    assert!(why.to_string().contains("masks of Segment Anything, which name no classes"), "{why}");
    let why = detected("export.zip", b"PK\x03\x04rest".to_vec()).unwrap_err();
    assert!(why.contains("unpack it"), "{why}");
    let why = |files: &[(&str, &str)]| detect::detect(&folder(files)).unwrap_err().to_string();
    assert!(why(&[("data-00000-of-00001.arrow", "ARROW1"), ("state.json", "{}")]).contains("to_parquet"));
    assert!(why(&[("cat/a.jpg", ""), ("dog/b.jpg", "")]).contains("--format imagefolder"));
    assert!(!why(&[("a.jpg", "")]).contains("imagefolder"));
}
