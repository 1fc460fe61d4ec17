//! Over a slow link: coarse first, good ahead of the cursor, exact when nothing happens.

use super::rig::{Rig, ahead, area};
use lakelens::app::picture::{CellRect, PictureArea, PictureState};
use lakelens::runtime::present::Answer;
use lakelens::runtime::present::plan::{Moment, Mood};
use lakelens::term::caps::{BlockKind, Protocol};
use lakelens::term::graphics::Level;

const DIRECT: Protocol = Protocol::Kitty { shared_memory: false };
const BOX: CellRect = CellRect { x: 5, y: 2, w: 40, h: 20 };
const BUSY: Mood = Mood { slow: true, moment: Moment::Busy, room: 64 * 1024 };
const IDLE: Mood = Mood { moment: Moment::Idle, ..BUSY };

fn slow(protocol: Protocol, tmux: bool) -> Rig {
    let mut rig = Rig::new(protocol, tmux);
    rig.mood = BUSY;
    rig
}

fn shows(rig: &Rig, number: usize) -> bool {
    rig.seen(25, 12).is_some_and(|seen| seen.abs_diff((number * 7 % 256) as u8) < 40)
}

fn levels(rig: &Rig, number: usize) -> Vec<Level> {
    let name = format!("{number}.png");
    rig.asked.iter().filter(|w| w.picture.path.name() == name).map(|w| w.level).collect()
}

fn exact(rig: &mut Rig) -> Option<bool> {
    rig.presenter.states().into_iter().rev().find_map(|(_, state)| match state {
        PictureState::Shown { exact, .. } => Some(exact),
        _ => None,
    })
}

#[test]
fn the_key_costs_a_hundred_bytes_and_shows_the_good_level_that_was_sent_ahead() {
    for (protocol, tmux, most) in [(DIRECT, false, 100), (Protocol::KittyAnchored, true, 160)] {
        let mut rig = slow(protocol, tmux);
        for current in 0..12 {
            let next: Vec<_> = (current + 1..current + 5).map(|n| ahead(n, BOX)).collect();
            rig.frame(&[area(current, BOX)], &next);
            if current > 0 {
                assert!(shows(&rig, current), "{protocol:?}: picture {current} at once");
                assert!(rig.picture_bytes <= most, "{protocol:?}: {} bytes", rig.picture_bytes);
            }
            rig.settle(&[area(current, BOX)], &next);
            assert!(shows(&rig, current));
        }
        assert_eq!(rig.model.aborted, 0);
        let bytes = rig.presenter.cleanup();
        rig.model.write(&bytes);
        assert!(rig.model.images.is_empty(), "nothing is left in the terminal");
    }
}

#[test]
fn a_key_during_an_upload_costs_no_more() {
    for (protocol, tmux, most) in [(DIRECT, false, 100), (Protocol::KittyAnchored, true, 160)] {
        let mut rig = slow(protocol, tmux);
        let next: Vec<_> = (2..6).map(|n| ahead(n, BOX)).collect();
        rig.settle(&[area(1, BOX)], &next);
        let mut more = next.clone();
        more.push(ahead(50, BOX));
        rig.frame(&[area(2, BOX)], &more);
        rig.decode();
        rig.send(1);
        for current in [3, 4, 2, 5] {
            assert!(!rig.sending.is_empty(), "something is under way");
            rig.frame(&[area(current, BOX)], &more);
            assert!(shows(&rig, current), "{protocol:?} {current}");
            assert!(rig.picture_bytes <= most, "{protocol:?}: {} bytes", rig.picture_bytes);
        }
        rig.settle(&[area(5, BOX)], &more);
        assert_eq!(rig.model.aborted, 0);
    }
}

#[test]
fn a_picture_that_was_not_sent_ahead_is_seen_coarse_at_once_then_good_then_exact() {
    let mut rig = slow(DIRECT, false);
    rig.frame(&[area(1, BOX)], &[]);
    assert_eq!(levels(&rig, 1), [Level::First, Level::Good]);
    rig.decode();
    rig.sending.clear();
    rig.frame(&[area(1, BOX)], &[]);
    assert!(shows(&rig, 1), "the first paint goes inside the frame");
    assert_eq!(exact(&mut rig), Some(false));
    rig.settle(&[area(1, BOX)], &[]);
    assert_eq!(rig.presenter.later(), Some(Moment::Idle), "exact pixels are worth waking up for, once");
    rig.mood = IDLE;
    rig.settle(&[area(1, BOX)], &[]);
    assert_eq!(exact(&mut rig), Some(true));
    assert_eq!(rig.presenter.later(), None);
    assert!(rig.model.placed.len() == 1, "coarser levels are gone from the screen");
}

