//! Films a window: on a thread of its own, a part of the screen is fetched from the X server every few milliseconds, and
//! of each grab is kept which picture stands at each point of a grid, and where the bar of the list is.

use super::flats::{self, NONE};
use super::stage::PATIENCE;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat};

/// Between two grabs, besides the time a grab takes.
const PAUSE: Duration = Duration::from_millis(8);
/// Pixels between two points of the grid, across and down.
pub(super) const STEP: usize = 6;
/// A light pixel is brighter than this in every channel, a dark one is not.
const BRIGHT: u8 = 170;

/// What is looked at, in pixels of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// Left edge.
    pub(super) x: u16,
    /// Top edge.
    pub(super) y: u16,
    /// Width.
    pub(super) width: u16,
    /// Height.
    pub(super) height: u16,
    /// Pixels from the left edge that belong to the list; pictures begin after them.
    pub(super) list: u16,
}

impl View {
    /// Points of the grid, across.
    pub(super) fn columns(&self) -> usize {
        usize::from(self.width - self.list).div_ceil(STEP)
    }
}

/// One moment.
#[derive(Clone, Debug)]
pub(super) struct Grab {
    /// When the grab was over: everything in it had happened by then.
    pub(super) at: Instant,
    /// The top of the bar in the list, in pixels of the view, where one is seen.
    pub(super) bar: Option<usize>,
    /// For each point of the grid, row by row, the picture that is there, or [`NONE`]. Equal grids share their memory.
    pub(super) seen: Arc<[u8]>,
}

#[derive(Debug, Default)]
struct Film {
    grabs: Mutex<Vec<Grab>>,
    more: Condvar,
}

/// A camera that runs.
pub(super) struct Camera {
    film: Arc<Film>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Camera {
    pub(super) fn start(display: &str, view: View) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).expect("the X server takes connections");
        let root = connection.setup().roots[screen].root;
        let film = Arc::new(Film::default());
        let of_thread = Arc::clone(&film);
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut last: Arc<[u8]> = Arc::default();
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let asked = connection.get_image(
                    ImageFormat::Z_PIXMAP,
                    root,
                    grab_x(&view),
                    grab_y(&view),
                    view.width,
                    view.height,
                    !0,
                );
                let Ok(Ok(image)) = asked.map(|cookie| cookie.reply()) else { break };
                let at = Instant::now();
                let (bar, seen) = read(&image.data, &view);
                if seen[..] != last[..] {
                    last = seen.into();
                }
                of_thread.grabs.lock().unwrap().push(Grab { at, bar, seen: Arc::clone(&last) });
                of_thread.more.notify_all();
            }
        });
        Self { film, stop, thread: Some(thread) }
    }

    /// Waits until `condition` holds for what was filmed so far; says whether it ever did.
    pub(super) fn wait(&self, mut condition: impl FnMut(&[Grab]) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        let mut grabs = self.film.grabs.lock().unwrap();
        while !condition(&grabs) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            grabs = self.film.more.wait_timeout(grabs, left).unwrap().0;
        }
        true
    }

    /// Waits until so many more grabs were made.
    pub(super) fn linger(&self, count: usize) {
        let until = self.film.grabs.lock().unwrap().len() + count;
        assert!(self.wait(|grabs| grabs.len() >= until), "the camera has stopped");
    }

    /// Everything filmed so far; the film begins anew.
    pub(super) fn cut(&self) -> Vec<Grab> {
        std::mem::take(&mut *self.film.grabs.lock().unwrap())
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn grab_x(view: &View) -> i16 {
    i16::try_from(view.x).unwrap()
}

fn grab_y(view: &View) -> i16 {
    i16::try_from(view.y).unwrap()
}

/// The bar and the grid, from four bytes a pixel in the order blue, green, red, unused.
fn read(data: &[u8], view: &View) -> (Option<usize>, Vec<u8>) {
    let width = usize::from(view.width);
    let at = |x: usize, y: usize| {
        let pixel = &data[(y * width + x) * 4..][..3];
        [pixel[2], pixel[1], pixel[0]]
    };
    let (list, height) = (usize::from(view.list), usize::from(view.height));
    // Light on a dark screen or dark on a light one.
    let bright = |y: usize| at(list / 2, y).iter().all(|v| *v > BRIGHT);
    let bar = (1..height).find(|y| bright(*y) != bright(0));
    let rows = (0..height).step_by(STEP);
    let grid = rows.flat_map(|y| (list..width).step_by(STEP).map(move |x| flats::which(at(x, y))));
    (bar, grid.collect())
}

impl Grab {
    /// How many points show each picture that is seen at all.
    pub(super) fn counts(&self) -> Vec<(usize, usize)> {
        let mut counts = [0; flats::COUNT];
        self.seen.iter().filter(|s| **s != NONE).for_each(|s| counts[usize::from(*s)] += 1);
        counts.into_iter().enumerate().filter(|(_, n)| *n > 0).collect()
    }
}
