//! What is on the terminal: cells by their differences, pictures by the presenter, both in one synchronized update.

mod figures;
mod haste;
mod terminal;

use super::message::{Message, Sender};
use super::pool::{DecodePool, Decoded};
use super::present::{Answer, Presenter, QUOTA};
use crate::app::picture::{PictureRef, PictureState};
use crate::app::preview_report::{CacheReport, LinkReport, PreviewReport};
use crate::app::state::State;
use crate::term::caps::Caps;
use crate::term::graphics::Level;
use crate::term::guard::{Guard, GuardError, Modes, Restorer, window_size};
use crate::term::input::reader::InputThread;
use crate::term::input::{InputEvent, Reply};
use crate::term::output::{Output, Pacing, Written};
use crate::term::probe::Probe;
use crate::term::{cells, seq};
use crate::theme::{Palette, Theme};
use figures::{Figures, closeness};
use haste::Haste;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::on_ground;

/// How long the end of the program waits for a slow terminal to take the last bytes.
const LAST_BYTES: Duration = Duration::from_millis(500);
/// How long it waits for the answers to its last questions, which the shell would take for keys.
const LAST_ANSWERS: Duration = Duration::from_millis(1000);

/// So many frames are drawn without a pause between them.
const FIRST_FRAMES: u64 = 4;

/// The terminal as the loop sees it.
pub struct Screen {
    guard: Guard,
    terminal: OwnedFd,
    input: InputThread,
    output: Output,
    probe: Probe,
    /// What the writer was told.
    pacing: Pacing,
    /// When the probe's last questions were handed over.
    asked: Instant,
    caps: Caps,
    /// A way of drawing pictures was given up.
    fallen: bool,
    presenter: Presenter,
    pool: DecodePool,
    /// Bytes of decoded pictures that are kept at most.
    memory: usize,
    theme: Theme,
    themes: Option<PathBuf>,
    palette: Palette,
    /// What the terminal shows.
    shown: Buffer,
    /// Every cell must be written, whatever was shown.
    everything: bool,
    cursor_shown: bool,
    last_frame: Option<Instant>,
    /// Frames drawn so far.
    frames: u64,
    haste: Haste,
    figures: Figures,
}

/// What a screen is made from.
pub struct Parts {
    /// A descriptor of the terminal.
    pub terminal: OwnedFd,
    /// Where messages go.
    pub sender: Sender,
    /// The probe, not started.
    pub probe: Probe,
    /// The terminal as guessed.
    pub caps: Caps,
    /// Decoders.
    pub pool: DecodePool,
    /// Name or path of the theme.
    pub theme: String,
    /// The person's own themes.
    pub themes: Option<PathBuf>,
    /// Report the wheel.
    pub mouse: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, threads for input and output, the probe's questions.
    ///
    /// # Errors
    /// The terminal cannot be used. It is left as it was found.
    pub fn open(parts: Parts) -> Result<Self, GuardError> {
        let copy = |fd: &OwnedFd| fd.try_clone().map_err(GuardError::Settings);
        let (for_guard, for_input, for_output) =
            (copy(&parts.terminal)?, copy(&parts.terminal)?, copy(&parts.terminal)?);
        let modes = Modes { mouse: parts.mouse, keyboard: false, pixels: false };
        let guard = Guard::enter(for_guard, modes)?;
        let (of_input, of_output) = (parts.sender.clone(), parts.sender);
        let output = Output::spawn(for_output, move |written| of_output.send(Message::Written(written)))
            .map_err(GuardError::Settings)?;
        let answered = output.clone();
        let input = crate::term::input::reader::spawn(for_input, parts.caps.ssh, move |event| {
            // Not by way of the loop, which may be drawing: the link is measured by the time of an answer. Answers to
            // the probe come before anything else is asked, and are ignored there.
            if event == InputEvent::Reply(Reply::Status) {
                answered.acknowledged();
            }
            of_input.send(Message::Input(event));
            true
        })
        .map_err(GuardError::Settings)?;
        let (theme, _) = Theme::load(&parts.theme, parts.themes.as_deref());
        let palette = theme.resolve_for(&parts.caps);
        let presenter = Presenter::new(&on_ground(&parts.caps, &palette));
        let haste = Haste::new(parts.caps.ssh);
        let mut screen = Self {
            guard,
            terminal: parts.terminal,
            input,
            output,
            probe: parts.probe,
            pacing: Pacing::default(),
            asked: Instant::now(),
            caps: parts.caps,
            fallen: false,
            presenter,
            memory: parts.pool.memory(),
            pool: parts.pool,
            theme,
            themes: parts.themes,
            palette,
            shown: Buffer::default(),
            everything: true,
            cursor_shown: false,
            last_frame: None,
            frames: 0,
            haste,
            figures: Figures::default(),
        };
        let questions = screen.probe.start();
        screen.output.frame(questions);
        Ok(screen)
    }

