//! A queue of what a statement found: the column with the paths, a name, and whether another column has the classes.

use crate::app::effect::{Effect, Job, NewQueue};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::state::State;
use crate::domain::sheet::{Cell, Sheet};
use crate::domain::text::printable;
use std::collections::BTreeSet;

/// More different values than these are no classes.
const CLASSES: usize = 200;
/// What stands for no column.
const NONE: &str = "none";

/// What is known of the queue so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The column with the paths.
    pub path: usize,
    /// The name of the project.
    pub name: String,
}

/// Whether the rows hold pictures.
///
/// # Errors
/// A sentence that says what is missing.
pub fn possible(state: &State) -> Result<(), String> {
    let Some(rows) = &state.sql.rows else { return Err("run a statement first; its rows become the queue".to_owned()) };
    match columns(state).is_empty() {
        true if rows.sheet.rows.is_empty() => Err("the statement gave no rows".to_owned()),
        true => Err("no column holds whole paths of pictures, such as /Volumes/… or s3://…; select one".to_owned()),
        false => Ok(()),
    }
}

/// The columns whose texts are paths of pictures.
fn columns(state: &State) -> Vec<usize> {
    let Some(rows) = &state.sql.rows else { return Vec::new() };
    let texts = |column: &usize| rows.sheet.rows.iter().any(|row| matches!(row.get(*column), Some(Cell::Text(_))));
    rows.pictures.iter().copied().filter(texts).collect()
}

/// Begins with the questions.
pub fn begin(state: &mut State) -> Vec<Effect> {
    let columns = columns(state);
    let Some(rows) = state.sql.rows.clone() else { return Vec::new() };
    match columns.as_slice() {
        [] => Vec::new(),
        [only] => ask_name(state, *only),
        // The one under the cursor is meant.
        several if several.contains(&state.sql.column) => ask_name(state, state.sql.column),
        several => {
            let item = |column: &usize| Item {
                label: name_of(&rows.sheet, *column),
                value: column.to_string(),
                ..Item::default()
            };
            let items = several.iter().map(item).collect();
            state.open(Overlay::Picker(Picker::new("which column has the pictures?", items, |state, column| {
                ask_name(state, column.parse().unwrap_or_default())
            })));
            Vec::new()
        }
    }
}

fn name_of(sheet: &Sheet, column: usize) -> String {
    sheet.columns.get(column).map(|c| printable(&c.name).into_owned()).unwrap_or_default()
}

fn ask_name(state: &mut State, path: usize) -> Vec<Effect> {
    state.sql.draft = Some(Draft { path, name: String::new() });
    let more = state.sql.rows.as_ref().is_some_and(|rows| rows.sheet.more);
    let hint = if more {
        "The statement runs again, for all of its rows. Enter goes on, Esc makes nothing"
    } else {
        "Enter goes on, Esc makes nothing"
    };
    let prompt = Prompt::new("name of the new project", "", |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("a project needs a name".to_owned());
        }
        if let Some(draft) = &mut state.sql.draft {
            draft.name = name;
        }
        Ok(ask_class(state))
    });
    state.open(Overlay::Prompt(prompt.hint(hint)));
    Vec::new()
}

/// Columns with few different texts may be classes.
fn class_columns(sheet: &Sheet, path: usize) -> Vec<(usize, BTreeSet<&str>)> {
    let values = |column: usize| -> BTreeSet<&str> {
        sheet.rows.iter().filter_map(|row| row.get(column)?.text()).filter(|t| !t.trim().is_empty()).collect()
    };
    let all = (0..sheet.columns.len()).filter(|c| *c != path).map(|c| (c, values(c)));
    all.filter(|(_, found)| !found.is_empty() && found.len() <= CLASSES).collect()
}

fn ask_class(state: &mut State) -> Vec<Effect> {
    let (Some(rows), Some(draft)) = (state.sql.rows.clone(), state.sql.draft.clone()) else { return Vec::new() };
    let item = |(column, found): (usize, BTreeSet<&str>)| {
        let some: Vec<_> = found.iter().take(4).map(|t| printable(t).into_owned()).collect();
        let more = if found.len() > some.len() { ", …" } else { "" };
        Item {
            label: format!("from `{}`", name_of(&rows.sheet, column)),
            detail: format!("{} classes: {}{more}", found.len(), some.join(", ")),
            value: column.to_string(),
            key: String::new(),
        }
    };
    let none = Item {
        label: "no labels".to_owned(),
        detail: "all pictures start unlabeled".to_owned(),
        value: NONE.to_owned(),
        key: String::new(),
    };
    let items: Vec<Item> =
        [none].into_iter().chain(class_columns(&rows.sheet, draft.path).into_iter().map(item)).collect();
    if items.len() == 1 {
        return start(state, NONE);
    }
    state.open(Overlay::Picker(Picker::new("labels to begin with?", items, start)));
    Vec::new()
}

fn start(state: &mut State, class: &str) -> Vec<Effect> {
    let (Some(rows), Some(draft)) = (state.sql.rows.clone(), state.sql.draft.take()) else { return Vec::new() };
    let class = class.parse::<usize>().ok();
    let (statement, engine) = state.sql.ran.clone();
    let text = |row: &Vec<Cell>, column: usize| row.get(column).and_then(Cell::text).map(str::to_owned);
    let pairs = (!rows.sheet.more)
        .then(|| rows.sheet.rows.iter().map(|r| (text(r, draft.path), class.and_then(|c| text(r, c)))).collect());
    let new = NewQueue { name: draft.name, statement, engine, path: draft.path, class, rows: pairs };
    let task = state.tasks.start(format!("queue {}", printable(&new.name)), state.clock);
    state.say(Level::Info, "the project is being made; [go.tasks] shows how far it is");
    vec![Effect::Start(task, Job::Queue(Box::new(new)))]
}
