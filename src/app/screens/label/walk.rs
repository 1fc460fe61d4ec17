//! Walking through the queue: pages ahead and behind, jumps, resuming where the person left.

use super::boxes::{self, BoxMode};
use super::gold;
use super::state::{Alone, LabelState};
use crate::app::effect::{Effect, JumpTo, Query, Write};
use crate::app::messages::Level;
use crate::app::screens::queues::Chosen;
use crate::app::screens::{Screen, adjudicate, close_project, navigation, review, second_pass};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::app::team::{self, TeamOrder};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Sample, Status};

/// Samples asked for at a time.
pub const PAGE: usize = 64;
/// When fewer than this lie ahead, more are asked for.
const NEAR: usize = 24;
/// Samples kept in the walk.
const KEPT: usize = 4_096;
/// Edits kept for the tape. Several that follow each other on one picture, such as pushes of a box, are one decision.
pub(super) const TAPE: usize = 30;
/// Decisions shown on the tape.
pub(super) const DECISIONS: usize = 10;

/// Opens the Label screen on a project. Everything about it is asked for.
pub fn begin(state: &mut State, project: ProjectId) -> Vec<Effect> {
    if state.project.as_ref().is_none_or(|p| p.project.id != project) {
        close_project(state);
        state.project = None;
    }
    let auto_advance = state.settings.auto_advance;
    forget(state);
    end_alone(state);
    state.screens.push(Screen::Label(Box::new(LabelState { auto_advance, ..LabelState::default() })));
    let project_tag = state.slots.ask(Slot::Project);
    let session = state.slots.ask(Slot::Session);
    let tape = state.slots.ask(Slot::Tape);
    let queues = state.slots.ask(Slot::Queues);
    vec![
        Effect::Ask(project_tag, Query::Project(project)),
        Effect::Ask(session, Query::Session(project)),
        Effect::Ask(tape, Query::Tape { project, limit: TAPE }),
        Effect::Ask(queues, Query::Queues(project)),
    ]
}

/// Another screen comes: what is on its way for the walk of this one must not end up in the walk of that.
pub fn forget(state: &mut State) {
    for slot in [Slot::WalkForward, Slot::WalkBack, Slot::Jump, Slot::Position, Slot::History] {
        state.slots.drop_answers(slot);
    }
}

/// Opens a Label screen on one sample and no other, above the screen that is shown: an answer leads back there. The walk of
/// the ordinary Label screen stays where it is.
pub fn open_alone(state: &mut State, sample: SampleId) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let (auto_advance, boxes) =
        (state.settings.auto_advance, super::answer::asks_for_shapes(state).then(BoxMode::default));
    let fresh = LabelState { auto_advance, boxes, alone: Some(Alone::default()), ..LabelState::default() };
    let mut effects = navigation::over(state, Screen::Label(Box::new(fresh)));
    let tag = state.slots.ask(Slot::Jump);
    let to = JumpTo::Sample(sample);
    effects.push(Effect::Ask(tag, Query::Jump { project, queue: Queue::default(), to, limit: 1 }));
    effects
}

/// Another screen takes the place of a picture that was opened alone; the one it was opened from takes note of its answer.
pub fn end_alone(state: &mut State) {
    let alone = |s: &Screen| matches!(s, Screen::Label(label) if label.alone.is_some());
    if let Some(at) = state.screens.iter().position(alone)
        && let Screen::Label(label) = state.screens.remove(at)
    {
        adjudicate::answered(state, &label);
    }
}

/// Whether the walk on the screen goes anywhere.
///
/// # Errors
/// A sentence that says that one picture was opened alone.
pub fn goes_on(state: &State) -> Result<(), String> {
    match state.label().is_some_and(|l| l.alone.is_some()) {
        true => Err("this picture was opened alone; [app.back] goes back".to_owned()),
        false => Ok(()),
    }
}

