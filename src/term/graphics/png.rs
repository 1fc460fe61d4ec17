//! PNG for the Kitty and iTerm2 protocols: a palette where it is exact, else true colour compressed for speed, or with
//! loss as a photo or as a drawing, whichever is the smaller.

use super::{Fit, GraphicsError, Level, Pixels, padded_rgba, palette, photo};
use ::png::{BitDepth, ColorType, Compression, Encoder, Filter};

/// Encodes without loss. With a `fit` whose canvas is larger than the picture, the rest of the canvas is transparent.
///
/// # Errors
/// The encoder failed.
pub fn encode(pixels: Pixels<'_>, fit: Option<&Fit>) -> Result<Vec<u8>, GraphicsError> {
    let fit = fit.filter(|f| f.canvas != (pixels.width(), pixels.height()));
    if let Some(indexed) = palette::exact(pixels, 255) {
        return encode_indexed(pixels, &indexed, fit);
    }
    match fit {
        Some(fit) => write(fit.canvas, ColorType::Rgba, &padded_rgba(pixels, fit), |_| {}),
        None => write((pixels.width(), pixels.height()), ColorType::Rgb, pixels.rgb(), |_| {}),
    }
}

/// The most bytes on the line of a first paint.
const FIRST_WIRE: usize = 15_000;
/// Squared distance within which neighbours become one colour in a drawing.
const DRAWING_TOLERANCE: u32 = 150;

/// Encodes for a level, and says whether every pixel is kept.
///
/// The first paint has a quarter of the resolution (less where the picture is so noisy that it would not fit in 15 KB),
/// the good level the colours and grain that are hardly seen. A picture of few colours is exact where that costs no more.
///
/// # Errors
/// The encoder failed.
pub fn encode_level(pixels: Pixels<'_>, fit: &Fit, level: Level) -> Result<(Vec<u8>, bool), GraphicsError> {
    let whole = (pixels.width(), pixels.height()) == fit.picture;
    if level == Level::Exact && whole {
        return Ok((encode(pixels, Some(fit))?, true));
    }
    if whole && let Some(indexed) = palette::exact(pixels, 255) {
        let data = encode_indexed(pixels, &indexed, Some(fit))?;
        if level > Level::First || wire(data.len()) <= FIRST_WIRE {
            return Ok((data, true));
        }
    }
    let data = match level {
        Level::First => first(pixels, fit)?,
        Level::Good | Level::Exact if !whole => first(pixels, fit)?,
        Level::Good | Level::Exact => good(pixels, fit)?,
    };
    Ok((data, false))
}

/// Bytes on the line: base64 and the escapes of each chunk.
fn wire(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + (bytes / 3072 + 1) * 16
}

/// As a photo; where much is flat, as in screenshots and drawings, or as few colours, whatever is the smaller.
fn good(pixels: Pixels<'_>, fit: &Fit) -> Result<Vec<u8>, GraphicsError> {
    let photo = photo::good(pixels, fit)?;
    if !mostly_flat(pixels) {
        return Ok(photo);
    }
    let drawing = encode_indexed(pixels, &palette::smoothed(pixels, 64, DRAWING_TOLERANCE), Some(fit))?;
    Ok(if drawing.len() < photo.len() { drawing } else { photo })
}

/// Whether every second pixel is exactly its left neighbour, which in photos hardly any is.
fn mostly_flat(pixels: Pixels<'_>) -> bool {
    let (colours, _) = pixels.rgb().as_chunks::<3>();
    let same = colours.windows(2).filter(|pair| pair.first() == pair.last()).count();
    same * 2 >= colours.len()
}

fn first(pixels: Pixels<'_>, fit: &Fit) -> Result<Vec<u8>, GraphicsError> {
    let mut out = Vec::new();
    for (divisor, colours, tolerance) in [(4, 64, 400), (4, 48, 900), (5, 48, 900), (6, 32, 900), (8, 32, 1400)] {
        let small = reduced(pixels, fit, divisor);
        let (rgb, fit) = (small.0, small.1);
        let pixels = Pixels::new(&rgb, fit.picture.0, fit.picture.1)?;
        out = encode_indexed(pixels, &palette::smoothed(pixels, colours, tolerance), Some(&fit))?;
        if wire(out.len()) <= FIRST_WIRE {
            break;
        }
    }
    Ok(out)
}

