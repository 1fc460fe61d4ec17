//! The threads on which servers are talked to.
//!
//! Why: the program's own loop is one thread that must never wait, and stores, scans and exports are written as plain
//! blocking calls on threads of their own. All of them hand their requests to one small pool of threads and wait there,
//! or get told later. What always holds: nothing is started before the first request; dropping the last handle ends the
//! pool without waiting for a server.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads that wait for servers. Requests are waiting, not computing: two are plenty.
const THREADS: usize = 2;

/// The pool; cloning gives another handle to the same one.
#[derive(Clone, Default)]
pub struct Net {
    started: Arc<OnceLock<Pool>>,
}

/// The runtime, ended in the background: a hanging server must not keep the program from leaving.
struct Pool(Option<Runtime>);

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Net {
    /// Runs a request on the pool and waits for it on the calling thread, which must not be one of the pool's and not the
    /// loop's.
    pub fn wait<F>(&self, request: F) -> F::Output
    where
        F: Future,
    {
        match self.runtime() {
            Some(runtime) => runtime.block_on(request),
            // Without a single thread to be had nothing else of the program runs either.
            None => futures::executor::block_on(request),
        }
    }

    /// Runs something on the pool without waiting; `None` if the system gives no threads.
    pub fn spawn<F>(&self, work: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.runtime().map(|runtime| runtime.spawn(work))
    }

    /// A handle to the pool for clients that start their own requests; `None` if the system gives no threads. It is good
    /// for as long as a [`Net`] of this pool is.
    pub fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.runtime().map(|runtime| runtime.handle().clone())
    }

    fn runtime(&self) -> Option<&Runtime> {
        let start = || {
            let mut builder = Builder::new_multi_thread();
            let built = builder.worker_threads(THREADS).thread_name("net").enable_all().build();
            Pool(built.map_err(|error| tracing::error!(%error, "no threads for talking to servers")).ok())
        };
        self.started.get_or_init(start).0.as_ref()
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Net").field("started", &self.started.get().is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn requests_run_and_a_hanging_one_does_not_keep_the_program() {
        let net = Net::default();
        assert!(!format!("{net:?}").contains("true"));
        assert_eq!(net.wait(async { 1 + 1 }), 2);
        let hanging = net.spawn(std::future::pending::<()>()).unwrap();
        let quick = net.clone().spawn(async { tokio::time::timeout(Duration::from_millis(1), async {}).await.is_ok() });
        assert!(net.wait(quick.unwrap()).unwrap());
        drop(net);
        drop(hanging);
    }
}
