//! The journal in front of a remote store: nothing lost, nothing twice, nobody overwritten, whatever the network does.
//! The remote store is a SQLite file behind a link that fails before or after the store has done its work.

use super::fixture::{SqliteFile, all, at, batch, edit, label, labeled, project_of, queue, verdict};
use super::gold::check;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::domain::queue::Order;
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::outbox::{Connect, News, Outboxed, Resolution};
use lakelens::store::records::{Direction, From};
use lakelens::store::{Store, StoreError};
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to the next calls of the link, two bits each: 0 and 1 go through, 2 fails before, 3 after the work.
#[derive(Clone, Default)]
struct Link {
    plan: Arc<AtomicU64>,
}

impl Link {
    fn next(&self) -> u64 {
        // In one step: the test may set another plan meanwhile, which must not be undone.
        let next = |plan: u64| Some(plan >> 2);
        self.plan.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).unwrap_or_default() & 3
    }

    fn cut() -> StoreError {
        StoreError::Failed { place: "the far store".to_owned(), why: "the connection was cut".to_owned() }
    }

    fn around<T>(&self, work: impl FnOnce() -> lakelens::store::Result<T>) -> lakelens::store::Result<T> {
        match self.next() {
            2 => Err(Self::cut()),
            3 => work().and_then(|_| Err(Self::cut())),
            _ => work(),
        }
    }
}

/// A far store, its journal here, and what was told.
struct Far {
    file: SqliteFile,
    link: Link,
    told: Arc<Mutex<Vec<News>>>,
}

impl Far {
    fn new() -> Self {
        Self { file: SqliteFile::new(), link: Link::default(), told: Arc::default() }
    }

    fn journal(&self) -> PathBuf {
        self.file.folder.path().join("journal/far.journal")
    }

    fn connect(&self) -> Connect {
        let (path, link) = (self.file.path(), self.link.clone());
        Arc::new(move || {
            let store = lakelens::store::sqlite::SqliteStore::open(&path, lakelens::store::records::Mode::Create)?;
            Ok(Box::new(linked::Linked { store: Box::new(store), link: link.clone() }))
        })
    }

    fn open(&self) -> Outboxed {
        Outboxed::open(&self.journal(), "far", self.connect()).unwrap()
    }

    fn watched(&self) -> Outboxed {
        let mut store = self.open();
        let told = Arc::clone(&self.told);
        store.watch(Arc::new(move |news| told.lock().unwrap().push(news)));
        store
    }
}

mod hanging;
mod linked;

fn flush(store: &mut dyn Store) {
    let state = store.send(PATIENCE).unwrap();
    assert_eq!(state.unsent, 0, "{state:?}");
}

#[test]
fn an_edit_is_kept_here_and_then_saved_there() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 5);
    let mut store = far.watched();
    let one = edit(&mut store, ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    assert_eq!(store.commit(std::slice::from_ref(&one)).unwrap(), [Outcome::Queued]);
    // Seen at once, whether or not it has arrived.
    assert_eq!(store.sample(ids[0]).unwrap().answer.status, Status::Labeled);
    let open = queue("status:unlabeled", Order::Path);
    let page = store.page(project.id, &open, &From::Edge, Direction::Forward, 10).unwrap();
    assert_eq!(page.len(), 4);
    flush(&mut store);
    assert_eq!(direct.history(project.id, None, None, 10).unwrap().len(), 1);
    let told = far.told.lock().unwrap();
    assert!(told.iter().any(
        |n| matches!(n, News::Settled(s) if s.iter().any(|(e, o)| e.id == one.id && matches!(o, Outcome::Saved { .. })))
    ));
    assert!(told.iter().any(|n| matches!(n, News::Outbox(s) if s.unsent == 1)), "{told:?}");
}

#[test]
fn a_page_is_full_although_waiting_edits_took_its_first_samples_out_of_the_queue() {
    let far = Far::new();
    let (project, ids) = project_of(&mut far.file.store(), "p", 30);
    let mut store = far.open();
    far.link.plan.store(u64::MAX / 3 * 2, Ordering::SeqCst);
    let edits: Vec<Edit> =
        ids[..10].iter().map(|id| edit(&mut far.file.store(), *id, labeled(&[1], "ann", at(0)), "ann", 0)).collect();
    store.commit(&edits).unwrap();
    far.link.plan.store(0, Ordering::SeqCst);
    let open = queue("status:unlabeled", Order::Path);
    let page = store.page(project.id, &open, &From::Edge, Direction::Forward, 5).unwrap();
    let found: Vec<SampleId> = page.iter().map(|q| q.sample.id).collect();
    assert_eq!(found, ids[10..15]);
    flush(&mut store);
}

