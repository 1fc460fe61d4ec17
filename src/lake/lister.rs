//! Lists one place on a thread of its own, on this machine or behind a server, and publishes snapshots while it reads.
//!
//! What always holds: the first snapshot comes after the first page of entries, however large the folder is; later ones
//! at growing intervals, so that sorting again and again costs no more than sorting twice; dropping the [`Lister`] stops
//! the thread at its next step and nothing is published after that step; a thread that has nothing to do sleeps.

mod feed;

use self::feed::{Feed, News};
use super::kept::Kept;
use super::listing::order::Arranged;
use super::listing::table::{Meta, Table};
use super::listing::{Arrange, EntryKind, Listing, Progress};
use super::local::{self, FolderReader};
use super::place::LakeError;
use super::reach::{Reached, Remotes};
use super::remote::{Mark, RemoteEntry, Stop};
use crate::domain::lake_path::LakePath;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Entries before the first snapshot: more than the tallest terminal shows.
const FIRST_PAGE: usize = 512;
/// Each snapshot has this many times the entries of the one before.
const GROWTH: usize = 4;
/// On a slow file system a snapshot also comes when this much time has passed and there is anything new.
const SLOW: Duration = Duration::from_millis(250);
/// Folders up to this size learn the sizes and times of all their entries without being asked, after they are shown.
const MEASURED: usize = 20_000;
/// A kept listing of a server younger than this is not asked for again.
const FRESH: Duration = Duration::from_secs(60);
/// Entries between two looks at what is wanted.
const STRIDE: usize = 256;

/// Receives snapshots, on the lister's thread.
pub type Publish = Box<dyn Fn(Listing) + Send>;

/// What is listed.
#[derive(Debug)]
pub(crate) enum Source {
    /// A folder.
    Folder(PathBuf),
    /// Entries that are known already.
    Given(Vec<(String, EntryKind)>),
    /// A place behind a server, after entries that are known already.
    Remote(Arc<Remotes>, LakePath, Vec<(String, EntryKind)>),
    /// Nothing, for this reason.
    Failed(String),
}

/// A running listing. Dropping it cancels.
#[derive(Debug)]
pub struct Lister {
    wanted: Arc<Wanted>,
}

impl Lister {
    /// Lists a folder of this machine; other places need [`super::Lake::list`].
    #[must_use]
    pub fn spawn(path: LakePath, arrange: Arrange, publish: Publish) -> Self {
        super::Lake::default().list(&path, arrange, publish)
    }

    pub(crate) fn start(source: Source, arrange: Arrange, publish: Publish) -> Self {
        let wanted = Arc::new(Wanted::default());
        let work =
            Work { table: Table::default(), shown: None, folder: None, arrange, wanted: Arc::clone(&wanted), publish };
        let handed = Arc::new(Mutex::new(Some((work, source))));
        let taken = Arc::clone(&handed);
        let run = move || {
            let work = lock(&taken).take();
            if let Some((work, source)) = work {
                work.run(source);
            }
        };
        if let Err(error) = thread::Builder::new().name("lister".to_owned()).spawn(run) {
            // Without a thread nothing is listed, but the screen must not wait for ever.
            let reason = format!("cannot start listing: {error}; close something and try again");
            if let Some((work, _)) = lock(&handed).take() {
                (work.publish)(Listing::failed(reason, work.arrange));
            }
        }
        Self { wanted }
    }

    /// Sorts and filters anew, off the caller's thread, and publishes the result; while still loading, too.
    pub fn rearrange(&self, arrange: Arrange) {
        *lock(&self.wanted.arrange) = Some(arrange);
        self.wanted.changed.store(true, Ordering::Release);
        self.wanted.bell.notify_all();
    }
}

impl Drop for Lister {
    fn drop(&mut self) {
        let _guard = lock(&self.wanted.arrange);
        self.wanted.stop.store(true, Ordering::Release);
        self.wanted.bell.notify_all();
    }
}

/// What the owner of the lister wants of its thread.
#[derive(Debug, Default)]
struct Wanted {
    stop: AtomicBool,
    changed: AtomicBool,
    arrange: Mutex<Option<Arrange>>,
    /// A page has come, or the last one.
    news: AtomicBool,
    bell: Condvar,
}

impl Wanted {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Whether present work is no longer of use.
    fn interrupts(&self) -> bool {
        self.stopped() || self.changed.load(Ordering::Acquire)
    }

    fn take(&self) -> Option<Arrange> {
        let mut slot = lock(&self.arrange);
        self.changed.store(false, Ordering::Release);
        slot.take()
    }

