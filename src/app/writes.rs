//! What becomes of changes: the store's word on every edit, and how the screens follow.

use super::effect::{Effect, JumpTo, Query, Write};
use super::event::{Reply, Wrote};
use super::messages::Level;
use super::overlays::confirm::Confirm;
use super::overlays::{self, Overlay};
use super::screens::counting::recount;
use super::screens::label::state::{FLASH_MS, Flash, LabelState};
use super::screens::{self, Screen, label, second_pass};
use super::slots::Slot;
use super::state::State;
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::{ProjectId, Rev, SampleId};
use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Takes what became of a change.
pub fn written(state: &mut State, wrote: Wrote) -> Vec<Effect> {
    match wrote {
        Wrote::Edits(edits, counts) => settled(state, &edits, counts),
        Wrote::Sent(edits) => sent(state, &edits),
        Wrote::Resolved(edit) => resolved(state, edit.as_deref()),
        Wrote::Rejected { edits, reason } => rejected(state, &edits, &reason),
        Wrote::Undone { redo, edits, samples, counts } => undone(state, redo, &edits, samples, counts),
        Wrote::Large { project, redo, pictures } => {
            ask_step(state, project, redo, pictures);
            Vec::new()
        }
        Wrote::SecondAnswer(stored) => {
            state.save.waiting = None;
            second_pass::stored(state, stored)
        }
        Wrote::Remarked(remark, found) => overlays::comments::written(state, &remark, found),
        Wrote::Done(text) => {
            if let Some(text) = text {
                state.say(Level::Info, text);
            }
            Vec::new()
        }
        Wrote::Projects(text) => {
            state.say(Level::Info, text);
            match state.screens.last() {
                Some(Screen::Projects(_) | Screen::Home(_) | Screen::Versions(_)) => screens::shown(state),
                _ => Vec::new(),
            }
        }
        Wrote::Refused(text) => {
            state.say(Level::Error, text);
            Vec::new()
        }
        Wrote::Waiting { count, reason } => {
            state.save.unsent = state.save.unsent.max(count);
            if state.save.waiting.as_ref() != Some(&reason) {
                state.say(Level::Error, format!("not saved yet, but kept and tried again: {reason}"));
            }
            state.save.waiting = Some(reason);
            Vec::new()
        }
    }
}

/// What became of edits: saved, or somebody else was first, or the store cannot take them.
fn settled(state: &mut State, edits: &[(Edit, Outcome)], counts: Option<Counts>) -> Vec<Effect> {
    state.save.waiting = None;
    state.save.unsent = state.save.unsent.saturating_sub(edits.len());
    // A fix is an answer and a verdict on one sample: it is counted and told once, as the answer.
    let mut met: BTreeMap<SampleId, String> = BTreeMap::new();
    let (mut refused, mut reload) = (Vec::new(), false);
    for (edit, outcome) in edits {
        match (outcome, edit.change.sample()) {
            (Outcome::Saved { rev }, _) => take_revision(state, edit, *rev),
            (Outcome::Queued, _) => {}
            (_, None) => reload = true,
            (Outcome::Conflict { rev, theirs }, Some(id)) => {
                let path = theirs_shown(state, edit, id, *rev, theirs);
                met.entry(id).or_insert_with(|| told(edit, &path));
            }
            (Outcome::Refused { reason }, Some(id)) => {
                put_back(state, edit, id);
                refused.push(printable(reason).into_owned());
            }
        }
    }
    if let Some(reason) = refused.first() {
        state.say(Level::Error, format!("not written: {reason}"));
    }
    match (met.len(), met.into_values().next()) {
        (1, Some(text)) => state.say(Level::Error, text),
        (0, _) => {}
        (n, _) => state.say(
            Level::Error,
            format!("somebody else changed {n} of the pictures first; there yours was not written, theirs is shown"),
        ),
    }
    // What waits in the journal is not in the store's counts yet: they are asked for when it was sent.
    let known = counts.is_some() || edits.iter().any(|(_, outcome)| *outcome == Outcome::Queued);
    take_counts(state, counts);
    let follows = state.stats().is_some() || state.review().is_some();
    let mut effects = if known { Vec::new() } else { ask_counts(state) };
    if follows && state.save.unsent == 0 {
        effects.extend(screens::refresh(state));
    }
    effects.extend(screens::adjudicate::saved(state));
    if let Some(project) = state.project.as_ref().map(|p| p.project.id).filter(|_| reload) {
        state.say(Level::Error, "the label set was changed elsewhere; your change was not written, theirs is shown");
        let tag = state.slots.ask(Slot::Project);
        effects.push(Effect::Ask(tag, Query::Project(project)));
    }
    effects
}

