//! How many calls of the system a file costs: a data set has as many files as pictures, and each call is paid for each.

use lakelens::domain::annotation::Shape;
use lakelens::domain::geometry::BoxN;
use lakelens::formats::dataset::{Aside, ClassInfo, Item, Mark, Outputs, Place, Spot, Standing, Unit};
use lakelens::formats::write::reduce::reduce;
use lakelens::formats::write::{About, Classes, Entry, Kind, Losses};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// The writes and the bytes of each file.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, (usize, usize)>>>);

struct Open(Counted, String);

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.0.0.lock().unwrap();
        let (writes, all) = files.entry(self.1.clone()).or_default();
        (*writes, *all) = (*writes + 1, *all + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Counted {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Write + Send>> {
        self.0.lock().unwrap().insert(path.to_owned(), (0, 0));
        Ok(Box::new(Open(self.clone(), path.to_owned())))
    }

    fn aside(&mut self) -> io::Result<Box<dyn Aside>> {
        Ok(Box::new(tempfile::tempfile()?))
    }
}

fn picture(number: usize) -> Item {
    let place = Place { file: Arc::from("x"), at: Spot::Whole };
    let mark = |i: usize| Mark {
        class: "cat".to_owned(),
        shape: Shape::Box(BoxN { x: i as f64 / 1000.0, y: 0.25, w: 0.125, h: 0.5 }),
        unit: Unit::Part,
        score: None,
        author: None,
        at: None,
        attributes: BTreeMap::new(),
        place: place.clone(),
    };
    Item {
        name: format!("sub/{number}.jpg"),
        width: Some(640),
        height: Some(480),
        stored_frame: false,
        split: None,
        standing: Standing::Judged,
        marks: (0..300).map(mark).collect(),
        extra: BTreeMap::new(),
        place: place.clone(),
    }
}

#[test]
fn no_format_is_written_in_small_pieces() {
    for kind in [
        Kind::Coco,
        Kind::CvExplorer,
        Kind::CocoReference,
        Kind::Yolo,
        Kind::YoloSeg,
        Kind::Voc,
        Kind::Cvat,
        Kind::LabelMe,
        Kind::LabelStudio,
        Kind::CreateMl,
        Kind::OpenImages,
        Kind::Via,
        Kind::Datumaro,
        Kind::CsvBoxes,
        Kind::HfImageFolder,
        Kind::TfRecord,
        Kind::Parquet,
        Kind::HfParquet,
    ] {
        let classes = Classes::new([ClassInfo { name: "cat".to_owned(), ..ClassInfo::default() }]);
        let (mut writer, mut out) = (kind.writer(About { classes, ..About::default() }), Counted::default());
        for number in 1..4 {
            let mut item = picture(number);
            if reduce(&mut item, &writer.says(), &mut Losses::default()) {
                let entry = Entry { id: number as u64, item: &item, origin: "/p", size: 9, content: None };
                writer.item(&entry, &mut out).unwrap();
            }
        }
        writer.finish(&mut out).unwrap();
        drop(writer);
        let files = out.0.lock().unwrap();
        assert!(files.values().any(|(_, bytes)| *bytes > 2000), "{kind:?}: {files:?}");
        for (path, (writes, bytes)) in files.iter() {
            assert!(*writes <= 16 + bytes / 1024, "{kind:?}: {path} of {bytes} bytes is written in {writes} pieces");
        }
    }
}
