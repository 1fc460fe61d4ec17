//! Pixels as a decoder gives them: up to four channels of 8 or 16 bits or floats, row by row.

use fast_image_resize::PixelType;
use image::ColorType;

/// How one channel of a pixel is stored, in the machine's byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    U8,
    U16,
    F32,
}

/// What the channels mean. Grey and RGB may have an alpha channel after them; it is not premultiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    Rgb,
    /// Amounts of ink: 0 is paper.
    Cmyk,
}

/// A picture in the stored frame.
#[derive(Clone, Debug)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: usize,
    pub(super) sample: Sample,
    pub(super) space: Space,
    pub(super) data: Vec<u8>,
}

/// A raster that is a part of a picture, or all of it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) raster: Raster,
    /// Where it lies in the whole.
    pub(super) left: u32,
    pub(super) top: u32,
    /// Width and height of the whole, in the raster's pixels.
    pub(super) whole: (u32, u32),
}

impl From<Raster> for Placed {
    fn from(raster: Raster) -> Self {
        Self { left: 0, top: 0, whole: (raster.width, raster.height), raster }
    }
}

impl Raster {
    /// An empty layout for what the `image` crate decodes to.
    pub(super) fn layout(width: u32, height: u32, colour: ColorType) -> Self {
        let channels = usize::from(colour.channel_count());
        let sample = match usize::from(colour.bytes_per_pixel()) / channels.max(1) {
            1 => Sample::U8,
            2 => Sample::U16,
            _ => Sample::F32,
        };
        let space = if channels < 3 { Space::Grey } else { Space::Rgb };
        Self { width, height, channels, sample, space, data: Vec::new() }
    }

    pub(super) fn has_alpha(&self) -> bool {
        self.space != Space::Cmyk && self.channels.is_multiple_of(2)
    }

    /// The pixel type of the resizer.
    pub(super) fn pixel_type(&self) -> PixelType {
        match (self.sample, self.channels) {
            (Sample::U8, 1) => PixelType::U8,
            (Sample::U8, 2) => PixelType::U8x2,
            (Sample::U8, 3) => PixelType::U8x3,
            (Sample::U8, _) => PixelType::U8x4,
            (Sample::U16, 1) => PixelType::U16,
            (Sample::U16, 2) => PixelType::U16x2,
            (Sample::U16, 3) => PixelType::U16x3,
            (Sample::U16, _) => PixelType::U16x4,
            (Sample::F32, 1) => PixelType::F32,
            (Sample::F32, 2) => PixelType::F32x2,
            (Sample::F32, 3) => PixelType::F32x3,
            (Sample::F32, _) => PixelType::F32x4,
        }
    }

    /// Rounds the samples to 8 bits; floats are cut to `0..=1`, and what is not a number is 0.
    pub(super) fn into_8bit(mut self) -> Self {
        let round = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        self.data = match self.sample {
            Sample::U8 => self.data,
            Sample::U16 => pairs(&self.data).map(|v| ((u32::from(v) * 255 + 32_767) / 65_535) as u8).collect(),
            Sample::F32 => floats(&self.data).map(round).collect(),
        };
        self.sample = Sample::U8;
        self
    }
}

/// The 16-bit samples of a buffer.
pub(super) fn pairs(data: &[u8]) -> impl Iterator<Item = u16> + '_ {
    data.as_chunks().0.iter().map(|b| u16::from_ne_bytes(*b))
}

/// The float samples of a buffer.
pub(super) fn floats(data: &[u8]) -> impl Iterator<Item = f32> + '_ {
    data.as_chunks().0.iter().map(|b| f32::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_round_to_8_bits() {
        let raster = |sample, data| Raster { width: 1, height: 1, channels: 3, sample, space: Space::Rgb, data };
        let words: Vec<u8> = [0_u16, 0x8080, 0xffff].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(raster(Sample::U16, words).into_8bit().data, [0, 128, 255]);
        let reals: Vec<u8> = [f32::NAN, -3.0, f32::INFINITY].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(raster(Sample::F32, reals).into_8bit().data, [0, 0, 255]);
    }
}
