//! The loop: runs effects, owns tasks and threads, presents pictures; and what surrounds it: the log file, crash files.

pub mod crash;
pub mod logging;
pub mod pool;
pub mod present;

use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::domain::lake_path::LakePath;

/// What to open, and with which settings.
#[derive(Debug)]
pub struct OpenRequest {
    /// The place to open; without it, the Home screen.
    pub target: Option<LakePath>,
    /// The project to open, by name.
    pub project: Option<String>,
    /// The settings.
    pub loaded: Loaded,
    /// The environment.
    pub environment: Environment,
}

/// Why the screen could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// This build has no screen.
    #[error("this build has no screen; the subcommands work, see `lakelens --help`")]
    NoScreen,
}

/// Opens the screen and returns when the user leaves it.
///
/// # Errors
/// When the terminal cannot be used.
pub fn open(request: OpenRequest) -> Result<(), OpenError> {
    drop(request);
    Err(OpenError::NoScreen)
}
