//! What can be done in the label-set editor. Each change is one edit.

use super::{ClassesState, current};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::{Screen, answering};
use crate::app::state::State;
use crate::domain::class::{LEADER, LabelClass, LabelSet};
use crate::domain::edit::Change;
use crate::domain::ids::ClassId;
use crate::domain::text::printable;
use crate::keymap::default_letters_taken;

const CLASSES: &[Scope] = &[Scope::Classes];
/// Colours of classes go round after so many; the themes' ramps are not longer.
const COLOURS: u16 = 24;

/// The actions of the label-set editor.
pub const SPECS: &[Spec] = &[
    Spec {
        scopes: &[Scope::Label, Scope::Gallery, Scope::Projects],
        changes_data: false,
        enabled: has_project,
        ..spec("classes.edit", "classes", "Edit the label set: names, keys, order, merges", 0, |s, _| super::open(s))
    },
    Spec { enabled: has_project, ..spec("classes.add", "add", "Add a class at the end", 1, |s, _| add(s)) },
    spec("classes.rename", "rename", "Rename the class; its labels keep it", 2, |s, _| rename(s)),
    spec("classes.hotkey", "key", "Set the key that gives the class", 3, |s, _| hotkey(s)),
    spec("classes.up", "up", "Move the class up", 7, |s, _| shift(s, true)),
    spec("classes.down", "down", "Move the class down", 8, |s, _| shift(s, false)),
    spec("classes.merge", "merge", "Count the class as another one; nothing is rewritten", 5, |s, _| merge(s)),
    spec("classes.retire", "retire", "Offer the class no longer, or again; its labels stay", 6, |s, _| retire(s)),
    spec("classes.colour", "colour", "Take the next free colour and shape", 9, |s, _| colour(s)),
];

const fn spec(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: CLASSES, changes_data: true, repeats: false, hint, enabled: on_class, run }
}

fn has_project(state: &State) -> Result<(), String> {
    match state.screen() {
        Some(Screen::Projects(list)) if !list.rows().is_empty() => Ok(()),
        _ => crate::app::screens::navigation::in_project(state),
    }
}

fn on_class(state: &State) -> Result<(), String> {
    current(state).map(|_| ()).ok_or_else(|| "there is no class yet; [classes.add] adds one".to_owned())
}

/// Letters and signs that mean something where classes are given, and so can be no hotkeys.
#[must_use]
pub fn reserved(state: &State) -> Vec<String> {
    let is_digit = |k: &String| k.chars().all(|c| c.is_ascii_digit());
    // Class keys come before those of boxes, so a class with the key `d` would leave boxes that cannot be deleted.
    let scopes = ["boxes", "label", "gallery"];
    let mine = scopes.iter().flat_map(|s| state.keymap.taken(&[s, "global"])).filter(|k| !is_digit(k));
    let mut out: Vec<String> = scopes.iter().flat_map(|s| default_letters_taken(s)).chain(mine).collect();
    out.push("0".to_owned());
    out.sort();
    out.dedup();
    out
}

/// Changes the set by one edit, unless that makes a problem that was not there before.
fn change(state: &mut State, message: &str, alter: impl FnOnce(&mut LabelSet)) -> Result<Vec<Effect>, String> {
    let Some(before) = state.project.as_ref().map(|p| p.project.labels.clone()) else {
        return Err("no project is open".to_owned());
    };
    let mut after = before.clone();
    alter(&mut after);
    let reserved = reserved(state);
    let reserved: Vec<&str> = reserved.iter().map(String::as_str).collect();
    let known = before.problems(&reserved);
    if let Some(problem) = after.problems(&reserved).into_iter().find(|p| !known.contains(p)) {
        return Err(problem);
    }
    if before == after {
        return Ok(Vec::new());
    }
    Ok(answering::send(state, vec![Change::Classes { before, after }], message))
}

/// The same for actions that have no text field in which a problem could be shown.
fn change_or_say(state: &mut State, message: &str, alter: impl FnOnce(&mut LabelSet)) -> Vec<Effect> {
    change(state, message, alter).unwrap_or_else(|problem| {
        state.say(Level::Warning, problem);
        Vec::new()
    })
}

fn class_mut(set: &mut LabelSet, id: ClassId) -> Option<&mut LabelClass> {
    set.classes.iter_mut().find(|c| c.id == id)
}

fn put_cursor(state: &mut State, at: usize) {
    if let Some(Screen::Classes(classes)) = state.screens.last_mut() {
        *classes = ClassesState { cursor: at };
    }
}

fn add(state: &mut State) -> Vec<Effect> {
    let hint = state.with_keys("key and colour are chosen for you; [classes.hotkey] and [classes.colour] change them");
    let prompt = Prompt::new("new class", "", |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("a class needs a name".to_owned());
        }
        let at = state.labels().classes.len();
        let effects = change(state, &format!("add {name}"), |set| append(set, name))?;
        put_cursor(state, at);
        Ok(effects)
    });
    state.open(Overlay::Prompt(prompt.hint(&hint)));
    Vec::new()
}

fn append(set: &mut LabelSet, name: String) {
    let id = ClassId(set.classes.iter().map(|c| c.id.0).max().unwrap_or(0) + 1);
    let (hotkey, colour) = (set.free_hotkey(), free_colour(set, 0));
    set.classes.push(LabelClass { id, name, hotkey, colour, parent: None, merged_into: None, retired: false });
}

