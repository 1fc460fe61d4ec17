//! The Versions screen: the named states (snapshots) of the open project, what differs between two of them, and taking
//! chosen parts back.
//!
//! What always holds: looking and comparing change nothing; a count is shown only of the two states that it was made for;
//! what is taken back is asked about with its count first, and is one step that one undo takes back again.

pub mod actions;
pub mod restoring;

pub use actions::SPECS;

use super::moves::Move;
use super::navigation::{close_other, go, in_project};
use super::{Screen, projects};
use crate::app::effect::{Effect, Query, VersionRef};
use crate::app::event::Reply;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::domain::ids::{EventId, ProjectId};
use crate::domain::text::printable;
use crate::ops::report::versions::Differences;
use jiff::Timestamp;

/// A comparison that takes longer than this is shown to be under way.
pub const SHOWN_MS: u64 = 300;
/// A comparison that takes longer than this says how it is stopped.
pub const STOPPABLE_MS: u64 = 2_000;

/// A snapshot, as the screen lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotLine {
    /// Its name.
    pub name: String,
    /// The last event that belongs to it; `None` before the first.
    pub event: Option<EventId>,
    /// Who took it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Why; may be empty.
    pub message: String,
    /// Samples that were labeled then.
    pub labeled: u64,
    /// All samples then.
    pub samples: u64,
}

/// Two states and what differs between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The older state.
    pub from: VersionRef,
    /// The newer one.
    pub to: VersionRef,
    /// When it was asked for, on the program's clock.
    pub since: u64,
    /// How far it is.
    pub result: Compared,
}

/// Whether parts of a snapshot were taken back here, and nothing else was done since: only then undo is about that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restored {
    /// No, or something else was done since.
    #[default]
    No,
    /// They are being taken back.
    Running,
    /// They were.
    Done,
}

/// How far a comparison is.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// So many edited samples were looked at.
    Running(u64),
    /// What differs.
    Done(Box<Differences>),
    /// Why it is not known.
    Failed(String),
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct VersionsState {
    /// The snapshots, the newest state first; nothing before the first answer of the store.
    pub snapshots: Option<Vec<SnapshotLine>>,
    /// Why there are none to be shown.
    pub problem: Option<String>,
    /// The row under the cursor; row 0 is the present state.
    pub cursor: usize,
    /// The states that are marked, in the order of marking; at most two.
    pub marked: Vec<VersionRef>,
    /// The comparison of what is marked.
    pub compared: Option<Comparison>,
    /// The list that is being made to be opened, as long as the person does nothing else here.
    pub opening: Option<String>,
    /// What undo would take back here.
    pub restored: Restored,
}

impl VersionsState {
    /// The states that are listed: the present one, then the snapshots, the newest state first.
    #[must_use]
    pub fn rows(&self) -> Vec<VersionRef> {
        let named = |s: &SnapshotLine| VersionRef::Snapshot { name: s.name.clone(), event: s.event };
        let all = self.snapshots.as_ref().map(|all| all.iter().map(named));
        all.map(|all| std::iter::once(VersionRef::Now).chain(all).collect()).unwrap_or_default()
    }

    /// The state under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<VersionRef> {
        self.rows().into_iter().nth(self.cursor)
    }

    /// The snapshot under the cursor; nothing on the present state.
    #[must_use]
    pub fn snapshot(&self) -> Option<&SnapshotLine> {
        self.snapshots.as_ref()?.get(self.cursor.checked_sub(1)?)
    }

    /// The comparison, where the cursor is on one of its two states: keys are about what the cursor is on.
    #[must_use]
    pub fn compared_here(&self) -> Option<&Comparison> {
        let here = self.current()?;
        self.compared.as_ref().filter(|c| c.from == here || c.to == here)
    }

    /// The two states that are compared, the older one first: those that are marked, or the marked one and the present.
    #[must_use]
    pub fn pair(&self) -> Option<(VersionRef, VersionRef)> {
        let rows = self.rows();
        let place = |of: &VersionRef| rows.iter().position(|row| row == of);
        match self.marked.as_slice() {
            [VersionRef::Now] | [] => None,
            [one] => Some((one.clone(), VersionRef::Now)),
            [one, other, ..] if place(one) < place(other) => Some((other.clone(), one.clone())),
            [one, other, ..] => Some((one.clone(), other.clone())),
        }
    }
}

/// The action that goes to the screen.
pub const GO: &[Spec] = &[
    Spec::looks(
        &[Scope::Global],
        "go.versions",
        "versions",
        "Go to the snapshots of the open project, what differs between them, and taking back",
        0,
        in_project,
        |s, _| go(s, Screen::Versions(Box::default())),
    ),
    Spec::looks(
        &[Scope::Projects],
        "projects.versions",
        "versions",
        "Snapshots of the project, what differs between them, and taking back",
        5,
        on_live,
        |s, _| open_for_row(s),
    ),
];

fn on_live(state: &State) -> Result<(), String> {
    projects::on_project(state)?;
    match projects::current(state) {
        Some((project, _)) if project.trashed_at.is_some() => {
            Err("this project is in the trash; [projects.restore] brings it back".to_owned())
        }
        _ => Ok(()),
    }
}

/// The project under the cursor is the open one from then on.
fn open_for_row(state: &mut State) -> Vec<Effect> {
    let Some((project, counts)) = projects::current(state) else { return Vec::new() };
    close_other(state, project, counts);
    go(state, Screen::Versions(Box::default()))
}

impl State {
    /// The Versions screen, if it is shown.
    #[must_use]
    pub fn versions(&self) -> Option<&VersionsState> {
        match self.screens.last() {
            Some(Screen::Versions(versions)) => Some(versions),
            _ => None,
        }
    }

