//! Scans of progressive frames (T.81, G.2). Of each block only the coefficients that the wanted size needs are kept, and
//! one bit for each of the others, as later scans depend on which of them are zero: a tenth of the whole at a quarter of
//! the size. Scans of which nothing is needed are not even read.

use super::bits::{BitReader, extend};
use super::frame::{Component, Frame, Step, Tables};
use super::huffman::Table;
use super::idct;
use super::input::Input;
use super::sequential::{End, Part, Units, Walk};
use super::{Stop, Wish};

/// The band of a scan (T.81, B.2.3): first and last place, and the bit positions.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Bit that was sent before, or 0 for the first time.
    pub(super) high: u32,
    pub(super) low: u32,
}

/// What is kept of one component until the last scan.
struct Kept {
    /// Blocks across, with those that only fill up the last MCU.
    across: usize,
    each: usize,
    coefficients: Vec<i16>,
    /// Places that are not zero; only where later scans matter.
    set: Vec<u64>,
}

/// All components.
pub(super) struct Store(Vec<Kept>);

impl Store {
    /// Room for every block.
    pub(super) fn new(frame: &Frame) -> Self {
        let kept = |c: &Component| {
            let (across, each) = (frame.mcus.0 * c.h, c.size * c.size);
            let blocks = across * frame.mcus.1 * c.v;
            let set = if c.need == 0 { Vec::new() } else { vec![0; blocks] };
            Kept { across, each, coefficients: vec![0; blocks * each], set }
        };
        Self(frame.components.iter().map(kept).collect())
    }

    /// Reads one scan.
    pub(super) fn scan(
        &mut self,
        input: &mut Input<'_>,
        frame: &Frame,
        tables: &Tables,
        (parts, band): (&[Part], Band),
        wish: &Wish<'_>,
    ) -> Result<End, Stop> {
        let units = Units::new(frame, parts);
        let walk = Walk { input, units, restart: tables.restart, until: usize::MAX };
        if band.from == 0 {
            return self.first_coefficients(walk, frame, tables, (parts, band), wish);
        }
        let [part] = parts else { return Err(Stop::Unknown) };
        let component = &frame.components[part.component];
        if component.need == 0 {
            // Whoever asks for the next marker passes over the data.
            return Ok(End::Whole);
        }
        let Some(table) = &tables.ac[part.ac] else { return Err(Stop::Unknown) };
        let kept = &mut self.0[part.component];
        let mut left = 0;
        walk.run(wish.cancel, |reader, (x, y), fresh| {
            if fresh {
                left = 0;
            }
            let index = y * kept.across + x;
            let (set, start) = (kept.set.get_mut(index)?, index * kept.each);
            let values = kept.coefficients.get_mut(start..start + kept.each)?;
            let mut block = Block { values, set, steps: &component.steps };
            match band.high {
                0 => first(reader, table, band, &mut left, &mut block),
                _ => refine(reader, table, band, &mut left, &mut block),
            }
        })
    }

    fn first_coefficients(
        &mut self,
        walk: Walk<'_, '_>,
        frame: &Frame,
        tables: &Tables,
        (parts, band): (&[Part], Band),
        wish: &Wish<'_>,
    ) -> Result<End, Stop> {
        let single = walk.units.single;
        let mut predicted = [0_i32; 4];
        let kept = &mut self.0;
        if band.high == 0 && parts.iter().any(|part| tables.dc[part.dc].is_none()) {
            return Err(Stop::Unknown);
        }
        walk.run(wish.cancel, |reader, (x, y), fresh| {
            if fresh {
                predicted = [0; 4];
            }
            for part in parts {
                let component = &frame.components[part.component];
                let (h, v) = if single { (1, 1) } else { (component.h, component.v) };
                let kept = &mut kept[part.component];
                for i in 0..h * v {
                    let index = (y * v + i / h) * kept.across + x * h + i % h;
                    let target = kept.coefficients.get_mut(index * kept.each)?;
                    if band.high > 0 {
                        *target |= (reader.number(1) << band.low) as i16;
                        continue;
                    }
                    let first = &mut predicted[part.component];
                    *first = first.wrapping_add(tables.dc[part.dc].as_ref()?.difference(reader)?);
                    *target = first.wrapping_shl(band.low) as i16;
                }
            }
            Some(())
        })
    }

