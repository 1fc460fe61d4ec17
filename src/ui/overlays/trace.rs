//! What happened to the picture or the selected shape, above its screen: one line each, newest first.

use crate::app::overlays::trace::{Trace, height};
use crate::app::state::State;
use crate::domain::text::printable;
use crate::domain::trace::Step;
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, cut, width};
use crate::ui::overlays::panel_from;
use ratatui::layout::Rect;

/// Draws the panel.
pub(super) fn render(state: &State, canvas: &mut Canvas, area: Rect, trace: &Trace) {
    let steps = trace.steps(state);
    let count = steps.as_ref().map_or(0, Vec::len);
    let seen = height(state).min(count.max(1));
    let h = u16::try_from(seen).unwrap_or(area.height).saturating_add(4).min(area.height);
    let w = area.width.saturating_sub(4).min(92);
    let at = Rect::new(area.x + (area.width - w) / 2, panel_from(state, area, h), w, h);
    canvas.cover(Rect { x: area.x, width: area.width, ..at }, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 2, width: at.width.saturating_sub(4), height: 1, ..at };
    let top = trace.top.min(count.saturating_sub(seen));
    let (title, muted) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    let right = if count > seen { format!("{} to {} of {count}", top + 1, top + seen) } else { String::new() };
    let used = canvas.right(inner, &right, muted);
    let about = match trace.shape.as_ref().filter(|_| !trace.whole) {
        Some((_, class)) => format!("the selected {class} in {}", trace.name),
        None => trace.name.clone(),
    };
    let room = Rect { width: inner.width.saturating_sub(used + 2), ..inner };
    canvas.pieces(room, &[("what happened to", title), ("  ", muted), (&about, muted)]);
    let body = Rect { y: at.y + 2, ..inner };
    match &steps {
        None => _ = canvas.text(body, "reading", muted),
        Some(steps) if steps.is_empty() => _ = canvas.text(body, "Nobody has changed it yet.", muted),
        Some(steps) => lines(state, steps.iter().skip(top).take(seen), canvas, body),
    }
    let key = canvas.style(Role::Key);
    let mut pieces = vec![("Esc", key), (" back", muted)];
    if trace.shape.is_some() {
        let other = if trace.whole { " the shape alone   " } else { " the whole picture   " };
        pieces.splice(0..0, [("Tab", key), (other, muted)]);
    }
    if count > seen {
        pieces.splice(0..0, [("j k", key), (" by line   ", muted)]);
    }
    canvas.pieces(Rect { y: at.bottom() - 1, ..inner }, &pieces);
}

fn lines<'a>(state: &State, steps: impl Iterator<Item = &'a Step>, canvas: &mut Canvas, at: Rect) {
    let steps: Vec<&Step> = steps.collect();
    let ellipsis = canvas.glyph(Glyph::Ellipsis);
    let (plain, muted) = (canvas.style(Role::Popup), canvas.style(Role::Muted));
    let name = |step: &Step| printable(&step.author).into_owned();
    let names = steps.iter().map(|s| width(&name(s))).max().unwrap_or(0).min(at.width / 4);
    // In a narrow window what happened comes before when.
    let when = if at.width < 60 { 0 } else { 16 };
    for (i, step) in (0..).zip(&steps) {
        let line = Rect { y: at.y + i, ..at };
        canvas.text(Rect { width: names, ..line }, &cut(&name(step), names, &ellipsis), muted);
        let room = line.width.saturating_sub(names + 2 + when);
        let what = cut(&printable(&step.what), room, &ellipsis);
        canvas.text(Rect { x: line.x + names + 2, width: room, ..line }, &what, plain);
        if when > 0 {
            canvas.right(line, &ago(state.now, step.at), muted);
        }
    }
}
