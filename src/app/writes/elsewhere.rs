//! What others have changed, and how the screens follow it.

use super::ask_counts;
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::screens::{self, Screen, label};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{ProjectId, Rev, SampleId};
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use std::collections::{BTreeSet, HashMap};

/// Others changed something: what is shown of it follows, so that the next key is about what stands now.
pub fn elsewhere(state: &mut State, project: ProjectId, edits: &[(Edit, Rev)]) -> Vec<Effect> {
    if state.project.as_ref().map(|p| p.project.id) != Some(project) {
        return Vec::new();
    }
    // A blind pass is told nothing of what happened to answers.
    let here = state.label().filter(|_| state.second_pass().is_none()).and_then(|l| l.sample()).map(|s| s.id);
    let mut classes = false;
    let mut told = false;
    for (edit, rev) in edits {
        let (id, after) = match &edit.change {
            Change::Answer { sample, after, .. } => (*sample, after),
            Change::Verdict { .. } | Change::Check { .. } => continue,
            Change::Classes { .. } => {
                classes = true;
                continue;
            }
        };
        let mut newer = false;
        state.update_samples(|shown| {
            if shown.id == id && *rev > shown.rev {
                (shown.rev, shown.answer) = (*rev, after.clone());
                newer = true;
            }
        });
        if newer && here == Some(id) {
            let by = printable(&edit.author).into_owned();
            told = true;
            state.say(Level::Warning, format!("{by} has just answered this picture; what is shown is theirs"));
        }
    }
    if let Some(text) = brought(edits).filter(|_| !told && state.second_pass().is_none()) {
        state.say(Level::Info, text);
    }
    let mut effects = ask_counts(state);
    effects.extend(label::walk::reopen_end(state, edits.is_empty() || edits.iter().any(|(edit, _)| is_new(edit))));
    if classes {
        effects.push(Effect::Ask(state.slots.ask(Slot::Project), Query::Project(project)));
    }
    if matches!(state.screen(), Some(Screen::Stats(_) | Screen::Review(_))) {
        effects.extend(screens::refresh(state));
    }
    effects
}

/// Whether an edit is the first answer that a picture came with.
fn is_new(edit: &Edit) -> bool {
    let came = |before: &Answer, base: Rev| base == Rev(0) && *before == Answer::default();
    edit.origin == Origin::Import && matches!(&edit.change, Change::Answer { before, base, .. } if came(before, *base))
}

/// What came in bulk from elsewhere, such as from a table that others write: `the table: 3 labels changed, 2 new with a class`.
fn brought(edits: &[(Edit, Rev)]) -> Option<String> {
    let imported = |edit: &&Edit| edit.origin == Origin::Import && edit.change.sample().is_some();
    let came: Vec<&Edit> = edits.iter().map(|(edit, _)| edit).filter(imported).collect();
    let by = printable(&came.first()?.author).into_owned();
    let fresh = came.iter().filter(|edit| is_new(edit)).count();
    let changed = came.len() - fresh;
    let changed = (changed > 0).then(|| format!("{changed} {} changed", if changed == 1 { "label" } else { "labels" }));
    let fresh = (fresh > 0).then(|| format!("{fresh} new with a class"));
    Some(format!("{by}: {}", changed.into_iter().chain(fresh).collect::<Vec<_>>().join(", ")))
}

/// Asks for every sample that some screen holds, after a task has changed answers under them.
pub fn renew(state: &mut State) -> Vec<Effect> {
    let mut held = BTreeSet::new();
    state.update_samples(|sample| {
        held.insert(sample.id);
    });
    if held.is_empty() {
        return Vec::new();
    }
    vec![Effect::Ask(state.slots.ask(Slot::Renewed), Query::Samples(held.into_iter().collect()))]
}

/// Takes samples as the store has them, where it knows more than the screens.
pub fn renewed(state: &mut State, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Samples(samples) => {
            let now: HashMap<SampleId, Sample> = samples.into_iter().map(|s| (s.id, s)).collect();
            state.update_samples(|shown| {
                if let Some(sample) = now.get(&shown.id).filter(|sample| sample.rev > shown.rev) {
                    shown.clone_from(sample);
                }
            });
        }
        Reply::Failed(why) => state.say(Level::Error, printable(&why).into_owned()),
        _ => {}
    }
    Vec::new()
}
