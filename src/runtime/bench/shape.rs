//! A slow one-way link, as arithmetic: what goes in at which time comes out when. No clock, no threads.
//!
//! What always holds: bytes keep their order; no more than the rate leaves in any time; nothing arrives earlier than
//! the delay after it left; what is accepted and has not left yet is at most the buffer.

use std::collections::VecDeque;
use std::time::Duration;

/// Bytes that travel together: an Ethernet frame's worth.
const SEGMENT: usize = 1460;

/// What a one-way link is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    /// Bits a second.
    pub(super) rate: f64,
    /// From leaving the sender to arriving.
    pub(super) delay: Duration,
    /// Bytes the sender can write ahead of the link before its writes block.
    pub(super) buffer: usize,
}

#[derive(Debug)]
struct Segment {
    leaves: Duration,
    arrives: Duration,
    bytes: Vec<u8>,
}

/// What is on its way through a [`Link`]. Times are durations since any fixed moment, and never go back.
#[derive(Debug)]
pub(super) struct Pipe {
    link: Link,
    segments: VecDeque<Segment>,
    /// When the link has sent everything it was given.
    free: Duration,
}

impl Pipe {
    /// An empty link.
    #[must_use]
    pub(super) fn new(link: Link) -> Self {
        Self { link, segments: VecDeque::new(), free: Duration::ZERO }
    }

    /// Bytes that can be pushed at `now`.
    #[must_use]
    pub(super) fn room(&self, now: Duration) -> usize {
        let waiting: usize = self.segments.iter().rev().take_while(|s| s.leaves > now).map(|s| s.bytes.len()).sum();
        self.link.buffer.saturating_sub(waiting)
    }

    /// Hands bytes to the link; the caller has asked for [`Self::room`] before.
    pub(super) fn push(&mut self, now: Duration, bytes: &[u8]) {
        for part in bytes.chunks(SEGMENT) {
            let takes = Duration::from_secs_f64(part.len() as f64 * 8.0 / self.link.rate.max(1.0));
            self.free = self.free.max(now) + takes;
            let arrives = self.free + self.link.delay;
            self.segments.push_back(Segment { leaves: self.free, arrives, bytes: part.to_vec() });
        }
    }

    /// The next bytes that have arrived by `now`.
    pub(super) fn arrived(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.segments.front()?.arrives > now {
            return None;
        }
        self.segments.pop_front().map(|s| s.bytes)
    }

    /// When something arrives next.
    #[must_use]
    pub(super) fn next_arrival(&self) -> Option<Duration> {
        self.segments.front().map(|s| s.arrives)
    }

    /// When there is room again, if there is none at `now`.
    #[must_use]
    pub(super) fn next_room(&self, now: Duration) -> Option<Duration> {
        if self.room(now) > 0 {
            return None;
        }
        self.segments.iter().find(|s| s.leaves > now).map(|s| s.leaves)
    }

    /// Nothing is on its way.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn link() -> Link {
        Link { rate: 8e6, delay: 20 * MILLI, buffer: 10_000 }
    }

    /// Everything with the time at which it arrives.
    fn drain(pipe: &mut Pipe) -> Vec<(Duration, Vec<u8>)> {
        std::iter::from_fn(|| {
            let at = pipe.next_arrival()?;
            Some((at, pipe.arrived(at)?))
        })
        .collect()
    }

    #[test]
    fn a_byte_takes_the_delay_and_its_own_time() {
        let mut pipe = Pipe::new(link());
        // One byte a microsecond.
        pipe.push(5 * MILLI, &[7; 1000]);
        assert_eq!(pipe.arrived(26 * MILLI - Duration::from_nanos(1)), None);
        assert_eq!(pipe.arrived(26 * MILLI), Some(vec![7; 1000]));
        // The link was idle since: nothing is saved up.
        pipe.push(100 * MILLI, &[1; 1000]);
        assert_eq!(pipe.next_arrival(), Some(121 * MILLI));
    }

    #[test]
    fn what_is_pushed_while_the_link_is_busy_waits() {
        let mut pipe = Pipe::new(link());
        pipe.push(Duration::ZERO, &[0; 5000]);
        pipe.push(MILLI, b"key");
        let last = drain(&mut pipe).pop().map(|(at, bytes)| (at.as_micros(), bytes));
        assert_eq!(last, Some((25_003, b"key".to_vec())));
    }

    #[test]
    fn the_sender_is_held_when_the_buffer_is_full_and_goes_on_as_it_empties() {
        let mut pipe = Pipe::new(link());
        pipe.push(Duration::ZERO, &vec![0; pipe.room(Duration::ZERO)]);
        assert_eq!(pipe.room(Duration::ZERO), 0);
        let again = pipe.next_room(Duration::ZERO).unwrap();
        assert_eq!(again, Duration::from_micros(SEGMENT as u64));
        assert_eq!(pipe.room(again), SEGMENT);
        assert_eq!(pipe.next_room(again), None);
        assert_eq!(pipe.room(10 * MILLI), 10_000);
        assert!(!pipe.is_empty(), "what has left is still under way");
    }

    proptest! {
        #[test]
        fn order_rate_delay_and_bound_hold(pushes in proptest::collection::vec((0_u64..4000, 1_usize..4000), 1..60)) {
            let (mut pipe, mut now, mut sent) = (Pipe::new(link()), Duration::ZERO, Vec::new());
            let mut begun = None;
            for (pause, size) in pushes {
                now += Duration::from_micros(pause);
                let size = size.min(pipe.room(now));
                prop_assert!(size <= link().buffer);
                if size > 0 {
                    begun.get_or_insert(now);
                }
                let bytes: Vec<u8> = (0..size).map(|i| (sent.len() + i) as u8).collect();
                sent.extend_from_slice(&bytes);
                pipe.push(now, &bytes);
            }
            let (mut got, mut last) = (Vec::new(), Duration::ZERO);
            for (at, bytes) in drain(&mut pipe) {
                prop_assert!(at >= last);
                last = at;
                got.extend_from_slice(&bytes);
                let least = begun.unwrap_or_default() + link().delay + Duration::from_micros(got.len() as u64);
                prop_assert!(at + Duration::from_nanos(1000) >= least, "faster than the rate");
            }
            prop_assert_eq!(got, sent);
        }
    }
}
