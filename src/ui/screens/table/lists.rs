//! The tabs `schema`, `details` and `history`.

use super::grid::{Column, Grid};
use crate::app::screens::table::TableState;
use crate::app::screens::table::rows::GAP;
use crate::domain::commit::Commit;
use crate::domain::text::printable;
use crate::lake::table_info::{ColumnInfo, shown};
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number, width};
use crate::ui::screens::lake::{fitting, wrapped};
use ratatui::layout::Rect;

/// Columns of the screen that the label of a detail gets at most.
const LABEL: u16 = 32;

/// Draws the columns of the table.
pub(super) fn schema(table: &TableState, canvas: &mut Canvas, at: Rect, status: Rect) {
    let Some(facts) = table.facts.ready() else { return };
    if facts.columns.is_empty() {
        wrapped(canvas, at, "the catalog names no columns of this table", Role::Muted);
        return;
    }
    let parts = |c: &ColumnInfo| {
        let place = c.partition_index.map_or_else(String::new, |i| (i + 1).to_string());
        let null = if c.nullable == Some(false) { "not null" } else { "" };
        let [name, kind, comment] =
            [Some(&c.name), c.kind.as_ref(), c.comment.as_ref()].map(|t| t.map_or(String::new(), |t| shown(t)));
        [name, kind, null.to_owned(), place, comment]
    };
    let lines: Vec<[String; 5]> = facts.columns.iter().map(parts).collect();
    let titles = ["column", "type", "null", "partition", "comment"];
    listed(canvas, at, &titles, &[30, 30, 8, 9, u16::MAX], &[3], &lines, table.cursor());
    let place = format!("{} / {}", number(table.cursor() as u64 + 1), number(lines.len() as u64));
    let used = canvas.right(status, &place, canvas.style(Role::Muted));
    if let Some([name, kind, _, _, comment]) = lines.get(table.cursor()) {
        let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
        let room = Rect { width: status.width.saturating_sub(used + 2), ..status };
        canvas.pieces(
            room,
            &[(name, canvas.style(Role::Accent)), (" ", muted), (kind, muted), ("   ", muted), (comment, text)],
        );
    }
}

/// Draws the versions of the table.
pub(super) fn history(table: &TableState, canvas: &mut Canvas, at: Rect, status: Rect) {
    let Some(commits) = table.history.ready() else { return };
    if commits.is_empty() {
        wrapped(canvas, at, "the table has no versions", Role::Muted);
        return;
    }
    let text = |of: &Option<String>| of.as_deref().map(shown).unwrap_or_default();
    let parts =
        |c: &Commit| [c.version.to_string(), moment(&text(&c.at)), text(&c.operation), text(&c.user), text(&c.message)];
    let lines: Vec<[String; 5]> = commits.iter().map(parts).collect();
    let titles = ["version", "when", "operation", "who", "message"];
    listed(canvas, at, &titles, &[12, 19, 24, 30, u16::MAX], &[0], &lines, table.cursor());
    let place = format!("{} / {}", number(table.cursor() as u64 + 1), number(lines.len() as u64));
    let used = canvas.right(status, &place, canvas.style(Role::Muted));
    if let Some([.., message]) = lines.get(table.cursor()) {
        let room = Rect { width: status.width.saturating_sub(used + 2), ..status };
        canvas.text(room, message, canvas.style(Role::Text));
    }
}

/// A time of an engine to the second.
fn moment(text: &str) -> String {
    match text.split_once('.') {
        Some((second, _)) if second.len() == 19 => second.replace('T', " "),
        _ => text.trim_end_matches('Z').replacen('T', " ", 1),
    }
}

/// Draws lines of five texts; each column as wide as it needs, up to its limit, the last one what is left.
fn listed(
    canvas: &mut Canvas,
    at: Rect,
    titles: &[&str; 5],
    limits: &[u16; 5],
    right: &[usize],
    lines: &[[String; 5]],
    cursor: usize,
) {
    let needed = |i: usize| lines.iter().map(|l| width(&l[i])).max().unwrap_or(0);
    let mut left = at.width;
    let mut columns: Vec<Column> = Vec::new();
    for (i, title) in titles.iter().enumerate() {
        let used = needed(i);
        // A column without any value tells nothing.
        let wide = if used == 0 && i > 0 { 0 } else { used.max(width(title)).min(limits[i]).min(left) };
        columns.push(Column { title: (*title).to_owned(), width: wide, right: right.contains(&i), paths: false });
        left = left.saturating_sub(if wide == 0 { 0 } else { wide + GAP });
    }
    let kept: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].width > 0).collect();
    let columns: Vec<Column> = columns.into_iter().filter(|c| c.width > 0).collect();
    let cell = |line: usize, column: usize| {
        let role = if kept[column] == 0 { Role::Text } else { Role::Muted };
        (lines[line][kept[column]].clone(), role)
    };
    Grid { columns: &columns, left: 0, lines: lines.len(), cursor: (cursor, None), cell: &cell }.draw(canvas, at);
}

/// Draws what is known of the table, then its properties; long texts over several lines.
pub(super) fn details(table: &TableState, canvas: &mut Canvas, at: Rect, status: Rect) {
    let Some(facts) = table.facts.ready() else { return };
    let own = facts.facts().into_iter().map(|(label, text)| (label.to_owned(), text));
    let properties = facts.properties.iter().map(|(name, text)| (shown(name), shown(text)));
    let items: Vec<(String, String)> = own.chain(properties).collect();
    if items.is_empty() {
        wrapped(canvas, at, "the catalog tells nothing more of this table", Role::Muted);
        return;
    }
    let label = items.iter().map(|(label, _)| width(label)).max().unwrap_or(0).min(LABEL).min(at.width / 2);
    let room = at.width.saturating_sub(label + GAP).max(1);
    let mut lines: Vec<(usize, bool, &str)> = Vec::new();
    for (i, (_, text)) in items.iter().enumerate() {
        let mut rest = text.as_str();
        let mut first = true;
        while first || !rest.is_empty() {
            let (head, tail) = rest.split_at(fitting(rest, room));
            lines.push((i, first, head));
            (rest, first) = (tail, false);
        }
    }
    let height = usize::from(at.height);
    let under = lines.iter().position(|(i, ..)| *i == table.cursor()).unwrap_or(0);
    let top = under.saturating_sub(height / 2).min(lines.len().saturating_sub(height));
    for (y, (i, first, text)) in (at.y..at.bottom()).zip(&lines[top..]) {
        let line = Rect { y, height: 1, ..at };
        if *first {
            canvas.text(Rect { width: label, ..line }, &items[*i].0, canvas.style(Role::Muted));
        }
        let own = Rect { x: line.x + label + GAP, width: room, ..line };
        canvas.text(own, text, canvas.style(Role::Text));
        if *i == table.cursor() {
            canvas
                .paint(Rect { x: line.x.saturating_sub(1), width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
    }
    let place = format!("{} / {}", number(table.cursor() as u64 + 1), number(items.len() as u64));
    let used = canvas.right(status, &place, canvas.style(Role::Muted));
    let left = Rect { width: status.width.saturating_sub(used + 2), ..status };
    canvas.text(left, &printable(&items[table.cursor().min(items.len() - 1)].0), canvas.style(Role::Muted));
}
