//! What goes out between frames: which uploads are handed over, which still matter, and what their end means.

use super::recipe::{Form, Prepared, Wanted};
use super::{Presenter, UPLOADS_AT_ONCE, ring};
use crate::term::graphics::{Level, kitty};
use crate::term::output::Upload;
use std::sync::Arc;

impl Presenter {
    /// Takes the report that an upload was written. Says whether a new frame would show something new.
    pub fn on_uploaded(&mut self, tag: u64) -> bool {
        if self.upgraded(tag) {
            return true;
        }
        let Some(wanted) = self.ring.arrived(tag) else { return false };
        if let Some(Ok(prepared)) = self.store.get(&wanted) {
            let prepared = Arc::clone(prepared);
            self.sent(&wanted, &prepared);
        }
        let base = wanted.at(Level::Exact);
        self.places.values().any(|p| p.wanted == base)
    }

    /// The terminal has it now: nothing of it needs to be kept here.
    pub(super) fn sent(&mut self, wanted: &Wanted, prepared: &Prepared) {
        if matches!(prepared.form, Form::Kitty(kitty::Payload::Png(_))) {
            self.unconfirmed += 1;
        }
        self.store.strip(wanted);
    }

    /// Transmissions for the output, in the order they are needed. A few at a time; call again after each report.
    #[must_use]
    pub fn upload(&mut self) -> Vec<Upload> {
        let mut out = self.upgrades();
        for wanted in self.order.clone() {
            if self.ring.sending() >= UPLOADS_AT_ONCE {
                break;
            }
            if self.ring.get(&wanted).is_some() {
                continue;
            }
            let Some(Ok(prepared)) = self.store.get(&wanted) else { continue };
            let prepared = Arc::clone(prepared);
            // What is small and on the screen goes inside the next frame, which waits for no credit.
            let inline = !self.needs_upload(&prepared) && self.is_on_screen(&wanted);
            if inline || !matches!(prepared.form, Form::Kitty(_)) {
                continue;
            }
            let mut chunks = Vec::new();
            let Some(held) = self.hold(&wanted, &prepared, &mut chunks) else { break };
            if let ring::Way::Sending(tag) = held.way {
                let abort = kitty::abort(held.id, self.frees, self.recipe.tmux);
                out.push(Upload { tag, chunks, abort });
            }
        }
        out
    }

    fn is_on_screen(&self, wanted: &Wanted) -> bool {
        let base = wanted.at(Level::Exact);
        self.places.values().any(|p| !p.thumbnail && p.wanted == base)
    }

    /// The uploads under way that still matter, the most urgent first.
    #[must_use]
    pub fn alive(&self) -> Vec<u64> {
        let upgrades = self.places.values().filter_map(|p| p.upgrade.as_ref()).map(|u| u.tag);
        let sending = self.order.iter().filter_map(|w| match self.ring.get(w)?.way {
            ring::Way::Sending(tag) => Some(tag),
            ring::Way::There => None,
        });
        upgrades.chain(sending).collect()
    }

    /// Uploads that were given up: the terminal has nothing of them.
    pub fn dropped(&mut self, tags: &[u64]) {
        for wanted in tags.iter().filter_map(|tag| self.ring.tagged(*tag)).collect::<Vec<_>>() {
            self.ring.forget(&wanted);
        }
    }
}
