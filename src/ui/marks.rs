//! What is drawn over pictures: the shapes of an answer in the colours and strokes of their classes.
//!
//! What always holds: a class has one colour and one stroke wherever it is seen; large boxes lie below small ones; what a
//! model has guessed is dotted; coordinates are those of the displayed picture.

use crate::app::picture::{Figure, Form, Mark, Marks, Stroke, Window};
use crate::app::screens::adjudicate::{AdjudicateState, apart};
use crate::app::state::State;
use crate::domain::agreement::objects::Objects;
use crate::domain::annotation::Shape;
use crate::domain::class::LabelSet;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::sample::Sample;
use crate::theme::Palette;
use std::cmp::Reverse;

/// What both of two answers have.
const AGREED: [u8; 3] = [150, 150, 150];

/// The shapes of a sample on a screen that shows it large. The one that is being changed is drawn above the picture, see
/// [`super::screens::label::boxes::live`]. Where boxes are worked on and there are none yet, those that a model has guessed.
#[must_use]
pub fn on_screen(state: &State, palette: &Palette, sample: &Sample) -> Marks {
    let Some(open) = &state.project else { return Marks::default() };
    if let Some(objects) = apart::shown(state).and_then(AdjudicateState::objects).filter(|o| !o.apart.is_empty()) {
        return differing(&open.project.labels, palette, sample, objects);
    }
    let lifted = state.boxes().filter(|m| m.lifted).and_then(|m| m.selected);
    let marks = said(&open.project.labels, palette, sample, lifted);
    if marks.is_empty() && lifted.is_none() && state.boxes().is_some() {
        return guessed(&open.project.labels, palette, sample);
    }
    marks
}

/// The shapes of a sample on its thumbnail: what people said, or, where nobody has, what a model has guessed.
#[must_use]
pub fn on_thumbnail(labels: &LabelSet, palette: &Palette, sample: &Sample) -> Marks {
    let marks = said(labels, palette, sample, None);
    if marks.is_empty() && sample.answer.annotations.is_empty() { guessed(labels, palette, sample) } else { marks }
}

/// One shape alone.
#[must_use]
pub fn one(labels: &LabelSet, palette: &Palette, class: ClassId, shape: &Shape) -> Marks {
    let (rgb, stroke) = look(labels, palette, class);
    collected(std::iter::once((shape, rgb, stroke)))
}

/// The shapes of one of two answers: what both have is drawn in grey, so that the eye finds the others.
fn differing(labels: &LabelSet, palette: &Palette, sample: &Sample, objects: &Objects) -> Marks {
    collected(sample.answer.annotations.iter().map(|a| {
        let (rgb, stroke) = look(labels, palette, a.class);
        (&a.shape, if objects.same.contains(&a.id) { AGREED } else { rgb }, stroke)
    }))
}

fn said(labels: &LabelSet, palette: &Palette, sample: &Sample, without: Option<AnnotationId>) -> Marks {
    let stands = sample.answer.annotations.iter().filter(|a| Some(a.id) != without);
    collected(stands.map(|a| {
        let (rgb, stroke) = look(labels, palette, a.class);
        (&a.shape, rgb, stroke)
    }))
}

fn guessed(labels: &LabelSet, palette: &Palette, sample: &Sample) -> Marks {
    collected(sample.predictions.iter().map(|p| (&p.shape, look(labels, palette, p.class).0, Stroke::Dotted)))
}

/// Shapes with their colours and strokes.
fn collected<'a>(shapes: impl Iterator<Item = (&'a Shape, [u8; 3], Stroke)>) -> Marks {
    let (mut boxes, mut figures) = (Vec::new(), Vec::new());
    for (shape, rgb, stroke) in shapes {
        if let Shape::Box(at) = shape {
            boxes.extend(window(*at).map(|at| Mark { at, rgb, stroke }));
        }
        figures.extend(form(shape).map(|form| Figure { form, rgb, stroke }));
    }
    boxes.sort_by_key(|m| Reverse(u64::from(m.at.w) * u64::from(m.at.h)));
    Marks::new(boxes, figures)
}

/// The colour and the stroke of a class.
#[must_use]
pub fn look(labels: &LabelSet, palette: &Palette, class: ClassId) -> ([u8; 3], Stroke) {
    let index = labels.get(labels.resolve(class)).map_or(0, |c| usize::from(c.colour));
    (palette.class_rgb(index), [Stroke::Solid, Stroke::Dashed, Stroke::Dotted][index % 3])
}

/// The form of a shape that is no box and not the whole picture.
fn form(shape: &Shape) -> Option<Form> {
    let unit = |v: f64| (v.clamp(0.0, 1.0) * f64::from(Window::ONE)).round() as u32;
    let corner = |p: &Point| (unit(p.x), unit(p.y));
    match shape {
        Shape::Class | Shape::Box(_) => None,
        Shape::Polygon { parts } => {
            Some(Form::Loops(parts.iter().map(|part| part.iter().map(corner).collect()).collect()))
        }
        Shape::Mask { size, counts } => Some(Form::Mask { size: *size, counts: counts.as_slice().into() }),
    }
}

/// A box as the presenter counts.
#[must_use]
pub fn window(at: BoxN) -> Option<Window> {
    let at = at.clamped()?;
    let unit = |v: f64| (v * f64::from(Window::ONE)).round() as u32;
    let span = |from: f64, long: f64| (unit(from), unit(from + long).saturating_sub(unit(from)));
    let ((x, w), (y, h)) = (span(at.x, at.w), span(at.y, at.h));
    Some(Window { x, y, w, h })
}