#[test]
fn plus_asks_for_exact_pixels_at_once() {
    let mut rig = slow(DIRECT, false);
    let asked = PictureArea { exact: true, ..area(1, BOX) };
    rig.settle(std::slice::from_ref(&asked), &[ahead(2, BOX)]);
    assert_eq!(exact(&mut rig), Some(true));
}

#[test]
fn an_upload_that_nobody_wants_any_more_is_given_up() {
    let mut rig = slow(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[ahead(2, BOX)]);
    rig.mood = IDLE;
    rig.frame(&[area(1, BOX)], &[ahead(2, BOX)]);
    rig.decode();
    assert!(rig.sending.front().is_some_and(|u| u.chunks.len() > 3), "the exact picture is on its way");
    rig.send(2);
    rig.mood = BUSY;
    rig.frame(&[area(2, BOX)], &[ahead(3, BOX)]);
    assert!(shows(&rig, 2));
    rig.settle(&[area(2, BOX)], &[ahead(3, BOX)]);
    assert_eq!((rig.model.broken, rig.model.aborted), (1, 0), "it was closed, nothing else was harmed");
    rig.settle(&[area(1, BOX)], &[]);
    assert!(shows(&rig, 1));
}

#[test]
fn what_the_terminal_forgot_is_sent_again() {
    let mut rig = slow(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[ahead(2, BOX)]);
    rig.presenter.on_seen();
    rig.model.images.clear();
    rig.model.placed.clear();
    rig.model.forgetful = true;
    rig.frame(&[area(2, BOX)], &[]);
    let answers = std::mem::take(&mut rig.model.answers);
    assert!(!answers.is_empty(), "placing what is not there is answered");
    for (id, message) in answers {
        assert_eq!(rig.presenter.on_answer(id, &message), Answer::Redraw);
    }
    rig.settle(&[area(2, BOX)], &[]);
    assert!(shows(&rig, 2));
}

#[test]
fn what_tmux_dropped_is_noticed_and_sent_again_without_a_key() {
    let mut rig = slow(Protocol::KittyAnchored, true);
    rig.settle(&[area(1, BOX)], &[]);
    assert_eq!(rig.presenter.later(), Some(Moment::Idle));
    rig.presenter.on_seen();
    rig.model.images.clear();
    rig.model.placed.clear();
    rig.model.forgetful = true;
    rig.mood = IDLE;
    rig.frame(&[area(1, BOX)], &[]);
    let answers = std::mem::take(&mut rig.model.answers);
    assert!(!answers.is_empty(), "placing what is not there is answered");
    let redraw = answers.iter().map(|(id, message)| rig.presenter.on_answer(*id, message));
    assert!(redraw.fold(false, |any, answer| any | (answer == Answer::Redraw)));
    rig.settle(&[area(1, BOX)], &[]);
    assert!(shows(&rig, 1));
    // Once is enough.
    rig.frame(&[area(1, BOX)], &[]);
    assert_eq!((rig.picture_bytes, rig.presenter.later()), (0, None));
}

#[test]
fn a_terminal_that_refuses_everything_is_noticed() {
    let mut rig = slow(DIRECT, false);
    let mut answer = Answer::Nothing;
    for _ in 0..10 {
        rig.frame(&[area(1, BOX)], &[]);
        rig.decode();
        rig.send(usize::MAX);
        rig.frame(&[area(1, BOX)], &[]);
        for id in rig.model.images.keys().copied().collect::<Vec<_>>() {
            answer = rig.presenter.on_answer(id, "EINVAL: no");
        }
        rig.model.images.clear();
        rig.model.placed.clear();
        if answer == Answer::Useless {
            return;
        }
    }
    panic!("{answer:?}");
}

