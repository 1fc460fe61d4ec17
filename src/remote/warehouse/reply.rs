//! The JSON that the Statement Execution API answers with. Every cell is text, whatever its type.

use crate::remote::lenient;
use crate::remote::sql::sheet::SQL_TYPE;
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use serde::Deserialize;
use std::collections::HashMap;
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
    /// The type as SQL writes it, with the fields of structs.
    type_text: String,
}

impl Column {
    /// Whether it is a struct with a field of bytes, which may be a picture: as JSON it is text, and nobody says how its
    /// bytes are written there.
    fn holds_bytes(&self) -> bool {
        let text = self.type_text.to_ascii_uppercase();
        let inner = text.trim_start().strip_prefix("STRUCT<");
        let is_bytes = |field: &str| field.split_once(':').is_some_and(|(_, kind)| kind.trim().starts_with("BINARY"));
        inner.is_some_and(|inner| inner.split([',', '<', '>']).any(is_bytes))
    }

    /// The type for people, where JSON has only text for it.
    fn shown(&self) -> Option<String> {
        let text = if self.type_text.is_empty() { &self.type_name } else { &self.type_text };
        // Names of fields stay as they are.
        let shown = if text.contains('<') { text.clone() } else { text.to_ascii_lowercase() };
        (!shown.is_empty() && shown != "string").then_some(shown)
    }
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

    /// Whether a column of the result may hold pictures that JSON does not give.
    pub(super) fn has_bytes_in_structs(&self) -> bool {
        self.manifest.iter().flat_map(|m| &m.schema.columns).any(Column::holds_bytes)
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
        let field = Field::new(&column.name, array.data_type().clone(), true);
        let said = column.shown().filter(|_| array.data_type() == &DataType::Utf8);
        let said = said.map(|kind| HashMap::from([(SQL_TYPE.to_owned(), kind)])).unwrap_or_default();
        Ok((field.with_metadata(said), array))
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
        let columns = [Column { name: "image".into(), type_name: "BINARY".into(), ..Column::default() }];
        let kind = |cells: &[Option<&str>]| {
            let rows = cells.iter().map(|c| vec![c.map(str::to_owned)]).collect();
            batch(&columns, rows).unwrap().unwrap().column(0).data_type().clone()
        };
        assert_eq!(kind(&[Some("iVBO"), None, Some("")]), DataType::Binary);
        assert_eq!(kind(&[Some("iVBO"), Some("[89 50]")]), DataType::Utf8);
    }

    #[test]
    fn types_that_json_has_only_text_for_are_still_told() {
        let column = |name: &str, text: &str| Column {
            name: name.to_owned(),
            type_name: text.split('<').next().unwrap().to_owned(),
            type_text: text.to_owned(),
        };
        let texts = ["STRUCT<bytes: BINARY, path: STRING>", "TIMESTAMP_NTZ", "STRING", "ARRAY<INT>", "BIGINT"];
        let columns = texts.map(|text| column("c", text));
        let cells = ["{}", "2026-01-02T03:04:05.000", "x", "[1]", "7"].map(|c| Some(c.to_owned())).to_vec();
        let batch = batch(&columns, vec![cells]).unwrap().unwrap();
        let sheet = crate::remote::sql::sheet::empty(&batch.schema());
        let kinds: Vec<&str> = sheet.columns.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(kinds, ["STRUCT<bytes: BINARY, path: STRING>", "timestamp_ntz", "string", "ARRAY<INT>", "bigint"]);
        let holds =
            ["STRUCT<image: STRUCT<data: BINARY>>", "STRUCT<x: INT>", "BINARY", "ARRAY<BINARY>", "struct<b: binary>"];
        assert_eq!(holds.map(|text| column("c", text).holds_bytes()), [true, false, false, false, true]);
    }

    #[test]
    fn rows_that_do_not_fit_are_an_error() {
        let columns = [Column { name: "a".into(), type_name: "INT".into(), ..Column::default() }];
        assert!(batch(&columns, vec![vec![Some("x".into())]]).unwrap_err().contains("`x` is no INT"));
        assert!(batch(&columns, vec![vec![]]).is_err());
        let link = format!("{:?}", Link { external_link: "https://secret".into() });
        assert!(!link.contains("secret"));
    }
}