fn rename(state: &mut State) -> Vec<Effect> {
    let Some(class) = current(state) else { return Vec::new() };
    let prompt = Prompt::new("new name", &class.name, |state, text| {
        let name = text.trim().to_owned();
        let Some(class) = current(state) else { return Ok(Vec::new()) };
        if name.is_empty() {
            return Err("a class needs a name".to_owned());
        }
        change(state, &format!("rename {} to {name}", class.name), |set| {
            if let Some(class) = class_mut(set, class.id) {
                class.name = name;
            }
        })
    });
    state.open(Overlay::Prompt(prompt.hint("labels refer to the class itself: nothing is rewritten")));
    Vec::new()
}

fn hotkey(state: &mut State) -> Vec<Effect> {
    let Some(class) = current(state) else { return Vec::new() };
    let prompt = Prompt::new("key", &class.hotkey, |state, text| {
        let key = text.trim().to_owned();
        let Some(class) = current(state) else { return Ok(Vec::new()) };
        check_key(&key)?;
        change(state, &format!("key {key} for {}", class.name), |set| {
            if let Some(class) = class_mut(set, class.id) {
                class.hotkey = key;
            }
        })
    });
    let free: String = state.labels().free_hotkey();
    let hint = format!("a digit, a letter, or {LEADER} and a letter; the first free one is {free}; empty removes it");
    state.open(Overlay::Prompt(prompt.hint(&hint)));
    Vec::new()
}

/// One printable key, or the leader and one.
fn check_key(key: &str) -> Result<(), String> {
    let mut chars = key.chars();
    let fits = |c: char| !c.is_control() && !c.is_whitespace();
    match (chars.next(), chars.next(), chars.next()) {
        (None, ..) => Ok(()),
        (Some(c), None, _) if fits(c) && c != LEADER => Ok(()),
        (Some(LEADER), Some(c), None) if fits(c) => Ok(()),
        _ => Err(format!("`{}` is not one key; write a character, or {LEADER} and a character", printable(key))),
    }
}

fn shift(state: &mut State, up: bool) -> Vec<Effect> {
    let Some((class, at)) = current(state).zip(state.classes().map(|c| c.cursor)) else { return Vec::new() };
    let last = state.labels().classes.len().saturating_sub(1);
    let to = if up { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to <= last) };
    let Some(to) = to else { return Vec::new() };
    let effects = change_or_say(state, &format!("move {}", class.name), |set| set.classes.swap(at, to));
    if !effects.is_empty() {
        put_cursor(state, to);
    }
    effects
}

fn merge(state: &mut State) -> Vec<Effect> {
    let Some(class) = current(state) else { return Vec::new() };
    let labels = state.labels();
    if class.merged_into.is_some() {
        return change_or_say(state, &format!("unmerge {}", class.name), |set| unmerge(set, class.id));
    }
    let item = |c: &LabelClass| Item {
        label: printable(&c.name).into_owned(),
        key: c.hotkey.clone(),
        detail: state.with_keys("nothing is rewritten; [classes.merge] again separates them"),
        value: c.id.to_string(),
    };
    let items = labels.live().filter(|c| c.id != class.id).map(item).collect();
    let title = format!("count {} as", printable(&class.name));
    let mut picker = Picker::new(&title, items, |state, value| {
        let (Ok(into), Some(class)) = (value.parse().map(ClassId), current(state)) else { return Vec::new() };
        let name = state.labels().name(into);
        let effects = change_or_say(state, &format!("merge {} into {name}", class.name), |set| {
            if let Some(class) = class_mut(set, class.id) {
                class.merged_into = Some(into);
            }
        });
        let text = format!("{} counts as {}; nothing was rewritten", printable(&class.name), printable(&name));
        if !effects.is_empty() {
            state.say(Level::Info, text);
        }
        effects
    });
    "there is no other class to merge into".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    Vec::new()
}

/// Makes a merged class one of its own again; its key goes if another class has it by now.
fn unmerge(set: &mut LabelSet, id: ClassId) {
    free_key(set, id);
    if let Some(class) = class_mut(set, id) {
        class.merged_into = None;
    }
}

/// Takes the key of a class that comes back, if another class has it by now.
fn free_key(set: &mut LabelSet, id: ClassId) {
    let Some(key) = set.get(id).map(|c| c.hotkey.clone()) else { return };
    let clash = |c: &LabelClass| !c.hotkey.is_empty() && (c.hotkey.starts_with(&key) || key.starts_with(&c.hotkey));
    if !key.is_empty() && set.live().any(|c| c.id != id && clash(c)) {
        let free = set.free_hotkey();
        if let Some(class) = class_mut(set, id) {
            class.hotkey = free;
        }
    }
}

fn retire(state: &mut State) -> Vec<Effect> {
    let Some(class) = current(state) else { return Vec::new() };
    let verb = if class.retired { "restore" } else { "retire" };
    change_or_say(state, &format!("{verb} {}", class.name), |set| {
        if class.retired {
            free_key(set, class.id);
        }
        if let Some(found) = class_mut(set, class.id) {
            found.retired = !class.retired;
        }
    })
}

fn colour(state: &mut State) -> Vec<Effect> {
    let Some(class) = current(state) else { return Vec::new() };
    change_or_say(state, &format!("colour of {}", class.name), |set| {
        let next = free_colour(set, class.colour + 1);
        if let Some(class) = class_mut(set, class.id) {
            class.colour = next;
        }
    })
}

/// The first colour from `from` on that no live class has; `from` itself when all are taken.
fn free_colour(set: &LabelSet, from: u16) -> u16 {
    let taken = |c: u16| set.live().any(|class| class.colour % COLOURS == c);
    let mut round = (0..COLOURS).map(|i| (from + i) % COLOURS);
    round.find(|c| !taken(*c)).unwrap_or(from % COLOURS)
}
