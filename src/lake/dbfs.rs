//! The old file system of a workspace: `dbfs:/…`, without the volumes of the catalog.
//!
//! Why it is apart: it lists a folder in one answer, however large, and gives bytes as text, at most a megabyte at a
//! time. What always holds: no more than that is asked for at once; a folder too large for the server to list says so.

mod write;

use super::listing::EntryKind;
use super::place::Stat;
use super::reach::{Reach, Reached};
use super::remote::{Asked, Mark, Page, Piece, RemoteEntry, RemoteError, RemoteVolume, RemoteWriter, Trouble, Version};
use super::sending::Made;
use super::unity::Session;
use crate::domain::lake_path::LakePath;
use crate::remote::error::RemoteError as Failure;
use crate::remote::http::Workspace;
use crate::remote::lenient;
use base64_simd::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::RwLock;

/// Bytes of one answer at most.
const MOST: u64 = 1 << 20;

/// DBFS of a workspace.
pub struct Dbfs {
    session: Arc<Session>,
}

impl Dbfs {
    /// Of this session's workspace.
    #[must_use]
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

impl Reach for Dbfs {
    fn reach<'a>(&'a self, path: &'a LakePath) -> Asked<'a, Reached> {
        Box::pin(async move {
            let LakePath::Remote { scheme: "dbfs", path, .. } = path else { return Ok(Reached::Nothing) };
            let Some(workspace) = self.session.workspace()? else { return Ok(Reached::Nothing) };
            Ok(Reached::Volume(
                Arc::new(Files { workspace, made: Arc::default(), moves: Arc::default() }),
                path.clone(),
            ))
        })
    }
}

#[derive(Clone)]
struct Files {
    workspace: Workspace,
    made: Arc<Made>,
    /// Held by every move of a file to its place.
    moves: Arc<RwLock<()>>,
}

#[derive(Default, Deserialize)]
struct Listed {
    #[serde(default, deserialize_with = "lenient::list")]
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    is_dir: bool,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    file_size: Option<i64>,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    modification_time: Option<i64>,
}

impl Entry {
    fn stat(&self) -> Stat {
        Stat {
            kind: if self.is_dir { EntryKind::Folder } else { EntryKind::File },
            size: self.file_size.and_then(|n| u64::try_from(n).ok()).filter(|_| !self.is_dir),
            // Folders and some old files have none.
            modified: self.modification_time.filter(|ms| *ms > 0).and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        }
    }
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    data: String,
}

impl Files {
    async fn ask<T: DeserializeOwned>(&self, what: &str, path: &str, range: Option<&Range<u64>>) -> Result<T, Failure> {
        let place = format!("/{path}");
        let request = self.workspace.get(&format!("/api/2.0/dbfs/{what}")).query("path", &place);
        let request = match range {
            Some(range) => request.query("offset", range.start).query("length", range.end - range.start),
            None => request,
        };
        request.about(format!("`dbfs:{place}`")).json().await
    }

    async fn status(&self, doing: &'static str, path: &str) -> Result<Stat, RemoteError> {
        let entry: Result<Entry, Failure> = self.ask("get-status", path, None).await;
        entry.map(|entry| entry.stat()).map_err(|error| told(doing, path, &error))
    }
}

fn told(doing: &'static str, path: &str, error: &Failure) -> RemoteError {
    RemoteError::told(doing, &format!("dbfs:/{path}"), error)
}

impl RemoteVolume for Files {
    fn page<'a>(&'a self, folder: &'a str, _: bool, _: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move {
            let listed: Listed = self.ask("list", folder, None).await.map_err(|error| told("list", folder, &error))?;
            let entry = |entry: Entry| {
                let Stat { kind, size, modified } = entry.stat();
                let name = entry.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
                (!name.is_empty()).then_some(RemoteEntry { name, kind, size, modified })
            };
            Ok(Page { entries: listed.files.into_iter().filter_map(entry).collect(), next: None })
        })
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(self.status("look at", path))
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move {
            // The answer does not tell how large the file is.
            let stat = self.status("read", path).await?;
            let (total, now) = (stat.size.unwrap_or(0), Version { etag: None, modified: stat.modified });
            if version.is_some_and(|known| *known != now) {
                let (why, remedy) = ("it was changed while it was read", "reload to read it anew");
                return Err(RemoteError::new(Trouble::Changed, "read", &format!("dbfs:/{path}"), why, remedy));
            }
            let end = range.end.min(total).min(range.start.saturating_add(MOST));
            if range.start >= end {
                return Ok(Piece { bytes: Vec::new(), total, version: now });
            }
            let piece: Read =
                self.ask("read", path, Some(&(range.start..end))).await.map_err(|error| told("read", path, &error))?;
            let bytes = STANDARD.decode_to_vec(piece.data.as_bytes()).map_err(|_| {
                let why = "the answer is not what it should be: its bytes are not in base 64";
                RemoteError::new(Trouble::Cut, "read", &format!("dbfs:/{path}"), why, "try again")
            })?;
            Ok(Piece { bytes, total, version: now })
        })
    }

    fn writer(&self) -> Option<&dyn RemoteWriter> {
        Some(self)
    }
}
