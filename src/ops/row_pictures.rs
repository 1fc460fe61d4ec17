//! Which columns of a table hold pictures, found by what is in them and by what they are called.
//!
//! What always holds: only the first rows are looked at, and of bytes only their head, so that this is quick whatever the
//! table holds.

use crate::domain::lake_path::LakePath;
use crate::domain::picture_name::is_picture_name;
use crate::domain::sheet::{Cell, Sheet};
use crate::media::sniff;

/// Values of a column that are looked at.
const LOOKED_AT: usize = 100;
/// Bytes of a value that are looked at.
const HEAD: usize = 4096;
/// What columns of pictures are called, in whole or in part.
const NAMES: [&str; 9] = ["path", "image", "img", "picture", "photo", "file", "uri", "url", "content"];

/// The columns that hold pictures or paths of pictures, the most likely first: those that are called so before others.
#[must_use]
pub fn picture_columns(sheet: &Sheet) -> Vec<usize> {
    let named = |column: usize| {
        let name = sheet.columns[column].name.to_lowercase();
        NAMES.iter().any(|known| name.contains(known))
    };
    let mut found: Vec<usize> = (0..sheet.columns.len()).filter(|c| holds_pictures(sheet, *c, named(*c))).collect();
    found.sort_by_key(|column| !named(*column));
    found
}

/// Most values are pictures; where the name says so too, one in five is enough.
fn holds_pictures(sheet: &Sheet, column: usize, named: bool) -> bool {
    let cells = sheet.rows.iter().filter_map(|row| row.get(column)).filter(|cell| **cell != Cell::Null);
    let (mut seen, mut pictures) = (0, 0);
    for cell in cells.take(LOOKED_AT) {
        seen += 1;
        pictures += usize::from(is_picture(cell));
    }
    let share = if named { 5 } else { 2 };
    pictures > 0 && pictures * share >= seen
}

fn is_picture(cell: &Cell) -> bool {
    match cell {
        Cell::Null => false,
        Cell::Text(text) => {
            text.len() <= HEAD && LakePath::parse_whole(text).is_some_and(|path| is_picture_name(path.name()))
        }
        Cell::Bytes(bytes) => sniff::sniff(&bytes[..bytes.len().min(HEAD)], "").is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::Column;

    fn sheet(columns: &[(&str, &[Cell])]) -> Sheet {
        let named = |(name, _): &(&str, &[Cell])| Column { name: (*name).to_owned(), kind: String::new() };
        let rows = (0..columns[0].1.len()).map(|i| columns.iter().map(|(_, cells)| cells[i].clone()).collect());
        Sheet { columns: columns.iter().map(named).collect(), rows: rows.collect(), more: false }
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn bytes(bytes: &[u8]) -> Cell {
        Cell::Bytes(bytes.into())
    }

    #[test]
    fn paths_and_bytes_of_pictures_are_found_and_nothing_else() {
        let png = bytes(b"\x89PNG\r\n\x1a\n");
        let found = sheet(&[
            ("id", &[text("1"), text("2"), text("3")]),
            ("thumb", &[png.clone(), bytes(b"damaged"), png.clone()]),
            ("hash", &[bytes(b"\x01\x02"), bytes(b"\x03"), bytes(b"")]),
            ("where", &[text("/Volumes/a/b/c/1.jpg"), text("s3://b/2.PNG"), Cell::Null]),
            ("file_name", &[text("1.jpg"), text("2.jpg"), text("3.jpg")]),
            ("image_path", &[text("dbfs:/x/1.webp"), text("dbfs:/x/notes.txt"), Cell::Null]),
            ("empty", &[Cell::Null, Cell::Null, Cell::Null]),
        ]);
        assert_eq!(picture_columns(&found), [5, 1, 3], "what is called so comes first; relative names mean no file");
        assert_eq!(picture_columns(&Sheet::default()), [0; 0]);
    }
}
