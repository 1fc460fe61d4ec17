//! Says which picture of the set a scene shows, and how close to its pixels.
//!
//! A scene is composed as a person sees it, pixel by pixel, and a few mean colours of it are compared with those of every
//! picture of the set. So a picture that is late, cut, doubled or missing is noticed whatever the protocol is.

mod decode;
mod pages;
mod reference;

use super::BenchError;
use super::terminal::{Cell, Encoding, Ink, Layer, Payload, Scene, Size, bounds};
use crate::app::picture::CellRect;
use crate::term::graphics::Level;
use decode::Rgba;
use reference::{Reference, distance, level, reference, signature, symbols};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Two pictures whose mean colours differ by less, root mean square of 0-255, may be the same one.
const FAR: f32 = 30.0;
/// A picture is told from others by at least so much.
const MARGIN: f32 = 3.0;
/// Decoded pictures kept.
const KEPT: usize = 6;

/// What can be seen in a scene.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Look {
    /// There is a picture.
    pub(super) any: bool,
    /// The pictures of the set that it may be; several where the set has pictures that look alike.
    pub(super) matches: Vec<usize>,
    pub(super) level: Option<Level>,
    /// The cells it takes.
    pub(super) cells: Option<CellRect>,
    /// Bytes its data took on the line.
    pub(super) sent: usize,
}

type Part = (u64, (i32, i32), Size, [u32; 4], Option<CellRect>);

/// The eye.
#[derive(Debug)]
pub(super) struct Sight {
    set: Vec<Reference>,
    cell: (u16, u16),
    /// Block characters have to be read as the picture.
    in_cells: bool,
    symbols: HashMap<char, u32>,
    decoded: Vec<(u64, Arc<Option<Rgba>>)>,
    known: HashMap<Vec<Part>, Look>,
    /// Where the pictures of a page stand, and how many pages there are; empty where one picture is looked at.
    slots: Vec<CellRect>,
    pages: usize,
}

impl Sight {
    /// Reads the set: `room` is the box in pixels that pictures are fitted into.
    pub(super) fn new(files: &[&Path], room: (u32, u32), cell: (u16, u16), in_cells: bool) -> Result<Self, BenchError> {
        let set = files.iter().map(|file| reference(file, room)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of(set, cell, in_cells))
    }

    fn of(set: Vec<Reference>, cell: (u16, u16), in_cells: bool) -> Self {
        let (decoded, known, slots) = (Vec::new(), HashMap::new(), Vec::new());
        Self { set, cell, in_cells, symbols: symbols(), decoded, known, slots, pages: 0 }
    }

    /// From now on pages of pictures are looked at, that stand in `slots`; the set goes on from page to page. What is
    /// matched then is the number of a page, as soon as one of its pictures is seen; it is good when all are.
    pub(super) fn look_at_pages(&mut self, slots: Vec<CellRect>, pages: usize) {
        (self.slots, self.pages) = (slots, pages);
    }

