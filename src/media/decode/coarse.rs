//! A coarse picture at once: the thumbnail in the first kilobytes of a JPEG, or the first pass of a progressive one.
//!
//! What always holds: no more of the file is read than either takes, and it is not read again for the whole picture; a
//! coarse picture has the aspect, the frame and the colours of the whole one.

use super::super::bytes::Bytes;
use super::super::error::MediaError;
use super::super::header::jpeg::JpegHeader;
use super::super::header::{self, Header, Opened};
use super::super::limits::Limits;
use super::super::raster::Raster;
use super::super::scale::{Plan, scale};
use super::super::sniff::Format;
use super::super::thumbnail;
use super::{DecodeRequest, Picture, finish, jpeg};

/// Bytes of one look for the end of the first pass.
const STEP: usize = 256 << 10;
/// Pictures of so many pixels are decoded in a few milliseconds.
const SMALL: u64 = 300_000;
/// A first pass beyond this part of the file saves too little.
const SHARE: u64 = 3;

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
    let Ok((header, Opened::Jpeg(facts))) = header::open(&head, Format::Jpeg, limits) else { return Ok(None) };
    if !worth_it(&header) {
        return Ok(None);
    }
    let plan = Plan::new(header.width, header.height, header.orientation, request);
    if cancel() {
        return Err(MediaError::Cancelled);
    }
    let eighths = plan.coarse_eighths(header.width, header.height);
    let embedded = thumbnail::embedded(&header, limits).and_then(|small| shown(small, &plan, &header, length));
    // A file that is in memory already has no pass worth stopping after.
    if embedded.is_some() || !facts.progressive || eighths > 4 || head.len() >= length {
        return Ok(embedded);
    }
    let most = usize::try_from(length / SHARE).unwrap_or(usize::MAX);
    let Some(end) = first_pass(bytes, &facts, most, cancel)? else { return Ok(None) };
    let small = jpeg::scaled(bytes.head().get(..end).unwrap_or_default(), &facts, eighths).ok();
    Ok(small.and_then(|small| shown(small, &plan, &header, length)))
}

/// Whether the whole picture takes long enough for a coarse one to be seen before it.
pub(super) fn worth_it(header: &Header) -> bool {
    u64::from(header.width) * u64::from(header.height) > SMALL
}

/// The picture, where it has enough pixels of the wanted part.
fn shown(small: Raster, plan: &Plan, header: &Header, length: u64) -> Option<Picture> {
    let target = plan.coarse(small.width, small.height)?;
    let small = scale(small, &target, header.format.name()).ok()?;
    Some(finish(small, plan, header, length, None))
}

/// Where the first pass ends: behind the scans that together give every component its first coefficient. Nothing when
/// that is not within `most` bytes, or is the end of the picture.
fn first_pass(
    bytes: &mut Bytes<'_>,
    facts: &JpegHeader,
    most: usize,
    cancel: &dyn Fn() -> bool,
) -> Result<Option<usize>, MediaError> {
    let mut at = usize::try_from(facts.scan).unwrap_or(usize::MAX);
    let mut missing = facts.sampling.len();
    loop {
        // A scan header: its length was read, then the number of its components, two bytes for each, first coefficient.
        let header = bytes.head().get(at..).unwrap_or_default();
        let Some(count) = header.first().copied().map(usize::from) else { return Ok(None) };
        if header.get(1 + 2 * count) == Some(&0) {
            missing = missing.saturating_sub(count);
        }
        loop {
            let data = bytes.head().get(at..).unwrap_or_default();
            match next_marker(data) {
                Some((_, 0xD9)) => return Ok(None),
                Some((found, _)) if missing == 0 => return Ok((at + found <= most).then_some(at + found)),
                Some((found, 0xDA)) if data.len() > found + 64 => {
                    at += found + 4;
                    break;
                }
                Some((found, _)) if data.len() > found + 64 => at += found + 2,
                Some((found, _)) => at += found,
                None => at = bytes.head().len().saturating_sub(1).max(at),
            }
            let left = bytes.head().len().saturating_sub(at);
            if left <= 64 {
                if cancel() {
                    return Err(MediaError::Cancelled);
                }
                if at >= most || !bytes.read_on(STEP)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// The next marker that is no part of the data of a scan: stuffed bytes and restart markers are.
fn next_marker(data: &[u8]) -> Option<(usize, u8)> {
    let found = data.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF))?;
    Some((found, data[found + 1]))
}
