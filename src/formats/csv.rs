//! CSV as people have it, and CSV as RFC 4180 wants it.
//!
//! Reading copes with what spreadsheets and scripts write: a byte-order mark, a first line `sep=;`, semicolons, tabs or
//! bars, quotes, rows of different length, no header, bytes that are no UTF-8 (kept as [`encode_os`] keeps them). Writing
//! is strict: UTF-8, commas, CRLF, quotes where needed. Memory is bounded: a file over [`MAX_BYTES`], or where files of any
//! size are read row by row a row over [`MAX_ROW`], ends with an error, not with a crash.

mod cells;
mod guess;
mod write;

pub use cells::{GUARDED, guarded, join_labels, split_labels, unguarded};
pub use write::{CsvOut, LabelRow};

use crate::domain::text::{encode_os, printable};
use guess::{guess_delimiter, is_header, said_delimiter};
use std::cell::Cell;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

/// The most that is read of one file. An unclosed quote makes the rest of a file one cell, so this bounds memory too.
pub const MAX_BYTES: u64 = 256 << 20;
/// The most that is read of one row, where the file may be of any size.
pub const MAX_ROW: u64 = 16 << 20;
/// What is looked at to guess the delimiter.
const HEAD: usize = 64 << 10;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The header and the rows of a file.
    pub(super) fn read(bytes: &[u8]) -> (Option<Vec<String>>, Vec<Vec<String>>) {
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
}
