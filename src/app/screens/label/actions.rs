//! What can be done on the Label screen.

use super::answer::{self, can_accept, can_answer, can_label};
use super::state::LabelState;
use super::walk;
use crate::app::effect::{Effect, JumpTo, Write};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::{queues, second_pass, versions};
use crate::app::state::State;
use crate::app::team;
use crate::domain::edit::Change;
use crate::domain::ids::{ClassId, EditId, SampleId};
use crate::domain::text::printable;

const LABEL: &[Scope] = &[Scope::Label];
const UNDO: &[Scope] = &[
    Scope::Label,
    Scope::SecondPass,
    Scope::Gallery,
    Scope::Sweep,
    Scope::Objects,
    Scope::Review,
    Scope::Classes,
    Scope::Stats,
    Scope::Adjudicate,
    Scope::Conflicts,
    Scope::Versions,
];
/// Also in a blind second pass.
const BLIND: &[Scope] = &[Scope::Label, Scope::SecondPass];
/// Also on the Review screen.
const LOOK: &[Scope] = &[Scope::Label, Scope::Review];

/// The actions of the Label screen.
pub const SPECS: &[Spec] = &[
    Spec::edits(
        LABEL,
        "label.anyway",
        "answer anyway",
        "Answer a picture although somebody else holds it; where they hold all that is left, show those",
        1,
        |s| {
            let held = team::in_the_way(s).is_some() || team::nothing_but_held(s);
            if held { Ok(()) } else { Err("nobody else holds this picture".to_owned()) }
        },
        |s, _| if team::nothing_but_held(s) { walk::show_held(s) } else { team::insist(s) },
    ),
    Spec {
        scopes: BLIND,
        ..Spec::edits(
            LABEL,
            "label.hotkey",
            "label",
            "Give the picture the class with this key and go on",
            1,
            can_label,
            hotkey,
        )
    },
    Spec {
        scopes: BLIND,
        ..Spec::edits(
            LABEL,
            "label.accept",
            "accept",
            "Accept the model's guess or a draft, or confirm the toggled classes",
            2,
            can_accept,
            |s, _| answer::accept(s),
        )
    },
    Spec {
        scopes: BLIND,
        ..Spec::edits(LABEL, "label.skip", "skip", "Put the picture aside", 3, can_answer, |s, _| answer::skip(s, None))
    },
    Spec {
        scopes: BLIND,
        ..Spec::edits(
            LABEL,
            "label.skip-reason",
            "skip because",
            "Put the picture aside and say why",
            0,
            can_answer,
            |s, _| skip_reason(s),
        )
    },
    Spec {
        scopes: UNDO,
        ..Spec::edits(
            LABEL,
            "edit.undo",
            "undo",
            "Take back the last change, on whatever picture",
            4,
            can_undo,
            |s, _| undo(s),
        )
    },
    Spec {
        scopes: UNDO,
        ..Spec::edits(LABEL, "edit.redo", "redo", "Make the change again that was taken back", 0, in_project, |s, _| {
            redo(s)
        })
    },
    Spec {
        scopes: BLIND,
        ..walks(LABEL, "label.next", "next", "The next picture of the queue", 5, |s, _| walk::go_by(s, 1))
    },
    Spec {
        scopes: BLIND,
        ..walks(LABEL, "label.previous", "previous", "The picture before", 6, |s, _| walk::go_by(s, -1))
    },
    walks(LABEL, "label.next-unlabeled", "next unlabeled", "The next picture nobody has answered", 0, |s, _| {
        next_unlabeled(s)
    }),
    Spec {
        scopes: LOOK,
        ..Spec::edits(LABEL, "label.flag", "flag", "Mark the picture for another look", 7, can_answer, |s, _| {
            answer::flag(s)
        })
    },
    Spec::edits(LABEL, "label.unsure", "unsure", "Mark the answer as unsure", 0, can_answer, |s, _| answer::unsure(s)),
    Spec {
        scopes: BLIND,
        ..Spec::edits(
            LABEL,
            "label.empty",
            "empty",
            "Say that nothing of the label set is in the picture",
            0,
            can_answer,
            |s, _| answer::empty(s),
        )
    },
    Spec::edits(LABEL, "label.clear", "clear", "Remove the answer", 0, can_answer, |s, _| answer::clear(s)),
    Spec {
        scopes: BLIND,
        ..Spec::edits(LABEL, "label.find-class", "find a class", "Choose a class by typing", 8, can_label, |s, _| {
            find_class(s)
        })
    },
    walks(LABEL, "label.queue", "queue", "Choose what to walk through, and in what order", 9, |s, _| queues::choose(s)),
    walks(LABEL, "label.filter", "filter", "Type a filter for the queue", 0, |s, _| queues::type_filter(s)),
    walks(LABEL, "label.goto", "go to number", "Go to the n-th picture of the queue", 0, |s, _| goto(s)),
    walks(LABEL, "label.random", "random", "Go to a random picture of the queue", 0, |s, _| random(s)),
    walks(LABEL, "label.first", "first", "The first picture of the queue", 0, |s, _| walk::jump(s, JumpTo::Number(1))),
    walks(LABEL, "label.last", "last", "The last picture of the queue", 0, |s, _| last(s)),
    walks(LABEL, "label.auto-advance", "auto-advance", "Go on after an answer, or stay", 0, |s, _| auto_advance(s)),
    walks(LABEL, "label.tape", "last decisions", "Go back to one of the last decisions", 0, |s, _| tape(s)),
];

