//! The comments on a picture, above its screen: what was said, the newest in sight, and a line to add to it.

use crate::app::overlays::comments::Comments;
use crate::app::state::State;
use crate::domain::comment::Comment;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, width};
use crate::ui::overlays::panel_from;
use crate::ui::screens::lake::wrapped;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

/// Columns of the panel at most: longer lines are hard to read.
const WIDEST: u16 = 78;
/// Lines that are not the list's: title, free, free, field, keys.
const AROUND: u16 = 5;

/// Draws the panel.
pub(super) fn render(state: &State, canvas: &mut Canvas, area: Rect, panel: &Comments) {
    let w = area.width.saturating_sub(4).min(WIDEST);
    let rows = lines(state, canvas, panel, w.saturating_sub(6));
    let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(AROUND);
    let h = wanted.clamp(AROUND + 2, area.height.saturating_sub(4).max(AROUND + 2)).min(area.height);
    let at = Rect::new(area.x + (area.width - w) / 2, panel_from(state, area, h), w, h);
    canvas.cover(Rect { x: area.x, width: area.width, ..at }, canvas.style(Role::Popup));
    let inner = Rect { x: at.x + 2, width: at.width.saturating_sub(4), height: 1, ..at };
    title(canvas, inner, panel);
    let list = Rect { y: at.y + 2, height: h - AROUND, ..inner };
    match (&panel.list, rows.is_empty()) {
        (None, _) => _ = wrapped(canvas, list, "reading", Role::Muted),
        (Some(_), true) => _ = wrapped(canvas, list, "Nobody has said anything yet.", Role::Muted),
        (Some(_), false) => draw(canvas, list, panel, &rows),
    }
    field(canvas, Rect { y: at.bottom() - 2, ..inner }, panel);
    keys(canvas, Rect { y: at.bottom() - 1, ..inner }, panel);
}

fn title(canvas: &mut Canvas, at: Rect, panel: &Comments) {
    let open = panel.list.iter().flatten().filter(|c| !c.resolved).count();
    let all = panel.list.as_ref().map_or(0, Vec::len);
    let right = if all == 0 { String::new() } else { format!("{open} open / {all}") };
    let used = canvas.right(at, &right, canvas.style(Role::Muted));
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let (title, muted) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    canvas.pieces(room, &[("comments", title), ("  ", muted), (&panel.about, muted)]);
}

/// One line of the list: which comment it belongs to, its text, how it looks.
type Line = (usize, String, Role);

fn lines(state: &State, canvas: &Canvas, panel: &Comments, room: u16) -> Vec<Line> {
    let mut rows = Vec::new();
    for (i, comment) in panel.list.iter().flatten().enumerate() {
        let text = if comment.resolved { Role::Muted } else { Role::Text };
        rows.push((i, head(state, canvas, panel, comment), Role::Muted));
        for line in comment.text.lines() {
            rows.extend(fold(&printable(line), room).into_iter().map(|line| (i, format!("  {line}"), text)));
        }
    }
    rows
}

fn head(state: &State, canvas: &Canvas, panel: &Comments, comment: &Comment) -> String {
    let mark = canvas.glyph(if comment.resolved { Glyph::Success } else { Glyph::Comment });
    let done = if comment.resolved { ", resolved" } else { "" };
    // Who looks at one box wants to know which remarks are about it.
    let about = match comment.annotation {
        Some(id) if panel.annotation == Some(id) => ", on this box",
        Some(_) => ", on a box",
        None => "",
    };
    format!("{mark} {}, {}{about}{done}", printable(&comment.author), ago(state.now, comment.at))
}

/// Breaks a text at spaces; a word longer than a line is broken where the line ends.
pub(super) fn fold(text: &str, room: u16) -> Vec<String> {
    let room = room.max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > room {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for cluster in word.graphemes(true) {
            if width(&line) + width(cluster) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(cluster);
        }
    }
    lines.push(line);
    lines
}

/// The lines with the comment under the cursor in sight, all of it if it fits.
fn draw(canvas: &mut Canvas, at: Rect, panel: &Comments, rows: &[Line]) {
    let height = usize::from(at.height);
    let of_cursor = |row: &Line| row.0 == panel.cursor;
    let first = rows.iter().position(of_cursor).unwrap_or(0);
    let last = rows.iter().rposition(of_cursor).unwrap_or(0);
    let top = (last + 1).saturating_sub(height).min(first).min(rows.len().saturating_sub(height));
    for (y, (n, (_, text, role))) in (at.y..at.bottom()).zip(rows.iter().enumerate().skip(top)) {
        let line = Rect { y, height: 1, ..at };
        canvas.text(line, text, canvas.style(*role));
        if n == first {
            let mark = canvas.glyph(Glyph::Cursor);
            canvas.text(Rect { x: at.x.saturating_sub(2), width: 1, ..line }, &mark, canvas.style(Role::Accent));
        }
    }
}

fn field(canvas: &mut Canvas, at: Rect, panel: &Comments) {
    let used = canvas.pieces(at, &[("say: ", canvas.style(Role::Title))]);
    let field = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
    let room = field.width.saturating_sub(1);
    let scroll = panel.input.visual_scroll(usize::from(room));
    let shown: String = panel.input.value().chars().skip(scroll).collect();
    canvas.text(field, &printable(&shown), canvas.style(Role::Input));
    let cursor = u16::try_from(panel.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
    canvas.drawn.cursor = Some((field.x + cursor.min(room), field.y));
}

fn keys(canvas: &mut Canvas, at: Rect, panel: &Comments) {
    if let Some(problem) = &panel.problem {
        canvas.text(at, problem, canvas.style(Role::Danger));
        return;
    }
    let (key, muted) = (canvas.style(Role::Key), canvas.style(Role::Muted));
    if panel.sending {
        canvas.text(at, "sending", muted);
        return;
    }
    let settle = if panel.current().is_some_and(|c| c.resolved) { " reopen   " } else { " resolve   " };
    let mut pieces = vec![("Enter", key), (" add   ", muted)];
    if panel.current().is_some() {
        pieces.extend([("Tab", key), (settle, muted)]);
    }
    if panel.list.as_ref().is_some_and(|l| l.len() > 1) {
        pieces.extend([("Up Down", key), (" choose   ", muted)]);
    }
    pieces.extend([("Esc", key), (" back", muted)]);
    canvas.pieces(at, &pieces);
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn text_is_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(fold("is this a rose", 8), ["is this", "a rose"]);
        assert_eq!(fold("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(fold("", 4), [""]);
        assert_eq!(fold("日本語", 4), ["日本", "語"]);
    }
}
