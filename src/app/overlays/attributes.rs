//! The attributes of the selected shape: flags set with one key, other values typed.
//!
//! What always holds: it changes the shape it was opened on and no other; each change is an edit of its own, saved at once, so
//! that leaving loses nothing but a field that was not taken.

use super::Overlay;
use super::prompt::request;
use crate::app::effect::Effect;
use crate::app::registry;
use crate::app::screens::label::boxes::attributes::{Row, rows, set, toggle};
use crate::app::state::State;
use crate::domain::attribute::{self, LONGEST_NAME, LONGEST_VALUE};
use crate::domain::ids::AnnotationId;
use crate::domain::key::{Key, KeyPress};
use serde_json::Value;
use tui_input::{Input, InputRequest};

/// The panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The shape.
    pub shape: AnnotationId,
    /// Position among its rows.
    pub cursor: usize,
    /// What is typed now.
    pub field: Option<Field>,
    /// What is wrong, not escaped.
    pub problem: Option<String>,
}

/// A text that is typed.
#[derive(Clone, Debug)]
pub struct Field {
    /// The attribute whose value it is; nothing while a new one is named.
    pub name: Option<String>,
    /// The text.
    pub input: Input,
}

impl Panel {
    /// The panel on a shape.
    #[must_use]
    pub fn on(shape: AnnotationId) -> Self {
        Self { shape, cursor: 0, field: None, problem: None }
    }

    /// What it shows, one row each; nothing when its shape is no longer the selected one.
    #[must_use]
    pub fn rows<'a>(&self, state: &'a State) -> Option<Vec<Row<'a>>> {
        state.selected_shape().filter(|shape| shape.id == self.shape).map(rows)
    }

    pub(super) fn insert(&mut self, text: &str) {
        let Some(field) = &mut self.field else { return };
        for c in text.chars().take(LONGEST_NAME + LONGEST_VALUE) {
            field.input.handle(InputRequest::InsertChar(c));
        }
    }
}

/// `Esc`: out of the field, then out of the panel.
pub(super) fn leave(state: &mut State, panel: Panel) -> Vec<Effect> {
    if panel.field.is_some() {
        state.overlays.push(Overlay::Attributes(Panel { field: None, problem: None, ..panel }));
    }
    Vec::new()
}

/// A key for the panel; `held`: it is held down, and must not set and take back in turns.
pub(super) fn key(state: &mut State, mut panel: Panel, press: KeyPress, held: bool) -> Vec<Effect> {
    let Some(count) = panel.rows(state).map(|rows| rows.len()) else { return Vec::new() };
    panel.problem = None;
    if panel.field.is_some() {
        return type_on(state, panel, press);
    }
    if press.key == Key::Char('q') && !press.ctrl {
        return Vec::new();
    }
    let done = if held && !matches!(press.key, Key::Up | Key::Down | Key::Char('j' | 'k')) {
        Ok(Vec::new())
    } else {
        command(state, &mut panel, press, count)
    };
    put_back(state, panel, done)
}

fn command(state: &mut State, panel: &mut Panel, press: KeyPress, count: usize) -> Result<Vec<Effect>, String> {
    match (press.key, press.ctrl) {
        (Key::Char('r'), true) => return Ok(registry::run(state, "edit.redo", &[])),
        (_, true) => {}
        (Key::Down | Key::Char('j') | Key::Tab, _) => panel.cursor = (panel.cursor + 1).min(count.saturating_sub(1)),
        (Key::Up | Key::Char('k') | Key::BackTab, _) => panel.cursor = panel.cursor.saturating_sub(1),
        (Key::Home, _) => panel.cursor = 0,
        (Key::End, _) => panel.cursor = count.saturating_sub(1),
        (Key::Char('a'), _) => panel.field = Some(Field { name: None, input: Input::default() }),
        (Key::Char('u'), _) => return Ok(registry::run(state, "edit.undo", &[])),
        (Key::Char('x' | 'd') | Key::Delete | Key::Backspace, _) => {
            let name = named(state, panel).map(|(name, _)| name);
            return name.map_or(Ok(Vec::new()), |name| set(state, &name, None));
        }
        (Key::Enter | Key::Char(' '), _) => return change(state, panel),
        (Key::Char(digit @ '1'..='9'), _) => {
            let at = digit.to_digit(10).map_or(0, |n| n as usize) - 1;
            if at < count {
                panel.cursor = at;
                return change(state, panel);
            }
        }
        _ => {}
    }
    Ok(Vec::new())
}

/// The attribute under the cursor.
fn named(state: &State, panel: &Panel) -> Option<(String, Option<Value>)> {
    let rows = panel.rows(state)?;
    rows.get(panel.cursor).map(|(name, value)| ((*name).to_owned(), value.cloned()))
}

/// Turns a flag; of anything else, begins to type.
fn change(state: &mut State, panel: &mut Panel) -> Result<Vec<Effect>, String> {
    let Some((name, value)) = named(state, panel) else { return Ok(Vec::new()) };
    if attribute::is_flag(&name, value.as_ref()) {
        return toggle(state, &name);
    }
    let text = match &value {
        Some(Value::String(text)) if text.chars().count() > LONGEST_VALUE => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(n)) => Some(n.to_string()),
        Some(Value::Null) | None => Some(String::new()),
        Some(_) => None,
    };
    let text = text.ok_or("it is kept as it was imported; `x` deletes it")?;
    panel.field = Some(Field { name: Some(name), input: Input::new(text) });
    Ok(Vec::new())
}

fn type_on(state: &mut State, mut panel: Panel, press: KeyPress) -> Vec<Effect> {
    let Some(field) = &mut panel.field else { return Vec::new() };
    if press.key != Key::Enter {
        if let Some(request) = request(press) {
            field.input.handle(request);
        }
        return put_back(state, panel, Ok(Vec::new()));
    }
    let text = field.input.value().to_owned();
    let value = match &field.name {
        Some(name) => {
            let before = state.selected_shape().and_then(|shape| shape.attributes.get(name));
            attribute::typed(&text, before).map(|value| (name.clone(), value))
        }
        None => attribute::named(&text).and_then(|new| keeps(state, new)),
    };
    let done = value.and_then(|(name, value)| Ok((set(state, &name, Some(value))?, name)));
    let done = done.map(|(effects, name)| {
        panel.field = None;
        let at = panel.rows(state).and_then(|rows| rows.iter().position(|(row, _)| *row == name));
        panel.cursor = at.unwrap_or(panel.cursor);
        effects
    });
    put_back(state, panel, done)
}

/// What was imported and has parts is not written over by its name.
fn keeps(state: &State, new: (String, Value)) -> Result<(String, Value), String> {
    match state.selected_shape().and_then(|shape| shape.attributes.get(&new.0)) {
        Some(Value::Array(_) | Value::Object(_)) => Err("it is there as it was imported; `x` deletes it".to_owned()),
        _ => Ok(new),
    }
}

/// The panel goes on, with what is wrong if something is.
fn put_back(state: &mut State, mut panel: Panel, done: Result<Vec<Effect>, String>) -> Vec<Effect> {
    let effects = done.unwrap_or_else(|why| {
        panel.problem = Some(why);
        Vec::new()
    });
    let last = panel.rows(state).map_or(0, |rows| rows.len().saturating_sub(1));
    panel.cursor = panel.cursor.min(last);
    state.overlays.push(Overlay::Attributes(panel));
    effects
}
