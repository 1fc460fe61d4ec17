//! What is measured of a picture, and what is wrong with one.
//!
//! Why rules and not scores: a person wants to look at the blurred ones, and must be able to say why one is among them.
//! What always holds: measures follow from the content alone, so the same content has the same ones everywhere; what is
//! odd follows from the other pictures of the project.

use serde::{Deserialize, Serialize};

/// Below this sharpness a picture is blurred. At 256 pixels a side, photographs in focus have some hundreds to some
/// thousands, and lose nine tenths of it when their details are smeared over five pixels.
pub const BLURRED: f64 = 60.0;
/// Darker on average than this, of 255, and a picture is dark.
pub const DARK: f64 = 40.0;
/// Lighter on average than this, of 255, and a picture is bright.
pub const BRIGHT: f64 = 220.0;
/// Robust standard deviations from the median at which a size or an aspect is odd.
const ODD: f64 = 5.0;
/// A side that is not twice or half of what is usual is never odd.
const SIDE: f64 = 1.0;
/// Nor is an aspect that differs by less than this factor (the binary logarithm of 1.5).
const ASPECT: f64 = 0.584_962_500_721_156_2;
/// Median absolute deviations of one standard deviation, where values are spread normally.
const NORMAL: f64 = 1.482_6;

/// The content of a file: the first half of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

/// What is measured of one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// The content; missing where the file cannot be read.
    pub digest: Option<Digest>,
    /// What the pixels say; missing where nothing can be decoded.
    pub pixels: Option<Pixels>,
    /// Why the picture cannot be read or decoded, or only in part.
    pub damaged: Option<String>,
}

/// What the pixels of a picture say. All of the picture as it is displayed, at most 256 pixels a side, in grey (Rec. 601
/// luma, 0 to 255).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixels {
    /// Width of the whole picture in pixels, as displayed.
    pub width: u32,
    /// Height of the whole picture in pixels, as displayed.
    pub height: u32,
    /// The difference hash: the grey picture is averaged to 9 x 8 cells; each bit says that a cell is darker than the one
    /// right of it, row by row, the first the highest (Krawetz 2013; the bits of `imagehash.dhash`). None of a flat picture.
    pub hash: Option<u64>,
    /// Mean grey.
    pub brightness: f64,
    /// Standard deviation of the grey.
    pub contrast: f64,
    /// Variance of the Laplacian (of four neighbours) of the grey: the smaller, the more blurred.
    pub sharpness: f64,
}

/// What can be wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// Out of focus or smeared: see [`BLURRED`].
    Blurry,
    /// Too dark on the whole: see [`DARK`].
    Dark,
    /// Too light on the whole: see [`BRIGHT`].
    Bright,
    /// Of a size or an aspect that is far from what is usual in the project.
    Odd,
    /// Cannot be read or decoded, or only in part.
    Damaged,
}

impl Fault {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Blurry, Self::Dark, Self::Bright, Self::Odd, Self::Damaged];

    /// The word in filters and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blurry => "blurry",
            Self::Dark => "dark",
            Self::Bright => "bright",
            Self::Odd => "odd",
            Self::Damaged => "damaged",
        }
    }

    /// The fault with this [`Fault::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// Median and robust standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Usual {
    median: f64,
    deviation: f64,
}

impl Usual {
    fn of(mut values: Vec<f32>) -> Self {
        let median = middle(&mut values);
        values.iter_mut().for_each(|v| *v = (*v - median as f32).abs());
        Self { median, deviation: middle(&mut values) * NORMAL }
    }

    fn is_odd(&self, value: f64, least: f64) -> bool {
        (value - self.median).abs() > (ODD * self.deviation).max(least)
    }
}

fn middle(values: &mut [f32]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let half = values.len() / 2;
    f64::from(*values.select_nth_unstable_by(half, f32::total_cmp).1)
}

/// What is usual in a project.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Norms {
    side: Usual,
    aspect: Usual,
}

