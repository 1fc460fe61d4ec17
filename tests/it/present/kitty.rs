//! Kitty graphics: direct, through shared memory, and by placeholders.

use super::rig::{Rig, ahead, area, picture_for, picture_ref, pixels};
use lakelens::app::picture::{CellRect, Mark, PictureArea, PictureState, Stroke, Window};
use lakelens::runtime::present::plan::Moment;
use lakelens::term::caps::Protocol;
use lakelens::term::graphics::Level;
use std::collections::HashSet;

const DIRECT: Protocol = Protocol::Kitty { shared_memory: false };
const BOX: CellRect = CellRect { x: 5, y: 2, w: 40, h: 20 };
const MIDDLE: (u16, u16) = (25, 12);

fn number(n: usize) -> u8 {
    (n * 7 % 256) as u8
}

fn walk(mut rig: Rig) -> Rig {
    for current in 0..40 {
        let next: Vec<_> = (current + 1..current + 5).map(|n| ahead(n, BOX)).collect();
        rig.frame(&[area(current, BOX)], &next);
        if current > 0 {
            assert_eq!(rig.seen(MIDDLE.0, MIDDLE.1), Some(number(current)), "picture {current} at once");
            assert_eq!(rig.all_seen(), HashSet::from([number(current)]), "and nothing else");
            assert!(rig.frame_bytes < 300, "{} bytes after the key", rig.frame_bytes);
        }
        rig.settle(&[area(current, BOX)], &next);
        assert_eq!(rig.all_seen(), HashSet::from([number(current)]));
    }
    rig
}

#[test]
fn what_was_prepared_is_shown_by_the_next_frame_alone() {
    for shared_memory in [false, true] {
        let mut rig = walk(Rig::new(Protocol::Kitty { shared_memory }, false));
        assert_eq!(rig.model.aborted, 0);
        let bytes = rig.presenter.cleanup();
        rig.model.write(&bytes);
        assert!(rig.model.images.is_empty() && rig.model.placed.is_empty());
    }
}

#[test]
fn the_pixels_are_exact_and_centred() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[]);
    let recipe = lakelens::runtime::present::recipe::Recipe::new(&super::rig::caps(DIRECT, false));
    let wanted = lakelens::runtime::present::recipe::Wanted::new(&area(1, BOX), recipe, Level::Exact);
    let picture = picture_for(1, &wanted);
    let seen: Vec<u8> = rig.model.screen().into_iter().flatten().flat_map(|p| [p[0], p[1], p[2]]).collect();
    assert_eq!(seen, pixels(1, picture.width, picture.height));
    let left = (0..60).position(|x| rig.seen(x, MIDDLE.1).is_some()).unwrap();
    let right = 60 - (0..60).rev().position(|x| rig.seen(x, MIDDLE.1).is_some()).unwrap();
    assert!((left + right).abs_diff(2 * 5 + 40) <= 1, "{left}..{right}");
}

#[test]
fn another_file_is_never_left_standing() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[]);
    // Nothing is known of picture 2 yet: the place is empty in that very frame.
    rig.frame(&[area(2, BOX)], &[]);
    assert_eq!(rig.all_seen(), HashSet::new());
    rig.decode();
    rig.frame(&[area(3, BOX)], &[]);
    assert_eq!(rig.all_seen(), HashSet::new());
}

#[test]
fn the_same_file_stays_until_its_new_part_is_there() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[]);
    let zoomed = PictureArea { window: Window { x: 0, y: 0, w: 1 << 15, h: 1 << 15 }, ..area(1, BOX) };
    while rig.asked.is_empty() {
        rig.frame(std::slice::from_ref(&zoomed), &[]);
        assert_eq!(rig.all_seen(), HashSet::from([number(1)]));
    }
    assert!(matches!(rig.presenter.states()[..], [.., (_, PictureState::Shown { exact: false, .. })]));
    rig.decode();
    rig.send(usize::MAX);
    rig.frame(&[zoomed], &[]);
    assert_eq!(rig.all_seen(), HashSet::from([number(1)]));
    assert!(matches!(rig.presenter.states()[..], [(_, PictureState::Shown { exact: true, .. })]));
}

