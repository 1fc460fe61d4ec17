//! What can be done in a sweep.

use super::hints;
use super::pages;
use super::state::{Exception, Mode, SweepState};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::gallery::actions::class_items;
use crate::app::screens::grid::FIRST_ZOOM;
use crate::app::screens::{Screen, answering, navigation, objects, seen};
use crate::app::state::State;
use crate::domain::edit::Change;
use crate::domain::ids::ClassId;
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Sample, Status};
use crate::domain::text::printable;
use crate::term::caps::Protocol;

/// A page that came less than this many milliseconds ago is not accepted: nobody has looked at it yet.
pub const JUST_CAME_MS: u64 = 300;

/// The actions of the sweep.
pub const SPECS: &[Spec] = &[
    Spec {
        changes_data: true,
        ..spec("sweep.accept", "accept", "Accept every thumbnail on the screen that is not marked", 0, |s, _| accept(s))
    },
    spec("sweep.next-class", "next class", "Sweep the next class", 1, |s, _| turn(s, true)),
    spec("sweep.previous-class", "previous class", "Sweep the class before", 0, |s, _| turn(s, false)),
    spec("sweep.give", "class for marked", "Choose a class for the marked ones that have none", 2, |s, _| {
        give_picker(s)
    }),
    spec("sweep.choose", "choose", "Choose the class: predicted, present, or to be given", 3, |s, _| choose(s)),
    spec("sweep.clear", "no marks", "Take all marks away, as Esc does", 0, |s, _| {
        clear_marks(s);
        Vec::new()
    }),
];

const fn spec(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: &[Scope::Sweep], changes_data: false, repeats: false, hint, enabled: always, run }
}

/// Starts a sweep of what the gallery shows, or asks which where that is not plain.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some(task) = state.project.as_ref().map(|p| p.project.task) else { return Vec::new() };
    if matches!(task, Task::Detection | Task::Segmentation) {
        // A sweep is about classes of whole pictures; here each object has one.
        return objects::open(state);
    }
    if state.caps.protocol == Protocol::None {
        state.say(Level::Info, "a sweep accepts only what is on the screen, and this terminal shows no pictures");
        return Vec::new();
    }
    match guess(state) {
        Some((mode, class)) => start(state, mode, class),
        None => choose(state),
    }
}

/// The sweep that the gallery's filter, predictions or labels suggest. Giving a class is never guessed.
fn guess(state: &State) -> Option<(Mode, ClassId)> {
    let labels = state.labels();
    let gallery = state.gallery()?;
    let named = |names: &[String]| names.first().and_then(|n| labels.find(n)).map(|c| c.id);
    let filter = &gallery.chosen.queue.filter;
    if let Some(class) = named(&filter.predicted) {
        return Some((Mode::Predicted, class));
    }
    if let Some(class) = named(&filter.class) {
        return Some((Mode::Present, class));
    }
    let guessed = gallery.window.iter().filter(|s| s.answer.status != Status::Labeled);
    let mut guessed = guessed.filter_map(|s| s.predictions.first());
    if let Some(best) = guessed.next() {
        return Some((Mode::Predicted, labels.resolve(best.class)));
    }
    let open = state.project.as_ref()?;
    let class = labels.live().find(|c| open.counts.of_class(&labels, c.id) > 0)?;
    let unanswered = open.counts.of(Status::Unlabeled);
    (unanswered == 0).then_some((Mode::Present, class.id))
}

fn start(state: &mut State, mode: Mode, class: ClassId) -> Vec<Effect> {
    let base = state.gallery().map(|g| (g.chosen.queue.clone(), g.zoom));
    // More of one class is seen at once than of many: one size smaller than the gallery.
    let smaller = base.as_ref().map(|b| b.1.saturating_sub(1));
    let zoom = state.sweep().map(|s| s.zoom).or(smaller).unwrap_or(FIRST_ZOOM);
    state.screens.retain(|s| !matches!(s, Screen::Sweep(_)));
    let sweep = SweepState::new(mode, class, base.map(|b| b.0).unwrap_or_default(), zoom);
    let mut effects = navigation::go(state, Screen::Sweep(Box::new(sweep)));
    effects.extend(pages::begin(state));
    effects
}

