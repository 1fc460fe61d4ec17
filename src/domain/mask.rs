//! Masks as run lengths, the way COCO writes them: alternating numbers of zeros and ones, column by column from the top
//! left, beginning with zeros.
//!
//! As a text, each run length is a number of five bits a character, the lowest first, a sixth bit where more follow, 48
//! added; from the fourth on it is the difference to the one two before it (pycocotools' `maskApi.c`). What always holds:
//! nothing here makes a bitmap of more than the window that is asked for, whatever the runs say.

use super::geometry::BoxN;

/// The runs of ones of a mask: first pixel and the one after the last, column-major.
pub fn ones(counts: &[u32]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let mut at = 0_u64;
    counts.iter().enumerate().filter_map(move |(i, run)| {
        let from = at;
        at += u64::from(*run);
        (i % 2 == 1 && *run > 0).then_some((from, at))
    })
}

/// The pixels of a mask that are set.
#[must_use]
pub fn area(counts: &[u32]) -> u64 {
    ones(counts).map(|(from, to)| to - from).sum()
}

/// The box around a mask of this height and width in its pixels: left, top, width, height. Nothing where no pixel is set.
#[must_use]
pub fn bounds(size: [u32; 2], counts: &[u32]) -> Option<[u32; 4]> {
    let h = u64::from(size[0]).max(1);
    let (mut x0, mut y0, mut x1, mut y1) = (u64::MAX, u64::MAX, 0, 0);
    for (from, to) in ones(counts) {
        let (first, last) = (from / h, (to - 1) / h);
        let (top, bottom) = if first == last { (from % h, (to - 1) % h) } else { (0, h - 1) };
        (x0, y0, x1, y1) = (x0.min(first), y0.min(top), x1.max(last), y1.max(bottom));
    }
    let whole = |v: u64| u32::try_from(v).unwrap_or(u32::MAX);
    (x0 != u64::MAX).then(|| [whole(x0), whole(y0), whole(x1 - x0 + 1), whole(y1 - y0 + 1)])
}

/// The pixels of a mask inside a box, row by row.
#[must_use]
pub fn window(size: [u32; 2], counts: &[u32], around: [u32; 4]) -> Vec<bool> {
    let [left, top, width, height] = around.map(|v| v as usize);
    let h = (size[0] as usize).max(1);
    let mut bits = vec![false; width * height];
    let (first, end) = ((left * h) as u64, ((left + width) * h) as u64);
    for (from, to) in ones(counts) {
        for pixel in from.max(first)..to.min(end) {
            let (x, y) = (pixel as usize / h, pixel as usize % h);
            if let Some(y) = y.checked_sub(top)
                && let Some(bit) = bits.get_mut(y * width + x - left)
            {
                *bit = true;
            }
        }
    }
    bits
}

/// The box around a mask in the frame of the picture; nothing where no pixel is set, or the mask has no pixels.
#[must_use]
pub fn extent([height, width]: [u32; 2], counts: &[u32]) -> Option<BoxN> {
    let (w, h) = (f64::from(width), f64::from(height));
    let [left, top, wide, high] = bounds([height, width], counts)?.map(f64::from);
    (height > 0 && width > 0).then_some(())?;
    let (x, y) = (left / w, top / h);
    BoxN { x, y, w: (left + wide) / w - x, h: (top + high) / h - y }.clamped()
}

/// The counts in a text (pycocotools' `rleFrString`).
///
/// # Errors
/// What is wrong with the text.
pub fn from_text(text: &str) -> Result<Vec<u32>, String> {
    let mut out: Vec<i64> = Vec::new();
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in text.bytes() {
        let part = i64::from(byte) - 48;
        if !(0..64).contains(&part) {
            return Err(format!("counts hold the byte {byte}, which no run length has"));
        }
        if shift > 30 {
            return Err("counts hold a number that is too large".to_owned());
        }
        value |= (part & 0x1f) << shift;
        shift += 5;
        if part & 0x20 != 0 {
            continue;
        }
        if part & 0x10 != 0 {
            value |= -1 << shift;
        }
        if out.len() > 2 {
            value += out.get(out.len() - 2).copied().unwrap_or(0);
        }
        if !(0..=i64::from(u32::MAX)).contains(&value) {
            return Err(format!("counts hold the run length {value}"));
        }
        out.push(value);
        (value, shift) = (0, 0);
    }
    if shift > 0 {
        return Err("counts end in the middle of a number".to_owned());
    }
    Ok(out.into_iter().map(|n| n as u32).collect())
}

/// The text of counts (pycocotools' `rleToString`).
#[must_use]
pub fn to_text(counts: &[u32]) -> String {
    let mut out = String::new();
    for (i, count) in counts.iter().enumerate() {
        let before = if i > 2 { counts.get(i - 2).copied().unwrap_or(0) } else { 0 };
        let mut left = i64::from(*count) - i64::from(before);
        loop {
            let part = left & 0x1f;
            left >>= 5;
            let more = if part & 0x10 != 0 { left != -1 } else { left != 0 };
            let byte = (part | if more { 0x20 } else { 0 }) + 48;
            out.push(char::from(u8::try_from(byte).unwrap_or(b'0')));
            if !more {
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_those_of_pycocotools() {
        let golden: [(&[u32], &str); 9] = [
            (&[16], "`0"),
            (&[0, 16], "0`0"),
            (&[0, 1, 34], "01R1"),
            (&[34, 1], "R11"),
            (&[5, 2, 2, 2, 5], "52203"),
            (&[33, 4, 6, 4, 6, 4, 6, 4, 33], "Q14600000k0"),
            (&[6, 1, 40, 4, 5, 4, 5, 4, 21], "61X13mN000`0"),
            (&[192, 64, 256], "P6P2P8"),
            (&[], ""),
        ];
        for (counts, text) in golden {
            assert_eq!(to_text(counts), text, "{counts:?}");
            assert_eq!(from_text(text).as_deref(), Ok(counts), "{text}");
        }
        assert!(from_text("P").unwrap_err().contains("middle"));
        assert!(from_text("\n").unwrap_err().contains("byte 10"));
    }

    #[test]
    fn a_mask_knows_its_box_and_its_area() {
        // 4 rows, 3 columns; column 1 rows 1-2 set.
        assert_eq!(bounds([4, 3], &[5, 2, 5]), Some([1, 1, 1, 2]));
        assert_eq!(bounds([4, 3], &[3, 2, 7]), Some([0, 0, 2, 4]));
        assert_eq!((bounds([4, 3], &[12]), area(&[5, 2, 5])), (None, 2));
        assert_eq!(window([4, 3], &[5, 2, 5], [1, 1, 1, 2]), [true, true]);
    }

    #[test]
    fn a_mask_reaches_as_far_as_its_ones() {
        // 4 rows, 5 columns; ones at column 1 rows 1-2 and column 2 row 1.
        let at = extent([4, 5], &[5, 2, 2, 1, 10]).unwrap();
        assert_eq!(at, BoxN { x: 0.2, y: 0.25, w: 0.6 - 0.2, h: 0.5 });
        assert_eq!(extent([4, 5], &[20]), None);
        assert_eq!(extent([0, 5], &[0, 1]), None);
        assert_eq!(extent([5, 0], &[0, 1]), None);
    }

    proptest! {
        #[test]
        fn counts_come_back(counts in prop::collection::vec(any::<u32>(), 0..40)) {
            prop_assert_eq!(from_text(&to_text(&counts)).unwrap(), counts);
        }

        #[test]
        fn any_text_is_counts_or_an_error(text in ".{0,40}") {
            let _ = from_text(&text);
        }
    }
}
