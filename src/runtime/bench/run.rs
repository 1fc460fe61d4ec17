//! Somebody at the terminal: goes to the screen, waits, and presses keys by the clock.

use super::session::{Session, Sighted};
use super::timeline::{Press, View};
use super::way::Step;
use super::{BenchError, LinkRequest, Place, Watch};
use crate::term::graphics::Level;
use std::time::{Duration, Instant};

/// The longest wait for the first and the last picture.
const PATIENCE: Duration = Duration::from_secs(90);
/// Nothing comes any more.
const QUIET: Duration = Duration::from_millis(1500);
/// A key is held for so long.
const HELD: Duration = Duration::from_millis(70);

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) session: Session,
    pub(super) views: Vec<View>,
    pub(super) presses: Vec<Press>,
    /// How many pictures there are before they repeat.
    pub(super) set: usize,
    pub(super) watch: &'a Watch<'a>,
}

impl Run<'_> {
    fn next(&mut self, until: Instant) -> Result<bool, BenchError> {
        let Some(Sighted { scene, look }) = self.session.next(until, self.watch.cancelled)? else { return Ok(false) };
        self.views.push(View { at: scene.at, bytes: scene.bytes, look });
        Ok(true)
    }

    /// Goes to the screen.
    pub(super) fn go(&mut self, screen: Place) -> Result<(), BenchError> {
        let end = Instant::now() + PATIENCE;
        let (mut text, mut picture) = (String::new(), false);
        for step in screen.way() {
            loop {
                let there = match step {
                    Step::Key(_) => true,
                    Step::Text(wanted) => text.contains(wanted),
                    Step::Picture => picture,
                };
                if there {
                    break;
                }
                if Instant::now() > end {
                    return Err(BenchError::Unseen("the screen", PATIENCE.as_secs()));
                }
                if let Some(Sighted { scene, look }) = self.session.next(end, self.watch.cancelled)? {
                    text = scene.text();
                    // On the way to the gallery it stands where no thumbnail will.
                    picture = look.any || !scene.layers.is_empty();
                    self.views.push(View { at: scene.at, bytes: scene.bytes, look });
                }
            }
            if let Step::Key(key) = step {
                self.session.press(*key, HELD)?;
                text.clear();
                picture = false;
            }
        }
        self.views.clear();
        Ok(())
    }

    /// Waits until the first picture is exact (unless the others shall be `ready`), or there and nothing more comes.
    /// Gives when it was first seen.
    pub(super) fn wait_for_first(&mut self, started: Instant, ready: bool) -> Result<Duration, BenchError> {
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
    pub(super) fn press_keys(&mut self, request: &LinkRequest) -> Result<(), BenchError> {
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
    pub(super) fn wait_for_last(&mut self) -> Result<(), BenchError> {
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