#[test]
fn an_answer_to_a_gold_picture_waits_in_the_journal_like_any_other() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 5);
    for id in &ids[..2] {
        label(&mut direct, *id, 1, "ann", 0);
    }
    let samples = direct.samples_by_id(&ids[..2]).unwrap();
    lakelens::ops::gold::mark(&mut direct, project.id, &samples, "ann", at(1)).unwrap();
    let mut store = far.open();
    far.link.plan.store(u64::MAX / 3 * 2, Ordering::SeqCst);
    let open = edit(&mut far.file.store(), ids[3], labeled(&[1], "bob", at(2)), "bob", 2);
    let gold = check(project.id, ids[0], 2, "bob", 3);
    assert_eq!(store.commit(&[gold, open.clone()]).unwrap(), [Outcome::Queued, Outcome::Queued]);
    assert_eq!(direct.gold_answers(project.id).unwrap().len(), 0, "the store is away");
    drop(store);
    // The program was restarted, and the store is there again.
    far.link.plan.store(0, Ordering::SeqCst);
    let mut store = far.open();
    assert_eq!(store.gold_open(project.id, "bob").unwrap(), ids[1..2], "what waits is not asked again");
    assert_eq!(store.sample(ids[0]).unwrap(), direct.sample(ids[0]).unwrap());
    flush(&mut store);
    assert_eq!(direct.gold_answers(project.id).unwrap().len(), 1);
    // Back over both, first with the network, then without.
    assert_eq!(store.undo(project.id, "bob", at(5)).unwrap().applied[0].edit.change.sample(), Some(ids[3]));
    far.link.plan.store(u64::MAX / 3 * 2, Ordering::SeqCst);
    let report = store.undo(project.id, "bob", at(6)).unwrap();
    assert!(matches!(report.applied[0].edit.change, Change::Check { after: None, .. }), "{report:?}");
    far.link.plan.store(0, Ordering::SeqCst);
    flush(&mut store);
    assert_eq!(direct.gold_answers(project.id).unwrap().len(), 0);
    store.redo(project.id, "bob", at(7)).unwrap();
    flush(&mut store);
    assert_eq!(direct.gold_answers(project.id).unwrap().len(), 1);
}

#[test]
fn edits_survive_a_restart_and_wait_for_a_store_that_is_away() {
    let far = Far::new();
    let (project, ids) = project_of(&mut far.file.store(), "p", 3);
    let mut store = far.open();
    far.link.plan.store(u64::MAX / 3 * 2, Ordering::SeqCst);
    let mut edits = Vec::new();
    for (n, class) in [1, 2, 3].into_iter().enumerate() {
        let n = i64::try_from(n).unwrap();
        let next = edit(&mut store, ids[0], labeled(&[class], "ann", at(n)), "ann", n);
        store.commit(std::slice::from_ref(&next)).unwrap();
        edits.push(next);
    }
    drop(store);
    far.link.plan.store(0, Ordering::SeqCst);
    let mut store = far.watched();
    flush(&mut store);
    let history = far.file.store().history(project.id, Some(ids[0]), None, 10).unwrap();
    let sent: HashSet<_> = history.iter().map(|h| h.edit.id).collect();
    assert_eq!((history.len(), sent), (3, edits.iter().map(|e| e.id).collect()));
    assert_eq!(store.sample(ids[0]).unwrap().rev.0, 3);
}

