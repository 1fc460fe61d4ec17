//! A gallery of ten thousand pictures, paged through with the real pool and the presenter: what was left is not made,
//! what is looked at is whole in the end, and nothing is decoded a second time.

use super::model::Model;
use crate::app::harness::{Harness, project, sample};
use lakelens::app::effect::{Effect, Query};
use lakelens::app::event::{Event, Reply};
use lakelens::app::screens::Screen;
use lakelens::domain::ids::SampleId;
use lakelens::media::{ByteSource, Limits, MediaError, MemorySource};
use lakelens::runtime::pool::{Caches, DecodePool, Decoded, Opener};
use lakelens::runtime::present::Presenter;
use lakelens::runtime::present::plan::Mood;
use lakelens::runtime::present::recipe::Wanted;
use lakelens::term::caps::{Caps, Depth, Protocol};
use lakelens::term::cells;
use lakelens::ui::Drawn;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const SAMPLES: usize = 10_000;
const SCREEN: (u16, u16) = (80, 24);
const CELL: (u16, u16) = (10, 20);
/// Of so many pages one is looked at.
const STRIDE: usize = 24;
const LONG: Duration = Duration::from_secs(60);

/// Tells a picture by its number.
fn colour(number: usize) -> [u8; 3] {
    [(number % 100 * 2 + 30) as u8, (number / 100 * 2 + 30) as u8, 90]
}

fn number(wanted: &Wanted) -> usize {
    wanted.picture.path.name().trim_end_matches(".jpg").parse().unwrap()
}

fn file(number: usize) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(16, 12, image::Rgb(colour(number)));
    picture.write_to(&mut out, image::ImageFormat::Bmp).unwrap();
    out.into_inner()
}

/// A door before the files.
#[derive(Default)]
struct Door {
    open: Mutex<bool>,
    changed: Condvar,
    /// Files that were opened.
    passed: AtomicUsize,
}

impl Door {
    fn set(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.changed.notify_all();
    }

    fn pass(&self, cancel: &AtomicBool) -> Result<(), MediaError> {
        self.passed.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.changed.wait(open).unwrap();
        }
        if cancel.load(Ordering::SeqCst) { Err(MediaError::Cancelled) } else { Ok(()) }
    }
}

/// The program without its loop: state, screen, pool and a terminal.
struct Program {
    state: Harness,
    presenter: Presenter,
    pool: DecodePool,
    results: Receiver<Decoded>,
    door: Arc<Door>,
    model: Model,
    shown: Buffer,
    /// How often each picture was decoded.
    decoded: HashMap<usize, usize>,
}

impl Program {
    fn new() -> Self {
        let door = Arc::new(Door::default());
        let before = Arc::clone(&door);
        let opener: Opener = Arc::new(move |picture, cancel| {
            before.pass(cancel)?;
            let number = picture.path.name().trim_end_matches(".jpg").parse().unwrap();
            Ok(Box::new(MemorySource::new(file(number))) as Box<dyn ByteSource>)
        });
        let (send, results) = channel();
        let send = move |d| send.send(d).unwrap_or_default();
        let caches = Caches { memory: 256 << 20, disk: None };
        let protocol = Protocol::Kitty { shared_memory: false };
        let caps = Caps { depth: Depth::True, protocol, cell: CELL, unicode: true, frees: true, ..Caps::default() };
        let mut state = Harness::new(Screen::Projects(Default::default()));
        state.open(project(&["one", "two"]), SAMPLES);
        state.keys("g o");
        Self {
            state,
            presenter: Presenter::new(&caps),
            pool: DecodePool::spawn(1, caches, Limits::default(), opener, send).unwrap(),
            results,
            door,
            model: Model::new(SCREEN.0, SCREEN.1, (CELL.0.into(), CELL.1.into()), false),
            shown: Buffer::empty(Rect::new(0, 0, SCREEN.0, SCREEN.1)),
            decoded: HashMap::new(),
        }
    }

