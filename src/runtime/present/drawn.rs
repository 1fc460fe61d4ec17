//! Pictures that are drawn and not kept (iTerm2, sixel, characters).
//!
//! The key draws what is small; the better levels of the picture under the cursor follow in parts between frames, as
//! uploads that a key overtakes and cancels.

use super::emit::{FINEST_FIRST, Shown};
use super::plan::Moment;
use super::recipe::{Form, Prepared, Wanted};
use super::rects::without;
use super::{INLINE, Place, Presenter};
use crate::app::picture::{CellRect, PictureArea};
use crate::term::caps::Protocol;
use crate::term::graphics::{Level, iterm, sixel};
use crate::term::output::Upload;
use crate::term::seq;
use std::sync::Arc;

/// A better level of what a place shows, on its way.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub(super) tag: u64,
    pub(super) shown: Shown,
}

impl Presenter {
    /// What a place shows now: the finest level on a fast link; on a slow one the finest that is small, until the person
    /// stays.
    pub(super) fn choose_drawn(
        &mut self,
        area: &PictureArea,
        base: &Wanted,
        before: Option<&Shown>,
    ) -> Option<(Wanted, Arc<Prepared>, u32)> {
        let ready = self.ready(base);
        let best = ready.first()?;
        let slow = self.mood.slow;
        let same = before.filter(|b| b.wanted.at(Level::Exact) == *base);
        let chosen = match same {
            Some(before) if slow => {
                let allowed = |w: &Wanted| w.level > before.wanted.level && self.is_time(w.level, area.exact);
                let finer = ready.iter().find(|(w, p)| allowed(w) && (p.wire() <= INLINE || p.is_cells()));
                finer.cloned().unwrap_or_else(|| (before.wanted.clone(), Arc::clone(&before.prepared)))
            }
            // What is large would keep the next key waiting; the first paint comes in a moment.
            None if slow && !area.thumbnail => {
                let small = |w: &Wanted, p: &Prepared| w.level == Level::First || p.is_cells() || p.wire() <= INLINE;
                ready.iter().find(|(w, p)| small(w, p))?.clone()
            }
            _ => best.clone(),
        };
        let drawn = same.is_some_and(|b| b.wanted == chosen.0);
        if !drawn && area.thumbnail && !self.has_room(chosen.1.wire()) {
            self.deferred = true;
            return None;
        }
        Some((chosen.0, chosen.1, 0))
    }

    /// The levels that are made, the finest first.
    fn ready(&mut self, base: &Wanted) -> Vec<(Wanted, Arc<Prepared>)> {
        let mut out = Vec::with_capacity(FINEST_FIRST.len());
        for level in FINEST_FIRST {
            let wanted = base.at(level);
            if let Some(Ok(prepared)) = self.store.get(&wanted) {
                out.push((wanted, Arc::clone(prepared)));
            }
        }
        out
    }

    fn is_time(&self, level: Level, asked: bool) -> bool {
        match level {
            Level::First => true,
            Level::Good => self.mood.moment >= Moment::Pause || asked,
            Level::Exact => self.mood.moment >= Moment::Idle || asked,
        }
    }

    /// The uploads that bring better levels of what is on the screen.
    pub(super) fn upgrades(&mut self) -> Vec<Upload> {
        let drawn = matches!(self.recipe.protocol, Protocol::Iterm | Protocol::Sixel);
        if !drawn || !self.mood.slow || self.places.values().any(|p| p.upgrade.is_some()) {
            return Vec::new();
        }
        let places: Vec<(u32, Wanted, bool, Shown)> =
            self.places.iter().filter_map(|place| self.upgradable(place)).collect();
        for (number, base, asked, shown) in places {
            let ready = self.ready(&base);
            let finer = ready.into_iter().find(|(w, _)| w.level > shown.wanted.level && self.is_time(w.level, asked));
            let Some((wanted, prepared)) = finer else { continue };
            let better = Shown { wanted, prepared, fresh: false, ..shown };
            let Some(mut chunks) = self.sequences(&better) else { continue };
            if shown.prepared.is_cells() {
                chunks.insert(0, self.erased_edges(&better));
            }
            let tag = self.ring.fresh_tag();
            if let Some(place) = self.places.get_mut(&number) {
                place.upgrade = Some(Upgrade { tag, shown: better });
            }
            return vec![Upload { tag, chunks, abort: Vec::new() }];
        }
        Vec::new()
    }

    /// Blanks the cells that a picture will cover only in part: what stands there now would stay beside it.
    fn erased_edges(&self, shown: &Shown) -> Vec<u8> {
        let mut out = seq::RESET_STYLE.to_vec();
        let edges = self.covered(shown).map_or_else(|| vec![shown.rect], |covered| without(shown.rect, covered));
        edges.iter().for_each(|edge| seq::erase(&mut out, edge.x, edge.y, edge.w, edge.h));
        out
    }

    fn upgradable(&self, (number, place): (&u32, &Place)) -> Option<(u32, Wanted, bool, Shown)> {
        let shown = place.shown.as_ref().filter(|s| self.is_clear(s.rect))?;
        let same = shown.wanted.at(Level::Exact) == place.wanted;
        same.then(|| (*number, place.wanted.clone(), place.asked, shown.clone()))
    }