/// Brings the Label screen of the open project up, or makes it.
fn bring_up(state: &mut State) {
    forget(state);
    end_alone(state);
    let known = state.screens.iter().position(|s| matches!(s, Screen::Label(_))).map(|at| state.screens.remove(at));
    let auto_advance = state.settings.auto_advance;
    let fresh = || Screen::Label(Box::new(LabelState { auto_advance, ..LabelState::default() }));
    state.screens.push(known.unwrap_or_else(fresh));
}

/// Opens the Label screen of the open project at the start of a queue.
pub fn open_queue(state: &mut State, queue: Queue, name: Option<String>) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    bring_up(state);
    let (tape, queues) = (state.slots.ask(Slot::Tape), state.slots.ask(Slot::Queues));
    let mut effects =
        vec![Effect::Ask(tape, Query::Tape { project, limit: TAPE }), Effect::Ask(queues, Query::Queues(project))];
    effects.extend(set_queue(state, queue, name, None));
    effects
}

/// Opens the Label screen of the open project at a sample of a queue, as the gallery does.
pub fn open_in(state: &mut State, chosen: Chosen, sample: SampleId) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    bring_up(state);
    let Some(label) = state.label_mut() else { return Vec::new() };
    label.saved = chosen.saved;
    let inside = label.loaded && label.queue == chosen.queue && label.walk.iter().any(|s| s.id == sample);
    let tag = state.slots.ask(Slot::Tape);
    let mut effects = vec![Effect::Ask(tag, Query::Tape { project, limit: TAPE })];
    effects.extend(if inside {
        jump(state, JumpTo::Sample(sample))
    } else {
        set_queue(state, chosen.queue, chosen.name, Some(sample))
    });
    effects
}

/// What the screen asks for when it is shown again: counts and the sample may have changed elsewhere.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let (counts, tape) = (state.slots.ask(Slot::Counts), state.slots.ask(Slot::Tape));
    let mut effects =
        vec![Effect::Ask(counts, Query::Project(id)), Effect::Ask(tape, Query::Tape { project: id, limit: TAPE })];
    if let Some(sample) = state.label().and_then(LabelState::sample).map(|s| s.id) {
        effects.extend(jump(state, JumpTo::Sample(sample)));
    }
    effects
}

/// The project and the place where the person left it have come: start the walk there.
pub fn resume(state: &mut State, session: Option<(Queue, Option<SampleId>)>) -> Vec<Effect> {
    let unlabeled = Queue { filter: Filter::status(Status::Unlabeled), ..Queue::default() };
    let fresh = match &state.project {
        Some(open) if open.counts.of(Status::Unlabeled) == 0 => Queue::default(),
        _ => unlabeled,
    };
    let (queue, sample) = session.unwrap_or((fresh, None));
    // Where pictures are handed out, the next ones of the queue are what nobody else holds.
    let sample = sample.filter(|_| !team::by_claims(state, &queue));
    set_queue(state, queue, None, sample)
}

/// Walks through another queue, from a sample or from the start.
pub fn set_queue(state: &mut State, queue: Queue, name: Option<String>, from: Option<SampleId>) -> Vec<Effect> {
    if goes_on(state).is_err() {
        return refuse(state);
    }
    let boxes = boxes::at_start(state);
    let Some(label) = state.label_mut() else { return Vec::new() };
    *label = LabelState {
        boxes,
        queue,
        queue_name: name,
        auto_advance: label.auto_advance,
        tape: std::mem::take(&mut label.tape),
        saved: std::mem::take(&mut label.saved),
        ..LabelState::default()
    };
    // First, so that the first pictures have them among them already.
    let mut effects = gold::ask(state);
    effects.extend(match from {
        Some(sample) => jump(state, JumpTo::Sample(sample)),
        None => {
            if let Some(label) = state.label_mut() {
                label.at_start = true;
            }
            ask_page(state, None, false)
        }
    });
    effects
}

/// Walks through the queue with the pictures that others hold: for who finds nothing else in it.
pub fn show_held(state: &mut State) -> Vec<Effect> {
    let Some(label) = state.label_mut() else { return Vec::new() };
    (label.unclaimed, label.loaded, label.at_end, label.at_start) = (true, false, false, true);
    ask_page(state, None, false)
}

