//! The Table screen: tabs, questions asked when they are needed, cursors, pictures of rows, and what stands where nothing
//! can be shown.

use super::harness::Harness;
use lakelens::app::effect::{Effect, Query};
use lakelens::app::event::{Event, Reply};
use lakelens::app::picture::PictureState;
use lakelens::app::screens::Screen;
use lakelens::app::screens::lake::LakeState;
use lakelens::app::screens::table;
use lakelens::app::screens::table::rows::Loaded;
use lakelens::app::screens::table::state::{Tab, Trouble};
use lakelens::app::slots::Slot;
use lakelens::app::update::next_tick;
use lakelens::domain::commit::Commit;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::sheet::{Cell, Column, Sheet};
use lakelens::lake::table_info::TableInfo;
use lakelens::media::info::ImageInfo;
use std::sync::Arc;

fn path() -> LakePath {
    LakePath::Table("main".to_owned(), "vision".to_owned(), "labels".to_owned())
}

/// A machine on the table, above the schema it is in.
fn opened() -> Harness {
    let schema = LakePath::Schema("main".to_owned(), "vision".to_owned());
    let mut h = Harness::new(Screen::Lake(Box::new(LakeState::new(schema, None, false))));
    let effects = table::open(&mut h.state, path());
    h.effects.extend(effects);
    h
}

fn facts() -> TableInfo {
    let folder = "a-long-folder/".repeat(12);
    let told = serde_json::json!({
        "full_name": "main.vision.labels", "table_type": "MANAGED", "data_source_format": "DELTA",
        "owner": "ann@example.com", "comment": "what people said of the pictures of the line",
        "storage_location": format!("s3://lake/{folder}"), "created_at": 1_700_000_000_000_i64,
        "created_by": "bob@example.com",
        "properties": { "delta.minReaderVersion": "1", "delta.enableChangeDataFeed": "true" },
        "columns": [
            { "name": "id", "type_text": "bigint", "position": 0, "nullable": false, "comment": "of the picture" },
            { "name": "path", "type_text": "string", "position": 1, "nullable": true },
            { "name": "class", "type_text": "string", "position": 2, "comment": "what\nit \u{1b}[31mis" },
            { "name": "score", "type_text": "double", "position": 3 },
            { "name": "day", "type_text": "date", "position": 4, "nullable": false, "partition_index": 0,
              "comment": "when it was taken" },
        ],
    });
    serde_json::from_value(told).unwrap()
}

