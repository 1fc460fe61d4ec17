//! The header of a JPEG, read marker by marker (ITU-T T.81, annex B): size, coding, EXIF, profile, where the data start.

use super::super::error::MediaError;
use std::io::{BufRead, ErrorKind, Seek, SeekFrom};

/// Marker segments before the picture; real files have a few dozen.
const SEGMENTS: usize = 4096;
/// Bytes of EXIF and profile segments that are kept.
const KEPT: usize = 8 << 20;

/// What the header of a JPEG declares.
#[derive(Debug, Default)]
pub(in super::super) struct JpegHeader {
    pub(in super::super) width: u32,
    pub(in super::super) height: u32,
    /// Horizontal and vertical sampling factors of each component.
    pub(in super::super) sampling: Vec<(u8, u8)>,
    /// All coefficients of the picture are kept in memory until its last scan.
    pub(in super::super) progressive: bool,
    /// The TIFF block after `Exif\0\0`.
    pub(in super::super) exif: Option<Vec<u8>>,
    /// The profile, put together from its segments.
    pub(in super::super) icc: Option<Vec<u8>>,
    /// Offset of the first scan header in the file.
    pub(in super::super) scan: u64,
}

impl JpegHeader {
    /// Reads up to the first scan.
    ///
    /// # Errors
    /// [`MediaError::Damaged`] without a frame header, [`MediaError::Unsupported`] for codings that no decoder here has.
    pub(in super::super) fn read(reader: &mut (impl BufRead + Seek)) -> Result<Self, MediaError> {
        let mut header = Self::default();
        let mut profile: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut kept = 0;
        reader.seek(SeekFrom::Start(2))?;
        for _ in 0..SEGMENTS {
            let Some((marker, length)) = next_segment(reader)? else { break };
            match marker {
                0xDA => {
                    header.scan = reader.stream_position()?;
                    break;
                }
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                    header.frame(marker, &payload(reader, length)?)?
                }
                0xE1 | 0xE2 if kept + length <= KEPT => {
                    kept += length;
                    let data = payload(reader, length)?;
                    if marker == 0xE1 && header.exif.is_none() {
                        header.exif = data.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
                    }
                    if let Some([number, _, rest @ ..]) = data.strip_prefix(b"ICC_PROFILE\0") {
                        profile.push((*number, rest.to_vec()));
                    }
                }
                _ => drop(reader.seek_relative(length as i64)),
            }
        }
        profile.sort_by_key(|(number, _)| *number);
        header.icc = (!profile.is_empty()).then(|| profile.into_iter().flat_map(|(_, part)| part).collect());
        if header.width == 0 || header.height == 0 || header.scan == 0 {
            return Err(damaged("it ends or breaks off before the picture starts"));
        }
        Ok(header)
    }

    fn frame(&mut self, marker: u8, data: &[u8]) -> Result<(), MediaError> {
        let [precision, h1, h0, w1, w0, count, components @ ..] = data else {
            return Err(damaged("its frame header is cut"));
        };
        let unsupported = |reason: &str| MediaError::Unsupported { format: "jpeg", reason: reason.to_owned() };
        if marker >= 0xC9 {
            return Err(unsupported("arithmetic coding"));
        }
        if *precision == 12 {
            return Err(unsupported("12 bits a sample"));
        }
        (self.width, self.height) = (u16::from_be_bytes([*w1, *w0]).into(), u16::from_be_bytes([*h1, *h0]).into());
        if self.width == 0 || self.height == 0 {
            return Err(damaged("it declares no pixels"));
        }
        let factors = |c: &[u8]| (c[1] >> 4, c[1] & 15);
        self.sampling = components.chunks_exact(3).take((*count).into()).map(factors).collect();
        self.progressive = matches!(marker, 0xC2 | 0xC6);
        Ok(())
    }

    /// `grey`, `rgb` or `cmyk`, with the depth.
    pub(in super::super) fn colour(&self) -> String {
        let kind = match self.sampling.len() {
            1 => "grey",
            4 => "cmyk",
            _ => "rgb",
        };
        format!("{kind} 8 bit{}", if self.progressive { ", progressive" } else { "" })
    }

    /// Bytes of the coefficients that a progressive picture keeps: two for each sample of each component.
    pub(in super::super) fn coefficients(&self) -> u64 {
        if !self.progressive {
            return 0;
        }
        let most = |pick: fn(&(u8, u8)) -> u8| self.sampling.iter().map(pick).max().unwrap_or(1).max(1);
        let (h, v) = (most(|s| s.0), most(|s| s.1));
        let whole = u64::from(h) * u64::from(v);
        let parts: u64 = self.sampling.iter().map(|(h, v)| u64::from(*h) * u64::from(*v)).sum();
        let padded = |side: u32, unit: u8| u64::from(side.div_ceil(8 * u32::from(unit)) * 8 * u32::from(unit));
        padded(self.width, h) * padded(self.height, v) * 2 * parts / whole
    }
}

fn damaged(reason: &str) -> MediaError {
    MediaError::Damaged { format: "jpeg", reason: reason.to_owned() }
}

/// The next marker that has a length, and the length of its payload; nothing at the end of the data.
fn next_segment(reader: &mut impl BufRead) -> Result<Option<(u8, usize)>, MediaError> {
    loop {
        let mut pair = [0; 2];
        // Bytes between segments are against the standard, but cameras write them and decoders skip them.
        if reader.skip_until(0xFF)? == 0 || !fill(reader, &mut pair[..1])? {
            return Ok(None);
        }
        while pair[0] == 0xFF {
            if !fill(reader, &mut pair[..1])? {
                return Ok(None);
            }
        }
        let marker = pair[0];
        match marker {
            0 | 1 | 0xD0..=0xD8 => {}
            0xD9 => return Ok(None),
            _ if !fill(reader, &mut pair)? => return Ok(None),
            _ => return Ok(Some((marker, usize::from(u16::from_be_bytes(pair)).saturating_sub(2)))),
        }
    }
}

fn fill(reader: &mut impl BufRead, buffer: &mut [u8]) -> Result<bool, MediaError> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What there is of the payload.
fn payload(reader: &mut impl BufRead, length: usize) -> Result<Vec<u8>, MediaError> {
    let mut data = Vec::with_capacity(length);
    std::io::Read::read_to_end(&mut std::io::Read::take(reader, length as u64), &mut data)?;
    Ok(data)
}
