//! TIFF beyond what the `image` crate takes: measurements as floats or signed numbers, many bands, palettes, YCbCr.
//!
//! Satellite and microscopy pictures are TIFFs of these kinds, and a lakehouse is full of them. Pixels are read straight
//! into one buffer, so the rows before an error are kept. Terms and tags are those of TIFF 6.0.

mod patched;
mod picker;
mod region;

use super::bytes::Bytes;
use super::error::MediaError;
use super::limits::Limits;
use super::raster::{Placed, Raster, Sample, Space};
use crate::domain::text::printable;
use image::metadata::Orientation;
use patched::{Patched, photometric};
use picker::{Grid, Picker};
use std::io;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingSampleType};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

const FORMAT: &str = "tiff";
const COEFFICIENTS: Tag = Tag::Unknown(529);

/// An opened TIFF: the first directory is read, no pixel.
pub(super) struct TiffPicture<'a> {
    decoder: Decoder<Patched<'a>>,
    layout: BufferLayoutPreference,
    colour: ColorType,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) orientation: Orientation,
    pub(super) icc: Option<Vec<u8>>,
    /// Whether a band after the colours is transparency.
    pub(super) alpha: bool,
    /// Red, green and blue of each index, 16 bits.
    palette: Option<Vec<u16>>,
    nodata: Option<f32>,
    cancel: &'a dyn Fn() -> bool,
}

