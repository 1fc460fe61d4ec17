//! New files in buckets.
//!
//! What always holds: a file that must not be there yet is asked for once, because an answer that was lost does not say
//! whether it was heeded; whatever else is asked for again says the same the second time; the pieces of a file that nobody
//! waits for any more are given up.

use super::trouble::{Fault, fault_of};
use super::{Bucket, LentBucket, Trouble};
use crate::lake::remote::{Asked, RemoteError, RemoteWriter};
use crate::lake::sending::{check_path, piece};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::fs::File;

/// Bytes of one piece of a file; S3 takes 10,000 of them.
pub(super) const PIECE: u64 = 16 << 20;

/// Whether a server says that there is a file of this name already, or that somebody is just making one.
fn is_taken(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. })
        || matches!(fault_of(error), Some(Fault::Answered { status: 409 | 412, .. }))
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) || matches!(fault_of(error), Some(Fault::Answered { status: 404, .. }))
}

fn local(source: std::io::Error) -> Error {
    Error::Generic { store: "this machine", source: Box::new(source) }
}

async fn upload(store: &dyn ObjectStore, to: &Path, from: &std::path::Path) -> object_store::Result<()> {
    let file = File::open(from).map_err(local)?;
    let small = file.metadata().map_err(local)?.len() <= PIECE;
    let (mut file, mut bytes) = piece(file, PIECE).await.map_err(local)?;
    if small {
        return store.put(to, PutPayload::from_bytes(bytes)).await.map(drop);
    }
    let mut pieces = Pieces(Some(store.put_multipart(to).await?));
    let Some(parts) = &mut pieces.0 else { return Ok(()) };
    let sent = async {
        while !bytes.is_empty() {
            parts.put_part(PutPayload::from_bytes(std::mem::take(&mut bytes))).await?;
            (file, bytes) = piece(file, PIECE).await.map_err(local)?;
        }
        parts.complete().await.map(drop)
    };
    let sent = sent.await;
    if let (Err(_), Some(mut parts)) = (&sent, pieces.0.take()) {
        drop(parts.abort().await);
    }
    sent
}

/// The pieces of a file that is not complete: they are kept, and paid for, until they are given up.
struct Pieces(Option<Box<dyn MultipartUpload>>);

impl Drop for Pieces {
    fn drop(&mut self) {
        if let (Some(mut parts), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::warn!(%error, "pieces of a file are left");
                }
            });
        }
    }
}

impl RemoteWriter for Bucket {
    fn create<'a>(&'a self, path: &'a str, bytes: Bytes) -> Asked<'a, bool> {
        Box::pin(async move {
            let location = self.path("write", path)?;
            self.ask("write", path, |store| {
                let (location, bytes) = (location.clone(), bytes.clone());
                async move {
                    let options = PutOptions::from(PutMode::Create);
                    match store.objects.put_opts(&location, PutPayload::from_bytes(bytes), options).await {
                        Ok(_) => Ok(true),
                        Err(error) if is_taken(&error) => Ok(false),
                        Err(error) => Err(error),
                    }
                }
            })
            .await
        })
    }

    fn upload<'a>(&'a self, path: &'a str, from: &'a std::path::Path) -> Asked<'a, ()> {
        Box::pin(async move {
            let location = self.path("write", path)?;
            self.ask("write", path, |store| {
                let location = location.clone();
                async move { upload(store.objects.as_ref(), &location, from).await }
            })
            .await
        })
    }

    fn remove<'a>(&'a self, path: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let location = self.path("remove", path)?;
            let removed: Result<(), RemoteError> = self
                .ask("remove", path, |store| {
                    let location = location.clone();
                    async move {
                        match store.objects.delete(&location).await {
                            Err(error) if !is_missing(&error) => Err(error),
                            _ => Ok(()),
                        }
                    }
                })
                .await;
            match removed {
                Err(error) if error.trouble == Trouble::NotFound => Ok(()),
                other => other,
            }
        })
    }
}

impl LentBucket {
    /// The path below the bucket; only below the folder that was lent.
    fn below(&self, doing: &'static str, path: &str) -> Result<String, RemoteError> {
        let whole = self.path(path);
        check_path(doing, &self.bucket.uri(&whole), path)?;
        Ok(whole)
    }
}

impl RemoteWriter for LentBucket {
    fn decides(&self) -> bool {
        self.bucket.decides()
    }

    fn create<'a>(&'a self, path: &'a str, bytes: Bytes) -> Asked<'a, bool> {
        Box::pin(async move { self.bucket.create(&self.below("write", path)?, bytes).await })
    }

    fn upload<'a>(&'a self, path: &'a str, from: &'a std::path::Path) -> Asked<'a, ()> {
        Box::pin(async move { self.bucket.upload(&self.below("write", path)?, from).await })
    }

    fn remove<'a>(&'a self, path: &'a str) -> Asked<'a, ()> {
        Box::pin(async move { self.bucket.remove(&self.below("remove", path)?).await })
    }
}
