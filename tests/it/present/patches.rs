//! Letters that come and go on a drawn picture (sixel, iTerm2) cost what they cover, not the picture.

use super::model::{Model, Rgba};
use super::rig::{CELL, Rig, SCREEN, area, pixels};
use lakelens::app::picture::{CellRect, Mark, PictureArea, Stroke, Window};
use lakelens::runtime::present::plan::{Moment, Mood};
use lakelens::term::caps::Protocol;
use lakelens::term::graphics::{Cells, Fit, Level, Pixels, fit, iterm, sixel};
use proptest::prelude::*;

/// Large enough that an exact picture for iTerm2 is in strips.
const BOX: CellRect = CellRect { x: 1, y: 1, w: 58, h: 28 };
const DRAWN: [(Protocol, bool); 4] =
    [(Protocol::Sixel, false), (Protocol::Sixel, true), (Protocol::Iterm, false), (Protocol::Iterm, true)];

fn holds(r: CellRect, x: usize, y: usize) -> bool {
    let (x, y) = (x as u16, y as u16);
    (r.x..r.x + r.w).contains(&x) && (r.y..r.y + r.h).contains(&y)
}

/// The cells where the screen is not the picture, or the letter of the covers.
fn wrong(rig: &Rig, picture: &[Option<Rgba>], covers: &[CellRect], letter: &str) -> Vec<(usize, usize)> {
    let stride = usize::from(SCREEN.0) * usize::from(CELL.0);
    let screen = rig.model.screen();
    let right = |(x, y): &(usize, usize)| {
        let covered = covers.iter().any(|c| holds(*c, *x, *y));
        let letters = rig.model.cell_at(*x as u16, *y as u16).text == letter;
        let lines = *y * usize::from(CELL.1)..(*y + 1) * usize::from(CELL.1);
        let same = lines.map(|line| line * stride + *x * usize::from(CELL.0)).all(|first| {
            let pixels = first..first + usize::from(CELL.0);
            if covered { screen[pixels].iter().all(Option::is_none) } else { screen[pixels.clone()] == picture[pixels] }
        });
        same && (!covered || letters)
    };
    let cells = (0..usize::from(SCREEN.1)).flat_map(|y| (0..usize::from(SCREEN.0)).map(move |x| (x, y)));
    cells.filter(|cell| !right(cell)).collect()
}

#[test]
fn a_key_that_changes_letters_costs_the_cells_that_they_leave() {
    let name = CellRect { x: 20, y: 8, w: 12, h: 1 };
    let shorter = CellRect { w: 8, ..name };
    let lower = CellRect { y: 9, ..shorter };
    let pop_up = CellRect { x: 10, y: 5, w: 12, h: 6 };
    let edge = CellRect { x: 0, y: 27, w: 9, h: 3 };
    // Covers, and the most bytes of pictures: a cell has 32 pixels, of which no two are alike.
    let steps: [(&[CellRect], usize); 11] = [
        (&[name], 0),
        (&[shorter], 2_500),
        (&[lower], 4_500),
        (&[lower, edge], 0),
        (&[shorter], 9_000),
        (&[pop_up, shorter], 0),
        (&[pop_up], 2_500),
        (&[], 20_000),
        (&[edge, name], 0),
        (&[edge], 5_000),
        (&[], 6_000),
    ];
    for ((protocol, tmux), number) in DRAWN.into_iter().flat_map(|p| [0, 1, 2].map(|n| (p, n))) {
        let mut rig = Rig::new(protocol, tmux);
        rig.frame(&[area(number, BOX)], &[]);
        rig.decode();
        rig.settle(&[area(number, BOX)], &[]);
        let picture = rig.model.screen();
        rig.presenter.repaint_all();
        rig.frame(&[area(number, BOX)], &[]);
        let whole = rig.picture_bytes;
        assert!(rig.model.screen() == picture && whole > 40_000, "{protocol:?}: {whole} bytes");
        for (covers, most) in steps {
            for letter in ["x", "y"] {
                rig.cover(covers, letter);
                rig.frame(&[area(number, BOX)], &[]);
                let wrong = wrong(&rig, &picture, covers, letter);
                assert!(wrong.is_empty(), "{protocol:?} {number} {covers:?}: {wrong:?}");
                // A file of few bytes is one piece.
                let piece = protocol == Protocol::Iterm && number > 0 && most > 0;
                let most = if piece { whole + 200 } else { most };
                let (bytes, most) = (rig.picture_bytes, if letter == "x" { most } else { 0 });
                assert!(bytes <= most, "{protocol:?} {number} {covers:?}: {bytes} bytes of {whole}");
            }
        }
    }
}

