//! Puts pictures on the screen: decides what each place shows, when, and with which bytes.
//!
//! The loop calls, for every frame it is going to write: [`Presenter::plan`] with the areas of this frame, then
//! [`Presenter::paint`] on the buffer after the screen was drawn, and around the cell diff, inside one synchronized
//! update, [`Presenter::before`] and [`Presenter::after`]. After every frame and every report it calls
//! [`Presenter::upload`] and hands what it gets to the output, after it has told the output which uploads still matter
//! ([`Presenter::alive`]).
//!
//! What always holds: a place never shows another file than the one it was given; while only the size or the part of
//! the same file changes, the old picture stays until the new one replaces it in one step; an id that the terminal may
//! know is never sent again; everything we sent to the terminal is freed in the end.

mod answers;
mod drawn;
mod emit;
mod held;
mod live;
mod look;
mod paint;
mod patch;
pub mod plan;
pub mod recipe;
mod rects;
mod ring;
mod sending;
mod store;

use crate::app::picture::{CellRect, PictureArea, PictureRef, PictureState};
use crate::runtime::pool::Decoded;
use crate::term::caps::{Caps, Protocol};
use crate::term::graphics::{Level, kitty, placeholder, shared};
pub use answers::Answer;
use drawn::Upgrade;
use emit::Shown;
use plan::{Have, Moment, Mood};
use recipe::{Form, Prepared, Recipe, Wanted};
pub use ring::QUOTA;
use ring::Ring;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use store::Store;

/// Uploads on their way at the same time. More would only wait in the writer, where they cannot be re-ordered.
const UPLOADS_AT_ONCE: usize = 2;
/// A transmission of at most so many bytes goes inside the frame that shows it.
const INLINE: usize = 16 * 1024;
/// Replaced pictures that wait, hidden below the new one, for a frame that answers no key.
const MOST_HIDDEN: usize = 32;
/// Shared memory objects remembered, to be removed at the end if the terminal never read them.
const REMEMBERED: usize = 64;

/// What a place was given and what it shows.
#[derive(Debug)]
struct Place {
    /// At the exact level.
    wanted: Wanted,
    shown: Option<Shown>,
    /// A better level on its way (protocols that draw).
    upgrade: Option<Upgrade>,
    /// The person asked for every pixel.
    asked: bool,
    thumbnail: bool,
    /// It was placed through tmux, which drops what its terminal is too slow to take, and says nothing of it.
    unsure: bool,
}

/// The presenter.
#[derive(Debug)]
pub struct Presenter {
    recipe: Recipe,
    /// Freeing one picture leaves the others alone.
    frees: bool,
    /// Number of the frame, for what was used last.
    frame: u64,
    mood: Mood,
    store: Store,
    ring: Ring,
    places: BTreeMap<u32, Place>,
    /// Everything to be sent, the most urgent first, and the place of each in that order; 0 is on the screen.
    order: Vec<Wanted>,
    ranks: HashMap<Wanted, usize>,
    /// Bytes that pictures may still add to this frame.
    room: usize,
    /// Pictures were left out of this frame for want of room.
    deferred: bool,
    covers: Vec<CellRect>,
    /// Those of them that are names on a picture.
    names: Vec<CellRect>,
    origin: (u16, u16),
    anchor: Option<kitty::Anchor>,
    /// The boxes that are being edited, by place.
    live: BTreeMap<u32, live::Live>,
    /// Cells where line characters have left holes in drawn pictures.
    torn: BTreeSet<(u16, u16)>,
    /// Cells that pictures are drawn on before the diff of this frame: what stands on them is written again.
    redrawn: Vec<CellRect>,
    /// An error of a placement may be answered: nothing else can get the answer.
    answers: bool,
    /// Placements (image, number) that are hidden below a new picture until they can be deleted: a delete while an
    /// upload is under way would abort it.
    hidden: Vec<(u32, u32)>,
    /// Cells that a drawn picture left: they are written again, whatever the diff says.
    vacated: Vec<CellRect>,
    /// Bytes for before and after the cell diff of this frame.
    early: Vec<u8>,
    late: Vec<u8>,
    states: HashMap<PictureRef, PictureState>,
    changed: Vec<(PictureRef, PictureState)>,
    shared: VecDeque<String>,
    counter: AtomicU32,
    cleanup_changed: bool,
    /// Pictures that the terminal refused since it last took one.
    refusals: u32,
    /// Uploads that were written and of which nothing bad was heard yet.
    unconfirmed: u32,
}

