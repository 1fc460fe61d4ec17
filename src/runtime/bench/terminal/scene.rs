//! What a terminal shows after a frame, and what it was sent, for those who look at it.

use super::grid::Cell;
use crate::app::picture::CellRect;
use std::sync::Arc;
use std::time::Instant;

/// How the bytes of a picture are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// A file, in base64.
    File,
    /// Pixels in base64, of so many bits, with their width and height.
    Raw(u32, (u32, u32)),
    /// A sixel sequence.
    Sixel,
    /// Something the protocol allows and this terminal does not read.
    Unread,
}

/// A picture as it was sent.
#[derive(Debug)]
pub(crate) struct Payload {
    /// Tells it from all others of this terminal.
    pub(crate) number: u64,
    pub(crate) encoding: Encoding,
    pub(crate) data: Vec<u8>,
    /// Bytes it took on the line, with everything around it.
    pub(crate) sent: usize,
}

impl Payload {
    pub(super) fn kitty(number: u64, data: Vec<u8>, format: u32, size: (u32, u32), packed: bool, sent: usize) -> Self {
        let encoding = match (format, packed) {
            (100, false) => Encoding::File,
            (24 | 32, false) => Encoding::Raw(format, size),
            _ => Encoding::Unread,
        };
        Self { number, encoding, data, sent }
    }
}

/// How large a picture stands on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Size {
    /// As many pixels as it has.
    Own,
    /// Stretched over so many columns and rows.
    Stretch(u16, u16),
    /// Fitted into so many columns and rows, its aspect kept, centred.
    Fit(u16, u16),
}

/// A picture on the screen.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) payload: Arc<Payload>,
    /// Column and row of its top left corner.
    pub(crate) at: (i32, i32),
    pub(crate) size: Size,
    /// The part of its pixels that is shown: x, y, width, height; width 0 is all.
    pub(crate) part: [u32; 4],
    /// The cells in which it can be seen, where not all of its own.
    pub(crate) clip: Option<CellRect>,
    pub(crate) z: i32,
}

/// Bytes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameBytes {
    /// All of it.
    pub(crate) all: usize,
    /// Commands that show and take away pictures, with the cursor moves for them, without transmissions.
    pub(crate) graphics: usize,
    /// Transmissions inside the frame.
    pub(crate) sent: usize,
}

/// What is seen after a frame.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// When the last byte of the frame had arrived.
    pub(crate) at: Instant,
    pub(crate) bytes: FrameBytes,
    pub(crate) columns: u16,
    pub(crate) cells: Arc<Vec<Cell>>,
    pub(crate) layers: Vec<Layer>,
}

impl Scene {
    /// The text of all rows.
    pub(crate) fn text(&self) -> String {
        let rows = self.cells.chunks(usize::from(self.columns).max(1));
        rows.map(|row| row.iter().map(|c| c.symbol).collect::<String>()).collect::<Vec<_>>().join("\n")
    }
}

/// What happened between the program and the terminal that should not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    /// Transmissions cut by a delete or by another one.
    pub aborted: usize,
    /// Commands for pictures that the terminal does not have.
    pub missing: usize,
    /// Transmissions that the program gave up half way.
    pub abandoned: usize,
    /// What those took on the line.
    pub abandoned_bytes: usize,
    /// Sequences too long for tmux.
    pub dropped: usize,
    /// Graphics that tmux does not understand, because they were not wrapped.
    pub unwrapped: usize,
}

/// The smallest rectangle around the cells for which `of` holds.
pub(crate) fn bounds(cells: &[Cell], columns: u16, of: impl Fn(&Cell) -> bool) -> Option<CellRect> {
    let (mut low, mut high) = ((u16::MAX, u16::MAX), (0, 0));
    for (row, line) in cells.chunks(usize::from(columns).max(1)).enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let mut places = line.iter().enumerate().filter(|(_, c)| of(c)).map(|(x, _)| u16::try_from(x).unwrap_or(0));
        let Some(first) = places.next() else { continue };
        let last = places.next_back().unwrap_or(first);
        low = (low.0.min(first), low.1.min(row));
        high = (high.0.max(last), high.1.max(row));
    }
    (low.0 <= high.0).then(|| CellRect { x: low.0, y: low.1, w: high.0 - low.0 + 1, h: high.1 - low.1 + 1 })
}