fn column(name: &str, kind: &str) -> Column {
    Column { name: name.to_owned(), kind: kind.to_owned() }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Rows with a path and with bytes.
fn rows(count: usize, load: u64) -> Arc<Loaded> {
    let columns = [
        ("id", "bigint"),
        ("path", "string"),
        ("class", "string"),
        ("score", "double"),
        ("note", "string"),
        ("thumb", "binary"),
    ];
    let classes = [text("daisy"), Cell::Null, text("NULL"), text(""), text("(null)"), text("日本語のクラス")];
    let row = |i: usize| {
        vec![
            text(&i.to_string()),
            text(&format!("/Volumes/main/vision/images/2026-11/IMG_{i:06}.jpg")),
            classes[i % classes.len()].clone(),
            text(&format!("0.{}", i % 100)),
            text("seen at the \u{1b}[2J line, near the end of the second shift"),
            Cell::Bytes(vec![0xff; 22_100].into()),
        ]
    };
    let sheet = Sheet {
        columns: columns.map(|(name, kind)| column(name, kind)).to_vec(),
        rows: (0..count).map(row).collect(),
        more: count == 1000,
    };
    Arc::new(Loaded::new(Arc::new(sheet), load, "warehouse w1".to_owned(), vec![1, 5]))
}

/// On the rows of a table, all there.
fn on_rows(count: usize) -> Harness {
    let mut h = opened();
    h.reply(Slot::TableFacts, Reply::TableFacts(Box::new(facts())));
    h.keys("r");
    h.reply(Slot::TableRows, Reply::TableRows(rows(count, 1)));
    h
}

fn shown(h: &mut Harness) -> String {
    let (_, drawn) = h.draw(100, 30);
    drawn.pictures.first().map(|p| p.picture.path.to_string()).unwrap_or_default()
}

#[test]
fn a_tab_asks_when_it_is_first_shown_and_leaving_cancels_what_is_on_its_way() {
    let mut h = opened();
    assert_eq!(h.asked(), [Query::TableFacts(path())], "rows may cost compute: nobody wants them yet");
    h.reply(Slot::TableFacts, Reply::TableFacts(Box::new(facts())));
    h.effects.clear();
    h.keys("<tab>");
    assert_eq!(h.asked(), [Query::TableRows { path: path(), version: None }]);
    h.keys("<tab> <tab>");
    assert_eq!(h.asked().last(), Some(&Query::TableHistory(path())));
    h.keys("<tab> <tab>");
    assert_eq!((h.asked().len(), h.state.table().unwrap().tab), (2, Tab::Rows), "around the end, nothing twice");
    h.keys("<backtab>");
    assert_eq!(h.state.table().unwrap().tab, Tab::Schema);
    let late = h.effects.iter().find_map(|e| match e {
        Effect::Ask(tag, Query::TableRows { .. }) => Some(*tag),
        _ => None,
    });
    h.effects.clear();
    h.keys("q");
    assert!(h.state.lake().is_some());
    for slot in [Slot::TableRows, Slot::TableHistory] {
        assert!(h.effects.contains(&Effect::Forget(slot)), "{:?}", h.effects);
    }
    // What was asked before does not get into the next table.
    let effects = table::open(&mut h.state, LakePath::Table("main".into(), "vision".into(), "other".into()));
    h.effects.extend(effects);
    h.keys("r");
    h.event(Event::Reply(late.unwrap(), Reply::TableRows(rows(3, 1))));
    assert!(h.state.table().unwrap().rows.ready().is_none());
}

#[test]
fn cursors_go_by_row_and_by_column() {
    let mut h = on_rows(1000);
    h.draw(80, 24);
    let at = |h: &Harness| (h.state.table().unwrap().cursor(), h.state.table().unwrap().column);
    h.keys("j j l");
    assert_eq!(at(&h), (2, 1));
    h.keys("<up> <left> <left>");
    assert_eq!(at(&h), (1, 0));
    h.keys("<end>");
    assert_eq!(at(&h), (1, 5));
    assert!(h.state.table().unwrap().left > 0, "the last column is brought onto the screen");
    h.keys("<home> G");
    assert_eq!((at(&h), h.state.table().unwrap().left), ((999, 0), 0));
    h.keys("g g <pgdn>");
    assert!((10..24).contains(&at(&h).0), "{:?}", at(&h));
    h.keys("d <enter> <end>");
    assert!(h.state.messages.all().any(|m| m.text.contains("nothing to open here")));
    assert_eq!(
        h.state.table().unwrap().cursor() + 1,
        h.state.table().unwrap().lines(),
        "no columns there: the last line"
    );
}

#[test]
fn a_filter_keeps_rows_that_hold_it_and_esc_lifts_it_first() {
    let mut h = on_rows(1000);
    h.keys("j j j /").text("IMG_00003");
    let table = h.state.table().unwrap();
    assert_eq!((table.matching.len(), table.row()), (10, Some(30)));
    h.keys("<enter> <esc>");
    assert_eq!(h.state.table().unwrap().matching.len(), 1000);
    assert_eq!(h.state.table().unwrap().row(), Some(30), "the cursor stays on its row");
    h.keys("<esc>");
    assert!(h.state.lake().is_some());
}

#[test]
fn the_picture_is_that_of_the_row_and_those_ahead_are_prepared() {
    let mut h = on_rows(1000);
    assert!(shown(&mut h).ends_with("IMG_000000.jpg"));
    h.keys("j");
    assert!(shown(&mut h).ends_with("IMG_000001.jpg"));
    let ahead = h.draw(100, 30).1.ahead;
    assert!(
        ahead[0].picture.path.name() == "IMG_000002.jpg"
            && ahead.iter().any(|a| a.picture.path.name() == "IMG_000000.jpg")
    );
    // The other column holds bytes: the picture is the cell of this load.
    h.keys("c");
    let (_, drawn) = h.draw(100, 30);
    assert_eq!((&*drawn.pictures[0].picture.path, &*drawn.pictures[0].picture.etag), (&path(), "#1.1.5"));
    h.keys("c <enter>");
    assert!(h.state.large_picture);
    let (_, drawn) = h.draw(100, 30);
    assert!(drawn.pictures[0].cells.w > 90, "{:?}", drawn.pictures[0].cells);
    h.keys("j");
    assert!(shown(&mut h).ends_with("IMG_000002.jpg"), "moving goes on while it is large");
    h.keys("<esc>");
    assert!(!h.state.large_picture && h.state.table().is_some());
    h.keys("s");
    assert_eq!(shown(&mut h), "", "other tabs show none");
}

#[test]
fn reading_again_shows_new_pictures_and_never_those_of_the_load_before() {
    let mut h = on_rows(5);
    h.keys("c");
    let before = h.draw(100, 30).1.pictures[0].picture.clone();
    h.keys("<f5>");
    assert!(h.draw(100, 30).1.pictures.is_empty());
    h.reply(Slot::TableRows, Reply::TableRows(rows(5, 2)));
    assert_ne!(h.draw(100, 30).1.pictures[0].picture, before);
}

#[test]
fn values_are_copied_whole_and_what_is_no_text_is_not() {
    let mut h = on_rows(3);
    h.keys("l y");
    assert!(h.effects.contains(&Effect::Copy("/Volumes/main/vision/images/2026-11/IMG_000000.jpg".to_owned())));
    h.effects.clear();
    h.keys("j l y <end> y");
    assert!(!h.effects.iter().any(|e| matches!(e, Effect::Copy(_))), "{:?}", h.effects);
    h.keys("P");
    let command = "lakelens table main.vision.labels --id id --class class --path path";
    assert!(h.effects.contains(&Effect::Copy(command.to_owned())));
    assert!(h.state.messages.all().any(|m| m.text.contains(command)));
}

fn commits() -> Vec<Commit> {
    let commit = |version, operation: &str, user: Option<&str>, message: Option<&str>| Commit {
        version,
        at: Some(format!("2026-11-2{version}T10:00:00.123Z")),
        operation: Some(operation.to_owned()),
        user: user.map(str::to_owned),
        message: message.map(str::to_owned),
        ..Commit::default()
    };
    vec![
        commit(
            2,
            "MERGE",
            Some("ann@example.com"),
            Some("lakelens: 14 labels of the second shift, checked by two people"),
        ),
        commit(1, "WRITE", Some("bob@example.com"), None),
        commit(0, "CREATE TABLE AS SELECT", None, None),
    ]
}

#[test]
fn a_version_of_the_history_shows_its_rows_and_esc_goes_back_to_now() {
    let mut h = on_rows(5);
    h.keys("v");
    h.reply(Slot::TableHistory, Reply::TableHistory(commits()));
    h.effects.clear();
    h.keys("j <enter>");
    assert_eq!(h.asked(), [Query::TableRows { path: path(), version: Some(1) }]);
    assert_eq!(h.effects[0], Effect::Forget(Slot::TableRows));
    h.reply(Slot::TableRows, Reply::TableRows(rows(2, 2)));
    assert!(h.screen(100, 30).contains("version 1   2 rows"));
    h.effects.clear();
    h.keys("<esc>");
    assert_eq!(h.asked(), [Query::TableRows { path: path(), version: None }]);
    h.effects.clear();
    h.keys("v k <enter>");
    assert_eq!(h.asked(), [], "the newest version is the table as it is now");
}

#[test]
fn a_column_of_the_schema_leads_to_its_values() {
    let mut h = opened();
    h.reply(Slot::TableFacts, Reply::TableFacts(Box::new(facts())));
    h.keys("j j <enter>");
    h.reply(Slot::TableRows, Reply::TableRows(rows(3, 1)));
    assert_eq!((h.state.table().unwrap().tab, h.state.table().unwrap().column), (Tab::Rows, 2));
}

fn waited(h: &mut Harness, ms: u64) -> String {
    for _ in 0..ms / 100 {
        h.event(Event::Tick);
    }
    h.screen(100, 30)
}

#[test]
fn waiting_is_told_when_it_is_noticed_and_how_to_stop_it_later() {
    let mut h = opened();
    h.reply(Slot::TableFacts, Reply::TableFacts(Box::new(facts())));
    h.keys("r");
    let since = h.state.clock;
    assert_eq!(next_tick(&h.state), Some(since + 300));
    assert!(!h.screen(100, 30).contains("loading"));
    let soon = waited(&mut h, 300);
    assert!(soon.contains("loading") && !soon.contains("cancels"));
    let later = waited(&mut h, 2_500);
    assert!(later.contains("`Esc` leaves and cancels it") && !later.contains("minutes"), "{later}");
    assert!(waited(&mut h, 3_000).contains("starts first, which can take minutes"));
    h.reply(Slot::TableRows, Reply::TableRows(rows(3, 1)));
    assert_eq!(next_tick(&h.state), h.state.messages.expires_at(), "nothing wakes it up any more");
}

#[test]
fn what_cannot_be_shown_says_why_and_what_to_do() {
    let mut h = opened();
    let denied = "cannot look at `lake:/main/vision/labels`: User does not have USE SCHEMA; ask the owner for it";
    h.reply(Slot::TableFacts, Reply::TableTrouble(Box::new(Trouble::new("no permission", denied))));
    insta::assert_snapshot!("table_denied_80x24", h.screen(80, 24));
    h.keys("r");
    let missing = Trouble {
        title: "no engine reads it".to_owned(),
        text: "The catalog knows this table, but nothing is set up that can read it. One of these is enough:"
            .to_owned(),
        remedies: vec![
            "In ~/.databrickscfg, below [prod]: warehouse_id = ID of a SQL warehouse, or cluster_id = ID".to_owned(),
            "In the environment: DATABRICKS_WAREHOUSE_ID or DATABRICKS_CLUSTER_ID".to_owned(),
        ],
    };
    h.reply(Slot::TableRows, Reply::TableTrouble(Box::new(missing)));
    insta::assert_snapshot!("table_no_engine_80x24", h.screen(80, 24));
    h.effects.clear();
    h.keys("<f5>");
    assert!(h.asked().contains(&Query::TableRows { path: path(), version: None }), "{:?}", h.effects);
}

#[test]
fn empty_tables_and_rows_without_a_picture_say_so() {
    let mut h = on_rows(0);
    assert!(h.screen(80, 24).contains("the table has no rows"));
    let mut h = on_rows(3);
    h.keys("/").text("nothing like it");
    assert!(h.screen(80, 24).contains("no loaded row holds"));
    h.keys("<esc>");
    let sheet = Sheet {
        columns: vec![column("image", "string")],
        rows: vec![vec![text("/a.jpg")], vec![Cell::Null], vec![text("b.jpg")]],
        more: false,
    };
    h.keys("<f5>");
    let loaded = Loaded::new(Arc::new(sheet), 2, String::new(), vec![0]);
    h.reply(Slot::TableRows, Reply::TableRows(Arc::new(loaded)));
    h.keys("j");
    assert!(h.screen(100, 30).contains("no picture in this row"));
    h.keys("j");
    assert!(h.screen(100, 30).contains("relative paths"));
}

#[test]
fn damaged_bytes_get_a_placeholder_that_says_which_row() {
    let mut h = on_rows(3);
    h.keys("c j");
    let picture = h.draw(100, 30).1.pictures[0].picture.clone();
    let reason = "the file is cut short".into();
    h.event(Event::Picture(picture, PictureState::Failed { reason, info: None }));
    let screen = h.screen(100, 30);
    assert!(screen.contains("thumb, row 2") && screen.contains("cannot be shown: the file is"), "{screen}");
    h.keys("j");
    assert!(!h.screen(100, 30).contains("cannot be shown"));
}

fn with_picture(h: &mut Harness) {
    let picture = h.draw(100, 30).1.pictures[0].picture.clone();
    let info = ImageInfo {
        format: "jpeg".to_owned(),
        width: 320,
        height: 240,
        bytes: 22_000,
        frames: 1,
        orientation: 1,
        ..ImageInfo::default()
    };
    h.event(Event::Picture(picture, PictureState::Shown { exact: true, info: Arc::new(info) }));
}

#[test]
fn the_tabs_as_they_look() {
    let mut h = opened();
    h.reply(Slot::TableFacts, Reply::TableFacts(Box::new(facts())));
    h.keys("j j");
    insta::assert_snapshot!("table_schema_80x24", h.screen(80, 24));
    insta::assert_snapshot!("table_schema_160x50", h.screen(160, 50));
    h.keys("d j j j");
    insta::assert_snapshot!("table_details_80x24", h.screen(80, 24));
    let mut h = on_rows(1000);
    h.keys("j j j l");
    with_picture(&mut h);
    insta::assert_snapshot!("table_rows_80x24", h.screen(80, 24));
    insta::assert_snapshot!("table_rows_160x50", h.screen(160, 50));
    insta::assert_snapshot!("table_rows_60x18", h.screen(60, 18));
    h.keys("v");
    h.reply(Slot::TableHistory, Reply::TableHistory(commits()));
    insta::assert_snapshot!("table_history_80x24", h.screen(80, 24));
    insta::assert_snapshot!("table_history_160x50", h.screen(160, 50));
}

#[test]
fn it_reads_without_colours_and_without_unicode() {
    let mut h = on_rows(5);
    let (buffer, _) = h.draw_ascii(80, 24);
    let text = super::harness::text_of(&buffer);
    assert!(text.contains("[rows]") && text.contains("(null)"), "{text}");
    assert!(text.lines().all(|l| l.chars().all(|c| c.is_ascii() || "日本語のクラス".contains(c))), "{text}");
}