#[test]
fn what_met_somebody_elses_waits_with_all_later_edits_for_a_decision() {
    for how in [Resolution::Mine, Resolution::Theirs, Resolution::Both] {
        let far = Far::new();
        let mut direct = far.file.store();
        let (project, ids) = project_of(&mut direct, "p", 2);
        let mut store = far.open();
        let mine = edit(&mut direct, ids[0], labeled(&[1], "ann", at(1)), "ann", 1);
        label(&mut direct, ids[0], 2, "bob", 0);
        store.commit(std::slice::from_ref(&mine)).unwrap();
        let fine = edit(&mut direct, ids[1], labeled(&[3], "ann", at(1)), "ann", 1);
        store.commit(std::slice::from_ref(&fine)).unwrap();
        flush(&mut store);
        // A later edit of the same sample does not go out either, although its revision would fit by chance.
        let Change::Answer { after: first, .. } = mine.change.clone() else { panic!() };
        let later = Change::Answer {
            sample: ids[0],
            base: lakelens::domain::ids::Rev(1),
            before: first,
            after: labeled(&[3], "ann", at(2)),
        };
        store.commit(&[Edit::by_person(project.id, later, "ann", at(2))]).unwrap();
        flush(&mut store);
        assert_eq!(store.outbox().unwrap().conflicts, 1);
        let report = lakelens::ops::stats::stats(&mut store, &project, at(9)).unwrap();
        assert_eq!((report.unsent, report.conflicts), (0, 1));
        assert_eq!(classes(&mut direct, ids[0]), [2]);
        assert_eq!(classes(&mut direct, ids[1]), [3]);
        let conflicts = store.conflicts(project.id).unwrap();
        let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
        assert_eq!(conflict.theirs.annotations[0].class.0, 2);
        // Still there for the next program.
        drop(store);
        let mut store = far.open();
        let instead = store.resolve(conflict.edit.id, how, "ann", at(3)).unwrap();
        assert_eq!(instead.is_some(), how != Resolution::Theirs);
        flush(&mut store);
        assert_eq!(store.outbox().unwrap().conflicts, 0);
        let want: &[i64] = match how {
            Resolution::Mine => &[3],
            Resolution::Theirs => &[2],
            Resolution::Both => &[2, 3],
        };
        assert_eq!(classes(&mut direct, ids[0]), want, "{how:?}");
        assert!(store.resolve(conflict.edit.id, how, "ann", at(4)).is_err(), "decided twice");
    }
}

fn classes(store: &mut dyn Store, sample: SampleId) -> Vec<i64> {
    store.sample(sample).unwrap().answer.annotations.iter().map(|a| a.class.0).collect()
}

#[test]
fn undo_and_redo_work_without_the_network_and_reach_the_store() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 3);
    let mut store = far.open();
    let both: Vec<Edit> =
        ids[..2].iter().map(|id| edit(&mut direct, *id, labeled(&[1], "ann", at(0)), "ann", 0)).collect();
    store.commit(&batch(both)).unwrap();
    let one = edit(&mut store, ids[2], labeled(&[2], "ann", at(1)), "ann", 1);
    store.commit(&[one]).unwrap();
    let look = |store: &mut Outboxed| -> Vec<Vec<i64>> { ids.iter().map(|id| classes(store, *id)).collect() };
    let none: Vec<i64> = Vec::new();
    assert_eq!(store.undo(project.id, "ann", at(2)).unwrap().applied.len(), 1);
    assert_eq!(look(&mut store), [vec![1], vec![1], none.clone()]);
    assert_eq!(store.undo(project.id, "ann", at(3)).unwrap().applied.len(), 2);
    assert_eq!(look(&mut store), [none.clone(), none.clone(), none.clone()]);
    assert_eq!(store.redo(project.id, "ann", at(4)).unwrap().applied.len(), 2);
    assert_eq!(look(&mut store), [vec![1], vec![1], none.clone()]);
    assert_eq!(store.undo(project.id, "bob", at(4)).unwrap().applied.len(), 0);
    flush(&mut store);
    assert_eq!(look(&mut store), [vec![1], vec![1], none.clone()]);
    assert_eq!(far.file.store().history(project.id, None, None, 100).unwrap().len(), 8);
    // The store's own lists agree: its redo makes the last one again.
    drop(store);
    std::fs::remove_dir_all(far.journal().parent().unwrap()).unwrap();
    let mut fresh = far.open();
    assert_eq!(fresh.redo(project.id, "ann", at(5)).unwrap().applied.len(), 1);
    assert_eq!(classes(&mut direct, ids[2]), [2]);
}

