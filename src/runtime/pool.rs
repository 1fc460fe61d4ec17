//! The threads that open, decode and encode pictures, nearest to the cursor first.
//!
//! What always holds: the loop says the whole of what it wants, in order, and that replaces what it said before, so a
//! key that is held down never queues work up; what is not wanted any more is cancelled; one bad file never costs a
//! thread; the decoded pictures kept stay within a budget of bytes; what is wanted at several levels is decoded once;
//! the threads give way to the one that reads keys. A decoder that cannot stop (see [`mod@decode`]) ends by itself on
//! its thread, and its result is dropped.

use super::present::recipe::{Failure, Prepared, Wanted, prepare};
use crate::app::picture::{PictureRef, SESSION, Window};
use crate::app::preview_report::Stages;
use crate::media::cache::{DiskCache, DiskKey, PictureCache};
use crate::media::{ByteSource, Limits, MediaError, Picture, cut, decode, inspect};
use crate::term::graphics::Level;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Pictures fitted into at most so many pixels a side are thumbnails, which are worth keeping on disk.
const THUMBNAIL: u32 = 400;
/// Files below this size are decoded about as fast as their thumbnail is read back.
const SMALL_FILE: u64 = 100_000;
/// So many thumbnails are written between two looks at the size of the disk cache.
const TRIM_EVERY: usize = 256;
/// Threads besides those for files of this machine: they mostly wait for servers.
const WAITING: usize = 3;
/// The least niceness of the threads: the loop comes first, and other programs do not keep pictures away for long.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// What is kept of decoded pictures.
#[derive(Debug)]
pub struct Caches {
    /// Bytes in memory.
    pub memory: usize,
    /// Thumbnails of large files, for the next time they are looked at.
    pub disk: Option<DiskCache>,
}

/// Opens the bytes of a picture. Runs on the pool's threads and may block, no longer than the flag is not set; the same
/// holds for reading the bytes.
pub type Opener = Arc<dyn Fn(&PictureRef, &Arc<AtomicBool>) -> Result<Box<dyn ByteSource>, MediaError> + Send + Sync>;

/// What became of one wanted picture.
#[derive(Debug)]
pub struct Decoded {
    /// What was wanted.
    pub wanted: Wanted,
    /// The picture, or why there is none.
    pub result: Result<Arc<Prepared>, Failure>,
    /// Where the time went.
    pub stages: Stages,
}

/// A decoded picture is kept for its file, its part and its size in pixels.
type DecodedKey = (PictureRef, Window, (u32, u32));

#[derive(Debug, Default)]
struct Plan {
    /// Wanted and not yet begun, the most urgent first.
    queue: Vec<Wanted>,
    running: Vec<(Wanted, Arc<AtomicBool>)>,
    /// Sent, and perhaps not yet seen by the loop.
    sent: HashSet<Wanted>,
    /// The cache on disk may be larger than it may be by now: the limit was lowered, or another program added to it.
    /// Looked at once, when there is nothing else to do after the first picture.
    disk: Tidy,
    stopped: bool,
}

