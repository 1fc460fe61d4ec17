//! Delta tables that are read directly, without any engine: from a folder, a bucket or a volume.
//!
//! Why: what a table holds, its history and what changed between two of its versions are wanted long before somebody
//! starts a cluster. What always holds: only [`mod@write`] writes; a table is only as many rows in memory as were asked for,
//! and for a comparison the ids and classes of the files that differ; whatever a log or a file holds, the answer is an
//! error with a remedy and never a panic.
//!
//! All calls block: they are for threads that may wait, never for the screen's and never for those of
//! [`Net`], which do the reading.

mod diff;
mod error;
mod files;
mod located;
mod log;
mod put;
mod rows;
mod write;

pub use diff::Columns;
pub use error::DeltaError;
pub use write::{Mode, Put, Rows};

use self::error::{told, words};
use self::files::Files;
use self::located::located;
use super::place::{Lake, LakeError};
use super::reach::Reached;
use super::remote::Stop;
use crate::domain::lake_path::LakePath;
use crate::domain::sheet::Column;
use crate::domain::text::printable;
use crate::domain::unwind::caught;
use crate::domain::version::At;
use crate::remote::net::Net;
use delta_kernel::cancellation::{CancellationToken as Token, CancellationTokenRef, CancelledFuture};
use delta_kernel::history_manager::{HistoryCommitType, latest_version_as_of};
use delta_kernel::{KernelError, Snapshot, SnapshotRef};
use delta_kernel_default_engine::DefaultEngine;
use delta_kernel_default_engine::executor::tokio::TokioMultiThreadExecutor;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What calls here return.
pub type Result<T> = std::result::Result<T, DeltaError>;

type Engine = DefaultEngine<TokioMultiThreadExecutor>;

/// Rows of one batch of the log.
const LOG_BATCH: usize = 1000;
/// Files that are fetched ahead.
const AHEAD: usize = 4;
/// How often it is looked whether an answer is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// A Delta table.
pub struct DeltaTable {
    place: String,
    /// The folder of the table as the reader addresses it.
    root: String,
    /// The same folder below [`Files`], without slashes at its ends.
    folder: String,
    files: Files,
    net: Net,
}

/// What is known of a table at a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// Where it is.
    pub place: String,
    /// The version.
    pub version: i64,
    /// When the version was made.
    pub at: Option<Timestamp>,
    /// The first version that can be read, and the last one.
    pub versions: (i64, i64),
    /// Names and types of the columns.
    #[serde(skip)]
    pub columns: Vec<Column>,
    /// The columns by which the files are divided.
    pub partitions: Vec<String>,
    /// Settings of the table.
    pub properties: BTreeMap<String, String>,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows, where the statistics of all files tell.
    pub rows: Option<u64>,
}

struct Wanted(CancellationToken);

impl Token for Wanted {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn cancelled_future(&self) -> CancelledFuture<'_> {
        Box::pin(self.0.cancelled())
    }
}

/// A token that is cancelled when something else says stop, for as long as this is there.
pub struct Until {
    token: CancellationToken,
    watching: Option<tokio::task::JoinHandle<()>>,
}

impl Until {
    /// Begins to watch.
    #[must_use]
    pub fn new(lake: &Lake, stop: &Stop) -> Self {
        let token = CancellationToken::new();
        let (raised, stop) = (token.clone(), stop.clone());
        let watching = lake.net().spawn(async move {
            while !stop.is_raised() {
                tokio::time::sleep(GLANCE).await;
            }
            raised.cancel();
        });
        Self { token, watching }
    }

    /// What is cancelled.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(watching) = &self.watching {
            watching.abort();
        }
    }
}

fn token(stop: &CancellationToken) -> CancellationTokenRef {
    Arc::new(Wanted(stop.clone()))
}

