//! The pictures of the demo, drawn point by point: five kinds of scenes that can be told apart as thumbnails.
//!
//! Coordinates: `y` grows downwards, the shorter side of the picture spans `-1..1`. Colours are linear mixes, `0..1`.

use super::noise::{between, cell, cloudy, mix, smooth, step};
use crate::domain::random::Random;

/// The classes, in the order of their hotkeys.
pub const CLASSES: [&str; 5] = ["suns", "waves", "leaves", "bricks", "stars"];

type Colour = [f32; 3];

/// One scene; the same values draw the same picture.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) class: usize,
    seed: u32,
    hue: f32,
    at: [f32; 2],
    size: f32,
    turn: f32,
    count: usize,
}

impl Scene {
    pub(super) fn new(class: usize, random: &mut Random) -> Self {
        Self {
            class,
            seed: random.next_number() as u32,
            hue: between(random, 0.0, 1.0),
            at: [between(random, -0.5, 0.5), between(random, -0.35, 0.2)],
            size: between(random, 0.7, 1.3),
            turn: between(random, -0.6, 0.6),
            count: 3 + random.below(4),
        }
    }

    /// The colour at a point, as bytes.
    pub(super) fn pixel(&self, x: f32, y: f32) -> [u8; 3] {
        let colour = match self.class {
            0 => self.sun(x, y),
            1 => self.waves(x, y),
            2 => self.leaves(x, y),
            3 => self.bricks(x, y),
            _ => self.stars(x, y),
        };
        let grain = (cell((x * 997.0) as i32, (y * 997.0) as i32, self.seed) - 0.5) * 0.02;
        colour.map(|c| ((c + grain).clamp(0.0, 1.0) * 255.0) as u8)
    }

    /// The frames of what stands in the picture, as `[left, top, right, bottom]`: of a sun, as far as it is above the sea,
    /// and of leaves. Of waves, bricks and a sky there is nothing to frame.
    pub(super) fn objects(&self) -> Vec<[f32; 4]> {
        let ([cx, cy], radius) = (self.at, self.radius());
        match self.class {
            0 => vec![[cx - radius, cy - radius, cx + radius, (cy + radius).min(self.horizon(cx))]],
            2 => (0..self.count).map(|i| self.leaf_frame(i)).collect(),
            _ => Vec::new(),
        }
    }

    fn leaf_frame(&self, i: usize) -> [f32; 4] {
        let ([cx, cy], length, angle) = self.leaf(i);
        let (sin, cos) = angle.sin_cos();
        let mut frame = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for step in 0..=64_u8 {
            let p = f32::from(step) / 32.0 - 1.0;
            for q in [half_width(p), -half_width(p)] {
                let (x, y) = (cx + (p * cos - q * sin) * length, cy + (p * sin + q * cos) * length);
                frame = [frame[0].min(x), frame[1].min(y), frame[2].max(x), frame[3].max(y)];
            }
        }
        frame
    }

    fn sun(&self, x: f32, y: f32) -> Colour {
        let [cx, cy] = self.at;
        let (radius, horizon) = (self.radius(), self.horizon(x));
        let dusk = blend([0.98, 0.55, 0.25], [0.99, 0.78, 0.52], self.hue);
        let sky = blend([0.22, 0.35, 0.66], dusk, step(-1.0, horizon, y));
        let distance = (x - cx).hypot(y - cy);
        let mut colour = blend(sky, [1.0, 0.9, 0.6], (-(distance - radius).max(0.0) * 3.2).exp() * 0.85);
        let cloud = step(0.52, 0.8, cloudy(x * 1.6 + self.turn * 9.0, y * 5.0, self.seed));
        colour = blend(colour, [1.0, 0.96, 0.9], cloud * 0.5);
        colour = blend(colour, [1.0, 0.97, 0.82], 1.0 - step(radius - 0.015, radius + 0.015, distance));
        if y > horizon {
            let deep = blend([0.1, 0.18, 0.3], [0.28, 0.16, 0.2], self.hue);
            let glitter =
                smooth(x * 14.0, y * 60.0, self.seed) * (-((x - cx) / (0.16 + (y - horizon) * 0.5)).powi(2)).exp();
            colour = blend(blend(dusk, deep, step(horizon, horizon + 0.5, y)), [1.0, 0.85, 0.55], glitter);
        }
        colour
    }

