//! What can be done in the object grid.

use super::state::{Exception, ObjectsState};
use super::{accept, pages};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::gallery::actions::class_items;
use crate::app::screens::grid::first_zoom;
use crate::app::screens::label::boxes::BoxMode;
use crate::app::screens::moves::Move;
use crate::app::screens::{Screen, classes, label, navigation};
use crate::app::state::State;
use crate::domain::ids::ClassId;
use crate::domain::text::printable;
use crate::term::caps::Protocol;

/// The actions of the object grid.
pub const SPECS: &[Spec] = &[
    Spec {
        scopes: &[Scope::Gallery, Scope::Classes, Scope::Stats],
        enabled: navigation::in_project,
        ..spec("objects.open", "objects", "Crops of the boxes and outlines of one class", 13, |s, _| open(s))
    },
    Spec {
        changes_data: true,
        ..spec("objects.accept", "accept", "Accept every crop on the screen that is not marked", 0, |s, _| {
            accept::accept(s)
        })
    },
    spec("objects.show", "show picture", "Open the crop under the cursor on the Label screen, selected", 3, |s, _| {
        show(s)
    }),
    spec("objects.delete", "delete marked", "Delete the marked objects, as soon as the page is accepted", 2, |s, _| {
        decide(s, Exception::Delete)
    }),
    Spec { changes_data: true, ..spec("objects.undo", "undo", "Take the last page back", 0, |s, _| accept::undo(s)) },
    spec("objects.next-class", "next class", "The objects of the next class", 4, |s, _| turn(s, true)),
    spec("objects.previous-class", "previous class", "The objects of the class before", 0, |s, _| turn(s, false)),
    spec("objects.give", "class for marked", "Choose a class for the marked ones that have none", 5, |s, _| {
        give_picker(s)
    }),
    spec("objects.choose", "choose", "Choose the class", 6, |s, _| choose(s)),
    spec(
        "objects.all",
        "all or waiting",
        "Show pictures that have their verdict as well, or leave them out",
        7,
        |s, _| toggle_all(s),
    ),
    spec("objects.clear", "no marks", "Take all marks away, as Esc does", 0, |s, _| {
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
    let scopes = &[Scope::Objects];
    Spec { name, title, help, scopes, changes_data: false, repeats: false, hint, enabled: always, run }
}

/// Shows the objects of the class that the screen is about, or asks which.
pub fn open(state: &mut State) -> Vec<Effect> {
    if state.caps.protocol == Protocol::None {
        state.say(Level::Info, "the object grid shows crops of pictures, and this terminal shows no pictures");
        return Vec::new();
    }
    let labels = state.labels();
    let class = match state.screen() {
        Some(Screen::Classes(_)) => classes::current(state).map(|c| labels.resolve(c.id)),
        Some(Screen::Gallery(g)) => {
            g.chosen.queue.filter.class.first().and_then(|name| labels.find(name)).map(|c| c.id)
        }
        _ => None,
    };
    let found = worth(state);
    match class.or(found.first().copied().filter(|_| found.len() == 1)) {
        Some(class) => start(state, class),
        None => choose(state),
    }
}

/// The classes that some picture carries.
fn worth(state: &State) -> Vec<ClassId> {
    let Some(open) = &state.project else { return Vec::new() };
    let labels = &open.project.labels;
    labels.live().map(|c| c.id).filter(|id| open.counts.of_class(labels, *id) > 0).collect()
}

fn start(state: &mut State, class: ClassId) -> Vec<Effect> {
    let base = match state.screen() {
        Some(Screen::Gallery(g)) => g.chosen.queue.clone(),
        Some(Screen::Objects(o)) => o.base.clone(),
        _ => Default::default(),
    };
    // Crops are small: they begin at the size of a first gallery.
    let first = first_zoom(state.size, state.caps.cell);
    let known = state.objects_mut().map(std::mem::take);
    let fresh = match known {
        Some(o) => {
            ObjectsState { looked: o.looked, steps: o.steps, zoom: o.zoom, all: o.all, ..ObjectsState::default() }
        }
        None => ObjectsState { zoom: first, ..ObjectsState::default() },
    };
    state.screens.retain(|s| !matches!(s, Screen::Objects(_)));
    let objects = ObjectsState { class: Some(class), base, ..fresh };
    let mut effects = navigation::go(state, Screen::Objects(Box::new(objects)));
    effects.extend(pages::begin(state));
    effects
}

fn choose(state: &mut State) -> Vec<Effect> {
    let (labels, found) = (state.labels(), worth(state));
    let counts = state.project.as_ref().map(|p| p.counts.clone()).unwrap_or_default();
    let item = |class: &crate::domain::class::LabelClass| Item {
        label: printable(&class.name).into_owned(),
        detail: format!("on {} pictures", counts.of_class(&labels, class.id)),
        key: class.hotkey.clone(),
        value: class.id.to_string(),
    };
    let items = labels.live().filter(|c| found.contains(&c.id)).map(item).collect();
    let mut picker = Picker::new("objects of", items, |state, value| {
        value.parse().map(|id| start(state, ClassId(id))).unwrap_or_default()
    });
    "no picture has a box or an outline yet".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    Vec::new()
}

fn turn(state: &mut State, on: bool) -> Vec<Effect> {
    let Some((class, marked)) = state.objects().map(|o| (o.class, o.marks.len())) else { return Vec::new() };
    let mut all = worth(state);
    if !on {
        all.reverse();
    }
    let at = all.iter().position(|id| Some(*id) == class);
    let next = all.iter().cycle().nth(at.map_or(0, |at| at + 1)).copied();
    let Some(next) = next.filter(|id| Some(*id) != class) else {
        state.say(Level::Info, "there is no other class with objects");
        return Vec::new();
    };
    let effects = start(state, next);
    if marked > 0 {
        state.say(Level::Info, format!("{marked} marked were left as they are"));
    }
    effects
}

fn toggle_all(state: &mut State) -> Vec<Effect> {
    let Some(objects) = state.objects_mut() else { return Vec::new() };
    objects.all = !objects.all;
    let (all, class) = (objects.all, objects.class);
    let effects = class.map(|class| start(state, class)).unwrap_or_default();
    let text = if all {
        "pictures that have their verdict are shown as well"
    } else {
        "only pictures that wait for a verdict are shown"
    };
    state.say(Level::Info, text);
    effects
}

/// Opens the object under the cursor on the Label screen, selected.
fn show(state: &mut State) -> Vec<Effect> {
    let Some((sample, id)) = state.objects().and_then(|o| o.page.get(o.cursor)).copied() else {
        state.say(Level::Info, "there is no crop here; [objects.choose] chooses another class");
        return Vec::new();
    };
    let effects = label::walk::open_alone(state, sample);
    if let Some(label) = state.label_mut() {
        label.boxes = Some(BoxMode::on(id));
    }
    effects
}

/// A key that may be the letter of a crop. `None`: it is not.
pub fn letter(state: &mut State, typed: &str) -> Option<Vec<Effect>> {
    let Some(Screen::Objects(objects)) = state.screen() else { return None };
    let hints = objects.hints(state);
    let Some(at) = hints.iter().position(|h| h == typed) else {
        return hints.iter().any(|h| h.starts_with(typed)).then(Vec::new);
    };
    state.pending.clear();
    let Some(objects) = state.objects_mut() else { return Some(Vec::new()) };
    let Some(id) = objects.page.get(at).copied() else { return Some(Vec::new()) };
    objects.cursor = at;
    let there = objects.object(id).is_some();
    if objects.marks.remove(&id).is_none() && there {
        objects.marks.insert(id, Exception::Flag);
    }
    Some(Vec::new())
}

/// Gives the marked ones that have no class yet this one.
pub fn give(state: &mut State, class: ClassId) -> Vec<Effect> {
    if state.objects().is_some_and(|o| o.class == Some(class)) {
        state.say(Level::Info, "that is the class of this grid; a letter pressed again takes its mark away");
        return Vec::new();
    }
    decide(state, Exception::Class(class))
}

/// Says what becomes of the marked ones of which nothing was said yet.
fn decide(state: &mut State, what: Exception) -> Vec<Effect> {
    let Some(objects) = state.objects_mut() else { return Vec::new() };
    let open: Vec<&mut Exception> = objects.marks.values_mut().filter(|e| **e == Exception::Flag).collect();
    if open.is_empty() {
        state.say(Level::Info, "mark crops with their letters first, then say what becomes of them");
        return Vec::new();
    }
    open.into_iter().for_each(|e| *e = what);
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
        Some(Screen::Objects(objects)) => !std::mem::take(&mut objects.marks).is_empty(),
        _ => false,
    }
}

/// Moves the cursor; a page on leaves the one on the screen without a decision.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    match way {
        Move::PageDown | Move::HalfDown => return pages::turn(state, true),
        Move::PageUp | Move::HalfUp => return pages::turn(state, false),
        _ => {}
    }
    let Some(grid) = state.objects().map(|o| state.grid(o.zoom)) else { return Vec::new() };
    if let Some(objects) = state.objects_mut() {
        objects.cursor = way.apply_grid(objects.cursor, objects.page.len(), grid.columns, grid.rows);
    }
    Vec::new()
}
