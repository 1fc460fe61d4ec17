//! Calls that a store passes on to another one.
//!
//! Why a macro: a store behind a journal, a mirror of a table and a test's broken link all pass most of fifty calls on,
//! and each list written by hand was a chance to forget one. What always holds: a call is listed here once.

// The names that the macro needs wherever it is used.
#[doc(hidden)]
pub use crate::domain::class::LabelSet;
#[doc(hidden)]
pub use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
#[doc(hidden)]
pub use crate::domain::project::{Counts, Project, ScanSettings};
#[doc(hidden)]
pub use crate::domain::quality::{Digest, Measures};
#[doc(hidden)]
pub use crate::domain::queue::{Filter, Queue};
#[doc(hidden)]
pub use crate::domain::sample::{Answer, Sample};
#[doc(hidden)]
pub use crate::store::records::{
    Activity, Comment, Cursor, Differences, Direction, Finding, From, Gold, HistoryEntry, Known, LedgerEntry, Measured,
    NewProject, NewSample, NewSnapshot, NewVersion, Person, Presence, Queued, SampleMeasures, SamplePredictions,
    ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf, Snapshot, Tallies, UndoReport, Unmeasured,
};
#[doc(hidden)]
pub use jiff::Timestamp;
#[doc(hidden)]
pub use std::time::Duration;

