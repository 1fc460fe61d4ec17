//! Puts pictures on the screen: decides what each place shows, when, and with which bytes.
//!
//! The loop calls, for every frame it is going to write: [`Presenter::plan`] with the areas of this frame, then
//! [`Presenter::paint`] on the buffer after the screen was drawn, and around the cell diff, inside one synchronized
//! update, [`Presenter::before`] and [`Presenter::after`]. After every frame and every report it calls
//! [`Presenter::upload`] and hands what it gets to the output.
//!
//! What always holds: a place never shows another file than the one it was given; while only the size or the part of
//! the same file changes, the old picture stays until the new one replaces it in one step; an id that the terminal may
//! know is never sent again; everything we sent to the terminal is freed in the end.

mod emit;
mod look;
mod paint;
pub mod recipe;
mod rects;
mod ring;
mod store;

use crate::app::picture::{CellRect, PictureArea, PictureRef, PictureState};
use crate::runtime::pool::Decoded;
use crate::term::caps::{Caps, Protocol};
use crate::term::graphics::{Level, kitty, placeholder, shared};
use crate::term::output::Upload;
use emit::Shown;
use recipe::{Form, Prepared, Recipe, Wanted};
use ring::Ring;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use store::Store;

/// Uploads on their way at the same time. More would only wait in the writer, where they cannot be re-ordered.
const UPLOADS_AT_ONCE: usize = 2;
/// A transmission of at most so many bytes goes inside the frame that shows it.
const INLINE: usize = 16 * 1024;
/// Shared memory objects remembered, to be removed at the end if the terminal never read them.
const REMEMBERED: usize = 64;

/// What a place was given and what it shows.
#[derive(Debug)]
struct Place {
    wanted: Wanted,
    shown: Option<Shown>,
}

/// The presenter.
#[derive(Debug)]
pub struct Presenter {
    recipe: Recipe,
    /// Number of the frame, for what was used last.
    frame: u64,
    store: Store,
    ring: Ring,
    places: BTreeMap<u32, Place>,
    /// Everything wanted in this frame, the most urgent first.
    order: Vec<Wanted>,
    needed: HashSet<Wanted>,
    covers: Vec<CellRect>,
    origin: (u16, u16),
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
}

impl Presenter {
    /// A presenter that has shown nothing yet.
    #[must_use]
    pub fn new(caps: &Caps) -> Self {
        Self {
            recipe: Recipe::new(caps),
            frame: 0,
            store: Store::new(),
            ring: new_ring(caps),
            places: BTreeMap::new(),
            order: Vec::new(),
            needed: HashSet::new(),
            covers: Vec::new(),
            origin: (0, 0),
            hidden: Vec::new(),
            vacated: Vec::new(),
            early: Vec::new(),
            late: Vec::new(),
            states: HashMap::new(),
            changed: Vec::new(),
            shared: VecDeque::new(),
            counter: AtomicU32::new(0),
            cleanup_changed: false,
        }
    }

    /// Takes new capabilities: after the probe, or when the size of a cell changed. What was prepared for other ones
    /// is taken away in the next frame.
    pub fn set_caps(&mut self, caps: &Caps) {
        let recipe = Recipe::new(caps);
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

    /// Where our top left cell lies on the terminal outside of tmux; only sixel and iTerm2 inside tmux need it.
    pub fn set_origin(&mut self, column: u16, row: u16) {
        self.origin = (column, row);
    }

    /// Decides what this frame shows, and gives what has to be prepared, the most urgent first: the whole list for
    /// [`crate::runtime::pool::DecodePool::want`]. Call only for a frame that will be written.
    #[must_use]
    pub fn plan(&mut self, areas: &[PictureArea], ahead: &[PictureArea]) -> Vec<Wanted> {
        self.frame += 1;
        let areas: Vec<(&PictureArea, Wanted)> = areas.iter().map(|a| (a, self.wanted_of(a))).collect();
        let mut order: Vec<Wanted> = Vec::with_capacity(areas.len() + ahead.len());
        order.extend(areas.iter().filter(|(a, _)| !a.thumbnail).map(|(_, w)| w.clone()));
        order.extend(areas.iter().filter(|(a, _)| a.thumbnail).map(|(_, w)| w.clone()));
        order.extend(ahead.iter().map(|a| self.wanted_of(a)));
        let mut seen = HashSet::new();
        order.retain(|w| seen.insert(w.clone()));
        self.needed = seen;
        self.needed.extend(self.places.values().filter_map(|p| p.shown.as_ref()).map(|s| s.wanted.clone()));
        for wanted in &self.needed {
            self.ring.touch(wanted, self.frame);
        }
        self.order = if self.recipe.protocol == Protocol::None { Vec::new() } else { order };
        if self.ring.sending() == 0 {
            self.delete_hidden();
        }
        self.show(&areas);
        self.note_states(&areas);
        let store = &mut self.store;
        self.order.iter().filter(|w| store.get(w).is_none()).cloned().collect()
    }

    fn wanted_of(&self, area: &PictureArea) -> Wanted {
        Wanted::new(area, self.recipe, Level::Exact)
    }

    /// Bytes for before the cell diff, inside the synchronized update.
    pub fn before(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.early);
    }