impl DeltaTable {
    /// Finds the table of a folder, or of a catalog that says where its files lie. Only the catalog is asked; whether
    /// there is a table shows when it is read.
    ///
    /// # Errors
    /// When the place cannot be reached, or the catalog's table is no Delta table.
    pub fn open(lake: &Lake, path: &LakePath, net: &Net, stop: &CancellationToken) -> Result<Self> {
        let until = stop.clone();
        let raised = Stop::new(move || until.is_cancelled());
        let shown = printable(&path.to_string()).into_owned();
        let (location, reached) = match path {
            LakePath::Table(..) => located(lake, path, &raised)?,
            other => (other.clone(), lake.reach(other, &raised)?.0),
        };
        let (files, folder, root) = match reached {
            Reached::Folder(folder) => {
                let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
                let Some(text) = folder.to_str() else {
                    let why = "the name of its folder is not UTF-8".to_owned();
                    return Err(DeltaError::NotHere { place: shown, why });
                };
                (Files::Here, text.trim_matches('/').to_owned(), format!("file://{}", encoded(text)))
            }
            Reached::Volume(volume, inside) => {
                let authority = match &location {
                    LakePath::Remote { scheme, authority, .. } if !authority.is_empty() => {
                        format!("{scheme}://{authority}")
                    }
                    _ => "lake://volume".to_owned(),
                };
                let root = format!("{authority}/{}", encoded(&inside));
                (Files::There(volume), inside.trim_matches('/').to_owned(), root)
            }
            Reached::Nothing => return Err(LakeError::NeedsConnection(shown).into()),
        };
        let root = format!("{}/", root.trim_end_matches('/'));
        Ok(Self { place: shown, root, folder, files, net: net.clone() })
    }

