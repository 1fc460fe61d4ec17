//! What can be done in the gallery.

use super::bulk::{self, Bulk, can_answer, can_label};
use super::{pages, select};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::{Screen, grid, label, objects, queues, sweep};
use crate::app::state::State;
use crate::domain::ids::ClassId;
use crate::domain::queue::Filter;
use crate::domain::text::printable;

const GALLERY: &[Scope] = &[Scope::Gallery];
const THUMBS: &[Scope] = &[Scope::Gallery, Scope::Sweep, Scope::Objects];

/// The actions of the gallery.
pub const SPECS: &[Spec] = &[
    Spec::edits(
        GALLERY,
        "gallery.label",
        "label",
        "Give the class with this key to the selection",
        2,
        can_label,
        by_key,
    ),
    Spec::looks(
        GALLERY,
        "gallery.open",
        "open",
        "Show the picture large, on the Label screen",
        4,
        on_sample,
        |s, _| open(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.select",
        "select",
        "Select the thumbnail, or take it out, and go on",
        1,
        on_sample,
        |s, _| select::toggle(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.range",
        "range",
        "Select from the last selected thumbnail to the cursor",
        5,
        on_sample,
        |s, _| select::range(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.select-page",
        "select page",
        "Select every thumbnail on the screen",
        6,
        on_sample,
        |s, _| select::page(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.select-loaded",
        "select loaded",
        "Select everything loaded of the queue",
        0,
        on_sample,
        |s, _| select::loaded(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.invert",
        "invert",
        "Swap selected and not selected on the screen",
        0,
        on_sample,
        |s, _| select::invert(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.select-none",
        "select none",
        "Clear the selection, as Esc does",
        0,
        always,
        |s, _| {
            select::clear(s);
            Vec::new()
        },
    ),
    Spec::edits(GALLERY, "gallery.skip", "skip", "Put the selection aside", 7, can_answer, |s, _| {
        bulk::run(s, Bulk::Skip)
    }),
    Spec::edits(GALLERY, "gallery.flag", "flag", "Mark the selection for another look", 8, can_answer, |s, _| {
        bulk::run(s, Bulk::Flag)
    }),
    Spec::edits(
        GALLERY,
        "gallery.unsure",
        "unsure",
        "Mark the answers of the selection as unsure",
        0,
        can_answer,
        |s, _| bulk::run(s, Bulk::Unsure),
    ),
    Spec::edits(
        GALLERY,
        "gallery.empty",
        "empty",
        "Say that nothing of the label set is in the selection",
        0,
        can_answer,
        |s, _| bulk::run(s, Bulk::Empty),
    ),
    Spec::edits(GALLERY, "gallery.clear", "clear", "Remove the answers of the selection", 0, can_answer, |s, _| {
        bulk::run(s, Bulk::Clear)
    }),
    Spec::edits(
        GALLERY,
        "gallery.find-class",
        "find a class",
        "Choose the class for the selection by typing",
        0,
        can_label,
        |s, _| find_class(s),
    ),
    Spec::looks(
        GALLERY,
        "gallery.sweep",
        "sweep",
        "A page of one class: mark the exceptions, accept the rest",
        3,
        always,
        |s, _| sweep::open(s),
    ),
    Spec::looks(GALLERY, "gallery.filter", "filter", "Type a filter", 9, always, |s, _| queues::type_filter(s)),
    Spec::looks(GALLERY, "gallery.queue", "queue", "Choose what is shown", 10, always, |s, _| queues::choose(s)),
    Spec::looks(GALLERY, "gallery.sort", "order", "Choose the order", 0, always, |s, _| queues::choose_order(s)),
    Spec::looks(GALLERY, "gallery.next-class", "next class", "Show the next class alone", 0, always, |s, _| {
        turn_class(s, true)
    }),
    Spec::looks(
        GALLERY,
        "gallery.previous-class",
        "previous class",
        "Show the class before alone",
        0,
        always,
        |s, _| turn_class(s, false),
    ),
    Spec::looks(GALLERY, "gallery.next-page", "next page", "The next screen of thumbnails", 0, always, |s, _| {
        pages::turn(s, true)
    }),
    Spec::looks(
        GALLERY,
        "gallery.previous-page",
        "previous page",
        "The screen of thumbnails before",
        0,
        always,
        |s, _| pages::turn(s, false),
    ),
    Spec {
        scopes: THUMBS,
        ..Spec::looks(GALLERY, "gallery.larger", "larger", "Larger thumbnails", 11, always, |s, _| resize(s, true))
    },
    Spec {
        scopes: THUMBS,
        ..Spec::looks(GALLERY, "gallery.smaller", "smaller", "Smaller thumbnails, more of them", 12, always, |s, _| {
            resize(s, false)
        })
    },
];

fn on_sample(state: &State) -> Result<(), String> {
    let known = state.gallery().and_then(|g| g.sample()).is_some();
    if known { Ok(()) } else { Err("there is no picture here; [gallery.queue] chooses another queue".to_owned()) }
}

fn by_key(state: &mut State, args: &[String]) -> Vec<Effect> {
    let key = args.first().cloned().unwrap_or_default();
    let class = state.labels().live().find(|c| c.hotkey == key).map(|c| c.id);
    match class {
        Some(class) => bulk::run(state, Bulk::Class(class)),
        None if key == "0" => bulk::run(state, Bulk::Empty),
        None => {
            let count = state.labels().live().count();
            state.say(Level::Info, format!("no class has the key {key}; there are {count} classes"));
            Vec::new()
        }
    }
}

fn find_class(state: &mut State) -> Vec<Effect> {
    let picker = Picker::new("class", class_items(state), |state, value| {
        let Ok(id) = value.parse() else { return Vec::new() };
        bulk::run(state, Bulk::Class(ClassId(id)))
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}

/// The classes that can be given, as a picker lists them.
#[must_use]
pub fn class_items(state: &State) -> Vec<Item> {
    let item = |c: &crate::domain::class::LabelClass| Item {
        label: printable(&c.name).into_owned(),
        key: c.hotkey.clone(),
        value: c.id.to_string(),
        detail: String::new(),
    };
    state.labels().live().map(item).collect()
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let Some(id) = gallery.sample().map(|s| s.id) else { return Vec::new() };
    let chosen = gallery.chosen.clone();
    label::walk::open_in(state, chosen, id)
}

fn turn_class(state: &mut State, on: bool) -> Vec<Effect> {
    let names: Vec<String> = state.labels().live().map(|c| c.name.clone()).collect();
    let Some(mut filter) = state.gallery().map(|g| g.chosen.queue.filter.clone()) else { return Vec::new() };
    if names.is_empty() {
        state.say(Level::Info, "the project has no classes yet");
        return Vec::new();
    }
    let now = filter.class.first().and_then(|c| names.iter().position(|n| n.eq_ignore_ascii_case(c)));
    let next = match (now, on) {
        (None, true) => 0,
        (None, false) => names.len() - 1,
        (Some(i), true) => (i + 1) % names.len(),
        (Some(i), false) => (i + names.len() - 1) % names.len(),
    };
    filter.class = names.get(next).cloned().into_iter().collect();
    queues::set_filter(state, Filter { status: Vec::new(), ..filter })
}

fn resize(state: &mut State, larger: bool) -> Vec<Effect> {
    let (size, cell) = (state.size, state.caps.cell);
    let zoom = match state.screens.last_mut() {
        Some(Screen::Gallery(g)) => &mut g.zoom,
        Some(Screen::Sweep(s)) => &mut s.zoom,
        Some(Screen::Objects(o)) => &mut o.zoom,
        _ => return Vec::new(),
    };
    match grid::resize(size, cell, *zoom, larger) {
        Some(next) => *zoom = next,
        None => {
            let text = if larger { "thumbnails are as large as they get here" } else { "the smallest thumbnails" };
            state.say(Level::Info, text);
        }
    }
    match state.screen() {
        Some(Screen::Sweep(_)) => sweep::pages::fit(state),
        Some(Screen::Objects(_)) => objects::pages::fit(state),
        _ => pages::fit(state),
    }
}
