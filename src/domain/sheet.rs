//! Rows of a table or of a query's result, as plain data that every layer understands.
//!
//! What always holds: every row has one cell for each column; texts are as the engine gave them (they pass
//! [`printable`](super::text::printable) where they are shown); bytes are shared, never copied with the sheet.

use std::sync::Arc;

/// Columns and rows, as far as they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The columns, in their order.
    pub columns: Vec<Column>,
    /// The rows, each with one cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the source has more rows than these.
    pub more: bool,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the source writes it; empty where nobody says.
    pub kind: String,
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing: NULL.
    #[default]
    Null,
    /// Anything that is written as text: numbers, times, lists too.
    Text(String),
    /// Bytes, such as those of a picture.
    Bytes(Arc<[u8]>),
}

impl Cell {
    /// The text; `None` for nothing and for bytes.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bytes(_) => None,
        }
    }
}

impl Sheet {
    /// The number of the column of this name, without regard to case when no name is the same in every letter.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        let same = self.columns.iter().position(|c| c.name == name);
        same.or_else(|| self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)))
    }

    /// The cell of a row and a column; nothing where there is none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &Cell {
        self.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(&Cell::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_its_name_exactly_first() {
        let column = |name: &str| Column { name: name.to_owned(), kind: "string".to_owned() };
        let sheet = Sheet { columns: vec![column("Class"), column("class")], rows: Vec::new(), more: false };
        assert_eq!(sheet.column("class"), Some(1));
        assert_eq!(sheet.column("CLASS"), Some(0));
        assert_eq!(sheet.column("path"), None);
        assert_eq!(sheet.cell(3, 3), &Cell::Null);
    }
}
