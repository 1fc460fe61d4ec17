//! The size of a cell in pixels, from sources that round, are stale, or lie.
//!
//! Why: terminals count borders into their window, round fractional cells up, answer in other units than they draw in,
//! or swap height and width; a size that is wrong by a factor makes every picture too small or too large to be sent.
//!
//! What always holds: the result is the size of a cell that a screen can have, and the whole window with such cells has
//! no more pixels than any screen, whatever the sources say.

use crate::term::guard::WindowSize;

/// Assumed where nothing is known.
const ASSUMED: (u16, u16) = (10, 20);
/// Pixels of a border or padding that a window may have besides its cells.
const BORDER: u32 = 40;
/// Pixels along a side of a window, and in all of it; no screen has more.
const SIDE: u32 = 16_384;
const AREA: u64 = 64 << 20;

/// What was said of the size of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// The window, by the system.
    pub(super) window: Option<WindowSize>,
    /// The text area in pixels, by the terminal; nothing where it may be that of another window.
    pub(super) area: Option<(u16, u16)>,
    /// A cell in pixels, by the terminal.
    pub(super) cell: Option<(u16, u16)>,
}

/// The size of a cell, and how it was found.
pub(super) fn judge(sources: Sources) -> ((u16, u16), String) {
    let window = sources.window.unwrap_or(WindowSize { columns: 80, rows: 24, width: 0, height: 0 });
    let (found, why) = found(sources, window);
    let bounded = within_a_screen(found.unwrap_or(ASSUMED), window);
    let (w, h) = bounded;
    (
        bounded,
        match found {
            Some(found) if found != bounded => {
                format!("cell: {w} x {h} pixels ({} x {} {why} would be a window larger than any)", found.0, found.1)
            }
            Some(_) => format!("cell: {w} x {h} pixels ({why})"),
            None => format!("cell: size unknown, {w} x {h} pixels assumed"),
        },
    )
}

fn found(sources: Sources, window: WindowSize) -> (Option<(u16, u16)>, &'static str) {
    let by_area = sources.area.and_then(|area| divided(area, window));
    let by_system = divided((window.width, window.height), window);
    let by_cell = sources.cell.filter(|cell| plausible(*cell));
    let smaller = |a: (u16, u16), b: (u16, u16)| (a.0.min(b.0), a.1.min(b.1));
    // A terminal with fractional cells rounds its answer up, one with a border counts it into the window: where the two
    // agree but for that, the smaller one is right.
    let fitting = |area: Option<(u16, u16)>| by_cell.filter(|cell| area.is_some_and(|area| fits(*cell, area, window)));
    let (area, system) = (sources.area.filter(|_| by_area.is_some()), (window.width, window.height));
    let system = by_system.map(|_| system);
    match (by_area, by_system, by_cell) {
        (Some(ratio), _, Some(cell)) if fitting(area).is_some() => (Some(smaller(ratio, cell)), "as it says"),
        (_, Some(ratio), Some(cell)) if fitting(system).is_some() => (Some(smaller(ratio, cell)), "as it says"),
        (Some(ratio), _, Some(_)) | (_, Some(ratio), Some(_)) => {
            (Some(ratio), "by its window; its own word is another size")
        }
        (Some(ratio), _, None) | (_, Some(ratio), None) => (Some(ratio), "by its window"),
        (None, None, cell) => (cell, "by its own word alone"),
    }
}

/// The size of a cell of a window with so many pixels.
fn divided((width, height): (u16, u16), window: WindowSize) -> Option<(u16, u16)> {
    let cell = (width / window.columns.max(1), height / window.rows.max(1));
    Some(cell).filter(|cell| plausible(*cell))
}

/// Whether a font can have such cells: none is much wider than high, or a narrow column.
fn plausible((width, height): (u16, u16)) -> bool {
    let (w, h) = (u32::from(width), u32::from(height));
    (2..=200).contains(&w) && (2..=400).contains(&h) && h * 4 >= w * 3 && h <= w * 5
}

/// Whether cells of this size fill an area of so many pixels, up to rounding and a border.
fn fits(cell: (u16, u16), area: (u16, u16), window: WindowSize) -> bool {
    let along = |cell: u16, count: u16, pixels: u16| {
        let slack = BORDER.max(count.into());
        (u32::from(cell) * u32::from(count)).abs_diff(pixels.into()) <= slack
    };
    along(cell.0, window.columns, area.0) && along(cell.1, window.rows, area.1)
}

