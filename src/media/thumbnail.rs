//! The small JPEG that cameras embed: something to show a tenth of a millisecond after the first bytes arrive.

use super::bytes::Bytes;
use super::decode::{DecodeRequest, Picture, decode, guarded};
use super::error::MediaError;
use super::header;
use super::limits::Limits;
use super::orient::{displayed, swaps_axes};
use super::sniff::sniff;
use super::source::{ByteSource, MemorySource};
use crate::domain::geometry::BoxN;
use std::sync::Arc;

/// Pixels along a side of an embedded thumbnail; larger ones are no quick look.
const SIDE: u32 = 1024;
/// Aspects that differ less are the same picture, rounded.
const SAME: f64 = 0.02;

/// The embedded thumbnail, oriented as the picture is, without the bars that cameras add to make it 4:3; nothing if there
/// is none. `info` describes the picture, not the thumbnail.
///
/// # Errors
/// [`MediaError`] where the picture's own header cannot be read; a broken thumbnail counts as none.
pub fn thumbnail(source: &dyn ByteSource, name: &str, limits: &Limits) -> Result<Option<Picture>, MediaError> {
    let bytes = Bytes::new(source)?;
    let format = sniff(&bytes.head()?, name)?;
    let header = guarded(format, || header::open(&bytes, format, limits).map(|(header, _)| header))?;
    let Some(jpeg) = header.exif.thumbnail.clone() else { return Ok(None) };
    let small = MemorySource::new(jpeg);
    let Ok(size) = super::inspect::inspect(&small, "", limits) else { return Ok(None) };
    let aspect = |w: u32, h: u32| f64::from(w) / f64::from(h.max(1));
    let (stored, shown) = (aspect(header.width, header.height), aspect(size.width, size.height));
    // Some programs turn the thumbnail and leave the tag of the picture.
    let turned = swaps_axes(header.orientation) && (shown * stored - 1.0).abs() < SAME && (shown - stored).abs() > SAME;
    let wanted = if turned { 1.0 / stored } else { stored };
    let request = DecodeRequest { window: without_bars(shown, wanted), ..DecodeRequest::fit(SIDE, SIDE) };
    let Ok(picture) = decode(&small, "", &request, limits, &|| false) else { return Ok(None) };
    let info = Arc::new(header.info(bytes.len(), None));
    if turned {
        return Ok(Some(Picture { info, ..picture }));
    }
    let (rgb, width, height) = displayed(picture.rgb, picture.width, picture.height, 3, header.orientation);
    Ok(Some(Picture { rgb, width, height, full: (width, height), info }))
}

/// The middle part of a thumbnail that has the aspect of the picture.
fn without_bars(shown: f64, wanted: f64) -> BoxN {
    let (w, h) = if shown > wanted { (wanted / shown, 1.0) } else { (1.0, shown / wanted) };
    if (shown / wanted - 1.0).abs() < SAME {
        return BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 };
    }
    BoxN { x: (1.0 - w) / 2.0, y: (1.0 - h) / 2.0, w, h }
}
