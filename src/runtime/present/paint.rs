//! What pictures do to the cells of a frame.

use super::Presenter;
use super::emit::Shown;
use super::recipe::Form;
use crate::app::picture::CellRect;
use crate::term::caps::Protocol;
use crate::term::graphics::blocks::CellGrid;
use crate::term::graphics::placeholder;
use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::style::Modifier;
use std::num::NonZeroU16;

impl Presenter {
    /// Draws the pictures that are made of cells, and clears the cells below the others, after the screen was drawn.
    ///
    /// Cells below a sixel or iTerm2 picture are left out of the diff, because writing them would erase it; when it
    /// goes they are written, which erases it.
    pub fn paint(&mut self, buffer: &mut Buffer) {
        each_cell(buffer, &std::mem::take(&mut self.vacated), |cell, _, _| {
            cell.set_diff_option(CellDiffOption::AlwaysUpdate);
        });
        for shown in self.places.values().filter_map(|p| p.shown.as_ref()) {
            match (&shown.prepared.form, self.recipe.protocol) {
                (Form::Cells(grid), _) => paint_grid(buffer, shown, grid),
                (Form::Held | Form::Kitty(_), Protocol::KittyPlaceholders) => self.paint_placeholders(buffer, shown),
                (Form::Iterm(_) | Form::Sixel(_), _) => self.clear_drawn(buffer, shown),
                (Form::Held | Form::Kitty(_), _) => clear(buffer, &shown.pieces, false),
            }
        }
        self.paint_live(buffer);
        if let Some((x, y, symbol, colour)) = self.anchor_cell()
            && let Some(cell) = buffer.cell_mut((x, y))
        {
            cell.set_symbol(&symbol).set_fg(colour);
            cell.modifier = Modifier::empty();
            cell.set_diff_option(CellDiffOption::ForcedWidth(NonZeroU16::MIN));
        }
    }

    /// What a picture drawn in this frame leaves uncovered is written before it.
    fn clear_drawn(&self, buffer: &mut Buffer, shown: &Shown) {
        if !shown.fresh {
            return clear(buffer, &shown.pieces, true);
        }
        clear(buffer, &shown.pieces, false);
        let Some(covered) = self.covered(shown) else { return };
        // It covers what stands there; blanks written before it would be seen.
        clear(buffer, &[covered], true);
    }

    fn paint_placeholders(&self, buffer: &mut Buffer, shown: &Shown) {
        let colour = placeholder::colour(shown.image, self.recipe.depth);
        each_cell(buffer, &shown.pieces, |cell, x, y| {
            let Some(symbol) = placeholder::symbol(x - shown.rect.x, y - shown.rect.y) else { return };
            cell.set_symbol(&symbol).set_fg(colour);
            cell.modifier = Modifier::empty();
            cell.set_diff_option(CellDiffOption::ForcedWidth(NonZeroU16::MIN));
        });
    }
}

fn each_cell(buffer: &mut Buffer, pieces: &[CellRect], mut draw: impl FnMut(&mut Cell, u16, u16)) {
    for piece in pieces {
        for y in piece.y..piece.y.saturating_add(piece.h) {
            for x in piece.x..piece.x.saturating_add(piece.w) {
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    draw(cell, x, y);
                }
            }
        }
    }
}

fn clear(buffer: &mut Buffer, pieces: &[CellRect], skip: bool) {
    each_cell(buffer, pieces, |cell, _, _| {
        cell.set_symbol(" ");
        if skip {
            cell.set_diff_option(CellDiffOption::Skip);
        }
    });
}

fn paint_grid(buffer: &mut Buffer, shown: &Shown, grid: &CellGrid) {
    each_cell(buffer, &shown.pieces, |cell, x, y| {
        let index = usize::from(y - shown.rect.y) * usize::from(grid.columns) + usize::from(x - shown.rect.x);
        let Some(picture) = grid.cells.get(index) else { return };
        cell.set_char(picture.symbol).set_fg(picture.foreground).set_bg(picture.background);
        cell.modifier = Modifier::empty();
    });
}
