//! Pictures out of ASCII characters by their brightness, for terminals without anything better.

use super::blocks::{CellGrid, PictureCell, luma, map, sample};
use super::{Fit, Pixels};
use crate::term::caps::Depth;
use ratatui::style::Color;

/// From no ink to most ink.
const RAMP: &[u8; 10] = b" .:-=+*#%@";

/// Draws the picture on the cells of `fit`. On a light background ink is dark, so the ramp runs the other way.
#[must_use]
pub fn encode(pixels: Pixels<'_>, fit: &Fit, depth: Depth, light: bool) -> CellGrid {
    let samples = sample(pixels, usize::from(fit.columns), usize::from(fit.rows));
    let cell = |rgb: &[u8; 3]| {
        let level = usize::from(luma(*rgb)) * (RAMP.len() - 1) / 255;
        let level = if light { RAMP.len() - 1 - level } else { level };
        let symbol = RAMP.get(level).map_or(' ', |b| char::from(*b));
        PictureCell { symbol, foreground: map(*rgb, depth), background: Color::Reset }
    };
    CellGrid { columns: fit.columns, rows: fit.rows, cells: samples.iter().map(cell).collect() }
}
