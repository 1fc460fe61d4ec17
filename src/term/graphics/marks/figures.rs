//! The outlines of polygons and masks, pixel by pixel.
//!
//! Why no boxes: their lines are straight and are filled in whole runs. What always holds: the pixels that are given lie
//! on the outline as the stage shows it; the cost of a polygon is its corners and the pixels of its outline that are in
//! sight, that of a mask its runs, the columns of the stage it takes and those pixels: never the area.

use super::{Line, ONE, Stage, is_on};
use std::sync::Arc;

/// A shape that is no box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its form.
    pub form: Form,
    /// Colour of the line, sRGB.
    pub rgb: [u8; 3],
    /// The line.
    pub line: Line,
}

/// The form of a [`Figure`], in the whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Closed lines through these corners, each in 2^16ths of the picture's sides.
    Loops(Arc<[Vec<(u32, u32)>]>),
    /// The ones of a bitmap of this height and width, column-major run lengths that start with zeros.
    Mask {
        /// Height and width.
        size: [u32; 2],
        /// Alternating lengths of zeros and ones.
        counts: Arc<[u32]>,
    },
}

/// Gives the pixels of an outline, some more than once: where, and whether the line is drawn there or has a gap. They may
/// lie one pixel outside of the stage.
pub(super) fn trace(stage: &Stage, figure: &Figure, thick: i64, emit: &mut impl FnMut(i64, i64, bool)) {
    let line = figure.line;
    match &figure.form {
        Form::Loops(loops) => loops.iter().for_each(|corners| walk(stage, corners, (line, thick), emit)),
        Form::Mask { size, counts } => {
            if let Some(bitmap) = Bitmap::new(*size, counts) {
                bitmap.trace(stage, (line, thick), emit);
            }
        }
    }
}

/// A closed line, corner by corner. Its dashes hang on its first corner.
fn walk(stage: &Stage, corners: &[(u32, u32)], (line, thick): (Line, i64), emit: &mut impl FnMut(i64, i64, bool)) {
    // The last pixel of the picture is the last one that a line can be drawn on.
    let along = |v: u32, from: u32, long: u32, side: u32| {
        (f64::from(v.min(ONE - 1)) - f64::from(from)) * f64::from(side) / f64::from(long.max(1))
    };
    let (window, size) = (stage.window, stage.size);
    let place = |(x, y): (u32, u32)| (along(x, window.x, window.w, size.0), along(y, window.y, window.h, size.1));
    let room = (f64::from(size.0), f64::from(size.1));
    let mut gone = 0.0;
    for (i, corner) in corners.iter().enumerate() {
        let (from, to) = (place(*corner), place(corners.get(i + 1).copied().unwrap_or(corners[0])));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
        if let Some((first, last)) = in_sight(from, (dx, dy), room) {
            let mut step = (first * steps).floor();
            while step <= (last * steps).ceil().min(steps - 1.0) {
                let share = step / steps;
                let (x, y) = ((from.0 + dx * share).floor() as i64, (from.1 + dy * share).floor() as i64);
                emit(x, y, is_on((gone + step) as i64, line, thick));
                step += 1.0;
            }
        }
        gone += steps;
    }
}

/// Which part of a way, as shares of it, lies on the stage or within a pixel of it (Liang and Barsky 1984).
fn in_sight(from: (f64, f64), by: (f64, f64), room: (f64, f64)) -> Option<(f64, f64)> {
    let (mut first, mut last) = (0.0_f64, 1.0_f64);
    for (at, step, most) in [(from.0, by.0, room.0), (from.1, by.1, room.1)] {
        let (low, high) = (-1.0 - at, most + 1.0 - at);
        if step == 0.0 {
            if low > 0.0 || high < 0.0 {
                return None;
            }
            continue;
        }
        let (near, far) = if step > 0.0 { (low / step, high / step) } else { (high / step, low / step) };
        (first, last) = (first.max(near), last.min(far));
    }
    (first <= last).then_some((first, last))
}

/// Half-open ranges, ascending, none of which touches another.
type Spans = Vec<(i64, i64)>;

/// A mask whose runs can be looked up.
struct Bitmap {
    height: u64,
    width: u64,
    /// Where runs of ones begin and end, column by column.
    ones: Vec<(u64, u64)>,
}