#[test]
fn keys_during_an_upload_do_not_abort_it() {
    let mut rig = Rig::new(DIRECT, false);
    let all: Vec<_> = (2..5).map(|n| ahead(n, BOX)).collect();
    rig.settle(&[area(1, BOX)], &all);
    let mut next = all.clone();
    next.push(ahead(60, BOX));
    rig.frame(&[area(2, BOX)], &next);
    rig.decode();
    assert!(rig.sending.front().is_some_and(|u| u.chunks.len() > 3), "it takes several chunks");
    for current in [3, 4, 2, 3, 4] {
        rig.send(1);
        rig.frame(&[area(current, BOX)], &next);
        assert_eq!(rig.all_seen(), HashSet::from([number(current)]));
    }
    rig.send(usize::MAX);
    rig.frame(&[area(60, BOX)], &next);
    assert_eq!((rig.all_seen(), rig.model.aborted), (HashSet::from([number(60)]), 0));
    assert!(rig.model.placed.len() > 1, "a frame that answers a key deletes nothing");
    assert_eq!(rig.presenter.later(), Some(Moment::Pause));
    rig.mood.moment = Moment::Pause;
    rig.frame(&[area(60, BOX)], &next);
    assert_eq!(rig.model.placed.len(), 1, "what was hidden is deleted by now");
}

#[test]
fn pop_ups_are_cut_out_and_given_back() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(0, BOX)], &[]);
    let hole = CellRect { x: 20, y: 8, w: 10, h: 5 };
    rig.presenter.set_covers(&[hole]);
    rig.frame(&[area(0, BOX)], &[]);
    for (x, y) in (5..45).flat_map(|x| (2..22).map(move |y| (x, y))) {
        let covered = (20..30).contains(&x) && (8..13).contains(&y);
        assert_eq!(rig.seen(x, y).is_none(), covered, "{x},{y}");
    }
    rig.presenter.set_covers(&[]);
    rig.frame(&[area(0, BOX)], &[]);
    assert_eq!(rig.model.placed.len(), 1);
    assert!(rig.seen(25, 10).is_some());
    rig.frame(&[], &[]);
    assert!(rig.model.placed.is_empty());
}

#[test]
fn sixty_thumbnails_and_a_failure_among_them() {
    let mut rig = Rig::new(DIRECT, false);
    rig.failing.insert(17);
    let thumbnail = |i: usize| PictureArea {
        place: i as u32,
        thumbnail: true,
        ..area(i, CellRect { x: (i % 10) as u16 * 6, y: (i / 10) as u16 * 5, w: 5, h: 4 })
    };
    let areas: Vec<_> = (0..60).map(thumbnail).collect();
    rig.settle(&areas, &[]);
    assert_eq!(rig.model.placed.len(), 59);
    for (i, area) in areas.iter().enumerate() {
        let seen = rig.seen(area.cells.x + 2, area.cells.y + 1);
        assert_eq!(seen, (i != 17).then(|| number(i)), "thumbnail {i}");
    }
    let failed = rig.presenter.states();
    assert!(failed.iter().any(|(p, s)| *p == picture_ref(17) && matches!(s, PictureState::Failed { .. })));
    // Scrolling by a row moves what is there and sends only the new row.
    let moved: Vec<_> = (0..60).map(|i| PictureArea { picture: picture_ref(i + 10), ..thumbnail(i) }).collect();
    rig.settle(&moved, &[]);
    assert_eq!(rig.seen(2, 1), Some(number(10)));
    assert_eq!(rig.model.aborted, 0);
}