impl Presenter {
    /// A presenter that has shown nothing yet.
    #[must_use]
    pub fn new(caps: &Caps) -> Self {
        Self {
            recipe: Recipe::new(caps),
            frees: caps.frees,
            frame: 0,
            mood: Mood::default(),
            store: Store::new(),
            ring: new_ring(caps),
            places: BTreeMap::new(),
            order: Vec::new(),
            ranks: HashMap::new(),
            room: 0,
            deferred: false,
            covers: Vec::new(),
            names: Vec::new(),
            origin: (0, 0),
            anchor: None,
            live: BTreeMap::new(),
            torn: BTreeSet::new(),
            redrawn: Vec::new(),
            answers: false,
            hidden: Vec::new(),
            vacated: Vec::new(),
            early: Vec::new(),
            late: Vec::new(),
            states: HashMap::new(),
            changed: Vec::new(),
            shared: VecDeque::new(),
            counter: AtomicU32::new(0),
            cleanup_changed: false,
            refusals: 0,
            unconfirmed: 0,
        }
    }

    /// Takes new capabilities: after the probe, or when the size of a cell changed. What was prepared for other ones
    /// is taken away in the next frame.
    pub fn set_caps(&mut self, caps: &Caps) {
        let recipe = Recipe::new(caps);
        self.frees = caps.frees;
        if recipe == self.recipe {
            return;
        }
        self.repaint_all();
        self.free_all();
        self.recipe = recipe;
        let next = new_ring(caps);
        self.ring = next;
    }

    /// Where pop-ups of this frame stand: pictures are not drawn there. Call before [`Self::plan`].
    pub fn set_covers(&mut self, covers: &[CellRect]) {
        self.covers = covers.to_vec();
    }

    /// Which of the covers are names on a picture: lines above the picture may cross them. Call after
    /// [`Self::set_covers`] where there are any.
    pub fn set_names(&mut self, names: &[CellRect]) {
        self.names = names.to_vec();
    }

    /// Whether nothing but names stands before these cells.
    fn is_clear(&self, rect: CellRect) -> bool {
        let mut pop_ups = self.covers.iter().filter(|c| !self.names.contains(c));
        pop_ups.all(|c| rects::common(*c, rect).is_none())
    }

    /// Where our top left cell lies on the terminal outside of tmux; only sixel and iTerm2 inside tmux need it.
    pub fn set_origin(&mut self, column: u16, row: u16) {
        self.origin = (column, row);
    }

    /// Decides what this frame shows, and gives what has to be prepared, the most urgent first: the whole list for
    /// [`crate::runtime::pool::DecodePool::want`]. `typed` says that the person pressed a key here just now. Call only
    /// for a frame that will be written.
    #[must_use]
    pub fn plan(&mut self, areas: &[PictureArea], ahead: &[PictureArea], mood: Mood, typed: bool) -> Vec<Wanted> {
        self.frame += 1;
        // Shared memory is no link.
        let mood = Mood { slow: mood.slow && self.recipe.protocol != Protocol::Kitty { shared_memory: true }, ..mood };
        self.mood = mood;
        self.room = if mood.slow { mood.room.max(INLINE) } else { usize::MAX };
        self.deferred = false;
        // Inside tmux an answer goes to the active pane, which is ours while the person types here.
        self.answers = !self.recipe.tmux || typed;
        let orders = plan::orders(areas, ahead, self.recipe, mood, |w| self.have(w));
        self.rank(orders.send);
        let areas: Vec<(&PictureArea, Wanted)> = areas.iter().map(|a| (a, self.base(a))).collect();
        // A frame that answers a key carries nothing that can wait.
        let enough = mood.moment > Moment::Busy || self.hidden.len() >= MOST_HIDDEN;
        if self.ring.sending() == 0 && enough {
            self.delete_hidden();
        }
        if self.recipe.protocol != Protocol::None {
            self.drop_anchor(areas.iter().map(|(a, _)| a.cells.y.saturating_add(a.cells.h)).max().unwrap_or(1));
            self.show(&areas);
            self.place_again();
            self.show_live(&areas.iter().map(|(a, _)| *a).collect::<Vec<_>>());
        }
        self.note_states(&areas);
        orders.make.into_iter().filter(|w| self.store.get(w).is_none()).collect()
    }

    fn base(&self, area: &PictureArea) -> Wanted {
        Wanted::new(area, self.recipe, Level::Exact)
    }

