//! The Kitty graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): transmit, place, take away, free.
//!
//! Commands are answered by errors alone, and inside tmux, which would hand an answer to whatever pane is active, by
//! nothing. A picture is transmitted without being shown (`a=t`) under an id never used before, and placed later (`a=p`):
//! sending data again under an id that is on the screen blanks it until the last chunk.

use super::{Fit, GraphicsError, Level, Pixels, padded_rgba, png};
use crate::term::{seq, tmux};

/// The most base64 bytes in one chunk.
const CHUNK: usize = 4096;

/// A picture ready to be transmitted, whatever its id will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A PNG file, sent through the connection.
    Png(Vec<u8>),
    /// Raw pixels for shared memory on the same machine.
    Raw {
        /// RGB or RGBA bytes.
        data: Vec<u8>,
        /// Bits a pixel: 24 or 32.
        bits: u8,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
}

impl Payload {
    /// Bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Png(data) | Self::Raw { data, .. } => data.len(),
        }
    }
}

/// A part of a picture on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Id of the picture.
    pub image: u32,
    /// Number of the placement among those of this picture, from 1.
    pub number: u32,
    /// Column of the top left cell, 0-based.
    pub column: u16,
    /// Row of the top left cell, 0-based.
    pub row: u16,
    /// Columns covered.
    pub columns: u16,
    /// Rows covered.
    pub rows: u16,
    /// The part of the picture to show in pixels (x, y, width, height), or all of it.
    pub part: Option<(u32, u32, u32, u32)>,
    /// Above the other pictures.
    pub above: bool,
    /// Only one pixel of it, below the other pictures: hidden by what covers its cell, without the delete that would make
    /// the terminal drop a half sent picture.
    pub spot: bool,
}

/// Prepares a picture for transmission through the connection, and says whether every pixel is kept.
///
/// # Errors
/// The encoder failed.
pub fn png_payload(pixels: Pixels<'_>, fit: &Fit, level: Level) -> Result<(Payload, bool), GraphicsError> {
    png::encode_level(pixels, fit, level).map(|(data, exact)| (Payload::Png(data), exact))
}

/// Prepares a picture for shared memory.
#[must_use]
pub fn raw_payload(pixels: Pixels<'_>, fit: &Fit) -> Payload {
    let (width, height) = fit.canvas;
    if fit.canvas == (pixels.width(), pixels.height()) {
        return Payload::Raw { data: pixels.rgb().to_vec(), bits: 24, width, height };
    }
    Payload::Raw { data: padded_rgba(pixels, fit), bits: 32, width, height }
}

/// The sequences that transmit a PNG as `id`, each of at most 4096 bytes of data; wrapped for tmux where asked. Errors
/// are answered where `answers` is set.
#[must_use]
pub fn transmit_png(id: u32, data: &[u8], in_tmux: bool, answers: bool) -> Vec<Vec<u8>> {
    transmit_direct(id, "f=100", data, in_tmux, answers)
}

/// The same for raw pixels, for when shared memory is full.
#[must_use]
pub fn transmit_raw(id: u32, data: &[u8], bits: u8, (width, height): (u32, u32), in_tmux: bool) -> Vec<Vec<u8>> {
    transmit_direct(id, &format!("f={bits},s={width},v={height}"), data, in_tmux, false)
}

fn transmit_direct(id: u32, format: &str, data: &[u8], in_tmux: bool, answers: bool) -> Vec<Vec<u8>> {
    let quiet = quiet(answers);
    let encoded = base64_simd::STANDARD.encode_to_string(data);
    let mut chunks = encoded.as_bytes().chunks(CHUNK).peekable();
    let mut out = Vec::with_capacity(encoded.len() / CHUNK + 1);
    let mut first = true;
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        let head = match std::mem::take(&mut first) {
            true => format!("\x1b_Ga=t,{format},i={id},q={quiet},m={more};"),
            false => format!("\x1b_Gq={quiet},m={more};"),
        };
        out.push(finish(&[head.as_bytes(), chunk, b"\x1b\\"].concat(), in_tmux));
    }
    out
}

/// The sequence that transmits the shared memory object `name` as `id`.
#[must_use]
pub fn transmit_shared(id: u32, name: &str, bits: u8, (width, height): (u32, u32), size: usize) -> Vec<u8> {
    let name = base64_simd::STANDARD.encode_to_string(name.as_bytes());
    format!("\x1b_Ga=t,t=s,f={bits},s={width},v={height},S={size},i={id},q=2;{name}\x1b\\").into_bytes()
}

