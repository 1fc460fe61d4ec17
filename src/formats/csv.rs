//! CSV as people have it, and CSV as RFC 4180 wants it.
//!
//! Reading copes with what spreadsheets and scripts write: a byte-order mark, a first line `sep=;`, semicolons, tabs or
//! bars, quotes, rows of different length, no header, bytes that are no UTF-8 (kept as [`encode_os`] keeps them). Writing
//! is strict: UTF-8, commas, CRLF, quotes where needed. Memory is bounded: a file over [`MAX_BYTES`], or where files of any
//! size are read row by row a row over [`MAX_ROW`], ends with an error, not with a crash.

use crate::domain::text::{encode_os, printable};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

/// The most that is read of one file. An unclosed quote makes the rest of a file one cell, so this bounds memory too.
pub const MAX_BYTES: u64 = 256 << 20;
/// The most that is read of one row, where the file may be of any size.
pub const MAX_ROW: u64 = 16 << 20;
/// What is looked at to guess the delimiter.
const HEAD: usize = 64 << 10;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Why a CSV file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// It could not be read or is no CSV.
    #[error("the CSV cannot be read: {0}")]
    Read(String),
    /// It is in an encoding that is not read.
    #[error("the CSV is in UTF-16; save it as UTF-8 and try again")]
    Utf16,
    /// It is longer than [`MAX_BYTES`].
    #[error("the CSV is larger than {} MiB or a quote in it is never closed; split it or close the quote", MAX_BYTES >> 20)]
    TooLong,
    /// A row is longer than [`MAX_ROW`].
    #[error("a row of the CSV is longer than {} MiB, or a quote in it is never closed; close the quote", MAX_ROW >> 20)]
    LongRow,
    /// A column is not there.
    #[error("the CSV has no column `{wanted}`; its columns are {present}")]
    NoColumn {
        /// The name or number that was asked for.
        wanted: String,
        /// The columns there are.
        present: String,
    },
    /// It has no rows at all.
    #[error("the CSV is empty")]
    Empty,
}

/// Reads rows one at a time.
pub struct CsvRows {
    rows: ::csv::Reader<Box<dyn Read>>,
    first: Option<::csv::ByteRecord>,
    header: Option<Vec<String>>,
    columns: usize,
    record: ::csv::ByteRecord,
    /// What is left of the bytes that a row may have; nothing where the whole file has a limit.
    left: Option<Rc<Cell<u64>>>,
    /// Lines before the rows: one that only says which delimiter it is.
    before: u64,
    /// Lines end with two bytes. A row ends at the first of them for the reader, which counts the line at the second.
    two_byte_ends: bool,
}

impl CsvRows {
    /// Begins to read: guesses the delimiter and whether the first row is a header.
    ///
    /// # Errors
    /// When nothing can be read, or it is no text.
    pub fn new(input: impl Read + 'static) -> Result<Self, CsvError> {
        Self::within(input, None)
    }

