//! What a frame header declares, and where the samples of its components go: planes of the wanted part, at the wanted size.

use super::super::raster::{Raster, Sample, Space};
use super::huffman::Table;
use super::idct;
use super::{Stop, Wish};

/// Order in which coefficients are stored (T.81, figure A.6): row and column of each.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];
/// Where a coefficient goes, and what it is multiplied with on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// Among the `size` x `size` that are kept; those that are not needed go behind them.
    pub(super) slot: usize,
    pub(super) factor: f32,
}

/// One component of the frame.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of an MCU, across and down.
    pub(super) h: usize,
    pub(super) v: usize,
    table: usize,
    /// Samples of a block along a side, after the inverse DCT.
    pub(super) size: usize,
    /// Last place in zigzag order that the inverse DCT needs.
    pub(super) need: usize,
    /// By place in zigzag order.
    pub(super) steps: [Step; 64],
    /// Output pixels for each sample.
    pub(super) grow: (usize, usize),
    /// Blocks that belong to the picture, when the component stands in a scan alone.
    pub(super) blocks: (usize, usize),
    /// Samples of the wanted MCUs, row by row.
    pub(super) plane: Vec<u8>,
    pub(super) stride: usize,
}

/// MCUs, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Span {
    pub(super) fn has(self, at: usize) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn len(self) -> usize {
        self.to - self.from
    }
}

/// A frame, ready to be filled.
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
    /// MCUs across and down.
    pub(super) mcus: (usize, usize),
    /// The wanted ones.
    pub(super) columns: Span,
    pub(super) rows: Span,
    /// Pixels of an MCU in the output.
    pub(super) mcu: (usize, usize),
    /// The whole picture in the output.
    pub(super) whole: (usize, usize),
    pub(super) space: Space,
    /// The three components are stored as luma and chroma.
    pub(super) ycc: bool,
}

/// Tables that a scan uses; they may change between scans.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) quant: [Option<[u16; 64]>; 4],
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// MCUs between restart markers, or 0.
    pub(super) restart: usize,
    /// What Adobe's segment says of the colours.
    pub(super) adobe: Option<u8>,
    pub(super) jfif: bool,
}

impl Frame {
    /// Reads the header (T.81, B.2.2) and lays out what is wanted.
    ///
    /// # Errors
    /// [`Stop::Unknown`] for what is left to other decoders.
    pub(super) fn new(marker: u8, data: &[u8], tables: &Tables, wish: &Wish<'_>) -> Result<Self, Stop> {
        let [8, h1, h0, w1, w0, count @ (1 | 3), parts @ ..] = data else { return Err(Stop::Unknown) };
        let (width, height) =
            (usize::from(u16::from_be_bytes([*w1, *w0])), usize::from(u16::from_be_bytes([*h1, *h0])));
        let parts = parts.get(..usize::from(*count) * 3).ok_or(Stop::Unknown)?.as_chunks::<3>().0;
        let alone = parts.len() == 1;
        // A single component is stored block by block, whatever its factors say.
        let factors = |p: &[u8; 3]| if alone { (1, 1) } else { (usize::from(p[1] >> 4), usize::from(p[1] & 15)) };
        let most = |pick: fn((usize, usize)) -> usize| parts.iter().map(|p| pick(factors(p))).max().unwrap_or(1);
        let (across, down) = (most(|f| f.0), most(|f| f.1));
        let fits = |f: (usize, usize)| {
            (1..=4).contains(&f.0) && (1..=4).contains(&f.1) && across.is_multiple_of(f.0) && down.is_multiple_of(f.1)
        };
        let small = parts.iter().map(factors).all(fits) && parts.iter().all(|p| p[2] < 4);
        let blocks: usize = parts.iter().map(|p| factors(p).0 * factors(p).1).sum();
        let eighths = wish.eighths as usize;
        if !small || blocks > 10 || width == 0 || height == 0 || !matches!(eighths, 1 | 2 | 4 | 8) {
            return Err(Stop::Unknown);
        }
        let mcus = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        let span = |from: u32, to: u32, unit: usize, all: usize| {
            let from = (from as usize / (8 * unit)).min(all - 1);
            Span { from, to: (to as usize).div_ceil(8 * unit).clamp(from + 1, all) }
        };
        let [x0, y0, x1, y1] = wish.part;
        let (columns, rows) = (span(x0, x1, across, mcus.0), span(y0, y1, down, mcus.1));
        let layout = |part: &[u8; 3]| {
            let factors = factors(part);
            let share = (across / factors.0, down / factors.1);
            let mut component = Component::new(*part, factors, share, eighths);
            let own = |side: usize, share: usize| side.div_ceil(share).div_ceil(8);
            component.blocks = (own(width, share.0), own(height, share.1));
            component.stride = columns.len() * component.h * component.size;
            component
        };
        let components: Vec<Component> = parts.iter().map(layout).collect();
        let named = components.iter().map(|c| c.id).eq(*b"RGB");
        let ycc = match tables.adobe {
            Some(transform) => transform != 0,
            None => tables.jfif || !named,
        };
        Ok(Self {
            progressive: marker == 0xC2,
            mcus,
            columns,
            rows,
            mcu: (across * eighths, down * eighths),
            whole: ((width * eighths).div_ceil(8), (height * eighths).div_ceil(8)),
            space: if alone { Space::Grey } else { Space::Rgb },
            ycc,
            components,
        })
    }