/// How large a picture is and of which form, as binary logarithms: the side of a square of the same area, and the longer
/// side over the shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    side: f32,
    aspect: f32,
}

impl Size {
    /// The size of a picture.
    #[must_use]
    pub fn of(pixels: &Pixels) -> Self {
        let (w, h) = (f64::from(pixels.width.max(1)).log2(), f64::from(pixels.height.max(1)).log2());
        Self { side: ((w + h) / 2.0) as f32, aspect: (w - h).abs() as f32 }
    }
}

impl Norms {
    /// What is usual among pictures of these sizes.
    #[must_use]
    pub fn of(sizes: impl Iterator<Item = Size> + Clone) -> Self {
        let (sides, aspects) = (sizes.clone().map(|s| s.side), sizes.map(|s| s.aspect));
        Self { side: Usual::of(sides.collect()), aspect: Usual::of(aspects.collect()) }
    }

    /// Whether a size is odd: its side or aspect is more than five robust standard deviations from the median (1.4826 times
    /// the median absolute deviation), and at least twice or half the side, or half as long again, so that a project
    /// where all pictures are of one size does not call the smallest difference odd. Upright and lying pictures have the
    /// same aspect.
    #[must_use]
    pub fn is_odd(&self, size: Size) -> bool {
        self.side.is_odd(size.side.into(), SIDE) || self.aspect.is_odd(size.aspect.into(), ASPECT)
    }
}

impl Measures {
    /// What is wrong with the picture whatever the others are like.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let rules = self.pixels.iter().flat_map(|pixels| {
            [
                (pixels.sharpness < BLURRED, Fault::Blurry),
                (pixels.brightness < DARK, Fault::Dark),
                (pixels.brightness > BRIGHT, Fault::Bright),
            ]
        });
        rules.chain([(self.damaged.is_some(), Fault::Damaged)]).filter(|(is, _)| *is).map(|(_, fault)| fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Pixels {
        Pixels { width, height, hash: None, brightness: 128.0, contrast: 50.0, sharpness: 900.0 }
    }

    fn norms(all: &[Pixels]) -> Norms {
        Norms::of(all.iter().map(Size::of))
    }

    #[test]
    fn what_is_odd_follows_from_the_others() {
        let mut all: Vec<Pixels> = (0..50).map(|i| picture(640 + i % 3, 480)).collect();
        all.push(picture(480, 640));
        let norms = norms(&all);
        let odd = |w, h| norms.is_odd(Size::of(&picture(w, h)));
        assert!(!odd(640, 480) && !odd(480, 640) && !odd(800, 600), "usual ones");
        assert!(!odd(1000, 750), "less than twice the side");
        assert!(odd(1400, 1050) && odd(32, 24), "far larger, far smaller");
        assert!(odd(1200, 300), "a strip");
        // Where everything differs, little is odd.
        let wild: Vec<Pixels> = (0..64).map(|i| picture(100 << (i % 5), 100 << (i % 4))).collect();
        assert!(!self::norms(&wild).is_odd(Size::of(&picture(1600, 800))));
        assert_eq!(self::norms(&[]), Norms::default());
    }

    #[test]
    fn each_fault_has_its_rule_and_its_name() {
        let with = |change: fn(&mut Pixels)| {
            let mut pixels = picture(640, 480);
            change(&mut pixels);
            Measures { pixels: Some(pixels), ..Measures::default() }.faults()
        };
        assert_eq!(with(|_| ()), []);
        assert_eq!(with(|p| p.sharpness = 10.0), [Fault::Blurry]);
        assert_eq!(with(|p| p.brightness = 10.0), [Fault::Dark]);
        assert_eq!(with(|p| p.brightness = 250.0), [Fault::Bright]);
        let broken = Measures { damaged: Some("cut".to_owned()), ..Measures::default() };
        assert_eq!(broken.faults(), [Fault::Damaged]);
        assert!(Fault::ALL.into_iter().all(|f| Fault::from_name(f.name()) == Some(f)));
    }
}
