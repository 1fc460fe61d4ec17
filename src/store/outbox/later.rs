//! A remote store that could not be reached yet: every call tries again.
//!
//! Why: edits that an earlier run left behind, and their number, must not be hidden by a network that is away when the
//! program starts. What always holds: until it was reached it is taken for what most servers hold, lakelens' own schema;
//! what it cannot do after all is refused call by call.

use super::{Connect, OnNews, Resolution};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::EditId;
use crate::store::records::Capabilities;
use crate::store::{Interrupt, Result, Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// See the module.
pub(super) struct Later {
    connect: Connect,
    place: String,
    store: Option<Box<dyn Store>>,
    /// Stops what runs on the store, once there is one.
    stop: Arc<Mutex<Option<Interrupt>>>,
}

impl Later {
    /// The store at `place` (without secrets), connected when something is asked of it.
    pub(super) fn new(connect: Connect, place: String) -> Self {
        Self { connect, place, store: None, stop: Arc::default() }
    }

    fn up(&mut self) -> Result<&mut dyn Store> {
        if self.store.is_none() {
            let store = (self.connect)()?;
            *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.interrupt());
            self.store = Some(store);
        }
        let gone = || StoreError::Offline { place: self.place.clone(), why: "no connection".to_owned() };
        self.store.as_deref_mut().ok_or_else(gone).map(|store| store as &mut dyn Store)
    }
}

impl Store for Later {
    fn capabilities(&self) -> Capabilities {
        self.store.as_ref().map_or_else(Capabilities::of_servers, |store| store.capabilities())
    }

    fn place(&self) -> &str {
        self.store.as_ref().map_or(&self.place, |store| store.place())
    }

    fn read_only(&self) -> Option<String> {
        self.store.as_ref().and_then(|store| store.read_only())
    }

    fn interrupt(&self) -> Interrupt {
        let stop = Arc::clone(&self.stop);
        Arc::new(move || {
            if let Some(stop) = stop.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                stop();
            }
        })
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.up()?.commit(edits)
    }

    fn resolve(&mut self, edit: EditId, how: Resolution, author: &str, at: jiff::Timestamp) -> Result<Option<Edit>> {
        self.up()?.resolve(edit, how, author, at)
    }

    fn watch(&mut self, on_news: OnNews) {
        if let Some(store) = &mut self.store {
            store.watch(on_news);
        }
    }

    crate::store::pass_on::pass_on!((up()?): shelf making samples queues steps named_step past extras gold gold_open versions quality claim team);
}
