//! Drawing a box by letters: two keys a point, two points a box (or four, one at each end of the object), and a class.
//!
//! Either the class comes first, and the box is there with its last point, or it comes last. Where the letters of a cell
//! do not fit on the screen, the cell is enlarged while its place is chosen.

use super::grid::{Choice, Grid};
use super::{BoxMode, Stage, can_draw, changing, look_back, round, sight, takes_classes};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::label::answer;
use crate::app::screens::viewing;
use crate::app::state::State;
use crate::app::zoom::View;
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::ClassId;
use crate::domain::key::{Key, KeyPress};

/// A cell is enlarged to this share of the room while its place is chosen: what lies around it stays in sight.
const SHARE: f64 = 0.8;
/// A place of a cell needs so many columns, and one row, for its letter and a look at what lies below.
const ROOM: (f64, f64) = (4.0, 1.0);

/// A box that is being drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// How the picture is divided.
    pub grid: Grid,
    /// The part of the picture that the letters lie over: what was in sight when drawing began.
    pub over: BoxN,
    /// The points so far.
    pub points: Vec<Point>,
    /// The cell of the next point, when it is chosen.
    pub cell: Option<usize>,
    /// How many points make the box: 2 corners, or 4 ends.
    pub needed: usize,
    /// Its class, when that came first.
    pub class: Option<ClassId>,
    /// What was looked at before.
    before: Option<View>,
}

impl Drawing {
    /// A box that was drawn otherwise, of which only the class is missing.
    #[must_use]
    pub(super) fn done(grid: Grid, over: BoxN, before: Option<View>) -> Self {
        Self { grid, over, points: Vec::new(), cell: None, needed: 2, class: None, before }
    }

    /// What the next key chooses.
    #[must_use]
    pub fn choice(&self) -> Choice {
        self.cell.map_or(Choice::Cell, Choice::Place)
    }

    /// What can be said of the box so far: from the points to the middle of the cell that was chosen.
    #[must_use]
    pub fn so_far(&self) -> Option<BoxN> {
        let next = self.cell.map(|cell| self.grid.cell(cell, self.over).centre());
        let points: Vec<Point> = self.points.iter().copied().chain(next.filter(|_| !self.points.is_empty())).collect();
        let (w, h) = Grid::least(self.over);
        BoxN::around(&points, (w / 2.0, h / 2.0))
    }

    /// Whether anything of it was chosen already.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.cell.is_some() || !self.points.is_empty()
    }

    /// What is asked now, in words.
    #[must_use]
    pub fn asks(&self) -> &'static str {
        match (self.needed, self.points.len()) {
            (4, 0) => "the left end",
            (4, 1) => "the top",
            (4, 2) => "the right end",
            (4, _) => "the bottom",
            (_, 0) => "a corner",
            _ => "the other corner",
        }
    }
}

/// Begins to draw.
pub(super) fn begin(state: &mut State, needed: usize, class: Option<ClassId>) -> Vec<Effect> {
    let Some(sight) = sight::sight(state) else { return Vec::new() };
    let before = state.viewing.zoom;
    let Some(mode) = open_mode(state) else { return Vec::new() };
    let drawing =
        Drawing { grid: Grid::of(sight.size), over: sight.part, points: Vec::new(), cell: None, needed, class, before };
    mode.stage = Stage::Drawing(drawing);
    (mode.selected, mode.fresh, mode.lifted, mode.edge) = (None, false, false, None);
    Vec::new()
}

/// The work on boxes, begun where it was not.
pub(super) fn open_mode(state: &mut State) -> Option<&mut BoxMode> {
    let of = state.label()?.sample().map(|s| s.id);
    let label = state.label_mut()?;
    Some(label.boxes.get_or_insert_with(|| BoxMode { of, ..BoxMode::default() }))
}

/// A key while letters choose places. `None`: the key is not about that.
pub fn typed(state: &mut State, press: KeyPress, held: bool) -> Option<Vec<Effect>> {
    let Stage::Drawing(drawing) = &state.boxes()?.stage else { return None };
    if matches!(press.key, Key::Esc | Key::Backspace) {
        back(state);
        return Some(Vec::new());
    }
    let Key::Char(key) = press.key else { return None };
    if press.ctrl || press.alt {
        return None;
    }
    let Some(index) = drawing.grid.index(drawing.choice(), key) else {
        // Capital letters and the like are no places: a slip must not run something else.
        return if key.is_alphanumeric() { Some(Vec::new()) } else { None };
    };
    // The same key chooses a cell and a place in it: two presses, but not one that is held.
    Some(if held && state.caps.keyboard { Vec::new() } else { chosen(state, index) })
}