fn ask_page(state: &mut State, beyond: Option<SampleId>, back: bool) -> Vec<Effect> {
    if state.second_pass().is_some() {
        return second_pass::ask_page(state);
    }
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some(queue) = state.label().map(|l| l.queue.clone()) else { return Vec::new() };
    if !back && team::by_claims(state, &queue) {
        let ahead = state.label().map_or(0, |l| l.walk.len().saturating_sub(l.at + 1));
        let (tag, limit) = (state.slots.ask(Slot::WalkForward), team::AHEAD.saturating_sub(ahead).max(1));
        return vec![Effect::Team(TeamOrder::Claim { tag, project, queue: Box::new(queue), limit })];
    }
    let slot = if back { Slot::WalkBack } else { Slot::WalkForward };
    let tag = state.slots.ask(slot);
    vec![Effect::Ask(tag, Query::Page { project, queue, beyond, back, limit: PAGE })]
}

/// Goes to a sample that may lie outside the walk.
pub fn jump(state: &mut State, to: JumpTo) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let blind = state.second_pass().is_some();
    let Some(label) = state.label_mut() else { return Vec::new() };
    let inside = match to {
        JumpTo::Sample(id) if label.loaded => label.walk.iter().position(|s| s.id == id),
        _ => None,
    };
    if let Some(at) = inside {
        return go(state, at);
    }
    if blind {
        return Vec::new();
    }
    if label.alone.is_some() && label.loaded {
        return refuse(state);
    }
    if matches!(to, JumpTo::Sample(id) if label.gold.holds(id)) {
        state.say(Level::Info, "this picture is not in the walk any more");
        return Vec::new();
    }
    let queue = label.queue.clone();
    let tag = state.slots.ask(Slot::Jump);
    vec![Effect::Ask(tag, Query::Jump { project, queue, to, limit: PAGE })]
}

/// Says that one picture was opened alone.
fn refuse(state: &mut State) -> Vec<Effect> {
    if let Err(why) = goes_on(state) {
        state.say(Level::Info, why);
    }
    Vec::new()
}

/// Samples have come.
pub fn page(state: &mut State, tag: Tag, samples: Vec<Sample>, end: bool) -> Vec<Effect> {
    if tag.slot == Slot::WalkForward && team::walks(state) {
        team::taken(state, &samples);
    }
    let Some(label) = state.label_mut() else { return Vec::new() };
    label.problem = None;
    match tag.slot {
        Slot::WalkForward => {
            let first = !label.loaded || label.walk.is_empty();
            label.loaded = true;
            label.at_end = end;
            let known = label.walk.len();
            append(label, samples);
            let more = label.walk.len() > known;
            if first {
                return arrived(state);
            }
            if state.label().is_some_and(|l| l.waiting_next) {
                return waited(state, more.then_some(known));
            }
            Vec::new()
        }
        Slot::WalkBack => {
            label.at_start = end;
            let before = samples.len();
            for sample in samples.into_iter().rev() {
                label.walk.push_front(sample);
            }
            label.at += before;
            trim(label);
            Vec::new()
        }
        _ => jumped(state, samples, end),
    }
}

/// What the person waited for has come, and begins there in the walk; or nothing came, and the sample before is shown again.
fn waited(state: &mut State, begins: Option<usize>) -> Vec<Effect> {
    if let Some(begins) = begins {
        return go(state, begins);
    }
    if let Some(label) = state.label_mut() {
        label.waiting_next = false;
    }
    state.say(Level::Info, end_of_queue(state));
    Vec::new()
}

