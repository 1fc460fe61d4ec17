//! Following a table while others write: new versions are noticed, and taken into the mirror.
//!
//! Why by asking: a table tells nobody that it was written. What always holds: one cheap question is asked, which version
//! is the newest; the rows are read only when that is one that neither was read nor is made of our own batches alone;
//! where nothing happens, the question is asked more and more rarely, and of an engine after a while not at all until the
//! person does something, because what is asked never sleeps, and costs money.

use super::sender::Sender;
use super::thread::Turn;
use super::{TableStore, project_of};
use crate::domain::ids::{EventId, ProjectId};
use crate::domain::version::At;
use crate::store::{Result, Store};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Between two questions at least.
const PACE: Duration = Duration::from_secs(5);
/// Between two questions at most.
const LONGEST: Duration = Duration::from_secs(900);
/// An engine is not asked any more when nothing happened for so long, here or there.
const ASLEEP: Duration = Duration::from_secs(900);
/// Between two readings of a table whose versions nobody tells.
const BLIND: Duration = Duration::from_secs(60);
/// A reading may take so much of the time: one part of this many.
const SHARE: u32 = 5;
/// Batches of our own that are remembered.
const OWN: usize = 64;

/// When the table is asked next.
pub(super) struct Follow {
    on: bool,
    /// Asking keeps something awake that costs money.
    costly: bool,
    pace: Duration,
    /// When something happened last, here or there.
    heard: Instant,
    /// How long the table is left alone after the last reading.
    rest: Duration,
    next: Instant,
}

impl Follow {
    pub(super) fn new(costly: bool) -> Self {
        let now = Instant::now();
        Self { on: true, costly, pace: PACE, heard: now, rest: Duration::ZERO, next: now + PACE }
    }

    /// Whether the table is followed at all.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// When the table is to be asked; `None` until something happens.
    fn due(&self, now: Instant) -> Option<Instant> {
        let asleep = self.costly && now.saturating_duration_since(self.heard) > ASLEEP;
        Some(self.next).filter(|_| self.on && !asleep)
    }

    /// Something happened: the table is asked often again.
    fn hear(&mut self) {
        self.heard = Instant::now();
        self.next = self.next.min(self.heard + self.pace.max(self.rest));
    }

    /// The table was asked, which took so long. `told`: it tells its versions.
    fn asked(&mut self, took: Duration, told: bool) {
        let now = Instant::now();
        let quiet = now.saturating_duration_since(self.heard) / 10;
        let least = if told { self.pace } else { self.pace.max(BLIND) };
        self.rest = took * (SHARE - 1);
        self.next = now + quiet.clamp(least, LONGEST.max(least)).max(self.rest);
    }
}

/// What one look at the table found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    /// The table tells its versions.
    pub told: bool,
    /// Rows that were not known.
    pub added: u64,
    /// Rows to which others gave another class.
    pub changed: u64,
    /// Rows that are gone.
    pub missing: u64,
}

impl Caught {
    /// Whether anything came.
    #[must_use]
    pub fn is_something(&self) -> bool {
        self.added + self.changed + self.missing > 0
    }
}

impl TableStore {
    /// Whether the table is asked at all for what others write. It is, unless something else is said here.
    pub fn follow(&mut self, on: bool) {
        self.following.on = on;
    }

    /// Asks the table every so often instead of every five seconds.
    pub fn follow_every(&mut self, pace: Duration) {
        self.following.pace = pace;
        self.following.next = Instant::now() + pace;
    }

    /// Takes what others did since the last time into the mirror; asks one cheap question where they did nothing.
    ///
    /// # Errors
    /// Those of what reads the table, and the mirror's; the mirror then is as before, or further.
    pub fn catch_up(&mut self, stop: &CancellationToken) -> Result<Caught> {
        let newest = self.reader.version(&self.source, &At::Now, stop)?;
        let told = newest.is_some();
        let known = self.rows()?.state("version")?.and_then(|v| v.parse::<i64>().ok());
        if told && known == newest {
            return Ok(Caught { told, ..Caught::default() });
        }
        let _turn = Turn::wait(&self.files)?;
        let mut sender = (self.make)(stop)?;
        let Some(project) = project_of(&mut sender.mirror)? else { return Ok(Caught { told, ..Caught::default() }) };
        if sender.is_ours_alone(newest)? {
            return Ok(Caught { told, ..Caught::default() });
        }
        let report = sender.refresh(&project.name, &project.created_by, &mut |_| {})?;
        let (added, changed, missing) = (report.added, report.changed, report.missing);
        tracing::info!(version = ?report.version, added, changed, missing, "the table was changed by others");
        Ok(Caught { told, added, changed, missing })
    }

    fn last_event(&mut self, project: ProjectId) -> Result<Option<EventId>> {
        Ok(self.inner.history(project, None, None, 1)?.first().map(|e| e.event))
    }

