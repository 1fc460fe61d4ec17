//! The writer's and the reader's thread: order, groups, waiting while the store cannot be written, cancelling.

use super::fixture::{Kind, SqliteFile, at, edit, labeled, project_of};
use lakelens::domain::edit::{Change, Outcome};
use lakelens::domain::ids::{ProjectId, Rev, SampleId};
use lakelens::domain::queue::{Order, Queue};
use lakelens::domain::sample::Status;
use lakelens::store::reader::Reader;
use lakelens::store::writer::{WriteDone, WriteRequest, WriteState, Writer};
use lakelens::store::{Store, StoreError};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

fn writer(store: Box<dyn Store>) -> (Writer, Receiver<WriteDone>) {
    let (sender, receiver) = channel();
    (Writer::spawn(store, Box::new(move |done| drop(sender.send(done)))).unwrap(), receiver)
}

fn fixture(n: usize) -> (SqliteFile, ProjectId, Vec<SampleId>) {
    let kind = SqliteFile::new();
    let (project, ids) = project_of(kind.connect().as_mut(), "p", n);
    (kind, project.id, ids)
}

/// Waits for the report that `wanted` takes.
fn wait(reports: &Receiver<WriteDone>, wanted: impl Fn(&WriteDone) -> bool) -> WriteDone {
    loop {
        let report = reports.recv_timeout(LONG).expect("no report");
        if wanted(&report) {
            return report;
        }
    }
}