impl Bitmap {
    /// Nothing for a mask without ones. What lies behind the end of the bitmap is left out.
    fn new([height, width]: [u32; 2], counts: &[u32]) -> Option<Self> {
        let (height, width) = (u64::from(height), u64::from(width));
        let all = height * width;
        let mut ones: Vec<(u64, u64)> = Vec::with_capacity(counts.len() / 2);
        let mut at = 0_u64;
        for (i, count) in counts.iter().enumerate() {
            let (from, to) = (at, (at + u64::from(*count)).min(all));
            at = to;
            if i % 2 == 0 || from >= to {
                continue;
            }
            match ones.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => ones.push((from, to)),
            }
        }
        (!ones.is_empty()).then_some(Self { height, width, ones })
    }

    /// The column of the bitmap that a column of the stage shows.
    fn column(&self, stage: &Stage, x: i64) -> Option<u64> {
        let along = f64::from(stage.window.x) + (x as f64 + 0.5) * f64::from(stage.window.w) / f64::from(stage.size.0);
        let column = (along / f64::from(ONE) * self.width as f64).floor();
        (column >= 0.0 && column < self.width as f64).then_some(column as u64)
    }

    /// The rows of the stage where a column of the bitmap has ones.
    fn spans(&self, stage: &Stage, column: Option<u64>, out: &mut Spans) {
        out.clear();
        let Some(column) = column else { return };
        let (begin, end) = (column * self.height, (column + 1) * self.height);
        let most = i64::from(stage.size.1) + 2;
        let first = self.ones.partition_point(|(_, to)| *to <= begin);
        for (from, to) in self.ones.iter().skip(first).take_while(|(from, _)| *from < end) {
            let (y0, y1) = (self.row(stage, from.max(&begin) - begin), self.row(stage, to.min(&end) - begin));
            let (y0, y1) = (y0.clamp(-2, most), y1.max(y0 + 1).clamp(-2, most));
            match out.last_mut() {
                Some(last) if y0 <= last.1 => last.1 = last.1.max(y1),
                _ if y0 < y1 => out.push((y0, y1)),
                _ => {}
            }
        }
    }

    /// The row of the stage at which a row of the bitmap begins.
    fn row(&self, stage: &Stage, row: u64) -> i64 {
        let at = row as f64 / self.height as f64 * f64::from(ONE) - f64::from(stage.window.y);
        (at * f64::from(stage.size.1) / f64::from(stage.window.h.max(1))).round() as i64
    }

    /// The column of the stage at which a column of the bitmap begins.
    fn across(&self, stage: &Stage, column: u64) -> i64 {
        let at = column as f64 / self.width as f64 * f64::from(ONE) - f64::from(stage.window.x);
        (at * f64::from(stage.size.0) / f64::from(stage.window.w.max(1))).round() as i64
    }

    /// The ones that have something else beside them.
    fn trace(&self, stage: &Stage, (line, thick): (Line, i64), emit: &mut impl FnMut(i64, i64, bool)) {
        let (Some(first), Some(last)) = (self.ones.first(), self.ones.last()) else { return };
        let from = (self.across(stage, first.0 / self.height) - 1).max(-1);
        let to = (self.across(stage, (last.1 - 1) / self.height + 1) + 1).min(i64::from(stage.size.0) + 1);
        // Dashes hang on the picture, so that they do not crawl when the window moves.
        let (left, top) = (self.across(stage, 0), self.row(stage, 0));
        let (mut before, mut here, mut after) = (Spans::new(), Spans::new(), Spans::new());
        let mut any = false;
        let mut shown = self.column(stage, from);
        self.spans(stage, self.column(stage, from - 1), &mut before);
        self.spans(stage, shown, &mut here);
        for x in from..to {
            let next = self.column(stage, x + 1);
            if next == shown {
                after.clone_from(&here)
            } else {
                self.spans(stage, next, &mut after)
            }
            for (y0, y1) in &here {
                any = true;
                let on = is_on(x - left, line, thick);
                emit(x, *y0, on);
                emit(x, *y1 - 1, on);
            }
            for beside in [&before, &after] {
                apart(&here, beside, |y0, y1| (y0..y1).for_each(|y| emit(x, y, is_on(y - top, line, thick))));
            }
            (before, here, after) = (here, after, before);
            shown = next;
        }
        if !any {
            // All ones lie between two columns of the stage: a dot tells that there is something.
            let (column, row) = (first.0 / self.height, first.0 % self.height);
            emit(self.across(stage, column), self.row(stage, row), true);
        }
    }
}

