//! Where the large picture of a screen stands. It lives with the state and not with the drawing because how far one can
//! zoom depends on it.

use super::grid::body;
use super::{Screen, adjudicate};
use crate::app::picture::CellRect;
use crate::app::state::State;

/// The parts of a screen that shows one picture after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkRooms {
    /// The picture.
    pub picture: CellRect,
    /// The column beside it, where there is room for one.
    pub side: Option<CellRect>,
    /// The line below it instead.
    pub below: Option<CellRect>,
}

/// The parts of a Label or Review screen with this body.
#[must_use]
pub fn walk(body: CellRect) -> WalkRooms {
    // The scrubber takes the last line.
    let body = CellRect { h: body.h.saturating_sub(1), ..body };
    let side = match body.w {
        0..68 => 0,
        68..98 => 22,
        _ => 34,
    };
    if side == 0 {
        let below = CellRect { y: (body.y + body.h).saturating_sub(1), h: 1, ..body };
        return WalkRooms { picture: CellRect { h: body.h.saturating_sub(1), ..body }, side: None, below: Some(below) };
    }
    let picture = CellRect { w: body.w - side - 2, ..body };
    let side = CellRect { x: body.x + body.w - side, w: side, ..body };
    WalkRooms { picture, side: Some(side), below: None }
}

/// The parts of a Lake screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeRooms {
    /// The columns, rightmost first.
    pub columns: Vec<CellRect>,
    /// The picture, or what else is under the cursor.
    pub preview: CellRect,
    /// Facts below a picture; of no height where it is shown large.
    pub facts: CellRect,
}

impl LakeRooms {
    /// What is left of the preview for a picture.
    #[must_use]
    pub fn picture(&self) -> CellRect {
        CellRect { h: self.preview.h - self.facts.h, ..self.preview }
    }
}

/// The parts of a Lake screen with this body; `large`: the picture takes all of it.
#[must_use]
pub fn lake(body: CellRect, large: bool) -> LakeRooms {
    let count = match body.w {
        _ if large => 0,
        0..70 => 1,
        70..120 => 2,
        _ => 3,
    };
    let share = if count <= 1 { body.w * 2 / 5 } else { (body.w / 2) / count };
    let each = share.clamp(12, 30);
    let columns = (0..count).map(|i| CellRect { x: body.x + i * each, w: each - 2, ..body }).rev().collect();
    let x = body.x + count * each + 1;
    let preview = CellRect { x, w: (body.x + body.w).saturating_sub(x), ..body };
    let height = if large { 0 } else { 3.min(body.h / 4) };
    let facts = CellRect { y: body.y + body.h - height, h: height, ..preview };
    LakeRooms { columns, preview, facts }
}

/// The parts of a Table screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRooms {
    /// The line with the tabs.
    pub tabs: CellRect,
    /// What the tab lists; its first line names the columns. Of no height where the picture is shown large.
    pub list: CellRect,
    /// The picture of the row, where rows have pictures.
    pub picture: Option<CellRect>,
    /// The line with facts about the picture; of no height where it is shown large.
    pub facts: CellRect,
}

/// Narrower, and the picture stands below the rows.
const BESIDE: u16 = 68;

/// The parts of a Table screen with this body; `large`: the picture takes the place of the rows.
#[must_use]
pub fn table(body: CellRect, pictures: bool, large: bool) -> TableRooms {
    let tabs = CellRect { h: 1, ..body };
    let above = if body.h >= 14 { 2 } else { 1 };
    let rest = CellRect { y: body.y + above, h: body.h.saturating_sub(above), ..body };
    let none = CellRect { h: 0, ..rest };
    let (list, picture) = match (pictures, large, body.w) {
        (false, ..) => return TableRooms { tabs, list: rest, picture: None, facts: none },
        (_, true, _) => return TableRooms { tabs, list: none, picture: Some(rest), facts: none },
        (.., 0..BESIDE) => {
            let h = rest.h / 2;
            let below = CellRect { y: rest.y + rest.h - h, h, ..rest };
            (CellRect { h: rest.h - h, ..rest }, below)
        }
        _ => {
            let w = (rest.w * 2 / 5).min(90);
            (CellRect { w: rest.w - w - 2, ..rest }, CellRect { x: rest.x + rest.w - w, w, ..rest })
        }
    };
    let h = 1.min(picture.h / 4);
    let facts = CellRect { y: picture.y + picture.h - h, h, ..picture };
    TableRooms { tabs, list, picture: Some(CellRect { h: picture.h - h, ..picture }), facts }
}

