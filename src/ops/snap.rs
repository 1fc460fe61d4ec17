//! A box brought to the edges of what it was drawn around: the part of the picture it lies in is decoded, and looked at.

use super::reading;
use crate::domain::geometry::BoxN;
use crate::domain::lake_path::LakePath;
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::media::edges::snapped;
use crate::media::{DecodeRequest, Limits, MediaError, decode};

/// The part is looked at in at most so many pixels a side.
const SIDE: u32 = 1024;

/// The box with its sides at the nearest strong edges, at most `reach` (shares of the picture) away.
///
/// # Errors
/// The picture cannot be read any more, or the work was stopped.
pub fn snap(
    lake: &Lake,
    (path, stamp): (&LakePath, &str),
    at: BoxN,
    reach: (f64, f64),
    stop: &Stop,
) -> Result<BoxN, MediaError> {
    let source = reading::open(lake, path, stamp, stop)?;
    let around =
        BoxN { x: at.x - 2.0 * reach.0, y: at.y - 2.0 * reach.1, w: at.w + 4.0 * reach.0, h: at.h + 4.0 * reach.1 };
    let seen = around.clamped().unwrap_or(BoxN::ALL);
    let request = DecodeRequest { window: seen, ..DecodeRequest::fit(SIDE, SIDE) };
    let picture = decode(&*source, path.name(), &request, &Limits::default(), &|| stop.is_raised())?;
    Ok(snapped(&picture, seen, at, reach))
}
