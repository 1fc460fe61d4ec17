//! The attributes of the selected shape, over the last lines, so that the shape stays in sight.

use crate::app::overlays::attributes::{Field, Panel};
use crate::app::screens::label::boxes::attributes::Row;
use crate::app::state::State;
use crate::domain::attribute::{self, is_yes};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut, width};
use ratatui::layout::Rect;

/// Lines that are not the list's: title, field, keys.
const AROUND: u16 = 3;
/// Columns of a name at most.
const NAME: u16 = 24;

/// Draws the panel.
pub(super) fn render(state: &State, canvas: &mut Canvas, area: Rect, panel: &Panel) {
    let rows = panel.rows(state).unwrap_or_default();
    let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(AROUND);
    let h = wanted.min((area.height * 2 / 3).max(AROUND + 2)).min(area.height);
    let at = Rect { y: area.bottom() - h, height: h, ..area };
    canvas.cover(at, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 2, width: at.width.saturating_sub(4), height: 1, ..at };
    let seen = usize::from(h.saturating_sub(AROUND));
    let top = panel.cursor.saturating_sub(seen / 2).min(rows.len().saturating_sub(seen));
    title(state, canvas, inner, (top, seen, rows.len()));
    for (y, (n, row)) in (inner.y + 1..).zip(rows.iter().enumerate().skip(top).take(seen)) {
        line(canvas, Rect { y, ..inner }, n, *row);
        if n == panel.cursor {
            canvas.paint(
                Rect { x: at.x + 1, y, width: at.width.saturating_sub(2), height: 1 },
                canvas.style(Role::Cursor),
            );
            let mark = canvas.glyph(Glyph::Cursor);
            canvas.text(Rect { x: at.x, y, width: 1, height: 1 }, &mark, canvas.style(Role::Accent));
        }
    }
    let below = Rect { y: at.bottom() - 2, ..inner };
    match &panel.field {
        Some(field) => draw_field(canvas, below, field),
        None if rows.is_empty() => _ = canvas.text(below, "The box is no longer selected.", canvas.style(Role::Muted)),
        None => {}
    }
    keys(canvas, Rect { y: at.bottom() - 1, ..inner }, panel);
}

fn title(state: &State, canvas: &mut Canvas, at: Rect, (top, seen, count): (usize, usize, usize)) {
    let class = state.selected_shape().map(|shape| state.labels().name(shape.class)).unwrap_or_default();
    let (title, muted) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    let right = if count > seen { format!("{} to {} of {count}", top + 1, top + seen) } else { String::new() };
    let used = canvas.right(at, &right, muted);
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    canvas.pieces(room, &[("attributes", title), (" of the selected ", muted), (&printable(&class), muted)]);
}

fn line(canvas: &mut Canvas, at: Rect, n: usize, (name, value): Row<'_>) {
    let ellipsis = canvas.glyph(Glyph::Ellipsis);
    let key = if n < 9 { (n + 1).to_string() } else { String::new() };
    canvas.text(Rect { width: 2.min(at.width), ..at }, &key, canvas.style(Role::Key));
    let names = NAME.min(at.width / 2);
    let name_at = Rect { x: at.x + 3, width: names, ..at };
    let shown = cut(&printable(attribute::title(name)), names.saturating_sub(1), &ellipsis);
    canvas.text(name_at, &shown, canvas.style(Role::Popup));
    let set = value.is_some_and(|value| !attribute::is_flag(name, Some(value)) || is_yes(value));
    let role = if set { Role::Selected } else { Role::Muted };
    let text = value.map_or_else(|| "no".to_owned(), |value| attribute::text(name, value));
    let x = 3 + names;
    let rest = Rect { x: at.x + x, width: at.width.saturating_sub(x), ..at };
    canvas.text(rest, &printable(&text), canvas.style(role));
}

fn draw_field(canvas: &mut Canvas, at: Rect, field: &Field) {
    let name = field.name.as_deref().map_or("new (name, or name=value)", attribute::title);
    let name = cut(&printable(name), at.width / 2, &canvas.glyph(Glyph::Ellipsis));
    let used = canvas.pieces(at, &[(&name, canvas.style(Role::Title)), (": ", canvas.style(Role::Popup))]);
    let room = at.width.saturating_sub(used + 1);
    let scroll = field.input.visual_scroll(usize::from(room));
    let shown: String = field.input.value().chars().skip(scroll).collect();
    let place = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
    canvas.text(place, &printable(&shown), canvas.style(Role::Input));
    let cursor = u16::try_from(field.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
    canvas.drawn.cursor = Some((place.x + cursor.min(room), place.y));
}

fn keys(canvas: &mut Canvas, at: Rect, panel: &Panel) {
    if let Some(problem) = &panel.problem {
        canvas.text(at, &printable(problem), canvas.style(Role::Danger));
        return;
    }
    let (key, muted) = (canvas.style(Role::Key), canvas.style(Role::Muted));
    let all: &[(&str, &str)] = match panel.field {
        Some(_) => &[("Enter", "take"), ("Esc", "not")],
        None => &[("1-9 Enter", "change"), ("a", "add"), ("x", "delete"), ("u", "undo"), ("Esc", "back")],
    };
    let mut x = 0;
    for (name, what) in all {
        let needed = width(name) + 1 + width(what);
        if x + needed > at.width {
            break;
        }
        let rest = Rect { x: at.x + x, width: at.width - x, ..at };
        x += canvas.pieces(rest, &[(name, key), (" ", muted), (what, muted)]) + 3;
    }
}
