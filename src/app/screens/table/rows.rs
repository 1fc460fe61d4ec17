//! Rows that were read, with what the screen needs to know of them; made beside the loop, because a table may be wide.

use super::cells;
use crate::app::picture::{PictureRef, SESSION};
use crate::domain::lake_path::LakePath;
use crate::domain::sheet::{Cell, Sheet};
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// Columns of the screen that a column gets at most while others need room.
const WIDEST: u16 = 32;
/// The same where the screen is narrow.
const NARROW: u16 = 12;
/// Columns of the screen that a column is ever worth.
const WORTH: u16 = 200;
/// Free columns between two.
pub const GAP: u16 = 2;
/// Characters of a cell, and bytes of a row, that a filter looks at.
const SEARCHED: (usize, usize) = (200, 8192);

/// Rows of one load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The rows.
    pub sheet: Arc<Sheet>,
    /// The number of the load: its pictures are known by it.
    pub load: u64,
    /// Who read them, safe to show.
    pub place: String,
    /// The columns with pictures, the most likely first.
    pub pictures: Vec<usize>,
    /// Columns of the screen that each column would need.
    natural: Vec<u16>,
    /// Whether a column holds numbers.
    right: Vec<bool>,
    /// What a filter searches: the texts of each row in lower case.
    searched: Vec<Box<str>>,
}

impl Loaded {
    /// Measures what was read.
    #[must_use]
    pub fn new(sheet: Arc<Sheet>, load: u64, place: String, pictures: Vec<usize>) -> Self {
        let natural = (0..sheet.columns.len()).map(|column| natural(&sheet, column)).collect();
        let right = (0..sheet.columns.len()).map(|column| is_numeric(&sheet, column)).collect();
        let searched = sheet.rows.iter().map(|row| searched(row)).collect();
        Self { sheet, load, place, pictures, natural, right, searched }
    }

    /// Whether a column is aligned to the right.
    #[must_use]
    pub fn is_right(&self, column: usize) -> bool {
        self.right.get(column).copied().unwrap_or_default()
    }

    /// Columns of the screen for each column: no more than it needs, and a wide one no more than fits beside the others.
    #[must_use]
    pub fn widths(&self, room: u16) -> Vec<u16> {
        let widest = (room / 2).clamp(NARROW, WIDEST);
        let mut widths: Vec<u16> = self.natural.iter().map(|w| (*w).min(widest)).collect();
        let count = u16::try_from(widths.len()).unwrap_or(u16::MAX);
        let used: u32 = widths.iter().map(|w| u32::from(*w)).sum::<u32>() + u32::from(count.saturating_sub(1) * GAP);
        let mut free = u32::from(room).saturating_sub(used);
        for (width, natural) in widths.iter_mut().zip(&self.natural) {
            let more = u32::from(natural.saturating_sub(*width)).min(free);
            *width += u16::try_from(more).unwrap_or(0);
            free -= more;
        }
        widths
    }

    /// The rows that hold a text somewhere, in any case.
    pub(super) fn matching(&self, filter: &str) -> Vec<usize> {
        let wanted = filter.to_lowercase();
        (0..self.sheet.rows.len()).filter(|row| self.searched.get(*row).is_some_and(|s| s.contains(&wanted))).collect()
    }

    /// The picture in a cell: the file that its path names, or its bytes.
    #[must_use]
    pub fn picture(&self, table: &LakePath, row: usize, column: usize, epoch: u32) -> Option<PictureRef> {
        match self.sheet.cell(row, column) {
            Cell::Null => None,
            Cell::Text(text) => {
                let path = LakePath::parse_whole(text)?;
                let etag = if epoch == 0 { String::new() } else { format!("{SESSION}{epoch}") };
                Some(PictureRef { path: Arc::new(path), etag: etag.into() })
            }
            Cell::Bytes(_) => {
                let key = CellKey { load: self.load, row, column };
                Some(PictureRef { path: Arc::new(table.clone()), etag: key.stamp().into() })
            }
        }
    }
}

/// Which cell of which load a picture is, as its stamp has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// The load.
    pub load: u64,
    /// The row.
    pub row: usize,
    /// The column.
    pub column: usize,
}

impl CellKey {
    fn stamp(self) -> String {
        format!("{SESSION}{}.{}.{}", self.load, self.row, self.column)
    }

