//! The Lake screen: cursor, columns, stale listings, filter.

use super::harness::Harness;
use lakelens::app::effect::{Effect, Query};
use lakelens::app::event::Reply;
use lakelens::app::screens::Screen;
use lakelens::app::screens::lake::LakeState;
use lakelens::app::screens::lake::state::TextPreview;
use lakelens::app::slots::Slot;
use lakelens::app::update;
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::listing::{Arrange, EntryKind, Listing, Progress, Row};

pub(crate) fn rows<'a>(names: &[&'a str]) -> Vec<Row<'a>> {
    let kind = |name: &str| if name.contains('.') { EntryKind::File } else { EntryKind::Folder };
    names.iter().map(|name| Row { name, kind: kind(name), size: Some(1000), modified: None }).collect()
}

pub(crate) fn lake(names: &[&str]) -> Harness {
    let path = LakePath::Local("/data/photos".to_owned());
    let mut h = Harness::new(Screen::Lake(Box::new(LakeState::new(path, None, false))));
    let effects = update::start(&mut h.state);
    h.effects.extend(effects);
    h.reply(Slot::Column(0), Reply::Listing(Listing::from_rows(&rows(names), Arrange::default(), Progress::Complete)));
    h
}

#[test]
fn pictures_follow_the_cursor_and_the_next_ones_are_prepared() {
    let mut h = lake(&["sub", "a.jpg", "b.jpg", "c.jpg", "notes.txt"]);
    h.keys("j j");
    let (_, drawn) = h.draw(120, 40);
    assert_eq!(drawn.pictures.len(), 1);
    assert_eq!(drawn.pictures[0].picture.path.to_string(), "/data/photos/b.jpg");
    let ahead: Vec<&str> = drawn.ahead.iter().map(|p| p.picture.path.name()).collect();
    assert_eq!(ahead, ["c.jpg", "a.jpg"]);
    h.keys("j j");
    assert!(h.draw(120, 40).1.pictures.is_empty());
    assert!(h.asked().iter().any(|q| matches!(q, Query::Preview(p) if p.name() == "notes.txt")));
}

#[test]
fn a_table_is_described_beside_its_schema_and_enter_opens_it() {
    let path = LakePath::Schema("main".to_owned(), "vision".to_owned());
    let mut h = Harness::new(Screen::Lake(Box::new(LakeState::new(path, None, false))));
    let effects = update::start(&mut h.state);
    h.effects.extend(effects);
    let row = |name, kind| Row { name, kind, size: None, modified: Some(jiff::Timestamp::UNIX_EPOCH) };
    let rows = [row("images", EntryKind::Volume), row("labels", EntryKind::Table)];
    h.reply(Slot::Column(0), Reply::Listing(Listing::from_rows(&rows, Arrange::default(), Progress::Complete)));
    h.effects.clear();
    h.keys("j");
    let table = LakePath::Table("main".to_owned(), "vision".to_owned(), "labels".to_owned());
    assert!(h.asked().contains(&Query::Preview(table)), "{:?}", h.effects);
    assert!(!h.asked().iter().any(|q| matches!(q, Query::Facts(_))), "it has no size");
    let mut lines: Vec<String> =
        ["main.vision.labels", "type        MANAGED", "", "columns (22)"].map(str::to_owned).into();
    lines.insert(2, "location    s3://lake/a/long/path/that/does/not/fit/into/one/row/of/the/pane".to_owned());
    lines.extend((0..22).map(|i| format!("  c{i:02}  string")));
    h.reply(Slot::TextPreview, Reply::Preview(TextPreview::Facts(lines)));
    insta::assert_snapshot!("lake_table_80x24", h.screen(80, 24));
    h.keys("<enter>");
    assert!(h.state.table().is_some_and(|t| t.name() == "main.vision.labels"));
    h.keys("q");
    assert_eq!(h.state.lake().unwrap().here.name(), Some("labels"), "and leaving it leads back");
}

#[test]
fn a_growing_listing_keeps_the_cursor_on_its_entry() {
    let mut h = lake(&["b.jpg", "d.jpg"]);
    h.keys("j");
    let more = rows(&["a.jpg", "b.jpg", "c.jpg", "d.jpg"]);
    h.reply(Slot::Column(0), Reply::Listing(Listing::from_rows(&more, Arrange::default(), Progress::Complete)));
    assert_eq!(h.state.lake().unwrap().here.name(), Some("d.jpg"));
}

#[test]
fn entering_and_leaving_a_folder() {
    let mut h = lake(&["sub", "a.jpg"]);
    h.effects.clear();
    h.keys("l");
    assert_eq!(h.state.lake().unwrap().here.path.to_string(), "/data/photos/sub");
    assert!(h.asked().iter().any(|q| matches!(q, Query::List { path, .. } if path.name() == "sub")));
    h.keys("h");
    let lake = h.state.lake().unwrap();
    assert_eq!(lake.here.path.to_string(), "/data/photos");
    assert_eq!(lake.here.wanted.as_deref(), Some("sub"));
}

#[test]
fn the_filter_is_applied_as_it_is_typed_and_esc_lifts_it() {
    let mut h = lake(&["a.jpg", "b.jpg"]);
    h.effects.clear();
    h.keys("/").text("b");
    let filters: Vec<String> = h
        .asked()
        .iter()
        .filter_map(|q| if let Query::List { arrange, .. } = q { Some(arrange.filter.clone()) } else { None })
        .collect();
    assert_eq!(filters, ["b"]);
    h.keys("<esc>");
    assert_eq!(h.state.lake().unwrap().arrange.filter, "");
}

#[test]
fn copying_a_path_and_going_to_one() {
    let mut h = lake(&["a.jpg"]);
    h.keys("y");
    assert!(h.effects.contains(&Effect::Copy("/data/photos/a.jpg".to_owned())));
}

#[test]
fn a_hostile_name_is_drawn_as_escapes() {
    let mut h = lake(&["esc\u{1b}[2J.jpg"]);
    let screen = h.screen(100, 24);
    assert!(screen.contains("esc\\x1b[2J.jpg") && !screen.contains('\u{1b}'));
}

#[test]
fn a_picture_stays_the_same_when_its_size_arrives_and_a_reload_makes_it_new() {
    let mut h = lake(&["a.jpg"]);
    let shown = |h: &mut Harness| h.draw(120, 40).1.pictures[0].picture.clone();
    let before = shown(&mut h);
    let sized =
        vec![Row { name: "a.jpg", kind: EntryKind::File, size: Some(5), modified: Some(jiff::Timestamp::UNIX_EPOCH) }];
    h.reply(Slot::Column(0), Reply::Listing(Listing::from_rows(&sized, Arrange::default(), Progress::Complete)));
    assert_eq!(shown(&mut h), before);
    h.keys("<f5>");
    assert!(h.effects.contains(&Effect::Reread));
    assert_ne!(shown(&mut h), before);
}
