//! The side of the others: takes pictures for this person and gives them back, says where the person is, hears who else
//! is there.
//!
//! Why a thread with a connection of its own: a key must never wait for a claim, and renewing must not wait for a page.
//! What always holds: orders are carried out in their order and never cancelled, so that what was taken is also given
//! back; what a person holds is renewed while they work, and ends by itself when they vanish.

use super::message::Sender;
use super::seat::Seat;
use super::services::StorePlace;
use crate::app::event::{Event, Reply};
use crate::app::slots::Tag;
use crate::app::team::{Here, TeamNews, TeamOrder};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::domain::text::printable;
use crate::store::records::{Presence, Queued};
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// For how long pictures are held; the same as CV Explorer does.
const HOLD: Duration = Duration::from_secs(300);
/// How often holds are renewed and the others are asked for; presence ends after a minute of silence.
const BEAT: Duration = Duration::from_secs(20);
/// After a project was opened, where no picture is on the screen yet.
const FIRST: Duration = Duration::from_millis(300);
/// After a step of the person at the latest.
const SOON: Duration = Duration::from_secs(3);
/// Who pressed nothing for so long is away: holds are not renewed any more.
const AWAY: Duration = Duration::from_secs(600);
/// For how long a claim is tried again before the person is told.
const TRYING: Duration = Duration::from_secs(10);
/// What is between the name of an owner and the number of their program.
const MARK: char = '#';

enum Order {
    Do(TeamOrder),
    /// Connect, so that the first claim does not wait for it.
    Connect,
    /// Give everything back and end; the sender is dropped when that is done.
    Finish(std::sync::mpsc::Sender<()>),
}

/// The handle to the thread.
pub(super) struct TeamDesk {
    orders: std::sync::mpsc::Sender<Order>,
}

impl TeamDesk {
    /// Starts the thread; it connects with its first order. `presence`: the store says who is there.
    pub(super) fn start(place: StorePlace, user: String, presence: bool, sender: Sender) -> Self {
        let (orders, incoming) = channel();
        let seat = Seat::take(place.journal());
        let client = seat.id;
        // Another program that shares the database knows only names; ours can tell two windows of one person apart.
        let owner = if presence { format!("{user}{MARK}{}", &client.simple().to_string()[24..]) } else { user.clone() };
        let work = Work {
            place,
            user,
            owner,
            seat,
            found: BTreeSet::new(),
            presence,
            sender,
            store: None,
            of: None,
            at: None,
            mine: BTreeSet::new(),
            active: Instant::now(),
            told: None,
        };
        let thread = std::thread::Builder::new().name("team".to_owned()).spawn(move || work.run(&incoming));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for working together");
        }
        Self { orders }
    }

    /// Has the connection made, of which the first order will be in need.
    pub(super) fn connect(&self) {
        drop(self.orders.send(Order::Connect));
    }

    /// Has an order carried out, after all others.
    pub(super) fn order(&self, order: TeamOrder) {
        drop(self.orders.send(Order::Do(order)));
    }

    /// Gives everything back, and waits for it, at most so long; what is not given back ends by itself.
    pub(super) fn finish(self, patience: Duration) {
        let (done, over) = channel::<()>();
        if self.orders.send(Order::Finish(done)).is_ok() {
            let _ = over.recv_timeout(patience);
        }
    }
}

