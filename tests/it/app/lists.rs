//! Lists by a key: the picture on the screen, or the selection of the gallery.

use super::gallery::gallery;
use super::harness::{Harness, text_of};
use super::screens::snapshots;
use lakelens::app::effect::{ProjectChange, Query, Write};
use lakelens::app::event::Reply;
use lakelens::app::slots::Slot;
use lakelens::domain::ids::{ProjectId, SampleId};

const PROJECT: ProjectId = ProjectId(1);

fn ids(n: impl IntoIterator<Item = i64>) -> Vec<SampleId> {
    n.into_iter().map(SampleId).collect()
}

fn listed(h: &Harness) -> (String, Vec<SampleId>, bool) {
    match h.writes().as_slice() {
        [Write::Project(ProjectChange::List { project: PROJECT, name, samples, on })] => {
            (name.clone(), samples.clone(), *on)
        }
        other => panic!("{other:?}"),
    }
}

fn some() -> Reply {
    Reply::Lists(vec![("dark \u{1b}[2J".to_owned(), 3, 1), ("To do".to_owned(), 1_204, 0)])
}

#[test]
fn the_picture_goes_on_a_list_and_comes_off() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("n B");
    assert_eq!(h.asked().last(), Some(&Query::Lists { project: PROJECT, samples: ids([2]) }));
    h.reply(Slot::Lists, some());
    let text = text_of(&h.draw(80, 24).0);
    assert!(text.contains("3 pictures; Enter takes this off") && !text.contains('\u{1b}'), "{text}");
    h.effects.clear();
    // What the list says of it would be lost: that is asked.
    h.keys("<enter>");
    assert!(h.writes().is_empty() && text_of(&h.draw(80, 24).0).contains("Take this picture off the list `dark"));
    h.keys("n");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
    h.keys("B");
    h.reply(Slot::Lists, some());
    h.effects.clear();
    h.keys("<enter> y");
    assert_eq!(listed(&h), ("dark \u{1b}[2J".to_owned(), ids([2]), false));
    h.effects.clear();
    h.keys("B");
    h.reply(Slot::Lists, some());
    h.effects.clear();
    h.text("do").keys("<enter>");
    assert_eq!(listed(&h), ("To do".to_owned(), ids([2]), true));
}

#[test]
fn what_is_typed_before_the_lists_come_labels_nothing() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("B");
    h.text("1 sky");
    assert_eq!(h.state.label().unwrap().at, 0);
    assert!(h.writes().is_empty());
    h.reply(Slot::Lists, some());
    h.effects.clear();
    // Nothing has that name: it is a new list.
    h.keys("<enter>");
    assert_eq!(listed(&h), ("1 sky".to_owned(), ids([1]), true));
    assert!(h.state.label().unwrap().walk.iter().all(|s| s.answer.annotations.is_empty()));
}

#[test]
fn a_name_means_itself_and_nothing_that_sounds_like_it() {
    let put = |typed: &str| {
        let mut h = Harness::labelling(&["daisy", "roses"], 5);
        h.keys("B");
        h.reply(Slot::Lists, Reply::Lists(vec![("Midnight".to_owned(), 1, 0), ("night".to_owned(), 1, 0)]));
        h.effects.clear();
        h.text(typed).keys("<enter>");
        listed(&h).0
    };
    assert_eq!(put("NIGHT"), "night", "the very name comes before one that has it in it");
    assert_eq!(put("mid"), "Midnight");
    // Letters of a name in their order, and words that stand beside the names, are new names.
    for new in ["mnt", "picture", "new"] {
        assert_eq!(put(new), new);
    }
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("B");
    h.reply(Slot::Lists, some());
    h.effects.clear();
    h.text("to");
    let text = text_of(&h.draw(80, 24).0);
    assert!(text.contains("To do") && text.contains("new  to"), "{text}");
    h.keys("<down> <enter>");
    assert_eq!(listed(&h), ("to".to_owned(), ids([1]), true));
}

#[test]
fn the_selection_of_the_gallery_goes_as_it_was() {
    let mut h = gallery(20);
    h.keys("l <space> <space> B");
    assert_eq!(h.asked().last(), Some(&Query::Lists { project: PROJECT, samples: ids([2, 3]) }));
    h.reply(Slot::Lists, some());
    let text = text_of(&h.draw(80, 24).0);
    assert!(text.contains("1 of these 2"), "{text}");
    h.effects.clear();
    h.keys("<enter>");
    assert_eq!(listed(&h), ("dark \u{1b}[2J".to_owned(), ids([2, 3]), true), "those that miss are put on it");
}

#[test]
fn a_list_is_shown_as_a_queue() {
    let mut h = gallery(20);
    h.keys("g B");
    h.reply(Slot::Lists, some());
    h.text("to d").keys("<enter>");
    assert_eq!(h.state.gallery().unwrap().chosen.queue.filter.to_string(), "list:\"To do\"");
    assert!(h.writes().iter().all(|w| !matches!(w, Write::Project(_))));
}

#[test]
fn a_store_without_lists_says_so_and_read_only_asks_nothing() {
    let mut h = Harness::labelling(&["daisy"], 2);
    h.keys("B");
    h.reply(Slot::Lists, Reply::Failed("this store cannot keep lists of samples".to_owned()));
    assert!(h.screen(80, 24).contains("cannot keep lists"));
    h.effects.clear();
    // Who types a name by now labels nothing.
    h.text("1").keys("<enter>");
    assert!(h.writes().is_empty() && h.screen(80, 24).contains("cannot keep lists"));
    h.keys("<esc>");
    assert!(h.state.overlays.is_empty());
    h.state.read_only = true;
    h.keys("B");
    assert!(h.state.overlays.is_empty() && h.asked().is_empty());
}

#[test]
fn lists_at_three_sizes() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("B");
    h.reply(Slot::Lists, some());
    snapshots("lists", &mut h);
}
