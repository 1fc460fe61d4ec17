//! From what a place showed and what it shall show to the bytes that make it so.

use super::recipe::{Form, Prepared, Wanted};
use super::rects::visible;
use super::ring::Held;
use super::{Place, Presenter, REMEMBERED};
use crate::app::picture::{CellRect, PictureArea};
use crate::term::caps::Protocol;
use crate::term::graphics::kitty::{self, Payload, Placement};
use crate::term::graphics::{iterm, shared, sixel};
use crate::term::seq;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A picture on the screen.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) wanted: Wanted,
    pub(super) prepared: Arc<Prepared>,
    /// The cells of the picture.
    pub(super) rect: CellRect,
    /// The parts of them that no pop-up covers.
    pub(super) pieces: Vec<CellRect>,
    /// The terminal's id of it (Kitty).
    pub(super) image: u32,
    /// Numbers its placements (Kitty): pieces count from here.
    pub(super) first: u32,
    /// It is drawn after this frame's diff, so what is below it is erased by the diff.
    pub(super) fresh: bool,
}

impl Shown {
    fn same_place(&self, other: &Self) -> bool {
        self.image == other.image
            && self.wanted == other.wanted
            && self.rect == other.rect
            && self.pieces == other.pieces
            && self.first == other.first
    }
}

impl Presenter {
    /// Brings every place to what it shall show.
    pub(super) fn show(&mut self, areas: &[(&PictureArea, Wanted)]) {
        let mut old = std::mem::take(&mut self.places);
        let mut new: BTreeMap<u32, Place> = BTreeMap::new();
        let mut gone = Vec::new();
        for (area, wanted) in areas {
            let before = old.remove(&area.place).and_then(|p| p.shown);
            let shown = self.choose(area, wanted, before.as_ref());
            match (before, &shown) {
                (Some(before), Some(shown)) => self.replace(&before, shown),
                (None, Some(shown)) => self.draw(shown),
                (Some(before), None) => gone.push(before),
                (None, None) => {}
            }
            new.insert(area.place, Place { wanted: wanted.clone(), shown });
        }
        gone.extend(old.into_values().filter_map(|p| p.shown));
        gone.iter().for_each(|shown| self.take_away(shown));
        self.places = new;
    }

    /// The new picture if it can be shown now; the old one if it is the same file at the same size.
    fn choose(&mut self, area: &PictureArea, wanted: &Wanted, before: Option<&Shown>) -> Option<Shown> {
        let ready = match self.store.get(wanted) {
            Some(Ok(prepared)) => Some(Arc::clone(prepared)),
            Some(Err(_)) => return None,
            None => None,
        };
        let found = ready.and_then(|prepared| Some((self.image_of(wanted, &prepared)?, prepared)));
        let mut shown = match (found, before) {
            (Some((image, prepared)), _) => self.at(area, wanted.clone(), prepared, image),
            (None, Some(old)) if old.wanted.picture == wanted.picture && old.wanted.cells == wanted.cells => {
                self.at(area, old.wanted.clone(), Arc::clone(&old.prepared), old.image)
            }
            _ => return None,
        };
        shown.fresh = shown.pieces == [shown.rect] && before.is_none_or(|b| !b.same_place(&shown));
        Some(shown)
    }

    fn at(&self, area: &PictureArea, wanted: Wanted, prepared: Arc<Prepared>, image: u32) -> Shown {
        let fit = prepared.fit;
        let rect = CellRect {
            x: area.cells.x.saturating_add(fit.column),
            y: area.cells.y.saturating_add(fit.row),
            w: fit.columns,
            h: fit.rows,
        };
        let pieces = visible(rect, &self.covers);
        let first = area.place.wrapping_mul(64).wrapping_add(1) & 0x7fff_ffff;
        Shown { wanted, prepared, rect, pieces, image, first, fresh: true }
    }

    /// The id to show it by: 0 for protocols without ids; nothing when its data has to go out first.
    fn image_of(&mut self, wanted: &Wanted, prepared: &Arc<Prepared>) -> Option<u32> {
        if !matches!(prepared.form, Form::Kitty(_) | Form::Held) {
            return Some(0);
        }
        if self.ring.is_there(wanted) {
            return self.ring.get(wanted).map(|h| h.id);
        }
        if self.ring.get(wanted).is_some() || matches!(prepared.form, Form::Held) || self.needs_upload(prepared) {
            return None;
        }
        let mut chunks = Vec::new();
        let held = self.hold(wanted, prepared, &mut chunks)?;
        self.early.extend(chunks.concat());
        self.ring.sent_inline(wanted);
        self.store.strip(wanted);
        Some(held.id)
    }

