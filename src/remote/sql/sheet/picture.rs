//! Structs that hold a picture: `struct<bytes, path>` as data sets for training have it, and the one that Spark's reader
//! of pictures makes. A cell of one is the bytes, or the path where there are no bytes.
//!
//! Why: as text such a struct is a wall of numbers, and nobody could look at the picture in it.

use crate::domain::sheet::Cell;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, StructArray};
use arrow_schema::{DataType, Fields};
use std::sync::Arc;

/// Names of the field with the bytes.
const BYTES: [&str; 4] = ["bytes", "data", "content", "image"];
/// Names of the field with the path.
const PATH: [&str; 3] = ["path", "origin", "uri"];
/// Fields that tell how the raw pixels of Spark's reader lie.
const SHAPE: [&str; 3] = ["width", "height", "nChannels"];

fn field(fields: &Fields, names: &[&str], fits: fn(&DataType) -> bool) -> Option<usize> {
    let named = |name: &&str| fields.iter().position(|f| f.name() == name && fits(f.data_type()));
    names.iter().find_map(named)
}

fn is_bytes(kind: &DataType) -> bool {
    matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Whether a struct with these fields holds a picture.
pub(super) fn holds_one(fields: &Fields) -> bool {
    field(fields, &BYTES, is_bytes).is_some() && (field(fields, &PATH, is_text).is_some() || fields.len() == 1)
}

/// The picture of a row of such a column.
pub(super) fn cell(column: &StructArray, row: usize) -> Cell {
    let fields = column.fields();
    let bytes = field(fields, &BYTES, is_bytes).and_then(|i| bytes_at(column.column(i), row)).filter(|b| !b.is_empty());
    if let Some(bytes) = bytes {
        return Cell::Bytes(raw(column, row, bytes).map_or_else(|| bytes.into(), Arc::from));
    }
    let path = field(fields, &PATH, is_text).and_then(|i| text_at(column.column(i), row));
    path.filter(|p| !p.is_empty()).map_or(Cell::Null, |p| Cell::Text(p.to_owned()))
}

fn bytes_at(column: &Arc<dyn Array>, row: usize) -> Option<&[u8]> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Binary => Some(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(column.as_binary_view().value(row)),
        _ => None,
    }
}

fn text_at(column: &Arc<dyn Array>, row: usize) -> Option<&str> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().value(row)),
        DataType::Utf8View => Some(column.as_string_view().value(row)),
        _ => None,
    }
}

/// Raw pixels of Spark's reader, blue first, as a file of the PNM family; nothing where these are no raw pixels.
fn raw(column: &StructArray, row: usize, bytes: &[u8]) -> Option<Vec<u8>> {
    let number = |name: &str| {
        let column = column.column_by_name(name)?.as_primitive_opt::<Int32Type>()?;
        usize::try_from(column.value(row)).ok().filter(|_| !column.is_null(row))
    };
    let [width, height, channels] = SHAPE.map(number);
    let (width, height, channels) = (width?, height?, channels?);
    if width.checked_mul(height)?.checked_mul(channels)? != bytes.len() || bytes.is_empty() {
        return None;
    }
    let mut out = match channels {
        1 => format!("P5\n{width} {height}\n255\n"),
        3 => format!("P6\n{width} {height}\n255\n"),
        4 => format!("P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"),
        _ => return None,
    }
    .into_bytes();
    let start = out.len();
    out.extend_from_slice(bytes);
    if channels > 1 {
        out[start..].chunks_exact_mut(channels).for_each(|pixel| pixel.swap(0, 2));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, BinaryArray, Int32Array, StringArray};
    use arrow_schema::Field;

    fn column(parts: Vec<(&str, ArrayRef)>) -> StructArray {
        let field =
            |(name, array): (&str, ArrayRef)| (Arc::new(Field::new(name, array.data_type().clone(), true)), array);
        StructArray::from(parts.into_iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn bytes_come_before_the_path() {
        let bytes: Vec<Option<&[u8]>> = vec![Some(b"\xff\xd8"), None, Some(b""), None];
        let column = column(vec![
            ("bytes", Arc::new(BinaryArray::from(bytes))),
            ("path", Arc::new(StringArray::from(vec![Some("a.jpg"), Some("/b.jpg"), Some("/c.jpg"), None]))),
        ]);
        assert!(holds_one(column.fields()));
        let cells: Vec<Cell> = (0..4).map(|row| cell(&column, row)).collect();
        let text = |t: &str| Cell::Text(t.to_owned());
        assert_eq!(cells, [Cell::Bytes(Arc::from(&b"\xff\xd8"[..])), text("/b.jpg"), text("/c.jpg"), Cell::Null]);
    }

    #[test]
    fn raw_pixels_become_a_file_that_can_be_decoded() {
        let column = column(vec![
            ("origin", Arc::new(StringArray::from(vec!["file:/a.png"; 2]))),
            ("height", Arc::new(Int32Array::from(vec![1, 5]))),
            ("width", Arc::new(Int32Array::from(vec![2, 5]))),
            ("nChannels", Arc::new(Int32Array::from(vec![3, 3]))),
            ("data", Arc::new(BinaryArray::from(vec![&b"bgrBGR"[..], &b"bgrBGR"[..]]))),
        ]);
        assert!(holds_one(column.fields()));
        assert_eq!(cell(&column, 0), Cell::Bytes(Arc::from(&b"P6\n2 1\n255\nrgbRGB"[..])));
        assert_eq!(cell(&column, 1), Cell::Bytes(Arc::from(&b"bgrBGR"[..])), "the numbers do not fit: as it came");
    }

    #[test]
    fn other_structs_stay_texts() {
        let two = column(vec![("x", Arc::new(Int32Array::from(vec![1]))), ("y", Arc::new(Int32Array::from(vec![2])))]);
        assert!(!holds_one(two.fields()));
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"1"[..]]));
        let odd = column(vec![("data", bytes), ("length", Arc::new(Int32Array::from(vec![1])))]);
        assert!(!holds_one(odd.fields()));
    }
}