impl Plan {
    /// What is under the cursor never waits for a server that is asked for something else: when all threads are busy, the
    /// least urgent of what lies behind servers is ended, and taken up again later.
    fn make_room(&self, wanted: &[Wanted], threads: usize) {
        let going = |(_, cancel): &&(Wanted, Arc<AtomicBool>)| !cancel.load(Ordering::Relaxed);
        let waits = |first: &Wanted| {
            is_far(first) && !self.sent.contains(first) && !self.running.iter().filter(going).any(|(r, _)| r == first)
        };
        if !wanted.first().is_some_and(waits) || self.running.iter().filter(going).count() < threads {
            return;
        }
        let rank = |(running, _): &&(Wanted, Arc<AtomicBool>)| wanted.iter().position(|w| w == running);
        if let Some((_, cancel)) = self.running.iter().filter(|(r, _)| is_far(r)).filter(going).max_by_key(rank) {
            cancel.store(true, Ordering::Relaxed);
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tidy {
    #[default]
    Unknown,
    Due,
    Done,
}

struct Shared {
    plan: Mutex<Plan>,
    changed: Condvar,
    decoded: Mutex<PictureCache<DecodedKey>>,
    disk: Option<DiskCache>,
    written: AtomicUsize,
    opener: Opener,
    limits: Limits,
    /// Files of this machine that are decoded at the same time at most.
    decoding: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pool. Dropping it cancels everything; the threads end by themselves.
pub struct DecodePool {
    shared: Arc<Shared>,
}

/// One thread less than there are cores, at least one.
#[must_use]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1).max(1))
}

impl DecodePool {
    /// Starts threads: `threads` pictures of this machine are decoded at the same time, and a few more that wait for
    /// servers. Results go to `send`, on those threads.
    ///
    /// # Errors
    /// No thread could be made.
    pub fn spawn(
        threads: usize,
        caches: Caches,
        limits: Limits,
        opener: Opener,
        send: impl Fn(Decoded) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            plan: Mutex::default(),
            changed: Condvar::new(),
            decoded: Mutex::new(PictureCache::new(caches.memory)),
            disk: caches.disk,
            written: AtomicUsize::new(0),
            opener,
            limits,
            decoding: threads.max(1),
        });
        let send = Arc::new(send);
        for number in 0..threads.max(1) + WAITING {
            let (shared, send) = (Arc::clone(&shared), Arc::clone(&send));
            let run = move || {
                give_way();
                work(&shared, send.as_ref());
            };
            std::thread::Builder::new().name(format!("decode-{number}")).spawn(run)?;
        }
        Ok(Self { shared })
    }

    /// Replaces what is wanted, the most urgent first. Running work that is not in it is cancelled.
    pub fn want(&self, wanted: Vec<Wanted>) {
        let mut plan = lock(&self.shared.plan);
        for (running, cancel) in &plan.running {
            if !wanted.contains(running) {
                cancel.store(true, Ordering::Relaxed);
            }
        }
        plan.sent.retain(|sent| wanted.contains(sent));
        plan.make_room(&wanted, self.shared.decoding + WAITING);
        // Work that was cancelled and is wanted again starts again, after the cancelled run has ended.
        let busy = |w: &Wanted| plan.running.iter().any(|(r, cancel)| r == w && !cancel.load(Ordering::Relaxed));
        let queue = wanted.into_iter().filter(|w| !plan.sent.contains(w) && !busy(w)).collect();
        plan.queue = queue;
        drop(plan);
        self.shared.changed.notify_all();
    }

    /// The loop has seen a result: if it is wanted again, it is made again.
    pub fn acknowledge(&self, wanted: &Wanted) {
        lock(&self.shared.plan).sent.remove(wanted);
    }

    /// Forgets the decoded pictures of a file, because it changed.
    pub fn forget_decoded(&self) {
        lock(&self.shared.decoded).clear();
    }

    /// Bytes of decoded pictures that are kept at most.
    #[must_use]
    pub fn memory(&self) -> usize {
        lock(&self.shared.decoded).budget()
    }

    /// Pictures being decoded, pictures that wait, and what the memory holds (pictures, bytes).
    #[must_use]
    pub fn load(&self) -> (usize, usize, usize, usize) {
        let plan = lock(&self.shared.plan);
        let (running, waiting) = (plan.running.len(), plan.queue.len());
        drop(plan);
        let decoded = lock(&self.shared.decoded);
        (running, waiting, decoded.len(), decoded.bytes())
    }
}

impl Drop for DecodePool {
    fn drop(&mut self) {
        let mut plan = lock(&self.shared.plan);
        plan.stopped = true;
        plan.queue.clear();
        plan.running.iter().for_each(|(_, cancel)| cancel.store(true, Ordering::Relaxed));
        drop(plan);
        self.shared.changed.notify_all();
    }
}

/// Lowers the priority of this thread. Where that is refused, pictures only take more of the processor.
fn give_way() {
    // For Linux, "this process" is the thread that asks; elsewhere it would be all of the program.
    #[cfg(target_os = "linux")]
    {
        let now = rustix::process::getpriority_process(None).unwrap_or(0);
        let _ = rustix::process::setpriority_process(None, now.max(NICE));
    }
}

fn work(shared: &Shared, send: &(impl Fn(Decoded) + ?Sized)) {
    while let Some((wanted, cancel)) = take(shared) {
        let mut stages = Stages::default();
        let run = || run(shared, &wanted, &cancel, &mut stages);
        let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            Some(Err(Failure {
                reason: "showing this file failed inside the program; it may be damaged".into(),
                info: None,
            }))
        });
        let result = {
            let mut plan = lock(&shared.plan);
            plan.running.retain(|(_, c)| !Arc::ptr_eq(c, &cancel));
            if plan.disk == Tidy::Unknown {
                plan.disk = Tidy::Due;
            }
            let result = result.filter(|_| !plan.stopped && !cancel.load(Ordering::Relaxed));
            if result.is_some() {
                plan.sent.insert(wanted.clone());
            }
            result
        };
        if let Some(result) = result {
            send(Decoded { wanted, result, stages });
        }
        // Others may have waited for this picture.
        shared.changed.notify_all();
    }
}

