//! Gold pictures in the walk of the Label screen: pictures with a trusted answer, shown as if nobody had answered them.
//!
//! What always holds: they are mixed only into a queue of all open pictures, where any picture may come next; nothing on
//! the screen tells them apart, no count either; what is answered to one is an edit of its own ([`Change::Check`]), saved, sent, taken back
//! and made again like any other, and never touches the sample; nothing that is asked of the store is asked by a gold
//! picture's place, which the queue does not have.

use super::state::LabelState;
use crate::app::effect::{Effect, ProjectChange, Query, Write};
use crate::app::event::{HistoryLine, Reply};
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::{Screen, versions};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::agreement::gold::{Mix, READY, Ready, obstacle};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit};
use crate::domain::ids::{ClassId, SampleId};
use crate::domain::project::Counts;
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample, Status};
use crate::domain::text::printable;
use std::collections::{BTreeMap, VecDeque};

/// The actions of an owner.
pub const SPECS: &[Spec] = &[
    Spec {
        scopes: &[Scope::Label, Scope::Review],
        ..Spec::edits(
            &[Scope::Label],
            "gold.mark",
            "gold",
            "Trust the answer of this picture, and ask others for it among their own without a word; asks first",
            0,
            can_mark,
            |s, _| ask_first(s, true),
        )
    },
    Spec {
        scopes: &[Scope::Label, Scope::Review],
        ..Spec::edits(
            &[Scope::Label],
            "gold.unmark",
            "not gold",
            "Ask nobody for this picture any more; asks first",
            0,
            can_mark,
            |s, _| ask_first(s, false),
        )
    },
];

/// What is mixed into a walk.
#[derive(Clone, Debug, Default)]
pub struct Mixed {
    /// When the next one comes; nothing while none is known.
    mix: Option<Mix>,
    /// Those to come.
    ready: VecDeque<Sample>,
    /// The store may have more.
    more: bool,
    /// Those that were mixed in, with the person's answer.
    given: BTreeMap<SampleId, Option<Answer>>,
}

impl Mixed {
    /// Whether a sample of the walk is a gold one that was mixed in.
    #[must_use]
    pub fn holds(&self, id: SampleId) -> bool {
        self.given.contains_key(&id)
    }
}

impl LabelState {
    /// The sample on the screen or the nearest before it that has a place in the queue.
    #[must_use]
    pub fn ordinary(&self) -> Option<&Sample> {
        let before = self.walk.iter().take(self.at + 1).rev();
        before.chain(self.walk.iter().skip(self.at + 1)).find(|s| !self.gold.holds(s.id))
    }

    /// Pictures of the project that are done, as far as this person can tell: a gold one that was mixed in is open like any
    /// other until they have answered it, whatever the project has for it.
    #[must_use]
    pub fn done(&self, counts: &Counts) -> u64 {
        let open = self.gold.given.values().filter(|answer| answer.is_none()).count();
        counts.done().saturating_sub(open as u64)
    }

    /// Pictures with a class, as far as this person can tell: theirs among gold ones count like any other.
    #[must_use]
    pub fn of_class(&self, counts: &Counts, labels: &LabelSet, class: ClassId) -> u64 {
        let own = self.gold.given.values().flatten().filter(|answer| answer.classes(labels).contains(&class));
        counts.of_class(labels, class) + own.count() as u64
    }

    /// Gold pictures among the first so many of the walk.
    #[must_use]
    pub fn gold_among(&self, first: usize) -> u64 {
        self.walk.iter().take(first).filter(|s| self.gold.holds(s.id)).count() as u64
    }
}

/// Whether the picture on the screen is a gold one that was mixed in.
#[must_use]
pub fn is_here(state: &State) -> bool {
    state.label().is_some_and(|l| l.sample().is_some_and(|s| l.gold.holds(s.id)))
}

fn open(status: Status) -> bool {
    matches!(status, Status::Unlabeled | Status::PreLabeled)
}

/// Whether gold pictures may stand in a queue: it takes all open pictures, whatever they are.
fn takes(queue: &Queue) -> bool {
    let status = &queue.filter.status;
    let plain = Filter { status: status.clone(), ..Filter::default() };
    queue.filter == plain && !status.is_empty() && status.iter().all(|s| open(*s))
}

/// Asks for gold pictures, where the walk may have them.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let Some(Screen::Label(label)) = state.screens.last() else { return Vec::new() };
    let wanted = takes(&label.queue) && !state.read_only;
    let Some(project) = state.project.as_ref().map(|p| p.project.id).filter(|_| wanted) else { return Vec::new() };
    let walk = state.random();
    vec![Effect::Ask(state.slots.ask(Slot::Gold), Query::Gold { project, walk })]
}