#[test]
fn a_box_that_rests_gives_back_what_its_lines_erased_and_stays() {
    let edited = |step: u32| {
        let at = Window { x: 9000 + step * 1500, y: 12_000, w: 30_000, h: 25_000 };
        PictureArea { live: Some(Mark { at, rgb: [255, 0, 255], stroke: Stroke::Solid }), ..area(0, BOX) }
    };
    for (protocol, tmux) in DRAWN {
        let mut rig = Rig::new(protocol, tmux);
        rig.settle(&[area(0, BOX)], &[]);
        let picture = rig.model.screen();
        let lines = |rig: &Rig| {
            let drawn = |(i, _): &(usize, _)| !["", " "].contains(&rig.model.cells[*i].text.as_str());
            let at = |(i, _)| CellRect { x: (i % 60) as u16, y: (i / 60) as u16, w: 1, h: 1 };
            rig.model.cells.iter().enumerate().filter(drawn).map(at).collect::<Vec<_>>()
        };
        (0..8).for_each(|step| rig.frame(&[edited(step)], &[]));
        let outline = lines(&rig);
        assert!(outline.len() > 60, "{protocol:?}: an outline of {}", outline.len());
        rig.mood = Mood { moment: Moment::Pause, ..Mood::default() };
        rig.frame(&[edited(7)], &[]);
        assert!((1..40_000).contains(&rig.picture_bytes), "{protocol:?}: {} bytes", rig.picture_bytes);
        assert_eq!(lines(&rig), outline, "{protocol:?}: the box is still there");
        let beside = wrong(&rig, &picture, &[], "");
        let beside = beside.into_iter().filter(|(x, y)| !outline.iter().any(|c| holds(*c, *x, *y))).count();
        assert_eq!(beside, 0, "{protocol:?}: cells that are no picture beside the box");
        rig.frame(&[area(0, BOX)], &[]);
        assert!(rig.model.screen() == picture, "{protocol:?}: the picture is whole again");
    }
}

/// A part of the cells of a picture, as shares of a thousand.
fn part() -> impl Strategy<Value = [u16; 4]> {
    [0_u16..1000, 0_u16..1000, 0_u16..1000, 0_u16..1000]
}

fn within([x, y, w, h]: [u16; 4], fit: &Fit) -> Cells {
    let share = |of: u16, part: u16| (u32::from(of) * u32::from(part) / 1000) as u16;
    let (column, row) = (share(fit.columns, x), share(fit.rows, y));
    Cells { column, row, columns: 1 + share(fit.columns - column - 1, w), rows: 1 + share(fit.rows - row - 1, h) }
}

/// What is on a screen of `cell`s after some sequences, and whether a cell lies in `part` of a picture at 3, 2.
fn drawn(sequences: &[Vec<u8>], cell: (u16, u16), (tmux, part): (bool, Cells)) -> (Vec<Option<Rgba>>, Vec<bool>) {
    let mut model = Model::new(80, 60, (cell.0.into(), cell.1.into()), tmux);
    model.write(&sequences.concat());
    let (width, height) = (80 * usize::from(cell.0), 60 * usize::from(cell.1));
    let Cells { column, row, columns, rows } = part;
    let rect = CellRect { x: 3 + column, y: 2 + row, w: columns, h: rows };
    let inside = |i: usize| holds(rect, i % width / usize::from(cell.0), i / width / usize::from(cell.1));
    (model.screen(), (0..width * height).map(inside).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_part_of_a_sixel_picture_is_what_the_whole_has_there(
        (width, height) in (1_u32..200, 1_u32..260),
        cell in (3_u16..12, 5_u16..22),
        (level, ground, tmux) in (any::<bool>(), any::<Option<[u8; 3]>>(), any::<bool>()),
        shares in part(),
    ) {
        let rgb = pixels(3, width, height);
        let fit = fit((70, 55), cell, (width, height));
        let level = if level { Level::Exact } else { Level::Good };
        let encoded = sixel::encode(Pixels::new(&rgb, width, height).unwrap(), &fit, level, (cell.1, ground));
        let part = within(shares, &fit);
        let (whole, inside) = drawn(&sixel::show(&encoded, (3, 2), tmux), cell, (tmux, part));
        let cut = sixel::show_part(&encoded, part, cell, (3, 2), tmux).unwrap();
        let (cut, _) = drawn(&cut, cell, (tmux, part));
        for ((whole, cut), inside) in whole.iter().zip(&cut).zip(&inside) {
            prop_assert_eq!(cut, if *inside { whole } else { &None });
        }
    }

    #[test]
    fn a_part_of_an_exact_iterm_picture_is_what_the_whole_has_there(
        (width, height) in (220_u32..260, 210_u32..240),
        cell in (4_u16..12, 5_u16..22),
        (tmux, shares) in (any::<bool>(), part()),
    ) {
        let rgb = pixels(3, width, height);
        let fit = fit((70, 55), cell, (width, height));
        let size = (fit.columns, fit.rows);
        let file = iterm::encode(Pixels::new(&rgb, width, height).unwrap(), &fit, Level::Exact, cell.1).unwrap();
        let part = within(shares, &fit);
        let (cut, cells) = iterm::show_part(&file, part, size, (3, 2), tmux).unwrap();
        prop_assert!(cells.column <= part.column && cells.column + cells.columns >= part.column + part.columns);
        prop_assert!(cells.row <= part.row && cells.row + cells.rows >= part.row + part.rows);
        let (whole, inside) = drawn(&iterm::show(&file, (3, 2), size, tmux), cell, (tmux, cells));
        let (cut, _) = drawn(&cut, cell, (tmux, cells));
        for ((whole, cut), inside) in whole.iter().zip(&cut).zip(&inside) {
            prop_assert_eq!(cut, if *inside { whole } else { &None });
        }
        let good = iterm::encode(Pixels::new(&rgb, width, height).unwrap(), &fit, Level::Good, cell.1).unwrap();
        prop_assert!(iterm::show_part(&good, part, size, (3, 2), tmux).is_none());
    }
}
