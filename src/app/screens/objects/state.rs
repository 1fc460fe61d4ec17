//! Where the object grid stands: its class, the page, the exceptions, what was looked at.

use crate::app::picture::Window;
use crate::app::screens::label::boxes::round::extent;
use crate::app::screens::stretch::Stretch;
use crate::app::screens::sweep::hints;
use crate::app::state::State;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::{AnnotationId, ClassId, EditId, SampleId};
use crate::domain::queue::{Filter, Order, Queue, ReviewState};
use crate::domain::sample::{Sample, Status};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A crop shows its object with so much around it on each side, as a share of the object's longer side.
const MARGIN: f64 = 0.2;
/// No side of a crop is shorter than this share of the other one.
const SLIMMEST: f64 = 0.5;
/// No side of a crop is shorter than this share of the picture's.
const SMALLEST: f64 = 0.01;

/// An object: a shape of a sample.
pub type ObjectId = (SampleId, AnnotationId);

/// What was decided about an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exception {
    /// Its picture gets a flag and no verdict.
    #[default]
    Flag,
    /// It gets another class.
    Class(ClassId),
    /// It goes.
    Delete,
}

/// One page that was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The objects that it was about.
    pub objects: Vec<ObjectId>,
    /// The edits that it made; none where no picture was complete and none had an exception.
    pub edits: Vec<EditId>,
}

/// The state of the object grid.
#[derive(Clone, Debug, Default)]
pub struct ObjectsState {
    /// The class; nothing before one was chosen.
    pub class: Option<ClassId>,
    /// What the gallery showed: other words of its filter hold here as well.
    pub base: Queue,
    /// Pictures that have their verdict, or a flag, are shown as well.
    pub all: bool,
    /// The samples that are loaded.
    pub stretch: Stretch,
    /// Pages of samples that came one after the other without any object.
    pub barren: usize,
    /// The objects on the screen, in order.
    pub page: Vec<ObjectId>,
    /// The one under the cursor, a position in the page.
    pub cursor: usize,
    /// The exceptions among them.
    pub marks: BTreeMap<ObjectId, Exception>,
    /// What was accepted or changed since the program was started, of all classes.
    pub looked: BTreeMap<SampleId, BTreeSet<AnnotationId>>,
    /// Pages that were left without a decision, to go back to.
    pub passed: Vec<Vec<ObjectId>>,
    /// Pages that were accepted, the last one last.
    pub steps: Vec<Step>,
    /// When the page came, on the program's clock.
    pub since: u64,
    /// Pictures of the class, as far as known.
    pub pictures: Option<u64>,
    /// Size of the crops.
    pub zoom: usize,
}

impl ObjectsState {
    /// Which samples are looked through, in which order.
    #[must_use]
    pub fn queue(&self, labels: &LabelSet) -> Queue {
        let class: Vec<String> = self.class.map(|id| labels.name(id)).into_iter().collect();
        let rest = Filter { class, status: vec![Status::Labeled], empty: None, ..self.base.filter.clone() };
        let filter = if self.all {
            rest
        } else {
            Filter { review: vec![ReviewState::Waiting, ReviewState::Stale], flag: Some(false), unsure: None, ..rest }
        };
        let order = match self.base.order {
            // Others move while one works through them.
            Order::Newest | Order::ScoreUp | Order::ScoreDown | Order::Margin | Order::Entropy => Order::Path,
            order => order,
        };
        Queue { filter, order }
    }

