//! Files that somebody made by mistake or on purpose: each gets a message with its place and reason, and the rest is read.

use super::mutations::annotations::Memory;
use lakelens::formats::dataset::{Bad, Found, Item};
use lakelens::formats::read::{self, Format, Reading};
use std::collections::BTreeMap;

/// What reading one file gives: its pictures, what is bad, and the error that ended it.
pub(super) struct Seen {
    pub(super) items: Vec<Item>,
    pub(super) notes: Vec<String>,
    bad: Vec<Bad>,
    error: Option<String>,
}

impl Seen {
    pub(super) fn reasons(&self) -> Vec<String> {
        self.bad.iter().map(|b| format!("{}: {}", b.place, b.reason)).collect()
    }

    pub(super) fn says(&self, part: &str) -> bool {
        self.reasons().iter().chain(&self.error).any(|reason| reason.contains(part))
    }
}

pub(super) fn read(format: Format, name: &str, bytes: impl Into<Vec<u8>>) -> Seen {
    read_files(format, Memory { files: BTreeMap::from([(String::new(), bytes.into())]), name: name.to_owned() })
}

/// What reading one file or a folder gives.
pub(super) fn read_files(format: Format, files: Memory) -> Seen {
    let scratch = tempfile::tempdir().unwrap();
    let mut seen = Seen { items: Vec::new(), notes: Vec::new(), bad: Vec::new(), error: None };
    let done = read::read(format, &files, &Reading::new(scratch.path()), &mut |found| {
        match found {
            Found::Item(item) => seen.items.push(*item),
            Found::Bad(bad) => seen.bad.push(bad),
            Found::Note(place, note) => seen.notes.push(format!("{place}: {note}")),
            Found::Classes(_) => {}
        }
        Ok(())
    });
    seen.error = done.err().map(|e| e.to_string());
    seen
}

