//! How much of a hurry the person is in, and how much the link can carry: what decides between coarse and exact pictures.
//!
//! What always holds: a terminal on the same machine gets exact pictures at once; over a link that cannot carry them in
//! the time of a blink, coarse ones come first and exact ones when nothing was pressed for a while. Knows no protocol.

use crate::runtime::present::plan::{Moment, Mood};
use crate::term::output::Link;
use std::time::{Duration, Instant};

/// Nothing was pressed for so long: the person looks at this picture.
const PAUSE: Duration = Duration::from_millis(120);
/// Nothing was pressed for so long: there is time for exact pixels.
const IDLE: Duration = Duration::from_millis(400);
/// A terminal that takes longer to answer is not on this machine, nor beside it.
const FAR: Duration = Duration::from_millis(15);
/// Bytes a second that carry an exact picture of a large window in about 50 ms.
const FAST: u64 = 24_000_000;
/// A near terminal below this rate is slow all the same: a serial line, a throttled container.
const NEAR_BUT_SLOW: u64 = 2_000_000;
/// An answer may go to another pane of tmux when the person has not typed here for so long.
const HERE: Duration = Duration::from_secs(1);

/// When keys were pressed, and whether the link was slow.
#[derive(Debug)]
pub(super) struct Haste {
    /// The last key; the start of the program before the first.
    key: Instant,
    typed: bool,
    ssh: bool,
    slow: bool,
}

impl Haste {
    pub(super) fn new(ssh: bool) -> Self {
        Self { key: Instant::now(), typed: false, ssh, slow: ssh }
    }

    /// A key was pressed now.
    pub(super) fn press(&mut self) {
        self.key = Instant::now();
        self.typed = true;
    }

    /// The time since the last key.
    pub(super) fn since_key(&self) -> Duration {
        self.key.elapsed()
    }

    /// The last key, if there was one.
    pub(super) fn last_key(&self) -> Option<Instant> {
        self.typed.then_some(self.key)
    }

    /// Whether the person typed here just now.
    pub(super) fn typed_here(&self) -> bool {
        self.typed && self.since_key() < HERE
    }

    /// What a frame drawn now should care for.
    pub(super) fn mood(&mut self, link: &Link) -> Mood {
        self.slow = self.is_slow(link);
        let moment = match self.since_key() {
            quiet if quiet >= IDLE => Moment::Idle,
            quiet if quiet >= PAUSE => Moment::Pause,
            _ => Moment::Busy,
        };
        Mood { slow: self.slow, moment, room: link.credit.saturating_sub(link.in_flight) }
    }

    /// When a moment comes, if no key does.
    pub(super) fn when(&self, moment: Moment) -> Instant {
        self.key
            + match moment {
                Moment::Busy => Duration::ZERO,
                Moment::Pause => PAUSE,
                Moment::Idle => IDLE,
            }
    }

    fn is_slow(&self, link: &Link) -> bool {
        let far = link.round_trip.map_or(self.ssh, |time| time >= FAR || (self.ssh && time >= FAR / 5));
        match link.bandwidth {
            Some(rate) if far => rate < if self.slow { FAST } else { FAST / 2 },
            Some(rate) => rate < NEAR_BUT_SLOW && link.round_trip.is_some_and(|time| time >= FAR / 5),
            None => far,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(milliseconds: u64, bandwidth: Option<u64>) -> Link {
        Link { round_trip: Some(Duration::from_millis(milliseconds)), bandwidth, ..Link::default() }
    }

    #[test]
    fn a_terminal_nearby_is_fast_and_one_far_away_only_on_proof() {
        let mut near = Haste::new(false);
        assert!(!near.mood(&Link::default()).slow);
        assert!(!near.mood(&link(1, None)).slow);
        assert!(!near.mood(&link(2, Some(1_000_000))).slow, "the estimate of a quiet link is low");
        assert!(near.mood(&link(40, None)).slow, "nothing in the environment says so, but it is far");
        assert!(near.mood(&link(40, Some(1_250_000))).slow);
        assert!(!near.mood(&link(20, Some(100_000_000))).slow);

        let mut far = Haste::new(true);
        assert!(far.mood(&Link::default()).slow);
        assert!(far.mood(&link(20, Some(12_000_000))).slow);
        assert!(!far.mood(&link(1, Some(50_000_000))).slow);
    }

    #[test]
    fn nothing_is_idle_right_after_a_key() {
        let mut haste = Haste::new(false);
        haste.press();
        assert!(haste.mood(&Link::default()).moment < Moment::Idle);
        assert!(haste.when(Moment::Pause) < haste.when(Moment::Idle));
    }
}
