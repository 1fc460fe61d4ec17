//! Walks through pictures in real terminals, filmed: no moment between two pictures is blank, and none shows an older
//! picture after a newer one.
//!
//! A pass at a human pace comes first, through pictures that nothing is known of; then keys that outrun every
//! preparation, from a start where again nothing is known; then the rest of the changes at mixed speeds, where all
//! pictures have been on the screen before and so must be there at once.

use super::camera::{Camera, Grab, View};
use super::flats;
use super::judge::{Known, Press, Verdict};
use super::stage::{Emulator, Running, Setting, Stage, Window, new_kitty};
use std::time::Instant;

/// Columns and rows of the window.
const SIZE: (u16, u16) = (100, 36);
/// The columns between which the list's bar ends and the place of the picture begins.
const LIST: (u16, u16) = (44, 48);
/// Changes in each kind of terminal, unless a variable says another number.
const CHANGES: usize = 125;
const CHANGES_VARIABLE: &str = "LAKELENS_CHANGES";
/// So many equal grabs are a picture that stands still.
const STILL: usize = 5;
/// Grabs in which the program does nothing: it has prepared what it wants to.
const REST: usize = 15;
/// Presses that outrun the preparation.
const OUTRUN: usize = 23;
/// Reads the folder and its pictures again: nothing of what was prepared is used any more.
const RELOAD: &str = "\x1b[15~";

/// A filmed walk: what was pressed, and what is known by now.
struct Walk {
    camera: Camera,
    window: Window,
    running: Running,
    // Dropped last: the others need its server and its folder to end what they started.
    stage: Stage,
    known: Known,
    at: usize,
    presses: Vec<Press>,
}

impl Walk {
    fn start(setting: Setting) -> Self {
        let stage = Stage::new();
        flats::write(&stage.path("pictures"), flats::COUNT);
        let window = stage.open(&setting.size(SIZE.0, SIZE.1));
        let running = window.running();
        let (width, height) = running.cell;
        let pixels = |cells: u16, cell: u32| cells * u16::try_from(cell).unwrap();
        let x = pixels(LIST.0, width);
        let view = View {
            x,
            y: pixels(1, height),
            width: pixels(SIZE.0, width) - x,
            height: pixels(SIZE.1 - 3, height),
            list: pixels(LIST.1, width) - x,
        };
        let camera = window.film(view);
        let presses = vec![(Instant::now(), 0)];
        Self { stage, window, running, camera, known: Known::new(view.columns()), at: 0, presses }
    }

    /// Goes on by one picture, down or up.
    fn press(&mut self, down: bool) {
        self.at = if down { self.at + 1 } else { self.at - 1 };
        self.presses.push((Instant::now(), self.at));
        self.window.press(if down { "j" } else { "k" });
    }

    /// Waits until the picture under the cursor stands still, alone.
    fn settle(&mut self) {
        let (at, known) = (self.at, &self.known);
        let still = |grabs: &[Grab]| {
            let Some(last) = grabs.len().checked_sub(STILL).map(|from| &grabs[from..]) else { return false };
            let same = last.iter().all(|g| g.seen == last[0].seen && g.bar == last[0].bar && g.bar.is_some());
            match known.knows(at) {
                true => last.iter().all(|g| known.shows(g, at)),
                false => {
                    same && last[0].counts().iter().all(|(p, _)| *p == at) && count(&last[0]) * 8 > last[0].seen.len()
                }
            }
        };
        if !self.camera.wait(still) {
            self.stage.fail(&format!("picture {at} never stands still"));
        }
    }

    /// Learns where the picture under the cursor stands, once nothing more becomes of it.
    fn learn(&mut self) {
        self.settle();
        self.rest();
        let (at, known) = (self.at, &mut self.known);
        self.camera.wait(|grabs| {
            known.learn(at, &grabs[grabs.len() - 1]);
            true
        });
        self.settle();
    }

    /// Waits until the program has nothing left to do. How long a person looks at a picture depends on no machine, how
    /// long a busy one takes to prepare the next does.
    fn rest(&self) {
        let (mut before, mut quiet) = (None, 0);
        while quiet < REST {
            self.camera.linger(1);
            let now = self.running.busy();
            quiet = if now == before && now.is_some() { quiet + 1 } else { 0 };
            before = now;
        }
    }

