//! What the writer and the store tell, as the loop understands it. Runs on their threads, which must not be kept waiting.

use super::{Order, Outbox, Sent};
use crate::app::effect::Write;
use crate::app::event::{Event, Wrote};
use crate::domain::text::printable;
use crate::runtime::message::Sender;
use crate::store::StoreError;
use crate::store::outbox::{News, OnNews, OutboxState};
use crate::store::writer::{WriteDone, WriteRequest, WriteState};
use std::sync::{Arc, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// What the writer reports, as the loop understands it. Runs on the writer's thread.
pub(super) fn report(done: WriteDone, sent: &Sent, sender: &Sender, orders: &mpsc::Sender<Order>) {
    match done {
        WriteDone::Committed(outcomes) => {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            let edits = outcomes.into_iter().filter_map(|(id, outcome)| Some((sent.remove(&id)?, outcome))).collect();
            sender.event(Event::Wrote(Wrote::Edits(edits, None)));
        }
        WriteDone::Undone(report) => drop(orders.send(Order::After(report, false))),
        WriteDone::Redone(report) => drop(orders.send(Order::After(report, true))),
        WriteDone::Stored(WriteRequest::SecondAnswer { project, .. }) => drop(orders.send(Order::AfterSecond(project))),
        WriteDone::Large { project, redo, pictures } => {
            sender.event(Event::Wrote(Wrote::Large { project, redo, pictures }));
        }
        WriteDone::Resolved(edit) => sender.event(Event::Wrote(Wrote::Resolved(edit.map(Box::new)))),
        WriteDone::Stored(_) => sender.event(Event::Wrote(Wrote::Done(None))),
        WriteDone::Failed(WriteRequest::Commit(edits), error) => {
            sender.event(Event::Wrote(Wrote::Rejected { edits, reason: error.to_string() }));
        }
        WriteDone::Failed(WriteRequest::SecondAnswer { .. }, error) => {
            sender.event(Event::Wrote(Wrote::SecondAnswer(Err(error.to_string()))));
        }
        WriteDone::Failed(_, error) => sender.event(Event::Wrote(Wrote::Refused(error.to_string()))),
        WriteDone::State(WriteState::Waiting { edits, reason }) => {
            sender.event(Event::Wrote(Wrote::Waiting { count: edits, reason: reason.to_string() }));
        }
        WriteDone::State(WriteState::Saved | WriteState::Saving(_)) => {}
    }
}

/// The store cannot be opened: what was to be written is refused.
pub(super) fn refuse(sender: &Sender, write: Write, error: &StoreError) {
    let reason = error.to_string();
    match write {
        Write::Edits(edits) => sender.event(Event::Wrote(Wrote::Rejected { edits, reason })),
        // Where the person is, is not worth a word when nothing can be written.
        Write::Session { .. } => {}
        _ => sender.event(Event::Wrote(Wrote::Refused(reason))),
    }
}

/// What a store tells by itself, as the loop understands it. Runs on threads of the store's.
pub(super) fn news(outbox: Outbox, sender: Sender) -> OnNews {
    Arc::new(move |news| match news {
        News::Outbox(state) => {
            *outbox.0.lock().unwrap_or_else(PoisonError::into_inner) = state.clone();
            outbox.1.notify_all();
            sender.event(outbox_event(state));
        }
        News::Settled(edits) => sender.event(Event::Wrote(Wrote::Sent(edits))),
        News::Changed(project) => sender.event(Event::Elsewhere(project, Vec::new())),
        News::Notice(text) => sender.event(Event::Notice(printable(&text).into_owned())),
    })
}

/// What waits to be sent, as the loop understands it.
pub(super) fn outbox_event(state: OutboxState) -> Event {
    let OutboxState { unsent, conflicts, waiting } = state;
    Event::Outbox(crate::app::state::OutboxState { unsent, conflicts, waiting })
}

/// Waits until nothing waits to be sent, or sending is known to be hopeless for now; at most so long.
pub(super) fn sent(outbox: &Outbox, patience: Duration) {
    let end = Instant::now() + patience;
    let mut state = outbox.0.lock().unwrap_or_else(PoisonError::into_inner);
    while state.unsent > 0 && state.waiting.is_none() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        state = outbox.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}
