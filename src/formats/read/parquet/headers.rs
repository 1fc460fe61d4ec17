//! What the headers of a Parquet file promise, looked at before anything is unpacked.
//!
//! Why: the decoder asks for as much memory as the header of a page says that the page unpacks to, and fills it with zeros
//! before it looks at the page; one wrong bit in a small file is two gigabytes. What always holds: of a file only its end
//! and the headers of the wanted pages are read here, and what cannot be understood is left for the decoder to say.

use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The most bytes that a page may unpack to, and the most values it may have. Usual pages have one megabyte.
pub(super) const MOST: u64 = 64 << 20;
/// The longest description of a file at its end.
const FOOTER: u64 = 16 << 20;
/// Bytes of a header that are read at first, and at most: it may hold the least and the greatest value of its page.
const HEAD: usize = 4 << 10;
const LONGEST: usize = 1 << 20;
/// Structures inside one another at most.
const DEEPEST: u32 = 16;

/// Checks the description at the end: its length, and that it holds as many bytes as its lists have elements. The decoder
/// goes through a list of truth values without looking at a byte for each.
pub(super) fn footer(file: &File) -> Result<(), String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let mut end = [0; 8];
    if length < 12 || file.read_exact_at(&mut end, length - 8).is_err() {
        return Ok(());
    }
    let [a, b, c, d, magic @ ..] = end;
    let says = u64::from(u32::from_le_bytes([a, b, c, d]));
    if magic == *b"PAR1" && says > FOOTER {
        return Err(format!("its description is said to have {says} bytes; {FOOTER} are the most that are read"));
    }
    let Some(start) = (length - 8).checked_sub(says).filter(|_| magic == *b"PAR1") else { return Ok(()) };
    let mut bytes = vec![0; usize::try_from(says).map_err(|e| e.to_string())?];
    file.read_exact_at(&mut bytes, start).map_err(|e| e.to_string())?;
    let mut input = Input::new(&bytes);
    // What is not understood is the decoder's to say.
    let _ = input.skip(12, DEEPEST);
    match input.lie {
        Some(count) => {
            Err(format!("a list in its description is said to have {count} elements, for which there is no room"))
        }
        None => Ok(()),
    }
}

/// Checks the headers of all pages of these columns.
pub(super) fn pages(file: &File, about: &ParquetMetaData, wanted: &[usize], most: u64) -> Result<(), String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    for (n, group) in about.row_groups().iter().enumerate() {
        for chunk in wanted.iter().filter_map(|column| group.columns().get(*column)) {
            let name = chunk.column_path().string();
            let wrong = |why: String| format!("column `{name}` of row group {}: {why}", n + 1);
            column(file, length, chunk, most).map_err(wrong)?;
        }
    }
    Ok(())
}

fn column(file: &File, length: u64, chunk: &ColumnChunkMetaData, most: u64) -> Result<(), String> {
    let first = chunk.dictionary_page_offset().map_or(chunk.data_page_offset(), |d| d.min(chunk.data_page_offset()));
    let (start, size) = (u64::try_from(first).ok(), u64::try_from(chunk.compressed_size()).ok());
    let end = start.zip(size).and_then(|(start, size)| start.checked_add(size)).filter(|end| *end <= length);
    let (Some(mut at), Some(end)) = (start, end) else {
        return Err(format!(
            "it is said to have {} bytes from {first} on, and the file has {length}",
            chunk.compressed_size()
        ));
    };
    while at < end {
        let Some(header) = header_at(file, at, end)? else { return Ok(()) };
        let over = |n: i64| u64::try_from(n).map_or(true, |n| n > most);
        if over(header.unpacked) || over(header.values) {
            return Err(format!(
                "a page says that it unpacks to {} bytes and has {} values; {most} are the most that are read",
                header.unpacked, header.values
            ));
        }
        let Some(next) = u64::try_from(header.packed).ok().and_then(|n| n.checked_add(at + header.length)) else {
            return Err(format!("a page says that it has {} bytes", header.packed));
        };
        at = next;
    }
    Ok(())
}

/// What stands before a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Header {
    /// Bytes of the header itself.
    length: u64,
    unpacked: i64,
    packed: i64,
    values: i64,
}

/// The header at a place; nothing where there is none that is understood.
fn header_at(file: &File, at: u64, end: u64) -> Result<Option<Header>, String> {
    let left = usize::try_from(end - at).unwrap_or(usize::MAX);
    let mut size = HEAD;
    loop {
        let mut bytes = vec![0; size.min(left)];
        if file.read_exact_at(&mut bytes, at).is_err() {
            return Ok(None);
        }
        let mut input = Input::new(&bytes);
        let found = header(&mut input);
        match (found, input.lie) {
            (None, Some(count)) if count > LONGEST as u64 || size >= left => {
                return Err(format!(
                    "a list before a page is said to have {count} elements, for which there is no room"
                ));
            }
            (found, _) if found.is_some() || size >= LONGEST || size >= left => return Ok(found),
            _ => {}
        }
        size *= 16;
    }
}