#[test]
fn drawn_pictures_are_coarse_at_the_key_and_get_better_between_frames() {
    for (protocol, tmux) in [(Protocol::Iterm, false), (Protocol::Sixel, false), (Protocol::Sixel, true)] {
        let mut rig = slow(protocol, tmux);
        rig.settle(&[area(1, BOX)], &[ahead(2, BOX)]);
        assert!(rig.presenter.later().is_some(), "{protocol:?}: there is more to show");
        rig.frame(&[area(2, BOX)], &[ahead(3, BOX)]);
        assert!(rig.frame_bytes < 30_000, "{protocol:?}: {} bytes", rig.frame_bytes);
        rig.mood = IDLE;
        rig.frame(&[area(2, BOX)], &[ahead(3, BOX)]);
        rig.decode();
        rig.frame(&[area(2, BOX)], &[ahead(3, BOX)]);
        assert!(!rig.sending.is_empty(), "{protocol:?}: the better level is an upload");
        // A key in its middle: it is given up, and nothing of it stays.
        rig.send(1);
        rig.mood = BUSY;
        rig.settle(&[area(4, BOX)], &[]);
        rig.mood = IDLE;
        rig.settle(&[area(4, BOX)], &[]);
        assert!(shows(&rig, 4), "{protocol:?}");
        rig.settle(&[], &[]);
        assert!(rig.all_seen().is_empty(), "{protocol:?}");
    }
}

#[test]
fn characters_get_better_too() {
    let mut rig = slow(Protocol::Blocks(BlockKind::Half), false);
    rig.settle(&[area(1, BOX)], &[]);
    rig.mood = IDLE;
    rig.settle(&[area(1, BOX)], &[]);
    assert_eq!(rig.presenter.later(), None);
}

#[test]
fn thumbnails_come_as_the_link_has_room() {
    for protocol in [DIRECT, Protocol::Iterm, Protocol::Sixel] {
        let mut rig = slow(protocol, false);
        rig.mood = Mood { room: 0, ..BUSY };
        let thumbnail = |i: usize| PictureArea {
            place: i as u32,
            thumbnail: true,
            ..area(i, CellRect { x: (i % 6) as u16 * 10, y: (i / 6) as u16 * 6, w: 9, h: 5 })
        };
        let areas: Vec<_> = (0..24).map(thumbnail).collect();
        let mut frames = 0;
        loop {
            rig.frame(&areas, &[]);
            assert!(rig.frame_bytes < 40_000, "{protocol:?}: {} bytes in one frame", rig.frame_bytes);
            let busy = rig.decode() | rig.send(usize::MAX) | rig.presenter.deferred() | !rig.asked.is_empty();
            frames += 1;
            assert!(frames < 100);
            if !busy {
                break;
            }
        }
        rig.frame(&areas, &[]);
        for area in &areas {
            assert!(rig.seen(area.cells.x + 4, area.cells.y + 2).is_some(), "{protocol:?} {}", area.place);
        }
    }
}

#[test]
fn moving_a_box_costs_a_frame_and_not_a_picture() {
    use lakelens::app::picture::{Mark, Stroke, Window};
    for (protocol, tmux) in [
        (DIRECT, false),
        (Protocol::KittyAnchored, true),
        (Protocol::Sixel, false),
        (Protocol::Iterm, false),
        (Protocol::Blocks(BlockKind::Half), false),
    ] {
        let mut rig = slow(protocol, tmux);
        rig.settle(&[area(1, BOX)], &[]);
        rig.mood = IDLE;
        rig.settle(&[area(1, BOX)], &[]);
        rig.mood = BUSY;
        let before = rig.model.images.len();
        for step in 0..20 {
            let at = Window { x: 9000 + step * 700, y: 12_000, w: 30_000, h: 25_000 };
            let mark = Mark { at, rgb: [255, 0, 255], stroke: Stroke::Solid };
            let edited = PictureArea { live: Some(mark), ..area(1, BOX) };
            rig.frame(std::slice::from_ref(&edited), &[]);
            assert!(rig.frame_bytes < 2000, "{protocol:?}: {} bytes for a nudge", rig.frame_bytes);
            assert!(rig.model.images.len() <= before + 4, "{protocol:?}: old layers are freed");
            if rig.model.images.len() > before {
                assert!(rig.model.screen().iter().flatten().any(|p| p[..3] == [255, 0, 255]), "{protocol:?}");
            }
        }
        rig.mood = IDLE;
        rig.settle(&[area(1, BOX)], &[]);
        assert!(!rig.model.screen().iter().flatten().any(|p| p[..3] == [255, 0, 255]), "{protocol:?}");
        if !matches!(protocol, Protocol::Blocks(_)) {
            assert!(shows(&rig, 1), "{protocol:?}");
            let holes = (15..35).filter(|x| rig.seen(*x, 12).is_none()).count();
            assert_eq!(holes, 0, "{protocol:?}: the picture is whole again");
        }
    }
}