/// An action that goes elsewhere in the walk, which is possible where there is an elsewhere.
const fn walks(
    scopes: &'static [Scope],
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec::looks(scopes, name, title, help, hint, walk::goes_on, run)
}

fn in_project(state: &State) -> Result<(), String> {
    state.project.as_ref().map(|_| ()).ok_or_else(|| "open a project first".to_owned())
}

fn hotkey(state: &mut State, args: &[String]) -> Vec<Effect> {
    let key = args.first().cloned().unwrap_or_default();
    let class = state.labels().live().find(|c| c.hotkey == key).map(|c| c.id);
    match class {
        Some(class) => answer::assign(state, class),
        None if key == "0" => answer::empty(state),
        None => {
            let count = state.labels().live().count();
            state.say(
                Level::Info,
                format!("no class has the key {key}; there are {count} classes, [label.find-class] finds one by name"),
            );
            Vec::new()
        }
    }
}

fn skip_reason(state: &mut State) -> Vec<Effect> {
    let reasons = &state.settings.skip_reasons;
    let items = reasons.iter().map(|r| Item { label: r.clone(), value: r.clone(), ..Item::default() }).collect();
    let mut picker = Picker::new("skip because", items, |state, reason| answer::skip(state, Some(reason.to_owned())));
    picker.free_text = true;
    "Enter takes what you typed".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    Vec::new()
}

fn can_undo(state: &State) -> Result<(), String> {
    in_project(state)?;
    versions::can_undo(state)
}

fn undo(state: &mut State) -> Vec<Effect> {
    versions::other_step(state);
    if state.second_pass().is_some_and(|p| p.label.draft.is_none()) {
        return second_pass::steps::undo(state);
    }
    if let Some(label) = state.label_mut()
        && label.draft.take().is_some()
    {
        state.say(Level::Info, "took back the toggled classes");
        return Vec::new();
    }
    let project = state.project.as_ref().map(|p| p.project.id);
    project.map(|id| vec![Effect::Write(Write::Undo(id))]).unwrap_or_default()
}

fn redo(state: &mut State) -> Vec<Effect> {
    versions::other_step(state);
    if state.second_pass().is_some() {
        return second_pass::steps::redo(state);
    }
    let project = state.project.as_ref().map(|p| p.project.id);
    project.map(|id| vec![Effect::Write(Write::Redo(id))]).unwrap_or_default()
}

fn next_unlabeled(state: &mut State) -> Vec<Effect> {
    let mut effects = answer::commit_draft(state);
    if let Some(free) = walk::next_free(state) {
        effects.extend(free);
    } else if let Some(id) = state.label().and_then(LabelState::ordinary).map(|s| s.id) {
        effects.extend(walk::jump(state, JumpTo::NextUnlabeled(id)));
    }
    effects
}

