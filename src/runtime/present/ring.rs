//! The pictures that the terminal holds for us (Kitty protocol): their ids, what they cost there, who goes first.
//!
//! What always holds: an id that the terminal may still know is never given to another picture; the sum of what we have
//! sent stays below the quota; what is shown is never freed, and what is wanted only for something more urgent.

use super::recipe::Wanted;
use std::collections::HashMap;

/// Bytes of the terminal's memory we use at most; kitty starts to drop pictures at 320 MB, others at 128 MB.
pub const QUOTA: u64 = 112 << 20;

/// How far a picture is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Handed over for writing, with this tag.
    Sending(u64),
    /// The terminal has it.
    There,
}

/// A picture the terminal has or gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) id: u32,
    pub(super) way: Way,
    bytes: u64,
    used: u64,
}

/// The ring.
#[derive(Debug)]
pub(super) struct Ring {
    held: HashMap<Wanted, Held>,
    bytes: u64,
    next: u32,
    largest: u32,
    reserved: u32,
    tag: u64,
}

impl Ring {
    /// A ring that gives ids after `start` up to `largest`, and around.
    pub(super) fn new(start: u32, largest: u32) -> Self {
        Self {
            held: HashMap::new(),
            bytes: 0,
            next: start % largest.max(1),
            largest: largest.max(1),
            reserved: 0,
            tag: 0,
        }
    }

    pub(super) fn get(&self, wanted: &Wanted) -> Option<Held> {
        self.held.get(wanted).copied()
    }

    /// Whether the terminal has it, so that it can be placed.
    pub(super) fn is_there(&self, wanted: &Wanted) -> bool {
        self.held.get(wanted).is_some_and(|h| h.way == Way::There)
    }

    /// Marks as used in frame `frame`.
    pub(super) fn touch(&mut self, wanted: &Wanted, frame: u64) {
        if let Some(held) = self.held.get_mut(wanted) {
            held.used = frame;
        }
    }

    /// Makes room for a picture of `pixels` and gives it an id and a tag; what has to be freed first goes to
    /// `freed`. `ranks` says how urgent each wanted picture is, 0 for what is on the screen. Nothing when everything
    /// held is more urgent.
    pub(super) fn insert(
        &mut self,
        wanted: &Wanted,
        pixels: (u32, u32),
        frame: u64,
        ranks: &HashMap<Wanted, usize>,
        freed: &mut Vec<(Wanted, u32)>,
    ) -> Option<Held> {
        let bytes = u64::from(pixels.0) * u64::from(pixels.1) * 4;
        let rank = ranks.get(wanted).copied().unwrap_or(usize::MAX);
        while self.bytes + bytes > QUOTA || self.held.len() + 1 >= self.largest as usize {
            freed.push(self.evict(rank, ranks)?);
        }
        self.tag += 1;
        let held = Held { id: self.fresh_id(), way: Way::Sending(self.tag), bytes, used: frame };
        self.bytes += bytes;
        self.held.insert(wanted.clone(), held);
        Some(held)
    }

    fn evict(&mut self, rank: usize, ranks: &HashMap<Wanted, usize>) -> Option<(Wanted, u32)> {
        // An upload under way is not freed: a delete in its middle would abort it.
        let there = self.held.iter().filter(|(_, h)| h.way == Way::There);
        let ranked = there.map(|(w, h)| (ranks.get(w).copied().unwrap_or(usize::MAX), h.used, w));
        let least = ranked.max_by_key(|(rank, used, _)| (*rank, std::cmp::Reverse(*used)));
        let (_, _, oldest) = least.filter(|(r, ..)| *r > rank || *r == usize::MAX)?;
        let oldest = oldest.clone();
        let held = self.forget(&oldest)?;
        Some((oldest, held.id))
    }

    /// The terminal does not have it any more, or never got it whole.
    pub(super) fn forget(&mut self, wanted: &Wanted) -> Option<Held> {
        let held = self.held.remove(wanted)?;
        self.bytes -= held.bytes;
        Some(held)
    }

    /// Whose id it is.
    pub(super) fn named(&self, id: u32) -> Option<Wanted> {
        self.held.iter().find(|(_, h)| h.id == id).map(|(w, _)| w.clone())
    }

    /// Whose upload it is.
    pub(super) fn tagged(&self, tag: u64) -> Option<Wanted> {
        self.held.iter().find(|(_, h)| h.way == Way::Sending(tag)).map(|(w, _)| w.clone())
    }

    /// A tag of its own for an upload that needs no id.
    pub(super) fn fresh_tag(&mut self) -> u64 {
        self.tag += 1;
        self.tag
    }

