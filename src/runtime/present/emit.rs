//! From what a place showed and what it shall show to the bytes that make it so.

use super::recipe::{Form, Prepared, Wanted};
use super::rects::visible;
use super::{Place, Presenter};
use crate::app::picture::{CellRect, PictureArea};
use crate::term::caps::Protocol;
use crate::term::graphics::Level;
use std::collections::BTreeMap;
use std::sync::Arc;

/// From the finest to the coarsest.
pub(super) const FINEST_FIRST: [Level; 3] = [Level::Exact, Level::Good, Level::First];

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
    /// The place, which numbers its placements (Kitty).
    pub(super) place: u32,
    /// It is drawn after this frame's diff, so what is below it is erased by the diff.
    pub(super) fresh: bool,
}

impl Shown {
    fn same_place(&self, other: &Self) -> bool {
        self.image == other.image
            && self.wanted == other.wanted
            && self.rect == other.rect
            && self.pieces == other.pieces
            && self.place == other.place
    }

    /// Its pixels are in the cells, and go when those are written.
    pub(super) fn is_drawn(&self) -> bool {
        matches!(self.prepared.form, Form::Iterm(_) | Form::Sixel(_))
    }
}

impl Presenter {
    /// Brings every place to what it shall show.
    pub(super) fn show(&mut self, areas: &[(&PictureArea, Wanted)]) {
        let mut old = std::mem::take(&mut self.places);
        let mut new: BTreeMap<u32, Place> = BTreeMap::new();
        let mut gone = Vec::new();
        for (area, base) in areas {
            let mut before = old.remove(&area.place);
            let upgrade = before.as_mut().and_then(|p| p.upgrade.take());
            let placed = before.as_ref().is_some_and(|p| !p.unsure);
            let before = before.and_then(|p| p.shown);
            let asked = area.exact;
            let mut shown = self.choose(area, base, before.as_ref());
            let stays = before.as_ref().zip(shown.as_ref()).is_some_and(|(b, s)| b.same_place(s));
            let under_way = upgrade.is_some();
            let upgrade = self.kept(upgrade, before.as_ref(), stays, base);
            // Parts of another level may be on the screen.
            let mixed = under_way && upgrade.is_none();
            match (before, &mut shown) {
                (Some(before), Some(shown)) if !stays => self.replace(&before, shown, mixed),
                (Some(_), Some(_)) | (None, None) => {}
                (None, Some(shown)) => self.draw(shown),
                (Some(before), None) => gone.push(before),
            }
            let thumbnail = area.thumbnail;
            let unsure = self.recipe.protocol == Protocol::KittyAnchored && !(stays && placed);
            new.insert(area.place, Place { wanted: base.clone(), shown, upgrade, asked, thumbnail, unsure });
        }
        for place in old.into_values() {
            if let (Some(upgrade), Some(shown)) = (place.upgrade, &place.shown) {
                self.cancel(upgrade, shown);
            }
            gone.extend(place.shown);
        }
        gone.iter().for_each(|shown| self.take_away(shown));
        self.places = new;
    }

    /// The finest picture that can be shown now; the old one if it is the same file at the same size.
    fn choose(&mut self, area: &PictureArea, base: &Wanted, before: Option<&Shown>) -> Option<Shown> {
        if self.store.failure(base).is_some() {
            return None;
        }
        let found = match self.by_id() || self.recipe.protocol == Protocol::KittyPlaceholders {
            true => self.choose_held(base),
            false => self.choose_drawn(area, base, before),
        };
        let same = before.filter(|b| b.wanted.picture == base.picture && b.wanted.cells == base.cells);
        let finer = |b: &&Shown, level: Level| b.wanted.at(level) == base.at(level) && b.wanted.level > level;
        let mut shown = match (found, same) {
            (Some((wanted, ..)), Some(old)) if finer(&old, wanted.level) => {
                self.at(area, old.wanted.clone(), Arc::clone(&old.prepared), old.image)
            }
            (Some((wanted, prepared, image)), _) => self.at(area, wanted, prepared, image),
            (None, Some(old)) => self.at(area, old.wanted.clone(), Arc::clone(&old.prepared), old.image),
            (None, None) => return None,
        };
        shown.fresh = shown.pieces == [shown.rect] && before.is_none_or(|b| !b.same_place(&shown));
        Some(shown)
    }

    pub(super) fn at(&self, area: &PictureArea, wanted: Wanted, prepared: Arc<Prepared>, image: u32) -> Shown {
        let fit = prepared.fit;
        let rect = CellRect {
            x: area.cells.x.saturating_add(fit.column),
            y: area.cells.y.saturating_add(fit.row),
            w: fit.columns,
            h: fit.rows,
        };
        let pieces = visible(rect, &self.covers);
        Shown { wanted, prepared, rect, pieces, image, place: area.place, fresh: true }
    }

    fn replace(&mut self, before: &Shown, shown: &mut Shown, mixed: bool) {
        if self.by_id() {
            self.draw(shown);
            return self.retire(before, shown);
        }
        self.uncover(before, shown);
        let same = before.wanted == shown.wanted && before.rect == shown.rect && before.is_drawn();
        // A pop-up that opens over a whole picture needs nothing but its own cells.
        match same && (!mixed || before.pieces == [before.rect]) {
            true => self.patch(before, shown),
            false => self.draw(shown),
        }
    }

    fn draw(&mut self, shown: &Shown) {
        match &shown.prepared.form {
            Form::Kitty(_) | Form::Held if self.by_id() => self.place(shown),
            Form::Iterm(_) | Form::Sixel(_) => self.draw_at_once(shown),
            _ => {}
        }
    }

    /// Takes a picture off the screen. What is drawn into cells goes with the cell diff.
    pub(super) fn take_away(&mut self, shown: &Shown) {
        self.vacate(shown);
        if self.by_id() {
            self.remove(shown);
        }
    }
}
