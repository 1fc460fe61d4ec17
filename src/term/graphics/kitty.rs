//! The Kitty graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): transmit, place, take away, free.
//!
//! Every command says `q=2`, so that the terminal never answers and no answer can be taken for keys. A picture is
//! transmitted without being shown (`a=t`) under an id never used before, and placed later (`a=p`): sending data again
//! under an id that is on the screen blanks it until the last chunk.

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
    /// Below the other pictures.
    pub below: bool,
}

/// Prepares a picture for transmission through the connection, and says whether every pixel is kept.
///
/// # Errors
/// The encoder failed.
pub fn png_payload(pixels: Pixels<'_>, fit: &Fit, _level: Level) -> Result<(Payload, bool), GraphicsError> {
    png::encode(pixels, Some(fit)).map(|data| (Payload::Png(data), true))
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

/// The sequences that transmit a PNG as `id`, each of at most 4096 bytes of data; wrapped for tmux where asked.
#[must_use]
pub fn transmit_png(id: u32, data: &[u8], in_tmux: bool) -> Vec<Vec<u8>> {
    transmit_direct(id, "f=100", data, in_tmux)
}

/// The same for raw pixels, for when shared memory is full.
#[must_use]
pub fn transmit_raw(id: u32, data: &[u8], bits: u8, (width, height): (u32, u32), in_tmux: bool) -> Vec<Vec<u8>> {
    transmit_direct(id, &format!("f={bits},s={width},v={height}"), data, in_tmux)
}

fn transmit_direct(id: u32, format: &str, data: &[u8], in_tmux: bool) -> Vec<Vec<u8>> {
    let encoded = base64_simd::STANDARD.encode_to_string(data);
    let mut chunks = encoded.as_bytes().chunks(CHUNK).peekable();
    let mut out = Vec::with_capacity(encoded.len() / CHUNK + 1);
    let mut first = true;
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        let head = match std::mem::take(&mut first) {
            true => format!("\x1b_Ga=t,{format},i={id},q=2,m={more};"),
            false => format!("\x1b_Gq=2,m={more};"),
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

/// Shows (a part of) a picture at its cell, without moving the cursor. A placement with the same image and number
/// moves in one step.
pub fn place(out: &mut Vec<u8>, placement: &Placement) {
    seq::move_to(out, placement.column, placement.row);
    let Placement { image, number, columns, rows, .. } = placement;
    let part = placement.part.map(|(x, y, w, h)| format!(",x={x},y={y},w={w},h={h}")).unwrap_or_default();
    let below = if placement.below { ",z=-1" } else { "" };
    let text = format!("\x1b_Ga=p,i={image},p={number},c={columns},r={rows},C=1,q=2{part}{below}\x1b\\");
    out.extend_from_slice(text.as_bytes());
}

/// Makes a picture available to placeholder cells, as a box of cells.
pub fn place_virtual(out: &mut Vec<u8>, image: u32, columns: u16, rows: u16, in_tmux: bool) {
    let text = format!("\x1b_Ga=p,U=1,i={image},c={columns},r={rows},q=2\x1b\\");
    out.extend_from_slice(&finish(text.as_bytes(), in_tmux));
}

/// Takes one placement off the screen; the data stays.
pub fn unplace(out: &mut Vec<u8>, image: u32, number: u32) {
    out.extend_from_slice(format!("\x1b_Ga=d,d=i,i={image},p={number},q=2\x1b\\").as_bytes());
}

/// Takes a picture off the screen and frees its data.
pub fn free(out: &mut Vec<u8>, image: u32, in_tmux: bool) {
    out.extend_from_slice(&finish(format!("\x1b_Ga=d,d=I,i={image},q=2\x1b\\").as_bytes(), in_tmux));
}

fn finish(sequence: &[u8], in_tmux: bool) -> Vec<u8> {
    if in_tmux { tmux::wrap(sequence) } else { sequence.to_vec() }
}