    /// An id that is never given to a picture, as long as it is kept in mind by who asked for it.
    pub(super) fn reserve(&mut self) -> u32 {
        let id = self.fresh_id();
        self.reserved = id;
        id
    }

    /// An id for something small that its owner frees.
    pub(super) fn anonymous(&mut self) -> u32 {
        self.fresh_id()
    }

    /// Pictures held and the bytes they take in the terminal.
    pub(super) fn load(&self) -> (usize, u64) {
        (self.held.len(), self.bytes)
    }

    fn fresh_id(&mut self) -> u32 {
        loop {
            self.next = self.next % self.largest + 1;
            if self.next != self.reserved && !self.held.values().any(|h| h.id == self.next) {
                return self.next;
            }
        }
    }

    /// An upload was written; whose it was.
    pub(super) fn arrived(&mut self, tag: u64) -> Option<Wanted> {
        let (wanted, held) = self.held.iter_mut().find(|(_, h)| h.way == Way::Sending(tag))?;
        held.way = Way::There;
        Some(wanted.clone())
    }

    /// Marks as sent inside a frame.
    pub(super) fn sent_inline(&mut self, wanted: &Wanted) {
        if let Some(held) = self.held.get_mut(wanted) {
            held.way = Way::There;
        }
    }

    /// Uploads handed over and not yet written.
    pub(super) fn sending(&self) -> usize {
        self.held.values().filter(|h| h.way != Way::There).count()
    }

    /// Ids the terminal may know.
    pub(super) fn ids(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.held.values().map(|h| h.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Forgets everything; the ids are not used again soon.
    pub(super) fn clear(&mut self) -> Vec<u32> {
        let ids = self.ids();
        self.held.clear();
        self.bytes = 0;
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::picture::{CellRect, PictureArea, PictureRef};
    use crate::domain::lake_path::LakePath;
    use crate::runtime::present::recipe::Recipe;
    use crate::term::caps::Caps;
    use crate::term::graphics::Level;
    use std::sync::Arc;

    fn wanted(number: usize) -> Wanted {
        let path = Arc::new(LakePath::Local(format!("/{number}")));
        let picture = PictureRef { path, etag: "".into() };
        let cells = CellRect { x: 0, y: 0, w: 1, h: 1 };
        Wanted::new(&PictureArea::plain(0, picture, cells, false), Recipe::new(&Caps::default()), Level::Exact)
    }

    #[test]
    fn the_quota_holds_the_oldest_goes_and_ids_are_unique_while_alive() {
        for largest in [0x00ff_ffff, 255, 3] {
            let (mut ring, mut alive) = (Ring::new(9, largest), std::collections::BTreeMap::new());
            for number in 0..1000 {
                let needed = HashMap::from([(wanted(number), 0), (wanted(number.saturating_sub(1)), 0)]);
                let mut freed = Vec::new();
                let size = if number % 2 == 0 { (800, 800) } else { (300, 200) };
                let held = ring.insert(&wanted(number), size, number as u64, &needed, &mut freed).unwrap();
                for (old, id) in freed {
                    assert!(!needed.contains_key(&old));
                    assert_eq!(alive.remove(&id), Some(old));
                }
                assert!(held.id > 0 && held.id <= largest);
                assert!(alive.insert(held.id, wanted(number)).is_none(), "an id was given twice");
                assert!(ring.bytes <= QUOTA);
                ring.sent_inline(&wanted(number));
            }
            assert!(alive.values().any(|w| *w == wanted(999)));
            assert!(largest < 255 || ring.bytes > QUOTA / 2, "the quota is used");
        }
    }

    #[test]
    fn what_is_needed_is_not_freed_for_what_is_not() {
        let mut ring = Ring::new(0, 100);
        let needed = HashMap::from([(wanted(0), 0)]);
        let mut freed = Vec::new();
        ring.insert(&wanted(0), (5000, 5000), 0, &needed, &mut freed).unwrap();
        ring.sent_inline(&wanted(0));
        assert!(ring.insert(&wanted(1), (3000, 3000), 1, &needed, &mut freed).is_none());
        assert!(freed.is_empty() && ring.is_there(&wanted(0)));
        // What is less urgent makes room for what is more so.
        let ranks = HashMap::from([(wanted(0), 5), (wanted(1), 2)]);
        ring.insert(&wanted(1), (3000, 3000), 1, &ranks, &mut freed).unwrap();
        assert_eq!(freed.iter().map(|(w, _)| w.clone()).collect::<Vec<_>>(), [wanted(0)]);
    }
}
