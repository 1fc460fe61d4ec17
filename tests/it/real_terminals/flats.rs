//! Test pictures that are told apart by any part of them: each has a colour of its own everywhere, with a grain that
//! gives it thousands of shades, so that no level of it is exact for free.

use image::RgbImage;
use std::path::Path;

/// How many there are.
pub(super) const COUNT: usize = 24;
/// No picture's colour.
pub(super) const NONE: u8 = u8::MAX;

/// Steps of a channel: far apart, so that a palette of 256 colours and the grain leave them apart.
const STEPS: [u8; 3] = [20, 128, 220];
/// The grain adds or takes at most this.
const GRAIN: u8 = 10;
/// Farther from a step, a channel is none of them.
const NEAR: u8 = 40;
/// Four shapes, so that neighbours never cover the same area.
const SHAPES: [(u32, u32); 4] = [(800, 600), (960, 540), (700, 700), (600, 800)];

/// The colours: every mixture of the steps but the three greys, as the ground of a screen may be grey.
fn colour(number: usize) -> [u8; 3] {
    let mixture = match number {
        0..12 => number + 1,
        _ => number + 2,
    };
    [STEPS[mixture / 9], STEPS[mixture / 3 % 3], STEPS[mixture % 3]]
}

/// Which picture has this pixel, or [`NONE`].
pub(super) fn which([r, g, b]: [u8; 3]) -> u8 {
    let step = |v: u8| STEPS.iter().position(|s| s.abs_diff(v) <= NEAR);
    let (Some(r), Some(g), Some(b)) = (step(r), step(g), step(b)) else { return NONE };
    let mixture = u8::try_from(r * 9 + g * 3 + b).unwrap();
    match mixture {
        0 | 13 | 26 => NONE,
        1..13 => mixture - 1,
        _ => mixture - 2,
    }
}

/// The picture with this number, below [`COUNT`].
pub(super) fn picture(number: usize) -> RgbImage {
    let (width, height) = SHAPES[number % SHAPES.len()];
    let ground = colour(number);
    // A linear congruential generator: the grain is the same in every run.
    let mut state = u32::try_from(number).unwrap() + 1;
    let mut grain = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from((state >> 16) % u32::from(2 * GRAIN + 1)).unwrap()
    };
    let pixels = (0..width * height).flat_map(|_| ground.map(|v| v + grain() - GRAIN)).collect();
    RgbImage::from_raw(width, height, pixels).unwrap()
}

/// Writes the first `count` as `p00.jpg`, … into a folder that is made.
pub(super) fn write(folder: &Path, count: usize) {
    std::fs::create_dir_all(folder).unwrap();
    for number in 0..count {
        picture(number).save(folder.join(format!("p{number:02}.jpg"))).unwrap();
    }
}

#[test]
fn every_picture_is_told_apart_everywhere() {
    for number in 0..COUNT {
        let picture = picture(number);
        assert!(picture.pixels().step_by(97).all(|p| usize::from(which(p.0)) == number), "{number}");
        let colours: std::collections::HashSet<_> = picture.pixels().step_by(97).map(|p| p.0).collect();
        assert!(colours.len() > 256, "{number} has only {} colours", colours.len());
    }
    for ground in [[0, 0, 0], [21, 23, 28], [128, 128, 128], [255, 255, 255], [70, 20, 20]] {
        assert_eq!(which(ground), NONE);
    }
}
