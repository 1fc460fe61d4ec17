//! Marks into the pixels of a picture.
//!
//! What always holds: nothing is written outside of the picture; a mark writes its outline, never its area, so that the
//! cost grows with the length of the lines; where lines fill a good part of the picture they are thin and have no
//! contour, because there it would hide both the picture and its neighbours.

use super::figures::{Figure, trace};
use super::{Ink, Outline, Part, PixelBox, Stage, contour_of, runs};

/// From this share of the pixels on, the lines of boxes are a crowd.
const CROWD: i64 = 4;
/// So many figures are one as well.
const MANY_FIGURES: usize = 150;

/// What is drawn over a picture.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drawing<'a> {
    /// Boxes, those below others first.
    pub boxes: &'a [Outline],
    /// Other shapes; they lie below the boxes.
    pub figures: &'a [Figure],
}

/// How wide lines are, and whether they have a contour.
#[derive(Clone, Copy, Debug)]
struct Pen {
    thick: i64,
    contour: bool,
}

impl Pen {
    fn new(stage: &Stage, dots: bool, drawing: Drawing<'_>) -> Self {
        let thin = Self { thick: 1, contour: false };
        if dots || drawing.figures.len() > MANY_FIGURES {
            return thin;
        }
        let clip = stage.all();
        let length = |b: &Outline| stage.pixels(b.at).within(clip).map_or(0, |p| 2 * (p.x1 - p.x0 + p.y1 - p.y0));
        let all: i64 = drawing.boxes.iter().map(length).sum();
        if all * CROWD > clip.x1 * clip.y1 { thin } else { Self { thick: stage.width_of_line(), contour: true } }
    }
}

/// Draws boxes alone, see [`paint`].
pub fn draw(rgb: &mut [u8], size: (u32, u32), window: Part, marks: &[Outline]) {
    paint(rgb, &Stage { size, window }, false, Drawing { boxes: marks, figures: &[] });
}

/// Draws marks into the pixels of a stage: `rgb` holds `3 * width * height` bytes, rows from the top; anything else is
/// left as it is. All contours lie below all lines, so that no mark's line is hidden by its neighbour's contour. With
/// `dots` every pixel is one that the eye sees alone, as where pictures are made of characters: lines are one of them
/// wide. Returns how many pixels were written.
pub fn paint(rgb: &mut [u8], stage: &Stage, dots: bool, drawing: Drawing<'_>) -> usize {
    let (width, height) = (stage.size.0 as usize, stage.size.1 as usize);
    if width.checked_mul(height).and_then(|n| n.checked_mul(3)) != Some(rgb.len()) {
        return 0;
    }
    let (pen, clip) = (Pen::new(stage, dots, drawing), stage.all());
    let mut written = 0;
    let mut fill = |colour: [u8; 3], x0: i64, x1: i64, y: i64| {
        let first = (y as usize * width + x0 as usize) * 3;
        let run = rgb.get_mut(first..first + (x1 - x0) as usize * 3).unwrap_or_default();
        run.as_chunks_mut::<3>().0.fill(colour);
        written += (x1 - x0) as usize;
    };
    for ink in [Ink::Contour, Ink::Line] {
        if ink == Ink::Contour && !pen.contour {
            continue;
        }
        let colour = |rgb: [u8; 3]| if ink == Ink::Line { rgb } else { contour_of(rgb) };
        for figure in drawing.figures {
            trace(stage, figure, pen.thick, &mut |x, y, on| {
                let Some(dab) = dab(x, y, pen.thick, ink).within(clip).filter(|_| on || ink == Ink::Contour) else {
                    return;
                };
                (dab.y0..dab.y1).for_each(|y| fill(colour(figure.rgb), dab.x0, dab.x1, y));
            });
        }
        for mark in drawing.boxes {
            let colour = colour(mark.rgb);
            runs(stage.pixels(mark.at), pen.thick, mark.line, ink, clip, &mut |x0, x1, y| fill(colour, x0, x1, y));
        }
    }
    written
}

