//! Undo and redo: the question before a large step, and what the screens make of a step that was taken.
//!
//! What always holds: a step belongs to one project, and only the screens of that project follow it; what was taken back is
//! named, so that a key too many is noticed; a large step that nobody can be asked about any more is not taken, and said so.

use super::take_counts;
use crate::app::effect::{Effect, JumpTo, Write};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::screens::counting::recount;
use crate::app::screens::label::state::{FLASH_MS, Flash};
use crate::app::screens::{self, label, versions, wizard};
use crate::app::state::State;
use crate::domain::edit::{Change, Edit, IMPORT_MESSAGE, Outcome};
use crate::domain::ids::{ProjectId, Rev, SampleId};
use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use std::collections::{HashMap, HashSet};

/// The sample that an edit changed, with the answer and the revision after it.
fn made(edit: &Edit) -> Option<(SampleId, (Rev, &Answer))> {
    match &edit.change {
        Change::Answer { sample, base, after, .. } => Some((*sample, (Rev(base.0 + 1), after))),
        Change::Verdict { .. } | Change::Classes { .. } | Change::Check { .. } => None,
    }
}

/// Asks before a step back or forward that changes many pictures, such as an import, as before a change of as many.
pub(super) fn ask_step(state: &mut State, project: ProjectId, redo: bool, pictures: u64) {
    let asked =
        |o: &Overlay| matches!(o, Overlay::Confirm(c) if c.value.starts_with("redo ") || c.value.starts_with("undo "));
    // Of several quick presses the first is the question, and the others are no answer.
    if state.overlays.iter().any(asked) {
        return;
    }
    let open = state.project.as_ref().is_some_and(|p| p.project.id == project);
    // An import may be into a project that is not open; the wizard is where it is taken back.
    if !wizard::import::taking_back(state, project, false) && !open {
        state.say(Level::Info, format!("not done: a change of {pictures} pictures, of a project that is not open"));
        return;
    }
    let (question, detail) = if redo {
        (format!("Make a change of {pictures} pictures again?"), "[edit.undo] takes it back.")
    } else {
        (
            format!("Take back a change of {pictures} pictures?"),
            "It was one step, such as one key for many, or an import: of that only the answers go. [edit.redo] makes it \
             again.",
        )
    };
    let detail = state.with_keys(detail);
    if !redo {
        versions::undo_asked(state);
    }
    let value = format!("{} {}", if redo { "redo" } else { "undo" }, project.0);
    state.ask_late(Confirm::new(question, detail, value, confirmed));
}

fn confirmed(state: &mut State, value: &str) -> Vec<Effect> {
    let Some((way, project)) = value.split_once(' ') else { return Vec::new() };
    let Ok(project) = project.parse().map(ProjectId) else { return Vec::new() };
    wizard::import::taking_back(state, project, true);
    versions::other_step(state);
    vec![Effect::Write(Write::Confirmed { project, redo: way == "redo" })]
}

/// Takes an undo or a redo that was made.
pub(super) fn undone(
    state: &mut State,
    redo: bool,
    edits: &[(Edit, Outcome)],
    samples: Vec<Sample>,
    counts: Option<Counts>,
) -> Vec<Effect> {
    let Some((first, _)) = edits.first() else {
        state.say(Level::Info, if redo { "nothing to make again" } else { "nothing to take back" });
        return Vec::new();
    };
    let project = first.project;
    if !redo {
        wizard::import::taken_back(state, project);
    }
    // What another project's answers became says nothing of what is shown here.
    if state.project.as_ref().is_none_or(|open| open.project.id != project) {
        let path = samples.first().map(|s| s.path.clone());
        tell(state, redo, edits, path.as_deref());
        return screens::refresh(state);
    }
    for (edit, _) in edits {
        if let (Change::Classes { after, .. }, Some(open)) = (&edit.change, state.project.as_mut()) {
            open.project.labels = after.clone();
        }
    }
    match (counts, state.project.as_mut()) {
        // Until the store's own counts come, the screen's follow the edits.
        (None, Some(open)) => edits.iter().for_each(|(edit, _)| {
            if let Change::Answer { before, after, .. } = &edit.change {
                recount(&mut open.counts, before, after);
            }
        }),
        (counts, _) => take_counts(state, counts),
    }
    let first = show(state, edits, samples);
    tell(state, redo, edits, first.as_ref().map(|(_, path)| path.as_str()));
    follow(state, redo, edits, first.map(|(id, _)| id))
}

