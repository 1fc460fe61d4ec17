//! Scans of sequential frames (T.81, F.2): blocks go from bits to samples at once, and nothing else is kept of them.

use super::bits::{BitReader, Bits};
use super::frame::{Component, Frame, Tables};
use super::huffman::Table;
use super::idct;
use super::input::Input;
use super::{DAMAGED, Stop, Wish};

/// The most bytes that an MCU can take: ten blocks of 64 symbols of 31 bits, every byte stuffed.
pub(super) const MCU: usize = 8 << 10;

/// A component of a scan, with its tables.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) component: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// The units of a scan, which restart intervals are counted in: MCUs, or the blocks of a component that stands alone.
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) single: bool,
}

impl Units {
    /// Of a scan of these components.
    pub(super) fn new(frame: &Frame, parts: &[Part]) -> Self {
        match parts {
            [one] => {
                let (across, down) = frame.components[one.component].blocks;
                Self { across, down, single: true }
            }
            _ => Self { across: frame.mcus.0, down: frame.mcus.1, single: false },
        }
    }
}

/// How a scan came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// Nothing that follows is wanted.
    Early,
    Damaged(&'static str),
}

/// What walks through a scan, unit by unit: over window borders, restart markers and damage.
pub(super) struct Walk<'a, 'b> {
    pub(super) input: &'a mut Input<'b>,
    pub(super) units: Units,
    pub(super) restart: usize,
    /// The first row of units that nobody wants.
    pub(super) until: usize,
}