/// Which format a file is.
pub(super) fn detected(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Format, String> {
    let files = Memory { files: BTreeMap::from([(String::new(), bytes.into())]), name: name.to_owned() };
    read::detect::detect(&files).map_err(|e| e.to_string())
}

/// A COCO file with one picture and these annotations.
fn coco(annotations: &str) -> String {
    format!(
        "{{\"images\":[{{\"id\":1,\"file_name\":\"a.jpg\",\"width\":16,\"height\":12}}],\
         \"categories\":[{{\"id\":1,\"name\":\"cat\"}}],\"annotations\":[{annotations}]}}"
    )
}

const GOOD: &str = "{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4]}";

#[test]
fn numbers_that_are_none_are_told_with_their_place() {
    for (bbox, why) in [
        ("[NaN,0,1,1]", "\"NaN\", not a finite number"),
        ("[0,0,Infinity,1]", "\"Infinity\", not a finite number"),
        ("[0,0,1,-Infinity]", "\"-Infinity\", not a finite number"),
        ("[true,0,1,1]", "true, not a finite number"),
        ("[\"0\",0,1,1]", "\"0\", not a finite number"),
        ("[0,0,1]", "bbox has 3 numbers, not 4"),
        ("[[0,0,1,1]]", "a list, not a finite number"),
        ("\"x\"", "it is \"x\""),
    ] {
        let bad = format!("{{\"image_id\":1,\"category_id\":1,\"bbox\":{bbox}}}");
        let seen = read(Format::Coco, "a.json", coco(&format!("{bad},{GOOD}")));
        assert!(seen.says("a.json, annotations 1: ") && seen.says(why), "{bbox}: {:?}", seen.reasons());
        assert_eq!((seen.items.len(), seen.items[0].marks.len(), seen.bad.len()), (1, 1, 1), "{bbox}");
        assert_eq!(seen.bad[0].name.as_deref(), Some("a.jpg"), "{bbox}: a picture of which not all was read is named");
    }
}

#[test]
fn ids_are_the_same_as_numbers_floats_and_texts_and_twice_is_told() {
    let marks = ["1", "1.0", "\"1\"", "\" 1 \""].map(|id| GOOD.replace("image_id\":1", &format!("image_id\":{id}")));
    let seen = read(Format::Coco, "a.json", coco(&marks.join(",")));
    assert_eq!((seen.items[0].marks.len(), seen.bad.len()), (4, 0), "{:?}", seen.reasons());
    for id in ["[1]", "true", "null", "1.5", "{}"] {
        let mark = GOOD.replace("image_id\":1", &format!("image_id\":{id}"));
        let seen = read(Format::Coco, "a.json", coco(&mark));
        assert!(seen.says("not an id"), "{id}: {:?}", seen.reasons());
    }
    let twice = coco(GOOD).replace("}],\"categories\"", "},{\"id\":1,\"file_name\":\"b.jpg\"}],\"categories\"");
    assert!(read(Format::Coco, "a.json", twice).says("duplicate id in images: it is that of `a.jpg`"));
    let classes = coco(GOOD).replace("\"cat\"}]", "\"cat\"},{\"id\":1,\"name\":\"dog\"},{\"id\":2},7]");
    let seen = read(Format::Coco, "a.json", classes);
    assert!(
        seen.says("category id 1 is used twice") && seen.says("category 3 has no id or no name"),
        "{:?}",
        seen.reasons()
    );
    assert_eq!(seen.items[0].marks[0].class, "cat");
    assert!(
        read(Format::Coco, "a.json", coco(&GOOD.replace("category_id\":1", "category_id\":9"))).says("category_id 9")
    );
}

#[test]
fn run_lengths_must_be_as_long_as_their_picture() {
    let mask = |counts: &str| {
        format!(
            "{{\"image_id\":1,\"category_id\":1,\"iscrowd\":1,\"segmentation\":{{\"size\":[12,16],\"counts\":{counts}}}}}"
        )
    };
    let seen = read(
        Format::Coco,
        "a.json",
        coco(&[mask("[100,92]"), mask("[100,9]"), mask("\"zz\""), mask("[-1,193]")].join(",")),
    );
    assert_eq!(seen.items[0].marks.len(), 1, "{:?}", seen.reasons());
    assert_eq!(seen.items[0].marks[0].attributes["iscrowd"], 1);
    assert!(seen.says("the run lengths are 109 pixels together, but 16 x 12 are 192"), "{:?}", seen.reasons());
    assert_eq!(seen.bad.len(), 3);
}

#[test]
fn marks_of_bytes_and_line_ends_change_nothing() {
    let plain = read(Format::Coco, "a.json", coco(GOOD));
    let bom = read(Format::Coco, "a.json", [b"\xef\xbb\xbf", coco(GOOD).as_bytes()].concat());
    assert_eq!(bom.items, plain.items);
    let csv = "filename,label,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,3,4\nb.jpg,dog,1,2,3,4\n";
    let plain = read(Format::Csv, "a.csv", csv);
    assert_eq!(plain.items.len(), 2);
    for other in [format!("\u{feff}{csv}"), csv.replace('\n', "\r\n"), csv.replace(',', ";"), format!("{csv}\n\n")] {
        assert_eq!(read(Format::Csv, "a.csv", other.clone()).items, plain.items, "{other:?}");
    }
    let line = "{\"filename\":\"a.jpg\",\"annotations\":[]}";
    let lines = read(Format::Jsonl, "a.jsonl", format!("\u{feff}{line}\r\n\r\n{line}"));
    assert_eq!((lines.items.len(), lines.bad.len()), (2, 0), "{:?}", lines.reasons());
    for (format, name) in [(Format::Coco, "a.json"), (Format::Csv, "a.csv")] {
        let wide: Vec<u8> = "filename,label\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(read(format, name, [b"\xff\xfe".to_vec(), wide].concat()).says("UTF-16"), "{name}");
    }
}

#[test]
fn what_is_cut_in_the_middle_names_the_line() {
    let text = coco(GOOD).replace(",\"annotations\"", ",\n\"annotations\"");
    for cut in [text.len() - 1, text.len() - 3, text.len() / 2, 30] {
        let seen = read(Format::Coco, "a.json", &text.as_bytes()[..cut]);
        assert!(seen.says("a.json, line ") && seen.says("the file ends in the middle"), "{cut}: {:?}", seen.error);
    }
    let seen =
        read(Format::Cvat, "a.xml", "<annotations><image name=\"a.jpg\" width=\"4\" height=\"4\"><box label=\"x\"");
    assert!(seen.error.is_some());
}

#[test]
fn one_endless_line_and_ten_million_columns_are_refused() {
    let long = [b"{\"filename\":\"".as_slice(), &vec![b'x'; 17 << 20]].concat();
    let seen = read(Format::Jsonl, "a.jsonl", long.clone());
    assert!(seen.says("a.jsonl, line 1: the line is longer than 16 MiB"), "{:?}", seen.error);
    let seen = read(Format::Coco, "a.json", [b"{\"images\":[".as_slice(), &long].concat());
    assert!(seen.says("an element is longer than 16 MiB"), "{:?}", seen.error);
    let many: String = (0..1_500_000).map(|i| format!("c{i},")).collect();
    let seen = read(Format::Csv, "a.csv", format!("{many}\na,b\n"));
    assert!(seen.says("it has 1500001 columns; 10000 are the most"), "{:?}", seen.error);
    let seen = read(Format::Csv, "a.csv", format!("filename,label\na.jpg,\"{}", "x".repeat(17 << 20)));
    assert!(seen.says("a quote in it is never closed"), "{:?}", seen.error);
}

#[test]
fn records_are_checked_by_their_sums() {
    // One record with an empty example, as TensorFlow writes it.
    let good = b"\x00\x00\x00\x00\x00\x00\x00\x00\x29\x03\x98\x07\xd8\xea\x82\xa2".to_vec();
    let seen = read(Format::TfRecord, "a.tfrecord", good.clone());
    assert!(seen.says("a.tfrecord, records 1: it names no picture"), "{:?} {:?}", seen.reasons(), seen.error);
    let mut other = good.clone();
    other[13] ^= 1;
    assert!(read(Format::TfRecord, "a.tfrecord", other).says("its checksum is wrong"));
    assert!(read(Format::TfRecord, "a.tfrecord", &good[..14]).says("it was cut off"));
    assert!(read(Format::TfRecord, "a.tfrecord", &b"nothing of the kind"[..]).says("it is no TFRecord file"));
    assert!(read(Format::TfRecord, "a.tfrecord", &b"\x1f\x8b\x08\x00broken"[..]).error.is_some());
    assert!(read(Format::Parquet, "a.parquet", &b"PAR1 and nothing more"[..]).says("cannot be read as Parquet"));
    assert!(read(Format::Parquet, "a.parquet", &b""[..]).error.is_some());
}

#[test]
fn a_table_that_the_decoder_gives_up_on_is_an_error() {
    // Its definition levels promise more values than there are.
    let bytes = include_bytes!("levels.parquet");
    for _ in 0..20 {
        let seen = read(Format::Parquet, "a.parquet", &bytes[..]);
        assert!(seen.says("it cannot be read as Parquet"), "{:?}", seen.reasons());
    }
}

#[test]
fn a_picture_with_more_marks_than_can_be_held_is_refused_in_every_format_of_rows() {
    let csv = "path,class,xmin,ymin,xmax,ymax\n".to_owned() + &"a.jpg,x,1,1,2,2\n".repeat(200_001);
    let open_images = "ImageID,LabelName,XMin,XMax,YMin,YMax\n".to_owned() + &"a,x,0.1,0.2,0.1,0.2\n".repeat(200_001);
    let yolo: String = (0..200_001).map(|i| format!("1 1 2 1 2 2 1 {i} x 0\n")).collect();
    for (format, name, text) in
        [(Format::Csv, "a.csv", csv), (Format::OpenImages, "a.csv", open_images), (Format::Yolo, "a.txt", yolo)]
    {
        let seen = read(format, name, text);
        assert!(seen.says("more than 200000 annotations belong to one picture"), "{format:?}: {:?}", seen.error);
    }
}

#[test]
fn a_list_of_classes_without_end_is_refused() {
    let categories: Vec<String> = (0..100_001).map(|i| format!("{{\"id\":{i},\"name\":\"c{i}\"}}")).collect();
    let seen = read(Format::Coco, "a.json", format!("{{\"images\":[],\"categories\":[{}]}}", categories.join(",")));
    assert!(seen.says("it has more than 100000 classes"), "{:?}", seen.error);
}

#[test]
fn what_would_take_many_times_its_bytes_is_refused() {
    let regions = vec!["{\"a\":{}}"; 200_000].join(",");
    let via = format!("{{\"a.jpg\":{{\"filename\":\"a.jpg\",\"regions\":[{regions}]}}}}");
    assert!(read(Format::Via, "a.json", via).says("it holds so many values"));
    let labelme = format!("{{\"imagePath\":\"a.jpg\",\"shapes\":[{regions}]}}");
    assert!(read(Format::LabelMe, "a.json", labelme).says("it holds so many values"));
    let voc = format!("<annotation><filename>a.jpg</filename>{}</annotation>", "<x/>".repeat(500_000));
    let seen = read(Format::Voc, "a.xml", voc);
    assert!(seen.says("an element holds so much"), "{:?}", seen.error);
    for text in ["<annotation><x>".to_owned(), "<annotation a=\"".to_owned(), "<!-- ".to_owned()] {
        let seen = read(Format::Voc, "a.xml", text + &"y".repeat(17 << 20));
        assert!(seen.says("an element is longer than 16 MiB"), "{:?}", seen.error);
    }
    // An example of very many empty fields, with the sums that it needs.
    let example = [10, 0].repeat(2_000_001);
    let crc = |bytes: &[u8]| {
        let sum = bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0x82f6_3b78 } else { c >> 1 })
        });
        (!sum).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let length = (example.len() as u64).to_le_bytes();
    let record = [&length[..], &crc(&length), &example, &crc(&example)].concat();
    let seen = read(Format::TfRecord, "a.tfrecord", record);
    assert!(seen.says("it has more than 2000000 values"), "{:?} {:?}", seen.reasons(), seen.error);
}

#[test]
fn the_picture_in_a_labelme_file_may_be_of_any_length() {
    let shape = "{\"label\":\"x\",\"points\":[[1,1],[3,3]],\"shape_type\":\"rectangle\"}";
    let text = format!(
        "{{\"imageData\":\"{}\",\"imagePath\":\"a.jpg\",\"imageWidth\":9,\"imageHeight\":9,\"shapes\":[{shape}]}}",
        "A".repeat(17 << 20)
    );
    let seen = read(Format::LabelMe, "a.json", text.clone());
    assert!(seen.error.is_none() && seen.items.len() == 1 && seen.items[0].marks.len() == 1, "{:?}", seen.error);
    assert!(read(Format::LabelMe, "a.json", &text[..17 << 20]).says("the file ends in the middle"));
}