/// What the pen leaves at a pixel.
fn dab(x: i64, y: i64, thick: i64, ink: Ink) -> PixelBox {
    let (x0, y0) = (x - thick / 2, y - thick / 2);
    let line = PixelBox { x0, y0, x1: x0 + thick, y1: y0 + thick };
    if ink == Ink::Line { line } else { line.grown(1) }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, Line, ONE};
    use super::*;
    use std::sync::Arc;

    const SIZE: (u32, u32) = (800, 600);
    const STAGE: Stage = Stage { size: SIZE, window: Part::ALL };

    fn grey() -> Vec<u8> {
        vec![120; (SIZE.0 * SIZE.1 * 3) as usize]
    }

    /// A crowd of boxes of about 40 x 30 pixels, spread over the picture.
    fn crowd(count: u32) -> Vec<Outline> {
        let one = |i: u32| {
            let (x, y) = (i.wrapping_mul(40_503) % (ONE * 9 / 10), i.wrapping_mul(25_771) % (ONE * 9 / 10));
            let line = [Line::Solid, Line::Dashed, Line::Dotted][i as usize % 3];
            Outline { at: Part { x, y, w: ONE / 20, h: ONE / 20 }, rgb: [200, (i % 250) as u8, 90], line }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_crowd_of_boxes_costs_its_lines_and_no_more() {
        for count in [100, 1_000, 5_000] {
            let boxes = crowd(count);
            let length: i64 = boxes
                .iter()
                .map(|b| {
                    let p = STAGE.pixels(b.at);
                    2 * (p.x1 - p.x0 + p.y1 - p.y0)
                })
                .sum();
            let written = paint(&mut grey(), &STAGE, false, Drawing { boxes: &boxes, figures: &[] });
            // A line of two pixels with its contour, drawn twice; in a crowd once, one pixel wide.
            let each = if count < 500 { 8 } else { 1 };
            assert!(written as i64 <= each * length, "{count}: {written} for {length}");
        }
    }

    #[test]
    fn masks_and_polygons_cost_their_outline_and_not_their_area() {
        let counts: Arc<[u32]> = std::iter::once(400).chain((0..3_000).flat_map(|_| [1_200, 800])).collect();
        let mask = Figure { form: Form::Mask { size: [2_000, 3_000], counts }, rgb: [9, 200, 9], line: Line::Solid };
        let written = paint(&mut grey(), &STAGE, false, Drawing { boxes: &[], figures: &[mask] });
        assert!(written > 0 && written < (SIZE.0 * SIZE.1) as usize, "{written}");
    }

    #[test]
    fn nothing_leaves_the_picture_and_a_figure_has_its_colour_and_contour() {
        let unit = |v: f64| (v * f64::from(ONE)) as u32;
        let corners = vec![(unit(0.25), unit(0.25)), (unit(0.75), unit(0.25)), (ONE, ONE), (0, ONE)];
        let figure = Figure { form: Form::Loops(vec![corners].into()), rgb: [0, 200, 0], line: Line::Solid };
        let mut rgb = grey();
        assert!(paint(&mut rgb, &STAGE, false, Drawing { boxes: &[], figures: &[figure] }) > 0);
        let at = |x: u32, y: u32| {
            let i = ((y * SIZE.0 + x) * 3) as usize;
            [rgb[i], rgb[i + 1], rgb[i + 2]]
        };
        assert_eq!(
            (at(400, 150), at(400, 149), at(400, 151), at(400, 148)),
            ([0, 200, 0], [0, 200, 0], [0; 3], [0; 3])
        );
        assert_eq!((at(400, 300), at(400, 599)), ([120; 3], [0, 200, 0]));
        // A buffer of another size is left alone.
        assert_eq!(paint(&mut rgb[..300], &STAGE, false, Drawing::default()), 0);
    }

    #[test]
    fn dots_get_lines_of_one_and_no_contour() {
        let stage = Stage { size: (80, 48), window: Part::ALL };
        let mut rgb = vec![120; 80 * 48 * 3];
        let at = Part { x: ONE / 4, y: ONE / 4, w: ONE / 2, h: ONE / 2 };
        let mark = Outline { at, rgb: [0, 200, 0], line: Line::Solid };
        let written = paint(&mut rgb, &stage, true, Drawing { boxes: &[mark], figures: &[] });
        assert_eq!(written, 2 * 40 + 2 * 22);
    }
}