/// Reads Thrift's compact protocol as far as page headers need it.
fn header(input: &mut Input<'_>) -> Option<Header> {
    let mut out = Header::default();
    let mut id = 0;
    while let Some(kind) = input.field(&mut id)? {
        match (id, kind) {
            (2, 5) => out.unpacked = input.number()?,
            (3, 5) => out.packed = input.number()?,
            // The header of the kind of page, which begins with the number of values.
            (5 | 7 | 8, 12) => {
                let mut inner = 0;
                while let Some(kind) = input.field(&mut inner)? {
                    match (inner, kind) {
                        (1, 5) => out.values = input.number()?,
                        _ => input.skip(kind, DEEPEST)?,
                    }
                }
            }
            _ => input.skip(kind, DEEPEST)?,
        }
    }
    out.length = input.at as u64;
    Some(out)
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many elements a list is said to have that cannot have them.
    lie: Option<u64>,
}

impl<'a> Input<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, lie: None }
    }

    /// The length of a list, every element of which takes a byte and more.
    fn count(&mut self, count: u64) -> Option<u64> {
        let left = self.bytes.len().saturating_sub(self.at) as u64;
        self.lie = (count > left).then_some(count);
        (count <= left).then_some(count)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut out = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(out);
            }
        }
        None
    }

    /// A number with its sign in the lowest bit.
    fn number(&mut self) -> Option<i64> {
        let bits = self.varint()?;
        Some((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }

    /// The type of the next field; inner `None` at the end of the structure.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = if byte >> 4 == 0 { self.number()? } else { *id + i64::from(byte >> 4) };
        Some(Some(byte & 0xf))
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        let at = self.at.checked_add(usize::try_from(count).ok()?)?;
        (at <= self.bytes.len()).then(|| self.at = at)
    }

    /// Passes a value. The values of lists are told from fields by `deep`: truth values are a byte there.
    fn skip(&mut self, kind: u8, deep: u32) -> Option<()> {
        let deeper = deep.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                let count = self.count(count)?;
                (0..count).try_for_each(|_| self.element(head & 0xf, deeper))
            }
            11 => {
                let count = self.varint()?;
                let count = self.count(count)?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.element(kinds >> 4, deeper)?;
                    self.element(kinds & 0xf, deeper)
                })
            }
            12 => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, deeper)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn element(&mut self, kind: u8, deep: u32) -> Option<()> {
        if matches!(kind, 1 | 2) { self.pass(1) } else { self.skip(kind, deep) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::arrow::ArrowWriter;
    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use ::parquet::basic::Compression;
    use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use std::io::Write;
    use std::sync::Arc;

    /// Texts of many pages, with their least and greatest values in the headers.
    fn file(dir: &std::path::Path) -> File {
        let path = dir.join("x.parquet");
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..4000).map(|i| format!("{i:0>900}"))));
        let batch = RecordBatch::try_from_iter([("a", Arc::clone(&texts)), ("b", texts)]).unwrap();
        let settings = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_write_page_header_statistics(true)
            .set_statistics_truncate_length(None)
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(100)
            .build();
        let mut out = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(settings)).unwrap();
        out.write(&batch).unwrap();
        out.close().unwrap();
        File::open(path).unwrap()
    }

    #[test]
    fn every_page_of_a_file_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path());
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone().unwrap()).unwrap();
        let about = builder.metadata();
        assert!(footer(&file).is_ok() && pages(&file, about, &[0, 1], MOST).is_ok());
        let told = pages(&file, about, &[1], 1000).unwrap_err();
        assert!(told.contains("column `b` of row group 1") && told.contains("unpacks to"), "{told}");
        // All headers were understood: the walk ends where the column ends.
        let chunk = about.row_group(0).column(0);
        let (start, size) = chunk.byte_range();
        let (mut at, mut headers) = (start, 0);
        while at < start + size {
            let header = header_at(&file, at, start + size).unwrap().unwrap();
            (at, headers) = (at + header.length + header.packed as u64, headers + 1);
        }
        assert!(at == start + size && headers > 2, "{headers} headers, to {at}");
    }

    #[test]
    fn promises_that_no_page_keeps_are_refused() {
        // type 0, unpacked 2^31 - 1, packed 9, the header of a data page with 5 values.
        let head = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 18, 0x2c, 0x15, 10, 0, 0];
        let found = header(&mut Input::new(&head)).unwrap();
        assert_eq!(found, Header { length: 15, unpacked: i64::from(i32::MAX), packed: 9, values: 5 });
        for end in 0..head.len() {
            assert_eq!(header(&mut Input::new(&head[..end])), None, "cut at {end}");
        }
        let dir = tempfile::tempdir().unwrap();
        let told = |bytes: &[u8]| {
            let path = dir.path().join("x.parquet");
            File::create(&path).unwrap().write_all(bytes).unwrap();
            footer(&File::open(path).unwrap())
        };
        assert!(told(b"PAR1PAR1\xff\xff\xff\x7fPAR1").unwrap_err().contains("its description is said to have"));
        // A field that nobody knows with a list of 2^31 - 1 truth values, and nothing behind it.
        let list = b"PAR1\xf9\xf1\xff\xff\xff\xff\x07\0\x08\0\0\0PAR1";
        assert!(told(list).unwrap_err().contains("2147483647 elements"));
        assert_eq!(told(b"PAR1\xf9\x21\x01\x02\0\x05\0\0\0PAR1"), Ok(()));
        assert_eq!(told(b"PAR1\xff\0\0\0PAR1"), Ok(()), "longer than the file: for the decoder to say");
    }
}
