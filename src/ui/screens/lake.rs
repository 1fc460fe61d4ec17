//! The Lake screen: columns on the left, the picture or the text on the right, facts below it.

use super::thumbnail::rect;
use crate::app::picture::{CellRect, PictureState};
use crate::app::screens::lake::LakeState;
use crate::app::screens::lake::state::{Column, TextPreview};
use crate::app::screens::rooms::{self, LakeRooms};
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::listing::{EntryKind, Progress, Row};
use crate::media::info::ImageInfo;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, bytes, cut_path, number, width};
use crate::ui::{chrome, viewing};
use ratatui::layout::Rect;

/// The place of the large picture on this screen.
const PLACE: u32 = 1;

/// Draws the screen.
pub fn render(state: &State, lake: &LakeState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    header(state, lake, canvas, frame.header);
    let body = CellRect { x: frame.body.x, y: frame.body.y, w: frame.body.width, h: frame.body.height };
    let rooms = rooms::lake(body, state.large_picture);
    let columns: Vec<Rect> = rooms.columns.iter().copied().map(rect).collect();
    for (column, at, current) in columns_of(lake, &columns) {
        draw_column(lake, column, current, canvas, at);
    }
    draw_preview(state, lake, canvas, &rooms);
    status(state, lake, canvas, frame.status);
    chrome::hints(state, canvas, frame.hints);
}

fn header(state: &State, lake: &LakeState, canvas: &mut Canvas, at: Rect) {
    let profile = state.profile.as_deref().map_or_else(|| "lake".to_owned(), |name| printable(name).into_owned());
    let (title, path) = match &lake.here.path {
        LakePath::Local(path) => ("local".to_owned(), printable(path).into_owned()),
        LakePath::Root => (profile, "catalogs".to_owned()),
        LakePath::Remote { scheme, .. } if *scheme != "dbfs" => {
            ("lake".to_owned(), printable(&lake.here.path.to_string()).into_owned())
        }
        other => (profile, printable(&other.to_string()).into_owned()),
    };
    let listing = &lake.here.listing;
    let count = number(listing.total() as u64);
    let right = match listing.progress() {
        Progress::Loading => format!("{count}, loading"),
        Progress::Failed(_) if listing.total() > 0 => format!("{count}, incomplete"),
        _ if !lake.arrange.filter.is_empty() => format!("{} of {count}", number(listing.len() as u64)),
        _ => format!("{count} entries"),
    };
    let room = at.width.saturating_sub(width(&right) + width(&title) + 6);
    let path = cut_path(&path, room, canvas.palette.glyph(Glyph::Ellipsis));
    chrome::header(canvas, at, &title, &path, &right);
}

/// Which column goes where: the one with the cursor next to the preview, its parents to the left.
fn columns_of<'a>(lake: &'a LakeState, rects: &[Rect]) -> Vec<(&'a Column, Rect, bool)> {
    let columns = std::iter::once(&lake.here).chain(&lake.above);
    columns.zip(rects).enumerate().map(|(i, (column, at))| (column, *at, i == 0)).collect()
}

fn draw_column(lake: &LakeState, column: &Column, current: bool, canvas: &mut Canvas, at: Rect) {
    let at = shortened(column, canvas, at);
    let rows = usize::from(at.height);
    let top = column.cursor.saturating_sub(rows / 2).min(column.listing.len().saturating_sub(rows));
    for i in 0..rows {
        let Some(row) = column.listing.row(top + i) else { break };
        let line = Rect { y: at.y + u16::try_from(i).unwrap_or(0), height: 1, ..at };
        draw_row(lake, column, row, canvas, line);
        if top + i == column.cursor {
            let role = if current { Role::Cursor } else { Role::Selected };
            canvas.paint(Rect { x: line.x.saturating_sub(1), width: line.width + 1, ..line }, canvas.style(role));
        }
    }
    if column.listing.is_empty() {
        column_note(lake, column, current, canvas, at);
    }
}

/// Says below the rows why there are no more of them; gives the room that is left for the rows.
fn shortened(column: &Column, canvas: &mut Canvas, at: Rect) -> Rect {
    let Progress::Failed(reason) = column.listing.progress() else { return at };
    let height = (at.height / 3).min(8);
    if column.listing.is_empty() || height == 0 {
        return at;
    }
    let below = Rect { y: at.bottom() - height, height, ..at };
    wrapped(canvas, below, &printable(reason), Role::Danger);
    Rect { height: at.height - height, ..at }
}

