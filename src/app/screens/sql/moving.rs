//! The cursor in the rows of a result.

use crate::app::effect::Effect;
use crate::app::screens::moves::Move;
use crate::app::screens::table::rows::GAP;
use crate::app::state::State;

/// Lines of the window that are not the rows'.
const AROUND: u16 = 10;

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let page = usize::from(state.size.1.saturating_sub(AROUND)).max(1);
    let sql = &mut state.sql;
    let Some(rows) = &sql.rows else { return Vec::new() };
    let last = rows.sheet.columns.len().saturating_sub(1);
    match way {
        Move::Left => sql.column = sql.column.saturating_sub(1),
        Move::Right => sql.column = (sql.column + 1).min(last),
        _ => sql.row = way.apply(sql.row, rows.sheet.rows.len(), page),
    }
    scroll(state);
    Vec::new()
}

/// Brings the column under the cursor onto the screen.
pub fn scroll(state: &mut State) {
    let room = state.size.0.saturating_sub(4);
    let sql = &mut state.sql;
    let Some(rows) = &sql.rows else { return };
    let widths = rows.widths(room);
    let needed = |left: usize| -> u32 {
        widths.get(left..=sql.column).unwrap_or_default().iter().map(|w| u32::from(*w + GAP)).sum()
    };
    let mut left = sql.left.min(sql.column);
    while left < sql.column && needed(left) > u32::from(room + GAP) {
        left += 1;
    }
    sql.left = left;
}
