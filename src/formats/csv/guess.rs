//! What a CSV does not say of itself: which delimiter it has, and whether its first row names the columns.

use std::collections::HashSet;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter that a first line `sep=;` says, as Excel has it, and the bytes of that line.
pub(super) fn said_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    let line = head.get(..=head.iter().position(|b| *b == b'\n')?)?;
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] = *line.trim_ascii_end() else {
        // A tab is cut off with the end of the line.
        let is_tab = line.to_ascii_lowercase().starts_with(b"sep=\t") && line.trim_ascii_end().len() == 4;
        return is_tab.then_some((b'\t', line.len()));
    };
    (delimiter.is_ascii_punctuation() && delimiter != b'"').then_some((delimiter, line.len()))
}

/// The delimiter that cuts most of the first lines into the same number of cells, more than one.
pub(super) fn guess_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut quoted = false;
        let (mut counts, mut count) = (Vec::new(), 0_usize);
        for byte in head {
            match byte {
                b'"' => quoted = !quoted,
                b'\n' if !quoted => counts.push(std::mem::take(&mut count)),
                b if *b == delimiter && !quoted => count += 1,
                _ => {}
            }
        }
        if count > 0 || counts.is_empty() {
            counts.push(count);
        }
        let first = counts.first().copied().unwrap_or(0);
        if first == 0 {
            0
        } else {
            counts.iter().filter(|c| **c == first).count() * 1000 / counts.len() + first.min(99)
        }
    };
    let mut best = (b',', score(b','));
    for delimiter in DELIMITERS {
        let found = score(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

/// A header has a different name in each column but that of an index in front, and none is a number, a path or a file name.
pub(super) fn is_header(cells: &[String]) -> bool {
    // Beside one of these, `cls.label` is a column and no file.
    const NAMES: [&str; 6] = ["path", "filepath", "file_path", "filename", "file_name", "image_path"];
    let known = cells.iter().any(|cell| NAMES.iter().any(|name| cell.trim().eq_ignore_ascii_case(name)));
    let name = |cell: &String| {
        let cell = cell.trim();
        let ending = cell.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && (2..=5).contains(&end.len()));
        !cell.is_empty() && cell.parse::<f64>().is_err() && !cell.contains(['/', '\\']) && (known || !ending)
    };
    // pandas leaves the name of its index empty.
    let named = match cells {
        [index, others @ ..] if index.trim().is_empty() && others.len() > 1 => others,
        all => all,
    };
    let mut met = HashSet::new();
    named.iter().all(|cell| name(cell) && met.insert(cell))
}
