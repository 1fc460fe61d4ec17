//! What can be done on the Lake screen.

use super::state::{cursor_moved, list_all, open};
use crate::app::effect::{Effect, Query};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::moves::Move;
use crate::app::screens::projects::create;
use crate::app::screens::table;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::listing::{Arrange, EntryKind, SortKey};

const LAKE: &[Scope] = &[Scope::Lake];

/// The actions of the Lake screen.
pub const SPECS: &[Spec] = &[
    Spec::looks(
        LAKE,
        "lake.enter",
        "open",
        "Open the folder or table, or show the picture large",
        1,
        on_entry,
        |s, _| enter(s),
    ),
    Spec::looks(LAKE, "lake.parent", "up", "Go to the folder above", 0, always, |s, _| parent(s)),
    Spec::looks(
        LAKE,
        "lake.new-project",
        "new project",
        "Make a labelling project from this folder",
        2,
        in_folder,
        |s, _| new_project(s),
    ),
    Spec::looks(LAKE, "lake.filter", "filter", "Keep only names that match what you type", 3, always, |s, _| filter(s)),
    Spec::looks(LAKE, "lake.goto", "go to path", "Type a path or URI to go to", 4, always, |s, _| goto(s)),
    Spec::looks(LAKE, "lake.copy-path", "copy path", "Copy the path to the clipboard (OSC 52)", 5, on_entry, |s, _| {
        copy_path(s)
    }),
    Spec::looks(LAKE, "lake.sort", "sort", "Sort by name, size, time, extension", 0, always, |s, _| sort(s)),
    Spec::looks(LAKE, "lake.reverse", "reverse", "Reverse the order", 0, always, |s, _| {
        rearrange(s, |a| a.reverse = !a.reverse)
    }),
    Spec::looks(LAKE, "lake.hidden", "hidden", "Show or hide names that start with a dot", 0, always, |s, _| hidden(s)),
    Spec::looks(LAKE, "lake.refresh", "reload", "Read the folder and its pictures again", 0, always, |s, _| reload(s)),
    Spec::looks(
        LAKE,
        "lake.bookmark",
        "bookmark",
        "Bookmark this folder, or remove its bookmark",
        0,
        always,
        |s, _| bookmark(s),
    ),
    Spec::looks(LAKE, "lake.bookmarks", "bookmarks", "Go to a bookmarked place", 0, always, |s, _| bookmarks(s)),
    Spec::looks(LAKE, "lake.recents", "recents", "Go to a place visited before", 0, always, |s, _| recents(s)),
    Spec::looks(LAKE, "select", "select", "Select the entry and go on", 6, on_entry, |s, _| select(s)),
];

/// Whether there is something under the cursor.
pub(in crate::app::screens) fn on_entry(state: &State) -> Result<(), String> {
    let found = state.lake().and_then(|l| l.here.row()).is_some();
    found.then_some(()).ok_or_else(|| "this folder has no entry to act on; [lake.parent] goes up".to_owned())
}

fn in_folder(state: &State) -> Result<(), String> {
    match state.lake().map(|l| &l.here.path) {
        Some(LakePath::Local(_) | LakePath::Volume { .. } | LakePath::Remote { .. }) => Ok(()),
        Some(_) => Err("a project is made from a folder; open one first".to_owned()),
        None => Err("open a folder first".to_owned()),
    }
}

/// Moves the cursor of the column.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let page = usize::from(state.size.1).saturating_sub(6).max(1);
    let Some(lake) = state.lake_mut() else { return Vec::new() };
    if way == Move::Left {
        return parent(state);
    }
    if way == Move::Right {
        return enter(state);
    }
    let before = lake.here.cursor;
    lake.here.cursor = way.apply(before, lake.here.listing.len(), page);
    lake.here.wanted = None;
    lake.upwards = lake.here.cursor < before;
    if lake.here.cursor == before { Vec::new() } else { cursor_moved(state) }
}

fn enter(state: &mut State) -> Vec<Effect> {
    let Some(lake) = state.lake() else { return Vec::new() };
    let (Some(row), Some(path)) = (lake.here.row(), lake.current()) else { return Vec::new() };
    let is_picture = lake.picture_at(lake.here.cursor).is_some();
    match row.kind {
        EntryKind::File if is_picture => {
            state.large_picture = !state.large_picture;
            Vec::new()
        }
        EntryKind::Table => table::open(state, path),
        EntryKind::File => {
            let text = format!("{} is not a picture; [lake.copy-path] copies its path", printable(path.name()));
            state.say(Level::Info, text);
            Vec::new()
        }
        EntryKind::Volume => match state.place(path.name()) {
            Some(target) => open(state, target, None),
            None => open(state, path, None),
        },
        _ => open(state, path, None),
    }
}

fn parent(state: &mut State) -> Vec<Effect> {
    if std::mem::take(&mut state.large_picture) {
        return Vec::new();
    }
    let Some(lake) = state.lake() else { return Vec::new() };
    let name = lake.here.path.name().to_owned();
    match lake.here.path.parent() {
        Some(parent) => open(state, parent, Some(name)),
        None => Vec::new(),
    }
}

fn new_project(state: &mut State) -> Vec<Effect> {
    let Some(path) = state.lake().map(|l| l.here.path.clone()) else { return Vec::new() };
    create::begin(state, path)
}

