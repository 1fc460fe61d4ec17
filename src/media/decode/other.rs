//! Every format but JPEG, through the decoders of the `image` crate, into a buffer that keeps what came before an error.

use super::super::bytes::Bytes;
use super::super::error::MediaError;
use super::super::header::{Header, explain};
use super::super::limits::Limits;
use super::super::raster::{Raster, Sample};
use super::super::sniff::Format;
use image::{ImageDecoder, ImageError};

/// Grey of the rows that are missing.
const MISSING: u8 = 0x70;

/// Decodes the pixels, with the reason when some are missing.
pub(super) fn pixels(
    mut decoder: Box<dyn ImageDecoder + '_>,
    header: &Header,
    bytes: &Bytes<'_>,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<(Raster, Option<String>), MediaError> {
    let total = decoder.total_bytes();
    let mut raster = Raster::layout(header.width, header.height, decoder.color_type());
    // The buffer, what the decoder holds besides, and the premultiplied copy that the resize of transparent pixels takes.
    let inner =
        u64::from(!matches!(header.format, Format::Png | Format::Bmp | Format::Pnm | Format::Qoi | Format::Tga));
    let copies = 1 + inner + u64::from(raster.has_alpha());
    limits.check_memory(total.saturating_mul(copies).saturating_add(bytes.held()))?;
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.memory.saturating_sub(total));
    bounds.max_image_width = Some(limits.side);
    bounds.max_image_height = Some(limits.side);
    decoder.set_limits(bounds).map_err(|error| explain(error, header.format))?;
    raster.data = vec![0; usize::try_from(total).unwrap_or(0)];
    match decoder.read_image(&mut raster.data) {
        Ok(()) => Ok((raster, None)),
        // What was decoded is looked through only if it may be shown.
        Err(_) if cancel() => Err(MediaError::Cancelled),
        Err(error) => rescue(raster, header.format, error),
    }
}

/// Keeps the rows that were decoded before the error; without any, the error stands.
fn rescue(mut raster: Raster, format: Format, error: ImageError) -> Result<(Raster, Option<String>), MediaError> {
    let reason = explain(error, format);
    let Some(last) = raster.data.iter().rposition(|b| *b != 0) else { return Err(reason) };
    if !matches!(reason, MediaError::Damaged { .. }) {
        return Err(reason);
    }
    if format == Format::Png && raster.sample == Sample::U16 && cfg!(target_endian = "little") {
        // The decoder turns the byte order only after the last row.
        raster.data.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse());
    }
    let row = raster.data.len() / (raster.height as usize).max(1);
    let missing = (last / row.max(1) + 1) * row;
    if !raster.has_alpha() && raster.sample != Sample::F32 {
        raster.data.get_mut(missing..).unwrap_or_default().fill(MISSING);
    }
    let text = match reason {
        MediaError::Damaged { reason, .. } => reason,
        other => other.to_string(),
    };
    Ok((raster, Some(text)))
}