    /// Waits until something happened in the mirror or in the table; see [`Store::wait_for_change`]. What came without an
    /// event, such as rows without a class or rows that are gone, is told by the last event there is.
    pub(super) fn wait_for_news(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        let end = Instant::now() + time;
        loop {
            let last = self.last_event(project)?;
            if last > event {
                self.following.hear();
                return Ok(last);
            }
            let now = Instant::now();
            if now >= end {
                return Ok(None);
            }
            let due = self.following.due(now);
            if due.is_none_or(|due| now < due) {
                let until = due.unwrap_or(end).min(end);
                let (_open, wait) = std::sync::mpsc::channel::<()>();
                let _ = wait.recv_timeout(until.saturating_duration_since(now));
                continue;
            }
            let caught = self.catch_up(&CancellationToken::new())?;
            self.following.asked(now.elapsed(), caught.told);
            if caught.is_something() {
                self.following.hear();
                return Ok(Some(self.last_event(project)?.unwrap_or(EventId(0))));
            }
        }
    }
}

impl Sender {
    /// Remembers a batch, to know it again in the history.
    pub(super) fn remember(&self, batch: &str) -> Result<()> {
        let known = self.rows.state("own")?.unwrap_or_default();
        let mut own: Vec<&str> = known.split_whitespace().collect();
        own.push(batch);
        let last = own.split_off(own.len().saturating_sub(OWN));
        self.rows.set_state("own", Some(&last.join(" ")))
    }

    /// The version of the table right before a batch, where the history will not name the batch, and where it is the one
    /// that was read. Not being told is no reason not to send.
    pub(super) fn version_without_messages(&self) -> Option<i64> {
        if self.engine.dialect().messages {
            return None;
        }
        let known = self.rows.state("version").ok()??.parse::<i64>().ok()?;
        let now = self.reader.version(&self.source, &At::Now, &self.stop).ok()??;
        (now == known).then_some(now)
    }

    /// A batch arrived whole: if the table is one version further since, that version is the batch, and need not be read.
    pub(super) fn step_on(&self, before: Option<i64>) -> Result<()> {
        let Some(next) = before.and_then(|before| before.checked_add(1)) else { return Ok(()) };
        match self.reader.version(&self.source, &At::Now, &self.stop) {
            Ok(Some(now)) if now == next => self.rows.set_state("version", Some(&now.to_string())),
            _ => Ok(()),
        }
    }

    /// Whether all versions since the one that was read are batches of our own: then there is nothing to read, because
    /// each was read back when it was sent.
    fn is_ours_alone(&self, newest: Option<i64>) -> Result<bool> {
        let known = self.rows.state("version")?.and_then(|v| v.parse::<i64>().ok());
        let (Some(newest), Some(known)) = (newest, known) else { return Ok(false) };
        let Some(count) = usize::try_from(newest - known).ok().filter(|n| (1..=OWN).contains(n)) else {
            return Ok(false);
        };
        let own = self.rows.state("own")?.unwrap_or_default();
        if own.is_empty() {
            return Ok(false);
        }
        let limit = u32::try_from(count).unwrap_or(u32::MAX);
        let commits = self.reader.commits(&self.source, limit, &self.stop)?;
        let is_own = |message: &str| own.split_whitespace().any(|batch| message.contains(batch));
        let of = |version: i64| commits.iter().find(|c| c.version == version);
        let ours = (known + 1..=newest).all(|v| of(v).and_then(|c| c.message.as_deref()).is_some_and(is_own));
        if ours {
            self.rows.set_state("version", Some(&newest.to_string()))?;
        }
        Ok(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_table_is_asked_rarely_and_a_lively_one_often() {
        let ahead = |f: &Follow| f.next.saturating_duration_since(Instant::now());
        let mut follow = Follow::new(true);
        follow.asked(Duration::ZERO, true);
        assert!(ahead(&follow) <= PACE);
        let Some(past) = Instant::now().checked_sub(Duration::from_secs(600)) else { return };
        follow.heard = past;
        follow.asked(Duration::ZERO, true);
        assert!(ahead(&follow) > Duration::from_secs(50));
        assert!(follow.due(Instant::now()).is_some());
        let Some(past) = Instant::now().checked_sub(Duration::from_secs(1000)) else { return };
        follow.heard = past;
        assert!(follow.due(Instant::now()).is_none(), "nobody is there");
        follow.hear();
        assert!(ahead(&follow) <= PACE);
        follow.asked(Duration::from_secs(20), true);
        follow.hear();
        assert!(ahead(&follow) > Duration::from_secs(70), "reading takes a part of the time only");
        follow.asked(Duration::ZERO, false);
        assert!(ahead(&follow) > PACE);
    }
}
