//! New files in DBFS.
//!
//! Why so roundabout: the server takes a file a megabyte at a time and shows what it has so far, and a block that is sent
//! twice is there twice. What always holds: a file is written beside its place, under a name that nobody else chooses,
//! and moved there when it is whole, which its size tells ([`moving`]); a write that breaks is begun anew under another
//! name; what a failed write has left is removed, unless it is all that there is of the file.

mod moving;

use super::{EntryKind, Files, MOST, told};
use crate::lake::remote::{Asked, RemoteError, RemoteWriter, Trouble};
use crate::lake::sending::{check_path, parent, pieces, size_of};
use crate::remote::error::{Kind, RemoteError as Failure};
use crate::remote::http::Workspace;
use crate::remote::http::request::Request;
use crate::remote::lenient;
use base64_simd::STANDARD;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a write is begun at most, and a move asked for.
const TRIES: u32 = 3;
/// The time before the second of them; before the third it is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Opened {
    #[serde(deserialize_with = "lenient::int64")]
    handle: i64,
}

/// What is written.
enum Content {
    Bytes(Bytes),
    File(PathBuf, u64),
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
        }
    }

    /// In blocks that the server takes, from the start.
    fn blocks(&self) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::File(path, size) => pieces(path.clone(), *size, MOST).boxed(),
            Self::Bytes(bytes) => {
                let step = usize::try_from(MOST).unwrap_or(usize::MAX);
                let next = move |mut rest: Bytes| {
                    let block = rest.split_to(step.min(rest.len()));
                    std::future::ready((!block.is_empty()).then_some((Ok(block), rest)))
                };
                stream::unfold(bytes.clone(), next).boxed()
            }
        }
    }
}

/// A part that is being written: removed when nobody waits for the write any more, as far as the program goes on.
struct Unfinished {
    workspace: Workspace,
    /// Taken out when the write has ended.
    part: Option<String>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(part) = self.part.take() else { return };
        let workspace = self.workspace.clone();
        let net = workspace.wire().net().clone();
        net.spawn(async move { discard(&workspace, &part).await });
    }
}

/// A name beside a path that nobody else chooses.
fn beside(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}.{name}.{}.part", uuid::Uuid::now_v7().simple())
}

/// Whether what broke may work when it is begun anew. A handle that is not known any more counts as broken.
fn breaks(error: &Failure) -> bool {
    error.kind().passes() || error.kind() == Kind::NotFound
}

async fn pause(tries: u32) {
    tokio::time::sleep(PAUSE * tries).await;
}

fn post(workspace: &Workspace, what: &str, path: &str, body: &Value) -> Request {
    workspace.post(&format!("/api/2.0/dbfs/{what}")).body_json(body).about(format!("`dbfs:/{path}`"))
}

