//! From the keys that were pressed and what was seen to the numbers of the report. Pure.
//!
//! What always holds: a key counts from the moment it was pressed until its picture, or that of a later key, is seen;
//! a picture seen before and after its successor, or nothing at all between two pictures, is counted and never ignored.

use super::sight::Look;
use super::terminal::FrameBytes;
use crate::term::graphics::Level;
use serde::Serialize;
use std::time::{Duration, Instant};

/// A key, and the picture of the set that it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press {
    pub(super) at: Instant,
    pub(super) target: usize,
}

/// What was seen from a moment on.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) at: Instant,
    pub(super) bytes: FrameBytes,
    pub(super) look: Look,
}

/// What came of the keys.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Key to visible, a value a key; nothing where it never was.
    pub(super) visible: Vec<Option<Duration>>,
    /// Key to good or better, only of keys whose own picture became good.
    pub(super) full: Vec<Duration>,
    /// Keys whose picture was never seen because a later one came first.
    pub(super) overtaken: usize,
    /// Times something else was seen after the newest picture.
    pub(super) stale: usize,
    /// Times nothing was seen after a picture, and how long in all.
    pub(super) blank: usize,
    pub(super) blank_time: Duration,
    /// Times something was seen that is no picture of the set.
    pub(super) unknown: usize,
    /// Bytes of the frames that made a key's picture visible.
    pub(super) frames: Vec<FrameBytes>,
    /// The best level of the last key's picture, if it was seen.
    pub(super) last: Option<Level>,
}

