//! The box that is being edited: a layer above the picture, so that moving it by a pixel costs a frame and not a picture.
//!
//! Where the terminal places pictures by their ids the layer is a small transparent picture of its own, sent inside the
//! frame. Elsewhere it is drawn with line characters; what they erase of a drawn picture comes back with the next pause.

use super::Presenter;
use super::emit::Shown;
use super::look::{outline, part};
use super::plan::Moment;
use super::rects::common;
use crate::app::picture::{CellRect, Mark, PictureArea};
use crate::term::caps::Protocol;
use crate::term::graphics::blocks;
use crate::term::graphics::kitty::{self, Placement};
use crate::term::graphics::marks::{self, Layer, OutlineCell, Stage};
use ratatui::buffer::{Buffer, CellDiffOption};

/// The layer of one place.
#[derive(Debug)]
pub(super) struct Live {
    mark: Mark,
    rect: CellRect,
    window: crate::app::picture::Window,
    /// The rows of the screen in which pictures of it may stand: those before which there is no pop-up.
    rows: (u16, u16),
    /// Pictures of it in the terminal.
    images: Vec<u32>,
    /// Cells of it, relative to the picture's first.
    cells: Vec<OutlineCell>,
}

impl Live {
    /// The cells of its lines.
    fn places(&self) -> impl Iterator<Item = CellRect> + '_ {
        let CellRect { x, y, .. } = self.rect;
        self.cells.iter().map(move |c| CellRect { x: x + c.column, y: y + c.row, w: 1, h: 1 })
    }
}

impl Presenter {
    /// Brings the layers to what the areas say, after the pictures below them.
    pub(super) fn show_live(&mut self, areas: &[&PictureArea]) {
        let mut old = std::mem::take(&mut self.live);
        for area in areas {
            let shown = self.places.get(&area.place).and_then(|p| p.shown.clone());
            let before = old.remove(&area.place);
            let (Some(mark), Some(shown)) = (area.live, shown) else {
                self.end_live(before);
                continue;
            };
            // A pop-up that has come over it would be crossed by a picture.
            let rows = self.open_rows(&mark, &shown);
            let same =
                |l: &Live| l.mark == mark && l.rect == shown.rect && l.window == shown.wanted.window && l.rows == rows;
            match before {
                Some(live) if same(&live) => drop(self.live.insert(area.place, live)),
                before => {
                    let live = self.layer(mark, &shown, rows);
                    self.live.insert(area.place, live);
                    // After the new one, so that the box never vanishes for a moment.
                    self.end_live(before);
                }
            }
        }
        old.into_values().for_each(|live| self.end_live(Some(live)));
        self.mend();
    }

    /// The rows of a mark, from and to, before which no pop-up stands; of those above and below one the more. Nothing is
    /// seen of characters below a picture, so that what is left of the layer must be a picture as well.
    fn open_rows(&self, mark: &Mark, shown: &Shown) -> (u16, u16) {
        let stage = Stage { size: shown.prepared.fit.picture, window: part(shown.wanted.window) };
        let all = shown.rect;
        if !self.by_id() {
            return (all.y, all.y + all.h);
        }
        let cells = marks::outline_cells(&stage, part(mark.at), self.recipe.cell, shown.prepared.fit.offset);
        let ends = |of: fn(&OutlineCell) -> u16| Some((cells.iter().map(of).min()?, cells.iter().map(of).max()? + 1));
        let (Some(down), Some(across)) = (ends(|c| c.row), ends(|c| c.column)) else { return (all.y, all.y + all.h) };
        let (mut from, mut to) = (all.y + down.0, all.y + down.1);
        // A line may reach into the cells around those of its characters.
        let (x, w) = ((all.x + across.0).saturating_sub(1), across.1 - across.0 + 2);
        for pop_up in self.covers.iter().filter(|c| !self.names.contains(c)) {
            let place = CellRect { x, y: from.saturating_sub(1), w, h: (to + 2).saturating_sub(from) };
            if common(*pop_up, place).is_none() {
                continue;
            }
            let end = pop_up.y + pop_up.h;
            match pop_up.y.saturating_sub(from) >= to.saturating_sub(end) {
                true => to = to.min(pop_up.y),
                false => from = from.max(end),
            }
        }
        let whole = (from, to) == (all.y + down.0, all.y + down.1);
        if whole { (all.y, all.y + all.h) } else { (from, to.max(from)) }
    }

