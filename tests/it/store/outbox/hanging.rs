//! A client of the far store that hangs or panics: what waits is counted, and is sent when it can be.

use super::{Far, flush};
use crate::store::fixture::{at, edit, labeled, project_of};
use lakelens::store::Store;
use lakelens::store::outbox::{Connect, News, Outboxed};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[test]
fn what_waits_is_counted_while_the_far_store_hangs() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (_, ids) = project_of(&mut direct, "p", 3);
    let hangs = Arc::new(Mutex::new(()));
    let (gate, connect) = (Arc::clone(&hangs), far.connect());
    let slow: Connect = Arc::new(move || {
        let _open = gate.lock().unwrap_or_else(PoisonError::into_inner);
        connect()
    });
    let mut store = Outboxed::open(&far.journal(), "far", slow).unwrap();
    let told = Arc::clone(&far.told);
    store.watch(Arc::new(move |news| told.lock().unwrap().push(news)));
    let closed = hangs.lock().unwrap();
    let said = || {
        let told = far.told.lock().unwrap();
        told.iter().rev().find_map(|n| if let News::Outbox(s) = n { Some(s.unsent) } else { None })
    };
    for (n, id) in (1..).zip(&ids) {
        let one = edit(&mut direct, *id, labeled(&[1], "ann", at(n)), "ann", n);
        store.commit(&[one]).unwrap();
        assert_eq!(said(), Some(n.unsigned_abs()), "as soon as it is kept");
    }
    drop(closed);
    flush(&mut store);
    assert_eq!(said(), Some(0));
}

#[test]
fn a_client_that_panics_keeps_nothing_from_being_sent() {
    let far = Far::new();
    let (project, ids) = project_of(&mut far.file.store(), "p", 1);
    let (connect, calls) = (far.connect(), AtomicU64::new(0));
    // The first connection reads; the sender's first one panics.
    let breaks: Connect = Arc::new(move || {
        assert!(calls.fetch_add(1, Ordering::SeqCst) != 1, "a bug in a client");
        connect()
    });
    let mut store = Outboxed::open(&far.journal(), "far", breaks).unwrap();
    let one = edit(&mut store, ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    store.commit(std::slice::from_ref(&one)).unwrap();
    flush(&mut store);
    assert_eq!(far.file.store().history(project.id, None, None, 10).unwrap().len(), 1);
}
