//! What every screen has: the header line, the status line, the hint line, toasts, which-key.

use super::canvas::{Canvas, cut_middle, width};
use crate::app::messages::{Level, Message};
use crate::app::registry::{self, Spec};
use crate::app::screens::label::boxes;
use crate::app::state::State;
use crate::domain::project::Project;
use crate::domain::queue::Queue;
use crate::domain::text::printable;
use crate::keymap::Lookup;
use crate::theme::{Glyph, Role};
use ratatui::layout::Rect;

/// Columns between two hints.
const GAP: u16 = 3;

/// The parts of a screen.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The first line.
    pub header: Rect,
    /// What the screen is about.
    pub body: Rect,
    /// The line above the hints: facts about what is under the cursor.
    pub status: Rect,
    /// The last line.
    pub hints: Rect,
}

/// Cuts a window into its parts, with a free column on either side.
#[must_use]
pub fn frame(area: Rect) -> Frame {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = |y: u16| Rect { y, height: 1, ..inner };
    // A blank line under the header where there is room for it.
    let top = if area.height >= 20 { 2 } else { 1 };
    let body = Rect { y: area.y + top, height: area.height.saturating_sub(top + 2), ..inner };
    Frame { header: line(area.y), body, status: line(area.bottom() - 2), hints: line(area.bottom() - 1) }
}

/// Draws the header: what is open on the left, how far on the right.
pub fn header(canvas: &mut Canvas, at: Rect, title: &str, subtitle: &str, right: &str) {
    let used = canvas.right(at, right, canvas.style(Role::Header));
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let (title_style, muted) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    canvas.pieces(room, &[(title, title_style), ("   ", muted), (subtitle, muted)]);
}

/// The name of a project as headers show it: `flowers v2`.
#[must_use]
pub fn project_title(project: &Project) -> String {
    let name = printable(&project.name).into_owned();
    let version = if project.version > 1 { format!(" v{}", project.version) } else { String::new() };
    if name.ends_with(version.trim()) && !version.is_empty() { name } else { format!("{name}{version}") }
}

/// A queue as headers show it: the name it was saved under, or its filter; then its order.
#[must_use]
pub fn queue_title(queue: &Queue, name: Option<&str>) -> String {
    let what = match name {
        Some(name) => printable(name).into_owned(),
        None if queue.filter.is_all() => "all".to_owned(),
        None => printable(&queue.filter.to_string()).replace("status:", ""),
    };
    format!("{what}, by {}", queue.order.name())
}

/// Draws the last line: hints on the left, whether everything is saved and who edits on the right. A toast takes the
/// place of the hints, an unfinished key sequence that of both.
pub fn hints(state: &State, canvas: &mut Canvas, at: Rect) {
    hints_after(state, canvas, at, &[]);
}

/// The same, with a screen's own hints (key, what it does) before those of its actions.
pub fn hints_after(state: &State, canvas: &mut Canvas, at: Rect, first: &[(String, String)]) {
    let used = save_state(state, canvas, at);
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    if let Some(message) = state.messages.shown() {
        toast(canvas, at, room.width, message);
        return;
    }
    let scopes = state.scopes();
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    let mut shown: Vec<&Spec> =
        registry::all().filter(|s| s.hint > 0 && s.scopes.iter().any(|x| scopes.contains(x))).collect();
    shown.sort_by_key(|s| s.hint);
    // The way to all other keys has its room first.
    let help = registry::find("app.help", &scopes)
        .and_then(|s| Some(width(&hint_key(state, &names, s)?) + 1 + width(s.title)));
    let reserved = help.map_or(0, |wide| GAP + wide);
    let own = first.iter().map(|(key, title)| (key.clone(), title.as_str(), false));
    let possible = shown.into_iter().filter(|s| (s.enabled)(state).is_ok());
    let actions =
        possible.filter_map(|s| Some((hint_key(state, &names, s)?, hint_title(state, s), s.name == "app.help")));
    let mut x = 0;
    for (key, title, last) in own.chain(actions) {
        let needed = width(&key) + 1 + width(title);
        if x + needed > room.width.saturating_sub(if last { 0 } else { reserved }) {
            continue;
        }
        let (key_style, text) = (canvas.style(Role::Key), canvas.style(Role::Hint));
        let rest = Rect { x: room.x + x, width: room.width - x, ..room };
        x += canvas.pieces(rest, &[(&key, key_style), (" ", text), (title, text)]) + GAP;
    }
}