struct Work {
    place: StorePlace,
    user: String,
    owner: String,
    seat: Seat,
    /// The projects in which what an earlier run held was given back.
    found: BTreeSet<ProjectId>,
    presence: bool,
    sender: Sender,
    store: Option<Box<dyn Store>>,
    /// Of which queue pictures are held.
    of: Option<(ProjectId, Queue)>,
    /// Where the person is.
    at: Option<(ProjectId, Option<SampleId>)>,
    /// What was taken and not lost yet, answered pictures among it.
    mine: BTreeSet<SampleId>,
    active: Instant,
    told: Option<TeamNews>,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        let mut beat = Instant::now() + BEAT;
        loop {
            let wait = match self.at {
                Some(_) => beat.saturating_duration_since(Instant::now()),
                // Nobody is anywhere: nothing is to be renewed or told.
                None => Duration::MAX,
            };
            match orders.recv_timeout(wait) {
                Ok(Order::Do(TeamOrder::Claim { tag, project, queue, limit })) => {
                    self.claim(tag, project, &queue, limit)
                }
                Ok(Order::Do(TeamOrder::At { project, sample })) => {
                    let first = self.at.is_none_or(|(p, _)| p != project);
                    (self.at, self.active) = (Some((project, sample)), Instant::now());
                    // Whose picture this is, is asked at once where it is not ours; before there is one, the order that
                    // takes the first comes before the others are asked for.
                    let wait = match sample {
                        Some(sample) if first || !self.mine.contains(&sample) => Duration::ZERO,
                        None if first => FIRST,
                        _ => SOON,
                    };
                    beat = beat.min(Instant::now() + wait);
                }
                Ok(Order::Connect) => {
                    if let Err(error) = self.store().map(drop) {
                        tracing::debug!(%error, "connected with the first order");
                    }
                }
                Ok(Order::Do(TeamOrder::Leave)) => self.leave(),
                Ok(Order::Finish(_done)) => return self.leave(),
                Err(RecvTimeoutError::Timeout) => {
                    self.beat();
                    beat = Instant::now() + BEAT;
                }
                Err(RecvTimeoutError::Disconnected) => return self.leave(),
            }
        }
    }

    fn store(&mut self) -> Result<&mut dyn Store> {
        if self.store.is_none() {
            self.store = Some(self.place.open()?);
        }
        self.store.as_deref_mut().map(|store| store as &mut dyn Store).ok_or(StoreError::Interrupted)
    }

    /// A connection that failed is not trusted again.
    fn checked<T>(&mut self, done: Result<T>) -> Result<T> {
        if done.as_ref().is_err_and(|error| error.retry_after().is_some()) {
            self.store = None;
        }
        done
    }

    fn claim(&mut self, tag: Tag, project: ProjectId, queue: &Queue, limit: usize) {
        let of = (project, queue.clone());
        if self.of.as_ref() != Some(&of) {
            self.give_back();
            self.of = Some(of);
        }
        self.active = Instant::now();
        let reply = match self.taken(project, queue, limit) {
            Ok(found) => {
                let samples: Vec<_> = found.into_iter().map(|Queued { sample, .. }| sample).collect();
                self.mine.extend(samples.iter().map(|s| s.id));
                Reply::Page { end: samples.is_empty(), samples }
            }
            Err(error) => Reply::Failed(error.to_string()),
        };
        self.sender.event(Event::Reply(tag, reply));
    }

    /// Takes pictures; tries again for a while where the connection breaks, or others are writing all that there are.
    fn taken(&mut self, project: ProjectId, queue: &Queue, limit: usize) -> Result<Vec<Queued>> {
        let end = Instant::now() + TRYING;
        loop {
            self.take_over(project);
            let owner = self.owner.clone();
            let found = self.store().and_then(|store| store.claim(project, queue, &owner, limit, HOLD));
            let error = match self.checked(found) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            match &error {
                // What it took before the connection broke is not known: it is given back, and taken with the rest.
                StoreError::Offline { .. } => drop(self.found.remove(&project)),
                StoreError::Busy { .. } => {}
                _ => return Err(error),
            }
            let pause = error.retry_after().filter(|_| Instant::now() < end);
            std::thread::park_timeout(pause.ok_or(error)?);
        }
    }

    /// Gives back what an earlier run of this program held, which was killed: it would stand in this person's way for
    /// minutes. Where owners are mere names, it may be held by another program of theirs.
    fn take_over(&mut self, project: ProjectId) {
        if !self.presence || self.found.contains(&project) {
            return;
        }
        let owner = self.owner.clone();
        let done = self.store().and_then(|store| store.release_claims(project, &owner));
        match self.checked(done) {
            Ok(_) => drop(self.found.insert(project)),
            Err(error) => tracing::debug!(%error, "what an earlier run held ends by itself"),
        }
    }

    fn leave(&mut self) {
        self.give_back();
        (self.at, self.told) = (None, None);
    }

    fn give_back(&mut self) {
        let Some((project, _)) = self.of.take() else { return };
        self.mine.clear();
        let owner = self.owner.clone();
        let done = self.store().and_then(|store| store.release_claims(project, &owner));
        if let Err(error) = self.checked(done) {
            tracing::debug!(%error, "not given back; it ends by itself");
        }
    }

    /// Renews what is held, says where the person is, and hears of the others.
    fn beat(&mut self) {
        let done = self.renewed().and_then(|()| self.heard());
        if let Err(error) = self.checked(done) {
            tracing::debug!(%error, "the others are asked for again later");
        }
    }

    fn renewed(&mut self) -> Result<()> {
        let Some((project, _)) = self.of.clone().filter(|_| self.active.elapsed() < AWAY && !self.mine.is_empty())
        else {
            return Ok(());
        };
        let owner = self.owner.clone();
        let kept: BTreeSet<SampleId> = self.store()?.renew_claims(project, &owner, HOLD)?.into_iter().collect();
        let lost: Vec<SampleId> = self.mine.difference(&kept).copied().collect();
        self.mine = kept;
        if !lost.is_empty() {
            self.sender.event(Event::Team(TeamNews::Lost(project, lost)));
        }
        Ok(())
    }

    fn heard(&mut self) -> Result<()> {
        let Some((project, sample)) = self.at else { return Ok(()) };
        let mut here: Vec<Here> = Vec::new();
        if self.presence {
            let me = Presence { client: self.seat.id, author: self.user.clone(), sample, seen: Timestamp::now() };
            let there = self.store()?.announce(project, &me)?;
            let mut names: Vec<String> = there.into_iter().map(|p| p.author).filter(|n| *n != self.user).collect();
            names.dedup();
            if !names.is_empty() {
                let people = self.store()?.people(project)?;
                let samples = |name: &str| people.iter().find(|p| p.name == name).map_or(0, |p| p.samples);
                here =
                    names.into_iter().map(|name| Here { samples: Some(samples(&name)), name: shown(&name) }).collect();
            }
        }
        let owner = self.owner.clone();
        let held = self.store()?.holds(project)?.into_iter().filter(|(_, by)| *by != owner);
        let held =
            held.map(|(id, by)| (id, shown(by.rsplit_once(MARK).map_or(by.as_str(), |(name, _)| name)))).collect();
        let news = TeamNews::Here { project, here, held };
        if self.told.as_ref() != Some(&news) {
            self.told = Some(news.clone());
            self.sender.event(Event::Team(news));
        }
        Ok(())
    }
}

fn shown(name: &str) -> String {
    printable(name).into_owned()
}
