//! Comments: the panel above a picture, and that nothing typed into it is ever lost.

use super::harness::{Harness, text_of};
use super::screens::snapshots;
use jiff::{SignedDuration, Timestamp};
use lakelens::app::effect::{Effect, Query, Remark, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::overlays::Overlay;
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::domain::comment::Comment;
use lakelens::domain::ids::SampleId;
use lakelens::domain::sample::Note;

fn comment(id: i64, author: &str, text: &str, resolved: bool) -> Comment {
    let at = Timestamp::from_second(1_790_000_000).unwrap() - SignedDuration::from_hours(30 / id);
    Comment {
        id,
        sample: SampleId(1),
        annotation: None,
        author: author.to_owned(),
        text: text.to_owned(),
        at,
        resolved,
    }
}

fn two() -> Vec<Comment> {
    vec![
        comment(
            1,
            "bob",
            "is this a rose? the leaves look like those of a tulip, and the picture is rather dark",
            true,
        ),
        comment(2, "eve\u{1b}[2J", "see the guide\nsecond line", false),
    ]
}

/// The panel of the first picture with two comments.
fn opened() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("m");
    assert_eq!(h.asked(), [Query::Comments(SampleId(1))]);
    h.reply(Slot::Comments, Reply::Comments(SampleId(1), two()));
    h.effects.clear();
    h
}

#[test]
fn the_panel_does_not_hide_the_box_that_it_is_about() {
    use super::boxes::{Desk, corners};
    use lakelens::domain::geometry::BoxN;
    for (y, keys) in [(0.2, "m"), (0.4, "g b"), (0.35, "m")] {
        let mut desk = Desk::new(&["daisy"], 1);
        desk.h.draw(100, 30);
        desk.keys("1").keys(&corners(BoxN { x: 0.3, y, w: 0.4, h: 0.2 }));
        desk.h.keys(keys);
        let (_, drawn) = desk.h.draw(100, 30);
        let [panel] = drawn.covers.iter().filter(|c| c.h > 1).collect::<Vec<_>>()[..] else { panic!("{drawn:?}") };
        // The picture is 28 lines high below the header, or a little less.
        let (from, to) = (1.0 + 26.0 * y, 2.0 + 27.0 * (y + 0.2));
        let (top, end) = (f64::from(panel.y), f64::from(panel.y + panel.h));
        assert!(end <= from + 2.0 || top >= to - 2.0, "{panel:?} over {from} to {to}");
    }
}

fn typed(h: &Harness) -> String {
    match h.state.overlays.last() {
        Some(Overlay::Comments(panel)) => panel.input.value().to_owned(),
        other => panic!("no panel: {other:?}"),
    }
}

fn added(text: &str) -> Write {
    Write::Remark(Remark::Add { sample: SampleId(1), annotation: None, text: text.to_owned() })
}

#[test]
fn letters_are_text_and_enter_adds_it() {
    let mut h = opened();
    h.text("q 1 u").keys("<enter>");
    assert_eq!(h.writes(), [added("q 1 u")]);
    assert_eq!(typed(&h), "");
    // A second one waits for the first.
    h.text("more").keys("<enter>");
    assert_eq!(h.writes().len(), 1);
    let Some(Write::Remark(remark)) = h.writes().pop() else { panic!() };
    let mut list = two();
    list.push(comment(3, "ann", "q 1 u", false));
    let notes = vec![Note { author: "ann".to_owned(), text: "q 1 u".to_owned() }];
    h.event(Event::Wrote(Wrote::Remarked(remark, Ok((list, notes)))));
    assert!(h.screen(80, 24).contains("2 open / 3"));
    assert_eq!(typed(&h), "more");
    assert_eq!(h.state.label().unwrap().walk[0].notes.len(), 1, "the screen below follows");
    assert!(h.state.unsaid.is_empty());
}

#[test]
fn what_is_not_sent_stays_and_is_said() {
    let mut h = opened();
    h.text("look here").keys("<enter>");
    let failed = |text: &str| {
        let remark = Remark::Add { sample: SampleId(1), annotation: None, text: text.to_owned() };
        Event::Wrote(Wrote::Remarked(remark, Err("the server does not answer".to_owned())))
    };
    h.text("and there");
    h.event(failed("look here"));
    assert_eq!(typed(&h), "look here and there");
    assert!(h.screen(80, 24).contains("not sent, and kept here: the server does not answer"));
    // Sent again, and the panel left before the answer: it is kept with the picture.
    h.keys("<enter> <esc>");
    h.event(failed("look here and there"));
    assert!(h.screen(80, 24).contains("a comment was not sent"));
    h.keys("m");
    assert_eq!(typed(&h), "look here and there");
    h.keys("<esc> n m");
    assert_eq!(typed(&h), "", "it belongs to its picture");
    h.keys("<esc>");
    h.effects.clear();
    h.keys("Q");
    assert!(!h.effects.contains(&Effect::Quit), "leaving would lose it");
    assert!(h.screen(80, 24).contains("A comment was typed and not sent"));
    h.keys("y");
    assert!(h.effects.contains(&Effect::Quit));
}

#[test]
fn a_comment_is_settled_and_opened_again() {
    let mut h = opened();
    h.keys("<tab>");
    let resolve = |id, resolved| Write::Remark(Remark::Resolve { sample: SampleId(1), id, resolved });
    assert_eq!(h.writes(), [resolve(2, true)], "the newest is under the cursor");
    let Some(Write::Remark(remark)) = h.writes().pop() else { panic!() };
    h.event(Event::Wrote(Wrote::Remarked(remark, Ok((two(), Vec::new())))));
    h.effects.clear();
    h.keys("<up> <tab>");
    assert_eq!(h.writes(), [resolve(1, false)]);
}

#[test]
fn where_none_are_kept_the_key_says_why() {
    let mut h = Harness::labelling(&["daisy"], 2);
    h.keys("m");
    h.reply(Slot::Comments, Reply::Failed("this store cannot keep comments".to_owned()));
    assert!(h.state.overlays.is_empty());
    assert!(h.screen(80, 24).contains("no comments here: this store cannot keep comments"));
    h.state.read_only = true;
    h.keys("m").text("x").keys("<enter>");
    assert!(h.writes().is_empty());
    assert!(h.screen(80, 24).contains("read-only"));
}

#[test]
fn nothing_is_asked_where_there_is_no_picture() {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.keys("m");
    assert!(h.state.overlays.is_empty() && h.effects.is_empty());
}

#[test]
fn comment_screens() {
    let mut h = opened();
    h.text("the second one is");
    snapshots("comments", &mut h);
    let (buffer, _) = h.draw_ascii(100, 30);
    let text = text_of(&buffer);
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    let mut h = Harness::labelling(&["daisy"], 2);
    h.keys("m");
    h.reply(Slot::Comments, Reply::Comments(SampleId(1), Vec::new()));
    snapshots("comments_none", &mut h);
}