/// Where placements stand in relation to: a Unicode placeholder, whose cell the multiplexer moves and clips as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Id of its picture.
    pub image: u32,
    /// Number of its placement.
    pub number: u32,
    /// Column of its cell, 0-based.
    pub column: u16,
    /// Row of its cell, 0-based.
    pub row: u16,
}

/// Shows (a part of) a picture at its cell, without moving the cursor beyond the next one. A placement with the same image
/// and number moves in one step. With an anchor it stands in relation to that, and nothing is said of the cursor.
///
/// Only errors are answered where `answers` is set (the terminal may have forgotten the picture), else nothing.
pub fn place(out: &mut Vec<u8>, placement: &Placement, anchor: Option<&Anchor>, answers: bool) {
    let Placement { image, number, column, row, columns, rows, .. } = *placement;
    let quiet = quiet(answers);
    let mut text = format!("\x1b_Ga=p,i={image},p={number},q={quiet}");
    match anchor {
        Some(anchor) => text.push_str(&relative(anchor, column, row)),
        None => {
            seq::move_to(out, column, row);
            // A spot takes one cell, so the cursor cannot leave the screen after it.
            if !placement.spot {
                text.push_str(",C=1");
            }
        }
    }
    if placement.spot {
        text.push_str(",w=1,h=1,z=-1");
    } else {
        text.push_str(&format!(",c={columns},r={rows}"));
        if let Some((x, y, w, h)) = placement.part {
            text.push_str(&format!(",x={x},y={y},w={w},h={h}"));
        }
        if placement.above {
            text.push_str(",z=1");
        }
    }
    text.push_str("\x1b\\");
    out.extend_from_slice(text.as_bytes());
}

fn relative(anchor: &Anchor, column: u16, row: u16) -> String {
    let (across, down) = (i32::from(column) - i32::from(anchor.column), i32::from(row) - i32::from(anchor.row));
    format!(",P={},Q={},H={across},V={down}", anchor.image, anchor.number)
}

/// 1 answers errors alone, 2 nothing.
fn quiet(answers: bool) -> u8 {
    if answers { 1 } else { 2 }
}

/// Transmits the picture of an anchor, one transparent pixel, and makes it available to one placeholder cell.
#[must_use]
pub fn anchor(image: u32, number: u32, in_tmux: bool) -> Vec<u8> {
    let pixel = format!("\x1b_Ga=t,f=32,s=1,v=1,i={image},q=2;AAAAAA==\x1b\\");
    let place = format!("\x1b_Ga=p,U=1,i={image},p={number},c=1,r=1,q=2\x1b\\");
    [pixel, place].iter().flat_map(|s| finish(s.as_bytes(), in_tmux)).collect()
}

/// Makes a picture available to placeholder cells, as a box of cells.
pub fn place_virtual(out: &mut Vec<u8>, image: u32, columns: u16, rows: u16, in_tmux: bool) {
    let text = format!("\x1b_Ga=p,U=1,i={image},c={columns},r={rows},q=2\x1b\\");
    out.extend_from_slice(&finish(text.as_bytes(), in_tmux));
}

/// Takes one placement off the screen; the data stays.
pub fn unplace(out: &mut Vec<u8>, image: u32, number: u32, in_tmux: bool) {
    out.extend_from_slice(&finish(format!("\x1b_Ga=d,d=i,i={image},p={number},q=2\x1b\\").as_bytes(), in_tmux));
}

/// Takes a picture off the screen and frees its data.
pub fn free(out: &mut Vec<u8>, image: u32, in_tmux: bool) {
    out.extend_from_slice(&finish(&freed(image), in_tmux));
}

/// The same command, not wrapped.
#[must_use]
pub fn freed(image: u32) -> Vec<u8> {
    format!("\x1b_Ga=d,d=I,i={image},q=2\x1b\\").into_bytes()
}

/// Ends a transmission that is not wanted any more: it is closed too early, which makes the terminal drop it. Where
/// freeing one picture leaves the others alone (`frees`) it is freed as well.
#[must_use]
pub fn abort(image: u32, frees: bool, in_tmux: bool) -> Vec<u8> {
    let mut out = finish(b"\x1b_Gq=2,m=0;\x1b\\", in_tmux);
    if frees {
        free(&mut out, image, in_tmux);
    }
    out
}

fn finish(sequence: &[u8], in_tmux: bool) -> Vec<u8> {
    if in_tmux { tmux::wrap(sequence) } else { sequence.to_vec() }
}