    /// An object, if it is loaded and still there.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<(&Sample, &Annotation)> {
        let sample = self.stretch.sample(id.0)?;
        Some((sample, sample.answer.annotations.iter().find(|a| a.id == id.1)?))
    }

    /// Whether an object waits for a decision here.
    #[must_use]
    pub fn is_open(&self, sample: &Sample, object: &Annotation, labels: &LabelSet) -> bool {
        let looked = self.looked.get(&sample.id).is_some_and(|ids| ids.contains(&object.id));
        let mine = object.shape != Shape::Class && Some(labels.resolve(object.class)) == self.class;
        let settled = sample.answer.flagged || sample.is_accepted() || object.verified.is_some();
        mine && !looked && (self.all || !settled)
    }

    /// The objects that wait for a decision, in order, those of pages that were left out as well.
    pub fn open<'a>(&'a self, labels: &'a LabelSet) -> impl Iterator<Item = ObjectId> + 'a {
        let of = move |s: &'a Sample| {
            s.answer.annotations.iter().filter(move |a| self.is_open(s, a, labels)).map(move |a| (s.id, a.id))
        };
        self.stretch.samples.iter().flat_map(of)
    }

    /// The objects that come after those on the screen.
    pub fn ahead<'a>(&'a self, labels: &'a LabelSet, count: usize) -> impl Iterator<Item = ObjectId> + 'a {
        let known: HashSet<ObjectId> = self.page.iter().chain(self.passed.iter().flatten()).copied().collect();
        self.open(labels).filter(move |id| !known.contains(id)).take(count)
    }

    /// The letter under each crop of the page.
    #[must_use]
    pub fn hints(&self, state: &State) -> Vec<String> {
        hints::hints(&hints::letters_in(state, "objects"), self.page.len())
    }
}

/// The part of a picture of this size that a crop of an object shows; nothing for what has no place in it.
#[must_use]
pub fn crop(shape: &Shape, size: (u32, u32)) -> Option<Window> {
    let at = extent(shape)?;
    // In pixels, so that the margin is the same on all sides.
    let (across, down) = (f64::from(size.0.max(1)), f64::from(size.1.max(1)));
    let (w, h) = (at.w * across, at.h * down);
    let margin = 2.0 * MARGIN * w.max(h);
    let (w, h) = (w + margin, h + margin);
    let (w, h) = (w.max(h * SLIMMEST).max(across * SMALLEST), h.max(w * SLIMMEST).max(down * SMALLEST));
    let (w, h) = ((w / across).min(1.0), (h / down).min(1.0));
    let centre = at.centre();
    let within = |middle: f64, long: f64| (middle - long / 2.0).clamp(0.0, 1.0 - long);
    let part = BoxN { x: within(centre.x, w), y: within(centre.y, h), w, h };
    let unit = |v: f64| (v * f64::from(Window::ONE)).round() as u32;
    let (x, y) = (unit(part.x), unit(part.y));
    Some(Window { x, y, w: unit(part.w).clamp(1, Window::ONE - x), h: unit(part.h).clamp(1, Window::ONE - y) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geometry::Point;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_crop_holds_its_object_and_stays_in_the_picture(
            a in (0.0..=1.0_f64, 0.0..=1.0_f64), b in (0.0..=1.0_f64, 0.0..=1.0_f64), w in 1_u32..9_000, h in 1_u32..9_000
        ) {
            let points = [Point { x: a.0, y: a.1 }, Point { x: b.0, y: b.1 }];
            let at = BoxN::around(&points, (0.0001, 0.0001)).unwrap();
            let crop = crop(&Shape::Box(at), (w, h)).unwrap();
            prop_assert!(crop.w > 0 && crop.h > 0 && crop.x + crop.w <= Window::ONE && crop.y + crop.h <= Window::ONE);
            let unit = |v: f64| v * f64::from(Window::ONE);
            prop_assert!(f64::from(crop.x) <= unit(at.x) + 1.0 && f64::from(crop.x + crop.w) >= unit(at.x + at.w) - 1.0);
            prop_assert!(f64::from(crop.y) <= unit(at.y) + 1.0 && f64::from(crop.y + crop.h) >= unit(at.y + at.h) - 1.0);
        }
    }

    #[test]
    fn a_slim_object_is_shown_with_what_is_beside_it() {
        let at = Shape::Box(BoxN { x: 0.5, y: 0.2, w: 0.01, h: 0.4 });
        let crop = crop(&at, (1000, 1000)).unwrap();
        assert!(crop.w * 2 >= crop.h - 2, "{crop:?}");
        assert!(super::crop(&Shape::Class, (10, 10)).is_none());
    }
}
