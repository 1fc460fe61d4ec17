//! Boxes on the pictures of the demo: the generator knows where its suns and leaves are.

use super::super::OpsError;
use super::{CLASSES, DemoReport, Plan, plan};
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::{BatchId, ClassId, ProjectId};
use crate::domain::sample::{Answer, Status};
use crate::store::Store;
use jiff::Timestamp;

/// The scenes that have something to frame, as places in [`CLASSES`].
const FRAMED: [usize; 2] = [0, 2];

/// The classes of the boxes.
#[must_use]
pub fn box_classes() -> LabelSet {
    let names: Vec<&str> = FRAMED.iter().filter_map(|i| CLASSES.get(*i)).copied().collect();
    LabelSet::from_names(&names, 1)
}

/// Answers the pictures of a detection project that have a label in the CSV file: with boxes, a few of them of the wrong
/// class, or as empty where there is nothing to frame. The others are left to the person. Gives how many were answered.
///
/// # Errors
/// The store cannot be read or written.
pub fn put_boxes(store: &mut dyn Store, project: ProjectId, made: &DemoReport, author: &str) -> Result<u64, OpsError> {
    let plans = plan(usize::try_from(made.pictures).unwrap_or(0), made.seed);
    let labels = store.project(project)?.labels;
    let (at, batch) = (Timestamp::now(), Some(BatchId::fresh()));
    let mut edits: Vec<Edit> = Vec::new();
    for plan in plans.iter().filter(|p| p.label.is_some()) {
        let Some(sample) = store.sample_by_path(project, &plan.path)? else { continue };
        let class = labelled(plan).and_then(|i| CLASSES.get(i)).and_then(|name| labels.find(name)).map(|c| c.id);
        let annotations = class.map(|class| annotations(plan, class, author, at)).unwrap_or_default();
        let after = Answer { status: Status::Labeled, annotations, ..Answer::default() };
        let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after };
        let message = "demo".to_owned();
        edits.push(Edit { origin: Origin::Import, batch, message, ..Edit::by_person(project, change, author, at) });
    }
    store.commit(&edits)?;
    Ok(edits.len() as u64)
}

/// The class that the boxes of a picture are given: the one of the label, which may be wrong, if boxes may have it.
fn labelled(plan: &Plan) -> Option<usize> {
    plan.label.filter(|label| FRAMED.contains(label)).or(Some(plan.scene.class)).filter(|c| FRAMED.contains(c))
}

fn annotations(plan: &Plan, class: ClassId, author: &str, at: Timestamp) -> Vec<Annotation> {
    let made = |place| Annotation { shape: Shape::Box(place), ..Annotation::label(class, author, at) };
    frames(plan).into_iter().map(made).collect()
}

/// The boxes of a picture as it is displayed; one of which less than a tenth is left at the edge is none.
fn frames(plan: &Plan) -> Vec<BoxN> {
    let (w, h) = plan.size;
    let unit = 2.0 / w.min(h) as f32;
    let (dx, dy, scale) = plan.view;
    // The way of `super::pixels` back.
    let place = |at: f32, size: u32, shift: f32| f64::from((at - shift) / (unit * scale) / size as f32 + 0.5);
    let frame = |[x0, y0, x1, y1]: [f32; 4]| {
        let (from, to) =
            (Point { x: place(x0, w, dx), y: place(y0, h, dy) }, Point { x: place(x1, w, dx), y: place(y1, h, dy) });
        let whole = BoxN { x: from.x, y: from.y, w: to.x - from.x, h: to.y - from.y };
        whole.clamped().filter(|seen| seen.w * seen.h > 0.1 * whole.w * whole.h)
    };
    plan.scene.objects().into_iter().filter_map(frame).collect()
}
