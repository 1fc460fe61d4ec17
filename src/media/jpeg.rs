//! JPEG at the size that is wanted: a decoder that does no work for what is not shown.
//!
//! Sequential and progressive frames of 8 bits with one or three components, at 1/8, 1/4, 1/2 or all of the pixels along
//! each side, of a part or of the whole. Everything else is left to the decoders of other crates. Terms and figures are
//! those of ITU-T T.81.
//!
//! What always holds: the file is read once, from front to back, in pieces; only the coefficients that the wanted size
//! needs are looked at, and only the wanted part is turned into pixels; every row of blocks the caller may cancel; no
//! file makes it panic. What a damaged file still holds is given, with the reason.

mod bits;
mod colour;
mod frame;
mod huffman;
mod idct;
mod input;
mod progressive;
mod sequential;

use super::bytes::Bytes;
use super::raster::Raster;
use frame::{Frame, Tables};
use huffman::Table;
use input::Input;
use progressive::{Band, Store};
use sequential::{End, Part};
use std::io::{self, Read, Seek, SeekFrom};

/// What is said of data that make no sense.
const DAMAGED: &str = "the data of the picture are damaged";
/// What is said of a file that stops.
const CUT: &str = "the file ends before the picture does";
/// Marker segments before a file is given up; real ones have a few dozen.
const SEGMENTS: usize = 4096;
/// Bytes at the end of a file, where its end marker nearly always is.
const TAIL: u64 = 4096;
/// Scans of a progressive file: of 64 coefficients in three components, each bit may have its own, but never does.
const SCANS: usize = 256;

/// What is wanted of a picture.
pub(super) struct Wish<'w> {
    /// 1, 2, 4 or 8: pixels along a side, of eight.
    pub(super) eighths: u32,
    /// Left, top, right and bottom of the wanted part, in stored pixels.
    pub(super) part: [u32; 4],
    /// Enough is what the first scans of a progressive file give.
    pub(super) first_pass: bool,
    /// Asked every row of blocks.
    pub(super) cancel: &'w dyn Fn() -> bool,
}

/// The wanted part, with what surrounds it up to the next block.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) raster: Raster,
    /// Where the raster lies in the whole picture at this size.
    pub(super) left: u32,
    pub(super) top: u32,
    /// Width and height of the whole picture at this size.
    pub(super) whole: (u32, u32),
    /// Why some of it is missing.
    pub(super) damaged: Option<&'static str>,
}

/// Why there is nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another decoder may know it, or say what is wrong with it.
    Unknown,
    Cancelled,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Decodes.
///
/// # Errors
/// [`Stop`].
pub(super) fn decode(bytes: &Bytes<'_>, wish: &Wish<'_>) -> Result<Decoded, Stop> {
    let mut reading = Reading {
        input: Input::new(bytes),
        tables: Tables::default(),
        frame: None,
        store: None,
        seen: 0,
        scans: 0,
        damaged: None,
    };
    let mut end = Some(CUT);
    for _ in 0..SEGMENTS {
        let Some(marker) = reading.input.marker()? else { break };
        match marker {
            0xD9 if reading.complete() => end = None,
            0xD9 => {}
            0xDA if reading.scan(wish)? == End::Early => end = cut(bytes, &mut reading.input, wish)?,
            0xDA if wish.first_pass && reading.complete() => end = None,
            0xDA => continue,
            0x01 | 0xD0..=0xD8 => continue,
            _ => {
                reading.segment(marker, wish)?;
                continue;
            }
        }
        break;
    }
    let damaged = end.or(reading.damaged);
    reading.finish(damaged, wish)
}

/// Whether an end marker follows, wherever: what stands behind the picture (the video of a motion photo) is no reason to
/// call it damaged.
fn cut(bytes: &Bytes<'_>, input: &mut Input<'_>, wish: &Wish<'_>) -> Result<Option<&'static str>, Stop> {
    let mut tail = Vec::new();
    let mut reader = bytes.reader();
    reader.seek(SeekFrom::Start(bytes.len().saturating_sub(TAIL)))?;
    reader.read_to_end(&mut tail)?;
    if tail.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
        return Ok(None);
    }
    while let Some(marker) = input.marker()? {
        if marker == 0xD9 {
            return Ok(None);
        }
        if (wish.cancel)() {
            return Err(Stop::Cancelled);
        }
    }
    Ok(Some(CUT))
}

/// A file while it is read.
struct Reading<'a> {
    input: Input<'a>,
    tables: Tables,
    frame: Option<Frame>,
    /// Coefficients of a progressive frame.
    store: Option<Store>,
    /// Components of which there is something, by bit.
    seen: u32,
    scans: usize,
    damaged: Option<&'static str>,
}

