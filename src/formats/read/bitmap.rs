//! Small bitmaps inside annotation files, as run lengths of the whole picture.

use crate::domain::annotation::Shape;
use std::io::Cursor;

/// More pixels than this are not unpacked.
pub(super) const PIXELS: u64 = 64 << 20;

/// Where a bitmap lies in its picture.
pub(super) struct Window {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Width, height, and for each pixel, row by row, whether it is set.
pub(super) fn decode(png: Vec<u8>) -> Result<(u32, u32, Vec<bool>), String> {
    let wrong = |e: png::DecodingError| format!("the PNG of the mask cannot be read: {e}");
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(format!("the mask has {width} x {height} pixels, which are too many"));
    }
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("the size of the mask is not known")?];
    let frame = reader.next_frame(&mut bytes).map_err(wrong)?;
    let channels = frame.color_type.samples();
    let rows = bytes.chunks(frame.line_size).take(height as usize);
    let pixels =
        rows.flat_map(|row| row.chunks(channels).take(width as usize)).map(|p| p.first().is_some_and(|v| *v > 0));
    Ok((width, height, pixels.collect()))
}

/// The mask of a picture that has these pixels in a window.
pub(super) fn placed(at: &Window, pixels: &[bool], (width, height): (u32, u32)) -> Result<Shape, String> {
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(format!("a mask on {width} x {height} pixels is too large"));
    }
    let bit = |x: u32, y: u32| {
        let inside = x >= at.left && y >= at.top && x - at.left < at.width && y - at.top < at.height;
        inside
            && pixels.get((y - at.top) as usize * at.width as usize + (x - at.left) as usize).copied().unwrap_or(false)
    };
    let all = (0..width).flat_map(|x| (0..height).map(move |y| (x, y))).map(|(x, y)| bit(x, y));
    Ok(Shape::Mask { size: [height, width], counts: runs(all) })
}

/// Run lengths of pixels that are given column by column, beginning with zeros.
pub(super) fn runs(pixels: impl Iterator<Item = bool>) -> Vec<u32> {
    let (mut counts, mut on, mut run) = (Vec::new(), false, 0_u32);
    for pixel in pixels {
        if pixel != on {
            counts.push(run);
            (on, run) = (pixel, 0);
        }
        run += 1;
    }
    counts.push(run);
    counts
}
