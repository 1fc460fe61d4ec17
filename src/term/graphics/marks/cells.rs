//! The outline of a mark in cells, for terminals that cannot lay one picture over another.

use super::{Part, Stage};

/// A cell that an outline runs through, and the sides at which the line leaves its middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutlineCell {
    /// Columns from the cell in which the picture begins.
    pub column: u16,
    /// Rows from there.
    pub row: u16,
    /// The line goes on above.
    pub up: bool,
    /// The line goes on to the right.
    pub right: bool,
    /// The line goes on below.
    pub down: bool,
    /// The line goes on to the left.
    pub left: bool,
}

impl OutlineCell {
    /// The character of the line in this cell.
    #[must_use]
    pub fn symbol(&self, ascii: bool) -> &'static str {
        let (across, along) = (self.left || self.right, self.up || self.down);
        match (across, along) {
            _ if ascii && across && along => "+",
            (true, false) if ascii => "-",
            (_, true) if ascii => "|",
            _ if ascii => "+",
            (true, false) => "─",
            (false, true) => "│",
            (false, false) => "□",
            (true, true) => match (self.up, self.right, self.down, self.left) {
                (false, true, true, false) => "┌",
                (false, false, true, true) => "┐",
                (true, true, false, false) => "└",
                (true, false, false, true) => "┘",
                (true, true, true, false) => "├",
                (true, false, true, true) => "┤",
                (false, true, true, true) => "┬",
                (true, true, false, true) => "┴",
                _ => "┼",
            },
        }
    }
}

/// The cells that the outline of a part of the picture runs through, each once, row by row. `cell` is the size of a cell
/// in pixels, `origin` where in its first cell the picture begins. Edges outside of the picture have no cells.
#[must_use]
pub fn outline_cells(stage: &Stage, at: Part, cell: (u16, u16), origin: (u32, u32)) -> Vec<OutlineCell> {
    let pixels = stage.pixels(at);
    let Some(seen) = pixels.within(stage.all()) else { return Vec::new() };
    let column = |x: i64| ((x + i64::from(origin.0)) / i64::from(cell.0.max(1))) as u16;
    let row = |y: i64| ((y + i64::from(origin.1)) / i64::from(cell.1.max(1))) as u16;
    let (x0, x1, y0, y1) = (column(seen.x0), column(seen.x1 - 1), row(seen.y0), row(seen.y1 - 1));
    let edges = (pixels.y0 == seen.y0, pixels.x1 == seen.x1, pixels.y1 == seen.y1, pixels.x0 == seen.x0);
    let (top, right, bottom, left) = edges;
    let mut out = Vec::new();
    for r in y0..=y1 {
        for c in x0..=x1 {
            let across = (top && r == y0) || (bottom && r == y1);
            let along = (left && c == x0) || (right && c == x1);
            if !across && !along {
                continue;
            }
            out.push(OutlineCell {
                column: c,
                row: r,
                // A line that is cut off by the edge of the picture goes on there.
                up: along && (r > y0 || !top),
                down: along && (r < y1 || !bottom),
                left: across && (c > x0 || !left),
                right: across && (c < x1 || !right),
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::ONE;
    use super::*;

    fn text(stage: &Stage, at: Part, ascii: bool) -> Vec<String> {
        let cells = outline_cells(stage, at, (10, 20), (0, 0));
        let mut rows = vec![vec![" "; 10]; 5];
        for cell in &cells {
            rows[usize::from(cell.row)][usize::from(cell.column)] = cell.symbol(ascii);
        }
        rows.iter().map(|r| r.concat().trim_end().to_owned()).collect()
    }

    const STAGE: Stage = Stage { size: (100, 100), window: Part::ALL };

    #[test]
    fn a_box_is_a_frame_of_the_cells_its_edges_touch() {
        let at = Part { x: ONE / 4, y: ONE / 4, w: ONE / 2, h: ONE / 2 };
        assert_eq!(text(&STAGE, at, false), ["", "  ┌────┐", "  │    │", "  └────┘", ""]);
        assert_eq!(text(&STAGE, at, true), ["", "  +----+", "  |    |", "  +----+", ""]);
    }

    #[test]
    fn edges_outside_of_the_picture_are_open() {
        let window = Part { x: ONE / 4, y: 0, w: ONE / 2, h: ONE };
        let stage = Stage { window, ..STAGE };
        let at = Part { x: 0, y: ONE / 4, w: ONE / 2, h: ONE / 2 };
        assert_eq!(text(&stage, at, false), ["", "────┐", "    │", "────┘", ""]);
    }

    #[test]
    fn a_box_inside_of_one_cell_is_one_mark() {
        let at = Part { x: ONE / 50, y: ONE / 50, w: ONE / 100, h: ONE / 100 };
        assert_eq!(text(&STAGE, at, false)[0], "□");
        let flat = Part { x: 0, y: ONE / 50, w: ONE / 2, h: 1 };
        assert_eq!(text(&STAGE, flat, false)[0], "─────");
    }
}