/// The last line with these hints alone (key, what it does), where keys are text and no action has one.
pub fn own_hints(state: &State, canvas: &mut Canvas, at: Rect, own: &[(String, String)]) {
    let used = save_state(state, canvas, at);
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    if let Some(message) = state.messages.shown() {
        return toast(canvas, at, room.width, message);
    }
    let (key_style, text) = (canvas.style(Role::Key), canvas.style(Role::Hint));
    let mut x = 0;
    for (key, title) in own {
        if x + width(key) + 1 + width(title) > room.width {
            break;
        }
        let rest = Rect { x: room.x + x, width: room.width - x, ..room };
        x += canvas.pieces(rest, &[(key, key_style), (" ", text), (title, text)]) + 3;
    }
}

/// Draws a message in the place of the hints; one that is longer takes the line above as well.
fn toast(canvas: &mut Canvas, at: Rect, columns: u16, message: &Message) {
    let room = Rect { width: columns, ..at };
    let (mark, role) = match message.level {
        Level::Info => ("", Role::Text),
        Level::Warning => ("warning: ", Role::Warning),
        Level::Error => ("error: ", Role::Danger),
    };
    let (mut text, style) = (format!("{mark}{}", message.text), canvas.style(role));
    if width(&text) > room.width.saturating_mul(2) {
        text = narrowed(&text, room.width / 2, &canvas.glyph(Glyph::Ellipsis));
    }
    let first = if width(&text) > room.width { first_line(&text, room.width) } else { 0 };
    if first > 0 {
        let above = Rect { y: at.y - 1, ..at };
        let ground = canvas.palette.ground();
        canvas.clear(above, ground);
        canvas.text(above, text[..first].trim_end(), style);
    }
    canvas.text(room, text[first..].trim_start(), style);
}

/// A text whose long words, which are addresses and paths, are cut in the middle: what is wrong with them comes after.
fn narrowed(text: &str, columns: u16, ellipsis: &str) -> String {
    let words: Vec<String> = text.split(' ').map(|word| cut_middle(word, columns, ellipsis)).collect();
    words.join(" ")
}

/// The byte at which a text is broken so that its first part fits so many columns: the last space before; 0 without one.
fn first_line(text: &str, columns: u16) -> usize {
    let fits = |at: &usize| width(&text[..*at]) <= columns;
    text.match_indices(' ').map(|(at, _)| at).take_while(fits).last().unwrap_or(0)
}

/// What the hint bar calls an action: where class keys are about boxes, what they do there.
fn hint_title(state: &State, spec: &Spec) -> &'static str {
    if spec.name != "label.hotkey" || !boxes::takes_classes(state) || !boxes::draws(state) {
        return spec.title;
    }
    let fresh = state.boxes().is_none_or(|mode| mode.fresh);
    if state.selected_shape().is_some() && !fresh { "its class" } else { "draw" }
}

/// The key shown in the hint bar for an action: digits of classes are shown as a range.
fn hint_key(state: &State, scopes: &[&str], spec: &Spec) -> Option<String> {
    if matches!(spec.name, "label.hotkey" | "review.fix" | "gallery.label") {
        // On the Review screen letters mean verdicts first.
        let fits = |k: &String| k.len() == 1 && (spec.name != "review.fix" || k.chars().all(|c| c.is_ascii_digit()));
        let keys: Vec<String> = state.labels().live().map(|c| c.hotkey.clone()).filter(fits).collect();
        return match (keys.first(), keys.last()) {
            (Some(first), Some(last)) if first != last => Some(format!("{first}-{last}")),
            (Some(first), _) => Some(first.clone()),
            _ => None,
        };
    }
    let keys = state.keymap.keys_for(scopes, spec.name);
    if ["Left", "Right", "Up", "Down"].iter().all(|arrow| keys.iter().any(|k| k == arrow)) {
        return Some("arrows".to_owned());
    }
    if ["H", "J", "K", "L"].iter().all(|key| keys.iter().any(|k| k == key)) {
        return Some("HJKL".to_owned());
    }
    keys.into_iter().min_by_key(|k| (k != "Enter", width(k) > 1))
}