    /// Bytes for after the cell diff, inside the same synchronized update. The cursor stays where it was.
    pub fn after(&mut self, out: &mut Vec<u8>) {
        if self.late.is_empty() {
            return;
        }
        out.extend_from_slice(crate::term::seq::SAVE_CURSOR);
        out.append(&mut self.late);
        out.extend_from_slice(crate::term::seq::RESTORE_CURSOR);
    }

    /// Takes a result of the pool. Says whether a new frame would show something new.
    pub fn on_decoded(&mut self, decoded: Decoded) -> bool {
        if decoded.wanted.recipe != self.recipe {
            return false;
        }
        let waits = self.places.values().any(|p| p.wanted == decoded.wanted);
        let showable = match &decoded.result {
            Err(_) => true,
            Ok(prepared) => !self.needs_upload(prepared),
        };
        self.store.insert(decoded.wanted, decoded.result);
        waits && showable
    }

    /// Takes the report that an upload was written. Says whether a new frame would show something new.
    pub fn on_uploaded(&mut self, tag: u64) -> bool {
        let Some(wanted) = self.ring.arrived(tag) else { return false };
        self.store.strip(&wanted);
        self.places.values().any(|p| p.wanted == wanted)
    }

    /// Transmissions for the output, in the order they are needed. A few at a time; call again after each report.
    #[must_use]
    pub fn upload(&mut self) -> Vec<Upload> {
        let mut out = Vec::new();
        for wanted in self.order.clone() {
            if self.ring.sending() >= UPLOADS_AT_ONCE {
                break;
            }
            if self.ring.get(&wanted).is_some() {
                continue;
            }
            let Some(Ok(prepared)) = self.store.get(&wanted) else { continue };
            let prepared = Arc::clone(prepared);
            if !matches!(prepared.form, Form::Kitty(_)) {
                continue;
            }
            let mut chunks = Vec::new();
            let Some(held) = self.hold(&wanted, &prepared, &mut chunks) else { break };
            if let ring::Way::Sending(tag) = held.way {
                out.push(Upload { tag, chunks, ..Upload::default() });
            }
        }
        out
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
        for id in self.ring.clear() {
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
        for id in self.ring.ids() {
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
            let state = match (self.store.get(wanted), shown) {
                (Some(Err(failure)), _) => {
                    PictureState::Failed { reason: Arc::clone(&failure.reason), info: failure.info.clone() }
                }
                (_, Some(shown)) => PictureState::Shown {
                    exact: shown.prepared.exact && shown.wanted == *wanted,
                    info: Arc::clone(&shown.prepared.info),
                },
                _ => PictureState::Waiting,
            };
            now.insert(area.picture.clone(), state);
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
            Form::Kitty(kitty::Payload::Png(data)) => data.len() > INLINE,
            Form::Held | Form::Iterm(_) | Form::Sixel(_) | Form::Cells(_) => false,
        }
    }
}

impl Drop for Presenter {
    fn drop(&mut self) {
        self.shared.iter().for_each(|name| shared::remove(name));
    }
}

/// Ids of other programs are left alone as far as that is possible: ours begin at a place of their own.
fn new_ring(caps: &Caps) -> Ring {
    let process = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
    match caps.protocol {
        Protocol::KittyPlaceholders => Ring::new(process.wrapping_mul(251), placeholder::largest_id(caps.depth)),
        _ => Ring::new(process.wrapping_mul(251), 0x00ff_ffff),
    }
}
