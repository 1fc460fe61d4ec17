//! Reading and decoding: batch by batch, on threads that give way.

use super::super::report::TaskProgress;
use super::super::report::quality::QualityReport;
use super::super::{OpsError, Watch, reading};
use super::HELD;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::quality::{Digest, Measures};
use crate::domain::text::printable;
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::media::measure::{content, pixels};
use crate::media::{ByteSource, Limits, MediaError, MemorySource};
use crate::store::Store;
use crate::store::records::{Measured, Unmeasured};
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Files of one batch at most, and of one page of the store.
const BATCH: usize = 256;
/// More threads only wait for the same disk.
const THREADS: usize = 8;
/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// The niceness of the threads.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// What all threads share.
struct Work<'a> {
    lake: &'a Lake,
    source: LakePath,
    halt: Arc<AtomicBool>,
    threads: usize,
}

/// What is known of a file after it was read.
enum Read {
    /// Its content, and its bytes where they are few.
    Content(Digest, Option<MemorySource>),
    /// It cannot be read; a sentence.
    Unreadable(String),
    /// It could not be reached, which says nothing of it; a sentence.
    Unreached(String),
}

/// Measures all samples whose present content was not measured yet.
pub(super) fn measure(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    report: &mut QualityReport,
    watch: &mut Watch<'_>,
) -> Result<(), OpsError> {
    let source = LakePath::parse(&project.source, "/").map_err(OpsError::Invalid)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    // Files behind servers are waited for: there, cores are not what is short.
    let threads = if source.as_local().is_some() { cores.min(THREADS) } else { THREADS };
    let work = Work { lake, source, halt: Arc::default(), threads };
    let mut told = TaskProgress { step: "measuring".into(), unit: "pictures".into(), ..Default::default() };
    let mut after: Option<String> = None;
    loop {
        watch.check()?;
        let page = store.unmeasured(project.id, after.as_deref(), BATCH)?;
        let Some(last) = page.last() else { break };
        after = Some(last.path.clone());
        for files in batches(&page) {
            let done = work.batch(store, files, report, watch)?;
            store.put_measures(project.id, &done)?;
            told.done += files.len() as u64;
            told.bytes += files.iter().map(|f| f.size).sum::<u64>();
            watch.tell(&told);
        }
    }
    Ok(())
}

