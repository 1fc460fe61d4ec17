//! Few colours out of many: exactly, where a picture has few, by Wu's quantiser otherwise.

use super::Pixels;
use quantette::color_map::IndexedColorMap as _;
use quantette::deps::palette::Srgb;
use quantette::wu::{BinnerU8x3, WuU8x3};
use quantette::{PaletteSize, deps::palette::cast};
use std::collections::HashMap;

/// A picture of at most 256 colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The colours.
    pub palette: Vec<[u8; 3]>,
    /// One index for each pixel, rows from the top.
    pub indices: Vec<u8>,
    /// Every pixel has exactly its own colour.
    pub exact: bool,
}

/// The picture with its own colours, if it has at most `most` (up to 256).
#[must_use]
pub fn exact(pixels: Pixels<'_>, most: usize) -> Option<Indexed> {
    let mut seen: HashMap<[u8; 3], u8> = HashMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(pixels.rgb().len() / 3);
    let mut last: Option<([u8; 3], u8)> = None;
    for rgb in pixels.rgb().chunks_exact(3) {
        let rgb = [rgb[0], rgb[1], rgb[2]];
        // Flat areas are the normal case of such pictures.
        if let Some((colour, index)) = last
            && colour == rgb
        {
            indices.push(index);
            continue;
        }
        let index = match seen.get(&rgb) {
            Some(index) => *index,
            None if palette.len() < most.min(256) => {
                let index = u8::try_from(palette.len()).ok()?;
                palette.push(rgb);
                seen.insert(rgb, index);
                index
            }
            None => return None,
        };
        last = Some((rgb, index));
        indices.push(index);
    }
    Some(Indexed { palette, indices, exact: true })
}

/// The picture in at most `most` colours (2-256): its own where they suffice, else those of Wu's quantiser without
/// dithering, which for the same bytes is both smaller and closer.
#[must_use]
pub fn reduce(pixels: Pixels<'_>, most: u16) -> Indexed {
    if let Some(indexed) = exact(pixels, usize::from(most)) {
        return indexed;
    }
    let (colours, _) = pixels.rgb().as_chunks::<3>();
    let colours: &[Srgb<u8>] = cast::from_array_slice(colours);
    let size = PaletteSize::from_u16_clamped(most.clamp(2, 256));
    // Only an empty picture has no palette, and `Pixels` is never empty.
    let Ok(quantiser) = WuU8x3::run_slice(colours, BinnerU8x3::rgb()) else {
        return Indexed { palette: vec![[0; 3]], indices: vec![0; colours.len()], exact: false };
    };
    let map = quantiser.color_map(size);
    let indices = colours.iter().map(|c| map.palette_index(c)).collect();
    let palette = map.palette().iter().map(|c| [c.red, c.green, c.blue]).collect();
    Indexed { palette, indices, exact: false }
}

/// The picture in at most `most` colours, smoothed for run-length and dictionary coders: a pixel takes the colour of its
/// left or upper neighbour when that is within `tolerance` (squared distance in RGB) of its own. What is lost is grain;
/// edges are farther apart than any tolerance worth using.
#[must_use]
pub fn smoothed(pixels: Pixels<'_>, most: u16, tolerance: u32) -> Indexed {
    let mut indexed = reduce(pixels, most);
    if indexed.exact {
        return indexed;
    }
    let width = pixels.width() as usize;
    let (colours, _) = pixels.rgb().as_chunks::<3>();
    for at in 0..indexed.indices.len() {
        let Some(own) = colours.get(at) else { break };
        let near = |index: u8| indexed.palette.get(usize::from(index)).is_some_and(|c| distance(c, own) <= tolerance);
        let neighbour = |before: usize| at.checked_sub(before).and_then(|i| indexed.indices.get(i)).copied();
        let left = neighbour(1).filter(|_| !at.is_multiple_of(width));
        let kept = left.filter(|i| near(*i)).or_else(|| neighbour(width).filter(|i| near(*i)));
        if let (Some(index), Some(pixel)) = (kept, indexed.indices.get_mut(at)) {
            *pixel = index;
        }
    }
    indexed
}

fn distance(a: &[u8; 3], b: &[u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
}