    /// Makes the planes, grey, once it is certain that something will be in them.
    pub(super) fn allocate(&mut self) {
        for component in self.components.iter_mut().filter(|c| c.plane.is_empty()) {
            component.plane = vec![128; component.stride * self.rows.len() * component.v * component.size];
        }
    }

    /// Takes over the quantisation tables, which are due before the first scan of a component.
    pub(super) fn quantise(&mut self, tables: &Tables) -> Result<(), Stop> {
        for component in &mut self.components {
            let Some(quant) = &tables.quant[component.table] else { return Err(Stop::Unknown) };
            for (place, step) in component.steps.iter_mut().enumerate() {
                let (row, column) = (usize::from(ZIGZAG[place] / 8), usize::from(ZIGZAG[place] % 8));
                step.factor = f32::from(quant[place]) * idct::weight(component.size, row, column);
            }
        }
        Ok(())
    }

    /// The part of the output that the wanted MCUs cover: left, top, width, height.
    pub(super) fn covered(&self) -> (usize, usize, usize, usize) {
        let (left, top) = (self.columns.from * self.mcu.0, self.rows.from * self.mcu.1);
        let width = (self.columns.to * self.mcu.0).min(self.whole.0) - left;
        let height = (self.rows.to * self.mcu.1).min(self.whole.1) - top;
        (left, top, width, height)
    }

    /// An empty raster for it.
    pub(super) fn raster(&self) -> Raster {
        let (_, _, width, height) = self.covered();
        let channels = self.components.len();
        let data = Vec::with_capacity(width * height * channels);
        let side = |v: usize| u32::try_from(v).unwrap_or(u32::MAX);
        Raster { width: side(width), height: side(height), channels, sample: Sample::U8, space: self.space, data }
    }
}

impl Component {
    fn new(part: [u8; 3], (h, v): (usize, usize), share: (usize, usize), eighths: usize) -> Self {
        // Stored at half the resolution, a component has what is wanted in twice as large an inverse DCT.
        let mut size = eighths;
        while size < 8 && 2 * size <= eighths * share.0.min(share.1) {
            size *= 2;
        }
        let slot = |place: u8| {
            let (row, column) = (usize::from(place / 8), usize::from(place % 8));
            if row < size && column < size { row * size + column } else { size * size }
        };
        let steps = ZIGZAG.map(|place| Step { slot: slot(place), factor: 1.0 });
        let grow = (share.0 * eighths / size, share.1 * eighths / size);
        let need = steps.iter().rposition(|step| step.slot < size * size).unwrap_or(0);
        let (blocks, plane) = ((0, 0), Vec::new());
        Self { id: part[0], h, v, table: part[2].into(), size, need, steps, grow, blocks, plane, stride: 0 }
    }

    /// Samples of the component that belong to the picture, from the start of the plane.
    pub(super) fn real(&self, whole: usize, start: usize, grow: usize) -> usize {
        whole.div_ceil(grow).saturating_sub(start).max(1)
    }
}