/// Cuts a page so that the files of a batch fit into memory together.
fn batches(page: &[Unmeasured]) -> Vec<&[Unmeasured]> {
    let (mut out, mut rest) = (Vec::new(), page);
    while !rest.is_empty() {
        let mut bytes = 0_u64;
        let fits = |f: &&Unmeasured| {
            bytes = bytes.saturating_add(f.size);
            bytes <= HELD
        };
        let (batch, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        out.push(batch);
        rest = later;
    }
    out
}

impl Work<'_> {
    fn batch(
        &self,
        store: &mut dyn Store,
        files: &[Unmeasured],
        report: &mut QualityReport,
        watch: &Watch<'_>,
    ) -> Result<Vec<Measured>, OpsError> {
        let read = self.each(files, &|file| self.read(file), watch)?;
        let contents: Vec<Digest> =
            read.iter().filter_map(|r| if let Read::Content(digest, _) = r { Some(*digest) } else { None }).collect();
        let known = store.known_measures(&contents)?;
        let known: HashMap<Digest, Measures> = known.into_iter().filter_map(|m| Some((m.digest?, m))).collect();
        let pairs: Vec<(&Unmeasured, Read)> = files.iter().zip(read).collect();
        let decoded = self.each(&pairs, &|(file, read)| self.measures(file, read, &known), watch)?;
        let (mut out, mut why) = (Vec::with_capacity(files.len()), None);
        for ((file, read), measures) in pairs.iter().zip(decoded) {
            match (measures, read) {
                (Some(measures), _) => {
                    report.measured += 1;
                    report.known += u64::from(measures.digest.is_some_and(|d| known.contains_key(&d)));
                    out.push(Measured { sample: file.sample, etag: file.etag.clone(), measures });
                }
                (None, Read::Unreached(text)) => {
                    report.unreached += 1;
                    why = Some(text);
                }
                (None, _) => report.unreached += 1,
            }
        }
        match why.filter(|_| out.is_empty()) {
            // Nothing at all could be reached: the others would not be either.
            Some(why) => {
                Err(OpsError::Data(format!("{}; what was measured stays, run it again to go on", printable(why))))
            }
            None => Ok(out),
        }
    }

    /// Does the same to each of many on all threads; in their order.
    fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: &(dyn Fn(&T) -> R + Sync),
        watch: &Watch<'_>,
    ) -> Result<Vec<R>, OpsError> {
        let next = AtomicUsize::new(0);
        let (halt, next) = (&self.halt, &next);
        let found = std::thread::scope(|scope| {
            let (sender, results) = channel();
            for _ in 0..self.threads.min(items.len()) {
                let sender = sender.clone();
                scope.spawn(move || {
                    give_way();
                    while !halt.load(Ordering::Relaxed) {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else { return };
                        if sender.send((at, work(item))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            let mut found: Vec<(usize, R)> = Vec::with_capacity(items.len());
            loop {
                match results.recv_timeout(GLANCE) {
                    Ok(one) => found.push(one),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return found,
                }
                if (watch.cancelled)() {
                    halt.store(true, Ordering::Relaxed);
                }
            }
        });
        if halt.load(Ordering::Relaxed) || found.len() < items.len() {
            return Err(OpsError::Cancelled);
        }
        let mut found = found;
        found.sort_unstable_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, one)| one).collect())
    }

    fn open(&self, file: &Unmeasured) -> Result<Box<dyn ByteSource>, MediaError> {
        // A project of the whole lake, as of a table with pictures in several volumes, has whole paths.
        let path = match &self.source {
            LakePath::Root => LakePath::parse(&file.path, "/").unwrap_or(LakePath::Root),
            source => source.child(&file.path),
        };
        reading::open(self.lake, &path, &file.etag, &Stop::flag(Arc::clone(&self.halt)))
    }

    fn read(&self, file: &Unmeasured) -> Read {
        let stop = || self.halt.load(Ordering::Relaxed);
        match self.open(file).and_then(|source| content(source.as_ref(), &stop)) {
            Ok((digest, held)) => Read::Content(digest, held),
            Err(error @ (MediaError::Reach(_) | MediaError::Read(_) | MediaError::Cancelled)) => {
                Read::Unreached(error.to_string())
            }
            Err(error) => Read::Unreadable(error.to_string()),
        }
    }

    /// What a file that was read measures; nothing where it could not be reached after all.
    fn measures(&self, file: &Unmeasured, read: &Read, known: &HashMap<Digest, Measures>) -> Option<Measures> {
        let (digest, held) = match read {
            Read::Content(digest, held) => (*digest, held),
            Read::Unreadable(why) => return Some(Measures { damaged: Some(why.clone()), ..Measures::default() }),
            Read::Unreached(_) => return None,
        };
        if let Some(known) = known.get(&digest) {
            return Some(known.clone());
        }
        let opened: Box<dyn ByteSource> = match held {
            Some(held) => Box::new(held.clone()),
            None => self.open(file).ok()?,
        };
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        pixels(opened.as_ref(), name, digest, &Limits::default(), &|| self.halt.load(Ordering::Relaxed)).ok()
    }
}

/// The person at the screen and other programs come first.
fn give_way() {
    // On Linux niceness belongs to a thread; elsewhere to the program, whose keys must not wait.
    #[cfg(target_os = "linux")]
    if let Ok(now) = rustix::process::getpriority_process(None) {
        let _ = rustix::process::setpriority_process(None, now.max(NICE));
    }
}