/// What a remote store did with edits that were kept here: where it took one, the screen shows it already.
fn sent(state: &mut State, edits: &[(Edit, Outcome)]) -> Vec<Effect> {
    let mut told: Option<String> = None;
    let mut count = 0;
    for (edit, outcome) in edits {
        let why = match (outcome, edit.change.sample()) {
            (Outcome::Saved { rev }, _) => {
                take_revision(state, edit, *rev);
                continue;
            }
            (Outcome::Queued, _) => continue,
            (Outcome::Conflict { rev, theirs }, Some(id)) => {
                let path = shown_instead(state, edit, id, *rev, theirs);
                format!("somebody else changed {path} first; [go.conflicts] shows both answers")
            }
            (Outcome::Conflict { .. }, None) => {
                "the label set was changed elsewhere; [go.conflicts] says more".to_owned()
            }
            (Outcome::Refused { reason }, _) => {
                format!("the store did not take an edit: {}; [go.conflicts] says more", printable(reason))
            }
        };
        count += 1;
        told.get_or_insert(why);
    }
    match (count, told) {
        (0, _) | (_, None) => {}
        (1, Some(text)) => state.say(Level::Error, text),
        (n, Some(_)) => {
            state.say(Level::Error, format!("{n} edits met somebody else's; [go.conflicts] shows both answers"))
        }
    }
    let mut effects = ask_counts(state);
    if count > 0 && matches!(state.screen(), Some(Screen::Conflicts(_))) {
        effects.extend(screens::shown(state));
    }
    effects
}

/// The screens count revisions up themselves; a store that does not count (CV Explorer's) says which one it is.
fn take_revision(state: &mut State, edit: &Edit, rev: Rev) {
    let Change::Answer { sample, base, after, .. } = &edit.change else { return };
    if rev == Rev(base.0.wrapping_add(1)) {
        return;
    }
    state.update_samples(|shown| {
        if shown.id == *sample && shown.answer == *after {
            shown.rev = rev;
        }
    });
}

/// A decision was carried out: what it wrote is shown.
fn resolved(state: &mut State, edit: Option<&Edit>) -> Vec<Effect> {
    if let Some((Change::Answer { sample, base, after, .. }, id)) = edit.map(|e| (&e.change, e.change.sample())) {
        let (rev, after) = (Rev(base.0 + 1), after.clone());
        debug_assert_eq!(Some(*sample), id);
        state.update_samples(|s| {
            if Some(s.id) == id {
                (s.rev, s.answer) = (rev, after.clone());
            }
        });
    }
    let mut effects = ask_counts(state);
    if matches!(state.screen(), Some(Screen::Conflicts(_))) {
        effects.extend(screens::shown(state));
    }
    effects
}

/// Edits that can never be written: the screen takes them back, last one first.
fn rejected(state: &mut State, edits: &[Edit], reason: &str) -> Vec<Effect> {
    state.save.unsent = state.save.unsent.saturating_sub(edits.len());
    for edit in edits.iter().rev() {
        match (&edit.change, edit.change.sample()) {
            (_, Some(id)) => put_back(state, edit, id),
            (Change::Classes { before, .. }, _) => {
                if let Some(open) = state.project.as_mut() {
                    open.project.labels = before.clone();
                }
            }
            _ => {}
        }
        if let Some(label) = state.label_mut() {
            label.tape.retain(|line| line.edit.id != edit.id);
        }
    }
    state.say(Level::Error, format!("{} not saved and taken back: {reason}", edits.len()));
    ask_counts(state)
}

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

