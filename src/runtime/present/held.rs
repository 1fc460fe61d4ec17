//! Pictures that the terminal holds (Kitty): sent once under an id of their own, then placed by a few bytes.

use super::emit::{FINEST_FIRST, Shown};
use super::plan::Moment;
use super::recipe::{Form, Prepared, Wanted};
use super::ring::Held;
use super::{Presenter, REMEMBERED};
use crate::app::picture::CellRect;
use crate::term::caps::Protocol;
use crate::term::graphics::kitty::{self, Anchor, Payload, Placement};
use crate::term::graphics::{placeholder, shared};
use std::sync::Arc;

/// Placements of the pieces of a picture that a pop-up cuts are numbered from here, so that whole ones have short numbers.
const PIECES: u32 = 1 << 24;
/// The most pieces of one picture.
const MOST_PIECES: u32 = 64;

impl Presenter {
    /// Whether pictures are placed by their ids.
    pub(super) fn by_id(&self) -> bool {
        matches!(self.recipe.protocol, Protocol::Kitty { .. } | Protocol::KittyAnchored)
    }

    /// The finest level that the terminal has or can get within this frame.
    pub(super) fn choose_held(&mut self, base: &Wanted) -> Option<(Wanted, Arc<Prepared>, u32)> {
        for level in FINEST_FIRST {
            let wanted = base.at(level);
            let Some(Ok(prepared)) = self.store.get(&wanted) else { continue };
            let prepared = Arc::clone(prepared);
            if let Some(image) = self.image_of(&wanted, &prepared) {
                return Some((wanted, prepared, image));
            }
        }
        None
    }

    /// The id to show it by; nothing when its data has to go out first.
    fn image_of(&mut self, wanted: &Wanted, prepared: &Arc<Prepared>) -> Option<u32> {
        if self.ring.is_there(wanted) {
            return self.ring.get(wanted).map(|h| h.id);
        }
        let under_way = self.ring.get(wanted).is_some() || matches!(prepared.form, Form::Held);
        if under_way || self.needs_upload(prepared) || !self.has_room(prepared.wire()) {
            return None;
        }
        let mut chunks = Vec::new();
        let held = self.hold(wanted, prepared, &mut chunks)?;
        self.early.extend(chunks.concat());
        self.ring.sent_inline(wanted);
        self.sent(wanted, prepared);
        Some(held.id)
    }

    /// Gives a picture an id and appends its transmission, after what has to be freed for it.
    pub(super) fn hold(&mut self, wanted: &Wanted, prepared: &Prepared, chunks: &mut Vec<Vec<u8>>) -> Option<Held> {
        let mut freed = Vec::new();
        let held = self.ring.insert(wanted, prepared.canvas, self.frame, &self.ranks, &mut freed);
        let tmux = self.recipe.tmux;
        let mut frees = Vec::new();
        for (old, id) in freed {
            if self.frees {
                kitty::free(&mut frees, id, tmux);
            }
            self.store.remove(&old);
        }
        if !frees.is_empty() {
            chunks.push(frees);
        }
        self.cleanup_changed = true;
        let Some(held) = held else {
            // Nothing is sent that could carry the frees.
            self.early.extend(std::mem::take(chunks).concat());
            return None;
        };
        match &prepared.form {
            Form::Kitty(Payload::Png(data)) => chunks.extend(kitty::transmit_png(held.id, data, tmux, !tmux)),
            Form::Kitty(Payload::Raw { data, bits, width, height }) => {
                chunks.extend(self.transmit_raw(held.id, data, *bits, (*width, *height)));
            }
            Form::Held | Form::Iterm(_) | Form::Sixel(_) | Form::Cells(_) => {}
        }
        if self.recipe.protocol == Protocol::KittyPlaceholders {
            let mut bytes = Vec::new();
            kitty::place_virtual(&mut bytes, held.id, prepared.fit.columns, prepared.fit.rows, tmux);
            chunks.push(bytes);
        }
        Some(held)
    }

    fn transmit_raw(&mut self, id: u32, data: &[u8], bits: u8, size: (u32, u32)) -> Vec<Vec<u8>> {
        match shared::create_numbered(data, &self.counter) {
            Ok(name) => {
                let sequence = kitty::transmit_shared(id, &name, bits, size, data.len());
                self.shared.push_back(name);
                if self.shared.len() > REMEMBERED
                    && let Some(old) = self.shared.pop_front()
                {
                    shared::remove(&old);
                }
                vec![sequence]
            }
            // `/dev/shm` may be small or full; the connection always works.
            Err(_) => kitty::transmit_raw(id, data, bits, size, self.recipe.tmux),
        }
    }

    pub(super) fn place(&mut self, shown: &Shown) {
        let (anchor, answers) = (self.anchor, self.answers);
        for (index, piece) in shown.pieces.iter().enumerate() {
            let placement = placement(shown, *piece, index);
            self.hidden.retain(|h| *h != (placement.image, placement.number));
            kitty::place(&mut self.late, &placement, anchor.as_ref(), answers);
        }
    }