#[test]
fn edits_are_written_in_order_and_in_groups() {
    let (kind, project, ids) = fixture(50);
    let mut store = kind.connect();
    let (writer, reports) = writer(kind.connect());
    // While another program holds the lock, everything waits; then it goes in one transaction.
    let other = kind.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut sent = Vec::new();
    for (i, id) in ids.iter().enumerate() {
        let mut edit = edit(store.as_mut(), *id, labeled(&[1], "ann", at(i as i64)), "ann", i as i64);
        sent.push(edit.id);
        writer.submit(WriteRequest::Commit(vec![edit.clone()]));
        // And a second edit of the same sample, made before the first is acknowledged.
        edit.id = lakelens::domain::ids::EditId::fresh();
        if let Change::Answer { base, after, .. } = &mut edit.change {
            (*base, after.flagged) = (Rev(1), true);
        }
        sent.push(edit.id);
        writer.submit(WriteRequest::Commit(vec![edit]));
    }
    writer.submit(WriteRequest::Undo { project, author: "ann".to_owned(), at: at(99) });
    assert_eq!(writer.unsaved(), 101);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(writer.flush(LONG), 0);
    assert_eq!(writer.state(), WriteState::Saved);
    let mut done = Vec::new();
    let mut groups = 0;
    let mut undone = 0;
    for report in reports.try_iter() {
        match report {
            WriteDone::Committed(outcomes) => {
                groups += 1;
                assert_eq!(undone, 0, "an edit overtook the undo behind it");
                assert!(outcomes.iter().all(|(_, o)| matches!(o, Outcome::Saved { .. })), "{outcomes:?}");
                done.extend(outcomes.into_iter().map(|(id, _)| id));
            }
            WriteDone::Undone(report) => undone += report.applied.len(),
            WriteDone::State(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(done, sent);
    assert_eq!(undone, 1);
    assert!(groups < 50, "{groups} transactions for 100 edits that waited");
    assert_eq!(store.counts(project).unwrap().of(Status::Labeled), 50);
    drop(writer);
    kind.verify();
}

#[test]
fn a_large_step_is_not_made_without_a_word() {
    let (kind, project, ids) = fixture(50);
    let mut store = kind.connect();
    let edits: Vec<_> = ids.iter().map(|id| edit(store.as_mut(), *id, labeled(&[1], "ann", at(0)), "ann", 0)).collect();
    let (writer, reports) = writer(kind.connect());
    let step = |redo: bool, most: u64| WriteRequest::Step { project, author: "ann".to_owned(), at: at(1), redo, most };
    writer.submit(WriteRequest::Commit(super::fixture::batch(edits)));
    writer.submit(step(false, 20));
    let large = wait(&reports, |r| matches!(r, WriteDone::Large { .. } | WriteDone::Undone(_)));
    assert_eq!(large, WriteDone::Large { project, redo: false, pictures: 50 });
    assert_eq!(store.counts(project).unwrap().of(Status::Labeled), 50);
    writer.submit(step(false, 50));
    let WriteDone::Undone(report) = wait(&reports, |r| matches!(r, WriteDone::Undone(_))) else { panic!() };
    assert_eq!(report.applied.len(), 50);
    writer.submit(step(true, 49));
    let large = wait(&reports, |r| matches!(r, WriteDone::Large { .. } | WriteDone::Redone(_)));
    assert_eq!(large, WriteDone::Large { project, redo: true, pictures: 50 });
    drop(writer);
    kind.verify();
}

#[test]
fn what_cannot_be_written_waits_says_why_and_is_written_later() {
    let (kind, project, ids) = fixture(1);
    let mut store = kind.connect();
    let limited = kind.store();
    limited.limit_pages(1).unwrap();
    let page_limit = kind.raw();
    // A message too large for the pages there are.
    let mut edit = edit(store.as_mut(), ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    edit.message = "m".repeat(1 << 20);
    let (writer, reports) = writer(Box::new(limited));
    writer.submit(WriteRequest::Commit(vec![edit.clone()]));
    let waiting = wait(&reports, |r| matches!(r, WriteDone::State(WriteState::Waiting { .. })));
    let WriteDone::State(WriteState::Waiting { edits, reason }) = waiting else { panic!() };
    assert_eq!(edits, 1);
    assert!(matches!(reason, StoreError::DiskFull { .. }), "{reason}");
    assert_eq!(store.sample(ids[0]).unwrap().rev, Rev(0));
    drop(page_limit);
    // Nothing is lost on leaving: the caller gets it back.
    let back = writer.close(Duration::from_millis(1));
    assert_eq!(back, [WriteRequest::Commit(vec![edit])]);
    assert!(!reports.try_iter().any(|r| matches!(r, WriteDone::Committed(_))), "acknowledged, but not durable");
    let (writer, reports) = self::writer(kind.connect());
    back.into_iter().for_each(|request| writer.submit(request));
    wait(&reports, |r| matches!(r, WriteDone::Committed(o) if matches!(o[..], [(_, Outcome::Saved { .. })])));
    assert_eq!(writer.flush(LONG), 0);
    assert_eq!(store.counts(project).unwrap().of(Status::Labeled), 1);
}

#[test]
fn a_request_that_can_never_work_does_not_hold_up_the_others() {
    let (kind, project, ids) = fixture(1);
    let edit = edit(kind.connect().as_mut(), ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    let (writer, reports) = writer(kind.connect());
    writer.submit(WriteRequest::SaveQueue { project, name: "missing".to_owned(), queue: None });
    writer.submit(WriteRequest::Commit(vec![edit]));
    writer.submit(WriteRequest::SaveQueue { project, name: "k".to_owned(), queue: Some(Queue::default()) });
    assert_eq!(writer.flush(LONG), 0);
    let reports: Vec<WriteDone> = reports.try_iter().filter(|r| !matches!(r, WriteDone::State(_))).collect();
    assert!(matches!(reports[0], WriteDone::Failed(_, StoreError::NotFound { .. })), "{reports:?}");
    assert!(matches!(reports[1], WriteDone::Committed(_)));
    assert!(matches!(reports[2], WriteDone::Stored(_)));
    assert_eq!(kind.connect().saved_queues(project).unwrap(), [("k".to_owned(), Queue::default())]);
}

#[test]
fn dropping_the_writer_writes_what_is_queued() {
    let (kind, project, ids) = fixture(20);
    let mut store = kind.connect();
    let (writer, _reports) = writer(kind.connect());
    for (i, id) in ids.iter().enumerate() {
        let edit = edit(store.as_mut(), *id, labeled(&[1], "ann", at(i as i64)), "ann", i as i64);
        writer.submit(WriteRequest::Commit(vec![edit]));
    }
    drop(writer);
    assert_eq!(store.counts(project).unwrap().of(Status::Labeled), 20);
}

#[test]
fn a_cancelled_read_stops_and_the_others_go_on() {
    let (kind, project, _) = fixture(10);
    let reader = Reader::spawn(kind.connect()).unwrap();
    let (sender, results) = channel();
    let (started, running) = channel();
    // Reads until it is stopped.
    let endless = {
        let sender = sender.clone();
        reader.request(
            move |store| {
                let _ = started.send(());
                loop {
                    store.nth(project, &Queue { order: Order::Newest, ..Queue::default() }, 5)?;
                }
            },
            move |result: Result<(), StoreError>| drop(sender.send(result.err())),
        )
    };
    let queued = {
        let sender = sender.clone();
        reader.request(|_| Ok(()), move |_| drop(sender.send(Some(StoreError::invalid("was cancelled")))))
    };
    let last = reader.request(move |store| store.counts(project), move |r| drop(sender.send(r.err())));
    running.recv_timeout(LONG).unwrap();
    queued.cancel();
    // A cancel that falls between two reads of the job is lost to it; the next one is not.
    let first = loop {
        endless.cancel();
        if let Ok(result) = results.recv_timeout(Duration::from_millis(5)) {
            break result;
        }
    };
    assert_eq!(first, Some(StoreError::Interrupted));
    assert_eq!(results.recv_timeout(LONG).unwrap(), None);
    last.cancel();
    assert!(results.try_recv().is_err());
}
