//! What a run found, as it is printed.

use super::session::Ended;
use super::terminal::Trouble;
use super::timeline::{Measured, Percentiles, View, rank};
use super::{Graphics, LinkRequest, Place, millis};
use crate::term::graphics::Level;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bytes of several things of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sizes {
    /// Half of them have at most this.
    pub p50: usize,
    /// The largest.
    pub max: usize,
}

/// Bytes of a picture on the line, the mean of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ImageBytes {
    /// The first paint.
    pub first: Option<usize>,
    /// Everything up to the full view: first paint and good, or whatever came instead.
    pub full: Option<usize>,
    /// The full view alone.
    pub good: Option<usize>,
    /// Every pixel.
    pub exact: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// How pictures were shown.
    pub protocol: Graphics,
    /// Inside tmux.
    pub tmux: bool,
    /// Where.
    pub screen: Place,
    /// The link, in Mbit/s.
    pub mbit: f64,
    /// Its round trip in milliseconds.
    pub rtt_ms: f64,
    /// Between two keys, in milliseconds.
    pub every_ms: f64,
    /// Keys pressed.
    pub keys: usize,
    /// Columns and rows of the picture.
    pub cells: Option<(u16, u16)>,
    /// From the start of the program until the first picture was seen, and until it was good, in milliseconds.
    pub start_ms: Option<f64>,
    /// From a key until its picture, or that of a later key, was seen.
    pub visible_ms: Option<Percentiles>,
    /// From a key until its picture was seen at full resolution.
    pub full_ms: Option<Percentiles>,
    /// Keys whose picture was seen at full resolution.
    pub full_keys: usize,
    /// Keys whose picture, or that of a later key, was never seen.
    pub unseen: usize,
    /// Keys whose picture was never seen because that of a later key came first.
    pub overtaken: usize,
    /// How good the last key's picture became: `first`, `good`, `exact` or nothing.
    pub last_reached: Option<&'static str>,
    /// Times another picture was seen after the newest key's.
    pub stale: usize,
    /// Times nothing was seen between two pictures.
    pub blank: usize,
    /// For how long nothing was seen, in milliseconds.
    pub blank_ms: f64,
    /// Times something was seen that is none of the pictures.
    pub unknown: usize,
    /// Bytes of the commands that show a key's picture and take the old one away.
    pub key_bytes: Option<Sizes>,
    /// Bytes of the whole frames that did so.
    pub frame_bytes: Option<Sizes>,
    /// Bytes of pictures.
    pub image_bytes: ImageBytes,
    /// Bytes from the program in all.
    pub bytes: u64,
    /// What the program itself measured, medians by level.
    pub stages_ms: BTreeMap<String, BTreeMap<String, f64>>,
    /// What went wrong between program and terminal.
    pub trouble: Trouble,
    /// Pairs of pictures that cannot be told apart by what is seen.
    pub alike: usize,
}

pub(super) fn report(request: &LinkRequest, measured: &Measured, views: &[View]) -> LinkReport {
    let seen = || measured.visible.iter().flatten().copied();
    LinkReport {
        protocol: request.graphics,
        tmux: request.tmux,
        screen: request.screen,
        mbit: request.rate / 1e6,
        rtt_ms: millis(request.rtt),
        every_ms: millis(request.every),
        keys: measured.visible.len(),
        cells: views.last().and_then(|v| v.look.cells).map(|c| (c.w, c.h)),
        start_ms: None,
        visible_ms: Percentiles::of(seen()),
        full_ms: Percentiles::of(measured.full.iter().copied()),
        full_keys: measured.full.len(),
        unseen: measured.visible.len() - seen().count(),
        overtaken: measured.overtaken,
        last_reached: measured.last.map(level_name),
        stale: measured.stale,
        blank: measured.blank,
        blank_ms: millis(measured.blank_time),
        unknown: measured.unknown,
        key_bytes: sizes(measured.frames.iter().map(|f| f.graphics)),
        frame_bytes: sizes(measured.frames.iter().map(|f| f.all)),
        image_bytes: ImageBytes::default(),
        bytes: 0,
        stages_ms: BTreeMap::new(),
        trouble: Trouble::default(),
        alike: 0,
    }
}

/// The name of a level in reports.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::First => "first",
        Level::Good => "good",
        Level::Exact => "exact",
    }
}

fn sizes(values: impl Iterator<Item = usize>) -> Option<Sizes> {
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    Some(Sizes { p50: *rank(&values, 0.5)?, max: *values.last()? })
}

/// Means of what pictures took on the line: of those the terminal was sent, shown or not, and where it keeps none, of
/// what was seen.
pub(super) fn image_bytes(ended: Ended, views: &[View], graphics: Graphics) -> ImageBytes {
    let mut by_level: BTreeMap<Level, Vec<usize>> = BTreeMap::new();
    let mut add = |level: Option<Level>, sent: usize| {
        if let Some(level) = level {
            by_level.entry(level).or_default().push(sent);
        }
    };
    if graphics == Graphics::Kitty {
        let Some(mut sight) = ended.sight else { return ImageBytes::default() };
        for payload in &ended.received {
            add(sight.payload(payload).level, payload.sent);
        }
    } else {
        let mut before = None;
        for look in views.iter().map(|v| &v.look).filter(|l| l.any && !l.matches.is_empty()) {
            let key = (look.matches.clone(), look.level, look.sent);
            if before.replace(key.clone()) != Some(key) {
                add(look.level, look.sent);
            }
        }
    }
    let mean = |level: Level| {
        let all = by_level.get(&level)?;
        Some(all.iter().sum::<usize>() / all.len().max(1))
    };
    let (first, good, exact) = (mean(Level::First), mean(Level::Good), mean(Level::Exact));
    let full = good.or(exact).map(|bytes| bytes + first.unwrap_or(0));
    ImageBytes { first, full, good, exact }
}