#[test]
fn after_an_editor_everything_is_sent_again() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(1, BOX)], &[ahead(2, BOX)]);
    let cleanup = rig.presenter.changed_cleanup().expect("it changed");
    rig.model.write(&cleanup);
    assert!(rig.model.images.is_empty());
    rig.presenter.forget_all();
    rig.settle(&[area(1, BOX)], &[ahead(2, BOX)]);
    assert_eq!(rig.all_seen(), HashSet::from([number(1)]));
}

#[test]
fn placeholders_inside_tmux_name_the_picture_and_its_cells() {
    let mut rig = Rig::new(Protocol::KittyPlaceholders, true);
    rig.settle(&[area(0, BOX)], &[ahead(1, BOX)]);
    assert!(rig.model.placed.is_empty(), "tmux could not move a direct placement");
    let first = rig.model.cell_at(BOX.x, BOX.y).clone();
    let (r, g, b) = first.foreground.unwrap();
    let id = u32::from_be_bytes([0, r, g, b]);
    assert_eq!(rig.model.images[&id].virtual_cells, Some((BOX.w, BOX.h)));
    assert_eq!(first.text, "\u{10eeee}\u{305}\u{305}");
    assert_eq!(rig.model.cell_at(BOX.x + 2, BOX.y + 1).text, "\u{10eeee}\u{30d}\u{30e}");
    rig.frame(&[area(1, BOX)], &[]);
    let second = rig.model.cell_at(MIDDLE.0, MIDDLE.1).foreground;
    assert_ne!(second, first.foreground);
    rig.frame(&[], &[]);
    assert!(!rig.model.cells.iter().any(|c| c.text.starts_with('\u{10eeee}')));
}

#[test]
fn a_pop_up_lies_over_the_box_that_is_edited_too() {
    let mut rig = Rig::new(DIRECT, false);
    rig.settle(&[area(0, BOX)], &[]);
    let at = Window { x: 12_000, y: 12_000, w: 30_000, h: 30_000 };
    let mark = Mark { at, rgb: [255, 0, 255], stroke: Stroke::Solid };
    let edited = PictureArea { live: Some(mark), ..area(0, BOX) };
    let line = |rig: &Rig| rig.model.screen().iter().flatten().filter(|p| p[..3] == [255, 0, 255]).count();
    let outlined = |rig: &Rig| rig.model.cells.iter().filter(|c| !["", " ", "x"].contains(&c.text.as_str())).count();
    rig.frame(std::slice::from_ref(&edited), &[]);
    let whole = line(&rig);
    assert!(whole > 0 && outlined(&rig) == 0);
    // It comes while the box rests, as a question does. Characters below a picture are not seen: what is left is a picture.
    let pop_up = CellRect { x: 8, y: 4, w: 20, h: 5 };
    rig.cover(&[pop_up], "x");
    rig.frame(std::slice::from_ref(&edited), &[]);
    let left = line(&rig);
    assert!(left > whole / 4 && left < whole && outlined(&rig) == 0, "{left} of {whole} pixels are beside the pop-up");
    let columns = usize::from(rig.model.columns) * rig.model.cell.0;
    let crossed = rig.model.screen().iter().enumerate().any(|(at, p)| {
        let cell = (at % columns / rig.model.cell.0, at / columns / rig.model.cell.1);
        let inside = (8..28).contains(&cell.0) && (4..9).contains(&cell.1);
        inside && p.is_some_and(|p| p[..3] == [255, 0, 255])
    });
    assert!(!crossed, "no picture crosses the pop-up");
    // One that lies elsewhere on the picture takes nothing away.
    rig.cover(&[CellRect { h: 1, y: BOX.y + BOX.h - 1, ..BOX }], "x");
    rig.frame(std::slice::from_ref(&edited), &[]);
    assert_eq!(line(&rig), whole);
    rig.cover(&[], " ");
    rig.frame(std::slice::from_ref(&edited), &[]);
    assert_eq!((line(&rig), outlined(&rig)), (whole, 0));
}
