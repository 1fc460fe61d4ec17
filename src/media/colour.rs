//! From whatever the file stores to 8-bit sRGB: tone of floats, colour profiles, inks, transparency.

use super::raster::{Raster, Sample, Space, floats};
use super::sniff::Format;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Side of a square of the checkerboard below transparent pixels, and its two greys: far enough from black and from
/// white that a drawing of either can be seen.
const SQUARE: usize = 8;
const CHECKER: [u8; 2] = [112, 136];

/// Brings floats into `0..=1`, in place, before they are resized: one value that is not a number, or a million times
/// too bright, would otherwise spoil every pixel in its neighbourhood.
///
/// Scene formats (HDR, OpenEXR) are cut at 1. TIFF holds measurements (heights, reflectances): where they leave `0..=1`
/// they are stretched from the least to the greatest.
pub(super) fn tame(raster: &mut Raster, format: Format) {
    if raster.sample != Sample::F32 {
        return;
    }
    let (mut low, mut high) = (0.0_f32, 1.0_f32);
    if format == Format::Tiff {
        let finite = |data| floats(data).filter(|v: &f32| v.is_finite());
        let (least, most) = finite(&raster.data).fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
        if least < most && (least < 0.0 || most > 1.0) {
            (low, high) = (least, most);
        }
    }
    let scale = 1.0 / (f64::from(high) - f64::from(low));
    for sample in raster.data.as_chunks_mut().0 {
        let value = f32::from_ne_bytes(*sample);
        let value = if value.is_nan() { 0.0 } else { ((f64::from(value) - f64::from(low)) * scale).clamp(0.0, 1.0) };
        *sample = (value as f32).to_ne_bytes();
    }
}

/// Makes 8-bit sRGB, with an alpha channel where there was one: 3 or 4 channels.
pub(super) fn to_srgb(mut raster: Raster, icc: Option<&[u8]>, format: Format) -> Raster {
    if matches!(format, Format::Hdr | Format::Exr) && raster.sample == Sample::F32 {
        encode_linear(&mut raster);
    }
    let raster = raster.into_8bit();
    let converted = icc.and_then(|icc| through_profile(&raster, icc));
    converted.unwrap_or_else(|| without_profile(raster))
}

/// Scene light to sRGB code values (IEC 61966-2-1); alpha is left alone.
fn encode_linear(raster: &mut Raster) {
    let alpha = raster.has_alpha().then_some(raster.channels - 1);
    for (index, sample) in raster.data.as_chunks_mut().0.iter_mut().enumerate() {
        if Some(index % raster.channels) == alpha {
            continue;
        }
        let v = f32::from_ne_bytes(*sample).clamp(0.0, 1.0);
        let coded = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        *sample = coded.to_ne_bytes();
    }
}

/// The picture in sRGB, or nothing where the profile is broken or belongs to other pixels than these.
fn through_profile(raster: &Raster, icc: &[u8]) -> Option<Raster> {
    // Nearly all pictures are sRGB already; the name stands in the description of every such profile.
    let names_srgb = icc.windows(18).any(|w| w == b"sRGB IEC61966-2.1\0" || w == b"s\0R\0G\0B\0 \0I\0E\0C\0");
    if names_srgb && raster.space == Space::Rgb {
        return None;
    }
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    let (from, to) = match (profile.color_space, raster.space, raster.channels) {
        (DataColorSpace::Gray, Space::Grey, 1) => (Layout::Gray, Layout::Rgb),
        (DataColorSpace::Gray, Space::Grey, 2) => (Layout::GrayAlpha, Layout::Rgba),
        (DataColorSpace::Rgb, Space::Rgb, 3) => (Layout::Rgb, Layout::Rgb),
        (DataColorSpace::Rgb, Space::Rgb, 4) => (Layout::Rgba, Layout::Rgba),
        (DataColorSpace::Cmyk, Space::Cmyk, 4) => (Layout::Rgba, Layout::Rgb),
        _ => return None,
    };
    let options = TransformOptions::default();
    let transform = profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, options).ok()?;
    let channels = if to == Layout::Rgb { 3 } else { 4 };
    let mut data = vec![0; raster.data.len() / raster.channels * channels];
    transform.transform(&raster.data, &mut data).ok()?;
    Some(Raster { width: raster.width, height: raster.height, channels, sample: Sample::U8, space: Space::Rgb, data })
}

fn without_profile(mut raster: Raster) -> Raster {
    let pixels = raster.data.chunks_exact(raster.channels);
    let (channels, data) = match (raster.space, raster.channels) {
        (Space::Grey, 1) => (3, pixels.flat_map(|p| [p[0]; 3]).collect()),
        (Space::Grey, _) => (4, pixels.flat_map(|p| [p[0], p[0], p[0], p[1]]).collect()),
        (Space::Cmyk, _) => (3, pixels.flat_map(|p| [ink(p[0], p[3]), ink(p[1], p[3]), ink(p[2], p[3])]).collect()),
        (Space::Rgb, channels) => (channels, std::mem::take(&mut raster.data)),
    };
    Raster { channels, space: Space::Rgb, data, ..raster }
}

/// Light that a colour ink and black leave.
fn ink(colour: u8, black: u8) -> u8 {
    ((255 - u32::from(colour)) * (255 - u32::from(black)) / 255) as u8
}

/// Lays RGBA over the checkerboard; RGB stays as it is.
pub(super) fn flatten(pixels: Vec<u8>, width: u32, channels: usize) -> Vec<u8> {
    if channels != 4 {
        return pixels;
    }
    let width = (width as usize).max(1);
    let over = |(index, pixel): (usize, &[u8])| {
        let ground = u32::from(CHECKER[(index % width / SQUARE + index / width / SQUARE) % 2]);
        let alpha = u32::from(pixel[3]);
        let mix = |c: u8| ((u32::from(c) * alpha + ground * (255 - alpha) + 127) / 255) as u8;
        [mix(pixel[0]), mix(pixel[1]), mix(pixel[2])]
    };
    pixels.chunks_exact(4).enumerate().flat_map(over).collect()
}
