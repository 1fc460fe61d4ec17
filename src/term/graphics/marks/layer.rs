//! The mark that is being edited, as a picture of its own above the other: it alone is sent again when it moves.

use super::{Ink, Outline, PixelBox, Stage, contour_of, runs};
use crate::term::graphics::GraphicsError;
use png::{BitDepth, ColorType, Compression, Encoder, Filter};

/// Bytes that a piece costs besides its PNG: the escape sequence that carries it and the one that places it.
const AROUND: usize = 120;

/// A part of the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where its top left pixel lies in the picture below.
    pub offset: (u32, u32),
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// A palette PNG of the mark's line and contour; everything else is transparent.
    pub png: Vec<u8>,
}

/// A mark as one picture, or as one for each side of the box: whatever takes fewer bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The parts, without overlap; none if nothing of the mark is in sight.
    pub pieces: Vec<Piece>,
}

impl Layer {
    /// Bytes on the line to show it, about: base64 and the sequences included.
    #[must_use]
    pub fn wire(&self) -> usize {
        self.pieces.iter().map(|p| p.png.len().div_ceil(3) * 4 + AROUND).sum()
    }
}

/// The layer of a mark over a picture: the same pixels that [`super::draw`] would draw.
///
/// With `grid` (pixels of a cell, and where the picture begins in its top left cell) every piece begins and ends at
/// whole cells, for terminals that place pictures on cells only; its `offset` then counts from the corner of that cell.
///
/// # Errors
/// The encoder failed.
pub fn live_layer(
    stage: &Stage,
    mark: &Outline,
    grid: Option<((u16, u16), (u32, u32))>,
) -> Result<Layer, GraphicsError> {
    let at = stage.pixels(mark.at);
    let thick = stage.width_of_line();
    // The contour on both sides of the line belongs to it.
    let reach = thick + 2;
    let whole = at.grown(1);
    let one = layer(stage, mark, &[whole], grid)?;
    if whole.x1 - whole.x0 <= 4 * reach || whole.y1 - whole.y0 <= 4 * reach {
        return Ok(one);
    }
    let four = layer(stage, mark, &whole.frame(reach), grid)?;
    // On a grid the pieces of the sides would lie over each other in the cells of the corners.
    Ok(if grid.is_none() && four.wire() < one.wire() { four } else { one })
}

fn layer(
    stage: &Stage,
    mark: &Outline,
    parts: &[PixelBox],
    grid: Option<((u16, u16), (u32, u32))>,
) -> Result<Layer, GraphicsError> {
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(seen) = part.within(stage.all()) else { continue };
        let piece = piece(stage, mark, seen, grid)?;
        pieces.extend(piece);
    }
    Ok(Layer { pieces })
}

/// Draws what of the mark lies in `seen`; nothing if no pixel does.
fn piece(
    stage: &Stage,
    mark: &Outline,
    seen: PixelBox,
    grid: Option<((u16, u16), (u32, u32))>,
) -> Result<Option<Piece>, GraphicsError> {
    let frame = grid.map_or(seen, |(cell, origin)| on_cells(seen, cell, origin));
    let origin = grid.map_or((0, 0), |(_, (x, y))| (i64::from(x), i64::from(y)));
    let (width, height) = ((frame.x1 - frame.x0) as usize, (frame.y1 - frame.y0) as usize);
    let row = width.div_ceil(4);
    // Two bits a pixel: 0 is transparent, 1 the contour, 2 the line.
    let mut bits = vec![0_u8; row * height];
    let mut any = false;
    for ink in [Ink::Contour, Ink::Line] {
        runs(stage.pixels(mark.at), stage.width_of_line(), mark.line, ink, seen, &mut |x0, x1, y| {
            any = true;
            let first = (y - frame.y0 + origin.1) as usize * row;
            let (from, to) = ((x0 - frame.x0 + origin.0) as usize, (x1 - frame.x0 + origin.0) as usize);
            let line = bits.get_mut(first..first + row).unwrap_or_default();
            paint(line, from, to, if ink == Ink::Line { 2 } else { 1 });
        });
    }
    if !any {
        return Ok(None);
    }
    let size = (width as u32, height as u32);
    let png = encode(size, &bits, mark.rgb)?;
    Ok(Some(Piece { offset: (frame.x0 as u32, frame.y0 as u32), size, png }))
}

/// The smallest range of whole cells around some pixels, counted in pixels from the corner of the picture's first cell.
fn on_cells(seen: PixelBox, cell: (u16, u16), origin: (u32, u32)) -> PixelBox {
    let (w, h) = (i64::from(cell.0.max(1)), i64::from(cell.1.max(1)));
    let (x, y) = (i64::from(origin.0), i64::from(origin.1));
    let up = |v: i64, step: i64| -(-v).div_euclid(step) * step;
    PixelBox {
        x0: (seen.x0 + x).div_euclid(w) * w,
        y0: (seen.y0 + y).div_euclid(h) * h,
        x1: up(seen.x1 + x, w),
        y1: up(seen.y1 + y, h),
    }
}