    /// Of the sun.
    fn radius(&self) -> f32 {
        0.26 * self.size
    }

    /// Where the sea begins, below the sun.
    fn horizon(&self, x: f32) -> f32 {
        0.45 + 0.2 * self.turn + 0.03 * smooth(x * 3.0, 0.5, self.seed)
    }

    fn waves(&self, x: f32, y: f32) -> Colour {
        let mut colour = blend([0.78, 0.9, 0.96], [0.96, 0.88, 0.82], self.hue * step(-1.0, 0.0, y));
        let layers = self.count + 2;
        // The nearest layer that covers the point hides the others: only those from there on are drawn.
        let below = |i: usize| y - self.crest(i, layers, x);
        let first = (0..layers).rev().find(|i| below(*i) > 0.006).unwrap_or(0);
        for i in first..layers {
            let below = below(i);
            if below < -0.006 {
                continue;
            }
            let (depth, phase) = (i as f32 / layers as f32, cell(i as i32, 7, self.seed) * 6.3);
            let body = blend([0.35, 0.68, 0.78], blend([0.02, 0.2, 0.42], [0.0, 0.32, 0.36], self.hue), depth);
            let ripple = smooth(x * 6.0 + phase, below * 22.0, self.seed) * 0.18;
            let water = blend(body, [0.85, 0.96, 0.98], ripple * (1.0 - depth * 0.4));
            let reach = (-(below - 0.02).max(0.0) * 38.0).exp();
            let foam = if reach > 0.01 { step(0.15, 0.5, smooth(x * 9.0, phase, self.seed)) * reach } else { 0.0 };
            colour = blend(colour, blend(water, [1.0; 3], foam * 0.9), step(-0.006, 0.006, below));
        }
        colour
    }

    /// Where the crest of a wave stands.
    fn crest(&self, i: usize, layers: usize, x: f32) -> f32 {
        let depth = i as f32 / layers as f32;
        let phase = cell(i as i32, 7, self.seed) * 6.3;
        let swell = (x * (2.2 + depth * 1.5) * self.size + phase).sin() * 0.5 + (x * 5.3 + phase * 2.0).sin() * 0.18;
        depth * 1.5 - 0.55 + swell * (0.1 + depth * 0.08)
    }

    fn leaves(&self, x: f32, y: f32) -> Colour {
        let blur = cloudy(x * 1.3, y * 1.3, self.seed);
        let mut colour = blend([0.86, 0.9, 0.74], [0.36, 0.52, 0.34], step(0.25, 0.75, blur));
        for i in 0..self.count {
            let random = |k: i32| cell(i as i32, k, self.seed);
            let ([cx, cy], length, angle) = self.leaf(i);
            let (dx, dy) = (x - cx, y - cy);
            if dx.hypot(dy) > length * 1.1 {
                continue;
            }
            let (sin, cos) = angle.sin_cos();
            let (p, q) = ((dx * cos + dy * sin) / length, (dy * cos - dx * sin) / length);
            if p.abs() > 1.05 || q.abs() > 0.62 {
                continue;
            }
            let half = if p.abs() < 1.0 { half_width(p) } else { -1.0 };
            let autumn = blend([0.84, 0.42, 0.12], [0.72, 0.16, 0.12], random(6));
            let green = blend([0.14, 0.5, 0.18], [0.42, 0.68, 0.16], random(5));
            let base = blend(green, autumn, if self.hue > 0.6 { 0.9 } else { 0.06 });
            let shadow = step(-0.12, 0.02, half + 0.02 - (q + 0.08).abs());
            colour = blend(colour, [0.08, 0.12, 0.06], shadow * 0.3 * step(-1.1, -0.9, p) * step(-1.1, -0.9, -p));
            let side = 1.0 - step(0.0, 0.05, ((p * 7.0 - q.abs() * 6.0).fract().abs() - 0.5).abs());
            let middle = 1.0 - step(0.01, 0.03, q.abs());
            let shade =
                blend(base, [0.95, 0.98, 0.75], (side * 0.22 + middle * 0.55 + (0.3 - q) * 0.18).clamp(0.0, 0.8));
            colour = blend(colour, shade, step(-0.01, 0.01, half - q.abs()));
        }
        colour
    }

