//! A table of pictures in our own workspace: its rows come from a list, or from a real engine behind the workspace.

use super::pictures;
use super::workspace::{FakeWorkspace, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, Warehouse};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use base64_simd::STANDARD;
use lakelens::remote::spark::Spark;
use lakelens::remote::sql::{Engine, SqlError, Statement, texts};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The table, as statements name it.
pub(crate) const TABLE: &str = "`main`.`vision`.`labels`";
/// The id of the warehouse.
pub(crate) const WAREHOUSE: &str = "0123456789abcdef";

/// A PNG of the generated picture.
pub(crate) fn png(seed: u8) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    pictures::picture(seed).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A workspace with the volume `main.vision.images`, whose files lie in `folder`, and the table `main.vision.labels`.
pub(crate) fn furnish(folder: &Path, sql: Arc<dyn SqlBackend>) -> FakeWorkspace {
    let fake = FakeWorkspace::start();
    let column = |name: &str, kind: &str, nullable: bool, comment: &str| json!({ "name": name, "type_text": kind, "nullable": nullable, "comment": comment });
    let columns = [
        column("id", "bigint", false, "number of the picture"),
        column("path", "string", true, "where the camera has put it"),
        column("class", "string", true, "what people say it shows"),
        column("score", "double", true, "how sure the model is"),
        column("thumb", "binary", true, "a small PNG"),
    ];
    let mut world = fake.world();
    world.volume("main.vision.images", folder);
    let more = json!({
        "columns": columns, "comment": "pictures of the line, labelled by hand",
        "storage_location": "s3://lake/main/vision/labels",
        "properties": { "delta.minReaderVersion": "1", "delta.minWriterVersion": "2" },
    });
    world.securable("tables", "main.vision.labels", more);
    world.warehouses = vec![Warehouse::new(WAREHOUSE, "small", "RUNNING")];
    world.sql = Some(sql);
    drop(world);
    fake
}

/// Answers the two statements of the Table screen: so many rows, of which the paths lie in the volume and the bytes are
/// pictures, except where a row is said to have none.
pub(crate) struct Rows(pub(crate) usize);

impl SqlBackend for Rows {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        let column = |(name, kind): (&str, &str)| SqlColumn { name: name.into(), type_text: kind.into() };
        let some = |text: &str| Some(text.to_owned());
        if request.statement.starts_with(&format!("DESCRIBE HISTORY {TABLE}")) {
            let columns =
                ["version", "timestamp", "userName", "operation", "userMetadata"].map(|n| column((n, "STRING")));
            let row = |n: &str, operation: &str, message: Option<&str>| {
                vec![
                    some(n),
                    some("2026-11-20 10:00:00.123"),
                    some("ann@example.com"),
                    some(operation),
                    message.map(str::to_owned),
                ]
            };
            let rows = vec![row("1", "MERGE", Some("the second shift")), row("0", "CREATE TABLE", None)];
            return Ok(SqlTable { columns: columns.to_vec(), rows });
        }
        if !request.statement.starts_with(&format!("SELECT * FROM {TABLE}")) {
            let message = format!("[TABLE_OR_VIEW_NOT_FOUND] not known: {}", request.statement);
            return Err(SqlFailure { code: "BAD_REQUEST".into(), message, sql_state: Some("42P01".into()) });
        }
        let columns =
            [("id", "BIGINT"), ("path", "STRING"), ("class", "STRING"), ("score", "DOUBLE"), ("thumb", "BINARY")];
        let classes = [some("daisy"), None, some("NULL"), some("roses and other flowers")];
        let thumbs: Vec<String> = (0..12).map(|i| STANDARD.encode_to_string(png(100 + i))).collect();
        let row = |i: usize| {
            let thumb = match i {
                4 => Some(STANDARD.encode_to_string(b"\x89PNG\r\n\x1a\nnot a picture")),
                5 => None,
                i => Some(thumbs[i % thumbs.len()].clone()),
            };
            let path = format!("/Volumes/main/vision/images/flower_{:02}.png", i % 99 + 1);
            vec![Some(i.to_string()), Some(path), classes[i % 4].clone(), Some(format!("0.{:02}", i * 37 % 100)), thumb]
        };
        let limit: usize = request.statement.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        Ok(SqlTable { columns: columns.map(column).to_vec(), rows: (0..self.0.min(limit)).map(row).collect() })
    }
}

/// Has a Spark Connect server run the SQL, on the table that stands for [`TABLE`] there.
pub(crate) struct Through {
    pub(crate) engine: Spark,
    pub(crate) table: String,
}

impl SqlBackend for Through {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        let statement = Statement::new(request.statement.replace(TABLE, &self.table));
        let failed = |e: SqlError| match e {
            SqlError::Refused { class, state, message, .. } => SqlFailure {
                code: "BAD_REQUEST".into(),
                message: format!("[{class}] {message}"),
                sql_state: Some(state),
            },
            other => SqlFailure { code: "INTERNAL_ERROR".into(), message: other.to_string(), sql_state: None },
        };
        let batches = self.engine.all(&statement, &CancellationToken::new()).map_err(failed)?;
        let mut table = SqlTable { columns: Vec::new(), rows: Vec::new() };
        for batch in batches {
            let schema = batch.schema();
            let named = schema.fields().iter();
            table.columns =
                named.map(|f| SqlColumn { name: f.name().clone(), type_text: kind(f.data_type()) }).collect();
            let columns: Vec<_> = (0..batch.num_columns()).map(|i| cells(&batch, i)).collect();
            table.rows.extend((0..batch.num_rows()).map(|r| columns.iter().map(|c| c[r].clone()).collect()));
        }
        Ok(table)
    }
}

fn kind(of: &DataType) -> String {
    match of {
        DataType::Int64 => "BIGINT",
        DataType::Int32 => "INT",
        DataType::Float64 => "DOUBLE",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BINARY",
        _ => "STRING",
    }
    .to_owned()
}

/// The cells of a column as the API has them: bytes in base64, everything else as text.
fn cells(batch: &RecordBatch, column: usize) -> Vec<Option<String>> {
    let array = batch.column(column);
    let bytes = |row: usize| match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(row).to_vec(),
        DataType::LargeBinary => array.as_binary::<i64>().value(row).to_vec(),
        _ => array.as_binary_view().value(row).to_vec(),
    };
    if kind(array.data_type()) != "BINARY" {
        return texts(batch, column, "fake").unwrap();
    }
    (0..batch.num_rows()).map(|row| (!array.is_null(row)).then(|| STANDARD.encode_to_string(bytes(row)))).collect()
}
