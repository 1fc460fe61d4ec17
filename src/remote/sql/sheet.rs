//! Batches of an engine as a [`Sheet`] of at most so many rows.

mod picture;

use super::{Result, Rows, SqlError};
use crate::domain::sheet::{Cell, Column, Sheet};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Schema};
use std::sync::Arc;

/// Where a field says its type in SQL, where its values came as text.
pub const SQL_TYPE: &str = "sql_type";

/// Reads the first `limit` rows of a result; what is left is cancelled when `rows` is dropped.
///
/// # Errors
/// Those of the engine; [`SqlError::Garbled`] when a column cannot be shown.
pub fn read(rows: &mut Rows, limit: usize, place: &str) -> Result<Sheet> {
    let mut sheet = rows.schema().map(|schema| empty(&schema)).unwrap_or_default();
    while !sheet.more {
        let Some(batch) = rows.next_batch()? else { break };
        append(&mut sheet, &batch, limit, place)?;
    }
    Ok(sheet)
}

/// A sheet with the columns of a schema and no rows.
#[must_use]
pub fn empty(schema: &Schema) -> Sheet {
    let column = |field: &Arc<arrow_schema::Field>| {
        let said = field.metadata().get(SQL_TYPE).cloned();
        Column { name: field.name().clone(), kind: said.unwrap_or_else(|| kind(field.data_type())) }
    };
    Sheet { columns: schema.fields().iter().map(column).collect(), rows: Vec::new(), more: false }
}

/// Adds the rows of a batch, up to `limit` rows in all; beyond it says that there are more.
///
/// # Errors
/// [`SqlError::Garbled`] when a column cannot be shown.
pub fn append(sheet: &mut Sheet, batch: &RecordBatch, limit: usize, place: &str) -> Result<()> {
    let take = batch.num_rows().min(limit.saturating_sub(sheet.rows.len()));
    sheet.more |= take < batch.num_rows();
    let columns: Vec<Vec<Cell>> =
        batch.columns().iter().map(|column| cells(column.as_ref(), take, place)).collect::<Result<_>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    for _ in 0..take {
        sheet.rows.push(columns.iter_mut().map(|column| column.next().unwrap_or_default()).collect());
    }
    Ok(())
}

/// A time with a zone is shown in UTC, with a `Z`, whatever the zone of the engine's session; one without a zone is shown
/// as it stands, without a mark.
fn in_utc(column: &dyn Array) -> std::result::Result<Option<ArrayRef>, arrow_schema::ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(zone)) if zone.as_ref() != "UTC" => {
            cast(column, &DataType::Timestamp(*unit, Some("UTC".into()))).map(Some)
        }
        _ => Ok(None),
    }
}

fn cells(column: &dyn Array, take: usize, place: &str) -> Result<Vec<Cell>> {
    let garbled = |e: arrow_schema::ArrowError| SqlError::Garbled { place: place.to_owned(), why: e.to_string() };
    let utc = in_utc(column).map_err(garbled)?;
    let column = utc.as_deref().unwrap_or(column);
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).map_err(garbled)?;
    let cell = |row: usize| {
        if column.is_null(row) {
            return Ok(Cell::Null);
        }
        Ok(match column.data_type() {
            DataType::Binary => Cell::Bytes(column.as_binary::<i32>().value(row).into()),
            DataType::LargeBinary => Cell::Bytes(column.as_binary::<i64>().value(row).into()),
            DataType::BinaryView => Cell::Bytes(column.as_binary_view().value(row).into()),
            DataType::Struct(fields) if picture::holds_one(fields) => picture::cell(column.as_struct(), row),
            _ => Cell::Text(formatter.value(row).try_to_string().map_err(garbled)?),
        })
    };
    (0..take).map(cell).collect()
}

/// The type as SQL writes it.
fn kind(of: &DataType) -> String {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, zone) => if zone.is_some() { "timestamp" } else { "timestamp_ntz" }.to_owned(),
        DataType::Decimal128(digits, scale) => format!("decimal({digits},{scale})"),
        DataType::List(item) | DataType::LargeList(item) => format!("array<{}>", kind(item.data_type())),
        DataType::Struct(fields) => {
            let each: Vec<String> = fields.iter().map(|f| format!("{}:{}", f.name(), kind(f.data_type()))).collect();
            format!("struct<{}>", each.join(","))
        }
        DataType::Map(..) => "map".to_owned(),
        DataType::Null => "void".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{BinaryArray, Int64Array, StringArray};

    #[test]
    fn times_with_a_zone_are_in_utc_and_those_without_have_no_mark() {
        use arrow_array::TimestampMicrosecondArray;
        let at = || TimestampMicrosecondArray::from(vec![Some(1_767_323_045_000_000), None]);
        let batch = RecordBatch::try_from_iter([
            ("utc", Arc::new(at().with_timezone("UTC")) as ArrayRef),
            ("session", Arc::new(at().with_timezone("+02:00"))),
            ("ntz", Arc::new(at())),
        ])
        .expect("columns of one length");
        let mut sheet = empty(&batch.schema());
        append(&mut sheet, &batch, 2, "here").expect("readable");
        let text = |text: &str| Cell::Text(text.to_owned());
        let (with, without) = (text("2026-01-02T03:04:05Z"), text("2026-01-02T03:04:05"));
        assert_eq!(sheet.rows, [vec![with.clone(), with, without], vec![Cell::Null; 3]]);
        let kinds: Vec<&str> = sheet.columns.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(kinds, ["timestamp", "timestamp", "timestamp_ntz"]);
    }

    fn batch() -> RecordBatch {
        let bytes: Vec<Option<&[u8]>> = vec![Some(b"\x89P"), None];
        RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![1, 2])) as Arc<dyn Array>),
            ("class", Arc::new(StringArray::from(vec![Some("rose"), None]))),
            ("image", Arc::new(BinaryArray::from(bytes))),
        ])
        .expect("columns of one length")
    }

    #[test]
    fn rows_are_taken_up_to_the_limit_and_the_rest_is_said() {
        let mut sheet = empty(&batch().schema());
        append(&mut sheet, &batch(), 3, "here").expect("readable");
        assert!(!sheet.more);
        append(&mut sheet, &batch(), 3, "here").expect("readable");
        assert!(sheet.more && sheet.rows.len() == 3);
        assert_eq!(sheet.columns.iter().map(|c| c.kind.as_str()).collect::<Vec<_>>(), ["bigint", "string", "binary"]);
        assert_eq!(sheet.rows[0][..2], [Cell::Text("1".to_owned()), Cell::Text("rose".to_owned())]);
        assert_eq!(sheet.rows[0][2], Cell::Bytes(Arc::from(&b"\x89P"[..])));
        assert_eq!(sheet.rows[1][1..], [Cell::Null, Cell::Null]);
    }
}
