//! What the stores with lakelens' own schema share: SQLite files and PostgreSQL.
//!
//! Why: undo, conflicts, counts and the plans of queues are rules, not SQL dialects, and must be the same wherever the
//! rows lie. What always holds: nothing here knows a driver. [`base::Base`] runs single statements that both databases
//! understand; [`desk::Desk`] reads and writes what edits and undo need, one statement each in a file, gathered into a
//! constant number of round trips over a network; [`page::Look`] reads queues.

pub(super) mod base;
pub(super) mod calls;
pub(super) mod classes;
pub(super) mod codes;
pub(super) mod commit;
pub(super) mod desk;
pub(super) mod extras;
pub(super) mod gold;
pub(super) mod ground;
pub(super) mod history;
pub(super) mod lists;
pub(super) mod measures;
pub(super) mod page;
pub(super) mod part;
pub(super) mod plan;
pub(super) mod projects;
pub(super) mod range;
pub(super) mod scans;
pub(super) mod second;
pub(super) mod snapshots;
pub(super) mod stats;
pub(super) mod stretch;
pub(super) mod tally;
pub(super) mod undo;
pub(super) mod value;