fn draw_row(lake: &LakeState, column: &Column, row: Row<'_>, canvas: &mut Canvas, line: Rect) {
    let container = row.kind != EntryKind::File;
    let role = if container { Role::Accent } else { Role::Text };
    let marked = !lake.selected.is_empty() && lake.selected.contains(&column.path.child(row.name));
    let suffix = match row.kind {
        EntryKind::Folder => "/",
        EntryKind::Table => "  table",
        EntryKind::Volume => "  volume",
        _ => "",
    };
    let mark = if marked { canvas.glyph(Glyph::Selected) } else { String::new() };
    let name = format!("{mark}{}{suffix}", printable(row.name));
    canvas.text(line, &name, canvas.style(if marked { Role::Marked } else { role }));
}

/// What stands in a column without rows.
fn column_note(lake: &LakeState, column: &Column, current: bool, canvas: &mut Canvas, at: Rect) {
    let (text, role) = match column.listing.progress() {
        Progress::Loading => ("loading", Role::Muted),
        Progress::Failed(reason) => (reason.as_str(), Role::Danger),
        Progress::Complete if current && !lake.arrange.filter.is_empty() => {
            ("nothing matches the filter; Esc shows all", Role::Muted)
        }
        Progress::Complete if column.listing.total() > 0 => ("only hidden names; `.` shows them", Role::Muted),
        Progress::Complete => ("empty", Role::Muted),
    };
    wrapped(canvas, at, &printable(text), role);
}

