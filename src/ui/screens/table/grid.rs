//! Lines of cells in columns, with the names of the columns above them and a cursor.

use crate::app::screens::table::rows::GAP;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, width};
use ratatui::layout::Rect;

/// A column.
pub(in crate::ui::screens) struct Column {
    /// Its name, safe to show.
    pub(in crate::ui::screens) title: String,
    /// Columns of the screen.
    pub(in crate::ui::screens) width: u16,
    /// Whether its values stand at its right edge.
    pub(in crate::ui::screens) right: bool,
    /// Whether its values are paths, of which the end tells more than the middle.
    pub(in crate::ui::screens) paths: bool,
}

/// What is drawn.
pub(in crate::ui::screens) struct Grid<'a> {
    /// The columns.
    pub(in crate::ui::screens) columns: &'a [Column],
    /// The first column on the screen.
    pub(in crate::ui::screens) left: usize,
    /// Lines in all.
    pub(in crate::ui::screens) lines: usize,
    /// The line under the cursor, and the column where there is a cursor for columns.
    pub(in crate::ui::screens) cursor: (usize, Option<usize>),
    /// The text of a line and a column, safe to show, and what it is for.
    pub(in crate::ui::screens) cell: &'a dyn Fn(usize, usize) -> (String, Role),
}

impl Grid<'_> {
    /// Draws the names of the columns into the first line and as many lines as fit below.
    pub(in crate::ui::screens) fn draw(&self, canvas: &mut Canvas, at: Rect) {
        if at.height == 0 {
            return;
        }
        let places = self.places(at);
        for (column, place) in &places {
            let of = &self.columns[*column];
            let role = if self.cursor.1 == Some(*column) { Role::Accent } else { Role::Title };
            self.put(canvas, *place, &of.title, of.right, role);
        }
        let cut = places.last().is_some_and(|(column, _)| column + 1 < self.columns.len());
        if cut {
            let mark = canvas.glyph(Glyph::Right);
            canvas.text(Rect { x: at.right(), width: 1, height: 1, ..at }, &mark, canvas.style(Role::Muted));
        }
        if self.left > 0 {
            let mark = canvas.glyph(Glyph::Left);
            canvas.text(
                Rect { x: at.x.saturating_sub(1), width: 1, height: 1, ..at },
                &mark,
                canvas.style(Role::Muted),
            );
        }
        let height = usize::from(at.height - 1);
        let (line, column) = self.cursor;
        let top = line.saturating_sub(height / 2).min(self.lines.saturating_sub(height));
        for (y, i) in (1..at.height).zip(top..self.lines) {
            for (column, place) in &places {
                let (text, role) = (self.cell)(i, *column);
                let (of, place) = (&self.columns[*column], Rect { y: at.y + y, ..*place });
                let ellipsis = canvas.palette.glyph(Glyph::Ellipsis);
                let text = if of.paths { cut_path(&text, place.width, ellipsis) } else { text };
                self.put(canvas, place, &text, of.right, role);
            }
            if i == line {
                let whole = Rect { x: at.x.saturating_sub(1), y: at.y + y, width: at.width + 1, height: 1 };
                canvas.paint(whole, canvas.style(if column.is_some() { Role::Selected } else { Role::Cursor }));
                let own = places.iter().find(|(c, _)| Some(*c) == column);
                if let Some((_, place)) = own {
                    canvas.paint(Rect { y: at.y + y, ..*place }, canvas.style(Role::Cursor));
                }
            }
        }
    }

    /// The columns on the screen and where each stands; the last one may be cut.
    fn places(&self, at: Rect) -> Vec<(usize, Rect)> {
        let mut x = at.x;
        let mut out = Vec::new();
        for (i, column) in self.columns.iter().enumerate().skip(self.left) {
            if x >= at.right() {
                break;
            }
            let width = column.width.min(at.right() - x);
            out.push((i, Rect { x, width, y: at.y, height: 1 }));
            x = x.saturating_add(column.width + GAP);
        }
        out
    }

    fn put(&self, canvas: &mut Canvas, at: Rect, text: &str, right: bool, role: Role) {
        let style = canvas.style(role);
        if right && width(text) <= at.width {
            canvas.right(at, text, style)
        } else {
            canvas.text(at, text, style)
        };
    }
}
