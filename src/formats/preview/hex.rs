//! Bytes as a hex dump.

use super::Preview;
use std::fmt;

const WIDTH: usize = 16;
const ROWS: usize = 256;
/// What begins so is this.
const KINDS: [(&[u8], &str); 16] = [
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"PK\x03\x04", "zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"%PDF-", "PDF document"),
    (b"\x7fELF", "program"),
    (b"\x93NUMPY", "NumPy array"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"\x80\x02", "Python pickle"),
    (b"\x80\x04", "Python pickle"),
    (b"\x1aE\xdf\xa3", "Matroska video"),
];

/// Up to sixteen bytes of a file. Displays as offset, bytes and characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexRow {
    /// Place of the first byte in the file.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Display for HexRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}  ", self.offset)?;
        for place in 0..WIDTH {
            match self.bytes.get(place) {
                Some(byte) => write!(f, "{byte:02x} ")?,
                None => f.write_str("   ")?,
            }
        }
        f.write_str(" ")?;
        let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        self.bytes.iter().try_for_each(|byte| write!(f, "{}", shown(byte)))
    }
}

pub(super) fn preview(head: &[u8], truncated: bool) -> Preview {
    let row = |(index, bytes): (usize, &[u8])| HexRow { offset: (index * WIDTH) as u64, bytes: bytes.to_vec() };
    let rows = head.chunks(WIDTH).take(ROWS).enumerate().map(row).collect();
    let what = KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map_or("", |(_, what)| what);
    Preview::Binary { what, rows, truncated: truncated || head.len() > ROWS * WIDTH }
}
