//! Text fields, pickers and questions, drawn above a screen.

mod attributes;
mod comments;
mod guide;
mod trace;

use super::canvas::{Canvas, number, width};
use super::names::frame;
use super::screens::lake::wrapped;
use super::{chrome, preview_panel};
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::Picker;
use crate::app::overlays::prompt::Prompt;
use crate::app::screens::label::boxes::round::extent;
use crate::app::screens::label::boxes::sight::sight;
use crate::app::state::State;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use ratatui::layout::Rect;

/// Draws the top overlay and which-key.
pub fn render(state: &State, canvas: &mut Canvas, area: Rect) {
    preview_panel::render(state, canvas, area);
    match state.overlays.last() {
        Some(Overlay::Prompt(p)) => prompt(canvas, area, p),
        Some(Overlay::Picker(p)) => picker(canvas, area, p),
        Some(Overlay::Confirm(c)) => confirm(canvas, area, c, c.readable_at(state.clock).is_none()),
        Some(Overlay::Comments(c)) => comments::render(state, canvas, area, c),
        Some(Overlay::Guide(g)) => guide::render(state, canvas, area, g),
        Some(Overlay::Trace(t)) => trace::render(state, canvas, area, t),
        Some(Overlay::Attributes(a)) => attributes::render(state, canvas, area, a),
        None => chrome::which_key(state, canvas, area),
    }
}

/// The first line of a panel of so many lines: a third down, or at the foot or head where less of the selected box is
/// hidden, which the panel is about.
fn panel_from(state: &State, area: Rect, h: u16) -> u16 {
    let third = area.y + (area.height - h) / 3;
    let shape = state.selected_shape().and_then(|shape| extent(&shape.shape));
    let Some(rows) = shape.zip(sight(state)).map(|(at, sight)| frame(at, &sight)) else { return third };
    let hidden = |y: &u16| (rows.y + rows.h).min(y + h).saturating_sub(rows.y.max(*y));
    [third, area.bottom() - h, area.y].into_iter().min_by_key(hidden).unwrap_or(third)
}

