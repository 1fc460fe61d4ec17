//! What a place that is not on this machine must be able to do: give its entries page by page, say what something is,
//! and give a range of bytes.
//!
//! Why a trait: buckets, volumes of a workspace and DBFS differ in every detail of their protocols, and in nothing that
//! the listing, the pictures and the scans need. What always holds: an answer is a future that may be dropped at any
//! moment; a page may be empty and still have a next one; names come as the server has them, one segment each for a
//! listing of one folder, whole relative paths for a deep one; no message holds a secret.

use super::listing::EntryKind;
use super::place::Stat;
use super::table_info::TableInfo;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::remote::net::Net;
use bytes::Bytes;
use jiff::Timestamp;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a thread that waits for a server looks whether its answer is still wanted.
const GLANCE: Duration = Duration::from_millis(20);

/// An answer that is on its way.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, RemoteError>> + Send + 'a>>;

/// One entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEntry {
    /// Its name; in a deep listing its path below the folder.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes, where the listing tells.
    pub size: Option<u64>,
    /// Last change, where the listing tells.
    pub modified: Option<Timestamp>,
}

/// Where a listing goes on: what the server gave for it, and the last name that was read, for when the server has
/// forgotten its own mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Given by the server, good for the next page only and for a limited time.
    pub token: Option<String>,
    /// The last key that was read, in the server's order; empty where it cannot go on after one.
    pub after: String,
    /// Entries that were read and not given yet, because the next page decides what they are.
    pub held: Vec<RemoteEntry>,
}

/// Some entries of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Them; may be none.
    pub entries: Vec<RemoteEntry>,
    /// Where to go on; nothing after the last page.
    pub next: Option<Mark>,
}

/// What tells one content of a file from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The server's own mark, as it came.
    pub etag: Option<String>,
    /// Last change.
    pub modified: Option<Timestamp>,
}

/// Some bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From the start of the range that was asked for; may end earlier than asked, and then the rest is asked for again.
    pub bytes: Vec<u8>,
    /// Bytes of the whole file.
    pub total: u64,
    /// Which content they are of.
    pub version: Version,
}

/// A volume, bucket or container of a server. Paths are below it, without a slash at either end.
pub trait RemoteVolume: Send + Sync {
    /// One page of a folder, or, when `deep`, of everything below it, files only. Without a token in the mark, from the
    /// start or after its key.
    fn page<'a>(&'a self, folder: &'a str, deep: bool, from: &'a Mark) -> Asked<'a, Page>;

    /// Kind, size and time of a path; the empty path is the volume itself.
    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat>;

    /// Bytes of a file. With a version, [`Trouble::Changed`] if it has another one by now, where the server can tell.
    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece>;

    /// What is known of a table; nothing where this is none.
    fn table(&self) -> Asked<'_, Option<TableInfo>> {
        Box::pin(async { Ok(None) })
    }

    /// The files of this table, which lie at `at`, with credentials that the catalog lends; paths are whole ones below the
    /// bucket. Nothing where it lends none for such a place.
    fn table_files<'a>(&'a self, _: &'a TableInfo, _: &'a LakePath) -> Asked<'a, Option<Arc<dyn RemoteVolume>>> {
        Box::pin(async { Ok(None) })
    }

    /// Whether deep listings can be had; otherwise one goes from folder to folder.
    fn lists_deep(&self) -> bool {
        false
    }

    /// Writes there; nothing where this program only reads.
    fn writer(&self) -> Option<&dyn RemoteWriter> {
        None
    }
}

/// Writes files behind a server. Folders come into being with the files in them.
pub trait RemoteWriter: Send + Sync {
    /// Whether of two that create the same file at the same moment one is told that there is one already. Where not, a
    /// file that is made in this way settles nothing between two programs.
    fn decides(&self) -> bool {
        true
    }

    /// Makes a file in one step; `false` if there is one already. Asked once: an answer that is lost is an error, and the
    /// file may then be there.
    fn create<'a>(&'a self, path: &'a str, bytes: Bytes) -> Asked<'a, bool>;

