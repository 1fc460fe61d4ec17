//! Boxes, polygons and masks over a picture: drawn into its pixels; a box that is being moved as a layer of its own.
//!
//! Why here: the pixels of a mark depend on how large the picture is on this terminal, and on nothing that a screen
//! knows. What always holds: the line of a mark at `(x, y, w, h)` of a picture of `W` x `H` pixels lies inside the pixels
//! `round(x W) .. round((x + w) W)` and `round(y H) .. round((y + h) H)` and touches each of their four sides; its contour
//! lies one pixel outside and one inside of the line; nothing is drawn outside of the picture; the pixels within stay.

mod cells;
mod figures;
mod layer;
mod paint;

pub use cells::{OutlineCell, outline_cells};
pub use figures::{Figure, Form};
pub use layer::{Layer, Piece, live_layer};
pub use paint::{Drawing, draw, paint};

/// One, in the units of a [`Part`].
pub const ONE: u32 = 1 << 16;
/// A picture with a side shorter than this gets thin lines: a thumbnail, or the first paint of a large one.
const THIN_BELOW: u32 = 240;
/// The contour is light around lines that are darker than this (Rec. 601 luma).
const DARK_LINE: u32 = 72;

/// A part of a picture, in 2^16ths of its sides, in the displayed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

impl Part {
    /// The whole picture.
    pub const ALL: Self = Self { x: 0, y: 0, w: ONE, h: ONE };
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// Unbroken.
    #[default]
    Solid,
    /// Dashes; the gaps show the contour.
    Dashed,
    /// Dots as long as the line is wide.
    Dotted,
}

/// A box to be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Where, in the whole picture.
    pub at: Part,
    /// Colour of the line, sRGB.
    pub rgb: [u8; 3],
    /// The line.
    pub line: Line,
}

/// The pixels that are drawn on: a part of a picture at some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Which part of the picture they show.
    pub window: Part,
}

/// Half-open ranges of pixels; they may reach outside of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBox {
    /// Left.
    pub x0: i64,
    /// Top.
    pub y0: i64,
    /// Right, exclusive.
    pub x1: i64,
    /// Bottom, exclusive.
    pub y1: i64,
}

/// What a pixel of a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Contour,
    Line,
}

impl Stage {
    /// The pixels of a part of the picture; at least one in each direction, so that nothing vanishes.
    #[must_use]
    pub fn pixels(&self, at: Part) -> PixelBox {
        let along = |edge: u64, from: u32, length: u32, side: u32| {
            let length = i64::from(length.max(1));
            let twice = (edge as i64 - i64::from(from)) * i64::from(side) * 2 + length;
            twice.div_euclid(length * 2)
        };
        let range = |start: u32, long: u32, from: u32, length: u32, side: u32| {
            let first = along(u64::from(start), from, length, side);
            (first, along(u64::from(start) + u64::from(long), from, length, side).max(first + 1))
        };
        let (x0, x1) = range(at.x, at.w, self.window.x, self.window.w, self.size.0);
        let (y0, y1) = range(at.y, at.h, self.window.y, self.window.h, self.size.1);
        PixelBox { x0, y0, x1, y1 }
    }

    /// Pixels across a line.
    fn width_of_line(&self) -> i64 {
        if self.size.0.min(self.size.1) < THIN_BELOW { 1 } else { 2 }
    }

    /// All pixels there are.
    fn all(&self) -> PixelBox {
        PixelBox { x0: 0, y0: 0, x1: i64::from(self.size.0), y1: i64::from(self.size.1) }
    }
}

impl PixelBox {
    /// What of it lies in `other`; nothing if none does.
    fn within(self, other: Self) -> Option<Self> {
        let (x0, y0) = (self.x0.max(other.x0), self.y0.max(other.y0));
        let (x1, y1) = (self.x1.min(other.x1), self.y1.min(other.y1));
        (x0 < x1 && y0 < y1).then_some(Self { x0, y0, x1, y1 })
    }

    /// Larger by `n` pixels on every side; smaller for a negative `n`, down to nothing.
    fn grown(self, n: i64) -> Self {
        Self { x0: self.x0 - n, y0: self.y0 - n, x1: self.x1 + n, y1: self.y1 + n }
    }

