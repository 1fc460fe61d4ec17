//! Masks as CV Explorer keeps them: COCO's compressed run lengths, as pycocotools writes them.
//!
//! Each run, from the fourth on as the difference to the one two before it, in groups of five bits with the lowest
//! first; a group's sixth bit says that more follow; 48 is added to make it a character.

/// The runs of a compressed text; `None` if it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u32>> {
    let mut counts: Vec<i64> = Vec::new();
    let mut bytes = text.bytes();
    while let Some(first) = bytes.next() {
        let (mut value, mut shift, mut byte) = (0i64, 0u32, first);
        loop {
            let group = i64::from(byte.checked_sub(48).filter(|g| *g < 64)?);
            value |= (group & 0x1f) << shift;
            shift += 5;
            if group & 0x20 == 0 {
                if group & 0x10 != 0 && shift < 60 {
                    value |= -1 << shift;
                }
                break;
            }
            if shift > 40 {
                return None;
            }
            byte = bytes.next()?;
        }
        if counts.len() > 2 {
            value += counts.get(counts.len() - 2)?;
        }
        counts.push(value);
    }
    counts.into_iter().map(|n| u32::try_from(n).ok()).collect()
}

/// The compressed text of runs.
pub(super) fn encode(counts: &[u32]) -> String {
    let mut out = String::new();
    for (i, count) in counts.iter().enumerate() {
        let before = if i > 2 { counts.get(i - 2).copied().unwrap_or(0) } else { 0 };
        let mut value = i64::from(*count) - i64::from(before);
        loop {
            let group = (value & 0x1f) as u8;
            value >>= 5;
            let more = if group & 0x10 == 0 { value != 0 } else { value != -1 };
            out.push(char::from(48 + (group | if more { 0x20 } else { 0 })));
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

    /// Texts that pycocotools writes.
    #[test]
    fn masks_are_written_as_pycocotools_writes_them() {
        let golden: [(&[u32], &str); 6] = [
            (&[16], "`0"),
            (&[0, 16], "0`0"),
            (&[0, 1, 34], "01R1"),
            (&[34, 1], "R11"),
            (&[33, 4, 6, 4, 6, 4, 6, 4, 33], "Q14600000k0"),
            (&[192, 64, 256], "P6P2P8"),
        ];
        for (counts, text) in golden {
            assert_eq!(encode(counts), text, "{counts:?}");
            assert_eq!(decode(text).as_deref(), Some(counts), "{text}");
        }
        assert_eq!(decode("P"), None);
        assert_eq!(decode("\n"), None);
    }
}