    /// Reads the stamp of a picture.
    #[must_use]
    pub fn of(stamp: &str) -> Option<Self> {
        let mut parts = stamp.strip_prefix(SESSION)?.splitn(3, '.');
        let (load, row, column) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { load: load.parse().ok()?, row: row.parse().ok()?, column: column.parse().ok()? })
    }
}

fn natural(sheet: &Sheet, column: usize) -> u16 {
    let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
    let name = width(&crate::domain::text::printable(&sheet.columns[column].name));
    let cells = sheet.rows.iter().map(|row| row.get(column).map_or(0, |cell| width(&cells::shown(cell).0)));
    cells.max().unwrap_or(0).max(name).clamp(1, WORTH)
}

/// By the type where the source says one, else by the values.
fn is_numeric(sheet: &Sheet, column: usize) -> bool {
    const NUMBERS: [&str; 11] =
        ["tinyint", "smallint", "int", "integer", "bigint", "long", "short", "byte", "float", "double", "decimal"];
    let kind = sheet.columns[column].kind.to_lowercase();
    let base = kind.split('(').next().unwrap_or_default();
    if !kind.is_empty() {
        return NUMBERS.contains(&base);
    }
    let mut texts = sheet.rows.iter().filter_map(|row| row.get(column)?.text()).peekable();
    texts.peek().is_some() && texts.all(|t| t.parse::<f64>().is_ok())
}

fn searched(row: &[Cell]) -> Box<str> {
    let mut out = String::new();
    for cell in row {
        if out.len() >= SEARCHED.1 {
            break;
        }
        let text = cell.text().unwrap_or_default();
        out.extend(text.chars().take(SEARCHED.0).flat_map(char::to_lowercase));
        // Nothing that is typed runs over the border of two cells.
        out.push('\u{1f}');
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::Column;

    fn loaded() -> Loaded {
        let column = |(name, kind): (&str, &str)| Column { name: name.to_owned(), kind: kind.to_owned() };
        let columns = [("id", "bigint"), ("path", "string"), ("score", ""), ("image", "binary")].map(column).to_vec();
        let row = |i: usize| {
            let text = |t: String| Cell::Text(t);
            vec![
                text(i.to_string()),
                text(format!("/p/{}{i}.JPG", "x".repeat(60))),
                text("0.5".to_owned()),
                Cell::Bytes(vec![1, 2].into()),
            ]
        };
        let sheet = Sheet { columns, rows: (0..3).map(row).collect(), more: false };
        Loaded::new(Arc::new(sheet), 7, "here".to_owned(), vec![1, 3])
    }

    #[test]
    fn columns_get_what_they_need_and_wide_ones_what_is_left() {
        let rows = loaded();
        assert_eq!((rows.is_right(0), rows.is_right(1), rows.is_right(2)), (true, false, true));
        assert_eq!(rows.widths(40), [2, 20, 5, 7]);
        assert_eq!(rows.widths(60), [2, 40, 5, 7]);
        assert_eq!(rows.widths(200), [2, 68, 5, 7]);
    }

    #[test]
    fn a_filter_searches_the_whole_row_in_any_case() {
        let rows = loaded();
        assert_eq!(rows.matching("x2.jpg"), [2]);
        assert_eq!(rows.matching(""), [0, 1, 2]);
        assert_eq!(rows.matching("10.5"), [0; 0]);
    }

    #[test]
    fn pictures_are_files_or_cells_of_one_load() {
        let (rows, table) = (loaded(), LakePath::Table("c".into(), "s".into(), "t".into()));
        let file = rows.picture(&table, 1, 1, 0).unwrap();
        assert!(file.path.to_string().ends_with("x1.JPG") && file.etag.is_empty());
        assert_eq!(&*rows.picture(&table, 1, 1, 2).unwrap().etag, "#2");
        let cell = rows.picture(&table, 2, 3, 0).unwrap();
        assert_eq!(CellKey::of(&cell.etag), Some(CellKey { load: 7, row: 2, column: 3 }));
        assert_eq!((&*cell.path, CellKey::of("#2"), CellKey::of("")), (&table, None, None));
        assert_eq!(rows.picture(&table, 0, 0, 0), None, "a number is no path");
    }
}
