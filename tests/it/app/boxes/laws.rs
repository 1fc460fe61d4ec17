//! Whatever is typed: boxes stay inside the picture, undo restores what was, and no edit is lost.

use super::Desk;
use lakelens::app::overlays::Overlay;
use lakelens::app::screens::label::boxes::Stage;
use lakelens::domain::annotation::Shape;
use lakelens::domain::sample::Answer;
use proptest::prelude::*;

const KEYS: &[&str] = &[
    "1",
    "2",
    "3",
    "b",
    "X",
    "w",
    "e",
    "a",
    "z",
    ",",
    "/",
    "h",
    "j",
    "k",
    "l",
    "H",
    "J",
    "K",
    "L",
    "<left>",
    "<up>",
    "d",
    "o",
    "P",
    "<tab>",
    "<backtab>",
    "<space>",
    "<enter>",
    "<esc>",
    "<backspace>",
    "u",
    "<C-r>",
    "n",
    "p",
    "f",
    "<down>",
    "0",
    "E",
    "s",
    "x",
    "y",
];

fn inside(answer: &Answer) -> bool {
    answer.annotations.iter().all(|a| match a.shape {
        Shape::Box(b) => b.x >= 0.0 && b.y >= 0.0 && b.w > 0.0 && b.h > 0.0 && b.x + b.w <= 1.0 && b.y + b.h <= 1.0,
        _ => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_typed(keys in prop::collection::vec(prop::sample::select(KEYS), 1..120)) {
        let mut desk = Desk::new(&["cat", "dog"], 4);
        // Drawing often, so that there is something to change.
        desk.keys("1 w w g g 2 1 1 z z");
        for key in keys {
            desk.keys(key);
            for (_, answer) in desk.stored.values() {
                prop_assert!(inside(answer), "{answer:?}");
            }
            // Enough `Esc` leave the screen.
            if desk.h.state.label().is_none() {
                return Ok(());
            }
            let shown: Vec<_> = desk.h.state.label().unwrap().walk.iter().map(|s| (s.id, s.rev, s.answer.clone())).collect();
            for (id, rev, answer) in shown {
                prop_assert_eq!(&desk.stored[&id], &(rev, answer), "what is shown is what is stored");
            }
            match desk.h.state.overlays.last() {
                // A question is answered by the next key, as by a person who goes on typing.
                None | Some(Overlay::Confirm(_)) => {}
                Some(_) => drop(desk.h.keys("<esc>")),
            }
        }
        // Everything is taken back, one edit after the other, to the very start.
        desk.h.keys("<esc>");
        while desk.h.state.boxes().is_some_and(|m| m.stage != Stage::Rest) {
            desk.keys("<esc>");
        }
        for _ in 0..400 {
            desk.keys("u");
        }
        for (_, answer) in desk.stored.values() {
            prop_assert_eq!(answer, &Answer::default());
        }
    }
}
