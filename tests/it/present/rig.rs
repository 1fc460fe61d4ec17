//! A presenter with a model terminal, and the loop between them.

use super::model::{Model, Rgba};
use lakelens::app::picture::{CellRect, PictureArea, PictureRef};
use lakelens::domain::lake_path::LakePath;
use lakelens::media::{ImageInfo, Picture};
use lakelens::runtime::pool::Decoded;
use lakelens::runtime::present::Presenter;
use lakelens::runtime::present::plan::Mood;
use lakelens::runtime::present::recipe::{Failure, Wanted, prepare};
use lakelens::term::caps::{Caps, Depth, Protocol};
use lakelens::term::output::Upload;
use lakelens::term::seq::{SYNC_BEGIN, SYNC_END};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

pub(crate) const CELL: (u16, u16) = (4, 8);
pub(crate) const SCREEN: (u16, u16) = (60, 30);

pub(crate) struct Rig {
    pub(crate) presenter: Presenter,
    pub(crate) model: Model,
    pub(crate) failing: HashSet<usize>,
    /// Wanted and not yet decoded.
    pub(crate) asked: Vec<Wanted>,
    /// Chunks on their way, as the writer would hold them.
    pub(crate) sending: VecDeque<Upload>,
    buffer: Buffer,
    /// Pop-ups and names, and the letter that fills them.
    covers: (Vec<CellRect>, &'static str),
    pub(crate) mood: Mood,
    begun: HashSet<u64>,
    pub(crate) frame_bytes: usize,
    /// Those of pictures among them.
    pub(crate) picture_bytes: usize,
}

pub(crate) fn caps(protocol: Protocol, tmux: bool) -> Caps {
    Caps { depth: Depth::True, protocol, cell: CELL, tmux, unicode: true, frees: true, ..Caps::default() }
}

pub(crate) fn picture_ref(number: usize) -> PictureRef {
    PictureRef { path: Arc::new(LakePath::Local(format!("/p/{number}.png"))), etag: "".into() }
}

pub(crate) fn area(number: usize, cells: CellRect) -> PictureArea {
    PictureArea::plain(0, picture_ref(number), cells, false)
}

pub(crate) fn ahead(number: usize, cells: CellRect) -> PictureArea {
    area(number, cells)
}

/// A picture with many colours that tells its number by its first channel.
pub(crate) fn pixels(number: usize, width: u32, height: u32) -> Vec<u8> {
    let at = |x: u32, y: u32| [(number * 7 % 256) as u8, (x * 5 + y) as u8, ((y * 3) ^ x) as u8];
    (0..height).flat_map(|y| (0..width).flat_map(move |x| at(x, y))).collect()
}

impl Rig {
    pub(crate) fn new(protocol: Protocol, tmux: bool) -> Self {
        let (columns, rows) = SCREEN;
        Self {
            presenter: Presenter::new(&caps(protocol, tmux)),
            model: Model::new(columns, rows, (CELL.0.into(), CELL.1.into()), tmux),
            failing: HashSet::new(),
            asked: Vec::new(),
            sending: VecDeque::new(),
            buffer: Buffer::empty(Rect::new(0, 0, columns, rows)),
            covers: (Vec::new(), " "),
            mood: Mood::default(),
            begun: HashSet::new(),
            frame_bytes: 0,
            picture_bytes: 0,
        }
    }

    /// Puts names or pop-ups full of a letter over the pictures of the frames that follow.
    pub(crate) fn cover(&mut self, covers: &[CellRect], letter: &'static str) {
        self.presenter.set_covers(covers);
        self.covers = (covers.to_vec(), letter);
    }

    /// One frame, as the loop makes it.
    pub(crate) fn frame(&mut self, areas: &[PictureArea], ahead: &[PictureArea]) {
        self.asked = self.presenter.plan(areas, ahead, self.mood, true);
        self.keep();
        let mut next = Buffer::empty(self.buffer.area);
        for cover in &self.covers.0 {
            for at in (cover.y..cover.y + cover.h).flat_map(|y| (cover.x..cover.x + cover.w).map(move |x| (x, y))) {
                next[at].set_symbol(self.covers.1);
            }
        }
        self.presenter.paint(&mut next);
        let mut bytes = SYNC_BEGIN.to_vec();
        let begun = bytes.len();
        self.presenter.before(&mut bytes);
        self.picture_bytes = bytes.len() - begun;
        lakelens::term::cells::write(self.buffer.diff(&next).into_iter(), &mut bytes);
        let begun = bytes.len();
        self.presenter.after(&mut bytes);
        self.picture_bytes += bytes.len() - begun;
        bytes.extend_from_slice(SYNC_END);
        self.frame_bytes = bytes.len();
        self.buffer = next;
        self.model.erased.clear();
        self.model.write(&bytes);
        self.sending.extend(self.presenter.upload());
    }