/// Removes a file, if it is there.
async fn delete(workspace: &Workspace, path: &str) -> Result<(), Failure> {
    let body = json!({ "path": format!("/{path}"), "recursive": false });
    match post(workspace, "delete", path, &body).repeatable().done().await {
        Err(error) if error.kind() != Kind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what a failed write has left, if that can be done.
async fn discard(workspace: &Workspace, part: &str) {
    if let Err(error) = delete(workspace, part).await {
        tracing::warn!(part, %error, "a part of a file is left");
    }
}

impl Files {
    fn post(&self, what: &str, path: &str, body: &Value) -> Request {
        post(&self.workspace, what, path, body)
    }

    async fn make(&self, folder: &str) -> Result<(), Failure> {
        if !self.made.has(folder) {
            self.post("mkdirs", folder, &json!({ "path": format!("/{folder}") })).repeatable().done().await?;
            self.made.add(folder);
        }
        Ok(())
    }

    /// Kind and bytes of what lies there; nothing where nothing does.
    async fn found(&self, path: &str) -> Result<Option<(EntryKind, u64)>, Failure> {
        match self.ask::<super::Entry>("get-status", path, None).await {
            Ok(entry) => Ok(Some((entry.stat().kind, entry.stat().size.unwrap_or(0)))),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file that is not there yet.
    async fn fill(&self, part: &str, content: &Content) -> Result<(), Failure> {
        let body = json!({ "path": format!("/{part}"), "overwrite": false });
        let opened: Opened = self.post("create", part, &body).json().await?;
        let filled = self.add(part, opened.handle, content).await;
        // Also after a failure: what is open cannot be removed everywhere.
        let closed = self.post("close", part, &json!({ "handle": opened.handle })).done().await;
        filled.and(closed)?;
        // A block whose answer was lost on the way may have been sent once more.
        match self.found(part).await? {
            Some((_, size)) if size == content.len() => Ok(()),
            found => {
                let has = found.map_or(0, |(_, size)| size);
                let why = format!("{has} bytes have arrived of {}", content.len());
                Err(Failure::new(Kind::Cut, format!("`dbfs:/{part}`"), self.workspace.place(), why))
            }
        }
    }

    async fn add(&self, part: &str, handle: i64, content: &Content) -> Result<(), Failure> {
        let unread = |error: io::Error| {
            Failure::new(Kind::Invalid, format!("`dbfs:/{part}`"), "this machine", error.to_string())
                .with_remedy("check the file that is to be written")
        };
        let mut blocks = content.blocks();
        while let Some(block) = blocks.try_next().await.map_err(unread)? {
            let body = json!({ "handle": handle, "data": STANDARD.encode_to_string(&block) });
            self.post("add-block", part, &body).done().await?;
        }
        Ok(())
    }

    /// Writes a file beside its place and says under which path.
    async fn part(&self, path: &str, content: &Content) -> Result<String, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let part = beside(path);
            if let Some(folder) = parent(path) {
                self.make(folder).await?;
            }
            let mut unfinished = Unfinished { workspace: self.workspace.clone(), part: Some(part.clone()) };
            let filled = self.fill(&part, content).await;
            unfinished.part = None;
            let Err(error) = filled else { return Ok(part) };
            discard(&self.workspace, &part).await;
            if tries == TRIES || !breaks(&error) {
                return Err(error);
            }
            if let (Kind::NotFound, Some(folder)) = (error.kind(), parent(path)) {
                self.made.forget(folder);
            }
            tracing::info!(path, tries, why = error.why(), "written anew");
            pause(tries).await;
        }
    }
}

/// Says it for whoever writes.
fn explained(doing: &'static str, path: &str, error: Failure) -> RemoteError {
    let error = match error.kind() {
        Kind::Permission => error.with_remedy(
            "ask an administrator of the workspace, who may have closed DBFS; or write to a volume of the catalog, \
             /Volumes/CATALOG/SCHEMA/VOLUME",
        ),
        _ => error,
    };
    told(doing, path, &error)
}

fn no_threads(path: &str) -> RemoteError {
    let why = "the program could not finish it";
    RemoteError::new(Trouble::Other, "write", &format!("dbfs:/{path}"), why, "try again")
}

fn is_folder(path: &str) -> RemoteError {
    let why = "there is a folder of this name";
    RemoteError::new(Trouble::Other, "write", &format!("dbfs:/{path}"), why, "choose another name")
}

impl RemoteWriter for Files {
    // Whether a move never replaces a file that came at the same moment is documented nowhere.
    fn decides(&self) -> bool {
        false
    }

    fn create<'a>(&'a self, path: &'a str, bytes: Bytes) -> Asked<'a, bool> {
        Box::pin(async move {
            check_path("write", &format!("dbfs:/{path}"), path)?;
            let failed = |error| explained("write", path, error);
            if self.found(path).await.map_err(failed)?.is_some() {
                return Ok(false);
            }
            let content = Content::Bytes(bytes);
            let moving = self.moving().await;
            let part = self.part(path, &content).await.map_err(failed)?;
            let (files, to, size) = (self.clone(), path.to_owned(), content.len());
            let moved = self.to_the_end(moving, async move {
                let Err(error) = files.settle(&part, &to, size).await else { return Ok(true) };
                discard(&files.workspace, &part).await;
                if error.kind() == Kind::Exists { Ok(false) } else { Err(explained("write", &to, error)) }
            });
            moved.await.unwrap_or_else(|| Err(no_threads(path)))
        })
    }

    fn upload<'a>(&'a self, path: &'a str, from: &'a Path) -> Asked<'a, ()> {
        Box::pin(async move {
            let place = format!("dbfs:/{path}");
            check_path("write", &place, path)?;
            let content = Content::File(from.to_owned(), size_of(&place, from)?);
            let failed = |error| explained("write", path, error);
            if let Some((EntryKind::Folder, _)) = self.found(path).await.map_err(failed)? {
                return Err(is_folder(path));
            }
            let moving = self.moving().await;
            let part = self.part(path, &content).await.map_err(failed)?;
            let (files, to, size) = (self.clone(), path.to_owned(), content.len());
            let moved = self.to_the_end(moving, async move { files.replace(&part, &to, size).await });
            moved.await.unwrap_or_else(|| Err(no_threads(path)))
        })
    }

    fn remove<'a>(&'a self, path: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            check_path("remove", &format!("dbfs:/{path}"), path)?;
            self.calm().await;
            delete(&self.workspace, path).await.map_err(|error| explained("remove", path, error))
        })
    }

    fn settled(&self) -> Asked<'_, ()> {
        Box::pin(async move {
            self.calm().await;
            Ok(())
        })
    }

    fn remove_folder<'a>(&'a self, path: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            check_path("remove", &format!("dbfs:/{path}"), path)?;
            self.made.forget(path);
            self.calm().await;
            match delete(&self.workspace, path).await {
                // It is not empty.
                Err(error) if error.status() == Some(400) => Ok(()),
                other => other.map_err(|error| explained("remove", path, error)),
            }
        })
    }
}