    /// The middle of a leaf, half of its length, and how it is turned.
    fn leaf(&self, i: usize) -> ([f32; 2], f32, f32) {
        let random = |k: i32| cell(i as i32, k, self.seed);
        let middle = [(random(1) - 0.5) * 1.9, (random(2) - 0.5) * 1.5];
        (middle, (0.42 + random(4) * 0.3) * self.size, random(3) * std::f32::consts::TAU + self.turn)
    }

    fn bricks(&self, x: f32, y: f32) -> Colour {
        let (sin, cos) = (self.turn * 0.25).sin_cos();
        let (x, y) = (x * cos - y * sin, x * sin + y * cos);
        let rows = 4.5 * self.size;
        let v = y * rows;
        let u = x * rows * 0.46 + v.floor().rem_euclid(2.0) * 0.5;
        let (i, j) = (u.floor() as i32, v.floor() as i32);
        let edge =
            (u - u.floor() - 0.5).abs().mul_add(-1.0, 0.5).min(((v - v.floor() - 0.5).abs() * -0.5 + 0.25) * 0.92);
        let warm = blend([0.62, 0.24, 0.16], [0.74, 0.48, 0.34], self.hue);
        let own = blend(warm, [0.36, 0.16, 0.14], cell(i, j, self.seed) * 0.7);
        let grit = cloudy(x * 11.0, y * 11.0, self.seed);
        let face = blend(own, [0.9, 0.78, 0.68], grit * 0.35 - 0.08);
        let mortar = blend([0.8, 0.77, 0.72], [0.6, 0.58, 0.56], smooth(x * 20.0, y * 20.0, self.seed));
        let lit = blend(mortar, face, step(0.015, 0.04, edge));
        let bevel = step(0.035, 0.1, edge) * 0.22 + 0.78;
        let light = bevel * (1.08 - 0.22 * (x * self.at[0] + y + 0.3).abs()).clamp(0.55, 1.1);
        lit.map(|c| c * light)
    }

    fn stars(&self, x: f32, y: f32) -> Colour {
        let band = (-((x * self.turn.cos() + y * (0.6 + self.turn) - self.at[0]) * 2.2).powi(2)).exp();
        let milk = cloudy(x * 2.4, y * 2.4, self.seed) * band;
        let night = blend([0.02, 0.03, 0.1], [0.1, 0.06, 0.24], step(-1.0, 0.9, y));
        let mut colour = blend(night, blend([0.45, 0.4, 0.75], [0.3, 0.6, 0.75], self.hue), milk * 0.75);
        for (k, scale) in [9.0_f32, 17.0].into_iter().enumerate() {
            let (u, v) = (x * scale, y * scale);
            let (i, j) = (u.floor() as i32, v.floor() as i32);
            let seed = self.seed.wrapping_add(k as u32);
            if cell(i, j, seed) > 0.55 {
                let (sx, sy) = (cell(i, j, seed ^ 1) * 0.7 + 0.15, cell(i, j, seed ^ 2) * 0.7 + 0.15);
                let distance = (u - u.floor() - sx).hypot(v - v.floor() - sy);
                colour = blend(colour, [1.0, 0.97, 0.9], (-distance * distance * 130.0).exp() * cell(i, j, seed ^ 3));
            }
        }
        let (dx, dy) = ((x - self.at[0]).abs(), (y - self.at[1]).abs());
        let spikes = 0.012 * self.size / (dx * dy * 5.0 + (dx * dx + dy * dy) * 0.7 + 0.004);
        colour = blend(colour, [1.0, 0.98, 0.88], spikes.min(1.0));
        let ridge = 0.72 - cloudy(x * 1.4 + 4.0, 0.3, self.seed) * 0.4 + 0.1 * self.turn;
        blend(colour, [0.01, 0.015, 0.03], step(ridge - 0.006, ridge + 0.006, y))
    }
}

/// How far a leaf reaches to each side at a place along its middle, `-1..1`, in half lengths.
fn half_width(p: f32) -> f32 {
    (1.0 - p * p) * (0.34 + 0.14 * p)
}

fn blend(a: Colour, b: Colour, t: f32) -> Colour {
    let t = t.clamp(0.0, 1.0);
    [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)]
}