/// A text field lies over the last lines, so that what it filters stays in sight.
fn prompt(canvas: &mut Canvas, area: Rect, prompt: &Prompt) {
    let listed = u16::try_from(prompt.completions.len().min(8)).unwrap_or(8).min(area.height.saturating_sub(6));
    let h = 2 + listed;
    let at = Rect { y: area.bottom() - h, height: h, ..area };
    canvas.cover(at, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 1, width: at.width.saturating_sub(2), height: 1, ..at };
    let plain = canvas.style(Role::Popup);
    for (i, text) in (0u16..).zip(prompt.completions.iter().take(usize::from(listed))) {
        let line = Rect { y: inner.y + i, ..inner };
        canvas.text(line, &printable(text), plain);
        if usize::from(i) == prompt.chosen {
            canvas.paint(line, canvas.style(Role::Cursor));
        }
    }
    let line = Rect { y: at.bottom() - 2, ..inner };
    let used = canvas.pieces(line, &[(&prompt.title, canvas.style(Role::Title)), (": ", plain)]);
    let room = line.width.saturating_sub(used + 1);
    let field = Rect { x: line.x + used, width: line.width - used, ..line };
    let scroll = prompt.input.visual_scroll(usize::from(room));
    let shown: String = prompt.input.value().chars().skip(scroll).collect();
    canvas.text(field, &printable(&shown), canvas.style(Role::Input));
    let cursor = u16::try_from(prompt.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
    canvas.drawn.cursor = Some((field.x + cursor.min(room), field.y));
    let below = Rect { y: at.bottom() - 1, ..inner };
    match &prompt.problem {
        Some(problem) => canvas.text(below, &printable(problem), canvas.style(Role::Danger)),
        None => canvas.text(below, &prompt.hint, canvas.style(Role::Muted)),
    };
}

/// The widest list.
const WIDEST: u16 = 88;

/// A list in the middle of the screen. Its lines are free from side to side: what would be left of the columns beside it
/// reads as if it belonged to the list.
fn picker(canvas: &mut Canvas, area: Rect, picker: &Picker) {
    let w = if area.width < WIDEST + 12 { area.width } else { WIDEST };
    let h = area
        .height
        .saturating_sub(4)
        .min(u16::try_from(picker.items.len().max(picker.shown.len())).unwrap_or(u16::MAX).saturating_add(4))
        .max(5);
    let at = Rect::new(area.x + (area.width - w) / 2, area.y + (area.height - h) / 3, w, h);
    canvas.cover(Rect { x: area.x, width: area.width, ..at }, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 2, width: at.width - 4, height: 1, ..at };
    let plain = canvas.style(Role::Popup);
    let used = canvas.pieces(inner, &[(&picker.title, canvas.style(Role::Title)), ("  ", plain)]);
    let field = Rect { x: inner.x + used, width: inner.width - used, ..inner };
    canvas.text(field, &printable(picker.input.value()), canvas.style(Role::Input));
    let cursor = u16::try_from(picker.input.visual_cursor()).unwrap_or(0);
    canvas.drawn.cursor = Some((field.x + cursor.min(field.width.saturating_sub(1)), field.y));
    // A name that is offered as a new one is none of them.
    let found = picker.shown.len().saturating_sub(usize::from(picker.offer.is_some()));
    let count = format!("{} / {}", number(found as u64), number(picker.items.len() as u64));
    canvas.right(inner, &count, canvas.style(Role::Muted));
    // Below the rows stands what the one under the cursor says, where that is cut; apart from them if there is room.
    let rows = usize::from(h.saturating_sub(if h > 12 { 4 } else { 3 }));
    let top = picker.cursor.saturating_sub(rows / 2).min(picker.shown.len().saturating_sub(rows));
    let all = || picker.items.iter().chain(&picker.offer);
    let keys = all().map(|i| width(&i.key)).max().unwrap_or(0).min(16);
    let labels = all().map(|i| width(&i.label)).max().unwrap_or(0).min(inner.width / 2);
    if picker.shown.is_empty() {
        let typed = picker.input.value().trim();
        let none = match picker.items.is_empty() || picker.free_text || typed.is_empty() {
            true => printable(&picker.empty).into_owned(),
            false => format!("nothing fits `{}`", printable(typed)),
        };
        canvas.text(Rect { y: inner.y + 2, ..inner }, &none, canvas.style(Role::Muted));
    }
    for (i, item) in picker.shown.iter().skip(top).take(rows).filter_map(|i| picker.item(*i)).enumerate() {
        let line = Rect { y: inner.y + 2 + u16::try_from(i).unwrap_or(0), ..inner };
        let gap = if keys > 0 { keys + 2 } else { 0 };
        canvas.text(Rect { width: keys, ..line }, &item.key, canvas.style(Role::Key));
        canvas.text(Rect { x: line.x + gap, width: line.width.saturating_sub(gap), ..line }, &item.label, plain);
        let x = gap + labels + 2;
        let rest = Rect { x: line.x + x, width: line.width.saturating_sub(x), ..line };
        canvas.text(rest, &item.detail, canvas.style(Role::Muted));
        if top + i == picker.cursor {
            if width(&item.detail) > rest.width {
                let whole = Rect { y: at.bottom() - 1, ..inner };
                canvas.text(whole, &item.detail, canvas.style(Role::Muted));
            }
            canvas.paint(Rect { x: at.x + 1, width: at.width - 2, ..line }, canvas.style(Role::Cursor));
            let mark = canvas.glyph(Glyph::Cursor);
            canvas.text(Rect { x: at.x, width: 1, ..line }, &mark, canvas.style(Role::Accent));
        }
    }
}

/// A question over the last lines; its keys stand there as soon as they count.
fn confirm(canvas: &mut Canvas, area: Rect, confirm: &Confirm, readable: bool) {
    let at = Rect { y: area.bottom().saturating_sub(4), height: 4.min(area.height), ..area };
    canvas.cover(at, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 1, width: at.width.saturating_sub(2), height: 1, ..at };
    let plain = canvas.style(Role::Popup);
    canvas.text(inner, &confirm.question, canvas.style(Role::Title));
    wrapped(canvas, Rect { y: inner.y + 1, height: 2, ..inner }, &confirm.detail, Role::Popup);
    if !readable {
        return;
    }
    let key = canvas.style(Role::Key);
    canvas.pieces(Rect { y: inner.y + 3, ..inner }, &[("y", key), (" yes   ", plain), ("n", key), (" no", plain)]);
}