/// The picture at 1/`divisor` of the size that `fit` gives it, and how that stands in a canvas as much smaller.
fn reduced(pixels: Pixels<'_>, fit: &Fit, divisor: u32) -> (Vec<u8>, Fit) {
    let small = |n: u32| n.div_ceil(divisor).max(1);
    let canvas = (small(fit.canvas.0), small(fit.canvas.1));
    let offset = ((fit.offset.0 + divisor / 2) / divisor, (fit.offset.1 + divisor / 2) / divisor);
    let side = |picture: u32, canvas: u32, offset: u32| small(picture).min(canvas.saturating_sub(offset)).max(1);
    let picture = (side(fit.picture.0, canvas.0, offset.0), side(fit.picture.1, canvas.1, offset.1));
    let means = super::blocks::sample(pixels, picture.0 as usize, picture.1 as usize);
    (means.concat(), Fit { canvas, offset, picture, ..*fit })
}

/// RGB or RGBA bytes of this size, without loss, compressed for speed.
pub(super) fn lossless(data: &[u8], size: (u32, u32), alpha: bool) -> Result<Vec<u8>, GraphicsError> {
    write(size, if alpha { ColorType::Rgba } else { ColorType::Rgb }, data, |_| {})
}

/// The cells from `first` on, `count` of the `all` that a file of [`lossless`] is wide, as a file of their own.
pub(super) fn columns(file: &[u8], (first, count): (u16, u16), all: u16) -> Option<Vec<u8>> {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().ok()?;
    let mut data = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut data).ok()?;
    let (width, height) = (info.width as usize, info.height);
    let cell = width / usize::from(all.max(1)) * info.color_type.samples();
    let (start, end) = (usize::from(first) * cell, (usize::from(first) + usize::from(count)) * cell);
    let lines = data.chunks_exact(info.line_size.max(1));
    let part: Vec<u8> = lines.filter_map(|line| line.get(start..end)).flatten().copied().collect();
    let across = u32::try_from((end - start) / info.color_type.samples()).ok()?;
    lossless(&part, (across, height), info.color_type == ColorType::Rgba).ok()
}

/// Width and height that a PNG file says it has.
#[must_use]
pub fn size(data: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| data.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    Some((side(16)?, side(20)?))
}

fn encode_indexed(pixels: Pixels<'_>, indexed: &palette::Indexed, fit: Option<&Fit>) -> Result<Vec<u8>, GraphicsError> {
    let mut colours: Vec<u8> = indexed.palette.concat();
    let clear = indexed.palette.len();
    let (size, data) = match fit {
        None => ((pixels.width(), pixels.height()), indexed.indices.clone()),
        Some(fit) => {
            colours.extend_from_slice(&[0; 3]);
            (fit.canvas, padded_indices(pixels, indexed, fit, u8::try_from(clear).unwrap_or(u8::MAX)))
        }
    };
    write(size, ColorType::Indexed, &data, |encoder| {
        encoder.set_palette(colours);
        if fit.is_some() {
            let mut alpha = vec![255; clear];
            alpha.push(0);
            encoder.set_trns(alpha);
        }
        // Neighbouring indices say nothing about each other, and the data is small enough to compress well.
        encoder.set_compression(Compression::Balanced);
        encoder.set_filter(Filter::NoFilter);
    })
}

/// A PNG around data that is filtered and compressed already; with `clear` one more entry of the palette is transparent.
pub(super) fn write_compressed(
    (width, height): (u32, u32),
    palette: &[[u8; 3]],
    clear: bool,
    data: &[u8],
) -> Result<Vec<u8>, GraphicsError> {
    let failed = |e: ::png::EncodingError| GraphicsError::Encode { format: "PNG", reason: e.to_string() };
    let mut out = Vec::with_capacity(data.len() + 1024);
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    let mut colours = palette.concat();
    if clear {
        colours.extend_from_slice(&[0; 3]);
        let mut alpha = vec![255; palette.len()];
        alpha.push(0);
        encoder.set_trns(alpha);
    }
    encoder.set_palette(colours);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_chunk(::png::chunk::IDAT, data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

fn padded_indices(pixels: Pixels<'_>, indexed: &palette::Indexed, fit: &Fit, clear: u8) -> Vec<u8> {
    let mut out = vec![clear; fit.canvas.0 as usize * fit.canvas.1 as usize];
    let rows = out.chunks_exact_mut(fit.canvas.0 as usize).skip(fit.offset.1 as usize);
    for (to, from) in rows.zip(indexed.indices.chunks_exact(pixels.width() as usize)) {
        for (a, b) in to.iter_mut().skip(fit.offset.0 as usize).zip(from) {
            *a = *b;
        }
    }
    out
}

fn write(
    (width, height): (u32, u32),
    colour: ColorType,
    data: &[u8],
    set: impl FnOnce(&mut Encoder<'_, &mut Vec<u8>>),
) -> Result<Vec<u8>, GraphicsError> {
    let failed = |e: ::png::EncodingError| GraphicsError::Encode { format: "PNG", reason: e.to_string() };
    let mut out = Vec::with_capacity(data.len() / 2);
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    set(&mut encoder);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
