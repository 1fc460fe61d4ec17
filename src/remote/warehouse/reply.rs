//! The JSON that the Statement Execution API answers with. Every cell is text, whatever its type.

use crate::remote::lenient;
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use serde::Deserialize;
use std::sync::Arc;

/// How far a statement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    /// Waiting, perhaps for the warehouse to start.
    Pending,
    Running,
    Succeeded,
    Failed,
    Canceled,
    Closed,
    /// One that is not known yet.
    #[default]
    #[serde(other)]
    Unknown,
}

impl State {
    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) state: State,
    error: Option<Failure>,
    sql_state: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    error_code: Option<String>,
    message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    schema: Columns,
    #[serde(deserialize_with = "lenient::size")]
    total_chunk_count: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Columns {
    #[serde(deserialize_with = "lenient::list")]
    columns: Vec<Column>,
}

/// A column of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Column {
    name: String,
    type_name: String,
}

/// A part of a result: rows, or links to them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) data_array: Option<Vec<Vec<Option<String>>>>,
    #[serde(deserialize_with = "lenient::list")]
    pub(super) external_links: Vec<Link>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) external_link: String,
}

impl std::fmt::Debug for Link {
    /// A link lets everybody read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link(***)")
    }
}

/// An answer about a statement.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reply {
    pub(super) statement_id: String,
    pub(super) status: Status,
    manifest: Option<Manifest>,
    pub(super) result: Option<Chunk>,
}

impl Reply {
    /// What went wrong: the message and the SQL state.
    pub(super) fn failure(&self) -> (String, String) {
        let error = self.status.error.clone().unwrap_or_default();
        let message = error.message.filter(|m| !m.is_empty()).or(error.error_code);
        let message = message.unwrap_or_else(|| format!("it ended as {:?} without a reason", self.status.state));
        (message, self.status.sql_state.clone().unwrap_or_default())
    }

    /// Whether the result is larger than what is given inline.
    pub(super) fn is_too_large(&self) -> bool {
        let (message, _) = self.failure();
        self.status.state == State::Failed
            && (message.contains("Inline byte limit") || message.contains("INLINE") && message.contains("limit"))
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        self.manifest.as_ref().map(|m| m.schema.columns.clone()).unwrap_or_default()
    }

    pub(super) fn chunks(&self) -> u64 {
        self.manifest.as_ref().map_or(0, |m| m.total_chunk_count)
    }
}

/// Rows of text as a batch with the columns' types; nothing when there are no columns.
pub(super) fn batch(columns: &[Column], rows: Vec<Vec<Option<String>>>) -> Result<Option<RecordBatch>, String> {
    if columns.is_empty() {
        return Ok(None);
    }
    if let Some(row) = rows.iter().find(|r| r.len() != columns.len()) {
        return Err(format!("a row has {} cells, and there are {} columns", row.len(), columns.len()));
    }
    let made = columns.iter().enumerate().map(|(i, column)| {
        let cells = || rows.iter().map(move |r| r.get(i).and_then(|c| c.as_deref()));
        let wrong = |text: &str| format!("`{text}` is no {} in column `{}`", column.type_name, column.name);
        let array: ArrayRef = match column.type_name.as_str() {
            "BYTE" | "SHORT" | "INT" | "LONG" | "TINYINT" | "SMALLINT" | "BIGINT" => {
                let read = cells().map(|c| c.map(|t| t.parse::<i64>().map_err(|_| wrong(t))).transpose());
                Arc::new(read.collect::<Result<Int64Array, _>>()?)
            }
            "FLOAT" | "DOUBLE" => {
                let read = cells().map(|c| c.map(|t| t.parse::<f64>().map_err(|_| wrong(t))).transpose());
                Arc::new(read.collect::<Result<Float64Array, _>>()?)
            }
            "BOOLEAN" => {
                let read = cells().map(|c| c.map(|t| t.parse::<bool>().map_err(|_| wrong(t))).transpose());
                Arc::new(read.collect::<Result<BooleanArray, _>>()?)
            }
            "BINARY" => binary(cells()).unwrap_or_else(|| Arc::new(cells().collect::<StringArray>())),
            _ => Arc::new(cells().collect::<StringArray>()),
        };
        Ok((Field::new(&column.name, array.data_type().clone(), true), array))
    });
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = made.collect::<Result<Vec<_>, String>>()?.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map(Some).map_err(|e| e.to_string())
}

/// Bytes come as base64; nothing where a cell is something else, which is then shown as it came.
fn binary<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Option<ArrayRef> {
    let read =
        cells.map(|c| c.map(|t| base64_simd::STANDARD.decode_to_vec(t).ok()).map_or(Some(None), |b| b.map(Some)));
    let bytes: Vec<Option<Vec<u8>>> = read.collect::<Option<_>>()?;
    Some(Arc::new(bytes.iter().map(Option::as_deref).collect::<BinaryArray>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::DataType;

    fn reply(text: &str) -> Reply {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn answers_are_read() {
        let done = reply(
            r#"{"statement_id":"s","status":{"state":"SUCCEEDED"},"manifest":{"total_chunk_count":"2","schema":{"columns":
            [{"name":"a","type_name":"LONG"},{"name":"b","type_name":"ARRAY"}]}},"result":{"data_array":[["1",null]]}}"#,
        );
        assert_eq!((done.status.state, done.chunks(), done.columns().len()), (State::Succeeded, 2, 2));
        let rows = done.result.clone().unwrap().data_array.unwrap();
        let batch = batch(&done.columns(), rows).unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.column(0).data_type()), (1, &DataType::Int64));
        let failed = reply(
            r#"{"status":{"state":"FAILED","error":{"error_code":"BAD_REQUEST","message":"[X] no"},"sql_state":"42601"}}"#,
        );
        assert_eq!(failed.failure(), ("[X] no".to_owned(), "42601".to_owned()));
        assert!(!failed.is_too_large());
        // What newer servers say, DDL without rows, and a state that nobody knows yet.
        assert_eq!(reply(r#"{"status":{"state":"PONDERING"}}"#).status.state, State::Unknown);
        assert!(super::batch(&[], Vec::new()).unwrap().is_none());
        let large = r#"{"status":{"state":"FAILED","error":{"message":"Inline byte limit exceeded. Statements executed
            with disposition=INLINE can have a result size of at most 26214400 bytes."}}}"#;
        assert!(reply(&large.replace('\n', " ")).is_too_large());
    }

    #[test]
    fn bytes_are_read_from_base64_and_anything_else_is_text() {
        let columns = [Column { name: "image".into(), type_name: "BINARY".into() }];
        let kind = |cells: &[Option<&str>]| {
            let rows = cells.iter().map(|c| vec![c.map(str::to_owned)]).collect();
            batch(&columns, rows).unwrap().unwrap().column(0).data_type().clone()
        };
        assert_eq!(kind(&[Some("iVBO"), None, Some("")]), DataType::Binary);
        assert_eq!(kind(&[Some("iVBO"), Some("[89 50]")]), DataType::Utf8);
    }

    #[test]
    fn rows_that_do_not_fit_are_an_error() {
        let columns = [Column { name: "a".into(), type_name: "INT".into() }];
        assert!(batch(&columns, vec![vec![Some("x".into())]]).unwrap_err().contains("`x` is no INT"));
        assert!(batch(&columns, vec![vec![]]).is_err());
        let link = format!("{:?}", Link { external_link: "https://secret".into() });
        assert!(!link.contains("secret"));
    }
}
