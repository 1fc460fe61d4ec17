//! A theme made ready for one terminal: every style computed once, every mark in the form the terminal can draw.

use super::colour::Rgb;
use super::glyph::{BAR, BAR_ASCII, Glyph, SPARK, SPARK_ASCII, SPINNER, SPINNER_ASCII};
use super::role::Role;
use super::{Look, Theme, Variant};
use crate::term::caps::{Caps, Depth};
use ratatui::style::{Color, Modifier, Style};

/// Styles and marks for one terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    styles: [Style; Role::ALL.len()],
    ground: Style,
    ramp: Vec<Style>,
    ramp_rgb: Vec<Rgb>,
    shapes: Vec<String>,
    ascii: bool,
    depth: Depth,
}

impl Default for Palette {
    fn default() -> Self {
        Theme::default().resolve(Depth::default(), false)
    }
}

impl Theme {
    /// Makes the theme ready for a terminal of this depth, of which the background is not known.
    #[must_use]
    pub fn resolve(&self, depth: Depth, ascii: bool) -> Palette {
        self.resolve_on(depth, ascii, self.variant == Variant::Light)
    }

    /// Makes the theme ready for a terminal. A theme that brings no background of its own follows the terminal's.
    #[must_use]
    pub fn resolve_for(&self, caps: &Caps) -> Palette {
        let light = match self.variant {
            Variant::Any => caps.light == Some(true),
            Variant::Dark => false,
            Variant::Light => true,
        };
        self.resolve_on(caps.depth, !caps.unicode, light)
    }

    fn resolve_on(&self, depth: Depth, ascii: bool, light: bool) -> Palette {
        let style = |look: &Look| {
            let colour = |shade: Option<super::Shade>| shade.and_then(|s| s.on(light).at(depth));
            Style {
                fg: colour(look.fg),
                bg: colour(look.bg),
                underline_color: None,
                add_modifier: if depth == Depth::Mono { look.without_colour } else { look.modifiers },
                sub_modifier: Modifier::empty(),
            }
        };
        let mut styles = Role::ALL.map(|role| self.looks.get(&role).map(style).unwrap_or_default());
        let ground = styles[Role::Text as usize];
        // The whole screen has the background already; text in a pop-up must keep the pop-up's.
        styles[Role::Text as usize].bg = None;
        let cursor = &mut styles[Role::Cursor as usize];
        if (cursor.fg, cursor.bg) == (None, None) {
            // One even bar, whatever the colours of the pieces on the line.
            (cursor.fg, cursor.bg, cursor.sub_modifier) = (ground.fg, ground.bg, Modifier::DIM);
        }
        let ramp = self.ramp.iter().map(|s| style(&Look { fg: Some(*s), ..Look::default() })).collect();
        let ramp_rgb = self.ramp.iter().map(|s| s.on(light).in_pictures()).collect();
        let shapes = if ascii { self.ascii_shapes.clone() } else { self.shapes.clone() };
        Palette { styles, ground, ramp, ramp_rgb, shapes, ascii, depth }
    }
}

impl Palette {
    /// What an empty cell looks like: the frame is filled with it before anything is drawn.
    #[must_use]
    pub fn ground(&self) -> Style {
        self.ground
    }

    /// The colour behind everything, `terminal` being the terminal's own; `None` if nobody knows it, as of the palette's
    /// colours, which are the person's.
    #[must_use]
    pub fn background(&self, terminal: Option<Rgb>) -> Option<Rgb> {
        match self.ground.bg {
            None | Some(Color::Reset) => terminal,
            Some(Color::Rgb(r, g, b)) => Some([r, g, b]),
            Some(_) => None,
        }
    }

    /// The style of a role. Only popups, inputs and the cursor bring a background: others keep what is there.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Colour and shape of a class by its index. The pair repeats only after (ramp length) x (number of shapes)
    /// where these have no common divisor; shape alone tells the first classes apart.
    #[must_use]
    pub fn class(&self, index: usize) -> (Style, &str) {
        let style = self.ramp.get(index % self.ramp.len().max(1)).copied().unwrap_or_default();
        let shape = self.shapes.get(index % self.shapes.len().max(1)).map_or("*", String::as_str);
        (style, shape)
    }

    /// The colour of a class as pixels, for what is drawn into pictures, by its index. Pictures have their own
    /// background and colours on every terminal, so this asks for neither the depth nor the background.
    #[must_use]
    pub fn class_rgb(&self, index: usize) -> Rgb {
        self.ramp_rgb.get(index % self.ramp_rgb.len().max(1)).copied().unwrap_or([255; 3])
    }

    /// A mark, one column wide.
    #[must_use]
    pub fn glyph(&self, glyph: Glyph) -> &'static str {
        let (unicode, ascii) = glyph.forms();
        if self.ascii { ascii } else { unicode }
    }

    /// The mark that goes with a role; empty for roles that need none.
    #[must_use]
    pub fn mark(&self, role: Role) -> &'static str {
        role.glyph().map_or("", |g| self.glyph(g))
    }

    /// A cell filled from the left to `eighths` (0 to 8, more counts as 8).
    #[must_use]
    pub fn bar(&self, eighths: usize) -> &'static str {
        let steps = if self.ascii { &BAR_ASCII } else { &BAR };
        steps[eighths.min(8)]
    }

    /// A cell filled from below to `eighths` (0 to 8, more counts as 8).
    #[must_use]
    pub fn spark(&self, eighths: usize) -> &'static str {
        let steps = if self.ascii { &SPARK_ASCII } else { &SPARK };
        steps[eighths.min(8)]
    }

    /// A step of the spinner; any number will do.
    #[must_use]
    pub fn spinner(&self, step: usize) -> &'static str {
        if self.ascii { SPINNER_ASCII[step % SPINNER_ASCII.len()] } else { SPINNER[step % SPINNER.len()] }
    }

    /// Only ASCII characters may be drawn.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// For how many colours the styles were computed.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_differ_in_shape_first_and_in_the_pair_for_long() {
        for name in Theme::bundled() {
            let theme = Theme::load(name, None).0;
            for ascii in [false, true] {
                let palette = theme.resolve(Depth::True, ascii);
                let shapes: Vec<&str> = (0..8).map(|i| palette.class(i).1).collect();
                let mut distinct = shapes.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), 8, "{name}: {shapes:?}");
            }
            let palette = theme.resolve(Depth::True, false);
            let pairs: Vec<_> = (0..40).map(|i| palette.class(i)).collect();
            let repeated = pairs.iter().enumerate().any(|(i, p)| pairs[..i].contains(p));
            assert!(!repeated || name == "mono", "{name}");
        }
    }

    #[test]
    fn steps_never_leave_their_tables() {
        let palette = Palette::default();
        assert_eq!((palette.bar(99), palette.spark(0)), ("█", " "));
        assert_eq!(palette.spinner(8), palette.spinner(0));
    }
}