/// Gives the parts of `all` that do not lie in `other`.
fn apart(all: &Spans, other: &Spans, mut emit: impl FnMut(i64, i64)) {
    let mut first = 0;
    for (from, to) in all {
        let mut at = *from;
        while other.get(first).is_some_and(|o| o.1 <= at) {
            first += 1;
        }
        for (begin, end) in other.iter().skip(first).take_while(|o| o.0 < *to) {
            if at < *begin {
                emit(at, *begin);
            }
            at = at.max(*end);
        }
        if at < *to {
            emit(at, *to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn stage(width: u32, height: u32) -> Stage {
        Stage { size: (width, height), window: Part::ALL }
    }

    fn pixels(stage: &Stage, form: Form) -> BTreeSet<(i64, i64)> {
        let mut out = BTreeSet::new();
        let figure = Figure { form, rgb: [0; 3], line: Line::Solid };
        trace(stage, &figure, 1, &mut |x, y, on| {
            if on {
                out.insert((x, y));
            }
        });
        out
    }

    fn mask(size: [u32; 2], counts: &[u32]) -> Form {
        Form::Mask { size, counts: counts.into() }
    }

    /// The rule itself, cell by cell.
    fn by_hand([height, width]: [u32; 2], counts: &[u32]) -> BTreeSet<(i64, i64)> {
        let bits: Vec<bool> = counts.iter().enumerate().flat_map(|(i, n)| (0..*n).map(move |_| i % 2 == 1)).collect();
        let (h, w) = (i64::from(height), i64::from(width));
        let one = |x: i64, y: i64| {
            (0..w).contains(&x) && (0..h).contains(&y) && bits.get((x * h + y) as usize).copied().unwrap_or(false)
        };
        let all = (0..w).flat_map(|x| (0..h).map(move |y| (x, y)));
        let edge = |(x, y): &(i64, i64)| {
            one(*x, *y) && !(one(x - 1, *y) && one(x + 1, *y) && one(*x, y - 1) && one(*x, y + 1))
        };
        all.filter(edge).collect()
    }

    proptest! {
        #[test]
        fn the_outline_of_a_mask_is_its_ones_beside_zeros(
            height in 1_u32..12, width in 1_u32..12, counts in prop::collection::vec(0_u32..9, 1..40)
        ) {
            let wanted = by_hand([height, width], &counts);
            let got = pixels(&stage(width, height), mask([height, width], &counts));
            prop_assert_eq!(got, wanted);
        }

        #[test]
        fn nothing_lies_farther_out_than_a_pixel(
            corners in prop::collection::vec((0..=ONE, 0..=ONE), 1..9), x in 0..ONE, y in 0..ONE, w in 1..ONE, h in 1..ONE
        ) {
            let window = Part { x, y, w: w.min(ONE - x), h: h.min(ONE - y) };
            let stage = Stage { size: (60, 40), window };
            for (x, y) in pixels(&stage, Form::Loops(vec![corners].into())) {
                prop_assert!((-3..=62).contains(&x) && (-3..=42).contains(&y), "{x} {y}");
            }
        }
    }

    #[test]
    fn a_polygon_is_a_closed_line() {
        let unit = |v: f64| (v * f64::from(ONE)).round() as u32;
        let corners =
            vec![(unit(0.1), unit(0.1)), (unit(0.5), unit(0.1)), (unit(0.5), unit(0.5)), (unit(0.1), unit(0.5))];
        let got = pixels(&stage(100, 100), Form::Loops(vec![corners].into()));
        assert_eq!(got.len(), 4 * 40);
        assert!(got.iter().all(|(x, y)| [10, 49, 50].contains(x) || [10, 49, 50].contains(y)), "{got:?}");
        // The last corner of the picture is still on it.
        let all = vec![(0, 0), (ONE, 0), (ONE, ONE), (0, ONE)];
        let got = pixels(&stage(50, 30), Form::Loops(vec![all].into()));
        assert!(got.iter().all(|(x, y)| (0..50).contains(x) && (0..30).contains(y)));
        assert!(got.contains(&(49, 29)) && got.contains(&(0, 0)));
    }

    #[test]
    fn what_is_smaller_than_a_pixel_is_still_seen() {
        let mut counts = vec![0_u32; 2];
        counts[0] = 1000 * 777 + 333;
        counts[1] = 1;
        assert_eq!(pixels(&stage(40, 40), mask([1000, 1000], &counts)).len(), 1);
        assert_eq!(pixels(&stage(40, 40), Form::Loops(vec![vec![(9_000, 9_000)]].into())).len(), 1);
    }

    #[test]
    fn a_window_larger_than_its_masks_columns_has_no_line_inside() {
        // One column of ones in the middle of three, eight times enlarged.
        let got = pixels(&stage(24, 8), mask([1, 3], &[1, 1, 1]));
        let inside = got.iter().filter(|(x, y)| (9..15).contains(x) && (1..7).contains(y)).count();
        assert_eq!((inside, got.len()), (0, 2 * 8 + 2 * 6));
    }

    #[test]
    fn lengths_that_say_nonsense_cost_nothing() {
        let huge = [u32::MAX, u32::MAX, u32::MAX];
        assert!(!pixels(&stage(30, 30), mask([1, u32::MAX], &[0, u32::MAX])).is_empty());
        assert!(pixels(&stage(30, 30), mask([u32::MAX, u32::MAX], &huge)).len() < 4 * 30 * 30);
        assert!(pixels(&stage(30, 30), mask([0, 9], &[0, 9])).is_empty());
        assert!(pixels(&stage(30, 30), mask([9, 9], &[])).is_empty());
    }
}
