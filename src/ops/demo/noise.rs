//! Smooth noise made of numbers that look random and are the same on every machine.

use crate::domain::random::{Random, mixed};

/// In `low..high`.
pub(super) fn between(random: &mut Random, low: f32, high: f32) -> f32 {
    low + (high - low) * unit(random.next_number())
}

/// The upper bits as a number in `0..1`.
fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1_u64 << 24) as f32
}

/// A number in `0..1` that belongs to a cell of the plane.
pub(super) fn cell(x: i32, y: i32, seed: u32) -> f32 {
    let key = u64::from(x.cast_unsigned()) | u64::from(y.cast_unsigned()) << 32;
    unit(mixed(key ^ u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// Value noise in `0..1`, smooth, one bump a unit.
pub(super) fn smooth(x: f32, y: f32, seed: u32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (ease(x - x0), ease(y - y0));
    let (i, j) = (x0 as i32, y0 as i32);
    let row = |j: i32| mix(cell(i, j, seed), cell(i + 1, j, seed), tx);
    mix(row(j), row(j + 1), ty)
}

/// Three octaves of [`smooth`], in `0..1`.
pub(super) fn cloudy(x: f32, y: f32, seed: u32) -> f32 {
    let octave = |k: f32, s: u32| smooth(x * k, y * k, seed.wrapping_add(s));
    (octave(1.0, 0) * 4.0 + octave(2.1, 1) * 2.0 + octave(4.3, 2)) / 7.0
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn step(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
