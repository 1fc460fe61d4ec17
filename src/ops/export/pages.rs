//! The samples of an export, page by page, read ahead of what is written.
//!
//! Why a thread of its own: reading a store and writing a file cost about the same, and neither needs the other. What always
//! holds: pages are taken on the thread that asked, in path order; no more than [`AHEAD`] of them are held; when nobody
//! wants any more, no further one is asked for.

use super::super::{OpsError, Watch};
use crate::domain::ids::{EventId, ProjectId};
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::{Answer, Note, Sample};
use crate::store::Store;
use crate::store::records::{Direction, From, Queued};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Samples of one page.
const PAGE: usize = 500;
/// Pages that wait to be taken.
const AHEAD: usize = 4;

/// Samples, with their answers as they were then where those are wanted.
pub(super) type Page = Vec<(Sample, Option<Answer>)>;

/// Which samples are read, and what of them.
#[derive(Clone)]
pub(super) struct Wanted<'a> {
    /// The project.
    pub(super) project: ProjectId,
    /// Which of its samples.
    pub(super) filter: &'a Filter,
    /// The event whose state is read; outer `None` for today's.
    pub(super) event: Option<Option<EventId>>,
    /// All that was ever said of a picture as a whole stands in its notes, not only what is open.
    pub(super) remarks: bool,
}

/// Gives all pages to `take`.
///
/// # Errors
/// Those of the store and of `take`; [`OpsError::Cancelled`].
pub(super) fn each(
    store: &mut dyn Store,
    wanted: &Wanted<'_>,
    watch: &mut Watch<'_>,
    take: &mut dyn FnMut(Page, &mut Watch<'_>) -> Result<(), OpsError>,
) -> Result<(), OpsError> {
    let (give, pages) = sync_channel(AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            if let Err(error) = read(store, wanted, &give) {
                // Nobody may be listening any more, and then nobody wants to know.
                drop(give.send(Err(error)));
            }
        });
        for page in pages {
            watch.check()?;
            take(page?, watch)?;
        }
        watch.check()
    })
}

/// Reads until there is nothing more, or nobody listens.
fn read(store: &mut dyn Store, wanted: &Wanted<'_>, give: &SyncSender<Result<Page, OpsError>>) -> Result<(), OpsError> {
    let queue = Queue { filter: wanted.filter.clone(), order: Order::Path };
    let mut from = From::Edge;
    loop {
        let page = store.page(wanted.project, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = From::After(last.cursor.clone());
        let mut out = Vec::with_capacity(page.len());
        for Queued { mut sample, .. } in page {
            let past = wanted.event.map(|event| store.answer_as_of(sample.id, event)).transpose()?;
            if wanted.remarks {
                let said = store.comments(sample.id)?.into_iter().filter(|c| c.annotation.is_none());
                sample.notes = said.map(|c| Note { author: c.author, text: c.text }).collect();
            }
            out.push((sample, past));
        }
        if give.send(Ok(out)).is_err() {
            return Ok(());
        }
    }
}