    /// The same for a file of any size that is read row by row and not kept.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_any_size(input: impl Read + 'static) -> Result<Self, CsvError> {
        Self::within(input, Some(Rc::new(Cell::new(MAX_ROW))))
    }

    fn within(input: impl Read + 'static, row: Option<Rc<Cell<u64>>>) -> Result<Self, CsvError> {
        let mut input = input;
        let mut head = Vec::new();
        input.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|e| CsvError::Read(e.to_string()))?;
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(CsvError::Utf16);
        }
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let said = said_delimiter(&head);
        if let Some((_, length)) = said {
            head.drain(..length);
        }
        let delimiter = said.map_or_else(|| guess_delimiter(&head), |(delimiter, _)| delimiter);
        let end = head.iter().position(|b| *b == b'\n');
        let two_byte_ends = end.is_some_and(|at| head.get(..at).is_some_and(|line| line.ends_with(b"\r")));
        let left = row.clone().unwrap_or_else(|| Rc::new(Cell::new(MAX_BYTES)));
        let whole = Counted { left, inner: io::Cursor::new(head).chain(input) };
        let mut rows = ::csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(Box::new(whole) as Box<dyn Read>);
        let mut first = ::csv::ByteRecord::new();
        if !rows.read_byte_record(&mut first).map_err(|e| broken(&e, row.is_some()))? {
            return Err(CsvError::Empty);
        }
        let cells: Vec<String> = first.iter().map(text).collect();
        let columns = cells.len();
        let (header, first) = if is_header(&cells) { (Some(cells), None) } else { (None, Some(first)) };
        let (before, record) = (u64::from(said.is_some()), ::csv::ByteRecord::new());
        Ok(Self { rows, first, header, columns, record, left: row, before, two_byte_ends })
    }

    /// The header, where the file has one.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The first row of a file without a header, before any was read.
    #[must_use]
    pub fn first(&self) -> Option<Vec<String>> {
        Some(self.first.as_ref()?.iter().map(text).collect())
    }

    /// Number of columns of the first row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The index of a column by its name (without case) or its number, counted from 1.
    ///
    /// # Errors
    /// [`CsvError::NoColumn`], listing the columns there are.
    pub fn column(&mut self, wanted: &str) -> Result<usize, CsvError> {
        let is_it = |cell: &String| cell.trim().eq_ignore_ascii_case(wanted.trim());
        let cells: Vec<String> = self.first.iter().flat_map(|first| first.iter().map(text)).collect();
        if wanted.trim().parse::<usize>().is_err() && cells.iter().any(is_it) {
            // A header such as `file.name` that was taken for a file name.
            self.header = Some(cells);
            self.first = None;
        }
        let named = |h: &Vec<String>| h.iter().position(is_it);
        let numbered = || wanted.trim().parse().ok().filter(|n| (1..=self.columns).contains(n)).map(|n: usize| n - 1);
        self.header.as_ref().and_then(named).or_else(numbered).ok_or_else(|| CsvError::NoColumn {
            wanted: printable(wanted).into_owned(),
            present: match &self.header {
                Some(header) => header.iter().map(|c| format!("`{}`", printable(c))).collect::<Vec<_>>().join(", "),
                None => format!("1 to {}, without names", self.columns),
            },
        })
    }

    /// The first column with one of these names (without case), in order of the names.
    #[must_use]
    pub fn column_like(&self, names: &[&str]) -> Option<usize> {
        let header = self.header.as_ref()?;
        names.iter().find_map(|n| header.iter().position(|c| c.trim().eq_ignore_ascii_case(n)))
    }

    /// Reads the next row into `cells`; returns the line it starts in, counted from 1, or nothing at the end.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>, CsvError> {
        match self.first.take() {
            Some(first) => self.record = first,
            None => {
                if let Some(left) = &self.left {
                    left.set(MAX_ROW);
                }
                if !self.rows.read_byte_record(&mut self.record).map_err(|e| broken(&e, self.left.is_some()))? {
                    return Ok(None);
                }
            }
        }
        cells.clear();
        cells.extend(self.record.iter().map(text));
        let uncounted = |at: &::csv::Position| u64::from(self.two_byte_ends && at.byte() > 0);
        Ok(Some(self.before + self.record.position().map_or(1, |at| at.line() + uncounted(at))))
    }
}

fn text(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => encode_os(OsStr::from_bytes(cell)),
    }
}

fn broken(error: &::csv::Error, by_row: bool) -> CsvError {
    match error.kind() {
        ::csv::ErrorKind::Io(io) if io.kind() == io::ErrorKind::FileTooLarge && by_row => CsvError::LongRow,
        ::csv::ErrorKind::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => CsvError::TooLong,
        _ => CsvError::Read(error.to_string()),
    }
}

/// Ends with an error, not silently, after a number of bytes.
struct Counted<R> {
    left: Rc<Cell<u64>>,
    inner: R,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left.set(self.left.get().checked_sub(n as u64).ok_or(io::ErrorKind::FileTooLarge)?);
        Ok(n)
    }
}

/// The delimiter that a first line `sep=;` says, as Excel has it, and the bytes of that line.
fn said_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    let line = head.get(..=head.iter().position(|b| *b == b'\n')?)?;
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] = *line.trim_ascii_end() else {
        // A tab is cut off with the end of the line.
        let is_tab = line.to_ascii_lowercase().starts_with(b"sep=\t") && line.trim_ascii_end().len() == 4;
        return is_tab.then_some((b'\t', line.len()));
    };
    (delimiter.is_ascii_punctuation() && delimiter != b'"').then_some((delimiter, line.len()))
}

