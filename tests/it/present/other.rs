//! Sixel, iTerm2 and characters.

use super::rig::{Rig, SCREEN, ahead, area};
use lakelens::app::picture::CellRect;
use lakelens::term::caps::{BlockKind, Protocol};

const BOX: CellRect = CellRect { x: 5, y: 2, w: 40, h: 20 };

#[test]
fn drawn_pictures_stay_while_frames_pass_and_go_without_a_trace() {
    for (protocol, tmux) in [(Protocol::Sixel, false), (Protocol::Iterm, false), (Protocol::Sixel, true)] {
        let mut rig = Rig::new(protocol, tmux);
        rig.settle(&[area(0, BOX)], &[ahead(1, BOX)]);
        let near = |seen: Option<u8>, n: usize| seen.is_some_and(|s| s.abs_diff((n * 7 % 256) as u8) < 24);
        assert!(near(rig.seen(25, 12), 0), "{protocol:?}");
        for _ in 0..3 {
            rig.frame(&[area(0, BOX)], &[ahead(1, BOX)]);
            assert!(rig.frame_bytes < 40, "an unchanged picture is not sent again");
            assert!(near(rig.seen(25, 12), 0));
        }
        rig.frame(&[area(1, BOX)], &[]);
        assert!(near(rig.seen(25, 12), 1), "the next one replaces it in one frame");
        assert_eq!(rig.seen(6, 12), None, "it is narrower, and the old one is gone beside it");
        rig.frame(&[area(1, BOX)], &[]);
        assert!(near(rig.seen(25, 12), 1), "the frame after does not erase it");
        let hole = CellRect { x: 20, y: 8, w: 5, h: 3 };
        rig.presenter.set_covers(&[hole]);
        // Once right after it was drawn, once after a quiet frame.
        rig.frame(&[area(1, BOX)], &[]);
        rig.presenter.set_covers(&[]);
        rig.frame(&[area(1, BOX)], &[]);
        rig.presenter.set_covers(&[hole]);
        for shown in [1, 0, 0, 1] {
            rig.frame(&[area(shown, BOX)], &[]);
            assert!(near(rig.seen(26, 12), shown), "{protocol:?} beside the pop-up");
            for (x, y) in (20..25).flat_map(|x| (8..11).map(move |y| (x, y))) {
                assert_eq!(rig.seen(x, y), None, "{protocol:?} below the pop-up");
            }
        }
        rig.presenter.set_covers(&[]);
        rig.frame(&[area(1, BOX)], &[]);
        assert!(near(rig.seen(25, 12), 1));
        rig.frame(&[], &[]);
        assert!(rig.all_seen().is_empty());
    }
}

#[test]
fn no_cell_is_blank_between_two_drawn_pictures() {
    for (protocol, tmux) in [(Protocol::Sixel, false), (Protocol::Iterm, false), (Protocol::Sixel, true)] {
        let mut rig = Rig::new(protocol, tmux);
        // Pictures of three shapes, so that each leaves some cells of the one before uncovered.
        for (current, next) in [(0, 1), (1, 2), (2, 3), (3, 1), (1, 3), (3, 2), (2, 1)] {
            rig.settle(&[area(current, BOX)], &[ahead(next, BOX)]);
            rig.model.blinks = 0;
            rig.frame(&[area(next, BOX)], &[]);
            let seen = rig.seen(25, 12).unwrap();
            assert!(seen.abs_diff((next * 7) as u8) < 24, "{protocol:?}: {next} at once, not {seen}");
            // An iTerm2 terminal centres a picture in its cells, so a frame of one cell round it is not fully covered.
            let edge = if protocol == Protocol::Iterm { 2 * usize::from(BOX.w + BOX.h) } else { 0 };
            let blinks = rig.model.blinks;
            assert!(blinks <= edge, "{protocol:?}: {blinks} cells were blank between {current} and {next}");
        }
    }
}

#[test]
fn characters_fill_the_box_and_leave_the_pop_up_alone() {
    for protocol in [Protocol::Blocks(BlockKind::Half), Protocol::Blocks(BlockKind::Sextant), Protocol::Ascii] {
        let mut rig = Rig::new(protocol, false);
        rig.presenter.set_covers(&[CellRect { x: 20, y: 8, w: 5, h: 3 }]);
        rig.settle(&[area(0, BOX)], &[]);
        let drawn = |rig: &Rig, x: u16, y: u16| rig.model.cell_at(x, y).foreground.is_some();
        for (x, y) in (0..SCREEN.0).flat_map(|x| (0..SCREEN.1).map(move |y| (x, y))) {
            let inside = (5..45).contains(&x) && (2..22).contains(&y);
            let covered = (20..25).contains(&x) && (8..11).contains(&y);
            // The darkest character of ASCII is a blank, which has no colour.
            let blank = protocol == Protocol::Ascii && rig.model.cell_at(x, y).text == " ";
            assert!(drawn(&rig, x, y) == (inside && !covered) || (blank && inside), "{protocol:?} {x},{y}");
        }
    }
}