fn jumped(state: &mut State, samples: Vec<Sample>, end: bool) -> Vec<Effect> {
    let Some(label) = state.label_mut() else { return Vec::new() };
    if samples.is_empty() {
        if label.loaded {
            state.say(Level::Info, "nothing further in this queue");
            return Vec::new();
        }
        if label.alone.is_some() {
            label.problem = Some("this picture is not in the project any more".to_owned());
            return Vec::new();
        }
        // The sample of the last session has left its queue: begin at the start of what is left.
        label.at_start = true;
        return ask_page(state, None, false);
    }
    label.walk.clear();
    let alone = label.alone.is_some();
    (label.at, label.at_start, label.at_end, label.loaded) = (0, alone, end || alone, true);
    let count = if alone { 1 } else { samples.len() };
    append(label, samples.into_iter().take(count).collect());
    arrived(state)
}

fn append(label: &mut LabelState, samples: Vec<Sample>) {
    for sample in samples {
        if label.walk.iter().rev().take(2 * PAGE).all(|known| known.id != sample.id) {
            gold::push(label, sample);
        }
    }
    trim(label);
}

/// Forgets the end of the walk that is further away.
fn trim(label: &mut LabelState) {
    while label.walk.len() > KEPT {
        if label.at > KEPT / 2 {
            label.walk.pop_front();
            label.at -= 1;
            label.at_start = false;
        } else {
            label.walk.pop_back();
            label.at_end = false;
        }
    }
}

/// Another sample is on the screen after a jump or a first page: its rank is not known.
fn arrived(state: &mut State) -> Vec<Effect> {
    let Some(label) = state.label_mut() else { return Vec::new() };
    (label.draft, label.rank, label.waiting_next) = (None, None, false);
    let queue = label.queue.clone();
    let sample = label.ordinary().map(|s| s.id);
    let mut effects = keep_near(state);
    // A second pass has no queue to have a rank in, and a picture that was opened alone neither.
    let ranked = state.second_pass().is_none() && goes_on(state).is_ok();
    let project = state.project.as_ref().map(|p| p.project.id).filter(|_| ranked);
    if let (Some(project), Some(sample)) = (project, sample) {
        let tag = state.slots.ask(Slot::Position);
        effects.push(Effect::Ask(tag, Query::Position { project, queue, sample }));
    }
    effects
}

/// Shows the sample at a place of the walk.
pub fn go(state: &mut State, at: usize) -> Vec<Effect> {
    let Some(label) = state.label_mut() else { return Vec::new() };
    let at = at.min(label.walk.len().saturating_sub(1));
    let (before, now) = (label.at, at);
    label.rank = label.rank.and_then(|rank| (rank + now as u64).checked_sub(before as u64)).filter(|rank| *rank > 0);
    label.backwards = now < before;
    label.at = now;
    label.waiting_next = false;
    label.draft = None;
    keep_near(state)
}

/// Goes some samples on or back; says so at the ends.
pub fn go_by(state: &mut State, step: i64) -> Vec<Effect> {
    let mut effects = super::answer::commit_draft(state);
    let Some(label) = state.label_mut() else { return effects };
    // Who waits for the next one stands behind the last.
    let from = i64::try_from(label.at + usize::from(label.waiting_next)).unwrap_or(0);
    let target = usize::try_from(from + step).unwrap_or(0).min(label.walk.len().saturating_sub(1));
    let returns = label.waiting_next && step < 0;
    let moves = target != label.at || returns;
    effects.extend(if moves { go(state, target) } else { beyond(state, step) });
    effects
}

/// Wants to go beyond an end of what is known of the queue.
fn beyond(state: &mut State, step: i64) -> Vec<Effect> {
    if goes_on(state).is_err() {
        return refuse(state);
    }
    let Some(label) = state.label_mut() else { return Vec::new() };
    if step > 0 && !label.at_end {
        label.waiting_next = !label.walk.is_empty();
        return keep_near(state);
    }
    let at_start = label.at_start;
    if step > 0 {
        state.say(Level::Info, end_of_queue(state));
        if team::walks(state) {
            // Somebody may have given pictures back.
            if let Some(label) = state.label_mut() {
                label.at_end = false;
            }
            return keep_near(state);
        }
    } else if at_start {
        state.say(Level::Info, "this is the first picture of the queue");
    }
    Vec::new()
}

