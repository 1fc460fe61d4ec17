//! Moves of files that are whole to their places in DBFS.
//!
//! Why apart: a file is replaced in two steps, and between them there is none of that name. What always holds: a move that
//! was begun goes on to its end, also when nobody waits for it any more; nothing is removed while one is under way.

use super::super::Files;
use super::told;
use super::{EntryKind, TRIES, breaks, delete, discard, explained, pause};
use crate::lake::remote::RemoteError;
use crate::remote::error::RemoteError as Failure;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::OwnedRwLockReadGuard;

/// Held as long as a file may be on its way.
pub(super) type Moving = OwnedRwLockReadGuard<()>;

impl Files {
    /// From now on nothing is removed, until this is dropped.
    pub(super) async fn moving(&self) -> Moving {
        Arc::clone(&self.moves).read_owned().await
    }

    /// Waits until nothing is on its way.
    pub(super) async fn calm(&self) {
        drop(self.moves.write().await);
    }

    /// Does something to its end, whether or not it is waited for; nothing where there are no threads to do it.
    pub(super) async fn to_the_end<T>(
        &self,
        moving: Moving,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
    {
        let task = self.workspace.wire().net().spawn(async move {
            let done = work.await;
            drop(moving);
            done
        });
        task?.await.ok()
    }

    /// Moves a part to its place.
    pub(super) async fn settle(&self, part: &str, path: &str, size: u64) -> Result<(), Failure> {
        let body = json!({ "source_path": format!("/{part}"), "destination_path": format!("/{path}") });
        let mut tries = 0;
        loop {
            tries += 1;
            let Err(error) = self.post("move", path, &body).done().await else { return Ok(()) };
            if !breaks(&error) {
                return Err(error);
            }
            // The answer may have been lost of a move that was made.
            if self.found(part).await?.is_none() {
                return match self.found(path).await? {
                    Some((EntryKind::File, found)) if found == size => Ok(()),
                    _ => Err(error),
                };
            }
            if tries == TRIES {
                return Err(error);
            }
            pause(tries).await;
        }
    }

    /// Puts a part in the place of what is there.
    pub(super) async fn replace(&self, part: &str, path: &str, size: u64) -> Result<(), RemoteError> {
        if let Err(error) = delete(&self.workspace, path).await {
            discard(&self.workspace, part).await;
            return Err(explained("write", path, error));
        }
        // From here on the part may be all that there is of the file.
        self.settle(part, path, size).await.map_err(|error| {
            let remedy = format!("the new file is whole at `dbfs:/{part}`: move it to its place, or try again");
            told("write", path, &error.with_remedy(remedy))
        })
    }
}
