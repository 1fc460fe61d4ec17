//! What comes back of a drawn picture (iTerm2, sixel) when letters, a name or a pop-up leave its cells.
//!
//! These protocols keep nothing: what a character erased has to be drawn again. The rest of the picture is still there,
//! so only the cells that were damaged are drawn, cut out of the sequences that are kept; a badge that gets a letter
//! shorter costs a few hundred bytes instead of the picture. A file for iTerm2 in one piece (few bytes, or lossy) comes
//! back whole. xterm remembers sixteen sixel sequences for when a window that stood before it goes away: after many small
//! ones it has forgotten the first, until the picture is drawn anew.

use super::Presenter;
use super::emit::Shown;
use super::recipe::Form;
use super::rects::{merged, visible};
use crate::app::picture::CellRect;
use crate::term::graphics::{Cells, iterm, sixel};
use crate::term::seq;

impl Presenter {
    /// Brings back what `before` left out and `shown`, the same picture in the same cells, does not.
    pub(super) fn patch(&mut self, before: &Shown, shown: &mut Shown) {
        let bare = shown.pieces.iter().flat_map(|piece| visible(*piece, &before.pieces)).collect();
        // The rest of it stays as it is, and is no business of the diff.
        shown.fresh = false;
        self.restore(shown, bare);
    }

    /// Draws cells of a picture that is on the screen for the rest, before the diff writes what stands on it.
    pub(super) fn restore(&mut self, shown: &Shown, damaged: Vec<CellRect>) {
        let damaged = merged(&damaged);
        if damaged.is_empty() {
            return;
        }
        let whole = shown.prepared.wire();
        let cut = self.parts(shown, &damaged).filter(|(bytes, _)| bytes.len() < whole);
        let all = || Some((self.sequences(shown)?.concat(), vec![shown.rect]));
        let Some((bytes, drawn)) = cut.or_else(all) else { return };
        self.early.extend_from_slice(seq::RESET_STYLE);
        // Cells that the picture fills to the last pixel need not be blank for a moment.
        let filled: Vec<CellRect> = self.filled(shown).into_iter().collect();
        for CellRect { x, y, w, h } in damaged.iter().flat_map(|rect| visible(*rect, &filled)) {
            seq::erase(&mut self.early, x, y, w, h);
        }
        self.spend(bytes.len());
        self.early.extend(bytes);
        self.vacated.extend_from_slice(&drawn);
        self.redrawn.extend(drawn);
    }

    /// The sequences that draw parts of a picture, and the cells that they draw.
    fn parts(&self, shown: &Shown, parts: &[CellRect]) -> Option<(Vec<u8>, Vec<CellRect>)> {
        let CellRect { x, y, w, h } = shown.rect;
        let at = (self.origin.0.saturating_add(x), self.origin.1.saturating_add(y));
        let (mut bytes, mut drawn) = (Vec::new(), Vec::new());
        for part in parts {
            let cells = Cells { column: part.x - x, row: part.y - y, columns: part.w, rows: part.h };
            match &shown.prepared.form {
                Form::Sixel(sixel) => {
                    let sequences = sixel::show_part(sixel, cells, self.recipe.cell, at, self.recipe.tmux)?;
                    bytes.extend(sequences.concat());
                    drawn.push(*part);
                }
                Form::Iterm(file) => {
                    let (sequences, cells) = iterm::show_part(file, cells, (w, h), at, self.recipe.tmux)?;
                    bytes.extend(sequences.concat());
                    drawn.push(CellRect { x: x + cells.column, y: y + cells.row, w: cells.columns, h: cells.rows });
                }
                _ => return None,
            }
        }
        Some((bytes, drawn))
    }
}