fn take(shared: &Shared) -> Option<(Wanted, Arc<AtomicBool>)> {
    let mut plan = lock(&shared.plan);
    loop {
        if plan.stopped {
            return None;
        }
        let here = plan.running.iter().filter(|(r, _)| !is_far(r)).count();
        let free = |w: &Wanted| is_far(w) || here < shared.decoding;
        let next =
            plan.queue.iter().position(|w| free(w) && !plan.running.iter().any(|(r, _)| in_the_way(shared, r, w)));
        if let Some(at) = next {
            let wanted = plan.queue.remove(at);
            let cancel = Arc::new(AtomicBool::new(false));
            plan.running.push((wanted.clone(), Arc::clone(&cancel)));
            return Some((wanted, cancel));
        }
        if plan.disk == Tidy::Due {
            plan.disk = Tidy::Done;
            drop(plan);
            tidy(shared);
            plan = lock(&shared.plan);
            continue;
        }
        plan = shared.changed.wait(plan).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Whether a picture lies behind a server, so that most of the work is waiting.
fn is_far(wanted: &Wanted) -> bool {
    wanted.picture.path.as_local().is_none()
}

/// Whether work has to wait for other work: for the same that was cancelled and has not ended yet, and for the same
/// picture at another level until it is decoded. A coarse picture is another decode, and waits for none.
fn in_the_way(shared: &Shared, running: &Wanted, next: &Wanted) -> bool {
    let coarse = [running, next].iter().any(|w| w.level == Level::First);
    let shares = !coarse && decoded_key(running) == decoded_key(next);
    running == next || (shares && !lock(&shared.decoded).contains(&decoded_key(next)))
}

fn decoded_key(wanted: &Wanted) -> DecodedKey {
    let (window, pixels) = wanted.decoded();
    (wanted.picture.clone(), window, pixels)
}

/// Brings the cache on disk to its size.
fn tidy(shared: &Shared) {
    if let Some(Err(error)) = shared.disk.as_ref().map(DiskCache::trim) {
        tracing::debug!(%error, "the thumbnails on disk were not looked through");
    }
}

/// Opens, decodes and encodes; nothing when it was cancelled.
fn run(
    shared: &Shared,
    wanted: &Wanted,
    cancel: &Arc<AtomicBool>,
    stages: &mut Stages,
) -> Option<Result<Arc<Prepared>, Failure>> {
    let cancelled = || cancel.load(Ordering::Relaxed);
    let key = decoded_key(wanted);
    let kept = lock(&shared.decoded).get(&key);
    let picture = match kept {
        Some(picture) => picture,
        None => match open_and_decode(shared, wanted, cancel, stages) {
            Ok(picture) => {
                let picture = Arc::new(picture);
                // A coarse one would be taken for the whole one when that is wanted.
                if !picture.stands_in() {
                    lock(&shared.decoded).insert(key, Arc::clone(&picture));
                    // Whoever waits for it looks while holding the plan: this does not fall between look and wait.
                    drop(lock(&shared.plan));
                    shared.changed.notify_all();
                }
                picture
            }
            Err(None) => return None,
            Err(Some(failure)) => return Some(Err(failure)),
        },
    };
    if cancelled() {
        return None;
    }
    let begun = Instant::now();
    let picture = match wanted.cut.then(|| cut(&picture, wanted.part(), wanted.pixels())) {
        None => picture,
        Some(Ok(part)) => Arc::new(part),
        Some(Err(error)) => return Some(Err(Failure::from(&error))),
    };
    let prepared = prepare(&picture, wanted).map(Arc::new);
    stages.encode = Some(begun.elapsed());
    Some(prepared)
}

/// `Err(None)` is a cancelled run.
fn open_and_decode(
    shared: &Shared,
    wanted: &Wanted,
    cancel: &Arc<AtomicBool>,
    stages: &mut Stages,
) -> Result<Picture, Option<Failure>> {
    let begun = Instant::now();
    let cancelled = || cancel.load(Ordering::Relaxed);
    let source = (shared.opener)(&wanted.picture, cancel).map_err(|e| Some(Failure::from(&e)))?;
    stages.open = Some(begun.elapsed());
    let kept = disk_key(shared, wanted, source.as_ref());
    if let Some((disk, key)) = &kept
        && let Some(picture) = disk.get(key)
    {
        return Ok(picture);
    }
    let begun = Instant::now();
    let picture = decoded(shared, wanted, source.as_ref(), &cancelled)?;
    stages.decode = Some(begun.elapsed());
    if let Some((disk, key)) = kept.filter(|_| !picture.stands_in()) {
        keep(shared, disk, &key, &picture);
    }
    Ok(picture)
}

/// Where a thumbnail is kept on disk; nothing for large pictures, small files, and files without a stamp
/// that holds beyond this run.
fn disk_key<'a>(shared: &'a Shared, wanted: &Wanted, source: &dyn ByteSource) -> Option<(&'a DiskCache, DiskKey)> {
    let disk = shared.disk.as_ref()?;
    let fit = wanted.pixels();
    let size = source.len().ok()?;
    let worth = fit.0.max(fit.1) <= THUMBNAIL && size >= SMALL_FILE && wanted.window == Window::ALL;
    let etag = wanted.picture.etag.to_string();
    let key = DiskKey { path: wanted.picture.path.to_string(), size, etag, fit };
    (worth && !key.etag.is_empty() && !key.etag.starts_with(SESSION)).then_some((disk, key))
}

/// Keeps a thumbnail. A cache that cannot be written costs time, nothing else.
fn keep(shared: &Shared, disk: &DiskCache, key: &DiskKey, picture: &Picture) {
    let kept = disk.put(key, picture).and_then(|()| {
        let written = shared.written.fetch_add(1, Ordering::Relaxed) + 1;
        if written.is_multiple_of(TRIM_EVERY) { disk.trim().map(|_| ()) } else { Ok(()) }
    });
    if let Err(error) = kept {
        tracing::debug!(%error, "a thumbnail was not kept");
    }
}

fn decoded(
    shared: &Shared,
    wanted: &Wanted,
    source: &dyn ByteSource,
    cancelled: &dyn Fn() -> bool,
) -> Result<Picture, Option<Failure>> {
    let name = wanted.picture.path.name();
    match decode(source, name, &wanted.request(), &shared.limits, cancelled) {
        Ok(picture) => Ok(picture),
        Err(MediaError::Cancelled) => Err(None),
        Err(error) => {
            let info = inspect(source, name, &shared.limits).ok().map(Arc::new);
            Err(Some(Failure { info, ..Failure::from(&error) }))
        }
    }
}
