//! What the preview path measures of itself while it runs: for the log and for the panel `:preview`.
//!
//! What always holds: measuring costs a few numbers, never a wait; what was not measured is not made up.

use crate::app::picture::PictureRef;
use crate::app::preview_report::{Closeness, KeysReport, PictureReport, Stages};
use crate::domain::text::printable;
use crate::runtime::pool::Decoded;
use crate::term::graphics::Level;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Keys that are remembered.
const KEYS: usize = 64;
/// Frames, uploads and pictures that are remembered until more is heard of them.
const PENDING: usize = 32;
/// Exact pictures whose size is averaged.
const SIZES: usize = 8;

/// The figures.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// The picture of the last frame.
    picture: Option<PictureRef>,
    /// The key after which its picture has not been seen yet.
    waiting: Option<Instant>,
    /// Frames that show a picture for the first time: number, key, handed over.
    frames: VecDeque<(u64, Instant, Instant)>,
    /// Uploads: tag, level, bytes, handed over.
    uploads: VecDeque<(u64, Level, u64, Instant)>,
    visible: VecDeque<Duration>,
    exact: VecDeque<u64>,
    last: Option<PictureReport>,
}

fn remember<T>(list: &mut VecDeque<T>, most: usize, item: T) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

fn milliseconds(time: Option<Duration>) -> f64 {
    time.map_or(0.0, |t| (t.as_secs_f64() * 1e4).round() / 10.0)
}

/// The level as the panel names it.
pub(super) fn closeness(level: Level, exact: bool) -> Closeness {
    match level {
        _ if exact => Closeness::Exact,
        Level::First => Closeness::First,
        Level::Good | Level::Exact => Closeness::Good,
    }
}

impl Figures {
    /// A picture was made.
    pub(super) fn made(&mut self, decoded: &Decoded) {
        let Ok(prepared) = &decoded.result else { return };
        let (wanted, stages) = (&decoded.wanted, decoded.stages);
        let bytes = u64::try_from(prepared.wire()).unwrap_or(u64::MAX);
        let name = printable(wanted.picture.path.name()).into_owned();
        tracing::debug!(
            target: "preview",
            "stages open={} decode={} encode={} level={:?} bytes={bytes} name={name}",
            milliseconds(stages.open),
            milliseconds(stages.decode),
            milliseconds(stages.encode),
            wanted.level,
        );
        if wanted.level == Level::Exact {
            remember(&mut self.exact, SIZES, bytes);
        }
        if self.picture.as_ref() == Some(&wanted.picture) {
            let closeness = closeness(wanted.level, prepared.exact);
            self.last = Some(PictureReport { name, closeness, bytes, stages });
        }
    }

    /// A frame is handed over: the large picture it is about, and whether anything of it is on the screen.
    pub(super) fn frame(&mut self, number: u64, about: Option<(&PictureRef, bool)>, key: Option<Instant>) {
        let Some((picture, seen)) = about else { return };
        if self.picture.as_ref() != Some(picture) {
            self.picture = Some(picture.clone());
            self.waiting = key;
        }
        if seen && let Some(key) = self.waiting.take() {
            remember(&mut self.frames, PENDING, (number, key, Instant::now()));
        }
    }

    /// The terminal has consumed a frame, so long after it was handed over.
    pub(super) fn seen(&mut self, number: u64, after: Duration) {
        while let Some((first, key, handed)) = self.frames.front().copied() {
            if first > number {
                break;
            }
            self.frames.pop_front();
            if first == number {
                let visible = handed.saturating_duration_since(key) + after;
                tracing::debug!(target: "preview", "visible ms={}", milliseconds(Some(visible)));
                remember(&mut self.visible, KEYS, visible);
            }
        }
    }

    /// An upload is handed over.
    pub(super) fn sending(&mut self, tag: u64, level: Level, bytes: u64) {
        remember(&mut self.uploads, PENDING, (tag, level, bytes, Instant::now()));
    }

    /// An upload was written.
    pub(super) fn sent(&mut self, tag: u64) {
        let Some(at) = self.uploads.iter().position(|u| u.0 == tag) else { return };
        let Some((_, level, bytes, since)) = self.uploads.remove(at) else { return };
        let took = since.elapsed();
        tracing::debug!(target: "preview", "sent ms={} level={level:?} bytes={bytes}", milliseconds(Some(took)));
        if let Some(last) = &mut self.last {
            last.stages.sent = Some(took);
        }
    }

    /// The last picture that was made for the place of the large picture.
    pub(super) fn last(&self, seen: Option<Duration>) -> Option<PictureReport> {
        let last = self.last.clone()?;
        Some(PictureReport { stages: Stages { seen, ..last.stages }, ..last })
    }

    /// Mean bytes of an exact picture.
    pub(super) fn exact_bytes(&self) -> Option<u64> {
        let count = u64::try_from(self.exact.len()).ok().filter(|n| *n > 0)?;
        Some(self.exact.iter().sum::<u64>() / count)
    }

    /// The last keys.
    pub(super) fn keys(&self) -> Option<KeysReport> {
        let mut times: Vec<Duration> = self.visible.iter().copied().collect();
        times.sort_unstable();
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1))).copied();
        Some(KeysReport { count: u32::try_from(times.len()).ok()?, p50: at(50)?, p90: at(90)? })
    }
}
