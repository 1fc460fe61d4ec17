//! The server that a store location names, and how it is reached: by the screens, by the subcommands, by `doctor`.
//!
//! What always holds: where a location holds no password, `PGPASSWORD` gives it, as for every program of PostgreSQL, or
//! the workspace mints one; the journal is named after the location, so that it is found without asking anybody.

use super::connections::Shared;
use super::lakebase::LakebaseStore;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::remote::net::Net;
use crate::remote::password::{Fixed, PasswordSource};
use crate::remote::secret::Secret;
use crate::store::locate::{file_of, on_server, shown};
use crate::store::outbox::{Connect, Outboxed, journal_path};
use crate::store::postgres::address::Address;
use crate::store::postgres::{self, Health};
use crate::store::records::Mode;
use crate::store::{Result, Store, open_with};
use std::path::PathBuf;
use std::sync::Arc;

/// A server with a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server {
    location: String,
    /// The password for a location that holds none.
    password: Secret,
    lakebase: Option<LakebaseStore>,
    net: Net,
    /// Where edits are kept until they are sent.
    journal: PathBuf,
    place: String,
}

impl Server {
    /// The server of a location; nothing where it means a file.
    #[must_use]
    pub fn of(location: &str, loaded: &Loaded, environment: &Environment, connections: &Shared) -> Option<Self> {
        if file_of(location).is_some() {
            return None;
        }
        let password = Secret::new(environment.get("PGPASSWORD").unwrap_or_default());
        let lakebase = LakebaseStore::of(location, connections);
        let place = lakebase.as_ref().map_or_else(|| shown(location), LakebaseStore::place);
        let journal = journal_path(&loaded.paths.journals(), &place);
        Some(Self { location: location.to_owned(), password, lakebase, net: connections.net().clone(), journal, place })
    }

    /// The journal of its edits, which exists once an edit was made here.
    #[must_use]
    pub fn journal(&self) -> &std::path::Path {
        &self.journal
    }

    /// The address, under the name by which the person knows it, and what gives its passwords. May ask a workspace, and
    /// waits.
    fn reach(&self) -> Result<(Address, Arc<dyn PasswordSource>)> {
        match &self.lakebase {
            Some(lakebase) => {
                let (location, password) = lakebase.reach()?;
                Ok((Address::parse(&location)?.called(&self.place), password))
            }
            None => Ok((Address::parse(&self.location)?, Arc::new(Fixed(self.password.clone())))),
        }
    }

    /// Connects; edits go to the server at once.
    ///
    /// # Errors
    /// As [`crate::store::open`].
    pub fn open(&self, mode: Mode) -> Result<Box<dyn Store>> {
        if self.lakebase.is_none() {
            return open_with(&self.location, mode, &self.net, Some(Arc::new(Fixed(self.password.clone()))));
        }
        let (address, password) = self.reach()?;
        on_server(address, mode, &self.net, Some(password))
    }

    /// Opens the journal and connects; edits go through the journal. A server that cannot be reached now is reached by a
    /// later call, and what waits in the journal is sent then.
    ///
    /// # Errors
    /// As [`crate::store::open`], or the journal's.
    pub fn open_kept(&self, mode: Mode) -> Result<Box<dyn Store>> {
        if mode == Mode::Read {
            return self.open(mode);
        }
        let server = self.clone();
        let connect: Connect = Arc::new(move || server.open(mode));
        Ok(Box::new(Outboxed::open(&self.journal, &self.place, connect)?))
    }

    /// Connects and looks, without writing, for the checks of `doctor`.
    ///
    /// # Errors
    /// As [`crate::store::postgres::health`].
    pub fn health(&self) -> Result<Health> {
        let (address, password) = self.reach()?;
        postgres::health_of(address, Some(password), &self.net)
    }
}
