//! Grids of thumbnails: how many cells of which size fit a window. Shared by the gallery and the sweep.
//!
//! It lives with the state and not with the drawing because moves, pages and "what is on the screen" depend on it.

use crate::app::picture::CellRect;
use crate::app::state::State;

/// Widths of thumbnails in columns, from small to large.
const WIDTHS: [u16; 13] = [6, 8, 10, 12, 16, 20, 26, 32, 40, 50, 64, 80, 100];
/// The size to begin with where there is room, as a position in the widths.
pub const FIRST_ZOOM: usize = 3;
/// A gallery opens with at least so many thumbnails on the screen, however small the window.
const FIRST_PAGE: usize = 10;

/// A grid that fills the body of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Thumbnails next to each other; at least 1.
    pub columns: usize,
    /// Rows of thumbnails; at least 1.
    pub rows: usize,
    /// Columns of one thumbnail.
    pub width: u16,
    /// Rows of one thumbnail, without the line below it.
    pub height: u16,
    /// Free columns between two thumbnails.
    gap: u16,
    /// Free rows between the line below a thumbnail and the next thumbnail.
    gap_below: u16,
    /// Where the grid stands.
    body: CellRect,
}

/// The body of a screen in a window of this size: under the header, above the status and hint lines.
#[must_use]
pub fn body((columns, rows): (u16, u16)) -> CellRect {
    let top = if rows >= 20 { 2 } else { 1 };
    CellRect { x: 1, y: top, w: columns.saturating_sub(2), h: rows.saturating_sub(top + 2) }
}

/// The grid for a window, the cell size of its font, and a position in the sizes of thumbnails.
#[must_use]
pub fn grid(size: (u16, u16), cell: (u16, u16), zoom: usize) -> Grid {
    let body = body(size);
    let wanted = WIDTHS.get(zoom).copied().unwrap_or(WIDTHS[FIRST_ZOOM]).clamp(1, body.w.max(1));
    let gap = if wanted >= 12 { 2 } else { 1 };
    let columns = ((body.w + gap) / (wanted + gap)).max(1);
    // What is left over at the right makes every thumbnail a little wider.
    let width = ((body.w + gap) / columns).saturating_sub(gap).max(1);
    let height = square(width, cell).clamp(1, body.h.saturating_sub(1).max(1));
    let gap_below = u16::from(height >= 5);
    let rows = ((body.h + gap_below) / (height + 1 + gap_below)).max(1);
    Grid { columns: usize::from(columns), rows: usize::from(rows), width, height, gap, gap_below, body }
}

/// The size to begin with in this window.
#[must_use]
pub fn first_zoom(size: (u16, u16), cell: (u16, u16)) -> usize {
    (0..=FIRST_ZOOM).rev().find(|z| grid(size, cell, *z).page() >= FIRST_PAGE).unwrap_or(0)
}

/// Rows of a thumbnail that is about square in pixels. A terminal that does not tell its cell has cells of 10 x 20.
fn square(width: u16, (w, h): (u16, u16)) -> u16 {
    let (w, h) = if w == 0 || h == 0 { (10, 20) } else { (u32::from(w), u32::from(h)) };
    u16::try_from((u32::from(width) * w + h / 2) / h).unwrap_or(u16::MAX).max(1)
}

/// A larger or smaller size that makes a difference in this window: at most half of it, at least the smallest.
#[must_use]
pub fn resize(size: (u16, u16), cell: (u16, u16), zoom: usize, larger: bool) -> Option<usize> {
    let body = body(size);
    let now = grid(size, cell, zoom);
    let fits = |z: &usize| {
        let width = WIDTHS.get(*z).copied().unwrap_or(u16::MAX);
        width <= (body.w / 2).max(WIDTHS[0]) && square(width, cell) < body.h.max(4)
    };
    let differs = |z: &usize| grid(size, cell, *z).columns != now.columns;
    if larger { (zoom + 1..WIDTHS.len()).filter(fits).find(differs) } else { (0..zoom).rev().find(differs) }
}

impl Grid {
    /// Thumbnails on one screen.
    #[must_use]
    pub fn page(&self) -> usize {
        self.columns * self.rows
    }

    /// The place of the n-th thumbnail, and of the line below it.
    #[must_use]
    pub fn cell(&self, n: usize) -> (CellRect, CellRect) {
        let column = u16::try_from(n % self.columns).unwrap_or(0);
        let row = u16::try_from(n / self.columns).unwrap_or(0);
        let x = self.body.x + column * (self.width + self.gap);
        let y = self.body.y + row * (self.height + 1 + self.gap_below);
        (CellRect { x, y, w: self.width, h: self.height }, CellRect { x, y: y + self.height, w: self.width, h: 1 })
    }

    /// The first thumbnail on the screen, so that the one at `at` is on it and no row is empty without need.
    #[must_use]
    pub fn scroll(&self, top: usize, at: usize, len: usize) -> usize {
        let (row, first) = (at / self.columns, top / self.columns);
        let first = first.min(row).max((row + 1).saturating_sub(self.rows));
        let all = len.div_ceil(self.columns);
        first.min(all.saturating_sub(self.rows)) * self.columns
    }
}

impl State {
    /// The grid of this window at a size of thumbnails.
    #[must_use]
    pub fn grid(&self, zoom: usize) -> Grid {
        grid(self.size, self.caps.cell, zoom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_are_about_square_and_stay_inside_at_any_size() {
        for size in [(40, 12), (80, 24), (160, 50), (300, 90)] {
            for cell in [(10, 20), (8, 16), (9, 19), (0, 0)] {
                for zoom in 0..WIDTHS.len() {
                    let g = grid(size, cell, zoom);
                    let (_, line) = g.cell(g.page() - 1);
                    let b = body(size);
                    assert!(line.x + line.w <= b.x + b.w && line.y < b.y + b.h, "{size:?} {zoom} {g:?}");
                }
            }
        }
        let g = grid((160, 50), (10, 20), FIRST_ZOOM);
        assert!((i32::from(g.width) - 2 * i32::from(g.height)).abs() <= 1, "{g:?}");
    }

    #[test]
    fn sizes_go_from_small_to_half_the_screen() {
        let (size, cell) = ((80, 40), (10, 20));
        let mut zoom = FIRST_ZOOM;
        while let Some(next) = resize(size, cell, zoom, true) {
            zoom = next;
        }
        assert_eq!(grid(size, cell, zoom).columns, 2);
        while let Some(next) = resize(size, cell, zoom, false) {
            zoom = next;
        }
        assert_eq!(grid(size, cell, zoom).width, 6);
    }

    #[test]
    fn scrolling_keeps_the_cursor_and_whole_rows() {
        let g = grid((80, 24), (10, 20), FIRST_ZOOM);
        let (c, r) = (g.columns, g.rows);
        assert_eq!(g.scroll(0, c * r, 1000), c);
        assert_eq!(g.scroll(c * 5, c * 2 + 1, 1000), c * 2);
        assert_eq!(g.scroll(7 * c, 7 * c, 8 * c), (8 - r) * c);
        assert_eq!(g.scroll(0, 0, 0), 0);
    }
}
