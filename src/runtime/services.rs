//! Everything the loop asks of the outside: files, the store, tasks, what is remembered between sessions.

use super::OpenError;
use super::connections::Shared;
use super::files::Files;
use super::jobs::{Folders, Jobs};
use super::message::Sender;
use super::server::Server;
use super::sql::Sql;
use super::store_desk::StoreDesk;
use super::table_stores::{TableStores, unusable};
use super::tables::Tables;
use crate::app::effect::Effect;
use crate::app::places::Places;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::places::{Place, Recent, Remembered};
use crate::domain::ids::ProjectId;
use crate::lake::Lake;
use crate::remote::net::Net;
use crate::store::records::Mode;
use crate::store::{self, Store};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a store that is neither a file nor a server with a store of its own: a table, or the tables of an engine.
pub type StoreOpener = Arc<dyn Fn(Mode) -> store::Result<Box<dyn Store>> + Send + Sync>;

/// Which store is used, and how it is opened.
#[derive(Clone)]
pub struct StorePlace {
    opener: Option<StoreOpener>,
    /// The file that is used where no server is named.
    file: String,
    server: Option<Server>,
    read_only: bool,
    net: Net,
}

impl StorePlace {
    /// The store of the settings: a file, a server, the tables of an engine; the database in the data folder where none is
    /// named.
    #[must_use]
    pub fn of(loaded: &Loaded, environment: &Environment, connections: &Shared) -> Self {
        let (settings, net) = (&loaded.settings, connections.net().clone());
        let opener = match TableStores::of(&settings.store, loaded, connections) {
            Ok(tables) => tables.map(|tables| tables.opener()),
            Err(error) => Some(unusable(&error)),
        };
        // The tables of an engine have their journals beside their mirrors.
        let is_other = || Server::of(&settings.store, loaded, environment, connections);
        let server = if opener.is_some() { None } else { is_other() };
        let own = || loaded.paths.database().to_string_lossy().into_owned();
        let file = if settings.store.is_empty() { own() } else { settings.store.clone() };
        Self { opener, file, server, read_only: settings.read_only, net }
    }

    /// The same, opened in this way where one is given.
    #[must_use]
    pub fn opened_by(self, opener: Option<StoreOpener>) -> Self {
        Self { opener: opener.or(self.opener), ..self }
    }

    /// The journal of a server; nothing for a file.
    pub(super) fn journal(&self) -> Option<&Path> {
        self.server.as_ref().map(Server::journal)
    }

    /// Opens it for reading; a store that does not exist yet is made, unless nothing may be written.
    ///
    /// # Errors
    /// The store's own.
    pub fn open(&self) -> store::Result<Box<dyn Store>> {
        let mode = if self.read_only { Mode::Read } else { Mode::Create };
        if let Some(opener) = &self.opener {
            return opener(mode);
        }
        match &self.server {
            Some(server) => server.open_kept(mode),
            None => store::open(&self.file, mode, &self.net),
        }
    }

    /// The id of a project by its name.
    ///
    /// # Errors
    /// The store cannot be opened, or has no such project.
    pub fn project_named(&self, name: &str) -> Result<ProjectId, OpenError> {
        let found = self.open().and_then(|mut store| store.project_by_name(name)).map_err(OpenError::Store)?;
        found.map(|p| p.id).ok_or_else(|| OpenError::NoProject(crate::domain::text::printable(name).into_owned()))
    }
}

/// The services of a running program.
pub struct Services {
    files: Files,
    tables: Tables,
    sql: Sql,
    connections: Shared,
    store: StoreDesk,
    jobs: Jobs,
    places_file: PathBuf,
}

impl Services {
    /// Starts the threads. Nothing is opened yet: the first frame comes first.
    #[must_use]
    pub fn start(
        store: StorePlace,
        (files, tables): (Files, Tables),
        lake: Lake,
        loaded: Loaded,
        connections: Shared,
        sender: Sender,
    ) -> Self {
        let user = loaded.user.clone();
        let desk = StoreDesk::start(store.clone(), user.clone(), sender.clone());
        let history = (!loaded.settings.read_only).then(|| loaded.paths.sql_history());
        let sql = Sql::new(connections.clone(), loaded.settings.store.clone(), history, sender.clone());
        let folders = Folders {
            scratch: loaded.paths.scratch(),
            rejects: loaded.paths.rejects(),
            exports: loaded.paths.exports(),
        };
        let jobs = Jobs::new(store, lake, user, folders, sql.clone(), sender);
        let places_file = loaded.paths.places_file();
        Self { files, tables, sql, connections, store: desk, jobs, places_file }
    }

    /// Does what an effect asks.
    pub fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(tag, query) => {
                let left = self.files.ask(tag, query).and_then(|(tag, query)| self.tables.ask(tag, query));
                let left = left.and_then(|(tag, query)| self.sql.ask(tag, query));
                let left = left.and_then(|(tag, query)| self.jobs.ask(tag, query));
                if let Some((tag, query)) = left {
                    self.store.ask(tag, query);
                }
            }
            Effect::Forget(slot) => {
                self.files.forget(slot);
                self.tables.forget(slot);
                self.sql.forget(slot);
                self.jobs.forget(slot);
            }
            Effect::UseProfile(name) => {
                self.connections.use_profile(&name);
                self.tables.forget_engine();
            }
            Effect::Reread => self.files.reread(),
            Effect::Write(write) => self.store.write(write),
            Effect::Team(order) => self.store.team(order),
            Effect::Start(id, job) => self.jobs.start(id, job),
            Effect::Cancel(id) => self.jobs.cancel(id),
            Effect::Quit
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Copy(_)
            | Effect::Theme(_)
            | Effect::SavePlaces => {}
        }
    }

    /// Keeps recents and bookmarks for the next start. What cannot be kept is not worth a word on the screen.
    pub fn save_places(&self, places: &Places) {
        let now = Timestamp::now();
        let recent = |path: &String| Recent {
            place: Place::Path(path.clone()),
            cursor: String::new(),
            filter: String::new(),
            order: String::new(),
            screen: String::new(),
            at: now,
        };
        let saved = Remembered::change(&self.places_file, |remembered| {
            remembered.recents = places.recents.iter().map(recent).collect();
            remembered.bookmarks = ('a'..='z').chain('A'..='Z').zip(places.bookmarks.iter().cloned()).collect();
        });
        if let Err(error) = saved {
            tracing::warn!(%error, "recent places were not kept");
        }
    }

    /// Ends the tasks and writes what waits; says [`super::message::Message::Settled`] when everything is written.
    pub fn finish(&mut self) {
        self.tables.finish();
        self.sql.finish();
        self.jobs.cancel_all();
        self.store.finish();
    }
}