fn choose(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let counts = state.project.as_ref().map(|p| p.counts.clone()).unwrap_or_default();
    let modes = [(Mode::Predicted, "predicted"), (Mode::Present, "present"), (Mode::Given, "given")];
    let mut items = Vec::new();
    for (mode, code) in modes {
        for class in labels.live() {
            let detail = match mode {
                Mode::Predicted => "guessed by a model: accepting makes it the label".to_owned(),
                Mode::Present => {
                    format!("labeled so, {}: accepting is your verdict", counts.of_class(&labels, class.id))
                }
                Mode::Given => "unlabeled pictures: accepting gives them this class".to_owned(),
            };
            items.push(Item {
                label: printable(&class.name).into_owned(),
                detail,
                key: code.to_owned(),
                value: format!("{code} {}", class.id),
            });
        }
    }
    let picker = Picker::new("sweep", items, |state, value| {
        let (code, id) = value.split_once(' ').unwrap_or_default();
        let mode = match code {
            "present" => Mode::Present,
            "given" => Mode::Given,
            _ => Mode::Predicted,
        };
        id.parse().map(|id| start(state, mode, ClassId(id))).unwrap_or_default()
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}

fn turn(state: &mut State, on: bool) -> Vec<Effect> {
    let Some((mode, class, marked)) = state.sweep().map(|s| (s.mode, s.class, s.marks.len())) else {
        return Vec::new();
    };
    let labels = state.labels();
    let counts = state.project.as_ref().map(|p| p.counts.clone()).unwrap_or_default();
    let worth = |id: &ClassId| mode != Mode::Present || counts.of_class(&labels, *id) > 0 || *id == class;
    let mut all: Vec<ClassId> = labels.live().map(|c| c.id).filter(worth).collect();
    if !on {
        all.reverse();
    }
    let at = all.iter().position(|id| *id == class).unwrap_or(0);
    let next = all.iter().cycle().nth(at + 1).copied().unwrap_or(class);
    if next == class {
        state.say(Level::Info, "there is no other class to sweep");
        return Vec::new();
    }
    let effects = start(state, mode, next);
    if marked > 0 {
        state.say(Level::Info, format!("{marked} marked were left as they are"));
    }
    effects
}

/// A key that may be the letter of a thumbnail. `None`: it is not.
pub fn letter(state: &mut State, typed: &str) -> Option<Vec<Effect>> {
    let Some(Screen::Sweep(sweep)) = state.screen() else { return None };
    let hints = hints::hints(&hints::letters(state), sweep.page.len());
    let Some(at) = hints.iter().position(|h| h == typed) else {
        return hints.iter().any(|h| h.starts_with(typed)).then(Vec::new);
    };
    state.pending.clear();
    let labels = state.labels();
    let Some(sweep) = state.sweep_mut() else { return Some(Vec::new()) };
    let Some(id) = sweep.page.get(at).copied() else { return Some(Vec::new()) };
    let open = sweep.stretch.sample(id).is_some_and(|s| sweep.is_open(s, &labels));
    if sweep.marks.remove(&id).is_none() && open {
        sweep.marks.insert(id, Exception::Flag);
    }
    Some(Vec::new())
}

/// Gives the marked ones that have no class yet this one.
pub fn give(state: &mut State, class: ClassId) -> Vec<Effect> {
    let Some(sweep) = state.sweep_mut() else { return Vec::new() };
    if class == sweep.class {
        state.say(Level::Info, "that is the class of this sweep; a letter pressed again takes its mark away");
        return Vec::new();
    }
    let open: Vec<&mut Exception> = sweep.marks.values_mut().filter(|e| **e == Exception::Flag).collect();
    if open.is_empty() {
        state.say(Level::Info, "mark thumbnails with their letters first, then give them another class");
        return Vec::new();
    }
    open.into_iter().for_each(|e| *e = Exception::Class(class));
    Vec::new()
}

fn give_picker(state: &mut State) -> Vec<Effect> {
    let picker = Picker::new("class for the marked ones", class_items(state), |state, value| {
        value.parse().map(|id| give(state, ClassId(id))).unwrap_or_default()
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}

/// Takes all marks away. Returns whether there were any.
pub fn clear_marks(state: &mut State) -> bool {
    match state.screens.last_mut() {
        Some(Screen::Sweep(sweep)) => !std::mem::take(&mut sweep.marks).is_empty(),
        _ => false,
    }
}

/// Whether accepting may take this sample: its thumbnail is on the screen.
#[must_use]
pub fn is_seen(state: &State, sample: &Sample) -> bool {
    seen::is_shown(state, sample) || !state.settings.require_visible
}

fn accept(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(sweep) = state.sweep() else { return Vec::new() };
    if sweep.page.is_empty() {
        state.say(Level::Info, "nothing to accept here; [sweep.next-class] goes to the next class");
        return Vec::new();
    }
    if state.clock.saturating_sub(sweep.since) < JUST_CAME_MS {
        state.say(Level::Info, "this page has only just come; look at it, then press [sweep.accept]");
        return Vec::new();
    }
    let open: Vec<&Sample> = sweep.page.iter().filter_map(|id| sweep.stretch.sample(*id)).collect();
    let changes = open.into_iter().filter(|s| sweep.is_open(s, &labels));
    let changes: Vec<Change> = changes.filter_map(|s| decision(state, sweep, s)).collect();
    let (count, marked, name) = (changes.len(), sweep.marks.len(), labels.name(sweep.class));
    if count == 0 {
        state.say(
            Level::Info,
            "no thumbnail of this page is on the screen; nothing was accepted. A letter marks one that cannot be shown",
        );
        return Vec::new();
    }
    let mut effects = answering::send(state, changes, "sweep");
    if let Some(sweep) = state.sweep_mut() {
        sweep.marks.clear();
        sweep.left = sweep.left.map(|n| n.saturating_sub(count as u64));
    }
    effects.extend(pages::renew(state));
    let but = if marked > 0 { format!(", {marked} marked") } else { String::new() };
    state.say(
        Level::Info,
        format!("{} accepted as {}{but}; [edit.undo] takes it back", count.saturating_sub(marked), printable(&name)),
    );
    effects
}

/// What accepting the page makes of one sample; nothing for one that has not been seen.
fn decision(state: &State, sweep: &SweepState, sample: &Sample) -> Option<Change> {
    let with = |class| answering::answer_change(sample, classified(state, sweep, sample, class));
    match sweep.marks.get(&sample.id) {
        Some(Exception::Class(class)) => with(*class),
        Some(Exception::Flag) => answering::answer_change(sample, Answer { flagged: true, ..sample.answer.clone() }),
        None if !is_seen(state, sample) => None,
        None if sweep.mode == Mode::Present => Some(answering::accepted(state, sample, sample.rev)),
        None => with(sweep.class),
    }
}

/// The answer with a class: the only one, or where pictures may have several, instead of the class of the sweep.
fn classified(state: &State, sweep: &SweepState, sample: &Sample, class: ClassId) -> Answer {
    let labels = state.labels();
    let mut classes = Vec::new();
    if state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel) {
        classes = sample.answer.classes(&labels);
        classes.retain(|c| *c != sweep.class && *c != class);
    }
    classes.push(class);
    answering::with_classes(&sample.answer, &labels, &classes, &state.user, state.now)
}

/// What `Enter` would do: how many it accepts, how many get another class, how many a flag, how many stay because they
/// are not on the screen.
#[must_use]
pub fn tally(state: &State, sweep: &SweepState) -> [usize; 4] {
    let labels = state.labels();
    let mut out = [0; 4];
    for sample in sweep.page.iter().filter_map(|id| sweep.stretch.sample(*id)).filter(|s| sweep.is_open(s, &labels)) {
        let at = match sweep.marks.get(&sample.id) {
            Some(Exception::Class(_)) => 1,
            Some(Exception::Flag) => 2,
            None if is_seen(state, sample) => 0,
            None => 3,
        };
        out[at] += 1;
    }
    out
}
