//! Lists of pictures, by a key: the picture on the screen, or the selection of the gallery, goes on a list or comes off it.
//!
//! What always holds: what was meant when the key was pressed is what goes on the list, whatever the screen shows by then;
//! the list of names waits for nothing, so that what is typed never reaches the screen below; a list changes no answer.

use super::Screen;
use super::queues;
use crate::app::effect::{Effect, ProjectChange, Query, Write};
use crate::app::event::Reply;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::queue::Filter;
use crate::domain::text::printable;

/// Marks of what choosing does; nobody can type them.
const ON: char = '\u{1}';
const OFF: char = '\u{2}';

/// The actions on lists.
pub const SPECS: &[Spec] = &[
    Spec::edits(
        &[Scope::Label, Scope::Boxes, Scope::Gallery],
        "lists.put",
        "list",
        "Put the picture, or the selection of the gallery, on a list, or take it off",
        0,
        on_samples,
        |s, _| put(s),
    ),
    Spec::looks(
        &[Scope::Label, Scope::Gallery],
        "lists.show",
        "pictures of a list",
        "Choose a list, and show its pictures",
        0,
        in_project,
        |s, _| show(s),
    ),
];

/// What a key means: the selection of the gallery, or the picture under the cursor.
fn meant(state: &State) -> Vec<SampleId> {
    match state.screen() {
        Some(Screen::Gallery(gallery)) if !gallery.selected.is_empty() => gallery.selected.iter().copied().collect(),
        Some(Screen::Gallery(gallery)) => gallery.sample().map(|s| s.id).into_iter().collect(),
        Some(Screen::Label(label)) => label.sample().map(|s| s.id).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn on_samples(state: &State) -> Result<(), String> {
    match (state.screen(), meant(state).is_empty()) {
        (Some(Screen::SecondPass(_)), _) => Err("a second pass puts nothing on lists".to_owned()),
        (_, true) => Err("there is no picture here".to_owned()),
        (_, false) => Ok(()),
    }
}

fn in_project(state: &State) -> Result<(), String> {
    state.project.as_ref().map(drop).ok_or_else(|| "open a project first".to_owned())
}

fn put(state: &mut State) -> Vec<Effect> {
    state.for_list = meant(state);
    let title = match state.for_list.len() {
        1 => "this picture on or off a list".to_owned(),
        n => format!("{n} pictures on or off a list"),
    };
    let mut picker = Picker::new(&title, Vec::new(), take);
    (picker.free_text, picker.by_name) = (true, true);
    "reading; Enter makes a list of what you type".clone_into(&mut picker.empty);
    ask(state, picker)
}

/// Lists the lists, to walk through one.
pub fn show(state: &mut State) -> Vec<Effect> {
    state.for_list = Vec::new();
    let mut picker = Picker::new("pictures of a list", Vec::new(), |state, value| {
        let list = vec![value.to_owned()];
        queues::set_filter(state, Filter { list, ..Filter::default() })
    });
    picker.by_name = true;
    "reading".clone_into(&mut picker.empty);
    ask(state, picker)
}

fn ask(state: &mut State, picker: Picker) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    state.open(Overlay::Picker(picker));
    let query = Query::Lists { project, samples: state.for_list.clone() };
    vec![Effect::Ask(state.slots.ask(Slot::Lists), query)]
}

/// The lists have come, each with how many pictures are on it, and how many of those that are meant.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let meant = state.for_list.len() as u64;
    let open = state.overlays.iter_mut().find_map(|o| if let Overlay::Picker(p) = o { Some(p) } else { None });
    let Some(picker) = open.filter(|p| p.by_name) else { return Vec::new() };
    match reply {
        Reply::Lists(lists) => {
            let put = picker.free_text;
            let items = lists.into_iter().map(|(name, all, of)| item(&name, all, of, put.then_some(meant)));
            picker.fill(items.collect());
            let empty = if put { "no list yet; Enter makes one of what you type" } else { "no lists yet" };
            empty.clone_into(&mut picker.empty);
        }
        // It stays until somebody closes it: who types a name by now must not type on the screen below.
        Reply::Failed(why) => {
            picker.free_text = false;
            picker.fill(Vec::new());
            picker.empty = why;
        }
        _ => {}
    }
    Vec::new()
}

/// A list to choose; `meant`: how many pictures are to go on it.
fn item(name: &str, all: u64, of: u64, meant: Option<u64>) -> Item {
    let label = printable(name).into_owned();
    let pictures = format!("{all} picture{}", if all == 1 { "" } else { "s" });
    match meant {
        None => Item { label, detail: pictures, value: name.to_owned(), key: String::new() },
        Some(meant) if of == meant => {
            let which = if meant == 1 { "this".to_owned() } else { format!("these {meant}") };
            let detail = format!("{pictures}; Enter takes {which} off");
            Item { label, detail, value: format!("{OFF}{name}"), key: "on".to_owned() }
        }
        Some(meant) => {
            let some = if of > 0 { format!(", {of} of these {meant}") } else { String::new() };
            Item { label, detail: format!("{pictures}{some}"), value: format!("{ON}{name}"), key: String::new() }
        }
    }
}

fn take(state: &mut State, value: &str) -> Vec<Effect> {
    match value.strip_prefix(OFF) {
        Some(name) => ask_first(state, name),
        None => change(state, value.strip_prefix(ON).unwrap_or(value), true),
    }
}

/// What a list says of a picture is gone with it, and `u` does not bring it back.
fn ask_first(state: &mut State, name: &str) -> Vec<Effect> {
    let n = state.for_list.len();
    let pictures = if n == 1 { "this picture".to_owned() } else { format!("{n} pictures") };
    state.open(Overlay::Confirm(Confirm {
        question: format!("Take {pictures} off the list `{}`?", printable(name)),
        detail: "Answers stay as they are. A remark that the list has on a picture is lost.".to_owned(),
        value: name.to_owned(),
        late: None,
        yes: |state, name| change(state, name, false),
    }));
    Vec::new()
}

fn change(state: &mut State, name: &str, on: bool) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let samples = std::mem::take(&mut state.for_list);
    let change = ProjectChange::List { project, name: name.to_owned(), samples, on };
    vec![Effect::Write(Write::Project(change))]
}
