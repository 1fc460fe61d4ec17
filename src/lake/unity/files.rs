//! The files of a volume by the Files API of a workspace.
//!
//! What always holds: every byte of a path is encoded but its slashes; a directory is asked for page after page, at most
//! a thousand entries each, until there is no token.

mod upload;

use super::is_unknown;
use crate::lake::listing::EntryKind;
use crate::lake::place::Stat;
use crate::lake::remote::{Asked, Mark, Page, Piece, RemoteEntry, RemoteError, RemoteVolume, RemoteWriter, Version};
use crate::lake::sending::Made;
use crate::remote::error::{Kind, RemoteError as Failure};
use crate::remote::http::Workspace;
use crate::remote::http::answer::Answer;
use crate::remote::lenient;
use jiff::Timestamp;
use serde::Deserialize;
use std::ops::Range;

const DIRECTORIES: &str = "/api/2.0/fs/directories";
const FILES: &str = "/api/2.0/fs/files";

/// One volume.
pub(super) struct ApiVolume {
    workspace: Workspace,
    /// `/Volumes/catalog/schema/volume`.
    root: String,
    made: Made,
}

#[derive(Default, Deserialize)]
struct Listed {
    #[serde(default, deserialize_with = "lenient::list")]
    contents: Vec<Entry>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    is_directory: bool,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    file_size: Option<i64>,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    last_modified: Option<i64>,
}

impl Entry {
    fn known(self) -> Option<RemoteEntry> {
        let name = match self.name.as_str() {
            "" => self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
            name => name,
        };
        let name = name.trim_end_matches('/').to_owned();
        let kind = if self.is_directory { EntryKind::Folder } else { EntryKind::File };
        let size = self.file_size.and_then(|n| u64::try_from(n).ok()).filter(|_| !self.is_directory);
        let modified = self.last_modified.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        (!name.is_empty() && !name.contains('/')).then_some(RemoteEntry { name, kind, size, modified })
    }
}

impl ApiVolume {
    pub(super) fn new(workspace: Workspace, root: &str) -> Self {
        Self { workspace, root: root.to_owned(), made: Made::default() }
    }

    fn path(&self, inside: &str) -> String {
        if inside.is_empty() { self.root.clone() } else { format!("{}/{inside}", self.root) }
    }

    /// Why the server has no files, if it has none.
    pub(super) async fn is_missing(&self) -> Option<Failure> {
        let asked = self.workspace.head(DIRECTORIES).at(&self.root).about(format!("`{}`", self.root));
        asked.done().await.err().filter(is_unknown)
    }

    async fn look(&self, path: &str) -> Result<Stat, Failure> {
        let folder = Stat { kind: EntryKind::Folder, size: None, modified: None };
        let about = format!("`{path}`");
        // Nothing answers "file or directory?" in one request.
        let directory = self.workspace.head(DIRECTORIES).at(path).about(&about).done();
        let file = self.workspace.head(FILES).at(path).about(&about).send();
        match futures::join!(directory, file) {
            (Ok(()), _) => Ok(folder),
            (_, Ok(answer)) => Ok(Stat { kind: EntryKind::File, size: answer.length(), modified: answer.modified() }),
            // That nothing is there must be said twice: a refusal or a silence is no such answer.
            (Err(directory), Err(file)) => Err(if is_unknown(&directory) { file } else { directory }),
        }
    }

    async fn bytes(&self, path: &str, range: Range<u64>, version: Option<&Version>) -> Result<Piece, Failure> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let request = self.workspace.get(FILES).at(path).about(format!("`{path}`")).range(range.clone());
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            // A range beyond the end: of an empty file there is none.
            Err(error) if error.status() == Some(416) => {
                let head = self.workspace.head(FILES).at(path).about(format!("`{path}`")).send().await?;
                let version = Version { etag: None, modified: head.modified() };
                return Ok(Piece { bytes: Vec::new(), total: head.length().unwrap_or(0), version });
            }
            Err(error) => return Err(error),
        };
        let total = total_of(&answer);
        let now = Version { etag: None, modified: answer.modified() };
        if version.is_some_and(|known| known.modified != now.modified) {
            let why = "it was changed while it was read";
            return Err(Failure::new(Kind::Conflict, format!("`{path}`"), self.workspace.place(), why));
        }
        // A server that ignores the range sends the file from its start.
        let mut skip = if answer.range().is_some() { 0 } else { usize::try_from(range.start).unwrap_or(usize::MAX) };
        let mut bytes = Vec::new();
        while bytes.len() < wanted {
            match answer.chunk().await {
                Ok(Some(part)) => {
                    let rest = part.get(skip.min(part.len())..).unwrap_or_default();
                    skip = skip.saturating_sub(part.len());
                    let room = wanted - bytes.len();
                    bytes.extend_from_slice(rest.get(..rest.len().min(room)).unwrap_or_default());
                }
                Ok(None) => break,
                Err(_) if !bytes.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Piece { total: total.unwrap_or(range.start + bytes.len() as u64), bytes, version: now })
    }
}

fn total_of(answer: &Answer) -> Option<u64> {
    match answer.range() {
        Some((_, end, total)) => total.or(Some(end)),
        None => answer.length(),
    }
}

impl RemoteVolume for ApiVolume {
    fn page<'a>(&'a self, folder: &'a str, _: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move {
            let path = self.path(folder);
            let request = self.workspace.get(DIRECTORIES).at(&path).about(format!("`{path}`"));
            let request = request.query_opt("page_token", from.token.as_deref());
            let listed: Listed = request.json().await.map_err(|error| RemoteError::told("list", &path, &error))?;
            let next = listed.next_page_token.filter(|token| !token.is_empty());
            let entries = listed.contents.into_iter().filter_map(Entry::known).collect();
            Ok(Page { entries, next: next.map(|token| Mark { token: Some(token), ..Mark::default() }) })
        })
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(async move {
            let path = self.path(path);
            self.look(&path).await.map_err(|error| RemoteError::told("look at", &path, &error))
        })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move {
            let path = self.path(path);
            self.bytes(&path, range, version).await.map_err(|error| RemoteError::told("read", &path, &error))
        })
    }

    fn writer(&self) -> Option<&dyn RemoteWriter> {
        Some(self)
    }
}
