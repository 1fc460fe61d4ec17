//! New files in buckets.
//!
//! What always holds: a file that is there is never replaced; a question that writes is asked once, because an answer that
//! was lost does not say whether it was heeded.

use super::trouble::{Fault, fault_of};
use super::{Bucket, LentBucket, Trouble};
use crate::lake::remote::{Asked, RemoteError, RemoteWriter};
use crate::lake::sending::{check_path, piece};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::fs::File;

/// Bytes of one piece of a file; S3 takes 10,000 of them.
const PIECE: u64 = 16 << 20;

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
    let mut parts = store.put_multipart(to).await?;
    let sent = async {
        while !bytes.is_empty() {
            parts.put_part(PutPayload::from_bytes(std::mem::take(&mut bytes))).await?;
            (file, bytes) = piece(file, PIECE).await.map_err(local)?;
        }
        parts.complete().await.map(drop)
    };
    let sent = sent.await;
    if sent.is_err() {
        // The pieces are kept, and paid for, until they are given up.
        drop(parts.abort().await);
    }
    sent
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
