//! What is done to decoded pixels before they are encoded: brightness, contrast, single channels, and marks.

use super::recipe::Wanted;
use crate::app::picture::{Channel, Look, Mark, Stroke, Window};
use crate::media::Picture;
use crate::term::graphics::marks::{self, Line, Outline, Part};
use std::borrow::Cow;

/// The pixels of a picture in the wanted look, with the wanted marks on them; marks keep their own colours.
pub(super) fn shown<'a>(picture: &'a Picture, wanted: &Wanted) -> Cow<'a, [u8]> {
    if wanted.look == Look::default() && wanted.marks.is_empty() {
        return Cow::Borrowed(&picture.rgb);
    }
    let mut rgb = picture.rgb.clone();
    apply(&mut rgb, wanted.look);
    let outlines: Vec<Outline> = wanted.marks.iter().map(outline).collect();
    marks::draw(&mut rgb, (picture.width, picture.height), part(wanted.window), &outlines);
    Cow::Owned(rgb)
}

/// A mark as the encoders know it.
pub(super) fn outline(mark: &Mark) -> Outline {
    let line = match mark.stroke {
        Stroke::Solid => Line::Solid,
        Stroke::Dashed => Line::Dashed,
        Stroke::Dotted => Line::Dotted,
    };
    Outline { at: part(mark.at), rgb: mark.rgb, line }
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
