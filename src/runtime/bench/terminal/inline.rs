//! Pictures that are drawn into the cells at the cursor: iTerm2's files and sixel.

use super::{Encoding, Payload, Size};
use std::sync::Arc;

/// A picture to be drawn.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) payload: Arc<Payload>,
    pub(super) size: Size,
    /// Width and height in pixels, where the sequence says them.
    pub(super) pixels: Option<(u32, u32)>,
}

/// A file that comes in parts.
#[derive(Debug)]
pub(super) struct Multipart {
    about: Vec<u8>,
    data: Vec<u8>,
    sent: usize,
}

impl Drawing {
    /// Columns and rows it takes on a screen of so many.
    pub(super) fn cells(&self, cell: (u16, u16), screen: (u16, u16)) -> (u16, u16) {
        let along = |pixels: u32, cell: u16| u16::try_from(pixels.div_ceil(u32::from(cell.max(1)))).unwrap_or(u16::MAX);
        match (self.size, self.pixels) {
            (Size::Fit(columns, rows) | Size::Stretch(columns, rows), _) => (columns, rows),
            (Size::Own, Some((width, height))) => (along(width, cell.0), along(height, cell.1)),
            (Size::Own, None) => screen,
        }
    }
}

impl Payload {
    /// The same with another number.
    pub(super) fn numbered(self: &Arc<Self>, number: u32) -> Arc<Self> {
        let Self { encoding, data, sent, .. } = self.as_ref();
        // Above all numbers of transmitted pictures, which count from zero.
        let number = (1 << 40) + u64::from(number);
        Arc::new(Self { number, encoding: *encoding, data: data.clone(), sent: *sent })
    }
}

/// Takes an iTerm2 command, the body after `1337;`. Gives the picture when it is complete.
pub(super) fn iterm(multipart: &mut Option<Multipart>, command: &[u8], length: usize) -> Option<Drawing> {
    if let Some(file) = command.strip_prefix(b"File=") {
        let at = file.iter().position(|b| *b == b':')?;
        return file_of(file.get(..at)?, file.get(at + 1..)?.to_vec(), length);
    }
    if let Some(about) = command.strip_prefix(b"MultipartFile=") {
        *multipart = Some(Multipart { about: about.to_vec(), data: Vec::new(), sent: length });
        return None;
    }
    let current = multipart.as_mut()?;
    current.sent += length;
    if let Some(part) = command.strip_prefix(b"FilePart=") {
        current.data.extend_from_slice(part);
        return None;
    }
    if command != b"FileEnd" {
        return None;
    }
    let done = multipart.take()?;
    file_of(&done.about, done.data, done.sent)
}

fn file_of(about: &[u8], data: Vec<u8>, sent: usize) -> Option<Drawing> {
    let about = String::from_utf8_lossy(about);
    let value = |name: &str| about.split(';').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    if value("inline") != Some("1") {
        return None;
    }
    let cells = |name: &str| value(name).and_then(|v| v.parse::<u16>().ok());
    let size = match (cells("width"), cells("height")) {
        (Some(columns), Some(rows)) if value("preserveAspectRatio") == Some("0") => Size::Stretch(columns, rows),
        (Some(columns), Some(rows)) => Size::Fit(columns, rows),
        _ => Size::Own,
    };
    let payload = Arc::new(Payload { number: 0, encoding: Encoding::File, data, sent });
    Some(Drawing { payload, size, pixels: None })
}

/// A sixel picture, if this device control string is one.
pub(super) fn sixel(body: &[u8], sent: usize) -> Option<Drawing> {
    let start = body.iter().position(|b| !(b.is_ascii_digit() || *b == b';'))?;
    if body.get(start) != Some(&b'q') {
        return None;
    }
    let data = body.get(start + 1..)?;
    let pixels = raster(data);
    let payload = Payload { number: 0, encoding: Encoding::Sixel, data: data.to_vec(), sent };
    Some(Drawing { payload: Arc::new(payload), size: Size::Own, pixels })
}

/// Width and height of the raster attributes, which stand first.
fn raster(data: &[u8]) -> Option<(u32, u32)> {
    let text = data.strip_prefix(b"\"")?;
    let end = text.iter().position(|b| !(b.is_ascii_digit() || *b == b';')).unwrap_or(text.len());
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    let mut numbers = text.split(';').skip(2).map(|n| n.parse::<u32>().ok());
    Some((numbers.next()??, numbers.next()??))
}
