//! Colours as theme files give them, and what each becomes on a terminal with fewer.

use crate::term::caps::{Depth, XTERM_16};
use ratatui::style::Color;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// The 16 names, in the order of the palette.
pub const ANSI_NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

const ANSI_COLOURS: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// A colour of a theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// One of the 16 colours that the user chose for the terminal.
    Ansi(u8),
    /// One of the 256.
    Indexed(u8),
    /// An exact colour, and which of the 16 (or the terminal's own) stands in for it.
    Exact(Rgb, Option<Basic>),
}

/// What stands in for an exact colour on a terminal with 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basic {
    /// The terminal's own.
    Default,
    /// One of the 16.
    Ansi(u8),
}

impl Colour {
    /// What is sent to a terminal of this depth; `None` where it gets no colours.
    #[must_use]
    pub fn at(self, depth: Depth) -> Option<Color> {
        if depth == Depth::Mono {
            return None;
        }
        Some(match (self, depth) {
            (Self::Default, _) => Color::Reset,
            (Self::Ansi(n), _) => ansi(n),
            (Self::Indexed(n), Depth::Ansi16) => ansi(nearest_16(indexed_rgb(n))),
            (Self::Indexed(n), _) => Color::Indexed(n),
            (Self::Exact([r, g, b], _), Depth::True) => Color::Rgb(r, g, b),
            (Self::Exact(rgb, _), Depth::Ansi256) => Color::Indexed(nearest_256(rgb)),
            (Self::Exact(_, Some(Basic::Default)), _) => Color::Reset,
            (Self::Exact(_, Some(Basic::Ansi(n))), _) => ansi(n),
            (Self::Exact(rgb, None), _) => ansi(nearest_16(rgb)),
        })
    }

    /// What stands for the colour in the pixels of a picture: xterm's value of a named one, white for the terminal's own.
    #[must_use]
    pub fn in_pictures(self) -> Rgb {
        match self {
            Self::Default => [255; 3],
            Self::Ansi(n) | Self::Indexed(n) => indexed_rgb(n),
            Self::Exact(rgb, _) => rgb,
        }
    }

    /// The exact colour, where the theme knows it.
    #[must_use]
    pub fn rgb(self) -> Option<Rgb> {
        match self {
            Self::Exact(rgb, _) => Some(rgb),
            Self::Indexed(n) if n >= 16 => Some(indexed_rgb(n)),
            _ => None,
        }
    }
}

fn ansi(n: u8) -> Color {
    ANSI_COLOURS.get(usize::from(n)).copied().unwrap_or(Color::Reset)
}

/// The number of one of the 16 names.
#[must_use]
pub fn ansi_number(name: &str) -> Option<u8> {
    let name = match name {
        "gray" | "grey" => "bright-black",
        other => other,
    };
    ANSI_NAMES.iter().position(|n| *n == name).and_then(|i| u8::try_from(i).ok())
}

/// Reads `#rrggbb` or `#rgb`.
#[must_use]
pub fn parse_hex(text: &str) -> Option<Rgb> {
    let hex = text.strip_prefix('#').filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let part = |from: usize, to: usize| hex.get(from..to).and_then(|p| u8::from_str_radix(p, 16).ok());
    match hex.len() {
        6 => Some([part(0, 2)?, part(2, 4)?, part(4, 6)?]),
        3 => Some([part(0, 1)? * 17, part(1, 2)? * 17, part(2, 3)? * 17]),
        _ => None,
    }
}

/// The colour of a number in xterm's 256: 16 names, a cube of 6 x 6 x 6, 24 greys.
#[must_use]
pub fn indexed_rgb(n: u8) -> Rgb {
    match n {
        0..=15 => XTERM_16.get(usize::from(n)).copied().unwrap_or_default(),
        16..=231 => {
            let level = |i: u8| if i == 0 { 0 } else { 55 + 40 * i };
            let n = n - 16;
            [level(n / 36), level(n / 6 % 6), level(n % 6)]
        }
        _ => [8 + 10 * (n - 232); 3],
    }
}

