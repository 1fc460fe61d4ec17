//! Text with cells: CSV and its relatives, by the delimiter that gives every row the same number of cells.

use super::{COLUMNS, Preview, ROWS, shown, table};
use csv::{ReaderBuilder, StringRecord};

const DELIMITERS: [u8; 4] = *b",\t;|";
/// Rows that decide.
const SAMPLE: usize = 30;

/// A table, where the name says that the text is one or its rows agree on it.
pub(super) fn preview(text: &str, extension: &str, truncated: bool) -> Option<Preview> {
    let named = matches!(extension, "csv" | "tsv" | "tab" | "psv");
    let sniffed = sniff(text, named);
    let delimiter = match (sniffed, extension) {
        (Some(found), _) => found,
        (None, "tsv" | "tab") => b'\t',
        (None, "psv") => b'|',
        (None, _) if named => b',',
        _ => return None,
    };
    let mut records = records(text, delimiter);
    let header = records.next()?;
    let mut rows: Vec<StringRecord> = records.by_ref().take(ROWS).collect();
    let more = records.next().is_some();
    if truncated && !more && rows.len() > 1 {
        // The last record is probably cut.
        rows.pop();
    }
    let wide = header.len() > COLUMNS;
    let cells = |record: &StringRecord| record.iter().take(COLUMNS).map(shown).collect();
    Some(table(cells(&header), rows.iter().map(cells).collect(), truncated || more || wide))
}

fn records(text: &str, delimiter: u8) -> impl Iterator<Item = StringRecord> + '_ {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true);
    builder.from_reader(text.as_bytes()).into_records().map_while(Result::ok)
}

/// The delimiter at which the most rows have the most usual number of cells. Text that is not named a table has to be
/// one beyond doubt: all rows alike, and three cells unless tabs separate them, as commas stand in prose too.
fn sniff(text: &str, named: bool) -> Option<u8> {
    let mut best = None;
    for delimiter in DELIMITERS {
        let counts: Vec<usize> = records(text, delimiter).take(SAMPLE).map(|r| r.len()).collect();
        let usual = counts.iter().copied().filter(|n| *n > 1).max_by_key(|n| counts.iter().filter(|m| *m == n).count());
        let Some(usual) = usual else { continue };
        let agreeing = counts.iter().filter(|n| **n == usual).count();
        // A short last row may be cut, so one may differ.
        let sure =
            counts.len() >= 2 && agreeing + 1 >= counts.len() && agreeing >= 2 && (usual > 2 || delimiter == b'\t');
        let score = (agreeing * 100 / counts.len(), usual);
        if (named || sure) && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}