    /// Judges what was filmed since the last call.
    fn judge(&mut self, name: &str) -> Verdict {
        let (film, presses) = (self.camera.cut(), std::mem::take(&mut self.presses));
        self.presses.push((Instant::now(), self.at));
        let verdict = Verdict::of(&film, &presses, &self.known);
        println!("{name}: {} presses; {}", presses.len() - 1, verdict.summary());
        for (what, faults) in [("blank", &verdict.blank), ("stale", &verdict.stale), ("apart", &verdict.apart)] {
            faults.iter().take(6).for_each(|fault| println!("  {what}: {fault}"));
        }
        verdict
    }

    /// Once through all pictures, each looked at before the next.
    fn at_a_human_pace(&mut self) -> Verdict {
        self.learn();
        self.camera.cut();
        for _ in 1..flats::COUNT {
            self.press(true);
            self.learn();
        }
        self.judge("at a human pace, nothing known before")
    }

    /// Back to the first as fast as keys can be typed, with nothing prepared.
    fn outrunning(&mut self) -> Verdict {
        self.window.press(RELOAD);
        for _ in 0..OUTRUN {
            self.press(false);
        }
        self.settle();
        self.judge("faster than pictures can be prepared")
    }

    /// At mixed speeds: bursts of different lengths, with different pauses, mostly in one direction.
    fn mixed(&mut self, changes: usize) -> Verdict {
        // A linear congruential generator: every run does the same.
        let mut state = 7_u32;
        let mut number = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let (mut down, mut left) = (true, changes);
        while left > 0 {
            let burst = [1, 1, 2, 3, 5, 8][number(6) as usize].min(left);
            let pause = number(4) as usize;
            for _ in 0..burst {
                down = if self.at == 0 { true } else { down && self.at + 1 < flats::COUNT };
                self.press(down);
                self.camera.linger(pause);
            }
            left -= burst;
            self.settle();
            self.camera.linger(number(6) as usize);
        }
        self.judge("at mixed speeds, all prepared")
    }
}

fn count(grab: &Grab) -> usize {
    grab.counts().iter().map(|(_, n)| n).sum()
}

/// The walk. `one_step` says that the terminal shows a frame in one step, pictures and cells.
fn changes(setting: Setting, one_step: bool) {
    if !super::filming() {
        return;
    }
    let wanted = std::env::var(CHANGES_VARIABLE).ok().and_then(|n| n.parse().ok()).unwrap_or(CHANGES);
    let mut walk = Walk::start(setting);
    let human = walk.at_a_human_pace();
    let outrun = walk.outrunning();
    // So that the first ones of the next walk are prepared again.
    for down in [true, false] {
        for _ in 1..flats::COUNT {
            walk.press(down);
            walk.settle();
        }
    }
    walk.judge("through all, to have them prepared again");
    let mixed = walk.mixed(wanted.saturating_sub(flats::COUNT - 1 + OUTRUN).max(1));
    for verdict in [&human, &mixed] {
        assert!(verdict.blank.is_empty(), "the place was empty between two pictures: {}", verdict.summary());
    }
    for verdict in [&human, &outrun, &mixed] {
        assert!(verdict.stale.is_empty(), "an older picture was seen: {}", verdict.summary());
        assert!(!one_step || verdict.apart.is_empty(), "another picture than the cursor's: {}", verdict.summary());
        assert!(verdict.changes > 0, "nothing was filmed");
    }
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_kitty_through_shared_memory() {
    changes(Setting::new(Emulator::Kitty), true);
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_kitty_through_the_connection() {
    changes(Setting::new(Emulator::Kitty).over_ssh(), true);
}

#[test]
#[ignore = "needs Xvfb, kitty and tmux; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_kitty_inside_tmux() {
    changes(Setting::new(Emulator::Kitty).in_tmux(), false);
}

#[test]
#[ignore = "needs Xvfb and xterm; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_xterm() {
    changes(Setting::new(Emulator::Xterm), false);
}

#[test]
#[ignore = "needs Xvfb, xterm and tmux; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_xterm_inside_tmux() {
    changes(Setting::new(Emulator::Xterm).in_tmux(), false);
}

#[test]
#[ignore = "needs Xvfb and a newer kitty; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_a_newer_kitty() {
    if new_kitty().is_some() {
        changes(Setting::new(Emulator::NewKitty).over_ssh(), true);
    }
}

#[test]
#[ignore = "needs Xvfb, a newer kitty and its tmux; tests/run starts it"]
fn no_moment_is_blank_or_stale_in_a_newer_kitty_inside_tmux() {
    if new_kitty().is_some() {
        changes(Setting::new(Emulator::NewKitty).in_tmux(), false);
    }
}
