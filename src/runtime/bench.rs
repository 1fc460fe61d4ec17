//! The measuring tool that is built in: this program in a pseudo-terminal, behind a shaped relay, in front of a scripted
//! terminal that knows what a person would see.
//!
//! What always holds: the program that is measured is the real one, with its own loop, in its own process; nothing of the
//! person's own files is read or written; the program is killed and the scratch folder deleted, however a run ends.

pub mod peers;
pub mod photos;
mod pty;
mod relay;
mod scratch;
mod session;
mod shape;
mod sight;
mod stages;
mod surroundings;
mod terminal;
mod timeline;
mod way;

pub use terminal::Trouble;
pub use timeline::Percentiles;

use crate::app::picture::CellRect;
use crate::app::screens::grid;
use crate::media::MediaError;
use crate::term::graphics::Level;
use pty::Window;
use scratch::Scratch;
use serde::Serialize;
use session::{Ended, Session, Sighted};
use shape::Link;
use sight::Sight;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use timeline::{Measured, Press, View, measure};
use way::Step;

/// Bytes the sender can write ahead: what was measured of OpenSSH.
const BUFFER: usize = 1 << 20;
/// A cell in pixels.
const CELL: (u16, u16) = (10, 20);
/// The box of the picture in cells.
const BOX: (u16, u16) = (80, 40);
/// Photos that are made where none are given.
const PHOTOS: usize = 12;
/// Pictures beyond the last one, so that there is always something ahead.
const BEYOND: usize = 12;
/// Fewer pictures could not be told apart in their order.
const FEWEST: usize = 4;
/// The longest wait for the first and the last picture.
const PATIENCE: Duration = Duration::from_secs(90);
/// Nothing comes any more.
const QUIET: Duration = Duration::from_millis(1500);
/// A key is held for so long.
const HELD: Duration = Duration::from_millis(70);

/// How the terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Graphics {
    /// The Kitty protocol.
    Kitty,
    /// iTerm2's inline images.
    Iterm,
    /// Sixel.
    Sixel,
    /// Not at all: block characters in 24-bit colours.
    Blocks,
}

/// Where the keys are pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The folder browser.
    Lake,
    /// Labelling.
    Label,
    /// The thumbnails of a project: a key asks for a page of pictures.
    Gallery,
    /// Reviewing.
    Review,
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    /// This program.
    pub program: PathBuf,
    /// Where the scratch folder is made.
    pub scratch: PathBuf,
    /// `PATH` for the program.
    pub path: std::ffi::OsString,
    /// The rate of the link in bits a second, each way.
    pub rate: f64,
    /// The round trip of the link.
    pub rtt: Duration,
    /// Between two keys.
    pub every: Duration,
    /// How many keys.
    pub count: usize,
    /// The pictures; photos are made where there are none.
    pub images: Vec<PathBuf>,
    /// How the terminal shows pictures.
    pub graphics: Graphics,
    /// The program is inside tmux.
    pub tmux: bool,
    /// Where the keys are pressed.
    pub screen: Place,
    /// The program believes that it is on the terminal's machine.
    pub local: bool,
    /// The first key waits until the pictures ahead have been sent as well.
    pub ready: bool,
}

/// Bytes of several things of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sizes {
    /// Half of them have at most this.
    pub p50: usize,
    /// The largest.
    pub max: usize,
}

