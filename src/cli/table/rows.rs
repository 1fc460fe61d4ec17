//! `lakelens table rows`: the first rows of a table.

use super::direct::{Way, way};
use crate::cli::context::Context;
use crate::cli::engines::EngineArgs;
use crate::cli::error::AppError;
use crate::cli::grammar::JsonOrLines;
use crate::cli::output::{Table, grouped};
use crate::domain::sheet::{Cell, Sheet};
use crate::domain::version::At;
use crate::lake::rows::Most;
use crate::remote::sql::{Statement, sheet};
use clap::Args;
use serde_json::{Map, Value, json};

/// Characters of a cell that are shown to people.
const WIDE: usize = 60;
/// Bytes of a cell that JSON gives; of more only how many there are.
const SMALL: usize = 64;

/// Bytes of values that are read directly at most; pictures may stand in the table.
const BYTES: usize = 256 << 20;

/// Show the first rows of a table
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table rows ./images --limit 5
  lakelens table rows s3://lake/images --version 3 --jsonl
  lakelens table rows main.default.images --at 2026-11-01 --store sc://localhost

A path is read directly from its Delta log and files; a name is asked of the engine, or of the catalog
where no engine is named. Bytes are given as their number; a time without a zone is in UTC.")]
pub(super) struct RowsArgs {
    /// The table: a path, or its name
    #[arg(value_name = "PATH|CATALOG.SCHEMA.TABLE")]
    table: String,
    /// At this version
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// As it was at this time
    #[arg(long, value_name = "TIME", conflicts_with = "version")]
    at: Option<String>,
    /// At most so many rows
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    json: JsonOrLines,
}

pub(super) fn rows(args: &RowsArgs, context: &mut Context) -> Result<(), AppError> {
    let at = match (&args.version, &args.at) {
        (Some(version), _) => At::Version(i64::from(*version)),
        (None, Some(time)) => At::parse(time).map_err(AppError::usage)?,
        (None, None) => At::Now,
    };
    let (stop, limit) = (context.cancel(), args.limit as usize);
    let sheet = match way(&args.table, &args.engine, context)? {
        Way::Direct(table) => table.first_rows(&at, Most { rows: limit, bytes: BYTES }, &stop)?,
        Way::Engine(engine, name) => {
            let clause = match &at {
                At::Now => String::new(),
                At::Version(n) => format!(" VERSION AS OF {n}"),
                // It was read as a time above, and holds no quote.
                At::Time(time) => format!(" TIMESTAMP AS OF '{time}'"),
            };
            let text = format!("SELECT * FROM {name}{clause} LIMIT {}", limit + 1);
            let mut found = engine.run(&Statement::new(text), &stop)?;
            sheet::read(&mut found, limit, engine.place())?
        }
    };
    show(&sheet, args.json, context)
}

fn show(sheet: &Sheet, as_json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    if as_json.jsonl {
        return sheet.rows.iter().try_for_each(|row| context.out.json_line(&object(sheet, row)));
    }
    if as_json.json {
        let columns: Vec<_> = sheet.columns.iter().map(|c| json!({ "name": c.name, "type": c.kind })).collect();
        let rows: Vec<_> = sheet.rows.iter().map(|row| object(sheet, row)).collect();
        return context.out.json(&json!({ "columns": columns, "rows": rows, "more": sheet.more }));
    }
    let heads: Vec<String> = sheet.columns.iter().map(|c| c.name.to_uppercase()).collect();
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &sheet.rows {
        table.row(row.iter().map(text));
    }
    context.out.table(&table)?;
    if sheet.more {
        context.note(&format!("the first {} rows; --limit gives more", grouped(sheet.rows.len() as u64)));
    }
    Ok(())
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Bytes(bytes) => format!("{} bytes", grouped(bytes.len() as u64)),
        Cell::Text(text) => {
            let short: String = text.chars().take(WIDE).collect();
            if short.len() < text.len() { format!("{short}…") } else { short }
        }
    }
}

fn object(sheet: &Sheet, row: &[Cell]) -> Value {
    let pair =
        |(column, cell): (&crate::domain::sheet::Column, &Cell)| (column.name.clone(), value(cell, &column.kind));
    Value::Object(sheet.columns.iter().zip(row).map(pair).collect::<Map<_, _>>())
}

/// A cell as JSON: numbers and booleans as such, few bytes in hexadecimal, everything else as text.
fn value(cell: &Cell, kind: &str) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bytes(bytes) if bytes.len() <= SMALL => {
            json!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
        }
        Cell::Bytes(bytes) => json!({ "bytes": bytes.len() }),
        Cell::Text(text) => match kind {
            "tinyint" | "smallint" | "int" | "bigint" => text.parse::<i64>().map_or_else(|_| json!(text), |n| json!(n)),
            "float" | "double" => text.parse::<f64>().map_or_else(|_| json!(text), |n| json!(n)),
            "boolean" => json!(text == "true"),
            _ => json!(text),
        },
    }
}
