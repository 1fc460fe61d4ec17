//! Answering: every way to change the answer of the sample on the screen makes one edit.

use super::boxes;
use super::erasing::{self, Erasing};
use super::gold;
use super::state::{FLASH_MS, Flash, LabelState, picture};
use super::walk;
use crate::app::effect::{Effect, Write};
use crate::app::event::HistoryLine;
use crate::app::messages::Level;
use crate::app::picture::PictureState;
use crate::app::screens::review::verdict;
use crate::app::screens::{Screen, answering, navigation, second_pass};
use crate::app::state::State;
use crate::app::team;
use crate::domain::ids::ClassId;
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Status};
use crate::term::caps::Protocol;

/// Whether the sample that the person wants has come.
///
/// # Errors
/// A sentence that says that it has not.
pub fn has_come(state: &State) -> Result<(), String> {
    match state.label().is_some_and(|l| l.waiting_next) {
        true => Err("the next picture has not come yet; nothing was changed".to_owned()),
        false => Ok(()),
    }
}

/// Whether the sample on the screen may be answered now.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_answer(state: &State) -> Result<(), String> {
    let Some(open) = &state.project else { return Err("the project is still loading".to_owned()) };
    has_come(state)?;
    let Some(sample) = state.label().and_then(LabelState::sample) else {
        return Err("there is no picture to answer in this queue; [label.queue] chooses another queue".to_owned());
    };
    let seen = match state.pictures.get(&picture(&open.project, sample)) {
        Some(PictureState::Shown { .. } | PictureState::Failed { .. }) => true,
        Some(PictureState::Waiting) | None => state.caps.protocol == Protocol::None,
    };
    if !seen && state.settings.require_visible {
        return Err("the picture is not on the screen yet; nothing was changed".to_owned());
    }
    if let Some(by) = team::in_the_way(state) {
        return Err(format!("{by} holds this picture; [label.anyway] answers it anyway"));
    }
    Ok(())
}

/// The same, for whole-picture classes.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_label(state: &State) -> Result<(), String> {
    if asks_for_shapes(state) && state.screen().and_then(Screen::of_boxes).is_none() {
        return Err(
            "this project asks for boxes, which are drawn on the Label screen; [review.label] opens it".to_owned()
        );
    }
    can_answer(state)
}

/// Whether the project asks for boxes or outlines: there, a class key never says anything of the whole picture.
#[must_use]
pub fn asks_for_shapes(state: &State) -> bool {
    matches!(state.project.as_ref().map(|p| p.project.task), Some(Task::Detection | Task::Segmentation))
}

/// Whether there is something to accept: toggled classes, or a model's guess.
///
/// # Errors
/// A sentence that says what is missing.
pub fn can_accept(state: &State) -> Result<(), String> {
    can_label(state)?;
    let multilabel = state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel);
    let sample = state.label().and_then(LabelState::sample);
    let guessed = sample.is_some_and(|s| !s.predictions.is_empty() || s.answer.is_draft());
    if multilabel || guessed {
        Ok(())
    } else {
        Err("no model has guessed this one; press the key of a class".to_owned())
    }
}

/// A class key was pressed.
pub fn class_key(state: &mut State, class: ClassId) -> Vec<Effect> {
    if state.read_only {
        state.say(Level::Warning, "read-only: labels cannot be changed");
        return Vec::new();
    }
    if let Err(why) = can_label(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    assign(state, class)
}

/// Gives the sample a class: the only one, or toggled where a picture may have several.
pub fn assign(state: &mut State, class: ClassId) -> Vec<Effect> {
    if boxes::takes_classes(state) {
        return boxes::drawing::given(state, class);
    }
    if state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel) {
        return toggle(state, class);
    }
    label_with(state, &[class])
}

/// Adds a class to those toggled on a multi-label sample, or takes it away.
pub fn toggle(state: &mut State, class: ClassId) -> Vec<Effect> {
    let labels = state.labels();
    let Some(label) = state.label_mut() else { return Vec::new() };
    let current = label.sample().map(|s| s.answer.classes(&labels)).unwrap_or_default();
    let draft = label.draft.get_or_insert(current);
    match draft.iter().position(|c| *c == class) {
        Some(at) => {
            draft.remove(at);
        }
        None => draft.push(class),
    }
    Vec::new()
}

/// Saves the classes toggled on a multi-label sample, if they differ from its answer.
pub fn commit_draft(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(label) = state.label_mut() else { return Vec::new() };
    let Some(draft) = label.draft.take() else { return Vec::new() };
    let Some(sample) = label.sample() else { return Vec::new() };
    if sample.answer.classes(&labels) == draft {
        return Vec::new();
    }
    let Some(after) = with_classes(state, &draft) else { return Vec::new() };
    if state.review().is_some() { verdict::fix_here(state, after) } else { edit(state, after, "") }
}

/// The answer that confirms a draft, where the sample has one and nothing was toggled since.
fn confirmed(state: &State) -> Option<Answer> {
    let label = state.label().filter(|l| l.draft.is_none())?;
    let answer = &label.sample()?.answer;
    answer.is_draft().then(|| answer.confirmed(&state.user, state.now))
}