    /// Columns and rows of the terminal now.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        window_size(&self.terminal).map_or((80, 24), |s| (s.columns, s.rows))
    }

    /// What gives the terminal back after a panic.
    #[must_use]
    pub fn restorer(&self) -> Restorer {
        self.guard.restorer()
    }

    /// Between two frames at least: less over a local line than over SSH. The first frames come at once: they show the
    /// empty screen, the first names, and the picture under the cursor.
    fn pause(&self) -> Duration {
        if self.frames < FIRST_FRAMES {
            return Duration::ZERO;
        }
        Duration::from_millis(if self.caps.ssh { 33 } else { 16 })
    }

    /// Whether a frame may be drawn now.
    #[must_use]
    pub fn may_draw(&self) -> bool {
        self.output.is_idle() && self.last_frame.is_none_or(|at| at.elapsed() >= self.pause())
    }

    /// When the next frame is due; nothing without a change, or while the terminal has not taken the last one (its
    /// report wakes the loop).
    #[must_use]
    pub fn next_frame(&self, dirty: bool) -> Option<Instant> {
        if !self.output.is_idle() {
            return None;
        }
        let soon = self.last_frame.map_or_else(Instant::now, |at| at + self.pause());
        if dirty {
            return Some(soon);
        }
        self.presenter.later().map(|moment| self.haste.when(moment).max(soon))
    }

    /// Whether a frame would show more of a picture only because nothing was pressed for a while.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.presenter.later().is_some_and(|moment| self.haste.when(moment) <= Instant::now())
    }

    /// The person has just pressed a key.
    pub fn typed(&mut self) {
        self.haste.press();
        self.output.typed();
    }

    /// Draws a frame.
    pub fn draw(&mut self, state: &State) {
        let area = Rect::new(0, 0, state.size.0, state.size.1);
        let mut next = Buffer::empty(area);
        let drawn = crate::ui::render(state, &self.palette, &mut next);
        let resized = self.shown.area != area;
        if resized || self.everything {
            self.shown = Buffer::empty(area);
            self.presenter.repaint_all();
        }
        self.presenter.set_covers(&drawn.covers);
        self.presenter.set_names(&drawn.names);
        let mood = self.haste.mood(&self.output.link());
        let typed = self.haste.typed_here();
        self.pool.want(self.presenter.plan(&drawn.pictures, &drawn.ahead, mood, typed));
        let dropped = self.output.keep(&self.presenter.alive());
        self.presenter.dropped(&dropped);
        self.presenter.paint(&mut next);
        let mut frame = Vec::with_capacity(4096);
        if resized || self.everything {
            frame.extend_from_slice(seq::RESET_STYLE);
            seq::erase_screen(&mut frame, area.height);
        }
        self.everything = false;
        let begun = frame.len();
        self.presenter.before(&mut frame);
        let mut pictures = frame.len() - begun;
        self.cells(&next, &mut frame);
        let begun = frame.len();
        self.presenter.after(&mut frame);
        pictures += frame.len() - begun;
        self.cursor(drawn.cursor, &mut frame);
        let frame = seq::synchronized(&frame);
        if let Some(cleanup) = self.presenter.changed_cleanup() {
            self.guard.restorer().set_cleanup(cleanup);
        }
        self.shown = next;
        self.last_frame = Some(Instant::now());
        self.frames += 1;
        let about = self.presenter.about().map(|(picture, shown)| (picture, shown.is_some()));
        self.figures.frame(self.frames, about, self.haste.last_key());
        match pictures {
            0 => self.output.frame(frame),
            _ => self.output.frame_watched(frame, self.frames),
        }
        self.upload();
    }

    /// Hands prepared pictures to the output, a few at a time.
    fn upload(&mut self) {
        for upload in self.presenter.upload() {
            let bytes = upload.chunks.iter().map(Vec::len).sum::<usize>();
            let level = self.presenter.level_of(upload.tag).unwrap_or(Level::Good);
            self.figures.sending(upload.tag, level, u64::try_from(bytes).unwrap_or(u64::MAX));
            self.output.upload(upload);
        }
    }

    /// Writes the cells that differ.
    fn cells(&mut self, next: &Buffer, frame: &mut Vec<u8>) {
        cells::write(self.shown.diff(next).into_iter(), frame);
    }

    fn cursor(&mut self, wanted: Option<(u16, u16)>, frame: &mut Vec<u8>) {
        match wanted {
            Some((x, y)) => {
                seq::move_to(frame, x, y);
                frame.extend_from_slice(b"\x1b[?25h");
            }
            None if self.cursor_shown => frame.extend_from_slice(b"\x1b[?25l"),
            None => {}
        }
        self.cursor_shown = wanted.is_some();
    }

    /// News about pictures since the last call.
    pub fn picture_news(&mut self) -> Vec<(PictureRef, PictureState)> {
        self.presenter.states()
    }

    /// A decoder has finished. Returns whether a frame should show it.
    pub fn decoded(&mut self, decoded: Decoded) -> bool {
        self.pool.acknowledge(&decoded.wanted);
        self.figures.made(&decoded);
        let shows = self.presenter.on_decoded(decoded);
        self.upload();
        shows
    }

    /// The output thread has written something. Returns whether a frame would show something new.
    pub fn written(&mut self, written: Written) -> bool {
        match written {
            Written::Upload(tag) => {
                self.figures.sent(tag);
                let shows = self.presenter.on_uploaded(tag);
                self.upload();
                shows
            }
            Written::Seen { mark, after } => {
                self.figures.seen(mark, after);
                self.presenter.on_seen();
                self.presenter.deferred()
            }
            Written::Frame | Written::Silent(_) | Written::Failed => false,
        }
    }

    /// The terminal has answered something about a picture. Returns whether a frame would show something new, and other
    /// capabilities when pictures cannot be shown the way they were.
    pub fn picture_answer(&mut self, id: u32, message: &str) -> (bool, Option<Caps>) {
        match self.presenter.on_answer(id, message) {
            Answer::Nothing => (false, None),
            Answer::Redraw => (true, None),
            Answer::Useless => (true, self.step_down()),
        }
    }

    /// How the pictures are doing.
    #[must_use]
    pub fn report(&self) -> PreviewReport {
        let link = self.output.link();
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (decoding, queued, kept, kept_bytes) = self.pool.load();
        let (held, held_bytes) = self.presenter.terminal_load();
        let shown = self.presenter.about().and_then(|(_, shown)| shown);
        PreviewReport {
            closeness: shown.map(|(level, exact)| closeness(level, exact)),
            link: link.round_trip.is_some().then(|| LinkReport {
                round_trip: link.round_trip,
                bandwidth: link.bandwidth,
                credit: count(link.credit),
                unacknowledged: count(link.in_flight),
                waiting: count(link.backlog),
            }),
            last: self.figures.last(link.seen),
            exact_bytes: self.figures.exact_bytes(),
            keys: self.figures.keys(),
            memory: Some(CacheReport { pictures: count(kept), bytes: count(kept_bytes), quota: count(self.memory) }),
            disk: None,
            terminal: (held > 0).then(|| CacheReport { pictures: count(held), bytes: held_bytes, quota: QUOTA }),
            decoding: u32::try_from(decoding).unwrap_or(u32::MAX),
            queued: u32::try_from(queued).unwrap_or(u32::MAX),
        }
    }

    /// The size of a cell, where the mouse is reported in pixels.
    #[must_use]
    pub fn mouse_pixels(&self) -> Option<(u16, u16)> {
        self.guard.restorer().in_pixels().then_some(self.caps.cell)
    }

    /// Everything is drawn again with the next frame.
    pub fn repaint_all(&mut self) {
        self.everything = true;
    }

    /// The program was stopped from outside and goes on: the terminal may be in any state.
    pub fn continued(&mut self) {
        // A frame written between leaving and entering would stand on the user's screen.
        self.output.pause(LAST_BYTES);
        self.guard.restorer().restore_now();
        if let Err(error) = self.guard.restorer().enter() {
            tracing::error!(%error, "could not take the terminal again");
        }
        self.output.resume();
        self.presenter.forget_all();
        self.repaint_all();
    }

    /// Gives the terminal to the shell and stops; returns when the shell continues the program.
    ///
    /// # Errors
    /// The terminal's settings could not be changed.
    pub fn suspend(&mut self) -> Result<(), GuardError> {
        self.output.settle(LAST_ANSWERS);
        self.input.pause();
        self.output.pause(LAST_BYTES);
        let result = self.guard.restorer().suspend();
        self.output.resume();
        self.input.resume();
        self.presenter.forget_all();
        self.repaint_all();
        result
    }

    /// Puts text on the clipboard; `false` when it is too long.
    pub fn copy(&mut self, text: &str) -> bool {
        match seq::copy(text, self.caps.tmux) {
            Some(bytes) => {
                self.output.frame(bytes);
                true
            }
            None => false,
        }
    }

    /// Gives the terminal back.
    pub fn close(&mut self) {
        self.guard.restorer().set_cleanup(self.presenter.cleanup());
        self.output.settle(LAST_ANSWERS);
        self.output.stop(LAST_BYTES);
        self.input.stop();
        self.guard.restorer().restore_now();
    }
}
