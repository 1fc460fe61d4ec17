//! Where the queue of a review comes from, and how one gets to the picture and back.

use super::*;

#[test]
fn the_queue_is_chosen_by_state_person_and_class() {
    for (typed, filter) in [
        ("edited since", "review:stale"),
        ("by bob", "by:bob review:waiting"),
        ("tulips", "class:tulips review:waiting"),
    ] {
        let mut h = three();
        h.keys("O").text(typed).keys("<enter>");
        let pages: Vec<String> = h
            .asked()
            .iter()
            .filter_map(|q| if let Query::Page { queue, .. } = q { Some(queue.filter.to_string()) } else { None })
            .collect();
        assert_eq!(pages, [filter]);
    }
}

#[test]
fn the_picture_opens_on_the_label_screen_and_comes_back() {
    let mut h = three();
    h.keys("n L");
    assert!(matches!(h.state.screen(), Some(Screen::Label(_))));
    let to_second = |q: &Query| matches!(q, Query::Jump { to: lakelens::app::effect::JumpTo::Sample(SampleId(2)), .. });
    assert!(h.asked().iter().any(to_second));
    h.keys("q");
    assert_eq!(h.state.review().unwrap().label.at, 1);
}

#[test]
fn an_answer_on_the_label_screen_leads_back_to_the_review_and_to_no_other_picture() {
    let mut h = three();
    h.keys("n L");
    h.reply(Slot::Jump, Reply::Page { samples: vec![answered(2, 2, "bob")], end: false });
    h.show_all();
    h.effects.clear();
    h.keys("1");
    assert_eq!(edits(&h).iter().map(|e| e.change.sample().unwrap()).collect::<Vec<_>>(), [SampleId(2)]);
    assert!(h.state.review().is_some(), "back on the Review screen");
    let here = h.state.label().unwrap().sample().unwrap();
    assert_eq!((at(&h), here.id, here.answer.annotations[0].class), (1, SampleId(2), ClassId(1)));
}

#[test]
fn what_a_detection_project_refuses_names_the_key_that_opens_this_picture() {
    let mut h = three();
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h.keys("1");
    let text = h.state.messages.shown().unwrap().text.clone();
    assert!(text.contains("`L` opens it"), "{text}");
    assert!(h.writes().is_empty());
}

#[test]
fn samples_on_their_way_to_one_screen_never_reach_another() {
    let mut h = three();
    h.state.label_mut().unwrap().at_end = false;
    h.keys("n L");
    let tag = |e: &Effect| if let Effect::Ask(tag, Query::Page { .. }) = e { Some(*tag) } else { None };
    let late: Vec<_> = h.effects.iter().filter_map(tag).collect();
    assert!(!late.is_empty(), "the review has asked for more");
    for tag in late {
        h.event(Event::Reply(tag, Reply::Page { samples: vec![answered(9, 1, "bob")], end: true }));
    }
    assert!(h.state.label().unwrap().walk.is_empty(), "the Label screen waits for its own samples");
    h.keys("g r");
    assert_eq!(h.state.label().unwrap().walk.len(), 3);
}

#[test]
fn leaving_the_review_keeps_the_place_of_the_label_screen() {
    let mut h = three();
    h.keys("Q");
    assert!(h.writes().iter().all(|w| !matches!(w, Write::Session { .. })));
}

// Snapshots.
