//! Boxes on the picture of the Label screen, and of the blind second pass: drawn by letters, pushed, resized, given another
//! class, looked at one after the other. Polygons and masks are looked at, given another class and deleted the same way.
//!
//! What always holds: every change is one edit of the answer, so that undo takes back exactly it; no coordinate
//! leaves the picture; a shape that is not touched stays what it was, byte for byte; `Esc` goes back one step and
//! discards no edit; another picture begins with nothing selected; a project that asks for boxes never leaves them, and
//! in one that asks for classes shapes are only looked at, corrected and deleted.

pub mod actions;
pub mod attributes;
pub mod changing;
pub mod drawing;
pub mod grid;
pub mod mouse;
pub mod round;
pub mod sight;
pub mod snapping;
pub mod unfinished;

pub use actions::SPECS;

use crate::app::screens::Screen;
use crate::app::screens::viewing;
use crate::app::state::State;
use crate::app::zoom::View;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::geometry::{BoxN, Side};
use crate::domain::ids::{AnnotationId, ClassId, SampleId};
use crate::domain::project::Task;
use drawing::Drawing;
use mouse::Drag;
use round::Round;

/// Work on the boxes of the picture on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxMode {
    /// What is going on.
    pub stage: Stage,
    /// The shape that keys are about.
    pub selected: Option<AnnotationId>,
    /// It was drawn just now: a class key draws the next one, and does not change its class.
    pub fresh: bool,
    /// It was changed since it was selected, so that it is drawn above the picture and not into it.
    pub lifted: bool,
    /// Arrows push this edge and not the whole box.
    pub edge: Option<Side>,
    /// The class that was given last.
    pub class: Option<ClassId>,
    /// The box whose sides are looked for in the picture, and where it was then.
    pub snapping: Option<(AnnotationId, BoxN)>,
    /// The same push again and again gets faster.
    pub run: Run,
    /// To be selected when the picture that has it comes.
    wanted: Option<AnnotationId>,
    /// The sample that all this is about.
    of: Option<SampleId>,
}

/// What is going on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// Nothing: keys are about the selected shape.
    #[default]
    Rest,
    /// Letters choose points.
    Drawing(Drawing),
    /// The box is there, its class is missing.
    Class(Drawing, BoxN),
    /// One shape after the other is looked at, enlarged.
    Round(Round),
    /// The mouse drags.
    Drag(Drag),
}

/// Pushes of the same kind that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Run {
    /// Which kind: its direction, and whether it changes the size.
    kind: Option<(Way, bool)>,
    /// How many there were.
    count: u32,
    /// When the last one came, on the program's clock.
    at: u64,
}

/// A direction.
pub type Way = crate::app::zoom::Way;

/// Pushes that come within this many milliseconds of each other are one run.
const RUN_MS: u64 = 250;
/// A run doubles its step after so many pushes, up to [`MOST_DOUBLED`] times.
const DOUBLED_AFTER: u32 = 4;
const MOST_DOUBLED: u32 = 4;

impl Run {
    /// Counts a push, and gives how many steps it is worth: 1, and more in a long run.
    fn push(&mut self, kind: (Way, bool), clock: u64) -> f64 {
        let goes_on = self.kind == Some(kind) && clock.saturating_sub(self.at) <= RUN_MS;
        *self = Self { kind: Some(kind), count: if goes_on { self.count + 1 } else { 0 }, at: clock };
        f64::from(1_u32 << (self.count / DOUBLED_AFTER).min(MOST_DOUBLED))
    }
}

impl BoxMode {
    /// Work that begins with one shape selected, as soon as its picture is there.
    #[must_use]
    pub fn on(shape: AnnotationId) -> Self {
        Self { wanted: Some(shape), ..Self::default() }
    }
}

impl State {
    /// The work on boxes, where a screen for it is shown and boxes are worked on.
    #[must_use]
    pub fn boxes(&self) -> Option<&BoxMode> {
        self.screen()?.of_boxes()?.boxes.as_ref()
    }

    /// The same, to be changed.
    pub fn boxes_mut(&mut self) -> Option<&mut BoxMode> {
        let screen = self.screens.last_mut().filter(|screen| screen.of_boxes().is_some())?;
        screen.walk_mut()?.boxes.as_mut()
    }

