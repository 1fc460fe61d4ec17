//! What is done to decoded pixels before they are encoded: brightness, contrast, single channels, and marks.

use super::recipe::Wanted;
use crate::app::picture::{Channel, Figure, Form, Look, Mark, Stroke, Window};
use crate::media::Picture;
use crate::term::graphics::marks::{self, Drawing, Line, Outline, Part, Stage};
use crate::term::graphics::{Pixels, blocks};
use std::borrow::Cow;
use std::sync::Arc;

/// Pixels to be encoded.
pub(super) struct Shown<'a> {
    /// RGB, rows from the top.
    pub(super) rgb: Cow<'a, [u8]>,
    /// Pixels across and down.
    pub(super) size: (u32, u32),
}

/// The pixels of a picture in the wanted look, with the wanted marks on them; marks keep their own colours. Where the
/// picture is made of characters with so many `dots`, marks are drawn dot by dot: in finer pixels they would be averaged
/// away.
pub(super) fn shown<'a>(picture: &'a Picture, wanted: &Wanted, dots: Option<(u32, u32)>) -> Shown<'a> {
    let size = (picture.width, picture.height);
    if wanted.look == Look::default() && wanted.marks.is_empty() {
        return Shown { rgb: Cow::Borrowed(&picture.rgb), size };
    }
    let mut rgb = picture.rgb.clone();
    apply(&mut rgb, wanted.look);
    if wanted.marks.is_empty() {
        return Shown { rgb: Cow::Owned(rgb), size };
    }
    let fewer = dots.and_then(|dots| Some((blocks::reduced(Pixels::new(&rgb, size.0, size.1).ok()?, dots), dots)));
    let dotted = fewer.is_some();
    let (mut rgb, size) = fewer.unwrap_or((rgb, size));
    let boxes: Vec<Outline> = wanted.marks.boxes().iter().map(outline).collect();
    let figures: Vec<marks::Figure> = wanted.marks.figures().iter().map(figure).collect();
    let stage = Stage { size, window: part(wanted.window) };
    marks::paint(&mut rgb, &stage, dotted, Drawing { boxes: &boxes, figures: &figures });
    Shown { rgb: Cow::Owned(rgb), size }
}

/// A mark as the encoders know it.
pub(super) fn outline(mark: &Mark) -> Outline {
    Outline { at: part(mark.at), rgb: mark.rgb, line: line(mark.stroke) }
}

fn line(stroke: Stroke) -> Line {
    match stroke {
        Stroke::Solid => Line::Solid,
        Stroke::Dashed => Line::Dashed,
        Stroke::Dotted => Line::Dotted,
    }
}

/// A polygon or a mask as the encoders know it.
fn figure(figure: &Figure) -> marks::Figure {
    let form = match &figure.form {
        Form::Loops(loops) => marks::Form::Loops(Arc::clone(loops)),
        Form::Mask { size, counts } => marks::Form::Mask { size: *size, counts: Arc::clone(counts) },
    };
    marks::Figure { form, rgb: figure.rgb, line: line(figure.stroke) }
}

/// A window as the encoders know it.
pub(super) fn part(window: Window) -> Part {
    let Window { x, y, w, h } = window;
    Part { x, y, w, h }
}

/// Shows pixels (RGB, 8 bits a channel) in a look.
///
/// Two curves on each sRGB component `v` in `0..=1`, brightness first:
///
/// - brightness `b`: `v ^ (2 ^ (-b / 5))`, so +5 is the square root. Shadows open, black and white stay what they are:
///   nothing is lost at either end, as it would be by adding a constant.
/// - contrast `c`: `0.5 + (v - 0.5) * 2 ^ (c / 5)`, so +5 doubles the distance from the middle and -5 halves it; what
///   leaves `0..=1` is cut off.
///
/// Steps run from -10 to 10, others count as the nearest. A single channel is shown as grey.
fn apply(rgb: &mut [u8], look: Look) {
    if look == Look::default() {
        return;
    }
    let table = table(look.brightness, look.contrast);
    let through = |v: u8| table[usize::from(v)];
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    match look.channel {
        Channel::All => pixels.iter_mut().flatten().for_each(|v| *v = through(*v)),
        Channel::Red => pixels.iter_mut().for_each(|p| *p = [through(p[0]); 3]),
        Channel::Green => pixels.iter_mut().for_each(|p| *p = [through(p[1]); 3]),
        Channel::Blue => pixels.iter_mut().for_each(|p| *p = [through(p[2]); 3]),
    }
}

/// What each value of a component becomes.
fn table(brightness: i8, contrast: i8) -> [u8; 256] {
    let power = |steps: i8| (f64::from(steps.clamp(-10, 10)) / 5.0).exp2();
    let (exponent, slope) = (power(brightness.saturating_neg()), power(contrast));
    std::array::from_fn(|v| {
        let bright = (v as f64 / 255.0).powf(exponent);
        let value = 0.5 + (bright - 0.5) * slope;
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(brightness: i8, contrast: i8, channel: Channel) -> Look {
        Look { brightness, contrast, channel }
    }

    #[test]
    fn the_default_changes_nothing_and_every_curve_rises() {
        assert_eq!(table(0, 0), std::array::from_fn(|v| v as u8));
        for brightness in -11..=11 {
            for contrast in -11..=11 {
                let table = table(brightness, contrast);
                assert!(table.is_sorted(), "{brightness} {contrast}");
            }
            let table = table(brightness, 0);
            assert_eq!((table[0], table[255]), (0, 255), "brightness keeps black and white");
        }
    }

    #[test]
    fn steps_do_what_they_say() {
        let mut rgb = [64, 128, 16];
        apply(&mut rgb, look(5, 0, Channel::All));
        assert_eq!(rgb, [128, 181, 64]);
        let mut rgb = [127, 191, 10];
        apply(&mut rgb, look(0, 5, Channel::All));
        assert_eq!(rgb, [127, 255, 0]);
        let mut rgb = [0, 255, 128];
        apply(&mut rgb, look(0, -5, Channel::All));
        assert_eq!(rgb, [64, 191, 128]);
        assert_eq!(table(-10, 3), table(i8::MIN, 3));
    }

    #[test]
    fn a_channel_is_grey() {
        for (channel, wanted) in [(Channel::Red, 10), (Channel::Green, 20), (Channel::Blue, 30)] {
            let mut rgb = [10, 20, 30, 10, 20, 30];
            apply(&mut rgb, look(0, 0, channel));
            assert_eq!(rgb, [wanted; 6]);
        }
    }
}