fn filter(state: &mut State) -> Vec<Effect> {
    let text = state.lake().map(|l| l.arrange.filter.clone()).unwrap_or_default();
    let narrow = |state: &mut State, text: &str| {
        let text = text.to_owned();
        rearrange(state, |a| a.filter = text)
    };
    let prompt = Prompt::new("filter", &text, |_, _| Ok(Vec::new()))
        .hint("letters in order, any case; Esc shows all")
        .on_change(narrow)
        .on_cancel(clear_filter);
    state.open(Overlay::Prompt(prompt));
    Vec::new()
}

/// Shows every name again.
pub fn clear_filter(state: &mut State) -> Vec<Effect> {
    rearrange(state, |a| a.filter.clear())
}

fn goto(state: &mut State) -> Vec<Effect> {
    let base = state.lake().map(|l| l.here.path.to_string()).unwrap_or_default();
    let text = if base.ends_with('/') { base } else { format!("{base}/") };
    let prompt = Prompt::new("go to", &text, |state, text| {
        let path = LakePath::parse(text.trim(), &state.base())?;
        Ok(open(state, path, None))
    })
    .hint("Tab completes; a path, /Volumes/…, s3://…")
    .on_change(|state, text| {
        let tag = state.slots.ask(Slot::Completion);
        let base = state.base();
        vec![Effect::Ask(tag, Query::Complete { text: text.to_owned(), base })]
    });
    let changed = prompt.changed;
    state.open(Overlay::Prompt(prompt));
    changed(state, &text)
}

fn copy_path(state: &mut State) -> Vec<Effect> {
    let Some(lake) = state.lake() else { return Vec::new() };
    let selected: Vec<String> = lake.selected.iter().map(ToString::to_string).collect();
    let text = if selected.is_empty() {
        lake.current().map(|p| p.to_string()).unwrap_or_default()
    } else {
        selected.join("\n")
    };
    let what = if selected.len() > 1 { format!("{} paths", selected.len()) } else { printable(&text).into_owned() };
    state.say(Level::Info, format!("copied {what}"));
    vec![Effect::Copy(text)]
}

fn sort(state: &mut State) -> Vec<Effect> {
    let effects = rearrange(state, |a| {
        a.sort = match a.sort {
            SortKey::Name => SortKey::Size,
            SortKey::Size => SortKey::Modified,
            SortKey::Modified => SortKey::Extension,
            SortKey::Extension => SortKey::Name,
        }
    });
    let name = state.lake().map(|l| format!("{:?}", l.arrange.sort).to_lowercase()).unwrap_or_default();
    state.say(Level::Info, format!("sorted by {name}; the same key goes on, [lake.reverse] reverses"));
    effects
}

fn hidden(state: &mut State) -> Vec<Effect> {
    if let Some(lake) = state.lake_mut() {
        lake.arrange.hidden = !lake.arrange.hidden;
    }
    list_all(state)
}

/// Changes how the column is arranged; the lister does it off the loop.
fn rearrange(state: &mut State, change: impl FnOnce(&mut Arrange)) -> Vec<Effect> {
    let Some(lake) = state.lake_mut() else { return Vec::new() };
    change(&mut lake.arrange);
    let (path, arrange) = (lake.here.path.clone(), lake.arrange.clone());
    vec![Effect::Ask(state.slots.ask(Slot::Column(0)), Query::List { path, arrange })]
}

fn reload(state: &mut State) -> Vec<Effect> {
    if let Some(lake) = state.lake_mut() {
        lake.epoch += 1;
    }
    let mut effects = vec![Effect::Reread];
    effects.extend(list_all(state));
    effects.extend(cursor_moved(state));
    effects
}

fn bookmark(state: &mut State) -> Vec<Effect> {
    let Some(path) = state.lake().map(|l| l.here.path.to_string()) else { return Vec::new() };
    let shown = printable(&path).into_owned();
    let text = if state.places.toggle_bookmark(&path) {
        format!("bookmarked {shown}")
    } else {
        format!("removed the bookmark of {shown}")
    };
    state.say(Level::Info, text);
    vec![Effect::SavePlaces]
}

fn pick_place(state: &mut State, title: &str, places: Vec<String>, empty: &str) -> Vec<Effect> {
    let item = |p: String| Item { label: printable(&p).into_owned(), value: p, ..Item::default() };
    let mut picker = Picker::new(title, places.into_iter().map(item).collect(), |state, value| {
        match LakePath::parse(value, &state.base()) {
            Ok(path) => state.show_lake(path),
            Err(problem) => {
                state.say(Level::Error, problem);
                Vec::new()
            }
        }
    });
    empty.clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
    Vec::new()
}

fn bookmarks(state: &mut State) -> Vec<Effect> {
    let places = state.places.bookmarks.clone();
    pick_place(state, "bookmarks", places, "no bookmarks yet; [lake.bookmark] makes one")
}

fn recents(state: &mut State) -> Vec<Effect> {
    let places = state.places.recents.clone();
    pick_place(state, "recent places", places, "no recent places yet")
}

fn select(state: &mut State) -> Vec<Effect> {
    let Some(path) = state.lake().and_then(|l| l.current()) else { return Vec::new() };
    if let Some(lake) = state.lake_mut()
        && !lake.selected.remove(&path)
    {
        lake.selected.insert(path);
    }
    step(state, Move::Down)
}