    /// The shape that is selected, if there is one on the picture.
    #[must_use]
    pub fn selected_shape(&self) -> Option<&Annotation> {
        let id = self.boxes()?.selected?;
        self.label()?.sample()?.answer.annotations.iter().find(|a| a.id == id)
    }
}

/// What a queue begins with: boxes where the project asks for them, else as it was.
pub(super) fn at_start(state: &mut State) -> Option<BoxMode> {
    let asked = super::answer::asks_for_shapes(state);
    let known = state.label_mut().and_then(|l| l.boxes.take());
    known.or_else(|| asked.then(BoxMode::default))
}

/// Whether class keys are about boxes here: boxes are worked on, or the project asks for them.
#[must_use]
pub fn takes_classes(state: &State) -> bool {
    let drawn_here = state.screen().and_then(Screen::of_boxes).is_some();
    state.boxes().is_some() || drawn_here && super::answer::asks_for_shapes(state)
}

/// Why nothing is drawn in a project of classes: imports and the command line refuse boxes there as well.
const NO_BOXES_HERE: &str =
    "this project asks for classes, not boxes; `lakelens project create … --task detection` makes one that does";

/// Whether the project is one in which boxes are drawn.
#[must_use]
pub fn draws(state: &State) -> bool {
    state.project.as_ref().is_some_and(|p| p.project.task == Task::Detection)
}

/// Whether drawing makes sense in the project; says why not.
///
/// # Errors
/// The project asks for outlines, which cannot be drawn, or for classes of whole pictures.
pub fn can_draw(state: &State) -> Result<(), String> {
    super::answer::can_answer(state)?;
    match state.project.as_ref().map(|p| p.project.task) {
        Some(Task::Segmentation) => Err("outlines cannot be drawn here: there is no editor for their corners yet; \
             those that were imported can be looked at, given another class and deleted"
            .to_owned()),
        Some(Task::Classification | Task::Multilabel) => Err(NO_BOXES_HERE.to_owned()),
        _ => sight::sight(state).map(drop).ok_or_else(|| "the picture is still loading".to_owned()),
    }
}

/// After every event: what was asked of one picture is not asked of another, and what is gone is not selected.
pub fn follow(state: &mut State) {
    let Some(label) = state.label() else { return };
    let sample = label.sample();
    let of = sample.map(|s| s.id);
    let Some(mode) = label.boxes.as_ref() else { return };
    if of.is_some()
        && state.project.is_some()
        && !super::answer::asks_for_shapes(state)
        && shapes(state).next().is_none()
    {
        // A project of classes has them only where they came from elsewhere.
        if let Some(label) = state.label_mut() {
            label.boxes = None;
        }
        return;
    }
    let gone = |id: AnnotationId| !sample.is_some_and(|s| s.answer.annotations.iter().any(|a| a.id == id));
    let (other, lost) = (mode.of != of, mode.selected.is_some_and(gone));
    let selected = mode.wanted.filter(|id| !gone(*id));
    if !other && !lost {
        return;
    }
    let Some(mode) = state.boxes_mut() else { return };
    if other {
        let (class, wanted) = (mode.class, mode.wanted.filter(|_| of.is_none()));
        *mode = BoxMode { of, class, selected, wanted, ..BoxMode::default() };
    } else {
        (mode.selected, mode.fresh, mode.lifted, mode.edge) = (None, false, false, None);
    }
}

/// Selects a shape, or none.
pub(super) fn select(state: &mut State, id: Option<AnnotationId>) {
    if let Some(mode) = state.boxes_mut()
        && mode.selected != id
    {
        (mode.selected, mode.fresh, mode.lifted, mode.edge) = (id, false, false, None);
    }
}

/// The shapes of the picture on the screen, in the order in which they were made.
pub fn shapes(state: &State) -> impl Iterator<Item = &Annotation> {
    let sample = state.label().and_then(|l| l.sample());
    sample.into_iter().flat_map(|s| &s.answer.annotations).filter(|a| a.shape != Shape::Class)
}

/// Looks at what was looked at before a step that had zoomed in.
fn look_back(state: &mut State, view: Option<View>) {
    viewing::look_at(state, view);
}