    fn layer(&mut self, mark: Mark, shown: &Shown, rows: (u16, u16)) -> Live {
        let fit = shown.prepared.fit;
        let stage = Stage { size: fit.picture, window: part(shown.wanted.window) };
        let window = shown.wanted.window;
        let mut live = Live { mark, rect: shown.rect, window, rows, images: Vec::new(), cells: Vec::new() };
        if !self.by_id() {
            live.cells = marks::outline_cells(&stage, part(mark.at), self.recipe.cell, fit.offset);
            return live;
        }
        // An encoder that refuses a few lines of two colours leaves the box away, not the picture.
        let layer = marks::live_layer(&stage, &outline(&mark), Some((self.recipe.cell, fit.offset)));
        for piece in layer.map(|Layer { pieces }| pieces).unwrap_or_default() {
            let (cell, tmux) = (self.recipe.cell, self.recipe.tmux);
            let cells = |pixels: u32, cell: u16| u16::try_from(pixels / u32::from(cell)).unwrap_or(0);
            let (first, high) = (shown.rect.y + cells(piece.offset.1, cell.1), cells(piece.size.1, cell.1).max(1));
            let (row, end) = (first.max(rows.0), (first + high).min(rows.1));
            if row >= end {
                continue;
            }
            let pixels = |rows: u16| u32::from(rows) * u32::from(cell.1);
            let part = (end - row < high).then(|| (0, pixels(row - first), piece.size.0, pixels(end - row)));
            let image = self.ring.anonymous();
            self.early.extend(kitty::transmit_png(image, &piece.png, tmux, false).concat());
            let placement = Placement {
                image,
                number: 1,
                column: shown.rect.x + cells(piece.offset.0, cell.0),
                row,
                columns: cells(piece.size.0, cell.0).max(1),
                rows: end - row,
                part,
                above: true,
                spot: false,
            };
            kitty::place(&mut self.late, &placement, self.anchor.as_ref(), false);
            live.images.push(image);
            self.cleanup_changed = true;
        }
        live
    }

    fn end_live(&mut self, live: Option<Live>) {
        let Some(live) = live else { return };
        for image in live.images.iter().copied() {
            match self.frees {
                true => self.late.extend_from_slice(&kitty::freed(image)),
                false => kitty::unplace(&mut self.late, image, 1, false),
            }
        }
        if self.draws() {
            self.vacated.extend(live.places());
            self.torn.extend(live.places().map(|cell| (cell.x, cell.y)));
        }
    }

    fn draws(&self) -> bool {
        matches!(self.recipe.protocol, Protocol::Iterm | Protocol::Sixel)
    }

    /// Brings back what line characters have erased of pictures, when the box rests for a moment.
    fn mend(&mut self) {
        if self.torn.is_empty() || self.mood.moment < Moment::Pause {
            return;
        }
        let torn = std::mem::take(&mut self.torn);
        let lines: Vec<CellRect> = self.live.values().flat_map(Live::places).collect();
        let drawn = |s: &&Shown| s.is_drawn();
        let shown: Vec<Shown> = self.places.values().filter_map(|p| p.shown.as_ref()).filter(drawn).cloned().collect();
        for shown in shown {
            let seen = |cell: &CellRect| shown.pieces.iter().any(|piece| common(*piece, *cell).is_some());
            let cells = torn.iter().map(|(x, y)| CellRect { x: *x, y: *y, w: 1, h: 1 });
            let bare = cells.filter(seen).filter(|cell| !lines.contains(cell)).collect();
            self.restore(&shown, bare);
        }
    }

    /// Ids of the layers' pictures.
    pub(super) fn live_images(&self) -> impl Iterator<Item = u32> + '_ {
        self.live.values().flat_map(|l| l.images.iter().copied())
    }

    /// Draws the layers that are made of characters.
    pub(super) fn paint_live(&mut self, buffer: &mut Buffer) {
        let redrawn = std::mem::take(&mut self.redrawn);
        let ascii = self.recipe.protocol == Protocol::Ascii;
        let ground = blocks::map([0; 3], self.recipe.depth);
        for live in self.live.values() {
            let colour = blocks::map(live.mark.rgb, self.recipe.depth);
            for outline in &live.cells {
                let (x, y) = (live.rect.x + outline.column, live.rect.y + outline.row);
                let covered = self.covers.iter().any(|c| common(*c, CellRect { x, y, w: 1, h: 1 }).is_some());
                if let Some(cell) = buffer.cell_mut((x, y)).filter(|_| !covered) {
                    cell.set_symbol(outline.symbol(ascii)).set_fg(colour);
                    if self.draws() {
                        // What the line erases of the picture is the terminal's background, perhaps as white as the line.
                        cell.set_bg(ground);
                    }
                    // What was drawn over it comes back.
                    let over = redrawn.iter().any(|r| common(*r, CellRect { x, y, w: 1, h: 1 }).is_some());
                    cell.set_diff_option(if over { CellDiffOption::AlwaysUpdate } else { CellDiffOption::None });
                }
            }
        }
    }
}
