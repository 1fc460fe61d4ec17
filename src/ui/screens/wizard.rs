//! The wizards of import and export: what is chosen above, what would come of it below.

use super::lake::wrapped;
use crate::app::screens::wizard::{self, Line, Page, Said, Tone};
use crate::app::state::State;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, width};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Columns of the titles of what is chosen.
const TITLE: u16 = 19;
/// Columns of a value before what it does.
const VALUE: u16 = 14;
/// Lines that what is told has at least, with its headings.
const TOLD: u16 = 12;

/// Draws the screen.
pub fn render(state: &State, canvas: &mut Canvas, area: Rect) {
    let Some(page) = wizard::page(state) else { return };
    // Nothing stands under the cursor that the screen does not show, so that the line for it is the screen's.
    let mut frame = chrome::frame(area);
    frame.body.height += 1;
    chrome::header(canvas, frame.header, &page.title, &page.subtitle, &page.right);
    let lines = u16::try_from(page.lines.len()).unwrap_or(u16::MAX);
    let above = lines.min(frame.body.height.saturating_sub(TOLD)).max(frame.body.height.min(3));
    choices(&page, canvas, Rect { height: above, ..frame.body });
    let gap = if frame.body.height >= 14 { 1 } else { 0 };
    let used = above + gap;
    let below = Rect { y: frame.body.y + used, height: frame.body.height.saturating_sub(used), ..frame.body };
    tabs(&page, canvas, below);
    told(&page, canvas, Rect { y: below.y + 1, height: below.height.saturating_sub(1), ..below });
    chrome::hints(state, canvas, frame.hints);
}

fn choices(page: &Page, canvas: &mut Canvas, at: Rect) {
    let height = usize::from(at.height);
    let cursor = page.cursor.min(page.lines.len().saturating_sub(1));
    let top =
        if page.lines.len() <= height { 0 } else { cursor.saturating_sub(height - 2).min(page.lines.len() - height) };
    for (y, (i, line)) in (at.y..).zip(page.lines.iter().enumerate().skip(top).take(height)) {
        let row = Rect { y, height: 1, x: at.x + 1, width: at.width.saturating_sub(1) };
        // The marks that there is more stand at the right end of the first and last row.
        let marked = top > 0 && i == top || i + 1 == top + height && i + 1 < page.lines.len();
        choice(line, canvas, Rect { width: row.width.saturating_sub(if marked { 2 } else { 0 }), ..row });
        if i == page.cursor {
            canvas.paint(Rect { x: at.x, width: at.width, ..row }, canvas.style(Role::Cursor));
        }
    }
    let more = [(top > 0, Glyph::Up, at.y), (top + height < page.lines.len(), Glyph::Down, at.bottom() - 1)];
    for (shown, glyph, y) in more {
        if shown {
            let mark = canvas.glyph(glyph);
            canvas.right(Rect { y, height: 1, ..at }, &mark, canvas.style(Role::Accent));
        }
    }
}

fn choice(line: &Line, canvas: &mut Canvas, at: Rect) {
    canvas.text(Rect { width: TITLE.min(at.width), ..at }, &line.title, canvas.style(Role::Muted));
    let x = TITLE.min(at.width);
    let room = Rect { x: at.x + x, width: at.width - x, ..at };
    if line.path {
        let value = cut_path(&line.value, room.width, canvas.palette.glyph(Glyph::Ellipsis));
        canvas.text(room, &value, canvas.style(Role::Text));
    }
    let used = if line.path { width(&line.value) } else { canvas.text(room, &line.value, canvas.style(Role::Text)) };
    let x = match (line.value.is_empty(), line.path) {
        (true, _) => 0,
        (false, true) => used + 2,
        (false, false) => VALUE.max(used + 2),
    };
    let rest = Rect { x: room.x + x.min(room.width), width: room.width.saturating_sub(x), ..room };
    let role = if line.missing { Role::Warning } else { Role::Muted };
    canvas.text(rest, &line.about, canvas.style(role));
}

