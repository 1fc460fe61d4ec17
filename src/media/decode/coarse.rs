//! A coarse picture at once: the thumbnail in the first kilobytes of a JPEG, or the first pass of a progressive one.
//!
//! What always holds: no more of the file is read than either takes, and it is not read again for the whole picture; a
//! coarse picture has the aspect, the frame and the colours of the whole one.

use super::super::bytes::Bytes;
use super::super::error::MediaError;
use super::super::header::{self, Header, Opened};
use super::super::limits::Limits;
use super::super::raster::Placed;
use super::super::scale::{Plan, scale};
use super::super::sniff::Format;
use super::super::thumbnail;
use super::jpeg::{self, Wanted};
use super::{DecodeRequest, Picture, finish};

/// Pictures of so many pixels are decoded in a few milliseconds.
const SMALL: u64 = 300_000;

/// A coarse picture from the start of a JPEG; nothing where it holds none that is good enough.
///
/// # Errors
/// [`MediaError::Cancelled`], and what the source says. A file that cannot be understood is left to the whole decoder.
pub(super) fn from_the_start(
    bytes: &mut Bytes<'_>,
    request: &DecodeRequest,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<Option<Picture>, MediaError> {
    let length = bytes.len();
    let head = Bytes::Whole(bytes.long_head()?.to_vec());
    let Ok((header, Opened::Jpeg(facts))) = header::open(&head, Format::Jpeg, limits, cancel) else { return Ok(None) };
    if !worth_it(&header) {
        return Ok(None);
    }
    let plan = Plan::new(header.width, header.height, header.orientation, request);
    if cancel() {
        return Err(MediaError::Cancelled);
    }
    let eighths = plan.coarse_eighths(header.width, header.height);
    let watched = (length, cancel);
    let embedded = thumbnail::embedded(&header, limits).and_then(|small| shown(small.into(), &plan, &header, watched));
    // A file that is in memory already has no pass worth stopping after.
    if embedded.is_some() || !facts.progressive || eighths > 4 || head.len() >= length {
        return Ok(embedded);
    }
    let part = plan.region(header.width, header.height, eighths);
    let (small, _) = jpeg::pixels(bytes, &facts, Wanted { eighths, part, first_pass: true }, limits, cancel)?;
    Ok(shown(small, &plan, &header, watched))
}

/// Whether the whole picture takes long enough for a coarse one to be seen before it.
pub(super) fn worth_it(header: &Header) -> bool {
    u64::from(header.width) * u64::from(header.height) > SMALL
}

/// The picture, where it has enough pixels of the wanted part.
fn shown(small: Placed, plan: &Plan, header: &Header, (length, cancel): (u64, &dyn Fn() -> bool)) -> Option<Picture> {
    let target = plan.coarse(small.whole.0, small.whole.1)?;
    let small = scale(small, &target, header.format.name(), cancel).ok()?;
    Some(finish(small, plan, header, length, None))
}