    /// As [`Self::open`], on the threads that the lake's own servers are talked to on.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reached(lake: &Lake, path: &LakePath, stop: &CancellationToken) -> Result<Self> {
        Self::open(lake, path, &lake.net(), stop)
    }

    /// Where it is; can be shown.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The first version that can be read, and the newest one. Costs one listing of the log.
    ///
    /// # Errors
    /// [`DeltaError::NotDelta`], and those of the place.
    pub fn versions(&self, stop: &CancellationToken) -> Result<(i64, i64)> {
        let versions = self.log(stop)?.versions();
        versions.ok_or_else(|| DeltaError::NotDelta { place: self.place.clone() })
    }

    /// The version that a state is now.
    ///
    /// # Errors
    /// [`DeltaError::NoVersion`] with those that there are, and what is wrong with the table.
    pub fn version(&self, at: &At, stop: &CancellationToken) -> Result<i64> {
        let (first, last) = self.versions(stop)?;
        match at {
            At::Now => Ok(last),
            At::Version(n) if (first..=last).contains(n) => Ok(*n),
            At::Version(n) => Err(self.no_version(&n.to_string(), first, last)),
            At::Time(text) => {
                let ms = time(text).ok_or_else(|| self.no_version(text, first, last))?.as_millisecond();
                let engine = self.engine(LOG_BATCH)?;
                let newest = self.snapshot(&engine, last, stop)?;
                self.guarded(Some(last), stop, || {
                    let found = latest_version_as_of(&newest, engine.as_ref(), ms, HistoryCommitType::Recreatable);
                    Ok(found.map(|commit| i64::try_from(commit.version).unwrap_or(i64::MAX)))
                })?
                .map_err(|error| match error {
                    KernelError::LogHistory(_) => {
                        self.no_version(&format!("at {text}, which is before its first commit"), first, last)
                    }
                    other => self.failure(&other, Some(last), stop),
                })
            }
        }
    }

    fn no_version(&self, wanted: &str, first: i64, last: i64) -> DeltaError {
        let have = if first == last { format!("it has only {first}") } else { format!("it has {first} to {last}") };
        let cleaned = if first > 0 { ", older ones were cleaned up" } else { "" };
        DeltaError::NoVersion { place: self.place.clone(), wanted: wanted.to_owned(), have: format!("{have}{cleaned}") }
    }

    /// What is known of the table at a version: read from its log alone.
    ///
    /// # Errors
    /// As [`Self::version`].
    pub fn about(&self, at: &At, stop: &CancellationToken) -> Result<About> {
        let (first, last) = self.versions(stop)?;
        let version = self.version(at, stop)?;
        let engine = self.engine(LOG_BATCH)?;
        let snapshot = self.snapshot(&engine, version, stop)?;
        let files = self.scan_files(&engine, &snapshot, None, stop)?;
        self.guarded(Some(version), stop, || {
            let configuration = snapshot.table_configuration();
            let metadata = configuration.metadata();
            let ms = snapshot.get_timestamp(engine.as_ref()).ok();
            let rows = files.iter().try_fold(0_u64, |sum, file| {
                let all = file.stats.as_ref()?.num_records;
                let gone = file.dv_info.cardinality().ok()?.unwrap_or(0);
                sum.checked_add(all.saturating_sub(gone))
            });
            Ok(About {
                place: self.place.clone(),
                version,
                at: ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
                versions: (first, last),
                columns: rows::columns(&snapshot.schema()),
                partitions: metadata.partition_columns().iter().map(ToString::to_string).collect(),
                properties: metadata.configuration().iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
                files: files.len() as u64,
                bytes: files.iter().map(|f| u64::try_from(f.size).unwrap_or(0)).sum(),
                rows,
            })
        })
    }

    /// A reader of batches of so many rows. It keeps nothing, and makes its requests on the threads of [`Net`].
    fn engine(&self, batch: usize) -> Result<Arc<Engine>> {
        let handle = self.net.handle().ok_or_else(|| DeltaError::NotHere {
            place: self.place.clone(),
            why: "the system gives no threads".to_owned(),
        })?;
        let builder = DefaultEngine::builder(Arc::new(self.files.clone()));
        let builder = builder.with_task_executor(Arc::new(TokioMultiThreadExecutor::new(handle)));
        let (batch, ahead) = (NonZero::new(batch).unwrap_or(NonZero::<usize>::MIN), NonZero::new(AHEAD));
        let builder = builder.with_batch_size(batch).with_buffer_size(ahead.unwrap_or(NonZero::<usize>::MIN));
        Ok(Arc::new(builder.build()))
    }

    fn snapshot(&self, engine: &Engine, version: i64, stop: &CancellationToken) -> Result<SnapshotRef> {
        let wanted = u64::try_from(version).unwrap_or(0);
        self.guarded(Some(version), stop, || {
            let builder = Snapshot::builder_for(&self.root).at_version(wanted).with_cancellation_token(token(stop));
            builder.build(engine).map_err(|e| self.failure(&e, Some(version), stop))
        })
    }

    /// What the reader says, with the damaged line where that is the cause.
    fn failure(&self, error: &KernelError, version: Option<i64>, stop: &CancellationToken) -> DeltaError {
        told(&self.place, error).unwrap_or_else(|| self.damage(&error.to_string(), version, stop))
    }

    /// Runs code of the reader and turns a panic into an error: it is a large parser fed by files from anywhere. What it
    /// works on is its own and is dropped with it.
    fn guarded<T>(
        &self,
        version: Option<i64>,
        stop: &CancellationToken,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        match caught(work) {
            Some(done) => done,
            None => Err(self.damage("the reader gave up on it", version, stop)),
        }
    }

    fn inside(&self, below: &str) -> String {
        if self.folder.is_empty() { below.to_owned() } else { format!("{}/{below}", self.folder) }
    }

    /// Waits for files, no longer than they are wanted.
    fn wait<T>(&self, stop: &CancellationToken, answer: impl Future<Output = object_store::Result<T>>) -> Result<T> {
        let done = self.net.wait(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => None,
                done = answer => Some(done),
            }
        });
        let Some(done) = done else { return Err(DeltaError::Cancelled { place: self.place.clone() }) };
        done.map_err(|error| {
            let error = KernelError::from(error);
            told(&self.place, &error).unwrap_or_else(|| DeltaError::Unreadable {
                place: self.place.clone(),
                file: "_delta_log".to_owned(),
                why: words(&error.to_string()),
                remedy: "check that you may read it",
            })
        })
    }
}

/// A path as part of an address: every byte that could mean something else is written in hexadecimal.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A time; one without a zone is in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let utc = |at: jiff::civil::DateTime| at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp());
    let stamp = text.parse::<Timestamp>().ok();
    let date_time = || text.parse::<jiff::civil::DateTime>().ok().and_then(utc);
    let date = || text.parse::<jiff::civil::Date>().ok().and_then(|d| utc(d.at(0, 0, 0, 0)));
    stamp.or_else(date_time).or_else(date)
}