#[test]
fn a_verdict_goes_with_its_answer_or_not_at_all() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 1);
    let mut store = far.open();
    let answer = edit(&mut direct, ids[0], labeled(&[1], "cleo", at(1)), "cleo", 1);
    store.commit(std::slice::from_ref(&answer)).unwrap();
    let judged = verdict(&mut store, ids[0], Verdict::Accepted, "cleo", 2);
    let theirs = edit(&mut direct, ids[0], labeled(&[2], "bob", at(0)), "bob", 0);
    direct.commit(&[theirs]).unwrap();
    store.commit(&[judged]).unwrap();
    flush_or_conflict(&mut store);
    let now = direct.sample(ids[0]).unwrap();
    // Whoever was first: no verdict stands on an answer that its reviewer has not seen.
    if store.conflicts(project.id).unwrap().is_empty() {
        assert_eq!(now.reviews.len(), 1);
    } else {
        assert!(now.reviews.is_empty(), "{now:?}");
    }
}

fn flush_or_conflict(store: &mut Outboxed) {
    assert_eq!(store.send(PATIENCE).unwrap().unsent, 0);
}

#[test]
fn of_two_programs_on_one_journal_one_sends_and_the_other_takes_over() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 40);
    let (mut one, mut two) = (far.open(), far.open());
    let edits: Vec<Edit> = ids.iter().map(|id| edit(&mut direct, *id, labeled(&[1], "ann", at(0)), "ann", 0)).collect();
    for (n, change) in edits.iter().enumerate() {
        let store = if n % 2 == 0 { &mut one } else { &mut two };
        store.commit(std::slice::from_ref(change)).unwrap();
    }
    drop(one);
    flush(&mut two);
    assert_eq!(direct.history(project.id, None, None, 100).unwrap().len(), 40);
}

#[test]
fn an_edit_the_store_cannot_take_is_kept_with_the_reason_and_the_rest_goes_on() {
    let far = Far::new();
    let mut direct = far.file.store();
    let (project, ids) = project_of(&mut direct, "p", 2);
    let mut store = far.open();
    let unknown = edit(&mut direct, ids[0], labeled(&[99], "ann", at(0)), "ann", 0);
    let fine = edit(&mut direct, ids[1], labeled(&[1], "ann", at(0)), "ann", 0);
    store.commit(&[unknown, fine]).unwrap();
    flush(&mut store);
    let conflicts = store.conflicts(project.id).unwrap();
    assert!(conflicts.len() == 1 && conflicts[0].reason.is_some(), "{conflicts:?}");
    assert_eq!(classes(&mut direct, ids[1]), [1]);
}

/// One step of the random walk.
#[derive(Clone, Debug)]
enum Step {
    /// The person behind the journal answers, or takes back, or makes again.
    Mine(usize, i64),
    Undo,
    Redo,
    /// Somebody else answers directly.
    Theirs(usize, i64),
    /// The program ends and starts again.
    Restart,
    /// The next calls of the link, as [`Link`] has them.
    Weather(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize, 1..4_i64).prop_map(|(s, c)| Step::Mine(s, c)),
        1 => Just(Step::Undo),
        1 => Just(Step::Redo),
        2 => (0..4_usize, 1..4_i64).prop_map(|(s, c)| Step::Theirs(s, c)),
        1 => Just(Step::Restart),
        2 => (0..1_u64 << 16).prop_map(Step::Weather),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_done_twice_and_nobody_is_overwritten(steps in prop::collection::vec(step(), 1..40)) {
        let far = Far::new();
        let mut direct = far.file.store();
        let (project, ids) = project_of(&mut direct, "p", 4);
        let mut store = Some(far.open());
        let mut kept: Vec<Edit> = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let n = i64::try_from(n).unwrap();
            let mine = store.as_mut().unwrap();
            match step {
                Step::Mine(sample, class) => {
                    let id = ids[*sample];
                    let now = mine.sample(id).unwrap();
                    let (before, base) = (now.answer, now.rev);
                    let change = Change::Answer { sample: id, base, before, after: labeled(&[*class], "ann", at(n)) };
                    let edit = Edit::by_person(project.id, change, "ann", at(n));
                    prop_assert_eq!(mine.commit(std::slice::from_ref(&edit)).unwrap(), [Outcome::Queued]);
                    kept.push(edit);
                }
                Step::Undo | Step::Redo => {
                    let done = match step {
                        Step::Undo => mine.undo(project.id, "ann", at(n)),
                        _ => mine.redo(project.id, "ann", at(n)),
                    };
                    kept.extend(done.map(|r| r.applied.into_iter().map(|a| a.edit).collect::<Vec<_>>()).unwrap_or_default());
                }
                Step::Theirs(sample, class) => {
                    // The sender may come first: then it is theirs that conflicts.
                    let edit = edit(&mut direct, ids[*sample], labeled(&[*class], "bob", at(n)), "bob", n);
                    direct.commit(&[edit]).unwrap();
                }
                Step::Restart => {
                    drop(store.take());
                    far.link.plan.store(0, Ordering::SeqCst);
                    store = Some(far.open());
                }
                Step::Weather(plan) => far.link.plan.store(*plan, Ordering::SeqCst),
            }
        }
        far.link.plan.store(0, Ordering::SeqCst);
        let mut mine = store.take().unwrap();
        flush(&mut mine);
        agrees(&mut direct, &mut mine, project.id, &kept)?;
    }
}