    /// The frame between this box and itself shrunk by `thick`: top, bottom, left, right, without overlap.
    fn frame(self, thick: i64) -> [Self; 4] {
        let inner_top = (self.y0 + thick).min(self.y1);
        let inner_bottom = (self.y1 - thick).max(inner_top);
        let (left, right) = ((self.x0 + thick).min(self.x1), (self.x1 - thick).max(self.x0 + thick).min(self.x1));
        [
            Self { y1: inner_top, ..self },
            Self { y0: inner_bottom, ..self },
            Self { x1: left, y0: inner_top, y1: inner_bottom, ..self },
            Self { x0: right, y0: inner_top, y1: inner_bottom, ..self },
        ]
    }
}

/// The colour around a line: black, or white around a dark line.
fn contour_of(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(u32::from);
    if (299 * r + 587 * g + 114 * b) / 1000 < DARK_LINE { [255; 3] } else { [0; 3] }
}

/// Gives every pixel of a mark's contour (also those below its line: gaps show it) or of its line as runs
/// `(x0, x1, y)` within `clip`.
fn runs(at: PixelBox, thick: i64, line: Line, ink: Ink, clip: PixelBox, emit: &mut impl FnMut(i64, i64, i64)) {
    let (frame, solid) = match ink {
        Ink::Contour => {
            let room = (at.x1 - at.x0).min(at.y1 - at.y0);
            // Inside a small box a contour would cover what is marked.
            let inside = i64::from(room >= 4 * thick + 4);
            (at.grown(1).frame(1 + thick + inside), true)
        }
        Ink::Line => (at.frame(thick), line == Line::Solid),
    };
    for (side, bar) in frame.iter().enumerate() {
        let Some(seen) = bar.within(clip) else { continue };
        let across = side < 2;
        for y in seen.y0..seen.y1 {
            if solid {
                emit(seen.x0, seen.x1, y);
            } else if across {
                dashes(at.x0, seen.x0, seen.x1, line, thick, &mut |from, to| emit(from, to, y));
            } else if is_on(y - at.y0, line, thick) {
                emit(seen.x0, seen.x1, y);
            }
        }
    }
}

/// Length of a dash and of a dash with its gap.
fn rhythm(line: Line, thick: i64) -> (i64, i64) {
    match line {
        Line::Solid => (1, 1),
        Line::Dashed => (5 * thick, 8 * thick),
        Line::Dotted => (thick, 3 * thick),
    }
}

fn is_on(along: i64, line: Line, thick: i64) -> bool {
    let (on, period) = rhythm(line, thick);
    along.rem_euclid(period) < on
}

