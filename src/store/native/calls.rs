//! The calls that are the same in both stores with lakelens' own schema.
//!
//! Why a macro: the two differ in how a transaction runs, not in what runs inside; a trait between them would have to name
//! the transaction's lifetime. What always holds: whatever is written here behaves alike in SQLite and in PostgreSQL.

/// Calls of [`crate::store::Store`] for a type with `read` and `write`, which run a closure inside a transaction, and with
/// `scans` and `running`. The names of the types are those of the place where it is used.
macro_rules! native_calls {
    () => {
        native_calls! { base:
            write fn create_project(new: &NewProject) -> Project;
            read fn projects(shelf: Shelf) -> Vec<Project>;
            read fn project(id: ProjectId) -> Project;
            read fn project_by_name(name: &str) -> Option<Project>;
            write fn rename_project(id: ProjectId, name: &str) -> ();
            write fn set_scan(id: ProjectId, scan: &ScanSettings) -> ();
            write fn trash_project(id: ProjectId) -> ();
            write fn restore_project(id: ProjectId) -> ();
            write fn delete_project(id: ProjectId) -> ();
            read fn tallies(project: ProjectId) -> Tallies;
            read fn history(
                project: ProjectId,
                sample: Option<SampleId>,
                before: Option<EventId>,
                limit: usize
            ) -> Vec<HistoryEntry>;
            read fn decisions(project: ProjectId, author: &str, limit: usize) -> Vec<HistoryEntry>;
            read fn step_size(project: ProjectId, author: &str, redo: bool) -> u64;
            read fn event_at(project: ProjectId, at: Timestamp) -> Option<EventId>;
            read fn nth_added(project: ProjectId, n: u64) -> Option<SampleId>;
            read fn newest_at(project: ProjectId, at: Timestamp) -> Option<SampleId>;
            read fn labels_as_of(project: ProjectId, event: Option<EventId>) -> LabelSet;
            read fn people(project: ProjectId) -> Vec<Person>;
            read fn answer_times(project: ProjectId, author: &str, since: Timestamp) -> Vec<Timestamp>;
            read fn activity(project: ProjectId, since: Timestamp) -> Vec<Activity>;
            write fn save_queue(project: ProjectId, name: &str, queue: &Queue) -> ();
            read fn saved_queues(project: ProjectId) -> Vec<(String, Queue)>;
            write fn delete_queue(project: ProjectId, name: &str) -> ();
            read fn setting(project: ProjectId, key: &str) -> Option<String>;
            write fn set_setting(project: ProjectId, key: &str, value: Option<&str>) -> ();
            read fn settings(project: ProjectId) -> Settings;
            read fn second_pass(project: ProjectId, author: &str) -> SecondPass;
            write fn answer_second_pass(
                project: ProjectId,
                sample: SampleId,
                answer: &Answer,
                author: &str,
                at: Timestamp
            ) -> ();
            read fn second_answers_after(
                project: ProjectId,
                after: Option<(SampleId, &str)>,
                limit: usize
            ) -> Vec<SecondAnswer>;
            write fn mark_gold(project: ProjectId, marks: &[Gold]) -> u64;
            write fn unmark_gold(project: ProjectId, samples: &[SampleId]) -> u64;
            read fn gold(project: ProjectId) -> Vec<Gold>;
            read fn gold_open(project: ProjectId, author: &str) -> Vec<SampleId>;
            read fn gold_answers(project: ProjectId) -> Vec<SecondAnswer>;
            write fn add_comment(comment: &Comment) -> i64;
            write fn resolve_comment(id: i64, resolved: bool) -> ();
            read fn comments(sample: SampleId) -> Vec<Comment>;
            write fn take_once(entry: &LedgerEntry) -> bool;
            read fn ledger(source: &str) -> Vec<LedgerEntry>;
            write fn take_snapshot(project: ProjectId, new: &NewSnapshot) -> Snapshot;
            read fn snapshots(project: ProjectId) -> Vec<Snapshot>;
            write fn drop_snapshot(project: ProjectId, name: &str) -> ();
            read fn differences(
                project: ProjectId,
                from: Option<EventId>,
                to: Option<EventId>,
                after: Option<&str>,
                limit: usize
            ) -> Differences;
            write fn put_list(project: ProjectId, name: &str, samples: &[(SampleId, String)], begin: bool) -> u64;
            read fn lists(project: ProjectId) -> Vec<(String, u64)>;
            read fn lists_with(project: ProjectId, samples: &[SampleId]) -> Vec<(String, u64, u64)>;
            write fn take_off_list(project: ProjectId, name: &str, samples: &[SampleId]) -> u64;
            write fn drop_list(project: ProjectId, name: &str) -> ();
            read fn unmeasured(project: ProjectId, after: Option<&str>, limit: usize) -> Vec<Unmeasured>;
            read fn known_measures(contents: &[Digest]) -> Vec<Measures>;
            write fn put_measures(project: ProjectId, batch: &[Measured]) -> ();
            read fn measures(project: ProjectId, after: Option<&str>, limit: usize) -> Vec<SampleMeasures>;
            write fn put_findings(project: ProjectId, found: &[Finding]) -> ();
            read fn changes_since(project: ProjectId, event: Option<EventId>, limit: usize) -> Vec<HistoryEntry>;
        }
        native_calls! { own:
            write fn clone_project(id: ProjectId, new: &NewVersion) -> Project;
            read fn sample(id: SampleId) -> Sample;
            read fn sample_by_path(project: ProjectId, path: &str) -> Option<Sample>;
            read fn samples_by_id(ids: &[SampleId]) -> Vec<Sample>;
            read fn known_paths(project: ProjectId, paths: &[String]) -> Vec<Option<Known>>;
            write fn start_second_pass(project: ProjectId, share: f64, seed: u32, author: &str) -> u64;
            write fn put_predictions(project: ProjectId, batch: &[SamplePredictions]) -> ();
        }
        native_calls! { look:
            read fn page(
                project: ProjectId,
                queue: &Queue,
                from: &From,
                direction: Direction,
                limit: usize
            ) -> Vec<Queued>;
            read fn cursor(queue: &Queue, sample: SampleId) -> Cursor;
            read fn position(project: ProjectId, queue: &Queue, cursor: &Cursor) -> u64;
            read fn nth(project: ProjectId, queue: &Queue, n: u64) -> Option<Cursor>;
            read fn count(project: ProjectId, filter: &Filter) -> u64;
        }

        fn counts(&mut self, project: ProjectId) -> Result<Counts> {
            Ok(Store::tallies(self, project)?.counts)
        }

        fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
            self.read(|db| match db.base().answer_as_of(sample, event)? {
                Some(answer) => Ok(answer),
                None => Ok(db.sample(sample)?.answer),
            })
        }

        fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId> {
            let (scan, running) = self.write(|db| db.begin_scan(project, author))?;
            self.scans.insert(scan, running);
            Ok(scan)
        }

        fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport> {
            let mut running = self.running(scan)?;
            let added = self.write(|db| db.add_samples(&mut running, files));
            if let Ok(report) = &added {
                running.report += *report;
            } else {
                // What the failed batch noted as seen must not count: the scan then sees too little, never too much.
                running.forget_batch();
            }
            self.scans.insert(scan, running);
            added
        }
    };
    ({($($on:tt)*)} $($rest:tt)*) => {};
    (base: $($how:ident fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self $(, $arg: $kind)*) -> Result<$out> {
            self.$how(|db| db.base().$name($($arg),*))
        }
    )*};
    (look: $($how:ident fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self $(, $arg: $kind)*) -> Result<$out> {
            self.$how(|db| db.look().$name($($arg),*))
        }
    )*};
    (own: $($how:ident fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self $(, $arg: $kind)*) -> Result<$out> {
            self.$how(|db| db.$name($($arg),*))
        }
    )*};
}

pub(in crate::store) use native_calls;
