//! A look at the first pictures of a file before it is imported.

use super::project::Bench;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::project::ClassFrom;
use lakelens::lake::Lake;
use lakelens::lake::remote::Stop;
use lakelens::ops::Watch;
use lakelens::ops::import::{Import, ImportOptions, preview};
use lakelens::ops::options::import::OnMissing;
use lakelens::ops::report::exchange::{ClassMeans, PreviewClass};
use lakelens::store::records::Mode;
use lakelens::store::{Store, sqlite::SqliteStore};

#[test]
fn classes_that_only_pictures_left_out_have_are_not_called_new() {
    let bench = Bench::new(&[b"0.jpg"], ClassFrom::None, &["rose"]);
    let dir = bench.dir.path();
    std::fs::write(dir.join("labels.csv"), "path,class\n0.jpg,tulip\ngone.jpg,Daisy\ngone2.jpg,rose\n").unwrap();
    let mut store = SqliteStore::open(&dir.join("store.db"), Mode::Create).unwrap();
    let project = store.project_by_name("p").unwrap().unwrap();
    let mut classes = |on_missing: OnMissing| {
        let from = LakePath::parse("labels.csv", &dir.display().to_string()).unwrap();
        let how = ImportOptions { on_missing, ..ImportOptions::default() };
        let wanted = Import::new(from, how, "ann".to_owned(), dir.join("scratch"), &dir.join("rejects"));
        let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
        let seen = preview(&mut store, &Lake::default(), &project, &wanted, &Stop::never(), &mut watch).unwrap();
        let mut classes = seen.classes;
        classes.sort_by(|a, b| a.name.cmp(&b.name));
        classes
    };
    let class = |name: &str, means| PreviewClass { name: name.to_owned(), seen: 1, means };
    let (rose, tulip) = (ClassMeans::Known("rose".to_owned()), ClassMeans::New("tulip".to_owned()));
    let others = [class("rose", rose), class("tulip", tulip)];
    assert_eq!(classes(OnMissing::Skip), [&[class("Daisy", ClassMeans::LeftOut)], &others[..]].concat());
    let daisy = class("Daisy", ClassMeans::New("Daisy".to_owned()));
    assert_eq!(classes(OnMissing::Create), [&[daisy], &others[..]].concat());
}