    /// An upload has gone out: the place shows the better level.
    pub(super) fn upgraded(&mut self, tag: u64) -> bool {
        let found = self.places.values_mut().find(|p| p.upgrade.as_ref().is_some_and(|u| u.tag == tag));
        let Some(place) = found else { return false };
        if let Some(upgrade) = place.upgrade.take() {
            self.redrawn.push(upgrade.shown.rect);
            place.shown = Some(upgrade.shown);
        }
        // It was drawn over the names on the picture.
        self.vacated.extend_from_slice(&self.names);
        true
    }

    /// The upgrade that is under way, if the place still shows what it improves; else it ends here, and what it has
    /// drawn so far is drawn over.
    pub(super) fn kept(
        &mut self,
        upgrade: Option<Upgrade>,
        before: Option<&Shown>,
        stays: bool,
        base: &Wanted,
    ) -> Option<Upgrade> {
        let upgrade = upgrade?;
        if stays && upgrade.shown.wanted.at(Level::Exact) == *base {
            return Some(upgrade);
        }
        if let Some(before) = before {
            self.cancel(upgrade, before);
        }
        None
    }

    /// Ends an upgrade: parts of it may be on the screen.
    pub(super) fn cancel(&mut self, upgrade: Upgrade, before: &Shown) {
        self.vacated.push(upgrade.shown.rect);
        self.vacated.extend_from_slice(&before.pieces);
    }

    /// The sequences that draw a picture, from the top.
    pub(super) fn sequences(&self, shown: &Shown) -> Option<Vec<Vec<u8>>> {
        let at = (self.origin.0.saturating_add(shown.rect.x), self.origin.1.saturating_add(shown.rect.y));
        let tmux = self.recipe.tmux;
        match &shown.prepared.form {
            Form::Iterm(file) => Some(iterm::show(file, at, (shown.rect.w, shown.rect.h), tmux)),
            Form::Sixel(sixel) => Some(sixel::show(sixel, at, tmux)),
            _ => None,
        }
    }

    /// These protocols draw all or nothing: a picture that a pop-up covers is drawn before the cell diff, which then
    /// writes the pop-up's cells over it.
    pub(super) fn draw_at_once(&mut self, shown: &Shown) {
        let Some(mut sequences) = self.sequences(shown) else { return };
        // The last strip first: the row of cells that it fills only in part was erased, and is empty until then.
        if let Some(last) = sequences.pop() {
            sequences.insert(0, last);
        }
        self.spend(shown.prepared.wire());
        if shown.pieces == [shown.rect] {
            return self.late.extend(sequences.concat());
        }
        if shown.pieces.is_empty() {
            return;
        }
        let CellRect { x, y, w, h } = shown.rect;
        self.early.extend_from_slice(seq::RESET_STYLE);
        seq::erase(&mut self.early, x, y, w, h);
        self.early.extend(sequences.concat());
        self.vacated.push(shown.rect);
    }

    /// The cells below a drawn picture are written again with the next diff.
    pub(super) fn vacate(&mut self, shown: &Shown) {
        if shown.is_drawn() {
            self.vacated.extend_from_slice(&shown.pieces);
        }
    }

    /// Has the cells written again that `before` covered and `shown` does not. Where the new picture covers them they are
    /// left alone: a terminal without synchronized updates would show them blank for a moment.
    pub(super) fn uncover(&mut self, before: &Shown, shown: &Shown) {
        if !before.is_drawn() {
            return;
        }
        match self.covered(shown) {
            Some(covered) => self.vacated.extend(before.pieces.iter().flat_map(|p| without(*p, covered))),
            None => self.vacated.extend_from_slice(&before.pieces),
        }
    }

    /// The cells that a picture drawn after the diff covers to the last pixel.
    pub(super) fn covered(&self, shown: &Shown) -> Option<CellRect> {
        self.filled(shown).filter(|_| shown.pieces == [shown.rect])
    }

    /// The cells that a picture fills to the last pixel.
    pub(super) fn filled(&self, shown: &Shown) -> Option<CellRect> {
        let CellRect { x, y, w, h } = shown.rect;
        let whole = |pixels: u32, cell: u16| u16::try_from(pixels / u32::from(cell)).unwrap_or(u16::MAX);
        let (width, height) = shown.prepared.fit.picture;
        let (across, down) = (whole(width, self.recipe.cell.0).min(w), whole(height, self.recipe.cell.1).min(h));
        match &shown.prepared.form {
            Form::Sixel(sixel) if sixel.whole => Some(shown.rect),
            Form::Sixel(_) => Some(CellRect { x, y, w: across, h: down }),
            Form::Iterm(file) if file.strip_rows > 0 => Some(shown.rect),
            // The terminal centres it in its cells.
            Form::Iterm(_) if across < w || down < h => {
                let (left, top) = (u16::from(across < w), u16::from(down < h));
                Some(CellRect { x: x + left, y: y + top, w: w.saturating_sub(2 * left), h: h.saturating_sub(2 * top) })
            }
            Form::Iterm(_) => Some(shown.rect),
            _ => None,
        }
    }
}
