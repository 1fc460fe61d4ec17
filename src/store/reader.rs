//! The reader: one thread with a connection of its own, so that reading never waits for writing, and reads that nobody
//! wants any more stop.

use super::{Interrupt, Result, Store, StoreError};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A read, with what is done with its result. It runs on the reader's thread.
type Job = Box<dyn FnOnce(&mut dyn Store) + Send>;

#[derive(Default)]
struct Inner {
    queue: VecDeque<(u64, Job)>,
    last: u64,
    running: Option<u64>,
    closing: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
    interrupt: Interrupt,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle to the reader's thread.
pub struct Reader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A read that was asked for. Dropping it does not cancel the read.
#[derive(Clone)]
pub struct Ticket {
    number: u64,
    shared: Arc<Shared>,
}

impl Ticket {
    /// Takes the read off the queue; one that runs is stopped and reports [`StoreError::Interrupted`]. Other reads are
    /// not touched.
    pub fn cancel(&self) {
        let mut inner = self.shared.lock();
        inner.queue.retain(|(number, _)| *number != self.number);
        // The thread cannot go on to the next read while we hold the lock.
        if inner.running == Some(self.number) {
            (self.shared.interrupt)();
        }
    }
}

impl Reader {
    /// Starts the thread on a store that is used for nothing else.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no thread.
    pub fn spawn(mut store: Box<dyn Store>) -> Result<Self> {
        let (inner, changed, interrupt) = (Mutex::default(), Condvar::new(), store.interrupt());
        let shared = Arc::new(Shared { inner, changed, interrupt });
        let (place, on_thread) = (store.place().to_owned(), Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn(move || run(store.as_mut(), &on_thread))
            .map_err(|e| StoreError::Failed { place, why: format!("no thread for reading: {e}") })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for a read. `done` is called with its result on the reader's thread, unless the read is cancelled before
    /// it starts.
    pub fn request<T: 'static>(
        &self,
        read: impl FnOnce(&mut dyn Store) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Ticket {
        let mut inner = self.shared.lock();
        inner.last += 1;
        let number = inner.last;
        inner.queue.push_back((number, Box::new(move |store| done(read(store)))));
        drop(inner);
        self.shared.changed.notify_all();
        Ticket { number, shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Reader {
    /// Stops the running read and forgets the others.
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        inner.closing = true;
        inner.queue.clear();
        if inner.running.is_some() {
            (self.shared.interrupt)();
        }
        drop(inner);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(store: &mut dyn Store, shared: &Shared) {
    let mut inner = shared.lock();
    while !inner.closing {
        let Some((number, job)) = inner.queue.pop_front() else {
            inner = shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        inner.running = Some(number);
        drop(inner);
        job(store);
        inner = shared.lock();
        inner.running = None;
    }
}
