//! The grid of letters: two keys say where a point is, to a fortieth of the side.
//!
//! What always holds: forty places a side, the first and the last of them the edges; every place has two keys; the keys of
//! the second choice lie on the keyboard as the places do: the left hand has the upper half, the right hand the lower.

use crate::domain::geometry::{BoxN, Point};

/// Places along a side.
pub const PLACES: usize = 40;
/// The keys of the first choice, row by row of the picture: the keyboard's own rows, and below them what is left.
const FIRST: &str = "12345678qwertyuiasdfghjkzxcvbnm,90opl;./";
/// The keys of the second choice in a cell that has five places across: the left hand, then the right hand.
const SECOND: &str = "12345qwertasdfgzxcvb67890yuiophjkl;nm,./";

/// How the picture is divided: cells across and down for the first key; the second divides a cell the other way round, so
/// that there are forty places on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    across: usize,
    down: usize,
}

/// Which of two choices is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A cell of the picture.
    Cell,
    /// A place in this cell.
    Place(usize),
}

impl Grid {
    /// The grid for a picture of this width and height: more cells along its longer side.
    #[must_use]
    pub fn of((width, height): (u32, u32)) -> Self {
        if height > width { Self { across: 5, down: 8 } } else { Self { across: 8, down: 5 } }
    }

    /// How many places a cell has across and down.
    #[must_use]
    pub fn places(self) -> (usize, usize) {
        (PLACES / self.across, PLACES / self.down)
    }

    fn keys(self, choice: Choice) -> (&'static str, usize) {
        match choice {
            Choice::Cell => (FIRST, self.across),
            Choice::Place(_) => (SECOND, PLACES / self.across),
        }
    }

    /// Which of the forty a key chooses.
    #[must_use]
    pub fn index(self, choice: Choice, key: char) -> Option<usize> {
        self.keys(choice).0.chars().position(|k| k == key)
    }

    /// The forty keys of a choice, each with the middle of the cell it means, or its place, in `over`.
    pub fn letters(self, choice: Choice, over: BoxN) -> impl Iterator<Item = (char, Point)> {
        let at = move |i: usize| match choice {
            Choice::Cell => self.cell(i, over).centre(),
            Choice::Place(cell) => self.place(cell, i, over),
        };
        self.keys(choice).0.chars().enumerate().map(move |(i, key)| (key, at(i)))
    }

    /// A cell of the first choice.
    #[must_use]
    pub fn cell(self, index: usize, over: BoxN) -> BoxN {
        let (column, row) = (index % self.across, (index / self.across).min(self.down - 1));
        let (w, h) = (over.w / self.across as f64, over.h / self.down as f64);
        BoxN { x: over.x + w * column as f64, y: over.y + h * row as f64, w, h }
    }

    /// A place in a cell.
    #[must_use]
    pub fn place(self, cell: usize, index: usize, over: BoxN) -> Point {
        let (across, down) = self.places();
        let column = (cell % self.across) * across + index % across;
        let row = (cell / self.across) * down + index / across;
        let along = |from: f64, long: f64, place: usize| {
            let last = PLACES - 1;
            if place >= last { from + long } else { from + long * place as f64 / last as f64 }
        };
        Point { x: along(over.x, over.w, column), y: along(over.y, over.h, row) }
    }

    /// The smallest box that two places make.
    #[must_use]
    pub fn least(over: BoxN) -> (f64, f64) {
        let step = 1.0 / (PLACES - 1) as f64;
        (over.w * step, over.h * step)
    }

    /// The two keys whose place is nearest to a point.
    #[must_use]
    pub fn nearest(self, to: Point, over: BoxN) -> [char; 2] {
        let along = |at: f64, from: f64, long: f64| {
            let place = ((at - from) / long * (PLACES - 1) as f64).round();
            (place.max(0.0) as usize).min(PLACES - 1)
        };
        let (column, row) = (along(to.x, over.x, over.w), along(to.y, over.y, over.h));
        let (across, down) = self.places();
        let cell = (row / down) * self.across + column / across;
        let place = (row % down) * across + column % across;
        let key = |keys: &str, i: usize| keys.chars().nth(i).unwrap_or('1');
        [key(FIRST, cell), key(SECOND, place)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_place_has_two_keys_and_every_key_a_place() {
        for size in [(4, 3), (3, 4)] {
            let grid = Grid::of(size);
            let mut met = HashSet::new();
            for cell in 0..PLACES {
                for index in 0..PLACES {
                    let at = grid.place(cell, index, BoxN::ALL);
                    let frame = grid.cell(cell, BoxN::ALL);
                    assert!(frame.clamped().unwrap().holds(at) || at.x >= 1.0 || at.y >= 1.0, "{cell} {index} {at:?}");
                    let [first, second] = grid.nearest(at, BoxN::ALL);
                    assert_eq!(grid.index(Choice::Cell, first), Some(cell));
                    assert_eq!(grid.index(Choice::Place(cell), second), Some(index));
                    met.insert(((at.x * 39.0).round() as i64, (at.y * 39.0).round() as i64));
                }
            }
            assert_eq!(met.len(), PLACES * PLACES);
        }
        for keys in [FIRST, SECOND] {
            assert_eq!(keys.chars().collect::<HashSet<_>>().len(), PLACES);
        }
    }

    #[test]
    fn the_corners_of_the_picture_are_places() {
        let grid = Grid::of((4, 3));
        assert_eq!(grid.place(0, 0, BoxN::ALL), Point { x: 0.0, y: 0.0 });
        assert_eq!(grid.place(39, 39, BoxN::ALL), Point { x: 1.0, y: 1.0 });
        let part = BoxN { x: 0.25, y: 0.5, w: 0.5, h: 0.25 };
        assert_eq!(grid.place(39, 39, part), Point { x: 0.75, y: 0.75 });
    }
}
