//! Arrow on the wire: each batch of a result is a whole IPC stream; local rows go the same way.

use super::protocol::execute_plan_response::ArrowBatch;
use crate::remote::sql::{Attached, SqlError};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use std::io::Cursor;
use std::sync::Arc;

/// Decodes batches and holds the server to their order: a batch that is left out is an error, never a short result.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    rows: i64,
}

impl Decoder {
    /// The batches of one message. An empty result is a batch without rows, for its columns. `resumed` says that the
    /// connection broke after the first answer: of a server that does not number its rows (Sail 0.7) nobody knows then
    /// whether some were lost with it. It was seen to lose them.
    pub(super) fn take(
        &mut self,
        batch: &ArrowBatch,
        place: &str,
        resumed: bool,
    ) -> Result<Vec<RecordBatch>, SqlError> {
        if resumed && batch.start_offset.is_none() {
            let why = "the connection broke among the rows, and this server does not number them".to_owned();
            return Err(SqlError::Unknown { place: place.to_owned(), why });
        }
        let garbled = |why: String| SqlError::Garbled { place: place.to_owned(), why };
        if let Some(start) = batch.start_offset
            && start != self.rows
        {
            return Err(garbled(format!("rows {} to {start} of the result are missing", self.rows)));
        }
        if batch.num_chunks_in_batch.is_some_and(|n| n > 1) {
            return Err(garbled("a batch came in parts that were not asked for".to_owned()));
        }
        let read = decode(&batch.data).map_err(|e| garbled(e.to_string()))?;
        let rows: usize = read.iter().map(RecordBatch::num_rows).sum();
        if i64::try_from(rows) != Ok(batch.row_count) {
            return Err(garbled(format!("a batch of {} rows holds {rows}", batch.row_count)));
        }
        self.rows += batch.row_count;
        Ok(read)
    }
}

/// The batches of an IPC stream; one without rows when it holds only columns.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<RecordBatch>, ArrowError> {
    let reader = StreamReader::try_new(Cursor::new(bytes), None)?;
    let schema = reader.schema();
    let mut out = reader.collect::<Result<Vec<_>, _>>()?;
    if out.is_empty() {
        out.push(RecordBatch::new_empty(schema));
    }
    Ok(out)
}

/// Rows of texts as an IPC stream.
pub(super) fn encode(rows: &Attached) -> Result<Vec<u8>, ArrowError> {
    let fields: Vec<Field> = rows.columns.iter().map(|c| Field::new(c, DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let column = |i: usize| -> ArrayRef {
        Arc::new(rows.rows.iter().map(|r| r.get(i).and_then(Option::as_deref)).collect::<StringArray>())
    };
    let batch = RecordBatch::try_new(Arc::clone(&schema), (0..rows.columns.len()).map(column).collect())?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    writer.finish()?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Attached {
        let row = |a: &str, b: Option<&str>| vec![Some(a.to_owned()), b.map(str::to_owned)];
        Attached {
            name: "n".into(),
            columns: vec!["a".into(), "b".into()],
            rows: vec![row("x", None), row("ü'`\0", Some(""))],
        }
    }

    fn message(start: Option<i64>, count: i64) -> ArrowBatch {
        let data = encode(&rows()).unwrap();
        ArrowBatch { row_count: count, data, start_offset: start, chunk_index: None, num_chunks_in_batch: None }
    }

    #[test]
    fn texts_come_back_as_they_went() {
        let batches = decode(&encode(&rows()).unwrap()).unwrap();
        let column = |i| crate::remote::sql::texts(&batches[0], i, "p").unwrap();
        assert_eq!(column(0), [Some("x".to_owned()), Some("ü'`\0".to_owned())]);
        assert_eq!(column(1), [None, Some(String::new())]);
        assert!(crate::remote::sql::texts(&batches[0], 2, "p").is_err());
    }

    #[test]
    fn a_gap_or_a_wrong_count_is_an_error() {
        let mut decoder = Decoder::default();
        decoder.take(&message(Some(0), 2), "p", false).unwrap();
        decoder.take(&message(Some(2), 2), "p", false).unwrap();
        decoder.take(&message(None, 2), "p", false).unwrap();
        let unnumbered = Decoder::default().take(&message(None, 2), "p", true);
        assert!(matches!(unnumbered, Err(SqlError::Unknown { .. })), "{unnumbered:?}");
        assert!(Decoder::default().take(&message(Some(0), 2), "p", true).is_ok());
        assert!(decoder.take(&message(Some(8), 2), "p", false).unwrap_err().to_string().contains("rows 6 to 8"));
        assert!(decoder.take(&message(Some(6), 3), "p", false).is_err());
        let cut = ArrowBatch { data: vec![1, 2, 3], row_count: 1, ..ArrowBatch::default() };
        assert!(decoder.take(&cut, "p", false).is_err());
    }
}