/// Narrower bodies have no room for a picture twice, nor for one beside a list.
const WIDE: u16 = 70;
/// Lines of the answers on the Differences screen: which, what each says, and what differs.
const SIDES: u16 = 3;
/// Columns between the two sides.
const GAP: u16 = 2;

/// The parts of the Differences screen, for each of the two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DifferencesRooms {
    /// The picture with the boxes of each; the same place for both where there is no room for two.
    pub pictures: [CellRect; 2],
    /// What each says.
    pub answers: [CellRect; 2],
}

/// Whether a window of this size has room for a picture twice.
#[must_use]
pub fn has_room_for_two(window: (u16, u16)) -> bool {
    body(window).w >= WIDE
}

/// The parts of the Differences screen with this body; `twice`: both answers have their own picture.
#[must_use]
pub fn differences(body: CellRect, twice: bool) -> DifferencesRooms {
    let half = body.w.saturating_sub(GAP) / 2;
    let left = CellRect { w: half, ..body };
    let right = CellRect { x: body.x + half + GAP, w: body.w.saturating_sub(half + GAP), ..body };
    // What is said of both stands apart from the line below it where there is room.
    let sides = if body.h >= 24 { SIDES + 1 } else { SIDES };
    let h = body.h.saturating_sub(sides + 1);
    let below = |side: CellRect| CellRect { y: body.y + h + 1, h: sides.min(body.h), ..side };
    let above = |side: CellRect| CellRect { h, ..side };
    let pictures = if twice { [above(left), above(right)] } else { [above(body); 2] };
    DifferencesRooms { pictures, answers: [below(left), below(right)] }
}

/// The parts of the Conflicts screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConflictsRooms {
    /// What is to be decided.
    pub list: CellRect,
    /// The picture of the one under the cursor; of no height in a very low window.
    pub picture: CellRect,
    /// Both answers to it.
    pub answers: CellRect,
}

/// The parts of the Conflicts screen with this body.
#[must_use]
pub fn conflicts(body: CellRect) -> ConflictsRooms {
    let gap = u16::from(body.h >= 14);
    let answers = if body.h >= 14 { 5 } else { 4.min(body.h) };
    let (list, room) = if body.w >= WIDE {
        let w = body.w * 2 / 5;
        (CellRect { w, ..body }, CellRect { x: body.x + w + 1, w: body.w - w - 1, ..body })
    } else {
        let h = (body.h / 4).max(1);
        let rest = body.h.saturating_sub(h + gap);
        (CellRect { h, ..body }, CellRect { y: body.y + body.h - rest, h: rest, ..body })
    };
    let picture = CellRect { h: room.h.saturating_sub(answers + gap), ..room };
    let answers = CellRect { y: (room.y + room.h).saturating_sub(answers), h: answers.min(room.h), ..room };
    ConflictsRooms { list, picture, answers }
}

impl State {
    /// Where the large picture of the screen stands, if it shows one.
    #[must_use]
    pub fn picture_room(&self) -> Option<CellRect> {
        let body = body(self.size);
        match self.screen()? {
            Screen::Label(_) | Screen::Review(_) | Screen::SecondPass(_) => Some(walk(body).picture),
            Screen::Lake(_) => Some(lake(body, self.large_picture).picture()),
            Screen::Table(_) => self.table_rooms()?.picture,
            // Both sides have rooms of one size, but for a column.
            Screen::Adjudicate(_) => Some(differences(body, adjudicate::is_twice(self)).pictures[0]),
            Screen::Conflicts(_) => Some(conflicts(body).picture),
            _ => None,
        }
    }
}
