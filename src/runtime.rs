//! The loop: runs effects, owns tasks and threads, presents pictures; and what surrounds it: the log file, crash files.

pub mod bench;
pub mod compute;
pub mod connections;
pub mod crash;
mod elsewhere;
pub mod engines;
pub mod event_loop;
pub mod files;
pub mod jobs;
pub mod lakebase;
pub mod logging;
pub mod machine_ids;
pub mod message;
pub mod mouse;
pub mod pool;
pub mod present;
pub mod reach;
pub mod screen;
mod seat;
pub mod server;
pub mod services;
pub mod signals;
pub mod sql;
mod start;
pub mod store_desk;
pub mod store_reads;
pub mod store_review;
pub mod table_stores;
pub mod tables;
mod team;

pub use start::open;

use self::connections::Shared;
use self::services::StoreOpener;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::domain::lake_path::LakePath;
use crate::store::StoreError;
use crate::term::guard::GuardError;

/// What to open, and with which settings.
pub struct OpenRequest {
    /// The place to open; without it, the Home screen.
    pub target: Option<LakePath>,
    /// The project to open, by name.
    pub project: Option<String>,
    /// How the store is opened, where the settings do not say it.
    pub store: Option<StoreOpener>,
    /// What to say first; `[action.id]` becomes the key of the action.
    pub welcome: Option<String>,
    /// The settings.
    pub loaded: Loaded,
    /// The environment.
    pub environment: Environment,
    /// The connections of the whole program.
    pub connections: Shared,
}

/// What stays behind when the screen is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Edits that are kept in the journal and were not sent yet.
    pub unsent: u64,
}

/// Why the screen could not be opened, or was left with something undone.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The terminal cannot be used.
    #[error(transparent)]
    Terminal(#[from] GuardError),
    /// The system gave no thread, timer or signal handler.
    #[error("the system gave no thread or timer: {0}; close something and try again")]
    Runtime(std::io::Error),
    /// The store of the project that was asked for cannot be opened.
    #[error(transparent)]
    Store(StoreError),
    /// There is no project of this name.
    #[error("there is no project `{0}`; `lakelens project list` shows all of them")]
    NoProject(String),
    /// Changes could not be written before the program ended.
    #[error("{0} changes could not be written: {1}")]
    Unsaved(usize, String),
}