/// Gold pictures have come. Those that fit the walk are mixed into what lies ahead, and into what comes.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let Some(Screen::Label(label)) = state.screens.last_mut() else { return Vec::new() };
    // A store that cannot be asked, or knows of none, is no reason to disturb anybody.
    let Reply::Gold(ready) = reply else { return Vec::new() };
    let Ready { every, seed, samples } = *ready;
    if every == 0 || !takes(&label.queue) {
        return Vec::new();
    }
    label.gold.more = samples.len() >= READY;
    let guessed = label.queue.filter.status.contains(&Status::PreLabeled);
    let plain = label.queue.filter.status.contains(&Status::Unlabeled);
    let known = |id: SampleId| label.gold.holds(id) || label.walk.iter().any(|s| s.id == id);
    let fits = |sample: Sample| {
        let sample = match (guessed, plain, sample.predictions.is_empty()) {
            (true, true, _) | (true, false, false) | (false, true, true) => sample,
            // Among pictures without guesses one with a guess would tell.
            (false, _, _) => Sample { predictions: Vec::new(), answer: Answer::default(), ..sample },
            (true, false, true) => return None,
        };
        (!known(sample.id)).then_some(sample)
    };
    label.gold.ready = samples.into_iter().filter_map(fits).collect();
    if label.gold.mix.is_none() {
        label.gold.mix = Some(Mix::new(every, seed));
        // What is on the screen and right behind it may have been seen already.
        let ahead = label.walk.split_off((label.at + 2).min(label.walk.len()));
        for sample in ahead {
            push(label, sample);
        }
    }
    Vec::new()
}

/// Puts an ordinary sample at the end of the walk, and a gold one behind it where one is due.
pub(super) fn push(label: &mut LabelState, sample: Sample) {
    label.walk.push_back(sample);
    if !label.gold.mix.as_mut().is_some_and(Mix::due) {
        return;
    }
    if let Some(gold) = label.gold.ready.pop_front() {
        label.gold.given.insert(gold.id, None);
        label.total = label.total.map(|n| n + 1);
        label.walk.push_back(gold);
    }
}

/// Asks for more where all that were known are mixed in.
pub(super) fn refill(state: &mut State) -> Vec<Effect> {
    let short = state.label().is_some_and(|l| l.gold.more && l.gold.ready.is_empty());
    if short && !state.slots.is_waiting(Slot::Gold) { ask(state) } else { Vec::new() }
}

/// The answer to the gold picture on the screen: kept apart, shown like any other.
pub(super) fn record(state: &mut State, after: Answer, message: &str) -> Vec<Effect> {
    let (user, now) = (state.user.clone(), state.now);
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some(label) = state.label_mut() else { return Vec::new() };
    let Some(sample) = label.sample_mut() else { return Vec::new() };
    sample.answer = after.clone();
    let (id, path) = (sample.id, sample.path.clone());
    // A mark alone is no answer; it goes with the answer when that comes.
    let after = (!open(after.status)).then_some(after);
    let before = label.gold.given.insert(id, after.clone()).flatten();
    if before == after {
        return Vec::new();
    }
    let change = Change::Check { sample: id, before, after };
    let edit = Edit { message: message.to_owned(), ..Edit::by_person(project, change, &user, now) };
    label.tape.insert(0, HistoryLine { edit: edit.clone(), path: Some(path), undone: false });
    label.tape.truncate(super::walk::TAPE);
    state.save.unsent += 1;
    versions::other_step(state);
    vec![Effect::Write(Write::Edits(vec![edit]))]
}

/// Shows what stands of a person's answer to a gold picture, wherever a walk has it: an undo or a store that refused has
/// changed it. Gives the picture's path if the walk on the screen has it.
pub fn show(state: &mut State, id: SampleId, answer: Option<&Answer>) -> Option<String> {
    let shown = state.screens.len().checked_sub(1);
    let mut path = None;
    for (i, screen) in state.screens.iter_mut().enumerate() {
        let Screen::Label(label) = screen else { continue };
        let Some(given) = label.gold.given.get_mut(&id) else { continue };
        *given = answer.cloned();
        let Some(sample) = label.walk.iter_mut().find(|s| s.id == id) else { continue };
        let status = if sample.predictions.is_empty() { Status::Unlabeled } else { Status::PreLabeled };
        sample.answer = answer.cloned().unwrap_or(Answer { status, ..Answer::default() });
        if Some(i) == shown {
            path = Some(sample.path.clone());
        }
    }
    path
}

fn can_mark(state: &State) -> Result<(), String> {
    let Some(sample) = state.label().and_then(LabelState::sample) else {
        return Err("there is no picture here".to_owned());
    };
    // Of a gold picture that was mixed in this says the same as of any open one.
    let waits = is_here(state).then_some("your answer is not looked at yet");
    match obstacle(sample).or(waits) {
        Some(why) => Err(format!("only a trusted answer can be gold: {why}")),
        None => Ok(()),
    }
}

/// Neither is done by one key: what is trusted judges people.
fn ask_first(state: &mut State, on: bool) -> Vec<Effect> {
    let Some(sample) = state.label().and_then(LabelState::sample) else { return Vec::new() };
    let answer = printable(&sample.answer.summary(&state.labels())).into_owned();
    let name = printable(sample.path.rsplit('/').next().unwrap_or(&sample.path)).into_owned();
    let value = format!("{} {on}", sample.id);
    let (question, detail) = if on {
        let detail = "Others meet it among their own without a word; what they answer changes nothing here, and says how \
                      often they are right.";
        (format!("Trust {answer} as the answer of {name}?"), detail)
    } else {
        let detail =
            "Nobody is asked for it any more, and what was answered to it counts no more. Its own answer stays.";
        (format!("Is {name} gold no more?"), detail)
    };
    let detail = state.with_keys(detail);
    state.open(Overlay::Confirm(Confirm::new(question, detail, value, mark)));
    Vec::new()
}

fn mark(state: &mut State, value: &str) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some((id, on)) = value.split_once(' ') else { return Vec::new() };
    let (Ok(id), Ok(on)) = (id.parse(), on.parse()) else { return Vec::new() };
    vec![Effect::Write(Write::Project(ProjectChange::Gold { project, sample: SampleId(id), on }))]
}
