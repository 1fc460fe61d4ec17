//! Tables that are read directly, without an engine: by a path, or by a name in a catalog where no engine is named.

use super::TableRef;
use crate::cli::context::Context;
use crate::cli::engines::{self, EngineArgs};
use crate::cli::error::{AppError, Kind};
use crate::cli::output::{bytes, grouped};
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::delta::{About, Columns, DeltaError, DeltaTable};
use crate::remote::sql::{Engine, TableName};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::sync::Arc;

impl From<DeltaError> for AppError {
    fn from(error: DeltaError) -> Self {
        match error {
            DeltaError::Lake(error) => error.into(),
            DeltaError::Cancelled { .. } => Self::new(Kind::Interrupted, error.to_string()),
            DeltaError::Damaged { .. } | DeltaError::Unreadable { .. } => Self::new(Kind::Data, error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

/// How a table is read.
pub(super) enum Way {
    /// By this engine, under this name.
    Engine(Arc<dyn Engine>, TableName),
    /// From its files.
    Direct(DeltaTable),
}

/// Whether a text is the path of a table rather than its name.
pub(super) fn is_path(text: &str) -> bool {
    !text.contains('`') && (text.contains('/') || text.starts_with('.') || text.contains(':'))
}

/// The name under which an engine finds a table: a path becomes ``delta.`/path` ``.
pub(super) fn name_for_engine(text: &str, context: &Context) -> Result<String, AppError> {
    if !is_path(text) {
        return Ok(text.to_owned());
    }
    match context.lake_path(OsStr::new(text))? {
        LakePath::Table(c, s, t) => TableName::new(vec![c, s, t]).map(|name| name.plain()).map_err(AppError::usage),
        path => TableName::new(vec!["delta".to_owned(), path.to_string()]).map(|n| n.plain()).map_err(AppError::usage),
    }
}

/// The engine where one is named, else the files of the table.
pub(super) fn way(text: &str, args: &EngineArgs, context: &mut Context) -> Result<Way, AppError> {
    if engines::is_named(args, context, !is_path(text)) {
        let engine = engines::engine(args, context)?;
        let name = TableName::parse(&name_for_engine(text, context)?).map_err(AppError::usage)?;
        return Ok(Way::Engine(engine, name));
    }
    open(text, context).map(Way::Direct)
}

/// The table of a path or of a name in a catalog.
pub(super) fn open(text: &str, context: &mut Context) -> Result<DeltaTable, AppError> {
    let path = if is_path(text) {
        context.lake_path(OsStr::new(text))?
    } else {
        let name = TableName::parse(text).map_err(AppError::usage)?;
        match name.parts() {
            [c, s, t] => LakePath::Table(c.clone(), s.clone(), t.clone()),
            [of, path] if of == "delta" => context.lake_path(OsStr::new(path))?,
            _ => return Err(unnamed(text)),
        }
    };
    let stop = context.cancel();
    Ok(DeltaTable::open(&context.lake(), &path, context.connections.net(), &stop)?)
}

fn unnamed(text: &str) -> AppError {
    AppError::usage(format!("it is not said which engine has `{}`", printable(text))).hint(
        "give --store sc://HOST:PORT, --warehouse ID or --cluster ID; or the path of a Delta table, which is read directly",
    )
}

/// Refuses to write into a table that no engine serves.
pub(super) fn must_have_engine(table: &TableRef, context: &Context) -> Result<(), AppError> {
    let text = table.table.as_deref().unwrap_or_default();
    if !is_path(text) || engines::is_named(&table.engine, context, true) {
        return Ok(());
    }
    Err(AppError::usage(format!("writing into {} needs an engine; without one it is only read", printable(text)))
        .hint("give --store sc://HOST:PORT, or --warehouse ID or --cluster ID of the profile"))
}

/// The columns that a person named; a condition is for engines.
pub(super) fn columns(table: &TableRef) -> Result<Columns, AppError> {
    if !table.filter.trim().is_empty() {
        return Err(AppError::usage("--filter is SQL, which needs an engine")
            .hint("give --store, --warehouse or --cluster, or leave out --filter"));
    }
    Ok(Columns { id: table.id.clone(), class: table.class.clone(), path: table.path.clone() })
}

/// What is known of a table, as JSON.
pub(in crate::cli) fn about_json(about: &About) -> Value {
    let mut out = json!(about);
    out["format"] = json!("DELTA");
    out["columns"] = about.columns.iter().map(|c| json!({ "name": c.name, "type": c.kind })).collect();
    out
}

/// What is known of a table, as lines.
pub(in crate::cli) fn about_lines(about: &About) -> Vec<String> {
    let mut out = vec![about.place.clone()];
    let rows = about.rows.map_or_else(|| "not told by the statistics".to_owned(), grouped);
    let at = about.at.map(|at| format!(", made {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))).unwrap_or_default();
    let (first, last) = about.versions;
    let facts = [
        ("format", "Delta".to_owned()),
        ("version", format!("{}{at}", about.version)),
        ("versions", if first == last { format!("only {first}") } else { format!("{first} to {last}") }),
        ("rows", rows),
        ("files", format!("{}, {}", grouped(about.files), bytes(about.bytes))),
        ("partitions", about.partitions.join(", ")),
    ];
    let told = facts.iter().filter(|(_, text)| !text.is_empty());
    out.extend(told.map(|(label, text)| format!("{label:<10}  {}", printable(text))));
    out.extend([String::new(), format!("columns ({})", about.columns.len())]);
    let width = about.columns.iter().map(|c| printable(&c.name).chars().count()).max().unwrap_or(0).min(24);
    out.extend(about.columns.iter().map(|c| format!("  {:<width$}  {}", printable(&c.name), printable(&c.kind))));
    if !about.properties.is_empty() {
        out.extend([String::new(), format!("properties ({})", about.properties.len())]);
        out.extend(about.properties.iter().map(|(k, v)| format!("  {} = {}", printable(k), printable(v))));
    }
    out
}