/// The dashes of a line that begins at `start`, between `from` and `to`. They hang on the mark, not on the window, so
/// that they do not crawl when the window moves.
fn dashes(start: i64, from: i64, to: i64, line: Line, thick: i64, emit: &mut impl FnMut(i64, i64)) {
    let (on, period) = rhythm(line, thick);
    let mut at = from - (from - start).rem_euclid(period);
    while at < to {
        let (first, last) = (at.max(from), (at + on).min(to));
        if first < last {
            emit(first, last);
        }
        at += period;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEN: [u8; 3] = [0, 200, 0];
    const GREY: u8 = 120;

    fn mark(x: f64, y: f64, w: f64, h: f64, line: Line) -> Outline {
        let unit = |v: f64| (v * f64::from(ONE)).round() as u32;
        let at = Part { x: unit(x), y: unit(y), w: unit(x + w) - unit(x), h: unit(y + h) - unit(y) };
        Outline { at, rgb: GREEN, line }
    }

    fn drawn(size: (u32, u32), window: Part, marks: &[Outline]) -> impl Fn(u32, u32) -> [u8; 3] + use<> {
        let mut rgb = vec![GREY; (size.0 * size.1 * 3) as usize];
        draw(&mut rgb, size, window, marks);
        move |x, y| {
            let at = ((y * size.0 + x) * 3) as usize;
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        }
    }

    #[test]
    fn a_box_covers_exactly_its_pixels() {
        for size in [(800, 600), (640, 481), (333, 777)] {
            let at = drawn(size, Part::ALL, &[mark(0.25, 0.1, 0.3, 0.55, Line::Solid)]);
            let side = |v: f64, n: u32| (v * f64::from(n)).round() as u32;
            let (x0, x1) = (side(0.25, size.0), side(0.25 + 0.3, size.0));
            let (y0, y1) = (side(0.1, size.1), side(0.1 + 0.55, size.1));
            for y in 0..size.1 {
                for x in 0..size.0 {
                    let inside = (x0..x1).contains(&x) && (y0..y1).contains(&y);
                    let deep = |n: u32| (x0 + n..x1 - n).contains(&x) && (y0 + n..y1 - n).contains(&y);
                    let near = (x0 - 1..=x1).contains(&x) && (y0 - 1..=y1).contains(&y);
                    let wanted = match () {
                        () if inside && !deep(2) => GREEN,
                        () if near && !deep(3) => [0; 3],
                        () => [GREY; 3],
                    };
                    assert_eq!(at(x, y), wanted, "{size:?} {x},{y}");
                }
            }
        }
    }

    #[test]
    fn a_window_shows_the_same_edges_larger_and_clips_the_rest() {
        // The middle half of an 1600 x 1200 picture at 800 x 600: picture pixels, moved by a quarter.
        let window = Part { x: ONE / 4, y: ONE / 4, w: ONE / 2, h: ONE / 2 };
        let marks = [mark(0.3, 0.3, 0.1, 0.1, Line::Solid), mark(0.0, 0.0, 1.0, 0.5, Line::Solid)];
        let at = drawn((800, 600), window, &marks);
        assert_eq!((at(79, 100), at(80, 100), at(81, 100), at(82, 100)), ([0; 3], GREEN, GREEN, [0; 3]));
        assert_eq!((at(238, 100), at(239, 100), at(240, 100)), (GREEN, GREEN, [0; 3]));
        // Of the second mark only the lower edge is in sight, from side to side.
        assert_eq!((at(0, 299), at(799, 298), at(0, 300), at(0, 297)), (GREEN, GREEN, [0; 3], [0; 3]));
        assert_eq!((at(0, 0), at(799, 0), at(0, 150)), ([GREY; 3], [GREY; 3], [GREY; 3]));
    }

    #[test]
    fn tiny_and_thumbnail_marks_stay_visible() {
        let at = drawn((800, 800), Part::ALL, &[mark(0.5, 0.5, 0.0, 0.0, Line::Solid)]);
        assert_eq!((at(400, 400), at(401, 400), at(399, 401)), (GREEN, [0; 3], [0; 3]));
        let at = drawn((100, 80), Part::ALL, &[mark(0.2, 0.25, 0.5, 0.5, Line::Solid)]);
        assert_eq!((at(19, 30), at(20, 30), at(21, 30), at(22, 30)), ([0; 3], GREEN, [0; 3], [GREY; 3]));
    }

    #[test]
    fn broken_lines_show_their_contour_and_start_at_the_corner() {
        for (line, on, period) in [(Line::Dashed, 10, 16), (Line::Dotted, 2, 6)] {
            let at = drawn((800, 600), Part::ALL, &[mark(0.25, 0.25, 0.5, 0.5, line)]);
            for i in 0..64 {
                let wanted = if i % period < on { GREEN } else { [0; 3] };
                assert_eq!((at(200 + i, 150), at(200, 150 + i)), (wanted, wanted), "{line:?} {i}");
            }
        }
    }

    #[test]
    fn a_dark_line_gets_a_light_contour() {
        let dark = Outline { rgb: [0, 0, 139], ..mark(0.25, 0.25, 0.5, 0.5, Line::Solid) };
        let at = drawn((800, 600), Part::ALL, &[dark]);
        assert_eq!((at(199, 300), at(200, 300)), ([255; 3], [0, 0, 139]));
    }

    #[test]
    fn a_buffer_of_another_size_is_left_alone() {
        let mut rgb = vec![7; 10];
        draw(&mut rgb, (800, 600), Part::ALL, &[mark(0.0, 0.0, 1.0, 1.0, Line::Solid)]);
        assert_eq!(rgb, vec![7; 10]);
    }
}
