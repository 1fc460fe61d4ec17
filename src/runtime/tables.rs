//! Questions about tables: what the catalog says, the first rows, the versions.
//!
//! Why a thread for each question: an engine may need minutes, first to start and then to answer, and what is asked next
//! must not wait for that. What always holds: a slot has at most one question at work; a newer one, or leaving the screen,
//! cancels it at the server too; nothing is connected before it is asked for.

pub mod engine;
mod trouble;

pub use trouble::NoEngine;

use super::message::Sender;
use crate::app::effect::Query;
use crate::app::event::{Event, Reply};
use crate::app::screens::table::rows::{CellKey, Loaded};
use crate::app::screens::table::state::Trouble;
use crate::app::slots::{Slot, Tag};
use crate::domain::lake_path::LakePath;
use crate::domain::sheet::{Cell, Sheet};
use crate::lake::Lake;
use crate::lake::delta::DeltaTable;
use crate::lake::remote::Stop;
use crate::lake::rows::{EngineRows, Most, TableRows};
use crate::media::{ByteSource, MediaError, MemorySource};
use crate::ops::row_pictures::picture_columns;
use crate::remote::net::Net;
use crate::remote::sql::{Engine, TableName};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio_util::sync::CancellationToken;

/// What is read of rows. The bytes hold a few hundred photos.
const MOST: Most = Most { rows: 1_000, bytes: 192 << 20 };
/// Versions that are read.
const VERSIONS: u32 = 1_000;

/// Opens the engine that the settings name. May block.
pub type EngineSource = Arc<dyn Fn() -> Result<Arc<dyn Engine>, NoEngine> + Send + Sync>;

/// Answers questions about tables.
pub struct Tables {
    work: Arc<Work>,
    running: HashMap<Slot, CancellationToken>,
}

struct Work {
    lake: Lake,
    net: Net,
    source: EngineSource,
    /// Kept, because a session takes long to begin.
    engine: Mutex<Option<Arc<dyn Engine>>>,
    sheets: Sheets,
    sender: Sender,
}

impl Tables {
    /// Answers through a lake and an engine; the bytes of pictures are found in `sheets`.
    #[must_use]
    pub fn new(lake: Lake, source: EngineSource, sheets: Sheets, sender: Sender) -> Self {
        let work = Work { lake, net: Net::default(), source, engine: Mutex::default(), sheets, sender };
        Self { work: Arc::new(work), running: HashMap::new() }
    }

    /// Takes a question, if it is one about tables.
    pub fn ask(&mut self, tag: Tag, query: Query) -> Option<(Tag, Query)> {
        if !matches!(query, Query::TableFacts(_) | Query::TableRows { .. } | Query::TableHistory(_)) {
            return Some((tag, query));
        }
        self.forget(tag.slot);
        let (work, stop) = (Arc::clone(&self.work), CancellationToken::new());
        self.running.insert(tag.slot, stop.clone());
        let sender = self.work.sender.clone();
        let run = move || {
            let reply = work.answer(tag, query, &stop).unwrap_or_else(|trouble| Reply::TableTrouble(Box::new(trouble)));
            if !stop.is_cancelled() {
                work.sender.event(Event::Reply(tag, reply));
            }
        };
        if let Err(error) = std::thread::Builder::new().name("table".to_owned()).spawn(run) {
            let text = format!("no thread for it: {error}; close something and try again");
            sender.event(Event::Reply(tag, Reply::Failed(text)));
        }
        None
    }

    /// Stops what runs for a slot.
    pub fn forget(&mut self, slot: Slot) {
        if let Some(stop) = self.running.remove(&slot) {
            stop.cancel();
        }
    }