fn chosen(state: &mut State, index: usize) -> Vec<Effect> {
    let Some(Stage::Drawing(mut drawing)) = state.boxes().map(|m| m.stage.clone()) else { return Vec::new() };
    let Some(cell) = drawing.cell else {
        drawing.cell = Some(index);
        put(state, Stage::Drawing(drawing));
        enlarge(state);
        return Vec::new();
    };
    let at = drawing.grid.place(cell, index, drawing.over);
    look_back(state, drawing.before);
    drawing.points.push(at);
    drawing.cell = None;
    if drawing.points.len() < drawing.needed {
        put(state, Stage::Drawing(drawing));
        return Vec::new();
    }
    let Some(made) = BoxN::around(&drawing.points, Grid::least(drawing.over)) else { return Vec::new() };
    match drawing.class {
        Some(class) => {
            put(state, Stage::Rest);
            changing::add(state, class, Shape::Box(made))
        }
        None => {
            put(state, Stage::Class(drawing, made));
            Vec::new()
        }
    }
}

fn put(state: &mut State, stage: Stage) {
    if let Some(mode) = state.boxes_mut() {
        mode.stage = stage;
    }
}

/// Enlarges the chosen cell where its letters have no room on the screen.
fn enlarge(state: &mut State) {
    let Some(Stage::Drawing(drawing)) = state.boxes().map(|m| m.stage.clone()) else { return };
    let Some((cell, sight)) = drawing.cell.zip(sight::sight(state)) else { return };
    let frame = drawing.grid.cell(cell, drawing.over);
    let (x0, y0) = sight.on_screen(Point { x: frame.x, y: frame.y });
    let (x1, y1) = sight.on_screen(Point { x: frame.x + frame.w, y: frame.y + frame.h });
    let places = drawing.grid.places();
    let (across, down) = (places.0 as f64 * ROOM.0, places.1 as f64 * ROOM.1);
    if x1 - x0 < across || y1 - y0 < down {
        // A small window is filled by the cell.
        let share = if f64::from(sight.cells.h) * SHARE < down { 1.0 } else { SHARE };
        viewing::show_part(state, Some(frame), share);
    }
}

/// The window has another size: what is enlarged fits it again.
pub fn resized(state: &mut State) {
    if let Some(Stage::Drawing(drawing)) = state.boxes().map(|m| &m.stage)
        && drawing.cell.is_some()
    {
        let before = drawing.before;
        look_back(state, before);
        enlarge(state);
    }
}

/// Takes back the last choice of a drawing; the first one of all ends it.
pub(super) fn back(state: &mut State) {
    match state.boxes().map(|m| m.stage.clone()) {
        Some(Stage::Drawing(mut drawing)) => {
            look_back(state, drawing.before);
            let ended = drawing.cell.take().is_none() && drawing.points.pop().is_none();
            put(state, if ended { Stage::Rest } else { Stage::Drawing(drawing) });
        }
        Some(Stage::Class(mut drawing, _)) => {
            drawing.points.pop();
            put(state, Stage::Drawing(drawing));
        }
        _ => {}
    }
}

/// A class key was pressed.
pub fn class_key(state: &mut State, class: ClassId) -> Vec<Effect> {
    if state.read_only {
        state.say(Level::Warning, "read-only: boxes cannot be changed");
        return Vec::new();
    }
    if let Err(why) = answer::can_answer(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    given(state, class)
}

/// A class was chosen, by its key or by its name: for the box that was just drawn, for the shape that is selected, or else
/// for the box that is drawn now.
pub fn given(state: &mut State, class: ClassId) -> Vec<Effect> {
    debug_assert!(takes_classes(state));
    match state.boxes().map(|m| (m.stage.clone(), m.selected.filter(|_| !m.fresh))) {
        Some((Stage::Class(_, made), _)) => {
            put(state, Stage::Rest);
            changing::add(state, class, Shape::Box(made))
        }
        Some((Stage::Drawing(drawing), _)) => {
            put(state, Stage::Drawing(Drawing { class: Some(class), ..drawing }));
            Vec::new()
        }
        Some((Stage::Round(_), Some(_))) => round::relabel(state, class),
        Some((Stage::Rest, Some(_))) => changing::relabel(state, class, false),
        _ => match can_draw(state) {
            Ok(()) => begin(state, 2, Some(class)),
            Err(why) => {
                state.say(Level::Info, why);
                Vec::new()
            }
        },
    }
}
