//! Pages of many pictures: the gallery.

use super::super::terminal::Layer;
use super::{Look, Sight, extent};
use crate::term::graphics::Level;
use std::collections::BTreeMap;

impl Sight {
    /// Every picture by itself, and the pages on which they stand in this way.
    pub(super) fn page(&mut self, layers: &[Layer]) -> Look {
        let mut by_slot: BTreeMap<usize, Vec<Layer>> = BTreeMap::new();
        for layer in layers {
            if let Some(slot) = self.slot(layer) {
                by_slot.entry(slot).or_default().push(layer.clone());
            }
        }
        let seen: Vec<(usize, Look)> = by_slot.into_iter().map(|(n, l)| (n, self.known_or_composed(&l))).collect();
        let (slots, set) = (self.slots.len(), self.set.len().max(1));
        let on = |page: &usize| seen.iter().all(|(n, look)| look.matches.contains(&((page * slots + n) % set)));
        let matches = if seen.is_empty() { Vec::new() } else { (0..self.pages).filter(on).collect() };
        let worst = seen.iter().map(|(_, l)| l.level).min().flatten();
        let level = if seen.len() == slots { worst } else { worst.min(Some(Level::First)) };
        let sent = seen.iter().map(|(_, l)| l.sent).sum::<usize>() / seen.len().max(1);
        Look { any: !seen.is_empty(), matches, level, cells: self.slots.first().copied(), sent }
    }

    /// The place of the page in whose middle a layer stands.
    fn slot(&mut self, layer: &Layer) -> Option<usize> {
        let pixels = self.pixels(&layer.payload);
        let [x, y, w, h] = extent(layer, pixels.as_ref().as_ref()?, self.cell);
        let (x, y) = (x + w / 2, y + h / 2);
        self.slots.iter().position(|slot| {
            let [left, top, width, height] = self.pixels_of(*slot);
            (left..left + width).contains(&x) && (top..top + height).contains(&y)
        })
    }
}