/// Writes a text over several lines, broken at spaces.
pub fn wrapped(canvas: &mut Canvas, at: Rect, text: &str, role: Role) -> u16 {
    let style = canvas.style(role);
    let mut line = String::new();
    let mut y = 0;
    let flush = |canvas: &mut Canvas, line: &mut String, y: &mut u16| {
        if *y < at.height {
            canvas.text(Rect { y: at.y + *y, height: 1, ..at }, line, style);
        }
        *y += 1;
        line.clear();
    };
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > at.width {
            flush(canvas, &mut line, &mut y);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    flush(canvas, &mut line, &mut y);
    y
}

fn draw_preview(state: &State, lake: &LakeState, canvas: &mut Canvas, rooms: &LakeRooms) {
    let at = rect(rooms.preview);
    let Some(row) = lake.here.row() else { return };
    if let Some(picture) = lake.picture_at(lake.here.cursor) {
        let room = rect(rooms.picture());
        let known = state.pictures.get(&picture);
        if let Some(PictureState::Failed { reason, .. }) = known {
            placeholder(canvas, room, row.name, reason);
        } else {
            let count = usize::try_from(state.settings.prefetch).unwrap_or(8);
            let ahead = lake.ahead(count).into_iter().map(|p| (p, None));
            viewing::show(state, canvas, PLACE, room, (picture, None), ahead);
        }
        if let Some(info) = known.and_then(info_of) {
            draw_facts(canvas, rect(rooms.facts), info);
        }
    } else if row.kind != EntryKind::File
        && let Some(below) = &lake.below
    {
        draw_column(lake, below, false, canvas, Rect { width: at.width.min(48), ..at });
    } else if let Some(text) = &lake.text {
        draw_text(canvas, at, text);
    }
}

/// What is known of a picture, shown or not.
#[must_use]
pub fn info_of(known: &PictureState) -> Option<&ImageInfo> {
    match known {
        PictureState::Shown { info, .. } => Some(info),
        PictureState::Failed { info, .. } => info.as_deref(),
        PictureState::Waiting => None,
    }
}

/// What stands where a picture cannot be shown: its name and the reason.
pub fn placeholder(canvas: &mut Canvas, at: Rect, name: &str, reason: &str) {
    let room = Rect {
        x: at.x + at.width / 8,
        width: at.width * 3 / 4,
        y: at.y + at.height / 3,
        height: at.height - at.height / 3,
    };
    let used = wrapped(canvas, Rect { height: room.height.min(2), ..room }, &printable(name), Role::Placeholder);
    let y = room.y + used.min(2) + 1;
    let rest = Rect { y, height: at.bottom().saturating_sub(y), ..room };
    let reason = format!("cannot be shown: {}", printable(reason));
    wrapped(canvas, rest, &reason, Role::Warning);
}

fn draw_facts(canvas: &mut Canvas, at: Rect, info: &ImageInfo) {
    let mut lines = vec![facts_line(info)];
    // The status line says that it is damaged; here is room for how.
    lines.extend(info.damaged.as_deref().map(|how| printable(how).into_owned()));
    let tag = |name: &str| info.exif.get(name).map(|v| printable(v).into_owned());
    let camera: Vec<String> = ["DateTimeOriginal", "Model", "LensModel"].into_iter().filter_map(tag).collect();
    let exposure: Vec<String> =
        ["ExposureTime", "FNumber", "PhotographicSensitivity", "FocalLength"].into_iter().filter_map(tag).collect();
    lines.extend([camera, exposure].into_iter().filter(|l| !l.is_empty()).map(|l| l.join("   ")));
    for (i, line) in (0..at.height).zip(&lines) {
        canvas.text(Rect { y: at.y + i, height: 1, ..at }, line, canvas.style(Role::Muted));
    }
}

/// `4032 x 3024  jpeg  3.1 MB`, with orientation and frames where there is more to say. Damage is told elsewhere.
#[must_use]
pub fn facts_line(info: &ImageInfo) -> String {
    let mut parts = vec![format!("{} x {}", info.width, info.height), info.format.clone(), bytes(info.bytes)];
    if info.frames > 1 {
        parts.push(format!("first of {} frames", info.frames));
    }
    if info.orientation > 1 {
        parts.push(format!("turned by EXIF {}", info.orientation));
    }
    parts.join("   ")
}

/// Draws lines, those that are too long over several; the first one is a title. Says how many have no room.
fn folded(canvas: &mut Canvas, at: Rect, lines: &[String]) {
    let room = usize::from(at.height);
    let mut rows: Vec<(&str, Role)> = Vec::new();
    let mut whole = 0;
    for (number, line) in lines.iter().enumerate() {
        let role = if number == 0 { Role::Title } else { Role::Text };
        let mut rest = line.as_str();
        while rows.len() <= room {
            let (head, tail) = rest.split_at(fitting(rest, at.width));
            rows.push((head, role));
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        // The last row is kept for what is said of the others.
        if rows.len() < room {
            whole = number + 1;
        }
    }
    let left = if rows.len() > room { lines.len() - whole } else { 0 };
    let more = format!("{left} more lines; `lakelens info` shows all");
    for (y, (text, role)) in (0..at.height).zip(rows) {
        let last = left > 0 && y + 1 == at.height;
        let (text, role) = if last { (more.as_str(), Role::Muted) } else { (text, role) };
        canvas.text(Rect { y: at.y + y, height: 1, ..at }, text, canvas.style(role));
    }
}

/// How many bytes of a text fit into a row: up to a space if there is one in its second half, and at least one character.
pub(super) fn fitting(text: &str, columns: u16) -> usize {
    let mut end = 0;
    for (start, c) in text.char_indices() {
        let next = start + c.len_utf8();
        if end > 0 && width(&text[..next]) > columns {
            let head = &text[..end];
            return head.rfind(' ').filter(|space| *space > end / 2).map_or(end, |space| space + 1);
        }
        end = next;
    }
    end
}

fn draw_text(canvas: &mut Canvas, at: Rect, text: &TextPreview) {
    let line = |i: u16| Rect { y: at.y + i, height: 1, ..at };
    match text {
        TextPreview::Failed(reason) => {
            wrapped(canvas, at, &printable(reason), Role::Warning);
        }
        TextPreview::Lines(lines, _) => {
            for (i, text) in (0..at.height).zip(lines) {
                canvas.text(line(i), text, canvas.style(Role::Text));
            }
        }
        TextPreview::Facts(lines) => folded(canvas, at, lines),
        TextPreview::Table(columns, rows, _) => {
            let count = u16::try_from(columns.len()).unwrap_or(1).clamp(1, 12);
            let each = (at.width / count).clamp(8, 28);
            let draw = |canvas: &mut Canvas, y: u16, cells: &[String], role: Role| {
                for (x, cell) in (0..count).zip(cells) {
                    let left = x * each;
                    let room = Rect { x: at.x + left, width: (each - 1).min(at.width.saturating_sub(left)), ..line(y) };
                    canvas.text(room, cell, canvas.style(role));
                }
            };
            draw(canvas, 0, columns, Role::Title);
            for (y, row) in (1..at.height).zip(rows) {
                draw(canvas, y, row, Role::Text);
            }
        }
    }
}

fn status(state: &State, lake: &LakeState, canvas: &mut Canvas, at: Rect) {
    let listing = &lake.here.listing;
    let place = if listing.is_empty() { 0 } else { lake.here.cursor + 1 };
    let mut right = format!("{} / {}", number(place as u64), number(listing.len() as u64));
    if !lake.selected.is_empty() {
        right = format!("{} selected   {right}", lake.selected.len());
    }
    let picture = lake.picture_at(lake.here.cursor);
    let used = match picture {
        Some(picture) => viewing::status(state, canvas, at, state.pictures.get(&picture), ("", &right)),
        None => canvas.right(at, &right, canvas.style(Role::Muted)),
    };
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let Some(row) = lake.here.row() else { return };
    let size = lake.facts.as_ref().map(|f| f.size).or(row.size).map(bytes).unwrap_or_default();
    let modified = lake.facts.as_ref().and_then(|f| f.modified).or(row.modified);
    let when = modified.map(|t| t.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    let name = printable(row.name).into_owned();
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    canvas.pieces(room, &[(&name, text), ("   ", muted), (&size, muted), ("   ", muted), (&when, muted)]);
}
