//! COCO's run lengths as a text: numbers of five bits a character, each the difference to the one before the last.

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
    fn a_text_of_pycocotools() {
        // pycocotools.mask.encode of a 4 x 4 bitmap with the pixels (1,1), (2,1), (1,2), (2,2).
        assert_eq!(to_text(&[5, 2, 2, 2, 5]), "52203");
        assert_eq!(from_text("52203").unwrap(), [5, 2, 2, 2, 5]);
        assert_eq!(from_text("61X13mN000`0").unwrap(), [6, 1, 40, 4, 5, 4, 5, 4, 21]);
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