/// The size, made smaller until the window has no more pixels than a screen.
fn within_a_screen(cell: (u16, u16), window: WindowSize) -> (u16, u16) {
    let (columns, rows) = (u32::from(window.columns.max(1)), u32::from(window.rows.max(1)));
    let side = |cell: u16, count: u32| cell.min(u16::try_from(SIDE / count).unwrap_or(u16::MAX)).max(1);
    let (mut w, mut h) = (side(cell.0, columns), side(cell.1, rows));
    let pixels = |w: u16, h: u16| u64::from(w) * u64::from(columns) * u64::from(h) * u64::from(rows);
    while pixels(w, h) > AREA && (w > 1 || h > 1) {
        (w, h) = ((w / 2).max(1), (h / 2).max(1));
    }
    (w, h)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: WindowSize = WindowSize { columns: 80, rows: 24, width: 800, height: 480 };

    fn cell(window: WindowSize, area: Option<(u16, u16)>, cell: Option<(u16, u16)>) -> (u16, u16) {
        judge(Sources { window: Some(window), area, cell }).0
    }

    #[test]
    fn sources_that_agree_are_believed() {
        assert_eq!(cell(WINDOW, Some((800, 480)), Some((10, 20))), (10, 20));
        let silent = WindowSize { width: 0, height: 0, ..WINDOW };
        assert_eq!(cell(silent, None, Some((9, 18))), (9, 18));
        assert_eq!(cell(silent, Some((800, 480)), None), (10, 20));
        assert_eq!(cell(silent, None, None), ASSUMED);
        // The border of xterm, the fractions of xterm.js.
        assert_eq!(cell(WindowSize { width: 804, height: 484, ..WINDOW }, None, Some((10, 20))), (10, 20));
        assert_eq!(cell(silent, Some((771, 408)), Some((10, 17))), (9, 17));
        // A border is much for a low window.
        let low = WindowSize { columns: 40, rows: 3, width: 420, height: 80 };
        assert_eq!(cell(low, None, Some((10, 20))), (10, 20));
    }

    #[test]
    fn of_sources_that_disagree_the_one_that_fits_the_window_is_taken() {
        // Height and width swapped; other units; nothing a font has; the window of another screen.
        for lie in [(20, 10), (40, 80), (1, 1), (0, 0), (10_000, 10_000), (200, 200), (5, 10)] {
            assert_eq!(cell(WINDOW, None, Some(lie)), (10, 20), "{lie:?}");
            assert_eq!(cell(WINDOW, Some((800, 480)), Some(lie)), (10, 20), "{lie:?}");
        }
        for lie in [(480, 800), (1, 1), (0, 0), (65_535, 65_535), (3840, 100)] {
            assert_eq!(cell(WINDOW, Some(lie), Some((10, 20))), (10, 20), "{lie:?}");
            let (width, height) = lie;
            let lying = WindowSize { width, height, ..WINDOW };
            assert_eq!(cell(lying, Some((800, 480)), Some((10, 20))), (10, 20), "{lie:?}");
        }
        let said = judge(Sources { window: Some(WINDOW), area: None, cell: Some((40, 80)) }).1;
        assert!(said.contains("another size"), "{said}");
    }

    #[test]
    fn no_window_is_larger_than_a_screen() {
        for (columns, rows) in [(1, 1), (0, 0), (80, 24), (1000, 1000), (u16::MAX, u16::MAX), (u16::MAX, 1)] {
            for size in [(0, 0), (10, 20), (200, 400), (10_000, 10_000)] {
                let window = WindowSize { columns, rows, width: 0, height: 0 };
                let (w, h) = cell(window, None, Some(size));
                let (width, height) = (u64::from(w) * u64::from(columns), u64::from(h) * u64::from(rows));
                assert!(w > 0 && h > 0);
                assert!((width * height <= AREA) || (w, h) == (1, 1), "{columns} x {rows}, {size:?}: {w} x {h}");
            }
        }
        assert_eq!(cell(WindowSize { columns: 1000, rows: 1000, width: 0, height: 0 }, None, None), (5, 8));
    }
}
