//! What can be done on the Table screen.

use super::state::{Load, Tab, TableState};
use super::{guess, moving, shown};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::moves::Move;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::sheet::Cell;
use crate::domain::text::printable;

const TABLE: &[Scope] = &[Scope::Table];

/// The actions of the Table screen.
pub const SPECS: &[Spec] = &[
    Spec::looks(
        TABLE,
        "table.open",
        "open",
        "Show the picture of the row large; the rows of a version; the values of a column",
        2,
        opens,
        |s, _| enter(s),
    ),
    Spec::moves(TABLE, "table.next-tab", "next tab", "Schema, rows, details, history", 1, |s, _| turn(s, 1)),
    Spec::moves(TABLE, "table.previous-tab", "tab before", "Schema, rows, details, history", 0, |s, _| {
        turn(s, Tab::ALL.len() - 1)
    }),
    Spec::moves(TABLE, "table.schema", "schema", "Show the columns", 0, |s, _| show(s, Tab::Schema)),
    Spec::moves(TABLE, "table.rows", "rows", "Show the first rows", 0, |s, _| show(s, Tab::Rows)),
    Spec::moves(TABLE, "table.details", "details", "Show owner, location, properties", 0, |s, _| show(s, Tab::Details)),
    Spec::moves(TABLE, "table.history", "history", "Show the versions", 0, |s, _| show(s, Tab::History)),
    Spec::looks(TABLE, "table.filter", "filter", "Keep only rows that hold what you type", 4, on_rows, |s, _| {
        filter(s)
    }),
    Spec::looks(
        TABLE,
        "table.copy",
        "copy",
        "Copy the value under the cursor to the clipboard (OSC 52)",
        5,
        on_line,
        |s, _| copy(s),
    ),
    Spec::looks(
        TABLE,
        "table.picture",
        "picture",
        "Choose the column whose pictures are shown",
        6,
        has_pictures,
        |s, _| choose_picture(s),
    ),
    Spec::looks(
        TABLE,
        "table.label",
        "label",
        "Copy the command that labels the rows, with the columns that can be guessed",
        3,
        always,
        |s, _| label(s),
    ),
    Spec::moves(TABLE, "table.first-column", "first column", "To the first column of the rows", 0, |s, _| {
        edge(s, Move::Top)
    }),
    Spec::moves(TABLE, "table.last-column", "last column", "To the last column of the rows", 0, |s, _| {
        edge(s, Move::Bottom)
    }),
    Spec::moves(TABLE, "table.refresh", "reload", "Read the table again", 0, |s, _| reload(s)),
];

fn on_line(state: &State) -> Result<(), String> {
    let found = state.table().is_some_and(|t| t.cursor() < t.lines());
    found.then_some(()).ok_or_else(|| "there is nothing here to act on".to_owned())
}

/// Whether there is more to see of the line under the cursor.
fn opens(state: &State) -> Result<(), String> {
    on_line(state)?;
    match state.table() {
        Some(table) if table.tab == Tab::Details => {
            Err("nothing to open here; [table.copy] copies the value".to_owned())
        }
        Some(table) if table.tab == Tab::Rows && table.picture_column().is_none() => {
            Err("these rows have no pictures; [table.copy] copies the value".to_owned())
        }
        _ => Ok(()),
    }
}

fn on_rows(state: &State) -> Result<(), String> {
    let found = state.table().is_some_and(|t| t.tab == Tab::Rows && t.rows.ready().is_some());
    found.then_some(()).ok_or_else(|| "only rows are filtered; [table.rows] shows them".to_owned())
}

fn has_pictures(state: &State) -> Result<(), String> {
    on_rows(state).map_err(|_| "pictures stand beside the rows; [table.rows] shows them".to_owned())?;
    match state.table().and_then(|t| t.rows.ready()).map_or(0, |rows| rows.pictures.len()) {
        0 => Err("no column of these rows holds pictures, or paths of pictures".to_owned()),
        1 => Err("only one column of these rows holds pictures, and it is shown".to_owned()),
        _ => Ok(()),
    }
}

fn turn(state: &mut State, steps: usize) -> Vec<Effect> {
    let tab = state.table().map(|t| t.tab.turned(steps)).unwrap_or_default();
    show(state, tab)
}

fn show(state: &mut State, tab: Tab) -> Vec<Effect> {
    state.large_picture = false;
    if let Some(table) = state.table_mut() {
        table.tab = tab;
    }
    shown(state)
}

/// To the first or the last column; of tabs that have no cursor for columns, to the first or the last line.
fn edge(state: &mut State, way: Move) -> Vec<Effect> {
    if state.table().is_some_and(|t| t.tab != Tab::Rows) {
        return moving::step(state, way);
    }
    moving::sideways(state, |_, last| if way == Move::Top { 0 } else { last })
}

fn enter(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    match table.tab {
        Tab::Rows => state.large_picture = !state.large_picture,
        Tab::Details => {}
        Tab::History => {
            let version = table.history.ready().and_then(|h| h.get(table.cursor())).map(|c| c.version);
            // The newest one is what the table is now.
            return of_version(state, version.filter(|_| state.table().is_some_and(|t| t.cursor() > 0)));
        }
        Tab::Schema => {
            let name = table.facts.ready().and_then(|t| t.columns.get(table.cursor())).map(|c| c.name.clone());
            let at = name.as_deref().and_then(|name| table.rows.ready()?.sheet.column(name));
            match at {
                Some(column) => table.column = column,
                None => table.wanted = name,
            }
            let effects = show(state, Tab::Rows);
            moving::scroll(state);
            return effects;
        }
    }
    Vec::new()
}