/// Bytes of a picture on the line, the mean of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ImageBytes {
    /// The first paint.
    pub first: Option<usize>,
    /// Everything up to the full view: first paint and good, or whatever came instead.
    pub full: Option<usize>,
    /// The full view alone.
    pub good: Option<usize>,
    /// Every pixel.
    pub exact: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// How pictures were shown.
    pub protocol: Graphics,
    /// Inside tmux.
    pub tmux: bool,
    /// Where.
    pub screen: Place,
    /// The link, in Mbit/s.
    pub mbit: f64,
    /// Its round trip in milliseconds.
    pub rtt_ms: f64,
    /// Between two keys, in milliseconds.
    pub every_ms: f64,
    /// Keys pressed.
    pub keys: usize,
    /// Columns and rows of the picture.
    pub cells: Option<(u16, u16)>,
    /// From the start of the program until the first picture was seen, and until it was good, in milliseconds.
    pub start_ms: Option<f64>,
    /// From a key until its picture, or that of a later key, was seen.
    pub visible_ms: Option<Percentiles>,
    /// From a key until its picture was seen at full resolution.
    pub full_ms: Option<Percentiles>,
    /// Keys whose picture was seen at full resolution.
    pub full_keys: usize,
    /// Keys whose picture, or that of a later key, was never seen.
    pub unseen: usize,
    /// Keys whose picture was never seen because that of a later key came first.
    pub overtaken: usize,
    /// How good the last key's picture became: `first`, `good`, `exact` or nothing.
    pub last_reached: Option<&'static str>,
    /// Times another picture was seen after the newest key's.
    pub stale: usize,
    /// Times nothing was seen between two pictures.
    pub blank: usize,
    /// For how long nothing was seen, in milliseconds.
    pub blank_ms: f64,
    /// Times something was seen that is none of the pictures.
    pub unknown: usize,
    /// Bytes of the commands that show a key's picture and take the old one away.
    pub key_bytes: Option<Sizes>,
    /// Bytes of the whole frames that did so.
    pub frame_bytes: Option<Sizes>,
    /// Bytes of pictures.
    pub image_bytes: ImageBytes,
    /// Bytes from the program in all.
    pub bytes: u64,
    /// What the program itself measured, medians by level.
    pub stages_ms: BTreeMap<String, BTreeMap<String, f64>>,
    /// What went wrong between program and terminal.
    pub trouble: Trouble,
    /// Pairs of pictures that cannot be told apart by what is seen.
    pub alike: usize,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// It was told to stop.
    #[error("stopped")]
    Cancelled,
    /// No pseudo-terminal.
    #[error("no pseudo-terminal can be opened: {0}; check that /dev/pts is mounted")]
    Terminal(std::io::Error),
    /// The relay cannot work.
    #[error("the relay on this machine failed: {0}")]
    Relay(std::io::Error),
    /// A program cannot be started.
    #[error("`{program}` cannot be started: {error}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// The program ended before it was told to.
    #[error("the program that is measured has ended by itself; run it by hand in the same way to see why")]
    Ended,
    /// Nothing was seen.
    #[error("{0} was not seen within {1} seconds; is the link too slow for it?")]
    Unseen(&'static str, u64),
    /// A picture of the set cannot be read.
    #[error("`{file}` cannot be used: {error}")]
    Picture {
        /// The file.
        file: String,
        /// Why.
        error: MediaError,
    },
    /// Too few pictures to tell one from the next.
    #[error("at least {FEWEST} pictures are needed to tell what is seen, and there are {0}")]
    Few(usize),
    /// The project for the screen could not be made.
    #[error("the project to measure with could not be made: {0}")]
    Prepare(String),
    /// Pages of pictures made of characters cannot be told apart.
    #[error("the gallery cannot be measured with block characters; choose another protocol or screen")]
    Blocks,
    /// A photo could not be made.
    #[error("a photo could not be made: {0}")]
    Photo(String),
    /// A file of the scratch folder.
    #[error("`{path}`: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

impl BenchError {
    fn file(path: &Path, error: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), error }
    }
}

/// What a run tells while it runs.
pub struct Watch<'a> {
    /// What is done now, and how far of how much.
    pub progress: &'a (dyn Fn(&str, usize, usize) + Sync),
    /// Whether to stop.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

/// Measures.
///
/// # Errors
/// [`BenchError`] when there is nothing to measure with, or the program does not show anything.
pub fn link(request: &LinkRequest, watch: &Watch<'_>) -> Result<LinkReport, BenchError> {
    let gallery = request.screen == Place::Gallery;
    if gallery && request.graphics == Graphics::Blocks {
        return Err(BenchError::Blocks);
    }
    let scratch = Scratch::new(&request.scratch)?;
    let mut set = set(request, &scratch, watch)?;
    let window = request.screen.window();
    let slots = slots(window);
    if gallery {
        // Pages must not repeat: no page may hold the whole set some times over.
        let fits = |n: &usize| !slots.len().is_multiple_of(*n);
        set.truncate((FEWEST..=set.len()).rev().find(fits).unwrap_or(FEWEST));
    }
    let pages = request.count + 1;
    let pictures = if gallery { (pages + 1) * slots.len() } else { pages + BEYOND };
    let folder = scratch.pictures(&set, pictures)?;
    let room = (u32::from(BOX.0 * CELL.0), u32::from(BOX.1 * CELL.1));
    let files: Vec<&Path> = set.iter().map(PathBuf::as_path).collect();
    (watch.progress)("looking at the pictures", 0, 0);
    let mut sight = Sight::new(&files, room, CELL, request.graphics == Graphics::Blocks)?;
    if gallery {
        sight.look_at_pages(slots, pages);
    }
    let alike = sight.alike();
    let launch = surroundings::launch(request, &scratch, &folder)?;
    request.screen.prepare(&launch, &scratch, &folder, pictures)?;
    let link = Link { rate: request.rate, delay: request.rtt / 2, buffer: BUFFER };
    let started = Instant::now();
    let session = Session::start(&launch, window, link, (request.graphics, request.tmux), Some(sight))?;
    let set = if gallery { usize::MAX } else { set.len() };
    let mut run = Run { session, views: Vec::new(), presses: Vec::new(), set, watch };
    run.go(request.screen)?;
    let first_seen = run.wait_for_first(started, request.ready)?;
    run.press_keys(request)?;
    run.wait_for_last()?;
    let bytes = run.session.bytes();
    let Run { session, views, presses, .. } = run;
    let ended = session.end();
    let measured = measure(0, &presses, &views);
    let log = std::fs::read_to_string(surroundings::log_file(&scratch)).unwrap_or_default();
    let mut report = report(request, &measured, &views);
    report.start_ms = Some(millis(first_seen));
    report.bytes = bytes;
    report.stages_ms = stages::medians(&log);
    report.trouble = ended.trouble;
    report.alike = alike;
    report.image_bytes = image_bytes(ended, &views, request.graphics);
    Ok(report)
}