/// Sets pixels of a row of two bits each.
fn paint(row: &mut [u8], from: usize, to: usize, value: u8) {
    for x in from..to {
        let shift = 6 - 2 * (x % 4);
        if let Some(byte) = row.get_mut(x / 4) {
            *byte = *byte & !(3 << shift) | value << shift;
        }
    }
}

fn encode((width, height): (u32, u32), bits: &[u8], rgb: [u8; 3]) -> Result<Vec<u8>, GraphicsError> {
    let failed = |e: png::EncodingError| GraphicsError::Encode { format: "PNG", reason: e.to_string() };
    let mut out = Vec::with_capacity(512);
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Two);
    encoder.set_palette([[0; 3], contour_of(rgb), rgb].concat());
    encoder.set_trns(vec![0]);
    encoder.set_compression(Compression::High);
    // Rows repeat as they are; a filter would only hide that.
    encoder.set_filter(Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(bits).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::{Line, ONE, Part, draw};
    use super::*;
    use proptest::prelude::*;

    const SIZE: (u32, u32) = (800, 800);
    const GREEN: [u8; 3] = [0, 200, 0];

    fn outline(at: Part, line: Line) -> Outline {
        Outline { at, rgb: GREEN, line }
    }

    fn any_mark() -> impl Strategy<Value = Outline> {
        let side = || (0..=ONE).prop_flat_map(|from| (Just(from), 0..=ONE - from));
        let line = prop_oneof![Just(Line::Solid), Just(Line::Dashed), Just(Line::Dotted)];
        (side(), side(), line).prop_map(|((x, w), (y, h), line)| outline(Part { x, y, w, h }, line))
    }

    /// Lays a layer over grey pixels, reading its PNGs as a terminal does.
    fn laid(layer: &Layer, origin: (u32, u32)) -> Vec<u8> {
        let mut rgb = vec![120; (SIZE.0 * SIZE.1 * 3) as usize];
        for piece in &layer.pieces {
            let picture = image::load_from_memory(&piece.png).unwrap().to_rgba8();
            assert_eq!(picture.dimensions(), piece.size);
            for (x, y, pixel) in picture.enumerate_pixels().filter(|(_, _, p)| p.0[3] > 0) {
                let at = (piece.offset.1 + y - origin.1) * SIZE.0 + piece.offset.0 + x - origin.0;
                rgb[at as usize * 3..at as usize * 3 + 3].copy_from_slice(&pixel.0[..3]);
            }
        }
        rgb
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_layer_shows_what_would_be_drawn_in_under_two_kilobytes(mark in any_mark()) {
            let stage = Stage { size: SIZE, window: Part::ALL };
            let mut wanted = vec![120; (SIZE.0 * SIZE.1 * 3) as usize];
            draw(&mut wanted, SIZE, Part::ALL, &[mark]);
            let layer = live_layer(&stage, &mark, None).unwrap();
            prop_assert!(laid(&layer, (0, 0)) == wanted);
            prop_assert!(layer.wire() < 2_000, "{} bytes", layer.wire());
            let on_cells = live_layer(&stage, &mark, Some(((10, 20), (3, 9)))).unwrap();
            prop_assert!(laid(&on_cells, (3, 9)) == wanted);
            prop_assert!(on_cells.wire() < 2_000, "{} bytes on cells", on_cells.wire());
            for piece in &on_cells.pieces {
                prop_assert!(piece.offset.0 % 10 == 0 && piece.offset.1 % 20 == 0);
                prop_assert!(piece.size.0 % 10 == 0 && piece.size.1 % 20 == 0);
            }
        }
    }

    #[test]
    fn the_largest_boxes_are_cheap_too() {
        let stage = Stage { size: SIZE, window: Part::ALL };
        let at = Part { x: ONE / 400, y: ONE / 400, w: ONE - ONE / 200, h: ONE - ONE / 200 };
        for line in [Line::Solid, Line::Dashed, Line::Dotted] {
            let layer = live_layer(&stage, &outline(at, line), None).unwrap();
            assert!(layer.wire() < 1_400, "{line:?}: {} bytes", layer.wire());
        }
    }

    #[test]
    fn a_mark_out_of_sight_has_no_layer() {
        let window = Part { x: 0, y: 0, w: ONE / 4, h: ONE / 4 };
        let far = outline(Part { x: ONE / 2, y: ONE / 2, w: 100, h: 100 }, Line::Solid);
        assert!(live_layer(&Stage { size: SIZE, window }, &far, None).unwrap().pieces.is_empty());
        // All four edges lie outside.
        let window = Part { x: ONE / 4, y: ONE / 4, w: ONE / 2, h: ONE / 2 };
        let around = outline(Part::ALL, Line::Solid);
        assert!(live_layer(&Stage { size: SIZE, window }, &around, None).unwrap().pieces.is_empty());
    }
}
