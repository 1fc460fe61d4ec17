//! Buckets and containers of cloud stores: S3 and what speaks like it, Azure Blob and ADLS, Google Cloud Storage.
//!
//! Why through `object_store` and not through its ready-made listings: those read every page before they give the first
//! entry. Here one page is one request. What always holds: at most [`AT_ONCE`] requests to one bucket are on their way;
//! a `Retry-After` slows all of them down together; a bucket that lies in another region is asked there.

mod connect;
mod http;
mod odd;
mod page;
mod shared;
mod trouble;
mod write;

pub use connect::{AzureSettings, CloudSettings, GoogleSettings, S3Settings};
pub use shared::{AwsFile, AwsFiles, ReadAwsFiles};

use self::connect::Store;
use self::trouble::{explain, fault_of};
use super::listing::EntryKind;
use super::place::Stat;
use super::reach::{Reach, Reached};
use super::remote::{Asked, Mark, Page, Piece, RemoteError, RemoteVolume, RemoteWriter, Trouble, Version};
use crate::domain::lake_path::LakePath;
use futures::StreamExt;
use jiff::Timestamp;
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// Requests to one bucket that are on their way at most.
const AT_ONCE: usize = 6;
/// How often a question is asked whose answer breaks off in the middle.
const TRIES: u32 = 3;

/// All buckets that can be reached with what is set.
pub struct ObjectStores {
    settings: CloudSettings,
    open: Mutex<HashMap<(&'static str, String), Arc<Bucket>>>,
}

impl ObjectStores {
    /// With these settings; nothing is connected yet.
    #[must_use]
    pub fn new(settings: CloudSettings) -> Self {
        Self { settings, open: Mutex::default() }
    }

    fn bucket(&self, scheme: &'static str, authority: &str) -> Result<Arc<Bucket>, RemoteError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (scheme, authority.to_owned());
        if let Some(bucket) = open.get(&key) {
            return Ok(Arc::clone(bucket));
        }
        let store = Store::connect(&self.settings, scheme, authority, None)?;
        let bucket = Arc::new(Bucket::new(store, self.settings.clone(), scheme, authority));
        open.insert(key, Arc::clone(&bucket));
        Ok(bucket)
    }
}

impl Reach for ObjectStores {
    fn reach<'a>(&'a self, path: &'a LakePath) -> Asked<'a, Reached> {
        Box::pin(async move {
            match path {
                LakePath::Remote { scheme, authority, path } if *scheme != "dbfs" => {
                    Ok(Reached::Volume(self.bucket(scheme, authority)?, path.clone()))
                }
                _ => Ok(Reached::Nothing),
            }
        })
    }
}

/// One bucket or container.
pub(crate) struct Bucket {
    store: RwLock<Arc<Store>>,
    settings: CloudSettings,
    scheme: &'static str,
    authority: String,
    gate: Semaphore,
}

impl Bucket {
    fn new(store: Store, settings: CloudSettings, scheme: &'static str, authority: &str) -> Self {
        let gate = Semaphore::new(AT_ONCE);
        Self { store: RwLock::new(Arc::new(store)), settings, scheme, authority: authority.to_owned(), gate }
    }

    fn uri(&self, path: &str) -> String {
        let (scheme, authority) = (self.scheme, self.authority.clone());
        LakePath::Remote { scheme, authority, path: path.to_owned() }.to_string()
    }

    fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks, again in the bucket's own region if it lies in another one, again with the keys that are set by now if those
    /// that were used have ended, and again if the answer breaks off.
    async fn ask<T, F, A>(&self, doing: &'static str, path: &str, mut question: F) -> Result<T, RemoteError>
    where
        F: FnMut(Arc<Store>) -> A,
        A: Future<Output = object_store::Result<T>>,
    {
        let _turn = self.gate.acquire().await;
        let mut tries = 0;
        loop {
            tries += 1;
            let store = self.store();
            let error = match question(Arc::clone(&store)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let fault = fault_of(&error);
            let anew = fault.as_ref().filter(|_| tries == 1).and_then(|fault| match fault.elsewhere() {
                Some(region) => Some(Some(region)),
                // Where they came from a file, they may have been renewed there.
                None => fault.keys_have_ended().then(|| store.moved().map(str::to_owned)),
            });
            if let Some(region) = anew {
                let other = Store::connect(&self.settings, self.scheme, &self.authority, region.as_deref())?;
                tracing::info!(bucket = self.authority, region, "the bucket is opened anew");
                *self.store.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(other);
                continue;
            }
            let broken = explain(&error, fault.as_ref(), doing, &self.uri(path), store.signed_with());
            if broken.trouble != Trouble::Cut || tries >= TRIES {
                return Err(broken);
            }
        }
    }

    fn path(&self, doing: &'static str, path: &str) -> Result<Path, RemoteError> {
        Path::parse(path).map_err(|_| {
            let why = "its name has an empty part, `.` or `..` between two slashes";
            RemoteError::new(Trouble::Other, doing, &self.uri(path), why, "rename the object to read it here")
        })
    }

    /// Whether anything lies below a path.
    async fn is_folder(&self, path: &str) -> Result<bool, RemoteError> {
        let prefix = page::prefix_of(path);
        let listed = self.ask("look at", path, |store| {
            let prefix = prefix.clone();
            async move {
                let one = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
                store.pages.list_paginated(prefix.as_deref(), one).await
            }
        });
        let found = listed.await?;
        Ok(!found.result.objects.is_empty() || !found.result.common_prefixes.is_empty() || found.page_token.is_some())
    }

    async fn read_range(&self, path: &str, range: Range<u64>, etag: Option<String>) -> Result<Piece, RemoteError> {
        let location = self.path("read", path)?;
        self.ask("read", path, |store| {
            let (location, range, if_match) = (location.clone(), range.clone(), etag.clone());
            async move {
                let range = Some(GetRange::Bounded(range));
                let options = GetOptions { range, if_match, ..GetOptions::default() };
                let answer = store.objects.get_opts(&location, options).await?;
                let wanted = answer.range.end.saturating_sub(answer.range.start);
                let meta = answer.meta.clone();
                let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
                let mut body = answer.into_stream();
                while let Some(part) = body.next().await {
                    match part {
                        Ok(part) => bytes.extend_from_slice(&part),
                        // What came is good; the rest is asked for again.
                        Err(_) if !bytes.is_empty() => break,
                        Err(error) => return Err(error),
                    }
                }
                Ok(Piece { bytes, total: meta.size, version: version_of(&meta) })
            }
        })
        .await
    }
}

/// A folder of a bucket that is read and written with credentials lent for it.
pub(crate) struct LentBucket {
    bucket: Bucket,
    root: String,
}

impl LentBucket {
    /// Opens it; nothing is asked yet.
    pub(crate) fn open(
        settings: &CloudSettings,
        scheme: &'static str,
        authority: &str,
        root: &str,
    ) -> Result<Self, RemoteError> {
        let store = Store::connect(settings, scheme, authority, None)?;
        Ok(Self { bucket: Bucket::new(store, settings.clone(), scheme, authority), root: root.to_owned() })
    }

    fn path(&self, inside: &str) -> String {
        let parts = [self.root.as_str(), inside];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }
}

impl RemoteVolume for LentBucket {
    fn page<'a>(&'a self, folder: &'a str, deep: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move { self.bucket.page(&self.path(folder), deep, from).await })
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(async move {
            match self.bucket.stat(&self.path(path)).await {
                // A volume without files is no object at all.
                Err(error) if path.is_empty() && error.trouble == Trouble::NotFound => {
                    Ok(Stat { kind: EntryKind::Folder, size: None, modified: None })
                }
                other => other,
            }
        })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move { self.bucket.read(&self.path(path), range, version).await })
    }

    fn lists_deep(&self) -> bool {
        true
    }
}

fn version_of(meta: &ObjectMeta) -> Version {
    Version { etag: meta.e_tag.clone(), modified: time_of(meta) }
}

fn time_of(meta: &ObjectMeta) -> Option<Timestamp> {
    Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).ok()
}

impl RemoteVolume for Bucket {
    fn page<'a>(&'a self, folder: &'a str, deep: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move {
            let prefix = page::prefix_of(folder);
            let asked = self.ask("list", folder, |store| {
                let prefix = prefix.clone();
                let options = PaginatedListOptions {
                    delimiter: (!deep).then(|| "/".into()),
                    page_token: from.token.clone(),
                    offset: from.token.is_none().then(|| from.after.clone()).filter(|after| !after.is_empty()),
                    ..PaginatedListOptions::default()
                };
                async move { store.pages.list_paginated(prefix.as_deref(), options).await }
            });
            let listed = asked.await.map_err(|error| page::forgotten(error, from))?;
            Ok(page::page_of(listed, prefix.as_deref().unwrap_or_default(), deep, from))
        })
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(async move {
            let folder = Stat { kind: EntryKind::Folder, size: None, modified: None };
            if path.is_empty() {
                // Whether the bucket is there is told by its first page.
                self.is_folder(path).await?;
                return Ok(folder);
            }
            let location = self.path("look at", path)?;
            let file = self.ask("look at", path, |store| {
                let location = location.clone();
                async move {
                    let options = GetOptions { head: true, ..GetOptions::default() };
                    store.objects.get_opts(&location, options).await.map(|answer| answer.meta)
                }
            });
            // A key that ends in a slash stands for a folder, and some tools make one of its bare name.
            match futures::join!(file, self.is_folder(path)) {
                (Ok(meta), Ok(below)) if meta.size == 0 && below => Ok(folder),
                (Ok(meta), _) => Ok(Stat { kind: EntryKind::File, size: Some(meta.size), modified: time_of(&meta) }),
                (Err(error), Ok(true)) if error.trouble == Trouble::NotFound => Ok(folder),
                // Without the right to list, a missing key is a refusal: the listing's own error says more. And a key that is
                // missing may be a folder as long as no listing says that it is none.
                (Err(_), Err(listing)) => Err(listing),
                (Err(error), Ok(_)) => Err(error),
            }
        })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move {
            let etag = version.and_then(|version| version.etag.clone());
            match self.read_range(path, range, etag).await {
                // Of an empty object no range can be had.
                Err(error) if error.trouble == Trouble::Other => {
                    let stat = self.stat(path).await?;
                    match stat.size {
                        Some(0) => {
                            let version = Version { etag: None, modified: stat.modified };
                            Ok(Piece { bytes: Vec::new(), total: 0, version })
                        }
                        _ => Err(error),
                    }
                }
                other => other,
            }
        })
    }

    fn lists_deep(&self) -> bool {
        true
    }

    fn writer(&self) -> Option<&dyn RemoteWriter> {
        Some(self)
    }
}
