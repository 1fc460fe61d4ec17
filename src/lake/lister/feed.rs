//! Pages of a place behind a server, fetched ahead while the ones before are sorted and shown.
//!
//! What always holds: at most [`AHEAD`] pages wait to be taken, so memory is bounded however fast the server is;
//! dropping the feed ends the request that is on its way.

use super::Wanted;
use crate::lake::remote::{Mark, Page, RemoteError, RemoteVolume, Trouble};
use crate::remote::net::Net;
use std::sync::Arc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// Pages that were fetched and not taken yet.
const AHEAD: usize = 2;

/// What came from the server.
pub(super) enum News {
    /// A page.
    Page(Page),
    /// There are no more pages.
    End,
    /// The listing cannot go on.
    Failed(RemoteError),
    /// Nothing yet.
    Nothing,
}

/// A listing on its way.
pub(super) struct Feed {
    pages: Receiver<Result<Page, RemoteError>>,
    task: Option<JoinHandle<()>>,
}

impl Feed {
    /// Starts fetching.
    pub(super) fn start(
        net: &Net,
        volume: Arc<dyn RemoteVolume>,
        folder: String,
        from: Mark,
        wanted: Arc<Wanted>,
    ) -> Self {
        let (sender, pages) = channel(AHEAD);
        let task = net.spawn(async move {
            fetch(volume.as_ref(), &folder, from, &sender, &wanted).await;
            drop(sender);
            wanted.ring();
        });
        Self { pages, task }
    }

    /// The next page, if it is there.
    pub(super) fn next(&mut self) -> News {
        match self.pages.try_recv() {
            Ok(Ok(page)) => News::Page(page),
            Ok(Err(error)) => News::Failed(error),
            Err(TryRecvError::Empty) => News::Nothing,
            Err(TryRecvError::Disconnected) => News::End,
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn fetch(
    volume: &dyn RemoteVolume,
    folder: &str,
    from: Mark,
    sender: &Sender<Result<Page, RemoteError>>,
    wanted: &Wanted,
) {
    let mut next = Some(from);
    while let Some(mark) = next.take() {
        let page = match volume.page(folder, false, &mark).await {
            // The server does not know its own token any more: the last name does as well.
            Err(error) if error.trouble == Trouble::Forgotten && !mark.after.is_empty() => {
                volume.page(folder, false, &Mark { token: None, ..mark }).await
            }
            other => other,
        };
        next = page.as_ref().ok().and_then(|page| page.next.clone());
        if sender.send(page).await.is_err() {
            return;
        }
        wanted.ring();
    }
}