fn end_of_queue(state: &State) -> String {
    if let Some(pass) = state.second_pass() {
        return match pass.left() {
            0 => "the last picture of the second pass".to_owned(),
            n => {
                format!("the last picture of the second pass; {n} left out so far, [label.previous] goes back to them")
            }
        };
    }
    if let Some(review) = state.review() {
        let waiting = review.report.as_ref().map_or(0, |r| r.waiting);
        return format!("the last picture of the queue; {waiting} wait for a verdict in the project");
    }
    if let Some((n, who)) = team::all_held(state) {
        let pictures = if n == 1 { "the other picture is".to_owned() } else { format!("the other {n} are") };
        return format!("the last picture of the queue for you; {pictures} held by {who}");
    }
    let left = state.project.as_ref().map_or(0, |p| p.counts.of(Status::Unlabeled));
    match left {
        0 => "the last picture of the queue; nothing is left unlabeled".to_owned(),
        n => format!(
            "the last picture of the queue; {n} still unlabeled in the project, [label.next-unlabeled] goes to the next"
        ),
    }
}

/// Goes to the next open picture that nobody else holds, where the store says who holds what; `None` where it does not,
/// or where the walk does not know one.
pub fn next_free(state: &mut State) -> Option<Vec<Effect>> {
    if let Some(at) = team::next_open(state).filter(|_| team::is_on(state)) {
        return Some(go(state, at));
    }
    let last = state.label().filter(|_| team::walks(state))?.walk.len().saturating_sub(1);
    let mut effects = go(state, last);
    effects.extend(go_by(state, 1));
    Some(effects)
}

/// Asks for more samples when the walk runs short on either side.
fn keep_near(state: &mut State) -> Vec<Effect> {
    let near = if team::walks(state) { team::NEAR } else { NEAR };
    let Some(label) = state.label() else { return Vec::new() };
    let ahead = label.walk.len().saturating_sub(label.at + 1);
    let queued = |s: &&Sample| !label.gold.holds(s.id);
    let (first, last) = (label.walk.iter().find(queued), label.walk.iter().rev().find(queued));
    let (first, last) = (first.map(|s| s.id), last.map(|s| s.id));
    let want_ahead = !label.at_end && ahead < near && !state.slots.is_waiting(Slot::WalkForward);
    let want_behind = !label.at_start && label.at < NEAR && !state.slots.is_waiting(Slot::WalkBack);
    let mut effects = Vec::new();
    if want_ahead && last.is_some() {
        effects.extend(ask_page(state, last, false));
    }
    if want_behind && first.is_some() {
        effects.extend(ask_page(state, first, true));
    }
    effects.extend(review::looked_at(state));
    effects.extend(gold::refill(state));
    effects
}

/// Pictures may have come since the end of the queue was met: the walk goes on behind it, if `fresh`.
pub fn reopen_end(state: &mut State, fresh: bool) -> Vec<Effect> {
    let walks = state.second_pass().is_none() && goes_on(state).is_ok();
    let Some(label) = state.label_mut().filter(|l| fresh && walks && l.loaded && l.at_end) else { return Vec::new() };
    if label.walk.is_empty() {
        // Nothing was in the queue: perhaps there is something now.
        return ask_page(state, None, false);
    }
    label.at_end = false;
    keep_near(state)
}

/// Asks for the last decisions again.
pub fn refresh_tape(state: &mut State) -> Vec<Effect> {
    let project = state.project.as_ref().map(|p| p.project.id);
    let tag = state.slots.ask(Slot::Tape);
    project.map(|project| vec![Effect::Ask(tag, Query::Tape { project, limit: TAPE })]).unwrap_or_default()
}

/// Keeps where the person is, for the next start.
#[must_use]
pub fn remember(state: &State) -> Option<Effect> {
    let project = state.project.as_ref()?.project.id;
    let Some(Screen::Label(label)) = state.screens.last() else { return None };
    if !label.loaded || label.alone.is_some() {
        return None;
    }
    let (queue, sample) = (label.queue.clone(), label.ordinary().map(|s| s.id));
    Some(Effect::Write(Write::Session { project, queue, sample }))
}
