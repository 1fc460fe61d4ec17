//! The desk in front of the store: one thin thread that opens it, hands questions to its reader and changes to its
//! writer, and tells the loop what became of them.
//!
//! Why a thread: opening a store may take long, and the first frame must not wait for it. What always holds: changes
//! reach the writer in the order of the keys; a newer question of a slot cancels the older; an edit that can never be
//! written is said to be refused, and the screen takes it back.

mod changes;
mod told;

use changes::{apply, made, undone};
use told::{news, outbox_event, refuse, report, sent};

use super::elsewhere::Listener;
use super::message::{Message, Sender};
use super::services::StorePlace;
use super::store_reads::{answer, session_key};
use super::store_review;
use super::team::TeamDesk;
use crate::app::effect::{Decision, ProjectChange, Query, Remark, Write};
use crate::app::event::{Event, Reply, Wrote};
use crate::app::screens::gallery::bulk::ASK_ABOVE;
use crate::app::slots::{Slot, Tag};
use crate::app::team::{TeamNews, TeamOrder};
use crate::domain::edit::Edit;
use crate::domain::ids::{EditId, ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::store::outbox::{OutboxState, Outboxed, Resolution};
use crate::store::reader::{Reader, Ticket};
use crate::store::records::{Capabilities, UndoReport};
use crate::store::writer::{WriteRequest, Writer};
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How long leaving waits for a store that cannot be written now.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long leaving waits for edits to reach a remote store; they are safe in the journal already.
const SENDING: Duration = Duration::from_millis(1500);
/// How long leaving waits for what is written beside the edits, such as comments, of which nothing is kept here.
const SAYING: Duration = Duration::from_secs(5);

enum Order {
    Ask(Tag, Query),
    Write(Write),
    Team(TeamOrder),
    /// An undo or redo is durable; its samples are to be read.
    After(UndoReport, bool),
    /// A second answer is durable; how far the pass is, is to be read.
    AfterSecond(ProjectId),
    Finish,
}

/// The handle to the desk.
pub struct StoreDesk {
    orders: mpsc::Sender<Order>,
}

impl StoreDesk {
    /// Starts the thread; the store is opened on it.
    #[must_use]
    pub fn start(place: StorePlace, user: String, sender: Sender) -> Self {
        let (orders, incoming) = mpsc::channel();
        let desk = Desk {
            place,
            user,
            sender,
            orders: orders.clone(),
            open: None,
            tickets: HashMap::new(),
            listener: None,
            team: None,
            unsaid: Arc::default(),
        };
        if let Err(error) =
            std::thread::Builder::new().name("store-desk".to_owned()).spawn(move || desk.serve(&incoming))
        {
            tracing::error!(%error, "no thread for the store");
        }
        Self { orders }
    }

    /// Asks a question; the answer comes as a reply with the same tag.
    pub fn ask(&self, tag: Tag, query: Query) {
        drop(self.orders.send(Order::Ask(tag, query)));
    }

    /// Orders a change, after all others.
    pub fn write(&self, write: Write) {
        drop(self.orders.send(Order::Write(write)));
    }

    /// Tells or asks the others' side, after all before.
    pub fn team(&self, order: TeamOrder) {
        drop(self.orders.send(Order::Team(order)));
    }

    /// Writes what waits and says [`Message::Settled`] when that is done or hopeless.
    pub fn finish(&self) {
        drop(self.orders.send(Order::Finish));
    }
}

/// An opened store.
struct Opened {
    reader: Reader,
    writer: Writer,
    /// Edits that were handed to the writer, for its reports name only their ids.
    sent: Sent,
    /// What waits to be sent to a remote store.
    outbox: Outbox,
    /// The store says by itself that others changed something.
    feed: bool,
    /// The store says who is there.
    presence: bool,
    /// The store hands pictures out.
    claims: bool,
}

type Sent = Arc<Mutex<HashMap<EditId, Edit>>>;
type Outbox = Arc<(Mutex<OutboxState>, Condvar)>;

struct Desk {
    place: StorePlace,
    user: String,
    sender: Sender,
    orders: mpsc::Sender<Order>,
    open: Option<Opened>,
    tickets: HashMap<Slot, Ticket>,
    listener: Option<Listener>,
    team: Option<TeamDesk>,
    /// What is written beside the edits and on its way, which leaving waits for.
    unsaid: Arc<(Mutex<usize>, Condvar)>,
}

impl Desk {
    fn serve(mut self, incoming: &mpsc::Receiver<Order>) {
        for order in incoming {
            match order {
                Order::Ask(tag, query) => self.ask(tag, query),
                Order::Write(write) => self.write(write),
                Order::Team(order) => self.team(order),
                Order::After(report, redo) => self.after(report, redo),
                Order::AfterSecond(project) => self.after_second(project),
                Order::Finish => {
                    self.finish();
                    return;
                }
            }
        }
    }

    /// The opened store; opened now if it is not yet.
    fn opened(&mut self) -> Result<&Opened> {
        if self.open.is_none() {
            // A server that is away keeps its caller waiting: what waits for it is told before.
            if let Some(left) = self.place.journal().and_then(Outboxed::left) {
                self.sender.event(outbox_event(left));
            }
            let (reads, mut writes) = self.connections()?;
            if let Some(why) = writes.read_only() {
                self.sender.event(Event::ReadOnly(why));
            }
            let Capabilities { feed, presence, claims, objects, .. } = writes.capabilities();
            self.sender.event(Event::Team(TeamNews::Able { claims, presence, objects }));
            let outbox: Outbox = Arc::default();
            writes.watch(news(Arc::clone(&outbox), self.sender.clone()));
            let sent: Sent = Arc::default();
            let (of_writer, sender, orders) = (Arc::clone(&sent), self.sender.clone(), self.orders.clone());
            let report = move |done| report(done, &of_writer, &sender, &orders);
            let writer = Writer::spawn(writes, Box::new(report))?;
            self.open = Some(Opened { reader: Reader::spawn(reads)?, writer, sent, outbox, feed, presence, claims });
        }
        self.open.as_ref().ok_or(StoreError::Interrupted)
    }

    /// The connection for reading and the one for writing; at once where making one takes many round trips.
    fn connections(&self) -> Result<(Box<dyn Store>, Box<dyn Store>)> {
        if self.place.journal().is_none() {
            return Ok((self.place.open()?, self.place.open()?));
        }
        std::thread::scope(|scope| {
            let other = scope.spawn(|| self.place.open());
            let reads = self.place.open();
            let writes = other.join().unwrap_or(Err(StoreError::Interrupted));
            Ok((reads?, writes?))
        })
    }

    fn ask(&mut self, tag: Tag, query: Query) {
        if let Some(older) = self.tickets.remove(&tag.slot) {
            older.cancel();
        }
        if let Query::Page { project, .. } | Query::Project(project) = &query {
            self.listen(*project);
        }
        let (user, sender) = (self.user.clone(), self.sender.clone());
        let asked = self.opened().map(|open| {
            open.reader.request(
                move |store| answer(store, &user, query),
                move |result| match result {
                    Ok(reply) => sender.event(Event::Reply(tag, reply)),
                    Err(StoreError::Interrupted) => {}
                    Err(error) => sender.event(Event::Reply(tag, Reply::Failed(error.to_string()))),
                },
            )
        });
        match asked {
            Ok(ticket) => drop(self.tickets.insert(tag.slot, ticket)),
            Err(error) => self.sender.event(Event::Reply(tag, Reply::Failed(error.to_string()))),
        }
    }

    /// Listens to what others do in this project, where the store can tell.
    fn listen(&mut self, project: ProjectId) {
        if self.listener.as_ref().is_some_and(|l| l.is_about(project)) {
            return;
        }
        let Ok((feed, claims)) = self.opened().map(|open| (open.feed, open.claims)) else { return };
        if feed {
            // The older one ends by being dropped.
            self.listener = Listener::start(self.place.clone(), project, self.user.clone(), self.sender.clone());
        }
        if claims && let Ok(team) = self.others() {
            team.connect();
        }
    }

    /// Hands an order to the thread of the others' side.
    fn team(&mut self, order: TeamOrder) {
        match (self.others(), order) {
            (Ok(team), order) => team.order(order),
            (Err(error), TeamOrder::Claim { tag, .. }) => {
                self.sender.event(Event::Reply(tag, Reply::Failed(error.to_string())));
            }
            (Err(_), _) => {}
        }
    }

    /// The thread of the others' side; started now if it is not yet.
    fn others(&mut self) -> Result<&TeamDesk> {
        let (place, user, sender) = (self.place.clone(), self.user.clone(), self.sender.clone());
        let presence = self.opened()?.presence;
        Ok(self.team.get_or_insert_with(|| TeamDesk::start(place, user, presence, sender)))
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Project(change) => return self.change_project(change),
            Write::Remark(remark) => return self.remark(remark),
            Write::Session { project, queue, sample } => return self.session(project, &queue, sample),
            _ => {}
        }
        let request = self.request(write.clone());
        match self.opened() {
            Ok(open) => {
                if let WriteRequest::Commit(edits) = &request {
                    let mut sent = open.sent.lock().unwrap_or_else(PoisonError::into_inner);
                    sent.extend(edits.iter().map(|e| (e.id, e.clone())));
                }
                open.writer.submit(request);
            }
            Err(error) => refuse(&self.sender, write, &error),
        }
    }

    fn request(&self, write: Write) -> WriteRequest {
        let (author, at) = (self.user.clone(), Timestamp::now());
        match write {
            Write::Edits(edits) => WriteRequest::Commit(edits),
            Write::Undo(project) => WriteRequest::Step { project, author, at, redo: false, most: ASK_ABOVE as u64 },
            Write::Redo(project) => WriteRequest::Step { project, author, at, redo: true, most: ASK_ABOVE as u64 },
            Write::Confirmed { project, redo: false } => WriteRequest::Undo { project, author, at },
            Write::Confirmed { project, redo: true } => WriteRequest::Redo { project, author, at },
            Write::Resolve { edit, decision, .. } => {
                let how = match decision {
                    Decision::Mine => Resolution::Mine,
                    Decision::Theirs => Resolution::Theirs,
                    Decision::Both => Resolution::Both,
                };
                WriteRequest::Resolve { edit, how, author, at }
            }
            Write::UndoEdit(project, edit) => WriteRequest::UndoEdit { project, edit, author, at },
            Write::SaveQueue { project, name, queue } => WriteRequest::SaveQueue { project, name, queue },
            Write::SecondAnswer { project, sample, answer } => {
                WriteRequest::SecondAnswer { project, sample, answer, author, at }
            }
            // Handled before; a rename to nothing is refused by every store.
            Write::Project(_) | Write::Remark(_) | Write::Session { .. } => WriteRequest::Commit(Vec::new()),
        }
    }

    fn remark(&mut self, remark: Remark) {
        let (sender, user, what) = (self.sender.clone(), self.user.clone(), remark.clone());
        let run = move |store: &mut dyn Store| store_review::remark(store, &what, &user);
        self.beside(run, move |result: Result<_>| {
            sender.event(Event::Wrote(Wrote::Remarked(remark, result.map_err(|error| error.to_string()))));
        });
    }

    /// Keeps where the person is, which nobody waits for: what cannot be kept begins elsewhere the next time.
    fn session(&mut self, project: ProjectId, queue: &Queue, sample: Option<SampleId>) {
        let (key, value) = (session_key(&self.user), serde_json::to_string(&(queue, sample)).ok());
        let run = move |store: &mut dyn Store| store.set_setting(project, &key, value.as_deref());
        self.beside(run, |result: Result<()>| {
            if let Err(error) = result {
                tracing::warn!(%error, "where the person is was not kept");
            }
        });
    }

    /// Writes beside the queue of edits, which must not wait for it where the store cannot be reached.
    fn beside<T: 'static>(
        &mut self,
        run: impl FnOnce(&mut dyn Store) -> Result<T> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) {
        let unsaid = Arc::clone(&self.unsaid);
        *unsaid.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let over = move |result| {
            *unsaid.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            unsaid.1.notify_all();
            done(result);
        };
        match self.opened() {
            Ok(open) => drop(open.reader.request(run, over)),
            Err(error) => over(Err(error)),
        }
    }

    fn change_project(&mut self, change: ProjectChange) {
        let sender = self.sender.clone();
        let user = self.user.clone();
        let run = move |store: &mut dyn Store| apply(store, change, &user);
        let done = move |result: Result<String>| match result {
            Ok(text) => sender.event(Event::Wrote(Wrote::Projects(text))),
            Err(error) => sender.event(Event::Wrote(Wrote::Refused(error.to_string()))),
        };
        match self.opened() {
            Ok(open) => drop(open.reader.request(run, done)),
            Err(error) => self.sender.event(Event::Wrote(Wrote::Refused(error.to_string()))),
        }
    }

    /// Reads the samples that an undo changed, so that the screen can follow. While edits wait for a remote store it is
    /// not asked: it would not know, and perhaps not answer.
    fn after(&mut self, report: UndoReport, redo: bool) {
        let sender = self.sender.clone();
        if let Ok(open) = self.opened() {
            let unsent = open.outbox.0.lock().unwrap_or_else(PoisonError::into_inner).unsent;
            if unsent > 0 && report.refused.is_empty() {
                return sender.event(Event::Wrote(made(report, redo, Vec::new(), None)));
            }
            open.reader.request(
                move |store| undone(store, report, redo),
                move |result| match result {
                    Ok(wrote) => sender.event(Event::Wrote(wrote)),
                    Err(error) => sender.event(Event::Wrote(Wrote::Refused(error.to_string()))),
                },
            );
        }
    }

    /// Reads how far the person's second pass is.
    fn after_second(&mut self, project: ProjectId) {
        let (sender, user) = (self.sender.clone(), self.user.clone());
        if let Ok(open) = self.opened() {
            open.reader.request(
                move |store| store_review::progress(store, project, &user),
                move |result: Result<_>| {
                    sender.event(Event::Wrote(Wrote::SecondAnswer(result.map_err(|error| error.to_string()))));
                },
            );
        }
    }

    /// Waits until all that is written beside the edits is stored or refused, at most so long.
    fn wait_beside(&self, patience: Duration) {
        let pending = self.unsaid.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.unsaid.1.wait_timeout_while(pending, patience, |n| *n > 0));
    }

    fn finish(&mut self) {
        self.listener = None;
        if let Some(Opened { reader, writer, outbox, .. }) = self.open.take() {
            self.wait_beside(SAYING);
            drop(reader);
            let _ = writer.flush(PATIENCE);
            sent(&outbox, SENDING);
            // After the answers: what is given back before they arrived would be asked of somebody else.
            if let Some(team) = self.team.take() {
                team.finish(SENDING);
            }
            let left = writer.close(PATIENCE);
            let edits: usize = left.iter().map(|r| if let WriteRequest::Commit(e) = r { e.len() } else { 0 }).sum();
            if edits > 0 {
                let reason = "the store could not be written before the program ended".to_owned();
                self.sender.event(Event::Wrote(Wrote::Waiting { count: edits, reason }));
            }
        }
        self.sender.send(Message::Settled);
    }
}
