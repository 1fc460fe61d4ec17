//! The samples of an export, page by page, read ahead of what is written.
//!
//! Why a thread of its own: reading a store and writing a file cost about the same, and neither needs the other. What always
//! holds: pages are taken on the thread that asked, in path order; no more than [`AHEAD`] of them are held; when nobody
//! wants any more, no further one is asked for.

use super::super::{OpsError, Watch};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Origin};
use crate::domain::ids::{EventId, ProjectId, Rev, SampleId};
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::{Answer, Note, Sample};
use crate::store::Store;
use crate::store::records::{Direction, From, Queued};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Samples of one page.
const PAGE: usize = 500;
/// Events of one picture that are read at once.
const HISTORY: usize = 50;
/// Pages that wait to be taken.
const AHEAD: usize = 4;

/// Samples, with their answers as they were then where those are wanted.
pub(super) type Page = Vec<(Sample, Option<Answer>)>;

/// Which samples are read, and what of them.
#[derive(Clone)]
pub(super) struct Wanted<'a> {
    /// The project.
    pub(super) project: ProjectId,
    /// Which of its samples, by their state of today.
    pub(super) filter: &'a Filter,
    /// The past state whose answers are read; `None` for today's.
    pub(super) then: Option<Then<'a>>,
    /// All that was ever said of a picture as a whole stands in its notes, not only what is open.
    pub(super) remarks: bool,
}

/// A past state.
#[derive(Clone, Copy)]
pub(super) struct Past {
    /// Its last event; `None` before the first.
    pub(super) event: Option<EventId>,
    /// The last picture that was there; `None` where that is not known, and all of today's are taken.
    pub(super) newest: Option<SampleId>,
}

/// What is wanted of a past state.
#[derive(Clone, Copy)]
pub(super) struct Then<'a> {
    /// Which.
    pub(super) past: Past,
    /// What is asked of its answers.
    pub(super) filter: &'a Filter,
    /// Its classes.
    pub(super) labels: &'a LabelSet,
    /// What models guess today is wanted; it is no part of a past state.
    pub(super) guesses: bool,
    /// The revisions of then are wanted.
    pub(super) revs: bool,
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
            let past = match &wanted.then {
                None => None,
                Some(then) => match past(store, wanted.project, &mut sample, then)? {
                    None => continue,
                    found => found,
                },
            };
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

/// The answer of then; nothing where the filter does not take it, or where the picture was not there. What stands on the sample only today goes.
fn past(
    store: &mut dyn Store,
    project: ProjectId,
    sample: &mut Sample,
    then: &Then<'_>,
) -> Result<Option<Answer>, OpsError> {
    let Past { event, newest } = then.past;
    if newest.is_some_and(|newest| sample.id > newest) {
        return Ok(None);
    }
    sample.reviews.clear();
    if !then.guesses {
        sample.predictions.clear();
    }
    if then.revs {
        let before = event.map(|e| EventId(e.0.saturating_add(1)));
        let last = before.map(|before| store.history(project, Some(sample.id), Some(before), 1)).transpose()?;
        sample.rev = last.and_then(|entries| entries.first().map(|e| e.rev)).unwrap_or(Rev(0));
    }
    let answer = store.answer_as_of(sample.id, event)?;
    let by = match then.filter.by.is_empty() || !answer.annotations.is_empty() {
        true => None,
        false => editor(store, project, sample, event, &answer)?,
    };
    Ok(then.filter.takes_answer(&answer, by.as_deref(), then.labels).then_some(answer))
}

/// Who gave an answer without annotations, which name nobody.
fn editor(
    store: &mut dyn Store,
    project: ProjectId,
    sample: &Sample,
    event: Option<EventId>,
    answer: &Answer,
) -> Result<Option<String>, OpsError> {
    let Some(last) = event else { return Ok(None) };
    let mut before = Some(EventId(last.0.saturating_add(1)));
    loop {
        let entries = store.history(project, Some(sample.id), before, HISTORY)?;
        let gave = |change: &Change| matches!(change, Change::Answer { after, .. } if after == answer);
        // Who takes something back gives nobody's answer.
        let own = |origin: Origin| matches!(origin, Origin::Person | Origin::Import);
        if let Some(found) = entries.iter().find(|e| own(e.edit.origin) && gave(&e.edit.change)) {
            return Ok(Some(found.edit.author.clone()));
        }
        match entries.last() {
            Some(oldest) if entries.len() == HISTORY => before = Some(oldest.event),
            _ => return Ok(None),
        }
    }
}