/// Shows the rows of a version; without one those of now.
pub fn of_version(state: &mut State, version: Option<i64>) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    let mut effects = Vec::new();
    if table.version != version {
        table.version = version;
        table.rows = Load::Idle;
        table.matching.clear();
        state.slots.drop_answers(Slot::TableRows);
        effects.push(Effect::Forget(Slot::TableRows));
    }
    effects.extend(show(state, Tab::Rows));
    effects
}

fn filter(state: &mut State) -> Vec<Effect> {
    let text = state.table().map(|t| t.filter.clone()).unwrap_or_default();
    let narrow = |state: &mut State, text: &str| {
        if let Some(table) = state.table_mut() {
            text.clone_into(&mut table.filter);
            table.narrow();
        }
        Vec::new()
    };
    let prompt = Prompt::new("filter", &text, |_, _| Ok(Vec::new()))
        .hint("any part of a row, any case; Esc shows all loaded rows")
        .on_change(narrow)
        .on_cancel(|state| {
            clear_filter(state);
            Vec::new()
        });
    state.open(Overlay::Prompt(prompt));
    Vec::new()
}

/// Shows every row again. Whether any was left out.
pub fn clear_filter(state: &mut State) -> bool {
    let Some(table) = state.table_mut().filter(|t| !t.filter.is_empty()) else { return false };
    table.filter.clear();
    table.narrow();
    true
}

/// One level back within the screen: the filter first, then the version. Nothing: the screen is to be left.
pub fn back(state: &mut State) -> Option<Vec<Effect>> {
    let table = state.table()?;
    let (on_rows, version) = (table.tab == Tab::Rows, table.version);
    if on_rows && clear_filter(state) {
        return Some(Vec::new());
    }
    (on_rows && version.is_some()).then(|| of_version(state, None))
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table() else { return Vec::new() };
    let Some((what, text)) = value(table) else {
        state.say(Level::Info, "nothing is copied: the cell holds no text");
        return Vec::new();
    };
    let shown: String = printable(&text).chars().take(60).collect();
    let more = if text.chars().count() > 60 { "…" } else { "" };
    state.say(Level::Info, format!("copied {what}: {shown}{more}"));
    vec![Effect::Copy(text)]
}

/// The value under the cursor and what it is, safe to show; nothing where it is no text.
fn value(table: &TableState) -> Option<(String, String)> {
    let cursor = table.cursor();
    match table.tab {
        Tab::Schema => Some(("the name".to_owned(), table.facts.ready()?.columns.get(cursor)?.name.clone())),
        Tab::Rows => {
            let (sheet, row) = (&table.rows.ready()?.sheet, table.row()?);
            let name = printable(&sheet.columns.get(table.column)?.name).into_owned();
            match sheet.cell(row, table.column) {
                Cell::Text(text) => Some((name, text.clone())),
                Cell::Null | Cell::Bytes(_) => None,
            }
        }
        Tab::Details => {
            let facts = table.facts.ready()?;
            let known = facts.facts().into_iter().map(|(label, text)| (label.to_owned(), text));
            let own = facts.properties.iter().map(|(name, text)| (printable(name).into_owned(), text.clone()));
            known.chain(own).nth(cursor)
        }
        Tab::History => {
            let commit = table.history.ready()?.get(cursor)?;
            Some(("the version".to_owned(), commit.version.to_string()))
        }
    }
}

fn choose_picture(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    let Some(rows) = table.rows.ready().cloned() else { return Vec::new() };
    let name = |column: &usize| printable(&rows.sheet.columns[*column].name).into_owned();
    if rows.pictures.len() == 2 {
        table.picture = 1 - table.picture.min(1);
        let text = format!("pictures of {}", name(&rows.pictures[table.picture]));
        state.say(Level::Info, text);
        return Vec::new();
    }
    let items = rows.pictures.iter().enumerate().map(|(i, column)| Item {
        label: name(column),
        detail: printable(&rows.sheet.columns[*column].kind).into_owned(),
        value: i.to_string(),
        ..Item::default()
    });
    let picker = Picker::new("pictures of", items.collect(), |state, value| {
        if let Some(table) = state.table_mut() {
            table.picture = value.parse().unwrap_or(0);
        }
        Vec::new()
    });
    state.open(Overlay::Picker(picker));
    Vec::new()
}

fn label(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table() else { return Vec::new() };
    let rows = table.rows.ready();
    let columns: Vec<&str> = match (rows, table.facts.ready()) {
        (Some(rows), _) => rows.sheet.columns.iter().map(|c| c.name.as_str()).collect(),
        (None, Some(facts)) => facts.columns.iter().map(|c| c.name.as_str()).collect(),
        (None, None) => Vec::new(),
    };
    // Bytes are shown here; the queue of a table wants paths.
    let paths = |column: &usize| {
        let sheet = &rows?.sheet;
        let text = sheet.rows.iter().any(|row| matches!(row.get(*column), Some(Cell::Text(_))));
        text.then(|| columns.get(*column).copied()).flatten()
    };
    let picture = rows.and_then(|rows| rows.pictures.iter().find_map(paths));
    let command = guess::command(&table.name(), &columns, picture);
    state.say(Level::Info, format!("copied; run it in a shell: {command}"));
    vec![Effect::Copy(command)]
}

fn reload(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    table.epoch += 1;
    (table.facts, table.history) = (Load::Idle, Load::Idle);
    if !matches!(table.rows, Load::Idle) {
        table.rows = Load::Idle;
        table.matching.clear();
    }
    let slots = [Slot::TableFacts, Slot::TableRows, Slot::TableHistory];
    slots.iter().for_each(|slot| state.slots.drop_answers(*slot));
    let mut effects: Vec<Effect> = slots.iter().map(|slot| Effect::Forget(*slot)).collect();
    effects.push(Effect::Reread);
    effects.extend(shown(state));
    effects
}