/// Writes calls of [`crate::store::Store`] that go to the store in a field, or to what `(a.path()?)` after `self` gives, as
/// they are, by groups: `manner` (what it is),
/// `shelf`, `making` (projects and scans), `samples`, `queues`, `steps` (undo and redo), `named_step`, `past`, `extras`,
/// `gold` and `gold_open`, `versions` (snapshots, differences, lists), `quality` (measures), `claim`, `team`.
#[doc(hidden)]
#[macro_export]
macro_rules! __pass_on {
    ($to:ident: $($group:ident)*) => { $($crate::store::pass_on::pass_on!(@$group ($to));)* };
    ($to:tt: $($group:ident)*) => { $($crate::store::pass_on::pass_on!(@$group $to);)* };
    (@calls $to:tt $(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {
        $($crate::store::pass_on::pass_on! { @call $to fn $name($($arg: $kind),*) -> $out })*
    };
    (@call ($($to:tt)*) fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty) => {
        fn $name(&mut self $(, $arg: $kind)*) -> $crate::store::Result<$out> {
            self.$($to)*.$name($($arg),*)
        }
    };
    (@manner ($to:ident)) => {
        fn capabilities(&self) -> $crate::store::records::Capabilities {
            self.$to.capabilities()
        }

        fn place(&self) -> &str {
            self.$to.place()
        }

        fn read_only(&self) -> Option<String> {
            self.$to.read_only()
        }

        fn interrupt(&self) -> $crate::store::Interrupt {
            self.$to.interrupt()
        }
    };
    (@shelf $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn projects(shelf: $crate::store::pass_on::Shelf) -> Vec<$crate::store::pass_on::Project>;
            fn project(id: $crate::store::pass_on::ProjectId) -> $crate::store::pass_on::Project;
            fn project_by_name(name: &str) -> Option<$crate::store::pass_on::Project>;
            fn rename_project(id: $crate::store::pass_on::ProjectId, name: &str) -> ();
            fn set_scan(id: $crate::store::pass_on::ProjectId, scan: &$crate::store::pass_on::ScanSettings) -> ();
            fn restore_project(id: $crate::store::pass_on::ProjectId) -> ();
            fn delete_project(id: $crate::store::pass_on::ProjectId) -> ();
            fn add_samples(
                scan: $crate::store::pass_on::ScanId,
                files: &[$crate::store::pass_on::NewSample]
            ) -> $crate::store::pass_on::ScanReport;
            fn finish_scan(scan: $crate::store::pass_on::ScanId) -> $crate::store::pass_on::ScanReport;
        }
    };
    (@making $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn create_project(new: &$crate::store::pass_on::NewProject) -> $crate::store::pass_on::Project;
            fn trash_project(id: $crate::store::pass_on::ProjectId) -> ();
            fn clone_project(
                id: $crate::store::pass_on::ProjectId,
                new: &$crate::store::pass_on::NewVersion
            ) -> $crate::store::pass_on::Project;
            fn begin_scan(project: $crate::store::pass_on::ProjectId, author: &str) -> $crate::store::pass_on::ScanId;
        }
    };
    (@samples $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn sample(id: $crate::store::pass_on::SampleId) -> $crate::store::pass_on::Sample;
            fn sample_by_path(
                project: $crate::store::pass_on::ProjectId,
                path: &str
            ) -> Option<$crate::store::pass_on::Sample>;
            fn samples_by_id(ids: &[$crate::store::pass_on::SampleId]) -> Vec<$crate::store::pass_on::Sample>;
            fn known_paths(
                project: $crate::store::pass_on::ProjectId,
                paths: &[String]
            ) -> Vec<Option<$crate::store::pass_on::Known>>;
            fn page(
                project: $crate::store::pass_on::ProjectId,
                queue: &$crate::store::pass_on::Queue,
                from: &$crate::store::pass_on::From,
                direction: $crate::store::pass_on::Direction,
                limit: usize
            ) -> Vec<$crate::store::pass_on::Queued>;
        }
    };
    (@queues $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn cursor(
                queue: &$crate::store::pass_on::Queue,
                sample: $crate::store::pass_on::SampleId
            ) -> $crate::store::pass_on::Cursor;
            fn position(
                project: $crate::store::pass_on::ProjectId,
                queue: &$crate::store::pass_on::Queue,
                cursor: &$crate::store::pass_on::Cursor
            ) -> u64;
            fn nth(
                project: $crate::store::pass_on::ProjectId,
                queue: &$crate::store::pass_on::Queue,
                n: u64
            ) -> Option<$crate::store::pass_on::Cursor>;
            fn count(project: $crate::store::pass_on::ProjectId, filter: &$crate::store::pass_on::Filter) -> u64;
            fn counts(project: $crate::store::pass_on::ProjectId) -> $crate::store::pass_on::Counts;
            fn tallies(project: $crate::store::pass_on::ProjectId) -> $crate::store::pass_on::Tallies;
            fn save_queue(
                project: $crate::store::pass_on::ProjectId,
                name: &str,
                queue: &$crate::store::pass_on::Queue
            ) -> ();
            fn saved_queues(project: $crate::store::pass_on::ProjectId) -> Vec<(String, $crate::store::pass_on::Queue)>;
            fn delete_queue(project: $crate::store::pass_on::ProjectId, name: &str) -> ();
            fn setting(project: $crate::store::pass_on::ProjectId, key: &str) -> Option<String>;
            fn set_setting(project: $crate::store::pass_on::ProjectId, key: &str, value: Option<&str>) -> ();
            fn settings(project: $crate::store::pass_on::ProjectId) -> $crate::store::pass_on::Settings;
        }
    };
    (@steps $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn step_size(project: $crate::store::pass_on::ProjectId, author: &str, redo: bool) -> u64;
            fn undo(
                project: $crate::store::pass_on::ProjectId,
                author: &str,
                at: $crate::store::pass_on::Timestamp
            ) -> $crate::store::pass_on::UndoReport;
            fn redo(
                project: $crate::store::pass_on::ProjectId,
                author: &str,
                at: $crate::store::pass_on::Timestamp
            ) -> $crate::store::pass_on::UndoReport;
        }
    };
    (@named_step $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn undo_edit(
                project: $crate::store::pass_on::ProjectId,
                edit: $crate::store::pass_on::EditId,
                author: &str,
                at: $crate::store::pass_on::Timestamp
            ) -> $crate::store::pass_on::UndoReport;
        }
    };
    (@past $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn history(
                project: $crate::store::pass_on::ProjectId,
                sample: Option<$crate::store::pass_on::SampleId>,
                before: Option<$crate::store::pass_on::EventId>,
                limit: usize
            ) -> Vec<$crate::store::pass_on::HistoryEntry>;
            fn decisions(
                project: $crate::store::pass_on::ProjectId,
                author: &str,
                limit: usize
            ) -> Vec<$crate::store::pass_on::HistoryEntry>;
            fn event_at(
                project: $crate::store::pass_on::ProjectId,
                at: $crate::store::pass_on::Timestamp
            ) -> Option<$crate::store::pass_on::EventId>;
            fn nth_added(project: $crate::store::pass_on::ProjectId, n: u64) -> Option<$crate::store::pass_on::SampleId>;
            fn newest_at(
                project: $crate::store::pass_on::ProjectId,
                at: $crate::store::pass_on::Timestamp
            ) -> Option<$crate::store::pass_on::SampleId>;
            fn answer_as_of(
                sample: $crate::store::pass_on::SampleId,
                event: Option<$crate::store::pass_on::EventId>
            ) -> $crate::store::pass_on::Answer;
            fn labels_as_of(
                project: $crate::store::pass_on::ProjectId,
                event: Option<$crate::store::pass_on::EventId>
            ) -> $crate::store::pass_on::LabelSet;
            fn people(project: $crate::store::pass_on::ProjectId) -> Vec<$crate::store::pass_on::Person>;
            fn answer_times(
                project: $crate::store::pass_on::ProjectId,
                author: &str,
                since: $crate::store::pass_on::Timestamp
            ) -> Vec<$crate::store::pass_on::Timestamp>;
            fn activity(
                project: $crate::store::pass_on::ProjectId,
                since: $crate::store::pass_on::Timestamp
            ) -> Vec<$crate::store::pass_on::Activity>;
            fn changes_since(
                project: $crate::store::pass_on::ProjectId,
                event: Option<$crate::store::pass_on::EventId>,
                limit: usize
            ) -> Vec<$crate::store::pass_on::HistoryEntry>;
        }
    };
    (@extras $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn start_second_pass(
                project: $crate::store::pass_on::ProjectId,
                share: f64,
                seed: u32,
                author: &str
            ) -> u64;
            fn second_pass(
                project: $crate::store::pass_on::ProjectId,
                author: &str
            ) -> $crate::store::pass_on::SecondPass;
            fn second_pass_next(
                project: $crate::store::pass_on::ProjectId,
                author: &str,
                limit: usize
            ) -> Vec<$crate::store::pass_on::Sample>;
            fn answer_second_pass(
                project: $crate::store::pass_on::ProjectId,
                sample: $crate::store::pass_on::SampleId,
                answer: &$crate::store::pass_on::Answer,
                author: &str,
                at: $crate::store::pass_on::Timestamp
            ) -> ();
            fn second_answers_after(
                project: $crate::store::pass_on::ProjectId,
                after: Option<($crate::store::pass_on::SampleId, &str)>,
                limit: usize
            ) -> Vec<$crate::store::pass_on::SecondAnswer>;
            fn put_predictions(
                project: $crate::store::pass_on::ProjectId,
                batch: &[$crate::store::pass_on::SamplePredictions]
            ) -> ();
            fn add_comment(comment: &$crate::store::pass_on::Comment) -> i64;
            fn resolve_comment(id: i64, resolved: bool) -> ();
            fn comments(sample: $crate::store::pass_on::SampleId) -> Vec<$crate::store::pass_on::Comment>;
            fn take_once(entry: &$crate::store::pass_on::LedgerEntry) -> bool;
            fn ledger(source: &str) -> Vec<$crate::store::pass_on::LedgerEntry>;
        }
    };
    (@gold $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn mark_gold(
                project: $crate::store::pass_on::ProjectId,
                marks: &[$crate::store::pass_on::Gold]
            ) -> u64;
            fn unmark_gold(
                project: $crate::store::pass_on::ProjectId,
                samples: &[$crate::store::pass_on::SampleId]
            ) -> u64;
            fn gold(project: $crate::store::pass_on::ProjectId) -> Vec<$crate::store::pass_on::Gold>;
            fn gold_answers(project: $crate::store::pass_on::ProjectId) -> Vec<$crate::store::pass_on::SecondAnswer>;
        }
    };
    (@gold_open $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn gold_open(
                project: $crate::store::pass_on::ProjectId,
                author: &str
            ) -> Vec<$crate::store::pass_on::SampleId>;
        }
    };
    (@versions $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn take_snapshot(
                project: $crate::store::pass_on::ProjectId,
                new: &$crate::store::pass_on::NewSnapshot
            ) -> $crate::store::pass_on::Snapshot;
            fn snapshots(project: $crate::store::pass_on::ProjectId) -> Vec<$crate::store::pass_on::Snapshot>;
            fn drop_snapshot(project: $crate::store::pass_on::ProjectId, name: &str) -> ();
            fn differences(
                project: $crate::store::pass_on::ProjectId,
                from: Option<$crate::store::pass_on::EventId>,
                to: Option<$crate::store::pass_on::EventId>,
                after: Option<&str>,
                limit: usize
            ) -> $crate::store::pass_on::Differences;
            fn put_list(
                project: $crate::store::pass_on::ProjectId,
                name: &str,
                samples: &[($crate::store::pass_on::SampleId, String)],
                begin: bool
            ) -> u64;
            fn lists(project: $crate::store::pass_on::ProjectId) -> Vec<(String, u64)>;
            fn lists_with(
                project: $crate::store::pass_on::ProjectId,
                samples: &[$crate::store::pass_on::SampleId]
            ) -> Vec<(String, u64, u64)>;
            fn take_off_list(
                project: $crate::store::pass_on::ProjectId,
                name: &str,
                samples: &[$crate::store::pass_on::SampleId]
            ) -> u64;
            fn drop_list(project: $crate::store::pass_on::ProjectId, name: &str) -> ();
        }
    };
    (@quality $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn unmeasured(
                project: $crate::store::pass_on::ProjectId,
                after: Option<&str>,
                limit: usize
            ) -> Vec<$crate::store::pass_on::Unmeasured>;
            fn known_measures(contents: &[$crate::store::pass_on::Digest]) -> Vec<$crate::store::pass_on::Measures>;
            fn put_measures(
                project: $crate::store::pass_on::ProjectId,
                batch: &[$crate::store::pass_on::Measured]
            ) -> ();
            fn measures(
                project: $crate::store::pass_on::ProjectId,
                after: Option<&str>,
                limit: usize
            ) -> Vec<$crate::store::pass_on::SampleMeasures>;
            fn put_findings(
                project: $crate::store::pass_on::ProjectId,
                found: &[$crate::store::pass_on::Finding]
            ) -> ();
        }
    };
    (@claim $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn claim(
                project: $crate::store::pass_on::ProjectId,
                queue: &$crate::store::pass_on::Queue,
                owner: &str,
                limit: usize,
                time: $crate::store::pass_on::Duration
            ) -> Vec<$crate::store::pass_on::Queued>;
            fn release_claims(project: $crate::store::pass_on::ProjectId, owner: &str) -> u64;
        }
    };
    (@team $to:tt) => {
        $crate::store::pass_on::pass_on! { @calls $to
            fn renew_claims(
                project: $crate::store::pass_on::ProjectId,
                owner: &str,
                time: $crate::store::pass_on::Duration
            ) -> Vec<$crate::store::pass_on::SampleId>;
            fn holds(project: $crate::store::pass_on::ProjectId) -> Vec<($crate::store::pass_on::SampleId, String)>;
            fn wait_for_change(
                project: $crate::store::pass_on::ProjectId,
                event: Option<$crate::store::pass_on::EventId>,
                time: $crate::store::pass_on::Duration
            ) -> Option<$crate::store::pass_on::EventId>;
            fn present() -> Vec<($crate::store::pass_on::ProjectId, $crate::store::pass_on::Presence)>;
            fn announce(
                project: $crate::store::pass_on::ProjectId,
                presence: &$crate::store::pass_on::Presence
            ) -> Vec<$crate::store::pass_on::Presence>;
        }
    };
}

#[doc(inline)]
pub use __pass_on as pass_on;
