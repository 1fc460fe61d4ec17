//! Boxes in the built program: drawn by keys and by the mouse, and what is in the store afterwards.

use super::labelling::at;
use crate::support::pictures;
use crate::support::pty::{Home, Session};
use lakelens::app::screens::label::boxes::grid::Grid;
use lakelens::domain::geometry::{BoxN, Point};

fn boxes_of(home: &Home, project: &str) -> serde_json::Value {
    let (code, _, err) = home.command(&["export", project, "labels.jsonl", "--format", "jsonl"]);
    assert_eq!(code, 0, "{err}");
    let text = std::fs::read_to_string(home.path("labels.jsonl")).unwrap();
    text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).collect()
}

pub(super) fn detection(session: &mut Session) {
    session.keys("P").wait_for("name of the new project").keys("<C-u>").type_text("blossom").keys("<enter>");
    session.wait_for("what is asked?").type_text("boxes").keys("<enter>");
    session.wait_for("where do the classes come from?").keys("<enter>");
    session.wait_for("classes, separated by commas").type_text("daisy, roses").keys("<enter>");
}

pub(super) fn keys_of(size: (u32, u32), wanted: BoxN) -> String {
    let grid = Grid::of(size);
    let from = grid.nearest(Point { x: wanted.x, y: wanted.y }, BoxN::ALL);
    let to = grid.nearest(Point { x: wanted.x + wanted.w, y: wanted.y + wanted.h }, BoxN::ALL);
    from.iter().chain(&to).map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_box_is_drawn_by_five_keys_and_is_in_the_store() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 3);
    let size = image::image_dimensions(folder.join("flower_01.png")).unwrap();
    let wanted = BoxN { x: 0.25, y: 0.2, w: 0.5, h: 0.6 };
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 3");
    detection(&mut session);
    at(&mut session, "flower_01.png", "0 / 3").keys("2").wait_for("a corner");
    session.keys(&keys_of(size, wanted)).wait_for("1 of 1").wait_for("1 / 3 done");
    // The next one is empty, and that is an answer. Another key leads there: Enter twice at once counts as held down.
    session.keys("n");
    at(&mut session, "flower_02.png", "1 / 3").keys("<enter>");
    at(&mut session, "flower_03.png", "2 / 3").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();

    let rows = boxes_of(&home, "blossom");
    let rows = rows.as_array().unwrap();
    let text = |i: usize| rows[i].to_string();
    assert!(text(0).contains("roses") && !text(0).contains("daisy"), "{}", text(0));
    let number = |name: &str| find(&rows[0], name).unwrap_or_else(|| panic!("no {name} in {}", text(0)));
    let made = BoxN { x: number("x"), y: number("y"), w: number("w"), h: number("h") };
    assert!(made.iou(wanted) > 0.9, "{made:?}");
    assert!(text(1).contains("labeled"), "{}", text(1));
    assert!(text(2).contains("unlabeled"), "{}", text(2));
}

/// A number by its name, however deep.
fn find(value: &serde_json::Value, name: &str) -> Option<f64> {
    match value {
        serde_json::Value::Object(map) => {
            map.get(name).and_then(serde_json::Value::as_f64).or_else(|| map.values().find_map(|v| find(v, name)))
        }
        serde_json::Value::Array(all) => all.iter().find_map(|v| find(v, name)),
        _ => None,
    }
}