    /// Answers the questions to the store, until there are none.
    fn answer(&mut self) {
        loop {
            let effects = std::mem::take(&mut self.state.effects);
            let asked: Vec<_> = effects
                .into_iter()
                .filter_map(|e| if let Effect::Ask(t, q) = e { Some((t, q)) } else { None })
                .collect();
            if asked.is_empty() {
                return;
            }
            for (tag, query) in asked {
                let back = matches!(query, Query::Page { back: true, .. });
                let page = match query {
                    Query::Page { beyond: None, limit, .. } => 1..limit.min(SAMPLES) + 1,
                    Query::Page { beyond: Some(SampleId(id)), back: false, limit, .. } => {
                        id as usize + 1..(id as usize + 1 + limit).min(SAMPLES + 1)
                    }
                    Query::Page { beyond: Some(SampleId(id)), limit, .. } => {
                        (id as usize).saturating_sub(limit).max(1)..id as usize
                    }
                    Query::Jump { limit, .. } => 1..limit.min(SAMPLES) + 1,
                    Query::Position { sample, .. } => {
                        let rank = Some(sample.0 as u64);
                        self.state.event(Event::Reply(tag, Reply::Position { rank, total: SAMPLES as u64 }));
                        continue;
                    }
                    _ => continue,
                };
                let end = if back { page.start == 1 } else { page.end > SAMPLES };
                let samples = page.map(sample).collect();
                self.state.event(Event::Reply(tag, Reply::Page { samples, end }));
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.state.keys(key);
        self.answer();
    }

    /// One frame; gives what has to be made for it, and what it shows.
    fn frame(&mut self) -> (Vec<Wanted>, Drawn) {
        let (mut next, drawn) = self.state.draw(SCREEN.0, SCREEN.1);
        self.answer();
        self.presenter.set_covers(&drawn.covers);
        let asked = self.presenter.plan(&drawn.pictures, &drawn.ahead, Mood::default(), true);
        self.pool.want(asked.clone());
        self.presenter.paint(&mut next);
        let mut bytes = Vec::new();
        self.presenter.before(&mut bytes);
        cells::write(self.shown.diff(&next).into_iter(), &mut bytes);
        self.presenter.after(&mut bytes);
        self.model.write(&bytes);
        self.shown = next;
        self.send();
        (asked, drawn)
    }

    fn send(&mut self) {
        loop {
            let uploads = self.presenter.upload();
            if uploads.is_empty() {
                return;
            }
            for upload in uploads {
                upload.chunks.iter().for_each(|chunk| self.model.write(chunk));
                let _ = self.presenter.on_uploaded(upload.tag);
            }
        }
    }

    /// Waits for all that this page and the next one need; every picture of the page is on the screen then.
    fn look(&mut self) -> usize {
        loop {
            let (mut asked, drawn) = self.frame();
            if asked.is_empty() {
                self.frame();
                self.check(&drawn);
                return drawn.pictures.len();
            }
            while !asked.is_empty() {
                let decoded = self.results.recv_timeout(LONG).expect("all that is wanted comes");
                self.pool.acknowledge(&decoded.wanted);
                asked.retain(|wanted| *wanted != decoded.wanted);
                *self.decoded.entry(number(&decoded.wanted)).or_default() +=
                    usize::from(decoded.stages.decode.is_some());
                let _ = self.presenter.on_decoded(decoded);
                self.send();
            }
        }
    }

    fn check(&self, drawn: &Drawn) {
        let screen = self.model.screen();
        let stride = usize::from(SCREEN.0) * usize::from(CELL.0);
        for area in &drawn.pictures {
            let (x, y) = (area.cells.x + area.cells.w / 2, area.cells.y + area.cells.h / 2);
            let at = usize::from(y) * usize::from(CELL.1) * stride + usize::from(x) * usize::from(CELL.0);
            let name = area.picture.path.name();
            let [r, g, b] = colour(name.trim_end_matches(".jpg").parse().unwrap());
            assert_eq!(screen[at], Some([r, g, b, 255]), "{name}");
        }
    }
}

#[test]
fn ten_thousand_are_paged_through_without_work_for_what_was_left() {
    let mut program = Program::new();
    program.answer();
    program.door.set(true);
    let page = program.look();
    let pages = SAMPLES.div_ceil(page);
    assert!((6..40).contains(&page), "{page} on a page");
    for key in ["n", "p"] {
        for stop in 0..=pages / STRIDE {
            // As long as a key is held down nothing is made ready, so all that was asked for waits.
            program.door.set(false);
            let before = program.door.passed.load(Ordering::SeqCst);
            for _ in 0..STRIDE.min(pages - stop * STRIDE) {
                program.key(key);
                program.frame();
            }
            let opened = program.door.passed.load(Ordering::SeqCst) - before;
            assert!(opened <= 1, "{opened} of {} that were left", STRIDE * page);
            program.door.set(true);
            program.look();
            // The page, the next one, and one file that was opened when it was left.
            let opened = program.door.passed.load(Ordering::SeqCst) - before;
            assert!(opened <= 2 * page + 1, "{opened} at stop {stop} of `{key}`");
        }
        let last = program.state.state.gallery().unwrap().sample().unwrap().id.0 as usize;
        assert!(if key == "n" { last == SAMPLES } else { last <= page }, "{last} at the end of `{key}`");
    }
    let twice: Vec<_> = program.decoded.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "decoded again: {twice:?}");
    assert!(program.decoded.len() >= 2 * page * (pages / STRIDE), "{} pictures", program.decoded.len());
}