    /// Gives up the uploads that do not matter any more, as the writer does.
    fn keep(&mut self) {
        let alive = self.presenter.alive();
        let (kept, dropped): (VecDeque<Upload>, VecDeque<Upload>) =
            self.sending.drain(..).partition(|u| alive.contains(&u.tag));
        self.sending = kept;
        self.presenter.dropped(&dropped.iter().map(|u| u.tag).collect::<Vec<_>>());
        for upload in dropped.iter().filter(|u| self.begun.contains(&u.tag)) {
            self.model.write(&upload.abort);
        }
    }

    /// Decodes everything that was asked for. The pictures are as tall as their number says.
    pub(crate) fn decode(&mut self) -> bool {
        let mut redraw = false;
        for wanted in std::mem::take(&mut self.asked) {
            let name = wanted.picture.path.name().to_owned();
            let number: usize = name.trim_end_matches(".png").parse().unwrap();
            let result = match self.failing.contains(&number) {
                true => Err(Failure { reason: "no picture".into(), info: None }),
                false => prepare(&picture_for(number, &wanted), &wanted).map(Arc::new),
            };
            redraw |= self.presenter.on_decoded(Decoded { wanted, result, stages: Default::default() });
        }
        self.sending.extend(self.presenter.upload());
        redraw
    }

    /// Writes at most `chunks` chunks; says whether a redraw is wanted.
    pub(crate) fn send(&mut self, chunks: usize) -> bool {
        let mut redraw = false;
        for _ in 0..chunks {
            let Some(upload) = self.sending.front_mut() else { break };
            let chunk = upload.chunks.remove(0);
            self.begun.insert(upload.tag);
            let done = upload.chunks.is_empty().then_some(upload.tag);
            self.model.write(&chunk);
            if let Some(tag) = done {
                self.sending.pop_front();
                redraw |= self.presenter.on_uploaded(tag);
                self.sending.extend(self.presenter.upload());
            }
        }
        redraw
    }

    /// Frames until nothing changes any more.
    pub(crate) fn settle(&mut self, areas: &[PictureArea], next: &[PictureArea]) {
        for _ in 0..200 {
            self.frame(areas, next);
            let changed = self.decode() | self.send(usize::MAX);
            if !changed && self.asked.is_empty() && self.sending.is_empty() {
                return self.frame(areas, next);
            }
        }
        panic!("it never settles");
    }

    /// The first channel of what is seen in a cell's middle, which tells the picture's number.
    pub(crate) fn seen(&self, x: u16, y: u16) -> Option<u8> {
        let stride = usize::from(SCREEN.0) * usize::from(CELL.0);
        let row = usize::from(y) * usize::from(CELL.1) + usize::from(CELL.1) / 2;
        let column = usize::from(x) * usize::from(CELL.0) + usize::from(CELL.0) / 2;
        self.model.screen()[row * stride + column].map(|p| p[0])
    }

    /// All numbers that are seen anywhere.
    pub(crate) fn all_seen(&self) -> HashSet<u8> {
        self.model.screen().into_iter().flatten().map(|p: Rgba| p[0]).collect()
    }
}

pub(crate) fn picture_for(number: usize, wanted: &Wanted) -> Picture {
    let (width, height) = wanted.pixels();
    // Some are narrower or lower than their place, by a number of pixels that is no whole cell.
    let (width, height) = match number % 3 {
        0 => (width, height),
        1 => (width - width / 3, height),
        _ => (width, height - height / 3),
    };
    Picture {
        rgb: pixels(number, width, height),
        width,
        height,
        full: (width, height),
        info: Arc::new(ImageInfo::default()),
    }
}