/// Draws `saved`, `3 unsent`, `conflict 1`, always at the right end, with a glyph and a word. Returns the columns used.
fn save_state(state: &State, canvas: &mut Canvas, at: Rect) -> u16 {
    let save = &state.save;
    let outbox = &save.outbox;
    let (glyph, word, role) = if save.conflicts as u64 + outbox.conflicts > 0 {
        (Glyph::Conflict, format!("conflict {}", save.conflicts as u64 + outbox.conflicts), Role::Danger)
    } else if save.waiting.is_some() {
        (Glyph::Offline, format!("{} not saved", save.unsent), Role::Danger)
    } else if save.unsent > 0 {
        (Glyph::Unsent, format!("{} unsent", save.unsent), Role::Warning)
    } else if outbox.unsent > 0 && outbox.waiting.is_some() {
        (Glyph::Offline, format!("{} unsent, offline", outbox.unsent), Role::Warning)
    } else if outbox.unsent > 0 {
        (Glyph::Unsent, format!("{} unsent", outbox.unsent), Role::Warning)
    } else if state.read_only {
        (Glyph::Saved, "read-only".to_owned(), Role::Warning)
    } else {
        (Glyph::Saved, "saved".to_owned(), Role::Muted)
    };
    let running = state.tasks.running().next().map(|t| match t.total {
        Some(total) if total > 0 => format!("{} {} %", t.title, t.done * 100 / total),
        _ => format!("{} {}", t.title, super::canvas::number(t.done)),
    });
    let user = printable(&state.user).into_owned();
    let saved = format!("{} {word}", canvas.glyph(glyph));
    let waits = save.unsent > 0 || outbox.unsent > 0 || outbox.conflicts > 0;
    let text = if state.project.is_some() || waits { format!("{saved}   {user}") } else { user };
    let text = running.map_or(text.clone(), |task| format!("{task}   {text}"));
    let style = canvas.style(role);
    let room = Rect { x: at.x + at.width / 3, width: at.width - at.width / 3, ..at };
    let used = canvas.right(room, &text, style);
    used + silence(state, canvas, Rect { width: room.width.saturating_sub(used), ..room })
}

/// Draws that the terminal does not answer, before what else stands at the right end. Returns the columns used.
fn silence(state: &State, canvas: &mut Canvas, room: Rect) -> u16 {
    if !state.preview.silent {
        return 0;
    }
    let mark = canvas.glyph(Glyph::Offline);
    let long = format!("{mark} terminal silent   ");
    let text = if width(&long) > room.width { format!("{mark} silent  ") } else { long };
    canvas.right(room, &text, canvas.style(Role::Warning))
}

/// Draws what can follow an unfinished key sequence, above the hint line.
pub fn which_key(state: &State, canvas: &mut Canvas, area: Rect) {
    if state.pending.is_empty() {
        return;
    }
    let mut rows = continuations(state);
    rows.truncate(usize::from(area.height.saturating_sub(6)));
    if rows.is_empty() {
        return;
    }
    let typed: String = state.pending.iter().map(ToString::to_string).collect();
    let widest = rows.iter().map(|(k, t)| width(k) + width(t)).max().unwrap_or(0) + 6;
    let h = u16::try_from(rows.len()).unwrap_or(1) + 1;
    let w = widest.max(16).min(area.width);
    let at = Rect::new(area.right().saturating_sub(w + 1), area.bottom().saturating_sub(h + 2), w, h);
    canvas.cover(at, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 1, width: at.width - 2, height: 1, ..at };
    let (title, key_style, text_style) =
        (canvas.style(Role::Title), canvas.style(Role::Key), canvas.style(Role::Popup));
    canvas.text(inner, &typed, title);
    for (i, (key, text)) in (1..).zip(&rows) {
        let line = Rect { y: inner.y + i, ..inner };
        canvas.pieces(line, &[(key, key_style), ("  ", text_style), (text, text_style)]);
    }
}

fn continuations(state: &State) -> Vec<(String, String)> {
    let scopes = state.scopes();
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    if let Lookup::Prefix(next) = state.keymap.lookup(&names, &state.pending) {
        let title = |call: &str| {
            let (action, args) = call.split_once(' ').unwrap_or((call, ""));
            let spec = registry::find(action, &scopes);
            spec.map_or(call.to_owned(), |s| format!("{} {args}", s.title).trim_end().to_owned())
        };
        return next.into_iter().map(|(key, action)| (key.to_string(), title(&action))).collect();
    }
    let typed: String = state.pending.iter().map(ToString::to_string).collect();
    let labels = state.labels();
    let under = labels.live().filter(|c| c.hotkey.starts_with(&typed) && c.hotkey != typed);
    under.map(|c| (c.hotkey[typed.len()..].to_owned(), printable(&c.name).into_owned())).collect()
}