    /// There is news from a server.
    fn ring(&self) {
        let _guard = lock(&self.arrange);
        self.news.store(true, Ordering::Release);
        self.bell.notify_all();
    }

    /// Sleeps until there is news, something else is wanted, or the time is over; `false` to end.
    fn wait_for_news(&self, most: Duration) -> bool {
        let slot = lock(&self.arrange);
        let nothing =
            |slot: &mut Option<Arrange>| slot.is_none() && !self.stopped() && !self.news.swap(false, Ordering::AcqRel);
        drop(self.bell.wait_timeout_while(slot, most, nothing));
        !self.stopped()
    }

    /// Sleeps until there is something to do; `false` to end.
    fn wait(&self) -> bool {
        let slot = lock(&self.arrange);
        let slept = self.bell.wait_while(slot, |slot| slot.is_none() && !self.stopped());
        drop(slept);
        !self.stopped()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Work {
    table: Table,
    /// An older listing of the same place, shown until the table is complete.
    shown: Option<Table>,
    folder: Option<PathBuf>,
    arrange: Arrange,
    wanted: Arc<Wanted>,
    publish: Publish,
}

impl Work {
    fn run(mut self, source: Source) {
        let progress = match source {
            Source::Given(entries) => {
                entries.iter().for_each(|(name, kind)| self.table.push(name, *kind));
                Some(Progress::Complete)
            }
            Source::Failed(reason) => Some(Progress::Failed(reason)),
            Source::Folder(folder) => self.folder(folder),
            Source::Remote(remotes, path, given) => self.remote(&remotes, &path, &given),
        };
        let Some(progress) = progress else { return };
        if !self.snapshot(&progress) {
            return;
        }
        if self.table.len() <= MEASURED && !self.table.unmeasured().is_empty() && self.folder.is_some() {
            while !self.measure() {
                if self.wanted.stopped() || !self.snapshot(&progress) {
                    return;
                }
            }
            self.snapshot(&progress);
        }
        while self.wanted.wait() {
            self.snapshot(&progress);
        }
    }

    fn folder(&mut self, folder: PathBuf) -> Option<Progress> {
        self.folder = Some(folder.clone());
        self.read(&folder)
    }

    /// Lists a place behind a server to its end, from where an earlier listing of it was left; nothing when cancelled.
    fn remote(&mut self, remotes: &Remotes, path: &LakePath, given: &[(String, EntryKind)]) -> Option<Progress> {
        let wanted = Arc::clone(&self.wanted);
        let reached = remotes.reach(path, &Stop::new(move || wanted.stopped()));
        let known = |(name, kind): &(String, EntryKind)| RemoteEntry {
            name: name.clone(),
            kind: *kind,
            size: None,
            modified: None,
        };
        let (volume, folder) = match reached {
            Err(_) if self.wanted.stopped() => return None,
            // What is known of this machine is shown without a server as well.
            Err(error) => {
                self.take(given.iter().map(known).collect());
                return Some(Progress::Failed(error.to_string()));
            }
            Ok(Reached::Nothing) if given.is_empty() => {
                let path = crate::domain::text::printable(&path.to_string()).into_owned();
                return Some(Progress::Failed(LakeError::NeedsConnection(path).to_string()));
            }
            Ok(Reached::Nothing) => {
                self.take(given.iter().map(known).collect());
                return Some(Progress::Complete);
            }
            Ok(Reached::Folder(folder)) => return self.folder(folder),
            Ok(Reached::Volume(volume, folder)) => (volume, folder),
        };
        let mut next = Some(Mark::default());
        let (mut at, kept) = (Instant::now(), remotes.kept().take(path));
        match kept {
            // Old and complete: shown until the new listing is complete as well.
            Some(kept) if kept.next.is_none() && kept.at.elapsed() > FRESH => self.shown = Some(kept.table),
            Some(kept) => (self.table, next, at) = (kept.table, kept.next, kept.at),
            None => {}
        }
        if self.table.len() == 0 {
            self.take(given.iter().map(known).collect());
        }
        let begun = next.clone();
        let progress = match begun.clone() {
            None => Some(Progress::Complete),
            Some(from) => {
                let mut feed = Feed::start(remotes.net(), volume, folder, from, Arc::clone(&self.wanted));
                self.read_feed(&mut feed, &mut next)
            }
        };
        if next == begun && begun.is_some() || matches!(progress, Some(Progress::Failed(_))) {
            self.table = self.shown.take().unwrap_or_else(|| std::mem::take(&mut self.table));
            return progress;
        }
        self.shown = None;
        remotes.kept().put(path.clone(), Kept { table: self.table.clone(), next, at });
        progress
    }

    /// Takes pages until there are no more; nothing when cancelled. `mark` is left where the listing is to go on.
    fn read_feed(&mut self, feed: &mut Feed, mark: &mut Option<Mark>) -> Option<Progress> {
        // An old listing that is shown meanwhile is shown at once and once.
        let quiet = self.shown.is_some();
        if quiet && !self.snapshot(&Progress::Loading) {
            return None;
        }
        let (mut published, mut next) = if quiet { (usize::MAX, usize::MAX) } else { (0, 1) };
        let mut last = Instant::now();
        loop {
            if self.wanted.stopped() {
                return None;
            }
            match feed.next() {
                News::Page(page) => {
                    self.take(page.entries);
                    *mark = page.next;
                }
                News::End => return Some(Progress::Complete),
                News::Failed(error) => return Some(Progress::Failed(error.to_string())),
                News::Nothing if !self.wanted.interrupts() => {
                    self.wanted.wait_for_news(SLOW);
                }
                News::Nothing => {}
            }
            let len = self.table.len();
            let slow = len > published.saturating_add(published / 4) && last.elapsed() > SLOW;
            let anew = published > 0 && self.wanted.interrupts();
            if len >= next || slow || anew {
                if !self.snapshot(&Progress::Loading) {
                    return None;
                }
                if !quiet {
                    (published, next, last) = (len, next.max(len.saturating_mul(GROWTH)), Instant::now());
                }
            }
        }
    }

    /// Adds entries that come with their sizes and times.
    fn take(&mut self, entries: Vec<RemoteEntry>) {
        entries.iter().for_each(|entry| self.table.push(&entry.name, entry.kind));
        let metas: Vec<Meta> = entries.iter().map(|entry| Meta::new(entry.size, entry.modified)).collect();
        self.table.set_meta(&metas);
    }

    /// Reads the folder to its end; nothing when cancelled.
    fn read(&mut self, folder: &std::path::Path) -> Option<Progress> {
        let mut reader = match FolderReader::open(folder) {
            Ok(reader) => reader,
            Err(error) => return Some(Progress::Failed(error.to_string())),
        };
        let (mut next, mut last) = (FIRST_PAGE, Instant::now());
        let mut published = 0;
        loop {
            match reader.next_entry() {
                Ok(Some((name, kind))) => self.table.push(&name, kind),
                Ok(None) => return Some(Progress::Complete),
                Err(error) => return Some(Progress::Failed(error.to_string())),
            }
            let len = self.table.len();
            let look = len.is_multiple_of(STRIDE);
            if look && self.wanted.stopped() {
                return None;
            }
            let slow = look && len > published + published / 4 && last.elapsed() > SLOW;
            if len >= next || slow || (look && published > 0 && self.wanted.interrupts()) {
                if !self.snapshot(&Progress::Loading) {
                    return None;
                }
                (published, next, last) = (len, next.max(len.saturating_mul(GROWTH)), Instant::now());
            }
        }
    }

    /// Arranges and publishes what there is, as it is wanted by now; `false` when cancelled.
    fn snapshot(&mut self, progress: &Progress) -> bool {
        loop {
            if self.wanted.stopped() {
                return false;
            }
            if let Some(arrange) = self.wanted.take() {
                self.arrange = arrange;
            }
            if self.arrange.needs_meta() && !self.measure() {
                continue;
            }
            let rows = Arc::new(self.shown.as_ref().unwrap_or(&self.table).rows());
            let Some(shown) = Arranged::new(&rows, &self.arrange, &|| self.wanted.interrupts()) else { continue };
            (self.publish)(Listing::new(rows, shown, self.arrange.clone(), progress.clone()));
            return true;
        }
    }

    /// Asks for the sizes and times that are still missing; `false` when something else is wanted first.
    fn measure(&mut self) -> bool {
        let Some(folder) = &self.folder else { return true };
        while !self.table.unmeasured().is_empty() {
            if self.wanted.interrupts() {
                return false;
            }
            let range = self.table.unmeasured();
            let end = range.end.min(range.start + STRIDE);
            let ids = range.start..end;
            let names: Vec<&str> = ids.filter_map(|i| self.table.name(i)).collect();
            let metas: Vec<_> = names.into_iter().map(|name| local::measure(folder, name)).collect();
            self.table.set_meta(&metas);
        }
        true
    }
}
