//! What the terminal is: the probe's answers, falling down the ladder, themes, other sizes.
//!
//! What always holds: what was found not to work is not tried again because of a late answer about something else.

use super::Screen;
use crate::term::caps::{Caps, Protocol};
use crate::term::guard::window_size;
use crate::term::input::Reply;
use crate::term::probe::Step;
use crate::term::tmux;
use crate::theme::{Palette, Theme};
use std::time::Instant;

impl Screen {
    /// The next way of drawing pictures.
    pub(super) fn step_down(&mut self) -> Option<Caps> {
        if self.caps.ladder.is_empty() {
            return None;
        }
        let mut caps = self.caps.clone();
        caps.protocol = caps.ladder.remove(0);
        self.fallen = true;
        Some(caps)
    }

    /// The terminal has answered something. Returns what the terminal is, when that is known now, or better known.
    pub fn terminal_said(&mut self, reply: &Reply) -> Option<Caps> {
        if *reply == Reply::Status && !self.probe.takes_status() {
            return None;
        }
        match self.probe.on_reply(reply) {
            Step::Wait => None,
            Step::Ask(bytes) => {
                self.asked = Instant::now();
                self.output.frame(bytes);
                None
            }
            Step::Done(caps) => {
                if self.pace() {
                    self.output.hint_round_trip(self.asked.elapsed());
                }
                if self.fallen {
                    // What did not work is not tried again because of a late answer about something else.
                    let (protocol, ladder) = (self.caps.protocol, self.caps.ladder.clone());
                    return Some(Caps { protocol, ladder, ..*caps });
                }
                Some(*caps)
            }
        }
    }

    /// Tells the writer who answers its questions. Returns whether that is news.
    fn pace(&mut self) -> bool {
        self.input.expect_replies(false);
        let pacing = self.probe.pacing();
        let news = std::mem::replace(&mut self.pacing, pacing) != pacing;
        if news {
            self.output.set_pacing(pacing);
        }
        news
    }

    /// No further answer is waited for: what is known of the terminal.
    pub fn probe_is_over(&mut self) -> Caps {
        let caps = self.probe.on_deadline();
        self.pace();
        caps
    }

    /// The terminal is known now.
    pub fn set_caps(&mut self, caps: &Caps, theme: &str) {
        self.caps = caps.clone();
        let keyboard = self.guard.restorer().set_keyboard(caps.keyboard);
        self.output.frame(keyboard);
        self.input.keyboard_protocol(caps.keyboard);
        let pixels = self.guard.restorer().set_pixels(caps.mouse_in_pixels());
        self.output.frame(pixels);
        drop(self.set_theme(theme));
        self.find_origin();
    }

    /// Inside tmux, sixel and iTerm2 pictures are placed on the terminal outside: where our pane lies there.
    fn find_origin(&mut self) {
        if self.caps.tmux
            && matches!(self.caps.protocol, Protocol::Sixel | Protocol::Iterm)
            && let Some((column, row)) = tmux::origin()
        {
            self.presenter.set_origin(column, row);
        }
    }

    /// Uses another theme. Returns what is wrong with it.
    pub fn set_theme(&mut self, name: &str) -> Vec<String> {
        let (theme, problems) = Theme::load(name, self.themes.as_deref());
        self.palette = theme.resolve_for(&self.caps);
        self.theme = theme;
        self.presenter.set_caps(&on_ground(&self.caps, &self.palette));
        problems.iter().map(ToString::to_string).collect()
    }

    /// The window may have another size: returns it if it has.
    pub fn resized(&mut self) -> Option<(u16, u16)> {
        let size = window_size(&self.terminal)?;
        let (cell, questions) = self.probe.resized(size);
        self.output.frame(questions);
        if self.caps.cell != cell {
            self.caps.cell = cell;
            self.presenter.set_caps(&self.caps);
        }
        self.find_origin();
        Some((size.columns, size.rows))
    }
}

/// The capabilities with the background that pictures really stand on: that of the theme, where it brings one.
pub(super) fn on_ground(caps: &Caps, palette: &Palette) -> Caps {
    Caps { background: palette.background(caps.background), ..caps.clone() }
}
