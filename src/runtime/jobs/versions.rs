//! Comparing two states of a project, listing what differs, and taking parts back, for the Versions screen.

use super::{PAUSE, Work};
use crate::app::effect::VersionRef;
use crate::app::event::{Event, Reply};
use crate::app::slots::Tag;
use crate::domain::difference::Kind;
use crate::domain::ids::{EventId, ProjectId};
use crate::domain::project::Project;
use crate::domain::text::grouped;
use crate::ops::report::TaskProgress;
use crate::ops::report::versions::Differences;
use crate::ops::versions::{self, Moment, Pictures, Restore, Wanted};
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The state that is meant, as the store knows it now.
fn moment(store: &mut dyn Store, project: &Project, of: &VersionRef) -> Result<Moment, OpsError> {
    match of {
        VersionRef::Now => versions::now(store, project),
        VersionRef::Snapshot { name, event } => {
            Ok(Moment { event: *event, shown: name.clone(), pictures: Pictures::Today })
        }
    }
}

impl Work {
    /// Counts what differs between two states; how far it is, is told on the way.
    pub(super) fn compare(
        &self,
        tag: Tag,
        project: ProjectId,
        (from, to): (&VersionRef, &VersionRef),
        stop: &AtomicBool,
    ) {
        let mut last = Instant::now();
        let mut progress = |now: &TaskProgress| {
            if last.elapsed() >= PAUSE {
                last = Instant::now();
                self.sender.event(Event::Reply(tag, Reply::Comparing(now.done)));
            }
        };
        let cancelled = || stop.load(Ordering::Relaxed);
        let mut watch = Watch { progress: &mut progress, cancelled: &cancelled };
        let reply = match self.counted(project, from, to, &mut watch) {
            Err(_) if cancelled() => return,
            Ok(found) => Reply::Compared(Box::new(found)),
            Err(error) => Reply::Failed(error.to_string()),
        };
        self.sender.event(Event::Reply(tag, reply));
    }

    fn counted(
        &self,
        project: ProjectId,
        from: &VersionRef,
        to: &VersionRef,
        watch: &mut Watch<'_>,
    ) -> Result<Differences, OpsError> {
        let mut store = self.store.open()?;
        let project = store.project(project)?;
        let (from, to) = (moment(store.as_mut(), &project, from)?, moment(store.as_mut(), &project, to)?);
        versions::count(store.as_mut(), &project, (&from, &to), watch)
    }

    /// Puts what differs between two states on a list, which the screen then opens.
    pub(super) fn list_differences(
        &self,
        store: &mut dyn Store,
        project: ProjectId,
        (from, to): (&VersionRef, &VersionRef),
        list: String,
        watch: &mut Watch<'_>,
    ) -> Result<String, OpsError> {
        let project = store.project(project)?;
        let (from, to) = (moment(store, &project, from)?, moment(store, &project, to)?);
        let count = versions::list(store, &project, (&from, &to), &list, watch)?;
        if count > 0 {
            self.sender.event(Event::Listed(project.id, list));
        }
        Ok(if count == 1 { "1 picture differs".to_owned() } else { format!("{} pictures differ", grouped(count)) })
    }

    /// Takes chosen parts of what the person saw back. The screens are told also where it ended early: what was committed stays.
    pub(super) fn restore(
        &self,
        store: &mut dyn Store,
        project: ProjectId,
        (to, seen): (&VersionRef, Option<EventId>),
        kinds: Vec<Kind>,
        watch: &mut Watch<'_>,
    ) -> Result<String, OpsError> {
        let project = store.project(project)?;
        let to = moment(store, &project, to)?;
        let seen = Moment { event: seen, shown: VersionRef::Now.name().to_owned(), pictures: Pictures::Today };
        let wanted = Wanted { kinds, ..Wanted::default() };
        let (author, at) = (self.user.as_str(), Timestamp::now());
        let restore = Restore { to: &to, seen: Some(&seen), wanted: &wanted, author, at, dry_run: false };
        let done = versions::restore(store, &project, &restore, watch);
        let any = done.as_ref().is_ok_and(|done| done.restored > 0);
        self.sender.event(Event::Restored(project.id, any));
        let done = done?;
        let pictures = |n: u64| if n == 1 { "1 picture".to_owned() } else { format!("{} pictures", grouped(n)) };
        let stay = match done.conflicts {
            0 => String::new(),
            n => format!("; {} changed since and stay", pictures(n)),
        };
        Ok(format!("{} taken back{stay}", pictures(done.restored)))
    }
}
