//! The tables of an engine as the store that the settings name: `sc://…` or `databricks://PROFILE/WAREHOUSE`.
//!
//! What always holds: the engine is made once and then shared, because a session takes long to begin; it is asked nothing
//! before there is something to ask, except for the id of a machine that is named by its name, and then it may be away.

use super::connections::Shared;
use super::engines::{EngineError, EngineName, Opened};
use super::lakebase::of_remote;
use super::services::StoreOpener;
use crate::config::load::Loaded;
use crate::store::StoreError;
use crate::store::records::Mode;
use crate::store::table::TableShelf;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The mirrors of the tables that were labelled through one connection. Cheap to clone.
#[derive(Clone)]
pub struct TableStores {
    name: EngineName,
    folder: PathBuf,
    connections: Shared,
    engine: Arc<Mutex<Option<Opened>>>,
}

impl TableStores {
    /// The tables of the engine that a store location names; nothing where it is of another kind.
    ///
    /// # Errors
    /// When it is of this kind and names nothing.
    pub fn of(location: &str, loaded: &Loaded, connections: &Shared) -> Result<Option<Self>, EngineError> {
        let Some(name) = EngineName::parse(location)? else { return Ok(None) };
        let (folder, connections) = (loaded.paths.tables(), connections.clone());
        Ok(Some(Self { name, folder, connections, engine: Arc::default() }))
    }

    /// Opens the mirrors. `follow`: what others write into the tables is noticed while the store is open.
    ///
    /// # Errors
    /// When the engine cannot be made.
    pub fn open(&self, mode: Mode, follow: bool) -> Result<TableShelf, StoreError> {
        let Opened { engine, notice, .. } = self.ready().map_err(|error| self.cannot(error))?;
        Ok(TableShelf::open(&engine, &self.folder, mode, follow)?.with_notice(notice))
    }

    /// The same for the screen, which follows.
    #[must_use]
    pub fn opener(&self) -> StoreOpener {
        let of = self.clone();
        Arc::new(move |mode| Ok(Box::new(of.open(mode, true)?)))
    }

    /// Makes the engine, so that what is wrong with its name or its profile is known before anything is opened.
    ///
    /// # Errors
    /// As [`EngineName::open`].
    pub fn ready(&self) -> Result<Opened, EngineError> {
        let mut kept = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some(opened) => Ok(opened.clone()),
            None => Ok(kept.insert(self.name.open(&self.connections)?).clone()),
        }
    }

    fn cannot(&self, error: EngineError) -> StoreError {
        match error {
            EngineError::Remote(error) => of_remote(&error, self.name.to_string()),
            EngineError::Sql(error) => error.into(),
            EngineError::NotSaid | EngineError::Name(..) => StoreError::invalid(error.to_string()),
        }
    }
}

/// A store that cannot be opened, because its location is wrong; the screens say so where they would show projects.
pub(super) fn unusable(error: &EngineError) -> StoreOpener {
    let error = StoreError::invalid(error.to_string());
    Arc::new(move |_| Err(error.clone()))
}