/// Shows the samples of a step as they are now. Returns the first of them, with its path.
fn show(state: &mut State, edits: &[(Edit, Outcome)], samples: Vec<Sample>) -> Option<(SampleId, String)> {
    let mut first = samples.first().map(|s| (s.id, s.path.clone()));
    let now: HashMap<SampleId, Sample> = samples.into_iter().map(|s| (s.id, s)).collect();
    // A store that cannot be reached gives no samples: then the edits themselves say what stands.
    let made: HashMap<SampleId, (Rev, &Answer)> = edits.iter().filter_map(|(edit, _)| made(edit)).collect();
    state.update_samples(|shown| {
        if let Some(sample) = now.get(&shown.id) {
            shown.clone_from(sample);
        } else if let Some((rev, answer)) = made.get(&shown.id) {
            (shown.rev, shown.answer) = (*rev, (*answer).clone());
            first.get_or_insert_with(|| (shown.id, shown.path.clone()));
        }
    });
    for (edit, _) in edits {
        if let Change::Check { sample, after, .. } = &edit.change {
            let path = label::gold::show(state, *sample, after.as_ref());
            first = first.or_else(|| path.map(|path| (*sample, path)));
        }
    }
    first
}

fn verb(redo: bool) -> &'static str {
    if redo { "made again" } else { "taken back" }
}

/// Says what was taken back: of which picture, and what kind of change it was.
fn tell(state: &mut State, redo: bool, edits: &[(Edit, Outcome)], path: Option<&str>) {
    let count = edits.iter().filter_map(|(e, _)| e.change.sample()).collect::<HashSet<_>>().len();
    let what = match (path, count) {
        (Some(path), 1) => printable(path).into_owned(),
        (_, 0) => "the label set".to_owned(),
        (_, 1) => "1 picture".to_owned(),
        (_, n) => format!("{n} pictures"),
    };
    let step = edits.iter().map(|(edit, _)| edit.message.as_str()).find(|message| !message.is_empty());
    let kind = step.map(|step| format!(" ({})", printable(step))).unwrap_or_default();
    let stays = match step {
        Some(step) if !redo && step.starts_with(IMPORT_MESSAGE) => "; what it brought besides answers stays",
        _ => "",
    };
    state.say(Level::Info, format!("{}: {what}{kind}{stays}", verb(redo)));
}

/// What the screens ask for after a step, and where the Label screen goes.
fn follow(state: &mut State, redo: bool, edits: &[(Edit, Outcome)], first: Option<SampleId>) -> Vec<Effect> {
    let until = state.clock + FLASH_MS;
    let taken: Vec<Edit> = edits.iter().map(|(edit, _)| edit.clone()).collect();
    screens::objects::accept::taken_back(state, &taken);
    if !redo {
        label::boxes::round::taken_back(state, &taken);
    }
    let mut effects = screens::refresh(state);
    // A blind pass is told nothing of what happened to answers.
    let blind = state.second_pass().is_some();
    if let Some(label) = state.label_mut().filter(|_| !blind) {
        label.draft = None;
        label.flash = Some(Flash { text: verb(redo).to_owned(), class: None, until });
        match state.review_mut() {
            Some(review) => review.asked = None,
            None => effects.extend(label::walk::refresh_tape(state)),
        }
        if let Some(id) = first {
            effects.extend(label::walk::jump(state, JumpTo::Sample(id)));
        }
    }
    effects
}
