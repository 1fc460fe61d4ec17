//! Two people and one set of pictures: double labelling, what they say, how far they agree, and a decision.

use super::boxes::{detection, keys_of};
use super::labelling::{at, make_project};
use crate::support::pictures;
use crate::support::pty::{Home, Session};
use lakelens::domain::geometry::BoxN;

#[test]
fn two_people_label_a_share_twice_and_a_third_decides() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 3);
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 3");
    make_project(&mut session, "blossom", "daisy, roses");
    at(&mut session, "flower_01.png", "0 / 3").keys("1");
    at(&mut session, "flower_02.png", "1 / 3").keys("2");
    // A remark on the last one, before it is answered.
    at(&mut session, "flower_03.png", "2 / 3").keys("m").wait_for("Nobody has said anything yet");
    session.type_text("is this a rose?").keys("<enter>").wait_for("1 open / 1").keys("<esc>");
    // A key right behind Esc would be Alt and that key.
    session.wait("the panel to be gone, the remark to stand beside the picture", |s| {
        s.contains("is this a rose?") && !s.contains("say:")
    });
    session.keys("1").wait_for("3 / 3 done").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();

    let (code, out, err) = home.command(&["double", "start", "blossom", "--share", "100", "--for", "bob"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("bob"), "{out}");
    let mut session = home.terminal().kitty().run(&["--user", "bob"]);
    session.wait_for("blossom").keys("<enter>");
    session.wait_for("3 / 3 done").keys("g r").wait_for("waiting").keys("B").wait_for("go on").keys("<enter>");
    // All daisies, so that one of the three differs.
    for done in ["0 / 3", "1 / 3", "2 / 3"] {
        session.wait(&format!("the picture after {done}"), |s| {
            let facts = s.row_text(s.rows() - 2);
            s.contains(done)
                && s.contains("second pass")
                && (facts.contains("exact") || facts.trim_end().ends_with('~'))
        });
        session.keys("1");
    }
    session.wait_for("Of 3 pictures answered twice, 2 agree").keys("<tab>").wait_for("bob and tester");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);

    let (code, out, err) = home.command(&["agreement", "blossom", "--json"]);
    assert_eq!(code, 0, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["people"], &told["all"]["pictures"]), (&serde_json::json!(["bob", "tester"]), &3.into()));
    assert!((told["all"]["raw"]["value"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9, "{out}");

    let mut session = home.terminal().kitty().run(&["--user", "cleo"]);
    session.wait_for("blossom").keys("<enter>").wait_for("3 / 3 done").keys("g d");
    session.wait_for("answers that differ").wait_for("1 / 1").wait_for("A").wait_for("B");
    session.wait("the picture", |s| s.row_text(s.rows() - 2).contains("exact"));
    let text = session.text();
    assert!(!text.contains("tester") && !text.contains("bob"), "names before the decision:\n{text}");
    session.keys("a").wait_for("It is decided").wait_for("saved");
    session.keys("u").wait_for("1 / 1").keys("b").wait_for("It is decided").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let (_, out, _) = home.command(&["history", "blossom", "--json"]);
    assert!(out.contains("decided: ") && out.contains("cleo"), "{out}");
}

#[test]
fn two_people_draw_boxes_and_their_overlap_is_measured() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 2);
    let size = image::image_dimensions(folder.join("flower_01.png")).unwrap();
    let first = BoxN { x: 0.2, y: 0.2, w: 0.4, h: 0.6 };
    let shifted = BoxN { x: 0.3, ..first };
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 2");
    detection(&mut session);
    at(&mut session, "flower_01.png", "0 / 2").keys("2").wait_for("a corner");
    session.keys(&keys_of(size, first)).wait_for("1 of 1").wait_for("1 / 2 done").keys("<enter>");
    at(&mut session, "flower_02.png", "1 / 2").keys("E").wait_for("2 / 2 done").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);

    let (code, _, err) = home.command(&["double", "start", "blossom", "--share", "100", "--for", "bob"]);
    assert_eq!(code, 0, "{err}");
    let mut session = home.terminal().kitty().run(&["--user", "bob"]);
    session.wait_for("blossom").keys("<enter>");
    session.wait_for("2 / 2 done").keys("g r").wait_for("waiting").keys("B").wait_for("go on").keys("<enter>");
    let mut name = "";
    for done in ["0 / 2", "1 / 2"] {
        name = second(&mut session, done, name);
        if name == "flower_01.png" {
            session.keys("2").wait_for("a corner").keys(&keys_of(size, shifted)).wait_for("1 of 1");
            session.keys("u").wait_for("none yet").keys("<C-r>").wait("the box again", |s| !s.contains("none yet"));
            session.keys("<enter>");
        } else {
            session.keys("E");
        }
    }
    session.wait_for("Of 2 pictures answered twice").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();

    let (code, out, err) = home.command(&["agreement", "blossom", "--json"]);
    assert_eq!(code, 0, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let boxes = &told["all"]["boxes"];
    assert_eq!((&boxes["compared"], &boxes["boxes"]), (&2.into(), &2.into()), "{out}");
    assert!((boxes["iou"]["value"].as_f64().unwrap() - 0.6).abs() < 0.05, "{out}");
    assert!((boxes["f1"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{out}");
}

/// Waits for a picture of a second pass with so many done, another one than before; which one it is.
fn second(session: &mut Session, done: &str, before: &str) -> &'static str {
    session.wait(&format!("the picture after {done}"), |s| {
        let facts = s.row_text(s.rows() - 2);
        let seen = facts.contains("exact") || facts.trim_end().ends_with('~');
        s.contains(done) && s.contains("second pass") && seen && (before.is_empty() || !facts.contains(before))
    });
    let text = session.text();
    ["flower_01.png", "flower_02.png"].into_iter().find(|name| text.contains(name)).unwrap_or_default()
}

#[test]
fn a_gold_picture_is_met_among_ones_own_and_judged_apart() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 5);
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 5");
    make_project(&mut session, "blossom", "daisy, roses");
    at(&mut session, "flower_01.png", "0 / 5").keys("1");
    at(&mut session, "flower_02.png", "1 / 5").keys("p");
    at(&mut session, "flower_01.png", "1 / 5").keys("*").wait_for("Trust daisy as the answer of flower_01.png?");
    session.keys("y").wait_for("flower_01.png is gold").keys("Q");
    assert_eq!(session.exit_code(), 0);
    let (code, out, err) = home.command(&["gold", "every", "blossom", "2"]);
    assert!(code == 0 && out.contains("one of every 2"), "{out}{err}");

    // Bob is asked for it behind his first picture, and gets it wrong; then he takes that back, and gets it wrong again.
    // It is none of what is done until he has answered it.
    let mut session = home.terminal().kitty().run(&["--user", "bob"]);
    session.wait_for("blossom").keys("<enter>");
    at(&mut session, "flower_02.png", "0 / 5").keys("2");
    at(&mut session, "flower_01.png", "1 / 5");
    let text = session.text();
    assert!(!text.contains("tester") && !text.contains("gold"), "{text}");
    session.keys("2");
    at(&mut session, "flower_03.png", "2 / 5").wait_for("saved").keys("u");
    at(&mut session, "flower_01.png", "1 / 5").keys("2");
    at(&mut session, "flower_03.png", "2 / 5").keys("1");
    at(&mut session, "flower_04.png", "3 / 5").keys("1");
    at(&mut session, "flower_05.png", "4 / 5").keys("1").wait_for("5 / 5 done").wait_for("saved");
    session.keys("g s <tab> <tab>").wait_for("gold pictures").wait_for("0.00").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();

    let (_, out, _) = home.command(&["gold", "report", "blossom", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&told["people"][0]["name"], &told["all"]["right"], &told["all"]["of"]),
        (&"bob".into(), &0.into(), &1.into())
    );
    let (_, out, _) = home.command(&["queue", "samples", "blossom", "--filter", "class:daisy by:tester"]);
    assert!(out.contains("flower_01.png  daisy"), "its own answer stays: {out}");
    // He never meets it again.
    let mut session = home.terminal().kitty().run(&["--user", "bob"]);
    session.wait_for("blossom").keys("<enter>").wait_for("5 / 5 done").keys("Q");
    assert_eq!(session.exit_code(), 0);
}
