//! What was painted on a picture with Label Studio's brush.

use super::super::bitmap::{PIXELS, Window, placed};
use crate::domain::annotation::Shape;
use crate::formats::strokes;
use serde_json::Value;

/// The mask of what was painted on a picture of this size.
///
/// # Errors
/// When the data are cut off, or those of a picture of another size.
pub(super) fn mask(packed: &[Value], (width, height): (u32, u32)) -> Result<Shape, String> {
    let byte = |v: &Value| v.as_u64().and_then(|n| u8::try_from(n).ok()).ok_or("rle is no list of bytes");
    let bytes = packed.iter().map(byte).collect::<Result<Vec<u8>, _>>()?;
    let area = u64::from(width) * u64::from(height);
    let Some(area) = u32::try_from(area).ok().filter(|area| u64::from(*area) <= PIXELS) else {
        return Err(format!("a mask on {width} x {height} pixels is too large"));
    };
    let pixels = strokes::unpack(&bytes, area)
        .ok_or_else(|| format!("rle is cut off, or not that of a picture of {width} x {height} pixels"))?;
    placed(&Window { left: 0, top: 0, width, height }, &pixels, (width, height))
}