impl Walk<'_, '_> {
    /// Calls `unit` with the reader, the place of a unit and whether its interval begins there. `unit` gives nothing where
    /// the bits make no sense.
    pub(super) fn run(
        self,
        cancel: &dyn Fn() -> bool,
        mut unit: impl FnMut(&mut BitReader<'_>, (usize, usize), bool) -> Option<()>,
    ) -> Result<End, Stop> {
        let Self { input, units, restart, until } = self;
        let total = units.across * units.down;
        let last = total.min(until.saturating_mul(units.across));
        let mut bits = Bits::from(input.at);
        let mut end = if last < total { End::Early } else { End::Whole };
        let (mut now, mut fresh) = (0, true);
        while now < last {
            if now % units.across == 0 && cancel() {
                return Err(Stop::Cancelled);
            }
            input.at = bits.at;
            input.ensure(MCU + 1)?;
            bits.at = input.at;
            let mut reader = BitReader::new(input.data(), bits);
            let row = (now / units.across + 1) * units.across;
            let interval = now.checked_div(restart).map_or(usize::MAX, |done| (done + 1) * restart);
            let mut fine = true;
            while now < row.min(interval) && (reader.room() > MCU || input.ended) {
                fine =
                    unit(&mut reader, (now % units.across, now / units.across), fresh).is_some() && !reader.overrun();
                if !fine {
                    break;
                }
                fresh = false;
                now += 1;
            }
            bits = reader.state();
            input.at = bits.at;
            if !fine {
                end = End::Damaged(DAMAGED);
            }
            if (!fine || now == interval) && now < total {
                let Some(next) = next_interval(input, now, restart, fine)? else {
                    return Ok(if fine || end == End::Whole { End::Damaged(DAMAGED) } else { end });
                };
                (now, fresh, bits) = (next, true, Bits::from(input.at));
            }
        }
        Ok(end)
    }
}

/// Moves behind the next restart marker and gives the unit that begins there; nothing when the scan is over.
fn next_interval(input: &mut Input<'_>, now: usize, restart: usize, whole: bool) -> Result<Option<usize>, Stop> {
    while let Some(marker) = if restart == 0 { None } else { input.marker()? } {
        match marker {
            0xD0..=0xD7 => {
                let next = if whole { now / restart } else { now / restart + 1 };
                let lost = (usize::from(marker - 0xD0) + 8 - (next + 7) % 8) % 8;
                return Ok(Some((next + lost) * restart));
            }
            // No such segments stand behind a scan: it is damage.
            0x01..=0xC3 | 0xC5..=0xCF | 0xF0..=0xFD => {}
            _ => {
                // Left to whoever reads on from here.
                input.at = input.at.saturating_sub(2);
                break;
            }
        }
    }
    Ok(None)
}

/// Decodes a scan into the planes.
pub(super) fn scan(
    input: &mut Input<'_>,
    frame: &mut Frame,
    tables: &Tables,
    parts: &[Part],
    wish: &Wish<'_>,
) -> Result<End, Stop> {
    let pick = |part: &Part| tables.dc[part.dc].as_ref().zip(tables.ac[part.ac].as_ref()).ok_or(Stop::Unknown);
    let pairs = parts.iter().map(pick).collect::<Result<Vec<_>, _>>()?;
    frame.quantise(tables)?;
    frame.allocate();
    let units = Units::new(frame, parts);
    let (columns, rows) = (frame.columns, frame.rows);
    let tall = if units.single { frame.components[parts[0].component].v } else { 1 };
    let walk = Walk { input, units, restart: tables.restart, until: rows.to * tall };
    let mut predicted = [0_i32; 4];
    let components = &mut frame.components;
    walk.run(wish.cancel, |reader, (x, y), fresh| {
        if fresh {
            predicted = [0; 4];
        }
        for (part, tables) in parts.iter().zip(&pairs) {
            let component = &mut components[part.component];
            let first = &mut predicted[part.component];
            let (h, v) = (component.h, component.v);
            if units.single {
                let wanted = columns.has(x / h) && rows.has(y / v);
                let place = wanted.then(|| (x - columns.from * h, y - rows.from * v));
                block(reader, component, *tables, first, place)?;
            } else if columns.has(x) && rows.has(y) {
                for dy in 0..v {
                    for dx in 0..h {
                        let place = ((x - columns.from) * h + dx, (y - rows.from) * v + dy);
                        block(reader, component, *tables, first, Some(place))?;
                    }
                }
            } else {
                for _ in 0..h * v {
                    block(reader, component, *tables, first, None)?;
                }
            }
        }
        Some(())
    })
}

/// One block, to its place among the wanted ones, or to nowhere.
#[inline(always)]
fn block(
    reader: &mut BitReader<'_>,
    component: &mut Component,
    (dc, ac): (&Table, &Table),
    first: &mut i32,
    place: Option<(usize, usize)>,
) -> Option<()> {
    *first = first.wrapping_add(dc.difference(reader)?);
    let Some((x, y)) = place else { return ac.pass_over(reader, 1) };
    let at = (y * component.stride + x) * component.size;
    match component.size {
        1 => {
            idct::flat::<1>(*first as f32 * component.steps[0].factor, &mut component.plane, at, component.stride);
            ac.pass_over(reader, 1)
        }
        2 => sized::<2, 5>(reader, component, ac, *first, at),
        4 => sized::<4, 17>(reader, component, ac, *first, at),
        _ => sized::<8, 65>(reader, component, ac, *first, at),
    }
}

/// The coefficients behind the first, and the samples, of a block of one size.
#[inline(always)]
fn sized<const N: usize, const C: usize>(
    reader: &mut BitReader<'_>,
    component: &mut Component,
    table: &Table,
    first: i32,
    at: usize,
) -> Option<()> {
    let Component { need, steps, plane, stride, .. } = component;
    let first = first as f32 * steps[0].factor;
    let mut coefficients = [0.0; C];
    let mut alone = true;
    table.block(reader, *need, |place, value| {
        let step = steps[place & 63];
        coefficients[step.slot.min(C - 1)] = value as f32 * step.factor;
        alone = false;
    })?;
    if alone {
        idct::flat::<N>(first, plane, at, *stride);
    } else {
        coefficients[0] = first;
        idct::inverse(&coefficients, plane, at, *stride);
    }
    Some(())
}