fn tabs(page: &Page, canvas: &mut Canvas, at: Rect) {
    if at.height == 0 {
        return;
    }
    let mut x = 0;
    for (i, title) in page.tabs.iter().enumerate() {
        let role = if i == page.tab { Role::Title } else { Role::Muted };
        let room = Rect { x: at.x + x, width: at.width.saturating_sub(x), height: 1, ..at };
        x += canvas.text(room, title, canvas.style(role)) + 3;
    }
    let count = page.said.len();
    if count > 0 {
        let place = (page.cursor + 1).saturating_sub(page.lines.len());
        let text = if place == 0 { count.to_string() } else { format!("{place} / {count}") };
        if x + width(&text) <= at.width {
            canvas.right(Rect { height: 1, ..at }, &text, canvas.style(Role::Muted));
        }
    }
}

fn told(page: &Page, canvas: &mut Canvas, at: Rect) {
    if at.height == 0 {
        return;
    }
    if page.said.is_empty() {
        let room = Rect { x: at.x + 1, width: at.width.saturating_sub(1), ..at };
        wrapped(canvas, room, &page.empty.0, role(page.empty.1));
        return;
    }
    let here = page.cursor.checked_sub(page.lines.len());
    // The line under the cursor has its details below it.
    let height = usize::from(at.height);
    let cursor = here.unwrap_or(0);
    let left = page.said.iter().map(|s| width(&s.left)).max().unwrap_or(0).clamp(8, (at.width / 2).min(34));
    let room = at.width.saturating_sub(left + 3).max(1);
    let more: u16 = page.said.iter().filter(|s| s.whole).map(|s| width(&s.right) / room).sum();
    let top = cursor.saturating_sub(height / 2).min((page.said.len() + usize::from(more)).saturating_sub(height));
    let mut y = at.y;
    for (i, said) in page.said.iter().enumerate().skip(top) {
        if y >= at.bottom() {
            break;
        }
        let room = if said.whole { at.bottom() - y } else { 1 };
        let room = Rect { x: at.x + 1, y, width: at.width.saturating_sub(1), height: room };
        y += line(said, left, canvas, room);
        let row = Rect { height: 1, ..room };
        if here == Some(i) {
            canvas.paint(Rect { x: at.x, width: at.width, ..row }, canvas.style(Role::Cursor));
            y += detail(said, left, canvas, Rect { y, height: at.bottom().saturating_sub(y), ..row });
        }
    }
}

/// Draws a line, and gives back how many lines of the screen it took.
fn line(said: &Said, left: u16, canvas: &mut Canvas, at: Rect) -> u16 {
    let ellipsis = canvas.palette.glyph(Glyph::Ellipsis);
    let name = cut_path(&said.left, left, ellipsis);
    let quiet = if said.tone == Tone::Quiet { Role::Muted } else { Role::Text };
    canvas.text(Rect { width: left.min(at.width), ..at }, &name, canvas.style(quiet));
    let x = (left + 2).min(at.width);
    let rest = Rect { x: at.x + x, width: at.width - x, ..at };
    if at.height > 1 {
        return wrapped(canvas, rest, &said.right, role(said.tone)).min(at.height);
    }
    canvas.text(rest, &said.right, canvas.style(role(said.tone)));
    1
}

/// What is more to say of a line, where it does not stand there whole.
fn detail(said: &Said, left: u16, canvas: &mut Canvas, at: Rect) -> u16 {
    let whole =
        width(&said.left) <= left && width(&said.right) + left + 2 <= at.width && said.right.contains(&said.detail);
    if said.detail.is_empty() || whole || at.height == 0 {
        return 0;
    }
    let room = Rect { x: at.x + 2, width: at.width.saturating_sub(2), height: at.height.min(4), ..at };
    wrapped(canvas, room, &said.detail, Role::Muted).min(room.height)
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Quiet => Role::Muted,
        Tone::Good => Role::Success,
        Tone::Warning => Role::Warning,
        Tone::Bad => Role::Danger,
    }
}