/// Where the thumbnails of a page stand in a window.
fn slots(window: Window) -> Vec<CellRect> {
    let size = (window.columns, window.rows);
    let grid = grid::grid(size, window.cell, grid::first_zoom(size, window.cell));
    (0..grid.page()).map(|n| grid.cell(n).0).collect()
}

/// The pictures: those that were given, or photos that are made now.
fn set(request: &LinkRequest, scratch: &Scratch, watch: &Watch<'_>) -> Result<Vec<PathBuf>, BenchError> {
    if request.images.is_empty() {
        let folder = scratch.folder("photos")?;
        let done = std::sync::atomic::AtomicUsize::new(0);
        let progress = |_| {
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            (watch.progress)("making photos", done, PHOTOS);
        };
        return photos::write(&folder, PHOTOS, photos::SIZE, &progress, watch.cancelled);
    }
    if request.images.len() < FEWEST {
        return Err(BenchError::Few(request.images.len()));
    }
    Ok(request.images.clone())
}

/// A run under way.
struct Run<'a> {
    session: Session,
    views: Vec<View>,
    presses: Vec<Press>,
    /// How many pictures there are before they repeat.
    set: usize,
    watch: &'a Watch<'a>,
}

impl Run<'_> {
    fn next(&mut self, until: Instant) -> Result<bool, BenchError> {
        let Some(Sighted { scene, look }) = self.session.next(until, self.watch.cancelled)? else { return Ok(false) };
        self.views.push(View { at: scene.at, bytes: scene.bytes, look });
        Ok(true)
    }

    /// Goes to the screen.
    fn go(&mut self, screen: Place) -> Result<(), BenchError> {
        let end = Instant::now() + PATIENCE;
        let mut text = String::new();
        for step in screen.way() {
            loop {
                let there = match step {
                    Step::Key(_) => true,
                    Step::Text(wanted) => text.contains(wanted),
                    Step::Picture => self.views.last().is_some_and(|v| v.look.any),
                };
                if there {
                    break;
                }
                if Instant::now() > end {
                    return Err(BenchError::Unseen("the screen", PATIENCE.as_secs()));
                }
                if let Some(Sighted { scene, look }) = self.session.next(end, self.watch.cancelled)? {
                    text = scene.text();
                    self.views.push(View { at: scene.at, bytes: scene.bytes, look });
                }
            }
            if let Step::Key(key) = step {
                self.session.press(*key, HELD)?;
                text.clear();
            }
        }
        self.views.clear();
        Ok(())
    }

    /// Waits until the first picture is exact (unless the others shall be `ready`), or there and nothing more comes.
    /// Gives when it was first seen.
    fn wait_for_first(&mut self, started: Instant, ready: bool) -> Result<Duration, BenchError> {
        (self.watch.progress)("waiting for the first picture", 0, 0);
        let end = started + PATIENCE;
        let seen = |v: &View| v.look.matches.contains(&0);
        loop {
            let exact = self.views.last().is_some_and(|v| seen(v) && v.look.level == Some(Level::Exact)) && !ready;
            let quiet = self.views.last().is_some_and(seen) && self.session.quiet_for() > QUIET;
            if exact || quiet {
                let first = self.views.iter().find(|v| seen(v));
                return Ok(first.map_or(Duration::ZERO, |v| v.at.saturating_duration_since(started)));
            }
            if Instant::now() > end {
                return Err(BenchError::Unseen("the first picture", PATIENCE.as_secs()));
            }
            self.next(Instant::now() + QUIET / 5)?;
        }
    }

    /// Presses keys by the clock, whatever is shown.
    fn press_keys(&mut self, request: &LinkRequest) -> Result<(), BenchError> {
        // What was seen before is no part of the measurement.
        self.views.drain(..self.views.len().saturating_sub(1));
        let begin = Instant::now();
        for number in 0..request.count {
            let due = begin + request.every * u32::try_from(number).unwrap_or(u32::MAX);
            while Instant::now() < due {
                self.next(due)?;
            }
            (self.watch.progress)("pressing keys", number + 1, request.count);
            let held = HELD.min(request.every / 2);
            let at = self.session.press(request.screen.next_key(), held)?;
            self.presses.push(Press { at, target: (number + 1) % self.set });
        }
        Ok(())
    }

    /// Waits until the last key's picture is good, or there and nothing more comes, or much too late.
    fn wait_for_last(&mut self) -> Result<(), BenchError> {
        (self.watch.progress)("waiting for the last picture", 0, 0);
        let Some(last) = self.presses.last().copied() else { return Ok(()) };
        let end = Instant::now() + PATIENCE;
        loop {
            let seen = self.views.last().filter(|v| v.at > last.at && v.look.matches.contains(&last.target));
            let good = seen.is_some_and(|v| v.look.level >= Some(Level::Good));
            let quiet = self.session.quiet_for() > QUIET && last.at.elapsed() > 2 * QUIET;
            if good || quiet || Instant::now() > end {
                return Ok(());
            }
            self.next(Instant::now() + QUIET / 5)?;
        }
    }
}

