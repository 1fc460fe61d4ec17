//! Import and export through the wizards of the built program: looked at, counted, done, and done again without a change.

use crate::support::pictures;
use crate::support::pty::{Home, Session, eventually};
use crate::support::workspace::{FakeWorkspace, Fault, TOKEN};
use serde_json::{Value, json};

/// A project of four pictures with boxes.
fn cards() -> Home {
    let home = Home::new();
    pictures::write(&home.path("cards"), "card", 4);
    let made =
        ["project", "create", "cards", "--from", "cards", "--task", "detection", "--classes", "ace,king", "--json"];
    let (code, out, err) = home.command(&made);
    assert_eq!(code, 0, "{out}{err}");
    home
}

/// So many pictures with a box on each of the first three, the last one of a class that the project does not have.
fn coco(home: &Home, pictures: u8) -> String {
    let images: Vec<Value> = (1..=pictures)
        .map(|i| json!({ "id": i, "file_name": format!("card_0{i}.png"), "width": 320, "height": 240 }))
        .collect();
    let boxes: Vec<Value> = (1..=3)
        .map(|i| json!({ "id": i, "image_id": i, "category_id": i, "bbox": [10 * i, 20, 100, 80], "area": 8000, "iscrowd": 0 }))
        .collect();
    let categories: Vec<Value> =
        ["ace", "King", "joker"].iter().zip(1..).map(|(name, id)| json!({ "id": id, "name": name })).collect();
    let path = home.path("cards.json");
    let text = json!({ "images": images, "annotations": boxes, "categories": categories }).to_string();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Opens the wizard on the list of projects and names the file.
fn import(session: &mut Session, file: &str) {
    session.keys("g p").wait_for("E export").keys("I").wait_for("file or folder:");
    session.keys("<C-u>").type_text(file).keys("<enter>");
}

/// Another start of the program, so that keys do not count as held down.
fn open(home: &Home) -> Session {
    let mut session = home.terminal().run::<&str>(&[]);
    session.wait_for("cards");
    session
}

fn leave(session: &mut Session) {
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

fn exported(home: &Home, name: &str) -> Vec<Value> {
    let (code, out, err) = home.command(&["export", "cards", name, "--filter", "status:labeled"]);
    assert_eq!(code, 0, "{out}{err}");
    let text = std::fs::read_to_string(home.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_coco_file_is_looked_at_counted_imported_and_imported_again_without_a_change() {
    let home = cards();
    let file = coco(&home, 4);
    let mut session = open(&home);
    import(&mut session, &file);
    session.wait_for("recognised by its content").wait_for("card_01.png").wait_for("box ace").wait_for("box joker");
    session.wait_for("1 new").keys("<tab>").wait_for("is `king` in the project").wait_for("it is added to the project");
    session.keys("d").wait_for("dry run done").wait_for("labels to be added").wait_for("nothing is written yet");
    assert!(exported(&home, "dry.jsonl").is_empty(), "a dry run writes nothing");
    session.keys("s").wait_for("labels added").wait_for("takes the answers back");
    let answers = exported(&home, "one.jsonl");
    assert_eq!(answers.len(), 4, "the one without a box is verified empty");
    // Once more: nothing changes.
    session.keys("d").wait_for("would change").wait_for("left as they are");
    session.keys("g t").wait_for("import cards.json into cards").wait_for("3 labels added");
    session.wait_for("nothing would change");
    leave(&mut session);
    let (code, out, err) = home.command(&["import", "cards", &file, "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["annotations"], &report["replaced"], &report["created"]),
        (0, &json!(0), &json!(0), &json!(0)),
        "{err}"
    );
}

#[test]
fn a_csv_file_with_a_wrong_row_stops_until_it_is_said_that_the_rest_is_kept() {
    let home = cards();
    let rows = "filename,class,xmin,ymin,xmax,ymax\ncard_01.png,ace,10,10,90,90\ncard_02.png,king,wide,10,90,90\n\
                card_03.png,king,20,20,120,90\n";
    std::fs::write(home.path("boxes.csv"), rows).unwrap();
    let mut session = open(&home);
    import(&mut session, &home.path("boxes.csv").display().to_string());
    // What is wrong stands in the preview with its place.
    session.wait_for("csv").wait_for("card_01.png").wait_for("1 wrong").wait_for("\"wide\"");
    session.keys("d").wait_for("stops").wait_for("1 row is wrong");
    session.keys("s").wait_for("1 row is wrong");
    assert!(exported(&home, "none.jsonl").is_empty(), "nothing is imported when it would stop");
    // From the file down to the wrong rows.
    session.keys("<down>").keys("j").keys("<down>").keys("j").keys("<down>").keys("<enter>");
    session.wait_for("left out with their picture").type_text("keep").wait_for("1 / 3").keys("<enter>");
    session.wait_for("not counted yet").keys("d").wait_for("dry run done").wait_for("labels to be added");
    session.keys("s").wait_for("labels added").wait_for("takes the answers back");
    leave(&mut session);
    let answers = exported(&home, "kept.jsonl");
    let boxes: usize = answers.iter().filter_map(|a| a["boxes"].as_array()).map(Vec::len).sum();
    assert_eq!(boxes, 2, "{answers:?}");
    let rejects: Vec<_> =
        std::fs::read_dir(home.path("data/state/rejects")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!rejects.is_empty());
    assert!(rejects.iter().all(|f| std::fs::read_to_string(f).unwrap().contains("wide")), "{rejects:?}");
}

#[test]
fn an_export_says_what_is_lost_before_it_is_made_and_appears_whole() {
    let home = cards();
    let file = coco(&home, 3);
    let (code, out, err) = home.command(&["import", "cards", &file]);
    assert_eq!(code, 0, "{out}{err}");
    let mut session = open(&home);
    session.keys("g p").wait_for("E export").keys("E").wait_for("export labels").wait_for("write to");
    session.keys("<enter>").wait_for("one row a picture").type_text("yolo").keys("<enter>");
    session
        .wait_for("cards-yolo")
        .keys("<down>")
        .keys("j")
        .keys("<down>")
        .keys("<space>")
        .wait_for("copied into the folder");
    session
        .keys("d")
        .wait_for("dry run done")
        .wait_for("nothing is written yet")
        .wait_for("1  pictures without an answer are left out");
    assert!(!home.path("cards-yolo").exists(), "a dry run writes nothing");
    session.keys("s").wait_for("lakelens-export.json");
    leave(&mut session);
    let folder = home.path("cards-yolo");
    let files = walk(&folder);
    assert!(files.iter().any(|f| f.ends_with("data.yaml")), "{files:?}");
    assert_eq!(files.iter().filter(|f| f.ends_with(".png")).count(), 3, "{files:?}");
    assert_eq!(files.iter().filter(|f| f.ends_with(".txt") && f.contains("card_")).count(), 3, "{files:?}");
    let left: Vec<_> = std::fs::read_dir(home.path("data/cache/scratch")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_export_that_is_left_takes_back_what_it_has_written() {
    let (home, fake) = (cards(), FakeWorkspace::start());
    std::fs::create_dir_all(home.path("there/v")).unwrap();
    fake.world().volume("main.vision.v", &home.path("there/v"));
    let profile = format!("[prod]\nhost = {}\ntoken = {TOKEN}\n", fake.host());
    std::fs::write(home.path(".databrickscfg"), profile).unwrap();
    let file = coco(&home, 3);
    assert_eq!(home.command(&["import", "cards", &file]).0, 0);
    let (set, last) = ("/Volumes/main/vision/v/set", "/api/2.0/fs/files/Volumes/main/vision/v/set/data.yaml");
    fake.fault(&format!("PUT {last}"), 1, Fault::Hang);
    let mut session = home.terminal().run(&["--profile", "prod"]);
    session.wait_for("cards").keys("g p").wait_for("E export").keys("E").wait_for("write to");
    session.keys("<enter>").wait_for("one row a picture").type_text("yolo").keys("<enter>").wait_for("cards-yolo");
    session.keys("j <enter>").wait_for("anywhere in the lake").keys("<C-u>").type_text(set).keys("<enter>");
    session.keys("d").wait_for("dry run done").keys("s");
    eventually("the file is under way", || fake.world().asked(last) > 0);
    assert!(home.path("there/v/set").is_dir());
    session.keys("Q").wait_for("is under way. Stop it and leave?").keys("y");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(walk(&home.path("there/v")), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(home.path("data/state/exports")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_delta_table_is_made_and_comes_back_through_the_wizards() {
    let home = cards();
    let file = coco(&home, 3);
    let (code, out, err) = home.command(&["import", "cards", &file]);
    assert_eq!(code, 0, "{out}{err}");
    let made = ["project", "create", "second", "--from", "cards", "--task", "detection", "--json"];
    assert_eq!(home.command(&made).0, 0);
    let mut session = open(&home);
    session.keys("g p").wait_for("E export").keys("E").wait_for("export labels").wait_for("write to");
    session.keys("<enter>").wait_for("one row a picture").type_text("delta").keys("<enter>");
    session.wait_for("cards-delta").keys("d").wait_for("dry run done").wait_for("nothing is written yet");
    assert!(!home.path("cards-delta").exists(), "a dry run writes nothing");
    session.keys("s").wait_for("the history of");
    leave(&mut session);
    assert!(home.path("cards-delta/_delta_log").is_dir());
    let mut session = open(&home);
    session.wait_for("second").keys("g p").wait_for("E export").keys("j I").wait_for("file or folder:");
    session.keys("<C-u>").type_text(&home.path("cards-delta").display().to_string()).keys("<enter>");
    session.wait_for("recognised by its content").wait_for("card_01.png").wait_for("box ace");
    session.keys("d").wait_for("dry run done").keys("s").wait_for("labels added").wait_for("takes the answers back");
    leave(&mut session);
    let (code, out, err) = home.command(&["export", "second", "second.json", "--format", "coco", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["images"], &report["annotations"]), (0, &json!(3), &json!(3)), "{err}");
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => out.extend(walk(&path)),
            path => out.push(path.display().to_string()),
        }
    }
    out
}
