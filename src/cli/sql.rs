//! `lakelens sql`: a statement on an engine, its rows as text or JSON.

use super::context::Context;
use super::engines::{EngineArgs, engine};
use super::error::AppError;
use super::grammar::JsonOrLines;
use super::output::{Table, grouped};
use crate::domain::text::printable;
use crate::remote::sql::{Statement, Value as SqlValue};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use clap::Args;
use serde_json::{Map, Value, json};

/// Rows that are shown to people who do not say how many they want.
const FEW: u64 = 1000;
/// Characters of a cell that are shown to people.
const WIDE: usize = 60;

/// Run SQL on a Spark Connect server, a cluster or a SQL warehouse
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens sql 'SELECT class, count(*) FROM main.default.images GROUP BY class' --store sc://localhost
  lakelens sql 'SELECT * FROM main.default.images WHERE class = :c' --param c=rose --cluster 1a2b3c --jsonl

Values travel beside the statement: write :NAME and give --param NAME=VALUE. Text shows the first
1,000 rows; JSON has all. Apache Spark 4.1 and 4.2 with Delta do not take parameters.")]
pub(crate) struct SqlArgs {
    /// The statement
    #[arg(value_name = "STATEMENT")]
    statement: String,
    /// A value, a text; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    json: JsonOrLines,
}

pub(super) fn run(args: &SqlArgs, context: &mut Context) -> Result<(), AppError> {
    let mut statement = Statement::new(&args.statement);
    for pair in &args.param {
        let (name, value) = pair.split_once('=').filter(|(n, _)| !n.is_empty()).ok_or_else(|| {
            AppError::usage(format!("`{}` is no parameter", printable(pair))).hint("write --param NAME=VALUE")
        })?;
        statement = statement.with(name, SqlValue::Text(value.to_owned()));
    }
    let stop = context.cancel();
    let engine = engine(&args.engine, context)?;
    let mut rows = engine.run(&statement, &stop)?;
    let heads: Vec<String> =
        rows.schema().map(|s| s.fields().iter().map(|f| f.name().clone()).collect()).unwrap_or_default();
    let shown: Vec<String> = heads.iter().map(|h| printable(h).into_owned()).collect();
    let mut table = Table::new(&shown.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut list, mut count) = (Vec::new(), 0_u64);
    while let Some(batch) = rows.next_batch()? {
        for row in 0..batch.num_rows() {
            count += 1;
            if args.json.jsonl {
                context.out.json_line(&object(&batch, row)?)?;
            } else if args.json.json {
                list.push(object(&batch, row)?);
            } else if count <= FEW {
                table.row(cells(&batch, row)?);
            }
        }
        if !args.json.json && !args.json.jsonl && count > FEW {
            break;
        }
    }
    if args.json.jsonl {
        return Ok(());
    }
    if args.json.json {
        return context.out.json(&json!({ "columns": heads, "rows": list }));
    }
    if !heads.is_empty() {
        context.out.table(&table)?;
    }
    if count > FEW {
        context.note(&format!("the first {} rows; --jsonl gives all", grouped(FEW)));
    }
    Ok(())
}

fn object(batch: &RecordBatch, row: usize) -> Result<Value, AppError> {
    let mut out = Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        out.insert(field.name().clone(), value(column.as_ref(), row)?);
    }
    Ok(Value::Object(out))
}

/// A cell as JSON: numbers and booleans as such, everything else as text.
pub(super) fn value(column: &dyn Array, row: usize) -> Result<Value, AppError> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Int8 => json!(column.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => json!(column.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => json!(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => json!(column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(row)),
        _ => json!(text(column, row)?),
    })
}

fn text(column: &dyn Array, row: usize) -> Result<String, AppError> {
    let options = FormatOptions::default().with_null("NULL");
    let unreadable = |e: arrow_schema::ArrowError| AppError::failed("a value cannot be shown").because(e);
    let formatter = ArrayFormatter::try_new(column, &options).map_err(unreadable)?;
    Ok(formatter.value(row).to_string())
}

fn cells(batch: &RecordBatch, row: usize) -> Result<Vec<String>, AppError> {
    let cell = |column: &arrow_array::ArrayRef| {
        let text = text(column.as_ref(), row)?;
        let short: String = text.chars().take(WIDE).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        Ok(format!("{}{more}", printable(&short)))
    };
    batch.columns().iter().map(cell).collect()
}
