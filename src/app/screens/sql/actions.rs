//! What can be done on the SQL screen besides typing.

use super::{Focus, Offer, cancel, execute, queue, use_engine};
use crate::app::effect::{Effect, Query};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::Screen;
use crate::app::screens::navigation::go;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::sheet::Cell;
use crate::domain::sql_text::{only_reads, single};
use crate::domain::text::printable;

const SQL: &[Scope] = &[Scope::Sql];
/// What stands for an engine that is typed.
const TYPED: &str = "\u{0}";

/// The actions of the SQL screen.
pub const SPECS: &[Spec] = &[
    Spec::moves(SQL, "sql.edit", "statement", "Go on typing the statement", 1, |s, _| {
        s.sql.focus = Focus::Statement;
        Vec::new()
    }),
    Spec::looks(SQL, "sql.run", "run", "Run the statement", 2, idle, |s, _| run(s)),
    Spec::looks(SQL, "sql.cancel", "cancel", "Stop the statement that runs", 1, running, |s, _| cancel(s)),
    Spec::edits(
        SQL,
        "sql.queue",
        "make a queue",
        "Make a project of the pictures whose paths the rows hold",
        3,
        queue::possible,
        |s, _| queue::begin(s),
    ),
    Spec::moves(SQL, "sql.engine", "engine", "Choose the engine that runs statements", 4, |s, _| choose_engine(s)),
    Spec::looks(SQL, "sql.copy", "copy value", "Copy the value under the cursor (OSC 52)", 5, on_value, |s, _| copy(s)),
];

/// The action that goes to the screen.
pub const GO: &[Spec] =
    &[Spec::moves(&[Scope::Global], "go.sql", "sql", "Go to SQL: run a statement, label what it finds", 0, |s, _| {
        s.sql.focus = Focus::Statement;
        go(s, Screen::Sql)
    })];

fn running(state: &State) -> Result<(), String> {
    state.sql.running_since().map(|_| ()).ok_or_else(|| "no statement runs".to_owned())
}

fn idle(state: &State) -> Result<(), String> {
    match state.sql.running_since() {
        Some(_) => Err("a statement runs; [sql.cancel] stops it".to_owned()),
        None => single(&state.sql.editor.text()).map(|_| ()),
    }
}

fn on_value(state: &State) -> Result<(), String> {
    value(state).map(|_| ()).ok_or_else(|| "there is no value to copy here".to_owned())
}

fn value(state: &State) -> Option<String> {
    let sql = &state.sql;
    match sql.rows.as_ref()?.sheet.cell(sql.row, sql.column) {
        Cell::Text(text) => Some(text.clone()),
        Cell::Null | Cell::Bytes(_) => None,
    }
}

/// Runs the statement that is typed; asks first where it changes data.
pub fn run(state: &mut State) -> Vec<Effect> {
    if let Err(why) = idle(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    let typed = state.sql.editor.text();
    let Ok(text) = single(&typed) else { return Vec::new() };
    if state.sql.engine.is_none() {
        return choose_engine(state);
    }
    if only_reads(text) {
        return execute(state, text, false);
    }
    if state.read_only {
        let text = "read-only: only SELECT, SHOW, DESCRIBE and EXPLAIN run; :app.toggle-read-only lifts it";
        state.say(Level::Warning, text);
        return Vec::new();
    }
    let first = text.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    let engine = state.sql.engine.clone().unwrap_or_default();
    state.open(Overlay::Confirm(Confirm {
        question: format!("Run a statement that changes something on {}?", printable(&engine)),
        detail: format!("{}   It cannot be taken back with [edit.undo].", printable(&first)),
        value: text.to_owned(),
        late: None,
        yes: |state, text| execute(state, text, false),
    }));
    Vec::new()
}

/// Lists the engines, and takes the address of another.
pub fn choose_engine(state: &mut State) -> Vec<Effect> {
    let current = state.sql.engine.clone();
    let item = |offer: &Offer| Item {
        label: printable(&offer.name).into_owned(),
        detail: offer.detail.clone(),
        key: if current.as_deref() == Some(offer.name.as_str()) { "now".to_owned() } else { String::new() },
        value: offer.name.clone(),
    };
    let mut items: Vec<Item> = state.sql.offers.iter().map(item).collect();
    let detail = "sc://HOST:PORT, databricks://PROFILE/WAREHOUSE, databricks://PROFILE/clusters/CLUSTER".to_owned();
    items.push(Item {
        label: "another, by its address".to_owned(),
        detail,
        value: TYPED.to_owned(),
        ..Item::default()
    });
    let title = match (&state.sql.missing, state.sql.looking) {
        (Some(why), _) => format!("engine ({why})"),
        (None, true) => "engine (workspaces are still being asked)".to_owned(),
        (None, false) => "engine".to_owned(),
    };
    state.open(Overlay::Picker(Picker::new(&title, items, |state, name| match name {
        TYPED => type_engine(state),
        name => use_engine(state, name),
    })));
    Vec::new()
}

fn type_engine(state: &mut State) -> Vec<Effect> {
    let prompt = Prompt::new("engine", "", |state, text| {
        let text = text.trim();
        if !text.starts_with("sc://") && !text.starts_with("databricks://") {
            return Err("write sc://HOST:PORT or databricks://PROFILE/WAREHOUSE".to_owned());
        }
        state.sql.engine = None;
        state.sql.looking = true;
        let tag = state.slots.ask(Slot::SqlEngines);
        Ok(vec![Effect::Ask(tag, Query::SqlEngines(Some(text.to_owned())))])
    });
    state.open(Overlay::Prompt(prompt.hint("sc://HOST:PORT, databricks://PROFILE/WAREHOUSE; by id or by name")));
    Vec::new()
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(text) = value(state) else { return Vec::new() };
    state.say(Level::Info, "copied the value");
    vec![Effect::Copy(text)]
}