/// The nearest of the 240 colours of the 256 whose look is the same everywhere.
#[must_use]
pub fn nearest_256(rgb: Rgb) -> u8 {
    nearest(rgb, (16..=255).map(|n| (n, indexed_rgb(n))))
}

/// The nearest of the 16, by xterm's own values.
#[must_use]
pub fn nearest_16(rgb: Rgb) -> u8 {
    nearest(rgb, (0..16).map(|n| (n, indexed_rgb(n))))
}

/// The candidate that looks most like `rgb`: least distance in Oklab (Ottosson 2020), the first of equals.
fn nearest(rgb: Rgb, candidates: impl Iterator<Item = (u8, Rgb)>) -> u8 {
    let wanted = oklab(rgb);
    let distance = |other: Rgb| -> f32 { oklab(other).iter().zip(wanted).map(|(a, b)| (a - b) * (a - b)).sum() };
    candidates.map(|(n, other)| (n, distance(other))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(n, _)| n)
}

fn oklab(rgb: Rgb) -> [f32; 3] {
    let [r, g, b] = rgb.map(linear);
    let l = (0.412_221_47 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// An sRGB component as linear light, `0..=1`.
fn linear(component: u8) -> f32 {
    let c = f32::from(component) / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Contrast of two colours as WCAG 2.1 defines it: 1 to 21; text needs 4.5.
#[must_use]
pub fn contrast(a: Rgb, b: Rgb) -> f32 {
    let light = |rgb: Rgb| {
        let [r, g, b] = rgb.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    };
    let (a, b) = (light(a), light(b));
    a.max(b) / a.min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_the_256_is_its_own_nearest() {
        for n in 16..=255 {
            assert_eq!(indexed_rgb(nearest_256(indexed_rgb(n))), indexed_rgb(n), "{n}");
        }
        for n in 0..16 {
            assert_eq!(nearest_16(indexed_rgb(n)), n);
        }
    }

    #[test]
    fn neighbours_look_alike() {
        assert_eq!(nearest_256([255, 135, 0]), 208);
        assert_eq!(nearest_256([18, 18, 18]), 233);
        assert_eq!(nearest_16([200, 30, 20]), 1);
        assert_eq!(nearest_16([10, 10, 12]), 0);
        assert_eq!(nearest_16([250, 250, 250]), 15);
    }

    #[test]
    fn a_depth_gets_only_what_it_can_show() {
        let colour = Colour::Exact([86, 180, 233], Some(Basic::Ansi(6)));
        assert_eq!(colour.at(Depth::Mono), None);
        assert_eq!(colour.at(Depth::Ansi16), Some(Color::Cyan));
        assert_eq!(colour.at(Depth::Ansi256), Some(Color::Indexed(74)));
        assert_eq!(colour.at(Depth::True), Some(Color::Rgb(86, 180, 233)));
        assert_eq!(Colour::Indexed(196).at(Depth::Ansi16), Some(Color::LightRed));
        assert_eq!(Colour::Exact([1, 2, 3], Some(Basic::Default)).at(Depth::Ansi16), Some(Color::Reset));
    }

    #[test]
    fn contrast_agrees_with_the_published_examples() {
        assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.01);
        assert!((contrast([119, 119, 119], [255, 255, 255]) - 4.48).abs() < 0.01);
    }

    #[test]
    fn hex_is_read_strictly() {
        assert_eq!(parse_hex("#0af"), Some([0, 170, 255]));
        assert_eq!(parse_hex("#0072b2"), Some([0, 114, 178]));
        for wrong in ["0072b2", "#0072b", "#00é2", "#+12345", ""] {
            assert_eq!(parse_hex(wrong), None, "{wrong}");
        }
    }
}
