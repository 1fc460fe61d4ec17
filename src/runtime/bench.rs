//! The measuring tool that is built in: this program in a pseudo-terminal, behind a shaped relay, in front of a scripted
//! terminal that knows what a person would see.
//!
//! What always holds: the program that is measured is the real one, with its own loop, in its own process; nothing of the
//! person's own files is read or written; the program is killed and the scratch folder deleted, however a run ends.

pub mod peers;
pub mod photos;
mod pty;
mod relay;
mod report;
mod run;
mod scratch;
mod session;
mod shape;
mod sight;
mod stages;
mod surroundings;
mod terminal;
mod timeline;
mod way;

pub use report::{ImageBytes, LinkReport, Sizes};
pub use terminal::Trouble;
pub use timeline::Percentiles;

use crate::app::picture::CellRect;
use crate::app::screens::grid;
use crate::media::MediaError;
use pty::Window;
use run::Run;
use scratch::Scratch;
use serde::Serialize;
use session::Session;
use shape::Link;
use sight::Sight;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use timeline::measure;

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
    let mut report = report::report(request, &measured, &views);
    report.start_ms = Some(millis(first_seen));
    report.bytes = bytes;
    report.stages_ms = stages::medians(&log);
    report.trouble = ended.trouble;
    report.alike = alike;
    report.image_bytes = report::image_bytes(ended, &views, request.graphics);
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

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}