    /// Turns the coefficients of the wanted blocks into samples.
    pub(super) fn finish(&self, frame: &mut Frame, cancel: &dyn Fn() -> bool) -> Result<(), Stop> {
        frame.allocate();
        let (columns, rows) = (frame.columns, frame.rows);
        for (component, kept) in frame.components.iter_mut().zip(&self.0) {
            for y in rows.from * component.v..rows.to * component.v {
                if cancel() {
                    return Err(Stop::Cancelled);
                }
                for x in columns.from * component.h..columns.to * component.h {
                    let start = (y * kept.across + x) * kept.each;
                    let values = kept.coefficients.get(start..start + kept.each).unwrap_or_default();
                    let (row, column) = (y - rows.from * component.v, x - columns.from * component.h);
                    let at = (row * component.stride + column) * component.size;
                    match component.size {
                        1 => samples::<2>(component, values, at),
                        2 => samples::<5>(component, values, at),
                        4 => samples::<17>(component, values, at),
                        _ => samples::<65>(component, values, at),
                    }
                }
            }
        }
        Ok(())
    }
}

/// One block.
fn samples<const C: usize>(component: &mut Component, values: &[i16], at: usize) {
    let mut coefficients = [0.0; C];
    for step in component.steps.iter().filter(|step| step.slot < C - 1) {
        coefficients[step.slot] = f32::from(values.get(step.slot).copied().unwrap_or(0)) * step.factor;
    }
    idct::inverse(&coefficients, &mut component.plane, at, component.stride);
}

/// One block while a band is read into it.
struct Block<'k> {
    values: &'k mut [i16],
    set: &'k mut u64,
    steps: &'k [Step; 64],
}

impl Block<'_> {
    #[inline(always)]
    fn put(&mut self, place: usize, value: i32) {
        *self.set |= 1 << (place & 63);
        if let Some(target) = self.values.get_mut(self.steps[place & 63].slot) {
            *target = value as i16;
        }
    }

    /// Adds a bit to a coefficient that is not zero, away from zero.
    #[inline(always)]
    fn correct(&mut self, reader: &mut BitReader<'_>, place: usize, low: u32) {
        if reader.number(1) == 0 {
            return;
        }
        if let Some(target) = self.values.get_mut(self.steps[place & 63].slot) {
            let bit = 1_i16.wrapping_shl(low);
            *target = if *target < 0 { target.wrapping_sub(bit) } else { target.wrapping_add(bit) };
        }
    }
}

/// Blocks that end here, and following ones that are empty (T.81, G.1.2.2).
#[inline]
fn end_of_band(reader: &mut BitReader<'_>, run: u8) -> u32 {
    (1 << run) + reader.number(run.into())
}

fn first(reader: &mut BitReader<'_>, table: &Table, band: Band, left: &mut u32, block: &mut Block<'_>) -> Option<()> {
    if *left > 0 {
        *left -= 1;
        return Some(());
    }
    let mut place = band.from;
    while place <= band.to {
        let symbol = table.symbol(reader)?;
        let (run, size) = (symbol >> 4, u32::from(symbol & 15));
        if size == 0 {
            if run < 15 {
                *left = end_of_band(reader, run) - 1;
                return Some(());
            }
            place += 16;
            continue;
        }
        place += usize::from(run);
        if place > band.to {
            return None;
        }
        let value = extend(reader.number(size) as i32, size);
        block.put(place, value.wrapping_shl(band.low));
        place += 1;
    }
    Some(())
}

fn refine(reader: &mut BitReader<'_>, table: &Table, band: Band, left: &mut u32, block: &mut Block<'_>) -> Option<()> {
    let mut place = band.from;
    if *left == 0 {
        while place <= band.to {
            let symbol = table.symbol(reader)?;
            let (mut run, size) = (symbol >> 4, symbol & 15);
            let value = match size {
                0 if run < 15 => {
                    *left = end_of_band(reader, run);
                    break;
                }
                0 => 0,
                1 => {
                    if reader.number(1) == 1 {
                        1
                    } else {
                        -1
                    }
                }
                _ => return None,
            };
            // The run counts only what is still zero; what is not, gets its bit on the way.
            while place <= band.to {
                if *block.set >> place & 1 == 1 {
                    block.correct(reader, place, band.low);
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                place += 1;
            }
            if value != 0 {
                if place > band.to {
                    return None;
                }
                block.put(place, value << band.low);
            }
            place += 1;
        }
    }
    if *left > 0 {
        for place in place..=band.to {
            if *block.set >> place & 1 == 1 {
                block.correct(reader, place, band.low);
            }
        }
        *left -= 1;
    }
    Some(())
}
