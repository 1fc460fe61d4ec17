//! The Table screen: a line of tabs, what the tab lists, and beside rows the picture of the one under the cursor.

pub(super) mod grid;
mod lists;
mod rows;

use super::lake::wrapped;
use super::thumbnail::rect;
use crate::app::screens::table::TableState;
use crate::app::screens::table::state::{QUIET_MS, Tab, Trouble};
use crate::app::state::State;
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::chrome;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// After so long it is said how to stop waiting.
const CANCEL_MS: u64 = 2_000;
/// After so long it is said why rows can take long.
const LONG_MS: u64 = 5_000;
/// Lines of text wider than this are hard to read.
const READABLE: u16 = 90;

/// Draws the screen.
pub fn render(state: &State, table: &TableState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    header(table, canvas, frame.header);
    body(state, table, canvas, frame.status);
    // Last, because a long message takes the line above as well.
    chrome::hints(state, canvas, frame.hints);
}

/// The tabs and what the tab shows; `status` is for the line under the cursor.
fn body(state: &State, table: &TableState, canvas: &mut Canvas, status: Rect) {
    let Some(rooms) = state.table_rooms() else { return };
    tabs(table, canvas, rect(rooms.tabs));
    let list = rect(rooms.list);
    if let Some(trouble) = table.trouble() {
        return told(state, trouble, canvas, list);
    }
    if let Some(since) = table.waiting_since() {
        return waiting(state, table, since, canvas, list);
    }
    match table.tab {
        Tab::Schema => lists::schema(table, canvas, list, status),
        Tab::Rows => rows::draw(state, table, canvas, &rooms, status),
        Tab::Details => lists::details(table, canvas, list, status),
        Tab::History => lists::history(table, canvas, list, status),
    }
}

/// `main.vision.labels   MANAGED, DELTA                 first 1,000 rows`
fn header(table: &TableState, canvas: &mut Canvas, at: Rect) {
    let known = table.facts.ready();
    let kind = known.map(|t| [&t.table_type, &t.format].into_iter().flatten().cloned().collect::<Vec<_>>());
    let kind = kind.filter(|k| !k.is_empty()).map_or_else(|| "table".to_owned(), |k| k.join(", "));
    let right = match (table.tab, known) {
        (Tab::Schema, Some(t)) => counted(t.columns.len(), "column"),
        (Tab::Details, Some(t)) if !t.properties.is_empty() => {
            format!(
                "{} {}",
                number(t.properties.len() as u64),
                if t.properties.len() == 1 { "property" } else { "properties" }
            )
        }
        (Tab::Rows, _) => rows_count(table),
        (Tab::History, _) => table.history.ready().map_or_else(String::new, |h| counted(h.len(), "version")),
        _ => String::new(),
    };
    chrome::header(canvas, at, &printable(&table.name()), &printable(&kind), &right);
}

/// `first 1,000 rows` where there are more, `37 rows` where these are all; which version, where it is not the last one.
fn rows_count(table: &TableState) -> String {
    let Some(rows) = table.rows.ready() else { return String::new() };
    let all = rows.sheet.rows.len();
    let count = if rows.sheet.more { format!("first {} rows", number(all as u64)) } else { counted(all, "row") };
    let count = match table.matching.len() {
        n if n < all => format!("{} of {count}", number(n as u64)),
        _ => count,
    };
    table.version.map_or(count.clone(), |version| format!("version {version}   {count}"))
}

fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", number(n as u64), if n == 1 { "" } else { "s" })
}

/// The names of the tabs; the one that is shown stands in brackets, so that it is known without colours.
fn tabs(table: &TableState, canvas: &mut Canvas, at: Rect) {
    let (on, off) = (canvas.style(Role::Title), canvas.style(Role::Muted));
    let names: Vec<(String, Style)> = Tab::ALL
        .into_iter()
        .map(
            |tab| if tab == table.tab { (format!("[{}]", tab.name()), on) } else { (format!(" {} ", tab.name()), off) },
        )
        .collect();
    let mut pieces: Vec<(&str, Style)> = Vec::new();
    for (name, style) in &names {
        pieces.extend([(name.as_str(), *style), ("  ", off)]);
    }
    canvas.pieces(at, &pieces);
}

/// What stands where something cannot be shown: what is the matter, why, and what can be done.
fn told(state: &State, trouble: &Trouble, canvas: &mut Canvas, at: Rect) {
    let at = Rect { width: at.width.min(READABLE), ..at };
    let mut y = at.y + wrapped(canvas, at, &trouble.title, Role::Danger);
    let rest = |y: u16| Rect { y, height: at.bottom().saturating_sub(y), ..at };
    y += wrapped(canvas, rest(y), &trouble.text, Role::Text);
    for remedy in &trouble.remedies {
        let room = rest(y + 1);
        y += 1 + wrapped(canvas, room, remedy, Role::Text);
    }
    if y + 1 < at.bottom() {
        wrapped(canvas, rest(y + 1), &state.with_keys("[table.refresh] tries again."), Role::Muted);
    }
}

/// Says that an answer is awaited, once it takes long enough to be noticed.
fn waiting(state: &State, table: &TableState, since: u64, canvas: &mut Canvas, at: Rect) {
    let waited = state.clock.saturating_sub(since);
    if waited < QUIET_MS {
        return;
    }
    let mut text = "loading".to_owned();
    if waited >= CANCEL_MS {
        text = format!("loading, {} s; [app.back] leaves and cancels it", waited / 1000);
    }
    let at = Rect { width: at.width.min(READABLE), ..at };
    let used = wrapped(canvas, at, &state.with_keys(&text), Role::Muted);
    if waited >= LONG_MS && matches!(table.tab, Tab::Rows | Tab::History) {
        let below = Rect { y: at.y + used, height: at.height.saturating_sub(used), ..at };
        let why = "A warehouse or cluster that is stopped starts first, which can take minutes.";
        wrapped(canvas, below, why, Role::Muted);
    }
}
