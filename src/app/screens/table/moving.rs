//! The cursors of the Table screen, by row and by column, and what of the columns is on the screen.

use super::rows::GAP;
use super::state::Tab;
use crate::app::effect::Effect;
use crate::app::screens::grid::body;
use crate::app::screens::moves::Move;
use crate::app::screens::rooms;
use crate::app::state::State;

/// Moves the cursor of the tab.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    if matches!(way, Move::Left | Move::Right) {
        return sideways(state, |at, last| if way == Move::Left { at.saturating_sub(1) } else { (at + 1).min(last) });
    }
    let Some(rooms) = state.table_rooms() else { return Vec::new() };
    // The first line of the list names the columns.
    let page = usize::from(rooms.list.h).saturating_sub(2).max(1);
    let Some(table) = state.table_mut() else { return Vec::new() };
    let (before, lines) = (table.cursor(), table.lines());
    let after = way.apply(before, lines, page);
    table.cursors[table.tab as usize] = after;
    if after != before {
        table.upwards = after < before;
    }
    Vec::new()
}

/// Moves to another column of the rows; `to` gets the column and the last one.
pub fn sideways(state: &mut State, to: impl FnOnce(usize, usize) -> usize) -> Vec<Effect> {
    let Some(table) = state.table_mut().filter(|t| t.tab == Tab::Rows) else { return Vec::new() };
    let last = table.rows.ready().map_or(0, |rows| rows.sheet.columns.len()).saturating_sub(1);
    table.column = to(table.column, last);
    scroll(state);
    Vec::new()
}

/// Brings the column under the cursor onto the screen.
pub fn scroll(state: &mut State) {
    let Some(room) = state.table_rooms().map(|rooms| rooms.list.w) else { return };
    let Some(table) = state.table_mut() else { return };
    let Some(rows) = table.rows.ready() else { return };
    let (widths, column) = (rows.widths(room), table.column);
    let needed = |left: usize| -> u32 {
        widths.get(left..=column).unwrap_or_default().iter().map(|w| u32::from(*w + GAP)).sum::<u32>()
    };
    let mut left = table.left.min(column);
    while left < column && needed(left) > u32::from(room + GAP) {
        left += 1;
    }
    table.left = left;
}

impl State {
    /// The parts of the Table screen, if it is shown.
    #[must_use]
    pub fn table_rooms(&self) -> Option<rooms::TableRooms> {
        let table = self.table()?;
        let pictures = table.tab == Tab::Rows && table.picture_column().is_some();
        Some(rooms::table(body(self.size), pictures, self.large_picture && pictures))
    }
}