/// Follows the views in order. `first` is the picture that was seen before any key.
pub(super) fn measure(first: usize, presses: &[Press], views: &[View]) -> Measured {
    let mut out = Measured { visible: vec![None; presses.len()], ..Measured::default() };
    let target = |key: usize| if key == 0 { Some(first) } else { presses.get(key - 1).map(|p| p.target) };
    // Keys are counted from 1; 0 is the picture before them.
    let mut reached = 0;
    let mut full_of = vec![false; presses.len() + 1];
    let mut before = Seen::Right;
    let mut blank_since = None;
    for view in views {
        let newest = presses.partition_point(|p| p.at <= view.at);
        let shows = |key: &usize| target(*key).is_some_and(|t| view.look.matches.contains(&t));
        let found = (reached..=newest).find(shows);
        let seen = match found {
            _ if !view.look.any => Seen::Blank,
            Some(_) => Seen::Right,
            None if view.look.matches.is_empty() => Seen::Unknown,
            None => Seen::Stale,
        };
        if seen != before {
            match seen {
                Seen::Blank => out.blank += 1,
                Seen::Stale => out.stale += 1,
                Seen::Unknown => out.unknown += 1,
                Seen::Right => {}
            }
            if seen == Seen::Blank {
                blank_since = Some(view.at);
            } else if let Some(since) = blank_since.take() {
                out.blank_time += view.at.saturating_duration_since(since);
            }
        }
        before = seen;
        let Some(key) = found.filter(|_| seen == Seen::Right) else { continue };
        if key > reached {
            for overtaken in reached..key {
                if let (Some(visible), Some(press)) = (out.visible.get_mut(overtaken), presses.get(overtaken)) {
                    *visible = Some(view.at.saturating_duration_since(press.at));
                }
            }
            out.overtaken += key - reached - 1;
            out.frames.push(view.bytes);
            reached = key;
        }
        let good = view.look.level >= Some(Level::Good);
        if let (true, Some(press), Some(full)) =
            (good, key.checked_sub(1).and_then(|k| presses.get(k)), full_of.get_mut(key))
            && !std::mem::replace(full, true)
        {
            out.full.push(view.at.saturating_duration_since(press.at));
        }
        if key == presses.len() {
            out.last = out.last.max(view.look.level);
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Right,
    Blank,
    Stale,
    Unknown,
}

/// Percentiles of times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them are at most this.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
    /// All.
    pub max: f64,
}

impl Percentiles {
    /// Of these times; nothing of none.
    #[must_use]
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut times: Vec<f64> = times.into_iter().map(|t| (t.as_secs_f64() * 1e5).round() / 100.0).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| rank(&times, share).copied();
        Some(Self { p50: at(0.5)?, p90: at(0.9)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

/// The value that `share` of the sorted values are at most: the nearest rank.
pub(super) fn rank<T>(sorted: &[T], share: f64) -> Option<&T> {
    let number = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(number.clamp(1, sorted.len().max(1)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Story {
        start: Instant,
        presses: Vec<Press>,
        views: Vec<View>,
    }

    impl Story {
        fn new() -> Self {
            Self { start: Instant::now(), presses: Vec::new(), views: Vec::new() }
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        fn key(mut self, ms: u64, target: usize) -> Self {
            self.presses.push(Press { at: self.at(ms), target });
            self
        }

        fn see(mut self, ms: u64, matches: &[usize], level: Level) -> Self {
            let look = Look { any: true, matches: matches.to_vec(), level: Some(level), ..Look::default() };
            let bytes = FrameBytes { all: 200, graphics: 80, sent: 0 };
            self.views.push(View { at: self.at(ms), bytes, look });
            self
        }

        fn blank(mut self, ms: u64) -> Self {
            self.views.push(View { at: self.at(ms), bytes: FrameBytes::default(), look: Look::default() });
            self
        }

        fn measure(&self) -> Measured {
            measure(0, &self.presses, &self.views)
        }
    }

    fn ms(times: &[Option<Duration>]) -> Vec<Option<u128>> {
        times.iter().map(|t| t.map(|t| t.as_millis())).collect()
    }

    #[test]
    fn a_key_counts_until_its_picture_is_seen_and_again_until_it_is_good() {
        use Level::{Exact, First, Good};
        let story = Story::new().see(0, &[0], Exact).key(100, 1).see(120, &[0], Exact).see(145, &[1], First);
        let found = story.see(260, &[1], Good).key(1100, 2).see(1142, &[2], Exact).measure();
        assert_eq!(ms(&found.visible), [Some(45), Some(42)]);
        assert_eq!(found.full.iter().map(Duration::as_millis).collect::<Vec<_>>(), [160, 42]);
        assert_eq!((found.stale, found.blank, found.unknown, found.overtaken), (0, 0, 0, 0));
        assert_eq!((found.frames.len(), found.last), (2, Some(Exact)));
    }

    #[test]
    fn keys_that_are_overtaken_wait_for_the_later_one() {
        let story = Story::new().key(0, 1).key(100, 2).key(200, 3).see(250, &[3], Level::First).measure();
        assert_eq!(ms(&story.visible), [Some(250), Some(150), Some(50)]);
        assert_eq!((story.overtaken, story.full.len(), story.last), (2, 0, Some(Level::First)));
    }

    #[test]
    fn blank_stale_and_unknown_pictures_are_counted_once_each() {
        let good = Level::Good;
        let story = Story::new().key(0, 1).blank(10).blank(30).see(50, &[1], good).see(60, &[0], good);
        let found = story.see(70, &[1], good).see(80, &[], good).see(90, &[5], good).measure();
        assert_eq!((found.blank, found.stale, found.unknown), (1, 2, 1));
        assert_eq!(found.blank_time, Duration::from_millis(40));
        assert_eq!(ms(&found.visible), [Some(50)]);
    }

    #[test]
    fn a_picture_that_is_never_seen_has_no_time() {
        let found = Story::new().key(0, 1).see(10, &[0], Level::Exact).measure();
        assert_eq!((ms(&found.visible), found.last), (vec![None], None));
    }

    #[test]
    fn percentiles_are_ranks() {
        let found = Percentiles::of((1..=100).map(Duration::from_millis)).unwrap();
        assert_eq!(found, Percentiles { p50: 50.0, p90: 90.0, p99: 99.0, max: 100.0 });
        let one = Percentiles::of([Duration::from_micros(1500)]).unwrap();
        assert_eq!((one.p50, one.max), (1.5, 1.5));
        assert_eq!(Percentiles::of([]), None);
    }
}