/// Every edit that was kept is in the far store once, or a person is asked about its sample; and what stands there
/// follows from its history without a gap.
fn agrees(direct: &mut dyn Store, mine: &mut Outboxed, project: ProjectId, kept: &[Edit]) -> Result<(), TestCaseError> {
    let history = direct.history(project, None, None, 10_000).unwrap();
    let asked: HashSet<SampleId> =
        mine.conflicts(project).unwrap().iter().filter_map(|c| c.edit.change.sample()).collect();
    for edit in kept {
        let times = history.iter().filter(|h| h.edit.id == edit.id).count();
        let waits = edit.change.sample().is_some_and(|s| asked.contains(&s));
        prop_assert!(times == 1 || (times == 0 && waits), "{times} times, asked {waits}: {edit:?}");
    }
    for sample in all(direct, project, "", Order::Path) {
        let mut steps: Vec<_> = history.iter().filter(|h| h.edit.change.sample() == Some(sample.id)).collect();
        steps.reverse();
        let mut stands = Answer::default();
        for entry in steps {
            let Change::Answer { before, after, .. } = &entry.edit.change else { continue };
            prop_assert_eq!(before, &stands, "an edit replaced what its author had not seen");
            stands = after.clone();
        }
        prop_assert_eq!(&sample.answer, &stands);
    }
    Ok(())
}

#[test]
fn news_come_from_the_outbox_alone_and_in_order() {
    let far = Far::new();
    let (_, ids) = project_of(&mut far.file.store(), "p", 20);
    let (send, news) = mpsc::channel();
    let mut store = far.open();
    store.watch(Arc::new(move |n| drop(send.send(n))));
    let mut order = Vec::new();
    for id in &ids {
        let change = edit(&mut store, *id, labeled(&[1], "ann", at(0)), "ann", 0);
        order.push(change.id);
        store.commit(&[change]).unwrap();
    }
    flush(&mut store);
    drop(store);
    let mut settled = Vec::new();
    while settled.len() < order.len() {
        match news.recv_timeout(PATIENCE).unwrap() {
            News::Settled(some) => settled.extend(some.into_iter().map(|(e, _)| e.id)),
            News::Outbox(_) | News::Changed(_) | News::Notice(_) => {}
        }
    }
    assert_eq!(settled, order);
}

#[test]
fn a_journal_that_cannot_be_read_for_a_while_is_sent_afterwards() {
    let far = Far::new();
    let (project, ids) = project_of(&mut far.file.store(), "p", 1);
    let mut store = far.watched();
    let one = edit(&mut store, ids[0], labeled(&[1], "ann", at(0)), "ann", 0);
    store.commit(std::slice::from_ref(&one)).unwrap();
    flush(&mut store);
    // The table is gone for the sender, as if the file were damaged, and comes back.
    let raw = rusqlite::Connection::open(far.journal()).unwrap();
    raw.execute_batch("ALTER TABLE entry RENAME TO hidden").unwrap();
    let troubled = || far.told.lock().unwrap().iter().any(|n| matches!(n, News::Outbox(s) if s.waiting.is_some()));
    assert!(store.commit(std::slice::from_ref(&one)).is_err(), "nothing is shown as kept that is not");
    store.watch({
        let told = Arc::clone(&far.told);
        Arc::new(move |news| told.lock().unwrap().push(news))
    });
    while !troubled() {
        std::thread::yield_now();
    }
    raw.execute_batch("ALTER TABLE hidden RENAME TO entry").unwrap();
    let two = edit(&mut far.file.store(), ids[0], labeled(&[2], "ann", at(1)), "ann", 1);
    store.commit(&[two]).unwrap();
    flush(&mut store);
    assert_eq!(far.file.store().history(project.id, None, None, 10).unwrap().len(), 2);
}