/// Asks for the store's own counts once nothing is on its way.
pub fn ask_counts(state: &mut State) -> Vec<Effect> {
    let project = state.project.as_ref().map(|p| p.project.id);
    match project {
        Some(id) if state.save.settled() => vec![Effect::Ask(state.slots.ask(Slot::Counts), Query::Counts(id))],
        _ => Vec::new(),
    }
}

fn told(edit: &Edit, path: &str) -> String {
    match edit.change {
        Change::Verdict { .. } => {
            format!("somebody changed {path} before your verdict; it was not written, look at it again")
        }
        _ => format!("somebody else changed {path} first; your change was not written, theirs is shown"),
    }
}

/// Shows somebody else's answer on every screen that holds the sample. Returns the sample's path, safe to show.
fn theirs_shown(state: &mut State, edit: &Edit, id: SampleId, rev: Rev, theirs: &Answer) -> String {
    // The verdict of a fix is refused because of its answer, which has been counted.
    let is_verdict = matches!(edit.change, Change::Verdict { .. });
    if !(is_verdict && edit.batch.is_some() && edit.message == "review") {
        state.save.conflicts += 1;
    }
    shown_instead(state, edit, id, rev, theirs)
}

fn shown_instead(state: &mut State, edit: &Edit, id: SampleId, rev: Rev, theirs: &Answer) -> String {
    let mut path = String::new();
    state.update_samples(|sample| {
        if sample.id == id {
            (sample.rev, sample.answer) = (rev, theirs.clone());
            take_verdict_back(sample, edit);
            path = printable(&sample.path).into_owned();
        }
    });
    path
}

/// Shows again what stood before a change that the store did not take.
fn put_back(state: &mut State, edit: &Edit, id: SampleId) {
    if let Change::Check { before, .. } = &edit.change {
        label::gold::show(state, id, before.as_ref());
        return;
    }
    state.update_samples(|sample| {
        if sample.id == id {
            if let Change::Answer { base, before, .. } = &edit.change {
                (sample.rev, sample.answer) = (*base, before.clone());
            }
            take_verdict_back(sample, edit);
        }
    });
}

fn take_verdict_back(sample: &mut Sample, edit: &Edit) {
    if let Change::Verdict { before, .. } = &edit.change {
        sample.reviews.retain(|r| r.reviewer != edit.author);
        sample.reviews.extend(before.clone());
    }
}

/// The store's counts are taken once nothing is on its way any more; before that the screen's own are newer.
fn take_counts(state: &mut State, counts: Option<Counts>) {
    let settled = state.save.settled();
    if let (Some(counts), Some(open), true) = (counts, state.project.as_mut(), settled) {
        open.counts = counts;
    }
}

/// The sample that an edit changed, with the answer and the revision after it.
fn made(edit: &Edit) -> Option<(SampleId, (Rev, &Answer))> {
    match &edit.change {
        Change::Answer { sample, base, after, .. } => Some((*sample, (Rev(base.0 + 1), after))),
        Change::Verdict { .. } | Change::Classes { .. } | Change::Check { .. } => None,
    }
}

