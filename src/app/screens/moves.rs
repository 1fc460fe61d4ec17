//! Moves of a cursor in a list.

/// A move, as keys give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One up.
    Up,
    /// One down.
    Down,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// To the first.
    Top,
    /// To the last.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
}

impl Move {
    /// All moves with the ids of their actions, titles and help.
    pub const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Up, "cursor.up", "Up"),
        (Self::Down, "cursor.down", "Down"),
        (Self::Left, "cursor.left", "Left"),
        (Self::Right, "cursor.right", "Right"),
        (Self::Top, "cursor.top", "To the first"),
        (Self::Bottom, "cursor.bottom", "To the last"),
        (Self::PageUp, "cursor.page-up", "A page up"),
        (Self::PageDown, "cursor.page-down", "A page down"),
        (Self::HalfUp, "cursor.half-up", "Half a page up"),
        (Self::HalfDown, "cursor.half-down", "Half a page down"),
    ];

    /// Where a cursor at `at` in a list of `len` rows comes to, with `page` rows on the screen.
    #[must_use]
    pub fn apply(self, at: usize, len: usize, page: usize) -> usize {
        let last = len.saturating_sub(1);
        let half = (page / 2).max(1);
        match self {
            Self::Up | Self::Left => at.saturating_sub(1),
            Self::Down | Self::Right => (at + 1).min(last),
            Self::Top => 0,
            Self::Bottom => last,
            Self::PageUp => at.saturating_sub(page),
            Self::PageDown => (at + page).min(last),
            Self::HalfUp => at.saturating_sub(half),
            Self::HalfDown => (at + half).min(last),
        }
    }

    /// Where a cursor comes to in a grid of `columns` columns.
    #[must_use]
    pub fn apply_grid(self, at: usize, len: usize, columns: usize, rows: usize) -> usize {
        let last = len.saturating_sub(1);
        let columns = columns.max(1);
        match self {
            Self::Up if at >= columns => at - columns,
            Self::Up => at,
            Self::Down if at + columns <= last => at + columns,
            Self::Down if at / columns < last / columns => last,
            Self::Down => at,
            Self::Left => at.saturating_sub(1),
            Self::Right => (at + 1).min(last),
            other => other.apply(at, len, columns * rows.max(1)),
        }
    }
}
