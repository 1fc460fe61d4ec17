//! Keys while the statement is being typed, and pasted text.
//!
//! What always holds: a printable key is text and never an action; a paste never runs anything.

use super::{Focus, actions, cancel};
use crate::app::effect::Effect;
use crate::app::screens::Screen;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};

/// Whether keys go into the statement.
#[must_use]
pub fn is_typing(state: &State) -> bool {
    matches!(state.screen(), Some(Screen::Sql)) && state.sql.focus == Focus::Statement
}

/// Takes a key; `None`: it is for the key map.
pub fn key(state: &mut State, press: KeyPress) -> Option<Vec<Effect>> {
    if !is_typing(state) || !state.pending.is_empty() {
        return None;
    }
    let editor = &mut state.sql.editor;
    match (press.key, press.ctrl, press.alt) {
        (Key::Enter, _, true) | (Key::Char('j'), true, _) => editor.break_line(),
        (Key::Enter, ..) if press.shift => editor.break_line(),
        (Key::Enter, ..) => return Some(actions::run(state)),
        (Key::Esc, ..) => return Some(leave(state)),
        (Key::Tab | Key::BackTab, ..) => state.sql.focus = Focus::Rows,
        (Key::Up, ..) => {
            if !editor.up() {
                walk(state, true);
            }
        }
        (Key::Down, ..) => {
            if !editor.down() {
                walk(state, false);
            }
        }
        (Key::Char('p'), true, _) => walk(state, true),
        (Key::Char('n'), true, _) => walk(state, false),
        (Key::Char('u'), true, _) => editor.delete_to_start(),
        (Key::Char('w'), true, _) => editor.delete_word(),
        (Key::Char('a'), true, _) | (Key::Home, ..) => editor.start(),
        (Key::Char('e'), true, _) | (Key::End, ..) => editor.end(),
        (Key::Backspace, _, true) => editor.delete_word(),
        (Key::Backspace, ..) => editor.backspace(),
        (Key::Delete, ..) => editor.delete(),
        (Key::Left, ..) => editor.left(),
        (Key::Right, ..) => editor.right(),
        (Key::Char(c), false, false) => editor.insert(c.encode_utf8(&mut [0; 4])),
        _ => return None,
    }
    Some(Vec::new())
}

/// `Esc`: stops what runs, else gives the keys to the rows and the actions.
fn leave(state: &mut State) -> Vec<Effect> {
    if state.sql.running_since().is_some() {
        return cancel(state);
    }
    state.sql.focus = Focus::Rows;
    Vec::new()
}

/// Pasted text; says whether it was taken.
pub fn paste(state: &mut State, text: &str) -> bool {
    let takes = is_typing(state) && state.overlays.is_empty();
    if takes {
        state.sql.editor.insert(text);
    }
    takes
}

/// Shows the statement before or after the one that is shown; behind the newest stands what was typed.
fn walk(state: &mut State, back: bool) {
    let sql = &mut state.sql;
    let (at, typed) = match sql.walking.take() {
        Some(walking) => walking,
        None => (sql.history.len(), sql.editor.text()),
    };
    let next = if back { at.saturating_sub(1) } else { (at + 1).min(sql.history.len()) };
    if next != at {
        let shown = sql.history.get(next).cloned().unwrap_or_else(|| typed.clone());
        sql.editor.set(&shown);
        if back {
            // The next press goes on to the one before, whatever its length.
            sql.editor.go_to(0, usize::MAX);
        }
    }
    if next < sql.history.len() {
        sql.walking = Some((next, typed));
    }
}