/// The delimiter that cuts most of the first lines into the same number of cells, more than one.
fn guess_delimiter(head: &[u8]) -> u8 {
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
fn is_header(cells: &[String]) -> bool {
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

/// One line of an export, in the order of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// The picture, relative to the project's source.
    pub path: String,
    /// The classes, joined by [`join_labels`]; empty without any.
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

/// Several labels in one cell: joined by `|`; a `|` or `\` inside a name has a `\` before it.
#[must_use]
pub fn join_labels<S: AsRef<str>>(names: &[S]) -> String {
    let escaped: Vec<String> = names.iter().map(|n| n.as_ref().replace('\\', "\\\\").replace('|', "\\|")).collect();
    escaped.join("|")
}

/// The names that [`join_labels`] was given. An empty cell holds none.
#[must_use]
pub fn split_labels(cell: &str) -> Vec<String> {
    if cell.is_empty() {
        return Vec::new();
    }
    let mut names = vec![String::new()];
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match (c, names.last_mut()) {
            ('|', _) => names.push(String::new()),
            ('\\', Some(last)) => last.extend(chars.next()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    names
}

/// What is told of cells that [`guarded`] changed.
pub const GUARDED: &str = "cells that a spreadsheet would run begin with a quote";

/// A cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a line break gets a
/// `'` in front, and so does one that begins with `'` and one of these, so that [`unguarded`] gives every text back.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The text that [`guarded`] was given.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
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
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> (Option<Vec<String>>, Vec<Vec<String>>) {
        let mut rows = CsvRows::new(io::Cursor::new(bytes.to_vec())).unwrap();
        let header = rows.header().map(<[String]>::to_vec);
        let (mut all, mut cells) = (Vec::new(), Vec::new());
        while rows.next_row(&mut cells).unwrap().is_some() {
            all.push(cells.clone());
        }
        (header, all)
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let (header, rows) = read(b"\xef\xbb\xbfFile;Class\r\n\"a;b.jpg\";\"x \"\"y\"\"\"\r\nbad\xff.jpg;z\r\n");
        assert_eq!(header.unwrap(), ["File", "Class"]);
        assert_eq!(rows[0], ["a;b.jpg", "x \"y\""]);
        assert_eq!(rows[1][0], encode_os(OsStr::from_bytes(b"bad\xff.jpg")));
        let (header, rows) = read(b"a.jpg\tcat\nb.jpg\tdog\n");
        assert!(header.is_none() && rows.len() == 2 && rows[1] == ["b.jpg", "dog"]);
        assert_eq!(read(b"image,label\na.jpg,1").1, [["a.jpg", "1"]]);
    }

    #[test]
    fn columns_by_name_and_number() {
        let mut rows = CsvRows::new(io::Cursor::new(b"Filename,Label,Species\n")).unwrap();
        assert_eq!(rows.column("species").unwrap(), 2);
        assert_eq!(rows.column("1").unwrap(), 0);
        let error = rows.column("class").unwrap_err().to_string();
        assert!(error.contains("`Species`"), "{error}");
        assert!(rows.column("4").is_err() && rows.column("0").is_err());
        assert_eq!(rows.column_like(&["class", "label"]), Some(1));
        let mut odd = CsvRows::new(io::Cursor::new(b"file.name,label\na.jpg,x\n")).unwrap();
        assert_eq!(odd.column("file.name").unwrap(), 0);
        assert_eq!(odd.next_row(&mut Vec::new()).unwrap(), Some(2));
        for text in ["name,label\na.jpg,x\nb.jpg,\"y\nz\"\nc.jpg,x\n", "a.jpg,x\nb.jpg,x\nb.jpg,\"y\nz\"\nc.jpg,x"] {
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                let mut rows = CsvRows::new(io::Cursor::new(text)).unwrap();
                let header = rows.header().is_some();
                let lines = std::iter::from_fn(|| rows.next_row(&mut Vec::new()).unwrap());
                assert_eq!(lines.skip(usize::from(!header)).collect::<Vec<_>>(), [2, 3, 5], "of the text, not of rows");
            }
        }
        assert!(matches!(CsvRows::new(io::empty()), Err(CsvError::Empty)));
        assert!(matches!(CsvRows::new(io::Cursor::new(b"\xff\xfea\0")), Err(CsvError::Utf16)));
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_with_an_error() {
        let endless = io::Cursor::new(b"a,b\n\"".to_vec()).chain(io::repeat(b'x'));
        let mut rows = CsvRows::new(endless).unwrap();
        assert!(matches!(rows.next_row(&mut Vec::new()), Err(CsvError::TooLong)));
        let endless = io::Cursor::new(b"a,b\n\"".to_vec()).chain(io::repeat(b'x'));
        let mut rows = CsvRows::of_any_size(endless).unwrap();
        assert!(matches!(rows.next_row(&mut Vec::new()), Err(CsvError::LongRow)));
    }

    #[test]
    fn a_file_of_any_size_is_read_row_by_row() {
        let line = b"some/picture.jpg,class\n";
        let many = MAX_BYTES / line.len() as u64 + 1000;
        let mut rows = CsvRows::of_any_size(Again { line, at: 0 }.take(many * line.len() as u64)).unwrap();
        let (mut cells, mut count) = (Vec::new(), 0);
        while count < 100_000 && rows.next_row(&mut cells).unwrap().is_some() {
            count += 1;
        }
        assert_eq!((cells, count), (vec!["some/picture.jpg".to_owned(), "class".to_owned()], 100_000));
    }

    /// One line again and again.
    struct Again {
        line: &'static [u8],
        at: usize,
    }

    impl Read for Again {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = buffer.len().min(self.line.len() - self.at);
            buffer[..n].copy_from_slice(&self.line[self.at..self.at + n]);
            self.at = (self.at + n) % self.line.len();
            Ok(n)
        }
    }

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

        #[test]
        fn formulas_come_back(cell in "['=@+-]{0,3}.*") {
            let safe = guarded(&cell);
            prop_assert!(!is_formula(&safe));
            prop_assert_eq!(unguarded(&safe), cell.as_str());
        }

        #[test]
        fn labels_come_back(names in prop::collection::vec(".*[|\\\\]?.*", 0..5)) {
            prop_assume!(names != [""]);
            prop_assert_eq!(split_labels(&join_labels(&names)), names);
        }
    }
}