/// Asks before a step back or forward that changes many pictures, such as an import, as before a change of as many.
fn ask_step(state: &mut State, project: ProjectId, redo: bool, pictures: u64) {
    let asked = |o: &Overlay| matches!(o, Overlay::Confirm(c) if c.value == "redo" || c.value == "undo");
    // Of several quick presses the first is the question, and the others are no answer.
    if state.overlays.iter().any(asked) || state.project.as_ref().is_none_or(|p| p.project.id != project) {
        return;
    }
    let (question, detail) = if redo {
        (format!("Make a change of {pictures} pictures again?"), "[edit.undo] takes it back.")
    } else {
        (
            format!("Take back a change of {pictures} pictures?"),
            "It was one step, such as an import or one key for many. [edit.redo] makes it again.",
        )
    };
    let detail = state.with_keys(detail);
    let value = if redo { "redo" } else { "undo" }.to_owned();
    let yes = |state: &mut State, value: &str| {
        let project = state.project.as_ref().map(|p| p.project.id);
        project
            .map(|project| vec![Effect::Write(Write::Confirmed { project, redo: value == "redo" })])
            .unwrap_or_default()
    };
    state.ask_late(Confirm::new(question, detail, value, yes));
}

fn undone(
    state: &mut State,
    redo: bool,
    edits: &[(Edit, Outcome)],
    samples: Vec<Sample>,
    counts: Option<Counts>,
) -> Vec<Effect> {
    let verb = if redo { "made again" } else { "taken back" };
    if edits.is_empty() {
        state.say(Level::Info, if redo { "nothing to make again" } else { "nothing to take back" });
        return Vec::new();
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
    let mut first = samples.first().map(|s| (s.id, s.path.clone()));
    let now: HashMap<SampleId, Sample> = samples.into_iter().map(|s| (s.id, s)).collect();
    // A store that cannot be reached gives no samples: then the edits themselves say what stands.
    let made: HashMap<SampleId, (Rev, &Answer)> = edits.iter().filter_map(|(edit, _)| made(edit)).collect();
    let count = edits.iter().filter_map(|(e, _)| e.change.sample()).collect::<HashSet<_>>().len();
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
    let what = match (&first, count) {
        (Some((_, path)), 1) => printable(path).into_owned(),
        (_, 0) => "the label set".to_owned(),
        (_, 1) => "1 picture".to_owned(),
        (_, n) => format!("{n} pictures"),
    };
    state.say(Level::Info, format!("{verb}: {what}"));
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
        label.flash = Some(Flash { text: verb.to_owned(), class: None, until });
        match state.review_mut() {
            Some(review) => review.asked = None,
            None => effects.extend(label::walk::refresh_tape(state)),
        }
        if let Some((id, _)) = first {
            effects.extend(label::walk::jump(state, JumpTo::Sample(id)));
        }
    }
    effects
}

impl State {
    /// Changes every copy of samples that some screen holds. A blind second pass is left out.
    pub fn update_samples(&mut self, mut change: impl FnMut(&mut Sample)) {
        for screen in &mut self.screens {
            match screen {
                Screen::SecondPass(_) => {}
                Screen::Adjudicate(here) => {
                    here.disputes.iter_mut().flatten().map(|d| &mut d.sample).for_each(&mut change);
                }
                Screen::Gallery(gallery) => gallery.window.iter_mut().for_each(&mut change),
                Screen::Sweep(sweep) => sweep.stretch.samples.iter_mut().for_each(&mut change),
                Screen::Objects(objects) => objects.stretch.samples.iter_mut().for_each(&mut change),
                other => {
                    let Some(label) = other.walk_mut() else { continue };
                    // Gold pictures are shown as if nobody had answered them, whatever becomes of their own answer.
                    let ordinary = label.walk.iter_mut().filter(|s| !label.gold.holds(s.id));
                    ordinary.for_each(&mut change);
                }
            }
        }
    }

    /// A sample wherever it lies in the walk of a Label or Review screen, shown or not.
    pub fn walk_sample(&mut self, id: SampleId) -> Option<&mut Sample> {
        let walks = self.screens.iter_mut().rev().filter(|s| !matches!(s, Screen::SecondPass(_)));
        let ordinary = |label: &LabelState, id| !label.gold.holds(id);
        walks
            .filter_map(Screen::walk_mut)
            .filter(|label| ordinary(label, id))
            .find_map(|label| label.walk.iter_mut().find(|s| s.id == id))
    }
}
