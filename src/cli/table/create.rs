//! `lakelens table create`: a table of pictures, with the class of their folder and the id of their file name.

use crate::cli::context::Context;
use crate::cli::engines::{EngineArgs, engine};
use crate::cli::error::AppError;
use crate::cli::grammar::Json;
use crate::cli::output::grouped;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{ClassFrom, ScanSettings};
use crate::domain::text::printable;
use crate::ops::{OpsError, Watch, scan};
use crate::remote::sql::{Attached, Engine, SqlError, Statement, TableName};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::ffi::OsString;
use tokio_util::sync::CancellationToken;

/// Make a table of pictures: class from the folder, id from the file name
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table create main.default.images --from /Volumes/main/default/photos --warehouse 1a2b
  lakelens table create default.images --from ~/photos --store sc://localhost --location /data/images
  lakelens table create 'delta.`/data/images`' --from ~/photos --store sc://localhost --mode overwrite

The table has the columns image_id, class and origin, all STRING. --mode error (the default) makes no
table where one is, append adds rows to it, overwrite replaces it: its history keeps what it was.")]
pub(super) struct CreateArgs {
    /// The table
    #[arg(value_name = "CATALOG.SCHEMA.TABLE")]
    table: String,
    /// Folder or volume with the pictures
    #[arg(long, value_name = "URI")]
    from: OsString,
    /// What to do where there is such a table
    #[arg(long, value_name = "MODE", default_value = "error",
          value_parser = PossibleValuesParser::new(["error", "append", "overwrite"]))]
    mode: String,
    /// Where a new table's files lie, such as s3://lab/images; without it, where its catalog keeps tables
    #[arg(long, value_name = "URI")]
    location: Option<String>,
    /// Only paths that match, such as '*.jpg'
    #[arg(long, value_name = "PATTERN", default_value = "")]
    glob: String,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &CreateArgs, context: &mut Context) -> Result<(), AppError> {
    let table = TableName::parse(&args.table).map_err(AppError::usage)?;
    let location = args.location.as_deref().map(place).transpose()?;
    let source = context.lake_path(&args.from)?;
    let stop = context.cancel();
    let engine = engine(&args.engine, context)?;
    let settings = ScanSettings {
        glob: args.glob.clone(),
        recursive: true,
        hidden: context.loaded.settings.hidden,
        class_from: ClassFrom::Folder,
    };
    let (lake, mut progress) = (context.lake(), context.progress());
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| stop.is_cancelled() };
    // The folder is read before the table is touched, so that a wrong folder makes no table.
    let mut rows = Vec::new();
    let report = scan::pictures(&lake, &source.to_string(), &settings, &mut watch, &mut |batch| {
        rows.extend(batch.iter().map(|s| row(&source, &s.path, s.class.as_deref())));
        Ok(())
    })?;
    drop(progress);
    if rows.is_empty() {
        return Err(AppError::from(OpsError::Invalid(format!("there are no pictures in {source}"))));
    }
    make(engine.as_ref(), &table, (&args.mode, location), &rows, &stop)?;
    if args.json.json {
        return context.out.json(&json!({
            "table": table.plain(), "rows": rows.len(), "mode": args.mode, "skipped": report.skipped_count,
        }));
    }
    let (name, count) = (table.plain(), grouped(rows.len() as u64));
    context.out.line(&format!("{}  {count} rows, {} left out", printable(&name), grouped(report.skipped_count)))
}

fn row(source: &LakePath, path: &str, class: Option<&str>) -> Vec<Option<String>> {
    let place = source.child(path);
    let name = place.name().to_owned();
    let id = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
    vec![Some(id), class.map(str::to_owned), Some(place.to_string())]
}

/// A place as a statement can name it, which takes no parameter there.
fn place(given: &str) -> Result<&str, AppError> {
    let strange = |c: char| c.is_control() || matches!(c, '\'' | '"' | '`' | '\\');
    if given.is_empty() || given.contains(strange) {
        let text = format!(
            "`{}` cannot be the place of a table: quotes, backslashes and control characters are not taken",
            printable(given)
        );
        return Err(AppError::usage(text));
    }
    Ok(given)
}

/// Rows of one commit.
const BATCH: usize = 50_000;

fn make(
    engine: &dyn Engine,
    table: &TableName,
    (mode, location): (&str, Option<&str>),
    rows: &[Vec<Option<String>>],
    stop: &CancellationToken,
) -> Result<(), AppError> {
    let columns = "(image_id STRING, class STRING, origin STRING) USING DELTA";
    let start = match mode {
        "append" => "CREATE TABLE IF NOT EXISTS",
        "overwrite" => "CREATE OR REPLACE TABLE",
        _ => "CREATE TABLE",
    };
    let at = location.map_or_else(String::new, |at| format!(" LOCATION '{at}'"));
    engine.change(&Statement::new(format!("{start} {table} {columns}{at}")), stop).map_err(|error| match error {
        SqlError::Refused { ref message, .. }
            if message.contains("ALREADY_EXISTS") || message.contains("already exists") =>
        {
            AppError::from(error).hint("--mode append adds to it, --mode overwrite replaces it")
        }
        SqlError::Refused { ref message, .. } if location.is_none() && message.contains("location") => {
            AppError::from(error).hint("--location says where the files of the table lie")
        }
        other => other.into(),
    })?;
    for (i, batch) in rows.chunks(BATCH).enumerate() {
        let attached = Attached {
            name: format!("lakelens_{}", uuid::Uuid::now_v7().simple()),
            columns: ["image_id", "class", "origin"].map(str::to_owned).to_vec(),
            rows: batch.to_vec(),
        };
        let text = format!(
            "INSERT INTO {table} SELECT s.`image_id`, s.`class`, s.`origin` FROM {} AS s",
            engine.source(&attached)
        );
        let message = format!("lakelens table create, part {}", i + 1);
        engine.change(&Statement::new(text).attach(attached).message(&message), stop)?;
    }
    Ok(())
}
