//! `lakelens table`: label the rows of a table, make such a table from pictures, look at its versions.

mod create;
pub(in crate::cli) mod direct;
mod label;
mod rows;
mod versions;

use super::context::Context;
use super::engines::{self, EngineArgs, asleep, engine};
use super::error::AppError;
use super::grammar::Json;
use crate::ops::table_files::TableFilesReader;
use crate::store;
use crate::store::records::Mode;
use crate::store::table::{TableReader, TableSource, TableStore};
use clap::{Args, Subcommand};
use std::sync::Arc;

/// Opens the mirror of a table.
type Opener = Arc<dyn Fn(Mode) -> store::Result<TableStore> + Send + Sync>;

/// Label the rows of a table, or look at its versions
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  lakelens table main.default.images --id image_id --class class --path origin --store sc://localhost
  lakelens table main.default.images --id image_id --class class --path origin --warehouse 1a2b --random
  lakelens table main.default.images --changed 12..15 --store sc://localhost
  lakelens table ./images --id id --class class --path path --since 2026-11-01
  lakelens table create main.default.images --from /Volumes/main/default/photos --store sc://localhost
  lakelens table history main.default.images --store sc://localhost
  lakelens table diff main.default.images 3 5 --id image_id --class class --path origin
  lakelens table history ./images
  lakelens table rows s3://lake/images --limit 5

The rows are mirrored into the data folder, so that labelling never waits; labels are written back in
batches, only where the table still holds the class you saw. What others changed first is kept as a
conflict: `lakelens table status` counts them, `lakelens table conflicts` lists and ends them.

--changed and --since open a queue of the rows whose class changed, or that were added, each with what
changed, in which version and by whom where the history tells; `/comment` finds them again. While the
screen is open, what others write into the table is noticed and taken over.

A path, or a name where no engine is named, is read directly by history, diff, status and rows, and to
look at its pictures: from the files of the Delta table, wherever they lie. Writing needs an engine."
)]
pub(crate) struct TableArgs {
    #[command(flatten)]
    label: label::LabelArgs,
    #[command(subcommand)]
    command: Option<TableCommand>,
}

#[derive(Debug, Subcommand)]
enum TableCommand {
    Create(create::CreateArgs),
    Set(label::SetArgs),
    Status(label::StatusArgs),
    Conflicts(label::ConflictsArgs),
    History(versions::HistoryArgs),
    Diff(versions::DiffArgs),
    Rows(rows::RowsArgs),
    Restore(versions::RestoreArgs),
}

/// A table and what its columns mean.
#[derive(Clone, Debug, Args)]
pub(super) struct TableRef {
    /// The table: its name, or the path of a Delta table
    #[arg(value_name = "PATH|CATALOG.SCHEMA.TABLE", required = true)]
    table: Option<String>,
    /// Column that tells rows apart
    #[arg(long, value_name = "COLUMN", default_value = "image_id")]
    id: String,
    /// Column with the class
    #[arg(long, value_name = "COLUMN", default_value = "class")]
    class: String,
    /// Column with the path of the picture
    #[arg(long, value_name = "COLUMN", default_value = "origin")]
    path: String,
    /// Only rows that this condition takes, in SQL
    #[arg(long, value_name = "CONDITION", default_value = "")]
    filter: String,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    json: Json,
}

impl TableRef {
    /// The table as an engine names it, and its columns.
    fn source(&self, context: &Context) -> Result<TableSource, AppError> {
        Ok(TableSource {
            table: direct::name_for_engine(self.text(), context)?,
            id: self.id.clone(),
            class: self.class.clone(),
            path: self.path.clone(),
            filter: self.filter.clone(),
        })
    }

    /// The table as the person wrote it.
    fn text(&self) -> &str {
        self.table.as_deref().unwrap_or_default()
    }

    /// How the mirror of the table is opened where it is to be looked at: without an engine it is only read.
    fn opener(&self, offline: bool, context: &mut Context) -> Result<Opener, AppError> {
        let (source, folder) = (self.source(context)?, context.loaded.paths.tables());
        if engines::is_named(&self.engine, context, true) {
            // What was read before is gone on with even where nothing can be asked.
            let engine = if offline { asleep(&self.engine, context)? } else { engine(&self.engine, context)? };
            return Ok(Arc::new(move |mode: Mode| {
                let mut store = TableStore::open(Arc::clone(&engine), &source, &folder, mode)?;
                store.follow(!offline);
                Ok(store)
            }));
        }
        direct::columns(self)?;
        let reader: Arc<dyn TableReader> = Arc::new(TableFilesReader::new(direct::open(self.text(), context)?));
        Ok(Arc::new(move |mode: Mode| TableStore::open_to_read(Arc::clone(&reader), &source, &folder, mode)))
    }

    /// Opens the mirror of the table.
    fn open(&self, context: &Context) -> Result<TableStore, AppError> {
        direct::must_have_engine(self, context)?;
        let engine = engine(&self.engine, context)?;
        let mode = if context.loaded.settings.read_only { Mode::Read } else { Mode::Create };
        Ok(TableStore::open(engine, &self.source(context)?, &context.loaded.paths.tables(), mode)?)
    }
}

pub(super) fn run(args: TableArgs, mut context: Context) -> Result<(), AppError> {
    let Some(command) = &args.command else { return label::open(&args.label, context) };
    let done = match command {
        TableCommand::Create(args) => create::run(args, &mut context),
        TableCommand::Set(args) => label::set(args, &mut context),
        TableCommand::Status(args) => label::status(args, &mut context),
        TableCommand::Conflicts(args) => label::conflicts(args, &mut context),
        TableCommand::History(args) => versions::history(args, &mut context),
        TableCommand::Diff(args) => versions::diff(args, &mut context),
        TableCommand::Rows(args) => rows::rows(args, &mut context),
        TableCommand::Restore(args) => versions::restore(args, &mut context),
    };
    let flushed = context.out.flush();
    done.and(flushed)
}
