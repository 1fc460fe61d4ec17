//! PNG for the Kitty and iTerm2 protocols: a palette where it is exact, else true colour compressed for speed.

use super::{Fit, GraphicsError, Pixels, padded_rgba, palette};
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
