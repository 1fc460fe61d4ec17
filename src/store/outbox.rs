//! The outbox: edits for a store that is reached over a network.
//!
//! Why: a label must be safe the moment the key is pressed, whatever the network does. So an edit is first written to a
//! journal on this machine, in one durable transaction; only then is it shown as kept. A sender takes the journal's edits
//! in order to the remote store, which takes every edit id once, so that sending again after a cut connection changes
//! nothing. What always holds:
//!
//! - An edit leaves the waiting part of the journal only when the remote store has said what it did with it.
//! - Of one sample at most one edit is under way: the next one goes when the store took the one before it. So an edit
//!   never lands on top of somebody else's answer that it has not seen.
//! - An edit that met somebody else's answer stays in the journal, with all later ones of that sample, until a person
//!   has decided; nothing of it is sent meanwhile.
//! - At most one program sends from a journal at a time; the others find out when it has ended.

mod body;
mod front;
pub mod journal;
mod later;
mod place;
mod sender;
mod steps;
mod upkeep;

pub use front::Outboxed;
pub use place::journal_path;

use super::{Result, Store};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{ProjectId, Rev};
use crate::domain::sample::Answer;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// Makes a new connection to the remote store. May be called on any thread and may take long.
pub type Connect = Arc<dyn Fn() -> Result<Box<dyn Store>> + Send + Sync>;

/// What waits between this machine and a remote store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutboxState {
    /// Edits that are durable here and not yet confirmed there.
    pub unsent: u64,
    /// Samples on which a person has to decide.
    pub conflicts: u64,
    /// Why nothing is sent at the moment, where there is a reason.
    pub waiting: Option<String>,
}

/// An edit that the remote store did not take because somebody else was first, or because it cannot take it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// The person's edit; of several on one sample the last one.
    pub edit: Edit,
    /// The answer in the store when the edit was refused.
    pub theirs: Answer,
    /// Its revision.
    pub rev: Rev,
    /// Why the store cannot take it, where that is the reason instead of somebody else's answer.
    pub reason: Option<String>,
    /// When it was found.
    pub at: Timestamp,
}

/// What a person decides about a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// The person's answer replaces the one in the store.
    Mine,
    /// The store's answer stays; the person's edit is given up.
    Theirs,
    /// The annotations of both: those of the store, and of the person's those that the store has not.
    Both,
}

/// What the outbox or the remote store tells by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// How much waits has changed.
    Outbox(OutboxState),
    /// What the remote store did with edits.
    Settled(Vec<(Edit, Outcome)>),
    /// Somebody else changed something in a project.
    Changed(ProjectId),
    /// What the person should know of the store; said once.
    Notice(String),
}

/// Called on a thread of the store's or of whoever writes, which must not be kept waiting; it must not call the store.
pub type OnNews = Arc<dyn Fn(News) + Send + Sync>;

/// Both answers in one: the store's, and of the person's annotations those whose class and shape the store's has not.
#[must_use]
pub fn both(theirs: &Answer, mine: &Answer) -> Answer {
    let mut answer = if theirs.annotations.is_empty() { mine.clone() } else { theirs.clone() };
    for annotation in &mine.annotations {
        if !answer.annotations.iter().any(|a| a.class == annotation.class && a.shape == annotation.shape) {
            answer.annotations.push(annotation.clone());
        }
    }
    answer.flagged |= theirs.flagged || mine.flagged;
    answer
}
