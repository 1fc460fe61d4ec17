//! The round through the objects of a picture: a verdict each, and what is left of it the next day.

use super::super::harness::sample;
use super::{Desk, corners};
use lakelens::app::event::Event;
use lakelens::app::screens::label::boxes::Stage;
use lakelens::app::team::TeamNews;
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::SampleId;
use lakelens::domain::project::Task;
use lakelens::domain::sample::Sample;

/// A store that holds the same, in another run of the program.
fn next_day(desk: &Desk) -> Desk {
    let samples = desk.stored.iter().map(|(id, (rev, answer))| {
        let n = usize::try_from(id.0).unwrap();
        Sample { rev: *rev, answer: answer.clone(), ..sample(n) }
    });
    Desk::with(samples.collect(), &["cat", "dog"], Task::Detection)
}

/// Which shapes of the first picture have a verdict of their own.
fn kept(desk: &Desk) -> Vec<bool> {
    desk.stored[&SampleId(1)].1.annotations.iter().map(|a| a.verified.is_some()).collect()
}

#[test]
fn verdicts_of_a_round_are_there_the_next_day_and_it_goes_on_behind_them() {
    let mut desk = Desk::new(&["cat", "dog"], 2);
    for x in [0.1, 0.3, 0.5, 0.7] {
        desk.keys("1").keys(&corners(BoxN { x, y: 0.2, w: 0.15, h: 0.3 }));
    }
    desk.keys("<esc> <space> <enter> 2 <esc>");
    assert_eq!(kept(&desk), [true, true, false, false]);
    let mut desk = next_day(&desk);
    desk.keys("<space>");
    assert!(desk.h.screen(120, 40).contains("looks at  3 of 4"), "{}", desk.h.screen(120, 40));
    // An undo goes back to what it was about, in the round as well.
    desk.keys("<enter>");
    assert_eq!(kept(&desk), [true, true, true, false]);
    desk.keys("u");
    assert_eq!(kept(&desk), [true, true, false, false]);
    assert!(desk.h.screen(120, 40).contains("looks at  3 of 4"), "{}", desk.h.screen(120, 40));
    desk.keys("<enter> <enter>");
    assert_eq!(kept(&desk), [true; 4]);
    assert_eq!(desk.said(), "looked at 2: 2 kept, 0 deleted, 0 with another class");
    // Who selects one sees by whom; who moves one has made another of it.
    desk.keys("<tab>");
    assert!(desk.h.screen(120, 40).contains("kept by   ann"), "{}", desk.h.screen(120, 40));
    desk.keys("<right>");
    assert_eq!(kept(&desk), [false, true, true, true]);
    // When each has its verdict, all are looked at again, and nothing is written twice.
    desk.keys("<esc> <space> <enter>");
    let before = desk.done.len();
    desk.keys("<space> <enter> <enter> <enter> <enter>");
    assert_eq!((kept(&desk), desk.done.len()), (vec![true; 4], before));
    // Who describes one otherwise has made another of it as well.
    desk.keys("<tab> . o");
    assert_eq!(kept(&desk), [false, true, true, true]);
}

#[test]
fn a_store_that_keeps_no_verdicts_on_objects_is_not_given_any_and_the_person_is_told() {
    let mut desk = Desk::new(&["cat", "dog"], 2);
    desk.keys("1").keys(&corners(BoxN { x: 0.1, y: 0.2, w: 0.15, h: 0.3 })).keys("<esc>");
    desk.h.event(Event::Team(TeamNews::Able { claims: false, presence: false, objects: false }));
    desk.keys("<space> <enter>");
    assert_eq!(kept(&desk), [false]);
    let said = "looked at 1: 1 kept, 0 deleted, 0 with another class; this store does not remember which were kept";
    assert_eq!(desk.said(), said);
}

#[test]
fn a_round_looks_at_each_with_a_verdict() {
    let mut desk = Desk::new(&["cat", "dog"], 2);
    for x in [0.1, 0.3, 0.5, 0.7] {
        desk.keys("1").keys(&corners(BoxN { x, y: 0.2, w: 0.15, h: 0.3 }));
    }
    desk.keys("<space>");
    assert!(desk.h.state.zoomed().is_some(), "the object is enlarged");
    desk.keys("<enter> 2 d <enter>");
    assert!(desk.h.state.zoomed().is_none());
    assert_eq!(desk.boxes().iter().map(|b| b.0).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!(desk.said(), "looked at 4: 2 kept, 1 deleted, 1 with another class");
    // It can be left at any time.
    desk.keys("<space> <enter> <esc>");
    assert_eq!((desk.stage(), desk.boxes().len()), (Stage::Rest, 3));
}
