//! CSV as RFC 4180 wants it.

use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// One line of an export, in the order of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// The picture, relative to the project's source.
    pub path: String,
    /// The classes, joined by [`super::join_labels`]; empty without any.
    pub label: String,
    /// `unlabeled`, `pre_labeled`, `labeled` or `skipped`.
    pub status: String,
    /// Who gave the answer.
    pub author: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Marked for another look.
    pub flagged: bool,
    /// The person was not sure.
    pub unsure: bool,
    /// Why it was skipped.
    pub skip_reason: String,
}

/// Writes rows as RFC 4180 wants them, header first.
pub struct CsvOut<W: Write> {
    out: ::csv::Writer<W>,
}

impl<W: Write> CsvOut<W> {
    /// Writes to `out`, which needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self { out: ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out) }
    }

    /// Writes one row; all rows must be of the same type, whose field names become the header.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.out.serialize(row).map_err(io::Error::from)
    }

    /// Writes only the header that `row` would have; for a file without rows.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn header_of(&mut self, row: &impl Serialize) -> io::Result<()> {
        let mut scratch = ::csv::Writer::from_writer(Vec::new());
        scratch.serialize(row).map_err(io::Error::from)?;
        let bytes = scratch.into_inner().map_err(|e| io::Error::other(e.to_string()))?;
        let mut header = ::csv::ReaderBuilder::new().from_reader(bytes.as_slice());
        let names = header.byte_headers().map_err(io::Error::from)?;
        self.out.write_byte_record(names).map_err(io::Error::from)
    }

    /// Writes what is still held and gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::join_labels;
    use super::super::tests::read;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back(rows in prop::collection::vec((any::<String>(), prop::collection::vec(".{1,9}", 0..4), any::<bool>()), 1..9)) {
            let rows: Vec<LabelRow> = rows.into_iter().map(|(path, names, flagged)| LabelRow {
                path: format!("x{path}"), label: join_labels(&names), flagged, skip_reason: names.concat(),
                ..LabelRow::default()
            }).collect();
            let mut out = CsvOut::new(Vec::new());
            rows.iter().for_each(|r| out.write(r).unwrap());
            let bytes = out.finish().unwrap();
            let (header, back) = read(&bytes);
            prop_assert_eq!(&header.unwrap()[..2], ["path", "label"]);
            prop_assert_eq!(back.len(), rows.len());
            for (cells, row) in back.iter().zip(&rows) {
                prop_assert_eq!((&cells[0], &cells[1], &cells[7]), (&row.path, &row.label, &row.skip_reason));
                prop_assert_eq!(cells[5] == "true", row.flagged);
            }
        }
    }
}
