//! Where the gallery stands: the queue, the samples that are loaded, the cursor, the selection.

use crate::app::screens::grid::{FIRST_ZOOM, Grid};
use crate::app::screens::queues::Chosen;
use crate::domain::ids::SampleId;
use crate::domain::sample::Sample;
use std::collections::{BTreeSet, VecDeque};

/// The state of the gallery.
#[derive(Clone, Debug)]
pub struct GalleryState {
    /// What is shown, in which order.
    pub chosen: Chosen,
    /// The samples that are loaded, in order, also those that have left the queue since.
    pub window: VecDeque<Sample>,
    /// The sample under the cursor, a position in the window.
    pub at: usize,
    /// The first sample on the screen, a position in the window.
    pub top: usize,
    /// Nothing lies before the window.
    pub at_start: bool,
    /// Nothing lies after the window.
    pub at_end: bool,
    /// The first samples have come.
    pub loaded: bool,
    /// Rank of the sample under the cursor in the queue, from 1.
    pub rank: Option<u64>,
    /// Length of the queue when the rank was asked for.
    pub total: Option<u64>,
    /// Size of the thumbnails.
    pub zoom: usize,
    /// The selected samples; all of them are in the window.
    pub selected: BTreeSet<SampleId>,
    /// The sample selected last: a range starts there.
    pub anchor: Option<SampleId>,
    /// Why nothing can be shown.
    pub problem: Option<String>,
}

impl Default for GalleryState {
    fn default() -> Self {
        Self {
            chosen: Chosen::default(),
            window: VecDeque::new(),
            at: 0,
            top: 0,
            at_start: false,
            at_end: false,
            loaded: false,
            rank: None,
            total: None,
            zoom: FIRST_ZOOM,
            selected: BTreeSet::new(),
            anchor: None,
            problem: None,
        }
    }
}

impl GalleryState {
    /// The sample under the cursor.
    #[must_use]
    pub fn sample(&self) -> Option<&Sample> {
        self.window.get(self.at)
    }

    /// The samples on the screen, in order.
    pub fn shown(&self, grid: &Grid) -> impl Iterator<Item = &Sample> {
        self.window.iter().skip(self.top).take(grid.page())
    }

    /// The samples of the next screen, in order.
    pub fn ahead(&self, grid: &Grid) -> impl Iterator<Item = &Sample> {
        self.window.iter().skip(self.top + grid.page()).take(grid.page())
    }

    /// The selected samples, in the order of the queue.
    pub fn selection(&self) -> impl Iterator<Item = &Sample> {
        self.window.iter().filter(|s| self.selected.contains(&s.id))
    }

    /// Which page of how many the cursor is on, both from 1, where that is known.
    #[must_use]
    pub fn page_number(&self, grid: &Grid) -> Option<(u64, u64)> {
        let page = grid.page() as u64;
        let (rank, total) = (self.rank?, self.total?);
        Some((rank.saturating_sub(1) / page + 1, total.div_ceil(page).max(1)))
    }

    /// Keeps the cursor on the screen.
    pub fn scroll(&mut self, grid: &Grid) {
        self.at = self.at.min(self.window.len().saturating_sub(1));
        self.top = grid.scroll(self.top, self.at, self.window.len());
    }
}