impl<'a> TiffPicture<'a> {
    /// Reads the first directory.
    ///
    /// # Errors
    /// [`MediaError`] where it is damaged, declares too much, or describes pixels that are not decoded.
    pub(super) fn open(
        bytes: &'a Bytes<'a>,
        limits: &Limits,
        cancel: &'a dyn Fn() -> bool,
    ) -> Result<Self, MediaError> {
        let photometric = photometric(&mut bytes.reader());
        let indexed = photometric.is_some_and(|found| found.value == 3);
        let patch = photometric.filter(|_| indexed).map(|found| (found.at, found.black_is_zero()));
        let mut decoder = Decoder::new(Patched { reader: bytes.watched(cancel), patch }).map_err(explain)?;
        let (width, height) = decoder.dimensions().map_err(explain)?;
        if width == 0 || height == 0 {
            return Err(MediaError::Damaged { format: FORMAT, reason: "it declares no pixels".to_owned() });
        }
        limits.check_pixels(width, height)?;
        let mut bounds = tiff::decoder::Limits::default();
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        (bounds.decoding_buffer_size, bounds.intermediate_buffer_size) = (memory, memory / 2);
        bounds.ifd_value_size = memory / 8;
        decoder = decoder.with_limits(bounds);
        let colour = decoder.colortype().map_err(explain)?;
        let layout = decoder.image_buffer_layout().map_err(explain)?;
        let mut tag = |tag| decoder.find_tag(tag).ok().flatten();
        let turned = tag(Tag::Orientation).and_then(|v| v.into_u16().ok()).and_then(|v| u8::try_from(v).ok());
        let extra = tag(Tag::ExtraSamples).and_then(|v| v.into_u16_vec().ok()).unwrap_or_default();
        let nodata = tag(Tag::GdalNodata).and_then(|v| v.into_string().ok());
        let palette = tag(Tag::ColorMap).filter(|_| indexed).and_then(|v| v.into_u16_vec().ok());
        let icc = tag(Tag::IccProfile).and_then(|v| v.into_u8_vec().ok());
        let many = matches!(colour, ColorType::Multiband { num_samples: 2 | 4.., .. });
        let alpha = matches!(colour, ColorType::RGBA(_) | ColorType::GrayA(_))
            || (many && extra.last().is_some_and(|kind| matches!(kind, 1 | 2)));
        Ok(Self {
            layout,
            colour,
            width,
            height,
            orientation: turned.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms),
            icc,
            alpha,
            palette,
            nodata: nodata.and_then(|text| text.trim_matches(['\0', ' ']).parse().ok()),
            decoder,
            cancel,
        })
    }

    /// What is stored: colours, depth, kind of number.
    pub(super) fn colour(&self) -> String {
        let kind = match self.colour {
            _ if self.palette.is_some() => "palette".to_owned(),
            ColorType::Gray(_) => "grey".to_owned(),
            ColorType::GrayA(_) => "grey + alpha".to_owned(),
            ColorType::RGB(_) => "rgb".to_owned(),
            ColorType::RGBA(_) => "rgb + alpha".to_owned(),
            ColorType::CMYK(_) | ColorType::CMYKA(_) => "cmyk".to_owned(),
            ColorType::YCbCr(_) => "ycbcr".to_owned(),
            ColorType::Multiband { num_samples, .. } => format!("{num_samples} bands"),
            _ => "unknown".to_owned(),
        };
        use DecodingSampleType as S;
        let number = match self.layout.sample_type {
            Some(S::F16 | S::F32 | S::F64) => " float",
            Some(S::I8 | S::I16 | S::I32 | S::I64) => " signed",
            _ => "",
        };
        format!("{kind} {} bit{number}", self.colour.bit_depth())
    }

    /// Decodes the pixels, with the reason when some are missing: of a part (left, top, right and bottom) where the file is
    /// cut into tiles or strips that allow it, else all.
    ///
    /// # Errors
    /// [`MediaError`] where nothing can be decoded.
    pub(super) fn pixels(
        mut self,
        part: [u32; 4],
        held: u64,
        limits: &Limits,
    ) -> Result<(Placed, Option<String>), MediaError> {
        let Some(kind) = self.layout.sample_type else {
            return Err(unsupported(format!("samples of {} bits", self.colour.bit_depth())));
        };
        if let Some(region) = self.region(part, kind) {
            let grid = region.grid;
            let stored = grid.row as u64 * u64::from(grid.height) * self.layout.planes.max(1) as u64;
            let read = self.chunk_bytes(&region);
            self.check_memory(held + 2 * read, (stored, grid.pixels()), kind, limits)?;
            match self.read_region(&region) {
                Ok(data) => return Ok((self.placed(data, kind, grid)?, None)),
                Err(_) if (self.cancel)() => return Err(MediaError::Cancelled),
                // The rows that can be decoded, and what is wrong, come from the whole.
                Err(_) => {}
            }
        }
        let grid = Grid::whole(&self);
        let stored = self.layout.complete_len as u64;
        // A strip is decoded besides.
        self.check_memory(held + stored, (stored, grid.pixels()), kind, limits)?;
        let mut data = vec![0; self.layout.complete_len];
        let outcome = self.decoder.read_image_bytes(&mut data);
        let damaged = match outcome {
            Ok(()) => None,
            // What was decoded is looked through only if it may be shown.
            Err(_) if (self.cancel)() => return Err(MediaError::Cancelled),
            Err(error) => match explain(error) {
                MediaError::Damaged { reason, .. } if data.iter().any(|b| *b != 0) => Some(reason),
                other => return Err(other),
            },
        };
        Ok((self.placed(data, kind, grid)?, damaged))
    }

    /// What is decoded: bytes as stored, and pixels. It is converted with up to four floats or shorts a pixel.
    fn check_memory(
        &self,
        besides: u64,
        (stored, pixels): (u64, u64),
        kind: DecodingSampleType,
        limits: &Limits,
    ) -> Result<(), MediaError> {
        let converted = if self.is_direct(kind) { 0 } else { pixels * 4 * self.samples().min(4) as u64 };
        let premultiplied = if self.alpha { stored } else { 0 };
        limits.check_memory(besides + stored + converted + premultiplied)
    }

    /// The decoded bytes as pixels at their place in the picture.
    fn placed(&mut self, data: Vec<u8>, kind: DecodingSampleType, grid: Grid) -> Result<Placed, MediaError> {
        let raster =
            if self.is_direct(kind) { self.direct(data, kind, grid) } else { self.convert(&data, kind, grid)? };
        Ok(Placed { raster, left: grid.left, top: grid.top, whole: (self.width, self.height) })
    }

    /// Samples of one pixel.
    fn samples(&self) -> usize {
        match self.colour {
            ColorType::Multiband { num_samples, .. } => usize::from(num_samples).max(1),
            other => usize::from(other.num_samples()).max(1),
        }
    }

    /// Whether the buffer is a raster already.
    fn is_direct(&self, kind: DecodingSampleType) -> bool {
        let plain = matches!(
            (self.colour, kind),
            (
                ColorType::Gray(8 | 16)
                    | ColorType::RGB(8 | 16)
                    | ColorType::RGBA(8 | 16)
                    | ColorType::CMYK(8)
                    | ColorType::GrayA(8 | 16),
                DecodingSampleType::U8 | DecodingSampleType::U16
            )
        );
        plain && self.layout.planes == 1 && self.palette.is_none()
    }

    fn direct(&self, data: Vec<u8>, kind: DecodingSampleType, grid: Grid) -> Raster {
        let channels = self.samples();
        let sample = if kind == DecodingSampleType::U16 { Sample::U16 } else { Sample::U8 };
        let space = match (self.colour, channels) {
            (ColorType::CMYK(_), _) => Space::Cmyk,
            (_, 1 | 2) => Space::Grey,
            _ => Space::Rgb,
        };
        Raster { width: grid.width, height: grid.height, channels, sample, space, data }
    }

    /// Picks the bands that are shown, and brings their numbers into a form that the later stages know.
    fn convert(&mut self, data: &[u8], kind: DecodingSampleType, grid: Grid) -> Result<Raster, MediaError> {
        let samples = self.samples();
        let bands = self.bands(samples);
        let pick = Picker::new(self, data, kind, grid);
        let (width, height) = (grid.width as usize, grid.height as usize);
        let mut out = Vec::with_capacity(width * height * bands.len() * 4);
        let eight_bit = self.colour.bit_depth() <= 8 && kind == DecodingSampleType::U8;
        for y in 0..height {
            if y % 64 == 0 && (self.cancel)() {
                return Err(MediaError::Cancelled);
            }
            for x in 0..width {
                for band in &bands {
                    let value = pick.value(x, y, *band);
                    if eight_bit {
                        out.push(value as u8);
                    } else {
                        let value = if self.nodata == Some(value) { f32::NAN } else { value };
                        out.extend_from_slice(&value.to_ne_bytes());
                    }
                }
            }
        }
        let (mut sample, mut channels) = (if eight_bit { Sample::U8 } else { Sample::F32 }, bands.len());
        let mut space = if channels < 3 { Space::Grey } else { Space::Rgb };
        match (self.colour, self.palette.take()) {
            (_, Some(palette)) if eight_bit => {
                (out, channels, space) = (through_palette(&out, &palette), 3, Space::Rgb);
            }
            (ColorType::YCbCr(_), _) if eight_bit => self.ycbcr_to_rgb(&mut out),
            (ColorType::CMYK(_) | ColorType::CMYKA(_), _) if eight_bit => space = Space::Cmyk,
            (ColorType::CMYK(16) | ColorType::CMYKA(16), _) => {
                out = super::raster::floats(&out).map(|v| (v / 257.0) as u8).collect();
                (sample, space) = (Sample::U8, Space::Cmyk);
            }
            (ColorType::Gray(bits), _) if eight_bit && bits < 8 => {
                let full = (1_u16 << bits) - 1;
                out.iter_mut().for_each(|v| *v = (u16::from(*v) * 255 / full) as u8);
            }
            (ColorType::YCbCr(_) | ColorType::CMYK(_) | ColorType::CMYKA(_) | ColorType::Lab(_), _) => {
                return Err(unsupported(format!("{:?}", self.colour)));
            }
            // Full range, as 16-bit colours have it; measurements are stretched later, by what they hold.
            (ColorType::Gray(16) | ColorType::RGB(16) | ColorType::RGBA(16), _) if kind == DecodingSampleType::U16 => {
                out = super::raster::floats(&out).flat_map(|v| (v as u16).to_ne_bytes()).collect();
                sample = Sample::U16;
            }
            _ => {}
        }
        Ok(Raster { width: grid.width, height: grid.height, channels, sample, space, data: out })
    }

    /// Which samples are shown: the first three colours, or the first alone, and transparency where there is one.
    fn bands(&self, samples: usize) -> Vec<usize> {
        if matches!(self.colour, ColorType::CMYK(_) | ColorType::CMYKA(_)) {
            return vec![0, 1, 2, 3];
        }
        let colours = samples - usize::from(self.alpha && samples > 1);
        let mut bands: Vec<usize> = if colours >= 3 { vec![0, 1, 2] } else { vec![0] };
        // Transparency has no range of its own beside stretched measurements.
        let depth = self.colour.bit_depth();
        if self.alpha && (depth <= 8 || matches!(self.colour, ColorType::RGBA(16))) {
            bands.push(samples - 1);
        }
        bands
    }

    /// By the coefficients of the file, or those of ITU-R BT.601 (TIFF 6.0, section 21).
    fn ycbcr_to_rgb(&mut self, pixels: &mut [u8]) {
        let given = self.decoder.find_tag(COEFFICIENTS).ok().flatten().and_then(|v| v.into_f32_vec().ok());
        let usable = |v: &Vec<f32>| v.len() == 3 && v[1] > 0.01 && v.iter().all(|c| c.is_finite());
        let [red, green, blue] = match given.filter(usable).as_deref() {
            Some([r, g, b]) => [*r, *g, *b],
            _ => [0.299, 0.587, 0.114],
        };
        for pixel in pixels.as_chunks_mut::<3>().0 {
            // No encoder writes this for a colour (black is 0, 128, 128): it is where the data end.
            if *pixel == [0; 3] {
                continue;
            }
            let [y, cb, cr] = pixel.map(f32::from);
            let r = y + (2.0 - 2.0 * red) * (cr - 128.0);
            let b = y + (2.0 - 2.0 * blue) * (cb - 128.0);
            let g = (y - blue * b - red * r) / green;
            *pixel = [r, g, b].map(|v| v.round().clamp(0.0, 255.0) as u8);
        }
    }
}