/// `Enter`: confirms the toggled classes or a draft, or promotes the best guess of a model.
pub fn accept(state: &mut State) -> Vec<Effect> {
    if let Some(after) = confirmed(state) {
        flash(state, &after);
        let mut effects = edit(state, after, "");
        effects.extend(advance(state));
        return effects;
    }
    if asks_for_shapes(state) {
        return boxes::changing::done(state);
    }
    let multilabel = state.project.as_ref().is_some_and(|p| p.project.task == Task::Multilabel);
    if multilabel {
        let has_draft = state.label().is_some_and(|l| l.draft.is_some());
        let mut effects = if has_draft { commit_draft(state) } else { Vec::new() };
        if !has_draft && state.label().and_then(LabelState::sample).is_some_and(|s| s.answer.status != Status::Labeled)
        {
            state.say(Level::Info, "toggle classes first, or say that there are none with [label.empty]");
            return effects;
        }
        effects.extend(advance(state));
        return effects;
    }
    let labels = state.labels();
    let best = state.label().and_then(LabelState::sample).and_then(|s| s.predictions.first());
    match best.map(|p| labels.resolve(p.class)) {
        Some(class) => label_with(state, &[class]),
        None => {
            state.say(Level::Info, "no model has guessed this one; press the key of a class");
            Vec::new()
        }
    }
}

fn label_with(state: &mut State, classes: &[ClassId]) -> Vec<Effect> {
    let Some(after) = with_classes(state, classes) else { return Vec::new() };
    flash(state, &after);
    let mut effects = edit(state, after, "");
    effects.extend(advance(state));
    effects
}

/// The answer of the sample with these whole-picture classes: annotations that stay keep their author and time.
pub fn with_classes(state: &State, classes: &[ClassId]) -> Option<Answer> {
    let before = &state.label()?.sample()?.answer;
    Some(answering::with_classes(before, &state.labels(), classes, &state.user, state.now))
}

/// Puts the sample aside; asks first where boxes would go with that.
pub fn skip(state: &mut State, reason: Option<String>) -> Vec<Effect> {
    erasing::run(state, &Erasing::Skip(reason))
}

/// Says that nothing of the label set is in the picture; asks first where boxes would go with that.
pub fn empty(state: &mut State) -> Vec<Effect> {
    erasing::run(state, &Erasing::Empty)
}

/// Takes the answer back to "nobody has answered"; asks first where boxes would go with that.
pub fn clear(state: &mut State) -> Vec<Effect> {
    erasing::run(state, &Erasing::Clear)
}

/// Marks the sample for another look, or removes the mark.
pub fn flag(state: &mut State) -> Vec<Effect> {
    let Some(before) = current(state) else { return Vec::new() };
    edit(state, Answer { flagged: !before.flagged, ..before }, "")
}

/// Marks the answer as unsure, or sure again.
pub fn unsure(state: &mut State) -> Vec<Effect> {
    let Some(before) = current(state) else { return Vec::new() };
    edit(state, Answer { unsure: !before.unsure, ..before }, "")
}

fn current(state: &State) -> Option<Answer> {
    state.label()?.sample().map(|s| s.answer.clone())
}

/// Goes on after an answer, where the person wants that.
pub fn advance(state: &mut State) -> Vec<Effect> {
    if state.label().is_some_and(|l| l.auto_advance) { go_on(state) } else { Vec::new() }
}

/// Goes on: to the next picture that is to be answered here, or back to where a picture was opened alone.
pub fn go_on(state: &mut State) -> Vec<Effect> {
    if walk::goes_on(state).is_err() { navigation::close(state) } else { walk::go_by(state, team::step(state)) }
}

/// Shows for a moment what was just decided.
pub fn flash_text(state: &mut State, text: &str) {
    let until = state.clock + FLASH_MS;
    if let Some(label) = state.label_mut() {
        label.flash = Some(Flash { text: text.to_owned(), class: None, until });
    }
}

pub(super) fn flash(state: &mut State, after: &Answer) {
    let labels = state.labels();
    let until = state.clock + FLASH_MS;
    let (text, class) = (after.summary(&labels), after.classes(&labels).first().copied());
    if let Some(label) = state.label_mut() {
        label.flash = Some(Flash { text, class, until });
    }
}

/// Makes the edit, shows its result at once, and sends it to the store.
pub fn edit(state: &mut State, after: Answer, message: &str) -> Vec<Effect> {
    if state.second_pass().is_some() {
        return second_pass::record(state, after);
    }
    if gold::is_here(state) {
        return gold::record(state, after, message);
    }
    let Some(sample) = state.label().and_then(LabelState::sample) else { return Vec::new() };
    let path = sample.path.clone();
    let Some(change) = answering::answer_change(sample, after) else { return Vec::new() };
    let edits = answering::make(state, vec![change], message, None);
    if let (Some(label), Some(edit)) = (state.label_mut(), edits.first()) {
        if let Some(alone) = &mut label.alone {
            alone.answered = true;
        }
        label.tape.insert(0, HistoryLine { edit: edit.clone(), path: Some(path), undone: false });
        label.tape.truncate(walk::TAPE);
    }
    if edits.is_empty() { Vec::new() } else { vec![Effect::Write(Write::Edits(edits))] }
}
