//! The small JPEG that cameras embed: something to show a tenth of a millisecond after the first bytes arrive.

use super::bytes::Bytes;
use super::decode::jpeg::{self, Wanted};
use super::decode::{DecodeRequest, Picture, finish, guarded};
use super::error::MediaError;
use super::header::jpeg::JpegHeader;
use super::header::{self, Header};
use super::limits::Limits;
use super::orient::{displayed, inverse, swaps_axes};
use super::raster::{Placed, Raster, Sample, Space};
use super::scale::Plan;
use super::sniff::{Format, sniff};
use super::source::ByteSource;

/// Pixels along a side of an embedded thumbnail; larger ones are no quick look.
const SIDE: u32 = 1024;
/// Aspects that differ less are the same picture, rounded.
const SAME: f64 = 0.02;
/// The lightest that the black of a bar is after compression, for one sample and on average.
const BLACK: (u8, u64) = (56, 12);

/// The embedded thumbnail as the picture is displayed, without bars; nothing if there is none that fits. `info` describes
/// the picture, not the thumbnail, and `full` is the size of the picture within 1024 x 1024.
///
/// # Errors
/// [`MediaError`] where the picture's own header cannot be read; a broken thumbnail counts as none.
pub fn thumbnail(source: &dyn ByteSource, name: &str, limits: &Limits) -> Result<Option<Picture>, MediaError> {
    let bytes = Bytes::new(source)?;
    let format = sniff(bytes.head(), name)?;
    let header = guarded(format, || header::open(&bytes, format, limits, &|| false).map(|(header, _)| header))?;
    let plan = Plan::new(header.width, header.height, header.orientation, &DecodeRequest::fit(SIDE, SIDE));
    Ok(embedded(&header, limits).map(|small| finish(small, &plan, &header, bytes.len(), None)))
}

/// The embedded thumbnail in the stored frame of the picture, without the bars that cameras add to make it 4:3. Nothing if
/// there is none, or it is broken, or it does not have the aspect of the picture.
pub(super) fn embedded(header: &Header, limits: &Limits) -> Option<Raster> {
    let file = Bytes::Whole(header.exif.thumbnail.clone()?);
    let small = guarded(Format::Jpeg, || {
        let facts = JpegHeader::read(&mut file.reader())?;
        limits.check_pixels(facts.width.max(facts.height), 1)?;
        jpeg::pixels(&file, &facts, Wanted::whole(8), limits, &|| false)
    });
    let (Placed { raster: mut small, .. }, None) = small.ok()? else { return None };
    if small.width.max(small.height) > SIDE || small.sample != Sample::U8 || small.space == Space::Cmyk {
        return None;
    }
    let wanted = aspect(header.width, header.height);
    let shown = aspect(small.width, small.height);
    // Some programs turn the thumbnail and leave the tag of the picture.
    if swaps_axes(header.orientation) && (shown * wanted - 1.0).abs() < SAME && (shown / wanted - 1.0).abs() > SAME {
        let back = inverse(header.orientation);
        let (data, width, height) = displayed(small.data, small.width, small.height, small.channels, back);
        small = Raster { width, height, data, ..small };
    }
    let small = without_bars(small, wanted)?;
    ((aspect(small.width, small.height) / wanted - 1.0).abs() < SAME).then_some(small)
}

fn aspect(width: u32, height: u32) -> f64 {
    f64::from(width) / f64::from(height.max(1))
}

/// The middle part that has the wanted aspect, when the rest is black bars; the whole when its aspect is right already.
fn without_bars(small: Raster, wanted: f64) -> Option<Raster> {
    let (width, height) = (f64::from(small.width), f64::from(small.height));
    let shown = width / height;
    if (shown / wanted - 1.0).abs() < SAME {
        return Some(small);
    }
    let bar = |side: f64, part: f64| ((side - part) / 2.0).ceil() as u32;
    let (x, y) = if shown > wanted { (bar(width, height * wanted), 0) } else { (0, bar(height, width / wanted)) };
    let inner = (small.width.checked_sub(2 * x)?, small.height.checked_sub(2 * y)?);
    if inner.0 == 0 || inner.1 == 0 {
        return None;
    }
    // The pixels beside the picture hold some of its light: they are cut, but not asked to be black.
    let (edge_x, edge_y) = (x.saturating_sub(2), y.saturating_sub(2));
    let row = small.width as usize * small.channels;
    let is_bar =
        |px: u32, py: u32| px < edge_x || px >= small.width - edge_x || py < edge_y || py >= small.height - edge_y;
    let (mut sum, mut count, mut most) = (0_u64, 0_u64, 0_u8);
    let mut data = Vec::with_capacity(inner.0 as usize * inner.1 as usize * small.channels);
    for (py, line) in (0..small.height).zip(small.data.chunks_exact(row)) {
        for (px, pixel) in (0..small.width).zip(line.chunks_exact(small.channels)) {
            if is_bar(px, py) {
                sum += pixel.iter().map(|v| u64::from(*v)).sum::<u64>();
                count += pixel.len() as u64;
                most = most.max(pixel.iter().copied().max().unwrap_or(0));
            }
            if (x..x + inner.0).contains(&px) && (y..y + inner.1).contains(&py) {
                data.extend_from_slice(pixel);
            }
        }
    }
    let black = most <= BLACK.0 && sum <= BLACK.1 * count;
    black.then_some(Raster { width: inner.0, height: inner.1, data, ..small })
}