    /// Lets the engine be chosen again, because another profile is used.
    pub fn forget_engine(&self) {
        *self.work.engine.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Stops everything.
    pub fn finish(&mut self) {
        self.running.drain().for_each(|(_, stop)| stop.cancel());
    }
}

impl Work {
    fn answer(&self, tag: Tag, query: Query, stop: &CancellationToken) -> Result<Reply, Trouble> {
        match query {
            Query::TableFacts(path) => {
                let wanted = stop.clone();
                let facts = self.lake.table(&path, &Stop::new(move || wanted.is_cancelled()));
                facts.map(|facts| Reply::TableFacts(Box::new(facts))).map_err(|e| trouble::of_lake(&e))
            }
            Query::TableRows { path, version } => {
                let reader = self.reader(&path, stop)?;
                let sheet = reader.rows(MOST, version, stop).map_err(|e| trouble::of_rows(&e))?;
                let sheet = Arc::new(sheet);
                self.sheets.keep(tag.generation, &sheet);
                let pictures = picture_columns(&sheet);
                Ok(Reply::TableRows(Arc::new(Loaded::new(sheet, tag.generation, reader.place(), pictures))))
            }
            Query::TableHistory(path) => {
                let commits = self.reader(&path, stop)?.history(VERSIONS, stop).map_err(|e| trouble::of_history(&e))?;
                Ok(Reply::TableHistory(commits))
            }
            _ => Err(Trouble::new("cannot be read", "this is no question about a table")),
        }
    }

    /// What reads a table: the engine, or the table's own files where none is named and they can be had.
    fn reader(&self, path: &LakePath, stop: &CancellationToken) -> Result<Box<dyn TableRows>, Trouble> {
        let LakePath::Table(catalog, schema, table) = path else {
            return Err(Trouble::new("no table", "this place is no table"));
        };
        let name = TableName::new(vec![catalog.clone(), schema.clone(), table.clone()])
            .map_err(|why| Trouble::new("no table", why))?;
        match self.engine() {
            Ok(engine) => Ok(Box::new(EngineRows::new(engine, name))),
            Err(missing @ NoEngine::NotSaid(_)) => match DeltaTable::open(&self.lake, path, &self.net, stop) {
                Ok(table) => Ok(Box::new(table)),
                Err(error) => {
                    tracing::debug!(%error, "the files of the table are not read");
                    Err(trouble::of_engine(&missing))
                }
            },
            Err(missing) => Err(trouble::of_engine(&missing)),
        }
    }

    fn engine(&self) -> Result<Arc<dyn Engine>, NoEngine> {
        let mut kept = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = kept.as_ref() {
            return Ok(Arc::clone(engine));
        }
        let engine = (self.source)()?;
        *kept = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

/// Rows that a screen holds, found by the number of their load: where the bytes of their pictures are. The rows live as
/// long as the screen keeps them, and no longer.
#[derive(Clone, Debug, Default)]
pub struct Sheets(Arc<Mutex<HashMap<u64, Weak<Sheet>>>>);

impl Sheets {
    fn keep(&self, load: u64, sheet: &Arc<Sheet>) {
        let mut sheets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sheets.retain(|_, sheet| sheet.strong_count() > 0);
        sheets.insert(load, Arc::downgrade(sheet));
    }

    /// The bytes of a cell.
    ///
    /// # Errors
    /// When the rows are not shown any more, or the cell holds no bytes.
    pub fn open(&self, cell: CellKey) -> Result<Box<dyn ByteSource>, MediaError> {
        let sheets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sheet = sheets.get(&cell.load).and_then(Weak::upgrade);
        drop(sheets);
        match sheet.as_deref().map(|sheet| sheet.cell(cell.row, cell.column)) {
            Some(Cell::Bytes(bytes)) => Ok(Box::new(MemorySource::new(Arc::clone(bytes)))),
            _ => Err(MediaError::Reach("the rows were read again meanwhile; move to see the picture".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_as_long_as_the_rows_are_shown() {
        let sheets = Sheets::default();
        let rows = vec![vec![Cell::Null, Cell::Bytes(b"picture".as_slice().into())]];
        let sheet = Arc::new(Sheet { rows, ..Sheet::default() });
        sheets.keep(4, &sheet);
        let key = |load, row, column| CellKey { load, row, column };
        assert_eq!(sheets.open(key(4, 0, 1)).unwrap().len().unwrap(), 7);
        assert!(sheets.open(key(4, 0, 0)).is_err() && sheets.open(key(4, 9, 9)).is_err());
        assert!(sheets.open(key(5, 0, 1)).is_err());
        drop(sheet);
        assert!(sheets.open(key(4, 0, 1)).is_err());
    }
}