fn report(request: &LinkRequest, measured: &Measured, views: &[View]) -> LinkReport {
    let seen = || measured.visible.iter().flatten().copied();
    LinkReport {
        protocol: request.graphics,
        tmux: request.tmux,
        screen: request.screen,
        mbit: request.rate / 1e6,
        rtt_ms: millis(request.rtt),
        every_ms: millis(request.every),
        keys: measured.visible.len(),
        cells: views.last().and_then(|v| v.look.cells).map(|c| (c.w, c.h)),
        start_ms: None,
        visible_ms: Percentiles::of(seen()),
        full_ms: Percentiles::of(measured.full.iter().copied()),
        full_keys: measured.full.len(),
        unseen: measured.visible.len() - seen().count(),
        overtaken: measured.overtaken,
        last_reached: measured.last.map(level_name),
        stale: measured.stale,
        blank: measured.blank,
        blank_ms: millis(measured.blank_time),
        unknown: measured.unknown,
        key_bytes: sizes(measured.frames.iter().map(|f| f.graphics)),
        frame_bytes: sizes(measured.frames.iter().map(|f| f.all)),
        image_bytes: ImageBytes::default(),
        bytes: 0,
        stages_ms: BTreeMap::new(),
        trouble: Trouble::default(),
        alike: 0,
    }
}

/// The name of a level in reports.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::First => "first",
        Level::Good => "good",
        Level::Exact => "exact",
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

fn sizes(values: impl Iterator<Item = usize>) -> Option<Sizes> {
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    Some(Sizes { p50: *timeline::rank(&values, 0.5)?, max: *values.last()? })
}

/// Means of what pictures took on the line: of those the terminal was sent, shown or not, and where it keeps none, of
/// what was seen.
fn image_bytes(ended: Ended, views: &[View], graphics: Graphics) -> ImageBytes {
    let mut by_level: BTreeMap<Level, Vec<usize>> = BTreeMap::new();
    let mut add = |level: Option<Level>, sent: usize| {
        if let Some(level) = level {
            by_level.entry(level).or_default().push(sent);
        }
    };
    if graphics == Graphics::Kitty {
        let Some(mut sight) = ended.sight else { return ImageBytes::default() };
        for payload in &ended.received {
            add(sight.payload(payload).level, payload.sent);
        }
    } else {
        let mut before = None;
        for look in views.iter().map(|v| &v.look).filter(|l| l.any && !l.matches.is_empty()) {
            let key = (look.matches.clone(), look.level, look.sent);
            if before.replace(key.clone()) != Some(key) {
                add(look.level, look.sent);
            }
        }
    }
    let mean = |level: Level| {
        let all = by_level.get(&level)?;
        Some(all.iter().sum::<usize>() / all.len().max(1))
    };
    let (first, good, exact) = (mean(Level::First), mean(Level::Good), mean(Level::Exact));
    let full = good.or(exact).map(|bytes| bytes + first.unwrap_or(0));
    ImageBytes { first, full, good, exact }
}
