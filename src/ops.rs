//! Whole workflows without a screen: scan a source, export a project, count and measure it, make a demo data set.
//!
//! Why: the screens and the headless subcommands must do exactly the same thing, so both call this and both show the
//! same records ([`report`]). What always holds: memory is bounded whatever the size of the source, progress is
//! reported, every workflow can be cancelled between two steps, and nothing half-done is left looking finished.

pub mod agreement;
pub mod demo;
pub mod export;
pub mod gold;
pub mod guideline;
pub mod import;
pub mod options;
pub mod quality;
pub mod queue;
pub mod reading;
pub mod report;
pub mod row_pictures;
pub mod scan;
pub mod skeletons;
pub mod snap;
pub mod stats;
pub mod table_files;
pub mod versions;

use crate::domain::text::{encode_os, grouped, printable};
use crate::formats::csv::CsvError;
use crate::lake::LakeError;
use crate::store::StoreError;
use report::TaskProgress;
use std::io;
use std::path::Path;

/// Why a workflow ended early.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// It was told to stop. What was done until then stays and is taken up by the next run.
    #[error("cancelled")]
    Cancelled,
    /// The source cannot be reached.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A CSV file cannot be used.
    #[error("`{file}`: {error}")]
    Csv {
        /// The file, ready to be shown.
        file: String,
        /// What is wrong with it.
        error: CsvError,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {doing} `{path}`: {why}")]
    File {
        /// What was tried: `write`, `create`.
        doing: &'static str,
        /// The file, ready to be shown.
        path: String,
        /// Why, and what to do.
        why: String,
    },
    /// Something is there already.
    #[error("`{0}` exists already; choose another name, or say that it may be replaced")]
    Exists(String),
    /// A file of somebody else cannot be used. Place, reason and remedy.
    #[error("{0}")]
    Data(String),
    /// The request makes no sense. A whole sentence.
    #[error("{0}")]
    Invalid(String),
    /// It came in the middle of what is written piece by piece.
    #[error("{error}; {} pictures were done before that; the same again does the rest", grouped(*.saved))]
    Begun {
        /// Pictures whose answers were saved.
        saved: u64,
        /// What came.
        error: Box<Self>,
    },
}

impl OpsError {
    /// The error with what was written before it; being told to stop is no error, and says that by itself.
    pub(crate) fn after(self, saved: u64) -> Self {
        match self {
            error @ (Self::Cancelled | Self::Begun { .. }) => error,
            error if saved == 0 => error,
            error => Self::Begun { saved, error: Box::new(error) },
        }
    }

    pub(crate) fn file(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "no space is left; free some space or choose another place".to_owned()
            }
            io::ErrorKind::PermissionDenied => "permission denied; choose another place".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "nothing can be written there; choose another place".to_owned(),
            io::ErrorKind::NotADirectory => {
                "a part of the path is a file and no folder; check the spelling, or choose another place".to_owned()
            }
            io::ErrorKind::NotFound if doing == "write" => {
                "the folder does not exist; make it, or check the spelling".to_owned()
            }
            io::ErrorKind::NotFound => "it does not exist; check the spelling".to_owned(),
            _ => error.to_string(),
        };
        Self::File { doing, path: shown(path), why }
    }
}

/// A path, ready to be shown.
pub(crate) fn shown(path: &Path) -> String {
    printable(&encode_os(path.as_os_str())).into_owned()
}

/// Who watches a workflow: told how far it is, asked whether to stop.
pub struct Watch<'a> {
    /// Called now and then, and once at the end.
    pub progress: &'a mut dyn FnMut(&TaskProgress),
    /// Asked between two steps.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Watch<'_> {
    pub(crate) fn check(&self) -> Result<(), OpsError> {
        if (self.cancelled)() { Err(OpsError::Cancelled) } else { Ok(()) }
    }

    pub(crate) fn tell(&mut self, progress: &TaskProgress) {
        (self.progress)(progress);
    }
}
