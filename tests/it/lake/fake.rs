//! A volume behind no server at all: pages, cuts, refusals and waits as a test wants them.

use lakelens::domain::lake_path::LakePath;
use lakelens::lake::bytes::ByteCache;
use lakelens::lake::listing::EntryKind;
use lakelens::lake::reach::{Reach, Reached, Remotes};
use lakelens::lake::remote::{Asked, Mark, Page, Piece, RemoteEntry, RemoteError, RemoteVolume, Trouble, Version};
use lakelens::lake::{Lake, Stat};
use lakelens::remote::net::Net;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How many bytes one answer gives of those that were asked for.
type Cut = Box<dyn Fn(usize) -> usize + Send + Sync>;

pub(super) struct Fake {
    /// Names on each page.
    pub(super) pages: Vec<Vec<String>>,
    /// Fails in place of this page.
    pub(super) fails_at: Option<(usize, Trouble)>,
    /// A permit for each page that may be given.
    pub(super) gate: Semaphore,
    /// The marks that were asked for.
    pub(super) asked: Mutex<Vec<Mark>>,
    /// Answers that were dropped before they came.
    pub(super) dropped: Arc<AtomicUsize>,
    pub(super) content: Mutex<Vec<u8>>,
    pub(super) version: AtomicU64,
    pub(super) cut: Cut,
    /// The ranges that were read.
    pub(super) read: Mutex<Vec<Range<u64>>>,
}

impl Fake {
    pub(super) fn of(pages: Vec<Vec<String>>) -> Self {
        Self {
            pages,
            fails_at: None,
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            asked: Mutex::default(),
            dropped: Arc::default(),
            content: Mutex::default(),
            version: AtomicU64::new(1),
            cut: Box::new(|asked| asked),
            read: Mutex::default(),
        }
    }

    /// A lake in which every `s3:` path leads to this volume.
    pub(super) fn lake(self: &Arc<Self>) -> Lake {
        let ways: Vec<Arc<dyn Reach>> = vec![Arc::new(Way(Arc::clone(self)))];
        let remotes = Remotes::new(Net::default(), ways, ByteCache::new(1 << 20, None));
        Lake::new(Vec::new(), None).with_remotes(Arc::new(remotes))
    }
}

struct Way(Arc<Fake>);

impl Reach for Way {
    fn reach<'a>(&'a self, path: &'a LakePath) -> Asked<'a, Reached> {
        Box::pin(async move {
            match path {
                LakePath::Remote { path, .. } => Ok(Reached::Volume(Arc::clone(&self.0) as _, path.clone())),
                _ => Ok(Reached::Nothing),
            }
        })
    }
}

/// Counts when it is dropped before its end.
struct Alive(Arc<AtomicUsize>, bool);

impl Drop for Alive {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn failed(trouble: Trouble) -> RemoteError {
    RemoteError::new(trouble, "list", "s3://fake", "it\u{1b}[31m broke", "mend it")
}

impl RemoteVolume for Fake {
    fn page<'a>(&'a self, _: &'a str, _: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move {
            let mut alive = Alive(Arc::clone(&self.dropped), false);
            self.asked.lock().unwrap().push(from.clone());
            self.gate.acquire().await.unwrap().forget();
            alive.1 = true;
            let after = self.pages.iter().position(|page| page.last() == Some(&from.after)).map_or(0, |at| at + 1);
            let number = from.token.as_ref().map_or(after, |token| token.parse().unwrap());
            match self.fails_at {
                Some((at, Trouble::Forgotten)) if at == number && from.token.is_none() => {}
                Some((at, trouble)) if at == number => return Err(failed(trouble)),
                _ => {}
            }
            let page = self.pages.get(number).cloned().unwrap_or_default();
            let after = page.last().cloned().unwrap_or_else(|| from.after.clone());
            let entry = |name| RemoteEntry { name, kind: EntryKind::File, size: Some(1), modified: None };
            let next = (number + 1 < self.pages.len()).then(|| Mark {
                token: Some((number + 1).to_string()),
                after,
                held: Vec::new(),
            });
            Ok(Page { entries: page.into_iter().map(entry).collect(), next })
        })
    }

    fn stat<'a>(&'a self, _: &'a str) -> Asked<'a, Stat> {
        Box::pin(async { Ok(Stat { kind: EntryKind::Folder, size: None, modified: None }) })
    }

    fn read<'a>(&'a self, _: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move {
            let mut alive = Alive(Arc::clone(&self.dropped), false);
            self.read.lock().unwrap().push(range.clone());
            self.gate.acquire().await.unwrap().forget();
            alive.1 = true;
            let now = Version { etag: Some(self.version.load(Ordering::SeqCst).to_string()), modified: None };
            if version.is_some_and(|v| *v != now) {
                return Err(failed(Trouble::Changed));
            }
            let content = self.content.lock().unwrap();
            let start = usize::try_from(range.start).unwrap().min(content.len());
            let end = usize::try_from(range.end).unwrap().min(content.len());
            let count = (self.cut)(end - start);
            Ok(Piece { bytes: content[start..start + count].to_vec(), total: content.len() as u64, version: now })
        })
    }
}