fn find_class(state: &mut State) -> Vec<Effect> {
    let picker = class_picker(state, "class", |state, value| {
        let Ok(id) = value.parse() else { return Vec::new() };
        answer::assign(state, ClassId(id))
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}

/// A list of the classes; choosing passes the id on.
pub fn class_picker(state: &State, title: &str, choose: fn(&mut State, &str) -> Vec<Effect>) -> Picker {
    let labels = state.labels();
    let item = |c: &crate::domain::class::LabelClass| Item {
        label: printable(&c.name).into_owned(),
        key: c.hotkey.clone(),
        value: c.id.to_string(),
        detail: String::new(),
    };
    Picker::new(title, labels.live().map(item).collect(), choose)
}

/// Pictures of the queue, without those that were mixed in.
fn queue_length(state: &State) -> Option<u64> {
    let label = state.label()?;
    label.total.map(|n| n.saturating_sub(label.gold_among(label.walk.len())))
}

fn goto(state: &mut State) -> Vec<Effect> {
    let total = queue_length(state).unwrap_or(0);
    let prompt = Prompt::new("go to picture number", "", |state, text| {
        let number: u64 = text.trim().parse().map_err(|_| format!("`{}` is not a number", printable(text)))?;
        if number == 0 {
            return Err("pictures are counted from 1".to_owned());
        }
        Ok(walk::jump(state, JumpTo::Number(number)))
    });
    state.open(Overlay::Prompt(prompt.hint(&format!("1 to {total}"))));
    Vec::new()
}

fn random(state: &mut State) -> Vec<Effect> {
    let seed = state.random();
    walk::jump(state, JumpTo::Random(seed))
}

fn last(state: &mut State) -> Vec<Effect> {
    match queue_length(state) {
        Some(total) if total > 0 => walk::jump(state, JumpTo::Number(total)),
        _ => Vec::new(),
    }
}

fn auto_advance(state: &mut State) -> Vec<Effect> {
    let Some(label) = state.label_mut() else { return Vec::new() };
    label.auto_advance = !label.auto_advance;
    let text =
        if label.auto_advance { "goes on after each answer" } else { "stays after each answer; [label.next] goes on" };
    state.say(Level::Info, text);
    Vec::new()
}

/// The samples of the last decisions, newest first: each with what was decided in the end.
#[must_use]
pub fn decisions(state: &State) -> Vec<(EditId, SampleId, String, String)> {
    let labels = state.labels();
    let Some(label) = state.label() else { return Vec::new() };
    let line = |line: &crate::app::event::HistoryLine| {
        let path = || printable(line.path.as_deref().unwrap_or_default()).into_owned();
        if let Change::Check { sample, after, .. } = &line.edit.change {
            let what = printable(&after.as_ref()?.summary(&labels)).into_owned();
            return Some((line.edit.id, *sample, what, path()));
        }
        let Change::Answer { sample, after, before, .. } = &line.edit.change else { return None };
        let what = if after.flagged != before.flagged && after.annotations == before.annotations {
            if after.flagged { "flagged".to_owned() } else { "unflagged".to_owned() }
        } else {
            after.summary(&labels)
        };
        Some((line.edit.id, *sample, printable(&what).into_owned(), path()))
    };
    let mut lines: Vec<_> = label.tape.iter().filter(|l| !l.undone).filter_map(line).collect();
    lines.dedup_by_key(|(_, sample, ..)| *sample);
    lines.truncate(walk::DECISIONS);
    lines
}

fn tape(state: &mut State) -> Vec<Effect> {
    let item = |(_, sample, what, path): (EditId, SampleId, String, String)| Item {
        label: what,
        detail: path,
        value: sample.to_string(),
        key: String::new(),
    };
    let items = decisions(state).into_iter().map(item).collect();
    let picker = Picker::new("last decisions", items, |state, value| {
        let Ok(id) = value.parse() else { return Vec::new() };
        walk::jump(state, JumpTo::Sample(SampleId(id)))
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}