    /// The Versions screen, if it is shown.
    pub fn versions_mut(&mut self) -> Option<&mut VersionsState> {
        match self.screens.last_mut() {
            Some(Screen::Versions(versions)) => Some(versions),
            _ => None,
        }
    }
}

/// What the screen asks for when it comes up: answers may have changed under it.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let mut effects = vec![
        Effect::Ask(state.slots.ask(Slot::Versions), Query::Versions(project)),
        Effect::Ask(state.slots.ask(Slot::Project), Query::Project(project)),
    ];
    if state.versions().is_some_and(|v| v.compared.is_some()) {
        effects.extend(compare(state));
    }
    effects
}

/// Compares what is marked; where that is not enough, what runs is stopped.
pub(super) fn compare(state: &mut State) -> Vec<Effect> {
    let (project, since) = (state.project.as_ref().map(|p| p.project.id), state.clock);
    let Some(versions) = state.versions_mut() else { return Vec::new() };
    let pair = versions.pair();
    versions.opening = None;
    versions.compared = pair.clone().map(|(from, to)| Comparison { from, to, since, result: Compared::Running(0) });
    match (project, pair) {
        (Some(project), Some((from, to))) => {
            vec![Effect::Ask(state.slots.ask(Slot::Comparison), Query::Compare { project, from, to })]
        }
        _ => {
            state.slots.drop_answers(Slot::Comparison);
            vec![Effect::Forget(Slot::Comparison)]
        }
    }
}

/// Takes an answer that concerns this screen.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    let Some(versions) = state.versions_mut() else { return Vec::new() };
    match reply {
        Reply::Versions(snapshots) => return listed(state, snapshots),
        Reply::Failed(why) if tag.slot == Slot::Versions => versions.problem = Some(printable(&why).into_owned()),
        other => {
            let Some(compared) = versions.compared.as_mut() else { return Vec::new() };
            match other {
                Reply::Comparing(done) => compared.result = Compared::Running(done),
                Reply::Compared(found) => compared.result = Compared::Done(found),
                Reply::Failed(why) => compared.result = Compared::Failed(printable(&why).into_owned()),
                _ => {}
            }
        }
    }
    Vec::new()
}

/// The list has come: the cursor and the marks stay on what they were on.
fn listed(state: &mut State, snapshots: Vec<SnapshotLine>) -> Vec<Effect> {
    let Some(versions) = state.versions_mut() else { return Vec::new() };
    let on = versions.current();
    (versions.snapshots, versions.problem) = (Some(snapshots), None);
    let rows = versions.rows();
    let still = rows.iter().position(|row| Some(row) == on.as_ref());
    versions.cursor = still.unwrap_or(versions.cursor).min(rows.len().saturating_sub(1));
    let marked = versions.marked.len();
    versions.marked.retain(|mark| rows.contains(mark));
    if versions.marked.len() == marked { Vec::new() } else { compare(state) }
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let page = usize::from(state.size.1).saturating_sub(8);
    if let Some(versions) = state.versions_mut() {
        versions.opening = None;
        versions.cursor = way.apply(versions.cursor, versions.rows().len(), page);
    }
    Vec::new()
}

/// One level back: marks are taken away, and what is compared is stopped. `None` where nothing is marked.
pub fn back(state: &mut State) -> Option<Vec<Effect>> {
    let versions = state.versions_mut().filter(|v| !v.marked.is_empty())?;
    versions.marked.clear();
    Some(compare(state))
}

/// Answers were taken back by a task: whatever holds samples of the project asks for them again.
pub fn restored(state: &mut State, project: ProjectId, any: bool) -> Vec<Effect> {
    if state.project.as_ref().is_none_or(|p| p.project.id != project) {
        return Vec::new();
    }
    if let Some(here) = anywhere(state).filter(|here| here.restored == Restored::Running) {
        here.restored = if any { Restored::Done } else { Restored::No };
    }
    let mut effects = crate::app::writes::renew(state);
    effects.extend(match state.screen() {
        Some(Screen::Versions(_) | Screen::Stats(_) | Screen::Projects(_) | Screen::Home(_)) => super::shown(state),
        _ => vec![Effect::Ask(state.slots.ask(Slot::Project), Query::Project(project))],
    });
    effects
}

fn anywhere(state: &mut State) -> Option<&mut VersionsState> {
    state.screens.iter_mut().find_map(|s| if let Screen::Versions(here) = s { Some(&mut **here) } else { None })
}

/// Whether undo may be pressed on this screen: it would take back whatever was done last, and nothing here says what that was.
///
/// # Errors
/// It was no snapshot that was gone back to.
pub fn can_undo(state: &State) -> Result<(), String> {
    match state.versions().map(|here| here.restored) {
        None | Some(Restored::Done) => Ok(()),
        Some(Restored::Running) => Err("it is still being taken back".to_owned()),
        Some(Restored::No) => {
            Err("nothing was restored here just now; on the Label screen [edit.undo] takes back your last change"
                .to_owned())
        }
    }
}

/// Something was changed, or undo was pressed: the last step is no longer what was restored.
pub fn other_step(state: &mut State) {
    if let Some(here) = anywhere(state) {
        here.restored = Restored::No;
    }
}

/// A question is asked before the undo that was pressed here: who says no can press it again.
pub fn undo_asked(state: &mut State) {
    if let Some(here) = state.versions_mut() {
        here.restored = Restored::Done;
    }
}

/// When something on the screen changes by itself: how long a comparison takes.
#[must_use]
pub fn next_tick(state: &State) -> Option<u64> {
    let running = state.versions()?.compared.as_ref().filter(|c| matches!(c.result, Compared::Running(_)))?;
    [SHOWN_MS, STOPPABLE_MS].into_iter().map(|after| running.since + after).find(|due| *due > state.clock)
}
