//! Single samples out of decoded bytes, whatever their width and arrangement: what has no format of its own in memory, as
//! measurements in floats or bands in planes, is read one by one.

use super::TiffPicture;
use tiff::decoder::DecodingSampleType;

/// Which pixels a buffer holds, and how.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes of a row, in one plane.
    pub(super) row: usize,
    /// Bytes from one plane to the next.
    pub(super) plane: usize,
}

impl Grid {
    pub(super) fn whole(picture: &TiffPicture<'_>) -> Self {
        let (width, height) = (picture.width, picture.height);
        let together = if picture.layout.planes > 1 { 1 } else { picture.samples() };
        let row = (width as usize * together * usize::from(picture.colour.bit_depth())).div_ceil(8);
        let plane = picture.layout.plane_stride.map_or(0, |stride| stride.get());
        Self { left: 0, top: 0, width, height, row, plane }
    }

    pub(super) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads single samples out of the decoded buffer, whatever their width and arrangement.
pub(super) struct Picker<'d> {
    data: &'d [u8],
    kind: DecodingSampleType,
    bits: usize,
    /// Samples that stand side by side: all of a pixel, or one where each band has its own plane.
    together: usize,
    row: usize,
    plane: usize,
}

impl<'d> Picker<'d> {
    pub(super) fn new(picture: &TiffPicture<'_>, data: &'d [u8], kind: DecodingSampleType, grid: Grid) -> Self {
        let together = if picture.layout.planes > 1 { 1 } else { picture.samples() };
        let bits = usize::from(picture.colour.bit_depth());
        Self { data, kind, bits, together, row: grid.row, plane: grid.plane }
    }

    pub(super) fn value(&self, x: usize, y: usize, band: usize) -> f32 {
        let (start, index) = if self.together == 1 && self.plane > 0 {
            (band * self.plane + y * self.row, x)
        } else {
            (y * self.row, x * self.together + band)
        };
        if self.bits < 8 {
            let bit = index * self.bits;
            let byte = self.data.get(start + bit / 8).copied().unwrap_or(0);
            let shift = 8_usize.saturating_sub(bit % 8 + self.bits);
            return f32::from((byte >> shift) & ((1 << self.bits) - 1));
        }
        let bytes = self.data.get(start + index * self.bits / 8..).unwrap_or_default();
        use DecodingSampleType as S;
        let number = match self.kind {
            S::U8 => bytes.first().map(|v| f32::from(*v)),
            S::I8 => bytes.first().map(|v| f32::from(*v as i8)),
            S::U16 => bytes.first_chunk().map(|b| f32::from(u16::from_ne_bytes(*b))),
            S::I16 => bytes.first_chunk().map(|b| f32::from(i16::from_ne_bytes(*b))),
            S::F16 => bytes.first_chunk().map(|b| half(u16::from_ne_bytes(*b))),
            S::U32 => bytes.first_chunk().map(|b| u32::from_ne_bytes(*b) as f32),
            S::I32 => bytes.first_chunk().map(|b| i32::from_ne_bytes(*b) as f32),
            S::F32 => bytes.first_chunk().map(|b| f32::from_ne_bytes(*b)),
            S::U64 => bytes.first_chunk().map(|b| u64::from_ne_bytes(*b) as f32),
            S::I64 => bytes.first_chunk().map(|b| i64::from_ne_bytes(*b) as f32),
            S::F64 => bytes.first_chunk().map(|b| f64::from_ne_bytes(*b) as f32),
        };
        number.unwrap_or(0.0)
    }
}

/// A float of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2_f32.powi(-24),
        31 if fraction > 0.0 => f32::NAN,
        31 => sign * f32::INFINITY,
        _ => sign * (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_are_read_as_ieee_says() {
        let cases =
            [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 5.960_464_5e-8), (0x7c00, f32::INFINITY)];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