    fn have(&mut self, wanted: &Wanted) -> Have {
        let exact = match self.store.get(wanted) {
            Some(Ok(prepared)) => prepared.exact,
            Some(Err(_)) => return Have::There(true),
            None => return Have::Nothing,
        };
        let by_id = self.by_id() || self.recipe.protocol == Protocol::KittyPlaceholders;
        match !by_id || self.ring.is_there(wanted) {
            true => Have::There(exact),
            false => Have::Made(exact),
        }
    }

    fn rank(&mut self, order: Vec<Wanted>) {
        self.ranks = order.iter().zip(1..).map(|(w, rank)| (w.clone(), rank)).collect();
        let shown = self.places.values().filter_map(|p| p.shown.as_ref()).map(|s| s.wanted.clone());
        self.ranks.extend(shown.map(|w| (w, 0)));
        for wanted in self.ranks.keys() {
            self.ring.touch(wanted, self.frame);
        }
        self.order = order;
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let has = bytes <= self.room;
        if has {
            self.spend(bytes);
        }
        has
    }

    fn spend(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }

    /// Bytes for before the cell diff, inside the synchronized update.
    pub fn before(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.early);
    }

    /// Bytes for after the cell diff, inside the same synchronized update. The cursor may stand anywhere then.
    pub fn after(&mut self, out: &mut Vec<u8>) {
        if self.recipe.protocol == Protocol::KittyAnchored && !self.late.is_empty() {
            out.extend(crate::term::tmux::wrap(&std::mem::take(&mut self.late)));
        }
        if self.recipe.tmux && !self.late.is_empty() {
            // tmux hands wrapped bytes on before the cells it has collected; any cursor command makes it write those.
            out.extend_from_slice(crate::term::seq::SAVE_CURSOR);
        }
        out.append(&mut self.late);
    }

    /// Takes a result of the pool. Says whether a new frame would show something new.
    pub fn on_decoded(&mut self, decoded: Decoded) -> bool {
        if decoded.wanted.recipe != self.recipe {
            return false;
        }
        let base = decoded.wanted.at(Level::Exact);
        let waits = self.places.values().any(|p| p.wanted == base);
        let showable = match &decoded.result {
            Err(_) => true,
            Ok(prepared) => !self.needs_upload(prepared),
        };
        self.store.insert(decoded.wanted, decoded.result);
        waits && showable
    }

    /// At which moment a frame would show more than this one, if nothing else happens.
    #[must_use]
    pub fn later(&self) -> Option<Moment> {
        let leftover = !self.hidden.is_empty() && self.mood.moment == Moment::Busy;
        if !self.torn.is_empty() || leftover {
            return Some(Moment::Pause);
        }
        let unsure = self.mood.moment < Moment::Idle && self.places.values().any(|p| p.unsure && p.shown.is_some());
        let again = unsure.then_some(Moment::Idle);
        if !self.mood.slow {
            return again;
        }
        let next = |place: &Place| {
            let shown = place.shown.as_ref().filter(|s| !s.prepared.exact);
            let level = shown.map(|s| s.wanted.level).filter(|l| *l < Level::Exact)?;
            let moment = if level == Level::First { Moment::Pause } else { Moment::Idle };
            (moment > self.mood.moment).then_some(moment)
        };
        self.places.values().filter(|p| !p.thumbnail).filter_map(next).chain(again).min()
    }

    /// The large picture that the last frame was about, and at which level it is on the screen, exact or not.
    #[must_use]
    pub fn about(&self) -> Option<(&PictureRef, Option<(Level, bool)>)> {
        let place = self.places.values().find(|p| !p.thumbnail)?;
        let shown = place.shown.as_ref().filter(|s| s.wanted.picture == place.wanted.picture);
        Some((&place.wanted.picture, shown.map(|s| (s.wanted.level, s.prepared.exact))))
    }

    /// Whose upload it is: its level and about how many bytes.
    #[must_use]
    pub fn level_of(&self, tag: u64) -> Option<Level> {
        self.ring.tagged(tag).map(|w| w.level)
    }

    /// Whether pictures of the last frame wait for room on the link.
    #[must_use]
    pub fn deferred(&self) -> bool {
        self.deferred
    }

    /// How many pictures the terminal holds for us, and the bytes they take there.
    #[must_use]
    pub fn terminal_load(&self) -> (usize, u64) {
        self.ring.load()
    }

    /// Changes of what is known of the pictures wanted, since the last call.
    pub fn states(&mut self) -> Vec<(PictureRef, PictureState)> {
        std::mem::take(&mut self.changed)
    }

    /// Places everything anew in the next frame: after a resize, or when something wrote over the screen. What the
    /// terminal holds stays there.
    pub fn repaint_all(&mut self) {
        for place in std::mem::take(&mut self.places).into_values() {
            if let Some(shown) = place.shown {
                self.take_away(&shown);
            }
        }
        let images: Vec<u32> = self.live_images().collect();
        self.live.clear();
        images.iter().for_each(|image| kitty::unplace(&mut self.early, *image, 1, self.recipe.tmux));
    }

    /// The terminal has lost everything: after leaving the screen for an editor or a suspend, or when uploads were
    /// dropped. Pictures are sent again under new ids.
    pub fn forget_all(&mut self) {
        self.places.clear();
        self.hidden.clear();
        self.free_all();
        self.early.clear();
        self.late.clear();
    }

    /// Forgets what was prepared of a file, because its content changed.
    pub fn forget_prepared(&mut self) {
        self.repaint_all();
        self.free_all();
    }

    fn free_all(&mut self) {
        let others: Vec<u32> = self.anchor.take().map(|a| a.image).into_iter().chain(self.live_images()).collect();
        self.live.clear();
        for id in self.ring.clear().into_iter().chain(others) {
            kitty::free(&mut self.early, id, self.recipe.tmux);
        }
        self.hidden.clear();
        self.store.clear();
        self.cleanup_changed = true;
    }

    /// Bytes that take all our pictures off the screen and out of the terminal's memory.
    #[must_use]
    pub fn cleanup(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for id in self.ring.ids().into_iter().chain(self.anchor.map(|a| a.image)).chain(self.live_images()) {
            kitty::free(&mut out, id, self.recipe.tmux);
        }
        out
    }

    /// [`Self::cleanup`] if it changed since the last call, for [`crate::term::guard::Restorer::set_cleanup`].
    pub fn changed_cleanup(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.cleanup_changed).then(|| self.cleanup())
    }

    fn note_states(&mut self, areas: &[(&PictureArea, Wanted)]) {
        let mut now: HashMap<PictureRef, PictureState> = HashMap::new();
        let thumbnails_first = areas.iter().filter(|(a, _)| a.thumbnail);
        for (area, wanted) in thumbnails_first.chain(areas.iter().filter(|(a, _)| !a.thumbnail)) {
            let shown = self.places.get(&area.place).and_then(|p| p.shown.as_ref());
            let state = match (self.store.failure(wanted), shown) {
                (Some(failure), _) => {
                    PictureState::Failed { reason: Arc::clone(&failure.reason), info: failure.info.clone() }
                }
                (_, Some(shown)) => PictureState::Shown {
                    exact: shown.prepared.exact && shown.wanted.at(Level::Exact) == *wanted,
                    info: Arc::clone(&shown.prepared.info),
                },
                _ => PictureState::Waiting,
            };
            // Of several crops of one picture the last one to come says that all are there.
            let waits = state == PictureState::Waiting;
            match now.entry(area.picture.clone()) {
                Entry::Occupied(known) if area.thumbnail && *known.get() == PictureState::Waiting && !waits => {}
                Entry::Occupied(mut known) => {
                    known.insert(state);
                }
                Entry::Vacant(free) => {
                    free.insert(state);
                }
            }
        }
        for (picture, state) in &now {
            if self.states.get(picture) != Some(state) {
                self.changed.push((picture.clone(), state.clone()));
            }
        }
        self.states = now;
    }

    /// Whether it can only be shown after its data went out between frames.
    fn needs_upload(&self, prepared: &Prepared) -> bool {
        match &prepared.form {
            Form::Kitty(kitty::Payload::Raw { .. }) => self.recipe.protocol == Protocol::KittyPlaceholders,
            Form::Kitty(kitty::Payload::Png(_)) => prepared.wire() > INLINE,
            Form::Held | Form::Iterm(_) | Form::Sixel(_) | Form::Cells(_) => false,
        }
    }
}

impl Drop for Presenter {
    fn drop(&mut self) {
        self.shared.iter().for_each(|name| shared::remove(name));
    }
}

/// The largest id where every byte of a placement counts.
const LARGEST_ID: u32 = 999_999;

/// Ids of other programs are left alone as far as that is possible: ours begin at a place of their own.
fn new_ring(caps: &Caps) -> Ring {
    let process = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
    match caps.protocol {
        Protocol::KittyPlaceholders => Ring::new(process.wrapping_mul(251), placeholder::largest_id(caps.depth)),
        _ => Ring::new(process.wrapping_mul(251), LARGEST_ID),
    }
}