/// Colours of indices. Some programs write 8-bit colours into the 16-bit map.
fn through_palette(indices: &[u8], palette: &[u16]) -> Vec<u8> {
    let count = palette.len() / 3;
    let wide = palette.iter().any(|v| *v > 255);
    let entry = |index: usize| palette.get(index).map_or(0, |v| if wide { (v >> 8) as u8 } else { *v as u8 });
    let colour = |index: &u8| {
        let index = usize::from(*index).min(count.saturating_sub(1));
        [entry(index), entry(count + index), entry(2 * count + index)]
    };
    indices.iter().flat_map(colour).collect()
}

fn unsupported(reason: String) -> MediaError {
    MediaError::Unsupported { format: FORMAT, reason }
}

fn explain(error: TiffError) -> MediaError {
    match error {
        TiffError::UnsupportedError(e) => unsupported(printable(&e.to_string()).into_owned()),
        TiffError::LimitsExceeded | TiffError::IntSizeError => MediaError::TooLarge {
            what: "it declares more than fits".to_owned(),
            limit: "set to protect memory".to_owned(),
        },
        TiffError::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            MediaError::Damaged { format: FORMAT, reason: "the file ends before the picture does".to_owned() }
        }
        TiffError::IoError(e) if e.raw_os_error().is_some() => MediaError::Read(e),
        other => MediaError::Damaged { format: FORMAT, reason: printable(&other.to_string()).into_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_of_either_depth_gives_colours() {
        assert_eq!(
            through_palette(&[1, 0, 9], &[0, 0xff00, 0, 0x8000, 0, 0x0100]),
            [255, 128, 1, 0, 0, 0, 255, 128, 1]
        );
        assert_eq!(through_palette(&[1], &[0, 255, 0, 128, 0, 1]), [255, 128, 1]);
        assert_eq!(through_palette(&[3], &[]), [0, 0, 0]);
    }
}