    /// Gives a picture an id and appends its transmission, after what has to be freed for it.
    pub(super) fn hold(&mut self, wanted: &Wanted, prepared: &Prepared, chunks: &mut Vec<Vec<u8>>) -> Option<Held> {
        let mut freed = Vec::new();
        let held = self.ring.insert(wanted, prepared.fit.canvas, self.frame, &self.needed, &mut freed);
        let tmux = self.recipe.tmux;
        let mut frees = Vec::new();
        for (old, id) in freed {
            kitty::free(&mut frees, id, tmux);
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
            Form::Kitty(Payload::Png(data)) => chunks.extend(kitty::transmit_png(held.id, data, tmux)),
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

    fn replace(&mut self, before: &Shown, shown: &Shown) {
        if before.same_place(shown) {
            return;
        }
        if !self.placed_by_id() {
            // A pop-up that opens over a picture needs nothing but its own cells.
            let smaller = before.wanted == shown.wanted && before.rect == shown.rect && before.pieces == [before.rect];
            self.vacate(before);
            if !smaller {
                self.draw(shown);
            }
            return;
        }
        self.draw(shown);
        // The new one is placed first, so that nothing blank can be seen between the two.
        let kept = if before.image == shown.image { shown.pieces.len() } else { 0 };
        let cover = middle(shown).filter(|_| self.ring.sending() > 0);
        for index in kept..before.pieces.len() {
            let number = number_of(before, index);
            match cover {
                Some((column, row)) => self.hide(before.image, number, column, row),
                None => kitty::unplace(&mut self.late, before.image, number),
            }
        }
    }

    /// Shrinks a placement to one pixel of its picture, in one cell below the picture that took its place.
    fn hide(&mut self, image: u32, number: u32, column: u16, row: u16) {
        let part = Some((0, 0, 1, 1));
        let hidden = Placement { image, number, column, row, columns: 1, rows: 1, part, below: true };
        kitty::place(&mut self.late, &hidden);
        self.hidden.push((image, number));
    }

    /// Deletes what was hidden.
    pub(super) fn delete_hidden(&mut self) {
        for (image, number) in std::mem::take(&mut self.hidden) {
            kitty::unplace(&mut self.early, image, number);
        }
    }

    fn placed_by_id(&self) -> bool {
        matches!(self.recipe.protocol, Protocol::Kitty { .. })
    }

    fn draw(&mut self, shown: &Shown) {
        let at = (self.origin.0.saturating_add(shown.rect.x), self.origin.1.saturating_add(shown.rect.y));
        let tmux = self.recipe.tmux;
        match &shown.prepared.form {
            Form::Kitty(_) | Form::Held if self.placed_by_id() => {
                for (index, piece) in shown.pieces.iter().enumerate() {
                    let placement = placement(shown, *piece, index);
                    self.hidden.retain(|h| *h != (placement.image, placement.number));
                    kitty::place(&mut self.late, &placement);
                }
            }
            Form::Iterm(file) => {
                let bytes = iterm::show(file, at, (shown.rect.w, shown.rect.h), tmux).concat();
                self.draw_at_once(shown, &bytes);
            }
            Form::Sixel(sixel) => {
                let bytes = sixel::show(sixel, at, tmux).concat();
                self.draw_at_once(shown, &bytes);
            }
            _ => {}
        }
    }

    /// These protocols draw all or nothing: a picture that a pop-up covers is drawn before the cell diff, which then
    /// writes the pop-up's cells over it.
    fn draw_at_once(&mut self, shown: &Shown, bytes: &[u8]) {
        if shown.pieces == [shown.rect] {
            return self.late.extend_from_slice(bytes);
        }
        if shown.pieces.is_empty() {
            return;
        }
        let CellRect { x, y, w, h } = shown.rect;
        self.early.extend_from_slice(seq::RESET_STYLE);
        seq::erase(&mut self.early, x, y, w, h);
        self.early.extend_from_slice(bytes);
        self.vacated.push(shown.rect);
    }

    fn vacate(&mut self, shown: &Shown) {
        if matches!(self.recipe.protocol, Protocol::Iterm | Protocol::Sixel) {
            self.vacated.extend_from_slice(&shown.pieces);
        }
    }

    /// Takes a picture off the screen. What is drawn into cells goes with the cell diff.
    pub(super) fn take_away(&mut self, shown: &Shown) {
        self.vacate(shown);
        if self.placed_by_id() {
            // They would come to light with this one gone.
            self.delete_hidden();
            for index in 0..shown.pieces.len() {
                kitty::unplace(&mut self.early, shown.image, number_of(shown, index));
            }
        }
    }
}

fn number_of(shown: &Shown, index: usize) -> u32 {
    shown.first.wrapping_add(u32::try_from(index).unwrap_or(0))
}

fn placement(shown: &Shown, piece: CellRect, index: usize) -> Placement {
    let fit = shown.prepared.fit;
    let (width, height) = (fit.canvas.0 / u32::from(fit.columns.max(1)), fit.canvas.1 / u32::from(fit.rows.max(1)));
    let part = (piece != shown.rect).then(|| {
        let (x, y) = (u32::from(piece.x - shown.rect.x) * width, u32::from(piece.y - shown.rect.y) * height);
        (x, y, u32::from(piece.w) * width, u32::from(piece.h) * height)
    });
    Placement {
        image: shown.image,
        number: number_of(shown, index),
        column: piece.x,
        row: piece.y,
        columns: piece.w,
        rows: piece.h,
        part,
        below: false,
    }
}

/// A cell that the picture surely covers: padding is only at its edges.
fn middle(shown: &Shown) -> Option<(u16, u16)> {
    let (x, y) = (shown.rect.x + shown.rect.w / 2, shown.rect.y + shown.rect.h / 2);
    let covers = |p: &CellRect| (p.x..p.x + p.w).contains(&x) && (p.y..p.y + p.h).contains(&y);
    shown.pieces.iter().any(covers).then_some((x, y))
}