    /// Pairs of the set that cannot be told apart.
    pub(super) fn alike(&self) -> usize {
        let pairs = (0..self.set.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
        pairs
            .filter_map(|(a, b)| Some((self.set.get(a)?, self.set.get(b)?)))
            .filter(|(a, b)| distance(&a.signature, &b.signature) < 2.0 * MARGIN)
            .count()
    }

    /// What a scene shows.
    pub(super) fn look(&mut self, scene: &Scene) -> Look {
        // Sixel pictures come in strips over the characters that stood in for them.
        let strips = scene.layers.iter().any(|l| l.payload.encoding == Encoding::Sixel);
        let text = if scene.layers.is_empty() || strips { self.text_picture(scene) } else { None };
        if strips && text.is_some() {
            return self.composed(&scene.layers, text);
        }
        if let Some((canvas, cells)) = text {
            // Where the terminal could do better, characters stand in for what comes.
            let level = if self.in_cells { Level::Good } else { Level::First };
            let look = Look { any: true, cells: Some(cells), sent: scene.bytes.all, ..Look::default() };
            return Look { level: Some(level), matches: self.matches(&canvas), ..look };
        }
        if scene.layers.is_empty() {
            return Look::default();
        }
        if self.slots.is_empty() { self.known_or_composed(&scene.layers) } else { self.page(&scene.layers) }
    }

    /// One picture of several layers.
    fn known_or_composed(&mut self, layers: &[Layer]) -> Look {
        let key: Vec<Part> = layers.iter().map(|l| (l.payload.number, l.at, l.size, l.part, l.clip)).collect();
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let look = self.composed(layers, None);
        self.known.insert(key, look.clone());
        look
    }

    /// What a picture that was sent is, whether it was shown or not.
    pub(super) fn payload(&mut self, payload: &Arc<Payload>) -> Look {
        let size = Size::Own;
        let layer = Layer { payload: Arc::clone(payload), at: (0, 0), size, part: [0; 4], clip: None, z: 0 };
        let Some(pixels) = self.pixels(payload).as_ref().clone() else { return Look { any: true, ..Look::default() } };
        let trimmed = pixels.seen().map_or_else(|| Rgba::clear(0, 0), |place| pixels.cut(place));
        let matches = self.matches(&trimmed);
        let level = matches.first().and_then(|n| self.set.get(*n)).map(|r| {
            let share = f64::from(trimmed.width) / f64::from(r.pixels.width.max(1));
            level(&trimmed, r, share)
        });
        Look { any: true, matches, level, cells: None, sent: layer.payload.sent }
    }

    /// What layers show over a picture of characters.
    fn composed(&mut self, layers: &[Layer], under: Option<(Rgba, CellRect)>) -> Look {
        let mut placed = Vec::new();
        for layer in layers {
            if let Some(pixels) = self.pixels(&layer.payload).as_ref() {
                placed.push((layer, pixels.clone(), extent(layer, pixels, self.cell)));
            }
        }
        let Some(drawn) = placed.iter().map(|(_, _, to)| *to).reduce(around) else {
            return Look { any: true, ..Look::default() };
        };
        let under = under.map(|(pixels, cells)| (pixels, self.pixels_of(cells)));
        let room = under.as_ref().map_or(drawn, |(_, to)| around(drawn, *to));
        // Anchors and what is hidden below another picture are no measure.
        let widest = placed.iter().map(|(_, _, to)| to[2]).max().unwrap_or(0);
        let mut canvas = Rgba::clear(room[2].unsigned_abs(), room[3].unsigned_abs());
        let (mut share, mut sent) = (f64::INFINITY, 0);
        if let Some((pixels, to)) = &under {
            canvas.draw(pixels, [0; 4], shifted(*to, room), None);
            // While characters are left it is a first paint.
            share = if room == drawn { share } else { 0.0 };
        }
        for (layer, pixels, to) in &placed {
            if to[2] * 4 > widest {
                let used = if layer.part[2] > 0 { layer.part[2] } else { pixels.width };
                share = share.min(f64::from(used) / f64::from(to[2].max(1)));
                sent += layer.payload.sent;
            }
            let clip = layer.clip.map(|c| self.pixels_of(c));
            canvas.draw(pixels, layer.part, shifted(*to, room), clip.map(|c| shifted(c, room)));
        }
        let Some(place) = canvas.seen() else { return Look::default() };
        let seen = canvas.cut(place);
        let matches = self.matches(&seen);
        let level = matches.first().and_then(|n| self.set.get(*n)).map(|r| level(&seen, r, share));
        let cells = self.cells_of([place[0] + room[0], place[1] + room[1], place[2], place[3]]);
        Look { any: true, matches, level, cells: Some(cells), sent }
    }

    fn pixels_of(&self, cells: CellRect) -> [i32; 4] {
        let (w, h) = (i32::from(self.cell.0), i32::from(self.cell.1));
        [i32::from(cells.x) * w, i32::from(cells.y) * h, i32::from(cells.w) * w, i32::from(cells.h) * h]
    }

    fn cells_of(&self, [x, y, w, h]: [i32; 4]) -> CellRect {
        let down = |n: i32, cell: u16| u16::try_from(n.max(0) / i32::from(cell.max(1))).unwrap_or(0);
        let up = |n: i32, cell: u16| down(n + i32::from(cell) - 1, cell);
        let (cw, ch) = self.cell;
        let (left, top) = (down(x, cw), down(y, ch));
        CellRect { x: left, y: top, w: up(x + w, cw) - left, h: up(y + h, ch) - top }
    }

    fn matches(&self, seen: &Rgba) -> Vec<usize> {
        if seen.width == 0 {
            return Vec::new();
        }
        let signature = signature(seen);
        let distances: Vec<f32> = self.set.iter().map(|r| distance(&r.signature, &signature)).collect();
        let best = distances.iter().copied().fold(f32::INFINITY, f32::min);
        let mut near: Vec<usize> = (0..distances.len())
            .filter(|n| distances.get(*n).is_some_and(|d| *d < FAR && *d <= best + MARGIN))
            .collect();
        near.sort_by(|a, b| distances.get(*a).partial_cmp(&distances.get(*b)).unwrap_or(std::cmp::Ordering::Equal));
        near
    }

    fn pixels(&mut self, payload: &Arc<Payload>) -> Arc<Option<Rgba>> {
        if let Some((_, pixels)) = self.decoded.iter().find(|(n, _)| *n == payload.number) {
            return Arc::clone(pixels);
        }
        let pixels = Arc::new(match payload.encoding {
            Encoding::File => decode::file(&payload.data),
            Encoding::Raw(bits, size) => decode::raw(&payload.data, bits, size),
            Encoding::Sixel => decode::sixel(&payload.data),
            Encoding::Unread => None,
        });
        if self.decoded.len() >= KEPT {
            self.decoded.remove(0);
        }
        self.decoded.push((payload.number, Arc::clone(&pixels)));
        pixels
    }

    /// A picture made of characters, with two columns and twelve rows of pixels a cell.
    fn text_picture(&self, scene: &Scene) -> Option<(Rgba, CellRect)> {
        let of = |cell: &Cell| {
            let coloured = matches!(cell.foreground, Ink::Rgb(_)) || matches!(cell.background, Ink::Rgb(_));
            coloured && cell.symbol != ' ' && self.symbols.contains_key(&cell.symbol)
        };
        let room = bounds(&scene.cells, scene.columns, of)?;
        let mut canvas = Rgba::clear(u32::from(room.w) * 2, u32::from(room.h) * 12);
        for (row, column) in (0..room.h).flat_map(|row| (0..room.w).map(move |column| (row, column))) {
            let at = usize::from(room.y + row) * usize::from(scene.columns) + usize::from(room.x + column);
            let Some(cell) = scene.cells.get(at) else { continue };
            let Some(mask) = self.symbols.get(&cell.symbol) else { continue };
            for bit in 0..24 {
                let ink = if mask >> bit & 1 == 1 { cell.foreground } else { cell.background };
                if let Ink::Rgb([r, g, b]) = ink {
                    let (x, y) = (u32::from(column) * 2 + bit % 2, u32::from(row) * 12 + bit / 2);
                    canvas.set(x, y, [r, g, b, 255]);
                }
            }
        }
        Some((canvas, room))
    }
}

/// The pixels of the screen that a layer takes: x, y, width, height.
fn extent(layer: &Layer, pixels: &Rgba, cell: (u16, u16)) -> [i32; 4] {
    let (cw, ch) = (i32::from(cell.0), i32::from(cell.1));
    let (x, y) = (layer.at.0 * cw, layer.at.1 * ch);
    let side = |n: u32| i32::try_from(n).unwrap_or(i32::MAX / 4);
    let own = match layer.part {
        [_, _, w, h] if w > 0 && h > 0 => (side(w), side(h)),
        _ => (side(pixels.width), side(pixels.height)),
    };
    match layer.size {
        Size::Own => [x, y, own.0, own.1],
        Size::Stretch(columns, rows) => [x, y, i32::from(columns) * cw, i32::from(rows) * ch],
        Size::Fit(columns, rows) => {
            let (w, h) = (i32::from(columns) * cw, i32::from(rows) * ch);
            let scale = (f64::from(w) / f64::from(own.0.max(1))).min(f64::from(h) / f64::from(own.1.max(1)));
            let fitted = |n: i32| (f64::from(n) * scale).round() as i32;
            let (fw, fh) = (fitted(own.0).max(1), fitted(own.1).max(1));
            [x + (w - fw) / 2, y + (h - fh) / 2, fw, fh]
        }
    }
}

fn around(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
    let (x, y) = (a[0].min(b[0]), a[1].min(b[1]));
    [x, y, (a[0] + a[2]).max(b[0] + b[2]) - x, (a[1] + a[3]).max(b[1] + b[3]) - y]
}

fn shifted(rect: [i32; 4], by: [i32; 4]) -> [i32; 4] {
    [rect[0] - by[0], rect[1] - by[1], rect[2], rect[3]]
}

#[cfg(test)]
mod checks;