impl Reading<'_> {
    /// Whether there is something of every component.
    fn complete(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| self.seen + 1 == 1 << frame.components.len())
    }

    /// A marker segment that is no scan.
    fn segment(&mut self, marker: u8, wish: &Wish<'_>) -> Result<(), Stop> {
        let Some(data) = self.input.segment()? else { return Ok(()) };
        match marker {
            0xC0..=0xC2 if self.frame.is_none() => {
                self.frame = Some(Frame::new(marker, &data, &self.tables, wish)?);
                Ok(())
            }
            0xC4 => self.tables.codes(&data),
            0xC0..=0xCF => Err(Stop::Unknown),
            0xDB => self.tables.quantisation(&data),
            0xDD => {
                let interval = data.first_chunk().map_or(0, |b| u16::from_be_bytes(*b));
                self.tables.restart = interval.into();
                Ok(())
            }
            0xE0 => {
                self.tables.jfif |= data.starts_with(b"JFIF\0");
                Ok(())
            }
            0xEE if data.starts_with(b"Adobe") => {
                self.tables.adobe = data.get(11).copied();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A scan header (T.81, B.2.3) and its data.
    fn scan(&mut self, wish: &Wish<'_>) -> Result<End, Stop> {
        let Some(data) = self.input.segment()? else { return Ok(End::Whole) };
        let frame = self.frame.as_mut().ok_or(Stop::Unknown)?;
        let [count @ 1..=3, rest @ ..] = data.as_slice() else { return Err(Stop::Unknown) };
        let (parts, band) = rest.split_at_checked(2 * usize::from(*count)).ok_or(Stop::Unknown)?;
        let part = |pair: &[u8; 2]| {
            let component = frame.components.iter().position(|c| c.id == pair[0]).ok_or(Stop::Unknown)?;
            Ok(Part { component, dc: usize::from(pair[1] >> 4 & 3), ac: usize::from(pair[1] & 3) })
        };
        let parts = parts.as_chunks::<2>().0.iter().map(part).collect::<Result<Vec<_>, Stop>>()?;
        self.scans += 1;
        let repeated = (1..parts.len()).any(|i| parts[..i].iter().any(|p| p.component == parts[i].component));
        if repeated || self.scans > SCANS {
            return Err(Stop::Unknown);
        }
        let touched = parts.iter().fold(0, |bits, part| bits | 1 << part.component);
        let end = if frame.progressive {
            let [from @ 0..64, to @ 0..64, position] = *band else { return Err(Stop::Unknown) };
            let band =
                Band { from: from.into(), to: to.into(), high: (position >> 4).into(), low: (position & 15).into() };
            if band.from > band.to || band.low > 13 || (band.from == 0 && band.to != 0) {
                return Err(Stop::Unknown);
            }
            if self.store.is_none() {
                frame.quantise(&self.tables)?;
            }
            let store = self.store.get_or_insert_with(|| Store::new(frame));
            self.seen |= if band.from == 0 { touched } else { 0 };
            store.scan(&mut self.input, frame, &self.tables, (&parts, band), wish)?
        } else {
            self.seen |= touched;
            sequential::scan(&mut self.input, frame, &self.tables, &parts, wish)?
        };
        match end {
            End::Damaged(reason) => self.damaged = self.damaged.or(Some(reason)),
            // Other components may have scans of their own.
            End::Early if !self.complete() => return Ok(End::Whole),
            _ => {}
        }
        Ok(end)
    }

    /// The pixels of what was read.
    fn finish(mut self, damaged: Option<&'static str>, wish: &Wish<'_>) -> Result<Decoded, Stop> {
        let frame = self.frame.as_mut().filter(|_| self.seen > 0).ok_or(Stop::Unknown)?;
        if let Some(store) = self.store.take() {
            store.finish(frame, wish.cancel)?;
        }
        frame.allocate();
        let (left, top, ..) = frame.covered();
        let side = |v: usize| u32::try_from(v).unwrap_or(u32::MAX);
        let raster = colour::pixels(frame, wish.cancel)?;
        let whole = (side(frame.whole.0), side(frame.whole.1));
        Ok(Decoded { raster, left: side(left), top: side(top), whole, damaged })
    }
}

impl Tables {
    /// T.81, B.2.4.2.
    fn codes(&mut self, mut data: &[u8]) -> Result<(), Stop> {
        while let Some((head, rest)) = data.split_first_chunk::<17>() {
            let [place, counts @ ..] = *head;
            let total = counts.iter().map(|c| usize::from(*c)).sum();
            let (values, rest) = rest.split_at_checked(total).ok_or(Stop::Unknown)?;
            let for_first = place >> 4 == 0;
            let table = Table::new(&counts, values, !for_first).ok_or(Stop::Unknown)?;
            let tables = if for_first { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(place & 15)).ok_or(Stop::Unknown)? = Some(table);
            data = rest;
        }
        Ok(())
    }

    /// T.81, B.2.4.1.
    fn quantisation(&mut self, mut data: &[u8]) -> Result<(), Stop> {
        while let Some((head, rest)) = data.split_first() {
            let wide = head >> 4 != 0;
            let (numbers, rest) = rest.split_at_checked(if wide { 128 } else { 64 }).ok_or(Stop::Unknown)?;
            let number = |place: usize| match wide {
                true => u16::from_be_bytes([numbers[2 * place], numbers[2 * place + 1]]),
                false => numbers[place].into(),
            };
            *self.quant.get_mut(usize::from(head & 15)).ok_or(Stop::Unknown)? = Some(std::array::from_fn(number));
            data = rest;
        }
        Ok(())
    }
}