    /// Makes a file of one of this machine, or replaces the one of that name as a whole: until the last byte has come, what
    /// was there is there.
    fn upload<'a>(&'a self, path: &'a str, from: &'a std::path::Path) -> Asked<'a, ()>;

    /// Removes a file; that there is none is no error.
    fn remove<'a>(&'a self, path: &'a str) -> Asked<'a, ()>;

    /// Waits until nothing is under way any more that goes on although nobody waits for it.
    fn settled(&self) -> Asked<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Removes a folder with nothing in it, where folders stay when their files go. That it is not there, or not empty, is
    /// no error.
    fn remove_folder<'a>(&'a self, _: &'a str) -> Asked<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// What kind of failure, for those who must decide what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// There is nothing to sign in with.
    NoCredentials,
    /// The server knows who asks, or refuses to know, and says no.
    Denied,
    /// No such file, folder, bucket or volume.
    NotFound,
    /// The server cannot be reached.
    Unreachable,
    /// Too many requests, also after waiting as long as is reasonable.
    Busy,
    /// The answer ended in the middle.
    Cut,
    /// The file is not what it was when reading began.
    Changed,
    /// The server has forgotten where a listing was to go on.
    Forgotten,
    /// Nobody wants the answer any more.
    Cancelled,
    /// The settings make no sense.
    Settings,
    /// Everything else.
    Other,
}

/// Why a server did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} `{place}`: {why}{}{remedy}", if remedy.is_empty() { "" } else { "; " })]
pub struct RemoteError {
    /// What kind of failure.
    pub trouble: Trouble,
    doing: &'static str,
    place: String,
    why: String,
    remedy: String,
}

impl RemoteError {
    /// An error: `list`, the place, the reason, what to do. The texts may come from a server.
    #[must_use]
    pub fn new(trouble: Trouble, doing: &'static str, place: &str, why: &str, remedy: &str) -> Self {
        let safe = |text: &str| printable(text).into_owned();
        Self { trouble, doing, place: safe(place), why: safe(why), remedy: safe(remedy) }
    }

    /// What the client of a workspace says, as a failure of this place.
    #[must_use]
    pub fn told(doing: &'static str, place: &str, error: &crate::remote::error::RemoteError) -> Self {
        use crate::remote::error::Kind;
        let trouble = match error.kind() {
            Kind::SignIn | Kind::Permission => Trouble::Denied,
            Kind::NotFound => Trouble::NotFound,
            Kind::Dns | Kind::Connect | Kind::Tls | Kind::Timeout => Trouble::Unreachable,
            Kind::Throttled | Kind::Unavailable => Trouble::Busy,
            Kind::Cut => Trouble::Cut,
            Kind::Conflict => Trouble::Changed,
            Kind::Cancelled => Trouble::Cancelled,
            Kind::Local => Trouble::Settings,
            _ => Trouble::Other,
        };
        let why = format!("{}, at {}", error.why(), error.place());
        Self::new(trouble, doing, place, &why, error.remedy())
    }

    /// The same failure, with what else was tried and why that did not work either.
    #[must_use]
    pub fn after(mut self, tried: &str, first: &Self) -> Self {
        let also = format!("{tried}: {}; {}", first.why, first.remedy);
        self.remedy = [self.remedy, also].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        self
    }

    /// The same words for another kind of failure.
    #[must_use]
    pub fn as_trouble(self, trouble: Trouble) -> Self {
        Self { trouble, ..self }
    }

    /// Nobody wants the answer any more.
    #[must_use]
    pub fn cancelled(doing: &'static str, place: &str) -> Self {
        Self::new(Trouble::Cancelled, doing, place, "it was cancelled", "")
    }
}

/// Says whether an answer is no longer wanted. Cloning asks the same question.
#[derive(Clone)]
pub struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    /// Asks this; called often, from any thread.
    pub fn new(asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(asked))
    }

    /// Never.
    #[must_use]
    pub fn never() -> Self {
        Self::new(|| false)
    }

    /// As soon as the flag is set.
    #[must_use]
    pub fn flag(flag: Arc<AtomicBool>) -> Self {
        Self::new(move || flag.load(Ordering::Relaxed))
    }

    /// Whether it is no longer wanted.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        (self.0)()
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stop").field(&self.is_raised()).finish()
    }
}

/// Waits on this thread for an answer, no longer than it is wanted; `lost` is the error when it is not.
///
/// # Errors
/// The answer's own, or `lost`.
pub(crate) fn wait<T>(
    net: &Net,
    stop: &Stop,
    answer: Asked<'_, T>,
    lost: impl FnOnce() -> RemoteError,
) -> Result<T, RemoteError> {
    wait_while(net, &|| stop.is_raised(), answer, lost)
}

/// As [`wait`], asking this whether to stop.
///
/// # Errors
/// The answer's own, or `lost`.
pub(crate) fn wait_while<T>(
    net: &Net,
    stopped: &dyn Fn() -> bool,
    answer: Asked<'_, T>,
    lost: impl FnOnce() -> RemoteError,
) -> Result<T, RemoteError> {
    let raised = async {
        while !stopped() {
            tokio::time::sleep(GLANCE).await;
        }
    };
    net.wait(async {
        tokio::select! {
            biased;
            done = answer => done,
            () = raised => Err(lost()),
        }
    })
}