    /// Places once more what went through tmux, when the person stays and an answer would come: nobody sees that, but what
    /// was lost comes to light.
    pub(super) fn place_again(&mut self) {
        if self.mood.moment < Moment::Idle || !self.answers {
            return;
        }
        let unsure = self.places.values_mut().filter(|p| p.unsure && p.shown.is_some());
        let shown: Vec<Shown> =
            unsure.filter_map(|p| (std::mem::take(&mut p.unsure)).then(|| p.shown.clone())?).collect();
        shown.iter().for_each(|s| self.place(s));
    }

    /// Takes the placements of `before` away that `shown` does not move. The new one is placed already, so that nothing
    /// blank can be seen between the two.
    pub(super) fn retire(&mut self, before: &Shown, shown: &Shown) {
        let kept = if before.image == shown.image { shown.pieces.len() } else { 0 };
        // kitty before 0.41 goes on with the upload, and does not repaint cells below a picture under the text.
        let cover = Self::middle(shown).filter(|_| self.frees && self.ring.sending() > 0);
        for index in kept..before.pieces.len() {
            let number = number_of(before, index);
            match cover {
                Some(cell) => self.hide(before.image, number, cell),
                None => kitty::unplace(&mut self.late, before.image, number, false),
            }
        }
    }

    /// The middle cell of an unbroken picture: pictures are centred in their places, so every picture that follows in this
    /// place covers it too.
    fn middle(shown: &Shown) -> Option<(u16, u16)> {
        let CellRect { x, y, w, h } = shown.rect;
        let large = w > 2 && h > 2 && shown.pieces == [shown.rect];
        large.then_some((x + w / 2, y + h / 2))
    }

    /// Shrinks a placement to one pixel below the picture that took its place.
    fn hide(&mut self, image: u32, number: u32, (column, row): (u16, u16)) {
        let hidden =
            Placement { image, number, column, row, columns: 1, rows: 1, part: None, above: false, spot: true };
        kitty::place(&mut self.late, &hidden, self.anchor.as_ref(), self.answers);
        self.hidden.push((image, number));
    }

    /// Deletes what was hidden.
    pub(super) fn delete_hidden(&mut self) {
        for (image, number) in std::mem::take(&mut self.hidden) {
            kitty::unplace(&mut self.early, image, number, self.recipe.tmux);
        }
    }

    pub(super) fn remove(&mut self, shown: &Shown) {
        // They would come to light with this one gone.
        self.delete_hidden();
        for index in 0..shown.pieces.len() {
            kitty::unplace(&mut self.early, shown.image, number_of(shown, index), self.recipe.tmux);
        }
    }

    /// Makes sure that there is an anchor, in the first column, which every screen leaves free, where no pop-up stands.
    pub(super) fn drop_anchor(&mut self, rows: u16) {
        if self.recipe.protocol != Protocol::KittyAnchored {
            self.anchor = None;
            return;
        }
        let covered = |row: u16| self.covers.iter().any(|c| c.x == 0 && (c.y..c.y.saturating_add(c.h)).contains(&row));
        let row = (0..rows.max(1)).find(|row| !covered(*row)).unwrap_or(0);
        let image = match self.anchor {
            Some(anchor) if anchor.row == row => return,
            Some(anchor) => anchor.image,
            None => {
                let image = self.ring.reserve();
                self.early.extend(kitty::anchor(image, 1, self.recipe.tmux));
                self.cleanup_changed = true;
                image
            }
        };
        self.anchor = Some(Anchor { image, number: 1, column: 0, row });
        // What stands beside the old one is placed again beside this one.
        let shown: Vec<Shown> = self.places.values().filter_map(|p| p.shown.clone()).collect();
        shown.iter().for_each(|s| self.place(s));
    }

    /// Symbol and colour of the anchor's cell.
    pub(super) fn anchor_cell(&self) -> Option<(u16, u16, String, ratatui::style::Color)> {
        let anchor = self.anchor?;
        let symbol = placeholder::symbol(0, 0)?;
        Some((anchor.column, anchor.row, symbol, placeholder::colour(anchor.image, self.recipe.depth)))
    }
}

fn number_of(shown: &Shown, index: usize) -> u32 {
    let index = u32::try_from(index).unwrap_or(0);
    match index {
        0 => shown.place.wrapping_add(1) & 0x7fff_ffff,
        _ => (PIECES.wrapping_add(shown.place.wrapping_mul(MOST_PIECES)).wrapping_add(index)) & 0x7fff_ffff,
    }
}

fn placement(shown: &Shown, piece: CellRect, index: usize) -> Placement {
    let canvas = shown.prepared.canvas;
    let across = |cells: u16| u32::from(cells) * canvas.0 / u32::from(shown.rect.w.max(1));
    let down = |cells: u16| u32::from(cells) * canvas.1 / u32::from(shown.rect.h.max(1));
    let part = (piece != shown.rect).then(|| {
        let (x, y) = (across(piece.x - shown.rect.x), down(piece.y - shown.rect.y));
        (x, y, across(piece.w).max(1), down(piece.h).max(1))
    });
    Placement {
        image: shown.image,
        number: number_of(shown, index),
        column: piece.x,
        row: piece.y,
        columns: piece.w,
        rows: piece.h,
        part,
        above: false,
        spot: false,
    }
}
